/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <glib-unix.h>

#define NS_PER_S 1000000000

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_now_ns(struct clock *c)
{
    unsigned seq;
    int64_t now;

    if (c->kind == CLOCK_KIND_HOST) {
        return host_ns(CLOCK_REALTIME);
    }
    if (c->kind == CLOCK_KIND_REAL) {
        return host_ns(CLOCK_MONOTONIC);
    }
    if (c->count_ns) {
        return c->count_ns(c->count_opaque);
    }
    do {
        seq = atomic_load_explicit(&c->sequence, memory_order_acquire);
        now = atomic_load_explicit(&c->offset_ns, memory_order_relaxed);
        if (atomic_load_explicit(&c->running, memory_order_relaxed)) {
            now += host_ns(CLOCK_MONOTONIC);
        }
        atomic_thread_fence(memory_order_acquire);
    } while ((seq & 1) || seq != atomic_load_explicit(&c->sequence, memory_order_relaxed));
    return now;
}

/* ---- the heap ---- */

static struct timer *at(struct clock *c, unsigned slot)
{
    return c->timers->pdata[slot];
}

static void put(struct clock *c, unsigned slot, struct timer *t)
{
    c->timers->pdata[slot] = t;
    t->slot = slot;
}

static void sift_up(struct clock *c, unsigned slot)
{
    struct timer *t = at(c, slot);

    while (slot && at(c, (slot - 1) / 2)->deadline_ns > t->deadline_ns) {
        put(c, slot, at(c, (slot - 1) / 2));
        slot = (slot - 1) / 2;
    }
    put(c, slot, t);
}

static void sift_down(struct clock *c, unsigned slot)
{
    struct timer *t = at(c, slot);

    for (;;) {
        unsigned child = 2 * slot + 1;

        if (child + 1 < c->timers->len && at(c, child + 1)->deadline_ns < at(c, child)->deadline_ns) {
            child++;
        }
        if (child >= c->timers->len || at(c, child)->deadline_ns >= t->deadline_ns) {
            break;
        }
        put(c, slot, at(c, child));
        slot = child;
    }
    put(c, slot, t);
}

static void heap_remove(struct clock *c, struct timer *t)
{
    struct timer *last = at(c, c->timers->len - 1);
    unsigned slot = t->slot;

    g_ptr_array_set_size(c->timers, c->timers->len - 1);
    if (last != t) {
        put(c, slot, last);
        sift_up(c, slot);
        sift_down(c, last->slot);
    }
}

/* ---- waking the main loop ---- */

static int64_t first_deadline(struct clock *c)
{
    return c->timers->len ? at(c, 0)->deadline_ns : CLOCK_NEVER;
}

/* Sets timer_fd to the earliest deadline; clock mutex held. A deadline of a virtual clock that stands still is none. */
static void program(struct clock *c)
{
    int64_t deadline = first_deadline(c), host;
    struct itimerspec spec = { 0 };

    if (c->timer_fd < 0) {
        return;
    }
    if (c->kind == CLOCK_KIND_VIRTUAL && !atomic_load(&c->running)) {
        deadline = CLOCK_NEVER;
    }
    if (deadline == c->armed_ns) {
        return;
    }
    c->armed_ns = deadline;
    if (deadline != CLOCK_NEVER) {
        host = c->kind == CLOCK_KIND_VIRTUAL ? deadline - atomic_load(&c->offset_ns) : deadline;
        host = MAX(host, 1);    /* 0 would disarm */
        spec.it_value.tv_sec = host / NS_PER_S;
        spec.it_value.tv_nsec = host % NS_PER_S;
    }
    timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

static gboolean fd_ready(gint fd, GIOCondition condition, gpointer opaque)
{
    struct clock *c = opaque;
    uint64_t count;

    big_lock(c->lock);
    g_mutex_lock(&c->mutex);
    if (read(fd, &count, sizeof(count)) > 0) {
        c->armed_ns = CLOCK_NEVER;  /* it has fired; else it was re-armed meanwhile and nothing may be due */
    }
    g_mutex_unlock(&c->mutex);
    clock_run_due(c);
    big_unlock(c->lock);
    return G_SOURCE_CONTINUE;
}

bool clock_attach(struct clock *c, GMainContext *ctx, GError **err)
{
    c->timer_fd = timerfd_create(c->kind == CLOCK_KIND_HOST ? CLOCK_REALTIME : CLOCK_MONOTONIC,
                                 TFD_NONBLOCK | TFD_CLOEXEC);
    if (c->timer_fd < 0) {
        g_set_error(err, g_quark_from_static_string("clock"), 0, "cannot create a timer: %s", g_strerror(errno));
        return false;
    }
    c->source = g_unix_fd_source_new(c->timer_fd, G_IO_IN);
    g_source_set_callback(c->source, G_SOURCE_FUNC(fd_ready), c, NULL);
    g_source_set_priority(c->source, G_PRIORITY_HIGH);
    g_source_attach(c->source, ctx);
    g_mutex_lock(&c->mutex);
    program(c);
    g_mutex_unlock(&c->mutex);
    return true;
}

/* ---- clocks ---- */

void clock_init(struct clock *c, enum clock_kind kind, struct big_lock *lock)
{
    memset(c, 0, sizeof(*c));
    c->kind = kind;
    c->lock = lock;
    c->timer_fd = -1;
    c->armed_ns = CLOCK_NEVER;
    c->timers = g_ptr_array_new();
    g_mutex_init(&c->mutex);
}

void clock_free(struct clock *c)
{
    g_assert(!c->timers->len);
    if (c->source) {
        g_source_destroy(c->source);
        g_source_unref(c->source);
    }
    if (c->timer_fd >= 0) {
        close(c->timer_fd);
    }
    g_ptr_array_free(c->timers, true);
    g_mutex_clear(&c->mutex);
}

static void set_state(struct clock *c, bool running, int64_t now)
{
    g_mutex_lock(&c->mutex);
    atomic_fetch_add(&c->sequence, 1);
    atomic_store(&c->running, running);
    atomic_store(&c->offset_ns, running ? now - host_ns(CLOCK_MONOTONIC) : now);
    atomic_fetch_add(&c->sequence, 1);
    c->armed_ns = INT64_MIN;    /* in terms of another offset */
    program(c);
    g_mutex_unlock(&c->mutex);
}

void clock_stop(struct clock *c)
{
    if (atomic_load(&c->running)) {
        set_state(c, false, clock_now_ns(c));
    }
}

void clock_start(struct clock *c)
{
    if (!atomic_load(&c->running)) {
        set_state(c, true, atomic_load(&c->offset_ns));
    }
}

void clock_set_ns(struct clock *c, int64_t now_ns)
{
    g_assert(c->kind == CLOCK_KIND_VIRTUAL && !c->count_ns);
    set_state(c, atomic_load(&c->running), now_ns);
}

void clock_drive(struct clock *c, int64_t (*count_ns)(void *opaque), void (*changed)(void *opaque), void *opaque)
{
    g_assert(c->kind == CLOCK_KIND_VIRTUAL);
    g_mutex_lock(&c->mutex);
    c->count_ns = count_ns;
    c->deadline_changed = changed;
    c->count_opaque = opaque;
    if (c->source) {
        g_source_destroy(c->source);
        g_source_unref(c->source);
        c->source = NULL;
        close(c->timer_fd);
        c->timer_fd = -1;
    }
    g_mutex_unlock(&c->mutex);
}

int64_t clock_deadline_ns(struct clock *c)
{
    int64_t deadline;

    g_mutex_lock(&c->mutex);
    deadline = first_deadline(c);
    g_mutex_unlock(&c->mutex);
    return deadline;
}

/* The time is read once, so that a timer that re-arms itself for "now" lets the main loop breathe. */
void clock_run_due(struct clock *c)
{
    int64_t now = clock_now_ns(c);

    g_mutex_lock(&c->mutex);
    while (first_deadline(c) <= now) {
        struct timer *t = at(c, 0);

        heap_remove(c, t);
        t->deadline_ns = CLOCK_NEVER;
        g_mutex_unlock(&c->mutex);
        t->fire(t->opaque);
        g_mutex_lock(&c->mutex);
    }
    program(c);
    g_mutex_unlock(&c->mutex);
}

/* ---- timers ---- */

void timer_init(struct timer *t, struct clock *c, void (*fire)(void *opaque), void *opaque)
{
    *t = (struct timer) { .clock = c, .deadline_ns = CLOCK_NEVER, .fire = fire, .opaque = opaque };
}

void timer_set_ns(struct timer *t, int64_t deadline_ns)
{
    struct clock *c = t->clock;
    bool nearer;

    g_mutex_lock(&c->mutex);
    nearer = deadline_ns < first_deadline(c);
    if (t->deadline_ns != CLOCK_NEVER) {
        heap_remove(c, t);
    }
    t->deadline_ns = deadline_ns;
    if (deadline_ns != CLOCK_NEVER) {
        g_ptr_array_add(c->timers, t);
        sift_up(c, c->timers->len - 1);
    }
    program(c);
    g_mutex_unlock(&c->mutex);
    if (nearer && c->deadline_changed) {
        c->deadline_changed(c->count_opaque);
    }
}

void timer_stop(struct timer *t)
{
    if (t->clock) {
        timer_set_ns(t, CLOCK_NEVER);
    }
}

void timer_free(struct timer *t)
{
    timer_stop(t);
    memset(t, 0, sizeof(*t));
    t->deadline_ns = CLOCK_NEVER;
}

bool timer_armed(const struct timer *t)
{
    return t->deadline_ns != CLOCK_NEVER;
}

/* Whole seconds and the rest apart: the rest times a rate below 4 GHz fits in 64 bits, so no long division is needed in
 * what every read of a time register does. */

int64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz)
{
    uint64_t seconds = ticks / hz, rest = ticks % hz;

    g_assert(hz && hz <= UINT32_MAX);
    if (seconds >= INT64_MAX / NS_PER_S) {
        return CLOCK_NEVER;
    }
    /* Rounded up: at the result, clock_ns_to_ticks gives ticks. */
    return seconds * NS_PER_S + (rest * NS_PER_S + hz - 1) / hz;
}

uint64_t clock_ns_to_ticks(int64_t ns, uint64_t hz)
{
    uint64_t seconds = ns / NS_PER_S, rest = ns % NS_PER_S;

    g_assert(hz && hz <= UINT32_MAX && ns >= 0);
    return seconds * hz + rest * hz / NS_PER_S;
}
