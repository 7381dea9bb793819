/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys, buttons and movements on their way from front ends to input devices. A key is an index into input_keys, whose
 * names are QEMU's ("ret", "a", "shift"); what a device says for it follows from the row.
 *
 * An event goes to the first of the devices that take its kind. Devices come in the order made; one that the guest's
 * driver begins to use moves to the front (a tablet in place of the PS/2 mouse). Machine lock.
 */
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One key: its names and its codes in the tables of the world. */
struct input_key {
    const char *name;
    uint16_t set1, set2;        /* PS/2 scan codes; 0xe0__: preceded by 0xe0; 0: the device has code of its own, or none */
    uint16_t evdev;             /* Linux's KEY_ number, as virtio-input says it */
};

extern const struct input_key input_keys[];
extern const unsigned input_key_count;

/* The key of a name, or of a number as of QEMU's sendkey ("0x1e", a scan code of set 1); -1: there is none. */
int input_key_find(const char *name);
/* The key with this evdev code, -1. */
int input_key_of_evdev(unsigned code);

enum input_kind { INPUT_KEY, INPUT_BUTTON, INPUT_REL, INPUT_ABS };
enum input_mask { INPUT_TAKES_KEYS = 1 << INPUT_KEY, INPUT_TAKES_BUTTONS = 1 << INPUT_BUTTON,
                  INPUT_TAKES_REL = 1 << INPUT_REL, INPUT_TAKES_ABS = 1 << INPUT_ABS };
enum input_button { BUTTON_LEFT, BUTTON_MIDDLE, BUTTON_RIGHT, BUTTON_WHEEL_UP, BUTTON_WHEEL_DOWN, BUTTON_SIDE,
                    BUTTON_EXTRA, BUTTON_WHEEL_LEFT, BUTTON_WHEEL_RIGHT, INPUT_BUTTONS };
enum input_axis { AXIS_X, AXIS_Y };
#define INPUT_ABS_MAX 0x7fff

extern const char *const input_button_names[];  /* NULL-terminated; by enum input_button */

struct input_event {
    enum input_kind kind;
    unsigned code;              /* key, button or axis */
    bool down;                  /* keys and buttons */
    int32_t value;              /* INPUT_REL: steps; INPUT_ABS: 0 to INPUT_ABS_MAX */
};

/* A device that takes events; in its memory. */
struct input_sink {
    const char *name;
    unsigned takes;             /* INPUT_TAKES_* */
    void (*event)(struct input_sink *s, const struct input_event *e);
    void (*sync)(struct input_sink *s);     /* events up to here belong together; NULL: never mind */
    bool pending;               /* has had events since the last sync */
};

enum input_led { INPUT_LED_SCROLL = 1, INPUT_LED_NUM = 2, INPUT_LED_CAPS = 4 };

struct input {
    GPtrArray *sinks;           /* of struct input_sink, first choice first */
    GByteArray *keys_down;      /* by key: held now, so that a front end that loses the keyboard can release them */
    unsigned leds;              /* as the guest set them last */
};

void input_init(struct input *in);
void input_free(struct input *in);

void input_sink_add(struct input *in, struct input_sink *s);
void input_sink_remove(struct input *in, struct input_sink *s);
/* The guest begins to use it, or stops. */
void input_sink_activate(struct input *in, struct input_sink *s, bool on);

/* To the sink that it is for; nothing happens where there is none. */
void input_send(struct input *in, const struct input_event *e);
/* After events that belong together. */
void input_sync(struct input *in);
/* A key with its sync. */
void input_key(struct input *in, unsigned key, bool down);
/* Releases all keys that are down. */
void input_release_keys(struct input *in);
/* Do movements go to a device that wants absolute positions? */
bool input_is_absolute(const struct input *in);
/* Does any device take movements? */
bool input_has_pointer(const struct input *in);

#endif
