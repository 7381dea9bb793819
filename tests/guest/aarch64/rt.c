/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt.h"

#define UART (*(volatile uint32_t *)0x9000000)
#define SVC_BACK 0

volatile unsigned traps, trap_vector;
volatile uint64_t trap_esr, trap_far, trap_pc, trap_pstate;
bool (*volatile on_trap)(struct frame *f, unsigned vector);
static unsigned failures;
void el0_back(void);
void trap(struct frame *f, unsigned vector);

void print(const char *s)
{
    while (*s) {
        UART = (uint8_t)*s++;
    }
}

void print_hex(uint64_t v)
{
    for (int i = 60; i >= 0; i -= 4) {
        UART = "0123456789abcdef"[v >> i & 15];
    }
}

void check(bool ok, const char *what)
{
    if (!ok) {
        failures++;
        print("FAIL: ");
        print(what);
        print(" ESR ");
        print_hex(trap_esr);
        print(" FAR ");
        print_hex(trap_far);
        print(" pc ");
        print_hex(trap_pc);
        print("\n");
    }
}

void finish(void)
{
    print(failures ? "FAILED\n" : "PASS\n");
    power_off();
}

__attribute__((weak)) void power_off(void)
{
    /* PSCI SYSTEM_OFF. Where the guest has EL2 the board's conduit is SMC. */
    if (read_reg(id_aa64pfr0_el1) >> 8 & 15) {
        __asm__ volatile("mov x0, %0\n\tsmc #0" : : "r"(0x84000008ul) : "x0", "x1", "x2", "x3");
    }
    __asm__ volatile("mov x0, %0\n\thvc #0" : : "r"(0x84000008ul) : "x0", "x1", "x2", "x3");
    for (;;) {
    }
}

void trap(struct frame *f, unsigned vector)
{
    traps++;
    trap_vector = vector;
    trap_esr = read_reg(esr_el1);
    trap_far = read_reg(far_el1);
    trap_pc = f->pc;
    trap_pstate = f->pstate;
    if (on_trap && on_trap(f, vector)) {
        return;
    }
    if (vector == 0x400 && ec() == 0x15 && (trap_esr & 0xffff) == SVC_BACK) {
        f->pc = (uint64_t)el0_back;
        f->pstate = 0x3c5;
        return;
    }
    f->pstate &= ~(1ull << 20);     /* IL */
    if (ec() != 0x15) {             /* SVC's return address is behind it already */
        f->pc += 4;
    }
}
