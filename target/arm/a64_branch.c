/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Branches. */
#include "target/arm/translate.h"

/* The instruction reads, writes the flags; or leaves. */
enum flag_use { FLAGS_READ, FLAGS_WRITTEN, FLAGS_UNTOUCHED };

static enum flag_use flag_use(uint32_t insn)
{
    if ((insn & 0xff000000) == 0x54000000 ||                    /* B.cond */
        (insn & 0x1fe00000) == 0x1a800000 ||                    /* CSEL and its like */
        (insn & 0x1fe00000) == 0x1a400000 ||                    /* CCMP, CCMN */
        (insn & 0x1fe0fc00) == 0x1a000000 ||                    /* ADC, SBC */
        (insn & 0xff200400) == 0x1e200400) {                    /* FCSEL, FCCMP */
        return FLAGS_READ;
    }
    if ((insn & 0x3f000000) == 0x31000000 || (insn & 0x3f000000) == 0x2b000000 ||      /* ADDS, SUBS */
        (insn & 0x7f800000) == 0x72000000 || (insn & 0x7f000000) == 0x6a000000 ||      /* ANDS, BICS */
        (insn & 0xff20fc00) == 0x1e202000 ||                                           /* FCMP */
        (insn & 0x1c000000) == 0x14000000) {                                           /* branches, system */
        return FLAGS_WRITTEN;
    }
    return FLAGS_UNTOUCHED;
}

/* Does what follows a branch soon look at flags that this block has set? Then it belongs to the block, which knows them as
 * operands; another block would have to compute NZCV. */
static bool goes_on(const struct arm_tr *t)
{
    enum { LOOK_AT = 4 };

    if (!t->flags.known || t->tb->one_branch || t->tb->single_step || t->tb->insns + 1 >= t->tb->max_insns) {
        return false;
    }
    for (uint64_t pc = t->next_pc; pc < t->next_pc + 4 * LOOK_AT && (pc ^ t->tb->pc) >> 12 == 0; pc += 4) {
        switch (flag_use(arm_insn_at(t, pc))) {
        case FLAGS_READ: return true;
        case FLAGS_WRITTEN: return false;
        default: break;
        }
    }
    return false;
}

/* Both ways out of the block, or on to the next instruction. */
static void branch(struct arm_tr *t, enum ir_cond cond, ir_ref a, ir_ref b, int64_t words)
{
    unsigned yes = ir_block_new(t->ir), no = ir_block_new(t->ir);

    ir_brcond(t->ir, cond, a, b, yes, no);
    ir_begin(t->ir, yes);
    arm_goto(t, t->pc + words * 4);
    ir_begin(t->ir, no);
    if (goes_on(t)) {
        t->ended = false;
    } else {
        arm_goto(t, t->next_pc);
    }
}

void a64_b(struct arm_tr *t, const struct arm_IMM26 *a)
{
    arm_goto(t, t->pc + (int64_t)a->imm * 4);
}

void a64_bl(struct arm_tr *t, const struct arm_IMM26 *a)
{
    arm_set_x(t, 30, ir_i64(t->ir, t->next_pc));
    arm_goto(t, t->pc + (int64_t)a->imm * 4);
}

void a64_b_(struct arm_tr *t, const struct arm_BCOND *a)
{
    struct arm_test c;

    if (a->cond >= 14) {
        arm_goto(t, t->pc + (int64_t)a->imm * 4);
        return;
    }
    c = arm_flags_test(t, a->cond);
    branch(t, c.cond, c.a, c.b, a->imm);
}

void a64_cbz(struct arm_tr *t, const struct arm_CB *a)
{
    branch(t, IR_EQ, arm_r(t, a->sf, a->rt), arm_const(t, a->sf, 0), a->imm);
}

void a64_cbnz(struct arm_tr *t, const struct arm_CB *a)
{
    branch(t, IR_NE, arm_r(t, a->sf, a->rt), arm_const(t, a->sf, 0), a->imm);
}

void a64_tbz(struct arm_tr *t, const struct arm_TB *a)
{
    branch(t, IR_TSTEQ, arm_x(t, a->rt), ir_i64(t->ir, 1ull << a->bit), a->imm);
}

void a64_tbnz(struct arm_tr *t, const struct arm_TB *a)
{
    branch(t, IR_TSTNE, arm_x(t, a->rt), ir_i64(t->ir, 1ull << a->bit), a->imm);
}

void a64_br(struct arm_tr *t, const struct arm_RN *a)
{
    ir_ref target = arm_x(t, a->rn);

    arm_branch_type(t, a->rn, false);
    arm_goto_ind(t, target);
}

void a64_blr(struct arm_tr *t, const struct arm_RN *a)
{
    ir_ref target = arm_x(t, a->rn);

    arm_branch_type(t, a->rn, true);
    arm_set_x(t, 30, ir_i64(t->ir, t->next_pc));
    arm_goto_ind(t, target);
}

void a64_ret(struct arm_tr *t, const struct arm_RN *a)
{
    arm_goto_ind(t, arm_x(t, a->rn));
}
