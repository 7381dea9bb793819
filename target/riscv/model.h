/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models and their names for extensions. */
#ifndef TARGET_RISCV_MODEL_H
#define TARGET_RISCV_MODEL_H

#include "target/riscv/priv.h"

/* Fills the model's part of a zeroed cpu from "rv64,zba=off". False and *err where the text names no model, or a
 * property that is unknown or impossible. */
bool rv_model_init(struct rv_cpu *cpu, const char *text, GError **err);
/* cpu_type.has_model */
bool rv_has_model(const char *name);
/* Models and properties, to stdout. */
void rv_model_help(void);

/* "rv64imafdc_zicsr_..." (g_free), and the names one by one, each with its terminating zero. */
char *rv_isa_string(const struct rv_cpu *cpu);
GString *rv_isa_list(const struct rv_cpu *cpu);

#endif
