/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an x86 CPU meets its local APIC and the rest of a PC, without either including the other's folder.
 *
 * The local APIC drives X86_LINE_INTR with "an interrupt may be taken" (its priority rules applied, IF not); the CPU
 * takes it by acknowledge. INIT, SIPI, NMI and SMI come as CPU_REQ_* bits of cpu_request, for cpu_type.event. Ports are
 * cpu_port_in and cpu_port_out of system/cpu.h.
 */
#ifndef SYSTEM_X86_H
#define SYSTEM_X86_H

#include <stdbool.h>
#include <stdint.h>

/* Input lines of an x86 CPU. */
enum x86_line {
    X86_LINE_INTR = 0,
    X86_LINE_A20M = 1,          /* high: address bit 20 is forced to 0 (the gate is closed) */
};

#define X86_MSR_APIC_BASE 0x1b
#define X86_MSR_X2APIC 0x800    /* to 0x8ff: register n of the APIC at 0x800 + n */
#define X86_MSR_TSC_DEADLINE 0x6e0

/* The local APIC as its CPU sees it (cpu.intc). The calls take the machine lock; vCPU thread. */
struct cpu_intc {
    /* Takes the interrupt of the highest priority into service: its vector, or -1 where none can be taken any more. */
    int (*acknowledge)(struct cpu_intc *c);
    /* The task priority, as in CR8: bits 7 to 4 of TPR. */
    uint8_t (*priority)(struct cpu_intc *c);
    void (*set_priority)(struct cpu_intc *c, uint8_t cr8);
    /* RDMSR and WRMSR of X86_MSR_APIC_BASE, X86_MSR_X2APIC to 0x8ff and X86_MSR_TSC_DEADLINE; false: #GP. The APIC does
     * not know the TSC: the deadline is in ns of the virtual clock here, 0 for none. */
    bool (*msr_read)(struct cpu_intc *c, uint32_t msr, uint64_t *v);
    bool (*msr_write)(struct cpu_intc *c, uint32_t msr, uint64_t v);
    /* The CPU has taken INIT: the APIC does what an INIT does to it. */
    void (*init)(struct cpu_intc *c);
    /* Not for the CPU: a host's kernel that keeps the APIC reports an EOI that an IOAPIC waits for. May be NULL. */
    void (*eoi)(struct cpu_intc *c, uint8_t vector);
};

/* An IOAPIC's inputs from here on are not pins: raising input X86_IOAPIC_EOI + v tells it of an EOI for vector v. */
#define X86_IOAPIC_EOI 256

#endif
