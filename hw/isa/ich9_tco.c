/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/ich9_tco.h"

#include "system/machine.h"

#define TICK_NS 600000000ll
#define TMR_MIN 2                       /* smaller values are taken as this */
#define TMR_DEFAULT 4

enum { RLD = 0x00, DAT_IN = 0x02, DAT_OUT = 0x03, STS1 = 0x04, STS2 = 0x06, CNT1 = 0x08, CNT2 = 0x0a, MSG = 0x0c,
       WDCNT = 0x0e, SW_IRQ = 0x10, TMR = 0x12 };
enum { STS1_TIMEOUT = 1 << 3, STS2_SECOND = 1 << 1, STS2_BOOT = 1 << 2, CNT1_LOCK = 1 << 12, CNT1_HALT = 1 << 11 };

static struct clock *clock_of(const struct ich9_tco *t)
{
    return &t->owner->m->virtual_clock;
}

static void arm(struct ich9_tco *t)
{
    if (t->cnt1 & CNT1_HALT) {
        timer_stop(&t->tick);
    } else {
        timer_set_ns(&t->tick, clock_now_ns(clock_of(t)) + MAX(t->tmr & 0x3ff, TMR_MIN) * TICK_NS);
    }
}

/* The first time it says so, the second time it resets the machine. */
static void ran_out(void *opaque)
{
    struct ich9_tco *t = opaque;

    if (!t->second) {
        t->second = true;
        t->sts1 |= STS1_TIMEOUT;
    } else {
        t->sts2 |= STS2_SECOND;
        t->second = false;
        if (!(t->gcs & ICH9_GCS_NO_REBOOT)) {
            machine_request_reset(t->owner->m, CAUSE_GUEST_RESET);
            return;
        }
    }
    arm(t);
}

static uint16_t remaining(const struct ich9_tco *t)
{
    int64_t ns = timer_armed(&t->tick) ? t->tick.deadline_ns - clock_now_ns(clock_of(t)) : 0;

    return ns > 0 ? MIN(ns / TICK_NS, 0x3ff) : t->tmr & 0x3ff;
}

uint32_t ich9_tco_read(struct ich9_tco *t, unsigned offset, unsigned size)
{
    uint32_t v;

    switch (offset & ~1u) {
    case RLD: v = remaining(t); break;
    case DAT_IN: v = t->dat_in | t->dat_out << 8; break;
    case STS1: v = t->sts1; break;
    case STS2: v = t->sts2; break;
    case CNT1: v = t->cnt1; break;
    case CNT2: v = t->cnt2; break;
    case MSG: v = t->msg[0] | t->msg[1] << 8; break;
    case WDCNT: v = t->wdcnt; break;
    case SW_IRQ: v = t->sw_irq; break;
    case TMR: v = t->tmr; break;
    default: v = 0;
    }
    v >>= 8 * (offset & 1);
    return size == 4 && !(offset & 2) ? v | ich9_tco_read(t, offset + 2, 2) << 16 : v;
}

static void write_word(struct ich9_tco *t, unsigned offset, uint16_t v)
{
    switch (offset) {
    case RLD:
        t->second = false;
        arm(t);
        break;
    case DAT_IN: t->dat_in = v; t->dat_out = v >> 8; break;
    case STS1: t->sts1 &= ~v; break;
    case STS2:
        t->sts2 &= ~v;
        break;
    case CNT1:
        t->cnt1 = (t->cnt1 & CNT1_LOCK) | (v & (CNT1_LOCK | CNT1_HALT | 0x300));
        arm(t);
        break;
    case CNT2: t->cnt2 = v; break;
    case MSG: t->msg[0] = v; t->msg[1] = v >> 8; break;
    case WDCNT: t->wdcnt = v; break;
    case SW_IRQ: t->sw_irq = v; break;
    case TMR: t->tmr = v & 0x3ff; break;
    }
}

void ich9_tco_write(struct ich9_tco *t, unsigned offset, unsigned size, uint32_t v)
{
    uint16_t other;

    if (size == 1) {        /* the other byte stays, where it is not cleared by ones */
        other = offset == STS1 || offset == STS1 + 1 || offset == STS2 || offset == STS2 + 1
                ? 0 : ich9_tco_read(t, offset & ~1u, 2);
        v = offset & 1 ? (other & 0x00ff) | (v & 0xff) << 8 : (other & 0xff00) | (v & 0xff);
    }
    write_word(t, offset & ~1u, v);
    if (size == 4) {
        write_word(t, (offset & ~1u) + 2, v >> 16);
    }
}

void ich9_tco_init(struct ich9_tco *t, struct device *owner)
{
    t->owner = owner;
    timer_init(&t->tick, clock_of(t), ran_out, t);
}

void ich9_tco_free(struct ich9_tco *t)
{
    timer_free(&t->tick);
}

/* It stands still until it is used: firmware without a driver for it would be reset. */
void ich9_tco_reset(struct ich9_tco *t, bool noreboot)
{
    timer_stop(&t->tick);
    t->sts1 = t->sts2 = t->cnt2 = 0;
    t->cnt1 = CNT1_HALT;
    t->tmr = TMR_DEFAULT;
    t->dat_in = t->dat_out = t->msg[0] = t->msg[1] = t->wdcnt = 0;
    t->sw_irq = 3;
    t->second = false;
    t->gcs = noreboot ? ICH9_GCS_NO_REBOOT : 0;
}
