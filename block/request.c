/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests of a backend: checks, the gate, and who does the work.
 *
 * The gate: a request that frees space, or that rewrites part of a block, must not overlap others, so it is "serial":
 * it waits until nothing runs, and what comes later waits for it. Everything else runs at once. Requests start in the
 * order of submission, so a serial one is not starved.
 */
#include "block/block_impl.h"

#include <errno.h>
#include <string.h>

#include "util/iov.h"

#define PROBE_BYTES 512

/* ---- doing the work ---- */

static void do_request(struct block_req *r)
{
    struct block_image *img = r->be->img;

    switch (r->op) {
    case BLOCK_READ:
        r->ret = img->format->readv(img, r->offset, r->iov, r->n, r->len);
        break;
    case BLOCK_WRITE:
        r->ret = img->format->writev(img, r->offset, r->iov, r->n, r->len);
        break;
    case BLOCK_FLUSH:
        r->ret = img->format->flush(img);
        break;
    case BLOCK_DISCARD:
        r->ret = img->format->discard(img, r->offset, r->len);
        break;
    case BLOCK_ZERO:
        r->ret = img->format->zero(img, r->offset, r->len, r->may_unmap);
        break;
    }
    if (!r->ret && r->durable && r->op != BLOCK_FLUSH) {
        r->ret = img->format->flush(img);
    }
}

static void append(struct block_req ***end, struct block_req *r)
{
    r->next = NULL;
    **end = r;
    *end = &r->next;
}

static struct block_req *take(struct block_req **head, struct block_req ***end)
{
    struct block_req *r = *head;

    if (r) {
        *head = r->next;
        if (!*head) {
            *end = head;
        }
    }
    return r;
}

static void done(struct block_req *r)
{
    struct block_backend *be = r->be;

    g_mutex_lock(&be->lock);
    append(&be->done_end, r);
    g_mutex_unlock(&be->lock);
    wake_signal(be->wake);
}

void block_req_run(struct block_req *r)
{
    do_request(r);
    done(r);
}

/* True if the ring has it. */
static bool start_in_ring(struct block_req *r)
{
    struct block_backend *be = r->be;
    struct block_image *img = be->img;

    if (!be->uring) {
        return false;
    }
    if (r->op == BLOCK_FLUSH) {
        r->file = img->file;
        return !be->no_flush && img->format->clean(img) && block_uring_submit(be->uring, r);
    }
    if (r->op != BLOCK_READ && r->op != BLOCK_WRITE) {
        return false;
    }
    return img->format->map(img, r->offset, r->len, r->op == BLOCK_WRITE, &r->file, &r->host) &&
           block_file_aligned(r->file, r->host, r->iov, r->n) && block_uring_submit(be->uring, r);
}

static void start(struct block_req *r)
{
    if (!start_in_ring(r)) {
        block_pool_push(r->be->pool, r);
    }
}

/* ---- the gate ---- */

/* Called with the lock held. */
static bool may_start(const struct block_backend *be, const struct block_req *r)
{
    return !be->serial_running && (!r->serial || !be->running);
}

static void mark_started(struct block_backend *be, const struct block_req *r)
{
    be->running++;
    be->serial_running = r->serial;
}

static void enter(struct block_req *r)
{
    struct block_backend *be = r->be;
    bool go;

    g_mutex_lock(&be->lock);
    go = !be->waiting && may_start(be, r);
    if (go) {
        mark_started(be, r);
    } else {
        append(&be->waiting_end, r);
    }
    g_mutex_unlock(&be->lock);
    if (go) {
        start(r);
    }
}

static void leave(struct block_req *r)
{
    struct block_backend *be = r->be;

    g_mutex_lock(&be->lock);
    be->running--;
    be->serial_running = false;
    while (be->waiting && may_start(be, be->waiting)) {
        struct block_req *next = take(&be->waiting, &be->waiting_end);

        mark_started(be, next);
        g_mutex_unlock(&be->lock);
        start(next);
        g_mutex_lock(&be->lock);
    }
    g_mutex_unlock(&be->lock);
}

static void count(struct block_req *r)
{
    struct block_stats *s = &r->be->stats;

    g_mutex_lock(&r->be->stats_lock);
    if (r->ret) {
        s->errors++;
    } else if (r->op == BLOCK_READ) {
        s->read_ops++;
        s->read_bytes += r->len;
    } else if (r->op == BLOCK_WRITE) {
        s->write_ops++;
        s->write_bytes += r->len;
    } else if (r->op == BLOCK_FLUSH) {
        s->flush_ops++;
    } else if (r->op == BLOCK_DISCARD) {
        s->discard_ops++;
        s->discard_bytes += r->len;
    } else {
        s->zero_ops++;
        s->zero_bytes += r->len;
    }
    g_mutex_unlock(&r->be->stats_lock);
}

void block_req_finish(struct block_req *r)
{
    count(r);
    r->cb(r->opaque, r->ret);
    leave(r);
    g_free(r);
}

static void finish_done(void *opaque)
{
    struct block_backend *be = opaque;
    struct block_req *r;

    for (;;) {
        g_mutex_lock(&be->lock);
        r = take(&be->done, &be->done_end);
        g_mutex_unlock(&be->lock);
        if (!r) {
            return;
        }
        block_req_finish(r);
    }
}

/* ---- submitting ---- */

static struct block_req *new_req(struct block_backend *be, enum block_op op, uint64_t offset, uint64_t len,
                                 const struct iovec *iov, int n, block_done *cb, void *opaque)
{
    struct block_req *r = g_malloc(sizeof(*r) + n * sizeof(r->iov[0]));

    *r = (struct block_req){ .be = be, .op = op, .offset = offset, .len = len, .cb = cb, .opaque = opaque, .n = n };
    if (n) {
        memcpy(r->iov, iov, n * sizeof(*iov));
    }
    return r;
}

/* 0, or why the request can't be done. */
static int check(const struct block_backend *be, const struct block_req *r)
{
    uint64_t length = be->img->length;

    if (r->op == BLOCK_FLUSH) {
        return 0;
    }
    if ((r->offset | r->len) % BLOCK_SECTOR) {
        return -EINVAL;
    }
    if (r->len > length || r->offset > length - r->len) {
        return -EIO;
    }
    return r->op != BLOCK_READ && be->read_only ? -EACCES : 0;
}

/* A guest that writes another format's header to an image whose format we guessed would have us open that format
 * next time, with a backing file of the guest's choice. */
static bool fakes_format(const struct block_backend *be, const struct block_req *r)
{
    uint8_t head[PROBE_BYTES];

    return be->probed_raw && r->op == BLOCK_WRITE && !r->offset && r->len &&
           block_format_probe(head, iov_to_buf(r->iov, r->n, 0, head, sizeof(head)), "", "", NULL) != &block_raw_format;
}

static void submit(struct block_req *r)
{
    struct block_backend *be = r->be;
    bool nothing = r->op == BLOCK_DISCARD ? !be->unmap || !r->len : r->op != BLOCK_FLUSH && !r->len;

    r->ret = check(be, r);
    if (!r->ret && fakes_format(be, r)) {
        r->ret = -EPERM;
    }
    if (!r->ret && r->op == BLOCK_WRITE && be->detect_zeroes && r->len && iov_is_zero(r->iov, r->n)) {
        r->op = BLOCK_ZERO;
        r->may_unmap = be->detect_zeroes == BLOCK_ZEROES_UNMAP;
    }
    r->may_unmap &= be->unmap;
    r->durable = be->writethrough && r->op != BLOCK_READ && r->op != BLOCK_DISCARD;
    r->serial = (be->img->format->frees_space && (r->op == BLOCK_DISCARD || r->op == BLOCK_ZERO)) ||
                (r->op == BLOCK_WRITE && !block_file_aligned(be->img->file, r->offset, r->iov, r->n));
    if (r->ret || nothing) {
        g_mutex_lock(&be->lock);
        be->running++;
        g_mutex_unlock(&be->lock);
        done(r);
        return;
    }
    enter(r);
}

void block_readv(struct block_backend *be, uint64_t offset, const struct iovec *iov, int n, block_done *cb,
                 void *opaque)
{
    submit(new_req(be, BLOCK_READ, offset, iov_size(iov, n), iov, n, cb, opaque));
}

void block_writev(struct block_backend *be, uint64_t offset, const struct iovec *iov, int n, block_done *cb,
                  void *opaque)
{
    submit(new_req(be, BLOCK_WRITE, offset, iov_size(iov, n), iov, n, cb, opaque));
}

void block_flush(struct block_backend *be, block_done *cb, void *opaque)
{
    submit(new_req(be, BLOCK_FLUSH, 0, 0, NULL, 0, cb, opaque));
}

void block_discard(struct block_backend *be, uint64_t offset, uint64_t len, block_done *cb, void *opaque)
{
    submit(new_req(be, BLOCK_DISCARD, offset, len, NULL, 0, cb, opaque));
}

void block_write_zeroes(struct block_backend *be, uint64_t offset, uint64_t len, bool may_unmap, block_done *cb,
                        void *opaque)
{
    struct block_req *r = new_req(be, BLOCK_ZERO, offset, len, NULL, 0, cb, opaque);

    r->may_unmap = may_unmap;
    submit(r);
}

void block_plug(struct block_backend *be)
{
    if (be->uring) {
        block_uring_plug(be->uring);
    }
}

void block_unplug(struct block_backend *be)
{
    if (be->uring) {
        block_uring_unplug(be->uring);
    }
}

bool block_busy(const struct block_backend *be)
{
    GMutex *lock = (GMutex *)&be->lock;
    bool busy;

    g_mutex_lock(lock);
    busy = be->running || be->waiting;
    g_mutex_unlock(lock);
    return busy;
}

void block_drain(struct block_backend *be)
{
    while (block_busy(be)) {
        finish_done(be);
        if (be->uring) {
            block_uring_reap(be->uring, 1);
        } else {
            g_usleep(100);
        }
    }
}

void block_requests_init(struct block_backend *be)
{
    g_mutex_init(&be->lock);
    g_mutex_init(&be->stats_lock);
    be->waiting_end = &be->waiting;
    be->done_end = &be->done;
    be->wake = wake_new(NULL, finish_done, be);
    be->pool = block_pool_new();
    be->uring = block_uring_new();
}

void block_requests_free(struct block_backend *be)
{
    block_drain(be);
    block_pool_free(be->pool);
    block_uring_free(be->uring);
    wake_free(be->wake);
    g_mutex_clear(&be->stats_lock);
    g_mutex_clear(&be->lock);
}
