/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames as datagrams, for the two kinds of back end that do so. Private to net/. */
#ifndef NET_DGRAM_H
#define NET_DGRAM_H

#include <sys/socket.h>

#include "net/net_impl.h"

struct net_dgram {
    struct net_client nc;
    int fd;
    guint watch, out_retry;
    char *unlink_path;             /* of our own UNIX socket */
    struct sockaddr_storage to;
    socklen_t to_len;              /* 0: the socket is connected */
};

/* "HOST:PORT" to an IPv4 address; false and *err otherwise. */
bool net_dgram_resolve(const char *where, const char *key, const char *text, struct sockaddr_storage *a, socklen_t *len,
                       GError **err);
/* Starts on s->fd. */
void net_dgram_start(struct net_dgram *s);
/* Sets s->fd to a socket that is bound to local and, if group is set, a member of the multicast group s->to. */
bool net_dgram_socket(struct net_dgram *s, const char *where, const struct sockaddr_storage *local, socklen_t len,
                      bool group, GError **err);
void net_dgram_close(struct net_client *nc);
bool net_dgram_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len);
void net_dgram_resume(struct net_client *nc);

#endif
