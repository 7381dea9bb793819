/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any sequence of accesses to a PCI function and to the RAM that it reads. The first byte of the input chooses the function. */
#include <string.h>

#include "tests/dev/pci_wild.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned types = 0;
    struct pci_rig p;

    while (pci_wild_type(types)) {
        types++;
    }
    if (!size) {
        return 0;
    }
    pci_rig_new(&p, pci_wild_type(data[0] % types)->name, true);
    if (pci_rig_start(&p, NULL)) {
        for (size_t at = 1; at + 13 <= size; at += 13) {
            uint64_t value;

            memcpy(&value, data + at + 5, 8);
            pci_wild_step(&p, data[at], pci_get32(data + at + 1), value);
        }
    }
    pci_rig_free(&p);
    return 0;
}
