/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a stream's image on somebody else's emulator: the user-mode qemu-riscv64 or qemu-riscv32. */
#ifndef TESTS_INSN_ORACLE_H
#define TESTS_INSN_ORACLE_H

#include "tests/insn/stream.h"

/* The program to run, g_free; NULL where there is none that knows our extensions (needed: version 9 or newer). Looked
 * for in $DOPPEL_ORACLE_DIR, PATH, and the cache directory, which scripts/guest/oracle.py fills. */
char *oracle_find(unsigned xlen);

/* The data area after the run (im->ncases records, g_free), or NULL and *err. */
struct stream_record *oracle_run(const char *oracle, unsigned xlen, const struct stream_image *im, GError **err);

/* The same for a STREAM_SEMIHOSTING image on a whole machine of ours: command is a doppel program with options. */
struct stream_record *machine_run(const char *command, unsigned xlen, const struct stream_image *im, GError **err);

#endif
