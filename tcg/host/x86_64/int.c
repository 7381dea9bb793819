/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Integer operations. I32 values stand in the low half of a register, the upper half is anything: trunc costs nothing,
 * extension is explicit.
 */
#include "tcg/host/x86_64/host_impl.h"

void x86_mov(struct em *e, bool w, int to, const struct opnd *from)
{
    if (from->kind == O_IMM) {
        asm_mov_imm(&e->c, to, w ? (uint64_t)(int64_t)from->imm : (uint32_t)from->imm);
    } else if (from->kind == O_MEM) {
        asm_rm(&e->c, X_MOV_LOAD | X_IF_W(w), to, &from->mem);
    } else if (from->reg != to) {
        asm_rr(&e->c, X_MOV_LOAD | X_IF_W(w), to, from->reg);
    }
}

static uint32_t bit_of(const struct opnd *o)
{
    return o->kind == O_REG ? BIT(o->reg) : 0;
}

static int reg_of(const struct opnd *o)
{
    return o->kind == O_REG ? o->reg : -1;
}

/* What a 32-bit instruction has just put into the result's register: zeroes above, perhaps bit 31 zero, too. */
static void set_zext(struct em *e, struct ir_insn *n, bool positive)
{
    if (n->type == IR_I32) {
        e->val[e->cur].flags |= VAL_ZEXT | (positive ? VAL_POSITIVE : 0);
    }
}

/* Is the value in the register that the result wants, or dying in a register? */
static bool better_first(struct em *e, ir_ref a, ir_ref b)
{
    a = resolve(e, a);
    b = resolve(e, b);
    if (ir_is_const(b)) {
        return false;
    }
    if (ir_is_const(a)) {
        return true;
    }
    unsigned hint = e->val[e->cur].hint;
    int want = hint ? e->h->pin_reg[hint - 1] : -1, ra = e->val[a].reg, rb = e->val[b].reg;
    if (want >= 0 && (ra == want || rb == want)) {
        return rb == want && ra != want;
    }
    return !(ra >= 0 && ra_dies(e, a)) && rb >= 0 && ra_dies(e, b);
}

/* d = a op b with a two-address instruction; digit = G1_x, whose opcode with a register is digit * 8 + 1 or + 3 */
static void alu(struct em *e, struct ir_insn *n, int digit, bool commutative)
{
    bool w = n->type == IR_I64;
    ir_ref ra = n->a, rb = n->b;

    if (commutative && better_first(e, ra, rb)) {
        ra = n->b;
        rb = n->a;
    }
    struct opnd b = ra_operand(e, rb, K_IMM | K_MEM, w);
    struct opnd a = ra_operand(e, ra, K_IMM | K_MEM, w);
    bool same = a.kind == O_REG && b.kind == O_REG && a.reg == b.reg;
    int d = ra_dest(e, reg_of(&a), same ? 0 : bit_of(&b));
    x86_mov(e, w, d, &a);
    if (b.kind == O_IMM) {
        asm_alu_ri(&e->c, w, digit, d, b.imm);
    } else if (b.kind == O_MEM) {
        asm_rm(&e->c, (digit << 3 | 3) | X_IF_W(w), d, &b.mem);
    } else {
        asm_rr(&e->c, (digit << 3 | 1) | X_IF_W(w), same ? d : b.reg, d);
    }
    set_zext(e, n, digit == G1_AND && b.kind == O_IMM && b.imm >= 0);
}

/* base + index << scale, where shl has been left to us */
static bool add_fused(struct em *e, struct ir_insn *n)
{
    ir_ref a = resolve(e, n->a), b = resolve(e, n->b);

    if (!ir_is_const(b) && (e->val[b].flags & VAL_FUSED)) {
        ir_ref t = a;
        a = b;
        b = t;
    } else if (ir_is_const(a) || !(e->val[a].flags & VAL_FUSED)) {
        return false;
    }
    const struct ir_insn *shl = &e->ir->insns[a];
    int index = ra_use(e, shl->a), base = ra_use(e, b);
    struct amem m = amem_index(base, index, (int)ir_const_value(e->ir, shl->b), 0);
    asm_rm(&e->c, X_LEA | X_IF_W(n->type == IR_I64), ra_dest(e, base, 0), &m);
    ra_use_done(e, shl->a);
    return true;
}

void x86_add(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    ir_ref ra = n->a, rb = n->b;

    set_zext(e, n, false);
    if (add_fused(e, n)) {
        return;
    }
    if (better_first(e, ra, rb)) {
        ra = n->b;
        rb = n->a;
    }
    struct opnd b = ra_operand(e, rb, K_IMM | K_MEM, w);
    struct opnd a = ra_operand(e, ra, b.kind == O_MEM ? K_MEM : K_MEM | K_IMM, w);
    if (a.kind != O_REG || b.kind == O_MEM) {
        int d = ra_dest(e, reg_of(&a), bit_of(&b));
        x86_mov(e, w, d, &a);
        if (b.kind == O_MEM) {
            asm_rm(&e->c, (X_ADD + 2) | X_IF_W(w), d, &b.mem);
        } else if (b.kind == O_IMM) {
            asm_alu_ri(&e->c, w, G1_ADD, d, b.imm);
        } else {
            asm_rr(&e->c, X_ADD | X_IF_W(w), b.reg, d);
        }
        return;
    }
    int d = ra_dest(e, a.reg, 0);
    if (b.kind == O_IMM) {
        if (d == a.reg) {
            asm_alu_ri(&e->c, w, G1_ADD, d, b.imm);
        } else {
            struct amem m = amem(a.reg, b.imm);
            asm_rm(&e->c, X_LEA | X_IF_W(w), d, &m);
        }
    } else if (d == a.reg) {
        asm_rr(&e->c, X_ADD | X_IF_W(w), b.reg, d);
    } else if (d == b.reg) {
        asm_rr(&e->c, X_ADD | X_IF_W(w), a.reg, d);
    } else {
        struct amem m = amem_index(a.reg, b.reg, 0, 0);
        asm_rm(&e->c, X_LEA | X_IF_W(w), d, &m);
    }
}

void x86_sub(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    ir_ref b = resolve(e, n->b);

    if (ir_is_const(b)) {
        int64_t v = (int64_t)ir_const_value(e->ir, b);
        v = w ? v : (int32_t)v;
        if (v == (int32_t)v && v != INT32_MIN) {        /* lea can do it */
            struct opnd a = ra_operand(e, n->a, K_MEM | K_IMM, w);
            int d = ra_dest(e, reg_of(&a), 0);
            if (a.kind == O_REG && a.reg != d) {
                struct amem m = amem(a.reg, -(int32_t)v);
                asm_rm(&e->c, X_LEA | X_IF_W(w), d, &m);
            } else {
                x86_mov(e, w, d, &a);
                asm_alu_ri(&e->c, w, G1_SUB, d, (int32_t)v);
            }
            return;
        }
    }
    alu(e, n, G1_SUB, false);
}

void x86_and(struct em *e, struct ir_insn *n)
{
    alu(e, n, G1_AND, true);
}

void x86_or(struct em *e, struct ir_insn *n)
{
    alu(e, n, G1_OR, true);
}

void x86_xor(struct em *e, struct ir_insn *n)
{
    alu(e, n, G1_XOR, true);
}

void x86_andc(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;

    if (e->h->feat & FEAT_BMI1) {
        int b = ra_use(e, n->b);
        struct opnd a = ra_operand(e, n->a, K_MEM, w);
        int d = ra_dest(e, reg_of(&a), 0);
        if (a.kind == O_MEM) {
            asm_vrm(&e->c, X_ANDN | X_IF_W(w), d, b, &a.mem);
        } else {
            asm_vrr(&e->c, X_ANDN | X_IF_W(w), d, b, a.reg);
        }
        return;
    }
    int b = ra_use(e, n->b), a = ra_use(e, n->a);
    int d = ra_dest(e, a == b ? -1 : b, BIT(a));
    ra_emit_move(e, d, b);
    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), G3_NOT, d);
    asm_rr(&e->c, X_AND | X_IF_W(w), a, d);
}

void x86_orc(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    int b = ra_use(e, n->b), a = ra_use(e, n->a);
    int d = ra_dest(e, a == b ? -1 : b, BIT(a));

    ra_emit_move(e, d, b);
    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), G3_NOT, d);
    asm_rr(&e->c, X_OR | X_IF_W(w), a, d);
}

void x86_eqv(struct em *e, struct ir_insn *n)
{
    alu(e, n, G1_XOR, true);
    asm_rr(&e->c, X_GROUP3 | X_IF_W(n->type == IR_I64), G3_NOT, e->val[e->cur].reg);
}

static void unary(struct em *e, struct ir_insn *n, int digit)
{
    bool w = n->type == IR_I64;
    struct opnd a = ra_operand(e, n->a, K_MEM, w);
    int d = ra_dest(e, reg_of(&a), 0);

    x86_mov(e, w, d, &a);
    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), digit, d);
}

void x86_neg(struct em *e, struct ir_insn *n)
{
    unary(e, n, G3_NEG);
}

void x86_not(struct em *e, struct ir_insn *n)
{
    unary(e, n, G3_NOT);
}

/* ---- shifts ---- */

static void shift(struct em *e, struct ir_insn *n, int digit, uint32_t bmi2)
{
    bool w = n->type == IR_I64;
    ir_ref rb = resolve(e, n->b);

    if (ir_is_const(rb)) {
        int count = ir_const_value(e->ir, rb) & (w ? 63 : 31);
        if (count) {
            set_zext(e, n, digit == G2_SHR);
        }
        struct opnd a = ra_operand(e, n->a, K_MEM, w);
        int d = ra_dest(e, reg_of(&a), 0);
        if (digit == G2_ROL || digit == G2_ROR) {
            int right = digit == G2_ROR ? count : (w ? 64 : 32) - count;
            if ((e->h->feat & FEAT_BMI2) && a.kind == O_REG && d != a.reg) {
                asm_vrr(&e->c, X_RORX | X_IF_W(w), d, 0, a.reg);
                asm_u8(&e->c, right & (w ? 63 : 31));
                return;
            }
        }
        if (digit == G2_SHL && a.kind == O_REG && d != a.reg && count == 1) {
            struct amem m = amem_index(a.reg, a.reg, 0, 0);
            asm_rm(&e->c, X_LEA | X_IF_W(w), d, &m);
            return;
        }
        x86_mov(e, w, d, &a);
        if (count) {
            asm_shift_i(&e->c, w, digit, d, count);
        }
        return;
    }
    if (bmi2 && (e->h->feat & FEAT_BMI2)) {
        int count = ra_use(e, rb);
        struct opnd a = ra_operand(e, n->a, K_MEM, w);
        int d = ra_dest(e, reg_of(&a), 0);
        if (a.kind == O_MEM) {
            asm_vrm(&e->c, bmi2 | X_IF_W(w), d, count, &a.mem);
        } else {
            asm_vrr(&e->c, bmi2 | X_IF_W(w), d, count, a.reg);
        }
        return;
    }
    ra_take(e, RCX);
    ra_load(e, RCX, rb);
    struct opnd a = ra_operand(e, n->a, K_MEM, w);
    int d = ra_dest(e, reg_of(&a), BIT(RCX));
    x86_mov(e, w, d, &a);
    asm_rr(&e->c, X_GROUP2_CL | X_IF_W(w), digit, d);
    ra_use_done(e, rb);
}

void x86_shl(struct em *e, struct ir_insn *n)
{
    shift(e, n, G2_SHL, X_SHLX);
}

void x86_shr(struct em *e, struct ir_insn *n)
{
    shift(e, n, G2_SHR, X_SHRX);
}

void x86_sar(struct em *e, struct ir_insn *n)
{
    shift(e, n, G2_SAR, X_SARX);
}

void x86_rotl(struct em *e, struct ir_insn *n)
{
    shift(e, n, G2_ROL, 0);
}

void x86_rotr(struct em *e, struct ir_insn *n)
{
    shift(e, n, G2_ROR, 0);
}

/* ---- multiplication, division ---- */

void x86_mul(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    ir_ref ra = n->a, rb = n->b;

    if (better_first(e, ra, rb)) {
        ra = n->b;
        rb = n->a;
    }
    struct opnd b = ra_operand(e, rb, K_IMM | K_MEM, w);
    if (b.kind == O_IMM) {
        int a = ra_use(e, ra), d = ra_dest(e, a, 0);
        asm_rr_i32(&e->c, 0x69 | X_IF_W(w), d, a, b.imm);
        return;
    }
    struct opnd a = ra_operand(e, ra, K_MEM | K_IMM, w);
    bool same = a.kind == O_REG && b.kind == O_REG && a.reg == b.reg;
    int d = ra_dest(e, reg_of(&a), same ? 0 : bit_of(&b));
    x86_mov(e, w, d, &a);
    if (b.kind == O_MEM) {
        asm_rm(&e->c, X_IMUL | X_IF_W(w), d, &b.mem);
    } else {
        asm_rr(&e->c, X_IMUL | X_IF_W(w), d, same ? d : b.reg);
    }
}

/* rdx:rax = rax * operand, or division of rdx:rax: both registers emptied, a loaded into rax */
static int take_rax_rdx(struct em *e, struct ir_insn *n)
{
    ra_take(e, RAX);
    ra_take(e, RDX);
    int b = ra_use(e, n->b);
    ra_load(e, RAX, resolve(e, n->a));
    return b;
}

static void finish_in(struct em *e, struct ir_insn *n, int reg)
{
    ra_use_done(e, n->a);
    ra_emit_move(e, ra_dest(e, reg, 0), reg);
}

static void high_product(struct em *e, struct ir_insn *n, int digit)
{
    bool w = n->type == IR_I64;
    int b = take_rax_rdx(e, n);

    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), digit, b);
    finish_in(e, n, RDX);
}

void x86_mulhs(struct em *e, struct ir_insn *n)
{
    high_product(e, n, G3_IMUL);
}

void x86_mulhu(struct em *e, struct ir_insn *n)
{
    high_product(e, n, G3_MUL);
}

/* signed a * unsigned b: the unsigned product's high half less b where a is negative */
void x86_mulhsu(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    int b = take_rax_rdx(e, n), t = ra_temp(e);

    asm_rr(&e->c, X_MOV_LOAD | X_W, t, RAX);
    asm_shift_i(&e->c, w, G2_SAR, t, w ? 63 : 31);
    asm_rr(&e->c, X_AND | X_IF_W(w), b, t);
    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), G3_MUL, b);
    asm_rr(&e->c, X_SUB | X_IF_W(w), t, RDX);
    finish_in(e, n, RDX);
}

/* Divisors 0 and -1: x / 0 = -1, x % 0 = x; x / -1 = -x, x % -1 = 0. Dividend in rax, divisor in r[0], result in r[1]. */
static void cold_divide(struct em *e, struct cold *k)
{
    bool rem = k->op;

    asm_rr(&e->c, X_TEST | X_IF_W(k->w), k->r[0], k->r[0]);
    uint32_t zero = asm_jcc_short(&e->c, CC_E);
    if (rem) {
        asm_mov_imm(&e->c, RDX, 0);
    } else {
        asm_rr(&e->c, X_GROUP3 | X_IF_W(k->w), G3_NEG, RAX);
    }
    asm_jmp_to(&e->c, k->back);
    asm_patch_short(&e->c, zero);
    if (rem) {
        asm_rr(&e->c, X_MOV_LOAD | X_IF_W(k->w), RDX, RAX);
    } else {
        asm_mov_imm(&e->c, RAX, UINT64_MAX);
    }
    asm_jmp_to(&e->c, k->back);
}

static void divide(struct em *e, struct ir_insn *n, bool is_signed, bool rem)
{
    bool w = n->type == IR_I64;
    int b = take_rax_rdx(e, n);
    uint32_t odd;

    if (is_signed) {                /* 0 and -1 */
        struct amem m = amem(b, 1);
        asm_rm(&e->c, X_LEA | X_IF_W(w), RDX, &m);
        asm_alu_ri(&e->c, w, G1_CMP, RDX, 1);
        odd = asm_jcc(&e->c, CC_BE);
        asm_head(&e->c, 0x99 | X_IF_W(w), 0, 0, 0);     /* cdq, cqo */
    } else {
        asm_rr(&e->c, X_TEST | X_IF_W(w), b, b);
        odd = asm_jcc(&e->c, CC_E);
        asm_rr(&e->c, X_XOR, RDX, RDX);
    }
    asm_rr(&e->c, X_GROUP3 | X_IF_W(w), is_signed ? G3_IDIV : G3_DIV, b);
    struct cold *k = cold_new(e, cold_divide, odd);
    k->r[0] = b;
    k->w = w;
    k->op = rem;
    k->back = asm_pos(&e->c);
    finish_in(e, n, rem ? RDX : RAX);
}

void x86_divs(struct em *e, struct ir_insn *n)
{
    divide(e, n, true, false);
}

void x86_divu(struct em *e, struct ir_insn *n)
{
    divide(e, n, false, false);
}

void x86_rems(struct em *e, struct ir_insn *n)
{
    divide(e, n, true, true);
}

void x86_remu(struct em *e, struct ir_insn *n)
{
    divide(e, n, false, true);
}

/* ---- comparisons ---- */

bool cmp_width(const struct em *e, const struct ir_insn *n)
{
    return ir_type_of(e->ir, ir_is_const(n->a) ? n->b : n->a) != IR_I32;
}

struct compare {
    struct opnd a, b;
    unsigned cond;
    bool w;
};

static void compare_operands(struct em *e, struct compare *c, unsigned cond, ir_ref ra, ir_ref rb, bool w)
{
    static const uint8_t swapped[12] = { IR_EQ, IR_NE, IR_GT, IR_LE, IR_GE, IR_LT, IR_GTU, IR_LEU, IR_GEU, IR_LTU, IR_TSTEQ, IR_TSTNE };

    if (ir_is_const(resolve(e, ra)) && !ir_is_const(resolve(e, rb))) {
        ir_ref t = ra;
        ra = rb;
        rb = t;
        cond = swapped[cond];
    }
    c->cond = cond;
    c->w = w;
    c->b = ra_operand(e, rb, K_IMM, w);
    c->a = ra_operand(e, ra, K_MEM, w);
}

static void compare_mem(struct em *e, const struct compare *c, bool test)
{
    if (c->b.kind != O_IMM) {
        asm_rm(&e->c, (test ? X_TEST : X_CMP) | X_IF_W(c->w), c->b.reg, &c->a.mem);
    } else if (test) {
        asm_rm_imm(&e->c, X_GROUP3 | X_IF_W(c->w), G3_TEST, &c->a.mem, 4);
        asm_u32(&e->c, (uint32_t)c->b.imm);
    } else {
        asm_alu_mi(&e->c, c->w, G1_CMP, &c->a.mem, c->b.imm);
    }
}

static void compare_reg(struct em *e, const struct compare *c, bool test)
{
    int a = c->a.reg;

    if (c->b.kind != O_IMM) {
        asm_rr(&e->c, (test ? X_TEST : X_CMP) | X_IF_W(c->w), c->b.reg, a);
    } else if (test && c->b.imm >= 0 && c->b.imm < 0x100) {
        asm_rr_i8(&e->c, X_GROUP3_8, G3_TEST, a, c->b.imm);
    } else if (test) {
        asm_rr_i32(&e->c, X_GROUP3 | X_IF_W(c->w), G3_TEST, a, c->b.imm);
    } else if (c->b.imm == 0) {
        asm_rr(&e->c, X_TEST | X_IF_W(c->w), a, a);
    } else {
        asm_alu_ri(&e->c, c->w, G1_CMP, a, c->b.imm);
    }
}

static int compare_emit(struct em *e, const struct compare *c)
{
    static const uint8_t cc[12] = { CC_E, CC_NE, CC_L, CC_GE, CC_LE, CC_G, CC_B, CC_AE, CC_BE, CC_A, CC_E, CC_NE };

    (c->a.kind == O_MEM ? compare_mem : compare_reg)(e, c, c->cond >= IR_TSTEQ);
    return cc[c->cond];
}

int x86_cmp(struct em *e, unsigned cond, ir_ref a, ir_ref b, bool w)
{
    struct compare c;

    compare_operands(e, &c, cond, a, b, w);
    return compare_emit(e, &c);
}

void x86_setcond(struct em *e, struct ir_insn *n)
{
    struct compare c;

    compare_operands(e, &c, n->sub, n->a, n->b, cmp_width(e, n));
    int d = ra_dest(e, -1, 0);
    bool zeroed = d != reg_of(&c.a) && d != reg_of(&c.b);
    if (zeroed) {
        asm_rr(&e->c, X_XOR, d, d);
    }
    asm_rr(&e->c, X_SETCC | compare_emit(e, &c), 0, d);
    if (!zeroed) {
        asm_rr(&e->c, X_MOVZX8, d, d);
    }
}

/* No conditional move between vector registers: a branch. */
static void select_float(struct em *e, struct ir_insn *n, ir_ref yes, ir_ref no)
{
    struct compare c;

    compare_operands(e, &c, n->sub, n->a, n->b, cmp_width(e, n));
    int y = ra_use(e, yes), x = ra_use(e, no);
    int d = ra_dest(e, x, y == x ? 0 : BIT(y));
    ra_emit_move(e, d, x);
    uint32_t over = asm_jcc_short(&e->c, compare_emit(e, &c) ^ 1);
    ra_emit_move(e, d, y);
    asm_patch_short(&e->c, over);
}

void x86_select(struct em *e, struct ir_insn *n)
{
    ir_ref yes = e->ir->args[n->c], no = e->ir->args[n->c + 1];
    unsigned cond = n->sub;
    struct compare c;
    bool w = n->type == IR_I64;

    if (is_float(n->type)) {
        select_float(e, n, yes, no);
        return;
    }
    if (better_first(e, no, yes)) {     /* the one whose register the result can have stands first */
        ir_ref t = yes;
        yes = no;
        no = t;
        cond ^= 1;
    }
    compare_operands(e, &c, cond, n->a, n->b, cmp_width(e, n));
    struct opnd y = ra_operand(e, yes, K_MEM, w), x = ra_operand(e, no, K_MEM | K_IMM, w);
    uint32_t forbid = bit_of(&y) | bit_of(&c.a) | bit_of(&c.b);
    int d = ra_dest(e, reg_of(&x), x.kind == O_REG ? forbid & ~BIT(x.reg) : forbid);
    bool clash = x.kind == O_REG && d == x.reg;     /* then it may be an operand of the comparison, which only reads */
    if (!clash) {
        x86_mov(e, w, d, &x);
    }
    int cc = compare_emit(e, &c);
    if (y.kind == O_MEM) {
        asm_rm(&e->c, X_CMOV | cc | X_IF_W(w), d, &y.mem);
    } else {
        asm_rr(&e->c, X_CMOV | cc | X_IF_W(w), d, y.reg);
    }
}

static void min_max(struct em *e, struct ir_insn *n, int cc)
{
    bool w = n->type == IR_I64;
    ir_ref ra = n->a, rb = n->b;

    if (better_first(e, ra, rb)) {
        ra = n->b;
        rb = n->a;
    }
    int b = ra_use(e, rb), a = ra_use(e, ra);
    int d = ra_dest(e, a, a == b ? 0 : BIT(b));
    ra_emit_move(e, d, a);
    asm_rr(&e->c, X_CMP | X_IF_W(w), d, b);     /* b - a */
    asm_rr(&e->c, X_CMOV | cc | X_IF_W(w), d, a == b ? d : b);
}

void x86_mins(struct em *e, struct ir_insn *n)
{
    min_max(e, n, CC_L);
}

void x86_maxs(struct em *e, struct ir_insn *n)
{
    min_max(e, n, CC_G);
}

void x86_minu(struct em *e, struct ir_insn *n)
{
    min_max(e, n, CC_B);
}

void x86_maxu(struct em *e, struct ir_insn *n)
{
    min_max(e, n, CC_A);
}

/* ---- bits ---- */

static void count_bits(struct em *e, struct ir_insn *n, uint32_t op)
{
    bool w = n->type == IR_I64;
    struct opnd a = ra_operand(e, n->a, K_MEM, w);
    int d = ra_dest(e, reg_of(&a), 0);

    if (a.kind == O_MEM) {
        asm_rm(&e->c, op | X_IF_W(w), d, &a.mem);
    } else {
        asm_rr(&e->c, op | X_IF_W(w), d, a.reg);
    }
}

/* bsr and bsf leave the result alone for 0 */
static void scan_bits(struct em *e, struct ir_insn *n, uint32_t op)
{
    bool w = n->type == IR_I64, leading = op == X_BSR;
    int a = ra_use(e, n->a), t = ra_temp(e), d = ra_dest(e, -1, BIT(a));

    asm_mov_imm(&e->c, t, leading ? (w ? 127 : 63) : (w ? 64 : 32));
    asm_rr(&e->c, op | X_IF_W(w), d, a);
    asm_rr(&e->c, X_CMOV | CC_E, d, t);
    if (leading) {
        asm_alu_ri(&e->c, false, G1_XOR, d, w ? 63 : 31);
    }
}

void x86_clz(struct em *e, struct ir_insn *n)
{
    if (e->h->feat & FEAT_LZCNT) {
        count_bits(e, n, X_LZCNT);
    } else {
        scan_bits(e, n, X_BSR);
    }
}

void x86_ctz(struct em *e, struct ir_insn *n)
{
    if (e->h->feat & FEAT_BMI1) {
        count_bits(e, n, X_TZCNT);
    } else {
        scan_bits(e, n, X_BSF);
    }
}

void x86_popcnt(struct em *e, struct ir_insn *n)
{
    count_bits(e, n, X_POPCNT);
}

void x86_bswap(struct em *e, struct ir_insn *n)
{
    bool w = n->type == IR_I64;
    struct opnd a = ra_operand(e, n->a, K_MEM, w);
    int d = ra_dest(e, reg_of(&a), 0);

    x86_mov(e, w, d, &a);
    asm_head(&e->c, 0xc8 | X_0F | X_IF_W(w) | (d & 7), 0, 0, d);
}

/* Swaps neighbouring bits, pairs, nibbles. */
void x86_brev8(struct em *e, struct ir_insn *n)
{
    static const uint64_t mask[3] = { 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f };
    int a = ra_use(e, n->a), t = ra_temp(e), m = ra_temp(e), d = ra_dest(e, a, 0);

    ra_emit_move(e, d, a);
    for (unsigned k = 0; k < 3; k++) {
        asm_mov_imm(&e->c, m, mask[k]);
        asm_rr(&e->c, X_MOV_LOAD | X_W, t, d);
        asm_shift_i(&e->c, true, G2_SHR, t, 1 << k);
        asm_rr(&e->c, X_AND | X_W, m, t);
        asm_rr(&e->c, X_AND | X_W, m, d);
        asm_shift_i(&e->c, true, G2_SHL, d, 1 << k);
        asm_rr(&e->c, X_OR | X_W, t, d);
    }
}

void x86_orcb(struct em *e, struct ir_insn *n)
{
    int a = ra_use(e, n->a), zero = ra_ftemp(e), d = ra_dest(e, a, 0);

    asm_rr(&e->c, X_MOVD_IN | X_W, FSCRATCH & 15, a);
    asm_rr(&e->c, X_XORPS, zero & 15, zero & 15);
    asm_rr(&e->c, X_PCMPEQB, FSCRATCH & 15, zero & 15);
    asm_rr(&e->c, X_MOVD_OUT | X_W, FSCRATCH & 15, d);
    asm_rr(&e->c, X_GROUP3 | X_W, G3_NOT, d);
}

static uint64_t clmul_c(uint64_t a, uint64_t b)
{
    uint64_t r = 0;

    for (unsigned i = 0; i < 64; i++) {
        r ^= b >> i & 1 ? a << i : 0;
    }
    return r;
}

static uint64_t clmulh_c(uint64_t a, uint64_t b)
{
    uint64_t r = 0;

    for (unsigned i = 1; i < 64; i++) {
        r ^= b >> i & 1 ? a >> (64 - i) : 0;
    }
    return r;
}

static uint64_t clmul32_c(uint64_t a, uint64_t b)
{
    return clmul_c((uint32_t)a, (uint32_t)b);
}

static uint64_t clmulh32_c(uint64_t a, uint64_t b)
{
    return clmul_c((uint32_t)a, (uint32_t)b) >> 32;
}

static void carryless(struct em *e, struct ir_insn *n, bool high)
{
    bool w = n->type == IR_I64;
    ir_ref args[2] = { n->a, n->b };

    if (!(e->h->feat & FEAT_PCLMUL)) {
        call_pure(e, w ? (high ? (void *)clmulh_c : (void *)clmul_c) : (high ? (void *)clmulh32_c : (void *)clmul32_c), 2, args);
        return;
    }
    int a = ra_use(e, n->a), b = ra_use(e, n->b), t = ra_ftemp(e), d = ra_dest(e, a, 0);
    asm_rr(&e->c, X_MOVD_IN | X_IF_W(w), FSCRATCH & 15, a);
    asm_rr(&e->c, X_MOVD_IN | X_IF_W(w), t & 15, b);
    asm_rr_i8(&e->c, X_PCLMUL, FSCRATCH & 15, t & 15, 0);
    if (high && w) {
        asm_rr_i8(&e->c, X_PEXTRQ, FSCRATCH & 15, d, 1);
        return;
    }
    asm_rr(&e->c, X_MOVD_OUT | X_W, FSCRATCH & 15, d);
    if (high) {
        asm_shift_i(&e->c, true, G2_SHR, d, 32);
    }
}

void x86_clmul(struct em *e, struct ir_insn *n)
{
    carryless(e, n, false);
}

void x86_clmulh(struct em *e, struct ir_insn *n)
{
    carryless(e, n, true);
}

/* ---- extension ---- */

/* Flags: what the operand must have for its register to hold the result already. */
static bool extended_already(struct em *e, struct ir_insn *n, unsigned flags)
{
    ir_ref r = resolve(e, n->a);

    if (ir_is_const(r) || (e->val[r].flags & flags) != flags || e->val[r].reg < 0) {
        return false;
    }
    int a = ra_use(e, r), d = ra_dest(e, a, 0);
    if (d != a) {
        asm_rr(&e->c, X_MOV_LOAD, d, a);
    }
    return true;
}

static void extend(struct em *e, struct ir_insn *n, uint32_t op, bool from_w)
{
    struct opnd a = ra_operand(e, n->a, K_MEM, from_w);
    int d = ra_dest(e, reg_of(&a), 0);

    if (a.kind == O_MEM) {
        asm_rm(&e->c, op, d, &a.mem);
    } else {
        asm_rr(&e->c, op, d, a.reg);
    }
}

void x86_exts8(struct em *e, struct ir_insn *n)
{
    extend(e, n, X_MOVSX8 | X_IF_W(n->type == IR_I64), false);
}

void x86_exts16(struct em *e, struct ir_insn *n)
{
    extend(e, n, X_MOVSX16 | X_IF_W(n->type == IR_I64), false);
}

void x86_extu8(struct em *e, struct ir_insn *n)
{
    extend(e, n, X_MOVZX8, false);
    set_zext(e, n, true);
}

void x86_extu16(struct em *e, struct ir_insn *n)
{
    extend(e, n, X_MOVZX16, false);
    set_zext(e, n, true);
}

void x86_exts32(struct em *e, struct ir_insn *n)
{
    if (!extended_already(e, n, VAL_ZEXT | VAL_POSITIVE)) {
        extend(e, n, X_MOVSXD, false);
    }
}

void x86_extu32(struct em *e, struct ir_insn *n)
{
    if (!extended_already(e, n, VAL_ZEXT)) {
        extend(e, n, X_MOV_LOAD, false);
    }
}

/* ---- I128: in the frame ---- */

void x86_pair(struct em *e, struct ir_insn *n)
{
    int a = ra_use(e, n->a), b = ra_use(e, n->b), spill = ra_frame(e, 2);
    struct amem lo = spill_mem(spill), hi = spill_mem(spill + 1);

    asm_rm(&e->c, X_MOV_STORE | X_W, a, &lo);
    asm_rm(&e->c, X_MOV_STORE | X_W, b, &hi);
    e->val[e->cur].spill = spill;
}

static void half_of(struct em *e, struct ir_insn *n, unsigned half)
{
    ir_ref a = resolve(e, n->a);

    if (ir_is_const(a)) {
        int d = ra_dest(e, -1, 0);
        asm_mov_imm(&e->c, d, half ? 0 : ir_const_value(e->ir, a));
        return;
    }
    struct amem m = spill_mem(e->val[a].spill + half);
    asm_rm(&e->c, X_MOV_LOAD | X_W, ra_dest(e, -1, 0), &m);
    ra_use_done(e, a);
}

void x86_lo(struct em *e, struct ir_insn *n)
{
    half_of(e, n, 0);
}

void x86_hi(struct em *e, struct ir_insn *n)
{
    half_of(e, n, 1);
}
