/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev socket: one name for stream sockets (listen=, connect=, fd=) and datagrams (mcast=, udp=). */
#include <limits.h>
#include <string.h>

#include "net/dgram.h"
#include "net/stream.h"

struct net_socket {
    union {
        struct net_client nc;      /* the first member of both */
        struct net_stream stream;
        struct net_dgram dgram;
    };
    bool is_dgram;
};

static struct net_socket *self(struct net_client *nc)
{
    return (struct net_socket *)nc;
}

static bool open_stream(struct net_stream *s, const char *where, const char *listen_at, const char *peer, GError **err)
{
    s->where = g_strdup(where);
    if (!sock_addr_parse(&s->addr, where, listen_at ? listen_at : peer, err)) {
        g_free(s->where);
        return false;
    }
    return net_stream_start(s, listen_at != NULL, err);
}

static bool open_dgram(struct net_dgram *s, struct options *o, const char *mcast, const char *udp, GError **err)
{
    const char *where = options_where(o), *local_text = options_get(o, "localaddr");
    struct sockaddr_storage local;
    socklen_t len;

    if (!net_dgram_resolve(where, mcast ? "mcast" : "udp", mcast ? mcast : udp, &s->to, &s->to_len, err)) {
        return false;
    }
    if (mcast) {
        local = s->to;
        len = s->to_len;
    } else if (!local_text) {
        g_set_error(err, NET_ERROR, 0, "%s: udp= needs localaddr=HOST:PORT", where);
        return false;
    } else if (!net_dgram_resolve(where, "localaddr", local_text, &local, &len, err)) {
        return false;
    }
    if (!net_dgram_socket(s, where, &local, len, mcast != NULL, err)) {
        return false;
    }
    net_dgram_start(s);
    return true;
}

static bool socket_open(struct net_client *nc, struct options *o, GError **err)
{
    const char *listen_at = options_get(o, "listen"), *peer = options_get(o, "connect"),
               *fd_text = options_get(o, "fd");
    const char *mcast = options_get(o, "mcast"), *udp = options_get(o, "udp");
    uint64_t fd;

    options_get(o, "localaddr");
    if (!!listen_at + !!peer + !!fd_text + !!mcast + !!udp != 1) {
        g_set_error(err, NET_ERROR, 0, "%s: it needs one of listen=, connect=, mcast=, udp= and fd=", options_where(o));
        return false;
    }
    if (fd_text) {
        if (!options_get_u64(o, "fd", 0, INT_MAX, &fd, err)) {
            return false;
        }
        net_stream_adopt(&self(nc)->stream, fd);
        return true;
    }
    self(nc)->is_dgram = mcast || udp;
    return self(nc)->is_dgram ? open_dgram(&self(nc)->dgram, o, mcast, udp, err)
           : open_stream(&self(nc)->stream, options_where(o), listen_at, peer, err);
}

static void socket_close(struct net_client *nc)
{
    (self(nc)->is_dgram ? net_dgram_close : net_stream_close)(nc);
}

static bool socket_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    return (self(nc)->is_dgram ? net_dgram_send : net_stream_send)(nc, off, frame, len);
}

static void socket_resume(struct net_client *nc)
{
    (self(nc)->is_dgram ? net_dgram_resume : net_stream_resume)(nc);
}

static void socket_info(struct net_client *nc, GString *out)
{
    if (self(nc)->is_dgram) {
        g_string_append(out, "datagrams");
    } else {
        net_stream_info(nc, out);
    }
}

const struct net_type net_socket_type = {
    .name = "socket", .help = "listen=[HOST]:PORT | connect=HOST:PORT | mcast=GROUP:PORT | "
    "udp=HOST:PORT,localaddr=HOST:PORT | fd=FD", .size = sizeof(struct net_socket), .features = NET_FEATURE_CSUM,
    .open = socket_open, .close = socket_close, .send = socket_send, .resume = socket_resume, .info = socket_info,
};
