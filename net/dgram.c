/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev dgram: each frame is a datagram, to one peer (UDP or UNIX) or to a multicast group. */
#include "net/dgram.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <limits.h>
#include <netdb.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/checksum.h"
#include "util/sock.h"

#define BATCH 64     /* frames for one turn of the main loop */
#define RETRY_MS 1

static gboolean readable(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_dgram *s = opaque;
    uint8_t frame[NET_FRAME_MAX];

    for (int i = 0; i < BATCH; i++) {
        ssize_t n;

        if (!net_can_deliver(&s->nc)) {
            s->watch = 0;
            return G_SOURCE_REMOVE;
        }
        n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
        if (n < 0) {
            break;   /* ECONNREFUSED, too: the peer is not there yet */
        }
        net_deliver(&s->nc, NULL, frame, n);
    }
    net_deliver_end(&s->nc);
    return G_SOURCE_CONTINUE;
}

void net_dgram_resume(struct net_client *nc)
{
    struct net_dgram *s = (struct net_dgram *)nc;

    if (!s->watch) {
        s->watch = g_unix_fd_add(s->fd, G_IO_IN, readable, s);
    }
}

void net_dgram_start(struct net_dgram *s)
{
    sock_set_nonblocking(s->fd);
    net_dgram_resume(&s->nc);
}

/* By the clock: a UNIX socket polls as writable even while its peer's queue is full. */
static gboolean try_again(gpointer opaque)
{
    struct net_dgram *s = opaque;

    s->out_retry = 0;
    net_send_ready(&s->nc);
    return G_SOURCE_REMOVE;
}

bool net_dgram_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    struct net_dgram *s = (struct net_dgram *)nc;

    if (off->gso_type || !net_checksum_complete(off, frame, len)) {
        return true;
    }
    if (sendto(s->fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL, s->to_len ? (struct sockaddr *)&s->to : NULL,
               s->to_len) < 0 && errno == EAGAIN) {
        s->out_retry = g_timeout_add(RETRY_MS, try_again, s);
        return false;
    }
    return true;   /* nobody there: lost, as on a wire */
}

void net_dgram_close(struct net_client *nc)
{
    struct net_dgram *s = (struct net_dgram *)nc;

    if (s->watch) {
        g_source_remove(s->watch);
    }
    if (s->out_retry) {
        g_source_remove(s->out_retry);
    }
    close(s->fd);
    if (s->unlink_path) {
        unlink(s->unlink_path);
        g_free(s->unlink_path);
    }
}

bool net_dgram_resolve(const char *where, const char *key, const char *text, struct sockaddr_storage *a, socklen_t *len,
                       GError **err)
{
    struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE }, *list = NULL;
    struct sock_addr parts;
    int e;

    if (!sock_addr_parse(&parts, where, text, err)) {
        return false;
    }
    e = getaddrinfo(parts.host && parts.host[0] ? parts.host : NULL, parts.port, &hints, &list);
    sock_addr_clear(&parts);
    if (e) {
        g_set_error(err, NET_ERROR, 0, "%s: %s=%s: %s", where, key, text, gai_strerror(e));
        return false;
    }
    memcpy(a, list->ai_addr, list->ai_addrlen);
    *len = list->ai_addrlen;
    freeaddrinfo(list);
    return true;
}

bool net_dgram_socket(struct net_dgram *s, const char *where, const struct sockaddr_storage *local, socklen_t len,
                      bool group, GError **err)
{
    struct ip_mreq member = { .imr_multiaddr = ((struct sockaddr_in *)&s->to)->sin_addr };
    int one = 1, e;

    s->fd = socket(local->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s->fd >= 0 && group) {
        /* Several emulators of this host share the group's port and hear each other. */
        setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_LOOP, &one, sizeof(one));
    }
    if (s->fd >= 0 && !bind(s->fd, (const struct sockaddr *)local, len) &&
        (!group || !setsockopt(s->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)))) {
        return true;
    }
    e = errno;
    if (s->fd >= 0) {
        close(s->fd);
    }
    g_set_error(err, NET_ERROR, 0, "%s: cannot use the local address: %s", where, g_strerror(e));
    return false;
}

/* ---- -netdev dgram ---- */

static bool unix_address(const char *where, const char *key, const char *path, struct sockaddr_storage *a,
                         socklen_t *len, GError **err)
{
    struct sockaddr_un *un = (struct sockaddr_un *)a;

    if (!path || strlen(path) >= sizeof(un->sun_path)) {
        g_set_error(err, NET_ERROR, 0, "%s: %s= must be a path of at most 107 bytes", where, key);
        return false;
    }
    *un = (struct sockaddr_un){ .sun_family = AF_UNIX };
    strcpy(un->sun_path, path);
    *len = sizeof(*un);
    return true;
}

/* The address under the keys local.* or remote.*; *len stays 0 where there are none. */
static bool take_address(struct options *o, const char *prefix, struct sockaddr_storage *a, socklen_t *len,
                         GError **err)
{
    static const char *const kinds[] = { "inet", "unix", NULL };
    g_autofree char *type_key = g_strdup_printf("%s.type", prefix), *path_key = g_strdup_printf("%s.path", prefix);
    g_autofree char *host_key = g_strdup_printf("%s.host", prefix), *port_key = g_strdup_printf("%s.port", prefix);
    const char *host = options_get(o, host_key), *port = options_get(o, port_key), *path = options_get(o, path_key);
    g_autofree char *text = g_strdup_printf("%s:%s", host ? host : "", port ? port : "");
    int kind = -1;

    *len = 0;
    if (!options_get_enum(o, type_key, kinds, &kind, err)) {
        return false;
    }
    if (kind < 0) {
        return true;
    }
    return kind == 1 ? unix_address(options_where(o), path_key, path, a, len, err)
           : net_dgram_resolve(options_where(o), port_key, text, a, len, err);
}

static bool is_multicast(const struct sockaddr_storage *a)
{
    return a->ss_family == AF_INET && IN_MULTICAST(ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr));
}

static bool dgram_open(struct net_client *nc, struct options *o, GError **err)
{
    struct net_dgram *s = (struct net_dgram *)nc;
    struct sockaddr_storage local = { 0 };
    socklen_t local_len;
    bool group;

    if (!take_address(o, "local", &local, &local_len, err) || !take_address(o, "remote", &s->to, &s->to_len, err)) {
        return false;
    }
    group = s->to_len && is_multicast(&s->to);
    if (!s->to_len || (!local_len && !group)) {
        g_set_error(err, NET_ERROR, 0,
                    "%s: it needs local.type=, local.host=, local.port= (or local.path=) and the same "
                    "with remote; a multicast group needs remote alone",
                    options_where(o));
        return false;
    }
    if (!local_len) {
        local = s->to;
        local_len = s->to_len;
    }
    if (local.ss_family == AF_UNIX) {
        unlink(((struct sockaddr_un *)&local)->sun_path);
    }
    if (!net_dgram_socket(s, options_where(o), &local, local_len, group, err)) {
        return false;
    }
    if (local.ss_family == AF_UNIX) {
        s->unlink_path = g_strdup(((struct sockaddr_un *)&local)->sun_path);
    }
    net_dgram_start(s);
    return true;
}

const struct net_type net_dgram_type = {
    .name = "dgram", .help = "local.type=inet|unix,local.host=HOST,local.port=PORT,local.path=PATH, and the same with "
    "remote", .size = sizeof(struct net_dgram), .features = NET_FEATURE_CSUM, .open = dgram_open,
    .close = net_dgram_close, .send = net_dgram_send, .resume = net_dgram_resume,
};
