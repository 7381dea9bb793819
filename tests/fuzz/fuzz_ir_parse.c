/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any text: the parser refuses it or makes IR; the verifier refuses that or it prints, comes back the same from its text, and
 * stays valid under the passes.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/ir_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct ir *ir)
{
    struct ir *again = ir_new();
    GString *a = g_string_new(NULL), *b = g_string_new(NULL);
    GError *err = NULL;

    ir_print(ir, a);
    if (!ir_parse(again, ir->target, a->str, &err)) {
        g_error("%s\n%s", err->message, a->str);
    }
    ir_print(again, b);
    g_assert_cmpstr(a->str, ==, b->str);
    ir_optimise(again, -1u);
    if (!ir_verify(again, &err)) {
        g_error("%s\n%s", err->message, a->str);
    }
    g_string_free(a, TRUE);
    g_string_free(b, TRUE);
    ir_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ir *ir;
    char *text = g_strndup((const char *)data, size);

    ir = ir ? ir : ir_new();
    if (ir_parse(ir, &world_target, text, NULL) && ir_verify(ir, NULL)) {
        check_round_trip(ir);
    }
    g_free(text);
    return 0;
}
