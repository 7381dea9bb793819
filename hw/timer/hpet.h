/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_TIMER_HPET_H
#define HW_TIMER_HPET_H

#include "system/device.h"

#define HPET_ADDRESS 0xfed00000
#define HPET_BYTES 0x400
#define HPET_LINES 32
/* The first four bytes of its capabilities, as ACPI's table has them. */
#define HPET_ID 0x8086a201u

/*
 * Inputs 0 and 1: the interval timer and the real-time clock, which pass through to ISA lines 0 and 8 unless the guest has the
 * HPET replace them. Where those lines, and interrupt n that timers may be routed to (bits of lines), lead:
 */
void hpet_connect(struct device *d, unsigned n, struct irq_line line);

#endif
