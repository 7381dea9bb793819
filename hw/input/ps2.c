/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PS/2 keyboard and the PS/2 mouse with a wheel (IBM PS/2 Hardware Interface Technical Reference, "Keyboard" and
 * "Auxiliary Device"; Microsoft's IntelliMouse and IntelliMouse Explorer: packets of four bytes after rates 200, 100, 80 and
 * 200, 200, 80).
 *
 * Keys repeat as the host's do. Not modelled: scan code set 3, the mouse's scaling and resolution, the rates.
 */
#include <string.h>

#include "hw/input/i8042_impl.h"
#include "system/machine.h"

enum { ACK = 0xfa, RESEND = 0xfe, SELF_TEST_OK = 0xaa };
enum { MOUSE_REMOTE = 0x40, MOUSE_ENABLED = 0x20, MOUSE_SCALE2 = 0x10 };
enum { ID_PLAIN = 0, ID_WHEEL = 3, ID_FIVE_BUTTONS = 4 };
enum { RIGHT, DOWN, WHEEL };

static void push(struct i8042 *s, unsigned port, uint8_t v)
{
    if (s->count[port] < PS2_QUEUE_BYTES) {
        s->queue[port][(s->head[port] + s->count[port]++) % PS2_QUEUE_BYTES] = v;
    }
}

static unsigned room(const struct i8042 *s, unsigned port)
{
    return PS2_QUEUE_BYTES - s->count[port];
}

static void clear(struct i8042 *s, unsigned port)
{
    s->count[port] = 0;
}

/* ---- keys ---- */

/* Does the host get set 1? Either the keyboard was told so, or the controller translates. */
static bool says_set1(const struct i8042 *s)
{
    return s->scan_set == 1 || (s->mode & MODE_TRANSLATE);
}

/* Keys whose codes depend on others. */
static const struct special {
    const char *name;
    const char *set1_down, *set1_up, *set2_down, *set2_up;
} specials[] = {
    { "print", "\xe0\x2a\xe0\x37", "\xe0\xb7\xe0\xaa", "\xe0\x12\xe0\x7c", "\xe0\xf0\x7c\xe0\xf0\x12" },
    { "pause", "\xe1\x1d\x45\xe1\x9d\xc5", "", "\xe1\x14\x77\xe1\xf0\x14\xf0\x77", "" },
};

static const char *special_codes(const struct i8042 *s, const char *name, bool down)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(specials); i++) {
        const struct special *p = &specials[i];

        if (!strcmp(p->name, name)) {
            return says_set1(s) ? (down ? p->set1_down : p->set1_up) : down ? p->set2_down : p->set2_up;
        }
    }
    return "";
}

/* The bytes for a key; how many. */
static unsigned codes(const struct i8042 *s, const struct input_key *k, bool down, uint8_t *out)
{
    unsigned code = says_set1(s) ? k->set1 : k->set2, n = 0;

    if (!k->set1) {
        const char *p = special_codes(s, k->name, down);

        memcpy(out, p, strlen(p));
        return strlen(p);
    }
    if (!code) {
        return 0;
    }
    if (code > 0xff) {
        out[n++] = 0xe0;
    }
    if (!down && !says_set1(s)) {
        out[n++] = 0xf0;
    }
    out[n++] = code | (!down && says_set1(s) ? 0x80 : 0);
    return n;
}

static void key_event(struct input_sink *sink, const struct input_event *e)
{
    struct i8042 *s = (struct i8042 *)((char *)sink - offsetof(struct i8042, keyboard));
    uint8_t bytes[8];
    unsigned n = codes(s, &input_keys[e->code], e->down, bytes);

    /* A full keyboard forgets whole keys, and keeps room for the answer to a command. */
    if (!s->scanning || n + 2 > room(s, KBD)) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        push(s, KBD, bytes[i]);
    }
    i8042_update(&s->isa.dev);
}

/* ---- the keyboard's commands ---- */

static void keyboard_defaults(struct i8042 *s)
{
    s->rate_kbd = 0x2b;
    s->scan_set = 2;
    s->leds = 0;
}

static void keyboard_parameter(struct i8042 *s, uint8_t v)
{
    static const uint8_t translated[] = { 0, 0x43, 0x41, 0x3f };
    uint8_t command = s->expects[KBD];

    s->expects[KBD] = 0;
    if (command == 0xf0 && v > 2) {
        push(s, KBD, RESEND);
        return;
    }
    push(s, KBD, ACK);
    if (command == 0xed) {
        s->leds = v & 7;
        s->isa.dev.m->display->input.leds = s->leds;
    } else if (command == 0xf3) {
        s->rate_kbd = v;
    } else if (command == 0xf0 && v == 0) {
        push(s, KBD, s->mode & MODE_TRANSLATE ? translated[s->scan_set & 3] : s->scan_set);
    } else if (command == 0xf0) {
        s->scan_set = v;
    }
}

void ps2_keyboard_write(struct i8042 *s, uint8_t v)
{
    if (s->expects[KBD]) {
        keyboard_parameter(s, v);
        return;
    }
    switch (v) {
    case 0xed: case 0xf0: case 0xf3:
        s->expects[KBD] = v;
        push(s, KBD, ACK);
        break;
    case 0xee:
        push(s, KBD, 0xee);
        break;
    case 0xf2:
        push(s, KBD, ACK);
        push(s, KBD, 0xab);
        push(s, KBD, s->mode & MODE_TRANSLATE ? 0x41 : 0x83);
        break;
    case 0xf4: case 0xf5: case 0xf6:
        if (v != 0xf4) {
            keyboard_defaults(s);
            clear(s, KBD);
        }
        s->scanning = v != 0xf5;
        push(s, KBD, ACK);
        break;
    case 0xff:
        keyboard_defaults(s);
        s->scanning = true;
        clear(s, KBD);
        push(s, KBD, ACK);
        push(s, KBD, SELF_TEST_OK);
        break;
    default:
        push(s, KBD, RESEND);
    }
}

/* ---- movements ---- */

static int32_t take(int32_t *moved, int32_t limit)
{
    int32_t v = CLAMP(*moved, -limit, limit);

    *moved -= v;
    return v;
}

/* Three bytes, or four with a wheel; down is negative for the host. */
static void push_packet(struct i8042 *s)
{
    int32_t dx = take(&s->moved[RIGHT], 127), dy = -take(&s->moved[DOWN], 127), dz;

    push(s, MOUSE, 0x08 | (s->buttons & 7) | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0));
    push(s, MOUSE, dx & 0xff);
    push(s, MOUSE, dy & 0xff);
    if (s->mouse_id == ID_WHEEL) {
        push(s, MOUSE, take(&s->moved[WHEEL], 127) & 0xff);
    } else if (s->mouse_id == ID_FIVE_BUTTONS) {
        dz = take(&s->moved[WHEEL], 7);
        push(s, MOUSE, (dz & 0xf) | (s->buttons & 0x18) << 1);
    } else {
        s->moved[WHEEL] = 0;
    }
    s->buttons_told = s->buttons;
}

static bool has_news(const struct i8042 *s)
{
    return s->moved[RIGHT] || s->moved[DOWN] || s->moved[WHEEL] || s->buttons != s->buttons_told;
}

/* Packets as long as there is something to say and room for them and for an answer. */
static void stream(struct i8042 *s)
{
    while ((s->mouse_status & (MOUSE_ENABLED | MOUSE_REMOTE)) == MOUSE_ENABLED && has_news(s) && room(s, MOUSE) >= 8) {
        push_packet(s);
    }
}

void ps2_room(struct i8042 *s)
{
    stream(s);
}

static struct i8042 *of_mouse(struct input_sink *sink)
{
    return (struct i8042 *)((char *)sink - offsetof(struct i8042, mouse));
}

static void add(int32_t *moved, int32_t v)
{
    *moved = CLAMP(*moved + CLAMP(v, -32767, 32767), -32767, 32767);
}

static void mouse_event(struct input_sink *sink, const struct input_event *e)
{
    static const uint8_t bits[INPUT_BUTTONS] = { [BUTTON_LEFT] = 1, [BUTTON_RIGHT] = 2, [BUTTON_MIDDLE] = 4,
                                                 [BUTTON_SIDE] = 8, [BUTTON_EXTRA] = 16 };
    struct i8042 *s = of_mouse(sink);

    if (!(s->mouse_status & MOUSE_ENABLED)) {
        return;
    }
    if (e->kind == INPUT_REL) {
        add(&s->moved[e->code == AXIS_X ? RIGHT : DOWN], e->value);
        return;
    }
    if (e->down && (e->code == BUTTON_WHEEL_UP || e->code == BUTTON_WHEEL_DOWN)) {
        add(&s->moved[WHEEL], e->code == BUTTON_WHEEL_DOWN ? 1 : -1);
    } else if (e->down) {
        s->buttons |= bits[e->code];
    } else {
        s->buttons &= ~bits[e->code];
    }
}

static void mouse_sync(struct input_sink *sink)
{
    struct i8042 *s = of_mouse(sink);

    stream(s);
    i8042_update(&s->isa.dev);
}

/* ---- the mouse's commands ---- */

static void forget_movements(struct i8042 *s)
{
    memset(s->moved, 0, sizeof s->moved);
    s->buttons = s->buttons_told = 0;
}

static void mouse_defaults(struct i8042 *s)
{
    s->mouse_rate = 100;
    s->mouse_resolution = 2;
    s->mouse_status = 0;
    forget_movements(s);
}

static void mouse_parameter(struct i8042 *s, uint8_t v)
{
    uint8_t command = s->expects[MOUSE];

    s->expects[MOUSE] = 0;
    push(s, MOUSE, ACK);
    if (command == 0xe8) {
        s->mouse_resolution = v;
    } else if (command == 0xf3) {
        s->mouse_rate = v;
        memmove(s->knock, s->knock + 1, 2);
        s->knock[2] = v;
        if (!memcmp(s->knock, "\xc8\x64\x50", 3)) {     /* 200, 100, 80: the driver knows the wheel */
            s->mouse_id = ID_WHEEL;
        } else if (!memcmp(s->knock, "\xc8\xc8\x50", 3) && s->mouse_id) {
            s->mouse_id = ID_FIVE_BUTTONS;
        }
    }
}

static uint8_t status_byte(const struct i8042 *s)
{
    return s->mouse_status | (s->buttons & 1 ? 4 : 0) | (s->buttons & 4 ? 2 : 0) | (s->buttons & 2 ? 1 : 0);
}

void ps2_mouse_write(struct i8042 *s, uint8_t v)
{
    if (s->expects[MOUSE]) {
        mouse_parameter(s, v);
        return;
    }
    if (s->wrap && v != 0xec && v != 0xff) {
        push(s, MOUSE, v);
        return;
    }
    switch (v) {
    case 0xe6: s->mouse_status &= ~MOUSE_SCALE2; break;
    case 0xe7: s->mouse_status |= MOUSE_SCALE2; break;
    case 0xe8: case 0xf3: s->expects[MOUSE] = v; break;
    case 0xea: s->mouse_status &= ~MOUSE_REMOTE; break;
    case 0xec: s->wrap = false; break;
    case 0xee: s->wrap = true; break;
    case 0xf0: s->mouse_status |= MOUSE_REMOTE; break;
    case 0xf4: s->mouse_status |= MOUSE_ENABLED; break;
    case 0xf5:
        s->mouse_status &= ~MOUSE_ENABLED;
        forget_movements(s);
        break;
    case 0xf6: mouse_defaults(s); break;
    case 0xe9: case 0xeb: case 0xf2: case 0xff: break;
    default:
        push(s, MOUSE, RESEND);
        return;
    }
    if (v == 0xff) {
        mouse_defaults(s);
        s->mouse_id = ID_PLAIN;
        s->wrap = false;
        clear(s, MOUSE);
    }
    push(s, MOUSE, ACK);
    if (v == 0xff) {
        push(s, MOUSE, SELF_TEST_OK);
        push(s, MOUSE, s->mouse_id);
    } else if (v == 0xf2) {
        push(s, MOUSE, s->mouse_id);
    } else if (v == 0xe9) {
        push(s, MOUSE, status_byte(s));
        push(s, MOUSE, s->mouse_resolution);
        push(s, MOUSE, s->mouse_rate);
    } else if (v == 0xeb) {
        push_packet(s);
    }
}

/* ---- life ---- */

void ps2_init(struct i8042 *s)
{
    struct input *in = &s->isa.dev.m->display->input;

    s->keyboard = (struct input_sink) { .name = "PS/2 keyboard", .takes = INPUT_TAKES_KEYS, .event = key_event };
    s->mouse = (struct input_sink) { .name = "PS/2 mouse", .takes = INPUT_TAKES_BUTTONS | INPUT_TAKES_REL,
                                     .event = mouse_event, .sync = mouse_sync };
    input_sink_add(in, &s->keyboard);
    input_sink_add(in, &s->mouse);
}

void ps2_free(struct i8042 *s)
{
    struct input *in = &s->isa.dev.m->display->input;

    input_sink_remove(in, &s->keyboard);
    input_sink_remove(in, &s->mouse);
}

void ps2_reset(struct i8042 *s)
{
    for (unsigned p = 0; p < PORTS; p++) {
        s->head[p] = s->count[p] = s->expects[p] = 0;
    }
    s->scanning = true;
    s->wrap = false;
    keyboard_defaults(s);
    mouse_defaults(s);
    s->mouse_id = ID_PLAIN;
    memset(s->knock, 0, sizeof s->knock);
}
