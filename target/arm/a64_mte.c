/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory tagging: instructions. */
#include "target/arm/mte.h"
#include "target/arm/translate.h"

/* ---- arithmetic ---- */

static void step(struct arm_tr *t, const struct arm_TAGI *a, bool down)
{
    struct ir *ir = t->ir;
    ir_ref v = arm_xsp(t, a->rn), tag, r;
    const ir_ref args[] = { v, ir_i32(ir, a->four) };

    tag = ir_call(ir, ARM_HELPER_tag_step, 2, args);
    r = ir_add(ir, v, ir_i64(ir, down ? -(int64_t)a->six * 16 : (int64_t)a->six * 16));
    r = ir_and(ir, r, ir_i64(ir, (int64_t)~(15ull << 56)));
    arm_set_xsp(t, a->rd, ir_or(ir, r, ir_shl(ir, tag, ir_i64(ir, 56))));
}

void a64_addg(struct arm_tr *t, const struct arm_TAGI *a) { step(t, a, false); }
void a64_subg(struct arm_tr *t, const struct arm_TAGI *a) { step(t, a, true); }

void a64_irg(struct arm_tr *t, const struct arm_X3 *a)
{
    const ir_ref args[] = { arm_xsp(t, a->rn), arm_x(t, a->rm) };

    arm_set_xsp(t, a->rd, ir_call(t->ir, ARM_HELPER_irg, 2, args));
}

void a64_gmi(struct arm_tr *t, const struct arm_X3 *a)
{
    struct ir *ir = t->ir;
    ir_ref tag = ir_and(ir, ir_shr(ir, arm_xsp(t, a->rn), ir_i64(ir, 56)), ir_i64(ir, 15));

    arm_set_x(t, a->rd, ir_or(ir, arm_x(t, a->rm), ir_shl(ir, ir_i64(ir, 1), tag)));
}

/* The address without its tag. */
static ir_ref plain(struct arm_tr *t, unsigned n)
{
    return ir_sar(t->ir, ir_shl(t->ir, arm_xsp(t, n), ir_i64(t->ir, 8)), ir_i64(t->ir, 8));
}

void a64_subp(struct arm_tr *t, const struct arm_X3 *a)
{
    arm_set_x(t, a->rd, ir_sub(t->ir, plain(t, a->rn), plain(t, a->rm)));
}

void a64_subps(struct arm_tr *t, const struct arm_X3 *a)
{
    ir_ref x = plain(t, a->rn), y = plain(t, a->rm);

    arm_flags_set(t, ARM_CC_SUB64, x, y);
    arm_set_x(t, a->rd, ir_sub(t->ir, x, y));
}

/* ---- loads and stores of tags ---- */

enum { POST = 1, OFFSET = 2, PRE = 3 };

static unsigned idx_of(const struct arm_tr *t)
{
    return arm_key_idx(t->key) & ~ARM_IDX_CHECKED;
}

static void store(struct arm_tr *t, const struct arm_TAGM *a, unsigned how)
{
    struct ir *ir = t->ir;
    ir_ref base = arm_xsp(t, a->rn), moved = ir_add(ir, base, ir_i64(ir, (int64_t)a->imm * 16));
    const ir_ref args[] = { a->mode == POST ? base : moved, ir_i32(ir, how | idx_of(t) << MTE_IDX_SHIFT), arm_xsp(t, a->rt) };

    ir_call(ir, ARM_HELPER_mte_store, 3, args);
    if (a->mode != OFFSET) {
        arm_set_xsp(t, a->rn, moved);
    }
}

void a64_stg(struct arm_tr *t, const struct arm_TAGM *a) { store(t, a, 0); }
void a64_stzg(struct arm_tr *t, const struct arm_TAGM *a) { store(t, a, MTE_ZERO); }
void a64_st2g(struct arm_tr *t, const struct arm_TAGM *a) { store(t, a, MTE_TWO); }
void a64_stz2g(struct arm_tr *t, const struct arm_TAGM *a) { store(t, a, MTE_TWO | MTE_ZERO); }

void a64_ldg(struct arm_tr *t, const struct arm_TAGM1 *a)
{
    struct ir *ir = t->ir;
    ir_ref tag, keep;
    const ir_ref args[] = { ir_add(ir, arm_xsp(t, a->rn), ir_i64(ir, (int64_t)a->imm * 16)), ir_i32(ir, idx_of(t)) };

    tag = ir_call(ir, ARM_HELPER_ldg, 2, args);
    keep = ir_and(ir, arm_x(t, a->rt), ir_i64(ir, (int64_t)~(15ull << 56)));
    arm_set_x(t, a->rt, ir_or(ir, keep, ir_shl(ir, tag, ir_i64(ir, 56))));
}

static void block(struct arm_tr *t, const struct arm_TAGS *a, enum arm_helper helper)
{
    const ir_ref args[] = { arm_xsp(t, a->rn), ir_i32(t->ir, idx_of(t)), arm_x(t, a->rt) };

    if (!t->el) {
        arm_undef(t);
    } else if (helper == ARM_HELPER_ldgm) {
        arm_set_x(t, a->rt, ir_call(t->ir, helper, 2, args));
    } else {
        ir_call(t->ir, helper, 3, args);
    }
}

void a64_stzgm(struct arm_tr *t, const struct arm_TAGS *a) { block(t, a, ARM_HELPER_stzgm); }
void a64_stgm(struct arm_tr *t, const struct arm_TAGS *a) { block(t, a, ARM_HELPER_stgm); }
void a64_ldgm(struct arm_tr *t, const struct arm_TAGS *a) { block(t, a, ARM_HELPER_ldgm); }

/* A pair of registers and the tag of the address. Storing the tag faults where the registers would. */
void a64_stgp(struct arm_tr *t, const struct arm_STGP *a)
{
    struct ir *ir = t->ir;
    ir_ref base = arm_xsp(t, a->rn), moved = ir_add(ir, base, ir_i64(ir, (int64_t)a->imm * 16));
    ir_ref addr = a->mode == POST ? base : moved;
    unsigned mem = (t->mem & ~(15u << IR_MEM_IDX_SHIFT)) | idx_of(t) << IR_MEM_IDX_SHIFT;
    const ir_ref args[] = { addr, ir_i32(ir, idx_of(t) << MTE_IDX_SHIFT), addr };

    ir_call(ir, ARM_HELPER_mte_store, 3, args);
    ir_st(ir, addr, 0, arm_x(t, a->rt), IR_MEM_64 | mem);
    ir_st(ir, addr, 8, arm_x(t, a->rt2), IR_MEM_64 | mem);
    if (a->mode != OFFSET) {
        arm_set_xsp(t, a->rn, moved);
    }
}
