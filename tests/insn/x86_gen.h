/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random x86-64 instructions of the tables' rows, with registers such that memory operands lie in the data area. */
#ifndef TESTS_INSN_X86_GEN_H
#define TESTS_INSN_X86_GEN_H

#include <glib.h>

#include "target/x86/decode.h"
#include "tests/insn/x86_native.h"

struct x86_case {
    uint8_t bytes[64];
    unsigned n;                         /* bytes */
    const struct x86_row *row;          /* of the last instruction */
    uint64_t undefined;                 /* flags that the manual leaves undefined behind it */
    struct x86_result in;
};

/* Can the row be tested this way? (user level, falls through) */
bool x86_gen_wanted(const struct x86_row *row);
/* One instruction of the row, perhaps behind others that set flags. False: no luck, try again. */
bool x86_gen_case(GRand *rand, const struct x86_row *row, struct x86_case *c);

#endif
