/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qcow2 format: opening, flushing, resizing. An image comes from anywhere: every field is checked before use. */
#include "block/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

#define TABLE_CACHE_BYTES (16u << 20)      /* of L2 tables: maps 128 GiB at clusters of 64 KiB */
#define REFBLOCK_CACHE_BYTES (2u << 20)
#define HEADER_BYTES_MAX 4096

static const struct {
    uint64_t bit;
    const char *name;
} incompatible_names[] = {
    { QCOW2_DIRTY, "dirty" }, { QCOW2_CORRUPT, "corrupt" }, { QCOW2_EXTERNAL_DATA, "external data file" },
    { QCOW2_COMPRESSION_TYPE, "compression type" }, { QCOW2_EXTENDED_L2, "extended L2 entries" },
};

#define SUPPORTED (QCOW2_DIRTY | QCOW2_CORRUPT | QCOW2_COMPRESSION_TYPE)

int qcow2_damaged(struct qcow2 *q, const char *what, uint64_t value)
{
    if (!q->complained) {
        q->complained = true;
        g_printerr("doppel: '%s' is damaged: %s (%#" PRIx64 "); doppel-img check tells more\n", q->img.file->path, what,
                   value);
    }
    return -EIO;
}

int qcow2_write_header64(struct qcow2 *q, unsigned field, uint64_t v)
{
    uint8_t buf[8];
    int ret;

    qcow2_put64(buf, v);
    ret = block_file_write(q->img.file, field, buf, sizeof(buf));
    return ret ? ret : block_file_sync(q->img.file);
}

/* ---- writing the tables ---- */

static int write_top_table(struct qcow2 *q, const uint64_t *entries, unsigned n, uint64_t offset)
{
    g_autofree uint8_t *disk = g_malloc(n * sizeof(uint64_t));

    for (unsigned i = 0; i < n; i++) {
        qcow2_put64(disk + i * 8, entries[i]);
    }
    return block_file_write(q->img.file, offset, disk, n * sizeof(uint64_t));
}

/* Data and refcounts, the refcount table, L2 tables, L1: each is durable before anything refers to it. */
static int write_in_order(struct qcow2 *q)
{
    struct block_file *f = q->img.file;
    bool tables = q->l2.dirty || q->l1_dirty;
    int ret = qcow2_cache_write(q, &q->refblocks);

    if (!ret && q->reftable_dirty) {
        ret = block_file_sync(f);
        ret = ret ? ret : write_top_table(q, q->reftable, q->reftable_size, q->reftable_offset);
        q->reftable_dirty = ret;
    }
    if (!ret && tables) {
        ret = block_file_sync(f);
    }
    ret = ret ? ret : qcow2_cache_write(q, &q->l2);
    if (!ret && q->l1_dirty) {
        ret = block_file_sync(f);
        ret = ret ? ret : write_top_table(q, q->l1, q->l1_size, q->l1_offset);
        q->l1_dirty = ret;
    }
    return ret ? ret : block_file_sync(f);
}

int qcow2_sync(struct qcow2 *q)
{
    int ret = write_in_order(q);

    return ret ? ret : qcow2_apply_frees(q);
}

static int qcow2_flush(struct block_image *img)
{
    struct qcow2 *q = as_qcow2(img);
    int ret;

    if (img->read_only) {
        return 0;
    }
    g_mutex_lock(&q->lock);
    ret = qcow2_sync(q);
    g_mutex_unlock(&q->lock);
    return ret;
}

static bool qcow2_clean(struct block_image *img)
{
    struct qcow2 *q = as_qcow2(img);
    bool clean;

    if (!g_mutex_trylock(&q->lock)) {
        return false;
    }
    clean = !q->refblocks.dirty && !q->l2.dirty && !q->l1_dirty && !q->reftable_dirty && !q->frees->len;
    g_mutex_unlock(&q->lock);
    return clean;
}

/* ---- the header ---- */

static bool fail(const struct qcow2 *q, const char *where, GError **err, const char *fmt, ...) G_GNUC_PRINTF(4, 5);

static bool fail(const struct qcow2 *q, const char *where, GError **err, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    g_set_error(err, BLOCK_ERROR, EINVAL, "%s: qcow2 image '%s': %s", where, q->img.file->path, text);
    return false;
}

/* The name that the image itself gives to a feature that we don't know, or NULL. */
static char *feature_name(const uint8_t *table, uint32_t len, unsigned bit)
{
    for (uint32_t at = 0; at + 48 <= len; at += 48) {
        if (table[at] == 0 && table[at + 1] == bit) {
            return g_strndup((const char *)table + at + 2, 46);
        }
    }
    return NULL;
}

/* Calls fn for every header extension until it returns false. */
static bool walk_extensions(const uint8_t *head, size_t from, size_t to,
                            bool (*fn)(uint32_t type, const uint8_t *data, uint32_t len, void *opaque), void *opaque)
{
    while (from + 8 <= to) {
        uint32_t type = qcow2_get32(head + from), len = qcow2_get32(head + from + 4);

        if (type == QCOW2_EXT_END) {
            return true;
        }
        if (len > to - from - 8) {
            return false;
        }
        if (!fn(type, head + from + 8, len, opaque)) {
            return true;
        }
        from += 8 + (((size_t)len + 7) & ~(size_t)7);
    }
    return true;
}

struct found {
    const uint8_t *names;
    uint32_t names_len;
    char *backing_format;
};

static bool note_extension(uint32_t type, const uint8_t *data, uint32_t len, void *opaque)
{
    struct found *f = opaque;

    if (type == QCOW2_EXT_FEATURE_NAMES) {
        f->names = data;
        f->names_len = len;
    } else if (type == QCOW2_EXT_BACKING_FORMAT) {
        g_free(f->backing_format);
        f->backing_format = g_strndup((const char *)data, len);
    }
    return true;
}

static bool check_features(struct qcow2 *q, const struct found *f, const char *where, GError **err)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        g_autofree char *name = NULL;

        if (!(q->incompatible >> bit & 1) || (uint64_t)SUPPORTED >> bit & 1) {
            continue;
        }
        if (bit < G_N_ELEMENTS(incompatible_names)) {
            return fail(q, where, err, "the feature '%s' is not supported", incompatible_names[bit].name);
        }
        name = feature_name(f->names, f->names_len, bit);
        return fail(q, where, err, "the incompatible feature %u ('%s') is not known", bit, name ? name : "unnamed");
    }
    if (q->incompatible & QCOW2_CORRUPT && !q->img.read_only && !q->img.repair) {
        return fail(q, where, err, "it is marked corrupt; open it read-only, or repair it by doppel-img check -r all");
    }
    return true;
}

static bool parse_v3(struct qcow2 *q, const uint8_t *head, uint32_t header_len, const char *where, GError **err)
{
    if (header_len < QCOW2_H_COMPRESSION || header_len > q->cluster_size || header_len > HEADER_BYTES_MAX) {
        return fail(q, where, err, "header length %u", header_len);
    }
    q->incompatible = qcow2_get64(head + QCOW2_H_INCOMPATIBLE);
    q->compatible = qcow2_get64(head + QCOW2_H_COMPATIBLE);
    q->autoclear = qcow2_get64(head + QCOW2_H_AUTOCLEAR);
    q->refcount_order = qcow2_get32(head + QCOW2_H_REFCOUNT_ORDER);
    if (q->refcount_order > 6) {
        return fail(q, where, err, "refcount order %u (at most 6)", q->refcount_order);
    }
    q->compression = q->incompatible & QCOW2_COMPRESSION_TYPE && header_len > QCOW2_H_COMPRESSION
                     ? head[QCOW2_H_COMPRESSION] : QCOW2_DEFLATE;
    if (q->compression > QCOW2_ZSTD) {
        return fail(q, where, err, "compression type %u is not known", q->compression);
    }
#ifndef HAVE_ZSTD
    if (q->compression == QCOW2_ZSTD) {
        return fail(q, where, err, "it is compressed with zstd, which this build lacks");
    }
#endif
    return true;
}

static bool parse_geometry(struct qcow2 *q, const uint8_t *head, const char *where, GError **err)
{
    uint64_t size = qcow2_get64(head + QCOW2_H_SIZE), clusters = qcow2_get32(head + QCOW2_H_REFTABLE_CLUSTERS), l1;
    uint32_t header_len;

    q->version = qcow2_get32(head + QCOW2_H_VERSION);
    q->cluster_bits = qcow2_get32(head + QCOW2_H_CLUSTER_BITS);
    if (q->version != 2 && q->version != 3) {
        return fail(q, where, err, "version %u is not supported; 2 and 3 are", q->version);
    }
    if (q->cluster_bits < QCOW2_CLUSTER_BITS_MIN || q->cluster_bits > QCOW2_CLUSTER_BITS_MAX) {
        return fail(q, where, err, "clusters of 2^%u bytes; 2^9 to 2^21 are supported", q->cluster_bits);
    }
    q->cluster_size = UINT64_C(1) << q->cluster_bits;
    q->l2_bits = q->cluster_bits - 3;
    q->refcount_order = 4;
    header_len = q->version == 2 ? QCOW2_H_V2_LENGTH : qcow2_get32(head + QCOW2_H_LENGTH);
    if (q->version >= 3 && !parse_v3(q, head, header_len, where, err)) {
        return false;
    }
    if (qcow2_get32(head + QCOW2_H_CRYPT)) {
        return fail(q, where, err, "it is encrypted, which is not supported");
    }
    q->l1_size = qcow2_get32(head + QCOW2_H_L1_SIZE);
    q->l1_offset = qcow2_get64(head + QCOW2_H_L1_OFFSET);
    q->reftable_offset = qcow2_get64(head + QCOW2_H_REFTABLE_OFFSET);
    q->snapshots = qcow2_get32(head + QCOW2_H_SNAPSHOTS);
    q->snapshots_offset = qcow2_get64(head + QCOW2_H_SNAPSHOTS_OFFSET);
    if (size > BLOCK_LENGTH_MAX || q->l1_size > QCOW2_L1_BYTES_MAX / 8) {
        return fail(q, where, err, "size %" PRIu64 " with %u L1 entries is too large", size, q->l1_size);
    }
    q->img.length = (size + BLOCK_SECTOR - 1) & -(uint64_t)BLOCK_SECTOR;
    l1 = (size + (q->cluster_size << q->l2_bits) - 1) >> (q->cluster_bits + q->l2_bits);
    if (l1 > q->l1_size) {
        return fail(q, where, err, "the L1 table of %u entries is too small for %" PRIu64 " bytes", q->l1_size, size);
    }
    if (!clusters || clusters > QCOW2_REFTABLE_BYTES_MAX >> q->cluster_bits) {
        return fail(q, where, err, "a refcount table of %" PRIu64 " clusters", clusters);
    }
    q->reftable_size = clusters << q->cluster_bits >> 3;
    if ((q->l1_offset | q->reftable_offset) & (q->cluster_size - 1) || q->l1_offset >> 56 || q->reftable_offset >> 56 ||
        !q->reftable_offset || (q->l1_size && !q->l1_offset) || q->snapshots > QCOW2_SNAPSHOTS_MAX) {
        return fail(q, where, err, "the place of the L1 table, refcount table or snapshots makes no sense");
    }
    return true;
}

static bool parse_backing(struct qcow2 *q, const uint8_t *head, const char *where, GError **err)
{
    uint64_t offset = qcow2_get64(head + QCOW2_H_BACKING_OFFSET);
    uint32_t len = qcow2_get32(head + QCOW2_H_BACKING_SIZE);
    int ret;

    if (!offset) {
        return true;
    }
    if (!len || len > QCOW2_BACKING_NAME_MAX || offset > q->cluster_size - len || len > q->cluster_size) {
        return fail(q, where, err, "the backing file's name (%u bytes at %" PRIu64 ") is not in the first cluster", len,
                    offset);
    }
    q->backing_name = g_malloc0(len + 1);
    ret = block_file_read(q->img.file, offset, q->backing_name, len);
    if (ret) {
        return fail(q, where, err, "cannot read: %s", g_strerror(-ret));
    }
    return true;
}

static bool parse_header(struct qcow2 *q, const char *where, GError **err)
{
    uint8_t head[HEADER_BYTES_MAX];
    struct found found = { 0 };
    uint64_t end, backing;
    int ret = block_file_read(q->img.file, 0, head, sizeof(head));

    if (ret) {
        return fail(q, where, err, "cannot read: %s", g_strerror(-ret));
    }
    if (qcow2_get32(head) != QCOW2_MAGIC) {
        return fail(q, where, err, "this is no qcow2 image (try format=raw)");
    }
    if (!parse_geometry(q, head, where, err)) {
        return false;
    }
    backing = qcow2_get64(head + QCOW2_H_BACKING_OFFSET);
    end = backing ? MIN(backing, q->cluster_size) : q->cluster_size;
    if (!walk_extensions(head, q->version == 2 ? QCOW2_H_V2_LENGTH : qcow2_get32(head + QCOW2_H_LENGTH),
                         MIN(end, sizeof(head)), note_extension, &found)) {
        g_free(found.backing_format);
        return fail(q, where, err, "a header extension is longer than the header");
    }
    q->backing_format = found.backing_format;
    return check_features(q, &found, where, err) && parse_backing(q, head, where, err);
}

/* ---- opening and closing ---- */

static int read_top_table(struct qcow2 *q, uint64_t offset, unsigned n, uint64_t **entries)
{
    int ret;

    /* A sparse file with a huge table costs as much memory as the limits above allow, no more. */
    *entries = g_new0(uint64_t, MAX(n, 1));
    ret = block_file_read(q->img.file, offset, *entries, n * sizeof(uint64_t));
    for (unsigned i = 0; i < n; i++) {
        (*entries)[i] = GUINT64_FROM_BE((*entries)[i]);
    }
    return ret;
}

/* A crash while lazy refcounts were on: the counts may be too low. Repairs, then takes the mark off. */
static int repair_dirty(struct qcow2 *q)
{
    struct qcow2_check c = { .repair_leaks = true, .repair_errors = true };
    int ret = qcow2_check(q, &c);

    if (!ret && c.errors > c.errors_fixed) {
        ret = -EIO;
    }
    ret = ret ? ret : qcow2_sync(q);
    if (!ret) {
        q->incompatible &= ~(uint64_t)QCOW2_DIRTY;
        ret = qcow2_write_header64(q, QCOW2_H_INCOMPATIBLE, q->incompatible);
    }
    return ret;
}

static int prepare_for_writing(struct qcow2 *q)
{
    int ret = 0;

    if (q->version < 3 || q->img.read_only) {
        return 0;
    }
    if (q->autoclear) {
        /* What these bits vouch for (dirty bitmaps) we don't keep up to date. */
        q->autoclear = 0;
        ret = qcow2_write_header64(q, QCOW2_H_AUTOCLEAR, 0);
    }
    return ret || !(q->incompatible & QCOW2_DIRTY) || q->img.repair ? ret : repair_dirty(q);
}

static void qcow2_clear(struct qcow2 *q)
{
    qcow2_cache_free(&q->l2);
    qcow2_cache_free(&q->refblocks);
    g_array_free(q->frees, TRUE);
    g_free(q->l1);
    g_free(q->reftable);
    g_free(q->unpacked);
    g_free(q->backing_name);
    g_free(q->backing_format);
    g_cond_clear(&q->linked);
    g_mutex_clear(&q->lock);
}

static bool load(struct qcow2 *q, const char *where, GError **err)
{
    uint64_t file_length, l2_tables;
    int ret;

    if (!parse_header(q, where, err)) {
        return false;
    }
    l2_tables = (q->img.length >> (q->cluster_bits + q->l2_bits)) + 1;
    qcow2_cache_init(&q->l2, MIN(l2_tables, TABLE_CACHE_BYTES >> q->cluster_bits));
    qcow2_cache_init(&q->refblocks, REFBLOCK_CACHE_BYTES >> q->cluster_bits);
    ret = block_file_length(q->img.file, &file_length);
    ret = ret ? ret : read_top_table(q, q->l1_offset, q->l1_size, &q->l1);
    ret = ret ? ret : read_top_table(q, q->reftable_offset, q->reftable_size, &q->reftable);
    if (!ret) {
        q->file_end = (file_length + q->cluster_size - 1) & -q->cluster_size;
        /* A bounce of O_DIRECT would touch the next cluster, too. */
        if (q->img.file->align > q->cluster_size) {
            return fail(q, where, err, "its clusters are smaller than the blocks of direct I/O; use cache=writeback");
        }
        ret = prepare_for_writing(q);
    }
    return ret ? fail(q, where, err, "cannot read or repair the tables: %s", g_strerror(-ret)) : true;
}

static bool qcow2_open(struct block_image *img, const char *where, GError **err)
{
    struct qcow2 *q = as_qcow2(img);

    g_mutex_init(&q->lock);
    g_cond_init(&q->linked);
    q->frees = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    if (!load(q, where, err)) {
        qcow2_clear(q);
        return false;
    }
    return true;
}

static int qcow2_close(struct block_image *img)
{
    struct qcow2 *q = as_qcow2(img);
    int ret = 0;

    if (!img->read_only) {
        ret = qcow2_sync(q);
        /* The sync has counted down what was freed; those counts go out now. */
        ret = ret ? ret : qcow2_sync(q);
    }
    qcow2_clear(q);
    return ret;
}

static char *qcow2_backing(struct block_image *img, char **format)
{
    struct qcow2 *q = as_qcow2(img);

    *format = g_strdup(q->backing_format);
    return g_strdup(q->backing_name);
}

/* ---- size ---- */

static int grow(struct qcow2 *q, uint64_t length)
{
    uint64_t old = q->img.length, entries;
    int ret;

    entries = (length + (q->cluster_size << q->l2_bits) - 1) >> (q->cluster_bits + q->l2_bits);
    g_mutex_lock(&q->lock);
    ret = qcow2_grow_l1(q, entries);
    ret = ret ? ret : qcow2_sync(q);
    ret = ret ? ret : qcow2_write_header64(q, QCOW2_H_SIZE, length);
    if (!ret) {
        q->img.length = length;
    }
    g_mutex_unlock(&q->lock);
    /* A backing file that is longer than the old size must not show through. */
    if (!ret && q->img.backing && q->img.backing->length > old) {
        ret = qcow2_zero(&q->img, old, MIN(length, q->img.backing->length) - old, true);
    }
    return ret;
}

static bool qcow2_resize(struct block_image *img, uint64_t length, GError **err)
{
    struct qcow2 *q = as_qcow2(img);
    int ret;

    if (length < img->length || q->snapshots) {
        return fail(q, "resize", err, "%s", q->snapshots ? "an image with internal snapshots can't be resized"
                    : "a qcow2 image can't be made smaller");
    }
    ret = grow(q, length);
    return ret ? fail(q, "resize", err, "%s", g_strerror(-ret)) : true;
}

static void qcow2_info(struct block_image *img, GString *out)
{
    struct qcow2 *q = as_qcow2(img);

    g_string_append_printf(out, "    qcow2:            version %u, clusters of %" PRIu64 " KiB%s\n", q->version,
                           q->cluster_size >> 10, q->snapshots ? ", internal snapshots" : "");
}

const struct block_format block_qcow2_format = {
    .name = "qcow2", .size = sizeof(struct qcow2), .open = qcow2_open, .close = qcow2_close, .backing = qcow2_backing,
    .readv = qcow2_readv, .writev = qcow2_writev, .flush = qcow2_flush, .discard = qcow2_discard, .zero = qcow2_zero,
    .resize = qcow2_resize, .map = qcow2_map, .clean = qcow2_clean, .frees_space = true, .extent = qcow2_extent,
    .info = qcow2_info,
};
