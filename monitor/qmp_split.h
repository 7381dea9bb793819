/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts a stream of characters into JSON values: QMP clients send one object after the other, with or without newlines.
 * Any bytes may come; what is kept is bounded.
 */
#ifndef MONITOR_QMP_SPLIT_H
#define MONITOR_QMP_SPLIT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define QMP_TEXT_MAX (1u << 20)     /* bytes of one value */
#define QMP_DEPTH_MAX 64            /* of nested objects and arrays: the parser behind this is recursive */

struct qmp_split {
    GString *text;                  /* of the value so far */
    unsigned depth;
    char quote;                     /* in a string: how it began */
    bool escaped;                   /* the last character was a backslash in a string */
    bool skipping;                  /* up to the end of the line: something was wrong */
    /* A complete object or array, balanced but not checked otherwise: valid UTF-8 with double quotes. Or NULL, and why
     * what came is none. */
    void (*found)(void *opaque, const char *text, const char *why);
    void *opaque;
};

void qmp_split_init(struct qmp_split *s, void (*found)(void *opaque, const char *text, const char *why), void *opaque);
void qmp_split_free(struct qmp_split *s);
/* Forgets a value that has begun. */
void qmp_split_reset(struct qmp_split *s);
void qmp_split_feed(struct qmp_split *s, const uint8_t *buf, size_t len);

#endif
