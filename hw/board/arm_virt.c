/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's virt board for Arm: the same memory map, interrupt numbers, device tree conventions and boot protocol, so that
 * its firmware and systems run unchanged (QEMU: docs/system/arm/virt.rst).
 *
 * Not modelled: ITS (so PCI has no messages with a GICv3), SMMU (iommu=), tags of secure RAM, GICv4, CXL, memory and CPU hot-plug. Secure devices (UART, RAM, flash) are
 * in the one address space that all CPUs see: nothing keeps non-secure software from them.
 */
#include "hw/board/arm_virt.h"

#include <elf.h>
#include <string.h>

#include "hw/board/arm_boot.h"
#include "hw/board/arm_psci.h"
#include "hw/intc/gic.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/machine.h"

#define GIB ((uint64_t)1 << 30)
#define HIGH_MIN (256 * GIB)            /* where the areas above RAM start at the earliest */
#define HIGH_REDIST_BYTES 0x4000000ull
#define HIGH_ECAM_BYTES 0x10000000ull
#define HIGH_MMIO_BYTES (512 * GIB)
enum { LOW_REDISTS = 123, SPI_UART1 = 8 };

#define TRANSPORT(n, hex) \
    { "virtio-mmio" #n, "virtio-mmio", 0xa000000 + 0x##hex, .size = 0x200, .node = "virtio_mmio", .irq = 16 + n, .late = true }

static const struct place virt_places[] = {
    { "flash0", "cfi.pflash01", 0x0, .size = ARM_VIRT_FLASH_BYTES, .late = true },
    { "flash1", "cfi.pflash01", 0x4000000, .size = ARM_VIRT_FLASH_BYTES, .late = true },
    { "gic-dist", NULL, 0x8000000, .size = 0x10000 },
    { "gic-cpu", NULL, 0x8010000, .size = 0x10000 },
    { "v2m", "arm-gicv2m", 0x8020000, .late = true },
    { "gic-hyp", NULL, 0x8030000, .size = 0x10000 },
    { "gic-vcpu", NULL, 0x8040000, .size = 0x10000 },
    { "its", NULL, 0x8080000, .size = GICV3_ITS_BYTES },
    { "gic-redist", NULL, 0x80a0000, .size = 0xf60000 },
    { "uart0", "pl011", 0x9000000, .node = "pl011", .irq = 1, .serial = 1 },
    { "rtc", "pl031", 0x9010000, .node = "pl031", .irq = 2 },
    { "fw_cfg", "fw_cfg_mem", 0x9020000, .late = true },
    { "gpio", "pl061", 0x9030000, .node = "pl061", .irq = 7 },
    { "uart1", "pl011", 0x9040000, .node = "pl011", .irq = SPI_UART1, .serial = 2, .late = true },
    { "secure-gpio", NULL, 0x90b0000, .size = 0x1000 },
    TRANSPORT(0, 0), TRANSPORT(1, 200), TRANSPORT(2, 400), TRANSPORT(3, 600), TRANSPORT(4, 800), TRANSPORT(5, a00),
    TRANSPORT(6, c00), TRANSPORT(7, e00), TRANSPORT(8, 1000), TRANSPORT(9, 1200), TRANSPORT(10, 1400),
    TRANSPORT(11, 1600), TRANSPORT(12, 1800), TRANSPORT(13, 1a00), TRANSPORT(14, 1c00), TRANSPORT(15, 1e00),
    TRANSPORT(16, 2000), TRANSPORT(17, 2200), TRANSPORT(18, 2400), TRANSPORT(19, 2600), TRANSPORT(20, 2800),
    TRANSPORT(21, 2a00), TRANSPORT(22, 2c00), TRANSPORT(23, 2e00), TRANSPORT(24, 3000), TRANSPORT(25, 3200),
    TRANSPORT(26, 3400), TRANSPORT(27, 3600), TRANSPORT(28, 3800), TRANSPORT(29, 3a00), TRANSPORT(30, 3c00),
    TRANSPORT(31, 3e00),
    { "platform-bus", NULL, 0xc000000, .size = 0x2000000 },
    { "secure-ram", NULL, 0xe000000, .size = 0x1000000 },
    { "pcie-mmio", NULL, 0x10000000, .size = 0x2eff0000 },
    { "pcie-pio", NULL, 0x3eff0000, .size = 0x10000 },
    { "pcie-ecam", NULL, 0x3f000000, .size = 0x1000000 },
    { "dram", NULL, 0x40000000, .size = 0 },
};

static GQuark quark(void)
{
    return g_quark_from_static_string("machine");
}

/* ---- properties ---- */

enum { GIC_AUTO, GIC_2, GIC_3, GIC_MAX };
enum { ACPI_AUTO, ACPI_ON, ACPI_OFF };

static bool choose_gic(struct machine *m, struct arm_virt *v, GError **err)
{
    switch (v->gic_prop) {
    case GIC_2: v->gic_version = 2; break;
    case GIC_3: case GIC_MAX: v->gic_version = 3; break;
    default: v->gic_version = m->opt.max_cpus > 8 ? 3 : 2; break;
    }
    if (v->gic_version == 2 && m->opt.max_cpus > 8) {
        g_set_error(err, quark(), 0, "-machine virt,gic-version=2: at most 8 CPUs; gic-version=3 takes %d", ARM_VIRT_CPUS_MAX);
        return false;
    }
    v->msi = v->msi_prop != MSI_AUTO ? (enum arm_virt_msi)v->msi_prop
           : v->gic_version == 2 ? MSI_GICV2M : MSI_OFF;
    if (v->msi == MSI_GICV2M && v->gic_version != 2) {
        g_set_error(err, quark(), 0, "-machine virt,msi=gicv2m: needs gic-version=2");
        return false;
    }
    return true;
}

static bool has_firmware(const struct machine *m, const struct arm_virt *v)
{
    return v->pflash[0] || m->opt.pflash[0] || (m->opt.bios && strcmp(m->opt.bios, "none"));
}

static bool configure(struct machine *m, struct arm_virt *v, GError **err)
{
    if (v->transports > 32) {
        g_set_error(err, quark(), 0, "-machine virt,virtio-mmio-transports=%u: accepted: 0 to 32", v->transports);
        return false;
    }
    /* Firmware at EL3 is the one that PSCI calls should go to. */
    v->psci = v->secure && has_firmware(m, v) ? PSCI_NONE : v->virtualization || v->secure ? PSCI_SMC : PSCI_HVC;
    v->conduit = v->psci == PSCI_SMC ? ARM_CONDUIT_SMC : ARM_CONDUIT_HVC;
    return choose_gic(m, v, err);
}

/* ---- CPUs, RAM ---- */

static bool make_cpus(struct machine *m, struct arm_virt *v, GError **err)
{
    const struct cpu_type *type = cpu_type_find(m->board->isa);
    unsigned cluster = v->gic_version == 2 ? 8 : 16;

    if (!type) {
        g_set_error(err, quark(), 0, "this program is built without ARM");
        return false;
    }
    for (unsigned i = 0; i < m->opt.cpus; i++) {
        struct cpu *cpu = machine_new_cpu(m, type, "cortex-a57", err);
        unsigned wanted = (v->virtualization ? 4 : 0) | (v->secure ? 8 : 0);

        if (!cpu) {
            return false;
        }
        cpu->hw_id = (i / cluster) << 8 | i % cluster;
        if (wanted & ~cpu->levels) {
            g_set_error(err, quark(), 0, "-machine virt,%s=on: this CPU model has no EL%d",
                        wanted & ~cpu->levels & 4 ? "virtualization" : "secure", wanted & ~cpu->levels & 4 ? 2 : 3);
            return false;
        }
        cpu->levels = 3 | wanted;
    }
    if (v->psci != PSCI_NONE) {
        arm_psci_init(m, &v->conduit);
    }
    return true;
}

/* The areas above RAM: redistributors beyond the low ones, a large ECAM, a large window for BARs; each at a multiple of
 * its size. */
static void place_high(struct machine *m, struct arm_virt *v)
{
    const struct place *mmio = place_find(m->board, "pcie-mmio"), *pio = place_find(m->board, "pcie-pio");
    const struct place *ecam = place_find(m->board, "pcie-ecam");
    paddr base = MAX(HIGH_MIN, (v->ram_end + GIB - 1) & ~(GIB - 1));
    bool wide = ((struct cpu *)m->cpus->pdata[0])->bits == 64;

    v->high_redist = base;
    v->pcie = (struct virt_pcie) { .ecam = ecam->addr, .ecam_size = ecam->size, .mmio = mmio->addr,
                                   .mmio_size = mmio->size, .pio = pio->addr, .pio_size = pio->size,
                                   .first_irq = ARM_VIRT_PCIE_SPI };
    base = (base + HIGH_REDIST_BYTES + HIGH_ECAM_BYTES - 1) & ~(HIGH_ECAM_BYTES - 1);
    /* Firmware of 32 bits (U-Boot) has no translation to reach what lies above 4 GiB; kernels have. */
    if (v->highmem && v->highmem_ecam && (wide || !has_firmware(m, v))) {
        v->pcie.ecam = base;
        v->pcie.ecam_size = HIGH_ECAM_BYTES;
    }
    if (v->highmem && v->highmem_mmio) {
        v->pcie.high = (base + HIGH_ECAM_BYTES + HIGH_MMIO_BYTES - 1) & ~(HIGH_MMIO_BYTES - 1);
        v->pcie.high_size = HIGH_MMIO_BYTES;
    }
}

static void make_tags(struct machine *m, struct arm_virt *v, paddr base, uint64_t size)
{
    if (!v->mte) {
        return;
    }
    v->tags = (struct cpu_tag_memory){ .base = base, .bytes = size, .tags = g_malloc0(size / 32) };
    for (unsigned i = 0; i < m->cpus->len; i++) {
        ((struct cpu *)m->cpus->pdata[i])->tags = &v->tags;
    }
}

static bool make_ram(struct machine *m, struct arm_virt *v, GError **err)
{
    const struct place *secure = place_find(m->board, "secure-ram");
    paddr base = virt_addr(m, "dram");
    uint64_t size = m->opt.ram_size, max = v->highmem ? 255 * GIB : 3 * GIB;
    struct ram_block *ram;

    if (size < (1 << 20) || size > max || size % MEM_PAGE_SIZE) {
        g_set_error(err, quark(), 0,
                    "-m: this machine takes 1 MiB to %" G_GUINT64_FORMAT " GiB of RAM, in multiples of 4 KiB", max / GIB);
        return false;
    }
    ram = machine_new_main_ram(m, "mach-virt.ram", size, err);
    if (!ram) {
        return false;
    }
    mem_ram_init(&v->ram, "mach-virt.ram", ram, 0, ram->size);
    mem_map(&m->root, base, &v->ram, 0);
    v->ram_end = base + size;
    make_tags(m, v, base, size);
    if (v->secure) {
        ram = machine_new_ram(m, "virt.secure-ram", secure->size, err);
        if (!ram) {
            return false;
        }
        mem_ram_init(&v->secure_ram, "virt.secure-ram", ram, 0, ram->size);
        mem_map(&m->root, secure->addr, &v->secure_ram, 0);
    }
    place_high(m, v);
    return true;
}

/* ---- interrupt controller ---- */

static void connect_cpus(struct machine *m, struct arm_virt *v)
{
    static const uint8_t ppis[ARM_OUTPUTS] = {
        [ARM_OUT_TIMER_PHYS] = ARM_PPI_TIMER_PHYS, [ARM_OUT_TIMER_VIRT] = ARM_PPI_TIMER_VIRT,
        [ARM_OUT_TIMER_HYP] = ARM_PPI_TIMER_HYP, [ARM_OUT_TIMER_SEC] = ARM_PPI_TIMER_SEC,
        [ARM_OUT_TIMER_HYPVIRT] = ARM_PPI_TIMER_HYPVIRT, [ARM_OUT_PMU] = ARM_PPI_PMU,
    };

    for (unsigned i = 0; i < m->cpus->len; i++) {
        for (unsigned out = 0; out < ARM_OUTPUTS; out++) {
            cpu_output_connect(m->cpus->pdata[i], out, gic_ppi(v->gic, i, 16 + ppis[out]));
        }
    }
}

static bool make_gic(struct machine *m, struct arm_virt *v, GError **err)
{
    struct device *d = device_new(m, device_type_find(v->gic_version == 2 ? "arm_gic" : "arm-gicv3"), "gic", err);

    if (!d) {
        return false;
    }
    device_set_uint(d, "num-cpu", m->opt.cpus);
    device_set_uint(d, "num-irq", ARM_VIRT_IRQS);
    device_set_uint(d, "has-security-extensions", v->secure);
    if (v->gic_version == 2) {
        device_set_uint(d, "has-virtualization-extensions", v->virtualization);
    }
    if (!device_realize(d, NULL, err)) {
        device_delete(d);
        return false;
    }
    device_map(d, virt_addr(m, "gic-dist"));
    if (v->gic_version == 2) {
        gicv2_map(d, virt_addr(m, "gic-cpu"), virt_addr(m, "gic-hyp"), virt_addr(m, "gic-vcpu"));
    } else {
        v->redists[0] = MIN(m->opt.cpus, LOW_REDISTS);
        v->redists[1] = m->opt.cpus - v->redists[0];
        gicv3_map_redist(d, virt_addr(m, "gic-redist"), 0, v->redists[0]);
        if (v->redists[1]) {
            gicv3_map_redist(d, v->high_redist, v->redists[0], v->redists[1]);
        }
    }
    v->gic = v->pcie.intc = d;
    connect_cpus(m, v);
    return true;
}

static bool make_msi(struct machine *m, struct arm_virt *v, GError **err)
{
    struct device *d;

    v->pcie.msi = v->msi == MSI_GICV2M;
    if (v->msi != MSI_GICV2M) {
        return true;
    }
    d = virt_device_new(m, "v2m", err);
    if (d) {
        device_set_uint(d, "base-spi", ARM_VIRT_V2M_SPI);
        device_set_uint(d, "num-spi", ARM_VIRT_V2M_SPIS);
        device_set_pointer(d, "gic", v->gic);
    }
    return virt_device_finish(m, d, err);
}

/* ---- other devices ---- */

static bool make_transports(struct machine *m, struct arm_virt *v, GError **err)
{
    for (unsigned i = 0; i < v->transports; i++) {
        g_autofree char *id = g_strdup_printf("virtio-mmio%u", i);

        if (!place_make(m, place_find(m->board, id), v->gic, err)) {
            return false;
        }
    }
    return true;
}

/* The power button: system_powerdown in the monitor, pin 3 of the GPIO. */
static bool make_button(struct machine *m, GError **err)
{
    struct device *d = device_new(m, device_type_find("gpio-key"), "gpio-key", err);

    if (d && !device_realize(d, NULL, err)) {
        device_delete(d);
        d = NULL;
    }
    if (d) {
        device_connect(d, 0, device_input(device_find(m, "gpio"), 3));
        m->powerdown = device_input(d, 0);
    }
    return d != NULL;
}

static bool make_devices(struct machine *m, struct arm_virt *v, GError **err)
{
    if (!places_make(m, v->gic, err) || !make_transports(m, v, err) || !make_button(m, err) ||
        ((v->secure || m->opt.serial[1]) && !place_make(m, place_find(m->board, "uart1"), v->gic, err))) {
        return false;
    }
    v->fw_cfg = virt_fw_cfg(m, err);
    return v->fw_cfg && virt_flash(m, 0, v->pflash[0], err) && virt_flash(m, 1, v->pflash[1], err) &&
           virt_pcie_make(m, &v->pcie, err);
}

/* ---- the board ---- */

static bool boot(struct machine *m, struct arm_virt *v, GError **err)
{
    struct arm_boot b = {
        .m = m, .ram = virt_addr(m, "dram"), .ram_end = v->ram_end, .flash = virt_addr(m, "flash0"),
        .flash_size = ARM_VIRT_FLASH_BYTES, .flash_filled = v->pflash[0] || m->opt.pflash[0], .fw_cfg = v->fw_cfg,
        .linux_level = v->virtualization ? 2 : 1,
    };
    struct fdt *f;
    bool ok;

    if (!arm_boot_load(&b, err)) {
        return false;
    }
    f = m->opt.dtb ? dt_new_from_file(m->opt.dtb, err) : arm_virt_fdt(m);
    if (!f) {
        return false;
    }
    ok = arm_boot_finish(&b, f, err) && (v->acpi == ACPI_OFF || arm_virt_acpi(m, err)) && (!m->opt.dumpdtb || dt_write_file(f, m->opt.dumpdtb, err));
    dt_delete(f);
    return ok;
}

static bool init(struct machine *m, GError **err)
{
    struct arm_virt *v = m->board_state;

    return configure(m, v, err) && make_cpus(m, v, err) && make_ram(m, v, err) && make_gic(m, v, err) &&
           make_msi(m, v, err) && make_devices(m, v, err) && boot(m, v, err);
}

static void board_free(struct machine *m)
{
    struct arm_virt *v = m->board_state;

    g_free((void *)v->tags.tags);
    mem_region_free(&v->ram);
    mem_region_free(&v->secure_ram);
}

static const char *const gic_names[] = { "auto", "2", "3", "max", NULL };
static const char *const msi_names[] = { "auto", "off", "gicv2m", NULL };
static const char *const its_names[] = { "auto", "off", NULL };
static const char *const on_off_auto[] = { "auto", "on", "off", NULL };

static const struct prop virt_props[] = {
    PROP_ENUM(struct arm_virt, gic_prop, "gic-version", gic_names, GIC_AUTO, "interrupt controller; auto: 2 up to 8 CPUs"),
    PROP_BOOL(struct arm_virt, virtualization, "virtualization", false, "CPUs with EL2; a kernel starts there"),
    PROP_BOOL(struct arm_virt, secure, "secure", false, "CPUs with EL3, secure UART and RAM"),
    PROP_ENUM(struct arm_virt, its_prop, "its", its_names, 0, "interrupt translation service of a GICv3: there is none yet"),
    PROP_ENUM(struct arm_virt, msi_prop, "msi", msi_names, MSI_AUTO, "who takes PCI's messages"),
    PROP_BOOL(struct arm_virt, mte, "mte", false, "allocation tags for RAM (Memory Tagging Extension)"),
    PROP_BOOL(struct arm_virt, highmem, "highmem", true, "use addresses beyond 4 GiB"),
    PROP_BOOL(struct arm_virt, highmem_ecam, "highmem-ecam", true, "PCI configuration space there, for 256 buses"),
    PROP_BOOL(struct arm_virt, highmem_mmio, "highmem-mmio", true, "a window for large BARs there"),
    PROP_BOOL(struct arm_virt, randomness, "dtb-randomness", true, "seeds in the device tree"),
    PROP_U8(struct arm_virt, transports, "virtio-mmio-transports", 32, "virtio-mmio slots, up to 32"),
    PROP_ENUM(struct arm_virt, acpi, "acpi", on_off_auto, 0, "ACPI tables for firmware"),
    PROP_STRING(struct arm_virt, pflash[0], "pflash0", NULL, "id of the drive in the first flash bank"),
    PROP_STRING(struct arm_virt, pflash[1], "pflash1", NULL, "id of the drive in the second flash bank"),
};

const struct board arm_virt_board = {
    .name = "virt", .desc = "ARM VirtIO board", .isa = "arm", .elf_machine = EM_AARCH64, .max_cpus = ARM_VIRT_CPUS_MAX,
    .default_ram = 128 << 20, .size = sizeof(struct arm_virt), .props = virt_props,
    .prop_count = G_N_ELEMENTS(virt_props), PLACES(virt_places), .init = init, .free = board_free,
};
