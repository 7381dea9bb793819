/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The set of extensions that a hart has. The list is ext.def. */
#ifndef TARGET_RISCV_EXT_H
#define TARGET_RISCV_EXT_H

#include <stdbool.h>
#include <stdint.h>

/* RV_EXT_Zbb is the row Zbb of ext.def. */
enum rv_ext {
#define RV_EXT(name, kind, models, text, needs) RV_EXT_##name,
#include "target/riscv/ext.def"
#undef RV_EXT
    RV_EXTS
};

struct rv_exts {
    uint64_t bits[2];
};

_Static_assert(RV_EXTS <= 128, "struct rv_exts is too small");

static inline bool rv_ext(const struct rv_exts *e, enum rv_ext x)
{
    return e->bits[x / 64] >> x % 64 & 1;
}

static inline void rv_ext_set(struct rv_exts *e, enum rv_ext x, bool on)
{
    e->bits[x / 64] = (e->bits[x / 64] & ~(1ull << x % 64)) | (uint64_t)on << x % 64;
}

#endif
