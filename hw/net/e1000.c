/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's gigabit Ethernet cards 82540EM ("PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual",
 * 317453-005) and 82574L (datasheet 316080-037), as QEMU names them: e1000 and e1000e.
 *
 * BAR 0: registers; BAR 1 (e1000): ports that reach them; e1000e: BAR 1 flash (empty), BAR 2 the ports, BAR 3 MSI-X.
 * Interrupt: pin 1; e1000e: a message, or five by cause.
 * Not modelled: interrupt moderation, receive checksum results, header split, receive-side scaling (frames go to queue 0),
 * wake-up, management, time stamps, flash.
 */
#include "hw/net/e1000.h"

#include <string.h>

#include "system/machine.h"
#include "util/log.h"

enum { CTRL_RESET = 1 << 26, CTRL_PHY_RESET = 1u << 31, CTRL_GIO_MASTER_OFF = 1 << 2, STATUS_GIO_MASTER = 1 << 19 };
enum { EXT_IAME = 1 << 27, EXT_EIAME = 1 << 24, EXT_EE_RESET = 1 << 13 };
enum { MSIX_VECTORS = 5, IVAR_VALID = 8 };
#define OTHER_CAUSES (E1000_LSC | E1000_RXO | E1000_MDAC)
#define QUEUE_CAUSES 0x01f00000u
#define ICR_CAUSES 0x01ffffffu

bool e1000_is_e(const struct e1000 *s)
{
    return ((const struct pci_desc *)s->pci.dev.type->desc)->device == 0x10d3;
}

/* ---- interrupts ---- */

static bool msix_on(struct e1000 *s)
{
    return s->pci.msix_vectors && (pci_get16(s->pci.config + s->pci.msix_cap + 2) & 0x8000);
}

static uint32_t pending(struct e1000 *s)
{
    return *e1000_reg(s, E1000_ICR) & *e1000_reg(s, E1000_IMS) & ICR_CAUSES;
}

static void update_pin(struct e1000 *s)
{
    pci_set_intx(&s->pci, pending(s) != 0);
}

/* The vector of a queue's cause by IVAR; -1: none. */
static int vector_of(struct e1000 *s, unsigned n)
{
    unsigned entry = *e1000_reg(s, E1000_IVAR) >> (4 * n) & 15;

    return entry & IVAR_VALID ? (int)(entry & 7) : -1;
}

/* Each cause that is new and not masked sends its message, and is cleared where EIAC says so. */
static void send_vectors(struct e1000 *s, uint32_t causes)
{
    for (unsigned n = 0; n < 5; n++) {
        uint32_t cause = E1000_RXQ0 << n, *ims = e1000_reg(s, E1000_IMS), gone = *e1000_reg(s, E1000_EIAC) & cause;
        int vector = vector_of(s, n);

        if (!(causes & cause & *ims) || vector < 0) {
            continue;
        }
        *e1000_reg(s, E1000_ICR) &= ~gone;
        if (!(*e1000_reg(s, E1000_CTRL_EXT) & EXT_IAME)) {
            *ims &= ~gone;
        }
        if (*e1000_reg(s, E1000_CTRL_EXT) & EXT_EIAME) {
            *ims &= ~(*e1000_reg(s, E1000_IAM) & cause);
        }
        pci_msi_send(&s->pci, vector);
    }
}

void e1000_interrupt(struct e1000 *s, uint32_t causes)
{
    if (!e1000_is_e(s)) {
        causes &= ~QUEUE_CAUSES;
    } else if (causes & OTHER_CAUSES) {
        causes |= E1000_OTHER;
    }
    *e1000_reg(s, E1000_ICR) |= causes;
    if (msix_on(s)) {
        send_vectors(s, causes);
    } else if (pci_msi_on(&s->pci)) {
        if (causes & *e1000_reg(s, E1000_IMS)) {
            pci_msi_send(&s->pci, 0);
        }
    }
    update_pin(s);
}

/* What has come while it was masked. */
static void unmasked(struct e1000 *s, uint32_t bits)
{
    uint32_t causes = *e1000_reg(s, E1000_ICR) & bits & ICR_CAUSES;

    if (causes && msix_on(s)) {
        send_vectors(s, causes);
    } else if (causes && pci_msi_on(&s->pci)) {
        pci_msi_send(&s->pci, 0);
    }
    update_pin(s);
}

static uint32_t read_icr(struct e1000 *s)
{
    uint32_t v = *e1000_reg(s, E1000_ICR) & ICR_CAUSES;

    v |= pending(s) ? E1000_INT_ASSERTED : 0;
    *e1000_reg(s, E1000_ICR) = 0;
    if (*e1000_reg(s, E1000_CTRL_EXT) & EXT_IAME) {
        *e1000_reg(s, E1000_IMS) &= ~*e1000_reg(s, E1000_IAM);
    }
    update_pin(s);
    return v;
}

/* ---- statistics ---- */

void e1000_count(struct e1000 *s, unsigned counter)
{
    if (*e1000_reg(s, counter) != UINT32_MAX) {
        ++*e1000_reg(s, counter);
    }
}

void e1000_count_bytes(struct e1000 *s, unsigned counter, uint32_t bytes)
{
    uint64_t v = *e1000_reg(s, counter) | (uint64_t)*e1000_reg(s, counter + 4) << 32;

    v += bytes;
    *e1000_reg(s, counter) = v;
    *e1000_reg(s, counter + 4) = v >> 32;
}

/* ---- reset ---- */

static void reset_registers(struct e1000 *s)
{
    uint32_t mac_low = pci_get32(s->nic.mac), mac_high = pci_get16(s->nic.mac + 4);

    memset(s->reg, 0, sizeof(s->reg));
    for (unsigned q = 0; q < E1000_QUEUES; q++) {
        memset(&s->tx[q], 0, offsetof(struct e1000_tx, data));
    }
    timer_stop(&s->more);
    *e1000_reg(s, E1000_CTRL) = 0x00140240;
    *e1000_reg(s, E1000_STATUS) = e1000_is_e(s) ? 0x00080781 : 0x80080781;
    *e1000_reg(s, E1000_LEDCTL) = 0x00000602;
    *e1000_reg(s, E1000_PBA) = e1000_is_e(s) ? 0x00140014 : 0x00100030;
    *e1000_reg(s, E1000_VET) = 0x8100;
    *e1000_reg(s, E1000_RA) = mac_low;
    *e1000_reg(s, E1000_RA + 4) = mac_high | 0x80000000u;
    eeprom93_reset(&s->eeprom);
    e1000_update_link(s);
    update_pin(s);
}

static void write_ctrl(struct e1000 *s, uint32_t v)
{
    uint32_t *status = e1000_reg(s, E1000_STATUS);

    if (v & CTRL_RESET) {
        reset_registers(s);
        return;
    }
    if (v & CTRL_PHY_RESET) {
        e1000_phy_reset(s);
        e1000_interrupt(s, E1000_LSC);
    }
    *e1000_reg(s, E1000_CTRL) = v & ~CTRL_PHY_RESET;
    if (e1000_is_e(s)) {
        *status = (*status & ~STATUS_GIO_MASTER) | (v & CTRL_GIO_MASTER_OFF ? 0 : STATUS_GIO_MASTER);
    }
}

/* ---- registers ---- */

static bool is_statistic(unsigned offset)
{
    return offset >= E1000_STATS && offset < E1000_STATS_END;
}

static uint32_t read_reg(struct e1000 *s, unsigned offset)
{
    uint32_t v;

    switch (offset) {
    case E1000_ICR:
        return read_icr(s);
    case E1000_EECD:
        return e1000_read_eecd(s);
    case E1000_ICS: case E1000_IMC:
        return 0;
    }
    v = *e1000_reg(s, offset);
    if (is_statistic(offset)) {
        *e1000_reg(s, offset) = 0;
    }
    return v;
}

static void write_reg(struct e1000 *s, unsigned offset, uint32_t v)
{
    uint32_t *r = e1000_reg(s, offset);

    switch (offset) {
    case E1000_CTRL: write_ctrl(s, v); break;
    case E1000_STATUS: break;
    case E1000_EECD: e1000_write_eecd(s, v); break;
    case E1000_EERD: e1000_write_eerd(s, v); break;
    case E1000_MDIC: e1000_write_mdic(s, v); break;
    case E1000_CTRL_EXT:
        *r = v & ~(uint32_t)EXT_EE_RESET;
        break;
    case E1000_ICR:
        *r &= ~v;
        update_pin(s);
        break;
    case E1000_ICS: e1000_interrupt(s, v & ICR_CAUSES); break;
    case E1000_IMS:
        *r |= v & ICR_CAUSES;
        unmasked(s, v);
        break;
    case E1000_IMC:
        *e1000_reg(s, E1000_IMS) &= ~v;
        update_pin(s);
        break;
    case E1000_RCTL:
        *r = v;
        nic_rx_ready(&s->nic);
        break;
    case E1000_RDT:
        *r = v & 0xffff;
        nic_rx_ready(&s->nic);
        break;
    case E1000_RDH: case E1000_TDH: case E1000_TDH + E1000_QUEUE_STRIDE:
        *r = v & 0xffff;
        break;
    case E1000_RDLEN: case E1000_TDLEN: case E1000_TDLEN + E1000_QUEUE_STRIDE:
        *r = v & 0xfff80;
        break;
    case E1000_TDT: case E1000_TDT + E1000_QUEUE_STRIDE:
        *r = v & 0xffff;
        e1000_transmit(s, offset != E1000_TDT);
        break;
    case E1000_TCTL:
        *r = v;
        e1000_transmit(s, 0);
        break;
    default:
        if (!is_statistic(offset)) {
            *r = v;
        }
    }
}

/* The 82542's places of the ring registers, which older programs know, and the width of the registers. */
static unsigned canonical(uint64_t offset)
{
    return offset & (E1000_REG_BYTES - 4);
}

static enum mem_result regs_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct e1000 *s = opaque;

    *value = (attrs.debug ? *e1000_reg(s, canonical(offset)) : read_reg(s, canonical(offset))) >> (8 * (offset & 3));
    return MEM_OK;
}

static enum mem_result regs_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    write_reg(opaque, canonical(offset), value);
    return MEM_OK;
}

static enum mem_result io_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct e1000 *s = opaque;

    *value = offset == 0 ? s->io_address
             : offset == 4 && s->io_address < E1000_REG_BYTES && !attrs.debug ? read_reg(s, s->io_address & ~3u) : 0;
    return MEM_OK;
}

static enum mem_result io_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct e1000 *s = opaque;

    if (offset == 0) {
        s->io_address = value;
    } else if (offset == 4 && s->io_address < E1000_REG_BYTES) {
        write_reg(s, s->io_address & ~3u, value);
    }
    return MEM_OK;
}

static enum mem_result flash_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = UINT64_MAX;
    return MEM_OK;
}

static enum mem_result flash_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    return MEM_OK;
}

static const struct mmio_ops regs_ops = { .read = regs_read, .write = regs_write, .impl_min = 4, .impl_max = 4 };
static const struct mmio_ops io_ops = { .read = io_read, .write = io_write, .valid_max = 4, .impl_min = 4 };
static const struct mmio_ops flash_ops = { .read = flash_read, .write = flash_write };

/* ---- life ---- */

static void more(void *opaque)
{
    struct e1000 *s = opaque;

    for (unsigned q = 0; q < E1000_QUEUES; q++) {
        e1000_transmit(s, q);
    }
}

static bool realize(struct device *d, GError **err)
{
    struct e1000 *s = (struct e1000 *)d;
    bool e = e1000_is_e(s);

    if (!nic_attach(&s->nic, d, &e1000_net_ops, err)) {
        return false;
    }
    timer_init(&s->more, &d->m->virtual_clock, more, s);
    e1000_eeprom_init(s);
    mem_mmio_init(&s->regs, &d->m->memory, "e1000-mmio", E1000_REG_BYTES, &regs_ops, s);
    mem_mmio_init(&s->io, &d->m->memory, "e1000-io", e ? 32 : 64, &io_ops, s);
    s->regs.busy = s->io.busy = &d->in_mmio;
    pci_add_bar(&s->pci, 0, PCI_BAR_MEM32, false, &s->regs);
    if (!e) {
        pci_add_bar(&s->pci, 1, PCI_BAR_IO, false, &s->io);
        return true;
    }
    mem_mmio_init(&s->flash, &d->m->memory, "e1000e-flash", E1000_REG_BYTES, &flash_ops, s);
    pci_add_bar(&s->pci, 1, PCI_BAR_MEM32, false, &s->flash);
    pci_add_bar(&s->pci, 2, PCI_BAR_IO, false, &s->io);
    s->pci.cap_end = 0xa0;
    pci_msix_init(&s->pci, MSIX_VECTORS, 3);
    s->pci.cap_end = 0xd0;
    pci_msi_init(&s->pci, 1);
    return true;
}

static void unrealize(struct device *d)
{
    struct e1000 *s = (struct e1000 *)d;

    nic_detach(&s->nic);
    timer_free(&s->more);
    pci_remove_bars(&s->pci);
    mem_region_free(&s->regs);
    mem_region_free(&s->io);
    mem_region_free(&s->flash);
}

static void reset(struct device *d)
{
    struct e1000 *s = (struct e1000 *)d;

    s->io_address = 0;
    reset_registers(s);
    e1000_phy_reset(s);
}

static void update(struct device *d)
{
    update_pin((struct e1000 *)d);
}

static bool after_load(struct device *d, GError **err)
{
    struct e1000 *s = (struct e1000 *)d;

    for (unsigned q = 0; q < E1000_QUEUES; q++) {
        if (s->tx[q].bytes > E1000_TX_BYTES) {
            g_set_error(err, g_quark_from_static_string("device"), 0, "%s: packet out of range", d->type->name);
            return false;
        }
    }
    return true;
}

#define TX(n, f) FIELD(struct e1000, tx[n].f)
#define TX_STATE(n) \
    TX(n, ipcss), TX(n, ipcso), TX(n, tucss), TX(n, tucso), TX(n, hdr_len), TX(n, tucmd), TX(n, ipcse), TX(n, tucse), \
    TX(n, mss), TX(n, paylen), TX(n, options), TX(n, segment), TX(n, vlan), TX(n, bad), TX(n, tag), TX(n, bytes), \
    FIELD_BYTES(struct e1000, tx[n].data)

static const struct field state[] = {
    FIELD_ARRAY(struct e1000, reg), FIELD_ARRAY(struct e1000, phy), EEPROM93_STATE(struct e1000, eeprom),
    FIELD(struct e1000, io_address), TX_STATE(0), TX_STATE(1), TIMER(struct e1000, more),
};
static const struct prop props[] = { NIC_PROPS(struct e1000, nic) };
static const struct host_field host[] = {
    NIC_HOST(struct e1000, nic), HOST(struct e1000, regs), HOST(struct e1000, io), HOST(struct e1000, flash),
};

#define CARD(symbol, name_, help_, desc_) \
    const struct device_type symbol = { \
        .name = name_, .help = help_, .base = &pci_device_type, .bus = &pci_bus_type, .size = sizeof(struct e1000), \
        STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset, \
        .update = update, .after_load = after_load, .desc = &desc_, \
    }

static const struct pci_desc e1000_desc = {
    .vendor = 0x8086, .device = 0x100e, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x020000,
    .revision = 3, .pin = 1,
};
static const struct pci_desc e1000e_desc = {
    .vendor = 0x8086, .device = 0x10d3, .subsystem_vendor = 0x8086, .subsystem = 0x0000, .class_code = 0x020000, .pin = 1,
};

CARD(e1000_type, "e1000", "Intel 82540EM gigabit Ethernet", e1000_desc);
CARD(e1000e_type, "e1000e", "Intel 82574L gigabit Ethernet", e1000e_desc);
