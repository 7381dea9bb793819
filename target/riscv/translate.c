/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translation of one guest basic block, up to the end of its page.
 *
 * Registers are slots of 64 bits. On RV32 they hold sign-extended values, which comparisons, logic and division by parts
 * can use as they are; additions, shifts and multiplications are the W forms of RV64. Addresses are zero-extended there.
 * x0 has no slot: it reads as a constant and writes to it are dropped, loads to x0 still access memory.
 */
#include "target/riscv/translate.h"

#include "target/riscv/disas.h"
#include "util/log.h"

ir_ref rv_addr(struct rv_tr *t, unsigned rs1, int32_t imm, int64_t *disp)
{
    if (rv_is32(t)) {
        *disp = 0;
        return ir_extu32(t->ir, ir_add(t->ir, rv_get(t, rs1), ir_i64(t->ir, imm)));
    }
    *disp = imm;
    return rv_get(t, rs1);
}

ir_ref rv_load(struct rv_tr *t, enum ir_type type, unsigned rs1, int32_t imm, unsigned mem)
{
    int64_t disp;
    ir_ref addr = rv_addr(t, rs1, imm, &disp);

    return ir_ld(t->ir, type, addr, disp, mem | t->mem);
}

void rv_store(struct rv_tr *t, unsigned rs1, int32_t imm, ir_ref v, unsigned mem)
{
    int64_t disp;
    ir_ref addr = rv_addr(t, rs1, imm, &disp);

    ir_st(t->ir, addr, disp, v, mem | t->mem);
}

void rv_exit(struct rv_tr *t, uint64_t pc, enum ir_exit code)
{
    ir_put(t->ir, IR_SLOT_PC, ir_i64(t->ir, pc));
    ir_exit(t->ir, code);
    t->ended = true;
}

void rv_goto(struct rv_tr *t, uint64_t pc)
{
    if (t->tb->single_step) {
        rv_exit(t, pc, IR_EXIT_STEPPED);
        return;
    }
    if (t->key_changed) {
        rv_goto_ind(t, ir_i64(t->ir, pc));
        return;
    }
    ir_goto_pc(t->ir, pc, pc < t->next_pc);
    t->ended = true;
}

void rv_goto_ind(struct rv_tr *t, ir_ref pc)
{
    if (t->tb->single_step) {
        ir_put(t->ir, IR_SLOT_PC, pc);
        ir_exit(t->ir, IR_EXIT_STEPPED);
    } else {
        ir_goto_ind(t->ir, pc);
    }
    t->ended = true;
}

ir_ref rv_call_insn(struct rv_tr *t, enum rv_helper helper, unsigned nargs, ir_ref a, ir_ref b)
{
    const ir_ref args[] = { ir_i32(t->ir, t->insn), a, b };

    return ir_call(t->ir, helper, nargs + 1, args);
}

void rv_illegal(struct rv_tr *t)
{
    rv_call_insn(t, RV_HELPER_illegal, 0, 0, 0);
    rv_exit(t, t->pc, IR_EXIT_LOOKUP);      /* not reached */
}

static uint16_t fetch16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

/* Reads the instruction at t->pc. False: it straddles into a page that can't be fetched, and isn't the first. */
static bool fetch(struct rv_tr *t)
{
    unsigned offset = t->pc & 0xfff;
    const uint8_t *p = t->tb->page + offset;

    t->insn = fetch16(p);
    t->bytes = rv_insn_length(t->insn);
    if (t->bytes == 4) {
        if (offset == 0xffe) {
            p = t->tb->next_page(t->tb, t->tb->insns == 0);
            if (!p) {
                return false;
            }
        } else {
            p += 2;
        }
        t->insn |= (uint32_t)fetch16(p) << 16;
    }
    t->next_pc = t->pc + t->bytes;
    if (rv_is32(t)) {
        t->next_pc = (uint32_t)t->next_pc;
    }
    return true;
}

static void one_insn(struct rv_tr *t)
{
    unsigned row = rv_decode(t->insn, &t->cpu->needs[t->xlen == 64]);

    ir_insn_start(t->ir, t->pc, t->bytes);
    t->tb->insns++;
    t->tb->bytes += t->bytes;
    if (log_on(LOG_INSN_COUNT)) {
        const ir_ref number = ir_i32(t->ir, row);

        ir_call(t->ir, RV_HELPER_count, 1, &number);
    }
    if (row == RV_ROW_ILLEGAL) {
        rv_illegal(t);
    } else {
        rv_emit(t, row, t->insn);
    }
}

/* Must the block end in front of the instruction at t->pc? */
static bool stop_before(struct rv_tr *t, unsigned max_insns)
{
    if (t->tb->breakpoint && t->tb->breakpoint(t->tb, t->pc)) {
        rv_exit(t, t->pc, IR_EXIT_DEBUG);
        return true;
    }
    if (t->tb->insns && ((t->pc ^ t->tb->pc) >> 12 || t->tb->insns >= max_insns)) {
        rv_goto(t, t->pc);
        return true;
    }
    if (!fetch(t)) {
        rv_goto(t, t->pc);
        return true;
    }
    return false;
}

static void build(struct rv_tr *t, unsigned max_insns)
{
    ir_reset(t->ir, &rv_ir);
    ir_begin(t->ir, ir_block_new(t->ir));
    t->tb->insns = t->tb->bytes = 0;
    t->pc = t->tb->pc;
    t->ended = false;
    t->key = t->tb->key;
    t->key_changed = false;
    while (!t->ended && !stop_before(t, max_insns)) {
        one_insn(t);
        t->pc = t->next_pc;
    }
}

void rv_translate(struct tr_block *tb, struct ir *ir)
{
    struct rv_tr t = {
        .ir = ir,
        .cpu = rv_cpu(tb->cpu),
        .tb = tb,
        .xlen = rv_key_xlen(tb->key),
        .mem = rv_key_idx(tb->key) << IR_MEM_IDX_SHIFT,
    };
    unsigned max_insns = tb->single_step ? 1 : tb->max_insns;

    build(&t, max_insns);
    while (ir->overflow) {
        /* More values than a region can name: one instruction always fits. */
        max_insns = MAX(1, MIN(max_insns, tb->insns) / 2);
        build(&t, max_insns);
    }
}
