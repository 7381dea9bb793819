/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The base integer instructions. */
#include "target/riscv/translate.h"

void emit_lui(struct rv_tr *t, const struct rv_U *a)
{
    rv_set(t, a->rd, ir_i64(t->ir, a->imm));
}

void emit_auipc(struct rv_tr *t, const struct rv_U *a)
{
    rv_set(t, a->rd, rv_const(t, t->pc + (int64_t)a->imm));
}

/* ---- jumps ---- */

/* Without compressed instructions a jump to an address that is no multiple of 4 raises an exception at the jump. */
static bool needs_alignment(struct rv_tr *t)
{
    return !rv_has(t->cpu, RV_EXT_Zca);
}

static void jump_unaligned(struct rv_tr *t, ir_ref target)
{
    ir_call(t->ir, RV_HELPER_jump_unaligned, 1, &target);
    rv_exit(t, t->pc, IR_EXIT_LOOKUP);      /* not reached */
}

static uint64_t target_of(struct rv_tr *t, int32_t imm)
{
    uint64_t target = t->pc + (int64_t)imm;

    return rv_is32(t) ? (uint32_t)target : target;
}

void emit_jal(struct rv_tr *t, const struct rv_J *a)
{
    uint64_t target = target_of(t, a->imm);

    if (needs_alignment(t) && target & 2) {
        jump_unaligned(t, ir_i64(t->ir, target));
        return;
    }
    rv_set(t, a->rd, rv_const(t, t->next_pc));
    rv_goto(t, target);
}

void emit_jalr(struct rv_tr *t, const struct rv_I *a)
{
    ir_ref sum = ir_add(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm));
    ir_ref target = ir_and(t->ir, rv_as_addr(t, sum), ir_i64(t->ir, ~1ll));

    if (needs_alignment(t)) {
        unsigned bad = ir_block_new(t->ir), good = ir_block_new(t->ir);

        ir_brcond(t->ir, IR_TSTNE, target, ir_i64(t->ir, 2), bad, good);
        t->ir->blocks[bad].cold = true;
        ir_begin(t->ir, bad);
        ir_insn_start(t->ir, t->pc, 0);
        jump_unaligned(t, target);
        ir_begin(t->ir, good);
    }
    rv_set(t, a->rd, rv_const(t, t->next_pc));
    if (ir_is_const(target)) {
        rv_goto(t, ir_const_value(t->ir, target));  /* the second half of auipc and jalr */
    } else {
        rv_goto_ind(t, target);
    }
}

static void branch(struct rv_tr *t, const struct rv_B *a, enum ir_cond cond)
{
    uint64_t target = target_of(t, a->imm);
    unsigned no = ir_block_new(t->ir), yes = ir_block_new(t->ir);

    ir_brcond(t->ir, cond, rv_get(t, a->rs1), rv_get(t, a->rs2), yes, no);
    ir_begin(t->ir, no);
    rv_goto(t, t->next_pc);
    ir_begin(t->ir, yes);
    if (needs_alignment(t) && target & 2) {
        ir_insn_start(t->ir, t->pc, 0);
        jump_unaligned(t, ir_i64(t->ir, target));
    } else {
        rv_goto(t, target);
    }
}

void emit_beq(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_EQ);
}

void emit_bne(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_NE);
}

void emit_blt(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_LT);
}

void emit_bge(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_GE);
}

void emit_bltu(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_LTU);
}

void emit_bgeu(struct rv_tr *t, const struct rv_B *a)
{
    branch(t, a, IR_GEU);
}

/* ---- loads and stores ---- */

static void load(struct rv_tr *t, const struct rv_I *a, unsigned mem)
{
    rv_set(t, a->rd, rv_load(t, IR_I64, a->rs1, a->imm, mem));
}

void emit_lb(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_8 | IR_MEM_SIGN);
}

void emit_lh(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_16 | IR_MEM_SIGN);
}

void emit_lw(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_32 | IR_MEM_SIGN);
}

void emit_ld(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_64);
}

void emit_lbu(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_8);
}

void emit_lhu(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_16);
}

void emit_lwu(struct rv_tr *t, const struct rv_I *a)
{
    load(t, a, IR_MEM_32);
}

void emit_sb(struct rv_tr *t, const struct rv_S *a)
{
    rv_store(t, a->rs1, a->imm, rv_get(t, a->rs2), IR_MEM_8);
}

void emit_sh(struct rv_tr *t, const struct rv_S *a)
{
    rv_store(t, a->rs1, a->imm, rv_get(t, a->rs2), IR_MEM_16);
}

void emit_sw(struct rv_tr *t, const struct rv_S *a)
{
    rv_store(t, a->rs1, a->imm, rv_get(t, a->rs2), IR_MEM_32);
}

void emit_sd(struct rv_tr *t, const struct rv_S *a)
{
    rv_store(t, a->rs1, a->imm, rv_get(t, a->rs2), IR_MEM_64);
}

/* ---- register and immediate ---- */

void emit_addi(struct rv_tr *t, const struct rv_I *a)
{
    rv_set_xlen(t, a->rd, ir_add(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_slti(struct rv_tr *t, const struct rv_I *a)
{
    rv_set(t, a->rd, ir_setcond(t->ir, IR_LT, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_sltiu(struct rv_tr *t, const struct rv_I *a)
{
    rv_set(t, a->rd, ir_setcond(t->ir, IR_LTU, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_xori(struct rv_tr *t, const struct rv_I *a)
{
    rv_set(t, a->rd, ir_xor(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_ori(struct rv_tr *t, const struct rv_I *a)
{
    rv_set(t, a->rd, ir_or(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_andi(struct rv_tr *t, const struct rv_I *a)
{
    rv_set(t, a->rd, ir_and(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

/* On RV32 the tables admit shift amounts below 32 only, so that left and arithmetic right shifts of the sign-extended
 * value need no narrowing before. */
void emit_slli(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set_xlen(t, a->rd, ir_shl(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)));
}

void emit_srli(struct rv_tr *t, const struct rv_RSH *a)
{
    if (rv_is32(t)) {
        emit_srliw(t, a);
    } else {
        rv_set(t, a->rd, ir_shr(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)));
    }
}

void emit_srai(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_sar(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)));
}

/* ---- register and register ---- */

void emit_add(struct rv_tr *t, const struct rv_R *a)
{
    rv_set_xlen(t, a->rd, ir_add(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_sub(struct rv_tr *t, const struct rv_R *a)
{
    rv_set_xlen(t, a->rd, ir_sub(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_sll(struct rv_tr *t, const struct rv_R *a)
{
    if (rv_is32(t)) {
        emit_sllw(t, a);
    } else {
        rv_set(t, a->rd, ir_shl(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
    }
}

void emit_slt(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_setcond(t->ir, IR_LT, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_sltu(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_setcond(t->ir, IR_LTU, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_xor(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_xor(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_srl(struct rv_tr *t, const struct rv_R *a)
{
    if (rv_is32(t)) {
        emit_srlw(t, a);
    } else {
        rv_set(t, a->rd, ir_shr(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
    }
}

void emit_sra(struct rv_tr *t, const struct rv_R *a)
{
    if (rv_is32(t)) {
        emit_sraw(t, a);
    } else {
        rv_set(t, a->rd, ir_sar(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
    }
}

void emit_or(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_or(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_and(struct rv_tr *t, const struct rv_R *a)
{
    rv_set(t, a->rd, ir_and(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

/* ---- the W forms of RV64 ---- */

void emit_addiw(struct rv_tr *t, const struct rv_I *a)
{
    rv_set32(t, a->rd, ir_add(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->imm)));
}

void emit_slliw(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set32(t, a->rd, ir_shl(t->ir, rv_get(t, a->rs1), ir_i64(t->ir, a->sh)));
}

void emit_srliw(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set32(t, a->rd, ir_shr(t->ir, rv_get32(t, a->rs1), ir_i32(t->ir, a->sh)));
}

void emit_sraiw(struct rv_tr *t, const struct rv_RSH *a)
{
    rv_set(t, a->rd, ir_sar(t->ir, ir_exts32(t->ir, rv_get(t, a->rs1)), ir_i64(t->ir, a->sh)));
}

void emit_addw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_add(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_subw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_sub(t->ir, rv_get(t, a->rs1), rv_get(t, a->rs2)));
}

void emit_sllw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_shl(t->ir, rv_get32(t, a->rs1), rv_get32(t, a->rs2)));
}

void emit_srlw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_shr(t->ir, rv_get32(t, a->rs1), rv_get32(t, a->rs2)));
}

void emit_sraw(struct rv_tr *t, const struct rv_R *a)
{
    rv_set32(t, a->rd, ir_sar(t->ir, rv_get32(t, a->rs1), rv_get32(t, a->rs2)));
}

/* ---- fences ---- */

enum { FENCE_W = 1, FENCE_R = 2, FENCE_O = 4, FENCE_I = 8 };   /* pred and succ */

void emit_fence(struct rv_tr *t, const struct rv_FENCE *a)
{
    bool pr = a->pred & (FENCE_R | FENCE_I), pw = a->pred & (FENCE_W | FENCE_O);
    bool sr = a->succ & (FENCE_R | FENCE_I), sw = a->succ & (FENCE_W | FENCE_O);

    ir_fence(t->ir, (pr && sr ? IR_FENCE_RR : 0) | (pr && sw ? IR_FENCE_RW : 0) | (pw && sr ? IR_FENCE_WR : 0) |
                    (pw && sw ? IR_FENCE_WW : 0));
}

void emit_fence_tso(struct rv_tr *t)
{
    ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WW);
}
