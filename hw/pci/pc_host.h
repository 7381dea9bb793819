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
    /* What a CPU sees in system management mode: the machine's memory, and SMRAM in front of it. */
    struct mem_region smm, smm_rest;
    struct address_space smm_as;
    struct ram_block *ram;          /* what the board has mapped at 0 */
    uint64_t ram_below_4g;          /* so much of it is */
    struct device *bridge;          /* function 00:00.0 */
};

/* Before realize: RAM, of which the first megabyte can be shadowed and the last below 4 GiB become SMRAM. */
void pc_host_set_ram(struct device *d, struct ram_block *ram, uint64_t below_4g);

#endif
