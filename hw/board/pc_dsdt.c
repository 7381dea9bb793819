/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC boards' DSDT: host bridge with its windows and interrupt routing, ISA devices, CPUs, sleep states. Interrupts go by
 * link devices: LNKA and so on are PIRQ lines routed to ISA interrupts (PIC mode, and always on the pc board), GSIA and so on
 * are PIRQ lines at inputs 16 to 23 of the IOAPIC.
 */
#include "hw/board/pc_acpi.h"
#include "hw/timer/hpet.h"

enum { SPACE_PCI_CONFIG = 2, WINDOW_MEMORY = 0, WINDOW_IO = 1, WINDOW_BUS = 2, SLOTS = 32, ROUTE_OFF = 0x80 };
#define ISA "\\_SB.PCI0.ISA"

static unsigned pirqs(const struct pc_tables *t)
{
    return pc_is_q35(t->pc) ? 8 : 4;
}

/* ---- interrupt links (6.2, and the PCI firmware specification) ---- */

static void link_name(char *to, const char *prefix, unsigned n)
{
    g_snprintf(to, 5, "%s%c", prefix, 'A' + n);
}

static void add_method_crs(GByteArray *b, const char *route)
{
    uint32_t method = aml_method(b, "_CRS", 0, true), template, branch;

    aml_name(b, "PRR0");
    template = aml_resources(b);
    aml_res_interrupt(b, AML_SHARED_LEVEL_HIGH, 0);
    aml_resources_end(b, template);
    aml_op(b, AML_CREATE_DWORD_FIELD);
    aml_path(b, "PRR0");
    aml_int(b, 5);
    aml_path(b, "PRRI");
    branch = aml_if(b);
    aml_op(b, AML_LLESS);
    aml_path(b, route);
    aml_int(b, ROUTE_OFF);
    aml_op(b, AML_STORE);
    aml_path(b, route);
    aml_path(b, "PRRI");
    aml_close(b, branch);
    aml_return(b);
    aml_path(b, "PRR0");
    aml_close(b, method);
}

/* A PIRQ line that a byte of the south bridge's configuration space routes. */
static void add_routed_link(GByteArray *b, unsigned n)
{
    static const uint32_t choices[] = { 5, 10, 11 };
    char name[5], route[sizeof(ISA) + 5];
    uint32_t device, template, method, branch;

    link_name(name, "LNK", n);
    g_snprintf(route, sizeof(route), ISA ".PRQ%c", 'A' + n);
    device = aml_device(b, name);
    aml_name_eisaid(b, "_HID", "PNP0C0F");
    aml_name_int(b, "_UID", n);
    aml_name(b, "_PRS");
    template = aml_resources(b);
    aml_res_interrupts(b, AML_SHARED_LEVEL_HIGH, choices, G_N_ELEMENTS(choices));
    aml_resources_end(b, template);
    method = aml_method(b, "_STA", 0, false);
    branch = aml_if(b);
    aml_op(b, AML_AND);
    aml_path(b, route);
    aml_int(b, ROUTE_OFF);
    aml_op(b, AML_NULL);
    aml_return(b);
    aml_int(b, 0x09);
    aml_close(b, branch);
    aml_return(b);
    aml_int(b, 0x0b);
    aml_close(b, method);
    method = aml_method(b, "_DIS", 0, false);
    aml_op(b, AML_OR);
    aml_path(b, route);
    aml_int(b, ROUTE_OFF);
    aml_path(b, route);
    aml_close(b, method);
    add_method_crs(b, route);
    method = aml_method(b, "_SRS", 1, true);
    aml_op(b, AML_CREATE_DWORD_FIELD);
    aml_op(b, AML_ARG0);
    aml_int(b, 5);
    aml_path(b, "PRRI");
    aml_op(b, AML_STORE);
    aml_path(b, "PRRI");
    aml_path(b, route);
    aml_close(b, method);
    aml_close(b, device);
}

/* A link that nobody can change. */
static void add_fixed_link(GByteArray *b, const char *name, unsigned uid, uint32_t gsi)
{
    uint32_t device = aml_device(b, name), template, method;

    aml_name_eisaid(b, "_HID", "PNP0C0F");
    aml_name_int(b, "_UID", uid);
    for (unsigned i = 0; i < 2; i++) {
        aml_name(b, i ? "_CRS" : "_PRS");
        template = aml_resources(b);
        aml_res_interrupt(b, AML_SHARED_LEVEL_HIGH, gsi);
        aml_resources_end(b, template);
    }
    method = aml_method(b, "_SRS", 1, false);
    aml_close(b, method);
    aml_close(b, device);
}

static void add_links(const struct pc_tables *t, GByteArray *b)
{
    char name[5];

    for (unsigned n = 0; n < pirqs(t); n++) {
        add_routed_link(b, n);
    }
    if (!pc_is_q35(t->pc)) {
        add_fixed_link(b, "LNKS", 0x10, t->pc->sci);
        return;
    }
    for (unsigned n = 0; n < pirqs(t); n++) {
        link_name(name, "GSI", n);
        add_fixed_link(b, name, 0x10 + n, 16 + n);
    }
}

/* ---- routing ---- */

/* The PIRQ line of a pin of the root bus, as the chipset has it after a reset. */
static unsigned pirq_of(const struct pc_tables *t, unsigned slot, unsigned pin)
{
    if (!pc_is_q35(t->pc)) {
        return (slot + pin + 3) % PCI_PINS;
    }
    return slot < 25 ? 4 + (slot + pin) % PCI_PINS : slot == 30 ? 4 + pin : pin;
}

static void add_routes(const struct pc_tables *t, GByteArray *b, const char *prefix)
{
    uint32_t all = aml_package(b, SLOTS * PCI_PINS);
    char name[5];

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        for (unsigned pin = 0; pin < PCI_PINS; pin++) {
            uint32_t row = aml_package(b, 4);

            link_name(name, prefix, pirq_of(t, slot, pin));
            aml_int(b, slot << 16 | 0xffff);
            aml_int(b, pin);
            /* The power management function of the pc board interrupts by the SCI. */
            aml_path(b, !pc_is_q35(t->pc) && slot == 1 && pin == 0 ? "LNKS" : name);
            aml_int(b, 0);
            aml_close(b, row);
        }
    }
    aml_close(b, all);
}

static void add_routing(const struct pc_tables *t, GByteArray *b)
{
    uint32_t method, branch;

    if (!pc_is_q35(t->pc)) {
        aml_name(b, "_PRT");
        add_routes(t, b, "LNK");
        return;
    }
    aml_name(b, "PRTA");
    add_routes(t, b, "GSI");
    aml_name(b, "PRTP");
    add_routes(t, b, "LNK");
    method = aml_method(b, "_PRT", 0, false);
    branch = aml_if(b);
    aml_path(b, "\\PICF");
    aml_return(b);
    aml_path(b, "PRTA");
    aml_close(b, branch);
    aml_return(b);
    aml_path(b, "PRTP");
    aml_close(b, method);
}

/* ---- the host bridge ---- */

/* Memory below 4 GiB goes from the end of RAM to the IOAPIC; the configuration space is not a part of it. Always two windows,
 * so that the table's size does not depend on what firmware does; one may be a page. */
static void add_low_windows(const struct pc_tables *t, GByteArray *b)
{
    const uint64_t last = 0xfebfffff;
    uint64_t first = MAX(t->pc->low_bytes, 0x1000000);

    if (!t->ecam) {
        aml_res_window(b, WINDOW_MEMORY, 4, first, last, 0);
        return;
    }
    if (t->ecam > first) {
        aml_res_window(b, WINDOW_MEMORY, 4, first, t->ecam - 1, 0);
    } else {
        aml_res_window(b, WINDOW_MEMORY, 4, 0xfed40000, 0xfed40fff, 0);
    }
    if (t->ecam + t->ecam_bytes < last) {
        aml_res_window(b, WINDOW_MEMORY, 4, t->ecam + t->ecam_bytes, last, 0);
    } else {
        aml_res_window(b, WINDOW_MEMORY, 4, 0xfed41000, 0xfed41fff, 0);
    }
}

static void add_windows(const struct pc_tables *t, GByteArray *b)
{
    uint32_t template;

    aml_name(b, "_CRS");
    template = aml_resources(b);
    aml_res_window(b, WINDOW_BUS, 2, 0, 0xff, 0);
    aml_res_io(b, 0xcf8, 8);
    aml_res_window(b, WINDOW_IO, 2, 0, 0xcf7, 0);
    aml_res_window(b, WINDOW_IO, 2, 0xd00, 0xffff, 0);
    aml_res_window(b, WINDOW_MEMORY, 4, 0xa0000, 0xbffff, 0);
    add_low_windows(t, b);
    aml_res_window(b, WINDOW_MEMORY, 8, t->high, t->high_last, 0);
    aml_resources_end(b, template);
}

/* What the system may control of PCI Express (PCI firmware specification 3.3, 4.5): whatever it asks for. */
static void add_osc(GByteArray *b)
{
    uint32_t method = aml_method(b, "_OSC", 4, true), branch;

    branch = aml_if(b);
    aml_op(b, AML_LEQUAL);
    aml_op(b, AML_ARG0);
    aml_uuid(b, "33db4d5b-1ff7-401c-9657-7441c03dd766");
    aml_return(b);
    aml_op(b, AML_ARG3);
    aml_close(b, branch);
    aml_op(b, AML_CREATE_DWORD_FIELD);
    aml_op(b, AML_ARG3);
    aml_int(b, 0);
    aml_path(b, "CDW1");
    aml_op(b, AML_STORE);           /* unrecognised UUID, failure */
    aml_int(b, 5);
    aml_path(b, "CDW1");
    aml_return(b);
    aml_op(b, AML_ARG3);
    aml_close(b, method);
}

/* ---- ISA devices ---- */

struct isa_row {
    const char *name, *hid;
    struct { uint16_t port; uint8_t len; } io[2];
    uint8_t irq;
    const char *needs;              /* id of the board's device; NULL: always there */
};

static const struct isa_row isa_rows[] = {
    { "RTC", "PNP0B00", { { 0x70, 8 } }, 8, NULL },
    { "KBD", "PNP0303", { { 0x60, 1 }, { 0x64, 1 } }, 1, NULL },
    { "MOU", "PNP0F13", { { 0 } }, 12, NULL },
    { "COM1", "PNP0501", { { 0x3f8, 8 } }, 4, "serial0" },
    { "COM2", "PNP0501", { { 0x2f8, 8 } }, 3, "serial1" },
};

static void add_isa_device(GByteArray *b, const struct isa_row *r, unsigned uid)
{
    uint32_t device = aml_device(b, r->name), template;

    aml_name_eisaid(b, "_HID", r->hid);
    aml_name_int(b, "_UID", uid);
    aml_name_int(b, "_STA", 0x0f);
    aml_name(b, "_CRS");
    template = aml_resources(b);
    for (unsigned i = 0; i < G_N_ELEMENTS(r->io); i++) {
        if (r->io[i].port) {
            aml_res_io(b, r->io[i].port, r->io[i].len);
        }
    }
    aml_res_irq(b, r->irq);
    aml_resources_end(b, template);
    aml_close(b, device);
}

static void add_isa(const struct pc_tables *t, GByteArray *b)
{
    uint32_t device = aml_device(b, "ISA"), field;
    char name[5];

    aml_name_int(b, "_ADR", pc_is_q35(t->pc) ? 0x1f0000 : 0x10000);
    aml_region(b, "PIRQ", SPACE_PCI_CONFIG, 0x60, 0x0c);
    field = aml_field(b, "PIRQ");
    for (unsigned n = 0; n < pirqs(t); n++) {
        if (n == 4) {
            aml_field_row(b, NULL, 32);
        }
        link_name(name, "PRQ", n);
        aml_field_row(b, name, 8);
    }
    aml_close(b, field);
    for (unsigned i = 0; i < G_N_ELEMENTS(isa_rows); i++) {
        const struct isa_row *r = &isa_rows[i];

        if (!r->needs || device_find(t->m, r->needs)) {
            add_isa_device(b, r, g_ascii_isdigit(r->name[3]) ? r->name[3] - '0' : 0);
        }
    }
    aml_close(b, device);
}

static void add_pci(const struct pc_tables *t, GByteArray *b)
{
    uint32_t device = aml_device(b, "PCI0");

    aml_name_eisaid(b, "_HID", pc_is_q35(t->pc) ? "PNP0A08" : "PNP0A03");
    if (pc_is_q35(t->pc)) {
        aml_name_eisaid(b, "_CID", "PNP0A03");
        add_osc(b);
    }
    aml_name_int(b, "_ADR", 0);
    aml_name_int(b, "_UID", 0);
    aml_name_int(b, "_BBN", 0);
    add_windows(t, b);
    add_routing(t, b);
    add_isa(t, b);
    aml_close(b, device);
}

/* ---- the rest of \_SB ---- */

static void add_cpus(const struct pc_tables *t, GByteArray *b)
{
    uint32_t container = aml_device(b, "CPUS");

    aml_name_string(b, "_HID", "ACPI0010");
    aml_name_eisaid(b, "_CID", "PNP0A05");
    for (unsigned i = 0; i < t->m->cpus->len; i++) {
        g_autofree char *name = g_strdup_printf("C%03X", i);
        uint32_t device = aml_device(b, name);

        aml_name_string(b, "_HID", "ACPI0007");
        aml_name_int(b, "_UID", i);
        aml_close(b, device);
    }
    aml_close(b, container);
}

static void add_fw_cfg(GByteArray *b)
{
    uint32_t device = aml_device(b, "FWCF"), template;

    aml_name_string(b, "_HID", "QEMU0002");
    aml_name_int(b, "_STA", 0x0b);
    aml_name(b, "_CRS");
    template = aml_resources(b);
    aml_res_io(b, 0x510, 12);
    aml_resources_end(b, template);
    aml_close(b, device);
}

static void add_hpet(GByteArray *b)
{
    uint32_t device = aml_device(b, "HPET"), template;

    aml_name_eisaid(b, "_HID", "PNP0103");
    aml_name_int(b, "_UID", 0);
    aml_name(b, "_CRS");
    template = aml_resources(b);
    aml_res_memory32(b, false, HPET_ADDRESS, HPET_BYTES);
    aml_resources_end(b, template);
    aml_close(b, device);
}

/* The configuration space, and ports that are in no device's resources, are nobody else's. */
static void add_reserved(const struct pc_tables *t, GByteArray *b)
{
    uint32_t device = aml_device(b, "DRAC"), template;

    aml_name_eisaid(b, "_HID", "PNP0C01");
    aml_name(b, "_CRS");
    template = aml_resources(b);
    if (t->ecam) {
        aml_res_memory32(b, true, t->ecam, t->ecam_bytes);
    }
    aml_res_io(b, 0xb2, 2);
    aml_resources_end(b, template);
    aml_close(b, device);
}

/* S4 and S5: what goes into SLP_TYP. */
static void add_sleep_state(GByteArray *b, const char *name, unsigned type)
{
    uint32_t package;

    aml_name(b, name);
    package = aml_package(b, 4);
    aml_int(b, type);
    aml_int(b, type);
    aml_int(b, 0);
    aml_int(b, 0);
    aml_close(b, package);
}

/* PICF: whether the system uses the IOAPIC. */
static void add_pic_method(GByteArray *b)
{
    uint32_t method;

    aml_name_int(b, "\\PICF", 0);
    method = aml_method(b, "\\_PIC", 1, false);
    aml_op(b, AML_STORE);
    aml_op(b, AML_ARG0);
    aml_path(b, "\\PICF");
    aml_close(b, method);
}

uint32_t pc_add_dsdt(const struct pc_tables *t)
{
    GByteArray *b = t->a->tables;
    uint32_t start = acpi_begin(t->a, "DSDT", 1), scope;

    add_pic_method(b);
    scope = aml_scope(b, "\\_SB");
    add_pci(t, b);
    add_links(t, b);
    add_cpus(t, b);
    add_fw_cfg(b);
    if (device_find(t->m, "hpet")) {
        add_hpet(b);
    }
    add_reserved(t, b);
    aml_close(b, scope);
    add_sleep_state(b, "\\_S4", 2);
    add_sleep_state(b, "\\_S5", 0);
    acpi_end(t->a);
    return start;
}
