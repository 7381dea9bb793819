/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSR instructions. Plain state that the current privilege may touch is a slot; everything else goes through a helper
 * (csr.c), which checks the access. After a write that may have changed the mode, mappings or interrupts the block ends.
 *
 * The registers of floating point are inline: the sticky flags are the host's, frm stands in the key. Only a write that
 * changes frm is the helper's and ends the block.
 */
#include "target/riscv/fp.h"
#include "target/riscv/translate.h"

enum { CSR_FFLAGS = 1, CSR_FRM, CSR_FCSR };

enum csr_op { WRITE, SET, CLEAR };

static ir_ref slot_read(struct rv_tr *t, int slot)
{
    ir_ref v = ir_get(t->ir, slot);

    return rv_is32(t) ? ir_exts32(t->ir, v) : v;
}

static void slot_write(struct rv_tr *t, int slot, ir_ref v)
{
    ir_put(t->ir, slot, rv_is32(t) ? ir_extu32(t->ir, v) : v);
}

static ir_ref combine(struct rv_tr *t, enum csr_op op, ir_ref old, ir_ref v)
{
    return op == SET ? ir_or(t->ir, old, v) : op == CLEAR ? ir_andc(t->ir, old, v) : v;
}

/* ---- fflags, frm, fcsr ---- */

static bool is_fp(const struct rv_tr *t, unsigned csr)
{
    return csr >= CSR_FFLAGS && csr <= CSR_FCSR && rv_has(t->cpu, RV_EXT_F);
}

static ir_ref fp_read(struct rv_tr *t, unsigned csr)
{
    unsigned frm = rv_key_frm(t->key);

    switch (csr) {
    case CSR_FFLAGS: return ir_fpflags(t->ir);
    case CSR_FRM: return ir_i64(t->ir, frm);
    default: return ir_or(t->ir, ir_fpflags(t->ir), ir_i64(t->ir, frm << 5));
    }
}

/* Everything by the helper, and out: frm changes. */
static void fp_write_frm(struct rv_tr *t, unsigned rd, ir_ref old, ir_ref v)
{
    rv_call_insn(t, RV_HELPER_csrw, 1, v, 0);
    rv_set(t, rd, old);
    rv_goto_ind(t, ir_i64(t->ir, t->next_pc));
}

static void fp_write(struct rv_tr *t, unsigned csr, unsigned rd, enum csr_op op, ir_ref v)
{
    ir_ref old, frm, now = ir_i64(t->ir, rv_key_frm(t->key));

    if (!rv_fp_begin(t)) {
        return;
    }
    old = rd || op != WRITE ? fp_read(t, csr) : 0;
    v = combine(t, op, old, v);
    if (csr != CSR_FFLAGS) {
        frm = ir_and(t->ir, csr == CSR_FCSR ? ir_shr(t->ir, v, ir_i64(t->ir, 5)) : v, ir_i64(t->ir, 7));
        if (ir_is_const(frm)) {
            if (frm != now) {
                fp_write_frm(t, rd, old, v);
                return;
            }
        } else {
            unsigned same = ir_block_new(t->ir), other = ir_block_new(t->ir);

            ir_brcond(t->ir, IR_EQ, frm, now, same, other);
            t->ir->blocks[other].cold = true;
            ir_begin(t->ir, other);
            ir_insn_start(t->ir, t->pc, 0);
            fp_write_frm(t, rd, old, v);
            t->ended = false;
            ir_begin(t->ir, same);
        }
    }
    if (csr != CSR_FRM) {
        ir_fpsetflags(t->ir, v);
    }
    rv_set(t, rd, old);
}

/* ---- all others ---- */

static void read_only(struct rv_tr *t, unsigned csr, unsigned rd)
{
    int slot = rv_csr_slot(t->cpu, t->key, csr, false);

    if (is_fp(t, csr)) {
        if (rv_fp_begin_reader(t)) {
            rv_set(t, rd, fp_read(t, csr));
        }
        return;
    }
    rv_set(t, rd, slot >= 0 ? slot_read(t, slot) : rv_call_insn(t, RV_HELPER_csrr, 0, 0, 0));
}

static void write_slot(struct rv_tr *t, int slot, unsigned rd, enum csr_op op, ir_ref v)
{
    ir_ref old = rd || op != WRITE ? slot_read(t, slot) : 0;

    slot_write(t, slot, combine(t, op, old, v));
    rv_set(t, rd, old);
}

static void write_helper(struct rv_tr *t, unsigned csr, unsigned rd, enum csr_op op, ir_ref v)
{
    static const enum rv_helper helpers[] = { RV_HELPER_csrrw, RV_HELPER_csrrs, RV_HELPER_csrrc };

    if (op == WRITE && !rd) {
        rv_call_insn(t, RV_HELPER_csrw, 1, v, 0);
    } else {
        rv_set(t, rd, rv_call_insn(t, helpers[op], 1, v, 0));
    }
    if (!rv_csr_write_plain(csr)) {
        rv_goto_ind(t, ir_i64(t->ir, t->next_pc));
    }
}

static void read_write(struct rv_tr *t, unsigned csr, unsigned rd, enum csr_op op, ir_ref v)
{
    int slot = rv_csr_slot(t->cpu, t->key, csr, true);

    if (is_fp(t, csr)) {
        fp_write(t, csr, rd, op, v);
    } else if (slot >= 0) {
        write_slot(t, slot, rd, op, v);
    } else {
        write_helper(t, csr, rd, op, v);
    }
}

void emit_csrrw(struct rv_tr *t, const struct rv_CSR *a)
{
    read_write(t, a->csr, a->rd, WRITE, rv_get(t, a->rs1));
}

void emit_csrrwi(struct rv_tr *t, const struct rv_CSRI *a)
{
    read_write(t, a->csr, a->rd, WRITE, ir_i64(t->ir, a->uimm));
}

/* csrrs and csrrc with x0, or an immediate of zero, don't write at all. */
void emit_csrrs(struct rv_tr *t, const struct rv_CSR *a)
{
    if (a->rs1) {
        read_write(t, a->csr, a->rd, SET, rv_get(t, a->rs1));
    } else {
        read_only(t, a->csr, a->rd);
    }
}

void emit_csrrsi(struct rv_tr *t, const struct rv_CSRI *a)
{
    if (a->uimm) {
        read_write(t, a->csr, a->rd, SET, ir_i64(t->ir, a->uimm));
    } else {
        read_only(t, a->csr, a->rd);
    }
}

void emit_csrrc(struct rv_tr *t, const struct rv_CSR *a)
{
    if (a->rs1) {
        read_write(t, a->csr, a->rd, CLEAR, rv_get(t, a->rs1));
    } else {
        read_only(t, a->csr, a->rd);
    }
}

void emit_csrrci(struct rv_tr *t, const struct rv_CSRI *a)
{
    if (a->uimm) {
        read_write(t, a->csr, a->rd, CLEAR, ir_i64(t->ir, a->uimm));
    } else {
        read_only(t, a->csr, a->rd);
    }
}
