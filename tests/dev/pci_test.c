/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI functions on a host bridge without a CPU: interrupts by pin and by message. Messages go to a word of RAM, where a
 * platform would have its interrupt controller.
 */
#include <string.h>

#include "hw/pci/gpex.h"
#include "hw/virtio/virtio.h"
#include "tests/dev/rig.h"

#define SLOT (1 << 3)                   /* devfn of the function under test */
#define WINDOW 0x40000000ull            /* PCI memory space, as the CPU sees it too */
#define IO_WINDOW 0x30000000ull
#define MSIX_BAR WINDOW
#define MODERN_BAR (WINDOW + 0x10000)
#define MESSAGE (RIG_RAM + 0x100)       /* where messages go; vector n 8 bytes further */
#define RING (RIG_RAM + 0x1000)
#define BUFFER (RIG_RAM + 0x4000)

struct fixture {
    struct rig r;
    struct pci_device *d;
};

static uint32_t config(struct fixture *f, unsigned offset, unsigned size)
{
    return rig_read(&f->r, SLOT << 12 | offset, size);
}

static void set_config(struct fixture *f, unsigned offset, unsigned size, uint32_t v)
{
    rig_write(&f->r, SLOT << 12 | offset, size, v);
}

static uint64_t peek(struct fixture *f, uint64_t addr, unsigned size)
{
    return as_ld(&f->r.m->as, addr, size, MEM_ATTRS_NONE, NULL);
}

static void poke(struct fixture *f, uint64_t addr, unsigned size, uint64_t v)
{
    as_st(&f->r.m->as, addr, size, v, MEM_ATTRS_NONE);
}

static unsigned capability(struct fixture *f, unsigned id)
{
    unsigned at = config(f, PCI_CAP_PTR, 1);

    while (at && config(f, at, 1) != id) {
        at = config(f, at + 1, 1);
    }
    return at;
}

/* A function on a bus with or without messages, its BARs mapped, bus mastering on. */
static void setup(struct fixture *f, const char *type, bool msi)
{
    g_autoptr(GError) err = NULL;
    struct gpex *g;

    memset(f, 0, sizeof *f);
    rig_init(&f->r, "gpex-pcihost");
    rig_start(&f->r);
    g = (struct gpex *)f->r.d;
    for (unsigned pin = 0; pin < PCI_PINS; pin++) {
        gpex_connect(f->r.d, pin, f->r.d->irq[pin]);
    }
    gpex_window(f->r.d, false, WINDOW, WINDOW, 0x1000000);
    gpex_window(f->r.d, true, 0, IO_WINDOW, 0x10000);
    g->bus.msi = msi;
    f->d = (struct pci_device *)device_new(f->r.m, device_type_find(type), "dut0", NULL);
    device_realize(&f->d->dev, &g->bus.bus, &err);
    g_assert_no_error(err);
    device_reset(&f->d->dev);
    if (f->d->dev.child) {
        device_reset(f->d->dev.child);
    }
    g_assert_cmpuint(f->d->devfn, ==, SLOT);
    set_config(f, PCI_BAR0, 4, 0x1000);
    set_config(f, PCI_BAR0 + 4, 4, MSIX_BAR);
    set_config(f, PCI_BAR0 + 16, 4, (uint32_t)MODERN_BAR);
    set_config(f, PCI_BAR0 + 20, 4, MODERN_BAR >> 32);
    set_config(f, PCI_COMMAND, 2, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

static void teardown(struct fixture *f)
{
    rig_free(&f->r);
}

static bool any_pin(struct fixture *f)
{
    return f->r.irq[0] || f->r.irq[1] || f->r.irq[2] || f->r.irq[3];
}

static uint32_t message(struct fixture *f, unsigned n)
{
    uint32_t v = peek(f, MESSAGE + 8 * n, 4);

    poke(f, MESSAGE + 8 * n, 4, 0);
    return v;
}

static void entry(struct fixture *f, unsigned vector, uint32_t data, bool masked)
{
    uint64_t at = MSIX_BAR + 16 * vector;

    poke(f, at, 8, MESSAGE + 8 * vector);
    poke(f, at + 8, 4, data);
    poke(f, at + 12, 4, masked);
}

/* ---- MSI-X ---- */

static void msix_sends_what_is_not_masked(void)
{
    struct fixture f;
    unsigned cap;
    uint64_t pba;

    setup(&f, "virtio-balloon-pci", true);
    cap = capability(&f, PCI_CAP_MSIX);
    g_assert_cmpuint(cap, !=, 0);
    g_assert_cmphex(config(&f, cap + 4, 4), ==, 1);     /* table: BAR 1, offset 0 */
    pba = MSIX_BAR + (config(&f, cap + 8, 4) & ~7u);
    g_assert_cmphex(peek(&f, MSIX_BAR + 12, 4), ==, 1);  /* masked after reset */
    entry(&f, 0, 0x1234, false);
    entry(&f, 1, 0x5678, false);

    pci_msi_send(f.d, 0);
    g_assert_cmphex(message(&f, 0), ==, 0);             /* not enabled yet */
    set_config(&f, cap + 2, 2, 0x8000);
    pci_msi_send(f.d, 0);
    g_assert_cmphex(message(&f, 0), ==, 0x1234);
    g_assert_cmphex(message(&f, 1), ==, 0);

    poke(&f, MSIX_BAR + 12, 4, 1);
    pci_msi_send(f.d, 0);
    g_assert_cmphex(message(&f, 0), ==, 0);
    g_assert_cmphex(peek(&f, pba, 4), ==, 1);
    poke(&f, pba, 4, 0);                                /* read-only */
    g_assert_cmphex(peek(&f, pba, 8), ==, 1);
    poke(&f, MSIX_BAR + 12, 4, 0xfffffffe);             /* reserved bits don't mask */
    g_assert_cmphex(message(&f, 0), ==, 0x1234);
    g_assert_cmphex(peek(&f, pba, 4), ==, 0);

    set_config(&f, cap + 2, 2, 0xc000);                 /* the whole function is masked */
    pci_msi_send(f.d, 1);
    g_assert_cmphex(message(&f, 1), ==, 0);
    g_assert_cmphex(peek(&f, pba, 4), ==, 2);
    set_config(&f, cap + 2, 2, 0x8000);
    g_assert_cmphex(message(&f, 1), ==, 0x5678);

    pci_msi_send(f.d, 4000);                            /* no such vector */
    set_config(&f, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    pci_msi_send(f.d, 0);
    g_assert_cmphex(message(&f, 0), ==, 0);             /* no bus mastering, no message */
    device_reset(&f.d->dev);
    g_assert_cmphex(config(&f, cap + 2, 2) & 0x8000, ==, 0);
    teardown(&f);
}

static void pin_is_quiet_while_messages_are_on(void)
{
    struct fixture f;
    unsigned cap;

    setup(&f, "virtio-balloon-pci", true);
    cap = capability(&f, PCI_CAP_MSIX);
    pci_set_intx(f.d, true);
    g_assert_true(any_pin(&f));
    set_config(&f, cap + 2, 2, 0x8000);
    g_assert_false(any_pin(&f));
    set_config(&f, cap + 2, 2, 0);
    g_assert_true(any_pin(&f));
    pci_set_intx(f.d, false);
    g_assert_false(any_pin(&f));
    teardown(&f);
}

static void bus_without_messages_offers_none(void)
{
    struct fixture f;

    setup(&f, "virtio-balloon-pci", false);
    g_assert_cmpuint(capability(&f, PCI_CAP_MSIX), ==, 0);
    pci_msi_init(f.d, 4);
    g_assert_cmpuint(capability(&f, PCI_CAP_MSI), ==, 0);
    g_assert_false(pci_msi_on(f.d));
    pci_msi_send(f.d, 0);
    teardown(&f);
}

/* ---- MSI ---- */

static void msi_shares_the_vectors_that_are_enabled(void)
{
    struct fixture f;
    unsigned cap;

    setup(&f, "pci-testdev", true);
    pci_msi_init(f.d, 8);
    cap = capability(&f, PCI_CAP_MSI);
    g_assert_cmphex(config(&f, cap + 2, 2), ==, 0x186);         /* 64-bit, maskable, 8 vectors */
    set_config(&f, cap + 4, 4, (uint32_t)MESSAGE | 3);
    set_config(&f, cap + 8, 4, MESSAGE >> 32);
    set_config(&f, cap + 12, 2, 0x40ff);
    pci_msi_send(f.d, 1);
    g_assert_cmphex(message(&f, 0), ==, 0);
    set_config(&f, cap + 2, 2, 1 | 1 << 4);                     /* two vectors */
    pci_msi_send(f.d, 0);
    g_assert_cmphex(message(&f, 0), ==, 0x40fe);
    pci_msi_send(f.d, 5);
    g_assert_cmphex(message(&f, 0), ==, 0x40ff);
    set_config(&f, cap + 2, 2, 1 | 7 << 4);                     /* more than there are: all eight */
    pci_msi_send(f.d, 5);
    g_assert_cmphex(message(&f, 0), ==, 0x40fd);

    set_config(&f, cap + 16, 4, UINT32_MAX);
    g_assert_cmphex(config(&f, cap + 16, 4), ==, 0xff);
    pci_msi_send(f.d, 2);
    g_assert_cmphex(message(&f, 0), ==, 0);
    g_assert_cmphex(config(&f, cap + 20, 4), ==, 4);
    set_config(&f, cap + 16, 4, ~4u);
    g_assert_cmphex(message(&f, 0), ==, 0x40fa);
    g_assert_cmphex(config(&f, cap + 20, 4), ==, 0);
    teardown(&f);
}

/* ---- virtio ---- */

static void modern(struct fixture *f, unsigned offset, unsigned size, uint64_t v)
{
    poke(f, MODERN_BAR + offset, size, v);
}

/* One buffer for the source of random numbers, on queue 0. */
static void rng_request(struct fixture *f)
{
    modern(f, 0x14, 1, 1 | 2);
    modern(f, 0x08, 4, 1);
    modern(f, 0x0c, 4, 1);          /* VERSION_1 */
    modern(f, 0x14, 1, 1 | 2 | 8);
    modern(f, 0x18, 2, 4);
    modern(f, 0x20, 4, RING);
    modern(f, 0x28, 4, RING + 0x1000);
    modern(f, 0x30, 4, RING + 0x2000);
    modern(f, 0x1c, 2, 1);
    modern(f, 0x14, 1, 1 | 2 | 8 | 4);
    poke(f, RING, 8, BUFFER);
    poke(f, RING + 8, 4, 64);
    poke(f, RING + 12, 2, 2);       /* the device writes */
    poke(f, RING + 0x1000, 4, 1 << 16);
    modern(f, 0x3000, 2, 0);
    g_assert_cmpuint(peek(f, RING + 0x2002, 2), ==, 1);
}

static void virtio_interrupts_by_message(void)
{
    struct fixture f;
    unsigned cap;

    setup(&f, "virtio-rng-pci", true);
    cap = capability(&f, PCI_CAP_MSIX);
    g_assert_cmphex(config(&f, cap + 2, 2), ==, 1);     /* two vectors: queue and configuration */
    entry(&f, 1, 0xabc, false);
    set_config(&f, cap + 2, 2, 0x8000);
    modern(&f, 0x10, 2, 2);
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x10, 2), ==, VIRTIO_NO_VECTOR);  /* there is none of that number */
    modern(&f, 0x10, 2, 0);
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x10, 2), ==, 0);
    modern(&f, 0x1a, 2, 1);
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x1a, 2), ==, 1);
    rng_request(&f);
    g_assert_cmphex(message(&f, 1), ==, 0xabc);
    g_assert_false(any_pin(&f));
    modern(&f, 0x14, 1, 0);
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x1a, 2), ==, VIRTIO_NO_VECTOR);
    teardown(&f);
}

static void virtio_interrupts_by_pin(void)
{
    struct fixture f;

    setup(&f, "virtio-rng-pci", false);
    modern(&f, 0x1a, 2, 0);
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x1a, 2), ==, VIRTIO_NO_VECTOR);
    rng_request(&f);
    g_assert_true(any_pin(&f));
    g_assert_cmphex(peek(&f, MODERN_BAR + 0x1000, 1), ==, 1);
    g_assert_false(any_pin(&f));
    teardown(&f);
}

/* With messages on, two vector registers push the device's configuration up by four bytes (Virtio 1.2, 4.1.4.10). */
static void legacy_configuration_makes_room_for_vectors(void)
{
    const uint64_t io = IO_WINDOW + 0x1000;
    struct fixture f;
    unsigned cap;

    setup(&f, "virtio-balloon-pci", true);
    cap = capability(&f, PCI_CAP_MSIX);
    poke(&f, io + 20 + 4, 4, 0x77);     /* "actual" is the second word of a balloon's configuration */
    g_assert_cmphex(peek(&f, io + 20 + 4, 4), ==, 0x77);
    set_config(&f, cap + 2, 2, 0x8000);
    g_assert_cmphex(peek(&f, io + 24 + 4, 4), ==, 0x77);
    g_assert_cmphex(peek(&f, io + 20, 2), ==, VIRTIO_NO_VECTOR);
    poke(&f, io + 22, 2, 1);
    g_assert_cmphex(peek(&f, io + 22, 2), ==, 1);
    teardown(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pci/msix_sends_what_is_not_masked", msix_sends_what_is_not_masked);
    g_test_add_func("/pci/pin_is_quiet_while_messages_are_on", pin_is_quiet_while_messages_are_on);
    g_test_add_func("/pci/bus_without_messages_offers_none", bus_without_messages_offers_none);
    g_test_add_func("/pci/msi_shares_the_vectors_that_are_enabled", msi_shares_the_vectors_that_are_enabled);
    g_test_add_func("/pci/virtio_interrupts_by_message", virtio_interrupts_by_message);
    g_test_add_func("/pci/virtio_interrupts_by_pin", virtio_interrupts_by_pin);
    g_test_add_func("/pci/legacy_configuration_makes_room_for_vectors", legacy_configuration_makes_room_for_vectors);
    return g_test_run();
}
