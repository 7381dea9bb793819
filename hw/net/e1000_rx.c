/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Receive filters and rings: legacy descriptors, and the 82574's extended ones. */
#include <string.h>

#include "hw/net/e1000.h"
#include "system/machine.h"
#include "util/log.h"

#define DESCRIPTOR 16
#define FCS 4

enum { RCTL_UPE = 1 << 3, RCTL_MPE = 1 << 4, RCTL_LPE = 1 << 5, RCTL_RDMTS = 8, RCTL_MO = 12, RCTL_BAM = 1 << 15,
       RCTL_BSIZE = 16, RCTL_VFE = 1 << 18, RCTL_BSEX = 1 << 25, RCTL_SECRC = 1 << 26 };
enum { RFCTL_EXTENDED = 1 << 15 };
enum { ST_DD = 1, ST_EOP = 2, ST_IGNORE_CHECKSUM = 4, ST_VLAN = 8 };
#define RA_VALID 0x80000000u
#define LONGEST 1522

static bool is_vlan(struct e1000 *s, const uint8_t *frame, size_t len)
{
    return len >= 18 && (frame[12] << 8 | frame[13]) == (uint16_t)*e1000_reg(s, E1000_VET);
}

static bool mac_matches(struct e1000 *s, const uint8_t *frame)
{
    for (unsigned i = 0; i < E1000_RA_ENTRIES; i++) {
        uint32_t low = *e1000_reg(s, E1000_RA + 8 * i), high = *e1000_reg(s, E1000_RA + 8 * i + 4);

        if ((high & RA_VALID) && low == pci_get32(frame) && (uint16_t)high == pci_get16(frame + 4)) {
            return true;
        }
    }
    return false;
}

static bool multicast_matches(struct e1000 *s, const uint8_t *frame, uint32_t rctl)
{
    static const uint8_t shifts[] = { 4, 3, 2, 0 };
    unsigned hash = (frame[5] << 8 | frame[4]) >> shifts[rctl >> RCTL_MO & 3] & 0xfff;

    return *e1000_reg(s, E1000_MTA + 4 * (hash >> 5)) >> (hash & 31) & 1;
}

static bool wanted(struct e1000 *s, const uint8_t *frame, size_t len)
{
    uint32_t rctl = *e1000_reg(s, E1000_RCTL);

    if (len > LONGEST && !(rctl & RCTL_LPE)) {
        return false;
    }
    if ((rctl & RCTL_VFE) && is_vlan(s, frame, len)) {
        unsigned id = (frame[14] << 8 | frame[15]) & 0xfff;

        if (!(*e1000_reg(s, E1000_VFTA + 4 * (id >> 5)) >> (id & 31) & 1)) {
            return false;
        }
    }
    if (nic_is_broadcast(frame) ? rctl & RCTL_BAM : frame[0] & 1 ? rctl & RCTL_MPE : rctl & RCTL_UPE) {
        return true;
    }
    return mac_matches(s, frame) || ((frame[0] & 1) && multicast_matches(s, frame, rctl));
}

static uint32_t buffer_bytes(uint32_t rctl)
{
    unsigned n = rctl >> RCTL_BSIZE & 3;

    return (rctl & RCTL_BSEX) && n ? 32768u >> n : 2048u >> n;
}

static void write_back(struct e1000 *s, uint64_t at, uint64_t addr, uint32_t len, uint8_t status, uint16_t tag)
{
    uint8_t d[DESCRIPTOR] = { 0 };

    if (*e1000_reg(s, E1000_RFCTL) & RFCTL_EXTENDED) {
        d[8] = status;
        pci_put16(d + 12, len);
        pci_put16(d + 14, tag);
    } else {
        pci_put32(d, addr);
        pci_put32(d + 4, addr >> 32);
        pci_put16(d + 8, len);
        d[12] = status;
        pci_put16(d + 14, tag);
    }
    as_write(&s->pci.as, at, d, sizeof(d), MEM_ATTRS_NONE);
}

/* A frame whose 12 bytes of addresses come first, and the rest, into as many buffers as it takes: false: too few. */
static bool deliver(struct e1000 *s, const uint8_t *frame, uint32_t len, uint8_t status, uint16_t tag)
{
    uint32_t rctl = *e1000_reg(s, E1000_RCTL), size = buffer_bytes(rctl), count = *e1000_reg(s, E1000_RDLEN) / DESCRIPTOR;
    uint32_t *head = e1000_reg(s, E1000_RDH), tail = *e1000_reg(s, E1000_RDT), free, done = 0;
    uint64_t base = (*e1000_reg(s, E1000_RDBAL) & ~15u) | (uint64_t)*e1000_reg(s, E1000_RDBAH) << 32;

    if (*head >= count || tail >= count) {
        return false;
    }
    free = (tail + count - *head) % count;
    if ((uint64_t)free * size < len) {
        return false;
    }
    while (done < len) {
        uint64_t at = base + (uint64_t)*head * DESCRIPTOR, addr = as_ld64le(&s->pci.as, at, MEM_ATTRS_NONE, NULL);
        uint32_t n = MIN(size, len - done);

        as_write(&s->pci.as, addr, frame + done, n, MEM_ATTRS_NONE);
        done += n;
        write_back(s, at, addr, n, status | ST_DD | (done == len ? ST_EOP : 0), tag);
        *head = *head + 1 < count ? *head + 1 : 0;
    }
    free = (tail + count - *head) % count;
    e1000_interrupt(s, E1000_RXT0 | E1000_RXQ0 | (free <= count >> ((rctl >> RCTL_RDMTS & 3) + 1) ? E1000_RXDMT0 : 0));
    return true;
}

static bool receive(void *opaque, const struct net_offload *off, const void *data, size_t len)
{
    struct e1000 *s = opaque;
    uint8_t frame[LONGEST + 16384 + FCS], status = ST_IGNORE_CHECKSUM;
    uint16_t tag = 0;

    if (!(*e1000_reg(s, E1000_RCTL) & E1000_RCTL_EN) || !(*e1000_reg(s, E1000_STATUS) & E1000_STATUS_LU) ||
        len > sizeof(frame) - FCS || len < 14 || !(s->pci.config[PCI_COMMAND] & PCI_COMMAND_MASTER)) {
        return true;
    }
    memcpy(frame, data, len);
    if (len < NIC_FRAME_MIN) {
        memset(frame + len, 0, NIC_FRAME_MIN - len);
        len = NIC_FRAME_MIN;
    }
    if (!wanted(s, frame, len)) {
        return true;
    }
    if ((*e1000_reg(s, E1000_CTRL) & E1000_CTRL_VME) && is_vlan(s, frame, len)) {
        tag = frame[14] << 8 | frame[15];
        memmove(frame + 12, frame + 16, len - 16);
        len -= 4;
        status |= ST_VLAN;
    }
    if (!(*e1000_reg(s, E1000_RCTL) & RCTL_SECRC)) {
        uint32_t crc = nic_crc(frame, len);

        pci_put32(frame + len, crc);
        len += FCS;
    }
    if (!deliver(s, frame, len, status, tag)) {
        if (!(*e1000_reg(s, E1000_ICR) & E1000_RXO)) {
            e1000_interrupt(s, E1000_RXO);
        }
        return false;
    }
    e1000_count(s, E1000_GPRC);
    e1000_count(s, E1000_TPR);
    e1000_count_bytes(s, E1000_GORCL, len);
    return true;
}

static void link_changed(void *opaque, bool up)
{
    struct e1000 *s = opaque;

    machine_lock(s->pci.dev.m);
    e1000_update_link(s);
    e1000_interrupt(s, E1000_LSC);
    machine_unlock(s->pci.dev.m);
}

const struct net_frontend_ops e1000_net_ops = {
    .receive = receive, .batch_begin = nic_batch_begin, .batch_end = nic_batch_end, .link_changed = link_changed,
};
