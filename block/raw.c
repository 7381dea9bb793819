/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw images: the file's bytes are the disk's. A length that is no multiple of a sector is rounded up. */
#include "block/block_impl.h"

#include <errno.h>
#include <unistd.h>

static bool raw_open(struct block_image *img, const char *where, GError **err)
{
    uint64_t length;
    int ret = block_file_length(img->file, &length);

    if (ret) {
        g_set_error(err, BLOCK_ERROR, -ret, "%s: cannot tell the length of '%s': %s", where, img->file->path,
                    g_strerror(-ret));
        return false;
    }
    img->length = (length + BLOCK_SECTOR - 1) & -(uint64_t)BLOCK_SECTOR;
    return true;
}

static int raw_close(struct block_image *img)
{
    return 0;
}

static int raw_readv(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    return block_file_readv(img->file, offset, iov, n, len);
}

static int raw_writev(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    return block_file_writev(img->file, offset, iov, n, len);
}

static int raw_flush(struct block_image *img)
{
    return block_file_sync(img->file);
}

static int raw_discard(struct block_image *img, uint64_t offset, uint64_t len)
{
    return block_file_discard(img->file, offset, len);
}

static int raw_zero(struct block_image *img, uint64_t offset, uint64_t len, bool may_unmap)
{
    return block_file_zero(img->file, offset, len, may_unmap);
}

static bool raw_resize(struct block_image *img, uint64_t length, GError **err)
{
    int ret = block_file_truncate(img->file, length);

    if (ret) {
        g_set_error(err, BLOCK_ERROR, -ret, "'%s': cannot change the size: %s", img->file->path, g_strerror(-ret));
        return false;
    }
    img->length = length;
    return true;
}

static bool raw_map(struct block_image *img, uint64_t offset, size_t len, bool write, struct block_file **file,
                    uint64_t *host)
{
    *file = img->file;
    *host = offset;
    return true;
}

static bool raw_clean(struct block_image *img)
{
    return true;
}

static int raw_extent(struct block_image *img, uint64_t offset, uint64_t len, struct block_extent *e)
{
    off_t data = lseek(img->file->fd, offset, SEEK_DATA), hole;

    *e = (struct block_extent){ .len = len, .allocated = true, .has_host = true, .host = offset };
    if (data < 0) {
        e->zero = errno == ENXIO;   /* beyond the last data; other errors: no holes known here */
        return 0;
    }
    if ((uint64_t)data > offset) {
        e->zero = true;
        e->len = MIN(len, ((uint64_t)data - offset) & -(uint64_t)BLOCK_SECTOR);
        if (e->len) {
            return 0;
        }
        /* A hole that ends within the sector: the sector counts as data. */
        e->zero = false;
        e->len = MIN(len, BLOCK_SECTOR);
        return 0;
    }
    hole = lseek(img->file->fd, offset, SEEK_HOLE);
    if (hole >= 0) {
        e->len = MIN(len, ((uint64_t)hole - offset + BLOCK_SECTOR - 1) & -(uint64_t)BLOCK_SECTOR);
    }
    return 0;
}

const struct block_format block_raw_format = {
    .name = "raw", .size = sizeof(struct block_image), .open = raw_open, .close = raw_close, .readv = raw_readv,
    .writev = raw_writev, .flush = raw_flush, .discard = raw_discard, .zero = raw_zero, .resize = raw_resize,
    .map = raw_map, .clean = raw_clean, .extent = raw_extent,
};
