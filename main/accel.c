/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -accel and -machine accel=: the first of the choices that works. */
#include "system/accel.h"

#include <stdio.h>
#include <string.h>

#include "main/setup.h"
#include "util/options.h"

static void list(void)
{
    printf("Accelerators in this program:\n");
    for (unsigned i = 0; accel_types[i]; i++) {
        printf("%-8s %s\n", accel_types[i]->name, accel_types[i]->help);
    }
}

static bool set_prop(const char *key, const char *value, void *opaque)
{
    struct setup *s = ((void **)opaque)[0];
    GError **err = ((void **)opaque)[1];

    if (!*err && strcmp(key, "accel")) {
        accel_set_prop(s->m->accel, key, value, err);
    }
    return true;
}

static bool prop_listed(const struct accel_type *type, const char *name)
{
    for (size_t i = 0; i < type->prop_count; i++) {
        if (!strcmp(type->props[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* One choice. DONE: help was printed. */
static enum cmdline_result try_one(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-accel", text, "accel", err);
    const struct accel_type *type;
    enum cmdline_result r = CMDLINE_ERROR;
    GError *local = NULL;
    void *args[] = { s, &local };
    const char *name;

    if (!o) {
        return CMDLINE_ERROR;
    }
    name = options_get(o, "accel");
    type = name ? accel_type_find(name) : NULL;
    if (name && (!strcmp(name, "help") || !strcmp(name, "?"))) {
        list();
        r = CMDLINE_DONE;
    } else if (!type) {
        g_autoptr(GString) names = g_string_new(NULL);

        for (unsigned i = 0; accel_types[i]; i++) {
            g_string_append_printf(names, "%s%s", i ? ", " : "", accel_types[i]->name);
        }
        g_set_error(err, MAIN_ERROR, 0, "-accel %s: not in this program; accepted: %s", name ? name : "", names->str);
    } else if (options_wants_help(o)) {
        g_autoptr(GString) out = g_string_new(NULL);

        prop_help(type->props, type->prop_count, out);
        printf("%s", out->str);
        r = CMDLINE_DONE;
    } else {
        accel_new(s->m, type);
        if (s->c->perf_map) {
            accel_set_prop(s->m->accel, "perfmap", "on", &local);
        }
        if (s->c->kernel_irqchip && prop_listed(type, "kernel-irqchip")) {
            accel_set_prop(s->m->accel, "kernel-irqchip", s->c->kernel_irqchip, &local);
        }
        options_foreach(o, set_prop, args);
        if (!local && type->probe) {
            type->probe(s->m->accel, &local);
        }
        if (local) {
            g_propagate_error(err, local);
            accel_delete(s->m->accel);
        } else {
            r = CMDLINE_RUN;
        }
    }
    options_free(o);
    return r;
}

enum cmdline_result setup_accel(struct setup *s, GError **err)
{
    GPtrArray *choices = s->accel_choices;
    GError *first = NULL;

    for (unsigned i = 0; i < s->c->accels->len; i++) {
        g_ptr_array_add(choices, (char *)g_array_index(s->c->accels, struct cmdline_item, i).text);
    }
    if (!choices->len) {
        g_ptr_array_add(choices, (char *)"tcg");
    }
    for (unsigned i = 0; i < choices->len; i++) {
        GError *local = NULL;
        enum cmdline_result r = try_one(s, choices->pdata[i], &local);

        if (r != CMDLINE_ERROR) {
            if (first) {
                fprintf(stderr, "doppel: %s; using '%s'\n", first->message, (const char *)choices->pdata[i]);
                g_clear_error(&first);
            }
            return r;
        }
        if (first) {
            g_error_free(local);
        } else {
            first = local;
        }
    }
    g_propagate_error(err, first);
    return CMDLINE_ERROR;
}
