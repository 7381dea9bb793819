/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instruction tables at run time: what scripts/isagen makes of the *.isa files, and what every instruction set does with
 * it (encode, disassemble, pick random instructions). Everything here is constant data: any thread.
 */
#ifndef TARGET_ISA_H
#define TARGET_ISA_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* `width` instruction bits from bit `from` are the operand's bits from bit `to`. */
struct isa_part {
    uint8_t from, width, to;
};

struct isa_field {
    const char *name;
    uint8_t bits;           /* highest bit given, plus one */
    uint8_t nparts;
    bool is_signed;
    bool prime;             /* a three-bit register: the operand is 8 more */
    struct isa_part part[8];
};

/* Encodings with (insn & mask) == match. */
struct isa_pair {
    uint32_t mask, match;
};

struct isa_row {
    const char *name;       /* mnemonic; the name of the execution counter, too */
    const char *assembler;  /* operand template: see scripts/isagen */
    const char *needs;      /* as in the table, for messages */
    const char *place;      /* file:line */
    uint32_t mask, match;
    const struct isa_field *field;
    const struct isa_pair *not; /* exceptions: encodings that are not this row's */
    uint8_t length;         /* bytes */
    uint8_t nfields, nnot;
    int8_t need;            /* bit in struct isa_needs, -1: always there */
};

/* Which of the tables' conditions hold: worked out once for a CPU model and mode, one bit test while decoding. */
#define ISA_NEED_WORDS 2
struct isa_needs {
    uint64_t bits[ISA_NEED_WORDS];
};

static inline bool isa_need(const struct isa_needs *n, unsigned bit)
{
    return n->bits[bit / 64] >> bit % 64 & 1;
}

static inline void isa_need_set(struct isa_needs *n, unsigned bit)
{
    n->bits[bit / 64] |= 1ull << bit % 64;
}

static inline bool isa_row_enabled(const struct isa_row *row, const struct isa_needs *needs)
{
    return row->need < 0 || isa_need(needs, row->need);
}

static inline uint32_t isa_bits(uint32_t insn, unsigned from, unsigned width)
{
    return insn >> from & ((1u << width) - 1);
}

static inline int32_t isa_sbits(uint32_t insn, unsigned from, unsigned width)
{
    return (int32_t)(insn << (32 - from - width)) >> (32 - width);
}

/* The operand that a field of insn gives: sign-extended or moved to x8..x15 as the field says. */
int32_t isa_field_get(const struct isa_field *f, uint32_t insn);
const struct isa_field *isa_field_find(const struct isa_row *row, const char *name, size_t len);

/*
 * An encoding of row. pick gives each field's raw bits (those above `bits` are ignored); ignored fields, whose names
 * begin with '_', are asked for, too. False: the picks hit an exception of the row, or a reserved combination; ask again.
 */
typedef uint32_t isa_pick(void *opaque, const char *field, unsigned bits);
bool isa_encode(const struct isa_row *row, isa_pick *pick, void *opaque, uint32_t *insn);

/*
 * Appends "name operands". For every field named in the template operand() appends its text: kind is what stands after
 * the dot, "" for nothing. It returns false where the operand is not shown, then the comma before it is dropped.
 */
struct isa_operand {
    const char *field, *kind;
    int32_t value;
    uint32_t insn;          /* where the text depends on other bits */
    uint64_t pc, pc_mask;   /* of the instruction; the bits that an address has */
};
typedef bool isa_print_operand(GString *out, const struct isa_operand *op);
void isa_disas(const struct isa_row *row, uint32_t insn, uint64_t pc, uint64_t pc_mask, isa_print_operand *operand,
               GString *out);

#endif
