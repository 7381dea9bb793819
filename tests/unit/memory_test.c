/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory tree: flattening against a byte-by-byte model, dispatch of sizes, ROM, DMA, reclaiming of views. */
#include <string.h>

#include "system/memory.h"

struct fixture {
    struct big_lock lock;
    struct memory mem;
    struct mem_region root;
    struct address_space as;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    big_lock_init(&f->lock);
    memory_init(&f->mem, &f->lock);
    mem_container_init(&f->root, &f->mem, "root", UINT64_MAX);
    as_init(&f->as, "test", &f->root);
    big_lock(&f->lock);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    mem_region_free(&f->root);
    as_free(&f->as);
    memory_free(&f->mem);
    big_unlock(&f->lock);
    big_lock_free(&f->lock);
}

/* A device that remembers its last access. */
struct probe {
    uint64_t offset, value;
    unsigned size, count;
    struct address_space *dma;      /* reads itself by it */
    enum mem_result dma_result;
};

static enum mem_result probe_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                  struct mem_attrs attrs)
{
    struct probe *p = opaque;

    p->offset = offset;
    p->size = size;
    p->count++;
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)(uint8_t)(offset + i) << (8 * i);
    }
    if (p->dma) {
        as_ld32le(p->dma, 0x1000, MEM_ATTRS_NONE, &p->dma_result);
    }
    return MEM_OK;
}

static enum mem_result probe_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                   struct mem_attrs attrs)
{
    struct probe *p = opaque;

    p->offset = offset;
    p->size = size;
    p->value = value;
    p->count++;
    return MEM_OK;
}

static const struct mmio_ops any_size = { .read = probe_read, .write = probe_write };
static const struct mmio_ops words_only = {
    .read = probe_read, .write = probe_write, .valid_min = 4, .valid_max = 4,
};
static const struct mmio_ops bytes_inside = { .read = probe_read, .write = probe_write, .impl_max = 1 };
static const struct mmio_ops words_inside = { .read = probe_read, .write = probe_write, .impl_min = 4, .impl_max = 4 };
static const struct mmio_ops big_endian = {
    .read = probe_read, .write = probe_write, .impl_min = 1, .impl_max = 8, .big_endian = true,
};

/* ---- flattening ---- */

enum { LEAVES = 6, SPACE = 64 };

/* Random trees of leaves with priorities, in a container and seen through an alias too: each address must resolve to
 * the leaf that a search of all of them finds. */
static void flattening_matches_model(struct fixture *f, gconstpointer data)
{
    struct mem_region leaf[LEAVES], alias;
    struct probe p = { 0 };

    mem_alias_init(&alias, "alias", &f->root, 10, 30);
    for (unsigned i = 0; i < LEAVES; i++) {
        mem_mmio_init(&leaf[i], &f->mem, "leaf", 1, &any_size, &p);
    }
    for (unsigned round = 0; round < 2000; round++) {
        mem_begin(&f->mem);
        for (unsigned i = 0; i < LEAVES; i++) {
            mem_unmap(&leaf[i]);
            mem_set_size(&leaf[i], g_test_rand_int_range(1, 24));
            mem_set_enabled(&leaf[i], g_test_rand_int_range(0, 5) != 0);
            mem_map(&f->root, g_test_rand_int_range(0, SPACE), &leaf[i], g_test_rand_int_range(-1, 2));
        }
        mem_commit(&f->mem);
        for (paddr addr = 0; addr < 2 * SPACE; addr++) {
            const struct flat_range *r = as_lookup(&f->as, addr);
            const struct mem_region *want = NULL;

            for (unsigned i = 0; i < LEAVES; i++) {
                const struct mem_region *l = &leaf[i];

                if (l->enabled && addr >= l->addr && addr - l->addr < l->size &&
                    (!want || l->priority >= want->priority)) {
                    want = l;
                }
            }
            g_assert_true((r ? r->region : NULL) == want);
            if (r) {
                g_assert_cmpuint(r->offset + (addr - r->start), ==, addr - want->addr);
            }
        }
    }
    for (unsigned i = 0; i < LEAVES; i++) {
        mem_region_free(&leaf[i]);
    }
    mem_region_free(&alias);
}

static void alias_shows_a_window(struct fixture *f, gconstpointer data)
{
    struct ram_block *ram = ram_block_new(&f->mem, "ram", 4 * MEM_PAGE_SIZE, NULL);
    struct mem_region inner, window;

    mem_ram_init(&inner, "inner", ram, 0, ram->size);
    mem_map(&f->root, 0x100000, &inner, 0);
    mem_alias_init(&window, "window", &inner, MEM_PAGE_SIZE, 2 * MEM_PAGE_SIZE);
    mem_map(&f->root, 0x1000, &window, 0);
    as_st32le(&f->as, 0x1004, 0x12345678, MEM_ATTRS_NONE);
    g_assert_cmphex(as_ld32le(&f->as, 0x101004, MEM_ATTRS_NONE, NULL), ==, 0x12345678);
    g_assert_cmphex(as_ld16be(&f->as, 0x1004, MEM_ATTRS_NONE, NULL), ==, 0x7856);
    g_assert_null(as_lookup(&f->as, 0x3000));
    mem_set_alias_start(&window, 0);
    g_assert_cmphex(as_ld32le(&f->as, 0x2004, MEM_ATTRS_NONE, NULL), ==, 0x12345678);
    mem_region_free(&window);
    mem_region_free(&inner);
}

/* ---- MMIO ---- */

static struct mem_region *map_probe(struct fixture *f, struct mem_region *r, const struct mmio_ops *ops,
                                    struct probe *p)
{
    mem_mmio_init(r, &f->mem, "probe", 0x100, ops, p);
    mem_map(&f->root, 0x1000, r, 0);
    return r;
}

static void sizes_are_checked_split_and_widened(struct fixture *f, gconstpointer data)
{
    struct probe p = { 0 };
    struct mem_region r;
    enum mem_result result;

    map_probe(f, &r, &words_only, &p);
    as_ld16le(&f->as, 0x1000, MEM_ATTRS_NONE, &result);
    g_assert_cmpint(result, ==, MEM_DECODE_ERROR);
    g_assert_cmphex(as_ld32le(&f->as, 0x1004, MEM_ATTRS_NONE, &result), ==, 0x07060504);
    g_assert_cmpint(result, ==, MEM_OK);
    g_assert_cmpint(as_st64le(&f->as, 0x1000, 0, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    mem_region_free(&r);

    map_probe(f, &r, &bytes_inside, &p);
    p.count = 0;
    g_assert_cmphex(as_ld64le(&f->as, 0x1010, MEM_ATTRS_NONE, NULL), ==, 0x1716151413121110);
    g_assert_cmpuint(p.count, ==, 8);
    as_st32le(&f->as, 0x1020, 0xaabbccdd, MEM_ATTRS_NONE);
    g_assert_cmphex(p.value, ==, 0xaa);
    mem_region_free(&r);

    map_probe(f, &r, &words_inside, &p);
    g_assert_cmphex(as_ld8(&f->as, 0x1013, MEM_ATTRS_NONE, NULL), ==, 0x13);
    g_assert_cmpuint(p.offset, ==, 0x10);
    g_assert_cmpuint(p.size, ==, 4);
    as_st8(&f->as, 0x1013, 0x55, MEM_ATTRS_NONE);
    g_assert_cmphex(p.value, ==, 0x55000000);
    mem_region_free(&r);

    map_probe(f, &r, &big_endian, &p);
    g_assert_cmphex(as_ld32le(&f->as, 0x1010, MEM_ATTRS_NONE, NULL), ==, 0x10111213);
    as_st16be(&f->as, 0x1010, 0x1234, MEM_ATTRS_NONE);
    g_assert_cmphex(p.value, ==, 0x1234);
    mem_region_free(&r);
}

static void nothing_is_reached_beyond_the_end(struct fixture *f, gconstpointer data)
{
    struct probe p = { 0 };
    struct mem_region r;
    enum mem_result result;
    uint8_t buf[32];

    map_probe(f, &r, &any_size, &p);
    as_ld64le(&f->as, 0x10fc, MEM_ATTRS_NONE, &result);
    g_assert_cmpint(result, ==, MEM_DECODE_ERROR);
    g_assert_cmpint(as_read(&f->as, 0x10f0, buf, sizeof(buf), MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmphex(buf[15], ==, 0xff);
    g_assert_cmphex(buf[16], ==, 0);
    g_assert_cmpint(as_write(&f->as, UINT64_MAX - 4, buf, 5, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    mem_region_free(&r);
}

static void reentry_is_refused(struct fixture *f, gconstpointer data)
{
    struct probe p = { .dma = &f->as };
    struct mem_region r;
    enum mem_result result;

    map_probe(f, &r, &any_size, &p);
    as_ld32le(&f->as, 0x1000, MEM_ATTRS_NONE, &result);
    g_assert_cmpint(result, ==, MEM_OK);
    g_assert_cmpint(p.dma_result, ==, MEM_DEVICE_ERROR);
    mem_region_free(&r);
}

/* ---- RAM, ROM, DMA ---- */

static void rom_takes_writes_of_the_debugger_only(struct fixture *f, gconstpointer data)
{
    struct ram_block *ram = ram_block_new(&f->mem, "rom", MEM_PAGE_SIZE, NULL);
    struct mem_region rom;

    mem_rom_init(&rom, "rom", ram, 0, ram->size);
    mem_map(&f->root, 0, &rom, 0);
    g_assert_cmpint(as_st32le(&f->as, 8, 1, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(as_ld32le(&f->as, 8, MEM_ATTRS_NONE, NULL), ==, 0);
    as_st32le(&f->as, 8, 1, MEM_ATTRS_DEBUG);
    g_assert_cmphex(as_ld32le(&f->as, 8, MEM_ATTRS_NONE, NULL), ==, 1);
    mem_region_free(&rom);
}

static void rom_device_has_two_modes(struct fixture *f, gconstpointer data)
{
    struct ram_block *ram = ram_block_new(&f->mem, "flash", MEM_PAGE_SIZE, NULL);
    struct probe p = { 0 };
    struct mem_region r;

    mem_rom_device_init(&r, "flash", ram, 0, ram->size, &any_size, &p);
    mem_map(&f->root, 0, &r, 0);
    g_assert_cmphex(as_ld32le(&f->as, 0x10, MEM_ATTRS_NONE, NULL), ==, 0);
    as_st32le(&f->as, 0x10, 7, MEM_ATTRS_NONE);
    g_assert_cmpuint(p.value, ==, 7);
    mem_set_rom_mode(&r, false);
    g_assert_cmphex(as_ld32le(&f->as, 0x10, MEM_ATTRS_NONE, NULL), ==, 0x13121110);
    mem_region_free(&r);
}

struct written {
    unsigned count;
    uint64_t offset, len;
};

static void note_written(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    struct written *w = opaque;

    w->count++;
    w->offset = offset;
    w->len = len;
}

static void writes_to_code_and_dirty_pages_are_told(struct fixture *f, gconstpointer data)
{
    static const struct memory_hooks hooks = { .code_written = note_written, .dirty_cleared = note_written };
    struct ram_block *ram = ram_block_new(&f->mem, "ram", 4 * MEM_PAGE_SIZE, NULL);
    struct written w = { 0 };
    struct mem_region r;
    uint8_t buf[0x1800] = { 0 };

    f->mem.hooks = &hooks;
    f->mem.hooks_opaque = &w;
    mem_ram_init(&r, "ram", ram, 0, ram->size);
    mem_map(&f->root, 0, &r, 0);
    atomic_fetch_or(&ram->pages[1], RAM_PAGE_CODE);
    as_write(&f->as, 0x800, buf, 0x400, MEM_ATTRS_NONE);
    g_assert_cmpuint(w.count, ==, 0);
    as_write(&f->as, 0xf00, buf, 0x1800, MEM_ATTRS_NONE);
    g_assert_cmpuint(w.count, ==, 1);
    g_assert_cmphex(w.offset, ==, 0x1000);
    g_assert_cmphex(w.len, ==, 0x1000);
    ram->tracked = RAM_PAGE_DIRTY_DISPLAY;
    as_st8(&f->as, 0x3000, 1, MEM_ATTRS_NONE);
    g_assert_true(ram_test_clear_dirty(ram, 0, ram->size, RAM_PAGE_DIRTY_DISPLAY));
    g_assert_cmpuint(w.count, ==, 2);
    g_assert_false(ram_test_clear_dirty(ram, 0, ram->size, RAM_PAGE_DIRTY_DISPLAY));
    mem_region_free(&r);
}

static void dma_maps_ram_and_bounces_mmio(struct fixture *f, gconstpointer data)
{
    struct ram_block *ram = ram_block_new(&f->mem, "ram", MEM_PAGE_SIZE, NULL);
    struct probe p = { 0 };
    struct as_mapping map;
    struct mem_region r, mmio;

    mem_ram_init(&r, "ram", ram, 0, ram->size);
    mem_map(&f->root, 0, &r, 0);
    map_probe(f, &mmio, &any_size, &p);
    g_assert_true(as_map(&f->as, 0xff0, 0x40, true, MEM_ATTRS_NONE, &map));
    g_assert_true(map.host == ram->host + 0xff0);
    g_assert_cmpuint(map.len, ==, 0x10);
    as_unmap(&map, 0x10);
    g_assert_true(as_map(&f->as, 0x1000, 8, false, MEM_ATTRS_NONE, &map));
    g_assert_cmphex(((uint8_t *)map.host)[3], ==, 3);
    as_unmap(&map, 0);
    g_assert_true(as_map(&f->as, 0x1010, 8, true, MEM_ATTRS_NONE, &map));
    memset(map.host, 0x5a, 8);
    as_unmap(&map, 4);
    g_assert_cmphex(p.value, ==, 0x5a5a5a5a);
    g_assert_cmpuint(f->as.bounce_bytes, ==, 0);
    g_assert_false(as_map(&f->as, 0x9000, 8, false, MEM_ATTRS_NONE, &map));
    mem_region_free(&mmio);
    mem_region_free(&r);
}

/* A view stays while a reader that may hold it has not passed a safepoint. */
static void views_wait_for_readers(struct fixture *f, gconstpointer data)
{
    struct probe p = { 0 };
    struct mem_reader reader;
    struct mem_region r;

    mem_reader_add(&f->mem, &reader);
    mem_reader_online(&f->mem, &reader);
    map_probe(f, &r, &any_size, &p);
    g_assert_cmpuint(f->mem.retired->len, ==, 1);
    mem_reader_quiescent(&f->mem.epoch, &reader);
    mem_reclaim(&f->mem);
    g_assert_cmpuint(f->mem.retired->len, ==, 0);
    mem_set_enabled(&r, false);
    mem_set_enabled(&r, true);
    g_assert_cmpuint(f->mem.retired->len, ==, 2);
    mem_reader_offline(&f->mem, &reader);
    mem_region_free(&r);
    g_assert_cmpuint(f->mem.retired->len, ==, 0);
    mem_reader_remove(&f->mem, &reader);
}

#define TEST(name) g_test_add("/memory/" #name, struct fixture, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(flattening_matches_model);
    TEST(alias_shows_a_window);
    TEST(sizes_are_checked_split_and_widened);
    TEST(nothing_is_reached_beyond_the_end);
    TEST(reentry_is_refused);
    TEST(rom_takes_writes_of_the_debugger_only);
    TEST(rom_device_has_two_modes);
    TEST(writes_to_code_and_dirty_pages_are_told);
    TEST(dma_maps_ram_and_bounces_mmio);
    TEST(views_wait_for_readers);
    return g_test_run();
}
