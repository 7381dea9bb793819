/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Motorola MC146818A real-time clock with 128 bytes of battery-backed RAM, as in PCs (data sheet MC146818A, 1984; ports
 * as in IBM's AT manual).
 *
 * Ports: index (write-only, bit 7 is the NMI mask, ignored), data. Output 0: IRQ 8. Time is the machine's RTC clock
 * (-rtc) plus what the guest has set; century in byte 0x32.
 * Not modelled: daylight saving, the square wave output, the oscillator's stop bits.
 */
#include "hw/rtc/mc146818.h"

#include <string.h>
#include <time.h>

#include "hw/isa/isa.h"
#include "system/machine.h"

#define SECOND_NS 1000000000ll
#define UIP_NS 244000           /* the update-in-progress bit rises so long before the update */
#define RAM_BYTES 128

enum { SECONDS = 0, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM, WEEKDAY, DAY, MONTH, YEAR, REG_A, REG_B,
       REG_C, REG_D, CENTURY = 0x32 };
enum { A_UIP = 0x80, A_DV = 0x70, A_DV_RUN = 0x20, A_RS = 0x0f };
enum { B_SET = 0x80, B_PIE = 0x40, B_AIE = 0x20, B_UIE = 0x10, B_BINARY = 0x04, B_24H = 0x02 };
enum { C_IRQF = 0x80, C_PF = 0x40, C_AF = 0x20, C_UF = 0x10 };
#define D_VALID 0x80

struct mc146818 {
    struct isa_device isa;
    uint8_t index;
    uint8_t cmos[RAM_BYTES];
    int64_t offset_ns;          /* guest's time minus the machine's RTC time */
    int64_t seen_s;             /* the last second whose end is in register C */
    int64_t seen_period;        /* likewise of periods */
    struct timer timer;
};

static struct mc146818 *rtc(struct device *d)
{
    return (struct mc146818 *)d;
}

/* ---- time ---- */

static int64_t now_ns(const struct mc146818 *s)
{
    return machine_rtc_ns(s->isa.dev.m) + s->offset_ns;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static uint8_t to_bcd(const struct mc146818 *s, unsigned v)
{
    return s->cmos[REG_B] & B_BINARY ? v : v / 10 << 4 | v % 10;
}

static unsigned from_bcd(const struct mc146818 *s, uint8_t v)
{
    return s->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10 + (v & 15);
}

static uint8_t encode_hour(const struct mc146818 *s, unsigned hour)
{
    if (s->cmos[REG_B] & B_24H) {
        return to_bcd(s, hour);
    }
    return to_bcd(s, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static unsigned decode_hour(const struct mc146818 *s, uint8_t v)
{
    unsigned hour = from_bcd(s, s->cmos[REG_B] & B_24H ? v : v & 0x7f);

    if (s->cmos[REG_B] & B_24H) {
        return hour;
    }
    return hour % 12 + (v & 0x80 ? 12 : 0);
}

/* The time registers as of now; they stand still while the guest holds B_SET. */
static void refresh(struct mc146818 *s)
{
    time_t t = floor_div(now_ns(s), SECOND_NS);
    struct tm tm;

    if (s->cmos[REG_B] & B_SET || !gmtime_r(&t, &tm)) {
        return;
    }
    s->cmos[SECONDS] = to_bcd(s, tm.tm_sec);
    s->cmos[MINUTES] = to_bcd(s, tm.tm_min);
    s->cmos[HOURS] = encode_hour(s, tm.tm_hour);
    s->cmos[WEEKDAY] = to_bcd(s, tm.tm_wday + 1);
    s->cmos[DAY] = to_bcd(s, tm.tm_mday);
    s->cmos[MONTH] = to_bcd(s, tm.tm_mon + 1);
    s->cmos[YEAR] = to_bcd(s, (tm.tm_year + 1900) % 100);
    s->cmos[CENTURY] = to_bcd(s, (tm.tm_year + 1900) / 100 % 100);
}

/* The guest has set the clock: what its registers say is now. */
static void take_time(struct mc146818 *s)
{
    struct tm tm = {
        .tm_sec = from_bcd(s, s->cmos[SECONDS]), .tm_min = from_bcd(s, s->cmos[MINUTES]),
        .tm_hour = decode_hour(s, s->cmos[HOURS]), .tm_mday = from_bcd(s, s->cmos[DAY]),
        .tm_mon = (int)from_bcd(s, s->cmos[MONTH]) - 1,
        .tm_year = (int)(from_bcd(s, s->cmos[CENTURY]) * 100 + from_bcd(s, s->cmos[YEAR])) - 1900,
    };

    s->offset_ns = (int64_t)timegm(&tm) * SECOND_NS - machine_rtc_ns(s->isa.dev.m);
    s->seen_s = floor_div(now_ns(s), SECOND_NS);
}

static bool running(const struct mc146818 *s)
{
    return !(s->cmos[REG_B] & B_SET) && (s->cmos[REG_A] & A_DV) < 0x60;
}

/* ---- interrupts ---- */

/* Of the periodic interrupt; 0: off. Rates 1 and 2 are 256 and 128 Hz with the PC's crystal of 32768 Hz. */
static int64_t period_ns(const struct mc146818 *s)
{
    unsigned rate = s->cmos[REG_A] & A_RS;

    if (!rate) {
        return 0;
    }
    return SECOND_NS * (1 << (rate <= 2 ? rate + 6 : rate - 1)) / 32768;
}

static bool alarm_matches(const struct mc146818 *s, const struct tm *tm)
{
    const uint8_t *c = s->cmos;

    return (c[SECONDS_ALARM] >= 0xc0 || from_bcd(s, c[SECONDS_ALARM]) == (unsigned)tm->tm_sec) &&
           (c[MINUTES_ALARM] >= 0xc0 || from_bcd(s, c[MINUTES_ALARM]) == (unsigned)tm->tm_min) &&
           ((c[HOURS_ALARM] & 0xc0) == 0xc0 || decode_hour(s, c[HOURS_ALARM]) == (unsigned)tm->tm_hour);
}

/* Did an alarm lie in the seconds after `from` up to `to`? After a day everything has come once. */
static bool alarm_passed(const struct mc146818 *s, int64_t from, int64_t to)
{
    if (to - from > 86400) {
        from = to - 86400;
    }
    for (int64_t t = from + 1; t <= to; t++) {
        time_t second = t;
        struct tm tm;

        if (gmtime_r(&second, &tm) && alarm_matches(s, &tm)) {
            return true;
        }
    }
    return false;
}

/* Brings register C up to date. */
static void collect(struct mc146818 *s)
{
    int64_t now = now_ns(s), second = floor_div(now, SECOND_NS), period = period_ns(s);

    if (running(s) && second > s->seen_s) {
        s->cmos[REG_C] |= C_UF | (alarm_passed(s, s->seen_s, second) ? C_AF : 0);
    }
    s->seen_s = second;
    if (period) {
        int64_t n = floor_div(now, period);

        if (n > s->seen_period) {
            s->cmos[REG_C] |= C_PF;
        }
        s->seen_period = n;
    }
}

static void update(struct device *d)
{
    struct mc146818 *s = rtc(d);

    if (s->cmos[REG_B] & s->cmos[REG_C] & (C_PF | C_AF | C_UF)) {
        s->cmos[REG_C] |= C_IRQF;
    } else {
        s->cmos[REG_C] &= ~C_IRQF;
    }
    irq_set(&d->irq[0], s->cmos[REG_C] & C_IRQF);
}

/* The timer is armed for the next event that interrupts and is not pending already. */
static void arm(struct mc146818 *s)
{
    uint8_t want = s->cmos[REG_B] & ~s->cmos[REG_C];
    int64_t now = now_ns(s), period = period_ns(s), at = CLOCK_NEVER;

    if (period && (want & B_PIE)) {
        at = (floor_div(now, period) + 1) * period;
    }
    if (running(s) && (want & (B_AIE | B_UIE))) {
        at = MIN(at, (floor_div(now, SECOND_NS) + 1) * SECOND_NS);
    }
    timer_set_ns(&s->timer, at == CLOCK_NEVER ? at : clock_now_ns(s->timer.clock) + (at - now));
}

static void fire(void *opaque)
{
    struct mc146818 *s = opaque;

    collect(s);
    update(&s->isa.dev);
    arm(s);
}

/* ---- ports ---- */

static uint64_t data_read(struct device *d, unsigned i)
{
    struct mc146818 *s = rtc(d);
    uint8_t v;

    switch (s->index) {
    case REG_A:
        v = s->cmos[REG_A];
        if (running(s) && now_ns(s) - floor_div(now_ns(s), SECOND_NS) * SECOND_NS >= SECOND_NS - UIP_NS) {
            v |= A_UIP;
        }
        return v;
    case REG_C:
        collect(s);
        update(d);
        v = s->cmos[REG_C];
        s->cmos[REG_C] = 0;
        update(d);
        arm(s);
        return v;
    case REG_D:
        return D_VALID;
    default:
        if (s->index < REG_A || s->index == CENTURY) {
            refresh(s);
        }
        return s->cmos[s->index];
    }
}

static void write_b(struct mc146818 *s, uint8_t v)
{
    uint8_t old = s->cmos[REG_B];

    collect(s);
    refresh(s);         /* in the old format; the guest writes the time again after changing it */
    if (v & B_SET) {
        v &= ~B_UIE;
    }
    s->cmos[REG_B] = v;
    if (old & ~v & B_SET) {
        take_time(s);
    }
}

static void data_write(struct device *d, unsigned i, uint64_t value)
{
    struct mc146818 *s = rtc(d);

    switch (s->index) {
    case REG_A:
        collect(s);
        s->cmos[REG_A] = value & ~A_UIP;
        s->seen_period = period_ns(s) ? floor_div(now_ns(s), period_ns(s)) : 0;
        break;
    case REG_B:
        write_b(s, value);
        break;
    case REG_C:
    case REG_D:
        return;
    case SECONDS_ALARM:
    case MINUTES_ALARM:
    case HOURS_ALARM:
        collect(s);
        s->cmos[s->index] = value;
        break;
    default:
        refresh(s);
        s->cmos[s->index] = value;
        if ((s->index < REG_A || s->index == CENTURY) && !(s->cmos[REG_B] & B_SET)) {
            take_time(s);
        }
    }
    update(d);
    arm(s);
}

static void index_write(struct device *d, unsigned i, uint64_t v)
{
    rtc(d)->index = v & (RAM_BYTES - 1);
}

static uint64_t index_read(struct device *d, unsigned i)
{
    return 0xff;
}

/* ---- life ---- */

void mc146818_set(struct device *d, unsigned index, uint8_t v)
{
    g_assert(index > REG_D && index < RAM_BYTES);
    rtc(d)->cmos[index] = v;
}

void mc146818_set16(struct device *d, unsigned index, uint16_t v)
{
    mc146818_set(d, index, v);
    mc146818_set(d, index + 1, v >> 8);
}

static bool realize(struct device *d, GError **err)
{
    struct mc146818 *s = rtc(d);

    timer_init(&s->timer, machine_rtc_clock(d->m), fire, s);
    s->cmos[REG_A] = A_DV_RUN | 6;      /* 1024 Hz */
    s->cmos[REG_B] = B_24H;
    return true;
}

static void unrealize(struct device *d)
{
    timer_free(&rtc(d)->timer);
}

/* The RESET pin clears the interrupt enables and flags; time and RAM are on the battery. */
static void reset(struct device *d)
{
    struct mc146818 *s = rtc(d);

    s->index = 0;
    s->cmos[REG_B] &= ~(B_PIE | B_AIE | B_UIE);
    s->cmos[REG_C] = 0;
    s->seen_s = floor_div(now_ns(s), SECOND_NS);
    s->seen_period = period_ns(s) ? floor_div(now_ns(s), period_ns(s)) : 0;
    arm(s);
}

static bool after_load(struct device *d, GError **err)
{
    rtc(d)->index &= RAM_BYTES - 1;
    arm(rtc(d));
    return true;
}

static const struct reg regs[] = {
    REG_FN(index, 0, 1, .read_fn = index_read, .write_fn = index_write),
    REG_FN(data, 1, 1, .read_fn = data_read, .write_fn = data_write),
};

static const struct field state[] = {
    FIELD(struct mc146818, index), FIELD_BYTES(struct mc146818, cmos), FIELD(struct mc146818, offset_ns),
    FIELD(struct mc146818, seen_s), FIELD(struct mc146818, seen_period), TIMER(struct mc146818, timer),
};

static const struct prop props[] = { ISA_PROPS(struct mc146818, 0x70, 8) };

const struct device_type mc146818_type = {
    .name = "mc146818rtc", .help = "PC real-time clock and CMOS RAM", .base = &isa_device_type, .bus = &isa_bus_type,
    TABLES(struct mc146818, regs, state, props), .mmio_size = 2, .irqs = 1, .realize = realize,
    .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load,
};
