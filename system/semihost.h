/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Semihosting: calls by which a bare-metal guest uses the host's files, console and clock (Arm's "Semihosting for AArch32
 * and AArch64", which RISC-V takes over with words of XLEN bits). The target recognises the trap and calls semihost_call.
 *
 * A guest with semihosting reads, writes, renames and removes the host's files with the rights of the program; hence it is
 * off unless the command line turns it on.
 */
#ifndef SYSTEM_SEMIHOST_H
#define SYSTEM_SEMIHOST_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct chardev;
struct cpu;
struct machine;
struct semihost;

/* What -semihosting-config says. */
struct semihost_config {
    bool userspace;             /* calls from the least privileged mode are served, too */
    struct chardev *chardev;    /* the console; NULL: output goes to stderr, input is at its end */
    char **args;                /* the guest's command line; NULL or empty: -kernel and -append */
};

/* The strings are copied. NULL and *err where the chardev is in use. Main loop thread. */
struct semihost *semihost_new(struct machine *m, const struct semihost_config *config, GError **err);
void semihost_delete(struct semihost *s);

bool semihost_userspace(const struct semihost *s);

/* Serves call `op` with argument arg; words of the argument block have word_bytes bytes (4 or 8). False: it waits for
 * console input: let the vCPU look at its requests, then run the same instruction again. vCPU thread, without the
 * machine lock; several may call at once. */
bool semihost_call(struct semihost *s, struct cpu *cpu, uint32_t op, uint64_t arg, unsigned word_bytes, uint64_t *result);

#endif
