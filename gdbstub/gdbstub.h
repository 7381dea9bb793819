/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GDB's remote serial protocol (GDB manual, appendix E). One connection at a time; each vCPU is a thread (number =
 * index + 1) of process 1. Main loop thread.
 */
#ifndef GDBSTUB_GDBSTUB_H
#define GDBSTUB_GDBSTUB_H

#include <glib.h>
#include <stdbool.h>

struct machine;

/* -gdb DEV: "tcp:[HOST]:PORT", "unix:PATH,server=on", "stdio", "none". False and *err where it can't listen. */
bool gdb_listen(struct machine *m, const char *dev, GError **err);
void gdb_close(struct machine *m);

#endif
