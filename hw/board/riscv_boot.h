/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a RISC-V board starts its harts: firmware, kernel, initrd, device tree, and the ROM code that enters them. */
#ifndef HW_BOARD_RISCV_BOOT_H
#define HW_BOARD_RISCV_BOOT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

struct device;
struct fdt;
struct machine;

struct riscv_boot {
    struct machine *m;
    unsigned bits;          /* of the harts: 32 or 64 */
    paddr ram, ram_end;
    paddr rom;              /* where the reset code goes; harts start there */
    paddr flash;            /* start of the first flash bank; payload if it is filled */
    bool flash_filled;
    struct device *fw_cfg;  /* gets kernel and initrd where firmware in flash loads them */
    /* found by riscv_boot_load: */
    paddr start;            /* where the reset code jumps to */
    paddr next;             /* what M-mode firmware starts in S mode, 0: nothing */
    paddr initrd, initrd_end;   /* equal: none */
};

/* -bios, -kernel, -initrd into ROMs. firmware is the default for -bios (names for firmware_find). */
bool riscv_boot_load(struct riscv_boot *b, const char *const *firmware, GError **err);

/* Adds what was chosen (command line, initrd) to the device tree, packs it, puts it near the end of RAM, and the reset code into the ROM. */
bool riscv_boot_finish(struct riscv_boot *b, struct fdt *f, GError **err);

#endif
