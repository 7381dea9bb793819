/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt.h"

#define FINISHER 0x100000ul
#define RETURN_CALL 0x1234          /* a7 of the environment call that ends in_mode */

struct frame {
    ulong pc, x[31];
};

volatile struct trap trap, strap;
void (*volatile m_interrupt)(ulong cause);
void (*volatile s_interrupt)(ulong cause);
extern char sstack[], low_return[];
static char low_stack[4096] __attribute__((aligned(16)));
void run_low(void (*fn)(ulong), ulong arg, void *sp);
void m_trap(struct frame *f);
void s_trap(struct frame *f);

void puts_(const char *s)
{
    while (*s) {
        *(volatile uint8_t *)UART = *s++;
    }
}

void put_hex(ulong v)
{
    for (int i = XLEN - 4; i >= 0; i -= 4) {
        *(volatile uint8_t *)UART = "0123456789abcdef"[v >> i & 15];
    }
}

static void put_dec(unsigned v)
{
    if (v > 9) {
        put_dec(v / 10);
    }
    *(volatile uint8_t *)UART = '0' + v % 10;
}

void finish(int status)
{
    if (!status) {
        puts_("PASS\n");
    }
    *(volatile uint32_t *)FINISHER = status ? 0x3333 | (uint32_t)status << 16 : 0x5555;
    for (;;) {
    }
}

void fail(int line, ulong got, ulong want)
{
    WRITE(mie, 0);                      /* from a lower mode: traps, and is skipped */
    puts_("FAIL line ");
    put_dec(line);
    puts_(": 0x");
    put_hex(got);
    puts_(", not 0x");
    put_hex(want);
    puts_("; last trap ");
    put_hex(trap.cause);
    puts_(" at ");
    put_hex(trap.epc);
    puts_(" tval ");
    put_hex(trap.tval);
    puts_("\n");
    finish(1);
}

__attribute__((weak)) void secondary(ulong hart)
{
    (void)hart;
}

static ulong behind(ulong pc)
{
    return pc + ((*(volatile uint16_t *)pc & 3) == 3 ? 4 : 2);
}

static void record(volatile struct trap *t, struct frame *f, ulong cause, ulong tval, ulong status)
{
    t->cause = cause;
    t->epc = f->pc;
    t->tval = tval;
    t->status = status;
    t->count++;
    /* A fetch that failed is resumed at the return address. */
    f->pc = cause == 0 || cause == 1 || cause == 12 ? f->x[0] : behind(f->pc);
}

void m_trap(struct frame *f)
{
    ulong cause = READ(mcause), status = READ(mstatus), tval = READ(mtval);

    if (cause & INTERRUPT) {
        m_interrupt(cause & ~INTERRUPT);
        return;
    }
    if (cause >= 8 && cause <= 10 && f->x[16] == RETURN_CALL) {
        SET(mstatus, MSTATUS_MPP);
        f->pc = (ulong)low_return;
        return;
    }
    record(&trap, f, cause, tval, status);
    if (trap.count > 100000) {
        fail(0, cause, f->pc);
    }
}

void s_trap(struct frame *f)
{
    ulong cause = READ(scause), status = READ(sstatus), tval = READ(stval);

    if (cause & INTERRUPT) {
        s_interrupt(cause & ~INTERRUPT);
        return;
    }
    if (cause == 8 && f->x[16] == RETURN_CALL) {        /* a delegated one: pass it on */
        __asm__ volatile("mv a7, %0; ecall" :: "r"((ulong)RETURN_CALL) : "a7", "memory");
    }
    record(&strap, f, cause, tval, status);
}

void s_traps(void)
{
    WRITE(stvec, s_entry);
    WRITE(sscratch, sstack);
}

void open_pmp(void)
{
    WRITE(pmpaddr15, -1ul);
    SET(pmpcfg2, 0);                    /* RV64: entries 8 to 15; RV32: 8 to 11 */
#if XLEN == 64
    SET(pmpcfg2, 0x1ful << 56);
#else
    SET(pmpcfg3, 0x1ful << 24);
#endif
}

void in_mode(unsigned mode, void (*fn)(ulong), ulong arg)
{
    ulong mie = READ(mstatus) & MSTATUS_MIE;

    open_pmp();
    CLEAR(mstatus, MSTATUS_MPP | MSTATUS_MPIE);
    SET(mstatus, (ulong)mode << 11 | (mie ? MSTATUS_MPIE : 0));
    run_low(fn, arg, low_stack + sizeof low_stack);
}
