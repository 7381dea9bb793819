/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers: the plain ones are rows of msr.def, the others functions here (SDM vol. 4). */
#include <inttypes.h>
#include <stddef.h>

#include "system/machine.h"
#include "target/x86/priv.h"
#include "util/log.h"

enum { C = 1, X86_FEAT_ALWAYS = -1 };

const struct x86_msr_row x86_msr_rows[] = {
#define X86_MSR(number, name, field, feature, writable, canonical) \
    { number, #name, offsetof(struct x86_cpu, field), X86_FEAT_##feature, writable, canonical },
#include "target/x86/msr.def"
#undef X86_MSR
};
const unsigned x86_msr_nrows = G_N_ELEMENTS(x86_msr_rows);

struct special {
    uint32_t first, last;
    bool (*read)(struct x86_cpu *cpu, uint32_t n, uint64_t *v);
    bool (*write)(struct x86_cpu *cpu, uint32_t n, uint64_t v);
};

/* ---- the local APIC's ---- */

static bool apic_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    struct cpu_intc *c = cpu->cpu.intc;

    return c && c->msr_read && c->msr_read(c, n, v);
}

static bool apic_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    struct cpu_intc *c = cpu->cpu.intc;

    return c && c->msr_write && c->msr_write(c, n, v);
}

/* ---- time ---- */

/* The APIC keeps the deadline as a time of the clock, and forgets it when it has passed. */
static bool deadline_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    bool ok = x86_has(cpu, X86_FEAT_TSC_DEADLINE) && apic_read(cpu, n, v);

    if (ok && *v) {
        *v = cpu->msr.tsc_deadline;
    }
    return ok;
}

static bool deadline_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    int64_t now = clock_now_ns(&cpu->cpu.machine->virtual_clock), ns = 0;

    if (v) {
        int64_t ticks = v - x86_tsc(cpu);

        ns = now;
        if (ticks > 0) {        /* rounded up, so that the TSC is past the deadline when the interrupt comes */
            unsigned __int128 wait = ((unsigned __int128)ticks * 1000000000 + cpu->tsc_hz - 1) / cpu->tsc_hz;

            ns = wait > (uint64_t)(INT64_MAX - now) ? INT64_MAX : now + (int64_t)wait;
        }
        ns = MAX(ns, 1);
    }
    cpu->msr.tsc_deadline = v;
    return x86_has(cpu, X86_FEAT_TSC_DEADLINE) && apic_write(cpu, n, ns);
}

/* The TSC has jumped: a deadline comes earlier or later now. */
static void move_deadline(struct x86_cpu *cpu)
{
    uint64_t v = 0;

    if (deadline_read(cpu, X86_MSR_TSC_DEADLINE, &v) && v) {
        deadline_write(cpu, X86_MSR_TSC_DEADLINE, v);
    }
}

static bool tsc_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = x86_tsc(cpu);
    return x86_has(cpu, X86_FEAT_TSC);
}

static bool tsc_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    if (x86_has(cpu, X86_FEAT_TSC)) {
        uint64_t delta = v - x86_tsc(cpu);

        cpu->tsc_offset += delta;
        cpu->msr.tsc_adjust += delta;
        move_deadline(cpu);
        return true;
    }
    return false;
}

static bool tsc_adjust_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    cpu->tsc_offset += v - cpu->msr.tsc_adjust;
    cpu->msr.tsc_adjust = v;
    move_deadline(cpu);
    return x86_has(cpu, X86_FEAT_TSC_ADJUST);
}

static bool tsc_adjust_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = cpu->msr.tsc_adjust;
    return x86_has(cpu, X86_FEAT_TSC_ADJUST);
}

/* ---- modes and segments ---- */

static bool efer_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = cpu->efer;
    return x86_has(cpu, X86_FEAT_SYSCALL) || x86_has(cpu, X86_FEAT_NX);
}

static bool efer_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    uint64_t known = (x86_has(cpu, X86_FEAT_SYSCALL) ? X86_EFER_SCE : 0) | (x86_has(cpu, X86_FEAT_NX) ? X86_EFER_NXE : 0) |
                     (x86_has(cpu, X86_FEAT_LM) ? X86_EFER_LME | X86_EFER_LMA : 0);

    if ((v & ~known) || ((cpu->cr0 & X86_CR0_PG) && ((v ^ cpu->efer) & X86_EFER_LME))) {
        return false;
    }
    cpu->efer = (v & ~(uint64_t)X86_EFER_LMA) | (cpu->efer & X86_EFER_LMA);
    x86_paging_changed(cpu);
    return known != 0;
}

static bool base_read(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = cpu->seg[n == 0xc0000100 ? X86_FS : X86_GS].base;
    return x86_has(cpu, X86_FEAT_LM);
}

static bool base_write(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    if (!x86_has(cpu, X86_FEAT_LM) || !x86_canonical(cpu, v)) {
        return false;
    }
    cpu->seg[n == 0xc0000100 ? X86_FS : X86_GS].base = v;
    return true;
}

/* ---- what is there to be asked, no more ---- */

static bool mtrr_cap(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = 8 | 1 << 8 | 1 << 10;      /* eight variable ranges, fixed ranges, write-combining */
    return x86_has(cpu, X86_FEAT_MTRR);
}

static bool zero(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = 0;
    return true;
}

static bool ignore(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    return true;
}

static bool platform_info(struct x86_cpu *cpu, uint32_t n, uint64_t *v)
{
    *v = cpu->tsc_hz / 100000000 << 8;
    return true;
}

static const struct special specials[] = {
    { 0x10, 0x10, tsc_read, tsc_write },
    { 0x17, 0x17, zero, NULL },                     /* platform id */
    { 0x1b, 0x1b, apic_read, apic_write },
    { 0x3b, 0x3b, tsc_adjust_read, tsc_adjust_write },
    { 0x79, 0x79, NULL, ignore },                   /* microcode update trigger */
    { 0x8b, 0x8b, NULL, ignore },
    { 0xce, 0xce, platform_info, NULL },
    { 0xfe, 0xfe, mtrr_cap, NULL },
    { 0x179, 0x179, zero, NULL },                   /* machine checks: no banks */
    { 0x17b, 0x17b, zero, ignore },
    { 0x6e0, 0x6e0, deadline_read, deadline_write },
    { 0x800, 0x8ff, apic_read, apic_write },
    { 0xc0000080, 0xc0000080, efer_read, efer_write },
    { 0xc0000100, 0xc0000101, base_read, base_write },
    /* AMD: what kernels read or write for errata without asking CPUID */
    { 0xc0010015, 0xc0010015, zero, ignore }, { 0xc001001f, 0xc001001f, zero, ignore },
    { 0xc0010055, 0xc0010055, zero, ignore }, { 0xc0010117, 0xc0010117, zero, ignore },
    { 0xc0011029, 0xc0011029, zero, ignore }, { 0xc0010010, 0xc0010010, zero, ignore },
    { 0xc0011020, 0xc0011022, zero, ignore }, { 0xc0010112, 0xc0010114, zero, ignore },
    { 0xc0010058, 0xc0010058, zero, ignore },
};

static const struct special *find_special(uint32_t n)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(specials); i++) {
        if (n >= specials[i].first && n <= specials[i].last) {
            return &specials[i];
        }
    }
    return NULL;
}

static const struct x86_msr_row *find_row(const struct x86_cpu *cpu, uint32_t n)
{
    for (unsigned i = 0; i < x86_msr_nrows; i++) {
        const struct x86_msr_row *r = &x86_msr_rows[i];

        if (r->number == n) {
            return r->feature < 0 || x86_has(cpu, r->feature) ? r : NULL;
        }
    }
    return NULL;
}

bool x86_msr_read(struct x86_cpu *cpu, uint32_t number, uint64_t *v)
{
    const struct special *s = find_special(number);
    const struct x86_msr_row *r;

    if (s && s->read) {
        return s->read(cpu, number, v);
    }
    r = find_row(cpu, number);
    if (!r) {
        log_guest("x86: RDMSR of 0x%x, which this model does not have\n", number);
        return false;
    }
    *v = *(const uint64_t *)((const char *)cpu + r->offset);
    return true;
}

bool x86_msr_write(struct x86_cpu *cpu, uint32_t number, uint64_t v)
{
    const struct special *s = find_special(number);
    const struct x86_msr_row *r;

    if (s && s->write) {
        return s->write(cpu, number, v);
    }
    r = find_row(cpu, number);
    if (!r || (v & ~r->writable) || (r->canonical && !x86_canonical(cpu, v))) {
        log_guest("x86: WRMSR of 0x%x := 0x%" PRIx64 " refused\n", number, v);
        return false;
    }
    *(uint64_t *)((char *)cpu + r->offset) = v;
    return true;
}
