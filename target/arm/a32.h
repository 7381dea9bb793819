/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emit functions of the A32 and T32 tables work with, beside translate.h. Both instruction sets share them:
 * t->a32.thumb tells where their meaning differs. A field S of 2 means "outside of IT blocks".
 *
 * Registers are held zero-extended in the slots of X0 to X14 (those of the current mode); R15 is a constant. Addresses are
 * a base of 32 bits plus a displacement: they may leave the 4 GiB, and wrap where the MMU looks at them.
 */
#ifndef TARGET_ARM_A32_H
#define TARGET_ARM_A32_H

#include "target/arm/a32_decode.h"
#include "target/arm/translate.h"

void a32_translate(struct tr_block *tb, struct ir *ir);
/* The row for the instruction; insn of T32 is the first halfword, or the first in the upper half and the second. *insn
 * becomes the encoding that the row is for. */
unsigned a32_decode(uint32_t *insn, bool thumb, bool wide, const struct isa_needs *needs);
static inline bool t32_wide(uint32_t halfword)
{
    return halfword >> 11 >= 0x1d;
}

/* ---- registers ---- */

/* As I32; zero-extended to I64. R15 reads as the address of the instruction plus 8, or 4 in T32. */
ir_ref a32_r(struct arm_tr *t, unsigned n);
ir_ref a32_r64(struct arm_tr *t, unsigned n);
/* R15 as a base register: word-aligned. */
ir_ref a32_base(struct arm_tr *t, unsigned n);
/* n is not 15; v is I32 or I64. */
void a32_set_r(struct arm_tr *t, unsigned n, ir_ref v);
/* Data processing may write R15: a branch, with interworking in A32. Ends the block then. */
void a32_set_alu(struct arm_tr *t, unsigned n, ir_ref v);

/* ---- ends of a block ---- */

void a32_goto(struct arm_tr *t, uint32_t pc);
void a32_goto_ind(struct arm_tr *t, ir_ref pc);             /* I64 */
void a32_exit(struct arm_tr *t, enum ir_exit code);         /* goes on behind the instruction */
/* To v (I32), whose bit 0 selects T32. */
void a32_branch_to(struct arm_tr *t, ir_ref v);
/* To a known address in the other instruction set. */
void a32_switch(struct arm_tr *t, uint32_t pc);
/* The instruction has changed what the key depends on: goes on behind it by the jump cache. */
void a32_resume(struct arm_tr *t);
/* What helpers of calls want to know: bytes of the instruction, PSTATE.IT behind it from bit 8 on. */
uint32_t a32_after(const struct arm_tr *t);

/* ---- flags (a32_flags.c) ---- */

void a32_flags_addsub(struct arm_tr *t, enum arm_cc op, ir_ref a, ir_ref b);
void a32_flags_packed_set(struct arm_tr *t, ir_ref nzcv);   /* I64, bits 31 to 28 */
void a32_flags_nz(struct arm_tr *t, ir_ref result);         /* C and V stay */
void a32_flags_c(struct arm_tr *t, ir_ref carry);           /* I64, 0 or 1; the others stay */
ir_ref a32_flags_packed(struct arm_tr *t);
ir_ref a32_flags_carry(struct arm_tr *t);                   /* I64, 0 or 1 */
struct arm_test a32_flags_test(struct arm_tr *t, unsigned cond);
/* Nothing is known of the flags but that the slots have them. */
void a32_flags_forget(struct arm_tr *t);

static inline bool a32_sets(const struct arm_tr *t, unsigned s)
{
    return s == 2 ? !t->a32.it : s;
}

static inline ir_ref a32_call2(struct arm_tr *t, enum arm_helper helper, uint32_t imm, ir_ref v)
{
    const ir_ref args[] = { ir_i32(t->ir, imm), v };

    return ir_call(t->ir, helper, 2, args);
}

#endif
