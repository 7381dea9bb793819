/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's physical memory. A tree of regions (containers, RAM, ROM, MMIO, aliases; with priorities where they
 * overlap) is flattened for each address space into a *flat view*: an immutable sorted array that readers search
 * without a lock.
 *
 * Threads. The tree is changed under the machine lock. A change publishes a new flat view, calls the listeners, and
 * retires the old view; it is freed once each registered reader (a vCPU thread) has passed a safepoint. Everybody else
 * reads views under the machine lock. RAM blocks live as long as the machine, so host pointers into RAM don't dangle.
 */
#ifndef SYSTEM_MEMORY_H
#define SYSTEM_MEMORY_H

#include <glib.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/lock.h"

/* A guest physical address. */
typedef uint64_t paddr;

#define MEM_PAGE_BITS 12
#define MEM_PAGE_SIZE ((uint64_t)1 << MEM_PAGE_BITS)

/* Who makes an access; passed by value to every MMIO callback. */
struct mem_attrs {
    uint16_t requester;     /* PCI requester id (bus << 8 | devfn) of a bus master, 0 for a CPU */
    int16_t cpu;            /* index in machine.cpus, -1 for a device or the host */
    uint8_t secure;         /* ARM TrustZone and the like */
    uint8_t user;           /* unprivileged access of a CPU */
    uint8_t debug;          /* gdb, monitor, loader: no side effects where the device can tell */
};

#define MEM_ATTRS_NONE ((struct mem_attrs) { .cpu = -1 })
#define MEM_ATTRS_DEBUG ((struct mem_attrs) { .cpu = -1, .debug = 1 })

enum mem_result {
    MEM_OK,
    MEM_DECODE_ERROR,       /* nothing there, or a size that the device does not take */
    MEM_DEVICE_ERROR,       /* the device refused */
};

/*
 * MMIO callbacks. offset is within the region, size 1, 2, 4 or 8; value is in the low bits (little-endian view of the
 * bytes unless big_endian). A size of 0 in the limits stands for the default.
 */
struct mmio_ops {
    enum mem_result (*read)(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs);
    enum mem_result (*write)(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs);
    uint8_t valid_min, valid_max;   /* sizes that the guest may use (1 to 8); others are MEM_DECODE_ERROR */
    uint8_t impl_min, impl_max;     /* sizes that the callbacks take (1 to 8): the core splits or widens the others */
    bool unaligned;                 /* unaligned accesses reach the callbacks; else they are MEM_DECODE_ERROR */
    bool big_endian;
    bool own_lock;                  /* called without the machine lock; the device locks itself */
};

/* ---- RAM ---- */

enum {
    RAM_PAGE_CODE = 1 << 0,             /* translated code was made from this page: accel/tcg sets and clears it */
    RAM_PAGE_DIRTY_DISPLAY = 1 << 1,    /* written since the display last looked */
    RAM_PAGE_DIRTY_MIGRATION = 1 << 2,  /* written since the last snapshot pass */
    RAM_PAGE_DIRTY_ALL = RAM_PAGE_DIRTY_DISPLAY | RAM_PAGE_DIRTY_MIGRATION,
};

struct memory;

/* Host memory that backs RAM or ROM regions. */
struct ram_block {
    struct memory *memory;
    char *name;
    uint8_t *host;              /* page aligned */
    uint64_t size;              /* bytes, a multiple of MEM_PAGE_SIZE */
    uint64_t ram_offset;        /* of its first byte in a numbering of all RAM of the machine: unique, page aligned */
    _Atomic uint8_t *pages;     /* RAM_PAGE_* flags, one byte for each page; change with atomic or / and */
    uint8_t tracked;            /* the RAM_PAGE_DIRTY_* bits somebody looks at; a soft TLB may let writes through to a
                                 * page only while all these are set in it (and RAM_PAGE_CODE is not) */
    bool shared;                /* mapped shared from fd */
    int fd;                     /* of the file or memfd, -1 else */
};

/* What RAM is made of. All zero: anonymous memory of the process, whose pages come when touched. */
struct ram_source {
    const char *path;           /* a file, made or grown as needed; or a folder (hugetlbfs): a file in it without a name */
    bool memfd;                 /* a file in memory, instead of path */
    bool shared;                /* the guest's writes go to the file */
    bool prealloc;              /* take the pages from the host now */
};

/* Allocates zeroed host memory of at least size bytes; pages come when touched. NULL and *err where the host
 * refuses. */
struct ram_block *ram_block_new(struct memory *mem, const char *name, uint64_t size, GError **err);
/* The same from a source; a file's contents are kept. */
struct ram_block *ram_block_new_from(struct memory *mem, const char *name, uint64_t size, const struct ram_source *source,
                                     GError **err);

/* To be called after a write of any length to RAM that did not go through translated code: sets the tracked dirty bits,
 * and where a page holds code lets the accelerator invalidate what was made from the bytes.
 *
 * The order matters: write, then call this (it starts with a full barrier, then reads the flags). The translator does
 * the opposite: sets RAM_PAGE_CODE, full barrier, reads the bytes, translates, publishes if code_written() did not hit
 * the page meanwhile. So one of the two sees the other. Any thread. */
void ram_written(struct ram_block *ram, uint64_t offset, uint64_t len);

/* Clears one RAM_PAGE_DIRTY_* bit over a range and returns whether any page had it; the accelerator then drops the
 * write entries of those pages. Machine lock. */
bool ram_test_clear_dirty(struct ram_block *ram, uint64_t offset, uint64_t len, uint8_t bit);
/* The same; pages (one byte for each page that the range touches) says which had it. */
bool ram_take_dirty(struct ram_block *ram, uint64_t offset, uint64_t len, uint8_t bit, uint8_t *pages);

static inline uint8_t ram_page_flags(const struct ram_block *ram, uint64_t offset)
{
    return atomic_load_explicit(&ram->pages[offset >> MEM_PAGE_BITS], memory_order_relaxed);
}

/* ---- the tree ---- */

enum mem_kind {
    MEM_CONTAINER,      /* nothing itself, only children */
    MEM_RAM,
    MEM_ROM,            /* the guest's writes are dropped and logged */
    MEM_ROM_DEVICE,     /* flash: reads are direct in ROM mode, else callbacks; writes are always callbacks */
    MEM_MMIO,
    MEM_ALIAS,          /* a window on a part of another region */
};

/*
 * A node of the tree, in its owner's memory. Fields are read by anyone under the machine lock and changed by the
 * functions below only.
 */
struct mem_region {
    struct memory *memory;
    char *name;
    enum mem_kind kind;
    uint64_t size;              /* UINT64_MAX: the whole 64-bit space (its last byte is never decoded) */
    bool enabled;               /* true after init */
    bool rom_mode;              /* MEM_ROM_DEVICE: reads are direct */
    /* where it is mapped */
    struct mem_region *parent;  /* NULL: not mapped */
    paddr addr;                 /* in the parent */
    int priority;               /* among overlapping brothers the higher wins; equal: the later mapped */
    GPtrArray *children;        /* highest priority first */
    /* by kind */
    struct ram_block *ram;
    uint64_t ram_start;         /* offset of the region in its block */
    const struct mmio_ops *ops;
    void *opaque;               /* for ops */
    bool *busy;                 /* set while a callback runs under the machine lock; an access that comes meanwhile (a
                                 * device that reaches itself by DMA) is refused. Regions of one device share one
                                 * flag */
    bool own_busy;              /* what busy points to until the owner changes it */
    struct mem_region *target;  /* alias */
    uint64_t target_start;
};

void mem_container_init(struct mem_region *r, struct memory *mem, const char *name, uint64_t size);
/* RAM of a block; start and size are within it and multiples of MEM_PAGE_SIZE. */
void mem_ram_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size);
void mem_rom_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size);
/* ROM device in ROM mode; ops->read serves the other mode. */
void mem_rom_device_init(struct mem_region *r, const char *name, struct ram_block *ram, uint64_t start, uint64_t size,
                         const struct mmio_ops *ops, void *opaque);
void mem_mmio_init(struct mem_region *r, struct memory *mem, const char *name, uint64_t size,
                   const struct mmio_ops *ops, void *opaque);
void mem_alias_init(struct mem_region *r, const char *name, struct mem_region *target, uint64_t start, uint64_t size);

/* Unmaps it (and its children from it) and frees what it owns. RAM blocks stay. */
void mem_region_free(struct mem_region *r);

/* Changes to the tree: machine lock. Several changes between begin and commit (which nest) make one new view. */
void mem_begin(struct memory *mem);
void mem_commit(struct memory *mem);
void mem_map(struct mem_region *parent, paddr addr, struct mem_region *r, int priority);
void mem_unmap(struct mem_region *r);
void mem_move(struct mem_region *r, paddr addr);
void mem_set_enabled(struct mem_region *r, bool on);
void mem_set_size(struct mem_region *r, uint64_t size);
void mem_set_rom_mode(struct mem_region *r, bool on);
/* Moves an alias's window on its target. */
void mem_set_alias_start(struct mem_region *r, uint64_t start);

/* ---- views ---- */

/* A piece of a flat view: [start, start + size), which never wraps. Immutable. */
struct flat_range {
    paddr start;
    uint64_t size;
    struct mem_region *region;  /* leaf: RAM, ROM, ROM device, MMIO */
    uint64_t offset;            /* of start in region */
    uint8_t *host;              /* host address of start where reads are direct, else NULL */
    bool writable;              /* writes are direct too (RAM) */
    struct ram_block *ram;      /* where host is set */
    uint64_t ram_start;         /* offset of start in ram */
    const struct mmio_ops *ops; /* MMIO and ROM devices */
    void *opaque;
};

struct flat_view {
    unsigned count;
    uint64_t retired;           /* epoch at which it was replaced; see mem_reader */
    struct flat_range ranges[]; /* sorted by start, disjoint */
};

/* What one bus master sees. */
struct address_space {
    struct memory *memory;
    char *name;
    struct mem_region *root;
    _Atomic(struct flat_view *) view;
    unsigned bounce_bytes;      /* in as_map bounce buffers now */
};

void as_init(struct address_space *as, const char *name, struct mem_region *root);
void as_free(struct address_space *as);

/* The range at addr, NULL where nothing decodes. The result holds until the caller's next safepoint (a registered
 * reader), or as long as the machine lock is held (everyone else). No lock taken. */
const struct flat_range *as_lookup(struct address_space *as, paddr addr);

/* Called after each new view of any address space is published, under the machine lock. */
struct mem_listener {
    void (*view_changed)(struct mem_listener *l, struct address_space *as);
};

void mem_listener_add(struct memory *mem, struct mem_listener *l);
void mem_listener_remove(struct memory *mem, struct mem_listener *l);

/*
 * A thread that reads views without the machine lock. Between online and offline it must call mem_reader_quiescent at
 * safepoints, when it holds no flat_range from before (a soft TLB that keeps such pointers is flushed by the listener,
 * and the flush is done before the safepoint is announced). A thread that sleeps goes offline.
 */
struct mem_reader {
    _Atomic uint64_t seen;      /* the epoch at its last safepoint, UINT64_MAX while offline */
};

void mem_reader_add(struct memory *mem, struct mem_reader *r);
void mem_reader_remove(struct memory *mem, struct mem_reader *r);
void mem_reader_online(struct memory *mem, struct mem_reader *r);
void mem_reader_offline(struct memory *mem, struct mem_reader *r);

/* One load and one store; call it freely. */
static inline void mem_reader_quiescent(const _Atomic uint64_t *epoch, struct mem_reader *r)
{
    atomic_store_explicit(&r->seen, atomic_load_explicit(epoch, memory_order_acquire), memory_order_release);
}

/* Frees retired views that no reader can hold. Machine lock. Runs by itself on each commit. */
void mem_reclaim(struct memory *mem);

/* ---- accesses ---- */

/* One access of 1, 2, 4 or 8 bytes at offset (from range->start, inside it) to a range whose read or write is not
 * direct. Takes the machine lock unless the device has its own; splits or widens by ops. The value is what a
 * little-endian load of the bytes gives. Writes to ROM are dropped, with a guest error. */
enum mem_result mmio_dispatch_read(struct memory *mem, const struct flat_range *range, uint64_t offset, unsigned size,
                                   uint64_t *value, struct mem_attrs attrs);
enum mem_result mmio_dispatch_write(struct memory *mem, const struct flat_range *range, uint64_t offset, unsigned size,
                                    uint64_t value, struct mem_attrs attrs);

/* Any length, over any ranges. A part that fails reads as zeroes; the first failure is the result and the rest is still
 * done. Machine lock, or a registered reader. With attrs.debug writes reach ROM too. */
enum mem_result as_read(struct address_space *as, paddr addr, void *buf, uint64_t len, struct mem_attrs attrs);
enum mem_result as_write(struct address_space *as, paddr addr, const void *buf, uint64_t len, struct mem_attrs attrs);
enum mem_result as_fill(struct address_space *as, paddr addr, uint8_t byte, uint64_t len, struct mem_attrs attrs);

/* One value. Loads give 0 where the access fails; *result may be NULL. In RAM an aligned access is a single host
 * access, so it is atomic. */
uint64_t as_ld(struct address_space *as, paddr addr, unsigned size, struct mem_attrs attrs, enum mem_result *result);
enum mem_result as_st(struct address_space *as, paddr addr, unsigned size, uint64_t value, struct mem_attrs attrs);

/* The same by size and byte order: as_ld32le(as, addr, attrs, &result), as_st16be(as, addr, value, attrs), ... */
#define AS_ACCESSORS(bits) \
    static inline uint##bits##_t as_ld##bits##le(struct address_space *as, paddr addr, struct mem_attrs attrs, \
                                                 enum mem_result *result) \
    { \
        return as_ld(as, addr, bits / 8, attrs, result); \
    } \
    static inline uint##bits##_t as_ld##bits##be(struct address_space *as, paddr addr, struct mem_attrs attrs, \
                                                 enum mem_result *result) \
    { \
        return GUINT##bits##_FROM_BE(GUINT##bits##_TO_LE((uint##bits##_t)as_ld(as, addr, bits / 8, attrs, result))); \
    } \
    static inline enum mem_result as_st##bits##le(struct address_space *as, paddr addr, uint##bits##_t value, \
                                                  struct mem_attrs attrs) \
    { \
        return as_st(as, addr, bits / 8, value, attrs); \
    } \
    static inline enum mem_result as_st##bits##be(struct address_space *as, paddr addr, uint##bits##_t value, \
                                                  struct mem_attrs attrs) \
    { \
        return as_st(as, addr, bits / 8, GUINT##bits##_FROM_LE(GUINT##bits##_TO_BE(value)), attrs); \
    }

AS_ACCESSORS(16)
AS_ACCESSORS(32)
AS_ACCESSORS(64)
#undef AS_ACCESSORS

static inline uint8_t as_ld8(struct address_space *as, paddr addr, struct mem_attrs attrs, enum mem_result *result)
{
    return as_ld(as, addr, 1, attrs, result);
}

static inline enum mem_result as_st8(struct address_space *as, paddr addr, uint8_t value, struct mem_attrs attrs)
{
    return as_st(as, addr, 1, value, attrs);
}

/* A guest buffer as the host sees it, for DMA. */
struct as_mapping {
    struct address_space *as;
    void *host;                 /* NULL: not mapped */
    uint64_t len;               /* may be less than asked for: the range ended; map the rest on its own */
    paddr addr;
    bool write;                 /* the device writes to it */
    struct mem_attrs attrs;
    struct ram_block *ram;      /* direct; NULL: a bounce buffer */
    uint64_t ram_start;
};

/* Maps up to len bytes at addr: directly where that is RAM (or ROM for reading), else through a bounce buffer of at
 * most a page (read here; written back by as_unmap). False where nothing decodes or too much is bounced already. The
 * pointer stays good without any lock until as_unmap. */
bool as_map(struct address_space *as, paddr addr, uint64_t len, bool write, struct mem_attrs attrs,
            struct as_mapping *map);

/* done: how many bytes the device wrote (0 to len). Machine lock for bounce buffers; any thread for direct ones. */
void as_unmap(struct as_mapping *map, uint64_t done);

/* ---- all of a machine's memory ---- */

/* What the accelerator wants to know; see system/accel.h for the meaning. */
struct memory_hooks {
    void (*code_written)(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len);
    void (*dirty_cleared)(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len);
    void (*dirty_sync)(void *opaque, struct ram_block *ram, uint64_t offset, uint64_t len);
};

struct memory {
    struct big_lock *lock;      /* the machine's */
    GPtrArray *spaces;          /* of struct address_space */
    GPtrArray *blocks;          /* of struct ram_block */
    GPtrArray *listeners;
    GPtrArray *readers;
    GMutex readers_lock;
    GPtrArray *retired;         /* of struct flat_view, oldest first */
    _Atomic uint64_t epoch;     /* one more for each view retired */
    unsigned depth;             /* of mem_begin */
    bool changed;               /* since mem_begin */
    uint64_t ram_end;           /* next free ram_offset */
    const struct memory_hooks *hooks;   /* NULL: none */
    void *hooks_opaque;
};

void memory_init(struct memory *mem, struct big_lock *lock);
/* After all regions and address spaces are gone. Frees the RAM blocks. */
void memory_free(struct memory *mem);

/* Appends the tree and flat view of each address space (monitor: info mtree; flat: -f). Machine lock. */
void memory_describe(struct memory *mem, bool flat, GString *out);

#endif
