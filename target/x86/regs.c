/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers by name and number. gdb's numbers are those of its own description of i386 and amd64 (gdb manual, "i386
 * Features"): general registers, IP, flags, segment registers; then FS and GS base on amd64.
 */
#include "target/x86/regs.h"

#include <inttypes.h>

enum { ID_R = 0, ID_IP = 16, ID_FLAGS, ID_SEL, ID_FS_BASE = ID_SEL + X86_SREGS, ID_GS_BASE, ID_CR0, ID_CR2, ID_CR3, ID_CR4,
       ID_CR8, ID_EFER, ID_PC };
enum { GENERAL, FLOAT, CONTROL };

#define G(name, bits, gdb, id) { name, bits, GENERAL, gdb, id }
#define C(name, bits, id) { name, bits, CONTROL, -1, id }
#define SELS(first) \
    G("cs", 32, first, ID_SEL + X86_CS), G("ss", 32, first + 1, ID_SEL + X86_SS), G("ds", 32, first + 2, ID_SEL + X86_DS), \
    G("es", 32, first + 3, ID_SEL + X86_ES), G("fs", 32, first + 4, ID_SEL + X86_FS), G("gs", 32, first + 5, ID_SEL + X86_GS)
#define CONTROLS(bits) \
    C("cr0", bits, ID_CR0), C("cr2", bits, ID_CR2), C("cr3", bits, ID_CR3), C("cr4", bits, ID_CR4), C("efer", bits, ID_EFER)

const struct cpu_reg x86_regs64[] = {
    G("rax", 64, 0, 0), G("rbx", 64, 1, 3), G("rcx", 64, 2, 1), G("rdx", 64, 3, 2), G("rsi", 64, 4, 6), G("rdi", 64, 5, 7),
    G("rbp", 64, 6, 5), G("rsp", 64, 7, 4), G("r8", 64, 8, 8), G("r9", 64, 9, 9), G("r10", 64, 10, 10), G("r11", 64, 11, 11),
    G("r12", 64, 12, 12), G("r13", 64, 13, 13), G("r14", 64, 14, 14), G("r15", 64, 15, 15), G("rip", 64, 16, ID_IP),
    G("eflags", 32, 17, ID_FLAGS), SELS(18),
    C("fs_base", 64, ID_FS_BASE), C("gs_base", 64, ID_GS_BASE), CONTROLS(64), C("cr8", 64, ID_CR8), C("pc", 64, ID_PC),
};
const unsigned x86_nregs64 = G_N_ELEMENTS(x86_regs64);

const struct cpu_reg x86_regs32[] = {
    G("eax", 32, 0, 0), G("ecx", 32, 1, 1), G("edx", 32, 2, 2), G("ebx", 32, 3, 3), G("esp", 32, 4, 4), G("ebp", 32, 5, 5),
    G("esi", 32, 6, 6), G("edi", 32, 7, 7), G("eip", 32, 8, ID_IP), G("eflags", 32, 9, ID_FLAGS), SELS(10), CONTROLS(32),
    C("pc", 32, ID_PC),
};
const unsigned x86_nregs32 = G_N_ELEMENTS(x86_regs32);

uint64_t x86_reg_read(struct cpu *c, uint32_t id)
{
    struct x86_cpu *cpu = x86_cpu(c);

    switch (id) {
    case ID_IP: return x86_ip(cpu, c->pc);
    case ID_PC: return c->pc;
    case ID_FLAGS: return x86_eflags(cpu);
    case ID_FS_BASE: return cpu->seg[X86_FS].base;
    case ID_GS_BASE: return cpu->seg[X86_GS].base;
    case ID_CR0: return cpu->cr0;
    case ID_CR2: return cpu->cr2;
    case ID_CR3: return cpu->cr3;
    case ID_CR4: return cpu->cr4;
    case ID_CR8: return c->intc && c->intc->priority ? c->intc->priority(c->intc) : 0;
    case ID_EFER: return cpu->efer;
    default: return id < 16 ? c->r[id] : cpu->seg[id - ID_SEL].sel;
    }
}

/* Selectors and control registers are left alone: half of what they mean stands elsewhere. */
void x86_reg_write(struct cpu *c, uint32_t id, uint64_t v)
{
    struct x86_cpu *cpu = x86_cpu(c);

    if (id < 16) {
        c->r[id] = c->bits == 32 ? (uint32_t)v : v;
    } else if (id == ID_IP) {
        c->pc = x86_is_64(cpu) ? v : (uint32_t)(v + cpu->seg[X86_CS].base);
    } else if (id == ID_PC) {
        c->pc = v;
    } else if (id == ID_FLAGS) {
        x86_set_eflags(cpu, v, X86_CC | X86_DF | X86_TF | X86_IF | X86_AC);
        x86_update_key(cpu);
    } else if (id == ID_FS_BASE || id == ID_GS_BASE) {
        cpu->seg[id == ID_FS_BASE ? X86_FS : X86_GS].base = v;
    }
}

/* ---- the monitor ---- */

static void print_seg(GString *out, const char *name, const struct x86_seg *s, unsigned digits)
{
    g_string_append_printf(out, "%-4s=%04x %0*" PRIx64 " %08x %04x\n", name, s->sel, digits, s->base, s->limit, s->attr);
}

void x86_print_regs(struct cpu *c, GString *out)
{
    static const char *const names[16] = { "AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI", "8 ", "9 ", "10", "11", "12", "13",
                                           "14", "15" };
    static const char *const segs[X86_SEGS] = { "ES", "CS", "SS", "DS", "FS", "GS", "LDT", "TR" };
    static const char letters[] = "C1P-A-ZSTIDO";
    struct x86_cpu *cpu = x86_cpu(c);
    unsigned n = c->bits == 64 ? 16 : 8, digits = c->bits / 4;
    uint64_t flags = x86_eflags(cpu);

    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "%c%s=%0*" PRIx64 "%c", n == 16 ? 'R' : 'E', names[i], digits,
                               n == 16 ? c->r[i] : (uint32_t)c->r[i], i % 4 == 3 ? '\n' : ' ');
    }
    g_string_append_printf(out, "%cIP=%0*" PRIx64 " %cFL=%08x [", n == 16 ? 'R' : 'E', digits, x86_ip(cpu, c->pc),
                           n == 16 ? 'R' : 'E', (unsigned)flags);
    for (int i = 11; i >= 0; i--) {
        if (letters[i] != '-' && i != 1) {
            g_string_append_c(out, flags >> i & 1 ? letters[i] : '-');
        }
    }
    g_string_append_printf(out, "] CPL=%u %s HLT=%u\n", x86_cpl(cpu),
                           x86_is_64(cpu) ? "64" : cpu->eflags & X86_VM ? "v86" : cpu->cr0 & X86_CR0_PE ? "32" : "real",
                           c->halted);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        print_seg(out, segs[i], &cpu->seg[i], digits);
    }
    g_string_append_printf(out, "GDT = %0*" PRIx64 " %08x\nIDT = %0*" PRIx64 " %08x\n", digits, cpu->gdt.base, cpu->gdt.limit,
                           digits, cpu->idt.base, cpu->idt.limit);
    g_string_append_printf(out, "CR0=%08" PRIx64 " CR2=%0*" PRIx64 " CR3=%0*" PRIx64 " CR4=%08" PRIx64 "\n", cpu->cr0, digits,
                           cpu->cr2, digits, cpu->cr3, cpu->cr4);
    g_string_append_printf(out, "DR0=%" PRIx64 " DR1=%" PRIx64 " DR2=%" PRIx64 " DR3=%" PRIx64 " DR6=%08" PRIx64 " DR7=%08"
                           PRIx64 "\nEFER=%" PRIx64 "\n", cpu->dr[0], cpu->dr[1], cpu->dr[2], cpu->dr[3], cpu->dr[6],
                           cpu->dr[7], cpu->efer);
    g_string_append_printf(out, "FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", cpu->fpu_cw,
                           cpu->fpu_sw | cpu->fpu_top << 11, cpu->fpu_top, cpu->fpu_valid, x86_mxcsr(cpu));
}

/* ---- gdb ---- */

char *x86_gdb_xml(struct cpu *c)
{
    GString *s = g_string_new("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n");

    g_string_append_printf(s, "  <architecture>%s</architecture>\n  <feature name=\"org.gnu.gdb.i386.core\">\n",
                           c->bits == 64 ? "i386:x86-64" : "i386");
    for (unsigned i = 0; i < c->type->nregs; i++) {
        const struct cpu_reg *r = &c->type->regs[i];

        if (r->gdb >= 0) {
            const char *kind = r->id == ID_IP ? "code_ptr" : r->id == X86_RSP || r->id == X86_RBP ? "data_ptr"
                               : r->id == ID_FLAGS || r->id >= ID_SEL ? "int32" : r->bits == 64 ? "int64" : "int32";

            g_string_append_printf(s, "    <reg name=\"%s\" bitsize=\"%u\" regnum=\"%d\" type=\"%s\"/>\n", r->name, r->bits,
                                   r->gdb, kind);
        }
    }
    g_string_append(s, "  </feature>\n</target>\n");
    return g_string_free(s, FALSE);
}
