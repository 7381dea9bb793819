/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Message-signalled interrupts of PCI functions: MSI (PCI Local Bus Specification 3.0, 6.8.1) and MSI-X (6.8.2). A message
 * is a write of 32 bits to an address that the guest has chosen, in the address space of the function's own DMA, so Bus
 * Master Enable holds it back and an interrupt controller takes it like any other write. A vector that is masked sets its
 * pending bit and sends when it is unmasked.
 */
#include <string.h>

#include "hw/pci/pci.h"
#include "system/machine.h"
#include "util/log.h"

/* The capabilities' fields, from their start. MSI is always the form with 64-bit address and masks. */
enum { MSI_CONTROL = 2, MSI_ADDRESS = 4, MSI_DATA = 12, MSI_MASK = 16, MSI_PENDING = 20, MSI_BYTES = 24 };
enum { MSI_ENABLE = 1, MSI_MULTIPLE_SHIFT = 4, MSI_64BIT = 0x80, MSI_MASKABLE = 0x100 };
enum { MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_PBA = 8, MSIX_CAP_BYTES = 12 };
enum { MSIX_ENABLE = 0x8000, MSIX_MASK_ALL = 0x4000 };

/* A table entry (6.8.2.6) */
enum { ENTRY_ADDRESS = 0, ENTRY_DATA = 8, ENTRY_CONTROL = 12, ENTRY_BYTES = 16, ENTRY_MASKED = 1 };

static uint16_t msi_control(const struct pci_device *d)
{
    return d->msi_cap ? pci_get16(d->config + d->msi_cap + MSI_CONTROL) : 0;
}

static uint16_t msix_control(const struct pci_device *d)
{
    return d->msix_vectors ? pci_get16(d->config + d->msix_cap + MSIX_CONTROL) : 0;
}

bool pci_msi_on(const struct pci_device *d)
{
    return (msi_control(d) & MSI_ENABLE) || (msix_control(d) & MSIX_ENABLE);
}

static void send(struct pci_device *d, uint64_t address, uint32_t data)
{
    as_st32le(&d->as, address & ~3ull, data, (struct mem_attrs) { .cpu = -1, .requester = d->devfn });
}

/* ---- MSI ---- */

/* The guest enables 1 << field vectors, at most as many as there are. */
static unsigned msi_enabled_vectors(const struct pci_device *d)
{
    unsigned wanted = msi_control(d) >> MSI_MULTIPLE_SHIFT & 7;

    return 1u << MIN(wanted, (unsigned)(msi_control(d) >> 1 & 7));
}

static void msi_send(struct pci_device *d, unsigned vector)
{
    uint8_t *cap = d->config + d->msi_cap;
    unsigned n = msi_enabled_vectors(d);

    /* With fewer vectors than the device has, the last ones share: the low bits of the data tell vectors apart. */
    vector %= n;
    if (pci_get32(cap + MSI_MASK) >> vector & 1) {
        pci_put32(cap + MSI_PENDING, pci_get32(cap + MSI_PENDING) | 1u << vector);
        return;
    }
    send(d, pci_get32(cap + MSI_ADDRESS) | (uint64_t)pci_get32(cap + MSI_ADDRESS + 4) << 32,
         (pci_get16(cap + MSI_DATA) & ~(n - 1)) | vector);
}

static void msi_send_pending(struct pci_device *d)
{
    uint8_t *cap = d->config + d->msi_cap;
    uint32_t ready = pci_get32(cap + MSI_PENDING) & ~pci_get32(cap + MSI_MASK);

    pci_put32(cap + MSI_PENDING, pci_get32(cap + MSI_PENDING) & ~ready);
    for (; ready; ready &= ready - 1) {
        msi_send(d, __builtin_ctz(ready));
    }
}

void pci_msi_init(struct pci_device *d, unsigned vectors)
{
    g_assert(vectors && vectors <= 32 && !(vectors & (vectors - 1)));
    if (!d->bus->msi) {
        return;
    }
    d->msi_cap = pci_add_capability(d, PCI_CAP_MSI, MSI_BYTES);
    pci_put16(d->config + d->msi_cap + MSI_CONTROL, __builtin_ctz(vectors) << 1 | MSI_64BIT | MSI_MASKABLE);
    pci_put16(d->wmask + d->msi_cap + MSI_CONTROL, MSI_ENABLE | 7 << MSI_MULTIPLE_SHIFT);
    pci_put32(d->wmask + d->msi_cap + MSI_ADDRESS, ~3u);
    pci_put32(d->wmask + d->msi_cap + MSI_ADDRESS + 4, UINT32_MAX);
    pci_put16(d->wmask + d->msi_cap + MSI_DATA, UINT16_MAX);
    pci_put32(d->wmask + d->msi_cap + MSI_MASK, vectors == 32 ? UINT32_MAX : (1u << vectors) - 1);
}

/* ---- MSI-X ---- */

static bool msix_masked(const struct pci_device *d, unsigned vector)
{
    return (msix_control(d) & MSIX_MASK_ALL) ||
           (pci_get32(d->msix_table + vector * ENTRY_BYTES + ENTRY_CONTROL) & ENTRY_MASKED);
}

static void msix_send(struct pci_device *d, unsigned vector)
{
    const uint8_t *e = d->msix_table + vector * ENTRY_BYTES;

    if (vector >= d->msix_vectors) {
        return;
    }
    if (msix_masked(d, vector)) {
        d->msix_pba[vector / 8] |= 1 << (vector % 8);
        return;
    }
    send(d, pci_get32(e + ENTRY_ADDRESS) | (uint64_t)pci_get32(e + ENTRY_ADDRESS + 4) << 32, pci_get32(e + ENTRY_DATA));
}

static void msix_send_pending(struct pci_device *d, unsigned vector)
{
    if ((d->msix_pba[vector / 8] >> (vector % 8) & 1) && !msix_masked(d, vector)) {
        d->msix_pba[vector / 8] &= ~(1 << (vector % 8));
        msix_send(d, vector);
    }
}

static enum mem_result msix_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct pci_device *d = opaque;

    *value = 0;
    if (offset + size <= d->msix_table_bytes) {
        *value = pci_get32(d->msix_table + offset);
    } else if (offset >= d->msix_pba_offset && offset - d->msix_pba_offset + size <= d->msix_pba_bytes) {
        *value = pci_get32(d->msix_pba + (offset - d->msix_pba_offset));
    }
    return MEM_OK;
}

static enum mem_result msix_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct pci_device *d = opaque;

    if (offset + size > d->msix_table_bytes) {
        log_guest("%s: write to MSI-X pending bits or beyond", d->dev.type->name);
        return MEM_OK;
    }
    if (offset % ENTRY_BYTES == ENTRY_CONTROL) {
        value &= ENTRY_MASKED;      /* the other bits are reserved */
    }
    pci_put32(d->msix_table + offset, value);
    if (msix_control(d) & MSIX_ENABLE) {
        msix_send_pending(d, offset / ENTRY_BYTES);
    }
    return MEM_OK;
}

static const struct mmio_ops msix_ops = {
    .read = msix_read, .write = msix_write, .valid_min = 4, .valid_max = 8, .impl_min = 4, .impl_max = 4,
};

static void msix_mask_all(struct pci_device *d)
{
    memset(d->msix_table, 0, d->msix_table_bytes);
    memset(d->msix_pba, 0, d->msix_pba_bytes);
    for (unsigned i = 0; i < d->msix_vectors; i++) {
        d->msix_table[i * ENTRY_BYTES + ENTRY_CONTROL] = ENTRY_MASKED;
    }
}

void pci_msix_init(struct pci_device *d, unsigned vectors, unsigned bar)
{
    uint32_t bytes = 4096;

    g_assert(vectors <= PCI_MSIX_VECTORS_MAX);
    if (!d->bus->msi || !vectors) {
        return;
    }
    d->msix_vectors = vectors;
    d->msix_table_bytes = vectors * ENTRY_BYTES;
    d->msix_pba_bytes = (vectors + 63) / 64 * 8;
    /* The pending bits follow in the second half, as guests of QEMU see it; a large table pushes them behind itself. */
    d->msix_pba_offset = MAX(bytes / 2, d->msix_table_bytes);
    while (bytes < d->msix_pba_offset + d->msix_pba_bytes) {
        bytes *= 2;
    }
    d->msix_table = g_malloc0(d->msix_table_bytes);
    d->msix_pba = g_malloc0(d->msix_pba_bytes);
    msix_mask_all(d);
    mem_mmio_init(&d->msix_region, &d->dev.m->memory, "msix", bytes, &msix_ops, d);
    pci_add_bar(d, bar, PCI_BAR_MEM32, false, &d->msix_region);
    d->msix_cap = pci_add_capability(d, PCI_CAP_MSIX, MSIX_CAP_BYTES);
    pci_put16(d->config + d->msix_cap + MSIX_CONTROL, vectors - 1);
    pci_put16(d->wmask + d->msix_cap + MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK_ALL);
    pci_put32(d->config + d->msix_cap + MSIX_TABLE, bar);
    pci_put32(d->config + d->msix_cap + MSIX_PBA, d->msix_pba_offset | bar);
}

/* ---- both ---- */

void pci_msi_send(struct pci_device *d, unsigned vector)
{
    if (msix_control(d) & MSIX_ENABLE) {
        msix_send(d, vector);
    } else if (msi_control(d) & MSI_ENABLE) {
        msi_send(d, vector);
    }
}

void pci_msi_config_written(struct pci_device *d)
{
    if (msi_control(d) & MSI_ENABLE) {
        msi_send_pending(d);
    }
    for (unsigned i = 0; (msix_control(d) & MSIX_ENABLE) && i < d->msix_vectors; i++) {
        msix_send_pending(d, i);
    }
}

void pci_msi_reset(struct pci_device *d)
{
    if (d->msi_cap) {
        pci_put32(d->config + d->msi_cap + MSI_PENDING, 0);
    }
    if (d->msix_vectors) {
        msix_mask_all(d);
    }
}

void pci_msi_free(struct pci_device *d)
{
    if (d->msix_vectors) {
        mem_region_free(&d->msix_region);
    }
    g_clear_pointer(&d->msix_table, g_free);
    g_clear_pointer(&d->msix_pba, g_free);
    d->msix_table_bytes = d->msix_pba_bytes = 0;
    d->msix_vectors = d->msi_cap = 0;
}
