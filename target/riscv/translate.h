/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the emit functions of the instruction tables work with. A block is translated instruction by instruction; an emit
 * function appends the IR of one. It writes its results (rv_set) after the last operation that can fault, so that the
 * state is exact when one does. All of it runs on the translating thread.
 */
#ifndef TARGET_RISCV_TRANSLATE_H
#define TARGET_RISCV_TRANSLATE_H

#include "target/riscv/cpu.h"
#include "target/riscv/decode.h"
#include "tcg/ir.h"

struct rv_tr {
    struct ir *ir;
    struct rv_cpu *cpu;             /* its model and mode; registers must not be looked at */
    struct tr_block *tb;
    uint64_t pc, next_pc;           /* of the current instruction and the one behind it; zero-extended on RV32 */
    uint32_t insn;                  /* its bits, 16 or 32 of them */
    uint32_t key;                   /* translation key (RV_KEY_*) */
    uint8_t xlen;                   /* 32 or 64 */
    uint8_t bytes;                  /* length of the instruction */
    uint16_t mem;                   /* the MMU index of data accesses, as bits of enum ir_mem */
    bool ended;                     /* the block has its terminator */
    bool key_changed;               /* since the block began, by a helper that `key` already takes into account */
};

/* The entry for struct cpu_type. */
void rv_translate(struct tr_block *tb, struct ir *ir);

static inline bool rv_is32(const struct rv_tr *t)
{
    return t->xlen == 32;
}

/* x registers, as I64: sign-extended from XLEN. */
static inline ir_ref rv_get(struct rv_tr *t, unsigned n)
{
    return n ? ir_get(t->ir, RV_SLOT_X + n) : ir_i64(t->ir, 0);
}

/* v is I64, sign-extended from XLEN. A write to x0 is dropped. */
static inline void rv_set(struct rv_tr *t, unsigned n, ir_ref v)
{
    if (n) {
        ir_put(t->ir, RV_SLOT_X + n, v);
    }
}

/* The low halves, as I32. */
static inline ir_ref rv_get32(struct rv_tr *t, unsigned n)
{
    return ir_trunc(t->ir, rv_get(t, n));
}

/* v is I32 or I64, whose low 32 bits count. */
static inline void rv_set32(struct rv_tr *t, unsigned n, ir_ref v)
{
    rv_set(t, n, ir_exts32(t->ir, v));
}

/* v is I64 whose low XLEN bits count. */
static inline void rv_set_xlen(struct rv_tr *t, unsigned n, ir_ref v)
{
    rv_set(t, n, rv_is32(t) ? ir_exts32(t->ir, v) : v);
}

/* A constant XLEN-wide value (an address, usually), as registers hold it. */
static inline ir_ref rv_const(struct rv_tr *t, uint64_t v)
{
    return ir_i64(t->ir, rv_is32(t) ? (int32_t)v : (int64_t)v);
}

/* A register's value or a computed one as an address. */
static inline ir_ref rv_as_addr(struct rv_tr *t, ir_ref v)
{
    return rv_is32(t) ? ir_extu32(t->ir, v) : v;
}

/* The address rs1 + imm: what is returned plus *disp, which goes into the memory operation. */
ir_ref rv_addr(struct rv_tr *t, unsigned rs1, int32_t imm, int64_t *disp);
/* Loads and stores at rs1 + imm; mem = size and sign of enum ir_mem. */
ir_ref rv_load(struct rv_tr *t, enum ir_type type, unsigned rs1, int32_t imm, unsigned mem);
void rv_store(struct rv_tr *t, unsigned rs1, int32_t imm, ir_ref v, unsigned mem);

/* ---- ends of a block: nothing may be emitted behind them (but a new IR block) ---- */

/* On to a guest address, known or computed (I64, zero-extended on RV32). After a helper that may have changed mode,
 * mappings or interrupts it must be rv_goto_ind. */
void rv_goto(struct rv_tr *t, uint64_t pc);
void rv_goto_ind(struct rv_tr *t, ir_ref pc);
/* To the execution loop, which goes on at pc. */
void rv_exit(struct rv_tr *t, uint64_t pc, enum ir_exit code);
/* The current instruction is illegal. An emit function may call it for operands and modes that the table doesn't know. */
void rv_illegal(struct rv_tr *t);
/* A helper that ends the block, with insn as the first argument and up to two more. Returns its result. */
ir_ref rv_call_insn(struct rv_tr *t, enum rv_helper helper, unsigned nargs, ir_ref a, ir_ref b);

#endif
