/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The code cache: the same memory mapped twice, so that no page is ever writable and executable at once. It is cut into
 * segments. Each vCPU translates into an open segment of its own; a full one is sealed (its writable view's pages are
 * dropped from this process's resident set). When free segments run out the oldest sealed one is drained: its blocks
 * are taken out of hash, links and jump caches, and once every vCPU has been parked nobody can be in it any more.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/tcg/tcg_impl.h"

bool cache_init(struct tcg *t, size_t bytes, GError **err)
{
    struct code_cache *c = &t->cache;

    c->bytes = MAX(bytes / SEGMENT_BYTES, 4) * SEGMENT_BYTES;
    /* Shared anonymous memory, which perf takes for generated code (a memfd's name it would look for on disk); mremap from
     * size 0 maps it once more. */
    c->rw = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    c->rx = c->rw == MAP_FAILED ? MAP_FAILED : mremap(c->rw, 0, c->bytes, MREMAP_MAYMOVE);
    if (c->rx == MAP_FAILED || mprotect((void *)c->rx, c->bytes, PROT_READ | PROT_EXEC)) {
        goto fail;
    }
    c->nsegs = c->bytes / SEGMENT_BYTES;
    c->segs = g_new0(struct segment, c->nsegs);
    for (unsigned i = 0; i < c->nsegs; i++) {
        c->segs[i].tbs = g_malloc(SEGMENT_TBS_MAX * sizeof(struct tb *));
        c->segs[i].ends = g_malloc(SEGMENT_TBS_MAX * sizeof(uint32_t));
    }
    return true;

fail:
    g_set_error(err, g_quark_from_static_string("tcg"), 0, "-accel tcg: no %zu MiB of executable memory: %s",
                c->bytes >> 20, g_strerror(errno));
    return false;
}

static void free_tbs(struct segment *s)
{
    for (unsigned i = 0; i < s->ntbs; i++) {
        struct tb *tb = s->tbs[i];

        if (tb->ir) {
            ir_free(tb->ir);
        }
        g_free(tb);
    }
    atomic_store(&s->ntbs, 0);
}

void cache_free(struct tcg *t)
{
    struct code_cache *c = &t->cache;

    for (unsigned i = 0; i < c->nsegs; i++) {
        free_tbs(&c->segs[i]);
        g_free(c->segs[i].tbs);
        g_free(c->segs[i].ends);
    }
    g_free(c->segs);
    if (c->rw) {
        munmap(c->rw, c->bytes);
        munmap((void *)c->rx, c->bytes);
    }
}

static uint8_t *segment_rw(struct code_cache *c, struct segment *s)
{
    return c->rw + (s - c->segs) * SEGMENT_BYTES;
}

static const uint8_t *segment_rx(struct code_cache *c, struct segment *s)
{
    return c->rx + (s - c->segs) * SEGMENT_BYTES;
}

/* Asks the kernel for the next pages to be written, all at once: a fault for each of them costs more than the rest of what
 * is done for a block. */
static void back(struct code_cache *c, struct segment *s, size_t upto)
{
    size_t end = MIN((upto + SEGMENT_STEP - 1) / SEGMENT_STEP * SEGMENT_STEP, SEGMENT_BYTES);

    if (end > s->backed) {
        madvise(segment_rw(c, s) + s->backed, end - s->backed, MADV_POPULATE_WRITE);    /* older kernels refuse: no harm */
        s->backed = end;
    }
}

static unsigned segment_start(struct code_cache *c, struct segment *s)
{
    return s == c->segs ? (c->thunk_bytes + 63) & ~(size_t)63 : 0;
}

static void seal(struct tcg *t, struct segment *s)
{
    s->state = SEG_SEALED;
    s->order = ++t->cache.orders;
    madvise(segment_rw(&t->cache, s), SEGMENT_BYTES, MADV_DONTNEED);
}

static void drain_oldest(struct tcg *t)
{
    struct code_cache *c = &t->cache;
    struct segment *old = NULL;

    for (unsigned i = 0; i < c->nsegs; i++) {
        if (c->segs[i].state == SEG_SEALED && (!old || c->segs[i].order < old->order)) {
            old = &c->segs[i];
        }
    }
    if (!old) {
        return;
    }
    for (unsigned i = 0; i < old->ntbs; i++) {
        tb_kill(t, old->tbs[i]);
    }
    old->state = SEG_DRAINING;
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        atomic_store(&a->flush_jumps, true);
    }
    old->drain_epoch = safepoint_begin(t);
    t->recycled++;
}

/* A free segment, opened; NULL where all are still in use by somebody. */
static struct segment *open_one(struct tcg *t, struct accel_cpu *self)
{
    struct code_cache *c = &t->cache;
    struct segment *found = NULL;
    unsigned spare = 0;

    for (unsigned i = 0; i < c->nsegs; i++) {
        struct segment *s = &c->segs[i];

        if (s->state == SEG_DRAINING && safepoint_passed(t, s->drain_epoch, self)) {
            free_tbs(s);
            s->state = SEG_FREE;
        }
        spare += s->state == SEG_FREE || s->state == SEG_DRAINING;
        if (s->state == SEG_FREE && !found) {
            found = s;
        }
    }
    if (spare < 2) {
        drain_oldest(t);
    }
    if (found) {
        found->state = SEG_OPEN;
        found->used = segment_start(c, found);
        found->backed = 0;
    }
    return found;
}

struct host_buf cache_room(struct accel_cpu *a, size_t min)
{
    struct tcg *t = a->tcg;
    struct code_cache *c = &t->cache;

    while (!a->seg || a->seg->used + min > SEGMENT_BYTES || a->seg->ntbs == SEGMENT_TBS_MAX) {
        g_mutex_lock(&t->tb_lock);
        if (a->seg) {
            seal(t, a->seg);
            a->seg = NULL;
        }
        a->seg = open_one(t, a);
        g_mutex_unlock(&t->tb_lock);
        if (!a->seg) {
            safepoint_wait(t, a);
        }
    }
    back(c, a->seg, a->seg->used + min / 2);
    return (struct host_buf) {
        .rw = segment_rw(c, a->seg) + a->seg->used,
        .rx = (uint8_t *)segment_rx(c, a->seg) + a->seg->used,
        .size = SEGMENT_BYTES - a->seg->used,
    };
}

void cache_take(struct accel_cpu *a, struct tb *tb, size_t bytes)
{
    a->seg->used = (a->seg->used + bytes + 15) & ~(size_t)15;
    a->seg->tbs[a->seg->ntbs] = tb;
    a->seg->ends[a->seg->ntbs] = (uint32_t)(tb->rx + tb->code_bytes - segment_rx(&a->tcg->cache, a->seg));
    atomic_store_explicit(&a->seg->ntbs, a->seg->ntbs + 1, memory_order_release);
}

struct tb *cache_find(struct tcg *t, uintptr_t p)
{
    struct code_cache *c = &t->cache;
    uintptr_t off = p - (uintptr_t)c->rx;
    struct segment *s;
    unsigned lo = 0, hi;

    if (off >= c->bytes) {
        return NULL;
    }
    s = &c->segs[off / SEGMENT_BYTES];
    hi = atomic_load_explicit(&s->ntbs, memory_order_acquire);
    off %= SEGMENT_BYTES;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;

        if (s->ends[mid] < off) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo < s->ntbs) {
        struct tb *tb = s->tbs[lo];

        return p >= (uintptr_t)tb->rx ? tb : NULL;
    }
    return NULL;
}

void cache_flush(struct tcg *t)
{
    struct code_cache *c = &t->cache;

    g_mutex_lock(&t->tb_lock);
    for (unsigned i = 0; i < c->nsegs; i++) {
        struct segment *s = &c->segs[i];

        for (unsigned k = 0; k < s->ntbs; k++) {
            tb_kill(t, s->tbs[k]);
        }
        free_tbs(s);
        s->used = segment_start(c, s);
        if (s->state != SEG_OPEN) {
            s->state = SEG_FREE;
        }
    }
    g_mutex_unlock(&t->tb_lock);
    for (unsigned i = 0; i < t->cpus->len; i++) {
        jump_cache_clear(t->cpus->pdata[i]);
    }
}
