/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IR interpreter: the reference semantics of every operation, and the engine of hosts without a back end.
 * Guest memory goes through callbacks; floating point is fpu/'s soft float.
 */
#ifndef TCG_INTERP_H
#define TCG_INTERP_H

#include "tcg/ir.h"

struct cpu;

struct interp_env {
    /* Guest accesses; mem as in ir_insn. They return, or leave by longjmp when the guest faults (the interpreter has
     * put the exact state of the current instruction's start into the slots' homes, pc slot included, before each). */
    uint64_t (*load)(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem);
    void (*store)(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem);
    /* 16 bytes, atomics: as struct host_env.slow. */
    void (*slow)(void *opaque, struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                 const uint64_t expected[2]);
    void *opaque;
    uint32_t off_fpcr;          /* guest rounding mode and sticky flags in MXCSR's layout, in the CPU struct */
};

/* How the region was left: pc slot stored in every case. */
struct interp_left {
    bool exit;                  /* an IR exit: code says which; else goto_pc / goto_ind */
    uint32_t code;              /* enum ir_exit */
    uint32_t insns;             /* guest instructions completed */
};

/* Runs one region from block 0 until it leaves, or max_blocks blocks have run (0: no limit; the pc slot is then the start
 * of the current instruction; used by tests with random IR). scratch grows as needed and may be kept between calls. */
struct interp_scratch;
struct interp_scratch *interp_scratch_new(void);
void interp_scratch_free(struct interp_scratch *s);
struct interp_left interp_run(struct interp_scratch *s, const struct ir *ir, struct cpu *cpu, const struct interp_env *env,
                              unsigned max_blocks);

/* Guest instructions that the region which runs, or has been left by longjmp, completed before its current one. */
unsigned interp_insns(const struct interp_scratch *s);

#endif
