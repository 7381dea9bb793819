/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The builder: blocks, constants, slots with forwarding, memory, control flow. It runs for every guest instruction that
 * is translated, so it takes no memory while it builds: the arrays have their largest size from the start (pages that are
 * never reached cost nothing), and a region that outgrows them sets `overflow` and goes on writing at the last entry.
 */
#include "tcg/eval.h"
#include "tcg/ir_impl.h"

#include <string.h>

enum { ARGS_MAX = 0xffff, ARGS_ROOM = 2 * 256 + 2 };

struct ir *ir_new(void)
{
    struct ir *ir = g_new0(struct ir, 1);

    ir->cap_insns = IR_VALUES_MAX + 1;
    ir->insns = g_new(struct ir_insn, ir->cap_insns);
    ir->cap_consts = IR_VALUES_MAX + 1;
    ir->consts = g_new(uint64_t, ir->cap_consts);
    ir->const_types = g_new(uint8_t, ir->cap_consts);
    ir->cap_args = ARGS_MAX + ARGS_ROOM;
    ir->args = g_new(ir_ref, ir->cap_args);
    ir->cap_blocks = 16;
    ir->blocks = g_new(struct ir_block, ir->cap_blocks);
    ir->fold = true;
    memset(&ir->insns[0], 0, sizeof(ir->insns[0]));
    ir_reset(ir, NULL);
    return ir;
}

void ir_free(struct ir *ir)
{
    if (!ir) {
        return;
    }
    g_free(ir->insns);
    g_free(ir->consts);
    g_free(ir->const_types);
    g_free(ir->args);
    g_free(ir->blocks);
    g_free(ir);
}

void ir_reset(struct ir *ir, const struct ir_target *target)
{
    ir->target = target;
    ir->ninsns = 1;
    ir->consts[0] = 0;
    ir->const_types[0] = IR_I64;
    ir->nconsts = 1;
    ir->args[0] = ir->args[1] = 0;      /* the two empty argument lists that most brconds share */
    ir->nargs = 2;
    ir->nblocks = 0;
    ir->cur_block = -1;
    ir->overflow = false;
    ir->guest_insns = 0;
}

/* ---- blocks ---- */

unsigned ir_block_new(struct ir *ir)
{
    if (ir->nblocks == ir->cap_blocks) {
        ir->cap_blocks *= 2;
        ir->blocks = g_renew(struct ir_block, ir->blocks, ir->cap_blocks);
    }
    ir->blocks[ir->nblocks] = (struct ir_block) { 0 };
    return ir->nblocks++;
}

static inline void forget_slots(struct ir *ir)
{
    memset(ir->cur_known, 0, sizeof(ir->cur_known));
}

void ir_begin(struct ir *ir, unsigned block)
{
    ir->blocks[block].first = ir->blocks[block].end = ir->ninsns;
    ir->cur_block = block;
    forget_slots(ir);
}

ir_ref ir_param(struct ir *ir, enum ir_type type)
{
    struct ir_block *b = &ir->blocks[ir->cur_block];

    return ir_push(ir, IR_OP_param, type, 0, 0, 0, 0, 0, b->params++);
}

/* ---- constants ---- */

ir_ref ir_const(struct ir *ir, enum ir_type type, uint64_t bits)
{
    unsigned hash, at;

    if (type == IR_I32 || type == IR_F32) {
        bits = (uint32_t)bits;
    }
    hash = ((bits ^ type) * 0x9e3779b97f4a7c15u) >> 56;
    at = ir->const_hash[hash];
    if (at < ir->nconsts && ir->consts[at] == bits && ir->const_types[at] == type) {
        return IR_CONST_BIT | at;
    }
    at = ir->nconsts;
    if (G_UNLIKELY(at == ir->cap_consts)) {
        ir->overflow = true;
        at--;
    } else {
        ir->nconsts++;
    }
    ir->consts[at] = bits;
    ir->const_types[at] = type;
    ir->const_hash[hash] = at;
    return IR_CONST_BIT | at;
}

/* ---- slots ---- */

static inline bool slot_known(const struct ir *ir, unsigned slot)
{
    return ir->cur_known[slot / 64] >> (slot % 64) & 1;
}

static inline void slot_set(struct ir *ir, unsigned slot, ir_ref v)
{
    ir->cur[slot] = v;
    ir->cur_known[slot / 64] |= 1ull << (slot % 64);
}

ir_ref ir_get(struct ir *ir, unsigned slot)
{
    ir_ref v;

    if (slot_known(ir, slot)) {
        return ir->cur[slot];
    }
    v = ir_push(ir, IR_OP_get, ir->target->slots[slot].type, 0, 0, 0, 0, 0, slot);
    slot_set(ir, slot, v);
    return v;
}

void ir_put(struct ir *ir, unsigned slot, ir_ref v)
{
    if (slot_known(ir, slot) && ir->cur[slot] == v) {
        return;
    }
    slot_set(ir, slot, v);
    if (!ir_is_const(v)) {
        ir->insns[v].flags |= IR_WAS_PUT;
    }
    ir_push(ir, IR_OP_put, IR_VOID, 0, v, 0, 0, 0, slot);
}

void ir_insn_start(struct ir *ir, uint64_t pc, unsigned bytes)
{
    ir->guest_insns += bytes != 0;
    ir_push(ir, IR_OP_insn, IR_VOID, bytes, 0, 0, 0, 0, pc);
}

/* ---- memory ---- */

/*
 * Base and displacement of an access: takes `base + constant` apart if that keeps nothing alive longer, so that accesses
 * through one base are seen as such.
 */
static ir_ref address(struct ir *ir, ir_ref a, int64_t *disp)
{
    ir_ref base;
    int64_t more;

    if (ir_is_const(a)) {
        if (ir->fold && *disp) {
            a = ir_i64(ir, ir_const_value(ir, a) + *disp);
            *disp = 0;
        }
    } else if (ir->fold && ir_split_add(ir, a, &base, &more) && (int32_t)(*disp + more) == (int64_t)((uint64_t)*disp + more)) {
        a = base;
        *disp += more;
    }
    if (*disp != (int32_t)*disp) {
        a = ir_add(ir, a, ir_i64(ir, *disp));
        *disp = 0;
    }
    return a;
}

ir_ref ir_ld(struct ir *ir, enum ir_type type, ir_ref a, int64_t disp, unsigned mem)
{
    a = address(ir, a, &disp);
    return ir_push(ir, IR_OP_ld, type, 0, a, 0, 0, mem, disp);
}

void ir_st(struct ir *ir, ir_ref a, int64_t disp, ir_ref v, unsigned mem)
{
    a = address(ir, a, &disp);
    ir_push(ir, IR_OP_st, IR_VOID, 0, a, v, 0, mem, disp);
}

ir_ref ir_rmw(struct ir *ir, enum ir_rmw op, ir_ref a, ir_ref v, unsigned mem)
{
    return ir_push(ir, IR_OP_rmw, ir_type_of(ir, v), op, a, v, 0, mem, 0);
}

ir_ref ir_cas(struct ir *ir, ir_ref a, ir_ref expected, ir_ref desired, unsigned mem)
{
    return ir_push(ir, IR_OP_cas, ir_type_of(ir, desired), 0, a, expected, desired, mem, 0);
}

void ir_probe(struct ir *ir, ir_ref a, int64_t disp, unsigned mem)
{
    a = address(ir, a, &disp);
    ir_push(ir, IR_OP_probe, IR_VOID, 0, a, 0, 0, mem, disp);
}

void ir_fence(struct ir *ir, unsigned bits)
{
    ir_push(ir, IR_OP_fence, IR_VOID, bits, 0, 0, 0, 0, 0);
}

/* ---- floating point with extra immediates ---- */

ir_ref ir_fma(struct ir *ir, ir_ref a, ir_ref b, ir_ref c, unsigned negate)
{
    return ir_push(ir, IR_OP_fma, ir_type_of(ir, a), negate, a, b, c, 0, 0);
}

ir_ref ir_fcmp(struct ir *ir, enum ir_fcond cond, ir_ref a, ir_ref b)
{
    return ir_push(ir, IR_OP_fcmp, IR_I64, cond, a, b, 0, 0, 0);
}

ir_ref ir_fcvt(struct ir *ir, enum ir_op op, enum ir_type to, ir_ref a, enum ir_round round)
{
    bool rounds = op == IR_OP_fcvt_fs || op == IR_OP_fcvt_fu || op == IR_OP_fcvt_fx;

    return ir_push(ir, op, to, rounds ? round : 0, a, 0, 0, 0, 0);
}

ir_ref ir_fpflags(struct ir *ir)
{
    return ir_push(ir, IR_OP_fpflags, IR_I64, 0, 0, 0, 0, 0, 0);
}

void ir_fpsetflags(struct ir *ir, ir_ref flags)
{
    ir_push(ir, IR_OP_fpsetflags, IR_VOID, 0, flags, 0, 0, 0, 0);
}

ir_ref ir_fbits(struct ir *ir, ir_ref a)
{
    return ir_emit1(ir, IR_OP_fbits, ir_type_of(ir, a) == IR_F32 ? IR_I32 : IR_I64, a);
}

ir_ref ir_bitsf(struct ir *ir, ir_ref a)
{
    return ir_emit1(ir, IR_OP_bitsf, ir_type_of(ir, a) == IR_I32 ? IR_F32 : IR_F64, a);
}

ir_ref ir_noncanon(struct ir *ir, ir_ref v)
{
    uint64_t bits;

    if (!ir_is_const(v)) {
        ir->insns[v].flags |= IR_NONCANON;
        return v;
    }
    bits = ir_const_value(ir, v);
    if (ir_type_of(ir, v) == IR_F32) {
        return ir_const(ir, IR_F32, eval_canon32(bits));
    }
    return ir_const(ir, IR_F64, bits >> 32 == UINT32_MAX ? eval_box32(eval_canon32(bits)) : eval_canon64(bits));
}

/* ---- calls and terminators ---- */

/* Room for n refs in the pool; their index. */
static unsigned pool_alloc(struct ir *ir, unsigned n)
{
    unsigned at = ir->nargs;

    if (G_UNLIKELY(at + n > ARGS_MAX)) {
        ir->overflow = true;
        return ARGS_MAX;        /* ARGS_ROOM entries beyond it are there to be scribbled on */
    }
    ir->nargs += n;
    return at;
}

static void pool_fill(struct ir *ir, unsigned at, unsigned n, const ir_ref *refs)
{
    for (unsigned k = 0; k < n; k++) {
        ir->args[at + k] = refs[k];
    }
}

static unsigned pool_add(struct ir *ir, unsigned n, const ir_ref *refs)
{
    unsigned at = pool_alloc(ir, n);

    pool_fill(ir, at, n, refs);
    return at;
}

ir_ref ir_select_raw(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, ir_ref yes, ir_ref no)
{
    unsigned at = pool_alloc(ir, 2);

    ir->args[at] = yes;
    ir->args[at + 1] = no;
    return ir_push(ir, IR_OP_select, ir_type_of(ir, yes), cond, a, b, at, 0, 0);
}

ir_ref ir_fixnan3(struct ir *ir, ir_ref raw, ir_ref b, ir_ref c, ir_ref d, bool wide, unsigned helper)
{
    unsigned at = pool_alloc(ir, 2);

    ir->args[at] = c;
    ir->args[at + 1] = d;
    return ir_push(ir, IR_OP_fixnan3, IR_V128, wide, raw, b, at, 0, helper);
}

ir_ref ir_call(struct ir *ir, unsigned helper, unsigned nargs, const ir_ref *args)
{
    const struct ir_helper *h = &ir->target->helpers[helper];
    unsigned at = pool_add(ir, nargs, args);
    ir_ref r = ir_push(ir, IR_OP_call, h->ret, 0, 0, at, nargs, 0, helper);

    if (h->effects & IR_HELPER_WRITES) {
        forget_slots(ir);
    }
    return h->ret == IR_VOID ? 0 : r;
}

/* Appends a terminator, fields as ir_push. */
static inline void end_block(struct ir *ir, enum ir_op op, unsigned sub, ir_ref a, ir_ref b, ir_ref c, int64_t imm)
{
    ir_push(ir, op, IR_VOID, sub, a, b, c, 0, imm);
    ir->blocks[ir->cur_block].end = ir->ninsns;
    ir->cur_block = -1;
}

/* A block that is complete, or the current one, is reached again: a loop. Blocks are filled in the order of execution. */
static void note_edge(struct ir *ir, unsigned to)
{
    if (ir->blocks[to].first) {
        ir->blocks[to].loop_head = true;
    }
}

void ir_br(struct ir *ir, unsigned block, unsigned nargs, const ir_ref *args)
{
    note_edge(ir, block);
    end_block(ir, IR_OP_br, 0, 0, pool_add(ir, nargs, args), nargs, block);
}

void ir_brcond(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, unsigned yes, unsigned no)
{
    ir_brcond_args(ir, cond, a, b, yes, 0, NULL, no, 0, NULL);
}

void ir_brcond_args(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, unsigned yes, unsigned nyes, const ir_ref *yes_args,
                    unsigned no, unsigned nno, const ir_ref *no_args)
{
    unsigned at = 0;

    if (ir->fold) {
        int known = ir_fold_cond(ir, &cond, &a, &b);

        if (known >= 0) {
            ir_br(ir, known ? yes : no, known ? nyes : nno, known ? yes_args : no_args);
            return;
        }
    }
    note_edge(ir, yes);
    note_edge(ir, no);
    if (nyes + nno) {
        at = pool_alloc(ir, nyes + nno + 2);
        ir->args[at] = nyes;
        pool_fill(ir, at + 1, nyes, yes_args);
        ir->args[at + 1 + nyes] = nno;
        pool_fill(ir, at + 2 + nyes, nno, no_args);
    }
    end_block(ir, IR_OP_brcond, cond, a, b, at, (uint64_t)no << 32 | yes);
}

void ir_goto_pc(struct ir *ir, uint64_t pc, bool poll)
{
    end_block(ir, IR_OP_goto_pc, poll, 0, 0, 0, pc);
}

void ir_goto_ind(struct ir *ir, ir_ref pc)
{
    end_block(ir, IR_OP_goto_ind, 0, pc, 0, 0, 0);
}

void ir_exit(struct ir *ir, enum ir_exit code)
{
    end_block(ir, IR_OP_exit, 0, 0, 0, 0, code);
}
