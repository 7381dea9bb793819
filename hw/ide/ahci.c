/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SATA controller of the ICH9 (Intel order number 316972-004), AHCI mode ("Serial ATA Advanced Host Controller
 * Interface", revision 1.3.1): six ports, 32 command slots each, native command queuing.
 *
 * BAR 4: index and data ports at 0x10; BAR 5: the registers. Properties drive0 to drive5, cdN says that a drive is a CD.
 * Interrupt: pin 1 or one message.
 * Not modelled: IDE mode, port multipliers, enclosure management, command completion coalescing, link power states.
 */
#include "hw/ide/ahci.h"

#include "system/machine.h"

#define REGS_BYTES 0x1000
#define PORTS_BYTES 0x20

enum { CAP = 0x00, GHC = 0x04, IS = 0x08, PI = 0x0c, VS = 0x10, PORT_BASE = 0x100, PORT_BYTES = 0x80 };
#define GHC_RESET 1u
#define GHC_IE 2u
#define GHC_AE 0x80000000u
/* 64-bit addresses, queuing, generation 1, AHCI alone, 32 slots, 6 ports */
#define CAP_VALUE 0xc0141f05u
enum { INDEX = 0x10, DATA = 0x14 };

/* ---- interrupts ---- */

static uint32_t pending_ports(const struct ahci *s)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        v |= (s->port[i].is & s->port[i].ie) ? 1u << i : 0;
    }
    return v;
}

void ahci_update(struct ahci *s)
{
    pci_set_intx(&s->pci, (s->ghc & GHC_IE) && pending_ports(s));
}

void ahci_raise(struct ahci_port *p, uint32_t bits)
{
    struct ahci *s = p->hba;

    p->is |= bits;
    if ((bits & p->ie) && (s->ghc & GHC_IE) && pci_msi_on(&s->pci)) {
        pci_msi_send(&s->pci, 0);
    }
    ahci_update(s);
}

/* ---- registers ---- */

static void reset_ports(struct ahci *s)
{
    s->ghc = GHC_AE;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_reset(&s->port[i]);
    }
}

static uint32_t read_reg(struct ahci *s, unsigned offset)
{
    if (offset >= PORT_BASE) {
        unsigned n = (offset - PORT_BASE) / PORT_BYTES;

        return n < AHCI_PORTS ? ahci_port_read(&s->port[n], (offset - PORT_BASE) % PORT_BYTES) : 0;
    }
    switch (offset) {
    case CAP: return CAP_VALUE;
    case GHC: return s->ghc;
    case IS: return pending_ports(s);
    case PI: return (1u << AHCI_PORTS) - 1;
    case VS: return 0x10000;
    default: return 0;
    }
}

static void write_ghc(struct ahci *s, uint32_t v)
{
    bool was = (s->ghc & GHC_IE) && pending_ports(s);

    if (v & GHC_RESET) {
        reset_ports(s);
    } else {
        s->ghc = GHC_AE | (v & GHC_IE);
    }
    if (!was && (s->ghc & GHC_IE) && pending_ports(s) && pci_msi_on(&s->pci)) {
        pci_msi_send(&s->pci, 0);
    }
    ahci_update(s);
}

static void write_reg(struct ahci *s, unsigned offset, uint32_t v)
{
    unsigned n = (offset - PORT_BASE) / PORT_BYTES;

    if (offset >= PORT_BASE && n < AHCI_PORTS) {
        ahci_port_write(&s->port[n], (offset - PORT_BASE) % PORT_BYTES, v);
    } else if (offset == GHC) {
        write_ghc(s, v);
    }
    /* IS shows what ports have pending: clearing it there clears it here. */
}

static enum mem_result regs_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = read_reg(opaque, offset & ~3u) >> (8 * (offset & 3));
    return MEM_OK;
}

static enum mem_result regs_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    if (size == 4) {
        write_reg(opaque, offset, value);
    }
    return MEM_OK;
}

static enum mem_result ports_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct ahci *s = opaque;

    *value = offset == INDEX ? s->index : offset == DATA ? read_reg(s, s->index) : 0;
    return MEM_OK;
}

static enum mem_result ports_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                   struct mem_attrs attrs)
{
    struct ahci *s = opaque;

    if (offset == INDEX) {
        s->index = value & (REGS_BYTES - 4);
    } else if (offset == DATA) {
        write_reg(s, s->index, value);
    }
    return MEM_OK;
}

static const struct mmio_ops regs_ops = { .read = regs_read, .write = regs_write, .impl_max = 4 };
static const struct mmio_ops ports_ops = { .read = ports_read, .write = ports_write, .valid_max = 4, .impl_min = 4 };

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct ahci *s = (struct ahci *)d;

    mem_mmio_init(&s->regs, &d->m->memory, "ahci", REGS_BYTES, &regs_ops, s);
    mem_mmio_init(&s->ports, &d->m->memory, "ahci-idp", PORTS_BYTES, &ports_ops, s);
    s->regs.busy = s->ports.busy = &d->in_mmio;
    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_init(&s->port[i], s, i);
        if (s->drive[i] || s->cd[i]) {
            ide_attach(&s->port[i].ide, 0, s->drive[i], s->cd[i], i);
            s->port[i].ide.drive[0].sata = true;
        }
    }
    s->pci.config[0x90] = 1 << 6;       /* MAP: AHCI mode */
    s->pci.cap_end = 0x80;
    pci_msi_init(&s->pci, 1);
    pci_add_bar(&s->pci, 4, PCI_BAR_IO, false, &s->ports);
    pci_add_bar(&s->pci, 5, PCI_BAR_MEM32, false, &s->regs);
    return true;
}

static void unrealize(struct device *d)
{
    struct ahci *s = (struct ahci *)d;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        ahci_port_detach(&s->port[i]);
    }
    pci_remove_bars(&s->pci);
    mem_region_free(&s->regs);
    mem_region_free(&s->ports);
}

static void reset(struct device *d)
{
    struct ahci *s = (struct ahci *)d;

    s->index = 0;
    reset_ports(s);
}

static void update(struct device *d)
{
    ahci_update((struct ahci *)d);
}

static bool after_load(struct device *d, GError **err)
{
    struct ahci *s = (struct ahci *)d;

    for (unsigned i = 0; i < AHCI_PORTS; i++) {
        struct ide_channel *c = &s->port[i].ide;

        if (c->length > IDE_BUFFER_BYTES || c->burst > c->length || c->position > c->burst || s->port[i].slot >= AHCI_SLOTS ||
            s->index >= REGS_BYTES) {
            g_set_error(err, g_quark_from_static_string("device"), 0, "ich9-ahci: port %u out of range", i);
            return false;
        }
    }
    return true;
}

#define P(n, f) FIELD(struct ahci, port[n].f)
#define PORT_STATE(n) \
    P(n, list), P(n, fis), P(n, is), P(n, ie), P(n, cmd), P(n, sig), P(n, serr), P(n, sctl), P(n, sact), P(n, ci), \
    P(n, tf_status), P(n, tf_error), IDE_STATE(struct ahci, port[n].ide), P(n, slot), P(n, halted), P(n, pio_in), \
    P(n, in_reset), P(n, next_slot), P(n, moved), P(n, prd), P(n, prd_at), P(n, failed_tag), P(n, failed_error), \
    P(n, failed_sector)
#define PORT_HOST(n) \
    IDE_HOST(struct ahci, port[n].ide), HOST(struct ahci, port[n].hba), HOST(struct ahci, port[n].number), \
    HOST(struct ahci, port[n].running), HOST(struct ahci, port[n].queued)
#define PORT_PROPS(n) \
    PROP_DRIVE(struct ahci, drive[n], "drive" #n, "port " #n), \
    PROP_BOOL(struct ahci, cd[n], "cd" #n, false, "port " #n " has a CD drive")

static const struct field state[] = {
    FIELD(struct ahci, ghc), FIELD(struct ahci, index), PORT_STATE(0), PORT_STATE(1), PORT_STATE(2), PORT_STATE(3),
    PORT_STATE(4), PORT_STATE(5),
};
static const struct host_field host[] = {
    HOST(struct ahci, regs), HOST(struct ahci, ports), PORT_HOST(0), PORT_HOST(1), PORT_HOST(2), PORT_HOST(3),
    PORT_HOST(4), PORT_HOST(5),
};
static const struct prop props[] = {
    PORT_PROPS(0), PORT_PROPS(1), PORT_PROPS(2), PORT_PROPS(3), PORT_PROPS(4), PORT_PROPS(5),
};

static const struct pci_desc desc = {
    .vendor = 0x8086, .device = 0x2922, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x010601,
    .revision = 2, .pin = 1,
};

const struct device_type ahci_type = {
    .name = "ich9-ahci", .help = "SATA controller of the q35 board", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct ahci), STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize,
    .reset = reset, .update = update, .after_load = after_load, .desc = &desc,
};
