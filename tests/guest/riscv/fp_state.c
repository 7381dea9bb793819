/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Floating-point state: off, initial, dirty; rounding modes that are not there; flags; UXL and the state of another mode. */
// run: rv64
// run: rv64 -cpu max
#include "rt.h"

#define FS(n) ((ulong)(n) << 13)

static ulong fs(void)
{
    return READ(mstatus) >> 13 & 3;
}

static void set_fs(ulong n)
{
    CLEAR(mstatus, FS(3));
    SET(mstatus, FS(n));
}

static void fadd(void)
{
    __asm__ volatile("fadd.d ft0, ft0, ft1");
}

static void supervisor(ulong arg)
{
    (void)arg;
    TRAPS(2, fadd());
    SET(sstatus, FS(1));
    NO_TRAP(fadd());
    CHECK_EQ(READ(sstatus) >> 13 & 3, 3);
    CHECK_EQ(READ(sstatus) >> 63, 1);
    CLEAR(sstatus, FS(3));
}

int main(void)
{
    double d = 0;
    uint64_t bits;
    float f;

    CHECK_EQ(fs(), 0);
    TRAPS(2, fadd());
    TRAPS(2, __asm__ volatile("fld ft0, 0(%0)" :: "r"(&d)));
    TRAPS(2, __asm__ volatile("c.fldsp fa0, 0(sp)"));
    for (unsigned n = 1; n <= 2; n++) {
        set_fs(n);
        __asm__ volatile("fmv.d.x ft0, zero");
        CHECK_EQ(fs(), 3);
        CHECK_EQ(READ(mstatus) >> 63, 1);
        set_fs(n);
        __asm__ volatile("fld ft1, 0(%0)" :: "r"(&d));
        CHECK_EQ(fs(), 3);
        set_fs(n);
        WRITE(fflags, 0);
        CHECK_EQ(fs(), 3);
    }
    /* the loop must not stay slow or wrong when the state changes inside */
    for (unsigned i = 0; i < 1000; i++) {
        set_fs(1 + i % 3);
        fadd();
        CHECK_EQ(fs(), 3);
    }
    /* rounding modes */
    set_fs(3);
    for (unsigned rm = 0; rm < 8; rm++) {
        WRITE(frm, rm);
        CHECK_EQ(READ(fcsr) >> 5, rm);
        if (rm < 5) {
            NO_TRAP(fadd());
        } else {
            TRAPS(2, fadd());
        }
        NO_TRAP(__asm__ volatile("fadd.d ft0, ft0, ft1, rtz"));
    }
    TRAPS(2, __asm__ volatile(".4byte 0x02005053"));     /* fadd.d ft0, ft0, ft0 with rm = 5 */
    /* 1 / 3 in each direction; inexact */
    static const uint64_t want[5] = { 0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555555, 0x3fd5555555555556,
                                      0x3fd5555555555555 };
    for (unsigned rm = 0; rm < 5; rm++) {
        WRITE(fcsr, rm << 5);
        __asm__ volatile("li t0, 1\n fcvt.d.w ft0, t0\n li t0, 3\n fcvt.d.w ft1, t0\n fdiv.d ft0, ft0, ft1\n fmv.x.d %0, ft0"
                         : "=r"(bits) :: "t0");
        CHECK_EQ(bits, want[rm]);
        CHECK_EQ(READ(fflags), 1);
    }
    WRITE(fcsr, 0);
    __asm__ volatile("fmv.d.x ft0, zero\n fmv.d.x ft1, zero\n fdiv.d ft0, ft0, ft1\n fmv.x.d %0, ft0" : "=r"(bits));
    CHECK_EQ(bits, 0x7ff8000000000000);
    CHECK_EQ(READ(fflags), 0x10);
    /* boxed singles */
    __asm__ volatile("fmv.w.x ft0, zero\n fmv.x.d %0, ft0" : "=r"(bits));
    CHECK_EQ(bits, 0xffffffff00000000);
    __asm__ volatile("fmv.d.x ft0, zero\n fadd.s ft0, ft0, ft0\n fmv.x.w %0, ft0" : "=r"(bits));
    CHECK_EQ(bits, 0x7fc00000);
    __asm__ volatile("fmv.w.x %0, %1" : "=f"(f) : "r"(0x3f800000));
    CHECK(f == 1.0f);
    set_fs(0);
    in_mode(S_MODE, supervisor, 0);
    return 0;
}
