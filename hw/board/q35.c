/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's q35 board: MCH with PCI Express configuration space, ICH9 LPC bridge and SATA controller, ISA devices (QEMU:
 * docs/system/i386/pc.rst). Memory map, ports, interrupt lines and PCI slots are QEMU's.
 *
 * Not modelled: SMBus, USB, IOMMU, CPU and memory hot plug.
 */
#include <elf.h>

#include "hw/board/pc.h"
#include "hw/isa/ich9.h"
#include "hw/pci/pci.h"

#define SATA_PORTS 6

static bool make_sata(struct machine *m, struct pc *pc, GError **err)
{
    struct device *sata = device_new(m, device_type_find("ich9-ahci"), "sata", err);

    if (sata) {
        device_set_text(sata, "addr", "1f.2");
        device_set_uint(sata, "multifunction", true);
    }
    return pc_make_drives(m, pc, sata, SATA_PORTS, err);
}

static bool make_south_bridge(struct machine *m, struct pc *pc, GError **err)
{
    struct device *lpc = pc_make_function(m, pc, "ICH9-LPC", "ich9", "1f.0", true, err);

    if (!lpc) {
        return false;
    }
    pc->pm = (struct pci_device *)lpc;
    pc->isa = ich9_bus(lpc);
    for (unsigned i = 0; i < ICH9_PIRQS; i++) {
        pc->pci->pins[i] = device_input(lpc, i);
        ich9_connect(lpc, i, irq_or_input(&pc->upper[i], PC_UPPER_PIRQ));
    }
    ich9_connect_sci(lpc, isa_line(pc->isa, pc->sci));
    m->powerdown = ich9_powerdown(lpc);
    return make_sata(m, pc, err);
}

static bool init(struct machine *m, GError **err)
{
    struct pc *pc = m->board_state;
    uint64_t low_max = m->opt.ram_size >= 0xb0000000 ? 0x80000000 : 0xb0000000;

    pc->sci = 9;
    return pc_make_cpus(m, pc, err) && pc_make_ram(m, pc, low_max, err) && pc_make_intc(m, pc, err) &&
           pc_make_host(m, pc, "q35-pcihost", err) && make_south_bridge(m, pc, err) && pc_make_vga(m, pc, err) &&
           pc_make_isa(m, pc, err) && pc_make_firmware(m, pc, err);
}

const struct board q35_board = {
    .name = "q35", .alias = "pc-q35", .desc = "PC with Q35 and ICH9", .isa = "x86", .elf_machine = EM_X86_64,
    .max_cpus = PC_CPUS_MAX, .vga = "VGA", .nic = "e1000e", .ide_units = SATA_PORTS, .default_ram = 128 << 20,
    .size = sizeof(struct pc), .props = pc_props, .prop_count = PC_PROP_COUNT, PLACES(pc_places), .init = init,
    .free = pc_free,
};
