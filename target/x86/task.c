/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Task switches (SDM vol. 3, chapter "Task Management"). What can fault before the new task is there is looked at first;
 * what is wrong with the new task's segments is raised in the new task.
 */
#include "target/x86/priv.h"

/* Offsets in 32-bit and 16-bit task-state segments. */
struct layout {
    unsigned size, limit;           /* of a word; the least limit */
    unsigned cr3, ip, flags, regs, sregs, nsregs, ldt, trap;
};

static const struct layout tss32 = { 4, 0x67, 28, 32, 36, 40, 72, 6, 96, 100 };
static const struct layout tss16 = { 2, 0x2b, 0, 14, 16, 18, 34, 4, 42, 0 };

struct image {
    uint64_t cr3, ip, flags, r[8];
    uint16_t sel[X86_SREGS], ldt;
    bool trap;
};

static const struct layout *layout_of(unsigned type)
{
    return type & 8 ? &tss32 : &tss16;
}

static void save_old(struct x86_cpu *cpu, const struct layout *l, uint64_t flags, uint64_t next_pc)
{
    uint64_t base = cpu->seg[X86_TR].base;

    x86_st_sys(cpu, base + l->ip, x86_ip(cpu, next_pc), l->size);
    x86_st_sys(cpu, base + l->flags, flags, l->size);
    for (unsigned i = 0; i < 8; i++) {
        x86_st_sys(cpu, base + l->regs + i * l->size, cpu->cpu.r[i], l->size);
    }
    for (unsigned i = 0; i < l->nsregs; i++) {
        x86_st_sys(cpu, base + l->sregs + i * l->size, cpu->seg[i].sel, 2);
    }
}

static void load_new(struct x86_cpu *cpu, const struct layout *l, uint64_t base, struct image *im)
{
    *im = (struct image) { 0 };
    im->cr3 = l->cr3 ? x86_ld_sys(cpu, base + l->cr3, 4) : 0;
    im->ip = x86_ld_sys(cpu, base + l->ip, l->size);
    im->flags = x86_ld_sys(cpu, base + l->flags, l->size);
    for (unsigned i = 0; i < 8; i++) {
        im->r[i] = x86_ld_sys(cpu, base + l->regs + i * l->size, l->size) | (l->size == 2 ? 0xffff0000 : 0);
    }
    for (unsigned i = 0; i < l->nsregs; i++) {
        im->sel[i] = x86_ld_sys(cpu, base + l->sregs + i * l->size, 2);
    }
    im->ldt = x86_ld_sys(cpu, base + l->ldt, 2);
    im->trap = l->trap && x86_ld_sys(cpu, base + l->trap, 2) & 1;
}

static void set_busy(struct x86_cpu *cpu, uint64_t desc_va, bool busy)
{
    uint32_t hi = x86_ld_sys(cpu, desc_va + 4, 4);

    x86_st_sys(cpu, desc_va + 4, busy ? hi | 1 << 9 : hi & ~(1u << 9), 4);
}

static void load_ldt(struct x86_cpu *cpu, uint16_t sel)
{
    struct x86_desc d;
    uint64_t va;

    x86_seg_set(cpu, X86_LDTR, sel, 0, 0, 0);
    if (!(sel & ~3)) {
        return;
    }
    if (sel & 4 || !x86_desc_read(cpu, sel, &d, &va) || (d.hi >> 8 & 0x1f) != 2 || !(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    x86_seg_set(cpu, X86_LDTR, sel, x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d));
}

static void load_cs(struct x86_cpu *cpu, uint16_t sel)
{
    unsigned dpl, rpl = sel & 3;
    struct x86_desc d;
    uint64_t va;

    if (!(sel & ~3) || !x86_desc_read(cpu, sel, &d, &va)) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    dpl = d.hi >> 13 & 3;
    if ((d.hi >> 8 & (X86_SEG_S | X86_SEG_CODE)) != (X86_SEG_S | X86_SEG_CODE) ||
        (d.hi & 1 << 10 ? dpl > rpl : dpl != rpl)) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    x86_desc_accessed(cpu, &d, va);
    x86_seg_set(cpu, X86_CS, sel, x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d));
}

static void load_data(struct x86_cpu *cpu, unsigned n, uint16_t sel, unsigned cpl)
{
    struct x86_desc d;
    uint16_t attr;
    uint64_t va;
    bool conf;

    if (!(sel & ~3)) {
        return;
    }
    if (!x86_desc_read(cpu, sel, &d, &va)) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    attr = x86_desc_attr(d);
    conf = (attr & (X86_SEG_CODE | X86_SEG_E)) == (X86_SEG_CODE | X86_SEG_E);
    if (!(attr & X86_SEG_S) || (attr & (X86_SEG_CODE | X86_SEG_W)) == X86_SEG_CODE ||
        (!conf && (d.hi >> 13 & 3) < MAX(cpl, sel & 3u))) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    x86_desc_accessed(cpu, &d, va);
    x86_seg_set(cpu, n, sel, x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d));
}

static void load_segments(struct x86_cpu *cpu, const struct image *im)
{
    static const uint8_t data[] = { X86_ES, X86_DS, X86_FS, X86_GS };
    unsigned cpl = im->sel[X86_CS] & 3;
    struct x86_desc d;

    if (cpu->eflags & X86_VM) {
        for (unsigned i = 0; i < X86_SREGS; i++) {
            x86_seg_set_v86(cpu, i, im->sel[i]);
        }
        return;
    }
    /* Until they are loaded the registers have their selectors and nothing behind them; SS tells the privilege. */
    for (unsigned i = 0; i < X86_SREGS; i++) {
        x86_seg_set(cpu, i, im->sel[i], 0, 0, i == X86_SS ? cpl << X86_SEG_DPL_SHIFT : 0);
    }
    load_cs(cpu, im->sel[X86_CS]);
    d = x86_check_ss(cpu, im->sel[X86_SS], cpl, X86_TS);
    x86_seg_set(cpu, X86_SS, im->sel[X86_SS], x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d));
    for (unsigned i = 0; i < G_N_ELEMENTS(data); i++) {
        load_data(cpu, data[i], im->sel[data[i]], cpl);
    }
}

void x86_task_switch(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d, uint64_t desc_va, enum x86_switch how,
                     uint64_t next_pc)
{
    const struct layout *old = layout_of(cpu->seg[X86_TR].attr), *new = layout_of(d.hi >> 8);
    uint64_t base = x86_desc_base(d), flags = x86_eflags(cpu);
    uint16_t old_sel = cpu->seg[X86_TR].sel;
    struct image im;

    if (x86_desc_limit(d) < new->limit) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    load_new(cpu, new, base, &im);
    if (how == X86_TASK_IRET) {
        flags &= ~(uint64_t)X86_NT;
    }
    save_old(cpu, old, flags, next_pc);
    if (how != X86_TASK_CALL) {
        set_busy(cpu, cpu->gdt.base + (old_sel & ~7), false);
    } else {
        x86_st_sys(cpu, base, old_sel, 2);
        im.flags |= X86_NT;
    }
    if (how != X86_TASK_IRET) {
        set_busy(cpu, desc_va, true);
    }
    x86_seg_set(cpu, X86_TR, sel, base, x86_desc_limit(d), x86_desc_attr(d) | 2);
    cpu->cr0 |= X86_CR0_TS;
    if (new->cr3 && cpu->cr0 & X86_CR0_PG) {
        cpu->cr3 = im.cr3;
        x86_pdptes_load(cpu, im.cr3);
        x86_cr3_loaded(cpu, true);
    }
    x86_set_eflags(cpu, im.flags, new->size == 4 ? ~0ull : 0xffff);
    if (new->size == 2) {
        cpu->eflags &= ~(uint64_t)(X86_VM | X86_RF);
    }
    for (unsigned i = 0; i < 8; i++) {
        cpu->cpu.r[i] = (uint32_t)im.r[i];
    }
    cpu->dr[7] &= ~0x155ull;        /* local breakpoints */
    /* What is wrong from here on belongs to the new task. */
    cpu->cpu.pc = (uint32_t)im.ip;
    load_ldt(cpu, im.ldt);
    load_segments(cpu, &im);
    cpu->cpu.pc = (uint32_t)(cpu->seg[X86_CS].base + im.ip);
    if (im.ip > cpu->seg[X86_CS].limit) {
        x86_gp(cpu);
    }
    if (im.trap) {
        cpu->dr[6] |= 1 << 15;
        x86_update_key(cpu);
        x86_raise(cpu, X86_DB);
    }
}
