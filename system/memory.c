/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The region tree and its flattening. A view is rendered from the top: what is drawn first stays, so children go before
 * their parent and brothers by falling priority.
 */
#include "system/memory.h"

#include <string.h>

/* Addresses while rendering: an alias may start "before" 0, and ends may be 2^64. */
typedef __int128 waddr;

/* ---- tree ---- */

static void region_init(struct mem_region *r, struct memory *mem, const char *name, enum mem_kind kind, uint64_t size)
{
    memset(r, 0, sizeof(*r));
    r->memory = mem;
    r->name = g_strdup(name);
    r->kind = kind;
    r->size = size;
    r->enabled = true;
    r->busy = &r->own_busy;
    r->children = g_ptr_array_new();
}

void mem_container_init(struct mem_region *r, struct memory *mem, const char *name, uint64_t size)
{
    region_init(r, mem, name, MEM_CONTAINER, size);
}

static void ram_kind_init(struct mem_region *r, enum mem_kind kind, const char *name, struct ram_block *ram,
                          uint64_t start, uint64_t size)
{
    g_assert(!((start | size) & (MEM_PAGE_SIZE - 1)) && start <= ram->size && size <= ram->size - start);
    region_init(r, ram->memory, name, kind, size);
    r->ram = ram;
    r->ram_start = start;
}

void mem_ram_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size)
{
    ram_kind_init(r, MEM_RAM, name, ram, start, size);
}

void mem_rom_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size)
{
    ram_kind_init(r, MEM_ROM, name, ram, start, size);
}

void mem_rom_device_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size,
                         const struct mmio_ops *ops, void *opaque)
{
    ram_kind_init(r, MEM_ROM_DEVICE, name, ram, start, size);
    r->rom_mode = true;
    r->ops = ops;
    r->opaque = opaque;
}

void mem_mmio_init(struct mem_region *r, struct memory *mem, const char *name, uint64_t size,
                   const struct mmio_ops *ops, void *opaque)
{
    region_init(r, mem, name, MEM_MMIO, size);
    r->ops = ops;
    r->opaque = opaque;
}

void mem_alias_init(struct mem_region *r, const char *name, struct mem_region *target, uint64_t start, uint64_t size)
{
    region_init(r, target->memory, name, MEM_ALIAS, size);
    r->target = target;
    r->target_start = start;
}

void mem_region_free(struct mem_region *r)
{
    if (!r->children) {
        return;
    }
    mem_begin(r->memory);
    while (r->children->len) {
        mem_unmap(r->children->pdata[r->children->len - 1]);
    }
    mem_unmap(r);
    mem_commit(r->memory);
    g_ptr_array_free(r->children, true);
    g_free(r->name);
    memset(r, 0, sizeof(*r));
}

static void tree_changed(struct memory *mem)
{
    mem_begin(mem);
    mem->changed = true;
    mem_commit(mem);
}

void mem_map(struct mem_region *parent, paddr addr, struct mem_region *r, int priority)
{
    unsigned i = 0;

    g_assert(!r->parent && r->memory == parent->memory);
    r->parent = parent;
    r->addr = addr;
    r->priority = priority;
    while (i < parent->children->len && ((struct mem_region *)parent->children->pdata[i])->priority > priority) {
        i++;
    }
    g_ptr_array_insert(parent->children, i, r);
    tree_changed(r->memory);
}

void mem_unmap(struct mem_region *r)
{
    if (!r->parent) {
        return;
    }
    g_ptr_array_remove(r->parent->children, r);
    r->parent = NULL;
    tree_changed(r->memory);
}

void mem_move(struct mem_region *r, paddr addr)
{
    if (r->addr != addr) {
        r->addr = addr;
        tree_changed(r->memory);
    }
}

void mem_set_enabled(struct mem_region *r, bool on)
{
    if (r->enabled != on) {
        r->enabled = on;
        tree_changed(r->memory);
    }
}

void mem_set_size(struct mem_region *r, uint64_t size)
{
    if (r->size != size) {
        r->size = size;
        tree_changed(r->memory);
    }
}

void mem_set_rom_mode(struct mem_region *r, bool on)
{
    g_assert(r->kind == MEM_ROM_DEVICE);
    if (r->rom_mode != on) {
        r->rom_mode = on;
        tree_changed(r->memory);
    }
}

void mem_set_alias_start(struct mem_region *r, uint64_t start)
{
    g_assert(r->kind == MEM_ALIAS);
    if (r->target_start != start) {
        r->target_start = start;
        tree_changed(r->memory);
    }
}

/* ---- rendering ---- */

static struct flat_range leaf_range(struct mem_region *r, waddr base, waddr lo, waddr hi)
{
    struct flat_range f = { .start = (paddr)lo, .size = (uint64_t)(hi - lo), .region = r,
                            .offset = (uint64_t)(lo - base), .ops = r->ops, .opaque = r->opaque };

    if (r->ram && (r->kind != MEM_ROM_DEVICE || r->rom_mode)) {
        f.ram = r->ram;
        f.ram_start = r->ram_start + f.offset;
        f.host = r->ram->host + f.ram_start;
        f.writable = r->kind == MEM_RAM;
    }
    return f;
}

/* Draws the leaf r (whose first byte is at base) on what is still free of [lo, hi). */
static void draw(GArray *out, struct mem_region *r, waddr base, waddr lo, waddr hi)
{
    for (guint i = 0; lo < hi; i++) {
        waddr end = hi;
        struct flat_range f;

        if (i < out->len) {
            const struct flat_range *there = &g_array_index(out, struct flat_range, i);

            if (there->start <= lo) {
                lo = MAX(lo, (waddr)there->start + there->size);
                continue;
            }
            end = MIN(hi, (waddr)there->start);
        }
        f = leaf_range(r, base, lo, end);
        g_array_insert_val(out, i, f);
        lo = end;
    }
}

static void render(GArray *out, struct mem_region *r, waddr base, waddr lo, waddr hi)
{
    if (!r->enabled) {
        return;
    }
    lo = MAX(lo, base);
    hi = MIN(hi, base + r->size);
    if (lo >= hi) {
        return;
    }
    if (r->kind == MEM_ALIAS) {
        render(out, r->target, base - r->target_start, lo, hi);
        return;
    }
    for (guint i = 0; i < r->children->len; i++) {
        struct mem_region *child = r->children->pdata[i];

        render(out, child, base + child->addr, lo, hi);
    }
    if (r->kind != MEM_CONTAINER) {
        draw(out, r, base, lo, hi);
    }
}

static bool joins(const struct flat_range *a, const struct flat_range *b)
{
    return a->region == b->region && a->start + a->size == b->start && a->offset + a->size == b->offset &&
           !a->host == !b->host;
}

static struct flat_view *view_new(struct mem_region *root)
{
    g_autoptr(GArray) out = g_array_new(false, false, sizeof(struct flat_range));
    struct flat_view *view;

    render(out, root, 0, 0, (waddr)1 << 64);
    view = g_malloc0(sizeof(*view) + out->len * sizeof(struct flat_range));
    for (guint i = 0; i < out->len; i++) {
        const struct flat_range *f = &g_array_index(out, struct flat_range, i);

        if (view->count && joins(&view->ranges[view->count - 1], f)) {
            view->ranges[view->count - 1].size += f->size;
        } else {
            view->ranges[view->count++] = *f;
        }
    }
    return view;
}

static bool view_equal(const struct flat_view *a, const struct flat_view *b)
{
    return a->count == b->count && !memcmp(a->ranges, b->ranges, a->count * sizeof(a->ranges[0]));
}

/* ---- publishing and reclaiming ---- */

static void publish(struct address_space *as)
{
    struct memory *mem = as->memory;
    struct flat_view *old = atomic_load(&as->view), *new = view_new(as->root);

    if (old && view_equal(old, new)) {
        g_free(new);
        return;
    }
    atomic_store(&as->view, new);
    for (guint i = 0; i < mem->listeners->len; i++) {
        struct mem_listener *l = mem->listeners->pdata[i];

        l->view_changed(l, as);
    }
    if (old) {
        old->retired = atomic_fetch_add(&mem->epoch, 1) + 1;
        g_ptr_array_add(mem->retired, old);
    }
}

void mem_begin(struct memory *mem)
{
    mem->depth++;
}

void mem_commit(struct memory *mem)
{
    g_assert(mem->depth);
    if (--mem->depth || !mem->changed) {
        return;
    }
    mem->changed = false;
    for (guint i = 0; i < mem->spaces->len; i++) {
        publish(mem->spaces->pdata[i]);
    }
    mem_reclaim(mem);
}

/* A view retired at epoch e can be held by a reader that was last at a safepoint before e. */
void mem_reclaim(struct memory *mem)
{
    uint64_t oldest = UINT64_MAX;

    /* In an MMIO callback whose caller held the lock already, that caller is no reader and has a range of the old view
     * in its hands. */
    if (mem->lock->depth > 1) {
        return;
    }
    atomic_thread_fence(memory_order_seq_cst);
    g_mutex_lock(&mem->readers_lock);
    for (guint i = 0; i < mem->readers->len; i++) {
        struct mem_reader *r = mem->readers->pdata[i];

        oldest = MIN(oldest, atomic_load(&r->seen));
    }
    g_mutex_unlock(&mem->readers_lock);
    while (mem->retired->len && ((struct flat_view *)mem->retired->pdata[0])->retired <= oldest) {
        g_free(g_ptr_array_steal_index(mem->retired, 0));
    }
}

void mem_reader_add(struct memory *mem, struct mem_reader *r)
{
    atomic_store(&r->seen, UINT64_MAX);
    g_mutex_lock(&mem->readers_lock);
    g_ptr_array_add(mem->readers, r);
    g_mutex_unlock(&mem->readers_lock);
}

void mem_reader_remove(struct memory *mem, struct mem_reader *r)
{
    g_mutex_lock(&mem->readers_lock);
    g_ptr_array_remove_fast(mem->readers, r);
    g_mutex_unlock(&mem->readers_lock);
}

/* The fence pairs with the one in mem_reclaim: either it sees this reader, or the reader sees the new views. */
void mem_reader_online(struct memory *mem, struct mem_reader *r)
{
    atomic_store(&r->seen, atomic_load(&mem->epoch));
    atomic_thread_fence(memory_order_seq_cst);
}

void mem_reader_offline(struct memory *mem, struct mem_reader *r)
{
    atomic_store(&r->seen, UINT64_MAX);
}

void mem_listener_add(struct memory *mem, struct mem_listener *l)
{
    g_ptr_array_add(mem->listeners, l);
}

void mem_listener_remove(struct memory *mem, struct mem_listener *l)
{
    g_ptr_array_remove(mem->listeners, l);
}

void as_init(struct address_space *as, const char *name, struct mem_region *root)
{
    memset(as, 0, sizeof(*as));
    as->memory = root->memory;
    as->name = g_strdup(name);
    as->root = root;
    atomic_init(&as->view, view_new(root));
    g_ptr_array_add(as->memory->spaces, as);
}

void as_free(struct address_space *as)
{
    if (!as->memory) {
        return;
    }
    g_ptr_array_remove(as->memory->spaces, as);
    g_free(atomic_load(&as->view));
    g_free(as->name);
    memset(as, 0, sizeof(*as));
}

/* ---- info mtree ---- */

static const char *kind_name(const struct mem_region *r)
{
    static const char *const names[] = { "container", "ram", "rom", "romd", "i/o", "alias" };

    return names[r->kind];
}

static void describe_tree(const struct mem_region *r, unsigned level, waddr base, GString *out)
{
    g_string_append_printf(out, "%*s%016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER "x (prio %d, %s): ", 2 * level,
                           "", (uint64_t)base, (uint64_t)(base + r->size - 1), r->priority, kind_name(r));
    if (r->kind == MEM_ALIAS) {
        g_string_append_printf(out, "alias %s @%s %016" G_GINT64_MODIFIER "x", r->name, r->target->name,
                               r->target_start);
    } else {
        g_string_append(out, r->name);
    }
    g_string_append(out, r->enabled ? "\n" : " [disabled]\n");
    for (guint i = 0; i < r->children->len; i++) {
        const struct mem_region *child = r->children->pdata[i];

        describe_tree(child, level + 1, base + child->addr, out);
    }
}

static void describe_flat(struct address_space *as, GString *out)
{
    const struct flat_view *view = atomic_load(&as->view);

    for (unsigned i = 0; i < view->count; i++) {
        const struct flat_range *f = &view->ranges[i];

        g_string_append_printf(out, "  %016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER "x (%s): %s", f->start,
                               f->start + f->size - 1, kind_name(f->region), f->region->name);
        if (f->offset) {
            g_string_append_printf(out, " @%016" G_GINT64_MODIFIER "x", f->offset);
        }
        g_string_append_c(out, '\n');
    }
}

void memory_describe(struct memory *mem, bool flat, GString *out)
{
    for (guint i = 0; i < mem->spaces->len; i++) {
        struct address_space *as = mem->spaces->pdata[i];

        g_string_append_printf(out, "address-space: %s\n", as->name);
        if (flat) {
            describe_flat(as, out);
        } else {
            describe_tree(as->root, 1, 0, out);
        }
        g_string_append_c(out, '\n');
    }
}
