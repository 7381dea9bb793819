/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Consistency of qcow2 images: counts every reference that the tables hold and compares with the refcounts. */
#include "block/qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define CLUSTERS_MAX (UINT64_C(1) << 28)     /* of the file; 4 bytes of memory each */
#define FINDINGS_MAX 50
#define SNAPSHOT_HEADER_BYTES 40

struct walk {
    struct qcow2 *q;
    struct qcow2_check *c;
    uint32_t *refs;              /* counted so far */
    uint64_t clusters;           /* of the file */
    unsigned findings;
};

static void finding(struct walk *w, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

static void finding(struct walk *w, const char *fmt, ...)
{
    va_list ap;

    if (!w->c->log || w->findings++ >= FINDINGS_MAX) {
        return;
    }
    va_start(ap, fmt);
    g_string_append_vprintf(w->c->log, fmt, ap);
    va_end(ap);
    g_string_append_c(w->c->log, '\n');
}

static void error(struct walk *w, const char *what, uint64_t value)
{
    w->c->errors++;
    finding(w, "ERROR %s: %#" PRIx64, what, value);
}

/* Notes references to the clusters that hold these bytes. */
static void refer(struct walk *w, uint64_t offset, uint64_t len, const char *what)
{
    uint64_t first = offset >> w->q->cluster_bits, last = (offset + len - 1) >> w->q->cluster_bits;

    if (!len) {
        return;
    }
    if (last >= w->clusters || last < first) {
        error(w, what, offset);
        return;
    }
    for (uint64_t i = first; i <= last; i++) {
        w->refs[i] += w->refs[i] < UINT32_MAX;
    }
}

static void walk_entry(struct walk *w, uint64_t entry, bool active)
{
    struct qcow2 *q = w->q;
    uint64_t offset;
    size_t len;

    switch (qcow2_kind(q, entry)) {
    case QCOW2_KIND_COMPRESSED:
        qcow2_compressed_place(q, entry, &offset, &len);
        /* The last sector may reach beyond the end of the file. */
        len = MIN(len, (w->clusters << q->cluster_bits) - MIN(offset, w->clusters << q->cluster_bits));
        refer(w, offset, MAX(len, 1), "a compressed cluster outside the file");
        w->c->allocated += active;
        w->c->compressed += active;
        return;
    case QCOW2_KIND_NORMAL:
    case QCOW2_KIND_ZERO:
        offset = entry & QCOW2_OFFSET_MASK;
        if (offset & (q->cluster_size - 1)) {
            error(w, "an L2 entry that does not point at a cluster", entry);
        } else if (offset) {
            refer(w, offset, q->cluster_size, "a data cluster outside the file");
            w->c->allocated += active;
        }
        return;
    case QCOW2_KIND_UNALLOCATED:
        return;
    }
}

/* References of one L1 table (host byte order) and of all below it, but not to the L1 table itself. */
static int walk_l1(struct walk *w, const uint64_t *l1, unsigned n, bool active)
{
    struct qcow2 *q = w->q;
    g_autofree uint8_t *table = g_malloc(q->cluster_size);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < n; i++) {
        uint64_t offset = l1[i] & QCOW2_OFFSET_MASK;
        int ret;

        if (!offset) {
            continue;
        }
        if (offset & (q->cluster_size - 1) || offset >> q->cluster_bits >= w->clusters) {
            error(w, "an L1 entry that points at no cluster", l1[i]);
            continue;
        }
        refer(w, offset, q->cluster_size, "an L2 table outside the file");
        if (!g_hash_table_add(seen, GSIZE_TO_POINTER(offset))) {
            /* Not walked again: a small image could make us read tables for days. */
            error(w, "an L2 table that two L1 entries share", offset);
            continue;
        }
        ret = block_file_read(q->img.file, offset, table, q->cluster_size);
        if (ret) {
            return ret;
        }
        for (unsigned k = 0; k < 1u << q->l2_bits; k++) {
            walk_entry(w, qcow2_get64(table + k * 8), active);
        }
    }
    return 0;
}

/* One entry of the snapshot table at *offset, which moves on. */
static int walk_snapshot(struct walk *w, uint64_t *offset)
{
    struct qcow2 *q = w->q;
    uint8_t head[SNAPSHOT_HEADER_BYTES];
    g_autofree uint64_t *l1 = NULL;
    uint64_t l1_offset;
    uint32_t l1_size, extra, len;
    int ret = block_file_read(q->img.file, *offset, head, sizeof(head));

    if (ret) {
        return ret;
    }
    l1_offset = qcow2_get64(head);
    l1_size = qcow2_get32(head + 8);
    extra = qcow2_get32(head + 36);
    len = sizeof(head) + (uint32_t)(head[12] << 8 | head[13]) + (head[14] << 8 | head[15]);
    if (l1_size > QCOW2_L1_BYTES_MAX / 8 || extra > 1024 || l1_offset & (q->cluster_size - 1)) {
        error(w, "a snapshot's L1 table makes no sense", l1_offset);
        return -EIO;
    }
    *offset = (*offset + len + extra + 7) & ~UINT64_C(7);
    refer(w, l1_offset, l1_size * UINT64_C(8), "a snapshot's L1 table outside the file");
    l1 = g_new0(uint64_t, MAX(l1_size, 1));
    ret = block_file_read(q->img.file, l1_offset, l1, l1_size * sizeof(uint64_t));
    for (unsigned i = 0; i < l1_size; i++) {
        l1[i] = GUINT64_FROM_BE(l1[i]);
    }
    return ret ? ret : walk_l1(w, l1, l1_size, false);
}

static int walk_all(struct walk *w)
{
    struct qcow2 *q = w->q;
    uint64_t at = q->snapshots_offset;
    int ret;

    refer(w, 0, q->cluster_size, "the header");
    refer(w, q->l1_offset, q->l1_size * UINT64_C(8), "the L1 table outside the file");
    refer(w, q->reftable_offset, q->reftable_size * UINT64_C(8), "the refcount table outside the file");
    for (unsigned i = 0; i < q->reftable_size; i++) {
        if (q->reftable[i]) {
            refer(w, q->reftable[i], q->cluster_size, "a refcount block outside the file");
        }
    }
    ret = walk_l1(w, q->l1, q->l1_size, true);
    for (unsigned i = 0; i < q->snapshots && !ret; i++) {
        ret = walk_snapshot(w, &at);
    }
    if (q->snapshots) {
        refer(w, q->snapshots_offset, at - q->snapshots_offset, "the snapshot table outside the file");
    }
    return ret;
}

static int compare_one(struct walk *w, uint64_t cluster)
{
    uint64_t count, refs = w->refs[cluster];
    bool leak;
    int ret = qcow2_refcount_get(w->q, cluster, &count);

    if (ret || count == refs) {
        return ret;
    }
    leak = count > refs;
    *(leak ? &w->c->leaks : &w->c->errors) += 1;
    finding(w, "%s cluster %" PRIu64 " refcount=%" PRIu64 " reference=%" PRIu64, leak ? "Leaked" : "ERROR", cluster,
            count, refs);
    if (leak ? w->c->repair_leaks : w->c->repair_errors) {
        ret = qcow2_refcount_set(w->q, cluster, refs);
        *(leak ? &w->c->leaks_fixed : &w->c->errors_fixed) += !ret;
    }
    return ret;
}

/* An entry says COPIED exactly where the count is 1: writing in place elsewhere would change a snapshot. */
static bool copied_is_wrong(const struct walk *w, uint64_t entry)
{
    uint64_t cluster = (entry & QCOW2_OFFSET_MASK) >> w->q->cluster_bits;

    return cluster && cluster < w->clusters && entry & QCOW2_COPIED && w->refs[cluster] != 1;
}

static int check_copied(struct walk *w)
{
    struct qcow2 *q = w->q;

    for (unsigned i = 0; i < q->l1_size; i++) {
        struct qcow2_table *t;
        int ret;

        if (copied_is_wrong(w, q->l1[i])) {
            error(w, "an L1 entry is marked as unshared and is not", q->l1[i]);
            if (w->c->repair_errors) {
                q->l1[i] &= ~QCOW2_COPIED;
                q->l1_dirty = true;
                w->c->errors_fixed++;
            }
        }
        if ((q->l1[i] & QCOW2_OFFSET_MASK) >> q->cluster_bits >= w->clusters) {
            continue;
        }
        ret = qcow2_l2(q, (uint64_t)i << (q->cluster_bits + q->l2_bits), false, &t);
        for (unsigned k = 0; !ret && t && k < 1u << q->l2_bits; k++) {
            uint64_t entry = qcow2_get64(t->data + k * 8);

            if (qcow2_kind(q, entry) == QCOW2_KIND_COMPRESSED || !copied_is_wrong(w, entry)) {
                continue;
            }
            error(w, "an L2 entry is marked as unshared and is not", entry);
            if (w->c->repair_errors) {
                qcow2_entry_set(q, t, (uint64_t)k << q->cluster_bits, entry & ~QCOW2_COPIED);
                w->c->errors_fixed++;
            }
        }
    }
    return 0;
}

int qcow2_check(struct qcow2 *q, struct qcow2_check *c)
{
    struct walk w = { .q = q, .c = c };
    uint64_t length;
    int ret = block_file_length(q->img.file, &length);

    w.clusters = (length + q->cluster_size - 1) >> q->cluster_bits;
    if (ret) {
        return ret;
    }
    if (w.clusters > CLUSTERS_MAX) {
        return -EFBIG;
    }
    w.refs = g_try_malloc0_n(MAX(w.clusters, 1), sizeof(uint32_t));
    if (!w.refs) {
        return -ENOMEM;
    }
    ret = walk_all(&w);
    for (uint64_t i = 0; i < w.clusters && !ret; i++) {
        ret = compare_one(&w, i);
    }
    ret = ret ? ret : check_copied(&w);
    g_free(w.refs);
    return ret;
}
