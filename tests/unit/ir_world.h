/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world for IR to run in: a CPU struct with slots of every type, pinned and not, helpers of every effect, and sixteen
 * pages of memory of which some fault. What a run leaves behind is compared bit by bit between interpreter and back ends.
 */
#ifndef TESTS_IR_WORLD_H
#define TESTS_IR_WORLD_H

#include <setjmp.h>

#include "tcg/host.h"
#include "tcg/interp.h"

enum { WORLD_X = 16, WORLD_W = 2, WORLD_F = 14, WORLD_S = 2, WORLD_V = 4 };

/* The CPU struct: `struct cpu *` of tcg/ points here. The fields after the state are for the use of a back end. */
struct world_cpu {
    uint64_t pc;
    uint64_t x[WORLD_X];            /* slots x0 ..: I64, the first eight pinned */
    uint64_t f[WORLD_F];            /* f0 ..: F64, the first eight pinned */
    uint32_t w[WORLD_W];            /* w0 ..: I32 */
    uint32_t s[WORLD_S];            /* s0 ..: F32 */
    uint64_t v[WORLD_V][2];         /* v0 ..: V128, the first two pinned */
    uint64_t effects;               /* hash of what helpers with IR_HELPER_EFFECT were told */
    uint32_t fpcr;                  /* MXCSR */
    uint32_t request;
    void *tlb_base;
    uint64_t tlb_ctl, jump_salt;
    int64_t icount;
    uint32_t icount_ahead;
    struct ir_world *world;
    struct host_jump jump_cache[1 << HOST_JUMP_CACHE_BITS];
};

#define WORLD_BASE 0x100000u
#define WORLD_PAGES 16u
#define WORLD_BYTES (WORLD_PAGES << 12)
/* Numbers of the helpers for fixnan */
enum { WORLD_FIX_V128 = 11, WORLD_FIX_F64, WORLD_FIX_F32, WORLD_FIX3_V128 };
enum { WORLD_ABSENT = 5, WORLD_READ_ONLY = 9 };     /* numbers of the odd pages */

enum world_end { WORLD_LEFT = 1, WORLD_EXIT, WORLD_FAULT_PAGE, WORLD_FAULT_ALIGN, WORLD_FAULT_HELPER };

struct ir_world {
    struct world_cpu cpu;
    uint8_t *mem;                   /* page aligned, WORLD_BYTES */
    /* how the run ended */
    enum world_end end;
    uint64_t fault_addr;
    bool fault_write;
    uint32_t exit_code;
    unsigned insns;                 /* guest instructions completed */
    jmp_buf fault;                  /* where a fault goes */
    struct interp_scratch *scratch;
};

extern const struct ir_target world_target;

struct ir_world *ir_world_new(void);
void ir_world_free(struct ir_world *w);
/* State and memory from a seed, with many corner values. */
void ir_world_init(struct ir_world *w, uint64_t seed);

/* Would this access fault? Then records how in end, fault_addr and fault_write. mem: enum ir_mem bits. */
bool ir_world_faults(struct ir_world *w, uint64_t addr, unsigned mem, bool write);
/* Accesses that are known not to fault; values zero-extended, little or big endian as mem says. */
uint64_t ir_world_load(struct ir_world *w, uint64_t addr, unsigned mem);
void ir_world_store(struct ir_world *w, uint64_t addr, uint64_t value, unsigned mem);
/* As struct host_env.slow, but for probes, which only check. */
void ir_world_slow(struct ir_world *w, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2]);

/* Runs a region in the interpreter. */
void ir_world_interp(struct ir_world *w, const struct ir *ir);

/* Did two runs end alike, with the same state and memory? Else *diff (if any) says what differs, one line each. */
bool ir_world_same(const struct ir_world *a, const struct ir_world *b, GString *diff);

#endif
