/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chardevs from the command line: -chardev, and the short forms of -serial and -monitor. */
#include "chardev/chardev_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const struct chardev_type *const types[] = {
    &chardev_null_type, &chardev_stdio_type, &chardev_file_type, &chardev_pty_type, &chardev_socket_type,
    &chardev_pipe_type, &chardev_ringbuf_type, &chardev_testdev_type, &chardev_serial_type,
};

/* Other names that QEMU knows for the same. */
static const struct {
    const char *alias, *name;
} aliases[] = { { "memory", "ringbuf" }, { "tty", "serial" } };

const char *chardev_help(void)
{
    static char *text;
    GString *s;

    if (text) {
        return text;
    }
    s = g_string_new("Character back ends: -chardev NAME,id=ID,KEYS and, for each, mux=on|off,logfile=PATH,"
                     "logappend=on|off\n");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_string_append_printf(s, "  %-8s %s\n", types[i]->name, types[i]->help);
    }
    return text = g_string_free(s, FALSE);
}

static const struct chardev_type *find_type(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (!strcmp(name, aliases[i].alias)) {
            name = aliases[i].name;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!strcmp(name, types[i]->name)) {
            return types[i];
        }
    }
    return NULL;
}

static void refuse_type(const char *where, const char *name, GError **err)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_string_append_printf(list, "%s%s", i ? ", " : "", types[i]->name);
    }
    g_set_error(err, CHARDEV_ERROR, 0, "%s: there is no character back end '%s'; there are: %s", where, name,
                list->str);
}

static bool open_log(struct chardev *chr, struct options *o, GError **err)
{
    const char *path = options_get(o, "logfile");
    bool append = false;

    if (!options_get_bool(o, "logappend", &append, err)) {
        return false;
    }
    if (!path) {
        return true;
    }
    chr->log_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (chr->log_fd < 0) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot write logfile=%s: %s", options_where(o), path,
                    g_strerror(errno));
    }
    return chr->log_fd >= 0;
}

struct chardev *chardev_open(struct chardev_set *set, const char *backend, const char *id, struct options *o,
                             GError **err)
{
    const struct chardev_type *type = find_type(backend);
    struct chardev *chr;
    bool mux = false;

    if (!type) {
        refuse_type(options_where(o), backend, err);
        return NULL;
    }
    chr = chardev_alloc(set, type, id, err);
    if (!chr) {
        return NULL;
    }
    if (!type->open(chr, o, err)) {
        chr->type = &chardev_null_type;   /* there is nothing to close */
        chardev_destroy(chr);
        return NULL;
    }
    if (!open_log(chr, o, err) || !options_get_bool(o, "mux", &mux, err) || !options_finish(o, err)) {
        chardev_destroy(chr);
        return NULL;
    }
    return mux ? chardev_mux(chr, err) : chr;
}

struct chardev *chardev_new(struct chardev_set *set, struct options *o, GError **err)
{
    const char *backend = options_get(o, "backend"), *id = options_id(o);

    if (!backend || !id) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: it takes the form BACKEND,id=ID,...; '-chardev help' lists the back "
                    "ends", options_where(o));
        return NULL;
    }
    return chardev_open(set, backend, id, o, err);
}

/* ---- -serial and -monitor ---- */

/* "tcp:HOST:PORT,server=on" and "telnet:..." to the keys of a socket. */
static struct options *tcp_options(const char *where, const char *rest, bool telnet, GError **err)
{
    struct options *o = options_parse(where, rest, "address", err);
    const char *address, *colon;
    g_autofree char *host = NULL;

    if (!o) {
        return NULL;
    }
    address = options_get(o, "address");
    colon = address ? strrchr(address, ':') : NULL;
    if (!colon || !colon[1]) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: '%s' is no address: HOST:PORT or :PORT", where, address ? address : "");
        options_free(o);
        return NULL;
    }
    host = address[0] == '[' && colon > address && colon[-1] == ']' ? g_strndup(address + 1, colon - address - 2)
           : g_strndup(address, colon - address);
    options_set(o, "host", host);
    options_set(o, "port", colon + 1);
    if (telnet) {
        options_set(o, "telnet", "on");
    }
    return o;
}

/* The forms "NAME:REST": the back end and the key that REST is. */
static const struct {
    const char *prefix, *backend, *key;
    bool whole;   /* all of REST is the value, commas too */
} prefixes[] = {
    { "file:", "file", "path", true }, { "pipe:", "pipe", "path", true }, { "pty:", "pty", "path", true },
    { "unix:", "socket", "path", false }, { "ringbuf:", "ringbuf", "size", false },
};

/* Whole words that are back ends without keys. */
static const char *const words[] = { "null", "stdio", "pty", "testdev", "ringbuf" };

static struct options *one_option(const char *where, const char *key, const char *value)
{
    struct options *o = options_new(where);

    options_set(o, key, value);
    return o;
}

/* The back end's name and its options; NULL and *err if text has no known form. */
static struct options *legacy_options(const char *where, const char *text, const char **backend, GError **err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        size_t n = strlen(words[i]);

        if (!strncmp(text, words[i], n) && (!text[n] || text[n] == ',')) {
            *backend = words[i];
            return options_parse(where, text[n] ? text + n + 1 : "", NULL, err);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(text, prefixes[i].prefix)) {
            const char *rest = text + strlen(prefixes[i].prefix);

            *backend = prefixes[i].backend;
            return prefixes[i].whole ? one_option(where, prefixes[i].key, rest)
                   : options_parse(where, rest, prefixes[i].key, err);
        }
    }
    if (g_str_has_prefix(text, "tcp:") || g_str_has_prefix(text, "telnet:")) {
        *backend = "socket";
        return tcp_options(where, strchr(text, ':') + 1, text[1] == 'e', err);
    }
    if (g_str_has_prefix(text, "/dev/")) {
        *backend = "serial";
        return one_option(where, "path", text);
    }
    if (g_str_has_prefix(text, "vc")) {
        g_set_error(err, CHARDEV_ERROR, 0,
                    "%s %s: there is no graphical console; use stdio, pty, file:PATH or a socket", where, text);
    } else {
        g_set_error(err, CHARDEV_ERROR, 0, "%s %s: not known; accepted: stdio, mon:stdio, null, none, file:PATH, pty, "
                    "pipe:PATH, tcp:HOST:PORT, telnet:HOST:PORT, unix:PATH, ringbuf, testdev, /dev/TTY, chardev:ID",
                    where, text);
    }
    return NULL;
}

bool chardev_parse_legacy(struct chardev_set *set, const char *where, const char *label, const char *text,
                          struct chardev **chr, bool *wants_monitor, GError **err)
{
    bool mon = g_str_has_prefix(text, "mon:");
    const char *backend = NULL, *rest = mon ? text + 4 : text;
    const char *id = g_str_has_prefix(rest, "chardev:") ? rest + 8 : rest;
    struct options *o;

    *chr = NULL;
    if (mon && !wants_monitor) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s %s: 'mon:' is for -serial", where, text);
        return false;
    }
    if (wants_monitor) {
        *wants_monitor = mon;
    }
    if (!strcmp(rest, "none") && !mon) {
        return true;
    }
    if (id != rest || chardev_find(set, id)) {
        *chr = chardev_find(set, id);
        if (!*chr) {
            g_set_error(err, CHARDEV_ERROR, 0, "%s %s: there is no -chardev with id=%s", where, text, id);
        }
        return *chr != NULL;
    }
    o = legacy_options(where, rest, &backend, err);
    if (!o) {
        return false;
    }
    if (mon && !strcmp(backend, "stdio")) {
        /* The guest and the monitor want Ctrl-C themselves; Ctrl-a x ends the emulator. */
        options_set_default(o, "signal", "off");
    }
    *chr = chardev_open(set, backend, label, o, err);
    options_free(o);
    if (*chr && mon) {
        *chr = chardev_mux(*chr, err);
    }
    return *chr != NULL;
}
