/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * REP string instructions. Where source and destination are plain RAM a run of elements up to the end of a page is done
 * at once; else one element at a time. Registers are up to date whenever an access may fault.
 */
#include <string.h>

#include "target/x86/priv.h"
#include "target/x86/string.h"

enum { PAGE = 4096, ELEMENTS_MAX = 65536 };     /* in one call: requests wait for so long */

struct rep {
    struct x86_cpu *cpu;
    enum x86_string op;
    unsigned size, asize, seg, idx;
    bool equal;                     /* REPE */
    bool once;
    uint64_t mask;                  /* of addresses and the count */
};

static uint64_t *reg(struct rep *r, unsigned n)
{
    return &r->cpu->cpu.r[n];
}

static uint64_t pointer(struct rep *r, unsigned n)
{
    return *reg(r, n) & r->mask;
}

static void set(struct rep *r, unsigned n, uint64_t v)
{
    *reg(r, n) = r->asize == 2 ? (*reg(r, n) & ~r->mask) | (v & r->mask) : v & r->mask;
}

static void step(struct rep *r, unsigned n, uint64_t elements)
{
    set(r, n, *reg(r, n) + r->cpu->df * r->size * elements);
}

static uint64_t left(struct rep *r)
{
    return r->once ? 1 : pointer(r, X86_RCX);
}

static void count_down(struct rep *r, uint64_t elements)
{
    if (!r->once) {
        set(r, X86_RCX, pointer(r, X86_RCX) - elements);
    }
}

static uint64_t linear(struct rep *r, unsigned seg, uint64_t off, bool write)
{
    const struct x86_cpu *cpu = r->cpu;

    if (x86_is_64(cpu)) {
        return seg >= X86_FS ? cpu->seg[seg].base + off : off;
    }
    return x86_helper_seg_addr(r->cpu, seg, off, r->size | write << 8);
}

static uint64_t src(struct rep *r)
{
    return linear(r, r->seg, pointer(r, X86_RSI), false);
}

static uint64_t dst(struct rep *r, bool write)
{
    return linear(r, X86_ES, pointer(r, X86_RDI), write);
}

/* How many elements from linear address va and offset off on lie in the page and in the segment, going up. */
static uint64_t run(struct rep *r, unsigned seg, uint64_t va, uint64_t off, bool write, uint64_t most)
{
    const struct x86_seg *s = &r->cpu->seg[seg];
    uint64_t n = MIN(most, (PAGE - (va & (PAGE - 1))) / r->size);

    if (!x86_is_64(r->cpu)) {
        uint64_t room = write ? s->room_w : s->room_r;

        n = MIN(n, room > off ? (room - off) / r->size : 0);
        n = MIN(n, (r->mask + 1 - off) / r->size);
    }
    return n;
}

/* ---- runs ---- */

static void copy_up(uint8_t *to, const uint8_t *from, uint64_t n, unsigned size)
{
    if (to >= from + n * size || to + n * size <= from) {
        memcpy(to, from, n * size);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {      /* overlapping: element by element, which repeats a pattern */
        uint64_t v = 0;

        memcpy(&v, from + i * size, size);
        memcpy(to + i * size, &v, size);
    }
}

static void fill(uint8_t *to, uint64_t v, uint64_t n, unsigned size)
{
    if (size == 1 || v == 0) {
        memset(to, v, n * size);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        memcpy(to + i * size, &v, size);
    }
}

/* MOVS and STOS upwards. How many elements were done, 0: not possible here. */
static uint64_t bulk(struct rep *r, uint64_t most)
{
    struct cpu *c = &r->cpu->cpu;
    bool movs = r->op == X86_STRING_MOVS;
    uint64_t to, from = 0, n;
    const uint8_t *p = NULL;
    uint8_t *q;

    if ((!movs && r->op != X86_STRING_STOS) || r->cpu->df != 1 || most < 2) {
        return 0;
    }
    from = movs ? src(r) : 0;
    to = dst(r, true);
    n = run(r, X86_ES, to, pointer(r, X86_RDI), true, most);
    n = movs ? run(r, r->seg, from, pointer(r, X86_RSI), false, n) : n;
    if (n < 2) {
        return 0;
    }
    if (movs) {
        p = cpu_probe_read(c, from, n * r->size, r->idx);
        if (!p) {
            return 0;
        }
    }
    q = cpu_probe_write(c, to, n * r->size, r->idx);
    if (!q) {
        return 0;
    }
    if (movs) {
        copy_up(q, p, n, r->size);
        step(r, X86_RSI, n);
    } else {
        fill(q, *reg(r, X86_RAX), n, r->size);
    }
    step(r, X86_RDI, n);
    return n;
}

/* ---- elements ---- */

static void compare(struct rep *r, uint64_t a, uint64_t b)
{
    uint64_t *cc = &r->cpu->cpu.r[X86_R_CC_DST], m = r->size == 8 ? UINT64_MAX : (1ull << (8 * r->size)) - 1;

    cc[0] = a & m;
    cc[X86_R_CC_SRC - X86_R_CC_DST] = b & m;
    cc[X86_R_CC_OP - X86_R_CC_DST] = X86_CC_SUBB + __builtin_ctz(r->size);
}

static uint64_t load(struct rep *r, uint64_t va)
{
    return cpu_ld(&r->cpu->cpu, va, r->size, r->idx);
}

static void store(struct rep *r, uint64_t va, uint64_t v)
{
    cpu_st(&r->cpu->cpu, va, v, r->size, r->idx);
}

static void set_rax(struct rep *r, uint64_t v)
{
    uint64_t m = r->size == 8 ? UINT64_MAX : (1ull << (8 * r->size)) - 1, *rax = reg(r, X86_RAX);

    *rax = r->size >= 4 ? v & m : (*rax & ~m) | (v & m);
}

static void one(struct rep *r)
{
    struct cpu *c = &r->cpu->cpu;
    uint64_t a, b;

    switch (r->op) {
    case X86_STRING_MOVS:
        a = load(r, src(r));
        store(r, dst(r, true), a);
        step(r, X86_RSI, 1);
        step(r, X86_RDI, 1);
        break;
    case X86_STRING_STOS:
        store(r, dst(r, true), *reg(r, X86_RAX));
        step(r, X86_RDI, 1);
        break;
    case X86_STRING_LODS:
        set_rax(r, load(r, src(r)));
        step(r, X86_RSI, 1);
        break;
    case X86_STRING_CMPS:
        a = load(r, src(r));
        b = load(r, dst(r, false));
        compare(r, a, b);
        step(r, X86_RSI, 1);
        step(r, X86_RDI, 1);
        break;
    case X86_STRING_SCAS:
        compare(r, *reg(r, X86_RAX), load(r, dst(r, false)));
        step(r, X86_RDI, 1);
        break;
    case X86_STRING_INS:
        a = dst(r, true);
        cpu_probe_write(c, a, 1, r->idx);   /* what is read from a port is gone */
        cpu_probe_write(c, a + r->size - 1, 1, r->idx);
        b = cpu_port_in(c, *reg(r, X86_RDX), r->size);
        x86_port_done(r->cpu, *reg(r, X86_RDX), r->size);
        store(r, a, b);
        step(r, X86_RDI, 1);
        break;
    case X86_STRING_OUTS:
        a = load(r, src(r));
        cpu_port_out(c, *reg(r, X86_RDX), r->size, a);
        x86_port_done(r->cpu, *reg(r, X86_RDX), r->size);
        step(r, X86_RSI, 1);
        break;
    }
}

/* CMPS and SCAS end where the comparison says so. */
static bool goes_on(const struct rep *r)
{
    const uint64_t *cc = r->cpu->cpu.r;

    if (r->op != X86_STRING_CMPS && r->op != X86_STRING_SCAS) {
        return true;
    }
    return (cc[X86_R_CC_DST] == cc[X86_R_CC_SRC]) == r->equal;
}

uint32_t x86_helper_rep(struct x86_cpu *cpu, uint32_t op, uint32_t how)
{
    struct rep r = {
        .cpu = cpu, .op = op, .size = how & 15, .asize = how >> 4 & 15, .seg = how >> 8 & 15, .equal = how >> 12 & 1,
        .once = how >> 13 & 1, .idx = x86_data_idx(&cpu->cpu),
    };
    bool ports = op == X86_STRING_INS || op == X86_STRING_OUTS;

    r.mask = r.asize == 8 ? UINT64_MAX : r.asize == 4 ? UINT32_MAX : UINT16_MAX;
    if (ports && left(&r)) {
        x86_check_port(cpu, cpu->cpu.r[X86_RDX], r.size);
    }
    for (unsigned done = 0; left(&r);) {
        uint64_t n = r.once || cpu->eflags & X86_TF ? 0 : bulk(&r, MIN(left(&r), ELEMENTS_MAX));

        if (!n) {
            one(&r);
            n = 1;
        }
        count_down(&r, n);
        done += n;
        if (r.once || !goes_on(&r)) {
            return 0;
        }
        if (done >= ELEMENTS_MAX || atomic_load_explicit(&cpu->cpu.request, memory_order_relaxed) ||
            cpu->eflags & X86_TF || cpu->cpu.watch_hits) {
            return left(&r) != 0;
        }
    }
    return 0;
}
