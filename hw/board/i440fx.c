/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's pc board: i440FX north bridge, PIIX3 and PIIX4 functions as its south bridge, ISA devices (QEMU:
 * docs/system/i386/pc.rst). Memory map, ports, interrupt lines and PCI slots are QEMU's.
 *
 * Not modelled: USB, ISA DMA, CPU and memory hot plug.
 */
#include <elf.h>

#include "hw/board/pc.h"
#include "hw/ide/piix.h"
#include "hw/isa/piix.h"
#include "hw/pci/pci.h"

#define IDE_UNITS 4

/* PIRQA belongs to INTA of slot 1; the bus counts from slot 0. */
static void connect_pins(struct pc *pc, struct device *piix3)
{
    for (unsigned i = 0; i < PCI_PINS; i++) {
        pc->pci->pins[(i + 1) % PCI_PINS] = device_input(piix3, i);
    }
}

static bool make_ide(struct machine *m, struct pc *pc, GError **err)
{
    struct device *ide = device_new(m, device_type_find("piix3-ide"), "ide", err);

    if (ide) {
        device_set_text(ide, "addr", "1.1");
    }
    if (!pc_make_drives(m, pc, ide, IDE_UNITS, err)) {
        return false;
    }
    piix_ide_connect(ide, 0, isa_line(pc->isa, 14));
    piix_ide_connect(ide, 1, isa_line(pc->isa, 15));
    return true;
}

static bool make_south_bridge(struct machine *m, struct pc *pc, GError **err)
{
    struct device *piix3 = pc_make_function(m, pc, "PIIX3", "piix3", "1.0", true, err), *pm;

    if (!piix3) {
        return false;
    }
    pc->isa = piix3_bus(piix3);
    connect_pins(pc, piix3);
    if (!make_ide(m, pc, err)) {
        return false;
    }
    if (pc->acpi == PC_OFF) {
        return true;
    }
    pm = pc_make_function(m, pc, "PIIX4_PM", "piix4-pm", "1.3", false, err);
    if (!pm) {
        return false;
    }
    pc->pm = (struct pci_device *)pm;
    piix4_pm_connect(pm, isa_line(pc->isa, pc->sci));
    m->powerdown = piix4_pm_powerdown(pm);
    return true;
}

static bool init(struct machine *m, GError **err)
{
    struct pc *pc = m->board_state;
    uint64_t low_max = m->opt.ram_size >= 0xe0000000 ? 0xc0000000 : 0xe0000000;

    pc->sci = 9;
    return pc_make_cpus(m, pc, err) && pc_make_ram(m, pc, low_max, err) && pc_make_intc(m, pc, err) &&
           pc_make_host(m, pc, "i440FX-pcihost", err) && make_south_bridge(m, pc, err) && pc_make_vga(m, pc, err) &&
           pc_make_isa(m, pc, err) &&
           pc_make_firmware(m, pc, err);
}

const struct board pc_board = {
    .name = "pc", .alias = "pc-i440fx", .desc = "PC with i440FX and PIIX", .isa = "x86", .elf_machine = EM_X86_64,
    .max_cpus = PC_CPUS_MAX, .vga = "VGA", .ide_units = IDE_UNITS, .default_ram = 128 << 20, .nic = "e1000", .size = sizeof(struct pc),
    .props = pc_props, .prop_count = PC_PROP_COUNT, PLACES(pc_places), .init = init, .free = pc_free,
};
