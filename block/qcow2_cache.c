/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L2 tables and refcount blocks in memory. What is dirty is written by qcow2_sync() in the order that qcow2.h gives. */
#include "block/qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void qcow2_cache_init(struct qcow2_cache *c, unsigned count_max)
{
    *c = (struct qcow2_cache){ .count_max = MAX(count_max, 4) };
    c->by_offset = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_queue_init(&c->lru);
}

static void table_free(struct qcow2_table *t)
{
    free(t->data);
    g_free(t);
}

static void forget(struct qcow2_cache *c, struct qcow2_table *t)
{
    c->dirty -= t->dirty_to > t->dirty_from;
    g_hash_table_remove(c->by_offset, &t->offset);
    g_queue_unlink(&c->lru, &t->link);
    table_free(t);
}

void qcow2_cache_free(struct qcow2_cache *c)
{
    if (c->by_offset) {
        while (c->lru.head) {
            forget(c, c->lru.head->data);
        }
        g_hash_table_destroy(c->by_offset);
    }
}

struct qcow2_table *qcow2_cache_find(struct qcow2_cache *c, uint64_t offset)
{
    struct qcow2_table *t = g_hash_table_lookup(c->by_offset, &offset);

    if (t && c->lru.head != &t->link) {
        g_queue_unlink(&c->lru, &t->link);
        g_queue_push_head_link(&c->lru, &t->link);
    }
    return t;
}

void qcow2_table_drop(struct qcow2_cache *c, uint64_t offset)
{
    struct qcow2_table *t = g_hash_table_lookup(c->by_offset, &offset);

    if (t) {
        forget(c, t);
    }
}

void qcow2_table_dirty(struct qcow2_cache *c, struct qcow2_table *t, unsigned from, unsigned to)
{
    if (t->dirty_from == t->dirty_to) {
        c->dirty++;
        t->dirty_from = from;
        t->dirty_to = to;
    } else {
        t->dirty_from = MIN(t->dirty_from, from);
        t->dirty_to = MAX(t->dirty_to, to);
    }
}

static int write_table(struct qcow2 *q, struct qcow2_cache *c, struct qcow2_table *t)
{
    /* Whole sectors, and with O_DIRECT whole blocks: no read before the write. */
    unsigned unit = MAX(BLOCK_SECTOR, q->img.file->align);
    unsigned from = t->dirty_from & -unit, to = MIN((t->dirty_to + unit - 1) & -unit, q->cluster_size);
    int ret;

    if (t->dirty_from == t->dirty_to) {
        return 0;
    }
    ret = block_file_write(q->img.file, t->offset + from, t->data + from, to - from);
    if (!ret) {
        t->dirty_from = t->dirty_to = 0;
        c->dirty--;
    }
    return ret;
}

int qcow2_cache_write(struct qcow2 *q, struct qcow2_cache *c)
{
    for (GList *l = c->lru.head; l && c->dirty; l = l->next) {
        int ret = write_table(q, c, l->data);

        if (ret) {
            return ret;
        }
    }
    return 0;
}

/* Makes room for one more. Refcount blocks may be written at any time: what they count up is not yet referred to, and
 * what they count down no longer is. An L2 table waits for its refcounts, so it takes a whole sync. */
static int make_room(struct qcow2 *q, struct qcow2_cache *c)
{
    while (c->lru.length >= c->count_max) {
        struct qcow2_table *oldest = c->lru.tail->data;
        int ret;

        if (oldest->dirty_from == oldest->dirty_to) {
            forget(c, oldest);
            continue;
        }
        /* Look again afterwards: a sync frees clusters, and drops their tables. */
        ret = c == &q->refblocks ? write_table(q, c, oldest) : qcow2_sync(q);
        if (ret) {
            return ret;
        }
    }
    return 0;
}

static int add(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, struct qcow2_table **t)
{
    int ret = make_room(q, c);

    if (ret) {
        return ret;
    }
    *t = g_new0(struct qcow2_table, 1);
    if (posix_memalign((void **)&(*t)->data, 4096, q->cluster_size)) {
        g_free(*t);
        return -ENOMEM;
    }
    (*t)->offset = offset;
    (*t)->link.data = *t;
    return 0;
}

static void enter(struct qcow2_cache *c, struct qcow2_table *t)
{
    g_hash_table_insert(c->by_offset, &t->offset, t);
    g_queue_push_head_link(&c->lru, &t->link);
}

int qcow2_table_get(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, struct qcow2_table **t)
{
    int ret;

    *t = qcow2_cache_find(c, offset);
    if (*t) {
        return 0;
    }
    ret = add(q, c, offset, t);
    if (ret) {
        return ret;
    }
    ret = block_file_read(q->img.file, offset, (*t)->data, q->cluster_size);
    if (ret) {
        table_free(*t);
        return ret;
    }
    enter(c, *t);
    return 0;
}

int qcow2_table_new(struct qcow2 *q, struct qcow2_cache *c, uint64_t offset, struct qcow2_table **t)
{
    int ret;

    qcow2_table_drop(c, offset);
    ret = add(q, c, offset, t);
    if (ret) {
        return ret;
    }
    memset((*t)->data, 0, q->cluster_size);
    enter(c, *t);
    qcow2_table_dirty(c, *t, 0, q->cluster_size);
    return 0;
}
