/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/cpu.h"

#include <sys/mman.h>

#include "system/accel.h"
#include "system/machine.h"

struct cpu *cpu_alloc(const struct cpu_type *type)
{
    void *p = mmap(NULL, CPU_AREA_OFFSET + CPU_AREA_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct cpu *cpu = p;

    g_assert(type->size <= CPU_AREA_OFFSET);
    if (p == MAP_FAILED) {
        g_error("out of memory for a vCPU");
    }
    cpu->type = type;
    return cpu;
}

void cpu_free(struct cpu *cpu)
{
    munmap(cpu, CPU_AREA_OFFSET + CPU_AREA_BYTES);
}

void cpu_request(struct cpu *cpu, uint32_t bits)
{
    struct accel *a = cpu->machine->accel;

    atomic_fetch_or(&cpu->request, bits);
    if (a && a->type->kick) {
        a->type->kick(a, cpu);
    }
}

void cpu_output_connect(struct cpu *cpu, unsigned out, struct irq_line line)
{
    g_assert(out < CPU_OUTPUTS_MAX);
    cpu->outputs[out] = line;
}

void cpu_output_set(struct cpu *cpu, unsigned out, bool level)
{
    uint8_t bit = 1u << out;

    big_lock(&cpu->machine->lock);
    if (!(cpu->output_levels & bit) == level) {
        cpu->output_levels ^= bit;
        irq_set(&cpu->outputs[out], level);
    }
    big_unlock(&cpu->machine->lock);
}

struct start {
    uint64_t pc, arg;
};

static void start(struct cpu *cpu, void *opaque)
{
    struct start *s = opaque;

    if (atomic_load(&cpu->power) == CPU_POWER_ON_PENDING) {
        cpu->type->start(cpu, s->pc, s->arg);
        cpu->halted = false;
        atomic_store(&cpu->power, CPU_POWER_ON);
    }
    g_free(s);
}

bool cpu_power_on(struct cpu *cpu, uint64_t pc, uint64_t arg)
{
    uint8_t off = CPU_POWER_OFF;
    struct start *s;

    if (!cpu->type->start || !atomic_compare_exchange_strong(&cpu->power, &off, CPU_POWER_ON_PENDING)) {
        return false;
    }
    s = g_new(struct start, 1);
    *s = (struct start) { pc, arg };
    cpu_run_on(cpu, start, s);
    return true;
}

void cpu_power_off(struct cpu *cpu)
{
    atomic_store(&cpu->power, CPU_POWER_OFF);
    cpu->halted = true;
}

void cpu_irq_set(struct cpu *cpu, unsigned line, bool level)
{
    uint64_t bit = (uint64_t)1 << line;
    uint64_t old = level ? atomic_fetch_or(&cpu->lines, bit) : atomic_fetch_and(&cpu->lines, ~bit);

    if (!(old & bit) == !level) {
        return;
    }
    if (cpu->type->line_changed) {
        cpu->type->line_changed(cpu, line, level);
    }
    if (level) {
        cpu_request(cpu, CPU_REQ_IRQ);
    }
}

void cpu_sync(struct cpu *cpu)
{
    struct accel *a = cpu->machine->accel;

    if (a && a->type->regs_get) {
        a->type->regs_get(a, cpu);
    }
}

uint32_t cpu_port_in(struct cpu *cpu, uint16_t port, unsigned size)
{
    struct mem_attrs attrs = { .cpu = cpu->index };
    struct machine *m = cpu->machine;
    enum mem_result result;
    uint32_t v = as_ld(&m->io_as, port, size, attrs, &result);

    return result == MEM_OK ? v : UINT32_MAX >> (32 - 8 * size);
}

void cpu_port_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t v)
{
    as_st(&cpu->machine->io_as, port, size, v, (struct mem_attrs) { .cpu = cpu->index });
}
