/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls of C functions. Pinned registers are saved in their slots' homes by a thunk, since most of them are the ABI's
 * caller-saved ones, and reloaded by another one; that is also what a helper needs that reads or writes guest state.
 * Values in temporaries get a copy in memory if they are used later.
 */
#include "tcg/host/x86_64/host_impl.h"

static const uint8_t int_args[6] = { RDI, RSI, RDX, RCX, R8, R9 };

/* Makes sure that a register's value, if it is needed after the call, is in memory too; the register keeps it for now. */
static void copy_out(struct em *e, int reg, bool homes_change)
{
    ir_ref r = e->reg_val[reg];

    if (!r) {
        return;
    }
    struct val *v = val_of(e, r);
    bool used = v->last > e->cur || v->nslots;
    if (!used || v->spill >= 0 || (v->home && !homes_change)) {
        return;
    }
    v->spill = ra_frame_for(e, r);
    struct amem m = spill_mem(v->spill);
    ra_store_mem(e, reg, &m, ra_frame_bytes(e, r));
}

static void save_values(struct em *e, bool writes)
{
    uint32_t regs = e->h->temps | (writes ? e->h->pins : 0);

    if (writes) {
        for (unsigned w = 0; w < IR_SLOTS_MAX / 64; w++) {
            for (uint64_t d = e->homed[w]; d; d &= d - 1) {
                unsigned s = w * 64 + __builtin_ctzll(d);
                if (!ra_dies(e, e->home_val[s])) {      /* else an argument, read from there */
                    ra_save_home_value(e, s);
                }
            }
        }
    }
    for (; regs; regs &= regs - 1) {
        int reg = __builtin_ctz(regs);
        int s = e->h->reg_slot[reg];
        if (s >= 0 && e->reg_val[reg] && e->slot_val[s] == e->reg_val[reg] && e->val[e->reg_val[reg]].last <= e->cur) {
            continue;               /* only the slot has it, and its home will do */
        }
        copy_out(e, reg, writes);
    }
}

static void move_args(struct em *e, const ir_ref *args, unsigned nargs, bool cpu)
{
    struct pmove m[NREGS];
    unsigned n = 0, ni = cpu, nf = 0;

    for (unsigned i = 0; i < nargs; i++) {
        ir_ref r = resolve(e, args[i]);
        bool f = is_float(ir_type_of(e->ir, r));
        int to = f ? XMM0 + (int)nf++ : int_args[ni++];
        m[n++] = (struct pmove){ .to = to, .from = ir_is_const(r) ? -1 : e->val[r].reg, .ref = r };
    }
    uint32_t was_free = e->free;
    e->free = 0;                    /* a constant must not pass through an argument's register */
    parallel_move(e, m, n);
    e->free = was_free;
    if (cpu) {
        struct amem at = amem(CPU_REG, -HOST_CPU_BIAS);
        asm_rm(&e->c, X_LEA | X_W, RDI, &at);
    }
}

static void x86_call_to(struct em *e, const void *fn, int helper)
{
    if (asm_reaches(&e->c, fn)) {
        asm_call_abs(&e->c, fn);
    } else if (helper >= 0) {
        struct amem m = amem_rip(e->h->fn_table + 8 * helper);
        asm_rm(&e->c, X_GROUP5, 2, &m);
    } else {
        asm_mov_imm(&e->c, RAX, (uint64_t)(uintptr_t)fn);
        asm_rr(&e->c, X_GROUP5, 2, RAX);
    }
}

/* Nothing is left in registers that C code clobbers, save in those that the reload thunk restores. */
static void forget_registers(struct em *e, bool writes)
{
    for (uint32_t regs = e->h->temps; regs; regs &= regs - 1) {
        ra_unbind(e, __builtin_ctz(regs));
    }
    if (!writes) {
        return;
    }
    for (unsigned k = 0; k < e->h->npinned; k++) {
        unsigned s = e->h->pinned[k];
        ir_ref old = e->slot_val[s];
        ra_unbind(e, e->h->pin_reg[s]);
        e->slot_val[s] = PSEUDO0 + s;
        if (old != PSEUDO0 + s) {
            ra_release(e, old);
        }
        e->val[PSEUDO0 + s] = (struct val){ .reg = -1, .spill = -1, .nslots = 1 };
        ra_bind(e, PSEUDO0 + s, e->h->pin_reg[s]);
    }
}

struct callee {
    const void *fn;
    int helper;                 /* number, or -1 */
    unsigned effects;
    bool cpu;                   /* gets the CPU pointer first */
};

static void put_result(struct em *e, struct ir_insn *n)
{
    if (n->type == IR_VOID || !e->val[e->cur].last) {
        return;
    }
    if (is_float(n->type)) {
        ra_emit_move(e, ra_dest(e, -1, 0), XMM0);
        return;
    }
    if (n->type == IR_I128) {
        int spill = e->val[e->cur].spill = ra_frame(e, 2);
        struct amem lo = spill_mem(spill), hi = spill_mem(spill + 1);
        asm_rm(&e->c, X_MOV_STORE | X_W, RAX, &lo);
        asm_rm(&e->c, X_MOV_STORE | X_W, RDX, &hi);
        return;
    }
    ra_take(e, RAX);
    ra_emit_move(e, ra_dest(e, RAX, 0), RAX);
}

static void call(struct em *e, const struct callee *f, unsigned nargs, const ir_ref *args)
{
    const struct host *h = e->h;
    unsigned visible = f->effects & (IR_HELPER_READS | IR_HELPER_WRITES | IR_HELPER_RAISES);
    bool writes = f->effects & IR_HELPER_WRITES;

    if (visible) {
        sync_homes(e, NULL, true);
    } else {
        e->cur--;
        sync_pins(e, NULL);
        e->cur++;
    }
    if (f->effects & IR_HELPER_RAISES) {
        ra_put(e, IR_SLOT_PC, ir_const(e->ir, IR_I64, e->insn_pc));
        e->cur--;
        sync_flush(e);
        e->cur++;
    }
    if (visible && h->env.icount) {
        struct amem ahead = amem(CPU_REG, (int64_t)h->env.off_icount_ahead - HOST_CPU_BIAS);
        asm_rm_imm(&e->c, X_MOV_IMM, 0, &ahead, 4);
        asm_u32(&e->c, e->region->guest_insns - e->insn_index);
    }
    save_values(e, writes);
    if (h->npinned || visible) {
        asm_call_abs(&e->c, visible ? h->sync_reads : h->sync);
    }
    move_args(e, args, nargs, f->cpu);
    x86_call_to(e, f->fn, f->helper);
    if (visible) {
        map_record_home(e, asm_pos(&e->c));
    }
    for (unsigned i = 0; i < nargs; i++) {
        ra_use_done(e, args[i]);
    }
    forget_registers(e, writes);
    asm_call_abs(&e->c, writes ? h->reload_writes : h->reload);
    put_result(e, e->n);
}

void call_pure(struct em *e, const void *fn, unsigned nargs, const ir_ref *args)
{
    struct callee f = { .fn = fn, .helper = -1 };

    call(e, &f, nargs, args);
}

void x86_call(struct em *e, struct ir_insn *n)
{
    const struct ir_helper *hp = &e->h->target->helpers[n->imm];
    struct callee f = { hp->fn, (int)n->imm, hp->effects, hp->nargs && hp->args[0] == IR_VOID };

    call(e, &f, n->c, e->ir->args + n->b);
}
