/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs the vCPUs: a translator (accel/tcg) or the host's hardware (accel/kvm). Boards, devices and the machine
 * know it by this interface alone; what it offers to targets is at the end of system/cpu.h.
 *
 * Threads: the accelerator owns the vCPU threads. Unless a member says otherwise it is called under the machine lock.
 * A vCPU waiting for the machine lock counts as parked, so a caller that holds it may wait for vCPUs to stop.
 */
#ifndef SYSTEM_ACCEL_H
#define SYSTEM_ACCEL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

struct accel;
struct cpu;
struct device_type;
struct machine;
struct prop;

/* Why a vCPU stopped for the debugger. */
struct cpu_stop {
    bool watch;             /* a watchpoint: */
    int kind;               /* enum accel_break */
    uint64_t addr;          /* the watched address */
};

enum accel_break {
    ACCEL_BREAK_SOFTWARE,   /* before the instruction at a virtual address */
    ACCEL_BREAK_HARDWARE,   /* the same; for the debugger's own book-keeping */
    ACCEL_WATCH_WRITE,
    ACCEL_WATCH_READ,
    ACCEL_WATCH_ACCESS,
};

struct accel_type {
    const char *name;       /* of -accel */
    const char *help;
    size_t size;            /* of its struct, which starts with struct accel */
    const struct prop *props;   /* of -accel NAME,prop=... */
    size_t prop_count;
    bool counts;            /* it can count instructions (-icount) */

    /* Can this host do it? After the options are in and the board is chosen; a false lets the next -accel be tried.
     * May be NULL. */
    bool (*probe)(struct accel *a, GError **err);
    /* Before the board is made. */
    bool (*init)(struct accel *a, GError **err);
    void (*free)(struct accel *a);

    /* A vCPU was made by the board (cpu->m, type and index are set): allocate what it needs; its thread must not run
     * the guest yet. */
    bool (*cpu_create)(struct accel *a, struct cpu *cpu, GError **err);
    /* The vCPU does not run any more and will not: end its thread. */
    void (*cpu_destroy)(struct accel *a, struct cpu *cpu);

    /* Let all vCPUs run; make all stop and wait until they have (never called from a vCPU thread). The machine's state
     * is stopped at the start. */
    void (*resume)(struct accel *a);
    void (*pause)(struct accel *a);

    /* The vCPU shall look at its interrupt lines and requests soon, and wake if it sleeps. Any thread, no lock
     * needed. */
    void (*kick)(struct accel *a, struct cpu *cpu);

    /* machine_requested has become true. The caller may be a vCPU thread, in the midst of an access. Any thread. */
    void (*requested)(struct accel *a);

    /* cpu's registers are in its struct after get, and what is changed there counts when the vCPU runs next; put says
     * that all of the struct is new (reset). The vCPU is stopped, or the caller is its own thread. Not set where the
     * struct is always up to date. */
    void (*regs_get)(struct accel *a, struct cpu *cpu);
    void (*regs_put)(struct accel *a, struct cpu *cpu);

    /* Bytes of RAM in pages flagged RAM_PAGE_CODE were written by someone else than translated code (after the write).
     * Any thread, with or without the lock. */
    void (*code_written)(struct accel *a, struct ram_block *ram, uint64_t offset, uint64_t len);
    /* Dirty bits were cleared: the next write to each of these pages must be seen. */
    void (*dirty_cleared)(struct accel *a, struct ram_block *ram, uint64_t offset, uint64_t len);
    /* Dirty bits of these pages are about to be looked at: bring in what the accelerator knows of writes. */
    void (*dirty_sync)(struct accel *a, struct ram_block *ram, uint64_t offset, uint64_t len);
    /* A new flat view of as is in place: no stale soft-TLB entry may be used after each vCPU's next safepoint. */
    void (*view_changed)(struct accel *a, struct address_space *as);

    /* The name of the device type to make where a board asks for this one: the accelerator may have a part of the
     * hardware itself (an interrupt controller in the host's kernel). NULL: never. */
    const char *(*substitute)(struct accel *a, const char *type);

    /* Debugger. addr is a guest virtual address; len counts for watchpoints. False: not possible. */
    bool (*break_insert)(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len);
    bool (*break_remove)(struct accel *a, enum accel_break kind, uint64_t addr, uint64_t len);
    void (*break_clear)(struct accel *a);
    void (*single_step)(struct accel *a, struct cpu *cpu, bool on);
    /* Did this vCPU stop at a breakpoint, watchpoint or step (since the last resume)? The machine is stopped. */
    bool (*stop_reason)(struct accel *a, struct cpu *cpu, struct cpu_stop *why);

    /* Text of "info jit". */
    void (*info)(struct accel *a, GString *out);
};

/* The first member of an accelerator's own struct. */
struct accel {
    const struct accel_type *type;
    struct machine *m;
    struct mem_listener listener;   /* calls view_changed */
};

/* All accelerators in the program, NULL-terminated, best first; generated from accel_types in meson.build. */
extern const struct accel_type *const accel_types[];
const struct accel_type *accel_type_find(const char *name);

/* Makes m->accel with default properties (before init, which machine_realize calls). */
struct accel *accel_new(struct machine *m, const struct accel_type *type);
bool accel_set_prop(struct accel *a, const char *name, const char *value, GError **err);
/* Calls init and connects the memory hooks. */
bool accel_start(struct accel *a, GError **err);
void accel_delete(struct accel *a);
/* The type that a board's "name" is on this machine's accelerator. */
const struct device_type *accel_device_type(struct machine *m, const char *name);

#endif
