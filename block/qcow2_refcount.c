/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reference counts of clusters, and with them the allocation of clusters. */
#include "block/qcow2.h"

#include <errno.h>
#include <string.h>

#define BEYOND_END_MAX (1u << 20)   /* clusters */

/* ---- entries of a refcount block ---- */

static unsigned block_entries_bits(const struct qcow2 *q)
{
    return q->cluster_bits + 3 - q->refcount_order;
}

/* Entries of less than a byte are packed from the lowest bit up; larger ones are big-endian. */
static uint64_t entry_get(const struct qcow2 *q, const uint8_t *data, unsigned index)
{
    unsigned bits = 1u << q->refcount_order;
    uint64_t v = 0;

    if (bits < 8) {
        return data[index * bits / 8] >> (index * bits % 8) & ((1u << bits) - 1);
    }
    for (unsigned i = 0; i < bits / 8; i++) {
        v = v << 8 | data[index * (bits / 8) + i];
    }
    return v;
}

static void entry_set(const struct qcow2 *q, uint8_t *data, unsigned index, uint64_t v)
{
    unsigned bits = 1u << q->refcount_order;

    if (bits < 8) {
        unsigned shift = index * bits % 8;
        uint8_t mask = ((1u << bits) - 1) << shift;

        data[index * bits / 8] = (data[index * bits / 8] & ~mask) | v << shift;
        return;
    }
    for (unsigned i = bits / 8; i-- > 0; v >>= 8) {
        data[index * (bits / 8) + i] = v;
    }
}

static uint64_t refcount_max(const struct qcow2 *q)
{
    return q->refcount_order == 6 ? UINT64_MAX : (UINT64_C(1) << (1u << q->refcount_order)) - 1;
}

/* The block that holds the cluster's count; NULL where the table has none. */
static int find_block(struct qcow2 *q, uint64_t cluster, struct qcow2_table **t)
{
    uint64_t index = cluster >> block_entries_bits(q), offset;

    *t = NULL;
    if (index >= q->reftable_size || !q->reftable[index]) {
        return 0;
    }
    offset = q->reftable[index] & -BLOCK_SECTOR;
    if (offset & (q->cluster_size - 1)) {
        return qcow2_damaged(q, "a refcount block is not at a cluster", offset);
    }
    return qcow2_table_get(q, &q->refblocks, offset, t);
}

int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *count)
{
    struct qcow2_table *t;
    int ret = find_block(q, cluster, &t);

    *count = 0;
    if (!ret && t) {
        *count = entry_get(q, t->data, cluster & ((UINT64_C(1) << block_entries_bits(q)) - 1));
    }
    return ret;
}

static void set_in_block(struct qcow2 *q, struct qcow2_table *t, uint64_t cluster, uint64_t count)
{
    unsigned index = cluster & ((UINT64_C(1) << block_entries_bits(q)) - 1);
    unsigned from = ((uint64_t)index << q->refcount_order) / 8;

    entry_set(q, t->data, index, count);
    qcow2_table_dirty(&q->refblocks, t, from, from + MAX((1u << q->refcount_order) / 8, 1));
}

/* ---- growing the table ---- */

/*
 * A larger refcount table: in a stretch of its own behind everything that is counted, together with the blocks that
 * count that stretch. The header is switched when all of it is durable; a crash before leaks it, nothing else.
 */
static int grow_table(struct qcow2 *q, uint64_t index_wanted)
{
    unsigned per_block_bits = block_entries_bits(q);
    uint64_t first = (uint64_t)q->reftable_size << per_block_bits;
    uint64_t entries, table_clusters, blocks, old_offset = q->reftable_offset, old_size = q->reftable_size;
    uint64_t *table;
    uint8_t head[12];
    int ret = 0;

    entries = MAX(index_wanted + 1, old_size + old_size / 2 + 1);
    for (blocks = 1;; blocks++) {
        uint64_t needed;

        entries = MAX(entries, old_size + blocks);
        table_clusters = (entries * 8 + q->cluster_size - 1) >> q->cluster_bits;
        entries = table_clusters << q->cluster_bits >> 3;
        needed = (table_clusters + blocks + (UINT64_C(1) << per_block_bits) - 1) >> per_block_bits;
        if (needed <= blocks) {
            break;
        }
    }
    if (entries * 8 > QCOW2_REFTABLE_BYTES_MAX || first << q->cluster_bits > INT64_MAX / 2) {
        return -EFBIG;
    }
    table = g_new0(uint64_t, entries);
    memcpy(table, q->reftable, old_size * 8);
    for (uint64_t i = 0; i < blocks; i++) {
        table[old_size + i] = (first + table_clusters + i) << q->cluster_bits;
    }
    g_free(q->reftable);
    q->reftable = table;
    q->reftable_size = entries;
    q->reftable_offset = first << q->cluster_bits;
    q->reftable_dirty = true;
    for (uint64_t i = 0; i < blocks && !ret; i++) {
        struct qcow2_table *t;

        ret = qcow2_table_new(q, &q->refblocks, table[old_size + i], &t);
    }
    for (uint64_t c = first; c < first + table_clusters + blocks && !ret; c++) {
        struct qcow2_table *t;

        ret = find_block(q, c, &t);
        if (!ret) {
            set_in_block(q, t, c, 1);
        }
    }
    q->file_end = MAX(q->file_end, (first + table_clusters + blocks) << q->cluster_bits);
    ret = ret ? ret : qcow2_sync(q);
    if (ret) {
        return ret;
    }
    qcow2_put64(head, q->reftable_offset);
    qcow2_put32(head + 8, table_clusters);
    ret = block_file_write(q->img.file, QCOW2_H_REFTABLE_OFFSET, head, sizeof(head));
    ret = ret ? ret : block_file_sync(q->img.file);
    if (!ret) {
        qcow2_free_later(q, old_offset, (old_size * 8 + q->cluster_size - 1) >> q->cluster_bits);
    }
    return ret;
}

/* In a damaged image, refcounts may call free what is not: the header and the two top tables are never given out. */
static bool is_top_table(const struct qcow2 *q, uint64_t first, uint64_t n)
{
    uint64_t from = first << q->cluster_bits, to = (first + n) << q->cluster_bits;

    return !first || (from < q->l1_offset + q->l1_size * UINT64_C(8) && q->l1_offset < to) ||
           (from < q->reftable_offset + q->reftable_size * UINT64_C(8) && q->reftable_offset < to);
}

/* A block for counts that have none yet. It lies in the first cluster that it counts: nothing else can be there. */
static int add_block(struct qcow2 *q, uint64_t index)
{
    uint64_t cluster = index << block_entries_bits(q);
    struct qcow2_table *t;
    int ret;

    if (is_top_table(q, cluster, 1)) {
        return qcow2_damaged(q, "metadata in use has refcount 0", cluster << q->cluster_bits);
    }
    ret = qcow2_table_new(q, &q->refblocks, cluster << q->cluster_bits, &t);
    if (ret) {
        return ret;
    }
    q->reftable[index] = cluster << q->cluster_bits;
    q->reftable_dirty = true;
    q->file_end = MAX(q->file_end, (cluster + 1) << q->cluster_bits);
    set_in_block(q, t, cluster, 1);
    return 0;
}

/* Makes sure that the cluster's count can be stored. */
static int ensure_block(struct qcow2 *q, uint64_t cluster, struct qcow2_table **t)
{
    uint64_t index = cluster >> block_entries_bits(q);
    int ret = find_block(q, cluster, t);

    if (ret || *t) {
        return ret;
    }
    if (index >= q->reftable_size) {
        ret = grow_table(q, index);
    }
    if (!ret && !q->reftable[index]) {
        ret = add_block(q, index);
    }
    return ret ? ret : find_block(q, cluster, t);
}

int qcow2_refcount_set(struct qcow2 *q, uint64_t cluster, uint64_t count)
{
    struct qcow2_table *t;
    int ret;

    if (count > refcount_max(q)) {
        return -ERANGE;
    }
    ret = ensure_block(q, cluster, &t);
    if (!ret) {
        set_in_block(q, t, cluster, count);
        if (!count) {
            q->free_hint = MIN(q->free_hint, cluster);
        }
    }
    return ret;
}

/* ---- allocation ---- */

/* The next free cluster from the hint on, whose count can be stored. */
static int find_free(struct qcow2 *q, uint64_t from, uint64_t *found)
{
    for (uint64_t cluster = from;; cluster++) {
        struct qcow2_table *t;
        int ret = ensure_block(q, cluster, &t);

        if (ret) {
            return ret;
        }
        if (cluster >= UINT64_C(1) << (56 - q->cluster_bits)) {
            return -EFBIG;
        }
        /* Crashes leave some counts beyond the end of the file; tables that are all ones would keep us for hours. */
        if (cluster > (q->file_end >> q->cluster_bits) + BEYOND_END_MAX) {
            return qcow2_damaged(q, "clusters far beyond the end of the file are in use", cluster);
        }
        if (!entry_get(q, t->data, cluster & ((UINT64_C(1) << block_entries_bits(q)) - 1))) {
            *found = cluster;
            return 0;
        }
    }
}

int qcow2_alloc(struct qcow2 *q, uint64_t *n, uint64_t *offset)
{
    uint64_t first, count;
    int ret = find_free(q, q->free_hint, &first);

    for (count = 0; !ret && count < *n; count++) {
        uint64_t cluster;

        ret = find_free(q, first + count, &cluster);
        if (!ret && is_top_table(q, cluster, 1)) {
            ret = qcow2_damaged(q, "metadata in use has refcount 0", cluster << q->cluster_bits);
        }
        if (ret || cluster != first + count) {
            break;
        }
        ret = qcow2_refcount_set(q, cluster, 1);
    }
    if (!count) {
        return ret;
    }
    *n = count;
    *offset = first << q->cluster_bits;
    q->free_hint = first + count;
    return 0;
}

int qcow2_alloc_exact(struct qcow2 *q, uint64_t n, uint64_t *offset)
{
    uint64_t from = q->free_hint;

    for (;;) {
        uint64_t got = n, hint = q->free_hint;
        int ret;

        q->free_hint = from;
        ret = qcow2_alloc(q, &got, offset);
        q->free_hint = got == n && from == hint ? q->free_hint : MIN(hint, from);
        if (ret || got == n) {
            return ret;
        }
        from = (*offset >> q->cluster_bits) + got;
        qcow2_alloc_undo(q, *offset, got);
    }
}

void qcow2_alloc_undo(struct qcow2 *q, uint64_t offset, uint64_t n)
{
    for (uint64_t c = offset >> q->cluster_bits; n; c++, n--) {
        if (qcow2_refcount_set(q, c, 0)) {
            return;   /* leaked; the file can't be written anyway */
        }
    }
}

void qcow2_free_later(struct qcow2 *q, uint64_t offset, uint64_t n)
{
    for (uint64_t c = offset >> q->cluster_bits; n; c++, n--) {
        g_array_append_val(q->frees, c);
    }
}

void qcow2_free_entry(struct qcow2 *q, uint64_t entry)
{
    if (qcow2_kind(q, entry) == QCOW2_KIND_COMPRESSED) {
        uint64_t offset, last;
        size_t len;

        qcow2_compressed_place(q, entry, &offset, &len);
        last = (offset + len - 1) >> q->cluster_bits;
        qcow2_free_later(q, offset, last - (offset >> q->cluster_bits) + 1);
    } else if (entry & QCOW2_OFFSET_MASK) {
        qcow2_free_later(q, entry & QCOW2_OFFSET_MASK, 1);
    }
}

static int free_one(struct qcow2 *q, uint64_t cluster)
{
    uint64_t count, offset = cluster << q->cluster_bits;
    int ret = qcow2_refcount_get(q, cluster, &count);

    if (ret) {
        return ret;
    }
    if (!count) {
        return qcow2_damaged(q, "a cluster in use has refcount 0", offset);
    }
    ret = qcow2_refcount_set(q, cluster, count - 1);
    if (!ret && count == 1) {
        qcow2_table_drop(&q->l2, offset);
        if (q->img.unmap) {
            block_file_discard(q->img.file, offset, q->cluster_size);
        }
    }
    return ret;
}

int qcow2_apply_frees(struct qcow2 *q)
{
    GArray *list = q->frees;
    int ret = 0;

    if (!list->len) {
        return 0;
    }
    q->frees = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    for (unsigned i = 0; i < list->len; i++) {
        int one = free_one(q, g_array_index(list, uint64_t, i));

        ret = ret ? ret : one;
    }
    g_array_free(list, TRUE);
    return ret;
}
