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
};

extern const struct command run_commands[];     /* run.c: machine control; ends with a NULL name */
extern const struct command info_commands[];    /* info.c */
extern const struct command memory_commands[];  /* memory.c: x, xp, gva2gpa */

struct cpu *monitor_cpu(struct monitor *mon);   /* NULL: the machine has none (said in out) */
void monitor_printf(struct monitor *mon, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* A number: decimal, 0x hexadecimal, or $register. False: said in out. */
bool monitor_number(struct monitor *mon, const char *text, uint64_t *v);

#endif
