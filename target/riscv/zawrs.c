/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting on a reservation set. A hart may go on for any reason, so both forms give the host's CPU to another vCPU and
 * go on; the program looks at its condition again. wrs.nto ends within any time limit, so mstatus.TW needs no look.
 */
#include "target/riscv/translate.h"

void emit_wrs_nto(struct rv_tr *t)
{
    rv_exit(t, t->next_pc, IR_EXIT_YIELD);
}

void emit_wrs_sto(struct rv_tr *t)
{
    rv_exit(t, t->next_pc, IR_EXIT_YIELD);
}
