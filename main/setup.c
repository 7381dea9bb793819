/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "main/setup.h"

#include <stdlib.h>
#include <string.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "monitor/monitor.h"
#include "net/net.h"
#include "system/semihost.h"
#include "util/options.h"

/* ---- back ends by id, for device properties ---- */

static void *find_drive(struct machine *m, const char *id)
{
    void *be = g_hash_table_lookup(m->drives, id);

    return be ? be : g_hash_table_lookup(m->nodes, id);
}

static void *find_backend(struct machine *m, enum prop_kind kind, const char *id)
{
    switch (kind) {
    case PROP_KIND_CHARDEV:
        return chardev_find(m->chardevs, id);
    case PROP_KIND_NETDEV:
        return net_find(m->nets, id);
    case PROP_KIND_DRIVE:
        return find_drive(m, id);
    default:
        return NULL;
    }
}

static const char *backend_id(struct machine *m, enum prop_kind kind, const void *backend)
{
    switch (kind) {
    case PROP_KIND_CHARDEV:
        return chardev_id(backend);
    case PROP_KIND_NETDEV:
        return net_id(backend);
    case PROP_KIND_DRIVE:
        return block_id(backend);
    default:
        return NULL;
    }
}

static const struct backend_ops backend_ops = { find_backend, backend_id };

/* ---- keys of the terminal ---- */

static void on_quit(void *opaque)
{
    struct setup *s = opaque;

    machine_request_shutdown(s->m, CAUSE_HOST, 0);
}

static void on_commit(void *opaque)
{
    struct setup *s = opaque;

    for (unsigned i = 0; i < s->drives->len; i++) {
        struct drive *d = s->drives->pdata[i];

        if (d->be) {
            block_flush_sync(d->be);
        }
    }
}

static void on_exit_status(void *opaque, int status)
{
    struct setup *s = opaque;

    machine_request_shutdown(s->m, CAUSE_HOST, status);
}

void setup_init(struct setup *s, struct cmdline *c)
{
    *s = (struct setup) { .c = c };
    s->m = machine_new();
    s->drives = g_ptr_array_new();
    s->auto_devices = g_ptr_array_new_with_free_func(g_free);
    s->accel_choices = g_ptr_array_new();
    s->m->chardevs = chardev_set_new();
    s->m->nets = net_set_new();
    s->m->backends = &backend_ops;
    chardev_set_hooks(s->m->chardevs, &(struct chardev_hooks) { s, on_quit, on_commit });
    chardev_set_exit_hook(s->m->chardevs, on_exit_status, s);
}

void setup_free(struct setup *s)
{
    struct chardev_set *chardevs = s->m->chardevs;
    struct net_set *nets = s->m->nets;

    close_frontend(s);
    monitors_free(s->m);
    qmps_free(s->m);
    if (s->m->semihost) {
        semihost_delete(s->m->semihost);
        s->m->semihost = NULL;
    }
    machine_delete(s->m);
    net_set_free(nets);
    for (unsigned i = 0; i < s->drives->len; i++) {
        struct drive *d = s->drives->pdata[i];

        block_close(d->be);
        g_free(d->id);
        g_free(d);
    }
    chardev_set_free(chardevs);
    g_ptr_array_free(s->drives, true);
    g_ptr_array_free(s->auto_devices, true);
    g_ptr_array_free(s->accel_choices, true);
}

static bool set_escape(struct setup *s, GError **err)
{
    uint64_t key = 1;

    if (s->c->echr && !options_parse_u64("-echr", "code", s->c->echr, 0, 26, &key, err)) {
        return false;
    }
    chardev_set_escape(s->m->chardevs, key);
    return true;
}

enum cmdline_result setup_machine(struct setup *s, GError **err)
{
    static enum cmdline_result (*const before[])(struct setup *s, GError **err) = {
        setup_device_help, setup_frontend, setup_board, setup_display, setup_accel, setup_chardevs, setup_drives, setup_nets,
    };
    static enum cmdline_result (*const after[])(struct setup *s, GError **err) = { setup_devices, setup_monitors, open_frontend };
    enum cmdline_result r;

    if (!set_escape(s, err) || !setup_icount(s, err)) {
        return CMDLINE_ERROR;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
        r = before[i](s, err);
        if (r != CMDLINE_RUN) {
            return r;
        }
    }
    if (!setup_globals(s, err) || !setup_objects(s, err) || !setup_semihosting(s, err) ||
        !setup_firmware_files(s, err) || !machine_realize(s->m, err)) {
        return CMDLINE_ERROR;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(after); i++) {
        r = after[i](s, err);
        if (r != CMDLINE_RUN) {
            return r;
        }
    }
    return CMDLINE_RUN;
}
