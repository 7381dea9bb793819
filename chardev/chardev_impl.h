/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds of chardev share. A kind is a struct chardev_type and a struct that begins with struct chardev.
 *
 * Output: chardev_fe_write() puts bytes into the queue under out_lock and wakes the main loop, which empties the queue
 * by type->write(). Where that takes nothing, the main loop waits for the descriptor to become writable. Input is read
 * on the main loop thread, as much as the front end takes; when it takes nothing, the kind stops to listen until
 * resume().
 */
#ifndef CHARDEV_CHARDEV_IMPL_H
#define CHARDEV_CHARDEV_IMPL_H

#include <sys/types.h>

#include "chardev/chardev.h"
#include "util/wake.h"

struct chardev_type {
    const char *name;
    const char *help;          /* its keys, for -chardev help; NULL hides it */
    size_t size;
    /* Takes its keys out of o. Calls chardev_set_connected() at once or later. Leaves nothing behind where it fails. */
    bool (*open)(struct chardev *chr, struct options *o, GError **err);
    void (*close)(struct chardev *chr);
    /* Writes without blocking: bytes written, -EAGAIN, or another -errno when the peer has gone. NULL: drop. */
    ssize_t (*write)(struct chardev *chr, const uint8_t *buf, size_t len);
    /* The descriptor to wait for after -EAGAIN. */
    int (*write_fd)(struct chardev *chr);
    /* The front end has room, or has just been attached. */
    void (*resume)(struct chardev *chr);
    void (*send_break)(struct chardev *chr);
    /* Only the multiplexer: takes the place of the queue; takes over attaching. */
    size_t (*enqueue)(struct chardev *chr, struct chardev_fe *fe, const uint8_t *buf, size_t len);
    bool (*attach)(struct chardev *chr, struct chardev_fe *fe, GError **err);
    void (*detach)(struct chardev *chr, struct chardev_fe *fe);
};

struct chardev {
    const struct chardev_type *type;
    struct chardev_set *set;
    char *id;
    char *detail;              /* what info chardev shows after the id */
    struct chardev_fe *fe;     /* NULL while nothing is attached */
    struct chardev *mux;       /* the multiplexer in front, or NULL */
    int connected;             /* atomic */
    int log_fd;                /* logfile=, or -1 */
    struct wake *wake;
    int resume_wanted;         /* atomic: set by chardev_fe_accept_input() */
    guint out_watch;           /* waits for write_fd */

    GMutex out_lock;           /* guards the fields below; a leaf: nothing is called under it */
    uint8_t *out;              /* ring of CHARDEV_QUEUE_MAX bytes */
    size_t out_start, out_len;
    bool out_refused;          /* a front end is owed a writable() */

    bool terminal;             /* somebody types there, with keys that move a cursor; constant */
};

struct chardev_set {
    GHashTable *by_id;         /* id -> struct chardev, not owned */
    GPtrArray *all;            /* struct chardev, owned, oldest first */
    struct chardev_hooks hooks;
    void (*exit_fn)(void *opaque, int status);
    void *exit_opaque;
    int escape;
};

extern const struct chardev_type chardev_null_type, chardev_stdio_type, chardev_file_type, chardev_pty_type;
extern const struct chardev_type chardev_socket_type, chardev_pipe_type, chardev_ringbuf_type;
extern const struct chardev_type chardev_testdev_type, chardev_serial_type, chardev_mux_type;

/* For the kinds; main loop thread. */

/* How much the front end takes now; 0 without one. */
size_t chardev_can_receive(struct chardev *chr);
void chardev_receive(struct chardev *chr, const uint8_t *buf, size_t len);
void chardev_event(struct chardev *chr, enum chardev_event event);
/* Sends CHARDEV_OPENED or CHARDEV_CLOSED when the state changes. */
void chardev_set_connected(struct chardev *chr, bool connected);
void chardev_set_detail(struct chardev *chr, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* Any thread: into the queue. */
size_t chardev_enqueue(struct chardev *chr, const uint8_t *buf, size_t len);

/* Allocates and registers a chardev of this type, id copied. NULL and *err if the id is taken. */
struct chardev *chardev_alloc(struct chardev_set *set, const struct chardev_type *type, const char *id, GError **err);
void chardev_destroy(struct chardev *chr);

/* Opens with options whose backend and id were taken already. */
struct chardev *chardev_open(struct chardev_set *set, const char *backend, const char *id, struct options *o,
                             GError **err);

/* A descriptor's read side: calls fn on the main loop when it is readable. 0 removes. fn returns false to stop. */
struct chardev_reader {
    int fd;
    guint watch;
    /* n bytes were read (0: end of file; negative: -errno). */
    void (*got)(struct chardev *chr, const uint8_t *buf, ssize_t n);
    struct chardev *chr;
};
void chardev_reader_init(struct chardev_reader *r, struct chardev *chr, int fd,
                         void (*got)(struct chardev *chr, const uint8_t *buf, ssize_t n));
void chardev_reader_start(struct chardev_reader *r);
void chardev_reader_stop(struct chardev_reader *r);

/* write(2) that gives -errno. */
ssize_t chardev_write_fd(int fd, const uint8_t *buf, size_t len);

/* terminal.c: puts a terminal into raw mode until chardev_terminal_restore(). With keep_signals, Ctrl-C still
 * kills. Does nothing on what is no terminal. */
void chardev_terminal_raw(int fd, bool keep_signals);
void chardev_terminal_restore(int fd);

#endif
