/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating-point instructions in soft float, for what the host's FPU can't do (target/riscv/fp.h); classification. */
#include "fpu/softfloat.h"
#include "target/riscv/cpu.h"
#include "target/riscv/fp.h"

static const struct fp_format *const formats[] = {
    [RV_FMT_S] = &fp_f32, [RV_FMT_D] = &fp_f64, [RV_FMT_H] = &fp_f16,
};

uint64_t rv_fp_box(enum rv_fmt fmt, uint64_t bits)
{
    switch (fmt) {
    case RV_FMT_S:
        return bits | 0xffffffff00000000;
    case RV_FMT_H:
        return bits | 0xffffffffffff0000;
    default:
        return bits;
    }
}

uint64_t rv_fp_unbox(enum rv_fmt fmt, uint64_t reg)
{
    switch (fmt) {
    case RV_FMT_S:
        return reg >= 0xffffffff00000000 ? (uint32_t)reg : 0x7fc00000;
    case RV_FMT_H:
        return reg >= 0xffffffffffff0000 ? (uint16_t)reg : 0x7e00;
    default:
        return reg;
    }
}

/* The operations whose result is an f register; v are whole registers. */
static uint64_t to_float(enum rv_fp_op op, enum rv_fmt fmt, enum rv_fmt from, const uint64_t v[3], struct fp_ctx *ctx)
{
    const struct fp_format *f = formats[fmt];
    uint64_t x = rv_fp_unbox(fmt, v[0]), y = rv_fp_unbox(fmt, v[1]), z = rv_fp_unbox(fmt, v[2]);

    switch (op) {
    case RV_FP_ADD:
        return fp_add(f, x, y, ctx);
    case RV_FP_SUB:
        return fp_sub(f, x, y, ctx);
    case RV_FP_MUL:
        return fp_mul(f, x, y, ctx);
    case RV_FP_DIV:
        return fp_div(f, x, y, ctx);
    case RV_FP_SQRT:
        return fp_sqrt(f, x, ctx);
    case RV_FP_MADD:
    case RV_FP_NMSUB:
    case RV_FP_MSUB:
    case RV_FP_NMADD:
        return fp_fma(f, x, y, z, op - RV_FP_MADD, ctx);
    case RV_FP_MIN:
        return fp_min_number(f, x, y, ctx);
    case RV_FP_MAX:
        return fp_max_number(f, x, y, ctx);
    case RV_FP_MINM:
        return fp_minimum(f, x, y, ctx);
    case RV_FP_MAXM:
        return fp_maximum(f, x, y, ctx);
    case RV_FP_ROUND:
    case RV_FP_ROUNDNX:
        return fp_round_to_integral(f, x, op == RV_FP_ROUNDNX, ctx);
    case RV_FP_CONVERT:
        return fp_convert(formats[from], f, rv_fp_unbox(from, v[0]), ctx);
    case RV_FP_FROM_W:
        return fp_from_int64(f, (int32_t)v[0], ctx);
    case RV_FP_FROM_WU:
        return fp_from_uint64(f, (uint32_t)v[0], ctx);
    case RV_FP_FROM_L:
        return fp_from_int64(f, v[0], ctx);
    case RV_FP_FROM_LU:
        return fp_from_uint64(f, v[0], ctx);
    default:
        g_assert_not_reached();
    }
}

static uint64_t to_integer(enum rv_fp_op op, const struct fp_format *f, uint64_t x, uint64_t y, struct fp_ctx *ctx)
{
    switch (op) {
    case RV_FP_EQ:
        return fp_compare_quiet(f, x, y, ctx) == FP_EQUAL;
    case RV_FP_LT:
        return fp_compare_signaling(f, x, y, ctx) == FP_LESS;
    case RV_FP_LE:
        return fp_compare_signaling(f, x, y, ctx) <= FP_EQUAL;
    case RV_FP_LTQ:
        return fp_compare_quiet(f, x, y, ctx) == FP_LESS;
    case RV_FP_LEQ:
        return fp_compare_quiet(f, x, y, ctx) <= FP_EQUAL;
    case RV_FP_TO_W:
        return fp_to_int(f, x, 32, ctx);
    case RV_FP_TO_WU:
        return (int32_t)fp_to_uint(f, x, 32, ctx);
    case RV_FP_TO_L:
        return fp_to_int(f, x, 64, ctx);
    case RV_FP_TO_LU:
        return fp_to_uint(f, x, 64, ctx);
    case RV_FP_TO_W_MODULO:
        return fp_to_int_modulo(f, x, 32, ctx);
    default:
        g_assert_not_reached();
    }
}

/* fflags are the sticky bits of cpu.fpcr, which has MXCSR's layout: IE, DE (not used), ZE, OE, UE, PE from bit 0 on. */
static void raise_flags(struct rv_cpu *cpu, unsigned flags)
{
    cpu->cpu.fpcr |= (flags & FP_NV ? 1 << 0 : 0) | (flags & FP_DZ ? 1 << 2 : 0) | (flags & FP_OF ? 1 << 3 : 0) |
        (flags & FP_UF ? 1 << 4 : 0) | (flags & FP_NX ? 1 << 5 : 0);
}

uint64_t rv_helper_fp(struct rv_cpu *cpu, uint32_t desc, uint64_t a, uint64_t b, uint64_t c)
{
    enum rv_fp_op op = desc & 0xff;
    enum rv_fmt fmt = desc >> 8 & 15, from = desc >> 12 & 15;
    unsigned rm = desc >> 16 & 7;
    struct fp_ctx ctx = { .rounding = rm == RV_RM_DYN ? cpu->frm : rm };
    const uint64_t v[3] = { a, b, c };
    uint64_t result;

    if (op < RV_FP_EQ) {
        result = rv_fp_box(fmt, to_float(op, fmt, from, v, &ctx));
    } else {
        result = to_integer(op, formats[fmt], rv_fp_unbox(fmt, a), rv_fp_unbox(fmt, b), &ctx);
    }
    raise_flags(cpu, ctx.flags);
    return result;
}

uint64_t rv_helper_fclass(uint32_t fmt, uint64_t reg)
{
    return fp_classify(formats[fmt], rv_fp_unbox(fmt, reg));
}
