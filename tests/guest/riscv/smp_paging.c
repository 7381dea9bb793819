/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two harts share page tables: hardware updates of A and D lose nothing against each other, and after a remote fence (an
 * interrupt whose handler runs sfence.vma) the other hart sees a changed mapping.
 */
// run: -smp 2
// timeout: 90
#include "rt.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };
#define ALL (V | R | W | X | A | D)
#define FREE 0x40000000ul
#define ROUNDS 2000

#if XLEN == 64
#define BITS 9
#define SATP_MODE (8ul << 60)
#else
#define BITS 10
#define SATP_MODE (1ul << 31)
#endif
static volatile ulong root[1 << BITS] __attribute__((aligned(4096)));
static volatile ulong middle[1 << BITS] __attribute__((aligned(4096)));
static volatile ulong bottom[1 << BITS] __attribute__((aligned(4096)));
static volatile uint32_t pages[2][1024] __attribute__((aligned(4096)));
static volatile uint32_t go, request, answer, seen, fences;

static void paging_on(void)
{
    WRITE(satp, SATP_MODE | (ulong)root >> 12);
    sfence();
}

/* Machine mode's accesses through the tables, as supervisor. */
static uint32_t low_load(ulong addr)
{
    ulong bit = MSTATUS_MPRV, v;

    SET(mstatus, 1ul << 11);
    CLEAR(mstatus, 1ul << 12);
    __asm__ volatile("csrs mstatus, %1\n lw %0, 0(%2)\n csrc mstatus, %1" : "=&r"(v) : "r"(bit), "r"(addr) : "memory");
    return v;
}

static void low_store(ulong addr, uint32_t v)
{
    ulong bit = MSTATUS_MPRV;

    SET(mstatus, 1ul << 11);
    CLEAR(mstatus, 1ul << 12);
    __asm__ volatile("csrs mstatus, %0\n sw %1, 0(%2)\n csrc mstatus, %0" :: "r"(bit), "r"(v), "r"(addr) : "memory");
}

static void remote_fence(ulong cause)
{
    (void)cause;
    MSIP(1) = 0;
    sfence();
    fences++;
}

void secondary(ulong hart)
{
    (void)hart;
    m_interrupt = remote_fence;
    while (!go) {
    }
    open_pmp();
    paging_on();
    WRITE(mie, 1 << 3);
    for (uint32_t n = 1;; n++) {
        while (request < n) {
            /* MPRV's bits of mstatus must not change under low_load, so interrupts come here alone */
            SET(mstatus, MSTATUS_MIE);
            CLEAR(mstatus, MSTATUS_MIE);
        }
        seen = low_load(FREE);
        low_store(FREE + 4096 * (1 + n % 64) + 64, n);       /* sets D in one entry while the first hart sets A in another */
        answer = n;
    }
}

static void all_answered(uint32_t n)
{
    while (answer != n) {
    }
}

int main(void)
{
    uint32_t expected_fences = 0;

    root[0] = ALL;
#if XLEN == 64
    root[2] = 0x80000000ul >> 2 | ALL;
    root[1] = (ulong)middle >> 2 | V;
    middle[0] = (ulong)bottom >> 2 | V;
#else
    root[0x80000000 >> 22] = 0x80000000 >> 2 | ALL;
    root[FREE >> 22] = (ulong)bottom >> 2 | V;
    (void)middle;
#endif
    for (unsigned i = 0; i < 65; i++) {
        bottom[i] = (ulong)pages[0] >> 2 | V | R | W;
    }
    pages[0][0] = 1;
    pages[1][0] = 2;
    __asm__ volatile("fence rw, rw" ::: "memory");
    go = 1;
    open_pmp();
    paging_on();
    for (uint32_t n = 1; n <= ROUNDS; n++) {
        ulong page = (ulong)pages[n & 1];

        /* another mapping, visible after the fence */
        bottom[0] = page >> 2 | V | R;
        __asm__ volatile("fence rw, rw" ::: "memory");
        MSIP(1) = 1;
        expected_fences++;
        while (fences != expected_fences) {
        }
        for (unsigned i = 1; i < 65; i++) {
            bottom[i] = (ulong)pages[0] >> 2 | V | R | W;
        }
        sfence();
        pages[n & 1][0] = n * 3;
        __asm__ volatile("fence rw, rw" ::: "memory");
        request = n;
        for (unsigned i = 1; i < 65; i++) {
            low_load(FREE + 4096 * i);
        }
        all_answered(n);
        CHECK_EQ(seen, n * 3);
        CHECK(bottom[1 + n % 64] & D);
        for (unsigned i = 1; i < 65; i++) {
            CHECK(bottom[i] & A);
        }
        CHECK(bottom[0] & A);
    }
    return 0;
}
