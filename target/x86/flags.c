/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFLAGS from what enum x86_cc leaves of the last operation (SDM vol. 1, "EFLAGS Register"). */
#include "target/x86/priv.h"

static unsigned parity(uint64_t result)
{
    return __builtin_parity(result & 0xff) ? 0 : X86_PF;
}

/* ZF, SF, PF of a result of `bits` bits. */
static uint64_t zsp(uint64_t r, unsigned bits)
{
    r <<= 64 - bits;
    return (r == 0 ? X86_ZF : 0) | (r >> 63 ? X86_SF : 0) | parity(r >> (64 - bits));
}

static uint64_t carry_if(bool c)
{
    return c ? X86_CF : 0;
}

static uint64_t overflow_if(uint64_t sign, unsigned bits)
{
    return sign >> (bits - 1) & 1 ? X86_OF : 0;
}

static uint64_t mask_of(unsigned bits)
{
    return UINT64_MAX >> (64 - bits);
}

static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t r, bool carry, unsigned bits)
{
    return zsp(r, bits) | carry_if(carry) | ((a ^ b ^ r) & X86_AF) | overflow_if((a ^ r) & (b ^ r), bits);
}

static uint64_t sub_flags(uint64_t a, uint64_t b, uint64_t r, bool borrow, unsigned bits)
{
    return zsp(r, bits) | carry_if(borrow) | ((a ^ b ^ r) & X86_AF) | overflow_if((a ^ b) & (a ^ r), bits);
}

static uint64_t plain_flags(uint32_t op, uint64_t dst, uint64_t src, uint64_t src2)
{
    unsigned bits = 8u << ((op - 1) & 3);
    uint64_t m, a, r;

    if (op == X86_CC_EFLAGS || op >= X86_CC_OPS) {
        return src & X86_CC;
    }
    m = mask_of(bits);
    dst &= m;
    switch (1 + ((op - 1) & ~3u)) {
    case X86_CC_ADDB:
        src &= m;
        a = (dst - src) & m;
        return add_flags(a, src, dst, dst < src, bits);
    case X86_CC_ADCB:
        src &= m;
        a = (dst - src - src2) & m;
        return add_flags(a, src, dst, src2 ? dst <= src : dst < src, bits);
    case X86_CC_SUBB:
        src &= m;
        r = (dst - src) & m;
        return sub_flags(dst, src, r, dst < src, bits);
    case X86_CC_SBBB:
        src &= m;
        r = (dst - src - src2) & m;
        return sub_flags(dst, src, r, src2 ? dst <= src : dst < src, bits);
    case X86_CC_LOGICB:
        return zsp(dst, bits);
    case X86_CC_INCB:
        return zsp(dst, bits) | carry_if(src & 1) | ((dst & 15) == 0 ? X86_AF : 0) |
               (dst == (m >> 1) + 1 ? X86_OF : 0);
    case X86_CC_DECB:
        return zsp(dst, bits) | carry_if(src & 1) | ((dst & 15) == 15 ? X86_AF : 0) | (dst == m >> 1 ? X86_OF : 0);
    case X86_CC_SHLB:
        return zsp(dst, bits) | carry_if(src >> (bits - 1) & 1) | overflow_if(src ^ dst, bits);
    case X86_CC_SHRB:
        return zsp(dst, bits) | carry_if(src & 1) | overflow_if(src ^ dst, bits);
    case X86_CC_MULB:
        return zsp(dst, bits) | (src ? X86_CF | X86_OF : 0);
    case X86_CC_BLSIB:
        return (zsp(dst, bits) & (X86_ZF | X86_SF)) | carry_if((src & m) != 0);
    case X86_CC_BLSRB:
        return (zsp(dst, bits) & (X86_ZF | X86_SF)) | carry_if((src & m) == 0);
    case X86_CC_CNTB:
        return (dst == 0 ? X86_ZF : 0) | carry_if((src & m) == 0);
    default:
        return 0;
    }
}

uint64_t x86_cc_flags(uint32_t op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t over)
{
    uint64_t flags = plain_flags(op & X86_CC_OP, dst, src, src2);
    unsigned top = (8u << (op >> X86_CC_OVER_SIZE_SHIFT & 3)) - 1;
    bool high = over >> top & 1;

    switch (op & X86_CC_OVER) {
    case X86_CC_OVER_ROL:
        return (flags & ~(uint64_t)(X86_CF | X86_OF)) | carry_if(over & 1) | (high ^ (over & 1) ? X86_OF : 0);
    case X86_CC_OVER_ROR:
        return (flags & ~(uint64_t)(X86_CF | X86_OF)) | carry_if(high) | (high ^ (over >> (top - 1) & 1) ? X86_OF : 0);
    case X86_CC_OVER_CF:
        return (flags & ~(uint64_t)X86_CF) | carry_if(over & 1);
    case X86_CC_OVER_CFOF:
        return (flags & ~(uint64_t)(X86_CF | X86_OF)) | (over & (X86_CF | X86_OF));
    default:
        return flags;
    }
}

uint64_t x86_helper_cc_flags(uint32_t op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t over)
{
    return x86_cc_flags(op, dst, src, src2, over);
}

uint64_t x86_eflags(const struct x86_cpu *cpu)
{
    const uint64_t *r = cpu->cpu.r;

    return cpu->eflags | X86_FLAGS_1 | (cpu->df == 1 ? 0 : X86_DF) |
           x86_cc_flags(r[X86_R_CC_OP], r[X86_R_CC_DST], r[X86_R_CC_SRC], r[X86_R_CC_SRC2], r[X86_R_CC_OVER]);
}

void x86_set_eflags(struct x86_cpu *cpu, uint64_t v, uint64_t mask)
{
    v = (v & mask) | (x86_eflags(cpu) & ~mask);
    cpu->cpu.r[X86_R_CC_OP] = X86_CC_EFLAGS;
    cpu->cpu.r[X86_R_CC_SRC] = v & X86_CC;
    cpu->df = v & X86_DF ? UINT64_MAX : 1;
    cpu->eflags = v & (X86_TF | X86_IF | X86_IOPL | X86_NT | X86_RF | X86_VM | X86_AC | X86_VIF | X86_VIP | X86_ID);
}
