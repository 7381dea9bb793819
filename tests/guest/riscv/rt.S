/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start and trap entries. Every hart has a stack and, for traps, a frame with a small stack below it whose address
 * stands in mscratch (and sscratch, in supervisor mode).
 */
#if __riscv_xlen == 64
#define S(r, n) sd r, (n) * 8(sp)
#define L(r, n) ld r, (n) * 8(sp)
#define W 8
#else
#define S(r, n) sw r, (n) * 4(sp)
#define L(r, n) lw r, (n) * 4(sp)
#define W 4
#endif
#define STACK 8192
#define TRAP_STACK 4096
#define FRAME 256           /* 32 words */

    .section .start, "ax"
    .globl _start
_start:
    csrr t0, mhartid
    li t1, STACK
    addi t2, t0, 1
    mul t1, t1, t2
    la sp, stacks
    add sp, sp, t1
    li t1, TRAP_STACK
    mul t1, t1, t2
    la t3, mstacks
    add t3, t3, t1
    addi t3, t3, -FRAME
    csrw mscratch, t3
    la t3, m_entry
    csrw mtvec, t3
    mv a0, t0
    bnez t0, 1f
    call main
    call finish
1:  call secondary
2:  wfi
    j 2b

    .text
/* x1..x31 in words 1..31 of the frame, the pc in word 0. */
.macro save scratch, epc
    csrrw sp, \scratch, sp
    S(x1, 1)
    S(x3, 3)
    S(x4, 4)
    S(x5, 5)
    S(x6, 6)
    S(x7, 7)
    S(x8, 8)
    S(x9, 9)
    S(x10, 10)
    S(x11, 11)
    S(x12, 12)
    S(x13, 13)
    S(x14, 14)
    S(x15, 15)
    S(x16, 16)
    S(x17, 17)
    S(x18, 18)
    S(x19, 19)
    S(x20, 20)
    S(x21, 21)
    S(x22, 22)
    S(x23, 23)
    S(x24, 24)
    S(x25, 25)
    S(x26, 26)
    S(x27, 27)
    S(x28, 28)
    S(x29, 29)
    S(x30, 30)
    S(x31, 31)
    csrrw t0, \scratch, sp
    S(t0, 2)
    csrr t0, \epc
    S(t0, 0)
    mv a0, sp
.endm
.macro restore epc
    L(t0, 0)
    csrw \epc, t0
    L(x1, 1)
    L(x3, 3)
    L(x4, 4)
    L(x5, 5)
    L(x6, 6)
    L(x7, 7)
    L(x8, 8)
    L(x9, 9)
    L(x10, 10)
    L(x11, 11)
    L(x12, 12)
    L(x13, 13)
    L(x14, 14)
    L(x15, 15)
    L(x16, 16)
    L(x17, 17)
    L(x18, 18)
    L(x19, 19)
    L(x20, 20)
    L(x21, 21)
    L(x22, 22)
    L(x23, 23)
    L(x24, 24)
    L(x25, 25)
    L(x26, 26)
    L(x27, 27)
    L(x28, 28)
    L(x29, 29)
    L(x30, 30)
    L(x31, 31)
    L(x2, 2)
.endm

    .balign 64
    .globl m_entry
m_entry:
    save mscratch, mepc
    call m_trap
    restore mepc
    mret

    .balign 64
    .globl s_entry
s_entry:
    save sscratch, sepc
    call s_trap
    restore sepc
    sret

/* Vectored tables: entry n records n in vector_seen, then goes on as the plain entry. */
    .balign 256
    .globl m_vectors
m_vectors:
    .option push
    .option norvc
    j m_entry
    .rept 15
    j m_vectored
    .endr
    .option pop
m_vectored:
    csrrw sp, mscratch, sp
    S(t0, 5)
    S(t1, 6)
    la t0, vector_seen
    li t1, 1
    sw t1, 0(t0)
    L(t0, 5)
    L(t1, 6)
    csrrw sp, mscratch, sp
    j m_entry

/* long run_low(fn, arg, sp): on at fn(arg) in the mode of mstatus.MPP; comes back when the handler of machine mode goes to
 * low_return. */
    .globl run_low
run_low:
    addi sp, sp, -16 * W
    S(ra, 0)
    S(s0, 1)
    S(s1, 2)
    S(s2, 3)
    S(s3, 4)
    S(s4, 5)
    S(s5, 6)
    S(s6, 7)
    S(s7, 8)
    S(s8, 9)
    S(s9, 10)
    S(s10, 11)
    S(s11, 12)
    la t0, low_sp
    S(a2, 13)
#if __riscv_xlen == 64
    sd sp, 0(t0)
#else
    sw sp, 0(t0)
#endif
    csrw mepc, a0
    mv a0, a1
    mv sp, a2
    la ra, low_end
    mret
low_end:
    li a7, 0x1234
    ecall
    .globl low_return
low_return:
    la t0, low_sp
#if __riscv_xlen == 64
    ld sp, 0(t0)
#else
    lw sp, 0(t0)
#endif
    L(ra, 0)
    L(s0, 1)
    L(s1, 2)
    L(s2, 3)
    L(s3, 4)
    L(s4, 5)
    L(s5, 6)
    L(s6, 7)
    L(s7, 8)
    L(s8, 9)
    L(s9, 10)
    L(s10, 11)
    L(s11, 12)
    addi sp, sp, 16 * W
    ret

    .bss
    .balign 16
    .globl stacks
stacks:
    .space STACK * 8
mstacks:
    .space TRAP_STACK * 8
    .globl sstack
    .space TRAP_STACK
sstack:
    .space FRAME
low_sp:
    .space 8
    .globl vector_seen
vector_seen:
    .space 8
