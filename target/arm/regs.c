/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers by name and number. gdb's numbers (gdb manual, "AArch64 Features"): x0 to x30 are 0 to 30, sp 31, pc 32, cpsr 33, v0
 * to v31 from 34, fpsr 66, fpcr 67.
 */
#include "target/arm/regs.h"

#include <inttypes.h>

#include "target/arm/priv.h"

enum { ID_X = 0, ID_SP = 31, ID_PC = 32, ID_CPSR = 33, ID_FPSR = 66, ID_FPCR = 67, ID_SYS = 0x10000 };
enum { GENERAL, FLOAT, CONTROL };

#define X(n) { "x" #n, 64, GENERAL, n, ID_X + n }
#define SYS(name, op0, op1, crn, crm, op2) { name, 64, CONTROL, -1, ID_SYS | ARM_SYSREG(op0, op1, crn, crm, op2) }

const struct cpu_reg arm_regs[ARM_REGS] = {
    X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7), X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15), X(16), X(17),
    X(18), X(19), X(20), X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30),
    { "sp", 64, GENERAL, 31, ID_SP }, { "pc", 64, GENERAL, 32, ID_PC }, { "cpsr", 32, GENERAL, 33, ID_CPSR },
    { "fpsr", 32, CONTROL, -1, ID_FPSR }, { "fpcr", 32, CONTROL, -1, ID_FPCR },
    SYS("sctlr_el1", 3, 0, 1, 0, 0), SYS("ttbr0_el1", 3, 0, 2, 0, 0), SYS("ttbr1_el1", 3, 0, 2, 0, 1),
    SYS("tcr_el1", 3, 0, 2, 0, 2), SYS("mair_el1", 3, 0, 10, 2, 0), SYS("vbar_el1", 3, 0, 12, 0, 0),
    SYS("esr_el1", 3, 0, 5, 2, 0), SYS("far_el1", 3, 0, 6, 0, 0), SYS("elr_el1", 3, 0, 4, 0, 1),
    SYS("spsr_el1", 3, 0, 4, 0, 0), SYS("tpidr_el0", 3, 3, 13, 0, 2), SYS("tpidr_el1", 3, 0, 13, 0, 4),
    SYS("cpacr_el1", 3, 0, 1, 0, 2), SYS("mpidr_el1", 3, 0, 0, 0, 5), SYS("midr_el1", 3, 0, 0, 0, 0),
    SYS("hcr_el2", 3, 4, 1, 1, 0), SYS("sctlr_el2", 3, 4, 1, 0, 0), SYS("vbar_el2", 3, 4, 12, 0, 0),
    SYS("esr_el2", 3, 4, 5, 2, 0), SYS("far_el2", 3, 4, 6, 0, 0), SYS("elr_el2", 3, 4, 4, 0, 1),
    SYS("spsr_el2", 3, 4, 4, 0, 0), SYS("ttbr0_el2", 3, 4, 2, 0, 0), SYS("tcr_el2", 3, 4, 2, 0, 2),
    SYS("vttbr_el2", 3, 4, 2, 1, 0), SYS("vtcr_el2", 3, 4, 2, 1, 2),
    SYS("scr_el3", 3, 6, 1, 1, 0), SYS("sctlr_el3", 3, 6, 1, 0, 0), SYS("vbar_el3", 3, 6, 12, 0, 0),
    SYS("esr_el3", 3, 6, 5, 2, 0), SYS("elr_el3", 3, 6, 4, 0, 1), SYS("spsr_el3", 3, 6, 4, 0, 0),
};

uint64_t arm_reg_read(struct cpu *c, uint32_t id)
{
    struct arm_cpu *cpu = arm_cpu(c);
    uint64_t v = 0;

    if (id & ID_SYS) {
        arm_sysreg_peek(cpu, id & ~ID_SYS, &v);
        return v;
    }
    switch (id) {
    case ID_PC:
        return c->pc;
    case ID_CPSR:
        return arm_pstate(cpu);
    case ID_FPSR:
        return arm_fpsr_read(cpu);
    case ID_FPCR:
        return arm_fpcr_read(cpu);
    default:
        return c->r[id];
    }
}

/* System registers are shown, not written: what a write means depends on the level that does it. */
void arm_reg_write(struct cpu *c, uint32_t id, uint64_t v)
{
    struct arm_cpu *cpu = arm_cpu(c);

    switch (id) {
    case ID_PC:
        c->pc = v;
        break;
    case ID_CPSR:
        if (!(v & 0x12) && arm_has_el(cpu, v >> 2 & 3) && (v & 13) != 1) {
            arm_set_pstate(cpu, v);
            arm_update_key(cpu);
        }
        break;
    case ID_FPSR:
        arm_fpsr_write(cpu, v);
        break;
    case ID_FPCR:
        arm_fpcr_write(cpu, v);
        break;
    default:
        if (id <= ID_SP) {
            c->r[id] = v;
        }
    }
}

/* ---- the monitor ---- */

void arm_print_regs(struct cpu *c, GString *out)
{
    struct arm_cpu *cpu = arm_cpu(c);
    uint32_t s = arm_pstate(cpu);

    g_string_append_printf(out, " PC=%016" PRIx64 " ", c->pc);
    for (unsigned i = 0; i < 31; i++) {
        g_string_append_printf(out, "X%02u=%016" PRIx64 "%s", i, c->r[i], i % 3 == 1 ? "\n" : " ");
    }
    g_string_append_printf(out, "SP=%016" PRIx64 "\n", c->r[31]);
    g_string_append_printf(out, "PSTATE=%08x %c%c%c%c %c%c%c%c EL%u%c\n", s, s >> 31 & 1 ? 'N' : '-', s >> 30 & 1 ? 'Z' : '-',
                           s >> 29 & 1 ? 'C' : '-', s >> 28 & 1 ? 'V' : '-', s & PSTATE_D ? 'D' : '-',
                           s & PSTATE_A ? 'A' : '-', s & PSTATE_I ? 'I' : '-', s & PSTATE_F ? 'F' : '-', cpu->el,
                           cpu->sp_sel ? 'h' : 't');
    for (unsigned el = 1; el <= 3; el++) {
        if (arm_has_el(cpu, el)) {
            g_string_append_printf(out, "EL%u: ELR=%016" PRIx64 " ESR=%08" PRIx64 " FAR=%016" PRIx64 " SPSR=%08" PRIx64
                                   " VBAR=%016" PRIx64 "\n", el, cpu->elr[el], cpu->esr[el], cpu->far[el], cpu->spsr[el],
                                   cpu->vbar[el]);
            g_string_append_printf(out, "     SCTLR=%016" PRIx64 " TCR=%016" PRIx64 " TTBR0=%016" PRIx64 " TTBR1=%016" PRIx64
                                   "\n", cpu->sctlr[el], cpu->tcr[el], cpu->ttbr0[el], cpu->ttbr1[el]);
        }
    }
    g_string_append_printf(out, "FPCR=%08x FPSR=%08x\n", arm_fpcr_read(cpu), arm_fpsr_read(cpu));
    for (unsigned i = 0; i < 32; i++) {
        g_string_append_printf(out, "Q%02u=%016" PRIx64 ":%016" PRIx64 "%s", i, cpu->v[i][1], cpu->v[i][0], i % 2 ? "\n" : " ");
    }
}

/* ---- gdb ---- */

char *arm_gdb_xml(struct cpu *c)
{
    GString *s = g_string_new("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n"
                              "  <architecture>aarch64</architecture>\n  <feature name=\"org.gnu.gdb.aarch64.core\">\n");

    for (unsigned i = 0; i < ARM_REGS; i++) {
        const struct cpu_reg *r = &arm_regs[i];

        if (r->gdb >= 0) {
            g_string_append_printf(s, "    <reg name=\"%s\" bitsize=\"%u\" regnum=\"%d\" type=\"%s\"/>\n", r->name, r->bits,
                                   r->gdb, r->id == ID_PC ? "code_ptr" : r->id == ID_SP ? "data_ptr" : "int");
        }
    }
    g_string_append(s, "  </feature>\n</target>\n");
    return g_string_free(s, FALSE);
}
