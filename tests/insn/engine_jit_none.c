/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts without a back end. */
#include "tests/insn/engine_jit.h"

struct jit *jit_new(struct cpu *cpu, const struct ir_target *target, const struct engine_memory *memory)
{
    return NULL;
}

void jit_free(struct jit *j)
{
}

void jit_reset(struct jit *j)
{
}

bool jit_run(struct jit *j, struct ir *ir, const struct tr_block *tb, GError **err)
{
    g_assert_not_reached();
}
