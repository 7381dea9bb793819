/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pvpanic: a guest's kernel says that it has crashed (QEMU's docs/specs/pvpanic.rst). A byte: reading gives the events that
 * are known, writing reports them. As a port of the ISA bus ("pvpanic") or in BAR 0 of a PCI function ("pvpanic-pci").
 */
#include "hw/isa/isa.h"
#include "hw/pci/pci.h"
#include "system/machine.h"
#include "util/log.h"

enum { PANICKED = 1, CRASH_LOADED = 2, KNOWN = PANICKED | CRASH_LOADED };

static enum mem_result panic_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = offset ? 0 : KNOWN;
    return MEM_OK;
}

/* A kernel that has loaded its crash kernel goes on by itself. */
static enum mem_result panic_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct device *d = opaque;

    if (!offset && (value & PANICKED)) {
        log_guest("pvpanic: the guest has crashed");
        machine_request_shutdown(d->m, CAUSE_GUEST_PANIC, 0);
    } else if (!offset && (value & CRASH_LOADED)) {
        log_guest("pvpanic: the guest has started its crash kernel");
    }
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = panic_read, .write = panic_write, .impl_max = 1 };

/* ---- on the ISA bus ---- */

struct pvpanic_isa {
    struct isa_device isa;
};

static const struct prop isa_props[] = {
    PROP_U32(struct pvpanic_isa, isa.iobase, "ioport", 0x505, "port", .max = 0xffff),
};

const struct device_type pvpanic_isa_type = {
    .name = "pvpanic", .help = "says that the guest has crashed (ISA)", .base = &isa_device_type, .bus = &isa_bus_type,
    .size = sizeof(struct pvpanic_isa), PROPS(isa_props), .mmio_size = 1, .mmio = &ops,
};

/* ---- on PCI ---- */

struct pvpanic_pci {
    struct pci_device pci;
    struct mem_region bar;
};

static bool realize(struct device *d, GError **err)
{
    struct pvpanic_pci *s = (struct pvpanic_pci *)d;

    mem_mmio_init(&s->bar, &d->m->memory, "pvpanic", 16, &ops, s);
    pci_add_bar(&s->pci, 0, PCI_BAR_MEM32, false, &s->bar);
    return true;
}

static void unrealize(struct device *d)
{
    struct pvpanic_pci *s = (struct pvpanic_pci *)d;

    pci_remove_bars(&s->pci);
    mem_region_free(&s->bar);
}

static const struct host_field host[] = { HOST(struct pvpanic_pci, bar) };

static const struct pci_desc desc = {
    .vendor = 0x1b36, .device = 0x0011, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x088000, .revision = 1,
};

const struct device_type pvpanic_pci_type = {
    .name = "pvpanic-pci", .help = "says that the guest has crashed (PCI)", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct pvpanic_pci), HOSTS(host), .realize = realize, .unrealize = unrealize, .desc = &desc,
};
