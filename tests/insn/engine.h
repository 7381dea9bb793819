/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a stream's image on our own engines: guest code translated to IR, and the IR interpreted or compiled. There is no
 * machine: guest memory is the image, without translation of addresses. */
#ifndef TESTS_INSN_ENGINE_H
#define TESTS_INSN_ENGINE_H

#include "system/cpu.h"
#include "target/isa.h"
#include "tests/insn/stream.h"

struct engine;

enum engine_kind { ENGINE_INTERP, ENGINE_JIT };

/* What the engine must know of an instruction set. */
struct engine_isa {
    const struct cpu_type *type;
    /* A CPU of the width with everything that there is, as type->init would make it. */
    void (*setup)(struct cpu *cpu, unsigned xlen);
    /* Registers for a run, pc at STREAM_BASE; sets the key. */
    void (*reset)(struct cpu *cpu);
    /* What the CPU says of a trap that ended a run. */
    void (*describe)(struct cpu *cpu, GString *out);
};
extern const struct engine_isa engine_riscv, engine_arm;

/* max_insns: guest instructions in a block. passes: bits of enum ir_pass; none: vectors by helpers, too. host_opts: enum
 * host_opt, for ENGINE_JIT. NULL: no back end for this host. */
struct engine *engine_new(const struct engine_isa *isa, enum engine_kind kind, unsigned xlen, unsigned max_insns,
                          unsigned passes, uint32_t host_opts);
void engine_free(struct engine *e);
/* The records after the run (g_free), or NULL and *err: a trap, a jump out of the image, IR that the verifier refuses. */
void *engine_run(struct engine *e, const struct stream_image *im, GError **err);

#endif
