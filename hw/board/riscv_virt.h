/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virt board's state and the parts of its code. */
#ifndef HW_BOARD_RISCV_VIRT_H
#define HW_BOARD_RISCV_VIRT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/board/virt.h"
#include "system/board.h"
#include "system/memory.h"

enum { VIRT_SOURCES = 96, VIRT_HARTS_MAX = 512, VIRT_PCIE_IRQ = 0x20 };

#define VIRT_TIMEBASE_HZ 10000000
#define VIRT_FLASH_BYTES 0x2000000ull   /* each of two banks */

struct riscv_virt {
    /* properties */
    bool aclint;
    int aia, acpi;
    char *pflash[2];                    /* ids of drives; they may be made after the properties are set */
    /* parts */
    unsigned bits;                      /* XLEN of the harts */
    struct mem_region ram, rom;
    struct device *plic, *fw_cfg;
    paddr ram_end;
    struct virt_pcie pcie;
};

struct fdt;

/* The device tree of the whole board (riscv_virt_fdt.c); riscv_boot_finish adds what was chosen for this boot. */
struct fdt *riscv_virt_fdt(struct machine *m);

#endif
