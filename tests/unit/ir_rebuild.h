/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds a region anew from another, by the builder: with its folding and slot forwarding. */
#ifndef TESTS_IR_REBUILD_H
#define TESTS_IR_REBUILD_H

#include "tcg/ir.h"

void ir_rebuild(struct ir *to, const struct ir *from);

#endif
