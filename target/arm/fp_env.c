/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FPCR and FPSR. The rounding mode and the sticky flags live in cpu.fpcr, which is the host's MXCSR while translated code
 * runs; the rest is kept in fp_control, and flags that soft float raised in fp_status.
 */
#include "target/arm/fp.h"
#include "tcg/mxcsr.h"

uint32_t arm_fpcr_read(const struct arm_cpu *cpu)
{
    return cpu->fp_control;
}

void arm_fpcr_write(struct arm_cpu *cpu, uint32_t v)
{
    static const uint8_t rounding[4] = { 0, 2, 1, 3 };
    uint32_t mask = FPCR_AHP | FPCR_DN | FPCR_FZ | FPCR_RMODE | (arm_has(cpu, ARM_EXT_FP16) ? FPCR_FZ16 : 0);

    cpu->fp_control = v & mask;
    cpu->cpu.fpcr = MXCSR_MASKS | (cpu->cpu.fpcr & MXCSR_FLAGS) |
                    (uint32_t)rounding[v >> FPCR_RMODE_SHIFT & 3] << MXCSR_RC_SHIFT;
    arm_update_key(cpu);
}

uint32_t arm_fpsr_read(const struct arm_cpu *cpu)
{
    uint32_t x = cpu->cpu.fpcr, v = cpu->fp_status;

    v |= x & MXCSR_IE ? FPSR_IOC : 0;
    v |= x & MXCSR_ZE ? FPSR_DZC : 0;
    v |= x & MXCSR_OE ? FPSR_OFC : 0;
    v |= x & MXCSR_UE ? FPSR_UFC : 0;
    return v | (x & MXCSR_PE ? FPSR_IXC : 0);
}

void arm_fpsr_write(struct arm_cpu *cpu, uint32_t v)
{
    cpu->cpu.fpcr &= ~(uint32_t)MXCSR_FLAGS;
    cpu->fp_status = v & (FPSR_QC | FPSR_IDC | FPSR_IXC | FPSR_UFC | FPSR_OFC | FPSR_DZC | FPSR_IOC);
}
