/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an Arm board starts: firmware from flash or -bios, or a kernel by Linux's boot protocol. */
#ifndef HW_BOARD_ARM_BOOT_H
#define HW_BOARD_ARM_BOOT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

struct device;
struct fdt;
struct machine;

struct arm_boot {
    struct machine *m;
    paddr ram, ram_end;
    paddr flash;            /* start of the first flash bank, where CPUs start */
    uint64_t flash_size;
    bool flash_filled;
    struct device *fw_cfg;  /* gets kernel and initrd where firmware loads them */
    unsigned linux_level;   /* exception level that a kernel starts at */
    /* found by arm_boot_load: */
    bool firmware;          /* there is some: it starts at the highest level */
    bool is_linux;            /* a kernel that gets the device tree's address */
    paddr entry, low, high; /* of the kernel */
    paddr initrd, initrd_end;   /* equal: none */
};

/* -bios, -kernel, -initrd. */
bool arm_boot_load(struct arm_boot *b, GError **err);
/* Packs the device tree, puts it where the software finds it, and sets where the CPUs start. */
bool arm_boot_finish(struct arm_boot *b, struct fdt *f, GError **err);

#endif
