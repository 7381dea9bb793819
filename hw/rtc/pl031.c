/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm PrimeCell real-time clock PL031 (Technical Reference Manual DDI 0224, r1p3): a counter of seconds and an alarm.
 *
 * Region: registers of 32 bits. Output 0: RTCINTR. The counter starts at the time of -rtc (seconds since 1970), and
 * goes on over a reset with what the guest has set.
 */
#include "system/machine.h"
#include "system/primecell.h"

#define SECOND_NS 1000000000ll

struct pl031 {
    struct device dev;
    uint32_t mr, lr, cr, imsc, ris;
    uint32_t offset_s;              /* the counter, minus the machine's RTC */
    struct timer alarm;
};

static uint32_t now_s(const struct pl031 *s)
{
    return (uint32_t)(machine_rtc_ns(s->dev.m) / SECOND_NS) + s->offset_s;
}

static void update(struct device *d)
{
    struct pl031 *s = (struct pl031 *)d;

    irq_set(&d->irq[0], s->ris & s->imsc);
}

static void ring(void *opaque)
{
    struct pl031 *s = opaque;

    s->ris = 1;
    update(&s->dev);
}

/* The interrupt comes when the counter reaches the match register, 32 bits wide: at once, or when it comes round. */
static void set_alarm(struct device *d)
{
    struct pl031 *s = (struct pl031 *)d;
    uint32_t left_s = s->mr - now_s(s);

    if (!left_s) {
        timer_stop(&s->alarm);
        ring(s);
        return;
    }
    timer_set_ns(&s->alarm, clock_now_ns(s->alarm.clock) + left_s * SECOND_NS - machine_rtc_ns(d->m) % SECOND_NS);
}

static uint64_t data_read(struct device *d, unsigned i)
{
    return now_s((struct pl031 *)d);
}

static void load_write(struct device *d, unsigned i, uint64_t v)
{
    struct pl031 *s = (struct pl031 *)d;

    s->lr = v;
    s->offset_s += (uint32_t)v - now_s(s);
    set_alarm(d);
}

/* Once started it counts until a reset. */
static void control_write(struct device *d, unsigned i, uint64_t v)
{
}

static uint64_t mis_read(struct device *d, unsigned i)
{
    struct pl031 *s = (struct pl031 *)d;

    return s->ris & s->imsc;
}

static void icr_write(struct device *d, unsigned i, uint64_t v)
{
    ((struct pl031 *)d)->ris &= ~v;
    update(d);
}

static uint64_t id_read(struct device *d, unsigned i)
{
    return primecell_id(0x031, 0x04, i);
}

static bool realize(struct device *d, GError **err)
{
    struct pl031 *s = (struct pl031 *)d;

    timer_init(&s->alarm, machine_rtc_clock(d->m), ring, s);
    return true;
}

static void unrealize(struct device *d)
{
    timer_free(&((struct pl031 *)d)->alarm);
}

static void reset(struct device *d)
{
    timer_stop(&((struct pl031 *)d)->alarm);
}

static const struct reg regs[] = {
    REG_FN(dr, 0x00, 4, .read_fn = data_read),
    REG(struct pl031, mr, 0x04, .write = ALL32, .wrote = set_alarm),
    REG(struct pl031, lr, 0x08, .write_fn = load_write),
    REG(struct pl031, cr, 0x0c, .reset = 1, .write_fn = control_write),
    REG(struct pl031, imsc, 0x10, .write = 1, .wrote = update),
    REG(struct pl031, ris, 0x14),
    REG_FN(mis, 0x18, 4, .read_fn = mis_read),
    REG_FN(icr, 0x1c, 4, .write_fn = icr_write),
    REG_FN(id, PRIMECELL_ID_AT, 4, .count = 8, .read_fn = id_read),
};

static const struct field state[] = { FIELD(struct pl031, offset_s), TIMER(struct pl031, alarm) };

const struct device_type pl031_type = {
    .name = "pl031", .help = "Arm PrimeCell real-time clock", .fdt = "arm,pl031\1arm,primecell",
    .size = sizeof(struct pl031), REGS(regs), STATE(state), .mmio_size = PRIMECELL_BYTES, .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update,
};
