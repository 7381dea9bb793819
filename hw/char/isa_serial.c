/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550A at the PC's usual ports (COM1 to COM4). */
#include "hw/isa/isa.h"
#include "system/machine.h"

struct isa_serial {
    struct isa_device isa;
    uint32_t index;
};

extern const struct device_type ns16550a_type;

static const uint16_t ports[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
static const uint8_t lines[] = { 4, 3, 4, 3 };

static bool fail(GError **err, const char *why)
{
    g_set_error(err, g_quark_from_static_string("device"), 0, "-device isa-serial: %s", why);
    return false;
}

static bool realize(struct device *d, GError **err)
{
    struct isa_serial *s = (struct isa_serial *)d;
    struct isa_bus *bus = isa_bus_of(&s->isa);

    if (s->index >= G_N_ELEMENTS(ports)) {
        return fail(err, "index=: accepted: 0 to 3");
    }
    s->isa.iobase = s->isa.iobase ? s->isa.iobase : ports[s->index];
    s->isa.irq = s->isa.irq == ISA_NO_IRQ ? lines[s->index] : s->isa.irq;
    if (bus) {
        device_connect(d->child, 0, isa_line(bus, s->isa.irq));
    }
    if (!device_realize(d->child, NULL, err)) {
        return false;
    }
    mem_set_size(&d->child->mmio, 8);
    if (bus) {
        mem_map(bus->io, s->isa.iobase, &d->child->mmio, 0);
    }
    return true;
}

static void unrealize(struct device *d)
{
    device_delete(d->child);
    d->child = NULL;
}

static const struct prop props[] = {
    ISA_PROPS(struct isa_serial, 0, ISA_NO_IRQ),
    PROP_U32(struct isa_serial, index, "index", 0, "0 to 3: COM1 to COM4 (gives iobase and irq)", .max = 3),
};

const struct device_type isa_serial_type = {
    .name = "isa-serial", .help = "16550A serial port", .base = &isa_device_type, .bus = &isa_bus_type,
    .size = sizeof(struct isa_serial), PROPS(props), .child = &ns16550a_type, .realize = realize,
    .unrealize = unrealize,
};
