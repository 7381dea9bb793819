/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the cold level's stages take for a block of ten guest instructions as a RISC-V translator builds it. Measures only
 * with `-m perf`; else the stages run once, so that this keeps compiling and working.
 */
#include <time.h>

#include "tcg/opt/opt.h"
#include "tests/unit/host_world.h"

static struct ir *ir;
static struct ir_world *world;
static uint64_t pc;

static void insn(void)
{
    ir_insn_start(ir, pc, 4);
    pc += 4;
}

static void addi(unsigned rd, unsigned rs, int64_t imm)
{
    insn();
    ir_put(ir, rd, ir_add(ir, ir_get(ir, rs), ir_i64(ir, imm)));
}

static void addw(unsigned rd, unsigned rs1, unsigned rs2)
{
    insn();
    ir_put(ir, rd, ir_exts32(ir, ir_add(ir, ir_get(ir, rs1), ir_get(ir, rs2))));
}

static void load(unsigned rd, unsigned rs, int64_t imm, unsigned mem)
{
    insn();
    ir_put(ir, rd, ir_ld(ir, IR_I64, ir_get(ir, rs), imm, mem));
}

static void store(unsigned rs2, unsigned rs, int64_t imm, unsigned mem)
{
    insn();
    ir_st(ir, ir_get(ir, rs), imm, ir_get(ir, rs2), mem);
}

static void build(void)
{
    unsigned taken, next;

    ir_reset(ir, &world_target);
    ir_begin(ir, ir_block_new(ir));
    pc = 0x80001000;
    addi(1, 2, 8);
    load(3, 1, 16, IR_MEM_64);
    addi(4, 3, 24);
    addw(5, 4, 6);
    addw(5, 5, 3);
    store(5, 1, 8, IR_MEM_32);
    load(7, 4, 0, IR_MEM_32 | IR_MEM_SIGN);
    insn();
    ir_put(ir, 8, ir_shl(ir, ir_get(ir, 7), ir_i64(ir, 3)));
    insn();
    ir_put(ir, 9, ir_and(ir, ir_get(ir, 8), ir_get(ir, 3)));
    insn();
    taken = ir_block_new(ir);
    next = ir_block_new(ir);
    ir_brcond(ir, IR_LT, ir_get(ir, 9), ir_get(ir, 10), taken, next);
    ir_begin(ir, taken);
    ir_goto_pc(ir, pc - 40, true);
    ir_begin(ir, next);
    ir_goto_pc(ir, pc, false);
}

static void verify(void)
{
    g_assert_true(ir_verify(ir, NULL));
}

static void cse(void)
{
    ir_pass_cse(ir);
}

static void dead(void)
{
    ir_pass_dead(ir);
}

static void narrow(void)
{
    ir_pass_narrow(ir);
}

static void interpret(void)
{
    world->cpu.x[1] = world->cpu.x[2] = world->cpu.x[5] = 0;
    world->cpu.x[1] = WORLD_BASE;       /* slot 2 is x1 */
    ir_world_interp(world, ir);
}

#ifdef __x86_64__
static struct host_world *host;

static void compile(void)
{
    g_assert_true(host_world_compile(host, ir));
}
#endif

/* CPU time, as other processes disturb the wall clock's. */
static double cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static double measure(void (*stage)(void))
{
    unsigned n = g_test_perf() ? 300000 : 1;
    double start = cpu_ns();

    for (unsigned k = 0; k < n; k++) {
        stage();
    }
    return (cpu_ns() - start) / n;
}

static void stages(void)
{
    static const struct { const char *name; void (*run)(void); } rows[] = {
        { "build", build }, { "verify", verify }, { "cse", cse }, { "dead", dead }, { "narrow", narrow }, { "interpret", interpret },
#ifdef __x86_64__
        { "compile", compile },
#endif
    };

    for (unsigned k = 0; k < G_N_ELEMENTS(rows); k++) {
        double ns;

        build();
        ns = measure(rows[k].run);
        g_test_message("%-9s %7.1f ns: %.2f for each of %u IR instructions, %.1f for each guest instruction", rows[k].name, ns,
                       ns / (ir->ninsns - 1), ir->ninsns - 1, ns / ir->guest_insns);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ir = ir_new();
    world = ir_world_new();
    ir_world_init(world, 1);
#ifdef __x86_64__
    host = host_world_new(-1u, false);
#endif
    g_test_add_func("/ir/speed", stages);
    return g_test_run();
}
