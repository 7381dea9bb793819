/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disassembly of A64 code from the instruction tables. */
#ifndef TARGET_ARM_DISAS_H
#define TARGET_ARM_DISAS_H

#include "target/isa.h"

/* Appends the text of insn at pc; an encoding that `needs` does not have is shown as data. */
void arm_disas(uint32_t insn, const struct isa_needs *needs, uint64_t pc, GString *out);

#endif
