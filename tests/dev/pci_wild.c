/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/dev/pci_wild.h"

#include <string.h>

const struct device_type *pci_wild_type(unsigned n)
{
    for (unsigned i = 0; device_types[i]; i++) {
        const struct device_type *t = device_types[i];

        /* Types with a child need its back end; they have fuzzers of their own. */
        if (t->bus == &pci_bus_type && !t->abstract && !t->child && !n--) {
            return t;
        }
    }
    return NULL;
}

static void step_bar(struct pci_rig *p, uint8_t what, uint32_t where, uint64_t value)
{
    unsigned bar = where >> 24 & 7, size = 1 << (what & 3);
    const struct pci_bar *b = bar < PCI_BARS ? &p->d->bars[bar] : NULL;
    uint64_t span, offset;

    if (!b || !b->region) {
        bar = p->d->bars[0].region ? 0 : p->d->bars[5].region ? 5 : p->d->bars[4].region ? 4 : 0;
        b = &p->d->bars[bar];
    }
    if (!b->region) {
        return;
    }
    span = what & 4 ? b->size : MIN(b->size, 0x400);
    offset = (where & 0xffffff) % span & ~(uint64_t)(size - 1);
    size = b->kind == PCI_BAR_IO ? MIN(size, 4) : size;
    if (what & 8) {
        pci_rig_write(p, bar, offset, size, value);
    } else {
        pci_rig_read(p, bar, offset, size);
    }
}

void pci_wild_step(struct pci_rig *p, uint8_t what, uint32_t where, uint64_t value)
{
    switch (what >> 4) {
    case 0:
        pci_rig_set_config(p, where & 0xff, 1 << (what & 1), value);
        break;
    case 1:
        pci_rig_config(p, where & 0xfff, 1);
        pci_rig_enable(p);
        break;
    case 2:
    case 3:
        memcpy(p->r.ram_host + where % (RIG_RAM_BYTES - 8), &value, 8);
        break;
    case 4:         /* something that looks like the address of a table */
        pci_put32(p->r.ram_host + where % (RIG_RAM_BYTES - 8), RIG_RAM + value % RIG_RAM_BYTES);
        break;
    case 5:
        rig_step(&p->r, value & 0xffffff);
        break;
    case 6:
        step_bar(p, what | 8, where, RIG_RAM + value % RIG_RAM_BYTES);
        break;
    default:
        step_bar(p, what, where, value);
    }
}
