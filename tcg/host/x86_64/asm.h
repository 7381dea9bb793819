/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 encoders, one for each instruction format. An instruction is an X_ constant: opcode, map, prefix and width in
 * one word, the same for the legacy and the VEX form (Intel SDM volume 2, chapter 2).
 *
 * Registers are numbered 0..15 in every function here; whether they are general or vector registers is the opcode's
 * business. Nothing checks the room left: the caller keeps ASM_MARGIN bytes free.
 */
#ifndef TCG_HOST_X86_64_ASM_H
#define TCG_HOST_X86_64_ASM_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

#define ASM_MARGIN 1024

struct code {
    uint8_t *p;                 /* next byte to write */
    uint8_t *start, *end;
    const uint8_t *rx;          /* where `start` will run */
};

/* Memory operand: [base + index << scale + disp], or [rip] -> target when base is ASM_RIP. */
enum { ASM_RIP = -1, ASM_NOINDEX = -1 };

struct amem {
    int8_t base, index;
    uint8_t scale;
    int32_t disp;
    const void *target;
};

static inline struct amem amem(int base, int64_t disp)
{
    return (struct amem){ .base = base, .index = ASM_NOINDEX, .disp = (int32_t)disp };
}

static inline struct amem amem_index(int base, int index, int scale, int64_t disp)
{
    return (struct amem){ .base = base, .index = index, .scale = scale, .disp = (int32_t)disp };
}

static inline struct amem amem_rip(const void *target)
{
    return (struct amem){ .base = ASM_RIP, .index = ASM_NOINDEX, .target = target };
}

#define X_0F 0x100
#define X_0F38 0x200
#define X_0F3A 0x300
#define X_MAP(op) (((op) >> 8) & 3)
#define X_66 0x1000
#define X_F3 0x2000
#define X_F2 0x3000
#define X_PP(op) (((op) >> 12) & 3)
#define X_W 0x8000              /* 64 bits */
#define X_BYTE 0x10000          /* a byte register is named: numbers 4..7 need a REX prefix */

#define X_IF_W(w) ((w) ? X_W : 0)

enum {
    X_ADD = 0x01, X_OR = 0x09, X_AND = 0x21, X_SUB = 0x29, X_XOR = 0x31, X_CMP = 0x39,     /* rm, reg; + 2: reg, rm */
    X_TEST = 0x85, X_XCHG = 0x87, X_XCHG8 = 0x86 | X_BYTE,
    X_MOV_STORE = 0x89, X_MOV_LOAD = 0x8b, X_MOV_STORE8 = 0x88 | X_BYTE, X_MOV_STORE16 = 0x89 | X_66,
    X_LEA = 0x8d, X_MOVSXD = 0x63 | X_W,
    X_MOVZX8 = 0xb6 | X_0F | X_BYTE, X_MOVZX16 = 0xb7 | X_0F, X_MOVSX8 = 0xbe | X_0F | X_BYTE, X_MOVSX16 = 0xbf | X_0F,
    X_IMUL = 0xaf | X_0F, X_CMOV = 0x40 | X_0F, X_SETCC = 0x90 | X_0F | X_BYTE,
    X_GROUP1 = 0x81, X_GROUP2 = 0xc1, X_GROUP2_CL = 0xd3, X_GROUP3 = 0xf7, X_GROUP3_8 = 0xf6 | X_BYTE,
    X_GROUP5 = 0xff, X_MOV_IMM = 0xc7, X_MOV_IMM8 = 0xc6 | X_BYTE, X_MOV_IMM16 = 0xc7 | X_66, X_BT = 0xba | X_0F,
    X_BSF = 0xbc | X_0F, X_BSR = 0xbd | X_0F, X_TZCNT = 0xbc | X_0F | X_F3, X_LZCNT = 0xbd | X_0F | X_F3,
    X_POPCNT = 0xb8 | X_0F | X_F3,
    X_XADD = 0xc1 | X_0F, X_XADD8 = 0xc0 | X_0F | X_BYTE, X_CMPXCHG = 0xb1 | X_0F, X_CMPXCHG8 = 0xb0 | X_0F | X_BYTE,
    /* VEX only */
    X_ANDN = 0xf2 | X_0F38, X_BEXTR = 0xf7 | X_0F38, X_SHLX = 0xf7 | X_0F38 | X_66, X_SARX = 0xf7 | X_0F38 | X_F3,
    X_SHRX = 0xf7 | X_0F38 | X_F2, X_MULX = 0xf6 | X_0F38 | X_F2, X_RORX = 0xf0 | X_0F3A | X_F2,
    /* vectors; _S single, _D double */
    X_MOVAPS = 0x28 | X_0F, X_MOVAPS_STORE = 0x29 | X_0F, X_MOVUPS = 0x10 | X_0F, X_MOVUPS_STORE = 0x11 | X_0F,
    X_MOVSS = 0x10 | X_0F | X_F3, X_MOVSS_STORE = 0x11 | X_0F | X_F3,
    X_MOVSD = 0x10 | X_0F | X_F2, X_MOVSD_STORE = 0x11 | X_0F | X_F2,
    X_MOVD_IN = 0x6e | X_0F | X_66, X_MOVD_OUT = 0x7e | X_0F | X_66,    /* xmm <- gpr, gpr <- xmm; X_W: 64 bits */
    X_MOVQ = 0x7e | X_0F | X_F3, X_MOVQ_STORE = 0xd6 | X_0F | X_66,
    X_ANDPS = 0x54 | X_0F, X_ANDNPS = 0x55 | X_0F, X_ORPS = 0x56 | X_0F, X_XORPS = 0x57 | X_0F,
    X_PCMPEQB = 0x74 | X_0F | X_66, X_PCMPEQD = 0x76 | X_0F | X_66, X_PTEST = 0x17 | X_0F38 | X_66,
    X_PCLMUL = 0x44 | X_0F3A | X_66, X_PUNPCKLQDQ = 0x6c | X_0F | X_66, X_PEXTRQ = 0x16 | X_0F3A | X_66 | X_W,
    X_UCOMIS_S = 0x2e | X_0F, X_UCOMIS_D = 0x2e | X_0F | X_66, X_COMIS_S = 0x2f | X_0F, X_COMIS_D = 0x2f | X_0F | X_66,
    X_ADD_S = 0x58 | X_0F | X_F3, X_MUL_S = 0x59 | X_0F | X_F3, X_SUB_S = 0x5c | X_0F | X_F3, X_MIN_S = 0x5d | X_0F | X_F3,
    X_DIV_S = 0x5e | X_0F | X_F3, X_MAX_S = 0x5f | X_0F | X_F3, X_SQRT_S = 0x51 | X_0F | X_F3,
    X_CMP_S = 0xc2 | X_0F | X_F3, X_CVT_S2D = 0x5a | X_0F | X_F3, X_CVT_D2S = 0x5a | X_0F | X_F2,
    X_CVTSI2_S = 0x2a | X_0F | X_F3, X_CVTT_S2SI = 0x2c | X_0F | X_F3, X_CVT_S2SI = 0x2d | X_0F | X_F3,
    X_ROUND_S = 0x0a | X_0F3A | X_66, X_ROUND_D = 0x0b | X_0F3A | X_66,
    X_FMADD231 = 0xb9 | X_0F38 | X_66, X_FMSUB231 = 0xbb | X_0F38 | X_66, X_FNMADD231 = 0xbd | X_0F38 | X_66,
    X_FNMSUB231 = 0xbf | X_0F38 | X_66,                                 /* X_W: double */
};

#define X_S2D (X_F3 ^ X_F2)     /* turns a single-precision arithmetic opcode into the double-precision one */

/* Conditions, as in jcc/setcc/cmov; c ^ 1 is the opposite. */
enum { CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE, CC_LE, CC_G };

/* ModRM digits of the groups */
enum { G1_ADD, G1_OR, G1_ADC, G1_SBB, G1_AND, G1_SUB, G1_XOR, G1_CMP };
enum { G2_ROL, G2_ROR, G2_SHL = 4, G2_SHR, G2_SAR = 7 };
enum { G3_TEST, G3_NOT = 2, G3_NEG, G3_MUL, G3_IMUL, G3_DIV, G3_IDIV };

static inline void asm_u8(struct code *c, uint8_t v)
{
    *c->p++ = v;
}

static inline void asm_u32(struct code *c, uint32_t v)
{
    memcpy(c->p, &v, 4);
    c->p += 4;
}

static inline void asm_u64(struct code *c, uint64_t v)
{
    memcpy(c->p, &v, 8);
    c->p += 8;
}

static inline uint32_t asm_pos(const struct code *c)
{
    return c->p - c->start;
}

static inline const uint8_t *asm_rx(const struct code *c)
{
    return c->rx + (c->p - c->start);
}

/* Prefixes, REX and opcode of a legacy-encoded instruction. */
void asm_head(struct code *c, uint32_t op, int reg, int index, int base);

/* Register and register or memory; imm_bytes of an immediate follow (they count for rip-relative operands). */
void asm_rr(struct code *c, uint32_t op, int reg, int rm);
void asm_rm_imm(struct code *c, uint32_t op, int reg, const struct amem *m, unsigned imm_bytes);

static inline void asm_rm(struct code *c, uint32_t op, int reg, const struct amem *m)
{
    asm_rm_imm(c, op, reg, m, 0);
}

/* VEX-encoded, with a register more */
void asm_vrr(struct code *c, uint32_t op, int reg, int vvvv, int rm);
void asm_vrm(struct code *c, uint32_t op, int reg, int vvvv, const struct amem *m);

/* Group 1 with an immediate (simm32): digit = G1_x */
void asm_alu_ri(struct code *c, bool w, int digit, int rm, int32_t imm);
void asm_alu_mi(struct code *c, bool w, int digit, const struct amem *m, int32_t imm);

static inline void asm_rr_i8(struct code *c, uint32_t op, int reg, int rm, int imm)
{
    asm_rr(c, op, reg, rm);
    asm_u8(c, (uint8_t)imm);
}

static inline void asm_rr_i32(struct code *c, uint32_t op, int reg, int rm, int32_t imm)
{
    asm_rr(c, op, reg, rm);
    asm_u32(c, (uint32_t)imm);
}

/* Shift or rotate by an immediate. */
static inline void asm_shift_i(struct code *c, bool w, int digit, int rm, int count)
{
    if (count == 1) {
        asm_rr(c, 0xd1 | X_IF_W(w), digit, rm);
    } else {
        asm_rr_i8(c, X_GROUP2 | X_IF_W(w), digit, rm, count);
    }
}

/* Loads a constant in the shortest way that leaves the flags alone. */
void asm_mov_imm(struct code *c, int reg, uint64_t v);

/* The same where flags may change. */
static inline void asm_load_imm(struct code *c, int reg, uint64_t v)
{
    if (v) {
        asm_mov_imm(c, reg, v);
    } else {
        asm_rr(c, X_XOR, reg, reg);
    }
}

static inline void asm_push(struct code *c, int reg)
{
    if (reg & 8) {
        asm_u8(c, 0x41);
    }
    asm_u8(c, 0x50 | (reg & 7));
}

static inline void asm_pop(struct code *c, int reg)
{
    if (reg & 8) {
        asm_u8(c, 0x41);
    }
    asm_u8(c, 0x58 | (reg & 7));
}

static inline void asm_push_imm(struct code *c, int32_t v)
{
    if (v == (int8_t)v) {
        asm_u8(c, 0x6a);
        asm_u8(c, (uint8_t)v);
    } else {
        asm_u8(c, 0x68);
        asm_u32(c, (uint32_t)v);
    }
}

/* Branches whose target comes later: the position of their rel32, for asm_patch_here(). */
static inline uint32_t asm_jcc(struct code *c, int cc)
{
    asm_u8(c, 0x0f);
    asm_u8(c, 0x80 | cc);
    asm_u32(c, 0);
    return asm_pos(c) - 4;
}

static inline uint32_t asm_jmp(struct code *c)
{
    asm_u8(c, 0xe9);
    asm_u32(c, 0);
    return asm_pos(c) - 4;
}

static inline uint32_t asm_jcc_short(struct code *c, int cc)
{
    asm_u8(c, 0x70 | cc);
    asm_u8(c, 0);
    return asm_pos(c) - 1;
}

static inline uint32_t asm_jmp_short(struct code *c)
{
    asm_u8(c, 0xeb);
    asm_u8(c, 0);
    return asm_pos(c) - 1;
}

static inline void asm_patch(struct code *c, uint32_t at, uint32_t to)
{
    uint32_t rel = to - (at + 4);

    memcpy(c->start + at, &rel, 4);
}

static inline void asm_patch_here(struct code *c, uint32_t at)
{
    asm_patch(c, at, asm_pos(c));
}

static inline void asm_patch_short(struct code *c, uint32_t at)
{
    uint32_t rel = asm_pos(c) - (at + 1);

    assert(rel < 128);
    c->start[at] = (uint8_t)rel;
}

static inline void asm_jmp_to(struct code *c, uint32_t to)
{
    int32_t rel = (int32_t)(to - (asm_pos(c) + 2));

    if (rel == (int8_t)rel) {
        asm_u8(c, 0xeb);
        asm_u8(c, (uint8_t)rel);
    } else {
        asm_patch(c, asm_jmp(c), to);
    }
}

/* Calls and jumps to an address within reach. */
static inline void asm_call_abs(struct code *c, const void *to)
{
    asm_u8(c, 0xe8);
    asm_u32(c, (uint32_t)((const uint8_t *)to - (asm_rx(c) + 4)));
}

static inline void asm_jmp_abs(struct code *c, const void *to)
{
    asm_u8(c, 0xe9);
    asm_u32(c, (uint32_t)((const uint8_t *)to - (asm_rx(c) + 4)));
}

static inline void asm_jcc_abs(struct code *c, int cc, const void *to)
{
    asm_u8(c, 0x0f);
    asm_u8(c, 0x80 | cc);
    asm_u32(c, (uint32_t)((const uint8_t *)to - (asm_rx(c) + 4)));
}

static inline bool asm_reaches(const struct code *c, const void *to)
{
    int64_t d = (const uint8_t *)to - asm_rx(c);

    return d == (int32_t)d && d > INT32_MIN + 256 && d < INT32_MAX - 256;
}

/* Bytes of padding, as few instructions as possible (Intel SDM, NOP). */
void asm_nops(struct code *c, unsigned n);

#endif
