/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One PCI function on a host bridge without a CPU: its BARs are mapped, bus mastering is on. RAM is the rig's, 64 KiB at
 * RIG_RAM.
 */
#ifndef TESTS_DEV_PCI_RIG_H
#define TESTS_DEV_PCI_RIG_H

#include "hw/pci/pci.h"
#include "tests/dev/rig.h"

#define PCI_RIG_DEVFN (1 << 3)
#define PCI_RIG_MEMORY 0x40000000ull    /* BAR n of memory: MiB n from here on */
#define PCI_RIG_PORTS 0x1000            /* BAR n of ports: n * 256 from here on */

struct pci_rig {
    struct rig r;               /* r.irq: INTA to INTD of the bus */
    struct pci_device *d;
};

/* The function is made, not realized: properties can be set; then start. msi: the bus takes messages. */
void pci_rig_new(struct pci_rig *p, const char *type, bool msi);
/* False and *err where the device can't be realized. */
bool pci_rig_start(struct pci_rig *p, GError **err);
void pci_rig_free(struct pci_rig *p);
/* Maps the BARs and turns bus mastering on, as after a reset. */
void pci_rig_enable(struct pci_rig *p);

uint32_t pci_rig_config(struct pci_rig *p, unsigned offset, unsigned size);
void pci_rig_set_config(struct pci_rig *p, unsigned offset, unsigned size, uint32_t v);
uint64_t pci_rig_read(struct pci_rig *p, unsigned bar, uint64_t offset, unsigned size);
void pci_rig_write(struct pci_rig *p, unsigned bar, uint64_t offset, unsigned size, uint64_t v);
bool pci_rig_pin(struct pci_rig *p);
/* Lets the main loop run until done() or five seconds have gone. */
bool pci_rig_wait(struct pci_rig *p, bool (*done)(void *opaque), void *opaque);

#endif
