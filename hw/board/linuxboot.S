/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Option ROM that boots the Linux kernel of -kernel: a bootstrap entry (Plug and Play BIOS specification 1.0A, 3.2) that
 * copies what pc_linux.c put into fw_cfg to where that says, by fw_cfg's DMA, and enters the kernel's 16-bit set-up code
 * (Linux Documentation/arch/x86/boot.rst). The ROM is read-only, so the DMA descriptor is in low RAM.
 */
#define SECTORS 2
#define FW_CFG_SELECT 0x510
#define FW_CFG_DMA 0x514
#define DMA_READ_SELECTED 0x0a
#define DESCRIPTOR 0x7e00

        .code16
        .text
        .globl _start
_start: .byte   0x55, 0xaa, SECTORS
        lret                            /* initialisation: nothing to do */
        .org    0x1a
        .word   pnp
        .balign 16
pnp:    .ascii  "$PnP"
        .byte   1, 2                    /* revision, length in 16 bytes */
        .word   0                       /* no other header */
        .byte   0, 0                    /* reserved, checksum: pc_linux.c */
        .long   0
        .word   maker, product
        .byte   0, 0, 0, 0              /* class, indicators */
        .word   0, 0                    /* boot connection, disconnect */
        .word   boot                    /* bootstrap entry */
        .word   0, 0
maker:  .asciz  "Doppel"
product:.asciz  "Linux kernel"

/* ax: an item of four bytes; eax: its value */
read32: mov     $FW_CFG_SELECT, %dx
        out     %ax, %dx
        inc     %dx
        mov     $4, %bp
1:      in      %dx, %al
        ror     $8, %eax
        dec     %bp
        jnz     1b
        ret

/* eax: control word, esi: address, ecx: length */
dma:    jecxz   2f
        xor     %edx, %edx
        mov     %dx, %es
        bswap   %eax
        bswap   %ecx
        bswap   %esi
        mov     %ecx, %es:DESCRIPTOR + 4
        mov     %edx, %es:DESCRIPTOR + 8
        mov     %esi, %es:DESCRIPTOR + 12
        mov     %eax, %es:DESCRIPTOR
        xor     %eax, %eax
        mov     $FW_CFG_DMA, %dx
        out     %eax, %dx
        mov     $DESCRIPTOR, %eax
        bswap   %eax
        mov     $FW_CFG_DMA + 4, %dx
        out     %eax, %dx
1:      mov     %es:DESCRIPTOR, %eax
        bswap   %eax
        and     $~1, %eax               /* bit 0: it failed, and is over */
        jnz     1b
2:      ret

.macro  fetch   addr, size, data
        mov     $\addr, %ax
        call    read32
        mov     %eax, %esi
        mov     $\size, %ax
        call    read32
        mov     %eax, %ecx
        mov     $(\data << 16 | DMA_READ_SELECTED), %eax
        call    dma
.endm

boot:   cli
        cld
        xor     %ax, %ax
        mov     %ax, %ss
        mov     $0x7c00, %sp
        fetch   0x07, 0x08, 0x11        /* kernel */
        fetch   0x0a, 0x0b, 0x12        /* initrd */
        fetch   0x13, 0x14, 0x15        /* command line */
        fetch   0x16, 0x17, 0x18        /* set-up code */
        mov     $0x13, %ax
        call    read32
        mov     %eax, %edi
        mov     $0x16, %ax
        call    read32
        sub     %eax, %edi              /* the stack ends below the command line */
        sub     $16, %edi
        shr     $4, %eax
        mov     %ax, %ds
        mov     %ax, %es
        mov     %ax, %fs
        mov     %ax, %gs
        mov     %ax, %ss
        mov     %edi, %esp
        add     $0x20, %ax              /* the set-up code's entry */
        push    %ax
        push    $0
        xor     %ebx, %ebx
        xor     %ecx, %ecx
        xor     %edx, %edx
        xor     %esi, %esi
        xor     %edi, %edi
        xor     %ebp, %ebp
        lret
        .org    SECTORS * 512
