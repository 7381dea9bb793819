/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding while the IR is built: constants, identities, extensions of values that are extended already, conditions.
 *
 * A rule looks at the operands and at what defined them, never further, so that the cost is a few compares for each
 * operation. A rule that replaces a use of v by a use of v's own operand x makes x live longer; where v stands in a guest
 * register anyway, that would cost a host register and save nothing: so it applies only if v has not been put, or if x
 * itself still stands in its slot (`cheap`).
 */
#include "tcg/eval.h"
#include "tcg/ir_impl.h"

static inline const struct ir_insn *def(const struct ir *ir, ir_ref r)
{
    return &ir->insns[ir_is_const(r) ? 0 : r];      /* insns[0] is IR_OP_NONE */
}

static inline ir_ref constant(struct ir *ir, enum ir_type type, uint64_t v)
{
    return ir_const(ir, type, v);
}

/* May x be used instead of v, which is computed from it? */
static inline bool cheap(const struct ir *ir, const struct ir_insn *v, ir_ref x)
{
    const struct ir_insn *i = def(ir, x);

    return !(v->flags & IR_WAS_PUT) ||
           (i->op == IR_OP_get && (ir->cur_known[i->imm / 64] >> (i->imm % 64) & 1) && ir->cur[i->imm] == x);
}

bool ir_split_add(const struct ir *ir, ir_ref v, ir_ref *base, int64_t *offset)
{
    const struct ir_insn *i = def(ir, v);

    if (i->op != IR_OP_add || i->type != IR_I64 || !ir_is_const(i->b) || !cheap(ir, i, i->a)) {
        return false;
    }
    *base = i->a;
    *offset = ir_const_value(ir, i->b);
    return true;
}

/* ---- what is known of a value ---- */

static bool mem_extends(const struct ir_insn *i, bool sign)
{
    unsigned size = i->mem & IR_MEM_SIZE;

    if (i->type != IR_I64 || size > IR_MEM_32) {
        return false;
    }
    /* an unsigned 8 or 16 bit load is both */
    return size < IR_MEM_32 ? sign || !(i->mem & IR_MEM_SIGN) : !(i->mem & IR_MEM_SIGN) == !sign;
}

static bool const_fits(const struct ir *ir, ir_ref r, bool sign)
{
    uint64_t v = ir_const_value(ir, r);

    return sign ? (int64_t)v == (int32_t)v : v == (uint32_t)v;
}

/* Is the I64 value r equal to the sign extension (sign) or zero extension of its low 32 bits? */
static bool extended(const struct ir *ir, ir_ref r, bool sign, unsigned depth)
{
    const struct ir_insn *i;

    if (ir_is_const(r)) {
        return const_fits(ir, r, sign);
    }
    i = &ir->insns[r];
    switch (i->op) {
    case IR_OP_exts32: case IR_OP_exts8: case IR_OP_exts16:
        return sign;
    case IR_OP_extu32:
        return !sign;
    case IR_OP_setcond: case IR_OP_fcmp: case IR_OP_extu8: case IR_OP_extu16: case IR_OP_clz: case IR_OP_ctz: case IR_OP_popcnt:
        return true;
    case IR_OP_ld: case IR_OP_rmw: case IR_OP_cas:
        return mem_extends(i, sign);
    case IR_OP_shr:
        return ir_is_const(i->b) && (ir_const_value(ir, i->b) & 63) >= (sign ? 33 : 32);
    case IR_OP_sar:
        return sign && ir_is_const(i->b) && (ir_const_value(ir, i->b) & 63) >= 32;
    case IR_OP_and:
        if (ir_is_const(i->b) && ir_const_value(ir, i->b) <= (sign ? INT32_MAX : UINT32_MAX)) {
            return true;
        }
        /* fall through */
    case IR_OP_or: case IR_OP_xor: case IR_OP_mins: case IR_OP_maxs: case IR_OP_minu: case IR_OP_maxu:
        return depth && extended(ir, i->a, sign, depth - 1) && extended(ir, i->b, sign, depth - 1);
    default:
        return false;
    }
}

/* ---- one operand ---- */

static ir_ref fold_ext32(struct ir *ir, enum ir_op op, ir_ref a)
{
    bool sign = op == IR_OP_exts32;
    const struct ir_insn *i = def(ir, a);

    if (ir_type_of(ir, a) == IR_I32) {
        return i->op == IR_OP_trunc ? ir_emit1(ir, op, IR_I64, i->a) : 0;
    }
    if (extended(ir, a, sign, 2)) {
        return a;
    }
    if ((i->op == IR_OP_exts32 || i->op == IR_OP_extu32) && cheap(ir, i, i->a)) {
        return ir_emit1(ir, op, IR_I64, i->a);
    }
    return 0;
}

static ir_ref fold_trunc(struct ir *ir, ir_ref a)
{
    const struct ir_insn *i = def(ir, a);

    if ((i->op == IR_OP_exts32 || i->op == IR_OP_extu32) && cheap(ir, i, i->a)) {
        return ir_type_of(ir, i->a) == IR_I32 ? i->a : ir_emit1(ir, IR_OP_trunc, IR_I32, i->a);
    }
    return 0;
}

static bool ext_info(enum ir_op op, unsigned *bits, bool *sign)
{
    *bits = op == IR_OP_exts8 || op == IR_OP_extu8 ? 8 : 16;
    *sign = op == IR_OP_exts8 || op == IR_OP_exts16;
    return *sign || op == IR_OP_extu8 || op == IR_OP_extu16;
}

static ir_ref fold_ext_small(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a)
{
    const struct ir_insn *i = def(ir, a);
    unsigned bits, had_bits;
    bool sign, had_sign;

    ext_info(op, &bits, &sign);
    if (i->op == IR_OP_ld && (i->mem & IR_MEM_SIZE) < IR_MEM_32) {
        had_bits = 8 << (i->mem & IR_MEM_SIZE);
        had_sign = i->mem & IR_MEM_SIGN;
    } else if (!ext_info(i->op, &had_bits, &had_sign)) {
        return 0;
    }
    if (had_bits < bits ? sign || !had_sign : had_bits == bits && sign == had_sign) {
        return a;
    }
    if (had_bits >= bits && i->op != IR_OP_ld && cheap(ir, i, i->a)) {
        return ir_emit1(ir, op, type, i->a);
    }
    return 0;
}

static ir_ref fold1(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a)
{
    const struct ir_insn *i = def(ir, a);

    switch (op) {
    case IR_OP_mov:
        return a;
    case IR_OP_exts32: case IR_OP_extu32:
        return fold_ext32(ir, op, a);
    case IR_OP_trunc:
        return fold_trunc(ir, a);
    case IR_OP_exts8: case IR_OP_exts16: case IR_OP_extu8: case IR_OP_extu16:
        return fold_ext_small(ir, op, type, a);
    case IR_OP_neg: case IR_OP_not: case IR_OP_fneg: case IR_OP_bswap: case IR_OP_brev8:
        return i->op == op && cheap(ir, i, i->a) ? i->a : 0;
    case IR_OP_fabs: case IR_OP_canon: case IR_OP_orcb:
        return i->op == op ? a : 0;
    case IR_OP_lo:
        return i->op == IR_OP_pair ? i->a : 0;
    case IR_OP_hi:
        return i->op == IR_OP_pair ? i->b : 0;
    case IR_OP_fbits:
        return i->op == IR_OP_bitsf && cheap(ir, i, i->a) ? i->a : 0;
    case IR_OP_bitsf:
        return i->op == IR_OP_fbits && cheap(ir, i, i->a) ? i->a : 0;
    case IR_OP_unbox32: case IR_OP_low32:
        return i->op == IR_OP_box32 ? i->a : 0;
    default:
        return 0;
    }
}

ir_ref ir_emit1(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a)
{
    if (G_LIKELY(ir->fold)) {
        uint64_t v;
        ir_ref r;

        if (ir_is_const(a)) {
            if (eval_op1(op, ir_type_of(ir, a), ir_const_value(ir, a), &v)) {
                return constant(ir, type, v);
            }
        } else if ((r = fold1(ir, op, type, a))) {
            return r;
        }
    }
    return ir_push(ir, op, type, 0, a, 0, 0, 0, 0);
}

/* ---- two operands ---- */

static ir_ref fold_same(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a)
{
    switch (op) {
    case IR_OP_sub: case IR_OP_xor: case IR_OP_andc:
        return constant(ir, type, 0);
    case IR_OP_orc: case IR_OP_eqv:
        return constant(ir, type, -1);
    case IR_OP_and: case IR_OP_or: case IR_OP_mins: case IR_OP_maxs: case IR_OP_minu: case IR_OP_maxu:
        return a;
    default:
        return 0;
    }
}

/* a op (b op c) for an associative op, where a's definition is one with a constant */
static ir_ref fold_associative(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, uint64_t c)
{
    const struct ir_insn *i = def(ir, a);
    uint64_t v;

    if (i->op != op || !ir_is_const(i->b) || !cheap(ir, i, i->a) || !eval_op2(op, type, ir_const_value(ir, i->b), c, &v)) {
        return 0;
    }
    return ir_emit2(ir, op, type, i->a, constant(ir, type, v));
}

static ir_ref fold_and(struct ir *ir, enum ir_type type, ir_ref a, uint64_t c)
{
    uint64_t ones = type == IR_I32 ? UINT32_MAX : UINT64_MAX;
    ir_ref r;

    if (c == 0) {
        return constant(ir, type, 0);
    }
    if (c == ones) {
        return a;
    }
    r = fold_associative(ir, IR_OP_and, type, a, c);
    if (r) {
        return r;
    }
    return c == 0xff ? ir_emit1(ir, IR_OP_extu8, type, a) :
           c == 0xffff ? ir_emit1(ir, IR_OP_extu16, type, a) :
           c == UINT32_MAX ? ir_emit1(ir, IR_OP_extu32, type, a) : 0;
}

/* A shift of a left shift by as much is an extension; shifts one way add up. */
static ir_ref fold_shift(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, uint64_t c)
{
    unsigned width = type == IR_I32 ? 32 : 64, n = c & (width - 1), had;
    const struct ir_insn *i = def(ir, a);
    bool sign = op == IR_OP_sar;

    if (n == 0) {
        return a;
    }
    if ((i->op == IR_OP_shl || i->op == op) && ir_is_const(i->b)) {
        had = ir_const_value(ir, i->b) & (width - 1);
        if (op != IR_OP_shl && i->op == IR_OP_shl && had == n && width - n <= 32) {
            switch (width - n) {
            case 8: return ir_emit1(ir, sign ? IR_OP_exts8 : IR_OP_extu8, type, i->a);
            case 16: return ir_emit1(ir, sign ? IR_OP_exts16 : IR_OP_extu16, type, i->a);
            case 32: return ir_emit1(ir, sign ? IR_OP_exts32 : IR_OP_extu32, type, i->a);
            }
        }
        if (op == IR_OP_shr && i->op == IR_OP_shl && type == IR_I64 && had == 32 && n < 32) {
            /* an index that is zero-extended and scaled: both are free in an address */
            return ir_emit2(ir, IR_OP_shl, type, ir_emit1(ir, IR_OP_extu32, type, i->a), constant(ir, type, 32 - n));
        }
        if (i->op == op && cheap(ir, i, i->a)) {
            if (had + n < width) {
                return ir_emit2(ir, op, type, i->a, constant(ir, type, had + n));
            }
            return sign ? ir_emit2(ir, op, type, i->a, constant(ir, type, width - 1)) : constant(ir, type, 0);
        }
    }
    return n == c ? 0 : ir_emit2(ir, op, type, a, constant(ir, type, n));
}

static ir_ref fold_power_of_two(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, uint64_t c)
{
    unsigned n = __builtin_ctzll(c);

    switch (op) {
    case IR_OP_mul: return ir_emit2(ir, IR_OP_shl, type, a, constant(ir, type, n));
    case IR_OP_divu: return ir_emit2(ir, IR_OP_shr, type, a, constant(ir, type, n));
    case IR_OP_remu: return ir_emit2(ir, IR_OP_and, type, a, constant(ir, type, c - 1));
    default: return 0;
    }
}

/* b is the constant c; cases in the order of their frequency in translated code */
static ir_ref fold_right(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, uint64_t c)
{
    uint64_t ones = type == IR_I32 ? UINT32_MAX : UINT64_MAX;

    switch (op) {
    case IR_OP_add:
        return c == 0 ? a : fold_associative(ir, op, type, a, c);
    case IR_OP_and:
        return fold_and(ir, type, a, c);
    case IR_OP_shl: case IR_OP_shr: case IR_OP_sar:
        return fold_shift(ir, op, type, a, c);
    case IR_OP_sub:
        return c == 0 ? a : ir_emit2(ir, IR_OP_add, type, a, constant(ir, type, -c));
    case IR_OP_or:
        return c == 0 ? a : c == ones ? constant(ir, type, ones) : fold_associative(ir, op, type, a, c);
    case IR_OP_xor:
        return c == 0 ? a : c == ones ? ir_emit1(ir, IR_OP_not, type, a) : fold_associative(ir, op, type, a, c);
    case IR_OP_andc:
        return ir_emit2(ir, IR_OP_and, type, a, constant(ir, type, ~c));
    case IR_OP_orc:
        return ir_emit2(ir, IR_OP_or, type, a, constant(ir, type, ~c));
    case IR_OP_eqv:
        return ir_emit2(ir, IR_OP_xor, type, a, constant(ir, type, ~c));
    case IR_OP_rotl: case IR_OP_rotr:
        return (c & (type == IR_I32 ? 31 : 63)) == 0 ? a : 0;
    case IR_OP_mul: case IR_OP_clmul:
        return c == 0 ? constant(ir, type, 0) : c == 1 ? a :
               (c & (c - 1)) == 0 ? fold_power_of_two(ir, IR_OP_mul, type, a, c) : 0;
    case IR_OP_mulhs: case IR_OP_mulhu: case IR_OP_mulhsu: case IR_OP_clmulh:
        return c == 0 ? constant(ir, type, 0) : 0;
    case IR_OP_divu: case IR_OP_remu:
        return c != 0 && (c & (c - 1)) == 0 ? fold_power_of_two(ir, op, type, a, c) : 0;
    case IR_OP_divs:
        return c == 1 ? a : 0;
    case IR_OP_rems:
        return c == 1 ? constant(ir, type, 0) : 0;
    default:
        return 0;
    }
}

static ir_ref fold_left(struct ir *ir, enum ir_op op, enum ir_type type, uint64_t c, ir_ref b)
{
    uint64_t ones = type == IR_I32 ? UINT32_MAX : UINT64_MAX;

    switch (op) {
    case IR_OP_sub:
        return c == 0 ? ir_emit1(ir, IR_OP_neg, type, b) : 0;
    case IR_OP_andc: case IR_OP_shl: case IR_OP_shr: case IR_OP_sar: case IR_OP_mulhsu:
        return c == 0 ? constant(ir, type, 0) : c == ones && op == IR_OP_andc ? ir_emit1(ir, IR_OP_not, type, b) : 0;
    case IR_OP_orc:
        return c == 0 ? ir_emit1(ir, IR_OP_not, type, b) : c == ones ? constant(ir, type, ones) : 0;
    default:
        return 0;
    }
}

static bool is_const_shift(const struct ir_insn *i, enum ir_op op)
{
    return i->op == op && ir_is_const(i->b);
}

/* Is the I32 value v the low half of the I64 value x? */
static bool is_low_half(const struct ir *ir, ir_ref v, ir_ref x)
{
    const struct ir_insn *i = def(ir, v), *j = def(ir, x);
    ir_ref whole = i->op == IR_OP_trunc ? i->a : 0, part = j->op == IR_OP_exts32 || j->op == IR_OP_extu32 ? j->a : 0;

    return (whole && (whole == x || whole == part)) || v == part;
}

/*
 * Two shifts of one value that fill each other's gap are a rotation: of 64 bits, or as RV64 has to write it of 32. What is
 * shifted lives a little longer, but the two shifts need not be there together.
 */
static ir_ref fold_rotate(struct ir *ir, enum ir_type type, const struct ir_insn *left, const struct ir_insn *right)
{
    bool words = left->op == IR_OP_exts32 && right->op == IR_OP_exts32;
    unsigned width = words || type == IR_I32 ? 32 : 64, n;
    ir_ref v;

    if (words) {
        left = def(ir, left->a);
        right = def(ir, right->a);
    }
    if (!is_const_shift(left, IR_OP_shl) || !is_const_shift(right, IR_OP_shr)) {
        return 0;
    }
    n = ir_const_value(ir, right->b) & (width - 1);
    if (!n || right->type != (width == 32 ? IR_I32 : IR_I64) || (ir_const_value(ir, left->b) & 63) != width - n ||
        (left->a != right->a && !(words && is_low_half(ir, right->a, left->a)))) {
        return 0;
    }
    v = ir_emit2(ir, IR_OP_rotr, right->type, right->a, constant(ir, right->type, n));
    return words ? ir_emit1(ir, IR_OP_exts32, IR_I64, v) : v;
}

static ir_ref fold_pair(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, ir_ref b)
{
    const struct ir_insn *x = def(ir, a), *y = def(ir, b);
    ir_ref r;

    if (a == b) {
        return fold_same(ir, op, type, a);
    }
    if ((op != IR_OP_or && op != IR_OP_xor) || (x->op != IR_OP_exts32 && x->op != IR_OP_shl && x->op != IR_OP_shr)) {
        return 0;
    }
    r = fold_rotate(ir, type, x, y);
    return r ? r : fold_rotate(ir, type, y, x);
}

static ir_ref fold2(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref *a, ir_ref *b)
{
    uint64_t v;

    if (ir_is_const(*a)) {
        ir_ref t = *a;

        if (ir_is_const(*b)) {
            return eval_op2(op, type, ir_const_value(ir, *a), ir_const_value(ir, *b), &v) ? constant(ir, type, v) : 0;
        }
        if (!(ir_ops[op].flags & IR_OPF_COMM)) {
            return fold_left(ir, op, type, ir_const_value(ir, *a), *b);
        }
        *a = *b;
        *b = t;
    }
    if (ir_is_const(*b)) {
        return fold_right(ir, op, type, *a, ir_const_value(ir, *b));
    }
    return fold_pair(ir, op, type, *a, *b);
}

ir_ref ir_emit2(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, ir_ref b)
{
    if (G_LIKELY(ir->fold) && (type == IR_I32 || type == IR_I64)) {
        ir_ref r = fold2(ir, op, type, &a, &b);

        if (r) {
            return r;
        }
    }
    return ir_push(ir, op, type, 0, a, b, 0, 0, 0);
}

ir_ref ir_fcopysign(struct ir *ir, ir_ref a, ir_ref b, unsigned sub)
{
    enum ir_type type = ir_type_of(ir, a);

    if (ir->fold) {
        if (a == b) {
            return sub == 0 ? a : sub == 1 ? ir_fneg(ir, a) : ir_fabs(ir, a);
        }
        if (ir_is_const(a) && ir_is_const(b)) {
            return constant(ir, type, eval_copysign(type == IR_F32, sub, ir_const_value(ir, a), ir_const_value(ir, b)));
        }
    }
    return ir_push(ir, IR_OP_fcopysign, type, sub, a, b, 0, 0, 0);
}

/* ---- conditions ---- */

/* The condition with its operands exchanged. */
static enum ir_cond swap_cond(enum ir_cond c)
{
    static const uint8_t swapped[] = {
        [IR_EQ] = IR_EQ, [IR_NE] = IR_NE, [IR_LT] = IR_GT, [IR_GE] = IR_LE, [IR_LE] = IR_GE, [IR_GT] = IR_LT,
        [IR_LTU] = IR_GTU, [IR_GEU] = IR_LEU, [IR_LEU] = IR_GEU, [IR_GTU] = IR_LTU, [IR_TSTEQ] = IR_TSTEQ, [IR_TSTNE] = IR_TSTNE,
    };

    return swapped[c];
}

/* Unsigned comparisons with 0 and 1 are tests for zero, or known. Returns like ir_fold_cond. */
static int fold_cond_const(struct ir *ir, enum ir_cond *cond, ir_ref a, ir_ref *b)
{
    uint64_t c = ir_const_value(ir, *b);

    switch (*cond) {
    case IR_LTU: case IR_GEU:
        if (c == 0) {
            return *cond == IR_GEU;
        }
        if (c == 1) {
            *cond = *cond == IR_LTU ? IR_EQ : IR_NE;
            *b = ir_const(ir, ir_type_of(ir, a), 0);
        }
        return -1;
    case IR_LEU: case IR_GTU:
        if (c == 0) {
            *cond = *cond == IR_LEU ? IR_EQ : IR_NE;
        }
        return -1;
    case IR_TSTEQ: case IR_TSTNE:
        return c == 0 ? *cond == IR_TSTEQ : -1;
    default:
        return -1;
    }
}

/* `x == 0` and `x != 0` where x is itself a comparison or a mask. True: something changed. */
static bool fold_cond_zero(struct ir *ir, enum ir_cond *cond, ir_ref *a, ir_ref *b)
{
    const struct ir_insn *i = def(ir, *a);

    if (*cond > IR_NE || ir_const_value(ir, *b) != 0) {
        return false;
    }
    if (i->op == IR_OP_setcond && cheap(ir, i, i->a) && (ir_is_const(i->b) || cheap(ir, i, i->b))) {
        *cond = *cond == IR_NE ? i->sub : i->sub ^ 1;
    } else if (i->op == IR_OP_and && !(i->flags & IR_WAS_PUT)) {
        *cond = *cond == IR_NE ? IR_TSTNE : IR_TSTEQ;
    } else {
        return false;
    }
    *a = i->a;
    *b = i->b;
    return true;
}

int ir_fold_cond(struct ir *ir, enum ir_cond *cond, ir_ref *a, ir_ref *b)
{
    for (;;) {
        int known;

        if (ir_is_const(*a)) {
            ir_ref t = *a;

            if (ir_is_const(*b)) {
                return eval_cond(*cond, ir_type_of(ir, *a) == IR_I32, ir_const_value(ir, *a), ir_const_value(ir, *b));
            }
            *a = *b;
            *b = t;
            *cond = swap_cond(*cond);
        }
        if (*a == *b) {
            if (*cond >= IR_TSTEQ) {
                *b = ir_const(ir, ir_type_of(ir, *a), 0);
                *cond = *cond == IR_TSTEQ ? IR_EQ : IR_NE;
                continue;
            }
            return *cond == IR_EQ || *cond == IR_GE || *cond == IR_LE || *cond == IR_GEU || *cond == IR_LEU;
        }
        if (!ir_is_const(*b)) {
            return -1;
        }
        known = fold_cond_const(ir, cond, *a, b);
        if (known >= 0 || !fold_cond_zero(ir, cond, a, b)) {
            return known;
        }
    }
}

ir_ref ir_setcond(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b)
{
    if (ir->fold) {
        int known = ir_fold_cond(ir, &cond, &a, &b);

        if (known >= 0) {
            return ir_i64(ir, known);
        }
    }
    return ir_push(ir, IR_OP_setcond, IR_I64, cond, a, b, 0, 0, 0);
}

ir_ref ir_select(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, ir_ref yes, ir_ref no)
{
    if (ir->fold) {
        int known = yes == no ? 1 : ir_fold_cond(ir, &cond, &a, &b);

        if (known >= 0) {
            return known ? yes : no;
        }
    }
    return ir_select_raw(ir, cond, a, b, yes, no);
}
