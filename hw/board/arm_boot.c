/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's boot protocol for arm64 (Documentation/arch/arm64/booting.rst): the first CPU enters the Image with the device
 * tree's address in x0, the others wait for PSCI. Firmware finds the device tree at the start of RAM, and so do programs in
 * ELF files that leave room for it there. On 32 bits it is arch/arm's (Documentation/arch/arm/booting.rst): r1 is a machine
 * type that nobody has, the tree's address is in r2, and a zImage unpacks itself to the start of RAM.
 */
#include "hw/board/arm_boot.h"

#include <elf.h>
#include <string.h>

#include "hw/board/virt.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/loader.h"
#include "system/machine.h"

#define MIB ((uint64_t)1 << 20)
#define UIMAGE_MAGIC 0x27051956u
enum { UIMAGE_HEADER = 64, UIMAGE_LOAD_AT = 16, UIMAGE_ENTRY_AT = 20, UIMAGE_COMPRESSION_AT = 31 };

static bool is_wide(const struct arm_boot *b)
{
    return ((struct cpu *)b->m->cpus->pdata[0])->bits == 64;
}

static GQuark quark(void)
{
    return g_quark_from_static_string("boot");
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* U-Boot's legacy image, not compressed: a header with load address and entry (U-Boot: include/image.h). */
static bool load_uimage(struct arm_boot *b, const char *path, GError **err)
{
    g_autofree uint8_t *data = NULL;
    uint64_t len;

    if (!load_file(path, "-kernel", b->ram_end - b->ram + UIMAGE_HEADER, &data, &len, err)) {
        return false;
    }
    if (data[UIMAGE_COMPRESSION_AT]) {
        g_set_error(err, quark(), 0, "-kernel %s: a compressed uImage; accepted: one that is not (mkimage -C none)", path);
        return false;
    }
    b->entry = be32(data + UIMAGE_ENTRY_AT);
    b->low = be32(data + UIMAGE_LOAD_AT);
    len -= UIMAGE_HEADER;
    b->high = b->low + len;
    if (b->low < b->ram || b->high > b->ram_end) {
        g_set_error(err, quark(), 0, "-kernel %s: a uImage for 0x%" G_GINT64_MODIFIER "x, which is not in RAM", path, b->low);
        return false;
    }
    return rom_add(b->m, "-kernel", path, b->low, g_memdup2(data + UIMAGE_HEADER, len), len, len, err);
}

static bool is_uimage(const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, false, NULL);

    return file && g_mapped_file_get_length(file) > UIMAGE_HEADER &&
           be32((const uint8_t *)g_mapped_file_get_contents(file)) == UIMAGE_MAGIC;
}

static bool load_kernel_file(struct arm_boot *b, GError **err)
{
    const struct load_area area = { b->ram, b->ram_end };
    const char *path = b->m->opt.kernel;
    struct load_result res;

    if (is_uimage(path)) {
        b->is_linux = true;
        return load_uimage(b, path, err);
    }
    /* Two MiB from the start: what software expects at the start of RAM (the device tree) stays clear of it. A zImage's
     * place is where QEMU has it. */
    if (!load_kernel(b->m, path, is_wide(b) ? EM_AARCH64 : EM_ARM, is_wide(b) ? 64 : 32,
                     b->ram + (is_wide(b) ? 2 * MIB : 0x10000), &area, &res, err)) {
        return false;
    }
    b->is_linux = !res.is_elf;
    b->entry = res.entry;
    b->low = res.low;
    b->high = res.high;
    return true;
}

static bool load_bios(struct arm_boot *b, GError **err)
{
    const struct machine_options *o = &b->m->opt;
    const struct load_area area = { b->flash, b->flash + b->flash_size };
    const char *const names[] = { o->bios, NULL };
    g_autofree char *path = firmware_find(b->m, names);
    struct load_result res;

    if (b->flash_filled) {
        g_set_error(err, quark(), 0, "-bios %s: the first flash bank has an image already; give one of the two", o->bios);
        return false;
    }
    if (!path) {
        g_set_error(err, quark(), 0, "-bios %s: No such file or directory", o->bios);
        return false;
    }
    return load_raw(b->m, path, "-bios", b->flash, &area, &res, err);
}

bool arm_boot_load(struct arm_boot *b, GError **err)
{
    const struct machine_options *o = &b->m->opt;
    bool bios = o->bios && strcmp(o->bios, "none") && strcmp(o->bios, "default");

    b->firmware = bios || b->flash_filled;
    if (bios && !load_bios(b, err)) {
        return false;
    }
    if (b->firmware || !o->kernel) {
        return virt_files_to_fw_cfg(b->m, b->fw_cfg, b->ram_end - b->ram, err);
    }
    if (!load_kernel_file(b, err)) {
        return false;
    }
    return !o->initrd ||
           virt_load_initrd(b->m, MAX(b->ram + MIN((b->ram_end - b->ram) / 2, 128 * MIB), b->high), b->high, b->ram,
                            b->ram_end, &b->initrd, &b->initrd_end, err);
}

static void set_start(struct arm_boot *b, paddr dtb)
{
    for (unsigned i = 0; i < b->m->cpus->len; i++) {
        struct cpu *cpu = b->m->cpus->pdata[i];

        cpu->reset_pc = b->firmware || !b->m->opt.kernel ? b->flash : b->entry;
        cpu->reset_level = b->is_linux ? b->linux_level : 0;
        cpu->reset_a0 = b->is_linux ? dtb : 0;
        cpu->reset_a1 = b->is_linux && !is_wide(b) ? UINT32_MAX : 0;
        if (!b->is_linux && cpu->levels >> 3 & 1) {
            /* A program that starts at EL3 is the firmware: its SMCs are its own, and it has all CPUs from the start. */
            cpu->firmware = NULL;
            cpu->start_halted = false;
        }
    }
}

bool arm_boot_finish(struct arm_boot *b, struct fdt *f, GError **err)
{
    paddr dtb = b->ram, end = b->ram_end;
    size_t len;

    virt_fdt_chosen(b->m, f, b->initrd, b->initrd_end);
    len = dt_finish(f);
    if (b->is_linux) {
        dtb = (MAX(b->high, b->initrd_end) + 2 * MIB - 1) & ~(2 * MIB - 1);
    } else if (b->m->opt.kernel && !b->firmware && b->low < b->ram_end && b->high > b->ram) {
        end = b->low;           /* a program in RAM: before it, or not at all */
    }
    set_start(b, dtb);
    if (dtb >= end || end - dtb < len) {
        if (!b->is_linux && b->m->opt.kernel) {
            return true;
        }
        g_set_error(err, quark(), 0, "-m: RAM is too small for the device tree behind kernel and initrd");
        return false;
    }
    return rom_add(b->m, "device tree", "dtb", dtb, g_memdup2(f->blob, len), len, len, err);
}
