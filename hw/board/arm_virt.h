/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Arm virt board's state and the parts of its code. */
#ifndef HW_BOARD_ARM_VIRT_H
#define HW_BOARD_ARM_VIRT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/board/virt.h"
#include "system/cpu.h"
#include "system/cpu_arm.h"

/* Shared interrupts by number of the SPI; private ones by number of the PPI. */
enum { ARM_VIRT_PCIE_SPI = 3, ARM_VIRT_SECURE_GPIO_SPI = 0, ARM_VIRT_V2M_SPI = 48, ARM_VIRT_V2M_SPIS = 64,
       ARM_VIRT_IRQS = 288, ARM_VIRT_CPUS_MAX = 512 };
enum { ARM_PPI_PMU = 7, ARM_PPI_MAINTENANCE = 9, ARM_PPI_TIMER_HYP = 10, ARM_PPI_TIMER_VIRT = 11,
       ARM_PPI_TIMER_HYPVIRT = 12, ARM_PPI_TIMER_SEC = 13, ARM_PPI_TIMER_PHYS = 14 };
#define ARM_VIRT_FLASH_BYTES 0x4000000ull       /* each of two banks */

enum arm_virt_msi { MSI_AUTO, MSI_OFF, MSI_GICV2M };
enum arm_virt_psci { PSCI_NONE, PSCI_HVC, PSCI_SMC };

struct arm_virt {
    /* properties */
    int gic_prop, msi_prop, its_prop, acpi;
    bool virtualization, secure, mte, highmem, highmem_ecam, highmem_mmio, randomness;
    uint8_t transports;
    char *pflash[2];                    /* ids of drives; they may be made after the properties are set */
    /* parts */
    unsigned gic_version;               /* 2 or 3 */
    enum arm_virt_msi msi;              /* not MSI_AUTO */
    enum arm_virt_psci psci;
    enum arm_conduit conduit;
    struct mem_region ram, secure_ram;
    struct cpu_tag_memory tags;         /* of main RAM; mte=on */
    struct device *gic, *fw_cfg;
    unsigned redists[2];                /* CPUs whose redistributors are in the low and the high region */
    paddr ram_end, high_redist;
    struct virt_pcie pcie;
};

struct fdt;

/* ACPI tables into fw_cfg (arm_virt_acpi.c). */
bool arm_virt_acpi(struct machine *m, GError **err);

/* The device tree of the whole board (arm_virt_fdt.c). */
struct fdt *arm_virt_fdt(struct machine *m);

#endif
