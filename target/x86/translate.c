/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translation of one guest basic block: decoding, operands, results. */
#include "target/x86/translate.h"

#include <stdarg.h>
#include <string.h>

#include "util/log.h"

enum { PAGE = 4096, INSN_MAX = 15 };

/* ---- values ---- */

ir_ref xt_const(struct x86_tr *t, unsigned bytes, uint64_t v)
{
    return ir_const(t->ir, xt_type(bytes), bytes >= 8 ? v : v & ((1ull << (8 * bytes)) - 1));
}

ir_ref xt_zext(struct x86_tr *t, ir_ref v, unsigned bytes)
{
    return bytes == 1 ? ir_extu8(t->ir, v) : bytes == 2 ? ir_extu16(t->ir, v) :
           bytes == 4 && ir_type_of(t->ir, v) == IR_I64 ? ir_extu32(t->ir, v) : v;
}

ir_ref xt_sext(struct x86_tr *t, ir_ref v, unsigned bytes)
{
    return bytes == 1 ? ir_exts8(t->ir, v) : bytes == 2 ? ir_exts16(t->ir, v) :
           bytes == 4 && ir_type_of(t->ir, v) == IR_I64 ? ir_exts32(t->ir, v) : v;
}

ir_ref xt_to64(struct x86_tr *t, ir_ref v)
{
    return ir_type_of(t->ir, v) == IR_I32 ? ir_extu32(t->ir, v) : v;
}

ir_ref xt_as(struct x86_tr *t, ir_ref v, unsigned bytes)
{
    return bytes == 8 ? xt_to64(t, v) : ir_type_of(t->ir, v) == IR_I64 ? ir_trunc(t->ir, v) : v;
}

static bool is_high_byte(const struct x86_tr *t, unsigned n, unsigned bytes)
{
    return bytes == 1 && n >= 4 && n < 8 && !t->in.rex && !t->in.vex;
}

ir_ref xt_reg(struct x86_tr *t, unsigned n, unsigned bytes)
{
    if (is_high_byte(t, n, bytes)) {
        return ir_extu8(t->ir, ir_shr(t->ir, ir_trunc(t->ir, xt_r64(t, n - 4)), ir_i32(t->ir, 8)));
    }
    return bytes == 8 ? xt_r64(t, n) : xt_zext(t, ir_trunc(t->ir, xt_r64(t, n)), bytes);
}

void xt_set_reg(struct x86_tr *t, unsigned n, unsigned bytes, ir_ref v)
{
    struct ir *ir = t->ir;
    ir_ref old;

    if (bytes >= 4) {
        ir_put(ir, X86_SLOT_R + n, bytes == 8 ? v : ir_extu32(ir, v));
        return;
    }
    v = xt_to64(t, xt_zext(t, v, bytes));
    if (is_high_byte(t, n, bytes)) {
        old = ir_and(ir, xt_r64(t, n - 4), ir_i64(ir, ~0xff00ll));
        ir_put(ir, X86_SLOT_R + n - 4, ir_or(ir, old, ir_shl(ir, v, ir_i64(ir, 8))));
        return;
    }
    old = ir_and(ir, xt_r64(t, n), ir_i64(ir, bytes == 1 ? ~0xffll : ~0xffffll));
    ir_put(ir, X86_SLOT_R + n, ir_or(ir, old, v));
}

/* ---- memory ---- */

static unsigned log2_of(unsigned bytes)
{
    return bytes == 16 ? IR_MEM_128 : bytes == 8 ? IR_MEM_64 : bytes == 4 ? IR_MEM_32 : bytes == 2 ? IR_MEM_16 : IR_MEM_8;
}

ir_ref xt_load(struct x86_tr *t, ir_ref addr, int64_t disp, unsigned bytes)
{
    return ir_ld(t->ir, xt_type(bytes), addr, disp, log2_of(bytes) | t->mem);
}

void xt_store(struct x86_tr *t, ir_ref addr, int64_t disp, ir_ref v, unsigned bytes)
{
    ir_st(t->ir, addr, disp, v, log2_of(bytes) | t->mem);
}

unsigned xt_mem_seg(const struct x86_insn *in)
{
    if (in->seg >= 0) {
        return in->seg;
    }
    return in->base == X86_RSP || in->base == X86_RBP ? X86_SS : X86_DS;
}

/* The sum of base, index and displacement, before it is cut. In 16- and 32-bit code registers have no upper halves. */
static ir_ref address_sum(struct x86_tr *t, int64_t *disp)
{
    const struct x86_insn *in = &t->in;
    struct ir *ir = t->ir;
    ir_ref a = 0;

    *disp = in->disp;
    if (in->base == X86_RIP) {
        *disp += t->next_pc;
    } else if (in->base >= 0) {
        a = xt_r64(t, in->base);
    }
    if (in->index >= 0) {
        ir_ref i = ir_shl(ir, xt_r64(t, in->index), ir_i64(ir, in->scale));

        a = a ? ir_add(ir, a, i) : i;
    }
    return a ? a : ir_i64(ir, 0);
}

ir_ref xt_effective(struct x86_tr *t)
{
    int64_t disp;
    ir_ref a = address_sum(t, &disp);

    a = ir_add(t->ir, a, ir_i64(t->ir, disp));
    return t->in.asize == 8 ? a : xt_zext(t, a, t->in.asize);
}

static bool flat_seg(const struct x86_tr *t, unsigned seg)
{
    return xt_code64(t) ? seg < X86_FS : t->key & X86_KEY_FLAT && seg < X86_FS && seg != X86_CS;
}

ir_ref xt_linear(struct x86_tr *t, unsigned seg, ir_ref ea, int64_t *disp, unsigned bytes, bool write)
{
    struct ir *ir = t->ir;
    ir_ref base, limit, linear;

    if (flat_seg(t, seg)) {
        return ea;
    }
    base = ir_get(ir, X86_SLOT_BASE + seg);
    if (xt_code64(t)) {
        return ir_add(ir, base, ea);
    }
    ea = ir_extu32(ir, ir_add(ir, ea, ir_i64(ir, *disp)));
    *disp = 0;
    if (t->key & X86_KEY_ODD) {
        return xt_call(t, X86_HELPER_seg_addr, 3, ir_i32(ir, seg), ea, ir_i32(ir, bytes | write << 8));
    }
    limit = ir_get(ir, (write ? X86_SLOT_ROOM_W : X86_SLOT_ROOM_R) + seg);
    linear = ir_extu32(ir, ir_add(ir, base, ea));
    /* Beyond the limit the access goes to an address that nothing may have, and faults there. */
    return ir_select(ir, IR_LTU, ir_add(ir, ea, ir_i64(ir, bytes - 1)), limit, linear,
                     ir_i64(ir, (int64_t)(0x4000000000000000u | (seg == X86_SS ? 0x2000000000000000u : 0))));
}

/* t->addr and t->disp for the r/m operand in memory. */
static void form_address(struct x86_tr *t, unsigned bytes, bool write)
{
    const struct x86_insn *in = &t->in;
    unsigned seg = xt_mem_seg(in);
    ir_ref a = address_sum(t, &t->disp);

    if (in->base == X86_NO_REG && in->index == X86_NO_REG && in->seg < 0) {
        seg = X86_DS;
    }
    if (in->base == X86_RIP || ir_is_const(a)) {
        t->disp = in->asize == 8 ? t->disp : in->asize == 4 ? (uint32_t)t->disp : (uint16_t)t->disp;
    } else if (in->asize == 2) {
        a = ir_extu16(t->ir, ir_add(t->ir, a, ir_i64(t->ir, t->disp)));
        t->disp = 0;
    } else if (in->asize == 4 && (xt_code64(t) || in->index >= 0)) {
        /* A base alone may give addresses a little outside of 32 bits: the MMU takes them modulo 2^32 (see INVLPG). */
        a = ir_extu32(t->ir, xt_code64(t) ? ir_add(t->ir, a, ir_i64(t->ir, t->disp)) : a);
        t->disp = xt_code64(t) ? 0 : t->disp;
    }
    t->addr = xt_linear(t, seg, a, &t->disp, bytes, write);
}

ir_ref xt_atomic(struct x86_tr *t, enum ir_rmw op, ir_ref v)
{
    ir_ref a = t->disp ? ir_add(t->ir, t->addr, ir_i64(t->ir, t->disp)) : t->addr;

    return ir_rmw(t->ir, op, a, v, log2_of(t->size) | t->mem | IR_MEM_ATOMIC);
}

/* ---- stack ---- */

unsigned xt_stack_bytes(const struct x86_tr *t)
{
    return xt_code64(t) ? 8 : t->key & X86_KEY_SS32 ? 4 : 2;
}

ir_ref xt_sp_plus(struct x86_tr *t, int64_t offset)
{
    unsigned bytes = xt_stack_bytes(t);
    ir_ref v = xt_r64(t, X86_RSP);

    if (bytes == 8) {
        return offset ? ir_add(t->ir, v, ir_i64(t->ir, offset)) : v;
    }
    return xt_zext(t, ir_add(t->ir, v, ir_i64(t->ir, offset)), bytes);
}

static ir_ref stack_address(struct x86_tr *t, int64_t offset, int64_t *disp, unsigned bytes, bool write)
{
    ir_ref a;

    *disp = 0;
    if (flat_seg(t, X86_SS) && xt_stack_bytes(t) >= 4) {
        *disp = offset;
        return xt_r64(t, X86_RSP);
    }
    a = xt_sp_plus(t, offset);
    return xt_linear(t, X86_SS, a, disp, bytes, write);
}

ir_ref xt_stack_load(struct x86_tr *t, int64_t offset, unsigned bytes)
{
    int64_t disp;
    ir_ref a = stack_address(t, offset, &disp, bytes, false);

    return xt_load(t, a, disp, bytes);
}

void xt_stack_store(struct x86_tr *t, int64_t offset, ir_ref v, unsigned bytes)
{
    int64_t disp;
    ir_ref a = stack_address(t, offset, &disp, bytes, true);

    xt_store(t, a, disp, v, bytes);
}

void xt_set_sp(struct x86_tr *t, ir_ref v)
{
    unsigned bytes = xt_stack_bytes(t);

    if (bytes == 2) {
        v = ir_or(t->ir, ir_and(t->ir, xt_r64(t, X86_RSP), ir_i64(t->ir, ~0xffffll)), ir_extu16(t->ir, v));
    }
    ir_put(t->ir, X86_SLOT_R + X86_RSP, bytes == 4 ? ir_extu32(t->ir, v) : v);
}

/* ---- control ---- */

ir_ref xt_call(struct x86_tr *t, enum x86_helper helper, unsigned nargs, ...)
{
    ir_ref args[8];
    va_list ap;

    va_start(ap, nargs);
    for (unsigned i = 0; i < nargs; i++) {
        args[i] = va_arg(ap, int);
    }
    va_end(ap);
    return ir_call(t->ir, helper, nargs, args);
}

void xt_begin(struct x86_tr *t, unsigned block)
{
    ir_begin(t->ir, block);
    ir_insn_start(t->ir, t->pc, 0);
}

void xt_exit(struct x86_tr *t, uint64_t pc, enum ir_exit code)
{
    ir_put(t->ir, IR_SLOT_PC, ir_i64(t->ir, pc));
    ir_exit(t->ir, code);
    t->ended = true;
}

void xt_raise_now(struct x86_tr *t, enum x86_vector vector)
{
    xt_call(t, X86_HELPER_raise, 1, ir_i32(t->ir, vector));
    xt_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
}

/* Keys under which each instruction ends its block: something must be looked at behind it. */
static bool stepwise(const struct x86_tr *t)
{
    return t->key & (X86_KEY_STEP | X86_KEY_INHIBIT);
}

/* What those keys ask for, with the pc that comes next (I64). True: the block has ended. */
static bool after_step(struct x86_tr *t, ir_ref pc)
{
    if (!stepwise(t)) {
        return false;
    }
    ir_insn_start(t->ir, t->next_pc, 0);    /* what is raised here comes behind the instruction: its results stay */
    if (t->key & X86_KEY_INHIBIT) {
        xt_call(t, X86_HELPER_uninhibit, 0);
    }
    if (t->key & X86_KEY_STEP) {
        xt_call(t, X86_HELPER_single_step, 1, pc);
    }
    ir_put(t->ir, IR_SLOT_PC, pc);
    ir_exit(t->ir, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_LOOKUP);
    t->ended = true;
    return true;
}

void xt_goto(struct x86_tr *t, uint64_t pc)
{
    if (after_step(t, ir_i64(t->ir, pc))) {
        return;
    }
    if (t->tb->single_step) {
        xt_exit(t, pc, IR_EXIT_STEPPED);
        return;
    }
    ir_goto_pc(t->ir, pc, pc < t->next_pc);
    t->ended = true;
}

void xt_goto_ind(struct x86_tr *t, ir_ref pc)
{
    if (after_step(t, pc)) {
        return;
    }
    if (t->tb->single_step) {
        ir_put(t->ir, IR_SLOT_PC, pc);
        ir_exit(t->ir, IR_EXIT_STEPPED);
    } else {
        ir_goto_ind(t->ir, pc);
    }
    t->ended = true;
}

static ir_ref cs_base(struct x86_tr *t)
{
    return xt_cs_known(t) ? ir_i64(t->ir, t->cs_base) : ir_get(t->ir, X86_SLOT_BASE + X86_CS);
}

void xt_goto_ip(struct x86_tr *t, ir_ref ip)
{
    if (xt_code64(t) || (xt_cs_known(t) && t->cs_base == 0)) {
        xt_goto_ind(t, ip);
    } else {
        xt_goto_ind(t, ir_extu32(t->ir, ir_add(t->ir, ip, cs_base(t))));
    }
}

bool xt_target(struct x86_tr *t, int64_t disp, uint64_t *pc, ir_ref *ind)
{
    struct ir *ir = t->ir;

    if (xt_code64(t)) {
        *pc = t->next_pc + disp;
        return true;
    }
    if (t->in.opsize == 4) {
        *pc = (uint32_t)(t->next_pc + disp);
        return true;
    }
    if (xt_cs_known(t)) {
        *pc = (uint32_t)(t->cs_base + (uint16_t)(t->next_pc - t->cs_base + disp));
        return true;
    }
    *ind = ir_extu16(ir, ir_sub(ir, ir_i64(ir, t->next_pc + disp), cs_base(t)));
    *ind = ir_extu32(ir, ir_add(ir, *ind, cs_base(t)));
    return false;
}

void xt_goto_rel(struct x86_tr *t, int64_t disp)
{
    uint64_t pc;
    ir_ref ind;

    if (xt_target(t, disp, &pc, &ind)) {
        xt_goto(t, pc);
    } else {
        xt_goto_ind(t, ind);
    }
}

void xt_next(struct x86_tr *t)
{
    xt_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

void xt_lookup_pc(struct x86_tr *t)
{
    xt_goto_ind(t, ir_get(t->ir, IR_SLOT_PC));
}

ir_ref xt_next_ip(struct x86_tr *t)
{
    if (xt_code64(t)) {
        return ir_i64(t->ir, t->next_pc);
    }
    return ir_extu32(t->ir, ir_sub(t->ir, ir_i64(t->ir, t->next_pc), cs_base(t)));
}

/* ---- operands ---- */

static bool writes_first(const struct x86_row *row)
{
    return !(row->flags & X86_ROW_RO);
}

static ir_ref load_rm(struct x86_tr *t, unsigned i, unsigned bytes)
{
    bool rmw = i == 0 && writes_first(t->in.row);

    if (!t->in.mem) {
        return xt_reg(t, t->in.rm, bytes);
    }
    if (bytes > 8) {
        return 0;
    }
    if (i == 0 && t->locked) {
        return 0;
    }
    return ir_ld(t->ir, xt_type(bytes), t->addr, t->disp, log2_of(bytes) | t->mem | (rmw ? IR_MEM_FOR_WRITE : 0));
}

static ir_ref load_operand(struct x86_tr *t, unsigned i)
{
    const struct x86_insn *in = &t->in;
    struct x86_operand op = in->row->ops[i];
    unsigned bytes = x86_operand_bytes(in, op);

    switch (op.kind) {
    case X86_OP_E: case X86_OP_R:
        return load_rm(t, i, bytes);
    case X86_OP_M:
        return op.size == X86_SIZE_NONE || i == 0 || in->row->ops[i].size == X86_SIZE_P || op.size == X86_SIZE_A ? 0 : load_rm(t, i, bytes);
    case X86_OP_O:
        return xt_load(t, t->addr, t->disp, bytes);
    case X86_OP_G:
        return xt_reg(t, in->reg, bytes);
    case X86_OP_Z:
        return xt_reg(t, in->rm, bytes);
    case X86_OP_B:
        return xt_reg(t, in->vvvv, bytes);
    case X86_OP_A:
        return xt_reg(t, X86_RAX, bytes);
    case X86_OP_I: case X86_OP_SI:
        return op.size == X86_SIZE_P ? 0 : xt_const(t, t->size, i == 2 && in->row->ops[1].kind == X86_OP_I ? in->imm2 : in->imm);
    case X86_OP_ONE:
        return xt_const(t, t->size, 1);
    case X86_OP_CL:
        return xt_as(t, xt_reg(t, X86_RCX, 1), t->size);
    case X86_OP_DX:
        return xt_reg(t, X86_RDX, 2);
    default:
        return 0;
    }
}

static bool in_memory(const struct x86_insn *in, unsigned i)
{
    switch (in->row->ops[i].kind) {
    case X86_OP_E: case X86_OP_M: case X86_OP_O: case X86_OP_W: case X86_OP_Q:
        return in->mem;
    default:
        return false;
    }
}

/* M operands without a type are addresses that the emit function uses as it likes; it forms the linear one itself. */
static bool address_only(struct x86_operand op)
{
    return op.size == X86_SIZE_NONE;
}

static void load_operands(struct x86_tr *t)
{
    const struct x86_row *row = t->in.row;

    t->locked = t->in.lock;
    t->size = row->nops ? x86_operand_bytes(&t->in, row->ops[0]) : t->in.opsize;
    for (unsigned i = 0; i < row->nops; i++) {
        if (in_memory(&t->in, i) && !address_only(row->ops[i])) {
            form_address(t, x86_operand_bytes(&t->in, row->ops[i]), i == 0 && writes_first(row));
        }
    }
    for (unsigned i = 0; i < row->nops; i++) {
        t->v[i] = i == 0 && row->flags & X86_ROW_WO ? 0 : load_operand(t, i);
    }
}

static void store_result(struct x86_tr *t)
{
    const struct x86_insn *in = &t->in;
    unsigned bytes;

    if (!t->result || !in->row->nops) {
        return;
    }
    bytes = x86_operand_bytes(in, in->row->ops[0]);
    switch (in->row->ops[0].kind) {
    case X86_OP_E: case X86_OP_M: case X86_OP_R: case X86_OP_O:
        if (!in->mem) {
            xt_set_reg(t, in->rm, bytes, t->result);
        } else if (!t->locked) {
            xt_store(t, t->addr, t->disp, t->result, bytes);
        }
        break;
    case X86_OP_G:
        xt_set_reg(t, in->reg, bytes, t->result);
        break;
    case X86_OP_Z:
        xt_set_reg(t, in->rm, bytes, t->result);
        break;
    case X86_OP_B:
        xt_set_reg(t, in->vvvv, bytes, t->result);
        break;
    case X86_OP_A:
        xt_set_reg(t, X86_RAX, bytes, t->result);
        break;
    default:
        g_assert_not_reached();
    }
}

/* ---- instructions ---- */

/* A flag slot's new value; where flags change on a condition only, its old one if that fails. */
static void put_cc(struct x86_tr *t, unsigned slot, ir_ref new)
{
    if (t->cc_if) {
        new = ir_select(t->ir, IR_NE, t->cc_if, ir_const(t->ir, ir_type_of(t->ir, t->cc_if), 0), new, ir_get(t->ir, slot));
    }
    ir_put(t->ir, slot, new);
}

static void put_flags(struct x86_tr *t)
{
    struct x86_flags *f = &t->cc_next;
    unsigned bytes = 1u << ((f->op - 1) & 3);
    struct ir *ir = t->ir;

    if (!t->cc_changed) {
        return;
    }
    if (f->op != X86_CC_DYNAMIC) {
        put_cc(t, X86_SLOT_CC_OP, ir_i32(ir, f->op | f->kind));
    } else if (f->kind) {
        put_cc(t, X86_SLOT_CC_OP, ir_or(ir, ir_and(ir, ir_get(ir, X86_SLOT_CC_OP), ir_i32(ir, X86_CC_OP)), ir_i32(ir, f->kind)));
    }
    if (f->dst && (f->dst != t->cc.dst || (f->op - 1) % 4 != (t->cc.op - 1) % 4)) {
        put_cc(t, X86_SLOT_CC_DST, xt_to64(t, xt_zext(t, f->dst, bytes)));
    }
    if (f->src && f->src != t->cc.src) {
        put_cc(t, X86_SLOT_CC_SRC, xt_to64(t, f->src));
    }
    if (f->src2 && f->src2 != t->cc.src2) {
        put_cc(t, X86_SLOT_CC_SRC2, f->src2);
    }
    if (f->kind) {
        put_cc(t, X86_SLOT_CC_OVER, f->over);
    }
    t->cc = *f;
    if (t->cc_if) {
        t->cc = (struct x86_flags) { .op = X86_CC_DYNAMIC };
    }
}

static enum x86_decoded fetch(struct x86_tr *t, uint8_t bytes[INSN_MAX], bool *unreachable)
{
    unsigned offset = t->pc & (PAGE - 1), here = MIN(PAGE - offset, INSN_MAX);
    enum x86_decoded d = x86_decode(&t->mode, t->tb->page + offset, here, &t->in);
    const uint8_t *next;

    *unreachable = false;
    if (d != X86_MORE) {
        return d;
    }
    next = t->tb->next_page(t->tb, t->tb->insns == 0);
    if (!next) {
        *unreachable = true;
        return d;
    }
    memcpy(bytes, t->tb->page + offset, here);
    memcpy(bytes + here, next, INSN_MAX - here);
    return x86_decode(&t->mode, bytes, INSN_MAX, &t->in);
}

static void one_insn(struct x86_tr *t, enum x86_decoded d)
{
    t->next_pc = t->pc + t->in.len;
    if (!xt_code64(t)) {
        t->next_pc = (uint32_t)t->next_pc;
    }
    ir_insn_start(t->ir, t->pc, t->in.len);
    t->tb->insns++;
    t->tb->bytes += t->in.len;
    if (t->key & X86_KEY_BREAK) {
        xt_call(t, X86_HELPER_break, 1, ir_i64(t->ir, t->pc));
    }
    if (d != X86_OK) {
        xt_raise_now(t, d == X86_TOO_LONG ? X86_GP : X86_UD);
        return;
    }
    t->result = 0;
    t->cc_changed = false;
    t->cc_if = 0;
    memset(t->v, 0, sizeof t->v);
    load_operands(t);
    t->in.row->emit(t);
    if (!t->ended) {
        store_result(t);
        put_flags(t);
    }
}

/* Must the block end in front of the instruction at t->pc? */
static bool stop_before(struct x86_tr *t, unsigned max_insns)
{
    if (t->tb->breakpoint && t->tb->breakpoint(t->tb, t->pc)) {
        xt_exit(t, t->pc, IR_EXIT_DEBUG);
        return true;
    }
    if (t->tb->insns && ((t->pc ^ t->tb->pc) / PAGE || t->tb->insns >= max_insns || stepwise(t))) {
        xt_goto(t, t->pc);
        return true;
    }
    return false;
}

static void build(struct x86_tr *t, unsigned max_insns)
{
    uint8_t bytes[INSN_MAX];

    ir_reset(t->ir, &x86_ir);
    ir_begin(t->ir, ir_block_new(t->ir));
    t->tb->insns = t->tb->bytes = 0;
    t->pc = t->next_pc = t->tb->pc;
    t->ended = false;
    t->cc = (struct x86_flags) { .op = X86_CC_DYNAMIC };
    while (!t->ended && !stop_before(t, max_insns)) {
        bool unreachable;
        enum x86_decoded d = fetch(t, bytes, &unreachable);

        if (unreachable) {
            xt_goto(t, t->pc);
            break;
        }
        one_insn(t, d);
        t->pc = t->next_pc;
    }
}

void x86_translate(struct tr_block *tb, struct ir *ir)
{
    uint32_t key = tb->key;
    struct x86_tr t = {
        .ir = ir,
        .cpu = x86_cpu(tb->cpu),
        .tb = tb,
        .key = key,
        .cs_base = (key & X86_KEY_CS) == X86_KEY_CS_HERE ? (key >> X86_KEY_PARA_SHIFT) << 4 : 0,
        .mem = (key & X86_KEY_IDX) == X86_KEY_ALIGN ? X86_IDX_USER << IR_MEM_IDX_SHIFT | IR_MEM_ALIGN :
               (key & X86_KEY_IDX) >> X86_KEY_IDX_SHIFT << IR_MEM_IDX_SHIFT,
    };
    unsigned max_insns = tb->single_step ? 1 : tb->max_insns;

    t.mode = (struct x86_mode) {
        .bits = key & X86_KEY_CS64 ? 64 : key & X86_KEY_CS32 ? 32 : 16, .real = key & X86_KEY_REAL, .features = &t.cpu->feature,
    };
    build(&t, max_insns);
    while (ir->overflow) {
        /* More values than a region can name: one instruction always fits. */
        max_insns = MAX(1, MIN(max_insns, tb->insns) / 2);
        build(&t, max_insns);
    }
}
