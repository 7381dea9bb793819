/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation (Privileged ISA, "Sv32", "Sv39", "Sv48", "Sv57", "Svnapot", "Svpbmt", "Svadu") and the fences that go
 * with it.
 *
 * A walk takes no lock: it reads each entry once, atomically, and works on that value. Where the accessed and dirty bits
 * are to be set it exchanges the entry only if it is still the one that the decision rests on, and starts anew if
 * not (the manual demands just that of the update). Memory protection applies to the walker's own accesses, too.
 */
#include <stdatomic.h>

#include <inttypes.h>

#include "target/riscv/priv.h"
#include "util/log.h"

enum {
    PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128,
    PTE_PPN_SHIFT = 10,
};
#define PTE_N           (1ull << 63)
#define PTE_PBMT        (3ull << 61)
#define PTE_PBMT_SHIFT  61
#define PTE_RESERVED    (0x7full << 54)
#define PTE_PPN64       ((1ull << 54) - 1)

/* One walk. */
struct walk {
    struct rv_cpu *cpu;
    uint64_t va;
    enum mmu_access access;
    unsigned idx;
    bool debug;
    struct mmu_page *page;
    unsigned levels, index_bits, pte_bytes;
    /* the entry looked at */
    uint64_t pte, pte_addr;
    unsigned level;
    bool global;
};

enum outcome { WALK_DONE, WALK_NEXT, WALK_AGAIN, WALK_PAGE_FAULT, WALK_ACCESS_FAULT };

static enum rv_priv priv_of(unsigned idx)
{
    static const uint8_t priv[4] = { RV_U, RV_S, RV_S, RV_M };

    return priv[idx & 3];
}

static uint8_t prot_for(enum mmu_access access)
{
    return access == MMU_FETCH ? MMU_X : access == MMU_READ ? MMU_R : MMU_W;
}

/* ---- page-table entries ---- */

static uint64_t pte_load(const void *p, unsigned bytes)
{
    if (bytes == 4) {
        return GUINT32_FROM_LE(atomic_load_explicit((_Atomic uint32_t *)p, memory_order_acquire));
    }
    return GUINT64_FROM_LE(atomic_load_explicit((_Atomic uint64_t *)p, memory_order_acquire));
}

static bool pte_exchange(void *p, unsigned bytes, uint64_t old, uint64_t new)
{
    if (bytes == 4) {
        uint32_t expected = GUINT32_TO_LE((uint32_t)old);

        return atomic_compare_exchange_strong((_Atomic uint32_t *)p, &expected, GUINT32_TO_LE((uint32_t)new));
    }
    old = GUINT64_TO_LE(old);
    return atomic_compare_exchange_strong((_Atomic uint64_t *)p, &old, GUINT64_TO_LE(new));
}

/* Reads the entry at pte_addr into pte. */
static bool fetch_pte(struct walk *w)
{
    bool whole;
    const void *p;

    if (!(rv_pmp_prot(w->cpu, w->pte_addr, RV_S, &whole) & MMU_R)) {
        return false;
    }
    p = cpu_phys_ptr(&w->cpu->cpu, w->pte_addr, w->pte_bytes, false);
    if (!p) {
        return false;
    }
    w->pte = pte_load(p, w->pte_bytes);
    return true;
}

/* Bits that must be zero, given the extensions and what kind of entry it is. */
static bool reserved_bits(const struct walk *w, bool leaf)
{
    const struct rv_cpu *cpu = w->cpu;
    uint64_t bad = 0;

    if (w->pte_bytes == 4) {
        return !leaf && (w->pte & (PTE_U | PTE_A | PTE_D));
    }
    bad = PTE_RESERVED;
    if (!leaf) {
        bad |= PTE_N | PTE_PBMT | PTE_U | PTE_A | PTE_D;
    }
    if (!(cpu->menvcfg & MENVCFG_PBMTE)) {
        bad |= PTE_PBMT;
    }
    if (!rv_has(cpu, RV_EXT_Svnapot)) {
        bad |= PTE_N;
    }
    return (w->pte & bad) || (w->pte & PTE_PBMT) == PTE_PBMT;
}

/* What the leaf lets this kind of access do (enum mmu_prot), the dirty bit aside. */
static uint8_t leaf_prot(const struct walk *w)
{
    uint8_t prot = (w->pte & PTE_R ? MMU_R : 0) | (w->pte & PTE_W ? MMU_W : 0) | (w->pte & PTE_X ? MMU_X : 0);
    unsigned who = w->idx & 3;

    if ((w->idx & RV_IDX_MXR) && (w->pte & PTE_X)) {
        prot |= MMU_R;
    }
    if (w->pte & PTE_U) {
        return who == RV_IDX_U ? prot : who == RV_IDX_S_SUM ? prot & ~MMU_X : 0;
    }
    return who == RV_IDX_U ? 0 : prot;
}

/* Does hardware set A and D? menvcfg says where Svadu is; a hart that promises neither Svadu nor Svade does. */
static bool hardware_updates(const struct rv_cpu *cpu)
{
    return rv_has(cpu, RV_EXT_Svadu) ? (cpu->menvcfg & MENVCFG_ADUE) != 0 : !rv_has(cpu, RV_EXT_Svade);
}

/* Sets A (and D for a write) in the entry, or says why not. */
static enum outcome mark(struct walk *w, uint64_t bits)
{
    bool whole;
    void *p;

    if (w->debug) {
        return WALK_DONE;
    }
    if (!hardware_updates(w->cpu)) {
        return WALK_PAGE_FAULT;
    }
    if (!(rv_pmp_prot(w->cpu, w->pte_addr, RV_S, &whole) & MMU_W)) {
        return WALK_ACCESS_FAULT;
    }
    p = cpu_phys_ptr(&w->cpu->cpu, w->pte_addr, w->pte_bytes, true);
    if (!p) {
        return WALK_ACCESS_FAULT;
    }
    if (!pte_exchange(p, w->pte_bytes, w->pte, w->pte | bits)) {
        return WALK_AGAIN;
    }
    w->pte |= bits;
    return WALK_DONE;
}

/* log2 of the size of the page that the leaf maps; 0: misaligned or an unknown NAPOT size. */
static unsigned leaf_bits(const struct walk *w, uint64_t ppn)
{
    unsigned bits = 12 + w->level * w->index_bits;

    if (w->pte_bytes == 8 && (w->pte & PTE_N)) {
        return w->level == 0 && (ppn & 15) == 8 ? 16 : 0;   /* 64 KiB is the only size that is defined */
    }
    return ppn & ((1ull << (bits - 12)) - 1) ? 0 : bits;
}

static enum outcome leaf(struct walk *w)
{
    uint64_t ppn = (w->pte_bytes == 8 ? w->pte & PTE_PPN64 : w->pte) >> PTE_PPN_SHIFT;
    uint64_t need = PTE_A | (w->access == MMU_WRITE ? PTE_D : 0);
    unsigned bits = leaf_bits(w, ppn);
    uint8_t prot = leaf_prot(w);
    uint64_t mask = (1ull << bits) - 1;

    if (!bits || !(prot & prot_for(w->access))) {
        return WALK_PAGE_FAULT;
    }
    if ((w->pte & need) != need) {
        enum outcome o = mark(w, need);

        if (o != WALK_DONE) {
            return o;
        }
    }
    /* Without D the page is entered read-only, so that the first write walks again and sets it. */
    w->page->prot = w->pte & PTE_D ? prot : prot & ~MMU_W;
    w->page->paddr = ((ppn << 12) & ~mask) | (w->va & mask);
    w->page->page_bits = bits;
    w->page->global = w->global;
    w->page->attr = w->pte_bytes == 8 ? (w->pte & PTE_PBMT) >> PTE_PBMT_SHIFT : 0;
    return WALK_DONE;
}

/* One level: reads the entry in the table at base. */
static enum outcome step(struct walk *w, uint64_t base)
{
    unsigned shift = 12 + w->level * w->index_bits;
    uint64_t index = w->va >> shift & ((1u << w->index_bits) - 1);

    w->pte_addr = base + index * w->pte_bytes;
    if (!fetch_pte(w)) {
        return WALK_ACCESS_FAULT;
    }
    if (!(w->pte & PTE_V) || (w->pte & (PTE_R | PTE_W)) == PTE_W) {
        return WALK_PAGE_FAULT;
    }
    bool is_leaf = w->pte & (PTE_R | PTE_X);

    if (reserved_bits(w, is_leaf)) {
        return WALK_PAGE_FAULT;
    }
    w->global |= (w->pte & PTE_G) != 0;
    return is_leaf ? leaf(w) : WALK_NEXT;
}

static enum outcome walk_tables(struct walk *w)
{
    uint64_t satp = w->cpu->satp;
    uint64_t root = w->pte_bytes == 4 ? (satp & 0x3fffff) << 12 : (satp & ((1ull << 44) - 1)) << 12;
    enum outcome o;

    do {
        uint64_t base = root;

        o = WALK_NEXT;
        w->global = false;
        for (w->level = w->levels; o == WALK_NEXT && w->level-- > 0;) {
            o = step(w, base);
            base = (w->pte_bytes == 8 ? w->pte & PTE_PPN64 : w->pte) >> PTE_PPN_SHIFT << 12;
        }
    } while (o == WALK_AGAIN);
    return o == WALK_NEXT ? WALK_PAGE_FAULT : o;            /* a pointer in the last level */
}

/* The geometry of satp's mode; false if va is not canonical in it. */
static bool set_mode(struct walk *w, unsigned mode)
{
    unsigned bits;

    if (mode == SATP_SV32) {
        w->levels = 2;
        w->index_bits = 10;
        w->pte_bytes = 4;
        w->va = (uint32_t)w->va;
        return true;
    }
    w->levels = mode - SATP_SV39 + 3;
    w->index_bits = 9;
    w->pte_bytes = 8;
    bits = 12 + 9 * w->levels;
    return (uint64_t)((int64_t)(w->va << (64 - bits)) >> (64 - bits)) == w->va;
}

static unsigned satp_mode(const struct rv_cpu *cpu)
{
    return cpu->mxlen == 32 ? cpu->satp >> 31 & 1 : cpu->satp >> 60;
}

/* Physical addresses as they are: machine mode, or satp.MODE = Bare. */
static void identity(struct walk *w)
{
    *w->page = (struct mmu_page) {
        .paddr = w->cpu->mxlen == 32 ? (uint32_t)w->va : w->va,
        .prot = MMU_R | MMU_W | MMU_X,
        .page_bits = 12,
        .global = (w->idx & 3) == RV_IDX_M,     /* these entries are the same in every address space */
    };
}

/* Applies physical memory protection to the translated page. */
static enum outcome protect(struct walk *w)
{
    bool whole;
    uint8_t prot = rv_pmp_prot(w->cpu, w->page->paddr, priv_of(w->idx), &whole);

    w->page->prot &= prot;
    if (!whole) {
        w->page->page_bits = 2;
    }
    return prot & prot_for(w->access) ? WALK_DONE : WALK_ACCESS_FAULT;
}

static enum outcome translate(struct walk *w)
{
    unsigned mode = satp_mode(w->cpu);
    enum outcome o;

    if ((w->idx & 3) == RV_IDX_M || mode == SATP_BARE) {
        identity(w);
        return protect(w);
    }
    if (!set_mode(w, mode)) {
        return WALK_PAGE_FAULT;
    }
    o = walk_tables(w);
    return o == WALK_DONE ? protect(w) : o;
}

static struct mmu_fault fault_of(uint64_t va, enum mmu_access access, bool in_tables)
{
    static const uint8_t page_cause[] = { [MMU_READ] = RV_EXC_LOAD_PAGE, [MMU_WRITE] = RV_EXC_STORE_PAGE,
                                          [MMU_FETCH] = RV_EXC_FETCH_PAGE };
    static const uint8_t access_cause[] = { [MMU_READ] = RV_EXC_LOAD_ACCESS, [MMU_WRITE] = RV_EXC_STORE_ACCESS,
                                            [MMU_FETCH] = RV_EXC_FETCH_ACCESS };

    return (struct mmu_fault) { .access = access, .va = va, .code = in_tables ? page_cause[access] : access_cause[access] };
}

bool rv_mmu_walk(struct cpu *c, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                 struct mmu_fault *fault)
{
    struct walk w = { .cpu = rv_cpu(c), .va = va, .access = access, .idx = idx, .debug = debug, .page = page };
    enum outcome o = translate(&w);

    if (!debug && w.cpu->pmu_tlb) {
        rv_pmu_tlb_miss(w.cpu, access);
    }
    if (o == WALK_DONE) {
        if (log_on(LOG_MMU)) {
            log_printf(LOG_MMU, "cpu %u: 0x%" PRIx64 " idx %u access %d -> 0x%" PRIx64 " prot %d bits %d\n", c->index, va,
                       idx, access, page->paddr, page->prot, page->page_bits);
        }
        return true;
    }
    *fault = fault_of(va, access, o == WALK_PAGE_FAULT);
    return false;
}

/* The lowest entry of physical memory protection that matches any byte must match all of them (Privileged ISA, "Priority
 * and Matching Logic"). */
bool rv_mmu_span(struct cpu *c, uint64_t va, uint64_t paddr, unsigned size, enum mmu_access access,
                 struct mmu_fault *fault)
{
    if (rv_pmp_one_entry(rv_cpu(c), paddr, size)) {
        return true;
    }
    *fault = fault_of(va, access, false);
    return false;
}

unsigned rv_fetch_idx(struct cpu *c)
{
    return rv_cpu(c)->priv;         /* RV_IDX_U, RV_IDX_S, RV_IDX_M have the numbers of the modes */
}

unsigned rv_data_idx(struct cpu *c)
{
    return rv_key_idx(c->key);
}

/* ---- fences ---- */

#define ASID_IS_32 (1ull << 63)     /* in the argument of same_asid: which layout of satp */

static bool same_asid(uint64_t space, uint64_t arg)
{
    if (arg & ASID_IS_32) {
        return (space >> SATP32_ASID_SHIFT & SATP32_ASID) == (arg & SATP32_ASID);
    }
    return (space >> SATP64_ASID_SHIFT & SATP64_ASID) == (arg & SATP64_ASID);
}

void rv_helper_sfence_vma(struct rv_cpu *cpu, uint32_t insn, uint64_t va, uint64_t asid)
{
    bool any_va = !(insn >> 15 & 31), any_asid = !(insn >> 20 & 31);
    uint64_t arg = cpu->mxlen == 32 ? (asid & SATP32_ASID) | ASID_IS_32 : asid & SATP64_ASID;

    if (cpu->priv == RV_U || (cpu->priv == RV_S && (cpu->mstatus & MSTATUS_TVM))) {
        rv_raise_illegal(cpu, insn);
    }
    va = cpu->mxlen == 32 ? (uint32_t)va : va;
    if (any_va && any_asid) {
        cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
    } else if (any_va) {
        cpu_tlb_flush(&cpu->cpu, TLB_SPACES, same_asid, arg);
    } else {
        cpu_tlb_flush_page(&cpu->cpu, va, any_asid ? NULL : same_asid, arg);
    }
}

void rv_helper_sfence_inval(struct rv_cpu *cpu, uint32_t insn)
{
    if (cpu->priv == RV_U) {
        rv_raise_illegal(cpu, insn);
    }
}
