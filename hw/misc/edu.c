/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * edu: QEMU's PCI device for courses about drivers (docs/specs/edu.rst): identification, a liveness check, factorials,
 * interrupts by hand, and DMA to and from a buffer of 4 KiB that is at 0x40000 of the device's own address space.
 *
 * BAR 0: registers. Interrupt: pin 1 or one message. A factorial and a transfer take a moment of virtual time.
 */
#include <string.h>

#include "hw/pci/pci.h"
#include "system/machine.h"
#include "util/log.h"

#define BAR_BYTES 0x100000
#define BUFFER_START 0x40000
#define BUFFER_BYTES 4096
#define FACTORIAL_NS 1000
#define DMA_NS 100000000ll

enum { ID = 0x00, LIVE = 0x04, FACTORIAL = 0x08, STATUS = 0x20, IRQ_STATUS = 0x24, IRQ_RAISE = 0x60, IRQ_ACK = 0x64,
       DMA_SOURCE = 0x80, DMA_TARGET = 0x88, DMA_COUNT = 0x90, DMA_COMMAND = 0x98 };
enum { STATUS_BUSY = 1, STATUS_IRQ = 0x80, IRQ_FACTORIAL = 1, IRQ_DMA = 0x100, DMA_RUN = 1, DMA_TO_RAM = 2, DMA_IRQ = 4 };
#define ID_VALUE 0x010000edu

struct edu {
    struct pci_device pci;
    uint64_t dma_mask;
    uint32_t live, factorial, status, irq_status;
    uint64_t source, target, count, command;
    uint8_t buffer[BUFFER_BYTES];
    struct timer computed, moved;
    struct mem_region bar;
};

static void update(struct device *d)
{
    pci_set_intx(&((struct edu *)d)->pci, ((struct edu *)d)->irq_status != 0);
}

static void raise_irq(struct edu *s, uint32_t bits)
{
    s->irq_status |= bits;
    if (s->irq_status && pci_msi_on(&s->pci)) {
        pci_msi_send(&s->pci, 0);
    }
    update(&s->pci.dev);
}

static void computed(void *opaque)
{
    struct edu *s = opaque;
    uint32_t v = 1;

    /* From 34 on all 32 bits are zero. */
    for (uint32_t n = MIN(s->factorial, 34); n > 1; n--) {
        v *= n;
    }
    s->factorial = v;
    s->status &= ~STATUS_BUSY;
    if (s->status & STATUS_IRQ) {
        raise_irq(s, IRQ_FACTORIAL);
    }
}

static bool in_buffer(const struct edu *s, uint64_t at)
{
    return at >= BUFFER_START && s->count <= BUFFER_BYTES && at - BUFFER_START <= BUFFER_BYTES - s->count;
}

static void moved(void *opaque)
{
    struct edu *s = opaque;
    uint64_t inside = s->command & DMA_TO_RAM ? s->source : s->target;

    if (!in_buffer(s, inside)) {
        log_guest("edu: DMA of %" G_GUINT64_FORMAT " bytes outside the buffer", s->count);
    } else if (s->command & DMA_TO_RAM) {
        as_write(&s->pci.as, s->target & s->dma_mask, s->buffer + (inside - BUFFER_START), s->count, MEM_ATTRS_NONE);
    } else {
        as_read(&s->pci.as, s->source & s->dma_mask, s->buffer + (inside - BUFFER_START), s->count, MEM_ATTRS_NONE);
    }
    s->command &= ~(uint64_t)DMA_RUN;
    if (s->command & DMA_IRQ) {
        raise_irq(s, IRQ_DMA);
    }
}

static uint64_t *dma_register(struct edu *s, uint64_t offset)
{
    switch (offset) {
    case DMA_SOURCE: return &s->source;
    case DMA_TARGET: return &s->target;
    case DMA_COUNT: return &s->count;
    case DMA_COMMAND: return &s->command;
    default: return NULL;
    }
}

static enum mem_result edu_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct edu *s = opaque;
    uint64_t *dma = dma_register(s, offset);

    if (dma) {
        *value = *dma;
        return MEM_OK;
    }
    switch (offset) {
    case ID: *value = ID_VALUE; break;
    case LIVE: *value = s->live; break;
    case FACTORIAL: *value = s->factorial; break;
    case STATUS: *value = s->status; break;
    case IRQ_STATUS: *value = s->irq_status; break;
    default: *value = UINT64_MAX;
    }
    return MEM_OK;
}

static void start_dma(struct edu *s)
{
    if (s->command & DMA_RUN) {
        timer_set_ns(&s->moved, clock_now_ns(&s->pci.dev.m->virtual_clock) + DMA_NS);
    }
}

static enum mem_result edu_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct edu *s = opaque;
    uint64_t *dma = dma_register(s, offset);

    if (dma) {
        if (!(s->command & DMA_RUN)) {      /* they stay while a transfer is under way */
            *dma = value;
            if (offset == DMA_COMMAND) {
                start_dma(s);
            }
        }
        return MEM_OK;
    }
    switch (offset) {
    case LIVE:
        s->live = ~value;
        break;
    case FACTORIAL:
        if (!(s->status & STATUS_BUSY)) {
            s->factorial = value;
            s->status |= STATUS_BUSY;
            timer_set_ns(&s->computed, clock_now_ns(&s->pci.dev.m->virtual_clock) + FACTORIAL_NS);
        }
        break;
    case STATUS:
        s->status = (s->status & STATUS_BUSY) | (value & STATUS_IRQ);
        break;
    case IRQ_RAISE:
        raise_irq(s, value);
        break;
    case IRQ_ACK:
        s->irq_status &= ~value;
        update(&s->pci.dev);
        break;
    }
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = edu_read, .write = edu_write, .valid_min = 4, .valid_max = 8, .impl_min = 4,
                                     .impl_max = 8 };

static bool realize(struct device *d, GError **err)
{
    struct edu *s = (struct edu *)d;

    timer_init(&s->computed, &d->m->virtual_clock, computed, s);
    timer_init(&s->moved, &d->m->virtual_clock, moved, s);
    pci_msi_init(&s->pci, 1);
    mem_mmio_init(&s->bar, &d->m->memory, "edu-mmio", BAR_BYTES, &ops, s);
    s->bar.busy = &d->in_mmio;
    pci_add_bar(&s->pci, 0, PCI_BAR_MEM32, false, &s->bar);
    return true;
}

static void unrealize(struct device *d)
{
    struct edu *s = (struct edu *)d;

    timer_free(&s->computed);
    timer_free(&s->moved);
    pci_remove_bars(&s->pci);
    mem_region_free(&s->bar);
}

static void reset(struct device *d)
{
    struct edu *s = (struct edu *)d;

    s->live = s->factorial = s->status = s->irq_status = 0;
    s->source = s->target = s->count = s->command = 0;
    memset(s->buffer, 0, sizeof(s->buffer));
    timer_stop(&s->computed);
    timer_stop(&s->moved);
}

static const struct field state[] = {
    FIELD(struct edu, live), FIELD(struct edu, factorial), FIELD(struct edu, status), FIELD(struct edu, irq_status),
    FIELD(struct edu, source), FIELD(struct edu, target), FIELD(struct edu, count), FIELD(struct edu, command),
    FIELD_BYTES(struct edu, buffer), TIMER(struct edu, computed), TIMER(struct edu, moved),
};
static const struct prop props[] = {
    PROP_U64(struct edu, dma_mask, "dma_mask", 0x0fffffff, "address bits that its DMA has"),
};
static const struct host_field host[] = { HOST(struct edu, bar) };

static const struct pci_desc desc = {
    .vendor = 0x1234, .device = 0x11e8, .subsystem_vendor = 0x1af4, .subsystem = 0x1100, .class_code = 0x00ff00,
    .revision = 0x10, .pin = 1,
};

const struct device_type edu_type = {
    .name = "edu", .help = "device for courses about drivers", .base = &pci_device_type, .bus = &pci_bus_type,
    .size = sizeof(struct edu), STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize,
    .reset = reset, .update = update, .desc = &desc,
};
