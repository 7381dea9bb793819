/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translation of one guest basic block of A64 code, up to the end of its page. */
#include "target/arm/translate.h"

#include "target/arm/a32.h"
#include "target/arm/priv.h"
#include "util/log.h"

void arm_exit(struct arm_tr *t, uint64_t pc, enum ir_exit code)
{
    ir_put(t->ir, IR_SLOT_PC, ir_i64(t->ir, pc));
    ir_exit(t->ir, code);
    t->ended = true;
}

/* Software step: the instruction is done, and its results stand. */
static void stepped(struct arm_tr *t, ir_ref pc)
{
    const ir_ref args[] = { ir_i32(t->ir, (t->insn & 0x3f400000) == 0x08400000), pc };

    ir_insn_start(t->ir, t->pc, 0);
    ir_call(t->ir, ARM_HELPER_step_done, 2, args);
    arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
}

void arm_goto(struct arm_tr *t, uint64_t pc)
{
    if (t->key & ARM_KEY_SS) {
        stepped(t, ir_i64(t->ir, pc));
        return;
    }
    if (t->tb->single_step) {
        arm_exit(t, pc, IR_EXIT_STEPPED);
        return;
    }
    ir_goto_pc(t->ir, pc, pc < t->next_pc);
    t->ended = true;
}

void arm_goto_ind(struct arm_tr *t, ir_ref pc)
{
    if (t->key & ARM_KEY_SS) {
        stepped(t, pc);
        return;
    }
    if (t->tb->single_step) {
        ir_put(t->ir, IR_SLOT_PC, pc);
        ir_exit(t->ir, IR_EXIT_STEPPED);
    } else {
        ir_goto_ind(t->ir, pc);
    }
    t->ended = true;
}

ir_ref arm_call_imm(struct arm_tr *t, enum arm_helper helper, uint32_t imm)
{
    const ir_ref arg = ir_i32(t->ir, imm);

    return ir_call(t->ir, helper, 1, &arg);
}

void arm_raise_class(struct arm_tr *t, unsigned ec, uint32_t iss)
{
    arm_call_imm(t, ARM_HELPER_raise, ec << ESR_EC_SHIFT | ESR_IL | iss);
    arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
}

void arm_undef(struct arm_tr *t)
{
    arm_raise_class(t, EC_UNKNOWN, 0);
}

bool arm_fp_begin(struct arm_tr *t)
{
    if (t->key & ARM_KEY_FP_TRAP) {
        ir_call(t->ir, ARM_HELPER_fp_trap, 0, NULL);
        arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
        return false;
    }
    return true;
}

/* Loads and stores by the stack pointer or the pc with an immediate and without writeback: their tags are not checked (DDI
 * 0487, "Tag unchecked accesses"). */
static bool tag_unchecked(uint32_t insn)
{
    if ((insn & 0x3b000000) == 0x18000000) {
        return true;                            /* literals */
    }
    if ((insn >> 5 & 31) != 31) {
        return false;
    }
    return (insn & 0x3b000000) == 0x39000000 || (insn & 0x3b200400) == 0x38000000 || (insn & 0x3a800000) == 0x28000000;
}

/* What debug exceptions do in front of an instruction. */
static void debug_begin(struct arm_tr *t)
{
    if (t->key & ARM_KEY_STEP_DUE) {
        ir_call(t->ir, ARM_HELPER_step_due, 0, NULL);
        arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
    } else if (t->key & ARM_KEY_BREAK) {
        ir_call(t->ir, ARM_HELPER_breakpoint, 0, NULL);
    }
}

static void one_insn(struct arm_tr *t)
{
    unsigned row;

    t->insn = arm_insn_at(t, t->pc);
    t->next_pc = t->pc + 4;
    row = arm_decode32(t->insn, &t->cpu->needs);
    ir_insn_start(t->ir, t->pc, 4);
    t->tb->insns++;
    t->tb->bytes += 4;
    if (log_on(LOG_INSN_COUNT)) {
        arm_call_imm(t, ARM_HELPER_count, row);
    }
    if (t->key & (ARM_KEY_STEP_DUE | ARM_KEY_BREAK)) {
        debug_begin(t);
        if (t->ended) {
            return;
        }
    }
    if (t->key & ARM_KEY_TAGS) {
        t->mem = (t->mem & ~(ARM_IDX_CHECKED << IR_MEM_IDX_SHIFT)) |
                 (tag_unchecked(t->insn) ? 0 : ARM_IDX_CHECKED << IR_MEM_IDX_SHIFT);
    }
    if (t->key & ARM_KEY_BTI && t->tb->insns == 1) {
        arm_bti_begin(t);
    }
    if (t->key & ARM_KEY_IL) {
        arm_raise_class(t, EC_ILLEGAL_STATE, 0);
    } else if (row == ARM_ROW_ILLEGAL) {
        arm_undef(t);
    } else {
        arm_emit(t, row, t->insn);
    }
}

/* Must the block end in front of the instruction at t->pc? */
static bool stop_before(struct arm_tr *t, unsigned max_insns)
{
    if (t->tb->breakpoint && t->tb->breakpoint(t->tb, t->pc)) {
        arm_exit(t, t->pc, IR_EXIT_DEBUG);
        return true;
    }
    if (t->tb->insns && ((t->pc ^ t->tb->pc) >> 12 || t->tb->insns >= max_insns)) {
        arm_goto(t, t->pc);
        return true;
    }
    return false;
}

static void build(struct arm_tr *t, unsigned max_insns)
{
    ir_reset(t->ir, &arm_ir);
    ir_begin(t->ir, ir_block_new(t->ir));
    t->tb->insns = t->tb->bytes = 0;
    t->pc = t->tb->pc;
    t->ended = false;
    t->flags = (struct arm_flags){ 0 };
    if (t->pc & 3) {
        ir_insn_start(t->ir, t->pc, 4);
        t->tb->insns = 1;
        t->tb->bytes = 4 - (t->pc & 3);
        ir_call(t->ir, ARM_HELPER_pc_unaligned, 0, NULL);
        arm_exit(t, t->pc, IR_EXIT_LOOKUP);     /* not reached */
    }
    while (!t->ended && !stop_before(t, max_insns)) {
        one_insn(t);
        t->pc = t->next_pc;
    }
}

static void translate_a64(struct tr_block *tb, struct ir *ir)
{
    struct arm_tr t = {
        .ir = ir,
        .cpu = arm_cpu(tb->cpu),
        .tb = tb,
        .key = tb->key,
        .el = tb->key & ARM_KEY_EL,
        .mem = arm_key_idx(tb->key) << IR_MEM_IDX_SHIFT | (tb->key & ARM_KEY_BE ? IR_MEM_BE : 0) |
               (tb->key & ARM_KEY_ALIGN ? IR_MEM_ALIGN : 0),
    };
    unsigned max_insns = tb->single_step || tb->key & ARM_KEY_SS ? 1 : tb->max_insns;

    build(&t, max_insns);
    while (ir->overflow) {
        /* More values than a region can name: one instruction always fits. */
        max_insns = MAX(1, MIN(max_insns, tb->insns) / 2);
        build(&t, max_insns);
    }
}

void arm_translate(struct tr_block *tb, struct ir *ir)
{
    if (tb->key & ARM_KEY_A32) {
        a32_translate(tb, ir);
        return;
    }
    translate_a64(tb, ir);
}
