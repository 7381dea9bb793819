/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_MONITOR_IMPL_H
#define MONITOR_MONITOR_IMPL_H

#include "chardev/chardev.h"
#include "monitor/monitor.h"
#include "monitor/output.h"
#include "system/machine.h"

struct monitor {
    struct machine *m;
    struct chardev_fe fe;
    struct edit *edit;          /* line editing; NULL: the chardev is no terminal, or the library is not there */
    GString *line;              /* being typed, without it */
    GString *out;               /* of the running command */
    struct output output;
    unsigned cpu;               /* "cpu N": whom info registers and x look at */
    bool greeted;
    bool shared;                /* a serial port uses the same terminal: wait until Ctrl-a c */
    struct monitor *next;       /* of the machine's */
};

/* One command. args[0] is its name; NULL after the last. Runs under the machine lock; text goes to mon->out. */
struct command {
    const char *name;           /* "info registers" for a sub-command */
    const char *args;           /* for help */
    const char *help;
    unsigned min, max;          /* number of arguments */
    void (*run)(struct monitor *mon, char **args);
    const char *why;            /* not NULL: QEMU's command that is not there, and why; help is "" */
};
#define ARGS_ANY 64             /* max of commands that take an expression */

extern const struct command run_commands[];     /* run.c: machine control; ends with a NULL name */
extern const struct command info_commands[];    /* info.c */
extern const struct command memory_commands[];  /* memory.c: x, xp, gva2gpa, print, sum */
extern const struct command screen_commands[];  /* screen.c */
extern const struct command refused_commands[]; /* run.c */

struct cpu *monitor_cpu(struct monitor *mon);   /* NULL: the machine has none (said in out) */
void monitor_printf(struct monitor *mon, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Runs f with the vCPUs stopped, so that their registers are exact. */
void monitor_while_stopped(struct monitor *mon, void (*f)(struct monitor *mon, void *opaque), void *opaque);
/* A number, or an expression of numbers and $registers (expr.c). False: said in out. */
bool monitor_number(struct monitor *mon, const char *text, uint64_t *v);

#endif
