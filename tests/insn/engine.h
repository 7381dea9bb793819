/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a stream's image on our own engines: RISC-V translated to IR, and the IR interpreted or compiled. There is no
 * machine: guest memory is the image, in machine mode. */
#ifndef TESTS_INSN_ENGINE_H
#define TESTS_INSN_ENGINE_H

#include "target/riscv/cpu.h"
#include "tests/insn/stream.h"

struct engine;

enum engine_kind { ENGINE_INTERP, ENGINE_JIT };

/* max_insns: guest instructions in a block. passes: bits of enum ir_pass. host_opts: enum
 * host_opt, for ENGINE_JIT. NULL: no back end for this host. */
struct engine *engine_new(enum engine_kind kind, unsigned xlen, unsigned max_insns, unsigned passes,
                          uint32_t host_opts);
void engine_free(struct engine *e);
const struct isa_needs *engine_needs(const struct engine *e);
/* The records after the run (g_free), or NULL and *err: a trap, a jump out of the image, IR that the verifier refuses. */
struct stream_record *engine_run(struct engine *e, const struct stream_image *im, GError **err);

#endif
