/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disassembly from the instruction tables. */
#ifndef TARGET_ARM_DISAS_H
#define TARGET_ARM_DISAS_H

#include "target/isa.h"

/* Appends the text of insn at pc; an encoding that `needs` does not have is shown as data. */
void arm_disas(uint32_t insn, const struct isa_needs *needs, uint64_t pc, GString *out);

/* The same for A32 or T32, whose length in bytes it returns; nothing is appended if fewer than those are there. */
unsigned a32_disas(const uint8_t *bytes, unsigned avail, bool thumb, const struct isa_needs *needs, uint64_t pc, GString *out);

#endif
