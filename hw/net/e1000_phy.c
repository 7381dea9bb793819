/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PHY behind MDIC (an 88E1011, or the 82574's own) and the EEPROM with address and ids. */
#include <string.h>

#include "hw/net/e1000.h"
#include "system/machine.h"

/* PHY registers (IEEE 802.3 clause 22; 88E1011 from 16 on). */
enum { PHY_CTRL = 0, PHY_STATUS = 1, PHY_ID1 = 2, PHY_ID2 = 3, PHY_ADVERTISE = 4, PHY_PARTNER = 5, PHY_EXPANSION = 6,
       PHY_1000_CTRL = 9, PHY_1000_STATUS = 10, PHY_EXT_STATUS = 15, M88_CTRL = 16, M88_STATUS = 17, M88_EXT_CTRL = 20 };
enum { PHY_RESET = 0x8000, PHY_RESTART = 0x0200, PHY_LINK = 0x0004, PHY_DONE = 0x0020, M88_LINK = 0x0400 };
enum { MDIC_WRITE = 1 << 26, MDIC_READ = 1 << 27, MDIC_READY = 1 << 28, MDIC_INT = 1 << 29, MDIC_ERROR = 1 << 30 };
enum { EECD_SK = 1, EECD_CS = 2, EECD_DI = 4, EECD_DO = 8, EECD_REQ = 0x40, EECD_GNT = 0x80, EECD_PRES = 0x100,
       EECD_AUTO_READ = 0x200 };

void e1000_update_link(struct e1000 *s)
{
    bool up = nic_link_up(&s->nic);

    *e1000_reg(s, E1000_STATUS) = (*e1000_reg(s, E1000_STATUS) & ~E1000_STATUS_LU) | (up ? E1000_STATUS_LU : 0);
    s->phy[PHY_STATUS] = (s->phy[PHY_STATUS] & ~(PHY_LINK | PHY_DONE)) | (up ? PHY_LINK | PHY_DONE : 0);
    s->phy[M88_STATUS] = (s->phy[M88_STATUS] & ~M88_LINK) | (up ? M88_LINK : 0);
}

void e1000_phy_reset(struct e1000 *s)
{
    memset(s->phy, 0, sizeof(s->phy));
    s->phy[PHY_CTRL] = 0x1140;              /* 1000 Mb/s, full duplex, negotiation */
    s->phy[PHY_STATUS] = 0x7949;
    s->phy[PHY_ID1] = 0x0141;
    s->phy[PHY_ID2] = e1000_is_e(s) ? 0x0cb1 : 0x0c20;
    s->phy[PHY_ADVERTISE] = 0x0de1;
    s->phy[PHY_PARTNER] = 0x45e1;
    s->phy[PHY_EXPANSION] = 0x0001;
    s->phy[PHY_1000_CTRL] = 0x0e00;
    s->phy[PHY_1000_STATUS] = 0x3c00;
    s->phy[PHY_EXT_STATUS] = 0x3000;
    s->phy[M88_CTRL] = 0x0360;
    s->phy[M88_STATUS] = 0xa800;            /* 1000 Mb/s, full duplex, resolved */
    s->phy[M88_EXT_CTRL] = 0x0d60;
    e1000_update_link(s);
}

static void phy_write(struct e1000 *s, unsigned n, uint16_t v)
{
    switch (n) {
    case PHY_CTRL:
        if (v & PHY_RESET) {
            e1000_phy_reset(s);
        } else {
            s->phy[PHY_CTRL] = v & ~PHY_RESTART;
        }
        if (v & (PHY_RESET | PHY_RESTART)) {
            e1000_interrupt(s, E1000_LSC);
        }
        break;
    case PHY_STATUS: case PHY_ID1: case PHY_ID2: case PHY_PARTNER: case PHY_1000_STATUS: case PHY_EXT_STATUS: case M88_STATUS:
        break;
    default:
        s->phy[n] = v;
    }
}

void e1000_write_mdic(struct e1000 *s, uint32_t v)
{
    unsigned n = v >> 16 & 31, phy = v >> 21 & 31;
    uint32_t result = v & ~(MDIC_READY | MDIC_ERROR);

    if (phy != 1) {
        result |= MDIC_ERROR;
    } else if (v & MDIC_READ) {
        result = (result & 0xffff0000) | s->phy[n];
    } else if (v & MDIC_WRITE) {
        phy_write(s, n, v);
    }
    *e1000_reg(s, E1000_MDIC) = result | MDIC_READY;
    if (v & MDIC_INT) {
        e1000_interrupt(s, E1000_MDAC);
    }
}

/* ---- EEPROM ---- */

void e1000_eeprom_init(struct e1000 *s)
{
    static const struct { uint8_t word; uint16_t v; } plain[] = {
        { 0x04, 0xffff }, { 0x05, 0xffff }, { 0x08, 0x0000 }, { 0x09, 0x0000 }, { 0x0a, 0x440b }, { 0x0b, 0x1100 },
        { 0x0c, 0x1af4 }, { 0x0e, 0x8086 }, { 0x0f, 0x0483 }, { 0x20, 0x040a }, { 0x21, 0x040a }, { 0x2f, 0x0602 },
        { 0x37, 0xffff },
    };
    const struct pci_desc *desc = s->pci.dev.type->desc;
    uint16_t sum = 0;

    memset(s->eeprom.word, 0, sizeof(s->eeprom.word));
    for (unsigned i = 0; i < NET_MAC_LEN / 2; i++) {
        s->eeprom.word[i] = s->nic.mac[2 * i] | s->nic.mac[2 * i + 1] << 8;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++) {
        s->eeprom.word[plain[i].word] = plain[i].v;
    }
    s->eeprom.word[0x0d] = desc->device;
    for (unsigned i = 0; i < EEPROM93_WORDS - 1; i++) {
        sum += s->eeprom.word[i];
    }
    s->eeprom.word[EEPROM93_WORDS - 1] = 0xbaba - sum;
}

void e1000_write_eecd(struct e1000 *s, uint32_t v)
{
    uint32_t old = *e1000_reg(s, E1000_EECD), set = EECD_SK | EECD_CS | EECD_DI | EECD_REQ | 0x30;

    *e1000_reg(s, E1000_EECD) = (old & ~set) | (v & set);
    eeprom93_drive(&s->eeprom, v & EECD_CS, v & EECD_SK, v & EECD_DI);
}

uint32_t e1000_read_eecd(struct e1000 *s)
{
    uint32_t v = (*e1000_reg(s, E1000_EECD) & ~(EECD_DO | EECD_GNT)) | EECD_PRES | (e1000_is_e(s) ? EECD_AUTO_READ : 0);

    return v | (eeprom93_out(&s->eeprom) ? EECD_DO : 0) | (v & EECD_REQ ? EECD_GNT : 0);
}

void e1000_write_eerd(struct e1000 *s, uint32_t v)
{
    bool e = e1000_is_e(s);
    unsigned n = e ? v >> 2 & 0x3fff : v >> 8 & 0xff;

    if (v & 1) {
        v = (v & 0xffff & ~1u) | (e ? 2 : 0x10) | (uint32_t)(n < EEPROM93_WORDS ? s->eeprom.word[n] : 0xffff) << 16;
    }
    *e1000_reg(s, E1000_EERD) = v;
}
