/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A front end that needs a large library is a module: a shared object beside the program, loaded when the user asks for it, so
 * that the others don't pay for it at every start. A module defines one struct frontend named frontend_module, and calls the
 * functions of the program that ui/frontend.syms lists.
 */
#ifndef UI_FRONTEND_H
#define UI_FRONTEND_H

#include <glib.h>
#include <stdbool.h>

struct machine;

/* Modifiers that make a key a command to the window: index in -display sdl,grab-mod=. */
enum frontend_grab_mod { GRAB_LCTRL_LALT, GRAB_LSHIFT_LCTRL_LALT, GRAB_RCTRL };

/* -display NAME,... */
struct frontend_options {
    bool full_screen;
    bool show_cursor;           /* the host's pointer stays visible over the guest's screen */
    bool window_close;          /* closing the window ends the machine */
    int grab_mod;               /* enum frontend_grab_mod */
};

struct frontend {
    /* Opens windows for the machine's consoles and works on the main loop from then on. NULL and *err where the host has no
     * display to open them on. Main thread, without the machine lock. */
    void *(*open)(struct machine *m, const struct frontend_options *o, GError **err);
    void (*close)(void *opaque);
};

#endif
