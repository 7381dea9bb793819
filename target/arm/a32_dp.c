/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data processing of A32 and T32: arithmetic, logic, moves, bit fields, extensions, byte order. */
#include "target/arm/a32.h"

/* A second operand and, where logical instructions take C from it, the carry (I64, 0 or 1; 0: unchanged). */
struct operand {
    ir_ref v, carry;
};

/* DDI 0487, "A32ExpandImm_C" and "T32ExpandImm_C". */
static struct operand immediate(struct arm_tr *t, uint32_t imm12)
{
    uint32_t v = imm12 & 0xff;
    unsigned rot;

    if (t->a32.thumb && imm12 < 0x400) {
        static const uint32_t copies[4] = { 1, 0x00010001, 0x01000100, 0x01010101 };

        return (struct operand){ .v = ir_i32(t->ir, v * copies[imm12 >> 8]) };
    }
    rot = t->a32.thumb ? imm12 >> 7 : (imm12 >> 8) * 2;
    v = t->a32.thumb ? v | 0x80 : v;
    if (!rot) {
        return (struct operand){ .v = ir_i32(t->ir, v) };
    }
    v = v >> rot | v << (32 - rot);
    return (struct operand){ ir_i32(t->ir, v), ir_i64(t->ir, v >> 31) };
}

static ir_ref bit(struct arm_tr *t, ir_ref v, unsigned n)
{
    return ir_and(t->ir, ir_shr(t->ir, ir_extu32(t->ir, v), ir_i64(t->ir, n)), ir_i64(t->ir, 1));
}

/* DDI 0487, "Shift_C" with the amount of "DecodeImmShift". */
static struct operand shifted(struct arm_tr *t, unsigned rm, unsigned type, unsigned n, bool want_carry)
{
    struct ir *ir = t->ir;
    ir_ref v = a32_r(t, rm), c;

    if (type == 0) {
        if (!n) {
            return (struct operand){ .v = v };
        }
        return (struct operand){ ir_shl(ir, v, ir_i32(ir, n)), want_carry ? bit(t, v, 32 - n) : 0 };
    }
    if (type == 3 && !n) {              /* RRX */
        c = a32_flags_carry(t);
        return (struct operand){ ir_or(ir, ir_shr(ir, v, ir_i32(ir, 1)), ir_shl(ir, ir_trunc(ir, c), ir_i32(ir, 31))),
                                 want_carry ? bit(t, v, 0) : 0 };
    }
    n = n ? n : 32;
    c = want_carry ? bit(t, v, n - 1) : 0;
    if (type == 1) {
        return (struct operand){ n == 32 ? ir_i32(ir, 0) : ir_shr(ir, v, ir_i32(ir, n)), c };
    }
    if (type == 2) {
        return (struct operand){ ir_sar(ir, v, ir_i32(ir, MIN(n, 31))), c };
    }
    return (struct operand){ ir_rotr(ir, v, ir_i32(ir, n)), c };
}

/* The amount is the low byte of a register: 0 leaves value and carry, 32 and more shift everything out. Shifting an I64
 * keeps the carry in sight. */
static struct operand shifted_by(struct arm_tr *t, unsigned rm, unsigned type, unsigned rs, bool want_carry)
{
    struct ir *ir = t->ir;
    ir_ref n = ir_extu8(ir, a32_r64(t, rs)), wide = a32_r64(t, rm), v = ir_trunc(ir, wide), c, zero = ir_i64(ir, 0);
    ir_ref capped = ir_minu(ir, n, ir_i64(ir, 33)), one = ir_i64(ir, 1), old;

    switch (type) {
    case 0:
        wide = ir_shl(ir, wide, capped);
        v = ir_trunc(ir, wide);
        c = ir_shr(ir, wide, ir_i64(ir, 32));
        break;
    case 1:
        wide = ir_shl(ir, wide, one);
        wide = ir_shr(ir, wide, capped);
        v = ir_trunc(ir, ir_shr(ir, wide, one));
        c = wide;
        break;
    case 2:
        wide = ir_shl(ir, ir_exts32(ir, wide), one);
        wide = ir_sar(ir, wide, capped);
        v = ir_trunc(ir, ir_sar(ir, wide, one));
        c = wide;
        break;
    default:
        v = ir_rotr(ir, v, ir_trunc(ir, n));
        c = ir_shr(ir, ir_extu32(ir, v), ir_i64(ir, 31));
        break;
    }
    if (!want_carry) {
        return (struct operand){ .v = v };
    }
    old = a32_flags_carry(t);
    return (struct operand){ v, ir_select(ir, IR_EQ, n, zero, old, ir_and(ir, c, one)) };
}

/* ---- arithmetic and logic ---- */

enum alu { AND, EOR, SUB, RSB, ADD, ADC, SBC, RSC, TST, TEQ, CMP, CMN, ORR, MOV, BIC, MVN, ORN };

/* a + b + C. */
static void add_carry(struct arm_tr *t, bool s, unsigned rd, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    ir_ref c = a32_flags_carry(t);

    if (s) {
        a32_flags_forget(t);
        t->a32.flag_writes++;
        a32_set_alu(t, rd, arm_flags_set_carry(t, false, a, b, c));
    } else {
        a32_set_alu(t, rd, ir_add(ir, ir_add(ir, a, b), ir_trunc(ir, c)));
    }
}

static void logic(struct arm_tr *t, enum alu op, bool s, int rd, ir_ref a, struct operand b)
{
    struct ir *ir = t->ir;
    ir_ref r;

    switch (op) {
    case AND: case TST: r = ir_and(ir, a, b.v); break;
    case EOR: case TEQ: r = ir_xor(ir, a, b.v); break;
    case ORR: r = ir_or(ir, a, b.v); break;
    case MOV: r = b.v; break;
    case BIC: r = ir_andc(ir, a, b.v); break;
    case MVN: r = ir_not(ir, b.v); break;
    default: r = ir_orc(ir, a, b.v); break;
    }
    if (s) {
        a32_flags_nz(t, r);
        if (b.carry) {
            a32_flags_c(t, b.carry);
        }
    }
    if (rd >= 0) {
        a32_set_alu(t, rd, r);
    }
}

static void addsub(struct arm_tr *t, bool minus, bool s, int rd, ir_ref a, ir_ref b)
{
    ir_ref r = minus ? ir_sub(t->ir, a, b) : ir_add(t->ir, a, b);

    if (s) {
        a32_flags_addsub(t, minus ? ARM_CC_SUB32 : ARM_CC_ADD32, a, b);
    }
    if (rd >= 0) {
        a32_set_alu(t, rd, r);
    }
}

static ir_ref alu_value(struct arm_tr *t, enum alu op, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;

    switch (op) {
    case AND: return ir_and(ir, a, b);
    case EOR: return ir_xor(ir, a, b);
    case SUB: return ir_sub(ir, a, b);
    case RSB: return ir_sub(ir, b, a);
    case ADD: return ir_add(ir, a, b);
    case ORR: return ir_or(ir, a, b);
    case MOV: return b;
    case BIC: return ir_andc(ir, a, b);
    case MVN: return ir_not(ir, b);
    case ORN: return ir_orc(ir, a, b);
    case ADC: return ir_add(ir, ir_add(ir, a, b), ir_trunc(ir, a32_flags_carry(t)));
    case SBC: return ir_add(ir, ir_add(ir, a, ir_not(ir, b)), ir_trunc(ir, a32_flags_carry(t)));
    default: return ir_add(ir, ir_add(ir, b, ir_not(ir, a)), ir_trunc(ir, a32_flags_carry(t)));
    }
}

/* Rd is -1 for comparisons. S with R15 is an exception return. */
static void alu(struct arm_tr *t, enum alu op, bool s, int rd, ir_ref a, struct operand b)
{
    struct ir *ir = t->ir;

    if (s && rd == 15) {
        ir_ref pc;

        if (!t->el) {
            arm_undef(t);
            return;
        }
        pc = ir_extu32(ir, alu_value(t, op, a, b.v));
        arm_goto_ind(t, ir_call(ir, ARM_HELPER_a32_return_spsr, 1, &pc));
        return;
    }
    switch (op) {
    case SUB: case CMP:
        addsub(t, true, s, rd, a, b.v);
        break;
    case RSB:
        addsub(t, true, s, rd, b.v, a);
        break;
    case ADD: case CMN:
        addsub(t, false, s, rd, a, b.v);
        break;
    case ADC:
        add_carry(t, s, rd, a, b.v);
        break;
    case SBC:
        add_carry(t, s, rd, a, ir_not(ir, b.v));
        break;
    case RSC:
        add_carry(t, s, rd, b.v, ir_not(ir, a));
        break;
    default:
        logic(t, op, s, rd, a, b);
        break;
    }
}

#define ALU(name, op) \
    void a32_##name##_imm(struct arm_tr *t, const struct a32_DPI *a) \
    { \
        alu(t, op, a32_sets(t, a->s), a->rd, a32_r(t, a->rn), immediate(t, a->uimm)); \
    } \
    void a32_##name##_reg(struct arm_tr *t, const struct a32_DPR *a) \
    { \
        bool s = a32_sets(t, a->s); \
        alu(t, op, s, a->rd, a32_r(t, a->rn), shifted(t, a->rm, a->type, a->sh, s)); \
    }
#define ALU_RSR(name, op) \
    void a32_##name##_rsr(struct arm_tr *t, const struct a32_DPS *a) \
    { \
        bool s = a32_sets(t, a->s); \
        alu(t, op, s, a->rd, a32_r(t, a->rn), shifted_by(t, a->rm, a->type, a->rs, s)); \
    }
#define COMPARE(name, op) \
    void a32_##name##_imm(struct arm_tr *t, const struct a32_CMI *a) \
    { \
        alu(t, op, true, -1, a32_r(t, a->rn), immediate(t, a->uimm)); \
    } \
    void a32_##name##_reg(struct arm_tr *t, const struct a32_CMR *a) \
    { \
        alu(t, op, true, -1, a32_r(t, a->rn), shifted(t, a->rm, a->type, a->sh, true)); \
    } \
    void a32_##name##_rsr(struct arm_tr *t, const struct a32_CMS *a) \
    { \
        alu(t, op, true, -1, a32_r(t, a->rn), shifted_by(t, a->rm, a->type, a->rs, true)); \
    }
#define MOVE(name, op) \
    void a32_##name##_imm(struct arm_tr *t, const struct a32_MVI *a) \
    { \
        alu(t, op, a32_sets(t, a->s), a->rd, 0, immediate(t, a->uimm)); \
    } \
    void a32_##name##_reg(struct arm_tr *t, const struct a32_MVR *a) \
    { \
        bool s = a32_sets(t, a->s); \
        alu(t, op, s, a->rd, 0, shifted(t, a->rm, a->type, a->sh, s)); \
    } \
    void a32_##name##_rsr(struct arm_tr *t, const struct a32_MVS *a) \
    { \
        bool s = a32_sets(t, a->s); \
        alu(t, op, s, a->rd, 0, shifted_by(t, a->rm, a->type, a->rs, s)); \
    }
ALU(and, AND) ALU_RSR(and, AND) ALU(eor, EOR) ALU_RSR(eor, EOR) ALU(sub, SUB) ALU_RSR(sub, SUB) ALU(rsb, RSB)
ALU_RSR(rsb, RSB) ALU(add, ADD) ALU_RSR(add, ADD) ALU(adc, ADC) ALU_RSR(adc, ADC) ALU(sbc, SBC) ALU_RSR(sbc, SBC)
ALU(rsc, RSC) ALU_RSR(rsc, RSC) ALU(orr, ORR) ALU_RSR(orr, ORR) ALU(bic, BIC) ALU_RSR(bic, BIC) ALU(orn, ORN)
COMPARE(tst, TST) COMPARE(teq, TEQ) COMPARE(cmp, CMP) COMPARE(cmn, CMN) MOVE(mov, MOV) MOVE(mvn, MVN)

/* ADD and SUB of T32 with a plain immediate; R15 is word-aligned (ADR). The flags stay. */
void a32_addw(struct arm_tr *t, const struct a32_ADDW *a)
{
    ir_ref base = ir_trunc(t->ir, a32_base(t, a->rn)), imm = ir_i32(t->ir, a->uimm);

    a32_set_alu(t, a->rd, a->sub ? ir_sub(t->ir, base, imm) : ir_add(t->ir, base, imm));
}

void a32_movw(struct arm_tr *t, const struct a32_M16 *a)
{
    a32_set_alu(t, a->rd, ir_i32(t->ir, a->uimm));
}

void a32_movt(struct arm_tr *t, const struct a32_M16 *a)
{
    ir_ref low = ir_extu16(t->ir, a32_r(t, a->rd));

    a32_set_alu(t, a->rd, ir_or(t->ir, low, ir_i32(t->ir, a->uimm << 16)));
}

/* ---- bit fields, extensions, byte order: R15 as a destination is left to UNDEFINED ---- */

static void set(struct arm_tr *t, unsigned rd, ir_ref v)
{
    if (rd == 15) {
        arm_undef(t);
    } else {
        a32_set_r(t, rd, v);
    }
}

static void extract(struct arm_tr *t, const struct a32_BFX *a, bool is_signed)
{
    struct ir *ir = t->ir;
    unsigned left = 31 - a->lsb - a->width;
    ir_ref v;

    if (a->lsb + a->width > 31) {
        arm_undef(t);
        return;
    }
    v = ir_shl(ir, a32_r(t, a->rn), ir_i32(ir, left));
    set(t, a->rd, is_signed ? ir_sar(ir, v, ir_i32(ir, 31 - a->width)) : ir_shr(ir, v, ir_i32(ir, 31 - a->width)));
}

void a32_sbfx(struct arm_tr *t, const struct a32_BFX *a) { extract(t, a, true); }
void a32_ubfx(struct arm_tr *t, const struct a32_BFX *a) { extract(t, a, false); }

/* BFI, and BFC where the source is 15. */
void a32_bfi(struct arm_tr *t, const struct a32_BFI *a)
{
    struct ir *ir = t->ir;
    uint32_t mask;
    ir_ref v;

    if (a->msb < a->lsb) {
        arm_undef(t);
        return;
    }
    mask = (uint32_t)(((1ull << (a->msb - a->lsb + 1)) - 1) << a->lsb);
    v = a->rn == 15 ? ir_i32(ir, 0) : ir_and(ir, ir_shl(ir, a32_r(t, a->rn), ir_i32(ir, a->lsb)), ir_i32(ir, mask));
    set(t, a->rd, ir_or(ir, ir_and(ir, a32_r(t, a->rd), ir_i32(ir, ~mask)), v));
}

enum extension { SXTB16, SXTB, SXTH, UXTB16, UXTB, UXTH };

static ir_ref extended(struct arm_tr *t, enum extension e, unsigned rm, unsigned rot)
{
    struct ir *ir = t->ir;
    ir_ref v = ir_rotr(ir, a32_r(t, rm), ir_i32(ir, rot * 8));

    switch (e) {
    case SXTB: return ir_exts8(ir, v);
    case SXTH: return ir_exts16(ir, v);
    case UXTB: return ir_extu8(ir, v);
    case UXTH: return ir_extu16(ir, v);
    case UXTB16: return ir_and(ir, v, ir_i32(ir, 0x00ff00ff));
    default:
        return ir_or(ir, ir_extu16(ir, ir_exts8(ir, v)),
                     ir_shl(ir, ir_exts8(ir, ir_shr(ir, v, ir_i32(ir, 16))), ir_i32(ir, 16)));
    }
}

/* Halfwords are added apart. */
static ir_ref add_halves(struct arm_tr *t, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    ir_ref low = ir_extu16(ir, ir_add(ir, a, b)), mask = ir_i32(ir, 0xffff0000);

    return ir_or(ir, low, ir_add(ir, ir_and(ir, a, mask), ir_and(ir, b, mask)));
}

#define EXTEND(name, add_name, e) \
    void a32_##name(struct arm_tr *t, const struct a32_EXT1 *a) { set(t, a->rd, extended(t, e, a->rm, a->rot)); } \
    void a32_##add_name(struct arm_tr *t, const struct a32_EXT *a) \
    { \
        ir_ref v = extended(t, e, a->rm, a->rot), n = a32_r(t, a->rn); \
        set(t, a->rd, e == SXTB16 || e == UXTB16 ? add_halves(t, n, v) : ir_add(t->ir, n, v)); \
    }
EXTEND(sxtb16, sxtab16, SXTB16) EXTEND(sxtb, sxtab, SXTB) EXTEND(sxth, sxtah, SXTH)
EXTEND(uxtb16, uxtab16, UXTB16) EXTEND(uxtb, uxtab, UXTB) EXTEND(uxth, uxtah, UXTH)

void a32_rev(struct arm_tr *t, const struct a32_R2 *a)
{
    set(t, a->rd, ir_bswap(t->ir, a32_r(t, a->rm)));
}

void a32_rev16(struct arm_tr *t, const struct a32_R2 *a)
{
    set(t, a->rd, ir_rotr(t->ir, ir_bswap(t->ir, a32_r(t, a->rm)), ir_i32(t->ir, 16)));
}

void a32_revsh(struct arm_tr *t, const struct a32_R2 *a)
{
    set(t, a->rd, ir_sar(t->ir, ir_bswap(t->ir, a32_r(t, a->rm)), ir_i32(t->ir, 16)));
}

void a32_rbit(struct arm_tr *t, const struct a32_R2 *a)
{
    set(t, a->rd, ir_brev8(t->ir, ir_bswap(t->ir, a32_r(t, a->rm))));
}

void a32_clz(struct arm_tr *t, const struct a32_R2 *a)
{
    set(t, a->rd, ir_clz(t->ir, a32_r(t, a->rm)));
}

void a32_pkh(struct arm_tr *t, const struct a32_PKH *a)
{
    struct ir *ir = t->ir;
    ir_ref n = a32_r(t, a->rn), m = shifted(t, a->rm, a->tb ? 2 : 0, a->sh, false).v, high = ir_i32(ir, 0xffff0000);

    if (a->tb) {
        set(t, a->rd, ir_or(ir, ir_and(ir, n, high), ir_extu16(ir, m)));
    } else {
        set(t, a->rd, ir_or(ir, ir_and(ir, m, high), ir_extu16(ir, n)));
    }
}

static void crc(struct arm_tr *t, const struct a32_CRC *a, enum arm_helper helper)
{
    const ir_ref args[] = { a32_r64(t, a->rn), a32_r64(t, a->rm), ir_i32(t->ir, 1 << a->size) };

    set(t, a->rd, ir_call(t->ir, helper, 3, args));
}

void a32_crc32_(struct arm_tr *t, const struct a32_CRC *a) { crc(t, a, ARM_HELPER_crc32); }
void a32_crc32c(struct arm_tr *t, const struct a32_CRC *a) { crc(t, a, ARM_HELPER_crc32c); }
