/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hints with an effect of their own. */
#include "target/riscv/translate.h"

/* The hart spins: let the vCPU that it waits for run. */
void emit_pause(struct rv_tr *t)
{
    rv_exit(t, t->next_pc, IR_EXIT_YIELD);
}
