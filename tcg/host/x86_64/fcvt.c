/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conversions between integers and floats, with RISC-V's results out of range and exact flags. Where the rounding mode is
 * not MXCSR's, or the range not the host instruction's, the value is rounded first without raising inexact (roundsd),
 * converted, and only a valid result raises it afterwards.
 */
#include "tcg/host/x86_64/host_impl.h"

enum { ROUND_MXCSR = 4, ROUND_QUIET = 8 };      /* immediate of roundss/roundsd */

static uint32_t sd(uint32_t op_s, bool dbl)
{
    return dbl ? op_s ^ X_S2D : op_s;
}

static uint32_t ps(uint32_t op, bool dbl)
{
    return dbl ? op | X_66 : op;
}

static void round_to(struct em *e, bool dbl, int d, int a, int mode)
{
    asm_rr_i8(&e->c, dbl ? X_ROUND_D : X_ROUND_S, d & 15, a & 15, mode);
}

void x86_fcvt_ff(struct em *e, struct ir_insn *n)
{
    int a = ra_use(e, n->a), d = ra_dest(e, a, 0);
    uint32_t op = n->type == IR_F64 ? X_CVT_S2D : X_CVT_D2S;

    if (n->type == ir_type_of(e->ir, n->a)) {
        ra_emit_move(e, d, a);
    } else if (has_avx(e)) {
        asm_vrr(&e->c, op, d & 15, a & 15, a & 15);
    } else {
        asm_rr(&e->c, op, d & 15, a & 15);
    }
}

/* ---- from integers ---- */

/* What the destination's upper bits will be: ones, so that a single is boxed; and no dependence on the old value. */
static void fresh(struct em *e, int d, bool dbl)
{
    uint32_t op = dbl ? X_XORPS : X_PCMPEQD;

    if (has_avx(e)) {
        asm_vrr(&e->c, op, d & 15, d & 15, d & 15);
    } else {
        asm_rr(&e->c, op, d & 15, d & 15);
    }
    e->val[e->cur].flags |= dbl ? 0 : VAL_BOXED;
}

static void from_int(struct em *e, bool dbl, bool w, int d, int a)
{
    uint32_t op = sd(X_CVTSI2_S, dbl) | X_IF_W(w);

    if (has_avx(e)) {
        asm_vrr(&e->c, op, d & 15, d & 15, a);
    } else {
        asm_rr(&e->c, op, d & 15, a);
    }
}

void x86_fcvt_sf(struct em *e, struct ir_insn *n)
{
    bool dbl = n->type == IR_F64, w = ir_type_of(e->ir, n->a) == IR_I64;
    int a = ra_use(e, n->a), d = ra_dest(e, -1, 0);

    fresh(e, d, dbl);
    from_int(e, dbl, w, d, a);
}

/* 2^63 and more: half of it, its last bit or'ed in so that rounding sees it, then doubled. */
static void cold_uf(struct em *e, struct cold *k)
{
    int a = k->r[0], d = k->r[1], t = k->r[2], u = k->r[3];

    asm_rr(&e->c, X_MOV_LOAD | X_W, t, a);
    asm_rr(&e->c, X_MOV_LOAD | X_W, u, a);
    asm_shift_i(&e->c, true, G2_SHR, t, 1);
    asm_alu_ri(&e->c, false, G1_AND, u, 1);
    asm_rr(&e->c, X_OR | X_W, u, t);
    from_int(e, k->w, true, d, t);
    asm_rr(&e->c, sd(X_ADD_S, k->w), d & 15, d & 15);
    asm_jmp_to(&e->c, k->back);
}

void x86_fcvt_uf(struct em *e, struct ir_insn *n)
{
    bool dbl = n->type == IR_F64, w = ir_type_of(e->ir, n->a) == IR_I64;
    int a = ra_use(e, n->a), t = ra_temp(e), u = w ? ra_temp(e) : -1, d = ra_dest(e, -1, 0);

    fresh(e, d, dbl);
    if (!w) {
        asm_rr(&e->c, X_MOV_LOAD, t, a);
        from_int(e, dbl, true, d, t);
        return;
    }
    asm_rr(&e->c, X_TEST | X_W, a, a);
    uint32_t big = asm_jcc(&e->c, CC_S);
    from_int(e, dbl, true, d, a);
    struct cold *k = cold_new(e, cold_uf, big);
    k->r[0] = a;
    k->r[1] = d;
    k->r[2] = t;
    k->r[3] = u;
    k->w = dbl;
    k->back = asm_pos(&e->c);
}

/* ---- to integers ---- */

struct conv {
    bool dbl, w;                /* source is a double; result is 64 bits wide */
    int x, d;                   /* source, result */
    int y, z;                   /* vector temporaries */
    unsigned mode;              /* enum ir_round */
};

static void to_int(struct em *e, const struct conv *c, bool w, int d, int x)
{
    asm_rr(&e->c, sd(X_CVTT_S2SI, c->dbl) | X_IF_W(w), d, x & 15);
}

static int round_imm(unsigned mode)
{
    static const uint8_t imm[8] = { [IR_RNE] = 0, [IR_RTZ] = 3, [IR_RDN] = 1, [IR_RUP] = 2, [IR_RMM] = 3, [IR_RDYN] = ROUND_MXCSR };

    return imm[mode & 7];
}

/* FSCRATCH = x rounded to an integer; inexact is not raised. */
static void round_quietly(struct em *e, const struct conv *c)
{
    struct amem magnitude = fconst(e, FC_ABS_S + c->dbl), sign = fconst(e, FC_SIGN_S + c->dbl);
    struct amem half = fconst(e, FC_HALF_S + c->dbl), one = fconst(e, FC_ONE_S + c->dbl);
    int s = FSCRATCH & 15, y = c->y & 15, z = c->z & 15;

    if (c->mode != IR_RMM) {
        round_to(e, c->dbl, FSCRATCH, c->x, round_imm(c->mode) | ROUND_QUIET);
        return;
    }
    /* nearest, ties away: the magnitude cut off, and one more where what was cut is a half or more */
    asm_rr(&e->c, X_MOVAPS, y, c->x & 15);
    asm_rm(&e->c, X_ANDPS, y, &magnitude);
    round_to(e, c->dbl, FSCRATCH, c->y, 3 | ROUND_QUIET);
    asm_rr(&e->c, sd(X_SUB_S, c->dbl), y, s);
    asm_rm(&e->c, X_MOVAPS, z, &half);
    asm_rr_i8(&e->c, sd(X_CMP_S, c->dbl), z, y, 2);     /* half <= cut */
    asm_rm(&e->c, X_ANDPS, z, &one);
    asm_rr(&e->c, sd(X_ADD_S, c->dbl), s, z);
    asm_rr(&e->c, X_MOVAPS, z, c->x & 15);
    asm_rm(&e->c, X_ANDPS, z, &sign);
    asm_rr(&e->c, X_ORPS, s, z);
}

static void raise_inexact(struct em *e, const struct conv *c)
{
    round_to(e, c->dbl, FSCRATCH, c->x, round_imm(c->mode));
}

static void raise_invalid(struct em *e, int scratch)
{
    struct amem nan = fconst(e, FC_NAN_D);

    asm_rm(&e->c, sd(X_CVTT_S2SI, true), scratch, &nan);
}

static void keep(struct cold *k, const struct conv *c)
{
    k->r[0] = c->x;
    k->r[1] = c->d;
    k->r[2] = c->y;
    k->r[3] = c->z;
    k->w = c->w;
    k->op = c->mode;
    k->mem = c->dbl;
}

static struct conv recall(const struct cold *k)
{
    return (struct conv){ .x = k->r[0], .d = k->r[1], .y = k->r[2], .z = k->r[3], .w = k->w, .mode = k->op, .dbl = k->mem };
}

/* d = positive or NaN ? high : low; the flags are right already */
static void saturate(struct em *e, const struct conv *c, uint64_t high, bool set_low, uint64_t low, uint32_t back)
{
    asm_rr(&e->c, X_XORPS, FSCRATCH & 15, FSCRATCH & 15);
    asm_rr(&e->c, ps(X_UCOMIS_S, c->dbl), FSCRATCH & 15, c->x & 15);
    if (set_low) {
        asm_mov_imm(&e->c, c->d, low);
    }
    uint32_t keep_low = asm_jcc_short(&e->c, CC_AE);
    asm_mov_imm(&e->c, c->d, high);
    asm_patch_short(&e->c, keep_low);
    asm_jmp_to(&e->c, back);
}

/* The host's "indefinite" integer, which is also the least valid one. imm: where valid results go on. */
static void cold_fs(struct em *e, struct cold *k)
{
    struct conv c = recall(k);

    if (k->imm) {                   /* rounded apart: is the rounded value just that? Then it is valid, and may be inexact */
        asm_rr(&e->c, sd(X_CVTSI2_S, c.dbl) | X_IF_W(c.w), c.y & 15, c.d);
        asm_rr(&e->c, ps(X_UCOMIS_S, c.dbl), c.y & 15, FSCRATCH & 15);
        uint32_t invalid = asm_jcc_short(&e->c, CC_P);
        uint32_t other = asm_jcc_short(&e->c, CC_NE);
        asm_patch(&e->c, asm_jmp(&e->c), (uint32_t)k->imm);
        asm_patch_short(&e->c, invalid);
        asm_patch_short(&e->c, other);
    }
    saturate(e, &c, c.w ? INT64_MAX : INT32_MAX, false, 0, k->back);
}

void x86_fcvt_fs(struct em *e, struct ir_insn *n)
{
    struct conv c = { .dbl = ir_type_of(e->ir, n->a) == IR_F64, .w = n->type == IR_I64, .mode = n->sub };
    bool direct = n->sub == IR_RTZ || n->sub == IR_RDYN;

    c.x = ra_use(e, n->a);
    c.y = direct ? -1 : ra_ftemp(e);
    c.z = n->sub == IR_RMM ? ra_ftemp(e) : -1;
    c.d = ra_dest(e, -1, 0);
    if (direct) {
        asm_rr(&e->c, sd(n->sub == IR_RTZ ? X_CVTT_S2SI : X_CVT_S2SI, c.dbl) | X_IF_W(c.w), c.d, c.x & 15);
    } else {
        round_quietly(e, &c);
        to_int(e, &c, c.w, c.d, FSCRATCH);
    }
    asm_alu_ri(&e->c, c.w, G1_CMP, c.d, 1);     /* overflows for the least integer alone */
    struct cold *k = cold_new(e, cold_fs, asm_jcc(&e->c, CC_O));
    keep(k, &c);
    if (!direct) {
        k->imm = asm_pos(&e->c);
        raise_inexact(e, &c);
    }
    k->back = asm_pos(&e->c);
}

void x86_fcvt_fx(struct em *e, struct ir_insn *n)
{
    bool dbl = ir_type_of(e->ir, n->a) == IR_F64;
    uint32_t op = sd(n->sub == IR_RTZ ? X_CVTT_S2SI : X_CVT_S2SI, dbl) | X_IF_W(n->type == IR_I64);
    int a = ra_use(e, n->a);

    asm_rr(&e->c, op, ra_dest(e, -1, 0), a & 15);
}

static void cold_fu32(struct em *e, struct cold *k)
{
    struct conv c = recall(k);

    raise_invalid(e, c.d);
    saturate(e, &c, UINT32_MAX, true, 0, k->back);
}

/* Rounded value in FSCRATCH, 2^63 in y. Comes here for 2^63 and more, NaN, negative results. */
static void cold_fu64(struct em *e, struct cold *k)
{
    struct conv c = recall(k);
    int s = FSCRATCH & 15;
    struct amem limit = fconst(e, FC_2P64_S + c.dbl);

    asm_patch_here(&e->c, (uint32_t)k->disp);
    asm_rr(&e->c, ps(X_UCOMIS_S, c.dbl), s, c.y & 15);
    uint32_t nan = asm_jcc_short(&e->c, CC_P);
    uint32_t small = asm_jcc_short(&e->c, CC_B);
    asm_rm(&e->c, ps(X_UCOMIS_S, c.dbl), s, &limit);
    uint32_t over = asm_jcc_short(&e->c, CC_AE);
    asm_rr(&e->c, sd(X_SUB_S, c.dbl), s, c.y & 15);     /* exact below 2^64 */
    to_int(e, &c, true, c.d, FSCRATCH);
    asm_rr_i8(&e->c, X_BT | X_W, 7, c.d, 63);           /* btc: 2^63 back */
    asm_patch(&e->c, asm_jmp(&e->c), (uint32_t)k->imm);
    asm_patch_short(&e->c, nan);
    asm_patch_short(&e->c, small);
    asm_patch_short(&e->c, over);
    raise_invalid(e, c.d);
    saturate(e, &c, UINT64_MAX, true, 0, k->back);
}

void x86_fcvt_fu(struct em *e, struct ir_insn *n)
{
    struct conv c = { .dbl = ir_type_of(e->ir, n->a) == IR_F64, .w = n->type == IR_I64, .mode = n->sub };
    struct cold *k;

    c.x = ra_use(e, n->a);
    c.y = ra_ftemp(e);
    c.z = n->sub == IR_RMM ? ra_ftemp(e) : -1;
    int t = c.w ? -1 : ra_temp(e);
    c.d = ra_dest(e, -1, 0);
    round_quietly(e, &c);
    if (c.w) {
        struct amem limit = fconst(e, FC_2P63_S + c.dbl);
        asm_rm(&e->c, X_MOVAPS, c.y & 15, &limit);
        asm_rr(&e->c, ps(X_UCOMIS_S, c.dbl), c.y & 15, FSCRATCH & 15);
        uint32_t big = asm_jcc(&e->c, CC_BE);
        to_int(e, &c, true, c.d, FSCRATCH);
        asm_rr(&e->c, X_TEST | X_W, c.d, c.d);
        uint32_t negative = asm_jcc(&e->c, CC_S);
        k = cold_new(e, cold_fu64, big);
        k->disp = (int32_t)negative;
    } else {
        to_int(e, &c, true, c.d, FSCRATCH);
        asm_rr(&e->c, X_MOV_LOAD | X_W, t, c.d);
        asm_shift_i(&e->c, true, G2_SHR, t, 32);
        k = cold_new(e, cold_fu32, asm_jcc(&e->c, CC_NE));
    }
    keep(k, &c);
    k->imm = asm_pos(&e->c);
    raise_inexact(e, &c);
    k->back = asm_pos(&e->c);
}
