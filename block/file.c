/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host files: whole reads and writes of any alignment, holes, and what O_DIRECT asks for. */
#include "block/block_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/iov.h"

#define ALIGN_MAX 4096
#define BOUNCE_MAX (1u << 20)
#define PIECES_MAX 64          /* entries of a list handed to the kernel at once */

/* The smallest of the usual units in which the file can be read: file systems tell only since Linux 6.1. */
static unsigned probe_align(int fd)
{
    void *buf;
    unsigned align;

    if (posix_memalign(&buf, ALIGN_MAX, ALIGN_MAX)) {
        return ALIGN_MAX;
    }
    for (align = BLOCK_SECTOR; align < ALIGN_MAX; align *= 2) {
        if (pread(fd, buf, align, 0) >= 0) {
            break;
        }
    }
    free(buf);
    return align;
}

struct block_file *block_file_from_fd(int fd, const char *path, unsigned flags)
{
    struct block_file *f = g_new0(struct block_file, 1);
    struct stat st;

    f->fd = fd;
    f->path = g_strdup(path);
    f->read_only = !(flags & BLOCK_FILE_WRITE);
    f->direct = flags & BLOCK_FILE_DIRECT;
    f->no_flush = flags & BLOCK_FILE_NO_FLUSH;
    f->is_device = !fstat(fd, &st) && S_ISBLK(st.st_mode);
    f->align = f->direct ? probe_align(fd) : 1;
    g_mutex_init(&f->rmw_lock);
    return f;
}

/* "nbd://..." is no file; say so rather than "No such file". */
static bool names_protocol(const char *path)
{
    size_t n = strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789+");

    return n && path[n] == ':' && access(path, F_OK);
}

struct block_file *block_file_open(const char *path, unsigned flags, const char *where, GError **err)
{
    const char *name = g_str_has_prefix(path, "file:") ? path + 5 : path;
    int mode = flags & BLOCK_FILE_WRITE ? O_RDWR : O_RDONLY;
    struct block_file *f;
    struct stat st;
    int fd;

    if (names_protocol(name)) {
        g_set_error(err, BLOCK_ERROR, 0, "%s: '%s' names a protocol that is not supported; only files and host devices "
                    "are", where, path);
        return NULL;
    }
    fd = open(name, mode | O_CLOEXEC | (flags & BLOCK_FILE_DIRECT ? O_DIRECT : 0) |
              (flags & BLOCK_FILE_CREATE ? O_CREAT : 0), 0644);
    if (fd < 0 || fstat(fd, &st)) {
        bool direct = flags & BLOCK_FILE_DIRECT && errno == EINVAL;

        g_set_error(err, BLOCK_ERROR, errno, "%s: cannot open '%s'%s: %s", where, name,
                    flags & BLOCK_FILE_WRITE ? "" : " for reading",
                    direct ? "its file system has no direct I/O; use another cache= than none" : g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
        close(fd);
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: '%s' is neither a file nor a block device", where, name);
        return NULL;
    }
    f = block_file_from_fd(fd, name, flags);
    if (flags & BLOCK_FILE_LOCK && !block_file_lock(f, flags & BLOCK_FILE_WRITE, where, err)) {
        block_file_close(f);
        return NULL;
    }
    return f;
}

void block_file_close(struct block_file *f)
{
    if (f) {
        close(f->fd);
        g_mutex_clear(&f->rmw_lock);
        g_free(f->path);
        g_free(f);
    }
}

int block_file_length(struct block_file *f, uint64_t *length)
{
    off_t end = lseek(f->fd, 0, SEEK_END);

    if (end < 0) {
        return -errno;
    }
    *length = end;
    return 0;
}

bool block_file_aligned(const struct block_file *f, uint64_t offset, const struct iovec *iov, int n)
{
    uint64_t bits = offset;

    if (f->align == 1) {
        return true;
    }
    for (int i = 0; i < n; i++) {
        bits |= (uintptr_t)iov[i].iov_base | iov[i].iov_len;
    }
    return !(bits & (f->align - 1));
}

/* One system call of a list that may be too long for one; bytes or -errno. */
static ssize_t transfer(struct block_file *f, bool write, uint64_t offset, const struct iovec *iov, int n)
{
    ssize_t done;

    do {
        done = write ? pwritev(f->fd, iov, n, offset) : preadv(f->fd, iov, n, offset);
    } while (done < 0 && errno == EINTR);
    return done < 0 ? -errno : done;
}

/* The list piece by piece until all is done. Reading stops at the end of the file with zeroes for the rest. */
static int transfer_all(struct block_file *f, bool write, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    size_t done = 0;

    while (done < len) {
        struct iovec part[PIECES_MAX];
        int used = -1;
        size_t want = MIN(len - done, (size_t)1 << 30);
        ssize_t got;

        while ((used = iov_slice(part, PIECES_MAX, iov, n, done, want)) < 0 && want > 1) {
            want = want / 2 & -(size_t)f->align;
            if (!want) {
                return -EINVAL;
            }
        }
        got = transfer(f, write, offset + done, part, used);
        if (got < 0) {
            return got;
        }
        if (!got) {
            if (write) {
                return -ENOSPC;
            }
            iov_fill(iov, n, done, 0, len - done);
            return 0;
        }
        done += got;
    }
    return 0;
}

/*
 * O_DIRECT with a request that is not aligned: through an aligned buffer, block by block of BOUNCE_MAX. Writing the
 * first and last block partly means reading it first, under rmw_lock. Requests that write the other part of such a
 * block meanwhile are kept away by the backend, which runs unaligned writes alone.
 */
static int bounce(struct block_file *f, bool write, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    uint64_t pos = offset & -(uint64_t)f->align, end = offset + len;
    void *buf;
    int ret = 0;

    if (posix_memalign(&buf, ALIGN_MAX, BOUNCE_MAX)) {
        return -ENOMEM;
    }
    while (pos < end && !ret) {
        uint64_t from = MAX(pos, offset), to = MIN(end, pos + BOUNCE_MAX);
        size_t want = ((to - pos) + f->align - 1) & -(size_t)f->align;
        struct iovec whole = { buf, want };

        if (!write || from > pos || to < pos + want) {
            ret = transfer_all(f, false, pos, &whole, 1, want);
        }
        if (!ret && write) {
            iov_to_buf(iov, n, from - offset, (uint8_t *)buf + (from - pos), to - from);
            ret = transfer_all(f, true, pos, &whole, 1, want);
        } else if (!ret) {
            iov_from_buf(iov, n, from - offset, (uint8_t *)buf + (from - pos), to - from);
        }
        pos += want;
    }
    free(buf);
    return ret;
}

static int bounce_locked(struct block_file *f, bool write, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    int ret;

    g_mutex_lock(&f->rmw_lock);
    ret = bounce(f, write, offset, iov, n, len);
    if (ret == -EINVAL && f->align < ALIGN_MAX) {
        f->align = ALIGN_MAX;   /* an empty file could not be probed */
        ret = bounce(f, write, offset, iov, n, len);
    }
    g_mutex_unlock(&f->rmw_lock);
    return ret;
}

static int access_file(struct block_file *f, bool write, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    int ret;

    if (offset > INT64_MAX - len) {
        return -EFBIG;
    }
    if (block_file_aligned(f, offset, iov, n)) {
        ret = transfer_all(f, write, offset, iov, n, len);
        if (ret != -EINVAL || !f->direct) {
            return ret;
        }
    }
    return bounce_locked(f, write, offset, iov, n, len);
}

int block_file_readv(struct block_file *f, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    return access_file(f, false, offset, iov, n, len);
}

int block_file_writev(struct block_file *f, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    return access_file(f, true, offset, iov, n, len);
}

int block_file_read(struct block_file *f, uint64_t offset, void *buf, size_t len)
{
    struct iovec iov = { buf, len };

    return access_file(f, false, offset, &iov, 1, len);
}

int block_file_write(struct block_file *f, uint64_t offset, const void *buf, size_t len)
{
    struct iovec iov = { (void *)buf, len };

    return access_file(f, true, offset, &iov, 1, len);
}

static int write_zeroes(struct block_file *f, uint64_t offset, uint64_t len)
{
    size_t size = MIN(len, BOUNCE_MAX);
    void *buf;
    int ret = 0;

    if (posix_memalign(&buf, ALIGN_MAX, size)) {
        return -ENOMEM;
    }
    memset(buf, 0, size);
    for (uint64_t done = 0; done < len && !ret; done += size) {
        ret = block_file_write(f, offset + done, buf, MIN(size, len - done));
    }
    free(buf);
    return ret;
}

static int allocate(struct block_file *f, int mode, uint64_t offset, uint64_t len)
{
    int ret;

    do {
        ret = fallocate(f->fd, mode, offset, len);
    } while (ret < 0 && errno == EINTR);
    return ret < 0 ? -errno : 0;
}

int block_file_zero(struct block_file *f, uint64_t offset, uint64_t len, bool unmap)
{
    int ret = -EOPNOTSUPP;

    if (unmap) {
        ret = allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len);
    }
    if (ret) {
        ret = allocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, offset, len);
    }
    /* Some file systems and kernels have neither; a device may refuse what is not a multiple of its block. */
    if (ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -EINVAL || ret == -EPERM || ret == -ENODEV) {
        ret = write_zeroes(f, offset, len);
    }
    return ret;
}

int block_file_discard(struct block_file *f, uint64_t offset, uint64_t len)
{
    uint64_t range[2] = { offset, len };
    int ret;

    if (f->is_device) {
        ret = ioctl(f->fd, BLKDISCARD, range) ? -errno : 0;
    } else {
        ret = allocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, len);
    }
    /* A hint that the host does not take is no error. */
    return ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -EINVAL || ret == -ENOTTY ? 0 : ret;
}

int block_file_sync(struct block_file *f)
{
    return f->no_flush || !fdatasync(f->fd) ? 0 : -errno;
}

int block_file_truncate(struct block_file *f, uint64_t length)
{
    return ftruncate(f->fd, length) ? -errno : 0;
}
