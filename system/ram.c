/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "system/memory.h"

#define HUGE_PAGE ((uint64_t)2 << 20)

/* Maps size bytes at a multiple of align; what the alignment costs in address space is given back. */
static void *map_aligned(uint64_t size, uint64_t align)
{
    uint8_t *p = mmap(NULL, size + align, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint64_t head;

    if (p == MAP_FAILED) {
        return NULL;
    }
    head = -(uintptr_t)p & (align - 1);
    if (head) {
        munmap(p, head);
    }
    munmap(p + head + size, align - head);
    return p + head;
}

struct ram_block *ram_block_new(struct memory *mem, const char *name, uint64_t size, GError **err)
{
    uint64_t aligned = (size + MEM_PAGE_SIZE - 1) & ~(MEM_PAGE_SIZE - 1);
    bool huge = aligned >= HUGE_PAGE;
    struct ram_block *ram;
    void *host = NULL, *pages = NULL;

    g_assert(size);
    if (aligned >= size && aligned <= INT64_MAX / 2) {
        host = map_aligned(aligned, huge ? HUGE_PAGE : MEM_PAGE_SIZE);
        pages = map_aligned((((aligned >> MEM_PAGE_BITS) - 1) | (MEM_PAGE_SIZE - 1)) + 1, MEM_PAGE_SIZE);
    }
    if (!host || !pages) {
        g_set_error(err, g_quark_from_static_string("memory"), 0,
                    "cannot allocate %" G_GUINT64_FORMAT " MiB for %s: %s", size >> 20, name,
                    g_strerror(errno ? errno : ENOMEM));
        return NULL;
    }
    if (huge) {
        madvise(host, aligned, MADV_HUGEPAGE);
    }
    madvise(host, aligned, MADV_DONTDUMP);
    ram = g_new0(struct ram_block, 1);
    ram->memory = mem;
    ram->name = g_strdup(name);
    ram->host = host;
    ram->size = aligned;
    ram->pages = pages;
    ram->fd = -1;
    ram->ram_offset = mem->ram_end;
    mem->ram_end += aligned;
    g_ptr_array_add(mem->blocks, ram);
    return ram;
}

static void ram_block_free(void *p)
{
    struct ram_block *ram = p;

    munmap(ram->host, ram->size);
    munmap((void *)ram->pages, (((ram->size >> MEM_PAGE_BITS) - 1) | (MEM_PAGE_SIZE - 1)) + 1);
    g_free(ram->name);
    g_free(ram);
}

static void written_pages(struct ram_block *ram, uint64_t first, uint64_t last)
{
    const struct memory_hooks *hooks = ram->memory->hooks;
    uint64_t code_first = UINT64_MAX, code_last = 0;

    for (uint64_t page = first >> MEM_PAGE_BITS; page <= last >> MEM_PAGE_BITS; page++) {
        uint8_t flags = atomic_load_explicit(&ram->pages[page], memory_order_relaxed);

        if (ram->tracked & ~flags) {
            atomic_fetch_or(&ram->pages[page], ram->tracked);
        }
        if (flags & RAM_PAGE_CODE) {
            code_first = MIN(code_first, MAX(first, page << MEM_PAGE_BITS));
            code_last = MIN(last, ((page + 1) << MEM_PAGE_BITS) - 1);
        }
    }
    if (code_first != UINT64_MAX && hooks) {
        hooks->code_written(ram->memory->hooks_opaque, ram, code_first, code_last - code_first + 1);
    }
}

void ram_written(struct ram_block *ram, uint64_t offset, uint64_t len)
{
    if (!len) {
        return;
    }
    g_assert(offset < ram->size && len <= ram->size - offset);
    atomic_thread_fence(memory_order_seq_cst);
    written_pages(ram, offset, offset + len - 1);
}

bool ram_test_clear_dirty(struct ram_block *ram, uint64_t offset, uint64_t len, uint8_t bit)
{
    const struct memory_hooks *hooks = ram->memory->hooks;
    bool dirty = false;

    g_assert(len && offset < ram->size && len <= ram->size - offset);
    for (uint64_t page = offset >> MEM_PAGE_BITS; page <= (offset + len - 1) >> MEM_PAGE_BITS; page++) {
        dirty |= (atomic_fetch_and(&ram->pages[page], (uint8_t)~bit) & bit) != 0;
    }
    if (dirty && hooks) {
        hooks->dirty_cleared(ram->memory->hooks_opaque, ram, offset, len);
    }
    return dirty;
}

void memory_init(struct memory *mem, struct big_lock *lock)
{
    memset(mem, 0, sizeof(*mem));
    mem->lock = lock;
    mem->spaces = g_ptr_array_new();
    mem->blocks = g_ptr_array_new_with_free_func(ram_block_free);
    mem->listeners = g_ptr_array_new();
    mem->readers = g_ptr_array_new();
    mem->retired = g_ptr_array_new();
    g_mutex_init(&mem->readers_lock);
    atomic_init(&mem->epoch, 1);
}

void memory_free(struct memory *mem)
{
    g_assert(!mem->spaces->len && !mem->readers->len);
    mem_reclaim(mem);
    g_assert(!mem->retired->len);
    g_ptr_array_free(mem->spaces, true);
    g_ptr_array_free(mem->blocks, true);
    g_ptr_array_free(mem->listeners, true);
    g_ptr_array_free(mem->readers, true);
    g_ptr_array_free(mem->retired, true);
    g_mutex_clear(&mem->readers_lock);
}
