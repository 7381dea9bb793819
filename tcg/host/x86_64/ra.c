/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register allocator: one forward pass, registers given out as instructions are emitted. See host_impl.h for where
 * values and slots can be.
 */
#include "tcg/host/x86_64/host_impl.h"

static bool needed(const struct em *e, ir_ref r)
{
    return e->val[r].nslots || e->val[r].last > e->cur;
}

/* As needed(), or an operand of the current instruction, which may not have been fetched yet. */
static bool needed_now(const struct em *e, ir_ref r)
{
    return e->val[r].nslots || e->val[r].last >= e->cur;
}

bool ra_dies(const struct em *e, ir_ref r)
{
    return !ir_is_const(r) && !needed(e, r);
}

/* ---- frame ---- */

int ra_frame(struct em *e, unsigned n)
{
    for (unsigned i = 0; i + n <= FRAME_SLOTS; i += n) {
        bool clash = false;
        for (unsigned k = 0; k < n; k++) {
            clash |= BIT_TEST(e->frame_used, i + k);
        }
        if (!clash) {
            for (unsigned k = 0; k < n; k++) {
                BIT_SET(e->frame_used, i + k);
            }
            return i;
        }
    }
    e->failed = true;
    return 0;
}

unsigned ra_frame_bytes(const struct em *e, ir_ref r)
{
    if (r >= GROUP0) {
        return 8;
    }
    unsigned t = r >= PSEUDO0 ? e->h->type[r - PSEUDO0] : e->ir->insns[r].type;

    return t == IR_I128 || t == IR_V128 ? 16 : 8;
}

int ra_frame_for(struct em *e, ir_ref r)
{
    return ra_frame(e, ra_frame_bytes(e, r) / 8);
}

/* ---- registers and values ---- */

void ra_bind(struct em *e, ir_ref r, int reg)
{
    e->reg_val[reg] = r;
    e->free &= ~BIT(reg);
    e->val[r].reg = reg;
}

void ra_unbind(struct em *e, int reg)
{
    ir_ref r = e->reg_val[reg];

    if (r) {
        e->val[r].reg = -1;
        e->reg_val[reg] = 0;
        e->free |= BIT(reg);
        e->touched |= BIT(reg);
    }
}

/* Nothing needs the value any more: its places are free. */
static void bury(struct em *e, ir_ref r)
{
    struct val *v = val_of(e, r);

    if (v->reg >= 0) {
        ra_unbind(e, v->reg);
    }
    if (v->spill >= 0 && !(v->flags & VAL_CROSS)) {
        BIT_CLEAR(e->frame_used, v->spill);
        if (ra_frame_bytes(e, r) == 16) {
            BIT_CLEAR(e->frame_used, v->spill + 1);
        }
        v->spill = -1;
    }
    if (v->home) {
        e->home_val[v->home - 1] = 0;
        BIT_CLEAR(e->homed, v->home - 1);
        v->home = 0;
    }
}

void ra_release(struct em *e, ir_ref r)
{
    if (r && !ir_is_const(r)) {
        e->val[r].nslots--;
        if (!needed(e, r)) {
            bury(e, r);
        }
    }
}

static void claim(struct em *e, ir_ref r)
{
    if (!ir_is_const(r)) {
        e->val[r].nslots++;
    }
}

void ra_emit_move(struct em *e, int to, int from)
{
    if (to == from) {
        return;
    }
    if (is_xmm(to)) {
        assert(is_xmm(from));
        if (has_avx(e)) {
            asm_vrr(&e->c, X_MOVAPS, to & 15, 0, from & 15);
        } else {
            asm_rr(&e->c, X_MOVAPS, to & 15, from & 15);
        }
    } else {
        asm_rr(&e->c, X_MOV_LOAD | X_W, to, from);
    }
}

unsigned ra_slot_bytes(const struct em *e, unsigned slot)
{
    return type_bytes(e->h->type[slot]);
}

static void vector_mem(struct em *e, uint32_t op, int reg, const struct amem *m)
{
    if (has_avx(e)) {
        asm_vrm(&e->c, op, reg & 15, 0, m);
    } else {
        asm_rm(&e->c, op, reg & 15, m);
    }
}

void ra_load_mem(struct em *e, int reg, const struct amem *m, unsigned bytes)
{
    if (!is_xmm(reg)) {
        asm_rm(&e->c, X_MOV_LOAD | X_IF_W(bytes == 8), reg, m);
    } else {
        vector_mem(e, bytes == 16 ? X_MOVUPS : bytes == 8 ? X_MOVSD : X_MOVSS, reg, m);
    }
}

void ra_store_mem(struct em *e, int reg, const struct amem *m, unsigned bytes)
{
    if (!is_xmm(reg)) {
        asm_rm(&e->c, X_MOV_STORE | X_IF_W(bytes == 8), reg, m);
    } else {
        vector_mem(e, bytes == 16 ? X_MOVUPS_STORE : bytes == 8 ? X_MOVSD_STORE : X_MOVSS_STORE, reg, m);
    }
}

/* Where a value without a register is in memory. */
struct amem ra_value_mem(const struct em *e, ir_ref r, unsigned *bytes)
{
    const struct val *v = &e->val[r];

    if (v->spill >= 0) {
        *bytes = ra_frame_bytes(e, r);
        return spill_mem(v->spill);
    }
    assert(v->home);
    *bytes = ra_slot_bytes(e, v->home - 1);
    return home_mem(e, v->home - 1);
}

static void load_const(struct em *e, int reg, uint64_t bits)
{
    if (!is_xmm(reg)) {
        asm_mov_imm(&e->c, reg, bits);
    } else if (!bits) {
        if (has_avx(e)) {
            asm_vrr(&e->c, X_XORPS, reg & 15, reg & 15, reg & 15);
        } else {
            asm_rr(&e->c, X_XORPS, reg & 15, reg & 15);
        }
    } else if (e->free & ~e->locked & GPR_MASK) {
        int t = __builtin_ctz(e->free & ~e->locked & GPR_MASK);
        asm_mov_imm(&e->c, t, bits);
        asm_rr(&e->c, X_MOVD_IN | X_W, reg & 15, t);
    } else {
        /* the two halves through the red zone below the frame: no register is needed */
        struct amem lo = amem(RSP, -16), hi = amem(RSP, -12);
        asm_rm_imm(&e->c, X_MOV_IMM, 0, &lo, 4);
        asm_u32(&e->c, (uint32_t)bits);
        asm_rm_imm(&e->c, X_MOV_IMM, 0, &hi, 4);
        asm_u32(&e->c, (uint32_t)(bits >> 32));
        ra_load_mem(e, reg, &lo, 8);
    }
}

void ra_load(struct em *e, int reg, ir_ref r)
{
    if (ir_is_const(r)) {
        load_const(e, reg, ir_const_value(e->ir, r));
    } else if (e->val[r].reg >= 0) {
        ra_emit_move(e, reg, e->val[r].reg);
    } else {
        unsigned bytes;
        struct amem m = ra_value_mem(e, r, &bytes);
        ra_load_mem(e, reg, &m, bytes);
    }
}

/* Copies a value that is only in a home to the frame, before the home is overwritten. */
void ra_save_home_value(struct em *e, unsigned slot)
{
    ir_ref r = e->home_val[slot];

    if (!r) {
        return;
    }
    struct val *v = val_of(e, r);
    if (v->reg < 0 && v->spill < 0 && needed_now(e, r)) {
        struct amem from = home_mem(e, slot);
        v->spill = ra_frame_for(e, r);
        struct amem to = spill_mem(v->spill);
        ra_load_mem(e, FSCRATCH, &from, ra_slot_bytes(e, slot));
        ra_store_mem(e, FSCRATCH, &to, ra_frame_bytes(e, r));
    }
    v->home = 0;
    e->home_val[slot] = 0;
    BIT_CLEAR(e->homed, slot);
}

/* An I32 value in a 64-bit home keeps only what the slot's type says; such a home is no copy of a wider value. */
static bool home_holds(const struct em *e, unsigned slot, ir_ref r)
{
    unsigned t = r >= PSEUDO0 ? e->h->type[r - PSEUDO0] : e->ir->insns[r].type;

    return ra_slot_bytes(e, slot) >= type_bytes(t);
}

/* A dirty unpinned slot's value, which is in a register, goes to its home. */
void ra_store_home(struct em *e, unsigned slot)
{
    ir_ref r = e->slot_val[slot];
    struct val *v = val_of(e, r);
    struct amem m = home_mem(e, slot);

    ra_save_home_value(e, slot);
    ra_store_mem(e, v->reg, &m, ra_slot_bytes(e, slot));
    BIT_CLEAR(e->dirty, slot);
    e->slot_val[slot] = 0;
    v->nslots--;
    if (ra_slot_bytes(e, slot) == 4) {
        v->flags &= ~(VAL_BOXED | VAL_ZEXT);    /* it may come back from here */
    }
    if (!v->home && home_holds(e, slot, r)) {
        v->home = slot + 1;
        e->home_val[slot] = r;
        BIT_SET(e->homed, slot);
    }
}

static int dirty_slot_of(const struct em *e, ir_ref r)
{
    for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
        for (uint64_t d = e->dirty[w]; d; d &= d - 1) {
            unsigned s = w * 64 + __builtin_ctzll(d);
            if (e->slot_val[s] == r) {
                return s;
            }
        }
    }
    return -1;
}

/* Must the home keep what it holds, for an instruction that is being put together? */
static bool home_locked(const struct em *e, int slot)
{
    for (unsigned i = 0; i < e->nlocked_home; i++) {
        if (e->locked_home[i] == slot) {
            return true;
        }
    }
    return false;
}

void ra_spill_reg(struct em *e, int reg)
{
    ir_ref r = e->reg_val[reg];

    if (!r) {
        return;
    }
    struct val *v = val_of(e, r);
    if (needed_now(e, r) && v->spill < 0 && !v->home) {
        int s = v->nslots ? dirty_slot_of(e, r) : -1;
        /* A home holds the canonical NaN only; a value that may be another one waits in the frame for ra_sync. */
        if (s >= 0 && home_holds(e, s, r) && !home_locked(e, s) && canon_kind(e, r) == CANON_NOT) {
            ra_store_home(e, s);
            if (!needed_now(e, r)) {
                bury(e, r);
                return;
            }
        } else {
            v->spill = ra_frame_for(e, r);
            struct amem m = spill_mem(v->spill);
            ra_store_mem(e, reg, &m, ra_frame_bytes(e, r));
        }
    }
    ra_unbind(e, reg);
}

static int pick(uint32_t mask)
{
    return __builtin_ctz(mask);
}

/* The register among mask that is cheapest to empty. */
static int victim(struct em *e, uint32_t mask)
{
    int best = -1;
    unsigned best_cost = 0;

    for (; mask; mask &= mask - 1) {
        int reg = pick(mask);
        ir_ref r = e->reg_val[reg];
        const struct val *v = &e->val[r];
        int s = e->h->reg_slot[reg];
        unsigned cost = 1;
        if (s >= 0 && e->slot_val[s] == r) {
            cost = 4;               /* must come back before the region is left */
        } else if (v->spill >= 0 || v->home) {
            cost = 1;
        } else {
            cost = v->nslots ? 2 : 3;
        }
        cost = cost << 16 | (0xffffu - v->last);
        if (best < 0 || cost < best_cost) {
            best = reg;
            best_cost = cost;
        }
    }
    return best;
}

int ra_alloc(struct em *e, uint32_t mask)
{
    uint32_t can = mask & e->free & ~e->locked;
    int reg;

    if (can & e->h->temps) {
        reg = pick(can & e->h->temps);
    } else if (can) {
        reg = pick(can);
    } else {
        reg = victim(e, mask & (e->h->temps | e->h->pins) & ~e->locked);
        if (reg < 0) {
            e->failed = true;       /* more operands than registers: cannot be, but an abort would be worse than a retry */
            return pick(mask);
        }
        ra_spill_reg(e, reg);
    }
    e->free &= ~BIT(reg);
    e->locked |= BIT(reg);
    return reg;
}

int ra_temp(struct em *e)
{
    return ra_alloc(e, GPR_MASK);
}

int ra_ftemp(struct em *e)
{
    return ra_alloc(e, XMM_MASK);
}

/* Moves a register's value to a free register of its class if there is one; else to memory. */
void ra_move_away(struct em *e, int reg)
{
    ir_ref r = e->reg_val[reg];
    uint32_t can = e->free & ~e->locked & (is_xmm(reg) ? XMM_MASK : GPR_MASK);

    if (r && needed_now(e, r) && can) {
        int to = pick(can & e->h->temps ? can & e->h->temps : can);
        ra_emit_move(e, to, reg);
        ra_unbind(e, reg);
        ra_bind(e, r, to);
    } else {
        ra_spill_reg(e, reg);
    }
}

void ra_take(struct em *e, int reg)
{
    assert(!(e->locked & BIT(reg)));
    if (e->reg_val[reg]) {
        ra_move_away(e, reg);
    }
    e->free &= ~BIT(reg);
    e->locked |= BIT(reg);
}

static uint32_t class_of(struct em *e, ir_ref r)
{
    return is_float(ir_type_of(e->ir, r)) ? XMM_MASK : GPR_MASK;
}

int ra_use(struct em *e, ir_ref r)
{
    r = resolve(e, r);
    if (ir_is_const(r)) {
        int reg = ra_alloc(e, class_of(e, r));
        load_const(e, reg, ir_const_value(e->ir, r));
        return reg;
    }
    struct val *v = val_of(e, r);
    if (v->reg < 0) {
        int reg = ra_alloc(e, class_of(e, r));
        ra_load(e, reg, r);
        ra_bind(e, r, reg);
    }
    e->locked |= BIT(v->reg);
    return v->reg;
}

int ra_use_pseudo(struct em *e, unsigned r)
{
    struct val *v = &e->val[r];

    if (v->reg < 0) {
        struct amem m = spill_mem(v->spill);
        int reg = ra_alloc(e, GPR_MASK);
        ra_load_mem(e, reg, &m, 8);
        ra_bind(e, r, reg);
    }
    e->locked |= BIT(v->reg);
    return v->reg;
}

struct opnd ra_operand(struct em *e, ir_ref r, unsigned kinds, bool w)
{
    struct opnd o = { .kind = O_REG };

    r = resolve(e, r);
    if (ir_is_const(r)) {
        int64_t v = (int64_t)ir_const_value(e->ir, r);
        v = w ? v : (int32_t)v;
        if ((kinds & K_IMM) && v == (int32_t)v) {
            o.kind = O_IMM;
            o.imm = (int32_t)v;
            return o;
        }
        o.reg = ra_alloc(e, GPR_MASK);
        asm_mov_imm(&e->c, o.reg, w ? (uint64_t)v : (uint32_t)v);
        return o;
    }
    struct val *v = val_of(e, r);
    if ((kinds & K_MEM) && v->reg < 0 && v->last <= e->cur && (e->h->env.opts & HOST_OPT_FUSE)) {
        unsigned bytes;
        struct amem m = ra_value_mem(e, r, &bytes);
        if (bytes >= 8 || !w) {
            if (v->spill < 0) {
                assert(e->nlocked_home < sizeof(e->locked_home));
                e->locked_home[e->nlocked_home++] = v->home - 1;
            }
            o.kind = O_MEM;
            o.mem = m;
            return o;
        }
    }
    o.reg = ra_use(e, r);
    return o;
}

static void note_flux(struct em *e, unsigned slot, ir_ref old)
{
    e->flux_slot = slot;
    e->flux_ref = old;
    e->flux_val = e->val[ir_is_const(old) ? 0 : old];
}

/* Can the hinted pinned register take the result now? Empties it if so. */
static bool take_hint(struct em *e, int reg, unsigned slot, ir_ref r)
{
    ir_ref o = e->reg_val[reg], old = e->slot_val[slot];
    bool early = e->n->scratch == e->val[r].put_vis;    /* nothing sees the slot between here and the put */

    if (!early && o && o == old) {
        return false;
    }
    e->touched |= BIT(reg);
    if (early && o && o == old) {
        /* the slot's old value goes; it may be the value of other slots or have uses left */
        note_flux(e, slot, old);
        e->slot_val[slot] = 0;
        e->val[o].nslots--;
    }
    if (o && needed(e, o)) {
        ra_move_away(e, reg);
    } else if (o) {
        bury(e, o);
    }
    if (early && old && o != old) { /* last: until now its register was not free, so the map finds the old value there */
        note_flux(e, slot, old);
        e->slot_val[slot] = 0;
        ra_release(e, old);
    }
    return true;
}

int ra_dest_class(struct em *e, int prefer, uint32_t forbid, uint32_t cls)
{
    ir_ref r = e->cur;
    unsigned slot = e->val[r].hint;
    int reg = slot ? e->h->pin_reg[slot - 1] : -1;

    if (reg >= 0 && (BIT(reg) & cls & ~forbid) && (!(e->locked & BIT(reg)) || e->reg_val[reg]) &&
        take_hint(e, reg, slot - 1, r)) {
        /* taken */
    } else if (prefer >= 0 && (BIT(prefer) & cls & ~forbid) && (!e->reg_val[prefer] || !needed(e, e->reg_val[prefer]))) {
        reg = prefer;
        if (e->reg_val[reg]) {
            bury(e, e->reg_val[reg]);
        }
    } else {
        reg = ra_alloc(e, cls & ~forbid);
    }
    e->locked |= BIT(reg);
    ra_bind(e, r, reg);
    return reg;
}

int ra_dest(struct em *e, int prefer, uint32_t forbid)
{
    return ra_dest_class(e, prefer, forbid, is_float(e->n->type) ? XMM_MASK : GPR_MASK);
}

void ra_use_done(struct em *e, ir_ref r)
{
    r = resolve(e, r);
    if (!ir_is_const(r) && !needed(e, r)) {
        bury(e, r);
    }
}

void ra_done(struct em *e)
{
    for (uint32_t m = e->locked; m; m &= m - 1) {
        int reg = pick(m);
        ir_ref r = e->reg_val[reg];
        if (!r) {
            e->free |= BIT(reg);
        } else if (!needed(e, r)) {
            bury(e, r);
        }
    }
    e->locked = e->nlocked_home = 0;
    e->flux_slot = -1;
}

/* ---- slots ---- */

void ra_get(struct em *e, unsigned slot)
{
    ir_ref r = e->cur, now = e->slot_val[slot];
    struct val *v = val_of(e, r);
    int pin = e->h->pin_reg[slot];

    if (!v->last) {
        return;
    }
    if (pin < 0 && !now) {
        ir_ref at = e->home_val[slot];
        if (at) {                   /* the same value under another name, still in use: read it now, so that homes stay simple */
            ra_load(e, ra_dest_class(e, -1, 0, is_float(e->h->type[slot]) ? XMM_MASK : GPR_MASK), at);
            return;
        }
        v->home = slot + 1;
        e->home_val[slot] = r;
        BIT_SET(e->homed, slot);
    } else if (now == PSEUDO0 + slot) {
        struct val *p = val_of(e, now);
        v->reg = p->reg;
        v->spill = p->spill;
        v->nslots = 1;
        p->reg = p->spill = -1;
        p->nslots = 0;
        if (v->reg >= 0) {
            e->reg_val[v->reg] = r;
        }
        e->slot_val[slot] = r;
    } else {
        ra_load(e, ra_dest_class(e, -1, 0, is_float(e->h->type[slot]) ? XMM_MASK : GPR_MASK), now);
    }
}

void ra_put(struct em *e, unsigned slot, ir_ref r)
{
    ir_ref old = e->slot_val[slot];

    if (ir_is_noncanon(e->ir, r) && !ir_is_const(resolve(e, r))) {
        e->ir->insns[resolve(e, r)].flags |= IR_NONCANON;
    }
    r = resolve(e, r);
    if (e->h->pin_reg[slot] >= 0) {
        if (old != r) {
            e->touched |= BIT(e->h->pin_reg[slot]);
            claim(e, r);
            e->slot_val[slot] = r;
            ra_release(e, old);
        }
        return;
    }
    claim(e, r);
    e->slot_val[slot] = 0;
    if (BIT_TEST(e->dirty, slot)) {
        ra_release(e, old);
    }
    if (!ir_is_const(r) && e->home_val[slot] == r) {
        BIT_CLEAR(e->dirty, slot);
        ra_release(e, r);
        return;
    }
    e->slot_val[slot] = r;
    BIT_SET(e->dirty, slot);
}

void ra_block_start(struct em *e)
{
    const struct host *h = e->h;
    unsigned nslots = h->target->nslots;

    memcpy(e->reg_val, h->start_reg_val, sizeof(e->reg_val));
    memcpy(e->slot_val, h->start_slot_val, nslots * sizeof(e->slot_val[0]));
    memset(e->home_val, 0, nslots * sizeof(e->home_val[0]));
    memset(e->dirty, 0, sizeof(e->dirty));
    memset(e->homed, 0, sizeof(e->homed));
    memset(e->live_group, 0, sizeof(e->live_group));
    for (unsigned k = 0; k < h->npinned; k++) {
        e->val[PSEUDO0 + h->pinned[k]] = h->start_val[k];
    }
    e->free = h->temps;
    e->touched = e->locked = e->nlocked_home = 0;
    e->flux_slot = -1;
}
