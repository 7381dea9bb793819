/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_PCI_GPEX_H
#define HW_PCI_GPEX_H

#include "hw/pci/pci.h"

#define GPEX_ECAM_BYTES 0x10000000      /* 256 buses */

struct gpex {
    struct device dev;
    struct pci_bus bus;
    struct mem_region memory;           /* PCI memory space */
    struct mem_region window[3];
    unsigned windows;
};

extern const struct device_type gpex_type, gpex_root_type;

/* After realize: a window of the machine's memory on PCI memory (or I/O) space. */
void gpex_window(struct device *d, bool io, uint64_t pci_addr, paddr addr, uint64_t size);
/* Where INTA to INTD (0 to 3) lead. */
void gpex_connect(struct device *d, unsigned pin, struct irq_line line);

#endif
