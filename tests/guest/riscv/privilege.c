/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Privileged registers and instructions trap below their mode; TVM, TW, TSR and counter gates; returns restore the mode. */
// run:
#include "rt.h"

static void from_user(ulong arg)
{
    (void)arg;
    TRAPS(2, READ(sstatus));
    TRAPS(2, READ(mstatus));
    TRAPS(2, READ(cycle));
    TRAPS(2, __asm__ volatile("sret"));
    TRAPS(2, __asm__ volatile("mret"));
    TRAPS(2, sfence());
    TRAPS(2, __asm__ volatile("wfi"));
    TRAPS(8, __asm__ volatile("li a7, 0; ecall" ::: "a7"));
    TRAPS(3, __asm__ volatile(".option push; .option norvc; ebreak; .option pop"));
    CHECK_EQ(trap.tval, trap.epc);
    TRAPS(2, __asm__ volatile(".4byte 0xffffffff"));
    CHECK_EQ(trap.tval & 0xffffffff, 0xffffffff);
    TRAPS(2, __asm__ volatile(".2byte 0"));
    CHECK_EQ(trap.tval, 0);
    NO_TRAP(__asm__ volatile("fence; fence.i"));
}

static void from_supervisor(ulong arg)
{
    (void)arg;
    NO_TRAP(READ(sstatus));
    TRAPS(2, READ(mstatus));
    TRAPS(2, WRITE(mepc, 0));
    TRAPS(2, WRITE(cycle, 0));                  /* read-only */
    TRAPS(2, __asm__ volatile("mret"));
    TRAPS(9, __asm__ volatile("li a7, 0; ecall" ::: "a7"));
    NO_TRAP(sfence());
    NO_TRAP(READ(satp));
}

static void trapped_supervisor(ulong arg)
{
    (void)arg;
    TRAPS(2, READ(satp));
    TRAPS(2, WRITE(satp, 0));
    TRAPS(2, sfence());
    TRAPS(2, __asm__ volatile("wfi"));
    TRAPS(2, __asm__ volatile("sret"));
}

static void counters(ulong open)
{
    if (open) {
        NO_TRAP(READ(cycle));
        NO_TRAP(READ(instret));
        NO_TRAP(READ(time));
    } else {
        TRAPS(2, READ(cycle));
        TRAPS(2, READ(instret));
        TRAPS(2, READ(time));
    }
}

static void nothing(ulong arg)
{
    (void)arg;
}

static void machine_level(void)
{
    TRAPS(11, __asm__ volatile("li a7, 0; ecall" ::: "a7"));
    TRAPS(2, __asm__ volatile("csrr t0, 0x7c0" ::: "t0"));
    TRAPS(2, WRITE(mhartid, 0));
    CHECK_EQ(READ(mhartid), 0);
    CHECK_EQ(READ(misa) >> (XLEN - 2), XLEN == 64 ? 2 : 1);
    WRITE(mscratch, READ(mscratch));
    CHECK((ulong)SWAP(mcause, 5) != 5 || true);
    CHECK_EQ(READ(mcause), 5);
    TRAPS(2, READ(fcsr));                       /* FS is off */
    SET(mstatus, 1 << 13);
    NO_TRAP(READ(fcsr));
    CHECK_EQ(READ(mstatus) & MSTATUS_FS, 1 << 13);
    WRITE(fcsr, 0x1f);
    CHECK_EQ(READ(mstatus) & MSTATUS_FS, MSTATUS_FS);
    CHECK_EQ(READ(mstatus) >> (XLEN - 1), 1);   /* SD */
    CHECK_EQ(READ(fflags), 0x1f);
    WRITE(fcsr, 0);
    CLEAR(mstatus, MSTATUS_FS);
}

int main(void)
{
    machine_level();
    in_mode(U_MODE, from_user, 0);
    in_mode(S_MODE, from_supervisor, 0);
    SET(mstatus, MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR);
    in_mode(S_MODE, trapped_supervisor, 0);
    CLEAR(mstatus, MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR);
    WRITE(mcounteren, 0);
    WRITE(scounteren, 0);
    in_mode(S_MODE, counters, 0);
    WRITE(mcounteren, 7);
    in_mode(S_MODE, counters, 1);
    in_mode(U_MODE, counters, 0);
    WRITE(scounteren, 7);
    in_mode(U_MODE, counters, 1);
    WRITE(mcounteren, 0);
    in_mode(U_MODE, counters, 0);
    /* a return to a lower mode ends MPRV */
    SET(mstatus, MSTATUS_MPRV);
    in_mode(S_MODE, nothing, 0);
    CHECK_EQ(READ(mstatus) & MSTATUS_MPRV, 0);
    return 0;
}
