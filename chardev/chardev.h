/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character back ends: where a serial port, a console or the monitor reads and writes bytes.
 *
 * A struct chardev is the host's side (terminal, socket, file). A struct chardev_fe is the user of one: it receives
 * bytes as far as it says it can, and writes. One chardev has one front end, but for a multiplexer (mux=on), whose
 * input goes to one of several at a time (Ctrl-a c turns it).
 *
 * Threads: everything runs on the main loop thread (the default GMainContext), except chardev_fe_write() and
 * chardev_fe_accept_input(), which any thread may call with any lock held: they never block and never call back.
 * Callbacks run on the main loop thread with no lock held; a device takes the machine lock in them.
 */
#ifndef CHARDEV_CHARDEV_H
#define CHARDEV_CHARDEV_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/options.h"

#define CHARDEV_ERROR g_quark_from_static_string("chardev")

struct chardev;

enum chardev_event {
    CHARDEV_OPENED,    /* connected; also sent to a front end that is attached while connected */
    CHARDEV_CLOSED,    /* the peer has gone, or stdin is at its end */
    CHARDEV_BREAK,     /* serial break */
    CHARDEV_MUX_IN,    /* this front end has the keyboard now */
    CHARDEV_MUX_OUT,   /* another one has it */
};

/* What a front end provides; each may be NULL. */
struct chardev_fe_ops {
    /* How many bytes receive() would take now. NULL: any number. */
    size_t (*can_receive)(void *opaque);
    /* Never more bytes than can_receive() has said. */
    void (*receive)(void *opaque, const uint8_t *buf, size_t len);
    void (*event)(void *opaque, enum chardev_event event);
    /* There is room again after chardev_fe_write() took fewer bytes than offered. */
    void (*writable)(void *opaque);
};

/* In the front end's memory. The fields are private to chardev/. */
struct chardev_fe {
    struct chardev *chr;
    const struct chardev_fe_ops *ops;
    void *opaque;
    int mux_index;
};

/* The chardevs of one machine, by id. */
struct chardev_set;

/* Hooks of the multiplexer's keys, which concern more than the chardev. All on the main loop thread; may be NULL. */
struct chardev_hooks {
    void *opaque;
    void (*quit)(void *opaque);     /* Ctrl-a x */
    void (*commit)(void *opaque);   /* Ctrl-a s: flush all disks */
};

struct chardev_set *chardev_set_new(void);
/* Flushes and closes all; terminals get their mode back. Front ends must have been detached or be gone for good. */
void chardev_set_free(struct chardev_set *set);
void chardev_set_hooks(struct chardev_set *set, const struct chardev_hooks *hooks);
/* The escape key of multiplexers: 1 to 26 for Ctrl-a to Ctrl-z (-echr); 0 turns it off. */
void chardev_set_escape(struct chardev_set *set, int key);

/* -chardev BACKEND,id=ID,key=value,...: backends are null, stdio, file, pty, socket, pipe, ringbuf (memory), testdev,
 * serial (tty), parallel is refused. The list o is finished here. NULL and *err on failure. */
struct chardev *chardev_new(struct chardev_set *set, struct options *o, GError **err);

/* The argument of -serial, -monitor, -parallel: "stdio", "mon:stdio", "null", "none", "file:PATH", "pty", "pipe:PATH",
 * "tcp:HOST:PORT,server=on,wait=off", "telnet:...", "unix:PATH,...", "/dev/ttyX", "chardev:ID" or a plain id.
 * where names the option ("-serial"), label is the id that a new chardev gets ("serial0").
 * "none" gives true and *chr NULL. *wants_monitor (may be NULL: then "mon:" is refused): the text began with "mon:" and
 * the caller attaches the monitor as another front end. */
bool chardev_parse_legacy(struct chardev_set *set, const char *where, const char *label, const char *text,
                          struct chardev **chr, bool *wants_monitor, GError **err);

/* NULL if there is none of that id. */
struct chardev *chardev_find(struct chardev_set *set, const char *id);
const char *chardev_id(const struct chardev *chr);
/* Is it a terminal (also behind a multiplexer), not a program that reads and writes lines? */
bool chardev_is_terminal(const struct chardev *chr);

/* A multiplexer in front of chr, which is no longer to be attached to directly; a second call gives the same one.
 * chardev_find(id) gives the multiplexer from now on. NULL and *err if chr is attached already. */
struct chardev *chardev_mux(struct chardev *chr, GError **err);

/* Attaches a front end; ops and opaque must live until the detach. False and *err if chr has one already. If chr is
 * connected, a CHARDEV_OPENED follows at once. chr NULL attaches to nothing: writes are swallowed. */
bool chardev_fe_attach(struct chardev_fe *fe, struct chardev *chr, const struct chardev_fe_ops *ops, void *opaque,
                       GError **err);
void chardev_fe_detach(struct chardev_fe *fe);

/* Queues up to len bytes and returns how many were taken: all, unless the queue (CHARDEV_QUEUE_MAX) is full;
 * then writable() follows when there is room. Without a peer (socket not connected, null) all are taken and dropped. */
size_t chardev_fe_write(struct chardev_fe *fe, const void *buf, size_t len);
#define CHARDEV_QUEUE_MAX 65536

/* The front end can receive again after can_receive() gave less than was there. */
void chardev_fe_accept_input(struct chardev_fe *fe);

/* True if bytes written now reach somebody. */
bool chardev_fe_connected(const struct chardev_fe *fe);

/* On a multiplexer: gives this front end the keyboard. Otherwise nothing. */
void chardev_fe_take_focus(struct chardev_fe *fe);

/* Asks the line to send a break, on real serial lines; nothing elsewhere. */
void chardev_fe_send_break(struct chardev_fe *fe);

/* For semihosting and the debugger's stub: waits until all that was written has gone out, one second at most.
 * Main loop thread. */
void chardev_flush(struct chardev *chr);

/* -chardev ringbuf: takes up to len of the oldest bytes; and puts bytes as if the host had typed them.
 * False and *err where chr is no ring buffer. */
bool chardev_ringbuf_read(struct chardev *chr, size_t len, GString *out, GError **err);
bool chardev_ringbuf_write(struct chardev *chr, const void *buf, size_t len, GError **err);

/* testdev: the guest ends the emulator by "<digits>q"; the exit status goes here. Without a hook it is exit(). */
void chardev_set_exit_hook(struct chardev_set *set, void (*fn)(void *opaque, int status), void *opaque);

/* Calls fn for each chardev but multiplexers, oldest first; filename is what info chardev shows. */
void chardev_foreach(struct chardev_set *set, void (*fn)(void *opaque, const char *id, const char *filename, bool open),
                     void *opaque);

/* Appends the lines of "info chardev". */
void chardev_info(struct chardev_set *set, GString *out);

/* The text of "-chardev help". */
const char *chardev_help(void);

/* Gives all terminals that any chardev holds their modes back. Safe in a signal handler and in atexit(). */
void chardev_restore_terminals(void);

#endif
