/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Internet checksum (RFC 1071), and the offloads that stand on it. Any thread. */
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include "net/net.h"

/* The one's complement sum of the bytes as 16-bit words in memory order, folded to 16 bits, added to sum. The
 * result can go into a header's field as it is, once inverted. */
uint16_t net_sum(const void *data, size_t len, uint32_t sum);

/* Completes what NET_NEEDS_CSUM leaves open; off is the guest's and may say anything: false where it points outside the
 * frame. */
bool net_checksum_complete(const struct net_offload *off, uint8_t *frame, size_t len);

/* The sum of TCP's or UDP's pseudo header over IPv4 (RFC 793, 3.1), in memory order: addresses, protocol, length. */
uint16_t net_pseudo_sum_ipv4(const uint8_t *ip, uint8_t protocol, uint16_t len);

#endif
