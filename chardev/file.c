/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chardevs on plain descriptors: stdio, file, pipe, and the host's serial lines. */
#include "chardev/chardev_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

struct fd_chardev {
    struct chardev chr;
    struct chardev_reader in;
    int out_fd;
    bool own_in, own_out;      /* close at the end */
    int nonblock_set;          /* a shared descriptor on which we set O_NONBLOCK, or -1 */
    int terminal_fd;           /* in raw mode while we have it, or -1 */
};

static struct fd_chardev *self(struct chardev *chr)
{
    return (struct fd_chardev *)chr;
}

static ssize_t fd_write(struct chardev *chr, const uint8_t *buf, size_t len)
{
    return chardev_write_fd(self(chr)->out_fd, buf, len);
}

static int fd_write_fd(struct chardev *chr)
{
    return self(chr)->out_fd;
}

static void fd_resume(struct chardev *chr)
{
    if (g_atomic_int_get(&chr->connected)) {
        chardev_reader_start(&self(chr)->in);
    }
}

static void fd_close(struct chardev *chr)
{
    struct fd_chardev *s = self(chr);

    chardev_reader_stop(&s->in);
    if (s->terminal_fd >= 0) {
        chardev_terminal_restore(s->terminal_fd);
    }
    if (s->nonblock_set >= 0) {
        fcntl(s->nonblock_set, F_SETFL, fcntl(s->nonblock_set, F_GETFL) & ~O_NONBLOCK);
    }
    if (s->own_in && s->in.fd >= 0) {
        close(s->in.fd);
    }
    if (s->own_out) {
        close(s->out_fd);
    }
}

/* At the end of the input the output goes on: "doppel -serial stdio </dev/null" must still show the boot. */
static void fd_got(struct chardev *chr, const uint8_t *buf, ssize_t n)
{
    if (n > 0) {
        chardev_receive(chr, buf, n);
        return;
    }
    chardev_reader_stop(&self(chr)->in);
    if (self(chr)->own_in) {
        close(self(chr)->in.fd);
    }
    self(chr)->in.fd = -1;
    chardev_event(chr, CHARDEV_CLOSED);
}

static void fd_start(struct fd_chardev *s, int in_fd, int out_fd)
{
    chardev_reader_init(&s->in, &s->chr, in_fd, fd_got);
    s->out_fd = out_fd;
    s->nonblock_set = s->terminal_fd = -1;
    chardev_set_connected(&s->chr, true);
}

/* ---- stdio ---- */

/*
 * Standard output must not block us when somebody presses Ctrl-S, but O_NONBLOCK is a flag of the open file, which we
 * share with the shell and with whatever else writes there. Opening it anew gives us a flag of our own;
 * where that is refused (sockets, a terminal of another user) we set the flag and take it back at the end.
 */
static int own_stdout(struct fd_chardev *s)
{
    struct stat st;
    int fd = -1;

    s->nonblock_set = -1;
    if (fstat(1, &st) || S_ISREG(st.st_mode)) {
        return 1;
    }
    if (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode)) {
        fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
    if (fd >= 0) {
        s->own_out = true;
        return fd;
    }
    if (!fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK)) {
        s->nonblock_set = 1;
    }
    return 1;
}

static bool stdio_open(struct chardev *chr, struct options *o, GError **err)
{
    struct fd_chardev *s = self(chr);
    bool signals = true;
    int out_fd, nonblock;

    if (!options_get_bool(o, "signal", &signals, err)) {
        return false;
    }
    for (unsigned i = 0; i < chr->set->all->len; i++) {
        struct chardev *other = chr->set->all->pdata[i];

        if (other != chr && other->type == &chardev_stdio_type) {
            g_set_error(err, CHARDEV_ERROR, 0,
                        "%s: stdio is in use by chardev '%s' already; to share it, use mon:stdio "
                        "or mux=on",
                        options_where(o), other->id);
            return false;
        }
    }
    out_fd = own_stdout(s);
    nonblock = s->nonblock_set;
    fd_start(s, 0, out_fd);
    s->nonblock_set = nonblock;
    if (isatty(0)) {
        chr->terminal = true;
        s->terminal_fd = 0;
        chardev_terminal_raw(0, signals);
    }
    return true;
}

/* ---- file ---- */

static bool file_open(struct chardev *chr, struct options *o, GError **err)
{
    const char *path = options_need(o, "path", err), *input = options_get(o, "input-path");
    bool append = false;
    int out_fd, in_fd = -1;

    if (!path || !options_get_bool(o, "append", &append, err)) {
        return false;
    }
    out_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
    if (out_fd >= 0 && input) {
        in_fd = open(input, O_RDONLY | O_CLOEXEC);
    }
    if (out_fd < 0 || (input && in_fd < 0)) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot open '%s': %s", options_where(o), out_fd < 0 ? path : input,
                    g_strerror(errno));
        if (out_fd >= 0) {
            close(out_fd);
        }
        return false;
    }
    fd_start(self(chr), in_fd, out_fd);
    self(chr)->own_out = true;
    self(chr)->own_in = in_fd >= 0;
    chardev_set_detail(chr, "file:%s", path);
    return true;
}

/* ---- pipe: PATH.in and PATH.out, or PATH for both ways ---- */

static bool pipe_open(struct chardev *chr, struct options *o, GError **err)
{
    const char *path = options_need(o, "path", err);
    g_autofree char *in_path = NULL, *out_path = NULL;
    int in_fd, out_fd;

    if (!path) {
        return false;
    }
    in_path = g_strdup_printf("%s.in", path);
    out_path = g_strdup_printf("%s.out", path);
    /* Read-write, so that opening waits for no peer and a peer that leaves makes no end of file. */
    in_fd = open(in_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    out_fd = open(out_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (in_fd < 0 || out_fd < 0) {
        int e = errno;

        if (in_fd >= 0) {
            close(in_fd);
        }
        if (out_fd >= 0) {
            close(out_fd);
        }
        in_fd = out_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (in_fd < 0) {
            g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot open the pipes '%s.in' and '%s.out' (%s), nor '%s': %s",
                        options_where(o), path, path, g_strerror(e), path, g_strerror(errno));
            return false;
        }
    }
    fd_start(self(chr), in_fd, out_fd);
    self(chr)->own_in = true;
    self(chr)->own_out = in_fd != out_fd;
    chardev_set_detail(chr, "pipe:%s", path);
    return true;
}

/* ---- a serial line of the host ---- */

static bool serial_open(struct chardev *chr, struct options *o, GError **err)
{
    const char *path = options_need(o, "path", err);
    int fd;

    if (!path) {
        return false;
    }
    fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || !isatty(fd)) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot use '%s' as a serial line: %s", options_where(o), path,
                    fd < 0 ? g_strerror(errno) : "it is no terminal device");
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    chardev_terminal_raw(fd, false);
    fd_start(self(chr), fd, fd);
    self(chr)->own_in = true;
    self(chr)->terminal_fd = fd;
    chr->terminal = true;
    chardev_set_detail(chr, "%s", path);
    return true;
}

static void serial_send_break(struct chardev *chr)
{
    tcsendbreak(self(chr)->out_fd, 0);
}

const struct chardev_type chardev_stdio_type = {
    .name = "stdio", .help = "signal=on|off", .size = sizeof(struct fd_chardev), .open = stdio_open,
    .close = fd_close, .write = fd_write, .write_fd = fd_write_fd, .resume = fd_resume,
};

const struct chardev_type chardev_file_type = {
    .name = "file", .help = "path=PATH,append=on|off,input-path=PATH", .size = sizeof(struct fd_chardev),
    .open = file_open, .close = fd_close, .write = fd_write, .write_fd = fd_write_fd, .resume = fd_resume,
};

const struct chardev_type chardev_pipe_type = {
    .name = "pipe", .help = "path=PATH (the FIFOs PATH.in and PATH.out)", .size = sizeof(struct fd_chardev),
    .open = pipe_open, .close = fd_close, .write = fd_write, .write_fd = fd_write_fd, .resume = fd_resume,
};

const struct chardev_type chardev_serial_type = {
    .name = "serial", .help = "path=/dev/ttyX", .size = sizeof(struct fd_chardev), .open = serial_open,
    .close = fd_close, .write = fd_write, .write_fd = fd_write_fd, .resume = fd_resume,
    .send_break = serial_send_break,
};
