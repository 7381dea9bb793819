/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -chardev, -serial, -monitor, -mon, and what they are when nothing is said. */
#include <stdio.h>
#include <string.h>

#include "chardev/chardev.h"
#include "main/setup.h"
#include "monitor/monitor.h"

static enum cmdline_result add_chardev(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-chardev", text, "backend", err);
    enum cmdline_result r = CMDLINE_RUN;

    if (!o) {
        return CMDLINE_ERROR;
    }
    if (options_wants_help(o)) {
        printf("%s", chardev_help());
        r = CMDLINE_DONE;
    } else if (!chardev_new(s->m->chardevs, o, err)) {
        r = CMDLINE_ERROR;
    }
    options_free(o);
    return r;
}

static bool add_serial(struct setup *s, unsigned n, const char *text, GError **err)
{
    g_autofree char *label = g_strdup_printf("serial%u", n);
    bool monitor = false;

    if (n >= G_N_ELEMENTS(s->m->opt.serial)) {
        g_set_error(err, MAIN_ERROR, 0, "-serial %s: at most %zu serial ports", text, G_N_ELEMENTS(s->m->opt.serial));
        return false;
    }
    if (!chardev_parse_legacy(s->m->chardevs, "-serial", label, text, &s->m->opt.serial[n], &monitor, err)) {
        return false;
    }
    if (monitor && s->m->opt.serial[n]) {
        s->m->opt.serial[n] = s->monitor_chr = chardev_mux(s->m->opt.serial[n], err);
        return s->monitor_chr != NULL;
    }
    return true;
}

static bool monitor_on_stdio(const struct setup *s)
{
    const GArray *const lists[] = { s->c->monitors, s->c->qmps };

    for (unsigned l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (unsigned i = 0; i < lists[l]->len; i++) {
            if (!strcmp(g_array_index(lists[l], struct cmdline_item, i).text, "stdio")) {
                return true;
            }
        }
    }
    return false;
}

/* Without -serial: a terminal shared with the monitor, where there is no window (and there is none yet). */
static bool default_serial(struct setup *s, GError **err)
{
    bool shared = (s->c->nographic || !s->c->display) && !s->c->daemonize;

    if (s->c->serials->len || s->c->nodefaults || !shared || (!s->c->nographic && monitor_on_stdio(s))) {
        return true;
    }
    return add_serial(s, 0, s->c->monitors->len || s->c->mons->len || s->c->qmps->len ? "stdio" : "mon:stdio", err);
}

/* A program in the background has no terminal. */
static bool check_daemon(struct setup *s, GError **err)
{
    const GArray *const lists[] = { s->c->chardevs, s->c->serials, s->c->monitors };

    for (unsigned l = 0; s->c->daemonize && l < G_N_ELEMENTS(lists); l++) {
        for (unsigned i = 0; i < lists[l]->len; i++) {
            const struct cmdline_item *it = &g_array_index(lists[l], struct cmdline_item, i);

            if (g_str_has_prefix(it->text, "stdio") || !strcmp(it->text, "mon:stdio")) {
                g_set_error(err, MAIN_ERROR, 0, "%s %s: there is no terminal with -daemonize; use file:, pty or a socket",
                            it->option, it->text);
                return false;
            }
        }
    }
    return true;
}

enum cmdline_result setup_chardevs(struct setup *s, GError **err)
{
    if (!check_daemon(s, err)) {
        return CMDLINE_ERROR;
    }
    for (unsigned i = 0; i < s->c->chardevs->len; i++) {
        enum cmdline_result r = add_chardev(s, g_array_index(s->c->chardevs, struct cmdline_item, i).text, err);

        if (r != CMDLINE_RUN) {
            return r;
        }
    }
    for (unsigned i = 0; i < s->c->serials->len; i++) {
        if (!add_serial(s, i, g_array_index(s->c->serials, struct cmdline_item, i).text, err)) {
            return CMDLINE_ERROR;
        }
    }
    if (s->c->debugcon) {
        struct chardev *chr = NULL;

        if (!chardev_parse_legacy(s->m->chardevs, "-debugcon", "debugcon", s->c->debugcon, &chr, NULL, err)) {
            return CMDLINE_ERROR;
        }
        if (chr) {
            g_ptr_array_add(s->auto_devices, g_strdup_printf("isa-debugcon,chardev=%s", chardev_id(chr)));
        }
    }
    return default_serial(s, err) ? CMDLINE_RUN : CMDLINE_ERROR;
}

static bool add_mon(struct setup *s, const char *text, GError **err)
{
    static const char *const modes[] = { "readline", "control", NULL };
    struct options *o = options_parse("-mon", text, "chardev", err);
    struct chardev *chr = NULL;
    const char *id;
    bool ok, pretty = false;
    int mode = 0;

    if (!o) {
        return false;
    }
    id = options_need(o, "chardev", err);
    ok = id && options_get_enum(o, "mode", modes, &mode, err);
    options_id(o);
    ok = ok && options_get_bool(o, "pretty", &pretty, err) && options_finish(o, err);
    if (ok) {
        chr = chardev_find(s->m->chardevs, id);
        if (!chr) {
            g_set_error(err, MAIN_ERROR, 0, "-mon %s: no chardev with id '%s'", text, id);
        }
        ok = chr && (mode ? qmp_new(s->m, chr, pretty, err) : monitor_new(s->m, chr, false, err));
    }
    options_free(o);
    return ok;
}

static bool add_qmp(struct setup *s, unsigned n, GError **err)
{
    const struct cmdline_item *it = &g_array_index(s->c->qmps, struct cmdline_item, n);
    g_autofree char *label = g_strdup_printf("compat_monitor%u", s->c->monitors->len + n);
    struct chardev *chr = NULL;

    return chardev_parse_legacy(s->m->chardevs, it->option, label, it->text, &chr, NULL, err) &&
           (!chr || qmp_new(s->m, chr, !strcmp(it->option, "-qmp-pretty"), err));
}

enum cmdline_result setup_monitors(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->qmps->len; i++) {
        if (!add_qmp(s, i, err)) {
            return CMDLINE_ERROR;
        }
    }
    for (unsigned i = 0; i < s->c->mons->len; i++) {
        if (!add_mon(s, g_array_index(s->c->mons, struct cmdline_item, i).text, err)) {
            return CMDLINE_ERROR;
        }
    }
    for (unsigned i = 0; i < s->c->monitors->len; i++) {
        g_autofree char *label = g_strdup_printf("monitor%u", i);
        struct chardev *chr = NULL;

        if (!chardev_parse_legacy(s->m->chardevs, "-monitor", label,
                                  g_array_index(s->c->monitors, struct cmdline_item, i).text, &chr, NULL, err) ||
            (chr && !monitor_new(s->m, chr, false, err))) {
            return CMDLINE_ERROR;
        }
    }
    if (s->monitor_chr && !monitor_new(s->m, s->monitor_chr, true, err)) {
        return CMDLINE_ERROR;
    }
    return CMDLINE_RUN;
}
