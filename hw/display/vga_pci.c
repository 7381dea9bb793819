/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * QEMU's VGA on PCI ("VGA", and without the legacy ports "secondary-vga" and "bochs-display"; QEMU: docs/specs/standard-vga.rst).
 *
 * BAR 0: video memory. BAR 2: 0x000 EDID, 0x400 the VGA's ports from 0x3c0 on, 0x500 the Bochs registers, 0x600 size and
 * byte order of the frame buffer. ROM: the VGA BIOS. Legacy, unless secondary: 0xa0000 to 0xbffff, ports 0x3b0 to 0x3df
 * and 0x1ce to 0x1d1.
 * Not modelled: a big-endian frame buffer.
 */
#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"
#include "system/machine.h"

#define MMIO_BYTES 0x1000
enum { MMIO_EDID_END = 0x400, MMIO_PORTS = 0x400, MMIO_PORTS_END = 0x420, MMIO_VBE = 0x500, MMIO_VBE_END = 0x516,
       MMIO_EXT = 0x600, MMIO_EXT_ORDER = 0x604, MMIO_EXT_END = 0x608 };
#define LITTLE_ENDIAN_FB 0x1e1e1e1eu
#define FIRST_MMIO_PORT (0x3c0 - VGA_PORTS)

struct vga_pci {
    struct pci_device pci;
    /* properties */
    uint32_t vgamem_mb, xres, yres;
    bool edid;
    /* state */
    struct vga vga;
    /* host */
    uint8_t edid_block[EDID_BYTES];
    struct mem_region mmio;
};

static struct vga_pci *pci_of(struct device *d)
{
    return (struct vga_pci *)d;
}

/* ---- BAR 2 ---- */

static uint8_t mmio_byte(struct vga_pci *s, uint64_t offset)
{
    if (offset < MMIO_EDID_END) {
        return s->edid && offset < EDID_BYTES ? s->edid_block[offset] : 0;
    }
    if (offset >= MMIO_PORTS && offset < MMIO_PORTS_END) {
        return vga_port_read(&s->vga, offset - MMIO_PORTS + FIRST_MMIO_PORT);
    }
    if (offset >= MMIO_VBE && offset < MMIO_VBE_END) {
        return vbe_read(&s->vga, (offset - MMIO_VBE) / 2) >> (offset & 1) * 8;
    }
    if (offset >= MMIO_EXT && offset < MMIO_EXT_ORDER) {
        return offset == MMIO_EXT ? MMIO_EXT_END - MMIO_EXT : 0;
    }
    return offset >= MMIO_EXT_ORDER && offset < MMIO_EXT_END ? LITTLE_ENDIAN_FB & 0xff : 0;
}

static enum mem_result mmio_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)mmio_byte(opaque, offset + i) << (8 * i);
    }
    return MEM_OK;
}

static enum mem_result mmio_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct vga_pci *s = opaque;

    if (offset >= MMIO_VBE && offset < MMIO_VBE_END) {
        for (unsigned i = 0; i < MAX(size, 2) && offset + i < MMIO_VBE_END; i += 2) {
            vbe_write(&s->vga, (offset + i - MMIO_VBE) / 2, value >> (8 * i));
        }
        return MEM_OK;
    }
    for (unsigned i = 0; i < size && offset + i >= MMIO_PORTS && offset + i < MMIO_PORTS_END; i++) {
        vga_port_write(&s->vga, offset + i - MMIO_PORTS + FIRST_MMIO_PORT, value >> (8 * i));
    }
    return MEM_OK;
}

static const struct mmio_ops mmio_ops = { .read = mmio_read, .write = mmio_write, .valid_max = 4, .impl_max = 4 };

/* ---- life ---- */

static bool is_legacy(const struct vga_pci *s)
{
    return ((const struct pci_desc *)s->pci.dev.type->desc)->class_code == 0x030000;
}

static bool realize(struct device *d, GError **err)
{
    struct vga_pci *s = pci_of(d);
    bool legacy = is_legacy(s);

    if (!s->vgamem_mb || (s->vgamem_mb & (s->vgamem_mb - 1))) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "-device %s: vgamem_mb=%u: accepted: powers of two from 1 to 256", d->type->name, s->vgamem_mb);
        return false;
    }
    if (!vga_init(&s->vga, d, s->vgamem_mb << 20, err)) {
        return false;
    }
    edid_make(s->edid_block, s->xres ? s->xres : 1280, s->yres ? s->yres : 800);
    mem_mmio_init(&s->mmio, &d->m->memory, "vga.mmio", MMIO_BYTES, &mmio_ops, s);
    s->mmio.busy = &d->in_mmio;
    pci_add_bar(&s->pci, 0, PCI_BAR_MEM32, true, &s->vga.vram_region);
    pci_add_bar(&s->pci, 2, PCI_BAR_MEM32, false, &s->mmio);
    if (legacy) {
        mem_map(s->pci.bus->memory, VGA_WINDOW, &s->vga.window, 1);
        mem_map(s->pci.bus->io, VGA_PORTS, &s->vga.ports, 0);
        mem_map(s->pci.bus->io, VBE_PORTS, &s->vga.vbe_ports, 0);
    }
    return pci_add_rom(&s->pci, legacy ? "vgabios-stdvga.bin" : NULL, err);
}

static void unrealize(struct device *d)
{
    struct vga_pci *s = pci_of(d);

    pci_remove_bars(&s->pci);
    mem_region_free(&s->mmio);
    vga_free(&s->vga);
}

static void reset(struct device *d)
{
    vga_reset(&pci_of(d)->vga);
}

static bool after_load(struct device *d, GError **err)
{
    vga_loaded(&pci_of(d)->vga);
    return true;
}

static const struct prop props[] = {
    PROP_U32(struct vga_pci, vgamem_mb, "vgamem_mb", 16, "video memory in MiB, a power of two", .max = 256),
    PROP_BOOL(struct vga_pci, edid, "edid", true, "describe a monitor to the guest"),
    PROP_U32(struct vga_pci, xres, "xres", 0, "width that the monitor likes best (0: 1280)", .max = 4095),
    PROP_U32(struct vga_pci, yres, "yres", 0, "height that the monitor likes best (0: 800)", .max = 4095),
};
static const struct field state[] = { VGA_STATE(struct vga_pci) };
static const struct host_field host[] = {
    VGA_HOST(struct vga_pci), HOST(struct vga_pci, edid_block), HOST(struct vga_pci, mmio),
};

#define VGA_TYPE(symbol, name_, help_, desc_) \
    const struct device_type symbol = { \
        .name = name_, .help = help_, .base = &pci_device_type, .bus = &pci_bus_type, .size = sizeof(struct vga_pci), \
        STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset, \
        .after_load = after_load, .desc = &desc_, \
    }

static const struct pci_desc vga_desc = {
    .vendor = 0x1234, .device = 0x1111, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x030000,
    .revision = 2,
};
static const struct pci_desc secondary_desc = {
    .vendor = 0x1234, .device = 0x1111, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x038000,
    .revision = 2,
};

VGA_TYPE(vga_pci_type, "VGA", "VGA with Bochs's extension, on PCI", vga_desc);
VGA_TYPE(secondary_vga_type, "secondary-vga", "the same without the ports and memory of the first one", secondary_desc);
