/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of frames. Each is contiguous, with its offload header in front. The frame at the head stays in place until
 * it is popped, whatever is pushed meanwhile; so one thread may look at it without the lock under which the others
 * push.
 */
#ifndef NET_QUEUE_H
#define NET_QUEUE_H

#include "net/net.h"

struct net_record {
    uint32_t len;                /* of the frame; NET_RECORD_WRAP: the ring goes on at its start */
    uint32_t room;               /* bytes held for it, at least len */
    struct net_offload off;
    uint32_t tcp_next;           /* coalesce.c's: the sequence number that continues it, where coalescable */
    bool coalescable, grown;
    uint8_t frame[];
};

struct net_queue {
    uint8_t *data;
    size_t size;
    size_t head, tail;           /* offsets of the oldest record and of the free space */
    size_t last;                 /* offset of the newest record, while there is one */
    unsigned count;
};

void net_queue_init(struct net_queue *q, size_t size);
void net_queue_free(struct net_queue *q);

/* Space for a frame of len bytes at the end, len set and off zeroed; NULL if the ring is full. */
struct net_record *net_queue_push(struct net_queue *q, size_t len);

/* Lengthens the newest record by more bytes; false if there is no room behind it. */
bool net_queue_extend(struct net_queue *q, size_t more);

/* The oldest record, or NULL. */
struct net_record *net_queue_head(const struct net_queue *q);
/* The newest, or NULL. */
struct net_record *net_queue_last(const struct net_queue *q);
void net_queue_pop(struct net_queue *q);

#endif
