/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads, and processes. Each of the two does the whole work of the one, so that with two real CPUs mt-two takes as long as
 * mt-one; the contended pieces show what sharing a line or a lock costs, the processes what the kernel's own sharing does:
 * page faults, address spaces, new programs.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "work.h"

static uint64_t shared_counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long locked_counter;

static void *mix(void *arg)
{
    uint64_t *out = arg, state[64], sum = 0;

    for (int i = 0; i < 64; i++) {
        state[i] = i * 0x9e3779b97f4a7c15ull;
    }
    for (long i = 0; i < 400000000; i++) {
        uint64_t *s = &state[i & 63];
        sum += *s >> 7;
        *s = *s * 5 + sum;
    }
    *out = sum;
    return NULL;
}

static void *add_atomically(void *arg)
{
    for (long i = 0; i < 20000000; i++) {
        __atomic_fetch_add(&shared_counter, 1, __ATOMIC_SEQ_CST);
    }
    return arg;
}

static void *take_lock(void *arg)
{
    for (long i = 0; i < 5000000; i++) {
        pthread_mutex_lock(&lock);
        locked_counter++;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static double run_threads(void *(*work)(void *), int count)
{
    pthread_t thread[2];
    uint64_t result[2 * 8] = { 0 };   /* a line for each */

    for (int i = 0; i < count; i++) {
        pthread_create(&thread[i], NULL, work, &result[i * 8]);
    }
    for (int i = 0; i < count; i++) {
        pthread_join(thread[i], NULL);
    }
    return (double)(uint32_t)(result[0] + result[8]);
}

static void touch_pages(void)
{
    enum { PAGES = 512 };

    for (int round = 0; round < 120; round++) {
        char *p = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < PAGES; i++) {
            p[i * 4096] = 1;
        }
        munmap(p, PAGES * 4096);
    }
}

static void fork_children(void)
{
    for (int i = 0; i < 400; i++) {
        pid_t child = fork();
        if (child == 0) {
            execl("/bench/work", "work", "true", NULL);
            _exit(1);
        }
        waitpid(child, NULL, 0);
    }
}

static double run_processes(void (*work)(void), int count)
{
    int status, good = 0;

    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            work();
            _exit(0);
        }
    }
    for (int i = 0; i < count; i++) {
        good += wait(&status) > 0 && status == 0;
    }
    return good;
}

static double one(void) { return run_threads(mix, 1); }
static double two(void) { return run_threads(mix, 2); }
static double atomic_one(void) { return run_threads(add_atomically, 1); }
static double atomic_two(void) { return run_threads(add_atomically, 2); }
static double lock_one(void) { return run_threads(take_lock, 1); }
static double lock_two(void) { return run_threads(take_lock, 2); }
static double faults_one(void) { return run_processes(touch_pages, 1); }
static double faults_two(void) { return run_processes(touch_pages, 2); }
static double exec_one(void) { return run_processes(fork_children, 1); }
static double exec_two(void) { return run_processes(fork_children, 2); }

const struct work mt_work[] = {
    { "mt-one", one }, { "mt-two", two }, { "mt-atomic-one", atomic_one }, { "mt-atomic-two", atomic_two },
    { "mt-lock-one", lock_one }, { "mt-lock-two", lock_two }, { "mt-faults-one", faults_one },
    { "mt-faults-two", faults_two }, { "mt-exec-one", exec_one }, { "mt-exec-two", exec_two }, { NULL, NULL },
};
