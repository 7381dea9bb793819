/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE and AVX: what is done out of line. */
#include <string.h>

#include "target/x86/cpu.h"
#include "target/x86/priv.h"
#include "tcg/mxcsr.h"

union lanes {
    x86_v128 v;
    uint8_t b[16];
    int8_t sb[16];
    uint16_t h[8];
    int16_t sh[8];
    uint32_t w[4];
    uint64_t d[2];
};

/* ---- exceptions ---- */

void x86_helper_need_avx(struct x86_cpu *cpu)
{
    if (!(cpu->cr4 & X86_CR4_OSXSAVE) || (cpu->xcr0 & 6) != 6) {
        x86_raise(cpu, X86_UD);
    }
}

/* The flags so far step aside, so that the instruction's own can be told. */
void x86_helper_xm_begin(struct x86_cpu *cpu)
{
    cpu->mxcsr_flags = cpu->cpu.fpcr & MXCSR_FLAGS;
    cpu->cpu.fpcr &= ~MXCSR_FLAGS;
}

/* An unmasked exception (SDM vol. 1, "SIMD Floating-Point Exceptions"); those before the computation win. */
void x86_helper_xm_end(struct x86_cpu *cpu)
{
    uint32_t unmasked = ~cpu->mxcsr_masks >> 7 & MXCSR_FLAGS, raised = cpu->cpu.fpcr & unmasked;

    if (raised & 7) {
        cpu->cpu.fpcr &= ~(MXCSR_FLAGS & ~7);
    }
    cpu->cpu.fpcr |= cpu->mxcsr_flags;
    if (raised) {
        x86_raise(cpu, cpu->cr4 & X86_CR4_OSXMMEXCPT ? X86_XM : X86_UD);
    }
}

uint32_t x86_mxcsr(const struct x86_cpu *cpu)
{
    return (cpu->cpu.fpcr & ~MXCSR_MASKS) | cpu->mxcsr_masks;
}

void x86_set_mxcsr(struct x86_cpu *cpu, uint32_t v)
{
    cpu->mxcsr_masks = v & MXCSR_MASKS;
    cpu->cpu.fpcr = (v & X86_MXCSR_VALID) | MXCSR_MASKS;
    x86_update_key(cpu);
}

void x86_helper_ldmxcsr(struct x86_cpu *cpu, uint32_t v)
{
    if (v & ~X86_MXCSR_VALID) {
        x86_raise_code(cpu, X86_GP, 0);
    }
    x86_set_mxcsr(cpu, v);
}

uint32_t x86_helper_stmxcsr(struct x86_cpu *cpu)
{
    return x86_mxcsr(cpu);
}

/* ---- shifts with a count for each lane ---- */

x86_v128 x86_helper_shift_lanes(uint32_t which, x86_v128 value, x86_v128 count)
{
    union lanes a = { .v = value }, n = { .v = count };

    for (unsigned i = 0; i < 4; i++) {
        uint32_t c = n.w[i], v = a.w[i];

        switch (which) {
        case X86_SHIFT_SLL32: a.w[i] = c < 32 ? v << c : 0; break;
        case X86_SHIFT_SRL32: a.w[i] = c < 32 ? v >> c : 0; break;
        case X86_SHIFT_SRA32: a.w[i] = (uint32_t)((int32_t)v >> MIN(c, 31)); break;
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        switch (which) {
        case X86_SHIFT_SLL64: a.d[i] = n.d[i] < 64 ? a.d[i] << n.d[i] : 0; break;
        case X86_SHIFT_SRL64: a.d[i] = n.d[i] < 64 ? a.d[i] >> n.d[i] : 0; break;
        }
    }
    return a.v;
}

/* ---- text strings (SDM vol. 2, "Imm8 Control Byte Operation for PCMPESTRI / PCMPESTRM / PCMPISTRI / PCMPISTRM") ---- */

enum { IMPLICIT = 1 << 8, WIDE = 1 << 9 };

struct strings {
    union lanes a, b;
    unsigned n;                     /* characters in 128 bits */
    unsigned alen, blen;
    bool words, sign;
};

static int character(const struct strings *s, const union lanes *v, unsigned i)
{
    if (s->words) {
        return s->sign ? v->sh[i] : v->h[i];
    }
    return s->sign ? v->sb[i] : v->b[i];
}

static unsigned implicit_length(const struct strings *s, const union lanes *v)
{
    unsigned n = 0;

    while (n < s->n && character(s, v, n)) {
        n++;
    }
    return n;
}

/* The absolute value of a length register, at most n */
static unsigned explicit_length(uint64_t reg, bool wide, unsigned n)
{
    int64_t v = wide ? (int64_t)reg : (int32_t)reg, max = n;

    return v >= max || v <= -max ? n : (unsigned)ABS(v);
}

/* For each character of b: is it one of a's? */
static unsigned equal_any(const struct strings *s)
{
    unsigned r = 0;

    for (unsigned j = 0; j < s->blen; j++) {
        for (unsigned i = 0; i < s->alen; i++) {
            r |= (unsigned)(character(s, &s->b, j) == character(s, &s->a, i)) << j;
        }
    }
    return r;
}

/* Is it in one of the ranges that pairs of a give? */
static unsigned ranges(const struct strings *s)
{
    unsigned r = 0;

    for (unsigned j = 0; j < s->blen; j++) {
        for (unsigned i = 0; i + 1 < s->alen; i += 2) {
            int c = character(s, &s->b, j);

            r |= (unsigned)(c >= character(s, &s->a, i) && c <= character(s, &s->a, i + 1)) << j;
        }
    }
    return r;
}

static unsigned equal_each(const struct strings *s)
{
    unsigned r = 0;

    for (unsigned i = 0; i < s->n; i++) {
        bool in_a = i < s->alen, in_b = i < s->blen;

        r |= (unsigned)(in_a && in_b ? character(s, &s->a, i) == character(s, &s->b, i) : in_a == in_b) << i;
    }
    return r;
}

/* Does a stand in b at this place (as far as b reaches in 128 bits)? */
static unsigned equal_ordered(const struct strings *s)
{
    unsigned r = 0;

    for (unsigned j = 0; j < s->n; j++) {
        bool same = true;

        for (unsigned i = 0; i < s->alen && j + i < s->n; i++) {
            same = same && j + i < s->blen && character(s, &s->a, i) == character(s, &s->b, j + i);
        }
        r |= (unsigned)same << j;
    }
    return r;
}

static unsigned aggregate(const struct strings *s, unsigned imm)
{
    unsigned all = (1u << s->n) - 1, r;

    switch (imm >> 2 & 3) {
    case 0: r = equal_any(s); break;
    case 1: r = ranges(s); break;
    case 2: r = equal_each(s); break;
    default: r = equal_ordered(s);
    }
    switch (imm >> 4 & 3) {
    case 1: return ~r & all;
    case 3: return r ^ ((1u << s->blen) - 1);
    default: return r;
    }
}

/* Mask in bits 0 to 15, index from 16, EFLAGS from 32 */
uint64_t x86_helper_compare_strings(x86_v128 a, x86_v128 b, uint32_t what, uint64_t la, uint64_t lb)
{
    struct strings s = { .a.v = a, .b.v = b, .n = what & 1 ? 8 : 16, .words = what & 1, .sign = what & 2 };
    uint64_t flags = 0;
    unsigned mask, index;

    s.alen = what & IMPLICIT ? implicit_length(&s, &s.a) : explicit_length(la, what & WIDE, s.n);
    s.blen = what & IMPLICIT ? implicit_length(&s, &s.b) : explicit_length(lb, what & WIDE, s.n);
    mask = aggregate(&s, what);
    index = !mask ? s.n : what & 0x40 ? 31 - (unsigned)__builtin_clz(mask) : (unsigned)__builtin_ctz(mask);
    flags |= mask ? X86_CF : 0;
    flags |= s.blen < s.n ? X86_ZF : 0;
    flags |= s.alen < s.n ? X86_SF : 0;
    flags |= mask & 1 ? X86_OF : 0;
    return mask | index << 16 | flags << 32;
}

x86_v128 x86_helper_string_mask(uint64_t result, uint32_t what)
{
    union lanes r = { .d = { 0 } };

    for (unsigned i = 0; i < (what & 1 ? 8 : 16); i++) {
        bool set = result >> i & 1;

        if (!(what & 0x40)) {
            r.h[0] |= set << i;
        } else if (what & 1) {
            r.h[i] = set ? 0xffff : 0;
        } else {
            r.b[i] = set ? 0xff : 0;
        }
    }
    return r.v;
}

/* ---- memory by masks ---- */

static unsigned data_idx(struct x86_cpu *cpu)
{
    return cpu->cpu.type->data_idx(&cpu->cpu);
}

x86_v128 x86_helper_masked_load(struct x86_cpu *cpu, uint64_t addr, x86_v128 mask, uint32_t wide)
{
    union lanes m = { .v = mask }, r = { .d = { 0 } };
    unsigned idx = data_idx(cpu);

    for (unsigned i = 0; i < (wide ? 2 : 4); i++) {
        if (wide && m.d[i] >> 63) {
            r.d[i] = cpu_ld(&cpu->cpu, addr + 8 * i, 8, idx);
        } else if (!wide && m.w[i] >> 31) {
            r.w[i] = (uint32_t)cpu_ld(&cpu->cpu, addr + 4 * i, 4, idx);
        }
    }
    return r.v;
}

void x86_helper_masked_store(struct x86_cpu *cpu, uint64_t addr, x86_v128 mask, x86_v128 value, uint32_t wide)
{
    union lanes m = { .v = mask }, v = { .v = value };
    unsigned idx = data_idx(cpu);

    for (unsigned i = 0; i < (wide ? 2 : 4); i++) {
        if (wide && m.d[i] >> 63) {
            cpu_st(&cpu->cpu, addr + 8 * i, v.d[i], 8, idx);
        } else if (!wide && m.w[i] >> 31) {
            cpu_st(&cpu->cpu, addr + 4 * i, v.w[i], 4, idx);
        }
    }
}

void x86_helper_masked_bytes(struct x86_cpu *cpu, uint64_t addr, x86_v128 mask, x86_v128 value)
{
    union lanes m = { .v = mask }, v = { .v = value };

    for (unsigned i = 0; i < 16; i++) {
        if (m.b[i] >> 7) {
            cpu_st(&cpu->cpu, addr + i, v.b[i], 1, data_idx(cpu));
        }
    }
}

/* ---- gathers ---- */

/* The lowest lanes of a register of 32-bit or 64-bit lanes */
static uint64_t get_lane(const uint64_t *reg, unsigned i, bool wide)
{
    uint32_t v;

    if (wide) {
        return reg[i];
    }
    memcpy(&v, (const char *)reg + 4 * i, 4);
    return v;
}

static void set_lane(uint64_t *reg, unsigned i, bool wide, uint64_t v)
{
    if (wide) {
        reg[i] = v;
    } else {
        memcpy((char *)reg + 4 * i, &v, 4);
    }
}

/*
 * what: bits 0 to 3 destination, 4 to 7 mask, 8 to 11 index register, 12 scale, 14 the indices have 64 bits, 15 the data,
 * 16 of 256 bits, 17 addresses have 32 bits, 18 segment register. A lane that is done has its mask cleared, so that a
 * fault in a later one can be resumed.
 */
void x86_helper_gather(struct x86_cpu *cpu, uint32_t what, uint64_t base, uint64_t disp)
{
    uint64_t *to = cpu->zmm[what & 15], *mask = cpu->zmm[what >> 4 & 15], *index = cpu->zmm[what >> 8 & 15];
    bool wide_index = what >> 14 & 1, wide = what >> 15 & 1;
    unsigned bytes = what >> 16 & 1 ? 32 : 16, n = bytes / (wide_index || wide ? 8 : 4), seg = what >> 18;
    unsigned kept = wide_index && !wide ? bytes / 2 : bytes;   /* the destination's bytes that are no zeros */

    for (unsigned i = 0; i < n; i++) {
        uint64_t m = get_lane(mask, i, wide), offset = get_lane(index, i, wide_index), ea;

        if (!(m >> (wide ? 63 : 31) & 1)) {
            set_lane(mask, i, wide, 0);
            continue;
        }
        offset = wide_index ? offset : (uint64_t)(int32_t)offset;
        ea = base + (offset << (what >> 12 & 3)) + disp;
        ea = what >> 17 & 1 || !x86_is_64(cpu) ? (uint32_t)ea : ea;
        if (!x86_is_64(cpu) || seg >= X86_FS) {
            ea = x86_helper_seg_addr(cpu, seg, ea, wide ? 8 : 4);
        }
        set_lane(to, i, wide, cpu_ld(&cpu->cpu, ea, wide ? 8 : 4, data_idx(cpu)));
        set_lane(mask, i, wide, 0);
    }
    memset((char *)to + kept, 0, 32 - kept);
    memset(mask, 0, 32);
}

/* ---- half precision ---- */

static struct fp_ctx context(struct x86_cpu *cpu, unsigned rounding)
{
    unsigned rc = rounding & 4 ? cpu->cpu.fpcr >> MXCSR_RC_SHIFT : rounding;

    return (struct fp_ctx) { .rounding = mxcsr_rounding(rc), .nan_rule = FP_NAN_FIRST, .default_nan_negative = true };
}

x86_v128 x86_helper_from_half(struct x86_cpu *cpu, uint64_t v)
{
    struct fp_ctx ctx = context(cpu, 4);
    union lanes r;

    for (unsigned i = 0; i < 4; i++) {      /* subnormals are no exception, and DAZ does not count */
        r.w[i] = (uint32_t)fp_convert(&fp_f16, &fp_f32, v >> 16 * i & 0xffff, &ctx);
    }
    cpu->cpu.fpcr |= mxcsr_from_fp(ctx.flags);
    return r.v;
}

uint64_t x86_helper_to_half(struct x86_cpu *cpu, x86_v128 v, uint32_t rounding)
{
    struct fp_ctx ctx = context(cpu, rounding);
    union lanes a = { .v = v };
    uint64_t r = 0;

    ctx.daz = cpu->cpu.fpcr & MXCSR_DAZ;         /* DAZ counts here, FTZ does not */
    for (unsigned i = 0; i < 4; i++) {
        unsigned class = fp_classify(&fp_f32, a.w[i]);

        cpu->cpu.fpcr |= !ctx.daz && class & (FP_CLASS_POS_SUBNORMAL | FP_CLASS_NEG_SUBNORMAL) ? MXCSR_DE : 0;
        r |= (uint64_t)fp_convert(&fp_f32, &fp_f16, a.w[i], &ctx) << 16 * i;
    }
    cpu->cpu.fpcr |= mxcsr_from_fp(ctx.flags);
    return r;
}

/* ---- SHA (FIPS 180-4; SDM vol. 2 for how the words stand in the registers) ---- */

static uint32_t rol(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static uint32_t ror(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint32_t sha1_f(unsigned which, uint32_t b, uint32_t c, uint32_t d)
{
    return which == 0 ? (b & c) ^ (~b & d) : which == 2 ? (b & c) ^ (b & d) ^ (c & d) : b ^ c ^ d;
}

static union lanes sha1_rounds(union lanes a, union lanes b, unsigned which)
{
    static const uint32_t k[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
    uint32_t s[5] = { a.w[3], a.w[2], a.w[1], a.w[0], 0 };

    for (unsigned i = 0; i < 4; i++) {      /* E of the first round is in b's first word */
        uint32_t next = sha1_f(which, s[1], s[2], s[3]) + rol(s[0], 5) + b.w[3 - i] + s[4] + k[which];

        s[4] = s[3];
        s[3] = s[2];
        s[2] = rol(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    return (union lanes) { .w = { s[3], s[2], s[1], s[0] } };
}

static uint32_t small_sigma0(uint32_t v)
{
    return ror(v, 7) ^ ror(v, 18) ^ v >> 3;
}

static uint32_t small_sigma1(uint32_t v)
{
    return ror(v, 17) ^ ror(v, 19) ^ v >> 10;
}

/* a: C D G H, b: A B E F (the highest word first); w: two words with their constants */
static union lanes sha256_rounds(union lanes a, union lanes b, union lanes w)
{
    uint32_t s[8] = { b.w[3], b.w[2], a.w[3], a.w[2], b.w[1], b.w[0], a.w[1], a.w[0] };

    for (unsigned i = 0; i < 2; i++) {
        uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + w.w[i];
        uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        memmove(s + 1, s, 7 * sizeof(s[0]));
        s[4] += t1;
        s[0] = t1 + t2;
    }
    return (union lanes) { .w = { s[5], s[4], s[1], s[0] } };
}

static union lanes sha_message(unsigned which, union lanes a, union lanes b)
{
    union lanes r = a;

    switch (which) {
    case X86_SHA1NEXTE:
        r = b;
        r.w[3] += rol(a.w[3], 30);
        break;
    case X86_SHA1MSG1:
        r.w[3] ^= a.w[1];
        r.w[2] ^= a.w[0];
        r.w[1] ^= b.w[3];
        r.w[0] ^= b.w[2];
        break;
    case X86_SHA1MSG2:
        r.w[3] = rol(a.w[3] ^ b.w[2], 1);
        r.w[2] = rol(a.w[2] ^ b.w[1], 1);
        r.w[1] = rol(a.w[1] ^ b.w[0], 1);
        r.w[0] = rol(a.w[0] ^ r.w[3], 1);
        break;
    case X86_SHA256MSG1:
        for (unsigned i = 0; i < 4; i++) {
            r.w[i] += small_sigma0(i < 3 ? a.w[i + 1] : b.w[0]);
        }
        break;
    case X86_SHA256MSG2:
        r.w[0] += small_sigma1(b.w[2]);
        r.w[1] += small_sigma1(b.w[3]);
        r.w[2] += small_sigma1(r.w[0]);
        r.w[3] += small_sigma1(r.w[1]);
        break;
    }
    return r;
}

x86_v128 x86_helper_sha(uint32_t what, x86_v128 a, x86_v128 b, x86_v128 xmm0)
{
    union lanes x = { .v = a }, y = { .v = b }, w = { .v = xmm0 };

    switch (what & 0xff) {
    case X86_SHA1RNDS4: return sha1_rounds(x, y, what >> 8).v;
    case X86_SHA256RNDS2: return sha256_rounds(x, y, w).v;
    default: return sha_message(what & 0xff, x, y).v;
    }
}
