/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-net: a network card (Virtio 1.2, 5.1).
 *
 * Queues: receiveq0, transmitq0, controlq. One queue pair, since no back end has more.
 * Not modelled: several queue pairs, RSS, hash reports, guest announce (there is no migration), UFO, ECN.
 */
#include <string.h>

#include "hw/virtio/virtio.h"
#include "net/net.h"
#include "system/machine.h"
#include "util/log.h"

enum {
    F_CSUM = 0, F_GUEST_CSUM = 1, F_CTRL_GUEST_OFFLOADS = 2, F_MTU = 3, F_MAC = 5, F_GUEST_TSO4 = 7, F_GUEST_TSO6 = 8,
    F_HOST_TSO4 = 11, F_HOST_TSO6 = 12, F_MRG_RXBUF = 15, F_STATUS = 16, F_CTRL_VQ = 17, F_CTRL_RX = 18, F_CTRL_VLAN = 19,
    F_CTRL_RX_EXTRA = 20, F_CTRL_MAC_ADDR = 23, F_SPEED_DUPLEX = 63,
};
enum { CTRL_RX = 0, CTRL_MAC = 1, CTRL_VLAN = 2, CTRL_GUEST_OFFLOADS = 5 };
enum { CTRL_RX_PROMISC, CTRL_RX_ALLMULTI, CTRL_RX_ALLUNI, CTRL_RX_NOMULTI, CTRL_RX_NOUNI, CTRL_RX_NOBCAST, CTRL_RX_CMDS };
enum { CTRL_MAC_TABLE_SET = 0, CTRL_MAC_ADDR_SET = 1, CTRL_VLAN_ADD = 0, CTRL_VLAN_DEL = 1, CTRL_GUEST_OFFLOADS_SET = 0 };
enum { CTRL_OK = 0, CTRL_ERR = 1 };

#define HDR_BYTES_LEGACY 10         /* struct virtio_net_hdr without num_buffers */
#define HDR_BYTES 12
#define CONFIG_BYTES 17             /* mac, status, max_virtqueue_pairs, mtu, speed, duplex */
#define OFFLOADS (1u << F_GUEST_CSUM | 1u << F_GUEST_TSO4 | 1u << F_GUEST_TSO6)  /* that the driver may switch */
#define STATUS_LINK_UP 1
#define DUPLEX_UNKNOWN 0xff         /* 0 half, 1 full */
#define MAC_TABLE_MAX 64
#define VLANS 4096
#define TX_BURST 256
#define RX_BUFFERS_MAX 64u          /* that one frame may take */

struct virtio_net {
    struct virtio_device vd;
    /* properties */
    struct net_client *nc;
    uint8_t mac_prop[NET_MAC_LEN];
    bool csum, guest_csum, guest_tso4, guest_tso6, host_tso4, host_tso6, mrg_rxbuf, status, mq;
    bool ctrl_vq, ctrl_rx, ctrl_rx_extra, ctrl_vlan, ctrl_mac_addr, ctrl_guest_offloads;
    uint16_t rx_queue_size, tx_queue_size, mtu;
    int32_t speed;
    int duplex;
    /* guest-visible state */
    uint8_t mac[NET_MAC_LEN];
    bool rx_mode[CTRL_RX_CMDS], table_overflow;
    uint32_t offloads;
    uint32_t table_count;
    uint8_t table[MAC_TABLE_MAX * NET_MAC_LEN];
    uint32_t vlans[VLANS / 32];
    /* host */
    struct virtio_queue *rx, *tx, *ctrl;
    bool attached, rx_dirty;
};

static const char *const duplexes[] = { "unknown", "half", "full", NULL };

/* ---- header ---- */

static unsigned header_bytes(const struct virtio_net *s)
{
    return virtio_has(&s->vd, VIRTIO_F_VERSION_1) || virtio_has(&s->vd, F_MRG_RXBUF) ? HDR_BYTES : HDR_BYTES_LEGACY;
}

static void put16(uint8_t *p, uint16_t v)
{
    v = GUINT16_TO_LE(v);
    memcpy(p, &v, 2);
}

static uint16_t get16(const uint8_t *p)
{
    uint16_t v;

    memcpy(&v, p, 2);
    return GUINT16_FROM_LE(v);
}

static void encode(const struct net_offload *off, unsigned buffers, uint8_t *h)
{
    h[0] = off->flags;
    h[1] = off->gso_type;
    put16(h + 2, off->hdr_len);
    put16(h + 4, off->gso_size);
    put16(h + 6, off->csum_start);
    put16(h + 8, off->csum_offset);
    put16(h + 10, buffers);
}

static void decode(const uint8_t *h, struct net_offload *off)
{
    off->flags = h[0] & NET_NEEDS_CSUM;
    off->gso_type = h[1];
    off->hdr_len = get16(h + 2);
    off->gso_size = get16(h + 4);
    off->csum_start = get16(h + 6);
    off->csum_offset = get16(h + 8);
}

/* ---- receive ---- */

static bool table_has(const struct virtio_net *s, const uint8_t *mac)
{
    for (unsigned i = 0; i < s->table_count; i++) {
        if (!memcmp(s->table + i * NET_MAC_LEN, mac, NET_MAC_LEN)) {
            return true;
        }
    }
    return false;
}

/* Does the driver's filter take the frame? */
static bool wanted(const struct virtio_net *s, const uint8_t *frame, size_t len)
{
    static const uint8_t broadcast[NET_MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

    if (s->rx_mode[CTRL_RX_PROMISC]) {
        return true;
    }
    if (len >= 18 && frame[12] == 0x81 && !frame[13] && virtio_has(&s->vd, F_CTRL_VLAN)) {
        unsigned vid = (frame[14] << 8 | frame[15]) & 0xfff;

        if (!(s->vlans[vid / 32] >> (vid % 32) & 1)) {
            return false;
        }
    }
    if (!memcmp(frame, broadcast, sizeof broadcast)) {
        return !s->rx_mode[CTRL_RX_NOBCAST];
    }
    if (frame[0] & 1) {
        return !s->rx_mode[CTRL_RX_NOMULTI] &&
               (s->rx_mode[CTRL_RX_ALLMULTI] || s->table_overflow || table_has(s, frame));
    }
    return !s->rx_mode[CTRL_RX_NOUNI] && (s->rx_mode[CTRL_RX_ALLUNI] || s->table_overflow ||
                                          !memcmp(frame, s->mac, NET_MAC_LEN) || table_has(s, frame));
}

static void put_back(struct virtio_element **e, unsigned n)
{
    while (n) {
        virtio_unpop(e[--n]);
    }
}

/* Takes buffers for `need` bytes, at most max; their number. */
static unsigned take_buffers(struct virtio_net *s, size_t need, struct virtio_element **e, unsigned max, uint64_t *room)
{
    unsigned n = 0;

    for (*room = 0; n < max && *room < need; n++) {
        e[n] = virtio_pop(s->rx);
        if (!e[n]) {
            break;
        }
        *room += e[n]->in_bytes;
    }
    return n;
}

/* False: the frame has to wait for buffers. */
static bool deliver(struct virtio_net *s, const struct net_offload *off, const uint8_t *frame, size_t len)
{
    struct virtio_element *e[RX_BUFFERS_MAX];
    bool mergeable = virtio_has(&s->vd, F_MRG_RXBUF);
    unsigned hdr = header_bytes(s), n, max = mergeable ? MIN(RX_BUFFERS_MAX, s->rx->size) : 1;
    uint8_t h[HDR_BYTES];
    size_t done = 0;
    uint64_t room;

    n = take_buffers(s, hdr + len, e, max, &room);
    if (!n || room < hdr + len || e[0]->in_bytes < hdr) {
        bool hopeless = n == max || (n && e[0]->in_bytes < hdr);

        put_back(e, n);
        if (hopeless) {
            log_guest("%s: buffers that are too small for a frame of %zu bytes", s->vd.dev.type->name, len);
        }
        return hopeless;    /* then the frame is lost, as on a wire; waiting for better buffers would wait for ever */
    }
    encode(off, n, h);
    virtio_write_in(e[0], 0, h, hdr);
    for (unsigned i = 0; i < n; i++) {
        unsigned skip = i ? 0 : hdr;
        size_t part = virtio_write_in(e[i], skip, frame + done, len - done);

        done += part;
        virtio_fill(e[i], part + skip);
    }
    s->rx_dirty = true;
    return true;
}

static bool receive(void *opaque, const struct net_offload *off, const void *frame, size_t len)
{
    struct virtio_net *s = opaque;

    if (!s->vd.started || !s->rx->enabled || s->rx->broken || !wanted(s, frame, len)) {
        return true;    /* dropped: nobody listens */
    }
    return deliver(s, off, frame, len);
}

static void batch_begin(void *opaque)
{
    struct virtio_net *s = opaque;

    machine_lock(s->vd.dev.m);
    s->rx_dirty = false;
}

static void batch_end(void *opaque)
{
    struct virtio_net *s = opaque;

    if (s->rx_dirty) {
        virtio_flush(s->rx);
        virtio_notify(s->rx);
    }
    machine_unlock(s->vd.dev.m);
}

static void link_changed(void *opaque, bool up)
{
    struct virtio_net *s = opaque;

    machine_lock(s->vd.dev.m);
    virtio_config_changed(&s->vd);
    machine_unlock(s->vd.dev.m);
}

static const struct net_frontend_ops net_ops = {
    .receive = receive, .batch_begin = batch_begin, .batch_end = batch_end, .link_changed = link_changed,
};

/* ---- transmit ---- */

static void transmit_one(struct virtio_net *s, struct virtio_element *e)
{
    unsigned hdr = header_bytes(s), n = 0, skip = hdr;
    struct net_offload off = { 0 };
    uint8_t h[HDR_BYTES] = { 0 };
    struct iovec *iov;

    if (virtio_read_out(e, 0, h, hdr) != hdr) {
        virtio_broken(&s->vd, "a frame without its header");
        virtio_drop(e);
        return;
    }
    decode(h, &off);
    iov = g_newa(struct iovec, e->out_num);
    for (unsigned i = 0; i < e->out_num; i++) {
        if (skip >= e->out[i].iov_len) {
            skip -= e->out[i].iov_len;
            continue;
        }
        iov[n++] = (struct iovec) { (uint8_t *)e->out[i].iov_base + skip, e->out[i].iov_len - skip };
        skip = 0;
    }
    if (n && e->out_bytes - hdr <= NET_FRAME_MAX) {
        net_send(s->nc, &off, iov, n);
    }
    virtio_fill(e, 0);
}

static void transmit(struct virtio_net *s)
{
    struct virtio_element *e;

    net_send_begin(s->nc);
    do {
        virtio_want_notify(s->tx, false);
        for (unsigned i = 0; (e = virtio_pop(s->tx)); i++) {
            transmit_one(s, e);
            if (i % TX_BURST == TX_BURST - 1) {
                virtio_flush(s->tx);
            }
        }
        virtio_want_notify(s->tx, true);
    } while (virtio_available(s->tx));
    net_send_end(s->nc);
    virtio_flush(s->tx);
    virtio_notify(s->tx);
}

/* ---- control queue (5.1.6.5) ---- */

static uint8_t set_mac_table(struct virtio_net *s, struct virtio_element *e)
{
    size_t at = 2;

    s->table_count = 0;
    s->table_overflow = false;
    for (unsigned list = 0; list < 2; list++) {     /* unicast, then multicast */
        uint32_t count;

        if (virtio_read_out(e, at, &count, 4) != 4) {
            return CTRL_ERR;
        }
        count = GUINT32_FROM_LE(count);
        at += 4;
        if ((uint64_t)count * NET_MAC_LEN > e->out_bytes) {
            return CTRL_ERR;
        }
        for (uint32_t i = 0; i < count; i++, at += NET_MAC_LEN) {
            if (s->table_count == MAC_TABLE_MAX) {
                s->table_overflow = true;
            } else if (virtio_read_out(e, at, s->table + s->table_count++ * NET_MAC_LEN, NET_MAC_LEN) != NET_MAC_LEN) {
                return CTRL_ERR;
            }
        }
    }
    return CTRL_OK;
}

static uint8_t control_rx(struct virtio_net *s, struct virtio_element *e, uint8_t cmd)
{
    uint8_t on;

    if (virtio_read_out(e, 2, &on, 1) != 1 || cmd >= CTRL_RX_CMDS) {
        return CTRL_ERR;
    }
    s->rx_mode[cmd] = on;
    return CTRL_OK;
}

/* What the back end may leave to the guest: the driver's features, of which it may switch some off and on. */
static void set_offloads(struct virtio_net *s, uint64_t f)
{
    uint32_t rx = f >> F_GUEST_CSUM & 1 ? NET_FEATURE_CSUM : 0;

    s->offloads = f & OFFLOADS;
    if (rx) {
        rx |= (f >> F_GUEST_TSO4 & 1 ? NET_FEATURE_TSO4 : 0) | (f >> F_GUEST_TSO6 & 1 ? NET_FEATURE_TSO6 : 0);
    }
    if (s->nc) {
        net_set_rx_features(s->nc, rx);
    }
}

static uint8_t control_offloads(struct virtio_net *s, struct virtio_element *e, uint8_t cmd)
{
    uint64_t f;

    if (cmd != CTRL_GUEST_OFFLOADS_SET || !virtio_has(&s->vd, F_CTRL_GUEST_OFFLOADS) ||
        virtio_read_out(e, 2, &f, sizeof f) != sizeof f) {
        return CTRL_ERR;
    }
    f = GUINT64_FROM_LE(f);
    if (f & ~(s->vd.guest_features & OFFLOADS)) {
        return CTRL_ERR;
    }
    set_offloads(s, f);
    return CTRL_OK;
}

static uint8_t control_vlan(struct virtio_net *s, struct virtio_element *e, uint8_t cmd)
{
    uint8_t raw[2];
    unsigned vid;

    if (virtio_read_out(e, 2, raw, 2) != 2 || get16(raw) >= VLANS || cmd > CTRL_VLAN_DEL) {
        return CTRL_ERR;
    }
    vid = get16(raw);
    if (cmd == CTRL_VLAN_ADD) {
        s->vlans[vid / 32] |= 1u << (vid % 32);
    } else {
        s->vlans[vid / 32] &= ~(1u << (vid % 32));
    }
    return CTRL_OK;
}

static uint8_t control_one(struct virtio_net *s, struct virtio_element *e)
{
    uint8_t head[2];

    if (virtio_read_out(e, 0, head, 2) != 2) {
        return CTRL_ERR;
    }
    switch (head[0]) {
    case CTRL_RX:
        return control_rx(s, e, head[1]);
    case CTRL_MAC:
        if (head[1] == CTRL_MAC_ADDR_SET) {
            return virtio_read_out(e, 2, s->mac, NET_MAC_LEN) == NET_MAC_LEN ? CTRL_OK : CTRL_ERR;
        }
        return head[1] == CTRL_MAC_TABLE_SET ? set_mac_table(s, e) : CTRL_ERR;
    case CTRL_VLAN:
        return control_vlan(s, e, head[1]);
    case CTRL_GUEST_OFFLOADS:
        return control_offloads(s, e, head[1]);
    default:
        return CTRL_ERR;
    }
}

static void control(struct virtio_net *s)
{
    struct virtio_element *e;

    while ((e = virtio_pop(s->ctrl))) {
        uint8_t status = control_one(s, e);

        virtio_push(e, virtio_write_in(e, 0, &status, 1));
    }
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    if (vq == s->rx) {
        net_rx_ready(s->nc);
    } else if (vq == s->tx) {
        transmit(s);
    } else {
        control(s);
    }
}

/* ---- features and configuration ---- */

static uint64_t features(struct virtio_device *vd)
{
    struct virtio_net *s = (struct virtio_net *)vd;
    uint32_t be = net_features(s->nc);
    bool csum = s->csum && (be & NET_FEATURE_CSUM), ctrl = s->ctrl_vq;
    const struct {
        unsigned bit;
        bool on;
    } offers[] = {
        { F_MAC, true }, { F_CSUM, csum }, { F_GUEST_CSUM, s->guest_csum },
        { F_HOST_TSO4, csum && s->host_tso4 && (be & NET_FEATURE_TSO4) },
        { F_HOST_TSO6, csum && s->host_tso6 && (be & NET_FEATURE_TSO6) },
        { F_GUEST_TSO4, s->guest_csum && s->guest_tso4 }, { F_GUEST_TSO6, s->guest_csum && s->guest_tso6 },
        { F_MRG_RXBUF, s->mrg_rxbuf }, { F_STATUS, s->status }, { F_MTU, s->mtu != 0 }, { F_CTRL_VQ, ctrl },
        { F_CTRL_RX, ctrl && s->ctrl_rx }, { F_CTRL_RX_EXTRA, ctrl && s->ctrl_rx_extra },
        { F_CTRL_VLAN, ctrl && s->ctrl_vlan }, { F_CTRL_MAC_ADDR, ctrl && s->ctrl_mac_addr },
        { F_CTRL_GUEST_OFFLOADS, ctrl && s->ctrl_guest_offloads }, { F_SPEED_DUPLEX, !vd->legacy },
    };
    uint64_t f = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(offers); i++) {
        f |= (uint64_t)offers[i].on << offers[i].bit;
    }
    return f;
}

static void set_features(struct virtio_device *vd, uint64_t f)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    set_offloads(s, f);
    /* Without the filter commands there is no filter for VLANs. */
    memset(s->vlans, f >> F_CTRL_VLAN & 1 ? 0 : 0xff, sizeof s->vlans);
}

static void get_config(struct virtio_device *vd, uint8_t *c)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    memcpy(c, s->mac, NET_MAC_LEN);
    put16(c + 6, net_link_up(s->nc) ? STATUS_LINK_UP : 0);
    put16(c + 8, 1);
    put16(c + 10, s->mtu);
    put16(c + 12, s->speed);
    put16(c + 14, (uint32_t)s->speed >> 16);
    c[16] = s->duplex ? s->duplex - 1 : DUPLEX_UNKNOWN;
}

static void set_config(struct virtio_device *vd, const uint8_t *c, unsigned offset, unsigned size)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    /* Legacy drivers set the address here (5.1.4.1); modern ones by the control queue. */
    if (!virtio_has(vd, VIRTIO_F_VERSION_1) && offset < NET_MAC_LEN) {
        memcpy(s->mac, c, NET_MAC_LEN);
    }
}

static void reset(struct virtio_device *vd)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    memset(s->rx_mode, 0, sizeof s->rx_mode);
    s->rx_mode[CTRL_RX_PROMISC] = true;     /* until the driver says otherwise */
    s->table_overflow = false;
    s->table_count = 0;
    memcpy(s->mac, s->mac_prop, NET_MAC_LEN);
}

static void set_status(struct virtio_device *vd, uint8_t status)
{
    struct virtio_net *s = (struct virtio_net *)vd;

    if (vd->started) {
        net_rx_ready(s->nc);
    }
}

static const struct virtio_desc desc = {
    .id = VIRTIO_ID_NET, .config_size = CONFIG_BYTES, .transitional_pci_id = 0x1000, .pci_class = 0x0200,
    .features = features, .set_features = set_features, .get_config = get_config, .set_config = set_config,
    .notify = notify, .set_status = set_status, .reset = reset,
};

/* ---- device ---- */

static bool is_queue_size(unsigned n)
{
    return n >= 64 && n <= VIRTIO_QUEUE_SIZE_MAX && !(n & (n - 1));
}

/* 52:54:00:12:34:56 and up, as QEMU numbers its cards. */
static void default_mac(struct virtio_net *s)
{
    static const uint8_t none[NET_MAC_LEN], base[NET_MAC_LEN] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
    unsigned cards = 0;

    if (memcmp(s->mac_prop, none, NET_MAC_LEN)) {
        return;
    }
    for (unsigned i = 0; i < s->vd.dev.m->devices->len; i++) {
        cards += ((struct device *)s->vd.dev.m->devices->pdata[i])->type->realize == s->vd.dev.type->realize;
    }
    memcpy(s->mac_prop, base, NET_MAC_LEN);
    s->mac_prop[5] += cards;
}

static bool realize(struct device *d, GError **err)
{
    struct virtio_net *s = (struct virtio_net *)d;

    if (!s->nc) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: netdev= is missing: it names a -netdev",
                    d->type->name);
        return false;
    }
    if (!is_queue_size(s->rx_queue_size) || !is_queue_size(s->tx_queue_size)) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0,
                    "-device %s: rx_queue_size, tx_queue_size: accepted: powers of two from 64 to 1024", d->type->name);
        return false;
    }
    if (s->mq) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0,
                    "-device %s: mq=on: netdev '%s' (%s) has one queue, as all have; accepted: off", d->type->name,
                    net_id(s->nc), net_type(s->nc));
        return false;
    }
    default_mac(s);
    if (!net_attach(s->nc, &net_ops, s, d->type->name, s->mac_prop, err)) {
        return false;
    }
    s->attached = true;
    s->rx = virtio_queue_add(&s->vd, s->rx_queue_size);
    s->tx = virtio_queue_add(&s->vd, s->tx_queue_size);
    s->ctrl = virtio_queue_add(&s->vd, 64);
    return true;
}

static void unrealize(struct device *d)
{
    struct virtio_net *s = (struct virtio_net *)d;

    if (s->attached) {
        net_detach(s->nc);
        s->attached = false;
    }
}

static const struct prop props[] = {
    PROP_NETDEV(struct virtio_net, nc, "netdev", "id of the -netdev"),
    PROP_MAC(struct virtio_net, mac_prop, "mac", "Ethernet address"),
    PROP_BOOL(struct virtio_net, csum, "csum", true, "offer checksum offload from the guest"),
    PROP_BOOL(struct virtio_net, guest_csum, "guest_csum", true, "offer checksum offload towards the guest"),
    PROP_BOOL(struct virtio_net, host_tso4, "host_tso4", true, "offer TCP segmentation from the guest, IPv4"),
    PROP_BOOL(struct virtio_net, host_tso6, "host_tso6", true, "the same, IPv6"),
    PROP_BOOL(struct virtio_net, guest_tso4, "guest_tso4", true, "offer large TCP frames towards the guest, IPv4"),
    PROP_BOOL(struct virtio_net, guest_tso6, "guest_tso6", true, "the same, IPv6"),
    PROP_BOOL(struct virtio_net, mrg_rxbuf, "mrg_rxbuf", true, "offer mergeable receive buffers"),
    PROP_BOOL(struct virtio_net, status, "status", true, "offer the link status"),
    PROP_BOOL(struct virtio_net, ctrl_vq, "ctrl_vq", true, "offer the control queue"),
    PROP_BOOL(struct virtio_net, ctrl_rx, "ctrl_rx", true, "offer its commands for promiscuous modes"),
    PROP_BOOL(struct virtio_net, ctrl_rx_extra, "ctrl_rx_extra", true, "offer those for what not to receive"),
    PROP_BOOL(struct virtio_net, ctrl_vlan, "ctrl_vlan", true, "offer those for VLANs"),
    PROP_BOOL(struct virtio_net, ctrl_mac_addr, "ctrl_mac_addr", true, "offer the one that sets the address"),
    PROP_BOOL(struct virtio_net, ctrl_guest_offloads, "ctrl_guest_offloads", true, "offer the one that switches offloads"),
    PROP_BOOL(struct virtio_net, mq, "mq", false, "several queue pairs; no back end has them"),
    PROP_I32(struct virtio_net, speed, "speed", -1, "megabits per second to show, -1: unknown"),
    PROP_ENUM(struct virtio_net, duplex, "duplex", duplexes, 0, "duplex mode to show"),
    PROP_U16(struct virtio_net, rx_queue_size, "rx_queue_size", 256, "entries of the receive queue"),
    PROP_U16(struct virtio_net, tx_queue_size, "tx_queue_size", 256, "entries of the transmit queue"),
    PROP_U16(struct virtio_net, mtu, "host_mtu", 0, "MTU to offer, 0: none"),
};
static const struct field state[] = {
    FIELD_BYTES(struct virtio_net, mac), FIELD_ARRAY(struct virtio_net, rx_mode), FIELD(struct virtio_net, offloads),
    FIELD(struct virtio_net, table_overflow), FIELD(struct virtio_net, table_count),
    FIELD_BYTES(struct virtio_net, table), FIELD_ARRAY(struct virtio_net, vlans),
};
static const struct host_field host[] = {
    HOST(struct virtio_net, rx), HOST(struct virtio_net, tx), HOST(struct virtio_net, ctrl),
    HOST(struct virtio_net, attached), HOST(struct virtio_net, rx_dirty),
};

const struct device_type virtio_net_type = {
    .name = "virtio-net-device", .help = "virtio network card", .base = &virtio_device_type, .bus = &virtio_bus_type,
    .size = sizeof(struct virtio_net), STATE(state), PROPS(props),
    HOSTS(host), .realize = realize, .unrealize = unrealize, .desc = &desc,
};
