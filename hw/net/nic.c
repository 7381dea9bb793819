/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/net/nic.h"

#include <string.h>

#include "system/machine.h"

static void default_mac(struct nic *n, struct machine *m)
{
    static const uint8_t none[NET_MAC_LEN], base[NET_MAC_LEN] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

    if (memcmp(n->mac, none, NET_MAC_LEN)) {
        return;
    }
    memcpy(n->mac, base, NET_MAC_LEN);
    for (unsigned i = 0; i < m->devices->len; i++) {
        n->mac[5] += device_find_prop(((struct device *)m->devices->pdata[i])->type, "netdev") != NULL;
    }
}

bool nic_attach(struct nic *n, struct device *d, const struct net_frontend_ops *ops, GError **err)
{
    default_mac(n, d->m);
    n->attached = n->nc && net_attach(n->nc, ops, d, d->type->name, n->mac, err);
    return n->attached || !n->nc;
}

void nic_detach(struct nic *n)
{
    if (n->attached) {
        net_detach(n->nc);
        n->attached = false;
    }
}

void nic_send(struct nic *n, const void *frame, size_t len)
{
    struct iovec iov = { (void *)frame, len };

    if (n->attached) {
        net_send(n->nc, NULL, &iov, 1);
    }
}

bool nic_link_up(const struct nic *n)
{
    return n->attached && net_link_up(n->nc);
}

void nic_rx_ready(struct nic *n)
{
    if (n->attached) {
        net_rx_ready(n->nc);
    }
}

void nic_batch_begin(void *opaque)
{
    machine_lock(((struct device *)opaque)->m);
}

void nic_batch_end(void *opaque)
{
    machine_unlock(((struct device *)opaque)->m);
}

uint32_t nic_crc(const uint8_t *data, size_t len)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return ~crc;
}

uint32_t nic_hash(const uint8_t mac[NET_MAC_LEN])
{
    uint32_t crc = ~nic_crc(mac, NET_MAC_LEN), v = 0;

    for (unsigned i = 0; i < 32; i++) {
        v |= (crc >> i & 1) << (31 - i);
    }
    return v;
}

uint32_t nic_sum(const uint8_t *data, size_t len, uint32_t sum)
{
    uint64_t s = sum;

    for (size_t i = 0; i + 1 < len; i += 2) {
        s += data[i] << 8 | data[i + 1];
    }
    s += len & 1 ? data[len - 1] << 8 : 0;
    while (s >> 16) {
        s = (s & 0xffff) + (s >> 16);
    }
    return s;
}

uint16_t nic_fold(uint32_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return ~sum;
}
