/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random RISC-V programs for differential tests.
 *
 * A program is a list of cases. Each loads all registers from its record in the data area, runs random instructions (any
 * row of the tables that user mode can run and that stays in the case), and stores all registers back. Loads, stores and
 * atomics hit the record's scratch bytes; jumps go forward over one instruction. A program goes through its cases twice,
 * so that the second time finds translations chained and the TLB filled. It has no other input and ends at an address
 * known beforehand, so that running it on two machines and comparing the data area is the test.
 *
 * Everything derives from the seed; cases are independent of each other, and a case's items may be left out one by one.
 */
#ifndef TESTS_INSN_STREAM_H
#define TESTS_INSN_STREAM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "target/isa.h"

#define STREAM_BASE 0x80000000u     /* where code, then data are loaded: RAM of the virt board */

/* A case's record in the data area. On RV32 x registers are the low halves. */
struct stream_record {
    uint64_t x_in[32], f_in[32], fcsr_in, pad0;
    uint64_t x_out[32], f_out[32], fcsr_out, pad1[5];
    uint8_t scratch[256];           /* starts at a cache block, as the record does */
};

/* Instructions that belong together: an access and the set-up of its base, a jump and what it jumps over. */
struct stream_item {
    uint32_t insn[6];
    uint8_t count;
    bool skip;                      /* left out (minimising) */
};

struct stream_case {
    GArray *items;                  /* struct stream_item */
    struct stream_record record;
};

struct stream {
    uint32_t seed;
    unsigned xlen;
    const struct isa_needs *needs;
    GPtrArray *cases;               /* struct stream_case */
    GArray *rows;                   /* unsigned: rows to choose from */
};

/* ncases cases of about nitems items each. only: NULL, or a pattern for mnemonics ("fadd.*") to choose from. */
struct stream *stream_new(uint32_t seed, unsigned xlen, const struct isa_needs *needs, unsigned ncases, unsigned nitems,
                          const char *only);
struct stream *stream_empty(uint32_t seed, unsigned xlen, const struct isa_needs *needs);
void stream_free(struct stream *s);

/* Corner values for one row, if it computes with floating point (stream_fp.c). */
bool stream_fp_row(const struct isa_row *row);
struct stream *stream_fp(uint32_t seed, unsigned xlen, const struct isa_needs *needs, unsigned row);

/* A loadable image of some of the cases (only: index, or -1 for all). */
struct stream_image {
    GByteArray *bytes;              /* at STREAM_BASE; the entry is the first byte */
    uint64_t end_pc;                /* reached when all cases are done */
    size_t data;                    /* offset of the records */
    unsigned ncases;
};
/* How the program delivers its records when it has come to end_pc. Nothing else in the image depends on it. */
enum stream_end {
    STREAM_LINUX,                   /* to standard output */
    STREAM_SEMIHOSTING,             /* to the file STREAM_FILE of the current directory; started in machine mode */
};
#define STREAM_FILE "records.bin"

struct stream_image *stream_image(const struct stream *s, int only, enum stream_end end);
void stream_image_free(struct stream_image *i);

/* Text of one case: its instructions and the registers that differ between the records. */
void stream_print_case(const struct stream *s, const struct stream_case *c, GString *out);
void stream_print_difference(const struct stream *s, const struct stream_record *a, const struct stream_record *b,
                             GString *out);

#endif
