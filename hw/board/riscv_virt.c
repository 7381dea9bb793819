/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's virt board for RISC-V: the same memory map, interrupt numbers, device tree conventions and boot protocol, so
 * that its firmware and systems run unchanged (QEMU: docs/system/riscv/virt.rst).
 *
 * Not modelled: AIA (aia=), ACPI tables, the IOMMU, CXL.
 */
#include "hw/board/riscv_virt.h"

#include <elf.h>
#include <string.h>

#include "hw/board/riscv_boot.h"
#include "hw/intc/aclint.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/machine.h"

#define GIB ((uint64_t)1 << 30)

static const struct place virt_places[] = {
    { "debug", NULL, 0x0, .size = 0x100 },
    { "mrom", NULL, 0x1000, .size = 0xf000 },
    { "test", "riscv.sifive.test", 0x100000, .node = "test" },
    { "rtc", "goldfish_rtc", 0x101000, .node = "rtc", .irq = 11 },
    { "mswi", "riscv.aclint.swi", 0x2000000, .late = true },
    { "mtimer", "riscv.aclint.mtimer", 0x2004000, .late = true },
    { "sswi", "riscv.aclint.swi", 0x2f00000, .late = true },
    { "pcie-pio", NULL, 0x3000000, .size = 0x10000 },
    { "platform-bus", NULL, 0x4000000, .size = 0x2000000 },
    { "plic", "riscv.sifive.plic", 0xc000000, .late = true },
    { "uart0", "ns16550a", 0x10000000, .node = "serial", .irq = 10, .serial = 1 },
    { "virtio-mmio0", "virtio-mmio", 0x10001000, .size = 0x1000, .node = "virtio_mmio", .irq = 1 },
    { "virtio-mmio1", "virtio-mmio", 0x10002000, .size = 0x1000, .node = "virtio_mmio", .irq = 2 },
    { "virtio-mmio2", "virtio-mmio", 0x10003000, .size = 0x1000, .node = "virtio_mmio", .irq = 3 },
    { "virtio-mmio3", "virtio-mmio", 0x10004000, .size = 0x1000, .node = "virtio_mmio", .irq = 4 },
    { "virtio-mmio4", "virtio-mmio", 0x10005000, .size = 0x1000, .node = "virtio_mmio", .irq = 5 },
    { "virtio-mmio5", "virtio-mmio", 0x10006000, .size = 0x1000, .node = "virtio_mmio", .irq = 6 },
    { "virtio-mmio6", "virtio-mmio", 0x10007000, .size = 0x1000, .node = "virtio_mmio", .irq = 7 },
    { "virtio-mmio7", "virtio-mmio", 0x10008000, .size = 0x1000, .node = "virtio_mmio", .irq = 8 },
    { "fw_cfg", "fw_cfg_mem", 0x10100000, .late = true },
    { "flash0", "cfi.pflash01", 0x20000000, .size = VIRT_FLASH_BYTES, .late = true },
    { "flash1", "cfi.pflash01", 0x22000000, .size = VIRT_FLASH_BYTES, .late = true },
    { "pcie-ecam", NULL, 0x30000000, .size = 0x10000000 },
    { "pcie-mmio", NULL, 0x40000000, .size = 0x40000000 },
    { "dram", NULL, 0x80000000, .size = 0 },
};

/* ---- harts, RAM ---- */

static bool make_harts(struct machine *m, struct riscv_virt *v, GError **err)
{
    const struct cpu_type *type = cpu_type_find(m->board->isa);

    if (!type) {
        g_set_error(err, g_quark_from_static_string("machine"), 0, "this program is built without RISC-V");
        return false;
    }
    for (unsigned i = 0; i < m->opt.cpus; i++) {
        struct cpu *cpu = machine_new_cpu(m, type, "rv64", err);

        if (!cpu) {
            return false;
        }
        cpu->reset_pc = virt_addr(m, "mrom");
        v->bits = cpu->bits;
    }
    return true;
}

static bool make_ram(struct machine *m, struct riscv_virt *v, GError **err)
{
    paddr base = virt_addr(m, "dram");
    uint64_t size = m->opt.ram_size, max = v->bits == 32 ? 10 * GIB : (uint64_t)1 << 44;
    struct ram_block *ram, *rom;

    if (size < (1 << 20) || size > max || size % MEM_PAGE_SIZE) {
        g_set_error(err, g_quark_from_static_string("machine"), 0,
                    "-m: this machine takes 1 MiB to %" G_GUINT64_FORMAT " GiB of RAM, in multiples of 4 KiB",
                    max / GIB);
        return false;
    }
    ram = machine_new_main_ram(m, "riscv_virt_board.ram", size, err);
    rom = ram ? machine_new_ram(m, "riscv_virt_board.mrom", place_find(m->board, "mrom")->size, err) : NULL;
    if (!rom) {
        return false;
    }
    mem_ram_init(&v->ram, "riscv_virt_board.ram", ram, 0, ram->size);
    mem_map(&m->root, base, &v->ram, 0);
    mem_rom_init(&v->rom, "riscv_virt_board.mrom", rom, 0, rom->size);
    mem_map(&m->root, virt_addr(m, "mrom"), &v->rom, 0);
    v->ram_end = base + size;
    /* The window for large BARs: on RV64 16 GiB after the RAM, on RV32 the fourth 4 GiB of its 34 bits. */
    v->pcie.high_size = v->bits == 32 ? 4 * GIB : 16 * GIB;
    v->pcie.high = v->bits == 32 ? 12 * GIB : (v->ram_end + v->pcie.high_size - 1) & ~(v->pcie.high_size - 1);
    return true;
}

/* ---- devices with properties ---- */

static bool make_for_harts(struct machine *m, const char *id, const char *option, uint64_t value, GError **err)
{
    struct device *d = virt_device_new(m, id, err);

    if (d) {
        device_set_uint(d, "num-harts", m->opt.cpus);
        if (option) {
            device_set_uint(d, option, value);
        }
    }
    return virt_device_finish(m, d, err);
}

static bool make_interrupt_controllers(struct machine *m, struct riscv_virt *v, GError **err)
{
    if (!make_for_harts(m, "mswi", NULL, 0, err) ||
        !make_for_harts(m, "mtimer", "timebase-freq", VIRT_TIMEBASE_HZ, err) ||
        (v->aclint && !make_for_harts(m, "sswi", "sswi", true, err)) ||
        !make_for_harts(m, "plic", "num-sources", VIRT_SOURCES, err)) {
        return false;
    }
    v->plic = device_find(m, "plic");
    return true;
}

static bool make_common(struct machine *m, struct riscv_virt *v, GError **err)
{
    const struct place *ecam = place_find(m->board, "pcie-ecam"), *mmio = place_find(m->board, "pcie-mmio");
    const struct place *pio = place_find(m->board, "pcie-pio");

    v->pcie.ecam = ecam->addr;
    v->pcie.ecam_size = ecam->size;
    v->pcie.mmio = mmio->addr;
    v->pcie.mmio_size = mmio->size;
    v->pcie.pio = pio->addr;
    v->pcie.pio_size = pio->size;
    v->pcie.intc = v->plic;
    v->pcie.first_irq = VIRT_PCIE_IRQ;
    v->fw_cfg = virt_fw_cfg(m, err);
    return v->fw_cfg && virt_flash(m, 0, v->pflash[0], err) && virt_flash(m, 1, v->pflash[1], err) &&
           virt_pcie_make(m, &v->pcie, err);
}

/* ---- the board ---- */

static const char *const default_firmware[2][4] = {
    { "opensbi-riscv32-generic-fw_dynamic.bin", "riscv32-linux-gnu/opensbi/generic/fw_dynamic.bin" },
    { "opensbi/generic/fw_dynamic.bin", "opensbi-riscv64-generic-fw_dynamic.bin" },
};

static bool boot(struct machine *m, struct riscv_virt *v, GError **err)
{
    struct riscv_boot b = {
        .m = m, .bits = v->bits, .ram = virt_addr(m, "dram"), .ram_end = v->ram_end, .rom = virt_addr(m, "mrom"),
        .flash = virt_addr(m, "flash0"), .flash_filled = v->pflash[0] || m->opt.pflash[0], .fw_cfg = v->fw_cfg,
    };
    struct fdt *f;
    bool ok;

    if (!riscv_boot_load(&b, default_firmware[v->bits == 64], err)) {
        return false;
    }
    f = m->opt.dtb ? dt_new_from_file(m->opt.dtb, err) : riscv_virt_fdt(m);
    if (!f) {
        return false;
    }
    ok = riscv_boot_finish(&b, f, err) && (!m->opt.dumpdtb || dt_write_file(f, m->opt.dumpdtb, err));
    dt_delete(f);
    return ok;
}

static bool check_props(const struct riscv_virt *v, GError **err)
{
    if (v->aia) {
        g_set_error(err, g_quark_from_static_string("machine"), 0,
                    "-machine virt: aia=: the advanced interrupt architecture is not supported yet; aia=none is");
        return false;
    }
    return true;
}

static bool init(struct machine *m, GError **err)
{
    struct riscv_virt *v = m->board_state;

    return check_props(v, err) && make_harts(m, v, err) && make_ram(m, v, err) &&
           make_interrupt_controllers(m, v, err) && places_make(m, v->plic, err) && make_common(m, v, err) &&
           boot(m, v, err);
}

static void board_free(struct machine *m)
{
    struct riscv_virt *v = m->board_state;

    mem_region_free(&v->ram);
    mem_region_free(&v->rom);
}

static const char *const aia_names[] = { "none", "aplic", "aplic-imsic", NULL };
static const char *const on_off_auto[] = { "auto", "on", "off", NULL };

static const struct prop virt_props[] = {
    PROP_BOOL(struct riscv_virt, aclint, "aclint", false, "ACLINT devices instead of the CLINT"),
    PROP_ENUM(struct riscv_virt, aia, "aia", aia_names, 0, "advanced interrupt architecture"),
    PROP_ENUM(struct riscv_virt, acpi, "acpi", on_off_auto, 0, "ACPI tables (accepted; there are none yet)"),
    PROP_STRING(struct riscv_virt, pflash[0], "pflash0", NULL, "id of the drive in the first flash bank"),
    PROP_STRING(struct riscv_virt, pflash[1], "pflash1", NULL, "id of the drive in the second flash bank"),
};

const struct board riscv_virt_board = {
    .name = "virt", .desc = "RISC-V VirtIO board", .isa = "riscv", .elf_machine = EM_RISCV,
    .max_cpus = VIRT_HARTS_MAX,
    .default_ram = 128 << 20, .size = sizeof(struct riscv_virt), .props = virt_props,
    .prop_count = G_N_ELEMENTS(virt_props), PLACES(virt_places), .init = init, .free = board_free,
};
