/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing slots home: what exits, edges between blocks and helper calls need. Unpinned slots are stored; pinned ones get
 * into their registers by one parallel move.
 */
#include "tcg/host/x86_64/host_impl.h"

/* ---- parallel moves ---- */

static bool is_source(const struct pmove *m, unsigned n, int reg)
{
    for (unsigned i = 0; i < n; i++) {
        if (m[i].from == reg) {
            return true;
        }
    }
    return false;
}

static void break_cycle(struct em *e, struct pmove *m, unsigned n, int scratch)
{
    int to = m[0].to, from = m[0].from, old;

    if (is_xmm(to)) {
        ra_emit_move(e, scratch, to);
        ra_emit_move(e, to, from);
        old = scratch;
    } else {
        asm_rr(&e->c, X_XCHG | X_W, to, from);
        old = from;
    }
    for (unsigned i = 1; i < n; i++) {
        if (m[i].from == to) {
            m[i].from = old;
        } else if (m[i].from == from && !is_xmm(to)) {
            m[i].from = to;
        }
    }
}

/* Register sources first; loads and constants when all registers have been read. Changes m. */
void parallel_move(struct em *e, struct pmove *m, unsigned n)
{
    unsigned nload = 0;
    struct pmove load[NREGS];
    uint32_t used = 0;

    for (unsigned i = 0; i < n; i++) {
        used |= BIT(m[i].to) | (m[i].from < 0 ? 0 : BIT(m[i].from));
    }
    /* arguments of calls may go to the scratch register itself; all vector registers may be clobbered then */
    int scratch = used & BIT(FSCRATCH) ? 31 - __builtin_clz(~used) : FSCRATCH;
    for (unsigned i = 0; i < n;) {
        if (m[i].from < 0) {
            load[nload++] = m[i];
            m[i] = m[--n];
        } else if (m[i].from == m[i].to) {
            m[i] = m[--n];
        } else {
            i++;
        }
    }
    while (n) {
        bool progress = false;
        for (unsigned i = 0; i < n;) {
            struct pmove now = m[i];
            m[i] = m[n - 1];        /* not among the others while they are looked at */
            if (!is_source(m, n - 1, now.to)) {
                ra_emit_move(e, now.to, now.from);
                n--;
                progress = true;
            } else {
                m[n - 1] = m[i];
                m[i] = now;
                i++;
            }
        }
        if (!progress && n) {
            break_cycle(e, m, n, scratch);
            m[0] = m[--n];
            for (unsigned i = 0; i < n;) {
                if (m[i].from == m[i].to) {
                    m[i] = m[--n];
                } else {
                    i++;
                }
            }
        }
    }
    for (unsigned i = 0; i < nload; i++) {
        ra_load(e, load[i].to, load[i].ref);
    }
}

/* ---- NaNs ---- */

enum canon canon_kind(const struct em *e, ir_ref r)
{
    if (ir_is_const(r) || r >= PSEUDO0 || !(e->ir->insns[r].flags & IR_NONCANON) || (e->val[r].flags & VAL_CANON)) {
        return CANON_NOT;
    }
    const struct ir_insn *n = &e->ir->insns[r];
    return n->type == IR_F64 && n->op != IR_OP_box32 ? CANON_DOUBLE : CANON_SINGLE;
}

static void canon_value(struct em *e, ir_ref r)
{
    enum canon kind = canon_kind(e, r);
    struct val *v = val_of(e, r);

    if (kind == CANON_NOT) {
        return;
    }
    int reg = ra_use(e, r);
    x86_canon_reg(e, reg, kind == CANON_DOUBLE);
    v->flags = (v->flags | VAL_CANON) & ~VAL_CLEAR;     /* the canonical single has a box */
    if (v->spill >= 0) {            /* copies made before are not canonical */
        struct amem m = spill_mem(v->spill);
        ra_store_mem(e, reg, &m, 8);
    }
    if (v->home) {
        e->home_val[v->home - 1] = 0;
        BIT_CLEAR(e->homed, v->home - 1);
        v->home = 0;
    }
    e->locked &= ~BIT(reg);
}

static void canon_slots(struct em *e)
{
    for (uint32_t t = e->touched & e->h->pins & XMM_MASK; t; t &= t - 1) {
        canon_value(e, e->slot_val[e->h->reg_slot[__builtin_ctz(t)]]);
    }
    for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
        for (uint64_t d = e->dirty[w]; d; d &= d - 1) {
            canon_value(e, e->slot_val[w * 64 + __builtin_ctzll(d)]);
        }
    }
}

/* ---- unpinned slots ---- */

static void store_const(struct em *e, unsigned slot, uint64_t bits)
{
    struct amem m = home_mem(e, slot);
    bool w = ra_slot_bytes(e, slot) >= 8;

    if (ra_slot_bytes(e, slot) == 16) {      /* constants of 128 bits are zero-extended ones of 64 */
        struct amem high = m;
        high.disp += 8;
        asm_rm_imm(&e->c, X_MOV_IMM | X_W, 0, &high, 4);
        asm_u32(&e->c, 0);
    }
    if (w && (int64_t)bits != (int32_t)bits && (e->free & ~e->locked & GPR_MASK)) {
        int t = __builtin_ctz(e->free & ~e->locked & GPR_MASK);
        asm_mov_imm(&e->c, t, bits);
        asm_rm(&e->c, X_MOV_STORE | X_W, t, &m);
        return;
    }
    bool whole = !w || (int64_t)bits == (int32_t)bits;
    asm_rm_imm(&e->c, X_MOV_IMM | X_IF_W(w && whole), 0, &m, 4);
    asm_u32(&e->c, (uint32_t)bits);
    if (!whole) {
        m.disp += 4;
        asm_rm_imm(&e->c, X_MOV_IMM, 0, &m, 4);
        asm_u32(&e->c, (uint32_t)(bits >> 32));
    }
}

static void flush_slot(struct em *e, unsigned slot)
{
    ir_ref r = e->slot_val[slot];

    if (!ir_is_const(r) && e->val[r].reg >= 0) {
        ra_store_home(e, slot);
    } else {
        ra_save_home_value(e, slot);
        if (ir_is_const(r)) {
            store_const(e, slot, ir_const_value(e->ir, r));
        } else {
            unsigned bytes;
            struct amem from = ra_value_mem(e, r, &bytes), to = home_mem(e, slot);
            ra_load_mem(e, FSCRATCH, &from, bytes);
            ra_store_mem(e, FSCRATCH, &to, ra_slot_bytes(e, slot));
        }
        BIT_CLEAR(e->dirty, slot);
        e->slot_val[slot] = 0;
        ra_release(e, r);
        return;
    }
    if (ra_dies(e, r)) {
        e->val[r].nslots++;
        ra_release(e, r);           /* buries it */
    }
}

static void flush_dirty(struct em *e, const uint64_t *skip)
{
    for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
        for (uint64_t d = e->dirty[w] & ~(skip ? skip[w] : 0); d; d &= d - 1) {
            flush_slot(e, w * 64 + __builtin_ctzll(d));
        }
    }
}

void sync_flush(struct em *e)
{
    flush_dirty(e, NULL);
}

/* ---- pinned slots ---- */

struct pins {
    struct pmove m[NREGS];
    uint8_t slot[NREGS];
    unsigned n;
};

/* A slot without a value has its put ahead (ra_dest took its register early); nothing sees it until then. */
static void find_displaced(struct em *e, const uint64_t *skip, struct pins *p)
{
    p->n = 0;
    for (uint32_t t = e->touched & e->h->pins; t; t &= t - 1) {
        int reg = __builtin_ctz(t);
        unsigned s = e->h->reg_slot[reg];
        ir_ref r = e->slot_val[s];
        if (!r || (skip && BIT_TEST(skip, s)) || (!ir_is_const(r) && e->val[r].reg == reg)) {
            continue;
        }
        p->slot[p->n] = s;
        p->m[p->n++] = (struct pmove){ .to = reg, .from = ir_is_const(r) ? -1 : e->val[r].reg, .ref = r };
    }
}

/* Values that would be overwritten and are needed afterwards. */
static bool clear_targets(struct em *e, struct pins *p)
{
    uint32_t targets = 0, was_free = e->free;
    bool moved = false;

    for (unsigned i = 0; i < p->n; i++) {
        targets |= BIT(p->m[i].to);
    }
    for (unsigned i = 0; i < p->n; i++) {
        ir_ref o = e->reg_val[p->m[i].to];
        if (o && (e->val[o].last > e->cur || e->val[o].nslots) && !is_source(p->m, p->n, p->m[i].to)) {
            e->free &= ~targets;
            ra_move_away(e, p->m[i].to);
            moved = true;
        }
    }
    e->free |= targets & was_free;
    for (uint32_t t = targets & ~e->free; t; t &= t - 1) {
        e->free |= e->reg_val[__builtin_ctz(t)] ? 0 : t & -t;
    }
    return moved;
}

void sync_pins(struct em *e, const uint64_t *skip)
{
    struct pins p;
    struct pmove m[NREGS];

    find_displaced(e, skip, &p);
    if (!p.n) {
        return;
    }
    if (clear_targets(e, &p)) {
        find_displaced(e, skip, &p);
    }
    memcpy(m, p.m, p.n * sizeof(m[0]));
    uint32_t was_free = e->free;
    e->free = 0;                    /* loads of constants must not pass through a register that has been moved to */
    parallel_move(e, m, p.n);
    e->free = was_free;
    for (unsigned i = 0; i < p.n; i++) {
        ir_ref o = e->reg_val[p.m[i].to];
        if (o) {
            ra_unbind(e, p.m[i].to);
        }
    }
    for (unsigned i = 0; i < p.n; i++) {
        unsigned s = p.slot[i];
        ir_ref r = p.m[i].ref;
        int reg = p.m[i].to;
        if (!ir_is_const(r) && e->h->pin_reg[s] == reg) {
            int now = e->val[r].reg;
            int at = now >= 0 ? e->h->reg_slot[now] : -1;
            if (at < 0 || e->slot_val[at] != r || e->reg_val[now] != r) {
                if (now >= 0) {
                    ra_unbind(e, now);
                }
                ra_bind(e, r, reg);
                continue;
            }
            e->val[r].nslots--;     /* the value stays where it is; this register has a copy of its own */
        }
        e->val[PSEUDO0 + s] = (struct val){ .reg = -1, .spill = -1, .nslots = 1 };
        e->slot_val[s] = PSEUDO0 + s;
        ra_bind(e, PSEUDO0 + s, reg);
    }
}

void sync_homes(struct em *e, const uint64_t *skip, bool at_end)
{
    e->cur -= at_end;               /* operands of a terminator are needed after this */
    canon_slots(e);
    flush_dirty(e, skip);
    sync_pins(e, skip);
    e->cur += at_end;
}
