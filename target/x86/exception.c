/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exceptions and interrupts (SDM vol. 3, chapter "Interrupt and Exception Handling").
 *
 * Delivery writes memory first and registers last, so that a fault on the way leaves the state of the interrupted
 * instruction. A fault during delivery comes back here by x86_raise and is combined with the first one.
 */
#include <inttypes.h>

#include "system/machine.h"
#include "target/x86/priv.h"
#include "util/log.h"

enum { GATE_TASK = 5, GATE_INT16 = 6, GATE_TRAP16 = 7, GATE_INT32 = 14, GATE_TRAP32 = 15 };

/* ---- raising ---- */

static bool contributory(int vector)
{
    return vector == X86_DE || (vector >= X86_TS && vector <= X86_GP);
}

/* SDM table "Conditions for Generating a Double Fault". */
static bool doubles(int first, int second)
{
    return contributory(first) ? contributory(second)
                               : first == X86_PAGE && (second == X86_PAGE || contributory(second));
}

static bool has_code(unsigned vector)
{
    return vector == X86_DFAULT || (vector >= X86_TS && vector <= X86_PAGE) || vector == X86_ALIGN;
}

void x86_shutdown(struct x86_cpu *cpu)
{
    log_guest("x86: shutdown at 0x%" PRIx64 "\n", cpu->cpu.pc);
    cpu->old_exception = -1;
    cpu->cpu.halted = true;
    cpu->eflags &= ~(uint64_t)X86_IF;
    machine_request_reset(cpu->cpu.machine, CAUSE_GUEST_RESET);
    cpu_loop_exit(&cpu->cpu);
}

void x86_raise_code(struct x86_cpu *cpu, enum x86_vector vector, uint32_t code)
{
    int first = cpu->old_exception;

    if (first == X86_DFAULT && (contributory(vector) || vector == X86_PAGE)) {
        x86_shutdown(cpu);
    }
    if (first >= 0 && doubles(first, vector)) {
        vector = X86_DFAULT;
        code = 0;
    }
    cpu->old_exception = vector;
    cpu->external = false;
    x86_deliver(cpu, vector, X86_FROM_EXCEPTION, has_code(vector) && !x86_is_real(cpu), code, cpu->cpu.pc);
    cpu_loop_exit(&cpu->cpu);
}

/* ---- delivery ---- */

struct event {
    struct x86_cpu *cpu;
    unsigned vector;
    enum x86_source source;
    bool has_code;
    uint32_t code;
    uint64_t next_pc;
    uint64_t flags;                 /* to be pushed */
};

/* Leaves the handler's state; clears what a gate clears. */
static void enter(struct event *e, uint64_t pc, bool masks_if)
{
    struct x86_cpu *cpu = e->cpu;

    x86_set_eflags(cpu, 0, X86_TF | X86_VM | X86_RF | X86_NT | (masks_if ? X86_IF : 0));
    cpu->cpu.pc = pc;
    cpu->inhibit = 0;
    x86_update_key(cpu);
}

static void deliver_real(struct event *e)
{
    struct x86_cpu *cpu = e->cpu;
    struct x86_stack s = x86_stack(cpu);
    uint64_t at = cpu->idt.base + e->vector * 4;
    uint16_t ip, sel;

    if (e->vector * 4 + 3 > cpu->idt.limit) {
        x86_raise_code(cpu, X86_GP, 0);
    }
    ip = x86_ld_sys(cpu, at, 2);
    sel = x86_ld_sys(cpu, at + 2, 2);
    x86_push(&s, e->flags, 2);
    x86_push(&s, cpu->seg[X86_CS].sel, 2);
    x86_push(&s, x86_ip(cpu, e->next_pc), 2);
    x86_stack_done(&s);
    x86_seg_set_real(cpu, X86_CS, sel);
    x86_set_eflags(cpu, 0, X86_AC);
    enter(e, cpu->seg[X86_CS].base + ip, true);
}

static void bad_gate(struct event *e, enum x86_vector vector)
{
    bool ext = e->source != X86_FROM_INT;

    x86_raise_code(e->cpu, vector, e->vector << 3 | 2 | ext);
}

/* The handler's code segment: what it must be, and whether the privilege changes. */
static struct x86_desc check_cs(struct event *e, uint16_t sel, bool *inner)
{
    struct x86_cpu *cpu = e->cpu;
    unsigned cpl = x86_cpl(cpu), dpl;
    struct x86_desc d;
    uint16_t attr;
    uint64_t va;

    if (!(sel & ~3)) {
        x86_raise_sel(cpu, X86_GP, 0);
    }
    if (!x86_desc_read(cpu, sel, &d, &va)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    attr = x86_desc_attr(d);
    dpl = (attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT;
    if ((attr & (X86_SEG_S | X86_SEG_CODE)) != (X86_SEG_S | X86_SEG_CODE) || dpl > cpl) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(attr & X86_SEG_P)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    if (x86_is_long(cpu) && (attr & (X86_SEG_L | X86_SEG_DB)) != X86_SEG_L) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    *inner = !(attr & X86_SEG_E) && dpl < cpl;
    if (cpu->eflags & X86_VM && (!*inner || dpl != 0)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    return d;
}

/* The gate of the vector: its two or four words. */
static void read_gate(struct event *e, uint32_t gate[4])
{
    struct x86_cpu *cpu = e->cpu;
    unsigned size = x86_is_long(cpu) ? 16 : 8, type;
    uint64_t at = cpu->idt.base + e->vector * size;

    if (e->vector * size + size - 1 > cpu->idt.limit) {
        bad_gate(e, X86_GP);
    }
    for (unsigned i = 0; i < size / 4; i++) {
        gate[i] = x86_ld_sys(cpu, at + 4 * i, 4);
    }
    type = gate[1] >> 8 & 31;
    if (x86_is_long(cpu) ? type < GATE_INT32 || type > GATE_TRAP32
                         : type != GATE_TASK && (type & 7) != GATE_INT16 && (type & 7) != GATE_TRAP16) {
        bad_gate(e, X86_GP);
    }
    if (type > GATE_TRAP32) {
        bad_gate(e, X86_GP);
    }
    if (e->source == X86_FROM_INT && (gate[1] >> 13 & 3) < x86_cpl(cpu)) {
        bad_gate(e, X86_GP);
    }
    if (!(gate[1] & 1 << 15)) {
        bad_gate(e, X86_NP);
    }
}

static void task_gate(struct event *e, uint16_t sel)
{
    struct x86_cpu *cpu = e->cpu;
    struct x86_desc d;
    uint64_t va;

    if (sel & 4 || !x86_desc_read(cpu, sel, &d, &va) || ((d.hi >> 8 & 0x1f) != 9 && (d.hi >> 8 & 0x1f) != 1)) {
        x86_raise_sel(cpu, X86_GP, sel);
    }
    if (!(d.hi & 1 << 15)) {
        x86_raise_sel(cpu, X86_NP, sel);
    }
    x86_task_switch(cpu, sel, d, va, X86_TASK_CALL, e->next_pc);
    if (e->has_code) {
        struct x86_stack s = x86_stack(cpu);

        x86_push(&s, e->code, d.hi & 1 << 11 ? 4 : 2);
        x86_stack_done(&s);
    }
    x86_update_key(cpu);
}

/* The stack of the inner level dpl, and its segment. */
static struct x86_stack inner_stack(struct x86_cpu *cpu, unsigned dpl, uint16_t *ss, struct x86_desc *d)
{
    uint64_t sp;
    bool big;

    x86_tss_stack(cpu, dpl, ss, &sp);
    *d = x86_check_ss(cpu, *ss, dpl, X86_TS);
    big = d->hi & 1 << 22;
    return (struct x86_stack) {
        .cpu = cpu, .base = x86_desc_base(*d), .mask = big ? UINT32_MAX : UINT16_MAX, .sp = sp, .idx = dpl == 3 ? X86_IDX_USER : X86_IDX_KERNEL,
        .room = d->hi & 1 << 10 ? UINT64_MAX : (uint64_t)x86_desc_limit(*d) + 1, .code = (*ss & ~3) | 1,
    };
}

static void push_v86(struct event *e, struct x86_stack *s, unsigned size)
{
    static const uint8_t order[] = { X86_GS, X86_FS, X86_DS, X86_ES };

    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        x86_push(s, e->cpu->seg[order[i]].sel, size);
    }
}

static void deliver_protected(struct event *e)
{
    struct x86_cpu *cpu = e->cpu;
    bool inner, v86 = cpu->eflags & X86_VM;
    struct x86_stack s = x86_stack(cpu);
    unsigned type, size, dpl;
    struct x86_desc cs, ssd;
    uint16_t sel, ss = 0;
    uint32_t gate[4], ip;

    read_gate(e, gate);
    type = gate[1] >> 8 & 31;
    sel = gate[0] >> 16;
    if (type == GATE_TASK) {
        task_gate(e, sel);
        return;
    }
    size = type & 8 ? 4 : 2;
    ip = (gate[0] & 0xffff) | (size == 4 ? gate[1] & 0xffff0000 : 0);
    cs = check_cs(e, sel, &inner);
    dpl = inner ? cs.hi >> 13 & 3 : x86_cpl(cpu);
    if (inner) {
        s = inner_stack(cpu, dpl, &ss, &ssd);
        if (v86) {
            push_v86(e, &s, size);
        }
        x86_push(&s, cpu->seg[X86_SS].sel, size);
        x86_push(&s, cpu->cpu.r[X86_RSP], size);
    }
    x86_push(&s, e->flags, size);
    x86_push(&s, cpu->seg[X86_CS].sel, size);
    x86_push(&s, x86_ip(cpu, e->next_pc), size);
    if (e->has_code) {
        x86_push(&s, e->code, size);
    }
    if (ip > x86_desc_limit(cs)) {
        x86_raise_code(cpu, X86_GP, e->source != X86_FROM_INT);
    }
    if (v86) {
        for (unsigned i = X86_ES; i < X86_SREGS; i++) {
            if (i != X86_SS && i != X86_CS) {
                x86_seg_set(cpu, i, 0, 0, 0, 0);
            }
        }
        cpu->eflags &= ~(uint64_t)X86_VM;
    }
    if (inner) {
        x86_seg_set(cpu, X86_SS, (ss & ~3) | dpl, x86_desc_base(ssd), x86_desc_limit(ssd), x86_desc_attr(ssd) | X86_SEG_A);
        cpu->cpu.r[X86_RSP] = (uint32_t)s.sp;
    } else {
        x86_stack_done(&s);
    }
    x86_seg_set(cpu, X86_CS, (sel & ~3) | dpl, x86_desc_base(cs), x86_desc_limit(cs), x86_desc_attr(cs) | X86_SEG_A);
    enter(e, (uint32_t)(cpu->seg[X86_CS].base + ip), !(type & 1));
}

/* SDM "64-Bit Mode Stack Frame": the stack is always pushed, on an aligned address. */
static void deliver_long(struct event *e)
{
    struct x86_cpu *cpu = e->cpu;
    struct x86_stack s = { .cpu = cpu, .mask = UINT64_MAX, .room = UINT64_MAX };
    unsigned ist, dpl;
    uint32_t gate[4];
    struct x86_desc cs;
    uint64_t ip;
    uint16_t sel, ss;
    bool inner;

    read_gate(e, gate);
    sel = gate[0] >> 16;
    ip = (gate[0] & 0xffff) | (gate[1] & 0xffff0000) | (uint64_t)gate[2] << 32;
    ist = gate[1] & 7;
    cs = check_cs(e, sel, &inner);
    dpl = inner ? cs.hi >> 13 & 3 : x86_cpl(cpu);
    s.sp = cpu->cpu.r[X86_RSP];
    if (ist || inner) {
        x86_tss_stack(cpu, ist ? 3 + ist : dpl, &ss, &s.sp);
    }
    s.sp &= ~15ull;
    s.idx = dpl == 3 ? X86_IDX_USER : X86_IDX_KERNEL;
    if (!x86_canonical(cpu, s.sp)) {
        x86_raise_code(cpu, X86_SSFAULT, e->source != X86_FROM_INT);
    }
    x86_push(&s, cpu->seg[X86_SS].sel, 8);
    x86_push(&s, cpu->cpu.r[X86_RSP], 8);
    x86_push(&s, e->flags, 8);
    x86_push(&s, cpu->seg[X86_CS].sel, 8);
    x86_push(&s, x86_ip(cpu, e->next_pc), 8);
    if (e->has_code) {
        x86_push(&s, e->code, 8);
    }
    if (!x86_canonical(cpu, ip)) {
        x86_raise_code(cpu, X86_GP, e->source != X86_FROM_INT);
    }
    if (inner) {
        x86_seg_set(cpu, X86_SS, dpl, 0, 0, dpl << X86_SEG_DPL_SHIFT);
    }
    cpu->cpu.r[X86_RSP] = s.sp;
    x86_seg_set(cpu, X86_CS, (sel & ~3) | dpl, x86_desc_base(cs), x86_desc_limit(cs), x86_desc_attr(cs) | X86_SEG_A);
    enter(e, ip, !(gate[1] >> 8 & 1));
}

static void log_event(const struct event *e)
{
    struct x86_cpu *cpu = e->cpu;

    log_printf(LOG_INT, "cpu %u: v=%02x e=%04x i=%d cpl=%u IP=%04x:%016" PRIx64 " pc=%016" PRIx64 " SP=%04x:%016" PRIx64
               " CR2=%016" PRIx64 " rax=%" PRIx64 "\n", cpu->cpu.index, e->vector, e->code, e->source, x86_cpl(cpu),
               cpu->seg[X86_CS].sel, x86_ip(cpu, e->next_pc), e->next_pc, cpu->seg[X86_SS].sel, cpu->cpu.r[X86_RSP],
               cpu->cr2, cpu->cpu.r[0]);
}

void x86_deliver(struct x86_cpu *cpu, unsigned vector, enum x86_source source, bool with_code, uint32_t code, uint64_t next_pc)
{
    struct event e = { cpu, vector, source, with_code, code, next_pc, x86_eflags(cpu) };

    /* Faults are restarted with RF set, so that an instruction breakpoint does not hit again (SDM "RF"). */
    if (source == X86_FROM_EXCEPTION && vector != X86_DB && vector != X86_BP && vector != X86_OFLOW) {
        e.flags |= X86_RF;
    }
    if (log_on(LOG_INT)) {
        log_event(&e);
    }
    cpu->cpu.in_event = true;
    if (!(cpu->cr0 & X86_CR0_PE)) {
        deliver_real(&e);
    } else if (x86_is_long(cpu)) {
        deliver_long(&e);
    } else {
        deliver_protected(&e);
    }
    cpu->old_exception = -1;
    cpu->external = false;
    cpu->cpu.in_event = false;
}

/* ---- interrupts and other events ---- */

bool x86_irq_pending(struct cpu *c)
{
    struct x86_cpu *cpu = x86_cpu(c);

    if (cpu->sipi_wait) {
        return false;
    }
    if (cpu->inhibit & X86_INHIBIT_SS) {
        return false;
    }
    if ((cpu->smi_pending && !cpu->in_smm) || (cpu->nmi_pending && !cpu->nmi_blocked)) {
        return true;
    }
    return atomic_load_explicit(&c->lines, memory_order_acquire) >> X86_LINE_INTR & 1 && cpu->eflags & X86_IF &&
           !cpu->inhibit;
}

bool x86_has_work(struct cpu *c)
{
    return x86_irq_pending(c);
}

void x86_irq_take(struct cpu *c)
{
    struct x86_cpu *cpu = x86_cpu(c);
    int vector = -1;

    if (cpu->smi_pending && !cpu->in_smm) {
        x86_smm_enter(cpu);
        return;
    }
    cpu->old_exception = -1;
    cpu->external = true;
    if (cpu->nmi_pending && !cpu->nmi_blocked) {
        cpu->nmi_pending = false;
        cpu->nmi_blocked = true;
        vector = X86_NMI;
    } else if (c->intc && c->intc->acknowledge) {
        vector = c->intc->acknowledge(c->intc);
    }
    if (vector >= 0) {
        x86_deliver(cpu, vector, X86_FROM_HARDWARE, false, 0, c->pc);
    }
    cpu->external = false;
}

void x86_event(struct cpu *c, uint32_t bits)
{
    struct x86_cpu *cpu = x86_cpu(c);

    if (bits & CPU_REQ_INIT) {
        x86_reset_state(cpu, true);
        if (c->intc && c->intc->init) {
            c->intc->init(c->intc);
        }
        cpu->sipi_wait = c->index != 0;
        c->halted = cpu->sipi_wait;
    }
    if (bits & CPU_REQ_SIPI && cpu->sipi_wait) {
        unsigned page = atomic_load(&c->sipi_vector);

        cpu->sipi_wait = false;
        c->halted = false;
        x86_seg_set_real(cpu, X86_CS, page << 8);
        c->pc = page << 12;
        x86_update_key(cpu);
    }
    if (bits & CPU_REQ_NMI) {
        cpu->nmi_pending = true;
    }
    if (bits & CPU_REQ_SMI) {
        cpu->smi_pending = true;
    }
}

static void flush_for_a20(struct cpu *c, void *opaque)
{
    cpu_tlb_flush(c, TLB_ALL, NULL, 0);
}

void x86_line_changed(struct cpu *c, unsigned line, bool level)
{
    if (line == X86_LINE_A20M) {
        cpu_run_on(c, flush_for_a20, NULL);
    }
}
