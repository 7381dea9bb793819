/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translation of one guest basic block of A32 or T32 code, up to the end of its page.
 *
 * A conditional instruction that only computes a register chooses between its result and the old value; any other stands
 * in an IR block of its own. In an IT block the slot of PSTATE.IT has what the current instruction's fault would save:
 * constants, which cost nothing unless it is needed.
 */
#include "target/arm/a32.h"
#include "target/arm/priv.h"
#include "util/log.h"

/* ---- registers ---- */

static uint32_t pc_value(const struct arm_tr *t)
{
    return t->pc + (t->a32.thumb ? 4 : 8);
}

ir_ref a32_r64(struct arm_tr *t, unsigned n)
{
    return n == 15 ? ir_i64(t->ir, pc_value(t)) : ir_get(t->ir, ARM_SLOT_X + n);
}

ir_ref a32_r(struct arm_tr *t, unsigned n)
{
    return ir_trunc(t->ir, a32_r64(t, n));
}

ir_ref a32_base(struct arm_tr *t, unsigned n)
{
    return n == 15 ? ir_i64(t->ir, pc_value(t) & ~3u) : a32_r64(t, n);
}

void a32_set_r(struct arm_tr *t, unsigned n, ir_ref v)
{
    const struct arm_test *c = &t->a32.select;

    v = ir_extu32(t->ir, v);
    if (t->a32.selecting) {
        v = ir_select(t->ir, c->cond, c->a, c->b, v, a32_r64(t, n));
    }
    ir_put(t->ir, ARM_SLOT_X + n, v);
}

void a32_set_alu(struct arm_tr *t, unsigned n, ir_ref v)
{
    if (n != 15) {
        a32_set_r(t, n, v);
    } else if (t->a32.thumb) {
        a32_goto_ind(t, ir_extu32(t->ir, ir_and(t->ir, v, ir_i32(t->ir, ~1))));
    } else {
        a32_branch_to(t, v);
    }
}

/* ---- IT blocks ---- */

static uint8_t it_next(uint8_t it)
{
    return it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
}

static void put_it(struct arm_tr *t, uint8_t it)
{
    ir_put(t->ir, ARM_SLOT_IT, ir_i64(t->ir, it));
}

uint32_t a32_after(const struct arm_tr *t)
{
    return (uint32_t)(t->next_pc - t->pc) | (uint32_t)it_next(t->a32.it) << 8;
}

/* ---- ends of a block ---- */

/* The block is left with this ITSTATE. True: it is another than at the block's start, and the key has been changed: the
 * block ends inside of an IT block, or began there. */
static bool leave_it(struct arm_tr *t, uint8_t it)
{
    uint8_t at_start = t->key >> ARM_KEY_IT_SHIFT;

    if (t->a32.it || at_start) {
        put_it(t, it);
    }
    if (it != at_start) {
        ir_call(t->ir, ARM_HELPER_a32_sync_key, 0, NULL);
    }
    return it != at_start;
}

void a32_goto_ind(struct arm_tr *t, ir_ref pc)
{
    leave_it(t, it_next(t->a32.it));
    arm_goto_ind(t, pc);
}

void a32_goto(struct arm_tr *t, uint32_t pc)
{
    if (leave_it(t, it_next(t->a32.it))) {
        arm_goto_ind(t, ir_i64(t->ir, pc));
    } else {
        arm_goto(t, pc);
    }
}

void a32_exit(struct arm_tr *t, enum ir_exit code)
{
    leave_it(t, it_next(t->a32.it));
    arm_exit(t, t->next_pc, code);
}

void a32_resume(struct arm_tr *t)
{
    a32_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

static void to_other_set(struct arm_tr *t, ir_ref pc)
{
    if (t->a32.it) {
        put_it(t, it_next(t->a32.it));
    }
    arm_call_imm(t, ARM_HELPER_a32_set_thumb, !t->a32.thumb);
    arm_goto_ind(t, pc);
}

void a32_switch(struct arm_tr *t, uint32_t pc)
{
    to_other_set(t, ir_i64(t->ir, pc));
}

void a32_branch_to(struct arm_tr *t, ir_ref v)
{
    struct ir *ir = t->ir;
    ir_ref one = ir_i32(ir, 1), thumb = ir_extu32(ir, ir_and(ir, v, ir_i32(ir, ~1)));
    ir_ref arm = ir_extu32(ir, ir_and(ir, v, ir_i32(ir, ~3)));
    unsigned same, other;

    if (ir_is_const(v)) {
        bool to_thumb = ir_const_value(ir, v) & 1;

        if (to_thumb == t->a32.thumb) {
            a32_goto_ind(t, to_thumb ? thumb : arm);
        } else {
            to_other_set(t, to_thumb ? thumb : arm);
        }
        return;
    }
    same = ir_block_new(ir);
    other = ir_block_new(ir);
    ir_brcond(ir, t->a32.thumb ? IR_TSTNE : IR_TSTEQ, v, one, same, other);
    ir_begin(ir, same);
    ir_insn_start(ir, t->pc, 0);
    a32_goto_ind(t, t->a32.thumb ? thumb : arm);
    ir_begin(ir, other);
    ir_insn_start(ir, t->pc, 0);
    to_other_set(t, t->a32.thumb ? arm : thumb);
}

/* ---- decoding ---- */

static unsigned decode_a32(uint32_t *insn, const struct isa_needs *needs)
{
    /* Tables have the conditional instructions under the condition AL. */
    if (*insn >> 28 != 15) {
        *insn = (*insn & 0x0fffffff) | 0xe0000000;
    }
    return a32_a32(*insn, needs);
}

unsigned a32_decode(uint32_t *insn, bool thumb, bool wide, const struct isa_needs *needs)
{
    uint32_t i = *insn;

    if (!thumb) {
        return decode_a32(insn, needs);
    }
    if (!wide) {
        return a32_t16(i, needs);
    }
    if ((i & 0xef000000) == 0xef000000) {           /* Advanced SIMD data processing */
        *insn = 0xf2000000 | (i >> 28 & 1) << 24 | (i & 0xffffff);
        return decode_a32(insn, needs);
    }
    if ((i & 0xff100000) == 0xf9000000) {           /* Advanced SIMD element and structure loads and stores */
        *insn = 0xf4000000 | (i & 0xffffff);
        return decode_a32(insn, needs);
    }
    return (i & 0xec000000) == 0xec000000 ? decode_a32(insn, needs) : a32_t32(i, needs);
}

/* ---- one instruction ---- */

static uint16_t fetch16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

/* Reads the instruction at t->pc. False: it straddles into a page that can't be fetched, and isn't the first. */
static bool fetch(struct arm_tr *t)
{
    unsigned offset = t->pc & 0xfff;
    const uint8_t *p = t->tb->page + offset;
    unsigned bytes = 4;

    if (!t->a32.thumb) {
        t->insn = fetch16(p) | (uint32_t)fetch16(p + 2) << 16;
    } else {
        t->insn = fetch16(p);
        bytes = t32_wide(t->insn) ? 4 : 2;
        if (bytes == 4) {
            p = offset == 0xffe ? t->tb->next_page(t->tb, t->tb->insns == 0) : p + 2;
            if (!p) {
                return false;
            }
            t->insn = t->insn << 16 | fetch16(p);
        }
    }
    t->next_pc = (uint32_t)(t->pc + bytes);
    return true;
}

static unsigned condition(const struct arm_tr *t)
{
    if (!t->a32.thumb) {
        return t->insn >> 28 == 15 ? 14 : t->insn >> 28;
    }
    return t->a32.it ? t->a32.it >> 4 : 14;
}

/* Does a conditional instruction nothing but computing a register (not R15) from others? Not all such are recognised. */
static bool only_computes(const struct arm_tr *t, uint32_t i, bool wide)
{
    if (!t->a32.thumb) {
        bool misc = (i >> 23 & 3) == 2;

        if ((i >> 26 & 3) || (i & 1 << 20) || (i >> 12 & 15) == 15) {
            return false;
        }
        return i >> 25 & 1 ? !misc || !(i & 1 << 21) : !misc && (i & 0x90) != 0x90;
    }
    if (!wide) {
        return i >> 11 >= 3 && i >> 11 <= 7 ? i >> 11 != 5 : i >> 8 == 0x46 && ((i >> 4 & 8) | (i & 7)) != 15;
    }
    return false;
}

static void conditional(struct arm_tr *t, unsigned row, uint32_t insn, unsigned cond)
{
    struct ir *ir = t->ir;
    struct arm_test c = a32_flags_test(t, cond);
    unsigned yes = ir_block_new(ir), no = ir_block_new(ir), writes = t->a32.flag_writes;
    struct arm_flags flags = t->flags;
    struct a32_state a32 = t->a32;

    ir_brcond(ir, c.cond, c.a, c.b, yes, no);
    ir_begin(ir, yes);
    ir_insn_start(ir, t->pc, 0);
    a32_emit(t, row, insn);
    if (!t->ended) {
        ir_br(ir, no, 0, NULL);
    }
    ir_begin(ir, no);
    if (t->a32.flag_writes != writes) {
        a32_flags_forget(t);
    } else {
        t->flags = flags;
        t->a32 = a32;
    }
    t->a32.fcmp_op = 0;
    if (t->ended) {
        ir_insn_start(ir, t->pc, 0);
        a32_goto(t, t->next_pc);
    }
}

static void perform(struct arm_tr *t, unsigned row, uint32_t insn, bool wide)
{
    unsigned cond = condition(t);

    if (t->key & ARM_KEY_IL) {
        arm_raise_class(t, EC_ILLEGAL_STATE, 0);
    } else if (cond >= 14) {
        a32_emit(t, row, insn);
    } else if (only_computes(t, t->insn, wide)) {
        t->a32.select = a32_flags_test(t, cond);
        t->a32.selecting = true;
        a32_emit(t, row, insn);
        t->a32.selecting = false;
    } else {
        conditional(t, row, insn, cond);
    }
}

void a32_udf(struct arm_tr *t, const struct a32_UIMM *a)
{
    arm_undef(t);
}

static void one_insn(struct arm_tr *t)
{
    unsigned bytes = (uint32_t)(t->next_pc - t->pc), row;
    uint32_t insn = t->insn;
    uint8_t it = t->a32.it;

    row = a32_decode(&insn, t->a32.thumb, bytes == 4, &t->cpu->needs32);
    ir_insn_start(t->ir, t->pc, bytes);
    t->tb->insns++;
    t->tb->bytes += bytes;
    if (log_on(LOG_INSN_COUNT)) {
        arm_call_imm(t, ARM_HELPER_count, ARM_ROWS + row);
    }
    if (row == A32_ROW_ILLEGAL) {
        insn = 0xe7f000f0;                  /* UDF: so that a condition is looked at */
        row = a32_a32(insn, &t->cpu->needs32);
    }
    perform(t, row, insn, bytes == 4);
    if (it && !t->ended && t->a32.it == it) {
        t->a32.it = it_next(it);
        put_it(t, t->a32.it);
    }
}

void a32_it(struct arm_tr *t, const struct a32_IT *a)
{
    t->a32.it = a->cond << 4 | a->mask;
    put_it(t, t->a32.it);
}

/* ---- the block ---- */

/* In front of the instruction at t->pc. */
static void leave(struct arm_tr *t)
{
    if (leave_it(t, t->a32.it)) {
        arm_goto_ind(t, ir_i64(t->ir, t->pc));
    } else {
        arm_goto(t, t->pc);
    }
}

/* Must the block end in front of the instruction at t->pc? */
static bool stop_before(struct arm_tr *t, unsigned max_insns)
{
    if (t->tb->breakpoint && t->tb->breakpoint(t->tb, t->pc)) {
        leave_it(t, t->a32.it);
        arm_exit(t, t->pc, IR_EXIT_DEBUG);
        return true;
    }
    if ((t->tb->insns && ((t->pc ^ t->tb->pc) >> 12 || t->tb->insns >= max_insns)) || !fetch(t)) {
        leave(t);
        return true;
    }
    return false;
}

static void build(struct arm_tr *t, unsigned max_insns)
{
    ir_reset(t->ir, &arm_ir);
    ir_begin(t->ir, ir_block_new(t->ir));
    t->tb->insns = t->tb->bytes = 0;
    t->pc = t->tb->pc;
    t->ended = false;
    t->flags = (struct arm_flags){ 0 };
    t->a32 = (struct a32_state){ .thumb = t->key & ARM_KEY_T32, .it = t->key >> ARM_KEY_IT_SHIFT };
    while (!t->ended && !stop_before(t, max_insns)) {
        one_insn(t);
        t->pc = t->next_pc;
    }
}

void a32_translate(struct tr_block *tb, struct ir *ir)
{
    struct arm_tr t = {
        .ir = ir,
        .cpu = arm_cpu(tb->cpu),
        .tb = tb,
        .key = tb->key,
        .el = tb->key & ARM_KEY_EL,
        .mem = arm_key_idx(tb->key) << IR_MEM_IDX_SHIFT | (tb->key & ARM_KEY_BE ? IR_MEM_BE : 0) |
               (tb->key & ARM_KEY_ALIGN ? IR_MEM_ALIGN : 0),
    };
    unsigned max_insns = tb->single_step ? 1 : tb->max_insns;

    build(&t, max_insns);
    while (ir->overflow) {
        max_insns = MAX(1, MIN(max_insns, tb->insns) / 2);
        build(&t, max_insns);
    }
}
