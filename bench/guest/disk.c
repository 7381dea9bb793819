/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device without the page cache: long passes in megabytes, random blocks of 4 KiB. It overwrites the device. */
#include <fcntl.h>
#include <unistd.h>
#include "work.h"

enum { MEGABYTE = 1 << 20, BLOCK = 4096, PASSES = 6, BLOCKS = 12000 };

static bool transfer(int fd, bool write_it, char *buffer, size_t bytes, off_t at)
{
    return (write_it ? pwrite(fd, buffer, bytes, at) : pread(fd, buffer, bytes, at)) == (ssize_t)bytes;
}

static int piece(const char *name, int fd, bool write_it, bool at_random, char *buffer, off_t size)
{
    long count = at_random ? BLOCKS : size / MEGABYTE * PASSES;
    size_t bytes = at_random ? BLOCK : MEGABYTE;

    work_begin(name);
    for (long i = 0; i < count; i++) {
        off_t at = at_random ? (off_t)(random64() % (size / BLOCK)) * BLOCK : i % (size / MEGABYTE) * MEGABYTE;
        if (!transfer(fd, write_it, buffer, bytes, at)) {
            printf("@end %s failed\n", name);
            return 1;
        }
    }
    if (write_it) {
        fsync(fd);
    }
    work_end(name, count);
    return 0;
}

int disk_work(const char *path)
{
    int fd = open(path, O_RDWR | O_DIRECT);
    char *buffer;

    if (fd < 0 || posix_memalign((void **)&buffer, BLOCK, MEGABYTE) != 0) {
        perror(path);
        return 1;
    }
    memset(buffer, 0xa5, MEGABYTE);
    off_t size = lseek(fd, 0, SEEK_END) / MEGABYTE * MEGABYTE;
    return size == 0 || piece("blk-write", fd, true, false, buffer, size)
        || piece("blk-read", fd, false, false, buffer, size)
        || piece("blk-random-read", fd, false, true, buffer, size)
        || piece("blk-random-write", fd, true, true, buffer, size);
}
