/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-pci: a virtio device behind a PCI function (Virtio 1.2, 4.1), transitional unless disable-legacy=on.
 *
 * BAR 0: I/O, the legacy interface (4.1.4.10). BAR 4: memory, four pages: common configuration, interrupt status,
 * device configuration, notifications (one word for each queue). Vendor capabilities point there, one more gives access
 * by configuration space. Interrupts: INTx; where the board takes messages, MSI-X (BAR 1).
 */
#include <string.h>

#include "hw/pci/pci.h"
#include "hw/virtio/virtio.h"
#include "system/machine.h"
#include "util/log.h"

enum { CAP_COMMON = 1, CAP_NOTIFY, CAP_ISR, CAP_DEVICE, CAP_PCI };
enum { BAR_LEGACY = 0, BAR_MSIX = 1, BAR_MODERN = 4 };
enum { PART_COMMON = 0x0000, PART_ISR = 0x1000, PART_DEVICE = 0x2000, PART_NOTIFY = 0x3000, PART_BYTES = 0x1000 };

#define MODERN_BYTES 0x4000
#define NOTIFY_MULTIPLIER 4
#define LEGACY_CONFIG 20        /* device configuration in BAR 0; with MSI-X enabled two vectors come before it */
#define VECTORS_AUTO UINT32_MAX

/* struct virtio_pci_common_cfg (4.1.4.3) */
enum {
    C_DEVICE_FEATURE_SELECT = 0x00, C_DEVICE_FEATURE = 0x04, C_DRIVER_FEATURE_SELECT = 0x08, C_DRIVER_FEATURE = 0x0c,
    C_CONFIG_MSIX_VECTOR = 0x10, C_NUM_QUEUES = 0x12, C_DEVICE_STATUS = 0x14, C_CONFIG_GENERATION = 0x15,
    C_QUEUE_SELECT = 0x16, C_QUEUE_SIZE = 0x18, C_QUEUE_MSIX_VECTOR = 0x1a, C_QUEUE_ENABLE = 0x1c,
    C_QUEUE_NOTIFY_OFF = 0x1e,
    C_QUEUE_DESC = 0x20, C_QUEUE_DRIVER = 0x28, C_QUEUE_DEVICE = 0x30, C_QUEUE_NOTIFY_DATA = 0x38, C_QUEUE_RESET = 0x3a,
};

/* The legacy registers (4.1.4.10) */
enum {
    L_DEVICE_FEATURES = 0, L_DRIVER_FEATURES = 4, L_QUEUE_PFN = 8, L_QUEUE_SIZE = 12, L_QUEUE_SELECT = 14,
    L_QUEUE_NOTIFY = 16, L_DEVICE_STATUS = 18, L_ISR = 19, L_CONFIG_VECTOR = 20, L_QUEUE_VECTOR = 22,
};

struct virtio_pci {
    struct pci_device pci;
    int disable_legacy;             /* index in on_off_auto */
    bool disable_modern;
    uint32_t vectors;
    struct virtio_bus bus;
    struct virtio_device *vd;
    struct mem_region legacy, modern;
    unsigned pci_cap;               /* offset of the access capability in configuration space */
};

static const char *const on_off_auto[] = { "auto", "on", "off", NULL };

/* ---- interrupts ---- */

static void update_irq(struct virtio_pci *s)
{
    pci_set_intx(&s->pci, s->vd && s->vd->isr);
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_pci *s = vd->transport_opaque;
    uint16_t vector = vq ? vq->vector : vd->config_vector;

    if (!pci_msi_on(&s->pci)) {
        update_irq(s);
    } else if (vector != VIRTIO_NO_VECTOR) {
        pci_msi_send(&s->pci, vector);
    }
}

/* What a vector register reads back: a vector that is not there becomes none, which tells the driver (4.1.5.1.2). */
static uint16_t vector_of(const struct virtio_pci *s, uint16_t v)
{
    return v < s->pci.msix_vectors ? v : VIRTIO_NO_VECTOR;
}

static void plugged(void *transport, struct virtio_device *vd)
{
    struct virtio_pci *s = transport;

    s->vd = vd;
    vd->as = &s->pci.as;
    vd->requester = s->pci.devfn;
    vd->force_modern = s->disable_legacy == 1;
}

static void unplugged(void *transport)
{
    ((struct virtio_pci *)transport)->vd = NULL;
}

static const struct virtio_transport_ops ops = { .plugged = plugged, .unplugged = unplugged, .notify = notify };

static uint8_t read_isr(struct virtio_pci *s)
{
    uint8_t isr = s->vd->isr;

    s->vd->isr = 0;     /* reading acknowledges (4.1.4.5) */
    update_irq(s);
    return isr;
}

static void set_status(struct virtio_pci *s, uint8_t status, bool legacy)
{
    virtio_set_status(s->vd, status);
    s->vd->legacy = legacy;
    update_irq(s);
}

static void select_features(struct virtio_pci *s, unsigned sel, uint32_t v)
{
    uint64_t f = s->vd->guest_features;

    if (sel > 1) {
        return;
    }
    f = sel ? (uint32_t)f | (uint64_t)v << 32 : (f & 0xffffffff00000000) | v;
    virtio_set_features(s->vd, f);
}

/* ---- common configuration ---- */

static uint64_t queue_read(const struct virtio_queue *vq, unsigned offset)
{
    switch (offset) {
    case C_QUEUE_SIZE:
        return vq->size;
    case C_QUEUE_MSIX_VECTOR:
        return vq->vector;
    case C_QUEUE_ENABLE:
        return vq->enabled;
    case C_QUEUE_NOTIFY_OFF:
        return vq->index;
    case C_QUEUE_DESC:
        return vq->desc;
    case C_QUEUE_DESC + 4:
        return vq->desc >> 32;
    case C_QUEUE_DRIVER:
        return vq->driver;
    case C_QUEUE_DRIVER + 4:
        return vq->driver >> 32;
    case C_QUEUE_DEVICE:
        return vq->device;
    case C_QUEUE_DEVICE + 4:
        return vq->device >> 32;
    case C_QUEUE_NOTIFY_DATA:
        return vq->index;
    default:
        return 0;
    }
}

static uint64_t common_read(struct virtio_pci *s, unsigned offset)
{
    struct virtio_device *vd = s->vd;
    struct virtio_queue *vq = virtio_queue(vd, vd->queue_sel);

    vd->legacy = false;
    switch (offset) {
    case C_DEVICE_FEATURE_SELECT:
        return vd->host_features_sel;
    case C_DEVICE_FEATURE:
        return vd->host_features_sel > 1 ? 0 : (uint32_t)(virtio_features(vd) >> (32 * vd->host_features_sel));
    case C_DRIVER_FEATURE_SELECT:
        return vd->guest_features_sel;
    case C_DRIVER_FEATURE:
        return vd->guest_features_sel > 1 ? 0 : (uint32_t)(vd->guest_features >> (32 * vd->guest_features_sel));
    case C_CONFIG_MSIX_VECTOR:
        return vd->config_vector;
    case C_NUM_QUEUES:
        return vd->nqueues;
    case C_DEVICE_STATUS:
        return vd->status;
    case C_CONFIG_GENERATION:
        return vd->config_generation & 0xff;
    case C_QUEUE_SELECT:
        return vd->queue_sel;
    default:
        return vq ? queue_read(vq, offset) : 0;
    }
}

static void half(uint64_t *v, bool high, uint32_t part)
{
    *v = high ? (uint32_t)*v | (uint64_t)part << 32 : (*v & 0xffffffff00000000) | part;
}

static void queue_write(struct virtio_pci *s, struct virtio_queue *vq, unsigned offset, uint32_t v)
{
    switch (offset) {
    case C_QUEUE_SIZE:
        if (v && v <= vq->size_max) {
            vq->size = v;
        } else {
            log_guest("virtio-pci: queue size %u", v);
        }
        break;
    case C_QUEUE_ENABLE:
        virtio_queue_enable(vq, v & 1);
        break;
    case C_QUEUE_DESC:
    case C_QUEUE_DESC + 4:
        half(&vq->desc, offset & 4, v);
        break;
    case C_QUEUE_DRIVER:
    case C_QUEUE_DRIVER + 4:
        half(&vq->driver, offset & 4, v);
        break;
    case C_QUEUE_DEVICE:
    case C_QUEUE_DEVICE + 4:
        half(&vq->device, offset & 4, v);
        break;
    case C_QUEUE_RESET:
        if (v & 1) {
            virtio_queue_reset(vq);
        }
        break;
    case C_QUEUE_MSIX_VECTOR:
        vq->vector = vector_of(s, v);
        break;
    default:
        log_guest("virtio-pci: write of common configuration at %#x", offset);
    }
}

static void common_write(struct virtio_pci *s, unsigned offset, uint32_t v)
{
    struct virtio_device *vd = s->vd;
    struct virtio_queue *vq = virtio_queue(vd, vd->queue_sel);

    vd->legacy = false;
    switch (offset) {
    case C_DEVICE_FEATURE_SELECT:
        vd->host_features_sel = v;
        break;
    case C_DRIVER_FEATURE_SELECT:
        vd->guest_features_sel = v;
        break;
    case C_DRIVER_FEATURE:
        select_features(s, vd->guest_features_sel, v);
        break;
    case C_CONFIG_MSIX_VECTOR:
        vd->config_vector = vector_of(s, v);
        break;
    case C_DEVICE_STATUS:
        set_status(s, v, false);
        break;
    case C_QUEUE_SELECT:
        vd->queue_sel = v;
        break;
    default:
        if (vq) {
            queue_write(s, vq, offset, v);
        }
    }
}

/* ---- BAR 4 ---- */

static enum mem_result modern_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    struct virtio_pci *s = opaque;
    unsigned o = offset % PART_BYTES;

    switch (offset & ~(uint64_t)(PART_BYTES - 1)) {
    case PART_COMMON:
        *value = common_read(s, o);
        break;
    case PART_ISR:
        *value = o ? 0 : read_isr(s);
        break;
    case PART_DEVICE:
        *value = virtio_config_read(s->vd, o, size);
        break;
    default:
        *value = 0;
    }
    return MEM_OK;
}

static enum mem_result modern_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct virtio_pci *s = opaque;
    unsigned o = offset % PART_BYTES;

    switch (offset & ~(uint64_t)(PART_BYTES - 1)) {
    case PART_COMMON:
        common_write(s, o, value);
        break;
    case PART_DEVICE:
        virtio_config_write(s->vd, o, size, value);
        break;
    case PART_NOTIFY:
        virtio_queue_notify(s->vd, o / NOTIFY_MULTIPLIER);
        break;
    }
    return MEM_OK;
}

static const struct mmio_ops modern_ops = { .read = modern_read, .write = modern_write, .valid_max = 4, .impl_max = 4 };

/* ---- BAR 0 ---- */

static unsigned legacy_config(const struct virtio_pci *s)
{
    return pci_msi_on(&s->pci) ? LEGACY_CONFIG + 4 : LEGACY_CONFIG;
}

static uint32_t legacy_register(struct virtio_pci *s, unsigned offset)
{
    struct virtio_device *vd = s->vd;
    struct virtio_queue *vq = virtio_queue(vd, vd->queue_sel);

    switch (offset) {
    case L_DEVICE_FEATURES:
        return virtio_features(vd);
    case L_DRIVER_FEATURES:
        return vd->guest_features;
    case L_QUEUE_PFN:
        return vq ? vq->desc >> 12 : 0;
    case L_QUEUE_SIZE:
        return vq ? vq->size_max : 0;
    case L_QUEUE_SELECT:
        return vd->queue_sel;
    case L_DEVICE_STATUS:
        return vd->status;
    case L_ISR:
        return read_isr(s);
    case L_CONFIG_VECTOR:
        return vd->config_vector;
    case L_QUEUE_VECTOR:
        return vq ? vq->vector : VIRTIO_NO_VECTOR;
    default:
        return 0;
    }
}

static enum mem_result legacy_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    struct virtio_pci *s = opaque;

    s->vd->legacy = true;
    *value = offset >= legacy_config(s) ? virtio_config_read(s->vd, offset - legacy_config(s), size)
                                        : legacy_register(s, offset);
    return MEM_OK;
}

static enum mem_result legacy_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct virtio_pci *s = opaque;
    struct virtio_device *vd = s->vd;
    struct virtio_queue *vq = virtio_queue(vd, vd->queue_sel);

    vd->legacy = true;
    if (offset >= legacy_config(s)) {
        virtio_config_write(vd, offset - legacy_config(s), size, value);
        return MEM_OK;
    }
    switch (offset) {
    case L_DRIVER_FEATURES:
        virtio_set_features(vd, (uint32_t)value);
        break;
    case L_QUEUE_PFN:
        if (!value) {
            set_status(s, 0, true);
        } else if (vq) {
            virtio_queue_set_legacy(vq, value << 12, 4096);
        }
        break;
    case L_QUEUE_SELECT:
        vd->queue_sel = value;
        break;
    case L_QUEUE_NOTIFY:
        virtio_queue_notify(vd, value & 0xffff);
        break;
    case L_DEVICE_STATUS:
        set_status(s, value, true);
        break;
    case L_CONFIG_VECTOR:
        vd->config_vector = vector_of(s, value);
        break;
    case L_QUEUE_VECTOR:
        if (vq) {
            vq->vector = vector_of(s, value);
        }
        break;
    }
    return MEM_OK;
}

static const struct mmio_ops legacy_ops = {
    .read = legacy_read, .write = legacy_write, .valid_max = 4, .impl_max = 4, .unaligned = true,
};

/* ---- access by configuration space (4.1.4.9) ---- */

static bool cfg_window(struct virtio_pci *s, uint32_t *offset, uint32_t *len)
{
    const uint8_t *c = s->pci.config + s->pci_cap;

    *offset = pci_get32(c + 8);
    *len = pci_get32(c + 12);
    return c[4] == BAR_MODERN && (*len == 1 || *len == 2 || *len == 4) && *offset < MODERN_BYTES && *offset % *len == 0;
}

static bool touches_data(const struct virtio_pci *s, unsigned offset, unsigned size)
{
    return s->pci_cap && offset < s->pci_cap + 20 && offset + size > s->pci_cap + 16;
}

static void config_read(struct pci_device *d, unsigned offset, unsigned size)
{
    struct virtio_pci *s = (struct virtio_pci *)d;
    uint32_t at, len;
    uint64_t v;

    if (touches_data(s, offset, size) && cfg_window(s, &at, &len)) {
        modern_read(s, at, len, &v, MEM_ATTRS_NONE);
        pci_put32(d->config + s->pci_cap + 16, v);
    }
}

static void config_written(struct pci_device *d, unsigned offset, unsigned size)
{
    struct virtio_pci *s = (struct virtio_pci *)d;
    uint32_t at, len;

    if (touches_data(s, offset, size) && cfg_window(s, &at, &len)) {
        modern_write(s, at, len, pci_get32(d->config + s->pci_cap + 16), MEM_ATTRS_NONE);
    }
}

static unsigned add_cap(struct virtio_pci *s, uint8_t type, unsigned extra, uint32_t offset, uint32_t len)
{
    unsigned at = pci_add_capability(&s->pci, PCI_CAP_VENDOR, 16 + extra);
    uint8_t *c = s->pci.config + at;

    c[2] = 16 + extra;
    c[3] = type;
    c[4] = type == CAP_PCI ? 0 : BAR_MODERN;
    pci_put32(c + 8, offset);
    pci_put32(c + 12, len);
    return at;
}

static void add_caps(struct virtio_pci *s)
{
    unsigned at;

    add_cap(s, CAP_COMMON, 0, PART_COMMON, PART_BYTES);
    add_cap(s, CAP_ISR, 0, PART_ISR, PART_BYTES);
    add_cap(s, CAP_DEVICE, 0, PART_DEVICE, PART_BYTES);
    at = add_cap(s, CAP_NOTIFY, 4, PART_NOTIFY, PART_BYTES);
    pci_put32(s->pci.config + at + 16, NOTIFY_MULTIPLIER);
    s->pci_cap = add_cap(s, CAP_PCI, 4, 0, 0);
    s->pci.wmask[s->pci_cap + 4] = 0xff;
    memset(s->pci.wmask + s->pci_cap + 8, 0xff, 12);
}

/* ---- device ---- */

static void set_ids(struct virtio_pci *s, const struct virtio_desc *vdesc, bool transitional)
{
    uint8_t *c = s->pci.config;

    pci_put16(c + PCI_VENDOR_ID, 0x1af4);
    pci_put16(c + PCI_SUBSYSTEM_VENDOR, 0x1af4);
    if (transitional) {
        pci_put16(c + PCI_DEVICE_ID, vdesc->transitional_pci_id);
        pci_put16(c + PCI_SUBSYSTEM, vdesc->id);
        c[PCI_REVISION] = 0;
    } else {
        pci_put16(c + PCI_DEVICE_ID, 0x1040 + vdesc->id);
        pci_put16(c + PCI_SUBSYSTEM, 0x1100);
        c[PCI_REVISION] = 1;
    }
    c[PCI_CLASS + 1] = vdesc->pci_class;
    c[PCI_CLASS + 2] = vdesc->pci_class >> 8;
}

static unsigned power_of_two(unsigned n)
{
    unsigned p = 32;

    while (p < n) {
        p *= 2;
    }
    return p;
}

static bool realize(struct device *d, GError **err)
{
    struct virtio_pci *s = (struct virtio_pci *)d;
    const struct virtio_desc *vdesc = d->child->type->desc;
    bool transitional = s->disable_legacy != 1 && vdesc->transitional_pci_id;
    g_autofree char *name = NULL;

    if (s->vectors != VECTORS_AUTO && s->vectors > PCI_MSIX_VECTORS_MAX) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0, "-device %s: vectors=%u: accepted: 0 to %d",
                    d->type->name, s->vectors, PCI_MSIX_VECTORS_MAX);
        return false;
    }
    if (s->disable_modern && !transitional) {
        g_set_error(err, g_quark_from_static_string("virtio"), 0,
                    "-device %s: disable-legacy and disable-modern leave nothing", d->type->name);
        return false;
    }
    s->disable_legacy = transitional ? 2 : 1;
    set_ids(s, vdesc, transitional);
    name = g_strdup_printf("%s.virtio-bus", d->id ? d->id : d->type->name);
    virtio_bus_init(&s->bus, d, name, &ops);
    if (transitional) {
        mem_mmio_init(&s->legacy, &d->m->memory, "virtio-pci", power_of_two(LEGACY_CONFIG + 4 + vdesc->config_size),
                      &legacy_ops, s);
        pci_add_bar(&s->pci, BAR_LEGACY, PCI_BAR_IO, false, &s->legacy);
    }
    if (!s->disable_modern) {
        mem_mmio_init(&s->modern, &d->m->memory, "virtio-pci-modern", MODERN_BYTES, &modern_ops, s);
        pci_add_bar(&s->pci, BAR_MODERN, PCI_BAR_MEM64, true, &s->modern);
        add_caps(s);
    }
    s->pci.config_read = config_read;
    s->pci.config_written = config_written;
    if (!device_realize(d->child, &s->bus.bus, err)) {
        pci_remove_bars(&s->pci);
        bus_free(&s->bus.bus, d->m);
        return false;
    }
    if (s->vectors == VECTORS_AUTO) {
        s->vectors = vdesc->pci_vectors ? vdesc->pci_vectors : s->vd->nqueues + 1;
    }
    pci_msix_init(&s->pci, s->vectors, BAR_MSIX);
    return true;
}

static void unrealize(struct device *d)
{
    struct virtio_pci *s = (struct virtio_pci *)d;

    pci_remove_bars(&s->pci);
    d->child = NULL;
    bus_free(&s->bus.bus, d->m);
    mem_region_free(&s->legacy);
    mem_region_free(&s->modern);
}

static const struct prop props[] = {
    PROP_ENUM(struct virtio_pci, disable_legacy, "disable-legacy", on_off_auto, 0,
              "no legacy interface; auto: off on the root bus"),
    PROP_BOOL(struct virtio_pci, disable_modern, "disable-modern", false, "legacy interface alone"),
    PROP_U32(struct virtio_pci, vectors, "vectors", VECTORS_AUTO,
             "MSI-X vectors, where the board has MSI; 0: none; default: one for each queue and one more"),
};
static const struct host_field host[] = {
    HOST(struct virtio_pci, bus), HOST(struct virtio_pci, vd), HOST(struct virtio_pci, legacy),
    HOST(struct virtio_pci, modern), HOST(struct virtio_pci, pci_cap),
};
static const struct pci_desc desc = { .vendor = 0x1af4, .pin = 1 };

#define VIRTIO_PCI(symbol, name_, child_, help_) \
    extern const struct device_type child_; \
    const struct device_type symbol = { \
        .name = name_, .help = help_, .base = &pci_device_type, .bus = &pci_bus_type, \
        .size = sizeof(struct virtio_pci), PROPS(props), HOSTS(host), \
        .realize = realize, .unrealize = unrealize, .desc = &desc, .child = &child_, \
    }

VIRTIO_PCI(virtio_blk_pci_type, "virtio-blk-pci", virtio_blk_type, "virtio disk");
VIRTIO_PCI(virtio_net_pci_type, "virtio-net-pci", virtio_net_type, "virtio network card");
VIRTIO_PCI(virtio_rng_pci_type, "virtio-rng-pci", virtio_rng_type, "virtio source of random numbers");
VIRTIO_PCI(virtio_balloon_pci_type, "virtio-balloon-pci", virtio_balloon_type, "virtio memory balloon");
VIRTIO_PCI(virtio_serial_pci_type, "virtio-serial-pci", virtio_serial_type, "virtio consoles and serial ports");
