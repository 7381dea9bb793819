/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys that the monitors press for the user. Machine lock. */
#ifndef MONITOR_SENDKEY_H
#define MONITOR_SENDKEY_H

#include <glib.h>
#include <stdbool.h>

struct machine;

#define SENDKEY_HOLD_MS 100
#define SENDKEY_KEYS_MAX 16

/* Presses keys (indices of input_keys) one after the other, holds them for hold_ms of the guest's time, releases them in
 * the opposite order; after those that are waiting already. False and *err where too many wait. */
bool sendkey(struct machine *m, const unsigned *keys, unsigned count, unsigned hold_ms, GError **err);
/* Drops what waits. */
void sendkey_free(struct machine *m);

#endif
