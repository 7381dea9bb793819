/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the forward pass must know beforehand: last uses, which pinned register a value will end in, and which values
 * are computed by their only user. One backward pass over each block; blocks of a region with several also need
 * to know which values cross between them.
 */
#include "tcg/host/x86_64/host_impl.h"

#define OPEN_GROUPS 8
#define RANGE_SPAN 1024         /* the same for indexed ones: tables are aligned, mostly */
#define GROUP_SPAN 512          /* bytes: a wide group misses more often because it crosses into another page */

struct scan {
    struct em *e;
    uint8_t open[OPEN_GROUPS];          /* groups that may get earlier members */
    unsigned nopen;
    unsigned first;                     /* of the block */
    unsigned i;                         /* instruction being visited */
    uint16_t vis;                       /* state-visible operations after it */
    ir_ref pending[IR_SLOTS_MAX];       /* pinned slots: the value of the next put below, while nothing stands in between */
    bool survives[IR_SLOTS_MAX];        /* a put of the slot has been seen */
};

static void use(struct scan *s, ir_ref r)
{
    r = resolve(s->e, r);
    if (ir_is_const(r)) {
        return;
    }
    struct val *v = val_of(s->e, r);
    if (v->last < s->i) {
        v->last = s->i;
    }
    if (v->uses < 255) {
        v->uses++;
    }
}

static void cancel(struct scan *s, unsigned slot)
{
    ir_ref v = s->pending[slot];

    if (v && v < s->i && val_of(s->e, v)->hint == slot + 1) {
        val_of(s->e, v)->hint = 0;
    }
    s->pending[slot] = 0;
}

/* The value of a put should be computed in the slot's register, if nothing between definition and put sees the slot. */
static void hint(struct scan *s, unsigned slot, ir_ref r)
{
    const struct host *h = s->e->h;

    cancel(s, slot);
    r = resolve(s->e, r);
    if (ir_is_const(r) || is_float(ir_type_of(s->e->ir, r)) != is_xmm(h->pin_reg[slot])) {
        return;
    }
    struct val *v = val_of(s->e, r);
    if (!v->hint || !s->survives[slot]) {
        v->hint = slot + 1;
        v->put_vis = s->vis;
        s->pending[slot] = r;
    }
    s->survives[slot] = true;
}

/* Operations that work in place pass their wish on to the operand. */
static void pass_hint_on(struct scan *s, ir_ref from, ir_ref to)
{
    struct val *f = val_of(s->e, from);

    to = resolve(s->e, to);
    if (!f->hint || ir_is_const(to) || val_of(s->e, to)->hint || val_of(s->e, to)->last > s->i ||
        s->pending[f->hint - 1] != from) {
        return;
    }
    val_of(s->e, to)->hint = f->hint;
    val_of(s->e, to)->put_vis = f->put_vis;
    s->pending[f->hint - 1] = to;
}

/* Operands of a fused value are used where its user stands. */
static void fuse(struct scan *s, struct ir_insn *n, struct val *v)
{
    unsigned at = s->i;

    v->flags |= VAL_FUSED;
    s->i = v->last;
    use(s, n->a);
    use(s, n->b);
    s->i = at;
}

static bool can_fuse(struct scan *s, struct ir_insn *n, struct val *v)
{
    struct ir *ir = s->e->ir;

    if (!(s->e->h->env.opts & HOST_OPT_FUSE) || v->uses != 1 || v->last == LIVE_OUT) {
        return false;
    }
    struct ir_insn *user = &ir->insns[v->last];
    switch (n->op) {
    case IR_OP_shl: {               /* lea */
        ir_ref a = resolve(s->e, user->a), b = resolve(s->e, user->b), other = a == s->i ? b : a;
        return user->op == IR_OP_add && user->type == n->type && ir_is_const(n->b) && ir_const_value(ir, n->b) >= 1 &&
               ir_const_value(ir, n->b) <= 3 && !ir_is_const(other) && !(val_of(s->e, other)->flags & VAL_FUSED);
    }
    case IR_OP_setcond:             /* compare and branch */
        return user->op == IR_OP_brcond && (user->sub == IR_NE || user->sub == IR_EQ) && resolve(s->e, user->a) == s->i &&
               ir_is_const(user->b) && ir_const_value(ir, user->b) == 0;
    case IR_OP_and:                 /* test and branch */
        return user->op == IR_OP_brcond && (user->sub == IR_NE || user->sub == IR_EQ) && resolve(s->e, user->a) == s->i &&
               ir_type_of(ir, user->a) == n->type && ir_is_const(user->b) && ir_const_value(ir, user->b) == 0;
    }
    return false;
}

/* A sum with something small is taken apart; *max = the most that is added to what is returned. Only inside the block: the
 * parts of a sum from another one are not there any more. */
static ir_ref split_base(struct scan *s, ir_ref base, uint64_t *max)
{
    const struct ir *ir = s->e->ir;
    const struct ir_insn *n = &ir->insns[base];

    *max = 0;
    if (base < s->first || n->op != IR_OP_add || n->type != IR_I64 || !(s->e->h->env.opts & HOST_OPT_RANGE)) {
        return base;
    }
    for (unsigned k = 0; k < 2; k++) {
        ir_ref x = resolve(s->e, n->v[k]), index = n->v[1 - k];
        if (!ir_is_const(x) && x >= s->first && !ir_is_const(index)) {
            uint64_t range = ra_range(ir, index, 6);
            if (range <= RANGE_SPAN) {
                *max = range;
                return x;
            }
        }
    }
    return base;
}

static void new_group(struct scan *s, unsigned at, const struct group *g)
{
    struct em *e = s->e;

    e->group_of[s->i] = 0;
    if (e->ngroup == GROUPS_MAX) {
        return;
    }
    unsigned id = ++e->ngroup;
    e->group[id] = *g;
    s->open[at] = id;
    e->group_of[s->i] = id;
}

/* Loads and stores with the same base, in one page if the first of them finds it so. Nothing that can change the TLB may
 * stand between: helper calls end all groups, slow paths void them at run time (mem.c). */
static void group_access(struct scan *s, struct ir_insn *n)
{
    struct em *e = s->e;
    ir_ref base = resolve(e, n->a), whole = base;
    unsigned type = n->op == IR_OP_st ? ir_type_of(e->ir, n->b) : n->type;
    int64_t min = n->imm, end = n->imm + (1 << (n->mem & IR_MEM_SIZE));
    uint64_t range;
    unsigned k = 0;

    e->group_of[s->i] = 0;
    if (!(e->h->env.opts & HOST_OPT_SHARE) || ir_is_const(base) || type == IR_I128 || (n->mem & (IR_MEM_ALIGN | IR_MEM_BE)) ||
        end > INT32_MAX - RANGE_SPAN) {
        return;
    }
    base = split_base(s, base, &range);
    end += range;
    int64_t most = base == whole ? GROUP_SPAN : RANGE_SPAN;
    if (end - min > most) {
        base = whole;
        end -= range;
    }
    if (base != whole) {
        use(s, base);
    }
    struct group fresh = { .base = base, .min = (int32_t)min, .end = (int32_t)end, .leader = s->i, .last = s->i, .count = 1,
        .idx = IR_MEM_IDX(n->mem), .write = n->op == IR_OP_st };
    while (k < s->nopen && (e->group[s->open[k]].base != base || e->group[s->open[k]].idx != IR_MEM_IDX(n->mem))) {
        k++;
    }
    if (k == s->nopen) {
        if (k == OPEN_GROUPS) {
            k = s->i % OPEN_GROUPS;
        } else {
            s->nopen++;
        }
        new_group(s, k, &fresh);
        if (!e->group_of[s->i]) {
            s->nopen = 0;
        }
        return;
    }
    struct group *g = &e->group[s->open[k]];
    min = MIN(min, g->min);
    end = MAX(end, g->end);
    if (end - min > most || g->count == 255) {
        new_group(s, k, &fresh);
        return;
    }
    g->min = min;
    g->end = end;
    g->leader = s->i;
    g->count++;
    g->write |= n->op == IR_OP_st;
    e->group_of[s->i] = s->open[k];
}

/* The highest set bit and all below it */
static uint64_t all_below(uint64_t v)
{
    return v ? UINT64_MAX >> __builtin_clzll(v) : 0;
}

uint64_t ra_range(const struct ir *ir, ir_ref r, unsigned depth)
{
    const struct ir_insn *n;
    uint64_t a, b, all;

    if (ir_is_const(r)) {
        return ir_const_value(ir, r);
    }
    n = &ir->insns[r];
    all = n->type == IR_I64 ? UINT64_MAX : UINT32_MAX;
    if (!depth--) {
        return all;
    }
    switch (n->op) {
    case IR_OP_and:
        a = ra_range(ir, n->a, depth);
        b = ra_range(ir, n->b, depth);
        return MIN(a, b);
    case IR_OP_or:
    case IR_OP_xor:
        a = ra_range(ir, n->a, depth);
        return a == all ? all : all_below(MAX(a, ra_range(ir, n->b, depth)));
    case IR_OP_shl:
        b = ir_is_const(n->b) ? ir_const_value(ir, n->b) & (n->type == IR_I64 ? 63 : 31) : 63;
        a = ra_range(ir, n->a, depth);
        return b < 32 && a <= all >> b ? a << b : all;
    case IR_OP_shr:
        return ir_is_const(n->b) ? ra_range(ir, n->a, depth) >> (ir_const_value(ir, n->b) & (n->type == IR_I64 ? 63 : 31)) : all;
    case IR_OP_extu8:
        return MIN(ra_range(ir, n->a, depth), 0xff);
    case IR_OP_extu16:
        return MIN(ra_range(ir, n->a, depth), 0xffff);
    case IR_OP_extu32:
        return MIN(ra_range(ir, n->a, depth), UINT32_MAX);
    case IR_OP_mov:
        return ra_range(ir, n->a, depth);
    case IR_OP_setcond:
        return 1;
    case IR_OP_ld:
        return n->mem & IR_MEM_SIGN || (n->mem & IR_MEM_SIZE) > IR_MEM_16 ? all : (1ull << (8 << (n->mem & IR_MEM_SIZE))) - 1;
    default:
        return all;
    }
}

static void scan_args(struct scan *s, unsigned first, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        use(s, s->e->ir->args[first + k]);
    }
}

static void scan_insn(struct scan *s, struct ir_insn *n)
{
    const struct ir_op_info *info = &ir_ops[n->op];
    struct em *e = s->e;
    struct val *v = val_of(e, s->i);

    n->scratch = s->vis;
    if (info->flags & IR_OPF_PURE) {
        if (!v->last) {
            return;
        }
        if (is_alias(n)) {
            return;                 /* its users name the operand */
        }
        if (can_fuse(s, n, v)) {
            fuse(s, n, v);
            return;
        }
    }
    switch (n->op) {
    case IR_OP_get:
        if (e->h->pin_reg[n->imm] >= 0) {
            cancel(s, n->imm);
        }
        return;
    case IR_OP_put:
        use(s, n->a);
        if (e->h->pin_reg[n->imm] >= 0) {
            hint(s, n->imm, n->a);
        }
        return;
    case IR_OP_canon:
    case IR_OP_box32:
    case IR_OP_unbox32:
        use(s, n->a);
        pass_hint_on(s, s->i, n->a);
        return;
    case IR_OP_vfrom:
        use(s, n->a);
        if (is_float(ir_type_of(e->ir, n->a))) {
            pass_hint_on(s, s->i, n->a);
        }
        return;
    case IR_OP_fixnan:
        use(s, n->c);
        use(s, n->b);
        use(s, n->a);
        pass_hint_on(s, s->i, n->a);
        return;
    case IR_OP_fixnan3:
        scan_args(s, n->c, 2);
        use(s, n->b);
        use(s, n->a);
        pass_hint_on(s, s->i, n->a);
        return;
    case IR_OP_ld:
    case IR_OP_st:
        group_access(s, n);
        break;
    case IR_OP_call:
        s->nopen = 0;
        s->vis += (e->h->target->helpers[n->imm].effects & (IR_HELPER_READS | IR_HELPER_WRITES | IR_HELPER_RAISES)) != 0;
        break;
    }
    s->vis += (info->flags & IR_OPF_MEM) != 0;
    switch (info->shape) {
    case IR_SHAPE_ABC:
        use(s, n->c);
        /* fall through */
    case IR_SHAPE_AB:
        use(s, n->b);
        /* fall through */
    case IR_SHAPE_A:
        use(s, n->a);
        break;
    case IR_SHAPE_ABCD:
        use(s, n->a);
        use(s, n->b);
        scan_args(s, n->c, 2);
        break;
    case IR_SHAPE_CALL:
    case IR_SHAPE_JUMP:
        scan_args(s, n->b, n->c);
        break;
    case IR_SHAPE_BRANCH: {
        unsigned yes = e->ir->args[n->c], no = e->ir->args[n->c + 1 + yes];
        scan_args(s, n->c + 1, yes);
        scan_args(s, n->c + 2 + yes, no);
        use(s, n->b);
        use(s, n->a);
        break;
    }
    }
}

static bool is_live_in(const struct em *e, unsigned block, unsigned k)
{
    return BIT_TEST(e->live + block * e->live_words, k);
}

static bool is_live_out(const struct em *e, unsigned block, unsigned k)
{
    const struct ir_insn *t = &e->ir->insns[e->ir->blocks[block].end - 1];

    if (t->op == IR_OP_br) {
        return is_live_in(e, (unsigned)t->imm, k);
    }
    return t->op == IR_OP_brcond && (is_live_in(e, (uint32_t)t->imm, k) || is_live_in(e, (unsigned)(t->imm >> 32), k));
}

void ra_scan(struct em *e, unsigned block)
{
    struct ir_block *b = &e->ir->blocks[block];
    struct scan s = { .e = e, .first = b->first };

    e->ngroup = 0;

    for (unsigned k = 0; k < e->ncross; k++) {
        struct val *v = val_of(e, e->cross[k]);
        v->last = is_live_out(e, block, k) ? LIVE_OUT : 0;
        v->uses = v->hint = 0;
    }
    for (s.i = b->end; s.i-- > b->first;) {
        if (e->ir->insns[s.i].op != IR_OP_NONE) {
            scan_insn(&s, &e->ir->insns[s.i]);
        }
    }
}

/* ---- values that cross blocks ---- */

struct crossing {
    struct em *e;
    unsigned block;
};

static void note_use(struct crossing *x, ir_ref r)
{
    struct em *e = x->e;

    r = resolve(e, r);
    if (ir_is_const(r) || e->ir->insns[r].scratch == x->block || val_of(e, r)->put_vis) {
        return;
    }
    if (e->ncross == e->cap_cross) {
        e->cap_cross = e->cap_cross ? 2 * e->cap_cross : 64;
        e->cross = g_renew(uint16_t, e->cross, e->cap_cross);
    }
    e->cross[e->ncross++] = r;
    val_of(e, r)->put_vis = e->ncross;
}

static void note_live(struct crossing *x, ir_ref r)
{
    struct em *e = x->e;

    r = resolve(e, r);
    if (!ir_is_const(r) && e->ir->insns[r].scratch != x->block) {
        BIT_SET(e->live + x->block * e->live_words, val_of(e, r)->put_vis - 1u);
    }
}

static void each_operand(struct crossing *x, struct ir_insn *n, void (*f)(struct crossing *, ir_ref))
{
    struct ir *ir = x->e->ir;
    unsigned first = 0, count = 0;

    switch (ir_ops[n->op].shape) {
    case IR_SHAPE_ABC:
        f(x, n->c);
        /* fall through */
    case IR_SHAPE_AB:
        f(x, n->b);
        /* fall through */
    case IR_SHAPE_A:
        f(x, n->a);
        return;
    case IR_SHAPE_ABCD:
        f(x, n->a);
        f(x, n->b);
        first = n->c, count = 2;
        break;
    case IR_SHAPE_CALL:
    case IR_SHAPE_JUMP:
        first = n->b, count = n->c;
        break;
    case IR_SHAPE_BRANCH:
        f(x, n->a);
        f(x, n->b);
        first = n->c + 1, count = ir->args[n->c];
        for (unsigned k = 0; k < count; k++) {
            f(x, ir->args[first + k]);
        }
        first += count + 1, count = ir->args[first - 1];
        break;
    }
    for (unsigned k = 0; k < count; k++) {
        f(x, ir->args[first + k]);
    }
}

static void each_use(struct crossing *x, void (*f)(struct crossing *, ir_ref))
{
    struct ir *ir = x->e->ir;

    for (x->block = 0; x->block < ir->nblocks; x->block++) {
        for (unsigned i = ir->blocks[x->block].first; i < ir->blocks[x->block].end; i++) {
            each_operand(x, &ir->insns[i], f);
        }
    }
}

static bool add_live(struct em *e, unsigned block, unsigned succ)
{
    uint64_t *to = e->live + block * e->live_words, *from = e->live + succ * e->live_words;
    bool changed = false;

    for (unsigned w = 0; w < e->live_words; w++) {
        for (uint64_t more = from[w] & ~to[w]; more; more &= more - 1) {
            unsigned k = w * 64 + __builtin_ctzll(more);
            if (e->ir->insns[e->cross[k]].scratch != block) {
                BIT_SET(to, k);
                changed = true;
            }
        }
    }
    return changed;
}

void ra_find_crossing(struct em *e)
{
    struct ir *ir = e->ir;
    struct crossing x = { .e = e };

    e->ncross = 0;
    for (unsigned b = 0; b < ir->nblocks; b++) {
        for (unsigned i = ir->blocks[b].first; i < ir->blocks[b].end; i++) {
            ir->insns[i].scratch = b;
        }
    }
    each_use(&x, note_use);
    e->live_words = (e->ncross + 63) / 64;
    unsigned need = e->live_words * ir->nblocks;
    if (need > e->cap_live) {
        e->cap_live = need;
        e->live = g_renew(uint64_t, e->live, need);
    }
    if (!need) {
        return;
    }
    memset(e->live, 0, need * sizeof(uint64_t));
    each_use(&x, note_live);
    bool changed;
    do {
        changed = false;
        for (unsigned b = ir->nblocks; b-- > 0;) {
            struct ir_block *blk = &ir->blocks[b];
            struct ir_insn *t = &ir->insns[blk->end - 1];
            if (blk->end == blk->first) {
                continue;
            }
            if (t->op == IR_OP_br) {
                changed |= add_live(e, b, (unsigned)t->imm);
            } else if (t->op == IR_OP_brcond) {
                changed |= add_live(e, b, (uint32_t)t->imm);
                changed |= add_live(e, b, (unsigned)(t->imm >> 32));
            }
        }
    } while (changed);
    for (unsigned k = 0; k < e->ncross; k++) {
        val_of(e, e->cross[k])->put_vis = 0;
        val_of(e, e->cross[k])->flags = VAL_CROSS;
    }
}
