/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic flags while translating. What the last operation leaves is known as values; a consumer gets a comparison of
 * them, so that CMP and Jcc become one host compare and branch. Flags that are not known, and rare combinations, come
 * from the helper cc_flags.
 */
#include "target/x86/translate.h"

enum { GROUP_EFLAGS = 0 };

/* The B member of a group. */
static unsigned group_of(unsigned op)
{
    return op == X86_CC_EFLAGS ? GROUP_EFLAGS : 1 + ((op - 1) & ~3u);
}

static unsigned bytes_of(unsigned op)
{
    return 1u << ((op - 1) & 3);
}

void xt_cc_set(struct x86_tr *t, enum x86_cc op, ir_ref dst, ir_ref src, ir_ref src2)
{
    t->cc_next = (struct x86_flags) { .op = op + __builtin_ctz(t->size), .dst = dst, .src = src, .src2 = src2 };
    t->cc_changed = true;
}

void xt_cc_set_all(struct x86_tr *t, ir_ref flags)
{
    t->cc_next = (struct x86_flags) { .op = X86_CC_EFLAGS, .src = flags };
    t->cc_changed = true;
}

void xt_cc_forget(struct x86_tr *t)
{
    t->cc = t->cc_next = (struct x86_flags) { .op = X86_CC_DYNAMIC };
    t->cc_changed = true;
}

void xt_cc_override(struct x86_tr *t, unsigned kind, ir_ref over)
{
    struct x86_flags f = t->cc;
    unsigned log2 = __builtin_ctz(t->size);

    over = xt_to64(t, over);
    if ((kind & X86_CC_OVER) == X86_CC_OVER_CF) {
        if (f.op == X86_CC_EFLAGS && !f.kind) {
            ir_ref rest = ir_and(t->ir, f.src, ir_i64(t->ir, ~(int64_t)X86_CF));

            xt_cc_set_all(t, ir_or(t->ir, rest, ir_and(t->ir, over, ir_i64(t->ir, 1))));
            return;
        }
        if (f.op == X86_CC_DYNAMIC || (f.kind && (f.kind & X86_CC_OVER) != X86_CC_OVER_CF)) {
            /* OF may stand in an override that this one would replace */
            ir_ref rest = ir_and(t->ir, xt_cc_all(t), ir_i64(t->ir, ~(int64_t)X86_CF));

            xt_cc_set_all(t, ir_or(t->ir, rest, ir_and(t->ir, over, ir_i64(t->ir, 1))));
            return;
        }
    }
    f.kind = kind | log2 << X86_CC_OVER_SIZE_SHIFT;
    f.over = over;
    t->cc_next = f;
    t->cc_changed = true;
}

ir_ref xt_cc_all(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    const struct x86_flags *f = &t->cc;
    ir_ref dst, src, src2, over;

    if (f->op == X86_CC_EFLAGS && !f->kind) {
        return f->src;
    }
    if (f->op == X86_CC_DYNAMIC) {
        return xt_call(t, X86_HELPER_cc_flags, 5, ir_get(ir, X86_SLOT_CC_OP), ir_get(ir, X86_SLOT_CC_DST),
                        ir_get(ir, X86_SLOT_CC_SRC), ir_get(ir, X86_SLOT_CC_SRC2), ir_get(ir, X86_SLOT_CC_OVER));
    }
    dst = f->dst ? xt_to64(t, f->dst) : ir_i64(ir, 0);
    src = f->src ? xt_to64(t, f->src) : ir_i64(ir, 0);
    src2 = f->src2 ? f->src2 : ir_i64(ir, 0);
    over = f->kind ? f->over : ir_i64(ir, 0);
    return xt_call(t, X86_HELPER_cc_flags, 5, ir_i32(ir, f->op | f->kind), dst, src, src2, over);
}

/* ---- conditions ---- */

static struct x86_cond cond(enum ir_cond c, ir_ref a, ir_ref b)
{
    return (struct x86_cond) { c, a, b };
}

static struct x86_cond never(struct x86_tr *t)
{
    return cond(IR_NE, ir_i64(t->ir, 0), ir_i64(t->ir, 0));
}

static ir_ref zero_like(struct x86_tr *t, ir_ref v)
{
    return ir_const(t->ir, ir_type_of(t->ir, v), 0);
}

/* r compared with 0: EQ, LT, LE of the low bytes */
static struct x86_cond with_zero(struct x86_tr *t, enum ir_cond c, ir_ref r, unsigned bytes)
{
    r = c == IR_EQ ? xt_zext(t, r, bytes) : xt_sext(t, r, bytes);
    return cond(c, r, zero_like(t, r));
}

static struct x86_cond compare(struct x86_tr *t, enum ir_cond c, ir_ref a, ir_ref b, unsigned bytes)
{
    bool sign = c == IR_LT || c == IR_LE;

    return sign ? cond(c, xt_sext(t, a, bytes), xt_sext(t, b, bytes)) : cond(c, xt_zext(t, a, bytes), xt_zext(t, b, bytes));
}

/* Bit n of v */
static struct x86_cond bit(struct x86_tr *t, ir_ref v, unsigned n)
{
    return cond(IR_TSTNE, v, ir_const(t->ir, ir_type_of(t->ir, v), 1ull << n));
}

static struct x86_cond not_zero(struct x86_tr *t, ir_ref v)
{
    return cond(IR_NE, v, zero_like(t, v));
}

static ir_ref as_bit(struct x86_tr *t, struct x86_cond c)
{
    return ir_setcond(t->ir, c.c, c.a, c.b);
}

/* dst < src, or dst <= src where src2 is set: the carry of ADC and the borrow of SBB. */
static struct x86_cond chained_carry(struct x86_tr *t, const struct x86_flags *f, unsigned bytes)
{
    struct ir *ir = t->ir;
    ir_ref a = xt_zext(t, f->dst, bytes), b = xt_zext(t, f->src, bytes);
    ir_ref less = ir_setcond(ir, IR_LTU, a, b), equal = ir_setcond(ir, IR_EQ, a, b);

    return not_zero(t, ir_or(ir, less, ir_and(ir, equal, f->src2)));
}

/* CF of an override. */
static struct x86_cond override_carry(struct x86_tr *t)
{
    const struct x86_flags *f = &t->cc;
    unsigned top = (8u << (f->kind >> X86_CC_OVER_SIZE_SHIFT & 3)) - 1;

    return bit(t, f->over, (f->kind & X86_CC_OVER) == X86_CC_OVER_ROR ? top : 0);
}

/* CF; false: not known this way. */
static bool carry_cond(struct x86_tr *t, struct x86_cond *c)
{
    const struct x86_flags *f = &t->cc;
    unsigned bytes = bytes_of(f->op);

    if (f->kind) {
        *c = override_carry(t);
        return true;
    }
    if (f->op == X86_CC_DYNAMIC) {
        return false;
    }
    switch (group_of(f->op)) {
    case GROUP_EFLAGS: *c = bit(t, f->src, 0); return true;
    case X86_CC_ADDB: case X86_CC_SUBB: *c = compare(t, IR_LTU, f->dst, f->src, bytes); return true;
    case X86_CC_ADCB: case X86_CC_SBBB: *c = chained_carry(t, f, bytes); return true;
    case X86_CC_LOGICB: *c = never(t); return true;
    case X86_CC_INCB: case X86_CC_DECB: case X86_CC_MULB: *c = not_zero(t, f->src); return true;
    case X86_CC_SHLB: *c = bit(t, f->src, 8 * bytes - 1); return true;
    case X86_CC_SHRB: *c = bit(t, f->src, 0); return true;
    case X86_CC_BLSIB: *c = not_zero(t, f->src); return true;
    case X86_CC_BLSRB: case X86_CC_CNTB: *c = with_zero(t, IR_EQ, f->src, bytes); return true;
    default: return false;
    }
}

/* The result whose ZF, SF and PF are the flags'; 0: there is none such. */
static ir_ref result_of(struct x86_tr *t)
{
    const struct x86_flags *f = &t->cc;

    if (f->op == X86_CC_DYNAMIC || f->op == X86_CC_EFLAGS) {
        return 0;
    }
    switch (group_of(f->op)) {
    case X86_CC_SUBB: return ir_sub(t->ir, f->dst, f->src);
    case X86_CC_SBBB: case X86_CC_CNTB: return 0;
    default: return f->dst;
    }
}

/* Conditions 0, 2, 4, ...: O, B, Z, BE, S, P, L, LE. False: by the flags' bits. */
static bool direct(struct x86_tr *t, unsigned n, struct x86_cond *c)
{
    const struct x86_flags *f = &t->cc;
    unsigned group = group_of(f->op), bytes = bytes_of(f->op);
    bool sub = group == X86_CC_SUBB, logic = group == X86_CC_LOGICB;
    ir_ref r;

    if (n == 1) {
        return carry_cond(t, c);
    }
    if (f->op == X86_CC_DYNAMIC || f->op == X86_CC_EFLAGS || (f->kind && n != 2 && n != 4 && n != 5)) {
        return false;
    }
    if (sub && (n == 2 || n == 3 || n >= 6)) {
        static const uint8_t conds[8] = { [2] = IR_EQ, [3] = IR_LEU, [6] = IR_LT, [7] = IR_LE };

        *c = compare(t, conds[n], f->dst, f->src, bytes);
        return true;
    }
    if (logic && n != 5) {
        static const uint8_t conds[8] = { [2] = IR_EQ, [3] = IR_EQ, [4] = IR_LT, [6] = IR_LT, [7] = IR_LE };

        *c = n == 0 ? never(t) : with_zero(t, conds[n], f->dst, bytes);
        return true;
    }
    if (group == X86_CC_CNTB && n == 2) {
        *c = with_zero(t, IR_EQ, f->dst, bytes);
        return true;
    }
    r = n == 2 || n == 4 || n == 5 ? result_of(t) : 0;
    if (!r) {
        return false;
    }
    if (n == 5) {
        /* BLSI and the like leave PF undefined: as cc_flags has it */
        if (group >= X86_CC_BLSIB) {
            return false;
        }
        *c = cond(IR_TSTEQ, ir_popcnt(t->ir, ir_extu8(t->ir, r)), ir_const(t->ir, ir_type_of(t->ir, r), 1));
        return true;
    }
    *c = with_zero(t, n == 2 ? IR_EQ : IR_LT, r, bytes);
    return true;
}

/* By the bits of EFLAGS. */
static struct x86_cond from_bits(struct x86_tr *t, unsigned n)
{
    static const uint16_t masks[6] = { X86_OF, X86_CF, X86_ZF, X86_CF | X86_ZF, X86_SF, X86_PF };
    struct ir *ir = t->ir;
    ir_ref all = xt_cc_all(t), less;

    if (n < 6) {
        return cond(IR_TSTNE, all, ir_i64(ir, masks[n]));
    }
    /* SF differs from OF: OF moved to SF's place */
    less = ir_xor(ir, ir_shr(ir, all, ir_i64(ir, 4)), all);
    if (n == 6) {
        return cond(IR_TSTNE, less, ir_i64(ir, X86_SF));
    }
    return not_zero(t, ir_or(ir, ir_and(ir, less, ir_i64(ir, X86_SF)), ir_and(ir, all, ir_i64(ir, X86_ZF))));
}

struct x86_cond xt_condition(struct x86_tr *t, unsigned cc)
{
    struct x86_cond c;

    if (!direct(t, cc >> 1 & 7, &c)) {
        c = from_bits(t, cc >> 1 & 7);
    }
    c.c ^= cc & 1;
    return c;
}

ir_ref xt_carry(struct x86_tr *t)
{
    const struct x86_flags *f = &t->cc;
    struct x86_cond c;

    if (!f->kind && f->op != X86_CC_DYNAMIC && f->op != X86_CC_EFLAGS) {
        unsigned group = group_of(f->op);

        if (group == X86_CC_INCB || group == X86_CC_DECB) {
            return f->src;
        }
    }
    if (carry_cond(t, &c)) {
        return as_bit(t, c);
    }
    return ir_and(t->ir, xt_cc_all(t), ir_i64(t->ir, X86_CF));
}
