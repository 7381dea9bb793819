/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor: commands typed on a chardev. Main loop thread.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <glib.h>
#include <stdbool.h>

struct chardev;
struct machine;
struct monitor;

/* A monitor on chr; shared: chr is a multiplexer that somebody else has the keyboard of at first. False and *err if chr
 * has a front end already. */
bool monitor_new(struct machine *m, struct chardev *chr, bool shared, GError **err);
/* Ends all monitors of the machine. */
void monitors_free(struct machine *m);

#endif
