/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/dev/pci_rig.h"

#include <string.h>

#include "hw/pci/gpex.h"

void pci_rig_new(struct pci_rig *p, const char *type, bool msi)
{
    struct gpex *g;

    memset(p, 0, sizeof(*p));
    rig_init(&p->r, "gpex-pcihost");
    rig_start(&p->r);
    g = (struct gpex *)p->r.d;
    for (unsigned pin = 0; pin < PCI_PINS; pin++) {
        gpex_connect(p->r.d, pin, p->r.d->irq[pin]);
    }
    gpex_window(p->r.d, false, PCI_RIG_MEMORY, PCI_RIG_MEMORY, 0x10000000);
    g->bus.msi = msi;
    p->d = (struct pci_device *)device_new(p->r.m, device_type_find(type), "dut0", NULL);
    device_set_text(&p->d->dev, "addr", "1");
}

bool pci_rig_start(struct pci_rig *p, GError **err)
{
    if (!device_realize(&p->d->dev, &((struct gpex *)p->r.d)->bus.bus, err)) {
        device_delete(&p->d->dev);
        p->d = NULL;
        return false;
    }
    device_reset(&p->d->dev);
    if (p->d->dev.child) {
        device_reset(p->d->dev.child);
    }
    pci_rig_enable(p);
    return true;
}

void pci_rig_enable(struct pci_rig *p)
{
    for (unsigned n = 0; n < PCI_BARS; n++) {
        const struct pci_bar *b = &p->d->bars[n];

        if (b->region && b->kind == PCI_BAR_IO) {
            pci_rig_set_config(p, PCI_BAR0 + 4 * n, 4, PCI_RIG_PORTS + n * 0x100);
        } else if (b->region) {
            pci_rig_set_config(p, PCI_BAR0 + 4 * n, 4, PCI_RIG_MEMORY + n * 0x100000);
        }
    }
    pci_rig_set_config(p, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void pci_rig_free(struct pci_rig *p)
{
    rig_free(&p->r);
}

uint32_t pci_rig_config(struct pci_rig *p, unsigned offset, unsigned size)
{
    return rig_read(&p->r, PCI_RIG_DEVFN << 12 | offset, size);
}

void pci_rig_set_config(struct pci_rig *p, unsigned offset, unsigned size, uint32_t v)
{
    rig_write(&p->r, PCI_RIG_DEVFN << 12 | offset, size, v);
}

uint64_t pci_rig_read(struct pci_rig *p, unsigned bar, uint64_t offset, unsigned size)
{
    if (p->d->bars[bar].kind == PCI_BAR_IO) {
        return as_ld(&p->r.m->io_as, PCI_RIG_PORTS + bar * 0x100 + offset, size, MEM_ATTRS_NONE, NULL);
    }
    return as_ld(&p->r.m->as, PCI_RIG_MEMORY + bar * 0x100000 + offset, size, MEM_ATTRS_NONE, NULL);
}

void pci_rig_write(struct pci_rig *p, unsigned bar, uint64_t offset, unsigned size, uint64_t v)
{
    if (p->d->bars[bar].kind == PCI_BAR_IO) {
        as_st(&p->r.m->io_as, PCI_RIG_PORTS + bar * 0x100 + offset, size, v, MEM_ATTRS_NONE);
    } else {
        as_st(&p->r.m->as, PCI_RIG_MEMORY + bar * 0x100000 + offset, size, v, MEM_ATTRS_NONE);
    }
}

bool pci_rig_pin(struct pci_rig *p)
{
    return p->r.irq[0] || p->r.irq[1] || p->r.irq[2] || p->r.irq[3];
}

bool pci_rig_wait(struct pci_rig *p, bool (*done)(void *opaque), void *opaque)
{
    for (unsigned i = 0; i < 50000 && !done(opaque); i++) {
        machine_unlock(p->r.m);
        if (!g_main_context_iteration(NULL, false)) {
            g_usleep(100);
        }
        machine_lock(p->r.m);
    }
    return done(opaque);
}
