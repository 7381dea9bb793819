/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/net/eeprom93.h"

/* A start bit, two bits of opcode, six of address. */
enum { COMMAND_BITS = 9, ADDRESS_BITS = 6, OPCODE_READ = 6, WORD_BITS = 16 };

void eeprom93_reset(struct eeprom93 *e)
{
    e->select = e->clock = false;
    e->command = e->count = e->left = 0;
}

void eeprom93_drive(struct eeprom93 *e, bool select, bool clock, bool in)
{
    bool rise = clock && !e->clock;

    if (!select || !e->select) {
        e->command = e->count = e->left = 0;
    }
    e->select = select;
    e->clock = clock;
    if (!select || !rise) {
        return;
    }
    if (e->left) {
        e->left--;
    } else if (e->count < COMMAND_BITS && (e->count || in)) {
        e->command = e->command << 1 | in;
        if (++e->count == COMMAND_BITS && e->command >> ADDRESS_BITS == OPCODE_READ) {
            e->out = e->word[e->command & (EEPROM93_WORDS - 1)];
            e->left = WORD_BITS;        /* the zero before them stands there now */
        }
    }
}

bool eeprom93_out(const struct eeprom93 *e)
{
    if (e->left) {
        return e->left < WORD_BITS && (e->out >> e->left & 1);
    }
    return e->count != COMMAND_BITS || (e->out & 1);
}
