/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SSE and AVX: moves, lanes, broadcasts, permutations. */
#include "target/x86/table.h"
#include "target/x86/vec_impl.h"

/* ---- whole registers ---- */

static void move(struct x86_tr *t, bool aligned)
{
    bool store = t->in.row->ops[0].kind == X86_OP_W;
    unsigned halves = vec_halves(t), from = store || !t->in.mem ? (store ? t->in.reg : t->in.rm) : 0;
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    if (t->in.mem && halves == 2 && aligned) {
        vec_demand_32(t);
    }
    for (unsigned h = 0; h < halves; h++) {
        r[h] = t->in.mem && !store ? vec_load(t, 16, h, aligned) : vec_reg(t, from, h);
    }
    if (t->in.mem && store) {
        vec_store(t, r[0], r[1], aligned);
    } else {
        vec_put_both(t, store ? t->in.rm : t->in.reg, r);
    }
}

void emit_MOVA(struct x86_tr *t)
{
    move(t, true);
}

void emit_MOVU(struct x86_tr *t)
{
    move(t, false);
}

/* ---- the lowest lane ---- */

static bool is_double(struct x86_operand op)
{
    return op.size == X86_SIZE_SD || op.size == X86_SIZE_Q;
}

/* Lane of 64 bits, or the lowest of 32, as a float */
static ir_ref float_lane(struct x86_tr *t, ir_ref v, bool wide, unsigned lane)
{
    return ir_vget(t->ir, wide ? IR_F64 : IR_F32, wide ? 3 : 2, v, lane);
}

static void store_lane(struct x86_tr *t, ir_ref v, bool wide, unsigned lane)
{
    ir_st(t->ir, t->addr, t->disp, float_lane(t, v, wide, lane), (wide ? IR_MEM_64 : IR_MEM_32) | t->mem);
}

void emit_MOV_LOAD(struct x86_tr *t)
{
    if (vec_begin(t)) {
        vec_put(t, t->in.reg, vec_rm(t, 1, 0), 0);
    }
}

void emit_MOV_STORE(struct x86_tr *t)
{
    if (vec_begin(t)) {
        store_lane(t, vec_reg(t, t->in.reg, 0), is_double(t->in.row->ops[0]), 0);
    }
}

/* MOVSS and MOVSD between registers: the other lanes are the first source's. */
void emit_MOV_MERGE(struct x86_tr *t)
{
    const struct x86_row *row = t->in.row;
    bool to_rm = row->ops[0].kind == X86_OP_U;
    unsigned to = to_rm ? t->in.rm : t->in.reg, from = to_rm ? t->in.reg : t->in.rm;
    bool wide = is_double(row->ops[to_rm ? 0 : row->nops - 1]);
    ir_ref a;

    if (!vec_begin(t)) {
        return;
    }
    a = vec_reg(t, t->in.vex ? t->in.vvvv : to, 0);
    vec_put(t, to, ir_vop2(t->ir, wide ? IR_V_blendi64 : IR_V_blendi32, a, vec_reg(t, from, 0), 1), 0);
}

static void load_half(struct x86_tr *t, unsigned lane)
{
    ir_ref v;

    if (vec_begin(t)) {
        v = ir_ld(t->ir, IR_F64, t->addr, t->disp, IR_MEM_64 | t->mem);
        vec_put(t, t->in.reg, ir_vset(t->ir, 3, vec_first(t, 0), lane, v), 0);
    }
}

void emit_LOAD_LOW(struct x86_tr *t)
{
    load_half(t, 0);
}

void emit_LOAD_HIGH(struct x86_tr *t)
{
    load_half(t, 1);
}

void emit_STORE_LOW(struct x86_tr *t)
{
    if (vec_begin(t)) {
        store_lane(t, vec_reg(t, t->in.reg, 0), true, 0);
    }
}

void emit_STORE_HIGH(struct x86_tr *t)
{
    if (vec_begin(t)) {
        store_lane(t, vec_reg(t, t->in.reg, 0), true, 1);
    }
}

void emit_MOVHL(struct x86_tr *t)
{
    if (vec_begin(t)) {
        vec_put(t, t->in.reg, ir_vop2(t->ir, IR_V_ziph64, vec_reg(t, t->in.rm, 0), vec_first(t, 0), 0), 0);
    }
}

void emit_MOVQ_LOAD(struct x86_tr *t)
{
    if (vec_begin(t)) {
        ir_ref v = t->in.mem ? vec_load(t, 8, 0, false) : ir_vfrom(t->ir, float_lane(t, vec_reg(t, t->in.rm, 0), true, 0));

        vec_put(t, t->in.reg, v, 0);
    }
}

void emit_MOVQ_STORE(struct x86_tr *t)
{
    if (!vec_begin(t)) {
        return;
    }
    if (t->in.mem) {
        store_lane(t, vec_reg(t, t->in.reg, 0), true, 0);
    } else {
        vec_put(t, t->in.rm, ir_vfrom(t->ir, float_lane(t, vec_reg(t, t->in.reg, 0), true, 0)), 0);
    }
}

/* ---- general registers ---- */

void emit_MOV_FROM_GPR(struct x86_tr *t)
{
    if (vec_begin(t)) {
        vec_put(t, t->in.reg, ir_vfrom(t->ir, t->v[1]), 0);
    }
}

static ir_ref int_lane(struct x86_tr *t, ir_ref v, unsigned log2_bytes, unsigned lane)
{
    return ir_vget(t->ir, log2_bytes == 3 ? IR_I64 : IR_I32, log2_bytes, v, lane);
}

void emit_MOV_TO_GPR(struct x86_tr *t)
{
    if (vec_begin(t)) {
        xt_result(t, int_lane(t, vec_reg(t, t->in.reg, 0), t->size == 8 ? 3 : 2, 0));
    }
}

static void mask(struct x86_tr *t, unsigned log2_bytes)
{
    ir_ref m, high;

    if (!vec_begin(t)) {
        return;
    }
    m = ir_vmask(t->ir, log2_bytes, vec_reg(t, t->in.rm, 0));
    if (vec_halves(t) == 2) {
        high = ir_vmask(t->ir, log2_bytes, vec_reg(t, t->in.rm, 1));
        m = ir_or(t->ir, m, ir_shl(t->ir, high, ir_i64(t->ir, 16 >> log2_bytes)));
    }
    xt_result(t, ir_trunc(t->ir, m));
}

void emit_MASK8(struct x86_tr *t)
{
    mask(t, 0);
}

void emit_MASK32(struct x86_tr *t)
{
    mask(t, 2);
}

void emit_MASK64(struct x86_tr *t)
{
    mask(t, 3);
}

/* The E operand is the last but the immediate. */
static void insert(struct x86_tr *t, unsigned log2_bytes)
{
    ir_ref v = t->v[t->in.row->nops - 2];

    if (vec_begin(t)) {
        unsigned lane = vec_imm(t) & ((16 >> log2_bytes) - 1);

        vec_put(t, t->in.reg, ir_vset(t->ir, log2_bytes, vec_first(t, 0), lane, v), 0);
    }
}

void emit_INSERT8(struct x86_tr *t)
{
    insert(t, 0);
}

void emit_INSERT16(struct x86_tr *t)
{
    insert(t, 1);
}

void emit_INSERT_Y(struct x86_tr *t)
{
    insert(t, t->in.w ? 3 : 2);
}

void emit_INSERTPS(struct x86_tr *t)
{
    if (vec_begin(t)) {
        unsigned imm = vec_imm(t);
        ir_ref b = vec_rm(t, t->in.row->nops - 2, 0);

        vec_put(t, t->in.reg, ir_vop2(t->ir, IR_V_insps, vec_first(t, 0), b, t->in.mem ? imm & 0x3f : imm), 0);
    }
}

static void extract(struct x86_tr *t, unsigned log2_bytes)
{
    unsigned from = t->in.row->ops[1].kind == X86_OP_V ? t->in.reg : t->in.rm;

    if (vec_begin(t)) {
        xt_result(t, int_lane(t, vec_reg(t, from, 0), log2_bytes, vec_imm(t) & ((16 >> log2_bytes) - 1)));
    }
}

void emit_EXTRACT8(struct x86_tr *t)
{
    extract(t, 0);
}

void emit_EXTRACT16(struct x86_tr *t)
{
    extract(t, 1);
}

void emit_EXTRACT32(struct x86_tr *t)
{
    extract(t, 2);
}

void emit_EXTRACT_Y(struct x86_tr *t)
{
    extract(t, t->in.w ? 3 : 2);
}

/* ---- duplicated lanes ---- */

void emit_MOVDDUP(struct x86_tr *t)
{
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = t->in.mem ? vec_load(t, vec_halves(t) == 2 ? 16 : 8, h, false) : vec_reg(t, t->in.rm, h);
    }
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop2(t->ir, IR_V_zip64, r[h], r[h], 0);
    }
    vec_put_both(t, t->in.reg, r);
}

static void shuffle32(struct x86_tr *t, unsigned imm)
{
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop1(t->ir, IR_V_shuf32, vec_rm(t, 1, h), imm);
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_MOVSLDUP(struct x86_tr *t)
{
    shuffle32(t, 0xa0);
}

void emit_MOVSHDUP(struct x86_tr *t)
{
    shuffle32(t, 0xf5);
}

static void broadcast(struct x86_tr *t, unsigned log2_bytes)
{
    struct ir *ir = t->ir;
    ir_ref v;

    if (!vec_begin(t)) {
        return;
    }
    v = t->in.mem ? vec_load(t, 1u << log2_bytes, 0, false) : vec_reg(t, t->in.rm, 0);
    switch (log2_bytes) {
    case 0: v = ir_vop2(ir, IR_V_shuf8, v, ir_const(ir, IR_V128, 0), 0); break;
    case 1: v = ir_vop1(ir, IR_V_shuf32, ir_vop1(ir, IR_V_shuflo16, v, 0), 0); break;
    case 2: v = ir_vop1(ir, IR_V_shuf32, v, 0); break;
    case 3: v = ir_vop2(ir, IR_V_zip64, v, v, 0); break;
    }
    vec_put_both(t, t->in.reg, (ir_ref[]){ v, v });
}

void emit_BROADCAST8(struct x86_tr *t)
{
    broadcast(t, 0);
}

void emit_BROADCAST16(struct x86_tr *t)
{
    broadcast(t, 1);
}

void emit_BROADCAST32(struct x86_tr *t)
{
    broadcast(t, 2);
}

void emit_BROADCAST64(struct x86_tr *t)
{
    broadcast(t, 3);
}

void emit_BROADCAST128(struct x86_tr *t)
{
    broadcast(t, 4);
}

/* ---- between halves ---- */

void emit_INSERT128(struct x86_tr *t)
{
    ir_ref r[2], v;

    if (!vec_begin(t)) {
        return;
    }
    v = vec_rm(t, 2, 0);
    for (unsigned h = 0; h < 2; h++) {
        r[h] = h == (vec_imm(t) & 1) ? v : vec_reg(t, t->in.vvvv, h);
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_EXTRACT128(struct x86_tr *t)
{
    ir_ref v;

    if (!vec_begin(t)) {
        return;
    }
    v = vec_reg(t, t->in.reg, vec_imm(t) & 1);
    if (t->in.mem) {
        vec_store(t, v, 0, false);
    } else {
        vec_put(t, t->in.rm, v, 0);
    }
}

void emit_PERM128(struct x86_tr *t)
{
    ir_ref from[4], r[2];

    if (!vec_begin(t)) {
        return;
    }
    for (unsigned h = 0; h < 2; h++) {
        from[h] = vec_reg(t, t->in.vvvv, h);
        from[2 + h] = vec_rm(t, 2, h);
    }
    for (unsigned h = 0; h < 2; h++) {
        unsigned select = vec_imm(t) >> 4 * h;

        r[h] = select & 8 ? ir_const(t->ir, IR_V128, 0) : from[select & 3];
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_PERMQ(struct x86_tr *t)
{
    ir_ref from[2], r[2];

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 1, from);
    for (unsigned h = 0; h < 2; h++) {
        unsigned low = vec_imm(t) >> 4 * h & 3, high = vec_imm(t) >> (4 * h + 2) & 3;

        r[h] = ir_vop2(t->ir, IR_V_shufpd, from[low >> 1], from[high >> 1], (low & 1) | (high & 1) << 1);
    }
    vec_put_both(t, t->in.reg, r);
}

/* ---- permutations ---- */

void emit_PERMIL64(struct x86_tr *t)
{
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 1, r);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = ir_vop2(t->ir, IR_V_shufpd, r[h], r[h], vec_imm(t) >> 2 * h & 3);
    }
    vec_put_both(t, t->in.reg, r);
}

/* The 32-bit lanes of v that the low two bits of control's lanes name: as a shuffle of bytes */
static ir_ref permute32(struct x86_tr *t, ir_ref v, ir_ref control)
{
    struct ir *ir = t->ir;
    ir_ref lane = ir_vop2(ir, IR_V_and, control, vec_all32(t, 3), 0);
    ir_ref bytes = ir_vop2(ir, IR_V_mul32, lane, vec_all32(t, 0x04040404), 0);

    return ir_vop2(ir, IR_V_shuf8, v, ir_vop2(ir, IR_V_add8, bytes, vec_all32(t, 0x03020100), 0), 0);
}

/* The 64-bit lanes that bit 1 of control's lanes names */
static ir_ref permute64(struct x86_tr *t, ir_ref v, ir_ref control)
{
    struct ir *ir = t->ir;
    ir_ref lane = ir_vop1(ir, IR_V_shuf32, ir_vop1(ir, IR_V_shri32, control, 1), 0xa0);
    ir_ref bytes = ir_vop2(ir, IR_V_mul32, ir_vop2(ir, IR_V_and, lane, vec_all32(t, 1), 0), vec_all32(t, 0x08080808), 0);

    return ir_vop2(ir, IR_V_shuf8, v, ir_vop2(ir, IR_V_add8, bytes, vec_all64(t, 0x0706050403020100), 0), 0);
}

static void permil_variable(struct x86_tr *t, ir_ref (*permute)(struct x86_tr *, ir_ref, ir_ref))
{
    ir_ref r[2] = { 0 };

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 2, r);
    for (unsigned h = 0; h < vec_halves(t); h++) {
        r[h] = permute(t, vec_reg(t, t->in.vvvv, h), r[h]);
    }
    vec_put_both(t, t->in.reg, r);
}

void emit_PERMIL32_V(struct x86_tr *t)
{
    permil_variable(t, permute32);
}

void emit_PERMIL64_V(struct x86_tr *t)
{
    permil_variable(t, permute64);
}

/* Bit 2 of the control's lanes tells the half. */
void emit_PERMD(struct x86_tr *t)
{
    ir_ref from[2], r[2];

    if (!vec_begin(t)) {
        return;
    }
    vec_rm_both(t, 2, from);
    for (unsigned h = 0; h < 2; h++) {
        ir_ref control = vec_reg(t, t->in.vvvv, h);
        ir_ref high = ir_vop1(t->ir, IR_V_sari32, ir_vop1(t->ir, IR_V_shli32, control, 29), 31);

        r[h] = ir_vop3(t->ir, IR_V_bsl, high, permute32(t, from[1], control), permute32(t, from[0], control));
    }
    vec_put_both(t, t->in.reg, r);
}

/* ---- zeros ---- */

static unsigned registers(const struct x86_tr *t)
{
    return xt_code64(t) ? 16 : 8;
}

void emit_VZEROUPPER(struct x86_tr *t)
{
    for (unsigned n = vec_begin(t) ? registers(t) : 0; n-- > 0;) {
        ir_put(t->ir, X86_SLOT_YMMH + n, ir_const(t->ir, IR_V128, 0));
    }
}

void emit_VZEROALL(struct x86_tr *t)
{
    for (unsigned n = vec_begin(t) ? registers(t) : 0; n-- > 0;) {
        vec_put(t, n, ir_const(t->ir, IR_V128, 0), 0);
    }
}
