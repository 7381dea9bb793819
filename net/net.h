/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network back ends: what -netdev names. A NIC (hw/) attaches to one as its only front end and exchanges Ethernet
 * frames with it, without preamble and FCS.
 *
 * Threads: opening, attaching and every callback are on the main loop thread (the default GMainContext), with no
 * lock held; a device takes the machine lock in them. net_send() and net_rx_ready() may be called by any thread with
 * any lock held: they queue, wake the main loop if it is not awake, and never block or call back.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/options.h"

#define NET_ERROR g_quark_from_static_string("net")
#define NET_MAC_LEN 6
#define NET_FRAME_MAX (65535 + 14)   /* with segmentation offload; without it 1514 at MTU 1500 */

/* What virtio calls virtio_net_hdr (Virtio 1.2, 5.1.6), host byte order: how far checksum and segmentation are
 * left to the other side. All zero: a plain frame. */
struct net_offload {
    uint8_t flags;          /* enum net_offload_flag */
    uint8_t gso_type;       /* enum net_gso */
    uint16_t hdr_len;       /* headers before the payload, with GSO; a hint */
    uint16_t gso_size;      /* payload of each segment */
    uint16_t csum_start;    /* where the checksummed part starts, from the start of the frame */
    uint16_t csum_offset;   /* where the checksum goes, from csum_start */
};

enum net_offload_flag {
    NET_NEEDS_CSUM = 1,     /* the checksum at csum_start + csum_offset holds the pseudo-header sum only */
    NET_DATA_VALID = 2,     /* the checksum has been verified or the frame never left the host */
};

enum net_gso { NET_GSO_NONE = 0, NET_GSO_TCPV4 = 1, NET_GSO_UDP = 3, NET_GSO_TCPV6 = 4, NET_GSO_ECN = 0x80 };

/* Bits that a NIC may take (towards the guest) and that a back end takes (from the guest). */
enum net_features {
    NET_FEATURE_CSUM = 1,   /* frames with NET_NEEDS_CSUM or NET_DATA_VALID */
    NET_FEATURE_TSO4 = 2,   /* frames of up to 64 KiB with NET_GSO_TCPV4 */
    NET_FEATURE_TSO6 = 4,
};

struct net_client;
struct net_set;   /* the back ends of one machine, by id */

/* What a NIC provides. */
struct net_frontend_ops {
    /* A frame for the guest. True: taken (or dropped for good, by a filter). False: no buffers now; the frame stays at
     * the head of the queue, and net_rx_ready() starts the delivery again. off is never NULL; its fields are zero
     * unless the NIC has enabled features. */
    bool (*receive)(void *opaque, const struct net_offload *off, const void *frame, size_t len);
    /* Brackets a run of receive() calls, so that the device takes its lock and raises its interrupt once.
     * May be NULL, both. */
    void (*batch_begin)(void *opaque);
    void (*batch_end)(void *opaque);
    /* The cable was plugged or pulled (set_link, a socket's peer). May be NULL. */
    void (*link_changed)(void *opaque, bool up);
};

struct net_set *net_set_new(void);
/* Closes all. Front ends must have been detached or be gone for good. */
void net_set_free(struct net_set *set);

/* -netdev TYPE,id=ID,...: the implied first key of o is "type". Types: user, socket, stream, dgram, tap, none
 * (nothing attached); help is the caller's (net_help()). Finishes the list o. -nic and -net are put together by the
 * caller, who takes model=, mac=, macaddr= out of a list of its own. NULL and *err on failure. */
struct net_client *net_client_new(struct net_set *set, struct options *o, GError **err);

struct net_client *net_find(struct net_set *set, const char *id);
const char *net_id(const struct net_client *nc);
const char *net_type(const struct net_client *nc);

/* -object filter-dump,id=ID,netdev=ID,file=PATH,maxlen=N: writes every frame, both ways, to a pcap file. o without
 * the implied key. Finishes o. */
bool net_add_dump(struct net_set *set, struct options *o, GError **err);

/* One NIC for each back end: false and *err if there is one already. model and mac are for info network. */
bool net_attach(struct net_client *nc, const struct net_frontend_ops *ops, void *opaque, const char *model,
                const uint8_t mac[NET_MAC_LEN], GError **err);
void net_detach(struct net_client *nc);

/* What the back end takes from the guest (enum net_features): the checksum and TSO features that a NIC may offer. */
uint32_t net_features(const struct net_client *nc);

/* What the guest's driver takes, once negotiated; 0 at reset. Any thread. */
void net_set_rx_features(struct net_client *nc, uint32_t features);

/* A frame from the guest; the bytes are copied. off may be NULL. A full queue drops it, like a busy wire.
 * Frames longer than NET_FRAME_MAX or shorter than 14 bytes are dropped. */
void net_send(struct net_client *nc, const struct net_offload *off, const struct iovec *iov, int n);

/* Around several net_send() calls: the main loop is woken once. */
void net_send_begin(struct net_client *nc);
void net_send_end(struct net_client *nc);

/* The guest has provided receive buffers: deliver what receive() refused. */
void net_rx_ready(struct net_client *nc);

/* The monitor's set_link. */
void net_set_link(struct net_client *nc, bool up);
bool net_link_up(const struct net_client *nc);

/* hostfwd_add and hostfwd_remove: "tcp::2222-:22". False and *err if nc is not of type user or the port is busy. */
bool net_hostfwd_add(struct net_client *nc, const char *rule, GError **err);
bool net_hostfwd_remove(struct net_client *nc, const char *rule, GError **err);

/* Frames and bytes; tx is from the guest. */
struct net_stats {
    uint64_t tx_frames, tx_bytes, tx_dropped, rx_frames, rx_bytes, rx_dropped;
};
void net_get_stats(const struct net_client *nc, struct net_stats *stats);

/* Appends the lines of "info network" and of "info usernet". */
void net_info(struct net_set *set, GString *out);
void net_usernet_info(struct net_set *set, GString *out);

/* The text of "-netdev help". */
const char *net_help(void);

/* Writes "52:54:00:12:34:56" style text to mac; false if text is none. */
bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_LEN]);

#endif
