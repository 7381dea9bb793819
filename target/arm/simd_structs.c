/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LD2 to LD4 and ST2 to ST4 of whole registers as plain loads and stores with the elements moved between them. Structures
 * of two and four elements are separated by taking even and odd elements, of three by shuffles of bytes.
 */
#include "target/arm/simd.h"
#include "target/arm/translate.h"

enum { BLOCKS_MAX = 4 };

static ir_ref zip(struct arm_tr *t, bool high, unsigned size, ir_ref a, ir_ref b)
{
    return ir_vop2(t->ir, (high ? IR_V_ziph8 : IR_V_zip8) + size, a, b, 0);
}

/* Byte b of part `to` comes from byte (*from) of part (result). The parts are registers of `bytes` bytes with one element of
 * each structure (apart), or the memory in blocks of 16 bytes. */
static unsigned source(bool apart, unsigned size, unsigned bytes, unsigned to, unsigned b, unsigned *from)
{
    unsigned element, at;

    if (apart) {
        element = b >> size;
        at = ((element * 3 + to) << size) + (b & ((1u << size) - 1));
        *from = at & 15;
        return at >> 4;
    }
    at = to * 16 + b;
    element = at >> size;
    *from = ((element / 3) << size) + (at & ((1u << size) - 1));
    return element % 3;
}

/* One of three registers (apart) or blocks, from the three of the other kind. */
static ir_ref shuffled(struct arm_tr *t, bool apart, unsigned size, unsigned bytes, unsigned to, const ir_ref in[3])
{
    struct ir *ir = t->ir;
    unsigned used = apart ? bytes : MIN(16u, 3 * bytes - 16 * to);
    ir_ref r = 0, v;

    for (unsigned part = 0; part < 3; part++) {
        uint64_t mask[2] = { UINT64_MAX, UINT64_MAX };      /* a byte with its top bit set gives 0 */
        bool any = false;

        for (unsigned b = 0; b < used; b++) {
            unsigned from;

            if (source(apart, size, bytes, to, b, &from) == part) {
                mask[b / 8] &= ~(0xffull << b % 8 * 8);
                mask[b / 8] |= (uint64_t)from << b % 8 * 8;
                any = true;
            }
        }
        if (any) {
            v = ir_vset(ir, 3, ir_vfrom(ir, ir_i64(ir, mask[0])), 1, ir_i64(ir, mask[1]));
            v = ir_vop2(ir, IR_V_shuf8, in[part], v, 0);
            r = r ? ir_vop2(ir, IR_V_or, r, v, 0) : v;
        }
    }
    return r;
}

/* Blocks of memory to registers. Without Q the lower halves of the results count. */
static void separate(struct arm_tr *t, unsigned structs, unsigned size, bool q, const ir_ref in[], ir_ref out[])
{
    ir_ref even, odd;

    switch (structs) {
    case 2:
        out[0] = arm_simd_unzip(t, false, size, in[0], in[q]);
        out[1] = arm_simd_unzip(t, true, size, in[0], in[q]);
        break;
    case 3:
        for (unsigned i = 0; i < 3; i++) {
            out[i] = shuffled(t, true, size, q ? 16 : 8, i, in);
        }
        break;
    default:
        for (unsigned i = 0; i < 2; i++) {      /* elements 0 and 2, elements 1 and 3 */
            even = arm_simd_unzip(t, i, size, in[0], in[1]);
            odd = q ? arm_simd_unzip(t, i, size, in[2], in[3]) : even;
            out[i] = arm_simd_unzip(t, false, size, even, odd);
            out[i + 2] = arm_simd_unzip(t, true, size, even, odd);
        }
    }
}

/* The reverse. */
static void join(struct arm_tr *t, unsigned structs, unsigned size, bool q, const ir_ref in[], ir_ref out[])
{
    ir_ref even, odd;

    switch (structs) {
    case 2:
        out[0] = zip(t, false, size, in[0], in[1]);
        out[1] = q ? zip(t, true, size, in[0], in[1]) : 0;
        break;
    case 3:
        for (unsigned i = 0; i < (q ? 3 : 2); i++) {
            out[i] = shuffled(t, false, size, q ? 16 : 8, i, in);
        }
        break;
    default:
        for (unsigned i = 0; i <= q; i++) {
            even = zip(t, i, size, in[0], in[2]);
            odd = zip(t, i, size, in[1], in[3]);
            out[2 * i] = zip(t, false, size, even, odd);
            out[2 * i + 1] = zip(t, true, size, even, odd);
        }
    }
}

bool arm_simd_structs(struct arm_tr *t, bool ld, unsigned structs, unsigned size, bool q, unsigned rt, ir_ref base)
{
    struct ir *ir = t->ir;
    unsigned bytes = structs * (q ? 16 : 8), blocks = (bytes + 15) / 16;
    bool half = bytes % 16;         /* the last block has 8 bytes */
    ir_ref memory[BLOCKS_MAX], regs[BLOCKS_MAX];

    if (t->tb->by_helpers || t->mem & (IR_MEM_BE | IR_MEM_ALIGN)) {
        return false;
    }
    for (unsigned i = 0; ld && i < blocks; i++) {
        memory[i] = half && i == blocks - 1 ? ir_vfrom(ir, ir_ld(ir, IR_F64, base, 16 * i, IR_MEM_64 | t->mem))
                                            : ir_ld(ir, IR_V128, base, 16 * i, IR_MEM_128 | t->mem);
    }
    if (ld) {
        separate(t, structs, size, q, memory, regs);
        for (unsigned i = 0; i < structs; i++) {
            arm_set_vq(t, q, (rt + i) & 31, regs[i]);
        }
        return true;
    }
    for (unsigned i = 0; i < structs; i++) {
        regs[i] = arm_v(t, (rt + i) & 31);
    }
    join(t, structs, size, q, regs, memory);
    for (unsigned i = 0; i < blocks; i++) {
        if (half && i == blocks - 1) {
            ir_st(ir, base, 16 * i, ir_vget(ir, IR_F64, 3, memory[i], 0), IR_MEM_64 | t->mem);
        } else {
            ir_st(ir, base, 16 * i, memory[i], IR_MEM_128 | t->mem);
        }
    }
    return true;
}
