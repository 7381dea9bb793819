/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debug port of Bochs and QEMU: each byte written goes to a chardev; a read gives the value by which firmware sees
 * that the port is there.
 */
#include "chardev/chardev.h"
#include "hw/isa/isa.h"

struct debugcon {
    struct isa_device isa;
    uint32_t readback;
    struct chardev *chardev;
    struct chardev_fe fe;
};

static uint64_t data_read(struct device *d, unsigned i)
{
    return ((struct debugcon *)d)->readback;
}

static void data_write(struct device *d, unsigned i, uint64_t v)
{
    uint8_t byte = v;

    chardev_fe_write(&((struct debugcon *)d)->fe, &byte, 1);
}

static bool realize(struct device *d, GError **err)
{
    static const struct chardev_fe_ops ops = { 0 };
    struct debugcon *s = (struct debugcon *)d;

    return chardev_fe_attach(&s->fe, s->chardev, &ops, s, err);
}

static void unrealize(struct device *d)
{
    chardev_fe_detach(&((struct debugcon *)d)->fe);
}

static const struct reg regs[] = { REG_FN(data, 0, 1, .read_fn = data_read, .write_fn = data_write) };

static const struct prop props[] = {
    PROP_U32(struct debugcon, isa.iobase, "iobase", 0xe9, "port", .max = 0xffff),
    PROP_U32(struct debugcon, readback, "readback", 0xe9, "what reading gives", .max = 0xff),
    PROP_CHARDEV(struct debugcon, chardev, "chardev", "where bytes go"),
};

static const struct host_field host[] = { HOST(struct debugcon, fe) };

const struct device_type isa_debugcon_type = {
    .name = "isa-debugcon", .help = "debug console port", .base = &isa_device_type, .bus = &isa_bus_type,
    .size = sizeof(struct debugcon), REGS(regs), PROPS(props), HOSTS(host), .mmio_size = 1, .one_reg = true,
    .realize = realize, .unrealize = unrealize,
};
