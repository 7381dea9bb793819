/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V instructions against somebody else's emulator: random programs must leave the same registers and memory there,
 * in our IR interpreter and in compiled code; so must each instruction that computes with floating point, on pairs of corner
 * values in all rounding modes, with its flags. A difference is cut down to few instructions and printed with its seed.
 *
 * Environment: DOPPEL_INSN_SEED (decimal) repeats a run, DOPPEL_INSN_ONLY ("fadd.*") chooses mnemonics,
 * DOPPEL_INSN_ROUNDS (default 1) is the number of programs, DOPPEL_ORACLE_DIR says where qemu-riscv64 is, DOPPEL names the
 * program for tests on whole machines, and DOPPEL_INSN_LOG ("op,op_opt,out_asm") shows the blocks of each case that was
 * cut down.
 */
#include "tcg/host.h"
#include "target/riscv/decode.h"
#include "target/riscv/ext.h"
#include "tests/insn/engine.h"
#include "tests/insn/oracle.h"
#include "util/log.h"

#include <stdlib.h>
#include <string.h>

enum { CASES = 250, ITEMS = 40 };

struct config {
    enum engine_kind kind;
    unsigned xlen, max_insns, passes;
    uint32_t host_opts_off;     /* enum host_opt */
    enum { PROGRAMS, CORNERS, CORNERS_SLOW } what;  /* random programs, or corner values of floating point; _SLOW: only where
                                                       more than one round is asked for */
    const char *machine;        /* options of a whole machine ($DOPPEL), which runs instead of an engine in this process */
};

static const struct oracle_isa *oracle_of(const struct config *c)
{
    return c->xlen == 64 ? &oracle_riscv64 : &oracle_riscv32;
}

/* ---- cutting a difference down ---- */

/* Without an engine: on a whole machine. */
static struct stream_record *run_ours(const struct config *c, struct engine *e, const struct stream_image *im, GError **err)
{
    g_autofree char *command = NULL;

    if (e) {
        return engine_run(e, im, err);
    }
    command = g_strdup_printf("%s %s", g_getenv("DOPPEL"), c->machine);
    return machine_run(command, oracle_of(c), im, err);
}

static struct stream_record *run_case(struct stream *s, int index, const struct config *c, struct engine *e,
                                      const char *oracle)
{
    struct stream_image *im = stream_image(s, index, oracle || e ? STREAM_LINUX : STREAM_SEMIHOSTING);
    struct stream_record *r = oracle ? oracle_run(oracle, oracle_of(c), im, NULL) : run_ours(c, e, im, NULL);

    stream_image_free(im);
    return r;
}

static bool differs(struct stream *s, int index, const struct config *c, struct engine *e, const char *oracle)
{
    g_autofree struct stream_record *want = run_case(s, index, c, e, oracle), *got = NULL;

    if (!want) {
        return false;   /* the shortened program is not what the oracle can run */
    }
    got = run_case(s, index, c, e, NULL);
    return !got || memcmp(want, got, sizeof(*want)) != 0;
}

static void minimise(struct stream *s, int index, const struct config *c, struct engine *e, const char *oracle)
{
    struct stream_case *k = s->cases->pdata[index];

    for (unsigned i = k->items->len; i-- > 0;) {
        struct stream_item *it = &g_array_index(k->items, struct stream_item, i);

        it->skip = true;
        it->skip = differs(s, index, c, e, oracle);
    }
}

static void report(struct stream *s, int index, const struct config *c, struct engine *e, const char *oracle)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) err = NULL;
    g_autofree struct stream_record *want = NULL, *got = NULL;
    struct stream_image *im;

    if (!differs(s, index, c, e, oracle)) {
        g_test_message("case %d differs only behind the other cases", index);
        return;
    }
    minimise(s, index, c, e, oracle);
    want = run_case(s, index, c, e, oracle);
    im = stream_image(s, index, e ? STREAM_LINUX : STREAM_SEMIHOSTING);
    if (g_getenv("DOPPEL_INSN_LOG")) {
        log_set(g_getenv("DOPPEL_INSN_LOG"), NULL);
    }
    got = run_ours(c, e, im, &err);
    log_mask = 0;
    stream_image_free(im);
    stream_print_case(s, s->cases->pdata[index], text);
    if (got) {
        stream_print_difference(s, want, got, text);
    } else {
        g_string_append(text, err->message);
    }
    g_test_message("DOPPEL_INSN_SEED=%u, rv%u, %s, case %d:\n%s", s->seed, c->xlen,
                   c->machine ? c->machine : c->kind == ENGINE_JIT ? "compiled" : "interpreted", index, text->str);
}

/* ---- programs ---- */

static unsigned compare(struct stream *s, const struct config *c, struct engine *e, const char *oracle)
{
    struct stream_image *im = stream_image(s, -1, STREAM_LINUX);
    g_autoptr(GError) err = NULL;
    g_autofree struct stream_record *want = oracle_run(oracle, oracle_of(c), im, &err), *got = NULL;
    unsigned bad = 0;

    if (!want) {
        g_error("seed %u: the oracle failed: %s", s->seed, err->message);
    }
    if (!e) {
        stream_image_free(im);
        im = stream_image(s, -1, STREAM_SEMIHOSTING);
    }
    got = run_ours(c, e, im, &err);
    if (!got) {
        g_test_message("seed %u: %s", s->seed, err->message);
    }
    for (unsigned i = 0; i < im->ncases && bad < 3; i++) {
        if (!got ? differs(s, i, c, e, oracle) : memcmp(&want[i], &got[i], sizeof(*want)) != 0) {
            report(s, i, c, e, oracle);
            bad++;
        }
    }
    stream_image_free(im);
    return bad;
}

static unsigned env_number(const char *name, unsigned otherwise)
{
    const char *v = g_getenv(name);

    return v ? strtoul(v, NULL, 10) : otherwise;
}

static void run_rounds(const struct config *c, struct engine *e, const char *oracle)
{
    const struct rv_exts all = { { ~0ull, ~0ull } };
    unsigned rounds = env_number("DOPPEL_INSN_ROUNDS", 1);
    unsigned seed = env_number("DOPPEL_INSN_SEED", (uint32_t)g_test_rand_int());
    struct isa_needs needs;

    rv_needs(&needs, &all, c->xlen);
    for (unsigned i = 0; i < rounds; i++) {
        struct stream *s = stream_new(seed + i, c->xlen, &needs, CASES, ITEMS, g_getenv("DOPPEL_INSN_ONLY"));

        if (compare(s, c, e, oracle)) {
            g_test_fail();
        }
        stream_free(s);
    }
}

static void run_corners(const struct config *c, struct engine *e, const char *oracle)
{
    const struct rv_exts all = { { ~0ull, ~0ull } };
    const char *only = g_getenv("DOPPEL_INSN_ONLY");
    unsigned seed = env_number("DOPPEL_INSN_SEED", (uint32_t)g_test_rand_int());
    unsigned rows = 0, cases = 0;
    struct isa_needs needs;

    rv_needs(&needs, &all, c->xlen);
    for (unsigned row = 0; row < RV_ROWS; row++) {
        const struct isa_row *r = &rv_rows[row];

        if (isa_row_enabled(r, &needs) && stream_fp_row(r) && (!only || g_pattern_match_simple(only, r->name))) {
            struct stream *s = stream_fp(seed, c->xlen, &needs, row);

            if (compare(s, c, e, oracle)) {
                g_test_fail();
            }
            rows++;
            cases += s->cases->len;
            stream_free(s);
        }
    }
    g_test_message("%u instructions, %u cases of up to 8", rows, cases);
}

static void same_state_as_oracle(gconstpointer data)
{
    const struct config *c = data;
    g_autofree char *oracle = oracle_find(oracle_of(c));
    struct engine *e = NULL;

    if (!oracle) {
        g_test_skip("no user-mode qemu of version 9 or newer: scripts/guest/oracle.py fetches one");
    } else if (c->machine && !g_getenv("DOPPEL")) {
        g_test_skip("no program: set DOPPEL");
    } else if (c->machine) {
        run_rounds(c, NULL, oracle);
    } else if (!(e = engine_new(&engine_riscv, c->kind, c->xlen, c->max_insns, c->passes, ~c->host_opts_off))) {
        g_test_skip("no back end for this host");
    } else {
        (c->what != PROGRAMS ? run_corners : run_rounds)(c, e, oracle);
        engine_free(e);
    }
}

static const struct {
    const char *path;
    struct config config;
} tests[] = {
    { "/insn/riscv64/interpreted", { ENGINE_INTERP, 64, 64, 0 } },
    { "/insn/riscv64/interpreted_after_passes", { ENGINE_INTERP, 64, 64, ~0u } },
    { "/insn/riscv64/interpreted_one_by_one", { ENGINE_INTERP, 64, 1, 0 } },
    { "/insn/riscv64/compiled", { ENGINE_JIT, 64, 64, ~0u } },
    { "/insn/riscv64/compiled_one_by_one", { ENGINE_JIT, 64, 1, ~0u } },
    { "/insn/riscv64/compiled_without_passes", { ENGINE_JIT, 64, 64, 0 } },
    { "/insn/riscv64/compiled_for_an_old_host", { ENGINE_JIT, 64, 64, ~0u, HOST_OPT_AVX | HOST_OPT_BEXTR } },
    { "/insn/riscv64/compiled_without_options", { ENGINE_JIT, 64, 64, ~0u, ~0u } },
    { "/insn/riscv32/interpreted", { ENGINE_INTERP, 32, 64, 0 } },
    { "/insn/riscv32/interpreted_after_passes", { ENGINE_INTERP, 32, 64, ~0u } },
    { "/insn/riscv32/compiled", { ENGINE_JIT, 32, 64, ~0u } },
    { "/insn/riscv64/corners_interpreted", { ENGINE_INTERP, 64, 64, 0, .what = CORNERS_SLOW } },
    { "/insn/riscv64/corners_compiled", { ENGINE_JIT, 64, 64, ~0u, .what = CORNERS } },
    { "/insn/riscv64/corners_for_an_old_host", { ENGINE_JIT, 64, 64, ~0u, HOST_OPT_AVX | HOST_OPT_BEXTR, CORNERS_SLOW } },
    { "/insn/riscv32/corners_compiled", { ENGINE_JIT, 32, 64, ~0u, .what = CORNERS_SLOW } },
    { "/insn/riscv64/machine", { .xlen = 64, .machine = "-cpu max" } },
    { "/insn/riscv64/machine_interpreted", { .xlen = 64, .machine = "-cpu max -accel tcg,engine=interp" } },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        if (tests[i].config.what == CORNERS_SLOW && env_number("DOPPEL_INSN_ROUNDS", 1) == 1) {
            continue;
        }
        g_test_add_data_func(tests[i].path, &tests[i].config, same_state_as_oracle);
    }
    return g_test_run();
}
