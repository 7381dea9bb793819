/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virt board's device tree, by the bindings in Linux's Documentation/devicetree/bindings. */
#include <string.h>

#include "hw/board/riscv_virt.h"
#include "hw/intc/aclint.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/machine.h"

enum { IRQ_SSIP = 1, IRQ_MSIP = 3, IRQ_MTIP = 7, IRQ_SEIP = 9, IRQ_MEIP = 11 };

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

/* ---- harts ---- */

static uint32_t add_hart(struct tree *t, unsigned i)
{
    struct cpu *cpu = t->m->cpus->pdata[i];
    g_autofree char *path = virt_node_path("/cpus", "cpu", i);
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
    g_autofree char *path = virt_node_path("/soc", "clint", addr);

    dt_node(t->f, path);
    set_hart_lines(t, path, IRQ_MSIP, IRQ_MTIP);
    dt_set_reg(t->f, path, addr, 0x10000);
    dt_set_strings(t->f, path, "compatible", "sifive,clint0\1riscv,clint0");
}

static void add_swi(struct tree *t, const char *id, const char *name, const char *compatible, uint32_t line)
{
    paddr addr = place(t, id)->addr;
    g_autofree char *path = virt_node_path("/soc", name, addr);

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
    g_autofree char *path = virt_node_path("/soc", "mtimer", addr);

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
    g_autofree char *path = virt_node_path("/soc", "interrupt-controller", addr);

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

static void add_pcie(struct tree *t)
{
    g_free(virt_fdt_pcie(t->f, "/soc/pci", t->v->pcie.ecam, &t->v->pcie, t->plic,
                         &(struct virt_irq_cells) { .count = 1 }));
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

static void set_interrupt(void *opaque, const struct place *p, const char *path)
{
    struct tree *t = opaque;

    if (p->irq) {
        dt_set_u32(t->f, path, "interrupts", p->irq);
        dt_set_u32(t->f, path, "interrupt-parent", t->plic);
    }
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
    virt_fdt_flash(t.f, "flash", place(&t, "flash0")->addr, VIRT_FLASH_BYTES, place(&t, "flash1")->addr, VIRT_FLASH_BYTES);
    virt_fdt_fw_cfg(t.f, t.v->fw_cfg, place(&t, "fw_cfg")->addr);
    add_harts(&t);
    virt_fdt_memory(t.f, place(&t, "dram")->addr, t.v->ram_end - place(&t, "dram")->addr);
    if (t.v->aclint) {
        add_aclint(&t);
    } else {
        add_clint(&t);
    }
    add_plic(&t);
    add_pcie(&t);
    places_fdt(m, t.f, "/soc", set_interrupt, &t);
    virt_fdt_platform_bus(t.f, place(&t, "platform-bus"), t.plic);
    add_syscon(&t, "/reboot", "syscon-reboot", 0x7777);
    add_syscon(&t, "/poweroff", "syscon-poweroff", 0x5555);
    add_console(&t);
    return t.f;
}
