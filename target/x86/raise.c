/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms of x86_raise_code; apart from it, so that tests can stand in for it. */
#include "target/x86/priv.h"

void x86_raise(struct x86_cpu *cpu, enum x86_vector vector)
{
    x86_raise_code(cpu, vector, 0);
}

void x86_gp(struct x86_cpu *cpu)
{
    x86_raise_code(cpu, X86_GP, 0);
}

void x86_raise_sel(struct x86_cpu *cpu, enum x86_vector vector, uint16_t sel)
{
    x86_raise_code(cpu, vector, (sel & ~3) | (cpu->external || cpu->old_exception >= 0));
}
