/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of features that a CPU has. The list is ext.def. */
#ifndef TARGET_ARM_EXT_H
#define TARGET_ARM_EXT_H

#include <stdbool.h>
#include <stdint.h>

/* ARM_EXT_LSE is the row LSE of ext.def. */
enum arm_ext {
#define ARM_EXT(name, models, id, low, value, text) ARM_EXT_##name,
#include "target/arm/ext.def"
#undef ARM_EXT
    ARM_EXTS
};

struct arm_exts {
    uint64_t bits;
};

_Static_assert(ARM_EXTS <= 64, "struct arm_exts is too small");

static inline bool arm_ext(const struct arm_exts *e, enum arm_ext x)
{
    return e->bits >> x & 1;
}

static inline void arm_ext_set(struct arm_exts *e, enum arm_ext x, bool on)
{
    e->bits = (e->bits & ~(1ull << x)) | (uint64_t)on << x;
}

#endif
