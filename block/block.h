/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk images: what a disk controller (hw/), the command line and the monitor need of them.
 *
 * A block_backend is one opened image with its chain of backing files. Requests are asynchronous and may be
 * submitted by any thread, usually a vCPU inside an MMIO write; none of the submitting functions waits for the disk.
 * The completion callback runs on the main loop thread (the default GMainContext), never inside the submitting call and
 * with no lock held, so a device takes the machine lock in it.
 *
 * Sizes and offsets are in bytes and multiples of BLOCK_SECTOR, except for block_pread() and block_pwrite(), which
 * take any. Results are 0 or a negative errno: -EINVAL not a multiple, -EIO beyond the end or an error of the host,
 * -ENOSPC the host's disk is full, -EACCES a write to a read-only image.
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/options.h"

#define BLOCK_SECTOR 512
#define BLOCK_ERROR g_quark_from_static_string("block")

struct block_backend;

/* ret is 0 or -errno. */
typedef void block_done(void *opaque, int ret);

/* What a device does with an error of the host (werror=, rerror=). */
enum block_on_error {
    BLOCK_ON_ERROR_ENOSPC,   /* stop the machine where the host's disk is full, report anything else (the default of
                                werror=) */
    BLOCK_ON_ERROR_REPORT,   /* tell the guest (the default of rerror=) */
    BLOCK_ON_ERROR_IGNORE,   /* say that it succeeded */
    BLOCK_ON_ERROR_STOP,     /* stop the machine; the request is retried when it goes on */
};

enum block_error_action { BLOCK_ACTION_REPORT, BLOCK_ACTION_IGNORE, BLOCK_ACTION_STOP };

enum block_detect_zeroes { BLOCK_ZEROES_OFF, BLOCK_ZEROES_ON, BLOCK_ZEROES_UNMAP };

/* How to open an image. Fill with block_config_defaults(), then change what differs. Strings are borrowed during
 * block_open() only. */
struct block_config {
    const char *where;          /* starts messages: "-drive id=x"; NULL: made from id */
    const char *id;             /* for info block; may be NULL */
    const char *file;           /* path of the image */
    const char *format;         /* "raw", "qcow2", or NULL: probe */
    bool read_only;
    bool auto_read_only;        /* fall back to read-only where the file may not be written */
    bool snapshot;              /* send writes to a temporary overlay that vanishes at the end */
    bool direct;                /* O_DIRECT: past the host's page cache (cache.direct) */
    bool writethrough;          /* a write completes when it is on the disk (cache.writeback=off) */
    bool no_flush;              /* never ask the host to flush (cache.no-flush, cache=unsafe) */
    bool unmap;                 /* give discarded space back to the host (discard=unmap) */
    bool lock;                  /* refuse images that another process uses (locking=) */
    bool no_backing;            /* leave the backing file alone: unallocated parts read as zeroes (doppel-img) */
    enum block_detect_zeroes detect_zeroes;
    enum block_on_error on_read_error, on_write_error;
};

void block_config_defaults(struct block_config *c);

/* Takes the keys of -drive that concern the image out of o: file, format, driver, read-only, readonly,
 * auto-read-only, snapshot, cache, cache.direct, cache.no-flush, cache.writeback, aio, discard, detect-zeroes, werror,
 * rerror, locking, backing, node-name, and what the node below may have (file.filename, file.driver, ...). The caller
 * takes the others (if=, id=, index=,
 * media=, ...) and calls options_finish(). The strings of *c are those of o. */
bool block_config_parse(struct block_config *c, struct options *o, GError **err);

/* Opens an image. NULL and *err where it can't be: missing, in use, not of the format, damaged, features we lack. */
struct block_backend *block_open(const struct block_config *c, GError **err);

/* Waits for all requests, flushes, closes. Their callbacks run inside. Main loop thread. NULL is allowed. */
void block_close(struct block_backend *be);

/* The guest-visible size; constant but for block_resize(). */
uint64_t block_length(const struct block_backend *be);
bool block_is_read_only(const struct block_backend *be);
const char *block_id(const struct block_backend *be);
const char *block_path(const struct block_backend *be);
const char *block_format_name(const struct block_backend *be);
/* True unless the image was opened cache=writethrough or directsync: the guest's cache setting at reset. */
bool block_write_cache(const struct block_backend *be);
/* Switches writethrough at run time (virtio-blk's writeback field). */
void block_set_write_cache(struct block_backend *be, bool on);

/* What the device should do about ret (not 0) of a request. Stopping the machine is the device's to ask for; it
 * keeps the request and submits it again when the machine goes on. */
enum block_error_action block_error_action(const struct block_backend *be, bool is_write, int ret);

/* Changes that policy; before requests are under way. */
void block_set_on_error(struct block_backend *be, bool is_write, enum block_on_error what);

/* Reads len(iov) bytes into, or writes them from, memory that stays valid and in place until cb; the array iov
 * itself is copied. */
void block_readv(struct block_backend *be, uint64_t offset, const struct iovec *iov, int n, block_done *cb,
                 void *opaque);
void block_writev(struct block_backend *be, uint64_t offset, const struct iovec *iov, int n, block_done *cb,
                  void *opaque);

/* Makes every write whose callback has run before this call durable. */
void block_flush(struct block_backend *be, block_done *cb, void *opaque);

/* The guest no longer needs these bytes; they read as zeroes or as before. A hint: succeeds without effect where
 * the image was not opened with discard=unmap. */
void block_discard(struct block_backend *be, uint64_t offset, uint64_t len, block_done *cb, void *opaque);

/* These bytes read as zeroes from now on. may_unmap: the space may be given back to the host. */
void block_write_zeroes(struct block_backend *be, uint64_t offset, uint64_t len, bool may_unmap, block_done *cb,
                        void *opaque);

/* Requests between plug and unplug are handed to the kernel together. Plugs nest; each thread unplugs what it
 * plugged, soon: others' requests wait too. */
void block_plug(struct block_backend *be);
void block_unplug(struct block_backend *be);

/* Waits until no request is under way; callbacks run inside. Main loop thread, which must not hold a lock that a
 * callback takes. */
void block_drain(struct block_backend *be);

/* True while any request is under way (its callback has not returned). Any thread. */
bool block_busy(const struct block_backend *be);

/* Synchronous access for start-up, doppel-img and tests: any alignment. 0 or -errno. Never on a vCPU thread. */
int block_pread(struct block_backend *be, uint64_t offset, void *buf, size_t len);
int block_pwrite(struct block_backend *be, uint64_t offset, const void *buf, size_t len);
int block_flush_sync(struct block_backend *be);

/* Changes the size; new bytes read as zeroes. Main loop thread, no requests under way. */
bool block_resize(struct block_backend *be, uint64_t length, GError **err);

/* Counted since the image was opened. Requests that failed count as errors only. */
struct block_stats {
    uint64_t read_ops, read_bytes, write_ops, write_bytes, flush_ops, discard_ops, discard_bytes, zero_ops, zero_bytes;
    uint64_t errors;
};
void block_get_stats(const struct block_backend *be, struct block_stats *stats);

/* Appends what the monitor's "info block" says about this image: several lines. */
void block_info(const struct block_backend *be, GString *out);

#endif
