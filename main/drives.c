/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -drive, -blockdev and their short forms. */
#include <stdio.h>
#include <string.h>

#include "block/block.h"
#include "main/setup.h"
#include "system/board.h"

static const char *const interfaces[] = { "virtio", "none", "pflash", "ide", "scsi", "sd", "mtd", "floppy", NULL };

static bool check_interface(struct setup *s, const char *where, const char *interface, GError **err)
{
    if (strcmp(interface, "virtio") && strcmp(interface, "none") && strcmp(interface, "pflash")) {
        g_set_error(err, MAIN_ERROR, 0, "%s: if=%s: machine '%s' has no such interface; accepted: virtio, none, pflash",
                    where, interface, s->m->board->name);
        return false;
    }
    return true;
}

/* The lowest index that no drive of this interface has. */
static unsigned free_index(struct setup *s, const char *interface)
{
    unsigned index = 0;

    for (unsigned i = 0; i < s->drives->len; i++) {
        struct drive *d = s->drives->pdata[i];

        if (!strcmp(d->interface, interface) && d->index == index) {
            index++;
            i = (unsigned)-1;
        }
    }
    return index;
}

static bool add(struct setup *s, const struct cmdline_item *item, GError **err)
{
    struct options *o =
        options_parse(item->option, item->text, !strcmp(item->option, "-blockdev") ? "driver" : NULL, err);
    static const char *const medias[] = { "disk", "cdrom", NULL };
    struct block_config config;
    struct drive *d;
    int interface = 0, media = 0;
    uint64_t index = UINT64_MAX, unit = UINT64_MAX, bus = 0;
    const char *id, *serial;
    bool ok;

    if (!o) {
        return false;
    }
    if (!strcmp(item->option, "-blockdev")) {
        interface = 1;
        id = options_get(o, "node-name");
    } else {
        id = options_id(o);
    }
    block_config_defaults(&config);
    ok = options_get_enum(o, "if", interfaces, &interface, err) && options_get_enum(o, "media", medias, &media, err) &&
         options_get_u64(o, "index", 0, 31, &index, err) && options_get_u64(o, "unit", 0, 31, &unit, err) &&
         options_get_u64(o, "bus", 0, 0, &bus, err);
    serial = options_get(o, "serial");
    ok = ok && block_config_parse(&config, o, err) && options_finish(o, err) &&
         check_interface(s, options_where(o), interfaces[interface], err);
    if (ok && !config.file) {
        g_set_error(err, MAIN_ERROR, 0, "%s: file= is missing: an empty drive is of no use here", options_where(o));
        ok = false;
    }
    if (!ok) {
        options_free(o);
        return false;
    }
    d = g_new0(struct drive, 1);
    d->interface = interfaces[interface];
    d->cdrom = media == 1;
    d->index = unit != UINT64_MAX ? unit : index != UINT64_MAX ? index : free_index(s, d->interface);
    d->id = id ? g_strdup(id) : g_strdup_printf("%s%u", d->interface, d->index);
    config.id = d->id;
    config.snapshot |= s->c->snapshot && strcmp(d->interface, "pflash");
    config.read_only |= d->cdrom;
    if (g_hash_table_contains(s->m->drives, d->id)) {
        g_set_error(err, MAIN_ERROR, 0, "%s: there is another drive with id '%s'", options_where(o), d->id);
        ok = false;
    } else {
        d->be = block_open(&config, err);
        ok = d->be != NULL;
    }
    g_ptr_array_add(s->drives, d);
    if (ok) {
        g_hash_table_insert(s->m->drives, d->id, d->be);
        if (!strcmp(d->interface, "virtio")) {
            g_ptr_array_add(s->auto_devices, g_strdup_printf("virtio-blk-pci,drive=%s%s%s", d->id,
                                                             serial ? ",serial=" : "", serial ? serial : ""));
        } else if (!strcmp(d->interface, "pflash")) {
            if (d->index >= G_N_ELEMENTS(s->m->opt.pflash)) {
                g_set_error(err, MAIN_ERROR, 0, "%s: unit %u: machine '%s' has flash units 0 and 1", options_where(o),
                            d->index, s->m->board->name);
                ok = false;
            } else {
                s->m->opt.pflash[d->index] = d->be;
            }
        }
    }
    options_free(o);
    return ok;
}

enum cmdline_result setup_drives(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->drives->len; i++) {
        if (!add(s, &g_array_index(s->c->drives, struct cmdline_item, i), err)) {
            return CMDLINE_ERROR;
        }
    }
    return CMDLINE_RUN;
}
