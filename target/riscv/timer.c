/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor's timer comparator (Privileged ISA, "Sstc"): the pending bit STIP follows time >= stimecmp while
 * menvcfg.STCE is set. stimecmp is written by the vCPU and looked at when the board's timer fires on another thread, so both
 * happen under the machine lock.
 */
#include "system/machine.h"
#include "target/riscv/priv.h"

static void update(struct rv_cpu *cpu)
{
    struct cpu *c = &cpu->cpu;
    bool due = cpu->stimer_on && c->time_read(c->time_opaque) >= cpu->stimecmp;

    cpu_irq_set(c, RV_STI, due);
    c->time_arm(c->time_opaque, c, cpu->stimer_on && !due ? cpu->stimecmp : UINT64_MAX);
}

void rv_stimer_update(struct rv_cpu *cpu)
{
    if (cpu->cpu.time_read) {
        big_lock(&cpu->cpu.machine->lock);
        cpu->stimer_on = rv_has(cpu, RV_EXT_Sstc) && (cpu->menvcfg & MENVCFG_STCE);
        update(cpu);
        big_unlock(&cpu->cpu.machine->lock);
    }
}

void rv_stimecmp_write(struct rv_cpu *cpu, uint64_t value)
{
    if (!cpu->cpu.time_read) {
        cpu->stimecmp = value;
        return;
    }
    big_lock(&cpu->cpu.machine->lock);
    cpu->stimecmp = value;
    update(cpu);
    big_unlock(&cpu->cpu.machine->lock);
}

void rv_timer_due(struct cpu *c)
{
    update(rv_cpu(c));
}
