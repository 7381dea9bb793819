/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/fdt.h"

#include <libfdt.h>
#include <string.h>

#include "util/file.h"

/* Room that is there before each change: enough for what a CPU type's fdt_node adds. */
#define HEADROOM 4096
#define FDT_BYTES_MAX (1u << 20)

static void grow(struct fdt *f, size_t more)
{
    size_t used = fdt_off_dt_strings(f->blob) + fdt_size_dt_strings(f->blob);
    void *blob;
    int r;

    if (f->capacity >= used + more + HEADROOM) {
        return;
    }
    f->capacity = used + 2 * more + 2 * HEADROOM;
    blob = g_malloc0(f->capacity);
    r = fdt_open_into(f->blob, blob, f->capacity);
    g_assert(!r);
    g_free(f->blob);
    f->blob = blob;
}

struct fdt *dt_new(void)
{
    struct fdt *f = g_new0(struct fdt, 1);
    int r;

    f->capacity = 4 * HEADROOM;
    f->blob = g_malloc0(f->capacity);
    f->next_phandle = 1;
    r = fdt_create_empty_tree(f->blob, f->capacity);
    g_assert(!r);
    return f;
}

struct fdt *dt_new_from_file(const char *path, GError **err)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) why = NULL;
    struct fdt *f;
    gsize len;

    if (!g_file_get_contents(path, &data, &len, &why)) {
        g_set_error(err, g_quark_from_static_string("fdt"), 0, "-dtb %s: %s", path, why->message);
        return NULL;
    }
    if (len > FDT_BYTES_MAX || len < sizeof(struct fdt_header) || fdt_check_full(data, len)) {
        g_set_error(err, g_quark_from_static_string("fdt"), 0,
                    "-dtb %s: not a flattened device tree, truncated, damaged, or larger than 1 MiB", path);
        return NULL;
    }
    f = g_new0(struct fdt, 1);
    f->capacity = len + 2 * HEADROOM;
    f->blob = g_malloc0(f->capacity);
    if (fdt_open_into(data, f->blob, f->capacity)) {
        dt_delete(f);
        g_set_error(err, g_quark_from_static_string("fdt"), 0, "-dtb %s: unsupported version of device tree", path);
        return NULL;
    }
    fdt_find_max_phandle(f->blob, &f->next_phandle);
    f->next_phandle++;
    return f;
}

void dt_delete(struct fdt *f)
{
    if (f) {
        g_free(f->blob);
        g_free(f);
    }
}

bool dt_has_node(struct fdt *f, const char *path)
{
    return fdt_path_offset(f->blob, path) >= 0;
}

int dt_offset(struct fdt *f, const char *path)
{
    int node;

    grow(f, 0);
    node = fdt_path_offset(f->blob, path);
    g_assert(node >= 0);
    return node;
}

const char *dt_node(struct fdt *f, const char *path)
{
    const char *name = strrchr(path, '/');
    g_autofree char *parent = g_strndup(path, MAX(name - path, 1));
    int node;

    grow(f, strlen(name) + 64);
    node = fdt_path_offset(f->blob, parent);
    g_assert(node >= 0);
    node = fdt_add_subnode(f->blob, node, name + 1);
    g_assert(node >= 0);
    return path;
}

void dt_set(struct fdt *f, const char *path, const char *name, const void *value, size_t len)
{
    int r;

    grow(f, len + strlen(name) + 64);
    r = fdt_setprop(f->blob, dt_offset(f, path), name, value, len);
    g_assert(!r);
}

void dt_set_empty(struct fdt *f, const char *path, const char *name)
{
    dt_set(f, path, name, NULL, 0);
}

void dt_set_string(struct fdt *f, const char *path, const char *name, const char *value)
{
    dt_set(f, path, name, value, strlen(value) + 1);
}

void dt_set_strings(struct fdt *f, const char *path, const char *name, const char *values)
{
    g_autofree char *copy = g_strdup(values);
    size_t len = strlen(copy) + 1;

    g_strdelimit(copy, "\1", '\0');
    dt_set(f, path, name, copy, len);
}

void dt_set_u32(struct fdt *f, const char *path, const char *name, uint32_t value)
{
    value = GUINT32_TO_BE(value);
    dt_set(f, path, name, &value, sizeof(value));
}

void dt_set_u64(struct fdt *f, const char *path, const char *name, uint64_t value)
{
    value = GUINT64_TO_BE(value);
    dt_set(f, path, name, &value, sizeof(value));
}

void dt_set_cells(struct fdt *f, const char *path, const char *name, const uint32_t *cells, size_t count)
{
    g_autofree uint32_t *be = g_new(uint32_t, count);

    for (size_t i = 0; i < count; i++) {
        be[i] = GUINT32_TO_BE(cells[i]);
    }
    dt_set(f, path, name, be, count * sizeof(*be));
}

void dt_set_reg(struct fdt *f, const char *path, uint64_t addr, uint64_t size)
{
    dt_set_list(f, path, "reg", addr >> 32, addr, size >> 32, size);
}

uint32_t dt_phandle(struct fdt *f, const char *path)
{
    uint32_t there = fdt_get_phandle(f->blob, dt_offset(f, path));

    if (!there) {
        there = f->next_phandle++;
        dt_set_u32(f, path, "phandle", there);
    }
    return there;
}

size_t dt_finish(struct fdt *f)
{
    int r = fdt_pack(f->blob);

    g_assert(!r);
    f->capacity = fdt_totalsize(f->blob);
    return f->capacity;
}

bool dt_write_file(struct fdt *f, const char *path, GError **err)
{
    if (!file_write(path, f->blob, fdt_totalsize(f->blob), err)) {
        g_prefix_error(err, "dumpdtb=");
        return false;
    }
    return true;
}
