/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the IR's text form (ir.h) without folding anything: what print.c wrote comes back as it was. Only the syntax is
 * checked here; types, dominance and the rest are ir_verify's.
 */
#include "tcg/ir_impl.h"

#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 4096
#define OPERANDS_MAX 256

struct parser {
    struct ir *ir;
    const char *at;             /* in the text */
    unsigned line;
    bool failed;
    GError **err;
    ir_ref *values;             /* by the number in the text */
    bool *filled;               /* by block */
    bool in_block;
};

static void fail(struct parser *p, const char *what)
{
    if (!p->failed) {
        p->failed = true;
        g_set_error(p->err, g_quark_from_static_string("ir"), 0, "line %u: %s", p->line, what);
    }
}

/* ---- tokens; each skips blanks before it, never a line's end ---- */

static void skip_blanks(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t' || *p->at == '\r') {
        p->at++;
    }
    if (*p->at == '#') {
        p->at += strcspn(p->at, "\n");
    }
}

static bool take(struct parser *p, char c)
{
    skip_blanks(p);
    if (*p->at == c) {
        p->at++;
        return true;
    }
    return false;
}

static void want(struct parser *p, char c)
{
    if (!take(p, c)) {
        char what[] = "expected ' '";

        what[10] = c;
        fail(p, what);
    }
}

/* A name: letters, digits, _; cut to the room. False: none there. */
static bool word(struct parser *p, char *buf, unsigned size)
{
    unsigned n = 0;

    skip_blanks(p);
    while (g_ascii_isalnum(*p->at) || *p->at == '_') {
        if (n + 1 < size) {
            buf[n++] = *p->at;
        }
        p->at++;
    }
    buf[n] = 0;
    return n;
}

static bool word_is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static uint64_t number(struct parser *p)
{
    char *end;
    uint64_t v;
    bool negative = take(p, '-');

    skip_blanks(p);
    if (!g_ascii_isdigit(*p->at)) {
        fail(p, "expected a number");
        return 0;
    }
    v = g_ascii_strtoull(p->at, &end, 0);
    p->at = end;
    return negative ? -v : v;
}

static enum ir_type type_name(struct parser *p)
{
    char name[8];

    word(p, name, sizeof(name));
    for (unsigned t = IR_I32; t <= IR_F80; t++) {
        if (word_is(name, ir_type_name(t))) {
            return t;
        }
    }
    fail(p, "unknown type");
    return IR_I64;
}

/* ---- operands ---- */

static unsigned value_number(struct parser *p)
{
    uint64_t n = 0;

    if (!take(p, 'v') || !g_ascii_isdigit(*p->at) || (n = number(p)) > IR_VALUES_MAX || n == 0) {
        fail(p, "expected a value (v1, ...)");
        return 0;
    }
    return n;
}

static ir_ref operand(struct parser *p)
{
    enum ir_type type = IR_I64;
    uint64_t bits;

    skip_blanks(p);
    if (*p->at == 'v') {
        ir_ref r = p->values[value_number(p)];

        if (!r) {
            fail(p, "value is not defined above");
        }
        return r;
    }
    bits = number(p);
    if (*p->at == ':') {
        p->at++;
        type = type_name(p);
    }
    return ir_const(p->ir, type, bits);
}

static unsigned block_number(struct parser *p)
{
    uint64_t n = 0;

    if (!take(p, 'b') || !g_ascii_isdigit(*p->at) || (n = number(p)) >= BLOCKS_MAX) {
        fail(p, "expected a block (b0, ...)");
        return 0;
    }
    while (n >= p->ir->nblocks) {
        ir_block_new(p->ir);
    }
    return n;
}

/* `(a, b, ...)` into refs; how many. An empty list may lack its parentheses. */
static unsigned operand_list(struct parser *p, ir_ref *refs, unsigned max)
{
    unsigned n = 0;

    if (!take(p, '(') || take(p, ')')) {
        return 0;
    }
    do {
        if (n == max) {
            fail(p, "too many operands");
            return 0;
        }
        refs[n++] = operand(p);
    } while (!p->failed && take(p, ','));
    want(p, ')');
    return n;
}

static unsigned slot_number(struct parser *p)
{
    char name[64];

    word(p, name, sizeof(name));
    for (unsigned s = 0; s < p->ir->target->nslots; s++) {
        if (word_is(name, p->ir->target->slots[s].name)) {
            return s;
        }
    }
    fail(p, "unknown slot");
    return 0;
}

static unsigned helper_number(struct parser *p)
{
    char name[64];

    word(p, name, sizeof(name));
    for (unsigned h = 0; h < p->ir->target->nhelpers; h++) {
        if (word_is(name, p->ir->target->helpers[h].name)) {
            return h;
        }
    }
    fail(p, "unknown helper");
    return 0;
}

static unsigned exit_code(struct parser *p)
{
    char name[16];

    word(p, name, sizeof(name));
    for (unsigned c = IR_EXIT_LOOKUP; c <= IR_EXIT_YIELD; c++) {
        if (word_is(name, ir_exit_names[c])) {
            return c;
        }
    }
    fail(p, "unknown exit");
    return IR_EXIT_LOOKUP;
}

/* ---- instructions ---- */

/* `add.sub.mem...`: operation with what follows its name. */
static bool sub_suffix(struct ir_insn *i, const char *name)
{
    unsigned n;
    const char *const *names = ir_sub_names(i->op, &n);

    for (unsigned s = 0; s < n; s++) {
        char digits[12];

        g_snprintf(digits, sizeof(digits), "%u", s);
        if (names ? names[s] && word_is(name, names[s]) : n > 1 && word_is(name, digits)) {
            i->sub = s;
            return true;
        }
    }
    return false;
}

static bool mem_suffix(struct ir_insn *i, const char *name)
{
    static const struct { const char *name; unsigned bits; } rows[] = {
        { "8", IR_MEM_8 }, { "16", IR_MEM_16 }, { "32", IR_MEM_32 }, { "64", IR_MEM_64 }, { "128", IR_MEM_128 },
        { "s8", IR_MEM_SIGN | IR_MEM_8 }, { "s16", IR_MEM_SIGN | IR_MEM_16 }, { "s32", IR_MEM_SIGN | IR_MEM_32 },
        { "s64", IR_MEM_SIGN | IR_MEM_64 }, { "s128", IR_MEM_SIGN | IR_MEM_128 },
        { "be", IR_MEM_BE }, { "align", IR_MEM_ALIGN }, { "atomic", IR_MEM_ATOMIC },
    };

    if (!(ir_ops[i->op].flags & IR_OPF_MEM)) {
        return false;
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++) {
        if (word_is(name, rows[k].name)) {
            i->mem |= rows[k].bits;
            return true;
        }
    }
    if (name[0] == 'm' && g_ascii_isdigit(name[1]) && strtoul(name + 1, NULL, 10) < 16) {
        i->mem |= strtoul(name + 1, NULL, 10) << IR_MEM_IDX_SHIFT;
        return true;
    }
    return false;
}

static void operation(struct parser *p, struct ir_insn *i)
{
    char name[32];

    word(p, name, sizeof(name));
    for (i->op = IR_OP_NONE + 1; i->op < IR_OP_COUNT && !word_is(name, ir_ops[i->op].name); i->op++) {
    }
    if (i->op == IR_OP_COUNT) {
        fail(p, "unknown operation");
        i->op = IR_OP_NONE;
        return;
    }
    while (*p->at == '.') {
        p->at++;
        word(p, name, sizeof(name));
        if (!sub_suffix(i, name) && !mem_suffix(i, name)) {
            fail(p, "unknown suffix of the operation");
            return;
        }
    }
}

static unsigned pool_append(struct parser *p, const ir_ref *refs, unsigned n)
{
    struct ir *ir = p->ir;
    unsigned at = ir->nargs;

    if (at + n > 0xffff) {
        fail(p, "too many arguments");
        return 0;
    }
    memcpy(ir->args + at, refs, n * sizeof(*refs));
    ir->nargs += n;
    return at;
}

static void address(struct parser *p, struct ir_insn *i)
{
    want(p, '[');
    i->a = operand(p);
    if (take(p, '+')) {
        i->imm = number(p);
    } else if (take(p, '-')) {
        i->imm = -number(p);
    }
    want(p, ']');
}

static void edges(struct parser *p, struct ir_insn *i)
{
    ir_ref refs[2 * OPERANDS_MAX + 2];
    unsigned yes, no, n;

    want(p, ',');
    yes = block_number(p);
    refs[0] = n = operand_list(p, refs + 1, OPERANDS_MAX);
    want(p, ',');
    no = block_number(p);
    refs[n + 1] = operand_list(p, refs + n + 2, OPERANDS_MAX);
    i->imm = (uint64_t)no << 32 | yes;
    i->c = refs[0] + refs[n + 1] ? pool_append(p, refs, n + 2 + refs[n + 1]) : 0;
}

static void operands(struct parser *p, struct ir_insn *i)
{
    const struct ir_op_info *info = &ir_ops[i->op];
    ir_ref refs[OPERANDS_MAX];
    unsigned first = 0;

    switch (i->op) {
    case IR_OP_get:
        i->imm = slot_number(p);
        return;
    case IR_OP_put:
        i->imm = slot_number(p);
        want(p, ',');
        break;
    case IR_OP_param:
        i->imm = p->ir->blocks[p->ir->cur_block].params++;
        return;
    case IR_OP_insn:
        i->imm = number(p);
        want(p, ',');
        i->sub = number(p);
        p->ir->guest_insns += i->sub != 0;
        return;
    case IR_OP_goto_pc:
        i->imm = number(p);
        return;
    case IR_OP_exit:
        i->imm = exit_code(p);
        return;
    case IR_OP_call:
        i->imm = helper_number(p);
        i->c = operand_list(p, refs, OPERANDS_MAX);
        i->b = pool_append(p, refs, i->c);
        return;
    case IR_OP_br:
        i->imm = block_number(p);
        i->c = operand_list(p, refs, OPERANDS_MAX);
        i->b = pool_append(p, refs, i->c);
        return;
    }
    if (info->flags & IR_OPF_MEM) {
        address(p, i);
        first = 1;
    }
    for (unsigned k = first; k < info->values; k++) {
        if (k) {
            want(p, ',');
        }
        i->v[k] = operand(p);
    }
    if (ir_has_imm(i)) {
        want(p, ',');
        i->imm = number(p);
    }
    if (info->shape == IR_SHAPE_ABCD) {
        want(p, ',');
        refs[0] = operand(p);
        want(p, ',');
        refs[1] = operand(p);
        i->c = pool_append(p, refs, 2);
    } else if (i->op == IR_OP_brcond) {
        edges(p, i);
    }
}

static void instruction(struct parser *p)
{
    struct ir *ir = p->ir;
    struct ir_insn i = { 0 };
    unsigned id = 0;

    skip_blanks(p);
    if (*p->at == 'v' && g_ascii_isdigit(p->at[1])) {
        id = value_number(p);
        want(p, ':');
        i.type = type_name(p);
        i.flags = take(p, '?') ? IR_NONCANON : 0;
        want(p, '=');
    }
    if (!p->in_block) {
        fail(p, "an instruction outside a block");
    }
    operation(p, &i);
    if (p->failed) {
        return;
    }
    operands(p, &i);
    if (p->failed) {
        return;
    }
    if (id && p->values[id]) {
        fail(p, "value is defined twice");
    }
    p->values[id] = ir_push(ir, i.op, i.type, i.sub, i.a, i.b, i.c, i.mem, i.imm);
    ir->insns[ir->ninsns - 1].flags = i.flags;
    p->values[0] = 0;
    ir->blocks[ir->cur_block].end = ir->ninsns;
    p->in_block = !(ir_ops[i.op].flags & IR_OPF_TERM);
}

static void block_header(struct parser *p)
{
    unsigned b = block_number(p);
    char name[8];

    want(p, ':');
    if (p->failed) {
        return;
    }
    if (p->in_block || p->filled[b]) {
        fail(p, p->in_block ? "the block above has no end" : "block is there twice");
        return;
    }
    ir_begin(p->ir, b);
    p->filled[b] = p->in_block = true;
    while (word(p, name, sizeof(name))) {
        if (word_is(name, "loop")) {
            p->ir->blocks[b].loop_head = true;
        } else if (word_is(name, "cold")) {
            p->ir->blocks[b].cold = true;
        } else {
            fail(p, "expected loop or cold");
        }
    }
}

static void line(struct parser *p)
{
    skip_blanks(p);
    if (*p->at == 'b' && g_ascii_isdigit(p->at[1])) {
        block_header(p);
    } else if (*p->at && *p->at != '\n') {
        instruction(p);
    }
    skip_blanks(p);
    if (!p->failed && *p->at && *p->at != '\n') {
        fail(p, "more than was expected on the line");
    }
    if (*p->at == '\n') {
        p->at++;
    }
    p->line++;
}

bool ir_parse(struct ir *ir, const struct ir_target *t, const char *text, GError **err)
{
    struct parser p = { .ir = ir, .at = text, .line = 1, .err = err };

    p.values = g_new0(ir_ref, IR_VALUES_MAX + 1);
    p.filled = g_new0(bool, BLOCKS_MAX);
    ir_reset(ir, t);
    while (*p.at && !p.failed) {
        line(&p);
    }
    if (p.in_block) {
        fail(&p, "the last block has no end");
    }
    for (unsigned b = 0; b < ir->nblocks; b++) {
        if (!p.filled[b]) {
            fail(&p, "a block is named and not there");
        }
    }
    if (ir->nblocks == 0) {
        fail(&p, "no block");
    }
    if (ir->overflow) {
        fail(&p, "too many instructions or constants");
    }
    ir->cur_block = -1;
    g_free(p.values);
    g_free(p.filled);
    return !p.failed;
}
