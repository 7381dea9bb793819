/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host bridges of PCs: configuration ports, PCI memory behind RAM, shadow RAM. */
#ifndef HW_PCI_PC_HOST_H
#define HW_PCI_PC_HOST_H

#include "hw/pci/pci.h"

struct pc_host {
    struct device dev;
    uint32_t address;               /* CONFADD */
    uint8_t reset_control;          /* port 0xcf9 */
    struct pci_bus bus;
    struct mem_region memory;       /* PCI memory space */
    struct mem_region hole;         /* what nobody answers below 1 MiB, so that RAM does not show there */
    struct mem_region background;   /* in the machine's memory, wherever nothing else is */
    struct ram_block *ram;          /* what the board has mapped at 0 */
    struct device *bridge;          /* function 00:00.0 */
};

/* Before realize: RAM, of which the first megabyte can be shadowed. */
void pc_host_set_ram(struct device *d, struct ram_block *ram);

#endif
