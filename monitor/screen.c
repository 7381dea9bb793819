/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Screens, keys and mice, in both monitors' languages. */
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor_impl.h"
#include "monitor/qmp_impl.h"
#include "monitor/sendkey.h"
#include "ui/display.h"
#include "util/file.h"

#define HOLD_MS_MAX 60000

static GQuark quark(void)
{
    return g_quark_from_static_string("monitor");
}

/* ---- screendump ---- */

static struct console *find_console(struct machine *m, const char *device, int64_t head, GError **err)
{
    struct display *d = m->display;
    int64_t n = 0;

    for (guint i = 0; i < d->consoles->len; i++) {
        struct console *c = d->consoles->pdata[i];

        if ((!device || !g_strcmp0(c->id, device)) && n++ == head) {
            return c;
        }
    }
    if (!d->consoles->len) {
        g_set_error(err, quark(), 0, "the machine has no screen: -vga std or -device VGA makes one");
    } else if (device && !n) {
        g_set_error(err, quark(), 0, "Device '%s' not found", device);
    } else {
        g_set_error(err, quark(), 0, "there is no screen %" G_GINT64_FORMAT, head);
    }
    return NULL;
}

/* format NULL: by the file's name. */
static bool screendump(struct machine *m, const char *file, const char *format, const char *device, int64_t head,
                       GError **err)
{
    struct console *c = find_console(m, device, head, err);
    g_autoptr(GByteArray) data = NULL;

    if (!c) {
        return false;
    }
    if (format && strcmp(format, "png") && strcmp(format, "ppm")) {
        g_set_error(err, quark(), 0, "Parameter 'format' expects one of: ppm, png");
        return false;
    }
    console_refresh(c);
    if (format ? !strcmp(format, "png") : g_str_has_suffix(file, ".png")) {
        data = surface_png(c->surface);
    } else {
        data = surface_ppm(c->surface);
    }
    if (!file_write(file, data->data, data->len, err)) {
        g_prefix_error(err, "screendump %s: ", file);
        return false;
    }
    return true;
}

static void report(struct monitor *mon, GError *err)
{
    monitor_printf(mon, "Error: %s\n", err->message);
    g_error_free(err);
}

/* "screendump FILE [-f FORMAT] [DEVICE [HEAD]]" */
static void cmd_screendump(struct monitor *mon, char **args)
{
    const char *words[3] = { NULL }, *format = NULL;
    unsigned n = 0;
    GError *err = NULL;

    for (; *args && n < G_N_ELEMENTS(words); args++) {
        if (!strcmp(*args, "-f") && args[1]) {
            format = *++args;
        } else {
            words[n++] = *args;
        }
    }
    if (!words[0]) {
        monitor_printf(mon, "screendump: which file?\n");
    } else if (!screendump(mon->m, words[0], format, words[1], words[2] ? atoi(words[2]) : 0, &err)) {
        report(mon, err);
    }
}

static bool qmp_screendump(struct qmp_call *c)
{
    GError *err = NULL;

    if (!screendump(c->m, qmp_arg_text(c, "filename", ""), qmp_arg_text(c, "format", NULL),
                    qmp_arg_text(c, "device", NULL), qmp_arg_int(c, "head", 0), &err)) {
        qmp_fail(c, "%s", err->message);
        g_error_free(err);
        return false;
    }
    return true;
}

/* ---- keys ---- */

/* "ctrl-alt-f1"; "-" alone would be ambiguous, its name is "minus". */
static void cmd_sendkey(struct monitor *mon, char **args)
{
    g_auto(GStrv) names = g_strsplit(args[0], "-", -1);
    unsigned keys[SENDKEY_KEYS_MAX], count = 0;
    uint64_t hold_ms = SENDKEY_HOLD_MS;
    GError *err = NULL;

    for (char **n = names; *n; n++) {
        int key = input_key_find(*n);

        if (key < 0 || count == SENDKEY_KEYS_MAX) {
            monitor_printf(mon, key < 0 ? "invalid parameter: %s\n" : "too many keys\n", *n);
            return;
        }
        keys[count++] = key;
    }
    if (args[1] && !monitor_number(mon, args[1], &hold_ms)) {
        return;
    }
    if (!sendkey(mon->m, keys, count, CLAMP(hold_ms, 1, HOLD_MS_MAX), &err)) {
        report(mon, err);
    }
}

/* {"type": "qcode", "data": "ret"} or {"type": "number", "data": 28}; -1: failed. */
static int key_value(struct qmp_call *c, JsonNode *node)
{
    JsonObject *o = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *data = o ? json_object_get_member(o, "data") : NULL;
    GType type = data && JSON_NODE_HOLDS_VALUE(data) ? json_node_get_value_type(data) : G_TYPE_INVALID;
    g_autofree char *name = NULL;
    int key;

    if (type == G_TYPE_STRING) {
        name = g_strdup(json_node_get_string(data));
    } else if (type == G_TYPE_INT64) {
        name = g_strdup_printf("0x%" G_GINT64_MODIFIER "x", json_node_get_int(data));
    } else {
        qmp_fail(c, "a key is an object with type 'qcode' or 'number', and data");
        return -1;
    }
    key = input_key_find(name);
    if (key < 0) {
        qmp_fail(c, "Parameter 'data' does not accept value '%s': no such key", name);
    }
    return key;
}

static JsonArray *array_arg(struct qmp_call *c, const char *name)
{
    JsonNode *node = json_object_get_member(c->args, name);

    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        qmp_fail(c, "Invalid parameter type for '%s', expected: array", name);
        return NULL;
    }
    return json_node_get_array(node);
}

static bool send_key(struct qmp_call *c)
{
    JsonArray *list = array_arg(c, "keys");
    int64_t hold_ms = qmp_arg_int(c, "hold-time", SENDKEY_HOLD_MS);
    unsigned keys[SENDKEY_KEYS_MAX], count = list ? json_array_get_length(list) : 0;
    GError *err = NULL;

    if (!list) {
        return false;
    }
    if (count > SENDKEY_KEYS_MAX) {
        return qmp_fail(c, "at most %u keys at once", SENDKEY_KEYS_MAX);
    }
    for (unsigned i = 0; i < count; i++) {
        int key = key_value(c, json_array_get_element(list, i));

        if (key < 0) {
            return false;
        }
        keys[i] = key;
    }
    if (!sendkey(c->m, keys, count, CLAMP(hold_ms, 1, HOLD_MS_MAX), &err)) {
        qmp_fail(c, "%s", err->message);
        g_error_free(err);
        return false;
    }
    return true;
}

/* ---- events of all kinds ---- */

static int index_of(const char *const *names, const char *name)
{
    for (int i = 0; name && names[i]; i++) {
        if (!strcmp(names[i], name)) {
            return i;
        }
    }
    return -1;
}

static const char *text_member(JsonObject *o, const char *name)
{
    JsonNode *n = o ? json_object_get_member(o, name) : NULL;

    return n && JSON_NODE_HOLDS_VALUE(n) && json_node_get_value_type(n) == G_TYPE_STRING ? json_node_get_string(n) : NULL;
}

static bool int_member(JsonObject *o, const char *name, GType type, int64_t *v)
{
    JsonNode *n = json_object_get_member(o, name);

    if (!n || !JSON_NODE_HOLDS_VALUE(n) || json_node_get_value_type(n) != type) {
        return false;
    }
    *v = type == G_TYPE_BOOLEAN ? json_node_get_boolean(n) : json_node_get_int(n);
    return true;
}

/* One element of "events". */
static bool read_event(struct qmp_call *c, JsonNode *node, struct input_event *e)
{
    static const char *const kinds[] = { [INPUT_KEY] = "key", [INPUT_BUTTON] = "btn", [INPUT_REL] = "rel",
                                         [INPUT_ABS] = "abs", NULL };
    static const char *const axes[] = { "x", "y", NULL };
    JsonObject *o = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL, *data;
    int kind = index_of(kinds, text_member(o, "type")), code;
    JsonNode *d = o ? json_object_get_member(o, "data") : NULL;
    int64_t v = 0;

    if (kind < 0 || !d || !JSON_NODE_HOLDS_OBJECT(d)) {
        return qmp_fail(c, "an event is an object with type 'key', 'btn', 'rel' or 'abs', and data");
    }
    data = json_node_get_object(d);
    if (kind == INPUT_KEY) {
        code = key_value(c, json_object_get_member(data, "key"));
        if (code < 0) {
            return false;
        }
    } else {
        code = kind == INPUT_BUTTON ? index_of(input_button_names, text_member(data, "button"))
                                    : index_of(axes, text_member(data, "axis"));
    }
    if (code < 0 || !int_member(data, kind <= INPUT_BUTTON ? "down" : "value",
                                kind <= INPUT_BUTTON ? G_TYPE_BOOLEAN : G_TYPE_INT64, &v)) {
        return qmp_fail(c, "an event of type '%s' has data with %s", kinds[kind], kind == INPUT_KEY ? "key and down"
                        : kind == INPUT_BUTTON ? "button and down" : "axis (x, y) and value");
    }
    *e = (struct input_event) { .kind = kind, .code = code, .down = v,
                                .value = kind == INPUT_ABS ? CLAMP(v, 0, INPUT_ABS_MAX) : CLAMP(v, -32767, 32767) };
    return true;
}

static bool input_send_event(struct qmp_call *c)
{
    JsonArray *list = array_arg(c, "events");
    unsigned count = list ? json_array_get_length(list) : 0;
    g_autofree struct input_event *events = g_new(struct input_event, count);

    if (!list) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {      /* all or none */
        if (!read_event(c, json_array_get_element(list, i), &events[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        input_send(&c->m->display->input, &events[i]);
    }
    input_sync(&c->m->display->input);
    return true;
}

/* ---- the mouse ---- */

static void move(struct input *in, unsigned axis, int64_t steps)
{
    input_send(in, &(struct input_event) { .kind = INPUT_REL, .code = axis, .value = CLAMP(steps, -32767, 32767) });
}

static void click(struct input *in, enum input_button button, bool down)
{
    input_send(in, &(struct input_event) { .kind = INPUT_BUTTON, .code = button, .down = down });
}

static void cmd_mouse_move(struct monitor *mon, char **args)
{
    struct input *in = &mon->m->display->input;
    long dz = args[2] ? strtol(args[2], NULL, 0) : 0;

    move(in, AXIS_X, strtol(args[0], NULL, 0));
    move(in, AXIS_Y, strtol(args[1], NULL, 0));
    if (dz) {
        click(in, dz > 0 ? BUTTON_WHEEL_UP : BUTTON_WHEEL_DOWN, true);
        click(in, dz > 0 ? BUTTON_WHEEL_UP : BUTTON_WHEEL_DOWN, false);
    }
    input_sync(in);
}

static void cmd_mouse_button(struct monitor *mon, char **args)
{
    struct input *in = &mon->m->display->input;
    uint64_t state;

    if (monitor_number(mon, args[0], &state)) {
        click(in, BUTTON_LEFT, state & 1);
        click(in, BUTTON_MIDDLE, state & 2);
        click(in, BUTTON_RIGHT, state & 4);
        input_sync(in);
    }
}

const struct command screen_commands[] = {
    { "screendump", "FILE [-f png|ppm] [DEVICE [HEAD]]", "write the screen to a picture file", 1, 5, cmd_screendump },
    { "sendkey", "KEY[-KEY...] [MS]", "press keys together, for a tenth of a second", 1, 2, cmd_sendkey },
    { "mouse_move", "DX DY [DZ]", "move the mouse", 2, 3, cmd_mouse_move },
    { "mouse_button", "STATE", "press the mouse's buttons: 1 left, 2 middle, 4 right, added", 1, 1, cmd_mouse_button },
    { NULL, NULL, NULL, 0, 0, NULL, NULL },
};

const struct qmp_command qmp_screen_commands[] = {
    { "screendump", "filename:s device:s? head:i? format:s?", true, qmp_screendump },
    { "send-key", "keys:o hold-time:i?", true, send_key },
    { "input-send-event", "device:s? head:i? events:o", true, input_send_event },
    { NULL, NULL, false, NULL },
};
