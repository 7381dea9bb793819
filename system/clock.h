/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's clocks and the timers on them. A timer runs on the main loop thread under the machine lock, once, at or
 * after its deadline; it may re-arm itself. Under -icount the virtual clock is driven by the accelerator, which then
 * also runs that clock's timers (clock_run_due) when the instruction count has reached clock_deadline_ns.
 */
#ifndef SYSTEM_CLOCK_H
#define SYSTEM_CLOCK_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/lock.h"

enum clock_kind {
    CLOCK_KIND_VIRTUAL,     /* ns since the machine's start; stands still while the machine is stopped */
    CLOCK_KIND_HOST,        /* wall clock: ns since 1970 UTC (-rtc base and offset are the RTC's business) */
    CLOCK_KIND_REAL,        /* host monotonic ns: runs while the machine is stopped (displays, time-outs) */
};

#define CLOCK_NEVER INT64_MAX

struct clock {
    enum clock_kind kind;
    struct big_lock *lock;          /* the machine's: held while timers run */
    GMutex mutex;                   /* guards the timers */
    GPtrArray *timers;              /* armed ones: a binary heap by deadline */
    int timer_fd;                   /* wakes the main loop; -1: the accelerator drives this clock, or not attached */
    int64_t armed_ns;               /* what timer_fd is set to, as a time of this clock */
    GSource *source;
    /* CLOCK_KIND_VIRTUAL: now = host monotonic + offset_ns while running, else offset_ns */
    _Atomic unsigned sequence;      /* odd while the two below change */
    _Atomic int64_t offset_ns;
    _Atomic bool running;
    int64_t (*count_ns)(void *opaque);  /* the instruction count as ns instead (-icount) */
    void (*deadline_changed)(void *opaque);
    void *count_opaque;             /* for both */
};

void clock_init(struct clock *c, enum clock_kind kind, struct big_lock *lock);
/* No timer may be armed. */
void clock_free(struct clock *c);

/* Lets the main loop of ctx run the timers. False and *err without a free file descriptor. */
bool clock_attach(struct clock *c, GMainContext *ctx, GError **err);

/* Any thread, no lock. */
int64_t clock_now_ns(struct clock *c);

/* The virtual clock stops and goes on; at the same value. Machine lock. */
void clock_stop(struct clock *c);
void clock_start(struct clock *c);
/* Sets a virtual clock (device tests; loading a snapshot). Does not run timers. */
void clock_set_ns(struct clock *c, int64_t now_ns);

/* From now on count_ns (any thread; never goes back) is the time of this virtual clock, and the main loop no longer
 * runs its timers. changed is called, from any thread with no lock of the clock held, when the earliest deadline comes
 * nearer: the accelerator shortens its budget. Before any vCPU runs. */
void clock_drive(struct clock *c, int64_t (*count_ns)(void *opaque), void (*changed)(void *opaque), void *opaque);

/* The earliest deadline, CLOCK_NEVER where no timer is armed. Any thread. */
int64_t clock_deadline_ns(struct clock *c);

/* Runs every timer whose deadline is not after now. Machine lock. */
void clock_run_due(struct clock *c);

/* A timer, in its owner's memory. deadline_ns is what a snapshot saves. */
struct timer {
    struct clock *clock;
    int64_t deadline_ns;            /* CLOCK_NEVER: not armed */
    void (*fire)(void *opaque);
    void *opaque;
    unsigned slot;                  /* in the heap */
};

void timer_init(struct timer *t, struct clock *c, void (*fire)(void *opaque), void *opaque);
/* Disarms it too. After this (called under the machine lock) it can't fire. */
void timer_free(struct timer *t);
/* Arms or re-arms at a time of its clock; a time in the past fires at once (not from within this call); CLOCK_NEVER
 * disarms. Any thread. */
void timer_set_ns(struct timer *t, int64_t deadline_ns);
void timer_stop(struct timer *t);
bool timer_armed(const struct timer *t);

/* ticks * 1e9 / hz rounded up (CLOCK_NEVER where that is too far), and ns * hz / 1e9, for rates below 4.29 GHz and
 * times that are not negative. */
int64_t clock_ticks_to_ns(uint64_t ticks, uint64_t hz);
uint64_t clock_ns_to_ticks(int64_t ns, uint64_t hz);

#endif
