/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point of the RISC-V translator: what the F, D, Zfh and Zfa emit functions are made of.
 *
 * Single and double precision run as IR operations on the host's FPU, whose sticky flags are fflags. Three things keep
 * them exact:
 *
 * Rounding. The host's mode is frm's equivalent (cpu.fpcr), and the key has frm. So dynamic rounding and a static mode
 * that frm names, too, are the host's operation. Ties-away rounding, and another static mode outside the conversions to
 * integer (which can name it), take rv_helper_fp, as does all half-precision arithmetic.
 *
 * NaN boxing. An f register is an F64 slot; a narrower value has all ones above it. The IR's box32 and unbox32 say so
 * and cancel out inside a block.
 *
 * Canonical NaNs. The host delivers other NaNs than RISC-V's canonical one. A result is only marked (IR_NONCANON): the
 * back end makes it canonical when its slot goes home, which is at the latest where the block ends, or a fault rebuilds
 * the state. In the block, it is made canonical where its bits can be seen: stored, moved to an x register, its sign
 * injected, passed to soft float. Arithmetic on it needs nothing.
 */
#ifndef TARGET_RISCV_FP_H
#define TARGET_RISCV_FP_H

#include "fpu/softfloat.h"
#include "target/riscv/decode.h"
#include "target/riscv/translate.h"

/* Format of an operand, numbered as the instructions' fmt field. */
enum rv_fmt { RV_FMT_S, RV_FMT_D, RV_FMT_H };

enum { RV_RM_DYN = 7 };     /* an instruction's rm: as frm says; else enum fp_rounding */

/* What rv_helper_fp does: operation, formats, rounding mode. Operands and result are whole registers. */
enum rv_fp_op {
    RV_FP_ADD,
    RV_FP_SUB,
    RV_FP_MUL,
    RV_FP_DIV,
    RV_FP_SQRT,
    RV_FP_MADD,         /* a * b + c; the next three in the order of enum fp_negate */
    RV_FP_NMSUB,        /* -(a * b) + c */
    RV_FP_MSUB,         /* a * b - c */
    RV_FP_NMADD,        /* -(a * b) - c */
    RV_FP_MIN,
    RV_FP_MAX,
    RV_FP_MINM,
    RV_FP_MAXM,
    RV_FP_ROUND,
    RV_FP_ROUNDNX,
    RV_FP_CONVERT,      /* from rv_fp_desc's second format */
    RV_FP_FROM_W,
    RV_FP_FROM_WU,
    RV_FP_FROM_L,
    RV_FP_FROM_LU,
    /* those with an integer result, sign extended */
    RV_FP_EQ,
    RV_FP_LT,
    RV_FP_LE,
    RV_FP_LTQ,
    RV_FP_LEQ,
    RV_FP_TO_W,
    RV_FP_TO_WU,
    RV_FP_TO_L,
    RV_FP_TO_LU,
    RV_FP_TO_W_MODULO,
};

static inline uint32_t rv_fp_desc(enum rv_fp_op op, enum rv_fmt fmt, enum rv_fmt from, unsigned rm)
{
    return op | fmt << 8 | from << 12 | rm << 16;
}

/* The bits of a register as a value of fmt: the canonical NaN where it is not NaN-boxed. And the reverse. */
uint64_t rv_fp_unbox(enum rv_fmt fmt, uint64_t reg);
uint64_t rv_fp_box(enum rv_fmt fmt, uint64_t bits);

/* Each emits one instruction of the family; fmt is the format of its operands (of its result for rv_fp_from_*). op
 * names the soft form; the IR operation is derived from it. */
void rv_fp_arith(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FRM *a);
void rv_fp_sqrt(struct rv_tr *t, enum rv_fmt fmt, const struct rv_FR1M *a);
void rv_fp_fma(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R4 *a);
void rv_fp_minmax(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R *a);
void rv_fp_compare(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R *a);
void rv_fp_class(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a);
void rv_fp_round(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a);
void rv_fp_to_int(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a);
void rv_fp_from_int(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a);
void rv_fp_convert(struct rv_tr *t, enum rv_fmt to, enum rv_fmt from, const struct rv_FR1M *a);
/* Sign injection: op is the sub of the IR's fcopysign: 0 copy, 1 negate, 2 xor. */
void rv_fp_sign(struct rv_tr *t, enum rv_fmt fmt, unsigned op, const struct rv_R *a);
void rv_fp_load(struct rv_tr *t, enum rv_fmt fmt, const struct rv_I *a);
void rv_fp_store(struct rv_tr *t, enum rv_fmt fmt, const struct rv_S *a);
void rv_fp_to_x(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a);
void rv_fp_from_x(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a);
/* An f register := constant bits of fmt. */
void rv_fp_constant(struct rv_tr *t, enum rv_fmt fmt, unsigned rd, uint64_t bits);

/* For instructions that no family covers. rv_fp_begin checks mstatus.FS and is called first: false means that the
 * instruction has been dealt with. rv_fp_bits is a whole f register as I64, canonical; rv_fp_put_bits writes one. */
/* rv_fp_begin_reader is for instructions that only read f registers. */
bool rv_fp_begin(struct rv_tr *t);
bool rv_fp_begin_reader(struct rv_tr *t);
ir_ref rv_fp_bits(struct rv_tr *t, unsigned r);
void rv_fp_put_bits(struct rv_tr *t, unsigned rd, ir_ref bits);
/* rv_helper_fp on whole registers; rs2 and rs3 are 0 (any register) where op has fewer operands. */
ir_ref rv_fp_soft(struct rv_tr *t, uint32_t desc, unsigned rs1, unsigned rs2, unsigned rs3);

#endif
