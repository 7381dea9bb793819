/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory protection (Privileged ISA, section "Physical Memory Protection"): 16 entries, granularity 4 bytes.
 *
 * The registers are turned into byte ranges when they change. A look-up then finds the first range that holds the
 * address; the search also yields how far around the address nothing changes, and that interval is remembered: page
 * table walks and TLB fills nearly always fall into the same one, so they cost two compares.
 */
#include <inttypes.h>

#include "target/riscv/priv.h"
#include "util/log.h"

static unsigned mode(uint8_t cfg)
{
    return (cfg & PMP_A) >> 3;
}

static uint64_t address_mask(const struct rv_cpu *cpu)
{
    return cpu->mxlen == 32 ? UINT32_MAX : (1ull << 54) - 1;
}

/* The bytes that entry n matches; false if none. */
static bool range_of(const struct rv_cpu *cpu, unsigned n, struct rv_pmp_range *r)
{
    uint64_t a = cpu->pmpaddr[n];

    r->cfg = cpu->pmpcfg[n];
    switch (mode(r->cfg)) {
    case PMP_TOR:
        r->start = n ? cpu->pmpaddr[n - 1] << 2 : 0;
        r->last = (a << 2) - 1;
        return r->start < a << 2;
    case PMP_NA4:
        r->start = a << 2;
        r->last = r->start + 3;
        return true;
    case PMP_NAPOT: {
        uint64_t ones = a ^ (a + 1);                /* trailing ones and the zero above them */

        r->start = (a & ~ones) << 2;
        r->last = r->start + ((ones << 2) | 3);
        return true;
    }
    default:
        return false;
    }
}

void rv_pmp_update(struct rv_cpu *cpu)
{
    cpu->pmp_count = 0;
    for (unsigned n = 0; n < RV_PMP_ENTRIES; n++) {
        cpu->pmp_count += range_of(cpu, n, &cpu->pmp[cpu->pmp_count]);
    }
    cpu->pmp_same = (struct rv_pmp_same) { .start = 1, .last = 0 };
}

/* Fills pmp_same for the interval around paddr. */
static void search(struct rv_cpu *cpu, uint64_t paddr)
{
    struct rv_pmp_same *same = &cpu->pmp_same;
    const uint8_t all = MMU_R | MMU_W | MMU_X;

    *same = (struct rv_pmp_same) { .start = 0, .last = UINT64_MAX, .prot_m = all, .prot_su = 0 };
    for (unsigned i = 0; i < cpu->pmp_count; i++) {
        const struct rv_pmp_range *r = &cpu->pmp[i];

        if (paddr < r->start) {
            same->last = MIN(same->last, r->start - 1);
        } else if (paddr > r->last) {
            same->start = MAX(same->start, r->last + 1);
        } else {
            same->start = MAX(same->start, r->start);
            same->last = MIN(same->last, r->last);
            same->prot_su = r->cfg & all;           /* R, W, X stand in the same bits as in enum mmu_prot */
            same->prot_m = r->cfg & PMP_L ? same->prot_su : all;
            return;
        }
    }
}

uint8_t rv_pmp_prot(struct rv_cpu *cpu, uint64_t paddr, enum rv_priv priv, bool *whole)
{
    const struct rv_pmp_same *same = &cpu->pmp_same;
    uint64_t page = paddr & ~0xfffull;

    if (!cpu->pmp_on) {
        *whole = true;
        return MMU_R | MMU_W | MMU_X;
    }
    if (paddr < same->start || paddr > same->last) {
        search(cpu, paddr);
    }
    *whole = page >= same->start && (page | 0xfff) <= same->last;
    return priv == RV_M ? same->prot_m : same->prot_su;
}

bool rv_pmp_one_entry(struct rv_cpu *cpu, uint64_t paddr, unsigned size)
{
    if (!cpu->pmp_on) {
        return true;
    }
    if (paddr < cpu->pmp_same.start || paddr > cpu->pmp_same.last) {
        search(cpu, paddr);
    }
    return cpu->pmp_same.last - paddr >= size - 1;
}

bool rv_pmpcfg_write(struct rv_cpu *cpu, unsigned entry, uint8_t value)
{
    if (cpu->pmpcfg[entry] & PMP_L) {
        log_guest("riscv: write to locked pmpcfg entry %u", entry);
        return false;
    }
    value &= PMP_R | PMP_W | PMP_X | PMP_A | PMP_L;
    if ((value & (PMP_R | PMP_W)) == PMP_W) {       /* reserved: WARL */
        value &= ~PMP_W;
    }
    if (value == cpu->pmpcfg[entry]) {
        return false;
    }
    cpu->pmpcfg[entry] = value;
    return true;
}

bool rv_pmpaddr_write(struct rv_cpu *cpu, unsigned entry, uint64_t value)
{
    uint8_t next = entry + 1 < RV_PMP_ENTRIES ? cpu->pmpcfg[entry + 1] : 0;

    /* A locked top-of-range entry also locks the address below, where its range starts. */
    if ((cpu->pmpcfg[entry] & PMP_L) || ((next & PMP_L) && mode(next) == PMP_TOR)) {
        log_guest("riscv: write to locked pmpaddr%u", entry);
        return false;
    }
    value &= address_mask(cpu);
    if (value == cpu->pmpaddr[entry]) {
        return false;
    }
    cpu->pmpaddr[entry] = value;
    return true;
}
