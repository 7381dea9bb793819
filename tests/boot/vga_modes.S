/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot disk for PCs: sets one video mode after the other through the BIOS, fills the screen's memory with a pattern, writes
 * a byte to port 0xe9, and waits for a key.
 *
 * A row of the table: mode, kind of memory, what register writes follow (0: none), banks of 64 KiB or planes to fill.
 */
    .code16
    .globl _start

    .set TEXT, 0            /* 4000 bytes at 0xb8000 */
    .set MONO, 1            /* the same at 0xb0000 */
    .set CGA, 2             /* 16 KiB at 0xb8000 */
    .set PLANES, 3          /* 64 KiB of each plane at 0xa0000 */
    .set LINEAR, 4          /* 64 KiB at 0xa0000 */
    .set BANKS, 5           /* the same for each bank */
    .set ROW, 6

_start:
    ljmp $0, $1f
1:  xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    mov $0x0203, %ax        /* the rest of the program: three sectors */
    mov $0x0002, %cx
    mov $0x0080, %dx
    mov $0x7e00, %bx
    int $0x13
    mov $table, %si
next:
    mov (%si), %bx
    cmp $0xffff, %bx
    je end
    mov %bx, %ax
    cmp $0x100, %bx
    jb 1f
    mov $0x4f02, %ax
1:  push %si
    int $0x10
    mov $0x1003, %ax        /* sixteen backgrounds, nothing blinks */
    xor %bx, %bx
    int $0x10
    mov $0x2000, %cx        /* no cursor */
    mov $1, %ah
    int $0x10
    pop %si
    mov 3(%si), %al
    test %al, %al
    jz 1f
    call more
1:  call fill
    mov $'m', %al
    out %al, $0xe9
    xor %ah, %ah
    int $0x16
    add $ROW, %si
    jmp next
end:
    mov $'e', %al
    out %al, $0xe9
2:  hlt
    jmp 2b

    .org 510
    .word 0xaa55

/* Register writes: port, index and value in the low and high byte of a word; 0 ends. */
more:
    mov 4(%si), %bx
1:  mov (%bx), %dx
    test %dx, %dx
    jz 2f
    mov 2(%bx), %ax
    cmp $0x3c0, %dx
    je 3f
    out %ax, %dx
4:  add $4, %bx
    jmp 1b
3:  mov $0x3da, %dx         /* the attribute controller takes bytes */
    push %ax
    in %dx, %al
    pop %ax
    mov $0x3c0, %dx
    out %al, %dx
    mov %ah, %al
    out %al, %dx
    jmp 4b
2:  mov $0x20, %al
    out %al, %dx
    mov $0x3da, %dx
    in %dx, %al
    mov $0x3c0, %dx
    mov $0x20, %al
    out %al, %dx
    ret

fill:
    mov 2(%si), %al
    cmp $TEXT, %al
    je text
    cmp $MONO, %al
    je mono
    cmp $CGA, %al
    je cga
    cmp $PLANES, %al
    je planes
    cmp $LINEAR, %al
    je linear
    xor %bx, %bx            /* banks: as many as the low byte of the last word says */
1:  mov $0x1ce, %dx
    mov $5, %ax
    out %ax, %dx
    inc %dx
    mov %bx, %ax
    out %ax, %dx
    call linear
    inc %bx
    cmp 4(%si), %bx
    jb 1b
    ret
text:
    mov $0xb800, %ax
    mov $4000, %cx
    jmp go
mono:
    mov $0xb000, %ax
    mov $4000, %cx
    jmp go
cga:
    mov $0xb800, %ax
    mov $0x4000, %cx
    jmp go
linear:
    mov $0xa000, %ax
    xor %cx, %cx
/* cx bytes (0: 64 KiB) at ax:0, from their offsets and bl */
go: mov %ax, %es
    xor %di, %di
1:  mov %di, %ax
    shr $3, %ax
    xor %ah, %al
    add %bl, %al
    mov %di, %dx
    add %dl, %al
    stosb
    loop 1b
    ret
planes:
    mov $0, %bl
1:  mov $0x3c4, %dx
    mov $2, %al
    mov $1, %ah
    mov %bl, %cl
    shl %cl, %ah
    out %ax, %dx
    push %bx
    shl $5, %bl
    call linear
    pop %bx
    inc %bl
    cmp $4, %bl
    jb 1b
    ret

/* 320x200 with the planes apart */
unchained:
    .word 0x3c4, 0x0604, 0x3d4, 0x0014, 0x3d4, 0xe317, 0
/* The screen starts at the third line, three pixels are left out, and from line 100 on memory starts again. */
split:
    .word 0x3d4, 0x000c, 0x3d4, 0xa00d, 0x3d4, 0x6418, 0x3d4, 0x2e07, 0x3d4, 0x0009, 0x3c0, 0x0313, 0
/* Two planes of four, and colours from the upper half of the DAC */
masked:
    .word 0x3c0, 0x0512, 0x3c0, 0x0414, 0

    .macro mode number, kind, extra=0, last=0
    .word \number
    .byte \kind, \extra
    .word \last
    .endm
table:
    mode 0x01, TEXT
    mode 0x03, TEXT
    mode 0x07, MONO
    mode 0x04, CGA
    mode 0x06, CGA
    mode 0x0d, PLANES
    mode 0x0e, PLANES
    mode 0x0f, PLANES
    mode 0x10, PLANES
    mode 0x11, PLANES
    mode 0x12, PLANES
    mode 0x12, PLANES, 1, split
    mode 0x12, PLANES, 1, masked
    mode 0x13, LINEAR
    mode 0x13, PLANES, 1, unchained
    mode 0x102, PLANES
    mode 0x100, BANKS, 0, 4
    mode 0x101, BANKS, 0, 5
    mode 0x10d, BANKS, 0, 2
    mode 0x10e, BANKS, 0, 2
    mode 0x10f, BANKS, 0, 3
    mode 0x140, BANKS, 0, 4
    mode 0x111, BANKS, 0, 10
    mode 0x112, BANKS, 0, 15
    mode 0x118, BANKS, 0, 36
    .word 0xffff
    .org 2048
