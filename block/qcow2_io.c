/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's requests on qcow2 images. All but qcow2_map() run on worker threads and may wait. */
#include "block/qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/iov.h"

#define FREES_MAX 4096
#define ALLOC_BYTES_MAX (4u << 20)   /* of one round of a write: what comes behind waits for nobody */

/* ---- reading ---- */

/* The cluster's contents in q->unpacked; the lock is held, so that nobody frees the compressed bytes meanwhile. */
static int unpack(struct qcow2 *q, uint64_t entry)
{
    g_autofree uint8_t *in = NULL;
    uint64_t offset;
    size_t len;
    int ret;

    if (q->unpacked_entry == entry) {
        return 0;
    }
    if (!q->unpacked) {
        q->unpacked = g_malloc(q->cluster_size);
    }
    qcow2_compressed_place(q, entry, &offset, &len);
    in = g_malloc(len);
    q->unpacked_entry = 0;
    ret = block_file_read(q->img.file, offset, in, len);
    if (ret) {
        return ret;
    }
    if (qcow2_decompress(q->compression, in, len, q->unpacked, q->cluster_size)) {
        return qcow2_damaged(q, "a compressed cluster does not decompress", offset);
    }
    q->unpacked_entry = entry;
    return 0;
}

static int read_compressed(struct qcow2 *q, uint64_t entry, uint64_t offset, const struct iovec *iov, int n, size_t at,
                           size_t len)
{
    int ret;

    g_mutex_lock(&q->lock);
    ret = unpack(q, entry);
    if (!ret) {
        iov_from_buf(iov, n, at, q->unpacked + (offset & (q->cluster_size - 1)), len);
    }
    g_mutex_unlock(&q->lock);
    return ret;
}

/* Bytes that are in one run; the list's part [at, at+len) receives them. */
static int read_run(struct qcow2 *q, uint64_t entry, uint64_t offset, const struct iovec *iov, int n, size_t at,
                    size_t len)
{
    g_autofree struct iovec *part = NULL;
    int used;

    switch (qcow2_kind(q, entry)) {
    case QCOW2_KIND_COMPRESSED:
        return read_compressed(q, entry, offset, iov, n, at, len);
    case QCOW2_KIND_UNALLOCATED:
        if (q->img.backing) {
            break;
        }
        /* fall through */
    case QCOW2_KIND_ZERO:
        iov_fill(iov, n, at, 0, len);
        return 0;
    case QCOW2_KIND_NORMAL:
        break;
    }
    part = g_new(struct iovec, n);
    used = iov_slice(part, n, iov, n, at, len);
    if (qcow2_kind(q, entry) == QCOW2_KIND_UNALLOCATED) {
        return block_image_readv(q->img.backing, offset, part, used, len);
    }
    return block_file_readv(q->img.file, (entry & QCOW2_OFFSET_MASK) + (offset & (q->cluster_size - 1)), part, used,
                            len);
}

int qcow2_readv(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    struct qcow2 *q = as_qcow2(img);
    size_t done = 0;

    while (done < len) {
        uint64_t entry, run;
        int ret;

        g_mutex_lock(&q->lock);
        ret = qcow2_run(q, offset + done, len - done, &entry, &run);
        g_mutex_unlock(&q->lock);
        if (!ret) {
            ret = read_run(q, entry, offset + done, iov, n, done, run);
        }
        if (ret) {
            return ret;
        }
        done += run;
    }
    return 0;
}

/* ---- the short way ---- */

bool qcow2_map(struct block_image *img, uint64_t offset, size_t len, bool write, struct block_file **file,
               uint64_t *host)
{
    struct qcow2 *q = as_qcow2(img);
    uint64_t l1_index = offset >> (q->cluster_bits + q->l2_bits), entry, run = 0;
    bool in_memory;

    /* A vCPU thread is here: if the lock or the table is not at hand, a worker does it. */
    if (!g_mutex_trylock(&q->lock)) {
        return false;
    }
    in_memory = l1_index < q->l1_size && qcow2_cache_find(&q->l2, q->l1[l1_index] & QCOW2_OFFSET_MASK) &&
                !qcow2_run(q, offset, len, &entry, &run);
    if (in_memory && write && !(q->l1[l1_index] & QCOW2_COPIED)) {
        in_memory = false;
    }
    g_mutex_unlock(&q->lock);
    if (!in_memory || run != len || qcow2_kind(q, entry) != QCOW2_KIND_NORMAL || (write && !(entry & QCOW2_COPIED))) {
        return false;
    }
    *file = img->file;
    *host = (entry & QCOW2_OFFSET_MASK) + (offset & (q->cluster_size - 1));
    return true;
}

/* ---- writing ---- */

static bool is_allocating(const struct qcow2 *q, uint64_t first, uint64_t count)
{
    for (const struct qcow2_allocating *a = q->allocating; a; a = a->next) {
        if (first < a->first + a->count && a->first < first + count) {
            return true;
        }
    }
    return false;
}

static void wait_for_others(struct qcow2 *q, uint64_t first, uint64_t count)
{
    while (is_allocating(q, first, count)) {
        g_cond_wait(&q->linked, &q->lock);
    }
}

static void leave(struct qcow2 *q, struct qcow2_allocating *mine)
{
    struct qcow2_allocating **p = &q->allocating;

    while (*p != mine) {
        p = &(*p)->next;
    }
    *p = mine->next;
    g_cond_broadcast(&q->linked);
}

/* A stretch of clusters that a write fills: head and tail are what the guest does not write of the first and last. */
struct fill {
    uint64_t first;          /* guest offset of the first cluster */
    uint64_t host, clusters;
    uint64_t head, tail;     /* bytes */
    bool fresh;              /* the file has never been written there: zeroes need no writing */
};

/* Reads what a border keeps of the cluster's old contents; *buf stays NULL where that is zeroes in a fresh place. */
static int read_border(struct qcow2 *q, const struct fill *f, uint64_t offset, uint64_t len, uint8_t **buf)
{
    struct iovec iov;
    int ret;

    *buf = NULL;
    if (!len) {
        return 0;
    }
    *buf = g_malloc(len);
    iov = (struct iovec){ *buf, len };
    ret = qcow2_readv(&q->img, offset, &iov, 1, len);
    if (!ret && f->fresh && buf_is_zero(*buf, len)) {
        g_free(*buf);
        *buf = NULL;
    }
    return ret;
}

/* The data and its borders in one write. */
static int write_fill(struct qcow2 *q, const struct fill *f, const struct iovec *iov, int n, size_t at, size_t len)
{
    g_autofree struct iovec *list = g_new(struct iovec, n + 2);
    g_autofree uint8_t *head = NULL, *tail = NULL;
    uint64_t start = f->host, total = len;
    int used = 0, ret;

    ret = read_border(q, f, f->first, f->head, &head);
    ret = ret ? ret : read_border(q, f, f->first + f->head + len, f->tail, &tail);
    if (ret) {
        return ret;
    }
    if (head) {
        list[used++] = (struct iovec){ head, f->head };
        total += f->head;
    } else {
        start += f->head;
    }
    used += iov_slice(list + used, n, iov, n, at, len);
    if (tail) {
        list[used++] = (struct iovec){ tail, f->tail };
        total += f->tail;
    }
    return block_file_writev(q->img.file, start, list, used, total);
}

/* Points the L2 entries at the new clusters. */
static int link_fill(struct qcow2 *q, const struct fill *f)
{
    struct qcow2_table *t;
    int ret = qcow2_l2(q, f->first, true, &t);

    if (ret) {
        return ret;
    }
    for (uint64_t i = 0; i < f->clusters; i++) {
        uint64_t offset = f->first + (i << q->cluster_bits);
        uint64_t old = qcow2_get64(t->data + qcow2_l2_index(q, offset) * 8);

        qcow2_entry_set(q, t, offset, (f->host + (i << q->cluster_bits)) | QCOW2_COPIED);
        qcow2_free_entry(q, old);
    }
    q->unpacked_entry = 0;
    return q->frees->len > FREES_MAX ? qcow2_sync(q) : 0;
}

/* How many clusters from offset on (at most n, within the L2 table) must be allocated to be written; the first must. */
static int count_to_allocate(struct qcow2 *q, uint64_t offset, uint64_t n, uint64_t *count)
{
    uint64_t left = (UINT64_C(1) << q->l2_bits) - qcow2_l2_index(q, offset);

    n = MIN(MIN(n, left), MAX(ALLOC_BYTES_MAX >> q->cluster_bits, 1));
    for (*count = 1; *count < n; ++*count) {
        uint64_t entry;
        int ret = qcow2_entry(q, offset + (*count << q->cluster_bits), &entry);

        if (ret) {
            return ret;
        }
        if (qcow2_kind(q, entry) == QCOW2_KIND_NORMAL && entry & QCOW2_COPIED) {
            break;
        }
    }
    return 0;
}

/* Writes to clusters that must be allocated first; *done bytes of them. With the lock; drops it for the data. */
static int write_allocating(struct qcow2 *q, uint64_t offset, const struct iovec *iov, int n, size_t at, size_t len,
                            size_t *done)
{
    uint64_t in_cluster = offset & (q->cluster_size - 1);
    uint64_t wanted = (in_cluster + len + q->cluster_size - 1) >> q->cluster_bits;
    struct fill f = { .first = offset - in_cluster, .head = in_cluster };
    struct qcow2_allocating mine;
    struct qcow2_table *t;
    int ret = count_to_allocate(q, f.first, wanted, &f.clusters);

    /* The L2 table first: later its cluster might be lacking, with the data on the disk already. */
    ret = ret ? ret : qcow2_l2(q, f.first, true, &t);
    ret = ret ? ret : qcow2_alloc(q, &f.clusters, &f.host);
    if (ret) {
        return ret;
    }
    len = MIN(len, (f.clusters << q->cluster_bits) - in_cluster);
    f.tail = (f.clusters << q->cluster_bits) - in_cluster - len;
    f.fresh = f.host >= q->file_end;
    q->file_end = MAX(q->file_end, f.host + (f.clusters << q->cluster_bits));
    mine = (struct qcow2_allocating){ f.first >> q->cluster_bits, f.clusters, q->allocating };
    q->allocating = &mine;

    g_mutex_unlock(&q->lock);
    ret = write_fill(q, &f, iov, n, at, len);
    g_mutex_lock(&q->lock);

    if (ret) {
        qcow2_alloc_undo(q, f.host, f.clusters);
    } else {
        ret = link_fill(q, &f);
    }
    leave(q, &mine);
    *done = len;
    return ret;
}

static int write_in_place(struct qcow2 *q, uint64_t entry, uint64_t offset, const struct iovec *iov, int n, size_t at,
                          size_t len)
{
    g_autofree struct iovec *part = g_new(struct iovec, n);
    int used = iov_slice(part, n, iov, n, at, len);

    return block_file_writev(q->img.file, (entry & QCOW2_OFFSET_MASK) + (offset & (q->cluster_size - 1)), part, used,
                             len);
}

/* One step of a write; called and left with the lock held. */
static int write_step(struct qcow2 *q, uint64_t offset, const struct iovec *iov, int n, size_t at, size_t len,
                      size_t *done)
{
    uint64_t first = offset >> q->cluster_bits, entry, run;
    uint64_t l1_index = offset >> (q->cluster_bits + q->l2_bits);
    int ret;

    wait_for_others(q, first, ((offset + len - 1) >> q->cluster_bits) - first + 1);
    ret = qcow2_run(q, offset, len, &entry, &run);
    if (ret) {
        return ret;
    }
    if (qcow2_kind(q, entry) != QCOW2_KIND_NORMAL || !(entry & QCOW2_COPIED) || !(q->l1[l1_index] & QCOW2_COPIED)) {
        return write_allocating(q, offset, iov, n, at, len, done);
    }
    g_mutex_unlock(&q->lock);
    ret = write_in_place(q, entry, offset, iov, n, at, run);
    g_mutex_lock(&q->lock);
    *done = run;
    return ret;
}

int qcow2_writev(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    struct qcow2 *q = as_qcow2(img);
    size_t at = 0;
    int ret = 0;

    g_mutex_lock(&q->lock);
    while (at < len && !ret) {
        size_t done = 0;

        ret = write_step(q, offset + at, iov, n, at, len - at, &done);
        at += done;
    }
    g_mutex_unlock(&q->lock);
    return ret;
}

/* ---- zeroes and discards ---- */

/* The entry that makes a whole cluster read as zeroes, given the one that it has. */
static uint64_t zero_entry(const struct qcow2 *q, uint64_t entry, bool may_unmap)
{
    if (qcow2_kind(q, entry) == QCOW2_KIND_UNALLOCATED && !q->img.backing) {
        return entry;
    }
    if (!may_unmap && qcow2_kind(q, entry) != QCOW2_KIND_COMPRESSED && entry & QCOW2_COPIED) {
        return entry | QCOW2_ZERO;   /* keeps its place */
    }
    return q->img.backing || !may_unmap ? QCOW2_ZERO : 0;
}

/* Whole clusters, those of one L2 table; *done bytes. */
static int zero_clusters(struct qcow2 *q, uint64_t offset, uint64_t len, bool may_unmap, uint64_t *done)
{
    uint64_t table_bytes = q->cluster_size << q->l2_bits;
    struct qcow2_table *t;
    int ret;

    *done = MIN(len, table_bytes - (offset & (table_bytes - 1)));
    ret = qcow2_l2(q, offset, false, &t);
    if (ret || (!t && !q->img.backing)) {
        return ret;
    }
    ret = qcow2_l2(q, offset, true, &t);
    for (uint64_t at = 0; at < *done && !ret; at += q->cluster_size) {
        uint64_t old = qcow2_get64(t->data + qcow2_l2_index(q, offset + at) * 8);
        uint64_t new = zero_entry(q, old, may_unmap);

        if (new != old) {
            qcow2_entry_set(q, t, offset + at, new);
            if (!(new & QCOW2_OFFSET_MASK)) {
                qcow2_free_entry(q, old);
            }
        }
    }
    q->unpacked_entry = 0;
    return ret ? ret : q->frees->len > FREES_MAX ? qcow2_sync(q) : 0;
}

static int write_zero_bytes(struct qcow2 *q, uint64_t offset, uint64_t len)
{
    size_t size = MIN(len, MAX(q->cluster_size, 1u << 20));
    g_autofree uint8_t *zeroes = NULL;
    int ret = 0;

    if (!len) {
        return 0;
    }
    zeroes = g_malloc0(size);
    for (uint64_t at = 0; at < len && !ret; at += size) {
        struct iovec iov = { zeroes, MIN(size, len - at) };

        ret = qcow2_writev(&q->img, offset + at, &iov, 1, iov.iov_len);
    }
    return ret;
}

int qcow2_zero(struct block_image *img, uint64_t offset, uint64_t len, bool may_unmap)
{
    struct qcow2 *q = as_qcow2(img);
    uint64_t mask = q->cluster_size - 1, end = offset + len;
    uint64_t from = (offset + mask) & ~mask, to = end == img->length ? (end + mask) & ~mask : end & ~mask;
    int ret;

    if (q->version < 3 || from >= to) {
        return write_zero_bytes(q, offset, len);   /* version 2 has no zero clusters */
    }
    ret = write_zero_bytes(q, offset, from - offset);
    if (!ret && end > to) {
        ret = write_zero_bytes(q, to, end - to);
    }
    g_mutex_lock(&q->lock);
    while (from < to && !ret) {
        uint64_t done;

        wait_for_others(q, from >> q->cluster_bits, (to - from) >> q->cluster_bits);
        ret = zero_clusters(q, from, to - from, may_unmap, &done);
        from += done;
    }
    g_mutex_unlock(&q->lock);
    return ret;
}

/* With a backing file, a cluster that is given up must become a zero cluster, or the old contents would show through;
 * version 2 has none, so there the discard does nothing. */
int qcow2_discard(struct block_image *img, uint64_t offset, uint64_t len)
{
    struct qcow2 *q = as_qcow2(img);
    uint64_t mask = q->cluster_size - 1, from = (offset + mask) & ~mask, to = (offset + len) & ~mask;
    int ret = 0;

    if (q->version < 3 && img->backing) {
        return 0;
    }
    g_mutex_lock(&q->lock);
    while (from < to && !ret) {
        uint64_t done;

        wait_for_others(q, from >> q->cluster_bits, (to - from) >> q->cluster_bits);
        ret = zero_clusters(q, from, to - from, true, &done);
        from += done;
    }
    g_mutex_unlock(&q->lock);
    return ret;
}

int qcow2_extent(struct block_image *img, uint64_t offset, uint64_t len, struct block_extent *e)
{
    struct qcow2 *q = as_qcow2(img);
    uint64_t entry;
    enum qcow2_kind kind;
    int ret;

    *e = (struct block_extent){ 0 };
    g_mutex_lock(&q->lock);
    ret = qcow2_run(q, offset, len, &entry, &e->len);
    g_mutex_unlock(&q->lock);
    kind = qcow2_kind(q, entry);
    e->allocated = kind != QCOW2_KIND_UNALLOCATED;
    e->zero = kind == QCOW2_KIND_ZERO || (!e->allocated && !img->backing);
    e->compressed = kind == QCOW2_KIND_COMPRESSED;
    e->has_host = kind == QCOW2_KIND_NORMAL;
    e->host = e->has_host ? (entry & QCOW2_OFFSET_MASK) + (offset & (q->cluster_size - 1)) : 0;
    return ret;
}
