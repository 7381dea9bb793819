/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -daemonize, -run-with, -overcommit. Main thread only. */
#ifndef MAIN_HOST_H
#define MAIN_HOST_H

#include "main/cmdline.h"

/* -daemonize, before any thread exists: goes on in a child whose parent waits. *ready is for daemon_ready(), -1 without
 * -daemonize. */
bool daemon_start(const struct cmdline *c, int *ready, GError **err);
/* All is set up: lets go of the terminal and lets the parent end with status 0. */
bool daemon_ready(int ready, GError **err);

/* -overcommit and -run-with, when all files are open. */
bool host_settle(const struct cmdline *c, GError **err);

#endif
