/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/arm_stream.h"

#include <stddef.h>
#include <string.h>

#include "target/arm/decode.h"
#include "target/arm/disas.h"
#include "target/arm/translate.h"
#include "tests/insn/random.h"

G_STATIC_ASSERT(sizeof(struct arm_record) % 64 == 0 && offsetof(struct arm_record, scratch) % 64 == 0);

enum { BASE = 28 };                 /* holds the record's address: no instruction may write it */
enum { PASSES = 2 };

/* ---- rows that a program may contain ---- */

static const char *const not_here[] = {
    "b", "bl", "br", "blr", "ret", "eret", "svc", "hvc", "smc", "brk", "hlt", "hint", "sys", "sysl", "msr", "mrs", "msr_imm",
    "isb", "dsb", "bra*", "blra*", "reta*", "ereta*", "prfm*", "stxr", "stxp", "pac*", "aut*", "xpac*", "ldra",
    "irg", "addg", "subg", "ldg*", "st*g", "st*gm", "stgp",
};

static bool listed(const char *name, const char *const *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (g_pattern_match_simple(list[i], name)) {
            return true;
        }
    }
    return false;
}

/* Does the emit function take the encoding, which fits its row, for a valid one? */
static bool valid(uint32_t insn)
{
    static const struct arm_cpu zero;
    struct arm_cpu *cpu = g_memdup2(&zero, sizeof(zero));
    struct ir *ir = ir_new();
    uint8_t page[4096] = { insn, insn >> 8, insn >> 16, insn >> 24 };
    struct tr_block tb = { .pc = 0x1000, .max_insns = 1, .page = page, .cpu = &cpu->cpu, .key = 1 };
    bool ok = true;

    cpu->ext.bits = ~0ull;
    arm_needs(&cpu->needs, &cpu->ext, 64);
    arm_translate(&tb, ir);
    for (unsigned i = 1; i < ir->ninsns; i++) {
        ok &= ir->insns[i].op != IR_OP_call || ir->insns[i].imm != ARM_HELPER_raise;
    }
    ir_free(ir);
    g_free(cpu);
    return ok;
}

static GArray *choose_rows(const char *only)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned r = 0; r < ARM_ROWS; r++) {
        const char *name = arm_rows[r].name;

        if (!listed(name, not_here, G_N_ELEMENTS(not_here)) && (!only || g_pattern_match_simple(only, name))) {
            g_array_append_val(rows, r);
        }
    }
    return rows;
}

/* ---- operands ---- */

static uint32_t pick(void *opaque, const char *field, unsigned bits)
{
    GRand *rand = opaque;

    if (field[0] == '_') {
        return UINT32_MAX;
    }
    if (field[0] == 'r' && bits == 5 && g_rand_int_range(rand, 0, 10) < 7) {
        return g_rand_int_range(rand, 0, 6);        /* few registers, so that results are used */
    }
    return g_rand_int(rand);
}

static int32_t operand(const struct isa_row *row, uint32_t insn, const char *name)
{
    const struct isa_field *f = isa_field_find(row, name, strlen(name));

    return f ? isa_field_get(f, insn) : -1;
}

static bool is_memory(const struct isa_row *row)
{
    return strchr(row->assembler, '[') != NULL;
}

/* What the manual leaves open is left out: registers that a load or store names twice. */
static bool distinct(const struct isa_row *row, uint32_t insn)
{
    int rt = operand(row, insn, "rt"), rt2 = operand(row, insn, "rt2"), rn = operand(row, insn, "rn");
    int rs = operand(row, insn, "rs"), rm = operand(row, insn, "rm");
    bool pair = g_str_has_prefix(row->name, "casp");

    if (rn == 31 || rn == rt || rn == rt2 || rt == rt2 || rn == rs || (rs >= 0 && rs == rt) || rn == rm) {
        return false;
    }
    return !pair || (rs + 1 != rn && rt + 1 != rn && rs < 26 && rt < 26);
}

static bool usable(const struct isa_row *row, uint32_t insn)
{
    static const char *const written[] = { "rd", "rt", "rt2", "rs" };

    for (unsigned i = 0; i < G_N_ELEMENTS(written); i++) {
        if (operand(row, insn, written[i]) == BASE) {
            return false;
        }
    }
    if (is_memory(row) && (operand(row, insn, "rn") == BASE || operand(row, insn, "rm") == BASE || !distinct(row, insn))) {
        return false;
    }
    return arm_decode32(insn, &(struct isa_needs){ { ~0ull, ~0ull } }) == (unsigned)(row - arm_rows) && valid(insn);
}

static uint32_t random_insn(GRand *rand, const struct isa_row *row)
{
    uint32_t insn;

    while (!isa_encode(row, pick, rand, &insn) || !usable(row, insn)) {
    }
    return insn;
}

/* ---- items ---- */

static void item_add(struct stream_item *it, uint32_t insn)
{
    it->insn[it->count++] = insn;
}

static uint32_t add_imm(unsigned rd, unsigned rn, unsigned imm)
{
    return 0x91000000 | imm << 10 | rn << 5 | rd;
}

static uint32_t sub_imm(unsigned rd, unsigned rn, unsigned imm)
{
    return 0xd1000000 | imm << 10 | rn << 5 | rd;
}

static uint32_t movz(unsigned rd, unsigned imm)
{
    return 0xd2800000 | imm << 5 | rd;
}

static unsigned v_log2(uint32_t insn)
{
    return insn >> 23 & 1 ? 4 : insn >> 30;
}

/* The displacement that an encoding adds to its base register; *align: what the address must be a multiple of. */
static int32_t displacement(const struct isa_row *row, uint32_t insn, unsigned index, unsigned *align)
{
    bool simd = insn >> 26 & 1;
    const char *name = row->name;

    *align = 1;
    if (g_str_has_suffix(name, "_ui") || g_str_has_suffix(name, "_vui")) {
        return operand(row, insn, "uimm") << (simd ? v_log2(insn) : insn >> 30);
    }
    if (g_str_has_suffix(name, "_ro") || g_str_has_suffix(name, "_vro")) {
        return index << (insn >> 12 & 1 ? (simd ? v_log2(insn) : insn >> 30) : 0);
    }
    if (!strcmp(name, "stp") || !strcmp(name, "ldp") || !strcmp(name, "ldpsw") || !strcmp(name, "stp_v") ||
        !strcmp(name, "ldp_v")) {
        unsigned scale = simd ? 2 + (insn >> 30) : insn >> 31 ? 3 : 2;

        return (insn >> 23 & 3) == 1 ? 0 : operand(row, insn, "imm") * (1 << scale);
    }
    if (operand(row, insn, "mode") >= 0) {
        return (insn >> 10 & 3) == 1 ? 0 : operand(row, insn, "imm");
    }
    if (g_str_has_prefix(row->needs, "LRCPC2")) {
        *align = 16;
        return operand(row, insn, "imm");
    }
    *align = simd ? 1 : 16;
    return 0;
}

/* Puts the address that makes the access hit the scratch bytes into its base register. */
static void add_base(GRand *rand, const struct isa_row *row, uint32_t insn, struct stream_item *it)
{
    unsigned rn = operand(row, insn, "rn"), align, index = g_rand_int_range(rand, 0, 8);
    int32_t at = g_rand_int_range(rand, 0, 384), want;
    int rm = strchr(row->assembler, '[') && operand(row, insn, "option") >= 0 ? operand(row, insn, "rm") : -1;

    want = -displacement(row, insn, rm >= 0 && rm != 31 ? index : 0, &align);
    want += (at & ~(align - 1)) + (int32_t)offsetof(struct arm_record, scratch);
    if (rm >= 0 && rm != 31) {
        item_add(it, movz(rm, index));
    }
    if (want > 4095 || want < -4095) {
        unsigned far = ABS(want) >> 12;

        item_add(it, (want > 0 ? add_imm(rn, BASE, far) : sub_imm(rn, BASE, far)) | 1 << 22);
        want -= want > 0 ? (int)far << 12 : -((int)far << 12);
        item_add(it, want >= 0 ? add_imm(rn, rn, want) : sub_imm(rn, rn, -want));
    } else {
        item_add(it, want >= 0 ? add_imm(rn, BASE, want) : sub_imm(rn, BASE, -want));
    }
}

static uint32_t set_operand(const struct isa_row *row, uint32_t insn, const char *name, int32_t value)
{
    const struct isa_field *f = isa_field_find(row, name, strlen(name));

    for (unsigned i = 0; i < f->nparts; i++) {
        uint32_t ones = (1u << f->part[i].width) - 1;

        insn &= ~(ones << f->part[i].from);
        insn |= isa_bits(value, f->part[i].to, f->part[i].width) << f->part[i].from;
    }
    return insn;
}

/* A load-exclusive, perhaps a spoiling store, and the store-exclusive. */
static void add_exclusive(GRand *rand, struct stream_item *it)
{
    unsigned base = 9, value = g_rand_int_range(rand, 0, 4), size = g_rand_int_range(rand, 0, 4), off;

    off = offsetof(struct arm_record, scratch) + g_rand_int_range(rand, 0, 16) * 16;
    item_add(it, add_imm(base, BASE, off));
    if (g_rand_int_range(rand, 0, 3) == 0) {            /* pair */
        unsigned wide = g_rand_boolean(rand);

        item_add(it, 0x887f0000 | wide << 30 | 10 << 10 | base << 5 | value);
        item_add(it, add_imm(value, value, 1));
        item_add(it, 0x88200000 | wide << 30 | 5 << 16 | 10 << 10 | base << 5 | value);
        return;
    }
    item_add(it, 0x085f7c00 | size << 30 | (uint32_t)g_rand_boolean(rand) << 15 | base << 5 | value);
    if (g_rand_int_range(rand, 0, 3) == 0) {
        item_add(it, 0x39000000 | base << 5 | value);   /* strb */
    }
    item_add(it, add_imm(value, value, 1));
    item_add(it, 0x08007c00 | size << 30 | 5 << 16 | (uint32_t)g_rand_boolean(rand) << 15 | base << 5 | value);
}

static void random_item(const struct arm_stream *s, GRand *rand, struct stream_item *it)
{
    const struct isa_row *row = &arm_rows[g_array_index(s->rows, unsigned, g_rand_int_range(rand, 0, s->rows->len))];
    uint32_t insn;

    memset(it, 0, sizeof(*it));
    if (!strcmp(row->name, "ldxr") || !strcmp(row->name, "ldxp")) {
        add_exclusive(rand, it);
        return;
    }
    insn = random_insn(rand, row);
    if (strstr(row->assembler, "imm.pcfour")) {         /* branches over one instruction or none; literals */
        unsigned over = g_rand_boolean(rand);

        item_add(it, set_operand(row, insn, "imm", 1 + over));
        if (over) {
            unsigned reg = g_rand_int_range(rand, 0, 6);

            item_add(it, add_imm(reg, reg, 1));
        }
        return;
    }
    if (is_memory(row)) {
        add_base(rand, row, insn, it);
    }
    item_add(it, insn);
}

/* ---- initial state ---- */

static uint64_t random_half(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return random_int(rand);
    case 1:
        return random_float(rand, 8, 23) | random_float(rand, 8, 23) << 32;
    case 2:
        return random_float(rand, 5, 10) | random_float(rand, 5, 10) << 16 | random_float(rand, 5, 10) << 32 |
               random_float(rand, 5, 10) << 48;
    default:
        return random_float(rand, 11, 52);
    }
}

static void random_record(GRand *rand, struct arm_record *r)
{
    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < 32; i++) {
        r->x_in[i] = random_int(rand);
        r->v_in[i][0] = random_half(rand);
        r->v_in[i][1] = random_half(rand);
    }
    r->nzcv_in = (uint64_t)g_rand_int_range(rand, 0, 16) << 28;
    r->fpcr_in = g_rand_boolean(rand) ? 0 : (uint64_t)g_rand_int_range(rand, 0, 4) << 22 |
                 (uint64_t)g_rand_boolean(rand) << 25 | (uint64_t)(g_rand_int_range(rand, 0, 4) == 0) << 19;
    if (g_rand_int_range(rand, 0, 8) == 0) {
        r->fpcr_in |= (uint64_t)g_rand_int_range(rand, 0, 2) << 24 | (uint64_t)g_rand_int_range(rand, 0, 2) << 26;
    }
    for (unsigned i = 0; i < sizeof(r->scratch); i++) {
        r->scratch[i] = g_rand_int(rand);
    }
}

static void case_free(void *p)
{
    struct arm_case *c = p;

    g_array_free(c->items, TRUE);
    g_free(c);
}

struct arm_stream *arm_stream_new(uint32_t seed, unsigned ncases, unsigned nitems, const char *only)
{
    struct arm_stream *s = g_new0(struct arm_stream, 1);

    s->seed = seed;
    s->rows = choose_rows(only);
    s->cases = g_ptr_array_new_with_free_func(case_free);
    g_assert_cmpuint(s->rows->len, >, 0);
    for (unsigned i = 0; i < ncases; i++) {
        const guint32 seeds[] = { seed, i };
        GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
        struct arm_case *c = g_new0(struct arm_case, 1);

        random_record(rand, &c->record);
        c->items = g_array_new(FALSE, FALSE, sizeof(struct stream_item));
        for (unsigned n = 0; n < nitems; n++) {
            struct stream_item it;

            random_item(s, rand, &it);
            g_array_append_val(c->items, it);
        }
        g_ptr_array_add(s->cases, c);
        g_rand_free(rand);
    }
    return s;
}

void arm_stream_free(struct arm_stream *s)
{
    g_ptr_array_free(s->cases, TRUE);
    g_array_free(s->rows, TRUE);
    g_free(s);
}

/* ---- the image ---- */

static void put(GByteArray *b, uint32_t insn)
{
    uint8_t le[4] = { insn, insn >> 8, insn >> 16, insn >> 24 };

    g_byte_array_append(b, le, 4);
}

static void put_constant(GByteArray *b, unsigned rd, uint32_t v)
{
    put(b, movz(rd, v & 0xffff));
    put(b, 0xf2a00000 | (v >> 16) << 5 | rd);           /* movk rd, #hi, lsl #16 */
}

static void put_registers(GByteArray *b, bool load)
{
    unsigned x = load ? offsetof(struct arm_record, x_in) : offsetof(struct arm_record, x_out);
    unsigned v = load ? offsetof(struct arm_record, v_in) : offsetof(struct arm_record, v_out);

    for (unsigned i = 0; i < 32; i++) {
        put(b, (load ? 0x3dc00000 : 0x3d800000) | (v / 16 + i) << 10 | BASE << 5 | i);
    }
    for (unsigned i = 0; i < 31; i++) {
        if (i != BASE) {
            put(b, (load ? 0xf9400000 : 0xf9000000) | (x / 8 + i) << 10 | BASE << 5 | i);
        }
    }
}

/* NZCV, FPCR, FPSR by way of x0. */
static void put_control(GByteArray *b, bool load)
{
    static const uint32_t regs[3] = { 0xd51b4200, 0xd51b4400, 0xd51b4420 };
    unsigned at = load ? offsetof(struct arm_record, nzcv_in) : offsetof(struct arm_record, nzcv_out);

    for (unsigned i = 0; i < 3; i++) {
        if (load) {
            put(b, 0xf9400000 | (at / 8 + i) << 10 | BASE << 5);
            put(b, regs[i]);
        } else {
            put(b, regs[i] | 1 << 21);
            put(b, 0xf9000000 | (at / 8 + i) << 10 | BASE << 5);
        }
    }
}

static void put_case(GByteArray *b, const struct arm_case *c, uint32_t record)
{
    put_constant(b, BASE, STREAM_BASE + record);
    put(b, add_imm(31, BASE, 0));                       /* sp */
    put_control(b, true);
    put_registers(b, true);
    for (unsigned i = 0; i < c->items->len; i++) {
        const struct stream_item *it = &g_array_index(c->items, struct stream_item, i);

        for (unsigned n = 0; n < it->count && !it->skip; n++) {
            put(b, it->insn[n]);
        }
    }
    put_registers(b, false);
    put(b, add_imm(0, 31, 0));
    put(b, 0xf9000000 | (offsetof(struct arm_record, x_out) / 8 + 31) << 10 | BASE << 5);
    put_control(b, false);
}

static unsigned put_code(GByteArray *b, const struct arm_stream *s, int only, struct stream_image *im, uint32_t data)
{
    uint32_t loop, bytes;

    put_constant(b, 27, PASSES);
    put_constant(b, BASE, STREAM_BASE + data);
    put(b, 0xf9000000 | BASE << 5 | 27);                /* passes left */
    loop = b->len;
    im->ncases = 0;
    for (unsigned i = 0; i < s->cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            put_case(b, s->cases->pdata[i], data + 64 + im->ncases++ * sizeof(struct arm_record));
        }
    }
    put_constant(b, BASE, STREAM_BASE + data);
    put(b, 0xf9400000 | BASE << 5 | 27);
    put(b, sub_imm(27, 27, 1));
    put(b, 0xf9000000 | BASE << 5 | 27);
    put(b, 0xb4000000 | 2 << 5 | 27);                   /* cbz x27, .+8 */
    put(b, 0x14000000 | ((loop - b->len) / 4 & 0x3ffffff));
    im->end_pc = STREAM_BASE + b->len;
    bytes = im->ncases * sizeof(struct arm_record);
    put(b, movz(0, 1));                                 /* write(1, records, size); exit(0) */
    put_constant(b, 1, STREAM_BASE + data + 64);
    put_constant(b, 2, bytes);
    put(b, movz(8, 64));
    put(b, 0xd4000001);
    put(b, movz(0, 0));
    put(b, movz(8, 93));
    put(b, 0xd4000001);
    while (b->len % 64) {
        put(b, 0);
    }
    return b->len;
}

struct stream_image *arm_stream_image(const struct arm_stream *s, int only)
{
    static const uint8_t head[64];
    struct stream_image *im = g_new0(struct stream_image, 1);
    size_t data = 0;

    /* Twice: the first pass finds out where the data is. */
    for (unsigned pass = 0; pass < 2; pass++) {
        if (im->bytes) {
            g_byte_array_free(im->bytes, TRUE);
        }
        im->bytes = g_byte_array_new();
        data = put_code(im->bytes, s, only, im, data);
    }
    g_byte_array_append(im->bytes, head, sizeof(head));
    im->data = im->bytes->len;
    for (unsigned i = 0; i < s->cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            const struct arm_case *c = s->cases->pdata[i];

            g_byte_array_append(im->bytes, (const uint8_t *)&c->record, sizeof(c->record));
        }
    }
    return im;
}

/* ---- text ---- */

void arm_stream_print_case(const struct arm_case *c, GString *out)
{
    const struct isa_needs all = { { ~0ull, ~0ull } };

    for (unsigned i = 0; i < c->items->len; i++) {
        const struct stream_item *it = &g_array_index(c->items, struct stream_item, i);

        for (unsigned n = 0; n < it->count && !it->skip; n++) {
            g_string_append_printf(out, "    %08x  ", it->insn[n]);
            arm_disas(it->insn[n], &all, 0, out);
            g_string_append_c(out, '\n');
        }
    }
}

static void difference(GString *out, const char *kind, unsigned i, uint64_t in, uint64_t a, uint64_t b)
{
    if (a != b) {
        g_string_append_printf(out, "    %s%u: was %016" G_GINT64_MODIFIER "x, expected %016" G_GINT64_MODIFIER
                               "x, got %016" G_GINT64_MODIFIER "x\n", kind, i, in, a, b);
    }
}

void arm_stream_print_difference(const struct arm_record *a, const struct arm_record *b, GString *out)
{
    for (unsigned i = 0; i < 32; i++) {
        difference(out, "x", i, a->x_in[i], a->x_out[i], b->x_out[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        difference(out, "vlo", i, a->v_in[i][0], a->v_out[i][0], b->v_out[i][0]);
        difference(out, "vhi", i, a->v_in[i][1], a->v_out[i][1], b->v_out[i][1]);
    }
    difference(out, "nzcv", 0, a->nzcv_in, a->nzcv_out, b->nzcv_out);
    difference(out, "fpcr", 0, a->fpcr_in, a->fpcr_out, b->fpcr_out);
    difference(out, "fpsr", 0, a->fpsr_in, a->fpsr_out, b->fpsr_out);
    for (unsigned i = 0; i < sizeof(a->scratch); i++) {
        difference(out, "scratch", i, 0, a->scratch[i], b->scratch[i]);
    }
    for (unsigned i = 0; i < 31; i++) {
        g_string_append_printf(out, " x%u=%" G_GINT64_MODIFIER "x", i, a->x_in[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_string_append_printf(out, " v%u=%" G_GINT64_MODIFIER "x:%" G_GINT64_MODIFIER "x", i, a->v_in[i][1], a->v_in[i][0]);
    }
    g_string_append_printf(out, " nzcv=%" G_GINT64_MODIFIER "x fpcr=%" G_GINT64_MODIFIER "x\n", a->nzcv_in, a->fpcr_in);
}
