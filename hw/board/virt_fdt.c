/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nodes that the boards named "virt" share, by the bindings in Linux's Documentation/devicetree/bindings. */
#include <string.h>

#include "hw/board/virt.h"
#include "system/fdt.h"
#include "system/machine.h"

enum { PCI_SLOTS_IN_MAP = 4, PCI_PINS = 4 };

char *virt_node_path(const char *parent, const char *name, paddr addr)
{
    return g_strdup_printf("%s/%s@%" G_GINT64_MODIFIER "x", parent, name, addr);
}

void virt_fdt_memory(struct fdt *f, paddr addr, uint64_t size)
{
    g_autofree char *path = virt_node_path("", "memory", addr);

    dt_node(f, path);
    dt_set_string(f, path, "device_type", "memory");
    dt_set_reg(f, path, addr, size);
}

void virt_fdt_flash(struct fdt *f, const char *name, paddr first, uint64_t first_size, paddr second, uint64_t second_size)
{
    g_autofree char *path = virt_node_path("", name, first);
    const uint32_t reg[] = { first >> 32, first, first_size >> 32, first_size, second >> 32, second, second_size >> 32,
                             second_size };

    dt_node(f, path);
    dt_set_u32(f, path, "bank-width", 4);
    dt_set_cells(f, path, "reg", reg, second_size ? 8 : 4);
    dt_set_string(f, path, "compatible", "cfi-flash");
}

void virt_fdt_fw_cfg(struct fdt *f, const struct device *fw_cfg, paddr addr)
{
    g_autofree char *path = virt_node_path("", "fw-cfg", addr);

    dt_node(f, path);
    dt_set_empty(f, path, "dma-coherent");
    dt_set_reg(f, path, addr, fw_cfg->type->mmio_size);
    dt_set_string(f, path, "compatible", fw_cfg->type->fdt);
}

void virt_fdt_platform_bus(struct fdt *f, const struct place *p, uint32_t intc)
{
    g_autofree char *path = virt_node_path("", "platform-bus", p->addr);

    dt_node(f, path);
    dt_set_u32(f, path, "interrupt-parent", intc);
    dt_set_list(f, path, "ranges", 0, p->addr >> 32, p->addr, p->size);
    dt_set_u32(f, path, "#address-cells", 1);
    dt_set_u32(f, path, "#size-cells", 1);
    dt_set_strings(f, path, "compatible", "qemu,platform\1simple-bus");
}

/* Pins rotate by slot (PCI-to-PCI bridge specification, table 9-1). */
static void set_interrupt_map(struct fdt *f, const char *path, unsigned first_irq, uint32_t intc,
                              const struct virt_irq_cells *parent)
{
    g_autoptr(GArray) map = g_array_new(false, false, sizeof(uint32_t));

    for (unsigned slot = 0; slot < PCI_SLOTS_IN_MAP; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            uint32_t child[] = { slot << 11, 0, 0, pin + 1, intc };
            struct virt_irq_cells to = *parent;

            to.cells[to.at] = first_irq + (slot + pin) % PCI_PINS;
            g_array_append_vals(map, child, G_N_ELEMENTS(child));
            g_array_append_vals(map, to.cells, to.count);
        }
    }
    dt_set_cells(f, path, "interrupt-map", (const uint32_t *)map->data, map->len);
    dt_set_list(f, path, "interrupt-map-mask", (PCI_SLOTS_IN_MAP - 1) << 11, 0, 0, 7);
}

char *virt_fdt_pcie(struct fdt *f, const char *name, paddr unit, const struct virt_pcie *p, uint32_t intc,
                    const struct virt_irq_cells *map)
{
    enum { RANGE_IO = 0x1000000, RANGE_MEM32 = 0x2000000, RANGE_MEM64 = 0x3000000 };
    char *path = g_strdup_printf("%s@%" G_GINT64_MODIFIER "x", name, unit);
    const uint32_t ranges[] = {
        RANGE_IO, 0, 0, p->pio >> 32, p->pio, 0, p->pio_size,
        RANGE_MEM32, p->mmio >> 32, p->mmio, p->mmio >> 32, p->mmio, p->mmio_size >> 32, p->mmio_size,
        RANGE_MEM64, p->high >> 32, p->high, p->high >> 32, p->high, p->high_size >> 32, p->high_size,
    };

    dt_node(f, path);
    dt_set_u32(f, path, "#address-cells", 3);
    dt_set_u32(f, path, "#interrupt-cells", 1);
    dt_set_u32(f, path, "#size-cells", 2);
    dt_set_string(f, path, "compatible", "pci-host-ecam-generic");
    dt_set_string(f, path, "device_type", "pci");
    dt_set_u32(f, path, "linux,pci-domain", 0);
    dt_set_list(f, path, "bus-range", 0, (p->ecam_size >> 20) - 1);
    dt_set_empty(f, path, "dma-coherent");
    dt_set_reg(f, path, p->ecam, p->ecam_size);
    dt_set_cells(f, path, "ranges", ranges, p->high_size ? 21 : 14);
    set_interrupt_map(f, path, p->first_irq, intc, map);
    return path;
}

void virt_fdt_chosen(struct machine *m, struct fdt *f, paddr initrd, paddr initrd_end)
{
    uint8_t seed[32];

    if (!dt_has_node(f, "/chosen")) {
        dt_node(f, "/chosen");
    }
    machine_random(m, seed, sizeof(seed));
    dt_set(f, "/chosen", "rng-seed", seed, sizeof(seed));
    if (m->opt.append && *m->opt.append) {
        dt_set_string(f, "/chosen", "bootargs", m->opt.append);
    }
    if (initrd < initrd_end) {
        dt_set_u64(f, "/chosen", "linux,initrd-start", initrd);
        dt_set_u64(f, "/chosen", "linux,initrd-end", initrd_end);
    }
}
