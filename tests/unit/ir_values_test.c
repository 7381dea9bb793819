/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/ir/values.txt: what integer operations yield, folded by the builder and run by the interpreter. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/ir_world.h"

struct row {
    char name[24];
    unsigned width;
    uint64_t a, b, want;
};

/* Slots x0, x1 or w0, w1 hold the operands; x2 or w1 gets the result. */
enum { SLOT_X0 = 1, SLOT_W0 = 1 + WORLD_X + WORLD_F };

static ir_ref build(struct ir *ir, const struct row *r, ir_ref a, ir_ref b)
{
    enum ir_type type = r->width == 32 ? IR_I32 : IR_I64;
    const char *dot = strchr(r->name, '.');
    unsigned n;
    const char *const *conds = ir_sub_names(IR_OP_setcond, &n);

    if (dot) {
        for (unsigned c = 0; c < n; c++) {
            if (strcmp(dot + 1, conds[c]) == 0) {
                return ir_setcond(ir, c, a, b);
            }
        }
    }
    for (unsigned op = 1; op < IR_OP_COUNT; op++) {
        if (strcmp(r->name, ir_ops[op].name) == 0) {
            return ir_ops[op].values == 1 ? ir_emit1(ir, op, type, a) : ir_emit2(ir, op, type, a, b);
        }
    }
    g_error("unknown operation %s", r->name);
}

static void check_folded(struct ir *ir, const struct row *r)
{
    enum ir_type type = r->width == 32 ? IR_I32 : IR_I64;
    ir_ref v;

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    v = build(ir, r, ir_const(ir, type, r->a), ir_const(ir, type, r->b));
    if (!ir_is_const(v) || ir_const_value(ir, v) != r->want) {
        g_error("%s %u 0x%" PRIx64 " 0x%" PRIx64 ": folded to 0x%" PRIx64, r->name, r->width, r->a, r->b, ir_const_value(ir, v));
    }
}

static void check_run(struct ir *ir, struct ir_world *w, const struct row *r)
{
    bool narrow = r->width == 32;
    unsigned a = narrow ? SLOT_W0 : SLOT_X0;
    uint64_t is;
    ir_ref v;

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    v = build(ir, r, ir_get(ir, a), ir_get(ir, a + 1));
    ir_put(ir, ir_type_of(ir, v) == IR_I64 ? SLOT_X0 + 2 : SLOT_W0 + 1, v);
    ir_goto_pc(ir, 0, false);
    w->cpu.x[0] = r->a;
    w->cpu.x[1] = r->b;
    w->cpu.w[0] = r->a;
    w->cpu.w[1] = r->b;
    ir_world_interp(w, ir);
    is = ir_type_of(ir, v) == IR_I64 ? w->cpu.x[2] : w->cpu.w[1];
    if (is != r->want) {
        g_error("%s %u 0x%" PRIx64 " 0x%" PRIx64 ": interpreted to 0x%" PRIx64, r->name, r->width, r->a, r->b, is);
    }
}

static void all_rows(void)
{
    const char *root = g_getenv("SOURCE_ROOT");
    char *path = g_build_filename(root ? root : "..", "tests", "ir", "values.txt", NULL), *text, **lines;
    struct ir *ir = ir_new();
    struct ir_world *w = ir_world_new();

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (unsigned n = 0; lines[n]; n++) {
        struct row r;

        if (*lines[n] && *lines[n] != '#') {
            g_assert_cmpint(sscanf(lines[n], "%23s %u %" SCNx64 " %" SCNx64 " %" SCNx64, r.name, &r.width, &r.a, &r.b, &r.want), ==, 5);
            check_folded(ir, &r);
            check_run(ir, w, &r);
        }
    }
    g_strfreev(lines);
    g_free(text);
    g_free(path);
    ir_world_free(w);
    ir_free(ir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/values", all_rows);
    return g_test_run();
}
