/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/irq.h"

#include <glib.h>

static void or_set(void *opaque, unsigned n, bool level)
{
    struct irq_or *o = opaque;
    uint64_t bit = (uint64_t)1 << n;

    o->levels = level ? o->levels | bit : o->levels & ~bit;
    irq_set(&o->out, o->levels != 0);
}

struct irq_line irq_or_input(struct irq_or *o, unsigned n)
{
    g_assert(n < 64);
    return (struct irq_line) { .set = or_set, .opaque = o, .n = n };
}

static void split_set(void *opaque, unsigned n, bool level)
{
    const struct irq_split *s = opaque;

    for (size_t i = 0; i < s->count; i++) {
        irq_set(&s->out[i], level);
    }
}

struct irq_line irq_split_input(struct irq_split *s)
{
    return (struct irq_line) { .set = split_set, .opaque = s };
}
