/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv3's redistributors (Arm IHI 0069, 12.11): a CPU's SGIs and PPIs, and its LPIs, whose configuration (a byte each)
 * and pending bits live in tables in the guest's memory. The configuration is read when it is needed; the pending bits are
 * kept here while EnableLPIs is set, and are read from memory when it becomes so.
 */
#include <string.h>

#include "hw/intc/gicv3_impl.h"
#include "system/machine.h"
#include "util/log.h"

enum { GICR_CTLR = 0x00, GICR_IIDR = 0x04, GICR_TYPER = 0x08, GICR_WAKER = 0x14, GICR_SETLPIR = 0x40, GICR_CLRLPIR = 0x48,
       GICR_PROPBASER = 0x70, GICR_PENDBASER = 0x78, GICR_INVLPIR = 0xa0, GICR_INVALLR = 0xb0, GICR_SYNCR = 0xc0,
       GICR_ID = 0xffd0, SGI_BASE = 0x10000 };
enum { ENABLE_LPIS = 1 };
enum { WAKER_SLEEP = 2, WAKER_ASLEEP = 4 };
#define TABLE_ADDR 0xffffffffff000ull       /* bits 51 to 12 */
#define PROPBASER_BITS 0x70fffffffffff09full
#define PENDBASER_BITS 0x470fffffffff0f80ull
#define PENDING_ZERO ((uint64_t)1 << 62)

/* ---- SGIs ---- */

void gicv3_redist_sgi(struct gicv3 *s, unsigned cpu, unsigned irq, enum gicv3_group group, bool ns)
{
    struct gic_bank *b = &gicv3_cpu(s, cpu)->bank;
    enum gicv3_group is = gicv3_group_of(s, b, irq);

    /* Who may send a secure group 1 SGI may send group 0 ones (table 12-14). Non-secure software sends only what is
     * non-secure: GICR_NSACR is not there. */
    if ((is == group || (group == G1S && is == G0)) && (!ns || gicv3_ds(s) || is == G1NS)) {
        b->latch |= 1u << irq;
        gicv3_update_cpu(s, cpu);
    }
}

/* ---- LPIs ---- */

static uint64_t *pending_words(struct gicv3 *s, unsigned cpu)
{
    return s->lpi_pending + cpu * GICV3_LPI_WORDS;
}

/* How many interrupt numbers this redistributor's tables have. */
static uint32_t lpi_limit(const struct gicv3_cpu *c)
{
    unsigned bits = MIN((c->propbaser & 0x1f) + 1, GICV3_ID_BITS);

    return c->redist_ctlr & ENABLE_LPIS && bits >= 14 ? 1u << bits : 0;
}

/* The configuration byte: bit 0 enables, 7 to 2 are the priority (non-secure: the upper half if there are two states). */
static uint8_t lpi_config(struct gicv3 *s, const struct gicv3_cpu *c, uint32_t irq)
{
    return as_ld8(&s->dev.m->as, (c->propbaser & TABLE_ADDR) + irq - GICV3_LPI_FIRST, MEM_ATTRS_NONE, NULL);
}

void gicv3_best_lpi(struct gicv3 *s, unsigned cpu, struct gicv3_best *best)
{
    const struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    const uint64_t *words = pending_words(s, cpu);
    uint32_t limit = lpi_limit(c), left = c->lpi_count;

    for (uint32_t w = GICV3_LPI_FIRST / 64; w < limit / 64 && left; w++) {
        for (uint64_t bits = words[w]; bits; bits &= bits - 1) {
            uint32_t irq = 64 * w + __builtin_ctzll(bits);
            uint8_t config = lpi_config(s, c, irq);
            uint8_t priority = (gicv3_ds(s) ? config & 0xfc : 0x80 | (config & 0xfc) >> 1) & GICV3_PRIORITY_MASK;

            left--;
            if (config & 1 && priority < best->priority) {
                *best = (struct gicv3_best) { irq, priority, G1NS };
            }
        }
    }
}

bool gicv3_lpi_is_pending(struct gicv3 *s, unsigned cpu, uint32_t irq)
{
    return s->lpis && pending_words(s, cpu)[irq / 64] >> (irq % 64) & 1;
}

void gicv3_set_lpi(struct gicv3 *s, unsigned cpu, uint32_t irq, bool pending)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    uint64_t bit = (uint64_t)1 << (irq % 64), *word;

    if (irq < GICV3_LPI_FIRST || irq >= lpi_limit(c)) {
        return;
    }
    word = &pending_words(s, cpu)[irq / 64];
    if (!(*word & bit) == pending) {
        *word ^= bit;
        c->lpi_count += pending ? 1 : -1;
        gicv3_update_cpu(s, cpu);
    }
}

void gicv3_move_lpis(struct gicv3 *s, unsigned from, unsigned to)
{
    struct gicv3_cpu *a = gicv3_cpu(s, from);
    uint64_t *words = pending_words(s, from);

    for (uint32_t w = 0; w < GICV3_LPI_WORDS && a->lpi_count && from != to; w++) {
        while (words[w]) {
            uint32_t irq = 64 * w + __builtin_ctzll(words[w]);

            gicv3_set_lpi(s, from, irq, false);
            gicv3_set_lpi(s, to, irq, true);
        }
    }
}

static void enable_lpis(struct gicv3 *s, unsigned cpu)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    uint64_t *words = pending_words(s, cpu);
    paddr table = c->pendbaser & TABLE_ADDR & ~0xffffull;

    c->redist_ctlr |= ENABLE_LPIS;
    c->lpi_count = 0;
    memset(words, 0, GICV3_LPI_WORDS * 8);
    if (c->pendbaser & PENDING_ZERO) {
        return;
    }
    for (uint32_t w = GICV3_LPI_FIRST / 64; w < lpi_limit(c) / 64; w++) {
        words[w] = as_ld64le(&s->dev.m->as, table + 8 * w, MEM_ATTRS_NONE, NULL);
        c->lpi_count += __builtin_popcountll(words[w]);
    }
}

/* ---- registers ---- */

static uint64_t typer(const struct gicv3 *s, const struct gicv3_redist_region *r, unsigned cpu)
{
    return (uint64_t)gicv3_affinity(s, cpu) << 32 | 1u << 24 | (uint64_t)cpu << 8 |
           (cpu == r->first + r->count - 1 ? 1u << 4 : 0) | s->lpis;
}

static uint64_t rd_read(struct gicv3 *s, const struct gicv3_redist_region *r, unsigned cpu, uint64_t offset)
{
    static const uint8_t ids[] = { 0x44, 0, 0, 0, 0x93, 0xb4, 0x3b, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);

    if (offset >= GICR_ID) {
        return ids[(offset - GICR_ID) / 4];
    }
    switch (offset) {
    case GICR_CTLR: return c->redist_ctlr;
    case GICR_IIDR: return 0x43b;
    case GICR_TYPER: return typer(s, r, cpu);
    case GICR_TYPER + 4: return typer(s, r, cpu) >> 32;
    case GICR_WAKER: return c->waker;
    case GICR_PROPBASER: return c->propbaser;
    case GICR_PROPBASER + 4: return c->propbaser >> 32;
    case GICR_PENDBASER: return c->pendbaser & ~PENDING_ZERO;
    case GICR_PENDBASER + 4: return (c->pendbaser & ~PENDING_ZERO) >> 32;
    default: return 0;
    }
}

static uint64_t half(uint64_t old, unsigned shift, uint32_t v)
{
    return (old & ~((uint64_t)UINT32_MAX << shift)) | (uint64_t)v << shift;
}

static void rd_write(struct gicv3 *s, unsigned cpu, uint64_t offset, uint32_t v, bool ns)
{
    struct gicv3_cpu *c = gicv3_cpu(s, cpu);
    unsigned shift = offset & 4 ? 32 : 0;

    switch (offset) {
    case GICR_CTLR:
        if (s->lpis && v & ENABLE_LPIS && !(c->redist_ctlr & ENABLE_LPIS)) {
            enable_lpis(s, cpu);
            gicv3_update_cpu(s, cpu);
        } else if (!(v & ENABLE_LPIS) && c->redist_ctlr & ENABLE_LPIS) {
            c->redist_ctlr &= ~ENABLE_LPIS;
            c->lpi_count = 0;
            memset(pending_words(s, cpu), 0, GICV3_LPI_WORDS * 8);
            gicv3_update_cpu(s, cpu);
        }
        break;
    case GICR_WAKER:
        if (!ns) {
            c->waker = v & WAKER_SLEEP ? WAKER_SLEEP | WAKER_ASLEEP : 0;
        }
        break;
    case GICR_PROPBASER: case GICR_PROPBASER + 4:
        if (s->lpis && !(c->redist_ctlr & ENABLE_LPIS)) {
            c->propbaser = half(c->propbaser, shift, v) & (PROPBASER_BITS | TABLE_ADDR);
        }
        break;
    case GICR_PENDBASER: case GICR_PENDBASER + 4:
        if (s->lpis && !(c->redist_ctlr & ENABLE_LPIS)) {
            c->pendbaser = half(c->pendbaser, shift, v) & PENDBASER_BITS;
        }
        break;
    case GICR_SETLPIR: case GICR_CLRLPIR:
        if (s->lpis) {
            gicv3_set_lpi(s, cpu, v, offset == GICR_SETLPIR);
        }
        break;
    case GICR_INVLPIR: case GICR_INVALLR:
        gicv3_update_cpu(s, cpu);
        break;
    default:
        log_guest("gicv3: write to no redistributor register, or a read-only one, at offset 0x%" G_GINT64_MODIFIER "x",
                  offset);
        break;
    }
}

static bool in_bank(uint64_t offset)
{
    return gic_bank_of(offset) >= 0 && gic_bank_of(offset) < 32;
}

static uint64_t reg_read(struct gicv3_redist_region *r, unsigned cpu, uint64_t offset, bool ns)
{
    struct gicv3 *s = r->s;

    if (offset >= SGI_BASE && in_bank(offset - SGI_BASE)) {
        struct gic_bank *b = &gicv3_cpu(s, cpu)->bank;
        struct gic_view v = gicv3_view(s, b, ns);

        return gic_bank_read(b, &v, offset - SGI_BASE);
    }
    return offset < SGI_BASE ? rd_read(s, r, cpu, offset) : 0;
}

static void reg_write(struct gicv3_redist_region *r, unsigned cpu, uint64_t offset, uint32_t value, uint32_t lanes, bool ns)
{
    struct gicv3 *s = r->s;

    if (offset < SGI_BASE) {
        rd_write(s, cpu, offset, value, ns);
    } else if (in_bank(offset - SGI_BASE)) {
        struct gic_bank *b = &gicv3_cpu(s, cpu)->bank;
        struct gic_view v = gicv3_view(s, b, ns);

        gic_bank_write(b, &v, offset - SGI_BASE, value, lanes);
        gicv3_update_cpu(s, cpu);
    }
}

static enum mem_result mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gicv3_redist_region *r = opaque;
    unsigned cpu = r->first + offset / GICV3_REDIST_BYTES;
    bool ns = gicv3_ns(r->s, attrs);
    uint64_t at = offset % GICV3_REDIST_BYTES;

    *value = (uint32_t)reg_read(r, cpu, at & ~3ull, ns) >> (8 * (at & 3));
    if (size == 8) {
        *value |= reg_read(r, cpu, at + 4, ns) << 32;
    }
    return MEM_OK;
}

static enum mem_result mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gicv3_redist_region *r = opaque;
    unsigned cpu = r->first + offset / GICV3_REDIST_BYTES, shift = 8 * (offset & 3);
    uint32_t lanes = (size >= 4 ? UINT32_MAX : (1u << 8 * size) - 1) << shift;
    bool ns = gicv3_ns(r->s, attrs);
    uint64_t at = offset % GICV3_REDIST_BYTES;

    reg_write(r, cpu, at & ~3ull, (uint32_t)value << shift, lanes, ns);
    if (size == 8) {
        reg_write(r, cpu, at + 4, value >> 32, UINT32_MAX, ns);
    }
    return MEM_OK;
}

const struct mmio_ops gicv3_redist_ops = { .read = mmio_read, .write = mmio_write };
