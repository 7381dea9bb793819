/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pipeline of the cold level. Folding (IR_PASS_FOLD) has been done by the builder. */
#include "tcg/opt/opt.h"

void ir_optimise(struct ir *ir, unsigned passes)
{
    if (passes & IR_PASS_CSE) {
        ir_pass_cse(ir);
    }
    if (passes & IR_PASS_DEAD) {
        ir_pass_dead(ir);
    }
    if (passes & IR_PASS_NARROW) {
        ir_pass_narrow(ir);
    }
}
