/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RISC-V hart without accelerator: the services of system/cpu.h that target/riscv calls, over a flat piece of RAM, and
 * counters of what was asked for. Include once in a test program.
 */
#ifndef TESTS_UNIT_RISCV_FAKE_H
#define TESTS_UNIT_RISCV_FAKE_H

#include <string.h>

#include "target/riscv/priv.h"

#define RAM_BASE 0x80000000ull
#define RAM_BYTES (1u << 20)

static struct {
    _Alignas(4096) uint8_t ram[RAM_BYTES];
    uint64_t space;
    unsigned flush_all, flush_space, flush_page, key_changes;
    uint64_t insns;
    sigjmp_buf exit;
    /* Called before the walker's compare-and-exchange gets its pointer: what another hart does in between. */
    void (*interfere)(uint64_t address);
} fake;

void cpu_set_key(struct cpu *cpu, uint32_t key)
{
    cpu->key = key;
    fake.key_changes++;
}

void cpu_set_space(struct cpu *cpu, uint64_t space)
{
    fake.space = space;
}

void cpu_tlb_flush(struct cpu *cpu, enum tlb_scope scope, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
    if (scope == TLB_ALL) {
        fake.flush_all++;
    } else if (match(fake.space, arg)) {
        fake.flush_space++;
    }
}

void cpu_tlb_flush_page(struct cpu *cpu, uint64_t va, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
    fake.flush_page += !match || match(fake.space, arg);
}

void cpu_loop_exit(struct cpu *cpu)
{
    siglongjmp(fake.exit, 1);
}

uint64_t cpu_ld(struct cpu *cpu, uint64_t va, unsigned size, unsigned idx)
{
    g_assert_not_reached();
}

void cpu_st(struct cpu *cpu, uint64_t va, uint64_t v, unsigned size, unsigned idx)
{
    g_assert_not_reached();
}

void *cpu_probe_write(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    return va - RAM_BASE < RAM_BYTES ? fake.ram + (va - RAM_BASE) : NULL;
}

void *cpu_phys_ptr(struct cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    if (addr < RAM_BASE || addr - RAM_BASE >= RAM_BYTES) {
        return NULL;
    }
    g_assert(addr % size == 0);
    if (write && fake.interfere) {
        void (*f)(uint64_t) = fake.interfere;

        fake.interfere = NULL;
        f(addr);
    }
    return fake.ram + (addr - RAM_BASE);
}

bool cpu_debug_rw(struct cpu *cpu, uint64_t va, void *buf, size_t len, bool write)
{
    return false;
}

uint64_t cpu_insns(struct cpu *cpu)
{
    return fake.insns;
}

void cpu_run_on(struct cpu *cpu, void (*f)(struct cpu *cpu, void *opaque), void *opaque)
{
    f(cpu, opaque);
}

/* A hart of this model, reset, over zeroed RAM. */
static struct rv_cpu *fake_hart(const char *model)
{
    struct cpu *cpu = cpu_alloc(&rv_cpu_type);
    GError *err = NULL;

    memset(&fake, 0, sizeof fake);
    cpu->type->init(cpu, model, &err);
    g_assert_no_error(err);
    cpu->type->reset(cpu);
    return rv_cpu(cpu);
}

static inline void fake_free(struct rv_cpu *cpu)
{
    cpu_free(&cpu->cpu);
}

/* Runs a statement that may raise; true if it did. */
#define RAISED(statement) (sigsetjmp(fake.exit, 0) ? true : ((void)(statement), false))

#endif
