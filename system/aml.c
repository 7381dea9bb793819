/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI machine language: terms and resource descriptors as bytes (ACPI 6.5, chapters 20 and 6.4). */
#include <string.h>

#include "system/acpi.h"

enum { ZERO_OP = 0x00, ONE_OP = 0x01, NAME_OP = 0x08, BYTE_PREFIX = 0x0a, WORD_PREFIX = 0x0b, DWORD_PREFIX = 0x0c,
       STRING_PREFIX = 0x0d, QWORD_PREFIX = 0x0e, SCOPE_OP = 0x10, BUFFER_OP = 0x11, PACKAGE_OP = 0x12, METHOD_OP = 0x14,
       DUAL_NAME = 0x2e, MULTI_NAME = 0x2f, EXT_PREFIX = 0x5b, EXT_DEVICE = 0x82, EXT_REGION = 0x80, EXT_FIELD = 0x81,
       IF_OP = 0xa0, ELSE_OP = 0xa1, RETURN_OP = 0xa4 };

static void put(GByteArray *b, uint64_t v, unsigned bytes)
{
    v = GUINT64_TO_LE(v);
    g_byte_array_append(b, (const guint8 *)&v, bytes);
}

static void insert(GByteArray *b, uint32_t at, const uint8_t *bytes, unsigned len)
{
    g_byte_array_append(b, bytes, len);
    memmove(b->data + at + len, b->data + at, b->len - len - at);
    memcpy(b->data + at, bytes, len);
}

/* A length of 6, 12, 20 or 28 bits, with extra bytes after the first (20.2.4). */
static void encode_length(uint8_t *bytes, uint32_t len, unsigned extra)
{
    bytes[0] = extra ? extra << 6 | (len & 15) : len;
    for (unsigned i = 1; i <= extra; i++) {
        bytes[i] = len >> (4 + 8 * (i - 1));
    }
}

/* The length of a package goes before its contents and counts itself. */
void aml_close(GByteArray *b, uint32_t start)
{
    uint32_t len = b->len - start;
    unsigned extra = len + 1 < 0x40 ? 0 : len + 2 < 0x1000 ? 1 : len + 3 < 0x100000 ? 2 : 3;
    uint8_t bytes[4];

    encode_length(bytes, len + 1 + extra, extra);
    insert(b, start, bytes, 1 + extra);
}

/* ---- names ---- */

static unsigned segments(const char *path)
{
    unsigned n = *path ? 1 : 0;

    for (; *path; path++) {
        n += *path == '.';
    }
    return n;
}

void aml_path(GByteArray *b, const char *path)
{
    unsigned n;

    for (; *path == '\\' || *path == '^'; path++) {
        put(b, *path, 1);
    }
    n = segments(path);
    if (!n) {
        put(b, 0, 1);
    } else if (n == 2) {
        put(b, DUAL_NAME, 1);
    } else if (n > 2) {
        put(b, MULTI_NAME, 1);
        put(b, n, 1);
    }
    while (n--) {
        size_t len = strcspn(path, ".");

        g_assert(len && len <= 4);
        g_byte_array_append(b, (const guint8 *)path, len);
        g_byte_array_append(b, (const guint8 *)"___", 4 - len);
        path += len + (path[len] == '.');
    }
}

uint32_t aml_scope(GByteArray *b, const char *path)
{
    uint32_t start;

    put(b, SCOPE_OP, 1);
    start = b->len;
    aml_path(b, path);
    return start;
}

uint32_t aml_device(GByteArray *b, const char *name)
{
    uint32_t start;

    put(b, EXT_PREFIX | EXT_DEVICE << 8, 2);
    start = b->len;
    aml_path(b, name);
    return start;
}

uint32_t aml_method(GByteArray *b, const char *name, unsigned args, bool serialized)
{
    uint32_t start;

    put(b, METHOD_OP, 1);
    start = b->len;
    aml_path(b, name);
    put(b, args | (serialized ? 8 : 0), 1);
    return start;
}

uint32_t aml_package(GByteArray *b, unsigned elements)
{
    uint32_t start;

    g_assert(elements < 256);
    put(b, PACKAGE_OP, 1);
    start = b->len;
    put(b, elements, 1);
    return start;
}

uint32_t aml_if(GByteArray *b)
{
    put(b, IF_OP, 1);
    return b->len;
}

uint32_t aml_else(GByteArray *b)
{
    put(b, ELSE_OP, 1);
    return b->len;
}

void aml_region(GByteArray *b, const char *name, unsigned space, uint64_t offset, uint64_t len)
{
    put(b, EXT_PREFIX | EXT_REGION << 8, 2);
    aml_path(b, name);
    put(b, space, 1);
    aml_int(b, offset);
    aml_int(b, len);
}

uint32_t aml_field(GByteArray *b, const char *region)
{
    enum { BYTE_ACCESS = 1 };
    uint32_t start;

    put(b, EXT_PREFIX | EXT_FIELD << 8, 2);
    start = b->len;
    aml_path(b, region);
    put(b, BYTE_ACCESS, 1);
    return start;
}

void aml_field_row(GByteArray *b, const char *name, unsigned bits)
{
    unsigned extra = bits < 0x40 ? 0 : 1;
    uint8_t bytes[2];

    g_assert(bits < 0x1000);
    if (name) {
        aml_path(b, name);
    } else {
        put(b, 0, 1);
    }
    encode_length(bytes, bits, extra);
    g_byte_array_append(b, bytes, 1 + extra);
}

void aml_name(GByteArray *b, const char *path)
{
    put(b, NAME_OP, 1);
    aml_path(b, path);
}

/* ---- values ---- */

void aml_int(GByteArray *b, uint64_t v)
{
    if (v <= 1) {
        put(b, v ? ONE_OP : ZERO_OP, 1);
    } else if (v <= UINT8_MAX) {
        put(b, BYTE_PREFIX | v << 8, 2);
    } else if (v <= UINT16_MAX) {
        put(b, WORD_PREFIX | v << 8, 3);
    } else if (v <= UINT32_MAX) {
        put(b, DWORD_PREFIX | v << 8, 5);
    } else {
        put(b, QWORD_PREFIX, 1);
        put(b, v, 8);
    }
}

void aml_string(GByteArray *b, const char *text)
{
    put(b, STRING_PREFIX, 1);
    g_byte_array_append(b, (const guint8 *)text, strlen(text) + 1);
}

/* Three letters of five bits, four hexadecimal digits, big-endian (19.3.4). */
void aml_eisaid(GByteArray *b, const char *id)
{
    uint32_t v = 0;

    g_assert(strlen(id) == 7);
    v = (uint32_t)(id[0] - 0x40) << 26 | (uint32_t)(id[1] - 0x40) << 21 | (uint32_t)(id[2] - 0x40) << 16;
    for (unsigned i = 0; i < 4; i++) {
        v |= (uint32_t)g_ascii_xdigit_value(id[3 + i]) << (12 - 4 * i);
    }
    put(b, DWORD_PREFIX, 1);
    put(b, GUINT32_SWAP_LE_BE(v), 4);
}

void aml_bytes(GByteArray *b, const void *data, unsigned len)
{
    uint32_t start;

    put(b, BUFFER_OP, 1);
    start = b->len;
    aml_int(b, len);
    g_byte_array_append(b, data, len);
    aml_close(b, start);
}

/* The first three groups are little-endian numbers (19.6.142). */
void aml_uuid(GByteArray *b, const char *uuid)
{
    static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
    uint8_t bytes[16];
    unsigned n = 0;

    for (; n < 16; uuid += 2) {
        uuid += *uuid == '-';
        bytes[order[n++]] = g_ascii_xdigit_value(uuid[0]) << 4 | g_ascii_xdigit_value(uuid[1]);
    }
    aml_bytes(b, bytes, sizeof(bytes));
}

void aml_return(GByteArray *b)
{
    put(b, RETURN_OP, 1);
}

void aml_op(GByteArray *b, uint8_t op)
{
    put(b, op, 1);
}

void aml_name_int(GByteArray *b, const char *path, uint64_t v)
{
    aml_name(b, path);
    aml_int(b, v);
}

void aml_name_string(GByteArray *b, const char *path, const char *text)
{
    aml_name(b, path);
    aml_string(b, text);
}

void aml_name_eisaid(GByteArray *b, const char *path, const char *id)
{
    aml_name(b, path);
    aml_eisaid(b, id);
}

/* ---- resources ---- */

/* A Buffer whose size is an integer term before the bytes: always of two bytes, patched at the end. */
uint32_t aml_resources(GByteArray *b)
{
    uint32_t start;

    put(b, BUFFER_OP, 1);
    start = b->len;
    put(b, WORD_PREFIX, 3);
    return start;
}

void aml_resources_end(GByteArray *b, uint32_t start)
{
    uint32_t len;

    put(b, 0x79, 2);            /* end tag; a checksum of 0 counts as right */
    len = b->len - start - 3;
    b->data[start + 1] = len;
    b->data[start + 2] = len >> 8;
    aml_close(b, start);
}

void aml_res_memory32(GByteArray *b, bool writable, uint32_t base, uint32_t len)
{
    put(b, 0x86, 1);            /* 32-bit fixed memory range */
    put(b, 9, 2);
    put(b, writable, 1);
    put(b, base, 4);
    put(b, len, 4);
}

void aml_res_io(GByteArray *b, uint16_t base, uint8_t len)
{
    put(b, 0x47, 1);            /* I/O port, all 16 bits decoded */
    put(b, 1, 1);
    put(b, base, 2);
    put(b, base, 2);
    put(b, 1, 1);
    put(b, len, 1);
}

void aml_res_irq(GByteArray *b, unsigned irq)
{
    put(b, 0x22, 1);            /* IRQ without flags */
    put(b, 1u << irq, 2);
}

void aml_res_interrupts(GByteArray *b, enum aml_interrupt mode, const uint32_t *gsis, unsigned n)
{
    put(b, 0x89, 1);            /* extended interrupt */
    put(b, 2 + 4 * n, 2);
    put(b, mode, 1);
    put(b, n, 1);
    for (unsigned i = 0; i < n; i++) {
        put(b, gsis[i], 4);
    }
}

void aml_res_interrupt(GByteArray *b, enum aml_interrupt mode, uint32_t gsi)
{
    aml_res_interrupts(b, mode, &gsi, 1);
}

void aml_res_gpio_interrupt(GByteArray *b, uint16_t pin, const char *path)
{
    enum { PINS_AT = 23, NAME_AT = 25, EDGE_HIGH = 1, CONSUMER = 1 };
    unsigned end = NAME_AT + strlen(path) + 1;

    put(b, 0x8c, 1);            /* GPIO connection */
    put(b, end - 3, 2);
    put(b, 1, 1);               /* revision */
    put(b, 0, 1);               /* an interrupt */
    put(b, CONSUMER, 2);
    put(b, EDGE_HIGH, 2);
    put(b, 0, 1);               /* pin configuration: default; drive, debounce: none */
    put(b, 0, 4);
    put(b, PINS_AT, 2);
    put(b, 0, 1);
    put(b, NAME_AT, 2);
    put(b, end, 2);             /* vendor data: none */
    put(b, 0, 2);
    put(b, pin, 2);
    g_byte_array_append(b, (const guint8 *)path, strlen(path) + 1);
}

void aml_res_window(GByteArray *b, unsigned type, unsigned bytes, uint64_t first, uint64_t last, uint64_t translation)
{
    put(b, bytes == 2 ? 0x88 : bytes == 4 ? 0x87 : 0x8a, 1);    /* word, dword, qword address space */
    put(b, 3 + 5 * bytes, 2);
    put(b, type, 1);
    put(b, 0x0c, 1);            /* producer, positive decode, both ends fixed */
    put(b, type == 0 ? 0x01 : type == 1 ? 0x03 : 0, 1);     /* writable, not cacheable; the entire range; none */
    put(b, 0, bytes);
    put(b, first, bytes);
    put(b, last, bytes);
    put(b, translation, bytes);
    put(b, last - first + 1, bytes);
}
