/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lock of one machine: devices, the memory tree, run state. The main loop holds it while it dispatches, a vCPU
 * takes it for an MMIO access (system/memory.h). It may be taken again by the thread that holds it, because a device's
 * DMA may reach another device.
 */
#ifndef SYSTEM_LOCK_H
#define SYSTEM_LOCK_H

#include <glib.h>
#include <stdbool.h>

struct big_lock {
    GMutex mutex;
    GThread *owner;     /* atomic; only the owner itself can see its own name here */
    unsigned depth;     /* of the owner */
};

void big_lock_init(struct big_lock *l);
void big_lock_free(struct big_lock *l);

void big_lock(struct big_lock *l);

/* Takes the lock only where that needs no wait. A vCPU that gets false counts itself as parked, then calls big_lock. */
bool big_trylock(struct big_lock *l);

void big_unlock(struct big_lock *l);

/* Does the calling thread hold it? */
bool big_lock_held(const struct big_lock *l);

/* Waits on cond with the lock (held, at whatever depth) released meanwhile; until < 0 waits for ever, else it is a
 * g_get_monotonic_time() in us. False at the time-out. */
bool big_lock_wait(struct big_lock *l, GCond *cond, gint64 until);

#endif
