/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark programs of the guest: each is a function that does a fixed amount of work and returns a number that
 * depends on all of it, so that the compiler keeps the work and a wrong result can be seen.
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

struct work {
    const char *name;
    double (*run)(void);
};

/* One table for each group, ended by a row without a name. */
extern const struct work int_work[], fp_work[], simd_work[], mem_work[], sys_work[], mt_work[];

/* Sequential disk passes and random blocks on a block device; 0 where all went well. */
int disk_work(const char *path);

/* Announces the start and the end of a piece of work; the host takes the time when the lines arrive. */
void work_begin(const char *name);
void work_end(const char *name, double result);

/* A pseudo-random sequence, the same in every run (Marsaglia's xorshift, 64 bits). */
static inline uint64_t random64(void)
{
    static uint64_t state = 0x2545f4914f6cdd1dull;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x9e3779b97f4a7c15ull;
}

#endif
