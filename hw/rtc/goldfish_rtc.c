/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goldfish RTC, the real-time clock of Android's virtual hardware (goldfish: docs/GOLDFISH-VIRTUAL-HARDWARE.TXT,
 * "Goldfish real-time clock"). Nanoseconds since 1970 in two words; reading the low one latches the high one.
 *
 * Region: registers at 0 to 0x1c. Output 0: alarm. Clock: the machine's RTC clock (-rtc).
 */
#include "system/device.h"
#include "system/machine.h"

struct goldfish_rtc {
    struct device dev;
    uint32_t time_high;         /* latched by a read of TIME_LOW */
    uint32_t alarm_high, irq_enabled, irq_pending;
    uint64_t alarm_ns;          /* when the alarm rings */
    int64_t offset_ns;          /* set by the guest: our time minus the machine's RTC time */
    struct timer alarm;
};

static uint64_t now_ns(const struct goldfish_rtc *s)
{
    return (uint64_t)machine_rtc_ns(s->dev.m) + (uint64_t)s->offset_ns;
}

static void update(struct device *d)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    irq_set(&d->irq[0], s->irq_enabled & s->irq_pending);
}

static void ring(void *opaque)
{
    struct goldfish_rtc *s = opaque;

    s->irq_pending = 1;
    update(&s->dev);
}

/* The alarm in terms of the timer's clock; one in the past rings at once. */
static void set_alarm(struct goldfish_rtc *s)
{
    uint64_t now = now_ns(s);

    if (s->alarm_ns <= now) {
        timer_stop(&s->alarm);
        ring(s);
    } else {
        uint64_t left = MIN(s->alarm_ns - now, (uint64_t)INT64_MAX / 4);

        timer_set_ns(&s->alarm, clock_now_ns(s->alarm.clock) + left);
    }
}

static uint64_t time_low_read(struct device *d, unsigned i)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;
    uint64_t now = now_ns(s);

    s->time_high = now >> 32;
    return now & UINT32_MAX;
}

static void set_offset(struct goldfish_rtc *s, uint64_t wanted)
{
    s->offset_ns += wanted - now_ns(s);
    if (timer_armed(&s->alarm)) {
        set_alarm(s);
    }
}

static void time_low_write(struct device *d, unsigned i, uint64_t v)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    set_offset(s, (now_ns(s) & ~(uint64_t)UINT32_MAX) | v);
}

static void time_high_write(struct device *d, unsigned i, uint64_t v)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    s->time_high = v;
    set_offset(s, (now_ns(s) & UINT32_MAX) | v << 32);
}

static uint64_t alarm_low_read(struct device *d, unsigned i)
{
    return ((struct goldfish_rtc *)d)->alarm_ns & UINT32_MAX;
}

static void alarm_low_write(struct device *d, unsigned i, uint64_t v)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    s->alarm_ns = (uint64_t)s->alarm_high << 32 | v;
    set_alarm(s);
}

static void clear_alarm_write(struct device *d, unsigned i, uint64_t v)
{
    timer_stop(&((struct goldfish_rtc *)d)->alarm);
}

static uint64_t alarm_status_read(struct device *d, unsigned i)
{
    return timer_armed(&((struct goldfish_rtc *)d)->alarm);
}

static void clear_interrupt_write(struct device *d, unsigned i, uint64_t v)
{
    ((struct goldfish_rtc *)d)->irq_pending = 0;
    update(d);
}

static bool realize(struct device *d, GError **err)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    timer_init(&s->alarm, machine_rtc_clock(d->m), ring, s);
    return true;
}

static void unrealize(struct device *d)
{
    timer_free(&((struct goldfish_rtc *)d)->alarm);
}

/* The time goes on over a reset, and so does what the guest has set it to. */
static void reset(struct device *d)
{
    struct goldfish_rtc *s = (struct goldfish_rtc *)d;

    timer_stop(&s->alarm);
    s->alarm_ns = 0;
    s->irq_pending = 0;
}

static const struct reg regs[] = {
    REG_FN(time_low, 0x00, 4, .read_fn = time_low_read, .write_fn = time_low_write),
    REG(struct goldfish_rtc, time_high, 0x04, .write_fn = time_high_write),
    REG_FN(alarm_low, 0x08, 4, .read_fn = alarm_low_read, .write_fn = alarm_low_write),
    REG(struct goldfish_rtc, alarm_high, 0x0c, .write = ALL32),
    REG(struct goldfish_rtc, irq_enabled, 0x10, .write = 1, .wrote = update),
    REG_FN(clear_alarm, 0x14, 4, .write_fn = clear_alarm_write),
    REG_FN(alarm_status, 0x18, 4, .read_fn = alarm_status_read),
    REG_FN(clear_interrupt, 0x1c, 4, .write_fn = clear_interrupt_write),
};

static const struct field state[] = {
    FIELD(struct goldfish_rtc, irq_pending), FIELD(struct goldfish_rtc, alarm_ns),
    FIELD(struct goldfish_rtc, offset_ns), TIMER(struct goldfish_rtc, alarm),
};

static const struct mmio_ops limits = { .valid_min = 4, .valid_max = 4 };

const struct device_type goldfish_rtc_type = {
    .name = "goldfish_rtc", .help = "Goldfish real-time clock", .fdt = "google,goldfish-rtc",
    .size = sizeof(struct goldfish_rtc), REGS(regs), STATE(state), .mmio_size = 0x1000, .mmio = &limits, .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update,
};
