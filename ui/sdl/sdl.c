/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/sdl/sdl_impl.h"

#define REFRESH_MS 20

/* The program looks it up by this name. */
extern const struct frontend frontend_module;

/* ---- the window ---- */

void sdl_set_title(struct sdl *s)
{
    static const char *const keys[] = {
        [GRAB_LCTRL_LALT] = "Ctrl-Alt-G", [GRAB_LSHIFT_LCTRL_LALT] = "Shift-Ctrl-Alt-G", [GRAB_RCTRL] = "Right-Ctrl-G",
    };
    g_autofree char *title = g_strdup_printf("Doppel%s%s%s%s%s%s", s->m->opt.name ? " (" : "",
                                             s->m->opt.name ? s->m->opt.name : "", s->m->opt.name ? ")" : "",
                                             machine_state(s->m) == RUN_RUNNING ? "" : " [Stopped]",
                                             s->grabbed ? " - to release the mouse: " : "",
                                             s->grabbed ? keys[s->opt.grab_mod] : "");

    SDL_SetWindowTitle(s->window, title);
}

void sdl_grab(struct sdl *s, bool on)
{
    bool absolute;

    machine_lock(s->m);
    absolute = input_is_absolute(&s->m->display->input);
    machine_unlock(s->m);
    if (s->grabbed == on) {
        return;
    }
    s->grabbed = on;
    /* A tablet's pointer may leave the window: grabbing is for the keyboard then. */
    SDL_SetRelativeMouseMode(on && !absolute && !s->opt.show_cursor);
    SDL_SetWindowGrab(s->window, on);
    sdl_set_title(s);
}

void sdl_full_screen(struct sdl *s, bool on)
{
    s->full_screen = on;
    SDL_SetWindowFullscreen(s->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    if (!on) {
        sdl_fit_window(s);
    }
    s->changed = true;
}

void sdl_fit_window(struct sdl *s)
{
    if (s->console && !s->scaled && !s->full_screen) {
        SDL_SetWindowSize(s->window, s->console->surface->width, s->console->surface->height);
    }
    s->changed = true;
}

/* ---- the picture ---- */

static void upload(struct sdl *s, unsigned x, unsigned y, unsigned width, unsigned height)
{
    const struct surface *p = s->console->surface;

    SDL_UpdateTexture(s->texture, &(SDL_Rect) { x, y, width, height }, surface_row(p, y) + x, p->width * 4);
    s->changed = true;
}

/* A texture of the surface's size, with all of it. The renderer scales it, and keeps its proportions. */
static void make_texture(struct sdl *s)
{
    const struct surface *p = s->console->surface;

    s->texture = SDL_CreateTexture(s->renderer, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, p->width, p->height);
    if (s->texture) {
        SDL_RenderSetLogicalSize(s->renderer, p->width, p->height);
        upload(s, 0, 0, p->width, p->height);
    }
}

static void drop_texture(struct sdl *s)
{
    if (s->texture) {
        SDL_DestroyTexture(s->texture);
        s->texture = NULL;
    }
}

static struct sdl *of_listener(struct display_listener *l)
{
    return (struct sdl *)((char *)l - offsetof(struct sdl, listener));
}

static void on_added(struct display_listener *l, struct console *c)
{
    struct sdl *s = of_listener(l);

    if (!s->console) {
        s->console = c;
        sdl_fit_window(s);
    }
}

static void on_removed(struct display_listener *l, struct console *c)
{
    struct sdl *s = of_listener(l);

    if (s->console == c) {
        s->console = NULL;
        drop_texture(s);
    }
}

static void on_switched(struct display_listener *l, struct console *c)
{
    struct sdl *s = of_listener(l);

    if (s->console == c) {
        drop_texture(s);
        sdl_fit_window(s);
    }
}

static void on_damaged(struct display_listener *l, struct console *c, unsigned x, unsigned y, unsigned width,
                       unsigned height)
{
    struct sdl *s = of_listener(l);

    if (s->console == c && s->texture) {
        upload(s, x, y, width, height);
    }
}

void sdl_show_console(struct sdl *s, unsigned n)
{
    struct console *c;

    machine_lock(s->m);
    c = display_console(s->m->display, n);
    if (c && c != s->console) {
        s->console = c;
        drop_texture(s);
        sdl_fit_window(s);
    }
    machine_unlock(s->m);
}

static void present(struct sdl *s)
{
    s->changed = false;
    SDL_RenderClear(s->renderer);
    if (s->texture) {
        SDL_RenderCopy(s->renderer, s->texture, NULL, NULL);
    }
    SDL_RenderPresent(s->renderer);
}

static gboolean tick(gpointer opaque)
{
    struct sdl *s = opaque;
    SDL_Event e;

    while (SDL_PollEvent(&e)) {
        sdl_event(s, &e);
    }
    machine_lock(s->m);
    if (s->console) {
        console_refresh(s->console);
        if (!s->texture) {
            make_texture(s);
        }
    }
    machine_unlock(s->m);
    if (s->changed) {
        present(s);
    }
    return G_SOURCE_CONTINUE;
}

/* ---- life ---- */

static void on_event(struct machine_listener *l, struct machine *m, enum machine_event event)
{
    sdl_set_title((struct sdl *)((char *)l - offsetof(struct sdl, life)));
}

static bool make_window(struct sdl *s)
{
    s->window = SDL_CreateWindow("Doppel", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 640, 480, SDL_WINDOW_RESIZABLE);
    if (!s->window) {
        return false;
    }
    s->renderer = SDL_CreateRenderer(s->window, -1, 0);
    if (!s->renderer) {
        s->renderer = SDL_CreateRenderer(s->window, -1, SDL_RENDERER_SOFTWARE);
    }
    return s->renderer != NULL;
}

static void close_window(void *opaque)
{
    struct sdl *s = opaque;

    if (s->timer) {
        g_source_remove(s->timer);
        machine_lock(s->m);
        display_listener_remove(s->m->display, &s->listener);
        machine_listener_remove(s->m, &s->life);
        machine_unlock(s->m);
    }
    drop_texture(s);
    if (s->renderer) {
        SDL_DestroyRenderer(s->renderer);
    }
    if (s->window) {
        SDL_DestroyWindow(s->window);
    }
    SDL_Quit();
    g_free(s);
}

static void *open_window(struct machine *m, const struct frontend_options *o, GError **err)
{
    struct sdl *s = g_new0(struct sdl, 1);

    s->m = m;
    s->opt = *o;
    /* The program has its own handlers; guests' pictures are scaled smoothly; a window is no reason to turn effects off. */
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "linear");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_GRAB_KEYBOARD, "1");
    if (SDL_Init(SDL_INIT_VIDEO) || !make_window(s)) {
        g_set_error(err, g_quark_from_static_string("sdl"), 0,
                    "-display sdl: %s; is there a display (DISPLAY, WAYLAND_DISPLAY)? -display none does without",
                    SDL_GetError());
        close_window(s);
        return NULL;
    }
    SDL_EnableScreenSaver();
    if (!o->show_cursor) {
        SDL_ShowCursor(SDL_ENABLE);     /* hidden by relative mode while grabbed */
    }
    s->listener = (struct display_listener) { on_added, on_removed, on_switched, on_damaged };
    s->life = (struct machine_listener) { .event = on_event };
    machine_lock(m);
    display_listener_add(m->display, &s->listener);
    machine_listener_add(m, &s->life);
    machine_unlock(m);
    sdl_set_title(s);
    if (o->full_screen) {
        sdl_full_screen(s, true);
    }
    s->timer = g_timeout_add(REFRESH_MS, tick, s);
    return s;
}

const struct frontend frontend_module = { .open = open_window, .close = close_window };
