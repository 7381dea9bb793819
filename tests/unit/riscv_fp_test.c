/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: floating-point instructions keep to the rules of mstatus.FS and frm, and results are NaN-boxed and canonical in
 * memory, x registers and after a fault. Method: short programs translated and run by the IR interpreter. What the
 * instructions compute is tested against another emulator (tests/insn).
 */
#include "target/riscv/translate.h"
#include "tcg/interp.h"
#include "tests/unit/riscv_fake.h"

#define FADD_S 0x003170d3u      /* fadd.s ft1, ft2, ft3 */
#define FADD_D 0x023170d3u
#define FADD_D_RM5 0x023150d3u
#define FADD_D_RMM 0x023140d3u
#define FDIV_D 0x1a3170d3u
#define FDIV_S 0x183170d3u
#define FMV_X_D_A0_FT1 0xe2008553u
#define FMV_X_W_A0_FT1 0xe0008553u
#define FMV_D_FT4_FT1 0x22108253u
#define FSGNJN_S_FT4_FT1 0x20109253u
#define FSD_FT1 0x0015b427u     /* fsd ft1, 8(a1) */
#define FSW_FT1 0x0015a427u     /* fsw ft1, 8(a1) */
#define FLD_FT5 0x0005b287u     /* fld ft5, 0(a1) */
#define FLD_FT5_WILD 0x00063287u /* fld ft5, 0(a2) */
#define FCLASS_D 0xe2009553u    /* fclass.d a0, ft1 */
#define FLI_D 0xf21800d3u       /* fli.d ft1, 1.0 */
#define NOP 0x00000013u

#define CODE RAM_BASE
#define DATA (RAM_BASE + 0x2000)
#define STOPPED 99              /* no exception: the end of the program */

static uint64_t load(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem)
{
    uint64_t v = 0;

    if (addr - RAM_BASE >= RAM_BYTES - 8) {
        rv_raise(rv_cpu(cpu), RV_EXC_LOAD_ACCESS, addr);
    }
    memcpy(&v, fake.ram + (addr - RAM_BASE), 1u << (mem & IR_MEM_SIZE));
    return v;
}

static void store(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    g_assert_cmphex(addr - RAM_BASE, <, RAM_BYTES - 8);
    memcpy(fake.ram + (addr - RAM_BASE), &value, 1u << (mem & IR_MEM_SIZE));
}

static const struct interp_env env = { .load = load, .store = store, .off_fpcr = offsetof(struct cpu, fpcr) };

static bool at_end(struct tr_block *tb, uint64_t pc)
{
    return pc == *(const uint64_t *)tb->opaque;
}

/* False: it came to the end. */
static bool run_block(struct rv_cpu *cpu, struct ir *ir, struct interp_scratch *scratch, uint64_t end)
{
    struct tr_block tb = {
        .pc = cpu->cpu.pc, .key = cpu->cpu.key, .max_insns = 64, .page = fake.ram, .cpu = &cpu->cpu,
        .breakpoint = at_end, .opaque = &end,
    };
    struct interp_left left;
    GError *err = NULL;

    rv_translate(&tb, ir);
    ir_verify(ir, &err);
    g_assert_no_error(err);
    left = interp_run(scratch, ir, &cpu->cpu, &env, 0);
    return !(left.exit && left.code == IR_EXIT_DEBUG);
}

/* Runs from CODE until a trap, whose cause it returns, or the end. ft2 and ft3 are the infinities (singles if single),
 * a1 = DATA. */
static uint64_t run(struct rv_cpu *cpu, bool single, const uint32_t *insns, unsigned n)
{
    struct ir *ir = ir_new();
    struct interp_scratch *scratch = interp_scratch_new();

    memcpy(fake.ram, insns, n * sizeof(*insns));
    cpu->cpu.pc = CODE;
    cpu->f[2] = single ? 0xffffffff7f800000 : 0x7ff0000000000000;
    cpu->f[3] = single ? 0xffffffffff800000 : 0xfff0000000000000;
    cpu->cpu.r[11] = DATA;
    cpu->mcause = STOPPED;
    if (!sigsetjmp(fake.exit, 0)) {
        while (run_block(cpu, ir, scratch, CODE + n * sizeof(*insns))) {
        }
    }
    interp_scratch_free(scratch);
    ir_free(ir);
    return cpu->mcause;
}

static void set_state(struct rv_cpu *cpu, unsigned fs, unsigned frm)
{
    cpu->mstatus = (cpu->mstatus & ~MSTATUS_FS) | (uint64_t)fs << MSTATUS_FS_SHIFT;
    rv_set_frm(cpu, frm);
    rv_update_key(cpu);
}

static void fs_and_frm(void)
{
    enum { OFF, INITIAL, CLEAN, DIRTY };
    static const struct {
        unsigned fs, frm;
        uint32_t insn;
        unsigned cause;
        unsigned fs_after;
    } rows[] = {
        { OFF, 0, FADD_D, RV_EXC_ILLEGAL, OFF },
        { OFF, 0, FSD_FT1, RV_EXC_ILLEGAL, OFF },
        { OFF, 0, FLD_FT5, RV_EXC_ILLEGAL, OFF },
        { OFF, 0, FMV_X_D_A0_FT1, RV_EXC_ILLEGAL, OFF },
        { OFF, 0, FCLASS_D, RV_EXC_ILLEGAL, OFF },
        { INITIAL, 0, FADD_D, STOPPED, DIRTY },
        { CLEAN, 0, FADD_S, STOPPED, DIRTY },
        { CLEAN, 0, FLD_FT5, STOPPED, DIRTY },
        { CLEAN, 0, FLD_FT5_WILD, RV_EXC_LOAD_ACCESS, CLEAN },
        { CLEAN, 0, FLI_D, STOPPED, DIRTY },
        { CLEAN, 0, FSD_FT1, STOPPED, CLEAN },
        { CLEAN, 0, FMV_X_D_A0_FT1, STOPPED, CLEAN },
        { CLEAN, 0, FCLASS_D, STOPPED, CLEAN },
        { DIRTY, 4, FADD_D, STOPPED, DIRTY },
        { DIRTY, 5, FADD_D, RV_EXC_ILLEGAL, DIRTY },
        { DIRTY, 7, FADD_D, RV_EXC_ILLEGAL, DIRTY },
        { DIRTY, 7, FADD_D_RMM, STOPPED, DIRTY },
        { DIRTY, 7, FSD_FT1, STOPPED, DIRTY },
        { DIRTY, 7, FMV_D_FT4_FT1, STOPPED, DIRTY },
        { DIRTY, 0, FADD_D_RM5, RV_EXC_ILLEGAL, DIRTY },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = fake_hart("rv64");
        uint64_t cause;

        g_test_message("row %u", i);
        set_state(cpu, rows[i].fs, rows[i].frm);
        cause = run(cpu, false, &rows[i].insn, 1);
        g_assert_cmphex(cause, ==, rows[i].cause);
        g_assert_cmphex(cause == STOPPED ? cpu->cpu.pc : cpu->mepc, ==, CODE + (cause == STOPPED ? 4 : 0));
        g_assert_cmphex(cpu->mstatus >> MSTATUS_FS_SHIFT & 3, ==, rows[i].fs_after);
        fake_free(cpu);
    }
}

/* The translation goes on behind the instruction that made FS dirty; what follows runs under the new key. */
static void dirty_once(void)
{
    const uint32_t insns[] = { NOP, FLD_FT5, FADD_D, FADD_D, NOP };
    struct rv_cpu *cpu = fake_hart("rv64");
    unsigned before;

    set_state(cpu, 1, 0);
    before = fake.key_changes;
    g_assert_cmphex(run(cpu, false, insns, G_N_ELEMENTS(insns)), ==, STOPPED);
    g_assert_cmphex(cpu->cpu.pc, ==, CODE + 4 * G_N_ELEMENTS(insns));
    g_assert_cmphex(cpu->cpu.key & RV_KEY_FS, ==, RV_KEY_FS_DIRTY);
    g_assert_cmpuint(fake.key_changes - before, ==, 1);
    fake_free(cpu);
}

/* infinity - infinity is what x86 would answer with a negative NaN. */
static void nans_are_canonical(void)
{
    static const struct {
        bool single;
        uint32_t insns[3];
        uint64_t ft1, a0, mem, ft4;
    } rows[] = {
        { false, { FADD_D, FMV_X_D_A0_FT1, FSD_FT1 }, 0x7ff8000000000000, 0x7ff8000000000000, 0x7ff8000000000000, 0 },
        { false, { FDIV_D, FSD_FT1, FMV_D_FT4_FT1 }, 0x7ff8000000000000, 0, 0x7ff8000000000000, 0x7ff8000000000000 },
        { true, { FADD_S, FMV_X_W_A0_FT1, FSW_FT1 }, 0xffffffff7fc00000, 0x7fc00000, 0x7fc00000, 0 },
        { true, { FDIV_S, FSGNJN_S_FT4_FT1, FSD_FT1 }, 0xffffffff7fc00000, 0, 0xffffffff7fc00000, 0xffffffffffc00000 },
        /* unboxed operands are canonical NaNs, which moves don't show */
        { false, { FADD_S, FSD_FT1, FMV_D_FT4_FT1 }, 0xffffffff7fc00000, 0, 0xffffffff7fc00000, 0xffffffff7fc00000 },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = fake_hart("rv64");
        uint64_t mem;

        g_test_message("row %u", i);
        set_state(cpu, 3, 0);
        g_assert_cmphex(run(cpu, rows[i].single, rows[i].insns, 3), ==, STOPPED);
        memcpy(&mem, fake.ram + (DATA + 8 - RAM_BASE), 8);
        g_assert_cmphex(cpu->f[1], ==, rows[i].ft1);
        g_assert_cmphex(cpu->cpu.r[10], ==, rows[i].a0);
        g_assert_cmphex(mem, ==, rows[i].mem);
        g_assert_cmphex(cpu->f[4], ==, rows[i].ft4);
        fake_free(cpu);
    }
}

static void faults_show_canonical_state(void)
{
    const uint32_t insns[] = { FADD_D, FMV_D_FT4_FT1, FLD_FT5_WILD };
    struct rv_cpu *cpu = fake_hart("rv64");

    set_state(cpu, 3, 0);
    cpu->f[5] = 5;
    g_assert_cmphex(run(cpu, false, insns, 3), ==, RV_EXC_LOAD_ACCESS);
    g_assert_cmphex(cpu->mepc, ==, CODE + 8);
    g_assert_cmphex(cpu->f[1], ==, 0x7ff8000000000000);
    g_assert_cmphex(cpu->f[4], ==, 0x7ff8000000000000);
    g_assert_cmphex(cpu->f[5], ==, 5);
    g_assert_cmphex(rv_fflags(cpu), ==, 0x10);
    fake_free(cpu);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/riscv/fp/fs_and_frm", fs_and_frm);
    g_test_add_func("/riscv/fp/dirty_once", dirty_once);
    g_test_add_func("/riscv/fp/nans_are_canonical", nans_are_canonical);
    g_test_add_func("/riscv/fp/faults_show_canonical_state", faults_show_canonical_state);
    return g_test_run();
}
