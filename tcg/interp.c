/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interpreter: one pass over the instructions of a block, values in an array by their number.
 *
 * The verifier forbids a put between the start of a guest instruction and its last operation that can leave (ir.h), so
 * puts go straight to their homes, and the state is exact wherever a callback leaves by longjmp; only the pc slot is
 * stored for the purpose.
 */
#include "tcg/eval.h"
#include "tcg/host.h"
#include "tcg/interp.h"
#include "tcg/interp_impl.h"
#include "tcg/mxcsr.h"
#include "tcg/vec_eval.h"

#include <string.h>

struct interp_scratch {
    uint64_t *lo, *hi;          /* values by number; hi: upper halves of I128 and V128 */
    uint64_t *copy_lo, *copy_hi; /* arguments on their way to parameters, which they may be */
    unsigned cap;
    unsigned insns;             /* guest instructions completed before the current one */
};

/* What an interpretation runs on. */
struct run {
    struct interp_scratch *s;
    const struct ir *ir;
    struct cpu *cpu;
    const struct interp_env *env;
    uint64_t pc;                /* of the current guest instruction */
};

struct interp_scratch *interp_scratch_new(void)
{
    return g_new0(struct interp_scratch, 1);
}

void interp_scratch_free(struct interp_scratch *s)
{
    if (s) {
        g_free(s->lo);
        g_free(s);
    }
}

unsigned interp_insns(const struct interp_scratch *s)
{
    return s->insns;
}

static void scratch_grow(struct interp_scratch *s, unsigned n)
{
    if (n > s->cap) {
        s->cap = n + 64;
        s->lo = g_renew(uint64_t, s->lo, 4 * s->cap);
        s->hi = s->lo + s->cap;
        s->copy_lo = s->hi + s->cap;
        s->copy_hi = s->copy_lo + s->cap;
    }
}

static inline uint64_t low(const struct run *r, ir_ref v)
{
    return ir_is_const(v) ? r->ir->consts[v & ~IR_CONST_BIT] : r->s->lo[v];
}

static inline uint64_t high(const struct run *r, ir_ref v)
{
    return ir_is_const(v) ? 0 : r->s->hi[v];
}

static inline bool wide(enum ir_type t)
{
    return t == IR_I128 || t == IR_V128;
}

/* ---- slots ---- */

static inline void *home(const struct run *r, unsigned slot)
{
    return (char *)r->cpu + r->ir->target->slots[slot].offset;
}

static void get(const struct run *r, const struct ir_insn *i, unsigned at)
{
    const void *p = home(r, i->imm);

    if (i->type == IR_I32 || i->type == IR_F32) {
        r->s->lo[at] = *(const uint32_t *)p;
        return;
    }
    r->s->lo[at] = *(const uint64_t *)p;
    if (wide(i->type)) {
        r->s->hi[at] = ((const uint64_t *)p)[1];
    }
}

/* The bits that a put leaves in the slot's home: NaNs of a value marked IR_NONCANON are made canonical here already. */
static uint64_t canonical(const struct run *r, ir_ref v, uint64_t bits)
{
    const struct ir_insn *def = &r->ir->insns[v];

    return def->op == IR_OP_box32 ? eval_box32(eval_canon32(bits)) :
           def->type == IR_F32 ? eval_canon32(bits) : eval_canon64(bits);
}

static void put(const struct run *r, const struct ir_insn *i)
{
    void *p = home(r, i->imm);
    enum ir_type type = r->ir->target->slots[i->imm].type;
    uint64_t v = low(r, i->a);

    if (G_UNLIKELY(ir_is_noncanon(r->ir, i->a))) {
        v = canonical(r, i->a, v);
    }
    if (type == IR_I32 || type == IR_F32) {
        *(uint32_t *)p = v;
        return;
    }
    *(uint64_t *)p = v;
    if (wide(type)) {
        ((uint64_t *)p)[1] = high(r, i->a);
    }
}

static inline void store_pc(const struct run *r, uint64_t pc)
{
    *(uint64_t *)home(r, IR_SLOT_PC) = pc;
}

/* ---- memory ---- */

/* A loaded value of mem's size, extended to type as mem says. */
static inline uint64_t extend(uint64_t v, unsigned mem, enum ir_type type)
{
    unsigned unused = 64 - (8u << (mem & IR_MEM_SIZE));

    v = mem & IR_MEM_SIGN ? (uint64_t)((int64_t)(v << unused) >> unused) : v << unused >> unused;
    return type == IR_I32 ? (uint32_t)v : v;
}

static uint64_t load(const struct run *r, const struct ir_insn *i, unsigned at)
{
    uint64_t addr = low(r, i->a) + i->imm, value[2] = { 0 };

    store_pc(r, r->pc);
    if (wide(i->type)) {
        r->env->slow(r->env->opaque, r->cpu, addr, HOST_SLOW_LOAD128, i->mem, value, NULL);
        r->s->hi[at] = value[1];
        return value[0];
    }
    return extend(r->env->load(r->env->opaque, r->cpu, addr, i->mem), i->mem, i->type);
}

static void store(const struct run *r, const struct ir_insn *i)
{
    uint64_t addr = low(r, i->a) + i->imm, value[2] = { low(r, i->b) };

    store_pc(r, r->pc);
    if ((i->mem & IR_MEM_SIZE) == IR_MEM_128) {
        value[1] = high(r, i->b);
        r->env->slow(r->env->opaque, r->cpu, addr, HOST_SLOW_STORE128, i->mem, value, NULL);
    } else {
        r->env->store(r->env->opaque, r->cpu, addr, value[0], i->mem);
    }
}

static uint64_t atomic(const struct run *r, const struct ir_insn *i, unsigned at)
{
    bool cas = i->op == IR_OP_cas;
    ir_ref v = cas ? i->c : i->b;
    uint64_t value[2] = { low(r, v), high(r, v) }, expected[2] = { low(r, i->b), high(r, i->b) };

    store_pc(r, r->pc);
    r->env->slow(r->env->opaque, r->cpu, low(r, i->a) + i->imm, cas ? HOST_SLOW_CAS : i->sub, i->mem, value, expected);
    if (i->type == IR_I128) {
        r->s->hi[at] = value[1];
        return value[0];
    }
    return extend(value[0], i->mem, i->type);
}

static void probe(const struct run *r, const struct ir_insn *i)
{
    uint64_t value[2] = { 0 };

    store_pc(r, r->pc);
    r->env->slow(r->env->opaque, r->cpu, low(r, i->a) + i->imm, HOST_SLOW_PROBE, i->mem, value, NULL);
}

/* ---- calls ---- */

/*
 * Integer and floating arguments travel in registers of their own in the calling conventions that we run on (System V
 * x86-64, AAPCS64): so one prototype with all of both calls any helper. A float is the low part of its vector register.
 */
typedef double vector __attribute__((vector_size(16)));
#define CALL_PARAMS uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, \
                    vector, vector, vector, vector, vector, vector, vector, vector
typedef uint64_t call_int(CALL_PARAMS);
typedef unsigned __int128 call_int128(CALL_PARAMS);
typedef double call_float(CALL_PARAMS);
typedef vector call_vector(CALL_PARAMS);

static uint64_t call(const struct run *r, const struct ir_insn *i, const ir_ref *arg, unsigned at)
{
    const struct ir_helper *h = &r->ir->target->helpers[i->imm];
    uint64_t n[6] = { 0 }, bits, pair[2];
    vector f[8] = { { 0 } }, whole;
    double result;
    unsigned nn = 0, nf = 0;

    for (unsigned k = 0; k < h->nargs; k++) {
        if (h->args[k] == IR_VOID) {
            n[nn++] = (uintptr_t)r->cpu;
        } else if (h->args[k] == IR_F32 || h->args[k] == IR_F64 || h->args[k] == IR_V128) {
            pair[0] = low(r, *arg);
            pair[1] = h->args[k] == IR_V128 ? high(r, *arg) : 0;
            memcpy(&f[nf++], pair, sizeof(pair));
            arg++;
        } else {
            n[nn++] = low(r, *arg++);
        }
    }
    if (h->effects & IR_HELPER_RAISES) {
        store_pc(r, r->pc);
    }
#define CALL(type) ((type *)h->fn)(n[0], n[1], n[2], n[3], n[4], n[5], f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7])
    if (h->ret == IR_F32 || h->ret == IR_F64) {
        result = CALL(call_float);
        memcpy(&bits, &result, sizeof(bits));
        return h->ret == IR_F32 ? (uint32_t)bits : bits;
    }
    if (h->ret == IR_V128) {
        whole = CALL(call_vector);
        memcpy(pair, &whole, sizeof(pair));
        r->s->hi[at] = pair[1];
        return pair[0];
    }
    if (h->ret == IR_I128) {
        unsigned __int128 v = CALL(call_int128);

        r->s->hi[at] = v >> 64;
        return v;
    }
    bits = CALL(call_int);
#undef CALL
    return h->ret == IR_I32 ? (uint32_t)bits : bits;
}

/* ---- vectors ---- */

static union vec vec_of(const struct run *r, ir_ref v)
{
    return (union vec){ .d = { low(r, v), high(r, v) } };
}

/* A value in lane imm of a, or taken from there. */
static void lane(const struct run *r, const struct ir_insn *i, unsigned at)
{
    union vec a = vec_of(r, i->a);
    unsigned bytes = 1u << i->sub;
    uint64_t v = i->op == IR_OP_vset ? low(r, i->b) : 0;

    if (i->op == IR_OP_vget) {
        memcpy(&v, a.b + bytes * i->imm, bytes);
        r->s->lo[at] = v;
    } else {
        memcpy(a.b + bytes * i->imm, &v, bytes);
        r->s->lo[at] = a.d[0];
        r->s->hi[at] = a.d[1];
    }
}

static void duplicate(const struct run *r, const struct ir_insn *i, unsigned at)
{
    uint64_t v = low(r, i->a);

    for (unsigned bits = 8u << i->sub; bits < 64; bits *= 2) {
        v = v << (64 - bits) >> (64 - bits);
        v |= v << bits;
    }
    r->s->lo[at] = r->s->hi[at] = v;
}

static uint64_t top_bits(const struct run *r, const struct ir_insn *i)
{
    union vec a = vec_of(r, i->a);
    unsigned bytes = 1u << i->sub;
    uint64_t mask = 0;

    for (unsigned k = 0; k < 16 / bytes; k++) {
        mask |= (uint64_t)(a.b[bytes * k + bytes - 1] >> 7) << k;
    }
    return mask;
}

static bool no_bits(const struct run *r, const struct ir_insn *i)
{
    union vec a = vec_of(r, i->a), b = vec_of(r, i->b);
    uint64_t invert = i->sub ? UINT64_MAX : 0;

    return !(((a.d[0] ^ invert) & b.d[0]) | ((a.d[1] ^ invert) & b.d[1]));
}

static void vector_op(const struct run *r, const struct ir_insn *i, unsigned at)
{
    unsigned values = ir_ops[i->op].values;
    union vec none = { .d = { 0 } }, v;

    v = vec_eval(i->sub, i->imm, vec_of(r, i->a), values > 1 ? vec_of(r, i->b) : none,
                 values > 2 ? vec_of(r, i->c) : none, (uint32_t *)((char *)r->cpu + r->env->off_fpcr));
    r->s->lo[at] = v.d[0];
    r->s->hi[at] = v.d[1];
}

static bool has_nan(const struct run *r, const struct ir_insn *i)
{
    union vec a = vec_of(r, i->a);
    bool single = i->type == IR_F32 || (i->type == IR_V128 && i->sub == 0), nan = false;

    for (unsigned k = 0; k < (i->type != IR_V128 ? 1 : single ? 4 : 2); k++) {
        nan |= single ? (a.w[k] & INT32_MAX) > 0x7f800000 : (a.d[k] & INT64_MAX) > 0x7ff0000000000000;
    }
    return nan;
}

static void set_flags(uint32_t *fpcr, uint64_t flags)
{
    *fpcr = mxcsr_with_flags(*fpcr, (unsigned)flags);
}

static void fixnan(const struct run *r, const struct ir_insn *i, unsigned at)
{
    const ir_ref *pool = r->ir->args + i->c;

    if (has_nan(r, i)) {
        r->s->lo[at] = i->op == IR_OP_fixnan ? call(r, i, (const ir_ref[]){ i->b, i->c }, at)
                                             : call(r, i, (const ir_ref[]){ i->b, pool[0], pool[1] }, at);
    } else {
        r->s->lo[at] = low(r, i->a);
        r->s->hi[at] = high(r, i->a);
    }
}

/* ---- control flow ---- */

/* Hands an edge's arguments to the block's parameters; the block's first instruction. */
static unsigned enter(const struct run *r, unsigned block, const ir_ref *args, unsigned n)
{
    unsigned first = r->ir->blocks[block].first;
    struct interp_scratch *s = r->s;

    if (n == 0) {
        return first;
    }
    for (unsigned k = 0; k < n; k++) {
        s->copy_lo[k] = low(r, args[k]);
        s->copy_hi[k] = high(r, args[k]);
    }
    memcpy(s->lo + first, s->copy_lo, n * sizeof(*s->lo));
    memcpy(s->hi + first, s->copy_hi, n * sizeof(*s->hi));
    return first + n;
}

static inline bool condition(const struct run *r, const struct ir_insn *i)
{
    return eval_cond(i->sub, ir_type_of(r->ir, i->a) == IR_I32, low(r, i->a), low(r, i->b));
}

static unsigned branch(const struct run *r, const struct ir_insn *i)
{
    const ir_ref *yes = r->ir->args + i->c, *no = yes + 1 + *yes;

    return condition(r, i) ? enter(r, (uint32_t)i->imm, yes + 1, *yes) : enter(r, (uint64_t)i->imm >> 32, no + 1, *no);
}

/* The operation with one bit for the width, so that one switch tells both. */
#define NARROW 0x80
_Static_assert(IR_OP_COUNT <= NARROW, "an operation's number leaves room for the width's bit");
#define ANY(op) case IR_OP_##op: case IR_OP_##op | NARROW

/* A length of 0 is an instruction that goes on in another block. */
static void insn_starts(struct interp_scratch *s, struct interp_left *left, unsigned bytes)
{
    if (bytes) {
        s->insns = left->insns++;
    }
}

struct interp_left interp_run(struct interp_scratch *s, const struct ir *ir, struct cpu *cpu, const struct interp_env *env,
                              unsigned max_blocks)
{
    struct run run = { .s = s, .ir = ir, .cpu = cpu, .env = env }, *r = &run;
    struct interp_left left = { 0 };
    unsigned at = ir->blocks[0].first, blocks = 1;
    uint64_t *lo, a, b;

    scratch_grow(s, ir->ninsns);
    s->insns = 0;
    lo = s->lo;
    for (;; at++) {
        const struct ir_insn *i = &ir->insns[at];

#define A low(r, i->a)
#define B low(r, i->b)
#define ROW2(name, expr) \
        case IR_OP_##name: a = A; b = B; lo[at] = eval_##name##_64(a, b); break; \
        case IR_OP_##name | NARROW: a = A; b = B; lo[at] = eval_##name##_32(a, b); break;
#define ROW1(name, expr) \
        case IR_OP_##name: a = A; lo[at] = eval_##name##_64(a); break; \
        case IR_OP_##name | NARROW: a = A; lo[at] = eval_##name##_32(a); break;

        switch (i->op | (i->type == IR_I32 ? NARROW : 0)) {
        EVAL_INT2(ROW2)
        EVAL_INT1(ROW1)
        ANY(get): get(r, i, at); break;
        ANY(put): put(r, i); break;
        ANY(insn): run.pc = i->imm; insn_starts(s, &left, i->sub); break;
        ANY(exts32): lo[at] = (int64_t)(int32_t)A; break;
        ANY(extu32): ANY(trunc): ANY(low32): lo[at] = (uint32_t)A; break;
        ANY(setcond): lo[at] = condition(r, i); break;
        ANY(select): lo[at] = low(r, ir->args[i->c + !condition(r, i)]); break;
        ANY(mov): lo[at] = A; s->hi[at] = high(r, i->a); break;
        ANY(pair): lo[at] = A; s->hi[at] = B; break;
        ANY(lo): lo[at] = A; break;
        ANY(hi): lo[at] = high(r, i->a); break;
        ANY(ld): lo[at] = load(r, i, at); break;
        ANY(st): store(r, i); break;
        ANY(rmw): ANY(cas): lo[at] = atomic(r, i, at); break;
        ANY(probe): probe(r, i); break;
        ANY(fence): __atomic_thread_fence(__ATOMIC_SEQ_CST); break;
        ANY(call): lo[at] = call(r, i, ir->args + i->b, at); break;
        ANY(fadd): ANY(fsub): ANY(fmul): ANY(fdiv): ANY(fsqrt): ANY(fma): ANY(fcmp): ANY(fmin): ANY(fmax):
        ANY(fcvt_ff): ANY(fcvt_fs): ANY(fcvt_fu): ANY(fcvt_fx): ANY(fcvt_sf): ANY(fcvt_uf):
            lo[at] = interp_fp(i, ir_type_of(ir, i->a), A, ir_ops[i->op].values > 1 ? B : 0,
                               ir_ops[i->op].values > 2 ? low(r, i->c) : 0, (uint32_t *)((char *)cpu + env->off_fpcr));
            break;
        ANY(fpflags): lo[at] = mxcsr_to_fp(*(uint32_t *)((char *)cpu + env->off_fpcr)); break;
        ANY(fpsetflags): set_flags((uint32_t *)((char *)cpu + env->off_fpcr), A); break;
        ANY(fcopysign): lo[at] = eval_copysign(i->type == IR_F32, i->sub, A, B); break;
        ANY(fneg): ANY(fabs): ANY(canon): ANY(fbits): ANY(bitsf): ANY(box32): ANY(unbox32):
            eval_op1(i->op, ir_type_of(ir, i->a), A, &lo[at]);
            break;
        ANY(v1): ANY(v2): ANY(v3): ANY(vf1): ANY(vf2): ANY(vf3): vector_op(r, i, at); break;
        ANY(vdup): duplicate(r, i, at); break;
        ANY(vfrom): lo[at] = A; s->hi[at] = 0; break;
        ANY(vget): ANY(vset): lane(r, i, at); break;
        ANY(vmask): lo[at] = top_bits(r, i); break;
        ANY(vtest): lo[at] = no_bits(r, i); break;
        ANY(fixnan): ANY(fixnan3): fixnan(r, i, at); break;
        ANY(br): at = enter(r, i->imm, ir->args + i->b, i->c) - 1; goto next_block;
        ANY(brcond): at = branch(r, i) - 1; goto next_block;
        ANY(goto_pc): store_pc(r, i->imm); return left;
        ANY(goto_ind): store_pc(r, A); return left;
        ANY(exit): left.exit = true; left.code = i->imm; return left;
        ANY(NONE): ANY(param): break;
        default: g_assert_not_reached();
        }
        continue;

next_block:
        if (max_blocks && blocks++ == max_blocks) {
            store_pc(r, r->pc);
            return left;
        }
    }
}
