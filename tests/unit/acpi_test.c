/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI tables: AML bytes as the specification gives them, and a firmware's reading of the table-loader's script. */
#include "system/acpi.h"

#include <string.h>

static void check(GByteArray *b, const void *bytes, size_t len)
{
    g_assert_cmpmem(b->data, b->len, bytes, len);
    g_byte_array_set_size(b, 0);
}

static void aml_encodes_terms(void)
{
    g_autoptr(GByteArray) b = g_byte_array_new();
    uint32_t at;

    aml_int(b, 0);
    aml_int(b, 1);
    aml_int(b, 2);
    aml_int(b, 0x1234);
    aml_int(b, 0x12345678);
    check(b, "\x00\x01\x0a\x02\x0b\x34\x12\x0c\x78\x56\x34\x12", 12);
    aml_int(b, 0x8000000000);
    check(b, "\x0e\x00\x00\x00\x00\x80\x00\x00\x00", 9);
    aml_path(b, "\\");
    aml_path(b, "\\_SB");
    aml_path(b, "^A.B");
    aml_path(b, "A.B.C");
    check(b, "\\\0\\_SB_^\x2e" "A___B___\x2f\x03" "A___B___C___", 2 + 5 + 10 + 14);
    aml_name_eisaid(b, "_HID", "PNP0A08");
    check(b, "\x08_HID\x0c\x41\xd0\x0a\x08", 10);
    at = aml_device(b, "DEV0");
    aml_name_string(b, "_UID", "x");
    aml_close(b, at);
    check(b, "\x5b\x82\x0d" "DEV0\x08_UID\x0dx", 15);
    aml_uuid(b, "33db4d5b-1ff7-401c-9657-7441c03dd766");
    check(b, "\x11\x13\x0a\x10\x5b\x4d\xdb\x33\xf7\x1f\x1c\x40\x96\x57\x74\x41\xc0\x3d\xd7\x66", 20);
}

/* Lengths from 63 on take two bytes, from 4095 on three. */
static void aml_long_packages(void)
{
    static const unsigned sizes[] = { 62, 63, 4093, 4094 };
    static const uint8_t wanted[][3] = { { 63 }, { 0x41, 0x04 }, { 0x4f, 0xff }, { 0x81, 0x00, 0x01 } };
    static const unsigned len[] = { 1, 2, 2, 3 };

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GByteArray) b = g_byte_array_new();

        g_byte_array_set_size(b, sizes[i]);
        aml_close(b, 0);
        g_assert_cmpuint(b->len, ==, sizes[i] + len[i]);
        g_assert_cmpmem(b->data, len[i], wanted[i], len[i]);
    }
}

static void aml_resources_are_buffers(void)
{
    g_autoptr(GByteArray) b = g_byte_array_new();
    uint32_t at = aml_resources(b);

    aml_res_memory32(b, true, 0x9000000, 0x1000);
    aml_res_interrupt(b, AML_LEVEL_HIGH, 33);
    aml_resources_end(b, at);
    check(b, "\x11\x1b\x0b\x17\x00\x86\x09\x00\x01\x00\x00\x00\x09\x00\x10\x00\x00\x89\x06\x00\x01\x01\x21\x00\x00\x00\x79",
          28);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* What firmware does: tables to 0x100000, RSDP to 0xf0000. */
static void run_script(struct acpi *a, uint8_t *rsdp, uint8_t *tables)
{
    for (const uint8_t *c = a->loader->data; c < a->loader->data + a->loader->len; c += 128) {
        uint8_t *file = !strcmp((const char *)c + 4, ACPI_FILE_RSDP) ? rsdp : tables;

        if (get32(c) == 2) {
            uint8_t *field = file + get32(c + 116);
            uint64_t v = 0;

            memcpy(&v, field, c[120]);
            v += 0x100000;
            memcpy(field, &v, c[120]);
        } else if (get32(c) == 3) {
            uint8_t sum = 0;

            for (uint32_t i = 0; i < get32(c + 68); i++) {
                sum += file[get32(c + 64) + i];
            }
            file[get32(c + 60)] -= sum;
        }
    }
}

static uint8_t sum_of(const uint8_t *p, uint32_t len)
{
    uint8_t sum = 0;

    while (len--) {
        sum += *p++;
    }
    return sum;
}

static void script_places_and_sums_tables(void)
{
    struct acpi *a = acpi_new();
    const uint8_t *xsdt, *table;
    uint32_t dsdt;

    dsdt = acpi_begin(a, "DSDT", 2);
    aml_name_int(a->tables, "\\FOO", 5);
    acpi_end(a);
    acpi_begin(a, "TEST", 1);
    acpi_address(a, dsdt, 8);
    acpi_end(a);
    acpi_finish(a, 2);
    run_script(a, a->rsdp->data, a->tables->data);
    g_assert_cmpmem(a->rsdp->data, 8, "RSD PTR ", 8);
    g_assert_cmpuint(sum_of(a->rsdp->data, 20), ==, 0);
    g_assert_cmpuint(sum_of(a->rsdp->data, 36), ==, 0);
    xsdt = a->tables->data + get32(a->rsdp->data + 24) - 0x100000;
    g_assert_cmpmem(xsdt, 4, "XSDT", 4);
    g_assert_cmpuint(get32(xsdt + 4), ==, 36 + 8);
    g_assert_cmpuint(sum_of(xsdt, 44), ==, 0);
    table = a->tables->data + get32(xsdt + 36) - 0x100000;
    g_assert_cmpmem(table, 4, "TEST", 4);
    g_assert_cmpuint(sum_of(table, 44), ==, 0);
    table = a->tables->data + get32(table + 36) - 0x100000;
    g_assert_cmpmem(table, 4, "DSDT", 4);
    acpi_delete(a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/acpi/aml_encodes_terms", aml_encodes_terms);
    g_test_add_func("/acpi/aml_long_packages", aml_long_packages);
    g_test_add_func("/acpi/aml_resources_are_buffers", aml_resources_are_buffers);
    g_test_add_func("/acpi/script_places_and_sums_tables", script_places_and_sums_tables);
    return g_test_run();
}
