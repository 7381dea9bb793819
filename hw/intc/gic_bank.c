/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/intc/gic_bank.h"

#include <string.h>

/* Rows of 0x80 bytes: a bit for each of 1024 interrupts. */
enum { GROUP = 1, SET_ENABLE, CLEAR_ENABLE, SET_PENDING, CLEAR_PENDING, SET_ACTIVE, CLEAR_ACTIVE, PRIORITY,
       PRIORITY_LAST = 15, CONFIG = 24, CONFIG_LAST, GROUP_MODIFIER };

void gic_bank_reset(struct gic_bank *b, uint32_t fixed_edge)
{
    uint32_t level = b->level;  /* the sources' business: it follows when they update their lines */

    memset(b, 0, sizeof(*b));
    b->level = level;
    b->edge = b->fixed_edge = fixed_edge;
}

void gic_bank_input(struct gic_bank *b, unsigned n, bool level)
{
    uint32_t bit = 1u << n;

    if (level && !(b->level & bit)) {
        b->latch |= b->edge & bit;
    }
    b->level = level ? b->level | bit : b->level & ~bit;
}

void gic_bank_activate(struct gic_bank *b, unsigned n)
{
    b->latch &= ~(1u << n);
    b->active |= 1u << n;
}

int gic_bank_of(uint64_t offset)
{
    unsigned row = offset >> 7;

    if ((row >= GROUP && row <= CLEAR_ACTIVE) || row == GROUP_MODIFIER) {
        return (offset & 0x7c) * 8;
    }
    if (row >= PRIORITY && row <= PRIORITY_LAST) {
        return (offset - 0x400) & ~31ull;
    }
    if (row == CONFIG || row == CONFIG_LAST) {
        return ((offset - 0xc00) * 4) & ~31ull;
    }
    return -1;
}

/* Two bits for each of sixteen interrupts, the upper one is the configuration. */
static uint32_t spread(uint16_t bits)
{
    uint32_t out = 0;

    for (unsigned i = 0; i < 16; i++) {
        out |= (uint32_t)(bits >> i & 1) << (2 * i + 1);
    }
    return out;
}

static uint16_t gather(uint32_t word)
{
    uint16_t out = 0;

    for (unsigned i = 0; i < 16; i++) {
        out |= (word >> (2 * i + 1) & 1) << i;
    }
    return out;
}

static uint32_t priorities(const struct gic_bank *b, const struct gic_view *v, unsigned first)
{
    uint32_t out = 0;

    for (unsigned i = 0; i < 4; i++) {
        if (v->visible >> (first + i) & 1) {
            uint8_t p = b->priority[first + i];

            out |= (uint32_t)(uint8_t)(v->ns ? p << 1 : p) << (8 * i);
        }
    }
    return out;
}

uint32_t gic_bank_read(const struct gic_bank *b, const struct gic_view *v, uint64_t offset)
{
    unsigned half = offset & 4 ? 16 : 0;

    switch (offset >> 7) {
    case GROUP: return v->can_group ? b->group : 0;
    case GROUP_MODIFIER: return v->can_group ? b->grpmod : 0;
    case SET_ENABLE: case CLEAR_ENABLE: return b->enabled & v->visible;
    case SET_PENDING: case CLEAR_PENDING: return gic_bank_pending(b) & v->visible;
    case SET_ACTIVE: case CLEAR_ACTIVE: return b->active & v->visible;
    case CONFIG: case CONFIG_LAST: return spread((b->edge & v->visible) >> half);
    default: return priorities(b, v, offset & 0x1c);
    }
}

static void write_priorities(struct gic_bank *b, const struct gic_view *v, unsigned first, uint32_t value, uint32_t lanes)
{
    for (unsigned i = 0; i < 4; i++) {
        uint8_t p = value >> (8 * i);

        if (lanes >> (8 * i) & v->visible >> (first + i) & 1) {
            b->priority[first + i] = (v->ns ? 0x80 | p >> 1 : p) & v->priority_mask;
        }
    }
}

void gic_bank_write(struct gic_bank *b, const struct gic_view *v, uint64_t offset, uint32_t value, uint32_t lanes)
{
    uint32_t bits = value & lanes & v->visible, mask;
    unsigned half = offset & 4 ? 16 : 0;

    switch (offset >> 7) {
    case GROUP:
        b->group = v->can_group ? (b->group & ~lanes) | (value & lanes) : b->group;
        break;
    case GROUP_MODIFIER:
        b->grpmod = v->can_group ? (b->grpmod & ~lanes) | (value & lanes) : b->grpmod;
        break;
    case SET_ENABLE:
        b->enabled |= bits;
        break;
    case CLEAR_ENABLE:
        b->enabled &= ~bits;
        break;
    case SET_PENDING:
        b->latch |= bits;
        break;
    case CLEAR_PENDING:
        b->latch &= ~bits;
        break;
    case SET_ACTIVE:
        b->active |= bits;
        break;
    case CLEAR_ACTIVE:
        b->active &= ~bits;
        break;
    case CONFIG: case CONFIG_LAST:
        mask = ((uint32_t)gather(lanes) << half) & v->visible & ~b->fixed_edge;
        b->edge = (b->edge & ~mask) | (((uint32_t)gather(value) << half) & mask);
        break;
    default:
        write_priorities(b, v, offset & 0x1c, value, lanes);
        break;
    }
}
