/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IR's text form: ir.h describes it, parse.c reads it. */
#include "tcg/ir.h"

#include <inttypes.h>

static void print_const(enum ir_type type, uint64_t v, GString *out)
{
    int64_t s = type == IR_I32 ? (int32_t)v : (int64_t)v;

    if ((type == IR_I64 || type == IR_I32) && s >= -4096 && s <= 4096) {
        g_string_append_printf(out, "%" PRId64, s);
    } else {
        g_string_append_printf(out, "0x%" PRIx64, v);
    }
    if (type != IR_I64) {
        g_string_append_printf(out, ":%s", ir_type_name(type));
    }
}

static void print_ref(const struct ir *ir, ir_ref r, GString *out)
{
    if (ir_is_const(r)) {
        print_const(ir_type_of(ir, r), ir_const_value(ir, r), out);
    } else {
        g_string_append_printf(out, "v%u", r);
    }
}

static void print_list(const struct ir *ir, const ir_ref *refs, unsigned n, GString *out)
{
    for (unsigned k = 0; k < n; k++) {
        g_string_append(out, k ? ", " : "");
        print_ref(ir, refs[k], out);
    }
}

static void print_edge(const struct ir *ir, unsigned block, const ir_ref *refs, unsigned n, GString *out)
{
    g_string_append_printf(out, "b%u", block);
    if (n) {
        g_string_append_c(out, '(');
        print_list(ir, refs, n, out);
        g_string_append_c(out, ')');
    }
}

static void print_mem(unsigned mem, GString *out)
{
    g_string_append_printf(out, ".%s%u", mem & IR_MEM_SIGN ? "s" : "", 8u << (mem & IR_MEM_SIZE));
    g_string_append(out, mem & IR_MEM_BE ? ".be" : "");
    g_string_append(out, mem & IR_MEM_ALIGN ? ".align" : "");
    g_string_append(out, mem & IR_MEM_ATOMIC ? ".atomic" : "");
    if (IR_MEM_IDX(mem)) {
        g_string_append_printf(out, ".m%u", IR_MEM_IDX(mem));
    }
}

static void print_name(const struct ir_insn *i, GString *out)
{
    unsigned n;
    const char *const *names = ir_sub_names(i->op, &n);

    g_string_append(out, ir_ops[i->op].name);
    if (names && i->sub < n && names[i->sub]) {
        g_string_append_printf(out, ".%s", names[i->sub]);
    } else if (i->sub && i->op != IR_OP_insn) {
        g_string_append_printf(out, ".%u", i->sub);
    }
    if (ir_ops[i->op].flags & IR_OPF_MEM) {
        print_mem(i->mem, out);
    }
    g_string_append_c(out, ' ');
}

static void print_address(const struct ir *ir, const struct ir_insn *i, GString *out)
{
    g_string_append_c(out, '[');
    print_ref(ir, i->a, out);
    if (i->imm) {
        g_string_append_printf(out, " %c %" PRIu64, i->imm < 0 ? '-' : '+', i->imm < 0 ? -(uint64_t)i->imm : (uint64_t)i->imm);
    }
    g_string_append_c(out, ']');
}

static void print_operands(const struct ir *ir, const struct ir_insn *i, GString *out)
{
    const struct ir_op_info *info = &ir_ops[i->op];

    switch (i->op) {
    case IR_OP_get:
        g_string_append(out, ir->target->slots[i->imm].name);
        return;
    case IR_OP_put:
        g_string_append_printf(out, "%s, ", ir->target->slots[i->imm].name);
        break;
    case IR_OP_insn:
        g_string_append_printf(out, "0x%" PRIx64 ", %u", i->imm, i->sub);
        return;
    case IR_OP_goto_pc:
        g_string_append_printf(out, "0x%" PRIx64, i->imm);
        return;
    case IR_OP_exit:
        g_string_append(out, i->imm >= 1 && i->imm <= IR_EXIT_YIELD ? ir_exit_names[i->imm] : "?");
        return;
    case IR_OP_call:
        g_string_append_printf(out, "%s(", ir->target->helpers[i->imm].name);
        print_list(ir, ir->args + i->b, i->c, out);
        g_string_append_c(out, ')');
        return;
    case IR_OP_br:
        print_edge(ir, i->imm, ir->args + i->b, i->c, out);
        return;
    }
    if (info->flags & IR_OPF_MEM) {
        print_address(ir, i, out);
        g_string_append(out, info->values > 1 ? ", " : "");
        print_list(ir, i->v + 1, info->values - 1, out);
    } else {
        print_list(ir, i->v, info->values, out);
    }
    if (ir_has_imm(i)) {
        g_string_append_printf(out, ", %" PRId64, i->imm);
    }
    if (info->shape == IR_SHAPE_ABCD) {
        g_string_append(out, ", ");
        print_list(ir, ir->args + i->c, 2, out);
    } else if (i->op == IR_OP_brcond) {
        const ir_ref *yes = ir->args + i->c, *no = yes + 1 + *yes;

        g_string_append(out, ", ");
        print_edge(ir, (uint32_t)i->imm, yes + 1, *yes, out);
        g_string_append(out, ", ");
        print_edge(ir, (uint64_t)i->imm >> 32, no + 1, *no, out);
    }
}

static void print_block(const struct ir *ir, unsigned block, GString *out)
{
    const struct ir_block *b = &ir->blocks[block];

    g_string_append_printf(out, "b%u:%s%s\n", block, b->loop_head ? " loop" : "", b->cold ? " cold" : "");
    for (unsigned k = b->first; k < b->end; k++) {
        const struct ir_insn *i = &ir->insns[k];
        gsize len;

        if (i->op == IR_OP_NONE) {
            continue;
        }
        g_string_append(out, "    ");
        if (i->type != IR_VOID) {
            g_string_append_printf(out, "v%u:%s%s = ", k, ir_type_name(i->type), i->flags & IR_NONCANON ? "?" : "");
        }
        print_name(i, out);
        print_operands(ir, i, out);
        len = out->len;
        g_string_truncate(out, out->str[len - 1] == ' ' ? len - 1 : len);
        g_string_append_c(out, '\n');
    }
}

void ir_print(const struct ir *ir, GString *out)
{
    unsigned at = 0;

    /* in the order in which they were filled, so that each value is defined above its uses */
    for (unsigned done = 0; done < ir->nblocks; done++) {
        int next = -1;

        for (unsigned b = 0; b < ir->nblocks; b++) {
            if (ir->blocks[b].first > at && (next < 0 || ir->blocks[b].first < ir->blocks[next].first)) {
                next = b;
            }
        }
        if (next < 0) {
            return;     /* the rest has not been filled */
        }
        print_block(ir, next, out);
        at = ir->blocks[next].first;
    }
}
