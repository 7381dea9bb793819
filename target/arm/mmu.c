/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address translation (DDI 0487, chapter D8 "The AArch64 Virtual Memory System Architecture"): stage 1 of the EL1&0, EL2 and
 * EL3 regimes, stage 2 of EL1&0, granules of 4, 16 and 64 KiB, addresses of up to 48 bits.
 *
 * A walk takes no lock: it reads each descriptor once, atomically, and works on that value. Where access flag and dirty
 * state are updated by hardware it exchanges the descriptor only if it is still the one that the decision rests on, and
 * starts anew if not.
 */
#include <inttypes.h>
#include <stdatomic.h>

#include "system/machine.h"
#include "target/arm/aarch32.h"
#include "target/arm/mte.h"
#include "util/log.h"

enum { PA_BITS = 48 };
#define PA_MASK ((1ull << PA_BITS) - 1)

#define TAGGED_MEMORY 0xf0          /* MAIR: Normal, write-back, with allocation tags */
#define NORMAL_MEMORY 0xff

#define DESC_VALID 1ull
#define DESC_TABLE 2ull             /* at level 3: a page */
#define DESC_AP_EL0 (1ull << 6)
#define DESC_AP_RO (1ull << 7)
#define DESC_AF (1ull << 10)
#define DESC_NG (1ull << 11)
#define DESC_GP (1ull << 50)
#define DESC_DBM (1ull << 51)
#define DESC_PXN (1ull << 53)
#define DESC_XN (1ull << 54)
#define TABLE_PXN (1ull << 59)
#define TABLE_XN (1ull << 60)
#define TABLE_NO_EL0 (1ull << 61)
#define TABLE_RO (1ull << 62)

/* The geometry of one stage. */
struct tables {
    uint64_t base;
    unsigned page_shift, bits;      /* log2 of the granule; bits of the input address */
    unsigned level;                 /* where the walk starts */
    bool hw_af, hw_dirty;
};

struct walk {
    struct arm_cpu *cpu;
    uint64_t va;                    /* without its tag, sign-extended */
    enum mmu_access access;
    unsigned idx;
    bool debug, stage1_only;
    unsigned regime;                /* exception level whose registers control it */
    bool two;                       /* with two halves of addresses, and EL0: EL1&0, EL2&0 */
    bool a32;                       /* which is AArch32 */
    uint64_t sctlr, tcr;
    /* results */
    uint64_t pa;
    uint8_t prot, page_bits;
    bool global, guarded;
    uint8_t memattr;                /* MAIR's byte; Normal where nothing is translated */
    uint32_t fsc;                   /* FSC_NONE: no fault */
    uint64_t info;
};

static uint8_t prot_for(enum mmu_access access)
{
    return access == MMU_FETCH ? MMU_X : access == MMU_READ ? MMU_R : MMU_W;
}

static bool fail(struct walk *w, uint32_t fsc)
{
    w->fsc = fsc;
    return false;
}

static bool stage2_on(const struct walk *w)
{
    return w->regime == 1 && !w->stage1_only && (arm_hcr(w->cpu) & HCR_VM);
}

static unsigned granule(unsigned tg, bool high)
{
    static const uint8_t low_half[4] = { 12, 16, 14, 0 }, high_half[4] = { 0, 14, 12, 16 };

    return (high ? high_half : low_half)[tg];
}

/* ---- descriptors ---- */

/* Between the host's order and that of descriptors, which SCTLR_ELx.EE says. */
static uint64_t swapped(const struct walk *w, bool stage2, uint64_t v)
{
    bool be = (stage2 ? w->cpu->sctlr[2] : w->sctlr) & SCTLR_EE;

    return be ? GUINT64_TO_BE(v) : GUINT64_TO_LE(v);
}

static bool load_desc(struct walk *w, uint64_t addr, unsigned level, bool stage2, uint64_t *desc)
{
    void *p = cpu_phys_ptr(&w->cpu->cpu, addr, 8, false);

    if (!p) {
        return fail(w, FSC_EXTERNAL_WALK | level);
    }
    *desc = swapped(w, stage2, atomic_load_explicit((_Atomic uint64_t *)p, memory_order_acquire));
    return true;
}

/* False: a fault, or (fsc NONE) the descriptor is not `old` any more. */
static bool exchange_desc(struct walk *w, uint64_t addr, unsigned level, bool stage2, uint64_t old, uint64_t new)
{
    void *p = cpu_phys_ptr(&w->cpu->cpu, addr, 8, true);

    if (!p) {
        return fail(w, FSC_EXTERNAL_WALK | level);      /* it stands in a ROM */
    }
    old = swapped(w, stage2, old);
    return atomic_compare_exchange_strong((_Atomic uint64_t *)p, &old, swapped(w, stage2, new)) || fail(w, FSC_NONE);
}

/* Access flag and dirty state of a leaf: *desc is updated, false: a fault, or (fsc NONE) somebody changed it: start anew. */
static bool mark(struct walk *w, const struct tables *t, uint64_t addr, unsigned level, bool write, bool stage2, uint64_t *desc)
{
    uint64_t new = *desc;

    if (!(new & DESC_AF)) {
        if (!t->hw_af && !w->debug) {
            return fail(w, FSC_ACCESS | level);
        }
        new |= DESC_AF;
    }
    if (write && t->hw_dirty && (new & DESC_DBM)) {
        new = stage2 ? new | DESC_AP_RO : new & ~DESC_AP_RO;    /* stage 2's S2AP[1] says that it may be written */
    }
    if (new == *desc || w->debug) {
        return true;
    }
    if (!exchange_desc(w, addr, level, stage2, *desc, new)) {
        return false;
    }
    *desc = new;
    return true;
}

struct leaf {
    uint64_t desc, addr;
    uint64_t tables;                /* TABLE_* bits that the tables above it imposed */
    uint64_t pa;
    uint8_t shift, level;
};

static bool stage2(struct walk *w, uint64_t ipa, enum mmu_access access, bool walk_access, uint64_t *pa, uint8_t *prot,
                   uint8_t *page_bits);

/* Finds the leaf for input address ia. */
static bool descend(struct walk *w, const struct tables *t, uint64_t ia, bool is_stage2, bool nested, struct leaf *l)
{
    unsigned stride = t->page_shift - 3;
    uint64_t base = t->base, index, desc;
    unsigned top = t->bits;

    l->tables = 0;
    for (unsigned level = t->level;; level++) {
        unsigned shift = t->page_shift + stride * (3 - level);

        index = ia >> shift & ((1ull << (top - shift)) - 1);
        l->addr = base + index * 8;
        if (nested) {
            uint8_t prot, bits;

            if (!stage2(w, l->addr, MMU_READ, true, &l->addr, &prot, &bits)) {
                return false;
            }
        }
        if (!load_desc(w, l->addr, level, is_stage2, &desc)) {
            return false;
        }
        if (!(desc & DESC_VALID) || (level == 3 && !(desc & DESC_TABLE))) {
            return fail(w, FSC_TRANSLATION | level);
        }
        if (level == 3 || !(desc & DESC_TABLE)) {
            if (level < 3 && (level == 0 || (level == 1 && t->page_shift != 12))) {
                return fail(w, FSC_TRANSLATION | level);    /* blocks are only at levels 2 and (4 KiB) 1 */
            }
            l->desc = desc;
            l->shift = shift;
            l->level = level;
            l->pa = (desc & PA_MASK & ~((1ull << shift) - 1)) | (ia & ((1ull << shift) - 1));
            return true;
        }
        l->tables |= desc;
        base = desc & PA_MASK & ~((1ull << t->page_shift) - 1);
        top = shift;
    }
}

/* ---- stage 2 ---- */

static bool fail2(struct walk *w, uint64_t ipa, bool walk_access)
{
    if (w->fsc != FSC_NONE) {
        w->info = FAULT_STAGE2 | (walk_access ? FAULT_S1PTW : 0) | (ipa & PA_MASK);
    }
    return false;
}

static bool stage2_tables(struct walk *w, struct tables *t)
{
    uint64_t vtcr = w->cpu->vtcr;
    unsigned sl0 = vtcr >> 6 & 3, stride, low;

    t->page_shift = granule(vtcr >> 14 & 3, false);
    t->bits = 64 - (vtcr & 63);
    if (!t->page_shift || t->bits > PA_BITS || t->bits < 25 || sl0 == 3) {
        return fail(w, FSC_TRANSLATION);
    }
    t->level = t->page_shift == 12 ? 2 - sl0 : 3 - sl0;
    stride = t->page_shift - 3;
    low = t->page_shift + stride * (3 - t->level);
    if (t->bits <= low || t->bits - low > stride + 4) {
        return fail(w, FSC_TRANSLATION);
    }
    t->base = w->cpu->vttbr & PA_MASK & ~((8ull << (t->bits - low)) - 1);
    t->hw_af = arm_has(w->cpu, ARM_EXT_HAFDBS) && (vtcr >> 21 & 1);
    t->hw_dirty = t->hw_af && (vtcr >> 22 & 1);
    return true;
}

static bool stage2(struct walk *w, uint64_t ipa, enum mmu_access access, bool walk_access, uint64_t *pa, uint8_t *prot,
                   uint8_t *page_bits)
{
    struct tables t;
    struct leaf l;
    uint8_t p;

    if (!stage2_tables(w, &t) || (ipa >> t.bits && !fail(w, FSC_TRANSLATION)) || !descend(w, &t, ipa, true, false, &l) ||
        !mark(w, &t, l.addr, l.level, access == MMU_WRITE, true, &l.desc)) {
        return fail2(w, ipa, walk_access);
    }
    p = (l.desc & DESC_AP_EL0 ? MMU_R : 0) | (l.desc & DESC_AP_RO ? MMU_W : 0) | (l.desc & DESC_XN ? 0 : MMU_X);
    if (!(p & MMU_R)) {
        p &= ~MMU_X;
    }
    if (!(p & prot_for(access))) {
        fail(w, FSC_PERMISSION | l.level);
        return fail2(w, ipa, walk_access);
    }
    *pa = l.pa;
    *prot = p;
    *page_bits = l.shift;
    return true;
}

/* ---- stage 1 ---- */

/* DDI 0487, "Data access permissions" and "Instruction execution permissions", direct permissions. */
static uint8_t leaf_prot(const struct walk *w, const struct leaf *l, uint64_t desc)
{
    bool el0 = (desc & DESC_AP_EL0) && !(l->tables & TABLE_NO_EL0), ro = (desc & DESC_AP_RO) || (l->tables & TABLE_RO);
    bool uxn = (desc & DESC_XN) || (l->tables & TABLE_XN), pxn = (desc & DESC_PXN) || (l->tables & TABLE_PXN);
    bool wxn = w->sctlr & SCTLR_WXN;
    uint8_t rw = MMU_R | (ro ? 0 : MMU_W);

    if (!w->two) {
        return rw | (uxn || (wxn && !ro) ? 0 : MMU_X);
    }
    if (w->idx == ARM_IDX_EL0 || w->idx == ARM_IDX_EL20_0) {
        return (el0 ? rw : 0) | (uxn || (wxn && el0 && !ro) ? 0 : MMU_X);
    }
    return ((w->idx == ARM_IDX_EL1_PAN || w->idx == ARM_IDX_EL20_PAN) && el0 ? 0 : rw) |
           (pxn || (el0 && !ro && (!w->a32 || (w->sctlr >> 20 & 1))) || (wxn && !ro) ? 0 : MMU_X);
}

/* The same for AArch32's long descriptors (DDI 0487, G5.5): TTBCR has sizes of three bits. */
static bool a32_tables(struct walk *w, struct tables *t)
{
    unsigned t0sz = w->tcr & 7, t1sz = w->tcr >> 16 & 7, spare;
    bool high = t1sz ? (uint32_t)w->va >= -(1u << (32 - t1sz)) : t0sz && w->va >> (32 - t0sz);

    if (!high && w->va >> (32 - t0sz)) {
        return fail(w, FSC_TRANSLATION | 1);
    }
    t->page_shift = 12;
    t->bits = 32 - (high ? t1sz : t0sz);
    t->level = t->bits > 30 ? 1 : 2;
    if (w->tcr >> (high ? 23 : 7) & 1) {
        return fail(w, FSC_TRANSLATION | 1);
    }
    spare = 12 + 9 * (3 - t->level);
    t->base = (high ? w->cpu->ttbr1 : w->cpu->ttbr0)[1] & ((1ull << 40) - 1) & ~((8ull << (t->bits - spare)) - 1);
    t->hw_af = t->hw_dirty = false;
    return true;
}

/* Which table, and is the address inside its range? */
static bool stage1_tables(struct walk *w, struct tables *t)
{
    bool high = w->two && (w->va >> 55 & 1);
    uint64_t tcr = w->tcr;
    unsigned size = (high ? tcr >> 16 : tcr) & 63, stride, spare;

    if (w->a32) {
        return a32_tables(w, t);
    }
    t->page_shift = granule((high ? tcr >> 30 : tcr >> 14) & 3, high);
    if (!t->page_shift || size < 16 || size > 39 || (w->two && (tcr >> (high ? 23 : 7) & 1))) {
        return fail(w, FSC_TRANSLATION);
    }
    t->bits = 64 - size;
    if (w->va >> t->bits != (high ? UINT64_MAX >> t->bits : 0)) {
        return fail(w, FSC_TRANSLATION);
    }
    stride = t->page_shift - 3;
    t->level = 4 - (t->bits - t->page_shift + stride - 1) / stride;
    spare = t->page_shift + stride * (3 - t->level);
    t->base = (high ? w->cpu->ttbr1 : w->cpu->ttbr0)[w->regime] & PA_MASK & ~((8ull << (t->bits - spare)) - 1) & ~1ull;
    t->hw_af = arm_has(w->cpu, ARM_EXT_HAFDBS) && (tcr >> (w->two ? 39 : 21) & 1);
    t->hw_dirty = t->hw_af && (tcr >> (w->two ? 40 : 22) & 1);
    return true;
}

static bool load_word(struct a32_walk *s, uint64_t addr, unsigned level, uint32_t *desc)
{
    struct walk *w = s->opaque;
    uint8_t prot, bits;
    uint32_t v;
    void *p;

    if (stage2_on(w) && !stage2(w, addr, MMU_READ, true, &addr, &prot, &bits)) {
        s->fsc = w->fsc;
        return false;
    }
    p = cpu_phys_ptr(&w->cpu->cpu, addr, 4, false);
    if (!p) {
        s->fsc = FSC_EXTERNAL_WALK | level;
        return false;
    }
    v = atomic_load_explicit((_Atomic uint32_t *)p, memory_order_acquire);
    *desc = w->sctlr & SCTLR_EE ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
    return true;
}

static bool short_stage1(struct walk *w, uint64_t *out)
{
    struct a32_walk s = {
        .cpu = w->cpu, .va = w->va, .access = w->access, .user = w->idx == ARM_IDX_EL0, .pan = w->idx == ARM_IDX_EL1_PAN,
        .debug = w->debug, .load = load_word, .opaque = w,
    };

    if (!a32_short_walk(&s)) {
        w->info |= w->info & FAULT_STAGE2 ? 0 : s.domain;
        return fail(w, s.fsc);
    }
    w->prot = s.prot;
    w->page_bits = s.page_bits;
    w->global = s.global;
    *out = s.pa;
    return true;
}

static bool stage1(struct walk *w, uint64_t *out)
{
    struct tables t;
    struct leaf l;
    uint64_t writable;

    if (w->a32 && !a32_long_format(w->cpu)) {
        return short_stage1(w, out);
    }
    if (!stage1_tables(w, &t)) {
        return false;
    }
    if (!descend(w, &t, w->va & (t.bits == 64 ? UINT64_MAX : (1ull << t.bits) - 1), false, stage2_on(w), &l)) {
        return false;
    }
    /* With dirty state by hardware a page that is only clean may be written: the bit is set below. */
    writable = t.hw_dirty && (l.desc & DESC_DBM) ? l.desc & ~DESC_AP_RO : l.desc;
    if (!(l.desc & DESC_AF) && !t.hw_af && !w->debug) {
        return fail(w, FSC_ACCESS | l.level);
    }
    if (!(leaf_prot(w, &l, writable) & prot_for(w->access))) {
        return fail(w, FSC_PERMISSION | l.level);
    }
    if (!mark(w, &t, l.addr, l.level, w->access == MMU_WRITE, false, &l.desc)) {
        return false;
    }
    w->prot = leaf_prot(w, &l, w->debug ? writable : l.desc);
    w->page_bits = l.shift;
    w->global = !w->two || !(l.desc & DESC_NG);
    w->memattr = w->cpu->mair[w->regime] >> (l.desc >> 2 & 7) * 8;
    w->guarded = (l.desc & DESC_GP) && arm_has(w->cpu, ARM_EXT_BTI);
    *out = l.pa;
    return true;
}

static void set_regime(struct walk *w)
{
    static const uint8_t regime[ARM_IDX_COUNT] = {
        [ARM_IDX_EL0] = 1, [ARM_IDX_EL1] = 1, [ARM_IDX_EL1_PAN] = 1, [ARM_IDX_EL2] = 2, [ARM_IDX_EL3] = 3,
        [ARM_IDX_EL20_0] = 2, [ARM_IDX_EL20_2] = 2, [ARM_IDX_EL20_PAN] = 2,
    };
    struct arm_cpu *cpu = w->cpu;
    bool high = w->va >> 55 & 1;
    bool tbi;

    w->regime = regime[w->idx];
    w->two = w->regime == 1 || w->idx >= ARM_IDX_EL20_0;
    w->a32 = w->regime == 1 && arm_el1_a32(cpu);
    w->sctlr = cpu->sctlr[w->regime];
    w->tcr = cpu->tcr[w->regime];
    tbi = w->tcr >> (!w->two ? 20 : high ? 38 : 37) & 1;
    if (w->regime == 1 && (arm_hcr(cpu) & (HCR_DC | HCR_TGE))) {
        w->sctlr &= ~(uint64_t)SCTLR_M;
    }
    if (tbi) {
        uint64_t plain = high && w->two ? w->va | 0xffull << 56 : w->va & ~(0xffull << 56);

        if (plain != w->va) {
            cpu->tagged = true;
            w->va = plain;
        }
    }
}

/* One try; false with fsc NONE: again. */
static bool translate(struct walk *w)
{
    uint64_t ipa = w->va;
    uint8_t prot, bits;

    w->fsc = FSC_NONE;
    w->info = 0;
    w->guarded = false;
    w->memattr = NORMAL_MEMORY;
    if (!(w->sctlr & SCTLR_M)) {
        if (w->va & ~PA_MASK) {
            return fail(w, FSC_ADDR_SIZE);
        }
        w->prot = MMU_R | MMU_W | MMU_X;
        w->page_bits = 12;
        w->global = true;
    } else if (!stage1(w, &ipa)) {
        return false;
    }
    w->pa = ipa;
    if (stage2_on(w)) {
        if (!stage2(w, ipa, w->access, false, &w->pa, &prot, &bits)) {
            return false;
        }
        w->prot &= prot;
        w->page_bits = MIN(w->page_bits, bits);
    }
    return true;
}

static bool walk(struct walk *w)
{
    set_regime(w);
    while (!translate(w)) {
        if (w->fsc != FSC_NONE) {
            return false;
        }
    }
    return true;
}

static void keep_btype(struct cpu *c, void *opaque)
{
    arm_update_key(arm_cpu(c));
}

bool arm_mmu_walk(struct cpu *c, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                  struct mmu_fault *fault)
{
    struct arm_cpu *cpu = arm_cpu(c);
    struct walk w = { .cpu = cpu, .va = va, .access = access, .idx = idx & ~(unsigned)ARM_IDX_CHECKED, .debug = debug };

    if (cpu->aarch32 && va >> 32) {             /* addresses wrap: target/arm/a32.h */
        cpu->tagged = true;
        w.va = va = (uint32_t)va;
    }
    if (walk(&w)) {
        bool tagged = w.memattr == TAGGED_MEMORY, checked = idx & ARM_IDX_CHECKED;

        *page = (struct mmu_page){ .paddr = w.pa, .prot = w.prot, .page_bits = w.page_bits, .global = w.global,
                                   .attr = tagged ? ARM_ATTR_TAGGED : 0, .device = !(w.memattr & 0xf0),
                                   .checked = checked && (tagged || arm_page_watched(cpu, va)) };
        if (w.global && w.two && !(va >> 55 & 1) && (w.sctlr & SCTLR_M)) {
            cpu->low_global = true;
        }
        if (w.guarded && access == MMU_FETCH && !cpu->guarded && !debug) {
            cpu->guarded = true;
            cpu_run_on(c, keep_btype, NULL);
        }
        if (log_on(LOG_MMU)) {
            log_printf(LOG_MMU, "cpu %u: 0x%" PRIx64 " idx %u access %d -> 0x%" PRIx64 " prot %d bits %d\n", c->index, va,
                       idx, access, page->paddr, page->prot, page->page_bits);
        }
        return true;
    }
    *fault = (struct mmu_fault){ .access = access, .va = va, .code = w.fsc, .info = w.info };
    return false;
}

unsigned arm_fetch_idx(struct cpu *c)
{
    const struct arm_cpu *cpu = arm_cpu(c);

    switch (cpu->el) {
    case 0:
        return arm_host(cpu) ? ARM_IDX_EL20_0 : ARM_IDX_EL0;
    case 1:
        return ARM_IDX_EL1;
    case 2:
        return arm_e2h(cpu) ? ARM_IDX_EL20_2 : ARM_IDX_EL2;
    default:
        return ARM_IDX_EL3;
    }
}

bool arm_page_guarded(struct arm_cpu *cpu, uint64_t va)
{
    struct walk w = { .cpu = cpu, .va = va, .access = MMU_FETCH, .idx = arm_fetch_idx(&cpu->cpu), .debug = true };

    return walk(&w) && w.guarded;
}

unsigned arm_va_bits(const struct arm_cpu *cpu, uint64_t va, bool data, bool *tbi)
{
    unsigned el = arm_regime_el(cpu), size;
    bool two = el == 1 || (el == 2 && arm_e2h(cpu)), high = two && (va >> 55 & 1);
    uint64_t tcr = cpu->tcr[el];

    size = MIN(MAX((high ? tcr >> 16 : tcr) & 63, 16), 39);
    *tbi = (tcr >> (!two ? 20 : high ? 38 : 37) & 1) && (data || !(tcr >> (!two ? 29 : high ? 52 : 51) & 1));
    return 64 - size;
}

unsigned arm_data_idx(struct cpu *c)
{
    return arm_key_idx(c->key);
}

uint64_t arm_at(struct arm_cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, bool stage1_only)
{
    struct walk w = { .cpu = cpu, .va = va, .access = access, .idx = idx, .stage1_only = stage1_only };
    uint64_t stage2_fault;

    if (walk(&w)) {
        return (w.pa & PA_MASK & ~0xfffull) | 1ull << 11 | 3 << 7 | 0xffull << 56;  /* normal, write-back, inner shareable */
    }
    stage2_fault = w.info & FAULT_STAGE2 ? 1 << 9 | (w.info & FAULT_S1PTW ? 1 << 8 : 0) : 0;
    return 1 | (uint64_t)w.fsc << 1 | stage2_fault | 1ull << 11;
}

/* ---- address spaces ---- */

#define SPACE_ASID 0xffffull
#define SPACE_VMID_SHIFT 16
#define SPACE_ASID2_SHIFT 32            /* of EL2&0 */
#define SPACE_STAGE2 (1ull << 48)
#define SPACE_SECURE (1ull << 49)
#define SPACE_HOST (1ull << 50)

static uint64_t asid_of(const struct arm_cpu *cpu, unsigned el)
{
    uint64_t asid = (cpu->tcr[el] >> 22 & 1 ? cpu->ttbr1[el] : cpu->ttbr0[el]) >> 48;

    if (el == 1 && arm_el1_a32(cpu) && !a32_long_format(cpu)) {
        return cpu->contextidr[1] & 0xff;
    }
    return cpu->tcr[el] >> 36 & 1 ? asid : asid & 0xff;
}

/* The ASIDs of both regimes that have them, so that going from one to the other changes nothing. */
void arm_update_space(struct arm_cpu *cpu)
{
    uint64_t space = asid_of(cpu, 1);

    if (arm_hcr(cpu) & HCR_VM) {
        space |= (cpu->vttbr >> 48) << SPACE_VMID_SHIFT | SPACE_STAGE2;
    }
    if (arm_e2h(cpu)) {
        space |= asid_of(cpu, 2) << SPACE_ASID2_SHIFT | SPACE_HOST;
    }
    if (arm_secure(cpu)) {
        space |= SPACE_SECURE;
    }
    cpu->guard_epoch++;
    cpu_set_space(&cpu->cpu, space);
}

static bool same_asid(uint64_t space, uint64_t asid)
{
    return (space & SPACE_ASID) == asid || ((space & SPACE_HOST) && (space >> SPACE_ASID2_SHIFT & SPACE_ASID) == asid);
}

/* ---- TLB maintenance ---- */

void arm_tlb_flush(struct arm_cpu *cpu)
{
    cpu->low_global = cpu->tagged = false;
    cpu->guard_epoch++;
    cpu_tlb_flush(&cpu->cpu, TLB_ALL, NULL, 0);
}

enum flush { FLUSH_ALL, FLUSH_VA, FLUSH_ASID, FLUSH_VA_ASID };

struct tlbi {
    struct arm_cpu *from;           /* waits for it; NULL: own CPU */
    enum flush what;
    uint64_t va, asid;
};

static void tlbi_do(struct arm_cpu *cpu, const struct tlbi *i)
{
    bool by_va = i->what == FLUSH_VA || i->what == FLUSH_VA_ASID;

    cpu->guard_epoch++;
    if (i->what == FLUSH_ALL || (by_va && cpu->tagged)) {
        arm_tlb_flush(cpu);
    } else if (i->what == FLUSH_ASID) {
        cpu_tlb_flush(&cpu->cpu, TLB_SPACES, same_asid, i->asid);
    } else if (i->what == FLUSH_VA_ASID && !cpu->low_global && !(i->va >> 55 & 1)) {
        cpu_tlb_flush_page(&cpu->cpu, i->va, same_asid, i->asid);
    } else {
        cpu_tlb_flush_page(&cpu->cpu, i->va, NULL, 0);      /* it may be global, then the ASID says nothing */
    }
}

static void tlbi_remote(struct cpu *c, void *opaque)
{
    struct tlbi *i = opaque;

    tlbi_do(arm_cpu(c), i);
    atomic_fetch_sub(&i->from->tlbi_waits, 1);
    g_free(i);
}

static void broadcast(struct arm_cpu *cpu, const struct tlbi *i)
{
    GPtrArray *cpus = cpu->cpu.machine->cpus;

    for (unsigned n = 0; n < cpus->len; n++) {
        struct cpu *other = cpus->pdata[n];

        if (other != &cpu->cpu) {
            struct tlbi *copy = g_new(struct tlbi, 1);

            *copy = *i;
            copy->from = cpu;
            atomic_fetch_add(&cpu->tlbi_waits, 1);
            cpu_run_on(other, tlbi_remote, copy);
        }
    }
}

/* Rows by op1 and op2, whatever CRm says about shareability. */
static bool tlbi_kind(unsigned op1, unsigned op2, enum flush *what)
{
    static const int8_t el1[8] = { FLUSH_ALL, FLUSH_VA_ASID, FLUSH_ASID, FLUSH_VA, -1, FLUSH_VA_ASID, -1, FLUSH_VA };
    static const int8_t el2[8] = { FLUSH_ALL, FLUSH_VA, -1, -1, FLUSH_ALL, FLUSH_VA, FLUSH_ALL, -1 };
    static const int8_t el3[8] = { FLUSH_ALL, FLUSH_VA, -1, -1, -1, FLUSH_VA, -1, -1 };
    int8_t k = op1 == 0 ? el1[op2] : op1 == 4 ? el2[op2] : op1 == 6 ? el3[op2] : -1;

    *what = k;
    return k >= 0;
}

bool arm_tlbi(struct arm_cpu *cpu, unsigned op1, unsigned crm, unsigned op2, uint64_t v)
{
    struct tlbi i = { .asid = v >> 48, .va = v << 12 };
    bool shared = crm == 3 || crm == 0 || (op1 == 0 && (arm_hcr(cpu) >> 9 & 1));

    if (op1 == 4 && (crm == 0 || crm == 4) && (op2 == 1 || op2 == 5)) {
        i.what = FLUSH_ALL;         /* by IPA: combined entries are not found by it */
    } else if ((crm != 3 && crm != 7) || !tlbi_kind(op1, op2, &i.what)) {
        return false;
    }
    i.va = i.va >> 55 & 1 ? i.va | 0xffull << 56 : i.va & ~(0xffull << 56);
    i.asid = cpu->tcr[arm_host(cpu) ? 2 : 1] >> 36 & 1 ? i.asid : i.asid & 0xff;
    tlbi_do(cpu, &i);
    if (shared && cpu->cpu.machine) {
        broadcast(cpu, &i);
    }
    return true;
}

/* The others do their part at a safepoint of theirs. This CPU may be asked for the same meanwhile, so it goes back to the
 * loop between its looks. */
void arm_helper_dsb(struct arm_cpu *cpu)
{
    if (atomic_load_explicit(&cpu->tlbi_waits, memory_order_acquire)) {
        g_thread_yield();
        if (atomic_load_explicit(&cpu->tlbi_waits, memory_order_acquire)) {
            cpu_loop_exit(&cpu->cpu);
        }
    }
}
