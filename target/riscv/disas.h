/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TARGET_RISCV_DISAS_H
#define TARGET_RISCV_DISAS_H

#include "target/isa.h"

/* ABI names: "zero", "ra", ...; "ft0", ... */
extern const char *const rv_xreg_names[32];
extern const char *const rv_freg_names[32];

/* Length in bytes of the instruction whose first 16 bits are given: 2 or 4; longer formats count as 4. */
static inline unsigned rv_insn_length(uint16_t first)
{
    return (first & 3) == 3 ? 4 : 2;
}

/* The row that an encoding of either length selects, RV_ROW_ILLEGAL for none. */
unsigned rv_decode(uint32_t insn, const struct isa_needs *needs);

/* Appends the instruction in objdump's manner (without aliases); ".2byte 0x..." or ".4byte 0x..." where it is no
 * instruction of this machine. */
void rv_disas(uint32_t insn, const struct isa_needs *needs, unsigned xlen, uint64_t pc, GString *out);

#endif
