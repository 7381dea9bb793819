/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start (EL1 or EL2, translation off) and EL1's vectors: each saves x0 to x30 and calls trap(frame, vector offset). */
    .section .start, "ax"
    .globl _start
_start:
    mrs x1, CurrentEL
    ldr x2, =start_high             // of levels_rt.h, if the program has it
    cbz x2, 1f
    br x2
    .weak start_high
1:  cmp x1, #8
    b.ne 1f
    mov x2, #(1 << 31)              // HCR_EL2.RW
    msr hcr_el2, x2
    mov x2, #3
    msr cnthctl_el2, x2
    msr cptr_el2, xzr
    mov x2, #0x3c5                  // EL1h, masked
    msr spsr_el2, x2
    adr x2, 1f
    msr elr_el2, x2
    eret
1:  adrp x2, stack_top
    add x2, x2, :lo12:stack_top
    mov sp, x2
    adrp x2, vectors
    add x2, x2, :lo12:vectors
    msr vbar_el1, x2
    mov x2, #(3 << 20)
    msr cpacr_el1, x2
    isb
    mov x0, x1
    bl main
    b finish

.macro vector n
    .balign 128
    sub sp, sp, #288
    stp x0, x1, [sp]
    mov x1, #\n
    b common
.endm
    .balign 2048
vectors:
    .irp n, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780
    vector \n
    .endr
    .balign 128
common:
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x2, elr_el1
    mrs x3, spsr_el1
    stp x30, x2, [sp, #240]
    str x3, [sp, #256]
    mov x0, sp
    bl trap
    ldp x30, x2, [sp, #240]
    ldr x3, [sp, #256]
    msr elr_el1, x2
    msr spsr_el1, x3
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldp x0, x1, [sp]
    add sp, sp, #288
    eret

    /* void run_at_el0(void (*f)(void), void *stack): returns when f does svc #0 (trap sets elr to el0_back, EL1). */
    .globl run_at_el0
run_at_el0:
    stp x29, x30, [sp, #-16]!
    msr sp_el0, x1
    msr elr_el1, x0
    msr spsr_el1, xzr
    eret
    .globl el0_back
el0_back:
    ldp x29, x30, [sp], #16
    ret

    .bss
    .balign 4096
    .space 16384
stack_top:
