/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic and logic of base.isa, and its multiplication and division. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

/* Under LOCK: the value before, by an atomic operation on the memory operand. */
static ir_ref first(struct x86_tr *t, enum ir_rmw op, ir_ref v)
{
    return t->locked ? xt_atomic(t, op, v) : t->v[0];
}

/* LOCK forms of operations that hosts have no atomic for: a loop of compare-and-exchange. f computes the new value. */
static ir_ref atomic_loop(struct x86_tr *t, ir_ref (*f)(struct x86_tr *t, ir_ref old))
{
    struct ir *ir = t->ir;
    ir_ref a = t->disp ? ir_add(ir, t->addr, ir_i64(ir, t->disp)) : t->addr, old, seen, got;
    unsigned loop = ir_block_new(ir), done = ir_block_new(ir), mem = __builtin_ctz(t->size) | t->mem;
    ir_ref start = ir_ld(ir, xt_type(t->size), a, 0, mem | IR_MEM_FOR_WRITE);

    ir_br(ir, loop, 1, &start);
    ir_begin(ir, loop);
    old = ir_param(ir, xt_type(t->size));
    ir_insn_start(ir, t->pc, 0);
    seen = ir_cas(ir, a, old, f(t, old), mem | IR_MEM_ATOMIC);
    got = xt_zext(t, seen, t->size);
    ir_brcond_args(ir, IR_EQ, got, old, done, 0, NULL, loop, 1, &got);
    xt_begin(t, done);
    return old;
}

void emit_ADD(struct x86_tr *t)
{
    ir_ref a = first(t, IR_RMW_ADD, t->v[1]), r = ir_add(t->ir, a, t->v[1]);

    xt_cc_set(t, X86_CC_ADDB, r, t->v[1], 0);
    xt_result(t, r);
}

void emit_SUB(struct x86_tr *t)
{
    ir_ref a = t->locked ? first(t, IR_RMW_ADD, ir_neg(t->ir, t->v[1])) : t->v[0];

    xt_cc_set(t, X86_CC_SUBB, a, t->v[1], 0);
    xt_result(t, ir_sub(t->ir, a, t->v[1]));
}

void emit_CMP(struct x86_tr *t)
{
    xt_cc_set(t, X86_CC_SUBB, t->v[0], t->v[1], 0);
}

static ir_ref carry(struct x86_tr *t)
{
    return xt_as(t, xt_carry(t), t->size);
}

static ir_ref adc(struct x86_tr *t, ir_ref old)
{
    return ir_add(t->ir, ir_add(t->ir, old, t->v[1]), carry(t));
}

void emit_ADC(struct x86_tr *t)
{
    ir_ref c = xt_carry(t), a = t->locked ? atomic_loop(t, adc) : t->v[0], r;

    r = ir_add(t->ir, ir_add(t->ir, a, t->v[1]), xt_as(t, c, t->size));
    xt_cc_set(t, X86_CC_ADCB, r, t->v[1], c);
    xt_result(t, r);
}

static ir_ref sbb(struct x86_tr *t, ir_ref old)
{
    return ir_sub(t->ir, ir_sub(t->ir, old, t->v[1]), carry(t));
}

void emit_SBB(struct x86_tr *t)
{
    ir_ref c = xt_carry(t), a = t->locked ? atomic_loop(t, sbb) : t->v[0];

    xt_cc_set(t, X86_CC_SBBB, a, t->v[1], c);
    xt_result(t, ir_sub(t->ir, ir_sub(t->ir, a, t->v[1]), xt_as(t, c, t->size)));
}

static void logic(struct x86_tr *t, enum ir_rmw rmw, enum ir_op op)
{
    ir_ref a = first(t, rmw, t->v[1]), r = ir_emit2(t->ir, op, xt_type(t->size), a, t->v[1]);

    xt_cc_set(t, X86_CC_LOGICB, r, 0, 0);
    xt_result(t, r);
}

void emit_AND(struct x86_tr *t)
{
    logic(t, IR_RMW_AND, IR_OP_and);
}

void emit_OR(struct x86_tr *t)
{
    logic(t, IR_RMW_OR, IR_OP_or);
}

void emit_XOR(struct x86_tr *t)
{
    logic(t, IR_RMW_XOR, IR_OP_xor);
}

void emit_TEST(struct x86_tr *t)
{
    xt_cc_set(t, X86_CC_LOGICB, ir_and(t->ir, t->v[0], t->v[1]), 0, 0);
}

static void inc_dec(struct x86_tr *t, enum x86_cc op, int64_t by)
{
    ir_ref one = xt_const(t, t->size, by), c = xt_carry(t), r;

    if (t->size < 4) {
        one = ir_i32(t->ir, by);
    }
    r = ir_add(t->ir, first(t, IR_RMW_ADD, one), one);
    xt_cc_set(t, op, r, c, 0);
    xt_result(t, r);
}

void emit_INC(struct x86_tr *t)
{
    inc_dec(t, X86_CC_INCB, 1);
}

void emit_DEC(struct x86_tr *t)
{
    inc_dec(t, X86_CC_DECB, -1);
}

void emit_NOT(struct x86_tr *t)
{
    ir_ref ones = xt_const(t, t->size, UINT64_MAX);

    xt_result(t, ir_xor(t->ir, first(t, IR_RMW_XOR, ones), ones));
}

static ir_ref neg(struct x86_tr *t, ir_ref old)
{
    return ir_neg(t->ir, old);
}

void emit_NEG(struct x86_tr *t)
{
    ir_ref a = t->locked ? atomic_loop(t, neg) : t->v[0];

    xt_cc_set(t, X86_CC_SUBB, xt_const(t, t->size, 0), a, 0);
    xt_result(t, ir_neg(t->ir, a));
}

/* ---- multiplication ---- */

/* AX, or the pair DX:AX (EDX:EAX, RDX:RAX), from a product's halves. */
static void set_pair(struct x86_tr *t, ir_ref lo, ir_ref hi)
{
    if (t->size == 1) {
        xt_set_reg(t, X86_RAX, 2, lo);
        return;
    }
    xt_set_reg(t, X86_RAX, t->size, lo);
    xt_set_reg(t, X86_RDX, t->size, hi);
}

static void multiply(struct x86_tr *t, bool sign)
{
    struct ir *ir = t->ir;
    ir_ref a = xt_reg(t, X86_RAX, t->size), b = t->v[0], lo, hi, over;
    unsigned bits = 8 * t->size;

    if (t->size <= 2) {
        if (sign) {
            a = xt_sext(t, a, t->size);
            b = xt_sext(t, b, t->size);
        }
        lo = ir_mul(ir, a, b);
        hi = ir_shr(ir, lo, ir_i32(ir, bits));
        over = sign ? ir_xor(ir, xt_sext(t, lo, t->size), t->size == 1 ? ir_exts16(ir, lo) : lo) : xt_zext(t, hi, t->size);
    } else {
        lo = ir_mul(ir, a, b);
        hi = sign ? ir_mulhs(ir, a, b) : ir_mulhu(ir, a, b);
        over = sign ? ir_xor(ir, hi, ir_sar(ir, lo, xt_const(t, t->size, bits - 1))) : hi;
    }
    xt_cc_set(t, X86_CC_MULB, lo, xt_to64(t, over), 0);
    set_pair(t, lo, hi);
}

void emit_MUL(struct x86_tr *t)
{
    multiply(t, false);
}

void emit_IMUL1(struct x86_tr *t)
{
    multiply(t, true);
}

static void imul(struct x86_tr *t, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    ir_ref r, over;

    if (t->size == 2) {
        r = ir_mul(ir, ir_exts16(ir, a), ir_exts16(ir, b));
        over = ir_xor(ir, ir_exts16(ir, r), r);
    } else if (t->size == 4) {
        ir_ref wide = ir_mul(ir, ir_exts32(ir, a), ir_exts32(ir, b));

        r = ir_trunc(ir, wide);
        over = ir_xor(ir, ir_exts32(ir, wide), wide);
    } else {
        r = ir_mul(ir, a, b);
        over = ir_xor(ir, ir_mulhs(ir, a, b), ir_sar(ir, r, ir_i64(ir, 63)));
    }
    xt_cc_set(t, X86_CC_MULB, r, xt_to64(t, over), 0);
    xt_result(t, r);
}

void emit_IMUL(struct x86_tr *t)
{
    imul(t, t->v[0], t->v[1]);
}

void emit_IMUL3(struct x86_tr *t)
{
    imul(t, t->v[1], t->v[2]);
}

/* ---- division ---- */

static void divide(struct x86_tr *t, enum x86_helper helper)
{
    /* The quotient may not fit: the helper looks, raises #DE, or sets the registers. Flags are undefined; ours stay. */
    xt_call(t, helper, 2, xt_to64(t, t->v[0]), ir_i32(t->ir, t->size));
}

void emit_DIV(struct x86_tr *t)
{
    divide(t, X86_HELPER_div);
}

void emit_IDIV(struct x86_tr *t)
{
    divide(t, X86_HELPER_idiv);
}

/* ---- decimal ---- */

static void decimal(struct x86_tr *t, unsigned which)
{
    ir_ref flags = xt_cc_all(t), r;

    r = xt_call(t, X86_HELPER_decimal, 4, ir_i32(t->ir, which), xt_r64(t, X86_RAX), flags,
                 ir_i64(t->ir, (uint8_t)t->in.imm));
    /* AX in bits 16 to 31, flags below */
    xt_set_reg(t, X86_RAX, 2, ir_trunc(t->ir, ir_shr(t->ir, r, ir_i64(t->ir, 16))));
    xt_cc_set_all(t, ir_and(t->ir, r, ir_i64(t->ir, X86_CC)));
}

void emit_DAA(struct x86_tr *t)
{
    decimal(t, 0);
}

void emit_DAS(struct x86_tr *t)
{
    decimal(t, 1);
}

void emit_AAA(struct x86_tr *t)
{
    decimal(t, 2);
}

void emit_AAS(struct x86_tr *t)
{
    decimal(t, 3);
}

void emit_AAD(struct x86_tr *t)
{
    decimal(t, 4);
}

void emit_AAM(struct x86_tr *t)
{
    if ((uint8_t)t->in.imm == 0) {
        xt_raise_now(t, X86_DE);
        return;
    }
    decimal(t, 5);
}
