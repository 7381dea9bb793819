/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers for debuggers and the monitor (regs.c): the members of struct cpu_type of these names. */
#ifndef TARGET_ARM_REGS_H
#define TARGET_ARM_REGS_H

#include "target/arm/cpu.h"

#define ARM_REGS 68
extern const struct cpu_reg arm_regs[ARM_REGS];

uint64_t arm_reg_read(struct cpu *c, uint32_t id);
void arm_reg_write(struct cpu *c, uint32_t id, uint64_t v);
void arm_print_regs(struct cpu *c, GString *out);
char *arm_gdb_xml(struct cpu *c);

#endif
