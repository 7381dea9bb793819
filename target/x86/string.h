/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String operations as the translator hands them to helper_rep. */
#ifndef TARGET_X86_STRING_H
#define TARGET_X86_STRING_H

/* The second argument: element bytes | address bytes << 4 | segment of the source << 8 | (REP or REPE, not REPNE) << 12 |
 * (one element, no count) << 13. */
enum x86_string {
    X86_STRING_MOVS, X86_STRING_STOS, X86_STRING_LODS, X86_STRING_CMPS, X86_STRING_SCAS, X86_STRING_INS, X86_STRING_OUTS,
};

#endif
