/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of Intel's gigabit cards: registers and interrupts (e1000.c), PHY and EEPROM (e1000_phy.c), rings. */
#ifndef HW_NET_E1000_H
#define HW_NET_E1000_H

#include "hw/net/eeprom93.h"
#include "hw/net/nic.h"
#include "hw/pci/pci.h"

#define E1000_REG_BYTES 0x20000
#define E1000_TX_BYTES (64u * 1024)
#define E1000_QUEUES 2              /* of each kind; the 82540EM has one */

/* Register offsets (82540EM: Intel 317453-005, chapter 13; 82574L: 316080-037, chapter 10). */
enum e1000_reg {
    E1000_CTRL = 0x0000, E1000_STATUS = 0x0008, E1000_EECD = 0x0010, E1000_EERD = 0x0014, E1000_CTRL_EXT = 0x0018,
    E1000_MDIC = 0x0020, E1000_VET = 0x0038, E1000_ICR = 0x00c0, E1000_ITR = 0x00c4, E1000_ICS = 0x00c8, E1000_IMS = 0x00d0,
    E1000_IMC = 0x00d8, E1000_EIAC = 0x00dc, E1000_IAM = 0x00e0, E1000_IVAR = 0x00e4, E1000_RCTL = 0x0100, E1000_TCTL = 0x0400,
    E1000_LEDCTL = 0x0e00, E1000_PBA = 0x1000, E1000_RDBAL = 0x2800, E1000_RDBAH = 0x2804, E1000_RDLEN = 0x2808,
    E1000_RDH = 0x2810, E1000_RDT = 0x2818, E1000_TDBAL = 0x3800, E1000_TDBAH = 0x3804, E1000_TDLEN = 0x3808,
    E1000_TDH = 0x3810, E1000_TDT = 0x3818, E1000_STATS = 0x4000, E1000_STATS_END = 0x4128, E1000_GPRC = 0x4074,
    E1000_GPTC = 0x4080, E1000_GORCL = 0x4088, E1000_GOTCL = 0x4090, E1000_TPR = 0x40d0, E1000_TPT = 0x40d4,
    E1000_RFCTL = 0x5008, E1000_MTA = 0x5200, E1000_RA = 0x5400, E1000_VFTA = 0x5600,
    E1000_RA_ENTRIES = 16, E1000_QUEUE_STRIDE = 0x100,
};

enum e1000_interrupt {
    E1000_TXDW = 1 << 0, E1000_TXQE = 1 << 1, E1000_LSC = 1 << 2, E1000_RXDMT0 = 1 << 4, E1000_RXO = 1 << 6, E1000_RXT0 = 1 << 7,
    E1000_MDAC = 1 << 9, E1000_RXQ0 = 1 << 20, E1000_TXQ0 = 1 << 22, E1000_OTHER = 1 << 24,
};
#define E1000_INT_ASSERTED 0x80000000u

enum { E1000_STATUS_LU = 2, E1000_CTRL_VME = 1 << 30, E1000_RCTL_EN = 2 };

/* What a context descriptor has set, and the packet that is being put together from descriptors. */
struct e1000_tx {
    uint8_t ipcss, ipcso, tucss, tucso, hdr_len, tucmd;
    uint16_t ipcse, tucse, mss;
    uint32_t paylen;
    uint8_t options;                    /* POPTS of the packet's first data descriptor */
    bool segment, vlan, bad;
    uint16_t tag;
    uint32_t bytes;                     /* in data */
    uint8_t data[E1000_TX_BYTES];
};

struct e1000 {
    struct pci_device pci;
    struct nic nic;
    /* state */
    uint32_t reg[E1000_REG_BYTES / 4];
    uint16_t phy[32];
    struct eeprom93 eeprom;
    uint32_t io_address;
    struct e1000_tx tx[E1000_QUEUES];
    struct timer more;                  /* the rest of a long transmit ring */
    /* host */
    struct mem_region regs, io, flash;
};

static inline uint32_t *e1000_reg(struct e1000 *s, unsigned offset)
{
    return &s->reg[offset / 4];
}

/* Is it the 82574L? */
bool e1000_is_e(const struct e1000 *s);
/* New causes. */
void e1000_interrupt(struct e1000 *s, uint32_t causes);
/* One more in a statistics counter, which stops at its maximum; 64-bit ones by bytes. */
void e1000_count(struct e1000 *s, unsigned counter);
void e1000_count_bytes(struct e1000 *s, unsigned counter, uint32_t bytes);

/* e1000_phy.c */
void e1000_phy_reset(struct e1000 *s);
void e1000_eeprom_init(struct e1000 *s);
void e1000_write_mdic(struct e1000 *s, uint32_t v);
void e1000_write_eecd(struct e1000 *s, uint32_t v);
uint32_t e1000_read_eecd(struct e1000 *s);
void e1000_write_eerd(struct e1000 *s, uint32_t v);
/* The cable's state goes to STATUS and PHY. */
void e1000_update_link(struct e1000 *s);

/* e1000_tx.c: sends what the guest has put between head and tail. */
void e1000_transmit(struct e1000 *s, unsigned queue);

/* e1000_rx.c */
extern const struct net_frontend_ops e1000_net_ops;

#endif
