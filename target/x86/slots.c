/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which IR names x86 state and helpers. */
#include <stddef.h>

#include "target/x86/cpu.h"

#define R(n, name_, pin_) [X86_SLOT_R + n] = { name_, offsetof(struct x86_cpu, cpu.r) + n * sizeof(uint64_t), IR_I64, pin_ }
#define CC(slot, at, type_) [X86_SLOT_##slot] = { #slot, offsetof(struct x86_cpu, cpu.r) + X86_R_##at * 8, type_, -1 }
#define SREG(n, name_) \
    [X86_SLOT_BASE + n] = { name_ ".base", offsetof(struct x86_cpu, seg[n].base), IR_I64, -1 }, \
    [X86_SLOT_SEL + n] = { name_, offsetof(struct x86_cpu, seg[n].sel), IR_I32, -1 }, \
    [X86_SLOT_ROOM_R + n] = { name_ ".r", offsetof(struct x86_cpu, seg[n].room_r), IR_I64, -1 }, \
    [X86_SLOT_ROOM_W + n] = { name_ ".w", offsetof(struct x86_cpu, seg[n].room_w), IR_I64, -1 }

#define XMM(n, pin_) \
    [X86_SLOT_XMM + n] = { "xmm" #n, offsetof(struct x86_cpu, zmm[n]), IR_V128, pin_ }, \
    [X86_SLOT_YMMH + n] = { "ymmh" #n, offsetof(struct x86_cpu, zmm[n][2]), IR_V128, -1 }

#define MM(n) [X86_SLOT_MM + n] = { "mm" #n, offsetof(struct x86_cpu, st[n].mantissa), IR_I64, -1 }

/* The eight old registers are pinned, and ten vectors. */
static const struct ir_slot slots[X86_SLOTS] = {
    [X86_SLOT_PC] = { "pc", offsetof(struct x86_cpu, cpu.pc), IR_I64, -1 },
    R(0, "rax", 0), R(1, "rcx", 2), R(2, "rdx", 1), R(3, "rbx", 4), R(4, "rsp", 3), R(5, "rbp", 7), R(6, "rsi", 5),
    R(7, "rdi", 6), R(8, "r8", -1), R(9, "r9", -1), R(10, "r10", -1), R(11, "r11", -1), R(12, "r12", -1),
    R(13, "r13", -1), R(14, "r14", -1), R(15, "r15", -1),
    CC(CC_DST, CC_DST, IR_I64), CC(CC_SRC, CC_SRC, IR_I64), CC(CC_SRC2, CC_SRC2, IR_I64), CC(CC_OP, CC_OP, IR_I32),
    CC(CC_OVER, CC_OVER, IR_I64),
    [X86_SLOT_DF] = { "df", offsetof(struct x86_cpu, df), IR_I64, -1 },
    [X86_SLOT_EFLAGS] = { "eflags", offsetof(struct x86_cpu, eflags), IR_I64, -1 },
    XMM(0, 0), XMM(1, 1), XMM(2, 2), XMM(3, 3), XMM(4, 4), XMM(5, 5), XMM(6, 6), XMM(7, 7), XMM(8, 8), XMM(9, 9),
    XMM(10, -1), XMM(11, -1), XMM(12, -1), XMM(13, -1), XMM(14, -1), XMM(15, -1),
    MM(0), MM(1), MM(2), MM(3), MM(4), MM(5), MM(6), MM(7),
    SREG(X86_ES, "es"), SREG(X86_CS, "cs"), SREG(X86_SS, "ss"), SREG(X86_DS, "ds"), SREG(X86_FS, "fs"), SREG(X86_GS, "gs"),
};

#define READS IR_HELPER_READS
#define WRITES IR_HELPER_WRITES
#define RAISES IR_HELPER_RAISES
#define EFFECT IR_HELPER_EFFECT
#define PURE IR_HELPER_PURE
#define X86_IR_TYPE(t) X86_IR_##t
#define X86_IR_VOID IR_VOID
#define X86_IR_CPU IR_VOID
#define X86_IR_I32 IR_I32
#define X86_IR_I64 IR_I64
#define X86_IR_V128 IR_V128

static const struct ir_helper helpers[X86_HELPERS] = {
#define X86_HELPER(name_, ret_, effects_, ...) \
    { .name = #name_, .fn = x86_helper_##name_, .ret = X86_IR_##ret_, .effects = effects_, \
      .nargs = X86_MAP_COUNT(__VA_ARGS__), .args = { X86_MAP(X86_IR_TYPE, __VA_ARGS__) } },
#include "target/x86/helpers.def"
#undef X86_HELPER
};

const struct ir_target x86_ir = {
    .name = "x86", .slots = slots, .nslots = X86_SLOTS, .helpers = helpers, .nhelpers = X86_HELPERS,
};
