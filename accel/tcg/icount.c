/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -icount: the virtual clock counts instructions, each 2^shift ns long; all vCPUs take turns on one thread (rr.c), so
 * one count is the machine's.
 *
 * A turn has a budget. A block pays for all its instructions when it is entered (tcg/host.h) and leaves when the budget
 * does not suffice; then the turn is over, or, where the budget ends at the deadline of a timer, a block of exactly the
 * rest is made and run. What a block has paid for and not completed is "ahead": the deoptimisation map says how much at
 * an MMIO access, and code stores it in front of a helper call. So the clock is exact wherever the guest can look at it.
 *
 * Everything that the guest sees follows from its own instructions: requests are looked at in front of every block
 * whichever way it is entered, timers fire on this thread between two instructions, and after a request to reset or
 * stop the machine nothing runs until the main loop has served it. A timer that is armed by a block's own MMIO for a time
 * inside that block fires at the block's end.
 *
 * An exception costs one instruction's time but retires nothing: so time goes on in a guest that only faults.
 */
#include "accel/tcg/tcg_impl.h"

#include <time.h>

#define NS_PER_MS 1000000
#define ALIGN_SLACK_NS (3 * NS_PER_MS)
#define AUTO_PERIOD_NS (100 * NS_PER_MS)
#define AUTO_WOBBLE_NS (10 * NS_PER_MS)

int64_t icount_host_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 * NS_PER_MS + ts.tv_nsec;
}

/* Instructions that the running block has paid for and not completed. */
static unsigned ahead(const struct accel_cpu *a)
{
    struct host_code code;
    unsigned insns;
    struct tb *tb;

    if (!a->in_code) {
        return 0;
    }
    if (a->tcg->interp) {
        return a->interp_tb->insns - MIN(a->interp_tb->insns, interp_insns(a->iscratch));
    }
    if (!a->site_ret) {
        return a->cpu->icount_ahead;
    }
    tb = cache_find(a->tcg, a->site_ret);
    g_assert(tb);
    tb_code_of(tb, &code);
    if (!host_rebuild(a->tcg->host, a->cpu, tb->rx, &code, a->site_ret, NULL, &insns)) {
        g_assert_not_reached();
    }
    return tb->insns - insns;
}

/* What the running turn has used up to now; its own thread. */
static int64_t used(const struct accel_cpu *a)
{
    return a->given - a->cpu->icount_left - ahead(a);
}

static int64_t count_ns(void *opaque)
{
    struct tcg *t = opaque;
    struct accel_cpu *a = atomic_load_explicit(&t->turn, memory_order_relaxed);
    int64_t ns = atomic_load_explicit(&t->base_ns, memory_order_relaxed);

    return a && g_thread_self() == t->rr_thread ? ns + (used(a) << t->shift) : ns;
}

static void deadline_changed(void *opaque)
{
    struct tcg *t = opaque;
    struct accel_cpu *a = atomic_load(&t->turn);

    if (a) {
        cpu_request(a->cpu, CPU_REQ_EXIT);
    }
    atomic_store(&t->deadline_moved, true);
    rr_wake(t);
}

void icount_init(struct tcg *t)
{
    const struct icount_options *o = &t->accel.m->opt.icount;

    t->shift = o->shift;
    clock_drive(&t->accel.m->virtual_clock, count_ns, deadline_changed, t);
}

uint64_t icount_retired(const struct accel_cpu *a)
{
    const struct tcg *t = a->tcg;
    bool running = atomic_load_explicit(&t->turn, memory_order_relaxed) == a && g_thread_self() == t->rr_thread;

    return a->retired + (running ? used(a) - a->traps : 0);
}

/* ---- turns ---- */

void icount_run_due(struct tcg *t)
{
    struct machine *m = t->accel.m;

    machine_lock(m);
    clock_run_due(&m->virtual_clock);
    machine_unlock(m);
}

void icount_begin(struct accel_cpu *a, int64_t slice)
{
    struct tcg *t = a->tcg;
    struct clock *c = &t->accel.m->virtual_clock;
    int64_t now = atomic_load(&t->base_ns), deadline = clock_deadline_ns(c), insns = INT64_MAX;

    if (deadline <= now) {
        icount_run_due(t);
        deadline = clock_deadline_ns(c);
    }
    if (deadline != CLOCK_NEVER) {
        /* Rounded up; at least one, so that a timer which re-arms itself for now doesn't stop the guest. */
        insns = deadline <= now ? 1 : ((deadline - now - 1) >> t->shift) + 1;
    }
    a->to_deadline = insns <= slice;
    a->given = MIN(insns, slice);
    a->cpu->icount_left = a->given;
    a->traps = 0;
}

int64_t icount_end(struct accel_cpu *a)
{
    struct tcg *t = a->tcg;
    int64_t n = a->given - a->cpu->icount_left;

    atomic_store(&t->base_ns, atomic_load(&t->base_ns) + (n << t->shift));
    a->retired += n - a->traps;
    a->given = a->cpu->icount_left = 0;
    a->traps = 0;
    return n;
}

void icount_trapped(struct accel_cpu *a)
{
    a->cpu->icount_left += (int64_t)ahead(a) - 1;
    a->traps++;
    a->in_code = false;
    a->site_ret = 0;
    a->cut = 0;
}

/* ---- real time ---- */

/* How far the guest is ahead of real time since the machine went on. */
static int64_t lead_ns(const struct tcg *t)
{
    return atomic_load(&t->base_ns) - t->start_ns - (icount_host_ns() - t->start_host_ns);
}

void icount_resumed(struct tcg *t)
{
    t->start_ns = atomic_load(&t->base_ns);
    t->start_host_ns = t->adjusted_host_ns = icount_host_ns();
    t->last_lead_ns = 0;
}

/* shift=auto: shorter instructions while the guest is ahead and getting further, longer ones while it falls back. */
static void adjust_shift(struct tcg *t)
{
    int64_t lead, now = icount_host_ns();

    if (now - t->adjusted_host_ns < AUTO_PERIOD_NS) {
        return;
    }
    lead = lead_ns(t);
    if (lead > AUTO_WOBBLE_NS && lead >= t->last_lead_ns && t->shift > 0) {
        t->shift--;
    } else if (lead < -AUTO_WOBBLE_NS && lead <= t->last_lead_ns && t->shift < ICOUNT_SHIFT_MAX) {
        t->shift++;
    }
    t->last_lead_ns = lead;
    t->adjusted_host_ns = now;
}

int64_t icount_pace(struct tcg *t)
{
    const struct icount_options *o = &t->accel.m->opt.icount;

    if (o->automatic) {
        adjust_shift(t);
    }
    if (o->align) {
        int64_t lead = lead_ns(t);

        return lead > ALIGN_SLACK_NS ? lead : 0;
    }
    return 0;
}

void icount_info(struct tcg *t, GString *out)
{
    int64_t lead = lead_ns(t);

    g_string_append_printf(out, "icount: shift %u, virtual time %.9f s, the guest is %.3f s %s real time\n", t->shift,
                           atomic_load(&t->base_ns) / 1e9, (lead < 0 ? -lead : lead) / 1e9,
                           lead < 0 ? "behind" : "ahead of");
}
