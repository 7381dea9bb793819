/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of 8259A interrupt controllers of a PC (Intel order number 231468-003), the second cascaded at line 2 of the
 * first, and the edge/level registers at 0x4d0 of its south bridges.
 *
 * Ports: 0x20, 0x21; 0xa0, 0xa1; 0x4d0, 0x4d1. Inputs 0 to 15. Output 0: INT. The CPU's side (or its local APIC's)
 * takes vectors by device_type.acknowledge.
 * Not modelled: MCS-80 mode, buffered mode.
 */
#include "system/device.h"
#include "system/machine.h"

enum { CHIPS = 2, CASCADE = 2 };
enum { ICW1 = 0x10, ICW1_NEEDS_4 = 1, ICW1_SINGLE = 2, ICW1_LEVEL = 8 };
enum { ICW4_AUTO_EOI = 2, ICW4_SPECIAL_NESTED = 16 };
enum { OCW3 = 8, OCW3_POLL = 4, OCW3_READ = 2, OCW3_READ_ISR = 1, OCW3_MASK_SET = 0x40, OCW3_MASK = 0x20 };

struct i8259 {
    struct device dev;
    /* [0] is the first chip, [1] the second */
    uint8_t line[CHIPS];            /* levels of the inputs */
    uint8_t irr[CHIPS], imr[CHIPS], isr[CHIPS];
    uint8_t elcr[CHIPS];
    uint8_t base[CHIPS];            /* first vector */
    uint8_t lowest[CHIPS];          /* line of lowest priority, 7 normally */
    uint8_t init_step[CHIPS];       /* which ICW comes next; 0: none */
    uint8_t init4[CHIPS];           /* ICW4 will come */
    uint8_t read_isr[CHIPS], poll[CHIPS], special_mask[CHIPS], auto_eoi[CHIPS], rotate_auto[CHIPS], nested[CHIPS];
    struct mem_region ports[CHIPS], elcr_ports;
};

static const uint8_t elcr_mask[CHIPS] = { 0xf8, 0xde };     /* lines that can be level-triggered */

static struct i8259 *pic(struct device *d)
{
    return (struct i8259 *)d;
}

/* Position of the first set bit in order of priority, 8: none. */
static unsigned first(const struct i8259 *s, unsigned c, uint8_t bits)
{
    for (unsigned i = 0; i < 8; i++) {
        if (bits >> ((s->lowest[c] + 1 + i) & 7) & 1) {
            return i;
        }
    }
    return 8;
}

/* The line that interrupts now, or -1. */
static int best(const struct i8259 *s, unsigned c)
{
    uint8_t in_service = s->isr[c];
    unsigned want = first(s, c, s->irr[c] & ~s->imr[c]);

    if (s->special_mask[c]) {
        in_service &= ~s->imr[c];
    }
    if (s->nested[c] && c == 0) {
        in_service &= ~(1u << CASCADE);     /* the slave may interrupt its own service */
    }
    return want < first(s, c, in_service) ? (int)((s->lowest[c] + 1 + want) & 7) : -1;
}

static void set_request(struct i8259 *s, unsigned c, unsigned n, bool level)
{
    uint8_t bit = 1u << n;

    if (s->elcr[c] & bit) {
        s->irr[c] = level ? s->irr[c] | bit : s->irr[c] & ~bit;
    } else if (level && !(s->line[c] & bit)) {
        s->irr[c] |= bit;
    } else if (!level) {
        s->irr[c] &= ~bit;      /* a request is latched only as long as the line stays up */
    }
    s->line[c] = level ? s->line[c] | bit : s->line[c] & ~bit;
}

static void update(struct device *d)
{
    struct i8259 *s = pic(d);

    set_request(s, 0, CASCADE, best(s, 1) >= 0);
    irq_set(&d->irq[0], best(s, 0) >= 0);
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct i8259 *s = pic(d);

    if (n < 16 && n != CASCADE) {
        set_request(s, n >> 3, n & 7, level);
        update(d);
    }
}

/* Line n goes into service. */
static void take(struct i8259 *s, unsigned c, unsigned n)
{
    uint8_t bit = 1u << n;

    if (!s->auto_eoi[c]) {
        s->isr[c] |= bit;
    } else if (s->rotate_auto[c]) {
        s->lowest[c] = n;
    }
    if (!(s->elcr[c] & bit)) {
        s->irr[c] &= ~bit;
    }
}

/* A request that has gone meanwhile is answered as line 7. */
static unsigned acknowledge_chip(struct i8259 *s, unsigned c)
{
    int n = best(s, c);

    if (n >= 0) {
        take(s, c, n);
    }
    return n < 0 ? 7 : n;
}

static int acknowledge(struct device *d)
{
    struct i8259 *s = pic(d);
    unsigned n = acknowledge_chip(s, 0);
    int vector = s->base[0] + n;

    if (n == CASCADE) {
        vector = s->base[1] + acknowledge_chip(s, 1);
    }
    update(d);
    return vector;
}

/* ---- commands ---- */

static void start_init(struct i8259 *s, unsigned c, uint8_t v)
{
    s->imr[c] = s->isr[c] = s->irr[c] = 0;
    s->line[c] &= s->elcr[c];       /* an edge is needed again */
    s->irr[c] = s->line[c] & s->elcr[c];
    s->lowest[c] = 7;
    s->read_isr[c] = s->poll[c] = s->special_mask[c] = s->auto_eoi[c] = s->rotate_auto[c] = s->nested[c] = 0;
    s->init_step[c] = 2;
    s->init4[c] = v & ICW1_NEEDS_4;
}

static void end_of_interrupt(struct i8259 *s, unsigned c, uint8_t v)
{
    uint8_t bits = s->isr[c] & (s->special_mask[c] ? ~s->imr[c] : 0xff);
    unsigned highest = first(s, c, bits), n = v & 7;
    bool rotate = v & 0x80;

    switch (v >> 5) {
    case 0:     /* clear and set: rotation in automatic EOI mode */
    case 4:
        s->rotate_auto[c] = rotate;
        return;
    case 1:     /* of the highest in service */
    case 5:
        if (highest == 8) {
            return;
        }
        n = (s->lowest[c] + 1 + highest) & 7;
        break;
    case 6:     /* set priority alone */
        s->lowest[c] = n;
        return;
    case 2:     /* no operation */
        return;
    }
    s->isr[c] &= ~(1u << n);
    if (rotate) {
        s->lowest[c] = n;
    }
}

static void command(struct i8259 *s, unsigned c, uint8_t v)
{
    if (v & ICW1) {
        start_init(s, c, v);
    } else if (v & OCW3) {
        s->poll[c] = (v & OCW3_POLL) != 0;
        if (v & OCW3_READ) {
            s->read_isr[c] = v & OCW3_READ_ISR;
        }
        if (v & OCW3_MASK_SET) {
            s->special_mask[c] = (v & OCW3_MASK) != 0;
        }
    } else {
        end_of_interrupt(s, c, v);
    }
}

static void data(struct i8259 *s, unsigned c, uint8_t v)
{
    switch (s->init_step[c]) {
    case 0:
        s->imr[c] = v;
        break;
    case 2:
        s->base[c] = v & 0xf8;
        s->init_step[c] = 3;
        break;
    case 3:         /* where the slave is: fixed */
        s->init_step[c] = s->init4[c] ? 4 : 0;
        break;
    default:
        s->auto_eoi[c] = (v & ICW4_AUTO_EOI) != 0;
        s->nested[c] = (v & ICW4_SPECIAL_NESTED) != 0;
        s->init_step[c] = 0;
    }
}

/* ---- ports ---- */

static enum mem_result chip_read(struct i8259 *s, unsigned c, uint64_t offset, uint64_t *value)
{
    if (s->poll[c]) {
        int n = best(s, c);

        s->poll[c] = 0;
        *value = n < 0 ? 0 : 0x80 | n;
        if (n >= 0) {
            take(s, c, n);
            update(&s->dev);
        }
    } else {
        *value = offset ? s->imr[c] : s->read_isr[c] ? s->isr[c] : s->irr[c];
    }
    return MEM_OK;
}

static enum mem_result chip_write(struct i8259 *s, unsigned c, uint64_t offset, uint8_t v)
{
    if (offset) {
        data(s, c, v);
    } else {
        command(s, c, v);
    }
    update(&s->dev);
    return MEM_OK;
}

#define CHIP(n) \
    static enum mem_result read##n(void *opaque, uint64_t offset, unsigned size, uint64_t *value, \
                                   struct mem_attrs attrs) \
    { \
        return chip_read(opaque, n, offset, value); \
    } \
    static enum mem_result write##n(void *opaque, uint64_t offset, unsigned size, uint64_t value, \
                                    struct mem_attrs attrs) \
    { \
        return chip_write(opaque, n, offset, value); \
    }

CHIP(0)
CHIP(1)

static enum mem_result elcr_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = ((struct i8259 *)opaque)->elcr[offset];
    return MEM_OK;
}

static enum mem_result elcr_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct i8259 *s = opaque;

    s->elcr[offset] = value & elcr_mask[offset];
    s->irr[offset] |= s->line[offset] & s->elcr[offset];
    update(&s->dev);
    return MEM_OK;
}

static const struct mmio_ops ops[CHIPS + 1] = {
    { .read = read0, .write = write0, .impl_max = 1 },
    { .read = read1, .write = write1, .impl_max = 1 },
    { .read = elcr_read, .write = elcr_write, .impl_max = 1 },
};

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct i8259 *s = pic(d);

    for (unsigned c = 0; c < CHIPS; c++) {
        mem_mmio_init(&s->ports[c], &d->m->memory, "pic", 2, &ops[c], s);
        s->ports[c].busy = &d->in_mmio;
        mem_map(&d->m->io, c ? 0xa0 : 0x20, &s->ports[c], 0);
    }
    mem_mmio_init(&s->elcr_ports, &d->m->memory, "elcr", 2, &ops[CHIPS], s);
    s->elcr_ports.busy = &d->in_mmio;
    mem_map(&d->m->io, 0x4d0, &s->elcr_ports, 0);
    return true;
}

static void unrealize(struct device *d)
{
    struct i8259 *s = pic(d);

    mem_region_free(&s->ports[0]);
    mem_region_free(&s->ports[1]);
    mem_region_free(&s->elcr_ports);
}

static void reset(struct device *d)
{
    struct i8259 *s = pic(d);

    for (unsigned c = 0; c < CHIPS; c++) {
        s->elcr[c] = 0;
        s->line[c] = 0;
        start_init(s, c, 0);
        s->init_step[c] = 0;
        s->base[c] = 0;
    }
}

static bool after_load(struct device *d, GError **err)
{
    struct i8259 *s = pic(d);

    for (unsigned c = 0; c < CHIPS; c++) {
        s->lowest[c] &= 7;
    }
    return true;
}

static const struct field state[] = {
    FIELD_ARRAY(struct i8259, line), FIELD_ARRAY(struct i8259, irr), FIELD_ARRAY(struct i8259, imr),
    FIELD_ARRAY(struct i8259, isr), FIELD_ARRAY(struct i8259, elcr), FIELD_ARRAY(struct i8259, base),
    FIELD_ARRAY(struct i8259, lowest), FIELD_ARRAY(struct i8259, init_step), FIELD_ARRAY(struct i8259, init4),
    FIELD_ARRAY(struct i8259, read_isr), FIELD_ARRAY(struct i8259, poll), FIELD_ARRAY(struct i8259, special_mask),
    FIELD_ARRAY(struct i8259, auto_eoi), FIELD_ARRAY(struct i8259, rotate_auto), FIELD_ARRAY(struct i8259, nested),
};

static const struct host_field host[] = { HOST(struct i8259, ports), HOST(struct i8259, elcr_ports) };

const struct device_type i8259_type = {
    .name = "i8259", .help = "pair of PC interrupt controllers", .size = sizeof(struct i8259), STATE(state),
    HOSTS(host), .irqs = 1, .realize = realize, .unrealize = unrealize, .reset = reset, .update = update,
    .after_load = after_load, .irq_in = irq_in, .acknowledge = acknowledge,
};
