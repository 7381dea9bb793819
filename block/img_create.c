/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doppel-img create and resize. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block/img.h"

static bool make_raw(const char *path, uint64_t size, struct options *o, GError **err)
{
    static const char *const names[] = { "off", "falloc", NULL };
    struct block_file *f;
    int preallocation = 0, ret;

    if (!options_get_enum(o, "preallocation", names, &preallocation, err) || !options_finish(o, err)) {
        return false;
    }
    f = block_file_open(path, BLOCK_FILE_WRITE | BLOCK_FILE_CREATE | BLOCK_FILE_LOCK, path, err);
    if (!f) {
        return false;
    }
    ret = f->is_device ? 0 : block_file_truncate(f, 0);
    ret = ret || f->is_device ? ret : block_file_truncate(f, size);
    if (!ret && preallocation) {
        ret = -posix_fallocate(f->fd, 0, size);
    }
    block_file_close(f);
    if (ret) {
        g_set_error(err, BLOCK_ERROR, -ret, "cannot make '%s': %s", path, g_strerror(-ret));
    }
    return !ret;
}

/* The exponent of a power of two from min to max; -1 otherwise. */
static int exponent(uint64_t v, unsigned min, unsigned max)
{
    for (unsigned i = min; i <= max; i++) {
        if (v == UINT64_C(1) << i) {
            return i;
        }
    }
    return -1;
}

static bool parse_qcow2_options(struct qcow2_create *c, struct options *o, GError **err)
{
    static const char *const compats[] = { "1.1", "v3", "0.10", "v2", NULL };
    static const char *const compressions[] = { "zlib", "zstd", NULL };
    static const char *const preallocations[] = { "off", NULL };
    uint64_t cluster_size = 65536, refcount_bits = 16;
    int compat = 0, compression = 0, preallocation = 0, cluster_bits, refcount_order;

    qcow2_create_defaults(c);
    if (!options_get_enum(o, "compat", compats, &compat, err) ||
        !options_get_enum(o, "compression_type", compressions, &compression, err) ||
        !options_get_enum(o, "preallocation", preallocations, &preallocation, err) ||
        !options_get_size(o, "cluster_size", 1, &cluster_size, err) ||
        !options_get_u64(o, "refcount_bits", 1, 64, &refcount_bits, err) ||
        !options_get_bool(o, "lazy_refcounts", &c->lazy_refcounts, err)) {
        return false;
    }
    cluster_bits = exponent(cluster_size, QCOW2_CLUSTER_BITS_MIN, QCOW2_CLUSTER_BITS_MAX);
    refcount_order = exponent(refcount_bits, 0, 6);
    c->version = compat < 2 ? 3 : 2;
    c->compression = compression;
    c->cluster_bits = cluster_bits < 0 ? 0 : cluster_bits;
    c->refcount_order = refcount_order < 0 ? 7 : refcount_order;
    return options_finish(o, err);
}

bool img_make(const char *path, const char *format, uint64_t size, const char *backing, const char *backing_format,
              struct options *o, GError **err)
{
    struct qcow2_create c;
    struct block_file *f;
    bool ok;

    if (strcmp(format, "qcow2")) {
        if (backing) {
            g_set_error(err, BLOCK_ERROR, EINVAL, "format %s has no backing files; qcow2 has", format);
            return false;
        }
        return make_raw(path, size, o, err);
    }
    if (!parse_qcow2_options(&c, o, err)) {
        return false;
    }
    c.size = (size + BLOCK_SECTOR - 1) & -(uint64_t)BLOCK_SECTOR;
    c.backing_name = backing;
    c.backing_format = backing_format;
    f = block_file_open(path, BLOCK_FILE_WRITE | BLOCK_FILE_CREATE | BLOCK_FILE_LOCK, "create", err);
    if (!f) {
        return false;
    }
    ok = qcow2_create(f, &c, "create", err);
    block_file_close(f);
    return ok;
}

/* Opens the backing file as the new image will see it: from the new image's folder. */
static struct block_image *open_backing(const char *path, const char *backing, const char *format, GError **err)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *full = g_path_is_absolute(backing) ? g_strdup(backing) : g_build_filename(dir, backing, NULL);

    return block_image_open(full, format, BLOCK_FILE_LOCK, false, "backing file", NULL, err);
}

struct create_args {
    const char *format, *backing, *backing_format;
    bool quiet, unchecked;
    struct options *o;
};

static bool parse_create(struct create_args *a, int argc, char **argv, GError **err)
{
    int opt;

    a->format = "raw";
    a->o = options_new("-o");
    while ((opt = getopt(argc, argv, "f:b:F:uqo:")) != -1) {
        switch (opt) {
        case 'f':
            a->format = optarg;
            break;
        case 'b':
            a->backing = optarg;
            break;
        case 'F':
            a->backing_format = optarg;
            break;
        case 'u':
            a->unchecked = true;
            break;
        case 'q':
            a->quiet = true;
            break;
        case 'o':
            options_free(a->o);
            a->o = options_parse("-o", optarg, NULL, err);
            if (!a->o) {
                return false;
            }
            break;
        default:
            g_set_error(err, BLOCK_ERROR, 0, "create: see doppel-img --help");
            return false;
        }
    }
    if (!block_format_find(a->format)) {
        g_set_error(err, BLOCK_ERROR, 0, "-f %s is not supported; raw and qcow2 are", a->format);
        return false;
    }
    if (options_get(a->o, "backing_file")) {
        a->backing = options_get(a->o, "backing_file");
    }
    if (options_get(a->o, "backing_fmt")) {
        a->backing_format = options_get(a->o, "backing_fmt");
    }
    return true;
}

/* The size in words, in -o, or that of the backing file. */
static bool find_size(struct create_args *a, const char *path, const char *text, uint64_t *size, GError **err)
{
    struct block_image *base;
    bool known = text || options_get(a->o, "size");

    if (text && !options_parse_size("create", "SIZE", text, 1, size, err)) {
        return false;
    }
    if (!options_get_size(a->o, "size", 1, size, err)) {
        return false;
    }
    if (!a->backing && !known) {
        g_set_error(err, BLOCK_ERROR, 0, "create: the size is missing");
        return false;
    }
    if (!a->backing || (a->unchecked && known)) {
        return true;
    }
    base = open_backing(path, a->backing, a->backing_format, err);
    if (!base) {
        return false;
    }
    if (!known) {
        *size = base->length;
    }
    if (!a->backing_format) {
        /* Probing at every start would let a guest that writes to a raw base choose its format. */
        a->backing_format = base->format->name;
    }
    block_image_close(base);
    return true;
}

int img_create(int argc, char **argv)
{
    struct create_args a = { 0 };
    GError *err = NULL;
    uint64_t size = 0;
    const char *path;

    if (!parse_create(&a, argc, argv, &err)) {
        return img_fail(err);
    }
    if (optind >= argc || argc > optind + 2) {
        return img_fail_text("create: it takes a file and a size; see doppel-img --help");
    }
    path = argv[optind];
    if (!find_size(&a, path, argv[optind + 1], &size, &err) ||
        !img_make(path, a.format, size, a.backing, a.backing_format, a.o, &err)) {
        return img_fail(err);
    }
    if (!a.quiet) {
        printf("Formatting '%s', fmt=%s size=%" PRIu64 "%s%s\n", path, a.format, size,
               a.backing ? " backing_file=" : "", a.backing ? a.backing : "");
    }
    options_free(a.o);
    return 0;
}

/* ---- resize ---- */

/* "SIZE", "+SIZE" or "-SIZE". */
static bool new_length(const char *text, uint64_t old, uint64_t *length, GError **err)
{
    bool relative = text[0] == '+' || text[0] == '-';
    uint64_t v = 0;

    if (!options_parse_size("resize", "SIZE", text + relative, 1, &v, err)) {
        return false;
    }
    v = (v + BLOCK_SECTOR - 1) & -(uint64_t)BLOCK_SECTOR;
    *length = text[0] == '-' ? old - MIN(v, old) : text[0] == '+' ? old + v : v;
    return true;
}

int img_resize(int argc, char **argv)
{
    static const struct option longs[] = { { "shrink", no_argument, NULL, 's' }, { 0 } };
    struct block_config c;
    struct block_backend *be;
    GError *err = NULL;
    bool quiet = false, shrink = false, ok;
    uint64_t length = 0;
    int opt;

    block_config_defaults(&c);
    while ((opt = getopt_long(argc, argv, "+f:q", longs, NULL)) != -1) {
        if (opt == '?') {
            return img_fail_text("resize: see doppel-img --help");
        }
        quiet |= opt == 'q';
        shrink |= opt == 's';
        c.format = opt == 'f' ? optarg : c.format;
    }
    if (argc != optind + 2) {
        return img_fail_text("resize: it takes a file and a size; see doppel-img --help");
    }
    c.file = argv[optind];
    be = block_open(&c, &err);
    if (!be) {
        return img_fail(err);
    }
    ok = new_length(argv[optind + 1], block_length(be), &length, &err);
    if (ok && length < block_length(be) && !shrink) {
        g_set_error(&err, BLOCK_ERROR, 0,
                    "'%s' would become smaller and lose what is at its end; --shrink says that this "
                    "is meant",
                    c.file);
        ok = false;
    }
    ok = ok && block_resize(be, length, &err);
    block_close(be);
    if (ok && !quiet) {
        printf("Image resized.\n");
    }
    return ok ? 0 : img_fail(err);
}
