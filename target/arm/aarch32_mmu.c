/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-descriptor translation tables (DDI 0487, G5.4 "The VMSAv8-32 Short-descriptor translation table format"): sections,
 * supersections, large and small pages, domains, the access flag under SCTLR.AFE. Memory types do not matter here, so TEX
 * remapping does nothing.
 */
#include "target/arm/aarch32.h"

#define SCTLR_UWXN (1u << 20)
#define L1_PXN 1u
#define L1_SUPER (1u << 18)
#define L1_NG (1u << 17)
#define L2_NG (1u << 11)

static bool fail(struct a32_walk *w, uint32_t fsc)
{
    w->fsc = fsc;
    return false;
}

/* What a leaf says. */
struct leaf {
    unsigned ap;                    /* AP[2:0] */
    bool xn, pxn, ng;
    unsigned level;
};

static uint8_t prot_of(const struct a32_walk *w, const struct leaf *l)
{
    uint32_t sctlr = w->cpu->sctlr[1];
    bool ro = l->ap & 4, user = l->ap & 2, user_writes = l->ap == 3, none = l->ap == 0 || l->ap == 4, writes;
    bool xn = l->xn;

    if (none || (w->user && !user)) {
        return 0;
    }
    writes = w->user ? user_writes : !ro;
    if (!w->user) {
        xn |= l->pxn || (user_writes && (sctlr & SCTLR_UWXN));
    }
    xn |= writes && (sctlr & SCTLR_WXN);
    return (w->pan && user ? 0 : MMU_R | (writes ? MMU_W : 0)) | (xn ? 0 : MMU_X);
}

/* The table's first level: address of the descriptor. */
static bool first_level(struct a32_walk *w, uint64_t *addr)
{
    uint32_t ttbcr = w->cpu->tcr[1];
    unsigned n = ttbcr & 7;
    bool high = n && w->va >> (32 - n);
    uint64_t base = high ? w->cpu->ttbr1[1] : w->cpu->ttbr0[1];
    unsigned bits = high ? 14 : 14 - n;

    if (ttbcr >> (high ? 5 : 4) & 1) {
        return fail(w, FSC_TRANSLATION | 1);
    }
    *addr = ((uint32_t)base & ~((1u << bits) - 1)) | (w->va >> 20 << 2 & ((1u << bits) - 1));
    return true;
}

static bool second_level(struct a32_walk *w, uint32_t table, struct leaf *l)
{
    uint32_t desc;

    if (!w->load(w, (table & ~0x3ffu) | (w->va >> 12 & 0xff) << 2, 2, &desc)) {
        return false;
    }
    if (!(desc & 3)) {
        return fail(w, FSC_TRANSLATION | 2);
    }
    l->level = 2;
    l->ap = (desc >> 4 & 3) | (desc >> 9 & 1) << 2;
    l->ng = desc & L2_NG;
    l->pxn = table & 4;
    if ((desc & 3) == 1) {
        l->xn = desc >> 15 & 1;
        w->page_bits = 16;
    } else {
        l->xn = desc & 1;
        w->page_bits = 12;
    }
    w->pa = (desc & ~((1u << w->page_bits) - 1)) | (w->va & ((1u << w->page_bits) - 1));
    return true;
}

static void section(struct a32_walk *w, uint32_t desc, struct leaf *l)
{
    l->level = 1;
    l->ap = (desc >> 10 & 3) | (desc >> 15 & 1) << 2;
    l->xn = desc >> 4 & 1;
    l->pxn = desc & L1_PXN;
    l->ng = desc & L1_NG;
    if (desc & L1_SUPER) {
        w->page_bits = 24;
        w->domain = 0;
        w->pa = (desc & 0xff000000) | (uint64_t)(desc >> 20 & 15) << 32 | (uint64_t)(desc >> 5 & 15) << 36;
    } else {
        w->page_bits = 20;
        w->pa = desc & 0xfff00000;
    }
    w->pa |= w->va & ((1u << w->page_bits) - 1);
}

static bool allowed(struct a32_walk *w, const struct leaf *l)
{
    static const uint8_t needed[] = { [MMU_READ] = MMU_R, [MMU_WRITE] = MMU_W, [MMU_FETCH] = MMU_X };
    unsigned domain = w->cpu->dacr >> (2 * w->domain) & 3;

    if ((w->cpu->sctlr[1] & A32_SCTLR_AFE) && !(l->ap & 1) && !w->debug) {
        return fail(w, FSC_ACCESS | l->level);
    }
    if (domain == 0 || domain == 2) {
        return fail(w, FSC_DOMAIN | l->level);
    }
    w->prot = domain == 3 ? MMU_R | MMU_W | MMU_X : prot_of(w, l);
    w->global = !l->ng;
    return w->prot & needed[w->access] || fail(w, FSC_PERMISSION | l->level);
}

bool a32_short_walk(struct a32_walk *w)
{
    struct leaf l = { 0 };
    uint64_t addr;
    uint32_t desc;

    if (!first_level(w, &addr) || !w->load(w, addr, 1, &desc)) {
        return false;
    }
    w->domain = desc >> 5 & 15;
    switch (desc & 3) {
    case 0:
        return fail(w, FSC_TRANSLATION | 1);
    case 1:
        if (!second_level(w, desc, &l)) {
            return false;
        }
        break;
    default:
        section(w, desc, &l);
        break;
    }
    return allowed(w, &l);
}
