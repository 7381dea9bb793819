/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/surface.h"

#include <string.h>
#include <zlib.h>

struct surface *surface_new(unsigned width, unsigned height)
{
    struct surface *s = g_new(struct surface, 1);

    g_assert(width && height && width <= SURFACE_SIDE_MAX && height <= SURFACE_SIDE_MAX);
    *s = (struct surface) { width, height, g_malloc0_n((size_t)width * height, sizeof(uint32_t)) };
    return s;
}

void surface_free(struct surface *s)
{
    if (s) {
        g_free(s->pixels);
        g_free(s);
    }
}

/* One row as bytes R, G, B. */
static void row_rgb(const struct surface *s, unsigned y, uint8_t *to)
{
    const uint32_t *from = surface_row(s, y);

    for (unsigned x = 0; x < s->width; x++) {
        *to++ = from[x] >> 16;
        *to++ = from[x] >> 8;
        *to++ = from[x];
    }
}

GByteArray *surface_ppm(const struct surface *s)
{
    g_autofree char *head = g_strdup_printf("P6\n%u %u\n255\n", s->width, s->height);
    size_t row = (size_t)s->width * 3, at = strlen(head);
    GByteArray *out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)head, at);
    g_byte_array_set_size(out, at + row * s->height);
    for (unsigned y = 0; y < s->height; y++) {
        row_rgb(s, y, out->data + at + y * row);
    }
    return out;
}

/* ---- PNG: zlib is here anyway, so the format's own library is not worth a dependency ---- */

static void append_u32(GByteArray *out, uint32_t v)
{
    v = GUINT32_TO_BE(v);
    g_byte_array_append(out, (const guint8 *)&v, 4);
}

/* Length, type, data, CRC of the latter two (5.3). */
static void append_chunk(GByteArray *out, const char *type, const uint8_t *data, size_t len)
{
    uint32_t crc = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);

    append_u32(out, len);
    g_byte_array_append(out, (const guint8 *)type, 4);
    if (len) {
        g_byte_array_append(out, data, len);
        crc = crc32(crc, data, len);
    }
    append_u32(out, crc);
}

/* Each row is preceded by its filter: 0 for the first, 2 ("up", 9.2) for the others, since screens have large areas of
 * one colour. */
static uint8_t *filtered(const struct surface *s, size_t *len)
{
    size_t row = (size_t)s->width * 3;
    uint8_t *all = g_malloc0_n(s->height, row + 1), *to = all;
    g_autofree uint8_t *above = g_malloc0(row), *now = g_malloc(row);

    for (unsigned y = 0; y < s->height; y++) {
        row_rgb(s, y, now);
        *to++ = y ? 2 : 0;
        for (size_t i = 0; i < row; i++) {
            *to++ = now[i] - above[i];
        }
        memcpy(above, now, row);
    }
    *len = s->height * (row + 1);
    return all;
}

GByteArray *surface_png(const struct surface *s)
{
    static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    const uint32_t size[2] = { GUINT32_TO_BE(s->width), GUINT32_TO_BE(s->height) };
    uint8_t header[13] = { [8] = 8, [9] = 2 };     /* bits for each sample; RGB */
    GByteArray *out = g_byte_array_new();
    size_t len;
    g_autofree uint8_t *raw = filtered(s, &len);
    uLongf packed_len = compressBound(len);
    g_autofree uint8_t *packed = g_malloc(packed_len);

    memcpy(header, size, sizeof size);
    if (compress2(packed, &packed_len, raw, len, Z_BEST_SPEED) != Z_OK) {
        g_error("zlib: out of memory");
    }
    g_byte_array_append(out, signature, sizeof signature);
    append_chunk(out, "IHDR", header, sizeof header);
    append_chunk(out, "IDAT", packed, packed_len);
    append_chunk(out, "IEND", NULL, 0);
    return out;
}
