/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segment registers and descriptors (SDM vol. 3, chapter "Protection"), and stacks as helpers see them.
 */
#include "target/x86/priv.h"

uint32_t x86_desc_base(struct x86_desc d)
{
    return d.lo >> 16 | (d.hi & 0xff) << 16 | (d.hi & 0xff000000);
}

uint32_t x86_desc_limit(struct x86_desc d)
{
    uint32_t limit = (d.lo & 0xffff) | (d.hi & 0xf0000);

    return d.hi & 1 << 23 ? limit << 12 | 0xfff : limit;
}

bool x86_desc_read(struct x86_cpu *cpu, uint16_t sel, struct x86_desc *d, uint64_t *va)
{
    uint64_t base = sel & 4 ? cpu->seg[X86_LDTR].base : cpu->gdt.base;
    uint32_t limit = sel & 4 ? cpu->seg[X86_LDTR].attr & X86_SEG_P ? cpu->seg[X86_LDTR].limit : 0 : cpu->gdt.limit;

    if ((sel | 7u) > limit) {
        return false;
    }
    *va = base + (sel & ~7);
    d->lo = x86_ld_sys(cpu, *va, 4);
    d->hi = x86_ld_sys(cpu, *va + 4, 4);
    return true;
}

/* The processor sets the accessed bit of a code or data descriptor that it loads. */
void x86_desc_accessed(struct x86_cpu *cpu, struct x86_desc *d, uint64_t va)
{
    if (!(d->hi & 1 << 8)) {
        d->hi |= 1 << 8;
        x86_st_sys(cpu, va + 4, d->hi, 4);
    }
}

static unsigned dpl_of(struct x86_desc d)
{
    return d.hi >> 13 & 3;
}

static bool is_code(uint16_t attr)
{
    return (attr & (X86_SEG_S | X86_SEG_CODE)) == (X86_SEG_S | X86_SEG_CODE);
}

/* ---- loading data and stack segments ---- */

struct x86_desc x86_check_ss(struct x86_cpu *cpu, uint16_t ss, unsigned dpl, enum x86_vector vector)
{
    struct x86_desc d;
    uint16_t attr;
    uint64_t va;

    if (!(ss & ~3)) {
        x86_raise_sel(cpu, vector, 0);
    }
    if (!x86_desc_read(cpu, ss, &d, &va)) {
        x86_raise_sel(cpu, vector, ss);
    }
    attr = x86_desc_attr(d);
    if ((ss & 3) != dpl || dpl_of(d) != dpl || !(attr & X86_SEG_S) || attr & X86_SEG_CODE || !(attr & X86_SEG_W)) {
        x86_raise_sel(cpu, vector, ss);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_sel(cpu, X86_SSFAULT, ss);
    }
    x86_desc_accessed(cpu, &d, va);
    return d;
}

static void load_null(struct x86_cpu *cpu, unsigned n, uint16_t sel)
{
    unsigned cpl = x86_cpl(cpu);

    if (n == X86_SS) {
        /* 64-bit mode allows it below level 3. */
        if (!x86_is_64(cpu) || cpl == 3 || (sel & 3) != cpl) {
            x86_gp(cpu);
        }
        x86_seg_set(cpu, n, sel, 0, 0, cpl << X86_SEG_DPL_SHIFT);
        return;
    }
    /* What 64-bit code uses of a segment is its base, which AMD's processors keep and Intel's clear. */
    x86_seg_set(cpu, n, sel, 0, 0, 0);
}

static void load_protected(struct x86_cpu *cpu, unsigned n, uint16_t sel)
{
    unsigned cpl = x86_cpl(cpu), rpl = sel & 3;
    struct x86_desc d;
    uint16_t attr;
    uint64_t va;

    if (!(sel & ~3)) {
        load_null(cpu, n, sel);
        return;
    }
    if (n == X86_SS) {
        d = x86_check_ss(cpu, sel, cpl, X86_GP);
    } else {
        if (!x86_desc_read(cpu, sel, &d, &va)) {
            x86_raise_sel(cpu, X86_GP, sel);
        }
        attr = x86_desc_attr(d);
        if (!(attr & X86_SEG_S) || (attr & (X86_SEG_CODE | X86_SEG_W)) == X86_SEG_CODE) {
            x86_raise_sel(cpu, X86_GP, sel);
        }
        if ((attr & (X86_SEG_CODE | X86_SEG_E)) != (X86_SEG_CODE | X86_SEG_E) && MAX(rpl, cpl) > dpl_of(d)) {
            x86_raise_sel(cpu, X86_GP, sel);
        }
        if (!(attr & X86_SEG_P)) {
            x86_raise_sel(cpu, X86_NP, sel);
        }
        x86_desc_accessed(cpu, &d, va);
    }
    x86_seg_set(cpu, n, sel, x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d));
}

void x86_seg_load(struct x86_cpu *cpu, unsigned n, uint16_t sel)
{
    if (!(cpu->cr0 & X86_CR0_PE)) {
        x86_seg_set_real(cpu, n, sel);
    } else if (cpu->eflags & X86_VM) {
        x86_seg_set_v86(cpu, n, sel);
    } else {
        load_protected(cpu, n, sel);
    }
    x86_update_key(cpu);
}

/* ---- stacks ---- */

struct x86_stack x86_stack(struct x86_cpu *cpu)
{
    const struct x86_seg *ss = &cpu->seg[X86_SS];
    bool is64 = x86_is_64(cpu);
    bool down = (ss->attr & (X86_SEG_CODE | X86_SEG_E)) == X86_SEG_E;

    return (struct x86_stack) {
        .cpu = cpu,
        .base = is64 ? 0 : ss->base,
        .mask = is64 ? UINT64_MAX : ss->attr & X86_SEG_DB ? UINT32_MAX : UINT16_MAX,
        .sp = cpu->cpu.r[X86_RSP],
        .room = is64 || down ? UINT64_MAX : ss->room_w,
        .idx = x86_cpl(cpu) == 3 ? X86_IDX_USER : cpu->eflags & X86_AC ? X86_IDX_KERNEL_AC : X86_IDX_KERNEL,
    };
}

static uint64_t stack_at(struct x86_stack *s, unsigned size)
{
    uint64_t at = s->sp & s->mask;

    if (s->room != UINT64_MAX && at + size - 1 >= s->room) {
        x86_raise_code(s->cpu, X86_SSFAULT, s->code);
    }
    return s->mask == UINT64_MAX ? at : (uint32_t)(s->base + at);
}

void x86_push(struct x86_stack *s, uint64_t v, unsigned size)
{
    uint64_t sp = s->sp;

    s->sp -= size;
    if (s->mask != UINT64_MAX) {
        s->sp = (sp & ~s->mask) | (s->sp & s->mask);
    }
    cpu_st(&s->cpu->cpu, stack_at(s, size), v, size, s->idx);
}

uint64_t x86_pop(struct x86_stack *s, unsigned size)
{
    uint64_t v = cpu_ld(&s->cpu->cpu, stack_at(s, size), size, s->idx);

    s->sp = (s->sp & ~s->mask) | ((s->sp + size) & s->mask);
    return v;
}

void x86_stack_done(struct x86_stack *s)
{
    uint64_t *rsp = &s->cpu->cpu.r[X86_RSP];

    *rsp = (*rsp & ~s->mask) | (s->sp & s->mask);
}

/* SDM "Task-State Segment": pairs of stack pointer and segment from offset 4 (2 in 16-bit ones), or pointers alone. */
void x86_tss_stack(struct x86_cpu *cpu, unsigned dpl, uint16_t *ss, uint64_t *sp)
{
    const struct x86_seg *tr = &cpu->seg[X86_TR];
    unsigned type = tr->attr & X86_SEG_TYPE;
    unsigned at = x86_is_long(cpu) ? 4 + dpl * 8 : type & 8 ? 4 + dpl * 8 : 2 + dpl * 4;

    if (x86_is_long(cpu) && dpl > 3) {
        at = 36 + (dpl - 4) * 8;            /* IST1 to IST7 */
    }
    if (!(tr->attr & X86_SEG_P) || at + (type & 8 ? 7 : 3) > tr->limit) {
        x86_raise_sel(cpu, X86_TS, tr->sel);
    }
    if (x86_is_long(cpu)) {
        *sp = x86_ld_sys(cpu, tr->base + at, 8);
        *ss = 0;
    } else if (type & 8) {
        *sp = x86_ld_sys(cpu, tr->base + at, 4);
        *ss = x86_ld_sys(cpu, tr->base + at + 4, 2);
    } else {
        *sp = x86_ld_sys(cpu, tr->base + at, 2);
        *ss = x86_ld_sys(cpu, tr->base + at + 2, 2);
    }
}

/* ---- what helpers.def offers ---- */

void x86_helper_load_seg(struct x86_cpu *cpu, uint32_t n, uint32_t sel)
{
    x86_seg_load(cpu, n, sel);
}

/* Access rights as LAR, LSL, VERR and VERW see them: the descriptor, or false. */
static bool visible(struct x86_cpu *cpu, uint16_t sel, uint32_t system_types, struct x86_desc *d)
{
    uint64_t va;
    uint16_t attr;

    if (!(sel & ~3) || !x86_desc_read(cpu, sel, d, &va)) {
        return false;
    }
    attr = x86_desc_attr(*d);
    if (!(attr & X86_SEG_S)) {
        if (!(system_types >> (attr & X86_SEG_TYPE) & 1)) {
            return false;
        }
    } else if ((attr & (X86_SEG_CODE | X86_SEG_E)) == (X86_SEG_CODE | X86_SEG_E)) {
        return true;
    }
    return dpl_of(*d) >= MAX(x86_cpl(cpu), sel & 3u);
}

static void set_zf(struct x86_cpu *cpu, bool z)
{
    x86_set_eflags(cpu, z ? X86_ZF : 0, X86_ZF);
}

uint64_t x86_helper_lar(struct x86_cpu *cpu, uint32_t sel, uint64_t old)
{
    /* long mode: LDT, TSSs, call gate of 64 bits; else also the 16-bit ones and task gates */
    uint32_t types = x86_is_long(cpu) ? 1 << 2 | 1 << 9 | 1 << 11 | 1 << 12
                                      : 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 9 | 1 << 11 | 1 << 12;
    struct x86_desc d;
    bool ok;

    if (x86_is_real(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    ok = visible(cpu, sel, types, &d);
    set_zf(cpu, ok);
    return ok ? d.hi & 0x00f0ff00 : old;
}

uint64_t x86_helper_lsl(struct x86_cpu *cpu, uint32_t sel, uint64_t old)
{
    uint32_t types = x86_is_long(cpu) ? 1 << 2 | 1 << 9 | 1 << 11 : 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11;
    struct x86_desc d;
    bool ok;

    if (x86_is_real(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    ok = visible(cpu, sel, types, &d);
    set_zf(cpu, ok);
    return ok ? x86_desc_limit(d) : old;
}

void x86_helper_verify(struct x86_cpu *cpu, uint32_t sel, uint32_t write)
{
    struct x86_desc d;
    bool ok;

    if (x86_is_real(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    ok = visible(cpu, sel, 0, &d);
    if (ok) {
        uint16_t attr = x86_desc_attr(d);

        ok = write ? !is_code(attr) && attr & X86_SEG_W : !is_code(attr) || attr & X86_SEG_W;
    }
    set_zf(cpu, ok);
}

/* Address check of expand-down and other odd segments (X86_KEY_ODD): the linear address of [off, off + size). */
uint64_t x86_helper_seg_addr(struct x86_cpu *cpu, uint32_t n, uint64_t off, uint32_t size_write)
{
    const struct x86_seg *s = &cpu->seg[n];
    unsigned size = size_write & 0xff;
    bool write = size_write >> 8, ok;

    if ((s->attr & (X86_SEG_P | X86_SEG_CODE | X86_SEG_E)) == (X86_SEG_P | X86_SEG_E)) {
        uint64_t top = s->attr & X86_SEG_DB ? UINT32_MAX : UINT16_MAX;

        ok = off > s->limit && off + size - 1 <= top && (!write || s->attr & X86_SEG_W);
    } else {
        ok = off + size - 1 < (write ? s->room_w : s->room_r);
    }
    if (!ok) {
        x86_raise_code(cpu, n == X86_SS ? X86_SSFAULT : X86_GP, 0);
    }
    return (uint32_t)(s->base + off);
}

/* LDTR and TR. */
static void load_system(struct x86_cpu *cpu, uint16_t sel, unsigned n, uint32_t types)
{
    unsigned size = x86_is_long(cpu) ? 16 : 8;
    struct x86_desc d;
    uint64_t va, base;

    if (sel & 4 || (sel & ~7u) + size - 1 > cpu->gdt.limit || !x86_desc_read(cpu, sel, &d, &va)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (d.hi & 1 << 12 || !(types >> (d.hi >> 8 & 15) & 1)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    base = x86_desc_base(d);
    if (size == 16) {
        base |= x86_ld_sys(cpu, va + 8, 4) << 32;
        if (!x86_canonical(cpu, base)) {
            x86_raise_sel(cpu, X86_GP, sel);
        }
    }
    if (n == X86_TR) {
        d.hi |= 1 << 9;             /* busy */
        x86_st_sys(cpu, va + 4, d.hi, 4);
    }
    x86_seg_set(cpu, n, sel, base, x86_desc_limit(d), x86_desc_attr(d));
}

static void check_system(struct x86_cpu *cpu)
{
    if (x86_is_real(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    if (x86_cpl(cpu)) {
        x86_gp(cpu);
    }
}

void x86_helper_lldt(struct x86_cpu *cpu, uint32_t sel)
{
    check_system(cpu);
    if (!(sel & 0xfffc)) {
        x86_seg_set(cpu, X86_LDTR, sel, 0, 0, 0);
        return;
    }
    load_system(cpu, sel, X86_LDTR, 1 << 2);
}

void x86_helper_ltr(struct x86_cpu *cpu, uint32_t sel)
{
    check_system(cpu);
    if (!(sel & 0xfffc)) {
        x86_gp(cpu);
    }
    load_system(cpu, sel, X86_TR, x86_is_long(cpu) ? 1 << 9 : 1 << 1 | 1 << 9);
}

/* ---- ENTER with nested frames ---- */

/* sizes: operand bytes | stack pointer's bytes << 8 */
void x86_helper_enter(struct x86_cpu *cpu, uint32_t sizes, uint32_t level, uint32_t room)
{
    unsigned n = sizes & 0xff;
    struct x86_stack s = x86_stack(cpu), from = s;
    uint64_t bp = cpu->cpu.r[X86_RBP], frame, *rbp = &cpu->cpu.r[X86_RBP];

    x86_push(&s, bp, n);
    frame = s.sp;
    from.sp = bp;
    for (unsigned i = 1; i < level; i++) {
        uint64_t v;

        from.sp -= n;
        v = x86_pop(&from, n);
        from.sp -= n;
        x86_push(&s, v, n);
    }
    x86_push(&s, frame, n);
    s.sp = (s.sp & ~s.mask) | ((s.sp - room) & s.mask);
    x86_stack_done(&s);
    *rbp = n == 2 ? (*rbp & ~0xffffull) | (frame & 0xffff) : n == 4 ? (uint32_t)frame : frame;
}
