/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System management mode: SMI, RSM and what stands in SMRAM meanwhile. Processors with long mode save as AMD's do (APM vol. 2,
 * table 10-1, "AMD64 Architecture SMM State-Save Area"), others in the older layout of 32-bit processors (SDM vol. 3,
 * "SMRAM State Save Map"; hidden parts of segments are in its reserved area). That is also how firmware tells them apart: by
 * the revision at offset 0x7efc.
 */
#include <string.h>

#include "system/memory.h"
#include "target/x86/priv.h"
#include "util/log.h"

enum { AREA = 0x8000, AUTO_HALT_64 = 0x7ec9, AUTO_HALT_32 = 0x7f02, SMBASE_64 = 0x7f00, SMBASE_32 = 0x7ef8, REVISION = 0x7efc };
#define REVISION_64 0x20064         /* bit 17: SMBASE can be moved */
#define REVISION_32 0x20000

static void put(struct x86_cpu *cpu, unsigned at, unsigned size, uint64_t v)
{
    as_st(cpu->cpu.as, (uint32_t)cpu->msr.smbase + AREA + at, size, v, (struct mem_attrs) { .cpu = cpu->cpu.index });
}

static uint64_t get(struct x86_cpu *cpu, unsigned at, unsigned size)
{
    return as_ld(cpu->cpu.as, (uint32_t)cpu->msr.smbase + AREA + at, size, (struct mem_attrs) { .cpu = cpu->cpu.index }, NULL);
}

static unsigned packed(uint16_t attr)       /* without the hole that the limit's upper bits make */
{
    return (attr & 0xff) | (attr >> 4 & 0xf00);
}

static uint16_t unpacked(unsigned v)
{
    return (v & 0xff) | (v & 0xf00) << 4;
}

/* ---- 64 bits ---- */

static const uint16_t places_64[X86_SEGS] = {
    [X86_ES] = 0x7e00, [X86_CS] = 0x7e10, [X86_SS] = 0x7e20, [X86_DS] = 0x7e30, [X86_FS] = 0x7e40, [X86_GS] = 0x7e50,
    [X86_LDTR] = 0x7e70, [X86_TR] = 0x7e90,
};

static unsigned reg_64(unsigned n)
{
    static const uint16_t old[8] = { 0x7ff8, 0x7ff0, 0x7fe8, 0x7fe0, 0x7fd8, 0x7fd0, 0x7fc8, 0x7fc0 };

    return n < 8 ? old[n] : 0x7fb8 - 8 * (n - 8);
}

static void save_64(struct x86_cpu *cpu)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        put(cpu, places_64[i], 2, cpu->seg[i].sel);
        put(cpu, places_64[i] + 2, 2, packed(cpu->seg[i].attr));
        put(cpu, places_64[i] + 4, 4, cpu->seg[i].limit);
        put(cpu, places_64[i] + 8, 8, cpu->seg[i].base);
    }
    put(cpu, 0x7e64, 4, cpu->gdt.limit);
    put(cpu, 0x7e68, 8, cpu->gdt.base);
    put(cpu, 0x7e84, 4, cpu->idt.limit);
    put(cpu, 0x7e88, 8, cpu->idt.base);
    put(cpu, 0x7ed0, 8, cpu->efer);
    put(cpu, REVISION, 4, REVISION_64);
    put(cpu, SMBASE_64, 4, cpu->msr.smbase);
    put(cpu, AUTO_HALT_64, 1, cpu->cpu.halted);
    put(cpu, 0x7f48, 8, cpu->cr4);
    put(cpu, 0x7f50, 8, cpu->cr3);
    put(cpu, 0x7f58, 8, cpu->cr0);
    put(cpu, 0x7f60, 8, cpu->dr[7]);
    put(cpu, 0x7f68, 8, cpu->dr[6]);
    put(cpu, 0x7f70, 8, x86_eflags(cpu));
    put(cpu, 0x7f78, 8, x86_ip(cpu, cpu->cpu.pc));
    for (unsigned i = 0; i < 16; i++) {
        put(cpu, reg_64(i), 8, cpu->cpu.r[i]);
    }
}

static uint64_t load_64(struct x86_cpu *cpu, uint64_t *ip, uint32_t *smbase)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        unsigned at = places_64[i];

        x86_seg_set(cpu, i, get(cpu, at, 2), get(cpu, at + 8, 8), get(cpu, at + 4, 4), unpacked(get(cpu, at + 2, 2)));
    }
    cpu->gdt = (struct x86_table) { get(cpu, 0x7e68, 8), get(cpu, 0x7e64, 4) };
    cpu->idt = (struct x86_table) { get(cpu, 0x7e88, 8), get(cpu, 0x7e84, 4) };
    cpu->efer = get(cpu, 0x7ed0, 8) & (X86_EFER_SCE | X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE);
    cpu->cpu.halted = get(cpu, AUTO_HALT_64, 1) & 1;
    *smbase = get(cpu, SMBASE_64, 4);
    cpu->cr4 = get(cpu, 0x7f48, 8);
    cpu->cr3 = get(cpu, 0x7f50, 8);
    cpu->cr0 = get(cpu, 0x7f58, 8);
    cpu->dr[7] = (get(cpu, 0x7f60, 8) & 0xffff2bff) | 0x400;
    cpu->dr[6] = get(cpu, 0x7f68, 8);
    *ip = get(cpu, 0x7f78, 8);
    for (unsigned i = 0; i < 16; i++) {
        cpu->cpu.r[i] = get(cpu, reg_64(i), 8);
    }
    return get(cpu, 0x7f70, 8);
}

/* ---- 32 bits ---- */

static const uint16_t selectors_32[X86_SEGS] = {
    [X86_ES] = 0x7fa8, [X86_CS] = 0x7fac, [X86_SS] = 0x7fb0, [X86_DS] = 0x7fb4, [X86_FS] = 0x7fb8, [X86_GS] = 0x7fbc,
    [X86_LDTR] = 0x7fc0, [X86_TR] = 0x7fc4,
};
enum { HIDDEN_32 = 0x7f04, GDT_32 = HIDDEN_32 + 12 * X86_SEGS, IDT_32 = GDT_32 + 8, CR4_32 = IDT_32 + 8 };

static void save_32(struct x86_cpu *cpu)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        put(cpu, selectors_32[i], 4, cpu->seg[i].sel);
        put(cpu, HIDDEN_32 + 12 * i, 4, cpu->seg[i].attr);
        put(cpu, HIDDEN_32 + 12 * i + 4, 4, cpu->seg[i].limit);
        put(cpu, HIDDEN_32 + 12 * i + 8, 4, cpu->seg[i].base);
    }
    put(cpu, GDT_32, 4, cpu->gdt.limit);
    put(cpu, GDT_32 + 4, 4, cpu->gdt.base);
    put(cpu, IDT_32, 4, cpu->idt.limit);
    put(cpu, IDT_32 + 4, 4, cpu->idt.base);
    put(cpu, CR4_32, 4, cpu->cr4);
    put(cpu, SMBASE_32, 4, cpu->msr.smbase);
    put(cpu, REVISION, 4, REVISION_32);
    put(cpu, AUTO_HALT_32, 2, cpu->cpu.halted);
    put(cpu, 0x7fc8, 4, cpu->dr[7]);
    put(cpu, 0x7fcc, 4, cpu->dr[6]);
    for (unsigned i = 0; i < 8; i++) {
        put(cpu, 0x7fd0 + 4 * i, 4, cpu->cpu.r[i]);
    }
    put(cpu, 0x7ff0, 4, x86_ip(cpu, cpu->cpu.pc));
    put(cpu, 0x7ff4, 4, x86_eflags(cpu));
    put(cpu, 0x7ff8, 4, cpu->cr3);
    put(cpu, 0x7ffc, 4, cpu->cr0);
}

static uint64_t load_32(struct x86_cpu *cpu, uint64_t *ip, uint32_t *smbase)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        unsigned at = HIDDEN_32 + 12 * i;

        x86_seg_set(cpu, i, get(cpu, selectors_32[i], 2), get(cpu, at + 8, 4), get(cpu, at + 4, 4), get(cpu, at, 2) & 0xf0ff);
    }
    cpu->gdt = (struct x86_table) { get(cpu, GDT_32 + 4, 4), get(cpu, GDT_32, 4) };
    cpu->idt = (struct x86_table) { get(cpu, IDT_32 + 4, 4), get(cpu, IDT_32, 4) };
    cpu->efer = 0;
    cpu->cr4 = get(cpu, CR4_32, 4);
    *smbase = get(cpu, SMBASE_32, 4);
    cpu->cpu.halted = get(cpu, AUTO_HALT_32, 2) & 1;
    cpu->dr[7] = (get(cpu, 0x7fc8, 4) & 0xffff2bff) | 0x400;
    cpu->dr[6] = get(cpu, 0x7fcc, 4);
    for (unsigned i = 0; i < 8; i++) {
        cpu->cpu.r[i] = get(cpu, 0x7fd0 + 4 * i, 4);
    }
    *ip = get(cpu, 0x7ff0, 4);
    cpu->cr3 = get(cpu, 0x7ff8, 4);
    cpu->cr0 = get(cpu, 0x7ffc, 4);
    return get(cpu, 0x7ff4, 4);
}

/* ---- in and out ---- */

/* The address space with SMRAM in it, or without: where the board has one. */
static void view(struct x86_cpu *cpu, bool smram)
{
    struct cpu *c = &cpu->cpu;

    if (smram && c->smm_as) {
        cpu->main_as = c->as;
        c->as = c->smm_as;
    } else if (!smram && cpu->main_as) {
        c->as = cpu->main_as;
        cpu->main_as = NULL;
    }
}

void x86_smm_leave_view(struct x86_cpu *cpu)
{
    view(cpu, false);
}

void x86_smm_enter(struct x86_cpu *cpu)
{
    const uint16_t data = X86_SEG_P | X86_SEG_S | X86_SEG_W | X86_SEG_A | X86_SEG_G;
    uint32_t base = cpu->msr.smbase;

    log_printf(LOG_INT, "cpu %u: SMI at pc=%016" G_GINT64_MODIFIER "x, SMBASE %08x\n", cpu->cpu.index, cpu->cpu.pc, base);
    cpu->smi_pending = false;
    view(cpu, true);
    if (x86_has(cpu, X86_FEAT_LM)) {
        save_64(cpu);
    } else {
        save_32(cpu);
    }
    cpu->in_smm = true;
    cpu->smm_nmi_blocked = cpu->nmi_blocked;
    cpu->nmi_blocked = true;
    cpu->cpu.halted = false;
    cpu->inhibit = 0;
    cpu->old_exception = -1;
    x86_set_eflags(cpu, 0, ~0ull);
    cpu->eflags = 0;
    cpu->cr0 &= ~(uint64_t)(X86_CR0_PE | X86_CR0_EM | X86_CR0_TS | X86_CR0_PG);
    cpu->cr4 = 0;
    cpu->efer = 0;
    cpu->dr[7] = 0x400;
    for (unsigned i = 0; i < X86_SREGS; i++) {
        x86_seg_set(cpu, i, 0, 0, UINT32_MAX, data);
    }
    x86_seg_set(cpu, X86_CS, base >> 4, base, UINT32_MAX, data | X86_SEG_CODE);
    for (unsigned i = 0; i < 16; i++) {
        cpu->cpu.r[i] = (uint32_t)cpu->cpu.r[i];    /* what the mode counts on */
    }
    cpu->cpu.pc = (uint32_t)(base + AREA);
    x86_state_loaded(cpu);
}

/* Control bits in SMRAM that could not have been there: the processor shuts down (SDM vol. 3, "Exiting From SMM"). */
static bool impossible(const struct x86_cpu *cpu)
{
    bool pe = cpu->cr0 & X86_CR0_PE, pg = cpu->cr0 & X86_CR0_PG, lma = cpu->efer & X86_EFER_LMA;

    return cpu->cr0 >> 32 || (pg && !pe) || (lma && (!pg || !(cpu->cr4 & X86_CR4_PAE) || !(cpu->efer & X86_EFER_LME))) ||
           cpu->cr4 & ~x86_known_cr4(cpu) || (cpu->cr0 & X86_CR0_NW && !(cpu->cr0 & X86_CR0_CD));
}

void x86_helper_rsm(struct x86_cpu *cpu)
{
    uint64_t flags, ip;
    uint32_t smbase;

    if (!cpu->in_smm) {
        x86_raise(cpu, X86_UD);
    }
    flags = x86_has(cpu, X86_FEAT_LM) ? load_64(cpu, &ip, &smbase) : load_32(cpu, &ip, &smbase);
    if (impossible(cpu)) {
        x86_shutdown(cpu);
    }
    cpu->msr.smbase = smbase;
    cpu->in_smm = false;
    cpu->nmi_blocked = cpu->smm_nmi_blocked;
    cpu->cr0 |= X86_CR0_ET;
    x86_set_eflags(cpu, flags & ~(uint64_t)(x86_is_long(cpu) || !(cpu->cr0 & X86_CR0_PE) ? X86_VM : 0), ~0ull);
    view(cpu, false);
    cpu->cpu.pc = x86_is_64(cpu) ? ip : (uint32_t)(cpu->seg[X86_CS].base + ip);
    x86_pdptes_load(cpu, cpu->cr3);
    x86_state_loaded(cpu);
    log_printf(LOG_INT, "cpu %u: RSM to pc=%016" G_GINT64_MODIFIER "x\n", cpu->cpu.index, cpu->cpu.pc);
}
