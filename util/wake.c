/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/wake.h"

struct wake {
    GSource source;   /* first: GLib allocates the whole struct */
    void (*fn)(void *opaque);
    void *opaque;
    int signalled;    /* atomic */
};

static gboolean dispatch(GSource *source, GSourceFunc unused, gpointer unused_data)
{
    struct wake *w = (struct wake *)source;

    /* In this order: a signal that comes after the flag is cleared makes the source ready again; one that came
     * before is served by this run. */
    g_source_set_ready_time(source, -1);
    g_atomic_int_set(&w->signalled, 0);
    w->fn(w->opaque);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

struct wake *wake_new(GMainContext *ctx, void (*fn)(void *opaque), void *opaque)
{
    GSource *source = g_source_new(&source_funcs, sizeof(struct wake));
    struct wake *w = (struct wake *)source;

    w->fn = fn;
    w->opaque = opaque;
    g_source_attach(source, ctx);
    return w;
}

void wake_free(struct wake *w)
{
    if (w) {
        g_source_destroy(&w->source);
        g_source_unref(&w->source);
    }
}

void wake_signal(struct wake *w)
{
    /* Always the locked exchange, which is a full barrier: a plain look could be done before the caller's own writes are
     * visible, and miss a run that has just begun without them. */
    if (g_atomic_int_compare_and_exchange(&w->signalled, 0, 1)) {
        g_source_set_ready_time(&w->source, 0);
    }
}
