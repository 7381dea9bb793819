/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boards named "virt" have in common, whatever their instruction set: fw_cfg, flash, PCI Express, how they boot. */
#ifndef HW_BOARD_VIRT_H
#define HW_BOARD_VIRT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/board.h"
#include "system/memory.h"

struct block_backend;
struct fdt;
struct machine;

/* ---- devices (virt.c) ---- */

paddr virt_addr(struct machine *m, const char *id);     /* of a row of the board's table */

/* The device of a late row, not realized; then realized and mapped there. On failure it is deleted. NULL in, false out. */
struct device *virt_device_new(struct machine *m, const char *id, GError **err);
bool virt_device_finish(struct machine *m, struct device *d, GError **err);

/* The row "fw_cfg", with the machine's numbers and the files of -fw_cfg. NULL: *err. */
struct device *virt_fw_cfg(struct machine *m, GError **err);
/* The row flash0 or flash1 with the drive named by -machine pflashN=, or else that of -drive if=pflash. */
struct device *virt_flash(struct machine *m, unsigned bank, const char *drive, GError **err);

/* How the device tree names an input of the board's interrupt controller: cells, of which number `at` is the input. */
struct virt_irq_cells {
    uint32_t cells[6];
    unsigned count, at;
};

/* A host bridge and its windows; device "pcie". An area of size 0 is not there. */
struct virt_pcie {
    paddr ecam;
    uint64_t ecam_size;
    paddr mmio;
    uint64_t mmio_size;
    paddr high;                     /* 64-bit window for BARs */
    uint64_t high_size;
    paddr pio;
    uint64_t pio_size;
    struct device *intc;            /* INTA to INTD are its inputs from first_irq on */
    unsigned first_irq;
    bool msi;                       /* messages reach an interrupt controller */
};
bool virt_pcie_make(struct machine *m, const struct virt_pcie *p, GError **err);

/* ---- device tree (virt_fdt.c) ---- */

char *virt_node_path(const char *parent, const char *name, paddr addr);     /* "parent/name@addr"; g_free */
void virt_fdt_memory(struct fdt *f, paddr addr, uint64_t size);
void virt_fdt_flash(struct fdt *f, const char *name, paddr first, uint64_t first_size, paddr second, uint64_t second_size);
void virt_fdt_fw_cfg(struct fdt *f, const struct device *fw_cfg, paddr addr);
void virt_fdt_platform_bus(struct fdt *f, const struct place *p, uint32_t intc);
/* The node name@unit. map: the cells of an entry of interrupt-map after the phandle. Returns the path; g_free. */
char *virt_fdt_pcie(struct fdt *f, const char *name, paddr unit, const struct virt_pcie *p, uint32_t intc,
                    const struct virt_irq_cells *map);
/* What this boot chose: command line, initrd (if start < end), entropy. In a tree from -dtb they replace what is there. */
void virt_fdt_chosen(struct machine *m, struct fdt *f, paddr initrd, paddr initrd_end);

/* ---- boot (virt_boot.c) ---- */

/* Does the file begin like ELF? */
bool virt_is_elf(const char *path);
/* -kernel, -initrd and -append into fw_cfg, where firmware in flash or ROM finds them. max: no more bytes than that. */
bool virt_files_to_fw_cfg(struct machine *m, struct device *fw_cfg, uint64_t max, GError **err);
/* -initrd at `at`, or where it does not fit there right behind the kernel, at a multiple of 2 MiB. */
bool virt_load_initrd(struct machine *m, paddr at, paddr kernel_end, paddr ram, paddr ram_end, paddr *start, paddr *end,
                      GError **err);

#endif
