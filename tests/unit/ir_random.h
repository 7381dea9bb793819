/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random regions over world_target (ir_world.h): several blocks with arguments, loops that end, all operations, memory
 * operations that fault now and then. A region is determined by its seed and the options. What it leaves behind does not
 * depend on which NaN an FP operation delivers.
 */
#ifndef TESTS_IR_RANDOM_H
#define TESTS_IR_RANDOM_H

#include "tests/unit/ir_world.h"

enum ir_random_features {
    RANDOM_BLOCKS = 1,          /* more than one block, with branches and block arguments */
    RANDOM_LOOPS = 2,
    RANDOM_MEM = 4,             /* loads and stores */
    RANDOM_ATOMICS = 8,         /* rmw, cas, probe, fence */
    RANDOM_FP = 16,
    RANDOM_I128 = 32,           /* pair, lo, hi, 16-byte accesses */
    RANDOM_CALLS = 64,
    RANDOM_BE = 128,            /* big-endian accesses */
    RANDOM_NONCANON = 256,      /* puts of values marked IR_NONCANON */
    RANDOM_UNALIGNED = 512,     /* addresses that are not multiples of the size, accesses that require them to be */
    RANDOM_V128 = 1024,         /* vectors */
    RANDOM_ALL = 2047,
};

struct ir_random_opts {
    unsigned features;          /* enum ir_random_features */
    unsigned blocks_max;        /* at most 16 */
    unsigned insns_max;         /* guest instructions in a block */
};

/* Builds a region with ir's builder (which folds as ir->fold says). */
void ir_random(struct ir *ir, uint64_t seed, const struct ir_random_opts *o);

/*
 * The smallest region, as text, that fails still, made from one that fails by leaving lines out and by putting constants
 * for values. fails() gets verified IR.
 */
char *ir_random_minimise(const char *text, bool (*fails)(struct ir *ir, void *opaque), void *opaque);

/* How many programs a test should run: the number given, or what the variable IR_RANDOM_COUNT says. */
unsigned ir_random_count(unsigned fast);
/* The first seed: IR_RANDOM_SEED, or 1. */
uint64_t ir_random_seed(void);

#endif
