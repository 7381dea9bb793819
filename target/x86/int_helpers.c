/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Division with its overflow, decimal adjustments, rotates through carry (SDM vol. 2, "Operation" of each). */
#include "target/x86/priv.h"

typedef unsigned __int128 u128;
typedef __int128 s128;

static uint64_t cut(uint64_t v, unsigned size)
{
    return size == 8 ? v : v & ((1ull << (8 * size)) - 1);
}

static int64_t sign(uint64_t v, unsigned size)
{
    return (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size);
}

static void set_reg(struct x86_cpu *cpu, unsigned n, unsigned size, uint64_t v)
{
    uint64_t *r = &cpu->cpu.r[n];

    *r = size >= 4 ? cut(v, size) : (*r & ~cut(UINT64_MAX, size)) | cut(v, size);
}

static u128 dividend(const struct x86_cpu *cpu, unsigned size)
{
    const uint64_t *r = cpu->cpu.r;

    if (size == 1) {
        return (uint16_t)r[X86_RAX];
    }
    return (u128)cut(r[X86_RDX], size) << (8 * size) | cut(r[X86_RAX], size);
}

static void set_quotient(struct x86_cpu *cpu, unsigned size, uint64_t q, uint64_t r)
{
    if (size == 1) {
        set_reg(cpu, X86_RAX, 2, cut(q, 1) | cut(r, 1) << 8);
    } else {
        set_reg(cpu, X86_RAX, size, q);
        set_reg(cpu, X86_RDX, size, r);
    }
}

void x86_helper_div(struct x86_cpu *cpu, uint64_t divisor, uint32_t size)
{
    u128 n = dividend(cpu, size), q;
    uint64_t d = cut(divisor, size);

    if (d == 0) {
        x86_raise(cpu, X86_DE);
    }
    if (n >> 64 == 0) {
        q = (uint64_t)n / d;
    } else {
        q = n / d;
    }
    if (q >> (8 * size)) {
        x86_raise(cpu, X86_DE);
    }
    set_quotient(cpu, size, q, (uint64_t)(n - q * d));
}

void x86_helper_idiv(struct x86_cpu *cpu, uint64_t divisor, uint32_t size)
{
    unsigned unused = 128 - 16 * size;
    s128 n = (s128)(dividend(cpu, size) << unused) >> unused, q;
    int64_t d = sign(divisor, size);

    /* The magnitude first: the most negative dividend divided by -1 overflows C's division, too. */
    if (d == 0 || (d == -1 && n == (s128)((u128)1 << 127))) {
        x86_raise(cpu, X86_DE);
    }
    q = n / d;
    if (q != sign((uint64_t)q, size)) {
        x86_raise(cpu, X86_DE);
    }
    set_quotient(cpu, size, (uint64_t)q, (uint64_t)(n - q * d));
}

/* ---- decimal ---- */

static uint64_t zsp8(uint8_t v)
{
    return x86_cc_flags(X86_CC_LOGICB, v, 0, 0, 0);
}

static uint64_t daa(uint8_t al, uint64_t flags)
{
    bool af = flags & X86_AF || (al & 15) > 9, cf = flags & X86_CF || al > 0x99;

    al += (af ? 6 : 0) + (cf ? 0x60 : 0);
    return (uint64_t)al << 16 | zsp8(al) | (af ? X86_AF : 0) | (cf ? X86_CF : 0);
}

static uint64_t das(uint8_t al, uint64_t flags)
{
    bool af = flags & X86_AF || (al & 15) > 9, cf = flags & X86_CF || al > 0x99;
    bool borrow = af && al < 6;

    al -= (af ? 6 : 0) + (cf ? 0x60 : 0);
    return (uint64_t)al << 16 | zsp8(al) | (af ? X86_AF : 0) | (cf || borrow ? X86_CF : 0);
}

static uint64_t aaa(uint16_t ax, uint64_t flags, bool sub)
{
    bool adjust = (ax & 15) > 9 || flags & X86_AF;

    if (adjust) {
        ax = sub ? ax - 0x106 : ax + 0x106;
    }
    ax &= 0xff0f;
    return (uint64_t)ax << 16 | zsp8(ax) | (adjust ? X86_AF | X86_CF : 0);
}

/* which: DAA DAS AAA AAS AAD AAM. Result: AX << 16 | flags. */
uint64_t x86_helper_decimal(uint32_t which, uint64_t rax, uint64_t flags, uint64_t base)
{
    uint16_t ax = rax;
    uint8_t al = ax, ah = ax >> 8;

    switch (which) {
    case 0:
        return daa(al, flags) | (uint64_t)ah << 24;
    case 1:
        return das(al, flags) | (uint64_t)ah << 24;
    case 2:
    case 3:
        return aaa(ax, flags, which == 3);
    case 4:
        al += ah * base;
        return (uint64_t)al << 16 | zsp8(al);
    default:
        ah = al / base;
        al = al % base;
        return (uint64_t)(ah << 8 | al) << 16 | zsp8(al);
    }
}

/* ---- rotates through carry ---- */

/* RCL (RCR where right): result in the low `size` bytes' bits; flags CF and OF in a second call with want_flags. */
uint64_t x86_helper_rotate_carry(uint64_t v, uint64_t flags, uint32_t count, uint32_t size_right)
{
    unsigned size = size_right & 15, bits = 8 * size, n = count & (size == 8 ? 63 : 31);
    bool right = size_right >> 4 & 1, want_flags = size_right >> 5 & 1;
    bool c = flags & X86_CF;
    uint64_t of;

    v = cut(v, size);
    n %= bits + 1;
    for (unsigned i = 0; i < n; i++) {
        if (right) {
            bool low = v & 1;

            v = v >> 1 | (uint64_t)c << (bits - 1);
            c = low;
        } else {
            bool high = v >> (bits - 1) & 1;

            v = cut(v << 1, size) | c;
            c = high;
        }
    }
    if (!want_flags) {
        return v;
    }
    if (!(count & (size == 8 ? 63 : 31))) {
        return flags;
    }
    of = right ? (v >> (bits - 1) ^ v >> (bits - 2)) & 1 : (v >> (bits - 1) & 1) ^ c;
    return (flags & ~(uint64_t)(X86_CF | X86_OF)) | (c ? X86_CF : 0) | (of ? X86_OF : 0);
}

/* ---- bit gathering ---- */

uint64_t x86_helper_pext(uint64_t v, uint64_t mask)
{
    uint64_t r = 0;

    for (unsigned n = 0; mask; mask &= mask - 1, n++) {
        r |= (v >> __builtin_ctzll(mask) & 1) << n;
    }
    return r;
}

uint64_t x86_helper_pdep(uint64_t v, uint64_t mask)
{
    uint64_t r = 0;

    for (; mask; mask &= mask - 1, v >>= 1) {
        r |= (v & 1) << __builtin_ctzll(mask);
    }
    return r;
}

/* CRC-32C of size bytes of v (polynomial 0x11EDC6F41, reflected). */
uint64_t x86_helper_crc32(uint32_t crc, uint64_t v, uint32_t size)
{
    for (unsigned i = 0; i < size; i++, v >>= 8) {
        crc ^= v & 0xff;
        for (unsigned k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
    }
    return crc;
}
