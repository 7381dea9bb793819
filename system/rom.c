/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ROMs: what each reset writes to guest memory; and where firmware files are. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system/loader.h"
#include "system/machine.h"
#include "util/log.h"

/* Where distributions keep firmware. */
static const char *const firmware_dirs[] = {
    "/usr/share/doppel", "/usr/local/share/doppel", "/usr/lib/riscv64-linux-gnu", "/usr/share/qemu", "/usr/lib/u-boot",
    "/usr/share/qemu-efi-riscv64", "/usr/share",
};

static char *in_dir(const char *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);

    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return path;
    }
    g_free(path);
    return NULL;
}

static char *find_one(struct machine *m, const char *name)
{
    char *found = NULL;

    if (g_file_test(name, G_FILE_TEST_EXISTS)) {
        return g_strdup(name);
    }
    if (g_path_is_absolute(name)) {
        return NULL;
    }
    for (guint i = 0; i < m->opt.data_dirs->len && !found; i++) {
        found = in_dir(m->opt.data_dirs->pdata[i], name);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(firmware_dirs) && !found; i++) {
        found = in_dir(firmware_dirs[i], name);
    }
    return found;
}

char *firmware_find(struct machine *m, const char *const *names)
{
    char *found = NULL;

    for (; *names && !found; names++) {
        found = find_one(m, *names);
    }
    return found;
}

void firmware_list_dirs(struct machine *m)
{
    for (guint i = 0; i < m->opt.data_dirs->len; i++) {
        printf("%s\n", (char *)m->opt.data_dirs->pdata[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(firmware_dirs); i++) {
        printf("%s\n", firmware_dirs[i]);
    }
}

/* Is all of [addr, addr + size) RAM or ROM? */
static bool in_memory(struct address_space *as, paddr addr, uint64_t size)
{
    while (size) {
        const struct flat_range *f = as_lookup(as, addr);
        uint64_t n;

        if (!f || !f->host) {
            return false;
        }
        n = MIN(size, f->size - (addr - f->start));
        addr += n;
        size -= n;
    }
    return true;
}

static bool add(struct machine *m, const char *what, struct rom *rom, GError **err)
{
    rom->as = &m->as;
    if (rom->size > UINT64_MAX - rom->addr || !in_memory(&m->as, rom->addr, rom->size)) {
        g_set_error(err, g_quark_from_static_string("loader"), 0,
                    "%s %s: %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER "x do not fit in guest memory "
                    "(more RAM: -m)", what, rom->name, rom->size, rom->addr);
        return false;
    }
    for (guint i = 0; i < m->roms->len; i++) {
        const struct rom *other = m->roms->pdata[i];

        if (rom->addr < other->addr + other->size && other->addr < rom->addr + rom->size) {
            g_set_error(err, g_quark_from_static_string("loader"), 0,
                        "%s %s: overlaps %s (0x%" G_GINT64_MODIFIER "x to 0x%" G_GINT64_MODIFIER "x)", what, rom->name,
                        other->name, other->addr, other->addr + other->size - 1);
            return false;
        }
    }
    g_ptr_array_add(m->roms, rom);
    return true;
}

/* Linkers put the ELF header in front of the first segment, so that it starts a page before RAM: what is not in memory
 * at the start of an image is left out, up to this many bytes. */
#define SKIP_BYTES_MAX 65536

static uint64_t bytes_before_memory(struct machine *m, paddr addr, uint64_t size)
{
    uint64_t skip = 0;

    while (skip < SKIP_BYTES_MAX && skip < size && !in_memory(&m->as, addr + skip, 1)) {
        skip += MEM_PAGE_SIZE - ((addr + skip) & (MEM_PAGE_SIZE - 1));
    }
    return skip < size && skip <= SKIP_BYTES_MAX ? skip : 0;
}

static struct rom *rom_new(const char *name, paddr addr, uint64_t len, uint64_t size)
{
    struct rom *rom = g_new0(struct rom, 1);

    g_assert(len <= size);
    rom->name = g_strdup(name);
    rom->addr = addr;
    rom->len = len;
    rom->size = size;
    rom->fd = -1;
    return rom;
}

bool rom_add(struct machine *m, const char *what, const char *name, paddr addr, void *data, uint64_t len, uint64_t size,
             GError **err)
{
    struct rom *rom = rom_new(name, addr, len, size);

    rom->data = data;
    if (!add(m, what, rom, err)) {
        rom_delete(rom);
        return false;
    }
    return true;
}

bool rom_add_file(struct machine *m, const char *what, const char *name, paddr addr, int fd, uint64_t offset,
                  uint64_t len, uint64_t size, GError **err)
{
    uint64_t skip = size <= UINT64_MAX - addr ? bytes_before_memory(m, addr, size) : 0;
    struct rom *rom = rom_new(name, addr + skip, len - MIN(len, skip), size - skip);

    rom->fd = dup(fd);
    rom->offset = offset + skip;
    if (rom->fd < 0) {
        g_set_error(err, g_quark_from_static_string("loader"), 0, "%s %s: %s", what, name, g_strerror(errno));
        rom_delete(rom);
        return false;
    }
    if (!add(m, what, rom, err)) {
        rom_delete(rom);
        return false;
    }
    return true;
}

void rom_delete(struct rom *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    g_free(r->data);
    g_free(r->name);
    g_free(r);
}

/* Straight from the file to guest RAM. A file that was cut short meanwhile leaves zeroes. */
static void load_from_file(const struct rom *r)
{
    uint64_t done = 0;

    while (done < r->len) {
        const struct flat_range *f = as_lookup(r->as, r->addr + done);
        uint64_t at = r->addr + done - f->start;
        uint64_t n = MIN(r->len - done, f->size - at);
        ssize_t got = pread(r->fd, f->host + at, n, r->offset + done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            g_printerr("doppel: %s: %s at reset\n", r->name, got ? g_strerror(errno) : "the file became shorter");
            as_fill(r->as, r->addr + done, 0, r->len - done, MEM_ATTRS_DEBUG);
            return;
        }
        ram_written(f->ram, f->ram_start + at, got);
        done += got;
    }
}

void roms_load(struct machine *m)
{
    for (guint i = 0; i < m->roms->len; i++) {
        const struct rom *r = m->roms->pdata[i];

        if (!in_memory(r->as, r->addr, r->size)) {
            g_printerr("doppel: %s: its memory is gone at reset\n", r->name);
            continue;
        }
        if (r->data) {
            as_write(r->as, r->addr, r->data, r->len, MEM_ATTRS_DEBUG);
        } else {
            load_from_file(r);
        }
        as_fill(r->as, r->addr + r->len, 0, r->size - r->len, MEM_ATTRS_DEBUG);
    }
}
