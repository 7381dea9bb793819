/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -object, -mem-path: memory for the guest's RAM, and what other options name by id. */
#include <string.h>

#include "main/setup.h"
#include "net/net.h"
#include "util/options.h"

/* ---- memory ---- */

struct memory_backend {
    char *id;
    char *path;
    uint64_t size;
    struct ram_source source;
};

static bool parse_memory(struct memory_backend *mb, const char *type, struct options *o, GError **err)
{
    bool ignored = false;

    mb->id = g_strdup(options_id(o));
    mb->source.memfd = mb->source.shared = !strcmp(type, "memory-backend-memfd");
    if (!strcmp(type, "memory-backend-file")) {
        mb->path = g_strdup(options_need(o, "mem-path", err));
        if (!mb->path) {
            return false;
        }
    }
    if (!options_need(o, "id", err) || !options_need(o, "size", err)) {
        return false;
    }
    /* Merging and dumping are advice to the host that changes nothing for the guest. */
    return options_get_size(o, "size", 1, &mb->size, err) && options_get_bool(o, "share", &mb->source.shared, err) &&
           options_get_bool(o, "prealloc", &mb->source.prealloc, err) && options_get_bool(o, "merge", &ignored, err) &&
           options_get_bool(o, "dump", &ignored, err) && options_finish(o, err);
}

static void memory_backend_free(void *p)
{
    struct memory_backend *mb = p;

    g_free(mb->id);
    g_free(mb->path);
    g_free(mb);
}

static bool add_memory(GPtrArray *memories, const char *type, struct options *o, GError **err)
{
    struct memory_backend *mb = g_new0(struct memory_backend, 1);

    g_ptr_array_add(memories, mb);
    return parse_memory(mb, type, o, err);
}

/* -machine memory-backend=ID */
static bool use_memory(struct setup *s, GPtrArray *memories, const char *id, GError **err)
{
    struct machine_options *opt = &s->m->opt;
    const struct memory_backend *mb = NULL;

    for (unsigned i = 0; i < memories->len; i++) {
        const struct memory_backend *other = memories->pdata[i];

        mb = strcmp(other->id, id) ? mb : other;
    }
    if (!mb) {
        g_set_error(err, MAIN_ERROR, 0, "-machine memory-backend=%s: there is no -object memory-backend-... with this id", id);
        return false;
    }
    if (!mb->size || (opt->ram_size && opt->ram_size != mb->size)) {
        g_set_error(err, MAIN_ERROR, 0, "-machine memory-backend=%s: its size is %" G_GUINT64_FORMAT " MiB, -m says %"
                    G_GUINT64_FORMAT " MiB", id, mb->size >> 20, opt->ram_size >> 20);
        return false;
    }
    opt->ram_size = mb->size;
    opt->ram = mb->source;
    opt->ram.path = g_strdup(mb->path);
    return true;
}

static bool choose_memory(struct setup *s, GPtrArray *memories, GError **err)
{
    if (s->memory_backend && s->c->mem_path) {
        g_set_error(err, MAIN_ERROR, 0, "-mem-path and -machine memory-backend= both say what the RAM is; accepted: one");
        return false;
    }
    s->m->opt.ram.path = g_strdup(s->c->mem_path);
    s->m->opt.ram.prealloc = s->c->mem_prealloc;
    return !s->memory_backend || use_memory(s, memories, s->memory_backend, err);
}

/* ---- all objects ---- */

static bool is_memory(const char *type)
{
    return !strcmp(type, "memory-backend-ram") || !strcmp(type, "memory-backend-file") ||
           !strcmp(type, "memory-backend-memfd");
}

static bool add_object(struct setup *s, GPtrArray *memories, const char *text, GError **err)
{
    struct options *o = options_parse("-object", text, "qom-type", err);
    const char *type;
    bool ok;

    if (!o) {
        return false;
    }
    type = options_need(o, "qom-type", err);
    if (!type) {
        ok = false;
    } else if (!strcmp(type, "filter-dump")) {
        ok = net_add_dump(s->m->nets, o, err);
    } else if (is_memory(type)) {
        ok = add_memory(memories, type, o, err);
    } else if (!strcmp(type, "rng-random") || !strcmp(type, "rng-builtin") || !strcmp(type, "iothread")) {
        /* The host's random numbers are what virtio-rng uses by itself, and disk I/O has threads of its own. */
        options_id(o);
        options_get(o, "filename");
        ok = options_finish(o, err);
    } else {
        g_set_error(err, MAIN_ERROR, 0,
                    "-object %s: not there; accepted: memory-backend-ram, memory-backend-file, memory-backend-memfd, "
                    "rng-random, rng-builtin, iothread, filter-dump", type);
        ok = false;
    }
    options_free(o);
    return ok;
}

bool setup_objects(struct setup *s, GError **err)
{
    g_autoptr(GPtrArray) memories = g_ptr_array_new_with_free_func(memory_backend_free);

    for (unsigned i = 0; i < s->c->objects->len; i++) {
        if (!add_object(s, memories, g_array_index(s->c->objects, struct cmdline_item, i).text, err)) {
            return false;
        }
    }
    return choose_memory(s, memories, err);
}
