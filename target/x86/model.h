/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models and the CPUID words that their features stand in. */
#ifndef TARGET_X86_MODEL_H
#define TARGET_X86_MODEL_H

#include "target/x86/cpu.h"

enum x86_feature_words {
    X86_WORD_F1D, X86_WORD_F1C, X86_WORD_F7B, X86_WORD_F7C, X86_WORD_F7D, X86_WORD_X1D, X86_WORD_X1C, X86_WORD_XS,
    X86_WORD_P7D, X86_WORD_P8B, X86_WORD_F6A,
};

/* Fills the model's part of a zeroed cpu from "Haswell,-avx2". False and *err where the text names no model or feature. */
bool x86_model_init(struct x86_cpu *cpu, const char *text, GError **err);
/* Models and features, to stdout. */
void x86_model_help(void);
/* One word of feature bits, as CPUID has it. */
uint32_t x86_feature_word(const struct x86_cpu *cpu, enum x86_feature_words word);
/* Does the host run the guest's instructions itself (KVM)? */
bool x86_is_native(const struct x86_cpu *cpu);

#endif
