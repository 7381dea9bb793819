/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointer authentication: instructions. What the codes are is in pauth.c. */
#include "target/arm/pauth.h"

#include "target/arm/priv.h"
#include "target/arm/translate.h"

static ir_ref call(struct arm_tr *t, enum arm_helper helper, unsigned key, ir_ref ptr, ir_ref modifier)
{
    const ir_ref args[] = { ir_i32(t->ir, key), ptr, modifier };

    return ir_call(t->ir, helper, 3, args);
}

static void one(struct arm_tr *t, unsigned rd, ir_ref modifier, enum arm_helper helper, unsigned key)
{
    arm_set_x(t, rd, call(t, helper, key, arm_x(t, rd), modifier));
}

#define KEY(letters, z, key) \
    void a64_pac##letters(struct arm_tr *t, const struct arm_X2 *a) \
    { one(t, a->rd, arm_xsp(t, a->rn), ARM_HELPER_pac, PAUTH_##key); } \
    void a64_aut##letters(struct arm_tr *t, const struct arm_X2 *a) \
    { one(t, a->rd, arm_xsp(t, a->rn), ARM_HELPER_aut, PAUTH_##key); } \
    void a64_pac##z(struct arm_tr *t, const struct arm_PAC1 *a) \
    { one(t, a->rn, ir_i64(t->ir, 0), ARM_HELPER_pac, PAUTH_##key); } \
    void a64_aut##z(struct arm_tr *t, const struct arm_PAC1 *a) \
    { one(t, a->rn, ir_i64(t->ir, 0), ARM_HELPER_aut, PAUTH_##key); }
KEY(ia, iza, IA)
KEY(ib, izb, IB)
KEY(da, dza, DA)
KEY(db, dzb, DB)

static void strip(struct arm_tr *t, unsigned rd, bool data)
{
    const ir_ref args[] = { ir_i32(t->ir, data), arm_x(t, rd) };

    arm_set_x(t, rd, ir_call(t->ir, ARM_HELPER_xpac, 2, args));
}

void a64_xpaci(struct arm_tr *t, const struct arm_PAC1 *a) { strip(t, a->rn, false); }
void a64_xpacd(struct arm_tr *t, const struct arm_PAC1 *a) { strip(t, a->rn, true); }

void a64_pacga(struct arm_tr *t, const struct arm_X3 *a)
{
    const ir_ref args[] = { arm_x(t, a->rn), arm_xsp(t, a->rm) };

    arm_set_x(t, a->rd, ir_call(t->ir, ARM_HELPER_pacga, 2, args));
}

/* PACIASP and its like, by the number of the hint; false: it is none of them. */
bool arm_pauth_hint(struct arm_tr *t, unsigned number)
{
    static const uint8_t keys[4] = { PAUTH_IA, PAUTH_IB, PAUTH_IA, PAUTH_IB };
    unsigned kind = number >> 1 & 3;
    enum arm_helper helper = kind < 2 ? ARM_HELPER_pac : ARM_HELPER_aut;

    if (number == 7) {                  /* XPACLRI */
        strip(t, 30, false);
    } else if (number >= 8 && number < 16 && !(number & 1)) {
        one(t, 17, arm_x(t, 16), helper, keys[kind]);
    } else if (number >= 24 && number < 32) {
        one(t, 30, number & 1 ? arm_xsp(t, 31) : ir_i64(t->ir, 0), helper, keys[kind]);
    } else {
        return false;
    }
    return true;
}

/* ---- branches ---- */

static void branch(struct arm_tr *t, unsigned rn, ir_ref modifier, unsigned key, bool link)
{
    ir_ref target = call(t, ARM_HELPER_aut, key, arm_x(t, rn), modifier);

    arm_branch_type(t, rn, link);
    if (link) {
        arm_set_x(t, 30, ir_i64(t->ir, t->next_pc));
    }
    arm_goto_ind(t, target);
}

void a64_braa(struct arm_tr *t, const struct arm_PAC2 *a) { branch(t, a->rn, arm_xsp(t, a->rm), PAUTH_IA, false); }
void a64_brab(struct arm_tr *t, const struct arm_PAC2 *a) { branch(t, a->rn, arm_xsp(t, a->rm), PAUTH_IB, false); }
void a64_blraa(struct arm_tr *t, const struct arm_PAC2 *a) { branch(t, a->rn, arm_xsp(t, a->rm), PAUTH_IA, true); }
void a64_blrab(struct arm_tr *t, const struct arm_PAC2 *a) { branch(t, a->rn, arm_xsp(t, a->rm), PAUTH_IB, true); }
void a64_braaz(struct arm_tr *t, const struct arm_PAC1 *a) { branch(t, a->rn, ir_i64(t->ir, 0), PAUTH_IA, false); }
void a64_brabz(struct arm_tr *t, const struct arm_PAC1 *a) { branch(t, a->rn, ir_i64(t->ir, 0), PAUTH_IB, false); }
void a64_blraaz(struct arm_tr *t, const struct arm_PAC1 *a) { branch(t, a->rn, ir_i64(t->ir, 0), PAUTH_IA, true); }
void a64_blrabz(struct arm_tr *t, const struct arm_PAC1 *a) { branch(t, a->rn, ir_i64(t->ir, 0), PAUTH_IB, true); }

static void ret(struct arm_tr *t, unsigned key)
{
    arm_goto_ind(t, call(t, ARM_HELPER_aut, key, arm_x(t, 30), arm_xsp(t, 31)));
}

void a64_retaa(struct arm_tr *t) { ret(t, PAUTH_IA); }
void a64_retab(struct arm_tr *t) { ret(t, PAUTH_IB); }

static void exception_return(struct arm_tr *t, unsigned key)
{
    const ir_ref args[] = { ir_i32(t->ir, key), arm_xsp(t, 31) };

    if (!t->el) {
        arm_undef(t);
        return;
    }
    arm_goto_ind(t, ir_call(t->ir, ARM_HELPER_ereta, 2, args));
}

void a64_eretaa(struct arm_tr *t) { exception_return(t, PAUTH_IA); }
void a64_eretab(struct arm_tr *t) { exception_return(t, PAUTH_IB); }

/* ---- loads ---- */

void a64_ldra(struct arm_tr *t, const struct arm_LDRA *a)
{
    struct ir *ir = t->ir;
    int64_t disp = (int64_t)a->imm * 8;
    ir_ref addr = call(t, ARM_HELPER_aut, a->m ? PAUTH_DB : PAUTH_DA, arm_xsp(t, a->rn), ir_i64(ir, 0));
    ir_ref v = ir_ld(ir, IR_I64, addr, disp, IR_MEM_64 | t->mem);

    if (a->w) {
        arm_set_xsp(t, a->rn, ir_add(ir, addr, ir_i64(ir, disp)));
    }
    arm_set_x(t, a->rt, v);
}
