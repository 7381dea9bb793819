/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/coalesce.h"

#include <arpa/inet.h>
#include <string.h>

#include "net/checksum.h"

/* Offsets in a frame with a plain IPv4 header (RFC 791, 3.1) and TCP (RFC 9293, 3.1). */
enum {
    ETH = 14, IP = ETH, IP_LEN = IP + 2, IP_FRAGMENT = IP + 6, IP_CARRIES = IP + 9, IP_SUM = IP + 10,
    TCP = IP + 20, TCP_SEQ = TCP + 4, TCP_ACK = TCP + 8, TCP_OFFSET = TCP + 12, TCP_FLAGS = TCP + 13,
    TCP_WINDOW = TCP + 14, TCP_SUM = TCP + 16, HEADERS_MIN = TCP + 20,
    FLAG_PSH = 8, FLAG_ACK = 16,
};

static uint16_t get16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint16_t v)
{
    p[0] = v >> 8;
    p[1] = v;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Bytes of headers if this is a data segment that may be part of a run; 0 otherwise. */
static size_t segment_headers(const uint8_t *f, size_t len)
{
    size_t headers;

    if (len <= HEADERS_MIN || get16(f + 12) != 0x0800 || f[IP] != 0x45 || f[IP_CARRIES] != 6 ||
        get16(f + IP_FRAGMENT) & 0x3fff || (f[TCP_FLAGS] & ~FLAG_PSH) != FLAG_ACK) {
        return 0;
    }
    headers = TCP + (f[TCP_OFFSET] >> 4) * 4;
    /* Padding behind the datagram would become data. */
    return headers >= HEADERS_MIN && headers < len && (size_t)get16(f + IP_LEN) + ETH == len ? headers : 0;
}

void net_coalesce_start(struct net_record *r)
{
    size_t headers = segment_headers(r->frame, r->len);

    /* A pushed segment ends a run; another may still join the run before it. */
    r->coalescable = headers && !(r->frame[TCP_FLAGS] & FLAG_PSH);
    if (r->coalescable) {
        r->tcp_next = get32(r->frame + TCP_SEQ) + (r->len - headers);
        r->off.hdr_len = headers;
        r->off.gso_size = r->len - headers;
    }
}

/* Everything that the segments of one large frame must share. */
static bool same_stream(const uint8_t *a, const uint8_t *b, size_t headers)
{
    return !memcmp(a, b, ETH) && !memcmp(a + IP, b + IP, 2) && !memcmp(a + IP + 8, b + IP + 8, 2) &&
           !memcmp(a + IP + 12, b + IP + 12, 8 + 4) && !memcmp(a + TCP_ACK, b + TCP_ACK, 5) &&
           !memcmp(a + TCP_WINDOW, b + TCP_WINDOW, 2) &&
           !memcmp(a + HEADERS_MIN, b + HEADERS_MIN, headers - HEADERS_MIN);
}

bool net_coalesce(struct net_queue *q, const uint8_t *frame, size_t len)
{
    struct net_record *r = net_queue_last(q);
    size_t headers, payload, old_len;

    if (!r || !r->coalescable) {
        return false;
    }
    headers = segment_headers(frame, len);
    payload = len - headers;
    if (!headers || headers != r->off.hdr_len || payload > r->off.gso_size || get32(frame + TCP_SEQ) != r->tcp_next ||
        r->len + payload > ETH + UINT16_MAX || !same_stream(r->frame, frame, headers)) {
        return false;
    }
    old_len = r->len;
    if (!net_queue_extend(q, payload)) {
        return false;
    }
    memcpy(r->frame + old_len, frame + headers, payload);
    r->tcp_next += payload;
    r->frame[TCP_FLAGS] |= frame[TCP_FLAGS];
    r->off.gso_type = NET_GSO_TCPV4;
    r->grown = true;
    /* A shorter segment is the last; so is a pushed one, which the guest should see soon. */
    r->coalescable = payload == r->off.gso_size && !(frame[TCP_FLAGS] & FLAG_PSH);
    return true;
}

void net_coalesce_finish(struct net_record *r)
{
    uint8_t *f = r->frame;
    uint16_t sum;

    if (!r->coalescable && !r->grown) {
        return;
    }
    r->coalescable = false;
    if (!r->grown) {
        r->off.hdr_len = r->off.gso_size = 0;
        return;
    }
    r->grown = false;
    put16(f + IP_LEN, r->len - ETH);
    put16(f + IP_SUM, 0);
    sum = ~net_sum(f + IP, 20, 0);
    memcpy(f + IP_SUM, &sum, 2);
    sum = net_pseudo_sum_ipv4(f + IP, 6, r->len - TCP);
    memcpy(f + TCP_SUM, &sum, 2);
    r->off.flags = NET_NEEDS_CSUM;
    r->off.csum_start = TCP;
    r->off.csum_offset = TCP_SUM - TCP;
}
