/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside block/: three layers.
 *
 * A block_file is a host file: synchronous reads and writes of any alignment, O_DIRECT's demands hidden. A
 * block_image is a file seen through a format, with its backing image; its calls are synchronous too and run on
 * worker threads, several at a time. A block_backend (block.h) makes them asynchronous: where the format says that
 * a request is one contiguous piece of a host file (map), io_uring does it without a worker.
 */
#ifndef BLOCK_BLOCK_IMPL_H
#define BLOCK_BLOCK_IMPL_H

#include <sys/types.h>

#include "block/block.h"
#include "util/wake.h"

#define BLOCK_CHAIN_MAX 200          /* backing files behind each other */
#define BLOCK_LENGTH_MAX (UINT64_C(1) << 62)

/* ---- host files: file.c, lock.c ---- */

struct block_file {
    int fd;
    char *path;
    bool read_only, direct, is_device;
    bool no_flush;
    unsigned align;                  /* of offset, length and memory with O_DIRECT; 1 without; may grow to 4096 */
    GMutex rmw_lock;                 /* held over read-modify-write of partly written blocks */
};

enum block_file_flags {
    BLOCK_FILE_WRITE = 1, BLOCK_FILE_DIRECT = 2, BLOCK_FILE_LOCK = 4, BLOCK_FILE_CREATE = 8, BLOCK_FILE_NO_FLUSH = 16,
    BLOCK_FILE_REPAIR = 32,          /* open what is marked as damaged, and leave the repair to the caller */
};

/* where starts the message ("-drive id=x"). */
struct block_file *block_file_open(const char *path, unsigned flags, const char *where, GError **err);
/* Takes over an open descriptor. */
struct block_file *block_file_from_fd(int fd, const char *path, unsigned flags);
void block_file_close(struct block_file *f);
/* 0 or -errno. */
int block_file_length(struct block_file *f, uint64_t *length);
/* All of it or -errno; what lies beyond the end of the file reads as zeroes. */
int block_file_read(struct block_file *f, uint64_t offset, void *buf, size_t len);
int block_file_readv(struct block_file *f, uint64_t offset, const struct iovec *iov, int n, size_t len);
int block_file_write(struct block_file *f, uint64_t offset, const void *buf, size_t len);
int block_file_writev(struct block_file *f, uint64_t offset, const struct iovec *iov, int n, size_t len);
/* Zeroes; unmap: as a hole, if the file system can. */
int block_file_zero(struct block_file *f, uint64_t offset, uint64_t len, bool unmap);
int block_file_discard(struct block_file *f, uint64_t offset, uint64_t len);
int block_file_sync(struct block_file *f);
int block_file_truncate(struct block_file *f, uint64_t length);
/* True if the request can go to the kernel as it is. */
bool block_file_aligned(const struct block_file *f, uint64_t offset, const struct iovec *iov, int n);
/* Takes the byte-range locks that say what we do with the image; false and *err if others do what conflicts. */
bool block_file_lock(struct block_file *f, bool write, const char *where, GError **err);

/* ---- images: a format each ---- */

/* What a stretch of an image is. */
struct block_extent {
    uint64_t len;
    bool allocated;                  /* in this image rather than in its backing file */
    bool zero;                       /* reads as zeroes */
    bool compressed;
    bool has_host;                   /* host holds */
    uint64_t host;
};

struct block_format;

struct block_image {
    const struct block_format *format;
    struct block_file *file;
    struct block_image *backing;     /* NULL: unallocated parts are zero */
    uint64_t length;
    bool read_only;
    bool unmap;
    bool repair;                     /* BLOCK_FILE_REPAIR */
};

struct block_format {
    const char *name;
    size_t size;                     /* of the struct that begins with struct block_image */
    bool (*open)(struct block_image *img, const char *where, GError **err);
    /* Writes what is cached; 0 or -errno. The file is closed by the caller. */
    int (*close)(struct block_image *img);
    /* The path and format (or NULL) of the backing file, as written in the image; the caller frees. NULL: none. */
    char *(*backing)(struct block_image *img, char **format);
    /* Within length; len is the size of iov. */
    int (*readv)(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len);
    int (*writev)(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len);
    int (*flush)(struct block_image *img);
    int (*discard)(struct block_image *img, uint64_t offset, uint64_t len);
    int (*zero)(struct block_image *img, uint64_t offset, uint64_t len, bool may_unmap);
    bool (*resize)(struct block_image *img, uint64_t length, GError **err);
    /* True if the bytes are contiguous in *file from *host on, and (write) may be overwritten there. Does not wait. */
    bool (*map)(struct block_image *img, uint64_t offset, size_t len, bool write, struct block_file **file,
                uint64_t *host);
    /* True if a flush is no more than a flush of the file. Does not wait. */
    bool (*clean)(struct block_image *img);
    /* Discards and zeroes free space that requests under way may still use: they must run alone. */
    bool frees_space;
    /* How much from offset on is alike (at most len), and what it is. For doppel-img; 0 or -errno. */
    int (*extent)(struct block_image *img, uint64_t offset, uint64_t len, struct block_extent *e);
    /* Appends lines for info block. */
    void (*info)(struct block_image *img, GString *out);
};

extern const struct block_format block_raw_format, block_qcow2_format;

/* Opens path and its backing files. format NULL: probed (*probed, which may be NULL, tells). */
struct block_image *block_image_open(const char *path, const char *format, unsigned file_flags, bool no_backing,
                                     const char *where, bool *probed, GError **err);
int block_image_close(struct block_image *img);
/* A temporary overlay over base, which it takes over; it is gone when closed. NULL and *err: base is closed. */
struct block_image *block_snapshot_over(struct block_image *base, const char *where, GError **err);
int block_image_read(struct block_image *img, uint64_t offset, void *buf, size_t len);
/* As the guest sees it: a backing image may be shorter, then zeroes follow. */
int block_image_readv(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len);
const struct block_format *block_format_find(const char *name);
/* The format that the first bytes of a file show. Never NULL without *err: raw is what nothing else is. */
const struct block_format *block_format_probe(const uint8_t *head, size_t len, const char *where, const char *path,
                                              GError **err);

/* ---- requests: request.c, pool.c, uring.c ---- */

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH, BLOCK_DISCARD, BLOCK_ZERO };

struct block_req {
    struct block_backend *be;
    enum block_op op;
    bool may_unmap;
    bool serial;                     /* runs while nothing else does */
    bool durable;                    /* a write that completes when it is on the disk */
    int ret;
    uint64_t offset, len;
    block_done *cb;
    void *opaque;
    struct block_file *file;         /* of the contiguous piece, with io_uring */
    uint64_t host;
    struct block_req *next;
    int n;
    struct iovec iov[];
};

struct block_uring;
struct block_pool;

struct block_backend {
    char *id, *path;
    struct block_image *img;
    bool read_only, writethrough, no_flush, unmap, probed_raw, snapshot;
    enum block_detect_zeroes detect_zeroes;
    enum block_on_error on_read_error, on_write_error;

    struct block_uring *uring;       /* NULL: worker threads do everything */
    struct block_pool *pool;
    struct wake *wake;

    GMutex lock;                     /* guards the gate and the list of done requests */
    int running;                     /* requests started and not finished */
    bool serial_running;
    struct block_req *waiting, **waiting_end;
    struct block_req *done, **done_end;

    GMutex stats_lock;
    struct block_stats stats;
};

/* Fills and starts the parts of be that carry requests. */
void block_requests_init(struct block_backend *be);
void block_requests_free(struct block_backend *be);
/* Runs on a worker thread: does the request with synchronous calls, and hands it to the main loop. */
void block_req_run(struct block_req *r);
/* Main loop thread: callback and end. */
void block_req_finish(struct block_req *r);

struct block_pool *block_pool_new(void);
/* Waits for the threads. No requests are left. */
void block_pool_free(struct block_pool *p);
/* Any thread: block_req_run() by a worker. */
void block_pool_push(struct block_pool *p, struct block_req *r);

/* NULL where the kernel has no io_uring or forbids it. Finished requests go to block_req_finish() on the main loop,
 * those that came out short to the pool. */
struct block_uring *block_uring_new(void);
void block_uring_free(struct block_uring *u);
/* False if the ring is full: the pool takes it. */
bool block_uring_submit(struct block_uring *u, struct block_req *r);
void block_uring_plug(struct block_uring *u);
void block_uring_unplug(struct block_uring *u);
/* Finishes what has completed; waits up to timeout_ms for the first. */
void block_uring_reap(struct block_uring *u, int timeout_ms);

#endif
