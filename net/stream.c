/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames over a stream socket, each behind its length (four bytes, big-endian): -netdev stream and -netdev socket with
 * listen= or connect=. The peer is another emulator's guest, QEMU's as well as ours, or a switch such as passt.
 */
#include "net/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/checksum.h"

#define LENGTH_BYTES 4
#define IN_BYTES (LENGTH_BYTES + NET_FRAME_MAX + 1)

static void wait_for_peer(struct net_stream *s);

static void disconnect(struct net_stream *s)
{
    if (s->in_watch) {
        g_source_remove(s->in_watch);
    }
    if (s->out_watch) {
        g_source_remove(s->out_watch);
    }
    s->in_watch = s->out_watch = 0;
    close(s->fd);
    s->fd = -1;
    s->in_len = s->out_len = 0;
    net_send_ready(&s->nc);
    wait_for_peer(s);
}

/* ---- from the peer ---- */

/* Delivers the whole frames of the buffer; false where the peer talks nonsense. */
static bool take_frames(struct net_stream *s)
{
    size_t at = 0;

    while (s->in_len - at >= LENGTH_BYTES) {
        uint32_t len;

        memcpy(&len, s->in + at, LENGTH_BYTES);
        len = ntohl(len);
        if (len > NET_FRAME_MAX) {
            return false;
        }
        if (s->in_len - at < LENGTH_BYTES + len) {
            break;
        }
        net_deliver(&s->nc, NULL, s->in + at + LENGTH_BYTES, len);
        at += LENGTH_BYTES + len;
    }
    s->in_len -= at;
    memmove(s->in, s->in + at, s->in_len);
    return true;
}

static gboolean readable(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_stream *s = opaque;
    ssize_t n;

    if (!net_can_deliver(&s->nc)) {
        s->in_watch = 0;
        return G_SOURCE_REMOVE;   /* net_stream_resume() starts it again */
    }
    n = recv(fd, s->in + s->in_len, IN_BYTES - s->in_len, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    s->in_len += MAX(n, 0);
    if (n <= 0 || !take_frames(s)) {
        s->in_watch = 0;
        disconnect(s);
        return G_SOURCE_REMOVE;
    }
    net_deliver_end(&s->nc);
    return G_SOURCE_CONTINUE;
}

void net_stream_resume(struct net_client *nc)
{
    struct net_stream *s = (struct net_stream *)nc;

    if (s->fd >= 0 && !s->in_watch) {
        s->in_watch = g_unix_fd_add(s->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, s);
    }
}

/* ---- to the peer ---- */

static gboolean writable(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_stream *s = opaque;
    ssize_t n = send(fd, s->out, s->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n < 0) {
        s->out_watch = 0;
        disconnect(s);
        return G_SOURCE_REMOVE;
    }
    s->out_len -= n;
    memmove(s->out, s->out + n, s->out_len);
    if (s->out_len) {
        return G_SOURCE_CONTINUE;
    }
    s->out_watch = 0;
    net_send_ready(&s->nc);
    return G_SOURCE_REMOVE;
}

bool net_stream_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    struct net_stream *s = (struct net_stream *)nc;
    uint32_t be_len = htonl(len);
    struct iovec iov[2] = { { &be_len, LENGTH_BYTES }, { frame, len } };
    struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
    ssize_t n;

    if (s->fd < 0 || off->gso_type || !net_checksum_complete(off, frame, len)) {
        return true;   /* nobody is there, or a frame that it could not read */
    }
    if (s->out_len) {
        return false;
    }
    n = sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        return true;   /* the reading side will see it and disconnect */
    }
    n = MAX(n, 0);
    if ((size_t)n == LENGTH_BYTES + len) {
        return true;
    }
    /* The rest goes out when there is room; the frame counts as sent. */
    if (n < LENGTH_BYTES) {
        memcpy(s->out, (uint8_t *)&be_len + n, LENGTH_BYTES - n);
        s->out_len = LENGTH_BYTES - n;
        n = LENGTH_BYTES;
    }
    memcpy(s->out + s->out_len, frame + (n - LENGTH_BYTES), len - (n - LENGTH_BYTES));
    s->out_len += len - (n - LENGTH_BYTES);
    s->out_watch = g_unix_fd_add(s->fd, G_IO_OUT | G_IO_ERR | G_IO_HUP, writable, s);
    return true;
}

/* ---- the connection ---- */

static void connected(struct net_stream *s, int fd)
{
    sock_set_nonblocking(fd);
    sock_set_nodelay(fd);
    s->fd = fd;
    net_stream_resume(&s->nc);
}

static gboolean peer_knocks(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_stream *s = opaque;
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
    struct net_stream *s = opaque;
    int fd = sock_connect(&s->addr, s->where, NULL);

    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    s->reconnect_timer = 0;
    connected(s, fd);
    return G_SOURCE_REMOVE;
}

static void wait_for_peer(struct net_stream *s)
{
    if (s->listen_fd >= 0) {
        s->listen_watch = g_unix_fd_add(s->listen_fd, G_IO_IN, peer_knocks, s);
    } else if (s->reconnect_ms) {
        s->reconnect_timer = g_timeout_add(s->reconnect_ms, try_again, s);
    }
}

bool net_stream_start(struct net_stream *s, bool server, GError **err)
{
    int fd;

    s->in = g_malloc(IN_BYTES);
    s->out = g_malloc(IN_BYTES);
    s->fd = s->listen_fd = -1;
    if (server) {
        s->listen_fd = sock_listen(&s->addr, s->where, err);
        if (s->listen_fd >= 0) {
            sock_set_nonblocking(s->listen_fd);
            wait_for_peer(s);
        }
    } else {
        fd = sock_connect(&s->addr, s->where, s->reconnect_ms ? NULL : err);
        if (fd >= 0) {
            connected(s, fd);
        } else if (s->reconnect_ms) {
            wait_for_peer(s);
        }
    }
    if (s->fd >= 0 || s->listen_fd >= 0 || (s->reconnect_ms && !server)) {
        return true;
    }
    net_stream_close(&s->nc);
    return false;
}

void net_stream_adopt(struct net_stream *s, int fd)
{
    s->in = g_malloc(IN_BYTES);
    s->out = g_malloc(IN_BYTES);
    s->listen_fd = -1;
    connected(s, fd);
}

static void remove_source(guint source)
{
    if (source) {
        g_source_remove(source);
    }
}

void net_stream_close(struct net_client *nc)
{
    struct net_stream *s = (struct net_stream *)nc;

    remove_source(s->in_watch);
    remove_source(s->out_watch);
    remove_source(s->listen_watch);
    remove_source(s->reconnect_timer);
    if (s->fd >= 0) {
        close(s->fd);
    }
    if (s->listen_fd >= 0) {
        close(s->listen_fd);
        if (s->addr.path) {
            unlink(s->addr.path);
        }
    }
    sock_addr_clear(&s->addr);
    g_free(s->where);
    g_free(s->in);
    g_free(s->out);
}

void net_stream_info(struct net_client *nc, GString *out)
{
    struct net_stream *s = (struct net_stream *)nc;
    g_autofree char *text = s->addr.port || s->addr.path ? sock_addr_text(&s->addr) : g_strdup("fd");

    g_string_append_printf(out, "%s%s%s", text, s->listen_fd >= 0 ? ",server=on" : "",
                           s->fd >= 0 ? "" : ",disconnected");
}

/* ---- -netdev stream ---- */

static bool stream_open(struct net_client *nc, struct options *o, GError **err)
{
    static const char *const kinds[] = { "inet", "unix", "fd", NULL };
    struct net_stream *s = (struct net_stream *)nc;
    const char *host = options_get(o, "addr.host"), *port = options_get(o, "addr.port");
    const char *path = options_get(o, "addr.path"), *fd_text = options_get(o, "addr.str");
    uint64_t seconds = 0, ms = 0, fd;
    bool server = false;
    int kind = -1;

    s->where = g_strdup(options_where(o));
    if (!options_get_enum(o, "addr.type", kinds, &kind, err) || !options_get_bool(o, "server", &server, err) ||
        !options_get_u64(o, "reconnect", 0, 86400, &seconds, err) ||
        !options_get_u64(o, "reconnect-ms", 0, 86400000, &ms, err)) {
        g_free(s->where);
        return false;
    }
    if ((kind == 0 && !port) || (kind == 1 && !path) || (kind == 2 && !fd_text) || kind < 0) {
        g_set_error(err, NET_ERROR, 0, "%s: it needs addr.type=inet,addr.host=HOST,addr.port=PORT, or "
                    "addr.type=unix,addr.path=PATH, or addr.type=fd,addr.str=NUMBER", s->where);
        g_free(s->where);
        return false;
    }
    s->reconnect_ms = ms ? ms : seconds * 1000;
    if (kind == 2) {
        if (!options_parse_u64(s->where, "addr.str", fd_text, 0, INT_MAX, &fd, err)) {
            g_free(s->where);
            return false;
        }
        net_stream_adopt(s, fd);
        return true;
    }
    s->addr.host = g_strdup(host);
    s->addr.port = g_strdup(port);
    s->addr.path = kind == 1 ? g_strdup(path) : NULL;
    return net_stream_start(s, server, err);
}

const struct net_type net_stream_type = {
    .name = "stream", .help = "addr.type=inet|unix|fd,addr.host=HOST,addr.port=PORT,addr.path=PATH,addr.str=FD,"
    "server=on|off,reconnect-ms=MS", .size = sizeof(struct net_stream), .features = NET_FEATURE_CSUM,
    .open = stream_open, .close = net_stream_close, .send = net_stream_send, .resume = net_stream_resume,
    .info = net_stream_info,
};
