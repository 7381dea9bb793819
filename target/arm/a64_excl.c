/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exclusive, ordered and atomic accesses.
 *
 * The exclusive monitor is an address and the value that was there. A store-exclusive succeeds if its address is that one
 * and a compare-and-exchange from the value does; so a location that others have changed and changed back in between
 * counts as untouched, as with every emulator that does not trap stores.
 *
 * The host's loads acquire and its stores release. STLR must not be overtaken by a later LDAR, hence the fence behind it;
 * atomic operations are the host's, which order everything.
 */
#include "target/arm/translate.h"

static unsigned atomic_mem(struct arm_tr *t, unsigned size)
{
    return size | IR_MEM_ALIGN | IR_MEM_ATOMIC | t->mem;
}

/* The value of a register for an access of that size. */
static ir_ref operand(struct arm_tr *t, unsigned size, unsigned n)
{
    return size == IR_MEM_64 ? arm_x(t, n) : arm_w(t, n);
}

static void set_result(struct arm_tr *t, unsigned size, unsigned n, ir_ref v)
{
    if (size == IR_MEM_64) {
        arm_set_x(t, n, v);
    } else {
        arm_set_w(t, n, v);
    }
}

static void reserve(struct arm_tr *t, ir_ref addr, ir_ref lo, ir_ref hi)
{
    ir_put(t->ir, ARM_SLOT_EXCL_ADDR, addr);
    ir_put(t->ir, ARM_SLOT_EXCL_LO, lo);
    if (hi) {
        ir_put(t->ir, ARM_SLOT_EXCL_HI, hi);
    }
}

void a64_ldxr(struct arm_tr *t, const struct arm_EXLD *a)
{
    ir_ref addr = arm_xsp(t, a->rn), v = ir_ld(t->ir, IR_I64, addr, 0, atomic_mem(t, a->size));

    reserve(t, addr, v, 0);
    arm_set_x(t, a->rt, v);
}

/* Two registers of 32 bits are one access of 64. */
static void split(struct arm_tr *t, ir_ref v, ir_ref *lo, ir_ref *hi)
{
    bool be = t->mem & IR_MEM_BE;
    ir_ref low = ir_extu32(t->ir, v), high = ir_shr(t->ir, v, ir_i64(t->ir, 32));

    *lo = be ? high : low;
    *hi = be ? low : high;
}

static ir_ref join(struct arm_tr *t, unsigned rt, unsigned rt2)
{
    bool be = t->mem & IR_MEM_BE;
    ir_ref low = ir_extu32(t->ir, arm_x(t, be ? rt2 : rt)), high = arm_x(t, be ? rt : rt2);

    return ir_or(t->ir, low, ir_shl(t->ir, high, ir_i64(t->ir, 32)));
}

void a64_ldxp(struct arm_tr *t, const struct arm_EXLDP *a)
{
    ir_ref addr = arm_xsp(t, a->rn), v, lo, hi;

    if (a->size) {
        v = ir_ld(t->ir, IR_I128, addr, 0, atomic_mem(t, IR_MEM_128));
        lo = ir_lo(t->ir, v);
        hi = ir_hi(t->ir, v);
        reserve(t, addr, lo, hi);
    } else {
        v = ir_ld(t->ir, IR_I64, addr, 0, atomic_mem(t, IR_MEM_64));
        reserve(t, addr, v, 0);
        split(t, v, &lo, &hi);
    }
    arm_set_x(t, a->rt, lo);
    arm_set_x(t, a->rt2, hi);
}

/* The end of a store-exclusive: both ways leave the block, since a branch on the result follows anyway. */
static void store_exclusive(struct arm_tr *t, ir_ref addr, unsigned size, unsigned rs, ir_ref expected, ir_ref expected_hi,
                            ir_ref desired)
{
    struct ir *ir = t->ir;
    unsigned try = ir_block_new(ir), fail = ir_block_new(ir);
    ir_ref old, differs;

    ir_brcond(ir, IR_EQ, addr, ir_get(ir, ARM_SLOT_EXCL_ADDR), try, fail);

    ir_begin(ir, try);
    ir_insn_start(ir, t->pc, 0);
    old = ir_cas(ir, addr, size == IR_MEM_128 ? ir_pair(ir, expected, expected_hi) : expected, desired,
                 atomic_mem(t, size));
    ir_put(ir, ARM_SLOT_EXCL_ADDR, ir_i64(ir, ARM_EXCL_NONE));
    if (size == IR_MEM_128) {
        differs = ir_or(ir, ir_xor(ir, ir_lo(ir, old), expected), ir_xor(ir, ir_hi(ir, old), expected_hi));
        differs = ir_setcond(ir, IR_NE, differs, ir_i64(ir, 0));
    } else {
        differs = ir_setcond(ir, IR_NE, old, expected);
    }
    arm_set_x(t, rs, differs);
    arm_goto(t, t->next_pc);

    ir_begin(ir, fail);
    ir_insn_start(ir, t->pc, 0);
    ir_put(ir, ARM_SLOT_EXCL_ADDR, ir_i64(ir, ARM_EXCL_NONE));
    arm_set_x(t, rs, ir_i64(ir, 1));
    arm_goto(t, t->next_pc);
}

void a64_stxr(struct arm_tr *t, const struct arm_EXST *a)
{
    ir_ref addr = arm_xsp(t, a->rn), expected = ir_get(t->ir, ARM_SLOT_EXCL_LO), desired = operand(t, a->size, a->rt);

    if (a->size != IR_MEM_64) {
        expected = ir_trunc(t->ir, expected);
    }
    store_exclusive(t, addr, a->size, a->rs, expected, 0, desired);
}

void a64_stxp(struct arm_tr *t, const struct arm_EXSTP *a)
{
    ir_ref addr = arm_xsp(t, a->rn), expected = ir_get(t->ir, ARM_SLOT_EXCL_LO);

    if (a->size) {
        store_exclusive(t, addr, IR_MEM_128, a->rs, expected, ir_get(t->ir, ARM_SLOT_EXCL_HI),
                        ir_pair(t->ir, arm_x(t, a->rt), arm_x(t, a->rt2)));
    } else {
        store_exclusive(t, addr, IR_MEM_64, a->rs, expected, 0, join(t, a->rt, a->rt2));
    }
}

void a64_clrex(struct arm_tr *t, const struct arm_CRM *a)
{
    ir_put(t->ir, ARM_SLOT_EXCL_ADDR, ir_i64(t->ir, ARM_EXCL_NONE));
}

/* ---- ordered ---- */

void a64_ldar(struct arm_tr *t, const struct arm_ORD *a)
{
    arm_set_x(t, a->rt, ir_ld(t->ir, IR_I64, arm_xsp(t, a->rn), 0, atomic_mem(t, a->size)));
}

void a64_stlr(struct arm_tr *t, const struct arm_ORD *a)
{
    ir_st(t->ir, arm_xsp(t, a->rn), 0, arm_x(t, a->rt), atomic_mem(t, a->size));
    ir_fence(t->ir, IR_FENCE_WR | IR_FENCE_WW);
}

void a64_ldapr(struct arm_tr *t, const struct arm_RCP *a)
{
    arm_set_x(t, a->rt, ir_ld(t->ir, IR_I64, arm_xsp(t, a->rn), 0, atomic_mem(t, a->size)));
}

void a64_ldapur(struct arm_tr *t, const struct arm_RCPI *a)
{
    arm_set_x(t, a->rt, ir_ld(t->ir, IR_I64, arm_xsp(t, a->rn), a->imm, atomic_mem(t, a->size)));
}

void a64_stlur(struct arm_tr *t, const struct arm_RCPI *a)
{
    ir_st(t->ir, arm_xsp(t, a->rn), a->imm, arm_x(t, a->rt), atomic_mem(t, a->size));
    ir_fence(t->ir, IR_FENCE_WR | IR_FENCE_WW);
}

void a64_ldapurs(struct arm_tr *t, const struct arm_RCPS *a)
{
    ir_ref addr = arm_xsp(t, a->rn);
    unsigned mem = atomic_mem(t, a->size) | IR_MEM_SIGN;

    if (a->size == 2 && a->w) {
        arm_undef(t);
    } else if (a->w) {
        arm_set_w(t, a->rt, ir_ld(t->ir, IR_I32, addr, a->imm, mem));
    } else {
        arm_set_x(t, a->rt, ir_ld(t->ir, IR_I64, addr, a->imm, mem));
    }
}

/* ---- atomic operations (FEAT_LSE) ---- */

void a64_cas(struct arm_tr *t, const struct arm_CASX *a)
{
    ir_ref expected = operand(t, a->size, a->rs);

    if (a->size < IR_MEM_32) {
        expected = a->size ? ir_extu16(t->ir, expected) : ir_extu8(t->ir, expected);
    }
    set_result(t, a->size, a->rs, ir_cas(t->ir, arm_xsp(t, a->rn), expected, operand(t, a->size, a->rt),
                                         atomic_mem(t, a->size)));
}

void a64_casp(struct arm_tr *t, const struct arm_CASX *a)
{
    struct ir *ir = t->ir;
    ir_ref addr = arm_xsp(t, a->rn), old, lo, hi;

    if ((a->rs | a->rt) & 1) {
        arm_undef(t);
        return;
    }
    if (a->size) {
        old = ir_cas(ir, addr, ir_pair(ir, arm_x(t, a->rs), arm_x(t, a->rs + 1)),
                     ir_pair(ir, arm_x(t, a->rt), arm_x(t, a->rt + 1)), atomic_mem(t, IR_MEM_128));
        lo = ir_lo(ir, old);
        hi = ir_hi(ir, old);
    } else {
        old = ir_cas(ir, addr, join(t, a->rs, a->rs + 1), join(t, a->rt, a->rt + 1), atomic_mem(t, IR_MEM_64));
        split(t, old, &lo, &hi);
    }
    arm_set_x(t, a->rs, lo);
    arm_set_x(t, a->rs + 1, hi);
}

static void amo(struct arm_tr *t, const struct arm_AMO *a, enum ir_rmw op, bool invert)
{
    ir_ref v = operand(t, a->size, a->rs);

    if (invert) {
        v = ir_not(t->ir, v);
    }
    set_result(t, a->size, a->rt, ir_rmw(t->ir, op, arm_xsp(t, a->rn), v, atomic_mem(t, a->size)));
}

/* Comparisons of narrow values see them as memory has them: extended by the sign or by zeros. */
static void amo_minmax(struct arm_tr *t, const struct arm_AMO *a, enum ir_rmw op, bool is_signed)
{
    struct ir *ir = t->ir;
    ir_ref v = operand(t, a->size, a->rs), old;

    if (a->size == 0) {
        v = is_signed ? ir_exts8(ir, v) : ir_extu8(ir, v);
    } else if (a->size == 1) {
        v = is_signed ? ir_exts16(ir, v) : ir_extu16(ir, v);
    }
    old = ir_rmw(ir, op, arm_xsp(t, a->rn), v, atomic_mem(t, a->size) | (is_signed && a->size < 2 ? IR_MEM_SIGN : 0));
    if (is_signed && a->size < 2) {
        old = a->size ? ir_extu16(ir, old) : ir_extu8(ir, old);
    }
    set_result(t, a->size, a->rt, old);
}

void a64_ldadd(struct arm_tr *t, const struct arm_AMO *a) { amo(t, a, IR_RMW_ADD, false); }
void a64_ldclr(struct arm_tr *t, const struct arm_AMO *a) { amo(t, a, IR_RMW_AND, true); }
void a64_ldeor(struct arm_tr *t, const struct arm_AMO *a) { amo(t, a, IR_RMW_XOR, false); }
void a64_ldset(struct arm_tr *t, const struct arm_AMO *a) { amo(t, a, IR_RMW_OR, false); }
void a64_ldsmax(struct arm_tr *t, const struct arm_AMO *a) { amo_minmax(t, a, IR_RMW_MAXS, true); }
void a64_ldsmin(struct arm_tr *t, const struct arm_AMO *a) { amo_minmax(t, a, IR_RMW_MINS, true); }
void a64_ldumax(struct arm_tr *t, const struct arm_AMO *a) { amo_minmax(t, a, IR_RMW_MAXU, false); }
void a64_ldumin(struct arm_tr *t, const struct arm_AMO *a) { amo_minmax(t, a, IR_RMW_MINU, false); }
void a64_swp(struct arm_tr *t, const struct arm_AMO *a) { amo(t, a, IR_RMW_XCHG, false); }
