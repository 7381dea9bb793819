/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a few x86-64 instructions on the host CPU itself, in this process: registers, flags and memory are loaded, the
 * instructions run, everything is stored back. Signals end a run.
 *
 * The area stands at X86_AREA: state, data, stack and code, all below 2 GiB so that every addressing form reaches it.
 */
#ifndef TESTS_INSN_X86_NATIVE_H
#define TESTS_INSN_X86_NATIVE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    X86_AREA = 0x20000000,
    X86_DATA = X86_AREA + 0x1000,       /* what memory operands are in */
    X86_DATA_BYTES = 0x2000,
    X86_CODE = X86_AREA + 0x4000,       /* one page */
    X86_CODE_AT = 0x800,                /* the instructions under test in it */
};

struct x86_regs {
    uint64_t r[16];
    uint64_t flags;
    uint8_t xmm[16][32];
    uint64_t mm[8];
    uint32_t mxcsr;
};

struct x86_result {
    struct x86_regs regs;
    uint8_t data[X86_DATA_BYTES];
    int fault;                          /* vector of enum x86_vector, -1: none */
};

/* False: the area can't be mapped. */
bool x86_native_init(void);
/* Has the host YMM registers? Else the upper halves stay as they are. */
bool x86_native_avx(void);
/* The page of code with the instructions in place, as guests see it. */
const uint8_t *x86_native_code(void);
/* Runs bytes from in to out. */
void x86_native_run(const uint8_t *bytes, unsigned n, const struct x86_result *in, struct x86_result *out);

#endif
