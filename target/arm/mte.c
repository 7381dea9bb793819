/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory tagging (DDI 0487, "The Memory Tagging Extension" of chapter D10). Pages with tags have no entries in the soft TLB
 * under the MMU indices of checked accesses (ARM_IDX_CHECKED), so that every access to one comes to access_check; nothing
 * else pays for it. Accesses that are not checked go by the plain indices.
 *
 * Not modelled: asymmetric checks (FEAT_MTE3).
 */
#include "target/arm/mte.h"

#include <stdatomic.h>

#include "target/arm/priv.h"

enum { GRANULE = 16 };
enum { TCF_NONE, TCF_SYNC, TCF_ASYNC };

/* ---- tag memory ---- */

static _Atomic uint8_t *tag_of(const struct arm_cpu *cpu, uint64_t paddr, unsigned *shift)
{
    const struct cpu_tag_memory *m = cpu->cpu.tags;

    if (!m || paddr < m->base || paddr - m->base >= m->bytes) {
        return NULL;
    }
    *shift = (paddr - m->base) / GRANULE % 2 * 4;
    return &m->tags[(paddr - m->base) / GRANULE / 2];
}

static unsigned tag_load(const struct arm_cpu *cpu, uint64_t paddr)
{
    unsigned shift;
    _Atomic uint8_t *p = tag_of(cpu, paddr, &shift);

    return p ? atomic_load_explicit(p, memory_order_relaxed) >> shift & 15 : 0;
}

static void tag_store(const struct arm_cpu *cpu, uint64_t paddr, unsigned tag)
{
    unsigned shift;
    _Atomic uint8_t *p = tag_of(cpu, paddr, &shift);
    uint8_t old, new;

    if (!p) {
        return;
    }
    old = atomic_load_explicit(p, memory_order_relaxed);
    do {
        new = (old & ~(15u << shift)) | tag << shift;
    } while (!atomic_compare_exchange_weak(p, &old, new));
}

/* ---- controls ---- */

/* Do loads and stores of tags by this level reach them? SCTLR_ELx.ATA (ATA0), HCR_EL2.ATA, SCR_EL3.ATA. */
static bool tags_reached(const struct arm_cpu *cpu, unsigned el)
{
    unsigned regime = el ? el : arm_host(cpu) ? 2 : 1;

    if (!cpu->cpu.tags || !arm_has(cpu, ARM_EXT_MTE2) || !(cpu->sctlr[regime] >> (el ? 43 : 42) & 1)) {
        return false;
    }
    if (el < 2 && arm_el2_on(cpu) && !arm_host(cpu) && !(cpu->hcr & HCR_ATA)) {
        return false;
    }
    return el == 3 || !arm_has_el(cpu, 3) || (cpu->scr & SCR_ATA);
}

static unsigned check_mode(const struct arm_cpu *cpu, unsigned el)
{
    unsigned regime = el ? el : arm_host(cpu) ? 2 : 1;

    return cpu->sctlr[regime] >> (el ? 40 : 38) & 3;
}

bool arm_mte_checks(const struct arm_cpu *cpu, unsigned el)
{
    return cpu->cpu.tags && !cpu->tco && check_mode(cpu, el) != TCF_NONE && tags_reached(cpu, el);
}

/* ---- checks ---- */

/* Addresses that TCR_ELx.TCMA exempts, or whose top byte is no tag. */
static bool exempt(const struct arm_cpu *cpu, uint64_t va, unsigned tag)
{
    unsigned el = arm_regime_el(cpu);
    bool two = el == 1 || (el == 2 && arm_e2h(cpu)), high = va >> 55 & 1, tbi;

    arm_va_bits(cpu, va, true, &tbi);
    return !tbi || (tag == (high && two ? 15 : 0) && (cpu->tcr[el] >> (!two ? 30 : high ? 58 : 57) & 1));
}

bool arm_mte_access(struct arm_cpu *cpu, uint64_t va, uint64_t paddr, unsigned size, enum mmu_access access,
                    struct mmu_fault *fault)
{
    unsigned tag = va >> 56 & 15, el = cpu->el;
    uint64_t last = (paddr + size - 1) / GRANULE;

    if (!arm_mte_checks(cpu, el) || exempt(cpu, va, tag)) {
        return true;
    }
    for (uint64_t g = paddr / GRANULE; g <= last; g++) {
        if (tag_load(cpu, g * GRANULE) == tag) {
            continue;
        }
        if (check_mode(cpu, el) == TCF_SYNC) {
            *fault = (struct mmu_fault){ .access = access, .va = g == paddr / GRANULE ? va : (va & ~15ull) + 16, .code = FSC_TAG };
            return false;
        }
        cpu->tfsr[el] |= 1u << (va >> 55 & 1);
    }
    return true;
}

/* ---- instructions ---- */

/* DDI 0487, "ChooseNonExcludedTag". */
static unsigned choose(unsigned tag, unsigned offset, unsigned exclude)
{
    if (exclude == 0xffff) {
        return 0;
    }
    while (!offset && (exclude >> tag & 1)) {
        tag = (tag + 1) & 15;
    }
    while (offset--) {
        do {
            tag = (tag + 1) & 15;
        } while (exclude >> tag & 1);
    }
    return tag;
}

static uint64_t with_tag(uint64_t v, unsigned tag)
{
    return (v & ~(15ull << 56)) | (uint64_t)tag << 56;
}

#define GCR_EXCLUDE 0xffff
#define GCR_RRND (1u << 16)

/* "RandomTag": four steps of the register's generator; with GCR_EL1.RRND it may be anybody's, so it is the same one. */
uint64_t arm_helper_irg(struct arm_cpu *cpu, uint64_t v, uint64_t more)
{
    unsigned exclude = (cpu->gcr | more) & GCR_EXCLUDE, seed = cpu->rgsr >> 8 & 0xffff, offset = 0, tag = 0;

    if (!tags_reached(cpu, cpu->el)) {
        return with_tag(v, 0);
    }
    if ((cpu->gcr & GCR_RRND) && !seed) {
        seed = 1;
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned top = (seed >> 5 ^ seed >> 3 ^ seed >> 2 ^ seed) & 1;

        seed = top << 15 | seed >> 1;
        offset |= top << i;
    }
    tag = choose(cpu->rgsr & 15, offset, exclude);
    cpu->rgsr = tag | seed << 8;
    return with_tag(v, tag);
}

/* ADDG, SUBG: what is the result's tag, offset steps on from that of v? */
uint64_t arm_helper_tag_step(struct arm_cpu *cpu, uint64_t v, uint32_t offset)
{
    return tags_reached(cpu, cpu->el) ? choose(v >> 56 & 15, offset, cpu->gcr & GCR_EXCLUDE) : 0;
}

/* The page that holds a granule: faults are raised. False: it has no tags that this level reaches. */
static bool locate(struct arm_cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, uint64_t *paddr)
{
    struct mmu_page page;
    struct mmu_fault fault;

    if (!arm_mmu_walk(&cpu->cpu, va, access, idx, false, &page, &fault)) {
        arm_raise_mmu(&cpu->cpu, &fault);
    }
    *paddr = page.paddr;
    return (page.attr & ARM_ATTR_TAGGED) && tags_reached(cpu, cpu->el);
}

uint64_t arm_helper_ldg(struct arm_cpu *cpu, uint64_t va, uint32_t idx)
{
    uint64_t paddr;

    va &= ~15ull;
    return locate(cpu, va, MMU_READ, idx, &paddr) ? tag_load(cpu, paddr) : 0;
}

/* STG and its like: the address must be a granule's; memory first, as it may fault. */
void arm_helper_mte_store(struct arm_cpu *cpu, uint64_t va, uint32_t how, uint64_t source)
{
    unsigned idx = how >> MTE_IDX_SHIFT, n = how & MTE_TWO ? 2 : 1;
    uint64_t paddr[2];
    bool tagged[2];

    if (va & 15) {
        arm_raise_unaligned(&cpu->cpu, va, MMU_WRITE);
    }
    for (unsigned i = 0; i < n; i++) {
        tagged[i] = locate(cpu, va + i * GRANULE, MMU_WRITE, idx, &paddr[i]);
    }
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; (how & MTE_ZERO) && k < GRANULE; k += 8) {
            cpu_st(&cpu->cpu, va + i * GRANULE + k, 0, 8, idx);
        }
        if (tagged[i]) {
            tag_store(cpu, paddr[i], source >> 56 & 15);
        }
    }
}

/* LDGM, STGM, STZGM: the tags of 256 bytes (GMID_EL1.BS = 6) in a register; STZGM: one tag for a block of DC ZVA's size. */
enum { BLOCK = 256, ZERO_BLOCK = 64 };

uint64_t arm_helper_ldgm(struct arm_cpu *cpu, uint64_t va, uint32_t idx)
{
    uint64_t paddr, r = 0;

    va &= ~(uint64_t)(BLOCK - 1);
    if (!locate(cpu, va, MMU_READ, idx, &paddr)) {
        return 0;
    }
    for (unsigned i = 0; i < BLOCK / GRANULE; i++) {
        r |= (uint64_t)tag_load(cpu, paddr + i * GRANULE) << i * 4;
    }
    return r;
}

void arm_helper_stgm(struct arm_cpu *cpu, uint64_t va, uint32_t idx, uint64_t tags)
{
    uint64_t paddr;

    va &= ~(uint64_t)(BLOCK - 1);
    if (!locate(cpu, va, MMU_WRITE, idx, &paddr)) {
        return;
    }
    for (unsigned i = 0; i < BLOCK / GRANULE; i++) {
        tag_store(cpu, paddr + i * GRANULE, tags >> i * 4 & 15);
    }
}

void arm_tag_block(struct arm_cpu *cpu, uint64_t va, unsigned tag, bool zero, unsigned idx)
{
    uint64_t paddr;
    bool tagged;

    va &= ~(uint64_t)(ZERO_BLOCK - 1);
    tagged = locate(cpu, va, MMU_WRITE, idx, &paddr);
    for (unsigned i = 0; zero && i < ZERO_BLOCK; i += 8) {
        cpu_st(&cpu->cpu, va + i, 0, 8, idx);
    }
    for (unsigned i = 0; tagged && i < ZERO_BLOCK; i += GRANULE) {
        tag_store(cpu, paddr + i, tag);
    }
}

void arm_helper_stzgm(struct arm_cpu *cpu, uint64_t va, uint32_t idx, uint64_t tag)
{
    arm_tag_block(cpu, va, tag & 15, true, idx);
}
