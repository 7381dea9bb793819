/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The generic timer (DDI 0487, chapter D12): a counter on the machine's virtual clock and a comparator for each of the
 * physical, virtual and hypervisor timers. Comparators are written by the vCPU and fire on the main loop's thread, so both
 * happen under the machine lock. Their outputs are levels: the board leads them to the interrupt controller.
 */
#include "system/machine.h"
#include "target/arm/priv.h"

enum { CTL_ENABLE = 1, CTL_IMASK = 2 };

static const uint8_t outputs[ARM_TIMERS] = {
    [ARM_TIMER_PHYS] = ARM_OUT_TIMER_PHYS, [ARM_TIMER_VIRT] = ARM_OUT_TIMER_VIRT, [ARM_TIMER_HYP] = ARM_OUT_TIMER_HYP,
    [ARM_TIMER_SEC] = ARM_OUT_TIMER_SEC, [ARM_TIMER_HYPVIRT] = ARM_OUT_TIMER_HYPVIRT,
};

uint64_t arm_count(const struct arm_cpu *cpu)
{
    struct machine *m = cpu->cpu.machine;

    return m ? clock_ns_to_ticks(clock_now_ns(&m->virtual_clock), cpu->cpu.timer_hz) : 0;
}

uint64_t arm_timer_offset(const struct arm_cpu *cpu, enum arm_timer n)
{
    return n == ARM_TIMER_VIRT ? cpu->cntvoff : 0;
}

/* Sets the output and the next wake-up. Machine lock. */
static void update(struct arm_cpu *cpu, enum arm_timer n)
{
    struct arm_gtimer *t = &cpu->timer[n];
    uint64_t offset = arm_timer_offset(cpu, n), now = arm_count(cpu) - offset;
    bool due = now >= t->cval;
    uint64_t at = t->cval + offset;

    if (!(t->ctl & CTL_ENABLE)) {
        timer_stop(&t->expiry);
    } else if (!due) {
        timer_set_ns(&t->expiry, at < t->cval || at >> 63 ? CLOCK_NEVER : clock_ticks_to_ns(at, cpu->cpu.timer_hz));
    }
    cpu_output_set(&cpu->cpu, outputs[n], due && (t->ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE);
}

static void fire(void *opaque)
{
    struct arm_gtimer *t = opaque;
    struct arm_cpu *cpu = arm_cpu(t->cpu);

    update(cpu, t - cpu->timer);
}

void arm_timer_update(struct arm_cpu *cpu, enum arm_timer n)
{
    if (cpu->timer[n].cpu) {
        big_lock(&cpu->cpu.machine->lock);
        update(cpu, n);
        big_unlock(&cpu->cpu.machine->lock);
    }
}

void arm_timers_init(struct arm_cpu *cpu)
{
    if (!cpu->cpu.machine) {
        return;                     /* tests run instructions without a machine */
    }
    for (unsigned i = 0; i < ARM_TIMERS; i++) {
        cpu->timer[i].cpu = &cpu->cpu;
        timer_init(&cpu->timer[i].expiry, &cpu->cpu.machine->virtual_clock, fire, &cpu->timer[i]);
    }
}

void arm_timers_fini(struct arm_cpu *cpu)
{
    for (unsigned i = 0; i < ARM_TIMERS; i++) {
        if (cpu->timer[i].cpu) {
            timer_free(&cpu->timer[i].expiry);
        }
    }
}
