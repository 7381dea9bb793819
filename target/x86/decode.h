/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder of x86 instructions: prefixes, opcode maps, ModRM and SIB, immediates. The forms are rows made by
 * scripts/x86gen from the *.isa tables. Pure: any thread.
 */
#ifndef TARGET_X86_DECODE_H
#define TARGET_X86_DECODE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "target/x86/feature.h"

struct x86_tr;

/* Method of addressing of an operand: the manual's letters (SDM vol. 2, appendix A.2.1). */
enum x86_op_kind {
    X86_OP_NONE, X86_OP_E, X86_OP_G, X86_OP_SI, X86_OP_I, X86_OP_J, X86_OP_M, X86_OP_R, X86_OP_O, X86_OP_S, X86_OP_C, X86_OP_D,
    X86_OP_B, X86_OP_A, X86_OP_Z, X86_OP_V, X86_OP_W, X86_OP_H, X86_OP_U, X86_OP_L, X86_OP_P, X86_OP_Q, X86_OP_N,
    X86_OP_ONE, X86_OP_CL, X86_OP_DX,
};

enum x86_op_size {
    X86_SIZE_B, X86_SIZE_W, X86_SIZE_D, X86_SIZE_Q, X86_SIZE_V, X86_SIZE_Z, X86_SIZE_Y, X86_SIZE_P, X86_SIZE_A, X86_SIZE_S,
    X86_SIZE_SS, X86_SIZE_SD, X86_SIZE_PS, X86_SIZE_PD, X86_SIZE_DQ, X86_SIZE_QQ, X86_SIZE_X, X86_SIZE_T, X86_SIZE_NONE,
};

enum {
    X86_ROW_LOCK = 1, X86_ROW_I64 = 2, X86_ROW_O64 = 4, X86_ROW_D64 = 8, X86_ROW_F64 = 16, X86_ROW_RO = 32, X86_ROW_WO = 64,
    X86_ROW_VEX = 128, X86_ROW_L0 = 256, X86_ROW_L1 = 512, X86_ROW_W0 = 1024, X86_ROW_W1 = 2048, X86_ROW_MODRM = 4096,
};

struct x86_operand {
    uint8_t kind, size;             /* enum x86_op_kind, x86_op_size */
};

struct x86_row {
    const char *name;               /* lower case; "j+c": a condition follows */
    const char *place;              /* file:line */
    void (*emit)(struct x86_tr *t);
    uint16_t flags;                 /* X86_ROW_* */
    int16_t feature;                /* enum x86_feature; -1: always there */
    uint8_t map, opcode;            /* maps: one byte, 0F, 0F38, 0F3A; then the last three with VEX */
    uint8_t prefix;                 /* 0 any, 1 none, 2 66, 3 F3, 4 F2 */
    int8_t reg;                     /* -1: any */
    uint8_t mod;                    /* 0 any, 1 memory, 2 register */
    int8_t rm;
    uint8_t nops;
    struct x86_operand ops[4];
};

#define X86_NO_ROW 0xffff
extern const struct x86_row x86_rows[];
extern const unsigned x86_nrows;
/* Rows of an opcode in the order in which they are tried, up to X86_NO_ROW. */
const uint16_t *x86_rows_of(unsigned map, unsigned opcode);

/* What decoding depends on besides the bytes. */
struct x86_mode {
    uint8_t bits;                   /* default size: 16, 32; 64 */
    bool real;                      /* real or v8086: no VEX */
    const struct x86_features *features;    /* NULL: all */
};

enum { X86_NO_REG = -1, X86_RIP = 16 };

struct x86_insn {
    const struct x86_row *row;
    uint8_t len;
    uint8_t rep;                    /* last of F2, F3; 0 */
    bool lock, osz, asz;            /* prefixes F0, 66, 67 */
    bool rex;                       /* there is a REX prefix: SPL.. instead of AH.. */
    bool w;                         /* REX.W or VEX.W */
    bool vex, l;
    uint8_t vvvv;
    int8_t seg;                     /* override: ES CS SS DS FS GS as 0..5; -1: none */
    uint8_t map, opcode;
    uint8_t modrm, mod, reg, rm;    /* reg and rm with REX's bits; rm: of register forms */
    uint8_t opsize, asize;          /* bytes */
    bool mem;                       /* the r/m operand is in memory: */
    int8_t base, index;             /* registers, X86_NO_REG, X86_RIP */
    uint8_t scale;                  /* log2 */
    int64_t disp;
    int64_t imm, imm2;              /* sign-extended from their own size */
};

enum x86_decoded { X86_OK, X86_MORE, X86_INVALID, X86_TOO_LONG };

/* Decodes the instruction in avail bytes. X86_MORE: they are too few. len is set except then. */
enum x86_decoded x86_decode(const struct x86_mode *mode, const uint8_t *bytes, unsigned avail, struct x86_insn *in);

/* Size in bytes of an operand of this instruction; memory operands of vectors: what is accessed. */
unsigned x86_operand_bytes(const struct x86_insn *in, struct x86_operand op);

/* Appends "name operands" in Intel syntax; pc: address of the next instruction. */
void x86_disas_insn(const struct x86_insn *in, const struct x86_mode *mode, uint64_t next_pc, GString *out);

#endif
