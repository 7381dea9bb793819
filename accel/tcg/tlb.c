/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft TLB. A vCPU has TLB_SETS sets, one for each address space that it ran lately (cpu_set_space); switching the
 * space switches the set and flushes nothing. In a set each MMU index has three arrays: tags of readable pages, tags of
 * writable pages, addends (host address - guest address). Pages that must be seen when touched - MMIO, code pages and
 * tracked pages for writes - are simply absent, so translated code tests no flags.
 *
 * A tag that matches nothing: translated code computes (addr - tag) and takes values up to 4095 for a hit. The empty
 * tag is all ones: it would match the addresses 0..4094 and ~0 only, whose entries (0 and the last one of any size) get
 * another empty value, the address of page 1; and 0 is as good where only entry 0 could match it. So a whole array is
 * emptied by one memset and a few stores, and stays safe when it is looked at with another size's index.
 *
 * Kernels map themselves into every address space by global mappings. What is known of the MMU indices that see mostly
 * these (cpu_type.mmu_shared) is therefore one set for all spaces: its arrays are one piece of memory that appears in
 * every set's address range. Where such an index meets a mapping that is not global after all, the global set is flushed
 * with the next change of the space. As sets have different sizes, a page may be in the arrays under several numbers.
 *
 * The TLB is written by its own vCPU, and tags of write arrays are cleared by others under tlb_protect.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "accel/tcg/tcg_impl.h"
#include "util/log.h"

#define EMPTY_SPECIAL PAGE_SIZE

static _Atomic uint64_t *tlb_array(const struct tlb_set *s, unsigned idx, unsigned what)
{
    return (_Atomic uint64_t *)(s->base + TLB_DISP(idx, what));
}

static unsigned tlb_entry(const struct tlb_set *s, uint64_t va)
{
    return (va >> PAGE_BITS) & ((1u << s->bits) - 1);
}

static uint64_t empty_tag(unsigned entry)
{
    bool special = entry == 0 || (entry + 1 >= 1u << TLB_BITS_MIN && !(entry & (entry + 1)));

    return special ? EMPTY_SPECIAL : UINT64_MAX;
}

static bool is_conflict(uint64_t tag, unsigned entry, uint64_t page)
{
    return tag != page && tag != empty_tag(entry) && (tag || !entry);
}

static void clear_tags(_Atomic uint64_t *tags, unsigned bits)
{
    memset((void *)tags, 0xff, sizeof *tags << bits);
    atomic_store_explicit(&tags[0], EMPTY_SPECIAL, memory_order_relaxed);
    for (unsigned k = TLB_BITS_MIN; k <= bits; k++) {
        atomic_store_explicit(&tags[(1u << k) - 1], EMPTY_SPECIAL, memory_order_relaxed);
    }
}

void tlb_env(struct host_env *env, unsigned indices)
{
    for (unsigned i = 0; i < indices; i++) {
        env->tlb_read[i] = TLB_DISP(i, TLB_READ);
        env->tlb_write[i] = TLB_DISP(i, TLB_WRITE);
        env->tlb_addend[i] = TLB_DISP(i, TLB_ADDEND);
    }
    env->xmap = 0;
    env->xmap_entries = 2 * XMAP_ENTRIES;
    env->page_bits = PAGE_BITS;
}

struct tlb_set *tlb_owner(struct accel_cpu *a, unsigned idx)
{
    return a->shared_idx >> idx & 1 ? &a->sets[TLB_GLOBAL] : a->set;
}

static bool is_global(const struct accel_cpu *a, const struct tlb_set *s)
{
    return s == &a->sets[TLB_GLOBAL];
}

static void xmap_clear(struct accel_cpu *a, struct tlb_set *s)
{
    memset(s->base + (is_global(a, s) ? XMAP_BYTES : 0), 0, XMAP_BYTES);
    memset(s->xmap_pages, 0, sizeof s->xmap_pages);
}

static void fetch_clear(struct accel_cpu *a, struct tlb_set *s)
{
    xmap_clear(a, s);
    for (unsigned i = 0; i < FETCH_PAGES; i++) {
        s->fetch[i].va = 1;
    }
    s->used_fetch = 0;
}

static size_t set_bytes(const struct tcg *t)
{
    return TLB_DISP(t->cpu_type->mmu_indices, 0);
}

/* Makes the parts of a set's memory that belong to the global set the same memory in all sets. */
static bool map_shared(struct accel_cpu *a, struct tlb_set *s, int fd)
{
    const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE;
    bool ok = mmap(s->base + XMAP_BYTES, XMAP_BYTES, prot, flags, fd, XMAP_BYTES) != MAP_FAILED;

    for (uint32_t more = a->shared_idx; more && ok; more &= more - 1) {
        size_t at = TLB_DISP(__builtin_ctz(more), 0);

        ok = mmap(s->base + at, 3 * TLB_ARRAY_BYTES, prot, flags, fd, at) != MAP_FAILED;
    }
    return ok;
}

static bool set_memory(struct accel_cpu *a, struct tlb_set *s, int fd)
{
    s->base = mmap(NULL, set_bytes(a->tcg), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->base == MAP_FAILED) {
        return false;
    }
    madvise(s->base, set_bytes(a->tcg), MADV_NOHUGEPAGE);
    return fd < 0 || map_shared(a, s, fd);
}

void tlb_cpu_init(struct accel_cpu *a)
{
    int fd = -1;

    a->shared_idx = a->tcg->opt_global ? a->tcg->cpu_type->mmu_shared : 0;
    if (a->shared_idx) {
        fd = memfd_create("doppel-tlb", MFD_CLOEXEC);
        if (fd < 0 || ftruncate(fd, set_bytes(a->tcg))) {
            g_error("no memory file for the soft TLB: %s", g_strerror(errno));
        }
    }
    a->sets = g_new0(struct tlb_set, TLB_SETS + 1);
    for (unsigned i = 0; i <= TLB_SETS; i++) {
        struct tlb_set *s = &a->sets[i];

        if (!set_memory(a, s, fd)) {
            g_error("out of memory for the soft TLB");
        }
        s->bits = TLB_BITS_MIN;
        s->space = UINT64_MAX;
        for (unsigned idx = 0; idx < a->tcg->cpu_type->mmu_indices; idx++) {
            atomic_store(tlb_array(s, idx, TLB_READ), EMPTY_SPECIAL);   /* the others are empty as they are: 0 */
            atomic_store(tlb_array(s, idx, TLB_WRITE), EMPTY_SPECIAL);
        }
        fetch_clear(a, s);
    }
    if (fd >= 0) {
        close(fd);
    }
    a->set = &a->sets[0];
}

void tlb_cpu_free(struct accel_cpu *a)
{
    for (unsigned i = 0; i <= TLB_SETS; i++) {
        munmap(a->sets[i].base, set_bytes(a->tcg));
    }
    g_free(a->sets);
}

static void set_current(struct accel_cpu *a, struct tlb_set *s)
{
    a->set = s;
    s->last_use = ++a->use_count;
    a->cpu->tlb_base = s->base;
    a->cpu->tlb_ctl = a->tcg->host ? host_tlb_control(a->tcg->host, s->bits) : 0;
}

static void empty_entries(struct tlb_set *s)
{
    for (unsigned i = 0; i < s->nrecent && s->nrecent <= TLB_RECENT; i++) {
        unsigned e = s->recent[i] & 0xffffff, idx = s->recent[i] >> 24;

        atomic_store_explicit(&tlb_array(s, idx, TLB_READ)[e], empty_tag(e), memory_order_relaxed);
        atomic_store_explicit(&tlb_array(s, idx, TLB_WRITE)[e], empty_tag(e), memory_order_relaxed);
    }
    for (uint32_t used = s->nrecent > TLB_RECENT ? s->used_idx : 0; used; used &= used - 1) {
        unsigned idx = __builtin_ctz(used);

        clear_tags(tlb_array(s, idx, TLB_READ), s->bits);
        clear_tags(tlb_array(s, idx, TLB_WRITE), s->bits);
    }
    s->nrecent = 0;
}

void tlb_flush_set(struct accel_cpu *a, struct tlb_set *s)
{
    a->n_flush++;
    empty_entries(s);
    if (is_global(a, s)) {
        s->bits = TLB_BITS_MIN;
        s->nonglobal = false;
    } else if (s->bits > TLB_BITS_MIN && s->fills < 1u << (s->bits - 3)) {
        /* Little used since the last flush: a smaller one is flushed sooner. Its entries are empty already, but the
         * last of the smaller sizes are special in every size. */
        s->bits--;
        if (s == a->set) {
            set_current(a, s);
        }
    }
    s->used_idx = 0;
    s->fills = s->conflicts = 0;
    if (s->large_bits) {
        memset(s->large, 0, sizeof s->large);
        s->large_bits = 0;
    }
    if (s->used_fetch) {
        fetch_clear(a, s);
    }
}

void tlb_flush_all(struct accel_cpu *a)
{
    for (unsigned i = 0; i <= TLB_SETS; i++) {
        if (a->sets[i].used_idx || a->sets[i].used_fetch) {
            tlb_flush_set(a, &a->sets[i]);
        }
    }
}

/* Called at the top of the loop: translated code holds the index width in a register. */
void tlb_resize_if_needed(struct accel_cpu *a)
{
    struct tlb_set *s = a->set;

    if (!a->tcg->opt_grow || s->conflicts < 2u << s->bits || s->bits == TLB_BITS_MAX) {
        return;
    }
    s->bits++;
    for (uint32_t used = s->used_idx; used; used &= used - 1) { /* not those of the global set: good for every size */
        unsigned idx = __builtin_ctz(used);

        clear_tags(tlb_array(s, idx, TLB_READ), s->bits);
        clear_tags(tlb_array(s, idx, TLB_WRITE), s->bits);
    }
    s->fills = s->conflicts = 0;
    set_current(a, s);
}

/* ---- address spaces ---- */

void cpu_set_space(struct cpu *cpu, uint64_t space)
{
    struct accel_cpu *a = acpu_of(cpu);
    struct tlb_set *s = NULL, *oldest;

    if (!a) {
        return;         /* another accelerator runs it */
    }
    oldest = &a->sets[0];
    if (a->sets[TLB_GLOBAL].nonglobal && space != a->set->space) {
        tlb_flush_set(a, &a->sets[TLB_GLOBAL]);
    }
    if (!a->tcg->opt_asid) {
        tlb_flush_set(a, &a->sets[0]);
        a->sets[0].space = space;
        set_current(a, &a->sets[0]);
        return;
    }
    for (unsigned i = 0; i < TLB_SETS; i++) {
        if (a->sets[i].space == space) {
            s = &a->sets[i];
            break;
        }
        if (a->sets[i].last_use < oldest->last_use) {
            oldest = &a->sets[i];
        }
    }
    if (!s) {
        s = oldest;
        tlb_flush_set(a, s);
        s->space = space;
    }
    set_current(a, s);
}

void cpu_tlb_flush(struct cpu *cpu, enum tlb_scope scope, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
    struct accel_cpu *a = acpu_of(cpu);

    if (!a) {
        return;
    }
    if (scope == TLB_ALL) {
        tlb_flush_all(a);
        return;
    }
    for (unsigned i = 0; i <= TLB_SETS; i++) {
        struct tlb_set *s = &a->sets[i];

        if ((s->used_idx || s->used_fetch) && (i == TLB_GLOBAL ? s->nonglobal : match(s->space, arg))) {
            tlb_flush_set(a, s);
        }
    }
}

static unsigned large_slot(uint64_t va, unsigned bits)
{
    return ((va >> bits) + bits) * 0x9e3779b97f4a7c15ull % LARGE_BITS;
}

/* May the set have entries of a mapping larger than a page that holds va? */
static bool in_large(const struct tlb_set *s, uint64_t va)
{
    for (uint64_t more = s->large_bits; more; more &= more - 1) {
        unsigned slot = large_slot(va, __builtin_ctzll(more));

        if (s->large[slot / 64] >> (slot % 64) & 1) {
            return true;
        }
    }
    return false;
}

static void drop_tag(_Atomic uint64_t *tags, unsigned e, uint64_t page)
{
    if (atomic_load_explicit(&tags[e], memory_order_relaxed) == page) {
        atomic_store_explicit(&tags[e], empty_tag(e), memory_order_relaxed);
    }
}

static void flush_page_in_set(struct accel_cpu *a, struct tlb_set *s, uint64_t va)
{
    unsigned number = (va >> PAGE_BITS) % XMAP_ENTRIES;
    uint64_t page = va & PAGE_MASK;
    struct fetch_page *f = &s->fetch[(va >> PAGE_BITS) % FETCH_PAGES];

    if (in_large(s, va)) {
        tlb_flush_set(a, s);
        return;
    }
    for (uint32_t used = s->used_idx; used; used &= used - 1) {
        unsigned idx = __builtin_ctz(used);

        for (unsigned bits = is_global(a, s) ? TLB_BITS_MIN : s->bits; bits <= s->bits; bits++) {
            unsigned e = (va >> PAGE_BITS) & ((1u << bits) - 1);

            drop_tag(tlb_array(s, idx, TLB_READ), e, page);
            drop_tag(tlb_array(s, idx, TLB_WRITE), e, page);
        }
    }
    if (f->va == page) {
        f->va = 1;
    }
    /* Under which keys the page has been entered is not known: if it may have been, empty the whole array. */
    if (s->xmap_pages[number / 64] >> (number % 64) & 1) {
        xmap_clear(a, s);
    }
}

void cpu_tlb_flush_page(struct cpu *cpu, uint64_t va, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg)
{
    struct accel_cpu *a = acpu_of(cpu);

    if (!a) {
        return;
    }
    a->n_flush_page++;
    for (unsigned i = 0; i <= TLB_SETS; i++) {
        struct tlb_set *s = &a->sets[i];

        if ((s->used_idx || s->used_fetch) && (!match || (i == TLB_GLOBAL ? s->nonglobal : match(s->space, arg)))) {
            flush_page_in_set(a, s, va);
        }
    }
}

/* ---- filling ---- */

static void note_mapping(struct tlb_set *s, uint64_t va, const struct mmu_page *page)
{
    if (page->page_bits > PAGE_BITS) {
        unsigned slot = large_slot(va, page->page_bits);

        s->large[slot / 64] |= 1ull << (slot % 64);
        s->large_bits |= 1ull << page->page_bits;
    }
    s->nonglobal |= !page->global;
}

static uint64_t writer_of(struct accel_cpu *a, unsigned idx, unsigned entry)
{
    return 1ull << 63 | (uint64_t)a->cpu->index << 40 | (uint64_t)(tlb_owner(a, idx) - a->sets) << 32 | idx << 20 | entry;
}

static bool writer_maps(struct tcg *t, uint64_t w, const uint8_t *host_page, _Atomic uint64_t **tag)
{
    struct accel_cpu *a = t->cpus->pdata[(w >> 40) & 0xffff];
    struct tlb_set *s = &a->sets[(w >> 32) & 0xff];
    unsigned idx = (w >> 20) & 0xf, entry = w & 0xfffff;
    uint64_t va;

    *tag = &tlb_array(s, idx, TLB_WRITE)[entry];
    va = atomic_load_explicit(*tag, memory_order_acquire);
    return va != UINT64_MAX && va + atomic_load_explicit(&tlb_array(s, idx, TLB_ADDEND)[entry], memory_order_relaxed) ==
                                   (uintptr_t)host_page;
}

/* Remembers where the page's write entry is, so that tlb_protect finds it; before the entry is made. */
static void note_writer(struct accel_cpu *a, uint64_t ram_page, unsigned idx, unsigned entry, const uint8_t *host_page)
{
    _Atomic uint64_t *writer = &a->tcg->pages[ram_page].writer;
    uint64_t old = atomic_load(writer), mine = writer_of(a, idx, entry);
    _Atomic uint64_t *tag;

    while (old != mine && old != WRITER_MANY) {
        uint64_t want = old && writer_maps(a->tcg, old, host_page, &tag) ? WRITER_MANY : mine;

        if (atomic_compare_exchange_weak(writer, &old, want)) {
            break;
        }
    }
}

static void enter(struct accel_cpu *a, uint64_t va, unsigned idx, const struct mmu_page *page, enum mmu_access access,
                  const struct flat_range *r)
{
    struct tlb_set *s = a->set, *owner = tlb_owner(a, idx);
    unsigned e = tlb_entry(s, va);
    uint64_t pva = va & PAGE_MASK, in_range = (page->paddr & PAGE_MASK) - r->start;
    uint8_t *host = r->host + in_range;
    uint64_t ram_off = r->ram_start + in_range, ram_page = (r->ram->ram_offset + ram_off) >> PAGE_BITS;
    _Atomic uint64_t *rtag = &tlb_array(s, idx, TLB_READ)[e], *wtag = &tlb_array(s, idx, TLB_WRITE)[e];
    uint64_t old_r = atomic_load_explicit(rtag, memory_order_relaxed);
    uint64_t old_w = atomic_load_explicit(wtag, memory_order_relaxed), empty = empty_tag(e);
    bool keep_r = old_r == pva && access == MMU_WRITE, keep_w = false;
    uint8_t tracked = r->ram->tracked, flags;

    if (!(owner->used_idx >> idx & 1)) {
        /* the fence below orders it */
        atomic_store_explicit(&owner->used_idx, owner->used_idx | 1u << idx, memory_order_relaxed);
    }
    if (owner->bits < s->bits) {
        atomic_store_explicit(&owner->bits, s->bits, memory_order_relaxed);
    }
    if (owner->nrecent < TLB_RECENT) {
        owner->recent[owner->nrecent] = e | idx << 24;
    }
    owner->nrecent = MIN(owner->nrecent + 1, TLB_RECENT + 1);
    s->fills++;
    a->n_fill++;
    s->conflicts += is_conflict(old_r, e, pva) || is_conflict(old_w, e, pva);
    note_mapping(owner, va, page);
    /* Both tags use the addend: take away what does not belong to this page before the addend changes. */
    if (old_w != pva) {
        atomic_store_explicit(wtag, empty, memory_order_relaxed);
    } else {
        keep_w = access == MMU_READ;
    }
    if (!keep_r) {
        atomic_store_explicit(rtag, empty, memory_order_relaxed);
    }
    atomic_store_explicit(&tlb_array(s, idx, TLB_ADDEND)[e], (uintptr_t)host - pva, memory_order_release);
    if (page->prot & MMU_R) {
        atomic_store_explicit(rtag, pva, memory_order_relaxed);
    }
    if (!(page->prot & MMU_W) || !r->writable || keep_w) {
        return;
    }
    flags = ram_page_flags(r->ram, ram_off);
    if ((flags & RAM_PAGE_CODE) || (flags & tracked) != tracked) {
        return;
    }
    note_writer(a, ram_page, idx, e, host);
    atomic_store(wtag, pva);    /* full barrier: either we see the flag below, or tlb_protect sees the entry */
    if (ram_page_flags(r->ram, ram_off) & RAM_PAGE_CODE) {
        atomic_store(wtag, empty);
    }
}

void cpu_watch_changed(struct cpu *cpu)
{
    cpu->watching = false;
    for (unsigned i = 0; i < CPU_WATCHES; i++) {
        cpu->watching |= cpu->watch[i].kinds != 0;
    }
    cpu_tlb_flush(cpu, TLB_ALL, NULL, 0);
}

/* Has the page bytes that the debugger or the guest watches? */
static bool watched(struct accel_cpu *a, uint64_t va)
{
    const struct tcg *t = a->tcg;

    for (unsigned i = 0; a->cpu->watching && i < CPU_WATCHES; i++) {
        const struct cpu_watch *w = &a->cpu->watch[i];

        if (w->kinds && !((w->addr ^ va) & PAGE_MASK)) {
            return true;
        }
    }
    for (unsigned i = 0; i < t->breaks->len; i++) {
        struct breakpoint *b = &g_array_index(t->breaks, struct breakpoint, i);

        if (b->kind >= ACCEL_WATCH_WRITE && !((b->addr ^ va) & PAGE_MASK)) {
            return true;
        }
    }
    return false;
}

void tlb_access(struct accel_cpu *a, uint64_t va, enum mmu_access access, unsigned idx, struct tlb_target *out,
                uintptr_t ret, struct host_frame *frame)
{
    struct tlb_set *s = a->set;
    unsigned e = tlb_entry(s, va);
    uint64_t tag =
        atomic_load_explicit(&tlb_array(s, idx, access == MMU_WRITE ? TLB_WRITE : TLB_READ)[e], memory_order_relaxed);
    const struct flat_range *r;
    struct mmu_fault fault;
    struct mmu_page page = { 0 };     /* walks set what they know of */

    out->ram = NULL;
    out->range = NULL;
    out->fine = out->checked = out->device = false;
    if (tag == (va & PAGE_MASK)) {
        out->host =
            (uint8_t *)(uintptr_t)(va + atomic_load_explicit(&tlb_array(s, idx, TLB_ADDEND)[e], memory_order_relaxed));
        return;
    }
    if (!a->cpu->type->mmu_walk(a->cpu, va, access, idx, false, &page, &fault)) {
        slow_rebuild(a, ret, frame);
        a->cpu->type->raise_mmu(a->cpu, &fault);
    }
    out->fine = page.page_bits < PAGE_BITS;
    out->paddr = page.paddr;
    r = as_lookup(a->cpu->as, page.paddr);
    if (!r) {
        if (a->cpu->type->open_bus) {
            out->host = NULL;
            return;
        }
        slow_rebuild(a, ret, frame);
        a->cpu->type->raise_bus(a->cpu, va, access);
    }
    if (page.checked || page.device) {
        out->page = page;
        out->checked = page.checked;
        out->device = page.device;
    }
    out->offset = page.paddr - r->start;
    if (!r->host || (access == MMU_WRITE && !r->writable)) {
        out->host = NULL;
        out->range = r;
        return;
    }
    out->host = r->host + out->offset;
    /* A range smaller than the page, protection inside it, accesses to be checked, or a watchpoint: no entry. */
    if (page.page_bits >= PAGE_BITS && !page.checked && (page.paddr & PAGE_MASK) >= r->start &&
        (page.paddr & PAGE_MASK) - r->start + PAGE_SIZE <= r->size && !(tlb_watching(a) && watched(a, va))) {
        enter(a, va, idx, &page, access, r);
    }
    if (access == MMU_WRITE) {
        out->ram = r->ram;
        out->ram_offset = r->ram_start + out->offset;
    }
}

struct fetch_page *tlb_fetch(struct accel_cpu *a, uint64_t va, bool *uncached)
{
    struct cpu *cpu = a->cpu;
    uint64_t page_va = va & PAGE_MASK;
    unsigned idx = cpu->type->fetch_idx(cpu);
    struct tlb_set *s = tlb_owner(a, idx);
    struct fetch_page *f = &s->fetch[(va >> PAGE_BITS) % FETCH_PAGES];
    const struct flat_range *r;
    struct mmu_fault fault;
    struct mmu_page page = { 0 };     /* walks set what they know of */
    uint64_t off;

    if (f->va == page_va && f->idx == idx) {
        return f;
    }
    if (!cpu->type->mmu_walk(cpu, va, MMU_FETCH, idx, false, &page, &fault)) {
        cpu->type->raise_mmu(cpu, &fault);
    }
    r = as_lookup(cpu->as, page.paddr);
    off = r ? (page.paddr & PAGE_MASK) - r->start : 0;
    if (!r || !r->host || (page.paddr & PAGE_MASK) < r->start || off + PAGE_SIZE > r->size) {
        cpu->type->raise_bus(cpu, va, MMU_FETCH);
    }
    if (page.page_bits < PAGE_BITS) {
        *uncached = true;
    }
    s->used_fetch = 1;
    note_mapping(s, va, &page);
    f->va = page.page_bits < PAGE_BITS ? 1 : page_va;
    f->idx = idx;
    f->ram = r->ram;
    f->offset = r->ram_start + off;
    return f;
}

/* ---- pages become code ---- */

static void drop_writers(struct tcg *t, struct accel_cpu *self, const uint8_t *host_page, bool *others)
{
    for (unsigned c = 0; c < t->cpus->len; c++) {
        struct accel_cpu *a = t->cpus->pdata[c];

        for (unsigned i = 0; i <= TLB_SETS; i++) {
            struct tlb_set *s = &a->sets[i];

            for (unsigned idx = 0; idx < t->cpu_type->mmu_indices; idx++) {
                if (!(s->used_idx >> idx & 1)) {
                    continue;
                }
                for (unsigned e = 0; e < 1u << s->bits; e++) {
                    _Atomic uint64_t *tag = &tlb_array(s, idx, TLB_WRITE)[e];
                    uint64_t va = atomic_load_explicit(tag, memory_order_acquire);

                    if (va != UINT64_MAX &&
                        va + atomic_load_explicit(&tlb_array(s, idx, TLB_ADDEND)[e], memory_order_relaxed) ==
                            (uintptr_t)host_page) {
                        atomic_store(tag, empty_tag(e));
                        *others |= a != self;
                    }
                }
            }
        }
    }
}

void tlb_protect(struct accel_cpu *a, uint64_t ram_page, const uint8_t *host_page)
{
    struct tcg *t = a->tcg;
    uint64_t w = atomic_exchange(&t->pages[ram_page].writer, 0);
    bool others = false;
    _Atomic uint64_t *tag;

    if (w == WRITER_MANY) {
        drop_writers(t, a, host_page, &others);
    } else if (w && writer_maps(t, w, host_page, &tag)) {
        atomic_store(tag, empty_tag(w & 0xfffff));
        others = ((w >> 40) & 0xffff) != a->cpu->index;
    }
    if (others) {
        /* A store that looked the entry up before we took it away may still be on its way. */
        safepoint_wait(t, a);
    }
}
