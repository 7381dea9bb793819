/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/device.h"

#include <string.h>

#include "system/machine.h"
#include "system/reg_impl.h"

static GQuark quark(void)
{
    return g_quark_from_static_string("device");
}

const struct device_type *device_type_find(const char *name)
{
    for (unsigned i = 0; device_types[i]; i++) {
        if (!strcmp(device_types[i]->name, name)) {
            return device_types[i];
        }
    }
    return NULL;
}

struct device *device_find(struct machine *m, const char *id)
{
    for (guint i = 0; i < m->devices->len; i++) {
        struct device *d = m->devices->pdata[i];

        if (d->id && !strcmp(d->id, id)) {
            return d;
        }
    }
    return NULL;
}

/* ---- properties ---- */

const struct prop *device_find_prop(const struct device_type *type, const char *name)
{
    for (; type; type = type->base) {
        for (size_t i = 0; i < type->prop_count; i++) {
            if (!strcmp(type->props[i].name, name)) {
                return &type->props[i];
            }
        }
    }
    return NULL;
}

static char *prop_names(const struct device_type *type)
{
    GString *out = g_string_new(NULL);

    for (; type; type = type->base) {
        for (size_t i = 0; i < type->prop_count; i++) {
            if (!type->props[i].internal) {
                g_string_append_printf(out, "%s%s", out->len ? ", " : "", type->props[i].name);
            }
        }
        if (type->child) {
            g_autofree char *more = prop_names(type->child);

            g_string_append_printf(out, "%s%s", out->len ? ", " : "", more);
        }
    }
    return g_string_free(out, false);
}

bool device_set_prop(struct device *d, const char *name, const char *value, GError **err)
{
    g_autofree char *where = g_strdup_printf("-device %s", d->type->name);
    const struct prop *p = device_find_prop(d->type, name);

    if (!p && d->child && device_find_prop(d->child->type, name)) {
        return device_set_prop(d->child, name, value, err);
    }
    if (!p || p->internal) {
        g_autofree char *names = prop_names(d->type);

        g_set_error(err, quark(), 0, "%s: there is no property '%s'%s%s", where, name, *names ? "; it has " : "",
                    names);
        return false;
    }
    return prop_parse(d->m, d, p, where, value, err);
}

static const struct prop *need_prop(struct device *d, const char *name)
{
    const struct prop *p = device_find_prop(d->type, name);

    g_assert(p && !d->realized);
    return p;
}

void device_set_text(struct device *d, const char *name, const char *value)
{
    bool ok = prop_parse(d->m, d, need_prop(d, name), d->type->name, value, NULL);

    g_assert(ok);
}

void device_set_uint(struct device *d, const char *name, uint64_t value)
{
    const struct prop *p = need_prop(d, name);
    uint8_t *to = (uint8_t *)d + p->offset;

    switch (p->size) {
    case 1: *to = value; break;
    case 2: *(uint16_t *)to = value; break;
    case 4: *(uint32_t *)to = value; break;
    default: *(uint64_t *)to = value; break;
    }
}

void device_set_pointer(struct device *d, const char *name, void *value)
{
    const struct prop *p = need_prop(d, name);

    g_assert(p->kind >= PROP_KIND_CHARDEV);
    *(void **)((uint8_t *)d + p->offset) = value;
}

static bool is_a(const struct device_type *type, const char *name)
{
    for (; type; type = type->base) {
        if (!strcmp(type->name, name)) {
            return true;
        }
    }
    return false;
}

static bool apply_globals(struct device *d, GError **err)
{
    for (guint i = 0; i < d->m->globals->len; i++) {
        struct device_global *g = d->m->globals->pdata[i];
        g_autofree char *where = g_strdup_printf("-global %s.%s", g->driver, g->prop);
        const struct prop *p;

        if (!is_a(d->type, g->driver)) {
            continue;
        }
        p = device_find_prop(d->type, g->prop);
        if (!p && d->child && device_find_prop(d->child->type, g->prop)) {
            g->used = true;
            if (!device_set_prop(d->child, g->prop, g->value, err)) {
                return false;
            }
            continue;
        }
        if (!p || p->internal) {
            continue;   /* reported as unused */
        }
        g->used = true;
        if (!prop_parse(d->m, d, p, where, g->value, err)) {
            return false;
        }
    }
    return true;
}

/* ---- life ---- */

static void set_defaults(struct device *d, const struct device_type *type)
{
    if (type) {
        set_defaults(d, type->base);
        prop_set_defaults(d, type->props, type->prop_count);
    }
}

struct device *device_new(struct machine *m, const struct device_type *type, const char *id, GError **err)
{
    struct device *d;

    g_assert(!type->abstract && type->size >= sizeof(*d));
    d = g_malloc0(type->size);
    d->type = type;
    d->m = m;
    d->id = g_strdup(id);
    set_defaults(d, type);
    if (type->child) {
        d->child = device_new(m, type->child, NULL, err);
        if (!d->child) {
            device_delete(d);
            return NULL;
        }
    }
    if (!apply_globals(d, err)) {
        device_delete(d);
        return NULL;
    }
    return d;
}

static void make_region(struct device *d)
{
    const struct device_type *t = d->type;
    const struct mmio_ops *ops = &reg_mmio_ops;

    if (!t->mmio_size) {
        return;
    }
    if (t->mmio && t->mmio->read) {
        ops = t->mmio;
    } else {
        reg_index_build(d);
        if (t->mmio) {
            /* The type's limits with the table's dispatch. */
            struct mmio_ops *own = g_memdup2(t->mmio, sizeof(*t->mmio));

            own->read = reg_mmio_ops.read;
            own->write = reg_mmio_ops.write;
            d->own_ops = own;
            ops = own;
        }
    }
    mem_mmio_init(&d->mmio, &d->m->memory, d->id ? d->id : t->name, t->mmio_size, ops, d);
    d->mmio.busy = &d->in_mmio;
}

static void free_region(struct device *d)
{
    if (d->type->mmio_size) {
        mem_region_free(&d->mmio);
        g_clear_pointer((void **)&d->reg_index, g_free);
        g_clear_pointer((void **)&d->own_ops, g_free);
    }
}

static void unrealize_from(struct device *d, const struct device_type *type)
{
    for (; type; type = type->base) {
        if (type->unrealize) {
            type->unrealize(d);
        }
    }
}

static bool realize_chain(struct device *d, const struct device_type *type, GError **err)
{
    if (!type) {
        return true;
    }
    if (!realize_chain(d, type->base, err)) {
        return false;
    }
    if (type->realize && !type->realize(d, err)) {
        unrealize_from(d, type->base);
        return false;
    }
    return true;
}

static bool attach(struct device *d, struct bus *bus, GError **err)
{
    if (!bus) {
        return true;
    }
    if (bus->max && bus->children->len >= bus->max) {
        g_set_error(err, quark(), 0, "-device %s: bus '%s' is full", d->type->name, bus->name);
        return false;
    }
    d->parent_bus = bus;
    if (bus->type->attach && !bus->type->attach(bus, d, err)) {
        d->parent_bus = NULL;
        return false;
    }
    g_ptr_array_add(bus->children, d);
    return true;
}

static void detach(struct device *d)
{
    struct bus *bus = d->parent_bus;

    if (bus) {
        g_ptr_array_remove(bus->children, d);
        if (bus->type->detach) {
            bus->type->detach(bus, d);
        }
        d->parent_bus = NULL;
    }
}

bool device_realize(struct device *d, struct bus *bus, GError **err)
{
    g_assert(!d->realized);
    if (d->id && device_find(d->m, d->id)) {
        g_set_error(err, quark(), 0, "-device %s: there is a device with id '%s' already", d->type->name, d->id);
        return false;
    }
    if (!attach(d, bus, err)) {
        return false;
    }
    make_region(d);
    if (!realize_chain(d, d->type, err)) {
        free_region(d);
        detach(d);
        return false;
    }
    d->realized = true;
    g_ptr_array_add(d->m->devices, d);
    if (d->m->loop) {   /* plugged into a machine that runs already */
        device_reset(d);
        device_update(d);
    }
    return true;
}

void device_unrealize(struct device *d)
{
    if (!d->realized) {
        return;
    }
    unrealize_from(d, d->type);
    g_ptr_array_remove(d->m->devices, d);
    free_region(d);
    detach(d);
    d->realized = false;
}

void device_delete(struct device *d)
{
    struct device *child = d->child;
    bool own = child && !child->realized;   /* else unrealize deletes it with its bus */

    device_unrealize(d);
    if (own) {
        device_delete(child);
    }
    for (const struct device_type *t = d->type; t; t = t->base) {
        prop_free(d, t->props, t->prop_count);
    }
    g_free(d->id);
    g_free(d);
}

/* ---- reset ---- */

static void reset_chain(struct device *d, const struct device_type *type)
{
    if (!type) {
        return;
    }
    reset_chain(d, type->base);
    regs_reset(d, type);
    if (type->reset) {
        type->reset(d);
    }
}

static void update_chain(struct device *d, const struct device_type *type)
{
    if (!type) {
        return;
    }
    update_chain(d, type->base);
    if (type->update) {
        type->update(d);
    }
}

void device_reset(struct device *d)
{
    reset_chain(d, d->type);
}

void device_update(struct device *d)
{
    update_chain(d, d->type);
}

/* ---- wiring ---- */

void device_map(struct device *d, paddr addr)
{
    mem_map(&d->m->root, addr, &d->mmio, 0);
}

void device_connect(struct device *d, unsigned n, struct irq_line line)
{
    g_assert(n < DEVICE_IRQS_MAX);
    d->irq[n] = line;
}

static void input_set(void *opaque, unsigned n, bool level)
{
    struct device *d = opaque;

    d->type->irq_in(d, n, level);
}

struct irq_line device_input(struct device *d, unsigned n)
{
    g_assert(d->type->irq_in);
    return (struct irq_line) { .set = input_set, .opaque = d, .n = n };
}

void bus_init(struct bus *b, struct machine *m, const struct bus_type *type, struct device *owner, const char *name)
{
    memset(b, 0, sizeof(*b));
    b->type = type;
    b->name = g_strdup(name);
    b->owner = owner;
    b->children = g_ptr_array_new();
    g_ptr_array_add(m->buses, b);
}

void bus_free(struct bus *b, struct machine *m)
{
    if (!b->children) {
        return;
    }
    while (b->children->len) {
        device_delete(b->children->pdata[b->children->len - 1]);
    }
    g_ptr_array_remove(m->buses, b);
    g_ptr_array_free(b->children, true);
    g_free(b->name);
    memset(b, 0, sizeof(*b));
}

/* ---- help and info ---- */

void device_help(const struct device_type *type, GString *out)
{
    g_string_append_printf(out, "%s options:\n", type->name);
    for (; type; type = type->base) {
        prop_help(type->props, type->prop_count, out);
        for (const struct device_type *c = type->child; c; c = c->base) {
            prop_help(c->props, c->prop_count, out);
        }
    }
}

void device_list_help(GString *out)
{
    for (unsigned i = 0; device_types[i]; i++) {
        const struct device_type *t = device_types[i];

        if (!t->abstract && (t->bus || t->user)) {
            g_string_append_printf(out, "name \"%s\"%s%s%s%s%s\n", t->name, t->bus ? ", bus " : "",
                                   t->bus ? t->bus->name : "", t->help ? ", desc \"" : "", t->help ? t->help : "",
                                   t->help ? "\"" : "");
        }
    }
}

static void describe_props(struct device *d, const struct device_type *type, GString *out)
{
    for (size_t i = 0; i < type->prop_count; i++) {
        g_autofree char *value = prop_format(d->m, d, &type->props[i]);

        g_string_append_printf(out, "    %s = %s\n", type->props[i].name, value ? value : "\"\"");
    }
}

void device_describe(struct device *d, GString *out)
{
    g_string_append_printf(out, "  dev: %s, id \"%s\"\n", d->type->name, d->id ? d->id : "");
    for (const struct device_type *t = d->type; t; t = t->base) {
        describe_props(d, t, out);
    }
    for (const struct device_type *t = d->type; t; t = t->base) {
        regs_describe(d, t, out);
    }
    if (d->mmio.parent) {
        g_string_append_printf(out, "    mmio %016" G_GINT64_MODIFIER "x/%016" G_GINT64_MODIFIER "x\n", d->mmio.addr,
                               d->mmio.size);
    }
}
