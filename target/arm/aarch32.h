/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files about AArch32 state share with those about exceptions, system registers and memory. */
#ifndef TARGET_ARM_AARCH32_H
#define TARGET_ARM_AARCH32_H

#include "target/arm/priv.h"

/* SCTLR: what reads as one (Armv7), what may be written. */
#define A32_SCTLR_RES1 0x00c50078u
#define A32_SCTLR_MASK 0x727c3c07u
#define A32_SCTLR_TRE (1u << 28)
#define A32_SCTLR_AFE (1u << 29)
#define A32_TTBCR_EAE (1u << 31)
#define A32_FPEXC_EN (1u << 30)

/* Domain faults at levels 1 and 2, and debug exceptions, beside enum arm_fsc. */
enum { FSC_DOMAIN = 0x3c };

/* Does AArch32's EL1&0 translation use long descriptors? */
static inline bool a32_long_format(const struct arm_cpu *cpu)
{
    return cpu->tcr[1] & A32_TTBCR_EAE;
}

uint32_t a32_cpsr(const struct arm_cpu *cpu);
bool a32_mode_exists(unsigned mode);
void a32_set_mode(struct arm_cpu *cpu, unsigned mode);
/* An exception to AArch32 EL1: esr as arm_take has it. */
void a32_take(struct arm_cpu *cpu, uint32_t esr, unsigned kind);
/* On the way to AArch64, registers go to where it sees them; and back, with the SPSR, whose mode exists. */
void a32_leave(struct arm_cpu *cpu);
void a32_enter(struct arm_cpu *cpu, uint32_t spsr);
/* Registers that AArch32 resets otherwise: supervisor mode, everything masked. */
void a32_reset(struct arm_cpu *cpu);
uint32_t a32_short_fsc(uint32_t fsc);

/* A walk of short-descriptor tables (aarch32_mmu.c). */
struct a32_walk {
    struct arm_cpu *cpu;
    uint32_t va;
    enum mmu_access access;
    bool user, pan, debug;          /* of EL0; under PSTATE.PAN; without effects */
    /* Reads a word at an address of stage 1's output; false: fault and info say why. level: of the table. */
    bool (*load)(struct a32_walk *w, uint64_t addr, unsigned level, uint32_t *desc);
    void *opaque;
    /* results */
    uint64_t pa;
    uint8_t prot, page_bits;
    bool global;
    uint32_t fsc;
    uint8_t domain;
};
bool a32_short_walk(struct a32_walk *w);

#endif
