/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Goal: CSRs keep to their legal values and access rules, traps and returns move state as the manual says, models hold what
 * they promise. Method: the helpers of translated code, called on a hart without accelerator. */
#include <inttypes.h>

#include "system/machine.h"
#include "target/riscv/model.h"
#include "tests/unit/riscv_fake.h"
#include "util/options.h"

/* csrrw's bits for a CSR number: what helpers get. */
static uint32_t insn(unsigned csr)
{
    return csr << 20 | 1 << 12 | 0x73;
}

static uint64_t now;

static uint64_t time_read(void *opaque)
{
    return now;
}

static uint64_t armed;

static void time_arm(void *opaque, struct cpu *cpu, uint64_t at)
{
    armed = at;
}

static struct machine *machine;

static struct rv_cpu *hart(const char *model)
{
    struct rv_cpu *cpu = fake_hart(model);

    cpu->cpu.machine = machine;
    cpu->cpu.time_read = time_read;
    cpu->cpu.time_arm = time_arm;
    return cpu;
}

/* Write, read back. */
static void legal_values(void)
{
    static const struct {
        const char *model;
        unsigned csr;
        uint64_t write, read;
    } rows[] = {
        { "rv64", 0x300, UINT64_MAX, 0x8000000a007e79aa },  /* mstatus: MPP = M, FS dirty, SD; UXL 3 is no width */
        { "rv64", 0x300, 0, 0xa00000000 },
        { "rv64", 0x300, 0x1000, 0xa00000000 },             /* MPP = 2 is no mode */
        { "rv64", 0x300, 1ull << 32, 0x900000000 },         /* UXL = 32 */
        { "rv64", 0x100, UINT64_MAX, 0x80000002000c6122 },  /* sstatus */
        { "rv32", 0x300, UINT32_MAX, (uint64_t)(int32_t)0x807e79aa },
        { "rv32", 0x310, UINT32_MAX, 0 },
        { "rv64", 0x301, 0, 0x800000000014112d },           /* misa: ACDFIMSU */
        { "rv32", 0x301, 0, 0x4014112d },
        { "rv64", 0x302, UINT64_MAX, 0xb3ff },              /* medeleg */
        { "rv64", 0x303, UINT64_MAX, 0x222 },
        { "rv64", 0x304, UINT64_MAX, 0xaaa },
        { "rv64", 0x344, UINT64_MAX, 0x222 },               /* mip: SSIP, STIP, SEIP */
        { "rv64", 0x305, 0x80000002, 0 },                   /* mtvec: reserved mode */
        { "rv64", 0x305, 0x80000001, 0x80000001 },
        { "rv64", 0x341, 0x80000003, 0x80000002 },          /* mepc */
        { "rv64,c=off", 0x341, 0x80000003, 0x80000000 },
        { "rv64", 0x180, 7ull << 60 | 5, 0 },               /* satp: unsupported mode, no effect at all */
        { "rv64", 0x180, 8ull << 60 | 5, 8ull << 60 | 5 },
        { "rva22s64", 0x180, 9ull << 60 | 5, 0 },
        { "rv64,mmu=off", 0x180, 5, 0 },
        { "rv32", 0x180, 0x80000001, 0xffffffff80000001 },
        { "rv64", 0x30a, UINT64_MAX, 0xa0000000000000f1 },  /* menvcfg */
        { "rv64", 0x30a, 0x20, 0 },                         /* CBIE = 2 is reserved */
        { "max", 0x30a, UINT64_MAX, 0xe0000000000000f1 },
        { "rv32", 0x31a, UINT32_MAX, 0xffffffffa0000000 },
        { "rv64", 0x10a, UINT64_MAX, 0xf1 },
        { "rv64", 0x306, UINT64_MAX, 0x7ffff }, { "rv64,pmu-num=0", 0x306, UINT64_MAX, 7 },
        { "rv64", 0x320, UINT64_MAX, 0x7fffd }, { "rv64,pmu-mask=0x18", 0x320, UINT64_MAX, 0x1d },
        { "rv64", 0xb03, UINT64_MAX, UINT64_MAX }, { "rv64", 0xb13, UINT64_MAX, 0 },
        { "rv64", 0x3b0, UINT64_MAX, (1ull << 54) - 1 },
        { "rv64", 0x3a0, 0x0000000000007f1f, 0x1f1f },      /* pmpcfg0 */
        { "rv64", 0x3a0, 0x0a, 0x08 },                      /* W without R */
        { "max", 0x30c, UINT64_MAX, 3ull << 62 },           /* mstateen0 */
        { "max", 0x30d, UINT64_MAX, 1ull << 63 },
        { "rv64", 0x340, 0x123456789abcdef0, 0x123456789abcdef0 },
        { "rv32", 0x340, 0x89abcdef, 0xffffffff89abcdef },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = hart(rows[i].model);

        g_test_message("row %u: %s csr 0x%x", i, rows[i].model, rows[i].csr);
        rv_helper_csrw(cpu, insn(rows[i].csr), rows[i].write);
        g_assert_cmphex(rv_helper_csrr(cpu, insn(rows[i].csr)), ==, rows[i].read);
        fake_free(cpu);
    }
}

static bool refused(struct rv_cpu *cpu, unsigned csr, bool write)
{
    if (write) {
        return RAISED(rv_helper_csrw(cpu, insn(csr), 0));
    }
    return RAISED(rv_helper_csrr(cpu, insn(csr)));
}

static void access_rules(void)
{
    static const struct {
        const char *model;
        unsigned csr;
        enum rv_priv priv;
        bool write, illegal;
        uint64_t mstatus;               /* bits set beforehand */
    } rows[] = {
        { "rv64", 0x300, RV_S, false, true },
        { "rv64", 0x100, RV_U, false, true },
        { "rv64", 0x100, RV_S, true, false },
        { "rv64", 0xf14, RV_M, false, false },
        { "rv64", 0xf14, RV_M, true, true },        /* read-only */
        { "rv64", 0x7c0, RV_M, false, true },       /* no such register */
        { "rv64", 0x003, RV_M, false, true },       /* FS off */
        { "rv64", 0x003, RV_M, false, false, MSTATUS_FS },
        { "rv64,f=off", 0x003, RV_M, false, true, MSTATUS_FS },
        { "rv64", 0xc00, RV_S, false, true },       /* mcounteren is closed */
        { "rv64", 0xc00, RV_M, false, false },
        { "rv64", 0xc80, RV_M, false, true },
        { "rv32", 0xc80, RV_M, false, false },
        { "rv64", 0x180, RV_S, false, false },
        { "rv64", 0x180, RV_S, false, true, MSTATUS_TVM },
        { "rv64", 0x180, RV_M, false, false, MSTATUS_TVM },
        { "rv64", 0x14d, RV_S, false, true },       /* STCE and mcounteren.TM are off */
        { "rv64", 0x14d, RV_M, false, false },
        { "rva22s64", 0x14d, RV_M, false, true },
        { "max", 0x10a, RV_S, false, true },        /* mstateen0.ENVCFG is off */
        { "rv64", 0x10a, RV_S, false, false },
        { "rv64", 0x3a1, RV_M, false, true },       /* odd pmpcfg on RV64 */
        { "rv32", 0x3a1, RV_M, false, false },
        { "rv64,pmp=off", 0x3a0, RV_M, false, true },
        { "rv64i", 0x100, RV_M, false, true },
        { "rv64", 0x310, RV_M, false, true },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = hart(rows[i].model);
        bool raised;

        g_test_message("row %u: %s csr 0x%x", i, rows[i].model, rows[i].csr);
        cpu->mstatus |= rows[i].mstatus;
        cpu->priv = rows[i].priv;
        rv_update_key(cpu);
        raised = refused(cpu, rows[i].csr, rows[i].write);
        g_assert_cmpint(raised, ==, rows[i].illegal);
        if (raised) {
            g_assert_cmpuint(cpu->mcause, ==, RV_EXC_ILLEGAL);
            g_assert_cmphex(cpu->mtval, ==, insn(rows[i].csr));
        }
        fake_free(cpu);
    }
}

static void counters_are_opened_level_by_level(void)
{
    struct rv_cpu *cpu = hart("rv64");

    rv_helper_csrw(cpu, insn(0x306), 7);
    cpu->priv = RV_S;
    g_assert_false(RAISED(rv_helper_csrr(cpu, insn(0xc02))));
    cpu->priv = RV_U;
    g_assert_true(RAISED(rv_helper_csrr(cpu, insn(0xc02))));
    cpu->scounteren = RV_COUNT_IR;
    cpu->priv = RV_U;
    fake.insns = 1000;
    g_assert_cmpuint(rv_helper_csrr(cpu, insn(0xc02)), ==, 1000);
    cpu->priv = RV_M;
    rv_helper_csrw(cpu, insn(0xb02), 50);
    fake.insns = 1010;
    g_assert_cmpuint(rv_helper_csrr(cpu, insn(0xb02)), ==, 60);
    rv_helper_csrw(cpu, insn(0x320), RV_COUNT_IR);      /* stopped */
    fake.insns = 2000;
    g_assert_cmpuint(rv_helper_csrr(cpu, insn(0xb02)), ==, 60);
    rv_helper_csrw(cpu, insn(0x320), 0);
    fake.insns = 2001;
    g_assert_cmpuint(rv_helper_csrr(cpu, insn(0xb02)), ==, 61);
    fake_free(cpu);
}

static void fp_state_and_flags(void)
{
    struct rv_cpu *cpu = hart("rv64");

    rv_helper_csrrs(cpu, insn(0x300), 1 << MSTATUS_FS_SHIFT);
    g_assert_cmpuint(cpu->cpu.key & RV_KEY_FS, ==, RV_KEY_FS_CLEAN);
    rv_helper_csrw(cpu, insn(0x003), 0x7f);             /* frm 3, flags 31 */
    g_assert_cmpuint(cpu->cpu.key & RV_KEY_FS, ==, RV_KEY_FS_DIRTY);
    g_assert_cmphex(cpu->cpu.fpcr, ==, 0x1f80 | 2 << 13 | 0x3d);
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x003)), ==, 0x7f);
    rv_helper_csrw(cpu, insn(0x002), 4);
    g_assert_cmpuint(rv_key_frm(cpu->cpu.key), ==, 4);
    rv_helper_csrw(cpu, insn(0x002), 6);
    g_assert_cmpuint(rv_key_frm(cpu->cpu.key), ==, 6);
    g_assert_cmphex(rv_helper_csrrw(cpu, insn(0x001), 1), ==, 0x1f);
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x003)), ==, 0xc1);
    fake_free(cpu);
}

/* The line of the interrupt controller shows in mip.SEIP but is not written back by set-and-clear. */
static void seip_is_two_sources(void)
{
    struct rv_cpu *cpu = hart("rv64");

    atomic_fetch_or(&cpu->cpu.lines, MIP(SEI));
    g_assert_cmphex(rv_helper_csrrs(cpu, insn(0x344), MIP(SSI)), ==, MIP(SEI));
    g_assert_cmphex(cpu->mip, ==, MIP(SSI));
    rv_helper_csrrs(cpu, insn(0x344), MIP(SEI));
    atomic_fetch_and(&cpu->cpu.lines, ~MIP(SEI));
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x344)), ==, MIP(SEI) | MIP(SSI));
    rv_helper_csrrc(cpu, insn(0x344), MIP(SEI));
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x344)), ==, MIP(SSI));
    fake_free(cpu);
}

static void supervisor_sees_what_is_delegated(void)
{
    struct rv_cpu *cpu = hart("rv64");

    cpu->mie = MIP_ALL;
    cpu->mip = MIP(SSI) | MIP(STI);
    cpu->mideleg = MIP(SSI);
    cpu->priv = RV_S;
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x104)), ==, MIP(SSI));
    g_assert_cmphex(rv_helper_csrr(cpu, insn(0x144)), ==, MIP(SSI));
    rv_helper_csrw(cpu, insn(0x144), 0);
    g_assert_cmphex(cpu->mip, ==, MIP(STI));
    rv_helper_csrw(cpu, insn(0x104), 0);
    g_assert_cmphex(cpu->mie, ==, MIP_ALL & ~MIP(SSI));
    fake_free(cpu);
}

/* ---- traps ---- */

static void exceptions_are_delegated(void)
{
    struct rv_cpu *cpu = hart("rv64");

    cpu->medeleg = 1 << RV_EXC_ECALL_U;
    cpu->stvec = 0x80001001;            /* vectored: exceptions go to the base all the same */
    cpu->mtvec = 0x80002000;
    cpu->priv = RV_U;
    cpu->cpu.pc = 0x1234;
    cpu->mstatus |= MSTATUS_SIE | MSTATUS_MIE;
    cpu->res_addr = 0x1000;
    g_assert_cmphex(rv_helper_ecall(cpu), ==, 0x80001000);
    g_assert_cmpuint(cpu->priv, ==, RV_S);
    g_assert_cmphex(cpu->cpu.pc, ==, 0x80001000);
    g_assert_cmphex(cpu->sepc, ==, 0x1234);
    g_assert_cmpuint(cpu->scause, ==, RV_EXC_ECALL_U);
    g_assert_cmphex(cpu->mstatus & (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP), ==, MSTATUS_SPIE);
    g_assert_cmphex(cpu->res_addr, ==, RV_RES_NONE);
    rv_helper_ecall(cpu);        /* from S: not delegated */
    g_assert_cmpuint(cpu->priv, ==, RV_M);
    g_assert_cmphex(cpu->cpu.pc, ==, 0x80002000);
    g_assert_cmpuint(cpu->mcause, ==, RV_EXC_ECALL_U + RV_S);
    g_assert_cmphex(cpu->mstatus & MSTATUS_MPP, ==, (uint64_t)RV_S << MSTATUS_MPP_SHIFT);
    g_assert_cmphex(rv_helper_mret(cpu, 0), ==, 0x80001000);
    g_assert_cmpuint(cpu->priv, ==, RV_S);
    g_assert_true(cpu->mstatus & MSTATUS_MIE);
    g_assert_cmphex(rv_helper_sret(cpu, 0), ==, 0x1234);
    g_assert_cmpuint(cpu->priv, ==, RV_U);
    g_assert_true(cpu->mstatus & MSTATUS_SIE);
    fake_free(cpu);
}

static void interrupts_have_priorities_and_vectors(void)
{
    struct rv_cpu *cpu = hart("rv64");

    cpu->mtvec = 0x80000001;
    cpu->mie = MIP_ALL;
    atomic_store(&cpu->cpu.lines, MIP(MTI) | MIP(MEI) | MIP(MSI) | MIP(SEI));
    g_assert_false(rv_irq_pending(&cpu->cpu));          /* M with MIE clear */
    g_assert_true(rv_has_work(&cpu->cpu));
    rv_helper_csrrs(cpu, insn(0x300), MSTATUS_MIE);
    g_assert_true(atomic_load(&cpu->cpu.request) & CPU_REQ_IRQ);
    rv_irq_take(&cpu->cpu);
    g_assert_cmphex(cpu->mcause, ==, 1ull << 63 | RV_MEI);
    g_assert_cmphex(cpu->cpu.pc, ==, 0x80000000 + 4 * RV_MEI);
    g_assert_false(rv_irq_pending(&cpu->cpu));

    cpu->mideleg = MIP_S;
    cpu->priv = RV_U;
    atomic_store(&cpu->cpu.lines, MIP(SEI));
    cpu->mip = MIP(SSI);
    g_assert_true(rv_irq_pending(&cpu->cpu));           /* below S: SIE does not matter */
    rv_irq_take(&cpu->cpu);
    g_assert_cmphex(cpu->scause, ==, 1ull << 63 | RV_SEI);
    g_assert_false(rv_irq_pending(&cpu->cpu));          /* now in S with SIE clear */
    fake_free(cpu);
}

static void privileged_instructions_are_guarded(void)
{
    struct rv_cpu *cpu = hart("rv64");

    cpu->priv = RV_U;
    g_assert_true(RAISED(rv_helper_sret(cpu, 0)));
    cpu->priv = RV_S;
    g_assert_true(RAISED(rv_helper_mret(cpu, 0)));
    cpu->priv = RV_S;
    g_assert_false(RAISED(rv_helper_wfi(cpu, 0)));
    g_assert_false(RAISED(rv_helper_sfence_vma(cpu, 0, 0, 0)));
    cpu->mstatus |= MSTATUS_TW | MSTATUS_TVM | MSTATUS_TSR;
    g_assert_true(RAISED(rv_helper_wfi(cpu, 0)));
    cpu->priv = RV_S;
    g_assert_true(RAISED(rv_helper_sfence_vma(cpu, 0, 0, 0)));
    cpu->priv = RV_S;
    g_assert_true(RAISED(rv_helper_sret(cpu, 0)));
    cpu->priv = RV_U;
    g_assert_true(RAISED(rv_helper_wfi(cpu, 0)));
    fake_free(cpu);
}

static void fences_reach_the_spaces_that_they_name(void)
{
    struct rv_cpu *cpu = hart("rv64");
    enum { RS1 = 1 << 15, RS2 = 1 << 20 };
    unsigned all;

    rv_helper_csrw(cpu, insn(0x180), 8ull << 60 | 7ull << 44 | 5);
    g_assert_cmphex(fake.space, ==, cpu->satp);
    all = fake.flush_all;
    rv_helper_sfence_vma(cpu, 0, 0, 0);
    g_assert_cmpuint(fake.flush_all, ==, all + 1);
    rv_helper_sfence_vma(cpu, RS2, 0, 7);
    rv_helper_sfence_vma(cpu, RS2, 0, 8);
    g_assert_cmpuint(fake.flush_space, ==, 1);
    rv_helper_sfence_vma(cpu, RS1, 0x1000, 0);
    rv_helper_sfence_vma(cpu, RS1 | RS2, 0x1000, 8);
    g_assert_cmpuint(fake.flush_page, ==, 1);
    fake_free(cpu);
}

static void mprv_moves_the_data_index(void)
{
    struct rv_cpu *cpu = hart("rv64");

    g_assert_cmpuint(rv_data_idx(&cpu->cpu), ==, RV_IDX_M);
    rv_helper_csrw(cpu, insn(0x300), MSTATUS_MPRV | (uint64_t)RV_S << MSTATUS_MPP_SHIFT | MSTATUS_SUM | MSTATUS_MXR);
    g_assert_cmpuint(rv_data_idx(&cpu->cpu), ==, (RV_IDX_S_SUM | RV_IDX_MXR));
    g_assert_cmpuint(rv_fetch_idx(&cpu->cpu), ==, RV_IDX_M);
    rv_helper_mret(cpu, 0);
    g_assert_false(cpu->mstatus & MSTATUS_MPRV);
    fake_free(cpu);
}

static void narrow_user_mode_on_a_wide_hart(void)
{
    struct rv_cpu *cpu = hart("rv64");

    cpu->stvec = 0x80001000;
    cpu->medeleg = 1 << RV_EXC_ECALL_U;
    rv_helper_csrw(cpu, insn(0x300), 1ull << MSTATUS_UXL_SHIFT);
    cpu->mepc = 0xffffffff80000000;
    g_assert_cmphex(rv_helper_mret(cpu, 0), ==, 0x80000000);
    g_assert_cmpuint(rv_key_xlen(cpu->cpu.key), ==, 32);
    rv_helper_ecall(cpu);
    g_assert_cmpuint(rv_key_xlen(cpu->cpu.key), ==, 64);
    g_assert_cmphex(cpu->sepc, ==, 0xffffffff80000000);
    fake_free(cpu);
}

/* ---- the supervisor's timer ---- */

static void stimecmp_drives_stip(void)
{
    struct rv_cpu *cpu = hart("rv64");

    now = 100;
    rv_helper_csrw(cpu, insn(0x30a), MENVCFG_STCE);
    rv_helper_csrw(cpu, insn(0x14d), 150);
    g_assert_cmpuint(armed, ==, 150);
    g_assert_false(rv_mip(cpu) & MIP(STI));
    now = 150;
    rv_timer_due(&cpu->cpu);
    g_assert_true(rv_mip(cpu) & MIP(STI));
    rv_helper_csrrc(cpu, insn(0x344), MIP(STI));        /* read-only now */
    g_assert_true(rv_mip(cpu) & MIP(STI));
    rv_helper_csrw(cpu, insn(0x14d), UINT64_MAX);
    g_assert_false(rv_mip(cpu) & MIP(STI));
    g_assert_cmpuint(armed, ==, UINT64_MAX);
    fake_free(cpu);
}

/* ---- models ---- */

static void models_have_their_extensions(void)
{
    static const struct {
        const char *model, *isa;
    } rows[] = {
        { "rv64i", "rv64i_ziccif_zicclsm" },
        { "rv32i,m=on,c=on", "rv32imc_ziccif_zicclsm_zmmul_zca" },
        { "rva22s64", "rv64imafdcb_zic64b_zicbom_zicbop_zicboz_ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zifencei_"
          "zihintpause_zihpm_zmmul_za64rs_zaamo_zalrsc_zfhmin_zca_zcd_zba_zbb_zbs_ssccptr_sscounterenw_ssstrict_sstvala_"
          "sstvecd_ssu64xl_svade_svinval_svpbmt" },
        { "rv64,f=off,zihpm=off,zicbom=off,zicboz=off,zicbop=off,zawrs=off,zihintntl=off,sstc=off", "rv64imac_zic64b_"
          "ziccamoa_ziccif_zicclsm_ziccrse_zicntr_zicsr_zifencei_zihintpause_zmmul_za64rs_zaamo_zalrsc_zca_zba_zbb_zbc_"
          "zbs_ssccptr_ssstrict_sstvala_sstvecd_ssu64xl_svadu_svvptc" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = fake_hart(rows[i].model);
        g_autofree char *isa = rv_isa_string(cpu);

        g_assert_cmpstr(isa, ==, rows[i].isa);
        fake_free(cpu);
    }
}

static void bad_models_are_refused_in_one_line(void)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "rv65", "rv64" }, { "", "no such" }, { "rv64,zzz=on", "zzz" }, { "rv64,v=on", "v=on" }, { "rva23s64", "rva22s64" }, { "rv64,zba=maybe", "zba" },
        { "rv64,d=on,f=off", "needs f" }, { "rv64,sv32=on", "sv32" }, { "rv64,sv57=on,sv48=off", "smaller" },
        { "rv64,zcf=on", "32-bit" }, { "rv64,cbom_blocksize=65", "power of two" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cpu *cpu = cpu_alloc(&rv_cpu_type);
        GError *err = NULL;

        g_test_message("%s", rows[i].text);
        g_assert_false(cpu->type->init(cpu, rows[i].text, &err));
        g_assert_nonnull(err);
        g_assert_nonnull(strstr(err->message, rows[i].says));
        g_assert_null(strchr(err->message, '\n'));
        g_error_free(err);
        cpu_free(cpu);
    }
}

static void satp_modes_follow_properties(void)
{
    static const struct {
        const char *text;
        unsigned mode;
    } rows[] = {
        { "rv64", SATP_SV57 }, { "rv64,sv57=off", SATP_SV48 }, { "rv64,sv48=off", SATP_SV39 }, { "rv64,sv39=on", SATP_SV39 },
        { "rv64,sv39=off", SATP_BARE }, { "rva22s64", SATP_SV39 }, { "rva22s64,sv57=on", SATP_SV57 },
        { "rv32", SATP_SV32 }, { "rv32,mmu=off", SATP_BARE }, { "rv32,sv32=off", SATP_BARE }, { "rv64,s=off", SATP_BARE },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rv_cpu *cpu = fake_hart(rows[i].text);

        g_test_message("%s", rows[i].text);
        g_assert_cmpuint(cpu->satp_max, ==, rows[i].mode);
        fake_free(cpu);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    machine = g_new0(struct machine, 1);
    big_lock_init(&machine->lock);
    g_test_add_func("/riscv/csr/legal_values", legal_values);
    g_test_add_func("/riscv/csr/access_rules", access_rules);
    g_test_add_func("/riscv/csr/counters_are_opened_level_by_level", counters_are_opened_level_by_level);
    g_test_add_func("/riscv/csr/fp_state_and_flags", fp_state_and_flags);
    g_test_add_func("/riscv/csr/seip_is_two_sources", seip_is_two_sources);
    g_test_add_func("/riscv/csr/supervisor_sees_what_is_delegated", supervisor_sees_what_is_delegated);
    g_test_add_func("/riscv/trap/exceptions_are_delegated", exceptions_are_delegated);
    g_test_add_func("/riscv/trap/interrupts_have_priorities_and_vectors", interrupts_have_priorities_and_vectors);
    g_test_add_func("/riscv/trap/privileged_instructions_are_guarded", privileged_instructions_are_guarded);
    g_test_add_func("/riscv/trap/fences_reach_the_spaces_that_they_name", fences_reach_the_spaces_that_they_name);
    g_test_add_func("/riscv/trap/mprv_moves_the_data_index", mprv_moves_the_data_index);
    g_test_add_func("/riscv/trap/narrow_user_mode_on_a_wide_hart", narrow_user_mode_on_a_wide_hart);
    g_test_add_func("/riscv/timer/stimecmp_drives_stip", stimecmp_drives_stip);
    g_test_add_func("/riscv/model/models_have_their_extensions", models_have_their_extensions);
    g_test_add_func("/riscv/model/bad_models_are_refused_in_one_line", bad_models_are_refused_in_one_line);
    g_test_add_func("/riscv/model/satp_modes_follow_properties", satp_modes_follow_properties);
    int status = g_test_run();

    big_lock_free(&machine->lock);
    g_free(machine);
    return status;
}
