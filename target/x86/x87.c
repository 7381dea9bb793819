/* SPDX-License-Identifier: GPL-2.0-or-later */
/* x87: helpers do the work; what stands here forms addresses and looks whether the FPU may be used. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

/* #NM unless the FPU may be used. True: the block has ended. */
static bool unavailable(struct x86_tr *t)
{
    if (t->key & X86_KEY_X87) {
        return false;
    }
    /* EMMS, too, is #UD where x87 instructions are #NM */
    xt_call(t, X86_HELPER_fpu_unavailable, 1, ir_i32(t->ir, t->in.map ? 4 : 0));
    xt_exit(t, t->pc, IR_EXIT_LOOKUP);
    return true;
}

static ir_ref address(struct x86_tr *t, unsigned bytes)
{
    int64_t disp = 0;
    ir_ref a = xt_linear(t, xt_mem_seg(&t->in), xt_effective(t), &disp, bytes, !(t->in.row->flags & X86_ROW_RO));

    return ir_add(t->ir, a, ir_i64(t->ir, disp));
}

/* Instructions that set EFLAGS or read them. */
static bool sets_flags(const struct x86_insn *in)
{
    return in->mod == 3 && (in->opcode == 0xdb || in->opcode == 0xdf) && ((in->modrm >> 3 & 7) == 5 || (in->modrm >> 3 & 7) == 6);
}

void emit_X87(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref form = ir_i32(ir, (t->in.opcode & 7) << 8 | t->in.modrm), a;

    if (unavailable(t)) {
        return;
    }
    a = t->in.mem ? address(t, x86_x87_bytes(t->in.opcode & 7, t->in.modrm >> 3 & 7)) : ir_i64(ir, 0);
    xt_call(t, X86_HELPER_x87, 3, form, a, ir_i64(ir, t->pc));
    if (sets_flags(&t->in)) {
        xt_cc_forget(t);
    }
}

static void with_address(struct x86_tr *t, enum x86_helper helper, unsigned bytes)
{
    if (!unavailable(t)) {
        xt_call(t, helper, 2, address(t, bytes), ir_i32(t->ir, t->in.opsize));
    }
}

void emit_FLDENV(struct x86_tr *t)
{
    with_address(t, X86_HELPER_fldenv, 28);
}

void emit_FNSTENV(struct x86_tr *t)
{
    with_address(t, X86_HELPER_fstenv, 28);
}

void emit_FRSTOR(struct x86_tr *t)
{
    with_address(t, X86_HELPER_frstor, 108);
}

void emit_FNSAVE(struct x86_tr *t)
{
    with_address(t, X86_HELPER_fsave, 108);
}

void emit_FLDCW(struct x86_tr *t)
{
    if (!unavailable(t)) {
        xt_call(t, X86_HELPER_fldcw, 1, xt_load(t, address(t, 2), 0, 2));
    }
}

void emit_FNSTCW(struct x86_tr *t)
{
    if (!unavailable(t)) {
        ir_ref a = address(t, 2);

        xt_store(t, a, 0, xt_call(t, X86_HELPER_fstcw, 0), 2);
    }
}

void emit_FNSTSW(struct x86_tr *t)
{
    if (!unavailable(t)) {
        ir_ref a = address(t, 2);

        xt_store(t, a, 0, xt_call(t, X86_HELPER_fstsw, 0), 2);
    }
}

void emit_FNSTSW_AX(struct x86_tr *t)
{
    if (!unavailable(t)) {
        xt_set_reg(t, X86_RAX, 2, xt_call(t, X86_HELPER_fstsw, 0));
    }
}

void emit_FNCLEX(struct x86_tr *t)
{
    if (!unavailable(t)) {
        xt_call(t, X86_HELPER_fclex, 0);
    }
}

void emit_FNINIT(struct x86_tr *t)
{
    if (!unavailable(t)) {
        xt_call(t, X86_HELPER_finit, 0);
    }
}

void emit_FWAIT(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_fwait, 0);
}

/* ---- the whole state ---- */

void emit_FXSAVE(struct x86_tr *t)
{
    with_address(t, X86_HELPER_fxsave, 512);
}

void emit_FXRSTOR(struct x86_tr *t)
{
    with_address(t, X86_HELPER_fxrstor, 512);
    xt_next(t);
}

static ir_ref features(struct x86_tr *t)
{
    struct ir *ir = t->ir;

    return ir_or(ir, ir_extu32(ir, xt_r64(t, X86_RAX)), ir_shl(ir, xt_r64(t, X86_RDX), ir_i64(ir, 32)));
}

static void xsave(struct x86_tr *t, enum x86_helper helper, unsigned how)
{
    xt_call(t, helper, 3, address(t, 576), features(t), ir_i32(t->ir, how | t->in.opsize << 8));
}

void emit_XSAVE(struct x86_tr *t)
{
    xsave(t, X86_HELPER_xsave, 0);
}

void emit_XSAVEC(struct x86_tr *t)
{
    xsave(t, X86_HELPER_xsave, 1);
}

void emit_XRSTOR(struct x86_tr *t)
{
    xsave(t, X86_HELPER_xrstor, 0);
    xt_next(t);
}

void emit_EMMS(struct x86_tr *t)
{
    if (!unavailable(t)) {
        xt_call(t, X86_HELPER_emms, 0);
    }
}
