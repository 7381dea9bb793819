/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machinery of levels.h; included once by a program. rt.S jumps to start_high when there is such a function. */
#ifndef LEVELS_RT_H
#define LEVELS_RT_H

#include "levels.h"

unsigned top_level, ltraps;
uint64_t last_esr;
static uint32_t sum = 1;
uint8_t level_stack[4][8192] __attribute__((aligned(16)));
uint64_t back_sp;

#define VECTORS(el) \
    ".balign 2048\n.globl vectors_el" #el "\nvectors_el" #el ":\n" \
    ".irp n, 0x000, 0x080, 0x100, 0x180, 0x200, 0x280, 0x300, 0x380, 0x400, 0x480, 0x500, 0x580, 0x600, 0x680, 0x700, 0x780\n" \
    ".balign 128\nsub sp, sp, #288\nstp x0, x1, [sp]\nmov x1, #\\n + 0x1000 * " #el "\nb common_el" #el "\n.endr\n" \
    ".balign 128\ncommon_el" #el ":\n" \
    "stp x2, x3, [sp, #16]\nstp x4, x5, [sp, #32]\nstp x6, x7, [sp, #48]\nstp x8, x9, [sp, #64]\nstp x10, x11, [sp, #80]\n" \
    "stp x12, x13, [sp, #96]\nstp x14, x15, [sp, #112]\nstp x16, x17, [sp, #128]\nstp x18, x19, [sp, #144]\n" \
    "stp x20, x21, [sp, #160]\nstp x22, x23, [sp, #176]\nstp x24, x25, [sp, #192]\nstp x26, x27, [sp, #208]\n" \
    "stp x28, x29, [sp, #224]\nmrs x2, elr_el" #el "\nmrs x3, spsr_el" #el "\nstp x30, x2, [sp, #240]\n" \
    "mrs x2, esr_el" #el "\nstp x3, x2, [sp, #256]\nmrs x2, far_el" #el "\nstr x2, [sp, #272]\n" \
    "mov x0, sp\nbl ltrap\nldp x30, x2, [sp, #240]\nldr x3, [sp, #256]\nmsr elr_el" #el ", x2\nmsr spsr_el" #el ", x3\n" \
    "ldp x2, x3, [sp, #16]\nldp x4, x5, [sp, #32]\nldp x6, x7, [sp, #48]\nldp x8, x9, [sp, #64]\nldp x10, x11, [sp, #80]\n" \
    "ldp x12, x13, [sp, #96]\nldp x14, x15, [sp, #112]\nldp x16, x17, [sp, #128]\nldp x18, x19, [sp, #144]\n" \
    "ldp x20, x21, [sp, #160]\nldp x22, x23, [sp, #176]\nldp x24, x25, [sp, #192]\nldp x26, x27, [sp, #208]\n" \
    "ldp x28, x29, [sp, #224]\nldp x0, x1, [sp]\nadd sp, sp, #288\neret\n"

__asm__(".arch armv8.5-a\n" VECTORS(1) VECTORS(2) VECTORS(3)
        ".globl start_high\nstart_high:\n"
        "adrp x2, level_stack + 0x8000\nadd x2, x2, :lo12:level_stack + 0x8000\nmov sp, x2\n"
        "adrp x2, vectors_el1\nadd x2, x2, :lo12:vectors_el1\nmsr vbar_el1, x2\n"
        "adrp x2, vectors_el2\nadd x2, x2, :lo12:vectors_el2\n"
        "mrs x3, id_aa64pfr0_el1\ntst x3, #0xf00\nb.eq 1f\nmsr vbar_el2, x2\n"
        "1:\tcmp x1, #12\nb.ne 2f\n"
        "adrp x2, vectors_el3\nadd x2, x2, :lo12:vectors_el3\nmsr vbar_el3, x2\n"
        "2:\tisb\nlsr x0, x1, #2\nbl levels_start\n"
        /* void go(uint64_t f, uint64_t spsr): to f with that state; level_back returns from here. */
        "go:\tstp x29, x30, [sp, #-96]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\nstp x23, x24, [sp, #48]\n"
        "stp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\nadrp x2, back_sp\nadd x2, x2, :lo12:back_sp\nmov x3, sp\nstr x3, [x2]\n"
        "mrs x3, CurrentEL\ncmp x3, #12\nb.eq 1f\nmsr elr_el2, x0\nmsr spsr_el2, x1\neret\n"
        "1:\tmsr elr_el3, x0\nmsr spsr_el3, x1\neret\n"
        "level_back:\tadrp x2, back_sp\nadd x2, x2, :lo12:back_sp\nldr x3, [x2]\nmov sp, x3\n"
        "ldp x19, x20, [sp, #16]\nldp x21, x22, [sp, #32]\nldp x23, x24, [sp, #48]\nldp x25, x26, [sp, #64]\n"
        "ldp x27, x28, [sp, #80]\nldp x29, x30, [sp], #96\nret\n");

void go(uint64_t f, uint64_t spsr);
void level_back(void);
void levels_start(unsigned el);
void ltrap(struct lframe *f, unsigned what);
void (*lower_f)(void);

static void add(uint32_t v)
{
    sum = (sum ^ v) * 0x01000193;
}

void say(const char *s)
{
    for (; *s; s++) {
        char text[2] = { *s, 0 };

        add((uint8_t)*s);
        print(text);
    }
}

void say_hex(const char *s, uint64_t v)
{
    say(s);
    say("=");
    for (int i = 60; i >= 0; i -= 4) {
        if (v >> i || !i) {
            char text[2] = { "0123456789abcdef"[v >> i & 15], 0 };

            say(text);
        }
    }
    say(" ");
}

uint32_t trace_sum(void)
{
    return sum;
}

static bool is_abort(unsigned class)
{
    return (class >= 0x20 && class <= 0x26) || (class >= 0x30 && class <= 0x35);
}

/* Goes to the top level's level_back. */
static void leave(void)
{
    if (top_level == 3) {
        OP("mov x0, #0\n\tsmc #0xff");
    } else {
        OP("mov x0, #0\n\thvc #0xff");
    }
}

static unsigned class_of(const struct lframe *f)
{
    return f->esr >> 26 & 63;
}

/* The end of a function at a lower level, on its way up. */
static bool is_end(const struct lframe *f, unsigned vector)
{
    unsigned class = class_of(f);

    return !(vector & 0x180) && class >= 0x15 && class <= 0x17 && (f->esr & 0xffff) == 0xff;
}

static void show(const struct lframe *f, unsigned level, unsigned vector)
{
    unsigned class = class_of(f);

    say_hex("EL", level);
    say_hex("vector", vector);
    if (!(vector & 0x180)) {
        say_hex("ESR", f->esr);
    }
    say_hex("SPSR", f->pstate & ~0x2c00ul); /* without ALLINT, and BTYPE, which may be kept only where pages are guarded */
    if (!(vector & 0x180) && is_abort(class)) {
        say_hex("FAR", f->far);
    }
    if (level == 2 && (class == 0x20 || class == 0x24)) {
        say_hex("HPFAR", read_reg(hpfar_el2));
    }
    say("\n");
}

void ltrap(struct lframe *f, unsigned what)
{
    unsigned level = what >> 12, vector = what & 0xfff, class = class_of(f);

    if (is_end(f, vector)) {
        if (level != top_level) {
            leave();
        }
        f->pc = (uint64_t)level_back;
        f->pstate = 0x3c1 | level << 2;
        return;
    }
    ltraps++;
    show(f, level, vector);
    last_esr = f->esr;
    if (vector & 0x180) {               /* a virtual interrupt: EL2 takes it back */
        OP("mov x0, #0\n\thvc #0xfe");
        return;
    }
    if (class == 0x16 && (f->esr & 0xffff) == 0xfe) {
        write_reg(hcr_el2, read_reg(hcr_el2) & ~0xc0ul);
        return;
    }
    if (class == 0x0e) {
        f->pstate &= ~(1ul << 20);
    } else if (class == 0x20 || class == 0x21 || class == 0x22 || class == 0x0d) {
        f->pc = f->x[30];
    } else if (class == 0x17 ? level == 2 : class < 0x15 || class > 0x17) {
        f->pc += 4;
    }
    f->pstate &= ~(1ul << 21);
}

static void lower_start(void)
{
    lower_f();
    if (top_level == 3) {
        OP("mov x0, #0\n\tsmc #0xff");
    } else {
        OP("mov x0, #0\n\thvc #0xff");
    }
}

static void lower_start_el0(void)
{
    lower_f();
    OP("svc #0xff");
}

void run_at(unsigned el, void (*f)(void))
{
    lower_f = f;
    write_reg(sp_el0, level_stack[0] + 8192);
    write_reg(s3_4_c4_c1_0, level_stack[1] + 8192);     /* SP_EL1 */
    if (top_level == 3 && (read_reg(id_aa64pfr0_el1) & 0xf00)) {
        write_reg(s3_6_c4_c1_0, level_stack[2] + 8192); /* SP_EL2 */
    }
    go((uint64_t)(el ? lower_start : lower_start_el0), 0x3c0 | el << 2 | (el ? 1 : 0));
}

/* Semihosting's SYS_EXIT, which works at every level. */
void power_off(void)
{
    static const uint64_t args[2] = { 0x20026, 0 };

    __asm__ volatile("mov x0, #0x18\n\tmov x1, %0\n\thlt #0xf000" : : "r"(args) : "x0", "x1", "memory");
    for (;;) {
    }
}

void levels_start(unsigned el)
{
    top_level = el;
    levels_main();
    print("sum ");
    print_hex(sum);
    print("\n");
    finish();
}

#endif
