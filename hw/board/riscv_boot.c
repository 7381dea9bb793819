/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/board/riscv_boot.h"

#include <elf.h>
#include <string.h>

#include "hw/board/virt.h"
#include "system/fdt.h"
#include "system/loader.h"
#include "system/machine.h"

#define MIB ((uint64_t)1 << 20)

static paddr align_up(paddr addr, uint64_t to)
{
    return (addr + to - 1) & ~(to - 1);
}

static GQuark quark(void)
{
    return g_quark_from_static_string("boot");
}

/* ---- firmware ---- */

/* -bios; *end is where the next image may start. */
static bool load_firmware(struct riscv_boot *b, const char *const *names, paddr *end, GError **err)
{
    const char *bios = b->m->opt.bios;
    const char *given[] = { bios, NULL };
    const struct load_area ram = { b->ram, b->ram_end };
    g_autofree char *path = NULL;
    struct load_result res;

    b->start = *end = b->ram;
    if (bios && !strcmp(bios, "none")) {
        return true;
    }
    if (bios && strcmp(bios, "default")) {
        names = given;
    }
    path = firmware_find(b->m, names);
    if (!path) {
        g_set_error(err, quark(), 0, "-bios %s: no such firmware (Debian: package opensbi; or -bios FILE, -bios none)",
                    *names);
        return false;
    }
    if (!(virt_is_elf(path) ? load_elf(b->m, path, "-bios", EM_RISCV, b->bits, &res, err)
                       : load_raw(b->m, path, "-bios", b->ram, &ram, &res, err))) {
        return false;
    }
    b->start = res.entry;
    *end = res.high;
    return true;
}

/* ---- kernel and initrd ---- */

/* Far enough behind the kernel that it can unpack itself and grow, but within small RAM too. */
static bool load_initrd(struct riscv_boot *b, const struct load_result *kernel, GError **err)
{
    uint64_t ram_bytes = b->ram_end - b->ram;
    paddr at = kernel->low + MIN(ram_bytes / 2, (b->bits == 32 ? 128 : 512) * MIB);

    return virt_load_initrd(b->m, at, kernel->high, b->ram, b->ram_end, &b->initrd, &b->initrd_end, err);
}

static bool load_kernel_and_initrd(struct riscv_boot *b, paddr from, GError **err)
{
    const struct machine_options *o = &b->m->opt;
    const struct load_area ram = { b->ram, b->ram_end };
    struct load_result kernel;

    /* Linux wants the start of a page of the first large size: megapages of 2 MiB, on RV32 of 4 MiB. */
    if (!load_kernel(b->m, o->kernel, EM_RISCV, b->bits, align_up(from, (b->bits == 32 ? 4 : 2) * MIB), &ram, &kernel,
                     err)) {
        return false;
    }
    b->next = kernel.low;
    return !o->initrd || load_initrd(b, &kernel, err);
}

bool riscv_boot_load(struct riscv_boot *b, const char *const *firmware, GError **err)
{
    const struct machine_options *o = &b->m->opt;
    paddr end;

    if (o->initrd && !o->kernel) {
        g_set_error(err, quark(), 0, "-initrd needs -kernel");
        return false;
    }
    if (!load_firmware(b, firmware, &end, err)) {
        return false;
    }
    if (b->flash_filled && o->bios && !strcmp(o->bios, "none")) {
        b->start = b->flash;
    } else if (b->flash_filled) {
        b->next = b->flash;
        return virt_files_to_fw_cfg(b->m, b->fw_cfg, b->ram_end - b->ram, err);
    }
    return !o->kernel || load_kernel_and_initrd(b, end, err);
}

/* ---- the reset code ---- */

enum { T0 = 5, A0 = 10, A1 = 11, A2 = 12, CSR_MHARTID = 0xf14 };

/* Base instructions (RISC-V ISA manual volume I, chapter 2). */
static uint32_t i_type(uint32_t opcode, unsigned funct3, unsigned rd, unsigned rs1, uint32_t imm)
{
    return imm << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;
}

/* What M-mode firmware with dynamic information finds at a2 (OpenSBI: include/sbi/fw_dynamic.h). */
enum { FW_DYNAMIC_MAGIC = 0x4942534f, FW_DYNAMIC_VERSION = 2, NEXT_MODE_S = 1 };

static void put(GByteArray *rom, uint64_t v, unsigned bits)
{
    v = GUINT64_TO_LE(v);
    g_byte_array_append(rom, (const guint8 *)&v, bits / 8);
}

/* Each hart: a0 = hart id, a1 = device tree, a2 = dynamic information, jump to start. Guests know the layout: words
 * 6 and 8 of the ROM are the two addresses. */
static void reset_code(const struct riscv_boot *b, paddr dtb, GByteArray *rom)
{
    enum { START_AT = 24, DTB_AT = 32, INFO_AT = 40 };
    unsigned load = b->bits == 64 ? 3 : 2;
    uint32_t code[] = {
        T0 << 7 | 0x17,                             /* auipc t0, 0 */
        i_type(0x13, 0, A2, T0, INFO_AT),           /* addi a2, t0, INFO_AT */
        i_type(0x73, 2, A0, 0, CSR_MHARTID),        /* csrr a0, mhartid */
        i_type(0x03, load, A1, T0, DTB_AT),         /* lx a1, DTB_AT(t0) */
        i_type(0x03, load, T0, T0, START_AT),       /* lx t0, START_AT(t0) */
        i_type(0x67, 0, 0, T0, 0),                  /* jr t0 */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(code); i++) {
        put(rom, code[i], 32);
    }
    put(rom, b->start, 64);
    put(rom, dtb, 64);
    g_assert(rom->len == INFO_AT);
    put(rom, FW_DYNAMIC_MAGIC, b->bits);
    put(rom, FW_DYNAMIC_VERSION, b->bits);
    put(rom, b->next, b->bits);
    put(rom, NEXT_MODE_S, b->bits);
    put(rom, 0, b->bits);                           /* options */
    put(rom, 0, b->bits);                           /* preferred boot hart */
}

bool riscv_boot_finish(struct riscv_boot *b, struct fdt *f, GError **err)
{
    GByteArray *rom = g_byte_array_new();
    /* As far up as possible, so that a kernel doesn't run over it, but within reach of 32-bit software. */
    paddr top = b->ram < 3072 * MIB ? MIN(b->ram_end, 3072 * MIB) : b->ram_end, dtb;
    size_t dtb_len;
    gsize rom_len;
    guint8 *code;

    virt_fdt_chosen(b->m, f, b->initrd, b->initrd_end);
    dtb_len = dt_finish(f);
    if (top - b->ram < dtb_len + MEM_PAGE_SIZE) {
        g_set_error(err, quark(), 0, "-m: RAM is too small for the device tree");
        g_byte_array_free(rom, true);
        return false;
    }
    dtb = (top - dtb_len) & ~(2 * MIB - 1);
    if (dtb <= b->ram) {    /* little RAM: its start is for programs */
        dtb = (top - dtb_len) & ~(MEM_PAGE_SIZE - 1);
    }
    reset_code(b, dtb, rom);
    rom_len = rom->len;
    code = g_byte_array_free(rom, false);
    return rom_add(b->m, "device tree", "dtb", dtb, g_memdup2(f->blob, dtb_len), dtb_len, dtb_len, err) &&
           rom_add(b->m, "reset code", "mrom", b->rom, code, rom_len, rom_len, err);
}
