/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/x86_native.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

/* What stands at X86_AREA. */
struct area {
    struct x86_regs regs;
    uint64_t host_rsp;
    uint32_t host_mxcsr;
};

static uint8_t *code;
static sigjmp_buf escape;
static volatile sig_atomic_t running;
static int fault_seen;

bool x86_native_avx(void)
{
    return __builtin_cpu_supports("avx");
}

static struct area *area(void)
{
    return (struct area *)(uintptr_t)X86_AREA;
}

/* ---- the code around the instructions ---- */

static uint8_t *put(uint8_t *p, const void *bytes, unsigned n)
{
    memcpy(p, bytes, n);
    return p + n;
}

/* An instruction with a ModRM that names an absolute address: opcode bytes, then reg, then the address. */
static uint8_t *absolute(uint8_t *p, const char *opcode, unsigned n, unsigned reg, uint32_t address)
{
    p = put(p, opcode, n);
    *p++ = (reg & 7) << 3 | 4;
    *p++ = 0x25;
    return put(p, &address, 4);
}

static uint8_t *mov(uint8_t *p, unsigned reg, uint32_t address, bool store)
{
    char op[2] = { reg >= 8 ? 0x4c : 0x48, store ? (char)0x89 : (char)0x8b };

    return absolute(p, op, 2, reg, address);
}

/* YMM register n, or XMM where the host has no AVX. MOVUPS, VMOVDQU */
static uint8_t *vector(uint8_t *p, unsigned n, bool store)
{
    uint32_t address = X86_AREA + offsetof(struct x86_regs, xmm) + 32 * n;
    char vex[4] = { (char)0xc4, n < 8 ? (char)0xe1 : 0x61, 0x7e, store ? 0x7f : 0x6f };
    char legacy[3] = { n < 8 ? 0x40 : 0x44, 0x0f, store ? 0x11 : 0x10 };

    return x86_native_avx() ? absolute(p, vex, 4, n, address) : absolute(p, legacy, 3, n, address);
}

static uint32_t reg_at(unsigned n)
{
    return X86_AREA + n * 8;
}

static void make_entry(void)
{
    static const uint8_t saves[] = { 0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57 };
    uint8_t *p = code;
    int32_t jump;

    p = put(p, saves, sizeof saves);
    p = mov(p, 4, X86_AREA + offsetof(struct area, host_rsp), true);
    for (unsigned i = 0; i < 16; i++) {
        p = vector(p, i, false);
    }
    for (unsigned i = 0; i < 8; i++) {
        p = absolute(p, "\x0f\x6f", 2, i, X86_AREA + offsetof(struct x86_regs, mm) + 8 * i);   /* movq */
    }
    p = absolute(p, "\x0f\xae", 2, 2, X86_AREA + offsetof(struct x86_regs, mxcsr));  /* ldmxcsr */
    p = absolute(p, "\xff", 1, 6, X86_AREA + offsetof(struct x86_regs, flags));     /* push */
    *p++ = 0x9d;                                                                    /* popfq */
    for (unsigned i = 0; i < 16; i++) {
        p = mov(p, i, reg_at(i), false);
    }
    *p++ = 0xe9;
    jump = (int32_t)(code + X86_CODE_AT - (p + 4));
    put(p, &jump, sizeof jump);
}

static uint8_t *make_exit(uint8_t *p)
{
    static const uint8_t restores[] = { 0xc5, 0xf8, 0x77, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xfc, 0xc3 };

    for (unsigned i = 0; i < 16; i++) {
        p = mov(p, i, reg_at(i), true);
    }
    p = mov(p, 4, X86_AREA + offsetof(struct area, host_rsp), false);
    *p++ = 0x9c;                                                                    /* pushfq */
    p = absolute(p, "\x8f", 1, 0, X86_AREA + offsetof(struct x86_regs, flags));     /* pop */
    for (unsigned i = 0; i < 16; i++) {
        p = vector(p, i, true);
    }
    for (unsigned i = 0; i < 8; i++) {
        p = absolute(p, "\x0f\x7f", 2, i, X86_AREA + offsetof(struct x86_regs, mm) + 8 * i);
    }
    p = put(p, "\x0f\x77", 2);    /* emms */
    p = absolute(p, "\x0f\xae", 2, 3, X86_AREA + offsetof(struct x86_regs, mxcsr));  /* stmxcsr */
    p = absolute(p, "\x0f\xae", 2, 2, X86_AREA + offsetof(struct area, host_mxcsr));
    return x86_native_avx() ? put(p, restores, sizeof restores) : put(p, restores + 3, sizeof restores - 3);    /* vzeroupper */
}

/* ---- signals ---- */

static void on_signal(int sig, siginfo_t *info, void *context)
{
    if (!running) {
        signal(sig, SIG_DFL);
        raise(sig);
        return;
    }
    fault_seen = sig == SIGFPE ? 0 : sig == SIGILL ? 6 : sig == SIGTRAP ? 3 : info->si_code == SI_KERNEL ? 13 : 14;
    siglongjmp(escape, 1);
}

bool x86_native_init(void)
{
    static const int signals[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGTRAP };
    static uint8_t stack[65536];
    struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
    void *p = mmap((void *)(uintptr_t)X86_AREA, 0x5000, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if (p != (void *)(uintptr_t)X86_AREA) {
        return false;
    }
    code = (uint8_t *)(uintptr_t)X86_CODE;
    sigaltstack(&ss, NULL);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        sigaction(signals[i], &sa, NULL);
    }
    area()->host_mxcsr = 0x1f80;
    make_entry();
    return true;
}

const uint8_t *x86_native_code(void)
{
    return code;
}

void x86_native_run(const uint8_t *bytes, unsigned n, const struct x86_result *in, struct x86_result *out)
{
    make_exit(put(code + X86_CODE_AT, bytes, n));
    memcpy(&area()->regs, &in->regs, sizeof in->regs);
    memcpy((void *)(uintptr_t)X86_DATA, in->data, X86_DATA_BYTES);
    fault_seen = -1;
    running = true;
    if (!sigsetjmp(escape, 1)) {
        ((void (*)(void))(uintptr_t)code)();
    } else {
        /* What C expects of the direction flag and MXCSR. */
        __asm__ volatile("cld; emms; ldmxcsr %0" : : "m"(area()->host_mxcsr));
    }
    running = false;
    memcpy(&out->regs, &area()->regs, sizeof out->regs);
    memcpy(out->data, (void *)(uintptr_t)X86_DATA, X86_DATA_BYTES);
    out->fault = fault_seen;
}
