/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The payload's entry at 1 MiB, in 32-bit code: maps the first 4 GiB to themselves, for user mode too, enters long mode and
 * calls main. The other CPUs come through a copy of ap_start at 0x8000, and call ap_main with a stack of their own.
 */
#define PML4 0x1000
#define STACKS 0x90000

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
        mov     $STACKS, %esp
        call    long_mode
        lgdt    gdtr
        ljmp    $8, $start64

long_mode:
        mov     %cr4, %eax
        or      $0x620, %eax            /* PAE, OSFXSR, OSXMMEXCPT */
        mov     %eax, %cr4
        mov     $PML4, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x100, %eax
        wrmsr
        mov     %cr0, %eax
        and     $~4, %eax
        or      $0x80000003, %eax
        mov     %eax, %cr0
        ret

        .code64
start64:
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        call    main
1:      hlt
        jmp     1b

        /* ---- other CPUs ---- */
        .code16
        .globl  ap_start, ap_end
ap_start:
        cli
        mov     %cs, %ax
        mov     %ax, %ds
        lgdtl   ap_gdtr - ap_start
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   $24, $ap32
ap_gdtr: .word  gdt_end - gdt - 1
        .long   gdt
ap_end:
        .code32
ap32:   mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     $1, %eax
        lock xadd %eax, ap_count
        inc     %eax
        shl     $12, %eax
        mov     $STACKS, %esp
        sub     %eax, %esp
        call    long_mode
        ljmp    $8, $ap64
        .code64
ap64:   mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        call    ap_main
1:      cli
        hlt
        jmp     1b

        /* ---- interrupts ---- */
        .globl  stubs, stubs_end
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
stubs_end:
common: push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        mov     72(%rsp), %rdi
        mov     80(%rsp), %rsi
        mov     88(%rsp), %rdx
        cld
        call    interrupt
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp
        iretq

        /* uint64_t user(uint64_t loops): runs user_loop in ring 3, back by an invalid opcode; its time stamps' difference */
        .globl  user, user_back
user:   push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, user_sp
        push    $0x2b
        push    $user_stack
        pushf
        push    $0x33
        push    $user_loop
        iretq
user_back:
        mov     user_sp, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        sti
        ret

        /* The benchmark; run_pc.py times the same loop on the host. */
user_loop:
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        mov     %rax, %r8
        xor     %eax, %eax
1:      add     %rdi, %rax
        imul    $7, %rax, %rax
        xor     %rdi, %rax
        dec     %rdi
        jnz     1b
        mov     %rax, %r9
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        sub     %r8, %rax
        ud2

        .data
        .balign 8
        .globl  gdt, tss
gdt:    .quad   0
        .quad   0x00af9b000000ffff      /* 8: 64-bit code */
        .quad   0x00cf93000000ffff      /* 16: data */
        .quad   0x00cf9b000000ffff      /* 24: 32-bit code */
        .quad   0                       /* 32 */
        .quad   0x00cff3000000ffff      /* 40: user data */
        .quad   0x00affb000000ffff      /* 48: user code */
        .globl  gdt_tss
gdt_tss: .quad  0, 0                    /* 56: TSS */
gdt_end:
gdtr:   .word   gdt_end - gdt - 1
        .quad   gdt
        .balign 16
tss:    .long   0
        .quad   STACKS - 0x8000
        .fill   23, 4, 0
        .globl  ap_count, user_sp
ap_count: .long 0
        .balign 8
user_sp: .quad  0
        .bss
        .balign 16
        .space  4096
user_stack:
