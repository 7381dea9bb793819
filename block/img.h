/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doppel-img: the commands. Each gets its own arguments (argv[0] is its name) and returns the exit status. */
#ifndef BLOCK_IMG_H
#define BLOCK_IMG_H

#include "block/qcow2.h"

int img_create(int argc, char **argv);
int img_info(int argc, char **argv);
int img_map(int argc, char **argv);
int img_convert(int argc, char **argv);
int img_resize(int argc, char **argv);
int img_check(int argc, char **argv);

/* Says it on stderr and frees it. Returns 1. */
int img_fail(GError *err);
int img_fail_text(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* "--output=human|json"; false and said on stderr if it is neither. */
bool img_parse_output(const char *text, bool *json);

/* A new, empty image. format "raw" or "qcow2"; o holds the keys of -o and is finished. size is that of the guest's
 * disk. */
bool img_make(const char *path, const char *format, uint64_t size, const char *backing, const char *backing_format,
              struct options *o, GError **err);

/* Appends text as a JSON string, in quotes. */
void img_json_string(GString *out, const char *text);

#endif
