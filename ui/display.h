/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands between display devices and front ends. A device makes a console for each of its outputs, draws into the
 * console's surface when it is asked to refresh, and says which rectangle has changed. A front end (a window, a screen
 * dump) listens, and asks for refreshes as often as it likes: without a front end nothing is ever drawn.
 *
 * Everything here runs under the machine lock.
 */
#ifndef UI_DISPLAY_H
#define UI_DISPLAY_H

#include <glib.h>
#include <stdbool.h>

#include "ui/input.h"
#include "ui/surface.h"

struct console;

/* The device's side. */
struct console_ops {
    void (*refresh)(void *opaque);      /* draw what has changed, console_damage it */
};

struct console {
    struct display *display;
    char *name, *id;                    /* the device's type and id; id NULL: it has none */
    const struct console_ops *ops;
    void *opaque;
    struct surface *surface;            /* never NULL: black before the device has drawn anything */
};

/* A front end; any may be NULL. */
struct display_listener {
    void (*added)(struct display_listener *l, struct console *c);
    void (*removed)(struct display_listener *l, struct console *c);     /* about to be freed */
    void (*switched)(struct display_listener *l, struct console *c);    /* c->surface is another one, of any size */
    void (*damaged)(struct display_listener *l, struct console *c, unsigned x, unsigned y, unsigned width,
                    unsigned height);
};

/* All consoles and input devices of one machine. */
struct display {
    GPtrArray *consoles;                /* of struct console, in the order made */
    GPtrArray *listeners;               /* of struct display_listener */
    struct input input;
};

struct display *display_new(void);
/* The consoles are gone already. */
void display_free(struct display *d);

/* Calls l->added for the consoles there are. */
void display_listener_add(struct display *d, struct display_listener *l);
void display_listener_remove(struct display *d, struct display_listener *l);

/* ---- for devices ---- */

struct console *console_new(struct display *d, const char *name, const char *id, const struct console_ops *ops,
                            void *opaque);
void console_free(struct console *c);
/* A surface of this size that is the console's from now on: the present one where it fits, else a new black one. Width and
 * height: 1 to SURFACE_SIDE_MAX. */
struct surface *console_resize(struct console *c, unsigned width, unsigned height);
/* A part of the surface, within it, has been drawn. */
void console_damage(struct console *c, unsigned x, unsigned y, unsigned width, unsigned height);

/* ---- for front ends ---- */

/* The n-th console, NULL where there are fewer. */
struct console *display_console(struct display *d, unsigned n);
/* Lets the device draw; the listeners hear of damage before this returns. */
void console_refresh(struct console *c);

#endif
