/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What loader.c and elf.c share. */
#ifndef SYSTEM_LOADER_IMPL_H
#define SYSTEM_LOADER_IMPL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

GQuark loader_quark(void);

/* Opens a regular file that is not empty; -1 and *err. */
int loader_open(const char *path, const char *what, uint64_t *len, GError **err);

/* All of len bytes, or false. */
bool loader_read(int fd, void *buf, uint64_t len, uint64_t offset);

#endif
