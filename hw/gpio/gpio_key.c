/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A push button on a GPIO pin: a pulse at its input holds its output for a tenth of a second, long enough for a driver
 * that waits for the contact to settle before it looks.
 */
#include "system/machine.h"

#define PRESS_NS 100000000

struct gpio_key {
    struct device dev;
    struct timer release;
};

static void update(struct device *d)
{
    irq_set(&d->irq[0], timer_armed(&((struct gpio_key *)d)->release));
}

static void released(void *opaque)
{
    update(opaque);
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct gpio_key *s = (struct gpio_key *)d;

    if (level) {
        timer_set_ns(&s->release, clock_now_ns(s->release.clock) + PRESS_NS);
        update(d);
    }
}

static bool realize(struct device *d, GError **err)
{
    timer_init(&((struct gpio_key *)d)->release, &d->m->virtual_clock, released, d);
    return true;
}

static void unrealize(struct device *d)
{
    timer_free(&((struct gpio_key *)d)->release);
}

static void reset(struct device *d)
{
    timer_stop(&((struct gpio_key *)d)->release);
}

static const struct field state[] = { TIMER(struct gpio_key, release) };

const struct device_type gpio_key_type = {
    .name = "gpio-key", .help = "push button", .size = sizeof(struct gpio_key), STATE(state), .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update, .irq_in = irq_in,
};
