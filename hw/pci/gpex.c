/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generic PCI Express host bridge: configuration space by ECAM (PCI Express Base Specification, 7.2.2), no registers of
 * its own; the device tree's "pci-host-ecam-generic".
 *
 * Region: ECAM (mmio). Outputs 0 to 3: INTA to INTD. The board maps the windows on PCI memory and I/O space.
 * Not modelled: bridges and root ports (one bus), MSI (the board's interrupt controller takes none).
 */
#include "hw/pci/gpex.h"

#include "system/machine.h"

static enum mem_result ecam_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct gpex *s = opaque;

    *value = pci_config_read(&s->bus, offset >> 20, offset >> 12, offset & 0xfff, size);
    return MEM_OK;
}

static enum mem_result ecam_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct gpex *s = opaque;

    pci_config_write(&s->bus, offset >> 20, offset >> 12, offset & 0xfff, size, value);
    return MEM_OK;
}

static const struct mmio_ops ecam = { .read = ecam_read, .write = ecam_write, .valid_max = 4, .impl_max = 4 };

static bool realize(struct device *d, GError **err)
{
    struct gpex *s = (struct gpex *)d;
    struct device *root;

    mem_container_init(&s->memory, &d->m->memory, "pci-memory", UINT64_MAX);
    pci_bus_init(&s->bus, d, "pcie.0", &s->memory, &d->m->io);
    root = device_new(d->m, &gpex_root_type, NULL, err);
    if (!root) {
        return false;
    }
    device_set_text(root, "addr", "0");
    return device_realize(root, &s->bus.bus, err);
}

static void unrealize(struct device *d)
{
    struct gpex *s = (struct gpex *)d;

    pci_bus_free(&s->bus, d->m);
    for (unsigned i = 0; i < s->windows; i++) {
        mem_region_free(&s->window[i]);
    }
    s->windows = 0;
    mem_region_free(&s->memory);
}

void gpex_window(struct device *d, bool io, uint64_t pci_addr, paddr addr, uint64_t size)
{
    struct gpex *s = (struct gpex *)d;
    struct mem_region *w = &s->window[s->windows++];

    g_assert(s->windows <= G_N_ELEMENTS(s->window));
    mem_alias_init(w, io ? "pcie-pio" : "pcie-mmio", io ? &d->m->io : &s->memory, pci_addr, size);
    mem_map(&d->m->root, addr, w, 0);
}

void gpex_connect(struct device *d, unsigned pin, struct irq_line line)
{
    ((struct gpex *)d)->bus.pins[pin] = line;
}

static const struct host_field host[] = {
    HOST(struct gpex, bus), HOST(struct gpex, memory), HOST(struct gpex, window), HOST(struct gpex, windows),
};

const struct device_type gpex_type = {
    .name = "gpex-pcihost", .help = "generic PCI Express host bridge", .fdt = "pci-host-ecam-generic",
    .size = sizeof(struct gpex),
    HOSTS(host), .mmio_size = GPEX_ECAM_BYTES, .mmio = &ecam, .realize = realize, .unrealize = unrealize,
};

/* The bridge's own function, 00:00.0. */
static const struct pci_desc root_desc = {
    .vendor = 0x1b36, .device = 0x0008, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x060000,
};

const struct device_type gpex_root_type = {
    .name = "gpex-root", .help = "function 0 of the host bridge; only the bridge makes it", .base = &pci_device_type,
    .bus = &pci_bus_type, .size = sizeof(struct pci_device), .desc = &root_desc,
};
