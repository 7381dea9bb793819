/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/board.h"

#include <string.h>

#include "system/fdt.h"
#include "system/machine.h"

const struct board *board_find(const char *isa, const char *name)
{
    for (unsigned i = 0; boards[i]; i++) {
        const struct board *b = boards[i];

        if ((!isa || !strcmp(b->isa, isa)) && (!strcmp(b->name, name) || (b->alias && !strcmp(b->alias, name)))) {
            return b;
        }
    }
    return NULL;
}

const struct place *place_find(const struct board *board, const char *id)
{
    for (size_t i = 0; i < board->place_count; i++) {
        if (!strcmp(board->places[i].id, id)) {
            return &board->places[i];
        }
    }
    g_assert_not_reached();
}

struct device *place_make(struct machine *m, const struct place *p, struct device *intc, GError **err)
{
    const struct device_type *type = device_type_find(p->type);
    struct device *d;

    g_assert(type);
    d = device_new(m, type, p->id, err);
    if (!d) {
        return NULL;
    }
    if (p->serial) {
        device_set_pointer(d, "chardev", m->opt.serial[p->serial - 1]);
    }
    if (p->irq) {
        g_assert(intc);
        device_connect(d, 0, device_input(intc, p->irq));
    }
    if (!device_realize(d, NULL, err)) {
        device_delete(d);
        return NULL;
    }
    device_map(d, p->addr);
    return d;
}

char *place_path(const struct place *p, const char *parent)
{
    return g_strdup_printf("%s/%s@%" G_GINT64_MODIFIER "x", parent, p->node, p->addr);
}

void places_fdt(struct machine *m, struct fdt *f, const char *parent,
                void (*more)(void *opaque, const struct place *p, const char *path), void *opaque)
{
    for (size_t i = 0; i < m->board->place_count; i++) {
        const struct place *p = &m->board->places[i];
        const struct device *d = p->node ? device_find(m, p->id) : NULL;
        g_autofree char *path = d ? place_path(p, parent) : NULL;

        if (d) {
            dt_node(f, path);
            more(opaque, p, path);
            dt_set_reg(f, path, p->addr, p->size ? p->size : d->type->mmio_size);
            dt_set_strings(f, path, "compatible", d->type->fdt);
        }
    }
}

bool places_make(struct machine *m, struct device *intc, GError **err)
{
    for (size_t i = 0; i < m->board->place_count; i++) {
        const struct place *p = &m->board->places[i];

        if (p->type && !p->late && !p->isa && !place_make(m, p, intc, err)) {
            return false;
        }
    }
    return true;
}
