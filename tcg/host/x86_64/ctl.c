/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control: entries and exits of a region, edges between its blocks, guest instruction boundaries, slots. */
#include "tcg/host/x86_64/host_impl.h"

void x86_get(struct em *e, struct ir_insn *n)
{
    ra_get(e, (unsigned)n->imm);
}

void x86_put(struct em *e, struct ir_insn *n)
{
    ra_put(e, (unsigned)n->imm, n->a);
    ra_use_done(e, n->a);
}

void x86_param(struct em *e, struct ir_insn *n)
{
}

/* ---- entries and stubs ---- */

void ctl_prologue(struct em *e)
{
    const struct host_env *env = &e->h->env;
    const struct host_region *r = e->region;
    struct amem request = amem(CPU_REG, (int64_t)env->off_request - HOST_CPU_BIAS);

    e->out->checked = asm_pos(&e->c);
    for (unsigned k = 0; k < 2 && (k == 0 || r->map_id[k]); k++) {
        struct amem m = amem(TLB_REG, env->xmap + 4 * (int64_t)(r->page[k] & (env->xmap_entries - 1)));
        asm_rm_imm(&e->c, X_GROUP1, G1_CMP, &m, 4);
        asm_u32(&e->c, r->map_id[k]);
        e->stub_fix[e->nstub_fix++] = (struct stub_fix){ asm_jcc(&e->c, CC_NE), STUB_REMAP };
    }
    while (asm_pos(&e->c) % 8 > 3) {        /* host_kill writes a jump over five bytes at once */
        asm_nops(&e->c, 1);
    }
    e->out->poll = asm_pos(&e->c);
    asm_alu_mi(&e->c, false, G1_CMP, &request, 0);
    e->stub_fix[e->nstub_fix++] = (struct stub_fix){ asm_jcc(&e->c, CC_NE), STUB_REQUEST };
    e->out->direct = asm_pos(&e->c);
    if (env->icount) {
        struct amem m = amem(CPU_REG, (int64_t)env->off_icount - HOST_CPU_BIAS);
        asm_alu_mi(&e->c, true, G1_SUB, &m, r->guest_insns);
        e->stub_fix[e->nstub_fix++] = (struct stub_fix){ asm_jcc(&e->c, CC_L), STUB_BUDGET };
    }
}

/*
 * The region's stubs: five calls whose thunks find the region's pc behind them (abi.c: they add to the return
 * address), and the calls of the exits that are not chained.
 */
void ctl_stubs(struct em *e)
{
    const struct host *h = e->h;
    const uint8_t *thunk[STUB_COUNT] = { h->leave_remap, h->leave_request, h->leave_stale, h->leave_budget };
    uint32_t pos[STUB_COUNT];

    for (unsigned k = 0; k < e->out->nexits; k++) {
        e->out->exits[k].stub = asm_pos(&e->c);
        asm_patch_here(&e->c, e->out->exits[k].patch);
        asm_call_abs(&e->c, h->leave_direct);
    }
    if (h->env.icount) {
        struct amem m = amem(CPU_REG, (int64_t)h->env.off_icount - HOST_CPU_BIAS);
        pos[STUB_BUDGET] = asm_pos(&e->c);
        asm_alu_mi(&e->c, true, G1_ADD, &m, e->region->guest_insns);
        asm_call_abs(&e->c, thunk[STUB_BUDGET]);
        asm_u64(&e->c, e->region->pc);
    }
    for (unsigned k = STUB_REMAP; k <= STUB_STALE; k++) {
        pos[k] = asm_pos(&e->c);
        asm_call_abs(&e->c, thunk[k]);
    }
    asm_u64(&e->c, e->region->pc);
    for (unsigned k = 0; k < e->nstub_fix; k++) {
        asm_patch(&e->c, e->stub_fix[k].at, pos[e->stub_fix[k].stub]);
    }
}

/* ---- exits ---- */

/* The rel32 that ends `bytes` from here must lie inside an aligned quadword, so that one store patches it under the feet
 * of other threads (AMD manual volume 2, 7.3.2: such accesses are atomic; Intel guarantees more). */
static unsigned patch_padding(const struct em *e, unsigned bytes)
{
    unsigned at = (asm_pos(&e->c) + bytes) % 8;

    return at <= 4 ? 0 : 8 - at;
}

static void add_exit(struct em *e, unsigned block, uint32_t patch)
{
    const struct ir_insn *n = &e->ir->insns[e->ir->blocks[block].end - 1];

    if (e->out->nexits == HOST_EXITS_MAX) {
        e->failed = true;
        return;
    }
    e->out->exits[e->out->nexits++] = (struct host_exit){ .pc = (uint64_t)n->imm, .patch = patch, .poll = n->sub };
}

static void jump_exit(struct em *e, unsigned block)
{
    asm_nops(&e->c, patch_padding(e, 1));
    add_exit(e, block, asm_jmp(&e->c));
}

void x86_goto_pc(struct em *e, struct ir_insn *n)
{
    sync_homes(e, NULL, true);
    jump_exit(e, e->block);
}

void x86_goto_ind(struct em *e, struct ir_insn *n)
{
    const struct host_env *env = &e->h->env;
    ir_ref r = resolve(e, n->a);

    if (!ir_is_const(r) && e->val[r].reg == RAX && ra_dies(e, r)) {
        ra_unbind(e, RAX);
        e->free &= ~BIT(RAX);
        e->locked |= BIT(RAX);
    } else {
        ra_take(e, RAX);
        ra_load(e, RAX, r);
    }
    sync_homes(e, NULL, false);
    if (!(env->opts & HOST_OPT_PROBE)) {
        struct amem pc = home_mem(e, IR_SLOT_PC);
        asm_rm(&e->c, X_MOV_STORE | X_W, RAX, &pc);
        asm_jmp_abs(&e->c, e->h->leave_indirect);
        return;
    }
    struct amem salt = amem(CPU_REG, (int64_t)env->off_jump_salt - HOST_CPU_BIAS);
    struct amem tag = amem_index(CPU_REG, RCX, 3, (int64_t)env->off_jump_cache - HOST_CPU_BIAS);
    struct amem code = tag;
    code.disp += 8;
    asm_rr(&e->c, X_MOVZX16, RCX, RAX);
    asm_rm(&e->c, (X_XOR + 2) | X_W, RAX, &salt);
    asm_rm(&e->c, X_CMP | X_W, RAX, &tag);
    asm_jcc_abs(&e->c, CC_NE, e->h->leave_miss);
    asm_rm(&e->c, X_GROUP5, 4, &code);
}

void x86_exit(struct em *e, struct ir_insn *n)
{
    sync_homes(e, NULL, true);
    asm_mov_imm(&e->c, RDX, (uint64_t)n->imm);
    asm_jmp_abs(&e->c, e->h->leave_exit);
}

/* ---- edges between blocks ---- */

struct edge_item {
    ir_ref ref;                 /* source value */
    int8_t to_reg;              /* or -1: to_spill */
    int16_t to_spill;
    int8_t from_reg;            /* or -1: from_mem, or a constant */
    bool is_const;
    unsigned from_bytes;
    struct amem from_mem;
};

struct edge {
    struct edge_item *item;
    unsigned n;
};

/* The pinned register in which a block's first puts want a parameter. */
static int param_pin(struct em *e, unsigned block, ir_ref param)
{
    const struct ir_block *b = &e->ir->blocks[block];

    for (unsigned i = b->first; i < b->end && e->ir->insns[i].op != IR_OP_insn; i++) {
        const struct ir_insn *n = &e->ir->insns[i];
        if (n->op == IR_OP_put && BIT_TEST(e->entry[block].early, n->imm) && resolve(e, n->a) == param) {
            int reg = e->h->pin_reg[n->imm];
            if (reg >= 0 && is_xmm(reg) == is_float(e->ir->insns[param].type)) {
                return reg;
            }
        }
    }
    return -1;
}

static struct loc *add_loc(struct em *e, struct entry *en)
{
    if (e->nloc == e->cap_loc) {
        e->cap_loc = e->cap_loc ? 2 * e->cap_loc : 64;
        e->loc = g_renew(struct loc, e->loc, e->cap_loc);
    }
    en->nlocs++;
    e->loc[e->nloc] = (struct loc){ .reg = -1, .spill = -1 };
    return &e->loc[e->nloc++];
}

/* A block's first edge: where it will find its parameters and live-in values. At most two general temporaries are used,
 * so that the block has some to work with. args NULL: everything in the frame. */
static void choose_locs(struct em *e, unsigned block, const ir_ref *args)
{
    struct entry *en = &e->entry[block];
    const struct ir_block *b = &e->ir->blocks[block];
    uint32_t can = e->h->temps & ~(BIT(RAX) | BIT(RCX));

    en->set = true;
    en->locs = e->nloc;
    en->nlocs = 0;
    for (unsigned k = 0; k < b->params; k++) {
        ir_ref p = b->first + k;
        struct loc *l = add_loc(e, en);
        uint32_t cls = is_float(e->ir->insns[p].type) ? XMM_MASK : GPR_MASK;
        int pin = param_pin(e, block, p);
        l->ref = p;
        bool taken = false;
        for (unsigned i = en->locs; i + 1 < e->nloc; i++) {
            taken |= e->loc[i].reg == pin;
        }
        if (pin >= 0 && !taken) {
            l->reg = pin;
        } else if (e->ir->insns[p].type != IR_I128 && args && (can & cls)) {
            l->reg = __builtin_ctz(can & cls);
            can &= ~BIT(l->reg);
        } else {
            l->spill = ra_frame_for(e, p);
        }
    }
    for (unsigned k = 0; k < e->ncross; k++) {
        if (!BIT_TEST(e->live + block * e->live_words, k)) {
            continue;
        }
        ir_ref r = e->cross[k];
        struct loc *l = add_loc(e, en);
        const struct val *v = val_of(e, r);
        l->ref = r;
        if (args && v->reg >= 0 && (can & BIT(v->reg))) {
            l->reg = v->reg;
            can &= ~BIT(l->reg);
        } else if (args && v->spill >= 0) {
            l->spill = v->spill;
        } else {
            l->spill = ra_frame_for(e, r);
        }
    }
}

static void add_item(struct em *e, struct edge *g, const struct loc *l, ir_ref r)
{
    struct edge_item it = { .ref = r, .to_reg = l->reg, .to_spill = l->spill, .from_reg = -1 };

    if (ir_is_const(r)) {
        it.is_const = true;
    } else if (e->val[r].reg >= 0) {
        it.from_reg = e->val[r].reg;
        if (it.to_reg == it.from_reg || (it.to_reg < 0 && e->val[r].spill == it.to_spill)) {
            return;
        }
    } else {
        it.from_mem = ra_value_mem(e, r, &it.from_bytes);
        if (it.to_reg < 0 && e->val[r].spill == it.to_spill) {
            return;
        }
    }
    g->item[g->n++] = it;
}

static void edge_items(struct em *e, struct edge *g, unsigned block, const ir_ref *args)
{
    struct entry *en = &e->entry[block];
    unsigned params = e->ir->blocks[block].params;

    if (!en->set) {
        choose_locs(e, block, args);
    }
    g->n = 0;
    g->item = g_renew(struct edge_item, NULL, en->nlocs + 1);
    for (unsigned k = 0; k < en->nlocs; k++) {
        const struct loc *l = &e->loc[en->locs + k];
        add_item(e, g, l, k < params ? resolve(e, args[k]) : l->ref);
    }
}

static void copy_frame(struct em *e, const struct amem *from, unsigned bytes, int to_spill, bool twice)
{
    for (unsigned k = 0; k <= twice; k++) {
        struct amem src = *from, dst = spill_mem(to_spill + k);
        src.disp += 8 * k;
        ra_load_mem(e, FSCRATCH, &src, MIN(bytes, 8));
        ra_store_mem(e, FSCRATCH, &dst, 8);
    }
}

static bool is_wide(struct em *e, ir_ref r)
{
    return ir_type_of(e->ir, r) == IR_I128 || ir_type_of(e->ir, r) == IR_V128;
}

/* A source in the frame that another item of the edge overwrites is copied aside first. */
static void stage_conflicts(struct em *e, struct edge *g)
{
    for (unsigned i = 0; i < g->n; i++) {
        struct edge_item *it = &g->item[i];
        if (it->is_const || it->from_reg >= 0 || it->from_mem.base != RSP) {
            continue;
        }
        for (unsigned k = 0; k < g->n; k++) {
            if (k != i && g->item[k].to_reg < 0 && g->item[k].to_spill * 8 == it->from_mem.disp) {
                int aside = ra_frame(e, is_wide(e, it->ref) ? 2 : 1);
                copy_frame(e, &it->from_mem, 8, aside, is_wide(e, it->ref));
                it->from_mem = spill_mem(aside);
                break;
            }
        }
    }
}

static void store_item(struct em *e, const struct edge_item *it)
{
    struct amem to = spill_mem(it->to_spill);

    if (it->from_reg >= 0) {
        ra_store_mem(e, it->from_reg, &to, is_wide(e, it->ref) ? 16 : 8);
    } else if (!it->is_const) {
        copy_frame(e, &it->from_mem, it->from_bytes, it->to_spill, is_wide(e, it->ref));
    } else {
        uint64_t bits = ir_const_value(e->ir, it->ref);
        for (unsigned k = 0; k < (is_wide(e, it->ref) ? 4 : 2); k++, to.disp += 4, bits >>= 32) {
            asm_rm_imm(&e->c, X_MOV_IMM, 0, &to, 4);
            asm_u32(&e->c, (uint32_t)bits);
        }
    }
}

static void x86_edge(struct em *e, struct edge *g)
{
    struct pmove m[NREGS];
    unsigned n = 0;
    uint32_t was_free = e->free;

    e->free = 0;                    /* the target's registers are not ours to scribble on */
    stage_conflicts(e, g);
    for (unsigned i = 0; i < g->n; i++) {
        if (g->item[i].to_reg < 0) {
            store_item(e, &g->item[i]);
        } else if (g->item[i].from_reg >= 0) {
            m[n++] = (struct pmove){ .to = g->item[i].to_reg, .from = g->item[i].from_reg };
        }
    }
    parallel_move(e, m, n);
    for (unsigned i = 0; i < g->n; i++) {
        const struct edge_item *it = &g->item[i];
        if (it->to_reg >= 0 && it->is_const) {
            ra_load(e, it->to_reg, it->ref);
        } else if (it->to_reg >= 0 && it->from_reg < 0) {
            ra_load_mem(e, it->to_reg, &it->from_mem, it->from_bytes);
        }
    }
    e->free = was_free;
    g_free(g->item);
}

static void block_fixup(struct em *e, uint32_t at, unsigned block)
{
    if (e->entry[block].pos) {
        asm_patch(&e->c, at, e->entry[block].pos);
        return;
    }
    if (e->nfixup == e->cap_fixup) {
        e->cap_fixup = e->cap_fixup ? 2 * e->cap_fixup : 64;
        e->fixup = g_renew(struct fixup, e->fixup, e->cap_fixup);
    }
    e->fixup[e->nfixup++] = (struct fixup){ at, block };
}

static void jump_block(struct em *e, unsigned block)
{
    if (block != e->next_block) {
        block_fixup(e, asm_jmp(&e->c), block);
    }
}

void x86_br(struct em *e, struct ir_insn *n)
{
    unsigned to = (unsigned)n->imm;
    struct edge g;

    if (e->entry[to].exit_only) {
        sync_homes(e, NULL, true);
        jump_exit(e, to);
        return;
    }
    sync_homes(e, e->entry[to].early, true);
    edge_items(e, &g, to, e->ir->args + n->b);
    x86_edge(e, &g);
    jump_block(e, to);
}

/* Compares where the operands are after the sync. */
static int branch_compare(struct em *e, struct ir_insn *n)
{
    ir_ref a = resolve(e, n->a);

    if (!ir_is_const(a) && (e->val[a].flags & VAL_FUSED)) {
        struct ir_insn *f = &e->ir->insns[a];
        if (f->op == IR_OP_and) {
            return x86_cmp(e, n->sub == IR_EQ ? IR_TSTEQ : IR_TSTNE, f->a, f->b, f->type == IR_I64);
        }
        return x86_cmp(e, n->sub == IR_EQ ? f->sub ^ 1 : f->sub, f->a, f->b, cmp_width(e, f));
    }
    return x86_cmp(e, n->sub, n->a, n->b, cmp_width(e, n));
}

/* Both ways leave the region: compare, branch, jump; both displacements can be patched. */
static void branch_exits(struct em *e, struct ir_insn *n, unsigned yes, unsigned no)
{
    uint8_t *start = e->c.p;
    int cc = branch_compare(e, n);
    unsigned pad = patch_padding(e, 2);

    if (pad) {                      /* not between compare and branch, which the CPU fuses */
        unsigned len = e->c.p - start;
        memmove(start + pad, start, len);
        e->c.p = start;
        asm_nops(&e->c, pad);
        e->c.p += len;
    }
    add_exit(e, yes, asm_jcc(&e->c, cc));
    jump_exit(e, no);
}

static void x86_way(struct em *e, unsigned block, struct edge *g)
{
    if (e->entry[block].exit_only) {
        jump_exit(e, block);
    } else {
        x86_edge(e, g);
        jump_block(e, block);
    }
}

void x86_brcond(struct em *e, struct ir_insn *n)
{
    unsigned yes = (uint32_t)n->imm, no = (unsigned)(n->imm >> 32);
    const ir_ref *args = e->ir->args + n->c;
    struct edge gy = { 0 }, gn = { 0 };
    uint64_t skip[IR_SLOTS_MAX / 64];

    for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
        skip[w] = e->entry[yes].early[w] & e->entry[no].early[w];
    }
    sync_homes(e, skip, true);
    if (e->entry[yes].exit_only && e->entry[no].exit_only) {
        branch_exits(e, n, yes, no);
        return;
    }
    int cc = branch_compare(e, n);
    if (!e->entry[yes].exit_only) {
        edge_items(e, &gy, yes, args + 1);
    }
    if (e->entry[yes].exit_only || gy.n == 0) {
        if (e->entry[yes].exit_only) {
            asm_nops(&e->c, patch_padding(e, 2));
            add_exit(e, yes, asm_jcc(&e->c, cc));
        } else {
            block_fixup(e, asm_jcc(&e->c, cc), yes);
            g_free(gy.item);
        }
    } else {
        uint32_t over = asm_jcc(&e->c, cc ^ 1);
        unsigned next = e->next_block;
        e->next_block = UINT32_MAX; /* no falling through from here */
        x86_way(e, yes, &gy);
        e->next_block = next;
        asm_patch_here(&e->c, over);
    }
    if (!e->entry[no].exit_only) {
        edge_items(e, &gn, no, args + 2 + args[0]);
    }
    x86_way(e, no, &gn);
}

/* ---- blocks ---- */

void ctl_block_start(struct em *e, unsigned block)
{
    struct entry *en = &e->entry[block];
    const struct ir_block *b = &e->ir->blocks[block];

    ra_block_start(e);
    if (block == 0) {
        return;
    }
    if (!en->set) {
        choose_locs(e, block, NULL);
    }
    for (unsigned k = 0; k < b->params; k++) {
        *val_of(e, b->first + k) = (struct val){ .reg = -1, .spill = -1, .last = val_of(e, b->first + k)->last,
            .hint = val_of(e, b->first + k)->hint, .put_vis = val_of(e, b->first + k)->put_vis,
            .flags = val_of(e, b->first + k)->flags & VAL_CROSS };
    }
    for (unsigned k = 0; k < e->ncross; k++) {
        struct val *v = val_of(e, e->cross[k]);
        v->reg = v->spill = -1;
        v->home = v->nslots = 0;
        v->flags &= VAL_CROSS | VAL_FUSED;
    }
    for (unsigned k = 0; k < e->h->npinned; k++) {
        unsigned s = e->h->pinned[k];
        if (BIT_TEST(en->early, s)) {       /* the register is free: the block puts the slot */
            ra_unbind(e, e->h->pin_reg[s]);
            e->slot_val[s] = 0;
        }
    }
    for (unsigned k = 0; k < en->nlocs; k++) {
        const struct loc *l = &e->loc[en->locs + k];
        struct val *v = val_of(e, l->ref);
        if (l->reg >= 0) {
            ra_bind(e, l->ref, l->reg);
        } else {
            v->spill = l->spill;
            v->flags |= VAL_CROSS;  /* other edges write there: the slot is never given to another value */
        }
        e->cur = b->first - 1;
        if (ra_dies(e, l->ref) && l->reg >= 0) {
            ra_unbind(e, l->reg);
        }
    }
}

/* A loop inside the region lets requests in at its head, where all slots can be brought home. */
static void x86_poll(struct em *e)
{
    struct amem request = amem(CPU_REG, (int64_t)e->h->env.off_request - HOST_CPU_BIAS);
    struct em keep = *e;
    unsigned nval = e->ir->ninsns;
    struct val *val = g_memdup2(e->val, nval * sizeof(*val));
    struct val *pseudo = g_memdup2(e->val + PSEUDO0, IR_SLOTS_MAX * sizeof(*val));

    asm_alu_mi(&e->c, false, G1_CMP, &request, 0);
    uint32_t over = asm_jcc(&e->c, CC_E);
    sync_homes(e, NULL, false);
    ra_put(e, IR_SLOT_PC, ir_const(e->ir, IR_I64, e->insn_pc));
    sync_flush(e);
    asm_jmp_abs(&e->c, e->h->leave_request_here);
    asm_patch_here(&e->c, over);

    memcpy(e->val, val, nval * sizeof(*val));
    memcpy(e->val + PSEUDO0, pseudo, IR_SLOTS_MAX * sizeof(*val));
    memcpy(e->reg_val, keep.reg_val, sizeof(e->reg_val));
    memcpy(e->slot_val, keep.slot_val, sizeof(e->slot_val));
    memcpy(e->home_val, keep.home_val, sizeof(e->home_val));
    memcpy(e->dirty, keep.dirty, sizeof(e->dirty));
    memcpy(e->homed, keep.homed, sizeof(e->homed));
    memcpy(e->frame_used, keep.frame_used, sizeof(e->frame_used));
    e->free = keep.free;
    e->locked = keep.locked;
    g_free(val);
    g_free(pseudo);
}

void x86_insn(struct em *e, struct ir_insn *n)
{
    const struct ir_block *b = &e->ir->blocks[e->block];

    e->insn_pc = (uint64_t)n->imm;
    if (n->sub) {                   /* else the same instruction goes on in another block */
        e->insn_index = e->insns_seen++;
    }
    if (b->loop_head && !e->polled) {
        e->polled = true;
        x86_poll(e);
    }
}
