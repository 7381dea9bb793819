/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/acpi.h"

#include <string.h>

enum { HEADER_BYTES = 36, LENGTH_AT = 4, CHECKSUM_AT = 9, ALIGN = 64 };
#define OEM_ID "DOPPEL"
#define OEM_TABLE_ID "VIRTUAL "

/* The script's commands: 128 bytes each, names 56. */
enum { LOADER_ALLOCATE = 1, LOADER_ADD_POINTER = 2, LOADER_ADD_CHECKSUM = 3, LOADER_BYTES = 128, NAME_BYTES = 56 };
enum { ZONE_HIGH = 1, ZONE_FSEG = 2 };

static void put(GByteArray *b, uint64_t v, unsigned bytes)
{
    v = GUINT64_TO_LE(v);
    g_byte_array_append(b, (const guint8 *)&v, bytes);
}

static void put_name(GByteArray *b, const char *name, unsigned bytes)
{
    g_autofree char *field = g_malloc0(bytes + 1);

    memcpy(field, name, MIN(strlen(name), bytes));
    g_byte_array_append(b, (const guint8 *)field, bytes);
}

/* ---- the script ---- */

static void loader_pad(GByteArray *l)
{
    static const guint8 zeroes[LOADER_BYTES];

    g_byte_array_append(l, zeroes, LOADER_BYTES - l->len % LOADER_BYTES);
}

static void loader_allocate(struct acpi *a, const char *file, uint32_t align, uint8_t zone)
{
    put(a->loader, LOADER_ALLOCATE, 4);
    put_name(a->loader, file, NAME_BYTES);
    put(a->loader, align, 4);
    put(a->loader, zone, 1);
    loader_pad(a->loader);
}

/* The field in `in` holds an offset in the tables' file; the firmware adds that file's address. */
static void loader_pointer(struct acpi *a, const char *in, uint32_t offset, uint8_t bytes)
{
    put(a->loader, LOADER_ADD_POINTER, 4);
    put_name(a->loader, in, NAME_BYTES);
    put_name(a->loader, ACPI_FILE_TABLES, NAME_BYTES);
    put(a->loader, offset, 4);
    put(a->loader, bytes, 1);
    loader_pad(a->loader);
}

static void loader_checksum(struct acpi *a, const char *file, uint32_t at, uint32_t start, uint32_t len)
{
    put(a->loader, LOADER_ADD_CHECKSUM, 4);
    put_name(a->loader, file, NAME_BYTES);
    put(a->loader, at, 4);
    put(a->loader, start, 4);
    put(a->loader, len, 4);
    loader_pad(a->loader);
}

/* ---- tables ---- */

struct acpi *acpi_new(void)
{
    struct acpi *a = g_new0(struct acpi, 1);

    a->tables = g_byte_array_new();
    a->rsdp = g_byte_array_new();
    a->loader = g_byte_array_new();
    a->listed = g_array_new(false, false, sizeof(uint32_t));
    loader_allocate(a, ACPI_FILE_RSDP, 16, ZONE_FSEG);
    loader_allocate(a, ACPI_FILE_TABLES, ALIGN, ZONE_HIGH);
    return a;
}

void acpi_delete(struct acpi *a)
{
    g_byte_array_free(a->tables, true);
    g_byte_array_free(a->rsdp, true);
    g_byte_array_free(a->loader, true);
    g_array_free(a->listed, true);
    g_free(a);
}

void acpi_put(struct acpi *a, uint64_t value, unsigned bytes)
{
    put(a->tables, value, bytes);
}

void acpi_zeroes(struct acpi *a, unsigned bytes)
{
    for (; bytes; bytes--) {
        put(a->tables, 0, 1);
    }
}

void acpi_text(struct acpi *a, const char *text, unsigned bytes)
{
    put_name(a->tables, text, bytes);
}

void acpi_patch(struct acpi *a, uint32_t offset, uint64_t value, unsigned bytes)
{
    g_assert(offset + bytes <= a->tables->len);
    value = GUINT64_TO_LE(value);
    memcpy(a->tables->data + offset, &value, bytes);
}

static void align(struct acpi *a, unsigned to)
{
    acpi_zeroes(a, -a->tables->len % to);
}

uint32_t acpi_begin(struct acpi *a, const char *signature, uint8_t revision)
{
    g_assert(!a->open);
    if (!a->tables->len) {
        acpi_zeroes(a, ALIGN);  /* so that no table has offset 0, which means "none" here */
    }
    align(a, 8);
    a->open = a->tables->len;
    acpi_text(a, signature, 4);
    acpi_put(a, 0, 4);
    acpi_put(a, revision, 1);
    acpi_put(a, 0, 1);
    acpi_text(a, OEM_ID, 6);
    acpi_text(a, OEM_TABLE_ID, 8);
    acpi_put(a, 1, 4);
    acpi_text(a, "DOPL", 4);
    acpi_put(a, 1, 4);
    if (!strncmp(signature, "DSDT", 4)) {
        a->dsdt = a->open;
    } else if (strncmp(signature, "XSDT", 4) && strncmp(signature, "RSDT", 4)) {
        g_array_append_val(a->listed, a->open);
    }
    return a->open;
}

void acpi_end(struct acpi *a)
{
    uint32_t len = a->tables->len - a->open;

    g_assert(a->open);
    acpi_patch(a, a->open + LENGTH_AT, len, 4);
    loader_checksum(a, ACPI_FILE_TABLES, a->open + CHECKSUM_AT, a->open, len);
    a->open = 0;
}

void acpi_address(struct acpi *a, uint32_t table, unsigned bytes)
{
    if (table) {
        loader_pointer(a, ACPI_FILE_TABLES, a->tables->len, bytes);
    }
    acpi_put(a, table, bytes);
}

void acpi_gas(struct acpi *a, unsigned space, unsigned bits, unsigned access, uint64_t address)
{
    acpi_put(a, space, 1);
    acpi_put(a, bits, 1);
    acpi_put(a, 0, 1);
    acpi_put(a, access, 1);
    acpi_put(a, address, 8);
}

uint32_t acpi_facs(struct acpi *a)
{
    g_assert(!a->open);
    if (!a->tables->len) {
        acpi_zeroes(a, ALIGN);
    }
    align(a, ALIGN);
    a->facs = a->tables->len;
    acpi_text(a, "FACS", 4);
    acpi_put(a, 64, 4);
    acpi_zeroes(a, 56);
    return a->facs;
}

/* XSDT or RSDT: the addresses of the others. */
static uint32_t list_tables(struct acpi *a, const char *signature, unsigned bytes)
{
    uint32_t start = acpi_begin(a, signature, 1);

    for (guint i = 0; i < a->listed->len; i++) {
        acpi_address(a, g_array_index(a->listed, uint32_t, i), bytes);
    }
    acpi_end(a);
    return start;
}

/* 5.2.5.3. Revision 0 is the 20-byte form with an RSDT only, which old PC firmware and systems take. */
void acpi_finish(struct acpi *a, unsigned rsdp_revision)
{
    enum { RSDP_CHECKSUM_AT = 8, RSDP_RSDT_AT = 16, RSDP_V0_BYTES = 20, RSDP_XSDT_AT = 24, RSDP_EXTENDED_AT = 32,
           RSDP_BYTES = 36 };
    uint32_t list = rsdp_revision ? list_tables(a, "XSDT", 8) : list_tables(a, "RSDT", 4);

    put_name(a->rsdp, "RSD PTR ", 8);
    put(a->rsdp, 0, 1);
    put_name(a->rsdp, OEM_ID, 6);
    put(a->rsdp, rsdp_revision, 1);
    put(a->rsdp, rsdp_revision ? 0 : list, 4);
    if (rsdp_revision) {
        put(a->rsdp, RSDP_BYTES, 4);
        put(a->rsdp, list, 8);
        put(a->rsdp, 0, 4);
        loader_pointer(a, ACPI_FILE_RSDP, RSDP_XSDT_AT, 8);
    } else {
        loader_pointer(a, ACPI_FILE_RSDP, RSDP_RSDT_AT, 4);
    }
    loader_checksum(a, ACPI_FILE_RSDP, RSDP_CHECKSUM_AT, 0, RSDP_V0_BYTES);
    if (rsdp_revision) {
        loader_checksum(a, ACPI_FILE_RSDP, RSDP_EXTENDED_AT, 0, RSDP_BYTES);
    }
}
