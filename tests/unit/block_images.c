/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/block_images.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

const struct image_kind image_kinds[] = {
    { "raw", "raw", NULL, NULL, "discard=unmap" },
    { "raw-direct", "raw", NULL, NULL, "cache=none,detect-zeroes=on" },
    { "raw-writethrough", "raw", NULL, NULL, "cache=writethrough" },
};
const int image_kind_count = G_N_ELEMENTS(image_kinds);

char *image_make(const struct image_kind *kind, uint64_t bytes)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-block-XXXXXX", NULL);
    char *path = g_build_filename(dir, "image", NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    g_assert_cmpint(ftruncate(fd, bytes), ==, 0);
    close(fd);
    return path;
}

struct block_backend *image_open(const struct image_kind *kind, const char *path)
{
    g_autofree char *text = g_strdup_printf("file=%s,format=%s,%s", path, kind->format, kind->drive_options);
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

void image_fill_model(const struct image_kind *kind, const char *path, uint8_t *model, uint64_t bytes)
{
}

void image_check(const struct image_kind *kind, const char *path)
{
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
