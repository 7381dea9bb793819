/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu cortex-a57
// run: a64 -cpu max
// run: a64 -cpu max -machine virt,virtualization=on
/* Synchronous exceptions at EL1 and from EL0: class, syndrome, return address, saved state. */
#include "rt.h"

static uint8_t el0_stack[4096] __attribute__((aligned(16)));

static void from_el0(void)
{
    __asm__ volatile("svc #7");
    __asm__ volatile(".inst 0x00000000");
    __asm__ volatile("mrs x0, sctlr_el1" : : : "x0");
    __asm__ volatile("brk #3");
    __asm__ volatile("svc #0");
}

static unsigned seen;
static uint32_t classes[8];
static uint64_t flags;

static bool note(struct frame *f, unsigned vector)
{
    if (vector == 0x400 && seen < 8) {
        classes[seen++] = trap_esr >> 26;
    }
    flags = f->pstate >> 28;
    return false;
}

static void at_el1(void)
{
    uint64_t sp0 = read_reg(sp_el0), pstate;

    (void)sp0;
    __asm__ volatile("svc #0x1234");
    check(trap_vector == 0x200 && ec() == 0x15 && (trap_esr & 0xffff) == 0x1234 && (trap_esr >> 25 & 1), "svc at EL1");
    check((trap_pstate & 0xf) == 5, "saved mode is EL1h");
    __asm__ volatile("brk #0x77");
    check(ec() == 0x3c && (trap_esr & 0xffff) == 0x77, "brk");
    __asm__ volatile(".inst 0x00000000");
    check(ec() == 0 && (trap_esr & 0x1ffffff) == 0, "undefined instruction");
    __asm__ volatile("mrs x0, s3_7_c15_c15_7" : : : "x0");
    check(ec() == 0, "a system register that is not there");
    __asm__ volatile("msr daifclr, #15\n\tmrs %0, daif\n\tmsr daifset, #15" : "=r"(pstate));
    check(pstate == 0, "DAIF");
    __asm__ volatile("msr nzcv, %0\n\tsvc #1" : : "r"(0xa0000000ul));
    check(flags == 0xa, "flags are saved");
    /* An illegal return: EL0 with SPSel set. IL makes the next instruction undefined. */
    __asm__ volatile("adr x0, 1f\n\tmsr elr_el1, x0\n\tmov x0, #1\n\tmsr spsr_el1, x0\n\teret\n1:\tnop" : : : "x0");
    check(ec() == 0x0e && (trap_pstate >> 20 & 1), "illegal exception return");
}

static void fp_access(void)
{
    write_reg(cpacr_el1, 0);
    __asm__ volatile(".inst 0x1e602800");       /* fadd d0, d0, d0 */
    check(ec() == 0x07, "FP trap");
    write_reg(cpacr_el1, 3 << 20);
}

int main(uint64_t el)
{
    on_trap = note;
    at_el1();
    fp_access();
    check(seen == 0, "nothing from EL0 yet");
    run_at_el0(from_el0, el0_stack + sizeof(el0_stack));
    check(seen == 5 && classes[0] == 0x15 && classes[1] == 0 && classes[2] == 0 && classes[3] == 0x3c &&
          classes[4] == 0x15, "exceptions from EL0");
    check(el == 4 || el == 8, "CurrentEL at the start");
    return 0;
}
