/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory. The inline TLB look-up keeps tag and compare off the address chain:
 *
 *   lea   t1, [base + disp]
 *   bextr t2, t1, r11                      index
 *   sub   t1, [r14 + t2 * 8 + tags]        offset in the page, if it hits
 *   cmp   t1, 4096 - size                  hit and not over the page's end, in one
 *   ja    slow
 *   mov   t2, [r14 + t2 * 8 + addend]
 *   mov   value, [t2 + base + disp]
 *
 * Where a block makes several accesses with the same base (ra_scan.c), the first one's look-up serves all: its comparison
 * covers the span of them all, and the addend stays in a register, so that the others are
 *
 *   test  addend, addend
 *   je    cold
 *   mov   value, [addend + base + disp]
 *
 * An address that is a sum of a base and an index that can't be large (a table's, after a mask) counts as the base with a
 * span of all it can be.
 *
 * If that comparison fails, and when any slow path has run in between (a device may have changed the memory map), the
 * addend is 0. Accesses without one take the slow path, whose thunk does a look-up for them.
 *
 * The slow path pushes address and value and calls a thunk (abi.c), which leaves the result in the address's place. It
 * keeps all registers but t1 and t2. There is a thunk for each kind of access, which looks the TLB up once more: for the
 * accesses of a group that have no addend, and as that is what they are called for, code in blocks stays short.
 */
#include "tcg/host/x86_64/host_impl.h"

struct lookup {
    int base, t1, t2;
    int look;                   /* SHARED_LEADER: the group's base */
    int32_t disp;
    unsigned mem, size;         /* bytes */
    uint32_t miss[2];           /* branches to the slow path */
    unsigned nmiss;
    unsigned shared;            /* SHARED_x; then t2 has the addend */
};

static void take_base(struct em *e, struct lookup *l, struct ir_insn *n, ir_ref addr)
{
    l->shared = SHARED_NOT;
    l->t1 = l->t2 = -1;
    l->mem = n->mem;
    l->size = 1u << (n->mem & IR_MEM_SIZE);
    l->disp = (int32_t)n->imm;
    l->nmiss = 0;
    ir_ref a = resolve(e, addr);
    if (ir_is_const(a)) {
        uint64_t v = ir_const_value(e->ir, a) + (int64_t)l->disp;
        l->base = ra_temp(e);
        l->disp = 0;
        asm_mov_imm(&e->c, l->base, v);
    } else {
        l->base = ra_use(e, a);
    }
}

static void begin_lookup(struct em *e, struct lookup *l, struct ir_insn *n, ir_ref addr)
{
    take_base(e, l, n, addr);
    l->t1 = ra_temp(e);
    l->t2 = ra_temp(e);
}

static struct amem lookup_mem(const struct lookup *l)
{
    return amem_index(l->t2, l->base, 0, l->disp);
}

/*
 * After this lookup_mem() is the host's address. All registers, the result's included, have been given out before: the
 * slow path branches off here and comes back behind the access, so nothing may move in between; and the result's
 * register is written last, so that the map can still find there what it held.
 */
static void x86_lookup(struct em *e, struct lookup *l, bool write)
{
    const struct host_env *env = &e->h->env;
    unsigned idx = IR_MEM_IDX(l->mem), page = 1u << env->page_bits;
    struct amem at = amem(l->base, l->disp);

    if (l->disp) {
        asm_rm(&e->c, X_LEA | X_W, l->t1, &at);
    } else {
        asm_rr(&e->c, X_MOV_LOAD | X_W, l->t1, l->base);
    }
    if ((l->mem & IR_MEM_ALIGN) && l->size > 1) {
        asm_rr_i8(&e->c, X_GROUP3_8, G3_TEST, l->t1, l->size - 1);
        l->miss[l->nmiss++] = asm_jcc(&e->c, CC_NE);
    }
    if (e->h->feat & FEAT_BMI1) {
        asm_vrr(&e->c, X_BEXTR | X_W, l->t2, TLBCTL_REG, l->disp ? l->t1 : l->base);
    } else {
        asm_rr(&e->c, X_MOV_LOAD | X_W, l->t2, l->disp ? l->t1 : l->base);
        asm_shift_i(&e->c, true, G2_SHR, l->t2, env->page_bits);
        asm_rr(&e->c, X_AND, TLBCTL_REG, l->t2);
    }
    struct amem tag = amem_index(TLB_REG, l->t2, 3, write ? env->tlb_write[idx] : env->tlb_read[idx]);
    struct amem addend = amem_index(TLB_REG, l->t2, 3, env->tlb_addend[idx]);
    asm_rm(&e->c, (X_SUB + 2) | X_W, l->t1, &tag);
    asm_alu_ri(&e->c, true, G1_CMP, l->t1, page - l->size);
    l->miss[l->nmiss++] = asm_jcc(&e->c, CC_A);
    asm_rm(&e->c, X_MOV_LOAD | X_W, l->t2, &addend);
}

static void note_groups(struct em *e, struct cold *k)
{
    for (unsigned i = 0; i < GROUPS_LIVE; i++) {
        const struct val *v = &e->val[GROUP0 + i];
        bool live = e->live_group[i] && v->last >= e->cur;
        k->group_reg[i] = live ? v->reg : -1;
        k->group_spill[i] = live ? v->spill : -1;
    }
}

/* The slow path of an access; its map shows the slots as they are now. */
static struct cold *slow_path(struct em *e, struct lookup *l, void (*emit)(struct em *, struct cold *), unsigned type)
{
    struct cold *k = cold_new(e, emit, l->miss[0]);

    k->imm = l->nmiss > 1 ? l->miss[1] : 0;
    k->r[0] = l->base;
    k->r[1] = l->t1;
    k->r[2] = l->t2;
    k->disp = l->disp;
    k->mem = (l->mem & 0xfff) | type << 16;
    k->shared = l->shared;
    note_groups(e, k);
    map_snapshot(e, k);
    return k;
}

/* The slow path has run, or a look-up for all accesses of a group has failed: their addends are void. */
static void forget_addends(struct em *e, const struct cold *k)
{
    for (unsigned i = 0; i < GROUPS_LIVE; i++) {
        struct amem m = spill_mem(k->group_spill[i]);
        if (k->group_reg[i] >= 0) {
            asm_rr(&e->c, X_XOR, k->group_reg[i], k->group_reg[i]);
        }
        if (k->group_spill[i] >= 0) {
            asm_rm_imm(&e->c, X_MOV_IMM | X_W, 0, &m, 4);
            asm_u32(&e->c, 0);
        }
    }
}

static void cold_begin(struct em *e, struct cold *k)
{
    struct amem at = amem(k->r[0], k->disp), top = amem(RSP, 0);

    if (k->imm) {
        asm_patch_here(&e->c, (uint32_t)k->imm);
    }
    if (k->disp && k->r[1] >= 0) {
        asm_rm(&e->c, X_LEA | X_W, k->r[1], &at);
        asm_push(&e->c, k->r[1]);
        return;
    }
    asm_push(&e->c, k->r[0]);
    if (k->disp) {
        asm_alu_mi(&e->c, true, G1_ADD, &top, k->disp);
    }
}

static void drop(struct em *e, int bytes)
{
    struct amem to = amem(RSP, bytes);

    asm_rm(&e->c, X_LEA | X_W, RSP, &to);
}

static void call_thunk(struct em *e, struct cold *k, const uint8_t *thunk)
{
    asm_push_imm(&e->c, (int32_t)k->mem);
    asm_call_abs(&e->c, thunk);
    map_record(e, asm_pos(&e->c), k);
}

/* The thunk of a load or store of up to 8 bytes. Bits that it does not imply are pushed. */
static void call_access(struct em *e, struct cold *k, const struct host_access *fast, const uint8_t *slow)
{
    unsigned mem = k->mem & 0xffff, implied = IR_MEM_SIZE | IR_MEM_SIGN | 15 << IR_MEM_IDX_SHIFT;
    const struct host_access *a = &fast[IR_MEM_IDX(mem) * HOST_KINDS + (mem & (IR_MEM_SIZE | IR_MEM_SIGN))];

    if (!(mem & ~implied) && a->bare) {
        asm_call_abs(&e->c, a->bare);
        map_record(e, asm_pos(&e->c), k);
    } else {
        call_thunk(e, k, k->shared == SHARED_NOT || !a->pushed ? slow : a->pushed);
    }
}

/* ---- plain accesses ---- */

/* reg := [m], extended */
static void plain_load(struct em *e, int reg, const struct amem *m, unsigned mem, bool w)
{
    static const uint32_t op[8] = {
        X_MOVZX8, X_MOVZX16, X_MOV_LOAD, X_MOV_LOAD | X_W, X_MOVSX8, X_MOVSX16, X_MOVSXD, X_MOV_LOAD | X_W,
    };
    unsigned size = mem & 3;
    bool sign = mem & IR_MEM_SIGN;

    if (is_xmm(reg)) {
        ra_load_mem(e, reg, m, 1u << (mem & IR_MEM_SIZE));
        return;
    }
    if (sign && size == IR_MEM_32 && !w) {
        sign = false;
    }
    asm_rm(&e->c, op[size + 4 * sign] | (sign && size < 2 && w ? X_W : 0), reg, m);
}

static void swap_bytes(struct em *e, int reg, unsigned mem, bool w)
{
    unsigned size = mem & IR_MEM_SIZE;

    if (size == IR_MEM_64) {
        asm_head(&e->c, 0xc8 | X_0F | X_W | (reg & 7), 0, 0, reg);
    } else if (size == IR_MEM_32) {
        asm_head(&e->c, 0xc8 | X_0F | (reg & 7), 0, 0, reg);
        if ((mem & IR_MEM_SIGN) && w) {
            asm_rr(&e->c, X_MOVSXD, reg, reg);
        }
    } else if (size == IR_MEM_16) {
        asm_rr_i8(&e->c, X_GROUP2 | X_66, G2_ROL, reg, 8);
        asm_rr(&e->c, (mem & IR_MEM_SIGN ? X_MOVSX16 : X_MOVZX16) | X_IF_W(w), reg, reg);
    }
}

/* ---- shared look-ups ---- */

static unsigned live_slot(const struct em *e, unsigned group)
{
    unsigned i = 0;

    while (i < GROUPS_LIVE && (!group || e->live_group[i] != group)) {
        i++;
    }
    return i;
}

/* Base and temporaries of a load or store; for a member of a group the addend in t2. */
static void begin_access(struct em *e, struct lookup *l, struct ir_insn *n)
{
    unsigned id = e->group_of[e->cur], slot = live_slot(e, id);
    const struct group *g = &e->group[id];

    take_base(e, l, n, n->a);
    if (slot < GROUPS_LIVE) {
        l->shared = SHARED_MEMBER;
        l->t2 = ra_use_pseudo(e, GROUP0 + slot);
        return;
    }
    bool leads = id && g->leader == e->cur && g->count >= 2;
    l->look = leads ? ra_use(e, g->base) : -1;
    l->t1 = ra_temp(e);
    l->t2 = ra_temp(e);
    if (!leads) {
        return;
    }
    for (slot = 0; slot < GROUPS_LIVE; slot++) {
        if (!e->live_group[slot] || e->val[GROUP0 + slot].last < e->cur) {
            l->shared = SHARED_LEADER;
            e->live_group[slot] = id;
            e->val[GROUP0 + slot] = (struct val){ .reg = -1, .spill = -1, .last = g->last };
            ra_bind(e, GROUP0 + slot, l->t2);
            return;
        }
    }
}

static void emit_access_lookup(struct em *e, struct lookup *l, bool write)
{
    if (l->shared == SHARED_MEMBER) {
        asm_rr(&e->c, X_TEST | X_W, l->t2, l->t2);
        l->miss[l->nmiss++] = asm_jcc(&e->c, CC_E);
    } else if (l->shared == SHARED_LEADER) {
        const struct group *g = &e->group[e->group_of[e->cur]];
        int32_t disp = l->disp;
        int base = l->base;
        l->base = l->look;
        l->disp = g->min;
        l->size = g->end - g->min;
        x86_lookup(e, l, g->write);
        l->base = base;
        l->disp = disp;
    } else {
        x86_lookup(e, l, write);
    }
}

/* The general thunk for 16 bytes in a vector register (-1: none): the value stands at rsp afterwards, 40 bytes are left
 * to drop. */
static void call_wide(struct em *e, struct cold *k, unsigned op, int value)
{
    struct amem top = amem(RSP, 0);

    asm_push_imm(&e->c, 0);
    asm_push_imm(&e->c, 0);
    drop(e, -16);
    if (value >= 0) {
        ra_store_mem(e, value, &top, 16);
    }
    k->mem |= op << 24;
    call_thunk(e, k, e->h->slow_any);
}

/* ---- loads ---- */

static void cold_load(struct em *e, struct cold *k)
{
    struct amem top = amem(RSP, 0);

    cold_begin(e, k);
    if ((k->mem & IR_MEM_SIZE) == IR_MEM_128) {
        call_wide(e, k, HOST_SLOW_LOAD128, -1);
        ra_load_mem(e, k->r[3], &top, 16);
        drop(e, 40);
        forget_addends(e, k);
        asm_jmp_to(&e->c, k->back);
        return;
    }
    call_access(e, k, e->h->fast_load, e->h->slow_load);
    if (is_xmm(k->r[3])) {
        asm_rm(&e->c, X_MOVSD, k->r[3] & 15, &top);
        asm_alu_ri(&e->c, true, G1_ADD, RSP, 8);
    } else {
        asm_pop(&e->c, k->r[3]);
    }
    forget_addends(e, k);
    asm_jmp_to(&e->c, k->back);
}

static void load_wide(struct em *e, struct ir_insn *n);

void x86_ld(struct em *e, struct ir_insn *n)
{
    struct lookup l;
    bool w = n->type == IR_I64, be = (n->mem & IR_MEM_BE) && (n->mem & IR_MEM_SIZE);

    if (n->type == IR_I128) {
        load_wide(e, n);
        return;
    }
    begin_access(e, &l, n);
    int d = ra_dest(e, is_float(n->type) ? -1 : l.shared == SHARED_NOT ? l.t2 : l.t1, l.shared ? BIT(l.t2) : 0);
    emit_access_lookup(e, &l, false);
    struct cold *k = slow_path(e, &l, cold_load, n->type);
    struct amem m = lookup_mem(&l);
    k->r[3] = d;
    if (!be) {
        plain_load(e, d, &m, n->mem, w);
    } else if (is_float(n->type)) {
        plain_load(e, l.t2, &m, n->mem & ~IR_MEM_SIGN, true);
        swap_bytes(e, l.t2, n->mem & ~IR_MEM_SIGN, true);
        asm_rr(&e->c, X_MOVD_IN | X_W, d & 15, l.t2);
    } else {
        plain_load(e, d, &m, n->mem & ~IR_MEM_SIGN, w);
        swap_bytes(e, d, n->mem, w);
    }
    k->back = asm_pos(&e->c);
    e->val[e->cur].flags |= is_float(n->type) ? VAL_CLEAR : 0;
}

/* ---- stores ---- */

static void plain_store(struct em *e, const struct amem *m, unsigned size, const struct opnd *v)
{
    static const uint32_t op[4] = { X_MOV_STORE8, X_MOV_STORE16, X_MOV_STORE, X_MOV_STORE | X_W };
    static const uint32_t op_imm[4] = { X_MOV_IMM8, X_MOV_IMM16, X_MOV_IMM, X_MOV_IMM | X_W };
    static const uint8_t bytes[4] = { 1, 2, 4, 4 };

    if (v->kind == O_IMM) {
        asm_rm_imm(&e->c, op_imm[size], 0, m, bytes[size]);
        memcpy(e->c.p, &v->imm, bytes[size]);
        e->c.p += bytes[size];
    } else if (is_xmm(v->reg)) {
        ra_store_mem(e, v->reg, m, 1u << size);
    } else {
        asm_rm(&e->c, op[size], v->reg, m);
    }
}

static void cold_store(struct em *e, struct cold *k)
{
    struct amem top = amem(RSP, 0);

    cold_begin(e, k);
    if ((k->mem & IR_MEM_SIZE) == IR_MEM_128) {
        call_wide(e, k, HOST_SLOW_STORE128, k->r[3]);
        drop(e, 40);
        forget_addends(e, k);
        asm_jmp_to(&e->c, k->back);
        return;
    }
    if (k->op == O_IMM) {
        asm_push_imm(&e->c, k->imm2);
    } else if (is_xmm(k->r[3])) {
        asm_alu_ri(&e->c, true, G1_SUB, RSP, 8);
        asm_rm(&e->c, X_MOVSD_STORE, k->r[3] & 15, &top);
    } else {
        asm_push(&e->c, k->r[3]);
    }
    call_access(e, k, e->h->fast_store, e->h->slow_store);
    forget_addends(e, k);
    asm_jmp_to(&e->c, k->back);
}

static void store_wide(struct em *e, struct ir_insn *n);

void x86_st(struct em *e, struct ir_insn *n)
{
    struct lookup l;
    unsigned size = n->mem & IR_MEM_SIZE, type = ir_type_of(e->ir, n->b);
    bool be = (n->mem & IR_MEM_BE) && size, is_f = is_float(type);
    struct opnd v = { .kind = O_REG };

    if (type == IR_I128) {
        store_wide(e, n);
        return;
    }
    begin_access(e, &l, n);
    if (is_f || be) {
        v.reg = ra_use(e, n->b);
    } else {
        v = ra_operand(e, n->b, K_IMM, size == IR_MEM_64);
    }
    struct opnd swapped = { .kind = O_REG, .reg = be ? ra_temp(e) : -1 };
    emit_access_lookup(e, &l, true);
    struct cold *k = slow_path(e, &l, cold_store, type);
    k->r[3] = v.kind == O_REG ? v.reg : -1;
    k->op = v.kind;
    k->imm2 = v.imm;
    struct amem m = lookup_mem(&l);
    if (be) {
        if (is_f) {
            asm_rr(&e->c, X_MOVD_OUT | X_W, v.reg & 15, swapped.reg);
        } else {
            asm_rr(&e->c, X_MOV_LOAD | X_W, swapped.reg, v.reg);
        }
        swap_bytes(e, swapped.reg, n->mem & ~IR_MEM_SIGN, true);
        plain_store(e, &m, size, &swapped);
    } else {
        plain_store(e, &m, size, &v);
    }
    k->back = asm_pos(&e->c);
}

/* ---- the general slow path: atomics, 16 bytes, probes ---- */

/* Pushes expected and new value (each low half last) and calls. r[3] = value register or -1, r[4] = expected or -1; the
 * result goes to r[5] if that is not -1. */
static void cold_any(struct em *e, struct cold *k)
{
    cold_begin(e, k);
    for (int i = 4; i >= 3; i--) {
        asm_push_imm(&e->c, 0);
        if (k->r[i] >= 0) {
            asm_push(&e->c, k->r[i]);
        } else {
            asm_push_imm(&e->c, 0);
        }
    }
    k->mem |= (uint32_t)k->op << 24;
    call_thunk(e, k, e->h->slow_any);
    struct amem up = amem(RSP, k->r[5] >= 0 ? 32 : 40);
    if (k->r[5] >= 0) {
        asm_pop(&e->c, k->r[5]);
    }
    asm_rm(&e->c, X_LEA | X_W, RSP, &up);
    forget_addends(e, k);
    asm_jmp_to(&e->c, k->back);
}

static struct cold *any_path(struct em *e, struct lookup *l, unsigned op, unsigned type)
{
    struct cold *k = slow_path(e, l, cold_any, type);

    k->op = op;
    k->r[3] = k->r[4] = k->r[5] = -1;
    return k;
}

void x86_probe(struct em *e, struct ir_insn *n)
{
    struct lookup l;

    begin_lookup(e, &l, n, n->a);
    x86_lookup(e, &l, true);
    any_path(e, &l, HOST_SLOW_PROBE, IR_I64)->back = asm_pos(&e->c);
}

void x86_fence(struct em *e, struct ir_insn *n)
{
    if (n->sub & IR_FENCE_WR) {     /* the only order that x86 does not keep by itself */
        struct amem top = amem(RSP, -8);
        asm_u8(&e->c, 0xf0);
        asm_alu_mi(&e->c, false, G1_OR, &top, 0);
    }
}

static const uint32_t xchg_op[4] = { X_XCHG8, X_XCHG | X_66, X_XCHG, X_XCHG | X_W };
static const uint32_t xadd_op[4] = { X_XADD8, X_XADD | X_66, X_XADD, X_XADD | X_W };
static const uint32_t cmpxchg_op[4] = { X_CMPXCHG8, X_CMPXCHG | X_66, X_CMPXCHG, X_CMPXCHG | X_W };

static void locked(struct em *e, uint32_t op, int reg, const struct amem *m)
{
    asm_u8(&e->c, 0xf0);
    asm_rm(&e->c, op, reg, m);
}

/* The old value, extended as the operation says. */
static void extend(struct em *e, int reg, unsigned mem, bool w)
{
    static const uint32_t op[8] = { X_MOVZX8, X_MOVZX16, X_MOV_LOAD, 0, X_MOVSX8, X_MOVSX16, X_MOVSXD, 0 };
    unsigned size = mem & 3;
    bool sign = mem & IR_MEM_SIGN;

    if (size == IR_MEM_64 || (size == IR_MEM_32 && !w)) {
        return;
    }
    asm_rr(&e->c, op[size + 4 * sign] | (sign && size < 2 && w ? X_W : 0), reg, reg);
}

/* t := op(old in rax, value), for the compare-and-exchange loop */
static void combine(struct em *e, unsigned op, unsigned mem, int t, int value)
{
    static const uint8_t cc[4] = { CC_L, CC_G, CC_B, CC_A };    /* keep the old value */
    unsigned size = mem & IR_MEM_SIZE;
    bool w = size == IR_MEM_64;

    switch (op) {
    case IR_RMW_AND:
    case IR_RMW_OR:
    case IR_RMW_XOR:
        asm_rr(&e->c, X_MOV_LOAD | X_W, t, RAX);
        asm_rr(&e->c, (op == IR_RMW_AND ? X_AND : op == IR_RMW_OR ? X_OR : X_XOR) | X_W, value, t);
        return;
    }
    static const uint32_t cmp_op[4] = { 0x38 | X_BYTE, X_CMP | X_66, X_CMP, X_CMP | X_W };
    asm_rr(&e->c, X_MOV_LOAD | X_W, t, value);
    asm_rr(&e->c, cmp_op[size], value, RAX);                    /* rax - value, in the access's width */
    asm_rr(&e->c, (X_CMOV | cc[op - IR_RMW_MINS]) | X_IF_W(w), t, RAX);
}

/* Without a result: one locked instruction. */
static void rmw_no_result(struct em *e, struct ir_insn *n, const struct amem *m, int value)
{
    static const uint32_t op[] = { [IR_RMW_ADD] = X_ADD, [IR_RMW_AND] = X_AND, [IR_RMW_OR] = X_OR, [IR_RMW_XOR] = X_XOR };
    unsigned size = n->mem & 3;
    uint32_t x = op[n->sub];

    locked(e, size == IR_MEM_8 ? (x - 1) | X_BYTE : x | (size == IR_MEM_16 ? X_66 : X_IF_W(size == IR_MEM_64)), value, m);
}

/* Atomics whose bytes are not in the host's order: no guest of ours needs them fast. */
static void always_slow(struct em *e, struct lookup *l)
{
    l->miss[l->nmiss++] = asm_jmp(&e->c);
}

/* xchg and xadd; the value is copied to d first */
static void rmw_direct(struct em *e, struct ir_insn *n, const struct amem *m, int d, int value)
{
    unsigned size = n->mem & 3;

    asm_rr(&e->c, X_MOV_LOAD | X_W, d, value);
    if (n->sub == IR_RMW_XCHG) {
        asm_rm(&e->c, xchg_op[size], d, m);
    } else {
        locked(e, xadd_op[size], d, m);
    }
    extend(e, d, n->mem, n->type == IR_I64);
}

static void rmw_loop(struct em *e, struct ir_insn *n, const struct amem *m, int d, int t, int value)
{
    unsigned size = n->mem & 3;

    plain_load(e, RAX, m, n->mem & ~IR_MEM_SIGN, true);
    uint32_t again = asm_pos(&e->c);
    combine(e, n->sub, n->mem, t, value);
    locked(e, cmpxchg_op[size], t, m);
    asm_patch(&e->c, asm_jcc(&e->c, CC_NE), again);
    extend(e, RAX, n->mem, n->type == IR_I64);
    ra_emit_move(e, d, RAX);
}

void x86_rmw(struct em *e, struct ir_insn *n)
{
    struct lookup l;
    bool wanted = e->val[e->cur].last, simple = !wanted && n->sub >= IR_RMW_ADD && n->sub <= IR_RMW_XOR;
    bool loop = n->sub >= IR_RMW_AND && !simple, be = (n->mem & IR_MEM_BE) && (n->mem & IR_MEM_SIZE);
    int d = -1;

    if (loop) {
        ra_take(e, RAX);
    }
    begin_lookup(e, &l, n, n->a);
    int value = ra_use(e, n->b);
    if (!simple) {
        d = loop ? ra_dest(e, RAX, 0) : ra_dest(e, l.t1, BIT(l.base) | BIT(l.t2) | BIT(value));
    }
    if (be) {
        always_slow(e, &l);
    } else {
        l.mem |= IR_MEM_ALIGN;
        x86_lookup(e, &l, true);
        l.mem = n->mem;
    }
    struct cold *k = any_path(e, &l, n->sub, n->type);
    struct amem m = lookup_mem(&l);
    if (be) {
        /* nothing inline */
    } else if (simple) {
        rmw_no_result(e, n, &m, value);
    } else if (loop) {
        rmw_loop(e, n, &m, d, l.t1, value);
    } else {
        rmw_direct(e, n, &m, d, value);
    }
    k->r[3] = value;
    k->r[5] = d;
    k->back = asm_pos(&e->c);
}

static void cas_wide(struct em *e, struct ir_insn *n);

void x86_cas(struct em *e, struct ir_insn *n)
{
    struct lookup l;
    unsigned size = n->mem & 3;
    bool be = (n->mem & IR_MEM_BE) && (n->mem & IR_MEM_SIZE);

    if (n->type == IR_I128) {
        cas_wide(e, n);
        return;
    }
    ra_take(e, RAX);
    begin_lookup(e, &l, n, n->a);
    int desired = ra_use(e, n->c), expected = ra_use(e, n->b);
    int d = ra_dest(e, RAX, 0);
    if (be) {
        always_slow(e, &l);
    } else {
        l.mem |= IR_MEM_ALIGN;
        x86_lookup(e, &l, true);
        l.mem = n->mem;
    }
    struct cold *k = any_path(e, &l, HOST_SLOW_CAS, n->type);
    struct amem m = lookup_mem(&l);
    if (!be) {
        asm_rr(&e->c, X_MOV_LOAD | X_W, RAX, expected);
        locked(e, cmpxchg_op[size], desired, &m);
        extend(e, RAX, n->mem, n->type == IR_I64);
        ra_emit_move(e, d, RAX);
    }
    k->r[3] = desired;
    k->r[4] = expected;
    k->r[5] = d;
    k->back = asm_pos(&e->c);
}

/* ---- 16 bytes: always by the thunk. I128 values live in the frame. ---- */

/* Pushes two halves of a value, high first. */
static void push_wide(struct em *e, ir_ref r, unsigned pushed)
{
    r = resolve(e, r);
    for (int half = 1; half >= 0; half--, pushed++) {
        if (ir_is_const(r)) {       /* I128 constants are zero-extended 64-bit ones */
            uint64_t v = half ? 0 : ir_const_value(e->ir, r);
            struct amem high = amem(RSP, 4);
            asm_push_imm(&e->c, (int32_t)v);
            if ((int64_t)v != (int32_t)v) {
                asm_rm_imm(&e->c, X_MOV_IMM, 0, &high, 4);
                asm_u32(&e->c, (uint32_t)(v >> 32));
            }
        } else {
            struct amem m = amem(RSP, e->val[r].spill * 8 + 8 * (half + (int)pushed));
            asm_rm(&e->c, X_GROUP5, 6, &m);
        }
    }
}

static void wide_access(struct em *e, struct ir_insn *n, unsigned op, ir_ref value, ir_ref expected)
{
    struct lookup l;
    struct cold k = { .mem = (n->mem & 0xfff) | IR_I128 << 16 | op << 24 };

    begin_lookup(e, &l, n, n->a);
    int t = ra_temp(e);
    struct amem at = amem(l.base, l.disp);
    note_groups(e, &k);
    map_snapshot(e, &k);
    asm_rm(&e->c, X_LEA | X_W, t, &at);
    asm_push(&e->c, t);
    push_wide(e, expected, 1);
    push_wide(e, value, 3);
    call_thunk(e, &k, e->h->slow_any);
    bool result = n->op != IR_OP_st && e->val[e->cur].last;
    if (result) {
        int spill = e->val[e->cur].spill = ra_frame(e, 2);
        for (int half = 0; half < 2; half++) {
            struct amem to = amem(RSP, spill * 8 + 8 * half + 8 * (4 - half));
            asm_rm(&e->c, 0x8f, 0, &to);        /* pop: rsp has moved already when the address is computed */
        }
    }
    struct amem up = amem(RSP, result ? 24 : 40);
    asm_rm(&e->c, X_LEA | X_W, RSP, &up);
    forget_addends(e, &k);
}

static void load_wide(struct em *e, struct ir_insn *n)
{
    ir_ref zero = IR_CONST_BIT;

    wide_access(e, n, HOST_SLOW_LOAD128, zero, zero);
}

static void store_wide(struct em *e, struct ir_insn *n)
{
    wide_access(e, n, HOST_SLOW_STORE128, n->b, IR_CONST_BIT);
}

static void cas_wide(struct em *e, struct ir_insn *n)
{
    wide_access(e, n, HOST_SLOW_CAS, n->c, n->b);
}
