/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/pci/pci.h"

#include <stdlib.h>
#include <string.h>

#include "system/loader.h"
#include "system/machine.h"
#include "util/log.h"

static GQuark quark(void)
{
    return g_quark_from_static_string("pci");
}

/* ---- configuration space ---- */

#define ROM_BYTES_MAX (16u << 20)
#define ROM_ENABLE 1

static unsigned bar_offset(unsigned n)
{
    return n == PCI_ROM_BAR ? PCI_ROM_ADDRESS : PCI_BAR0 + 4 * n;
}

void pci_add_bar(struct pci_device *d, unsigned n, enum pci_bar_kind kind, bool prefetch, struct mem_region *region)
{
    uint64_t size = region->size, mask = ~(size - 1);
    uint8_t *p = d->config + bar_offset(n);

    g_assert(n < PCI_BARS && size >= 16 && !(size & (size - 1)) && (n == PCI_ROM_BAR) == (kind == PCI_BAR_ROM));
    d->bars[n] = (struct pci_bar) { .region = region, .size = size, .kind = kind };
    pci_put32(p, kind == PCI_BAR_IO ? 1 : (kind == PCI_BAR_MEM64 ? 4 : 0) | (prefetch ? 8 : 0));
    pci_put32(d->wmask + bar_offset(n), mask | (kind == PCI_BAR_ROM ? ROM_ENABLE : 0));
    if (kind == PCI_BAR_MEM64) {
        pci_put32(d->wmask + bar_offset(n) + 4, mask >> 32);
    }
}

bool pci_add_rom(struct pci_device *d, const char *name, GError **err)
{
    g_autofree char *packaged = name ? g_strconcat("seabios/", name, NULL) : NULL;
    const char *names[] = { d->romfile ? d->romfile : name, d->romfile ? NULL : packaged, NULL };
    struct machine *m = d->dev.m;
    g_autofree char *path = NULL;
    g_autofree uint8_t *data = NULL;
    struct ram_block *ram;
    uint64_t len, size = 2048;      /* the least that a ROM's register can say */

    if (!names[0] || !*names[0] || !d->rombar) {
        return true;
    }
    path = firmware_find(m, names);
    if (!path && !d->romfile) {
        log_unimp("%s: no %s (Debian: package seabios): the device has no ROM", d->dev.type->name, name);
        return true;
    }
    if (!path) {
        g_set_error(err, quark(), 0, "-device %s: romfile=%s: no such file", d->dev.type->name, d->romfile);
        return false;
    }
    if (!load_file(path, "romfile", ROM_BYTES_MAX, &data, &len, err)) {
        return false;
    }
    while (size < len || size < MEM_PAGE_SIZE) {
        size *= 2;
    }
    ram = machine_new_ram(m, "pci.rom", size, err);
    if (!ram) {
        return false;
    }
    memcpy(ram->host, data, len);
    mem_rom_init(&d->rom, "pci.rom", ram, 0, size);
    pci_add_bar(d, PCI_ROM_BAR, PCI_BAR_ROM, false, &d->rom);
    return true;
}

unsigned pci_add_capability(struct pci_device *d, uint8_t id, unsigned len)
{
    unsigned at = d->cap_end ? d->cap_end : 0x40;

    g_assert(at + len <= PCI_CONFIG_BYTES);
    d->config[at] = id;
    d->config[at + 1] = d->config[PCI_CAP_PTR];
    d->config[PCI_CAP_PTR] = at;
    d->config[PCI_STATUS] |= PCI_STATUS_CAPS;
    d->cap_end = (at + len + 3) & ~3u;
    return at;
}

static uint64_t bar_address(const struct pci_device *d, unsigned n)
{
    const struct pci_bar *b = &d->bars[n];
    uint64_t v = pci_get32(d->config + bar_offset(n)) & ~(uint64_t)(b->kind == PCI_BAR_IO ? 3 : 15);    /* flags */

    if (b->kind == PCI_BAR_MEM64) {
        v |= (uint64_t)pci_get32(d->config + bar_offset(n) + 4) << 32;
    }
    return v & ~(b->size - 1);
}

/* Puts BARs where the guest wants them. An address of 0, or one that wraps, is a BAR being sized. */
static void update_bars(struct pci_device *d)
{
    uint16_t command = pci_get16(d->config + PCI_COMMAND);
    struct memory *mem = &d->dev.m->memory;

    mem_begin(mem);
    for (unsigned n = 0; n < PCI_BARS; n++) {
        struct pci_bar *b = &d->bars[n];
        uint64_t addr, top;
        bool on;

        if (!b->region) {
            continue;
        }
        addr = bar_address(d, n);
        top = b->kind == PCI_BAR_IO ? 0x10000 : b->kind == PCI_BAR_MEM64 ? (uint64_t)1 << 60 : (uint64_t)1 << 32;
        on = (command & (b->kind == PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY)) && addr && addr < top &&
             top - addr >= b->size && (n != PCI_ROM_BAR || (d->config[PCI_ROM_ADDRESS] & ROM_ENABLE));
        if (b->mapped && (!on || b->region->addr != addr)) {
            mem_unmap(b->region);
            b->mapped = false;
        }
        if (on && !b->mapped) {
            mem_map(b->kind == PCI_BAR_IO ? d->bus->io : d->bus->memory, addr, b->region, 1);
            b->mapped = true;
        }
    }
    mem_set_enabled(&d->master_alias, command & PCI_COMMAND_MASTER);
    mem_commit(mem);
}

/* ---- interrupts ---- */

/* Without a route: the board's wiring, as its device tree says. */
static unsigned line_of(struct pci_bus *b, const struct pci_device *d)
{
    unsigned pin = (d->config[PCI_INT_PIN] - 1) % PCI_PINS;

    return b->route ? b->route(b, d->devfn, pin) : ((d->devfn >> 3) + pin) % PCI_PINS;
}

static void drive_pin(struct pci_device *d, bool level)
{
    unsigned line;

    if (!d->config[PCI_INT_PIN]) {
        return;
    }
    line = line_of(d->bus, d);
    d->bus->levels[line] += level ? 1 : -1;
    irq_set(&d->bus->pins[line], d->bus->levels[line] != 0);
}

void pci_bus_reroute(struct pci_bus *b)
{
    memset(b->levels, 0, sizeof(b->levels));
    for (unsigned i = 0; i < PCI_DEVFNS; i++) {
        const struct pci_device *d = b->devices[i];

        if (d && d->intx && d->config[PCI_INT_PIN]) {
            b->levels[line_of(b, d)]++;
        }
    }
    for (unsigned n = 0; n < PCI_LINES; n++) {
        irq_set(&b->pins[n], b->levels[n] != 0);
    }
}

static bool intx_enabled(const struct pci_device *d)
{
    return !(pci_get16(d->config + PCI_COMMAND) & PCI_COMMAND_INTX_OFF) && !pci_msi_on(d);
}

static void update_intx(struct pci_device *d, bool wanted)
{
    bool level = wanted && intx_enabled(d);

    if (wanted) {
        d->config[PCI_STATUS] |= PCI_STATUS_INT;
    } else {
        d->config[PCI_STATUS] &= ~PCI_STATUS_INT;
    }
    if (level != d->intx) {
        d->intx = level;
        drive_pin(d, level);
    }
}

void pci_set_intx(struct pci_device *d, bool level)
{
    update_intx(d, level);
}

/* ---- accesses ---- */

static struct pci_device *find(struct pci_bus *b, uint8_t bus, uint8_t devfn)
{
    return bus ? NULL : b->devices[devfn];
}

static unsigned config_bytes(const struct pci_device *d)
{
    return PCIE_CONFIG_BYTES;
}

uint32_t pci_config_read(struct pci_bus *b, uint8_t bus, uint8_t devfn, unsigned offset, unsigned size)
{
    struct pci_device *d = find(b, bus, devfn);
    uint32_t v = 0;

    if (!d || offset + size > config_bytes(d)) {
        return UINT32_MAX >> (32 - size * 8);
    }
    if (d->config_read) {
        d->config_read(d, offset, size);
    }
    memcpy(&v, d->config + offset, size);
    return GUINT32_FROM_LE(v);
}

void pci_config_write(struct pci_bus *b, uint8_t bus, uint8_t devfn, unsigned offset, unsigned size, uint32_t v)
{
    struct pci_device *d = find(b, bus, devfn);
    bool wanted;

    if (!d || offset + size > config_bytes(d)) {
        return;
    }
    wanted = d->config[PCI_STATUS] & PCI_STATUS_INT;
    for (unsigned i = 0; i < size; i++, v >>= 8) {
        uint8_t *p = &d->config[offset + i], mask = d->wmask[offset + i];

        *p = (*p & ~mask) | (v & mask);
    }
    if (offset < PCI_ROM_ADDRESS + 4 && offset + size > PCI_COMMAND) {
        update_bars(d);
    }
    update_intx(d, wanted);     /* its mask, or messages in its place */
    pci_msi_config_written(d);
    if (d->config_written) {
        d->config_written(d, offset, size);
    }
}

/* ---- the bus ---- */

/* "addr=5", "addr=1f.2"; without it the first free slot from 1 on. */
static bool choose_devfn(struct pci_bus *b, struct pci_device *d, GError **err)
{
    char *end;
    unsigned long slot, fn = 0;

    if (!d->addr) {
        for (slot = 1; slot < 32; slot++) {
            if (!b->devices[slot << 3]) {
                d->devfn = slot << 3;
                return true;
            }
        }
        g_set_error(err, quark(), 0, "-device %s: bus '%s' has no free slot", d->dev.type->name, b->bus.name);
        return false;
    }
    slot = strtoul(d->addr, &end, 16);
    if (*end == '.') {
        fn = strtoul(end + 1, &end, 16);
    }
    if (*end || end == d->addr || slot > 31 || fn > 7) {
        g_set_error(err, quark(), 0, "-device %s: addr=%s: accepted: SLOT[.FUNCTION], 0 to 1f, 0 to 7",
                    d->dev.type->name, d->addr);
        return false;
    }
    d->devfn = slot << 3 | fn;
    if (b->devices[d->devfn]) {
        g_set_error(err, quark(), 0, "-device %s: addr=%s: %s is there already", d->dev.type->name, d->addr,
                    b->devices[d->devfn]->dev.type->name);
        return false;
    }
    return true;
}

static bool attach(struct bus *bus, struct device *dev, GError **err)
{
    struct pci_bus *b = (struct pci_bus *)bus;
    struct pci_device *d = (struct pci_device *)dev;

    if (!choose_devfn(b, d, err)) {
        return false;
    }
    d->bus = b;
    b->devices[d->devfn] = d;
    return true;
}

static void detach(struct bus *bus, struct device *dev)
{
    struct pci_device *d = (struct pci_device *)dev;

    ((struct pci_bus *)bus)->devices[d->devfn] = NULL;
    d->bus = NULL;
}

const struct bus_type pci_bus_type = { .name = "PCI", .attach = attach, .detach = detach };

void pci_bus_init(struct pci_bus *b, struct device *owner, const char *name, struct mem_region *memory,
                  struct mem_region *io)
{
    memset(b, 0, sizeof *b);
    bus_init(&b->bus, owner->m, &pci_bus_type, owner, name);
    b->memory = memory;
    b->io = io;
}

void pci_bus_free(struct pci_bus *b, struct machine *m)
{
    bus_free(&b->bus, m);
}

/* ---- the common part of a device ---- */

static bool realize(struct device *dev, GError **err)
{
    struct pci_device *d = (struct pci_device *)dev;
    const struct pci_desc *desc = dev->type->desc;

    pci_put16(d->config + PCI_VENDOR_ID, desc->vendor);
    pci_put16(d->config + PCI_DEVICE_ID, desc->device);
    d->config[PCI_REVISION] = desc->revision;
    d->config[PCI_CLASS] = desc->class_code;
    d->config[PCI_CLASS + 1] = desc->class_code >> 8;
    d->config[PCI_CLASS + 2] = desc->class_code >> 16;
    d->config[PCI_HEADER_TYPE] = d->multifunction ? 0x80 : 0;
    pci_put16(d->config + PCI_SUBSYSTEM_VENDOR, desc->subsystem_vendor);
    pci_put16(d->config + PCI_SUBSYSTEM, desc->subsystem);
    d->config[PCI_INT_PIN] = desc->pin;
    d->wmask[PCI_INT_LINE] = 0xff;
    d->wmask[PCI_CACHE_LINE] = 0xff;    /* drivers want it for Memory Write and Invalidate */
    pci_put16(d->wmask + PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF);

    mem_container_init(&d->master_root, &dev->m->memory, "bus-master", UINT64_MAX);
    mem_alias_init(&d->master_alias, "bus-master", &dev->m->root, 0, UINT64_MAX);
    mem_map(&d->master_root, 0, &d->master_alias, 0);
    mem_set_enabled(&d->master_alias, false);
    as_init(&d->as, dev->type->name, &d->master_root);
    return true;
}

void pci_remove_bars(struct pci_device *d)
{
    for (unsigned n = 0; n < PCI_BARS; n++) {
        if (d->bars[n].region && d->bars[n].mapped) {
            mem_unmap(d->bars[n].region);
        }
        d->bars[n] = (struct pci_bar) { 0 };
    }
}

static void unrealize(struct device *dev)
{
    struct pci_device *d = (struct pci_device *)dev;

    update_intx(d, false);
    pci_remove_bars(d);
    mem_region_free(&d->rom);
    pci_msi_free(d);
    as_free(&d->as);
    mem_region_free(&d->master_alias);
    mem_region_free(&d->master_root);
}

static void reset(struct device *dev)
{
    struct pci_device *d = (struct pci_device *)dev;

    update_intx(d, false);
    for (unsigned i = 0; i < PCIE_CONFIG_BYTES; i++) {
        d->config[i] &= ~d->wmask[i];
    }
    pci_msi_reset(d);
    update_bars(d);
}

static const struct prop props[] = {
    PROP_STRING(struct pci_device, addr, "addr", NULL, "slot and function, hexadecimal: 5 or 1f.2"),
    PROP_BOOL(struct pci_device, multifunction, "multifunction", false, "other functions share the slot"),
    PROP_STRING(struct pci_device, romfile, "romfile", NULL, "expansion ROM of a device that has one; empty: none"),
    PROP_U32(struct pci_device, rombar, "rombar", 1, "1: show the expansion ROM to the guest", .max = 1),
};
static const struct field state[] = {
    FIELD_BYTES(struct pci_device, config), FIELD(struct pci_device, intx),
    FIELD_POINTER(struct pci_device, msix_table, msix_table_bytes),
    FIELD_POINTER(struct pci_device, msix_pba, msix_pba_bytes),
};
static const struct host_field host[] = {
    HOST(struct pci_device, wmask), HOST(struct pci_device, bars), HOST(struct pci_device, bus),
    HOST(struct pci_device, devfn),
    HOST(struct pci_device, cap_end), HOST(struct pci_device, master_root), HOST(struct pci_device, master_alias),
    HOST(struct pci_device, msi_cap), HOST(struct pci_device, msix_cap), HOST(struct pci_device, msix_vectors),
    HOST(struct pci_device, msix_table_bytes), HOST(struct pci_device, msix_pba_bytes),
    HOST(struct pci_device, msix_pba_offset), HOST(struct pci_device, msix_region), HOST(struct pci_device, rom),
    HOST(struct pci_device, as), HOST(struct pci_device, config_written), HOST(struct pci_device, config_read),
};

const struct device_type pci_device_type = {
    .name = "pci-device", .abstract = true, .help = "common part of PCI devices", .size = sizeof(struct pci_device),
    .bus = &pci_bus_type, STATE(state), PROPS(props),
    HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset,
};
