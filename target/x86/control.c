/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions about the processor itself: control and debug registers, descriptor tables, MSRs, CPUID, time, ports,
 * interrupt flag (SDM vol. 2; vol. 3, "Control Registers").
 */
#include <inttypes.h>
#include <string.h>

#include "system/machine.h"
#include "target/x86/model.h"
#include "target/x86/priv.h"
#include "util/log.h"

static void need_cpl0(struct x86_cpu *cpu)
{
    if (x86_cpl(cpu)) {
        x86_gp(cpu);
    }
}

/* ---- control registers ---- */

bool x86_pdptes_load(struct x86_cpu *cpu, uint64_t cr3)
{
    uint64_t e[4];

    if (x86_is_long(cpu) || !(cpu->cr4 & X86_CR4_PAE) || !(cpu->cr0 & X86_CR0_PG)) {
        return true;
    }
    for (unsigned i = 0; i < 4; i++) {
        const uint64_t *p = cpu_phys_ptr(&cpu->cpu, (cr3 & 0xffffffe0) + 8 * i, 8, false);

        e[i] = p ? *p : 0;
        if (e[i] & 1 && e[i] & (0x1e6 | ~((1ull << cpu->phys_bits) - 1))) {
            return false;
        }
    }
    memcpy(cpu->pdpte, e, sizeof e);
    return true;
}

static void write_cr0(struct x86_cpu *cpu, uint64_t v)
{
    const uint64_t known = X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP |
                           X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | X86_CR0_PG;
    uint64_t old = cpu->cr0;
    bool on = v & X86_CR0_PG && !(old & X86_CR0_PG), off = old & X86_CR0_PG && !(v & X86_CR0_PG);

    if (v >> 32 || (v & X86_CR0_PG && !(v & X86_CR0_PE)) || (v & X86_CR0_NW && !(v & X86_CR0_CD))) {
        x86_gp(cpu);
    }
    if ((off && (x86_is_64(cpu) || cpu->cr4 & X86_CR4_PCIDE)) ||
        (on && cpu->efer & X86_EFER_LME && (!(cpu->cr4 & X86_CR4_PAE) || cpu->seg[X86_CS].attr & X86_SEG_L))) {
        x86_gp(cpu);
    }
    v = (v & known) | X86_CR0_ET;
    cpu->cr0 = v;
    if (on && cpu->efer & X86_EFER_LME) {
        cpu->efer |= X86_EFER_LMA;
    } else if (off) {
        cpu->efer &= ~(uint64_t)X86_EFER_LMA;
    }
    if (on && !x86_pdptes_load(cpu, cpu->cr3)) {
        cpu->cr0 = old;
        x86_gp(cpu);
    }
    if ((v ^ old) & X86_CR0_PE) {
        for (unsigned i = 0; i < X86_SREGS; i++) {
            x86_seg_update(cpu, i);
        }
    }
    if ((v ^ old) & (X86_CR0_PG | X86_CR0_WP | X86_CR0_PE)) {
        x86_paging_changed(cpu);
    }
    x86_update_key(cpu);
}

static void write_cr3(struct x86_cpu *cpu, uint64_t v)
{
    bool keep = cpu->cr4 & X86_CR4_PCIDE && v >> 63;

    if (cpu->cr4 & X86_CR4_PCIDE) {
        v &= INT64_MAX;
    }
    if (x86_is_long(cpu) && v >> cpu->phys_bits) {
        x86_gp(cpu);
    }
    if (!x86_pdptes_load(cpu, v)) {
        x86_gp(cpu);
    }
    cpu->cr3 = v;
    x86_cr3_loaded(cpu, !keep);
}

uint64_t x86_known_cr4(const struct x86_cpu *cpu)
{
    static const struct { uint8_t feature; uint32_t bits; } rows[] = {
        { X86_FEAT_VME, X86_CR4_VME | X86_CR4_PVI }, { X86_FEAT_TSC, X86_CR4_TSD }, { X86_FEAT_DE, X86_CR4_DE },
        { X86_FEAT_PSE, X86_CR4_PSE }, { X86_FEAT_PAE, X86_CR4_PAE }, { X86_FEAT_MCE, X86_CR4_MCE },
        { X86_FEAT_PGE, X86_CR4_PGE }, { X86_FEAT_MMX, X86_CR4_PCE },
        { X86_FEAT_FXSR, X86_CR4_OSFXSR }, { X86_FEAT_SSE, X86_CR4_OSXMMEXCPT }, { X86_FEAT_UMIP, X86_CR4_UMIP },
        { X86_FEAT_LA57, X86_CR4_LA57 }, { X86_FEAT_FSGSBASE, X86_CR4_FSGSBASE }, { X86_FEAT_PCID, X86_CR4_PCIDE },
        { X86_FEAT_XSAVE, X86_CR4_OSXSAVE }, { X86_FEAT_SMEP, X86_CR4_SMEP }, { X86_FEAT_SMAP, X86_CR4_SMAP },
        { X86_FEAT_PKU, X86_CR4_PKE },
    };
    uint64_t v = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        v |= x86_has(cpu, rows[i].feature) ? rows[i].bits : 0;
    }
    return v;
}

static void write_cr4(struct x86_cpu *cpu, uint64_t v)
{
    uint64_t old = cpu->cr4, changed = v ^ old;
    const uint64_t paging = X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_LA57 | X86_CR4_PCIDE | X86_CR4_SMEP |
                            X86_CR4_SMAP | X86_CR4_PKE;

    if (v & ~x86_known_cr4(cpu) || (x86_is_long(cpu) && (!(v & X86_CR4_PAE) || changed & X86_CR4_LA57))) {
        x86_gp(cpu);
    }
    if (changed & v & X86_CR4_PCIDE && (!x86_is_long(cpu) || cpu->cr3 & 0xfff)) {
        x86_gp(cpu);
    }
    cpu->cr4 = v;
    if (changed & (X86_CR4_PAE | X86_CR4_PGE | X86_CR4_PSE | X86_CR4_SMEP) && !x86_pdptes_load(cpu, cpu->cr3)) {
        cpu->cr4 = old;
        x86_gp(cpu);
    }
    if (changed & paging) {
        x86_paging_changed(cpu);
    }
    x86_update_key(cpu);
}

uint64_t x86_helper_read_cr(struct x86_cpu *cpu, uint32_t n)
{
    struct cpu_intc *c = cpu->cpu.intc;

    need_cpl0(cpu);
    switch (n) {
    case 0: return cpu->cr0;
    case 2: return cpu->cr2;
    case 3: return cpu->cr3;
    case 4: return cpu->cr4;
    case 8: return c && c->priority ? c->priority(c) : 0;
    default: x86_raise(cpu, X86_UD);
    }
}

void x86_helper_write_cr(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    struct cpu_intc *c = cpu->cpu.intc;

    need_cpl0(cpu);
    switch (n) {
    case 0:
        write_cr0(cpu, v);
        break;
    case 2:
        cpu->cr2 = v;
        break;
    case 3:
        write_cr3(cpu, v);
        break;
    case 4:
        write_cr4(cpu, v);
        break;
    case 8:
        if (v >> 4) {
            x86_gp(cpu);
        }
        if (c && c->set_priority) {
            c->set_priority(c, v);
        }
        break;
    default:
        x86_raise(cpu, X86_UD);
    }
}

void x86_helper_clts(struct x86_cpu *cpu)
{
    need_cpl0(cpu);
    cpu->cr0 &= ~(uint64_t)X86_CR0_TS;
    x86_update_key(cpu);
}

void x86_helper_lmsw(struct x86_cpu *cpu, uint32_t v)
{
    const uint64_t bits = X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS;

    need_cpl0(cpu);
    write_cr0(cpu, (cpu->cr0 & ~bits) | (v & bits) | (cpu->cr0 & X86_CR0_PE));
}

static void check_umip(struct x86_cpu *cpu)
{
    if (cpu->cr4 & X86_CR4_UMIP && x86_cpl(cpu)) {
        x86_gp(cpu);
    }
}

uint64_t x86_helper_smsw(struct x86_cpu *cpu)
{
    check_umip(cpu);
    return cpu->cr0;
}

/* SLDT and STR: n = X86_LDTR, X86_TR. */
uint32_t x86_helper_store_sys(struct x86_cpu *cpu, uint32_t n)
{
    if (x86_is_real(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    check_umip(cpu);
    return cpu->seg[n].sel;
}

/* ---- debug registers ---- */

static void check_dr(struct x86_cpu *cpu, uint32_t *n)
{
    if (*n == 4 || *n == 5) {
        if (cpu->cr4 & X86_CR4_DE) {
            x86_raise(cpu, X86_UD);
        }
        *n += 2;
    }
    need_cpl0(cpu);
    if (cpu->dr[7] & 1 << 13) {         /* general detect */
        cpu->dr[7] &= ~(uint64_t)(1 << 13);
        cpu->dr[6] |= 1 << 13;
        x86_raise(cpu, X86_DB);
    }
}

uint64_t x86_helper_read_dr(struct x86_cpu *cpu, uint32_t n)
{
    check_dr(cpu, &n);
    return cpu->dr[n];
}

void x86_helper_write_dr(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    check_dr(cpu, &n);
    if (n >= 6 && v >> 32) {
        x86_gp(cpu);
    }
    cpu->dr[n] = n == 6 ? (v & 0xe00f) | 0xffff0ff0 : n == 7 ? (v & 0xffff2bff) | 0x400 : v;
    x86_watches_update(cpu);
    x86_update_key(cpu);
}

/* ---- descriptor tables ---- */

/* LGDT, LIDT: n = 0, 1; size of the base: 3 (16-bit operands), 4, 8 bytes. */
void x86_helper_load_table(struct x86_cpu *cpu, uint32_t n, uint32_t limit, uint64_t base)
{
    struct x86_table *t = n ? &cpu->idt : &cpu->gdt;

    need_cpl0(cpu);
    if (x86_is_64(cpu) && !x86_canonical(cpu, base)) {
        x86_gp(cpu);
    }
    *t = (struct x86_table) { base, limit };
}

uint64_t x86_helper_table_base(struct x86_cpu *cpu, uint32_t n)
{
    return n ? cpu->idt.base : cpu->gdt.base;
}

uint32_t x86_helper_table_limit(struct x86_cpu *cpu, uint32_t n)
{
    check_umip(cpu);
    return n ? cpu->idt.limit : cpu->gdt.limit;
}

/* ---- TLB and caches ---- */

void x86_helper_invlpg(struct x86_cpu *cpu, uint64_t va)
{
    need_cpl0(cpu);
    cpu_tlb_flush_page(&cpu->cpu, va, NULL, 0);
    if (!x86_is_long(cpu)) {
        /* 32-bit code reaches the page under these addresses, too: the translator does not cut base + displacement */
        cpu_tlb_flush_page(&cpu->cpu, va + (1ull << 32), NULL, 0);
        cpu_tlb_flush_page(&cpu->cpu, va - (1ull << 32), NULL, 0);
    }
}

void x86_helper_need_cpl0(struct x86_cpu *cpu)
{
    need_cpl0(cpu);
}

void x86_helper_invpcid(struct x86_cpu *cpu, uint64_t type, uint64_t pcid, uint64_t va)
{
    need_cpl0(cpu);
    if (type > 3 || (type < 2 && pcid >> 12) || (type == 0 && !x86_canonical(cpu, va)) ||
        (type < 2 && !(cpu->cr4 & X86_CR4_PCIDE) && pcid)) {
        x86_gp(cpu);
    }
    if (type == 0) {
        cpu_tlb_flush_page(&cpu->cpu, va, NULL, 0);
    } else {
        cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
    }
}

/* ---- MSRs, CPUID, time ---- */

void x86_helper_rdmsr(struct x86_cpu *cpu)
{
    uint64_t v = 0;

    need_cpl0(cpu);
    if (!x86_msr_read(cpu, cpu->cpu.r[X86_RCX], &v)) {
        x86_gp(cpu);
    }
    cpu->cpu.r[X86_RAX] = (uint32_t)v;
    cpu->cpu.r[X86_RDX] = v >> 32;
}

void x86_helper_wrmsr(struct x86_cpu *cpu)
{
    const uint64_t *r = cpu->cpu.r;

    need_cpl0(cpu);
    if (!x86_msr_write(cpu, r[X86_RCX], (uint32_t)r[X86_RAX] | r[X86_RDX] << 32)) {
        x86_gp(cpu);
    }
    x86_update_key(cpu);
}

void x86_helper_cpuid(struct x86_cpu *cpu)
{
    uint64_t *r = cpu->cpu.r;
    uint32_t out[4];

    x86_cpuid(cpu, r[X86_RAX], r[X86_RCX], out);
    r[X86_RAX] = out[0];
    r[X86_RBX] = out[1];
    r[X86_RCX] = out[2];
    r[X86_RDX] = out[3];
}

uint64_t x86_helper_rdtsc(struct x86_cpu *cpu)
{
    if (cpu->cr4 & X86_CR4_TSD && x86_cpl(cpu)) {
        x86_gp(cpu);
    }
    return x86_tsc(cpu);
}

uint32_t x86_helper_rdpid(struct x86_cpu *cpu)
{
    return cpu->msr.tsc_aux;
}

void x86_helper_rdpmc(struct x86_cpu *cpu)
{
    if (!(cpu->cr4 & X86_CR4_PCE) && x86_cpl(cpu)) {
        x86_gp(cpu);
    }
    x86_gp(cpu);        /* there are no counters */
}

uint64_t x86_helper_xgetbv(struct x86_cpu *cpu)
{
    uint32_t n = cpu->cpu.r[X86_RCX];

    if (!(cpu->cr4 & X86_CR4_OSXSAVE)) {
        x86_raise(cpu, X86_UD);
    }
    if (n == 1 && x86_has(cpu, X86_FEAT_XGETBV1)) {
        return cpu->xcr0;           /* all of it counts as in use */
    }
    if (n != 0) {
        x86_gp(cpu);
    }
    return cpu->xcr0;
}

void x86_helper_xsetbv(struct x86_cpu *cpu)
{
    const uint64_t *r = cpu->cpu.r;
    uint64_t v = (uint32_t)r[X86_RAX] | r[X86_RDX] << 32;
    uint64_t known = X86_XCR0_X87 | X86_XCR0_SSE | (x86_has(cpu, X86_FEAT_AVX) ? X86_XCR0_AVX : 0);

    if (!(cpu->cr4 & X86_CR4_OSXSAVE)) {
        x86_raise(cpu, X86_UD);
    }
    need_cpl0(cpu);
    if ((uint32_t)r[X86_RCX] || v & ~known || !(v & X86_XCR0_X87) || (v & (X86_XCR0_SSE | X86_XCR0_AVX)) == X86_XCR0_AVX) {
        x86_gp(cpu);
    }
    cpu->xcr0 = v;
    x86_update_key(cpu);
}

/* RDRAND and RDSEED: always have a number. */
uint64_t x86_helper_rdrand(struct x86_cpu *cpu)
{
    uint64_t v;

    machine_lock(cpu->cpu.machine);
    machine_random(cpu->cpu.machine, &v, sizeof v);
    machine_unlock(cpu->cpu.machine);
    return v;
}

/* ---- EFLAGS ---- */

uint64_t x86_helper_pushf(struct x86_cpu *cpu)
{
    if (cpu->eflags & X86_VM && (cpu->eflags & X86_IOPL) != X86_IOPL) {
        x86_gp(cpu);
    }
    return x86_eflags(cpu) & ~(uint64_t)(X86_VM | X86_RF);
}

void x86_helper_popf(struct x86_cpu *cpu, uint64_t v, uint32_t size)
{
    x86_set_eflags(cpu, v, x86_flags_mask(cpu, size) | (size > 2 ? X86_RF : 0));
    cpu->eflags &= ~(uint64_t)X86_RF;
    x86_update_key(cpu);
}

/* Before POPF's stack pointer moves. */
void x86_helper_popf_check(struct x86_cpu *cpu)
{
    if (cpu->eflags & X86_VM && (cpu->eflags & X86_IOPL) != X86_IOPL) {
        x86_gp(cpu);
    }
}

static void need_iopl(struct x86_cpu *cpu)
{
    if (x86_cpl(cpu) > (cpu->eflags & X86_IOPL) >> X86_IOPL_SHIFT) {
        x86_gp(cpu);
    }
}

void x86_helper_cli(struct x86_cpu *cpu)
{
    need_iopl(cpu);
    cpu->eflags &= ~(uint64_t)X86_IF;
}

void x86_helper_sti(struct x86_cpu *cpu)
{
    need_iopl(cpu);
    if (!(cpu->eflags & X86_IF)) {
        cpu->eflags |= X86_IF;
        cpu->inhibit = X86_INHIBIT_STI;
        x86_update_key(cpu);
    }
}

/* STAC, CLAC: v = the new AC. */
void x86_helper_set_ac(struct x86_cpu *cpu, uint32_t v)
{
    if (x86_cpl(cpu)) {
        x86_raise(cpu, X86_UD);
    }
    cpu->eflags = (cpu->eflags & ~(uint64_t)X86_AC) | (v ? X86_AC : 0);
    x86_update_key(cpu);
}

/* Behind MOV SS and POP SS. */
void x86_helper_inhibit(struct x86_cpu *cpu)
{
    cpu->inhibit = X86_INHIBIT_SS;
    x86_update_key(cpu);
}

/* The instruction behind STI or MOV SS is done. */
void x86_helper_uninhibit(struct x86_cpu *cpu)
{
    cpu->inhibit = 0;
    x86_update_key(cpu);
}

/* DR6 says which breakpoints on data and ports the instruction has met. */
static void note_hits(struct x86_cpu *cpu)
{
    if (cpu->cpu.watch_hits) {
        cpu->dr[6] = (cpu->dr[6] & ~15ull) | cpu->cpu.watch_hits;
        cpu->cpu.watch_hits = 0;
    }
}

/* EFLAGS.TF: the instruction is done; pc is the next one's. */
void x86_helper_single_step(struct x86_cpu *cpu, uint64_t next_pc)
{
    if (cpu->inhibit & X86_INHIBIT_SS) {
        return;         /* the trap waits for the next instruction, too */
    }
    cpu->cpu.pc = next_pc;
    cpu->inhibit = 0;
    note_hits(cpu);
    cpu->dr[6] |= 1 << 14;
    x86_raise(cpu, X86_DB);
}

/* Behind an instruction that DR7 may have a breakpoint on ports for. */
void x86_helper_watch_trap(struct x86_cpu *cpu, uint64_t next_pc)
{
    if (cpu->cpu.watch_hits) {
        cpu->cpu.pc = next_pc;
        note_hits(cpu);
        x86_raise(cpu, X86_DB);
    }
}

void x86_watch_hit(struct cpu *c)
{
    struct x86_cpu *cpu = x86_cpu(c);

    note_hits(cpu);
    cpu->old_exception = -1;
    x86_raise(cpu, X86_DB);
}

/* Instruction breakpoints of DR7 at pc. */
void x86_helper_break(struct x86_cpu *cpu, uint64_t pc)
{
    uint64_t hit = 0;

    if (cpu->eflags & X86_RF) {
        cpu->eflags &= ~(uint64_t)X86_RF;
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        struct x86_breakpoint b = x86_breakpoint(cpu, i);

        if (b.kind == X86_BREAK_EXEC && b.addr == pc) {
            hit |= 1 << i;
        }
    }
    if (hit) {
        cpu->dr[6] = (cpu->dr[6] & ~15ull) | hit;
        x86_raise(cpu, X86_DB);
    }
}

void x86_helper_raise(struct x86_cpu *cpu, uint32_t vector)
{
    x86_raise(cpu, vector);
}

/* FPU or SSE instruction while it is not to be used: #UD or #NM. sse: 0 x87, 1 SSE, 2 AVX, 3 WAIT, 4 MMX. */
void x86_helper_fpu_unavailable(struct x86_cpu *cpu, uint32_t sse)
{
    if (sse == 3) {
        if ((cpu->cr0 & (X86_CR0_TS | X86_CR0_MP)) == (X86_CR0_TS | X86_CR0_MP)) {
            x86_raise(cpu, X86_NM);
        }
        return;
    }
    if (sse && (cpu->cr0 & X86_CR0_EM || (sse != 4 && !(cpu->cr4 & X86_CR4_OSFXSR)))) {
        x86_raise(cpu, X86_UD);
    }
    if (sse == 2 && (!(cpu->cr4 & X86_CR4_OSXSAVE) || (cpu->xcr0 & 6) != 6)) {
        x86_raise(cpu, X86_UD);
    }
    x86_raise(cpu, X86_NM);
}

void x86_helper_hlt(struct x86_cpu *cpu)
{
    need_cpl0(cpu);
}

/* ---- ports ---- */

static void io_breakpoints(struct x86_cpu *cpu, unsigned port, unsigned size)
{
    for (unsigned i = 0; i < 4 && cpu->cr4 & X86_CR4_DE; i++) {
        struct x86_breakpoint b = x86_breakpoint(cpu, i);

        if (b.kind == X86_BREAK_IO && port < b.addr + b.len && b.addr < port + size) {
            cpu->cpu.watch_hits |= 1 << i;
        }
    }
}

/* SDM vol. 1 "I/O Permission Bit Map". */
static void check_io(struct x86_cpu *cpu, unsigned port, unsigned size)
{
    const struct x86_seg *tr = &cpu->seg[X86_TR];
    unsigned map, bits;

    if (!(cpu->cr0 & X86_CR0_PE) ||
        (!(cpu->eflags & X86_VM) && x86_cpl(cpu) <= (cpu->eflags & X86_IOPL) >> X86_IOPL_SHIFT)) {
        return;
    }
    if (!(tr->attr & X86_SEG_P) || !(tr->attr & 8) || tr->limit < 103) {
        x86_gp(cpu);
    }
    map = x86_ld_sys(cpu, tr->base + 102, 2) + port / 8;
    if (map + 1 > tr->limit) {
        x86_gp(cpu);
    }
    bits = x86_ld_sys(cpu, tr->base + map, 2);
    if (bits >> (port & 7) & ((1u << size) - 1)) {
        x86_gp(cpu);
    }
}

void x86_check_port(struct x86_cpu *cpu, unsigned port, unsigned size)
{
    check_io(cpu, port & 0xffff, size);
}

void x86_port_done(struct x86_cpu *cpu, unsigned port, unsigned size)
{
    io_breakpoints(cpu, port & 0xffff, size);
}

uint64_t x86_helper_in(struct x86_cpu *cpu, uint32_t port, uint32_t size)
{
    check_io(cpu, port & 0xffff, size);
    io_breakpoints(cpu, port & 0xffff, size);
    return cpu_port_in(&cpu->cpu, port, size);
}

void x86_helper_out(struct x86_cpu *cpu, uint32_t port, uint32_t size, uint32_t v)
{
    check_io(cpu, port & 0xffff, size);
    io_breakpoints(cpu, port & 0xffff, size);
    cpu_port_out(&cpu->cpu, port, size, v);
}

/* ---- FS and GS ---- */

void x86_helper_swapgs(struct x86_cpu *cpu)
{
    uint64_t base = cpu->seg[X86_GS].base;

    need_cpl0(cpu);
    cpu->seg[X86_GS].base = cpu->msr.kernel_gs_base;
    cpu->msr.kernel_gs_base = base;
}

void x86_helper_fsgsbase_check(struct x86_cpu *cpu)
{
    if (!(cpu->cr4 & X86_CR4_FSGSBASE)) {
        x86_raise(cpu, X86_UD);
    }
}

void x86_helper_write_base(struct x86_cpu *cpu, uint32_t n, uint64_t v)
{
    if (!x86_canonical(cpu, v)) {
        x86_gp(cpu);
    }
    cpu->seg[n].base = v;
}

/* ---- protection keys ---- */

static void check_pkru(struct x86_cpu *cpu)
{
    if (!(cpu->cr4 & X86_CR4_PKE)) {
        x86_raise(cpu, X86_UD);
    }
    if ((uint32_t)cpu->cpu.r[X86_RCX]) {
        x86_gp(cpu);
    }
}

uint64_t x86_helper_rdpkru(struct x86_cpu *cpu)
{
    check_pkru(cpu);
    return cpu->pkru;
}

/* The rights of TLB entries depend on it. */
void x86_helper_wrpkru(struct x86_cpu *cpu)
{
    check_pkru(cpu);
    if ((uint32_t)cpu->cpu.r[X86_RDX]) {
        x86_gp(cpu);
    }
    if (cpu->pkru != (uint32_t)cpu->cpu.r[X86_RAX]) {
        cpu->pkru = cpu->cpu.r[X86_RAX];
        cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
    }
}
