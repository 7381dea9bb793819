/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emit functions of the A64 tables work with. A block is translated instruction by instruction; an emit function
 * appends the IR of one. It writes its results after the last operation that can fault, so that the state is exact when
 * one does. All of it runs on the translating thread.
 */
#ifndef TARGET_ARM_TRANSLATE_H
#define TARGET_ARM_TRANSLATE_H

#include "target/arm/cpu.h"
#include "target/arm/decode.h"
#include "tcg/ir.h"

/* Condition flags at this point of the block. */
struct arm_flags {
    bool known;                     /* else only the slots know */
    uint8_t op;                     /* enum arm_cc */
    ir_ref a, b;                    /* its operands: I32 for the operations of 32 bits, F32 or F64 for FCMP, else I64 */
    ir_ref carry;                   /* of ADD: one more, if this I64 is 1; 0: none */
    ir_ref ab, sum;                 /* with carry: a + b, and a + b + carry */
    /* After CCMP: the flags are those of op where `when` (I64, 0 or 1) holds, else imm. 0: always op's. */
    ir_ref when;
    uint8_t imm;
};

/* A condition as a comparison for brcond, select, setcond. */
struct arm_test {
    enum ir_cond cond;
    ir_ref a, b;
};

/* What the translation of A32 and T32 adds. */
struct a32_state {
    bool thumb;
    uint8_t it;                     /* ITSTATE of the current instruction; 0: none */
    bool learned;                   /* flags was computed from the slots, which still describe them in their way */
    unsigned flag_writes;
    ir_ref nz, c;                   /* N and Z are those of this I32, C is this I64 of 0 or 1; 0: flags has them */
    uint8_t fcmp_op;                /* FPSCR's flags are those of this comparison (enum arm_cc); 0: the slots know */
    ir_ref fcmp_a, fcmp_b;
    /* The instruction's condition as a choice between its results and the old values; not for loads, stores, branches, flags. */
    bool selecting;
    struct arm_test select;
};

struct arm_tr {
    struct ir *ir;
    struct arm_cpu *cpu;            /* its model and mode; registers must not be looked at */
    struct tr_block *tb;
    uint64_t pc, next_pc;           /* of the current instruction and the one behind it */
    uint32_t insn;
    uint32_t key;                   /* ARM_KEY_* */
    uint16_t mem;                   /* MMU index and byte order of data accesses, as bits of enum ir_mem */
    uint8_t el;
    bool ended;                     /* the block has its terminator */
    struct arm_flags flags;
    struct a32_state a32;
};

/* The instruction at an address of the block's page. */
static inline uint32_t arm_insn_at(const struct arm_tr *t, uint64_t pc)
{
    const uint8_t *p = t->tb->page + (pc & 0xfff);

    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The entry for struct cpu_type. */
void arm_translate(struct tr_block *tb, struct ir *ir);

/* ---- registers ---- */

/* X registers as I64: 31 reads as zero and writes to it are dropped; in the sp forms it is the stack pointer. */
static inline ir_ref arm_x(struct arm_tr *t, unsigned n)
{
    return n == 31 ? ir_i64(t->ir, 0) : ir_get(t->ir, ARM_SLOT_X + n);
}

static inline ir_ref arm_xsp(struct arm_tr *t, unsigned n)
{
    return ir_get(t->ir, ARM_SLOT_X + n);
}

static inline void arm_set_xsp(struct arm_tr *t, unsigned n, ir_ref v)
{
    ir_put(t->ir, ARM_SLOT_X + n, v);
}

static inline void arm_set_x(struct arm_tr *t, unsigned n, ir_ref v)
{
    if (n != 31) {
        arm_set_xsp(t, n, v);
    }
}

/* W registers as I32; writes zero the upper half. v is I32 or I64. */
static inline ir_ref arm_w(struct arm_tr *t, unsigned n)
{
    return n == 31 ? ir_i32(t->ir, 0) : ir_trunc(t->ir, ir_get(t->ir, ARM_SLOT_X + n));
}

static inline void arm_set_w(struct arm_tr *t, unsigned n, ir_ref v)
{
    if (n != 31) {
        ir_put(t->ir, ARM_SLOT_X + n, ir_extu32(t->ir, v));
    }
}

/* A register of the width that sf says: I64 or I32. */
static inline ir_ref arm_r(struct arm_tr *t, bool sf, unsigned n)
{
    return sf ? arm_x(t, n) : arm_w(t, n);
}

static inline ir_ref arm_rsp(struct arm_tr *t, bool sf, unsigned n)
{
    return sf ? arm_xsp(t, n) : ir_trunc(t->ir, arm_xsp(t, n));
}

static inline void arm_set_r(struct arm_tr *t, bool sf, unsigned n, ir_ref v)
{
    if (sf) {
        arm_set_x(t, n, v);
    } else {
        arm_set_w(t, n, v);
    }
}

static inline void arm_set_rsp(struct arm_tr *t, bool sf, unsigned n, ir_ref v)
{
    arm_set_xsp(t, n, sf ? v : ir_extu32(t->ir, v));
}

static inline ir_ref arm_const(struct arm_tr *t, bool sf, uint64_t v)
{
    return sf ? ir_i64(t->ir, v) : ir_i32(t->ir, v);
}

/* V registers. Writing a scalar clears what is above it; 64-bit vector forms clear the upper half. */
static inline ir_ref arm_v(struct arm_tr *t, unsigned n)
{
    return ir_get(t->ir, ARM_SLOT_V + n);
}

static inline void arm_set_v(struct arm_tr *t, unsigned n, ir_ref v)
{
    ir_put(t->ir, ARM_SLOT_V + n, v);
}

static inline void arm_set_vq(struct arm_tr *t, bool q, unsigned n, ir_ref v)
{
    arm_set_v(t, n, q ? v : ir_vfrom(t->ir, ir_vget(t->ir, IR_F64, 3, v, 0)));
}

/* The halves as I64, and a V register made of such. */
static inline ir_ref arm_vlo(struct arm_tr *t, unsigned n)
{
    return ir_vget(t->ir, IR_I64, 3, arm_v(t, n), 0);
}

static inline ir_ref arm_vhi(struct arm_tr *t, unsigned n)
{
    return ir_vget(t->ir, IR_I64, 3, arm_v(t, n), 1);
}

static inline ir_ref arm_vjoin(struct arm_tr *t, ir_ref lo, ir_ref hi)
{
    return ir_vset(t->ir, 3, ir_vfrom(t->ir, lo), 1, hi);
}

/* First thing that an FP or SIMD instruction does. False: it traps, and that has been emitted. */
bool arm_fp_begin(struct arm_tr *t);

/* Where guarded pages are: BTYPE of an indirect branch by rn, before it. A no-op otherwise. */
void arm_branch_type(struct arm_tr *t, unsigned rn, bool link);
/* There, in front of a block's first instruction: may BTYPE be what it is? It is 0 afterwards. */
void arm_bti_begin(struct arm_tr *t);
/* Hints of pointer authentication (a64_pauth.c) by number; false: it is none. */
bool arm_pauth_hint(struct arm_tr *t, unsigned number);

/* ---- flags (flags.c) ---- */

/* The flags are from now on those of op on a and b (b of no interest for ARM_CC_NZCV and LOGIC). */
void arm_flags_set(struct arm_tr *t, enum arm_cc op, ir_ref a, ir_ref b);
/* The flags of a + b + carry (I64, 0 or 1); the sum. */
ir_ref arm_flags_set_carry(struct arm_tr *t, bool sf, ir_ref a, ir_ref b, ir_ref carry);
/* The same if cond (an A64 condition number) holds now, else the constant imm. */
void arm_flags_set_if(struct arm_tr *t, unsigned cond, enum arm_cc op, ir_ref a, ir_ref b, unsigned imm);
/* NZCV in bits 31 to 28 of an I64; C alone as an I64. */
ir_ref arm_flags_packed(struct arm_tr *t);
ir_ref arm_flags_carry(struct arm_tr *t);
/* The A64 condition (0 to 15) as such a comparison. */
struct arm_test arm_flags_test(struct arm_tr *t, unsigned cond);

/* ---- ends of a block: nothing may be emitted behind them (but a new IR block) ---- */

/* On to a guest address, known or computed (I64). After a helper that may have changed mode, mappings or interrupts it
 * must be arm_goto_ind. */
void arm_goto(struct arm_tr *t, uint64_t pc);
void arm_goto_ind(struct arm_tr *t, ir_ref pc);
/* To the execution loop, which goes on at pc. */
void arm_exit(struct arm_tr *t, uint64_t pc, enum ir_exit code);
/* The current instruction is undefined. An emit function may call it for operands that the table doesn't know. */
void arm_undef(struct arm_tr *t);
/* A helper with one I32 constant. */
ir_ref arm_call_imm(struct arm_tr *t, enum arm_helper helper, uint32_t imm);
/* Raises an exception of class ec to the EL that takes the caller's, with iss; ends the block. */
void arm_raise_class(struct arm_tr *t, unsigned ec, uint32_t iss);

#endif
