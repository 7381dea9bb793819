/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power control by calls of firmware that the board plays: PSCI and the calling convention's own functions. */
#ifndef HW_BOARD_ARM_PSCI_H
#define HW_BOARD_ARM_PSCI_H

#include "system/cpu_arm.h"

struct cpu;
struct machine;

/* Every CPU answers HVC or SMC, and all but the first are off after a reset. m outlives the CPUs. */
void arm_psci_init(struct machine *m, const enum arm_conduit *conduit);

#endif
