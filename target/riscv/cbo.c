/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cache-block operations (Zicbom, Zicboz). There is no cache to manage: what remains is the enable bits (menvcfg,
 * senvcfg), the access check, and that cbo.zero writes zeroes.
 */
#include <string.h>

#include "target/riscv/priv.h"

bool rv_envcfg_allows(const struct rv_cpu *cpu, uint64_t bits)
{
    if (cpu->priv == RV_M) {
        return true;
    }
    return (cpu->menvcfg & bits) && (cpu->priv == RV_S || !rv_has(cpu, RV_EXT_S) || (cpu->senvcfg & bits));
}

void rv_helper_cbo_zero(struct rv_cpu *cpu, uint32_t insn, uint64_t addr)
{
    unsigned idx = rv_data_idx(&cpu->cpu);
    void *p;

    if (!rv_envcfg_allows(cpu, ENVCFG_CBZE)) {
        rv_raise_illegal(cpu, insn);
    }
    addr &= ~(uint64_t)(cpu->cboz_bytes - 1);
    p = cpu_probe_write(&cpu->cpu, addr, cpu->cboz_bytes, idx);
    if (p) {
        memset(p, 0, cpu->cboz_bytes);
        return;
    }
    for (unsigned i = 0; i < cpu->cboz_bytes; i += 8) {
        cpu_st(&cpu->cpu, addr + i, 0, 8, idx);
    }
}

enum { CBO_INVAL, CBO_CLEAN, CBO_FLUSH };       /* immediate field of the instruction */

void rv_helper_cbo(struct rv_cpu *cpu, uint32_t insn, uint64_t addr)
{
    uint64_t bits = insn >> 20 == CBO_INVAL ? ENVCFG_CBIE : ENVCFG_CBCFE;
    struct mmu_page page;
    struct mmu_fault fault;

    if (!rv_envcfg_allows(cpu, bits)) {
        rv_raise_illegal(cpu, insn);
    }
    /* Allowed where a load or a store is ("a cache-block management instruction is permitted to access the specified
     * cache block whenever a load instruction or store instruction is permitted"); reported as a store. */
    if (!rv_mmu_walk(&cpu->cpu, addr, MMU_READ, rv_data_idx(&cpu->cpu), false, &page, &fault) &&
        !rv_mmu_walk(&cpu->cpu, addr, MMU_WRITE, rv_data_idx(&cpu->cpu), false, &page, &fault)) {
        rv_raise_mmu(&cpu->cpu, &fault);
    }
}
