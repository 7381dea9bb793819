/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small PCI functions: edu and pvpanic-pci. */
#include <string.h>

#include "tests/dev/pci_rig.h"

#define MS 1000000ll

static void edu_computes_and_interrupts(void)
{
    struct pci_rig p;

    pci_rig_new(&p, "edu", true);
    g_assert_true(pci_rig_start(&p, NULL));
    g_assert_cmphex(pci_rig_read(&p, 0, 0, 4), ==, 0x010000ed);
    pci_rig_write(&p, 0, 4, 4, 0x12345678);
    g_assert_cmphex(pci_rig_read(&p, 0, 4, 4), ==, ~0x12345678u);
    pci_rig_write(&p, 0, 0x20, 4, 0x80);
    pci_rig_write(&p, 0, 8, 4, 10);
    g_assert_cmphex(pci_rig_read(&p, 0, 0x20, 4), ==, 0x81);
    rig_step(&p.r, MS);
    g_assert_cmpuint(pci_rig_read(&p, 0, 8, 4), ==, 3628800);
    g_assert_cmphex(pci_rig_read(&p, 0, 0x24, 4), ==, 1);
    g_assert_true(pci_rig_pin(&p));
    pci_rig_write(&p, 0, 0x64, 4, 1);
    g_assert_false(pci_rig_pin(&p));
    pci_rig_write(&p, 0, 8, 4, UINT32_MAX);
    rig_step(&p.r, MS);
    g_assert_cmpuint(pci_rig_read(&p, 0, 8, 4), ==, 0);
    pci_rig_free(&p);
}

static void edu_moves_memory(void)
{
    struct pci_rig p;

    pci_rig_new(&p, "edu", true);
    device_set_uint(&p.d->dev, "dma_mask", UINT32_MAX);
    g_assert_true(pci_rig_start(&p, NULL));
    strcpy((char *)p.r.ram_host, "there and back");
    pci_rig_write(&p, 0, 0x80, 8, RIG_RAM);
    pci_rig_write(&p, 0, 0x88, 8, 0x40010);
    pci_rig_write(&p, 0, 0x90, 8, 100);
    pci_rig_write(&p, 0, 0x98, 8, 1);
    rig_step(&p.r, 200 * MS);
    g_assert_cmphex(pci_rig_read(&p, 0, 0x98, 8), ==, 0);
    pci_rig_write(&p, 0, 0x80, 8, 0x40010);
    pci_rig_write(&p, 0, 0x88, 8, RIG_RAM + 0x800);
    pci_rig_write(&p, 0, 0x98, 8, 7);
    rig_step(&p.r, 200 * MS);
    g_assert_cmpstr((char *)p.r.ram_host + 0x800, ==, "there and back");
    g_assert_cmphex(pci_rig_read(&p, 0, 0x24, 4), ==, 0x100);
    pci_rig_write(&p, 0, 0x80, 8, 0x41000 - 50);       /* it ends behind the buffer: nothing moves */
    pci_rig_write(&p, 0, 0x88, 8, RIG_RAM + 0x900);
    pci_rig_write(&p, 0, 0x98, 8, 3);
    rig_step(&p.r, 200 * MS);
    g_assert_cmpuint(p.r.ram_host[0x900], ==, 0);
    pci_rig_free(&p);
}

static void pvpanic_ends_the_machine(void)
{
    struct pci_rig p;

    pci_rig_new(&p, "pvpanic-pci", true);
    g_assert_true(pci_rig_start(&p, NULL));
    g_assert_cmphex(pci_rig_read(&p, 0, 0, 1), ==, 3);
    pci_rig_write(&p, 0, 0, 1, 2);
    g_assert_cmpint(p.r.m->shutdown_requested, ==, CAUSE_NONE);
    pci_rig_write(&p, 0, 0, 1, 1);
    g_assert_cmpint(p.r.m->shutdown_requested, ==, CAUSE_GUEST_PANIC);
    pci_rig_free(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edu/computes_and_interrupts", edu_computes_and_interrupts);
    g_test_add_func("/edu/moves_memory", edu_moves_memory);
    g_test_add_func("/pvpanic/ends_the_machine", pvpanic_ends_the_machine);
    return g_test_run();
}
