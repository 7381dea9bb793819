/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random A64 programs for differential tests, of the same shape as those of stream.h: cases that load all registers from
 * a record, run random rows of the tables, and store all registers back.
 */
#ifndef TESTS_INSN_ARM_STREAM_H
#define TESTS_INSN_ARM_STREAM_H

#include "tests/insn/stream.h"

struct arm_record {
    uint64_t x_in[32], v_in[32][2], nzcv_in, fpcr_in, fpsr_in, pad0;
    uint64_t x_out[32], v_out[32][2], nzcv_out, fpcr_out, fpsr_out, pad1;
    uint8_t scratch[512];
};

struct arm_case {
    GArray *items;                  /* struct stream_item */
    struct arm_record record;
};

struct arm_stream {
    uint32_t seed;
    GPtrArray *cases;               /* struct arm_case */
    GArray *rows;                   /* unsigned: rows to choose from */
};

struct arm_stream *arm_stream_new(uint32_t seed, unsigned ncases, unsigned nitems, const char *only);
void arm_stream_free(struct arm_stream *s);
struct stream_image *arm_stream_image(const struct arm_stream *s, int only);
void arm_stream_print_case(const struct arm_case *c, GString *out);
void arm_stream_print_difference(const struct arm_record *a, const struct arm_record *b, GString *out);

#endif
