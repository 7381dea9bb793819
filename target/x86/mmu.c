/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paging (SDM vol. 3, chapter "Paging"): none, 32-bit with 4 MiB pages, PAE, four and five levels.
 *
 * A walk takes no lock: it reads each entry once, atomically, and works on that value. Accessed and dirty bits are set by
 * compare-and-exchange, and the walk starts anew where the entry has changed meanwhile.
 */
#include <inttypes.h>
#include <stdatomic.h>

#include "target/x86/priv.h"
#include "util/log.h"

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 32, PTE_D = 64, PTE_PS = 128, PTE_G = 256 };
#define PTE_NX (1ull << 63)

enum { ERR_P = 1, ERR_W = 2, ERR_U = 4, ERR_RSVD = 8, ERR_I = 16, ERR_PK = 32 };

/* mmu_fault.code: the vector, and in info the error code. */

struct walk {
    struct x86_cpu *cpu;
    uint64_t va;
    enum mmu_access access;
    unsigned idx;
    bool debug;
    struct mmu_page *page;
    unsigned index_bits, pte_bytes;
    uint64_t pte, pte_addr;
    uint64_t rights;                /* AND of W and U, OR of NX over the levels */
    uint32_t error;                 /* of a page fault */
};

enum outcome { WALK_DONE, WALK_NEXT, WALK_AGAIN, WALK_FAULT };

static uint64_t pte_load(const void *p, unsigned bytes)
{
    return bytes == 4 ? atomic_load_explicit((_Atomic uint32_t *)p, memory_order_acquire)
                      : atomic_load_explicit((_Atomic uint64_t *)p, memory_order_acquire);
}

static bool pte_exchange(void *p, unsigned bytes, uint64_t old, uint64_t new)
{
    uint32_t expected = old;

    return bytes == 4 ? atomic_compare_exchange_strong((_Atomic uint32_t *)p, &expected, (uint32_t)new)
                      : atomic_compare_exchange_strong((_Atomic uint64_t *)p, &old, new);
}

/* Bits from the highest physical address up to bit 51, which must be 0 in 8-byte entries. */
static uint64_t above_phys(const struct x86_cpu *cpu)
{
    return ((1ull << 52) - 1) & ~((1ull << cpu->phys_bits) - 1);
}

static enum outcome reserved(struct walk *w)
{
    w->error |= ERR_P | ERR_RSVD;
    return WALK_FAULT;
}

/* Sets bits in the entry unless they are there. */
static enum outcome mark(struct walk *w, uint64_t bits)
{
    void *p;

    if (w->debug || (w->pte & bits) == bits) {
        return WALK_DONE;
    }
    p = cpu_phys_ptr(&w->cpu->cpu, w->pte_addr, w->pte_bytes, true);
    if (!p) {
        return WALK_DONE;       /* tables in ROM: nothing can be set */
    }
    if (!pte_exchange(p, w->pte_bytes, w->pte, w->pte | bits)) {
        return WALK_AGAIN;
    }
    w->pte |= bits;
    return WALK_DONE;
}

/* Reads the entry for va in the table at base; present, no reserved bits. */
static enum outcome fetch(struct walk *w, uint64_t base, unsigned shift)
{
    const struct x86_cpu *cpu = w->cpu;
    const void *p;

    w->pte_addr = base + (w->va >> shift & ((1u << w->index_bits) - 1)) * w->pte_bytes;
    p = cpu_phys_ptr(&w->cpu->cpu, w->pte_addr, w->pte_bytes, false);
    w->pte = p ? pte_load(p, w->pte_bytes) : 0;
    if (!(w->pte & PTE_P)) {
        return WALK_FAULT;
    }
    if (w->pte_bytes == 8) {
        uint64_t bad = above_phys(cpu) | (cpu->efer & X86_EFER_NXE ? 0 : PTE_NX) |
                       (x86_is_long(cpu) ? 0 : 0x7ff0000000000000);

        if (w->pte & bad) {
            return reserved(w);
        }
    }
    w->rights &= (w->pte & (PTE_W | PTE_U)) | ~(uint64_t)(PTE_W | PTE_U);
    w->rights |= w->pte & PTE_NX;
    return WALK_NEXT;
}

/* What the rights of all levels together allow the accessor (enum mmu_prot). SDM "Determination of Access Rights". */
static uint8_t prot_of(const struct walk *w)
{
    const struct x86_cpu *cpu = w->cpu;
    bool user = w->idx == X86_IDX_USER, wp = cpu->cr0 & X86_CR0_WP;
    uint8_t prot = MMU_R;

    if (w->rights & PTE_W || (!user && !wp)) {
        prot |= MMU_W;
    }
    if (!(w->rights & PTE_NX)) {
        prot |= MMU_X;
    }
    if (user) {
        return w->rights & PTE_U ? prot : 0;
    }
    if (w->rights & PTE_U) {
        if (cpu->cr4 & X86_CR4_SMEP) {
            prot &= ~MMU_X;
        }
        if (cpu->cr4 & X86_CR4_SMAP && w->idx == X86_IDX_KERNEL) {
            prot &= MMU_X;
        }
    }
    return prot;
}

/* Protection keys (SDM "Protection Keys"): user pages of four and five levels, not fetches. */
static uint8_t keys(const struct walk *w, uint8_t prot)
{
    const struct x86_cpu *cpu = w->cpu;
    unsigned key = w->pte >> 59 & 15;

    if (!(cpu->cr4 & X86_CR4_PKE) || !x86_is_long(cpu) || !(w->rights & PTE_U)) {
        return prot;
    }
    if (cpu->pkru >> (2 * key) & 1) {
        return prot & ~(MMU_R | MMU_W);
    }
    if (cpu->pkru >> (2 * key + 1) & 1 && (w->idx == X86_IDX_USER || cpu->cr0 & X86_CR0_WP)) {
        return prot & ~MMU_W;
    }
    return prot;
}

static enum outcome leaf(struct walk *w, unsigned bits, uint64_t paddr)
{
    static const uint8_t need[] = { [MMU_READ] = MMU_R, [MMU_WRITE] = MMU_W, [MMU_FETCH] = MMU_X };
    uint8_t prot = prot_of(w), keyed = keys(w, prot);
    uint64_t mask = (1ull << bits) - 1;
    enum outcome o;

    if (!(keyed & need[w->access])) {
        w->error |= ERR_P | (prot & need[w->access] ? ERR_PK : 0);
        return WALK_FAULT;
    }
    o = mark(w, PTE_A | (w->access == MMU_WRITE ? PTE_D : 0));
    if (o != WALK_DONE) {
        return o;
    }
    w->page->prot = w->pte & PTE_D ? keyed : keyed & ~MMU_W;
    w->page->paddr = (paddr & ~mask) | (w->va & mask);
    w->page->page_bits = bits;
    w->page->global = w->cpu->cr4 & X86_CR4_PGE && w->pte & PTE_G;
    return WALK_DONE;
}

/* A large page of 2^bits bytes in 8-byte tables: address bits below, but for the PAT bit, are reserved. */
static enum outcome large(struct walk *w, unsigned bits)
{
    uint64_t low = ((1ull << bits) - 1) & ~0x1fffull;

    return w->pte & low ? reserved(w) : leaf(w, bits, w->pte & ((1ull << 52) - 1) & ~0x1fffull);
}

static enum outcome walk32(struct walk *w)
{
    struct x86_cpu *cpu = w->cpu;
    enum outcome o;

    w->index_bits = 10;
    w->pte_bytes = 4;
    o = fetch(w, cpu->cr3 & 0xfffff000, 22);
    if (o != WALK_NEXT) {
        return o;
    }
    if (w->pte & PTE_PS && cpu->cr4 & X86_CR4_PSE) {
        uint64_t high = w->pte >> 13 & 0xff;    /* PSE-36: address bits 32 to 39 */

        if ((high << 32) >> cpu->phys_bits || w->pte & 1 << 21) {
            return reserved(w);
        }
        return leaf(w, 22, (w->pte & 0xffc00000) | high << 32);
    }
    o = mark(w, PTE_A);
    if (o == WALK_AGAIN) {
        return o;
    }
    o = fetch(w, w->pte & 0xfffff000, 12);
    return o == WALK_NEXT ? leaf(w, 12, w->pte & 0xfffff000) : o;
}

/* From a table of 8-byte entries at base, whose entries map 2^shift bytes, down. */
static enum outcome walk64(struct walk *w, uint64_t base, unsigned shift)
{
    w->index_bits = 9;
    w->pte_bytes = 8;
    for (;; shift -= 9) {
        enum outcome o = fetch(w, base, shift);

        if (o != WALK_NEXT) {
            return o;
        }
        if (shift == 12) {
            return leaf(w, 12, w->pte & ((1ull << 52) - 1) & ~0xfffull);
        }
        if (w->pte & PTE_PS) {
            if (shift == 21 || (shift == 30 && x86_has(w->cpu, X86_FEAT_PDPE1GB))) {
                return large(w, shift);
            }
            return reserved(w);
        }
        o = mark(w, PTE_A);
        if (o == WALK_AGAIN) {
            return o;
        }
        base = w->pte & ((1ull << 52) - 1) & ~0xfffull;
    }
}

static enum outcome walk_pae(struct walk *w)
{
    uint64_t pdpte = w->cpu->pdpte[w->va >> 30 & 3];

    return pdpte & PTE_P ? walk64(w, pdpte & ((1ull << 52) - 1) & ~0xfffull, 21) : WALK_FAULT;
}

static enum outcome walk_tables(struct walk *w)
{
    struct x86_cpu *cpu = w->cpu;
    enum outcome o;

    do {
        w->rights = PTE_W | PTE_U;
        w->error = 0;
        if (x86_is_long(cpu)) {
            o = walk64(w, cpu->cr3 & ((1ull << 52) - 1) & ~0xfffull, cpu->cr4 & X86_CR4_LA57 ? 48 : 39);
        } else {
            o = cpu->cr4 & X86_CR4_PAE ? walk_pae(w) : walk32(w);
        }
    } while (o == WALK_AGAIN);
    return o;
}

static void page_fault(const struct walk *w, struct mmu_fault *fault)
{
    const struct x86_cpu *cpu = w->cpu;
    uint32_t code = w->error | (w->access == MMU_WRITE ? ERR_W : 0) | (w->idx == X86_IDX_USER ? ERR_U : 0);

    if (w->access == MMU_FETCH && (cpu->cr4 & X86_CR4_SMEP || (cpu->efer & X86_EFER_NXE && cpu->cr4 & X86_CR4_PAE))) {
        code |= ERR_I;
    }
    fault->code = X86_PAGE;
    fault->info = code;
}

/* The gate of address line 20, which the board may close. */
static uint64_t a20(const struct x86_cpu *cpu, uint64_t paddr)
{
    bool closed = atomic_load_explicit(&cpu->cpu.lines, memory_order_relaxed) >> X86_LINE_A20M & 1;

    return closed ? paddr & ~(uint64_t)(1 << 20) : paddr;
}

bool x86_mmu_walk(struct cpu *c, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                  struct mmu_fault *fault)
{
    struct x86_cpu *cpu = x86_cpu(c);
    struct walk w = { .cpu = cpu, .va = va, .access = access, .idx = idx, .debug = debug, .page = page };

    *fault = (struct mmu_fault) { .access = access, .va = va };
    if (va >> 62 == 1 || (x86_is_long(cpu) && !x86_canonical(cpu, va))) {
        fault->code = va >> 61 == 3 && !x86_is_64(cpu) ? X86_SSFAULT : X86_GP;
        return false;
    }
    w.va = x86_is_long(cpu) ? va : (uint32_t)va;
    if (!(cpu->cr0 & X86_CR0_PG)) {
        *page = (struct mmu_page) { .paddr = w.va, .prot = MMU_R | MMU_W | MMU_X, .page_bits = 12, .global = true };
    } else if (walk_tables(&w) != WALK_DONE) {
        page_fault(&w, fault);
        return false;
    }
    page->paddr = a20(cpu, page->paddr);
    if (log_on(LOG_MMU)) {
        log_printf(LOG_MMU, "cpu %u: 0x%" PRIx64 " idx %u access %d -> 0x%" PRIx64 " prot %d bits %d\n", c->index, va, idx,
                   access, page->paddr, page->prot, page->page_bits);
    }
    return true;
}

void x86_raise_mmu(struct cpu *c, const struct mmu_fault *fault)
{
    struct x86_cpu *cpu = x86_cpu(c);

    if (fault->code == X86_PAGE) {
        cpu->cr2 = x86_is_long(cpu) ? fault->va : (uint32_t)fault->va;
    }
    x86_raise_code(cpu, fault->code, fault->info);
}

/* Fetches come here when they leave memory, and 16-byte atomics: the machine check of the real thing is modelled as #GP. */
void x86_raise_bus(struct cpu *c, uint64_t va, enum mmu_access access)
{
    log_guest("x86: nothing at address 0x%" PRIx64 " (%s)\n", va,
              access == MMU_FETCH ? "fetch" : access == MMU_WRITE ? "write" : "read");
    x86_raise_code(x86_cpu(c), X86_GP, 0);
}

void x86_raise_unaligned(struct cpu *c, uint64_t va, enum mmu_access access)
{
    struct x86_cpu *cpu = x86_cpu(c);

    /* An address that suits 8 bytes is a 16-byte operand's that must be aligned in any case. */
    x86_raise_code(cpu, x86_checks_alignment(cpu) && va & 7 ? X86_ALIGN : X86_GP, 0);
}
