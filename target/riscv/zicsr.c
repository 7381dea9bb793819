/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSR instructions. Plain state that the current privilege may touch is a slot; everything else goes through a helper
 * (csr.c), which checks the access. After a write that may have changed the mode, mappings or interrupts the block ends.
 */
#include "target/riscv/translate.h"

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

static void read_only(struct rv_tr *t, unsigned csr, unsigned rd)
{
    int slot = rv_csr_slot(t->cpu, t->key, csr, false);

    rv_set(t, rd, slot >= 0 ? slot_read(t, slot) : rv_call_insn(t, RV_HELPER_csrr, 0, 0, 0));
}

static void write_slot(struct rv_tr *t, int slot, unsigned rd, enum csr_op op, ir_ref v)
{
    ir_ref old = rd || op != WRITE ? slot_read(t, slot) : 0;

    if (op == SET) {
        v = ir_or(t->ir, old, v);
    } else if (op == CLEAR) {
        v = ir_andc(t->ir, old, v);
    }
    slot_write(t, slot, v);
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
    if (!rv_csr_write_plain(t->key, csr)) {
        rv_goto_ind(t, ir_i64(t->ir, t->next_pc));
    }
}

static void read_write(struct rv_tr *t, unsigned csr, unsigned rd, enum csr_op op, ir_ref v)
{
    int slot = rv_csr_slot(t->cpu, t->key, csr, true);

    if (slot >= 0) {
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
