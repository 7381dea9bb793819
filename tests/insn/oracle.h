/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a stream's image on somebody else's emulator: a user-mode qemu. */
#ifndef TESTS_INSN_ORACLE_H
#define TESTS_INSN_ORACLE_H

#include "tests/insn/stream.h"

struct oracle_isa {
    const char *name;               /* of the program: qemu-NAME */
    uint8_t xlen;
    uint16_t machine;               /* of ELF files, and their flags */
    uint32_t flags;
};
extern const struct oracle_isa oracle_riscv64, oracle_riscv32, oracle_aarch64;

/* The program to run, g_free; NULL where there is none that knows our extensions (needed: version 9 or newer). Looked
 * for in $DOPPEL_ORACLE_DIR, PATH, and the cache directory, which scripts/guest/oracle.py fills. */
char *oracle_find(const struct oracle_isa *isa);

/* The data area after the run (all records, g_free), or NULL and *err. */
void *oracle_run(const char *oracle, const struct oracle_isa *isa, const struct stream_image *im, GError **err);

/* The same for a STREAM_SEMIHOSTING image on a whole machine of ours: command is a doppel program with options. */
void *machine_run(const char *command, const struct oracle_isa *isa, const struct stream_image *im, GError **err);

#endif
