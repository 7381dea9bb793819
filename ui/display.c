/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/display.h"

/* What a console shows before its device has set a mode. */
#define FIRST_WIDTH 640
#define FIRST_HEIGHT 480

struct display *display_new(void)
{
    struct display *d = g_new0(struct display, 1);

    d->consoles = g_ptr_array_new();
    d->listeners = g_ptr_array_new();
    input_init(&d->input);
    return d;
}

void display_free(struct display *d)
{
    g_assert(!d->consoles->len);
    input_free(&d->input);
    g_ptr_array_free(d->consoles, true);
    g_ptr_array_free(d->listeners, true);
    g_free(d);
}

#define TELL(d, call, ...) \
    for (guint i_ = 0; i_ < (d)->listeners->len; i_++) { \
        struct display_listener *l_ = (d)->listeners->pdata[i_]; \
        if (l_->call) { \
            l_->call(l_, ##__VA_ARGS__); \
        } \
    }

void display_listener_add(struct display *d, struct display_listener *l)
{
    g_ptr_array_add(d->listeners, l);
    for (guint i = 0; l->added && i < d->consoles->len; i++) {
        l->added(l, d->consoles->pdata[i]);
    }
}

void display_listener_remove(struct display *d, struct display_listener *l)
{
    g_ptr_array_remove(d->listeners, l);
}

struct console *console_new(struct display *d, const char *name, const char *id, const struct console_ops *ops,
                            void *opaque)
{
    struct console *c = g_new0(struct console, 1);

    *c = (struct console) { .display = d, .name = g_strdup(name), .id = g_strdup(id), .ops = ops, .opaque = opaque };
    c->surface = surface_new(FIRST_WIDTH, FIRST_HEIGHT);
    g_ptr_array_add(d->consoles, c);
    TELL(d, added, c);
    return c;
}

void console_free(struct console *c)
{
    struct display *d = c->display;

    TELL(d, removed, c);
    g_ptr_array_remove(d->consoles, c);
    surface_free(c->surface);
    g_free(c->name);
    g_free(c->id);
    g_free(c);
}

struct surface *console_resize(struct console *c, unsigned width, unsigned height)
{
    struct surface *old = c->surface;

    if (old->width != width || old->height != height) {
        c->surface = surface_new(width, height);
        TELL(c->display, switched, c);
        surface_free(old);
    }
    return c->surface;
}

void console_damage(struct console *c, unsigned x, unsigned y, unsigned width, unsigned height)
{
    g_assert(x <= c->surface->width && width <= c->surface->width - x && y <= c->surface->height &&
             height <= c->surface->height - y);
    if (width && height) {
        TELL(c->display, damaged, c, x, y, width, height);
    }
}

struct console *display_console(struct display *d, unsigned n)
{
    return n < d->consoles->len ? d->consoles->pdata[n] : NULL;
}

void console_refresh(struct console *c)
{
    c->ops->refresh(c->opaque);
}
