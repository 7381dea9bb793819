/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The leaves of CPUID (SDM vol. 2, "CPUID"; AMD APM vol. 3, appendix E), one row each. */
#include <string.h>

#include "system/machine.h"
#include "target/x86/model.h"

enum { EAX, EBX, ECX, EDX };

struct leaf {
    uint32_t leaf;
    void (*fill)(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4]);
};

static uint32_t four(const char *s)
{
    uint32_t v;

    memcpy(&v, s, 4);
    return v;
}

static void vendor(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EAX] = leaf ? cpu->xlevel : cpu->level;
    out[EBX] = four(cpu->vendor);
    out[EDX] = four(cpu->vendor + 4);
    out[ECX] = four(cpu->vendor + 8);
}

static uint32_t signature(const struct x86_cpu *cpu)
{
    unsigned family = cpu->family, model = cpu->model_number;
    uint32_t v = cpu->stepping | (model & 15) << 4 | MIN(family, 15) << 8;

    if (family >= 15) {
        v |= (family - 15) << 20;
    }
    return v | (model >> 4) << 16;
}

static unsigned cpus(const struct x86_cpu *cpu)
{
    return cpu->cpu.machine ? MAX(cpu->cpu.machine->opt.cpus, 1) : 1;
}

static unsigned log2_up(unsigned n)
{
    return n <= 1 ? 0 : 32 - __builtin_clz(n - 1);
}

static unsigned threads(const struct x86_cpu *cpu)
{
    return cpu->cpu.machine ? MAX(cpu->cpu.machine->opt.threads, 1) : 1;
}

/* Logical CPUs in a package. */
static unsigned package(const struct x86_cpu *cpu)
{
    unsigned sockets = cpu->cpu.machine ? MAX(cpu->cpu.machine->opt.sockets, 1) : 1;

    return MAX(cpus(cpu) / sockets, 1);
}

static void basic(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EAX] = signature(cpu);
    out[EBX] = cpu->cpu.hw_id << 24 | package(cpu) << 16 | (x86_has(cpu, X86_FEAT_CLFLUSH) ? 8 << 8 : 0);
    out[ECX] = x86_feature_word(cpu, X86_WORD_F1C) | (cpu->cr4 & X86_CR4_OSXSAVE ? 1u << 27 : 0);
    out[EDX] = x86_feature_word(cpu, X86_WORD_F1D) | (package(cpu) > 1 ? 1u << 28 : 0);
}

/* Descriptors of caches: 32 KiB L1 for data and code, 2 MiB L2, lines of 64 bytes. */
static void cache_descriptors(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EAX] = 1;
    out[EDX] = 0x2c307d;
}

static void cache_parameters(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    static const struct { uint8_t type, level, ways; uint16_t sets; } caches[] = {
        { 1, 1, 8, 64 }, { 2, 1, 8, 64 }, { 3, 2, 16, 4096 }, { 3, 3, 16, 16384 },
    };
    unsigned n = package(cpu);

    if (sub >= G_N_ELEMENTS(caches)) {
        return;
    }
    out[EAX] = caches[sub].type | caches[sub].level << 5 | 1 << 8 |
               ((caches[sub].level == 3 ? (1u << log2_up(n)) - 1 : threads(cpu) - 1) << 14) |
               ((1u << log2_up(n / threads(cpu))) - 1) << 26;
    out[EBX] = 63 | (caches[sub].ways - 1) << 22;
    out[ECX] = caches[sub].sets - 1;
}

static void monitor(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    if (x86_has(cpu, X86_FEAT_MONITOR)) {
        out[EAX] = out[EBX] = 64;
        out[ECX] = 3;
    }
}

static void power(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EAX] = x86_feature_word(cpu, X86_WORD_F6A);
}

static void extended(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    if (sub == 0) {
        out[EBX] = x86_feature_word(cpu, X86_WORD_F7B);
        out[ECX] = x86_feature_word(cpu, X86_WORD_F7C) | (cpu->cr4 & X86_CR4_PKE ? 1u << 4 : 0);
        out[EDX] = x86_feature_word(cpu, X86_WORD_F7D);
    }
}

static void topology(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    unsigned smt = log2_up(threads(cpu)), all = log2_up(package(cpu));

    out[ECX] = sub & 0xff;
    out[EDX] = cpu->cpu.hw_id;
    if (sub == 0) {
        out[EAX] = smt;
        out[EBX] = threads(cpu);
        out[ECX] |= 1 << 8;
    } else if (sub == 1) {
        out[EAX] = all;
        out[EBX] = package(cpu);
        out[ECX] |= 2 << 8;
    }
}

static void xsave(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    bool avx = x86_has(cpu, X86_FEAT_AVX);

    if (!x86_has(cpu, X86_FEAT_XSAVE)) {
        return;
    }
    if (sub == 0) {
        out[EAX] = X86_XCR0_X87 | X86_XCR0_SSE | (avx ? X86_XCR0_AVX : 0);
        out[EBX] = cpu->xcr0 & X86_XCR0_AVX ? 832 : 576;
        out[ECX] = avx ? 832 : 576;
    } else if (sub == 1) {
        out[EAX] = x86_feature_word(cpu, X86_WORD_XS);
        out[EBX] = cpu->xcr0 & X86_XCR0_AVX ? 832 : 576;
    } else if (sub == 2 && avx) {
        out[EAX] = 256;
        out[EBX] = 576;
    }
}

static void x_features(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    bool is_amd = !strcmp(cpu->vendor, "AuthenticAMD");

    out[EAX] = signature(cpu);
    out[ECX] = x86_feature_word(cpu, X86_WORD_X1C) | (is_amd && package(cpu) > 1 ? 1 << 1 : 0);
    out[EDX] = x86_feature_word(cpu, X86_WORD_X1D);
    if (is_amd) {
        out[EDX] |= x86_feature_word(cpu, X86_WORD_F1D) & 0x0183f3ff;   /* AMD repeats them here */
    }
}

static void brand(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    memcpy(out, cpu->name + (leaf - 0x80000002) * 16, 16);
}

static void x_l1(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    if (!strcmp(cpu->vendor, "AuthenticAMD")) {
        out[EAX] = out[EBX] = 0x01ff01ff;
        out[ECX] = out[EDX] = 0x20080140;
    }
}

static void x_l2(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[ECX] = 512 << 16 | 8 << 12 | 1 << 8 | 64;
}

static void x_power(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EDX] = x86_feature_word(cpu, X86_WORD_P7D);
}

static void x_sizes(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    out[EAX] = cpu->phys_bits | cpu->virt_bits << 8;
    out[EBX] = x86_feature_word(cpu, X86_WORD_P8B);
    out[ECX] = package(cpu) > 1 ? log2_up(package(cpu)) << 12 | (package(cpu) - 1) : 0;
}

/* Who emulates. With KVM the accelerator puts its own leaves there. */
static void hypervisor(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    if (leaf == 0x40000000) {
        out[EAX] = 0x40000001;
        out[EBX] = four("TCGT");
        out[ECX] = four("CGTC");
        out[EDX] = four("GTCG");
    }
}

static const struct leaf leaves[] = {
    { 0, vendor }, { 1, basic }, { 2, cache_descriptors }, { 4, cache_parameters }, { 5, monitor }, { 6, power },
    { 7, extended }, { 0xb, topology }, { 0xd, xsave },
    { 0x40000000, hypervisor }, { 0x40000001, hypervisor },
    { 0x80000000, vendor }, { 0x80000001, x_features }, { 0x80000002, brand }, { 0x80000003, brand }, { 0x80000004, brand },
    { 0x80000005, x_l1 }, { 0x80000006, x_l2 }, { 0x80000007, x_power }, { 0x80000008, x_sizes },
};

void x86_cpuid(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    uint32_t limit = leaf >> 16 == 0x8000 ? cpu->xlevel : leaf >> 16 == 0x4000 ? 0x40000001 : cpu->level;

    memset(out, 0, 4 * sizeof *out);
    if (leaf > limit) {
        /* SDM: beyond the highest leaf, the highest basic leaf answers. */
        leaf = cpu->level;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(leaves); i++) {
        if (leaves[i].leaf == leaf && (leaf >> 16 != 0x4000 || x86_has(cpu, X86_FEAT_HYPERVISOR))) {
            leaves[i].fill(cpu, leaf, sub, out);
        }
    }
}
