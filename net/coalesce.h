/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receive coalescing: in-order TCP segments of one connection become one large frame with NET_GSO_TCPV4. An emulated
 * guest pays for each frame many times what it pays for the bytes, so this is worth more than anything else on the way.
 */
#ifndef NET_COALESCE_H
#define NET_COALESCE_H

#include "net/queue.h"

/* Appends the frame's payload to the newest record of q if it continues that one's TCP stream. False: push it as a
 * frame of its own, then call net_coalesce_start(). */
bool net_coalesce(struct net_queue *q, const uint8_t *frame, size_t len);

/* Notes in a new record whether others may be appended. */
void net_coalesce_start(struct net_record *r);

/* Before the record goes to the guest: where it has grown, its lengths and checksums. */
void net_coalesce_finish(struct net_record *r);

#endif
