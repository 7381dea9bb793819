/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No PCI function is harmed by random programming, or harms us. */
#include <string.h>

#include "tests/dev/pci_wild.h"

static void survives(gconstpointer data)
{
    const struct device_type *type = data;
    struct pci_rig p;
    g_autoptr(GError) err = NULL;

    pci_rig_new(&p, type->name, true);
    if (!pci_rig_start(&p, &err)) {
        g_assert_nonnull(strstr(err->message, "only a board can have this device"));
        pci_rig_free(&p);
        return;
    }
    for (unsigned i = 0; i < 30000; i++) {
        pci_wild_step(&p, g_test_rand_int(), g_test_rand_int(),
                      g_test_rand_bit() ? (uint64_t)g_test_rand_int_range(0, 256) : (uint64_t)g_test_rand_int() << 32 ^ g_test_rand_int());
    }
    device_reset(&p.d->dev);
    device_update(&p.d->dev);
    pci_rig_free(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned n = 0; pci_wild_type(n); n++) {
        g_autofree char *path = g_strdup_printf("/pci-wild/%s", pci_wild_type(n)->name);

        g_test_add_data_func(path, pci_wild_type(n), survives);
    }
    return g_test_run();
}
