/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The encoders that are too long to stand in every caller: cold translation waits for the instruction cache. They write
 * through a pointer of their own, which the bytes written can't be suspected to change.
 */
#include "tcg/host/x86_64/asm.h"

static inline uint8_t *put_u32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

static inline uint8_t *put_head(uint8_t *p, uint32_t op, int reg, int index, int base)
{
    static const uint8_t prefix[4] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned rex = (op & X_W ? 8 : 0) | (reg & 8) >> 1 | (index & 8) >> 2 | (base & 8) >> 3;

    if (X_PP(op)) {
        *p++ = prefix[X_PP(op)];
    }
    if (rex || ((op & X_BYTE) && (reg >= 4 || base >= 4))) {
        *p++ = 0x40 | rex;
    }
    if (X_MAP(op)) {
        *p++ = 0x0f;
        if (X_MAP(op) > 1) {
            *p++ = X_MAP(op) == 2 ? 0x38 : 0x3a;
        }
    }
    *p++ = (uint8_t)op;
    return p;
}

static inline uint8_t *put_vex(uint8_t *p, uint32_t op, int reg, int index, int base, int vvvv)
{
    if (X_MAP(op) == 1 && !(op & X_W) && !(index & 8) && !(base & 8)) {
        *p++ = 0xc5;
        *p++ = (reg & 8 ? 0 : 0x80) | (~vvvv & 15) << 3 | X_PP(op);
    } else {
        *p++ = 0xc4;
        *p++ = (reg & 8 ? 0 : 0x80) | (index & 8 ? 0 : 0x40) | (base & 8 ? 0 : 0x20) | X_MAP(op);
        *p++ = (op & X_W ? 0x80 : 0) | (~vvvv & 15) << 3 | X_PP(op);
    }
    *p++ = (uint8_t)op;
    return p;
}

/* ModRM, SIB and displacement; imm_bytes follow (they count for rip-relative operands). */
static inline uint8_t *put_mem(const struct code *c, uint8_t *p, int reg, const struct amem *m, unsigned imm_bytes)
{
    unsigned r = (reg & 7) << 3, base = m->base & 7;

    if (m->base == ASM_RIP) {
        *p++ = r | 5;
        return put_u32(p, (uint32_t)((const uint8_t *)m->target - (c->rx + (p - c->start) + 4 + imm_bytes)));
    }
    unsigned mod = m->disp == 0 && base != RBP ? 0 : m->disp == (int8_t)m->disp ? 0x40 : 0x80;
    if (m->index >= 0) {
        *p++ = mod | r | 4;
        *p++ = m->scale << 6 | (m->index & 7) << 3 | base;
    } else if (base == RSP) {
        *p++ = mod | r | 4;
        *p++ = 0x24;
    } else {
        *p++ = mod | r | base;
    }
    if (mod == 0x40) {
        *p++ = (uint8_t)m->disp;
    } else if (mod == 0x80) {
        p = put_u32(p, (uint32_t)m->disp);
    }
    return p;
}

void asm_head(struct code *c, uint32_t op, int reg, int index, int base)
{
    c->p = put_head(c->p, op, reg, index, base);
}

void asm_rr(struct code *c, uint32_t op, int reg, int rm)
{
    uint8_t *p = put_head(c->p, op, reg, 0, rm);

    *p++ = 0xc0 | (reg & 7) << 3 | (rm & 7);
    c->p = p;
}

/* A base register's number is no reason for the prefix that byte registers need. */
void asm_rm_imm(struct code *c, uint32_t op, int reg, const struct amem *m, unsigned imm_bytes)
{
    int base = m->base == ASM_RIP ? 0 : m->base & 8, index = m->index < 0 ? 0 : m->index;
    uint8_t *p = put_head(c->p, op, reg, index, base);

    c->p = put_mem(c, p, reg, m, imm_bytes);
}

void asm_vrr(struct code *c, uint32_t op, int reg, int vvvv, int rm)
{
    uint8_t *p = put_vex(c->p, op, reg, 0, rm, vvvv);

    *p++ = 0xc0 | (reg & 7) << 3 | (rm & 7);
    c->p = p;
}

void asm_vrm(struct code *c, uint32_t op, int reg, int vvvv, const struct amem *m)
{
    uint8_t *p = put_vex(c->p, op, reg, m->index < 0 ? 0 : m->index, m->base == ASM_RIP ? 0 : m->base, vvvv);

    c->p = put_mem(c, p, reg, m, 0);
}

void asm_alu_ri(struct code *c, bool w, int digit, int rm, int32_t imm)
{
    if (imm == (int8_t)imm) {
        asm_rr(c, 0x83 | X_IF_W(w), digit, rm);
        asm_u8(c, (uint8_t)imm);
    } else if (rm == RAX) {
        asm_head(c, (digit << 3 | 5) | X_IF_W(w), 0, 0, 0);
        asm_u32(c, (uint32_t)imm);
    } else {
        asm_rr(c, X_GROUP1 | X_IF_W(w), digit, rm);
        asm_u32(c, (uint32_t)imm);
    }
}

void asm_alu_mi(struct code *c, bool w, int digit, const struct amem *m, int32_t imm)
{
    if (imm == (int8_t)imm) {
        asm_rm_imm(c, 0x83 | X_IF_W(w), digit, m, 1);
        asm_u8(c, (uint8_t)imm);
    } else {
        asm_rm_imm(c, X_GROUP1 | X_IF_W(w), digit, m, 4);
        asm_u32(c, (uint32_t)imm);
    }
}

void asm_mov_imm(struct code *c, int reg, uint64_t v)
{
    if (v <= UINT32_MAX) {
        if (reg & 8) {
            asm_u8(c, 0x41);
        }
        asm_u8(c, 0xb8 | (reg & 7));
        asm_u32(c, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        asm_rr_i32(c, X_MOV_IMM | X_W, 0, reg, (int32_t)v);
    } else {
        asm_u8(c, reg & 8 ? 0x49 : 0x48);
        asm_u8(c, 0xb8 | (reg & 7));
        asm_u64(c, v);
    }
}

/* As few instructions as possible (Intel SDM, NOP). */
void asm_nops(struct code *c, unsigned n)
{
    static const uint8_t nop[8][7] = {
        { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 }, { 0x0f, 0x1f, 0x40, 0x00 }, { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
        { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 }, { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
    };

    while (n) {
        unsigned k = n < 7 ? n : 7;
        memcpy(c->p, nop[k], k);
        c->p += k;
        n -= k;
    }
}
