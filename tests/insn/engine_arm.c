/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "target/arm/priv.h"
#include "target/arm/translate.h"
#include "tests/insn/engine.h"

static void setup(struct cpu *c, unsigned xlen)
{
    struct arm_cpu *cpu = arm_cpu(c);

    cpu->ext.bits = ~0ull;
    arm_needs(&cpu->needs, &cpu->ext, xlen);
    cpu->dczid = 4;
    c->levels = 3;
    c->power = CPU_POWER_ON;
}

/* EL1 with FP on and translation off: user instructions do the same there as at EL0. */
static void reset(struct cpu *c)
{
    struct arm_cpu *cpu = arm_cpu(c);

    memset(c->r, 0, sizeof(c->r));
    memset(cpu->v, 0, sizeof(cpu->v));
    c->pc = STREAM_BASE;
    c->fpcr = 0x1f80;
    cpu->fp_control = cpu->fp_status = 0;
    cpu->el = cpu->sp_sel = 1;
    cpu->cpacr = 3 << 20;
    cpu->sctlr[1] = SCTLR_M;         /* untranslated memory would be Device, which takes no unaligned accesses */
    cpu->daif = PSTATE_DAIF;
    cpu->excl_addr = ARM_EXCL_NONE;
    arm_set_nzcv(cpu, 0);
    c->key = ~0u;
    arm_update_key(cpu);
}

static void describe(struct cpu *c, GString *out)
{
    g_string_append_printf(out, "ESR %" PRIx64 ", ELR %" PRIx64, arm_cpu(c)->esr[1], arm_cpu(c)->elr[1]);
}

const struct engine_isa engine_arm = { &arm_cpu_type, setup, reset, describe };
