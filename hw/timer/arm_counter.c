/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system counter that Arm CPUs' generic timers compare with (Arm Architecture Reference Manual, chapter D12): the
 * virtual clock at each CPU's timer_hz. It is the CPUs' time_read and time_arm (system/cpu.h).
 *
 * Not modelled: the memory-mapped view (CNTControlBase); the counter always runs and can't be written.
 */
#include "system/cpu.h"
#include "system/machine.h"

struct arm_counter;

/* What one CPU waits for. */
struct counter_cpu {
    struct arm_counter *s;
    struct cpu *cpu;
    struct timer timer;
};

struct arm_counter {
    struct device dev;
    struct counter_cpu *cpus;
    uint32_t hz;
    uint32_t count;
};

static uint64_t time_read(void *opaque)
{
    struct arm_counter *s = opaque;

    return clock_ns_to_ticks(clock_now_ns(&s->dev.m->virtual_clock), s->hz);
}

static void fired(void *opaque)
{
    struct counter_cpu *c = opaque;

    c->cpu->type->timer_due(c->cpu);
}

static void time_arm(void *opaque, struct cpu *cpu, uint64_t at)
{
    struct arm_counter *s = opaque;

    timer_set_ns(&s->cpus[cpu->index].timer, at == UINT64_MAX ? CLOCK_NEVER : clock_ticks_to_ns(at, s->hz));
}

static bool realize(struct device *d, GError **err)
{
    struct arm_counter *s = (struct arm_counter *)d;

    s->count = d->m->cpus->len;
    s->cpus = g_new0(struct counter_cpu, s->count);
    for (unsigned i = 0; i < s->count; i++) {
        struct counter_cpu *c = &s->cpus[i];

        *c = (struct counter_cpu) { .s = s, .cpu = d->m->cpus->pdata[i] };
        timer_init(&c->timer, &d->m->virtual_clock, fired, c);
        c->cpu->timer_hz = s->hz;
        c->cpu->time_read = time_read;
        c->cpu->time_arm = time_arm;
        c->cpu->time_opaque = s;
    }
    return true;
}

static void unrealize(struct device *d)
{
    struct arm_counter *s = (struct arm_counter *)d;

    for (unsigned i = 0; i < s->count; i++) {
        timer_free(&s->cpus[i].timer);
    }
    g_clear_pointer(&s->cpus, g_free);
}

/* The CPUs' resets arm the timers again. */
static void reset(struct device *d)
{
    struct arm_counter *s = (struct arm_counter *)d;

    for (unsigned i = 0; i < s->count; i++) {
        timer_stop(&s->cpus[i].timer);
    }
}

static const struct host_field host[] = { HOST(struct arm_counter, cpus), HOST(struct arm_counter, count) };

static const struct prop props[] = {
    PROP_U32(struct arm_counter, hz, "clock-frequency", 62500000, "ticks for each second"),
};

const struct device_type arm_counter_type = {
    .name = "arm-counter", .help = "system counter of Arm CPUs' timers", .size = sizeof(struct arm_counter),
    PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset,
};
