/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the boards pc (i440FX, PIIX3, PIIX4) and q35 (MCH, ICH9) have in common, as QEMU lays it out: RAM and firmware,
 * interrupt controllers, ISA devices, firmware configuration.
 */
#ifndef HW_BOARD_PC_H
#define HW_BOARD_PC_H

#include "hw/isa/isa.h"
#include "system/board.h"
#include "system/machine.h"

#define PC_GSIS 24
#define PC_CPUS_MAX 255
#define PC_4G ((uint64_t)1 << 32)

enum { PC_AUTO, PC_ON, PC_OFF };        /* of on_off_auto */

struct pc {
    /* properties */
    char *pflash[2];
    int acpi, smm, vmport;      /* index in on_off_auto */
    bool pit, hpet, usb;
    uint64_t max_ram_below_4g;
    /* parts */
    struct ram_block *ram, *rom;
    struct mem_region ram_low, ram_high;
    struct mem_region bios, bios_low;   /* below 4 GiB, and the last 128 KiB below 1 MiB */
    uint64_t low_bytes;                 /* of RAM below 4 GiB */
    struct device *pic, *ioapic, *apic_bus, *rtc, *fw_cfg, *host, *pit_device;
    struct pci_bus *pci;
    struct isa_bus *isa;
    unsigned sci;                       /* GSI */
    struct irq_or upper[PC_GSIS - ISA_LINES];   /* GSIs from 16 on */
    struct pci_device *pm;              /* function with the ACPI registers; NULL: none */
};

/* Interrupt n of the machine: both controllers below 16, the IOAPIC above. */
struct irq_line pc_gsi(struct pc *pc, unsigned n);
/* Sources of GSI 16 + n: source is a number of its own, below 64. After pc_make_intc. */
enum { PC_UPPER_PIRQ, PC_UPPER_HPET };

/* In this order; each false with *err. */
bool pc_make_cpus(struct machine *m, struct pc *pc, GError **err);
/* RAM above low_max continues at 4 GiB. */
bool pc_make_ram(struct machine *m, struct pc *pc, uint64_t low_max, GError **err);
bool pc_make_intc(struct machine *m, struct pc *pc, GError **err);
/* Makes, and realizes, a host bridge; pc->host and pc->pci. */
bool pc_make_host(struct machine *m, struct pc *pc, const char *type, GError **err);
/* A function of the root bus; NULL and *err on failure. */
struct device *pc_make_function(struct machine *m, struct pc *pc, const char *type, const char *id, const char *addr,
                                bool multifunction, GError **err);
/* Realizes a new IDE or SATA function (NULL: failed already) with the drives of the command line. */
bool pc_make_drives(struct machine *m, struct pc *pc, struct device *ide, unsigned units, GError **err);
/* The graphics card, in the first free slot. */
bool pc_make_vga(struct machine *m, struct pc *pc, GError **err);
bool pc_make_isa(struct machine *m, struct pc *pc, GError **err);
bool pc_make_firmware(struct machine *m, struct pc *pc, GError **err);
/* -kernel, -initrd, -append (pc_linux.c). */
bool pc_linux(struct machine *m, struct pc *pc, GError **err);
/* ACPI tables, as the firmware's settings are when it reads them (pc_acpi.c); they are for QEMU's firmware interface. */
bool pc_acpi(struct machine *m, struct pc *pc, GError **err);
void pc_free(struct machine *m);

#define PC_PLACE_COUNT 8
extern const struct place pc_places[PC_PLACE_COUNT];
#define PC_PROP_COUNT 9
extern const struct prop pc_props[PC_PROP_COUNT];

#endif
