/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O APIC (82093AA; Intel order number 290566-001, version 0x20 with an EOI register as in the ICHs).
 *
 * Region: index at 0, data at 0x10, EOI at 0x40. Inputs 0 to 23: pins; from X86_IOAPIC_EOI on: an EOI was broadcast for
 * vector n - X86_IOAPIC_EOI. Interrupts leave as messages, which is what the entries' fields are laid out for.
 */
#include "system/device.h"
#include "system/machine.h"
#include "system/x86.h"
#include "util/log.h"

#define PINS 24
#define VERSION 0x20

enum { REG_ID = 0, REG_VERSION = 1, REG_ARBITRATION = 2, REG_TABLE = 0x10 };
enum { E_MODE = 7 << 8, E_LOGICAL = 1 << 11, E_PENDING = 1 << 12, E_LOW = 1 << 13, E_REMOTE_IRR = 1 << 14,
       E_LEVEL = 1 << 15, E_MASKED = 1 << 16 };
enum { MODE_EXTINT = 7 << 8 };

struct ioapic {
    struct device dev;
    uint32_t id, select;
    uint32_t pins;              /* levels of the inputs */
    uint32_t irr;               /* edges not sent yet, and levels */
    uint64_t table[PINS];
};

static struct ioapic *ioapic(struct device *d)
{
    return (struct ioapic *)d;
}

/* The message for an entry (SDM volume 3, 11.11: its fields are the MSI's, moved). */
static void send(struct ioapic *s, uint64_t e)
{
    uint32_t addr = 0xfee00000 | (uint32_t)(e >> 56) << 12 | (e & E_LOGICAL ? 4 : 0);
    uint32_t data = (e & 0xff) | (e & E_MODE) | (e & E_LEVEL) | (e & E_LEVEL ? 1 << 14 : 0);

    as_st32le(&s->dev.m->as, addr, data, MEM_ATTRS_NONE);
}

static void service(struct ioapic *s, unsigned n)
{
    uint64_t e = s->table[n];

    if (!(s->irr >> n & 1) || (e & E_MASKED)) {
        return;
    }
    if (e & E_LEVEL) {
        if (e & E_REMOTE_IRR) {
            return;
        }
        s->table[n] |= E_REMOTE_IRR;
    } else {
        s->irr &= ~(1u << n);
    }
    send(s, e);
}

static void pin(struct ioapic *s, unsigned n, bool level)
{
    uint32_t bit = 1u << n;
    bool rose = level && !(s->pins & bit);

    s->pins = level ? s->pins | bit : s->pins & ~bit;
    if (s->table[n] & E_LEVEL) {
        s->irr = level ? s->irr | bit : s->irr & ~bit;
    } else if (rose) {
        s->irr |= bit;
    }
    if (level) {
        service(s, n);
    }
}

static void eoi(struct ioapic *s, uint8_t vector)
{
    for (unsigned n = 0; n < PINS; n++) {
        if ((s->table[n] & E_REMOTE_IRR) && (s->table[n] & 0xff) == vector && (s->table[n] & E_LEVEL)) {
            s->table[n] &= ~(uint64_t)E_REMOTE_IRR;
            service(s, n);
        }
    }
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    if (n < PINS) {
        pin(ioapic(d), n, level);
    } else if (n >= X86_IOAPIC_EOI && n < X86_IOAPIC_EOI + 256 && level) {
        eoi(ioapic(d), n - X86_IOAPIC_EOI);
    }
}

/* ---- registers ---- */

static uint64_t window_read(struct device *d, unsigned i)
{
    struct ioapic *s = ioapic(d);
    unsigned n = (s->select - REG_TABLE) / 2;

    switch (s->select) {
    case REG_ID:
    case REG_ARBITRATION:
        return s->id;
    case REG_VERSION:
        return VERSION | (PINS - 1) << 16;
    default:
        return s->select >= REG_TABLE && n < PINS ? (uint32_t)(s->table[n] >> (s->select & 1) * 32) : 0;
    }
}

static void entry_write(struct ioapic *s, unsigned n, uint32_t v)
{
    uint64_t keep = E_PENDING | E_REMOTE_IRR;
    uint64_t e = s->table[n];

    if (s->select & 1) {
        e = (e & UINT32_MAX) | (uint64_t)(v & 0xff000000) << 32;
    } else {
        e = (e & (0xffffffff00000000ull | keep)) | (v & 0x1ffff & ~keep);
        if (!(e & E_LEVEL)) {
            e &= ~(uint64_t)E_REMOTE_IRR;
        }
    }
    s->table[n] = e;
    if (e & E_LEVEL) {
        s->irr = (s->irr & ~(1u << n)) | (s->pins & 1u << n);
    } else if (!(s->pins >> n & 1)) {
        s->irr &= ~(1u << n);
    }
    service(s, n);
}

static void window_write(struct device *d, unsigned i, uint64_t v)
{
    struct ioapic *s = ioapic(d);
    unsigned n = (s->select - REG_TABLE) / 2;

    if (s->select == REG_ID) {
        s->id = v & 0x0f000000;
    } else if (s->select >= REG_TABLE && n < PINS) {
        entry_write(s, n, v);
    }
}

static void eoi_write(struct device *d, unsigned i, uint64_t v)
{
    eoi(ioapic(d), v);
}

static void reset(struct device *d)
{
    struct ioapic *s = ioapic(d);

    s->id = 0;
    s->pins = s->irr = 0;
    for (unsigned n = 0; n < PINS; n++) {
        s->table[n] = E_MASKED;
    }
}

static const struct reg regs[] = {
    REG(struct ioapic, select, 0x00, .write = ALL8),
    REG_FN(window, 0x10, 4, .read_fn = window_read, .write_fn = window_write),
    REG_FN(eoi, 0x40, 4, .write_fn = eoi_write),
};

static const struct field state[] = {
    FIELD(struct ioapic, id), FIELD(struct ioapic, pins), FIELD(struct ioapic, irr), FIELD_ARRAY(struct ioapic, table),
};

const struct device_type ioapic_type = {
    .name = "ioapic", .help = "I/O APIC", .size = sizeof(struct ioapic), REGS(regs), STATE(state),
    .mmio_size = 0x1000, .reset = reset, .irq_in = irq_in,
};
