/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Condition flags. An instruction that sets them records operation and operands, in the translation context for what
 * follows in the block and in three slots for what follows later. A condition becomes a comparison of the operands, which
 * the host does in one instruction with the branch. The slots are only stored where the block ends (or a fault needs
 * them), and only the last flags are; NZCV itself is computed by a pure helper when something wants all of it or when a
 * block reads flags that it has not set.
 */
#include "target/arm/translate.h"

#include "target/arm/priv.h"

enum { N = 8, Z = 4, C = 2, V = 1 };
#define NZCV_SHIFT 28

/* DDI 0487, "ConditionHolds". */
static bool holds(unsigned cond, unsigned nzcv)
{
    bool n = nzcv & N, z = nzcv & Z, c = nzcv & C, v = nzcv & V, r;

    switch (cond >> 1) {
    case 0: r = z; break;
    case 1: r = c; break;
    case 2: r = n; break;
    case 3: r = v; break;
    case 4: r = c && !z; break;
    case 5: r = n == v; break;
    case 6: r = n == v && !z; break;
    default: return true;
    }
    return r != (cond & 1);
}

static bool is32(enum arm_cc op)
{
    return op == ARM_CC_ADD32 || op == ARM_CC_SUB32 || op == ARM_CC_LOGIC32;
}

/* For a slot, as I64. */
static ir_ref widen(struct arm_tr *t, ir_ref v)
{
    switch (ir_type_of(t->ir, v)) {
    case IR_I32: return ir_extu32(t->ir, v);
    case IR_F32: return ir_extu32(t->ir, ir_fbits(t->ir, v));
    case IR_F64: return ir_fbits(t->ir, v);
    default: return v;
    }
}

void arm_flags_set(struct arm_tr *t, enum arm_cc op, ir_ref a, ir_ref b)
{
    t->flags = (struct arm_flags){ .known = true, .op = op, .a = a, .b = b };
    ir_put(t->ir, ARM_SLOT_CC_OP, ir_i64(t->ir, op));
    ir_put(t->ir, ARM_SLOT_CC_A, widen(t, a));
    if (op != ARM_CC_NZCV && op != ARM_CC_LOGIC32 && op != ARM_CC_LOGIC64) {
        ir_put(t->ir, ARM_SLOT_CC_B, widen(t, b));
    }
}

/* The operation's number as the slot has it. */
static ir_ref op_value(struct arm_tr *t)
{
    ir_ref op = ir_i64(t->ir, t->flags.op);

    return t->flags.carry ? ir_or(t->ir, op, ir_shl(t->ir, t->flags.carry, ir_i64(t->ir, ARM_CC_CARRY_SHIFT))) : op;
}

ir_ref arm_flags_set_carry(struct arm_tr *t, bool sf, ir_ref a, ir_ref b, ir_ref carry)
{
    struct ir *ir = t->ir;
    ir_ref ab = ir_add(ir, a, b), sum = ir_add(ir, ab, sf ? carry : ir_trunc(ir, carry));

    t->flags = (struct arm_flags){ .known = true, .op = sf ? ARM_CC_ADD64 : ARM_CC_ADD32, .a = a, .b = b, .carry = carry,
                                   .ab = ab, .sum = sum };
    ir_put(ir, ARM_SLOT_CC_OP, op_value(t));
    ir_put(ir, ARM_SLOT_CC_A, widen(t, a));
    ir_put(ir, ARM_SLOT_CC_B, widen(t, b));
    return sum;
}

void arm_flags_set_if(struct arm_tr *t, unsigned cond, enum arm_cc op, ir_ref a, ir_ref b, unsigned imm)
{
    struct ir *ir = t->ir;
    struct arm_test c;
    ir_ref when, zero = ir_i64(ir, 0);

    if (cond >= 14) {
        arm_flags_set(t, op, a, b);
        return;
    }
    c = arm_flags_test(t, cond);
    when = ir_setcond(ir, c.cond, c.a, c.b);
    if (ir_is_const(when)) {
        if (ir_const_value(ir, when)) {
            arm_flags_set(t, op, a, b);
        } else {
            arm_flags_set(t, ARM_CC_NZCV, ir_i64(ir, (uint64_t)imm << NZCV_SHIFT), 0);
        }
        return;
    }
    ir_put(ir, ARM_SLOT_CC_OP, ir_select(ir, IR_NE, when, zero, ir_i64(ir, op), ir_i64(ir, ARM_CC_NZCV)));
    ir_put(ir, ARM_SLOT_CC_A, ir_select(ir, IR_NE, when, zero, widen(t, a), ir_i64(ir, (uint64_t)imm << NZCV_SHIFT)));
    ir_put(ir, ARM_SLOT_CC_B, widen(t, b));
    t->flags = (struct arm_flags){ .known = true, .op = op, .a = a, .b = b, .when = when, .imm = imm };
}

static ir_ref call_nzcv(struct arm_tr *t, ir_ref op, ir_ref a, ir_ref b)
{
    const ir_ref args[] = { op, a, b };

    return ir_call(t->ir, ARM_HELPER_nzcv, 3, args);
}

/* Flags that an earlier block has set. */
static void learn(struct arm_tr *t)
{
    if (!t->flags.known) {
        ir_ref packed = call_nzcv(t, ir_get(t->ir, ARM_SLOT_CC_OP), ir_get(t->ir, ARM_SLOT_CC_A),
                                  ir_get(t->ir, ARM_SLOT_CC_B));

        t->flags = (struct arm_flags){ .known = true, .op = ARM_CC_NZCV, .a = packed };
    }
}

ir_ref arm_flags_packed(struct arm_tr *t)
{
    struct arm_flags *f = &t->flags;
    ir_ref packed;

    learn(t);
    if (f->op == ARM_CC_NZCV && !f->when) {
        return f->a;
    }
    packed = call_nzcv(t, op_value(t), widen(t, f->a), f->b ? widen(t, f->b) : ir_i64(t->ir, 0));
    if (f->when) {
        packed = ir_select(t->ir, IR_NE, f->when, ir_i64(t->ir, 0), packed, ir_i64(t->ir, (uint64_t)f->imm << NZCV_SHIFT));
    }
    return packed;
}

/* ---- conditions, by operation. cond is even: the odd ones are their opposites. ---- */

static struct arm_test of_nzcv(struct arm_tr *t, unsigned cond, ir_ref p)
{
    struct ir *ir = t->ir;
    static const uint8_t flag[4] = { Z, C, N, V };
    uint64_t zc = (uint64_t)(Z | C) << NZCV_SHIFT;
    ir_ref differ;

    if (cond < 8) {
        return (struct arm_test){ IR_TSTNE, p, ir_i64(ir, (uint64_t)flag[cond >> 1] << NZCV_SHIFT) };
    }
    if (cond == 8) {
        return (struct arm_test){ IR_EQ, ir_and(ir, p, ir_i64(ir, zc)), ir_i64(ir, (uint64_t)C << NZCV_SHIFT) };
    }
    differ = ir_xor(ir, p, ir_shl(ir, p, ir_i64(ir, 3)));       /* bit 31: N != V */
    if (cond == 12) {
        differ = ir_or(ir, ir_and(ir, differ, ir_i64(ir, (uint64_t)N << NZCV_SHIFT)),
                       ir_and(ir, p, ir_i64(ir, (uint64_t)Z << NZCV_SHIFT)));
        return (struct arm_test){ IR_EQ, differ, ir_i64(ir, 0) };
    }
    return (struct arm_test){ IR_TSTEQ, differ, ir_i64(ir, (uint64_t)N << NZCV_SHIFT) };
}

static struct arm_test of_logic(struct arm_tr *t, unsigned cond, ir_ref r, ir_ref zero)
{
    static const uint8_t by_cond[8] = { IR_EQ, 0, IR_LT, 0, 0, IR_GE, IR_GT };

    if (cond == 2 || cond == 6 || cond == 8) {      /* C and V are clear */
        return (struct arm_test){ IR_NE, zero, zero };
    }
    return (struct arm_test){ by_cond[cond >> 1], r, zero };
}

static struct arm_test of_sub(struct arm_tr *t, unsigned cond, ir_ref a, ir_ref b, ir_ref zero)
{
    static const uint8_t by_cond[8] = { IR_EQ, IR_GEU, 0, 0, IR_GTU, IR_GE, IR_GT };
    struct ir *ir = t->ir;
    ir_ref r;

    if (cond != 4 && cond != 6) {
        return (struct arm_test){ by_cond[cond >> 1], a, b };
    }
    r = ir_sub(ir, a, b);
    if (cond == 6) {
        r = ir_and(ir, ir_xor(ir, a, b), ir_xor(ir, a, r));
    }
    return (struct arm_test){ IR_LT, r, zero };
}

static struct arm_test of_add(struct arm_tr *t, unsigned cond, ir_ref a, ir_ref b, ir_ref zero)
{
    struct ir *ir = t->ir;
    const struct arm_flags *f = &t->flags;
    ir_ref r = f->carry ? f->sum : ir_add(ir, a, b), carry = 0, overflow;

    if (f->carry && (cond == 2 || cond == 8)) {
        carry = ir_or(ir, ir_setcond(ir, IR_LTU, f->ab, a), ir_setcond(ir, IR_LTU, r, f->ab));
    }
    switch (cond) {
    case 0:
        return (struct arm_test){ IR_EQ, r, zero };
    case 2:
        return carry ? (struct arm_test){ IR_NE, carry, ir_i64(ir, 0) } : (struct arm_test){ IR_LTU, r, a };
    case 4:
        return (struct arm_test){ IR_LT, r, zero };
    case 8:
        r = ir_and(ir, carry ? carry : ir_setcond(ir, IR_LTU, r, a), ir_setcond(ir, IR_NE, r, zero));
        return (struct arm_test){ IR_NE, r, ir_i64(ir, 0) };
    default:
        break;
    }
    overflow = ir_and(ir, ir_xor(ir, r, a), ir_xor(ir, r, b));
    if (cond == 6) {
        return (struct arm_test){ IR_LT, overflow, zero };
    }
    overflow = ir_xor(ir, overflow, r);             /* the sign of the exact sum */
    if (cond == 10) {
        return (struct arm_test){ IR_GE, overflow, zero };
    }
    r = ir_and(ir, ir_setcond(ir, IR_GE, overflow, zero), ir_setcond(ir, IR_NE, r, zero));
    return (struct arm_test){ IR_NE, r, ir_i64(ir, 0) };
}

/* Less: N; equal: Z and C; greater: C; unordered: C and V. */
static struct arm_test of_fcmp(struct arm_tr *t, unsigned cond, ir_ref a, ir_ref b)
{
    struct ir *ir = t->ir;
    ir_ref zero = ir_i64(ir, 0);

    switch (cond) {
    case 0: return (struct arm_test){ IR_NE, ir_fcmp(ir, IR_FEQ, a, b), zero };
    case 2: return (struct arm_test){ IR_EQ, ir_fcmp(ir, IR_FLTQ, a, b), zero };
    case 4: return (struct arm_test){ IR_NE, ir_fcmp(ir, IR_FLTQ, a, b), zero };
    case 6: return (struct arm_test){ IR_EQ, ir_or(ir, ir_fcmp(ir, IR_FLEQ, a, b), ir_fcmp(ir, IR_FLEQ, b, a)), zero };
    case 8: return (struct arm_test){ IR_EQ, ir_fcmp(ir, IR_FLEQ, a, b), zero };
    case 10: return (struct arm_test){ IR_NE, ir_fcmp(ir, IR_FLEQ, b, a), zero };
    default: return (struct arm_test){ IR_NE, ir_fcmp(ir, IR_FLTQ, b, a), zero };
    }
}

static struct arm_test of_op(struct arm_tr *t, unsigned cond)
{
    const struct arm_flags *f = &t->flags;
    ir_ref zero = is32(f->op) ? ir_i32(t->ir, 0) : ir_i64(t->ir, 0);

    switch (f->op) {
    case ARM_CC_NZCV:
        return of_nzcv(t, cond, f->a);
    case ARM_CC_LOGIC32:
    case ARM_CC_LOGIC64:
        return of_logic(t, cond, f->a, zero);
    case ARM_CC_SUB32:
    case ARM_CC_SUB64:
        return of_sub(t, cond, f->a, f->b, zero);
    case ARM_CC_FCMP32:
    case ARM_CC_FCMP64:
        return of_fcmp(t, cond, f->a, f->b);
    default:
        return of_add(t, cond, f->a, f->b, zero);
    }
}

static bool is_bool(const struct ir *ir, ir_ref r)
{
    const struct ir_insn *i = &ir->insns[r];

    return !ir_is_const(r) && (i->op == IR_OP_setcond || i->op == IR_OP_fcmp ||
                               (i->op == IR_OP_or && is_bool(ir, i->a) && is_bool(ir, i->b)));
}

/* The condition as I64, 0 or 1. */
static ir_ref as_bool(struct ir *ir, struct arm_test c)
{
    if (c.cond == IR_NE && ir_is_const(c.b) && ir_const_value(ir, c.b) == 0 && is_bool(ir, c.a)) {
        return c.a;
    }
    return ir_setcond(ir, c.cond, c.a, c.b);
}

/* Operands as of_op wants them, of flags that the slots describe. */
static struct arm_flags from_slots(struct arm_tr *t, unsigned kind)
{
    struct ir *ir = t->ir;
    ir_ref a = ir_get(ir, ARM_SLOT_CC_A), b = ir_get(ir, ARM_SLOT_CC_B), op;
    struct arm_flags f = { .known = true, .op = kind, .a = a, .b = b };

    if (is32(kind)) {
        f.a = ir_trunc(ir, a);
        f.b = ir_trunc(ir, b);
    }
    if (kind == ARM_CC_ADD32 || kind == ARM_CC_ADD64) {
        op = ir_get(ir, ARM_SLOT_CC_OP);
        f.carry = ir_and(ir, ir_shr(ir, op, ir_i64(ir, ARM_CC_CARRY_SHIFT)), ir_i64(ir, 1));
        f.ab = ir_add(ir, f.a, f.b);
        f.sum = ir_add(ir, f.ab, is32(kind) ? ir_trunc(ir, f.carry) : f.carry);
    }
    return f;
}

/*
 * A condition on flags that an earlier block has set. What the CPU's flags are of now, when the block is about to run for
 * the first time, they mostly are of each time: the code asks and compares the operands, or else calls for NZCV. False:
 * no such guess.
 */
static bool test_guessed(struct arm_tr *t, unsigned cond, struct arm_test *r)
{
    struct ir *ir = t->ir;
    unsigned kind = t->cpu->cc_op & ~(uint64_t)ARM_CC_CARRY, fast, slow, join;
    ir_ref value;
    struct arm_test c;

    if (t->flags.known || t->tb->one_branch || kind < ARM_CC_ADD32 || kind > ARM_CC_LOGIC64) {
        return false;
    }
    fast = ir_block_new(ir);
    slow = ir_block_new(ir);
    join = ir_block_new(ir);
    value = ir_and(ir, ir_get(ir, ARM_SLOT_CC_OP), ir_i64(ir, ~(uint64_t)ARM_CC_CARRY));
    ir_brcond(ir, IR_EQ, value, ir_i64(ir, kind), fast, slow);
    ir_begin(ir, fast);
    t->flags = from_slots(t, kind);     /* read here: what lives across blocks is spilled */
    c = of_op(t, cond & 14);
    t->flags = (struct arm_flags){ 0 };
    value = as_bool(ir, c);
    ir_br(ir, join, 1, &value);
    ir_begin(ir, slow);
    ir->blocks[slow].cold = true;
    c = of_nzcv(t, cond & 14, call_nzcv(t, ir_get(ir, ARM_SLOT_CC_OP), ir_get(ir, ARM_SLOT_CC_A), ir_get(ir, ARM_SLOT_CC_B)));
    value = ir_setcond(ir, c.cond, c.a, c.b);
    ir_br(ir, join, 1, &value);
    ir_begin(ir, join);
    *r = (struct arm_test){ IR_NE ^ (cond & 1), ir_param(ir, IR_I64), ir_i64(ir, 0) };
    return true;
}

struct arm_test arm_flags_test(struct arm_tr *t, unsigned cond)
{
    struct ir *ir = t->ir;
    struct arm_test r;
    ir_ref zero = ir_i64(ir, 0), v;

    if (cond >= 14) {
        return (struct arm_test){ IR_EQ, zero, zero };
    }
    if (test_guessed(t, cond, &r)) {
        return r;
    }
    learn(t);
    r = of_op(t, cond & 14);
    r.cond ^= cond & 1;
    if (!t->flags.when) {
        return r;
    }
    v = ir_setcond(ir, r.cond, r.a, r.b);
    if (holds(cond, t->flags.imm)) {
        v = ir_or(ir, v, ir_xor(ir, t->flags.when, ir_i64(ir, 1)));
    } else {
        v = ir_and(ir, v, t->flags.when);
    }
    return (struct arm_test){ IR_NE, v, zero };
}

ir_ref arm_flags_carry(struct arm_tr *t)
{
    return as_bool(t->ir, arm_flags_test(t, 2));
}

/* ---- at run time ---- */

static uint32_t pack(bool n, bool z, bool c, bool v)
{
    return ((uint32_t)n << 3 | z << 2 | c << 1 | v) << NZCV_SHIFT;
}

/* By the bits alone: nothing may touch the guest's floating-point flags here. */
static uint32_t compare_floats(uint64_t a, uint64_t b, uint64_t sign, uint64_t infinity)
{
    int64_t x = a & (sign - 1), y = b & (sign - 1);

    if ((uint64_t)x > infinity || (uint64_t)y > infinity) {
        return pack(false, false, true, true);
    }
    x = a & sign ? -x : x;
    y = b & sign ? -y : y;
    return pack(x < y, x == y, x >= y, false);
}

uint64_t arm_helper_nzcv(uint64_t op, uint64_t a, uint64_t b)
{
    uint64_t r;
    uint32_t a32 = a, b32 = b, r32;
    unsigned carry = op >> ARM_CC_CARRY_SHIFT & 1;

    switch (op & ~(uint64_t)ARM_CC_CARRY) {
    case ARM_CC_ADD32:
        r32 = a32 + b32 + carry;
        return pack(r32 >> 31, !r32, r32 < a32 || (carry && r32 == a32), ((r32 ^ a32) & (r32 ^ b32)) >> 31);
    case ARM_CC_ADD64:
        r = a + b + carry;
        return pack(r >> 63, !r, r < a || (carry && r == a), ((r ^ a) & (r ^ b)) >> 63);
    case ARM_CC_SUB32:
        r32 = a32 - b32;
        return pack(r32 >> 31, !r32, a32 >= b32, ((a32 ^ b32) & (a32 ^ r32)) >> 31);
    case ARM_CC_SUB64:
        r = a - b;
        return pack(r >> 63, !r, a >= b, ((a ^ b) & (a ^ r)) >> 63);
    case ARM_CC_LOGIC32:
        return pack(a32 >> 31, !a32, false, false);
    case ARM_CC_LOGIC64:
        return pack(a >> 63, !a, false, false);
    case ARM_CC_FCMP32:
        return compare_floats(a32, b32, 1u << 31, 0x7f800000);
    case ARM_CC_FCMP64:
        return compare_floats(a, b, 1ull << 63, 0x7ffull << 52);
    default:
        return a;
    }
}

uint32_t arm_nzcv(const struct arm_cpu *cpu)
{
    return arm_helper_a32_nzcv(cpu->cc_op, cpu->cc_a, cpu->cc_b, cpu->cc_nz, cpu->cc_c);
}
