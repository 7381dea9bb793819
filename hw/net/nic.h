/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the emulated network cards share: their back end, their address, and Ethernet's arithmetic. */
#ifndef HW_NET_NIC_H
#define HW_NET_NIC_H

#include "net/net.h"
#include "system/device.h"

#define NIC_FRAME_MIN 60            /* without FCS */
#define NIC_FRAME_MAX 1514

struct nic {
    struct net_client *nc;          /* property netdev; NULL: no cable */
    uint8_t mac[NET_MAC_LEN];       /* property mac; all zero: the next of 52:54:00:12:34:56 and up */
    bool attached;
};

#define NIC_PROPS(type, f) \
    PROP_NETDEV(type, f.nc, "netdev", "id of the -netdev"), PROP_MAC(type, f.mac, "mac", "Ethernet address")
#define NIC_HOST(type, f) HOST(type, f.attached)

/* In realize and unrealize. ops' callbacks get d. */
bool nic_attach(struct nic *n, struct device *d, const struct net_frontend_ops *ops, GError **err);
void nic_detach(struct nic *n);
/* A frame to the network; nothing without one. Machine lock. */
void nic_send(struct nic *n, const void *frame, size_t len);
bool nic_link_up(const struct nic *n);
/* Deliver again what receive refused. */
void nic_rx_ready(struct nic *n);

/* net_frontend_ops.batch_begin and batch_end for devices that need no more than the machine lock. */
void nic_batch_begin(void *opaque);
void nic_batch_end(void *opaque);

/* CRC-32 as Ethernet has it: bit 0 of each byte first. nic_hash is its complement bit-reversed, as hash filters use it. */
uint32_t nic_crc(const uint8_t *data, size_t len);
uint32_t nic_hash(const uint8_t mac[NET_MAC_LEN]);
/* The Internet checksum's sum over bytes, added to sum; and the checksum of a sum. */
uint32_t nic_sum(const uint8_t *data, size_t len, uint32_t sum);
uint16_t nic_fold(uint32_t sum);

static inline bool nic_is_broadcast(const uint8_t *frame)
{
    return (frame[0] & frame[1] & frame[2] & frame[3] & frame[4] & frame[5]) == 0xff;
}

#endif
