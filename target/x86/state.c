/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows from the state: the translation key, segments' room, the address space; and the state after reset. */
#include <string.h>

#include "system/machine.h"
#include "target/x86/priv.h"
#include "tcg/mxcsr.h"

#define FPCR_RESET 0x1f80           /* MXCSR: all exceptions masked, round to nearest, no flags */

uint64_t x86_tsc(struct x86_cpu *cpu)
{
    return clock_now_ns(&cpu->cpu.machine->virtual_clock) * (cpu->tsc_hz / 1000000) / 1000 + cpu->tsc_offset;
}

/* ---- segments ---- */

static bool data_readable(uint16_t attr)
{
    return (attr & X86_SEG_P) && (!(attr & X86_SEG_CODE) || (attr & X86_SEG_W));
}

static bool data_writable(uint16_t attr)
{
    return (attr & X86_SEG_P) && !(attr & X86_SEG_CODE) && (attr & X86_SEG_W);
}

static bool expands_down(uint16_t attr)
{
    return (attr & (X86_SEG_CODE | X86_SEG_E | X86_SEG_P)) == (X86_SEG_E | X86_SEG_P);
}

void x86_seg_update(struct x86_cpu *cpu, unsigned n)
{
    struct x86_seg *s = &cpu->seg[n];
    uint64_t room = expands_down(s->attr) ? 0 : (uint64_t)s->limit + 1;

    s->room_r = data_readable(s->attr) ? room : 0;
    /* Real mode writes through CS, too. */
    s->room_w = data_writable(s->attr) || (n == X86_CS && x86_is_real(cpu)) ? room : 0;
}

void x86_seg_set(struct x86_cpu *cpu, unsigned n, uint16_t sel, uint64_t base, uint32_t limit, uint16_t attr)
{
    cpu->seg[n] = (struct x86_seg) { .sel = sel, .attr = attr, .limit = limit, .base = base };
    x86_seg_update(cpu, n);
}

void x86_seg_set_real(struct x86_cpu *cpu, unsigned n, uint16_t sel)
{
    cpu->seg[n].sel = sel;
    cpu->seg[n].base = (uint32_t)sel << 4;
}

void x86_seg_set_v86(struct x86_cpu *cpu, unsigned n, uint16_t sel)
{
    x86_seg_set(cpu, n, sel, (uint32_t)sel << 4, 0xffff, X86_SEG_P | X86_SEG_S | X86_SEG_W | X86_SEG_A | X86_SEG_DPL);
}

/* ---- the key ---- */

static bool flat(const struct x86_seg *s)
{
    return s->base == 0 && s->limit == UINT32_MAX && data_writable(s->attr) && !expands_down(s->attr);
}

static uint32_t key_cs(const struct x86_cpu *cpu)
{
    uint64_t base = cpu->seg[X86_CS].base;

    if (base == 0) {
        return X86_KEY_CS_ZERO;
    }
    if (base < 1u << 20 && !(base & 15)) {
        return X86_KEY_CS_HERE | base >> 4 << X86_KEY_PARA_SHIFT;
    }
    return X86_KEY_CS_OTHER;
}

static uint32_t key_segments(const struct x86_cpu *cpu)
{
    const struct x86_seg *s = cpu->seg;
    uint32_t key = key_cs(cpu);

    key |= s[X86_CS].attr & X86_SEG_DB ? X86_KEY_CS32 : 0;
    key |= s[X86_SS].attr & X86_SEG_DB ? X86_KEY_SS32 : 0;
    if (x86_is_real(cpu)) {
        return key | X86_KEY_REAL;
    }
    if (flat(&s[X86_DS]) && flat(&s[X86_ES]) && flat(&s[X86_SS]) && s[X86_CS].base == 0 && s[X86_CS].limit == UINT32_MAX) {
        key |= X86_KEY_FLAT;
    }
    for (unsigned i = 0; i < X86_SREGS; i++) {
        key |= expands_down(s[i].attr) ? X86_KEY_ODD : 0;
    }
    return key;
}

static uint32_t key_fpu(const struct x86_cpu *cpu)
{
    if (cpu->cr0 & (X86_CR0_EM | X86_CR0_TS)) {
        return 0;
    }
    if (cpu->cr4 & X86_CR4_OSFXSR && (cpu->mxcsr_masks & MXCSR_MASKS) != MXCSR_MASKS) {
        return X86_KEY_X87 | X86_KEY_AVX;
    }
    return X86_KEY_X87 | (cpu->cr4 & X86_CR4_OSFXSR ? X86_KEY_SSE : 0) |
           (cpu->cr4 & X86_CR4_OSXSAVE && (cpu->xcr0 & 6) == 6 ? X86_KEY_AVX : 0);
}

static unsigned data_idx(const struct x86_cpu *cpu)
{
    return x86_cpl(cpu) == 3 ? X86_IDX_USER : cpu->eflags & X86_AC ? X86_IDX_KERNEL_AC : X86_IDX_KERNEL;
}

struct x86_breakpoint x86_breakpoint(const struct x86_cpu *cpu, unsigned i)
{
    static const uint8_t lengths[] = { 1, 2, 8, 4 };
    unsigned how = cpu->dr[7] >> (16 + 4 * i) & 15, len = lengths[how >> 2];

    if (!(cpu->dr[7] >> (2 * i) & 3)) {
        return (struct x86_breakpoint) { X86_BREAK_NONE, 0, 0 };
    }
    return (struct x86_breakpoint) { X86_BREAK_EXEC + (how & 3), cpu->dr[i] & ~(uint64_t)(len - 1), len };
}

void x86_watches_update(struct x86_cpu *cpu)
{
    struct cpu_watch w[CPU_WATCHES] = { 0 };

    for (unsigned i = 0; i < 4; i++) {
        struct x86_breakpoint b = x86_breakpoint(cpu, i);

        if (b.kind == X86_BREAK_WRITE || b.kind == X86_BREAK_ACCESS) {
            w[i].addr = b.addr;
            w[i].len = b.len;
            w[i].kinds = CPU_WATCH_WRITE | (b.kind == X86_BREAK_ACCESS ? CPU_WATCH_READ : 0);
        }
    }
    if (memcmp(w, cpu->cpu.watch, sizeof w)) {
        memcpy(cpu->cpu.watch, w, sizeof w);
        cpu_watch_changed(&cpu->cpu);
    }
}

/* Those that translated code must ask for: on instructions and ports. */
static bool has_breakpoints(const struct x86_cpu *cpu)
{
    for (unsigned i = 0; i < 4; i++) {
        enum x86_break_kind kind = x86_breakpoint(cpu, i).kind;

        if (kind == X86_BREAK_EXEC || (kind == X86_BREAK_IO && cpu->cr4 & X86_CR4_DE)) {
            return true;
        }
    }
    return false;
}

/* SDM vol. 1, "General-Purpose Registers in 64-Bit Mode": the upper halves are not defined after a change to another mode. The
 * translator counts on zeroes there. */
static void forget_upper_halves(struct x86_cpu *cpu)
{
    for (unsigned i = 0; i < 8; i++) {
        cpu->cpu.r[i] = (uint32_t)cpu->cpu.r[i];
    }
}

void x86_update_key(struct x86_cpu *cpu)
{
    uint32_t key = key_fpu(cpu) | (x86_checks_alignment(cpu) ? X86_KEY_ALIGN : data_idx(cpu) << X86_KEY_IDX_SHIFT);

    if (x86_is_64(cpu)) {
        key |= X86_KEY_CS64 | X86_KEY_FLAT;
    } else {
        key |= key_segments(cpu);
    }
    key |= cpu->eflags & X86_TF ? X86_KEY_STEP : 0;
    key |= cpu->inhibit ? X86_KEY_INHIBIT : 0;
    key |= has_breakpoints(cpu) ? X86_KEY_BREAK : 0;
    if (cpu->cpu.key & ~key & X86_KEY_CS64) {
        forget_upper_halves(cpu);
    }
    if (key != cpu->cpu.key) {
        cpu_set_key(&cpu->cpu, key);
    }
}

unsigned x86_data_idx(struct cpu *c)
{
    return data_idx(x86_cpu(c));
}

unsigned x86_fetch_idx(struct cpu *c)
{
    return x86_cpl(x86_cpu(c)) == 3 ? X86_IDX_USER : X86_IDX_KERNEL;
}

/* ---- address spaces ---- */

/* Names an address space: all that makes two walks differ. */
static uint64_t space(const struct x86_cpu *cpu)
{
    uint64_t cr4 = cpu->cr4;

    if (!(cpu->cr0 & X86_CR0_PG)) {
        return 0;
    }
    /* CR3's low 12 bits (PCID) and its page number; the bits above the highest physical address are free. */
    return cpu->cr3 | 1ull << 63 | (cpu->cr0 & X86_CR0_WP ? 1ull << 62 : 0) | (cr4 & X86_CR4_PAE ? 1ull << 61 : 0) |
           (cr4 & X86_CR4_PSE ? 1ull << 60 : 0) | (cr4 & X86_CR4_SMEP ? 1ull << 59 : 0) |
           (cr4 & X86_CR4_SMAP ? 1ull << 58 : 0) | (cr4 & X86_CR4_LA57 ? 1ull << 57 : 0) |
           (x86_is_long(cpu) ? 1ull << 56 : 0) | (cpu->efer & X86_EFER_NXE ? 1ull << 55 : 0);
}

void x86_paging_changed(struct x86_cpu *cpu)
{
    cpu_set_space(&cpu->cpu, space(cpu));
    cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
    x86_update_key(cpu);
}

static bool same_space(uint64_t s, uint64_t arg)
{
    return s == arg;
}

void x86_cr3_loaded(struct x86_cpu *cpu, bool flush)
{
    uint64_t s = space(cpu);

    cpu_set_space(&cpu->cpu, s);
    if (flush) {
        cpu_tlb_flush(&cpu->cpu, TLB_SPACES, same_space, s);
    }
}

void x86_state_loaded(struct x86_cpu *cpu)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        x86_seg_update(cpu, i);
    }
    x86_watches_update(cpu);
    cpu->cpu.key = ~(uint32_t)X86_KEY_CS64;     /* no mode has this one */
    x86_paging_changed(cpu);
}

/* ---- reset ---- */

static void reset_segments(struct x86_cpu *cpu)
{
    const uint16_t data = X86_SEG_P | X86_SEG_S | X86_SEG_W | X86_SEG_A;

    for (unsigned i = 0; i < X86_SREGS; i++) {
        x86_seg_set(cpu, i, 0, 0, 0xffff, data);
    }
    x86_seg_set(cpu, X86_CS, 0xf000, 0xffff0000, 0xffff, data | X86_SEG_CODE);
    x86_seg_set(cpu, X86_LDTR, 0, 0, 0xffff, X86_SEG_P | 2);
    x86_seg_set(cpu, X86_TR, 0, 0, 0xffff, X86_SEG_P | 11);
    cpu->gdt = cpu->idt = (struct x86_table) { 0, 0xffff };
}

static void reset_fpu(struct x86_cpu *cpu)
{
    memset(cpu->st, 0, sizeof cpu->st);
    cpu->fpu_cw = 0x40;
    cpu->fpu_sw = cpu->fpu_top = 0;
    cpu->fpu_valid = 0xff;
    cpu->fpu_op = cpu->fpu_cs = cpu->fpu_ds = 0;
    cpu->fpu_ip = cpu->fpu_dp = 0;
    memset(cpu->zmm, 0, sizeof cpu->zmm);
    cpu->cpu.fpcr = FPCR_RESET;
    cpu->mxcsr_masks = MXCSR_MASKS;
    cpu->xcr0 = X86_XCR0_X87;
}

static void reset_msrs(struct x86_cpu *cpu)
{
    memset(&cpu->msr, 0, sizeof cpu->msr);
    cpu->msr.pat = 0x0007040600070406;
    cpu->msr.misc_enable = 1;           /* fast strings */
    cpu->msr.mcg_ctl = UINT64_MAX;
    cpu->msr.ucode_rev = !strcmp(cpu->vendor, "AuthenticAMD") ? 0x01000065 : 1ull << 32;     /* as KVM's */
    cpu->msr.smbase = 0x30000;
    cpu->tsc_offset = 0;
    cpu->pkru = 0;
}

/* SDM vol. 3, "Processor State After Reset": INIT leaves FPU, MSRs, TSC and the cache bits of CR0. */
void x86_reset_state(struct x86_cpu *cpu, bool init)
{
    struct cpu *c = &cpu->cpu;
    bool in_smm = init && cpu->in_smm;

    memset(c->r, 0, sizeof c->r);
    c->r[X86_RDX] = cpu->stepping | (cpu->model_number & 15) << 4 | MIN(cpu->family, 15) << 8 | cpu->model_number >> 4 << 16;
    c->r[X86_R_CC_OP] = X86_CC_EFLAGS;
    cpu->df = 1;
    cpu->eflags = 0;
    cpu->cr0 = X86_CR0_ET | (init ? cpu->cr0 & (X86_CR0_CD | X86_CR0_NW) : X86_CR0_CD | X86_CR0_NW);
    cpu->cr2 = cpu->cr3 = cpu->cr4 = cpu->efer = 0;
    reset_segments(cpu);
    memset(cpu->dr, 0, sizeof cpu->dr);
    cpu->dr[6] = 0xffff0ff0;
    cpu->dr[7] = 0x400;
    if (!init) {
        reset_fpu(cpu);
        reset_msrs(cpu);
        cpu->nmi_pending = cpu->smi_pending = cpu->sipi_wait = false;
    }
    cpu->in_smm = in_smm;
    if (!in_smm) {
        x86_smm_leave_view(cpu);
    }
    cpu->inhibit = 0;
    cpu->nmi_blocked = false;
    cpu->old_exception = -1;
    c->pc = 0xfffffff0;
    x86_state_loaded(cpu);
}
