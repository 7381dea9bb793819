/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A function that any thread can have run on the main loop thread. Signals that come before it runs are one: the
 * function looks at the state and does all that is to be done.
 */
#ifndef UTIL_WAKE_H
#define UTIL_WAKE_H

#include <glib.h>

struct wake;

/* fn will run on the thread that runs ctx (NULL: the default context). */
struct wake *wake_new(GMainContext *ctx, void (*fn)(void *opaque), void *opaque);

/* Main loop thread; fn does not run any more once this returns. NULL is allowed. */
void wake_free(struct wake *w);

/* Any thread, any lock held. What the caller wrote before is seen by the run of fn that follows. */
void wake_signal(struct wake *w);

#endif
