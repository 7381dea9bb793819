/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/lock.h"

void big_lock_init(struct big_lock *l)
{
    g_mutex_init(&l->mutex);
    l->owner = NULL;
    l->depth = 0;
}

void big_lock_free(struct big_lock *l)
{
    g_assert(!l->depth);
    g_mutex_clear(&l->mutex);
}

bool big_lock_held(const struct big_lock *l)
{
    return g_atomic_pointer_get((GThread **)&l->owner) == g_thread_self();
}

static void take(struct big_lock *l)
{
    g_atomic_pointer_set(&l->owner, g_thread_self());
    l->depth = 1;
}

void big_lock(struct big_lock *l)
{
    if (big_lock_held(l)) {
        l->depth++;
        return;
    }
    g_mutex_lock(&l->mutex);
    take(l);
}

bool big_trylock(struct big_lock *l)
{
    if (big_lock_held(l)) {
        l->depth++;
        return true;
    }
    if (!g_mutex_trylock(&l->mutex)) {
        return false;
    }
    take(l);
    return true;
}

void big_unlock(struct big_lock *l)
{
    g_assert(big_lock_held(l));
    if (--l->depth) {
        return;
    }
    g_atomic_pointer_set(&l->owner, NULL);
    g_mutex_unlock(&l->mutex);
}

bool big_lock_wait(struct big_lock *l, GCond *cond, gint64 until)
{
    unsigned depth = l->depth;
    bool ok = true;

    g_assert(big_lock_held(l));
    l->depth = 0;
    g_atomic_pointer_set(&l->owner, NULL);
    if (until < 0) {
        g_cond_wait(cond, &l->mutex);
    } else {
        ok = g_cond_wait_until(cond, &l->mutex, until);
    }
    take(l);
    l->depth = depth;
    return ok;
}
