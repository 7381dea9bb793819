/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating point of the ARM target: control bits, and what scalar and vector instructions share. */
#ifndef TARGET_ARM_FP_H
#define TARGET_ARM_FP_H

#include "fpu/softfloat.h"
#include "target/arm/cpu.h"

#define FPCR_FZ16 (1u << 19)
#define FPCR_RMODE_SHIFT 22
#define FPCR_RMODE (3u << FPCR_RMODE_SHIFT)
#define FPCR_FZ (1u << 24)
#define FPCR_DN (1u << 25)
#define FPCR_AHP (1u << 26)

#define FPSR_IOC (1u << 0)
#define FPSR_DZC (1u << 1)
#define FPSR_OFC (1u << 2)
#define FPSR_UFC (1u << 3)
#define FPSR_IXC (1u << 4)
#define FPSR_IDC (1u << 7)
#define FPSR_QC (1u << 27)

#endif
