/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts and rotates. A count of 0 changes no flag; constant counts know that while translating. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

static unsigned count_mask(const struct x86_tr *t)
{
    return t->size == 8 ? 63 : 31;
}

/* The count, masked, in the operand's type; false: it is a constant 0 and nothing changes. */
static bool masked_count(struct x86_tr *t, ir_ref count, ir_ref *n)
{
    *n = ir_and(t->ir, count, xt_const(t, MAX(t->size, 4), count_mask(t)));
    if (ir_is_const(*n)) {
        return ir_const_value(t->ir, *n) != 0;
    }
    t->cc_if = *n;
    return true;
}

static ir_ref less_one(struct x86_tr *t, ir_ref n)
{
    return ir_sub(t->ir, n, ir_const(t->ir, ir_type_of(t->ir, n), 1));
}

static void shift(struct x86_tr *t, enum ir_op op, enum x86_cc cc)
{
    enum ir_type type = xt_type(t->size);
    ir_ref v = op == IR_OP_sar ? xt_sext(t, t->v[0], t->size) : t->v[0], n, r;

    if (!masked_count(t, t->v[1], &n)) {
        xt_result(t, t->v[0]);
        return;
    }
    r = ir_emit2(t->ir, op, type, v, n);
    xt_cc_set(t, cc, r, ir_emit2(t->ir, op, type, v, less_one(t, n)), 0);
    xt_result(t, r);
}

void emit_SHL(struct x86_tr *t)
{
    shift(t, IR_OP_shl, X86_CC_SHLB);
}

void emit_SHR(struct x86_tr *t)
{
    shift(t, IR_OP_shr, X86_CC_SHRB);
}

void emit_SAR(struct x86_tr *t)
{
    shift(t, IR_OP_sar, X86_CC_SHRB);
}

/* A byte or word repeated over 32 bits: rotating that rotates it. */
static ir_ref repeated(struct x86_tr *t, ir_ref v)
{
    return t->size < 4 ? ir_mul(t->ir, v, ir_i32(t->ir, t->size == 1 ? 0x01010101 : 0x00010001)) : v;
}

static void rotate(struct x86_tr *t, enum ir_op op, unsigned kind)
{
    ir_ref n, r;

    if (!masked_count(t, t->v[1], &n)) {
        xt_result(t, t->v[0]);
        return;
    }
    r = ir_emit2(t->ir, op, xt_type(t->size), repeated(t, t->v[0]), n);
    xt_cc_override(t, kind, r);
    xt_result(t, r);
}

void emit_ROL(struct x86_tr *t)
{
    rotate(t, IR_OP_rotl, X86_CC_OVER_ROL);
}

void emit_ROR(struct x86_tr *t)
{
    rotate(t, IR_OP_rotr, X86_CC_OVER_ROR);
}

static void rotate_carry(struct x86_tr *t, bool right)
{
    struct ir *ir = t->ir;
    ir_ref v = xt_to64(t, t->v[0]), n = xt_as(t, t->v[1], 4), flags = xt_cc_all(t), r, f;

    r = xt_call(t, X86_HELPER_rotate_carry, 4, v, flags, n, ir_i32(ir, t->size | right << 4));
    f = xt_call(t, X86_HELPER_rotate_carry, 4, v, flags, n, ir_i32(ir, t->size | right << 4 | 1 << 5));
    xt_cc_set_all(t, f);
    xt_result(t, xt_as(t, r, t->size));
}

void emit_RCL(struct x86_tr *t)
{
    rotate_carry(t, false);
}

void emit_RCR(struct x86_tr *t)
{
    rotate_carry(t, true);
}

/* ---- double shifts ---- */

/* 16 bits: both operands side by side in 64 bits, so that counts up to 31 do what processors do with them: bits of the
 * first operand come in behind those of the second. */
static void double16(struct x86_tr *t, bool right, ir_ref n)
{
    struct ir *ir = t->ir;
    ir_ref a = xt_to64(t, t->v[0]), b = xt_to64(t, t->v[1]), wide, r, src;
    ir_ref m = xt_to64(t, n), m1 = ir_sub(ir, m, ir_i64(ir, 1));

    if (right) {
        wide = ir_or(ir, ir_or(ir, a, ir_shl(ir, b, ir_i64(ir, 16))), ir_shl(ir, a, ir_i64(ir, 32)));
        r = ir_shr(ir, wide, m);
        src = ir_shr(ir, wide, m1);
    } else {
        wide = ir_or(ir, ir_or(ir, ir_shl(ir, a, ir_i64(ir, 32)), ir_shl(ir, b, ir_i64(ir, 16))), a);
        r = ir_shr(ir, ir_shl(ir, wide, m), ir_i64(ir, 32));
        src = ir_shr(ir, ir_shl(ir, wide, m1), ir_i64(ir, 32));
    }
    r = ir_trunc(ir, r);
    xt_cc_set(t, right ? X86_CC_SHRB : X86_CC_SHLB, r, ir_trunc(ir, src), 0);
    xt_result(t, r);
}

static ir_ref joined(struct x86_tr *t, bool right, ir_ref a, ir_ref b, ir_ref n)
{
    struct ir *ir = t->ir;
    enum ir_type type = xt_type(t->size);
    ir_ref rest = ir_sub(ir, ir_const(ir, type, 8 * t->size), n);

    return right ? ir_or(ir, ir_shr(ir, a, n), ir_shl(ir, b, rest)) : ir_or(ir, ir_shl(ir, a, n), ir_shr(ir, b, rest));
}

static void double_shift(struct x86_tr *t, bool right)
{
    struct ir *ir = t->ir;
    ir_ref n, r, src;

    if (!masked_count(t, t->v[2], &n)) {
        xt_result(t, t->v[0]);
        return;
    }
    if (t->size == 2) {
        ir_ref keep = t->cc_if;

        double16(t, right, n);
        if (keep) {
            xt_result(t, ir_select(ir, IR_NE, n, ir_i32(ir, 0), t->result, t->v[0]));
        }
        return;
    }
    r = joined(t, right, t->v[0], t->v[1], n);
    src = ir_emit2(ir, right ? IR_OP_shr : IR_OP_shl, xt_type(t->size), t->v[0], less_one(t, n));
    if (!ir_is_const(n)) {
        r = ir_select(ir, IR_NE, n, ir_const(ir, ir_type_of(ir, n), 0), r, t->v[0]);
    }
    xt_cc_set(t, right ? X86_CC_SHRB : X86_CC_SHLB, r, src, 0);
    xt_result(t, r);
}

void emit_SHLD(struct x86_tr *t)
{
    double_shift(t, false);
}

void emit_SHRD(struct x86_tr *t)
{
    double_shift(t, true);
}
