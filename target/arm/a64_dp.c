/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data processing, immediate and register. */
#include "target/arm/translate.h"

/* ---- addition and subtraction ---- */

void a64_adr(struct arm_tr *t, const struct arm_ADR *a)
{
    arm_set_x(t, a->rd, ir_i64(t->ir, t->pc + a->imm));
}

void a64_adrp(struct arm_tr *t, const struct arm_ADR *a)
{
    arm_set_x(t, a->rd, ir_i64(t->ir, (t->pc & ~0xfffull) + (int64_t)a->imm * 4096));
}

static void flags_of(struct arm_tr *t, bool sf, bool sub, ir_ref a, ir_ref b)
{
    arm_flags_set(t, sub ? (sf ? ARM_CC_SUB64 : ARM_CC_SUB32) : (sf ? ARM_CC_ADD64 : ARM_CC_ADD32), a, b);
}

static ir_ref sum(struct arm_tr *t, bool sub, ir_ref a, ir_ref b)
{
    return sub ? ir_sub(t->ir, a, b) : ir_add(t->ir, a, b);
}

static void addsub_imm(struct arm_tr *t, const struct arm_RI *a, bool sub, bool s)
{
    ir_ref x = arm_rsp(t, a->sf, a->rn), y = arm_const(t, a->sf, (uint64_t)a->uimm << (a->sh ? 12 : 0));
    ir_ref r = sum(t, sub, x, y);

    if (s) {
        flags_of(t, a->sf, sub, x, y);
        arm_set_r(t, a->sf, a->rd, r);
    } else {
        arm_set_rsp(t, a->sf, a->rd, r);
    }
}

#define ADDSUB_IMM(name, sub, s) \
    void a64_##name(struct arm_tr *t, const struct arm_RI *a) { addsub_imm(t, a, sub, s); }
ADDSUB_IMM(add_imm, false, false)
ADDSUB_IMM(adds_imm, false, true)
ADDSUB_IMM(sub_imm, true, false)
ADDSUB_IMM(subs_imm, true, true)

/* An operand register shifted by a constant; 0 where the encoding is reserved. */
static ir_ref shifted(struct arm_tr *t, bool sf, unsigned rm, unsigned shift, unsigned amt)
{
    ir_ref v = arm_r(t, sf, rm), n;

    if (!amt) {
        return v;
    }
    n = arm_const(t, sf, amt);
    switch (shift) {
    case 0:
        return ir_shl(t->ir, v, n);
    case 1:
        return ir_shr(t->ir, v, n);
    case 2:
        return ir_sar(t->ir, v, n);
    default:
        return ir_rotr(t->ir, v, n);
    }
}

static bool bad_amount(struct arm_tr *t, bool sf, unsigned amt)
{
    if (!sf && amt >= 32) {
        arm_undef(t);
        return true;
    }
    return false;
}

static void addsub(struct arm_tr *t, bool sf, unsigned rd, ir_ref x, ir_ref y, bool sub, bool s)
{
    ir_ref r = sum(t, sub, x, y);

    if (s) {
        flags_of(t, sf, sub, x, y);
    }
    arm_set_r(t, sf, rd, r);
}

static void addsub_sr(struct arm_tr *t, const struct arm_SR *a, bool sub, bool s)
{
    if (!bad_amount(t, a->sf, a->amt)) {
        addsub(t, a->sf, a->rd, arm_r(t, a->sf, a->rn), shifted(t, a->sf, a->rm, a->shift, a->amt), sub, s);
    }
}

#define ADDSUB_SR(name, sub, s) \
    void a64_##name(struct arm_tr *t, const struct arm_SR *a) { addsub_sr(t, a, sub, s); }
ADDSUB_SR(add_sr, false, false)
ADDSUB_SR(adds_sr, false, true)
ADDSUB_SR(sub_sr, true, false)
ADDSUB_SR(subs_sr, true, true)

/* DDI 0487, "ExtendReg": I64, shifted. */
static ir_ref extended(struct arm_tr *t, unsigned rm, unsigned option, unsigned amt)
{
    struct ir *ir = t->ir;
    ir_ref v = arm_x(t, rm);

    switch (option) {
    case 0: v = ir_extu8(ir, v); break;
    case 1: v = ir_extu16(ir, v); break;
    case 2: v = ir_extu32(ir, v); break;
    case 4: v = ir_exts8(ir, v); break;
    case 5: v = ir_exts16(ir, v); break;
    case 6: v = ir_exts32(ir, v); break;
    default: break;
    }
    return amt ? ir_shl(ir, v, ir_i64(ir, amt)) : v;
}

static void addsub_er(struct arm_tr *t, const struct arm_ER *a, bool sub, bool s)
{
    ir_ref x = arm_rsp(t, a->sf, a->rn), y = extended(t, a->rm, a->option, a->amt);

    if (!a->sf) {
        y = ir_trunc(t->ir, y);
    }
    if (s) {
        addsub(t, a->sf, a->rd, x, y, sub, true);
    } else {
        arm_set_rsp(t, a->sf, a->rd, sum(t, sub, x, y));
    }
}

#define ADDSUB_ER(name, sub, s) \
    void a64_##name(struct arm_tr *t, const struct arm_ER *a) { addsub_er(t, a, sub, s); }
ADDSUB_ER(add_er, false, false)
ADDSUB_ER(adds_er, false, true)
ADDSUB_ER(sub_er, true, false)
ADDSUB_ER(subs_er, true, true)

/* a + b + C; SBC is that with the second operand inverted (DDI 0487, "AddWithCarry"). */
static void with_carry(struct arm_tr *t, const struct arm_R3 *a, bool sub, bool s)
{
    struct ir *ir = t->ir;
    ir_ref c = arm_flags_carry(t), x = arm_r(t, a->sf, a->rn), y = arm_r(t, a->sf, a->rm), r;

    if (sub) {
        y = ir_not(ir, y);
    }
    r = s ? arm_flags_set_carry(t, a->sf, x, y, c) : ir_add(ir, ir_add(ir, x, y), a->sf ? c : ir_trunc(ir, c));
    arm_set_r(t, a->sf, a->rd, r);
}

void a64_adc(struct arm_tr *t, const struct arm_R3 *a) { with_carry(t, a, false, false); }
void a64_adcs(struct arm_tr *t, const struct arm_R3 *a) { with_carry(t, a, false, true); }
void a64_sbc(struct arm_tr *t, const struct arm_R3 *a) { with_carry(t, a, true, false); }
void a64_sbcs(struct arm_tr *t, const struct arm_R3 *a) { with_carry(t, a, true, true); }

/* ---- logic ---- */

/* DDI 0487, "DecodeBitMasks". False: reserved. tmask may be NULL. */
static bool bit_masks(bool sf, bool n, unsigned imms, unsigned immr, uint64_t *wmask)
{
    unsigned combined = (unsigned)n << 6 | (~imms & 63), len, levels, s, r, size;
    uint64_t e, ones;

    if (!sf && n) {
        return false;
    }
    if (combined < 2) {
        return false;
    }
    len = 31 - __builtin_clz(combined);
    levels = (1u << len) - 1;
    s = imms & levels;
    r = immr & levels;
    if (s == levels) {
        return false;
    }
    size = 1u << len;
    ones = size == 64 ? UINT64_MAX : (1ull << size) - 1;
    e = (2ull << s) - 1;
    if (r) {
        e = (e >> r | e << (size - r)) & ones;
    }
    for (unsigned i = size; i < 64; i *= 2) {
        e |= e << i;
    }
    *wmask = sf ? e : (uint32_t)e;
    return true;
}

enum logic { AND, ORR, EOR };

static ir_ref logic(struct arm_tr *t, enum logic op, bool invert, ir_ref a, ir_ref b)
{
    switch (op) {
    case AND:
        return invert ? ir_andc(t->ir, a, b) : ir_and(t->ir, a, b);
    case ORR:
        return invert ? ir_orc(t->ir, a, b) : ir_or(t->ir, a, b);
    default:
        return invert ? ir_eqv(t->ir, a, b) : ir_xor(t->ir, a, b);
    }
}

static void logic_imm(struct arm_tr *t, const struct arm_LOGI *a, enum logic op, bool s)
{
    uint64_t mask;
    ir_ref r;

    if (!bit_masks(a->sf, a->n, a->s, a->r, &mask)) {
        arm_undef(t);
        return;
    }
    r = logic(t, op, false, arm_r(t, a->sf, a->rn), arm_const(t, a->sf, mask));
    if (s) {
        arm_flags_set(t, a->sf ? ARM_CC_LOGIC64 : ARM_CC_LOGIC32, r, 0);
        arm_set_r(t, a->sf, a->rd, r);
    } else {
        arm_set_rsp(t, a->sf, a->rd, r);
    }
}

void a64_and_imm(struct arm_tr *t, const struct arm_LOGI *a) { logic_imm(t, a, AND, false); }
void a64_orr_imm(struct arm_tr *t, const struct arm_LOGI *a) { logic_imm(t, a, ORR, false); }
void a64_eor_imm(struct arm_tr *t, const struct arm_LOGI *a) { logic_imm(t, a, EOR, false); }
void a64_ands_imm(struct arm_tr *t, const struct arm_LOGI *a) { logic_imm(t, a, AND, true); }

static void logic_sr(struct arm_tr *t, const struct arm_SR *a, enum logic op, bool invert, bool s)
{
    ir_ref r;

    if (bad_amount(t, a->sf, a->amt)) {
        return;
    }
    r = logic(t, op, invert, arm_r(t, a->sf, a->rn), shifted(t, a->sf, a->rm, a->shift, a->amt));
    if (s) {
        arm_flags_set(t, a->sf ? ARM_CC_LOGIC64 : ARM_CC_LOGIC32, r, 0);
    }
    arm_set_r(t, a->sf, a->rd, r);
}

#define LOGIC_SR(name, op, invert, s) \
    void a64_##name(struct arm_tr *t, const struct arm_SR *a) { logic_sr(t, a, op, invert, s); }
LOGIC_SR(and_sr, AND, false, false)
LOGIC_SR(bic_sr, AND, true, false)
LOGIC_SR(orr_sr, ORR, false, false)
LOGIC_SR(orn_sr, ORR, true, false)
LOGIC_SR(eor_sr, EOR, false, false)
LOGIC_SR(eon_sr, EOR, true, false)
LOGIC_SR(ands_sr, AND, false, true)
LOGIC_SR(bics_sr, AND, true, true)

/* ---- moves and bit fields ---- */

static bool bad_hw(struct arm_tr *t, const struct arm_MOVW *a)
{
    if (!a->sf && a->hw >= 2) {
        arm_undef(t);
        return true;
    }
    return false;
}

void a64_movz(struct arm_tr *t, const struct arm_MOVW *a)
{
    if (!bad_hw(t, a)) {
        arm_set_x(t, a->rd, ir_i64(t->ir, (uint64_t)a->uimm << a->hw * 16));
    }
}

void a64_movn(struct arm_tr *t, const struct arm_MOVW *a)
{
    uint64_t v = ~((uint64_t)a->uimm << a->hw * 16);

    if (!bad_hw(t, a)) {
        arm_set_x(t, a->rd, ir_i64(t->ir, a->sf ? v : (uint32_t)v));
    }
}

void a64_movk(struct arm_tr *t, const struct arm_MOVW *a)
{
    uint64_t mask = 0xffffull << a->hw * 16;
    ir_ref v;

    if (bad_hw(t, a)) {
        return;
    }
    v = ir_or(t->ir, ir_and(t->ir, arm_x(t, a->rd), ir_i64(t->ir, a->sf ? ~mask : (uint32_t)~mask)),
              ir_i64(t->ir, (uint64_t)a->uimm << a->hw * 16));
    arm_set_x(t, a->rd, v);
}

static bool bad_field(struct arm_tr *t, const struct arm_LOGI *a)
{
    if (a->sf != a->n || (!a->sf && ((a->r | a->s) & 32))) {
        arm_undef(t);
        return true;
    }
    return false;
}

static uint64_t ones(unsigned n)
{
    return n >= 64 ? UINT64_MAX : (1ull << n) - 1;
}

/* s >= r: bits s to r go to the bottom; else bits s to 0 go to position width - r. */
void a64_ubfm(struct arm_tr *t, const struct arm_LOGI *a)
{
    struct ir *ir = t->ir;
    unsigned width = a->sf ? 64 : 32, s = a->s, r = a->r;
    ir_ref v;

    if (bad_field(t, a)) {
        return;
    }
    v = arm_r(t, a->sf, a->rn);
    if (s >= r) {
        if (r) {
            v = ir_shr(ir, v, arm_const(t, a->sf, r));
        }
        if (s != width - 1) {
            v = s - r == 7 ? ir_extu8(ir, v) : s - r == 15 ? ir_extu16(ir, v) :
                s - r == 31 && a->sf ? ir_extu32(ir, v) : ir_and(ir, v, arm_const(t, a->sf, ones(s - r + 1)));
        }
    } else if (s == r - 1) {
        v = ir_shl(ir, v, arm_const(t, a->sf, width - r));
    } else {
        v = ir_shl(ir, ir_and(ir, v, arm_const(t, a->sf, ones(s + 1))), arm_const(t, a->sf, width - r));
    }
    arm_set_r(t, a->sf, a->rd, v);
}

void a64_sbfm(struct arm_tr *t, const struct arm_LOGI *a)
{
    struct ir *ir = t->ir;
    unsigned width = a->sf ? 64 : 32, s = a->s, r = a->r;
    ir_ref v;

    if (bad_field(t, a)) {
        return;
    }
    v = arm_r(t, a->sf, a->rn);
    if (s >= r) {
        if (s == width - 1) {
            v = ir_sar(ir, v, arm_const(t, a->sf, r));
        } else if (!r && s == 7) {
            v = ir_exts8(ir, v);
        } else if (!r && s == 15) {
            v = ir_exts16(ir, v);
        } else if (!r && s == 31) {
            v = ir_exts32(ir, v);
        } else {
            v = ir_sar(ir, ir_shl(ir, v, arm_const(t, a->sf, width - 1 - s)), arm_const(t, a->sf, width - 1 - s + r));
        }
    } else {
        v = ir_sar(ir, ir_shl(ir, v, arm_const(t, a->sf, width - 1 - s)), arm_const(t, a->sf, r - 1 - s));
    }
    arm_set_r(t, a->sf, a->rd, v);
}

void a64_bfm(struct arm_tr *t, const struct arm_LOGI *a)
{
    struct ir *ir = t->ir;
    unsigned width = a->sf ? 64 : 32, s = a->s, r = a->r;
    uint64_t mask;
    ir_ref v;

    if (bad_field(t, a)) {
        return;
    }
    v = arm_r(t, a->sf, a->rn);
    if (s >= r) {
        mask = ones(s - r + 1);
        v = r ? ir_shr(ir, v, arm_const(t, a->sf, r)) : v;
    } else {
        mask = ones(s + 1) << (width - r);
        v = ir_shl(ir, v, arm_const(t, a->sf, width - r));
    }
    v = ir_or(ir, ir_and(ir, v, arm_const(t, a->sf, mask)),
              ir_and(ir, arm_r(t, a->sf, a->rd), arm_const(t, a->sf, ~mask)));
    arm_set_r(t, a->sf, a->rd, v);
}

void a64_extr(struct arm_tr *t, const struct arm_EXTR *a)
{
    struct ir *ir = t->ir;
    unsigned width = a->sf ? 64 : 32;
    ir_ref v;

    if (a->sf != a->n || (!a->sf && (a->s & 32))) {
        arm_undef(t);
        return;
    }
    if (!a->s) {
        v = arm_r(t, a->sf, a->rm);
    } else if (a->rn == a->rm) {
        v = ir_rotr(ir, arm_r(t, a->sf, a->rn), arm_const(t, a->sf, a->s));
    } else {
        v = ir_or(ir, ir_shr(ir, arm_r(t, a->sf, a->rm), arm_const(t, a->sf, a->s)),
                  ir_shl(ir, arm_r(t, a->sf, a->rn), arm_const(t, a->sf, width - a->s)));
    }
    arm_set_r(t, a->sf, a->rd, v);
}

/* ---- conditional ---- */

static void conditional_compare(struct arm_tr *t, bool sf, unsigned cond, bool sub, ir_ref a, ir_ref b, unsigned nzcv)
{
    arm_flags_set_if(t, cond, sub ? (sf ? ARM_CC_SUB64 : ARM_CC_SUB32) : (sf ? ARM_CC_ADD64 : ARM_CC_ADD32), a, b, nzcv);
}

void a64_ccmn_reg(struct arm_tr *t, const struct arm_CC *a)
{
    conditional_compare(t, a->sf, a->cond, false, arm_r(t, a->sf, a->rn), arm_r(t, a->sf, a->rm), a->flags);
}

void a64_ccmp_reg(struct arm_tr *t, const struct arm_CC *a)
{
    conditional_compare(t, a->sf, a->cond, true, arm_r(t, a->sf, a->rn), arm_r(t, a->sf, a->rm), a->flags);
}

void a64_ccmn_imm(struct arm_tr *t, const struct arm_CCI *a)
{
    conditional_compare(t, a->sf, a->cond, false, arm_r(t, a->sf, a->rn), arm_const(t, a->sf, a->uimm), a->flags);
}

void a64_ccmp_imm(struct arm_tr *t, const struct arm_CCI *a)
{
    conditional_compare(t, a->sf, a->cond, true, arm_r(t, a->sf, a->rn), arm_const(t, a->sf, a->uimm), a->flags);
}

enum csel { SEL, INC, INV, NEG };

static void conditional_select(struct arm_tr *t, const struct arm_CSEL *a, enum csel op)
{
    struct ir *ir = t->ir;
    struct arm_test c = arm_flags_test(t, a->cond);
    ir_ref yes = arm_r(t, a->sf, a->rn), no = arm_r(t, a->sf, a->rm), r;

    if (a->rn == 31 && a->rm == 31 && (op == INC || op == INV)) {      /* cset, csetm */
        c.cond ^= 1;
        r = ir_setcond(ir, c.cond, c.a, c.b);
        if (op == INV) {
            r = ir_neg(ir, r);
        }
        arm_set_r(t, a->sf, a->rd, a->sf ? r : ir_trunc(ir, r));
        return;
    }
    switch (op) {
    case INC: no = ir_add(ir, no, arm_const(t, a->sf, 1)); break;
    case INV: no = ir_not(ir, no); break;
    case NEG: no = ir_neg(ir, no); break;
    default: break;
    }
    arm_set_r(t, a->sf, a->rd, ir_select(ir, c.cond, c.a, c.b, yes, no));
}

void a64_csel(struct arm_tr *t, const struct arm_CSEL *a) { conditional_select(t, a, SEL); }
void a64_csinc(struct arm_tr *t, const struct arm_CSEL *a) { conditional_select(t, a, INC); }
void a64_csinv(struct arm_tr *t, const struct arm_CSEL *a) { conditional_select(t, a, INV); }
void a64_csneg(struct arm_tr *t, const struct arm_CSEL *a) { conditional_select(t, a, NEG); }

/* ---- two sources ---- */

/* x / 0 is 0, which the IR's division is not; the most negative number divided by -1 is as the IR has it. */
static void divide(struct arm_tr *t, const struct arm_R3 *a, bool is_signed)
{
    struct ir *ir = t->ir;
    ir_ref x = arm_r(t, a->sf, a->rn), y = arm_r(t, a->sf, a->rm), zero = arm_const(t, a->sf, 0);
    ir_ref q = is_signed ? ir_divs(ir, x, y) : ir_divu(ir, x, y);

    arm_set_r(t, a->sf, a->rd, ir_select(ir, IR_EQ, y, zero, zero, q));
}

void a64_udiv(struct arm_tr *t, const struct arm_R3 *a) { divide(t, a, false); }
void a64_sdiv(struct arm_tr *t, const struct arm_R3 *a) { divide(t, a, true); }

#define SHIFT_REG(name, op) \
    void a64_##name(struct arm_tr *t, const struct arm_R3 *a) \
    { arm_set_r(t, a->sf, a->rd, op(t->ir, arm_r(t, a->sf, a->rn), arm_r(t, a->sf, a->rm))); }
SHIFT_REG(lslv, ir_shl)
SHIFT_REG(lsrv, ir_shr)
SHIFT_REG(asrv, ir_sar)
SHIFT_REG(rorv, ir_rotr)

static void crc(struct arm_tr *t, const struct arm_CRC *a, enum arm_helper helper)
{
    const ir_ref args[] = { arm_x(t, a->rn), arm_x(t, a->rm), ir_i32(t->ir, 1 << a->size) };

    arm_set_x(t, a->rd, ir_call(t->ir, helper, 3, args));
}

void a64_crc32(struct arm_tr *t, const struct arm_CRC *a) { crc(t, a, ARM_HELPER_crc32); }
void a64_crc32c(struct arm_tr *t, const struct arm_CRC *a) { crc(t, a, ARM_HELPER_crc32c); }

/* Bit-reversed polynomials 0x04c11db7 and 0x1edc6f41. */
static uint32_t crc_bytes(uint32_t crc_, uint64_t v, unsigned bytes, uint32_t poly)
{
    for (unsigned i = 0; i < bytes; i++) {
        crc_ ^= v >> i * 8 & 0xff;
        for (unsigned bit = 0; bit < 8; bit++) {
            crc_ = crc_ >> 1 ^ (crc_ & 1 ? poly : 0);
        }
    }
    return crc_;
}

uint64_t arm_helper_crc32(uint64_t acc, uint64_t v, uint32_t bytes)
{
    return crc_bytes(acc, v, bytes, 0xedb88320);
}

uint64_t arm_helper_crc32c(uint64_t acc, uint64_t v, uint32_t bytes)
{
    return crc_bytes(acc, v, bytes, 0x82f63b78);
}

/* ---- one source ---- */

void a64_rbit(struct arm_tr *t, const struct arm_R2 *a)
{
    arm_set_r(t, a->sf, a->rd, ir_bswap(t->ir, ir_brev8(t->ir, arm_r(t, a->sf, a->rn))));
}

static ir_ref swap_bytes_in_halves(struct arm_tr *t, bool sf, ir_ref v)
{
    struct ir *ir = t->ir;
    ir_ref mask = arm_const(t, sf, 0x00ff00ff00ff00ffull), eight = arm_const(t, sf, 8);

    return ir_or(ir, ir_and(ir, ir_shr(ir, v, eight), mask), ir_shl(ir, ir_and(ir, v, mask), eight));
}

void a64_rev16(struct arm_tr *t, const struct arm_R2 *a)
{
    arm_set_r(t, a->sf, a->rd, swap_bytes_in_halves(t, a->sf, arm_r(t, a->sf, a->rn)));
}

void a64_rev_w(struct arm_tr *t, const struct arm_X2 *a)
{
    arm_set_w(t, a->rd, ir_bswap(t->ir, arm_w(t, a->rn)));
}

void a64_rev32(struct arm_tr *t, const struct arm_X2 *a)
{
    arm_set_x(t, a->rd, ir_rotr(t->ir, ir_bswap(t->ir, arm_x(t, a->rn)), ir_i64(t->ir, 32)));
}

void a64_rev(struct arm_tr *t, const struct arm_X2 *a)
{
    arm_set_x(t, a->rd, ir_bswap(t->ir, arm_x(t, a->rn)));
}

void a64_clz(struct arm_tr *t, const struct arm_R2 *a)
{
    arm_set_r(t, a->sf, a->rd, ir_clz(t->ir, arm_r(t, a->sf, a->rn)));
}

/* Leading bits that equal the sign, itself not counted. */
void a64_cls(struct arm_tr *t, const struct arm_R2 *a)
{
    struct ir *ir = t->ir;
    ir_ref v = arm_r(t, a->sf, a->rn);

    v = ir_xor(ir, v, ir_sar(ir, v, arm_const(t, a->sf, a->sf ? 63 : 31)));
    arm_set_r(t, a->sf, a->rd, ir_sub(ir, ir_clz(ir, v), arm_const(t, a->sf, 1)));
}

/* ---- three sources ---- */

void a64_madd(struct arm_tr *t, const struct arm_R4 *a)
{
    ir_ref p = ir_mul(t->ir, arm_r(t, a->sf, a->rn), arm_r(t, a->sf, a->rm));

    arm_set_r(t, a->sf, a->rd, a->ra == 31 ? p : ir_add(t->ir, arm_r(t, a->sf, a->ra), p));
}

void a64_msub(struct arm_tr *t, const struct arm_R4 *a)
{
    ir_ref p = ir_mul(t->ir, arm_r(t, a->sf, a->rn), arm_r(t, a->sf, a->rm));

    arm_set_r(t, a->sf, a->rd, ir_sub(t->ir, arm_r(t, a->sf, a->ra), p));
}

static void multiply_long(struct arm_tr *t, const struct arm_X4 *a, bool is_signed, bool sub)
{
    struct ir *ir = t->ir;
    ir_ref x = arm_x(t, a->rn), y = arm_x(t, a->rm), p;

    x = is_signed ? ir_exts32(ir, x) : ir_extu32(ir, x);
    y = is_signed ? ir_exts32(ir, y) : ir_extu32(ir, y);
    p = ir_mul(ir, x, y);
    arm_set_x(t, a->rd, sum(t, sub, arm_x(t, a->ra), p));
}

void a64_smaddl(struct arm_tr *t, const struct arm_X4 *a) { multiply_long(t, a, true, false); }
void a64_smsubl(struct arm_tr *t, const struct arm_X4 *a) { multiply_long(t, a, true, true); }
void a64_umaddl(struct arm_tr *t, const struct arm_X4 *a) { multiply_long(t, a, false, false); }
void a64_umsubl(struct arm_tr *t, const struct arm_X4 *a) { multiply_long(t, a, false, true); }

void a64_smulh(struct arm_tr *t, const struct arm_X3 *a)
{
    arm_set_x(t, a->rd, ir_mulhs(t->ir, arm_x(t, a->rn), arm_x(t, a->rm)));
}

void a64_umulh(struct arm_tr *t, const struct arm_X3 *a)
{
    arm_set_x(t, a->rd, ir_mulhu(t->ir, arm_x(t, a->rn), arm_x(t, a->rm)));
}

/* ---- flag manipulation (FEAT_FlagM) ---- */

/* Flags of `mask` come from the low bits of rn rotated right by r. */
void a64_rmif(struct arm_tr *t, const struct arm_RMIF *a)
{
    struct ir *ir = t->ir;
    uint64_t mask = (uint64_t)a->mask << 28;
    ir_ref v = ir_rotr(ir, arm_x(t, a->rn), ir_i64(ir, a->r));

    v = ir_and(ir, ir_shl(ir, v, ir_i64(ir, 28)), ir_i64(ir, mask));
    v = ir_or(ir, v, ir_and(ir, arm_flags_packed(t), ir_i64(ir, 0xf0000000ull & ~mask)));
    arm_flags_set(t, ARM_CC_NZCV, v, 0);
}

/* N, Z and V as of a value of `bits` bits; C stays. */
static void set_from_narrow(struct arm_tr *t, unsigned rn, unsigned bits)
{
    struct ir *ir = t->ir;
    ir_ref v = arm_x(t, rn), r = ir_and(ir, arm_flags_packed(t), ir_i64(ir, 1 << 29));
    ir_ref sign = ir_and(ir, ir_shr(ir, v, ir_i64(ir, bits - 1)), ir_i64(ir, 1));
    ir_ref above = ir_and(ir, ir_shr(ir, v, ir_i64(ir, bits)), ir_i64(ir, 1));
    ir_ref zero = ir_setcond(ir, IR_TSTEQ, v, ir_i64(ir, (1 << bits) - 1));

    r = ir_or(ir, r, ir_shl(ir, sign, ir_i64(ir, 31)));
    r = ir_or(ir, r, ir_shl(ir, zero, ir_i64(ir, 30)));
    r = ir_or(ir, r, ir_shl(ir, ir_xor(ir, sign, above), ir_i64(ir, 28)));
    arm_flags_set(t, ARM_CC_NZCV, r, 0);
}

void a64_setf8(struct arm_tr *t, const struct arm_SETF *a) { set_from_narrow(t, a->rn, 8); }
void a64_setf16(struct arm_tr *t, const struct arm_SETF *a) { set_from_narrow(t, a->rn, 16); }
