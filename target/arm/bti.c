/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branch target identification (FEAT_BTI; DDI 0487, "PSTATE.BTYPE" and "Effect on instruction execution of the guarded page
 * bit").
 *
 * BTYPE matters only where pages are guarded, so it costs nothing until the first of them is fetched from: that sets
 * ARM_KEY_BTI (soon: the branch that led there is not checked). From then on indirect branches store BTYPE, and each block looks
 * at it before its first instruction and clears it. Whether a page is guarded is asked only when BTYPE forbids the
 * instruction; the answers are kept until a TLB invalidation.
 */
#include "target/arm/priv.h"
#include "target/arm/translate.h"

enum { BTI_C = 1 << 1 | 1 << 2, BTI_J = 1 << 1 | 1 << 3, BTI_ANY = 1 << 1 | 1 << 2 | 1 << 3 };

static bool is_hint(uint32_t insn)
{
    return (insn & 0xfffff01f) == 0xd503201f;
}

/* The values of BTYPE, as bits, that this instruction of a guarded page may be reached with. */
static unsigned allowed(uint32_t insn, bool bt)
{
    unsigned hint = insn >> 5 & 127;

    if ((insn & 0xffe0001f) == 0xd4200000 || (insn & 0xffe0001f) == 0xd4400000) {
        return BTI_ANY;                 /* BRK, HLT */
    }
    if (!is_hint(insn)) {
        return 0;
    }
    switch (hint) {
    case 25: case 27:                   /* PACIASP, PACIBSP */
        return bt ? BTI_C : BTI_ANY;
    case 34:
        return BTI_C;
    case 36:
        return BTI_J;
    case 38:
        return BTI_ANY;
    default:
        return 0;
    }
}

static bool guarded_here(struct arm_cpu *cpu)
{
    uint64_t page = (cpu->cpu.pc & ~0xfffull) | cpu->el;
    unsigned i = page >> 12 & (G_N_ELEMENTS(cpu->guard_cache) - 1);

    if (cpu->guard_cache[i].page != page || cpu->guard_cache[i].epoch != cpu->guard_epoch) {
        cpu->guard_cache[i].page = page;
        cpu->guard_cache[i].epoch = cpu->guard_epoch;
        cpu->guard_cache[i].guarded = arm_page_guarded(cpu, cpu->cpu.pc);
    }
    return cpu->guard_cache[i].guarded;
}

void arm_helper_bti_check(struct arm_cpu *cpu, uint32_t insn)
{
    bool bt = cpu->sctlr[arm_regime_el(cpu)] >> (cpu->el ? 36 : 35) & 1;    /* SCTLR_ELx.BT1 (BT of EL2, EL3), BT0 */

    if (!(allowed(insn, bt) >> cpu->btype & 1) && guarded_here(cpu)) {
        arm_raise(cpu, (uint32_t)EC_BTI << ESR_EC_SHIFT | ESR_IL | (uint32_t)cpu->btype, 1);
    }
}

uint64_t arm_helper_bti_br(struct arm_cpu *cpu)
{
    return guarded_here(cpu) ? 3 : 1;
}

void arm_branch_type(struct arm_tr *t, unsigned rn, bool link)
{
    ir_ref type;

    if (!(t->key & ARM_KEY_BTI)) {
        return;
    }
    type = link ? ir_i64(t->ir, 2) : rn == 16 || rn == 17 ? ir_i64(t->ir, 1) : ir_call(t->ir, ARM_HELPER_bti_br, 0, NULL);
    ir_put(t->ir, ARM_SLOT_BTYPE, type);
}

/* After the check the state is that of the same instruction with BTYPE clear. */
void arm_bti_begin(struct arm_tr *t)
{
    struct ir *ir = t->ir;

    if (allowed(t->insn, false) != BTI_ANY || is_hint(t->insn)) {
        unsigned look = ir_block_new(ir), on = ir_block_new(ir);

        ir_brcond(ir, IR_NE, ir_get(ir, ARM_SLOT_BTYPE), ir_i64(ir, 0), look, on);
        ir_begin(ir, look);
        ir->blocks[look].cold = 1;
        ir_insn_start(ir, t->pc, 0);
        arm_call_imm(t, ARM_HELPER_bti_check, t->insn);
        ir_br(ir, on, 0, NULL);
        ir_begin(ir, on);
        ir_insn_start(ir, t->pc, 0);
    }
    ir_put(ir, ARM_SLOT_BTYPE, ir_i64(ir, 0));
    ir_insn_start(ir, t->pc, 0);
}
