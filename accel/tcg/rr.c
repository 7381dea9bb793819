/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All vCPUs on one thread, in turns: -accel tcg,thread=single, and always under -icount.
 *
 * A turn ends when its slice is used up, the CPU halts or yields, or (without -icount) the kick timer says so. The next
 * CPU that has something to do follows, in the order of their numbers. While none has, the thread sleeps; under -icount
 * the clock meanwhile goes on to the next deadline: with real time (sleep=on) or at once (sleep=off).
 *
 * Under -icount nothing here may depend on host time, but for what comes from outside. In particular a request that
 * other threads make of a halted CPU is served without touching the order of turns.
 */
#include <unistd.h>

#include "accel/tcg/tcg_impl.h"

#define SLICE_INSNS (1 << 13)           /* with -icount: how long others wait for an answer, in instructions */
#define SLICE_INSNS_ALONE (1 << 20)     /* one CPU: how old the clock is that other threads see */
#define KICK_NS 10000000

void rr_wake(struct tcg *t)
{
    if (atomic_load(&t->rr_sleeping)) {
        g_mutex_lock(&t->rr_mutex);
        g_cond_broadcast(&t->rr_cond);
        g_mutex_unlock(&t->rr_mutex);
    }
}

void rr_requested(struct tcg *t)
{
    struct accel_cpu *a = atomic_load(&t->turn);

    if (a && g_thread_self() == t->rr_thread) {
        cpu_request(a->cpu, CPU_REQ_EXIT);
    }
    rr_wake(t);
}

static bool has_orders(const struct accel_cpu *a)
{
    return atomic_load(&a->cpu->request) & ~CPU_REQ_IRQ;
}

static bool may_run(const struct accel_cpu *a)
{
    return !a->debug_stop && (!a->cpu->halted || a->cpu->type->has_work(a->cpu));
}

/* ---- sleeping ---- */

static bool wanted(struct tcg *t)
{
    if (!atomic_load(&t->resumed) || machine_requested(t->accel.m) || atomic_load(&t->deadline_moved)) {
        return true;
    }
    for (unsigned i = 0; i < t->cpus->len; i++) {
        if (may_run(t->cpus->pdata[i]) || has_orders(t->cpus->pdata[i])) {
            return true;
        }
    }
    return false;
}

/* Until somebody wants something, or for at most ns (-1: for ever); false: the time is over. */
static bool wait_wanted(struct tcg *t, int64_t ns)
{
    gint64 until = g_get_monotonic_time() + (ns + 999) / 1000;
    bool in_time = true;

    g_mutex_lock(&t->rr_mutex);
    atomic_store(&t->rr_sleeping, true);
    while (in_time && !wanted(t)) {
        if (ns < 0) {
            g_cond_wait(&t->rr_cond, &t->rr_mutex);
        } else {
            in_time = g_cond_wait_until(&t->rr_cond, &t->rr_mutex, until);
        }
    }
    atomic_store(&t->rr_sleeping, false);
    g_mutex_unlock(&t->rr_mutex);
    return in_time;
}

/* -icount align=on: lets real time catch up; a stop is heard, whatever else others want can wait so long. */
static void wait_paced(struct tcg *t, int64_t ns)
{
    gint64 until = g_get_monotonic_time() + ns / 1000;

    g_mutex_lock(&t->rr_mutex);
    atomic_store(&t->rr_sleeping, true);
    while (atomic_load(&t->resumed) && !machine_requested(t->accel.m) &&
           g_cond_wait_until(&t->rr_cond, &t->rr_mutex, until)) {
    }
    atomic_store(&t->rr_sleeping, false);
    g_mutex_unlock(&t->rr_mutex);
}

/* No CPU has anything to do. */
static void idle(struct tcg *t)
{
    struct machine *m = t->accel.m;
    int64_t now = atomic_load(&t->base_ns), left, start;

    atomic_store(&t->deadline_moved, false);
    left = t->env.icount ? clock_deadline_ns(&m->virtual_clock) : CLOCK_NEVER;
    if (left == CLOCK_NEVER) {
        wait_wanted(t, -1);
        return;
    }
    left = MAX(left - now, 0);
    if (m->opt.icount.sleep && left) {
        start = icount_host_ns();
        if (wait_wanted(t, left)) {
            left = MIN(left, icount_host_ns() - start);
        }
    }
    atomic_store(&t->base_ns, now + left);
    icount_run_due(t);
}

/* ---- turns ---- */

/* Main loop thread. */
static void kick(void *opaque)
{
    struct tcg *t = opaque;
    struct accel_cpu *a = atomic_load(&t->turn);

    if (a) {
        atomic_store(&t->kicked, true);
        cpu_request(a->cpu, CPU_REQ_EXIT);
    }
}

static void run(struct accel_cpu *a)
{
    struct tcg *t = a->tcg;

    a->turn_over = false;
    atomic_store(&t->turn, a);
    cpu_unpark(a);
    cpu_run(a);
    cpu_park(a);
    atomic_store(&t->turn, NULL);
}

static void turn_counted(struct accel_cpu *a)
{
    struct tcg *t = a->tcg;
    int64_t pause = icount_pace(t);

    if (pause) {
        wait_paced(t, pause);
    }
    icount_begin(a, t->slice_left);
    run(a);
    t->slice_left -= icount_end(a);
}

static void turn(struct accel_cpu *a)
{
    struct tcg *t = a->tcg;

    if (t->env.icount) {
        turn_counted(a);
    } else {
        if (t->cpus->len > 1 && !timer_armed(&t->kick)) {
            timer_set_ns(&t->kick, clock_now_ns(t->kick.clock) + KICK_NS);
        }
        run(a);
        t->slice_left = !atomic_exchange(&t->kicked, false);
    }
    if (a->turn_over || a->cpu->halted) {
        t->slice_left = 0;
    }
}

/* Runs what others have queued for CPUs that do not run themselves. */
static void serve_halted(struct tcg *t)
{
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        if (has_orders(a) && !may_run(a)) {
            a->given = a->cpu->icount_left = 0;
            run(a);
        }
    }
}

static void step(struct tcg *t)
{
    unsigned n = t->cpus->len;

    serve_halted(t);
    if (t->slice_left <= 0) {
        t->rr_next = (t->rr_next + 1) % n;
        t->slice_left = n > 1 ? SLICE_INSNS : SLICE_INSNS_ALONE;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned k = (t->rr_next + i) % n;

        if (may_run(t->cpus->pdata[k])) {
            if (i) {
                t->rr_next = k;
                t->slice_left = SLICE_INSNS;
            }
            turn(t->cpus->pdata[k]);
            return;
        }
    }
    idle(t);
}

/* ---- the thread ---- */

static void stop_all(struct tcg *t)
{
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        cpu_run_work(a);
        a->stopped = true;
    }
    g_cond_broadcast(&t->parked);
}

static void *rr_main(void *opaque)
{
    struct tcg *t = opaque;
    struct machine *m = t->accel.m;
    bool running = false;

    machine_lock(m);
    t->rr_tid = gettid();
    while (!t->rr_quit) {
        if (!atomic_load(&t->resumed) || machine_requested(m)) {
            running = false;
            stop_all(t);
            big_lock_wait(&m->lock, &t->rr_resume, -1);
            continue;
        }
        for (unsigned i = 0; i < t->cpus->len; i++) {
            struct accel_cpu *a = t->cpus->pdata[i];

            a->stopped = false;
        }
        if (!running && t->env.icount) {
            icount_resumed(t);
        }
        running = true;
        machine_unlock(m);
        step(t);
        machine_lock(m);
    }
    stop_all(t);
    machine_unlock(m);
    return NULL;
}

void rr_start(struct tcg *t)
{
    timer_init(&t->kick, &t->accel.m->real_clock, kick, t);
    t->rr_next = -1u;
    t->rr_thread = g_thread_new("cpus/tcg", rr_main, t);
}

void rr_stop(struct tcg *t)
{
    struct machine *m = t->accel.m;

    t->rr_quit = true;
    atomic_store(&t->resumed, false);
    g_cond_broadcast(&t->rr_resume);
    rr_wake(t);
    machine_unlock(m);
    g_thread_join(t->rr_thread);
    machine_lock(m);
    t->rr_thread = NULL;
    timer_free(&t->kick);
}
