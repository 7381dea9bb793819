/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier: what every region must satisfy between two stages. ir.h lists the rules that are not about types. It runs
 * over IR of any origin (text included), so nothing is taken for granted: numbers are checked before they are used.
 */
#include "tcg/ir.h"

#include <string.h>

struct verifier {
    struct ir *ir;              /* not written; ir_pool_operands wants it so */
    GError **err;
    unsigned at;                /* instruction, or 0 */
    uint16_t *block_of;         /* by instruction */
    int *idom;                  /* immediate dominators; -1: not reached */
    int *order;                 /* number in reverse postorder */
};

static bool fail(struct verifier *v, const char *format, ...) G_GNUC_PRINTF(2, 3);

static bool fail(struct verifier *v, const char *format, ...)
{
    char text[128];
    va_list ap;

    va_start(ap, format);
    g_vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (v->at) {
        const char *name = ir_ops[v->ir->insns[v->at].op].name;

        g_set_error(v->err, g_quark_from_static_string("ir"), 0, "v%u (%s): %s", v->at, name, text);
    } else {
        g_set_error(v->err, g_quark_from_static_string("ir"), 0, "%s", text);
    }
    return false;
}

static bool is_int(enum ir_type t)
{
    return t == IR_I32 || t == IR_I64;
}

static bool is_float(enum ir_type t)
{
    return t == IR_F32 || t == IR_F64;
}

static unsigned type_bytes(enum ir_type t)
{
    return t == IR_I32 || t == IR_F32 ? 4 : t == IR_I64 || t == IR_F64 ? 8 : 16;
}

/* ---- numbers: operands, pool ranges, blocks, slots, helpers ---- */

static bool ref_ok(const struct ir *ir, ir_ref r, unsigned below)
{
    return ir_is_const(r) ? (r & ~IR_CONST_BIT) < ir->nconsts : r > 0 && r < below && ir->insns[r].type != IR_VOID;
}

static bool pool_ok(struct verifier *v, const struct ir_insn *i)
{
    const struct ir *ir = v->ir;
    unsigned n;

    switch (ir_ops[i->op].shape) {
    case IR_SHAPE_ABCD:
        return i->c + 2u <= ir->nargs;
    case IR_SHAPE_CALL: case IR_SHAPE_JUMP:
        return i->b + i->c <= ir->nargs;
    case IR_SHAPE_BRANCH:
        n = i->c + 1u;
        if (n > ir->nargs || (n += ir->args[i->c]) >= ir->nargs) {
            return false;
        }
        return n + 1 + ir->args[n] <= ir->nargs;
    default:
        return true;
    }
}

static bool numbers_ok(struct verifier *v, const struct ir_insn *i)
{
    struct ir *ir = v->ir;
    struct ir_span spans[2];
    unsigned nspans, succ[2];

    if (!pool_ok(v, i)) {
        return fail(v, "its arguments are not in the pool");
    }
    nspans = ir_pool_operands(ir, i, spans);
    for (unsigned k = 0; k < ir_ops[i->op].values; k++) {
        if (!ref_ok(ir, i->v[k], v->at)) {
            return fail(v, "operand %u is no value defined before", k);
        }
    }
    for (unsigned s = 0; s < nspans; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            if (!ref_ok(ir, spans[s].at[k], v->at)) {
                return fail(v, "argument %u is no value defined before", k);
            }
        }
    }
    switch (i->op) {
    case IR_OP_get: case IR_OP_put:
        return (uint64_t)i->imm < ir->target->nslots || fail(v, "no such slot");
    case IR_OP_call:
        return (uint64_t)i->imm < ir->target->nhelpers || fail(v, "no such helper");
    case IR_OP_br: case IR_OP_brcond:
        succ[0] = (uint32_t)i->imm;
        succ[1] = (uint64_t)i->imm >> 32;
        return (succ[0] < ir->nblocks && succ[1] < ir->nblocks) || fail(v, "no such block");
    default:
        return true;
    }
}

/* ---- types ---- */

static bool mem_type_ok(const struct ir_insn *i, enum ir_type t)
{
    unsigned bytes = 1u << (i->mem & IR_MEM_SIZE);

    if (i->mem >= 1 << 12 || (i->mem & IR_MEM_SIZE) > IR_MEM_128 || i->imm != (int32_t)i->imm) {
        return false;
    }
    if ((i->mem & IR_MEM_BE) && (i->mem & IR_MEM_SIZE) == IR_MEM_128) {
        return false;
    }
    return t == IR_VOID || (is_int(t) ? bytes <= type_bytes(t) :
                            (is_float(t) || t == IR_I128 || t == IR_V128) && bytes == type_bytes(t));
}

static bool call_ok(struct verifier *v, const struct ir_insn *i)
{
    const struct ir_helper *h = &v->ir->target->helpers[i->imm];
    unsigned given = 0;

    for (unsigned k = 0; k < h->nargs; k++) {
        if (h->args[k] == IR_VOID) {
            continue;
        }
        if (given >= i->c || ir_type_of(v->ir, v->ir->args[i->b + given]) != h->args[k]) {
            return fail(v, "argument %u of %s is of another type or is missing", given, h->name);
        }
        given++;
    }
    return (given == i->c && i->type == h->ret) || fail(v, "number of arguments or result of %s", h->name);
}

static bool edge_ok(struct verifier *v, unsigned block, const ir_ref *refs, unsigned n)
{
    const struct ir *ir = v->ir;
    const struct ir_block *b = &ir->blocks[block];

    if (block == 0) {
        return n == 0 || fail(v, "the entry block has no parameters");
    }
    if (n != b->params) {
        return fail(v, "block %u has %u parameters, not %u", block, b->params, n);
    }
    for (unsigned k = 0; k < n; k++) {
        if (ir_type_of(ir, refs[k]) != ir->insns[b->first + k].type) {
            return fail(v, "argument %u for block %u is of another type", k, block);
        }
    }
    return true;
}

/* Does a lane of 8 << sub bits go from or to a value of type t? */
static bool lane_type_ok(unsigned sub, enum ir_type t)
{
    return is_int(t) ? 1u << sub <= type_bytes(t) : is_float(t) && 1u << sub == type_bytes(t);
}

static bool vector_ok(struct verifier *v, const struct ir_insn *i, enum ir_type a, enum ir_type b)
{
    struct ir *ir = v->ir;
    const struct ir_helper *h;

    switch (i->op) {
    case IR_OP_vdup:
        return is_int(a) && 1u << i->sub <= type_bytes(a);
    case IR_OP_vfrom:
        return is_int(a) || is_float(a);
    case IR_OP_vget:
        return a == IR_V128 && lane_type_ok(i->sub, i->type) && (uint64_t)i->imm < 16u >> i->sub;
    case IR_OP_vset:
        return a == IR_V128 && lane_type_ok(i->sub, b) && (uint64_t)i->imm < 16u >> i->sub;
    case IR_OP_vmask:
        return a == IR_V128 && i->sub != 1;
    case IR_OP_fixnan:
        if (i->imm < 0 || i->imm >= ir->target->nhelpers) {
            return fail(v, "no such helper");
        }
        h = &ir->target->helpers[i->imm];
        return (is_float(a) ? i->sub == 0 : a == IR_V128) && b == a && ir_type_of(ir, i->c) == a && i->type == a &&
               h->ret == a && h->effects == IR_HELPER_PURE && h->nargs == 2 + (h->args[0] == IR_VOID) && h->args[h->nargs - 1] == a &&
               h->args[h->nargs - 2] == a;
    case IR_OP_fixnan3:
        if (i->imm < 0 || i->imm >= ir->target->nhelpers) {
            return fail(v, "no such helper");
        }
        h = &ir->target->helpers[i->imm];
        return a == IR_V128 && b == IR_V128 && ir_type_of(ir, ir->args[i->c]) == IR_V128 &&
               ir_type_of(ir, ir->args[i->c + 1]) == IR_V128 && h->ret == IR_V128 && h->effects == IR_HELPER_EFFECT &&
               h->nargs == 4 && h->args[0] == IR_VOID && h->args[1] == IR_V128 && h->args[2] == IR_V128 && h->args[3] == IR_V128;
    default:
        return a == IR_V128 && (ir_ops[i->op].values < 2 || b == IR_V128) &&
               (ir_ops[i->op].values < 3 || ir_type_of(ir, i->c) == IR_V128) && i->imm >= 0 && i->imm <= 255;
    }
}

/* Operations whose types no column of ops.def gives. */
static bool special_ok(struct verifier *v, const struct ir_insn *i, enum ir_type a, enum ir_type b)
{
    struct ir *ir = v->ir;
    const ir_ref *pool = ir->args;
    enum ir_type t = i->type;

    switch (i->op) {
    case IR_OP_get:
        return t == ir->target->slots[i->imm].type;
    case IR_OP_put:
        return a == ir->target->slots[i->imm].type;
    case IR_OP_param:
        return t != IR_VOID;
    case IR_OP_insn:
        return i->sub <= 15;
    case IR_OP_br:
        return edge_ok(v, i->imm, pool + i->b, i->c);
    case IR_OP_brcond:
        pool += i->c;
        return is_int(a) && a == b && edge_ok(v, (uint32_t)i->imm, pool + 1, *pool) &&
               edge_ok(v, (uint64_t)i->imm >> 32, pool + *pool + 2, pool[*pool + 1]);
    case IR_OP_goto_ind:
        return a == IR_I64;
    case IR_OP_exit:
        return i->imm >= IR_EXIT_LOOKUP && i->imm <= IR_EXIT_YIELD;
    case IR_OP_call:
        return call_ok(v, i);
    case IR_OP_mov:
        return t == a;
    case IR_OP_exts32: case IR_OP_extu32:
        return is_int(a);
    case IR_OP_trunc:
        return a == IR_I64;
    case IR_OP_setcond:
        return is_int(a) && a == b;
    case IR_OP_select:
        return is_int(a) && a == b && (is_int(t) || is_float(t)) && ir_type_of(ir, pool[i->c]) == t &&
               ir_type_of(ir, pool[i->c + 1]) == t;
    case IR_OP_pair:
        return a == IR_I64 && b == IR_I64;
    case IR_OP_lo: case IR_OP_hi:
        return a == IR_I128;
    case IR_OP_ld:
        return a == IR_I64 && t != IR_VOID && mem_type_ok(i, t);
    case IR_OP_st:
        return a == IR_I64 && mem_type_ok(i, b);
    case IR_OP_probe:
        return a == IR_I64 && mem_type_ok(i, IR_VOID);
    case IR_OP_rmw:
        return a == IR_I64 && is_int(t) && b == t && mem_type_ok(i, t);
    case IR_OP_cas:
        return a == IR_I64 && (is_int(t) || t == IR_I128) && b == t && ir_type_of(ir, i->c) == t && mem_type_ok(i, t);
    case IR_OP_fcmp:
        return is_float(a) && a == b;
    case IR_OP_fcvt_ff:
        return is_float(a) && is_float(t) && a != t;
    case IR_OP_fcvt_fx:
        return is_float(a) && is_int(t) && (i->sub == IR_RTZ || i->sub == IR_RDYN);
    case IR_OP_fcvt_fs: case IR_OP_fcvt_fu:
        return is_float(a) && is_int(t);
    case IR_OP_fcvt_sf: case IR_OP_fcvt_uf:
        return is_int(a) && is_float(t);
    case IR_OP_fpsetflags:
        return a == IR_I64;
    case IR_OP_fbits:
        return is_float(a) && is_int(t) && type_bytes(a) == type_bytes(t);
    case IR_OP_bitsf:
        return is_int(a) && is_float(t) && type_bytes(a) == type_bytes(t);
    case IR_OP_box32:
        return a == IR_F32;
    case IR_OP_unbox32: case IR_OP_low32:
        return a == IR_F64;
    case IR_OP_v1: case IR_OP_v2: case IR_OP_v3: case IR_OP_vf1: case IR_OP_vf2: case IR_OP_vf3: case IR_OP_vmask:
    case IR_OP_vtest: case IR_OP_vdup: case IR_OP_vfrom: case IR_OP_vget: case IR_OP_vset: case IR_OP_fixnan:
    case IR_OP_fixnan3:
        return vector_ok(v, i, a, b);
    default:
        return true;
    }
}

static bool result_ok(const struct ir *ir, const struct ir_insn *i)
{
    static const uint8_t fixed[] = {
        [IR_TYPES_VOID] = IR_VOID, [IR_TYPES_I32] = IR_I32, [IR_TYPES_I64] = IR_I64, [IR_TYPES_I128] = IR_I128,
        [IR_TYPES_V128] = IR_V128, [IR_TYPES_F32] = IR_F32, [IR_TYPES_F64] = IR_F64,
    };
    const struct ir_op_info *info = &ir_ops[i->op];
    bool fp = info->flags & IR_OPF_FP || i->op == IR_OP_fneg || i->op == IR_OP_fabs || i->op == IR_OP_fcopysign || i->op == IR_OP_canon;

    if (info->rule == IR_TYPES_ANY) {
        return i->type <= IR_F80;
    }
    if (info->rule != IR_TYPES_SAME) {
        return i->type == fixed[info->rule];
    }
    for (unsigned k = 0; k < info->values; k++) {
        if (ir_type_of(ir, i->v[k]) != i->type) {
            return false;
        }
    }
    return i->op == IR_OP_mov ? i->type != IR_VOID : fp ? is_float(i->type) : is_int(i->type);
}

static bool types_ok(struct verifier *v, const struct ir_insn *i)
{
    unsigned n;
    const char *const *names = ir_sub_names(i->op, &n);
    unsigned values = ir_ops[i->op].values;

    if (i->sub >= n || (names && !names[i->sub])) {
        return fail(v, "no such sub-operation");
    }
    if (!result_ok(v->ir, i)) {
        return fail(v, "type of the result");
    }
    if (!special_ok(v, i, values > 0 ? ir_type_of(v->ir, i->a) : IR_VOID, values > 1 ? ir_type_of(v->ir, i->b) : IR_VOID)) {
        return *v->err ? false : fail(v, "types of the operands, or size of the access");
    }
    return true;
}

/* ---- blocks ---- */

/* Precise state: see ir.h. */
static bool leaves(const struct ir *ir, const struct ir_insn *i)
{
    return ir_ops[i->op].flags & IR_OPF_MEM ||
           (i->op == IR_OP_call && ir->target->helpers[i->imm].effects & IR_HELPER_RAISES);
}

static bool canonicalises(const struct ir *ir, ir_ref v)
{
    const struct ir_insn *i = &ir->insns[v];

    return i->op == IR_OP_canon || (i->op == IR_OP_box32 && !ir_is_const(i->a) && ir->insns[i->a].op == IR_OP_canon);
}

/*
 * A put that a later operation of the same guest instruction must not leave behind. One of canon(v) is no change: a target
 * makes values canonical before a call that may raise, and the state at the instruction's start would be canonical when
 * rebuilt.
 */
static bool changes_state(const struct ir *ir, const struct ir_insn *i)
{
    return i->op == IR_OP_put && (ir_is_const(i->a) || !canonicalises(ir, i->a));
}

static bool block_ok(struct verifier *v, unsigned block)
{
    struct ir *ir = v->ir;
    const struct ir_block *b = &ir->blocks[block];
    bool insn = false, put = false;

    for (v->at = b->first; v->at < b->end; v->at++) {
        const struct ir_insn *i = &ir->insns[v->at];

        if (i->op >= IR_OP_COUNT) {
            return fail(v, "no such operation");
        }
        if (!numbers_ok(v, i) || !types_ok(v, i)) {
            return false;
        }
        if ((i->op == IR_OP_param) != (v->at < b->first + b->params)) {
            return fail(v, "parameters stand at the block's start");
        }
        if (i->op == IR_OP_param && i->imm != (int)(v->at - b->first)) {
            return fail(v, "parameter number");
        }
        if (!(ir_ops[i->op].flags & IR_OPF_TERM) != (v->at + 1u < b->end)) {
            return fail(v, "the last instruction of a block, and no other, ends it");
        }
        if (leaves(ir, i) && (!insn || put)) {
            return fail(v, insn ? "a put of the same guest instruction stands before it" : "no insn before it in its block");
        }
        insn |= i->op == IR_OP_insn;
        put = (put || changes_state(ir, i)) && i->op != IR_OP_insn;
    }
    v->at = 0;
    return true;
}

static bool ranges_ok(struct verifier *v)
{
    struct ir *ir = v->ir;

    if (ir->overflow || ir->nblocks == 0 || ir->ninsns > IR_VALUES_MAX + 1) {
        return fail(v, ir->overflow ? "the region outgrew a limit" : "no block, or too many instructions");
    }
    for (unsigned b = 0; b < ir->nblocks; b++) {
        unsigned first = ir->blocks[b].first, end = ir->blocks[b].end;

        if (first == 0 || end <= first || end > ir->ninsns || ir->blocks[b].params > end - first) {
            return fail(v, "block %u is empty or outside the instructions", b);
        }
        for (unsigned k = first; k < end; k++) {
            if (v->block_of[k]) {
                return fail(v, "block %u overlaps block %u", b, v->block_of[k] - 1);
            }
            v->block_of[k] = b + 1;
        }
    }
    for (unsigned k = 1; k < ir->ninsns; k++) {
        if (!v->block_of[k]) {
            return fail(v, "v%u stands in no block", k);
        }
    }
    return ir->blocks[0].params == 0 || fail(v, "the entry block has no parameters");
}

/* ---- dominance (Cooper, Harvey, Kennedy: A Simple, Fast Dominance Algorithm) ---- */

/* Blocks in reverse postorder into rpo; how many are reached. */
static unsigned reverse_postorder(struct verifier *v, unsigned *rpo)
{
    const struct ir *ir = v->ir;
    unsigned *stack = g_new(unsigned, ir->nblocks + 1), *next = g_new0(unsigned, ir->nblocks);
    unsigned depth = 0, n = 0;

    for (unsigned b = 0; b < ir->nblocks; b++) {
        v->order[b] = -1;
    }
    stack[depth++] = 0;
    v->order[0] = 0;
    while (depth) {
        unsigned b = stack[depth - 1], succ[2], nsucc = ir_successors(ir, b, succ);

        if (next[b] == nsucc) {
            rpo[n++] = b;
            depth--;
        } else if (v->order[succ[next[b]++]] < 0) {
            unsigned s = succ[next[b] - 1];

            v->order[s] = 0;
            stack[depth++] = s;
        }
    }
    for (unsigned k = 0; k < n / 2; k++) {
        unsigned t = rpo[k];

        rpo[k] = rpo[n - 1 - k];
        rpo[n - 1 - k] = t;
    }
    for (unsigned k = 0; k < n; k++) {
        v->order[rpo[k]] = k;
    }
    g_free(stack);
    g_free(next);
    return n;
}

static int common_dominator(const struct verifier *v, int a, int b)
{
    while (a != b) {
        while (v->order[a] > v->order[b]) {
            a = v->idom[a];
        }
        while (v->order[b] > v->order[a]) {
            b = v->idom[b];
        }
    }
    return a;
}

static void find_dominators(struct verifier *v)
{
    const struct ir *ir = v->ir;
    unsigned *rpo = g_new(unsigned, ir->nblocks), n = reverse_postorder(v, rpo);
    bool changed = true;

    for (unsigned b = 0; b < ir->nblocks; b++) {
        v->idom[b] = -1;
    }
    v->idom[0] = 0;
    while (changed) {
        changed = false;
        for (unsigned k = 0; k < n; k++) {
            unsigned succ[2], nsucc = ir_successors(ir, rpo[k], succ);

            for (unsigned s = 0; s < nsucc; s++) {
                int was = v->idom[succ[s]];
                int now = was < 0 ? (int)rpo[k] : common_dominator(v, was, rpo[k]);

                v->idom[succ[s]] = now;
                changed |= now != was;
            }
        }
    }
    g_free(rpo);
}

static bool dominates(const struct verifier *v, int a, int b)
{
    while (v->order[b] > v->order[a]) {
        b = v->idom[b];
    }
    return a == b;
}

static bool uses_dominated(struct verifier *v)
{
    struct ir *ir = v->ir;

    for (v->at = 1; v->at < ir->ninsns; v->at++) {
        struct ir_insn *i = &ir->insns[v->at];
        int block = v->block_of[v->at] - 1;
        struct ir_span spans[3] = { { i->v, ir_ops[i->op].values } };
        unsigned nspans;

        if (v->order[block] < 0) {
            continue;
        }
        nspans = ir_pool_operands(ir, i, spans + 1) + 1;
        for (unsigned s = 0; s < nspans; s++) {
            for (unsigned k = 0; k < spans[s].n; k++) {
                ir_ref r = spans[s].at[k];
                int def = ir_is_const(r) ? block : v->block_of[r] - 1;

                if (v->order[def] < 0 || !dominates(v, def, block)) {
                    return fail(v, "v%u does not dominate this use", r);
                }
            }
        }
    }
    v->at = 0;
    return true;
}

bool ir_verify(const struct ir *ir, GError **err)
{
    GError *first = NULL;
    struct verifier v = { .ir = (struct ir *)ir, .err = &first };
    bool ok;

    v.block_of = g_new0(uint16_t, ir->ninsns + 1);
    v.idom = g_new(int, ir->nblocks + 1);
    v.order = g_new(int, ir->nblocks + 1);
    ok = ranges_ok(&v);
    for (unsigned b = 0; ok && b < ir->nblocks; b++) {
        ok = block_ok(&v, b);
    }
    if (ok && ir->nblocks > 1) {
        find_dominators(&v);
        ok = uses_dominated(&v);
    }
    g_free(v.block_of);
    g_free(v.idom);
    g_free(v.order);
    if (!ok) {
        g_propagate_error(err, first);
    }
    return ok;
}
