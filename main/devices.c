/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -device, -global, -object. */
#include <stdio.h>
#include <string.h>

#include "main/setup.h"
#include "net/net.h"
#include "system/device.h"
#include "util/options.h"

/* Names that stand for the PCI form of a device. */
static const char *const aliases[][2] = {
    { "virtio-blk", "virtio-blk-pci" },
    { "virtio-net", "virtio-net-pci" },
    { "virtio-rng", "virtio-rng-pci" },
    { "virtio-serial", "virtio-serial-pci" },
    { "virtio-balloon", "virtio-balloon-pci" },
};

static const char *real_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (!strcmp(aliases[i][0], name)) {
            return aliases[i][1];
        }
    }
    return name;
}

static struct bus *find_bus(struct machine *m, const struct device_type *type, const char *name, GError **err)
{
    g_autoptr(GString) seen = g_string_new(NULL);

    if (!type->bus) {
        return NULL;
    }
    /* The newest bus first, as QEMU does: the board's last virtio-mmio slot is taken first. */
    for (unsigned i = m->buses->len; i-- > 0;) {
        struct bus *b = m->buses->pdata[i];

        if (name ? !strcmp(b->name, name) : b->type == type->bus && (!b->max || b->children->len < b->max)) {
            if (b->type == type->bus) {
                return b;
            }
            g_set_error(err, MAIN_ERROR, 0, "-device %s: bus '%s' is a %s bus, a %s bus is needed", type->name, name,
                        b->type->name, type->bus->name);
            return NULL;
        }
        g_string_append_printf(seen, "%s%s", seen->len ? ", " : "", b->name);
    }
    if (name) {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: no bus '%s'; there are: %s", type->name, name, seen->str);
    } else {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: no free %s bus", type->name, type->bus->name);
    }
    return NULL;
}

static bool set_prop(const char *key, const char *value, void *opaque)
{
    struct device *d = ((void **)opaque)[0];
    GError **err = ((void **)opaque)[1];

    if (!*err && strcmp(key, "driver") && strcmp(key, "bus") && strcmp(key, "id")) {
        device_set_prop(d, key, value, err);
    }
    return true;
}

static bool make(struct setup *s, struct options *o, const struct device_type *type, GError **err)
{
    GError *local = NULL;
    struct device *d;
    struct bus *bus;
    const char *id = options_id(o);

    if (id && device_find(s->m, id)) {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: there is another device with id '%s'", type->name, id);
        return false;
    }
    if (!type->bus && !type->user) {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: only a board can have this device", type->name);
        return false;
    }
    bus = find_bus(s->m, type, options_get(o, "bus"), &local);
    if (local) {
        g_propagate_error(err, local);
        return false;
    }
    d = device_new(s->m, type, id, err);
    if (!d) {
        return false;
    }
    options_foreach(o, set_prop, (void *[]) { d, &local });
    if (local || !device_realize(d, bus, &local)) {
        g_propagate_error(err, local);
        device_delete(d);
        return false;
    }
    return true;
}

/* "help" and "TYPE,help" need no machine. */
enum cmdline_result setup_device_help(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->devices->len; i++) {
        struct options *o = options_parse("-device", g_array_index(s->c->devices, struct cmdline_item, i).text, "driver",
                                          err);
        g_autoptr(GString) help = g_string_new(NULL);
        const struct device_type *type;
        const char *name;

        if (!o) {
            return CMDLINE_ERROR;
        }
        name = options_get(o, "driver");
        type = name ? device_type_find(real_name(name)) : NULL;
        if (name && (!strcmp(name, "help") || !strcmp(name, "?"))) {
            device_list_help(help);
        } else if (type && !type->abstract && options_wants_help(o)) {
            device_help(type, help);
        }
        options_free(o);
        if (help->len) {
            printf("%s", help->str);
            return CMDLINE_DONE;
        }
    }
    return CMDLINE_RUN;
}

static bool add(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-device", text, "driver", err);
    const struct device_type *type;
    const char *name;
    bool ok = false;

    if (!o) {
        return false;
    }
    name = options_get(o, "driver");
    type = name ? device_type_find(real_name(name)) : NULL;
    if (!name) {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: the device's type is missing; '-device help' lists them", text);
    } else if (!type || type->abstract) {
        g_set_error(err, MAIN_ERROR, 0, "-device %s: no such device; '-device help' lists them", name);
    } else {
        ok = make(s, o, type, err);
    }
    options_free(o);
    return ok;
}

enum cmdline_result setup_devices(struct setup *s, GError **err)
{
    g_autofree char *unused = NULL;

    for (unsigned i = 0; i < s->c->devices->len; i++) {
        if (!add(s, g_array_index(s->c->devices, struct cmdline_item, i).text, err)) {
            return CMDLINE_ERROR;
        }
    }
    for (unsigned i = 0; i < s->auto_devices->len; i++) {
        if (!add(s, s->auto_devices->pdata[i], err)) {
            return CMDLINE_ERROR;
        }
    }
    unused = machine_unused_global(s->m);
    if (unused) {
        fprintf(stderr, "doppel: warning: %s\n", unused);
    }
    return CMDLINE_RUN;
}

/* "driver=TYPE,property=NAME,value=VALUE" */
static bool add_long_global(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-global", text, NULL, err);
    const char *driver, *prop, *value;
    bool ok;

    if (!o) {
        return false;
    }
    driver = options_need(o, "driver", err);
    prop = driver ? options_need(o, "property", err) : NULL;
    value = prop ? options_need(o, "value", err) : NULL;
    ok = value && options_finish(o, err);
    if (ok) {
        machine_add_global(s->m, driver, prop, value);
    }
    options_free(o);
    return ok;
}

/* "TYPE.NAME=VALUE" */
static bool add_global(struct setup *s, const char *text, GError **err)
{
    const char *eq = strchr(text, '='), *dot;
    g_autofree char *left = eq ? g_strndup(text, eq - text) : NULL;

    dot = left ? strrchr(left, '.') : NULL;
    if (!dot || dot == left || !dot[1]) {
        g_set_error(err, MAIN_ERROR, 0,
                    "-global %s: accepted: TYPE.PROPERTY=VALUE or driver=TYPE,property=PROPERTY,value=VALUE", text);
        return false;
    }
    left[dot - left] = '\0';
    machine_add_global(s->m, left, dot + 1, eq + 1);
    return true;
}

bool setup_globals(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->globals->len; i++) {
        const char *text = g_array_index(s->c->globals, struct cmdline_item, i).text;

        if (!(g_str_has_prefix(text, "driver=") ? add_long_global : add_global)(s, text, err)) {
            return false;
        }
    }
    return true;
}
