/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One io_uring for each backend. Any thread fills the submission queue under a lock; the completion queue is
 * emptied by the main loop alone, which polls the ring's own descriptor: that needs no eventfd, and no system call but
 * the poll.
 */
#include "block/block_impl.h"

#include "config.h"

#ifdef HAVE_LIBURING

#include <errno.h>
#include <glib-unix.h>
#include <liburing.h>
#include <poll.h>

#define ENTRIES 256
/* What the page cache holds is copied within the submitting call. A large copy would keep a vCPU, and the machine lock
 * that it holds, for longer than it takes to wake a kernel worker. */
#define OFF_THREAD_BYTES (64u << 10)
#define CQ_ENTRIES (2 * ENTRIES)   /* what the kernel makes of it */

struct block_uring {
    struct io_uring ring;
    GMutex lock;       /* guards the submission queue and the fields below */
    int plugged;
    unsigned queued;   /* prepared, not submitted */
    int in_flight;     /* atomic; at most CQ_ENTRIES, so that the completion queue can't overflow */
    guint watch;
};

/* A short transfer, or an error that a synchronous call does not give: a worker does the request once more. */
static bool again(const struct block_req *r, int res)
{
    if (res >= 0) {
        return r->op != BLOCK_FLUSH && (uint64_t)res != r->len;
    }
    return res == -EAGAIN || res == -EINTR || res == -EINVAL || res == -EOPNOTSUPP || res == -ECANCELED;
}

static bool reap(struct block_uring *u)
{
    struct io_uring_cqe *cqe;
    bool any = false;

    while (!io_uring_peek_cqe(&u->ring, &cqe)) {
        struct block_req *r = io_uring_cqe_get_data(cqe);
        int res = cqe->res;

        /* Seen before the callback, which may submit and even drain. */
        io_uring_cqe_seen(&u->ring, cqe);
        g_atomic_int_add(&u->in_flight, -1);
        any = true;
        if (again(r, res)) {
            block_pool_push(r->be->pool, r);
            continue;
        }
        r->ret = MIN(res, 0);
        block_req_finish(r);
    }
    return any;
}

static gboolean readable(int fd, GIOCondition cond, gpointer opaque)
{
    reap(opaque);
    return G_SOURCE_CONTINUE;
}

void block_uring_reap(struct block_uring *u, int timeout_ms)
{
    struct pollfd p = { .fd = u->ring.ring_fd, .events = POLLIN };

    if (!reap(u) && poll(&p, 1, timeout_ms) > 0) {
        reap(u);
    }
}

/* Containers and hardened kernels forbid io_uring, and old ones lack operations: try, don't guess. */
struct block_uring *block_uring_new(void)
{
    struct block_uring *u = g_new0(struct block_uring, 1);
    struct io_uring_probe *probe;
    bool usable = false;

    if (io_uring_queue_init(ENTRIES, &u->ring, 0)) {
        g_free(u);
        return NULL;
    }
    probe = io_uring_get_probe_ring(&u->ring);
    if (probe) {
        usable = io_uring_opcode_supported(probe, IORING_OP_READV) &&
                 io_uring_opcode_supported(probe, IORING_OP_WRITEV) &&
                 io_uring_opcode_supported(probe, IORING_OP_FSYNC) && (u->ring.features & IORING_FEAT_NODROP);
        io_uring_free_probe(probe);
    }
    if (!usable) {
        io_uring_queue_exit(&u->ring);
        g_free(u);
        return NULL;
    }
    g_mutex_init(&u->lock);
    u->watch = g_unix_fd_add(u->ring.ring_fd, G_IO_IN, readable, u);
    return u;
}

void block_uring_free(struct block_uring *u)
{
    if (u) {
        g_source_remove(u->watch);
        io_uring_queue_exit(&u->ring);
        g_mutex_clear(&u->lock);
        g_free(u);
    }
}

static void submit_locked(struct block_uring *u)
{
    /* Only a kernel short of memory refuses (-EAGAIN); the entries stay in the queue. */
    while (u->queued) {
        int n = io_uring_submit(&u->ring);

        if (n < 0 && n != -EINTR) {
            g_usleep(100);
            continue;
        }
        u->queued -= MAX(n, 0);
    }
}

static void prepare(struct io_uring_sqe *sqe, struct block_req *r)
{
    if (r->op == BLOCK_READ) {
        io_uring_prep_readv(sqe, r->file->fd, r->iov, r->n, r->host);
    } else if (r->op == BLOCK_WRITE) {
        io_uring_prep_writev2(sqe, r->file->fd, r->iov, r->n, r->host, r->durable ? RWF_DSYNC : 0);
    } else {
        io_uring_prep_fsync(sqe, r->file->fd, IORING_FSYNC_DATASYNC);
    }
    if (r->len >= OFF_THREAD_BYTES && !r->file->direct) {
        sqe->flags |= IOSQE_ASYNC;
    }
    io_uring_sqe_set_data(sqe, r);
}

bool block_uring_submit(struct block_uring *u, struct block_req *r)
{
    struct io_uring_sqe *sqe;

    g_mutex_lock(&u->lock);
    if (g_atomic_int_get(&u->in_flight) == CQ_ENTRIES) {
        g_mutex_unlock(&u->lock);
        return false;
    }
    sqe = io_uring_get_sqe(&u->ring);
    if (!sqe) {
        submit_locked(u);
        sqe = io_uring_get_sqe(&u->ring);
    }
    if (sqe) {
        prepare(sqe, r);
        g_atomic_int_inc(&u->in_flight);
        u->queued++;
        if (!u->plugged) {
            submit_locked(u);
        }
    }
    g_mutex_unlock(&u->lock);
    return sqe != NULL;
}

void block_uring_plug(struct block_uring *u)
{
    g_mutex_lock(&u->lock);
    u->plugged++;
    g_mutex_unlock(&u->lock);
}

void block_uring_unplug(struct block_uring *u)
{
    g_mutex_lock(&u->lock);
    if (!--u->plugged) {
        submit_locked(u);
    }
    g_mutex_unlock(&u->lock);
}

#else

struct block_uring *block_uring_new(void)
{
    return NULL;
}

void block_uring_free(struct block_uring *u)
{
}

bool block_uring_submit(struct block_uring *u, struct block_req *r)
{
    return false;
}

void block_uring_plug(struct block_uring *u)
{
}

void block_uring_unplug(struct block_uring *u)
{
}

void block_uring_reap(struct block_uring *u, int timeout_ms)
{
}

#endif
