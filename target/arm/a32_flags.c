/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Condition flags in AArch32 state. Additions and comparisons record operation and operands, as in flags.c. Most others
 * change N and Z alone, or those and C: they only say that these flags come from elsewhere now (ARM_CC_NZ, ARM_CC_C), so
 * that what made the others need not be worked out.
 */
#include "target/arm/a32.h"

#define N (1u << 31)
#define Z (1u << 30)
#define C (1u << 29)

void a32_flags_forget(struct arm_tr *t)
{
    t->flags = (struct arm_flags){ 0 };
    t->a32.nz = t->a32.c = 0;
    t->a32.learned = false;
}

void a32_flags_addsub(struct arm_tr *t, enum arm_cc op, ir_ref a, ir_ref b)
{
    a32_flags_forget(t);
    arm_flags_set(t, op, a, b);
    t->a32.flag_writes++;
}

void a32_flags_packed_set(struct arm_tr *t, ir_ref nzcv)
{
    a32_flags_addsub(t, ARM_CC_NZCV, nzcv, 0);
}

/* Some flags come from elsewhere from now on. */
static void override(struct arm_tr *t, unsigned bit)
{
    ir_put(t->ir, ARM_SLOT_CC_OP, ir_or(t->ir, ir_get(t->ir, ARM_SLOT_CC_OP), ir_i64(t->ir, bit)));
    t->a32.flag_writes++;
}

void a32_flags_nz(struct arm_tr *t, ir_ref result)
{
    override(t, ARM_CC_NZ);
    ir_put(t->ir, ARM_SLOT_CC_NZ, ir_extu32(t->ir, result));
    t->a32.nz = result;
}

void a32_flags_c(struct arm_tr *t, ir_ref carry)
{
    override(t, ARM_CC_C);
    ir_put(t->ir, ARM_SLOT_CC_C, carry);
    t->a32.c = carry;
}

/* All flags are those of p; the slots say the same in their way. */
static void know(struct arm_tr *t, ir_ref p)
{
    t->flags = (struct arm_flags){ .known = true, .op = ARM_CC_NZCV, .a = p };
    t->a32.nz = t->a32.c = 0;
    t->a32.learned = true;
}

static void learn(struct arm_tr *t)
{
    static const uint8_t slots[] = { ARM_SLOT_CC_OP, ARM_SLOT_CC_A, ARM_SLOT_CC_B, ARM_SLOT_CC_NZ, ARM_SLOT_CC_C };
    ir_ref args[G_N_ELEMENTS(slots)];

    if (!t->flags.known) {
        for (unsigned i = 0; i < G_N_ELEMENTS(slots); i++) {
            args[i] = ir_get(t->ir, slots[i]);
        }
        know(t, ir_call(t->ir, ARM_HELPER_a32_nzcv, G_N_ELEMENTS(slots), args));
    }
}

ir_ref a32_flags_packed(struct arm_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref p, nz, zero = ir_i64(ir, 0);

    learn(t);
    if (!t->a32.nz && !t->a32.c) {
        return arm_flags_packed(t);
    }
    p = arm_flags_packed(t);
    if (t->a32.nz) {
        nz = ir_extu32(ir, t->a32.nz);
        p = ir_and(ir, p, ir_i64(ir, (uint32_t)~(N | Z)));
        p = ir_or(ir, p, ir_and(ir, nz, ir_i64(ir, N)));
        p = ir_or(ir, p, ir_select(ir, IR_EQ, nz, zero, ir_i64(ir, Z), zero));
    }
    if (t->a32.c) {
        p = ir_or(ir, ir_and(ir, p, ir_i64(ir, (uint32_t)~C)), ir_shl(ir, t->a32.c, ir_i64(ir, 29)));
    }
    know(t, p);
    return p;
}

ir_ref a32_flags_carry(struct arm_tr *t)
{
    struct arm_test c = a32_flags_test(t, 2);

    return t->a32.c ? t->a32.c : ir_setcond(t->ir, c.cond, c.a, c.b);
}

struct arm_test a32_flags_test(struct arm_tr *t, unsigned cond)
{
    struct ir *ir = t->ir;
    unsigned base = cond & 14, odd = cond & 1;

    if (cond < 14 && t->a32.nz && (base == 0 || base == 4)) {
        return (struct arm_test){ (base ? IR_LT : IR_EQ) ^ odd, t->a32.nz, ir_i32(ir, 0) };
    }
    if (cond < 14 && t->a32.c && base == 2) {
        return (struct arm_test){ IR_NE ^ odd, t->a32.c, ir_i64(ir, 0) };
    }
    if (cond < 14) {
        learn(t);
        if ((t->a32.nz && base != 2 && base != 6) || (t->a32.c && base == 8)) {
            a32_flags_packed(t);
        }
    }
    return arm_flags_test(t, cond);
}

uint64_t arm_helper_a32_nzcv(uint64_t op, uint64_t a, uint64_t b, uint64_t nz, uint64_t c)
{
    uint32_t p = arm_helper_nzcv(op & ~(uint64_t)(ARM_CC_NZ | ARM_CC_C), a, b);

    if (op & ARM_CC_NZ) {
        p = (p & ~(N | Z)) | (nz & N) | ((uint32_t)nz ? 0 : Z);
    }
    if (op & ARM_CC_C) {
        p = (p & ~C) | (c & 1 ? C : 0);
    }
    return p;
}
