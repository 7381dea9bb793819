/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Arm virt board's ACPI tables (ACPI 6.5; Arm's Base Boot Requirements, chapter 8): hardware-reduced, the devices in the
 * DSDT by the same ids as QEMU's.
 */
#include "hw/board/arm_virt.h"

#include <string.h>

#include "hw/intc/gic.h"
#include "hw/misc/fw_cfg.h"
#include "system/acpi.h"
#include "system/cpu.h"
#include "system/machine.h"

struct tables {
    struct machine *m;
    const struct arm_virt *v;
    struct acpi *a;
};

enum { SPI_BASE = 32, PPI_BASE = 16 };

static paddr addr_of(const struct tables *t, const char *id)
{
    return place_find(t->m->board, id)->addr;
}

static uint64_t mpidr(const struct cpu *cpu)
{
    return cpu->hw_id & 0xff00ffffffull;
}

/* ---- DSDT ---- */

/* A device with a memory window and (irq not 0) one interrupt, by the row of the board's table. */
static void add_device(GByteArray *b, const char *name, const char *hid, unsigned uid, const struct place *p, uint64_t size)
{
    uint32_t device = aml_device(b, name), crs;

    aml_name_string(b, "_HID", hid);
    aml_name_int(b, "_UID", uid);
    aml_name_int(b, "_CCA", 1);
    aml_name(b, "_CRS");
    crs = aml_resources(b);
    aml_res_memory32(b, true, p->addr, size);
    if (p->irq) {
        aml_res_interrupt(b, !strcmp(p->type, "virtio-mmio") ? AML_EDGE_HIGH : AML_LEVEL_HIGH, SPI_BASE + p->irq);
    }
    aml_resources_end(b, crs);
    aml_close(b, device);
}

static void add_cpus(const struct tables *t, GByteArray *b)
{
    for (unsigned i = 0; i < t->m->cpus->len; i++) {
        g_autofree char *name = g_strdup_printf("C%03X", i);
        uint32_t device = aml_device(b, name);

        aml_name_string(b, "_HID", "ACPI0007");
        aml_name_int(b, "_UID", i);
        aml_close(b, device);
    }
}

/* Pins rotate by slot; each goes straight to an interrupt of the GIC. */
static void add_prt(const struct tables *t, GByteArray *b)
{
    enum { SLOTS = 32, PINS = 4 };
    uint32_t prt;

    aml_name(b, "_PRT");
    prt = aml_package(b, SLOTS * PINS);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned pin = 0; pin < PINS; pin++) {
            uint32_t row = aml_package(b, 4);

            aml_int(b, slot << 16 | 0xffff);
            aml_int(b, pin);
            aml_int(b, 0);
            aml_int(b, SPI_BASE + t->v->pcie.first_irq + (slot + pin) % PINS);
            aml_close(b, row);
        }
    }
    aml_close(b, prt);
}

/* What the system may control of PCI Express: all that is asked for (PCI Firmware specification 3.3, 4.5.1), with no
 * native hot-plug, power management events or error reporting to control. */
static void add_osc(GByteArray *b)
{
    enum { ARG0 = 0x68, ARG3 = 0x6b, LEQUAL = 0x93, CREATE_DWORD_FIELD = 0x8a };
    uint32_t method = aml_method(b, "_OSC", 4, false), branch;

    branch = aml_if(b);
    aml_op(b, LEQUAL);
    aml_op(b, ARG0);
    aml_uuid(b, "33db4d5b-1ff7-401c-9657-7441c03dd766");
    aml_return(b);
    aml_op(b, ARG3);
    aml_close(b, branch);
    aml_op(b, CREATE_DWORD_FIELD);
    aml_op(b, ARG3);
    aml_int(b, 0);
    aml_path(b, "CDW1");
    aml_op(b, 0x70);                /* Store (5, CDW1): unrecognised UUID, failure */
    aml_int(b, 5);
    aml_path(b, "CDW1");
    aml_return(b);
    aml_op(b, ARG3);
    aml_close(b, method);
}

static void add_pci(const struct tables *t, GByteArray *b)
{
    const struct virt_pcie *p = &t->v->pcie;
    uint32_t device = aml_device(b, "PCI0"), crs, res;

    aml_name_eisaid(b, "_HID", "PNP0A08");
    aml_name_eisaid(b, "_CID", "PNP0A03");
    aml_name_int(b, "_SEG", 0);
    aml_name_int(b, "_BBN", 0);
    aml_name_int(b, "_UID", 0);
    aml_name_int(b, "_CCA", 1);
    add_prt(t, b);
    aml_name(b, "_CRS");
    crs = aml_resources(b);
    aml_res_window(b, 2, 2, 0, (p->ecam_size >> 20) - 1, 0);
    aml_res_window(b, 0, 4, p->mmio, p->mmio + p->mmio_size - 1, 0);
    aml_res_window(b, 1, 4, 0, p->pio_size - 1, p->pio);
    if (p->high_size) {
        aml_res_window(b, 0, 8, p->high, p->high + p->high_size - 1, 0);
    }
    aml_resources_end(b, crs);
    add_osc(b);
    /* The configuration space is nobody else's memory. */
    res = aml_device(b, "RES0");
    aml_name_eisaid(b, "_HID", "PNP0C02");
    aml_name(b, "_CRS");
    crs = aml_resources(b);
    aml_res_window(b, 0, 8, p->ecam, p->ecam + p->ecam_size - 1, 0);
    aml_resources_end(b, crs);
    aml_close(b, res);
    aml_close(b, device);
}

/* The power button: an event of pin 3 of the GPIO controller (5.6.5). */
static void add_button(const struct tables *t, GByteArray *b)
{
    enum { NOTIFY = 0x86, STATUS_CHANGE = 0x80 };
    const struct place *gpio = place_find(t->m->board, "gpio");
    uint32_t device = aml_device(b, "GPO0"), crs, button, method;

    aml_name_string(b, "_HID", "ARMH0061");
    aml_name_int(b, "_UID", 0);
    aml_name(b, "_CRS");
    crs = aml_resources(b);
    aml_res_memory32(b, true, gpio->addr, 0x1000);
    aml_res_interrupt(b, AML_LEVEL_HIGH, SPI_BASE + gpio->irq);
    aml_resources_end(b, crs);
    aml_name(b, "_AEI");
    crs = aml_resources(b);
    aml_res_gpio_interrupt(b, 3, "\\_SB.GPO0");
    aml_resources_end(b, crs);
    method = aml_method(b, "_E03", 0, false);
    aml_op(b, NOTIFY);
    aml_path(b, "\\_SB.PWRB");
    aml_int(b, STATUS_CHANGE);
    aml_close(b, method);
    aml_close(b, device);
    button = aml_device(b, "PWRB");
    aml_name_eisaid(b, "_HID", "PNP0C0C");
    aml_name_int(b, "_UID", 0);
    aml_close(b, button);
}

static uint32_t add_dsdt(const struct tables *t)
{
    GByteArray *b = t->a->tables;
    const struct machine *m = t->m;
    uint32_t start = acpi_begin(t->a, "DSDT", 2), scope = aml_scope(b, "\\_SB");
    struct place flash[2] = { *place_find(m->board, "flash0"), *place_find(m->board, "flash1") };

    add_cpus(t, b);
    add_device(b, "COM0", "ARMH0011", 0, place_find(m->board, "uart0"), 0x1000);
    add_device(b, "FLS0", "LNRO0015", 0, &flash[0], ARM_VIRT_FLASH_BYTES);
    add_device(b, "FLS1", "LNRO0015", 1, &flash[1], ARM_VIRT_FLASH_BYTES);
    add_device(b, "FWCF", "QEMU0002", 0, place_find(m->board, "fw_cfg"), 0x18);
    for (unsigned i = 0; i < t->v->transports; i++) {
        g_autofree char *id = g_strdup_printf("virtio-mmio%u", i), *name = g_strdup_printf("VR%02u", i);

        add_device(b, name, "LNRO0005", i, place_find(m->board, id), 0x200);
    }
    add_pci(t, b);
    add_button(t, b);
    aml_close(b, scope);
    acpi_end(t->a);
    return start;
}

/* ---- the other tables ---- */

/* 5.2.9, revision 6.0: hardware-reduced, so that nearly all fields are zero. */
static void add_fadt(const struct tables *t, uint32_t dsdt)
{
    enum { HW_REDUCED = 1 << 20, LOW_POWER_S0 = 1 << 21, PSCI_COMPLIANT = 1, PSCI_USE_HVC = 2 };
    unsigned psci = t->v->psci == PSCI_NONE ? 0 : PSCI_COMPLIANT | (t->v->psci == PSCI_HVC ? PSCI_USE_HVC : 0);
    uint32_t start = acpi_begin(t->a, "FACP", 6);

    acpi_zeroes(t->a, 112 - 36);
    acpi_put(t->a, HW_REDUCED, 4);              /* Flags, at 112 */
    acpi_zeroes(t->a, 129 - 116);
    acpi_put(t->a, psci, 2);                    /* ARM_BOOT_ARCH, at 129 */
    acpi_put(t->a, 0, 1);                       /* minor version */
    acpi_zeroes(t->a, 140 - 132);
    acpi_address(t->a, dsdt, 8);                /* X_DSDT, at 140 */
    acpi_zeroes(t->a, 268 - 148);
    acpi_text(t->a, "DOPPEL", 8);               /* hypervisor vendor, at 268 */
    g_assert(t->a->tables->len - start == 276);
    acpi_end(t->a);
}

/* 5.2.12.14 */
static void add_gicc(const struct tables *t, unsigned i)
{
    const struct arm_virt *v = t->v;
    bool v2 = v->gic_version == 2;

    acpi_put(t->a, 0x0b, 1);
    acpi_put(t->a, 80, 1);
    acpi_zeroes(t->a, 2);
    acpi_put(t->a, i, 4);                       /* CPU interface number */
    acpi_put(t->a, i, 4);                       /* UID of the CPU's device */
    acpi_put(t->a, 1, 4);                       /* enabled */
    acpi_put(t->a, 0, 4);
    acpi_put(t->a, 0, 4);                       /* performance interrupt: none */
    acpi_put(t->a, 0, 8);
    acpi_put(t->a, v2 ? addr_of(t, "gic-cpu") : 0, 8);
    acpi_put(t->a, v2 && v->virtualization ? addr_of(t, "gic-vcpu") : 0, 8);
    acpi_put(t->a, v2 && v->virtualization ? addr_of(t, "gic-hyp") : 0, 8);
    acpi_put(t->a, v->virtualization ? PPI_BASE + ARM_PPI_MAINTENANCE : 0, 4);
    acpi_put(t->a, 0, 8);                       /* GICR: by its own entries */
    acpi_put(t->a, mpidr(t->m->cpus->pdata[i]), 8);
    acpi_put(t->a, 0, 4);
}

static void add_gicr(const struct tables *t, paddr addr, uint32_t len)
{
    acpi_put(t->a, 0x0e, 1);
    acpi_put(t->a, 16, 1);
    acpi_zeroes(t->a, 2);
    acpi_put(t->a, addr, 8);
    acpi_put(t->a, len, 4);
}

static void add_madt(const struct tables *t)
{
    const struct arm_virt *v = t->v;

    acpi_begin(t->a, "APIC", 4);
    acpi_zeroes(t->a, 8);
    acpi_put(t->a, 0x0c, 1);                    /* GICD */
    acpi_put(t->a, 24, 1);
    acpi_zeroes(t->a, 2);
    acpi_put(t->a, 0, 4);
    acpi_put(t->a, addr_of(t, "gic-dist"), 8);
    acpi_put(t->a, 0, 4);
    acpi_put(t->a, v->gic_version, 1);
    acpi_zeroes(t->a, 3);
    for (unsigned i = 0; i < t->m->cpus->len; i++) {
        add_gicc(t, i);
    }
    if (v->gic_version == 3) {
        add_gicr(t, addr_of(t, "gic-redist"), place_find(t->m->board, "gic-redist")->size);
        if (v->redists[1]) {
            add_gicr(t, v->high_redist, v->redists[1] * GICV3_REDIST_BYTES);
        }
    }
    if (v->msi == MSI_GICV2M) {
        acpi_put(t->a, 0x0d, 1);                /* MSI frame */
        acpi_put(t->a, 24, 1);
        acpi_zeroes(t->a, 6);
        acpi_put(t->a, addr_of(t, "v2m"), 8);
        acpi_put(t->a, 1, 4);                   /* the numbers below count, not the register */
        acpi_put(t->a, ARM_VIRT_V2M_SPIS, 2);
        acpi_put(t->a, SPI_BASE + ARM_VIRT_V2M_SPI, 2);
    }
    acpi_end(t->a);
}

/* 5.2.25, revision 3: interrupts of the timers, level-sensitive and active high (flags 0), always on (bit 2). */
static void add_gtdt(const struct tables *t)
{
    static const uint8_t ppis[] = { ARM_PPI_TIMER_SEC, ARM_PPI_TIMER_PHYS, ARM_PPI_TIMER_VIRT, ARM_PPI_TIMER_HYP };

    acpi_begin(t->a, "GTDT", 3);
    acpi_put(t->a, UINT64_MAX, 8);              /* no memory-mapped counter */
    acpi_put(t->a, 0, 4);
    for (unsigned i = 0; i < G_N_ELEMENTS(ppis); i++) {
        acpi_put(t->a, PPI_BASE + ppis[i], 4);
        acpi_put(t->a, 4, 4);
    }
    acpi_put(t->a, UINT64_MAX, 8);
    acpi_zeroes(t->a, 8);                       /* no platform timers */
    acpi_put(t->a, t->v->virtualization ? PPI_BASE + ARM_PPI_TIMER_HYPVIRT : 0, 4);
    acpi_put(t->a, t->v->virtualization ? 4 : 0, 4);
    acpi_end(t->a);
}

static void add_mcfg(const struct tables *t)
{
    acpi_begin(t->a, "MCFG", 1);
    acpi_zeroes(t->a, 8);
    acpi_put(t->a, t->v->pcie.ecam, 8);
    acpi_put(t->a, 0, 2);
    acpi_put(t->a, 0, 1);
    acpi_put(t->a, (t->v->pcie.ecam_size >> 20) - 1, 1);
    acpi_zeroes(t->a, 4);
    acpi_end(t->a);
}

/* Microsoft's Serial Port Console Redirection table, revision 2. */
static void add_spcr(const struct tables *t)
{
    const struct place *uart = place_find(t->m->board, "uart0");

    acpi_begin(t->a, "SPCR", 2);
    acpi_put(t->a, 3, 1);                       /* Arm PL011 */
    acpi_zeroes(t->a, 3);
    acpi_gas(t->a, 0, 32, 3, uart->addr);
    acpi_put(t->a, 8, 1);                       /* interrupt: of a GIC */
    acpi_put(t->a, 0, 1);
    acpi_put(t->a, SPI_BASE + uart->irq, 4);
    acpi_put(t->a, 3, 1);                       /* 9600 baud */
    acpi_put(t->a, 0, 1);
    acpi_put(t->a, 1, 1);                       /* one stop bit */
    acpi_put(t->a, 2, 1);                       /* RTS/CTS */
    acpi_put(t->a, 0, 1);                       /* VT100 */
    acpi_put(t->a, 0, 1);
    acpi_put(t->a, 0xffff, 2);                  /* no PCI device */
    acpi_put(t->a, 0xffff, 2);
    acpi_zeroes(t->a, 12);
    acpi_end(t->a);
}

static bool add_file(struct device *fw_cfg, const char *name, const GByteArray *b, GError **err)
{
    return fw_cfg_add_file(fw_cfg, name, g_memdup2(b->data, b->len), b->len, err);
}

bool arm_virt_acpi(struct machine *m, GError **err)
{
    const struct arm_virt *v = m->board_state;
    struct tables t = { .m = m, .v = v, .a = acpi_new() };
    uint32_t dsdt = add_dsdt(&t);
    bool ok;

    add_fadt(&t, dsdt);
    add_madt(&t);
    add_gtdt(&t);
    add_mcfg(&t);
    add_spcr(&t);
    acpi_finish(t.a, 2);
    ok = add_file(v->fw_cfg, ACPI_FILE_TABLES, t.a->tables, err) && add_file(v->fw_cfg, ACPI_FILE_RSDP, t.a->rsdp, err) &&
         add_file(v->fw_cfg, ACPI_FILE_LOADER, t.a->loader, err);
    acpi_delete(t.a);
    return ok;
}
