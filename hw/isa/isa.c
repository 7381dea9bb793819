/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/isa.h"

#include <string.h>

#include "system/machine.h"

const struct bus_type isa_bus_type = { .name = "ISA" };

void isa_bus_init(struct isa_bus *b, struct device *owner, struct machine *m, const char *name, struct mem_region *io)
{
    memset(b, 0, sizeof(*b));
    bus_init(&b->bus, m, &isa_bus_type, owner, name);
    b->io = io;
}

void isa_bus_free(struct isa_bus *b, struct machine *m)
{
    bus_free(&b->bus, m);
}

struct isa_bus *isa_bus_of(struct isa_device *d)
{
    return (struct isa_bus *)d->dev.parent_bus;
}

struct irq_line isa_line(struct isa_bus *b, unsigned n)
{
    g_assert(n < ISA_LINES);
    return irq_or_input(&b->lines[n], b->users[n]++ % 64);
}

static bool realize(struct device *dev, GError **err)
{
    struct isa_device *d = (struct isa_device *)dev;
    struct isa_bus *b = isa_bus_of(d);

    if (d->iobase > 0xffff || (d->irq != ISA_NO_IRQ && d->irq >= ISA_LINES)) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "-device %s: accepted: iobase up to 0xffff, irq up to 15",
                    dev->type->name);
        return false;
    }
    if (b && d->irq && d->irq != ISA_NO_IRQ && dev->type->irqs) {
        device_connect(dev, 0, isa_line(b, d->irq));
    }
    if (b && dev->mmio.size) {
        mem_map(b->io, d->iobase, &dev->mmio, 0);
    }
    return true;
}

static const struct host_field host[] = { HOST(struct isa_device, iobase), HOST(struct isa_device, irq) };

const struct device_type isa_device_type = {
    .name = "isa-device", .abstract = true, .help = "common part of ISA devices", .size = sizeof(struct isa_device),
    HOSTS(host), .bus = &isa_bus_type, .realize = realize,
};
