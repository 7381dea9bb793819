/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The human monitor, with commands typed on a chardev, and the JSON one (QMP). Main loop thread.
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

/* The JSON monitor, likewise; pretty: replies on several lines. */
bool qmp_new(struct machine *m, struct chardev *chr, bool pretty, GError **err);
void qmps_free(struct machine *m);

/* Executes one line of the human monitor's language and appends what it says. Machine lock. */
void monitor_execute(struct machine *m, unsigned cpu, const char *line, GString *out);

#endif
