/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exception generation and return, hints, barriers, PSTATE and system registers. */
#include "target/arm/priv.h"
#include "target/arm/translate.h"

/* ---- exceptions ---- */

void a64_svc(struct arm_tr *t, const struct arm_UIMM *a)
{
    arm_goto_ind(t, arm_call_imm(t, ARM_HELPER_svc, a->uimm));
}

void a64_hvc(struct arm_tr *t, const struct arm_UIMM *a)
{
    arm_goto_ind(t, arm_call_imm(t, ARM_HELPER_hvc, a->uimm));
}

void a64_smc(struct arm_tr *t, const struct arm_UIMM *a)
{
    arm_goto_ind(t, arm_call_imm(t, ARM_HELPER_smc, a->uimm));
}

void a64_brk(struct arm_tr *t, const struct arm_UIMM *a)
{
    arm_raise_class(t, EC_BRK, a->uimm);
}

void a64_hlt(struct arm_tr *t, const struct arm_UIMM *a)
{
    if (a->uimm != 0xf000) {
        arm_undef(t);
        return;
    }
    ir_call(t->ir, ARM_HELPER_semihost, 0, NULL);
    arm_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

void a64_eret(struct arm_tr *t)
{
    if (!t->el) {
        arm_undef(t);
        return;
    }
    arm_goto_ind(t, ir_call(t->ir, ARM_HELPER_eret, 0, NULL));
}

/* ---- hints ---- */

static void wait_for(struct arm_tr *t, unsigned wfe)
{
    arm_call_imm(t, ARM_HELPER_wfx, wfe);
    if (t->key & ARM_KEY_SS) {
        arm_goto(t, t->next_pc);
        return;
    }
    arm_exit(t, t->next_pc, t->tb->single_step ? IR_EXIT_STEPPED : wfe ? IR_EXIT_YIELD : IR_EXIT_HALT);
}

void a64_hint(struct arm_tr *t, const struct arm_HINT *a)
{
    if (arm_has(t->cpu, ARM_EXT_PAuth) && arm_pauth_hint(t, a->crm << 3 | a->op2)) {
        return;
    }
    if (a->crm) {
        return;                     /* BTI, and those of extensions that we lack: they do nothing */
    }
    switch (a->op2) {
    case 1:                         /* YIELD */
        arm_exit(t, t->next_pc, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_YIELD);
        break;
    case 2:                         /* WFE: an event may always have happened, so it only lets others run */
        wait_for(t, 1);
        break;
    case 3:
        wait_for(t, 0);
        break;
    default:                        /* NOP, SEV, SEVL */
        break;
    }
}

/* ---- barriers ---- */

/* CRm: 1 loads before, 2 stores with stores, 3 everything. */
static void barrier(struct arm_tr *t, unsigned crm)
{
    static const uint8_t bits[4] = {
        IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW, IR_FENCE_RR | IR_FENCE_RW, IR_FENCE_WW,
        IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW,
    };

    ir_fence(t->ir, bits[crm & 3]);
}

void a64_dmb(struct arm_tr *t, const struct arm_CRM *a)
{
    barrier(t, a->crm);
}

void a64_dsb(struct arm_tr *t, const struct arm_CRM *a)
{
    ir_call(t->ir, ARM_HELPER_dsb, 0, NULL);
    barrier(t, a->crm);
}

/* What it waits for has been done at once; code that has been written is seen by the next block. */
void a64_isb(struct arm_tr *t, const struct arm_CRM *a)
{
    arm_goto(t, t->next_pc);
}

void a64_sb(struct arm_tr *t) { }

/* ---- PSTATE ---- */

static void flip_flags(struct arm_tr *t)
{
    arm_flags_set(t, ARM_CC_NZCV, ir_xor(t->ir, arm_flags_packed(t), ir_i64(t->ir, 1 << 29)), 0);
}

/* XAFLAG and AXFLAG: between Arm's flags of a floating-point comparison and the alternative ones. */
static void convert_flags(struct arm_tr *t, enum arm_helper helper)
{
    const ir_ref packed = arm_flags_packed(t);

    arm_flags_set(t, ARM_CC_NZCV, ir_call(t->ir, helper, 1, &packed), 0);
}

static void daif(struct arm_tr *t, unsigned crm, bool set)
{
    ir_ref old = ir_get(t->ir, ARM_SLOT_DAIF), bits = ir_i64(t->ir, crm << 6);

    if (set) {
        ir_put(t->ir, ARM_SLOT_DAIF, ir_or(t->ir, old, bits));
        return;
    }
    ir_put(t->ir, ARM_SLOT_DAIF, ir_andc(t->ir, old, bits));
    ir_call(t->ir, ARM_HELPER_irq_check, 0, NULL);
    arm_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

/* May MSR (immediate) write this field (op1 and op2) by helper? */
static bool pstate_field(struct arm_tr *t, unsigned field)
{
    switch (field) {
    case 0 << 3 | 5:                /* SPSel */
        return t->el >= 1;
    case 0 << 3 | 4:
        return t->el >= 1 && arm_has(t->cpu, ARM_EXT_PAN);
    case 0 << 3 | 3:
        return t->el >= 1 && arm_has(t->cpu, ARM_EXT_UAO);
    case 3 << 3 | 2:
        return arm_has(t->cpu, ARM_EXT_DIT);
    case 3 << 3 | 4:
        return arm_has(t->cpu, ARM_EXT_MTE);
    case 3 << 3 | 1:
        return arm_has(t->cpu, ARM_EXT_SSBS);
    default:
        return false;
    }
}

void a64_msr_imm(struct arm_tr *t, const struct arm_MSRI *a)
{
    unsigned field = a->op1 << 3 | a->op2;

    if (field == (3 << 3 | 6) || field == (3 << 3 | 7)) {
        if (t->el == 0 && !(t->key & ARM_KEY_UMA)) {
            const ir_ref args[] = { ir_i32(t->ir, t->insn) };

            ir_call(t->ir, ARM_HELPER_daif_trap, 1, args);
            arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
        } else {
            daif(t, a->crm, field == (3 << 3 | 6));
        }
    } else if (field == 0 && arm_has(t->cpu, ARM_EXT_FlagM)) {
        flip_flags(t);
    } else if (field == 1 && arm_has(t->cpu, ARM_EXT_FlagM2)) {
        convert_flags(t, ARM_HELPER_xaflag);
    } else if (field == 2 && arm_has(t->cpu, ARM_EXT_FlagM2)) {
        convert_flags(t, ARM_HELPER_axflag);
    } else if (pstate_field(t, field)) {
        arm_call_imm(t, ARM_HELPER_msr_pstate, field << 4 | a->crm);
        arm_goto_ind(t, ir_i64(t->ir, t->next_pc));
    } else {
        arm_undef(t);
    }
}

uint64_t arm_helper_xaflag(uint64_t p)
{
    bool z = p >> 30 & 1, c = p >> 29 & 1;

    return (uint64_t)((!c && !z) << 3 | (z && c) << 2 | (c || z) << 1 | (!c && z)) << 28;
}

uint64_t arm_helper_axflag(uint64_t p)
{
    bool z = p >> 30 & 1, c = p >> 29 & 1, v = p >> 28 & 1;

    return (uint64_t)((z || v) << 2 | (c && !v) << 1) << 28;
}

/* ---- system registers ---- */

#define NZCV ARM_SYSREG(3, 3, 4, 2, 0)

static uint32_t number_of(const struct arm_MSR *a)
{
    return ARM_SYSREG(2u + a->o0, a->op1, a->crn, a->crm, a->op2);
}

void a64_mrs(struct arm_tr *t, const struct arm_MSR *a)
{
    uint32_t number = number_of(a);
    int slot = arm_sysreg_slot(t->cpu, t->key, number, false);
    ir_ref v;

    if (number == NZCV) {
        v = arm_flags_packed(t);
    } else if (slot >= 0) {
        v = ir_get(t->ir, slot);
    } else {
        const ir_ref args[] = { ir_i32(t->ir, number), ir_i32(t->ir, t->insn) };

        v = ir_call(t->ir, ARM_HELPER_mrs, 2, args);
        if ((number & ~7u) == (ARM_SYSREG(3, 3, 2, 4, 0) & ~7u)) {     /* RNDR, RNDRRS: Z clear, as numbers never run out */
            arm_flags_set(t, ARM_CC_NZCV, ir_i64(t->ir, 0), 0);
        }
    }
    arm_set_x(t, a->rt, v);
}

void a64_msr(struct arm_tr *t, const struct arm_MSR *a)
{
    uint32_t number = number_of(a);
    int slot = arm_sysreg_slot(t->cpu, t->key, number, true);
    ir_ref v = arm_x(t, a->rt);

    if (number == NZCV) {
        arm_flags_set(t, ARM_CC_NZCV, ir_and(t->ir, v, ir_i64(t->ir, 0xf0000000)), 0);
    } else if (slot >= 0) {
        ir_put(t->ir, slot, v);
    } else {
        const ir_ref args[] = { ir_i32(t->ir, number), ir_i32(t->ir, t->insn), v };

        ir_call(t->ir, ARM_HELPER_msr, 3, args);
        if (!arm_sysreg_write_plain(t->cpu, number)) {
            arm_goto_ind(t, ir_i64(t->ir, t->next_pc));
        }
    }
}

/* Cache, TLB and address translation operations. */
void a64_sys(struct arm_tr *t, const struct arm_SYS *a)
{
    const ir_ref args[] = { ir_i32(t->ir, t->insn), arm_x(t, a->rt) };

    if (a->crn == 7 && a->op1 == 3 && a->crm == 4 && a->op2 == 1) {
        ir_call(t->ir, ARM_HELPER_dc_zva, 2, args);
        return;
    }
    ir_call(t->ir, ARM_HELPER_sys, 2, args);
    if (a->crn == 8) {
        arm_goto_ind(t, ir_i64(t->ir, t->next_pc));
    }
}

void a64_sysl(struct arm_tr *t, const struct arm_SYS *a)
{
    arm_undef(t);
}
