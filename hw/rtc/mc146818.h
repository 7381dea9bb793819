/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_RTC_MC146818_H
#define HW_RTC_MC146818_H

#include <stdint.h>

struct device;

/* Before the machine runs: a byte of the battery-backed RAM (0x0e to 0x7f), which no reset changes. */
void mc146818_set(struct device *d, unsigned index, uint8_t v);
void mc146818_set16(struct device *d, unsigned index, uint16_t v);

#endif
