/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/dev/rig.h"

#include <string.h>

static void irq_set_rig(void *opaque, unsigned n, bool level)
{
    ((struct rig *)opaque)->irq[n] = level;
}

void rig_init(struct rig *r, const char *type)
{
    struct ram_block *ram;

    memset(r, 0, sizeof(*r));
    r->m = machine_new();
    machine_lock(r->m);
    r->cpu_type = (struct cpu_type) { .name = "fake", .size = sizeof(struct cpu) };
    for (unsigned i = 0; i < 2; i++) {
        struct cpu *cpu = cpu_alloc(&r->cpu_type);

        cpu->machine = r->m;
        cpu->index = i;
        g_ptr_array_add(r->m->cpus, cpu);
    }
    ram = ram_block_new(&r->m->memory, "ram", RIG_RAM_BYTES, NULL);
    r->ram_host = ram->host;
    mem_ram_init(&r->ram, "ram", ram, 0, ram->size);
    mem_map(&r->m->root, RIG_RAM, &r->ram, 0);
    r->d = device_new(r->m, device_type_find(type), "dut", NULL);
}

void rig_start(struct rig *r)
{
    g_autoptr(GError) err = NULL;

    if (!device_realize(r->d, NULL, &err)) {
        g_error("realize: %s", err->message);
    }
    for (unsigned i = 0; i < DEVICE_IRQS_MAX; i++) {
        device_connect(r->d, i, (struct irq_line) { irq_set_rig, r, i });
    }
    if (r->d->mmio.size) {
        device_map(r->d, RIG_BASE);
    }
    rig_reset(r);
}

void rig_free(struct rig *r)
{
    mem_region_free(&r->ram);
    machine_unlock(r->m);
    machine_delete(r->m);
}

void rig_reset(struct rig *r)
{
    device_reset(r->d);
    device_update(r->d);
}

uint64_t rig_read(struct rig *r, uint64_t offset, unsigned size)
{
    return as_ld(&r->m->as, RIG_BASE + offset, size, MEM_ATTRS_NONE, NULL);
}

void rig_write(struct rig *r, uint64_t offset, unsigned size, uint64_t value)
{
    as_st(&r->m->as, RIG_BASE + offset, size, value, MEM_ATTRS_NONE);
}

void rig_step(struct rig *r, int64_t ns)
{
    clock_set_ns(&r->m->virtual_clock, clock_now_ns(&r->m->virtual_clock) + ns);
    clock_run_due(&r->m->virtual_clock);
}

bool rig_line(struct rig *r, unsigned hart, unsigned line)
{
    struct cpu *cpu = r->m->cpus->pdata[hart];

    return atomic_load(&cpu->lines) >> line & 1;
}
