/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Image locking: two writers destroy an image, and a reader beside a writer sees nonsense. The locks are those of QEMU,
 * so that it and we keep out of each other's way: open-file-description locks on single bytes of the file. A shared
 * lock on byte 100+p says "I use permission p", one on byte 200+p says "I can't share permission p with others";
 * each side then looks whether the opposite byte is locked by anybody else.
 */
#include "block/block_impl.h"

#include <errno.h>
#include <fcntl.h>

enum { READ_CONSISTENT, WRITE, WRITE_UNCHANGED, RESIZE, PERMISSIONS };

#define USED_BASE 100
#define UNSHARED_BASE 200

static int lock_byte(int fd, int base, int p)
{
    struct flock l = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = base + p, .l_len = 1 };

    return fcntl(fd, F_OFD_SETLK, &l) ? -errno : 0;
}

/* True if another open file holds the byte. */
static bool byte_is_locked(int fd, int base, int p)
{
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = base + p, .l_len = 1 };

    return !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK;
}

bool block_file_lock(struct block_file *f, bool write, const char *where, GError **err)
{
    unsigned used = 1u << READ_CONSISTENT | (write ? 1u << WRITE | 1u << RESIZE : 0);
    unsigned unshared = 1u << WRITE | 1u << RESIZE;

    for (int p = 0; p < PERMISSIONS; p++) {
        int ret = used >> p & 1 ? lock_byte(f->fd, USED_BASE, p) : 0;

        if (!ret && unshared >> p & 1) {
            ret = lock_byte(f->fd, UNSHARED_BASE, p);
        }
        if (ret && ret != -EAGAIN && ret != -EACCES) {
            return true;   /* a file system without locks */
        }
    }
    for (int p = 0; p < PERMISSIONS; p++) {
        if ((used >> p & 1 && byte_is_locked(f->fd, UNSHARED_BASE, p)) ||
            (unshared >> p & 1 && byte_is_locked(f->fd, USED_BASE, p))) {
            g_set_error(err, BLOCK_ERROR, EBUSY,
                        "%s: '%s' is in use: another process, or another -drive, has it open%s", where, f->path,
                        write ? "" : " for writing");
            return false;
        }
    }
    return true;
}
