/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers for debuggers and the monitor. */
#ifndef TARGET_X86_REGS_H
#define TARGET_X86_REGS_H

#include "target/x86/priv.h"

extern const struct cpu_reg x86_regs32[], x86_regs64[];
extern const unsigned x86_nregs32, x86_nregs64;
uint64_t x86_reg_read(struct cpu *cpu, uint32_t id);
void x86_reg_write(struct cpu *cpu, uint32_t id, uint64_t v);
void x86_print_regs(struct cpu *cpu, GString *out);
char *x86_gdb_xml(struct cpu *cpu);

#endif
