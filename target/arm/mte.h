/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory tagging (FEAT_MTE, FEAT_MTE2). */
#ifndef TARGET_ARM_MTE_H
#define TARGET_ARM_MTE_H

#include "target/arm/cpu.h"

/* Second argument of the helper `mte_store`: granules less one (bit 0), zero the memory as well (bit 1), MMU index (4). */
enum { MTE_TWO = 1, MTE_ZERO = 2, MTE_IDX_SHIFT = 4 };

/* Are accesses of that level to tagged pages checked now? */
bool arm_mte_checks(const struct arm_cpu *cpu, unsigned el);
/* mmu_walk's page has tags: mmu_page.attr. */
enum { ARM_ATTR_TAGGED = 1 };
/* The tag check of an access by va; false: a fault. */
bool arm_mte_access(struct arm_cpu *cpu, uint64_t va, uint64_t paddr, unsigned size, enum mmu_access access,
                    struct mmu_fault *fault);
/* DC GVA: the tag of a block of 64 bytes; zero: and the memory. May raise. */
void arm_tag_block(struct arm_cpu *cpu, uint64_t va, unsigned tag, bool zero, unsigned idx);

#endif
