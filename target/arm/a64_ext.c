/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Advanced SIMD and cryptography of the later extensions (a64_ext.isa): most go to the helper `ext`. */
#include "target/arm/fp.h"
#include "target/arm/simd_ext.h"
#include "target/arm/translate.h"

static void ext(struct arm_tr *t, uint32_t desc, uint32_t regs)
{
    const ir_ref args[] = { ir_i32(t->ir, desc), ir_i32(t->ir, regs) };

    if (arm_fp_begin(t)) {
        ir_call(t->ir, ARM_HELPER_ext, 2, args);
    }
}

static void ext3(struct arm_tr *t, const struct arm_CR3 *a, enum arm_ext_op op)
{
    ext(t, arm_ext_desc(op, 0, true, 0), XO_REGS(a->rd, a->rn, a->rm, 0));
}

static void ext_q(struct arm_tr *t, const struct arm_VLOG *a, enum arm_ext_op op)
{
    ext(t, arm_ext_desc(op, 0, a->q, 0), XO_REGS(a->rd, a->rn, a->rm, 0));
}

/* Elements of 32 bits, or pairs of halves. */
static void ext_e(struct arm_tr *t, const struct arm_VDOTE *a, enum arm_ext_op op)
{
    ext(t, arm_ext_desc(op, 0, a->q, 0), XO_REGS(a->rd, a->rn, a->m << 4 | a->rm, 0) | XO_ELEMENT(a->h << 1 | a->l));
}

/* Elements of 16 bits. */
static void ext_eh(struct arm_tr *t, const struct arm_VHALFE *a, enum arm_ext_op op)
{
    ext(t, arm_ext_desc(op, 0, a->q, 0), XO_REGS(a->rd, a->rn, a->rm, 0) | XO_ELEMENT(a->h << 2 | a->l << 1 | a->m));
}

/* ---- SHA3 ---- */

static ir_ref v2(struct arm_tr *t, enum ir_vop op, ir_ref a, ir_ref b)
{
    return ir_vop2(t->ir, op, a, b, 0);
}

void a64_eor3(struct arm_tr *t, const struct arm_CR4 *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, v2(t, IR_V_xor, v2(t, IR_V_xor, arm_v(t, a->rn), arm_v(t, a->rm)), arm_v(t, a->ra)));
    }
}

void a64_bcax(struct arm_tr *t, const struct arm_CR4 *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, v2(t, IR_V_xor, arm_v(t, a->rn), v2(t, IR_V_andc, arm_v(t, a->rm), arm_v(t, a->ra))));
    }
}

/* Both halves rotated to the left. */
static ir_ref rotated(struct arm_tr *t, ir_ref v, unsigned by)
{
    struct ir *ir = t->ir;

    return by ? v2(t, IR_V_or, ir_vop1(ir, IR_V_shli64, v, by), ir_vop1(ir, IR_V_shri64, v, 64 - by)) : v;
}

void a64_rax1(struct arm_tr *t, const struct arm_CR3 *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, v2(t, IR_V_xor, arm_v(t, a->rn), rotated(t, arm_v(t, a->rm), 1)));
    }
}

void a64_xar(struct arm_tr *t, const struct arm_XAR *a)
{
    if (arm_fp_begin(t)) {
        arm_set_v(t, a->rd, rotated(t, v2(t, IR_V_xor, arm_v(t, a->rn), arm_v(t, a->rm)), (64 - a->uimm) & 63));
    }
}

/* ---- SHA512, SM3, SM4 ---- */

#define EXT3(name, op) void a64_##name(struct arm_tr *t, const struct arm_CR3 *a) { ext3(t, a, XO_##op); }
#define EXT2(name, op) \
    void a64_##name(struct arm_tr *t, const struct arm_CR2 *a) { ext3(t, &(struct arm_CR3){ 0, a->rn, a->rd }, XO_##op); }
EXT3(sha512h, SHA512H) EXT3(sha512h2, SHA512H2) EXT2(sha512su0, SHA512SU0) EXT3(sha512su1, SHA512SU1)
EXT3(sm3partw1, SM3PARTW1) EXT3(sm3partw2, SM3PARTW2) EXT2(sm4e, SM4E) EXT3(sm4ekey, SM4EKEY)

void a64_sm3ss1(struct arm_tr *t, const struct arm_CR4 *a)
{
    ext(t, arm_ext_desc(XO_SM3SS1, 0, true, 0), XO_REGS(a->rd, a->rn, a->rm, a->ra));
}

#define SM3TT(name, op) \
    void a64_##name(struct arm_tr *t, const struct arm_SM3TT *a) \
    { ext(t, arm_ext_desc(XO_##op, 0, true, a->uimm), XO_REGS(a->rd, a->rn, a->rm, 0)); }
SM3TT(sm3tt1a, SM3TT1A) SM3TT(sm3tt1b, SM3TT1B) SM3TT(sm3tt2a, SM3TT2A) SM3TT(sm3tt2b, SM3TT2B)

/* ---- matrices, dot products ---- */

#define EXTQ(name, op) void a64_##name##_v(struct arm_tr *t, const struct arm_VLOG *a) { ext_q(t, a, XO_##op); }
#define EXTE(name, op) void a64_##name##_e(struct arm_tr *t, const struct arm_VDOTE *a) { ext_e(t, a, XO_##op); }
#define EXTEH(name, op) void a64_##name##_e(struct arm_tr *t, const struct arm_VHALFE *a) { ext_eh(t, a, XO_##op); }
EXT3(smmla, SMMLA) EXT3(ummla, UMMLA) EXT3(usmmla, USMMLA)
EXTQ(usdot, USDOT) EXTE(usdot, USDOT) EXTE(sudot, SUDOT)

/* ---- brain floating point, half-precision products ---- */

EXT2(bfcvt, BFCVT)

void a64_bfcvtn(struct arm_tr *t, const struct arm_VNOT *a)
{
    ext(t, arm_ext_desc(XO_BFCVTN, 0, a->q, 0), XO_REGS(a->rd, a->rn, 0, 0));
}

EXTQ(bfdot, BFDOT) EXTE(bfdot, BFDOT) EXT3(bfmmla, BFMMLA) EXTQ(bfmlal, BFMLAL) EXTEH(bfmlal, BFMLAL)
EXTQ(fmlal, FMLAL) EXTQ(fmlsl, FMLSL) EXTQ(fmlal2, FMLAL2) EXTQ(fmlsl2, FMLSL2)
EXTEH(fmlal, FMLAL) EXTEH(fmlsl, FMLSL) EXTEH(fmlal2, FMLAL2) EXTEH(fmlsl2, FMLSL2)

/* ---- complex numbers ---- */

/* Half precision needs FP16; two doubles need a whole register. */
static bool complex_ok(struct arm_tr *t, unsigned size, bool q)
{
    if ((size == 1 && !arm_has(t->cpu, ARM_EXT_FP16)) || (size == 3 && !q)) {
        arm_undef(t);
        return false;
    }
    return true;
}

void a64_fcadd_v(struct arm_tr *t, const struct arm_VCADD *a)
{
    if (complex_ok(t, a->size, a->q)) {
        ext(t, arm_ext_desc(XO_FCADD, a->size, a->q, a->rot), XO_REGS(a->rd, a->rn, a->rm, 0));
    }
}

void a64_fcmla_v(struct arm_tr *t, const struct arm_VCMLA *a)
{
    if (complex_ok(t, a->size, a->q)) {
        ext(t, arm_ext_desc(XO_FCMLA, a->size, a->q, a->rot), XO_REGS(a->rd, a->rn, a->rm, 0));
    }
}

void a64_fcmla_eh(struct arm_tr *t, const struct arm_VCMLAH *a)
{
    if (a->h && !a->q) {
        arm_undef(t);
    } else if (complex_ok(t, 1, a->q)) {
        ext(t, arm_ext_desc(XO_FCMLA, 1, a->q, a->rot), XO_REGS(a->rd, a->rn, a->rm, 0) | XO_ELEMENT(a->h << 1 | a->l));
    }
}

void a64_fcmla_es(struct arm_tr *t, const struct arm_VCMLAS *a)
{
    ext(t, arm_ext_desc(XO_FCMLA, 2, true, a->rot), XO_REGS(a->rd, a->rn, a->rm, 0) | XO_ELEMENT(a->h));
}
