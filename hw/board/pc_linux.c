/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -kernel on PCs: a bzImage (Linux Documentation/arch/x86/boot.rst, protocol 2.02 or later) goes into fw_cfg in parts,
 * where the option ROM linuxboot.S, or UEFI firmware, finds it. Nothing in the image is trusted beyond its own bytes.
 */
#include <string.h>

#include "hw/board/pc.h"
#include "hw/misc/fw_cfg.h"
#include "system/loader.h"

#define SETUP_ADDR 0x10000u
#define CMDLINE_ADDR 0x20000u
#define KERNEL_ADDR 0x100000u
#define SECTOR 512
#define TABLES_BYTES 0x28000u           /* at the end of low RAM, for firmware's tables */
#define INITRD_MAX_OLD 0x37ffffffu

/* Offsets in the header. */
enum { H_SETUP_SECTS = 0x1f1, H_VIDEO = 0x1fa, H_MAGIC = 0x202, H_VERSION = 0x206, H_LOADER = 0x210, H_FLAGS = 0x211, H_INITRD = 0x218,
       H_INITRD_SIZE = 0x21c, H_HEAP_END = 0x224, H_CMDLINE = 0x228, H_INITRD_MAX = 0x22c, H_CMDLINE_MAX = 0x238,
       H_END = 0x268 };
enum { FLAG_HIGH = 1, FLAG_HEAP = 0x80, LOADER_QEMU = 0xb0 };

extern const uint8_t linuxboot_rom[];
extern const uint32_t linuxboot_rom_bytes;

struct bzimage {
    uint8_t *data;
    uint64_t len, setup_bytes;
    unsigned version;
};

static bool fail(GError **err, const char *option, const char *path, const char *why)
{
    g_set_error(err, g_quark_from_static_string("boot"), 0, "%s %s: %s", option, path, why);
    return false;
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t v)
{
    v = GUINT32_TO_LE(v);
    memcpy(p, &v, 4);
}

static bool check(struct bzimage *k, const char *path, GError **err)
{
    if (k->len < H_END || memcmp(k->data + H_MAGIC, "HdrS", 4)) {
        return fail(err, "-kernel", path, "not a Linux bzImage (its header has no 'HdrS')");
    }
    k->version = k->data[H_VERSION] | k->data[H_VERSION + 1] << 8;
    k->setup_bytes = (uint64_t)((k->data[H_SETUP_SECTS] ? k->data[H_SETUP_SECTS] : 4) + 1) * SECTOR;
    if (k->version < 0x202 || !(k->data[H_FLAGS] & FLAG_HIGH)) {
        return fail(err, "-kernel", path, "the kernel is too old: boot protocol 2.02 and a bzImage are needed");
    }
    if (k->setup_bytes >= k->len || k->setup_bytes > CMDLINE_ADDR - SETUP_ADDR - 0x1000) {
        return fail(err, "-kernel", path, "the image is cut short");
    }
    return true;
}

static bool add_initrd(struct machine *m, struct pc *pc, struct bzimage *k, GError **err)
{
    uint64_t max = k->version >= 0x203 ? get32(k->data + H_INITRD_MAX) : INITRD_MAX_OLD, len, addr;
    uint8_t *data;

    if (!m->opt.initrd) {
        return true;
    }
    max = MIN(max, pc->low_bytes - TABLES_BYTES - 1);
    if (!load_file(m->opt.initrd, "-initrd", pc->low_bytes, &data, &len, err)) {
        return false;
    }
    addr = (max - len) & ~(uint64_t)4095;
    if (len >= max || addr < KERNEL_ADDR + (k->len - k->setup_bytes)) {
        g_free(data);
        return fail(err, "-initrd", m->opt.initrd, "it does not fit in RAM beside the kernel (more RAM: -m)");
    }
    put32(k->data + H_INITRD, addr);
    put32(k->data + H_INITRD_SIZE, len);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_INITRD_ADDR, addr);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_INITRD_SIZE, len);
    fw_cfg_add_bytes(pc->fw_cfg, FW_CFG_INITRD_DATA, data, len);
    return true;
}

static bool add_rom(struct pc *pc, GError **err)
{
    uint8_t *rom = g_memdup2(linuxboot_rom, linuxboot_rom_bytes);
    uint8_t sum = 0;

    for (uint32_t i = 0; i < linuxboot_rom_bytes; i++) {
        sum += rom[i];
    }
    rom[linuxboot_rom_bytes - 1] -= sum;        /* all bytes add up to 0 */
    return fw_cfg_add_file(pc->fw_cfg, "genroms/linuxboot.bin", rom, linuxboot_rom_bytes, err);
}

/* "vga=MODE" of the command line is for the boot loader (Linux: Documentation/admin-guide/svga.rst): *mode, if it is there. */
static bool read_video_mode(const char *cmdline, uint16_t *mode, GError **err)
{
    static const struct {
        const char *name;
        uint16_t mode;
    } names[] = { { "normal", 0xffff }, { "ext", 0xfffe }, { "ask", 0xfffd } };
    g_auto(GStrv) words = g_strsplit(cmdline, " ", -1);

    for (char **w = words; *w; w++) {
        const char *value = *w + strlen("vga=");
        uint64_t n = 0;
        bool found = false;
        char *end;

        if (!g_str_has_prefix(*w, "vga=")) {
            continue;
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
            if (!strcmp(value, names[i].name)) {
                n = names[i].mode;
                found = true;
            }
        }
        if (!found) {
            n = g_ascii_strtoull(value, &end, 0);
            if (!g_ascii_isdigit(*value) || *end || n > UINT16_MAX) {
                return fail(err, "-append", *w, "no video mode; accepted: normal, ext, ask, or a number");
            }
        }
        *mode = n;
    }
    return true;
}

bool pc_linux(struct machine *m, struct pc *pc, GError **err)
{
    const char *cmdline = m->opt.append ? m->opt.append : "";
    struct bzimage k = { 0 };
    uint16_t video = 0;
    bool ok;

    if (!linuxboot_rom_bytes) {
        return fail(err, "-kernel", m->opt.kernel, "this program was built without an assembler for x86's boot ROM");
    }
    if (!load_file(m->opt.kernel, "-kernel", pc->low_bytes, &k.data, &k.len, err)) {
        return false;
    }
    ok = check(&k, m->opt.kernel, err);
    if (ok && strlen(cmdline) > (k.version >= 0x206 ? get32(k.data + H_CMDLINE_MAX) : 255)) {
        ok = fail(err, "-append", cmdline, "longer than the kernel takes");
    }
    if (ok) {
        video = k.data[H_VIDEO] | k.data[H_VIDEO + 1] << 8;
    }
    ok = ok && read_video_mode(cmdline, &video, err) && add_initrd(m, pc, &k, err) && add_rom(pc, err);
    if (!ok) {
        g_free(k.data);
        return false;
    }
    k.data[H_VIDEO] = video;
    k.data[H_VIDEO + 1] = video >> 8;
    k.data[H_LOADER] = LOADER_QEMU;
    k.data[H_FLAGS] |= FLAG_HEAP;
    k.data[H_HEAP_END] = (CMDLINE_ADDR - SETUP_ADDR - 0x200) & 0xff;
    k.data[H_HEAP_END + 1] = (CMDLINE_ADDR - SETUP_ADDR - 0x200) >> 8;
    put32(k.data + H_CMDLINE, CMDLINE_ADDR);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_CMDLINE_ADDR, CMDLINE_ADDR);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_CMDLINE_SIZE, strlen(cmdline) + 1);
    fw_cfg_add_string(pc->fw_cfg, FW_CFG_CMDLINE_DATA, cmdline);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_KERNEL_ADDR, KERNEL_ADDR);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_KERNEL_SIZE, k.len - k.setup_bytes);
    fw_cfg_add_bytes(pc->fw_cfg, FW_CFG_KERNEL_DATA, g_memdup2(k.data + k.setup_bytes, k.len - k.setup_bytes),
                     k.len - k.setup_bytes);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_SETUP_ADDR, SETUP_ADDR);
    fw_cfg_add_u32(pc->fw_cfg, FW_CFG_SETUP_SIZE, k.setup_bytes);
    fw_cfg_add_bytes(pc->fw_cfg, FW_CFG_SETUP_DATA, k.data, k.setup_bytes);
    return true;
}
