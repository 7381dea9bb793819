/* SPDX-License-Identifier: GPL-2.0-or-later */
/* snapshot=on: writes go to a qcow2 overlay in a temporary file without a name. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "block/qcow2.h"

/* TMPDIR, or /var/tmp: an overlay may become as large as the disk, and /tmp is often in memory. */
static int open_unnamed(const char **dir)
{
    g_autofree char *name = NULL;
    int fd;

    *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
    fd = open(*dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) {
        return fd;
    }
    name = g_build_filename(*dir, "doppel-XXXXXX", NULL);
    fd = g_mkstemp_full(name, O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) {
        unlink(name);
    }
    return fd;
}

struct block_image *block_snapshot_over(struct block_image *base, const char *where, GError **err)
{
    struct block_image *img = NULL;
    struct block_file *f = NULL;
    struct qcow2_create c;
    const char *dir;
    int fd = open_unnamed(&dir);

    if (fd < 0) {
        g_set_error(err, BLOCK_ERROR, errno, "%s: snapshot=on: cannot make a temporary file in '%s' (TMPDIR): %s",
                    where, dir, g_strerror(errno));
        goto failed;
    }
    f = block_file_from_fd(fd, "temporary overlay", BLOCK_FILE_WRITE | BLOCK_FILE_NO_FLUSH);
    qcow2_create_defaults(&c);
    c.size = base->length;
    if (!qcow2_create(f, &c, where, err)) {
        goto failed;
    }
    img = g_malloc0(block_qcow2_format.size);
    img->format = &block_qcow2_format;
    img->file = f;
    if (!img->format->open(img, where, err)) {
        goto failed;
    }
    img->backing = base;
    return img;
failed:
    g_free(img);
    block_file_close(f);
    block_image_close(base);
    return NULL;
}
