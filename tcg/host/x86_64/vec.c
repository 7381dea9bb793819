/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Vectors: nearly every row of vops.def is one SSE instruction or its VEX form (Intel SDM volume 2). What the host lacks
 * (FMA, AES, PCLMULQDQ, the predicates of VCMPPS) is computed in C.
 */
#include <immintrin.h>
#include "tcg/host/x86_64/host_impl.h"
#include "tcg/vec_eval.h"

enum form {
    F_NONE,
    F_AB,       /* d = a op b */
    F_BA,       /* d = b op a */
    F_A,        /* d = op a */
    F_SHIFT,    /* group of shifts by an immediate: digit */
    F_FMA,      /* d = a op b op d, where d was c */
    F_BSL,
    F_BLEND,
    F_REG = 16, /* b in a register: the memory form means something else */
};

struct row {
    uint32_t op;
    uint8_t form;
    uint8_t digit;
    uint8_t feat;       /* what the host needs */
};

#define P66(op) ((op) | X_0F | X_66)
#define P38(op) ((op) | X_0F38 | X_66)
#define P3A(op) ((op) | X_0F3A | X_66)
#define AB(name, op) [IR_V_##name] = { op, F_AB }
#define A(name, op) [IR_V_##name] = { op, F_A }
#define SHIFT(name, op, digit) [IR_V_##name] = { P66(op), F_SHIFT, digit }
#define PSPD(name, op) AB(name##ps, (op) | X_0F), AB(name##pd, (op) | X_0F | X_66)
#define FLOATS(name, op) PSPD(name, op), AB(name##ss, (op) | X_0F | X_F3), AB(name##sd, (op) | X_0F | X_F2)
#define FMA(name, packed, scalar) \
    [IR_V_##name##ps] = { P38(packed), F_FMA, 0, FEAT_FMA }, \
    [IR_V_##name##pd] = { P38(packed) | X_W, F_FMA, 0, FEAT_FMA }, \
    [IR_V_##name##ss] = { P38(scalar), F_FMA, 0, FEAT_FMA }, \
    [IR_V_##name##sd] = { P38(scalar) | X_W, F_FMA, 0, FEAT_FMA }

static const struct row rows[IR_V_COUNT] = {
    AB(and, P66(0xdb)), AB(or, P66(0xeb)), AB(xor, P66(0xef)), [IR_V_andc] = { P66(0xdf), F_BA },
    [IR_V_bsl] = { 0, F_BSL }, [IR_V_blend8] = { 0, F_BLEND },
    AB(add8, P66(0xfc)), AB(add16, P66(0xfd)), AB(add32, P66(0xfe)), AB(add64, P66(0xd4)),
    AB(sub8, P66(0xf8)), AB(sub16, P66(0xf9)), AB(sub32, P66(0xfa)), AB(sub64, P66(0xfb)),
    AB(adds8, P66(0xec)), AB(adds16, P66(0xed)), AB(addus8, P66(0xdc)), AB(addus16, P66(0xdd)),
    AB(subs8, P66(0xe8)), AB(subs16, P66(0xe9)), AB(subus8, P66(0xd8)), AB(subus16, P66(0xd9)),
    AB(mul16, P66(0xd5)), AB(mul32, P38(0x40)), AB(mulhs16, P66(0xe5)), AB(mulhu16, P66(0xe4)), AB(mulhr16, P38(0x0b)),
    AB(cmpeq8, P66(0x74)), AB(cmpeq16, P66(0x75)), AB(cmpeq32, P66(0x76)), AB(cmpeq64, P38(0x29)),
    AB(cmpgt8, P66(0x64)), AB(cmpgt16, P66(0x65)), AB(cmpgt32, P66(0x66)), AB(cmpgt64, P38(0x37)),
    AB(mins8, P38(0x38)), AB(mins16, P66(0xea)), AB(mins32, P38(0x39)), AB(maxs8, P38(0x3c)), AB(maxs16, P66(0xee)),
    AB(maxs32, P38(0x3d)), AB(minu8, P66(0xda)), AB(minu16, P38(0x3a)), AB(minu32, P38(0x3b)), AB(maxu8, P66(0xde)),
    AB(maxu16, P38(0x3e)), AB(maxu32, P38(0x3f)), AB(avgu8, P66(0xe0)), AB(avgu16, P66(0xe3)),
    AB(sign8, P38(0x08)), AB(sign16, P38(0x09)), AB(sign32, P38(0x0a)),
    A(abs8, P38(0x1c)), A(abs16, P38(0x1d)), A(abs32, P38(0x1e)),
    AB(shl16, P66(0xf1)), AB(shl32, P66(0xf2)), AB(shl64, P66(0xf3)), AB(shr16, P66(0xd1)), AB(shr32, P66(0xd2)),
    AB(shr64, P66(0xd3)), AB(sar16, P66(0xe1)), AB(sar32, P66(0xe2)),
    SHIFT(shli16, 0x71, 6), SHIFT(shli32, 0x72, 6), SHIFT(shli64, 0x73, 6), SHIFT(shri16, 0x71, 2), SHIFT(shri32, 0x72, 2),
    SHIFT(shri64, 0x73, 2), SHIFT(sari16, 0x71, 4), SHIFT(sari32, 0x72, 4), SHIFT(shlb, 0x73, 7), SHIFT(shrb, 0x73, 3),
    AB(muleu32, P66(0xf4)), AB(mules32, P38(0x28)), AB(madd16, P66(0xf5)), AB(maddus8, P38(0x04)), AB(sad8, P66(0xf6)),
    AB(packs16, P66(0x63)), AB(packs32, P66(0x6b)), AB(packus16, P66(0x67)), AB(packus32, P38(0x2b)),
    AB(hadd16, P38(0x01)), AB(hadd32, P38(0x02)), AB(hadds16, P38(0x03)), AB(hsub16, P38(0x05)), AB(hsub32, P38(0x06)),
    AB(hsubs16, P38(0x07)),
    A(sx8_16, P38(0x20)), A(sx8_32, P38(0x21)), A(sx8_64, P38(0x22)), A(sx16_32, P38(0x23)), A(sx16_64, P38(0x24)),
    A(sx32_64, P38(0x25)), A(zx8_16, P38(0x30)), A(zx8_32, P38(0x31)), A(zx8_64, P38(0x32)), A(zx16_32, P38(0x33)),
    A(zx16_64, P38(0x34)), A(zx32_64, P38(0x35)),
    AB(zip8, P66(0x60)), AB(zip16, P66(0x61)), AB(zip32, P66(0x62)), AB(zip64, P66(0x6c)),
    AB(ziph8, P66(0x68)), AB(ziph16, P66(0x69)), AB(ziph32, P66(0x6a)), AB(ziph64, P66(0x6d)),
    AB(shuf8, P38(0x00)), A(shuf32, P66(0x70)), A(shuflo16, 0x70 | X_0F | X_F2), A(shufhi16, 0x70 | X_0F | X_F3),
    PSPD(shuf, 0xc6), AB(blendi16, P3A(0x0e)), AB(blendi32, P3A(0x0c)), AB(blendi64, P3A(0x0d)), AB(ext8, P3A(0x0f)),
    [IR_V_insps] = { P3A(0x21), F_AB | F_REG }, AB(mpsad8, P3A(0x42)), A(minpos16, P38(0x41)),
    [IR_V_aesenc] = { P38(0xdc), F_AB, 0, FEAT_AES }, [IR_V_aesenclast] = { P38(0xdd), F_AB, 0, FEAT_AES },
    [IR_V_aesdec] = { P38(0xde), F_AB, 0, FEAT_AES }, [IR_V_aesdeclast] = { P38(0xdf), F_AB, 0, FEAT_AES },
    [IR_V_aesimc] = { P38(0xdb), F_A, 0, FEAT_AES }, [IR_V_aeskey] = { P3A(0xdf), F_A, 0, FEAT_AES },
    [IR_V_clmul] = { P3A(0x44), F_AB, 0, FEAT_PCLMUL },
    A(rcpps, 0x53 | X_0F), A(rsqrtps, 0x52 | X_0F), AB(rcpss, 0x53 | X_0F | X_F3), AB(rsqrtss, 0x52 | X_0F | X_F3),
    FLOATS(add, 0x58), FLOATS(sub, 0x5c), FLOATS(mul, 0x59), FLOATS(div, 0x5e), FLOATS(min, 0x5d), FLOATS(max, 0x5f),
    FLOATS(cmp, 0xc2),
    A(sqrtps, 0x51 | X_0F), A(sqrtpd, P66(0x51)), AB(sqrtss, X_SQRT_S), AB(sqrtsd, X_SQRT_S ^ X_S2D),
    A(roundps, P3A(0x08)), A(roundpd, P3A(0x09)), AB(roundss, P3A(0x0a)), AB(roundsd, P3A(0x0b)),
    AB(haddps, 0x7c | X_0F | X_F2), AB(haddpd, P66(0x7c)), AB(hsubps, 0x7d | X_0F | X_F2), AB(hsubpd, P66(0x7d)),
    AB(addsubps, 0xd0 | X_0F | X_F2), AB(addsubpd, P66(0xd0)), AB(dpps, P3A(0x40)), AB(dppd, P3A(0x41)),
    FMA(fmadd, 0xb8, 0xb9), FMA(fmsub, 0xba, 0xbb), FMA(fnmadd, 0xbc, 0xbd), FMA(fnmsub, 0xbe, 0xbf),
    [IR_V_fmaddsubps] = { P38(0xb6), F_FMA, 0, FEAT_FMA }, [IR_V_fmaddsubpd] = { P38(0xb6) | X_W, F_FMA, 0, FEAT_FMA },
    [IR_V_fmsubaddps] = { P38(0xb7), F_FMA, 0, FEAT_FMA }, [IR_V_fmsubaddpd] = { P38(0xb7) | X_W, F_FMA, 0, FEAT_FMA },
    A(cvt_s_ps, 0x5b | X_0F), A(cvt_s_pd, 0xe6 | X_0F | X_F3), A(cvt_ps_s, P66(0x5b)), A(cvtt_ps_s, 0x5b | X_0F | X_F3),
    A(cvt_pd_s, 0xe6 | X_0F | X_F2), A(cvtt_pd_s, P66(0xe6)), A(cvt_ps_pd, 0x5a | X_0F), A(cvt_pd_ps, P66(0x5a)),
    AB(cvt_ss_sd, X_CVT_S2D), AB(cvt_sd_ss, X_CVT_D2S),
};

/* ---- operands ---- */

/* An operand of all 128 bits: in memory only where the host's instruction takes any alignment. */
static struct opnd operand(struct em *e, ir_ref r)
{
    if (has_avx(e)) {
        return fp_operand(e, r, true);
    }
    return (struct opnd){ .kind = O_REG, .reg = ra_use(e, r) };
}

static struct opnd reg_opnd(int reg)
{
    return (struct opnd){ .kind = O_REG, .reg = reg };
}

/* d = op(a), or with an immediate behind: legacy instructions write d alone, too */
static void op2(struct em *e, uint32_t op, int d, const struct opnd *a)
{
    if (a->kind == O_MEM) {
        asm_vrm(&e->c, op, d & 15, 0, &a->mem);
    } else if (has_avx(e)) {
        asm_vrr(&e->c, op, d & 15, 0, a->reg & 15);
    } else {
        asm_rr(&e->c, op, d & 15, a->reg & 15);
    }
}

/* ---- what the host has no instruction for ---- */

static __m128i in_c(__m128i a, __m128i b, __m128i c, uint32_t what)
{
    uint32_t mxcsr = _mm_getcsr();
    union vec v[3];

    memcpy(&v[0], &a, 16);
    memcpy(&v[1], &b, 16);
    memcpy(&v[2], &c, 16);
    v[0] = vec_eval(what & 0xff, what >> 8, v[0], v[1], v[2], &mxcsr);
    _mm_setcsr(mxcsr);
    memcpy(&a, &v[0], 16);
    return a;
}

static void call_c(struct em *e, struct ir_insn *n)
{
    unsigned values = ir_ops[n->op].values;
    ir_ref what = ir_const(e->ir, IR_I32, n->sub | n->imm << 8);
    ir_ref args[4] = { n->a, values > 1 ? n->b : n->a, values > 2 ? n->c : n->a, what };

    call_pure(e, (void *)in_c, 4, args);
}

/* ---- one instruction each ---- */

static void binary(struct em *e, struct ir_insn *n, const struct row *row)
{
    bool swap = (row->form & 15) == F_BA;
    ir_ref ra = swap ? n->b : n->a, rb = swap ? n->a : n->b;
    struct opnd b = row->form & F_REG ? reg_opnd(ra_use(e, rb)) : operand(e, rb);
    int a = ra_use(e, ra);
    uint32_t forbid = has_avx(e) || b.kind != O_REG || b.reg == a ? 0 : BIT(b.reg);

    fp_op3(e, row->op, ra_dest(e, a, forbid), a, &b);
}

static void unary(struct em *e, struct ir_insn *n, const struct row *row)
{
    struct opnd a = operand(e, n->a);

    op2(e, row->op, ra_dest(e, a.kind == O_REG ? a.reg : -1, 0), &a);
}

static void shift(struct em *e, struct ir_insn *n, const struct row *row)
{
    int a = ra_use(e, n->a), d = ra_dest(e, a, 0);

    if (has_avx(e)) {
        asm_vrr(&e->c, row->op, row->digit, d & 15, a & 15);
    } else {
        ra_emit_move(e, d, a);
        asm_rr(&e->c, row->op, row->digit, d & 15);
    }
}

static void fma3(struct em *e, struct ir_insn *n, const struct row *row)
{
    int a = ra_use(e, n->a), b = ra_use(e, n->b), c = ra_use(e, n->c);
    int d = ra_dest(e, c, BIT(a) | BIT(b));

    ra_emit_move(e, d, c);
    asm_vrr(&e->c, row->op, d & 15, a & 15, b & 15);
}

static void bsl(struct em *e, struct ir_insn *n)
{
    struct opnd a = reg_opnd(ra_use(e, n->a)), c = reg_opnd(ra_use(e, n->c)), s = reg_opnd(FSCRATCH);
    int b = ra_use(e, n->b);

    fp_op3(e, rows[IR_V_xor].op, FSCRATCH, b, &c);
    fp_op3(e, rows[IR_V_and].op, FSCRATCH, FSCRATCH, &a);
    fp_op3(e, rows[IR_V_xor].op, ra_dest(e, c.reg, 0), c.reg, &s);
}

static void blend(struct em *e, struct ir_insn *n)
{
    int a = ra_use(e, n->a), b = ra_use(e, n->b), c = ra_use(e, n->c);

    if (has_avx(e)) {
        asm_vrr(&e->c, 0x4c | X_0F3A | X_66, ra_dest(e, c, 0) & 15, c & 15, b & 15);
        asm_u8(&e->c, (uint8_t)((a & 15) << 4));
        return;
    }
    int d = ra_dest(e, c, BIT(b));
    _Static_assert(FSCRATCH == XMM0, "the legacy form takes its mask from xmm0");
    ra_emit_move(e, FSCRATCH, a);
    ra_emit_move(e, d, c);
    asm_rr(&e->c, 0x10 | X_0F38 | X_66, d & 15, b & 15);
}

static bool host_has(const struct em *e, const struct ir_insn *n)
{
    bool compare = n->sub >= IR_V_cmpps && n->sub <= IR_V_cmpsd;
    unsigned feat = rows[n->sub].feat;

    return (e->h->feat & feat) == feat && (has_avx(e) || !compare || n->imm < 8);
}

static void vector_op(struct em *e, struct ir_insn *n)
{
    const struct row *row = &rows[n->sub];

    if (!host_has(e, n)) {
        call_c(e, n);
        return;
    }
    switch (row->form & 15) {
    case F_AB: case F_BA: binary(e, n, row); break;
    case F_A: unary(e, n, row); break;
    case F_SHIFT: shift(e, n, row); break;
    case F_FMA: fma3(e, n, row); break;
    case F_BSL: bsl(e, n); break;
    case F_BLEND: blend(e, n); break;
    default: assert(!"every row of vops.def has one here");
    }
    if (ir_vops[n->sub].imm) {
        asm_u8(&e->c, (uint8_t)n->imm);
    }
}

void x86_v1(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

void x86_v2(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

void x86_v3(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

void x86_vf1(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

void x86_vf2(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

void x86_vf3(struct em *e, struct ir_insn *n)
{
    vector_op(e, n);
}

/* ---- lanes ---- */

static void from_gpr(struct em *e, int d, int reg, bool w)
{
    if (has_avx(e)) {
        asm_vrr(&e->c, X_MOVD_IN | X_IF_W(w), d & 15, 0, reg);
    } else {
        asm_rr(&e->c, X_MOVD_IN | X_IF_W(w), d & 15, reg);
    }
}

static void self(struct em *e, uint32_t op, int d)
{
    struct opnd o = reg_opnd(d);

    fp_op3(e, op, d, d, &o);
}

static uint64_t repeated(uint64_t v, unsigned bits)
{
    for (; bits < 64; bits *= 2) {
        v = v << (64 - bits) >> (64 - bits);
        v |= v << bits;
    }
    return v;
}

/* All lanes := the lowest one */
static void spread(struct em *e, int d, unsigned log2_bytes)
{
    struct opnd o = reg_opnd(d);

    switch (log2_bytes) {
    case 0:
        self(e, rows[IR_V_zip8].op, d);
        /* fall through */
    case 1:
        op2(e, rows[IR_V_shuflo16].op, d, &o);
        asm_u8(&e->c, 0);
        /* fall through */
    case 3:
        self(e, rows[IR_V_zip64].op, d);
        break;
    case 2:
        op2(e, rows[IR_V_shuf32].op, d, &o);
        asm_u8(&e->c, 0);
        break;
    }
}

void x86_vdup(struct em *e, struct ir_insn *n)
{
    ir_ref r = resolve(e, n->a);

    if (ir_is_const(r)) {
        uint64_t bits = repeated(ir_const_value(e->ir, r), 8u << n->sub);
        int d = ra_dest(e, -1, 0);
        if (bits == 0) {
            self(e, rows[IR_V_xor].op, d);
        } else if (bits == UINT64_MAX) {
            self(e, rows[IR_V_cmpeq32].op, d);
        } else {
            int t = ra_temp(e);
            asm_mov_imm(&e->c, t, bits);
            from_gpr(e, d, t, true);
            spread(e, d, 3);
        }
        return;
    }
    int a = ra_use(e, r), d = ra_dest(e, -1, 0);
    from_gpr(e, d, a, n->sub == 3);
    spread(e, d, n->sub);
}

void x86_vfrom(struct em *e, struct ir_insn *n)
{
    unsigned type = ir_type_of(e->ir, n->a);
    bool clear = is_float(type) && fp_is_clear(e, n->a);
    int a = ra_use(e, n->a), d = ra_dest(e, is_xmm(a) ? a : -1, 0);
    struct opnd o = reg_opnd(a);

    if (!is_xmm(a)) {
        from_gpr(e, d, a, type == IR_I64);
    } else if (clear) {
        ra_emit_move(e, d, a);
    } else if (type == IR_F64) {
        op2(e, X_MOVQ, d, &o);
    } else if (has_avx(e)) {
        asm_vrr(&e->c, rows[IR_V_insps].op, d & 15, a & 15, a & 15);
        asm_u8(&e->c, 0x0e);        /* lane 0 to lane 0, the others cleared */
    } else {
        asm_rr(&e->c, rows[IR_V_insps].op, d & 15, a & 15);
        asm_u8(&e->c, 0x0e);
    }
}

void x86_vget(struct em *e, struct ir_insn *n)
{
    static const uint32_t pextr[4] = { P3A(0x14), P3A(0x15), P3A(0x16), P3A(0x16) | X_W };
    int a = ra_use(e, n->a), d = ra_dest(e, -1, 0);
    struct opnd o = reg_opnd(a);

    if (is_xmm(d)) {                /* a float from above: the lowest lane is an alias */
        op2(e, rows[IR_V_shuf32].op, d, &o);
        asm_u8(&e->c, n->type == IR_F64 ? 0xee : (uint8_t)n->imm);
    } else if (n->imm == 0 && n->sub >= 2) {
        asm_rr(&e->c, X_MOVD_OUT | X_IF_W(n->sub == 3), a & 15, d);
    } else {
        asm_rr(&e->c, pextr[n->sub], a & 15, d);
        asm_u8(&e->c, (uint8_t)n->imm);
    }
}

static void set_float(struct em *e, struct ir_insn *n, int d, int a, int b)
{
    struct opnd o = reg_opnd(b);

    if (n->sub == 2) {
        fp_op3(e, rows[IR_V_insps].op, d, a, &o);
        asm_u8(&e->c, (uint8_t)(n->imm << 4));
    } else {
        fp_op3(e, n->imm ? rows[IR_V_zip64].op : X_MOVSD, d, a, &o);
    }
}

void x86_vset(struct em *e, struct ir_insn *n)
{
    static const uint32_t pinsr[4] = { P3A(0x20), P66(0xc4), P3A(0x22), P3A(0x22) | X_W };
    int b = ra_use(e, n->b), a = ra_use(e, n->a), d = ra_dest(e, a, has_avx(e) || b == a || !is_xmm(b) ? 0 : BIT(b));

    if (is_xmm(b)) {
        set_float(e, n, d, a, b);
        return;
    }
    if (has_avx(e)) {
        asm_vrr(&e->c, pinsr[n->sub], d & 15, a & 15, b);
    } else {
        ra_emit_move(e, d, a);
        asm_rr(&e->c, pinsr[n->sub], d & 15, b);
    }
    asm_u8(&e->c, (uint8_t)n->imm);
}

void x86_vmask(struct em *e, struct ir_insn *n)
{
    static const uint32_t movmsk[4] = { P66(0xd7), 0, 0x50 | X_0F, P66(0x50) };
    int a = ra_use(e, n->a);

    asm_rr(&e->c, movmsk[n->sub], ra_dest(e, -1, 0), a & 15);
}

void x86_vtest(struct em *e, struct ir_insn *n)
{
    int a = ra_use(e, n->a), b = ra_use(e, n->b), d = ra_dest(e, -1, 0);

    asm_rr(&e->c, X_XOR, d, d);
    asm_rr(&e->c, X_PTEST, a & 15, b & 15);
    asm_rr(&e->c, X_SETCC | (n->sub ? CC_B : CC_E), 0, d);
}

/* ---- NaNs ---- */

/* Three operands, the CPU first: the third is the register in bits 20 to 23. */
#define FIX_WITH_CPU (1u << 16)
#define FIX_THREE (1u << 17)

/* What the thunk calls: registers d, b, c of the frame, the operands' type, FIX_* bits. */
void vec_fix_nan(struct host_frame *f, struct cpu *cpu, uint32_t what, void *fn)
{
    unsigned d = what & 15, type = what >> 12 & 15;
    __m128i b, c, third;

    memcpy(&b, f->xmm[what >> 4 & 15], 16);
    memcpy(&c, f->xmm[what >> 8 & 15], 16);
    if (what & FIX_THREE) {
        memcpy(&third, f->xmm[what >> 20 & 15], 16);
        b = ((__m128i (*)(struct cpu *, __m128i, __m128i, __m128i))fn)(cpu, b, c, third);
        memcpy(f->xmm[d], &b, 16);
        return;
    }
#define CALL(type, of, to) \
    (what & FIX_WITH_CPU ? to(((type (*)(struct cpu *, type, type))fn)(cpu, of(b), of(c))) : \
     to(((type (*)(type, type))fn)(of(b), of(c))))
#define SAME(v) (v)
#define F32_OF(v) _mm_cvtss_f32(_mm_castsi128_ps(v))
#define F32_TO(v) _mm_castps_si128(_mm_set_ss(v))
#define F64_OF(v) _mm_cvtsd_f64(_mm_castsi128_pd(v))
#define F64_TO(v) _mm_castpd_si128(_mm_set_sd(v))
    b = type == IR_F32 ? CALL(float, F32_OF, F32_TO) : type == IR_F64 ? CALL(double, F64_OF, F64_TO) :
        CALL(__m128i, SAME, SAME);
#undef CALL
    memcpy(f->xmm[d], &b, 16);
}

static void cold_fixnan(struct em *e, struct cold *k)
{
    struct amem fn = amem_rip(e->h->fn_table + 8 * k->imm);

    asm_rm(&e->c, X_GROUP5, 6, &fn);
    asm_push_imm(&e->c, k->imm2);
    asm_call_abs(&e->c, e->h->fix_nan);
    asm_jmp_to(&e->c, k->back);
}

/* NE: a lane of d is a NaN */
static void test_nans(struct em *e, bool wide, int d)
{
    struct opnd o = reg_opnd(d);

    fp_op3(e, wide ? P66(0xc2) : 0xc2 | X_0F, FSCRATCH, d, &o);
    asm_u8(&e->c, 3);           /* unordered */
    asm_rr(&e->c, X_PTEST, FSCRATCH & 15, FSCRATCH & 15);
}

void x86_fixnan(struct em *e, struct ir_insn *n)
{
    bool wide = n->type == IR_F64 || n->sub, with_cpu = e->h->target->helpers[n->imm].args[0] == IR_VOID;
    bool clear = is_float(n->type) && n->type != IR_V128 && fp_is_clear(e, n->a);
    int a = ra_use(e, n->a), b = ra_use(e, n->b), c = ra_use(e, n->c);
    int d = ra_dest(e, a, (a == b ? 0 : BIT(b)) | (a == c ? 0 : BIT(c)));

    ra_emit_move(e, d, a);
    if (n->type == IR_V128) {
        test_nans(e, wide, d);
    } else {
        asm_rr(&e->c, wide ? X_UCOMIS_D : X_UCOMIS_S, d & 15, d & 15);
    }
    struct cold *k = cold_new(e, cold_fixnan, asm_jcc(&e->c, n->type == IR_V128 ? CC_NE : CC_P));
    k->imm = (uint64_t)n->imm;
    k->imm2 = (d & 15) | (b & 15) << 4 | (c & 15) << 8 | n->type << 12 | (with_cpu ? FIX_WITH_CPU : 0);
    k->back = asm_pos(&e->c);
    e->val[e->cur].flags |= clear ? VAL_CLEAR : 0;
}

void x86_fixnan3(struct em *e, struct ir_insn *n)
{
    const ir_ref *args = e->ir->args + n->c;
    int a = ra_use(e, n->a), b = ra_use(e, n->b), c = ra_use(e, args[0]), third = ra_use(e, args[1]);
    int d = ra_dest(e, a, (a == b ? 0 : BIT(b)) | (a == c ? 0 : BIT(c)) | (a == third ? 0 : BIT(third)));

    ra_emit_move(e, d, a);
    test_nans(e, n->sub, d);
    struct cold *k = cold_new(e, cold_fixnan, asm_jcc(&e->c, CC_NE));
    k->imm = (uint64_t)n->imm;
    k->imm2 = (d & 15) | (b & 15) << 4 | (c & 15) << 8 | (third & 15) << 20 | FIX_THREE;
    k->back = asm_pos(&e->c);
}
