/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pointer authentication (FEAT_PAuth, with FEAT_EPAC's successors FEAT_PAuth2 and FEAT_FPACCOMBINE). */
#ifndef TARGET_ARM_PAUTH_H
#define TARGET_ARM_PAUTH_H

#include <stdbool.h>
#include <stdint.h>

/* Keys, as helpers and struct arm_cpu.pauth_key number them; [0] is the low half (APxKeyLo_EL1). */
enum arm_pauth_key { PAUTH_IA, PAUTH_IB, PAUTH_DA, PAUTH_DB, PAUTH_GA, PAUTH_KEYS };

/* QARMA5 on a block of 64 bits: Avanzi, "The QARMA Block Cipher Family" (2016), with 5 rounds and the S-box sigma 2; what
 * the Arm Architecture Reference Manual calls ComputePAC. Pure. */
uint64_t arm_qarma5(uint64_t data, uint64_t tweak, uint64_t key_hi, uint64_t key_lo);

#endif
