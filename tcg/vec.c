/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building vector operations. Folding is what scalar code in the low lanes of vector registers needs. */
#include "tcg/ir_impl.h"

static inline const struct ir_insn *def_of(const struct ir *ir, ir_ref r)
{
    return ir->fold && !ir_is_const(r) ? &ir->insns[r] : &ir->insns[0];
}

ir_ref ir_vop1(struct ir *ir, enum ir_vop vop, ir_ref a, unsigned imm)
{
    return ir_push(ir, ir_vops[vop].op, IR_V128, vop, a, 0, 0, 0, imm);
}

ir_ref ir_vop2(struct ir *ir, enum ir_vop vop, ir_ref a, ir_ref b, unsigned imm)
{
    ir_ref zero = ir->fold && a == b && (vop == IR_V_xor || vop == IR_V_andc) ? ir_const(ir, IR_V128, 0) : 0;

    return zero ? zero : ir_push(ir, ir_vops[vop].op, IR_V128, vop, a, b, 0, 0, imm);
}

ir_ref ir_vop3(struct ir *ir, enum ir_vop vop, ir_ref a, ir_ref b, ir_ref c)
{
    return ir_push(ir, ir_vops[vop].op, IR_V128, vop, a, b, c, 0, 0);
}

ir_ref ir_vdup(struct ir *ir, unsigned log2_bytes, ir_ref a)
{
    return ir_push(ir, IR_OP_vdup, IR_V128, log2_bytes, a, 0, 0, 0, 0);
}

ir_ref ir_vfrom(struct ir *ir, ir_ref a)
{
    if (ir->fold && ir_is_const(a)) {
        return ir_const(ir, IR_V128, ir_const_value(ir, a));
    }
    return ir_push(ir, IR_OP_vfrom, IR_V128, 0, a, 0, 0, 0, 0);
}

ir_ref ir_vget(struct ir *ir, enum ir_type type, unsigned log2_bytes, ir_ref a, unsigned lane)
{
    const struct ir_insn *from = def_of(ir, a);

    if (from->op == IR_OP_vfrom && lane == 0 && ir_type_of(ir, from->a) == type &&
        (log2_bytes == 3 || (log2_bytes == 2 && type != IR_I64))) {
        return from->a;
    }
    return ir_push(ir, IR_OP_vget, type, log2_bytes, a, 0, 0, 0, lane);
}

ir_ref ir_vset(struct ir *ir, unsigned log2_bytes, ir_ref a, unsigned lane, ir_ref b)
{
    return ir_push(ir, IR_OP_vset, IR_V128, log2_bytes, a, b, 0, 0, lane);
}

ir_ref ir_vmask(struct ir *ir, unsigned log2_bytes, ir_ref a)
{
    return ir_push(ir, IR_OP_vmask, IR_I64, log2_bytes, a, 0, 0, 0, 0);
}

ir_ref ir_vtest(struct ir *ir, bool andc, ir_ref a, ir_ref b)
{
    return ir_push(ir, IR_OP_vtest, IR_I64, andc, a, b, 0, 0, 0);
}

ir_ref ir_fixnan(struct ir *ir, ir_ref raw, ir_ref b, ir_ref c, bool wide, unsigned helper)
{
    return ir_push(ir, IR_OP_fixnan, ir_type_of(ir, raw), wide, raw, b, c, 0, helper);
}
