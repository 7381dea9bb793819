/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine without CPUs that run, and one device: tests poke its registers, step the clock and look at its lines. Two
 * CPU structs stand in for harts, so that interrupt controllers have something to drive.
 */
#ifndef TESTS_DEV_RIG_H
#define TESTS_DEV_RIG_H

#include "system/cpu.h"
#include "system/machine.h"

#define RIG_BASE 0x10000000ull
#define RIG_RAM 0x80000000ull
#define RIG_RAM_BYTES 0x10000ull

struct rig {
    struct machine *m;
    struct device *d;
    struct cpu_type cpu_type;
    struct mem_region ram;
    uint8_t *ram_host;
    bool irq[DEVICE_IRQS_MAX];
};

/* A machine with RAM and harts; device_new'd of the type, not realized. */
void rig_init(struct rig *r, const char *type);
/* Realizes, maps at RIG_BASE, connects the outputs, resets. */
void rig_start(struct rig *r);
void rig_free(struct rig *r);

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned size);
void rig_write(struct rig *r, uint64_t offset, unsigned size, uint64_t value);
/* Lets the virtual clock go on and runs what is due. */
void rig_step(struct rig *r, int64_t ns);
bool rig_line(struct rig *r, unsigned hart, unsigned line);
/* Both phases of a reset. */
void rig_reset(struct rig *r);

#endif
