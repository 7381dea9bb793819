/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ARM CPU and the boards and interrupt controllers around it agree on: numbers of its lines, names of system
 * registers. The calls are those of system/cpu.h.
 */
#ifndef SYSTEM_CPU_ARM_H
#define SYSTEM_CPU_ARM_H

/* Input lines: cpu_irq_set. The virtual ones come from the GIC's virtual CPU interface; HCR_EL2.VI and VF are the CPU's. */
enum arm_line {
    ARM_LINE_IRQ,
    ARM_LINE_FIQ,
    ARM_LINE_VIRQ,
    ARM_LINE_VFIQ,
};

/* Output lines: cpu_output_connect. The comment is the PPI (interrupt ID less 16) that Arm's BSA gives them. */
enum arm_output {
    ARM_OUT_TIMER_PHYS,         /* 14: EL1 physical (non-secure) timer, CNTP */
    ARM_OUT_TIMER_VIRT,         /* 11: virtual timer, CNTV */
    ARM_OUT_TIMER_HYP,          /* 10: EL2 physical timer, CNTHP */
    ARM_OUT_TIMER_SEC,          /* 13: EL3 (secure) physical timer, CNTPS */
    ARM_OUT_TIMER_HYPVIRT,      /* 12: EL2 virtual timer, CNTHV */
    ARM_OUT_PMU,                /* 7: counter overflow */
    ARM_OUTPUTS
};

/* Rate of the generic timer: CNTFRQ_EL0 at reset. */
#define ARM_TIMER_HZ 62500000u

/* A system register's number, as MRS and MSR encode it, for struct cpu_sysregs. */
#define ARM_SYSREG(op0, op1, crn, crm, op2) ((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* struct cpu_reg_access.flags */
enum arm_access {
    ARM_ACCESS_SECURE = 1,      /* the PE is in secure state (EL3, or SCR_EL3.NS = 0) */
    ARM_ACCESS_VIRT_IRQ = 2,    /* at EL1 under HCR_EL2.IMO: ICC_* names the virtual interface (ICV_*) for group 1 */
    ARM_ACCESS_VIRT_FIQ = 4,    /* the same for HCR_EL2.FMO and group 0 */
    ARM_ACCESS_NS = 8,          /* SCR_EL3.NS is set, or there is no EL3: which bank EL3 names */
};

/* Which conduit a firmware call came by: struct cpu_firmware_call.conduit. */
enum arm_conduit { ARM_CONDUIT_HVC, ARM_CONDUIT_SMC };

#endif
