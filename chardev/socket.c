/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chardevs on TCP and UNIX sockets, as server or client, with the part of telnet (RFC 854) that lets the telnet
 * program be a terminal: echo off, character mode, binary, break.
 */
#include "chardev/chardev_impl.h"
#include "util/sock.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {   /* RFC 854, RFC 856 (binary), RFC 857 (echo), RFC 858 (suppress go ahead) */
    IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, BREAK = 243, SE = 240,
    OPT_BINARY = 0, OPT_ECHO = 1, OPT_SGA = 3,
};

enum telnet_state { TELNET_DATA, TELNET_CR, TELNET_IAC, TELNET_OPTION, TELNET_SUB, TELNET_SUB_IAC };

struct socket_chardev {
    struct chardev chr;
    struct sock_addr addr;
    char *where;
    bool server, telnet, nodelay;
    unsigned reconnect_ms;         /* 0: never */
    int listen_fd;                 /* -1 on a client */
    guint listen_watch, reconnect_timer;
    struct chardev_reader in;      /* in.fd is -1 while not connected */
    enum telnet_state telnet_state;
    bool half_iac;                 /* the first byte of a doubled 255 has gone out */
};

static struct socket_chardev *self(struct chardev *chr)
{
    return (struct socket_chardev *)chr;
}

static void wait_for_peer(struct socket_chardev *s);

/* ---- telnet ---- */

static void telnet_greet(struct socket_chardev *s)
{
    static const uint8_t greeting[] = {
        IAC, WILL, OPT_ECHO, IAC, WILL, OPT_SGA, IAC, WILL, OPT_BINARY, IAC, DO, OPT_BINARY,
    };

    s->telnet_state = TELNET_DATA;
    s->half_iac = false;
    /* Twelve bytes into an empty socket buffer: taken whole, or the peer has gone and reading will tell. */
    if (send(s->in.fd, greeting, sizeof(greeting), MSG_NOSIGNAL) < 0) {
        return;
    }
}

/* Takes one byte; true if it is data. */
static bool telnet_byte(struct socket_chardev *s, uint8_t byte)
{
    switch (s->telnet_state) {
    case TELNET_CR:
    case TELNET_DATA:
        if (byte == IAC) {
            s->telnet_state = TELNET_IAC;
            return false;
        }
        if (byte == 0 && s->telnet_state == TELNET_CR) {
            s->telnet_state = TELNET_DATA;
            return false;   /* CR NUL is a bare CR */
        }
        s->telnet_state = byte == '\r' ? TELNET_CR : TELNET_DATA;
        return true;
    case TELNET_IAC:
        s->telnet_state = byte == SB ? TELNET_SUB : byte >= WILL && byte <= DONT ? TELNET_OPTION : TELNET_DATA;
        if (byte == BREAK) {
            chardev_event(&s->chr, CHARDEV_BREAK);
        }
        return byte == IAC;
    case TELNET_OPTION:
        s->telnet_state = TELNET_DATA;
        return false;
    case TELNET_SUB:
        s->telnet_state = byte == IAC ? TELNET_SUB_IAC : TELNET_SUB;
        return false;
    case TELNET_SUB_IAC:
        s->telnet_state = byte == SE ? TELNET_DATA : TELNET_SUB;
        return false;
    }
    return false;
}

static void telnet_receive(struct socket_chardev *s, const uint8_t *buf, size_t len)
{
    uint8_t data[4096];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (telnet_byte(s, buf[i])) {
            data[n++] = buf[i];
        }
    }
    chardev_receive(&s->chr, data, n);
}

/* ---- the connection ---- */

static void disconnect(struct socket_chardev *s)
{
    int fd = s->in.fd;

    chardev_reader_stop(&s->in);
    s->in.fd = -1;
    if (s->chr.out_watch) {
        g_source_remove(s->chr.out_watch);
        s->chr.out_watch = 0;
    }
    close(fd);
    chardev_set_connected(&s->chr, false);
    wait_for_peer(s);
}

static void got(struct chardev *chr, const uint8_t *buf, ssize_t n)
{
    struct socket_chardev *s = self(chr);

    if (n <= 0) {
        disconnect(s);
    } else if (s->telnet) {
        telnet_receive(s, buf, n);
    } else {
        chardev_receive(chr, buf, n);
    }
}

static void connected(struct socket_chardev *s, int fd)
{
    sock_set_nonblocking(fd);
    if (s->nodelay) {
        sock_set_nodelay(fd);
    }
    chardev_reader_init(&s->in, &s->chr, fd, got);
    if (s->telnet && s->server) {
        telnet_greet(s);
    }
    chardev_set_connected(&s->chr, true);
    chardev_reader_start(&s->in);
}

static gboolean peer_knocks(int fd, GIOCondition cond, gpointer opaque)
{
    struct socket_chardev *s = opaque;
    int peer = sock_accept(fd);

    if (peer < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->listen_watch = 0;
    connected(s, peer);
    return G_SOURCE_REMOVE;
}

static gboolean try_again(gpointer opaque)
{
    struct socket_chardev *s = opaque;
    int fd = sock_connect(&s->addr, s->where, NULL);

    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->reconnect_timer = 0;
    connected(s, fd);
    return G_SOURCE_REMOVE;
}

static void wait_for_peer(struct socket_chardev *s)
{
    if (s->server) {
        s->listen_watch = g_unix_fd_add(s->listen_fd, G_IO_IN, peer_knocks, s);
    } else if (s->reconnect_ms) {
        s->reconnect_timer = g_timeout_add(s->reconnect_ms, try_again, s);
    }
}

static ssize_t send_some(struct socket_chardev *s, const uint8_t *buf, size_t len)
{
    ssize_t n;

    do {
        n = send(s->in.fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    return n >= 0 ? n : errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

/* Telnet doubles each 255. */
static ssize_t send_telnet(struct socket_chardev *s, const uint8_t *buf, size_t len)
{
    static const uint8_t iac = IAC;
    const uint8_t *at = memchr(buf, IAC, len);
    ssize_t n;

    if (at != buf) {
        return send_some(s, buf, at ? (size_t)(at - buf) : len);
    }
    if (!s->half_iac) {
        n = send_some(s, &iac, 1);
        if (n <= 0) {
            return n;
        }
        s->half_iac = true;
    }
    n = send_some(s, &iac, 1);
    s->half_iac = n <= 0;
    return n;
}

static ssize_t socket_write(struct chardev *chr, const uint8_t *buf, size_t len)
{
    struct socket_chardev *s = self(chr);

    if (s->in.fd < 0) {
        return -EPIPE;
    }
    /* An error shows up on the reading side too, which ends the connection. */
    return s->telnet ? send_telnet(s, buf, len) : send_some(s, buf, len);
}

static int socket_write_fd(struct chardev *chr)
{
    return self(chr)->in.fd;
}

static void socket_resume(struct chardev *chr)
{
    chardev_reader_start(&self(chr)->in);
}

/* ---- opening ---- */

static bool take_address(struct socket_chardev *s, struct options *o, GError **err)
{
    const char *path = options_get(o, "path"), *host = options_get(o, "host"), *port = options_get(o, "port");
    bool ipv4 = true, ipv6 = true;

    if (!options_get_bool(o, "ipv4", &ipv4, err) || !options_get_bool(o, "ipv6", &ipv6, err) ||
        !options_get_bool(o, "abstract", &s->addr.abstract, err)) {
        return false;
    }
    if (!path == !port) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: a socket needs either path= (UNIX) or host= and port= (TCP)",
                    options_where(o));
        return false;
    }
    /* ipv4=on alone means: only IPv4. */
    s->addr.no_ipv6 = !ipv6 || (ipv4 && options_get(o, "ipv4") && !options_get(o, "ipv6"));
    s->addr.no_ipv4 = !ipv4 || (ipv6 && options_get(o, "ipv6") && !options_get(o, "ipv4"));
    s->addr.path = g_strdup(path);
    s->addr.host = g_strdup(host);
    s->addr.port = g_strdup(port);
    return true;
}

static bool take_keys(struct socket_chardev *s, struct options *o, bool *wait, GError **err)
{
    uint64_t seconds = 0, ms = 0;
    bool delay = true;

    s->where = g_strdup(options_where(o));
    *wait = true;
    if (!take_address(s, o, err) || !options_get_bool(o, "server", &s->server, err) ||
        !options_get_bool(o, "wait", wait, err) || !options_get_bool(o, "telnet", &s->telnet, err) ||
        !options_get_bool(o, "nodelay", &s->nodelay, err) || !options_get_bool(o, "delay", &delay, err) ||
        !options_get_u64(o, "reconnect", 0, 86400, &seconds, err) ||
        !options_get_u64(o, "reconnect-ms", 0, 86400000, &ms, err)) {
        return false;
    }
    s->nodelay |= !delay;
    s->reconnect_ms = ms ? ms : seconds * 1000;
    if (s->server && s->reconnect_ms) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: reconnect= is for clients; a server (server=on) waits anyway",
                    s->where);
        return false;
    }
    if (!s->server && options_get(o, "wait")) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: wait= is for servers (server=on)", s->where);
        return false;
    }
    return true;
}

static bool start_server(struct socket_chardev *s, bool wait, GError **err)
{
    g_autofree char *text = sock_addr_text(&s->addr);
    int fd;

    s->listen_fd = sock_listen(&s->addr, s->where, err);
    if (s->listen_fd < 0) {
        return false;
    }
    if (!s->addr.path && sock_port(s->listen_fd)) {
        g_free(s->addr.port);
        s->addr.port = g_strdup_printf("%d", sock_port(s->listen_fd));
        g_free(text);
        text = sock_addr_text(&s->addr);
    }
    chardev_set_detail(&s->chr, "%s,server=on", text);
    if (!wait) {
        sock_set_nonblocking(s->listen_fd);
        wait_for_peer(s);
        return true;
    }
    fprintf(stderr, "doppel: waiting for a connection on %s (wait=off goes on without)\n", text);
    fd = sock_accept(s->listen_fd);
    if (fd < 0) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: no connection on %s: %s", s->where, text, g_strerror(errno));
        return false;
    }
    sock_set_nonblocking(s->listen_fd);
    connected(s, fd);
    return true;
}

static bool start(struct chardev *chr, struct options *o, GError **err)
{
    struct socket_chardev *s = self(chr);
    g_autofree char *text = NULL;
    bool wait;
    int fd;

    if (!take_keys(s, o, &wait, err)) {
        return false;
    }
    if (s->server) {
        return start_server(s, wait, err);
    }
    text = sock_addr_text(&s->addr);
    chardev_set_detail(chr, "%s", text);
    fd = sock_connect(&s->addr, s->where, s->reconnect_ms ? NULL : err);
    if (fd >= 0) {
        connected(s, fd);
    } else if (s->reconnect_ms) {
        wait_for_peer(s);
    }
    return fd >= 0 || s->reconnect_ms;
}

static void socket_close(struct chardev *chr)
{
    struct socket_chardev *s = self(chr);

    chardev_reader_stop(&s->in);
    if (s->listen_watch) {
        g_source_remove(s->listen_watch);
    }
    if (s->reconnect_timer) {
        g_source_remove(s->reconnect_timer);
    }
    if (s->in.fd >= 0) {
        close(s->in.fd);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
        if (s->addr.path && !s->addr.abstract) {
            unlink(s->addr.path);
        }
    }
    sock_addr_clear(&s->addr);
    g_free(s->where);
}

static bool socket_open(struct chardev *chr, struct options *o, GError **err)
{
    self(chr)->listen_fd = self(chr)->in.fd = -1;
    if (!start(chr, o, err)) {
        socket_close(chr);
        return false;
    }
    return true;
}

const struct chardev_type chardev_socket_type = {
    .name = "socket", .help = "path=PATH | host=HOST,port=PORT; server=on|off,wait=on|off,telnet=on|off,nodelay=on|off,"
    "reconnect=SECONDS,reconnect-ms=MS,ipv4=on|off,ipv6=on|off,abstract=on|off",
    .size = sizeof(struct socket_chardev), .open = socket_open, .close = socket_close, .write = socket_write,
    .write_fd = socket_write_fd, .resume = socket_resume,
};
