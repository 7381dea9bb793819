/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSRs of floating point, counters, timers, configuration and physical memory protection. */
#include "system/machine.h"
#include "target/riscv/csr_impl.h"
#include "tcg/mxcsr.h"

/* ---- floating point: cpu.fpcr has the layout of x86's MXCSR ---- */

uint32_t rv_fflags(const struct rv_cpu *cpu)
{
    return mxcsr_to_fp(cpu->cpu.fpcr);
}

static void set_fflags(struct rv_cpu *cpu, unsigned v)
{
    cpu->cpu.fpcr = (cpu->cpu.fpcr & ~(uint32_t)MXCSR_FLAGS) | mxcsr_from_fp(v);
}

void rv_set_frm(struct rv_cpu *cpu, unsigned frm)
{
    static const uint8_t rc[8] = { 0, 3, 1, 2 };    /* RNE, RTZ, RDN, RUP; the others run without the host's rounding */

    cpu->frm = frm & 7;
    cpu->cpu.fpcr = (cpu->cpu.fpcr & ~(uint32_t)MXCSR_RC) | (uint32_t)rc[cpu->frm] << MXCSR_RC_SHIFT;
}

void rv_set_fs_dirty(struct rv_cpu *cpu)
{
    cpu->mstatus |= MSTATUS_FS;
    rv_update_key(cpu);
}

void rv_helper_fs_dirty(struct rv_cpu *cpu)
{
    rv_set_fs_dirty(cpu);
}

RV_READ(fflags)
{
    return rv_fflags(cpu);
}

RV_WRITE(fflags)
{
    set_fflags(cpu, v);
    rv_set_fs_dirty(cpu);
}

RV_READ(frm)
{
    return cpu->frm;
}

RV_WRITE(frm)
{
    rv_set_frm(cpu, v);
    rv_set_fs_dirty(cpu);
}

RV_READ(fcsr)
{
    return rv_fflags(cpu) | (uint32_t)cpu->frm << 5;
}

RV_WRITE(fcsr)
{
    set_fflags(cpu, v);
    rv_set_frm(cpu, v >> 5);
    rv_set_fs_dirty(cpu);
}

/* ---- counters: both count retired instructions ---- */

bool rv_counted(const struct rv_cpu *cpu)
{
    return cpu->cpu.machine && cpu->cpu.machine->opt.icount.on;
}

static uint64_t counter(struct rv_cpu *cpu, uint64_t base, unsigned bit)
{
    return cpu->mcountinhibit & bit ? base : base + cpu_insns(&cpu->cpu);
}

/* The instruction that writes a counter does not count itself (Unprivileged ISA, "Zicntr"): under -icount, where
 * cpu_insns is exact, the next one reads what was written. */
static void set_counter(struct rv_cpu *cpu, uint64_t *base, unsigned bit, uint64_t v)
{
    *base = cpu->mcountinhibit & bit ? v : v - cpu_insns(&cpu->cpu) - rv_counted(cpu);
}

static uint64_t low_half(uint64_t old, uint64_t v)
{
    return (old & ~(uint64_t)UINT32_MAX) | (uint32_t)v;
}

static uint64_t high_half(uint64_t old, uint64_t v)
{
    return (uint32_t)old | v << 32;
}

RV_READ(cycle)
{
    return counter(cpu, cpu->mcycle, RV_COUNT_CY);
}

RV_READ(cycleh)
{
    return rv_read_cycle(cpu, csr) >> 32;
}

RV_WRITE(mcycle)
{
    set_counter(cpu, &cpu->mcycle, RV_COUNT_CY, cpu->mxlen == 32 ? low_half(rv_read_cycle(cpu, csr), v) : v);
}

RV_WRITE(mcycleh)
{
    set_counter(cpu, &cpu->mcycle, RV_COUNT_CY, high_half(rv_read_cycle(cpu, csr), v));
}

RV_READ(instret)
{
    return counter(cpu, cpu->minstret, RV_COUNT_IR);
}

RV_READ(instreth)
{
    return rv_read_instret(cpu, csr) >> 32;
}

RV_WRITE(minstret)
{
    set_counter(cpu, &cpu->minstret, RV_COUNT_IR, cpu->mxlen == 32 ? low_half(rv_read_instret(cpu, csr), v) : v);
}

RV_WRITE(minstreth)
{
    set_counter(cpu, &cpu->minstret, RV_COUNT_IR, high_half(rv_read_instret(cpu, csr), v));
}

RV_READ(mcountinhibit)
{
    return cpu->mcountinhibit;
}

RV_WRITE(mcountinhibit)
{
    uint64_t cycle = rv_read_cycle(cpu, csr), instret = rv_read_instret(cpu, csr);

    rv_pmu_inhibit(cpu, v);
    cpu->mcountinhibit = (cpu->mcountinhibit & cpu->pmu_mask) | (v & (RV_COUNT_CY | RV_COUNT_IR));
    set_counter(cpu, &cpu->mcycle, RV_COUNT_CY, cycle);
    set_counter(cpu, &cpu->minstret, RV_COUNT_IR, instret);
}

/* ---- time ---- */

RV_READ(time)
{
    return cpu->cpu.time_read(cpu->cpu.time_opaque);
}

RV_READ(timeh)
{
    return rv_read_time(cpu, csr) >> 32;
}

RV_READ(stimecmp)
{
    return cpu->stimecmp;
}

RV_WRITE(stimecmp)
{
    rv_stimecmp_write(cpu, cpu->mxlen == 32 ? low_half(cpu->stimecmp, v) : v);
}

RV_READ(stimecmph)
{
    return cpu->stimecmp >> 32;
}

RV_WRITE(stimecmph)
{
    rv_stimecmp_write(cpu, high_half(cpu->stimecmp, v));
}

/* ---- configuration ---- */

/* CBIE = 2 is reserved: WARL, the old value stays. */
static uint64_t legal_cbie(uint64_t old, uint64_t v)
{
    return (v & ENVCFG_CBIE) >> ENVCFG_CBIE_SHIFT == 2 ? (v & ~ENVCFG_CBIE) | (old & ENVCFG_CBIE) : v;
}

static uint64_t envcfg_mask(const struct rv_cpu *cpu)
{
    return ENVCFG_FIOM | (rv_has(cpu, RV_EXT_Zicbom) ? ENVCFG_CBIE | ENVCFG_CBCFE : 0) |
           (rv_has(cpu, RV_EXT_Zicboz) ? ENVCFG_CBZE : 0);
}

static void set_menvcfg(struct rv_cpu *cpu, uint64_t v)
{
    uint64_t mask = envcfg_mask(cpu) | (rv_has(cpu, RV_EXT_Svadu) ? MENVCFG_ADUE : 0) |
                    (rv_has(cpu, RV_EXT_Svpbmt) ? MENVCFG_PBMTE : 0) | (rv_has(cpu, RV_EXT_Sstc) ? MENVCFG_STCE : 0);
    uint64_t old = cpu->menvcfg;

    cpu->menvcfg = legal_cbie(old, v) & mask;
    rv_update_key(cpu);
    if ((old ^ cpu->menvcfg) & (MENVCFG_ADUE | MENVCFG_PBMTE)) {
        cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
    }
    if ((old ^ cpu->menvcfg) & MENVCFG_STCE) {
        cpu->mip &= ~MIP(STI);
        rv_stimer_update(cpu);
        rv_irq_update(cpu);
    }
}

RV_READ(menvcfg)
{
    return cpu->mxlen == 32 ? (uint32_t)cpu->menvcfg : cpu->menvcfg;
}

RV_WRITE(menvcfg)
{
    set_menvcfg(cpu, cpu->mxlen == 32 ? low_half(cpu->menvcfg, v) : v);
}

RV_READ(menvcfgh)
{
    return cpu->menvcfg >> 32;
}

RV_WRITE(menvcfgh)
{
    set_menvcfg(cpu, high_half(cpu->menvcfg, v));
}

RV_READ(senvcfg)
{
    return cpu->senvcfg;
}

RV_WRITE(senvcfg)
{
    cpu->senvcfg = legal_cbie(cpu->senvcfg, v) & envcfg_mask(cpu);
    rv_update_key(cpu);
}

static void set_mstateen(struct rv_cpu *cpu, unsigned n, uint64_t v)
{
    cpu->mstateen[n] = v & (STATEEN_SE | (n == 0 ? STATEEN0_ENVCFG : 0));
}

RV_READ(mstateen)
{
    uint64_t v = cpu->mstateen[csr & 3];

    return cpu->mxlen == 32 ? (uint32_t)v : v;
}

RV_WRITE(mstateen)
{
    set_mstateen(cpu, csr & 3, cpu->mxlen == 32 ? low_half(cpu->mstateen[csr & 3], v) : v);
}

RV_READ(mstateenh)
{
    return cpu->mstateen[csr & 3] >> 32;
}

RV_WRITE(mstateenh)
{
    set_mstateen(cpu, csr & 3, high_half(cpu->mstateen[csr & 3], v));
}

/* ---- physical memory protection ---- */

static void pmp_changed(struct rv_cpu *cpu)
{
    rv_pmp_update(cpu);
    cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
}

RV_READ(pmpcfg)
{
    unsigned first = (csr & 3) * 4, n = cpu->mxlen / 8;
    uint64_t v = 0;

    for (unsigned i = 0; i < n; i++) {
        v |= (uint64_t)cpu->pmpcfg[first + i] << 8 * i;
    }
    return v;
}

RV_WRITE(pmpcfg)
{
    unsigned first = (csr & 3) * 4, n = cpu->mxlen / 8;
    bool changed = false;

    for (unsigned i = 0; i < n; i++) {
        changed |= rv_pmpcfg_write(cpu, first + i, v >> 8 * i);
    }
    if (changed) {
        pmp_changed(cpu);
    }
}

RV_READ(pmpaddr)
{
    return cpu->pmpaddr[csr & 15];
}

RV_WRITE(pmpaddr)
{
    if (rv_pmpaddr_write(cpu, csr & 15, v)) {
        pmp_changed(cpu);
    }
}
