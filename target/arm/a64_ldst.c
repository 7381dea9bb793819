/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads and stores of general and SIMD registers: literal, offset, indexed, pairs. */
#include <string.h>

#include "target/arm/simd.h"
#include "target/arm/translate.h"

/* An address: base register plus displacement, and what the base becomes. */
struct addr {
    ir_ref base;
    int64_t disp;
    bool writeback;
    int64_t step;       /* added to the base register */
};

/* Index modes of the nine-bit forms and of pairs. */
enum { UNSCALED = 0, POST = 1, UNPRIV = 2, PRE = 3 };

static struct addr indexed(struct arm_tr *t, unsigned rn, unsigned mode, int64_t imm)
{
    bool wb = mode == POST || mode == PRE;

    return (struct addr){ arm_xsp(t, rn), mode == POST ? 0 : imm, wb, imm };
}

/* After the access: nothing can fault any more. */
static void finish(struct arm_tr *t, const struct addr *p, unsigned rn)
{
    if (p->writeback) {
        arm_set_xsp(t, rn, ir_add(t->ir, p->base, ir_i64(t->ir, p->step)));
    }
}

static unsigned mem_of(struct arm_tr *t, unsigned mode)
{
    if (mode == UNPRIV) {
        return (t->mem & ~(15u << IR_MEM_IDX_SHIFT)) | arm_key_unpriv(t->key) << IR_MEM_IDX_SHIFT;
    }
    return t->mem;
}

static void store(struct arm_tr *t, const struct addr *p, unsigned size, unsigned rt, unsigned mem)
{
    ir_st(t->ir, p->base, p->disp, arm_x(t, rt), size | mem);
}

static ir_ref load(struct arm_tr *t, const struct addr *p, unsigned size, unsigned mem)
{
    return ir_ld(t->ir, IR_I64, p->base, p->disp, size | mem);
}

/* w: the result is sign-extended to 32 bits only. */
static ir_ref load_signed(struct arm_tr *t, const struct addr *p, unsigned size, bool w, unsigned mem)
{
    if (w) {
        return ir_extu32(t->ir, ir_ld(t->ir, IR_I32, p->base, p->disp, size | IR_MEM_SIGN | mem));
    }
    return ir_ld(t->ir, IR_I64, p->base, p->disp, size | IR_MEM_SIGN | mem);
}

/* ---- V registers; size = log2 of the bytes ---- */

static ir_ref load_v(struct arm_tr *t, ir_ref base, int64_t disp, unsigned size)
{
    struct ir *ir = t->ir;
    ir_ref lo, hi;

    if (size == 4 && (t->mem & IR_MEM_BE)) {
        hi = ir_ld(ir, IR_I64, base, disp, IR_MEM_64 | t->mem);
        lo = ir_ld(ir, IR_I64, base, disp + 8, IR_MEM_64 | t->mem);
        return arm_vjoin(t, lo, hi);
    }
    if (size == 4) {
        return ir_ld(ir, IR_V128, base, disp, IR_MEM_128 | t->mem);
    }
    if (size >= 2 && !(t->mem & IR_MEM_BE)) {
        return ir_vfrom(ir, ir_ld(ir, size == 3 ? IR_F64 : IR_F32, base, disp, size | t->mem));
    }
    return ir_vfrom(ir, ir_ld(ir, IR_I64, base, disp, size | t->mem));
}

static void store_v(struct arm_tr *t, ir_ref base, int64_t disp, unsigned size, unsigned n)
{
    struct ir *ir = t->ir;

    if (size == 4 && (t->mem & IR_MEM_BE)) {
        ir_st(ir, base, disp, arm_vhi(t, n), IR_MEM_64 | t->mem);
        ir_st(ir, base, disp + 8, arm_vlo(t, n), IR_MEM_64 | t->mem);
    } else if (size == 4) {
        ir_st(ir, base, disp, arm_v(t, n), IR_MEM_128 | t->mem);
    } else if (size >= 2 && !(t->mem & IR_MEM_BE)) {
        ir_st(ir, base, disp, ir_vget(ir, size == 3 ? IR_F64 : IR_F32, size, arm_v(t, n), 0), size | t->mem);
    } else {
        ir_st(ir, base, disp, arm_vlo(t, n), size | t->mem);
    }
}

/* ---- literals ---- */

static struct addr literal(struct arm_tr *t, int64_t imm)
{
    return (struct addr){ .base = ir_i64(t->ir, t->pc + imm * 4) };
}

void a64_ldr_litw(struct arm_tr *t, const struct arm_LIT *a)
{
    struct addr p = literal(t, a->imm);

    arm_set_x(t, a->rt, load(t, &p, IR_MEM_32, t->mem));
}

void a64_ldr_litx(struct arm_tr *t, const struct arm_LIT *a)
{
    struct addr p = literal(t, a->imm);

    arm_set_x(t, a->rt, load(t, &p, IR_MEM_64, t->mem));
}

void a64_ldrsw_lit(struct arm_tr *t, const struct arm_LIT *a)
{
    struct addr p = literal(t, a->imm);

    arm_set_x(t, a->rt, load_signed(t, &p, IR_MEM_32, false, t->mem));
}

void a64_ldr_litv(struct arm_tr *t, const struct arm_LITV *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rt, load_v(t, literal(t, a->imm).base, 0, a->opc + 2));
    }
}

/* Prefetches do nothing. */
void a64_prfm_lit(struct arm_tr *t, const struct arm_LIT *a) { }
void a64_prfm_ui(struct arm_tr *t, const struct arm_PRFUI *a) { }
void a64_prfm_i(struct arm_tr *t, const struct arm_NONE3 *a) { }
void a64_prfm_ro(struct arm_tr *t, const struct arm_PRFRO *a) { }

/* ---- unsigned offset ---- */

static struct addr scaled(struct arm_tr *t, unsigned rn, unsigned uimm, unsigned size)
{
    return (struct addr){ .base = arm_xsp(t, rn), .disp = (int64_t)uimm << size };
}

void a64_str_ui(struct arm_tr *t, const struct arm_UI *a)
{
    struct addr p = scaled(t, a->rn, a->uimm, a->size);

    store(t, &p, a->size, a->rt, t->mem);
}

void a64_ldr_ui(struct arm_tr *t, const struct arm_UI *a)
{
    struct addr p = scaled(t, a->rn, a->uimm, a->size);

    arm_set_x(t, a->rt, load(t, &p, a->size, t->mem));
}

void a64_ldrs_ui(struct arm_tr *t, const struct arm_UIS *a)
{
    struct addr p;

    if (a->size == 2 && a->w) {
        arm_undef(t);
        return;
    }
    p = scaled(t, a->rn, a->uimm, a->size);
    arm_set_x(t, a->rt, load_signed(t, &p, a->size, a->w, t->mem));
}

/* Size of a V register access; false: reserved. */
static bool v_size(struct arm_tr *t, unsigned size, bool big, unsigned *log2)
{
    if (big && size) {
        arm_undef(t);
        return false;
    }
    *log2 = big ? 4 : size;
    return true;
}

void a64_str_vui(struct arm_tr *t, const struct arm_UIV *a)
{
    unsigned size;

    if (v_size(t, a->size, a->big, &size) && arm_fp_begin(t)) {
        store_v(t, arm_xsp(t, a->rn), (int64_t)a->uimm << size, size, a->rt);
    }
}

void a64_ldr_vui(struct arm_tr *t, const struct arm_UIV *a)
{
    unsigned size;

    if (v_size(t, a->size, a->big, &size) && arm_fp_begin(t)) {
        arm_set_v(t, a->rt, load_v(t, arm_xsp(t, a->rn), (int64_t)a->uimm << size, size));
    }
}

/* ---- nine-bit offset ---- */

void a64_str_i(struct arm_tr *t, const struct arm_I9 *a)
{
    struct addr p = indexed(t, a->rn, a->mode, a->imm);

    store(t, &p, a->size, a->rt, mem_of(t, a->mode));
    finish(t, &p, a->rn);
}

void a64_ldr_i(struct arm_tr *t, const struct arm_I9 *a)
{
    struct addr p = indexed(t, a->rn, a->mode, a->imm);
    ir_ref v = load(t, &p, a->size, mem_of(t, a->mode));

    finish(t, &p, a->rn);
    arm_set_x(t, a->rt, v);
}

void a64_ldrs_i(struct arm_tr *t, const struct arm_I9S *a)
{
    struct addr p;
    ir_ref v;

    if (a->size == 2 && a->w) {
        arm_undef(t);
        return;
    }
    p = indexed(t, a->rn, a->mode, a->imm);
    v = load_signed(t, &p, a->size, a->w, mem_of(t, a->mode));
    finish(t, &p, a->rn);
    arm_set_x(t, a->rt, v);
}

void a64_str_vi(struct arm_tr *t, const struct arm_I9V *a)
{
    struct addr p;
    unsigned size;

    if (v_size(t, a->size, a->big, &size) && arm_fp_begin(t)) {
        p = indexed(t, a->rn, a->mode, a->imm);
        store_v(t, p.base, p.disp, size, a->rt);
        finish(t, &p, a->rn);
    }
}

void a64_ldr_vi(struct arm_tr *t, const struct arm_I9V *a)
{
    struct addr p;
    ir_ref v;
    unsigned size;

    if (v_size(t, a->size, a->big, &size) && arm_fp_begin(t)) {
        p = indexed(t, a->rn, a->mode, a->imm);
        v = load_v(t, p.base, p.disp, size);
        finish(t, &p, a->rn);
        arm_set_v(t, a->rt, v);
    }
}

/* ---- register offset ---- */

/* 0: reserved, and that has been emitted. */
static ir_ref with_index(struct arm_tr *t, unsigned rn, unsigned rm, unsigned option, unsigned shift)
{
    struct ir *ir = t->ir;
    ir_ref index;

    if (!(option & 2)) {
        arm_undef(t);
        return 0;
    }
    index = arm_x(t, rm);
    index = option == 2 ? ir_extu32(ir, index) : option == 6 ? ir_exts32(ir, index) : index;
    if (shift) {
        index = ir_shl(ir, index, ir_i64(ir, shift));
    }
    return ir_add(ir, arm_xsp(t, rn), index);
}

void a64_str_ro(struct arm_tr *t, const struct arm_RO *a)
{
    struct addr p = { .base = with_index(t, a->rn, a->rm, a->option, a->s ? a->size : 0) };

    if (p.base) {
        store(t, &p, a->size, a->rt, t->mem);
    }
}

void a64_ldr_ro(struct arm_tr *t, const struct arm_RO *a)
{
    struct addr p = { .base = with_index(t, a->rn, a->rm, a->option, a->s ? a->size : 0) };

    if (p.base) {
        arm_set_x(t, a->rt, load(t, &p, a->size, t->mem));
    }
}

void a64_ldrs_ro(struct arm_tr *t, const struct arm_ROS *a)
{
    struct addr p = { 0 };

    if (a->size == 2 && a->w) {
        arm_undef(t);
        return;
    }
    p.base = with_index(t, a->rn, a->rm, a->option, a->s ? a->size : 0);
    if (p.base) {
        arm_set_x(t, a->rt, load_signed(t, &p, a->size, a->w, t->mem));
    }
}

void a64_str_vro(struct arm_tr *t, const struct arm_ROV *a)
{
    unsigned size;
    ir_ref base;

    if (!v_size(t, a->size, a->big, &size) || !arm_fp_begin(t)) {
        return;
    }
    base = with_index(t, a->rn, a->rm, a->option, a->s ? size : 0);
    if (base) {
        store_v(t, base, 0, size, a->rt);
    }
}

void a64_ldr_vro(struct arm_tr *t, const struct arm_ROV *a)
{
    unsigned size;
    ir_ref base;

    if (!v_size(t, a->size, a->big, &size) || !arm_fp_begin(t)) {
        return;
    }
    base = with_index(t, a->rn, a->rm, a->option, a->s ? size : 0);
    if (base) {
        arm_set_v(t, a->rt, load_v(t, base, 0, size));
    }
}

/* ---- pairs ---- */

static struct addr pair(struct arm_tr *t, unsigned rn, unsigned mode, int64_t imm, unsigned size)
{
    bool wb = mode == POST || mode == PRE;

    imm *= 1 << size;
    return (struct addr){ arm_xsp(t, rn), mode == POST ? 0 : imm, wb, imm };
}

void a64_stp(struct arm_tr *t, const struct arm_PAIR *a)
{
    unsigned size = a->sf ? IR_MEM_64 : IR_MEM_32;
    struct addr p = pair(t, a->rn, a->mode, a->imm, size);

    ir_st(t->ir, p.base, p.disp, arm_x(t, a->rt), size | t->mem);
    ir_st(t->ir, p.base, p.disp + (1 << size), arm_x(t, a->rt2), size | t->mem);
    finish(t, &p, a->rn);
}

static void load_pair(struct arm_tr *t, const struct arm_PAIR *a, unsigned size, unsigned sign)
{
    struct addr p = pair(t, a->rn, a->mode, a->imm, size);
    ir_ref v = ir_ld(t->ir, IR_I64, p.base, p.disp, size | sign | t->mem);
    ir_ref w = ir_ld(t->ir, IR_I64, p.base, p.disp + (1 << size), size | sign | t->mem);

    finish(t, &p, a->rn);
    arm_set_x(t, a->rt, v);
    arm_set_x(t, a->rt2, w);
}

void a64_ldp(struct arm_tr *t, const struct arm_PAIR *a)
{
    load_pair(t, a, a->sf ? IR_MEM_64 : IR_MEM_32, 0);
}

void a64_ldpsw(struct arm_tr *t, const struct arm_PAIRS *a)
{
    load_pair(t, &(struct arm_PAIR){ true, a->mode, a->imm, a->rt2, a->rn, a->rt }, IR_MEM_32, IR_MEM_SIGN);
}

void a64_stp_v(struct arm_tr *t, const struct arm_PAIRV *a)
{
    unsigned size = a->opc + 2;
    struct addr p;

    if (arm_fp_begin(t)) {
        p = pair(t, a->rn, a->mode, a->imm, size);
        store_v(t, p.base, p.disp, size, a->rt);
        store_v(t, p.base, p.disp + (1 << size), size, a->rt2);
        finish(t, &p, a->rn);
    }
}

void a64_ldp_v(struct arm_tr *t, const struct arm_PAIRV *a)
{
    unsigned size = a->opc + 2;
    ir_ref v, w;
    struct addr p;

    if (arm_fp_begin(t)) {
        p = pair(t, a->rn, a->mode, a->imm, size);
        v = load_v(t, p.base, p.disp, size);
        w = load_v(t, p.base, p.disp + (1 << size), size);
        finish(t, &p, a->rn);
        arm_set_v(t, a->rt, v);
        arm_set_v(t, a->rt2, w);
    }
}

/* ---- Advanced SIMD structures ---- */

/* Registers and interleave of LD1 to LD4 (multiple), by opcode; 0: reserved. */
static unsigned multiple(unsigned opcode, unsigned *structs)
{
    static const uint8_t regs[16] = { [0] = 4, [2] = 4, [4] = 3, [6] = 3, [7] = 1, [8] = 2, [10] = 2 };
    static const uint8_t inter[16] = { [0] = 4, [2] = 1, [4] = 3, [6] = 1, [7] = 1, [8] = 2, [10] = 1 };

    *structs = inter[opcode];
    return regs[opcode];
}

static void multiple_plain(struct arm_tr *t, bool ld, bool q, unsigned regs, unsigned rt, ir_ref base)
{
    unsigned size = q ? 4 : 3;
    ir_ref v[4];

    for (unsigned i = 0; i < regs; i++) {
        if (ld) {
            v[i] = load_v(t, base, i << size, size);
        } else {
            store_v(t, base, i << size, size, (rt + i) & 31);
        }
    }
    for (unsigned i = 0; ld && i < regs; i++) {
        arm_set_v(t, (rt + i) & 31, v[i]);
    }
}

static void post_index(struct arm_tr *t, ir_ref base, unsigned rn, int rm, unsigned bytes)
{
    if (rm >= 0) {
        arm_set_xsp(t, rn, ir_add(t->ir, base, rm == 31 ? ir_i64(t->ir, bytes) : arm_x(t, rm)));
    }
}

/* rm: the post-index register, -1 for none. */
static void multiple_structs(struct arm_tr *t, bool ld, const struct arm_LDN *a, int rm)
{
    unsigned structs, regs = multiple(a->opcode, &structs);
    ir_ref base;

    if (!regs || (structs > 1 && a->size == 3 && !a->q)) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = arm_xsp(t, a->rn);
    if (structs == 1 && !(t->mem & IR_MEM_BE)) {
        multiple_plain(t, ld, a->q, regs, a->rt, base);
    } else if (structs == 1 || !arm_simd_structs(t, ld, structs, a->size, a->q, a->rt, base)) {
        uint32_t desc = a->rt | a->size << 5 | a->q << 7 | structs << 8 | regs << 11 | (t->mem & IR_MEM_BE ? 1 << 15 : 0);
        const ir_ref args[] = { ir_i32(t->ir, desc | arm_key_idx(t->key) << 16), base };

        ir_call(t->ir, ld ? ARM_HELPER_ld_structs : ARM_HELPER_st_structs, 2, args);
    }
    post_index(t, base, a->rn, rm, regs * (a->q ? 16 : 8));
}

void a64_st_n(struct arm_tr *t, const struct arm_LDN *a) { multiple_structs(t, false, a, -1); }
void a64_ld_n(struct arm_tr *t, const struct arm_LDN *a) { multiple_structs(t, true, a, -1); }

void a64_st_np(struct arm_tr *t, const struct arm_LDNP *a)
{
    multiple_structs(t, false, &(struct arm_LDN){ a->q, a->opcode, a->size, a->rn, a->rt }, a->rm);
}

void a64_ld_np(struct arm_tr *t, const struct arm_LDNP *a)
{
    multiple_structs(t, true, &(struct arm_LDN){ a->q, a->opcode, a->size, a->rn, a->rt }, a->rm);
}

/* One element in a lane of each of several registers. */
struct single {
    unsigned size, lane, regs;
    bool replicate;
};

static bool single_of(const struct arm_LD1S *a, struct single *s)
{
    unsigned scale = a->opcode >> 1;

    s->regs = ((a->opcode & 1) << 1 | a->r) + 1;
    s->replicate = false;
    s->size = scale;
    s->lane = a->q << 3 | a->s << 2 | a->size;
    switch (scale) {
    case 0:
        return true;
    case 1:
        s->lane >>= 1;
        return !(a->size & 1);
    case 2:
        if (a->size & 1) {
            s->size = 3;
            s->lane >>= 3;
            return !a->s && !(a->size & 2);
        }
        s->lane >>= 2;
        return !(a->size & 2);
    default:
        s->replicate = true;
        s->size = a->size;
        return !a->s;
    }
}

static void put_single(struct arm_tr *t, const struct single *s, bool q, unsigned n, ir_ref v)
{
    if (s->replicate) {
        arm_set_vq(t, q, n, ir_vdup(t->ir, s->size, v));
    } else {
        arm_set_v(t, n, ir_vset(t->ir, s->size, arm_v(t, n), s->lane, v));
    }
}

static void single_structs(struct arm_tr *t, bool ld, const struct arm_LD1S *a, int rm)
{
    struct single s;
    ir_ref base, v[4];

    if (!single_of(a, &s) || (!ld && s.replicate)) {
        arm_undef(t);
        return;
    }
    if (!arm_fp_begin(t)) {
        return;
    }
    base = arm_xsp(t, a->rn);
    for (unsigned i = 0; i < s.regs; i++) {
        if (ld) {
            v[i] = ir_ld(t->ir, IR_I64, base, i << s.size, s.size | t->mem);
        } else {
            ir_st(t->ir, base, i << s.size, ir_vget(t->ir, IR_I64, s.size, arm_v(t, (a->rt + i) & 31), s.lane),
                  s.size | t->mem);
        }
    }
    for (unsigned i = 0; ld && i < s.regs; i++) {
        put_single(t, &s, a->q, (a->rt + i) & 31, v[i]);
    }
    post_index(t, base, a->rn, rm, s.regs << s.size);
}

void a64_st_s(struct arm_tr *t, const struct arm_LD1S *a) { single_structs(t, false, a, -1); }
void a64_ld_s(struct arm_tr *t, const struct arm_LD1S *a) { single_structs(t, true, a, -1); }

void a64_st_sp(struct arm_tr *t, const struct arm_LD1SP *a)
{
    single_structs(t, false, &(struct arm_LD1S){ a->q, a->r, a->opcode, a->s, a->size, a->rn, a->rt }, a->rm);
}

void a64_ld_sp(struct arm_tr *t, const struct arm_LD1SP *a)
{
    single_structs(t, true, &(struct arm_LD1S){ a->q, a->r, a->opcode, a->s, a->size, a->rn, a->rt }, a->rm);
}

/* Interleaved structures, and those in big-endian order: element by element (helpers.def has the descriptor). */
static uint8_t *element(struct arm_cpu *cpu, uint32_t desc, unsigned reg, unsigned e)
{
    unsigned size = desc >> 5 & 3;

    return (uint8_t *)cpu->v[((desc & 31) + reg) & 31] + (e << size);
}

void arm_helper_ld_structs(struct arm_cpu *cpu, uint32_t desc, uint64_t addr)
{
    unsigned size = desc >> 5 & 3, q = desc >> 7 & 1, structs = desc >> 8 & 7, regs = desc >> 11 & 7, n = (8u << q) >> size;
    uint64_t v[64];
    unsigned k = 0;

    for (unsigned r = 0; r < regs; r += structs) {
        for (unsigned e = 0; e < n; e++) {
            for (unsigned s = 0; s < structs; s++) {
                uint64_t x = cpu_ld(&cpu->cpu, addr + ((uint64_t)k << size), 1u << size, desc >> 16 & 15);

                v[k++] = desc >> 15 & 1 ? GUINT64_SWAP_LE_BE(x) >> (64 - (8u << size)) : x;
            }
        }
    }
    k = 0;
    for (unsigned r = 0; r < regs; r += structs) {
        for (unsigned e = 0; e < n; e++) {
            for (unsigned s = 0; s < structs; s++) {
                memcpy(element(cpu, desc, r + s, e), &v[k++], 1u << size);
            }
        }
    }
    for (unsigned r = 0; !q && r < regs; r++) {
        cpu->v[((desc & 31) + r) & 31][1] = 0;
    }
}

void arm_helper_st_structs(struct arm_cpu *cpu, uint32_t desc, uint64_t addr)
{
    unsigned size = desc >> 5 & 3, q = desc >> 7 & 1, structs = desc >> 8 & 7, regs = desc >> 11 & 7, n = (8u << q) >> size;
    unsigned k = 0;

    for (unsigned r = 0; r < regs; r += structs) {
        for (unsigned e = 0; e < n; e++) {
            for (unsigned s = 0; s < structs; s++, k++) {
                uint64_t v = 0;

                memcpy(&v, element(cpu, desc, r + s, e), 1u << size);
                v = desc >> 15 & 1 ? GUINT64_SWAP_LE_BE(v) >> (64 - (8u << size)) : v;
                cpu_st(&cpu->cpu, addr + ((uint64_t)k << size), v, 1u << size, desc >> 16 & 15);
            }
        }
    }
}
