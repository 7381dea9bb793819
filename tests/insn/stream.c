/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/stream.h"

#include <stddef.h>
#include <string.h>

#include "target/riscv/decode.h"
#include "target/riscv/disas.h"
#include "tests/insn/random.h"

G_STATIC_ASSERT(sizeof(struct stream_record) % 64 == 0 && offsetof(struct stream_record, scratch) % 64 == 0);

enum { GP = 3, T0 = 5, A0 = 10, A1 = 11, A2 = 12, A7 = 17 };
enum { PASSES = 2, HEAD_BYTES = 128, TAIL_BYTES = 256 };

/* ---- rows that a program may contain ---- */

static const char *const not_here[] = {
    "ecall", "ebreak", "c.ebreak", "mret", "sret", "wfi", "sfence.*", "sinval.*", "cbo.inval", "cbo.clean", "cbo.flush",
};

static bool matches_any(const char *name, const char *const *patterns, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (g_pattern_match_simple(patterns[i], name)) {
            return true;
        }
    }
    return false;
}

static GArray *choose_rows(const struct isa_needs *needs, const char *only)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned r = 0; r < RV_ROWS; r++) {
        const char *name = rv_rows[r].name;

        if (isa_row_enabled(&rv_rows[r], needs) && !matches_any(name, not_here, G_N_ELEMENTS(not_here)) &&
            (!only || g_pattern_match_simple(only, name))) {
            g_array_append_val(rows, r);
        }
    }
    return rows;
}

/* ---- operands ---- */

struct picker {
    GRand *rand;
    const struct isa_row *row;
    int32_t imm;                    /* memory rows: what was picked */
};

static uint32_t pick_csr(struct picker *p)
{
    /* fflags by any instruction; frm only by an immediate that is a rounding mode. */
    return strcmp(p->row->name, "csrrwi") || g_rand_boolean(p->rand) ? 1 : 2;
}

static uint32_t pick(void *opaque, const char *field, unsigned bits)
{
    struct picker *p = opaque;

    if (field[0] == '_') {
        return 0;
    }
    if (!strcmp(field, "csr")) {
        return pick_csr(p);
    }
    if (!strcmp(field, "rm")) {
        return g_rand_boolean(p->rand) ? 7 : g_rand_int_range(p->rand, 0, 5);
    }
    if (!strcmp(field, "uimm") && bits == 5 && g_str_has_prefix(p->row->name, "csr")) {
        return g_rand_int_range(p->rand, 0, 5);
    }
    if (field[0] == 'r' && bits == 5 && g_rand_int_range(p->rand, 0, 10) < 6) {
        return g_rand_int_range(p->rand, 8, 14);    /* few registers, so that results are used */
    }
    return g_rand_int(p->rand);
}

static int32_t operand(const struct isa_row *row, uint32_t insn, const char *name)
{
    const struct isa_field *f = isa_field_find(row, name, strlen(name));

    return f ? isa_field_get(f, insn) : 0;
}

static bool has(const struct isa_row *row, const char *text)
{
    return strstr(row->assembler, text) != NULL;
}

/* gp points to the record: no instruction may write it, nor be a base that we would have to set. */
static bool spares_gp(const struct isa_row *row, uint32_t insn)
{
    int32_t rd = operand(row, insn, "rd");
    bool pair = g_str_has_prefix(row->name, "amocas");
    bool base = has(row, "(rs1)") || !strcmp(row->name, "jalr") || !strcmp(row->name, "c.jr") ||
                !strcmp(row->name, "c.jalr");

    if (rd == GP || (pair && rd == GP - 1)) {
        return false;
    }
    if (pair && !rd) {
        return false;   /* qemu 11 spoils its zero constant with amocas to x0: a division behind it ends the emulator */
    }
    return !base || (operand(row, insn, "rs1") != GP && operand(row, insn, "rs1") != 0);
}

static uint32_t random_insn(GRand *rand, const struct isa_row *row)
{
    struct picker p = { .rand = rand, .row = row };
    uint32_t insn;

    while (!isa_encode(row, pick, &p, &insn) || !spares_gp(row, insn)) {
    }
    return insn;
}

/* ---- fixed instructions ---- */

static uint32_t i_type(unsigned op, unsigned f3, unsigned rd, unsigned rs1, int32_t imm)
{
    return (uint32_t)imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}

static uint32_t s_type(unsigned op, unsigned f3, unsigned rs1, unsigned rs2, int32_t imm)
{
    return ((uint32_t)imm >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | (imm & 31) << 7 | op;
}

static uint32_t addi(unsigned rd, unsigned rs1, int32_t imm)
{
    return i_type(0x13, 0, rd, rs1, imm);
}

static uint32_t auipc(unsigned rd, uint32_t hi)
{
    return (hi & 0xfffff) << 12 | rd << 7 | 0x17;
}

static uint32_t lui(unsigned rd, uint32_t hi)
{
    return (hi & 0xfffff) << 12 | rd << 7 | 0x37;
}

/* ---- items ---- */

static void item_add(struct stream_item *it, uint32_t insn)
{
    it->insn[it->count++] = insn;
}

static const struct isa_row *any_row(const struct stream *s, GRand *rand)
{
    return &rv_rows[g_array_index(s->rows, unsigned, g_rand_int_range(rand, 0, s->rows->len))];
}

/* Puts the address that makes the access hit the scratch bytes into its base register. */
static void add_base(GRand *rand, const struct isa_row *row, uint32_t insn, struct stream_item *it)
{
    unsigned base = has(row, "(sp)") ? 2 : operand(row, insn, "rs1");
    int32_t imm = operand(row, insn, "imm") + operand(row, insn, "uimm");
    int32_t at = g_rand_int_range(rand, 0, 240), first;
    int32_t want;

    if (has(row, "aqrl")) {
        at &= ~15;
    }
    want = (int32_t)offsetof(struct stream_record, scratch) + at - imm;
    first = CLAMP(want, -2048, 2047);
    item_add(it, addi(base, GP, first));
    want -= first;
    first = CLAMP(want, -2048, 2047);
    item_add(it, addi(base, base, first));
    if (want != first) {
        item_add(it, addi(base, base, want - first));
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

/* A jump or branch over one addi (or none): back to straight code either way. */
static void add_jump(GRand *rand, const struct isa_row *row, uint32_t insn, struct stream_item *it)
{
    unsigned over = g_rand_boolean(rand) ? 4 : 0;
    unsigned reg = g_rand_int_range(rand, 8, 16);

    if (has(row, "imm.pc")) {
        insn = set_operand(row, insn, "imm", row->length + over);
    } else {
        unsigned base = operand(row, insn, "rs1");

        item_add(it, auipc(base, 0));
        if (!strcmp(row->name, "jalr")) {
            insn = set_operand(row, insn, "imm", 8 + over + (int)g_rand_boolean(rand));
        } else {
            item_add(it, addi(base, base, 8 + row->length + over));
        }
    }
    item_add(it, insn);
    if (over) {
        item_add(it, addi(reg, reg, 1));
    }
}

static void add_reserved_pair(const struct stream *s, GRand *rand, struct stream_item *it)
{
    bool wide = s->xlen == 64 && g_rand_boolean(rand);
    unsigned base = g_rand_int_range(rand, 8, 12), value = g_rand_int_range(rand, 12, 16);
    uint32_t common = base << 15 | (wide ? 3 : 2) << 12 | 0x2f | (uint32_t)g_rand_int_range(rand, 0, 4) << 25;

    item_add(it, addi(base, GP, offsetof(struct stream_record, scratch) + (g_rand_int_range(rand, 0, 30) & ~1) * 8));
    item_add(it, 0x10000000 | common | value << 7);                                 /* lr value, (base) */
    if (g_rand_int_range(rand, 0, 3) == 0) {
        item_add(it, s_type(0x23, 0, base, value, g_rand_int_range(rand, 0, 8)));   /* sb: may spoil it */
    }
    item_add(it, addi(value, value, 1));
    item_add(it, 0x18000000 | common | (unsigned)g_rand_int_range(rand, 5, 8) << 7 | value << 20);   /* sc */
}

static void random_item(const struct stream *s, GRand *rand, struct stream_item *it)
{
    const struct isa_row *row = any_row(s, rand);
    uint32_t insn;

    memset(it, 0, sizeof(*it));
    if (g_str_has_prefix(row->name, "sc.")) {
        add_reserved_pair(s, rand, it);
        return;
    }
    insn = random_insn(rand, row);
    if (has(row, "imm.pc") || g_str_has_prefix(row->name, "c.j") || !strcmp(row->name, "jalr")) {
        add_jump(rand, row, insn, it);
        return;
    }
    if (has(row, "(rs1)") || has(row, "(sp)")) {
        add_base(rand, row, insn, it);
    }
    item_add(it, insn);
    if (g_str_has_prefix(row->name, "fround")) {
        /* qemu 10 and 11 drop it, flags and all, if the result is not used: store it. */
        item_add(it, s_type(0x27, 3, GP, operand(row, insn, "rd"), offsetof(struct stream_record, scratch)));
    }
}

/* ---- initial state ---- */

static uint64_t random_freg(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 8)) {
    case 0:
        return random_int(rand);
    case 1:
    case 2:
    case 3:
        return 0xffffffff00000000 | random_float(rand, 8, 23);
    case 4:
        return 0xffffffffffff0000 | random_float(rand, 5, 10);
    default:
        return random_float(rand, 11, 52);
    }
}

static void random_record(GRand *rand, unsigned xlen, struct stream_record *r)
{
    memset(r, 0, sizeof(*r));
    for (unsigned i = 0; i < 32; i++) {
        r->x_in[i] = xlen == 32 ? (uint32_t)random_int(rand) : random_int(rand);
        r->f_in[i] = random_freg(rand);
    }
    r->fcsr_in = (uint64_t)g_rand_int_range(rand, 0, 5) << 5;
    for (unsigned i = 0; i < sizeof(r->scratch); i++) {
        r->scratch[i] = g_rand_int(rand);
    }
}

static void case_free(void *p)
{
    struct stream_case *c = p;

    g_array_free(c->items, TRUE);
    g_free(c);
}

struct stream *stream_empty(uint32_t seed, unsigned xlen, const struct isa_needs *needs)
{
    struct stream *s = g_new0(struct stream, 1);

    s->seed = seed;
    s->xlen = xlen;
    s->needs = needs;
    s->cases = g_ptr_array_new_with_free_func(case_free);
    return s;
}

struct stream *stream_new(uint32_t seed, unsigned xlen, const struct isa_needs *needs, unsigned ncases, unsigned nitems,
                          const char *only)
{
    struct stream *s = stream_empty(seed, xlen, needs);

    s->rows = choose_rows(needs, only);
    g_assert_cmpuint(s->rows->len, >, 0);
    for (unsigned i = 0; i < ncases; i++) {
        const guint32 seeds[] = { seed, xlen, i };
        GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
        struct stream_case *c = g_new0(struct stream_case, 1);

        random_record(rand, xlen, &c->record);
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

void stream_free(struct stream *s)
{
    g_ptr_array_free(s->cases, TRUE);
    if (s->rows) {
        g_array_free(s->rows, TRUE);
    }
    g_free(s);
}

/* ---- the image ---- */

static void put(GByteArray *b, uint32_t insn)
{
    uint8_t le[4] = { insn, insn >> 8, insn >> 16, insn >> 24 };

    g_byte_array_append(b, le, rv_insn_length(insn));
}

/* gp := data, by a pc-relative pair of instructions. */
static void put_address(GByteArray *b, unsigned rd, uint32_t offset)
{
    uint32_t delta = offset - b->len;

    put(b, auipc(rd, (delta + 0x800) >> 12));
    put(b, addi(rd, rd, (int32_t)(delta << 20) >> 20));
}

static void put_registers(GByteArray *b, unsigned xlen, bool load)
{
    unsigned x = load ? offsetof(struct stream_record, x_in) : offsetof(struct stream_record, x_out);
    unsigned f = load ? offsetof(struct stream_record, f_in) : offsetof(struct stream_record, f_out);
    unsigned width = xlen == 64 ? 3 : 2;

    for (unsigned i = 0; i < 32; i++) {
        put(b, load ? i_type(0x07, 3, i, GP, f + i * 8) : s_type(0x27, 3, GP, i, f + i * 8));
    }
    for (unsigned i = 1; i < 32; i++) {
        if (i != GP) {
            put(b, load ? i_type(0x03, width, i, GP, x + i * 8) : s_type(0x23, width, GP, i, x + i * 8));
        }
    }
}

static void put_case(GByteArray *b, const struct stream *s, const struct stream_case *c, uint32_t record)
{
    put_address(b, GP, record);
    put(b, i_type(0x03, 2, T0, GP, offsetof(struct stream_record, fcsr_in)));
    put(b, i_type(0x73, 1, 0, T0, 3));                          /* csrw fcsr, t0 */
    put_registers(b, s->xlen, true);
    for (unsigned i = 0; i < c->items->len; i++) {
        const struct stream_item *it = &g_array_index(c->items, struct stream_item, i);

        for (unsigned n = 0; n < it->count && !it->skip; n++) {
            put(b, it->insn[n]);
        }
    }
    put_registers(b, s->xlen, false);
    put(b, i_type(0x73, 2, T0, 0, 3));                          /* csrr t0, fcsr */
    put(b, s_type(0x23, 2, GP, T0, offsetof(struct stream_record, fcsr_out)));
}

static void align(GByteArray *b, unsigned bytes)
{
    static const uint8_t zero;

    while (b->len % bytes) {
        g_byte_array_append(b, &zero, 1);
    }
}

/* What stands in front of the records. */
struct head {
    uint64_t passes;                /* left to do */
    uint64_t open[3], write[3], exit[2];    /* argument blocks of semihosting, in words of XLEN bits */
    char file[16];
};

G_STATIC_ASSERT(sizeof(struct head) <= HEAD_BYTES && sizeof(STREAM_FILE) <= 16);

static void put_start(GByteArray *b, enum stream_end end)
{
    put(b, lui(T0, 6));                                         /* mstatus.FS = dirty */
    put(b, end == STREAM_SEMIHOSTING ? i_type(0x73, 2, 0, T0, 0x300) : addi(0, 0, 0));
}

/* Once more from `loop`, if passes are left. */
static void put_loop(GByteArray *b, uint32_t head, uint32_t loop)
{
    uint32_t delta;

    put_address(b, GP, head);
    put(b, i_type(0x03, 2, T0, GP, offsetof(struct head, passes)));
    put(b, addi(T0, T0, -1));
    put(b, s_type(0x23, 2, GP, T0, offsetof(struct head, passes)));
    put(b, 0x00028663);                                         /* beqz t0, .+12 */
    delta = loop - b->len;
    put(b, auipc(A0, (delta + 0x800) >> 12));
    put(b, i_type(0x67, 0, 0, A0, (int32_t)(delta << 20) >> 20));
}

/* write(1, records, size); exit(0) */
static void put_end_linux(GByteArray *b, uint32_t head, uint32_t bytes)
{
    put_address(b, A1, head + HEAD_BYTES);
    put(b, lui(A2, (bytes + 0x800) >> 12));
    put(b, addi(A2, A2, (int32_t)(bytes << 20) >> 20));
    put(b, addi(A0, 0, 1));
    put(b, addi(A7, 0, 64));
    put(b, 0x73);
    put(b, addi(A0, 0, 0));
    put(b, addi(A7, 0, 93));
    put(b, 0x73);
}

static void put_semihosting(GByteArray *b, unsigned call)
{
    put(b, addi(A0, 0, call));
    while (b->len % 16) {           /* the three must not straddle a page */
        put(b, 0x0001);
    }
    put(b, 0x01f01013);
    put(b, 0x00100073);
    put(b, 0x40705013);
}

static void put_end_semihosting(GByteArray *b, unsigned xlen, uint32_t head)
{
    put_address(b, A1, head + offsetof(struct head, open));
    put_semihosting(b, 0x01);
    put_address(b, A1, head + offsetof(struct head, write));
    put(b, s_type(0x23, xlen == 64 ? 3 : 2, A1, A0, 0));        /* the handle */
    put_semihosting(b, 0x05);
    put_address(b, A1, head + offsetof(struct head, exit));
    put_semihosting(b, 0x20);
}

static void put_words(uint8_t *p, unsigned xlen, const uint64_t *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(p + i * xlen / 8, &words[i], xlen / 8);
    }
}

static void put_head(GByteArray *b, unsigned xlen, uint32_t bytes)
{
    const uint64_t at = STREAM_BASE + b->len;
    const uint64_t open[] = { at + offsetof(struct head, file), 5, strlen(STREAM_FILE) };   /* 5: "wb" */
    const uint64_t write[] = { 0, at + HEAD_BYTES, bytes }, quit[] = { 0x20026, 0 };
    uint8_t block[HEAD_BYTES] = { PASSES };

    put_words(block + offsetof(struct head, open), xlen, open, 3);
    put_words(block + offsetof(struct head, write), xlen, write, 3);
    put_words(block + offsetof(struct head, exit), xlen, quit, 2);
    memcpy(block + offsetof(struct head, file), STREAM_FILE, sizeof(STREAM_FILE));
    g_byte_array_append(b, block, sizeof(block));
}

static unsigned put_code(GByteArray *b, const struct stream *s, int only, enum stream_end end, struct stream_image *im,
                         uint32_t head)
{
    uint32_t loop, tail, bytes;

    put_start(b, end);
    loop = b->len;
    im->ncases = 0;
    for (unsigned i = 0; i < s->cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            put_case(b, s, s->cases->pdata[i], head + HEAD_BYTES + im->ncases++ * sizeof(struct stream_record));
        }
    }
    put_loop(b, head, loop);
    im->end_pc = STREAM_BASE + b->len;
    bytes = im->ncases * sizeof(struct stream_record);
    tail = b->len;
    if (end == STREAM_LINUX) {
        put_end_linux(b, head, bytes);
    } else {
        put_end_semihosting(b, s->xlen, head);
    }
    g_assert_cmpuint(b->len - tail, <=, TAIL_BYTES);
    g_byte_array_set_size(b, tail + TAIL_BYTES);
    align(b, 64);
    return b->len;
}

struct stream_image *stream_image(const struct stream *s, int only, enum stream_end end)
{
    struct stream_image *im = g_new0(struct stream_image, 1);
    size_t data = 0;

    /* Twice: the first pass finds out where the data is. */
    for (unsigned pass = 0; pass < 2; pass++) {
        if (im->bytes) {
            g_byte_array_free(im->bytes, TRUE);
        }
        im->bytes = g_byte_array_new();
        data = put_code(im->bytes, s, only, end, im, data);
    }
    put_head(im->bytes, s->xlen, im->ncases * sizeof(struct stream_record));
    data = im->bytes->len;
    im->data = data;
    for (unsigned i = 0; i < s->cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            const struct stream_case *c = s->cases->pdata[i];

            g_byte_array_append(im->bytes, (const uint8_t *)&c->record, sizeof(c->record));
        }
    }
    return im;
}

void stream_image_free(struct stream_image *i)
{
    g_byte_array_free(i->bytes, TRUE);
    g_free(i);
}

/* ---- text ---- */

void stream_print_case(const struct stream *s, const struct stream_case *c, GString *out)
{
    for (unsigned i = 0; i < c->items->len; i++) {
        const struct stream_item *it = &g_array_index(c->items, struct stream_item, i);

        for (unsigned n = 0; n < it->count && !it->skip; n++) {
            g_string_append_printf(out, "    %08x  ", it->insn[n]);
            rv_disas(it->insn[n], s->needs, s->xlen, 0, out);
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

void stream_print_difference(const struct stream *s, const struct stream_record *a, const struct stream_record *b,
                             GString *out)
{
    for (unsigned i = 0; i < 32; i++) {
        difference(out, "x", i, a->x_in[i], a->x_out[i], b->x_out[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        difference(out, "f", i, a->f_in[i], a->f_out[i], b->f_out[i]);
    }
    difference(out, "fcsr", 0, a->fcsr_in, a->fcsr_out, b->fcsr_out);
    for (unsigned i = 0; i < sizeof(a->scratch); i++) {
        difference(out, "scratch", i, 0, a->scratch[i], b->scratch[i]);
    }
    for (unsigned i = 1; i < 32; i++) {
        g_string_append_printf(out, "    x%u=%" G_GINT64_MODIFIER "x", i, a->x_in[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_string_append_printf(out, " f%u=%" G_GINT64_MODIFIER "x", i, a->f_in[i]);
    }
    g_string_append_printf(out, " fcsr=%" G_GINT64_MODIFIER "x\n", a->fcsr_in);
}
