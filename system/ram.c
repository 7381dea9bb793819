/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- RAM in files ---- */

static bool fail(const char *name, const struct ram_source *source, const char *what, GError **err)
{
    g_set_error(err, g_quark_from_static_string("memory"), 0, "%s: '%s': %s: %s", name, source->memfd ? "memfd" : source->path,
                what, g_strerror(errno));
    return false;
}

/* A descriptor of the file, at least size bytes long; -1 and *err. */
static int open_source(const char *name, const struct ram_source *source, uint64_t size, GError **err)
{
    int fd = source->memfd ? memfd_create(name, MFD_CLOEXEC)
           : g_file_test(source->path, G_FILE_TEST_IS_DIR) ? open(source->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
                                                           : open(source->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;

    if (fd < 0) {
        fail(name, source, "cannot be opened", err);
        return -1;
    }
    /* Devices (persistent memory) have the size that they have. */
    if (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && (uint64_t)st.st_size < size && ftruncate(fd, size) < 0)) {
        fail(name, source, "cannot be made large enough", err);
        close(fd);
        return -1;
    }
    return fd;
}

/* Maps the file over size bytes at host. */
static bool map_source(uint8_t *host, const char *name, const struct ram_source *source, uint64_t size, int fd, GError **err)
{
    if (mmap(host, size, PROT_READ | PROT_WRITE, MAP_FIXED | (source->shared ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE),
             fd, 0) == MAP_FAILED) {
        return fail(name, source, "cannot be mapped", err);
    }
    return true;
}

/* Host memory as source says; *fd is -1 where it is anonymous. */
static void *map_ram(const char *name, const struct ram_source *source, uint64_t size, int *fd, GError **err)
{
    uint8_t *host = map_aligned(size, size >= HUGE_PAGE ? HUGE_PAGE : MEM_PAGE_SIZE);

    *fd = -1;
    if (!host) {
        g_set_error(err, g_quark_from_static_string("memory"), 0, "cannot allocate %" G_GUINT64_FORMAT " MiB for %s: %s",
                    size >> 20, name, g_strerror(errno));
        return NULL;
    }
    if (source->path || source->memfd) {
        *fd = open_source(name, source, size, err);
        if (*fd < 0 || !map_source(host, name, source, size, *fd, err)) {
            munmap(host, size);
            if (*fd >= 0) {
                close(*fd);
            }
            return NULL;
        }
    }
    if (source->prealloc && madvise(host, size, MADV_POPULATE_WRITE) < 0) {
        g_set_error(err, g_quark_from_static_string("memory"), 0, "%s: the host has no %" G_GUINT64_FORMAT " MiB now: %s",
                    name, size >> 20, g_strerror(errno));
        munmap(host, size);
        if (*fd >= 0) {
            close(*fd);
        }
        return NULL;
    }
    return host;
}

struct ram_block *ram_block_new_from(struct memory *mem, const char *name, uint64_t size, const struct ram_source *source,
                                     GError **err)
{
    uint64_t aligned = (size + MEM_PAGE_SIZE - 1) & ~(MEM_PAGE_SIZE - 1);
    struct ram_block *ram;
    void *host, *pages;
    int fd;

    g_assert(size);
    if (aligned < size || aligned > INT64_MAX / 2) {
        g_set_error(err, g_quark_from_static_string("memory"), 0, "%s: no host has so much memory", name);
        return NULL;
    }
    pages = map_aligned((((aligned >> MEM_PAGE_BITS) - 1) | (MEM_PAGE_SIZE - 1)) + 1, MEM_PAGE_SIZE);
    if (!pages) {
        g_set_error(err, g_quark_from_static_string("memory"), 0, "%s: no memory for its dirty flags", name);
        return NULL;
    }
    host = map_ram(name, source, aligned, &fd, err);
    if (!host) {
        munmap(pages, (((aligned >> MEM_PAGE_BITS) - 1) | (MEM_PAGE_SIZE - 1)) + 1);
        return NULL;
    }
    if (aligned >= HUGE_PAGE) {
        madvise(host, aligned, MADV_HUGEPAGE);
    }
    madvise(host, aligned, MADV_DONTDUMP);
    ram = g_new0(struct ram_block, 1);
    ram->memory = mem;
    ram->name = g_strdup(name);
    ram->host = host;
    ram->size = aligned;
    ram->pages = pages;
    ram->fd = fd;
    ram->shared = source->shared;
    ram->ram_offset = mem->ram_end;
    mem->ram_end += aligned;
    g_ptr_array_add(mem->blocks, ram);
    return ram;
}

struct ram_block *ram_block_new(struct memory *mem, const char *name, uint64_t size, GError **err)
{
    return ram_block_new_from(mem, name, size, &(const struct ram_source) { 0 }, err);
}

static void ram_block_free(void *p)
{
    struct ram_block *ram = p;

    munmap(ram->host, ram->size);
    if (ram->fd >= 0) {
        close(ram->fd);
    }
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

bool ram_take_dirty(struct ram_block *ram, uint64_t offset, uint64_t len, uint8_t bit, uint8_t *pages)
{
    const struct memory_hooks *hooks = ram->memory->hooks;
    bool dirty = false;

    g_assert(len && offset < ram->size && len <= ram->size - offset);
    if (hooks && hooks->dirty_sync) {
        hooks->dirty_sync(ram->memory->hooks_opaque, ram, offset, len);
    }
    for (uint64_t page = offset >> MEM_PAGE_BITS; page <= (offset + len - 1) >> MEM_PAGE_BITS; page++) {
        bool one = (ram_page_flags(ram, page << MEM_PAGE_BITS) & bit) &&
                   (atomic_fetch_and(&ram->pages[page], (uint8_t)~bit) & bit);

        dirty |= one;
        if (pages) {
            *pages++ = one;
        }
    }
    if (dirty && hooks) {
        hooks->dirty_cleared(ram->memory->hooks_opaque, ram, offset, len);
    }
    return dirty;
}

bool ram_test_clear_dirty(struct ram_block *ram, uint64_t offset, uint64_t len, uint8_t bit)
{
    return ram_take_dirty(ram, offset, len, bit, NULL);
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
