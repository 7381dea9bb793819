/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_DISPLAY_EDID_H
#define HW_DISPLAY_EDID_H

#include <stdint.h>

#define EDID_BYTES 128

/* The description of a monitor that likes this size best (VESA Enhanced EDID Standard, release A, rev. 2: EDID 1.4). */
void edid_make(uint8_t out[EDID_BYTES], unsigned width, unsigned height);

#endif
