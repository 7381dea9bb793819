/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the command line to a running machine: back ends, board, devices, monitor, debugger. Main thread only.
 */
#ifndef MAIN_SETUP_H
#define MAIN_SETUP_H

#include "main/cmdline.h"
#include "system/machine.h"
#include "ui/frontend.h"

struct block_backend;
struct board;
struct chardev;
struct options;

/* A -drive: what the board or a -device does with it. */
struct drive {
    struct block_backend *be;
    char *id;
    const char *interface;      /* "none", "virtio", "pflash" */
    unsigned index;
    bool cdrom;
};

struct setup {
    struct cmdline *c;
    struct machine *m;
    GPtrArray *drives;          /* struct drive */
    GPtrArray *auto_devices;    /* char *: -device texts that short forms stand for */
    GPtrArray *accel_choices;   /* const char *: -accel texts, best first */
    const char *memory_backend; /* -machine memory-backend=, NULL: none */
    char *frontend_path;        /* -display: the module to load, NULL: none */
    struct frontend_options frontend_options;
    const struct frontend *frontend;    /* loaded */
    void *frontend_state;       /* open; NULL: no */
    struct chardev *monitor_chr;    /* where the default monitor goes, NULL: none */
};

void setup_init(struct setup *s, struct cmdline *c);
/* Deletes the machine, then the back ends. */
void setup_free(struct setup *s);

/* DONE: a list (help) was printed. */
enum cmdline_result setup_machine(struct setup *s, GError **err);

/* ---- parts, in the order of their calls; the same results ---- */
enum cmdline_result setup_device_help(struct setup *s, GError **err);   /* devices.c: lists that -device prints */
enum cmdline_result setup_board(struct setup *s, GError **err);         /* board.c: target, -machine, -cpu, -smp, -m, files */
enum cmdline_result setup_display(struct setup *s, GError **err);       /* display.c: -vga, -display */
enum cmdline_result setup_accel(struct setup *s, GError **err);         /* accel.c */
enum cmdline_result setup_chardevs(struct setup *s, GError **err);      /* chars.c: -chardev, -serial, -monitor */
enum cmdline_result setup_monitors(struct setup *s, GError **err);      /* chars.c: after realize */
enum cmdline_result setup_drives(struct setup *s, GError **err);        /* drives.c */
enum cmdline_result setup_nets(struct setup *s, GError **err);          /* nets.c: -netdev, -nic */
enum cmdline_result setup_devices(struct setup *s, GError **err);       /* devices.c: -device, after realize */
/* target.c: the board that -target, the program's name, machine (the list of -machine), -cpu and the image mean; sets the
 * CPU model. */
enum cmdline_result setup_target(struct setup *s, struct options *machine, const struct board **board, GError **err);
enum cmdline_result setup_frontend(struct setup *s, GError **err);      /* frontend.c: -display */
enum cmdline_result open_frontend(struct setup *s, GError **err);       /* frontend.c: when the machine is complete */
void close_frontend(struct setup *s);
bool setup_globals(struct setup *s, GError **err);                      /* devices.c */
bool setup_objects(struct setup *s, GError **err);                      /* objects.c: -object, -mem-path */
bool setup_firmware_files(struct setup *s, GError **err);               /* firmware.c: -fw_cfg */
bool setup_icount(struct setup *s, GError **err);                       /* icount.c: -icount, -seed */
bool setup_semihosting(struct setup *s, GError **err);                  /* firmware.c */

#endif
