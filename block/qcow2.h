/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qcow2 images, versions 2 and 3 (QEMU's docs/interop/qcow2.txt is the format's definition). Private to block/.
 *
 * Locking: q->lock guards all metadata: L1, refcount table, the caches of L2 tables and refcount blocks. Data is read
 * and written without it. A write that needs new clusters notes its guest clusters in q->allocating, drops the lock for
 * the data, and takes it again to link them; writes to the same clusters wait meanwhile.
 *
 * What is on the disk is consistent at any moment but for leaked clusters: everything goes out in the order data and
 * refcounts, refcount table, L2, L1, with a flush of the file between them (qcow2_sync); references that go away are
 * counted down only after the tables that no longer hold them are on the disk (q->frees).
 */
#ifndef BLOCK_QCOW2_H
#define BLOCK_QCOW2_H

#include "block/block_impl.h"

#define QCOW2_MAGIC 0x514649fb   /* "QFI\xfb" */

#define QCOW2_CLUSTER_BITS_MIN 9
#define QCOW2_CLUSTER_BITS_MAX 21
#define QCOW2_L1_BYTES_MAX (32u << 20)
#define QCOW2_REFTABLE_BYTES_MAX (8u << 20)
#define QCOW2_BACKING_NAME_MAX 1023
#define QCOW2_SNAPSHOTS_MAX 65536

enum {   /* header fields, as offsets */
    QCOW2_H_MAGIC = 0, QCOW2_H_VERSION = 4, QCOW2_H_BACKING_OFFSET = 8, QCOW2_H_BACKING_SIZE = 16,
    QCOW2_H_CLUSTER_BITS = 20, QCOW2_H_SIZE = 24, QCOW2_H_CRYPT = 32, QCOW2_H_L1_SIZE = 36, QCOW2_H_L1_OFFSET = 40,
    QCOW2_H_REFTABLE_OFFSET = 48, QCOW2_H_REFTABLE_CLUSTERS = 56, QCOW2_H_SNAPSHOTS = 60,
    QCOW2_H_SNAPSHOTS_OFFSET = 64, QCOW2_H_V2_LENGTH = 72, QCOW2_H_INCOMPATIBLE = 72, QCOW2_H_COMPATIBLE = 80,
    QCOW2_H_AUTOCLEAR = 88, QCOW2_H_REFCOUNT_ORDER = 96, QCOW2_H_LENGTH = 100, QCOW2_H_COMPRESSION = 104,
    QCOW2_H_V3_LENGTH = 112,
};

enum {   /* incompatible features */
    QCOW2_DIRTY = 1, QCOW2_CORRUPT = 2, QCOW2_EXTERNAL_DATA = 4, QCOW2_COMPRESSION_TYPE = 8, QCOW2_EXTENDED_L2 = 16,
};

#define QCOW2_LAZY_REFCOUNTS 1   /* compatible feature */

enum { QCOW2_EXT_END = 0, QCOW2_EXT_BACKING_FORMAT = 0xe2792aca, QCOW2_EXT_FEATURE_NAMES = 0x6803f857 };
enum { QCOW2_DEFLATE = 0, QCOW2_ZSTD = 1 };

/* L1 and L2 entries. */
#define QCOW2_COPIED (UINT64_C(1) << 63)       /* refcount is exactly 1: may be written in place */
#define QCOW2_COMPRESSED (UINT64_C(1) << 62)
#define QCOW2_ZERO UINT64_C(1)
#define QCOW2_OFFSET_MASK UINT64_C(0x00fffffffffffe00)

/* A table that fills one cluster, in memory as on the disk (big-endian). */
struct qcow2_table {
    uint64_t offset;             /* in the file; the key */
    uint8_t *data;
    unsigned dirty_from, dirty_to;   /* bytes that the disk lacks */
    GList link;                  /* in the cache's lru */
};

struct qcow2_cache {
    GHashTable *by_offset;       /* struct qcow2_table */
    GQueue lru;                  /* the most recent first */
    unsigned count_max, dirty;
};

/* Guest clusters that a write is allocating. */
struct qcow2_allocating {
    uint64_t first, count;
    struct qcow2_allocating *next;
};

struct qcow2 {
    struct block_image img;
    char *backing_name, *backing_format;
    unsigned version, cluster_bits, refcount_order, compression;
    uint64_t cluster_size, incompatible, compatible, autoclear;
    unsigned l2_bits;            /* entries of an L2 table: 1 << l2_bits */
    unsigned snapshots;
    uint64_t snapshots_offset;

    GMutex lock;
    GCond linked;                /* something left allocating */
    uint64_t *l1;                /* host byte order */
    unsigned l1_size;
    uint64_t l1_offset;
    bool l1_dirty;
    uint64_t *reftable;          /* host byte order */
    unsigned reftable_size;      /* entries */
    uint64_t reftable_offset;
    bool reftable_dirty;
    struct qcow2_cache l2, refblocks;
    GArray *frees;               /* cluster indexes (uint64_t) whose refcount falls by 1 once the tables are out */
    struct qcow2_allocating *allocating;
    uint64_t free_hint;          /* no free cluster has a lower index */
    uint64_t file_end;           /* clusters from this offset on have never been written */
    bool complained;
    uint64_t unpacked_entry;     /* L2 entry whose contents are in unpacked; 0 for none */
    uint8_t *unpacked;           /* the compressed cluster that was read last */
};

static inline struct qcow2 *as_qcow2(struct block_image *img)
{
    return (struct qcow2 *)img;
}

static inline uint64_t qcow2_get64(const void *p)
{
    uint64_t v;

    __builtin_memcpy(&v, p, 8);
    return GUINT64_FROM_BE(v);
}

static inline void qcow2_put64(void *p, uint64_t v)
{
    v = GUINT64_TO_BE(v);
    __builtin_memcpy(p, &v, 8);
}

static inline uint32_t qcow2_get32(const void *p)
{
    uint32_t v;

    __builtin_memcpy(&v, p, 4);
    return GUINT32_FROM_BE(v);
}

static inline void qcow2_put32(void *p, uint32_t v)
{
    v = GUINT32_TO_BE(v);
    __builtin_memcpy(p, &v, 4);
}

/* Unless told otherwise, functions are called with q->lock held and return 0 or -errno. */

/* qcow2.c: writes all tables in order and makes them durable, then counts down q->frees. */
int qcow2_sync(struct qcow2 *q);
/* The image contradicts itself: said once on stderr. Gives -EIO. */
int qcow2_damaged(struct qcow2 *q, const char *what, uint64_t value);
/* One header field, at once. */
int qcow2_write_header64(struct qcow2 *q, unsigned field, uint64_t v);

/* qcow2_cache.c */
void qcow2_cache_init(struct qcow2_cache *c, unsigned count_max);
void qcow2_cache_free(struct qcow2_cache *c);
/* The table in memory, NULL if it isn't there. */
struct qcow2_table *qcow2_cache_find(struct qcow2_cache *c, uint64_t offset);
/* Reads it if need be. It stays valid until the next qcow2_table_get or _new on the same cache. */
int qcow2_table_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, struct qcow2_table **t);
/* A table of zeroes (wholly dirty) that replaces what the file holds at offset. */
int qcow2_table_new(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, struct qcow2_table **t);
void qcow2_table_dirty(struct qcow2_cache *c, struct qcow2_table *t, unsigned from, unsigned to);
void qcow2_table_drop(struct qcow2_cache *c, uint64_t offset);
/* Writes the dirty ones, without a flush. */
int qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *c);

/* qcow2_refcount.c */
int qcow2_refcount_get(struct qcow2 *q, uint64_t cluster, uint64_t *count);
int qcow2_refcount_set(struct qcow2 *q, uint64_t cluster, uint64_t count);
/* Up to *n contiguous clusters with refcount 1: *n is how many, at least 1. *offset in the file. */
int qcow2_alloc(struct qcow2 *q, uint64_t *n, uint64_t *offset);
/* Exactly n. */
int qcow2_alloc_exact(struct qcow2 *q, uint64_t n, uint64_t *offset);
/* Gives back clusters that no table has referred to. */
void qcow2_alloc_undo(struct qcow2 *q, uint64_t offset, uint64_t n);
/* A reference is gone from the tables in memory; counted down after they are on the disk. */
void qcow2_free_later(struct qcow2 *q, uint64_t offset, uint64_t n);
/* The same for whatever an L2 entry refers to. */
void qcow2_free_entry(struct qcow2 *q, uint64_t entry);
/* After the tables are out. */
int qcow2_apply_frees(struct qcow2 *q);

/* qcow2_map.c */
enum qcow2_kind { QCOW2_KIND_UNALLOCATED, QCOW2_KIND_ZERO, QCOW2_KIND_NORMAL, QCOW2_KIND_COMPRESSED };
enum qcow2_kind qcow2_kind(const struct qcow2 *q, uint64_t entry);
/* The L2 table that maps the guest offset. alloc: makes one, or a copy of one that is shared with a snapshot; without
 * it *t is NULL where there is none. */
int qcow2_l2(struct qcow2 *q, uint64_t offset, bool alloc, struct qcow2_table **t);
/* The L2 entry of the guest offset; 0 where there is no table. */
int qcow2_entry(struct qcow2 *q, uint64_t offset, uint64_t *entry);
void qcow2_entry_set(struct qcow2 *q, struct qcow2_table *t, uint64_t offset, uint64_t entry);
static inline unsigned qcow2_l2_index(const struct qcow2 *q, uint64_t offset)
{
    return offset >> q->cluster_bits & ((1u << q->l2_bits) - 1);
}
/* How many bytes from offset on (at most len, within one L2 table) are of one kind and, if normal, contiguous in the
 * file; *entry is the first entry. */
int qcow2_run(struct qcow2 *q, uint64_t offset, uint64_t len, uint64_t *entry, uint64_t *run);
int qcow2_grow_l1(struct qcow2 *q, uint64_t entries);

/* qcow2_io.c: without the lock */
int qcow2_readv(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len);
int qcow2_writev(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len);
int qcow2_zero(struct block_image *img, uint64_t offset, uint64_t len, bool may_unmap);
int qcow2_discard(struct block_image *img, uint64_t offset, uint64_t len);
bool qcow2_map(struct block_image *img, uint64_t offset, size_t len, bool write, struct block_file **file,
               uint64_t *host);
int qcow2_extent(struct block_image *img, uint64_t offset, uint64_t len, struct block_extent *e);

/* qcow2_compress.c: where the compressed data of an entry is; the bytes end somewhere in the last sector. */
void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, size_t *len);
/* cluster_size bytes of out from len bytes of in. Any thread, no lock. */
int qcow2_decompress(unsigned compression, const uint8_t *in, size_t len, uint8_t *out, size_t out_len);

/* qcow2_check.c */
struct qcow2_check {
    uint64_t leaks, errors, leaks_fixed, errors_fixed, allocated, compressed;
    bool repair_leaks, repair_errors;
    GString *log;    /* one line for each finding; NULL: none wanted */
};
/* Compares the refcounts with what the tables refer to. -errno only where the check itself fails. */
int qcow2_check(struct qcow2 *q, struct qcow2_check *c);

/* qcow2_create.c */
struct qcow2_create {
    uint64_t size;
    unsigned version, cluster_bits, refcount_order, compression;
    bool lazy_refcounts;
    const char *backing_name, *backing_format;   /* NULL: none */
};
void qcow2_create_defaults(struct qcow2_create *c);
/* Writes an empty image to a file, which is emptied first. where starts the message. */
bool qcow2_create(struct block_file *f, const struct qcow2_create *c, const char *where, GError **err);

#endif
