/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Arm virt board's device tree, by the bindings in Linux's Documentation/devicetree/bindings. */
#include "hw/board/arm_virt.h"

#include <string.h>

#include "hw/intc/gic.h"
#include "system/cpu.h"
#include "system/fdt.h"
#include "system/machine.h"

enum { SPI = 0, PPI = 1, EDGE_RISING = 1, LEVEL_HIGH = 4 };
enum { KEY_POWER = 116 };

struct tree {
    struct machine *m;
    const struct arm_virt *v;
    struct fdt *f;
    uint32_t gic, clock, msi;
};

static const struct place *place(const struct tree *t, const char *id)
{
    return place_find(t->m->board, id);
}

/* The third cell of a private interrupt: a GICv2 says which CPUs have it. */
static uint32_t ppi_flags(const struct tree *t)
{
    return LEVEL_HIGH | (t->v->gic_version == 2 ? ((1u << t->m->opt.cpus) - 1) << 8 : 0);
}

/* ---- CPUs ---- */

/* Last CPU first: libfdt puts a new node in front of its brothers. */
static void add_cpus(struct tree *t)
{
    unsigned count = t->m->cpus->len;
    g_autofree uint32_t *phandles = g_new(uint32_t, count);

    dt_node(t->f, "/cpus");
    dt_set_u32(t->f, "/cpus", "#address-cells", 1);
    dt_set_u32(t->f, "/cpus", "#size-cells", 0);
    for (unsigned i = count; i-- > 0;) {
        struct cpu *cpu = t->m->cpus->pdata[i];
        g_autofree char *path = virt_node_path("/cpus", "cpu", i);

        dt_node(t->f, path);
        phandles[i] = dt_phandle(t->f, path);
        dt_set_string(t->f, path, "device_type", "cpu");
        dt_set_string(t->f, path, "compatible", "arm,armv8");
        if (t->v->psci != PSCI_NONE) {
            dt_set_string(t->f, path, "enable-method", "psci");
        }
        dt_set_u32(t->f, path, "reg", cpu->hw_id);
        if (cpu->type->fdt_node) {
            int node = dt_offset(t->f, path);

            cpu->type->fdt_node(cpu, t->f->blob, node);
        }
    }
    dt_node(t->f, "/cpus/cpu-map");
    dt_node(t->f, "/cpus/cpu-map/socket0");
    dt_node(t->f, "/cpus/cpu-map/socket0/cluster0");
    for (unsigned i = count; i-- > 0;) {
        g_autofree char *core = g_strdup_printf("/cpus/cpu-map/socket0/cluster0/core%u", i);

        dt_node(t->f, core);
        dt_set_u32(t->f, core, "cpu", phandles[i]);
    }
}

static void add_psci(struct tree *t)
{
    bool wide = ((struct cpu *)t->m->cpus->pdata[0])->bits == 64;
    uint32_t base = wide ? 0xc4000000 : 0x84000000;

    if (t->v->psci == PSCI_NONE) {
        return;
    }
    dt_node(t->f, "/psci");
    dt_set_strings(t->f, "/psci", "compatible", "arm,psci-1.0\1arm,psci-0.2\1arm,psci");
    dt_set_string(t->f, "/psci", "method", t->v->psci == PSCI_HVC ? "hvc" : "smc");
    dt_set_u32(t->f, "/psci", "cpu_suspend", base | 1);
    dt_set_u32(t->f, "/psci", "cpu_off", 0x84000002);
    dt_set_u32(t->f, "/psci", "cpu_on", base | 3);
    dt_set_u32(t->f, "/psci", "migrate", base | 5);
}

static void add_timer(struct tree *t)
{
    uint32_t flags = ppi_flags(t);
    const uint32_t interrupts[] = {
        PPI, ARM_PPI_TIMER_SEC, flags, PPI, ARM_PPI_TIMER_PHYS, flags, PPI, ARM_PPI_TIMER_VIRT, flags,
        PPI, ARM_PPI_TIMER_HYP, flags, PPI, ARM_PPI_TIMER_HYPVIRT, flags,
    };

    dt_node(t->f, "/timer");
    dt_set_strings(t->f, "/timer", "compatible", "arm,armv8-timer\1arm,armv7-timer");
    dt_set_empty(t->f, "/timer", "always-on");
    dt_set_cells(t->f, "/timer", "interrupts", interrupts, t->v->virtualization ? 15 : 12);
}

/* ---- interrupt controllers ---- */

static void set_gic_reg(struct tree *t, const char *path)
{
    const struct arm_virt *v = t->v;
    paddr dist = place(t, "gic-dist")->addr, cpu = place(t, "gic-cpu")->addr;
    paddr hyp = place(t, "gic-hyp")->addr, vcpu = place(t, "gic-vcpu")->addr;
    const struct place *redist = place(t, "gic-redist");
    uint64_t high = (uint64_t)v->redists[1] * GICV3_REDIST_BYTES;
    const uint32_t v2[] = { 0, dist, 0, 0x10000, 0, cpu, 0, 0x10000, 0, hyp, 0, 0x10000, 0, vcpu, 0, 0x10000 };
    const uint32_t v3[] = { 0, dist, 0, 0x10000, 0, redist->addr, 0, redist->size,
                            v->high_redist >> 32, v->high_redist, high >> 32, high };

    if (v->gic_version == 2) {
        dt_set_cells(t->f, path, "reg", v2, v->virtualization ? 16 : 8);
        return;
    }
    dt_set_u32(t->f, path, "#redistributor-regions", high ? 2 : 1);
    dt_set_cells(t->f, path, "reg", v3, high ? 12 : 8);
}

static void add_msi_frame(struct tree *t, const char *gic)
{
    g_autofree char *path = virt_node_path(gic, "v2m", place(t, "v2m")->addr);

    dt_node(t->f, path);
    t->msi = dt_phandle(t->f, path);
    dt_set_string(t->f, path, "compatible", "arm,gic-v2m-frame");
    dt_set_empty(t->f, path, "msi-controller");
    dt_set_reg(t->f, path, place(t, "v2m")->addr, 0x1000);
}

static void add_gic(struct tree *t)
{
    g_autofree char *path = virt_node_path("", "intc", place(t, "gic-dist")->addr);

    dt_node(t->f, path);
    t->gic = dt_phandle(t->f, path);
    dt_set_u32(t->f, path, "#interrupt-cells", 3);
    dt_set_empty(t->f, path, "interrupt-controller");
    dt_set_u32(t->f, path, "#address-cells", 2);
    dt_set_u32(t->f, path, "#size-cells", 2);
    dt_set_empty(t->f, path, "ranges");
    dt_set_strings(t->f, path, "compatible", t->v->gic->type->fdt);
    set_gic_reg(t, path);
    if (t->v->virtualization) {
        dt_set_list(t->f, path, "interrupts", PPI, ARM_PPI_MAINTENANCE, LEVEL_HIGH);
    }
    if (t->v->msi == MSI_GICV2M) {
        add_msi_frame(t, path);
    }
    dt_set_u32(t->f, "/", "interrupt-parent", t->gic);
}

/* ---- devices ---- */

static void add_clock(struct tree *t)
{
    dt_node(t->f, "/apb-pclk");
    t->clock = dt_phandle(t->f, "/apb-pclk");
    dt_set_string(t->f, "/apb-pclk", "compatible", "fixed-clock");
    dt_set_u32(t->f, "/apb-pclk", "#clock-cells", 0);
    dt_set_u32(t->f, "/apb-pclk", "clock-frequency", 24000000);
    dt_set_string(t->f, "/apb-pclk", "clock-output-names", "clk24mhz");
}

/* What a row's node has besides address and name. */
static void more(void *opaque, const struct place *p, const char *path)
{
    struct tree *t = opaque;
    bool virtio = !strcmp(p->type, "virtio-mmio"), uart = !strcmp(p->type, "pl011");

    dt_set_list(t->f, path, "interrupts", SPI, p->irq, virtio ? EDGE_RISING : LEVEL_HIGH);
    if (virtio) {
        dt_set_empty(t->f, path, "dma-coherent");
        return;
    }
    if (uart) {
        dt_set_list(t->f, path, "clocks", t->clock, t->clock);
    } else {
        dt_set_u32(t->f, path, "clocks", t->clock);
    }
    dt_set_strings(t->f, path, "clock-names", uart ? "uartclk\1apb_pclk" : "apb_pclk");
    if (!strcmp(p->type, "pl061")) {
        dt_set_empty(t->f, path, "gpio-controller");
        dt_set_u32(t->f, path, "#gpio-cells", 2);
    }
    if (!strcmp(p->id, "uart1") && t->v->secure) {
        dt_set_string(t->f, path, "status", "disabled");
        dt_set_string(t->f, path, "secure-status", "okay");
    }
}

static void add_button(struct tree *t)
{
    g_autofree char *gpio = place_path(place(t, "gpio"), "");

    dt_node(t->f, "/gpio-keys");
    dt_set_string(t->f, "/gpio-keys", "compatible", "gpio-keys");
    dt_node(t->f, "/gpio-keys/poweroff");
    dt_set_string(t->f, "/gpio-keys/poweroff", "label", "GPIO Key Poweroff");
    dt_set_u32(t->f, "/gpio-keys/poweroff", "linux,code", KEY_POWER);
    dt_set_list(t->f, "/gpio-keys/poweroff", "gpios", dt_phandle(t->f, gpio), 3, 0);
}

static void add_pcie(struct tree *t)
{
    const struct virt_irq_cells map = { .cells = { 0, 0, SPI, 0, LEVEL_HIGH }, .count = 5, .at = 3 };
    g_autofree char *path = virt_fdt_pcie(t->f, "/pcie", t->v->pcie.mmio, &t->v->pcie, t->gic, &map);

    if (t->msi) {
        dt_set_list(t->f, path, "msi-map", 0, t->msi, 0, 0x10000);
    }
}

static void add_secure_ram(struct tree *t)
{
    const struct place *p = place(t, "secure-ram");
    g_autofree char *path = virt_node_path("", "secram", p->addr);

    dt_node(t->f, path);
    dt_set_string(t->f, path, "device_type", "memory");
    dt_set_reg(t->f, path, p->addr, p->size);
    dt_set_string(t->f, path, "status", "disabled");
    dt_set_string(t->f, path, "secure-status", "okay");
}

static void add_console(struct tree *t)
{
    g_autofree char *uart = place_path(place(t, "uart0"), ""), *second = place_path(place(t, "uart1"), "");

    dt_node(t->f, "/chosen");
    dt_set_string(t->f, "/chosen", "stdout-path", uart);
    dt_node(t->f, "/aliases");
    dt_set_string(t->f, "/aliases", "serial0", uart);
    if (device_find(t->m, "uart1")) {
        dt_set_string(t->f, "/aliases", "serial1", second);
    }
    if (t->v->randomness) {
        uint32_t seed[2];

        machine_random(t->m, seed, sizeof(seed));
        dt_set(t->f, "/chosen", "kaslr-seed", seed, sizeof(seed));
    }
}

struct fdt *arm_virt_fdt(struct machine *m)
{
    struct tree t = { .m = m, .v = m->board_state, .f = dt_new() };

    dt_set_u32(t.f, "/", "#address-cells", 2);
    dt_set_u32(t.f, "/", "#size-cells", 2);
    dt_set_string(t.f, "/", "compatible", "linux,dummy-virt");
    dt_set_string(t.f, "/", "model", "linux,dummy-virt");
    dt_set_empty(t.f, "/", "dma-coherent");
    add_clock(&t);
    add_timer(&t);
    add_cpus(&t);
    virt_fdt_flash(t.f, "flash", place(&t, "flash0")->addr, ARM_VIRT_FLASH_BYTES, place(&t, "flash1")->addr,
                   ARM_VIRT_FLASH_BYTES);
    add_gic(&t);
    virt_fdt_fw_cfg(t.f, t.v->fw_cfg, place(&t, "fw_cfg")->addr);
    add_pcie(&t);
    places_fdt(m, t.f, "", more, &t);
    add_button(&t);
    virt_fdt_platform_bus(t.f, place(&t, "platform-bus"), t.gic);
    virt_fdt_memory(t.f, place(&t, "dram")->addr, t.v->ram_end - place(&t, "dram")->addr);
    if (t.v->secure) {
        add_secure_ram(&t);
    }
    add_psci(&t);
    add_console(&t);
    return t.f;
}
