/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm PrimeCell general-purpose I/O PL061 (Technical Reference Manual DDI 0190, r0p0): eight pins.
 *
 * Region: registers of 8 bits in words; GPIODATA is masked by address bits 9 to 2. Inputs 0 to 7: the pins' levels from
 * outside. Output 0: GPIOINTR; outputs 1 to 3: pins 0 to 2 where they are outputs. An input pin that nothing drives is
 * low.
 *
 * Not modelled: alternate functions (GPIOAFSEL is only kept).
 */
#include "system/machine.h"
#include "system/primecell.h"

struct pl061 {
    struct device dev;
    uint8_t out;                    /* GPIODATA as written */
    uint8_t in;                     /* levels from outside */
    uint8_t seen;                   /* pins at the last look, for edges */
    uint8_t ris_edge;               /* edges seen and not cleared */
    uint32_t dir, is, ibe, iev, ie, afsel;
};

enum { OUTPUT_PINS = DEVICE_IRQS_MAX - 1 };

static uint8_t pins(const struct pl061 *s)
{
    return (s->out & s->dir) | (s->in & ~s->dir);
}

static uint8_t raw_status(const struct pl061 *s)
{
    return (s->is & ~(pins(s) ^ s->iev)) | (~s->is & s->ris_edge);
}

static void update(struct device *d)
{
    struct pl061 *s = (struct pl061 *)d;

    irq_set(&d->irq[0], raw_status(s) & s->ie);
    for (unsigned i = 0; i < OUTPUT_PINS; i++) {
        irq_set(&d->irq[1 + i], s->out & s->dir & 1u << i);
    }
}

/* Latches the edges that GPIOIBE and GPIOIEV ask for, of pins that GPIOIS makes edge-sensitive. */
static void changed(struct device *d)
{
    struct pl061 *s = (struct pl061 *)d;
    uint8_t now = pins(s), edges = now ^ s->seen;

    s->ris_edge |= edges & ~s->is & ~s->dir & (s->ibe | ~(now ^ s->iev));
    s->seen = now;
    update(d);
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct pl061 *s = (struct pl061 *)d;
    uint8_t bit = 1u << n;

    g_assert(n < 8);
    s->in = level ? s->in | bit : s->in & ~bit;
    changed(d);
}

static uint64_t data_read(struct device *d, unsigned mask)
{
    return pins((struct pl061 *)d) & mask;
}

static void data_write(struct device *d, unsigned mask, uint64_t v)
{
    struct pl061 *s = (struct pl061 *)d;

    mask &= s->dir;
    s->out = (s->out & ~mask) | (v & mask);
    changed(d);
}

static uint64_t ris_read(struct device *d, unsigned i)
{
    return raw_status((struct pl061 *)d);
}

static uint64_t mis_read(struct device *d, unsigned i)
{
    struct pl061 *s = (struct pl061 *)d;

    return raw_status(s) & s->ie;
}

static void ic_write(struct device *d, unsigned i, uint64_t v)
{
    ((struct pl061 *)d)->ris_edge &= ~v;
    update(d);
}

static uint64_t id_read(struct device *d, unsigned i)
{
    return primecell_id(0x061, 0x04, i);
}

/* in is the sources' business: it follows when they update their lines. */
static void reset(struct device *d)
{
    struct pl061 *s = (struct pl061 *)d;

    s->out = s->ris_edge = 0;
    s->seen = s->in;
}

static const struct reg regs[] = {
    REG_FN(data, 0x000, 4, .count = 256, .read_fn = data_read, .write_fn = data_write),
    REG(struct pl061, dir, 0x400, .write = ALL8, .wrote = changed),
    REG(struct pl061, is, 0x404, .write = ALL8, .wrote = update),
    REG(struct pl061, ibe, 0x408, .write = ALL8, .wrote = update),
    REG(struct pl061, iev, 0x40c, .write = ALL8, .wrote = update),
    REG(struct pl061, ie, 0x410, .write = ALL8, .wrote = update),
    REG_FN(ris, 0x414, 4, .read_fn = ris_read),
    REG_FN(mis, 0x418, 4, .read_fn = mis_read),
    REG_FN(ic, 0x41c, 4, .write_fn = ic_write),
    REG(struct pl061, afsel, 0x420, .write = ALL8),
    REG_FN(id, PRIMECELL_ID_AT, 4, .count = 8, .read_fn = id_read),
};

static const struct field state[] = {
    FIELD(struct pl061, out), FIELD(struct pl061, in), FIELD(struct pl061, seen), FIELD(struct pl061, ris_edge),
};

const struct device_type pl061_type = {
    .name = "pl061", .help = "Arm PrimeCell GPIO", .fdt = "arm,pl061\1arm,primecell", .size = sizeof(struct pl061),
    REGS(regs), STATE(state), .mmio_size = PRIMECELL_BYTES, .irqs = DEVICE_IRQS_MAX, .reset = reset, .update = update,
    .irq_in = irq_in,
};
