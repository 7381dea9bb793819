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
    bool ide = s->m->board->ide_units;

    if (strcmp(interface, "virtio") && strcmp(interface, "none") && strcmp(interface, "pflash") &&
        !(ide && !strcmp(interface, "ide"))) {
        g_set_error(err, MAIN_ERROR, 0, "%s: if=%s: machine '%s' has no such interface; accepted: %svirtio, none, pflash",
                    where, interface, s->m->board->name, ide ? "ide, " : "");
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

/* ---- -blockdev: nodes ---- */

/* Nodes of -blockdev that are a host's file, until the node of a format that sits on them comes by. */
struct file_nodes {
    GPtrArray *lists;           /* struct options *; NULL: taken */
};

static bool is_file_node(struct options *o)
{
    const char *driver = options_get(o, "driver");

    return driver && (!strcmp(driver, "file") || !strcmp(driver, "host_device"));
}

static bool copy_below(const char *key, const char *value, void *opaque)
{
    g_autofree char *name = g_strconcat("file.", key, NULL);

    options_set_default(opaque, name, value);
    return true;
}

/* file=NODE of -blockdev names an earlier node: its keys become file.KEY of o. */
static bool take_file_node(struct file_nodes *files, struct options *o, const char *name, GError **err)
{
    for (unsigned i = 0; i < files->lists->len; i++) {
        struct options *below = files->lists->pdata[i];

        if (below && !g_strcmp0(options_get(below, "node-name"), name)) {
            options_foreach(below, copy_below, o);
            options_set(o, "file", options_get(below, "filename"));
            options_free(below);
            files->lists->pdata[i] = NULL;
            return true;
        }
    }
    g_set_error(err, MAIN_ERROR, 0, "%s: file=%s: there is no such node, or another one has it (-blockdev "
                "driver=file,node-name=%s,filename=FILE before this one; or file.filename=FILE)", options_where(o), name,
                name);
    return false;
}

/* ---- drives ---- */

/* Opens the image, and makes the drive known by its id and its node's name. */
static bool open_drive(struct setup *s, struct drive *d, struct block_config *config, const char *where,
                       const char *node_name, GError **err)
{
    const char *const names[] = { d->id, node_name };

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (names[i] && (g_hash_table_contains(s->m->drives, names[i]) || g_hash_table_contains(s->m->nodes, names[i]))) {
            g_set_error(err, MAIN_ERROR, 0, "%s: there is another drive with id '%s'", where, names[i]);
            return false;
        }
    }
    d->be = block_open(config, err);
    if (!d->be) {
        return false;
    }
    g_hash_table_insert(s->m->drives, d->id, d->be);
    if (node_name && strcmp(node_name, d->id)) {
        g_hash_table_insert(s->m->nodes, g_strdup(node_name), d->be);
    }
    return true;
}

/* The device of if=virtio, if=pflash and if=ide. */
static bool attach(struct setup *s, struct drive *d, const char *where, const char *serial, GError **err)
{
    if (!strcmp(d->interface, "virtio")) {
        g_ptr_array_add(s->auto_devices, g_strdup_printf("virtio-blk-pci,drive=%s%s%s", d->id,
                                                         serial ? ",serial=" : "", serial ? serial : ""));
    } else if (!strcmp(d->interface, "pflash")) {
        if (d->index >= G_N_ELEMENTS(s->m->opt.pflash)) {
            g_set_error(err, MAIN_ERROR, 0, "%s: unit %u: machine '%s' has flash units 0 and 1", where, d->index,
                        s->m->board->name);
            return false;
        }
        s->m->opt.pflash[d->index] = d->be;
    } else if (!strcmp(d->interface, "ide")) {
        if (d->index >= s->m->board->ide_units || s->m->opt.ide[d->index] || s->m->opt.ide_cd[d->index]) {
            g_set_error(err, MAIN_ERROR, 0, "%s: index %u: machine '%s' has IDE drives 0 to %u, each once", where, d->index,
                        s->m->board->name, s->m->board->ide_units - 1);
            return false;
        }
        s->m->opt.ide[d->index] = d->be;
        s->m->opt.ide_cd[d->index] = d->cdrom;
    }
    return true;
}

/* Takes o. */
static bool add(struct setup *s, struct options *o, bool blockdev, GError **err)
{
    static const char *const medias[] = { "disk", "cdrom", NULL };
    struct block_config config;
    struct drive *d;
    int interface = blockdev ? 1 : s->m->board->ide_units ? 3 : 0, media = 0;  /* what -drive is without if= */
    uint64_t index = UINT64_MAX, unit = UINT64_MAX, bus = 0;
    const char *node_name = options_get(o, "node-name"), *id = blockdev ? node_name : options_id(o), *serial = NULL;
    bool ok = true;

    block_config_defaults(&config);
    if (!blockdev) {
        ok = options_get_enum(o, "if", interfaces, &interface, err) &&
             options_get_enum(o, "media", medias, &media, err) && options_get_u64(o, "index", 0, 31, &index, err) &&
             options_get_u64(o, "unit", 0, 31, &unit, err) && options_get_u64(o, "bus", 0, 0, &bus, err);
        serial = options_get(o, "serial");
    } else if (!node_name) {
        ok = options_need(o, "node-name", err) != NULL;
    }
    ok = ok && block_config_parse(&config, o, err) && options_finish(o, err) &&
         check_interface(s, options_where(o), interfaces[interface], err);
    if (ok && !config.file) {
        g_set_error(err, MAIN_ERROR, 0, "%s: %s= is missing: an empty drive is of no use here", options_where(o),
                    blockdev ? "file.filename" : "file");
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
    g_ptr_array_add(s->drives, d);
    ok = open_drive(s, d, &config, options_where(o), node_name, err) &&
         attach(s, d, options_where(o), serial, err);
    options_free(o);
    return ok;
}

static bool add_blockdev(struct setup *s, struct file_nodes *files, struct options *o, GError **err)
{
    const char *file = options_get(o, "file");

    if (is_file_node(o)) {
        if (!options_need(o, "node-name", err) || !options_need(o, "filename", err)) {
            options_free(o);
            return false;
        }
        g_ptr_array_add(files->lists, o);
        return true;
    }
    if (file && !take_file_node(files, o, file, err)) {
        options_free(o);
        return false;
    }
    return add(s, o, true, err);
}

static bool add_all(struct setup *s, struct file_nodes *files, GError **err)
{
    for (unsigned i = 0; i < s->c->drives->len; i++) {
        const struct cmdline_item *item = &g_array_index(s->c->drives, struct cmdline_item, i);
        bool blockdev = !strcmp(item->option, "-blockdev");
        struct options *o = options_parse(item->option, item->text, blockdev ? "driver" : NULL, err);

        if (!o || !(blockdev ? add_blockdev(s, files, o, err) : add(s, o, false, err))) {
            return false;
        }
    }
    for (unsigned i = 0; i < files->lists->len; i++) {     /* a file without a format's node is a raw image */
        struct options *o = g_steal_pointer(&files->lists->pdata[i]);

        if (o && !add(s, o, true, err)) {
            return false;
        }
    }
    return true;
}

enum cmdline_result setup_drives(struct setup *s, GError **err)
{
    struct file_nodes files = { g_ptr_array_new() };
    bool ok = add_all(s, &files, err);

    for (unsigned i = 0; i < files.lists->len; i++) {
        options_free(files.lists->pdata[i]);
    }
    g_ptr_array_free(files.lists, true);
    return ok ? CMDLINE_RUN : CMDLINE_ERROR;
}
