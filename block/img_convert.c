/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doppel-img convert: copies what an image and its backing files hold into a new image. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block/img.h"
#include "util/iov.h"

#define CHUNK (1u << 20)
#define HOLE_BYTES 4096   /* so many zeroes in a row are not written */

struct args {
    const char *from_format, *to_format, *backing, *backing_format;
    bool progress, quiet, no_create;
    struct options *o;
};

static bool parse(struct args *a, int argc, char **argv, GError **err)
{
    int opt;

    *a = (struct args){ .to_format = "raw", .o = options_new("-o") };
    while ((opt = getopt(argc, argv, "f:O:B:F:o:pqn")) != -1) {
        switch (opt) {
        case 'f':
            a->from_format = optarg;
            break;
        case 'O':
            a->to_format = optarg;
            break;
        case 'B':
            a->backing = optarg;
            break;
        case 'F':
            a->backing_format = optarg;
            break;
        case 'o':
            options_free(a->o);
            a->o = options_parse("-o", optarg, NULL, err);
            if (!a->o) {
                return false;
            }
            break;
        case 'p':
            a->progress = true;
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'n':
            a->no_create = true;
            break;
        default:
            g_set_error(err, BLOCK_ERROR, 0, "convert: see doppel-img --help");
            return false;
        }
    }
    if (!block_format_find(a->to_format)) {
        g_set_error(err, BLOCK_ERROR, 0, "-O %s is not supported; raw and qcow2 are", a->to_format);
        return false;
    }
    if (argc != optind + 2) {
        g_set_error(err, BLOCK_ERROR, 0, "convert: it takes two files; see doppel-img --help");
        return false;
    }
    return true;
}

/* Writes what is not zero; base: write also the zeroes, unless the base has them as well. */
static int write_chunk(struct block_backend *to, uint64_t offset, uint8_t *buf, size_t len, bool dense)
{
    size_t at = 0;

    if (dense) {
        return block_pwrite(to, offset, buf, len);
    }
    while (at < len) {
        size_t end = at, unit;

        while (end < len && !buf_is_zero(buf + end, unit = MIN(HOLE_BYTES, len - end))) {
            end += unit;
        }
        if (end > at) {
            int ret = block_pwrite(to, offset + at, buf + at, end - at);

            if (ret) {
                return ret;
            }
        }
        at = end + MIN(HOLE_BYTES, len - end);
    }
    return 0;
}

/* Length of the stretch from offset on that certainly reads as zeroes, 0 if it holds data. */
static uint64_t zeroes_ahead(struct block_image *img, uint64_t offset)
{
    struct block_extent e;

    if (img->format->extent(img, offset, img->length - offset, &e) || !e.zero) {
        return 0;
    }
    return e.len;
}

static int copy(struct block_image *from, struct block_backend *to, const struct args *a)
{
    g_autofree uint8_t *buf = g_malloc(CHUNK), *old = g_malloc(CHUNK);
    uint64_t offset = 0;
    int ret = 0;

    while (offset < from->length && !ret) {
        size_t len = MIN(CHUNK, from->length - offset);
        bool dense = a->no_create;
        uint64_t skip = a->backing || dense ? 0 : zeroes_ahead(from, offset);

        if (skip) {
            offset += skip;
            continue;
        }
        ret = block_image_read(from, offset, buf, len);
        if (!ret && a->backing) {
            /* The new image shows its base until something is written: only differences are. */
            ret = block_pread(to, offset, old, len);
            dense = ret || memcmp(buf, old, len);
            if (!ret && !dense) {
                offset += len;
                continue;
            }
        }
        ret = ret ? ret : write_chunk(to, offset, buf, len, dense);
        offset += len;
        if (a->progress) {
            printf("    (%.2f/100%%)\r", 100.0 * offset / from->length);
            fflush(stdout);
        }
    }
    if (a->progress && !ret) {
        printf("    (100.00/100%%)\n");
    }
    return ret;
}

static struct block_backend *open_output(const char *path, const struct args *a, uint64_t length, GError **err)
{
    struct block_config c;
    struct block_backend *to;

    if (!a->no_create && !img_make(path, a->to_format, length, a->backing, a->backing_format, a->o, err)) {
        return NULL;
    }
    block_config_defaults(&c);
    c.file = path;
    c.format = a->to_format;
    c.id = "output";
    to = block_open(&c, err);
    if (to && block_length(to) < length) {
        g_set_error(err, BLOCK_ERROR, 0, "'%s' is smaller than the source: %" PRIu64 " and %" PRIu64 " bytes", path,
                    block_length(to), length);
        block_close(to);
        return NULL;
    }
    return to;
}

int img_convert(int argc, char **argv)
{
    struct block_image *from;
    struct block_backend *to;
    GError *err = NULL;
    struct args a;
    int ret;

    if (!parse(&a, argc, argv, &err)) {
        return img_fail(err);
    }
    from = block_image_open(argv[optind], a.from_format, BLOCK_FILE_LOCK, false, "source", NULL, &err);
    if (!from) {
        return img_fail(err);
    }
    to = open_output(argv[optind + 1], &a, from->length, &err);
    if (!to) {
        block_image_close(from);
        return img_fail(err);
    }
    ret = copy(from, to, &a);
    ret = ret ? ret : block_flush_sync(to);
    block_close(to);
    block_image_close(from);
    options_free(a.o);
    return ret ? img_fail_text("convert: %s", g_strerror(-ret)) : 0;
}
