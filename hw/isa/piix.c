/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The south bridge of the pc board: the ISA function of the 82371SB (PIIX3; Intel order number 290550-002), and the
 * power management function of the 82371AB (PIIX4; 290562-001), as QEMU combines them.
 *
 * PIIX3: inputs 0 to 3 are PIRQA to PIRQD, routed to ISA lines by the bytes at 0x60 of configuration space.
 * PIIX4_PM: PM1a and PM timer at PMBASE (0x40), GPE0 at port 0xafe0, the SMI command port at 0xb2. Input: power button.
 * Not modelled: SMBus, SMI, the bridge's decode and timing registers; S3.
 */
#include "hw/isa/piix.h"

#include <string.h>

#include "hw/isa/acpi_pm.h"
#include "hw/pci/pci.h"
#include "system/machine.h"

/* ---- PIIX3 ---- */

enum { PIRQ_ROUTE = 0x60, PIRQS = 4, ROUTE_OFF = 0x80 };

struct piix3 {
    struct pci_device pci;
    uint8_t levels;                     /* of the PIRQ inputs */
    struct isa_bus isa;
    struct irq_line out[ISA_LINES];
};

static void piix3_update(struct device *d)
{
    struct piix3 *s = (struct piix3 *)d;
    uint16_t lines = 0;

    for (unsigned i = 0; i < PIRQS; i++) {
        uint8_t route = s->pci.config[PIRQ_ROUTE + i];

        if ((s->levels >> i & 1) && !(route & ROUTE_OFF)) {
            lines |= 1u << (route & 15);
        }
    }
    for (unsigned n = 0; n < ISA_LINES; n++) {
        irq_set(&s->out[n], lines >> n & 1);
    }
}

static void pirq_in(struct device *d, unsigned n, bool level)
{
    struct piix3 *s = (struct piix3 *)d;

    s->levels = level ? s->levels | 1u << n : s->levels & ~(1u << n);
    piix3_update(d);
}

static void piix3_written(struct pci_device *d, unsigned offset, unsigned size)
{
    if (offset < PIRQ_ROUTE + PIRQS && offset + size > PIRQ_ROUTE) {
        piix3_update(&d->dev);
    }
}

static bool piix3_realize(struct device *d, GError **err)
{
    struct piix3 *s = (struct piix3 *)d;

    isa_bus_init(&s->isa, d, d->m, "isa.0", &d->m->io);
    for (unsigned n = 0; n < ISA_LINES; n++) {
        s->out[n] = isa_line(&s->isa, n);
    }
    memset(s->pci.wmask + 0x4c, 0xff, 0x80 - 0x4c);
    s->pci.config_written = piix3_written;
    return true;
}

static void piix3_unrealize(struct device *d)
{
    isa_bus_free(&((struct piix3 *)d)->isa, d->m);
}

static void piix3_reset(struct device *d)
{
    struct piix3 *s = (struct piix3 *)d;

    s->levels = 0;
    memset(s->pci.config + PIRQ_ROUTE, ROUTE_OFF, PIRQS);
    s->pci.config[0x4c] = 0x4d;
    s->pci.config[0x4e] = 0x03;
    s->pci.config[0x69] = 0x02;
}

struct isa_bus *piix3_bus(struct device *d)
{
    return &((struct piix3 *)d)->isa;
}

static const struct field piix3_state[] = { FIELD(struct piix3, levels) };
static const struct host_field piix3_host[] = { HOST(struct piix3, isa), HOST(struct piix3, out) };

static const struct pci_desc piix3_desc = {
    .vendor = 0x8086, .device = 0x7000, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x060100,
};

const struct device_type piix3_type = {
    .name = "PIIX3", .help = "PCI to ISA bridge of the pc board", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct piix3), STATE(piix3_state), HOSTS(piix3_host), .realize = piix3_realize,
    .unrealize = piix3_unrealize, .reset = piix3_reset, .update = piix3_update, .irq_in = pirq_in, .desc = &piix3_desc,
};

/* ---- PIIX4 power management ---- */

enum { PMBASE = 0x40, DEVACTB_HIGH = 0x5b, APMC_EN = 0x02, PMREGMISC = 0x80 };
enum { GPE_PORT = 0xafe0, GPE_BYTES = 4, APM_PORT = 0xb2, APM_ACPI_ENABLE = 0xf1, APM_ACPI_DISABLE = 0xf0 };

struct piix4_pm {
    struct pci_device pci;
    struct acpi_pm pm;
    uint8_t apm_control, apm_status;
    bool smm;
    struct mem_region ports, gpe, apm;
};

static enum mem_result pm_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct piix4_pm *s = opaque;

    *value = 0;
    if (offset == 8 && size == 4) {
        *value = acpi_pm_timer(&s->pm);     /* one look for all bytes */
        return MEM_OK;
    }
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)acpi_pm_read(&s->pm, offset + i) << (8 * i);
    }
    return MEM_OK;
}

static enum mem_result pm_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct piix4_pm *s = opaque;

    for (unsigned i = 0; i < size; i++) {
        acpi_pm_write(&s->pm, offset + i, value >> (8 * i));
    }
    return MEM_OK;
}

static enum mem_result gpe_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = acpi_gpe_read(&((struct piix4_pm *)opaque)->pm, offset);
    return MEM_OK;
}

static enum mem_result gpe_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    acpi_gpe_write(&((struct piix4_pm *)opaque)->pm, offset, value);
    return MEM_OK;
}

static enum mem_result apm_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct piix4_pm *s = opaque;

    *value = offset ? s->apm_status : s->apm_control;
    return MEM_OK;
}

static enum mem_result apm_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct piix4_pm *s = opaque;

    if (offset) {
        s->apm_status = value;
        return MEM_OK;
    }
    s->apm_control = value;
    if (value == APM_ACPI_ENABLE || value == APM_ACPI_DISABLE) {
        acpi_pm_enable(&s->pm, value == APM_ACPI_ENABLE);
    }
    if (s->smm && s->pci.config[DEVACTB_HIGH] & APMC_EN) {
        acpi_pm_smi(s->pci.dev.m, attrs);
    }
    return MEM_OK;
}

static const struct mmio_ops pm_ops = { .read = pm_read, .write = pm_write, .valid_max = 4, .impl_max = 4 };
static const struct mmio_ops gpe_ops = { .read = gpe_read, .write = gpe_write, .valid_max = 4, .impl_max = 1 };
static const struct mmio_ops apm_ops = { .read = apm_read, .write = apm_write, .valid_max = 2, .impl_max = 1 };

static void pm_remap(struct piix4_pm *s)
{
    mem_begin(&s->pci.dev.m->memory);
    mem_set_enabled(&s->ports, s->pci.config[PMREGMISC] & 1);
    mem_move(&s->ports, pci_get32(s->pci.config + PMBASE) & 0xffc0);
    mem_commit(&s->pci.dev.m->memory);
}

static void pm_written(struct pci_device *d, unsigned offset, unsigned size)
{
    pm_remap((struct piix4_pm *)d);
}

static bool pm_realize(struct device *d, GError **err)
{
    struct piix4_pm *s = (struct piix4_pm *)d;

    acpi_pm_init(&s->pm, d, GPE_BYTES);
    mem_mmio_init(&s->ports, &d->m->memory, "piix4-pm", 64, &pm_ops, s);
    mem_mmio_init(&s->gpe, &d->m->memory, "acpi-gpe0", GPE_BYTES, &gpe_ops, s);
    mem_mmio_init(&s->apm, &d->m->memory, "apm", 2, &apm_ops, s);
    s->ports.busy = s->gpe.busy = s->apm.busy = &d->in_mmio;
    mem_set_enabled(&s->ports, false);
    mem_map(&d->m->io, 0, &s->ports, 1);
    mem_map(&d->m->io, GPE_PORT, &s->gpe, 0);
    mem_map(&d->m->io, APM_PORT, &s->apm, 0);
    s->pci.config[PMBASE] = 1;
    pci_put16(s->pci.wmask + PMBASE, 0xffc0);
    memset(s->pci.wmask + 0x44, 0xff, 0x80 - 0x44);
    s->pci.wmask[PMREGMISC] = 1;
    memset(s->pci.wmask + 0x90, 0xff, 4);
    memset(s->pci.wmask + 0xd0, 0xff, 8);
    s->pci.config_written = pm_written;
    return true;
}

static void pm_unrealize(struct device *d)
{
    struct piix4_pm *s = (struct piix4_pm *)d;

    mem_region_free(&s->ports);
    mem_region_free(&s->gpe);
    mem_region_free(&s->apm);
    acpi_pm_free(&s->pm);
}

static void pm_reset(struct device *d)
{
    struct piix4_pm *s = (struct piix4_pm *)d;

    acpi_pm_reset(&s->pm);
    s->apm_control = s->apm_status = 0;
    /* Firmware takes SMM as set up already where this bit is set. */
    s->pci.config[DEVACTB_HIGH] = s->smm ? 0 : APMC_EN;
    s->pci.config[0x67] = 0x98;     /* serial port 1 decoded */
    s->pci.config[0x90] = 1;
    pm_remap(s);
}

static void pm_update(struct device *d)
{
    acpi_pm_update(&((struct piix4_pm *)d)->pm);
}

static bool pm_after_load(struct device *d, GError **err)
{
    pm_remap((struct piix4_pm *)d);
    return true;
}

void piix4_pm_connect(struct device *d, struct irq_line sci)
{
    ((struct piix4_pm *)d)->pm.sci = sci;
}

struct irq_line piix4_pm_powerdown(struct device *d)
{
    return ((struct piix4_pm *)d)->pm.powerdown;
}

static const struct field pm_state[] = {
    ACPI_PM_STATE(struct piix4_pm, pm), FIELD(struct piix4_pm, apm_control), FIELD(struct piix4_pm, apm_status),
};
static const struct prop pm_props[] = {
    PROP_BOOL(struct piix4_pm, smm, "smm-enabled", false, "firmware may use system management mode"),
};
static const struct host_field pm_host[] = {
    ACPI_PM_HOST(struct piix4_pm, pm), HOST(struct piix4_pm, ports), HOST(struct piix4_pm, gpe), HOST(struct piix4_pm, apm),
};

static const struct pci_desc pm_desc = {
    .vendor = 0x8086, .device = 0x7113, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x068000,
    .revision = 3, .pin = 1,
};

const struct device_type piix4_pm_type = {
    .name = "PIIX4_PM", .help = "power management of the pc board", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct piix4_pm), STATE(pm_state), PROPS(pm_props), HOSTS(pm_host), .realize = pm_realize,
    .unrealize = pm_unrealize, .reset = pm_reset, .update = pm_update, .after_load = pm_after_load, .desc = &pm_desc,
};
