/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register contents for random programs: numbers at which instructions change their ways are likely. */
#ifndef TESTS_INSN_RANDOM_H
#define TESTS_INSN_RANDOM_H

#include <glib.h>
#include <stdint.h>

uint64_t random_int(GRand *rand);
/* A float of `exp` exponent and `man` mantissa bits: corners are as likely as ordinary numbers near one. */
uint64_t random_float(GRand *rand, unsigned exp, unsigned man);

#endif
