/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TARGET_X86_TRANSLATE_H
#define TARGET_X86_TRANSLATE_H

#include "target/x86/cpu.h"

/* The entries for struct cpu_type. */
void x86_translate(struct tr_block *tb, struct ir *ir);
unsigned x86_disas(struct cpu *cpu, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out);

#endif
