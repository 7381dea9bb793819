/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 93C46 serial EEPROM (64 words of 16 bits), read-only, as network cards have it: a part of the card's device. */
#ifndef HW_NET_EEPROM93_H
#define HW_NET_EEPROM93_H

#include "system/device.h"

#define EEPROM93_WORDS 64

struct eeprom93 {
    uint16_t word[EEPROM93_WORDS];
    bool select, clock;         /* levels of the pins */
    uint16_t command, out;      /* bits that have come; the word that goes out */
    uint8_t count, left;        /* how many have come; how many are still to go */
};

#define EEPROM93_STATE(type, f) \
    FIELD_ARRAY(type, f.word), FIELD(type, f.select), FIELD(type, f.clock), FIELD(type, f.command), FIELD(type, f.out), \
    FIELD(type, f.count), FIELD(type, f.left)

/* New levels of its input pins. */
void eeprom93_drive(struct eeprom93 *e, bool select, bool clock, bool in);
/* Its output. */
bool eeprom93_out(const struct eeprom93 *e);
/* The pins after a reset of the card; the words stay. */
void eeprom93_reset(struct eeprom93 *e);

#endif
