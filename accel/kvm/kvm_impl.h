/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to accel/kvm. */
#ifndef ACCEL_KVM_IMPL_H
#define ACCEL_KVM_IMPL_H

#include <glib.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "system/accel.h"
#include "system/cpu.h"
#include "system/kvm.h"
#include "system/machine.h"

enum irqchip_mode { IRQCHIP_ON, IRQCHIP_OFF, IRQCHIP_SPLIT };

/* A piece of guest memory as the kernel knows it. */
struct slot {
    paddr addr;
    uint64_t size;
    uint8_t *host;
    struct ram_block *ram;
    uint64_t ram_start;
    uint32_t id, flags;
};

/* ioeventfd, see ioevent.c */
struct kvm {
    struct accel accel;
    int irqchip;                /* property: enum irqchip_mode */
    int dev_fd, vm_fd;
    const struct kvm_arch *arch;
    GArray *slots;              /* struct slot, by address */
    GArray *free_ids;           /* uint32_t */
    uint32_t next_id;
    GPtrArray *vcpus;           /* struct vcpu, by index */
    GCond parked;               /* with the machine lock: a vCPU has stopped */
    bool resumed;               /* machine lock */
    bool kernel_irqchip_made;
    GArray *routes;             /* struct kvm_irq_routing_entry */
    GArray *breaks;             /* struct breakpoint */
    uint64_t vcpu_mmap_bytes;
};

struct breakpoint {
    enum accel_break kind;
    uint64_t addr, len;
};

struct vcpu {
    struct kvm_vcpu k;          /* first */
    struct kvm *kvm;
    struct cpu *cpu;
    GThread *thread;
    pthread_t tid;
    GCond resume;               /* with the machine lock */
    bool quit, stopped;         /* machine lock */
    bool debug_stop, single_step, watch_hit;
    int watch_kind;
    uint64_t watch_addr;
    bool synced;                /* registers are in struct cpu: to be put before the next run */
    bool reset;                 /* all of them */
    _Atomic bool in_run;        /* tid is good, and the thread may be in KVM_RUN or asleep */
    _Atomic bool sleeping;
    GMutex sleep;
    GCond wake;
    struct mem_reader reader;
    uint64_t n_exit, n_io, n_mmio, n_irq, n_hlt;
};

static inline struct kvm *kvm_of(struct accel *a)
{
    return (struct kvm *)a;
}

static inline struct vcpu *vcpu_of(struct kvm *s, const struct cpu *cpu)
{
    return s->vcpus->pdata[cpu->index];
}

/* slots.c */
void slots_init(struct kvm *s);
void slots_free(struct kvm *s);
void slots_update(struct kvm *s, struct address_space *as);
void slots_sync_dirty(struct kvm *s, struct ram_block *ram, uint64_t offset, uint64_t len);

/* vcpu.c */
bool vcpu_create(struct accel *a, struct cpu *cpu, GError **err);
void vcpu_destroy(struct accel *a, struct cpu *cpu);
void vcpu_kick(struct accel *a, struct cpu *cpu);
void vcpu_regs_get(struct accel *a, struct cpu *cpu);
void vcpu_regs_put(struct accel *a, struct cpu *cpu);
void vcpus_resume(struct accel *a);
void vcpus_pause(struct accel *a);
void vcpu_signals_init(void);

/* debug.c */
void debug_update(struct vcpu *v);
/* KVM_EXIT_DEBUG; true: stop for the debugger. */
bool debug_exit(struct vcpu *v);
bool debug_insert(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len);
bool debug_remove(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len);
void debug_clear(struct accel *a);
void debug_single_step(struct accel *a, struct cpu *cpu, bool on);
bool debug_stop_reason(struct accel *a, struct cpu *cpu, struct cpu_stop *why);

/* irqchip.c */
bool irqchip_init(struct kvm *s, GError **err);
const char *irqchip_substitute(struct accel *a, const char *name);

#endif
