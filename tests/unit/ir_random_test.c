/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random regions leave the same state, memory, faults and exits behind before and after each transformation that must not
 * change them: the text form, the builder's folding, each pass, all passes. IR_RANDOM_COUNT and IR_RANDOM_SEED make a
 * longer run; a failure prints its seed and the smallest region found.
 */
#include "tests/unit/ir_random.h"
#include "tests/unit/ir_rebuild.h"

static const struct ir_random_opts opts[] = {
    { RANDOM_ALL, 6, 5 },
    { RANDOM_ALL & ~RANDOM_BLOCKS, 1, 12 },
    { RANDOM_ALL & ~(RANDOM_FP | RANDOM_NONCANON), 12, 4 },
    { RANDOM_BLOCKS | RANDOM_LOOPS, 8, 4 },
};

struct bench {
    struct ir *ir, *other;
    struct ir_world *before, *after;
    void (*transform)(struct ir *to, const struct ir *from);
    uint64_t seed;
};

static void copy(struct ir *to, const struct ir *from)
{
    GString *text = g_string_new(NULL);
    GError *err = NULL;

    ir_print(from, text);
    if (!ir_parse(to, from->target, text->str, &err)) {
        g_error("%s\n%s", err->message, text->str);
    }
    g_string_free(text, TRUE);
}

static void pass_cse(struct ir *to, const struct ir *from)
{
    copy(to, from);
    ir_optimise(to, IR_PASS_CSE);
}

static void pass_dead(struct ir *to, const struct ir *from)
{
    copy(to, from);
    ir_optimise(to, IR_PASS_DEAD);
}

static void pass_narrow(struct ir *to, const struct ir *from)
{
    copy(to, from);
    ir_optimise(to, IR_PASS_NARROW);
}

static void all(struct ir *to, const struct ir *from)
{
    ir_rebuild(to, from);
    ir_optimise(to, -1u);
}

static bool run_differs(struct bench *b, struct ir *ir, GString *diff)
{
    GError *err = NULL;
    bool same;

    b->transform(b->other, ir);
    if (!ir_verify(b->other, &err)) {
        if (diff) {
            g_string_append_printf(diff, "# %s\n", err->message);
        }
        g_clear_error(&err);
        return true;
    }
    ir_world_init(b->before, b->seed);
    ir_world_init(b->after, b->seed);
    ir_world_interp(b->before, ir);
    ir_world_interp(b->after, b->other);
    same = ir_world_same(b->before, b->after, diff);
    return !same;
}

static bool fails(struct ir *ir, void *opaque)
{
    return run_differs(opaque, ir, NULL);
}

static void report(struct bench *b)
{
    GString *text = g_string_new(NULL), *diff = g_string_new(NULL);
    char *small;

    ir_print(b->ir, text);
    small = ir_random_minimise(text->str, fails, b);
    if (ir_parse(b->ir, &world_target, small, NULL)) {
        run_differs(b, b->ir, diff);
    }
    g_string_truncate(text, 0);
    ir_print(b->other, text);
    g_print("# seed %" G_GUINT64_FORMAT "\n%s\n# becomes\n%s\n# before and after:\n%s", b->seed, small, text->str, diff->str);
    g_free(small);
    g_test_fail();
}

static void transform_keeps_meaning(const void *data)
{
    struct bench b = { ir_new(), ir_new(), ir_world_new(), ir_world_new(), NULL, ir_random_seed() };
    unsigned n = ir_random_count(400), ends[8] = { 0 };

    *(const void **)&b.transform = data;
    for (; n-- > 0 && !g_test_failed(); b.seed++) {
        GError *err = NULL;

        b.ir->fold = b.seed & 4;
        ir_random(b.ir, b.seed, &opts[b.seed % G_N_ELEMENTS(opts)]);
        if (!ir_verify(b.ir, &err)) {
            GString *text = g_string_new(NULL);

            ir_print(b.ir, text);
            g_error("seed %" G_GUINT64_FORMAT ": %s\n%s", b.seed, err->message, text->str);
        }
        if (run_differs(&b, b.ir, NULL)) {
            report(&b);
        }
        ends[b.before->end]++;
    }
    g_test_message("left %u, exit %u, page fault %u, alignment %u, helper %u", ends[WORLD_LEFT], ends[WORLD_EXIT],
                   ends[WORLD_FAULT_PAGE], ends[WORLD_FAULT_ALIGN], ends[WORLD_FAULT_HELPER]);
    ir_free(b.ir);
    ir_free(b.other);
    ir_world_free(b.before);
    ir_world_free(b.after);
}

static void round_trip(void)
{
    struct ir *ir = ir_new(), *again = ir_new();
    GString *a = g_string_new(NULL), *b = g_string_new(NULL);
    uint64_t seed = ir_random_seed();

    for (unsigned n = ir_random_count(400); n-- > 0; seed++) {
        ir_random(ir, seed, &opts[seed % G_N_ELEMENTS(opts)]);
        g_string_truncate(a, 0);
        g_string_truncate(b, 0);
        ir_print(ir, a);
        copy(again, ir);
        ir_print(again, b);
        g_assert_cmpstr(a->str, ==, b->str);
    }
    g_string_free(a, TRUE);
    g_string_free(b, TRUE);
    ir_free(ir);
    ir_free(again);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/random/round_trip", round_trip);
    g_test_add_data_func("/ir/random/text", copy, transform_keeps_meaning);
    g_test_add_data_func("/ir/random/fold", ir_rebuild, transform_keeps_meaning);
    g_test_add_data_func("/ir/random/cse", pass_cse, transform_keeps_meaning);
    g_test_add_data_func("/ir/random/dead", pass_dead, transform_keeps_meaning);
    g_test_add_data_func("/ir/random/narrow", pass_narrow, transform_keeps_meaning);
    g_test_add_data_func("/ir/random/all", all, transform_keeps_meaning);
    return g_test_run();
}
