/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames over stream sockets, for the two kinds of back end that do so. Private to net/. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "net/net_impl.h"
#include "util/sock.h"

struct net_stream {
    struct net_client nc;
    struct sock_addr addr;
    char *where;
    unsigned reconnect_ms;         /* 0: never */
    int fd, listen_fd;             /* -1: not connected; a client */
    guint in_watch, out_watch, listen_watch, reconnect_timer;
    uint8_t *in, *out;             /* the start of a frame; the rest of one */
    size_t in_len, out_len;
};

/* With addr, where and reconnect_ms set. On failure everything is freed again. */
bool net_stream_start(struct net_stream *s, bool server, GError **err);
/* On a connected socket. */
void net_stream_adopt(struct net_stream *s, int fd);
void net_stream_close(struct net_client *nc);
bool net_stream_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len);
void net_stream_resume(struct net_client *nc);
void net_stream_info(struct net_client *nc, GString *out);

#endif
