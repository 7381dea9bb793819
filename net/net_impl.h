/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds of network back end share. Frames from the guest (tx) are copied into a ring by any thread and handed
 * to type->send() on the main loop. Frames for the guest (rx) go through net_deliver() into a second ring, where runs
 * of TCP segments grow together if the guest takes large frames; net_deliver_end() gives what is there to the NIC.
 */
#ifndef NET_NET_IMPL_H
#define NET_NET_IMPL_H

#include <stdio.h>

#include "net/net.h"
#include "net/queue.h"
#include "util/wake.h"

struct net_type {
    const char *name;
    const char *help;
    size_t size;              /* of the struct that begins with struct net_client */
    uint32_t features;        /* enum net_features that send() takes */
    bool (*open)(struct net_client *nc, struct options *o, GError **err);
    void (*close)(struct net_client *nc);
    /* A frame from the guest; false: cannot take it now, and net_send_ready() will follow. off is never NULL. The frame
     * may be changed in place. */
    bool (*send)(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len);
    /* The guest has buffers again: a kind that has stopped to read, as net_can_deliver() said no, goes on. */
    void (*resume)(struct net_client *nc);
    /* Appends what info network says after the type. May be NULL. */
    void (*info)(struct net_client *nc, GString *out);
};

struct net_dump;

struct net_client {
    const struct net_type *type;
    struct net_set *set;
    char *id;
    uint32_t features;                    /* type->features, unless open() finds less */
    const struct net_frontend_ops *ops;   /* NULL: no NIC */
    void *opaque;
    char *model;
    uint8_t mac[NET_MAC_LEN];
    int rx_features;                      /* atomic, enum net_features */
    int link_up;                          /* atomic */
    int send_plugged;                     /* atomic: net_send_begin() depth */
    int rx_wanted;                        /* atomic: the guest has provided buffers */
    bool rx_blocked, tx_blocked;          /* the other side said no */
    bool rx_any;                          /* something was delivered since net_deliver_end() */
    struct wake *wake;
    GMutex tx_lock;                       /* guards tx and tx statistics; a leaf */
    struct net_queue tx;
    struct net_queue rx;                  /* main loop only */
    struct net_stats stats;
    GPtrArray *dumps;                     /* struct net_dump */
};

struct net_set {
    GHashTable *by_id;
    GPtrArray *all;                       /* struct net_client, owned */
};

extern const struct net_type net_user_type, net_socket_type, net_stream_type, net_dgram_type, net_tap_type;
extern const struct net_type net_none_type;

/* For the kinds; main loop thread. A frame for the guest, copied. off may be NULL. */
void net_deliver(struct net_client *nc, const struct net_offload *off, const void *frame, size_t len);
/* After a run of net_deliver(): hands the frames to the NIC. */
void net_deliver_end(struct net_client *nc);
/* True while there is room for more; kinds that can leave frames with the host should. */
bool net_can_deliver(const struct net_client *nc);
/* send() may be called again. */
void net_send_ready(struct net_client *nc);

/* dump.c */
struct net_dump *net_dump_open(const char *path, size_t len_max, GError **err);
void net_dump_frame(struct net_dump *d, const uint8_t *frame, size_t len);
void net_dump_close(struct net_dump *d);

#endif
