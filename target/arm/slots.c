/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which IR names ARM state and helpers. */
#include <stddef.h>

#include "target/arm/cpu.h"

#define X(n, pin_) \
    [ARM_SLOT_X + n] = { "x" #n, offsetof(struct arm_cpu, cpu.r) + n * sizeof(uint64_t), IR_I64, pin_ }
#define V(n, pin_) \
    [ARM_SLOT_V + n] = { "v" #n, offsetof(struct arm_cpu, v) + n * 16, IR_V128, pin_ }
#define S(slot, field) [ARM_SLOT_##slot] = { #field, offsetof(struct arm_cpu, field), IR_I64, -1 }

/* Ranks by how often compiled programs name the registers: arguments and the first temporaries, the stack pointer, the
 * first saved ones; of the V registers v0 to v5 and, as gcc hands out temporaries from the top, v31 to v28. */
static const struct ir_slot slots[ARM_SLOTS] = {
    [ARM_SLOT_PC] = { "pc", offsetof(struct arm_cpu, cpu.pc), IR_I64, -1 },
    X(0, 0), X(1, 1), X(2, 2), X(3, 3), X(4, 5), X(5, -1), X(6, -1), X(7, -1), X(8, -1), X(9, -1), X(10, -1),
    X(11, -1), X(12, -1), X(13, -1), X(14, -1), X(15, -1), X(16, -1), X(17, -1), X(18, -1), X(19, 6), X(20, 7),
    X(21, -1), X(22, -1), X(23, -1), X(24, -1), X(25, -1), X(26, -1), X(27, -1), X(28, -1), X(29, -1), X(30, -1),
    [ARM_SLOT_X + 31] = { "sp", offsetof(struct arm_cpu, cpu.r) + 31 * sizeof(uint64_t), IR_I64, 4 },
    V(0, 0), V(1, 1), V(2, 2), V(3, 3), V(4, 4), V(5, 5), V(6, -1), V(7, -1), V(8, -1), V(9, -1), V(10, -1), V(11, -1),
    V(12, -1), V(13, -1), V(14, -1), V(15, -1), V(16, -1), V(17, -1), V(18, -1), V(19, -1), V(20, -1), V(21, -1),
    V(22, -1), V(23, -1), V(24, -1), V(25, -1), V(26, -1), V(27, -1), V(28, 9), V(29, 8), V(30, 7), V(31, 6),
    S(CC_OP, cc_op), S(CC_A, cc_a), S(CC_B, cc_b),
    S(CC_NZ, cc_nz), S(CC_C, cc_c), S(GE, ge), S(Q, qflag), S(IT, itstate),
    S(FP_OP, fpcc_op), S(FP_A, fpcc_a), S(FP_B, fpcc_b),
    S(EXCL_ADDR, excl_addr), S(EXCL_LO, excl_val[0]), S(EXCL_HI, excl_val[1]), S(DAIF, daif),
    S(TPIDR_EL0, tpidr[0]), S(TPIDR_EL1, tpidr[1]), S(TPIDRRO, tpidrro), S(SP_EL0, sp_el[0]),
    S(ELR_EL1, elr[1]), S(SPSR_EL1, spsr[1]), S(ESR_EL1, esr[1]), S(FAR_EL1, far[1]), S(BTYPE, btype),
};

#define READS IR_HELPER_READS
#define WRITES IR_HELPER_WRITES
#define RAISES IR_HELPER_RAISES
#define EFFECT IR_HELPER_EFFECT
#define PURE IR_HELPER_PURE
#define ARM_IR_TYPE(t) ARM_IR_##t
#define ARM_IR_VOID IR_VOID
#define ARM_IR_CPU IR_VOID
#define ARM_IR_I32 IR_I32
#define ARM_IR_I64 IR_I64
#define ARM_IR_I128 IR_I128
#define ARM_IR_F32 IR_F32
#define ARM_IR_F64 IR_F64
#define ARM_IR_V128 IR_V128

static const struct ir_helper helpers[ARM_HELPERS] = {
#define ARM_HELPER(name_, ret_, effects_, ...) \
    { .name = #name_, .fn = arm_helper_##name_, .ret = ARM_IR_##ret_, .effects = effects_, \
      .nargs = ARM_MAP_COUNT(__VA_ARGS__), .args = { ARM_MAP(ARM_IR_TYPE, __VA_ARGS__) } },
#include "target/arm/helpers.def"
#undef ARM_HELPER
};

const struct ir_target arm_ir = {
    .name = "arm", .slots = slots, .nslots = ARM_SLOTS, .helpers = helpers, .nhelpers = ARM_HELPERS,
};
