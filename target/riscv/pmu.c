/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The programmable performance counters (Privileged ISA, "Hardware Performance Monitor"; events as in the SBI
 * specification, "Performance Monitoring Unit Extension"): mhpmcounter3 to 18, or those of -cpu pmu-mask=. Each counts
 * what its mhpmevent says: cycles and retired instructions, both as mcycle does, or misses of the soft TLB. The others
 * read as zero.
 *
 * Not modelled: Sscofpmf (overflow interrupts, modes that do not count).
 */
#include <libfdt.h>
#include <string.h>

#include "target/riscv/csr_impl.h"

enum { EVENT_CYCLES = 1, EVENT_INSTRUCTIONS = 2, EVENT_DTLB_READ_MISS = 0x10019, EVENT_DTLB_WRITE_MISS = 0x1001b,
       EVENT_ITLB_MISS = 0x10021 };

static bool counts_insns(const struct rv_cpu *cpu, unsigned n)
{
    uint64_t event = cpu->hpm_event[n - 3];

    return (event == EVENT_CYCLES || event == EVENT_INSTRUCTIONS) && !(cpu->mcountinhibit >> n & 1);
}

/* hpm[] holds the offset from cpu_insns() of a counter that counts them, else the value. */
static uint64_t value(struct rv_cpu *cpu, unsigned n)
{
    return cpu->hpm[n - 3] + (counts_insns(cpu, n) ? cpu_insns(&cpu->cpu) : 0);
}

static void set_value(struct rv_cpu *cpu, unsigned n, uint64_t v)
{
    cpu->hpm[n - 3] = v - (counts_insns(cpu, n) ? cpu_insns(&cpu->cpu) : 0);
}

static bool is_there(const struct rv_cpu *cpu, unsigned n)
{
    return cpu->pmu_mask >> n & 1;
}

/* mmu_walk looks here first: few guests count misses. */
static void note_tlb_events(struct rv_cpu *cpu)
{
    cpu->pmu_tlb = false;
    for (unsigned n = 3; n < 32; n++) {
        uint64_t event = cpu->hpm_event[n - 3];

        cpu->pmu_tlb |= event == EVENT_DTLB_READ_MISS || event == EVENT_DTLB_WRITE_MISS || event == EVENT_ITLB_MISS;
    }
}

void rv_pmu_tlb_miss(struct rv_cpu *cpu, enum mmu_access access)
{
    static const uint32_t events[] = { [MMU_READ] = EVENT_DTLB_READ_MISS, [MMU_WRITE] = EVENT_DTLB_WRITE_MISS,
                                       [MMU_FETCH] = EVENT_ITLB_MISS };

    for (unsigned n = 3; n < 32; n++) {
        cpu->hpm[n - 3] += cpu->hpm_event[n - 3] == events[access] && !(cpu->mcountinhibit >> n & 1);
    }
}

void rv_pmu_reset(struct rv_cpu *cpu)
{
    memset(cpu->hpm, 0, sizeof(cpu->hpm));
    memset(cpu->hpm_event, 0, sizeof(cpu->hpm_event));
    cpu->pmu_tlb = false;
}

void rv_pmu_inhibit(struct rv_cpu *cpu, uint32_t inhibit)
{
    uint64_t values[29];

    for (unsigned n = 3; n < 32; n++) {
        values[n - 3] = value(cpu, n);
    }
    cpu->mcountinhibit = (cpu->mcountinhibit & ~cpu->pmu_mask) | (inhibit & cpu->pmu_mask);
    for (unsigned n = 3; n < 32; n++) {
        set_value(cpu, n, values[n - 3]);
    }
}

/* ---- the registers ---- */

RV_READ(hpm)
{
    unsigned n = csr & 31;

    return is_there(cpu, n) ? value(cpu, n) : 0;
}

RV_READ(hpmh)
{
    return rv_read_hpm(cpu, csr) >> 32;
}

RV_WRITE(hpm)
{
    unsigned n = csr & 31;

    if (is_there(cpu, n)) {
        set_value(cpu, n, cpu->mxlen == 32 ? (value(cpu, n) & ~(uint64_t)UINT32_MAX) | (uint32_t)v : v);
    }
}

RV_WRITE(hpmh)
{
    unsigned n = csr & 31;

    if (is_there(cpu, n)) {
        set_value(cpu, n, (uint32_t)value(cpu, n) | v << 32);
    }
}

RV_READ(hpm_event)
{
    return cpu->hpm_event[(csr & 31) - 3];
}

RV_WRITE(hpm_event)
{
    unsigned n = csr & 31;
    uint64_t before = value(cpu, n);

    if (is_there(cpu, n)) {
        cpu->hpm_event[n - 3] = v;
        set_value(cpu, n, before);
        note_tlb_events(cpu);
    }
}

RV_READ(mcounteren)
{
    return cpu->mcounteren;
}

RV_WRITE(mcounteren)
{
    cpu->mcounteren = v & (RV_COUNT_CY | RV_COUNT_TM | RV_COUNT_IR | cpu->pmu_mask);
}

RV_READ(scounteren)
{
    return cpu->scounteren;
}

RV_WRITE(scounteren)
{
    cpu->scounteren = v & (RV_COUNT_CY | RV_COUNT_TM | RV_COUNT_IR | cpu->pmu_mask);
}

/* ---- the device tree ---- */

/* Linux's binding riscv/pmu: for each range of events the counters that can count them; firmware reads it. */
void rv_pmu_fdt(struct cpu *c, void *fdt)
{
    uint32_t mask = rv_cpu(c)->pmu_mask;
    uint32_t rows[][3] = {
        { EVENT_CYCLES, EVENT_CYCLES, mask | RV_COUNT_CY }, { EVENT_INSTRUCTIONS, EVENT_INSTRUCTIONS, mask | RV_COUNT_IR },
        { EVENT_DTLB_READ_MISS, EVENT_DTLB_READ_MISS, mask }, { EVENT_DTLB_WRITE_MISS, EVENT_DTLB_WRITE_MISS, mask },
        { EVENT_ITLB_MISS, EVENT_ITLB_MISS, mask },
    };
    int node = fdt_add_subnode(fdt, 0, "pmu");

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0][0]); i++) {
        rows[i / 3][i % 3] = GUINT32_TO_BE(rows[i / 3][i % 3]);
    }
    fdt_setprop(fdt, node, "riscv,event-to-mhpmcounters", rows, sizeof(rows));
    fdt_setprop_string(fdt, node, "compatible", "riscv,pmu");
}
