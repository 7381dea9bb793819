/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bare-metal programs for the virt board: console, checks, exceptions at EL1. */
#ifndef RT_H
#define RT_H

#include <stdbool.h>
#include <stdint.h>

struct frame {
    uint64_t x[31], pc, pstate;
};

/* The last exception; pc goes on behind the instruction unless the program's on_trap says that it has dealt with it. */
extern volatile unsigned traps, trap_vector;
extern volatile uint64_t trap_esr, trap_far, trap_pc, trap_pstate;
extern bool (*volatile on_trap)(struct frame *f, unsigned vector);

void print(const char *s);
void print_hex(uint64_t v);
void check(bool ok, const char *what);
/* Prints PASS if no check has failed, and switches the machine off. */
void finish(void);
/* PSCI's; a program may have its own. */
void power_off(void);
void run_at_el0(void (*f)(void), void *stack_top);

#define read_reg(name) ({ uint64_t v_; __asm__ volatile("mrs %0, " #name : "=r"(v_)); v_; })
#define write_reg(name, v) __asm__ volatile("msr " #name ", %0\n\tisb" : : "r"((uint64_t)(v)) : "memory")

static inline unsigned ec(void)
{
    return trap_esr >> 26 & 63;
}

#endif
