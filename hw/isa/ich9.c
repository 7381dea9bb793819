/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The LPC bridge of the ICH9 (Intel order number 316972-004): ISA bus, interrupt routing, power management, the chipset's
 * configuration registers.
 *
 * Inputs 0 to 7 are PIRQA to PIRQH, routed to ISA lines by configuration space (0x60, 0x68), and each to an input of the
 * IOAPIC. PM1a, PM timer, GPE0, SMI and watchdog (TCO) registers at PMBASE (0x40); RCRB at RCBA (0xf0): which PIRQ slots 25
 * to 31 use. The SMI command port at 0xb2. Input: power button.
 * Not modelled: the SCI elsewhere than on line 9, GPIO, SMI, serial interrupts, decode ranges; S3.
 */
#include "hw/isa/ich9.h"

#include <string.h>

#include "hw/isa/acpi_pm.h"
#include "hw/isa/ich9_tco.h"
#include "hw/pci/pci.h"
#include "system/machine.h"

enum { PMBASE = 0x40, ACPI_CNTL = 0x44, ACPI_EN = 0x80, PIRQ_A = 0x60, PIRQ_E = 0x68, ROUTE_OFF = 0x80, RCBA = 0xf0 };
enum { PM_BYTES = 128, GPE0 = 0x20, GPE_BYTES = 16, SMI_EN = 0x30, SMI_STS = 0x34, TCO = 0x60 };
enum { SMI_EN_GLOBAL = 1 << 0, SMI_EN_APMC = 1 << 5 };
enum { APM_PORT = 0xb2, APM_ACPI_ENABLE = 2, APM_ACPI_DISABLE = 3 };

/* Registers of the RCRB: DnIR of slots 25 to 31, and General Control and Status. */
enum { RCRB_BYTES = 0x4000, GCS = 0x3410, FIRST_SLOT = 25, ROUTED_SLOTS = 7, BRIDGE_SLOT = 30 };
static const uint16_t slot_routes[ROUTED_SLOTS] = { 0x3150, 0x314c, 0x3148, 0x3146, 0x3144, 0x3142, 0x3140 };
#define ROUTE_DEFAULT 0x3210

struct ich9 {
    struct pci_device pci;
    uint8_t levels;                     /* of the PIRQ inputs */
    uint8_t apm_control, apm_status;
    uint16_t slot_route[ROUTED_SLOTS];
    uint32_t smi_en, smi_sts;
    struct acpi_pm pm;
    struct ich9_tco tco;
    bool smm, noreboot;
    struct isa_bus isa;
    struct irq_line out[ISA_LINES], ioapic[ICH9_PIRQS];
    struct mem_region ports, apm, rcrb;
};

/* ---- interrupts ---- */

static uint8_t route_of(const struct ich9 *s, unsigned pirq)
{
    return s->pci.config[pirq < 4 ? PIRQ_A + pirq : PIRQ_E + pirq - 4];
}

static void update_lines(struct ich9 *s)
{
    uint16_t lines = 0;

    for (unsigned i = 0; i < ICH9_PIRQS; i++) {
        bool level = s->levels >> i & 1;

        if (level && !(route_of(s, i) & ROUTE_OFF)) {
            lines |= 1u << (route_of(s, i) & 15);
        }
        irq_set(&s->ioapic[i], level);
    }
    for (unsigned n = 0; n < ISA_LINES; n++) {
        irq_set(&s->out[n], lines >> n & 1);
    }
}

static void pirq_in(struct device *d, unsigned n, bool level)
{
    struct ich9 *s = (struct ich9 *)d;

    s->levels = level ? s->levels | 1u << n : s->levels & ~(1u << n);
    update_lines(s);
}

/* Slots up to 24 rotate over PIRQE to PIRQH; slot 30 is where a bridge to PCI would be. */
static unsigned route_pin(struct pci_bus *b, uint8_t devfn, unsigned pin)
{
    const struct ich9 *s = (const struct ich9 *)b->devices[31 << 3];
    unsigned slot = devfn >> 3;

    if (slot < FIRST_SLOT) {
        return 4 + (slot + pin) % PCI_PINS;
    }
    return slot == BRIDGE_SLOT || !s ? 4 + pin : s->slot_route[slot - FIRST_SLOT] >> (4 * pin) & 7;
}

/* ---- power management registers ---- */

static uint8_t read_byte(struct ich9 *s, unsigned offset)
{
    switch (offset) {
    case 0x00 ... 0x0b:
        return acpi_pm_read(&s->pm, offset);
    case GPE0 ... GPE0 + GPE_BYTES - 1:
        return acpi_gpe_read(&s->pm, offset - GPE0);
    case SMI_EN ... SMI_EN + 3:
        return s->smi_en >> (8 * (offset - SMI_EN));
    case SMI_STS ... SMI_STS + 3:
        return s->smi_sts >> (8 * (offset - SMI_STS));
    default:
        return 0;
    }
}

static void write_byte(struct ich9 *s, unsigned offset, uint8_t v)
{
    unsigned shift = 8 * (offset & 3);

    switch (offset) {
    case 0x00 ... 0x0b:
        acpi_pm_write(&s->pm, offset, v);
        break;
    case GPE0 ... GPE0 + GPE_BYTES - 1:
        acpi_gpe_write(&s->pm, offset - GPE0, v);
        break;
    case SMI_EN ... SMI_EN + 3:
        s->smi_en = (s->smi_en & ~(0xffu << shift)) | (uint32_t)v << shift;
        break;
    case SMI_STS ... SMI_STS + 3:
        s->smi_sts &= ~((uint32_t)v << shift);
        break;
    }
}

static enum mem_result pm_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    *value = 0;
    if (offset >= TCO) {
        *value = ich9_tco_read(&s->tco, offset - TCO, size);
    } else if (offset == 8 && size == 4) {
        *value = acpi_pm_timer(&s->pm);     /* one look for all bytes */
    } else {
        for (unsigned i = 0; i < size; i++) {
            *value |= (uint64_t)read_byte(s, offset + i) << (8 * i);
        }
    }
    return MEM_OK;
}

static enum mem_result pm_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    if (offset >= TCO) {
        ich9_tco_write(&s->tco, offset - TCO, size, value);
        return MEM_OK;
    }
    for (unsigned i = 0; i < size; i++) {
        write_byte(s, offset + i, value >> (8 * i));
    }
    return MEM_OK;
}

static enum mem_result apm_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    *value = offset ? s->apm_status : s->apm_control;
    return MEM_OK;
}

static enum mem_result apm_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    if (offset) {
        s->apm_status = value;
        return MEM_OK;
    }
    s->apm_control = value;
    if (value == APM_ACPI_ENABLE || value == APM_ACPI_DISABLE) {
        acpi_pm_enable(&s->pm, value == APM_ACPI_ENABLE);
    }
    if (s->smm && s->smi_en & SMI_EN_APMC && s->smi_en & SMI_EN_GLOBAL) {
        acpi_pm_smi(s->pci.dev.m, attrs);
    }
    return MEM_OK;
}

/* ---- RCRB ---- */

static uint16_t rcrb_word(struct ich9 *s, unsigned offset)
{
    for (unsigned i = 0; i < ROUTED_SLOTS; i++) {
        if (offset == slot_routes[i]) {
            return s->slot_route[i];
        }
    }
    return offset == GCS ? s->tco.gcs : offset == GCS + 2 ? s->tco.gcs >> 16 : 0;
}

static enum mem_result rcrb_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    *value = rcrb_word(s, offset & ~1u) >> (8 * (offset & 1));
    if (size == 4) {
        *value |= (uint32_t)rcrb_word(s, offset + 2) << 16;
    }
    return MEM_OK;
}

static void rcrb_write_word(struct ich9 *s, unsigned offset, uint16_t v)
{
    for (unsigned i = 0; i < ROUTED_SLOTS; i++) {
        if (offset == slot_routes[i]) {
            s->slot_route[i] = v & 0x7777;
        }
    }
    if (offset == GCS) {
        s->tco.gcs = (s->tco.gcs & ~(uint32_t)ICH9_GCS_NO_REBOOT) | (v & ICH9_GCS_NO_REBOOT);
    }
}

static enum mem_result rcrb_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct ich9 *s = opaque;

    rcrb_write_word(s, offset, value);
    if (size == 4) {
        rcrb_write_word(s, offset + 2, value >> 16);
    }
    if (s->pci.bus) {
        pci_bus_reroute(s->pci.bus);
    }
    return MEM_OK;
}

static const struct mmio_ops pm_ops = { .read = pm_read, .write = pm_write, .valid_max = 4, .impl_max = 4 };
static const struct mmio_ops apm_ops = { .read = apm_read, .write = apm_write, .valid_max = 2, .impl_max = 1 };
static const struct mmio_ops rcrb_ops = { .read = rcrb_read, .write = rcrb_write, .valid_max = 4, .impl_min = 2,
                                          .impl_max = 4 };

/* ---- life ---- */

static void remap(struct ich9 *s)
{
    uint32_t rcba = pci_get32(s->pci.config + RCBA);

    mem_begin(&s->pci.dev.m->memory);
    mem_set_enabled(&s->ports, s->pci.config[ACPI_CNTL] & ACPI_EN);
    mem_move(&s->ports, pci_get32(s->pci.config + PMBASE) & 0xff80);
    mem_set_enabled(&s->rcrb, rcba & 1);
    mem_move(&s->rcrb, rcba & ~(RCRB_BYTES - 1u));
    mem_commit(&s->pci.dev.m->memory);
}

static void written(struct pci_device *d, unsigned offset, unsigned size)
{
    struct ich9 *s = (struct ich9 *)d;

    remap(s);
    update_lines(s);
}

static bool realize(struct device *d, GError **err)
{
    struct ich9 *s = (struct ich9 *)d;

    if (s->pci.devfn != 31 << 3) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "-device %s: only a board can have this device",
                    d->type->name);
        return false;
    }
    isa_bus_init(&s->isa, d, d->m, "isa.0", &d->m->io);
    for (unsigned n = 0; n < ISA_LINES; n++) {
        s->out[n] = isa_line(&s->isa, n);
    }
    s->pci.bus->route = route_pin;
    acpi_pm_init(&s->pm, d, GPE_BYTES);
    ich9_tco_init(&s->tco, d);
    mem_mmio_init(&s->ports, &d->m->memory, "ich9-pm", PM_BYTES, &pm_ops, s);
    mem_mmio_init(&s->apm, &d->m->memory, "apm", 2, &apm_ops, s);
    mem_mmio_init(&s->rcrb, &d->m->memory, "ich9-rcrb", RCRB_BYTES, &rcrb_ops, s);
    s->ports.busy = s->apm.busy = s->rcrb.busy = &d->in_mmio;
    mem_set_enabled(&s->ports, false);
    mem_set_enabled(&s->rcrb, false);
    mem_map(&d->m->io, 0, &s->ports, 1);
    mem_map(&d->m->io, APM_PORT, &s->apm, 0);
    mem_map(&d->m->root, 0, &s->rcrb, 1);
    s->pci.config[PMBASE] = 1;
    pci_put16(s->pci.wmask + PMBASE, 0xff80);
    s->pci.wmask[ACPI_CNTL] = ACPI_EN | 7;
    memset(s->pci.wmask + PIRQ_A, 0x8f, 4);
    s->pci.wmask[0x64] = 0xff;
    memset(s->pci.wmask + PIRQ_E, 0x8f, 4);
    memset(s->pci.wmask + 0x80, 0xff, 0x14);    /* decode ranges */
    memset(s->pci.wmask + 0xa0, 0xff, 6);       /* GEN_PMCON */
    pci_put32(s->pci.wmask + RCBA, ~(RCRB_BYTES - 1u) | 1);
    s->pci.config_written = written;
    return true;
}

static void unrealize(struct device *d)
{
    struct ich9 *s = (struct ich9 *)d;

    s->pci.bus->route = NULL;
    mem_region_free(&s->ports);
    mem_region_free(&s->apm);
    mem_region_free(&s->rcrb);
    ich9_tco_free(&s->tco);
    acpi_pm_free(&s->pm);
    isa_bus_free(&s->isa, d->m);
}

static void reset(struct device *d)
{
    struct ich9 *s = (struct ich9 *)d;

    acpi_pm_reset(&s->pm);
    ich9_tco_reset(&s->tco, s->noreboot);
    s->levels = 0;
    s->apm_control = s->apm_status = 0;
    /* Firmware takes SMM as set up already where this bit is set. */
    s->smi_en = s->smm ? 0 : SMI_EN_APMC;
    s->smi_sts = 0;
    for (unsigned i = 0; i < ROUTED_SLOTS; i++) {
        s->slot_route[i] = ROUTE_DEFAULT;
    }
    memset(s->pci.config + PIRQ_A, ROUTE_OFF, 4);
    memset(s->pci.config + PIRQ_E, ROUTE_OFF, 4);
    remap(s);
}

static void update(struct device *d)
{
    struct ich9 *s = (struct ich9 *)d;

    acpi_pm_update(&s->pm);
    update_lines(s);
}

static bool after_load(struct device *d, GError **err)
{
    remap((struct ich9 *)d);
    return true;
}

struct isa_bus *ich9_bus(struct device *d)
{
    return &((struct ich9 *)d)->isa;
}

void ich9_connect(struct device *d, unsigned pirq, struct irq_line line)
{
    ((struct ich9 *)d)->ioapic[pirq] = line;
}

void ich9_connect_sci(struct device *d, struct irq_line sci)
{
    ((struct ich9 *)d)->pm.sci = sci;
}

struct irq_line ich9_powerdown(struct device *d)
{
    return ((struct ich9 *)d)->pm.powerdown;
}

static const struct field state[] = {
    FIELD(struct ich9, levels), FIELD(struct ich9, apm_control), FIELD(struct ich9, apm_status),
    FIELD_ARRAY(struct ich9, slot_route), FIELD(struct ich9, smi_en), FIELD(struct ich9, smi_sts),
    ACPI_PM_STATE(struct ich9, pm), ICH9_TCO_STATE(struct ich9, tco),
};
static const struct prop props[] = {
    PROP_BOOL(struct ich9, smm, "smm-enabled", false, "firmware may use system management mode"),
    PROP_BOOL(struct ich9, noreboot, "noreboot", true, "the watchdog does not reset until the guest allows it"),
};
static const struct host_field host[] = {
    ACPI_PM_HOST(struct ich9, pm), ICH9_TCO_HOST(struct ich9, tco), HOST(struct ich9, isa), HOST(struct ich9, out),
    HOST(struct ich9, ioapic), HOST(struct ich9, ports), HOST(struct ich9, apm), HOST(struct ich9, rcrb),
};

static const struct pci_desc desc = {
    .vendor = 0x8086, .device = 0x2918, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x060100,
    .revision = 2,
};

const struct device_type ich9_type = {
    .name = "ICH9-LPC", .help = "south bridge of the q35 board", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct ich9), STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize,
    .reset = reset, .update = update, .after_load = after_load, .irq_in = pirq_in, .desc = &desc,
};
