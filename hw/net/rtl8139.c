/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Realtek RTL8139C+ Fast Ethernet card (data sheets RTL8139C(L) 1.4 and RTL8139C+ 1.6): four transmit registers and a receive
 * ring, or rings of descriptors (C+ mode).
 *
 * BAR 0: ports; BAR 1: the same in memory. Interrupt: pin 1.
 * Not modelled: wake-up, parallel flash, receive checksum results, early interrupts, the tally counters' dump.
 */
#include <string.h>

#include "hw/net/eeprom93.h"
#include "hw/net/nic.h"
#include "hw/pci/pci.h"
#include "system/machine.h"
#include "util/log.h"

#define REGS_BYTES 0x100
#define TX_SLOTS 4
#define RING_MAX 64                     /* descriptors of a C+ ring */
#define PACKET_BYTES (64u * 1024)
#define FCS 4
#define CLOCK_HZ 33000000               /* of the timer register */

enum { IDR = 0x00, MAR = 0x08, TSD = 0x10, TSAD = 0x20, THPDS = 0x28, RBSTART = 0x30, CR = 0x37, CAPR = 0x38, CBR = 0x3a,
       IMR = 0x3c, ISR = 0x3e, TCR = 0x40, RCR = 0x44, TIMER_COUNT = 0x48, MISSED = 0x4c, CR9346 = 0x50, CONFIG0 = 0x51,
       CONFIG1 = 0x52, TIMER_INT = 0x54, MSR = 0x58, CONFIG3 = 0x59, CONFIG4 = 0x5a, REV_ID = 0x5e, TSD_ALL = 0x60,
       BMCR = 0x62, BMSR = 0x64, ANAR = 0x66, ANLPAR = 0x68, ANER = 0x6a, CSCR = 0x74, CONFIG5 = 0xd8, TPPOLL = 0xd9,
       CPCR = 0xe0, RDSAR = 0xe4, ETTHR = 0xec };
enum { CR_EMPTY = 1, CR_TX = 4, CR_RX = 8, CR_RESET = 0x10 };
enum { INT_ROK = 1, INT_TOK = 4, INT_RX_FULL = 0x10, INT_LINK = 0x20, INT_FIFO = 0x40, INT_TIMEOUT = 0x4000 };
#define TSD_OWN 0x2000u
#define TSD_OK 0x8000u
enum { RCR_ALL = 1, RCR_MATCH = 2, RCR_MULTICAST = 4, RCR_BROADCAST = 8, RCR_WRAP = 0x80, RCR_LENGTH = 11 };
enum { CP_TX = 1, CP_RX = 2, CP_VLAN = 0x40 };
enum { POLL_NORMAL = 0x40, POLL_HIGH = 0x80 };
/* C+ descriptors */
#define D_OWN 0x80000000u
#define D_END 0x40000000u
#define D_FIRST 0x20000000u
#define D_LAST 0x10000000u
#define D_SEGMENT 0x08000000u
enum { D_MSS = 16, D_IP = 1 << 18, D_UDP = 1 << 17, D_TCP = 1 << 16, D_TAG = 1 << 17, D_RX_TAG = 1 << 16 };

struct rtl8139 {
    struct pci_device pci;
    struct nic nic;
    uint8_t reg[REGS_BYTES];            /* all registers, as the guest sees them */
    struct eeprom93 eeprom;
    uint32_t tx_at[2], rx_at;           /* C+: the next descriptor of the normal and the high ring */
    uint32_t bytes;                     /* of a C+ packet, in packet */
    uint8_t packet[PACKET_BYTES];
    bool bad;
    int64_t count_ns;                   /* when the timer register was 0 */
    struct timer timeout;
    struct mem_region io, mem;
};

static uint16_t get16(const struct rtl8139 *s, unsigned at)
{
    return pci_get16(s->reg + at);
}

static uint32_t get32(const struct rtl8139 *s, unsigned at)
{
    return pci_get32(s->reg + at);
}

/* ---- interrupts and timer ---- */

static void update(struct device *d)
{
    struct rtl8139 *s = (struct rtl8139 *)d;

    pci_set_intx(&s->pci, get16(s, ISR) & get16(s, IMR));
}

static void interrupt(struct rtl8139 *s, uint16_t bits)
{
    pci_put16(s->reg + ISR, get16(s, ISR) | bits);
    update(&s->pci.dev);
}

static int64_t now_ns(const struct rtl8139 *s)
{
    return clock_now_ns(&s->pci.dev.m->virtual_clock);
}

static void arm(struct rtl8139 *s)
{
    uint32_t at = get32(s, TIMER_INT), count = clock_ns_to_ticks(now_ns(s) - s->count_ns, CLOCK_HZ);

    if (!at) {
        timer_stop(&s->timeout);
    } else {
        timer_set_ns(&s->timeout, now_ns(s) + clock_ticks_to_ns(at > count ? at - count : (uint64_t)1 << 32, CLOCK_HZ));
    }
}

static void timed_out(void *opaque)
{
    interrupt(opaque, INT_TIMEOUT);
}

/* ---- transmit ---- */

static void to_network(struct rtl8139 *s, uint8_t *frame, uint32_t len)
{
    if (len >= 14) {
        nic_send(&s->nic, frame, len);
    }
}

static void send_slot(struct rtl8139 *s, unsigned n)
{
    uint32_t status = get32(s, TSD + 4 * n), len = status & 0x1fff;
    uint8_t frame[0x2000];

    if (!(s->reg[CR] & CR_TX) || (status & TSD_OWN)) {
        return;
    }
    as_read(&s->pci.as, get32(s, TSAD + 4 * n), frame, len, MEM_ATTRS_NONE);
    to_network(s, frame, len);
    pci_put32(s->reg + TSD + 4 * n, status | TSD_OWN | TSD_OK);
    interrupt(s, INT_TOK);
}

static uint16_t be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, uint16_t v)
{
    p[0] = v >> 8;
    p[1] = v;
}

/* Where IPv4's header ends in a frame; 0: it is no such frame. */
static uint32_t transport_of(const uint8_t *f, uint32_t len)
{
    uint32_t ihl = len >= 34 && be16(f + 12) == 0x0800 && f[14] >> 4 == 4 ? (f[14] & 15) * 4 : 0;

    return ihl >= 20 && 14 + ihl <= len ? 14 + ihl : 0;
}

/* Checksums of IPv4, and of TCP or UDP in it, as flags ask for. */
static void checksums(uint8_t *f, uint32_t len, uint32_t flags)
{
    uint32_t at = transport_of(f, len), field = flags & D_TCP ? 16 : 6, end, sum;

    if (!at) {
        return;
    }
    if (flags & D_IP) {
        put_be16(f + 24, 0);
        put_be16(f + 24, nic_fold(nic_sum(f + 14, at - 14, 0)));
    }
    end = MIN(len, 14u + be16(f + 16));
    if ((flags & (D_TCP | D_UDP)) && at + field + 2 <= end) {
        put_be16(f + at + field, 0);
        sum = nic_sum(f + 26, 8, f[23] + (end - at));
        put_be16(f + at + field, nic_fold(nic_sum(f + at, end - at, sum)));
    }
}

static void send_segments(struct rtl8139 *s, uint32_t mss)
{
    uint32_t at = transport_of(s->packet, s->bytes), hdr, seq, offset = 0;
    uint8_t frame[2048], tcp_flags;

    hdr = at && at + 20 <= s->bytes ? at + (s->packet[at + 12] >> 4) * 4 : 0;
    if (hdr < at + 20 || hdr >= s->bytes || hdr > 200 || mss < 64 || hdr + mss > sizeof(frame)) {
        log_guest("rtl8139: segmentation of %u bytes in pieces of %u", s->bytes, mss);
        return;
    }
    seq = (uint32_t)be16(s->packet + at + 4) << 16 | be16(s->packet + at + 6);
    tcp_flags = s->packet[at + 13];
    for (unsigned n = 0; hdr + offset < s->bytes; n++) {
        uint32_t len = MIN(mss, s->bytes - hdr - offset);
        bool last = hdr + offset + len == s->bytes;

        memcpy(frame, s->packet, hdr);
        memcpy(frame + hdr, s->packet + hdr + offset, len);
        put_be16(frame + 16, hdr - 14 + len);
        put_be16(frame + 18, be16(s->packet + 18) + n);
        put_be16(frame + at + 4, (seq + offset) >> 16);
        put_be16(frame + at + 6, seq + offset);
        frame[at + 13] = last ? tcp_flags : tcp_flags & ~0x09;     /* not yet: FIN, PSH */
        checksums(frame, hdr + len, D_IP | D_TCP);
        to_network(s, frame, hdr + len);
        offset += len;
    }
}

static void packet_done(struct rtl8139 *s, uint32_t flags, uint32_t vlan)
{
    if (s->bad || s->bytes < 14) {
        return;
    }
    if (flags & D_SEGMENT) {
        send_segments(s, flags >> D_MSS & 0x7ff);
        return;
    }
    checksums(s->packet, s->bytes, flags & (D_IP | D_UDP | D_TCP));
    if ((vlan & D_TAG) && s->bytes + 4 <= PACKET_BYTES) {
        memmove(s->packet + 16, s->packet + 12, s->bytes - 12);
        put_be16(s->packet + 12, 0x8100);
        s->packet[14] = vlan;
        s->packet[15] = vlan >> 8;
        s->bytes += 4;
    }
    to_network(s, s->packet, s->bytes);
}

static void send_ring(struct rtl8139 *s, unsigned high)
{
    uint64_t base = (get32(s, high ? THPDS : TSAD) & ~0xffu) | (uint64_t)get32(s, (high ? THPDS : TSAD) + 4) << 32;
    bool any = false;

    if (!(get16(s, CPCR) & CP_TX) || !(s->reg[CR] & CR_TX)) {
        return;
    }
    for (unsigned i = 0; i < RING_MAX; i++) {
        uint64_t at = base + 16 * s->tx_at[high];
        uint32_t flags = as_ld32le(&s->pci.as, at, MEM_ATTRS_NONE, NULL), len = flags & 0xffff;
        uint32_t vlan = as_ld32le(&s->pci.as, at + 4, MEM_ATTRS_NONE, NULL);

        if (!(flags & D_OWN)) {
            break;
        }
        if (flags & D_FIRST) {
            s->bytes = 0;
            s->bad = false;
        }
        if (len > PACKET_BYTES - s->bytes) {
            s->bad = true;
        } else {
            as_read(&s->pci.as, as_ld64le(&s->pci.as, at + 8, MEM_ATTRS_NONE, NULL), s->packet + s->bytes, len,
                    MEM_ATTRS_NONE);
            s->bytes += len;
        }
        if (flags & D_LAST) {
            packet_done(s, flags, vlan);
            s->bytes = 0;
        }
        as_st32le(&s->pci.as, at, flags & (D_END | D_FIRST | D_LAST), MEM_ATTRS_NONE);
        s->tx_at[high] = flags & D_END || s->tx_at[high] == RING_MAX - 1 ? 0 : s->tx_at[high] + 1;
        any = true;
    }
    if (any) {
        interrupt(s, INT_TOK);
    }
}

/* ---- receive ---- */

static bool wanted(const struct rtl8139 *s, const uint8_t *frame)
{
    uint32_t rcr = get32(s, RCR), hash;

    if (rcr & RCR_ALL) {
        return true;
    }
    if (nic_is_broadcast(frame)) {
        return rcr & RCR_BROADCAST;
    }
    if (frame[0] & 1) {
        hash = nic_hash(frame) >> 26;
        return (rcr & RCR_MULTICAST) && (s->reg[MAR + hash / 8] >> hash % 8 & 1);
    }
    return (rcr & RCR_MATCH) && !memcmp(frame, s->reg + IDR, NET_MAC_LEN);
}

/* Into the next descriptor; false: it is not ours yet. */
static bool receive_plus(struct rtl8139 *s, const uint8_t *frame, uint32_t len)
{
    uint64_t base = (get32(s, RDSAR) & ~0xffu) | (uint64_t)get32(s, RDSAR + 4) << 32, at = base + 16 * s->rx_at;
    uint32_t flags = as_ld32le(&s->pci.as, at, MEM_ATTRS_NONE, NULL), tag = 0, head = 12;
    uint64_t addr = as_ld64le(&s->pci.as, at + 8, MEM_ATTRS_NONE, NULL);

    if (!(flags & D_OWN)) {
        return false;
    }
    if ((get16(s, CPCR) & CP_VLAN) && be16(frame + 12) == 0x8100 && len >= 22) {
        tag = D_RX_TAG | frame[14] | frame[15] << 8;
        as_write(&s->pci.as, addr, frame, head, MEM_ATTRS_NONE);
        addr += head;
        frame += head + 4;
        len -= 4;
    } else {
        head = 0;
    }
    if (len > (flags & 0x1fff)) {
        log_guest("rtl8139: a frame of %u bytes for a buffer of %u", len, flags & 0x1fff);
        return true;
    }
    as_write(&s->pci.as, addr, frame, len - head, MEM_ATTRS_NONE);
    as_st32le(&s->pci.as, at + 4, tag, MEM_ATTRS_NONE);
    as_st32le(&s->pci.as, at, (flags & D_END) | D_FIRST | D_LAST | len, MEM_ATTRS_NONE);
    s->rx_at = flags & D_END || s->rx_at == RING_MAX - 1 ? 0 : s->rx_at + 1;
    return true;
}

static void ring_write(struct rtl8139 *s, uint32_t *at, const void *data, uint32_t len, uint32_t size)
{
    uint32_t n = MIN(len, size - *at);

    as_write(&s->pci.as, (uint64_t)get32(s, RBSTART) + *at, data, n, MEM_ATTRS_NONE);
    as_write(&s->pci.as, get32(s, RBSTART), (const uint8_t *)data + n, len - n, MEM_ATTRS_NONE);
    *at = (*at + len) % size;
}

/* Into the ring, behind a header with status and length; false: no room. */
static bool receive_ring(struct rtl8139 *s, const uint8_t *frame, uint32_t len)
{
    uint32_t size = 8192u << (get32(s, RCR) >> RCR_LENGTH & 3), at = get16(s, CBR) % size, read = (get16(s, CAPR) + 16u) % size;
    uint32_t room = at == read && (s->reg[CR] & CR_EMPTY) ? size : (read + size - at) % size;
    uint8_t header[4] = { 1, 0, len, len >> 8 };

    if (room < ((len + 4 + 3) & ~3u) + 4) {
        return false;
    }
    ring_write(s, &at, header, sizeof(header), size);
    if ((get32(s, RCR) & RCR_WRAP) && at + len > size) {       /* the guest has room behind the ring */
        as_write(&s->pci.as, (uint64_t)get32(s, RBSTART) + at, frame, len, MEM_ATTRS_NONE);
        at = (at + len) % size;
    } else {
        ring_write(s, &at, frame, len, size);
    }
    pci_put16(s->reg + CBR, ((at + 3) & ~3u) % size);
    s->reg[CR] &= ~CR_EMPTY;
    return true;
}

static bool receive(void *opaque, const struct net_offload *off, const void *data, size_t len)
{
    struct rtl8139 *s = opaque;
    uint8_t frame[4096 + FCS] = { 0 };
    bool ok;

    if (!(s->reg[CR] & CR_RX) || len < 14 || len > sizeof(frame) - FCS || !wanted(s, data) ||
        !(s->pci.config[PCI_COMMAND] & PCI_COMMAND_MASTER)) {
        return true;
    }
    memcpy(frame, data, len);
    len = MAX(len, NIC_FRAME_MIN);
    pci_put32(frame + len, nic_crc(frame, len));
    ok = get16(s, CPCR) & CP_RX ? receive_plus(s, frame, len + FCS) : receive_ring(s, frame, len + FCS);
    if (ok) {
        interrupt(s, INT_ROK);
    } else if (!(get16(s, ISR) & INT_RX_FULL)) {
        interrupt(s, INT_RX_FULL);
    }
    return ok;
}

static void update_link(struct rtl8139 *s)
{
    bool up = nic_link_up(&s->nic);

    s->reg[MSR] = (s->reg[MSR] & ~4) | (up ? 0 : 4);
    pci_put16(s->reg + BMSR, 0x7809 | (up ? 0x24 : 0));
}

static void link_changed(void *opaque, bool up)
{
    struct rtl8139 *s = opaque;

    machine_lock(s->pci.dev.m);
    update_link(s);
    interrupt(s, INT_LINK);
    machine_unlock(s->pci.dev.m);
}

static const struct net_frontend_ops net_ops = {
    .receive = receive, .batch_begin = nic_batch_begin, .batch_end = nic_batch_end, .link_changed = link_changed,
};

/* ---- registers ---- */

static void reset_registers(struct rtl8139 *s)
{
    memset(s->reg + MAR, 0, sizeof(s->reg) - MAR);
    memcpy(s->reg + IDR, s->nic.mac, NET_MAC_LEN);
    for (unsigned n = 0; n < TX_SLOTS; n++) {
        pci_put32(s->reg + TSD + 4 * n, TSD_OWN);
    }
    s->reg[CR] = CR_EMPTY;
    pci_put16(s->reg + CAPR, 0xfff0);
    pci_put32(s->reg + TCR, 0x74800000);        /* RTL8139C+ */
    s->reg[CONFIG1] = 0x0d;
    s->reg[CONFIG3] = 0x01;
    s->reg[MSR] = 0x10;
    s->reg[REV_ID] = 0x10;
    pci_put16(s->reg + BMCR, 0x3100);
    pci_put16(s->reg + ANAR, 0x05e1);
    pci_put16(s->reg + ANLPAR, 0x45e1);
    pci_put16(s->reg + ANER, 0x0001);
    pci_put16(s->reg + CSCR, 0x0f00);
    s->tx_at[0] = s->tx_at[1] = s->rx_at = s->bytes = 0;
    s->bad = false;
    s->count_ns = now_ns(s);
    timer_stop(&s->timeout);
    update_link(s);
    update(&s->pci.dev);
}

static void write_cr(struct rtl8139 *s, uint8_t v)
{
    if (v & CR_RESET) {
        reset_registers(s);
        return;
    }
    if (!(v & CR_RX)) {
        s->rx_at = 0;
    }
    if (!(v & CR_TX)) {
        s->tx_at[0] = s->tx_at[1] = 0;
    }
    s->reg[CR] = (s->reg[CR] & CR_EMPTY) | (v & (CR_TX | CR_RX));
    nic_rx_ready(&s->nic);
}

static void write_capr(struct rtl8139 *s)
{
    uint32_t size = 8192u << (get32(s, RCR) >> RCR_LENGTH & 3);

    if ((get16(s, CAPR) + 16u) % size == get16(s, CBR) % size) {
        s->reg[CR] |= CR_EMPTY;
    }
    nic_rx_ready(&s->nic);
}

static uint8_t read_byte(struct rtl8139 *s, unsigned at)
{
    uint32_t count;
    uint16_t all = 0;

    switch (at) {
    case CR9346:
        return (s->reg[CR9346] & ~1) | eeprom93_out(&s->eeprom);
    case TIMER_COUNT ... TIMER_COUNT + 3:
        count = clock_ns_to_ticks(MAX(now_ns(s) - s->count_ns, 0), CLOCK_HZ);
        return count >> (8 * (at - TIMER_COUNT));
    case TSD_ALL: case TSD_ALL + 1:
        for (unsigned n = 0; n < TX_SLOTS; n++) {
            uint32_t v = get32(s, TSD + 4 * n);

            all |= (v & TSD_OWN ? 1u << n : 0) | (v & TSD_OK ? 0x1000u << n : 0);
        }
        return all >> (8 * (at - TSD_ALL));
    default:
        return s->reg[at];
    }
}

/* What a write does beyond storing, once per register: at is its first byte. */
static void wrote(struct rtl8139 *s, unsigned at)
{
    switch (at) {
    case TSD: case TSD + 4: case TSD + 8: case TSD + 12:
        if (!(get16(s, CPCR) & CP_TX)) {
            send_slot(s, (at - TSD) / 4);
        }
        break;
    case CAPR: write_capr(s); break;
    case IMR: update(&s->pci.dev); break;
    case RCR: nic_rx_ready(&s->nic); break;
    case TIMER_INT: arm(s); break;
    case BMCR:
        pci_put16(s->reg + BMCR, get16(s, BMCR) & 0x7dff);     /* reset and negotiation are done at once */
        break;
    case RDSAR: s->rx_at = 0; break;
    }
}

static bool read_only(unsigned at)
{
    return (at >= CBR && at < IMR) || (at >= MISSED && at < CR9346) || at == MSR || at == REV_ID || at == CONFIG0 ||
           (at >= BMSR && at < ANAR) || (at >= ANLPAR && at < ANER + 2) || at == TSD_ALL || at == TSD_ALL + 1 || at == TCR + 3;
}

static void write_byte(struct rtl8139 *s, unsigned at, uint8_t v)
{
    if (at == CR) {
        write_cr(s, v);
    } else if (at == CR9346) {
        s->reg[at] = v & 0xce;
        eeprom93_drive(&s->eeprom, v & 8, v & 4, v & 2);
    } else if (at == ISR || at == ISR + 1) {
        s->reg[at] &= ~v;
        update(&s->pci.dev);
        if (v && at == ISR) {
            nic_rx_ready(&s->nic);
        }
    } else if (at == TPPOLL) {
        if (v & POLL_NORMAL) {
            send_ring(s, 0);
        }
        if (v & POLL_HIGH) {
            send_ring(s, 1);
        }
    } else if (at >= TIMER_COUNT && at < TIMER_COUNT + 4) {
        s->count_ns = now_ns(s);
        arm(s);
    } else if (!read_only(at)) {
        s->reg[at] = v;
    }
}

static enum mem_result regs_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)read_byte(opaque, offset + i) << (8 * i);
    }
    return MEM_OK;
}

static enum mem_result regs_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    for (unsigned i = 0; i < size; i++) {
        write_byte(opaque, offset + i, value >> (8 * i));
    }
    wrote(opaque, offset);
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = regs_read, .write = regs_write, .valid_max = 4, .impl_max = 4 };

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct rtl8139 *s = (struct rtl8139 *)d;

    if (!nic_attach(&s->nic, d, &net_ops, err)) {
        return false;
    }
    timer_init(&s->timeout, &d->m->virtual_clock, timed_out, s);
    s->eeprom.word[0] = 0x8129;
    s->eeprom.word[1] = 0x10ec;
    s->eeprom.word[2] = 0x8139;
    for (unsigned i = 0; i < NET_MAC_LEN / 2; i++) {
        s->eeprom.word[7 + i] = pci_get16(s->nic.mac + 2 * i);
    }
    mem_mmio_init(&s->io, &d->m->memory, "rtl8139", REGS_BYTES, &ops, s);
    mem_mmio_init(&s->mem, &d->m->memory, "rtl8139", REGS_BYTES, &ops, s);
    s->io.busy = s->mem.busy = &d->in_mmio;
    pci_add_bar(&s->pci, 0, PCI_BAR_IO, false, &s->io);
    pci_add_bar(&s->pci, 1, PCI_BAR_MEM32, false, &s->mem);
    return true;
}

static void unrealize(struct device *d)
{
    struct rtl8139 *s = (struct rtl8139 *)d;

    nic_detach(&s->nic);
    timer_free(&s->timeout);
    pci_remove_bars(&s->pci);
    mem_region_free(&s->io);
    mem_region_free(&s->mem);
}

static void reset(struct device *d)
{
    struct rtl8139 *s = (struct rtl8139 *)d;

    eeprom93_reset(&s->eeprom);
    reset_registers(s);
}

static bool after_load(struct device *d, GError **err)
{
    struct rtl8139 *s = (struct rtl8139 *)d;

    if (s->bytes > PACKET_BYTES || s->tx_at[0] >= RING_MAX || s->tx_at[1] >= RING_MAX || s->rx_at >= RING_MAX) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "rtl8139: rings out of range");
        return false;
    }
    return true;
}

static const struct field state[] = {
    FIELD_BYTES(struct rtl8139, reg), EEPROM93_STATE(struct rtl8139, eeprom), FIELD_ARRAY(struct rtl8139, tx_at),
    FIELD(struct rtl8139, rx_at), FIELD(struct rtl8139, bytes), FIELD_BYTES(struct rtl8139, packet),
    FIELD(struct rtl8139, bad), FIELD(struct rtl8139, count_ns), TIMER(struct rtl8139, timeout),
};
static const struct prop props[] = { NIC_PROPS(struct rtl8139, nic) };
static const struct host_field host[] = {
    NIC_HOST(struct rtl8139, nic), HOST(struct rtl8139, io), HOST(struct rtl8139, mem),
};

static const struct pci_desc desc = {
    .vendor = 0x10ec, .device = 0x8139, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x020000,
    .revision = 0x20, .pin = 1,
};

const struct device_type rtl8139_type = {
    .name = "rtl8139", .help = "Realtek RTL8139C+ Fast Ethernet", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct rtl8139), STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize,
    .reset = reset, .update = update, .after_load = after_load, .desc = &desc,
};
