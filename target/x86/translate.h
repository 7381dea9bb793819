/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emit functions of the instruction tables work with. For each instruction the generic part (translate.c) forms
 * the address of the memory operand and loads the operands; the emit function computes, hands over the result
 * (xt_result) and flags (xt_cc_set); the generic part stores the result and only then puts registers and flags, so that
 * the state is exact where the store faults. All of it runs on the translating thread.
 *
 * Operands of 1, 2 and 4 bytes are I32, zero-extended as they are loaded; those of 8 bytes I64. Of a result the low bytes
 * count.
 */
#ifndef TARGET_X86_TRANSLATE_H
#define TARGET_X86_TRANSLATE_H

#include "target/x86/cpu.h"
#include "target/x86/decode.h"
#include "tcg/ir.h"

/* The arithmetic flags at a point of the translation: op is an enum x86_cc, whose operands are values of this block, or
 * X86_CC_DYNAMIC: they are in their slots. The operands have the operation's type (I32, I64); src2 and the src of INC, DEC,
 * MUL and EFLAGS are I64. */
enum { X86_CC_DYNAMIC = X86_CC_OPS };
struct x86_flags {
    uint8_t op;
    uint16_t kind;                  /* override: X86_CC_OVER bits and size; 0: none. With X86_CC_DYNAMIC: of the slots, if known */
    ir_ref dst, src, src2, over;    /* over: I64 */
};

struct x86_tr {
    struct ir *ir;
    struct x86_cpu *cpu;            /* its model; registers must not be looked at */
    struct tr_block *tb;
    uint64_t pc, next_pc;           /* linear, of the current instruction and the one behind it */
    uint32_t key;
    uint64_t cs_base;               /* where xt_cs_known */
    struct x86_mode mode;
    struct x86_insn in;
    uint16_t mem;                   /* the MMU index of data accesses, as bits of enum ir_mem */
    bool ended;                     /* the block has its terminator */

    /* ---- the current instruction ---- */
    uint8_t size;                   /* bytes of the first operand, or of v where there is none */
    ir_ref v[4];                    /* operands; 0 where not loaded */
    ir_ref addr;                    /* memory operand: linear address is addr + disp; effective one for M operands */
    int64_t disp;
    ir_ref result;                  /* 0: none */
    struct x86_flags cc;            /* before the instruction; what xt_cc_set says comes into force after it */
    struct x86_flags cc_next;
    bool cc_changed;
    ir_ref cc_if;                   /* 0, or: the flags change only if this is not 0 (a variable shift's count) */
    bool locked;                    /* LOCK: operand 0 was not loaded, xt_atomic does the access */
};

/* The entries for struct cpu_type. */
void x86_translate(struct tr_block *tb, struct ir *ir);
unsigned x86_disas(struct cpu *cpu, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out);

static inline bool xt_code64(const struct x86_tr *t)
{
    return t->key & X86_KEY_CS64;
}

static inline bool xt_cs_known(const struct x86_tr *t)
{
    return (t->key & X86_KEY_CS) != X86_KEY_CS_OTHER;
}

static inline enum ir_type xt_type(unsigned bytes)
{
    return bytes == 8 ? IR_I64 : IR_I32;
}

/* Bytes of an x87 instruction's memory operand: op = the opcode's low three bits (x87_helpers.c). */
unsigned x86_x87_bytes(unsigned op, unsigned reg);

/* ---- values ---- */

ir_ref xt_const(struct x86_tr *t, unsigned bytes, uint64_t v);     /* of xt_type(bytes), cut to its bytes; of vectors: 64 bits */
ir_ref xt_zext(struct x86_tr *t, ir_ref v, unsigned bytes);        /* low bytes of v, zero-extended in v's type */
ir_ref xt_sext(struct x86_tr *t, ir_ref v, unsigned bytes);
ir_ref xt_to64(struct x86_tr *t, ir_ref v);                        /* I32 or I64 to I64; an I32 zero-extended */
ir_ref xt_as(struct x86_tr *t, ir_ref v, unsigned bytes);          /* to xt_type(bytes) */
/* General registers; a byte register n is AH.. for n = 4..7 without REX. */
ir_ref xt_reg(struct x86_tr *t, unsigned n, unsigned bytes);
void xt_set_reg(struct x86_tr *t, unsigned n, unsigned bytes, ir_ref v);
/* The whole of r0 to r15 as I64 (in 16- and 32-bit code the upper halves are zero). */
static inline ir_ref xt_r64(struct x86_tr *t, unsigned n)
{
    return ir_get(t->ir, X86_SLOT_R + n);
}

/* ---- memory ---- */

/* The linear address of an effective one in segment register seg for an access of so many bytes: limits are checked. */
ir_ref xt_linear(struct x86_tr *t, unsigned seg, ir_ref ea, int64_t *disp, unsigned bytes, bool write);
ir_ref xt_load(struct x86_tr *t, ir_ref addr, int64_t disp, unsigned bytes);   /* xt_type(bytes) */
void xt_store(struct x86_tr *t, ir_ref addr, int64_t disp, ir_ref v, unsigned bytes);
/* The segment of the memory operand: override or the default of its base. */
unsigned xt_mem_seg(const struct x86_insn *in);
/* Effective address without segment, cut to the address size. */
ir_ref xt_effective(struct x86_tr *t);
/* Atomic old = [operand 0]; [operand 0] = old op v. Under t->locked, for memory destinations. */
ir_ref xt_atomic(struct x86_tr *t, enum ir_rmw op, ir_ref v);

/* ---- stack ---- */

unsigned xt_stack_bytes(const struct x86_tr *t);   /* width of the stack pointer */
/* The stack pointer plus an offset, cut to its width, as I64. */
ir_ref xt_sp_plus(struct x86_tr *t, int64_t offset);
/* Accesses at SP + offset (in the stack segment); they do not change it. */
ir_ref xt_stack_load(struct x86_tr *t, int64_t offset, unsigned bytes);
void xt_stack_store(struct x86_tr *t, int64_t offset, ir_ref v, unsigned bytes);
void xt_set_sp(struct x86_tr *t, ir_ref v);        /* the low bytes of v, by the stack's width */

/* ---- results and flags ---- */

static inline void xt_result(struct x86_tr *t, ir_ref v)
{
    t->result = v;
}

/* op: the B member of a group of enum x86_cc (X86_CC_ADDB); the operation's size is t->size. */
void xt_cc_set(struct x86_tr *t, enum x86_cc op, ir_ref dst, ir_ref src, ir_ref src2);
/* CF and OF alone: kind as in enum x86_cc's overrides; over is I32 or I64. */
void xt_cc_override(struct x86_tr *t, unsigned kind, ir_ref over);
/* All six as in EFLAGS (I64). */
void xt_cc_set_all(struct x86_tr *t, ir_ref flags);
ir_ref xt_cc_all(struct x86_tr *t);
ir_ref xt_carry(struct x86_tr *t);                 /* CF as I64, 0 or 1 */
struct x86_cond {
    enum ir_cond c;
    ir_ref a, b;
};
/* The condition with number cc (as in Jcc) of the flags before the instruction. */
struct x86_cond xt_condition(struct x86_tr *t, unsigned cc);
/* Flags are in their slots and what stands there is not known (a helper has written them). */
void xt_cc_forget(struct x86_tr *t);

/* ---- control ---- */

ir_ref xt_call(struct x86_tr *t, enum x86_helper helper, unsigned nargs, ...);     /* arguments: ir_ref */
void xt_raise_now(struct x86_tr *t, enum x86_vector vector);       /* ends the block */
/* Ends of a block. Linear addresses; xt_goto_ip takes an instruction pointer (I64, zero-extended). */
void xt_goto(struct x86_tr *t, uint64_t pc);
void xt_goto_ind(struct x86_tr *t, ir_ref pc);
void xt_goto_ip(struct x86_tr *t, ir_ref ip);
/* A relative jump's target; known tells whether it is *pc, else it is the value *ind. */
bool xt_target(struct x86_tr *t, int64_t disp, uint64_t *pc, ir_ref *ind);
void xt_goto_rel(struct x86_tr *t, int64_t disp);
void xt_next(struct x86_tr *t);                    /* on to the next instruction, where the key may have changed */
void xt_lookup_pc(struct x86_tr *t);               /* a helper has set pc */
void xt_exit(struct x86_tr *t, uint64_t pc, enum ir_exit code);
/* Behind an access to a port: #DB if DR7 has a breakpoint on it; pc comes next. */
void xt_port_done(struct x86_tr *t, uint64_t pc);
/* IP of the next instruction, as I64. */
ir_ref xt_next_ip(struct x86_tr *t);
/* A new block of the region in which the current instruction goes on; state is in its homes there. */
void xt_begin(struct x86_tr *t, unsigned block);

#endif
