/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as an x86 CPU's memory and registers: code, descriptor tables, page tables and task segments at once. Some blocks
 * are run by the interpreter; whatever they raise is delivered through what stands in memory. Nothing may crash or hang.
 *
 * Input: registers (struct start), then memory from address 0 on; the rest of it repeats that.
 */
#include <string.h>

#include "system/machine.h"
#include "system/x86.h"
#include "target/x86/priv.h"
#include "target/x86/translate.h"
#include "tcg/host.h"
#include "tcg/interp.h"

enum { PAGE = 4096, RAM = 64 << 10, BLOCKS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct start {
    uint64_t r[16], cr0, cr3, cr4, efer, eflags, pc, base[X86_SEGS];
    uint32_t limit[X86_SEGS];
    uint16_t sel[X86_SEGS], attr[X86_SEGS];
    uint32_t gdt, idt;
    uint64_t dr7;
};

static uint8_t ram[RAM + 16];

/* ---- the accelerator's services ---- */

void cpu_set_key(struct cpu *cpu, uint32_t key)
{
    cpu->key = key;
}

void cpu_set_space(struct cpu *cpu, uint64_t space)
{
}

void cpu_tlb_flush(struct cpu *cpu, enum tlb_scope scope, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
}

void cpu_tlb_flush_page(struct cpu *cpu, uint64_t va, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
}

void cpu_watch_changed(struct cpu *cpu)
{
}

void cpu_loop_exit(struct cpu *cpu)
{
    siglongjmp(cpu->loop, 1);
}

void cpu_run_on(struct cpu *cpu, void (*f)(struct cpu *cpu, void *opaque), void *opaque)
{
    f(cpu, opaque);
}

uint32_t cpu_port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    return port * 0x01010101u;
}

void cpu_port_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t v)
{
}

void machine_request_reset(struct machine *m, enum machine_cause cause)
{
}

void *cpu_phys_ptr(struct cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    return addr < RAM && addr + size <= RAM && !(addr & (size - 1)) ? ram + addr : NULL;
}

static uint8_t *at(struct cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx)
{
    struct mmu_page page;
    struct mmu_fault fault;

    if (!x86_mmu_walk(cpu, va, access, idx, false, &page, &fault)) {
        x86_raise_mmu(cpu, &fault);
    }
    return page.paddr < RAM ? ram + page.paddr : NULL;
}

uint64_t cpu_ld(struct cpu *cpu, uint64_t va, unsigned size, unsigned idx)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < size; i++) {
        uint8_t *p = at(cpu, va + i, MMU_READ, idx);

        v |= (uint64_t)(p ? *p : 0xff) << 8 * i;
    }
    return v;
}

void cpu_st(struct cpu *cpu, uint64_t va, uint64_t v, unsigned size, unsigned idx)
{
    for (unsigned i = 0; i < size; i++) {
        at(cpu, va + i, MMU_WRITE, idx);
    }
    for (unsigned i = 0; i < size; i++) {
        uint8_t *p = at(cpu, va + i, MMU_WRITE, idx);

        if (p) {
            *p = v >> 8 * i;
        }
    }
}

void *cpu_probe_write(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    uint8_t *p = at(cpu, va, MMU_WRITE, idx);

    return (va & (PAGE - 1)) + len <= PAGE ? p : NULL;
}

const void *cpu_probe_read(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    return (va & (PAGE - 1)) + len <= PAGE ? at(cpu, va, MMU_READ, idx) : NULL;
}

/* ---- the interpreter's accesses ---- */

static uint64_t load(void *opaque, struct cpu *cpu, uint64_t va, unsigned mem)
{
    unsigned size = 1u << (mem & IR_MEM_SIZE), bits = 8 * size;
    uint64_t v = cpu_ld(cpu, va, size, IR_MEM_IDX(mem));

    return mem & IR_MEM_SIGN && bits < 64 ? (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) : v;
}

static void store(void *opaque, struct cpu *cpu, uint64_t va, uint64_t v, unsigned mem)
{
    cpu_st(cpu, va, v, 1u << (mem & IR_MEM_SIZE), IR_MEM_IDX(mem));
}

static void slow(void *opaque, struct cpu *cpu, uint64_t va, unsigned op, unsigned mem, uint64_t value[2],
                 const uint64_t expected[2])
{
    unsigned size = 1u << (mem & IR_MEM_SIZE), idx = IR_MEM_IDX(mem);

    if (mem & IR_MEM_ALIGN && va & (size - 1)) {
        x86_raise_unaligned(cpu, va, MMU_READ);
    }
    if (op == HOST_SLOW_STORE128) {
        cpu_probe_write(cpu, va + 8, 8, idx);
        cpu_st(cpu, va, value[0], 8, idx);
        cpu_st(cpu, va + 8, value[1], 8, idx);
    } else if (size == 16) {
        value[0] = cpu_ld(cpu, va, 8, idx);
        value[1] = cpu_ld(cpu, va + 8, 8, idx);
    } else {
        uint64_t old = cpu_ld(cpu, va, size, idx);

        if (op != HOST_SLOW_PROBE && op != HOST_SLOW_LOAD128) {
            cpu_st(cpu, va, value[0], size, idx);
        }
        value[0] = old;
    }
}

static const struct interp_env env = {
    .load = load, .store = store, .slow = slow, .off_fpcr = offsetof(struct cpu, fpcr),
};

/* ---- running ---- */

static uint8_t *fetch(struct cpu *cpu, uint64_t va)
{
    static uint8_t nothing[PAGE];
    uint8_t *p = at(cpu, va, MMU_FETCH, x86_fetch_idx(cpu));

    return p ? ram + ((p - ram) & ~(ptrdiff_t)(PAGE - 1)) : nothing;
}

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    return first_insn ? fetch(tb->cpu, (tb->pc & ~(uint64_t)(PAGE - 1)) + PAGE) : NULL;
}

static void one_block(struct cpu *cpu, struct ir *ir, struct interp_scratch *scratch)
{
    struct tr_block tb = { .pc = cpu->pc, .key = cpu->key, .max_insns = 8, .next_page = next_page, .cpu = cpu };
    g_autoptr(GError) err = NULL;
    uint8_t page[PAGE];

    memcpy(page, fetch(cpu, cpu->pc), PAGE);    /* it may be written to */
    tb.page = page;
    x86_translate(&tb, ir);
    if (!ir_verify(ir, &err)) {
        g_error("%s", err->message);
    }
    interp_run(scratch, ir, cpu, &env, 1000);
}

static void begin(struct x86_cpu *cpu, const struct start *s)
{
    memset(&cpu->feature, 0xff, sizeof cpu->feature);
    x86_reset_state(cpu, false);
    memcpy(cpu->cpu.r, s->r, sizeof s->r);
    cpu->cr0 = (s->cr0 & (X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM)) | X86_CR0_ET;
    cpu->cr4 = s->cr4 & 0x7f1fff & ~(uint64_t)X86_CR4_PCIDE;
    cpu->cr3 = s->cr3 & (RAM - 1) & ~0xfffull;
    cpu->efer = s->efer & (X86_EFER_SCE | X86_EFER_NXE);
    cpu->cr0 |= cpu->cr0 & X86_CR0_PE ? s->cr0 & X86_CR0_PG : 0;
    if (cpu->cr0 & X86_CR0_PG && s->efer & X86_EFER_LME) {
        cpu->efer |= X86_EFER_LME | X86_EFER_LMA;
        cpu->cr4 |= X86_CR4_PAE;
    }
    for (unsigned i = 0; i < X86_SEGS; i++) {
        x86_seg_set(cpu, i, s->sel[i], s->base[i], s->limit[i], s->attr[i] & 0xf0ff);
    }
    x86_set_eflags(cpu, s->eflags, 0x3f7fd5);
    if (!(cpu->cr0 & X86_CR0_PE) || cpu->efer & X86_EFER_LMA) {
        cpu->eflags &= ~(uint64_t)X86_VM;
    }
    if (!x86_is_64(cpu)) {
        for (unsigned i = 0; i < 16; i++) {
            cpu->cpu.r[i] = (uint32_t)cpu->cpu.r[i];
        }
        for (unsigned i = 0; i < X86_SEGS; i++) {
            cpu->seg[i].base = (uint32_t)cpu->seg[i].base;
        }
    }
    cpu->gdt = (struct x86_table) { s->gdt & (RAM - 1), s->gdt >> 16 };
    cpu->idt = (struct x86_table) { s->idt & (RAM - 1), s->idt >> 16 };
    cpu->dr[7] = (s->dr7 & 0xffff2bff) | 0x400;
    cpu->cpu.pc = x86_is_64(cpu) ? s->pc : (uint32_t)s->pc;
    x86_state_loaded(cpu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct x86_cpu *cpu;
    static struct machine *m;
    static struct ir *ir;
    static struct interp_scratch *scratch;
    struct start s;

    if (size < sizeof s + 16) {
        return 0;
    }
    cpu = cpu ? cpu : x86_cpu(cpu_alloc(&x86_cpu_type));
    m = m ? m : machine_new();
    ir = ir ? ir : ir_new();
    scratch = scratch ? scratch : interp_scratch_new();
    cpu->cpu.machine = m;
    cpu->cpu.request = 1;           /* string instructions come back after each element */
    cpu->tsc_hz = 1000000000;
    cpu->phys_bits = 40;
    memcpy(&s, data, sizeof s);
    for (size_t to = 0, n; to < RAM; to += n) {
        n = MIN(size - sizeof s, RAM - to);
        memcpy(ram + to, data + sizeof s, n);
    }
    begin(cpu, &s);
    for (volatile unsigned i = 0; i < BLOCKS; i++) {
        if (!sigsetjmp(cpu->cpu.loop, 0)) {
            one_block(&cpu->cpu, ir, scratch);
        }
    }
    return 0;
}
