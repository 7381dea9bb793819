/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/ir/: each <pass>_<subject>.ir holds cases separated by lines `===`; a case is a region, a line `---`, and the region
 * that the pass must make of it, or for the passes `parse` and `verify` a part of the error message. Slots and helpers are
 * those of world_target. The values' numbers need not agree, only their order.
 */
#include <string.h>

#include "tests/unit/ir_rebuild.h"
#include "tests/unit/ir_world.h"

static void load(struct ir *ir, const char *text, const char *where)
{
    GError *err = NULL;

    if (!ir_parse(ir, &world_target, text, &err) || !ir_verify(ir, &err)) {
        g_error("%s: %s", where, err->message);
    }
}

/* Text with the values numbered anew, as parsing does it. */
static char *normalised(const char *text, const char *where)
{
    struct ir *ir = ir_new();
    GString *out = g_string_new(NULL);

    load(ir, text, where);
    ir_print(ir, out);
    ir_free(ir);
    return g_string_free(out, FALSE);
}

static void apply(struct ir *ir, const char *pass)
{
    static const struct { const char *name; enum ir_pass bit; } passes[] = {
        { "cse", IR_PASS_CSE }, { "dead", IR_PASS_DEAD }, { "narrow", IR_PASS_NARROW }, { "text", 0 },
    };

    for (unsigned k = 0; k < G_N_ELEMENTS(passes); k++) {
        if (strcmp(pass, passes[k].name) == 0) {
            ir_optimise(ir, passes[k].bit);
            return;
        }
    }
    g_error("tests/ir: no pass is named %s", pass);
}

static char *transformed(const char *pass, const char *input, const char *where)
{
    struct ir *ir = ir_new(), *folded = ir_new();
    GString *out = g_string_new(NULL);
    char *text;

    load(ir, input, where);
    if (strcmp(pass, "fold") == 0) {
        ir_rebuild(folded, ir);
        ir_print(folded, out);
    } else {
        apply(ir, pass);
        ir_print(ir, out);
    }
    text = normalised(out->str, where);
    g_string_free(out, TRUE);
    ir_free(ir);
    ir_free(folded);
    return text;
}

static void check_refused(const char *pass, const char *input, char *expected, const char *where)
{
    struct ir *ir = ir_new();
    GError *err = NULL;
    bool parsed = ir_parse(ir, &world_target, input, &err);

    g_strstrip(expected);
    if (strcmp(pass, "verify") == 0 && !parsed) {
        g_error("%s: %s", where, err->message);
    }
    if (parsed && strcmp(pass, "verify") == 0 && ir_verify(ir, &err)) {
        g_error("%s: accepted; expected: %s\n%s", where, expected, input);
    }
    if (!err || !strstr(err->message, expected)) {
        g_error("%s: %s; expected: %s", where, err ? err->message : "accepted", expected);
    }
    g_clear_error(&err);
    ir_free(ir);
}

static void run_case(const char *pass, const char *text, const char *where)
{
    char **halves = g_regex_split_simple("^---$\n?", text, G_REGEX_MULTILINE, 0);

    if (g_strv_length(halves) != 2) {
        g_error("%s: a case is two halves with --- between", where);
    }
    if (strcmp(pass, "parse") == 0 || strcmp(pass, "verify") == 0) {
        check_refused(pass, halves[0], halves[1], where);
    } else {
        char *is = transformed(pass, halves[0], where), *want = normalised(halves[1], where);

        if (strcmp(is, want)) {
            g_error("%s: is\n%s\nexpected\n%s", where, is, want);
        }
        g_free(is);
        g_free(want);
    }
    g_strfreev(halves);
}

static void run_file(const void *data)
{
    const char *path = data;
    char *text, *name = g_path_get_basename(path), *pass = g_strndup(name, strcspn(name, "_")), **cases;
    GError *err = NULL;

    if (!g_file_get_contents(path, &text, NULL, &err)) {
        g_error("%s", err->message);
    }
    cases = g_regex_split_simple("^===$\n?", text, G_REGEX_MULTILINE, 0);
    for (unsigned k = 0; cases[k]; k++) {
        char *where = g_strdup_printf("%s, case %u", name, k + 1);

        run_case(pass, cases[k], where);
        g_free(where);
    }
    g_strfreev(cases);
    g_free(text);
    g_free(pass);
    g_free(name);
}

int main(int argc, char **argv)
{
    const char *root = g_getenv("SOURCE_ROOT"), *name;
    char *folder = g_build_filename(root ? root : "..", "tests", "ir", NULL);
    GDir *dir = g_dir_open(folder, 0, NULL);

    g_test_init(&argc, &argv, NULL);
    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".ir")) {
            char *test = g_strdup_printf("/ir/text/%s", name);

            g_test_add_data_func_full(test, g_build_filename(folder, name, NULL), run_file, g_free);
            g_free(test);
        }
    }
    g_dir_close(dir);
    g_free(folder);
    return g_test_run();
}
