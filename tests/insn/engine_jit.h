/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiled half of tests/insn/engine.c: a back end, a code buffer, and a soft TLB that maps the image. */
#ifndef TESTS_INSN_ENGINE_JIT_H
#define TESTS_INSN_ENGINE_JIT_H

#include "system/cpu.h"
#include "tcg/ir.h"

struct jit;

struct engine_memory {
    uint8_t *bytes;                 /* at STREAM_BASE */
    size_t size;
};

/* opts: enum host_opt. NULL: this host has no back end. */
struct jit *jit_new(struct cpu *cpu, const struct ir_target *target, const struct engine_memory *memory,
                    uint32_t opts);
void jit_free(struct jit *j);
/* Memory has changed: nothing is mapped. */
void jit_reset(struct jit *j);
/* Compiles and runs one region; the pc slot is set. True: it left with IR_EXIT_DEBUG. */
bool jit_run(struct jit *j, struct ir *ir, const struct tr_block *tb, GError **err);

/* Flat memory (engine.c). */
void *engine_at(struct cpu *cpu, uint64_t addr, unsigned bytes);
uint64_t engine_load(struct cpu *cpu, uint64_t addr, unsigned mem);
void engine_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem);
void engine_slow(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2]);

#endif
