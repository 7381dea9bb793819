/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold for every device type: each byte of its state is in one of its lists, registers have their reset
 * values and read-only bits, and no access of a guest, however wild, harms us.
 */
#include <string.h>

#include "tests/dev/rig.h"

/* ---- completeness ---- */

static void mark(uint8_t *covered, size_t offset, size_t size)
{
    memset(covered + offset, 1, size);
}

static void mark_lists(const struct device_type *t, uint8_t *covered)
{
    for (size_t i = 0; i < t->reg_count; i++) {
        const struct reg *r = &t->regs[i];

        if (r->has_field) {
            mark(covered, r->field, (size_t)r->field_size * MAX(r->count, 1));
        }
    }
    for (size_t i = 0; i < t->state_count; i++) {
        mark(covered, t->state[i].offset, t->state[i].size);
    }
    for (size_t i = 0; i < t->prop_count; i++) {
        mark(covered, t->props[i].offset, t->props[i].size);
    }
    for (size_t i = 0; i < t->host_count; i++) {
        mark(covered, t->host[i].offset, t->host[i].size);
    }
}

/* Is the gap [start, end) what a compiler leaves before a member at end? */
static bool is_padding(size_t start, size_t end)
{
    for (size_t align = 2; align <= 16; align *= 2) {
        if (end % align == 0 && end - start < align) {
            return true;
        }
    }
    return false;
}

static void every_byte_is_in_a_list(gconstpointer data)
{
    const struct device_type *type = data;
    g_autofree uint8_t *covered = g_malloc0(type->size);

    mark(covered, 0, sizeof(struct device));
    for (const struct device_type *t = type; t; t = t->base) {
        mark_lists(t, covered);
    }
    for (size_t start = 0; start < type->size; start++) {
        size_t end = start;

        while (end < type->size && !covered[end]) {
            end++;
        }
        if (end > start && !is_padding(start, end)) {
            g_test_message("%s: bytes %zu to %zu of its struct are in no list", type->name, start, end - 1);
            g_test_fail();
        }
        start = end;
    }
}

/* An array behind a pointer has elements that can be saved: integers, or structs with a list. */
static void arrays_can_be_saved(gconstpointer data)
{
    const struct device_type *type = data;

    for (const struct device_type *t = type; t; t = t->base) {
        for (size_t i = 0; i < t->state_count; i++) {
            const struct field *f = &t->state[i];

            if (f->kind == FIELD_KIND_POINTER) {
                g_assert_true(f->elem == 1 || f->elem == 2 || f->elem == 4 || f->elem == 8);
            } else if (f->kind == FIELD_KIND_STRUCTS) {
                g_assert_cmpuint(f->nfields, >, 0);
                for (size_t k = 0; k < f->nfields; k++) {
                    g_assert_cmpuint(f->fields[k].offset + f->fields[k].size, <=, f->elem);
                }
            }
        }
    }
}

/* ---- registers ---- */

static bool on_its_own(const struct device_type *type)
{
    return !type->bus && !type->abstract && !type->user;
}

static uint64_t mask_of(const struct reg *r)
{
    return r->width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * r->width)) - 1;
}

static void registers_reset_and_keep_read_only_bits(gconstpointer data)
{
    const struct device_type *type = data;
    struct rig r;

    rig_init(&r, type->name);
    rig_start(&r);
    for (size_t i = 0; i < type->reg_count; i++) {
        const struct reg *reg = &type->regs[i];
        uint64_t mask = mask_of(reg);

        if (!reg->has_field || reg->read_fn || reg->write_fn) {
            continue;
        }
        rig_reset(&r);
        g_assert_cmphex(rig_read(&r, reg->offset, reg->width), ==, reg->reset & mask);
        rig_write(&r, reg->offset, reg->width, mask);
        g_assert_cmphex(rig_read(&r, reg->offset, reg->width) & ~(reg->write | reg->w1c), ==,
                        reg->reset & mask & ~(reg->write | reg->w1c));
    }
    rig_free(&r);
}

static void wild_accesses_are_harmless(gconstpointer data)
{
    const struct device_type *type = data;
    static const uint64_t values[] = { 0, 1, 0xff, 0x80, RIG_RAM, RIG_RAM + 0xfff0, RIG_BASE, UINT32_MAX, UINT64_MAX };
    struct rig r;

    rig_init(&r, type->name);
    rig_start(&r);
    for (unsigned i = 0; i < 2000 && r.m->io.children->len; i++) {
        const struct mem_region *ports = r.m->io.children->pdata[g_test_rand_int_range(0, r.m->io.children->len)];
        unsigned size = 1 << g_test_rand_int_range(0, 3);
        uint64_t port = ports->addr + g_test_rand_int_range(0, ports->size);

        if (g_test_rand_bit()) {
            as_st(&r.m->io_as, port, size, g_test_rand_int(), MEM_ATTRS_NONE);
        } else {
            as_ld(&r.m->io_as, port, size, MEM_ATTRS_NONE, NULL);
        }
        if (i % 64 == 0) {
            rig_step(&r, (uint32_t)g_test_rand_int());
        }
    }
    for (unsigned i = 0; i < 20000 && r.d->mmio.size; i++) {
        unsigned size = 1 << g_test_rand_int_range(0, 4);
        uint64_t span = g_test_rand_bit() ? MIN(r.d->mmio.size, 64) : r.d->mmio.size + 16;
        uint64_t offset = ((uint64_t)g_test_rand_int() << 16 ^ g_test_rand_int()) % span;
        uint64_t value = g_test_rand_bit() ? values[g_test_rand_int_range(0, G_N_ELEMENTS(values))]
                                           : (uint64_t)g_test_rand_int() << 32 | g_test_rand_int();

        if (g_test_rand_bit()) {
            rig_write(&r, offset, size, value);
        } else {
            rig_read(&r, offset, size);
        }
        if (i % 64 == 0) {
            rig_step(&r, (uint32_t)g_test_rand_int());
        }
        if (i % 4096 == 0) {
            rig_reset(&r);
        }
    }
    rig_free(&r);
}

static void add(const struct device_type *type, const char *what, GTestDataFunc fn)
{
    g_autofree char *path = g_strdup_printf("/tables/%s/%s", type->name, what);

    g_test_add_data_func(path, type, fn);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; device_types[i]; i++) {
        const struct device_type *type = device_types[i];

        add(type, "every_byte_is_in_a_list", every_byte_is_in_a_list);
        add(type, "arrays_can_be_saved", arrays_can_be_saved);
        if (on_its_own(type)) {
            add(type, "registers_reset_and_keep_read_only_bits", registers_reset_and_keep_read_only_bits);
            add(type, "wild_accesses_are_harmless", wild_accesses_are_harmless);
        }
    }
    return g_test_run();
}
