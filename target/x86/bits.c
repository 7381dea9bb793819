/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit tests, bit scans and counts; BMI1, BMI2, ADX, CRC32. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

/* A bit string in memory: the offset's upper bits move the address (by whole operands). */
static void move_address(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref offset = t->size == 8 ? t->v[1] : xt_sext(t, t->v[1], t->size), units;
    unsigned log2 = __builtin_ctz(t->size);

    offset = t->size == 8 ? offset : ir_exts32(ir, offset);
    units = ir_shl(ir, ir_sar(ir, offset, ir_i64(ir, 3 + log2)), ir_i64(ir, log2));
    units = ir_add(ir, xt_effective(t), units);
    t->disp = 0;
    t->addr = xt_linear(t, xt_mem_seg(&t->in), t->in.asize == 8 ? units : xt_zext(t, units, t->in.asize), &t->disp, t->size,
                         !(t->in.row->flags & X86_ROW_RO));
}

static void bit_test(struct x86_tr *t, enum ir_op op, enum ir_rmw rmw)
{
    struct ir *ir = t->ir;
    enum ir_type type = xt_type(t->size);
    bool string = t->in.mem && t->in.row->ops[1].kind == X86_OP_G, write = op != IR_OP_NONE;
    ir_ref n, mask, old = t->v[0];

    if (string) {
        move_address(t);
        old = t->locked ? 0 : ir_ld(ir, type, t->addr, t->disp, __builtin_ctz(t->size) | t->mem |
                                    (write ? IR_MEM_FOR_WRITE : 0));
    }
    n = ir_and(ir, t->v[1], ir_const(ir, type, 8 * t->size - 1));
    mask = ir_shl(ir, ir_const(ir, type, 1), n);
    if (t->locked) {
        old = xt_atomic(t, rmw, rmw == IR_RMW_AND ? ir_not(ir, mask) : mask);
    }
    if (write) {
        xt_result(t, ir_emit2(ir, op, type, old, mask));
    }
    xt_cc_override(t, X86_CC_OVER_CF, ir_and(ir, ir_shr(ir, old, n), ir_const(ir, type, 1)));
}

void emit_BT(struct x86_tr *t)
{
    bit_test(t, IR_OP_NONE, 0);
}

void emit_BTS(struct x86_tr *t)
{
    bit_test(t, IR_OP_or, IR_RMW_OR);
}

void emit_BTR(struct x86_tr *t)
{
    bit_test(t, IR_OP_andc, IR_RMW_AND);
}

void emit_BTC(struct x86_tr *t)
{
    bit_test(t, IR_OP_xor, IR_RMW_XOR);
}

/* ---- scans ---- */

static ir_ref zero(struct x86_tr *t)
{
    return ir_const(t->ir, xt_type(t->size), 0);
}

/* ZF tells whether the source is 0; then the destination keeps its value. */
static void scan(struct x86_tr *t, bool reverse)
{
    struct ir *ir = t->ir;
    ir_ref v = t->v[1], at;

    if (reverse) {
        at = ir_sub(ir, ir_const(ir, xt_type(t->size), t->size == 8 ? 63 : 31), ir_clz(ir, v));
    } else {
        at = ir_ctz(ir, v);
    }
    xt_cc_set(t, X86_CC_LOGICB, v, 0, 0);
    if (t->size == 4 && xt_code64(t)) {
        /* all 64 bits of the destination stay */
        ir_ref keep = xt_r64(t, t->in.reg);

        ir_put(ir, X86_SLOT_R + t->in.reg, ir_select(ir, IR_NE, v, zero(t), ir_extu32(ir, at), keep));
        return;
    }
    xt_result(t, ir_select(ir, IR_NE, v, zero(t), at, t->v[0]));
}

void emit_BSF(struct x86_tr *t)
{
    scan(t, false);
}

void emit_BSR(struct x86_tr *t)
{
    scan(t, true);
}

void emit_TZCNT(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref v = t->size == 2 ? ir_or(ir, t->v[1], ir_i32(ir, 1 << 16)) : t->v[1], r = ir_ctz(ir, v);

    xt_cc_set(t, X86_CC_CNTB, r, t->v[1], 0);
    xt_result(t, r);
}

void emit_LZCNT(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref r = ir_clz(ir, t->v[1]);

    if (t->size == 2) {
        r = ir_sub(ir, r, ir_i32(ir, 16));
    }
    xt_cc_set(t, X86_CC_CNTB, r, t->v[1], 0);
    xt_result(t, r);
}

void emit_POPCNT(struct x86_tr *t)
{
    ir_ref r = ir_popcnt(t->ir, t->v[1]);

    /* ZF by the source, all others 0: as a count whose CF source is not 0 */
    xt_cc_set(t, X86_CC_CNTB, r, ir_const(t->ir, xt_type(t->size), 1), 0);
    xt_result(t, r);
}

void emit_BSWAP(struct x86_tr *t)
{
    /* with 16-bit operands undefined: processors give 0 */
    xt_result(t, t->size == 2 ? ir_i32(t->ir, 0) : ir_bswap(t->ir, t->v[0]));
}

/* ---- BMI ---- */

void emit_ANDN(struct x86_tr *t)
{
    ir_ref r = ir_andc(t->ir, t->v[2], t->v[1]);

    xt_cc_set(t, X86_CC_LOGICB, r, 0, 0);
    xt_result(t, r);
}

static ir_ref minus_one(struct x86_tr *t, ir_ref v)
{
    return ir_sub(t->ir, v, ir_const(t->ir, xt_type(t->size), 1));
}

void emit_BLSR(struct x86_tr *t)
{
    ir_ref v = t->v[1], r = ir_and(t->ir, v, minus_one(t, v));

    xt_cc_set(t, X86_CC_BLSRB, r, v, 0);
    xt_result(t, r);
}

void emit_BLSMSK(struct x86_tr *t)
{
    ir_ref v = t->v[1], r = ir_xor(t->ir, v, minus_one(t, v));

    xt_cc_set(t, X86_CC_BLSRB, r, v, 0);
    xt_result(t, r);
}

void emit_BLSI(struct x86_tr *t)
{
    ir_ref v = t->v[1], r = ir_and(t->ir, v, ir_neg(t->ir, v));

    xt_cc_set(t, X86_CC_BLSIB, r, v, 0);
    xt_result(t, r);
}

/* The low n bits of v, all of it where n is at least the width. */
static ir_ref low_bits(struct x86_tr *t, ir_ref v, ir_ref n)
{
    struct ir *ir = t->ir;
    enum ir_type type = xt_type(t->size);
    ir_ref mask = minus_one(t, ir_shl(ir, ir_const(ir, type, 1), n));

    return ir_select(ir, IR_LTU, n, ir_const(ir, type, 8 * t->size), ir_and(ir, v, mask), v);
}

void emit_BEXTR(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    enum ir_type type = xt_type(t->size);
    ir_ref start = ir_extu8(ir, t->v[2]), len = ir_extu8(ir, ir_shr(ir, t->v[2], ir_const(ir, type, 8))), r;

    r = ir_select(ir, IR_LTU, start, ir_const(ir, type, 8 * t->size), ir_shr(ir, t->v[1], start), zero(t));
    r = low_bits(t, r, len);
    xt_cc_set(t, X86_CC_LOGICB, r, 0, 0);
    xt_result(t, r);
}

void emit_BZHI(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref n = ir_extu8(ir, t->v[2]), r = low_bits(t, t->v[1], n);
    enum ir_type type = xt_type(t->size);

    /* CF: the index is beyond the operand. ZF, SF of the result, OF 0. */
    xt_cc_set(t, X86_CC_BLSIB, r, ir_select(ir, IR_LTU, n, ir_const(ir, type, 8 * t->size), zero(t), ir_const(ir, type, 1)), 0);
    xt_result(t, r);
}

void emit_PEXT(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_pext, 2, xt_to64(t, t->v[1]), xt_to64(t, t->v[2])), t->size));
}

void emit_PDEP(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_pdep, 2, xt_to64(t, t->v[1]), xt_to64(t, t->v[2])), t->size));
}

void emit_MULX(struct x86_tr *t)
{
    ir_ref a = xt_reg(t, X86_RDX, t->size), b = t->v[2];

    /* the low half first: where both go to one register it has the high one */
    ir_ref lo = ir_mul(t->ir, a, b), hi = ir_mulhu(t->ir, a, b);

    xt_set_reg(t, t->in.vvvv, t->size, lo);
    xt_result(t, hi);
}

void emit_RORX(struct x86_tr *t)
{
    xt_result(t, ir_rotr(t->ir, t->v[1], ir_const(t->ir, xt_type(t->size), t->in.imm & (8 * t->size - 1))));
}

void emit_SHLX(struct x86_tr *t)
{
    xt_result(t, ir_shl(t->ir, t->v[1], t->v[2]));
}

void emit_SHRX(struct x86_tr *t)
{
    xt_result(t, ir_shr(t->ir, t->v[1], t->v[2]));
}

void emit_SARX(struct x86_tr *t)
{
    xt_result(t, ir_sar(t->ir, t->v[1], t->v[2]));
}

/* Addition with the carry of one flag alone. */
static ir_ref add_with(struct x86_tr *t, ir_ref c, ir_ref *out)
{
    struct ir *ir = t->ir;
    ir_ref ab = ir_add(ir, t->v[0], t->v[1]), r = ir_add(ir, ab, xt_as(t, c, t->size));

    *out = ir_or(ir, ir_setcond(ir, IR_LTU, ab, t->v[0]), ir_setcond(ir, IR_LTU, r, ab));
    return r;
}

void emit_ADCX(struct x86_tr *t)
{
    ir_ref c;

    xt_result(t, add_with(t, xt_carry(t), &c));
    xt_cc_override(t, X86_CC_OVER_CF, c);
}

void emit_ADOX(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref all = xt_cc_all(t), c;

    xt_result(t, add_with(t, ir_and(ir, ir_shr(ir, all, ir_i64(ir, 11)), ir_i64(ir, 1)), &c));
    xt_cc_set_all(t, ir_or(ir, ir_and(ir, all, ir_i64(ir, ~(int64_t)X86_OF)), ir_shl(ir, c, ir_i64(ir, 11))));
}

void emit_CRC32(struct x86_tr *t)
{
    unsigned bytes = x86_operand_bytes(&t->in, t->in.row->ops[1]);
    ir_ref crc = xt_as(t, t->v[0], 4), r = xt_call(t, X86_HELPER_crc32, 3, crc, xt_to64(t, t->v[1]), ir_i32(t->ir, bytes));

    xt_result(t, xt_as(t, r, t->size));
}
