/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/block_images.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "block/qcow2.h"

const struct image_kind image_kinds[] = {
    {.name = "raw", .format = "raw", .drive = "discard=unmap"},
    {.name = "raw-direct", .format = "raw", .drive = "cache=none,detect-zeroes=on"},
    {.name = "raw-writethrough", .format = "raw", .drive = "cache=writethrough"},
    {.name = "raw-snapshot", .format = "raw", .drive = "snapshot=on", .volatile_writes = true},
    {.name = "qcow2", .format = "qcow2", .drive = "discard=unmap", .cluster_bits = 16},
    {.name = "qcow2-direct", .format = "qcow2", .drive = "cache=none", .cluster_bits = 16},
    {.name = "qcow2-v2", .format = "qcow2", .drive = "discard=unmap", .cluster_bits = 12, .version = 2},
    {.name = "qcow2-512", .format = "qcow2", .drive = "discard=unmap,cache=unsafe", .cluster_bits = 9},
    {.name = "qcow2-2m-1bit", .format = "qcow2", .drive = "detect-zeroes=on", .cluster_bits = 21, .refcount_order = 1},
    {.name = "qcow2-64bit",
     .format = "qcow2",
     .drive = "discard=unmap,detect-zeroes=unmap,cache=unsafe",
     .cluster_bits = 10,
     .refcount_order = 7},
    {.name = "qcow2-over-raw", .format = "qcow2", .drive = "discard=unmap", .cluster_bits = 16, .backing = "raw"},
    {.name = "qcow2-v2-over-raw",
     .format = "qcow2",
     .drive = "discard=unmap",
     .cluster_bits = 12,
     .version = 2,
     .backing = "raw"},
    {.name = "qcow2-over-qcow2", .format = "qcow2", .drive = "cache=unsafe", .cluster_bits = 13, .backing = "qcow2"},
    {.name = "qcow2-writethrough", .format = "qcow2", .drive = "cache=writethrough", .cluster_bits = 16},
};
const int image_kind_count = G_N_ELEMENTS(image_kinds);

static void make_raw(const char *path, const uint8_t *contents, uint64_t bytes)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(ftruncate(fd, bytes), ==, 0);
    if (contents) {
        g_assert_cmpint(pwrite(fd, contents, bytes, 0), ==, (ssize_t)bytes);
    }
    close(fd);
}

static void make_qcow2(const struct image_kind *kind, const char *path, uint64_t bytes, const char *backing)
{
    GError *err = NULL;
    struct block_file *f = block_file_open(path, BLOCK_FILE_WRITE | BLOCK_FILE_CREATE, "test", &err);
    struct qcow2_create c;

    g_assert_no_error(err);
    qcow2_create_defaults(&c);
    c.size = bytes;
    c.cluster_bits = kind->cluster_bits;
    c.version = kind->version ? kind->version : 3;
    c.refcount_order = kind->refcount_order ? kind->refcount_order - 1 : 4;
    c.backing_name = backing;
    c.backing_format = backing ? kind->backing : NULL;
    qcow2_create(f, &c, "test", &err);
    g_assert_no_error(err);
    block_file_close(f);
}

/* The backing file ends before the disk does, so that its end is met too. */
static uint64_t base_bytes(uint64_t bytes)
{
    return bytes * 3 / 4 & -(uint64_t)BLOCK_SECTOR;
}

void image_fill_model(const struct image_kind *kind, uint8_t *model, uint64_t bytes)
{
    memset(model, 0, bytes);
    for (uint64_t i = 0; kind->backing && i < base_bytes(bytes); i++) {
        model[i] = i >> 9 ^ i;
    }
}

static void make_base(const struct image_kind *kind, const char *path, uint64_t bytes)
{
    g_autofree uint8_t *model = g_malloc(bytes);
    struct image_kind plain = { .format = kind->backing, .cluster_bits = 16, .drive = "cache=unsafe" };

    image_fill_model(kind, model, bytes);
    if (!strcmp(kind->backing, "raw")) {
        make_raw(path, model, base_bytes(bytes));
    } else {
        struct block_backend *be;

        make_qcow2(&plain, path, base_bytes(bytes), NULL);
        be = image_open(&plain, path);
        g_assert_cmpint(block_pwrite(be, 0, model, base_bytes(bytes)), ==, 0);
        block_close(be);
    }
}

char *image_make(const struct image_kind *kind, uint64_t bytes)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-block-XXXXXX", NULL);
    char *path = g_build_filename(dir, "image", NULL);

    if (kind->backing) {
        g_autofree char *base = g_build_filename(dir, "base", NULL);

        make_base(kind, base, bytes);
    }
    if (!strcmp(kind->format, "raw")) {
        make_raw(path, NULL, bytes);
    } else {
        make_qcow2(kind, path, bytes, kind->backing ? "base" : NULL);
    }
    return path;
}

struct block_backend *image_open(const struct image_kind *kind, const char *path)
{
    g_autofree char *text = g_strdup_printf("file=%s,format=%s,%s", path, kind->format, kind->drive);
    struct options *o = options_parse("-drive", text, NULL, NULL);
    struct block_config c;
    GError *err = NULL;
    struct block_backend *be = NULL;

    if (block_config_parse(&c, o, &err) && options_finish(o, &err)) {
        be = block_open(&c, &err);
    }
    g_assert_no_error(err);
    options_free(o);
    return be;
}

void image_check(const struct image_kind *kind, const char *path)
{
    g_autofree char *qemu_img = g_find_program_in_path("qemu-img"), *said = NULL, *complaint = NULL;
    const char *argv[] = { "qemu-img", "check", "-f", "qcow2", path, NULL };
    struct qcow2_check c = { .log = g_string_new(NULL) };
    struct block_image *img;
    GError *err = NULL;
    int status = 0;

    if (strcmp(kind->format, "qcow2")) {
        g_string_free(c.log, TRUE);
        return;
    }
    img = block_image_open(path, "qcow2", 0, true, "test", NULL, &err);
    g_assert_no_error(err);
    g_assert_cmpint(qcow2_check(as_qcow2(img), &c), ==, 0);
    g_assert_cmpstr(c.log->str, ==, "");
    g_string_free(c.log, TRUE);
    block_image_close(img);
    if (qemu_img) {
        g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &said, &complaint, &status, &err);
        g_assert_no_error(err);
        if (status) {
            g_error("qemu-img check: %s%s", said, complaint);
        }
    }
}

void image_remove(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    GDir *d = g_dir_open(dir, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(d))) {
        g_autofree char *file = g_build_filename(dir, name, NULL);

        g_unlink(file);
    }
    g_dir_close(d);
    g_rmdir(dir);
}
