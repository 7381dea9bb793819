/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers for debuggers and the monitor. */
#ifndef TARGET_RISCV_REGS_H
#define TARGET_RISCV_REGS_H

#include "target/riscv/priv.h"

enum {
    RV_REGS = 32 + 1 + 32 + 20 + 1  /* x, pc, f, numbered CSRs, priv; and the other CSRs */
#define RV_CSR(number, name, gate, access) + 1
#define RV_CSRS(first, last, name, n, gate, access)
#include "target/riscv/csr.def"
#undef RV_CSR
#undef RV_CSRS
};

extern const struct cpu_reg rv_regs32[RV_REGS], rv_regs64[RV_REGS];
uint64_t rv_reg_read(struct cpu *cpu, uint32_t id);
void rv_reg_write(struct cpu *cpu, uint32_t id, uint64_t v);
void rv_print_regs(struct cpu *cpu, GString *out);
char *rv_gdb_xml(struct cpu *cpu);

#endif
