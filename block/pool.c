/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Worker threads of a backend, for what waits: formats, and all I/O where there is no io_uring. A thread is made
 * when a request finds none idle, up to WORKERS_MAX, and stays until the backend is closed.
 */
#include "block/block_impl.h"

#define WORKERS_MAX 16

struct block_pool {
    GMutex lock;                     /* guards all below */
    GCond work;
    struct block_req *first, **end;  /* the queue */
    GThread *threads[WORKERS_MAX];
    int count, idle, queued;         /* idle counts threads that have been signalled and do not run yet, too */
    bool stop;
};

static gpointer worker(gpointer opaque)
{
    struct block_pool *p = opaque;

    g_mutex_lock(&p->lock);
    for (;;) {
        struct block_req *r = p->first;

        if (r) {
            p->first = r->next;
            p->queued--;
            if (!p->first) {
                p->end = &p->first;
            }
            g_mutex_unlock(&p->lock);
            block_req_run(r);
            g_mutex_lock(&p->lock);
        } else if (p->stop) {
            break;
        } else {
            p->idle++;
            g_cond_wait(&p->work, &p->lock);
            p->idle--;
        }
    }
    g_mutex_unlock(&p->lock);
    return NULL;
}

struct block_pool *block_pool_new(void)
{
    struct block_pool *p = g_new0(struct block_pool, 1);

    g_mutex_init(&p->lock);
    g_cond_init(&p->work);
    p->end = &p->first;
    return p;
}

void block_pool_free(struct block_pool *p)
{
    g_mutex_lock(&p->lock);
    p->stop = true;
    g_cond_broadcast(&p->work);
    g_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++) {
        g_thread_join(p->threads[i]);
    }
    g_cond_clear(&p->work);
    g_mutex_clear(&p->lock);
    g_free(p);
}

void block_pool_push(struct block_pool *p, struct block_req *r)
{
    g_mutex_lock(&p->lock);
    r->next = NULL;
    *p->end = r;
    p->end = &r->next;
    p->queued++;
    if (p->idle >= p->queued) {
        g_cond_signal(&p->work);
    } else if (p->count < WORKERS_MAX) {
        p->threads[p->count++] = g_thread_new("block", worker, p);
    }
    g_mutex_unlock(&p->lock);
}
