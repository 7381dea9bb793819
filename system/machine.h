/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One machine: its memory, clocks, CPUs, devices, and its life.
 *
 * machine_new → options, back ends, accelerator → machine_realize (board makes RAM, CPUs, devices) → machine_run (main
 * loop; stopped or running) → machine_delete. Two machines in one process are independent.
 *
 * Threads: machine_run's thread is the main loop (the default GMainContext). Its callbacks start without the machine
 * lock and take it for what concerns the guest. Functions need the machine lock unless they say "any thread".
 */
#ifndef SYSTEM_MACHINE_H
#define SYSTEM_MACHINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/clock.h"
#include "system/device.h"
#include "system/irq.h"
#include "system/lock.h"
#include "system/memory.h"

struct accel;
struct block_backend;
struct board;
struct chardev;
struct chardev_set;
struct cpu;
struct cpu_type;
struct display;
struct gdb;
struct machine;
struct monitor;
struct net_set;
struct qmp;
struct semihost;
struct sendkey;

enum run_state {
    RUN_PRELAUNCH,          /* made, not started (-S) */
    RUN_RUNNING,
    RUN_PAUSED,             /* "stop" */
    RUN_DEBUG,              /* a breakpoint was hit */
    RUN_IO_ERROR,           /* werror=stop, rerror=stop */
    RUN_GUEST_PANICKED,
    RUN_SHUTDOWN,           /* powered off, -no-shutdown keeps the process */
};

/* Why the machine resets or shuts down. */
enum machine_cause {
    CAUSE_NONE,
    CAUSE_HOST,             /* monitor, window closed */
    CAUSE_HOST_SIGNAL,
    CAUSE_GUEST_SHUTDOWN,
    CAUSE_GUEST_RESET,
    CAUSE_GUEST_PANIC,
};

/* -fw_cfg name=...,string=|file=: a file for firmware. */
struct fw_cfg_option {
    char *name;
    void *data;
    uint32_t len;
};

/* -icount: the virtual clock counts guest instructions, each 2^shift ns long. */
struct icount_options {
    bool on;
    bool automatic;         /* shift=auto: the accelerator changes shift so that the guest keeps up with real time */
    bool sleep;             /* while all CPUs are halted, real time passes as virtual time does; false: it jumps */
    bool align;             /* never run ahead of real time */
    unsigned shift;         /* 0 to ICOUNT_SHIFT_MAX */
};
#define ICOUNT_SHIFT_MAX 10

/* What the user asked for; strings are owned by the machine. */
struct machine_options {
    char *kernel, *initrd, *append, *dtb, *dumpdtb;
    char *bios;             /* NULL: the board's default; "none": no firmware */
    uint64_t ram_size;      /* bytes; 0: the board's default */
    struct ram_source ram;  /* what it is made of; path is g_malloc'ed */
    unsigned cpus, max_cpus;    /* -smp; 0: one */
    unsigned sockets, clusters, cores, threads; /* topology; 0: derived */
    char *cpu_model;        /* -cpu; NULL: the board's default */
    unsigned target_bits;       /* register width of the guest that was chosen: 32, 64; 0: unknown */
    GArray *fw_cfg;         /* of struct fw_cfg_option */
    GPtrArray *data_dirs;   /* of char *: -L, where firmware is looked for first */
    bool has_seed;          /* -seed, or -icount: what a machine draws at random (rng-seed) follows from seed */
    uint64_t seed;
    struct icount_options icount;
    bool no_reboot;         /* a reset request ends the program */
    bool no_shutdown;       /* a shutdown request stops the machine only */
    bool start_stopped;     /* -S */
    bool no_defaults;       /* -nodefaults: no default devices */
    char boot_order[4];     /* -boot order=: "", or letters a, c, d, n as in QEMU */
    bool boot_menu;         /* -boot menu=on */
    int boot_splash_ms;     /* -boot splash-time=; -1: not given */
    int boot_fail_ms;       /* -boot reboot-timeout=; -1: the firmware waits for ever */
    char *vga;              /* type of the graphics card that the board is to make; NULL: none */
    bool graphics;          /* a display is wanted (false: -nographic) */
    char *name;             /* -name; NULL: none */
    bool has_uuid;
    uint8_t uuid[16];       /* -uuid, in the order of its text */
    bool rtc_vm_clock;      /* -rtc clock=vm: RTCs follow the virtual clock */
    int64_t rtc_offset_ns;  /* -rtc base=: what RTCs show, minus their clock */
    struct chardev *serial[4];  /* -serial, in order; NULL: none */
    struct block_backend *pflash[2];    /* -drive if=pflash,unit=N */
    struct block_backend *ide[6];       /* -drive if=ide,index=N; NULL: no drive, or a CD without a medium */
    bool ide_cd[6];
    struct block_backend *virtio[8];    /* -drive if=virtio,unit=N, for boards that make the device themselves */
};

/* One -global. */
struct device_global {
    char *driver, *prop, *value;
    bool used;
};

/* What monitors want to hear; called on the main loop thread. */
enum machine_event {
    EVENT_STATE,            /* run_state changed */
    EVENT_RESET,
    EVENT_POWERDOWN,
    EVENT_SHUTDOWN,         /* about to stop for good */
    EVENT_WAKEUP,
};

/* How device properties name back ends: the front end that owns these sets m->backends, because this level does not
 * call them. kind is PROP_KIND_CHARDEV, _NETDEV or _DRIVE. */
struct backend_ops {
    void *(*find)(struct machine *m, enum prop_kind kind, const char *id);             /* NULL: no such */
    const char *(*id)(struct machine *m, enum prop_kind kind, const void *backend);
};

struct machine_listener {
    void (*event)(struct machine_listener *l, struct machine *m, enum machine_event event);
};

/* The memory balloon: bytes that the guest keeps, and what the host wants it to keep. */
struct machine_balloon {
    uint64_t (*guest_bytes)(void *opaque);
    void (*set_target)(void *opaque, uint64_t bytes);
    void *opaque;                   /* NULL: there is none */
};

struct machine {
    const struct board *board;
    void *board_state;              /* of board->size bytes; its properties are set by -machine */
    struct machine_options opt;
    struct accel *accel;            /* NULL: a machine without vCPUs (device tests) */

    struct big_lock lock;
    struct memory memory;
    struct mem_region root;         /* what CPUs see */
    struct mem_region io;           /* x86 ports, PCI I/O space */
    struct address_space as, io_as;

    struct clock virtual_clock, host_clock, real_clock;

    GPtrArray *cpus;                /* of struct cpu, by index */
    GPtrArray *devices;             /* of struct device, realized, in that order */
    GPtrArray *buses;               /* of struct bus */
    GPtrArray *roms;                /* of struct rom: written to memory again on each reset (system/loader.h) */
    GPtrArray *globals;             /* of struct device_global */
    GPtrArray *listeners;           /* of struct machine_listener */
    GPtrArray *resets;              /* of struct reset_hook */

    /* Back ends; the command line sets them and frees them after machine_delete. NULL: none. */
    const struct backend_ops *backends;
    struct chardev_set *chardevs;
    struct net_set *nets;
    GHashTable *drives;             /* id → struct block_backend */
    GHashTable *nodes;              /* node-name= where it is not the id → struct block_backend */
    struct semihost *semihost;      /* -semihosting; likewise. NULL: off */

    struct monitor *monitors;       /* monitor/: a list; NULL: none */
    struct qmp *qmps;               /* likewise the JSON ones */
    struct gdb *gdb;                /* gdbstub/; NULL: none */
    struct sendkey *sendkey;        /* monitor/: keys waiting to be released; NULL: none yet */
    struct display *display;        /* consoles and input devices (ui/display.h); never NULL */

    GMainLoop *loop;
    GSource *wake;                  /* dispatches the requests below */
    enum run_state state;           /* read by any thread (atomic); written under the lock */
    bool running;                   /* vCPUs run */
    bool halting;                   /* the main loop waits for them to stop: whoever waits for the main loop gives up */

    /* Requests: any thread, atomic. */
    int reset_requested;            /* enum machine_cause */
    int shutdown_requested;         /* enum machine_cause */
    int stop_requested;             /* 0, or 1 + enum run_state */
    int powerdown_requested;
    int exit_status;
    enum machine_cause cause;       /* of the reset or shutdown that listeners are being told of */
    GRand *rand;            /* of opt.seed; NULL until used */
    struct machine_balloon balloon; /* set by the device */
    struct irq_line powerdown;      /* the board's power button; unconnected: system_powerdown does nothing */
};

struct machine *machine_new(void);
void machine_delete(struct machine *m);

/* Makes board's struct with default properties; called once, before properties are set. */
void machine_set_board(struct machine *m, const struct board *board);
/* One of the board's -machine properties. */
bool machine_set_prop(struct machine *m, const char *name, const char *value, GError **err);
/* -global driver.prop=value, before devices are made. */
void machine_add_global(struct machine *m, const char *driver, const char *prop, const char *value);
/* A line naming the first -global whose driver or property was never used, or NULL; g_free it. */
char *machine_unused_global(struct machine *m);

/* Starts the accelerator and lets the board make everything. */
bool machine_realize(struct machine *m, GError **err);

/* Resets, then runs the main loop until the machine shuts down; *status is the exit status for the program. The machine
 * starts running unless opt.start_stopped. Takes the machine lock itself. False and *err where it could not start. */
bool machine_run(struct machine *m, int *status, GError **err);

static inline void machine_lock(struct machine *m)
{
    big_lock(&m->lock);
}

static inline void machine_unlock(struct machine *m)
{
    big_unlock(&m->lock);
}

static inline bool machine_locked(const struct machine *m)
{
    return big_lock_held(&m->lock);
}

/* ---- requests: any thread; served by the main loop soon ---- */

void machine_request_reset(struct machine *m, enum machine_cause cause);
/* status is the exit status of the program. */
void machine_request_shutdown(struct machine *m, enum machine_cause cause, int status);
/* Stops the vCPUs and takes this state (breakpoint hit, I/O error, panic). */
void machine_request_stop(struct machine *m, enum run_state state);
/* The power button. */
void machine_request_powerdown(struct machine *m);

/* Is a reset, shutdown or stop asked for and not served yet? Any thread. */
bool machine_requested(const struct machine *m);

/* ---- run control: main loop thread, machine lock ---- */

void machine_stop(struct machine *m, enum run_state state);
/* False and *err where the machine can't go on (it is shut down). */
bool machine_cont(struct machine *m, GError **err);
/* Resets everything now; vCPUs are stopped meanwhile. */
void machine_reset(struct machine *m, enum machine_cause cause);
const char *run_state_name(enum run_state state);
static inline enum run_state machine_state(const struct machine *m)
{
    return (enum run_state)g_atomic_int_get((const gint *)&m->state);
}

void machine_listener_add(struct machine *m, struct machine_listener *l);
void machine_listener_remove(struct machine *m, struct machine_listener *l);

/* What is reset beside devices and CPUs (boot parameters); fn is called after ROMs are reloaded. */
void machine_on_reset(struct machine *m, void (*fn)(void *opaque), void *opaque);

/* ---- parts ---- */

/* len random bytes; the same ones in each run where opt.has_seed is set. */
void machine_random(struct machine *m, void *to, size_t len);

/* What a real-time clock follows, and the time that it shows: ns since 1970 in the guest's idea of RTC time (UTC). */
struct clock *machine_rtc_clock(struct machine *m);
int64_t machine_rtc_ns(struct machine *m);

/* Makes RAM, or dies by *err; the memory region is the caller's to map. */
struct ram_block *machine_new_ram(struct machine *m, const char *name, uint64_t size, GError **err);
/* The guest's main memory, opt.ram_size bytes: what -mem-path and -machine memory-backend= speak of. */
struct ram_block *machine_new_main_ram(struct machine *m, const char *name, uint64_t size, GError **err);

/* Makes a vCPU of a type for m->opt.cpu_model (or the default model), appended to m->cpus. The accelerator knows it
 * already; it starts in the machine's first reset. */
struct cpu *machine_new_cpu(struct machine *m, const struct cpu_type *type, const char *default_model, GError **err);

/* CPU types in the program by ISA name ("riscv"), NULL-terminated; generated from cpu_types in meson.build. */
extern const struct cpu_type *const cpu_types[];
const struct cpu_type *cpu_type_find(const char *name);

#endif
