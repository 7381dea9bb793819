/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SSE and AVX: what their emit functions share. An XMM register is a slot of 128 bits, the upper half of a YMM register
 * another one. An instruction of 256 bits works on the two halves one after the other; legacy encodings leave the upper
 * half alone, VEX ones with 128 bits clear it.
 */
#ifndef TARGET_X86_VEC_IMPL_H
#define TARGET_X86_VEC_IMPL_H

#include "target/x86/translate.h"

/* May the instruction run? Else it raises #UD or #NM here, and the block has ended. */
bool vec_begin(struct x86_tr *t);
/* Around floating-point operations. Where the guest has unmasked exceptions, vec_fp_end raises #XM if one came up since
 * vec_fp_begin; it stands before the instruction's puts. */
void vec_fp_begin(struct x86_tr *t);
void vec_fp_end(struct x86_tr *t);

/* Halves to be done: 2 for VEX instructions of 256 bits. */
static inline unsigned vec_halves(const struct x86_tr *t)
{
    return t->in.vex && t->in.l ? 2 : 1;
}

/* 128 bits of a register */
static inline ir_ref vec_reg(struct x86_tr *t, unsigned n, unsigned half)
{
    return ir_get(t->ir, (half ? X86_SLOT_YMMH : X86_SLOT_XMM) + n);
}

/* The first source: VEX.vvvv, or the destination in legacy encodings. */
static inline ir_ref vec_first(struct x86_tr *t, unsigned half)
{
    return vec_reg(t, t->in.vex ? t->in.vvvv : t->in.reg, half);
}

/* Operand i, W or U: register, or memory of the operand's size, zero-extended; half 1 are the next 128 bits. */
ir_ref vec_rm(struct x86_tr *t, unsigned i, unsigned half);
/* As many halves as there are. All loads of an instruction stand before its puts. */
void vec_rm_both(struct x86_tr *t, unsigned i, ir_ref v[2]);
/* As vec_rm; aligned: memory must be (legacy encodings demand it of 128-bit operands; so do MOVAPS and its kin). */
ir_ref vec_load(struct x86_tr *t, unsigned bytes, unsigned half, bool aligned);
/* Makes a memory operand's address that is not a multiple of 32 one that is not a multiple of 16 either, and so faults. */
void vec_demand_32(struct x86_tr *t);
void vec_store(struct x86_tr *t, ir_ref low, ir_ref high, bool aligned);    /* high 0: 128 bits */
/* The destination: high 0 stands for zeros, which VEX encodings write. */
void vec_put(struct x86_tr *t, unsigned n, ir_ref low, ir_ref high);
void vec_put_both(struct x86_tr *t, unsigned n, const ir_ref r[2]);         /* as many halves as there are */

/* A constant in all lanes of 32 or 64 bits */
static inline ir_ref vec_all32(struct x86_tr *t, uint32_t v)
{
    return ir_vdup(t->ir, 2, ir_i32(t->ir, v));
}

static inline ir_ref vec_all64(struct x86_tr *t, uint64_t v)
{
    return ir_vdup(t->ir, 3, ir_i64(t->ir, v));
}

static inline unsigned vec_imm(const struct x86_tr *t)
{
    return (uint8_t)t->in.imm;
}

#endif
