/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transmit rings: legacy, context and data descriptors; checksums, segmentation, VLAN tags. */
#include <string.h>

#include "hw/net/e1000.h"
#include "system/machine.h"
#include "util/log.h"

/* Descriptors that are sent at once; a longer ring goes on from a timer, so that no write to a register takes long. */
#define AT_ONCE 1024
#define MSS_MIN 64                  /* smaller segments would be a way to keep us busy */

enum { CMD_EOP = 1, CMD_IC = 4, CMD_TSE = 4, CMD_RS = 8, CMD_RPS = 0x10, CMD_DEXT = 0x20, CMD_VLE = 0x40 };
enum { POPTS_IXSM = 1, POPTS_TXSM = 2, TUCMD_TCP = 1, TUCMD_IP4 = 2 };
enum { TCTL_EN = 2, TYPE_CONTEXT = 0, STATUS_DD = 1 };
enum { TCP_FIN_PSH = 0x09 };

static uint16_t be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void put_be16(uint8_t *p, uint16_t v)
{
    p[0] = v >> 8;
    p[1] = v;
}

/* The checksum of bytes start to end (inclusive; 0: all) goes to at. What lies outside the frame is left alone. */
static void put_checksum(uint8_t *frame, uint32_t len, unsigned start, unsigned at, unsigned end)
{
    if (end && end + 1 < len) {
        len = end + 1;
    }
    if (start < len && at + 2 <= len) {
        put_be16(frame + at, nic_fold(nic_sum(frame + start, len - start, 0)));
    }
}

static void to_network(struct e1000 *s, const struct e1000_tx *t, uint8_t *frame, uint32_t len)
{
    static const uint8_t zeroes[NIC_FRAME_MIN];
    uint8_t tagged[E1000_TX_BYTES + 4];

    if (len < 14) {
        return;
    }
    if (t->vlan) {
        memcpy(tagged, frame, 12);
        put_be16(tagged + 12, *e1000_reg(s, E1000_VET));
        put_be16(tagged + 14, t->tag);
        memcpy(tagged + 16, frame + 12, len - 12);
        frame = tagged;
        len += 4;
    }
    if (len < NIC_FRAME_MIN) {
        if (frame != tagged) {
            memcpy(tagged, frame, len);
        }
        memcpy(tagged + len, zeroes, NIC_FRAME_MIN - len);
        frame = tagged;
        len = NIC_FRAME_MIN;
    }
    nic_send(&s->nic, frame, len);
    e1000_count(s, E1000_GPTC);
    e1000_count(s, E1000_TPT);
    e1000_count_bytes(s, E1000_GOTCL, len + 4);
}

static void checksums(const struct e1000_tx *t, uint8_t *frame, uint32_t len)
{
    if (t->options & POPTS_TXSM) {
        put_checksum(frame, len, t->tucss, t->tucso, t->tucse);
    }
    if (t->options & POPTS_IXSM) {
        put_checksum(frame, len, t->ipcss, t->ipcso, t->ipcse);
    }
}

/* Headers of one segment of TCP or UDP (82540EM manual, 3.5.7): lengths, identification, sequence number, flags. The
 * checksum field holds the pseudo header's sum without the length, which is added here. */
static void fix_headers(const struct e1000_tx *t, uint8_t *frame, uint32_t len, unsigned n, uint32_t offset, bool last)
{
    uint8_t *ip = frame + t->ipcss, *tu = frame + t->tucss;
    uint32_t seq;

    if (t->tucmd & TUCMD_IP4) {
        put_be16(ip + 2, len - t->ipcss);
        put_be16(ip + 4, be16(ip + 4) + n);
    } else {
        put_be16(ip + 4, len - t->ipcss - 40);
    }
    if (t->tucmd & TUCMD_TCP) {
        seq = ((uint32_t)be16(tu + 4) << 16 | be16(tu + 6)) + offset;
        put_be16(tu + 4, seq >> 16);
        put_be16(tu + 6, seq);
        if (!last) {
            tu[13] &= ~TCP_FIN_PSH;
        }
    } else {
        put_be16(tu + 4, len - t->tucss);
    }
    if ((t->options & POPTS_TXSM) && t->tucso + 2u <= len) {
        put_be16(frame + t->tucso, (uint16_t)~nic_fold(be16(frame + t->tucso) + len - t->tucss));
    }
}

static void send_segments(struct e1000 *s, struct e1000_tx *t)
{
    uint32_t hdr = t->hdr_len, mss = MAX(t->mss, MSS_MIN), offset = 0;
    uint8_t frame[E1000_TX_BYTES];

    /* The headers that are changed must be there. */
    if (hdr >= t->bytes || t->ipcss + 40u > hdr + 20 || t->tucss + (t->tucmd & TUCMD_TCP ? 20u : 8u) > hdr ||
        t->ipcss >= t->tucss) {
        log_guest("e1000: segmentation of %u bytes with headers of %u", t->bytes, hdr);
        return;
    }
    for (unsigned n = 0; hdr + offset < t->bytes; n++) {
        uint32_t len = MIN(mss, t->bytes - hdr - offset);

        memcpy(frame, t->data, hdr);
        memcpy(frame + hdr, t->data + hdr + offset, len);
        fix_headers(t, frame, hdr + len, n, offset, hdr + offset + len >= t->bytes);
        checksums(t, frame, hdr + len);
        to_network(s, t, frame, hdr + len);
        offset += len;
    }
}

static void packet_done(struct e1000 *s, struct e1000_tx *t)
{
    if (t->bad) {
        log_guest("e1000: a packet of more than %u bytes", E1000_TX_BYTES);
    } else if (t->segment) {
        send_segments(s, t);
    } else {
        checksums(t, t->data, t->bytes);
        to_network(s, t, t->data, t->bytes);
    }
    t->bytes = 0;
    t->options = 0;
    t->segment = t->vlan = t->bad = false;
}

static void add_bytes(struct e1000 *s, struct e1000_tx *t, uint64_t addr, uint32_t len)
{
    if (len > E1000_TX_BYTES - t->bytes) {
        t->bad = true;
        return;
    }
    as_read(&s->pci.as, addr, t->data + t->bytes, len, MEM_ATTRS_NONE);
    t->bytes += len;
}

static void set_context(struct e1000_tx *t, const uint8_t *d)
{
    t->ipcss = d[0];
    t->ipcso = d[1];
    t->ipcse = pci_get16(d + 2);
    t->tucss = d[4];
    t->tucso = d[5];
    t->tucse = pci_get16(d + 6);
    t->paylen = pci_get32(d + 8) & 0xfffff;
    t->tucmd = d[11];
    t->hdr_len = d[13];
    t->mss = pci_get16(d + 14);
}

static void take_descriptor(struct e1000 *s, struct e1000_tx *t, const uint8_t *d)
{
    uint64_t addr = pci_get32(d) | (uint64_t)pci_get32(d + 4) << 32;
    uint32_t lower = pci_get32(d + 8);
    uint8_t cmd = d[11];

    if ((cmd & CMD_DEXT) && (lower >> 20 & 15) == TYPE_CONTEXT) {
        set_context(t, d);
        return;
    }
    if (cmd & CMD_DEXT) {
        if (!t->bytes) {
            t->options = d[13];
            t->segment = cmd & CMD_TSE;
        }
        add_bytes(s, t, addr, lower & 0xfffff);
    } else {
        add_bytes(s, t, addr, lower & 0xffff);
        if ((cmd & CMD_EOP) && (cmd & CMD_IC)) {
            put_checksum(t->data, t->bytes, d[13], d[10], 0);
        }
    }
    if ((cmd & CMD_VLE) && (*e1000_reg(s, E1000_CTRL) & E1000_CTRL_VME)) {
        t->vlan = true;
        t->tag = pci_get16(d + 14);
    }
    if (cmd & CMD_EOP) {
        packet_done(s, t);
    }
}

void e1000_transmit(struct e1000 *s, unsigned queue)
{
    unsigned q = queue * E1000_QUEUE_STRIDE;
    uint64_t base = (*e1000_reg(s, E1000_TDBAL + q) & ~15u) | (uint64_t)*e1000_reg(s, E1000_TDBAH + q) << 32;
    uint32_t count = *e1000_reg(s, E1000_TDLEN + q) / 16, *head = e1000_reg(s, E1000_TDH + q), causes = 0;
    unsigned done = 0;

    if (!(*e1000_reg(s, E1000_TCTL) & TCTL_EN) || *head >= count) {
        return;
    }
    while (*head != *e1000_reg(s, E1000_TDT + q) && done++ < AT_ONCE) {
        uint8_t d[16];

        as_read(&s->pci.as, base + *head * 16, d, sizeof(d), MEM_ATTRS_NONE);
        take_descriptor(s, &s->tx[queue], d);
        if (d[11] & (CMD_RS | (d[11] & CMD_DEXT ? 0 : CMD_RPS))) {
            as_st8(&s->pci.as, base + *head * 16 + 12, d[12] | STATUS_DD, MEM_ATTRS_NONE);
            causes |= E1000_TXDW | E1000_TXQ0 << queue;
        }
        *head = *head + 1 < count ? *head + 1 : 0;
    }
    if (*head != *e1000_reg(s, E1000_TDT + q)) {
        timer_set_ns(&s->more, clock_now_ns(&s->pci.dev.m->virtual_clock));
    } else {
        causes |= E1000_TXQE;
    }
    e1000_interrupt(s, causes);
}
