/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/dev/pc_rig.h"

static void set_line(void *opaque, unsigned n, bool level)
{
    ((struct pc_rig *)opaque)->line[n] = level;
}

void pc_rig_new(struct pc_rig *p, const char *type)
{
    *p = (struct pc_rig) { 0 };
    rig_init(&p->r, type);
    isa_bus_init(&p->isa, NULL, p->r.m, "isa.0", &p->r.m->io);
    for (unsigned n = 0; n < ISA_LINES; n++) {
        p->isa.lines[n].out = (struct irq_line) { set_line, p, n };
    }
}

void pc_rig_start(struct pc_rig *p)
{
    g_autoptr(GError) err = NULL;

    if (!p->r.d->type->bus) {
        rig_start(&p->r);
        return;
    }
    if (!device_realize(p->r.d, &p->isa.bus, &err)) {
        g_error("realize: %s", err->message);
    }
    rig_reset(&p->r);
}

void pc_rig_init(struct pc_rig *p, const char *type)
{
    pc_rig_new(p, type);
    pc_rig_start(p);
}

void pc_rig_free(struct pc_rig *p)
{
    isa_bus_free(&p->isa, p->r.m);
    rig_free(&p->r);
}

uint32_t port_in(struct pc_rig *p, uint16_t port, unsigned size)
{
    return as_ld(&p->r.m->io_as, port, size, MEM_ATTRS_NONE, NULL);
}

void port_out(struct pc_rig *p, uint16_t port, unsigned size, uint32_t v)
{
    as_st(&p->r.m->io_as, port, size, v, MEM_ATTRS_NONE);
}
