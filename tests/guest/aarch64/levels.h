/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For programs that run on all exception levels. The program's main runs at the highest level that there is; run_at takes a
 * function to a lower one and comes back. Every exception is written to the console and added to a sum, so that two
 * emulators can be compared line by line, and a run with the sum that it should have.
 */
#ifndef LEVELS_H
#define LEVELS_H

#include "rt.h"

struct lframe {
    uint64_t x[31], pc, pstate, esr, far;
};

extern unsigned top_level;              /* 2 or 3: where main runs */
extern uint64_t last_esr;               /* of the last exception, wherever it was taken */
extern unsigned ltraps;

/* Runs f at a level below top_level with these bits added to the saved state (0: all masked). */
void run_at(unsigned el, void (*f)(void));
/* A line of text that belongs to the trace. */
void say(const char *s);
/* The same with a number. */
void say_hex(const char *s, uint64_t v);
/* The sum of what has been said; main compares it. */
uint32_t trace_sum(void);
void levels_main(void);

#define OP(insn) __asm__ volatile(insn : : : "x0", "x1", "x30", "memory")

#endif
