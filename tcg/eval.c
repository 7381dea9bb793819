/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evaluation of pure operations by their number. */
#include "tcg/eval.h"

bool eval_op2(enum ir_op op, enum ir_type type, uint64_t a, uint64_t b, uint64_t *r)
{
    bool is32 = type == IR_I32;

    switch (op) {
#define ROW(name, expr) case IR_OP_##name: *r = is32 ? eval_##name##_32(a, b) : eval_##name##_64(a, b); return true;
    EVAL_INT2(ROW)
#undef ROW
    default: return false;
    }
}

bool eval_op1(enum ir_op op, enum ir_type from, uint64_t a, uint64_t *r)
{
    bool i32 = from == IR_I32, f32 = from == IR_F32;

    switch (op) {
#define ROW(name, expr) case IR_OP_##name: *r = i32 ? eval_##name##_32(a) : eval_##name##_64(a); return true;
    EVAL_INT1(ROW)
#undef ROW
    case IR_OP_exts32: *r = (int64_t)(int32_t)a; return true;
    case IR_OP_extu32: case IR_OP_trunc: case IR_OP_low32: *r = (uint32_t)a; return true;
    case IR_OP_fneg: *r = a ^ (f32 ? 1ull << 31 : 1ull << 63); return true;
    case IR_OP_fabs: *r = a & (f32 ? INT32_MAX : INT64_MAX); return true;
    case IR_OP_canon: *r = f32 ? eval_canon32(a) : eval_canon64(a); return true;
    case IR_OP_fbits: case IR_OP_bitsf: *r = a; return true;
    case IR_OP_box32: *r = eval_box32(a); return true;
    case IR_OP_unbox32: *r = eval_unbox32(a); return true;
    default: return false;
    }
}
