/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A32 and T32 instructions against somebody else's emulator: random programs over the rows of the tables must leave the same
 * registers, flags and memory on a user-mode qemu-arm, in our IR interpreter and in compiled code. A case loads all registers
 * from its record, runs a dozen instructions (of T32 with IT blocks), and stores all registers back; loads and stores hit the
 * record's scratch bytes. R11 holds the record's address, so that no instruction may write it.
 *
 * Environment: DOPPEL_INSN_SEED, DOPPEL_INSN_ONLY (a pattern for rows), DOPPEL_INSN_ROUNDS, DOPPEL_ORACLE_DIR.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "target/arm/a32.h"
#include "target/arm/aarch32.h"
#include "target/arm/disas.h"
#include "tests/insn/engine.h"
#include "tests/insn/oracle.h"
#include "tests/insn/random.h"

enum { CASES = 150, ITEMS = 12, BASE = 11, SCRATCH = 512, MIDDLE = 2304, AL = 14, CPSR = 15, FPSCR = 16 };

struct record {
    uint32_t r_in[17], pad0[47];    /* R0 to R14, CPSR, FPSCR */
    uint64_t v_in[16][2];
    uint8_t scratch[4096 - SCRATCH];
    uint32_t r_out[17], pad1[47];
    uint64_t v_out[16][2];
};
G_STATIC_ASSERT(offsetof(struct record, v_in) == 256 && offsetof(struct record, scratch) == SCRATCH);
G_STATIC_ASSERT(offsetof(struct record, r_out) == 4096 && sizeof(struct record) % 64 == 0);

struct item {
    uint32_t setup[3];              /* base and index registers */
    uint8_t nsetup, it;             /* it: condition of an IT block around the instruction, AL for none */
    bool wide, skip;
    uint32_t insn;
};

struct a32_case {
    bool thumb;
    struct item items[ITEMS];
    struct record record;
};

/* ---- rows ---- */

static const char *const not_here[] = {
    "b", "bl", "bl_t", "bx*", "blx*", "svc*", "bkpt*", "hlt*", "hvc*", "smc*", "udf*", "eret", "mrs*", "msr*", "hint*", "cps*", "setend*",
    "setpan*", "rfe*", "srs*", "dsb*", "dmb*", "isb*", "sb", "mcr*", "mrc*", "mrrc", "it", "cbz", "tb", "b_t*", "strex*", "stlex*",
    "*_lit", "*_wl", "vmsr", "vmrs", "subs_pc", "clrex*", "adr_t1", "push", "pop", "*_sp", "*_spi", "pl*",
};

static bool listed(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(not_here); i++) {
        if (g_pattern_match_simple(not_here[i], name)) {
            return true;
        }
    }
    return false;
}

static bool of_t32(const struct isa_row *row)
{
    return strstr(row->place, "t32.isa") != NULL;
}

/* Which T32 has, too, under other numbers. */
static bool of_both(const struct isa_row *row)
{
    return strstr(row->place, "vfp.isa") || strstr(row->place, "neon.isa");
}

static GArray *choose_rows(bool thumb, const char *only)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned r = 0; r < A32_ROWS; r++) {
        bool here = of_both(&a32_rows[r]) || of_t32(&a32_rows[r]) == thumb;

        if (here && !listed(a32_rows[r].name) && (!only || g_pattern_match_simple(only, a32_rows[r].name))) {
            g_array_append_val(rows, r);
        }
    }
    return rows;
}

/* ---- encodings ---- */

static uint32_t to_t32(uint32_t insn)
{
    if (insn >> 25 == 0x79) {
        return 0xef000000 | (insn & 1 << 24) << 4 | (insn & 0xffffff);
    }
    return insn >> 24 == 0xf4 ? 0xf9000000 | (insn & 0xffffff) : insn;
}

static const struct isa_needs all_needs = { { ~0ull, ~0ull } };

/* Does the translator take it for this row, and for a valid one? */
static bool valid(uint32_t insn, bool thumb, bool wide, unsigned row)
{
    static const struct arm_cpu none;
    struct arm_cpu *cpu = g_memdup2(&none, sizeof(none));
    struct ir *ir = ir_new();
    uint8_t page[4096] = { 0 };
    uint32_t mem = thumb && wide ? insn >> 16 | insn << 16 : insn, decoded = insn;
    struct tr_block tb = { .pc = 0x1000, .max_insns = 1, .page = page, .cpu = &cpu->cpu,
                           .key = 1 | ARM_KEY_A32 | (thumb ? ARM_KEY_T32 : 0) };
    bool ok = a32_decode(&decoded, thumb, wide, &all_needs) == row;

    memcpy(page, &mem, 4);
    cpu->needs32 = all_needs;
    if (ok) {
        arm_translate(&tb, ir);
    }
    for (unsigned i = 1; ok && i < ir->ninsns; i++) {
        ok = ir->insns[i].op != IR_OP_call || ir->insns[i].imm != ARM_HELPER_raise;
    }
    ir_free(ir);
    g_free(cpu);
    return ok;
}

struct picking {
    GRand *rand;
    const struct isa_row *row;
};

static bool is_memory(const struct isa_row *row)
{
    return strchr(row->assembler, '[') || g_str_has_prefix(row->name, "ldm") || g_str_has_prefix(row->name, "stm") ||
           g_str_has_prefix(row->name, "vlm");
}

static bool is_register(const char *field)
{
    static const char *const names[] = { "rn", "rm", "rd", "rt", "rt2", "rs", "ra", "hi", "lo" };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!strcmp(field, names[i])) {
            return true;
        }
    }
    return false;
}

static uint32_t pick(void *opaque, const char *field, unsigned bits)
{
    static const uint8_t regs[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14 };
    struct picking *p = opaque;

    if (field[0] == '_') {
        return field[1] == 'o' || field[1] == 'p' || field[1] == 'n' ? UINT32_MAX : 0;
    }
    if (is_register(field) && bits == 4) {
        return regs[g_rand_int_range(p->rand, 0, g_rand_boolean(p->rand) ? 6 : G_N_ELEMENTS(regs))];
    }
    if (is_memory(p->row) && (!strcmp(field, "type") || !strcmp(field, "sh")) && !g_str_has_prefix(p->row->name, "vld")) {
        return field[0] == 's' ? g_rand_int(p->rand) & 3 : 0;      /* index registers stay small */
    }
    if (!strcmp(field, "list")) {
        return g_rand_int(p->rand) & 0x57ff;
    }
    if (!strcmp(field, "uimm") && is_memory(p->row)) {
        return g_rand_int(p->rand) & (strstr(p->row->name, "rd") ? 0xfc : 0xff);   /* LDRD, STRD: words */
    }
    return g_rand_int(p->rand);
}

static int32_t operand(const struct isa_row *row, uint32_t insn, const char *name)
{
    const struct isa_field *f = isa_field_find(row, name, strlen(name));

    return f ? isa_field_get(f, insn) : -1;
}

/* What the manual leaves open is left out. */
static bool predictable(const struct isa_row *row, uint32_t insn)
{
    int rn = operand(row, insn, "rn"), rm = operand(row, insn, "rm"), rt = operand(row, insn, "rt");
    int rt2 = operand(row, insn, "rt2"), rd = operand(row, insn, "rd"), list = operand(row, insn, "list");
    int hi = operand(row, insn, "hi"), count = operand(row, insn, "count");
    bool pair = g_str_has_prefix(row->name, "ldrda") || g_str_has_prefix(row->name, "strda");

    if (hi >= 0 && hi == operand(row, insn, "lo")) {
        return false;
    }
    if (rd == BASE || (rd == 13 || rd == 15) || (g_str_has_suffix(row->name, "_hi") && (rn == 13 || rn == 15 || rm == 13 || rm == 15))) {
        return false;
    }
    if (g_str_has_prefix(row->name, "vmov_to2") && rt == rt2) {
        return false;
    }
    if ((g_str_has_prefix(row->name, "vtrn") || g_str_has_prefix(row->name, "vuzp") || g_str_has_prefix(row->name, "vzip")) &&
        operand(row, insn, "vd") == operand(row, insn, "vm")) {
        return false;
    }
    if (pair && !operand(row, insn, "p") && operand(row, insn, "w")) {
        return false;
    }
    if ((!strcmp(row->name, "ldrex_d") || !strcmp(row->name, "ldaex_d")) && (rt + 1 >= BASE || rt + 1 == rn)) {
        return false;
    }
    if (list >= 0) {
        return rn >= 0 && list && !(list >> rn & 1) && operand(row, insn, "s") <= 0 && (list & (list - 1));
    }
    if (count >= 0 && g_str_has_suffix(row->name, "_d") && (count & 1 || count > 32)) {
        return false;
    }
    if (count > 32) {
        return false;
    }
    if (!is_memory(row)) {
        return true;
    }
    if (pair && (rt + 1 == rn || rt + 1 == rm || rt + 1 >= BASE)) {
        return false;
    }
    return rn != rt && rn != rm && rn != rt2 && (rt < 0 || rt != rm) && (rt2 < 0 || rt != rt2) && (rd < 0 || (rd != rn && rd != rt));
}

static void add_setup(struct item *it, uint32_t insn)
{
    it->setup[it->nsetup++] = insn;
}

/* rd = R11 + MIDDLE; rd = a small number. */
static uint32_t set_base(bool thumb, unsigned rd)
{
    return thumb ? 0xf6000000 | BASE << 16 | (MIDDLE >> 8 & 7) << 12 | rd << 8 | (MIDDLE & 0xff) | (MIDDLE >> 11) << 26
                 : 0xe2800e00 | BASE << 16 | rd << 12 | MIDDLE >> 4;
}

static uint32_t set_small(bool thumb, unsigned rd, unsigned v)
{
    return thumb ? 0xf2400000 | rd << 8 | v : 0xe3a00000 | rd << 12 | v;
}

static void random_item(GRand *rand, GArray *rows, bool thumb, struct item *it)
{
    unsigned number = g_array_index(rows, unsigned, g_rand_int_range(rand, 0, rows->len));
    const struct isa_row *row = &a32_rows[number];
    struct picking p = { rand, row };
    bool elements = g_str_has_prefix(row->name, "vld");
    int rm;

    memset(it, 0, sizeof(*it));
    it->wide = row->length == 4;
    for (unsigned tries = 0;; tries++) {
        uint32_t insn;

        g_assert_cmpuint(tries, <, 100000);

        if (!isa_encode(row, pick, &p, &insn) || !predictable(row, insn)) {
            continue;
        }
        if (elements && g_rand_boolean(rand)) {
            insn = (insn & ~15u) | (g_rand_boolean(rand) ? 13 : 15);
        }
        rm = operand(row, insn, "rm");
        it->insn = thumb && of_both(row) ? to_t32(insn) : insn;
        if (valid(it->insn, thumb, it->wide, number)) {
            if (is_memory(row)) {
                add_setup(it, set_base(thumb, operand(row, insn, "rn")));
                if (rm >= 0 && rm != 13 && rm != 15) {
                    add_setup(it, set_small(thumb, rm, g_rand_int_range(rand, 0, 64) * 4));
                }
            }
            break;
        }
    }
    it->it = AL;
    if (g_rand_int_range(rand, 0, 3) == 0) {
        if (!thumb && it->insn >> 28 == 14) {
            it->insn = (it->insn & 0x0fffffff) | (uint32_t)g_rand_int_range(rand, 0, 14) << 28;
        } else if (thumb && it->insn >> 28 != 15) {
            it->it = g_rand_int_range(rand, 0, 14);
        }
    }
}

/* ---- state ---- */

static uint64_t random_half(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 3)) {
    case 0:
        return random_int(rand);
    case 1:
        return random_float(rand, 8, 23) | random_float(rand, 8, 23) << 32;
    default:
        return random_float(rand, 11, 52);
    }
}

static struct a32_case *new_case(GRand *rand, GArray *rows, bool thumb)
{
    struct a32_case *c = g_new0(struct a32_case, 1);
    struct record *r = &c->record;

    c->thumb = thumb;
    for (unsigned i = 0; i < 15; i++) {
        r->r_in[i] = random_int(rand);
    }
    for (unsigned i = 0; i < 16; i++) {
        r->v_in[i][0] = random_half(rand);
        r->v_in[i][1] = random_half(rand);
    }
    r->r_in[CPSR] = (uint32_t)g_rand_int_range(rand, 0, 32) << 27 | (uint32_t)g_rand_int_range(rand, 0, 16) << 16;
    r->r_in[FPSCR] = g_rand_boolean(rand) ? 0 : (uint32_t)g_rand_int_range(rand, 0, 4) << 22 | (uint32_t)g_rand_boolean(rand) << 25;
    if (g_rand_int_range(rand, 0, 8) == 0) {
        r->r_in[FPSCR] |= (uint32_t)g_rand_boolean(rand) << 24 | (uint32_t)g_rand_boolean(rand) << 26;
    }
    for (unsigned i = 0; i < sizeof(r->scratch); i++) {
        r->scratch[i] = g_rand_int(rand);
    }
    for (unsigned i = 0; i < ITEMS; i++) {
        random_item(rand, rows, thumb, &c->items[i]);
    }
    return c;
}

/* ---- the image ---- */

static void put(GByteArray *b, uint32_t insn)
{
    uint8_t le[4] = { insn, insn >> 8, insn >> 16, insn >> 24 };

    g_byte_array_append(b, le, 4);
}

static void put_t(GByteArray *b, uint32_t insn, bool wide)
{
    uint8_t le[4] = { insn >> 16, insn >> 24, insn, insn >> 8 };

    g_byte_array_append(b, wide ? le : le + 2, wide ? 4 : 2);
}

static void put_constant(GByteArray *b, unsigned rd, uint32_t v)
{
    put(b, 0xe3000000 | (v >> 12 & 15) << 16 | rd << 12 | (v & 0xfff));
    v >>= 16;
    put(b, 0xe3400000 | (v >> 12 & 15) << 16 | rd << 12 | (v & 0xfff));
}

static void put_items(GByteArray *b, const struct a32_case *c)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        const struct item *it = &c->items[i];

        for (unsigned n = 0; n < it->nsetup && !it->skip; n++) {
            if (c->thumb) {
                put_t(b, it->setup[n], true);
            } else {
                put(b, it->setup[n]);
            }
        }
        if (it->skip) {
            continue;
        }
        if (c->thumb && it->it != AL) {
            put_t(b, 0xbf08 | it->it << 4, false);
        }
        if (c->thumb) {
            put_t(b, it->insn, it->wide);
        } else {
            put(b, it->insn);
        }
    }
}

static void put_case(GByteArray *b, const struct a32_case *c, uint32_t record)
{
    put_constant(b, BASE, record);
    put(b, 0xe5900000 | BASE << 16 | 4 * FPSCR);
    put(b, 0xeee10a10);                                 /* vmsr fpscr, r0 */
    put(b, 0xe2800c01 | BASE << 16);                    /* add r0, r11, #256 */
    put(b, 0xecb00b20);                                 /* vldmia r0!, {d0-d15} */
    put(b, 0xecf00b20);                                 /* vldmia r0!, {d16-d31} */
    put(b, 0xe5900000 | BASE << 16 | 4 * CPSR);
    put(b, 0xe12cf000);                                 /* msr cpsr_fs, r0 */
    put(b, 0xe89007ff | BASE << 16);                    /* ldm r11, {r0-r10} */
    put(b, 0xe5900000 | BASE << 16 | 12 << 12 | 48);
    put(b, 0xe5900000 | BASE << 16 | 14 << 12 | 56);
    if (c->thumb) {
        put(b, 0xfaffffff);                             /* blx to the next instruction, of T32 */
    }
    put_items(b, c);
    if (c->thumb) {
        if (b->len & 2) {
            put_t(b, 0xbf00, false);
        }
        put_t(b, 0x4778, false);                        /* bx pc */
        put_t(b, 0xbf00, false);
    }
    put(b, 0xe2800a01 | BASE << 16 | 13 << 12);         /* add sp, r11, #4096 */
    put(b, 0xe88d57ff);                                 /* stm sp, {r0-r10, r12, lr} */
    put(b, 0xe10f0000);                                 /* mrs r0, cpsr */
    put(b, 0xe58d0000 | 60);
    put(b, 0xeef10a10);                                 /* vmrs r0, fpscr */
    put(b, 0xe58d0000 | 64);
    put(b, 0xe28d0c01);                                 /* add r0, sp, #256 */
    put(b, 0xeca00b20);                                 /* vstmia r0!, {d0-d15} */
    put(b, 0xece00b20);                                 /* vstmia r0!, {d16-d31} */
}

static unsigned put_code(GByteArray *b, GPtrArray *cases, int only, struct stream_image *im, uint32_t data)
{
    im->ncases = 0;
    for (unsigned i = 0; i < cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            put_case(b, cases->pdata[i], STREAM_BASE + data + im->ncases++ * sizeof(struct record));
        }
    }
    im->end_pc = STREAM_BASE + b->len;
    put(b, 0xe3a00001);                                 /* write(1, records, size); exit(0) */
    put_constant(b, 1, STREAM_BASE + data);
    put_constant(b, 2, im->ncases * sizeof(struct record));
    put(b, 0xe3a07004);
    put(b, 0xef000000);
    put(b, 0xe3a00000);
    put(b, 0xe3a07001);
    put(b, 0xef000000);
    while (b->len % 64) {
        put(b, 0);
    }
    return b->len;
}

static struct stream_image *image(GPtrArray *cases, int only)
{
    struct stream_image *im = g_new0(struct stream_image, 1);
    size_t data = 0;

    /* Twice: the first pass finds out where the data is. */
    for (unsigned pass = 0; pass < 2; pass++) {
        if (im->bytes) {
            g_byte_array_free(im->bytes, TRUE);
        }
        im->bytes = g_byte_array_new();
        data = put_code(im->bytes, cases, only, im, data);
    }
    im->data = im->bytes->len;
    for (unsigned i = 0; i < cases->len; i++) {
        if (only < 0 || (unsigned)only == i) {
            const struct a32_case *c = cases->pdata[i];

            g_byte_array_append(im->bytes, (const uint8_t *)&c->record, sizeof(c->record));
        }
    }
    return im;
}

/* ---- comparison ---- */

static const struct oracle_isa oracle_arm = { "arm", 32, 40 /* EM_ARM */, 0x05000400 };

/* Mode and masks differ: we run as if in System mode. */
static struct record *run(GPtrArray *cases, int only, struct engine *e, const char *oracle, GError **err)
{
    struct stream_image *im = image(cases, only);
    struct record *r = oracle ? oracle_run(oracle, &oracle_arm, im, err) : engine_run(e, im, err);

    for (unsigned i = 0; r && i < im->ncases; i++) {
        r[i].r_out[CPSR] &= 0xf80f0000;
    }
    stream_image_free(im);
    return r;
}

static bool differs(GPtrArray *cases, int i, struct engine *e, const char *oracle)
{
    g_autofree struct record *want = run(cases, i, NULL, oracle, NULL), *got = NULL;

    if (!want) {
        return false;
    }
    got = run(cases, i, e, NULL, NULL);
    return !got || memcmp(want, got, sizeof(*want));
}

static void print_case(const struct a32_case *c, GString *out)
{
    for (unsigned i = 0; i < ITEMS; i++) {
        const struct item *it = &c->items[i];
        uint32_t x = c->thumb && it->wide ? it->insn >> 16 | it->insn << 16 : it->insn;
        uint8_t bytes[4];

        memcpy(bytes, &x, 4);
        if (!it->skip) {
            g_string_append_printf(out, "    %s%08x  ", it->it != AL ? "it " : "", it->insn);
            a32_disas(bytes, 4, c->thumb, &all_needs, 0, out);
            g_string_append_c(out, '\n');
        }
    }
}

static void print_difference(const struct record *a, const struct record *b, GString *out)
{
    for (unsigned i = 0; i < 17; i++) {
        if (a->r_out[i] != b->r_out[i]) {
            g_string_append_printf(out, "    r%u: was %08x, expected %08x, got %08x\n", i, a->r_in[i], a->r_out[i], b->r_out[i]);
        }
    }
    for (unsigned i = 0; i < 32; i++) {
        if (a->v_out[i / 2][i % 2] != b->v_out[i / 2][i % 2]) {
            g_string_append_printf(out, "    d%u: was %016" G_GINT64_MODIFIER "x, expected %016" G_GINT64_MODIFIER
                                   "x, got %016" G_GINT64_MODIFIER "x\n", i, a->v_in[i / 2][i % 2], a->v_out[i / 2][i % 2],
                                   b->v_out[i / 2][i % 2]);
        }
    }
    for (unsigned i = 0; i < sizeof(a->scratch); i++) {
        if (a->scratch[i] != b->scratch[i]) {
            g_string_append_printf(out, "    scratch%u: expected %02x, got %02x\n", i, a->scratch[i], b->scratch[i]);
        }
    }
    for (unsigned i = 0; i <= FPSCR; i++) {
        g_string_append_printf(out, " r%u=%08x", i, a->r_in[i]);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_string_append_printf(out, " d%u=%016" G_GINT64_MODIFIER "x", i, a->v_in[i / 2][i % 2]);
    }
    g_string_append_c(out, '\n');
}

static void report(GPtrArray *cases, int index, struct engine *e, const char *oracle, uint32_t seed)
{
    struct a32_case *c = cases->pdata[index];
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) err = NULL;
    g_autofree struct record *want = NULL, *got = NULL;

    if (!differs(cases, index, e, oracle)) {
        g_test_message("case %d differs only behind the other cases", index);
        return;
    }
    for (unsigned i = ITEMS; i-- > 0;) {
        c->items[i].skip = true;
        c->items[i].skip = differs(cases, index, e, oracle);
    }
    want = run(cases, index, NULL, oracle, NULL);
    got = run(cases, index, e, NULL, &err);
    print_case(c, text);
    if (got && want) {
        print_difference(want, got, text);
    } else if (err) {
        g_string_append(text, err->message);
    }
    g_test_message("DOPPEL_INSN_SEED=%u, case %d:\n%s", seed, index, text->str);
}

static unsigned compare(GPtrArray *cases, struct engine *e, const char *oracle, uint32_t seed)
{
    g_autoptr(GError) err = NULL, trouble = NULL;
    g_autofree struct record *want = run(cases, -1, NULL, oracle, &err), *got = NULL;
    unsigned bad = 0;

    if (!want) {
        for (unsigned i = 0; i < cases->len; i++) {
            g_autofree struct record *single = run(cases, i, NULL, oracle, NULL);
            g_autoptr(GString) text = g_string_new(NULL);

            if (!single) {
                print_case(cases->pdata[i], text);
                g_test_message("seed %u: the oracle refuses case %u:\n%s", seed, i, text->str);
                break;
            }
        }
        g_test_message("seed %u: the oracle failed: %s", seed, err->message);
        return 1;
    }
    got = run(cases, -1, e, NULL, &trouble);
    if (!got) {
        g_test_message("seed %u: %s", seed, trouble->message);
    }
    for (unsigned i = 0; i < cases->len && bad < 3; i++) {
        if (!got ? differs(cases, i, e, oracle) : memcmp(&want[i], &got[i], sizeof(*want)) != 0) {
            report(cases, i, e, oracle, seed);
            bad++;
        }
    }
    return bad;
}

/* ---- our side ---- */

static void setup(struct cpu *c, unsigned xlen)
{
    struct arm_cpu *cpu = arm_cpu(c);

    cpu->ext.bits = ~0ull;
    cpu->needs32 = all_needs;
    cpu->a32_levels = 3;
    c->levels = 3;
    c->power = CPU_POWER_ON;
}

static void reset(struct cpu *c)
{
    struct arm_cpu *cpu = arm_cpu(c);

    memset(c->r, 0, sizeof(c->r));
    memset(cpu->v, 0, sizeof(cpu->v));
    c->pc = STREAM_BASE;
    c->fpcr = 0x1f80;
    cpu->fp_control = cpu->fp_status = 0;
    a32_reset(cpu);
    cpu->mode = A32_SYS;
    cpu->thumb = cpu->itstate = 0;
    cpu->fpexc = A32_FPEXC_EN;
    cpu->cpacr = 0xf << 20;
    cpu->excl_addr = ARM_EXCL_NONE;
    arm_set_nzcv(cpu, 0);
    c->key = ~0u;
    arm_update_key(cpu);
}

static void describe(struct cpu *c, GString *out)
{
    g_string_append_printf(out, "mode %02x, LR %" G_GINT64_MODIFIER "x", arm_cpu(c)->mode, c->r[14]);
}

static const struct engine_isa engine_a32 = { &arm_cpu_type, setup, reset, describe };

struct config {
    enum engine_kind kind;
    unsigned max_insns, passes;
    bool thumb;
};

static unsigned env_number(const char *name, unsigned otherwise)
{
    const char *v = g_getenv(name);

    return v ? strtoul(v, NULL, 10) : otherwise;
}

static void same_state_as_oracle(gconstpointer data)
{
    const struct config *k = data;
    g_autofree char *oracle = oracle_find(&oracle_arm);
    unsigned rounds = env_number("DOPPEL_INSN_ROUNDS", 1), seed = env_number("DOPPEL_INSN_SEED", (uint32_t)g_test_rand_int());
    struct engine *e;

    if (!oracle) {
        g_test_skip("no user-mode qemu of version 9 or newer: scripts/guest/oracle.py fetches one");
        return;
    }
    e = engine_new(&engine_a32, k->kind, 32, k->max_insns, k->passes, ~0u);
    if (!e) {
        g_test_skip("no back end for this host");
        return;
    }
    for (unsigned i = 0; i < rounds; i++) {
        GArray *rows = choose_rows(k->thumb, g_getenv("DOPPEL_INSN_ONLY"));
        GPtrArray *cases = g_ptr_array_new_with_free_func(g_free);

        for (unsigned n = 0; n < CASES && rows->len; n++) {
            const guint32 seeds[] = { seed + i, n };
            GRand *rand = g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));

            g_ptr_array_add(cases, new_case(rand, rows, k->thumb));
            g_rand_free(rand);
        }
        if (cases->len && compare(cases, e, oracle, seed + i)) {
            g_test_fail();
        }
        g_ptr_array_free(cases, TRUE);
        g_array_free(rows, TRUE);
    }
    engine_free(e);
}

static const struct {
    const char *path;
    struct config config;
} tests[] = {
    { "/insn/a32/interpreted", { ENGINE_INTERP, 64, 0, false } },
    { "/insn/a32/compiled", { ENGINE_JIT, 64, ~0u, false } },
    { "/insn/a32/compiled_one_by_one", { ENGINE_JIT, 1, ~0u, false } },
    { "/insn/t32/interpreted", { ENGINE_INTERP, 64, 0, true } },
    { "/insn/t32/compiled", { ENGINE_JIT, 64, ~0u, true } },
    { "/insn/t32/compiled_one_by_one", { ENGINE_JIT, 1, ~0u, true } },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_data_func(tests[i].path, &tests[i].config, same_state_as_oracle);
    }
    return g_test_run();
}
