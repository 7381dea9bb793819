/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The features that a CPU model may have: rows of feature.def. */
#ifndef TARGET_X86_FEATURE_H
#define TARGET_X86_FEATURE_H

#include <stdint.h>

enum x86_feature {
#define X86_FEATURE(NAME, name, word, bit, have) X86_FEAT_##NAME,
#include "target/x86/feature.def"
#undef X86_FEATURE
    X86_FEATURES
};

struct x86_features {
    uint64_t bits[2];
};
_Static_assert(X86_FEATURES <= 128, "struct x86_features has room for all");

#endif
