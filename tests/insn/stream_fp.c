/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Corner values of floating point: one instruction with every pair of them (triples: a random choice), in every rounding
 * mode, dynamic and static in turn; frm is another one where the mode is static. The flags are read and cleared behind each
 * instruction, by the same instruction that clears them.
 */
#include <string.h>

#include "target/riscv/decode.h"
#include "tests/insn/random.h"
#include "tests/insn/stream.h"

enum { VALUES = 16, PER_CASE = 8, RESULTS = 16, FLAGS = 24, TRIPLES = 256, MODES = 5, RM_DYNAMIC = 7 };

/* Exponent and fraction of a format, and what stands above it in a register. */
struct format {
    char letter;
    unsigned exp, man;
    uint64_t box;
};

static const struct format formats[] = {
    { 'd', 11, 52, 0 }, { 's', 8, 23, 0xffffffff00000000 }, { 'h', 5, 10, 0xffffffffffff0000 },
};

static void float_corners(const struct format *f, uint64_t v[VALUES])
{
    uint64_t sign = 1ull << (f->exp + f->man), one = ((1ull << (f->exp - 1)) - 1) << f->man, ulp = 1;
    uint64_t inf = ((1ull << f->exp) - 1) << f->man, fraction = (1ull << f->man) - 1, quiet = 1ull << (f->man - 1);
    const uint64_t all[VALUES] = {
        0, sign, ulp, sign | fraction, 1ull << f->man, one, sign | one | quiet, one + ulp, sign | (one - ulp), inf - ulp,
        sign | (inf - ulp), inf, sign | inf, inf | quiet, sign | inf | quiet | 5, inf | 1,
    };

    for (unsigned i = 0; i < VALUES; i++) {
        v[i] = all[i] | f->box;
    }
    if (f->box) {
        v[14] = one;            /* not boxed: the canonical NaN */
    }
}

/* x registers that a source may be: the record's pointer and the results are elsewhere. */
static const uint8_t x_sources[VALUES] = { 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 2 };
static const uint64_t int_corners[VALUES] = {
    0, 1, -1ull, (1 << 24) + 1, INT32_MAX, 0x80000000, 0xffffffff80000000, UINT32_MAX, (1ull << 53) + 1, (1ull << 53) + 3,
    INT64_MAX, 1ull << 63, -1025ull, 2047,
};

struct operands {
    unsigned rd, rs1, rs2, rs3, rm;
};

static uint32_t pick(void *opaque, const char *field, unsigned bits)
{
    const struct operands *o = opaque;

    return !strcmp(field, "rd")    ? o->rd
           : !strcmp(field, "rs1") ? o->rs1
           : !strcmp(field, "rs2") ? o->rs2
           : !strcmp(field, "rs3") ? o->rs3
           : !strcmp(field, "rm")  ? o->rm
                                   : 0;
}

static bool has_field(const struct isa_row *row, const char *name)
{
    return isa_field_find(row, name, strlen(name)) != NULL;
}

bool stream_fp_row(const struct isa_row *row)
{
    return row->name[0] == 'f' && !g_str_has_prefix(row->name, "fence") && !strstr(row->assembler, "(rs1)") &&
           has_field(row, "rd") && has_field(row, "rs1");
}

static bool from_int(const struct isa_row *row)
{
    const char *from = strrchr(row->name, '.');

    return !strcmp(from, ".w") || !strcmp(from, ".wu") || !strcmp(from, ".l") || !strcmp(from, ".lu") || !strcmp(from, ".x");
}

/* Of the sources: the last letter of "fcvt.d.s", "fmv.x.w", "fadd.d". */
static const struct format *source_format(const struct isa_row *row)
{
    char letter = row->name[strlen(row->name) - 1];

    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].letter == letter) {
            return &formats[i];
        }
    }
    return &formats[1];
}

static struct stream_case *new_case(const struct isa_row *row, unsigned xlen, unsigned frm)
{
    struct stream_case *c = g_new0(struct stream_case, 1);

    float_corners(source_format(row), c->record.f_in);
    for (unsigned i = 0; i < 14; i++) {
        c->record.x_in[x_sources[i]] = xlen == 32 ? (uint32_t)int_corners[i] : int_corners[i];
    }
    c->record.fcsr_in = frm << 5;
    c->items = g_array_new(FALSE, FALSE, sizeof(struct stream_item));
    return c;
}

static void add(struct stream_case *c, const struct isa_row *row, struct operands *o)
{
    struct stream_item it = { .count = 2 };
    unsigned at = c->items->len;

    o->rd = RESULTS + at;
    g_assert_true(isa_encode(row, pick, o, &it.insn[0]));
    it.insn[1] = 1u << 20 | 5u << 12 | (FLAGS + at) << 7 | 0x73;        /* csrrwi x, fflags, 0 */
    g_array_append_val(c->items, it);
}

/* All operands in one rounding mode. */
static void one_mode(struct stream *s, GRand *rand, const struct isa_row *row, unsigned mode, bool is_static)
{
    bool ints = from_int(row), three = has_field(row, "rs3");
    unsigned n = three ? TRIPLES : has_field(row, "rs2") ? VALUES * VALUES : VALUES;
    unsigned frm = is_static ? (mode + (unsigned)g_rand_int_range(rand, 1, MODES)) % MODES : mode;
    struct stream_case *c = NULL;

    for (unsigned k = 0; k < n; k++) {
        struct operands o = {
            .rs1 = ints ? x_sources[k % VALUES] : k % VALUES, .rs2 = k / VALUES, .rm = is_static ? mode : RM_DYNAMIC,
        };

        if (three) {
            o.rs1 = g_rand_int_range(rand, 0, VALUES);
            o.rs2 = g_rand_int_range(rand, 0, VALUES);
            o.rs3 = g_rand_int_range(rand, 0, VALUES);
        }
        if (!c || c->items->len == PER_CASE) {
            c = new_case(row, s->xlen, frm);
            g_ptr_array_add(s->cases, c);
        }
        add(c, row, &o);
    }
}

struct stream *stream_fp(uint32_t seed, unsigned xlen, const struct isa_needs *needs, unsigned row)
{
    GRand *rand = g_rand_new_with_seed(seed);
    struct stream *s = stream_empty(seed, xlen, needs);
    bool rounds = has_field(&rv_rows[row], "rm");

    for (unsigned mode = 0; mode < MODES; mode++) {
        one_mode(s, rand, &rv_rows[row], mode, false);
        if (rounds) {
            one_mode(s, rand, &rv_rows[row], mode, true);
        }
    }
    g_rand_free(rand);
    return s;
}
