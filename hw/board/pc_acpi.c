/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC boards' ACPI tables (ACPI 6.4) but the DSDT, and how they come to firmware. Firmware decides where PM registers,
 * configuration space and PCI windows are, so the tables are made anew whenever it starts to read them; only values of
 * fixed width change.
 */
#include "hw/board/pc_acpi.h"

#include <string.h>

#include "hw/misc/fw_cfg.h"
#include "hw/timer/hpet.h"
#include "system/cpu.h"

enum { GAS_MEMORY = 0, GAS_IO = 1 };

static unsigned pm_base(const struct pc *pc)
{
    return pci_get32(pc->pm->config + 0x40) & 0xffc0;
}

bool pc_is_q35(const struct pc *pc)
{
    return pc_ecam_register(pc) != 0;
}

/* 5.2.9, revision 3 of the table */
static void add_fadt(const struct pc_tables *t, uint32_t facs, uint32_t dsdt)
{
    enum { WBINVD = 1 << 0, PROC_C1 = 1 << 2, NO_SLEEP_BUTTON = 1 << 5, RTC_S4 = 1 << 7, RESET_REGISTER = 1 << 10,
           PLATFORM_CLOCK = 1 << 15, HAS_8042 = 1 << 1, CENTURY = 0x32 };
    bool q35 = pc_is_q35(t->pc);
    unsigned pm = pm_base(t->pc), gpe = q35 ? pm + 0x20 : 0xafe0, gpe_bytes = q35 ? 16 : 4;
    struct acpi *a = t->a;
    uint32_t start = acpi_begin(a, "FACP", 3);

    acpi_address(a, facs, 4);
    acpi_address(a, dsdt, 4);
    acpi_put(a, 1, 1);                          /* interrupts: more than two PICs */
    acpi_put(a, 0, 1);                          /* profile: not told */
    acpi_put(a, t->pc->sci, 2);
    acpi_put(a, 0xb2, 4);                       /* SMI command port */
    acpi_put(a, q35 ? 0x02 : 0xf1, 1);          /* ACPI_ENABLE */
    acpi_put(a, q35 ? 0x03 : 0xf0, 1);          /* ACPI_DISABLE */
    acpi_zeroes(a, 2);
    acpi_put(a, pm, 4);                         /* PM1a event, PM1b event */
    acpi_put(a, 0, 4);
    acpi_put(a, pm + 4, 4);                     /* PM1a control, PM1b control, PM2 control */
    acpi_put(a, 0, 8);
    acpi_put(a, pm + 8, 4);                     /* PM timer */
    acpi_put(a, gpe, 4);
    acpi_put(a, 0, 4);
    acpi_put(a, 4, 1);                          /* their lengths */
    acpi_put(a, 2, 1);
    acpi_put(a, 0, 1);
    acpi_put(a, 4, 1);
    acpi_put(a, gpe_bytes, 1);
    acpi_zeroes(a, 3);
    acpi_put(a, 0xfff, 2);                      /* latencies of C2 and C3: there are none */
    acpi_put(a, 0xfff, 2);
    acpi_zeroes(a, 8);
    acpi_put(a, CENTURY, 1);                    /* index in CMOS */
    acpi_put(a, HAS_8042, 2);
    acpi_put(a, 0, 1);
    acpi_put(a, WBINVD | PROC_C1 | NO_SLEEP_BUTTON | RTC_S4 | RESET_REGISTER | (q35 ? PLATFORM_CLOCK : 0), 4);
    acpi_gas(a, GAS_IO, 8, 0, 0xcf9);           /* RESET_REG, RESET_VALUE */
    acpi_put(a, 0x0f, 1);
    acpi_zeroes(a, 3);
    acpi_put(a, 0, 8);                          /* X_FIRMWARE_CTRL: FIRMWARE_CTRL counts */
    acpi_address(a, dsdt, 8);
    acpi_gas(a, GAS_IO, 32, 0, pm);
    acpi_gas(a, 0, 0, 0, 0);
    acpi_gas(a, GAS_IO, 16, 0, pm + 4);
    acpi_gas(a, 0, 0, 0, 0);
    acpi_gas(a, 0, 0, 0, 0);
    acpi_gas(a, GAS_IO, 32, 0, pm + 8);
    acpi_gas(a, GAS_IO, gpe_bytes * 8, 0, gpe);
    acpi_gas(a, 0, 0, 0, 0);
    g_assert(a->tables->len - start == 244);
    acpi_end(a);
}

/* 5.2.12: local APICs, IOAPIC, where ISA interrupts are, NMI at LINT1. */
static void add_madt(const struct pc_tables *t)
{
    enum { PCAT_COMPAT = 1, ENABLED = 1, LEVEL_HIGH = 0x0d, LAPIC = 0, IOAPIC = 1, OVERRIDE = 2, LAPIC_NMI = 4, X2APIC = 9,
           XAPIC_MAX = 254 };
    struct acpi *a = t->a;

    acpi_begin(a, "APIC", 3);
    acpi_put(a, 0xfee00000, 4);
    acpi_put(a, PCAT_COMPAT, 4);
    for (unsigned i = 0; i < t->m->cpus->len; i++) {
        if (i <= XAPIC_MAX) {
            acpi_put(a, LAPIC | 8 << 8 | i << 16 | (uint64_t)i << 24 | (uint64_t)ENABLED << 32, 8);
        } else {
            acpi_put(a, X2APIC | 16 << 8, 4);
            acpi_put(a, i, 4);
            acpi_put(a, ENABLED, 4);
            acpi_put(a, i, 4);
        }
    }
    acpi_put(a, IOAPIC | 12 << 8, 4);
    acpi_put(a, 0xfec00000, 4);
    acpi_put(a, 0, 4);
    for (unsigned n = 0; n < 16; n++) {
        bool pci = n == 5 || n == 9 || n == 10 || n == 11;

        if (n == 0 || pci) {
            acpi_put(a, OVERRIDE | 10 << 8 | (uint64_t)n << 24, 4);
            acpi_put(a, n ? n : 2, 4);
            acpi_put(a, n ? LEVEL_HIGH : 0, 2);
        }
    }
    acpi_put(a, LAPIC_NMI | 6 << 8 | 0xff << 16, 3);
    acpi_put(a, 0, 2);
    acpi_put(a, 1, 1);
    acpi_end(a);
}

static void add_mcfg(const struct pc_tables *t)
{
    struct acpi *a = t->a;

    acpi_begin(a, "MCFG", 1);
    acpi_zeroes(a, 8);
    acpi_put(a, t->ecam, 8);
    acpi_put(a, 0, 3);
    acpi_put(a, (t->ecam_bytes >> 20) - 1, 1);
    acpi_zeroes(a, 4);
    acpi_end(a);
}

/* Intel's HPET specification 1.0a, 3.2.4 */
static void add_hpet(const struct pc_tables *t)
{
    acpi_begin(t->a, "HPET", 1);
    acpi_put(t->a, HPET_ID, 4);
    acpi_gas(t->a, GAS_MEMORY, 0, 0, HPET_ADDRESS);
    acpi_zeroes(t->a, 4);                       /* number, least period, no page protection */
    acpi_end(t->a);
}

/* Microsoft's Windows ACPI Emulated devices Table: the PM timer needs no second reading. */
static void add_waet(const struct pc_tables *t)
{
    acpi_begin(t->a, "WAET", 1);
    acpi_put(t->a, 2, 4);
    acpi_end(t->a);
}

/* ---- what firmware has set ---- */

unsigned pc_ecam_register(const struct pc *pc)
{
    const struct pci_device *bridge = pc->pci->devices[0];

    return pci_get16(bridge->config + PCI_DEVICE_ID) == 0x29c0 ? 0x60 : 0;
}

static void find_ecam(struct pc_tables *t)
{
    unsigned at = pc_ecam_register(t->pc);
    uint32_t v;

    t->ecam = 0;
    t->ecam_bytes = 0x10000000;
    if (at) {
        v = pci_get32(t->pc->pci->devices[0]->config + at);
        t->ecam = v & 1 ? v & 0xf0000000 : 0xb0000000;
    }
}

/* Memory for PCI above 4 GiB: where BARs are, else right behind RAM. */
static void find_high_window(struct pc_tables *t)
{
    const uint64_t gib = (uint64_t)1 << 30, size = pc_is_q35(t->pc) ? 32 * gib : 2 * gib;
    uint64_t first = UINT64_MAX, last = 0;

    for (unsigned i = 0; i < PCI_DEVFNS; i++) {
        const struct pci_device *d = t->pc->pci->devices[i];

        for (unsigned n = 0; d && n < PCI_BARS; n++) {
            const struct pci_bar *b = &d->bars[n];

            if (b->mapped && b->kind == PCI_BAR_MEM64 && b->region->addr >= PC_4G) {
                first = MIN(first, b->region->addr);
                last = MAX(last, b->region->addr + b->size - 1);
            }
        }
    }
    if (first > last) {
        first = PC_4G + (t->pc->ram->size - t->pc->low_bytes);
        first = (first + gib - 1) & ~(gib - 1);
    }
    t->high = first & ~(gib - 1);
    t->high_last = MAX(t->high + size - 1, last | (gib - 1));
}

static struct acpi *make(struct machine *m, struct pc *pc)
{
    struct pc_tables t = { .m = m, .pc = pc, .a = acpi_new() };
    uint32_t facs, dsdt;

    find_ecam(&t);
    find_high_window(&t);
    facs = acpi_facs(t.a);
    dsdt = pc_add_dsdt(&t);
    add_fadt(&t, facs, dsdt);
    add_madt(&t);
    if (t.ecam) {
        add_mcfg(&t);
    }
    if (device_find(m, "hpet")) {
        add_hpet(&t);
    }
    add_waet(&t);
    acpi_finish(t.a, 0);
    return t.a;
}

/* ---- files ---- */

static void refresh(void *opaque, uint8_t *data, uint32_t len)
{
    struct machine *m = opaque;
    struct acpi *a = make(m, m->board_state);

    g_assert(a->tables->len == len);    /* else the script, which has been read by now, would be wrong */
    memcpy(data, a->tables->data, len);
    acpi_delete(a);
}

static bool add_file(struct pc *pc, const char *name, const GByteArray *b, GError **err)
{
    return fw_cfg_add_file(pc->fw_cfg, name, g_memdup2(b->data, b->len), b->len, err);
}

bool pc_acpi(struct machine *m, struct pc *pc, GError **err)
{
    struct acpi *a = make(m, pc);
    bool ok = add_file(pc, ACPI_FILE_TABLES, a->tables, err) && add_file(pc, ACPI_FILE_RSDP, a->rsdp, err) &&
              add_file(pc, ACPI_FILE_LOADER, a->loader, err);

    if (ok) {
        fw_cfg_on_select(pc->fw_cfg, ACPI_FILE_TABLES, refresh, m);
    }
    acpi_delete(a);
    return ok;
}
