/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny runtime for bare-metal tests on the virt board. main(hart 0) returns 0 for success; CHECK ends the program with
 * the line's number where a condition fails. An exception is recorded in `trap` (machine mode) or `strap` (supervisor mode),
 * and the instruction that raised it is skipped.
 */
#ifndef RT_H
#define RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned long ulong;

#define READ(csr) ({ ulong v_; __asm__ volatile("csrr %0, " #csr : "=r"(v_) :: "memory"); v_; })
#define WRITE(csr, v) __asm__ volatile("csrw " #csr ", %0" :: "rK"((ulong)(v)) : "memory")
#define SWAP(csr, v) \
    ({ ulong v_; __asm__ volatile("csrrw %0, " #csr ", %1" : "=r"(v_) : "rK"((ulong)(v)) : "memory"); v_; })
#define SET(csr, v) __asm__ volatile("csrs " #csr ", %0" :: "rK"((ulong)(v)) : "memory")
#define CLEAR(csr, v) __asm__ volatile("csrc " #csr ", %0" :: "rK"((ulong)(v)) : "memory")

#define XLEN __riscv_xlen
#define INTERRUPT (1ul << (XLEN - 1))
enum { U_MODE, S_MODE, M_MODE = 3 };

#define MSTATUS_SIE (1ul << 1)
#define MSTATUS_MIE (1ul << 3)
#define MSTATUS_SPIE (1ul << 5)
#define MSTATUS_MPIE (1ul << 7)
#define MSTATUS_SPP (1ul << 8)
#define MSTATUS_MPP (3ul << 11)
#define MSTATUS_FS (3ul << 13)
#define MSTATUS_MPRV (1ul << 17)
#define MSTATUS_SUM (1ul << 18)
#define MSTATUS_MXR (1ul << 19)
#define MSTATUS_TVM (1ul << 20)
#define MSTATUS_TW (1ul << 21)
#define MSTATUS_TSR (1ul << 22)

struct trap {
    ulong cause, epc, tval, status;
    unsigned count;
};
extern volatile struct trap trap, strap;
extern volatile unsigned vector_seen;

/* Called for interrupts taken in machine mode, in supervisor mode: must make the interrupt go away. */
extern void (*volatile m_interrupt)(ulong cause);
extern void (*volatile s_interrupt)(ulong cause);

void m_entry(void), s_entry(void), m_vectors(void);
int main(void);
void secondary(ulong hart);                 /* other harts; the default sleeps */
void finish(int status) __attribute__((noreturn));
void fail(int line, ulong got, ulong want) __attribute__((noreturn));
void puts_(const char *s);
void put_hex(ulong v);

/* Runs fn(arg) in a lower mode on a stack of its own, until it returns; on hart 0. Without delegation its exceptions go to
 * machine mode. PMP is opened for it. */
void in_mode(unsigned mode, void (*fn)(ulong), ulong arg);
/* Sets up supervisor traps: stvec, sscratch. */
void s_traps(void);
void open_pmp(void);

#define CHECK(c) \
    do { \
        if (!(c)) { \
            fail(__LINE__, 0, 1); \
        } \
    } while (0)
#define CHECK_EQ(a, b) \
    do { \
        ulong a_ = (ulong)(a), b_ = (ulong)(b); \
        if (a_ != b_) { \
            fail(__LINE__, a_, b_); \
        } \
    } while (0)
/* The statement raises exactly this exception in machine mode (also when it runs in a lower one). */
#define TRAPS(cause_, statement) \
    do { \
        unsigned n_ = trap.count; \
        statement; \
        __asm__ volatile("" ::: "memory"); \
        CHECK_EQ(trap.count, n_ + 1); \
        CHECK_EQ(trap.cause, cause_); \
    } while (0)
#define NO_TRAP(statement) \
    do { \
        unsigned n_ = trap.count; \
        statement; \
        __asm__ volatile("" ::: "memory"); \
        CHECK_EQ(trap.count, n_); \
    } while (0)

/* Accesses that the compiler can't drop or split. */
static inline uint32_t load32(ulong addr)
{
    uint32_t v = 0xdeadbeef;

    __asm__ volatile("lw %0, 0(%1)" : "+r"(v) : "r"(addr) : "memory");
    return v;
}

static inline void store32(ulong addr, uint32_t v)
{
    __asm__ volatile("sw %0, 0(%1)" :: "r"(v), "r"(addr) : "memory");
}

static inline void call(ulong addr)
{
    __asm__ volatile("jalr %0" :: "r"(addr) : "ra", "t0", "memory");
}

static inline void sfence(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

/* Devices of the board */
#define UART 0x10000000ul
#define CLINT 0x2000000ul
#define MSIP(hart) (*(volatile uint32_t *)(CLINT + 4 * (hart)))
#define PLIC 0xc000000ul
#define UART_IRQ 10

static inline uint64_t mtime(void)
{
#if XLEN == 64
    return *(volatile uint64_t *)(CLINT + 0xbff8);
#else
    volatile uint32_t *t = (volatile uint32_t *)(CLINT + 0xbff8);
    uint32_t hi, lo;

    do {
        hi = t[1];
        lo = t[0];
    } while (t[1] != hi);
    return (uint64_t)hi << 32 | lo;
#endif
}

static inline void set_mtimecmp(unsigned hart, uint64_t v)
{
    volatile uint32_t *t = (volatile uint32_t *)(CLINT + 0x4000 + 8 * hart);

    t[1] = UINT32_MAX;
    t[0] = (uint32_t)v;
    t[1] = v >> 32;
}

#endif
