/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Thirty-two interrupts of an Arm Generic Interrupt Controller as its registers show them: the distributors of GICv2 and
 * GICv3 and GICv3's redistributors have the same registers at the same offsets, a word (or four bytes of priority) for
 * each 32 interrupts (Arm IHI 0048B, 4.1; IHI 0069, 12.8).
 */
#ifndef HW_INTC_GIC_BANK_H
#define HW_INTC_GIC_BANK_H

#include <stdbool.h>
#include <stdint.h>

struct gic_bank {
    uint32_t group;             /* IGROUPR: 1 is group 1 */
    uint32_t grpmod;            /* IGRPMODR (GICv3) */
    uint32_t enabled;
    uint32_t latch;             /* pending by an edge, a message or a write */
    uint32_t level;             /* of the inputs */
    uint32_t active;
    uint32_t edge;              /* configured as edge-triggered */
    uint32_t fixed_edge;        /* whose configuration can't be changed */
    uint8_t priority[32];
};

/* What an access may see. */
struct gic_view {
    uint32_t visible;           /* interrupts; the others read as zero and ignore writes */
    bool ns;                    /* non-secure view of priorities: the upper half, shifted */
    bool can_group;             /* IGROUPR and IGRPMODR are there */
    uint8_t priority_mask;      /* bits that are implemented */
};

static inline uint32_t gic_bank_pending(const struct gic_bank *b)
{
    return b->latch | (b->level & ~b->edge);
}

void gic_bank_reset(struct gic_bank *b, uint32_t fixed_edge);
/* An input's new level. */
void gic_bank_input(struct gic_bank *b, unsigned n, bool level);
/* The interrupt becomes active: what an acknowledge does to it. */
void gic_bank_activate(struct gic_bank *b, unsigned n);

/* offset: of the register as in the distributor (0x080 to 0xd7f). Which interrupts that concerns: the number of the first
 * one, a multiple of 32; -1: no register of a bank. */
int gic_bank_of(uint64_t offset);
/* The word at offset, which belongs to this bank. */
uint32_t gic_bank_read(const struct gic_bank *b, const struct gic_view *v, uint64_t offset);
/* lanes: the bits that the access carries. */
void gic_bank_write(struct gic_bank *b, const struct gic_view *v, uint64_t offset, uint32_t value, uint32_t lanes);

#endif
