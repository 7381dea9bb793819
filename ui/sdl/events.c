/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user does in the window: keys and commands, pointer, window. */
#include "ui/sdl/sdl_impl.h"

static struct input *input_of(struct sdl *s)
{
    return &s->m->display->input;
}

static void release_all(struct sdl *s)
{
    machine_lock(s->m);
    input_release_keys(input_of(s));
    machine_unlock(s->m);
}

/* ---- keys ---- */

static bool is_command(const struct sdl *s, SDL_Keymod mod)
{
    static const SDL_Keymod wanted[] = {
        [GRAB_LCTRL_LALT] = KMOD_LCTRL | KMOD_LALT,
        [GRAB_LSHIFT_LCTRL_LALT] = KMOD_LSHIFT | KMOD_LCTRL | KMOD_LALT,
        [GRAB_RCTRL] = KMOD_RCTRL,
    };

    return (mod & wanted[s->opt.grab_mod]) == wanted[s->opt.grab_mod];
}

/* False: it is the guest's key after all. */
static bool command(struct sdl *s, SDL_Scancode code)
{
    switch (code) {
    case SDL_SCANCODE_G:
        sdl_grab(s, !s->grabbed);
        break;
    case SDL_SCANCODE_F:
        sdl_full_screen(s, !s->full_screen);
        break;
    case SDL_SCANCODE_U:
        s->scaled = false;
        sdl_fit_window(s);
        break;
    case SDL_SCANCODE_1: case SDL_SCANCODE_2: case SDL_SCANCODE_3: case SDL_SCANCODE_4: case SDL_SCANCODE_5:
    case SDL_SCANCODE_6: case SDL_SCANCODE_7: case SDL_SCANCODE_8: case SDL_SCANCODE_9:
        sdl_show_console(s, code - SDL_SCANCODE_1);
        break;
    default:
        return false;
    }
    return true;
}

static void key(struct sdl *s, const SDL_KeyboardEvent *e)
{
    SDL_Scancode code = e->keysym.scancode;
    bool down = e->type == SDL_KEYDOWN;
    int k = sdl_key(code);

    if ((unsigned)code >= SDL_NUM_SCANCODES) {
        return;
    }
    if (down && !e->repeat && is_command(s, e->keysym.mod) && command(s, code)) {
        s->swallow[code] = true;
        release_all(s);         /* the modifiers were part of the command */
        return;
    }
    if (s->swallow[code]) {
        s->swallow[code] = down;
        return;
    }
    if (k >= 0) {
        machine_lock(s->m);
        input_key(input_of(s), k, down);
        machine_unlock(s->m);
    }
}

/* ---- the pointer ---- */

static void send_motion(struct input *in, enum input_kind kind, int x, int y)
{
    input_send(in, &(struct input_event) { .kind = kind, .code = AXIS_X, .value = x });
    input_send(in, &(struct input_event) { .kind = kind, .code = AXIS_Y, .value = y });
}

static int scale(int v, unsigned size)
{
    return size > 1 ? CLAMP(v, 0, (int)size - 1) * INPUT_ABS_MAX / ((int)size - 1) : 0;
}

/* Positions where the guest has a tablet, steps where it has a mouse and the window the pointer. */
static void motion(struct sdl *s, const SDL_MouseMotionEvent *e)
{
    struct input *in = input_of(s);

    machine_lock(s->m);
    if (input_is_absolute(in) && s->console) {
        const struct surface *p = s->console->surface;

        send_motion(in, INPUT_ABS, scale(e->x, p->width), scale(e->y, p->height));
        input_sync(in);
    } else if (s->grabbed) {
        send_motion(in, INPUT_REL, e->xrel, e->yrel);
        input_sync(in);
    }
    machine_unlock(s->m);
}

static int button_of(unsigned n)
{
    static const int buttons[] = { [SDL_BUTTON_LEFT] = BUTTON_LEFT, [SDL_BUTTON_MIDDLE] = BUTTON_MIDDLE,
                                   [SDL_BUTTON_RIGHT] = BUTTON_RIGHT, [SDL_BUTTON_X1] = BUTTON_SIDE,
                                   [SDL_BUTTON_X2] = BUTTON_EXTRA };

    return n && n < G_N_ELEMENTS(buttons) ? buttons[n] : -1;
}

static void click(struct sdl *s, unsigned button, bool down)
{
    struct input *in = input_of(s);

    input_send(in, &(struct input_event) { .kind = INPUT_BUTTON, .code = button, .down = down });
}

/* The click that takes the pointer is the window's alone. */
static void button(struct sdl *s, const SDL_MouseButtonEvent *e)
{
    struct input *in = input_of(s);
    int n = button_of(e->button);
    bool take;

    if (n < 0) {
        return;
    }
    machine_lock(s->m);
    take = !s->grabbed && input_has_pointer(in) && !input_is_absolute(in);
    if (!take || e->type == SDL_MOUSEBUTTONUP) {
        click(s, n, e->type == SDL_MOUSEBUTTONDOWN);
        input_sync(in);
    }
    machine_unlock(s->m);
    if (take && e->type == SDL_MOUSEBUTTONDOWN) {
        sdl_grab(s, true);
    }
}

static void wheel(struct sdl *s, const SDL_MouseWheelEvent *e)
{
    struct input *in = input_of(s);

    machine_lock(s->m);
    if (e->y) {
        click(s, e->y > 0 ? BUTTON_WHEEL_UP : BUTTON_WHEEL_DOWN, true);
        click(s, e->y > 0 ? BUTTON_WHEEL_UP : BUTTON_WHEEL_DOWN, false);
    } else if (e->x) {
        click(s, e->x > 0 ? BUTTON_WHEEL_RIGHT : BUTTON_WHEEL_LEFT, true);
        click(s, e->x > 0 ? BUTTON_WHEEL_RIGHT : BUTTON_WHEEL_LEFT, false);
    }
    input_sync(in);
    machine_unlock(s->m);
}

/* ---- the window ---- */

static void window(struct sdl *s, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_EXPOSED:
        s->changed = true;
        break;
    case SDL_WINDOWEVENT_RESIZED:       /* by the user; our own changes are SIZE_CHANGED alone */
        s->scaled = s->scaled || !s->full_screen;
        s->changed = true;
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        release_all(s);
        sdl_grab(s, false);
        break;
    }
}

void sdl_event(struct sdl *s, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_KEYDOWN: case SDL_KEYUP:
        key(s, &e->key);
        break;
    case SDL_MOUSEMOTION:
        motion(s, &e->motion);
        break;
    case SDL_MOUSEBUTTONDOWN: case SDL_MOUSEBUTTONUP:
        button(s, &e->button);
        break;
    case SDL_MOUSEWHEEL:
        wheel(s, &e->wheel);
        break;
    case SDL_WINDOWEVENT:
        window(s, &e->window);
        break;
    case SDL_QUIT:
        if (s->opt.window_close) {
            machine_request_shutdown(s->m, CAUSE_HOST, 0);
        }
        break;
    case SDL_RENDER_TARGETS_RESET: case SDL_RENDER_DEVICE_RESET:
        if (s->texture) {
            SDL_DestroyTexture(s->texture);
            s->texture = NULL;
        }
        break;
    }
}
