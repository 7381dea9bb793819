/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * work GROUP [NAME]      runs a group of the tables, or one piece of it
 * work disk DEVICE       disk passes on a block device
 * work time NAME CMD...  runs a program as one piece of work, its output thrown away
 * work true              does nothing: what the fork and exec measurements start
 */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "work.h"

static const struct {
    const char *name;
    const struct work *table;
} groups[] = {
    { "int", int_work }, { "fp", fp_work }, { "simd", simd_work }, { "mem", mem_work }, { "sys", sys_work }, { "mt", mt_work },
};

void work_begin(const char *name)
{
    printf("@begin %s\n", name);
    fflush(stdout);
}

void work_end(const char *name, double result)
{
    printf("@end %s ok %.9g\n", name, result);
    fflush(stdout);
}

static int time_program(const char *name, char **argv)
{
    int status;

    work_begin(name);
    pid_t child = fork();
    if (child == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
        printf("@end %s failed\n", name);
        return 1;
    }
    work_end(name, 0);
    return 0;
}

static int run_group(const struct work *table, const char *only)
{
    int done = 0;

    for (const struct work *w = table; w->name; w++) {
        if (!only || strcmp(only, w->name) == 0) {
            work_begin(w->name);
            work_end(w->name, w->run());
            done++;
        }
    }
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "true") == 0) {
        return 0;
    }
    if (argc > 3 && strcmp(argv[1], "time") == 0) {
        return time_program(argv[2], argv + 3);
    }
    if (argc > 2 && strcmp(argv[1], "disk") == 0) {
        return disk_work(argv[2]);
    }
    for (size_t i = 0; argc > 1 && i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strcmp(argv[1], groups[i].name) == 0) {
            return run_group(groups[i].table, argc > 2 ? argv[2] : NULL);
        }
    }
    fprintf(stderr, "usage: work int|fp|simd|mem|sys|mt [NAME], work disk DEVICE, work time NAME COMMAND...\n");
    return 2;
}
