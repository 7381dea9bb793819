/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter's floating point: soft float on every host, so that the oracle shares neither code nor hardware with a
 * back end that computes on the host's FPU. The denormal-operand flag, which only x86 has, is never set.
 */
#include "tcg/interp_impl.h"
#include "tcg/mxcsr.h"

static const struct fp_format *format_of(enum ir_type type)
{
    return type == IR_F32 ? &fp_f32 : &fp_f64;
}

static bool compare(enum ir_fcond cond, const struct fp_format *f, uint64_t a, uint64_t b, struct fp_ctx *ctx)
{
    bool signalling = cond == IR_FLT || cond == IR_FLE;
    enum fp_relation r = signalling ? fp_compare_signaling(f, a, b, ctx) : fp_compare_quiet(f, a, b, ctx);

    switch (cond) {
    case IR_FEQ: return r == FP_EQUAL;
    case IR_FLT: case IR_FLTQ: return r == FP_LESS;
    case IR_FLE: case IR_FLEQ: return r == FP_LESS || r == FP_EQUAL;
    }
    return false;
}

uint64_t interp_fp(const struct ir_insn *i, enum ir_type from, uint64_t a, uint64_t b, uint64_t c, uint32_t *fpcr)
{
    struct fp_ctx ctx = { .rounding = mxcsr_rounding(*fpcr >> MXCSR_RC_SHIFT) };
    const struct fp_format *f = format_of(from), *to = format_of(i->type);
    unsigned width = i->type == IR_I32 ? 32 : 64;
    uint64_t mask = width == 32 ? UINT32_MAX : UINT64_MAX, r = 0;

    if ((i->op == IR_OP_fcvt_fs || i->op == IR_OP_fcvt_fu || i->op == IR_OP_fcvt_fx) && i->sub != IR_RDYN) {
        ctx.rounding = i->sub;      /* enum ir_round and fp_rounding are both numbered as RISC-V's frm */
    }
    switch (i->op) {
    case IR_OP_fadd: r = fp_add(f, a, b, &ctx); break;
    case IR_OP_fsub: r = fp_sub(f, a, b, &ctx); break;
    case IR_OP_fmul: r = fp_mul(f, a, b, &ctx); break;
    case IR_OP_fdiv: r = fp_div(f, a, b, &ctx); break;
    case IR_OP_fsqrt: r = fp_sqrt(f, a, &ctx); break;
    case IR_OP_fma: r = fp_fma(f, a, b, c, i->sub, &ctx); break;   /* enum ir_fma is enum fp_negate */
    case IR_OP_fcmp: r = compare(i->sub, f, a, b, &ctx); break;
    case IR_OP_fmin: r = fp_min_number(f, a, b, &ctx); break;
    case IR_OP_fmax: r = fp_max_number(f, a, b, &ctx); break;
    case IR_OP_fcvt_ff: r = fp_convert(f, to, a, &ctx); break;
    case IR_OP_fcvt_fs: r = fp_to_int(f, a, width, &ctx) & mask; break;
    case IR_OP_fcvt_fx:
        ctx.int_rule = FP_INT_INDEFINITE;
        r = fp_to_int(f, a, width, &ctx) & mask;
        break;
    case IR_OP_fcvt_fu: r = fp_to_uint(f, a, width, &ctx) & mask; break;
    case IR_OP_fcvt_sf: r = fp_from_int64(to, from == IR_I32 ? (int32_t)a : (int64_t)a, &ctx); break;
    case IR_OP_fcvt_uf: r = fp_from_uint64(to, a, &ctx); break;
    }
    *fpcr |= mxcsr_from_fp(ctx.flags);
    return r;
}
