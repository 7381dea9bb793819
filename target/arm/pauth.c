/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pointer authentication (DDI 0487, "Pointer authentication" of chapter D8 and "AddPAC", "Auth", "Strip" of chapter J1), with
 * the enhancements of FEAT_PAuth2 and faults on failure (FEAT_FPAC, FEAT_FPACCOMBINE). The cipher is ours (implementation
 * defined: API and GPI of ID_AA64ISAR1_EL1) or QARMA5 (APA and GPA).
 */
#include "target/arm/pauth.h"

#include "target/arm/priv.h"

static uint64_t ones(unsigned low, unsigned count)
{
    return count ? (count == 64 ? UINT64_MAX : (1ull << count) - 1) << low : 0;
}

/* The finaliser of a hash by multiplications (Appleby's MurmurHash3): every bit of the input changes half of the result. */
static uint64_t scrambled(uint64_t v)
{
    v = (v ^ v >> 33) * 0xff51afd7ed558ccdull;
    v = (v ^ v >> 33) * 0xc4ceb9fe1a85ec53ull;
    return v ^ v >> 33;
}

static uint64_t code_of(const struct arm_cpu *cpu, uint64_t data, uint64_t modifier, unsigned key)
{
    const uint64_t *k = cpu->pauth_key[key];

    if (cpu->pauth_qarma5) {
        return arm_qarma5(data, modifier, k[1], k[0]);
    }
    return scrambled(scrambled(data ^ k[0]) + modifier * 0x9e3779b97f4a7c15ull + k[1]);
}

/* ---- where the code stands in a pointer ---- */

struct layout {
    unsigned bottom, top;               /* bits [bottom, top), of which bit 55 stays what it is */
};

static struct layout layout_of(const struct arm_cpu *cpu, uint64_t ptr, bool data)
{
    bool tbi;
    unsigned bits = arm_va_bits(cpu, ptr, data, &tbi);

    return (struct layout){ bits, tbi ? 56 : 64 };
}

static uint64_t mask_of(const struct layout *l)
{
    return ones(l->bottom, l->top - l->bottom);
}

static uint64_t original(uint64_t ptr, const struct layout *l)
{
    return ptr >> 55 & 1 ? ptr | mask_of(l) : ptr & ~mask_of(l);
}

static uint64_t add_code(const struct arm_cpu *cpu, uint64_t ptr, uint64_t modifier, unsigned key)
{
    const struct layout l = layout_of(cpu, ptr, key >= PAUTH_DA);
    uint64_t place = mask_of(&l) & ~(1ull << 55);
    bool high = ptr >> (l.top == 56 ? 55 : 63) & 1;
    uint64_t extended = high ? ptr | mask_of(&l) : ptr & ~mask_of(&l);
    uint64_t code = code_of(cpu, extended, modifier, key) ^ ptr;

    return (ptr & ~(mask_of(&l) | 1ull << 55)) | (code & place) | (uint64_t)high << 55;
}

static G_NORETURN void failure(struct arm_cpu *cpu, unsigned key)
{
    arm_raise(cpu, (uint32_t)EC_PAC_FAIL << ESR_EC_SHIFT | ESR_IL | key, 1);
}

static uint64_t authenticate(struct arm_cpu *cpu, uint64_t ptr, uint64_t modifier, unsigned key)
{
    const struct layout l = layout_of(cpu, ptr, key >= PAUTH_DA);
    uint64_t place = mask_of(&l) & ~(1ull << 55);
    uint64_t result = ptr ^ (code_of(cpu, original(ptr, &l), modifier, key) & place);

    if ((result ^ (result >> 55 & 1 ? UINT64_MAX : 0)) & place) {
        failure(cpu, key);
    }
    return result;
}

/* ---- traps and enables ---- */

/* HCR_EL2.API and SCR_EL3.API: 0 traps the instructions of lower levels. */
static void check_trap(struct arm_cpu *cpu)
{
    const uint32_t esr = (uint32_t)EC_PAC << ESR_EC_SHIFT | ESR_IL;

    if (cpu->el < 2 && arm_el2_on(cpu) && !(cpu->hcr & HCR_API) && !arm_host_el0(cpu)) {
        arm_raise(cpu, esr, 2);
    }
    if (cpu->el < 3 && arm_has_el(cpu, 3) && !(cpu->scr & SCR_API)) {
        arm_raise(cpu, esr, 3);
    }
}

/* SCTLR_ELx.EnIA and the like. */
static bool enabled(const struct arm_cpu *cpu, unsigned key)
{
    static const uint8_t bit[4] = { 31, 30, 27, 13 };

    return cpu->sctlr[arm_regime_el(cpu)] >> bit[key] & 1;
}

uint64_t arm_helper_pac(struct arm_cpu *cpu, uint32_t key, uint64_t ptr, uint64_t modifier)
{
    if (!enabled(cpu, key)) {
        return ptr;
    }
    check_trap(cpu);
    return add_code(cpu, ptr, modifier, key);
}

uint64_t arm_helper_aut(struct arm_cpu *cpu, uint32_t key, uint64_t ptr, uint64_t modifier)
{
    if (!enabled(cpu, key)) {
        return ptr;
    }
    check_trap(cpu);
    return authenticate(cpu, ptr, modifier, key);
}

uint64_t arm_helper_xpac(struct arm_cpu *cpu, uint32_t data, uint64_t ptr)
{
    const struct layout l = layout_of(cpu, ptr, data);

    return original(ptr, &l);
}

uint64_t arm_helper_pacga(struct arm_cpu *cpu, uint64_t v, uint64_t modifier)
{
    check_trap(cpu);
    return code_of(cpu, v, modifier, PAUTH_GA) & ~0xffffffffull;
}
