/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UART's interrupt through the PLIC to machine and supervisor mode: claim, complete, mip.SEIP of two sources. */
// run:
#include "rt.h"

#define CONTEXT(n) (PLIC + 0x200000 + 0x1000 * (n))
#define ENABLE(n) (*(volatile uint32_t *)(PLIC + 0x2000 + 0x80 * (n)))
#define THRESHOLD(n) (*(volatile uint32_t *)CONTEXT(n))
#define CLAIM(n) (*(volatile uint32_t *)(CONTEXT(n) + 4))
#define UART_IER (*(volatile uint8_t *)(UART + 1))

static volatile unsigned seen, where;

static void taken(ulong cause)
{
    unsigned context = cause == 11 ? 0 : 1;

    CHECK_EQ(CLAIM(context), UART_IRQ);
    CHECK_EQ(CLAIM(context), 0);
    UART_IER = 0;
    CLAIM(context) = UART_IRQ;
    where = cause;
    seen++;
}

static void supervisor(ulong arg)
{
    (void)arg;
    SET(sie, 1 << 9);
    SET(sstatus, MSTATUS_SIE);
    UART_IER = 2;                               /* transmitter empty */
    while (!seen) {
    }
    CLEAR(sstatus, MSTATUS_SIE);
    CHECK_EQ(where, 9);
}

int main(void)
{
    *(volatile uint32_t *)(PLIC + 4 * UART_IRQ) = 1;
    m_interrupt = s_interrupt = taken;
    s_traps();
    UART_IER = 0;
    ENABLE(0) = 1 << UART_IRQ;
    THRESHOLD(0) = 0;
    WRITE(mie, 1 << 11);
    SET(mstatus, MSTATUS_MIE);
    UART_IER = 2;
    while (!seen) {
    }
    CLEAR(mstatus, MSTATUS_MIE);
    CHECK_EQ(where, 11);
    CHECK_EQ(READ(mip) & 1 << 11, 0);

    /* to the supervisor */
    seen = 0;
    ENABLE(0) = 0;
    ENABLE(1) = 1 << UART_IRQ;
    THRESHOLD(1) = 0;
    WRITE(mideleg, 0x222);
    in_mode(S_MODE, supervisor, 0);

    /* the line shows in mip.SEIP, and a set-and-clear of another bit does not make it stick */
    WRITE(mie, 0);
    UART_IER = 2;
    while (!(READ(mip) & 1 << 9)) {
    }
    SET(mip, 1 << 1);
    CHECK_EQ(CLAIM(1), UART_IRQ);
    UART_IER = 0;
    CLAIM(1) = UART_IRQ;
    while (READ(mip) & 1 << 9) {
    }
    SET(mip, 1 << 9);
    CHECK_EQ(READ(mip) & 0x222, 0x202);
    CLEAR(mip, 0x222);
    CHECK_EQ(READ(mip) & 0x222, 0);
    return 0;
}
