/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virt board's device tree, by the bindings in Linux's Documentation/devicetree/bindings. */
#include <string.h>

#include "hw/board/riscv_virt.h"
#include "hw/intc/aclint.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/machine.h"

enum { IRQ_SSIP = 1, IRQ_MSIP = 3, IRQ_MTIP = 7, IRQ_SEIP = 9, IRQ_MEIP = 11 };
enum { PCI_SLOTS_IN_MAP = 4, PCI_PINS = 4 };

struct tree {
    struct machine *m;
    const struct riscv_virt *v;
    struct fdt *f;
    uint32_t *intc;             /* phandle of each hart's interrupt controller */
    uint32_t plic;
};

static const struct place *place(const struct tree *t, const char *id)
{
    return place_find(t->m->board, id);
}

static char *at(const char *parent, const char *name, paddr addr)
{
    return g_strdup_printf("%s/%s@%" G_GINT64_MODIFIER "x", parent, name, addr);
}

/* ---- harts ---- */

static uint32_t add_hart(struct tree *t, unsigned i)
{
    struct cpu *cpu = t->m->cpus->pdata[i];
    g_autofree char *path = at("/cpus", "cpu", i);
    g_autofree char *intc = g_strconcat(path, "/interrupt-controller", NULL);
    uint32_t phandle;

    dt_node(t->f, path);
    phandle = dt_phandle(t->f, path);
    dt_set_string(t->f, path, "device_type", "cpu");
    dt_set_u32(t->f, path, "reg", i);
    dt_set_string(t->f, path, "status", "okay");
    dt_set_string(t->f, path, "compatible", "riscv");
    if (cpu->type->fdt_node) {
        int node = dt_offset(t->f, path);

        cpu->type->fdt_node(cpu, t->f->blob, node);
    }
    dt_node(t->f, intc);
    dt_set_u32(t->f, intc, "#interrupt-cells", 1);
    dt_set_empty(t->f, intc, "interrupt-controller");
    dt_set_string(t->f, intc, "compatible", "riscv,cpu-intc");
    t->intc[i] = dt_phandle(t->f, intc);
    return phandle;
}

/* Last hart first: libfdt puts a new node in front of its brothers. */
static void add_harts(struct tree *t)
{
    unsigned count = t->m->cpus->len;
    g_autofree uint32_t *phandles = g_new(uint32_t, count);

    dt_node(t->f, "/cpus");
    dt_set_u32(t->f, "/cpus", "#address-cells", 1);
    dt_set_u32(t->f, "/cpus", "#size-cells", 0);
    dt_set_u32(t->f, "/cpus", "timebase-frequency", VIRT_TIMEBASE_HZ);
    dt_node(t->f, "/cpus/cpu-map");
    dt_node(t->f, "/cpus/cpu-map/cluster0");
    for (unsigned i = count; i-- > 0;) {
        phandles[i] = add_hart(t, i);
    }
    if (count && ((struct cpu *)t->m->cpus->pdata[0])->type->fdt_root) {
        struct cpu *cpu = t->m->cpus->pdata[0];

        cpu->type->fdt_root(cpu, t->f->blob);
    }
    for (unsigned i = count; i-- > 0;) {
        g_autofree char *core = g_strdup_printf("/cpus/cpu-map/cluster0/core%u", i);

        dt_node(t->f, core);
        dt_set_u32(t->f, core, "cpu", phandles[i]);
    }
}

/* ---- interrupt controllers ---- */

/* A pair (hart's controller, line) for each of two lines of each hart; second 0: one line. */
static void set_hart_lines(struct tree *t, const char *path, uint32_t first, uint32_t second)
{
    g_autoptr(GArray) cells = g_array_new(false, false, sizeof(uint32_t));

    for (unsigned i = 0; i < t->m->cpus->len; i++) {
        uint32_t pairs[] = { t->intc[i], first, t->intc[i], second };

        g_array_append_vals(cells, pairs, second ? 4 : 2);
    }
    dt_set_cells(t->f, path, "interrupts-extended", (const uint32_t *)cells->data, cells->len);
}

static void add_clint(struct tree *t)
{
    paddr addr = place(t, "mswi")->addr;
    g_autofree char *path = at("/soc", "clint", addr);

    dt_node(t->f, path);
    set_hart_lines(t, path, IRQ_MSIP, IRQ_MTIP);
    dt_set_reg(t->f, path, addr, 0x10000);
    dt_set_strings(t->f, path, "compatible", "sifive,clint0\1riscv,clint0");
}

static void add_swi(struct tree *t, const char *id, const char *name, const char *compatible, uint32_t line)
{
    paddr addr = place(t, id)->addr;
    g_autofree char *path = at("/soc", name, addr);

    dt_node(t->f, path);
    dt_set_u32(t->f, path, "#interrupt-cells", 0);
    dt_set_empty(t->f, path, "interrupt-controller");
    set_hart_lines(t, path, line, 0);
    dt_set_reg(t->f, path, addr, ACLINT_SWI_SIZE);
    dt_set_string(t->f, path, "compatible", compatible);
}

static void add_aclint(struct tree *t)
{
    paddr addr = place(t, "mtimer")->addr;
    g_autofree char *path = at("/soc", "mtimer", addr);

    add_swi(t, "mswi", "mswi", "riscv,aclint-mswi", IRQ_MSIP);
    dt_node(t->f, path);
    set_hart_lines(t, path, IRQ_MTIP, 0);
    dt_set_list(t->f, path, "reg", 0, addr + ACLINT_MTIME, 0, ACLINT_MTIMER_SIZE - ACLINT_MTIME, 0, addr, 0,
                ACLINT_MTIME);
    dt_set_string(t->f, path, "compatible", "riscv,aclint-mtimer");
    add_swi(t, "sswi", "sswi", "riscv,aclint-sswi", IRQ_SSIP);
}

static void add_plic(struct tree *t)
{
    paddr addr = place(t, "plic")->addr;
    g_autofree char *path = at("/soc", "interrupt-controller", addr);

    dt_node(t->f, path);
    t->plic = dt_phandle(t->f, path);
    dt_set_u32(t->f, path, "riscv,ndev", VIRT_SOURCES - 1);
    dt_set_reg(t->f, path, addr, t->v->plic->type->mmio_size);
    set_hart_lines(t, path, IRQ_MEIP, IRQ_SEIP);
    dt_set_empty(t->f, path, "interrupt-controller");
    dt_set_strings(t->f, path, "compatible", t->v->plic->type->fdt);
    dt_set_u32(t->f, path, "#address-cells", 0);
    dt_set_u32(t->f, path, "#interrupt-cells", 1);
}

/* ---- buses and devices ---- */

static void add_memory(struct tree *t)
{
    paddr addr = place(t, "dram")->addr;
    g_autofree char *path = at("", "memory", addr);

    dt_node(t->f, path);
    dt_set_string(t->f, path, "device_type", "memory");
    dt_set_reg(t->f, path, addr, t->v->ram_end - addr);
}

/* Pins rotate by slot (PCI-to-PCI bridge specification, table 9-1). */
static void set_interrupt_map(struct tree *t, const char *path)
{
    uint32_t map[PCI_SLOTS_IN_MAP * PCI_PINS][6];

    for (unsigned slot = 0; slot < PCI_SLOTS_IN_MAP; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            uint32_t row[] = { slot << 11, 0, 0, pin + 1, t->plic, VIRT_PCIE_IRQ + (slot + pin) % PCI_PINS };

            memcpy(map[slot * PCI_PINS + pin], row, sizeof(row));
        }
    }
    dt_set_cells(t->f, path, "interrupt-map", &map[0][0], sizeof(map) / sizeof(uint32_t));
    dt_set_list(t->f, path, "interrupt-map-mask", (PCI_SLOTS_IN_MAP - 1) << 11, 0, 0, 7);
}

static void add_pcie(struct tree *t)
{
    enum { RANGE_IO = 0x1000000, RANGE_MEM32 = 0x2000000, RANGE_MEM64 = 0x3000000 };
    const struct place *ecam = place(t, "pcie-ecam"), *mmio = place(t, "pcie-mmio"), *pio = place(t, "pcie-pio");
    paddr high = t->v->pcie_high;
    g_autofree char *path = at("/soc", "pci", ecam->addr);

    dt_node(t->f, path);
    dt_set_u32(t->f, path, "#address-cells", 3);
    dt_set_u32(t->f, path, "#interrupt-cells", 1);
    dt_set_u32(t->f, path, "#size-cells", 2);
    dt_set_string(t->f, path, "compatible", "pci-host-ecam-generic");
    dt_set_string(t->f, path, "device_type", "pci");
    dt_set_u32(t->f, path, "linux,pci-domain", 0);
    dt_set_list(t->f, path, "bus-range", 0, (ecam->size >> 20) - 1);
    dt_set_empty(t->f, path, "dma-coherent");
    dt_set_reg(t->f, path, ecam->addr, ecam->size);
    dt_set_list(t->f, path, "ranges", RANGE_IO, 0, 0, 0, pio->addr, 0, pio->size,
                RANGE_MEM32, 0, mmio->addr, 0, mmio->addr, 0, mmio->size,
                RANGE_MEM64, high >> 32, high, high >> 32, high, t->v->pcie_high_size >> 32, t->v->pcie_high_size);
    set_interrupt_map(t, path);
}

static void add_platform_bus(struct tree *t)
{
    const struct place *p = place(t, "platform-bus");
    g_autofree char *path = at("", "platform-bus", p->addr);

    dt_node(t->f, path);
    dt_set_u32(t->f, path, "interrupt-parent", t->plic);
    dt_set_list(t->f, path, "ranges", 0, p->addr >> 32, p->addr, p->size);
    dt_set_u32(t->f, path, "#address-cells", 1);
    dt_set_u32(t->f, path, "#size-cells", 1);
    dt_set_strings(t->f, path, "compatible", "qemu,platform\1simple-bus");
}

static void add_syscon(struct tree *t, const char *path, const char *compatible, uint32_t value)
{
    g_autofree char *test = place_path(place(t, "test"), "/soc");

    dt_node(t->f, path);
    dt_set_u32(t->f, path, "value", value);
    dt_set_u32(t->f, path, "offset", 0);
    dt_set_u32(t->f, path, "regmap", dt_phandle(t->f, test));
    dt_set_string(t->f, path, "compatible", compatible);
}

static void add_flash(struct tree *t)
{
    paddr first = place(t, "flash0")->addr, second = place(t, "flash1")->addr;
    g_autofree char *path = at("", "flash", first);

    dt_node(t->f, path);
    dt_set_u32(t->f, path, "bank-width", 4);
    dt_set_list(t->f, path, "reg", 0, first, 0, VIRT_FLASH_BYTES, 0, second, 0, VIRT_FLASH_BYTES);
    dt_set_string(t->f, path, "compatible", "cfi-flash");
}

static void add_fw_cfg(struct tree *t)
{
    paddr addr = place(t, "fw_cfg")->addr;
    g_autofree char *path = at("", "fw-cfg", addr);

    dt_node(t->f, path);
    dt_set_empty(t->f, path, "dma-coherent");
    dt_set_reg(t->f, path, addr, t->v->fw_cfg->type->mmio_size);
    dt_set_string(t->f, path, "compatible", t->v->fw_cfg->type->fdt);
}

static void add_console(struct tree *t)
{
    g_autofree char *uart = place_path(place(t, "uart0"), "/soc");

    dt_node(t->f, "/chosen");
    dt_set_string(t->f, "/chosen", "stdout-path", uart);
    dt_node(t->f, "/aliases");
    dt_set_string(t->f, "/aliases", "serial0", uart);
    dt_set_u32(t->f, uart, "clock-frequency", 3686400);
}

struct fdt *riscv_virt_fdt(struct machine *m)
{
    g_autofree uint32_t *intc = g_new(uint32_t, m->cpus->len);
    struct tree t = { .m = m, .v = m->board_state, .f = dt_new(), .intc = intc };

    dt_set_u32(t.f, "/", "#address-cells", 2);
    dt_set_u32(t.f, "/", "#size-cells", 2);
    dt_set_string(t.f, "/", "compatible", "riscv-virtio");
    dt_set_string(t.f, "/", "model", "riscv-virtio,qemu");
    dt_node(t.f, "/soc");
    dt_set_u32(t.f, "/soc", "#address-cells", 2);
    dt_set_u32(t.f, "/soc", "#size-cells", 2);
    dt_set_string(t.f, "/soc", "compatible", "simple-bus");
    dt_set_empty(t.f, "/soc", "ranges");
    add_flash(&t);
    add_fw_cfg(&t);
    add_harts(&t);
    add_memory(&t);
    if (t.v->aclint) {
        add_aclint(&t);
    } else {
        add_clint(&t);
    }
    add_plic(&t);
    if (device_find(m, "pcie")) {
        add_pcie(&t);
    }
    places_fdt(m, t.f, "/soc", t.plic);
    add_platform_bus(&t);
    add_syscon(&t, "/reboot", "syscon-reboot", 0x7777);
    add_syscon(&t, "/poweroff", "syscon-poweroff", 0x5555);
    add_console(&t);
    return t.f;
}
