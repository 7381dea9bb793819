/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86-64 back end's own structures. A region is compiled in one forward pass over each block, after a backward pass
 * (ra_scan.c) that finds last uses, register preferences and fusions.
 *
 * Registers are numbered 0..15 (general) and 16..31 (vector) here; asm.h takes the low four bits.
 *
 * Where a value is. Each SSA value has at most one register (val.reg), perhaps a copy in the frame (val.spill), perhaps
 * a slot's home that holds it (val.home). A value without a copy anywhere is dead, or fused into its user. Because of SSA,
 * copies never go stale; the one danger is a home that is overwritten while it is the only copy (store_home looks).
 *
 * Where a slot is. Pinned slots live in their register between regions; unpinned ones in the CPU struct: that is their
 * home. slot_val[s] is the value that the slot has now: for a pinned slot always some value (at first a pseudo-value that
 * stands for whatever the register held), for an unpinned one 0 while its home is up to date. put costs nothing by
 * itself; homes are brought up to date at exits and at helper calls that look (ra_sync), or when registers run out.
 */
#ifndef TCG_HOST_X86_64_HOST_IMPL_H
#define TCG_HOST_X86_64_HOST_IMPL_H

#include "tcg/host.h"
#include "tcg/host/x86_64/asm.h"

#define NREGS 32
#define XMM0 16
#define BIT(r) (1u << (r))
#define CPU_REG RBP
#define TLB_REG R14
#define TLBCTL_REG R11
#define FSCRATCH XMM0           /* never allocated */

#define GPR_MASK 0x0000ffffu
#define XMM_MASK 0xffff0000u
#define FRAME_SLOTS 512         /* 8 bytes each, at rsp while translated code runs */

#define PSEUDO0 0x7f00          /* value number of a pinned slot's content at the start of a block: PSEUDO0 + slot */
#define GROUP0 (PSEUDO0 + IR_SLOTS_MAX) /* addends of shared TLB look-ups: GROUP0 + 0 and + 1 */
#define GROUPS_LIVE 2
#define VALUES (GROUP0 + GROUPS_LIVE)
#define LIVE_OUT 0xffff         /* val.last of a value that other blocks use */

enum { FEAT_BMI1 = 1, FEAT_BMI2 = 2, FEAT_LZCNT = 4, FEAT_AVX = 8, FEAT_FMA = 16, FEAT_PCLMUL = 32, FEAT_AES = 64 };

enum { VAL_BOXED = 1,           /* xmm: bits 32..63 are ones */
    VAL_ZEXT = 2,               /* I32 in a register: the upper half is zero */
    VAL_POSITIVE = 32,          /* and bit 31 */
    VAL_CANON = 4,              /* has been made canonical in place */
    VAL_FUSED = 8,              /* computed by its only user */
    VAL_CROSS = 16,             /* used by other blocks: its frame slot is kept */
    VAL_CLEAR = 64,             /* xmm, a float: everything above it is zero */
};

struct val {
    uint16_t last;              /* index of the last use in this block; 0: none */
    uint16_t put_vis;           /* state-visible operations that follow the put that gave the hint */
    int16_t spill;              /* frame slot, or -1 */
    int8_t reg;                 /* or -1 */
    uint8_t home;               /* slot whose home holds the value, + 1 */
    uint8_t hint;               /* slot that wants it, + 1 */
    uint8_t nslots;             /* pinned or dirty slots whose value this is */
    uint8_t uses;               /* saturating, in this block, puts included */
    uint8_t flags;
};

/* Entries of an access's thunk: with mem bits pushed, and one that knows them (size, sign, MMU index). */
struct host_access {
    const uint8_t *pushed, *bare;
};
#define HOST_KINDS 16               /* by IR_MEM_SIZE and IR_MEM_SIGN */

struct host {
    struct host_env env;
    const struct ir_target *target;
    unsigned feat;
    int8_t pin_reg[IR_SLOTS_MAX];       /* register of a pinned slot, or -1 */
    int32_t disp[IR_SLOTS_MAX];         /* home: displacement from CPU_REG */
    uint8_t type[IR_SLOTS_MAX];
    int16_t reg_slot[NREGS];            /* slot pinned to a register, or -1 */
    uint8_t pinned[NREGS], npinned;     /* the pinned slots */
    uint32_t temps;                     /* registers free for values */
    uint32_t pins;                      /* registers of pinned slots */
    ir_ref start_reg_val[NREGS], start_slot_val[IR_SLOTS_MAX];  /* the allocator's state at the start of a block */
    struct val start_val[NREGS];
    const uint8_t *enter, *leave_exit, *leave_direct, *leave_miss, *leave_indirect, *leave_request_here;
    const uint8_t *leave_remap, *leave_request, *leave_stale, *leave_budget;
    const uint8_t *slow_load, *slow_store, *slow_any, *fix_nan;
    struct host_access fast_load[16 * HOST_KINDS], fast_store[16 * HOST_KINDS];     /* by MMU index, then kind */
    const uint8_t *sync, *sync_reads, *reload, *reload_writes;
    const uint8_t *fn_table;            /* C functions of helpers, 8 bytes each, for calls out of reach */
    const uint8_t *consts;              /* enum fconst, 16 bytes each */
    const uint8_t *flags_of_mxcsr, *mxcsr_of_flags;     /* sticky flags, 64 and 32 entries of a byte */
};

/* 16-byte constants near the code */
enum fconst {
    FC_SIGN_S, FC_SIGN_D, FC_ABS_S, FC_ABS_D, FC_NAN_S, FC_NAN_D, FC_BOX, FC_NAN_BOXED, FC_ONE_S, FC_ONE_D, FC_HALF_S, FC_HALF_D,
    FC_2P63_S, FC_2P63_D, FC_2P64_S, FC_2P64_D, FC_COUNT
};

/*
 * Accesses of a block with the same base: the first one looks the TLB up for all of them, if they lie in one page.
 */
struct group {
    ir_ref base;
    int32_t min, end;           /* displacements [min, end) */
    uint16_t leader, last;      /* first and last access */
    uint8_t count, idx;         /* accesses; MMU index */
    bool write;                 /* one of them is a store */
};
#define GROUPS_MAX 255

/* Code that is emitted after the region's straight path. */
struct em;
enum { SHARED_NOT, SHARED_LEADER, SHARED_MEMBER };
struct cold {
    void (*emit)(struct em *e, struct cold *k);
    uint32_t from;              /* rel32 of the branch that comes here */
    uint32_t back;              /* position to return to; 0 until known */
    uint64_t imm;
    int32_t imm2;
    int8_t r[6];
    uint8_t w, op;
    int32_t disp;
    uint32_t mem;
    uint32_t map, map_len;      /* slots in em.map, for slow paths */
    uint64_t map_pc;
    uint32_t map_insn;
    uint8_t shared;             /* SHARED_x */
    int8_t group_reg[GROUPS_LIVE];      /* addends to be forgotten when the slow path has run */
    int16_t group_spill[GROUPS_LIVE];
    ir_ref ref;
};

/* What one block expects of the edges into it; set by the first edge. */
struct entry {
    bool set;
    bool exit_only;             /* holds a goto_pc and nothing else */
    uint32_t pos;               /* code position once emitted, else 0 */
    uint32_t locs, nlocs;       /* in em.locs */
    uint64_t early[IR_SLOTS_MAX / 64];  /* slots put before the first insn */
};

struct loc {
    ir_ref ref;
    int8_t reg;
    int16_t spill;
};

struct fixup {
    uint32_t at;
    unsigned block;
};

enum { STUB_REMAP, STUB_REQUEST, STUB_STALE, STUB_BUDGET, STUB_COUNT };

struct stub_fix {
    uint32_t at;
    uint8_t stub;
};

struct em {
    const struct host *h;
    struct ir *ir;
    const struct host_region *region;
    struct host_code *out;
    struct code c;
    bool failed;                /* no room, or a limit of ours */

    struct val *val;            /* by value number */
    ir_ref reg_val[NREGS];
    uint32_t free;              /* registers without a value (of temps | pins) */
    uint32_t touched;           /* of pinned registers: those whose slot may be elsewhere, or changed, in this block */
    uint32_t locked;            /* registers of the current instruction's operands */
    uint8_t locked_home[4];     /* slots whose homes it reads as memory operands */
    unsigned nlocked_home;
    ir_ref slot_val[IR_SLOTS_MAX];
    ir_ref home_val[IR_SLOTS_MAX];
    uint64_t dirty[IR_SLOTS_MAX / 64];
    uint64_t homed[IR_SLOTS_MAX / 64];  /* home_val[s] != 0 */
    uint64_t frame_used[FRAME_SLOTS / 64];
    int flux_slot;              /* its value has been given up early, in favour of the current instruction's result; -1: none */
    ir_ref flux_ref;            /* what it was and where: nothing has been overwritten yet */
    struct val flux_val;
    unsigned cur;               /* index of the current instruction */
    unsigned block;
    struct ir_insn *n;

    uint64_t insn_pc;           /* guest instruction */
    unsigned insn_index;
    uint64_t map_pc;            /* of the last map record written */
    uint32_t map_index, map_ret;

    struct cold *cold;
    unsigned ncold, cap_cold;
    uint8_t *map;               /* record bodies, then the finished records in `records` */
    unsigned nmap, cap_map;
    uint8_t *records;
    unsigned nrecords, cap_records;
    struct entry *entry;
    unsigned cap_entry;
    struct loc *loc;
    unsigned nloc, cap_loc;
    struct fixup *fixup;
    unsigned nfixup, cap_fixup;
    uint64_t *live;             /* live-in sets, nlive_words for each block; NULL rows when nothing crosses */
    unsigned cap_live, live_words;
    uint16_t *cross;            /* the values that cross blocks */
    unsigned ncross, cap_cross;
    struct group group[GROUPS_MAX + 1];     /* of this block; 0: none */
    unsigned ngroup;
    uint8_t *group_of;          /* by instruction; for ld and st */
    uint8_t live_group[GROUPS_LIVE];        /* whose addend GROUP0 + k is */
    struct stub_fix stub_fix[STUB_COUNT + 1];
    unsigned nstub_fix;
    unsigned next_block;        /* emitted after this one */
    unsigned insns_seen;
    bool polled;                /* this block has its poll */
};

struct host_scratch {
    struct em e;
};

static inline bool is_xmm(int reg)
{
    return reg >= XMM0;
}

/* Does a value of the type live in a vector register? (I128 values live in the frame.) */
static inline bool is_float(unsigned type)
{
    return type == IR_F32 || type == IR_F64 || type == IR_V128;
}

static inline unsigned type_bytes(unsigned type)
{
    return type == IR_I32 || type == IR_F32 ? 4 : type == IR_I64 || type == IR_F64 ? 8 : 16;
}

static inline struct val *val_of(struct em *e, ir_ref r)
{
    return &e->val[r];
}

static inline struct amem home_mem(const struct em *e, unsigned slot)
{
    return amem(CPU_REG, e->h->disp[slot]);
}

static inline struct amem spill_mem(int spill)
{
    return amem(RSP, spill * 8);
}

static inline bool has_avx(const struct em *e)
{
    return e->h->feat & FEAT_AVX;
}

static inline struct amem fconst(const struct em *e, enum fconst k)
{
    return amem_rip(e->h->consts + 16 * k);
}

/* Is the value its operand's register, seen as another type? A float is the lowest lane of its vector. */
static inline bool is_alias(const struct ir_insn *n)
{
    return n->op == IR_OP_trunc || n->op == IR_OP_mov || n->op == IR_OP_low32 ||
           (n->op == IR_OP_vget && n->imm == 0 && (n->type == IR_F32 || n->type == IR_F64));
}

/* Copies that need no code: the operand stands for the value everywhere (an I32 in a register has any upper half). */
static inline ir_ref resolve(const struct em *e, ir_ref r)
{
    while (!ir_is_const(r) && is_alias(&e->ir->insns[r])) {
        r = e->ir->insns[r].a;
    }
    return r;
}

#define BIT_SET(set, i) ((set)[(i) / 64] |= 1ull << ((i) % 64))
#define BIT_CLEAR(set, i) ((set)[(i) / 64] &= ~(1ull << ((i) % 64)))
#define BIT_TEST(set, i) ((set)[(i) / 64] >> ((i) % 64) & 1)

/* ---- ra_scan.c: the backward pass over a block ---- */
void ra_scan(struct em *e, unsigned block);
uint64_t ra_range(const struct ir *ir, ir_ref r, unsigned depth);    /* no more than so much; UINT64_MAX: not known */
void ra_find_crossing(struct em *e);        /* liveness between blocks; only for regions with several */

/* ---- ra.c: registers ---- */
void ra_block_start(struct em *e);
enum opnd_kind { O_REG, O_MEM, O_IMM };
struct opnd {
    uint8_t kind;
    int8_t reg;
    int32_t imm;
    struct amem mem;
};
enum { K_REG = 0, K_MEM = 1, K_IMM = 2 };

int ra_alloc(struct em *e, uint32_t mask);              /* a register for a temporary: free and locked until ra_done */
int ra_temp(struct em *e);
int ra_ftemp(struct em *e);
void ra_take(struct em *e, int reg);                    /* empties one register and locks it */
int ra_use(struct em *e, ir_ref r);                     /* the value in a register, locked */
int ra_use_pseudo(struct em *e, unsigned r);             /* the same for GROUP0 + k */
struct opnd ra_operand(struct em *e, ir_ref r, unsigned kinds, bool w);
/* The current instruction's result register. It may be that of an operand that dies here unless forbidden. prefer < 0: no
 * wish. */
int ra_dest(struct em *e, int prefer, uint32_t forbid);
int ra_dest_class(struct em *e, int prefer, uint32_t forbid, uint32_t cls);
void ra_bind(struct em *e, ir_ref r, int reg);          /* reg holds the value of r from now on */
void ra_done(struct em *e);                             /* end of an instruction: dead operands are freed, locks dropped */
void ra_use_done(struct em *e, ir_ref r);
bool ra_dies(const struct em *e, ir_ref r);             /* no use after this instruction, no slot holds it */
void ra_get(struct em *e, unsigned slot);
void ra_put(struct em *e, unsigned slot, ir_ref v);
void ra_spill_reg(struct em *e, int reg);               /* empties a register; its value stays available in memory */
int ra_frame(struct em *e, unsigned n);                 /* n adjacent frame slots */
void ra_load(struct em *e, int reg, ir_ref r);          /* emits: reg := value, from wherever it is */
void ra_emit_move(struct em *e, int to, int from);

void ra_move_away(struct em *e, int reg);   /* empties a register, into another if there is a free one */
void ra_save_home_value(struct em *e, unsigned slot);
void ra_store_home(struct em *e, unsigned slot);
/* bytes: 4, 8, or 16 in vector registers; the upper part of a register is cleared. Memory of any alignment. */
void ra_load_mem(struct em *e, int reg, const struct amem *m, unsigned bytes);
void ra_store_mem(struct em *e, int reg, const struct amem *m, unsigned bytes);
struct amem ra_value_mem(const struct em *e, ir_ref r, unsigned *bytes);
unsigned ra_slot_bytes(const struct em *e, unsigned slot);
unsigned ra_frame_bytes(const struct em *e, ir_ref r);      /* what the value takes in the frame: 8 or 16 */
int ra_frame_for(struct em *e, ir_ref r);
void ra_release(struct em *e, ir_ref r);    /* one slot less has the value */
void ra_unbind(struct em *e, int reg);

/* ---- ra_sync.c: homes ---- */
/* Brings every slot's home up to date, save the slots in skip (NULL: none). Flags survive unless a value may be a
 * non-canonical NaN. Values with uses left stay available, operands of the current instruction only where at_end is set
 * (they may change their register). */
void sync_homes(struct em *e, const uint64_t *skip, bool at_end);
void sync_pins(struct em *e, const uint64_t *skip);
void sync_flush(struct em *e);              /* dirty unpinned slots alone */
struct pmove {
    int8_t to;
    int8_t from;                /* register, or -1: load ref */
    ir_ref ref;
};
void parallel_move(struct em *e, struct pmove *m, unsigned n);
enum canon { CANON_NOT, CANON_DOUBLE, CANON_SINGLE };   /* single: boxed in a double, or a float */
enum canon canon_kind(const struct em *e, ir_ref r);    /* must the slot's value be made canonical before it is seen? */

/* ---- map.c ---- */
void map_snapshot(struct em *e, struct cold *k);    /* where the slots are now, kept in k */
void map_record(struct em *e, uint32_t ret, const struct cold *k);
void map_record_home(struct em *e, uint32_t ret);   /* a call that finds all slots in their homes */

/* ---- emission: one file for each family ---- */
struct cold *cold_new(struct em *e, void (*emit)(struct em *, struct cold *), uint32_t from);
void x86_mov(struct em *e, bool w, int to, const struct opnd *from);
int x86_cmp(struct em *e, unsigned cond, ir_ref a, ir_ref b, bool w);  /* x86 condition code */
bool cmp_width(const struct em *e, const struct ir_insn *n);    /* true: 64 bits */

#define EMITTERS_INT \
    E(add) E(sub) E(and) E(or) E(xor) E(andc) E(orc) E(eqv) E(neg) E(not) E(shl) E(shr) E(sar) E(rotl) E(rotr) E(mul) \
    E(mulhs) E(mulhu) E(mulhsu) E(divs) E(divu) E(rems) E(remu) E(mins) E(maxs) E(minu) E(maxu) E(clz) E(ctz) E(popcnt) \
    E(bswap) E(brev8) E(orcb) E(clmul) E(clmulh) E(exts8) E(exts16) E(extu8) E(extu16) E(exts32) E(extu32) \
    E(setcond) E(select) E(pair) E(lo) E(hi)
#define EMITTERS_MEM E(ld) E(st) E(rmw) E(cas) E(probe) E(fence)
#define EMITTERS_CTL E(get) E(put) E(param) E(insn) E(br) E(brcond) E(goto_pc) E(goto_ind) E(exit) E(call)
#define EMITTERS_VEC E(v1) E(v2) E(v3) E(vf1) E(vf2) E(vf3) E(vdup) E(vfrom) E(vget) E(vset) E(vmask) E(vtest) E(fixnan) E(fixnan3)
#define EMITTERS_FP \
    E(fadd) E(fsub) E(fmul) E(fdiv) E(fsqrt) E(fma) E(fcmp) E(fmin) E(fmax) E(fneg) E(fabs) E(fcopysign) E(canon) \
    E(fcvt_ff) E(fcvt_fs) E(fcvt_fu) E(fpflags) E(fpsetflags) E(fcvt_fx) E(fcvt_sf) E(fcvt_uf) E(fbits) E(bitsf) E(box32) E(unbox32)
#define E(name) void x86_##name(struct em *e, struct ir_insn *n);
EMITTERS_INT EMITTERS_MEM EMITTERS_CTL EMITTERS_FP EMITTERS_VEC
#undef E

void ctl_prologue(struct em *e);
void ctl_stubs(struct em *e);
void ctl_block_start(struct em *e, unsigned block);
void x86_canon_reg(struct em *e, int reg, bool dbl);
/* d = a op b on vector registers; without VEX, d is not b unless b is a */
void fp_op3(struct em *e, uint32_t op, int d, int a, const struct opnd *b);
bool fp_is_clear(const struct em *e, ir_ref r);
/* An operand in a vector register or in memory; dbl: of more than 4 bytes */
struct opnd fp_operand(struct em *e, ir_ref r, bool dbl);
struct host_frame;
void vec_fix_nan(struct host_frame *f, struct cpu *cpu, uint32_t what, void *fn);
/* Calls a C function of integers (or floats) without effects on guest state. */
void call_pure(struct em *e, const void *fn, unsigned nargs, const ir_ref *args);

/* ---- abi.c ---- */
bool abi_generate(struct host *h, struct host_buf *buf, GError **err);

#endif
