/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt lines: explicit connections made by the board. A line is a level; the source sets the level it computes
 * from its state, the receiver latches edges if it needs them. Called under the machine lock, except where the receiver
 * says otherwise (a CPU's lines may be set from any thread).
 */
#ifndef SYSTEM_IRQ_H
#define SYSTEM_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The receiving end; copied by value into each source. All zero is a line that leads nowhere. */
struct irq_line {
    void (*set)(void *opaque, unsigned n, bool level);
    void *opaque;
    unsigned n;
};

static inline void irq_set(const struct irq_line *line, bool level)
{
    if (line->set) {
        line->set(line->opaque, line->n, level);
    }
}

/* Ors up to 64 sources into one line. */
struct irq_or {
    struct irq_line out;
    uint64_t levels;
};

/* The n-th input (0 to 63) of o; o must outlive its sources. */
struct irq_line irq_or_input(struct irq_or *o, unsigned n);

/* One source to several receivers. */
struct irq_split {
    const struct irq_line *out;
    size_t count;
};

struct irq_line irq_split_input(struct irq_split *s);

#endif
