/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The services that a target expects of an accelerator (system/cpu.h), for tests without a machine: keys are set, TLBs
 * need no flush, guest memory is the test's own.
 */
#ifndef TESTS_INSN_NO_ACCEL_H
#define TESTS_INSN_NO_ACCEL_H

#include "system/cpu.h"

struct no_accel {
    uint64_t (*load)(struct cpu *cpu, uint64_t addr, unsigned mem);
    void (*store)(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem);
};

/* Of all CPUs; the caller's, NULL where helpers don't run. */
extern const struct no_accel *no_accel;

#endif
