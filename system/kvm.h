/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How KVM runs one instruction set: what accel/kvm asks of target/ISA/kvm.c (cpu_type.kvm). The file descriptors are
 * the host's /dev/kvm, of the virtual machine, and of one vCPU (Linux Documentation/virt/kvm/api.rst).
 */
#ifndef SYSTEM_KVM_H
#define SYSTEM_KVM_H

#include <glib.h>
#include <stdbool.h>

struct cpu;
struct kvm_run;

struct kvm_vcpu {
    struct cpu *cpu;
    int dev_fd, vm_fd, fd;
    struct kvm_run *run;
    void *arch;                 /* the ISA's own; g_free */
    bool kernel_apic;           /* the host's kernel has the CPU's interrupt controller */
};

struct kvm_arch {
    /* Before the first vCPU and before interrupt controllers. */
    bool (*vm_init)(int dev_fd, int vm_fd, GError **err);
    /* After KVM_CREATE_VCPU: feature bits. */
    bool (*cpu_init)(struct kvm_vcpu *v, GError **err);
    /* Registers from KVM to struct cpu, and back. reset: all of them, else what debuggers and events may have
     * changed. False with errno where KVM refuses. vCPU thread, or the vCPU is stopped. */
    bool (*regs_get)(struct kvm_vcpu *v);
    bool (*regs_put)(struct kvm_vcpu *v, bool reset);
};

#endif
