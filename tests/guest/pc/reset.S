/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last 4 KiB of the ROM: from the reset vector to protected mode, then the payload is copied to 1 MiB and entered. */
        .code16
        .text
        .globl _start
_start: cli
        lgdtl   %cs:(gdtr - _start + 0xf000)
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $8, $protected
        .balign 8
gdt:    .quad   0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdtr:   .word   23
        .long   gdt
        .code32
protected:
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        cld
        mov     $0xffff0000, %esi
        mov     $0x100000, %edi
        mov     $0xf000 / 4, %ecx
        rep movsl
        mov     $0x100000, %eax
        jmp     *%eax
        .org    0xff0
        .code16
        jmp     _start
        .org    0x1000
