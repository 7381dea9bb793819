/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 64-bit kernel's assembly: from 32-bit code at 1 MiB to long mode, entries of exceptions, and the ways into a probe and
 * out of it. The first 4 GiB are mapped to themselves by pages of 2 MiB, for user mode too; main makes finer ones.
 */
#define PML4 0x10000
#define STACK 0x90000

        .code32
        .section .text.start
        .globl  _start
_start: mov     $PML4, %edi
        xor     %eax, %eax
        mov     $0x6000 / 4, %ecx
        rep stosl
        movl    $PML4 + 0x1007, PML4
        mov     $4, %ecx
        mov     $PML4 + 0x1000, %edi
        mov     $PML4 + 0x2007, %eax
1:      mov     %eax, (%edi)
        add     $8, %edi
        add     $0x1000, %eax
        loop    1b
        mov     $2048, %ecx
        mov     $PML4 + 0x2000, %edi
        mov     $0x87, %eax
2:      mov     %eax, (%edi)
        add     $8, %edi
        add     $0x200000, %eax
        loop    2b
        mov     %cr4, %eax
        or      $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        mov     %eax, %cr4
        mov     $PML4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x901, %eax            /* NXE, LME, SCE */
        wrmsr
        mov     %cr0, %eax
        and     $~4, %eax
        or      $0x80010033, %eax       /* PG, WP, NE, ET, MP, PE */
        mov     %eax, %cr0
        lgdt    gdtr
        ljmp    $8, $1f
        .code64
1:      mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $STACK, %esp
        call    main
2:      hlt
        jmp     2b

        /* ---- exceptions: 16 bytes for each vector ---- */
        .globl  stubs
        .balign 16
stubs:
        .set    n, 0
        .rept   256
        .balign 16
        .if     !(n == 8 || (n >= 10 && n <= 14) || n == 17 || n == 21)
        push    $0
        .endif
        push    $n
        jmp     common
        .set    n, n + 1
        .endr
common: push    %rax
        push    %rcx
        push    %rdx
        push    %rbx
        push    %rbp
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rdi
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        cld
        call    trap                    /* returns where the instruction shall go on, else leaves by probe_leave */
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rbp
        pop     %rbx
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp
        iretq

        /* void probe_enter(uint64_t ip, uint64_t cs, uint64_t ss, uint64_t sp, uint64_t flags): returns by probe_leave */
        .globl  probe_enter, probe_leave, probe_done
probe_done:
        mov     saved_sp(%rip), %rsp
        pushq   $0x10
        pushq   $0
        pushq   $2
        pushq   $8
        pushq   $probe_done
        pushq   $0
        pushq   $0x30
        jmp     common
probe_enter:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, saved_sp(%rip)
        push    %rdx
        push    %rcx
        push    %r8
        push    %rsi
        push    %rdi
        xor     %eax, %eax
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %ebx, %ebx
        xor     %ebp, %ebp
        xor     %esi, %esi
        xor     %edi, %edi
        iretq
probe_leave:
        mov     saved_sp(%rip), %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret

        .data
        .balign 16
saved_sp: .quad 0
        .globl  gdt
gdt:    .quad   0
        .quad   0x00af9b000000ffff      /* 0x08: 64-bit code */
        .quad   0x00cf93000000ffff      /* 0x10: data */
        .quad   0x00cffb000000ffff      /* 0x18: user 32-bit code */
        .quad   0x00cff3000000ffff      /* 0x20: user data */
        .quad   0x00affb000000ffff      /* 0x28: user 64-bit code */
        .quad   0x00cf13000000ffff      /* 0x30: data, not present */
        .quad   0x00af1b000000ffff      /* 0x38: code, not present */
        .quad   0, 0                    /* 0x40: TSS */
        .quad   0, 0                    /* 0x50: call gate */
        .quad   0x00af9f000000ffff      /* 0x60: conforming code */
        .quad   0x00cf91000000ffff      /* 0x68: data, read only */
        .quad   0x0000820000000000      /* 0x70: LDT, empty */
        .quad   0
        .quad   0x00cf9b000000ffff      /* 0x80: 32-bit code */
gdt_end:
gdtr:   .word   gdt_end - gdt - 1
        .quad   gdt
