/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that write the PC boards' ACPI tables share. */
#ifndef HW_BOARD_PC_ACPI_H
#define HW_BOARD_PC_ACPI_H

#include "hw/board/pc.h"
#include "hw/pci/pci.h"
#include "system/acpi.h"

struct pc_tables {
    struct machine *m;
    struct pc *pc;
    struct acpi *a;
    uint64_t ecam, ecam_bytes;      /* configuration space in memory; ecam 0: none */
    uint64_t high, high_last;       /* PCI memory above 4 GiB */
};

bool pc_is_q35(const struct pc *pc);
/* Where the host bridge's PCIEXBAR is in its configuration space; 0: it has none. */
unsigned pc_ecam_register(const struct pc *pc);

/* pc_dsdt.c: the DSDT; its start. */
uint32_t pc_add_dsdt(const struct pc_tables *t);

#endif
