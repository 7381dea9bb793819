/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's generic loader (docs/system/generic-loader.rst): "-device loader" puts a file or a number into memory at each
 * reset, and may set where a CPU starts.
 */
#include <string.h>

#include "system/board.h"
#include "system/cpu.h"
#include "system/device.h"
#include "system/loader.h"
#include "system/machine.h"

#define NO_CPU UINT32_MAX
#define NO_ADDR UINT64_MAX

struct loader {
    struct device dev;
    uint64_t addr, data;
    uint32_t cpu_num;
    uint8_t data_len;
    bool data_be, force_raw;
    char *file;
};

static bool fail(GError **err, const char *why)
{
    g_set_error(err, g_quark_from_static_string("device"), 0, "-device loader: %s", why);
    return false;
}

static bool add_data(struct loader *s, GError **err)
{
    uint64_t v = s->data_be ? GUINT64_TO_BE(s->data << (64 - 8 * s->data_len)) : GUINT64_TO_LE(s->data);

    if (s->data_len < 8 && s->data >> (8 * s->data_len)) {
        return fail(err, "data does not fit in data-len bytes");
    }
    if (s->addr == NO_ADDR) {
        return fail(err, "data needs addr");
    }
    return rom_add(s->dev.m, "-device loader", "data", s->addr, g_memdup2(&v, s->data_len), s->data_len, s->data_len,
                   err);
}

static bool starts_like_elf(const char *path)
{
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, false, NULL);

    return file && g_mapped_file_get_length(file) >= 4 && !memcmp(g_mapped_file_get_contents(file), "\x7f" "ELF", 4);
}

/* *entry: where the image starts. */
static bool add_file(struct loader *s, uint64_t *entry, GError **err)
{
    const struct load_area all = { 0, UINT64_MAX };
    struct load_result res;
    bool ok;

    if (!s->force_raw && starts_like_elf(s->file)) {
        ok = load_elf(s->dev.m, s->file, "-device loader,file=", s->dev.m->board->elf_machine, 0, &res, err);
    } else if (s->addr == NO_ADDR && g_file_test(s->file, G_FILE_TEST_EXISTS)) {
        return fail(err, "a raw file needs addr");
    } else {
        ok = load_raw(s->dev.m, s->file, "-device loader,file=", s->addr, &all, &res, err);
    }
    *entry = ok ? res.entry : 0;
    return ok;
}

static bool realize(struct device *d, GError **err)
{
    struct loader *s = (struct loader *)d;
    uint64_t entry = s->addr;

    if (s->cpu_num != NO_CPU && s->cpu_num >= d->m->cpus->len) {
        return fail(err, "cpu-num: there is no such CPU");
    }
    if (s->data_len) {
        if (s->file || s->force_raw) {
            return fail(err, "give either data or file");
        }
        return s->cpu_num == NO_CPU ? add_data(s, err) : fail(err, "data and cpu-num exclude each other");
    }
    if (s->file ? !add_file(s, &entry, err) : entry == NO_ADDR) {
        return s->file ? false : fail(err, "needs file=, data= with data-len=, or addr= with cpu-num=");
    }
    if (!s->file && s->cpu_num == NO_CPU) {
        return fail(err, "addr without file or data needs cpu-num");
    }
    if (s->cpu_num != NO_CPU) {
        ((struct cpu *)d->m->cpus->pdata[s->cpu_num])->reset_pc = entry;
    }
    return true;
}

static const struct prop props[] = {
    PROP_U64(struct loader, addr, "addr", NO_ADDR, "where it goes, or where the CPU starts"),
    PROP_U64(struct loader, data, "data", 0, "a number to store"),
    PROP_U8(struct loader, data_len, "data-len", 0, "its size in bytes", .max = 8),
    PROP_BOOL(struct loader, data_be, "data-be", false, "store it big-endian"),
    PROP_STRING(struct loader, file, "file", NULL, "ELF file or raw image"),
    PROP_BOOL(struct loader, force_raw, "force-raw", false, "take an ELF file as a raw image"),
    PROP_U32(struct loader, cpu_num, "cpu-num", NO_CPU, "the CPU that starts there"),
};

const struct device_type loader_type = {
    .name = "loader", .help = "puts a file or a number into memory at reset", .size = sizeof(struct loader),
    PROPS(props), .user = true, .realize = realize,
};
