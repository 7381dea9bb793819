/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel at work: system calls, processes, faults, files, signals. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "work.h"

static double calls(void)
{
    long sum = 0;

    for (int i = 0; i < 800000; i++) {
        sum += syscall(SYS_getuid);
    }
    return sum;
}

/* Two processes pass a byte to and fro. */
static double ping_pong(void)
{
    enum { TURNS = 12000 };
    int there[2], back[2];
    long done = 0;
    char byte = 'x';

    if (pipe(there) < 0 || pipe(back) < 0) {
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < TURNS && read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1; i++) {
        }
        _exit(0);
    }
    for (int i = 0; i < TURNS; i++) {
        done += write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1;
    }
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
    return done;
}

/* First touches of fresh pages. */
static double faults(void)
{
    enum { BYTES = 8 << 20, PAGE = 4096 };
    long sum = 0;

    for (int round = 0; round < 45; round++) {
        char *m = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (m == MAP_FAILED) {
            return -1;
        }
        madvise(m, BYTES, MADV_NOHUGEPAGE);
        for (long i = 0; i < BYTES; i += PAGE) {
            m[i] = i;
        }
        sum += m[PAGE];
        munmap(m, BYTES);
    }
    return sum;
}

static double forks(void)
{
    long sum = 0;

    for (int i = 0; i < 1200; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            _exit(i & 7);
        }
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static double programs(void)
{
    long good = 0;

    for (int i = 0; i < 450; i++) {
        int status = 1;
        pid_t child = fork();
        if (child == 0) {
            execl("/bench/work", "work", "true", (char *)NULL);
            _exit(1);
        }
        waitpid(child, &status, 0);
        good += status == 0;
    }
    return good;
}

static double files(void)
{
    static char block[8192];
    long sum = 0;

    for (int i = 0; i < 9000; i++) {
        char name[32];
        struct stat st;
        snprintf(name, sizeof(name), "/tmp/file-%d", i % 40);
        int fd = open(name, O_CREAT | O_RDWR | (i % 3 ? 0 : O_TRUNC), 0644);
        if (fd < 0 || write(fd, block, sizeof(block)) != sizeof(block) || fstat(fd, &st) < 0) {
            return -1;
        }
        sum += st.st_size;
        close(fd);
        if (i % 5 == 0) {
            unlink(name);
        }
    }
    return sum;
}

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
    caught += number == SIGUSR2;
}

static double signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGUSR2, &action, NULL);
    for (int i = 0; i < 70000; i++) {
        kill(getpid(), SIGUSR2);
    }
    return caught;
}

const struct work sys_work[] = {
    { "sys-calls", calls }, { "sys-pingpong", ping_pong }, { "sys-faults", faults }, { "sys-forks", forks },
    { "sys-programs", programs }, { "sys-files", files }, { "sys-signals", signals }, { NULL, NULL },
};
