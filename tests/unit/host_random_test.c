/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random regions leave the same state, memory, faults and exits behind in the interpreter and in host code, with every
 * switch of the back end on and off and with the TLB full, half full and empty. IR_RANDOM_COUNT and IR_RANDOM_SEED
 * make a longer run.
 */
#include <immintrin.h>
#include "tests/unit/host_world.h"
#include "tests/unit/ir_random.h"

static const struct ir_random_opts opts[] = {
    { RANDOM_ALL & ~RANDOM_BLOCKS, 1, 12 },
    { RANDOM_ALL, 6, 5 },
    { RANDOM_ALL & ~(RANDOM_FP | RANDOM_NONCANON), 12, 4 },
    { RANDOM_BLOCKS | RANDOM_LOOPS, 8, 4 },
    { RANDOM_MEM, 1, 10 },
};

struct bench {
    struct ir *ir;
    struct ir_world *interp, *host;
    struct host_world *hw;
    uint64_t seed;
};

static bool run_differs(struct bench *b, struct ir *ir, GString *diff)
{
    ir_world_init(b->interp, b->seed);
    ir_world_init(b->host, b->seed);
    ir_world_interp(b->interp, ir);
    if (!host_world_compile(b->hw, ir)) {
        if (diff) {
            g_string_append(diff, "# the back end refuses\n");
        }
        return true;
    }
    b->hw->fill = b->seed & 1;
    host_world_ready(b->hw, b->host, b->seed % 3 * 50, b->seed);
    host_world_run(b->hw);
    _mm_setcsr(0x1f80);             /* a fault leaves with the guest's */
    if (b->interp->end == WORLD_LEFT || b->interp->end == WORLD_EXIT || b->interp->end == WORLD_FAULT_HELPER ||
        ir->nblocks > 1) {
        b->host->insns = b->interp->insns;      /* only maps count instructions, and only along straight code */
    }
    return !ir_world_same(b->interp, b->host, diff);
}

static bool fails(struct ir *ir, void *opaque)
{
    return run_differs(opaque, ir, NULL);
}

static void report(struct bench *b)
{
    GString *text = g_string_new(NULL), *diff = g_string_new(NULL);

    ir_print(b->ir, text);
    char *small = ir_random_minimise(text->str, fails, b);
    g_string_truncate(text, 0);
    if (ir_parse(b->ir, &world_target, small, NULL)) {
        run_differs(b, b->ir, diff);
        host_world_disas(b->hw, text);
    }
    g_print("# seed %" G_GUINT64_FORMAT "\n%s\n# becomes\n%s\n# interpreter and host:\n%s", b->seed, small, text->str, diff->str);
    g_free(small);
    g_test_fail();
}

#define ICOUNT 0x10000      /* beside the bits of enum host_opt: with the budget check */

static void host_is_interpreter(const void *data)
{
    unsigned how = GPOINTER_TO_UINT(data);
    struct bench b = { ir_new(), ir_world_new(), ir_world_new(), host_world_new(how, how & ICOUNT), ir_random_seed() };
    unsigned ends[8] = { 0 };

    for (unsigned n = ir_random_count(400); n-- > 0 && !g_test_failed(); b.seed++) {
        ir_random(b.ir, b.seed, &opts[b.seed % G_N_ELEMENTS(opts)]);
        if (run_differs(&b, b.ir, NULL)) {
            report(&b);
        }
        ends[b.interp->end]++;
    }
    g_test_message("left %u, exit %u, page fault %u, alignment %u, helper %u", ends[WORLD_LEFT], ends[WORLD_EXIT],
                   ends[WORLD_FAULT_PAGE], ends[WORLD_FAULT_ALIGN], ends[WORLD_FAULT_HELPER]);
    ir_free(b.ir);
    ir_world_free(b.interp);
    ir_world_free(b.host);
    host_world_free(b.hw);
}

/* ---- accesses that share a look-up ---- */

static uint64_t next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

/* An index that can't be large, by one of the ways in which programs make sure of that; now and then it can. */
static ir_ref small_index(struct ir *ir, uint64_t *seed)
{
    ir_ref v = ir_get(ir, 5 + next(seed) % 12);

    switch (next(seed) % 8) {
    case 0:
        return ir_and(ir, v, ir_i64(ir, next(seed) & 0x3ff));
    case 1:
        return ir_shl(ir, ir_extu8(ir, v), ir_i64(ir, next(seed) % 4));
    case 2:
        return ir_shr(ir, v, ir_i64(ir, 50 + next(seed) % 14));
    case 3:
        return ir_xor(ir, ir_and(ir, v, ir_i64(ir, 0xf8)), ir_extu8(ir, ir_get(ir, 5 + next(seed) % 12)));
    case 4:
        return ir_shl(ir, ir_setcond(ir, IR_LT, v, ir_i64(ir, 0)), ir_i64(ir, 3));
    case 5:
        return ir_shr(ir, ir_shl(ir, v, ir_i64(ir, 32)), ir_i64(ir, 54 + next(seed) % 8));
    case 6:
        return ir_extu32(ir, ir_or(ir, ir_and(ir, ir_trunc(ir, v), ir_i32(ir, 0x70)), ir_i32(ir, next(seed) & 0xff)));
    default:
        return ir_and(ir, v, ir_i64(ir, next(seed) & 0xfff));
    }
}

static void random_access(struct ir *ir, const ir_ref base[2], uint64_t *seed)
{
    unsigned size = next(seed) & 3, mem = size | (next(seed) & 1 ? IR_MEM_SIGN : 0), slot = 5 + next(seed) % 12;
    int64_t disp = (int64_t)(next(seed) % 320) - 64;
    ir_ref a = base[next(seed) % 5 == 0];

    if (next(seed) % 4 == 0) {
        a = next(seed) & 1 ? ir_add(ir, a, small_index(ir, seed)) : ir_add(ir, small_index(ir, seed), a);
        disp = next(seed) & 1 ? 0 : disp;
    }
    if (next(seed) % 16 == 0) {
        ir_put(ir, slot, ir_rmw(ir, next(seed) % 9, a, base[1], mem));
    } else if (next(seed) & 1) {
        ir_st(ir, a, disp, next(seed) & 1 ? ir_get(ir, slot) : ir_i64(ir, (int32_t)next(seed)), mem & IR_MEM_SIZE);
    } else if (next(seed) % 4 == 0) {
        ir_put(ir, 17 + next(seed) % 12, ir_ld(ir, IR_F64, a, disp, IR_MEM_64));
    } else {
        ir_put(ir, slot, ir_ld(ir, IR_I64, a, disp, mem));
    }
}

/* A block of accesses around two addresses, most of them near a page's end. */
static void build_accesses(struct ir *ir, uint64_t seed)
{
    ir_ref base[2];

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    base[0] = ir_get(ir, 1 + next(&seed) % 2 * 8);
    base[1] = ir_get(ir, 2);
    for (unsigned n = 4 + next(&seed) % 16, k = 0; k < n; k++) {
        ir_insn_start(ir, 0x80001000 + 4 * k, 4);
        random_access(ir, base, &seed);
        if (next(&seed) % 16 == 0) {
            ir_ref arg = ir_get(ir, 7);
            ir_insn_start(ir, 0x80001000 + 4 * ++k, 4);
            ir_put(ir, 7, ir_call(ir, 4, 1, &arg));
        }
    }
    ir_goto_pc(ir, 0x80002000, false);
}

/* Integer operations between slots that have no registers, more of them than there are temporaries. */
static void build_pressure(struct ir *ir, uint64_t seed)
{
    static const uint8_t ops[] = { IR_OP_add, IR_OP_sub, IR_OP_shl, IR_OP_sar, IR_OP_rotl, IR_OP_mul, IR_OP_mulhu, IR_OP_divs,
        IR_OP_xor, IR_OP_andc, IR_OP_minu };

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    for (unsigned n = 10 + next(&seed) % 30, k = 0; k < n; k++) {
        unsigned rd = 5 + next(&seed) % 12, ra = 5 + next(&seed) % 12, rb = 5 + next(&seed) % 12, kind = next(&seed) % 8;
        ir_ref b = kind == 7 ? ir_i64(ir, next(&seed) % 64) : ir_get(ir, rb);
        ir_insn_start(ir, 0x80001000 + 4 * k, 4);
        if (kind == 0) {
            ir_put(ir, rd, ir_get(ir, ra));
        } else if (kind == 1) {
            ir_put(ir, rd, ir_ld(ir, IR_I64, ir_get(ir, 1), next(&seed) % 256, IR_MEM_64));
        } else if (kind == 2) {
            ir_put(ir, rd, ir_setcond(ir, next(&seed) % 12, ir_get(ir, ra), b));
        } else if (kind == 3) {
            ir_put(ir, rd, ir_select(ir, next(&seed) % 12, ir_get(ir, ra), b, ir_get(ir, rd), ir_get(ir, rb)));
        } else {
            ir_put(ir, rd, ir_emit2(ir, ops[next(&seed) % G_N_ELEMENTS(ops)], IR_I64, ir_get(ir, ra), b));
        }
    }
    ir_goto_pc(ir, 0x80002000, false);
}

/* The same with floats: singles in boxes, values that are made canonical late, faults between. */
static void build_float_pressure(struct ir *ir, uint64_t seed)
{
    static const uint8_t ops[] = { IR_OP_fadd, IR_OP_fsub, IR_OP_fmul, IR_OP_fdiv, IR_OP_fmin, IR_OP_fmax };

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    for (unsigned n = 10 + next(&seed) % 30, k = 0; k < n; k++) {
        unsigned fd = 17 + next(&seed) % 14, kind = next(&seed) % 8;
        ir_ref a = ir_get(ir, 17 + next(&seed) % 14), b = ir_get(ir, 17 + next(&seed) % 14), c = ir_get(ir, 17 + next(&seed) % 14);
        enum ir_op op = ops[next(&seed) % G_N_ELEMENTS(ops)];
        ir_insn_start(ir, 0x80001000 + 4 * k, 4);
        if (kind == 0) {
            ir_put(ir, fd, ir_ld(ir, IR_F64, ir_get(ir, 1), next(&seed) % 256, IR_MEM_64));
        } else if (kind == 1) {
            ir_ref v = ir_canon(ir, a);
            ir_st(ir, ir_get(ir, 1), next(&seed) % 256, v, IR_MEM_64);
        } else if (kind == 2) {
            ir_put(ir, fd, ir_box32(ir, ir_canon(ir, ir_emit2(ir, op, IR_F32, ir_unbox32(ir, a), ir_unbox32(ir, b)))));
        } else if (kind == 3) {
            ir_put(ir, fd, ir_canon(ir, ir_fma(ir, a, b, c, next(&seed) & 3)));
        } else if (kind == 4) {
            ir_put(ir, fd, ir_fcopysign(ir, ir_canon(ir, a), b, next(&seed) % 3));
        } else if (kind == 5) {
            ir_put(ir, 1 + next(&seed) % 16, ir_fcmp(ir, next(&seed) % 5, a, b));
        } else {
            ir_put(ir, fd, ir_canon(ir, ir_emit2(ir, op, IR_F64, a, b)));
        }
    }
    ir_goto_pc(ir, 0x80002000, false);
}

/* Singles that are the low part of wider values, and constants, back into vectors: what stood above them must not be seen. */
static void build_low_parts(struct ir *ir, uint64_t seed)
{
    static const unsigned first_f = 1 + WORLD_X, first_v = 1 + WORLD_X + WORLD_F + WORLD_W + WORLD_S;

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    for (unsigned k = 0; k < 8; k++) {
        bool constant = next(&seed) & 1;
        ir_ref v = constant ? ir_const(ir, IR_V128, next(&seed) << 33 | next(&seed)) : ir_get(ir, first_v + next(&seed) % WORLD_V);
        ir_ref d = constant ? ir_const(ir, IR_F64, next(&seed) << 33 | next(&seed)) : ir_get(ir, first_f + next(&seed) % WORLD_F);
        ir_ref s = next(&seed) & 1 ? ir_vget(ir, IR_F32, 2, v, 0) : ir_low32(ir, d);

        ir_insn_start(ir, 0x80001000 + 4 * k, 4);
        ir_put(ir, first_v + next(&seed) % WORLD_V, ir_vfrom(ir, next(&seed) & 1 ? s : ir_fneg(ir, s)));
    }
    ir_goto_pc(ir, 0x80002000, false);
}

static void compare_built(const void *data, void (*build)(struct ir *ir, uint64_t seed))
{
    struct bench b = { ir_new(), ir_world_new(), ir_world_new(), host_world_new(GPOINTER_TO_UINT(data), false), ir_random_seed() };
    unsigned ends[8] = { 0 };

    for (unsigned n = ir_random_count(2000); n-- > 0 && !g_test_failed(); b.seed++) {
        uint64_t seed = b.seed, at[2];

        build(b.ir, b.seed);
        for (unsigned k = 0; k < 2; k++) {
            at[k] = WORLD_BASE + (next(&seed) % WORLD_PAGES << 12) + (next(&seed) & 1 ? next(&seed) & 0xfff : 0xf00 + (next(&seed) & 0xff));
        }
        ir_world_init(b.interp, b.seed);
        ir_world_init(b.host, b.seed);
        b.interp->cpu.x[0] = b.interp->cpu.x[8] = b.host->cpu.x[0] = b.host->cpu.x[8] = at[0];
        b.interp->cpu.x[1] = b.host->cpu.x[1] = at[1];
        ir_world_interp(b.interp, b.ir);
        g_assert_true(host_world_compile(b.hw, b.ir));
        b.hw->fill = b.seed & 1;
        host_world_ready(b.hw, b.host, b.seed % 3 * 50, b.seed);
        host_world_run(b.hw);
        _mm_setcsr(0x1f80);
        if (b.interp->end == WORLD_LEFT) {
            b.host->insns = b.interp->insns;
        }
        GString *text = g_string_new(NULL);
        if (!ir_world_same(b.interp, b.host, text)) {
            ir_print(b.ir, text);
            host_world_disas(b.hw, text);
            g_print("# seed %" G_GUINT64_FORMAT "\n%s", b.seed, text->str);
            g_test_fail();
        }
        g_string_free(text, TRUE);
        ends[b.interp->end]++;
    }
    g_test_message("left %u, page fault %u", ends[WORLD_LEFT], ends[WORLD_FAULT_PAGE]);
    ir_free(b.ir);
    ir_world_free(b.interp);
    ir_world_free(b.host);
    host_world_free(b.hw);
}

static void shared_lookups(const void *data)
{
    compare_built(data, build_accesses);
}

static void pressure(const void *data)
{
    compare_built(data, build_pressure);
}

static void low_parts(const void *data)
{
    compare_built(data, build_low_parts);
}

static void float_pressure(const void *data)
{
    compare_built(data, build_float_pressure);
}

int main(int argc, char **argv)
{
    const uint32_t all = 0xffff;

    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/host/random/all", GUINT_TO_POINTER(all), host_is_interpreter);
    g_test_add_data_func("/host/random/icount", GUINT_TO_POINTER(all | ICOUNT), host_is_interpreter);
    g_test_add_data_func("/host/random/none", GUINT_TO_POINTER(0), host_is_interpreter);
    g_test_add_data_func("/host/random/no-pin", GUINT_TO_POINTER(all & ~HOST_OPT_PIN), host_is_interpreter);
    g_test_add_data_func("/host/random/no-avx", GUINT_TO_POINTER(all & ~HOST_OPT_AVX), host_is_interpreter);
    g_test_add_data_func("/host/random/no-bmi", GUINT_TO_POINTER(all & ~HOST_OPT_BEXTR), host_is_interpreter);
    g_test_add_data_func("/host/random/no-fuse", GUINT_TO_POINTER(all & ~HOST_OPT_FUSE), host_is_interpreter);
    g_test_add_data_func("/host/shared/all", GUINT_TO_POINTER(all), shared_lookups);
    g_test_add_data_func("/host/shared/no-pin", GUINT_TO_POINTER(all & ~HOST_OPT_PIN), shared_lookups);
    g_test_add_data_func("/host/shared/no-bmi", GUINT_TO_POINTER(all & ~HOST_OPT_BEXTR), shared_lookups);
    g_test_add_data_func("/host/shared/no-range", GUINT_TO_POINTER(all & ~HOST_OPT_RANGE), shared_lookups);
    g_test_add_data_func("/host/shared/off", GUINT_TO_POINTER(all & ~HOST_OPT_SHARE), shared_lookups);
    g_test_add_data_func("/host/low_parts/all", GUINT_TO_POINTER(all), low_parts);
    g_test_add_data_func("/host/low_parts/no-avx", GUINT_TO_POINTER(all & ~HOST_OPT_AVX), low_parts);
    g_test_add_data_func("/host/pressure/all", GUINT_TO_POINTER(all), pressure);
    g_test_add_data_func("/host/pressure/no-pin", GUINT_TO_POINTER(all & ~HOST_OPT_PIN), pressure);
    g_test_add_data_func("/host/pressure/no-bmi", GUINT_TO_POINTER(all & ~HOST_OPT_BEXTR), pressure);
    g_test_add_data_func("/host/floats/all", GUINT_TO_POINTER(all), float_pressure);
    g_test_add_data_func("/host/floats/no-pin", GUINT_TO_POINTER(all & ~HOST_OPT_PIN), float_pressure);
    g_test_add_data_func("/host/floats/no-avx", GUINT_TO_POINTER(all & ~HOST_OPT_AVX), float_pressure);
    return g_test_run();
}
