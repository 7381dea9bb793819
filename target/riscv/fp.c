/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families of floating-point instructions: see target/riscv/fp.h. */
#include "target/riscv/fp.h"

#include "target/riscv/cpu.h"

static enum ir_type type_of(enum rv_fmt fmt)
{
    return fmt == RV_FMT_S ? IR_F32 : IR_F64;
}

/* ---- registers ---- */

static ir_ref slot_get(struct rv_tr *t, unsigned r)
{
    return ir_get(t->ir, RV_SLOT_F + r);
}

static void slot_put(struct rv_tr *t, unsigned r, ir_ref v)
{
    ir_put(t->ir, RV_SLOT_F + r, v);
}

/* v without a mark. A boxed single is made canonical inside its box, which looks like a NaN itself. */
static ir_ref canonical(struct rv_tr *t, ir_ref v)
{
    if (!ir_is_noncanon(t->ir, v)) {
        return v;
    }
    if (t->ir->insns[v].op == IR_OP_box32) {
        return ir_box32(t->ir, ir_canon(t->ir, ir_low32(t->ir, v)));
    }
    return ir_canon(t->ir, v);
}

/* v (single or double) as a register holds it; its mark goes along. */
static ir_ref boxed(struct rv_tr *t, ir_ref v)
{
    ir_ref box;

    if (ir_type_of(t->ir, v) == IR_F64) {
        return v;
    }
    box = ir_box32(t->ir, v);
    return ir_is_noncanon(t->ir, v) ? ir_noncanon(t->ir, box) : box;
}

/* The whole register, its NaN canonical. */
static ir_ref reg(struct rv_tr *t, unsigned r)
{
    return canonical(t, slot_get(t, r));
}

/* An operand of arithmetic, single or double: which NaN it is doesn't matter. But a double's NaN that is not canonical
 * could look like a boxed single. */
static ir_ref operand(struct rv_tr *t, enum rv_fmt fmt, unsigned r)
{
    ir_ref v = slot_get(t, r);

    if (fmt == RV_FMT_D) {
        return v;
    }
    return ir_unbox32(t->ir, ir_is_noncanon(t->ir, v) && t->ir->insns[v].op == IR_OP_box32 ? v : reg(t, r));
}

/* A single or double whose NaN, if it is one, is as it must be (as that of the IR's fma, fmin and fmax is), or is marked
 * already. */
static void put_exact(struct rv_tr *t, unsigned rd, ir_ref v)
{
    slot_put(t, rd, boxed(t, v));
}

/* A single or double as the host computed it. */
static void put_result(struct rv_tr *t, unsigned rd, ir_ref v)
{
    slot_put(t, rd, boxed(t, ir_noncanon(t->ir, v)));
}

ir_ref rv_fp_bits(struct rv_tr *t, unsigned r)
{
    return ir_fbits(t->ir, reg(t, r));
}

void rv_fp_put_bits(struct rv_tr *t, unsigned rd, ir_ref bits)
{
    slot_put(t, rd, ir_bitsf(t->ir, bits));
}

void rv_fp_constant(struct rv_tr *t, enum rv_fmt fmt, unsigned rd, uint64_t bits)
{
    if (rv_fp_begin(t)) {
        slot_put(t, rd, ir_const(t->ir, IR_F64, rv_fp_box(fmt, bits)));
    }
}

/* ---- checks and rounding ---- */

bool rv_fp_begin_reader(struct rv_tr *t)
{
    if ((t->key & RV_KEY_FS) == RV_KEY_FS_OFF) {
        rv_illegal(t);
        return false;
    }
    return true;
}

/* The first write makes FS dirty. The translation goes on under the key that this gives; what is chained to it must be
 * looked up by that key, so the block ends in an indirect jump (rv_goto). */
bool rv_fp_begin(struct rv_tr *t)
{
    if (!rv_fp_begin_reader(t)) {
        return false;
    }
    if ((t->key & RV_KEY_FS) == RV_KEY_FS_CLEAN) {
        ir_call(t->ir, RV_HELPER_fs_dirty, 0, NULL);
        t->key = (t->key & ~RV_KEY_FS) | RV_KEY_FS_DIRTY;
        t->key_changed = true;
    }
    return true;
}

/* For instructions with a rounding mode: it must be a valid one. Modes 5 and 6 are not decoded. */
static bool begin_rounded(struct rv_tr *t, unsigned rm)
{
    if (!rv_fp_begin_reader(t)) {
        return false;
    }
    if (rm == RV_RM_DYN && rv_key_frm(t->key) > FP_RMM) {
        rv_illegal(t);
        return false;
    }
    return rv_fp_begin(t);
}

/* Does the host's FPU round as the instruction wants? */
static bool host_rounds(const struct rv_tr *t, unsigned rm)
{
    unsigned frm = rv_key_frm(t->key);

    return frm <= FP_RUP && (rm == RV_RM_DYN || rm == frm);
}

/* ---- soft float ---- */

static ir_ref call_soft(struct rv_tr *t, uint32_t desc, ir_ref a, ir_ref b, ir_ref c)
{
    const ir_ref args[] = { ir_i32(t->ir, desc), a, b, c };

    return ir_call(t->ir, RV_HELPER_fp, 4, args);
}

ir_ref rv_fp_soft(struct rv_tr *t, uint32_t desc, unsigned rs1, unsigned rs2, unsigned rs3)
{
    return call_soft(t, desc, rv_fp_bits(t, rs1), rv_fp_bits(t, rs2), rv_fp_bits(t, rs3));
}

/* ---- the families ---- */

void rv_fp_arith(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FRM *a)
{
    static const uint8_t host[] = {
        [RV_FP_ADD] = IR_OP_fadd, [RV_FP_SUB] = IR_OP_fsub, [RV_FP_MUL] = IR_OP_fmul, [RV_FP_DIV] = IR_OP_fdiv,
    };

    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (fmt == RV_FMT_H || !host_rounds(t, a->rm)) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, a->rm), a->rs1, a->rs2, 0));
        return;
    }
    put_result(t, a->rd, ir_emit2(t->ir, host[op], type_of(fmt), operand(t, fmt, a->rs1),
                                       operand(t, fmt, a->rs2)));
}

void rv_fp_sqrt(struct rv_tr *t, enum rv_fmt fmt, const struct rv_FR1M *a)
{
    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (fmt == RV_FMT_H || !host_rounds(t, a->rm)) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(RV_FP_SQRT, fmt, 0, a->rm), a->rs1, 0, 0));
        return;
    }
    put_result(t, a->rd, ir_fsqrt(t->ir, operand(t, fmt, a->rs1)));
}

void rv_fp_fma(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R4 *a)
{
    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (fmt == RV_FMT_H || !host_rounds(t, a->rm)) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, a->rm), a->rs1, a->rs2, a->rs3));
        return;
    }
    put_exact(t, a->rd, ir_fma(t->ir, operand(t, fmt, a->rs1), operand(t, fmt, a->rs2), operand(t, fmt, a->rs3),
                                op - RV_FP_MADD));
}

void rv_fp_minmax(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R *a)
{
    enum ir_op host = op == RV_FP_MIN ? IR_OP_fmin : IR_OP_fmax;

    if (!rv_fp_begin(t)) {
        return;
    }
    if (fmt == RV_FMT_H || op == RV_FP_MINM || op == RV_FP_MAXM) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, 0), a->rs1, a->rs2, 0));
        return;
    }
    put_exact(t, a->rd, ir_emit2(t->ir, host, type_of(fmt), operand(t, fmt, a->rs1), operand(t, fmt, a->rs2)));
}

void rv_fp_compare(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_R *a)
{
    static const uint8_t host[] = {
        [RV_FP_EQ] = IR_FEQ, [RV_FP_LT] = IR_FLT, [RV_FP_LE] = IR_FLE, [RV_FP_LTQ] = IR_FLTQ, [RV_FP_LEQ] = IR_FLEQ,
    };

    if (!rv_fp_begin(t)) {
        return;
    }
    if (fmt == RV_FMT_H) {
        rv_set(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, 0), a->rs1, a->rs2, 0));
        return;
    }
    rv_set(t, a->rd, ir_fcmp(t->ir, host[op], operand(t, fmt, a->rs1), operand(t, fmt, a->rs2)));
}

void rv_fp_class(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a)
{
    if (rv_fp_begin_reader(t)) {
        const ir_ref args[] = { ir_i32(t->ir, fmt), rv_fp_bits(t, a->rs1) };

        rv_set(t, a->rd, ir_call(t->ir, RV_HELPER_fclass, 2, args));
    }
}

void rv_fp_round(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a)
{
    if (begin_rounded(t, a->rm)) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, a->rm), a->rs1, 0, 0));
    }
}

/* A static mode other than ties-away can be named in the IR's conversion. */
void rv_fp_to_int(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a)
{
    bool wide = op == RV_FP_TO_L || op == RV_FP_TO_LU, is_signed = op == RV_FP_TO_W || op == RV_FP_TO_L;
    bool named = a->rm <= FP_RUP;
    ir_ref v;

    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (fmt == RV_FMT_H || !(named || host_rounds(t, a->rm))) {
        rv_set(t, a->rd, rv_fp_soft(t, rv_fp_desc(op, fmt, 0, a->rm), a->rs1, 0, 0));
        return;
    }
    v = ir_fcvt(t->ir, is_signed ? IR_OP_fcvt_fs : IR_OP_fcvt_fu, wide ? IR_I64 : IR_I32, operand(t, fmt, a->rs1),
                named ? a->rm : IR_RDYN);
    rv_set(t, a->rd, wide ? v : ir_exts32(t->ir, v));
}

static ir_ref from_int_soft(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, ir_ref x, unsigned rm)
{
    ir_ref zero = ir_i64(t->ir, 0);

    return ir_bitsf(t->ir, call_soft(t, rv_fp_desc(op, fmt, 0, rm), x, zero, zero));
}

static ir_ref from_int_host(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, ir_ref x)
{
    bool wide = op == RV_FP_FROM_L || op == RV_FP_FROM_LU, is_signed = op == RV_FP_FROM_W || op == RV_FP_FROM_L;

    return boxed(t, ir_fcvt(t->ir, is_signed ? IR_OP_fcvt_sf : IR_OP_fcvt_uf, type_of(fmt),
                            wide ? x : ir_trunc(t->ir, x), IR_RDYN));
}

/* A static rounding mode: C libraries round to integral values by a conversion to integer and back in one mode. The
 * way back is exact, so the host's mode doesn't matter, where the format holds the integer. */
static void from_int_static(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a)
{
    unsigned host = ir_block_new(t->ir), soft = ir_block_new(t->ir), join = ir_block_new(t->ir);
    int64_t exact = fmt == RV_FMT_S ? 1 << 24 : 1ll << 53;
    ir_ref x = rv_get(t, a->rs1), r;

    if (op == RV_FP_FROM_W || op == RV_FP_FROM_WU) {
        x = op == RV_FP_FROM_W ? ir_exts32(t->ir, x) : ir_extu32(t->ir, x);
    }
    if (op == RV_FP_FROM_W || op == RV_FP_FROM_L) {
        ir_brcond(t->ir, IR_LEU, ir_add(t->ir, x, ir_i64(t->ir, exact)), ir_i64(t->ir, 2 * exact), host, soft);
    } else {
        ir_brcond(t->ir, IR_LEU, x, ir_i64(t->ir, exact), host, soft);
    }
    t->ir->blocks[soft].cold = true;
    ir_begin(t->ir, host);
    r = from_int_host(t, fmt, op, x);
    ir_br(t->ir, join, 1, &r);
    ir_begin(t->ir, soft);
    r = from_int_soft(t, fmt, op, x, a->rm);
    ir_br(t->ir, join, 1, &r);
    ir_begin(t->ir, join);
    slot_put(t, a->rd, ir_param(t->ir, IR_F64));
}

void rv_fp_from_int(struct rv_tr *t, enum rv_fmt fmt, enum rv_fp_op op, const struct rv_FR1M *a)
{
    bool exact = fmt == RV_FMT_D && (op == RV_FP_FROM_W || op == RV_FP_FROM_WU);

    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (fmt == RV_FMT_H) {
        slot_put(t, a->rd, from_int_soft(t, fmt, op, rv_get(t, a->rs1), a->rm));
    } else if (exact || host_rounds(t, a->rm)) {
        slot_put(t, a->rd, from_int_host(t, fmt, op, rv_get(t, a->rs1)));
    } else {
        from_int_static(t, fmt, op, a);
    }
}

/* Widening is exact. */
void rv_fp_convert(struct rv_tr *t, enum rv_fmt to, enum rv_fmt from, const struct rv_FR1M *a)
{
    if (!begin_rounded(t, a->rm)) {
        return;
    }
    if (to == RV_FMT_H || from == RV_FMT_H || (to == RV_FMT_S && !host_rounds(t, a->rm))) {
        rv_fp_put_bits(t, a->rd, rv_fp_soft(t, rv_fp_desc(RV_FP_CONVERT, to, from, a->rm), a->rs1, 0, 0));
        return;
    }
    put_result(t, a->rd, ir_fcvt(t->ir, IR_OP_fcvt_ff, type_of(to), operand(t, from, a->rs1), IR_RDYN));
}

/* The bits of a half, I64, in the low 16 of a value whose other bits may be anything. */
static ir_ref half_bits(struct rv_tr *t, unsigned r)
{
    ir_ref v = rv_fp_bits(t, r);

    return ir_select(t->ir, IR_GEU, v, ir_i64(t->ir, rv_fp_box(RV_FMT_H, 0)), v,
                     ir_i64(t->ir, rv_fp_unbox(RV_FMT_H, 0)));
}

static void sign_half(struct rv_tr *t, unsigned op, const struct rv_R *a)
{
    ir_ref sign = ir_i64(t->ir, 0x8000), x = half_bits(t, a->rs1), y = half_bits(t, a->rs2);

    if (op == 1) {
        y = ir_not(t->ir, y);
    } else if (op == 2) {
        y = ir_xor(t->ir, x, y);
    }
    x = ir_or(t->ir, ir_andc(t->ir, x, sign), ir_and(t->ir, y, sign));
    rv_fp_put_bits(t, a->rd, ir_or(t->ir, x, ir_i64(t->ir, rv_fp_box(RV_FMT_H, 0))));
}

void rv_fp_sign(struct rv_tr *t, enum rv_fmt fmt, unsigned op, const struct rv_R *a)
{
    ir_ref x, y;

    if (!rv_fp_begin(t)) {
        return;
    }
    if (fmt == RV_FMT_H) {
        sign_half(t, op, a);
        return;
    }
    x = operand(t, fmt, a->rs1);
    if (op == 0 && a->rs1 == a->rs2) {
        put_exact(t, a->rd, x);         /* fmv: no need to look at it */
        return;
    }
    x = canonical(t, x);
    y = a->rs1 == a->rs2 ? x : canonical(t, operand(t, fmt, a->rs2));
    put_exact(t, a->rd, ir_fcopysign(t->ir, x, y, op));
}

/* ---- loads, stores, moves ---- */

void rv_fp_load(struct rv_tr *t, enum rv_fmt fmt, const struct rv_I *a)
{
    enum ir_type type = fmt == RV_FMT_H ? IR_I64 : type_of(fmt);
    ir_ref v;

    if (!rv_fp_begin_reader(t)) {
        return;
    }
    v = rv_load(t, type, a->rs1, a->imm, fmt == RV_FMT_H ? IR_MEM_16 : fmt == RV_FMT_S ? IR_MEM_32 : IR_MEM_64);
    rv_fp_begin(t);     /* behind the access: a load that faults leaves FS as it is */
    if (fmt == RV_FMT_H) {
        rv_fp_put_bits(t, a->rd, ir_or(t->ir, v, ir_i64(t->ir, rv_fp_box(RV_FMT_H, 0))));
    } else {
        put_exact(t, a->rd, v);
    }
}

/* A narrow store takes the register's low bits, boxed or not. A value that was made canonical for it is kept, but only
 * after the store, which may fault. */
void rv_fp_store(struct rv_tr *t, enum rv_fmt fmt, const struct rv_S *a)
{
    ir_ref v;

    if (!rv_fp_begin_reader(t)) {
        return;
    }
    v = reg(t, a->rs2);
    switch (fmt) {
    case RV_FMT_S:
        rv_store(t, a->rs1, a->imm, ir_low32(t->ir, v), IR_MEM_32);
        break;
    case RV_FMT_D:
        rv_store(t, a->rs1, a->imm, v, IR_MEM_64);
        break;
    case RV_FMT_H:
        rv_store(t, a->rs1, a->imm, ir_fbits(t->ir, v), IR_MEM_16);
        break;
    }
    slot_put(t, a->rs2, v);
}

void rv_fp_to_x(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a)
{
    if (!rv_fp_begin_reader(t)) {
        return;
    }
    switch (fmt) {
    case RV_FMT_S:
        rv_set(t, a->rd, ir_exts32(t->ir, ir_fbits(t->ir, ir_low32(t->ir, reg(t, a->rs1)))));
        break;
    case RV_FMT_D:
        rv_set(t, a->rd, rv_fp_bits(t, a->rs1));
        break;
    case RV_FMT_H:
        rv_set(t, a->rd, ir_exts16(t->ir, rv_fp_bits(t, a->rs1)));
        break;
    }
}

void rv_fp_from_x(struct rv_tr *t, enum rv_fmt fmt, const struct rv_R1 *a)
{
    ir_ref x;

    if (!rv_fp_begin(t)) {
        return;
    }
    x = rv_get(t, a->rs1);
    switch (fmt) {
    case RV_FMT_S:
        put_exact(t, a->rd, ir_bitsf(t->ir, ir_trunc(t->ir, x)));
        break;
    case RV_FMT_D:
        rv_fp_put_bits(t, a->rd, x);
        break;
    case RV_FMT_H:
        rv_fp_put_bits(t, a->rd, ir_or(t->ir, x, ir_i64(t->ir, rv_fp_box(RV_FMT_H, 0))));
        break;
    }
}
