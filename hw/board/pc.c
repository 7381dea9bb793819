/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/board/pc.h"

#include <string.h>

#include "block/block.h"
#include "hw/misc/fw_cfg.h"
#include "hw/pci/pc_host.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "system/accel.h"
#include "system/cpu.h"
#include "system/loader.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define ROM_BYTES_MAX (16 * MIB)

static GQuark quark(void)
{
    return g_quark_from_static_string("machine");
}

/* ---- interrupts ---- */

static void gsi_set(void *opaque, unsigned n, bool level)
{
    struct pc *pc = opaque;

    if (n < ISA_LINES) {
        pc->pic->type->irq_in(pc->pic, n, level);
    }
    if (n != 2) {
        pc->ioapic->type->irq_in(pc->ioapic, n ? n : 2, level);   /* the timer is at pin 2, where the PICs' cascade would be */
    }
}

struct irq_line pc_gsi(struct pc *pc, unsigned n)
{
    g_assert(n < PC_GSIS);
    return (struct irq_line) { .set = gsi_set, .opaque = pc, .n = n };
}

/* ---- CPUs and RAM ---- */

/* Refuses what a property asks for and the board lacks. */
static bool check_props(const struct pc *pc, GError **err)
{
    if (pc->usb || pc->vmport == PC_ON) {
        g_set_error(err, quark(), 0, "-machine %s=on: this machine has no %s; accepted: off", pc->usb ? "usb" : "vmport",
                    pc->usb ? "USB controller" : "port of VMware's");
        return false;
    }
    return true;
}

bool pc_make_cpus(struct machine *m, struct pc *pc, GError **err)
{
    const struct cpu_type *type = cpu_type_find(m->board->isa);

    if (!check_props(pc, err)) {
        return false;
    }
    if (!type) {
        g_set_error(err, quark(), 0, "this program is built without x86");
        return false;
    }
    for (unsigned i = 0; i < m->opt.cpus; i++) {
        struct cpu *cpu = machine_new_cpu(m, type, "qemu64", err);

        if (!cpu) {
            return false;
        }
        cpu->start_halted = i != 0;     /* until the boot CPU sends INIT and SIPI */
    }
    return true;
}

bool pc_make_ram(struct machine *m, struct pc *pc, uint64_t low_max, GError **err)
{
    uint64_t size = m->opt.ram_size;

    if (size < MIB || size % MEM_PAGE_SIZE) {
        g_set_error(err, quark(), 0, "-m: this machine takes 1 MiB or more, in multiples of 4 KiB");
        return false;
    }
    if (pc->max_ram_below_4g) {
        low_max = MIN(low_max, pc->max_ram_below_4g & ~(MIB - 1));
    }
    pc->ram = machine_new_ram(m, "pc.ram", size, err);
    if (!pc->ram) {
        return false;
    }
    pc->low_bytes = MIN(size, low_max);
    mem_ram_init(&pc->ram_low, "pc.ram-low", pc->ram, 0, pc->low_bytes);
    mem_map(&m->root, 0, &pc->ram_low, 0);
    if (size > pc->low_bytes) {
        mem_ram_init(&pc->ram_high, "pc.ram-high", pc->ram, pc->low_bytes, size - pc->low_bytes);
        mem_map(&m->root, PC_4G, &pc->ram_high, 0);
    }
    return true;
}

/* ---- interrupt controllers ---- */

static struct device *make(struct machine *m, const char *type, const char *id, GError **err)
{
    const struct device_type *t = accel_device_type(m, type);

    g_assert(t);
    return device_new(m, t, id, err);
}

static bool finish(struct device *d, struct bus *bus, GError **err)
{
    if (d && device_realize(d, bus, err)) {
        return true;
    }
    if (d) {
        device_delete(d);
    }
    return false;
}

static void map_at(struct device *d, paddr addr)
{
    if (d->mmio.size) {
        mem_map(&d->m->root, addr, &d->mmio, 1);
    }
}

static void lint0_set(void *opaque, unsigned n, bool level)
{
    struct machine *m = opaque;

    for (unsigned i = 0; i < m->cpus->len; i++) {
        g_autofree char *id = g_strdup_printf("apic%u", i);
        struct device *apic = device_find(m, id);

        apic->type->irq_in(apic, 0, level);
    }
}

static bool make_apic(struct machine *m, struct pc *pc, unsigned i, GError **err)
{
    g_autofree char *id = g_strdup_printf("apic%u", i);
    struct device *d = make(m, "apic", id, err);

    if (d) {
        device_set_uint(d, "index", i);
        device_set_pointer(d, "bus-device", pc->apic_bus);
        device_set_pointer(d, "pic", pc->pic);
    }
    return finish(d, NULL, err);
}

bool pc_make_intc(struct machine *m, struct pc *pc, GError **err)
{
    pc->pic = make(m, "i8259", "pic", err);
    if (!finish(pc->pic, NULL, err)) {
        return false;
    }
    pc->ioapic = make(m, "ioapic", "ioapic", err);
    if (!finish(pc->ioapic, NULL, err)) {
        return false;
    }
    map_at(pc->ioapic, 0xfec00000);
    pc->apic_bus = make(m, "apic-bus", "apic-bus", err);
    if (pc->apic_bus) {
        device_set_pointer(pc->apic_bus, "ioapic", pc->ioapic);
    }
    if (!finish(pc->apic_bus, NULL, err)) {
        return false;
    }
    map_at(pc->apic_bus, 0xfee00000);
    for (unsigned i = 0; i < m->opt.cpus; i++) {
        if (!make_apic(m, pc, i, err)) {
            return false;
        }
    }
    device_connect(pc->pic, 0, (struct irq_line) { .set = lint0_set, .opaque = m });
    for (unsigned i = 0; i < G_N_ELEMENTS(pc->upper); i++) {
        pc->upper[i].out = pc_gsi(pc, ISA_LINES + i);
    }
    return true;
}

/* ---- PCI and ISA ---- */

bool pc_make_host(struct machine *m, struct pc *pc, const char *type, GError **err)
{
    pc->host = make(m, type, "pci-host", err);
    if (pc->host) {
        pc_host_set_ram(pc->host, pc->ram, pc->low_bytes);
    }
    if (!finish(pc->host, NULL, err)) {
        return false;
    }
    for (unsigned i = 0; i < m->cpus->len; i++) {
        ((struct cpu *)m->cpus->pdata[i])->smm_as = &((struct pc_host *)pc->host)->smm_as;
    }
    mem_map(&m->io, 0xcf8, &pc->host->mmio, 0);
    pc->pci = &((struct pc_host *)pc->host)->bus;
    pc->pci->msi = true;
    return true;
}

struct device *pc_make_function(struct machine *m, struct pc *pc, const char *type, const char *id, const char *addr,
                                bool multifunction, GError **err)
{
    struct device *d = make(m, type, id, err);

    if (d) {
        device_set_text(d, "addr", addr);
        device_set_uint(d, "multifunction", multifunction);
    }
    if (d && pc->smm == PC_ON && (!strcmp(type, "PIIX4_PM") || !strcmp(type, "ICH9-LPC"))) {
        device_set_uint(d, "smm-enabled", true);
    }
    return finish(d, &pc->pci->bus, err) ? d : NULL;
}

bool pc_make_drives(struct machine *m, struct pc *pc, struct device *ide, unsigned units, GError **err)
{
    if (!ide) {
        return false;
    }
    for (unsigned i = 0; i < units; i++) {
        g_autofree char *drive = g_strdup_printf("drive%u", i), *cd = g_strdup_printf("cd%u", i);

        device_set_pointer(ide, drive, m->opt.ide[i]);
        device_set_uint(ide, cd, m->opt.ide_cd[i]);
    }
    return finish(ide, &pc->pci->bus, err);
}

bool pc_make_vga(struct machine *m, struct pc *pc, GError **err)
{
    return !m->opt.vga || finish(make(m, m->opt.vga, NULL, err), &pc->pci->bus, err);
}

static struct device *make_isa(struct machine *m, struct pc *pc, const struct place *p, GError **err)
{
    struct device *d = make(m, p->type, p->id, err);

    if (d && p->serial) {
        device_set_uint(d, "index", p->serial - 1);
        device_set_pointer(d->child, "chardev", m->opt.serial[p->serial - 1]);
    }
    return finish(d, &pc->isa->bus, err) ? d : NULL;
}

/* The timer stands on its own ports; in the kernel it has none here. */
static bool make_pit(struct machine *m, struct pc *pc, GError **err)
{
    struct device *d = make(m, "i8254", "pit", err);

    if (d && d->type->irqs) {
        device_connect(d, 0, isa_line(pc->isa, 0));
    }
    pc->pit_device = d;
    return finish(d, NULL, err);
}

/* It stands between the old timers and their lines. An interval timer in the host's kernel can't be replaced by it: then
 * there is none. */
static bool make_hpet(struct machine *m, struct pc *pc, GError **err)
{
    uint32_t routes = (1u << PC_GSIS) - (1u << ISA_LINES);
    struct device *d;

    if (!pc->hpet || (pc->pit_device && !pc->pit_device->type->irqs)) {
        return true;
    }
    d = make(m, "hpet", "hpet", err);
    if (d) {
        device_set_uint(d, "hpet-intcap", routes);
    }
    if (!finish(d, NULL, err)) {
        return false;
    }
    map_at(d, HPET_ADDRESS);
    hpet_connect(d, 0, isa_line(pc->isa, 0));
    hpet_connect(d, 8, isa_line(pc->isa, 8));
    for (unsigned i = 0; i < G_N_ELEMENTS(pc->upper); i++) {
        hpet_connect(d, ISA_LINES + i, irq_or_input(&pc->upper[i], PC_UPPER_HPET));
    }
    if (pc->pit_device) {
        device_connect(pc->pit_device, 0, device_input(d, 0));
    }
    device_connect(pc->rtc, 0, device_input(d, 1));
    return true;
}

bool pc_make_isa(struct machine *m, struct pc *pc, GError **err)
{
    for (unsigned n = 0; n < ISA_LINES; n++) {
        pc->isa->lines[n].out = pc_gsi(pc, n);
    }
    if (pc->pit && !make_pit(m, pc, err)) {
        return false;
    }
    for (size_t i = 0; i < m->board->place_count; i++) {
        const struct place *p = &m->board->places[i];

        if (!p->isa || !p->type || (p->serial && !m->opt.serial[p->serial - 1])) {
            continue;
        }
        if (!make_isa(m, pc, p, err)) {
            return false;
        }
    }
    pc->rtc = device_find(m, "rtc");
    return make_hpet(m, pc, err);
}

/* ---- firmware ---- */

static bool rom_from_bios(struct machine *m, struct pc *pc, GError **err)
{
    static const char *const names[] = { "bios-256k.bin", "seabios/bios-256k.bin", "bios.bin", "seabios/bios.bin", NULL };
    const char *given[] = { m->opt.bios, NULL };
    bool own = m->opt.bios && strcmp(m->opt.bios, "default");
    g_autofree char *path = firmware_find(m, own ? given : names);
    g_autofree uint8_t *data = NULL;
    uint64_t len;

    if (!path) {
        g_set_error(err, quark(), 0, "-bios %s: no such firmware (Debian: package seabios, or ovmf for UEFI)",
                    own ? m->opt.bios : "bios-256k.bin");
        return false;
    }
    if (!load_file(path, "-bios", ROM_BYTES_MAX, &data, &len, err)) {
        return false;
    }
    if (!len || len % (64 * KIB)) {
        g_set_error(err, quark(), 0, "-bios %s: %" G_GUINT64_FORMAT " bytes; accepted: a multiple of 64 KiB, at most 16 MiB",
                    path, len);
        return false;
    }
    pc->rom = machine_new_ram(m, "pc.bios", len, err);
    if (!pc->rom) {
        return false;
    }
    memcpy(pc->rom->host, data, len);
    mem_rom_init(&pc->bios, "pc.bios", pc->rom, 0, len);
    mem_map(&m->root, PC_4G - len, &pc->bios, 0);
    mem_alias_init(&pc->bios_low, "isa-bios", &pc->bios, len - MIN(len, 128 * KIB), MIN(len, 128 * KIB));
    mem_map(&((struct pc_host *)pc->host)->memory, MIB - MIN(len, 128 * KIB), &pc->bios_low, 1);
    return true;
}

static struct block_backend *flash_drive(struct machine *m, struct pc *pc, unsigned n, GError **err)
{
    struct block_backend *be;

    if (!pc->pflash[n]) {
        return m->opt.pflash[n];
    }
    be = g_hash_table_lookup(m->drives, pc->pflash[n]);
    if (!be) {
        g_set_error(err, quark(), 0, "-machine pflash%u=%s: no -drive or -blockdev with this id", n, pc->pflash[n]);
    }
    return be;
}

/* Banks end at 4 GiB, one below the other; the first shows its end below 1 MiB, too. */
static bool rom_from_flash(struct machine *m, struct pc *pc, GError **err)
{
    GError *local = NULL;
    uint64_t top = PC_4G;

    for (unsigned n = 0; n < 2; n++) {
        struct block_backend *be = flash_drive(m, pc, n, &local);
        g_autofree char *id = g_strdup_printf("pflash%u", n);
        struct device *d;
        uint64_t len;

        if (local) {
            g_propagate_error(err, local);
            return false;
        }
        if (!be) {
            continue;
        }
        len = block_length(be);
        if (!len || len % (4 * KIB) || PC_4G - top + len > ROM_BYTES_MAX) {
            g_set_error(err, quark(), 0, "pflash%u: %" G_GUINT64_FORMAT " bytes; accepted: multiples of 4 KiB, at most 16 "
                        "MiB in both banks", n, len);
            return false;
        }
        d = make(m, "cfi.pflash01", id, err);
        if (d) {
            device_set_uint(d, "num-blocks", len / (4 * KIB));
            device_set_uint(d, "sector-length", 4 * KIB);
            device_set_uint(d, "width", 1);
            device_set_pointer(d, "drive", be);
        }
        if (!finish(d, NULL, err)) {
            return false;
        }
        top -= len;
        mem_map(&m->root, top, &d->mmio, 0);
        if (n == 0) {
            uint64_t low = MIN(len, 128 * KIB);

            mem_alias_init(&pc->bios_low, "isa-bios", &d->mmio, len - low, low);
            mem_map(&((struct pc_host *)pc->host)->memory, MIB - low, &pc->bios_low, 1);
        }
    }
    return true;
}

/* ---- CMOS and firmware configuration ---- */

/* Where the boot order's letters stand in SeaBIOS's byte: 1 floppy, 2 disk, 3 CD, 4 network. */
static unsigned boot_nibble(char letter)
{
    static const char letters[] = "?acdn";
    const char *p = letter ? strchr(letters, letter) : NULL;

    return p ? p - letters : 0;
}

static void fill_boot_order(struct machine *m, struct device *rtc)
{
    const char *order = *m->opt.boot_order ? m->opt.boot_order : "cad";
    unsigned len = strlen(order);

    mc146818_set(rtc, 0x3d, boot_nibble(order[0]) | (len > 1 ? boot_nibble(order[1]) << 4 : 0));
    mc146818_set(rtc, 0x38, (len > 2 ? boot_nibble(order[2]) << 4 : 0) | 1);     /* bit 0: no look for a boot signature
                                                                               * on floppies */
}

static void fill_cmos(struct machine *m, struct pc *pc)
{
    struct device *d = pc->rtc;
    uint64_t low = pc->low_bytes, high = pc->ram->size - low;

    mc146818_set16(d, 0x15, 640);
    mc146818_set16(d, 0x17, MIN((low - MIB) / KIB, 0xffff));
    mc146818_set16(d, 0x30, MIN((low - MIB) / KIB, 0xffff));
    mc146818_set16(d, 0x34, low > 16 * MIB ? MIN((low - 16 * MIB) / (64 * KIB), 0xffff) : 0);
    mc146818_set16(d, 0x5b, high / (64 * KIB));
    mc146818_set(d, 0x5d, high / (64 * KIB) >> 16);
    mc146818_set(d, 0x5f, m->opt.cpus - 1);
    fill_boot_order(m, d);
    mc146818_set(d, 0x14, 0x06);    /* equipment: FPU, mouse */
}

struct e820 {
    uint64_t addr, len;
    uint32_t type;
} __attribute__((packed));

enum { E820_RAM = 1, E820_RESERVED = 2 };

static void add_range(GByteArray *out, uint64_t addr, uint64_t len, uint32_t type)
{
    struct e820 e = { GUINT64_TO_LE(addr), GUINT64_TO_LE(len), GUINT32_TO_LE(type) };

    g_byte_array_append(out, (const guint8 *)&e, sizeof(e));
}

static bool add_file(struct pc *pc, const char *name, const void *data, uint32_t len, GError **err)
{
    return fw_cfg_add_file(pc->fw_cfg, name, g_memdup2(data, len), len, err);
}

static bool add_e820(struct pc *pc, GError **err)
{
    g_autoptr(GByteArray) map = g_byte_array_new();

    add_range(map, 0xfeffc000, 0x4000, E820_RESERVED);     /* KVM's pages for real mode, see target/x86/kvm.c */
    add_range(map, 0, pc->low_bytes, E820_RAM);
    if (pc->ram->size > pc->low_bytes) {
        add_range(map, PC_4G, pc->ram->size - pc->low_bytes, E820_RAM);
    }
    return add_file(pc, "etc/e820", map->data, map->len, err);
}

static bool add_user_files(struct machine *m, struct pc *pc, GError **err)
{
    for (guint i = 0; i < m->opt.fw_cfg->len; i++) {
        const struct fw_cfg_option *o = &g_array_index(m->opt.fw_cfg, struct fw_cfg_option, i);

        if (!add_file(pc, o->name, o->data, o->len, err)) {
            return false;
        }
    }
    return true;
}

static bool make_fw_cfg(struct machine *m, struct pc *pc, GError **err)
{
    static const uint8_t system_states[6] = { 128, 0, 0, 1, 130, 128 };     /* no S3; S4 is a power-off */
    uint64_t ram = GUINT64_TO_LE(m->opt.ram_size);
    uint16_t sercon = GUINT16_TO_LE(0x3f8);
    struct device *d = make(m, "fw_cfg_io", "fw_cfg", err);

    if (!finish(d, NULL, err)) {
        return false;
    }
    pc->fw_cfg = d;
    mem_map(&m->io, 0x510, &d->mmio, 0);
    fw_cfg_add_u16(d, FW_CFG_NB_CPUS, m->opt.cpus);
    fw_cfg_add_u16(d, FW_CFG_MAX_CPUS, m->opt.max_cpus);
    fw_cfg_add_u16(d, FW_CFG_NOGRAPHIC, !m->opt.graphics);
    fw_cfg_add_u32(d, FW_CFG_X86_IRQ0_OVERRIDE, 1);
    fw_cfg_add_bytes(d, FW_CFG_RAM_SIZE, g_memdup2(&ram, 8), 8);
    fw_cfg_add_bytes(d, FW_CFG_UUID, g_memdup2(m->opt.uuid, sizeof m->opt.uuid), sizeof m->opt.uuid);
    if (!m->opt.graphics && m->opt.serial[0] && !add_file(pc, "etc/sercon-port", &sercon, 2, err)) {
        return false;
    }
    return fw_cfg_add_boot(d, err) && add_e820(pc, err) && add_file(pc, "etc/system-states", system_states, sizeof(system_states), err) &&
           add_user_files(m, pc, err);
}

/* Devices by the names that firmware gives them, best first; the kernel of -kernel is an option ROM. */
static bool add_boot_order(struct machine *m, struct pc *pc, GError **err)
{
    return !m->opt.kernel || fw_cfg_add_file(pc->fw_cfg, "bootorder", g_strdup("/rom@genroms/linuxboot.bin\n"),
                                             sizeof("/rom@genroms/linuxboot.bin\n"), err);
}

bool pc_make_firmware(struct machine *m, struct pc *pc, GError **err)
{
    bool flash = pc->pflash[0] || m->opt.pflash[0];

    if (!(flash ? rom_from_flash(m, pc, err) : rom_from_bios(m, pc, err)) || !make_fw_cfg(m, pc, err)) {
        return false;
    }
    fill_cmos(m, pc);
    return (!m->opt.kernel || pc_linux(m, pc, err)) && add_boot_order(m, pc, err) &&
           (pc->acpi == PC_OFF || pc_acpi(m, pc, err));
}

void pc_free(struct machine *m)
{
    struct pc *pc = m->board_state;

    mem_region_free(&pc->bios_low);
    mem_region_free(&pc->bios);
    mem_region_free(&pc->ram_low);
    mem_region_free(&pc->ram_high);
}

/* ---- tables ---- */

/* The large areas of the memory map; ports of the ISA devices. */
const struct place pc_places[PC_PLACE_COUNT] = {
    { "ram", NULL, 0, .size = 0 },
    { "ioapic-area", NULL, 0xfec00000, .size = 0x1000 },
    { "apic-area", NULL, 0xfee00000, .size = 0x100000 },
    { "hpet-area", NULL, HPET_ADDRESS, .size = HPET_BYTES },
    { "i8042", "i8042", 0x60, .size = 1, .isa = true },
    { "rtc", "mc146818rtc", 0x70, .isa = true, .irq = 8 },
    { "serial0", "isa-serial", 0x3f8, .size = 8, .isa = true, .irq = 4, .serial = 1 },
    { "serial1", "isa-serial", 0x2f8, .size = 8, .isa = true, .irq = 3, .serial = 2 },
};

static const char *const on_off_auto[] = { "auto", "on", "off", NULL };

const struct prop pc_props[PC_PROP_COUNT] = {
    PROP_STRING(struct pc, pflash[0], "pflash0", NULL, "id of the drive in the first flash bank (firmware)"),
    PROP_STRING(struct pc, pflash[1], "pflash1", NULL, "id of the drive in the second flash bank (its variables)"),
    PROP_ENUM(struct pc, acpi, "acpi", on_off_auto, 0, "ACPI tables"),
    PROP_ENUM(struct pc, smm, "smm", on_off_auto, 0, "system management mode (auto: off)"),
    PROP_ENUM(struct pc, vmport, "vmport", on_off_auto, 0, "VMware's port (there is none)"),
    PROP_BOOL(struct pc, pit, "pit", true, "i8254 timer"),
    PROP_BOOL(struct pc, hpet, "hpet", true, "high precision event timer"),
    PROP_BOOL(struct pc, usb, "usb", false, "USB controller (there is none yet)"),
    PROP_SIZE(struct pc, max_ram_below_4g, "max-ram-below-4g", 0, "RAM below 4 GiB"),
};
