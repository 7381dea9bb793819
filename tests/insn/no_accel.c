/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/no_accel.h"

const struct no_accel *no_accel;

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

void cpu_loop_exit(struct cpu *cpu)
{
    siglongjmp(cpu->loop, 1);
}

uint64_t cpu_ld(struct cpu *cpu, uint64_t va, unsigned size, unsigned idx)
{
    return no_accel->load(cpu, va, __builtin_ctz(size));
}

void cpu_st(struct cpu *cpu, uint64_t va, uint64_t v, unsigned size, unsigned idx)
{
    no_accel->store(cpu, va, v, __builtin_ctz(size));
}

void *cpu_probe_write(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    return NULL;
}

const void *cpu_probe_read(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    return NULL;
}

void *cpu_phys_ptr(struct cpu *cpu, uint64_t paddr, unsigned size, bool write)
{
    return NULL;
}

uint64_t cpu_insns(struct cpu *cpu)
{
    return 0;
}

bool cpu_debug_rw(struct cpu *cpu, uint64_t va, void *buf, size_t len, bool write)
{
    return false;
}

void cpu_watch_changed(struct cpu *cpu)
{
}
