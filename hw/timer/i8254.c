/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 8254 programmable interval timer (Intel order number 231164-005) and the PC's port 0x61 that gates its third counter.
 *
 * Ports: 0x40 to 0x42 counters, 0x43 control, 0x61. Output 0: counter 0, the system's tick. Counter 1 was DRAM refresh;
 * bit 4 of port 0x61 toggles at its pace.
 * Not modelled: the speaker itself; modes 1 and 5 re-trigger on the gate of counter 2 alone, the others' gates are high.
 */
#include "system/device.h"
#include "system/machine.h"

#define PIT_HZ 1193182
#define COUNTERS 3

enum { CONTROL = 3 };
enum { LATCHED_COUNT = 1, LATCHED_STATUS = 2 };
enum { SPEAKER_GATE = 1, SPEAKER_DATA = 2, REFRESH = 0x10, OUT2 = 0x20 };
#define REFRESH_NS 15085

struct i8254 {
    struct device dev;
    uint32_t count[COUNTERS];       /* initial, 1 to 0x10000 */
    int64_t start_ns[COUNTERS];     /* when it was loaded */
    uint16_t latch[COUNTERS];
    uint8_t mode[COUNTERS], access[COUNTERS], bcd[COUNTERS];
    uint8_t latched[COUNTERS], status[COUNTERS];
    uint8_t read_high[COUNTERS], write_high[COUNTERS], low[COUNTERS];
    uint8_t null[COUNTERS];         /* no count written since the control word: it does not run */
    uint8_t gate[COUNTERS];
    uint8_t speaker;
    struct timer tick;
    struct mem_region ports, speaker_port;
};

static struct i8254 *pit(struct device *d)
{
    return (struct i8254 *)d;
}

static int64_t now_ns(const struct i8254 *s)
{
    return clock_now_ns(&s->dev.m->virtual_clock);
}

/* Counts since it was loaded. */
static uint64_t elapsed(const struct i8254 *s, unsigned c)
{
    int64_t ns = now_ns(s) - s->start_ns[c];

    return ns > 0 ? clock_ns_to_ticks(ns, PIT_HZ) : 0;
}

static bool periodic(unsigned mode)
{
    return mode == 2 || mode == 3;
}

static uint16_t counter_value(const struct i8254 *s, unsigned c)
{
    uint64_t t = elapsed(s, c), n = s->count[c];
    uint32_t v;

    if (s->null[c]) {
        return 0;
    }
    if (s->mode[c] == 3) {
        v = n - (2 * t) % n;
    } else if (s->mode[c] == 2) {
        v = n - t % n;
    } else {
        v = n - t;          /* goes on below zero */
    }
    if (s->bcd[c]) {
        v %= 10000;
        return v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
    }
    return v;
}

static bool out_at(const struct i8254 *s, unsigned c, uint64_t t)
{
    uint64_t n = s->count[c];

    if (s->null[c]) {
        return s->mode[c] != 0;
    }
    switch (s->mode[c]) {
    case 0:
    case 1:
        return t >= n;
    case 2:
        return t % n != n - 1;      /* low for the last count */
    case 3:
        return t % n < (n + 1) / 2;
    default:
        return t != n;              /* low for one count */
    }
}

static bool out(const struct i8254 *s, unsigned c)
{
    return out_at(s, c, elapsed(s, c));
}

/* Counts from loading to the next change of counter 0's output after t; 0: none. */
static uint64_t next_change(const struct i8254 *s, uint64_t t)
{
    uint64_t n = s->count[0], base = t / n * n;

    switch (s->mode[0]) {
    case 0:
    case 1:
        return t < n ? n : 0;
    case 2:
        return t % n < n - 1 ? base + n - 1 : base + n;
    case 3:
        return t % n < (n + 1) / 2 ? base + (n + 1) / 2 : base + n;
    default:
        return t < n ? n : t == n ? n + 1 : 0;
    }
}

static void update(struct device *d)
{
    struct i8254 *s = pit(d);

    irq_set(&d->irq[0], out(s, 0));
}

static void arm(struct i8254 *s)
{
    uint64_t at = s->null[0] ? 0 : next_change(s, elapsed(s, 0));

    timer_set_ns(&s->tick, at ? s->start_ns[0] + clock_ticks_to_ns(at, PIT_HZ) : CLOCK_NEVER);
}

/* A pulse that has come and gone while the host was late still is an edge; more than one are one. */
static void ticked(void *opaque)
{
    struct i8254 *s = opaque;
    bool level = out(s, 0);

    if (periodic(s->mode[0]) && level) {
        irq_set(&s->dev.irq[0], false);
    }
    irq_set(&s->dev.irq[0], level);
    arm(s);
}

/* ---- programming ---- */

static void load(struct i8254 *s, unsigned c, uint16_t v)
{
    uint32_t n = v;

    if (s->bcd[c]) {
        n = (v >> 12) * 1000 + (v >> 8 & 15) * 100 + (v >> 4 & 15) * 10 + (v & 15);
    }
    s->count[c] = n ? n : s->bcd[c] ? 10000 : 0x10000;
    if (s->count[c] == 1 && periodic(s->mode[c])) {
        s->count[c] = 2;        /* 1 is illegal there */
    }
    s->start_ns[c] = now_ns(s);
    s->null[c] = 0;
    if (c == 0) {
        update(&s->dev);
        arm(s);
    }
}

static void latch_count(struct i8254 *s, unsigned c)
{
    if (!(s->latched[c] & LATCHED_COUNT)) {
        s->latch[c] = counter_value(s, c);
        s->latched[c] |= LATCHED_COUNT;
    }
}

static void latch_status(struct i8254 *s, unsigned c)
{
    if (!(s->latched[c] & LATCHED_STATUS)) {
        s->status[c] = out(s, c) << 7 | s->null[c] << 6 | s->access[c] << 4 | s->mode[c] << 1 | s->bcd[c];
        s->latched[c] |= LATCHED_STATUS;
    }
}

static void control(struct i8254 *s, uint8_t v)
{
    unsigned c = v >> 6, access = v >> 4 & 3, mode = v >> 1 & 7;

    if (c == 3) {       /* read-back */
        for (c = 0; c < COUNTERS; c++) {
            if (v >> (c + 1) & 1) {
                if (!(v & 0x20)) {
                    latch_count(s, c);
                }
                if (!(v & 0x10)) {
                    latch_status(s, c);
                }
            }
        }
        return;
    }
    if (!access) {
        latch_count(s, c);
        return;
    }
    s->access[c] = access;
    s->mode[c] = mode > 5 ? mode - 4 : mode;
    s->bcd[c] = v & 1;
    s->read_high[c] = s->write_high[c] = 0;
    s->latched[c] = 0;
    s->null[c] = 1;
    if (c == 0) {
        update(&s->dev);
        arm(s);
    }
}

static uint8_t read_counter(struct i8254 *s, unsigned c)
{
    uint16_t v;
    bool high;

    if (s->latched[c] & LATCHED_STATUS) {
        s->latched[c] &= ~LATCHED_STATUS;
        return s->status[c];
    }
    v = s->latched[c] & LATCHED_COUNT ? s->latch[c] : counter_value(s, c);
    high = s->access[c] == 2 || (s->access[c] == 3 && s->read_high[c]);
    if (s->access[c] == 3) {
        s->read_high[c] = !s->read_high[c];
    }
    if (!s->read_high[c]) {
        s->latched[c] &= ~LATCHED_COUNT;
    }
    return high ? v >> 8 : v;
}

static void write_counter(struct i8254 *s, unsigned c, uint8_t v)
{
    switch (s->access[c]) {
    case 1:
        load(s, c, v);
        break;
    case 2:
        load(s, c, v << 8);
        break;
    default:
        if (s->write_high[c]) {
            load(s, c, s->low[c] | v << 8);
        } else {
            s->low[c] = v;
        }
        s->write_high[c] = !s->write_high[c];
    }
}

static enum mem_result pit_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = offset == CONTROL ? 0xff : read_counter(opaque, offset);
    return MEM_OK;
}

static enum mem_result pit_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    if (offset == CONTROL) {
        control(opaque, value);
    } else {
        write_counter(opaque, offset, value);
    }
    return MEM_OK;
}

static enum mem_result port61_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    struct i8254 *s = opaque;

    *value = s->speaker | (now_ns(s) / REFRESH_NS & 1 ? REFRESH : 0) | (out(s, 2) ? OUT2 : 0);
    return MEM_OK;
}

static enum mem_result port61_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct i8254 *s = opaque;

    s->speaker = value & (SPEAKER_GATE | SPEAKER_DATA);
    if ((value & SPEAKER_GATE) && !s->gate[2]) {
        s->start_ns[2] = now_ns(s);     /* the gate's rising edge starts the count again (modes 1 to 3 and 5) */
    }
    s->gate[2] = value & SPEAKER_GATE;
    return MEM_OK;
}

static const struct mmio_ops pit_ops = { .read = pit_read, .write = pit_write, .impl_max = 1 };
static const struct mmio_ops port61_ops = { .read = port61_read, .write = port61_write, .impl_max = 1 };

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct i8254 *s = pit(d);

    timer_init(&s->tick, &d->m->virtual_clock, ticked, s);
    mem_mmio_init(&s->ports, &d->m->memory, "pit", 4, &pit_ops, s);
    mem_mmio_init(&s->speaker_port, &d->m->memory, "port61", 1, &port61_ops, s);
    s->ports.busy = s->speaker_port.busy = &d->in_mmio;
    mem_map(&d->m->io, 0x40, &s->ports, 0);
    mem_map(&d->m->io, 0x61, &s->speaker_port, 0);
    return true;
}

static void unrealize(struct device *d)
{
    struct i8254 *s = pit(d);

    timer_free(&s->tick);
    mem_region_free(&s->ports);
    mem_region_free(&s->speaker_port);
}

/* As firmware finds it: counter 0 in mode 3 with the longest period, the others stopped. */
static void reset(struct device *d)
{
    struct i8254 *s = pit(d);

    for (unsigned c = 0; c < COUNTERS; c++) {
        s->mode[c] = 3;
        s->access[c] = 3;
        s->bcd[c] = s->latched[c] = s->read_high[c] = s->write_high[c] = 0;
        s->count[c] = 0x10000;
        s->start_ns[c] = now_ns(s);
        s->null[c] = c != 0;
        s->gate[c] = c != 2;
    }
    s->speaker = 0;
    arm(s);
}

static bool after_load(struct device *d, GError **err)
{
    struct i8254 *s = pit(d);

    for (unsigned c = 0; c < COUNTERS; c++) {
        s->count[c] = CLAMP(s->count[c], 1, 0x10000);
        s->mode[c] %= 6;
        s->access[c] = s->access[c] & 3 ? s->access[c] & 3 : 3;
    }
    arm(s);
    return true;
}

static const struct field state[] = {
    FIELD_ARRAY(struct i8254, count), FIELD_ARRAY(struct i8254, start_ns), FIELD_ARRAY(struct i8254, latch),
    FIELD_ARRAY(struct i8254, mode), FIELD_ARRAY(struct i8254, access), FIELD_ARRAY(struct i8254, bcd),
    FIELD_ARRAY(struct i8254, latched), FIELD_ARRAY(struct i8254, status), FIELD_ARRAY(struct i8254, read_high),
    FIELD_ARRAY(struct i8254, write_high), FIELD_ARRAY(struct i8254, low), FIELD_ARRAY(struct i8254, null),
    FIELD_ARRAY(struct i8254, gate), FIELD(struct i8254, speaker), TIMER(struct i8254, tick),
};

static const struct host_field host[] = { HOST(struct i8254, ports), HOST(struct i8254, speaker_port) };

const struct device_type i8254_type = {
    .name = "i8254", .help = "PC timer", .size = sizeof(struct i8254), STATE(state), HOSTS(host), .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load,
};
