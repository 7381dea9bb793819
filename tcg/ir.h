/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The intermediate representation: SSA over a region of guest code.
 *
 * A region is a list of blocks; block 0 is the entry. A block is a run of instructions that ends with a terminator. Each
 * instruction defines at most one value, named by its index (ir_ref). Constants live in a pool of their own; a reference
 * with IR_CONST_BIT names one. Values are defined before use (dominance); between blocks they travel directly (a
 * definition that dominates) or as block arguments.
 *
 * Guest state is *slots* of the CPU struct, declared by the target. get and put read and write them; the builder
 * forwards within a block (a get after a put or get of the same slot yields that value), so in the IR a slot is
 * normally read once per block, and written where the guest instruction completes.
 *
 * Precise state. Every MEM operation, and every call whose helper may raise, may leave the region. The state seen then
 * is that of the start of the current guest instruction (the last `insn`): all puts before it, none after. A target
 * therefore puts an instruction's results after its last operation that can fault. The back end needs no list of live
 * state in the IR: it derives the map (slot -> host register, spill, constant) from the puts that it has passed.
 * At the start of a block the state is in its homes (the CPU struct, or for pinned slots their host register), save for
 * the slots that the block puts before its first `insn`: that is how a region compiler carries state around a loop.
 *
 * NaNs. Results of FP operations may be any NaN. Where a slot's value has IR_NONCANON set (an F32, an F64, or a box32 of
 * a marked F32), whoever brings it home makes it canonical: at the end of the block, for calls that see the state, when a
 * fault rebuilds it. Where the bits are seen earlier (stored, moved to an integer), the target uses canon.
 *
 * Rules that ir_verify checks beyond types and dominance:
 * - a MEM operation or a call that RAISES has an `insn` before it in its block (the map's pc is that one's), and no put
 *   between (but puts of canon(v), or of its box, which a call that READS or RAISES wants where slots hold values marked
 *   IR_NONCANON: calls see the homes as they are). What a call has written is never undone;
 * - the entry has no parameters; each edge carries as many values as its block has parameters, of their types;
 * - the last instruction of a block, and no other, is a terminator.
 */
#ifndef TCG_IR_H
#define TCG_IR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef uint16_t ir_ref;            /* 0: none */
#define IR_CONST_BIT 0x8000u
#define IR_VALUES_MAX 0x7fff        /* instructions in a region, and constants */

static inline bool ir_is_const(ir_ref r)
{
    return r & IR_CONST_BIT;
}

enum ir_type { IR_VOID, IR_I32, IR_I64, IR_I128, IR_V128, IR_V256, IR_F32, IR_F64, IR_F80 };

enum ir_op {
    IR_OP_NONE,
#define OP(name, shape, types, flags, text) IR_OP_##name,
#include "tcg/ops.def"
#undef OP
    IR_OP_COUNT
};

/* Sub-operations of v1 v2 v3 vf1 vf2 vf3: IR_V_add8, ... */
enum ir_vop {
#define VOP(op, name, imm, text) IR_V_##name,
#include "tcg/vops.def"
#undef VOP
    IR_V_COUNT
};

/* IR_OP_NONE is what a pass leaves where it has dropped an instruction: everybody skips it. */

enum ir_cond { IR_EQ, IR_NE, IR_LT, IR_GE, IR_LE, IR_GT, IR_LTU, IR_GEU, IR_LEU, IR_GTU, IR_TSTEQ, IR_TSTNE };
/* TSTEQ/TSTNE: (a & b) == 0, != 0. Conditions come in pairs: c ^ 1 is the opposite. */

enum ir_fcond { IR_FEQ, IR_FLT, IR_FLE, IR_FLTQ, IR_FLEQ };  /* quiet eq; signalling lt, le; quiet lt, le; all false on NaN */
enum ir_fma { IR_FMA_NEG_PRODUCT = 1, IR_FMA_NEG_ADDEND = 2 };
enum ir_round { IR_RNE, IR_RTZ, IR_RDN, IR_RUP, IR_RMM, IR_RDYN = 7 };
enum ir_rmw { IR_RMW_XCHG, IR_RMW_ADD, IR_RMW_AND, IR_RMW_OR, IR_RMW_XOR, IR_RMW_MINS, IR_RMW_MAXS, IR_RMW_MINU, IR_RMW_MAXU };
enum ir_fence { IR_FENCE_RR = 1, IR_FENCE_RW = 2, IR_FENCE_WR = 4, IR_FENCE_WW = 8 };

/* What `exit` tells the execution loop. */
enum ir_exit {
    IR_EXIT_LOOKUP = 1,     /* go on at the pc slot: the translation key may have changed, requests are looked at */
    IR_EXIT_HALT,           /* the vCPU waits for an interrupt (wfi) */
    IR_EXIT_DEBUG,          /* a breakpoint of the debugger stands at the pc slot */
    IR_EXIT_STEPPED,        /* single step done */
    IR_EXIT_YIELD,          /* give other vCPUs a chance (pause, wrs.nto) */
};

/* Memory operation: bits of ir_insn.mem */
enum ir_mem {
    IR_MEM_8, IR_MEM_16, IR_MEM_32, IR_MEM_64, IR_MEM_128,
    IR_MEM_SIZE = 7,            /* mask: log2 of the bytes */
    IR_MEM_SIGN = 1 << 3,       /* loads and rmw/cas results: sign-extend to the result type */
    IR_MEM_BE = 1 << 4,         /* big endian */
    IR_MEM_ALIGN = 1 << 5,      /* natural alignment required: else the target's unaligned fault */
    IR_MEM_ATOMIC = 1 << 6,     /* single-copy atomic if aligned (plain host accesses are) */
    IR_MEM_FOR_WRITE = 1 << 7,  /* loads: the place will be written by the same instruction: faults as a store would */
    IR_MEM_IDX_SHIFT = 8,       /* MMU index, 4 bits */
};
#define IR_MEM_IDX(mem) (((mem) >> IR_MEM_IDX_SHIFT) & 15)

enum ir_insn_flags {
    IR_NONCANON = 1,            /* FP value that may be a NaN other than the canonical one; of a box32: its low half is such an F32 */
    IR_WAS_PUT = 2,             /* a hint of the builder: the value stands in a slot, so it lives on anyway */
};

struct ir_insn {
    uint8_t op;                 /* enum ir_op */
    uint8_t type;               /* enum ir_type of the result */
    uint8_t sub;                /* condition, rmw operation, rounding, ...: see ops.def */
    uint8_t flags;
    union {
        struct {
            ir_ref a, b, c;     /* operands; see the shape in ops.def */
        };
        ir_ref v[3];            /* the same: the first ir_ops[op].values of them are values */
    };
    uint16_t mem;               /* enum ir_mem bits */
    uint16_t uses;              /* filled by ir_count_uses */
    uint16_t scratch;           /* free for the pass that runs */
    int64_t imm;
};

struct ir_block {
    ir_ref first, end;          /* instructions [first, end) */
    uint16_t params;            /* the first so many are `param` */
    uint8_t loop_head;          /* an edge of the region leads back to it */
    uint8_t cold;               /* unlikely: emit out of line */
};

/* One slot of guest state. Slot 0 is the program counter (I64), stored at exits only. */
struct ir_slot {
    const char *name;
    uint32_t offset;            /* in the CPU struct, bytes */
    uint8_t type;               /* IR_I32, IR_I64, IR_F32, IR_F64, IR_V128 */
    int8_t pin;                 /* rank among the target's hottest slots of its class (integer, FP), 0 = hottest; -1: none */
};

#define IR_SLOT_PC 0
#define IR_SLOTS_MAX 128

/* Effects of a helper beyond its result. */
enum ir_effect {
    IR_HELPER_PURE = 0,         /* none: the result depends on the arguments alone */
    IR_HELPER_READS = 1,        /* reads guest state: it must be in its homes */
    IR_HELPER_WRITES = 2,       /* writes guest state (other than what a host FPU flag is) */
    IR_HELPER_RAISES = 4,       /* may raise a guest exception (it does not return then); pc slot is synced, too */
    IR_HELPER_EFFECT = 8,       /* has an effect elsewhere (devices, sticky FP flags): never dropped or shared */
};

struct ir_helper {
    const char *name;
    void *fn;                   /* result fn(args...), C calling convention */
    uint8_t ret;                /* enum ir_type */
    uint8_t effects;            /* enum ir_effect bits */
    uint8_t nargs;              /* at most 6 integers and 8 floats */
    uint8_t args[8];            /* enum ir_type; a first argument that is the CPU pointer is IR_VOID and needs no value */
};

/* The guest state and helpers of one target: what a region's slot and helper numbers mean. */
struct ir_target {
    const char *name;
    const struct ir_slot *slots;
    unsigned nslots;
    const struct ir_helper *helpers;
    unsigned nhelpers;
};

struct ir {
    const struct ir_target *target;
    struct ir_insn *insns;      /* [0] is unused */
    unsigned ninsns, cap_insns;
    uint64_t *consts;           /* reference IR_CONST_BIT | i; [0] is I64 0 */
    uint8_t *const_types;
    unsigned nconsts, cap_consts;
    ir_ref *args;               /* pool of call and branch arguments */
    unsigned nargs, cap_args;
    struct ir_block *blocks;
    unsigned nblocks, cap_blocks;
    int cur_block;              /* being built; -1: none */
    bool fold;                  /* the builder folds (IR_PASS_FOLD): true unless switched off; kept by ir_reset */
    bool overflow;              /* a limit was reached: the region must be cut shorter and built anew */
    ir_ref cur[IR_SLOTS_MAX];   /* forwarding: value of each slot at this point of the block; 0 unknown */
    uint64_t cur_known[IR_SLOTS_MAX / 64 + 1]; /* which of cur[] are set, so that a reset is quick */
    uint16_t const_hash[256];   /* last constant of each hash; never cleared, an entry is checked against the pool */
    unsigned guest_insns;       /* `insn` ops so far */
    uint16_t pass_hash[256];    /* for the passes; never cleared either */
};

/* ---- building (tcg/build.c). All run on the thread that owns ir. ---- */

struct ir *ir_new(void);
void ir_free(struct ir *ir);
/* Forgets the content, keeps the memory: cheap, run for every region. */
void ir_reset(struct ir *ir, const struct ir_target *target);

/* New empty block; its number. ir_begin makes it the current one (blocks may be created before they are filled, but each
 * is filled in one go). ir_begin forgets all forwarded slots. */
unsigned ir_block_new(struct ir *ir);
void ir_begin(struct ir *ir, unsigned block);
ir_ref ir_param(struct ir *ir, enum ir_type type);

ir_ref ir_const(struct ir *ir, enum ir_type type, uint64_t bits);  /* I32 is kept zero-extended; floats as bits */
static inline ir_ref ir_i64(struct ir *ir, int64_t v) { return ir_const(ir, IR_I64, (uint64_t)v); }
static inline ir_ref ir_i32(struct ir *ir, int32_t v) { return ir_const(ir, IR_I32, (uint32_t)v); }

static inline enum ir_type ir_type_of(const struct ir *ir, ir_ref r)
{
    return ir_is_const(r) ? ir->const_types[r & ~IR_CONST_BIT] : ir->insns[r].type;
}

static inline uint64_t ir_const_value(const struct ir *ir, ir_ref r)
{
    return ir->consts[r & ~IR_CONST_BIT];
}

/* Slots, with forwarding. A put of the value that the slot is known to hold is dropped. */
ir_ref ir_get(struct ir *ir, unsigned slot);
void ir_put(struct ir *ir, unsigned slot, ir_ref v);
/* bytes 0: the instruction at pc goes on in this block, where it can leave; it is not counted again. */
void ir_insn_start(struct ir *ir, uint64_t pc, unsigned bytes);

/* Generic emission with folding (constants, identities); the named builders below call these. */
ir_ref ir_emit1(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a);
ir_ref ir_emit2(struct ir *ir, enum ir_op op, enum ir_type type, ir_ref a, ir_ref b);

/* One inline builder for each A/AB row with rule SAME, I64, I32, F64 or F32: ir_add(ir, a, b), ir_exts32(ir, a), ... */
#define IR_RULE_SAME(ir, a) ir_type_of(ir, a)
#define IR_RULE_I64(ir, a) IR_I64
#define IR_RULE_I32(ir, a) IR_I32
#define IR_RULE_F32(ir, a) IR_F32
#define IR_RULE_F64(ir, a) IR_F64
#define IR_RULE_I128(ir, a) IR_I128
#define IR_B1(name, rule) \
    static inline ir_ref ir_##name(struct ir *ir, ir_ref a) { return ir_emit1(ir, IR_OP_##name, IR_RULE_##rule(ir, a), a); }
#define IR_B2(name, rule) \
    static inline ir_ref ir_##name(struct ir *ir, ir_ref a, ir_ref b) \
    { return ir_emit2(ir, IR_OP_##name, IR_RULE_##rule(ir, a), a, b); }
IR_B2(add, SAME) IR_B2(sub, SAME) IR_B2(and, SAME) IR_B2(or, SAME) IR_B2(xor, SAME) IR_B2(andc, SAME) IR_B2(orc, SAME)
IR_B2(eqv, SAME) IR_B1(neg, SAME) IR_B1(not, SAME) IR_B2(shl, SAME) IR_B2(shr, SAME) IR_B2(sar, SAME) IR_B2(rotl, SAME)
IR_B2(rotr, SAME) IR_B2(mul, SAME) IR_B2(mulhs, SAME) IR_B2(mulhu, SAME) IR_B2(mulhsu, SAME) IR_B2(divs, SAME)
IR_B2(divu, SAME) IR_B2(rems, SAME) IR_B2(remu, SAME) IR_B2(mins, SAME) IR_B2(maxs, SAME) IR_B2(minu, SAME)
IR_B2(maxu, SAME) IR_B1(clz, SAME) IR_B1(ctz, SAME) IR_B1(popcnt, SAME) IR_B1(bswap, SAME) IR_B1(brev8, SAME)
IR_B1(orcb, SAME) IR_B2(clmul, SAME) IR_B2(clmulh, SAME) IR_B1(exts8, SAME) IR_B1(exts16, SAME) IR_B1(extu8, SAME)
IR_B1(extu16, SAME) IR_B1(exts32, I64) IR_B1(extu32, I64) IR_B1(trunc, I32) IR_B2(pair, I128) IR_B1(lo, I64) IR_B1(hi, I64)
IR_B2(fadd, SAME) IR_B2(fsub, SAME) IR_B2(fmul, SAME) IR_B2(fdiv, SAME) IR_B1(fsqrt, SAME) IR_B2(fmin, SAME)
IR_B2(fmax, SAME) IR_B1(fneg, SAME) IR_B1(fabs, SAME) IR_B1(canon, SAME) IR_B1(box32, F64) IR_B1(unbox32, F32)
IR_B1(low32, F32)
#undef IR_B1
#undef IR_B2

ir_ref ir_setcond(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b);
ir_ref ir_select(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, ir_ref yes, ir_ref no);
/* Guest memory; address a + disp. A disp beyond 32 bits is added first. */
ir_ref ir_ld(struct ir *ir, enum ir_type type, ir_ref a, int64_t disp, unsigned mem);
void ir_st(struct ir *ir, ir_ref a, int64_t disp, ir_ref v, unsigned mem);
ir_ref ir_rmw(struct ir *ir, enum ir_rmw op, ir_ref a, ir_ref v, unsigned mem);
ir_ref ir_cas(struct ir *ir, ir_ref a, ir_ref expected, ir_ref desired, unsigned mem);
void ir_probe(struct ir *ir, ir_ref a, int64_t disp, unsigned mem);
void ir_fence(struct ir *ir, unsigned bits);
/* Floating point with extra immediates. */
ir_ref ir_fma(struct ir *ir, ir_ref a, ir_ref b, ir_ref c, unsigned negate);
ir_ref ir_fcmp(struct ir *ir, enum ir_fcond cond, ir_ref a, ir_ref b);
ir_ref ir_fcopysign(struct ir *ir, ir_ref a, ir_ref b, unsigned sub);
ir_ref ir_fcvt(struct ir *ir, enum ir_op op, enum ir_type to, ir_ref a, enum ir_round round);
ir_ref ir_fpflags(struct ir *ir);
void ir_fpsetflags(struct ir *ir, ir_ref flags);
ir_ref ir_fbits(struct ir *ir, ir_ref a);
ir_ref ir_bitsf(struct ir *ir, ir_ref a);
/* Marks an FP value as possibly a non-canonical NaN; returns it, or the canonical value if it is a constant. */
ir_ref ir_noncanon(struct ir *ir, ir_ref v);
static inline bool ir_is_noncanon(const struct ir *ir, ir_ref v)
{
    return !ir_is_const(v) && (ir->insns[v].flags & IR_NONCANON);
}
/* Vectors: the operation (v1, vf2, ...) that vop belongs to is found by its row; imm only where the row takes one. */
ir_ref ir_vop1(struct ir *ir, enum ir_vop vop, ir_ref a, unsigned imm);
ir_ref ir_vop2(struct ir *ir, enum ir_vop vop, ir_ref a, ir_ref b, unsigned imm);
ir_ref ir_vop3(struct ir *ir, enum ir_vop vop, ir_ref a, ir_ref b, ir_ref c);
ir_ref ir_vdup(struct ir *ir, unsigned log2_bytes, ir_ref a);
ir_ref ir_vfrom(struct ir *ir, ir_ref a);
ir_ref ir_vget(struct ir *ir, enum ir_type type, unsigned log2_bytes, ir_ref a, unsigned lane);
ir_ref ir_vset(struct ir *ir, unsigned log2_bytes, ir_ref a, unsigned lane, ir_ref b);
ir_ref ir_vmask(struct ir *ir, unsigned log2_bytes, ir_ref a);
ir_ref ir_vtest(struct ir *ir, bool andc, ir_ref a, ir_ref b);
/*
 * The target's NaN rule for the result raw (no signalling NaN) of an operation on b and c (of raw's type; for one
 * operand name it twice): if a lane of raw is a NaN, helper(b, c), or helper(cpu, b, c), gives the whole result. wide: lanes of 64 bits (V128).
 * The helper is PURE: it computes from its operands and from parts of the CPU struct that are no slots.
 */
ir_ref ir_fixnan(struct ir *ir, ir_ref raw, ir_ref b, ir_ref c, bool wide, unsigned helper);
/* The same for three operands, V128: helper(cpu, b, c, d). It may raise sticky flags that are no slots (effects: EFFECT). */
ir_ref ir_fixnan3(struct ir *ir, ir_ref raw, ir_ref b, ir_ref c, ir_ref d, bool wide, unsigned helper);
/* Helper number of the target; a helper that WRITES makes the builder forget all forwarded slots. Result 0 for IR_VOID. */
ir_ref ir_call(struct ir *ir, unsigned helper, unsigned nargs, const ir_ref *args);
/* Terminators. */
void ir_br(struct ir *ir, unsigned block, unsigned nargs, const ir_ref *args);
void ir_brcond(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, unsigned yes, unsigned no);
void ir_brcond_args(struct ir *ir, enum ir_cond cond, ir_ref a, ir_ref b, unsigned yes, unsigned nyes, const ir_ref *yes_args,
                    unsigned no, unsigned nno, const ir_ref *no_args);
void ir_goto_pc(struct ir *ir, uint64_t pc, bool poll);
void ir_goto_ind(struct ir *ir, ir_ref pc);
void ir_exit(struct ir *ir, enum ir_exit code);

/* ---- facts about operations (tcg/ops.c) ---- */
enum ir_shape { IR_SHAPE_NONE, IR_SHAPE_A, IR_SHAPE_AB, IR_SHAPE_ABC, IR_SHAPE_ABCD, IR_SHAPE_CALL, IR_SHAPE_JUMP, IR_SHAPE_BRANCH };
enum ir_op_flags { IR_OPF_PURE = 1, IR_OPF_COMM = 2, IR_OPF_FP = 4, IR_OPF_MEM = 8, IR_OPF_TERM = 16, IR_OPF_STATE = 32 };
enum ir_types {     /* ir_op_info.rule: the column `types` of ops.def */
    IR_TYPES_SAME, IR_TYPES_ANY, IR_TYPES_VOID, IR_TYPES_I32, IR_TYPES_I64, IR_TYPES_I128, IR_TYPES_V128, IR_TYPES_F32, IR_TYPES_F64
};
struct ir_op_info {
    const char *name, *text;
    uint8_t shape, flags, rule;
    uint8_t values;         /* how many of ir_insn.v are values */
};
extern const struct ir_op_info ir_ops[IR_OP_COUNT];
struct ir_vop_info {
    const char *name, *text;
    uint8_t op;             /* IR_OP_v1 ... */
    uint8_t imm;            /* takes an immediate */
};
extern const struct ir_vop_info ir_vops[IR_V_COUNT];
/* Does the operation have an immediate in its text form, behind the operands? */
bool ir_has_imm(const struct ir_insn *i);
const char *ir_type_name(enum ir_type type);
/* Names of the values of ir_insn.sub; NULL and *n = the number of values where they are plain numbers (1: always 0). */
const char *const *ir_sub_names(enum ir_op op, unsigned *n);
extern const char *const ir_exit_names[];       /* by enum ir_exit, IR_EXIT_LOOKUP .. IR_EXIT_YIELD */

/* Value operands in the pool: fills spans with up to two runs of them (select, calls, the arguments of edges); returns
 * how many. The operands of i are these and v[0 .. ir_ops[op].values). */
struct ir_span {
    ir_ref *at;
    unsigned n;
};
unsigned ir_pool_operands(struct ir *ir, const struct ir_insn *i, struct ir_span spans[2]);
/* Calls f(ref pointer) for each value operand of an instruction, pool entries included. */
void ir_each_use(struct ir *ir, struct ir_insn *i, void (*f)(ir_ref *r, void *opaque), void *opaque);
/* Blocks that a block's terminator names: 0, 1 or 2. */
unsigned ir_successors(const struct ir *ir, unsigned block, unsigned succ[2]);

/* ---- text form, checks, passes ----
 *
 * One line for each instruction, `#` starts a comment:
 *
 *   b0:                                  a block; `loop` and `cold` may follow
 *       insn 0x80000000, 4
 *       v2:i64 = get a0                  values are named by number; slots and helpers by name
 *       v3:i64 = add v2, -16             constants are I64 ...
 *       v4:f32? = bitsf 0x7fc00001:i32   ... unless a type follows; `?` marks IR_NONCANON
 *       v5:i64 = ld.s32.align.m1 [v3 + 8]    sub and mem by their names; m1: MMU index 1
 *       v6:i64 = select.ltu v2, v3, v5, 0
 *       v7:i64 = call helper(v6, 1)
 *       v8:v128 = v1.shuf32 v1, 27       immediates of vector operations stand last
 *       put a0, v7
 *       brcond.lt v2, v3, b1(v5, 1), b0
 */
void ir_print(const struct ir *ir, GString *out);                                      /* tcg/print.c */
bool ir_parse(struct ir *ir, const struct ir_target *t, const char *text, GError **err); /* tcg/parse.c */
bool ir_verify(const struct ir *ir, GError **err);                                     /* tcg/verify.c */
/* Bits of the passes that are on (`-accel tcg,opt-NAME=off`). */
enum ir_pass { IR_PASS_FOLD = 1, IR_PASS_CSE = 2, IR_PASS_DEAD = 4, IR_PASS_NARROW = 8 };
/* The pipeline of the cold level: linear passes, one file each in tcg/opt/. Leaves insns[].uses to ir_count_uses.
 * IR_PASS_FOLD is none of its passes: the builder folds as ir->fold says. */
void ir_optimise(struct ir *ir, unsigned passes);
/* Fills insns[].uses: value operands, puts included. */
void ir_count_uses(struct ir *ir);

#endif
