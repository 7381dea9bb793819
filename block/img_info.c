/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doppel-img info, map and check. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "block/img.h"

struct args {
    const char *format, *path;
    bool json, chain, quiet;
    unsigned flags;            /* of the file */
    const char *repair;
};

static bool parse(struct args *a, int argc, char **argv)
{
    static const struct option longs[] = {
        { "output", required_argument, NULL, 'o' }, { "backing-chain", no_argument, NULL, 'c' },
        { "force-share", no_argument, NULL, 'U' }, { 0 },
    };
    int opt;

    *a = (struct args){ .flags = BLOCK_FILE_LOCK };
    while ((opt = getopt_long(argc, argv, "f:Uqr:", longs, NULL)) != -1) {
        switch (opt) {
        case 'f':
            a->format = optarg;
            break;
        case 'o':
            if (!img_parse_output(optarg, &a->json)) {
                return false;
            }
            break;
        case 'c':
            a->chain = true;
            break;
        case 'U':
            a->flags &= ~BLOCK_FILE_LOCK;
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'r':
            a->repair = optarg;
            break;
        default:
            return false;
        }
    }
    if (argc != optind + 1) {
        img_fail_text("%s: it takes one file; see doppel-img --help", argv[0]);
        return false;
    }
    a->path = argv[optind];
    return true;
}

/* ---- info ---- */

static void append_size(GString *out, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    double v = bytes;
    int unit = -1;

    while (v >= 1024 && unit < 5) {
        v /= 1024;
        unit++;
    }
    if (unit < 0) {
        g_string_append_printf(out, "%" PRIu64 " B", bytes);
    } else {
        g_string_append_printf(out, "%.3g %ciB", v, units[unit]);
    }
}

static uint64_t disk_bytes(const struct block_image *img)
{
    struct stat st;

    return fstat(img->file->fd, &st) ? 0 : (uint64_t)st.st_blocks * 512;
}

static void info_human(struct block_image *img, GString *out)
{
    struct qcow2 *q = img->format == &block_qcow2_format ? as_qcow2(img) : NULL;

    g_string_append_printf(out, "image: %s\nfile format: %s\nvirtual size: ", img->file->path, img->format->name);
    append_size(out, img->length);
    g_string_append_printf(out, " (%" PRIu64 " bytes)\ndisk size: ", img->length);
    append_size(out, disk_bytes(img));
    g_string_append_c(out, '\n');
    if (!q) {
        return;
    }
    g_string_append_printf(out, "cluster_size: %" PRIu64 "\n", q->cluster_size);
    if (q->backing_name) {
        g_string_append_printf(out, "backing file: %s\n", q->backing_name);
    }
    if (q->backing_format) {
        g_string_append_printf(out, "backing file format: %s\n", q->backing_format);
    }
    if (q->snapshots) {
        g_string_append_printf(out, "internal snapshots: %u\n", q->snapshots);
    }
    g_string_append_printf(out, "Format specific information:\n    compat: %s\n    compression type: %s\n"
                           "    lazy refcounts: %s\n    refcount bits: %u\n    corrupt: %s\n",
                           q->version == 2 ? "0.10" : "1.1", q->compression ? "zstd" : "zlib",
                           q->compatible & QCOW2_LAZY_REFCOUNTS ? "true" : "false", 1u << q->refcount_order,
                           q->incompatible & QCOW2_CORRUPT ? "true" : "false");
}

static void info_json(struct block_image *img, GString *out)
{
    struct qcow2 *q = img->format == &block_qcow2_format ? as_qcow2(img) : NULL;

    g_string_append_printf(out, "{\n    \"virtual-size\": %" PRIu64 ",\n    \"filename\": ", img->length);
    img_json_string(out, img->file->path);
    g_string_append_printf(out, ",\n    \"format\": \"%s\",\n    \"actual-size\": %" PRIu64 ",\n", img->format->name,
                           disk_bytes(img));
    if (q) {
        g_string_append_printf(out, "    \"cluster-size\": %" PRIu64 ",\n    \"format-specific\": {\n        \"type\": "
                               "\"qcow2\",\n        \"data\": {\n            \"compat\": \"%s\",\n"
                               "            \"compression-type\": \"%s\",\n            \"lazy-refcounts\": %s,\n"
                               "            \"refcount-bits\": %u,\n            \"corrupt\": %s\n        }\n    },\n",
                               q->cluster_size, q->version == 2 ? "0.10" : "1.1", q->compression ? "zstd" : "zlib",
                               q->compatible & QCOW2_LAZY_REFCOUNTS ? "true" : "false", 1u << q->refcount_order,
                               q->incompatible & QCOW2_CORRUPT ? "true" : "false");
        if (q->backing_name) {
            g_string_append(out, "    \"backing-filename\": ");
            img_json_string(out, q->backing_name);
            g_string_append(out, ",\n");
        }
        if (q->backing_format) {
            g_string_append(out, "    \"backing-filename-format\": ");
            img_json_string(out, q->backing_format);
            g_string_append(out, ",\n");
        }
    }
    g_string_append_printf(out, "    \"dirty-flag\": %s\n}", q && q->incompatible & QCOW2_DIRTY ? "true" : "false");
}

int img_info(int argc, char **argv)
{
    g_autoptr(GString) out = g_string_new(NULL);
    struct block_image *top;
    struct args a;
    GError *err = NULL;

    if (!parse(&a, argc, argv)) {
        return 1;
    }
    top = block_image_open(a.path, a.format, a.flags, !a.chain, "info", NULL, &err);
    if (!top) {
        return img_fail(err);
    }
    if (a.json && a.chain) {
        g_string_append(out, "[\n");
    }
    for (struct block_image *img = top; img; img = img->backing) {
        if (img != top) {
            g_string_append(out, a.json ? ",\n" : "\n");
        }
        (a.json ? info_json : info_human)(img, out);
    }
    g_string_append(out, a.json && a.chain ? "\n]\n" : a.json ? "\n" : "");
    fputs(out->str, stdout);
    block_image_close(top);
    return 0;
}

/* ---- map ---- */

/* The image of the chain that decides about this stretch. */
static int find_extent(struct block_image *top, uint64_t offset, struct block_extent *e, int *depth,
                       struct block_image **where)
{
    uint64_t len = top->length - offset;
    struct block_image *img = top;

    for (*depth = 0;; ++*depth, img = img->backing) {
        int ret;

        if (offset >= img->length) {
            *e = (struct block_extent){ .len = len, .zero = true };
        } else {
            ret = img->format->extent(img, offset, MIN(len, img->length - offset), e);
            if (ret) {
                return ret;
            }
        }
        *where = img;
        if (e->allocated || !img->backing) {
            return 0;
        }
        len = e->len;
    }
}

static void map_line(const struct args *a, const struct block_extent *e, uint64_t start, int depth,
                     const struct block_image *img, bool first)
{
    bool data = e->allocated && !e->zero;

    if (a->json) {
        printf("%s{ \"start\": %" PRIu64 ", \"length\": %" PRIu64 ", \"depth\": %d, \"present\": %s, \"zero\": %s, "
               "\"data\": %s, \"compressed\": %s", first ? "[" : ",\n", start, e->len, depth,
               e->allocated ? "true" : "false", e->zero ? "true" : "false", data ? "true" : "false",
               e->compressed ? "true" : "false");
        if (e->has_host) {
            printf(", \"offset\": %" PRIu64, e->host);
        }
        printf("}");
    } else if (data) {
        if (first) {
            printf("%-16s%-16s%-16s%s\n", "Offset", "Length", "Mapped to", "File");
        }
        printf("%#-16" PRIx64 "%#-16" PRIx64 "%#-16" PRIx64 "%s%s\n", start, e->len, e->host, img->file->path,
               e->compressed ? " (compressed)" : "");
    }
}

int img_map(int argc, char **argv)
{
    struct block_image *top, *img;
    struct block_extent e;
    struct args a;
    GError *err = NULL;
    bool first = true;
    int depth;

    if (!parse(&a, argc, argv)) {
        return 1;
    }
    top = block_image_open(a.path, a.format, a.flags, false, "map", NULL, &err);
    if (!top) {
        return img_fail(err);
    }
    for (uint64_t at = 0; at < top->length; at += e.len) {
        int ret = find_extent(top, at, &e, &depth, &img);

        if (ret) {
            block_image_close(top);
            return img_fail_text("map: '%s' at %" PRIu64 ": %s", a.path, at, g_strerror(-ret));
        }
        map_line(&a, &e, at, depth, img, first);
        first = first && !a.json && !(e.allocated && !e.zero);
    }
    if (a.json) {
        printf("%s]\n", first ? "[" : "");
    }
    block_image_close(top);
    return 0;
}

/* ---- check ---- */

/* Exit statuses, as qemu-img has them. */
enum { CHECK_CLEAN = 0, CHECK_FAILED = 1, CHECK_ERRORS = 2, CHECK_LEAKS = 3, CHECK_NOT_SUPPORTED = 63 };

static void check_report(const struct args *a, const struct qcow2_check *c, uint64_t total)
{
    uint64_t leaks = c->leaks - c->leaks_fixed, errors = c->errors - c->errors_fixed;

    if (a->json) {
        GString *s = g_string_new("{\n    \"filename\": ");

        img_json_string(s, a->path);
        printf("%s,\n    \"format\": \"qcow2\",\n    \"check-errors\": 0,\n    \"corruptions\": %" PRIu64
               ",\n    \"corruptions-fixed\": %" PRIu64 ",\n    \"leaks\": %" PRIu64 ",\n    \"leaks-fixed\": %" PRIu64
               ",\n    \"total-clusters\": %" PRIu64 ",\n    \"allocated-clusters\": %" PRIu64
               ",\n    \"compressed-clusters\": %" PRIu64 "\n}\n", s->str, errors, c->errors_fixed, leaks,
               c->leaks_fixed, total, c->allocated, c->compressed);
        g_string_free(s, TRUE);
        return;
    }
    fputs(c->log->str, stdout);
    if (c->leaks_fixed || c->errors_fixed) {
        printf("Repaired: %" PRIu64 " leaked clusters, %" PRIu64 " errors.\n", c->leaks_fixed, c->errors_fixed);
    }
    if (errors) {
        printf("%" PRIu64 " errors: data may be damaged, and further writes may damage more.\n", errors);
    }
    if (leaks) {
        printf("%" PRIu64 " leaked clusters: wasted space, no harm to data.\n", leaks);
    }
    if (!errors && !leaks) {
        printf("No errors were found on the image.\n");
    }
    printf("%" PRIu64 "/%" PRIu64 " clusters allocated, %" PRIu64 " compressed\n", c->allocated, total, c->compressed);
}

/* After a repair the marks "dirty" and "corrupt" are gone. */
static int clear_marks(struct qcow2 *q)
{
    uint64_t marks = QCOW2_DIRTY | QCOW2_CORRUPT;

    if (q->version < 3 || !(q->incompatible & marks)) {
        return 0;
    }
    q->incompatible &= ~marks;
    return qcow2_write_header64(q, QCOW2_H_INCOMPATIBLE, q->incompatible);
}

static int check_image(struct block_image *img, struct args *a)
{
    struct qcow2 *q = as_qcow2(img);
    struct qcow2_check c = { .log = g_string_new(NULL) };
    uint64_t total = (img->length + q->cluster_size - 1) >> q->cluster_bits, leaks, errors;
    int ret;

    c.repair_leaks = a->repair != NULL;
    c.repair_errors = a->repair && !strcmp(a->repair, "all");
    g_mutex_lock(&q->lock);
    ret = qcow2_check(q, &c);
    if (!ret && a->repair) {
        ret = qcow2_sync(q);
        if (!ret && c.errors == c.errors_fixed) {
            ret = clear_marks(q);
        }
    }
    g_mutex_unlock(&q->lock);
    leaks = c.leaks - c.leaks_fixed;
    errors = c.errors - c.errors_fixed;
    if (!ret && !a->quiet) {
        check_report(a, &c, total);
    }
    g_string_free(c.log, TRUE);
    if (ret) {
        img_fail_text("check: '%s': %s", a->path, g_strerror(-ret));
        return CHECK_FAILED;
    }
    return errors ? CHECK_ERRORS : leaks ? CHECK_LEAKS : CHECK_CLEAN;
}

int img_check(int argc, char **argv)
{
    struct block_image *img;
    struct args a;
    GError *err = NULL;
    int status;

    if (!parse(&a, argc, argv)) {
        return CHECK_FAILED;
    }
    if (a.repair && strcmp(a.repair, "leaks") && strcmp(a.repair, "all")) {
        return img_fail_text("check: -r %s is not accepted; accepted: leaks, all", a.repair);
    }
    img = block_image_open(a.path, a.format, a.flags | (a.repair ? BLOCK_FILE_WRITE | BLOCK_FILE_REPAIR : 0), true,
                           "check", NULL, &err);
    if (!img) {
        return img_fail(err);
    }
    if (img->format != &block_qcow2_format) {
        block_image_close(img);
        img_fail_text("check: a %s image has nothing to check", "raw");
        return CHECK_NOT_SUPPORTED;
    }
    status = check_image(img, &a);
    block_image_close(img);
    return status;
}
