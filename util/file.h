/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing what the user asked for into the file that the user named. Any thread. */
#ifndef UTIL_FILE_H
#define UTIL_FILE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Writes all of data to path, which is made or cut to length. The name is written through, not replaced: it may be a
 * link, a pipe or a device. *err is the reason alone; the caller puts the option in front. */
bool file_write(const char *path, const void *data, size_t len, GError **err);

#endif
