/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From guest offsets to clusters of the file: L1 and L2 tables. */
#include "block/qcow2.h"

#include <errno.h>
#include <string.h>

enum qcow2_kind qcow2_kind(const struct qcow2 *q, uint64_t entry)
{
    if (entry & QCOW2_COMPRESSED) {
        return QCOW2_KIND_COMPRESSED;
    }
    if (q->version >= 3 && entry & QCOW2_ZERO) {
        return QCOW2_KIND_ZERO;
    }
    return entry & QCOW2_OFFSET_MASK ? QCOW2_KIND_NORMAL : QCOW2_KIND_UNALLOCATED;
}

static int check_table_offset(struct qcow2 *q, uint64_t offset)
{
    return offset & (q->cluster_size - 1) ? qcow2_damaged(q, "an L2 table is not at a cluster", offset) : 0;
}

/* A table of our own for L1 entry i: empty, or a copy of the one that a snapshot shares. */
static int new_l2(struct qcow2 *q, unsigned i, struct qcow2_table **t)
{
    uint64_t old = q->l1[i] & QCOW2_OFFSET_MASK, offset, one = 1;
    g_autofree uint8_t *copy = NULL;
    int ret = qcow2_alloc(q, &one, &offset);

    if (!ret && old) {
        ret = qcow2_table_get(q, &q->l2, old, t);
        if (!ret) {
            copy = g_memdup2((*t)->data, q->cluster_size);
        }
    }
    if (ret) {
        return ret;
    }
    ret = qcow2_table_new(q, &q->l2, offset, t);
    if (ret) {
        qcow2_alloc_undo(q, offset, 1);
        return ret;
    }
    q->file_end = MAX(q->file_end, offset + q->cluster_size);
    if (copy) {
        memcpy((*t)->data, copy, q->cluster_size);
    }
    q->l1[i] = offset | QCOW2_COPIED;
    q->l1_dirty = true;
    if (old) {
        qcow2_free_later(q, old, 1);
    }
    return 0;
}

int qcow2_l2(struct qcow2 *q, uint64_t offset, bool alloc, struct qcow2_table **t)
{
    uint64_t i = offset >> (q->cluster_bits + q->l2_bits);
    uint64_t l2_offset = i < q->l1_size ? q->l1[i] & QCOW2_OFFSET_MASK : 0;
    int ret = check_table_offset(q, l2_offset);

    *t = NULL;
    if (ret) {
        return ret;
    }
    if (alloc && (!l2_offset || !(q->l1[i] & QCOW2_COPIED))) {
        return i < q->l1_size ? new_l2(q, i, t) : -EIO;
    }
    return l2_offset ? qcow2_table_get(q, &q->l2, l2_offset, t) : 0;
}

static uint64_t entry_at(const struct qcow2_table *t, unsigned index)
{
    return qcow2_get64(t->data + index * 8);
}

static int check_entry(struct qcow2 *q, uint64_t entry)
{
    if (qcow2_kind(q, entry) != QCOW2_KIND_COMPRESSED && entry & QCOW2_OFFSET_MASK & (q->cluster_size - 1)) {
        return qcow2_damaged(q, "an L2 entry does not point at a cluster", entry);
    }
    return 0;
}

int qcow2_entry(struct qcow2 *q, uint64_t offset, uint64_t *entry)
{
    struct qcow2_table *t;
    int ret = qcow2_l2(q, offset, false, &t);

    *entry = ret || !t ? 0 : entry_at(t, qcow2_l2_index(q, offset));
    return ret ? ret : check_entry(q, *entry);
}

void qcow2_entry_set(struct qcow2 *q, struct qcow2_table *t, uint64_t offset, uint64_t entry)
{
    unsigned index = qcow2_l2_index(q, offset);

    qcow2_put64(t->data + index * 8, entry);
    qcow2_table_dirty(&q->l2, t, index * 8, index * 8 + 8);
}

/* True if the entry after i clusters of a run that began with first belongs to the run. */
static bool continues(const struct qcow2 *q, uint64_t first, uint64_t entry, uint64_t i)
{
    enum qcow2_kind kind = qcow2_kind(q, first);

    if (kind != qcow2_kind(q, entry) || kind == QCOW2_KIND_COMPRESSED) {
        return false;
    }
    return kind != QCOW2_KIND_NORMAL || (entry & (QCOW2_OFFSET_MASK | QCOW2_COPIED)) ==
           (first & (QCOW2_OFFSET_MASK | QCOW2_COPIED)) + (i << q->cluster_bits);
}

int qcow2_run(struct qcow2 *q, uint64_t offset, uint64_t len, uint64_t *entry, uint64_t *run)
{
    uint64_t in_cluster = offset & (q->cluster_size - 1), table_bytes = q->cluster_size << q->l2_bits, i;
    unsigned index = qcow2_l2_index(q, offset);
    struct qcow2_table *t;
    int ret = qcow2_l2(q, offset, false, &t);

    *entry = 0;
    len = MIN(len, table_bytes - (offset & (table_bytes - 1)));
    *run = len;
    if (ret || !t) {
        return ret;
    }
    *entry = entry_at(t, index);
    ret = check_entry(q, *entry);
    for (i = 1; !ret && (i << q->cluster_bits) < in_cluster + len; i++) {
        if (!continues(q, *entry, entry_at(t, index + i), i)) {
            break;
        }
    }
    *run = MIN(len, (i << q->cluster_bits) - in_cluster);
    return ret;
}

int qcow2_grow_l1(struct qcow2 *q, uint64_t entries)
{
    uint64_t clusters = (entries * 8 + q->cluster_size - 1) >> q->cluster_bits;
    uint64_t old_clusters = (q->l1_size * UINT64_C(8) + q->cluster_size - 1) >> q->cluster_bits;
    uint64_t offset, old_offset = q->l1_offset;
    g_autofree uint8_t *disk = NULL;
    uint8_t head[12];
    int ret;

    if (entries <= q->l1_size) {
        return 0;
    }
    if (entries * 8 > QCOW2_L1_BYTES_MAX) {
        return -EFBIG;
    }
    ret = qcow2_alloc_exact(q, clusters, &offset);
    if (ret) {
        return ret;
    }
    q->file_end = MAX(q->file_end, offset + (clusters << q->cluster_bits));
    q->l1 = g_renew(uint64_t, q->l1, entries);
    memset(q->l1 + q->l1_size, 0, (entries - q->l1_size) * 8);
    ret = qcow2_sync(q);
    disk = g_malloc0(clusters << q->cluster_bits);
    for (unsigned i = 0; i < q->l1_size; i++) {
        qcow2_put64(disk + i * 8, q->l1[i]);
    }
    ret = ret ? ret : block_file_write(q->img.file, offset, disk, clusters << q->cluster_bits);
    ret = ret ? ret : block_file_sync(q->img.file);
    /* Size and offset in one write: they are neighbours in the header. */
    qcow2_put32(head, entries);
    qcow2_put64(head + 4, offset);
    ret = ret ? ret : block_file_write(q->img.file, QCOW2_H_L1_SIZE, head, sizeof(head));
    ret = ret ? ret : block_file_sync(q->img.file);
    if (ret) {
        return ret;
    }
    q->l1_size = entries;
    q->l1_offset = offset;
    qcow2_free_later(q, old_offset, old_clusters);
    return 0;
}
