/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACLINT's supervisor software interrupts: a write of setssip makes SSIP of that hart pending, once; software clears it. */
// run: -machine virt,aclint=on -smp 2
#include "rt.h"

enum { SETSSIP = 0x2f00000, SSIP = 2 };

static volatile unsigned taken;

static void s_irq(ulong cause)
{
    CHECK_EQ(cause, 1);
    CLEAR(sip, SSIP);
    taken++;
}

static void wait_for_ssip(void)
{
    for (unsigned i = 0; i < 100000000 && !(READ(mip) & SSIP); i++) {
    }
    CHECK_EQ(READ(mip) & SSIP, SSIP);
}

static void supervisor(ulong arg)
{
    (void)arg;
    s_interrupt = s_irq;
    SET(sie, SSIP);
    SET(sstatus, MSTATUS_SIE);
    while (taken < 3) {
    }
}

/* The other hart interrupts hart 0 each time it has seen the last one taken. */
void secondary(ulong hart)
{
    (void)hart;
    for (unsigned n = 1; n <= 3; n++) {
        while (taken != n - 1) {
        }
        store32(SETSSIP, 1);
        while (taken != n) {
        }
    }
    for (;;) {
        __asm__ volatile("wfi");
    }
}

int main(void)
{
    CHECK_EQ(load32(SETSSIP), 0);
    wait_for_ssip();                            /* the other hart's first one */
    store32(SETSSIP, 0);                        /* no effect */
    CHECK_EQ(READ(mip) & SSIP, SSIP);
    CLEAR(mip, SSIP);
    CHECK_EQ(READ(mip) & SSIP, 0);
    store32(SETSSIP, 1);                        /* to ourselves */
    wait_for_ssip();
    WRITE(mideleg, SSIP);
    s_traps();
    in_mode(S_MODE, supervisor, 0);
    CHECK_EQ(taken, 3);
    return 0;
}
