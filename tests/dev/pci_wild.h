/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile use of a PCI function: configuration space, BARs, and RAM that it reads by DMA. */
#ifndef TESTS_DEV_PCI_WILD_H
#define TESTS_DEV_PCI_WILD_H

#include "tests/dev/pci_rig.h"

/* The n-th PCI type that can be made without back ends; NULL behind the last. */
const struct device_type *pci_wild_type(unsigned n);
/* One step by numbers of any value. */
void pci_wild_step(struct pci_rig *p, uint8_t what, uint32_t where, uint64_t value);

#endif
