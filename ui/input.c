/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/input.h"

#include <stdlib.h>
#include <string.h>

const char *const input_button_names[] = {
    "left", "middle", "right", "wheel-up", "wheel-down", "side", "extra", "wheel-left", "wheel-right", NULL,
};

int input_key_find(const char *name)
{
    char *end;
    unsigned long code;

    for (unsigned i = 0; i < input_key_count; i++) {
        if (!strcmp(input_keys[i].name, name)) {
            return i;
        }
    }
    if (!g_str_has_prefix(name, "0x")) {
        return -1;
    }
    code = strtoul(name, &end, 16);
    /* QEMU writes a code of two bytes as the second one with its highest bit set. */
    for (unsigned i = 0; !*end && code && i < input_key_count; i++) {
        unsigned set1 = input_keys[i].set1;

        if (code == (set1 > 0xff ? (set1 & 0xff) | 0x80 : set1)) {
            return i;
        }
    }
    return -1;
}

int input_key_of_evdev(unsigned code)
{
    for (unsigned i = 0; code && i < input_key_count; i++) {
        if (input_keys[i].evdev == code) {
            return i;
        }
    }
    return -1;
}

void input_init(struct input *in)
{
    *in = (struct input) { .sinks = g_ptr_array_new(), .keys_down = g_byte_array_new() };
    g_byte_array_set_size(in->keys_down, input_key_count);
    memset(in->keys_down->data, 0, input_key_count);
}

void input_free(struct input *in)
{
    g_ptr_array_free(in->sinks, true);
    g_byte_array_free(in->keys_down, true);
}

void input_sink_add(struct input *in, struct input_sink *s)
{
    g_ptr_array_add(in->sinks, s);
}

void input_sink_remove(struct input *in, struct input_sink *s)
{
    g_ptr_array_remove(in->sinks, s);
}

void input_sink_activate(struct input *in, struct input_sink *s, bool on)
{
    g_ptr_array_remove(in->sinks, s);
    g_ptr_array_insert(in->sinks, on ? 0 : -1, s);
}

static struct input_sink *first(const struct input *in, unsigned takes)
{
    for (guint i = 0; i < in->sinks->len; i++) {
        struct input_sink *s = in->sinks->pdata[i];

        if (s->takes & takes) {
            return s;
        }
    }
    return NULL;
}

bool input_is_absolute(const struct input *in)
{
    const struct input_sink *s = first(in, INPUT_TAKES_REL | INPUT_TAKES_ABS);

    return s && (s->takes & INPUT_TAKES_ABS);
}

bool input_has_pointer(const struct input *in)
{
    return first(in, INPUT_TAKES_REL | INPUT_TAKES_ABS) != NULL;
}

void input_send(struct input *in, const struct input_event *e)
{
    struct input_sink *s;

    if (e->kind == INPUT_KEY) {
        g_assert(e->code < input_key_count);
        in->keys_down->data[e->code] = e->down;
    }
    s = first(in, 1u << e->kind);
    if (s) {
        s->pending = true;
        s->event(s, e);
    }
}

void input_sync(struct input *in)
{
    for (guint i = 0; i < in->sinks->len; i++) {
        struct input_sink *s = in->sinks->pdata[i];

        if (s->pending && s->sync) {
            s->sync(s);
        }
        s->pending = false;
    }
}

void input_key(struct input *in, unsigned key, bool down)
{
    input_send(in, &(struct input_event) { .kind = INPUT_KEY, .code = key, .down = down });
    input_sync(in);
}

void input_release_keys(struct input *in)
{
    for (unsigned i = 0; i < input_key_count; i++) {
        if (in->keys_down->data[i]) {
            input_key(in, i, false);
        }
    }
}
