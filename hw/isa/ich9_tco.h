/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watchdog ("total cost of ownership" timer) of the ICH9 (Intel order number 316972-004, 13.9); a part of its bridge. */
#ifndef HW_ISA_ICH9_TCO_H
#define HW_ISA_ICH9_TCO_H

#include "system/device.h"

enum { ICH9_GCS_NO_REBOOT = 1 << 5 };

struct ich9_tco {
    /* saved */
    uint16_t sts1, sts2, cnt1, cnt2, tmr;
    uint8_t dat_in, dat_out, msg[2], wdcnt, sw_irq;
    bool second;                /* it has run out once already */
    uint32_t gcs;               /* General Control and Status, which decides whether it resets */
    struct timer tick;
    /* host */
    struct device *owner;
};

#define ICH9_TCO_STATE(type, f) \
    FIELD(type, f.sts1), FIELD(type, f.sts2), FIELD(type, f.cnt1), FIELD(type, f.cnt2), FIELD(type, f.tmr), \
    FIELD(type, f.dat_in), FIELD(type, f.dat_out), FIELD_BYTES(type, f.msg), FIELD(type, f.wdcnt), FIELD(type, f.sw_irq), \
    FIELD(type, f.second), FIELD(type, f.gcs), TIMER(type, f.tick)
#define ICH9_TCO_HOST(type, f) HOST(type, f.owner)

void ich9_tco_init(struct ich9_tco *t, struct device *owner);
void ich9_tco_free(struct ich9_tco *t);
void ich9_tco_reset(struct ich9_tco *t, bool noreboot);
uint32_t ich9_tco_read(struct ich9_tco *t, unsigned offset, unsigned size);
void ich9_tco_write(struct ich9_tco *t, unsigned offset, unsigned size, uint32_t v);

#endif
