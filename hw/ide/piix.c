/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The IDE function of the 82371SB (PIIX3; Intel order number 290550-002): two channels at the ports that every PC has,
 * ISA lines 14 and 15, bus master at BAR 4.
 *
 * Properties drive0 to drive3: primary master and slave, secondary master and slave; cdN says that a drive is a CD.
 * Not modelled: timing registers (they can be written), PIIX4's UDMA control.
 */
#include "hw/ide/ide.h"
#include "hw/ide/piix.h"
#include "hw/pci/pci.h"
#include "system/machine.h"

#define CHANNELS 2

enum { IDETIM = 0x40 };

struct piix_ide {
    struct pci_device pci;
    struct block_backend *drive[4];
    bool cd[4];
    struct ide_channel channel[CHANNELS];
    struct mem_region command[CHANNELS], control[CHANNELS], bm;
};

static enum mem_result command_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                    struct mem_attrs attrs)
{
    *value = attrs.debug ? 0 : ide_read(opaque, offset, offset ? 1 : size);
    return MEM_OK;
}

static enum mem_result command_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                     struct mem_attrs attrs)
{
    ide_write(opaque, offset, size, value);
    return MEM_OK;
}

static enum mem_result control_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                    struct mem_attrs attrs)
{
    *value = ide_read_control(opaque);
    return MEM_OK;
}

static enum mem_result control_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                     struct mem_attrs attrs)
{
    ide_write_control(opaque, value);
    return MEM_OK;
}

static enum mem_result bm_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct piix_ide *s = opaque;

    if (size == 4 && (offset & 7) == 4) {
        *value = s->channel[offset >> 3].bm_table;
        return MEM_OK;
    }
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (ide_bm_read(&s->channel[(offset + i) >> 3], (offset + i) & 7, 1) & 0xff) << (8 * i);
    }
    return MEM_OK;
}

static enum mem_result bm_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct piix_ide *s = opaque;

    ide_bm_write(&s->channel[offset >> 3], offset & 7, size, value);
    return MEM_OK;
}

static const struct mmio_ops command_ops = { .read = command_read, .write = command_write, .valid_max = 4 };
static const struct mmio_ops control_ops = { .read = control_read, .write = control_write, .impl_max = 1 };
static const struct mmio_ops bm_ops = { .read = bm_read, .write = bm_write, .valid_max = 4, .impl_max = 4 };

static void remap(struct piix_ide *s)
{
    bool io = s->pci.config[PCI_COMMAND] & PCI_COMMAND_IO;

    mem_begin(&s->pci.dev.m->memory);
    for (unsigned n = 0; n < CHANNELS; n++) {
        bool on = io && (s->pci.config[IDETIM + 2 * n + 1] & 0x80);

        mem_set_enabled(&s->command[n], on);
        mem_set_enabled(&s->control[n], on);
    }
    mem_commit(&s->pci.dev.m->memory);
}

static void written(struct pci_device *d, unsigned offset, unsigned size)
{
    remap((struct piix_ide *)d);
}

static bool realize(struct device *d, GError **err)
{
    static const uint16_t command[CHANNELS] = { 0x1f0, 0x170 }, control[CHANNELS] = { 0x3f6, 0x376 };
    struct piix_ide *s = (struct piix_ide *)d;

    mem_mmio_init(&s->bm, &d->m->memory, "piix-bmdma", 16, &bm_ops, s);
    s->bm.busy = &d->in_mmio;
    for (unsigned n = 0; n < CHANNELS; n++) {
        ide_init(&s->channel[n], d, &s->pci.as);
        for (unsigned u = 0; u < IDE_DRIVES; u++) {
            if (s->drive[2 * n + u] || s->cd[2 * n + u]) {
                ide_attach(&s->channel[n], u, s->drive[2 * n + u], s->cd[2 * n + u], 2 * n + u);
            }
        }
        mem_mmio_init(&s->command[n], &d->m->memory, "ide", 8, &command_ops, &s->channel[n]);
        mem_mmio_init(&s->control[n], &d->m->memory, "ide-control", 1, &control_ops, &s->channel[n]);
        s->command[n].busy = s->control[n].busy = &d->in_mmio;
        mem_set_enabled(&s->command[n], false);
        mem_set_enabled(&s->control[n], false);
        mem_map(&d->m->io, command[n], &s->command[n], 0);
        mem_map(&d->m->io, control[n], &s->control[n], 1);
    }
    pci_add_bar(&s->pci, 4, PCI_BAR_IO, false, &s->bm);
    pci_put32(s->pci.wmask + IDETIM, UINT32_MAX);
    s->pci.wmask[0x44] = 0xff;
    s->pci.config_written = written;
    return true;
}

static void unrealize(struct device *d)
{
    struct piix_ide *s = (struct piix_ide *)d;

    pci_remove_bars(&s->pci);
    for (unsigned n = 0; n < CHANNELS; n++) {
        ide_detach(&s->channel[n]);
        mem_region_free(&s->command[n]);
        mem_region_free(&s->control[n]);
    }
    mem_region_free(&s->bm);
}

static void reset(struct device *d)
{
    struct piix_ide *s = (struct piix_ide *)d;

    for (unsigned n = 0; n < CHANNELS; n++) {
        ide_reset(&s->channel[n]);
        pci_put16(s->pci.config + IDETIM + 2 * n, 0x8000);      /* decoded, as QEMU's firmware expects */
    }
    remap(s);
}

static void update(struct device *d)
{
    struct piix_ide *s = (struct piix_ide *)d;

    for (unsigned n = 0; n < CHANNELS; n++) {
        ide_update(&s->channel[n]);
    }
}

static bool after_load(struct device *d, GError **err)
{
    struct piix_ide *s = (struct piix_ide *)d;

    for (unsigned n = 0; n < CHANNELS; n++) {
        struct ide_channel *c = &s->channel[n];

        if (c->length > IDE_BUFFER_BYTES || c->burst > c->length || c->position > c->burst) {
            g_set_error(err, g_quark_from_static_string("device"), 0, "piix3-ide: transfer out of range");
            return false;
        }
    }
    remap(s);
    return true;
}

void piix_ide_connect(struct device *d, unsigned channel, struct irq_line line)
{
    ((struct piix_ide *)d)->channel[channel].irq = line;
}

static const struct field state[] = {
    IDE_STATE(struct piix_ide, channel[0]), IDE_STATE(struct piix_ide, channel[1]),
};

static const struct prop props[] = {
    PROP_DRIVE(struct piix_ide, drive[0], "drive0", "primary master"),
    PROP_DRIVE(struct piix_ide, drive[1], "drive1", "primary slave"),
    PROP_DRIVE(struct piix_ide, drive[2], "drive2", "secondary master"),
    PROP_DRIVE(struct piix_ide, drive[3], "drive3", "secondary slave"),
    PROP_BOOL(struct piix_ide, cd[0], "cd0", false, "the primary master is a CD drive"),
    PROP_BOOL(struct piix_ide, cd[1], "cd1", false, "the primary slave is a CD drive"),
    PROP_BOOL(struct piix_ide, cd[2], "cd2", false, "the secondary master is a CD drive"),
    PROP_BOOL(struct piix_ide, cd[3], "cd3", false, "the secondary slave is a CD drive"),
};

static const struct host_field host[] = {
    IDE_HOST(struct piix_ide, channel[0]), IDE_HOST(struct piix_ide, channel[1]), HOST(struct piix_ide, command),
    HOST(struct piix_ide, control), HOST(struct piix_ide, bm),
};

static const struct pci_desc desc = {
    .vendor = 0x8086, .device = 0x7010, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x010180,
};

const struct device_type piix_ide_type = {
    .name = "piix3-ide", .help = "two IDE channels of the pc board", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct piix_ide), STATE(state), PROPS(props), HOSTS(host), .realize = realize,
    .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load, .desc = &desc,
};
