/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hostile qcow2 images: whatever the bytes say, opening, reading, writing, discarding and checking end in time, within
 * memory, with a result or an error. The first byte chooses what is done. The rest is the image, or (bit 3) a list of
 * changes to a sound one, by which the fuzzer gets beyond the header without seeds.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "block/qcow2.h"

#define PIECE (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A small sound image with something written, and then four bytes for each change: an offset, and what is put there. */
static int damaged_image(const uint8_t *data, size_t size, unsigned cluster_bits)
{
    static uint8_t buf[40000];
    struct iovec iov = { buf, sizeof(buf) };
    int fd = memfd_create("image", MFD_CLOEXEC);
    struct block_image *img = g_malloc0(block_qcow2_format.size);
    struct qcow2_create c;

    qcow2_create_defaults(&c);
    c.size = 1 << 20;
    c.cluster_bits = cluster_bits;
    img->file = block_file_from_fd(dup(fd), "image", BLOCK_FILE_WRITE | BLOCK_FILE_NO_FLUSH);
    img->format = &block_qcow2_format;
    if (!qcow2_create(img->file, &c, "fuzz", NULL) || !img->format->open(img, "fuzz", NULL) ||
        img->format->writev(img, 1000, &iov, 1, iov.iov_len)) {
        _exit(1);
    }
    block_image_close(img);
    for (; size >= 4; data += 4, size -= 4) {
        if (pwrite(fd, data + 2, 2, data[0] << 8 | data[1]) != 2) {
            _exit(1);
        }
    }
    return fd;
}

static int plain_image(const uint8_t *data, size_t size)
{
    int fd = memfd_create("image", MFD_CLOEXEC);

    if (pwrite(fd, data, size, 0) != (ssize_t)size) {
        _exit(1);
    }
    return fd;
}

/* Closes the file where it can't be opened. */
static struct block_image *open_image(int fd, bool write)
{
    struct block_image *img = g_malloc0(block_qcow2_format.size);

    img->format = &block_qcow2_format;
    img->file = block_file_from_fd(fd, "image", (write ? BLOCK_FILE_WRITE : 0) | BLOCK_FILE_NO_FLUSH);
    img->read_only = !write;
    img->unmap = true;
    if (!img->format->open(img, "fuzz", NULL)) {
        block_file_close(img->file);
        g_free(img);
        return NULL;
    }
    return img;
}

static void requests(struct block_image *img, uint64_t offset, bool write)
{
    static uint8_t buf[PIECE];
    struct iovec iov = { buf, MIN(PIECE, img->length - MIN(offset, img->length)) };
    struct block_extent e;
    struct block_file *f;
    uint64_t host;

    if (!iov.iov_len) {
        return;
    }
    img->format->map(img, offset, iov.iov_len, write, &f, &host);
    img->format->extent(img, offset, iov.iov_len, &e);
    img->format->readv(img, offset, &iov, 1, iov.iov_len);
    if (write) {
        img->format->writev(img, offset, &iov, 1, iov.iov_len);
        img->format->zero(img, offset, MIN(iov.iov_len, 4096), true);
        img->format->discard(img, offset, iov.iov_len);
        img->format->writev(img, offset, &iov, 1, iov.iov_len);
        img->format->flush(img);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qcow2_check check = { .repair_leaks = true, .repair_errors = true };
    struct block_image *img;
    bool write;

    if (!size) {
        return 0;
    }
    write = data[0] & 1;
    img = open_image(data[0] & 8 ? damaged_image(data + 1, size - 1, 9 + (data[0] >> 4) % 8)
                     : plain_image(data + 1, size - 1), write);
    if (!img) {
        return 0;
    }
    requests(img, 0, write);
    requests(img, img->length / 2 & -(uint64_t)BLOCK_SECTOR, write);
    requests(img, img->length > PIECE ? img->length - PIECE : 0, write);
    if (data[0] & 2) {
        check.repair_leaks = check.repair_errors = write;
        g_mutex_lock(&as_qcow2(img)->lock);
        qcow2_check(as_qcow2(img), &check);
        g_mutex_unlock(&as_qcow2(img)->lock);
    }
    if (write && data[0] & 4 && img->length < BLOCK_LENGTH_MAX / 2) {
        img->format->resize(img, img->length * 2 + BLOCK_SECTOR, NULL);
    }
    block_image_close(img);
    return 0;
}
