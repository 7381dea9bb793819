/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A64 instructions against somebody else's emulator, as insn_test.c does for RISC-V: random programs must leave the same
 * registers and memory on a user-mode qemu-aarch64, in our IR interpreter and in compiled code.
 *
 * Environment: as there (DOPPEL_INSN_SEED, DOPPEL_INSN_ONLY, DOPPEL_INSN_ROUNDS, DOPPEL_INSN_LOG, DOPPEL_ORACLE_DIR).
 */
#include <stdlib.h>
#include <string.h>

#include "tests/insn/arm_stream.h"
#include "tests/insn/engine.h"
#include "tests/insn/oracle.h"
#include "util/log.h"

enum { CASES = 200, ITEMS = 40 };

struct config {
    enum engine_kind kind;
    unsigned max_insns, passes;
};

/* ---- cutting a difference down ---- */

static struct arm_record *run_case(struct arm_stream *s, int index, struct engine *e, const char *oracle, GError **err)
{
    struct stream_image *im = arm_stream_image(s, index);
    struct arm_record *r = oracle ? oracle_run(oracle, &oracle_aarch64, im, err) : engine_run(e, im, err);

    stream_image_free(im);
    return r;
}

static bool differs(struct arm_stream *s, int index, struct engine *e, const char *oracle)
{
    g_autofree struct arm_record *want = run_case(s, index, NULL, oracle, NULL), *got = NULL;

    if (!want) {
        return false;   /* the shortened program is not what the oracle can run */
    }
    got = run_case(s, index, e, NULL, NULL);
    return !got || memcmp(want, got, sizeof(*want)) != 0;
}

static void minimise(struct arm_stream *s, int index, struct engine *e, const char *oracle)
{
    struct arm_case *k = s->cases->pdata[index];

    for (unsigned i = k->items->len; i-- > 0;) {
        struct stream_item *it = &g_array_index(k->items, struct stream_item, i);

        it->skip = true;
        it->skip = differs(s, index, e, oracle);
    }
}

static void report(struct arm_stream *s, int index, struct engine *e, const char *oracle)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) err = NULL;
    g_autofree struct arm_record *want = NULL, *got = NULL;

    if (!differs(s, index, e, oracle)) {
        g_test_message("case %d differs only behind the other cases", index);
        return;
    }
    minimise(s, index, e, oracle);
    want = run_case(s, index, NULL, oracle, NULL);
    if (g_getenv("DOPPEL_INSN_LOG")) {
        log_set(g_getenv("DOPPEL_INSN_LOG"), NULL);
    }
    got = run_case(s, index, e, NULL, &err);
    log_mask = 0;
    arm_stream_print_case(s->cases->pdata[index], text);
    if (got) {
        arm_stream_print_difference(want, got, text);
    } else {
        g_string_append(text, err->message);
    }
    g_test_message("DOPPEL_INSN_SEED=%u, case %d:\n%s", s->seed, index, text->str);
}

/* ---- programs ---- */

static unsigned compare(struct arm_stream *s, struct engine *e, const char *oracle)
{
    struct stream_image *im = arm_stream_image(s, -1);
    g_autoptr(GError) err = NULL;
    g_autofree struct arm_record *want = oracle_run(oracle, &oracle_aarch64, im, &err), *got = NULL;
    unsigned bad = 0;

    if (!want) {
        for (unsigned i = 0; i < im->ncases; i++) {
            g_autofree struct arm_record *one = run_case(s, i, NULL, oracle, NULL);

            if (!one) {
                g_autoptr(GString) text = g_string_new(NULL);

                arm_stream_print_case(s->cases->pdata[i], text);
                g_test_message("the oracle refuses case %u:\n%s", i, text->str);
                break;
            }
        }
        g_error("seed %u: the oracle failed: %s", s->seed, err->message);
    }
    got = engine_run(e, im, &err);
    if (!got) {
        g_test_message("seed %u: %s", s->seed, err->message);
    }
    for (unsigned i = 0; i < im->ncases && bad < 3; i++) {
        if (!got ? differs(s, i, e, oracle) : memcmp(&want[i], &got[i], sizeof(*want)) != 0) {
            report(s, i, e, oracle);
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

static void same_state_as_oracle(gconstpointer data)
{
    const struct config *c = data;
    g_autofree char *oracle = oracle_find(&oracle_aarch64);
    unsigned rounds = env_number("DOPPEL_INSN_ROUNDS", 1);
    unsigned seed = env_number("DOPPEL_INSN_SEED", (uint32_t)g_test_rand_int());
    struct engine *e;

    if (!oracle) {
        g_test_skip("no user-mode qemu of version 9 or newer: scripts/guest/oracle.py fetches one");
        return;
    }
    e = engine_new(&engine_arm, c->kind, 64, c->max_insns, c->passes, ~0u);
    if (!e) {
        g_test_skip("no back end for this host");
        return;
    }
    for (unsigned i = 0; i < rounds; i++) {
        struct arm_stream *s = arm_stream_new(seed + i, CASES, ITEMS, g_getenv("DOPPEL_INSN_ONLY"));

        if (compare(s, e, oracle)) {
            g_test_fail();
        }
        arm_stream_free(s);
    }
    engine_free(e);
}

static const struct {
    const char *path;
    struct config config;
} tests[] = {
    { "/insn/aarch64/interpreted", { ENGINE_INTERP, 64, 0 } },
    { "/insn/aarch64/interpreted_one_by_one", { ENGINE_INTERP, 1, 0 } },
    { "/insn/aarch64/compiled", { ENGINE_JIT, 64, ~0u } },
    { "/insn/aarch64/compiled_one_by_one", { ENGINE_JIT, 1, ~0u } },
    { "/insn/aarch64/compiled_without_passes", { ENGINE_JIT, 64, 0 } },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_data_func(tests[i].path, &tests[i].config, same_state_as_oracle);
    }
    return g_test_run();
}
