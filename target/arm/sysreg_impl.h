/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of sysreg.def at run time, and the functions that they name. */
#ifndef TARGET_ARM_SYSREG_IMPL_H
#define TARGET_ARM_SYSREG_IMPL_H

#include "target/arm/priv.h"

struct arm_sysreg {
    const char *name;
    uint32_t number;                /* ARM_SYSREG() */
    uint8_t op1, read, write;       /* lowest levels; 4: none */
    uint8_t flags;
    uint8_t ext;                    /* enum arm_ext that it needs */
    uint32_t offset;                /* of the field, if there are no functions */
    bool constant;
    uint64_t mask;                  /* writable bits; the value of a constant */
    uint64_t (*get)(struct arm_cpu *cpu, const struct arm_sysreg *r);
    void (*set)(struct arm_cpu *cpu, const struct arm_sysreg *r, uint64_t v);
};

enum { SYSREG_NO = 4 };
enum { SYSREG_VM = 1, SYSREG_TID3 = 2, SYSREG_EL2 = 4, SYSREG_EL3 = 8, SYSREG_PLAIN = 16, SYSREG_APK = 32 };

#define ARM_READ(name) uint64_t arm_read_##name(struct arm_cpu *cpu, const struct arm_sysreg *r)
#define ARM_WRITE(name) void arm_write_##name(struct arm_cpu *cpu, const struct arm_sysreg *r, uint64_t v)

ARM_READ(midr); ARM_READ(mpidr); ARM_READ(pfr0); ARM_READ(ccsidr); ARM_READ(ctr); ARM_READ(dczid);
ARM_READ(sctlr); ARM_WRITE(sctlr); ARM_READ(cpacr); ARM_WRITE(cpacr); ARM_READ(hcr); ARM_WRITE(hcr);
ARM_READ(cptr_el2); ARM_WRITE(cptr_el2); ARM_READ(scr); ARM_WRITE(scr); ARM_READ(cptr_el3); ARM_WRITE(cptr_el3);
ARM_READ(ttbr0); ARM_WRITE(ttbr0); ARM_READ(ttbr1); ARM_WRITE(ttbr1); ARM_READ(tcr); ARM_WRITE(tcr);
ARM_READ(vttbr); ARM_WRITE(vttbr); ARM_READ(vtcr); ARM_WRITE(vtcr);
ARM_READ(isr); ARM_READ(sp_el0); ARM_WRITE(sp_el0); ARM_READ(rvbar);
ARM_READ(spsel); ARM_WRITE(spsel); ARM_READ(currentel); ARM_READ(pan); ARM_WRITE(pan); ARM_READ(uao); ARM_WRITE(uao);
ARM_READ(daif); ARM_WRITE(daif); ARM_READ(dit); ARM_WRITE(dit); ARM_READ(ssbs); ARM_WRITE(ssbs);
ARM_READ(fpcr); ARM_WRITE(fpcr); ARM_READ(fpsr); ARM_WRITE(fpsr); ARM_READ(rndr);
ARM_READ(cntfrq); ARM_WRITE(cntfrq); ARM_READ(cntpct); ARM_READ(cntvct); ARM_READ(tval); ARM_WRITE(tval);
ARM_READ(tctl); ARM_WRITE(tctl); ARM_READ(cval); ARM_WRITE(cval); ARM_READ(cntvoff); ARM_WRITE(cntvoff);
ARM_READ(mdscr); ARM_WRITE(mdscr); ARM_READ(zero); ARM_WRITE(oslar); ARM_READ(claimset); ARM_WRITE(claimset);
ARM_READ(tco); ARM_WRITE(tco); ARM_READ(pfr1); ARM_READ(dbg); ARM_WRITE(dbg); ARM_READ(mair); ARM_WRITE(mair);
ARM_READ(claim); ARM_WRITE(claimclr);

#endif
