/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One window that shows one of the machine's consoles. Main thread; calls into the machine take its lock. */
#ifndef UI_SDL_SDL_IMPL_H
#define UI_SDL_SDL_IMPL_H

#include <SDL.h>

#include "system/machine.h"
#include "ui/display.h"
#include "ui/frontend.h"

struct sdl {
    struct machine *m;
    struct frontend_options opt;
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *texture;           /* of the surface's size; NULL: to be made */
    struct display_listener listener;
    struct machine_listener life;
    struct console *console;        /* shown; NULL: the machine has none */
    guint timer;
    bool changed;                   /* the texture is newer than the window */
    bool grabbed, full_screen;
    bool scaled;                    /* the user has chosen the window's size */
    bool swallow[SDL_NUM_SCANCODES];    /* keys that were commands to the window: their release is not the guest's */
    uint32_t buttons;               /* as the guest has been told, SDL's mask */
};

/* sdl.c */
void sdl_set_title(struct sdl *s);
void sdl_grab(struct sdl *s, bool on);
void sdl_full_screen(struct sdl *s, bool on);
/* The window gets the size of the guest's screen. */
void sdl_fit_window(struct sdl *s);
void sdl_show_console(struct sdl *s, unsigned n);

/* events.c */
void sdl_event(struct sdl *s, const SDL_Event *e);
/* keys.c: index of input_keys, -1: no such key. */
int sdl_key(SDL_Scancode code);

#endif
