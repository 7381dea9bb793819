/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest accesses that translated code does not do itself: TLB misses, page crossings, MMIO, pages that are tracked, and
 * all accesses of the interpreter. Translated code arrives here with the guest's MXCSR; nothing below computes with
 * floating point but a device might, so MMIO runs under the host's.
 */
#include <string.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#include "accel/tcg/tcg_impl.h"
#include "util/log.h"

#define MXCSR_HOST 0x1f80

/* The two flavours of caller: translated code (ret names the access) and C (ret = 0, exact state). */
struct site {
    struct accel_cpu *a;
    uintptr_t ret;
    struct host_frame *frame;
};

void slow_rebuild(struct accel_cpu *a, uintptr_t ret, struct host_frame *frame)
{
    struct host_code code;
    unsigned insns = 0;
    struct tb *tb;

    if (!ret) {
        return;
    }
    tb = cache_find(a->tcg, ret);
    g_assert(tb);
    tb_code_of(tb, &code);
    if (!host_rebuild(a->tcg->host, a->cpu, tb->rx, &code, ret, frame, &insns)) {
        g_assert_not_reached();
    }
    if (a->tcg->env.icount) {
        a->cpu->icount_ahead = tb->insns - insns;   /* the block paid for all its instructions when it was entered */
        a->site_ret = 0;
    }
#ifdef __x86_64__
    a->cpu->fpcr = _mm_getcsr();
#endif
}

static struct mem_attrs attrs_of(const struct accel_cpu *a)
{
    return (struct mem_attrs) { .cpu = a->cpu->index };
}

static uint64_t mmio(const struct site *s, uint64_t va, const struct tlb_target *t, unsigned size, bool write,
                     uint64_t value)
{
    struct accel_cpu *a = s->a;
    struct machine *m = a->cpu->machine;
    enum mem_result res;
#ifdef __x86_64__
    unsigned csr = _mm_getcsr();

    _mm_setcsr(MXCSR_HOST);
#endif
    a->n_mmio++;
    a->site_ret = s->ret;
    if (!t->range) {
        log_guest("cpu %u: nothing at address 0x%" G_GINT64_MODIFIER "x\n", a->cpu->index, va);
        res = MEM_DECODE_ERROR;
    } else {
        res = write ? mmio_dispatch_write(&m->memory, t->range, t->offset, size, value, attrs_of(a))
                    : mmio_dispatch_read(&m->memory, t->range, t->offset, size, &value, attrs_of(a));
    }
#ifdef __x86_64__
    _mm_setcsr(csr);
#endif
    a->site_ret = 0;
    if (atomic_load_explicit(&a->flush_all, memory_order_relaxed)) {
        /* The access may have changed the map, which the next instruction of this block must see. The request stays: at
         * the top of the loop it is for changes that others make. */
        tlb_flush_all(a);
    }
    if (res != MEM_OK && a->cpu->type->open_bus) {
        return UINT64_MAX;
    }
    if (res != MEM_OK) {
        slow_rebuild(a, s->ret, s->frame);
        a->cpu->type->raise_bus(a->cpu, va, write ? MMU_WRITE : MMU_READ);
    }
    return value;
}

static uint64_t host_load(const void *p, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)p;
    case 2: {
        uint16_t v;

        memcpy(&v, p, 2);
        return v;
    }
    case 4: {
        uint32_t v;

        memcpy(&v, p, 4);
        return v;
    }
    default: {
        uint64_t v;

        memcpy(&v, p, 8);
        return v;
    }
    }
}

/* One host store for each size: other vCPUs must not see halves of an aligned one. */
static void host_store(void *p, uint64_t v, unsigned size)
{
    uint16_t v16 = v;
    uint32_t v32 = v;

    switch (size) {
    case 1:
        *(volatile uint8_t *)p = v;
        break;
    case 2:
        memcpy(p, &v16, 2);
        break;
    case 4:
        memcpy(p, &v32, 4);
        break;
    default:
        memcpy(p, &v, 8);
    }
}

/* In front of a write to [offset, offset + size) of RAM that changes something: where that is code of the running block, and
 * the guest may count on its next instruction being the new one, the block is left. The instruction is then done alone. */
static void leave_own_code(const struct site *s, const struct tlb_target *t, unsigned size)
{
    struct accel_cpu *a = s->a;

    if (!a->cpu->type->code_coherent || !t->ram || !(ram_page_flags(t->ram, t->ram_offset) & RAM_PAGE_CODE) ||
        a->single_step || !a->in_code || a->cpu->in_event || !tb_runs_on(a, t->ram, t->ram_offset, size, s->ret)) {
        return;
    }
    slow_rebuild(a, s->ret, s->frame);
    a->watch = WATCH_CODE;
    cpu_loop_exit(a->cpu);
}

/* Stores of translated code to pages that somebody watches. The same bytes again are no write for the translator. */
static void tracked_store(const struct site *s, const struct tlb_target *t, uint64_t v, unsigned size)
{
    uint8_t flags = ram_page_flags(t->ram, t->ram_offset);
    bool same = (flags & RAM_PAGE_CODE) && host_load(t->host, size) == (size == 8 ? v : v & ((1ull << size * 8) - 1));

    if (!same) {
        leave_own_code(s, t, size);
    }
    host_store(t->host, v, size);
    if (!same || t->ram->tracked) {
        ram_written(t->ram, t->ram_offset, size);
    }
}

static bool crosses(uint64_t va, unsigned size)
{
    return (va & ~PAGE_MASK) + size > PAGE_SIZE;
}

static void check_aligned(const struct site *s, uint64_t va, unsigned mem, bool write)
{
    unsigned size = 1u << (mem & IR_MEM_SIZE);

    if ((mem & IR_MEM_ALIGN) && (va & (size - 1))) {
        slow_rebuild(s->a, s->ret, s->frame);
        s->a->cpu->type->raise_unaligned(s->a->cpu, va, write ? MMU_WRITE : MMU_READ);
    }
}

/* The guest's own: found in front of the access, which is then done again with its instruction alone, and told behind it. */
static void guest_watch_check(const struct site *s, uint64_t va, unsigned size, bool write)
{
    struct accel_cpu *a = s->a;
    struct cpu *cpu = a->cpu;
    unsigned hits = 0;

    for (unsigned i = 0; i < CPU_WATCHES; i++) {
        const struct cpu_watch *w = &cpu->watch[i];

        if (w->kinds & (write ? CPU_WATCH_WRITE : CPU_WATCH_READ) && va < w->addr + w->len && w->addr < va + size) {
            hits |= 1u << i;
        }
    }
    if (!hits || !a->in_code || cpu->in_event) {
        return;
    }
    if (a->watch == WATCH_NONE && !a->single_step) {
        slow_rebuild(a, s->ret, s->frame);
        a->watch = WATCH_CODE;
        cpu_loop_exit(cpu);
    }
    cpu->watch_hits |= hits;
}

static void watch_check(const struct site *s, uint64_t va, unsigned size, bool write)
{
    struct accel_cpu *a = s->a;
    struct tcg *t = a->tcg;

    if (a->cpu->watching) {
        guest_watch_check(s, va, size, write);
    }
    for (unsigned i = 0; i < t->breaks->len; i++) {
        struct breakpoint *b = &g_array_index(t->breaks, struct breakpoint, i);
        bool kind = b->kind == ACCEL_WATCH_ACCESS || b->kind == (write ? ACCEL_WATCH_WRITE : ACCEL_WATCH_READ);

        if (!kind || va >= b->addr + b->len || b->addr >= va + size) {
            continue;
        }
        a->watch_hit = true;
        a->watch_addr = b->addr;
        a->watch_kind = b->kind;
        if (a->cpu->type->watch_before || (a->watch == WATCH_NONE && !a->single_step)) {
            slow_rebuild(a, s->ret, s->frame);
            a->watch = WATCH_FOUND;
            cpu_loop_exit(a->cpu);
        }
    }
}

/* What the target wants to see of an access that tlb_access has allowed; inside one page. */
static void check_access(const struct site *s, uint64_t va, const struct tlb_target *t, unsigned size, enum mmu_access access,
                         unsigned idx)
{
    struct cpu *cpu = s->a->cpu;
    struct mmu_fault fault;

    if (t->device && !t->host && (va & (size - 1))) {
        slow_rebuild(s->a, s->ret, s->frame);
        cpu->type->raise_unaligned(cpu, va, access);
    }
    if (t->checked && !cpu->type->access_check(cpu, va, &t->page, size, access, idx, &fault)) {
        slow_rebuild(s->a, s->ret, s->frame);
        cpu->type->raise_mmu(cpu, &fault);
    }
}

/* tlb_access for all bytes of an access that lies in one page. */
static void look_up(const struct site *s, uint64_t va, unsigned size, enum mmu_access access, unsigned idx,
                    struct tlb_target *t)
{
    const struct cpu_type *type = s->a->cpu->type;
    struct mmu_fault fault;

    tlb_access(s->a, va, access, idx, t, s->ret, s->frame);
    if (t->fine && type->mmu_span && !type->mmu_span(s->a->cpu, va, t->paddr, size, access, &fault)) {
        slow_rebuild(s->a, s->ret, s->frame);
        type->raise_mmu(s->a->cpu, &fault);
    }
    if (t->checked || t->device) {
        check_access(s, va, t, size, access, idx);
    }
}

static uint64_t load_bytes(const struct site *s, uint64_t va, unsigned size, unsigned idx)
{
    struct tlb_target t;
    uint64_t v = 0;

    if (tlb_watching(s->a)) {
        watch_check(s, va, size, false);
    }
    if (!crosses(va, size)) {
        look_up(s, va, size, MMU_READ, idx, &t);
        return t.host ? host_load(t.host, size) : mmio(s, va, &t, size, false, 0);
    }
    for (unsigned i = 0; i < size; i++) {
        tlb_access(s->a, va + i, MMU_READ, idx, &t, s->ret, s->frame);
        check_access(s, va + i, &t, 1, MMU_READ, idx);
        v |= (t.host ? *t.host : mmio(s, va + i, &t, 1, false, 0) & 0xff) << (i * 8);
    }
    return v;
}

/* Faults as a store would: at va, else where the next page begins. A store across pages that will be done in pieces leaves
 * here if some of them are code of the running block. */
static void probe_write(const struct site *s, uint64_t va, unsigned size, unsigned idx)
{
    struct tlb_target t, next;

    look_up(s, va, crosses(va, size) ? 1 : size, MMU_WRITE, idx, &t);
    if (crosses(va, size)) {
        unsigned here = PAGE_SIZE - (va & ~PAGE_MASK);

        tlb_access(s->a, va + here, MMU_WRITE, idx, &next, s->ret, s->frame);
        for (unsigned i = 0; i < size; i++) {
            check_access(s, va + i, i < here ? &t : &next, 1, MMU_WRITE, idx);
        }
        leave_own_code(s, &t, here);
        leave_own_code(s, &next, size - here);
    }
}

static void store_bytes(const struct site *s, uint64_t va, uint64_t v, unsigned size, unsigned idx)
{
    struct tlb_target t;

    if (tlb_watching(s->a)) {
        watch_check(s, va, size, true);
    }
    if (!crosses(va, size)) {
        look_up(s, va, size, MMU_WRITE, idx, &t);
        if (!t.host) {
            mmio(s, va, &t, size, true, v);
        } else if (t.ram) {
            tracked_store(s, &t, v, size);
        } else {
            host_store(t.host, v, size);
        }
        return;
    }
    probe_write(s, va, size, idx);          /* both pages must take the store before the first byte is written */
    for (unsigned i = 0; i < size; i++, v >>= 8) {
        tlb_access(s->a, va + i, MMU_WRITE, idx, &t, s->ret, s->frame);
        if (!t.host) {
            mmio(s, va + i, &t, 1, true, v & 0xff);
        } else if (t.ram) {
            tracked_store(s, &t, v, 1);
        } else {
            *t.host = v;
        }
    }
}

static uint64_t swap(uint64_t v, unsigned size)
{
    return size == 8 ? __builtin_bswap64(v) : size == 4 ? __builtin_bswap32(v) : size == 2 ? __builtin_bswap16(v) : v;
}

static uint64_t extend(uint64_t v, unsigned mem)
{
    unsigned bits = 8u << (mem & IR_MEM_SIZE);

    if (bits >= 64) {
        return v;
    }
    return mem & IR_MEM_SIGN ? (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) : v & ((1ull << bits) - 1);
}

uint64_t slow_load(struct cpu *cpu, uint64_t addr, unsigned mem, uintptr_t ret, struct host_frame *frame)
{
    struct site s = { acpu_of(cpu), ret, frame };
    unsigned size = 1u << (mem & IR_MEM_SIZE);
    uint64_t v;

    s.a->n_slow++;
    check_aligned(&s, addr, mem, false);
    if (mem & IR_MEM_FOR_WRITE) {
        probe_write(&s, addr, size, IR_MEM_IDX(mem));
    }
    v = load_bytes(&s, addr, size, IR_MEM_IDX(mem));
    return extend(mem & IR_MEM_BE ? swap(v, size) : v, mem);
}

void slow_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem, uintptr_t ret, struct host_frame *frame)
{
    struct site s = { acpu_of(cpu), ret, frame };
    unsigned size = 1u << (mem & IR_MEM_SIZE);

    s.a->n_slow++;
    check_aligned(&s, addr, mem, true);
    store_bytes(&s, addr, mem & IR_MEM_BE ? swap(value, size) : value, size, IR_MEM_IDX(mem));
}

/* ---- atomics ---- */

static uint64_t rmw_value(unsigned op, uint64_t old, uint64_t v, unsigned mem)
{
    unsigned sh = 64 - (8u << (mem & IR_MEM_SIZE));
    int64_t so = (int64_t)(old << sh) >> sh, sv = (int64_t)(v << sh) >> sh;
    uint64_t uo = old << sh >> sh, uv = v << sh >> sh;

    switch (op) {
    case IR_RMW_XCHG:
        return v;
    case IR_RMW_ADD:
        return old + v;
    case IR_RMW_AND:
        return old & v;
    case IR_RMW_OR:
        return old | v;
    case IR_RMW_XOR:
        return old ^ v;
    case IR_RMW_MINS:
        return so < sv ? old : v;
    case IR_RMW_MAXS:
        return so > sv ? old : v;
    case IR_RMW_MINU:
        return uo < uv ? old : v;
    default:
        return uo > uv ? old : v;
    }
}

#define CAS_LOOP(type) { \
    _Atomic type *p = (_Atomic type *)host; \
    type old = atomic_load(p), want; \
    do { \
        if (op == HOST_SLOW_CAS && old != (type)expected[0]) { \
            return old; \
        } \
        want = op == HOST_SLOW_CAS ? (type)value : (type)rmw_value(op, old, value, mem); \
    } while (!atomic_compare_exchange_weak(p, &old, want)); \
    return old; }

static uint64_t host_atomic(void *host, unsigned op, unsigned mem, uint64_t value, const uint64_t expected[2])
{
    switch (mem & IR_MEM_SIZE) {
    case IR_MEM_8:
        CAS_LOOP(uint8_t)
    case IR_MEM_16:
        CAS_LOOP(uint16_t)
    case IR_MEM_32:
        CAS_LOOP(uint32_t)
    default:
        CAS_LOOP(uint64_t)
    }
}

#ifdef __x86_64__
/* value: desired in, old out */
static void host_cas128(void *host, uint64_t value[2], const uint64_t expected[2])
{
    uint64_t lo = expected[0], hi = expected[1];

    __asm__ volatile("lock cmpxchg16b %0"
                     : "+m"(*(unsigned __int128 *)host), "+a"(lo), "+d"(hi)
                     : "b"(value[0]), "c"(value[1]) : "cc", "memory");
    value[0] = lo;
    value[1] = hi;
}
#else
static void host_cas128(void *host, uint64_t value[2], const uint64_t expected[2])
{
    unsigned __int128 e = (unsigned __int128)expected[1] << 64 | expected[0];
    unsigned __int128 d = (unsigned __int128)value[1] << 64 | value[0];

    __atomic_compare_exchange_n((unsigned __int128 *)host, &e, d, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    value[0] = e;
    value[1] = e >> 64;
}
#endif

/* Atomics on MMIO and across pages: no host atomic covers them; the machine lock serialises them against each other. */
static uint64_t locked_atomic(const struct site *s, uint64_t va, unsigned op, unsigned mem, uint64_t value,
                              const uint64_t expected[2])
{
    struct machine *m = s->a->cpu->machine;
    unsigned size = 1u << (mem & IR_MEM_SIZE), idx = IR_MEM_IDX(mem);
    uint64_t old;

    probe_write(s, va, size, idx);
    machine_lock(m);    /* a fault below leaves with it held: the loop lets it go */
    old = load_bytes(s, va, size, idx);
    if (op != HOST_SLOW_CAS || extend(old, mem & IR_MEM_SIZE) == extend(expected[0], mem & IR_MEM_SIZE)) {
        store_bytes(s, va, op == HOST_SLOW_CAS ? value : rmw_value(op, old, value, mem), size, idx);
    }
    machine_unlock(m);
    return old;
}

static void atomic_access(const struct site *s, uint64_t va, unsigned op, unsigned mem, uint64_t value[2],
                          const uint64_t expected[2])
{
    unsigned size = 1u << (mem & IR_MEM_SIZE);
    struct tlb_target t;

    if (tlb_watching(s->a)) {
        watch_check(s, va, size, true);
    }
    look_up(s, va, crosses(va, size) ? 1 : size, MMU_WRITE, IR_MEM_IDX(mem), &t);
    if (size == 16) {
        if (!t.host || (va & 15)) {
            slow_rebuild(s->a, s->ret, s->frame);
            s->a->cpu->type->raise_bus(s->a->cpu, va, MMU_WRITE);
        }
        leave_own_code(s, &t, size);
        host_cas128(t.host, value, expected);
    } else if (!t.host || (va & (size - 1))) {
        value[0] = extend(locked_atomic(s, va, op, mem, value[0], expected), mem);
        return;
    } else {
        leave_own_code(s, &t, size);
        value[0] = extend(host_atomic(t.host, op, mem, value[0], expected), mem);
    }
    if (t.ram) {
        ram_written(t.ram, t.ram_offset, size);
    }
}

void slow_other(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                const uint64_t expected[2], uintptr_t ret, struct host_frame *frame)
{
    struct site s = { acpu_of(cpu), ret, frame };
    unsigned idx = IR_MEM_IDX(mem), size = 1u << (mem & IR_MEM_SIZE);

    s.a->n_slow++;
    check_aligned(&s, addr, mem, op != HOST_SLOW_LOAD128);
    switch (op) {
    case HOST_SLOW_LOAD128:
        value[0] = load_bytes(&s, addr, 8, idx);
        value[1] = load_bytes(&s, addr + 8, 8, idx);
        break;
    case HOST_SLOW_STORE128:
        probe_write(&s, addr, 16, idx);
        store_bytes(&s, addr, value[0], 8, idx);
        store_bytes(&s, addr + 8, value[1], 8, idx);
        break;
    case HOST_SLOW_PROBE:
        probe_write(&s, addr, size, idx);
        break;
    default:
        atomic_access(&s, addr, op, mem, value, expected);
    }
}

/* ---- the interpreter's accesses ---- */

static uint64_t interp_load(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem)
{
    return slow_load(cpu, addr, mem, 0, NULL);
}

static void interp_store(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    slow_store(cpu, addr, value, mem, 0, NULL);
}

static void interp_slow(void *opaque, struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                        const uint64_t expected[2])
{
    slow_other(cpu, addr, op, mem, value, expected, 0, NULL);
}

void slow_interp_env(struct interp_env *env)
{
    env->load = interp_load;
    env->store = interp_store;
    env->slow = interp_slow;
    env->off_fpcr = offsetof(struct cpu, fpcr);
}

/* ---- services for targets (system/cpu.h) ---- */

uint64_t cpu_ld(struct cpu *cpu, uint64_t va, unsigned size, unsigned idx)
{
    struct site s = { acpu_of(cpu), 0, NULL };

    return load_bytes(&s, va, size, idx);
}

void cpu_st(struct cpu *cpu, uint64_t va, uint64_t v, unsigned size, unsigned idx)
{
    struct site s = { acpu_of(cpu), 0, NULL };

    store_bytes(&s, va, v, size, idx);
}

void *cpu_probe_write(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    struct tlb_target t;

    tlb_access(acpu_of(cpu), va, MMU_WRITE, idx, &t, 0, NULL);
    if (!t.host || t.fine || t.checked || crosses(va, len) || tlb_watching(acpu_of(cpu)) ||
        (t.ram && ((ram_page_flags(t.ram, t.ram_offset) & RAM_PAGE_CODE) || t.ram->tracked))) {
        return NULL;
    }
    return t.host;
}

const void *cpu_probe_read(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx)
{
    struct tlb_target t;

    if (tlb_watching(acpu_of(cpu)) || crosses(va, len)) {
        return NULL;
    }
    tlb_access(acpu_of(cpu), va, MMU_READ, idx, &t, 0, NULL);
    return t.fine || t.checked ? NULL : t.host;
}

void *cpu_phys_ptr(struct cpu *cpu, uint64_t addr, unsigned size, bool write)
{
    const struct flat_range *r = as_lookup(cpu->as, addr);
    uint64_t off;

    if (!r || !r->host || (write && !r->writable) || (addr & (size - 1))) {
        return NULL;
    }
    off = addr - r->start;
    if (off + size > r->size) {
        return NULL;
    }
    if (write) {
        ram_written(r->ram, r->ram_start + off, size);
    }
    return r->host + off;
}

bool cpu_debug_rw(struct cpu *cpu, uint64_t va, void *buf, size_t len, bool write)
{
    uint8_t *p = buf;

    cpu_sync(cpu);
    while (len) {
        size_t n = MIN(len, PAGE_SIZE - (va & ~PAGE_MASK));
        struct mmu_page page = { 0 };
        struct mmu_fault fault;

        if (!cpu->type->mmu_walk(cpu, va, MMU_READ, cpu->type->data_idx(cpu), true, &page, &fault) &&
            !cpu->type->mmu_walk(cpu, va, MMU_FETCH, cpu->type->fetch_idx(cpu), true, &page, &fault)) {
            return false;
        }
        if ((write ? as_write(cpu->as, page.paddr, p, n, MEM_ATTRS_DEBUG)
                   : as_read(cpu->as, page.paddr, p, n, MEM_ATTRS_DEBUG)) != MEM_OK) {
            return false;
        }
        p += n;
        va += n;
        len -= n;
    }
    return true;
}
