/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point on the host's FPU, under the guest's MXCSR: rounding mode and sticky flags are the host's own. Where the
 * guest's rules differ from SSE's, the common case is inline and the rest stands out of line.
 *
 * An F32 value stands in the low half of the register's low quadword; VAL_BOXED says that the upper half is all
 * ones, so that boxing it costs nothing. Scalar instructions keep their first source's upper bits, which keeps that so.
 */
#include <immintrin.h>
#include "tcg/host/x86_64/host_impl.h"
#include "tcg/mxcsr.h"

static uint32_t sd(uint32_t op_s, bool dbl)
{
    return dbl ? op_s ^ X_S2D : op_s;
}

/* opcodes without a prefix for single, with 66 for double */
static uint32_t ps(uint32_t op, bool dbl)
{
    return dbl ? op | X_66 : op;
}

struct opnd fp_operand(struct em *e, ir_ref r, bool dbl)
{
    if (ir_is_const(resolve(e, r))) {
        return (struct opnd){ .kind = O_REG, .reg = ra_use(e, r) };
    }
    return ra_operand(e, r, K_MEM, dbl);
}

static bool is_boxed(struct em *e, ir_ref r)
{
    r = resolve(e, r);
    return !ir_is_const(r) && (e->val[r].flags & VAL_BOXED);
}

/* Arithmetic on a boxed single as a double gives any double: only singles, and box32's result, keep the box. */
static void set_boxed(struct em *e, bool boxed)
{
    bool may = e->n->type == IR_F32 || e->n->op == IR_OP_box32;

    e->val[e->cur].flags |= boxed && may ? VAL_BOXED : 0;
}

/* Is everything above the float zero in its register? Scalar instructions keep that so, as they do a box. */
bool fp_is_clear(const struct em *e, ir_ref r)
{
    ir_ref of = resolve(e, r);

    /* a float may be the lowest lane of a vector, or the lower half of a double */
    return ir_type_of(e->ir, of) == ir_type_of(e->ir, r) && (ir_is_const(of) || (e->val[of].flags & VAL_CLEAR));
}

static void set_clear(struct em *e, bool clear)
{
    e->val[e->cur].flags |= clear ? VAL_CLEAR : 0;
}

void fp_op3(struct em *e, uint32_t op, int d, int a, const struct opnd *b)
{
    if (has_avx(e)) {
        if (b->kind == O_MEM) {
            asm_vrm(&e->c, op, d & 15, a & 15, &b->mem);
        } else {
            asm_vrr(&e->c, op, d & 15, a & 15, b->reg & 15);
        }
        return;
    }
    ra_emit_move(e, d, a);
    if (b->kind == O_MEM) {
        asm_rm(&e->c, op, d & 15, &b->mem);
    } else {
        asm_rr(&e->c, op, d & 15, b->reg & 15);
    }
}

static struct opnd reg_opnd(int reg)
{
    return (struct opnd){ .kind = O_REG, .reg = reg };
}

static struct opnd const_opnd(struct em *e, enum fconst k)
{
    return (struct opnd){ .kind = O_MEM, .mem = fconst(e, k) };
}

static enum fconst pick(enum fconst single, bool dbl)
{
    return single + dbl;
}

static bool want_swap(struct em *e, ir_ref a, ir_ref b)
{
    a = resolve(e, a);
    b = resolve(e, b);
    if (ir_is_const(b) || e->val[b].reg < 0) {
        return false;
    }
    unsigned hint = e->val[e->cur].hint;
    int want = hint ? e->h->pin_reg[hint - 1] : -1;
    return ir_is_const(a) || e->val[a].reg < 0 || (!has_avx(e) && e->val[b].reg == want);
}

static void binary(struct em *e, struct ir_insn *n, uint32_t op, bool commutative)
{
    bool dbl = n->type == IR_F64;
    ir_ref ra = n->a, rb = n->b;

    if (commutative && want_swap(e, ra, rb)) {
        ra = n->b;
        rb = n->a;
    }
    bool boxed = is_boxed(e, ra);
    struct opnd b = fp_operand(e, rb, dbl);
    int a = ra_use(e, ra);
    uint32_t forbid = has_avx(e) || b.kind != O_REG || b.reg == a ? 0 : BIT(b.reg);
    bool clear = fp_is_clear(e, ra);
    fp_op3(e, sd(op, dbl), ra_dest(e, a, forbid), a, &b);
    set_boxed(e, boxed);
    set_clear(e, clear);
}

void x86_fadd(struct em *e, struct ir_insn *n)
{
    binary(e, n, X_ADD_S, true);
}

void x86_fsub(struct em *e, struct ir_insn *n)
{
    binary(e, n, X_SUB_S, false);
}

void x86_fmul(struct em *e, struct ir_insn *n)
{
    binary(e, n, X_MUL_S, true);
}

void x86_fdiv(struct em *e, struct ir_insn *n)
{
    binary(e, n, X_DIV_S, false);
}

void x86_fsqrt(struct em *e, struct ir_insn *n)
{
    bool boxed = is_boxed(e, n->a), clear = fp_is_clear(e, n->a);
    int a = ra_use(e, n->a), d = ra_dest(e, a, 0);
    struct opnd b = reg_opnd(has_avx(e) ? a : d);

    fp_op3(e, sd(X_SQRT_S, n->type == IR_F64), d, a, &b);
    set_boxed(e, boxed);
    set_clear(e, clear);
}

/* ---- fused multiply-add ---- */

/* For hosts without FMA3. MXCSR holds the guest's rounding mode and gets the flags. */
static uint64_t fma_bits(const struct fp_format *f, uint64_t a, uint64_t b, uint64_t c, unsigned negate)
{
    uint32_t mxcsr = _mm_getcsr();
    struct fp_ctx ctx = { .rounding = mxcsr_rounding(mxcsr >> MXCSR_RC_SHIFT) };
    uint64_t r = (uint64_t)fp_fma(f, a, b, c, negate, &ctx);      /* enum ir_fma is enum fp_negate */

    _mm_setcsr(mxcsr | mxcsr_from_fp(ctx.flags));
    return r;
}

static double fma_f64(double a, double b, double c, uint32_t negate)
{
    uint64_t v[3];

    memcpy(&v[0], &a, 8);
    memcpy(&v[1], &b, 8);
    memcpy(&v[2], &c, 8);
    v[0] = fma_bits(&fp_f64, v[0], v[1], v[2], negate);
    memcpy(&a, &v[0], 8);
    return a;
}

static float fma_f32(float a, float b, float c, uint32_t negate)
{
    uint32_t v[3];

    memcpy(&v[0], &a, 4);
    memcpy(&v[1], &b, 4);
    memcpy(&v[2], &c, 4);
    v[0] = (uint32_t)fma_bits(&fp_f32, v[0], v[1], v[2], negate);
    memcpy(&a, &v[0], 4);
    return a;
}

/* inf * 0 + NaN: invalid for the guest, not for the host. The product alone shows it; its other flags are dropped. The
 * test for it has found every NaN, so the result can be the canonical one for nothing. */
static void cold_fma(struct em *e, struct cold *k)
{
    struct amem before = amem(RSP, -16), after = amem(RSP, -12), nan = fconst(e, pick(FC_NAN_S, k->w));

    asm_push(&e->c, RAX);
    asm_rm(&e->c, 0xae | X_0F, 3, &before);
    asm_rr(&e->c, X_MOVAPS, FSCRATCH & 15, k->r[0] & 15);
    asm_rr(&e->c, sd(X_MUL_S, k->w), FSCRATCH & 15, k->r[1] & 15);
    asm_rm(&e->c, 0xae | X_0F, 3, &after);
    asm_rm(&e->c, X_MOV_LOAD, RAX, &after);
    asm_alu_ri(&e->c, false, G1_AND, RAX, 1);
    asm_rm(&e->c, X_OR, RAX, &before);
    asm_rm(&e->c, 0xae | X_0F, 2, &before);
    asm_pop(&e->c, RAX);
    asm_rm(&e->c, X_MOVAPS, k->r[2] & 15, &nan);
    asm_jmp_to(&e->c, k->back);
}

void x86_fma(struct em *e, struct ir_insn *n)
{
    static const uint32_t op[4] = { X_FMADD231, X_FNMADD231, X_FMSUB231, X_FNMSUB231 };
    bool dbl = n->type == IR_F64, boxed = is_boxed(e, n->c);

    if (!(e->h->feat & FEAT_FMA)) {
        ir_ref args[4] = { n->a, n->b, n->c, ir_const(e->ir, IR_I32, n->sub) };
        call_pure(e, dbl ? (void *)fma_f64 : (void *)fma_f32, 4, args);
        return;
    }
    int a = ra_use(e, n->a), b = ra_use(e, n->b), c = ra_use(e, n->c);
    int d = ra_dest(e, c, BIT(a) | BIT(b));
    ra_emit_move(e, d, c);
    asm_vrr(&e->c, op[n->sub & 3] | X_IF_W(dbl), d & 15, a & 15, b & 15);
    asm_rr(&e->c, ps(X_UCOMIS_S, dbl), d & 15, d & 15);
    struct cold *k = cold_new(e, cold_fma, asm_jcc(&e->c, CC_P));
    k->r[0] = a;
    k->r[1] = b;
    k->r[2] = d;
    k->w = dbl;
    k->back = asm_pos(&e->c);
    set_boxed(e, boxed);
}

/* ---- sticky flags ---- */

static void mxcsr_at(struct em *e, bool store, const struct amem *m)
{
    asm_rm(&e->c, 0xae | X_0F, store ? 3 : 2, m);
}

void x86_fpflags(struct em *e, struct ir_insn *n)
{
    struct amem at = amem(RSP, -8), table = amem_rip(e->h->flags_of_mxcsr);
    int t = ra_temp(e), d = ra_dest(e, -1, BIT(t));
    struct amem entry = amem_index(t, d, 0, 0);

    mxcsr_at(e, true, &at);
    asm_rm(&e->c, X_MOV_LOAD, d, &at);
    asm_alu_ri(&e->c, false, G1_AND, d, MXCSR_FLAGS);
    asm_rm(&e->c, X_LEA | X_W, t, &table);
    asm_rm(&e->c, X_MOVZX8, d, &entry);
}

void x86_fpsetflags(struct em *e, struct ir_insn *n)
{
    struct amem at = amem(RSP, -8), table = amem_rip(e->h->mxcsr_of_flags);
    struct opnd v = ra_operand(e, n->a, K_IMM, true);
    int t = ra_temp(e), u = ra_temp(e);
    struct amem entry = amem_index(u, t, 0, 0);

    mxcsr_at(e, true, &at);
    if (v.kind == O_IMM) {
        asm_mov_imm(&e->c, t, mxcsr_from_fp((unsigned)v.imm));
    } else {
        asm_rr(&e->c, X_MOV_LOAD, t, v.reg);
        asm_alu_ri(&e->c, false, G1_AND, t, 31);
        asm_rm(&e->c, X_LEA | X_W, u, &table);
        asm_rm(&e->c, X_MOVZX8, t, &entry);
    }
    asm_rm(&e->c, X_MOV_LOAD, u, &at);
    asm_alu_ri(&e->c, false, G1_AND, u, ~MXCSR_FLAGS);
    asm_rr(&e->c, X_OR, t, u);
    asm_rm(&e->c, X_MOV_STORE, u, &at);
    mxcsr_at(e, false, &at);
}

/* ---- comparisons ---- */

void x86_fcmp(struct em *e, struct ir_insn *n)
{
    bool dbl = ir_type_of(e->ir, n->a) == IR_F64, quiet = n->sub >= IR_FLTQ;

    if (n->sub == IR_FEQ) {
        struct opnd b = fp_operand(e, n->b, dbl);
        fp_op3(e, sd(X_CMP_S, dbl), FSCRATCH, ra_use(e, n->a), &b);
        asm_u8(&e->c, 0);           /* equal, ordered, quiet */
        int d = ra_dest(e, -1, 0);
        asm_rr(&e->c, X_MOVD_OUT, FSCRATCH & 15, d);
        asm_alu_ri(&e->c, false, G1_AND, d, 1);
        return;
    }
    struct opnd a = fp_operand(e, n->a, dbl);
    int b = ra_use(e, n->b), d = ra_dest(e, -1, 0);
    uint32_t op = ps(quiet ? X_UCOMIS_S : X_COMIS_S, dbl);
    asm_rr(&e->c, X_XOR, d, d);
    if (a.kind == O_MEM) {
        asm_rm(&e->c, op, b & 15, &a.mem);
    } else {
        asm_rr(&e->c, op, b & 15, a.reg & 15);
    }
    asm_rr(&e->c, X_SETCC | (n->sub == IR_FLT || n->sub == IR_FLTQ ? CC_A : CC_AE), 0, d);
}

/* One operand or both are NaNs: the number, or the canonical NaN. */
static void cold_minmax(struct em *e, struct cold *k)
{
    uint32_t compare = ps(X_UCOMIS_S, k->w);
    struct amem nan = fconst(e, pick(FC_NAN_S, k->w));

    for (unsigned i = 0; i < 2; i++) {
        asm_rr(&e->c, compare, k->r[i] & 15, k->r[i] & 15);
        uint32_t next = asm_jcc_short(&e->c, CC_P);
        ra_emit_move(e, k->r[2], k->r[i]);
        asm_jmp_to(&e->c, k->back);
        asm_patch_short(&e->c, next);
    }
    asm_rm(&e->c, X_MOVAPS, k->r[2] & 15, &nan);
    asm_jmp_to(&e->c, k->back);
}

/* min(a, b) and min(b, a) differ for zeros of different sign alone: or and and pick the right one. */
static void fminmax(struct em *e, struct ir_insn *n, uint32_t op, uint32_t combine)
{
    bool dbl = n->type == IR_F64, boxed = is_boxed(e, n->a) && is_boxed(e, n->b);
    int a = ra_use(e, n->a), b = ra_use(e, n->b);
    int d = ra_dest(e, a, has_avx(e) ? 0 : BIT(a) | BIT(b));
    struct opnd oa = reg_opnd(a), ob = reg_opnd(b), os = reg_opnd(FSCRATCH);

    asm_rr(&e->c, ps(X_UCOMIS_S, dbl), a & 15, b & 15);
    struct cold *k = cold_new(e, cold_minmax, asm_jcc(&e->c, CC_P));
    fp_op3(e, sd(op, dbl), FSCRATCH, a, &ob);
    fp_op3(e, sd(op, dbl), d, b, &oa);
    fp_op3(e, combine, d, d, &os);
    k->r[0] = a;
    k->r[1] = b;
    k->r[2] = d;
    k->w = dbl;
    k->back = asm_pos(&e->c);
    set_boxed(e, boxed);
}

void x86_fmin(struct em *e, struct ir_insn *n)
{
    fminmax(e, n, X_MIN_S, X_ORPS);
}

void x86_fmax(struct em *e, struct ir_insn *n)
{
    fminmax(e, n, X_MAX_S, X_ANDPS);
}

/* ---- signs ---- */

static void with_const(struct em *e, struct ir_insn *n, uint32_t op, enum fconst k)
{
    bool boxed = is_boxed(e, n->a);
    struct opnd b = const_opnd(e, k);
    int a = ra_use(e, n->a);

    fp_op3(e, op, ra_dest(e, a, 0), a, &b);
    set_boxed(e, boxed);
}

void x86_fneg(struct em *e, struct ir_insn *n)
{
    with_const(e, n, X_XORPS, pick(FC_SIGN_S, n->type == IR_F64));
}

void x86_fabs(struct em *e, struct ir_insn *n)
{
    with_const(e, n, X_ANDPS, pick(FC_ABS_S, n->type == IR_F64));
}

void x86_fcopysign(struct em *e, struct ir_insn *n)
{
    bool dbl = n->type == IR_F64, boxed = is_boxed(e, n->a);
    struct opnd sign = const_opnd(e, pick(FC_SIGN_S, dbl)), magnitude = const_opnd(e, pick(FC_ABS_S, dbl));
    struct opnd scratch = reg_opnd(FSCRATCH);
    int a = ra_use(e, n->a), b = ra_use(e, n->b), d = ra_dest(e, a, 0);

    fp_op3(e, n->sub == 1 ? X_ANDNPS : X_ANDPS, FSCRATCH, b, &sign);
    if (n->sub == 2) {
        fp_op3(e, X_XORPS, d, a, &scratch);
    } else {
        fp_op3(e, X_ANDPS, d, a, &magnitude);
        fp_op3(e, X_ORPS, d, d, &scratch);
    }
    set_boxed(e, boxed);
}

/* ---- NaNs and boxes ---- */

static void cold_const(struct em *e, struct cold *k)
{
    struct amem m = fconst(e, k->op);

    asm_rm(&e->c, X_MOVAPS, k->r[0] & 15, &m);
    asm_jmp_to(&e->c, k->back);
}

static void const_if(struct em *e, int cc, int reg, enum fconst c)
{
    struct cold *k = cold_new(e, cold_const, asm_jcc(&e->c, cc));

    k->r[0] = reg;
    k->op = c;
    k->back = asm_pos(&e->c);
}

void x86_canon_reg(struct em *e, int reg, bool dbl)
{
    if (has_avx(e)) {
        asm_vrr(&e->c, ps(X_UCOMIS_S, dbl), reg & 15, 0, reg & 15);
    } else {
        asm_rr(&e->c, ps(X_UCOMIS_S, dbl), reg & 15, reg & 15);
    }
    const_if(e, CC_P, reg, pick(FC_NAN_S, dbl));
}

/* ucomis of a signalling NaN would raise a flag: arithmetic makes none, but any value can come here */
static bool may_signal(const struct em *e, ir_ref r)
{
    unsigned op = ir_is_const(r) ? IR_OP_NONE : e->ir->insns[r].op;

    return op < IR_OP_fadd || op > IR_OP_fma;
}

/* No flags: the exponent and fraction are compared as integers. */
static void canon_bits(struct em *e, int reg, bool dbl)
{
    int t = ra_temp(e), limit = ra_temp(e);

    asm_rr(&e->c, X_MOVD_OUT | X_IF_W(dbl), reg & 15, t);
    asm_rr(&e->c, X_ADD | X_IF_W(dbl), t, t);           /* the sign goes */
    asm_mov_imm(&e->c, limit, dbl ? 0xffe0000000000000 : 0xff000000);
    asm_rr(&e->c, X_CMP | X_IF_W(dbl), limit, t);
    const_if(e, CC_A, reg, pick(FC_NAN_S, dbl));
}

void x86_canon(struct em *e, struct ir_insn *n)
{
    bool boxed = is_boxed(e, n->a), dbl = n->type == IR_F64;
    ir_ref r = resolve(e, n->a);
    int a = ra_use(e, r), d = ra_dest(e, a, 0);

    ra_emit_move(e, d, a);
    if (may_signal(e, r)) {
        canon_bits(e, d, dbl);
    } else {
        x86_canon_reg(e, d, dbl);
    }
    set_boxed(e, boxed);
}

void x86_box32(struct em *e, struct ir_insn *n)
{
    bool boxed = is_boxed(e, n->a);
    int a = ra_use(e, n->a), d = ra_dest(e, a, 0);
    struct opnd box = const_opnd(e, FC_BOX);

    if (boxed) {
        ra_emit_move(e, d, a);
    } else {
        fp_op3(e, X_ORPS, d, a, &box);
    }
    set_boxed(e, true);
}

void x86_unbox32(struct em *e, struct ir_insn *n)
{
    bool boxed = is_boxed(e, n->a);
    int a = ra_use(e, n->a), d = ra_dest(e, a, 0);
    struct amem box = fconst(e, FC_BOX);

    ra_emit_move(e, d, a);
    if (!boxed) {
        asm_rm(&e->c, X_PTEST, d & 15, &box);
        const_if(e, CC_AE, d, FC_NAN_BOXED);
    }
    set_boxed(e, true);
}

void x86_fbits(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    struct opnd a = fp_operand(e, n->a, w);
    int d = ra_dest(e, -1, 0);

    if (a.kind == O_MEM) {
        asm_rm(&e->c, X_MOV_LOAD | X_IF_W(w), d, &a.mem);
    } else {
        asm_rr(&e->c, X_MOVD_OUT | X_IF_W(w), a.reg & 15, d);
    }
}

void x86_bitsf(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_F64;
    struct opnd a = ra_operand(e, n->a, K_MEM, w);
    int d = ra_dest(e, -1, 0);

    if (a.kind == O_MEM) {
        ra_load_mem(e, d, &a.mem, w ? 8 : 4);
    } else if (has_avx(e)) {
        asm_vrr(&e->c, X_MOVD_IN | X_IF_W(w), d & 15, 0, a.reg);
    } else {
        asm_rr(&e->c, X_MOVD_IN | X_IF_W(w), d & 15, a.reg);
    }
    set_clear(e, true);
}
