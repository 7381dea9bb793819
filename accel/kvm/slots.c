/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's memory slots follow the flat view of the CPUs' address space: a range that reads (and writes) RAM
 * directly is a slot, everything else exits as MMIO. A change keeps the slots that are in both views, removes the others,
 * then adds. Meanwhile a running vCPU may exit for an address whose slot is away: the exit is served from the view,
 * where RAM is RAM.
 */
#include <errno.h>
#include <string.h>

#include "accel/kvm/kvm_impl.h"
#include "util/log.h"

void slots_init(struct kvm *s)
{
    s->slots = g_array_new(false, true, sizeof(struct slot));
    s->free_ids = g_array_new(false, true, sizeof(uint32_t));
}

void slots_free(struct kvm *s)
{
    g_array_free(s->slots, true);
    g_array_free(s->free_ids, true);
}

static void set_slot(struct kvm *s, const struct slot *slot, uint64_t size)
{
    struct kvm_userspace_memory_region r = {
        .slot = slot->id, .flags = size ? slot->flags : 0, .guest_phys_addr = slot->addr, .memory_size = size,
        .userspace_addr = (uintptr_t)slot->host,
    };

    if (ioctl(s->vm_fd, KVM_SET_USER_MEMORY_REGION, &r) < 0) {
        g_error("KVM: memory slot %u at 0x%" G_GINT64_MODIFIER "x, 0x%" G_GINT64_MODIFIER "x bytes: %s", slot->id,
                slot->addr, size, g_strerror(errno));
    }
}

/* What the view says that there should be. Neighbours that continue each other are one. */
static GArray *wanted(struct address_space *as)
{
    const struct flat_view *view = atomic_load(&as->view);
    GArray *out = g_array_new(false, true, sizeof(struct slot));

    for (unsigned i = 0; i < view->count; i++) {
        const struct flat_range *f = &view->ranges[i];
        struct slot *last = out->len ? &g_array_index(out, struct slot, out->len - 1) : NULL;
        struct slot n = { f->start, f->size, f->host, f->ram, f->ram_start, 0, f->writable ? 0 : KVM_MEM_READONLY };

        /* Pages only; the view has finer ranges where a device's registers lie inside a page of RAM, which no board
         * does. */
        if (!f->host || (f->start | f->size | f->ram_start) & (MEM_PAGE_SIZE - 1)) {
            continue;
        }
        if (f->ram->tracked && f->writable) {
            n.flags |= KVM_MEM_LOG_DIRTY_PAGES;
        }
        if (last && last->addr + last->size == n.addr && last->host + last->size == n.host && last->flags == n.flags &&
            last->ram == n.ram) {
            last->size += n.size;
        } else {
            g_array_append_val(out, n);
        }
    }
    return out;
}

static bool same(const struct slot *a, const struct slot *b)
{
    return a->addr == b->addr && a->size == b->size && a->host == b->host && a->flags == b->flags;
}

static int find(GArray *slots, const struct slot *like)
{
    for (unsigned i = 0; i < slots->len; i++) {
        if (same(&g_array_index(slots, struct slot, i), like)) {
            return i;
        }
    }
    return -1;
}

void slots_update(struct kvm *s, struct address_space *as)
{
    GArray *new = wanted(as);

    for (unsigned i = 0; i < s->slots->len;) {
        struct slot *old = &g_array_index(s->slots, struct slot, i);

        if (find(new, old) >= 0) {
            i++;
            continue;
        }
        if (old->flags & KVM_MEM_LOG_DIRTY_PAGES) {
            slots_sync_dirty(s, old->ram, old->ram_start, old->size);
        }
        set_slot(s, old, 0);
        g_array_append_val(s->free_ids, old->id);
        g_array_remove_index(s->slots, i);
    }
    for (unsigned i = 0; i < new->len; i++) {
        struct slot *n = &g_array_index(new, struct slot, i);

        if (find(s->slots, n) >= 0) {
            continue;
        }
        if (s->free_ids->len) {
            n->id = g_array_index(s->free_ids, uint32_t, s->free_ids->len - 1);
            g_array_set_size(s->free_ids, s->free_ids->len - 1);
        } else {
            n->id = s->next_id++;
        }
        set_slot(s, n, n->size);
        g_array_append_val(s->slots, *n);
    }
    g_array_free(new, true);
}

/* Moves the kernel's dirty bits of [offset, offset + len) of a block to its page flags. */
void slots_sync_dirty(struct kvm *s, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    for (unsigned i = 0; i < s->slots->len; i++) {
        const struct slot *slot = &g_array_index(s->slots, struct slot, i);
        uint64_t pages = slot->size >> MEM_PAGE_BITS;
        g_autofree uint64_t *bits = NULL;
        struct kvm_dirty_log log;

        if (slot->ram != ram || !(slot->flags & KVM_MEM_LOG_DIRTY_PAGES) || slot->ram_start >= offset + len ||
            offset >= slot->ram_start + slot->size) {
            continue;
        }
        bits = g_new0(uint64_t, (pages + 63) / 64);
        log = (struct kvm_dirty_log) { .slot = slot->id, .dirty_bitmap = bits };
        if (ioctl(s->vm_fd, KVM_GET_DIRTY_LOG, &log) < 0) {
            log_unimp("KVM_GET_DIRTY_LOG: %s", g_strerror(errno));
            memset(bits, 0xff, (pages + 63) / 64 * 8);
        }
        for (uint64_t p = 0; p < pages; p++) {
            if (bits[p / 64] >> (p % 64) & 1) {
                atomic_fetch_or(&ram->pages[(slot->ram_start >> MEM_PAGE_BITS) + p], ram->tracked);
            }
        }
    }
}
