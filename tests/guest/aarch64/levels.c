/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu max -machine virt,virtualization=on -semihosting-config enable=on,target=native
// run: a64 -cpu max -machine virt,secure=on -semihosting-config enable=on,target=native
// run: a64 -cpu max -machine virt,secure=on,virtualization=on -semihosting-config enable=on,target=native
/* Exceptions from all levels to all levels: who takes them, with which syndrome and saved state. The sums are QEMU's. */
#include "levels_rt.h"

#define HCR_RW (1ul << 31)
#define HCR_VHE (1ul << 34)
#define HCR_TGE (1ul << 27)
#define WAITS (3ul << 13)
#define SCR_BASE (1ul << 10 | 3ul << 16 | 0x30)     /* RW, APK, API */

static bool has_el2(void)
{
    return read_reg(id_aa64pfr0_el1) & 0xf00;
}

static unsigned level(void)
{
    return read_reg(CurrentEL) >> 2;
}

/* ---- what is tried ---- */

static void plain(void)
{
    OP("svc #1");
    OP("brk #2");
    OP(".inst 0");
    OP("hlt #1");
    OP("mov x0, #1\n\tmsr nzcv, x0\n\tsvc #3");
}

static void calls(void)
{
    OP("mov x0, #0\n\thvc #4");
    if (top_level == 3) {
        OP("mov x0, #0\n\tsmc #5");
    }
}

static void registers(void)
{
    OP("mrs x0, sctlr_el1");
    OP("mrs x0, sctlr_el2");
    OP("mrs x0, s3_6_c1_c0_0");
    OP("msr s3_0_c1_c0_2, xzr\n\tmov x0, #(3 << 20)\n\tmsr s3_0_c1_c0_2, x0");
    OP("mrs x0, id_aa64isar0_el1");
    OP("mrs x0, ttbr0_el1");
    OP("mrs x0, s3_5_c1_c0_0");
    OP("mrs x0, s3_0_c2_c1_0");
}

static bool waits_trap;

static void el0_things(void)
{
    OP("mrs x0, daif");
    OP("mrs x0, cntpct_el0");
    OP("mrs x0, cntv_ctl_el0");
    OP("mrs x0, ctr_el0");
    OP("mrs x0, dczid_el0");
    if (waits_trap) {                   /* else they would wait for ever */
        OP("wfi");
        OP("wfe");
    }
    OP("mov x0, sp\n\tdc civac, x0");
    OP("mov x0, sp\n\tic ivau, x0");
}

static void fp(void)
{
    OP(".inst 0x1e602800");
}

static void addresses(void)
{
    OP("adr x30, 1f\n\tmov x0, #0x1002\n\tbr x0\n1:");
    OP("mov x0, sp\n\tsub x1, x0, #8\n\tmov sp, x1\n\tmov x1, x0\n\tldr x0, [sp]\n\tmov sp, x1");
}

static void illegal(void)
{
    if (level() == 1) {
        OP("adr x0, 1f\n\tmsr elr_el1, x0\n\tmov x0, #9\n\tmsr spsr_el1, x0\n\teret\n1:\tnop");
    } else if (level() == 2) {
        OP("adr x0, 1f\n\tmsr elr_el2, x0\n\tmov x0, #0xd\n\tmsr spsr_el2, x0\n\teret\n1:\tnop");
    }
}

static void pauth(void)
{
    OP("pacga x0, x0, x1");
}

static void interrupts(void)
{
    OP("msr daifclr, #3\n\tnop\n\tnop\n\tmsr daifset, #3");
}

static void all(unsigned el)
{
    say_hex("from", el);
    say("\n");
    run_at(el, plain);
    run_at(el, calls);
    run_at(el, registers);
    run_at(el, el0_things);
    run_at(el, fp);
    run_at(el, addresses);
    if (el) {
        run_at(el, illegal);
    }
    run_at(el, pauth);
}

/* ---- under different controls ---- */


static void set_sctlr(uint64_t bits)
{
    write_reg(sctlr_el1, 0x30d00800 | bits);
}

static void lower(const char *what)
{
    say(what);
    say("\n");
    all(1);
    all(0);
}

/* EL1 and EL0 as EL1 controls them. */
static void el1_controls(void)
{
    write_reg(cpacr_el1, 3 << 20);
    set_sctlr(0);
    lower("nothing allowed to EL0");
    set_sctlr(1 << 9 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26 | 3 << 3 | 1 << 1);
    write_reg(cntkctl_el1, 0x303);
    lower("all allowed to EL0; stack alignment");
    write_reg(cpacr_el1, 1 << 20);
    lower("FP trapped at EL0");
    write_reg(cpacr_el1, 0);
    lower("FP trapped");
    write_reg(cpacr_el1, 3 << 20);
}

/* Traps and routing to EL2. */
static void el2_controls(void)
{
    static const struct {
        const char *what;
        uint64_t hcr, cptr, cnthctl;
    } rows[] = {
        { "HCR 0", 0, 0, 3 },
        { "TGE", HCR_TGE, 0, 3 },
        { "TSC, TID3", 1 << 19 | 1 << 18, 0, 3 },
        { "TWI, TWE, counter", WAITS, 0, 0 },
        { "CPTR: FP, CPACR", 0, 1ul << 31 | 1 << 10, 3 },
        { "API, APK", 3ul << 40, 0, 3 },
        { "HCD", 1ul << 29, 0, 3 },
    };

    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (top_level == 2 && i == 6) {
            continue;                   /* the way back is an HVC */
        }
        write_reg(hcr_el2, HCR_RW | rows[i].hcr);
        write_reg(cptr_el2, rows[i].cptr | 0x33ff);
        write_reg(cnthctl_el2, rows[i].cnthctl);
        say(rows[i].what);
        say("\n");
        waits_trap = rows[i].hcr & WAITS;
        if (!(rows[i].hcr & HCR_TGE)) {
            all(1);
        }
        all(0);
    }
    waits_trap = false;
    write_reg(hcr_el2, HCR_RW | 3ul << 40);
    write_reg(cptr_el2, 0x33ff);
    write_reg(cnthctl_el2, 3);
}

/* What TVM and TRVM trap; nothing here may come to EL1, whose handler reads such registers. */
static void vm_registers(void)
{
    OP("mrs x0, sctlr_el1\n\tmsr sctlr_el1, x0\n\tmrs x0, ttbr0_el1\n\tmsr ttbr1_el1, x0\n\tmrs x0, tcr_el1");
    OP("msr esr_el1, x0\n\tmrs x0, far_el1\n\tmsr afsr0_el1, x0\n\tmrs x0, mair_el1\n\tmsr contextidr_el1, x0");
    OP("mrs x0, vbar_el1\n\tmrs x0, elr_el1\n\tmrs x0, spsr_el1\n\tmrs x0, cpacr_el1");
}

static void virtual_memory(void)
{
    say("TVM, TRVM\n");
    write_reg(hcr_el2, HCR_RW | 1ul << 26 | 1ul << 30);
    run_at(1, vm_registers);
    write_reg(hcr_el2, HCR_RW);
}

static void virtual_interrupts(void)
{
    say("virtual interrupts\n");
    write_reg(hcr_el2, HCR_RW | 1 << 4 | 1 << 7);
    run_at(1, interrupts);
    write_reg(hcr_el2, HCR_RW | 1 << 3 | 1 << 6);
    run_at(1, interrupts);
    run_at(0, plain);
    write_reg(hcr_el2, HCR_RW | 1 << 7);
    run_at(1, interrupts);
    write_reg(hcr_el2, HCR_RW);
}

int main(void) { return 0; }

static void host_el0(void)
{
    plain();
    registers();
    el0_things();
    fp();
    addresses();
}

/* EL2 as a host: its EL0's exceptions come to it, EL1's names are its own registers. */
static void host(void)
{
    uint64_t v;

    say("host\n");
    write_reg(sctlr_el1, 0x30d00800 | 1 << 15);
    write_reg(s3_4_c2_c0_0, 0x1000);            /* TTBR0_EL2 */
    write_reg(sctlr_el2, 0x30c50830);
    write_reg(hcr_el2, HCR_RW | HCR_VHE);
    v = read_reg(sctlr_el1);
    say_hex("SCTLR_EL1", v);
    say_hex("SCTLR_EL12", read_reg(s3_5_c1_c0_0));
    say_hex("TTBR0_EL1", read_reg(ttbr0_el1));
    write_reg(ttbr0_el1, 0x2000);
    say_hex("TTBR0_EL2", read_reg(s3_4_c2_c0_0));
    write_reg(s3_5_c2_c0_0, 0x3000);
    say_hex("TTBR0_EL12", read_reg(s3_5_c2_c0_0));
    write_reg(s3_0_c1_c0_2, 3 << 20);           /* CPACR_EL1: CPTR_EL2 */
    say_hex("CPTR_EL2", read_reg(cptr_el2));
    write_reg(s3_3_c14_c3_2, 0x1234);           /* CNTV_CVAL_EL0: CNTHV_CVAL_EL2 */
    say_hex("CNTHV_CVAL_EL2", read_reg(s3_4_c14_c3_2));
    write_reg(s3_5_c14_c3_2, 0x5678);
    say_hex("CNTV_CVAL_EL02", read_reg(s3_5_c14_c3_2));
    write_reg(s3_4_c13_c0_1, 0x77);             /* CONTEXTIDR_EL2 */
    say_hex("CONTEXTIDR_EL1", read_reg(contextidr_el1));
    write_reg(elr_el1, 0x99);
    say_hex("ELR_EL2", read_reg(elr_el2));
    write_reg(s3_4_c2_c0_1, 0x4000);            /* TTBR1_EL2 */
    say_hex("TTBR1_EL1", read_reg(ttbr1_el1));
    say("\n");
}

static void host_at_el2(void)
{
    host();
    registers();
    fp();
}

static void host_on_top(void)
{
    write_reg(hcr_el2, HCR_RW | HCR_VHE | HCR_TGE);
    say("host's EL0\n");
    run_at(0, host_el0);
    write_reg(sctlr_el2, 0x30d00800 | 1 << 9 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 18 | 1 << 26 | 3 << 3 | 1 << 1);
    write_reg(cnthctl_el2, 0xf03);
    run_at(0, host_el0);
    write_reg(cptr_el2, 1 << 20);
    run_at(0, host_el0);
    write_reg(cptr_el2, 3 << 20);
    say("a guest under the host\n");
    write_reg(hcr_el2, HCR_RW | HCR_VHE);
    run_at(1, plain);
    run_at(1, fp);
    run_at(0, el0_things);
    write_reg(cptr_el2, 0);
    run_at(1, fp);
    write_reg(hcr_el2, HCR_RW);
    write_reg(sctlr_el2, 0x30c50830);
    write_reg(cptr_el2, 0x33ff);
}

static void secure_side(void)
{
    say("secure EL1 and EL0\n");
    write_reg(s3_6_c1_c1_0, SCR_BASE);
    el1_controls();
    say("WFI and FP trapped to EL3\n");
    write_reg(s3_6_c1_c1_0, SCR_BASE | 3 << 12);
    write_reg(s3_6_c1_c1_2, 1ul << 31 | 1 << 10);
    waits_trap = true;
    lower("secure");
    waits_trap = false;
    write_reg(s3_6_c1_c1_2, 0);
    say("non-secure\n");
    write_reg(s3_6_c1_c1_0, SCR_BASE | 1);
    el1_controls();
    write_reg(s3_6_c1_c1_0, 1 << 10 | 0x31);
    lower("without API and APK");
    write_reg(s3_6_c1_c1_0, SCR_BASE | 1 | 1 << 8);
}

void levels_main(void)
{
    static const uint32_t wanted[3] = { 0x8774564d, 0xc168cc95, 0x711a00d1 };
    unsigned which = top_level == 2 ? 0 : has_el2() ? 2 : 1;

    say_hex("top", top_level);
    say("\n");
    if (has_el2()) {
        write_reg(hcr_el2, HCR_RW | 3ul << 40);
        write_reg(cptr_el2, 0x33ff);
        write_reg(cnthctl_el2, 3);
    }
    if (top_level == 3) {
        secure_side();
    } else {
        el1_controls();
    }
    if (has_el2()) {
        el2_controls();
        virtual_memory();
        virtual_interrupts();
        if (top_level == 3) {
            all(2);
            run_at(2, host_at_el2);
        } else {
            host_at_el2();
        }
        host_on_top();
    }
    plain();
    fp();
    check(trace_sum() == wanted[which], "the sum of the trace");
}
