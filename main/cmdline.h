/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: QEMU's options, one row each in cmdline.c. Reading them fills struct cmdline with texts in the
 * order given; setup.c turns it into a machine. Main thread only.
 */
#ifndef MAIN_CMDLINE_H
#define MAIN_CMDLINE_H

#include <glib.h>
#include <stdbool.h>

#define MAIN_ERROR g_quark_from_static_string("main")

/* One option that may be repeated: its text, and its name for messages ("-drive"). */
struct cmdline_item {
    const char *option;
    const char *text;
};

struct cmdline {
    const char *program;        /* argv[0] without its folder */
    const char *target;         /* --target, or from the program's name; NULL: from machine, CPU or image */
    const char *machine, *cpu, *smp, *memory;
    const char *kernel, *initrd, *append, *dtb, *bios;
    const char *log_items, *log_file;
    const char *display, *gdb, *rtc, *name, *uuid, *pidfile, *boot, *action, *vga, *echr, *run_with, *overcommit, *mem_path,
        *icount, *seed, *keyboard;
    const char *debugcon;
    const char *kernel_irqchip; /* -machine kernel-irqchip= */
    const char *semihosting;    /* -semihosting-config; "" after plain -semihosting */
    bool nographic, nodefaults, start_stopped, snapshot, no_reboot, no_shutdown, daemonize, perf_map, mem_prealloc, full_screen;
    bool list_dirs;             /* -L help */
    /* struct cmdline_item, in order */
    GArray *accels, *drives, *devices, *netdevs, *nics, *chardevs, *serials, *monitors, *objects, *globals, *fw_cfgs,
        *firmware_dirs, *parallels, *mons, *qmps;
};

void cmdline_init(struct cmdline *c);
void cmdline_free(struct cmdline *c);

/* What the caller shall do after reading. */
enum cmdline_result { CMDLINE_RUN, CMDLINE_DONE, CMDLINE_ERROR };

/* As if "-name text" stood on the command line; false and *err where there is no such option that takes an argument. text
 * must live as long as c. */
bool cmdline_apply(struct cmdline *c, const char *name, const char *text, GError **err);

/* -readconfig: applies the options of a file (readconfig.c). */
bool cmdline_read_file(struct cmdline *c, const char *path, GError **err);

/* Reads argv. DONE: help or version has been printed. ERROR: *err is one line. */
enum cmdline_result cmdline_read(struct cmdline *c, int argc, char **argv, GError **err);

#endif
