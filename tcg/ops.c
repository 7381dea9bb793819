/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts about the operations, from ops.def. */
#include "tcg/ir.h"

#define PURE IR_OPF_PURE
#define COMM IR_OPF_COMM
#define FP IR_OPF_FP
#define MEM IR_OPF_MEM
#define TERM IR_OPF_TERM
#define STATE IR_OPF_STATE

enum { VALUES_NONE = 0, VALUES_A = 1, VALUES_AB = 2, VALUES_ABC = 3, VALUES_ABCD = 2, VALUES_CALL = 0, VALUES_JUMP = 0, VALUES_BRANCH = 2 };

const struct ir_op_info ir_ops[IR_OP_COUNT] = {
    [IR_OP_NONE] = { .name = "none", .text = "what a pass has dropped", .rule = IR_TYPES_VOID },
#define OP(op, shape_, types, flags_, text_) \
    [IR_OP_##op] = { .name = #op, .text = text_, .shape = IR_SHAPE_##shape_, .flags = flags_, .rule = IR_TYPES_##types, \
                     .values = VALUES_##shape_ },
#include "tcg/ops.def"
#undef OP
};

const struct ir_vop_info ir_vops[IR_V_COUNT] = {
#define VOP(op_, name_, imm_, text_) [IR_V_##name_] = { .name = #name_, .text = text_, .op = IR_OP_##op_, .imm = imm_ },
#include "tcg/vops.def"
#undef VOP
};

bool ir_has_imm(const struct ir_insn *i)
{
    switch (i->op) {
    case IR_OP_v1: case IR_OP_v2: case IR_OP_v3: case IR_OP_vf1: case IR_OP_vf2: case IR_OP_vf3:
        return ir_vops[i->sub].imm;
    case IR_OP_vget: case IR_OP_vset: case IR_OP_fixnan: case IR_OP_fixnan3:
        return true;
    default:
        return false;
    }
}

/* Names of the rows of vops.def, by the operation that they belong to; NULL for the others'. */
static const char *const vop_names[][IR_V_COUNT] = {
#define VOP(op_, name_, imm_, text_) [IR_OP_##op_ - IR_OP_v1][IR_V_##name_] = #name_,
#include "tcg/vops.def"
#undef VOP
};

const char *const ir_exit_names[] = { "", "lookup", "halt", "debug", "stepped", "yield" };

const char *const *ir_sub_names(enum ir_op op, unsigned *n)
{
    static const char *const conds[] = { "eq", "ne", "lt", "ge", "le", "gt", "ltu", "geu", "leu", "gtu", "tsteq", "tstne" };
    static const char *const fconds[] = { "feq", "flt", "fle", "fltq", "fleq" };
    static const char *const fmas[] = { "madd", "nmsub", "msub", "nmadd" };    /* enum ir_fma bits, as RISC-V calls them */
    static const char *const rounds[] = { "rne", "rtz", "rdn", "rup", "rmm", NULL, NULL, "dyn" };
    static const char *const rmws[] = { "xchg", "add", "and", "or", "xor", "mins", "maxs", "minu", "maxu" };
    static const char *const signs[] = { "copy", "not", "xor" };
    static const char *const lanes[] = { "8", "16", "32", "64" };
    static const char *const tests[] = { "and", "andc" };
    static const char *const polls[] = { "forward", "poll" };
#define NAMES(list) do { *n = G_N_ELEMENTS(list); return list; } while (0)

    switch (op) {
    case IR_OP_setcond: case IR_OP_select: case IR_OP_brcond: NAMES(conds);
    case IR_OP_fcmp: NAMES(fconds);
    case IR_OP_fma: NAMES(fmas);
    case IR_OP_fcvt_fs: case IR_OP_fcvt_fu: case IR_OP_fcvt_fx: NAMES(rounds);
    case IR_OP_rmw: NAMES(rmws);
    case IR_OP_fcopysign: NAMES(signs);
    case IR_OP_goto_pc: NAMES(polls);
    case IR_OP_vdup: case IR_OP_vget: case IR_OP_vset: case IR_OP_vmask: NAMES(lanes);
    case IR_OP_vtest: NAMES(tests);
    case IR_OP_v1: case IR_OP_v2: case IR_OP_v3: case IR_OP_vf1: case IR_OP_vf2: case IR_OP_vf3:
        *n = IR_V_COUNT;
        return vop_names[op - IR_OP_v1];
    default: break;
    }
#undef NAMES
    *n = op == IR_OP_fence ? 16 : op == IR_OP_fixnan || op == IR_OP_fixnan3 ? 2 : op == IR_OP_insn ? 256 : 1;
    return NULL;
}

const char *ir_type_name(enum ir_type type)
{
    static const char *const names[] = { "void", "i32", "i64", "i128", "v128", "v256", "f32", "f64", "f80" };

    return type < G_N_ELEMENTS(names) ? names[type] : "?";
}

unsigned ir_pool_operands(struct ir *ir, const struct ir_insn *i, struct ir_span spans[2])
{
    ir_ref *args = ir->args;

    switch (ir_ops[i->op].shape) {
    case IR_SHAPE_ABCD:
        spans[0] = (struct ir_span) { args + i->c, 2 };
        return 1;
    case IR_SHAPE_CALL: case IR_SHAPE_JUMP:
        spans[0] = (struct ir_span) { args + i->b, i->c };
        return 1;
    case IR_SHAPE_BRANCH:
        spans[0] = (struct ir_span) { args + i->c + 1, args[i->c] };
        args = spans[0].at + spans[0].n;
        spans[1] = (struct ir_span) { args + 1, args[0] };
        return 2;
    default:
        return 0;
    }
}

void ir_each_use(struct ir *ir, struct ir_insn *i, void (*f)(ir_ref *r, void *opaque), void *opaque)
{
    struct ir_span spans[2];
    unsigned nspans = ir_pool_operands(ir, i, spans);

    for (unsigned k = 0; k < ir_ops[i->op].values; k++) {
        f(&i->v[k], opaque);
    }
    for (unsigned s = 0; s < nspans; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            f(&spans[s].at[k], opaque);
        }
    }
}

static inline void count_use(struct ir *ir, ir_ref r)
{
    if (!ir_is_const(r)) {
        ir->insns[r].uses++;
    }
}

void ir_count_uses(struct ir *ir)
{
    for (unsigned k = 1; k < ir->ninsns; k++) {
        ir->insns[k].uses = 0;
    }
    for (unsigned k = 1; k < ir->ninsns; k++) {
        struct ir_insn *i = &ir->insns[k];
        struct ir_span spans[2];
        unsigned nspans = ir_pool_operands(ir, i, spans);

        for (unsigned v = 0; v < ir_ops[i->op].values; v++) {
            count_use(ir, i->v[v]);
        }
        for (unsigned s = 0; s < nspans; s++) {
            for (unsigned v = 0; v < spans[s].n; v++) {
                count_use(ir, spans[s].at[v]);
            }
        }
    }
}

unsigned ir_successors(const struct ir *ir, unsigned block, unsigned succ[2])
{
    const struct ir_insn *i = &ir->insns[ir->blocks[block].end - 1];

    if (i->op == IR_OP_br) {
        succ[0] = i->imm;
        return 1;
    }
    if (i->op == IR_OP_brcond) {
        succ[0] = (uint32_t)i->imm;
        succ[1] = (uint64_t)i->imm >> 32;
        return 2;
    }
    return 0;
}
