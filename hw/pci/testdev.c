/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pci-testdev: counts writes that a test makes (the protocol of QEMU's docs/specs/pci-testdev.rst).
 *
 * BAR 0: memory, BAR 1: I/O; both show the same kind of header: test number (1 byte, write: start that test), width,
 * offset (4 bytes at 4), data (4 bytes at 8), count (4 bytes at 12), name. A write of `data` with `width` at `offset`
 * counts. Three tests for each BAR: no eventfd here, so all three count in the device.
 */
#include <string.h>

#include "hw/pci/pci.h"
#include "system/machine.h"

#define MEM_BYTES 4096
#define IO_BYTES 256
#define TESTS 3
#define WRITE_OFFSET 0x80
#define WRITE_DATA 0xfa


struct pci_testdev {
    struct pci_device pci;
    uint8_t test[2];
    uint32_t count[2];
    struct mem_region mem, io;
};

static const char *const names[2][TESTS] = {
    { "mmio-no-eventfd", "mmio-wildcard-eventfd", "mmio-datamatch-eventfd" },
    { "portio-no-eventfd", "portio-wildcard-eventfd", "portio-datamatch-eventfd" },
};

static uint64_t read_byte(const struct pci_testdev *s, unsigned bar, uint64_t o)
{
    unsigned t = s->test[bar];

    if (o == 0) {
        return t;
    }
    if (t >= TESTS) {
        return 0;
    }
    switch (o) {
    case 1:
        return 1;       /* width */
    case 4:
        return WRITE_OFFSET;
    case 8:
        return WRITE_DATA;
    case 12 ... 15:
        return s->count[bar] >> ((o - 12) * 8) & 0xff;
    default:
        return o >= 16 && o - 16 < strlen(names[bar][t]) ? (uint8_t)names[bar][t][o - 16] : 0;
    }
}

static enum mem_result read_bar(struct pci_testdev *s, unsigned bar, uint64_t offset, unsigned size, uint64_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= read_byte(s, bar, offset + i) << (i * 8);
    }
    return MEM_OK;
}

static enum mem_result write_bar(struct pci_testdev *s, unsigned bar, uint64_t offset, unsigned size, uint64_t value)
{
    if (offset == 0) {
        s->test[bar] = value;
        s->count[bar] = 0;
    } else if (offset == WRITE_OFFSET && size == 1 && s->test[bar] < TESTS &&
               (s->test[bar] == 1 || value == WRITE_DATA)) {
        s->count[bar]++;
    }
    return MEM_OK;
}

static enum mem_result mem_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    return read_bar(opaque, 0, offset, size, value);
}

static enum mem_result mem_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    return write_bar(opaque, 0, offset, size, value);
}

static enum mem_result io_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    return read_bar(opaque, 1, offset, size, value);
}

static enum mem_result io_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    return write_bar(opaque, 1, offset, size, value);
}

static const struct mmio_ops mem_ops = { .read = mem_read, .write = mem_write, .valid_max = 4, .impl_max = 4 };
static const struct mmio_ops io_ops = { .read = io_read, .write = io_write, .valid_max = 4, .impl_max = 4 };

static bool realize(struct device *d, GError **err)
{
    struct pci_testdev *s = (struct pci_testdev *)d;

    mem_mmio_init(&s->mem, &d->m->memory, "pci-testdev-mmio", MEM_BYTES, &mem_ops, s);
    mem_mmio_init(&s->io, &d->m->memory, "pci-testdev-portio", IO_BYTES, &io_ops, s);
    pci_add_bar(&s->pci, 0, PCI_BAR_MEM32, false, &s->mem);
    pci_add_bar(&s->pci, 1, PCI_BAR_IO, false, &s->io);
    return true;
}

static void unrealize(struct device *d)
{
    struct pci_testdev *s = (struct pci_testdev *)d;

    pci_remove_bars(&s->pci);
    mem_region_free(&s->mem);
    mem_region_free(&s->io);
}

static void reset(struct device *d)
{
    struct pci_testdev *s = (struct pci_testdev *)d;

    s->test[0] = s->test[1] = 0xff;
    s->count[0] = s->count[1] = 0;
}

static const struct pci_desc desc = {
    .vendor = 0x1b36, .device = 0x0005, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x00ff00,
};
static const struct field state[] = { FIELD_ARRAY(struct pci_testdev, test), FIELD_ARRAY(struct pci_testdev, count) };
static const struct host_field host[] = { HOST(struct pci_testdev, mem), HOST(struct pci_testdev, io) };

const struct device_type pci_testdev_type = {
    .name = "pci-testdev", .help = "PCI test device", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct pci_testdev), STATE(state),
    HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset, .desc = &desc,
};
