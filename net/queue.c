/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/queue.h"

#include <string.h>

#define RECORD_WRAP UINT32_MAX
#define ROUND_UP_8(n) (((n) + 7) & ~(size_t)7)

void net_queue_init(struct net_queue *q, size_t size)
{
    *q = (struct net_queue){ .data = g_malloc(size), .size = size };
}

void net_queue_free(struct net_queue *q)
{
    g_free(q->data);
}

static struct net_record *at(const struct net_queue *q, size_t offset)
{
    return (struct net_record *)(q->data + offset);
}

/* Free bytes that follow the tail without a wrap. One byte always stays free, so that head == tail means empty. */
static size_t room_behind(const struct net_queue *q)
{
    if (q->tail >= q->head) {
        return q->size - q->tail - (q->head == 0);
    }
    return q->head - q->tail - 1;
}

struct net_record *net_queue_push(struct net_queue *q, size_t len)
{
    size_t need = ROUND_UP_8(sizeof(struct net_record) + len);
    struct net_record *r;

    /* The wrap mark needs a record's head too. */
    if (q->tail >= q->head && room_behind(q) < need + sizeof(struct net_record)) {
        if (q->head <= need) {
            return NULL;
        }
        if (room_behind(q) < sizeof(struct net_record)) {
            return NULL;
        }
        at(q, q->tail)->len = RECORD_WRAP;
        q->tail = 0;
    } else if (room_behind(q) < need) {
        return NULL;
    }
    r = at(q, q->tail);
    *r = (struct net_record){ .len = len, .room = need - sizeof(struct net_record) };
    q->last = q->tail;
    q->tail += need;
    q->count++;
    return r;
}

bool net_queue_extend(struct net_queue *q, size_t more)
{
    struct net_record *r = at(q, q->last);
    size_t need = ROUND_UP_8(r->len + more);
    size_t grow = need > r->room ? need - r->room : 0;

    if (q->tail >= q->head ? room_behind(q) < grow + sizeof(struct net_record) : room_behind(q) < grow) {
        return false;
    }
    q->tail += grow;
    r->room += grow;
    r->len += more;
    return true;
}

struct net_record *net_queue_head(const struct net_queue *q)
{
    if (!q->count) {
        return NULL;
    }
    return at(q, q->head)->len == RECORD_WRAP ? at(q, 0) : at(q, q->head);
}

struct net_record *net_queue_last(const struct net_queue *q)
{
    return q->count ? at(q, q->last) : NULL;
}

void net_queue_pop(struct net_queue *q)
{
    struct net_record *r = net_queue_head(q);

    q->head = (uint8_t *)r - q->data + sizeof(*r) + r->room;
    if (!--q->count) {
        q->head = q->tail = 0;   /* starts anew at the front: a quiet network touches few pages */
    }
}
