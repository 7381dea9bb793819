/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's isa-debug-exit: writing v ends the emulator with exit status v << 1 | 1. */
#include "hw/isa/isa.h"
#include "system/machine.h"

struct debugexit {
    struct isa_device isa;
    uint32_t iosize;
};

static enum mem_result exit_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = 0;
    return MEM_OK;
}

static enum mem_result exit_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct device *d = opaque;

    machine_request_shutdown(d->m, CAUSE_GUEST_SHUTDOWN, (value << 1 | 1) & 0xff);
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = exit_read, .write = exit_write, .valid_max = 4 };

static bool realize(struct device *d, GError **err)
{
    struct debugexit *s = (struct debugexit *)d;

    mem_set_size(&d->mmio, CLAMP(s->iosize, 1, 8));
    return true;
}

static const struct prop props[] = {
    PROP_U32(struct debugexit, isa.iobase, "iobase", 0x501, "port", .max = 0xffff),
    PROP_U32(struct debugexit, iosize, "iosize", 2, "number of ports", .max = 8),
};

const struct device_type isa_debug_exit_type = {
    .name = "isa-debug-exit", .help = "port that ends the emulator", .base = &isa_device_type, .bus = &isa_bus_type,
    .size = sizeof(struct debugexit), PROPS(props), .mmio_size = 2, .mmio = &ops, .realize = realize,
};
