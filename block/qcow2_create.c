/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New qcow2 images: header, refcount table, the blocks that count these clusters, and an empty L1 table. */
#include "block/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void qcow2_create_defaults(struct qcow2_create *c)
{
    *c = (struct qcow2_create){ .version = 3, .cluster_bits = 16, .refcount_order = 4 };
}

struct layout {
    uint64_t cluster_size, l1_entries, l1_clusters, table_clusters, blocks;
    unsigned block_entries_bits;
};

/* Order in the file: header, refcount table, refcount blocks, L1. */
static uint64_t total_clusters(const struct layout *l)
{
    return 1 + l->table_clusters + l->blocks + l->l1_clusters;
}

static void plan(const struct qcow2_create *c, struct layout *l)
{
    unsigned l2_reach_bits = 2 * c->cluster_bits - 3;

    l->cluster_size = UINT64_C(1) << c->cluster_bits;
    l->block_entries_bits = c->cluster_bits + 3 - c->refcount_order;
    l->l1_entries = (c->size >> l2_reach_bits) + !!(c->size & ((UINT64_C(1) << l2_reach_bits) - 1));
    l->l1_entries = MAX(l->l1_entries, 1);
    l->l1_clusters = (l->l1_entries * 8 + l->cluster_size - 1) >> c->cluster_bits;
    l->blocks = l->table_clusters = 1;
    /* The blocks count themselves and the table that lists them; this settles in a few rounds. */
    while (total_clusters(l) > l->blocks << l->block_entries_bits ||
           l->blocks * 8 > l->table_clusters << c->cluster_bits) {
        l->blocks = (total_clusters(l) >> l->block_entries_bits) + 1;
        l->table_clusters = (l->blocks * 8 + l->cluster_size - 1) >> c->cluster_bits;
    }
}

static size_t put_extension(uint8_t *p, uint32_t type, const char *text)
{
    size_t len = strlen(text);

    qcow2_put32(p, type);
    qcow2_put32(p + 4, len);
    memcpy(p + 8, text, len);
    return 8 + ((len + 7) & ~(size_t)7);
}

static bool fill_header(const struct qcow2_create *c, const struct layout *l, uint8_t *h)
{
    size_t at = c->version == 2 ? QCOW2_H_V2_LENGTH : QCOW2_H_V3_LENGTH;
    size_t needed = at + 8 + (c->backing_name ? strlen(c->backing_name) : 0) +
                    (c->backing_format ? strlen(c->backing_format) + 16 : 0);

    if (needed > l->cluster_size || (c->backing_name && strlen(c->backing_name) > QCOW2_BACKING_NAME_MAX)) {
        return false;
    }
    qcow2_put32(h + QCOW2_H_MAGIC, QCOW2_MAGIC);
    qcow2_put32(h + QCOW2_H_VERSION, c->version);
    qcow2_put32(h + QCOW2_H_CLUSTER_BITS, c->cluster_bits);
    qcow2_put64(h + QCOW2_H_SIZE, c->size);
    qcow2_put32(h + QCOW2_H_L1_SIZE, l->l1_entries);
    qcow2_put64(h + QCOW2_H_L1_OFFSET, (1 + l->table_clusters + l->blocks) << c->cluster_bits);
    qcow2_put64(h + QCOW2_H_REFTABLE_OFFSET, l->cluster_size);
    qcow2_put32(h + QCOW2_H_REFTABLE_CLUSTERS, l->table_clusters);
    if (c->version >= 3) {
        qcow2_put64(h + QCOW2_H_INCOMPATIBLE, c->compression ? QCOW2_COMPRESSION_TYPE : 0);
        qcow2_put64(h + QCOW2_H_COMPATIBLE, c->lazy_refcounts ? QCOW2_LAZY_REFCOUNTS : 0);
        qcow2_put32(h + QCOW2_H_REFCOUNT_ORDER, c->refcount_order);
        qcow2_put32(h + QCOW2_H_LENGTH, QCOW2_H_V3_LENGTH);
        h[QCOW2_H_COMPRESSION] = c->compression;
    }
    if (c->backing_format) {
        at += put_extension(h + at, QCOW2_EXT_BACKING_FORMAT, c->backing_format);
    }
    at += 8;   /* the end mark: type and length 0 */
    if (c->backing_name) {
        qcow2_put64(h + QCOW2_H_BACKING_OFFSET, at);
        qcow2_put32(h + QCOW2_H_BACKING_SIZE, strlen(c->backing_name));
        memcpy(h + at, c->backing_name, strlen(c->backing_name));
    }
    return true;
}

/* Refcount 1 for the first n clusters. */
static void fill_refcounts(const struct qcow2_create *c, uint8_t *blocks, uint64_t n)
{
    unsigned bits = 1u << c->refcount_order;

    for (uint64_t i = 0; i < n; i++) {
        if (bits < 8) {
            blocks[i * bits / 8] |= 1 << (i * bits % 8);
        } else {
            blocks[(i + 1) * (bits / 8) - 1] = 1;
        }
    }
}

static bool check_parameters(const struct qcow2_create *c, const struct layout *l, const char *where, GError **err)
{
    const char *why = NULL;

    if (c->cluster_bits < QCOW2_CLUSTER_BITS_MIN || c->cluster_bits > QCOW2_CLUSTER_BITS_MAX) {
        why = "cluster_size must be a power of two from 512 to 2M";
    } else if (c->refcount_order > 6 || (c->version == 2 && c->refcount_order != 4)) {
        why = "refcount_bits must be a power of two up to 64, and 16 with compat=0.10";
    } else if (c->version == 2 && (c->lazy_refcounts || c->compression)) {
        why = "lazy_refcounts and compression_type need compat=1.1";
    } else if (c->size % BLOCK_SECTOR || c->size > BLOCK_LENGTH_MAX) {
        why = "the size must be a multiple of 512 and less than 4 EiB";
    }
    if (why) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: %s", where, why);
    }
    return !why;
}

bool qcow2_create(struct block_file *f, const struct qcow2_create *c, const char *where, GError **err)
{
    g_autofree uint8_t *image = NULL;
    struct layout l;
    int ret;

    if (!check_parameters(c, &l, where, err)) {
        return false;
    }
    plan(c, &l);
    if (l.l1_entries * 8 > QCOW2_L1_BYTES_MAX) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: %" PRIu64 " bytes are too large for clusters of %" PRIu64
                    " bytes; take a larger cluster_size", where, c->size, l.cluster_size);
        return false;
    }
    image = g_malloc0((1 + l.table_clusters + l.blocks) << c->cluster_bits);
    if (!fill_header(c, &l, image)) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: the backing file's name does not fit into the header", where);
        return false;
    }
    for (uint64_t i = 0; i < l.blocks; i++) {
        qcow2_put64(image + l.cluster_size + i * 8, (1 + l.table_clusters + i) << c->cluster_bits);
    }
    fill_refcounts(c, image + ((1 + l.table_clusters) << c->cluster_bits), total_clusters(&l));
    ret = block_file_truncate(f, 0);
    ret = ret ? ret : block_file_truncate(f, total_clusters(&l) << c->cluster_bits);
    ret = ret ? ret : block_file_write(f, 0, image, (1 + l.table_clusters + l.blocks) << c->cluster_bits);
    if (ret) {
        g_set_error(err, BLOCK_ERROR, -ret, "%s: cannot write '%s': %s", where, f->path, g_strerror(-ret));
    }
    return !ret;
}
