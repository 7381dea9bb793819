/* SPDX-License-Identifier: GPL-2.0-or-later */
// run: a64 -cpu cortex-a57
// run: a64 -cpu max
/* Self-hosted debug at EL1: software step of EL0, breakpoint and watchpoint registers. */
#include "rt.h"

static uint8_t stack0[4096] __attribute__((aligned(16)));
static volatile uint64_t data[4] __attribute__((aligned(32)));
static unsigned steps, classes[16];
static uint64_t first_pc, last_pc, syndromes;

#define BCR(el0) (1ul | (el0 ? 2ul : 1ul) << 1 | 15ul << 5)
#define WCR(rw, bas) (1ul | 1ul << 1 | (uint64_t)(rw) << 3 | (uint64_t)(bas) << 5)

static void stepped_code(void)
{
    __asm__ volatile("mov x0, #0\n\tcbz x0, 1f\n\tnop\n1:\tadd x0, x0, #1\n\tldxr x1, [%0]\n\tsvc #5\n\tnop\n\tsvc #0"
                     : : "r"(data) : "x0", "x1");
}

static bool step(struct frame *f, unsigned vector)
{
    if (vector == 0x400 && ec() == 0x32) {
        first_pc = steps ? first_pc : f->pc;
        last_pc = f->pc;
        syndromes = syndromes * 31 + (trap_esr & 0x1ffffff);
        steps++;
        print_hex(f->pc - first_pc);
        print(" ");
        print_hex(trap_esr);
        print("\n");
        f->pstate |= 1 << 21;
        if (steps > 40) {
            write_reg(mdscr_el1, 0);
        }
        return true;
    }
    if (vector == 0x400 && (trap_esr & 0xffff) == 0) {
        write_reg(mdscr_el1, 0);
    }
    return false;
}

static bool hit(struct frame *f, unsigned vector)
{
    (void)vector;
    if (steps < 16) {
        classes[steps] = (unsigned)trap_esr;
    }
    steps++;
    if (ec() == 0x31) {
        write_reg(dbgbcr0_el1, 0);
        return true;
    }
    (void)f;
    return false;                       /* behind the access */
}

__attribute__((noinline)) static void target(void)
{
    __asm__ volatile("nop");
}

static void registers(void)
{
    on_trap = hit;
    steps = 0;
    write_reg(mdscr_el1, 1 << 15 | 1 << 13);
    __asm__ volatile("msr daifclr, #8");
    write_reg(dbgbvr0_el1, (uint64_t)target);
    write_reg(dbgbcr0_el1, BCR(false));
    target();
    check(steps == 1 && classes[0] == 0xc6000022 && trap_pc == (uint64_t)target, "breakpoint");
    target();
    check(steps == 1, "switched off");
    steps = 0;
    write_reg(dbgwvr0_el1, (uint64_t)&data[1]);
    write_reg(dbgwcr0_el1, WCR(3, 0xff));
    (void)data[1];
    check(steps == 1 && classes[0] == 0xd6000022 && trap_far == (uint64_t)&data[1], "watchpoint, load");
    data[1] = 9;
    check(steps == 2 && classes[1] == 0xd6000062 && data[0] == 0, "watchpoint, store");
    data[0] = data[2] = 7;
    check(steps == 2 && data[0] == 7 && data[2] == 7, "its neighbours");
    write_reg(dbgwcr0_el1, WCR(2, 0x10));
    *(volatile uint8_t *)((uint64_t)&data[1] + 3) = 1;
    check(steps == 2, "other bytes");
    *(volatile uint8_t *)((uint64_t)&data[1] + 4) = 1;
    check(steps == 3, "selected byte");
    (void)data[1];
    check(steps == 3, "stores alone");
    write_reg(dbgwvr0_el1, (uint64_t)data);
    write_reg(dbgwcr0_el1, WCR(2, 0xff) | 5ul << 24);
    data[3] = 1;
    check(steps == 4, "a range by mask");
    write_reg(dbgwcr0_el1, 0);
    __asm__ volatile("msr daifset, #8");
    write_reg(mdscr_el1, 0);
}


int main(void)
{
    write_reg(s2_0_c1_c0_4, 0);         /* OSLAR_EL1 */
    on_trap = step;
    write_reg(mdscr_el1, 1);
    run_at_el0(stepped_code, stack0 + sizeof(stack0));
    check(steps > 5, "steps");
    registers();
    return 0;
}
