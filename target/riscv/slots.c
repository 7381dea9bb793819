/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which IR names RISC-V state and helpers. */
#include <stddef.h>

#include "target/riscv/cpu.h"

#define X(n, pin_) \
    [RV_SLOT_X + n] = { "x" #n, offsetof(struct rv_cpu, cpu.r) + n * sizeof(uint64_t), IR_I64, pin_ }
#define F(n, pin_) \
    [RV_SLOT_F + n] = { "f" #n, offsetof(struct rv_cpu, f) + n * sizeof(uint64_t), IR_F64, pin_ }
#define S(slot, field) [RV_SLOT_##slot] = { #field, offsetof(struct rv_cpu, field), IR_I64, -1 }

/* Ranks by how often compiled programs name the registers: a5 a4 a0 a3 sp a1 a2 s0, fa5 fa4 fa0 fa3 fa1 fa2 fa6 fa7
 * ft0 ft1. */
static const struct ir_slot slots[RV_SLOTS] = {
    [RV_SLOT_PC] = { "pc", offsetof(struct rv_cpu, cpu.pc), IR_I64, -1 },
    X(1, -1), X(2, 4), X(3, -1), X(4, -1), X(5, -1), X(6, -1), X(7, -1), X(8, 7),
    X(9, -1), X(10, 2), X(11, 5), X(12, 6), X(13, 3), X(14, 1), X(15, 0), X(16, -1),
    X(17, -1), X(18, -1), X(19, -1), X(20, -1), X(21, -1), X(22, -1), X(23, -1), X(24, -1),
    X(25, -1), X(26, -1), X(27, -1), X(28, -1), X(29, -1), X(30, -1), X(31, -1),
    F(0, 8), F(1, 9), F(2, -1), F(3, -1), F(4, -1), F(5, -1), F(6, -1), F(7, -1),
    F(8, -1), F(9, -1), F(10, 2), F(11, 4), F(12, 5), F(13, 3), F(14, 1), F(15, 0),
    F(16, 6), F(17, 7), F(18, -1), F(19, -1), F(20, -1), F(21, -1), F(22, -1), F(23, -1),
    F(24, -1), F(25, -1), F(26, -1), F(27, -1), F(28, -1), F(29, -1), F(30, -1), F(31, -1),
    S(RES_ADDR, res_addr), S(RES_VAL, res_val), S(MSTATUS, mstatus),
    S(SSCRATCH, sscratch), S(SEPC, sepc), S(SCAUSE, scause), S(STVAL, stval),
    S(MSCRATCH, mscratch), S(MEPC, mepc), S(MCAUSE, mcause), S(MTVAL, mtval),
};

#define READS IR_HELPER_READS
#define WRITES IR_HELPER_WRITES
#define RAISES IR_HELPER_RAISES
#define EFFECT IR_HELPER_EFFECT
#define PURE IR_HELPER_PURE
#define RV_IR_TYPE(t) RV_IR_##t
#define RV_IR_VOID IR_VOID
#define RV_IR_CPU IR_VOID
#define RV_IR_I32 IR_I32
#define RV_IR_I64 IR_I64
#define RV_IR_F32 IR_F32
#define RV_IR_F64 IR_F64

static const struct ir_helper helpers[RV_HELPERS] = {
#define RV_HELPER(name_, ret_, effects_, ...) \
    { .name = #name_, .fn = rv_helper_##name_, .ret = RV_IR_##ret_, .effects = effects_, \
      .nargs = RV_MAP_COUNT(__VA_ARGS__), .args = { RV_MAP(RV_IR_TYPE, __VA_ARGS__) } },
#include "target/riscv/helpers.def"
#undef RV_HELPER
};

const struct ir_target rv_ir = {
    .name = "riscv", .slots = slots, .nslots = RV_SLOTS, .helpers = helpers, .nhelpers = RV_HELPERS,
};
