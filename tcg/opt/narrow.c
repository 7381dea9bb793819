/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Narrowing: an extension from 32 bits is its operand where nobody reads the upper half of the result. Chains of RV64's
 * word instructions extend after each step; only the last one matters.
 *
 * One of an I32 value can't go, but need not copy the sign: the upper half is zero in the host's register already.
 *
 * Backwards: who reads the upper half of each value (scratch). Forwards: extensions that are not needed go.
 */
#include "tcg/opt/opt.h"

/*
 * Which operands' upper halves an operation reads: bits of operands a and b. ALL: always. RESULT: if somebody reads that of its
 * own result. An operation that has no row reads all of everything.
 */
enum { ALL_A = 1, ALL_B = 2, RESULT_A = 4, RESULT_B = 8, HAS_ROW = 16 };

static const uint8_t reads[IR_OP_COUNT] = {
#define ROW(op, bits) [IR_OP_##op] = HAS_ROW | (bits)
    ROW(add, RESULT_A | RESULT_B), ROW(sub, RESULT_A | RESULT_B), ROW(mul, RESULT_A | RESULT_B),
    ROW(and, RESULT_A | RESULT_B), ROW(or, RESULT_A | RESULT_B), ROW(xor, RESULT_A | RESULT_B),
    ROW(andc, RESULT_A | RESULT_B), ROW(orc, RESULT_A | RESULT_B), ROW(eqv, RESULT_A | RESULT_B),
    ROW(clmul, RESULT_A | RESULT_B), ROW(neg, RESULT_A), ROW(not, RESULT_A), ROW(mov, RESULT_A),
    ROW(shl, RESULT_A), ROW(shr, ALL_A), ROW(sar, ALL_A), ROW(rotl, ALL_A), ROW(rotr, ALL_A),   /* b: its low six bits */
    ROW(exts32, 0), ROW(extu32, 0), ROW(trunc, 0), ROW(exts8, 0), ROW(exts16, 0), ROW(extu8, 0), ROW(extu16, 0),
    ROW(select, ALL_A | ALL_B),
#undef ROW
};

static inline unsigned reads_of(const struct ir_insn *i)
{
    unsigned bits = reads[i->op];

    if (bits == 0) {
        return i->op == IR_OP_st && (i->mem & IR_MEM_SIZE) <= IR_MEM_32 ? ALL_A : ALL_A | ALL_B;
    }
    return i->scratch ? bits | bits >> 2 : bits;
}

/* What is nothing to mark goes to insns[0], which is nobody's: a store without a branch, and without waiting for another. */
static inline void read_high(struct ir *ir, ir_ref r, bool high)
{
    ir->insns[high && !ir_is_const(r) ? r : 0].scratch = true;
}

static void read_pool(struct ir *ir, const struct ir_insn *i)
{
    struct ir_span spans[2];
    unsigned n = ir_pool_operands(ir, i, spans);

    for (unsigned s = 0; s < n; s++) {
        for (unsigned k = 0; k < spans[s].n; k++) {
            read_high(ir, spans[s].at[k], i->op != IR_OP_select || i->scratch);
        }
    }
}

static inline void note_reads(struct ir *ir, struct ir_insn *i)
{
    const struct ir_op_info *info = &ir_ops[i->op];
    unsigned bits = reads_of(i);

    /* no branches on the number of operands: they would be mispredicted */
    read_high(ir, info->values > 0 ? i->a : 0, bits & ALL_A);
    read_high(ir, info->values > 1 ? i->b : 0, bits & ALL_B);
    if (info->values > 2) {
        read_high(ir, i->c, true);
    }
    if (info->shape >= IR_SHAPE_ABCD) {
        read_pool(ir, i);
    }
}

void ir_pass_narrow(struct ir *ir)
{
    unsigned candidates = 0;
    bool any = false;

    for (unsigned k = 1; k < ir->ninsns; k++) {
        ir->insns[k].scratch = false;
        candidates += ir->insns[k].op == IR_OP_exts32 || ir->insns[k].op == IR_OP_extu32;
    }
    if (candidates == 0) {
        return;
    }
    for (unsigned k = ir->ninsns - 1; k > 0; k--) {
        note_reads(ir, &ir->insns[k]);
    }
    for (unsigned k = 1; k < ir->ninsns; k++) {
        struct ir_insn *i = &ir->insns[k];

        if (any) {
            ir_replace_operands(ir, i);
        }
        if ((i->op != IR_OP_exts32 && i->op != IR_OP_extu32) || i->scratch || ir_is_const(i->a)) {
            continue;
        }
        if (ir_type_of(ir, i->a) == IR_I64) {
            ir_replace(i, i->a);
            any = true;
        } else {
            i->op = IR_OP_extu32;
        }
    }
}
