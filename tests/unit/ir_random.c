/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ir_random.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MAX = 16, VALUES_MAX = 64, PARAMS_MAX = 4 };

/* Kinds of values. ANY32, ANY64: floats whose NaNs may differ between engines, so that they must not be looked at. */
enum kind { K_I32, K_I64, K_I128, K_V128, K_F32, K_F64, K_ANY32, K_ANY64, K_COUNT };

static const enum ir_type kind_types[] = { IR_I32, IR_I64, IR_I128, IR_V128, IR_F32, IR_F64, IR_F32, IR_F64 };

struct block {
    int idom;                   /* -1: no edge leads to it yet */
    bool loop;                  /* its first parameter is a count that each back edge lowers */
    unsigned nparams;
    enum kind params[PARAMS_MAX];
    ir_ref counter;
    ir_ref values[K_COUNT][VALUES_MAX];
    unsigned nvalues[K_COUNT];
};

struct gen {
    struct ir *ir;
    uint64_t seed;
    const struct ir_random_opts *o;
    struct block blocks[BLOCKS_MAX];
    unsigned nblocks, cur;
    uint64_t pc, insn_pc;       /* of the next guest instruction, and of the current one */
    uint64_t noncanon;          /* slots that hold a value marked IR_NONCANON */
};

/* ---- random numbers ---- */

static uint64_t rnd64(struct gen *g)
{
    uint64_t z = g->seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned rnd(struct gen *g, unsigned n)
{
    return rnd64(g) % n;
}

static bool chance(struct gen *g, unsigned percent)
{
    return rnd(g, 100) < percent;
}

static bool has(const struct gen *g, unsigned feature)
{
    return g->o->features & feature;
}

/* ---- values ---- */

static void keep(struct gen *g, enum kind k, ir_ref v)
{
    struct block *b = &g->blocks[g->cur];

    if (b->nvalues[k] < VALUES_MAX) {
        b->values[k][b->nvalues[k]++] = v;
    } else {
        b->values[k][rnd(g, VALUES_MAX)] = v;
    }
}

static uint64_t interesting(struct gen *g)
{
    static const int64_t values[] = {
        0, 1, -1, 2, 3, 7, 8, 16, 31, 32, 33, 48, 56, 63, 64, 0x7f, 0x80, 0xff, 0xffff, 0x7ff, -0x800, INT32_MAX, INT32_MIN,
        UINT32_MAX, INT64_MAX, INT64_MIN, 0x80000000, 4096,
    };

    return chance(g, 70) ? (uint64_t)values[rnd(g, G_N_ELEMENTS(values))] : rnd64(g) >> rnd(g, 64);
}

static ir_ref constant(struct gen *g, enum kind k)
{
    static const uint64_t f64[] = {
        0, 1ull << 63, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 1, 0x4330000000000000,
        0xffffffff3fc00000, 0xc1e0000000000000,
    };
    static const uint32_t f32[] = { 0, 1u << 31, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 1, 0xcf000000, 0x4b800000 };

    switch (k) {
    case K_I32: case K_I64: case K_V128:
        return ir_const(g->ir, kind_types[k], interesting(g));
    case K_F32: case K_ANY32:
        return ir_const(g->ir, IR_F32, f32[rnd(g, G_N_ELEMENTS(f32))]);
    case K_F64: case K_ANY64:
        return ir_const(g->ir, IR_F64, f64[rnd(g, G_N_ELEMENTS(f64))]);
    default:
        return ir_pair(g->ir, ir_i64(g->ir, interesting(g)), ir_i64(g->ir, interesting(g)));
    }
}

/* A slot of the kind's type that is not the pc; -1: none. */
static int slot_of(struct gen *g, enum kind k)
{
    static const struct { unsigned first, n; } slots[] = {
        [K_I32] = { 1 + WORLD_X + WORLD_F, WORLD_W }, [K_I64] = { 1, WORLD_X }, [K_I128] = { 0, 0 },
        [K_V128] = { 1 + WORLD_X + WORLD_F + WORLD_W + WORLD_S, WORLD_V },
        [K_F32] = { 1 + WORLD_X + WORLD_F + WORLD_W, WORLD_S }, [K_F64] = { 1 + WORLD_X, WORLD_F },
        [K_ANY32] = { 1 + WORLD_X + WORLD_F + WORLD_W, WORLD_S }, [K_ANY64] = { 1 + WORLD_X, WORLD_F },
    };
    int s;

    if (!slots[k].n) {
        return -1;
    }
    s = slots[k].first + rnd(g, slots[k].n);
    return g->noncanon >> s & 1 && k < K_ANY32 ? -1 : s;
}

/* A value of block b or of one that dominates it; 0: none found. */
static ir_ref known(struct gen *g, enum kind k)
{
    int b = g->cur;

    while (b > 0 && chance(g, 25)) {
        b = g->blocks[b].idom;
    }
    if (g->blocks[b].nvalues[k] == 0) {
        return 0;
    }
    return g->blocks[b].values[k][chance(g, 40) ? g->blocks[b].nvalues[k] - 1 : rnd(g, g->blocks[b].nvalues[k])];
}

static ir_ref value(struct gen *g, enum kind k)
{
    ir_ref v = 0;
    int slot;

    if (k >= K_ANY32 && chance(g, 50)) {
        k -= K_ANY32 - K_F32;       /* a value that may be looked at may be used where it is not, too */
    }
    if (chance(g, 75)) {
        v = known(g, k);
    }
    if (!v && chance(g, 70) && (slot = slot_of(g, k)) >= 0) {
        v = ir_get(g->ir, slot);
    }
    return v ? v : constant(g, k);
}

static enum kind int_kind(struct gen *g)
{
    return chance(g, 25) ? K_I32 : K_I64;
}

/* A kind that may be stored, put, passed on. */
static enum kind clean_kind(struct gen *g)
{
    if (has(g, RANDOM_V128) && chance(g, 15)) {
        return K_V128;
    }
    return has(g, RANDOM_FP) && chance(g, 30) ? K_F32 + rnd(g, 2) : int_kind(g);
}

/* ---- pure operations ---- */

static bool is_float_op(enum ir_op op)
{
    return ir_ops[op].flags & IR_OPF_FP || op == IR_OP_fneg || op == IR_OP_fabs || op == IR_OP_fcopysign || op == IR_OP_canon;
}

/* An integer operation of the rule SAME: whatever ops.def lists. */
static void same_op(struct gen *g)
{
    enum ir_op op;
    enum kind k = int_kind(g);
    ir_ref a, b;

    do {
        op = 1 + rnd(g, IR_OP_COUNT - 1);
    } while (!(ir_ops[op].flags & IR_OPF_PURE) || ir_ops[op].rule != IR_TYPES_SAME || is_float_op(op));
    a = value(g, k);
    if (ir_ops[op].values == 1) {
        keep(g, k, ir_emit1(g->ir, op, kind_types[k], a));
        return;
    }
    b = chance(g, 30) ? constant(g, k) : chance(g, 10) ? a : value(g, k);
    keep(g, k, ir_emit2(g->ir, op, kind_types[k], a, b));
}

static void extend_op(struct gen *g)
{
    ir_ref v = value(g, int_kind(g));

    switch (rnd(g, 4)) {
    case 0: keep(g, K_I64, ir_exts32(g->ir, v)); break;
    case 1: keep(g, K_I64, ir_extu32(g->ir, v)); break;
    case 2: keep(g, K_I32, ir_trunc(g->ir, value(g, K_I64))); break;
    case 3: /* add or shift, then extend: what RV64's word instructions are */
        v = ir_emit2(g->ir, chance(g, 50) ? IR_OP_add : IR_OP_sub, IR_I64, value(g, K_I64), value(g, K_I64));
        keep(g, K_I64, ir_exts32(g->ir, v));
        break;
    }
}

/* Two to four shifts, masks and extensions of one value, with the constants where their rules begin and end. */
static void chain_op(struct gen *g)
{
    static const uint8_t ops[] = {
        IR_OP_shl, IR_OP_shr, IR_OP_sar, IR_OP_shl, IR_OP_shr, IR_OP_sar, IR_OP_and, IR_OP_or, IR_OP_xor, IR_OP_add,
        IR_OP_exts8, IR_OP_exts16, IR_OP_extu8, IR_OP_extu16, IR_OP_exts32, IR_OP_extu32, IR_OP_exts32, IR_OP_extu32,
    };
    static const uint8_t counts[] = { 1, 8, 15, 16, 24, 31, 32, 33, 40, 47, 48, 56, 63 };
    static const uint64_t masks[] = {
        0x7f, 0xff, 0x100, 0x7fff, 0xffff, INT32_MAX, UINT32_MAX, 0x80000000, ~0ull << 31, ~0ull << 32, INT64_MAX,
    };
    enum kind k = int_kind(g);
    ir_ref v = value(g, k);

    for (unsigned n = 2 + rnd(g, 3); n; n--) {
        enum ir_op op = ops[rnd(g, G_N_ELEMENTS(ops))];
        enum ir_type type = ir_type_of(g->ir, v);
        bool shift = op == IR_OP_shl || op == IR_OP_shr || op == IR_OP_sar;
        uint64_t c = shift ? counts[rnd(g, G_N_ELEMENTS(counts))] : masks[rnd(g, G_N_ELEMENTS(masks))];

        if (ir_ops[op].values == 2) {
            v = ir_emit2(g->ir, op, type, v, ir_const(g->ir, type, c));
        } else {
            v = ir_emit1(g->ir, op, ir_ops[op].rule == IR_TYPES_I64 ? IR_I64 : type, v);
        }
        keep(g, ir_type_of(g->ir, v) == IR_I32 ? K_I32 : K_I64, v);
    }
}

static void condition_op(struct gen *g)
{
    enum kind k = int_kind(g), r = clean_kind(g);
    enum ir_cond cond = rnd(g, 12);
    ir_ref a = value(g, k), b = chance(g, 40) ? constant(g, k) : value(g, k);

    if (r == K_V128 || chance(g, 50)) {
        keep(g, K_I64, ir_setcond(g->ir, cond, a, b));
    } else {
        ir_ref yes = value(g, r);

        keep(g, r, ir_select(g->ir, cond, a, b, yes, value(g, r)));
    }
}

static void wide_op(struct gen *g)
{
    ir_ref v;

    switch (rnd(g, 3)) {
    case 0:
        v = value(g, K_I64);
        keep(g, K_I128, ir_pair(g->ir, v, value(g, K_I64)));
        break;
    case 1: keep(g, K_I64, ir_lo(g->ir, value(g, K_I128))); break;
    case 2: keep(g, K_I64, ir_hi(g->ir, value(g, K_I128))); break;
    }
}

/* ---- floating point ---- */

static void float_arithmetic(struct gen *g, enum kind any)
{
    static const uint8_t ops[] = { IR_OP_fadd, IR_OP_fsub, IR_OP_fmul, IR_OP_fdiv, IR_OP_fmin, IR_OP_fmax };
    enum ir_type t = kind_types[any];
    ir_ref a = value(g, any), b = value(g, any);

    switch (rnd(g, 6)) {
    case 0: keep(g, any, ir_fsqrt(g->ir, a)); break;
    case 1: keep(g, any, ir_fma(g->ir, a, b, value(g, any), rnd(g, 4))); break;
    default: keep(g, any, ir_emit2(g->ir, ops[rnd(g, G_N_ELEMENTS(ops))], t, a, b)); break;
    }
}

static void float_convert(struct gen *g, enum kind any)
{
    static const uint8_t rounds[] = { IR_RNE, IR_RTZ, IR_RDN, IR_RUP, IR_RMM, IR_RDYN };
    enum kind n = int_kind(g), other = any == K_ANY32 ? K_ANY64 : K_ANY32;
    enum ir_round round = rounds[rnd(g, G_N_ELEMENTS(rounds))];
    enum ir_op op = chance(g, 50) ? IR_OP_fcvt_fs : IR_OP_fcvt_fu;

    switch (rnd(g, 5)) {
    case 0: keep(g, n, ir_fcvt(g->ir, op, kind_types[n], value(g, any), round)); break;
    case 4:
        round = chance(g, 50) ? IR_RTZ : IR_RDYN;
        keep(g, n, ir_fcvt(g->ir, IR_OP_fcvt_fx, kind_types[n], value(g, any), round));
        break;
    case 1: keep(g, any, ir_fcvt(g->ir, op == IR_OP_fcvt_fs ? IR_OP_fcvt_sf : IR_OP_fcvt_uf, kind_types[any], value(g, n), IR_RDYN)); break;
    case 2: keep(g, other, ir_fcvt(g->ir, IR_OP_fcvt_ff, kind_types[other], value(g, any), IR_RDYN)); break;
    case 3: keep(g, K_I64, ir_fcmp(g->ir, rnd(g, 5), value(g, any), value(g, any))); break;
    }
}

/* Signs, bits and boxes: what shows a NaN's bits takes values that may be looked at. */
static void float_bits(struct gen *g, enum kind any)
{
    enum kind clean = any - (K_ANY32 - K_F32);

    switch (rnd(g, 11)) {
    case 0: keep(g, any, ir_fneg(g->ir, value(g, any))); break;
    case 1: keep(g, any, ir_fabs(g->ir, value(g, any))); break;
    case 2: keep(g, any, ir_fcopysign(g->ir, value(g, any), value(g, clean), rnd(g, 3))); break;
    case 3: keep(g, clean, ir_fcopysign(g->ir, value(g, clean), value(g, clean), rnd(g, 3))); break;
    case 4: keep(g, clean, ir_fneg(g->ir, value(g, clean))); break;
    case 5: keep(g, any == K_ANY32 ? K_I32 : K_I64, ir_fbits(g->ir, value(g, clean))); break;
    case 6: keep(g, clean, ir_bitsf(g->ir, value(g, any == K_ANY32 ? K_I32 : K_I64))); break;
    case 7: keep(g, K_F64, ir_box32(g->ir, value(g, K_F32))); break;
    case 8: keep(g, K_F32, ir_unbox32(g->ir, value(g, K_F64))); break;
    case 9: keep(g, K_F32, ir_low32(g->ir, value(g, K_F64))); break;
    case 10: keep(g, clean, ir_canon(g->ir, value(g, any))); break;
    }
}

static void float_op(struct gen *g)
{
    enum kind any = K_ANY32 + rnd(g, 2);

    if (chance(g, 6)) {
        keep(g, K_I64, ir_fpflags(g->ir));
        if (chance(g, 30)) {
            ir_fpsetflags(g->ir, value(g, K_I64));
        }
        return;
    }
    switch (rnd(g, 4)) {
    case 0: float_arithmetic(g, any); keep(g, any - 2, ir_canon(g->ir, value(g, any))); break;
    case 1: float_arithmetic(g, any); break;
    case 2: float_convert(g, any); break;
    case 3: float_bits(g, any); break;
    }
}

/* ---- vectors ---- */

static const enum kind lane_kinds[] = { K_I32, K_I64, K_F32, K_F64 };

static enum kind lane_kind(struct gen *g, unsigned *log2_bytes)
{
    enum kind k = lane_kinds[rnd(g, 4)];

    *log2_bytes = k == K_F32 ? 2 : k == K_F64 ? 3 : rnd(g, k == K_I32 ? 3 : 4);
    return k;
}

static void lane_op(struct gen *g)
{
    unsigned size, lane;
    enum kind k = lane_kind(g, &size), n = int_kind(g);
    ir_ref v = value(g, K_V128);

    lane = chance(g, 50) ? 0 : rnd(g, 16 >> size);
    switch (rnd(g, 6)) {
    case 0: keep(g, K_V128, ir_vdup(g->ir, rnd(g, n == K_I32 ? 3 : 4), value(g, n))); break;
    case 1: keep(g, K_V128, ir_vfrom(g->ir, value(g, k))); break;
    case 2: keep(g, k, ir_vget(g->ir, kind_types[k], size, v, lane)); break;
    case 3: keep(g, K_V128, ir_vset(g->ir, size, v, lane, value(g, k))); break;
    case 4: keep(g, K_I64, ir_vmask(g->ir, (unsigned[]){ 0, 2, 3 }[rnd(g, 3)], v)); break;
    case 5: keep(g, K_I64, ir_vtest(g->ir, chance(g, 50), v, value(g, K_V128))); break;
    }
}

/* The raw result is an operation's: no signalling NaN. */
static void fixnan_op(struct gen *g)
{
    static const struct { enum kind k; unsigned helper; } rows[] = {
        { K_V128, WORLD_FIX_V128 }, { K_F64, WORLD_FIX_F64 }, { K_F32, WORLD_FIX_F32 },
    };
    unsigned r = rnd(g, has(g, RANDOM_FP) ? 3 : 1);
    enum kind k = rows[r].k;
    ir_ref b = value(g, k), c = value(g, k), raw;
    bool wide = k == K_V128 && chance(g, 50);

    if (k == K_V128 && chance(g, 50)) {
        raw = ir_vop2(g->ir, wide ? IR_V_divpd : IR_V_mulps, b, c, 0);
        keep(g, k, ir_fixnan3(g->ir, raw, b, c, value(g, k), wide, WORLD_FIX3_V128));
        return;
    }

    raw = k == K_V128 ? ir_vop2(g->ir, wide ? IR_V_divpd : IR_V_mulps, b, c, 0) :
          ir_emit2(g->ir, chance(g, 50) ? IR_OP_fadd : IR_OP_fdiv, kind_types[k], b, c);
    raw = ir_fixnan(g->ir, raw, b, c, wide, rows[r].helper);
    keep(g, k, raw);
    if (k != K_V128 && chance(g, 50)) {
        keep(g, K_V128, ir_vfrom(g->ir, raw));
    }
}

static void vector_op(struct gen *g)
{
    enum ir_vop vop;
    ir_ref a = value(g, K_V128), b = chance(g, 10) ? a : value(g, K_V128);

    do {
        vop = rnd(g, IR_V_COUNT);
    } while (ir_vops[vop].op >= IR_OP_vf1 && !has(g, RANDOM_FP));
    unsigned imm = !ir_vops[vop].imm ? 0 : chance(g, 70) ? rnd(g, 34) : rnd(g, 256);
    if (vop >= IR_V_cmpps && vop <= IR_V_cmpsd) {
        imm &= 31;
    }
    switch (ir_ops[ir_vops[vop].op].values) {
    case 1: a = ir_vop1(g->ir, vop, a, imm); break;
    case 2: a = ir_vop2(g->ir, vop, a, b, imm); break;
    case 3: a = ir_vop3(g->ir, vop, a, b, value(g, K_V128)); break;
    }
    keep(g, K_V128, a);
}

static void pure_op(struct gen *g)
{
    unsigned what = rnd(g, 100);

    if (has(g, RANDOM_FP) && what < 30) {
        float_op(g);
    } else if (has(g, RANDOM_I128) && what < 35) {
        wide_op(g);
    } else if (has(g, RANDOM_V128) && what < 60 && chance(g, 60)) {
        switch (rnd(g, 8)) {
        case 0: case 1: lane_op(g); break;
        case 2: fixnan_op(g); break;
        default: vector_op(g);
        }
    } else if (what < 42) {
        chain_op(g);
    } else if (what < 52) {
        extend_op(g);
    } else if (what < 65) {
        condition_op(g);
    } else {
        same_op(g);
    }
}

/* ---- memory ---- */

/* An address that is nearly always in memory, and its displacement. */
static ir_ref address(struct gen *g, int64_t *disp)
{
    unsigned mask = has(g, RANDOM_UNALIGNED) && chance(g, 30) ? WORLD_BYTES - 1 : (WORLD_BYTES - 1) & ~15u;
    ir_ref a = ir_and(g->ir, value(g, K_I64), ir_i64(g->ir, mask));

    *disp = has(g, RANDOM_UNALIGNED) && chance(g, 20) ? (int)rnd(g, 100) - 50 : 16 * (int)rnd(g, 8);
    if (chance(g, 20)) {
        *disp += WORLD_BASE;
        return a;
    }
    a = ir_add(g->ir, a, ir_i64(g->ir, WORLD_BASE));
    keep(g, K_I64, a);
    return a;
}

/* As address(), but often one that was used before: so that look-ups are shared. */
static ir_ref shared_address(struct gen *g, int64_t *disp)
{
    ir_ref v = known(g, K_I64);

    if (v && !ir_is_const(v) && chance(g, 50)) {
        const struct ir_insn *i = &g->ir->insns[v];

        if (i->op == IR_OP_add && ir_is_const(i->b) && ir_const_value(g->ir, i->b) == WORLD_BASE) {
            *disp = has(g, RANDOM_UNALIGNED) && chance(g, 20) ? rnd(g, 100) : 8 * rnd(g, 16);
            return v;
        }
    }
    return address(g, disp);
}

static unsigned mem_bits(struct gen *g, unsigned size)
{
    unsigned mem = size;

    if (chance(g, 50) && size < IR_MEM_64) {
        mem |= IR_MEM_SIGN;
    }
    if (has(g, RANDOM_BE) && chance(g, 10) && size < IR_MEM_128) {
        mem |= IR_MEM_BE;
    }
    if (has(g, RANDOM_UNALIGNED) && chance(g, 10)) {
        mem |= IR_MEM_ALIGN;
    }
    return mem;
}

/* The kind of a load or store, and its size. */
static enum kind mem_kind(struct gen *g, unsigned *size)
{
    if (has(g, RANDOM_FP) && chance(g, 25)) {
        bool single = chance(g, 50);

        *size = single ? IR_MEM_32 : IR_MEM_64;
        return single ? K_F32 : K_F64;
    }
    if (has(g, RANDOM_I128) && chance(g, 10)) {
        *size = IR_MEM_128;
        return K_I128;
    }
    if (has(g, RANDOM_V128) && chance(g, 15)) {
        *size = IR_MEM_128;
        return K_V128;
    }
    if (chance(g, 20)) {
        *size = rnd(g, 3);
        return K_I32;
    }
    *size = chance(g, 50) ? IR_MEM_64 : rnd(g, 4);
    return K_I64;
}

static unsigned integer_mem(enum kind k, unsigned mem)
{
    return k == K_I32 || k == K_I64 ? mem : mem & ~(unsigned)(IR_MEM_SIGN | IR_MEM_BE);
}

static void load_store(struct gen *g)
{
    int64_t disp;
    ir_ref a = shared_address(g, &disp);
    unsigned size;
    enum kind k = mem_kind(g, &size);
    unsigned mem = integer_mem(k, mem_bits(g, size));

    if (chance(g, 60)) {
        keep(g, k, ir_ld(g->ir, kind_types[k], a, disp, mem));
    } else {
        ir_st(g->ir, a, disp, value(g, k), mem & ~(unsigned)IR_MEM_SIGN);
    }
}

static void atomic(struct gen *g)
{
    enum kind k = int_kind(g);
    int64_t disp;
    ir_ref a = address(g, &disp), expected;
    unsigned mem = rnd(g, k == K_I32 ? 3 : 4);

    a = ir_add(g->ir, a, ir_i64(g->ir, disp));
    mem |= (chance(g, 50) && mem < IR_MEM_64 ? IR_MEM_SIGN : 0) | (chance(g, 80) ? IR_MEM_ALIGN : 0);
    switch (rnd(g, 5)) {
    case 0: case 1:
        keep(g, k, ir_rmw(g->ir, rnd(g, 9), a, value(g, k), mem));
        break;
    case 2:
        if (has(g, RANDOM_I128)) {
            expected = chance(g, 50) ? ir_ld(g->ir, IR_I128, a, 0, IR_MEM_128 | IR_MEM_ALIGN) : value(g, K_I128);
            keep(g, K_I128, ir_cas(g->ir, a, expected, value(g, K_I128), IR_MEM_128 | IR_MEM_ALIGN));
            break;
        }
        /* fall through */
    case 3:
        expected = chance(g, 70) ? ir_ld(g->ir, kind_types[k], a, 0, mem) : value(g, k);
        keep(g, k, ir_cas(g->ir, a, expected, value(g, k), mem));
        break;
    case 4:
        ir_probe(g->ir, a, 8 * (int)rnd(g, 8), rnd(g, 4));
        ir_fence(g->ir, rnd(g, 16));
        break;
    }
}

/* ---- calls ---- */

static void start_insn(struct gen *g)
{
    unsigned bytes = chance(g, 30) ? 2 : 4;

    ir_insn_start(g->ir, g->pc, bytes);
    g->insn_pc = g->pc;
    g->pc += bytes;
}

/* Slots marked non-canonical get their canonical value, as a target does before anybody else may look. */
static void settle(struct gen *g)
{
    for (unsigned s = 0; g->noncanon; s++, g->noncanon >>= 1) {
        if (g->noncanon & 1) {
            ir_ref v = ir_get(g->ir, s);
            const struct ir_insn *i = ir_is_const(v) ? NULL : &g->ir->insns[v];

            ir_put(g->ir, s, i && i->op == IR_OP_box32 ? ir_box32(g->ir, ir_canon(g->ir, i->a)) : ir_canon(g->ir, v));
        }
    }
}

static void call(struct gen *g)
{
    unsigned helper = rnd(g, world_target.nhelpers);
    const struct ir_helper *h = &world_target.helpers[helper];
    ir_ref args[8], r;
    unsigned n = 0;

    if (h->effects & ~IR_HELPER_EFFECT) {
        settle(g);
        start_insn(g);
    }
    for (unsigned k = 0; k < h->nargs; k++) {
        if (h->args[k] != IR_VOID) {
            args[n++] = value(g, h->args[k] == IR_I32 ? K_I32 : h->args[k] == IR_I64 ? K_I64 :
                              h->args[k] == IR_F32 ? K_F32 : h->args[k] == IR_F64 ? K_F64 : K_V128);
        }
    }
    r = ir_call(g->ir, helper, n, args);
    if (h->effects & IR_HELPER_WRITES && chance(g, 50)) {
        start_insn(g);
    }
    if (h->ret != IR_VOID) {
        keep(g, h->ret == IR_I32 ? K_I32 : h->ret == IR_I64 ? K_I64 : h->ret == IR_F32 ? K_F32 :
             h->ret == IR_F64 ? K_F64 : K_V128, r);
    }
}

/* ---- guest instructions and blocks ---- */

/*
 * Puts a value that is marked IR_NONCANON. It must be one that nobody looks at: the result of FP arithmetic, or a box made
 * for the purpose. False: there is none.
 */
static bool put_noncanon(struct gen *g, unsigned slot, enum kind k)
{
    bool box = k == K_F64 && chance(g, 30);
    ir_ref v = box ? ir_box32(g->ir, value(g, K_ANY32)) : value(g, K_ANY32 + (k - K_F32));

    if (ir_is_const(v) || !(box || ir_ops[g->ir->insns[v].op].flags & IR_OPF_FP)) {
        return false;
    }
    ir_put(g->ir, slot, ir_noncanon(g->ir, v));
    g->noncanon |= 1ull << slot;
    return true;
}

static void put(struct gen *g)
{
    enum kind k = clean_kind(g);
    int slot = slot_of(g, k);

    if (slot < 0) {
        return;
    }
    if (!has(g, RANDOM_NONCANON) || k < K_F32 || !chance(g, 40) || !put_noncanon(g, slot, k)) {
        ir_put(g->ir, slot, value(g, k));
    }
}

static void guest_insn(struct gen *g)
{
    start_insn(g);
    for (unsigned n = rnd(g, 3); n; n--) {
        pure_op(g);
    }
    if (has(g, RANDOM_CALLS) && chance(g, 8)) {
        call(g);
    }
    if (has(g, RANDOM_MEM) && chance(g, 35)) {
        load_store(g);
        if (chance(g, 10)) {
            load_store(g);
        }
    } else if (has(g, RANDOM_ATOMICS) && chance(g, 8)) {
        atomic(g);
    }
    for (unsigned n = rnd(g, 3); n; n--) {
        pure_op(g);
    }
    for (unsigned n = rnd(g, 3); n; n--) {
        put(g);
    }
}

static void make_args(struct gen *g, unsigned to, bool back, ir_ref *args)
{
    struct block *b = &g->blocks[to];

    for (unsigned k = 0; k < b->nparams; k++) {
        args[k] = value(g, b->params[k]);
    }
    if (b->loop) {
        args[0] = back ? ir_add(g->ir, b->counter, ir_i64(g->ir, -1)) : ir_i64(g->ir, 1 + rnd(g, 4));
    }
}

/* An edge from the current block: the target's dominator is what all edges have in common. */
static void note_edge(struct gen *g, unsigned to)
{
    int a = g->blocks[to].idom, b = g->cur;

    while (a >= 0 && a != b) {
        if (a > b) {
            a = g->blocks[a].idom;
        } else {
            b = g->blocks[b].idom;
        }
    }
    g->blocks[to].idom = b;
}

/* A loop head that dominates the current block; 0: none. */
static unsigned loop_above(struct gen *g)
{
    for (int b = g->cur; b > 0; b = g->blocks[b].idom) {
        if (g->blocks[b].loop && chance(g, 70)) {
            return b;
        }
    }
    return 0;
}

static void leave(struct gen *g)
{
    switch (rnd(g, 4)) {
    case 0: case 1:
        ir_goto_pc(g->ir, g->pc + 4 * rnd(g, 100), chance(g, 30));
        break;
    case 2:
        ir_goto_ind(g->ir, value(g, K_I64));
        break;
    case 3:
        ir_put(g->ir, IR_SLOT_PC, value(g, K_I64));
        ir_exit(g->ir, 1 + rnd(g, IR_EXIT_YIELD));
        break;
    }
}

static void terminator(struct gen *g)
{
    ir_ref yes[PARAMS_MAX], no[PARAMS_MAX], a, b;
    unsigned next = g->cur + 1, loop = loop_above(g), other;
    enum kind k = int_kind(g);

    if (next == g->nblocks) {
        leave(g);
        return;
    }
    if (g->blocks[next].idom >= 0 && chance(g, 15)) {
        leave(g);       /* the next block is reached from elsewhere */
        return;
    }
    note_edge(g, next);
    make_args(g, next, false, no);
    if (loop && chance(g, 70)) {
        make_args(g, loop, true, yes);
        ir_brcond_args(g->ir, IR_NE, yes[0], ir_i64(g->ir, 0), loop, g->blocks[loop].nparams, yes,
                       next, g->blocks[next].nparams, no);
        return;
    }
    other = next + rnd(g, g->nblocks - next);
    if (chance(g, 20)) {
        ir_br(g->ir, next, g->blocks[next].nparams, no);
        return;
    }
    note_edge(g, other);
    make_args(g, other, false, yes);
    a = value(g, k);
    b = chance(g, 50) ? constant(g, k) : value(g, k);
    if (chance(g, 50)) {
        ir_brcond_args(g->ir, rnd(g, 12), a, b, other, g->blocks[other].nparams, yes, next, g->blocks[next].nparams, no);
    } else {
        ir_brcond_args(g->ir, rnd(g, 12), a, b, next, g->blocks[next].nparams, no, other, g->blocks[other].nparams, yes);
    }
}

static void fill(struct gen *g)
{
    struct block *b = &g->blocks[g->cur];

    ir_begin(g->ir, g->cur);
    for (unsigned k = 0; k < b->nparams; k++) {
        ir_ref v = ir_param(g->ir, kind_types[b->params[k]]);

        keep(g, b->params[k], v);
        b->counter = k == 0 ? v : b->counter;
    }
    for (unsigned n = chance(g, 50) ? rnd(g, 3) : 0; n; n--) {
        put(g);         /* state carried into the block */
    }
    if (g->cur && has(g, RANDOM_MEM) && chance(g, 20)) {
        ir_insn_start(g->ir, g->insn_pc, 0);    /* the instruction of another block goes on here */
        load_store(g);
    }
    for (unsigned n = 1 + rnd(g, g->o->insns_max); n; n--) {
        guest_insn(g);
    }
    settle(g);
    terminator(g);
}

/* Which parameters each block has, and which blocks are loop heads. */
static void plan(struct gen *g)
{
    for (unsigned n = 0; n < g->nblocks; n++) {
        struct block *b = &g->blocks[n];

        b->idom = n ? -1 : 0;
        b->loop = n && has(g, RANDOM_LOOPS) && chance(g, 40);
        b->nparams = n ? rnd(g, PARAMS_MAX + 1) : 0;
        if (b->loop && b->nparams == 0) {
            b->nparams = 1;
        }
        for (unsigned k = 0; k < b->nparams; k++) {
            b->params[k] = k == 0 && b->loop ? K_I64 : clean_kind(g);
        }
        ir_block_new(g->ir);
    }
}

void ir_random(struct ir *ir, uint64_t seed, const struct ir_random_opts *o)
{
    struct gen *g = g_new0(struct gen, 1);

    g->ir = ir;
    g->seed = seed * 0x2545f4914f6cdd1du;
    g->o = o;
    g->pc = 0x80001000;
    g->nblocks = has(g, RANDOM_BLOCKS) ? 1 + rnd(g, o->blocks_max) : 1;
    g_assert(g->nblocks <= BLOCKS_MAX);
    ir_reset(ir, &world_target);
    plan(g);
    for (g->cur = 0; g->cur < g->nblocks; g->cur++) {
        fill(g);
    }
    g_free(g);
}

unsigned ir_random_count(unsigned fast)
{
    const char *s = g_getenv("IR_RANDOM_COUNT");

    return s ? strtoul(s, NULL, 0) : fast;
}

uint64_t ir_random_seed(void)
{
    const char *s = g_getenv("IR_RANDOM_SEED");

    return s ? strtoull(s, NULL, 0) : 1;
}
