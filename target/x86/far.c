/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transfers to other code segments: far JMP, CALL and RET, call gates, IRET, SYSCALL and SYSENTER (SDM vol. 2, the
 * instructions' "Operation"; vol. 3, "Controlling Transfers").
 *
 * Helpers are called with cpu.pc at the instruction; they set it to the target, or raise before anything has changed.
 */
#include "target/x86/priv.h"

static unsigned dpl_of(struct x86_desc d)
{
    return d.hi >> 13 & 3;
}

static bool is_code(struct x86_desc d)
{
    return (d.hi >> 8 & (X86_SEG_S | X86_SEG_CODE)) == (X86_SEG_S | X86_SEG_CODE);
}

static bool conforming(struct x86_desc d)
{
    return d.hi >> 8 & X86_SEG_E;
}

/* Is the code of descriptor d 64-bit code? */
static bool is_64(const struct x86_cpu *cpu, struct x86_desc d)
{
    return x86_is_long(cpu) && d.hi & 1 << 21;
}

static void check_target(struct x86_cpu *cpu, struct x86_desc d, uint64_t ip)
{
    if (is_64(cpu, d) ? !x86_canonical(cpu, ip) : ip > x86_desc_limit(d)) {
        x86_gp(cpu);
    }
    if (x86_is_long(cpu) && (d.hi >> 21 & 3) == 3) {        /* L and D */
        x86_raise_sel(cpu, X86_GP, 0);
    }
}

static void set_cs(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d, uint64_t ip)
{
    x86_seg_set(cpu, X86_CS, sel, is_64(cpu, d) ? 0 : x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d) | X86_SEG_A);
    cpu->cpu.pc = is_64(cpu, d) ? ip : (uint32_t)(x86_desc_base(d) + ip);
    x86_update_key(cpu);
}

static void set_cs_real(struct x86_cpu *cpu, uint16_t sel, uint32_t ip)
{
    if (cpu->eflags & X86_VM) {
        x86_seg_set_v86(cpu, X86_CS, sel);
    } else {
        x86_seg_set_real(cpu, X86_CS, sel);
    }
    cpu->cpu.pc = cpu->seg[X86_CS].base + ip;
    x86_update_key(cpu);
}

static struct x86_desc code_or_gate(struct x86_cpu *cpu, uint16_t sel, uint64_t *va)
{
    struct x86_desc d;

    if (!(sel & ~3)) {
        x86_gp(cpu);
    }
    if (!x86_desc_read(cpu, sel, &d, va)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    return d;
}

/* A code segment that is named directly: same privilege, or conforming. */
static void check_direct(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d)
{
    unsigned cpl = x86_cpl(cpu);

    if (conforming(d) ? dpl_of(d) > cpl : (sel & 3) > cpl || dpl_of(d) != cpl) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
}

/* ---- gates ---- */

struct gate {
    uint16_t sel;
    uint64_t ip;
    unsigned params;
    unsigned size;                  /* of what is pushed: 2, 4, 8 */
};

static struct gate call_gate(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d, uint64_t va, struct x86_desc *cs)
{
    unsigned cpl = x86_cpl(cpu), type = d.hi >> 8 & 15;
    struct gate g = { .sel = d.lo >> 16, .params = d.hi & 31, .size = x86_is_long(cpu) ? 8 : type & 8 ? 4 : 2 };
    uint64_t cs_va;

    if (dpl_of(d) < MAX(cpl, sel & 3u)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    g.ip = (d.lo & 0xffff) | (g.size >= 4 ? d.hi & 0xffff0000 : 0);
    if (g.size == 8) {
        g.ip |= x86_ld_sys(cpu, va + 8, 4) << 32;
    }
    *cs = code_or_gate(cpu, g.sel, &cs_va);
    if (!is_code(*cs) || dpl_of(*cs) > cpl || (g.size == 8 && (cs->hi >> 21 & 3) != 1)) {
        x86_raise_sel(cpu, X86_GP, g.sel);
    }
    if (!(cs->hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, g.sel);
    }
    return g;
}

/* A system descriptor as the target of JMP or CALL. Returns for call gates only. */
static struct gate system_target(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d, uint64_t va, struct x86_desc *cs,
                                 enum x86_switch how, uint64_t next_pc, bool *done)
{
    unsigned type = d.hi >> 8 & 15, cpl = x86_cpl(cpu);
    bool is_long = x86_is_long(cpu);

    *done = false;
    if (!(d.hi & 1 << 12)) {
        if (type == 12 || (type == 4 && !is_long)) {
            return call_gate(cpu, sel, d, va, cs);
        }
        if (!is_long && (type == 1 || type == 9 || type == 5)) {
            if (dpl_of(d) < MAX(cpl, sel & 3u)) {
                x86_raise_sel(cpu, X86_GP, sel);
            }
            if (!(d.hi & 1 << 15)) {
                x86_raise_sel(cpu, X86_NP, sel);
            }
            if (type == 5) {
                sel = d.lo >> 16;
                if (sel & 4 || !x86_desc_read(cpu, sel, &d, &va) || ((d.hi >> 8 & 0x17) != 1)) {
                    x86_raise_sel(cpu, X86_GP, sel);
                }
                if (!(d.hi & 1 << 15)) {
                    x86_raise_sel(cpu, X86_NP, sel);
                }
            }
            x86_task_switch(cpu, sel, d, va, how, next_pc);
            x86_update_key(cpu);
            *done = true;
            return (struct gate) { 0 };
        }
    }
    x86_raise_sel(cpu, X86_GP, sel);
}

void x86_helper_jmp_far(struct x86_cpu *cpu, uint32_t sel, uint64_t ip, uint64_t next_pc)
{
    struct x86_desc d, cs;
    struct gate g;
    uint64_t va;
    bool done;

    if (x86_is_real(cpu)) {
        if (ip > cpu->seg[X86_CS].limit) {
            x86_gp(cpu);
        }
        set_cs_real(cpu, sel, ip);
        return;
    }
    d = code_or_gate(cpu, sel, &va);
    if (is_code(d)) {
        check_direct(cpu, sel, d);
        check_target(cpu, d, ip);
        set_cs(cpu, (sel & ~3) | x86_cpl(cpu), d, ip);
        return;
    }
    g = system_target(cpu, sel, d, va, &cs, X86_TASK_JMP, next_pc, &done);
    if (done) {
        return;
    }
    if (!conforming(cs) && dpl_of(cs) != x86_cpl(cpu)) {
        x86_raise_sel(cpu, X86_GP, g.sel);
    }
    check_target(cpu, cs, g.ip);
    set_cs(cpu, (g.sel & ~3) | x86_cpl(cpu), cs, g.ip);
}

static void push_return(struct x86_cpu *cpu, struct x86_stack *s, unsigned size, uint64_t next_pc)
{
    x86_push(s, cpu->seg[X86_CS].sel, size);
    x86_push(s, x86_ip(cpu, next_pc), size);
}

/* Through a call gate to an inner level: a new stack, parameters copied. */
static void call_inner(struct x86_cpu *cpu, const struct gate *g, struct x86_desc cs, uint64_t next_pc)
{
    struct x86_stack old = x86_stack(cpu), s = { .cpu = cpu, .idx = X86_IDX_KERNEL, .mask = UINT64_MAX, .room = UINT64_MAX };
    unsigned dpl = dpl_of(cs);
    struct x86_desc ssd = { 0 };
    uint64_t params[32];
    uint16_t ss;

    x86_tss_stack(cpu, dpl, &ss, &s.sp);
    if (g->size != 8) {
        ssd = x86_check_ss(cpu, ss, dpl, X86_TS);
        s.base = x86_desc_base(ssd);
        s.mask = ssd.hi & 1 << 22 ? UINT32_MAX : UINT16_MAX;
        s.room = ssd.hi & 1 << 10 ? UINT64_MAX : (uint64_t)x86_desc_limit(ssd) + 1;
        s.code = ss & ~3;
        for (unsigned i = 0; i < g->params; i++) {
            params[i] = x86_pop(&old, g->size);
        }
    }
    x86_push(&s, cpu->seg[X86_SS].sel, g->size);
    x86_push(&s, cpu->cpu.r[X86_RSP], g->size);
    for (unsigned i = g->size == 8 ? 0 : g->params; i-- > 0;) {
        x86_push(&s, params[i], g->size);
    }
    push_return(cpu, &s, g->size, next_pc);
    check_target(cpu, cs, g->ip);
    if (g->size == 8) {
        x86_seg_set(cpu, X86_SS, dpl, 0, 0, dpl << X86_SEG_DPL_SHIFT);
    } else {
        x86_seg_set(cpu, X86_SS, (ss & ~3) | dpl, x86_desc_base(ssd), x86_desc_limit(ssd), x86_desc_attr(ssd) | X86_SEG_A);
    }
    cpu->cpu.r[X86_RSP] = g->size == 8 ? s.sp : (uint32_t)s.sp;
    set_cs(cpu, (g->sel & ~3) | dpl, cs, g->ip);
}

/* size: of the operands, 2, 4, 8 */
void x86_helper_call_far(struct x86_cpu *cpu, uint32_t sel, uint64_t ip, uint32_t size, uint64_t next_pc)
{
    struct x86_stack s = x86_stack(cpu);
    struct x86_desc d, cs;
    struct gate g;
    uint64_t va;
    bool done;

    if (x86_is_real(cpu)) {
        if (ip > cpu->seg[X86_CS].limit) {
            x86_gp(cpu);
        }
        push_return(cpu, &s, size, next_pc);
        x86_stack_done(&s);
        set_cs_real(cpu, sel, ip);
        return;
    }
    d = code_or_gate(cpu, sel, &va);
    if (is_code(d)) {
        check_direct(cpu, sel, d);
        push_return(cpu, &s, size, next_pc);
        check_target(cpu, d, ip);
        x86_stack_done(&s);
        set_cs(cpu, (sel & ~3) | x86_cpl(cpu), d, ip);
        return;
    }
    g = system_target(cpu, sel, d, va, &cs, X86_TASK_CALL, next_pc, &done);
    if (done) {
        return;
    }
    if (!conforming(cs) && dpl_of(cs) < x86_cpl(cpu)) {
        call_inner(cpu, &g, cs, next_pc);
        return;
    }
    push_return(cpu, &s, g.size, next_pc);
    check_target(cpu, cs, g.ip);
    x86_stack_done(&s);
    set_cs(cpu, (g.sel & ~3) | x86_cpl(cpu), cs, g.ip);
}

/* ---- returns ---- */

/* A return to an outer level makes data segments that it may not use null. */
static void drop_segments(struct x86_cpu *cpu, unsigned cpl)
{
    static const uint8_t which[] = { X86_ES, X86_DS, X86_FS, X86_GS };

    for (unsigned i = 0; i < G_N_ELEMENTS(which); i++) {
        struct x86_seg *s = &cpu->seg[which[i]];
        bool conf = (s->attr & (X86_SEG_CODE | X86_SEG_E)) == (X86_SEG_CODE | X86_SEG_E);

        if (s->attr & X86_SEG_P && !conf && (unsigned)(s->attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT < cpl) {
            x86_seg_set(cpu, which[i], 0, s->base, 0, 0);
        }
    }
}

/* The code segment that a far return or IRET names. */
static struct x86_desc return_cs(struct x86_cpu *cpu, uint16_t sel)
{
    unsigned rpl = sel & 3, cpl = x86_cpl(cpu);
    struct x86_desc d;
    uint64_t va;

    d = code_or_gate(cpu, sel, &va);
    if (!is_code(d) || rpl < cpl || (conforming(d) ? dpl_of(d) > rpl : dpl_of(d) != rpl)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    return d;
}

/* The outer stack: checks, and loads SS. The pointer is the caller's. */
static void return_ss(struct x86_cpu *cpu, uint16_t ss, unsigned rpl, struct x86_desc cs)
{
    struct x86_desc d;

    if (!(ss & ~3) && is_64(cpu, cs) && rpl != 3 && (ss & 3) == rpl) {
        x86_seg_set(cpu, X86_SS, ss, 0, 0, rpl << X86_SEG_DPL_SHIFT);
        return;
    }
    d = x86_check_ss(cpu, ss, rpl, X86_GP);
    x86_seg_set(cpu, X86_SS, ss, x86_desc_base(d), x86_desc_limit(d), x86_desc_attr(d) | X86_SEG_A);
}

static void set_sp(struct x86_cpu *cpu, uint64_t sp, bool to64)
{
    uint64_t mask = to64 ? UINT64_MAX : cpu->seg[X86_SS].attr & X86_SEG_DB ? UINT32_MAX : UINT16_MAX;

    cpu->cpu.r[X86_RSP] = (cpu->cpu.r[X86_RSP] & ~mask & UINT32_MAX) | (sp & mask);
}

void x86_helper_ret_far(struct x86_cpu *cpu, uint32_t size, uint32_t more)
{
    struct x86_stack s = x86_stack(cpu);
    uint64_t ip = x86_pop(&s, size), sp;
    uint16_t sel = x86_pop(&s, size), ss;
    struct x86_desc cs;

    if (x86_is_real(cpu)) {
        if (ip > cpu->seg[X86_CS].limit) {
            x86_gp(cpu);
        }
        s.sp = (s.sp & ~s.mask) | ((s.sp + more) & s.mask);
        x86_stack_done(&s);
        set_cs_real(cpu, sel, ip);
        return;
    }
    cs = return_cs(cpu, sel);
    s.sp = (s.sp & ~s.mask) | ((s.sp + more) & s.mask);
    check_target(cpu, cs, ip);
    if ((sel & 3) == x86_cpl(cpu)) {
        x86_stack_done(&s);
        set_cs(cpu, sel, cs, ip);
        return;
    }
    sp = x86_pop(&s, size);
    ss = x86_pop(&s, size);
    return_ss(cpu, ss, sel & 3, cs);
    set_sp(cpu, sp + more, is_64(cpu, cs));
    drop_segments(cpu, sel & 3);
    set_cs(cpu, sel, cs, ip);
}

/* What POPF and IRET may change of EFLAGS at this privilege; SDM "POPF". */
uint64_t x86_flags_mask(const struct x86_cpu *cpu, unsigned size)
{
    unsigned cpl = x86_cpl(cpu), iopl = (cpu->eflags & X86_IOPL) >> X86_IOPL_SHIFT;
    uint64_t mask = X86_CC | X86_DF | X86_TF | X86_NT;

    mask |= cpl == 0 ? X86_IOPL : 0;
    mask |= cpl <= iopl ? X86_IF : 0;
    return size > 2 ? mask | X86_AC | X86_ID : mask;
}

static void iret_real(struct x86_cpu *cpu, unsigned size)
{
    struct x86_stack s = x86_stack(cpu);
    uint64_t ip, flags;
    uint16_t sel;

    if (cpu->eflags & X86_VM && (cpu->eflags & X86_IOPL) != X86_IOPL) {
        x86_gp(cpu);
    }
    ip = x86_pop(&s, size);
    sel = x86_pop(&s, size);
    flags = x86_pop(&s, size);
    if (ip > cpu->seg[X86_CS].limit) {
        x86_gp(cpu);
    }
    x86_stack_done(&s);
    x86_set_eflags(cpu, flags, x86_flags_mask(cpu, size) | (size > 2 ? X86_RF : 0));
    set_cs_real(cpu, sel, ip);
}

static void iret_to_v86(struct x86_cpu *cpu, struct x86_stack *s, uint64_t ip, uint16_t cs, uint64_t flags)
{
    uint32_t sp = x86_pop(s, 4);
    uint16_t sels[X86_SREGS];

    sels[X86_SS] = x86_pop(s, 4);
    sels[X86_ES] = x86_pop(s, 4);
    sels[X86_DS] = x86_pop(s, 4);
    sels[X86_FS] = x86_pop(s, 4);
    sels[X86_GS] = x86_pop(s, 4);
    sels[X86_CS] = cs;
    x86_set_eflags(cpu, flags | X86_VM, X86_CC | X86_DF | X86_TF | X86_NT | X86_IOPL | X86_IF | X86_AC | X86_ID | X86_RF |
                   X86_VM | X86_VIF | X86_VIP);
    for (unsigned i = 0; i < X86_SREGS; i++) {
        x86_seg_set_v86(cpu, i, sels[i]);
    }
    cpu->cpu.r[X86_RSP] = sp;
    cpu->cpu.pc = cpu->seg[X86_CS].base + (ip & 0xffff);
    x86_update_key(cpu);
}

static void iret_task(struct x86_cpu *cpu, uint64_t next_pc)
{
    uint16_t sel;
    struct x86_desc d;
    uint64_t va;

    if (x86_is_long(cpu)) {
        x86_gp(cpu);
    }
    sel = x86_ld_sys(cpu, cpu->seg[X86_TR].base, 2);
    if (sel & 4 || !x86_desc_read(cpu, sel, &d, &va) || (d.hi >> 8 & 0x17) != 3) {
        x86_raise_sel(cpu, X86_TS, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    x86_task_switch(cpu, sel, d, va, X86_TASK_IRET, next_pc);
    x86_update_key(cpu);
}

static void iret_protected(struct x86_cpu *cpu, unsigned size, uint64_t next_pc)
{
    struct x86_stack s = x86_stack(cpu);
    unsigned cpl = x86_cpl(cpu);
    uint64_t ip, flags, mask, sp = 0;
    uint16_t sel, ss = 0;
    struct x86_desc cs;
    bool outer;

    if (cpu->eflags & X86_NT) {
        iret_task(cpu, next_pc);
        return;
    }
    ip = x86_pop(&s, size);
    sel = x86_pop(&s, size);
    flags = x86_pop(&s, size);
    if (size == 4 && flags & X86_VM && cpl == 0 && !x86_is_long(cpu)) {
        iret_to_v86(cpu, &s, ip, sel, flags);
        return;
    }
    cs = return_cs(cpu, sel);
    check_target(cpu, cs, ip);
    outer = (sel & 3) > cpl;
    if (outer || x86_is_64(cpu)) {
        sp = x86_pop(&s, size);
        ss = x86_pop(&s, size);
    }
    mask = x86_flags_mask(cpu, size) | (size > 2 ? X86_RF : 0);
    mask |= size > 2 && cpl == 0 ? X86_VIF | X86_VIP : 0;
    if (outer || x86_is_64(cpu)) {
        return_ss(cpu, ss, sel & 3, cs);
        set_sp(cpu, sp, is_64(cpu, cs));
    } else {
        x86_stack_done(&s);
    }
    x86_set_eflags(cpu, flags, mask);
    if (!(cpu->dr[7] & 0xff)) {
        cpu->eflags &= ~(uint64_t)X86_RF;       /* it lasts for one instruction, and only breakpoints look at it */
    }
    if (outer) {
        drop_segments(cpu, sel & 3);
    }
    set_cs(cpu, sel, cs, ip);
}

void x86_helper_iret(struct x86_cpu *cpu, uint32_t size, uint64_t next_pc)
{
    if (x86_is_real(cpu)) {
        iret_real(cpu, size);
    } else {
        iret_protected(cpu, size, next_pc);
    }
    cpu->nmi_blocked = false;
}

/* ---- SYSCALL, SYSENTER ---- */

/* Flat code and stack segments, as these instructions load them without looking at descriptors. */
static void flat_segments(struct x86_cpu *cpu, uint16_t cs, uint16_t ss, unsigned dpl, bool is64)
{
    const uint16_t common = X86_SEG_S | X86_SEG_P | X86_SEG_A | X86_SEG_W | X86_SEG_G | dpl << X86_SEG_DPL_SHIFT;

    x86_seg_set(cpu, X86_SS, ss, 0, UINT32_MAX, common | X86_SEG_DB);
    x86_seg_set(cpu, X86_CS, cs, 0, UINT32_MAX, common | X86_SEG_CODE | (is64 ? X86_SEG_L : X86_SEG_DB));
}

void x86_helper_syscall(struct x86_cpu *cpu, uint64_t next_pc)
{
    uint64_t flags = x86_eflags(cpu), ip = x86_ip(cpu, next_pc);
    uint16_t sel = cpu->msr.star >> 32 & 0xfffc;

    if (!(cpu->efer & X86_EFER_SCE) || !(cpu->cr0 & X86_CR0_PE)) {
        x86_raise(cpu, X86_UD);
    }
    if (x86_is_long(cpu)) {
        bool from64 = x86_is_64(cpu);

        cpu->cpu.r[X86_RCX] = ip;
        cpu->cpu.r[11] = flags;
        flat_segments(cpu, sel, sel + 8, 0, true);
        x86_set_eflags(cpu, flags & ~cpu->msr.sfmask & ~(uint64_t)X86_RF, ~0ull);
        cpu->cpu.pc = from64 ? cpu->msr.lstar : cpu->msr.cstar;
    } else {
        cpu->cpu.r[X86_RCX] = (uint32_t)ip;
        flat_segments(cpu, sel, sel + 8, 0, false);
        x86_set_eflags(cpu, 0, X86_IF | X86_VM | X86_RF);
        cpu->cpu.pc = (uint32_t)cpu->msr.star;
    }
    x86_update_key(cpu);
}

void x86_helper_sysret(struct x86_cpu *cpu, uint32_t size)
{
    uint16_t sel = cpu->msr.star >> 48 & 0xffff;

    if (!(cpu->efer & X86_EFER_SCE)) {
        x86_raise(cpu, X86_UD);
    }
    if (!(cpu->cr0 & X86_CR0_PE) || x86_cpl(cpu)) {
        x86_gp(cpu);
    }
    if (x86_is_long(cpu)) {
        if (size == 8 && !x86_canonical(cpu, cpu->cpu.r[X86_RCX])) {
            x86_gp(cpu);
        }
        x86_set_eflags(cpu, cpu->cpu.r[11], X86_CC | X86_TF | X86_IF | X86_DF | X86_IOPL | X86_NT | X86_AC | X86_ID | X86_VIF |
                       X86_VIP);
        cpu->cpu.pc = size == 8 ? cpu->cpu.r[X86_RCX] : (uint32_t)cpu->cpu.r[X86_RCX];
        flat_segments(cpu, (sel + (size == 8 ? 16 : 0)) | 3, (sel + 8) | 3, 3, size == 8);
    } else {
        x86_set_eflags(cpu, X86_IF, X86_IF);
        cpu->cpu.pc = (uint32_t)cpu->cpu.r[X86_RCX];
        flat_segments(cpu, sel | 3, (sel + 8) | 3, 3, false);
    }
    x86_update_key(cpu);
}

void x86_helper_sysenter(struct x86_cpu *cpu)
{
    uint16_t sel = cpu->msr.sysenter_cs & 0xfffc;
    bool is_long = x86_is_long(cpu);

    if (!(cpu->cr0 & X86_CR0_PE) || !sel) {
        x86_gp(cpu);
    }
    x86_set_eflags(cpu, 0, X86_IF | X86_VM | X86_RF);
    flat_segments(cpu, sel, sel + 8, 0, is_long);
    cpu->cpu.r[X86_RSP] = is_long ? cpu->msr.sysenter_esp : (uint32_t)cpu->msr.sysenter_esp;
    cpu->cpu.pc = is_long ? cpu->msr.sysenter_eip : (uint32_t)cpu->msr.sysenter_eip;
    x86_update_key(cpu);
}

void x86_helper_sysexit(struct x86_cpu *cpu, uint32_t size)
{
    uint16_t sel = cpu->msr.sysenter_cs & 0xfffc;
    const uint64_t *r = cpu->cpu.r;

    if (!(cpu->cr0 & X86_CR0_PE) || !sel || x86_cpl(cpu)) {
        x86_gp(cpu);
    }
    if (size == 8 && (!x86_canonical(cpu, r[X86_RDX]) || !x86_canonical(cpu, r[X86_RCX]))) {
        x86_gp(cpu);
    }
    flat_segments(cpu, (sel + (size == 8 ? 32 : 16)) | 3, (sel + (size == 8 ? 40 : 24)) | 3, 3, size == 8);
    cpu->cpu.pc = size == 8 ? r[X86_RDX] : (uint32_t)r[X86_RDX];
    cpu->cpu.r[X86_RSP] = size == 8 ? r[X86_RCX] : (uint32_t)r[X86_RCX];
    x86_update_key(cpu);
}

/* INT n (with 0x100), INT3, INTO, INT1 (with 0x200): vector. INT1 is a trap of the processor's own, for which gates are not
 * asked who may call. */
void x86_helper_int(struct x86_cpu *cpu, uint32_t vector, uint64_t next_pc)
{
    bool is_n = vector & 0x100;     /* INT n: sensitive to IOPL in v8086 mode */

    if (is_n && cpu->eflags & X86_VM && (cpu->eflags & X86_IOPL) != X86_IOPL) {
        x86_gp(cpu);
    }
    cpu->old_exception = -1;
    cpu->external = false;
    x86_deliver(cpu, vector & 0xff, vector & 0x200 ? X86_FROM_EXCEPTION : X86_FROM_INT, false, 0, next_pc);
}
