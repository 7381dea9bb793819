/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Line editing with history and completion, for monitors on terminals: libedit, fed with characters as they come, so
 * that it never waits. edit.c is that; without the library edit_none.c says that there is none. Main loop thread.
 */
#ifndef MONITOR_EDIT_H
#define MONITOR_EDIT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct edit;

struct edit_ops {
    /* A line has been typed, without its end. */
    void (*line)(void *opaque, const char *line);
    /* Text for the terminal, with \n for the ends of lines. */
    void (*out)(void *opaque, const char *text, size_t len);
    /* What the last word of text could become; whole words, to be freed by g_ptr_array_unref. */
    GPtrArray *(*complete)(void *opaque, const char *text);
};

/* NULL: no library, or no terminal to be had. prompt must live as long. */
struct edit *edit_new(const char *prompt, const struct edit_ops *ops, void *opaque);
void edit_free(struct edit *e);
/* Begins a line with the prompt; what had been typed is forgotten. */
void edit_start(struct edit *e);
void edit_feed(struct edit *e, const uint8_t *buf, size_t len);

#endif
