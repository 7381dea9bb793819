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
