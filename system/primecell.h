/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identification registers that every Arm PrimeCell peripheral has in its last 32 bytes: PeriphID0-3, PCellID0-3. */
#ifndef SYSTEM_PRIMECELL_H
#define SYSTEM_PRIMECELL_H

#include <stdint.h>

#define PRIMECELL_BYTES 0x1000
#define PRIMECELL_ID_AT 0xfe0

/* part: the three digits of its name; revision: the upper half of PeriphID2, with the designer's high bits in the lower. */
static inline uint8_t primecell_id(uint16_t part, uint8_t id2, unsigned i)
{
    const uint8_t ids[] = { (uint8_t)part, 0x10 | part >> 8, id2, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

    return ids[i & 7];
}

#endif
