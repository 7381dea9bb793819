/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts that come while direct jumps run for the first time, which is when a translator may link a jump to its target:
 * every entry of the handler is an interrupt, never a jump that was linked to it. The code is written anew for each round, so
 * that its jumps are new; then it runs a few times. */
// run: -smp 2
// timeout: 60
// engine: jit
#include "rt.h"

#define JUMPS 2048
#define ROUNDS 80

static uint32_t code[JUMPS + 1] __attribute__((aligned(4096)));
static volatile uint32_t over, interrupts;

static void got_ipi(ulong cause)
{
    CHECK_EQ(cause, 3);
    CHECK_EQ(MSIP(0), 1);       /* only the other hart sets it, only we clear it */
    MSIP(0) = 0;
    interrupts++;
}

void secondary(ulong hart)
{
    (void)hart;
    while (!over) {
        if (!MSIP(0)) {
            MSIP(0) = 1;
        }
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

int main(void)
{
    m_interrupt = got_ipi;
    WRITE(mie, 1 << 3);
    SET(mstatus, MSTATUS_MIE);
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < JUMPS; i++) {
            code[i] = round & 1 ? 0x0040006f : 0x00000263;  /* j .+4; beqz zero, .+4 */
        }
        code[JUMPS] = 0x8067;                               /* ret */
        __asm__ volatile("fence rw, rw; fence.i" ::: "memory");
        for (unsigned i = 0; i < 4; i++) {
            call((ulong)code);
        }
    }
    over = 1;
    CHECK(interrupts > ROUNDS);
    return 0;
}
