/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Only in builds with the thread sanitizer: tells it what GLib's locks do. GMutex and GCond are made of futexes in a library
 * that is not instrumented, so to the sanitizer they order nothing, and every structure behind a GMutex would be a race.
 * These functions come before GLib's in the linker's eyes; each calls GLib's own between two notes to the sanitizer.
 *
 * GRecMutex, GRWLock and GThread are made of pthreads, which the sanitizer sees by itself.
 */
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!__atomic_load_n(&real, __ATOMIC_RELAXED)) { \
        __atomic_store_n(&real, (__typeof__(name) *)dlsym(RTLD_NEXT, #name), __ATOMIC_RELAXED); \
    }

void g_mutex_lock(GMutex *mutex)
{
    REAL(g_mutex_lock)
    __tsan_mutex_pre_lock(mutex, __tsan_mutex_linker_init);
    real(mutex);
    __tsan_mutex_post_lock(mutex, __tsan_mutex_linker_init, 0);
}

gboolean g_mutex_trylock(GMutex *mutex)
{
    gboolean got;

    REAL(g_mutex_trylock)
    __tsan_mutex_pre_lock(mutex, __tsan_mutex_linker_init | __tsan_mutex_try_lock);
    got = real(mutex);
    __tsan_mutex_post_lock(mutex, __tsan_mutex_linker_init | (got ? __tsan_mutex_try_lock : __tsan_mutex_try_lock_failed),
                           0);
    return got;
}

void g_mutex_unlock(GMutex *mutex)
{
    REAL(g_mutex_unlock)
    __tsan_mutex_pre_unlock(mutex, 0);
    real(mutex);
    __tsan_mutex_post_unlock(mutex, 0);
}

void g_mutex_clear(GMutex *mutex)
{
    REAL(g_mutex_clear)
    real(mutex);
    __tsan_mutex_destroy(mutex, __tsan_mutex_linker_init);
}

/* A wait gives the mutex up and takes it again. */
void g_cond_wait(GCond *cond, GMutex *mutex)
{
    REAL(g_cond_wait)
    __tsan_mutex_pre_unlock(mutex, 0);
    __tsan_mutex_post_unlock(mutex, 0);
    real(cond, mutex);
    __tsan_mutex_pre_lock(mutex, 0);
    __tsan_mutex_post_lock(mutex, 0, 0);
}

gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
    gboolean woken;

    REAL(g_cond_wait_until)
    __tsan_mutex_pre_unlock(mutex, 0);
    __tsan_mutex_post_unlock(mutex, 0);
    woken = real(cond, mutex, end_time);
    __tsan_mutex_pre_lock(mutex, 0);
    __tsan_mutex_post_lock(mutex, 0, 0);
    return woken;
}

/* What was done before a push is seen after the pop. */
void g_async_queue_push(GAsyncQueue *queue, gpointer data)
{
    REAL(g_async_queue_push)
    __tsan_release(queue);
    real(queue, data);
}

gpointer g_async_queue_pop(GAsyncQueue *queue)
{
    gpointer data;

    REAL(g_async_queue_pop)
    data = real(queue);
    __tsan_acquire(queue);
    return data;
}

gpointer g_async_queue_try_pop(GAsyncQueue *queue)
{
    gpointer data;

    REAL(g_async_queue_try_pop)
    data = real(queue);
    __tsan_acquire(queue);
    return data;
}
