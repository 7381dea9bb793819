/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pseudo-terminal of our own: its path is printed, and whoever opens it is the peer. */
#include "chardev/chardev_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define PEER_POLL_MS 1000

struct pty_chardev {
    struct chardev chr;
    struct chardev_reader in;
    guint peer_timer;   /* looks whether somebody has opened the other side */
};

static struct pty_chardev *self(struct chardev *chr)
{
    return (struct pty_chardev *)chr;
}

/* The kernel tells by POLLHUP that nobody has the other side open; there is no event for the opposite. */
static gboolean look_for_peer(gpointer opaque)
{
    struct pty_chardev *s = opaque;
    struct pollfd p = { .fd = s->in.fd, .events = POLLIN };

    if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP)) {
        s->peer_timer = 0;
        chardev_set_connected(&s->chr, true);
        chardev_reader_start(&s->in);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void peer_gone(struct pty_chardev *s)
{
    chardev_reader_stop(&s->in);
    if (!s->peer_timer) {
        s->peer_timer = g_timeout_add(PEER_POLL_MS, look_for_peer, s);
    }
    chardev_set_connected(&s->chr, false);
}

static void pty_got(struct chardev *chr, const uint8_t *buf, ssize_t n)
{
    if (n > 0) {
        chardev_receive(chr, buf, n);
    } else {
        peer_gone(self(chr));   /* EIO: the last opener has closed it */
    }
}

static ssize_t pty_write(struct chardev *chr, const uint8_t *buf, size_t len)
{
    return chardev_write_fd(self(chr)->in.fd, buf, len);
}

static int pty_write_fd(struct chardev *chr)
{
    return self(chr)->in.fd;
}

static void pty_resume(struct chardev *chr)
{
    if (g_atomic_int_get(&chr->connected)) {
        chardev_reader_start(&self(chr)->in);
    }
}

static int open_pty(char *name, size_t name_size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), peer;
    struct termios raw;

    if (fd < 0 || grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, name_size)) {
        goto failed;
    }
    /* Raw from the start: the guest's line discipline echoes, not this one. */
    peer = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (peer < 0 || tcgetattr(peer, &raw)) {
        goto failed;
    }
    cfmakeraw(&raw);
    tcsetattr(peer, TCSANOW, &raw);
    close(peer);
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    return fd;
failed:
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static bool pty_open(struct chardev *chr, struct options *o, GError **err)
{
    const char *link = options_get(o, "path");
    char name[64];
    int fd = open_pty(name, sizeof(name));

    if (fd < 0) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot make a pseudo-terminal: %s", options_where(o),
                    g_strerror(errno));
        return false;
    }
    if (link && symlink(name, link)) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: cannot make the link path=%s: %s", options_where(o), link,
                    g_strerror(errno));
        close(fd);
        return false;
    }
    chardev_reader_init(&self(chr)->in, chr, fd, pty_got);
    chardev_set_detail(chr, "pty:%s", name);
    chr->terminal = true;
    self(chr)->peer_timer = g_timeout_add(PEER_POLL_MS, look_for_peer, chr);
    /* Tools that start us read the path from this line, so it has QEMU's words. */
    printf("char device redirected to %s (label %s)\n", name, chr->id);
    fflush(stdout);
    return true;
}

static void pty_close(struct chardev *chr)
{
    struct pty_chardev *s = self(chr);

    chardev_reader_stop(&s->in);
    if (s->peer_timer) {
        g_source_remove(s->peer_timer);
    }
    close(s->in.fd);
}

const struct chardev_type chardev_pty_type = {
    .name = "pty", .help = "path=LINK", .size = sizeof(struct pty_chardev), .open = pty_open, .close = pty_close,
    .write = pty_write, .write_fd = pty_write_fd, .resume = pty_resume,
};
