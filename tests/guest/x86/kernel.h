/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guests here share: output on the first serial line, the end through isa-debug-exit, names of control bits. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

typedef unsigned long word;

static inline void outb(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(port)); }
static inline uint8_t inb(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }

static void print(const char *s)
{
    for (; *s; s++) {
        outb(0x3f8, *s);
    }
}

static void hex(uint64_t v)
{
    char b[17], *p = b + 16;

    *p = 0;
    do {
        *--p = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while (v);
    print(p);
}

static void field(const char *name, uint64_t v)
{
    print(" ");
    print(name);
    print("=");
    hex(v);
}

static __attribute__((noreturn)) void end(void)
{
    print("END\n");
    outb(0xf4, 0x10);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

#define READ_CR(n) ({ word v_; __asm__ volatile("mov %%cr" #n ", %0" : "=r"(v_)); v_; })
#define WRITE_CR(n, v) __asm__ volatile("mov %0, %%cr" #n :: "r"((word)(v)) : "memory")
#define WRITE_DR(n, v) __asm__ volatile("mov %0, %%dr" #n :: "r"((word)(v)))
#define READ_DR(n) ({ word v_; __asm__ volatile("mov %%dr" #n ", %0" : "=r"(v_)); v_; })

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "0"(leaf), "2"(sub));
}

static inline uint64_t rdmsr(uint32_t n)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(n));
    return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t n, uint64_t v)
{
    __asm__ volatile("wrmsr" :: "c"(n), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* P("name", ring, "code"): runs a few instructions that raise an exception, or come to their end, which is INT 0x30, in ring 0 a
 * jump to probe_done, and prints what came of it. `probe` is the kernel's own. */
#define P(name, ring, code) PROBE(__COUNTER__, name, ring, code)
#define PROBE(n, name, ring, code) PROBE_N(n, name, ring, code)
#define PROBE_N(n, name, ring, code) do { \
    extern const char probe_##n[]; \
    __asm__(".pushsection .text.probes, \"ax\"\nprobe_" #n ": " code "\n.if " #ring " == 0\njmp probe_done\n.else\nint $0x30\n.endif\n.popsection"); \
    probe(name, ring, probe_##n); \
} while (0)

#endif
