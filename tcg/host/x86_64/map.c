/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deoptimisation maps: for each return address of a slow path, where the guest's state is.
 *
 * A record: signed deltas to the record before of the return address (offset in the code), the instruction's index in the
 * region and its guest pc; then the number of slots that are not in their homes, and for each two bytes and perhaps
 * a payload. Numbers are LEB128; signed ones zigzag. Pinned slots that are in their register have no entry: all pinned
 * registers go home first. The records stand behind the code; they are read only when a guest instruction faults.
 *
 * entry byte 0: slot | 0x80 if the value is a double to be made canonical
 *       byte 1: kind << 5 | 0x10 if it is a single to be made canonical | register
 */
#include <immintrin.h>
#include "tcg/host/x86_64/host_impl.h"

enum { IN_GPR, IN_XMM, IN_FRAME, IN_CONST32, IN_CONST64, IN_HOME, ALL_HOME = 0x7f };
#define ENTRY_MAX 10

static void put_u8(uint8_t **p, uint8_t v)
{
    *(*p)++ = v;
}

static void put_uleb(uint8_t **p, uint64_t v)
{
    for (; v >= 0x80; v >>= 7) {
        put_u8(p, v | 0x80);
    }
    put_u8(p, v);
}

static void put_sleb(uint8_t **p, int64_t v)
{
    put_uleb(p, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static uint64_t get_uleb(const uint8_t **p)
{
    uint64_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            return v;
        }
    }
}

static int64_t get_sleb(const uint8_t **p)
{
    uint64_t v = get_uleb(p);

    return (int64_t)(v >> 1 ^ -(v & 1));
}

static void reserve(uint8_t **buf, unsigned *cap, unsigned used, unsigned more)
{
    if (used + more > *cap) {
        *cap = (used + more) * 2;
        *buf = g_realloc(*buf, *cap);
    }
}

static void put_entry(struct em *e, uint8_t **p, unsigned slot, ir_ref r, const struct val *v)
{
    enum canon canon = canon_kind(e, r);
    uint8_t *kind = *p + 1;

    put_u8(p, slot | (canon == CANON_DOUBLE ? 0x80 : 0));
    put_u8(p, canon == CANON_SINGLE ? 0x10 : 0);
    if (ir_is_const(r)) {
        uint64_t bits = ir_const_value(e->ir, r);
        bool small = (int64_t)bits == (int32_t)bits;
        *kind = (small ? IN_CONST32 : IN_CONST64) << 5;
        memcpy(*p, &bits, 8);
        *p += small ? 4 : 8;
    } else if (v->reg >= 0) {
        *kind |= (is_xmm(v->reg) ? IN_XMM : IN_GPR) << 5 | (v->reg & 15);
    } else if (v->spill >= 0) {
        *kind |= IN_FRAME << 5;
        put_uleb(p, v->spill);
    } else {
        *kind |= IN_HOME << 5;
        put_u8(p, v->home - 1);
    }
}

void map_snapshot(struct em *e, struct cold *k)
{
    const struct host *h = e->h;

    reserve(&e->map, &e->cap_map, e->nmap, 2 + IR_SLOTS_MAX * ENTRY_MAX);
    uint8_t *start = e->map + e->nmap, *p = start + 1;
    unsigned n = 0;
    for (uint32_t t = e->touched & h->pins; t; t &= t - 1) {
        unsigned s = h->reg_slot[__builtin_ctz(t)];
        ir_ref r = e->slot_val[s];
        const struct val *v = &e->val[r & ~IR_CONST_BIT];
        if ((int)s == e->flux_slot) {
            r = e->flux_ref;
            v = &e->flux_val;
        }
        if (ir_is_const(r) || v->reg != h->pin_reg[s] || canon_kind(e, r) != CANON_NOT) {
            put_entry(e, &p, s, r, v);
            n++;
        }
    }
    for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
        for (uint64_t d = e->dirty[w]; d; d &= d - 1) {
            unsigned s = w * 64 + __builtin_ctzll(d);
            put_entry(e, &p, s, e->slot_val[s], &e->val[e->slot_val[s] & ~IR_CONST_BIT]);
            n++;
        }
    }
    *start = n;
    k->map = e->nmap;
    k->map_len = p - start;
    k->map_pc = e->insn_pc;
    k->map_insn = e->insn_index;
    e->nmap += p - start;
}

static void record(struct em *e, uint32_t ret, uint32_t insn, uint64_t pc, const uint8_t *body, unsigned len)
{
    reserve(&e->records, &e->cap_records, e->nrecords, 32 + len);
    uint8_t *p = e->records + e->nrecords;
    put_sleb(&p, (int64_t)ret - e->map_ret);
    put_sleb(&p, (int64_t)insn - e->map_index);
    put_sleb(&p, (int64_t)(pc - e->map_pc));
    memcpy(p, body, len);
    p += len;
    e->nrecords = p - e->records;
    e->map_ret = ret;
    e->map_index = insn;
    e->map_pc = pc;
}

void map_record(struct em *e, uint32_t ret, const struct cold *k)
{
    record(e, ret, k->map_insn, k->map_pc, e->map + k->map, k->map_len);
}

void map_record_home(struct em *e, uint32_t ret)
{
    static const uint8_t all_home = ALL_HOME;

    record(e, ret, e->insn_index, e->insn_pc, &all_home, 1);
}

/* ---- reading ---- */

static void put_slot(const struct host *h, struct cpu *cpu, unsigned slot, const uint64_t *bits)
{
    uint8_t *home = (uint8_t *)cpu + h->target->slots[slot].offset;

    memcpy(home, bits, type_bytes(h->type[slot]));
}

static bool is_nan64(uint64_t v)
{
    return (v & INT64_MAX) > 0x7ff0000000000000;
}

static bool is_nan32(uint32_t v)
{
    return (v & INT32_MAX) > 0x7f800000;
}

struct entry_value {
    uint8_t slot;
    uint64_t bits[2];           /* the second for slots of 16 bytes */
};

/* Reads one entry; its value is complete, since a home may be overwritten later. */
static struct entry_value read_entry(const struct host *h, struct cpu *cpu, const uint8_t **p, const struct host_frame *f)
{
    uint8_t slot = *(*p)++, kind = *(*p)++;
    struct entry_value v = { .slot = slot & 0x7f };

    switch (kind >> 5) {
    case IN_GPR:
        v.bits[0] = f->gpr[kind & 15];
        break;
    case IN_XMM:
        memcpy(v.bits, f->xmm[kind & 15], 16);
        break;
    case IN_FRAME:
        memcpy(v.bits, (const char *)f->gpr[RSP] + 8 * get_uleb(p), type_bytes(h->type[v.slot]) == 16 ? 16 : 8);
        break;
    case IN_CONST32: {
        int32_t c;
        memcpy(&c, *p, 4);
        *p += 4;
        v.bits[0] = (uint64_t)(int64_t)c;
        break;
    }
    case IN_CONST64:
        memcpy(v.bits, *p, 8);
        *p += 8;
        break;
    case IN_HOME:
        memcpy(v.bits, (const uint8_t *)cpu + h->target->slots[*(*p)++].offset, type_bytes(h->type[v.slot]) == 16 ? 16 : 8);
        break;
    }
    if ((slot & 0x80) && is_nan64(v.bits[0])) {
        v.bits[0] = 0x7ff8000000000000;
    } else if ((kind & 0x10) && is_nan32((uint32_t)v.bits[0])) {
        v.bits[0] = 0xffffffff7fc00000;
    }
    return v;
}

static const uint8_t *skip_entries(const uint8_t *p)
{
    unsigned n = *p++;

    for (; n && n != ALL_HOME; n--) {
        unsigned kind = p[1] >> 5;
        p += 2;
        if (kind == IN_FRAME) {
            get_uleb(&p);
        } else {
            p += kind == IN_CONST32 ? 4 : kind == IN_CONST64 ? 8 : kind == IN_HOME;
        }
    }
    return p;
}

static void write_state(const struct host *h, struct cpu *cpu, const uint8_t *p, const struct host_frame *f)
{
    struct entry_value v[ALL_HOME];
    unsigned n = *p++;

    if (n == ALL_HOME) {
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        v[i] = read_entry(h, cpu, &p, f);
    }
    for (unsigned i = 0; i < h->npinned; i++) {
        unsigned s = h->pinned[i];
        int reg = h->pin_reg[s];
        put_slot(h, cpu, s, is_xmm(reg) ? f->xmm[reg & 15] : &f->gpr[reg]);
    }
    for (unsigned i = 0; i < n; i++) {
        put_slot(h, cpu, v[i].slot, v[i].bits);
    }
}

bool host_rebuild(const struct host *h, struct cpu *cpu, const uint8_t *rx, const struct host_code *code, uintptr_t ret,
                  const struct host_frame *frame, unsigned *insns)
{
    const uint8_t *p = rx + code->code_bytes, *end = p + code->map_bytes;
    uint64_t pc = 0;
    int64_t insn = 0, at = 0;

    if (ret < (uintptr_t)rx || ret > (uintptr_t)rx + code->code_bytes) {
        return false;
    }
    while (p < end) {
        at += get_sleb(&p);
        insn += get_sleb(&p);
        pc += (uint64_t)get_sleb(&p);
        if (at == (int64_t)(ret - (uintptr_t)rx)) {
            if (insns) {
                *insns = (unsigned)insn;
            }
            if (frame) {
                uint32_t mxcsr = _mm_getcsr();
                write_state(h, cpu, p, frame);
                put_slot(h, cpu, IR_SLOT_PC, &pc);
                memcpy((uint8_t *)cpu + h->env.off_fpcr, &mxcsr, 4);
            }
            return true;
        }
        p = skip_entries(p);
    }
    return false;
}
