/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Branches, exceptions, hints, barriers, CPSR and coprocessors 14 and 15 of A32 and T32. */
#include "target/arm/a32.h"
#include "target/arm/priv.h"

/* ---- branches ---- */

static void set_link(struct arm_tr *t)
{
    a32_set_r(t, 14, ir_i64(t->ir, t->next_pc | t->a32.thumb));
}

void a32_b(struct arm_tr *t, const struct a32_BR *a)
{
    a32_goto(t, t->pc + 8 + (uint32_t)a->imm * 4);
}

void a32_bl(struct arm_tr *t, const struct a32_BR *a)
{
    set_link(t);
    a32_b(t, a);
}

void a32_blx_imm(struct arm_tr *t, const struct a32_BLX *a)
{
    set_link(t);
    a32_switch(t, t->pc + 8 + (uint32_t)a->imm * 4 + a->h * 2);
}

void a32_bx(struct arm_tr *t, const struct a32_RM *a)
{
    a32_branch_to(t, a32_r(t, a->rm));
}

void a32_bxj(struct arm_tr *t, const struct a32_RM *a)
{
    a32_bx(t, a);
}

void a32_blx(struct arm_tr *t, const struct a32_RM *a)
{
    ir_ref target = a32_r(t, a->rm);

    set_link(t);
    a32_branch_to(t, target);
}

static void t32_b(struct arm_tr *t, int32_t halfwords)
{
    a32_goto(t, t->pc + 4 + (uint32_t)halfwords * 2);
}

static void either(struct arm_tr *t, struct arm_test c, uint32_t target)
{
    unsigned yes = ir_block_new(t->ir), no = ir_block_new(t->ir);

    ir_brcond(t->ir, c.cond, c.a, c.b, yes, no);
    ir_begin(t->ir, yes);
    arm_goto(t, target);
    ir_begin(t->ir, no);
    arm_goto(t, t->next_pc);
}

void a32_b_t1(struct arm_tr *t, const struct a32_T16B *a)
{
    either(t, a32_flags_test(t, a->cond), t->pc + 4 + (uint32_t)a->imm * 2);
}

void a32_b_t3(struct arm_tr *t, const struct a32_BT3 *a)
{
    either(t, a32_flags_test(t, a->cond), t->pc + 4 + (uint32_t)a->imm * 2);
}

void a32_b_t2(struct arm_tr *t, const struct a32_BR *a)
{
    t32_b(t, a->imm);
}

/* Bits 22 and 21 stand in the encoding as J1 and J2: inverted unless the sign is set. */
static int32_t far_offset(int32_t imm)
{
    return imm < 0 ? imm : imm ^ 0x600000;
}

void a32_b_t4(struct arm_tr *t, const struct a32_BR *a)
{
    t32_b(t, far_offset(a->imm));
}

void a32_bl_t(struct arm_tr *t, const struct a32_BR *a)
{
    set_link(t);
    t32_b(t, far_offset(a->imm));
}

void a32_blx_t2(struct arm_tr *t, const struct a32_BR *a)
{
    set_link(t);
    a32_switch(t, (uint32_t)(((t->pc + 4) & ~3u) + (uint32_t)far_offset(a->imm) * 2) & ~3u);
}

void a32_cbz(struct arm_tr *t, const struct a32_CB *a)
{
    either(t, (struct arm_test){ a->op ? IR_NE : IR_EQ, a32_r(t, a->rn), ir_i32(t->ir, 0) }, t->pc + 4 + a->off * 2);
}

void a32_tb(struct arm_tr *t, const struct a32_TB *a)
{
    struct ir *ir = t->ir;
    ir_ref at = a32_r(t, a->rm), v;

    at = ir_extu32(ir, ir_add(ir, a32_r(t, a->rn), ir_shl(ir, at, ir_i32(ir, a->h))));
    v = ir_ld(ir, IR_I32, at, 0, t->mem | (a->h ? IR_MEM_16 : IR_MEM_8));
    v = ir_add(ir, ir_shl(ir, v, ir_i32(ir, 1)), ir_i32(ir, (uint32_t)t->pc + 4));
    a32_goto_ind(t, ir_extu32(ir, v));
}

/* ---- exceptions ---- */

static void call_exception(struct arm_tr *t, enum arm_helper helper, uint32_t imm)
{
    const ir_ref args[] = { ir_i32(t->ir, imm), ir_i32(t->ir, a32_after(t)) };

    arm_goto_ind(t, ir_call(t->ir, helper, 2, args));
}

void a32_svc(struct arm_tr *t, const struct a32_UIMM *a)
{
    call_exception(t, ARM_HELPER_a32_svc, a->uimm);
}

void a32_hvc(struct arm_tr *t, const struct a32_UIMM *a)
{
    call_exception(t, ARM_HELPER_a32_hvc, a->uimm);
}

void a32_smc(struct arm_tr *t, const struct a32_UIMM *a)
{
    call_exception(t, ARM_HELPER_a32_smc, a->uimm);
}

void a32_bkpt(struct arm_tr *t, const struct a32_UIMM *a)
{
    arm_raise_class(t, EC_BKPT32, a->uimm);
}

void a32_hlt(struct arm_tr *t, const struct a32_UIMM *a)
{
    if (a->uimm != (t->a32.thumb ? 0x3c : 0xf000)) {
        arm_undef(t);
        return;
    }
    ir_call(t->ir, ARM_HELPER_a32_semihost, 0, NULL);
    a32_resume(t);
}

static void exception_return(struct arm_tr *t, ir_ref pc)
{
    arm_goto_ind(t, ir_call(t->ir, ARM_HELPER_a32_return_spsr, 1, &pc));
}

void a32_eret(struct arm_tr *t)
{
    if (t->el) {
        exception_return(t, a32_r64(t, 14));
    } else {
        arm_undef(t);
    }
}

void a32_rfe(struct arm_tr *t, const struct a32_RFE *a)
{
    struct ir *ir = t->ir;
    ir_ref base = a32_r64(t, a->rn), args[2];
    int at = (a->u ? 0 : -8) + (a->p == a->u ? 4 : 0);

    if (!t->el || a->rn == 15) {
        arm_undef(t);
        return;
    }
    args[0] = ir_ld(ir, IR_I64, base, at, t->mem | IR_MEM_32 | IR_MEM_ALIGN);
    args[1] = ir_ld(ir, IR_I64, base, at + 4, t->mem | IR_MEM_32 | IR_MEM_ALIGN);
    if (a->w) {
        a32_set_r(t, a->rn, ir_add(ir, ir_trunc(ir, base), ir_i32(ir, a->u ? 8 : -8)));
    }
    arm_goto_ind(t, ir_call(ir, ARM_HELPER_a32_return, 2, args));
}

void a32_srs(struct arm_tr *t, const struct a32_SRS *a)
{
    struct ir *ir = t->ir;
    ir_ref base, spsr;
    int at = (a->u ? 0 : -8) + (a->p == a->u ? 4 : 0);

    if (!t->el) {
        arm_undef(t);
        return;
    }
    base = arm_call_imm(t, ARM_HELPER_a32_get_sp, a->mode);
    spsr = ir_call(ir, ARM_HELPER_a32_spsr, 0, NULL);
    ir_st(ir, base, at, a32_r64(t, 14), t->mem | IR_MEM_32 | IR_MEM_ALIGN);
    ir_st(ir, base, at + 4, spsr, t->mem | IR_MEM_32 | IR_MEM_ALIGN);
    if (a->w) {
        base = ir_extu32(ir, ir_add(ir, ir_trunc(ir, base), ir_i32(ir, a->u ? 8 : -8)));
        a32_call2(t, ARM_HELPER_a32_set_sp, a->mode, base);
    }
}

/* ---- hints and barriers ---- */

void a32_hint(struct arm_tr *t, const struct a32_UIMM *a)
{
    enum ir_exit wait = a->uimm == 3 ? IR_EXIT_HALT : IR_EXIT_YIELD;

    if (a->uimm == 2 || a->uimm == 3) {
        arm_call_imm(t, ARM_HELPER_wfx, a->uimm == 2);
    }
    if (a->uimm >= 1 && a->uimm <= 3) {
        a32_exit(t, t->tb->single_step ? IR_EXIT_STEPPED : wait);
    }
}

static void barrier(struct arm_tr *t)
{
    ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW);
}

void a32_dmb(struct arm_tr *t, const struct a32_UIMM *a)
{
    if (a->uimm == 14 || a->uimm == 10 || a->uimm == 6 || a->uimm == 2) {
        ir_fence(t->ir, IR_FENCE_WW);
    } else {
        barrier(t);
    }
}

void a32_dsb(struct arm_tr *t, const struct a32_UIMM *a)
{
    ir_call(t->ir, ARM_HELPER_dsb, 0, NULL);
    barrier(t);
}

void a32_isb(struct arm_tr *t, const struct a32_UIMM *a)
{
    a32_goto(t, t->next_pc);
}

void a32_sb(struct arm_tr *t) { }

/* ---- CPSR and SPSR ---- */

void a32_mrs(struct arm_tr *t, const struct a32_MRS *a)
{
    if (a->rd == 15 || (a->r && !t->el)) {
        arm_undef(t);
    } else {
        a32_set_r(t, a->rd, ir_call(t->ir, a->r ? ARM_HELPER_a32_spsr : ARM_HELPER_a32_cpsr, 0, NULL));
    }
}

static void msr(struct arm_tr *t, bool r, unsigned mask, ir_ref v)
{
    const ir_ref args[] = { v, ir_i32(t->ir, mask) };

    if (r) {
        if (t->el) {
            ir_call(t->ir, ARM_HELPER_a32_msr_spsr, 2, args);
        } else {
            arm_undef(t);
        }
        return;
    }
    ir_call(t->ir, ARM_HELPER_a32_msr_cpsr, 2, args);
    a32_flags_forget(t);
    t->a32.flag_writes++;
    if (mask & 7) {
        a32_resume(t);
    }
}

void a32_msr(struct arm_tr *t, const struct a32_MSRR *a)
{
    msr(t, a->r, a->mask, a32_r64(t, a->rn));
}

void a32_msr_imm(struct arm_tr *t, const struct a32_MSRI *a)
{
    uint32_t v = a->uimm & 0xff, rot = a->uimm >> 8 << 1;

    msr(t, a->r, a->mask, ir_i64(t->ir, rot ? (v >> rot | v << (32 - rot)) : v));
}

void a32_mrs_bank(struct arm_tr *t, const struct a32_MRSB *a)
{
    if (!t->el || a->rd == 15) {
        arm_undef(t);
    } else {
        a32_set_r(t, a->rd, arm_call_imm(t, ARM_HELPER_a32_get_bank, a->r << 5 | a->m << 4 | a->m1));
    }
}

void a32_msr_bank(struct arm_tr *t, const struct a32_MSRB *a)
{
    if (!t->el) {
        arm_undef(t);
    } else {
        a32_call2(t, ARM_HELPER_a32_set_bank, a->r << 5 | a->m << 4 | a->m1, a32_r64(t, a->rn));
    }
}

void a32_cps(struct arm_tr *t, const struct a32_CPS *a)
{
    if (t->el) {
        arm_call_imm(t, ARM_HELPER_a32_cps, a->imod << 9 | a->chmode << 8 | a->aif << 5 | a->mode);
        a32_flags_forget(t);
        a32_resume(t);
    }
}

void a32_cps_one(struct arm_tr *t, const struct a32_CPS1 *a)
{
    a32_cps(t, &(struct a32_CPS){ .imod = 2 | a->imod, .aif = a->aif });
}

void a32_setend(struct arm_tr *t, const struct a32_UIMM *a)
{
    arm_call_imm(t, ARM_HELPER_a32_setend, a->uimm);
    a32_flags_forget(t);
    a32_resume(t);
}

void a32_setpan(struct arm_tr *t, const struct a32_UIMM *a)
{
    if (t->el) {
        arm_call_imm(t, ARM_HELPER_a32_setpan, a->uimm);
        a32_flags_forget(t);
        a32_resume(t);
    }
}

/* ---- coprocessors ---- */

/* The slot of a thread ID register, which programs and kernels read all the time; -1: another register. */
static int thread_slot(struct arm_tr *t, const struct a32_MCR *a, bool write)
{
    if (!a->cp || a->opc1 || a->crn != 13 || a->crm) {
        return -1;
    }
    switch (a->opc2) {
    case 2:
        return ARM_SLOT_TPIDR_EL0;
    case 3:
        return t->el || !write ? ARM_SLOT_TPIDRRO : -1;
    case 4:
        return t->el ? ARM_SLOT_TPIDR_EL1 : -1;
    default:
        return -1;
    }
}

void a32_mrc(struct arm_tr *t, const struct a32_MCR *a)
{
    int slot = thread_slot(t, a, false);
    ir_ref v = slot >= 0 ? ir_get(t->ir, slot) : arm_call_imm(t, ARM_HELPER_a32_mrc, t->insn);

    if (a->rt == 15) {
        a32_flags_packed_set(t, ir_and(t->ir, v, ir_i64(t->ir, 0xf0000000)));
    } else {
        a32_set_r(t, a->rt, v);
    }
}

void a32_mcr(struct arm_tr *t, const struct a32_MCR *a)
{
    int slot = thread_slot(t, a, true);

    if (a->rt == 15) {
        arm_undef(t);
    } else if (slot >= 0) {
        ir_put(t->ir, slot, a32_r64(t, a->rt));
    } else {
        a32_call2(t, ARM_HELPER_a32_mcr, t->insn, a32_r64(t, a->rt));
        a32_flags_forget(t);
        a32_resume(t);
    }
}

void a32_mrrc(struct arm_tr *t, const struct a32_MCRR *a)
{
    ir_ref v;

    if (a->rt == 15 || a->rt2 == 15) {
        arm_undef(t);
        return;
    }
    v = arm_call_imm(t, ARM_HELPER_a32_mrc, t->insn);
    a32_set_r(t, a->rt, v);
    a32_set_r(t, a->rt2, ir_shr(t->ir, v, ir_i64(t->ir, 32)));
}

void a32_mcrr(struct arm_tr *t, const struct a32_MCRR *a)
{
    ir_ref v;

    if (a->rt == 15 || a->rt2 == 15) {
        arm_undef(t);
        return;
    }
    v = ir_or(t->ir, a32_r64(t, a->rt), ir_shl(t->ir, a32_r64(t, a->rt2), ir_i64(t->ir, 32)));
    a32_call2(t, ARM_HELPER_a32_mcr, t->insn, v);
    a32_flags_forget(t);
    a32_resume(t);
}
