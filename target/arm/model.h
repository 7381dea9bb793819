/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models (model.c). */
#ifndef TARGET_ARM_MODEL_H
#define TARGET_ARM_MODEL_H

#include "target/arm/cpu.h"

/* Fills the model's part of cpu from "MODEL,feature=on|off,...". */
bool arm_model_init(struct arm_cpu *cpu, const char *text, GError **err);
/* For -cpu help. */
void arm_model_help(void);

#endif
