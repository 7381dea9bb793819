/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "target/riscv/translate.h"
#include "tests/insn/engine.h"

static void setup(struct cpu *c, unsigned xlen)
{
    struct rv_cpu *cpu = rv_cpu(c);

    memset(&cpu->ext, 0xff, sizeof(cpu->ext));
    rv_needs(&cpu->needs[0], &cpu->ext, 32);
    rv_needs(&cpu->needs[1], &cpu->ext, 64);
    cpu->mxlen = xlen;
    cpu->cbom_bytes = cpu->cboz_bytes = cpu->cbop_bytes = 64;
}

static void reset(struct cpu *c)
{
    struct rv_cpu *cpu = rv_cpu(c);

    memset(c->r, 0, sizeof(c->r));
    memset(cpu->f, 0, sizeof(cpu->f));
    c->pc = STREAM_BASE;
    c->fpcr = 0x1f80;
    cpu->frm = 0;
    cpu->priv = RV_M;
    cpu->mstatus = 3ull << 13;      /* FS = dirty */
    cpu->res_addr = RV_RES_NONE;
    c->key = ~0u;
    rv_update_key(cpu);
}

static void describe(struct cpu *c, GString *out)
{
    g_string_append_printf(out, "mcause %" PRIx64 ", mepc %" PRIx64, rv_cpu(c)->mcause, rv_cpu(c)->mepc);
}

const struct engine_isa engine_riscv = { &rv_cpu_type, setup, reset, describe };
