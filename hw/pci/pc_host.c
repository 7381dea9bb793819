/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The north bridges of QEMU's PCs: 82441FX (Intel order number 290549-001) and the MCH of the Q35 (order number
 * 316966-002).
 *
 * Host device: ports 0xcf8 to 0xcff: configuration mechanism 1 ("PCI Local Bus Specification 3.0", 3.2.2.3.2), and the
 * south bridge's reset control at 0xcf9, which shares them.
 * Function 00:00.0: PAM registers (0x59 or 0x90 on): who answers in 0xc0000 to 0xfffff; SMRAM (0x72 or 0x9d): 0xa0000 to
 * 0xbffff; PCIEXBAR (Q35, 0x60): configuration space in memory.
 *
 * ESMRAMC (Q35, 0x9e): SMRAM at the end of RAM. What a CPU in system management mode sees is smm_as.
 *
 * Not modelled: write-only shadowing (it decodes as PCI), SMRAM's D_CLS, everything about DRAM timing.
 */
#include "hw/pci/pc_host.h"

#include "system/machine.h"

enum { CONF_DATA = 4, RESET_OFFSET = 1, RESET_SYSTEM = 2, RESET_CPU = 4 };
#define CONF_ENABLE 0x80000000u

/* ---- the ports ---- */

static enum mem_result conf_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct pc_host *s = opaque;

    if (offset >= CONF_DATA) {
        *value = s->address & CONF_ENABLE ? pci_config_read(&s->bus, s->address >> 16, s->address >> 8,
                                                            (s->address & 0xfc) | (offset & 3), size)
                                          : UINT32_MAX;
    } else if (offset == 0 && size == 4) {
        *value = s->address;
    } else {
        *value = offset == RESET_OFFSET ? s->reset_control : 0xff;
    }
    return MEM_OK;
}

static void write_reset(struct pc_host *s, uint8_t v)
{
    if (v & ~s->reset_control & RESET_CPU) {
        machine_request_reset(s->dev.m, CAUSE_GUEST_RESET);
    }
    s->reset_control = v & (RESET_SYSTEM | RESET_CPU | 8);
}

static enum mem_result conf_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct pc_host *s = opaque;

    if (offset >= CONF_DATA && (s->address & CONF_ENABLE)) {
        pci_config_write(&s->bus, s->address >> 16, s->address >> 8, (s->address & 0xfc) | (offset & 3), size, value);
    } else if (offset == 0 && size == 4) {
        s->address = value;
    } else if (offset == RESET_OFFSET && size == 1) {
        write_reset(s, value);
    }
    return MEM_OK;
}

static const struct mmio_ops conf_ops = { .read = conf_read, .write = conf_write, .valid_max = 4, .impl_max = 4 };

void pc_host_set_ram(struct device *d, struct ram_block *ram, uint64_t below_4g)
{
    ((struct pc_host *)d)->ram = ram;
    ((struct pc_host *)d)->ram_below_4g = below_4g;
}

static enum mem_result hole_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = UINT64_MAX;
    return MEM_OK;
}

static enum mem_result hole_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    return MEM_OK;
}

static const struct mmio_ops hole_ops = { .read = hole_read, .write = hole_write, .unaligned = true };

static bool host_realize(struct device *d, const char *bridge, const char *bus, GError **err)
{
    struct pc_host *s = (struct pc_host *)d;

    mem_container_init(&s->memory, &d->m->memory, "pci", UINT64_MAX);
    mem_mmio_init(&s->hole, &d->m->memory, "isa-hole", 0x60000, &hole_ops, s);
    mem_map(&s->memory, 0xa0000, &s->hole, -1);
    mem_alias_init(&s->background, "pci", &s->memory, 0, UINT64_MAX);
    mem_map(&d->m->root, 0, &s->background, -1);
    mem_container_init(&s->smm, &d->m->memory, "smm", UINT64_MAX);
    mem_alias_init(&s->smm_rest, "smm-memory", &d->m->root, 0, UINT64_MAX);
    mem_map(&s->smm, 0, &s->smm_rest, 0);
    as_init(&s->smm_as, "smm", &s->smm);
    pci_bus_init(&s->bus, d, bus, &s->memory, &d->m->io);
    s->bridge = device_new(d->m, device_type_find(bridge), NULL, err);
    if (!s->bridge) {
        return false;
    }
    device_set_text(s->bridge, "addr", "0");
    return device_realize(s->bridge, &s->bus.bus, err);
}

static bool i440fx_realize(struct device *d, GError **err)
{
    return host_realize(d, "i440FX", "pci.0", err);
}

static bool q35_realize(struct device *d, GError **err)
{
    return host_realize(d, "mch", "pcie.0", err);
}

static void host_unrealize(struct device *d)
{
    struct pc_host *s = (struct pc_host *)d;

    pci_bus_free(&s->bus, d->m);
    as_free(&s->smm_as);
    mem_region_free(&s->smm_rest);
    mem_region_free(&s->smm);
    mem_region_free(&s->background);
    mem_region_free(&s->hole);
    mem_region_free(&s->memory);
}

static void host_reset(struct device *d)
{
    struct pc_host *s = (struct pc_host *)d;

    s->address = 0;
    s->reset_control = 0;
}

static const struct field host_state[] = {
    FIELD(struct pc_host, address), FIELD(struct pc_host, reset_control),
};
static const struct host_field host_host[] = {
    HOST(struct pc_host, bus), HOST(struct pc_host, memory), HOST(struct pc_host, background), HOST(struct pc_host, hole), HOST(struct pc_host, ram),
    HOST(struct pc_host, bridge), HOST(struct pc_host, smm), HOST(struct pc_host, smm_rest), HOST(struct pc_host, smm_as),
    HOST(struct pc_host, ram_below_4g),
};

#define PC_HOST(symbol, name_, help_, realize_) \
    const struct device_type symbol = { \
        .name = name_, .help = help_, .size = sizeof(struct pc_host), STATE(host_state), HOSTS(host_host), \
        .mmio_size = 8, .mmio = &conf_ops, .realize = realize_, .unrealize = host_unrealize, .reset = host_reset, \
    }

PC_HOST(i440fx_host_type, "i440FX-pcihost", "host bridge of the pc board", i440fx_realize);
PC_HOST(q35_host_type, "q35-pcihost", "host bridge of the q35 board", q35_realize);

/* ---- function 00:00.0 ---- */

enum { PAM_AREAS = 13 };
enum { PAM_READ = 1, PAM_WRITE = 2 };
enum { SMRAM_D_OPEN = 0x40, SMRAM_CLOSED = 0x20, SMRAM_LOCK = 0x10, SMRAM_ENABLE = 0x08, SMRAM_BASE = 0x02 };
enum { ESMRAMC_TSEG = 0x01, ESMRAMC_SIZE = 0x06, ESMRAMC_CACHES = 0x38 };

struct bridge_desc {
    struct pci_desc pci;        /* first */
    uint8_t pam, smram;         /* offsets of these registers */
    uint8_t pciexbar;           /* 0: none */
    uint8_t esmramc;            /* 0: none */
};

struct bridge {
    struct pci_device pci;
    struct mem_region pam_pci[PAM_AREAS], pam_rom[PAM_AREAS];
    struct mem_region smram_pci, smram;     /* in the machine's memory and in SMM's */
    struct mem_region tseg_pci, tseg;       /* likewise, at the end of RAM below 4 GiB */
    struct mem_region ram;                  /* that RAM, for tseg */
    struct mem_region ecam;
};

static const struct bridge_desc *desc_of(const struct bridge *s)
{
    return s->pci.dev.type->desc;
}

/* Area 0 is 0xf0000, the others follow from 0xc0000 on. */
static paddr area_start(unsigned n)
{
    return n ? 0xc0000 + (n - 1) * 0x4000 : 0xf0000;
}

static unsigned area_bits(const struct bridge *s, unsigned n)
{
    uint8_t reg = s->pci.config[desc_of(s)->pam + (n + 1) / 2];

    return (n & 1 ? reg : reg >> 4) & 3;
}

/* Reads of RAM need no region of ours while writes reach it, too; with PCI in front, RAM is out of the way. */
static void update_areas(struct bridge *s)
{
    uint8_t smram = s->pci.config[desc_of(s)->smram];

    mem_begin(&s->pci.dev.m->memory);
    for (unsigned n = 0; n < PAM_AREAS; n++) {
        unsigned bits = area_bits(s, n);

        mem_set_enabled(&s->pam_pci[n], !(bits & PAM_READ));
        if (s->pam_rom[n].ram) {
            mem_set_enabled(&s->pam_rom[n], bits == PAM_READ);
        }
    }
    mem_set_enabled(&s->smram_pci, (smram & (SMRAM_D_OPEN | SMRAM_ENABLE)) != (SMRAM_D_OPEN | SMRAM_ENABLE));
    if (s->smram.ram) {
        /* closed: SMM's data go past it, its code does not; that SMM draws on the screen is rarer than that it needs data */
        mem_set_enabled(&s->smram, smram & SMRAM_ENABLE);
    }
    mem_commit(&s->pci.dev.m->memory);
}

/* Q35: 1, 2 or 8 MiB that only SMM sees. */
static void update_tseg(struct bridge *s)
{
    static const uint32_t sizes[] = { 1 << 20, 2 << 20, 8 << 20, 0 };
    struct pc_host *host = (struct pc_host *)s->pci.bus->bus.owner;
    uint8_t reg = desc_of(s)->esmramc ? s->pci.config[desc_of(s)->esmramc] : 0;
    uint32_t size = sizes[(reg & ESMRAMC_SIZE) >> 1];
    bool on = reg & ESMRAMC_TSEG && s->pci.config[desc_of(s)->smram] & SMRAM_ENABLE && size && size < host->ram_below_4g;

    if (!s->ram.ram) {
        return;
    }
    mem_begin(&s->pci.dev.m->memory);
    mem_set_enabled(&s->tseg_pci, on);
    mem_set_enabled(&s->tseg, on);
    if (on) {
        paddr at = host->ram_below_4g - size;

        mem_set_size(&s->tseg_pci, size);
        mem_set_alias_start(&s->tseg_pci, at);
        mem_move(&s->tseg_pci, at);
        mem_move(&s->tseg, at);
        mem_set_alias_start(&s->tseg, at);
        mem_set_size(&s->tseg, size);
    }
    mem_commit(&s->pci.dev.m->memory);
}

static enum mem_result ecam_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct bridge *s = opaque;

    *value = pci_config_read(s->pci.bus, offset >> 20, offset >> 12, offset & 0xfff, size);
    return MEM_OK;
}

static enum mem_result ecam_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct bridge *s = opaque;

    pci_config_write(s->pci.bus, offset >> 20, offset >> 12, offset & 0xfff, size, value);
    return MEM_OK;
}

static const struct mmio_ops ecam_ops = { .read = ecam_read, .write = ecam_write, .valid_max = 4, .impl_max = 4 };

static void update_ecam(struct bridge *s)
{
    unsigned at = desc_of(s)->pciexbar;
    uint32_t low = at ? pci_get32(s->pci.config + at) : 0;
    uint64_t size = (uint64_t)0x10000000 >> (low >> 1 & 3);
    uint64_t base = low | (at ? (uint64_t)pci_get32(s->pci.config + at + 4) << 32 : 0);
    bool on = (low & 1) && (low >> 1 & 3) != 3;

    if (!at) {
        return;
    }
    mem_begin(&s->pci.dev.m->memory);
    mem_set_enabled(&s->ecam, on);
    if (on) {
        mem_set_size(&s->ecam, size);
        mem_move(&s->ecam, base & 0xfffffffffull & ~(size - 1));
    }
    mem_commit(&s->pci.dev.m->memory);
}

static void bridge_written(struct pci_device *d, unsigned offset, unsigned size)
{
    struct bridge *s = (struct bridge *)d;
    const struct bridge_desc *desc = desc_of(s);
    uint8_t *smram = &s->pci.config[desc->smram];

    if (*smram & SMRAM_LOCK) {      /* until the next reset */
        *smram &= ~SMRAM_D_OPEN;
        s->pci.wmask[desc->smram] = SMRAM_CLOSED;
        if (desc->esmramc) {
            s->pci.wmask[desc->esmramc] = 0;
        }
    }
    update_areas(s);
    update_tseg(s);
    update_ecam(s);
}

static void unlock_smram(struct bridge *s)
{
    const struct bridge_desc *desc = desc_of(s);

    s->pci.wmask[desc->smram] = SMRAM_D_OPEN | SMRAM_CLOSED | SMRAM_LOCK | SMRAM_ENABLE;
    if (desc->esmramc) {
        s->pci.wmask[desc->esmramc] = ESMRAMC_TSEG | ESMRAMC_SIZE;
    }
}

static void bridge_reset(struct device *dev)
{
    struct bridge *s = (struct bridge *)dev;

    unlock_smram(s);
    s->pci.config[desc_of(s)->smram] = SMRAM_BASE;
    if (desc_of(s)->esmramc) {
        s->pci.config[desc_of(s)->esmramc] = ESMRAMC_CACHES;
    }
    bridge_written(&s->pci, 0, 0);
}

static bool bridge_after_load(struct device *dev, GError **err)
{
    bridge_written((struct pci_device *)dev, 0, 0);
    return true;
}

static bool bridge_realize(struct device *dev, GError **err)
{
    struct bridge *s = (struct bridge *)dev;
    struct device *owner = s->pci.bus->bus.owner;
    struct pc_host *host = (struct pc_host *)owner;
    const struct bridge_desc *desc = desc_of(s);

    if (!owner || (owner->type != &i440fx_host_type && owner->type != &q35_host_type) || host->bridge != dev) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "-device %s: only a board can have this device",
                    dev->type->name);
        return false;
    }
    for (unsigned n = 0; n < PAM_AREAS; n++) {
        uint64_t size = n ? 0x4000 : 0x10000;

        mem_alias_init(&s->pam_pci[n], "pam-pci", &host->memory, area_start(n), size);
        mem_map(&dev->m->root, area_start(n), &s->pam_pci[n], 1);
        if (host->ram && host->ram->size >= area_start(n) + size) {
            mem_rom_init(&s->pam_rom[n], "pam-rom", host->ram, area_start(n), size);
            mem_map(&dev->m->root, area_start(n), &s->pam_rom[n], 1);
        }
    }
    mem_alias_init(&s->smram_pci, "smram-pci", &host->memory, 0xa0000, 0x20000);
    mem_map(&dev->m->root, 0xa0000, &s->smram_pci, 1);
    for (unsigned i = 0; i < 7; i++) {
        s->pci.wmask[desc->pam + i] = i ? 0x33 : 0x30;
    }
    unlock_smram(s);
    if (host->ram && host->ram->size >= 0xc0000) {
        mem_ram_init(&s->smram, "smram", host->ram, 0xa0000, 0x20000);
        mem_map(&host->smm, 0xa0000, &s->smram, 1);
    }
    if (host->ram && desc->esmramc && host->ram_below_4g > 0x100000) {
        mem_alias_init(&s->tseg_pci, "tseg-pci", &host->memory, 0, 0x100000);
        mem_set_enabled(&s->tseg_pci, false);
        mem_map(&dev->m->root, 0, &s->tseg_pci, 1);
        mem_ram_init(&s->ram, "tseg-ram", host->ram, 0, host->ram_below_4g);
        mem_alias_init(&s->tseg, "tseg", &s->ram, 0, 0x100000);
        mem_set_enabled(&s->tseg, false);
        mem_map(&host->smm, 0, &s->tseg, 1);
    }
    if (desc->pciexbar) {
        mem_mmio_init(&s->ecam, &dev->m->memory, "pcie-mmcfg", 0x10000000, &ecam_ops, s);
        mem_set_enabled(&s->ecam, false);
        mem_map(&dev->m->root, 0xb0000000, &s->ecam, 1);
        pci_put32(s->pci.wmask + desc->pciexbar, 0xfc000007);
        pci_put32(s->pci.wmask + desc->pciexbar + 4, 0x0000000f);
    }
    s->pci.config_written = bridge_written;
    return true;
}

static void bridge_unrealize(struct device *dev)
{
    struct bridge *s = (struct bridge *)dev;

    for (unsigned n = 0; n < PAM_AREAS; n++) {
        mem_region_free(&s->pam_pci[n]);
        mem_region_free(&s->pam_rom[n]);
    }
    mem_region_free(&s->smram_pci);
    mem_region_free(&s->smram);
    mem_region_free(&s->tseg_pci);
    mem_region_free(&s->tseg);
    mem_region_free(&s->ram);
    mem_region_free(&s->ecam);
}

static const struct host_field bridge_host[] = {
    HOST(struct bridge, pam_pci), HOST(struct bridge, pam_rom), HOST(struct bridge, smram_pci), HOST(struct bridge, ecam),
    HOST(struct bridge, smram), HOST(struct bridge, tseg_pci), HOST(struct bridge, tseg), HOST(struct bridge, ram),
};

#define BRIDGE(symbol, name_, help_, desc_) \
    const struct device_type symbol = { \
        .name = name_, .help = help_, .base = &pci_device_type, .bus = &pci_bus_type, .size = sizeof(struct bridge), \
        HOSTS(bridge_host), .realize = bridge_realize, .unrealize = bridge_unrealize, .reset = bridge_reset, \
        .after_load = bridge_after_load, .desc = &desc_, \
    }

static const struct bridge_desc i440fx_desc = {
    .pci = { .vendor = 0x8086, .device = 0x1237, .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
             .class_code = 0x060000, .revision = 2 },
    .pam = 0x59, .smram = 0x72,
};
static const struct bridge_desc mch_desc = {
    .pci = { .vendor = 0x8086, .device = 0x29c0, .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
             .class_code = 0x060000 },
    .pam = 0x90, .smram = 0x9d, .pciexbar = 0x60, .esmramc = 0x9e,
};

BRIDGE(i440fx_type, "i440FX", "north bridge of the pc board; only its host bridge makes it", i440fx_desc);
BRIDGE(mch_type, "mch", "north bridge of the q35 board; only its host bridge makes it", mch_desc);
