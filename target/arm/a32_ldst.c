/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads and stores of A32 and T32: single registers, pairs, multiple, exclusive, ordered. */
#include "target/arm/a32.h"

/* An access of base + disp; afterwards Rn becomes `next`, if there is one. */
struct addr {
    ir_ref base;
    int64_t disp;
    ir_ref next;
};

static ir_ref sum(struct arm_tr *t, ir_ref base, ir_ref offset, bool up)
{
    struct ir *ir = t->ir;

    base = ir_trunc(ir, base);
    return ir_extu32(ir, up ? ir_add(ir, base, offset) : ir_sub(ir, base, offset));
}

static struct addr by_imm(struct arm_tr *t, unsigned p, unsigned u, unsigned w, unsigned rn, uint32_t imm)
{
    ir_ref base = a32_base(t, rn);
    bool wb = !p || w;

    return (struct addr){ base, !p ? 0 : u ? (int64_t)imm : -(int64_t)imm,
                          wb ? sum(t, base, ir_i32(t->ir, imm), u) : 0 };
}

static struct addr by_reg(struct arm_tr *t, unsigned p, unsigned u, unsigned w, unsigned rn, ir_ref offset)
{
    ir_ref base = a32_base(t, rn), at = sum(t, base, offset, u);

    return (struct addr){ p ? at : base, 0, !p || w ? at : 0 };
}

static ir_ref shift_of(struct arm_tr *t, unsigned rm, unsigned type, unsigned n)
{
    struct ir *ir = t->ir;
    ir_ref v = a32_r(t, rm), c;

    switch (type) {
    case 0:
        return ir_shl(ir, v, ir_i32(ir, n));
    case 1:
        return n ? ir_shr(ir, v, ir_i32(ir, n)) : ir_i32(ir, 0);
    case 2:
        return ir_sar(ir, v, ir_i32(ir, n ? n : 31));
    default:
        if (n) {
            return ir_rotr(ir, v, ir_i32(ir, n));
        }
        c = ir_trunc(ir, a32_flags_carry(t));
        return ir_or(ir, ir_shr(ir, v, ir_i32(ir, 1)), ir_shl(ir, c, ir_i32(ir, 31)));
    }
}

/* After the access, which was the last thing that could fault. */
static void finish(struct arm_tr *t, const struct addr *a, unsigned rn)
{
    if (a->next && rn != 15) {
        a32_set_r(t, rn, a->next);
    }
}

static unsigned mem_of(struct arm_tr *t, unsigned size, bool unpriv)
{
    unsigned mem = t->mem;

    if (unpriv) {
        mem = (mem & ~(15u << IR_MEM_IDX_SHIFT)) | arm_key_unpriv(t->key) << IR_MEM_IDX_SHIFT;
    }
    return mem | size;
}

/* T32's loads of less than a word to R15 are prefetches. size may have IR_MEM_SIGN. */
static void load(struct arm_tr *t, const struct addr *a, unsigned rn, unsigned rt, unsigned size, bool unpriv)
{
    ir_ref v;

    if (rt == 15 && size != IR_MEM_32) {
        if (!t->a32.thumb) {
            arm_undef(t);
        }
        return;
    }
    v = ir_ld(t->ir, IR_I32, a->base, a->disp, mem_of(t, size, unpriv));
    finish(t, a, rn);
    if (rt == 15) {
        a32_branch_to(t, v);
    } else {
        a32_set_r(t, rt, v);
    }
}

static void store(struct arm_tr *t, const struct addr *a, unsigned rn, unsigned rt, unsigned size, bool unpriv)
{
    ir_st(t->ir, a->base, a->disp, a32_r(t, rt), mem_of(t, size, unpriv));
    finish(t, a, rn);
}

#define BY_IMM by_imm(t, a->p, a->u, a->w, a->rn, a->uimm)
#define BY_REG by_reg(t, a->p, a->u, a->w, a->rn, shift_of(t, a->rm, a->type, a->sh))
#define BY_HALF by_reg(t, a->p, a->u, a->w, a->rn, a32_r(t, a->rm))
/* A32's unprivileged forms are post-indexed with W; T32's forms of that kind say p = 0, w = 0. */
#define UNPRIV (!a->p && a->w)
#define ACCESS(name, form, how, what, size) \
    void a32_##name(struct arm_tr *t, const struct a32_##form *a) \
    { \
        struct addr at = how; \
        what(t, &at, a->rn, a->rt, size, UNPRIV); \
    }
ACCESS(ldr_imm, LSI, BY_IMM, load, IR_MEM_32)
ACCESS(ldr_reg, LSR, BY_REG, load, IR_MEM_32)
ACCESS(ldrb_imm, LSI, BY_IMM, load, IR_MEM_8)
ACCESS(ldrb_reg, LSR, BY_REG, load, IR_MEM_8)
ACCESS(ldrh_imm, LSI, BY_IMM, load, IR_MEM_16)
ACCESS(ldrh_reg, LSH, BY_HALF, load, IR_MEM_16)
ACCESS(ldrsb_imm, LSI, BY_IMM, load, IR_MEM_8 | IR_MEM_SIGN)
ACCESS(ldrsb_reg, LSH, BY_HALF, load, IR_MEM_8 | IR_MEM_SIGN)
ACCESS(ldrsh_imm, LSI, BY_IMM, load, IR_MEM_16 | IR_MEM_SIGN)
ACCESS(ldrsh_reg, LSH, BY_HALF, load, IR_MEM_16 | IR_MEM_SIGN)
ACCESS(str_imm, LSI, BY_IMM, store, IR_MEM_32)
ACCESS(str_reg, LSR, BY_REG, store, IR_MEM_32)
ACCESS(strb_imm, LSI, BY_IMM, store, IR_MEM_8)
ACCESS(strb_reg, LSR, BY_REG, store, IR_MEM_8)
ACCESS(strh_imm, LSI, BY_IMM, store, IR_MEM_16)
ACCESS(strh_reg, LSH, BY_HALF, store, IR_MEM_16)

/* T32: register offsets shifted left by up to 3, unprivileged forms. */
#define WIDE(name, what, size) \
    void a32_##name##_wr(struct arm_tr *t, const struct a32_LWR *a) \
    { \
        struct addr at = by_reg(t, 1, 1, 0, a->rn, shift_of(t, a->rm, 0, a->sh)); \
        what(t, &at, a->rn, a->rt, size, false); \
    }
WIDE(ldrh, load, IR_MEM_16)
WIDE(ldrsh, load, IR_MEM_16 | IR_MEM_SIGN)
WIDE(ldrsb, load, IR_MEM_8 | IR_MEM_SIGN)
WIDE(strh, store, IR_MEM_16)
#define AS_USER(name, what, size) \
    void a32_##name##t_w(struct arm_tr *t, const struct a32_LST *a) \
    { \
        struct addr at = by_imm(t, 1, 1, 0, a->rn, a->uimm); \
        what(t, &at, a->rn, a->rt, size, true); \
    }
AS_USER(ldr, load, IR_MEM_32)
AS_USER(ldrb, load, IR_MEM_8)
AS_USER(ldrh, load, IR_MEM_16)
AS_USER(ldrsb, load, IR_MEM_8 | IR_MEM_SIGN)
AS_USER(ldrsh, load, IR_MEM_16 | IR_MEM_SIGN)
AS_USER(str, store, IR_MEM_32)
AS_USER(strb, store, IR_MEM_8)
AS_USER(strh, store, IR_MEM_16)

/* ---- doublewords: one access where the order of bytes lets it be one ---- */

static void load_pair(struct arm_tr *t, const struct addr *a, unsigned rn, unsigned rt, unsigned rt2)
{
    struct ir *ir = t->ir;
    ir_ref v, low, high;

    if (rt == 15 || rt2 == 15) {
        arm_undef(t);
        return;
    }
    if (t->mem & IR_MEM_BE) {
        low = ir_ld(ir, IR_I32, a->base, a->disp, t->mem | IR_MEM_32);
        high = ir_ld(ir, IR_I32, a->base, a->disp + 4, t->mem | IR_MEM_32);
    } else {
        v = ir_ld(ir, IR_I64, a->base, a->disp, (t->mem & ~IR_MEM_ALIGN) | IR_MEM_64);
        low = v;
        high = ir_shr(ir, v, ir_i64(ir, 32));
    }
    finish(t, a, rn);
    a32_set_r(t, rt, low);
    a32_set_r(t, rt2, high);
}

static void store_pair(struct arm_tr *t, const struct addr *a, unsigned rn, unsigned rt, unsigned rt2)
{
    struct ir *ir = t->ir;

    if (rt == 15 || rt2 == 15) {
        arm_undef(t);
        return;
    }
    if (t->mem & IR_MEM_BE) {
        ir_st(ir, a->base, a->disp, a32_r(t, rt), t->mem | IR_MEM_32);
        ir_st(ir, a->base, a->disp + 4, a32_r(t, rt2), t->mem | IR_MEM_32);
    } else {
        ir_ref v = ir_or(ir, a32_r64(t, rt), ir_shl(ir, a32_r64(t, rt2), ir_i64(ir, 32)));

        ir_st(ir, a->base, a->disp, v, (t->mem & ~IR_MEM_ALIGN) | IR_MEM_64);
    }
    finish(t, a, rn);
}

#define PAIR(name, form, how, what) \
    void a32_##name(struct arm_tr *t, const struct a32_##form *a) \
    { \
        struct addr at = how; \
        if (a->rt & 1) { \
            arm_undef(t); \
        } else { \
            what(t, &at, a->rn, a->rt, a->rt + 1); \
        } \
    }
PAIR(ldrda_imm, LSI, BY_IMM, load_pair)
PAIR(ldrda_reg, LSH, BY_HALF, load_pair)
PAIR(strda_imm, LSI, BY_IMM, store_pair)
PAIR(strda_reg, LSH, BY_HALF, store_pair)

void a32_ldrd(struct arm_tr *t, const struct a32_LDW *a)
{
    struct addr at = by_imm(t, 1, a->u, a->w, a->rn, a->uimm);

    load_pair(t, &at, a->rn, a->rt, a->rt2);
}

void a32_ldrd_post(struct arm_tr *t, const struct a32_LDP *a)
{
    struct addr at = by_imm(t, 0, a->u, 0, a->rn, a->uimm);

    load_pair(t, &at, a->rn, a->rt, a->rt2);
}

void a32_strd(struct arm_tr *t, const struct a32_LDW *a)
{
    struct addr at = by_imm(t, 1, a->u, a->w, a->rn, a->uimm);

    store_pair(t, &at, a->rn, a->rt, a->rt2);
}

void a32_strd_post(struct arm_tr *t, const struct a32_LDP *a)
{
    struct addr at = by_imm(t, 0, a->u, 0, a->rn, a->uimm);

    store_pair(t, &at, a->rn, a->rt, a->rt2);
}

/* ---- multiple registers ---- */

/* Displacement of the lowest register, and what the base register gains. */
static int first(unsigned p, unsigned u, unsigned n, int *step)
{
    *step = u ? 4 * (int)n : -4 * (int)n;
    return (u ? 0 : *step) + (p == u ? 4 : 0);
}

static unsigned multiple_mem(struct arm_tr *t)
{
    return t->mem | IR_MEM_32 | IR_MEM_ALIGN;
}

static ir_ref user_reg(struct arm_tr *t, unsigned n)
{
    return arm_call_imm(t, ARM_HELPER_a32_get_user, n);
}

void a32_stm(struct arm_tr *t, const struct a32_LDM *a)
{
    struct ir *ir = t->ir;
    unsigned n = __builtin_popcount(a->list);
    int step, at = first(a->p, a->u, n, &step);
    ir_ref base = a32_r64(t, a->rn);

    if (!n || a->rn == 15 || (a->s && !t->el)) {
        arm_undef(t);
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (a->list >> i & 1) {
            ir_st(ir, base, at, a->s && i >= 8 && i < 15 ? user_reg(t, i) : a32_r64(t, i), multiple_mem(t));
            at += 4;
        }
    }
    if (a->w) {
        a32_set_r(t, a->rn, sum(t, base, ir_i32(ir, step), true));
    }
}

/* Loads of the registers of user mode: one by one, by helper, once all have been read. */
static void set_user_regs(struct arm_tr *t, uint32_t list, const ir_ref *v)
{
    for (unsigned i = 0; i < 15; i++) {
        if (list >> i & 1) {
            if (i < 8) {
                a32_set_r(t, i, v[i]);
            } else {
                a32_call2(t, ARM_HELPER_a32_set_user, i, v[i]);
            }
        }
    }
}

void a32_ldm(struct arm_tr *t, const struct a32_LDM *a)
{
    struct ir *ir = t->ir;
    unsigned n = __builtin_popcount(a->list);
    int step, at = first(a->p, a->u, n, &step);
    ir_ref base = a32_r64(t, a->rn), v[16] = { 0 };

    if (!n || a->rn == 15 || (a->s && !t->el)) {
        arm_undef(t);
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        if (a->list >> i & 1) {
            v[i] = ir_ld(ir, IR_I64, base, at, multiple_mem(t));
            at += 4;
        }
    }
    if (a->w && !(a->list >> a->rn & 1)) {
        a32_set_r(t, a->rn, sum(t, base, ir_i32(ir, step), true));
    }
    if (a->s && !(a->list >> 15)) {
        set_user_regs(t, a->list, v);
        return;
    }
    for (unsigned i = 0; i < 15; i++) {
        if (v[i]) {
            a32_set_r(t, i, v[i]);
        }
    }
    if (v[15] && a->s) {
        arm_goto_ind(t, ir_call(ir, ARM_HELPER_a32_return_spsr, 1, &v[15]));
    } else if (v[15]) {
        a32_branch_to(t, ir_trunc(ir, v[15]));
    }
}

/* T32's short form writes the base back unless it is loaded. */
void a32_ldm_t1(struct arm_tr *t, const struct a32_LDMT *a)
{
    a32_ldm(t, &(struct a32_LDM){ .u = 1, .w = !(a->list >> a->rn & 1), .rn = a->rn, .list = a->list });
}

/* ---- exclusive ---- */

static unsigned atomic_mem(struct arm_tr *t, unsigned size)
{
    return size | IR_MEM_ALIGN | IR_MEM_ATOMIC | t->mem;
}

static ir_ref address(struct arm_tr *t, unsigned rn, uint32_t imm)
{
    return imm ? sum(t, a32_r64(t, rn), ir_i32(t->ir, imm), true) : a32_r64(t, rn);
}

static void load_exclusive(struct arm_tr *t, unsigned rn, uint32_t imm, unsigned rt, unsigned size)
{
    ir_ref addr, v;

    if (rt == 15 || rn == 15) {
        arm_undef(t);
        return;
    }
    addr = address(t, rn, imm);
    v = ir_ld(t->ir, IR_I64, addr, 0, atomic_mem(t, size));
    ir_put(t->ir, ARM_SLOT_EXCL_ADDR, addr);
    ir_put(t->ir, ARM_SLOT_EXCL_LO, v);
    a32_set_r(t, rt, v);
}

static void load_exclusive_pair(struct arm_tr *t, unsigned rn, unsigned rt, unsigned rt2)
{
    struct ir *ir = t->ir;
    ir_ref addr, v, high;

    if (rt == 15 || rt2 == 15 || rn == 15) {
        arm_undef(t);
        return;
    }
    addr = a32_r64(t, rn);
    v = ir_ld(ir, IR_I64, addr, 0, atomic_mem(t, IR_MEM_64));
    ir_put(ir, ARM_SLOT_EXCL_ADDR, addr);
    ir_put(ir, ARM_SLOT_EXCL_LO, v);
    high = ir_shr(ir, v, ir_i64(ir, 32));
    a32_set_r(t, rt, t->mem & IR_MEM_BE ? high : v);
    a32_set_r(t, rt2, t->mem & IR_MEM_BE ? v : high);
}

/* Both ways leave the block: a branch on the result follows anyway. */
static void store_exclusive(struct arm_tr *t, ir_ref addr, unsigned size, unsigned rd, ir_ref desired)
{
    struct ir *ir = t->ir;
    unsigned try = ir_block_new(ir), fail = ir_block_new(ir);
    ir_ref expected = ir_get(ir, ARM_SLOT_EXCL_LO), old;

    if (size != IR_MEM_64) {
        expected = ir_trunc(ir, expected);
        desired = ir_trunc(ir, desired);
    }
    ir_brcond(ir, IR_EQ, addr, ir_get(ir, ARM_SLOT_EXCL_ADDR), try, fail);

    ir_begin(ir, try);
    ir_insn_start(ir, t->pc, 0);
    old = ir_cas(ir, addr, expected, desired, atomic_mem(t, size));
    ir_put(ir, ARM_SLOT_EXCL_ADDR, ir_i64(ir, ARM_EXCL_NONE));
    a32_set_r(t, rd, ir_setcond(ir, IR_NE, old, expected));
    a32_goto(t, t->next_pc);

    ir_begin(ir, fail);
    ir_insn_start(ir, t->pc, 0);
    ir_put(ir, ARM_SLOT_EXCL_ADDR, ir_i64(ir, ARM_EXCL_NONE));
    a32_set_r(t, rd, ir_i64(ir, 1));
    a32_goto(t, t->next_pc);
}

static void store_ex(struct arm_tr *t, unsigned rn, uint32_t imm, unsigned rd, unsigned rt, unsigned size)
{
    if (rd == 15 || rt == 15 || rn == 15) {
        arm_undef(t);
    } else {
        store_exclusive(t, address(t, rn, imm), size, rd, a32_r64(t, rt));
    }
}

static void store_ex_pair(struct arm_tr *t, unsigned rn, unsigned rd, unsigned rt, unsigned rt2)
{
    struct ir *ir = t->ir;
    bool be = t->mem & IR_MEM_BE;

    if (rd == 15 || rt == 15 || rt2 == 15 || rn == 15) {
        arm_undef(t);
    } else {
        store_exclusive(t, a32_r64(t, rn), IR_MEM_64, rd,
                        ir_or(ir, a32_r64(t, be ? rt2 : rt), ir_shl(ir, a32_r64(t, be ? rt : rt2), ir_i64(ir, 32))));
    }
}

void a32_ldrex(struct arm_tr *t, const struct a32_LX0 *a) { load_exclusive(t, a->rn, 0, a->rt, IR_MEM_32); }
void a32_ldrex_b(struct arm_tr *t, const struct a32_LX0 *a) { load_exclusive(t, a->rn, 0, a->rt, IR_MEM_8); }
void a32_ldrex_h(struct arm_tr *t, const struct a32_LX0 *a) { load_exclusive(t, a->rn, 0, a->rt, IR_MEM_16); }
void a32_ldrex_t(struct arm_tr *t, const struct a32_LXI *a) { load_exclusive(t, a->rn, a->uimm, a->rt, IR_MEM_32); }
void a32_ldrexd_t(struct arm_tr *t, const struct a32_LXD *a) { load_exclusive_pair(t, a->rn, a->rt, a->rt2); }
void a32_strex(struct arm_tr *t, const struct a32_SX0 *a) { store_ex(t, a->rn, 0, a->rd, a->rt, IR_MEM_32); }
void a32_strex_b(struct arm_tr *t, const struct a32_SX0 *a) { store_ex(t, a->rn, 0, a->rd, a->rt, IR_MEM_8); }
void a32_strex_h(struct arm_tr *t, const struct a32_SX0 *a) { store_ex(t, a->rn, 0, a->rd, a->rt, IR_MEM_16); }
void a32_strex_t(struct arm_tr *t, const struct a32_SXI *a) { store_ex(t, a->rn, a->uimm, a->rd, a->rt, IR_MEM_32); }
void a32_strexd_t(struct arm_tr *t, const struct a32_SXD *a) { store_ex_pair(t, a->rn, a->rd, a->rt, a->rt2); }

void a32_ldrex_d(struct arm_tr *t, const struct a32_LX0 *a)
{
    if (a->rt & 1) {
        arm_undef(t);
    } else {
        load_exclusive_pair(t, a->rn, a->rt, a->rt + 1);
    }
}

void a32_strex_d(struct arm_tr *t, const struct a32_SX0 *a)
{
    if (a->rt & 1) {
        arm_undef(t);
    } else {
        store_ex_pair(t, a->rn, a->rd, a->rt, a->rt + 1);
    }
}

void a32_clrex(struct arm_tr *t)
{
    ir_put(t->ir, ARM_SLOT_EXCL_ADDR, ir_i64(t->ir, ARM_EXCL_NONE));
}

/* ---- ordered: the host's loads acquire and its stores release; see a64_excl.c ---- */

static const uint8_t sizes[4] = { IR_MEM_32, IR_MEM_64, IR_MEM_8, IR_MEM_16 };

void a32_lda(struct arm_tr *t, const struct a32_LA *a)
{
    if (a->rt == 15) {
        arm_undef(t);
    } else {
        a32_set_r(t, a->rt, ir_ld(t->ir, IR_I32, a32_r64(t, a->rn), 0, atomic_mem(t, sizes[a->size])));
    }
}

void a32_stl(struct arm_tr *t, const struct a32_LA *a)
{
    ir_st(t->ir, a32_r64(t, a->rn), 0, a32_r(t, a->rt), atomic_mem(t, sizes[a->size]));
    ir_fence(t->ir, IR_FENCE_WR | IR_FENCE_WW);
}

void a32_ldaex(struct arm_tr *t, const struct a32_LA *a) { load_exclusive(t, a->rn, 0, a->rt, sizes[a->size]); }
void a32_stlex(struct arm_tr *t, const struct a32_SLX *a) { store_ex(t, a->rn, 0, a->rd, a->rt, sizes[a->size]); }
void a32_ldaex_d(struct arm_tr *t, const struct a32_LX0 *a) { a32_ldrex_d(t, a); }
void a32_stlex_d(struct arm_tr *t, const struct a32_SX0 *a) { a32_strex_d(t, a); }
void a32_ldaexd_t(struct arm_tr *t, const struct a32_LXD *a) { load_exclusive_pair(t, a->rn, a->rt, a->rt2); }
void a32_stlexd_t(struct arm_tr *t, const struct a32_SXD *a) { store_ex_pair(t, a->rn, a->rd, a->rt, a->rt2); }

/* ---- prefetches ---- */

void a32_pld(struct arm_tr *t) { }
void a32_pld_reg(struct arm_tr *t) { }
void a32_pli(struct arm_tr *t) { }
void a32_pli_reg(struct arm_tr *t) { }
