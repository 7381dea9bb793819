/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/checksum.h"

#include <arpa/inet.h>
#include <string.h>

static uint16_t fold(uint64_t sum)
{
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT32_MAX) + (sum >> 32);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    sum = (sum & UINT16_MAX) + (sum >> 16);
    return sum;
}

uint16_t net_sum(const void *data, size_t len, uint32_t start)
{
    const uint8_t *p = data;
    uint64_t a = start, b = 0;
    uint16_t tail = 0;

    /* 32-bit words summed into 64 bits: no carry is lost below 2^32 words, and the compiler makes vectors of it. */
    for (; len >= 16; p += 16, len -= 16) {
        uint32_t w[4];

        memcpy(w, p, 16);
        a += (uint64_t)w[0] + w[1];
        b += (uint64_t)w[2] + w[3];
    }
    a += b;
    for (; len >= 2; p += 2, len -= 2) {
        uint16_t w;

        memcpy(&w, p, 2);
        a += w;
    }
    if (len) {
        memcpy(&tail, p, 1);
    }
    return fold(a + tail);
}

uint16_t net_pseudo_sum_ipv4(const uint8_t *ip, uint8_t protocol, uint16_t len)
{
    uint16_t words[2] = { htons(protocol), htons(len) };

    return net_sum(words, 4, net_sum(ip + 12, 8, 0));
}

bool net_checksum_complete(const struct net_offload *off, uint8_t *frame, size_t len)
{
    size_t at = (size_t)off->csum_start + off->csum_offset;
    uint16_t sum;

    if (!(off->flags & NET_NEEDS_CSUM)) {
        return true;
    }
    if (off->csum_start >= len || at + 2 > len) {
        return false;
    }
    sum = ~net_sum(frame + off->csum_start, len - off->csum_start, 0);
    if (!sum) {
        sum = 0xffff;   /* in UDP, 0 would mean "no checksum"; for TCP the two are the same number */
    }
    memcpy(frame + at, &sum, 2);
    return true;
}
