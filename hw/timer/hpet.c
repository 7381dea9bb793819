/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * High precision event timer ("IA-PC HPET (High Precision Event Timers) Specification", revision 1.0a): a counter of 100 MHz
 * and three comparators with interrupts by line, in place of interval timer and real-time clock, or by message (msi=on).
 *
 * Region: 1 KiB. Inputs and lines: hpet.h. Not modelled: comparators that match only a 32-bit half in a 64-bit counter
 * differently from the low half alone.
 */
#include "hw/timer/hpet.h"

#include "system/machine.h"
#include "util/log.h"

#define TICK_NS 10
#define PERIOD_FS 10000000ull
#define TIMERS 3
/* A timer that is to fire more often than this fires so often: a shorter period would keep us busy. */
#define INTERVAL_MIN_NS 20000

enum { CAP = 0x000, CFG = 0x010, ISR = 0x020, COUNTER = 0x0f0, TIMER_BASE = 0x100, TIMER_STRIDE = 0x20 };
enum { CFG_ENABLE = 1, CFG_LEGACY = 2 };
enum { TN_LEVEL = 1 << 1, TN_ENABLE = 1 << 2, TN_PERIODIC = 1 << 3, TN_PERIODIC_CAP = 1 << 4, TN_64BIT_CAP = 1 << 5,
       TN_SET_VALUE = 1 << 6, TN_32BIT = 1 << 8, TN_ROUTE = 9, TN_MSI = 1 << 14, TN_MSI_CAP = 1 << 15,
       TN_WRITABLE = 0x7f4e };

struct hpet {
    struct device dev;
    bool msi;
    uint32_t lines;                     /* property: what timers may be routed to */
    uint32_t cfg, isr;
    uint64_t counter;                   /* while it stands still; else its value at virtual time 0 */
    uint32_t tn_cfg[TIMERS];
    uint64_t cmp[TIMERS], period[TIMERS], message[TIMERS];
    struct timer timer[TIMERS];
    uint8_t inputs;                     /* levels of the interval timer and the clock */
    struct irq_line out[HPET_LINES];
};

static int64_t now_ns(const struct hpet *s)
{
    return clock_now_ns(&s->dev.m->virtual_clock);
}

static uint64_t counter_of(const struct hpet *s)
{
    return s->counter + (s->cfg & CFG_ENABLE ? (uint64_t)now_ns(s) / TICK_NS : 0);
}

/* ---- interrupts ---- */

static unsigned line_of(const struct hpet *s, unsigned n)
{
    if ((s->cfg & CFG_LEGACY) && n < 2) {
        return n ? 8 : 0;
    }
    return s->tn_cfg[n] >> TN_ROUTE & 31;
}

static bool may_drive(const struct hpet *s, unsigned n)
{
    unsigned line = line_of(s, n);

    return ((s->cfg & CFG_LEGACY) && n < 2) || (s->lines >> line & 1);
}

/* Levels; edges are sent when a timer fires. */
static void update(struct device *d)
{
    struct hpet *s = (struct hpet *)d;
    bool legacy = s->cfg & CFG_LEGACY;
    uint32_t levels = legacy ? 0 : (s->inputs & 1) | (s->inputs >> 1 & 1) << 8, driven = s->lines | 0x101;

    for (unsigned n = 0; n < TIMERS; n++) {
        if ((s->isr >> n & 1) && (s->tn_cfg[n] & TN_ENABLE) && !(s->tn_cfg[n] & TN_MSI) && may_drive(s, n)) {
            levels |= 1u << line_of(s, n);
        }
    }
    for (unsigned i = 0; i < HPET_LINES; i++) {
        if (driven >> i & 1) {
            irq_set(&s->out[i], levels >> i & 1);
        }
    }
}

static void raise_irq(struct hpet *s, unsigned n)
{
    uint32_t cfg = s->tn_cfg[n];

    if (cfg & TN_LEVEL) {
        s->isr |= 1u << n;
    }
    if (!(cfg & TN_ENABLE) || !(s->cfg & CFG_ENABLE)) {
        return;
    }
    if (cfg & TN_MSI) {
        as_st32le(&s->dev.m->as, s->message[n] >> 32 & ~3u, s->message[n], MEM_ATTRS_NONE);
    } else if (cfg & TN_LEVEL) {
        update(&s->dev);
    } else if (may_drive(s, n)) {
        irq_set(&s->out[line_of(s, n)], true);
        update(&s->dev);
    }
}

/* ---- comparators ---- */

static void arm(struct hpet *s, unsigned n)
{
    uint64_t ticks = s->cmp[n] - counter_of(s);

    if (s->tn_cfg[n] & TN_32BIT) {
        ticks &= UINT32_MAX;
    }
    if (!(s->cfg & CFG_ENABLE) || ticks > INT64_MAX / (2 * TICK_NS)) {
        timer_stop(&s->timer[n]);
    } else {
        timer_set_ns(&s->timer[n], now_ns(s) + (int64_t)ticks * TICK_NS);
    }
}

static void arm_all(struct hpet *s)
{
    for (unsigned n = 0; n < TIMERS; n++) {
        arm(s, n);
    }
}

static void matched(struct hpet *s, unsigned n)
{
    uint64_t period = s->period[n], late = counter_of(s) - s->cmp[n], mask, steps;

    mask = s->tn_cfg[n] & TN_32BIT ? UINT32_MAX : UINT64_MAX;
    if ((s->tn_cfg[n] & TN_PERIODIC) && period) {
        steps = MAX((late & mask) / period + 1, INTERVAL_MIN_NS / TICK_NS / period);
        s->cmp[n] = (s->cmp[n] + steps * period) & mask;
        arm(s, n);
    } else if (s->tn_cfg[n] & TN_32BIT) {
        timer_set_ns(&s->timer[n], now_ns(s) + ((int64_t)1 << 32) * TICK_NS);       /* it comes round again */
    }
    raise_irq(s, n);
}

static void matched0(void *opaque)
{
    matched(opaque, 0);
}

static void matched1(void *opaque)
{
    matched(opaque, 1);
}

static void matched2(void *opaque)
{
    matched(opaque, 2);
}

/* ---- registers, by halves ---- */

static uint32_t half(uint64_t v, bool high)
{
    return high ? v >> 32 : v;
}

static uint64_t with_half(uint64_t old, bool high, uint32_t v)
{
    return high ? (old & UINT32_MAX) | (uint64_t)v << 32 : (old & ~(uint64_t)UINT32_MAX) | v;
}

static uint64_t read_timer(const struct hpet *s, unsigned n, unsigned reg)
{
    switch (reg) {
    case 0x00:
        return s->tn_cfg[n] | TN_PERIODIC_CAP | TN_64BIT_CAP | (s->msi ? TN_MSI_CAP : 0) | (uint64_t)s->lines << 32;
    case 0x08:
        return s->cmp[n];
    case 0x10:
        return s->message[n];
    default:
        return 0;
    }
}

static uint64_t read_reg(const struct hpet *s, unsigned offset)
{
    unsigned n = (offset - TIMER_BASE) / TIMER_STRIDE;

    if (offset >= TIMER_BASE) {
        return n < TIMERS ? read_timer(s, n, (offset - TIMER_BASE) % TIMER_STRIDE) : 0;
    }
    switch (offset) {
    case CAP: return HPET_ID | PERIOD_FS << 32;
    case CFG: return s->cfg;
    case ISR: return s->isr;
    case COUNTER: return counter_of(s);
    default: return 0;
    }
}

/* lanes: which bits the access carries. */
static void write_comparator(struct hpet *s, unsigned n, uint64_t v, uint64_t lanes)
{
    bool periodic = s->tn_cfg[n] & TN_PERIODIC;

    lanes &= s->tn_cfg[n] & TN_32BIT ? UINT32_MAX : UINT64_MAX;
    if (!periodic || (s->tn_cfg[n] & TN_SET_VALUE)) {
        s->cmp[n] = (s->cmp[n] & ~lanes) | (v & lanes);
    }
    if (periodic) {
        s->period[n] = (s->period[n] & ~lanes) | (v & lanes);
    }
    s->tn_cfg[n] &= ~TN_SET_VALUE;
    arm(s, n);
}

static void write_timer(struct hpet *s, unsigned n, unsigned reg, bool high, uint32_t v)
{
    uint32_t mask = s->msi ? TN_WRITABLE : TN_WRITABLE & ~TN_MSI;

    if (reg == 0x08) {
        write_comparator(s, n, high ? (uint64_t)v << 32 : v, high ? ~(uint64_t)UINT32_MAX : UINT32_MAX);
    } else if (reg == 0x10) {
        s->message[n] = with_half(s->message[n], high, v);
    } else if (reg == 0x00 && !high) {
        s->tn_cfg[n] = v & mask;
        if (v & TN_32BIT) {
            s->cmp[n] &= UINT32_MAX;
            s->period[n] &= UINT32_MAX;
        }
        if (!(v & TN_LEVEL)) {
            s->isr &= ~(1u << n);
        }
        arm(s, n);
        update(&s->dev);
    }
}

static void write_cfg(struct hpet *s, uint32_t v)
{
    uint64_t count = counter_of(s);

    s->cfg = v & (CFG_ENABLE | CFG_LEGACY);
    s->counter = count - (s->cfg & CFG_ENABLE ? (uint64_t)now_ns(s) / TICK_NS : 0);
    arm_all(s);
    update(&s->dev);
}

static void write_counter(struct hpet *s, bool high, uint32_t v)
{
    if (s->cfg & CFG_ENABLE) {
        log_guest("hpet: write to the counter while it runs");
        return;
    }
    s->counter = with_half(s->counter, high, v);
}

static enum mem_result hpet_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    uint64_t v = read_reg(opaque, offset & ~7u);

    *value = size == 8 ? v : half(v, offset & 4);
    return MEM_OK;
}

static void write_half(struct hpet *s, unsigned offset, uint32_t v)
{
    bool high = offset & 4;
    unsigned n = (offset - TIMER_BASE) / TIMER_STRIDE;

    offset &= ~7u;
    if (offset >= TIMER_BASE) {
        if (n < TIMERS) {
            write_timer(s, n, (offset - TIMER_BASE) % TIMER_STRIDE, high, v);
        }
    } else if (offset == COUNTER) {
        write_counter(s, high, v);
    } else if (offset == CFG && !high) {
        write_cfg(s, v);
    } else if (offset == ISR && !high) {
        s->isr &= ~v;
        update(&s->dev);
    }
}

static enum mem_result hpet_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    unsigned n = (offset - TIMER_BASE) / TIMER_STRIDE;

    if (size == 8 && offset >= TIMER_BASE && n < TIMERS && (offset - TIMER_BASE) % TIMER_STRIDE == 0x08) {
        write_comparator(opaque, n, value, UINT64_MAX);
        return MEM_OK;
    }
    write_half(opaque, offset, value);
    if (size == 8) {
        write_half(opaque, offset + 4, value >> 32);
    }
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = hpet_read, .write = hpet_write, .impl_min = 4, .impl_max = 8 };

/* ---- life ---- */

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct hpet *s = (struct hpet *)d;

    s->inputs = level ? s->inputs | 1u << n : s->inputs & ~(1u << n);
    update(d);
}

static bool realize(struct device *d, GError **err)
{
    static void (*const fire[TIMERS])(void *) = { matched0, matched1, matched2 };
    struct hpet *s = (struct hpet *)d;

    for (unsigned n = 0; n < TIMERS; n++) {
        timer_init(&s->timer[n], &d->m->virtual_clock, fire[n], s);
    }
    return true;
}

static void unrealize(struct device *d)
{
    for (unsigned n = 0; n < TIMERS; n++) {
        timer_free(&((struct hpet *)d)->timer[n]);
    }
}

static void reset(struct device *d)
{
    struct hpet *s = (struct hpet *)d;

    s->cfg = s->isr = 0;
    s->counter = 0;
    s->inputs = 0;
    for (unsigned n = 0; n < TIMERS; n++) {
        s->tn_cfg[n] = 0;
        s->cmp[n] = UINT64_MAX;
        s->period[n] = s->message[n] = 0;
        timer_stop(&s->timer[n]);
    }
}

void hpet_connect(struct device *d, unsigned n, struct irq_line line)
{
    g_assert(n < HPET_LINES);
    ((struct hpet *)d)->out[n] = line;
}

static const struct field state[] = {
    FIELD(struct hpet, cfg), FIELD(struct hpet, isr), FIELD(struct hpet, counter), FIELD_ARRAY(struct hpet, tn_cfg),
    FIELD_ARRAY(struct hpet, cmp), FIELD_ARRAY(struct hpet, period), FIELD_ARRAY(struct hpet, message),
    TIMER(struct hpet, timer[0]), TIMER(struct hpet, timer[1]), TIMER(struct hpet, timer[2]), FIELD(struct hpet, inputs),
};
static const struct prop props[] = {
    PROP_BOOL(struct hpet, msi, "msi", false, "timers may interrupt by messages"),
    PROP_U32(struct hpet, lines, "hpet-intcap", 0, "interrupts that timers may be routed to, a bit for each"),
};
static const struct host_field host[] = { HOST(struct hpet, out) };

const struct device_type hpet_type = {
    .name = "hpet", .help = "high precision event timer", .size = sizeof(struct hpet), STATE(state), PROPS(props),
    HOSTS(host), .mmio_size = HPET_BYTES, .mmio = &ops, .realize = realize, .unrealize = unrealize, .reset = reset,
    .update = update, .irq_in = irq_in,
};
