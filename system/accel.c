/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/accel.h"

#include <string.h>

#include "system/device.h"
#include "system/machine.h"

const struct accel_type *accel_type_find(const char *name)
{
    for (unsigned i = 0; accel_types[i]; i++) {
        if (!strcmp(accel_types[i]->name, name)) {
            return accel_types[i];
        }
    }
    return NULL;
}

static void code_written(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    struct accel *a = opaque;

    if (a->type->code_written) {
        a->type->code_written(a, ram, offset, len);
    }
}

static void dirty_cleared(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    struct accel *a = opaque;

    if (a->type->dirty_cleared) {
        a->type->dirty_cleared(a, ram, offset, len);
    }
}

static void dirty_sync(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    struct accel *a = opaque;

    if (a->type->dirty_sync) {
        a->type->dirty_sync(a, ram, offset, len);
    }
}

static void view_changed(struct mem_listener *l, struct address_space *as)
{
    struct accel *a = (struct accel *)((char *)l - offsetof(struct accel, listener));

    if (a->type->view_changed) {
        a->type->view_changed(a, as);
    }
}

static const struct memory_hooks hooks = { .code_written = code_written, .dirty_cleared = dirty_cleared,
                                           .dirty_sync = dirty_sync };

struct accel *accel_new(struct machine *m, const struct accel_type *type)
{
    struct accel *a = g_malloc0(MAX(type->size, sizeof(*a)));

    g_assert(!m->accel);
    a->type = type;
    a->m = m;
    a->listener.view_changed = view_changed;
    prop_set_defaults(a, type->props, type->prop_count);
    m->accel = a;
    return a;
}

bool accel_set_prop(struct accel *a, const char *name, const char *value, GError **err)
{
    g_autofree char *where = g_strdup_printf("-accel %s", a->type->name);
    GString *names = g_string_new(NULL);

    for (size_t i = 0; i < a->type->prop_count; i++) {
        const struct prop *p = &a->type->props[i];

        if (!strcmp(p->name, name)) {
            g_string_free(names, true);
            return prop_parse(a->m, a, p, where, value, err);
        }
        g_string_append_printf(names, "%s%s", names->len ? ", " : "; it has ", p->name);
    }
    g_set_error(err, g_quark_from_static_string("accel"), 0, "%s: there is no property '%s'%s", where, name,
                names->str);
    g_string_free(names, true);
    return false;
}

bool accel_start(struct accel *a, GError **err)
{
    if (a->m->opt.icount.on && !a->type->counts) {
        g_set_error(err, g_quark_from_static_string("accel"), 0, "-icount: accelerator '%s' cannot count instructions; use "
                    "-accel tcg", a->type->name);
        return false;
    }
    if (a->type->init && !a->type->init(a, err)) {
        return false;
    }
    a->m->memory.hooks = &hooks;
    a->m->memory.hooks_opaque = a;
    mem_listener_add(&a->m->memory, &a->listener);
    return true;
}

void accel_delete(struct accel *a)
{
    struct machine *m = a->m;

    if (m->memory.hooks_opaque == a) {
        mem_listener_remove(&m->memory, &a->listener);
        m->memory.hooks = NULL;
        if (a->type->free) {
            a->type->free(a);
        }
    }
    prop_free(a, a->type->props, a->type->prop_count);
    m->accel = NULL;
    g_free(a);
}

const struct device_type *accel_device_type(struct machine *m, const char *name)
{
    const struct accel *a = m->accel;

    return device_type_find(a && a->type->substitute ? a->type->substitute(m->accel, name) : name);
}
