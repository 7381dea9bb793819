/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts go to the mode that they are delegated to; vectored mode; priorities; sret. */
// run:
#include "rt.h"

static unsigned taken[16], order[8];
static volatile unsigned n_taken;

static void take_s(ulong cause)
{
    order[n_taken++] = cause;
    taken[cause]++;
    if (cause == 1) {
        CLEAR(sip, 1 << 1);
    }
    CLEAR(sie, 1ul << cause);           /* STIP and SEIP can't be cleared here */
}

static void take_m(ulong cause)
{
    order[n_taken++] = cause;
    taken[cause]++;
    if (cause == 3) {
        MSIP(0) = 0;
    } else {
        CLEAR(mie, 1ul << cause);
    }
}

static void user(ulong arg)
{
    (void)arg;
    __asm__ volatile("li a7, 0; ecall" ::: "a7");
    READ(sstatus);
}

static void supervisor(ulong arg)
{
    (void)arg;
    unsigned n = strap.count;

    __asm__ volatile(".option push; .option norvc; ebreak; .option pop");
    CHECK_EQ(strap.count, n + 1);
    CHECK_EQ(strap.cause, 3);
    CHECK_EQ(strap.status & MSTATUS_SPP, MSTATUS_SPP);
    /* software interrupt to ourselves */
    SET(sie, 1 << 1);
    SET(sip, 1 << 1);
    CHECK_EQ(taken[1], 0);
    SET(sstatus, MSTATUS_SIE);
    CHECK_EQ(taken[1], 1);
    CHECK_EQ(READ(sip) & 2, 0);
    CLEAR(sstatus, MSTATUS_SIE);
}

static void all_three(ulong arg)
{
    (void)arg;
    SET(sstatus, MSTATUS_SIE);
    CLEAR(sstatus, MSTATUS_SIE);
}

int main(void)
{
    s_traps();
    s_interrupt = take_s;
    m_interrupt = take_m;

    /* exceptions */
    WRITE(medeleg, -1ul);
    CHECK_EQ(READ(medeleg) >> 8 & 1, 1);
    WRITE(medeleg, 1 << 8 | 1 << 2 | 1 << 3);
    in_mode(U_MODE, user, 0);
    CHECK_EQ(strap.count, 2);
    CHECK_EQ(strap.cause, 2);
    CHECK_EQ(strap.status & MSTATUS_SPP, 0);
    CHECK_EQ(trap.count, 0);
    TRAPS(2, __asm__ volatile(".4byte 0xffffffff"));    /* M keeps its own */

    /* interrupts to S */
    WRITE(mideleg, -1ul);
    CHECK_EQ(READ(mideleg) & 0x222, 0x222);
    WRITE(mideleg, 0x222);
    in_mode(S_MODE, supervisor, 0);
    CHECK_EQ(taken[1], 1);

    /* all pending at once: each is taken once (the order is a unit test's, for QEMU takes them by number) */
    n_taken = 0;
    SET(mip, 0x222);
    WRITE(mie, 0x222);
    in_mode(S_MODE, all_three, 0);
    CHECK_EQ(n_taken, 3);
    CHECK_EQ(1 << order[0] | 1 << order[1] | 1 << order[2], 0x222);
    CLEAR(mip, 0x222);

    /* not delegated: machine mode takes it from S at any MIE, in M only with MIE */
    n_taken = 0;
    WRITE(mideleg, 0);
    WRITE(mie, 0x222);
    SET(mip, 1 << 9);
    CHECK_EQ(n_taken, 0);
    in_mode(S_MODE, all_three, 0);
    CHECK_EQ(n_taken, 1);
    CHECK_EQ(order[0], 9);
    CLEAR(mip, 1 << 9);

    /* vectored */
    WRITE(mtvec, (ulong)m_vectors | 1);
    WRITE(mie, 1 << 3);
    MSIP(0) = 1;
    while (!(READ(mip) & 8)) {
    }
    CHECK_EQ(vector_seen, 0);
    SET(mstatus, MSTATUS_MIE);
    while (!taken[3]) {
    }
    CLEAR(mstatus, MSTATUS_MIE);
    CHECK_EQ(vector_seen, 1);
    vector_seen = 0;
    TRAPS(2, __asm__ volatile(".4byte 0xffffffff"));    /* exceptions use the base */
    CHECK_EQ(vector_seen, 0);
    return 0;
}
