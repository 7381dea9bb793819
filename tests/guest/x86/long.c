// SPDX-License-Identifier: GPL-2.0-or-later
// A 64-bit kernel that prints what each exception looks like: vector, error code, where, CR2, DR6; and the results of
// instructions about descriptors, modes and pages. What it prints must be the same on every processor (long.expected).
#include "kernel.h"

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 32, PTE_D = 64, PTE_PS = 128, PTE_G = 256 };
#define PTE_NX (1ull << 63)
#define PTE_RSVD (1ull << 51)
#define PTE_KEY(n) ((uint64_t)(n) << 59)

/* Virtual addresses of one page each with entries of its own; PAGE(n) is mapped to FRAME(n). */
#define PAGE_BASE 0x200000000ull
#define FRAME(n) (0x300000ull + 4096 * (n))
#define PT ((volatile uint64_t *)0x20000)
#define PD ((volatile uint64_t *)0x21000)
#define PDPT ((volatile uint64_t *)0x11000)
#define PML4 ((volatile uint64_t *)0x10000)

struct frame {
    uint64_t r[15];                     /* r15 .. rax */
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

extern char stubs[];
extern uint64_t gdt[];
void probe_enter(uint64_t ip, uint64_t cs, uint64_t ss, uint64_t sp, uint64_t flags);
void probe_leave(void) __attribute__((noreturn));
void trap(struct frame *f);
int main(void);

static uint64_t idt[512] __attribute__((aligned(16)));
static uint32_t tss[32] __attribute__((aligned(128)));
static uint8_t stacks[4][4096] __attribute__((aligned(4096)));
static const char *start;
static uint64_t user_flags;
static int more;                        /* how many traps the probe goes on after */

static void set_gate(unsigned v, uint64_t target, unsigned type, unsigned dpl, unsigned ist)
{
    idt[2 * v] = (target & 0xffff) | 8 << 16 | (uint64_t)ist << 32 | (uint64_t)(0x80 | dpl << 5 | type) << 40 |
                 (target >> 16 & 0xffff) << 48;
    idt[2 * v + 1] = target >> 32;
}

static void load_idt(unsigned limit)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) r = { limit, (uint64_t)idt };

    __asm__ volatile("lidt %0" :: "m"(r));
}

static void tables(void)
{
    uint64_t t = (uint64_t)tss, s;

    for (unsigned i = 0; i < 256; i++) {
        set_gate(i, (uint64_t)stubs + 16 * i, 14, i == 3 || i == 4 || i == 0x30 ? 3 : 0, i == 8 ? 1 : 0);
    }
    load_idt(sizeof idt - 1);
    s = (uint64_t)stacks[0] + 4096;
    tss[1] = s;
    tss[2] = s >> 32;
    tss[9] = (uint64_t)stacks[1] + 4096;
    tss[25] = 0x68 << 16;
    gdt[8] = 103 | (t & 0xffffff) << 16 | 0x89ull << 40 | (t >> 24 & 0xff) << 56;
    gdt[9] = t >> 32;
    __asm__ volatile("ltr %w0" :: "r"(0x40));
    PDPT[8] = 0x21007;
    PD[0] = 0x20007;
    PML4[0] = 0x11007;
}

static void page(unsigned n, uint64_t bits)
{
    PT[n] = FRAME(n) | bits;
    __asm__ volatile("invlpg (%0)" :: "r"(PAGE_BASE + 4096 * n) : "memory");
}

void trap(struct frame *f)
{
    if (f->vector == 0x30) {
        print(" ok");
    } else {
        field("v", f->vector);
        field("e", f->error);
        if (f->rip - (uint64_t)start < 4096) {
            field("+", f->rip - (uint64_t)start);
        } else if ((uint64_t)start - f->rip < 4096) {
            field("-", (uint64_t)start - f->rip);
        } else {
            field("ip", f->rip);
        }
    }
    field("a", f->r[14]);
    if (f->vector == 14) {
        field("cr2", READ_CR(2));
    }
    if (f->vector == 1) {
        field("dr6", READ_DR(6));
        WRITE_DR(6, 0xffff0ff0);
    }
    field("cs", f->cs);
    if (more && f->vector != 0x30) {
        more--;
        return;
    }
    probe_leave();
}

static void probe(const char *name, int ring, const char *ip)
{
    print(name);
    print(":");
    start = ip;
    probe_enter((uint64_t)ip, ring == 3 ? 0x2b : ring == 32 ? 0x1b : 8, ring ? 0x23 : 0x10,
                (uint64_t)stacks[2] + 4096 - 64, 2 | user_flags);
    print("\n");
    more = 0;
}

/* ---- arithmetic, traps, invalid instructions ---- */

static void test_plain(void)
{
    P("nothing", 0, "mov $5, %eax");
    P("nothing in ring 3", 3, "mov $5, %eax");
    P("div by 0", 3, "nop; xor %ecx, %ecx; mov $7, %eax; div %ecx");
    P("div overflow 8", 3, "mov $0x200, %eax; mov $2, %cl; div %cl");
    P("div overflow 16", 3, "mov $2, %edx; mov $2, %cx; div %cx");
    P("div overflow 32", 3, "mov $2, %edx; mov $2, %ecx; div %ecx");
    P("div overflow 64", 3, "mov $2, %edx; mov $2, %ecx; div %rcx");
    P("idiv overflow 8", 3, "mov $0xff80, %eax; mov $-1, %cl; idiv %cl");
    P("idiv overflow 16", 3, "mov $0x8000, %eax; cwd; mov $-1, %cx; idiv %cx");
    P("idiv overflow 32", 3, "mov $0x80000000, %eax; cdq; mov $-1, %ecx; idiv %ecx");
    P("idiv overflow 64", 3, "mov $1, %eax; ror $1, %rax; cqo; mov $-1, %rcx; idiv %rcx");
    P("idiv large", 3, "mov $1, %edx; xor %eax, %eax; mov $1, %ecx; idiv %rcx");
    P("int3", 3, "nop; int3; nop");
    P("int 3", 3, "int $3");
    P("int1", 3, ".byte 0xf1; nop");
    P("int 4", 3, "int $4; nop");
    P("into", 3, ".byte 0xce");
    P("int 5 from ring 3", 3, "int $5");
    P("int 5", 0, "int $5");
    P("ud2", 3, "ud2");
    P("ud0", 3, ".byte 0x0f, 0xff, 0xc0");
    P("push es", 3, ".byte 0x06");
    P("aaa", 3, ".byte 0x37");
    P("lock nop", 3, ".byte 0xf0, 0x90");
    P("lock add to register", 3, ".byte 0xf0, 0x01, 0xc0");
    P("mov to cs", 0, ".byte 0x8e, 0xc8");
    P("mov cr1", 0, ".byte 0x0f, 0x20, 0xc8");
    P("too long", 3, ".fill 15, 1, 0x66; nop");
    P("hlt in ring 3", 3, "hlt");
    P("cli in ring 3", 3, "cli");
    P("sti in ring 3", 3, "sti");
    P("in in ring 3", 3, "in $0x80, %al");
    P("out in ring 3", 3, "mov $0x80, %edx; out %al, %dx");
    P("mov cr0 in ring 3", 3, "mov %cr0, %rax");
    P("mov dr7 in ring 3", 3, "mov %dr7, %rax");
    P("rdmsr in ring 3", 3, "rdmsr");
    P("wbinvd in ring 3", 3, "wbinvd");
    P("invlpg in ring 3", 3, "invlpg (%rax)");
    P("lgdt in ring 3", 3, "lgdt (%rsp)");
    P("rsm outside of SMM", 0, "rsm");
    P("swapgs in ring 3", 3, "swapgs");
    P("clts in ring 3", 3, "clts");
    P("popf in ring 3 keeps IF", 3, "pushq $0x202; popf; pushf; pop %rax; and $0x3200, %eax");
    P("rdmsr unknown", 0, "mov $0x12345678, %ecx; rdmsr");
    P("wrmsr efer reserved", 0, "mov $0xc0000080, %ecx; rdmsr; or $0x2, %eax; wrmsr");
    P("wrmsr fs base", 0, "mov $0xc0000100, %ecx; mov $0x8000, %edx; xor %eax, %eax; wrmsr");
}

/* ---- segments and far transfers ---- */

static void test_segments(void)
{
    P("load null ds", 0, "xor %eax, %eax; mov %eax, %ds; mov %ds, %eax");
    P("load null ss", 0, "xor %eax, %eax; mov %eax, %ss; mov %ss, %eax");
    P("load null ss in ring 3", 3, "xor %eax, %eax; mov %eax, %ss");
    P("load ds beyond the table", 0, "mov $0x1000, %eax; mov %eax, %ds");
    P("load ds of an LDT that is not there", 0, "mov $0x4, %eax; mov %eax, %ds");
    P("load ds not present", 0, "mov $0x30, %eax; mov %eax, %ds");
    P("load ss not present", 0, "mov $0x30, %eax; mov %eax, %ss");
    P("load ss read only", 0, "mov $0x68, %eax; mov %eax, %ss");
    P("load ss with code", 0, "mov $0x8, %eax; mov %eax, %ss");
    P("load ds with a TSS", 0, "mov $0x40, %eax; mov %eax, %ds");
    P("load ds of ring 0 in ring 3", 3, "mov $0x13, %eax; mov %eax, %ds");
    P("load fs with code", 3, "mov $0x2b, %eax; mov %eax, %fs; mov %fs, %eax");
    P("ltr busy", 0, "mov $0x40, %eax; ltr %ax");
    P("ltr null", 0, "xor %eax, %eax; ltr %ax");
    P("lldt data", 0, "mov $0x10, %eax; lldt %ax");
    P("lldt null", 0, "xor %eax, %eax; lldt %ax; sldt %eax");
    P("lar", 3, "mov $0x2b, %ecx; lar %ecx, %eax");
    P("lar ring 0 from ring 3", 3, "mov $-1, %eax; mov $0x8, %ecx; lar %ecx, %eax; setz %al");
    P("lar TSS", 0, "mov $0x40, %ecx; lar %ecx, %eax");
    P("lsl", 3, "mov $0x23, %ecx; lsl %ecx, %eax");
    P("lsl call gate", 0, "mov $0x50, %ecx; lsl %ecx, %eax; setz %al");
    P("verr code", 3, "mov $0x2b, %ecx; verr %cx; setz %al");
    P("verw code", 3, "mov $0x2b, %ecx; verw %cx; setz %al");
    P("verw read only", 0, "mov $0x68, %ecx; verw %cx; setz %al");
    P("far jump to data", 0, "ljmp *1f(%rip); .section .rodata; 1: .long 0x1234; .word 0x10; .previous");
    P("far jump to code not present", 0, "ljmp *1f(%rip); .section .rodata; 1: .long 0x1234; .word 0x38; .previous");
    P("far jump to null", 0, "ljmp *1f(%rip); .section .rodata; 1: .long 0x1234; .word 0; .previous");
    P("far jump to ring 3", 0, "ljmp *1f(%rip); .section .rodata; 1: .long 0x1234; .word 0x2b; .previous");
    P("far jump to the TSS", 0, "ljmp *1f(%rip); .section .rodata; 1: .long 0x1234; .word 0x40; .previous");
    P("lret to ring 3", 0, "mov %rsp, %rcx; push $0x23; push %rcx; push $0x2b; push $1f; lretq; 1: mov %ss, %eax");
    P("lret to a higher ring", 3, "push $8; push $0; lretq");
    P("iret to not canonical", 0, "mov %rsp, %rcx; mov $1, %eax; shl $48, %rax; push $0x10; push %rcx; push $2; push $8; "
      "push %rax; iretq");
    P("iret to ring 3 with a stack of ring 0", 0, "push $0x10; push $0; push $2; push $0x2b; push $0; iretq");
    P("iret with null ss to ring 3", 0, "push $0; push $0; push $2; push $0x2b; push $0; iretq");
    P("iret with NT", 0, "pushf; orl $0x4000, (%rsp); popf; iretq");
    P("32-bit code and back", 32, ".code32; mov %cs, %eax; shl $16, %eax; mov %sp, %ax; add $0x10000, %eax; .code64");
    P("32-bit code: push es, aaa", 32, ".code32; push %es; pop %eax; aaa; .code64");
    P("32-bit code: wraps", 32, ".code32; mov $0xffffffff, %eax; mov 0x8(%eax), %al; .code64");
    P("push not canonical", 0, "mov $1, %eax; shl $48, %rax; mov %rax, %rsp; push %rax");
    P("read not canonical", 3, "mov $1, %eax; shl $48, %rax; mov (%rax), %eax");
    P("read not canonical by rbp", 3, "mov $1, %eax; shl $48, %rax; mov %rax, %rbp; mov (%rbp), %eax");
    P("jump not canonical", 3, "mov $1, %eax; shl $48, %rax; jmp *%rax");
    P("ret not canonical", 3, "mov $1, %eax; shl $48, %rax; push %rax; ret");
}

static void test_gates(void)
{
    extern char call_target[];

    gdt[10] = ((uint64_t)call_target & 0xffff) | 8 << 16 | 0xecull << 40 | ((uint64_t)call_target >> 16 & 0xffff) << 48;
    gdt[11] = 0;
    P("call gate from ring 3", 3, "lcall *1f(%rip); jmp 2f; .section .rodata; 1: .long 0; .word 0x53; .previous; "
      ".globl call_target; call_target: mov %cs, %eax; shl $16, %eax; mov 24(%rsp), %ecx; and $0xffff, %ecx; or %ecx, %eax; "
      "lretq; 2: ");
    gdt[10] &= ~(0x60ull << 40);
    P("call gate of ring 0 from ring 3", 3, "lcall *1f(%rip); .section .rodata; 1: .long 0; .word 0x53; .previous");
    gdt[10] &= ~(0x80ull << 40);
    P("call gate not present", 0, "lcall *1f(%rip); .section .rodata; 1: .long 0; .word 0x50; .previous");
    P("conforming code from ring 3", 3, "ljmp *1f(%rip); .section .rodata; 1: .long 2f; .word 0x60; .previous; 2: mov %cs, %eax");
}

/* ---- paging ---- */

#define A0 "mov $2, %edx; shl $32, %rdx; "     /* rdx = PAGE_BASE */

static void test_pages(void)
{
    uint64_t cr4 = READ_CR(4);

    page(0, 0);
    P("read, not there", 0, A0 "mov 8(%rdx), %al");
    P("write, not there", 0, A0 "mov %al, 16(%rdx)");
    P("read, not there, ring 3", 3, A0 "mov 24(%rdx), %al");
    P("write, not there, ring 3", 3, A0 "mov %al, (%rdx)");
    P("fetch, not there", 0, A0 "jmp *%rdx");
    P("fetch, not there, ring 3", 3, A0 "jmp *%rdx");
    page(0, PTE_P | PTE_W);
    P("ring 0's page from ring 3", 3, A0 "mov (%rdx), %al");
    P("write to ring 0's page from ring 3", 3, A0 "mov %al, (%rdx)");
    P("fetch from ring 0's page in ring 3", 3, A0 "jmp *%rdx");
    page(0, PTE_P | PTE_U);
    P("write to a read-only page", 3, A0 "mov %al, (%rdx)");
    P("write to a read-only page in ring 0", 0, A0 "mov %al, (%rdx)");
    P("rmw of a read-only page", 3, A0 "addl $1, (%rdx)");
    P("locked rmw of a read-only page", 3, A0 "lock addl $1, (%rdx)");
    P("cmpxchg that fails, read-only page", 3, A0 "mov $99, %eax; cmpxchg %ecx, (%rdx)");
    WRITE_CR(0, READ_CR(0) & ~0x10000ul);
    P("write to a read-only page without WP", 0, A0 "mov %al, (%rdx)");
    WRITE_CR(0, READ_CR(0) | 0x10000);
    page(0, PTE_P | PTE_W | PTE_U | PTE_NX);
    P("fetch from a page with NX", 3, A0 "jmp *%rdx");
    P("read from a page with NX", 3, A0 "mov (%rdx), %al");
    page(0, PTE_P | PTE_W | PTE_U | PTE_RSVD);
    P("reserved bit", 0, A0 "mov (%rdx), %al");
    P("reserved bit, write in ring 3", 3, A0 "mov %al, (%rdx)");
    page(0, PTE_P | PTE_W | PTE_U);
    P("read sets A", 3, A0 "mov (%rdx), %al");
    print("the entry:");
    field("pte", PT[0]);
    P("\nwrite sets D", 3, A0 "mov %al, (%rdx)");
    print("the entry:");
    field("pte", PT[0]);
    print("\n");
    page(1, 0);
    P("across pages: write", 3, A0 "movl $-1, 0xffe(%rdx)");
    P("across pages: nothing was written", 3, A0 "movzwl 0xffe(%rdx), %eax");
    P("across pages: read", 3, A0 "mov 0xffd(%rdx), %eax");
    P("across pages: push", 3, A0 "lea 0x1004(%rdx), %rsp; push %rax");
    P("across pages: fetch", 3, A0 "movb $0xb8, 0xffe(%rdx); lea 0xffe(%rdx), %rax; jmp *%rax");
    P("across pages: locked", 3, A0 "lock incl 0xffe(%rdx)");
    P("across pages: fxsave", 0, A0 "fxsave 0xf00(%rdx)");
    P("rep movs into it", 3, A0 "lea 0xff0(%rdx), %rdi; mov %rdx, %rsi; mov $64, %ecx; rep movsb");
    P("string: what is left", 3, A0 "lea 0xff0(%rdx), %rdi; mov $64, %ecx; xor %eax, %eax; rep stosb");
    PD[1] = 0x400000 | PTE_P | PTE_W | PTE_U | PTE_PS | 0x2000;
    P("2 MiB page, reserved bit", 0, A0 "mov 0x200000(%rdx), %al");
    PD[1] = 0x400000 | PTE_P | PTE_U | PTE_PS;
    WRITE_CR(3, READ_CR(3));
    P("2 MiB page, read only", 3, A0 "mov %al, 0x200000(%rdx)");
    PML4[1] = 0x11007 | PTE_PS;
    P("PS in the first level", 0, "mov $0x80, %edx; shl $32, %rdx; mov (%rdx), %al");
    PML4[1] = 0;
    PDPT[9] = 0x21007 & ~2;
    P("read only by an upper level", 0, A0 "add $0x40000000, %rdx; mov %al, (%rdx)");
    PDPT[9] = 0x21007 & ~4;
    WRITE_CR(3, READ_CR(3));
    P("ring 0's by an upper level", 3, A0 "add $0x40000000, %rdx; mov (%rdx), %al");
    PDPT[9] = 0;

    /* now the kernel's own pages are ring 0's, probes in ring 3 can't run */
    *(volatile uint64_t *)0x12000 = 0x83;
    WRITE_CR(3, READ_CR(3));
    WRITE_CR(4, cr4 | 1 << 20);
    page(0, PTE_P | PTE_W | PTE_U);
    *(volatile uint8_t *)FRAME(0) = 0xc3;
    P("SMEP", 0, A0 "call *%rdx");
    WRITE_CR(4, cr4);
    P("without SMEP", 0, A0 "call *%rdx");
    WRITE_CR(4, cr4 | 1 << 21);
    page(0, PTE_P | PTE_W | PTE_U);
    P("SMAP", 0, "stac; " A0 "clac; mov (%rdx), %al");
    P("SMAP, write", 0, "stac; " A0 "clac; mov %al, (%rdx)");
    P("SMAP lifted", 0, "stac; " A0 "mov (%rdx), %al; clac; xor %eax, %eax");
    WRITE_CR(4, cr4);
    *(volatile uint64_t *)0x12000 = 0x87;
    WRITE_CR(3, READ_CR(3));
    P("SMAP: stac in ring 3", 3, "stac");
}

/* ---- control registers, debug registers ---- */

static void test_control(void)
{
    uint64_t cr0 = READ_CR(0), cr4 = READ_CR(4);

    P("cr0 paging without protection", 0, "mov %cr0, %rax; and $~1, %eax; mov %rax, %cr0");
    P("cr0 NW without CD", 0, "mov %cr0, %rax; btr $30, %eax; or $0x20000000, %eax; mov %rax, %cr0");
    P("cr0 high half", 0, "mov %cr0, %rax; mov $1, %ecx; shl $32, %rcx; or %rcx, %rax; mov %rcx, %cr0");
    P("cr0 paging off in 64-bit code", 0, "mov %cr0, %rax; btr $31, %rax; mov %rax, %cr0");
    P("cr4 without PAE", 0, "mov %cr4, %rax; btr $5, %rax; mov %rax, %cr4");
    P("cr4 reserved bit", 0, "mov %cr4, %rax; bts $63, %rax; mov %rax, %cr4");
    P("cr3 reserved bit", 0, "mov %cr3, %rax; bts $60, %rax; mov %rax, %cr3");
    P("cr8", 0, "mov $5, %eax; mov %rax, %cr8; mov %cr8, %rax; xor %ecx, %ecx; mov %rcx, %cr8");
    P("cr8 too large", 0, "mov $0x10, %eax; mov %rax, %cr8");
    P("lmsw does not clear PE", 0, "xor %eax, %eax; lmsw %ax; mov %cr0, %rax; and $1, %eax");
    WRITE_CR(0, cr0);
    WRITE_CR(0, cr0 | 8);
    P("x87 with TS", 3, "fld1");
    P("SSE with TS", 3, "movaps %xmm0, %xmm1");
    P("MMX with TS", 3, "paddb %mm0, %mm1");
    P("wait with TS", 3, "fwait");
    WRITE_CR(0, (cr0 | 8) & ~2ul);
    P("wait with TS without MP", 3, "fwait");
    WRITE_CR(0, cr0 | 4);
    P("x87 with EM", 3, "fld1");
    P("MMX with EM", 3, "movd %mm0, %eax");
    P("emms with EM", 3, "emms");
    P("SSE with EM", 3, "movaps %xmm0, %xmm1");
    WRITE_CR(0, cr0);
    WRITE_CR(4, cr4 & ~0x200ul);
    P("SSE without OSFXSR", 3, "movaps %xmm0, %xmm1");
    WRITE_CR(4, cr4 & ~0x400ul);
    P("SSE exception without OSXMMEXCPT", 3, "movl $0, -8(%rsp); ldmxcsr -8(%rsp); pxor %xmm0, %xmm0; divss %xmm0, %xmm0");
    WRITE_CR(4, cr4);
    P("SSE exception", 3, "movl $0, -8(%rsp); ldmxcsr -8(%rsp); pxor %xmm0, %xmm0; divss %xmm0, %xmm0");
    P("ldmxcsr reserved", 3, "movl $-1, -8(%rsp); ldmxcsr -8(%rsp)");
    P("x87 exception", 3, "fninit; movw $0x300, -8(%rsp); fldcw -8(%rsp); fldz; fldz; fdivp; nop; fwait");
    P("MMX with an x87 exception pending", 3, "movd %mm0, %eax");
    __asm__ volatile("fninit");
    P("MMX register 7 after fldpi", 3, "fninit; fldpi; movq %mm7, %rax");
    P("MMX makes TOP 0", 3, "fninit; fldpi; movq %mm7, %mm0; xor %eax, %eax; fnstsw %ax");
    P("MMX makes all registers valid", 3, "fninit; movd %eax, %mm0; fnstenv -64(%rsp); movzwl -56(%rsp), %eax");
    P("emms empties them", 3, "movd %eax, %mm0; emms; fnstenv -64(%rsp); movzwl -56(%rsp), %eax");
    P("what MMX writes is no number to x87", 3, "fninit; mov $5, %eax; movd %eax, %mm0; fstpt -16(%rsp); movzwl -8(%rsp), %eax");
    P("MMX adds bytes", 3, "mov $0x01ff01ff, %eax; movd %eax, %mm0; paddb %mm0, %mm0; movd %mm0, %eax");
    P("movaps unaligned", 3, "movaps -7(%rsp), %xmm0");
    WRITE_CR(0, cr0 | 1 << 18);
    user_flags = 1 << 18;
    P("alignment check", 3, "movl $0, -7(%rsp)");
    P("alignment check, word", 3, "movw $0, -7(%rsp)");
    P("alignment check, aligned", 3, "mov -8(%rsp), %eax; xor %eax, %eax");
    P("alignment check in ring 0", 0, "mov -7(%rsp), %eax; xor %eax, %eax");
    user_flags = 0;
    WRITE_CR(0, cr0);
    WRITE_CR(4, cr4 | 4);
    P("rdtsc with TSD", 3, "rdtsc");
    WRITE_CR(4, cr4);
    P("rdpmc in ring 3", 3, "rdpmc");
    WRITE_CR(4, cr4 | 1 << 11);
    P("UMIP sgdt", 3, "sgdt -16(%rsp)");
    P("UMIP sidt", 3, "sidt -16(%rsp)");
    P("UMIP sldt", 3, "sldt %eax");
    P("UMIP smsw", 3, "smsw %eax");
    P("UMIP str", 3, "str %eax");
    WRITE_CR(4, cr4);
    P("str", 3, "str %eax");
    P("xgetbv without OSXSAVE", 3, "xgetbv");
    P("monitor in ring 3", 3, "xor %ecx, %ecx; monitor");
    P("rdfsbase without FSGSBASE", 3, "rdfsbase %rax");
}

#define STEP_ON "pushf; orl $0x100, (%rsp); popf; "

static void test_debug(void)
{
    extern char bp_here[];
    uint64_t cr4 = READ_CR(4);
    static volatile uint32_t watched[4];

    P("single step", 3, STEP_ON "nop");
    P("single step of popf itself", 3, STEP_ON STEP_ON "nop");
    more = 2;
    P("three single steps", 3, STEP_ON "nop; mov $1, %eax; jmp 1f; nop; 1: nop; nop");
    more = 1;
    P("single steps of rep", 3, STEP_ON "mov $3, %ecx; lea -64(%rsp), %rdi; rep stosb");
    P("single step and mov ss", 0, "mov %ss, %ecx; " STEP_ON "mov %ecx, %ss; nop; nop");
    P("single step of a fault", 3, STEP_ON "ud2");
    P("single step of int", 3, STEP_ON "int $0x30");
    user_flags = 0x100;
    P("TF by iret", 3, "nop; nop");
    user_flags = 0;

    WRITE_DR(0, bp_here);
    WRITE_DR(7, 0x402);
    P("breakpoint", 3, "nop; .globl bp_here; bp_here: mov $1, %eax; nop");
    user_flags = 0x10000;
    probe("RF by iret", 3, bp_here);
    user_flags = 0;
    WRITE_DR(7, 0x401);
    P("breakpoint, local", 0, "jmp bp_here");
    WRITE_DR(7, 0x400);
    P("breakpoint, disabled", 3, "jmp bp_here");

    WRITE_DR(1, watched);
    WRITE_DR(7, 0x400 | 8 | 0xdull << 20);
#define W "mov watched_address, %rdi; "
    static volatile uint64_t here __asm__("watched_address") __attribute__((used));
    here = (uint64_t)watched;
    P("data breakpoint: write", 3, W "movl $7, (%rdi); nop; nop");
    P("data breakpoint: read does not hit", 3, W "mov (%rdi), %eax; nop");
    P("data breakpoint: last byte", 3, W "movb $7, 3(%rdi); nop");
    P("data breakpoint: beside", 3, W "movl $7, 4(%rdi); nop");
    P("data breakpoint: overlapping", 3, W "movq $7, -4(%rdi); nop");
    P("data breakpoint: push", 0, W "lea 8(%rdi), %rsp; push %rax; lea stack_top, %rsp; .pushsection .bss; .space 512; stack_top: .popsection");
    P("data breakpoint: rep stos", 3, W "mov $8, %ecx; xor %eax, %eax; lea -8(%rdi), %rdi; rep stosl; mov %ecx, %eax");
    WRITE_DR(7, 0x400 | 8 | 0xfull << 20);
    P("data breakpoint: read", 3, W "mov (%rdi), %eax; nop");
    P("data breakpoint: rmw", 3, W "incl (%rdi); nop");
    P("data breakpoint: and a fault", 3, W "push (%rdi); ud2");
    WRITE_CR(4, cr4 | 8);
    WRITE_DR(2, 0x80);
    WRITE_DR(7, 0x400 | 0x20 | 0x2ull << 24);
    P("I/O breakpoint", 0, "xor %eax, %eax; out %al, $0x80; nop");
    P("I/O breakpoint: beside", 0, "xor %eax, %eax; out %al, $0x81; nop");
    P("dr4 with DE", 0, "mov %dr4, %rax");
    WRITE_CR(4, cr4);
    WRITE_DR(7, 0x400 | 1 << 13);
    P("general detect", 0, "mov %dr0, %rax");
    P("general detect is off now", 0, "mov %dr7, %rax");
    WRITE_DR(7, 0x400);
    P("dr7 high half", 0, "mov $1, %eax; shl $32, %rax; mov %rax, %dr7");
    P("dr6 bits", 0, "xor %eax, %eax; mov %rax, %dr6; mov %dr6, %rax; mov $0xffff0ff0, %ecx; mov %rcx, %dr6");
}

/* ---- system calls ---- */

static void test_calls(void)
{
    extern char syscall_entry[], sysenter_entry[];

    wrmsr(0xc0000081, 8ull << 32 | 0x18ull << 48);
    wrmsr(0xc0000082, (uint64_t)syscall_entry);
    wrmsr(0xc0000084, 0x200);
    P("syscall", 3, "nop; syscall; 1: jmp 9f; .globl syscall_entry; syscall_entry: sub $1b, %ecx; mov %cs, %eax; shl $16, %eax; "
      "mov %ss, %ecx; or %ecx, %eax; 9:");
    P("sysret", 0, "mov %rsp, %r8; mov $1f, %ecx; mov $0x2, %r11d; sysretq; 1: mov %cs, %eax; shl $16, %eax; mov %ss, %ecx; "
      "or %ecx, %eax; int $0x30");
    P("sysret in ring 3", 3, "sysretq");
    wrmsr(0x174, 0);
    P("sysenter without code segment", 3, "sysenter");
    wrmsr(0x174, 8);
    wrmsr(0x175, (uint64_t)stacks[3] + 4096);
    wrmsr(0x176, (uint64_t)sysenter_entry);
    P("sysexit in ring 3", 3, "sysexitq");
    wrmsr(0xc0000080, rdmsr(0xc0000080) & ~1ull);
    P("syscall without SCE", 3, "syscall");
    wrmsr(0xc0000080, rdmsr(0xc0000080) | 1);
    P("sysenter", 3, "sysenter; .globl sysenter_entry; sysenter_entry: mov %cs, %eax; shl $16, %eax; mov %ss, %ecx; "
      "or %ecx, %eax");
    P("sysexit", 0, "mov %rsp, %rcx; mov $1f, %edx; sysexitq; 1: mov %cs, %eax; shl $16, %eax; mov %ss, %ecx; "
      "or %ecx, %eax; int $0x30");
}

/* ---- faults on the way ---- */

static void test_nested(void)
{
    uint64_t ud = idt[12], div = idt[0], pf = idt[28];

    idt[12] &= ~(1ull << 47);
    P("#UD's gate not present", 3, "ud2");
    idt[12] = ud & ~(0x1full << 40) | 0x85ull << 40;
    P("#UD's gate is a task gate", 3, "ud2");
    idt[12] = (ud & ~0xffff0000ull) | 0x38 << 16;
    P("#UD's segment not present", 3, "ud2");
    idt[12] = (ud & ~0xffff0000ull) | 0x10 << 16;
    P("#UD's segment is data", 3, "ud2");
    idt[12] = ud & ~0xffff0000ull;
    P("#UD's segment is null", 3, "ud2");
    idt[12] = ud;
    idt[0] &= ~(1ull << 47);
    P("double fault", 3, "xor %ecx, %ecx; div %ecx");
    idt[0] = div;
    idt[28] &= ~(1ull << 47);
    page(0, 0);
    P("double fault by a page fault", 3, A0 "mov (%rdx), %al");
    idt[28] = pf;
    load_idt(16 * 0x31 - 1);
    P("beyond the IDT", 0, "int $0x31");
    load_idt(sizeof idt - 1);
    tss[1] = 0x1000;
    tss[2] = 2;
    page(0, 0);
    P("stack of ring 0 not there", 3, "ud2");
    tss[2] = 0x10000;
    P("stack of ring 0 not canonical", 3, "ud2");
    tss[1] = (uint64_t)stacks[0] + 4096;
    tss[2] = 0;
    P("int with DPL 0 from ring 3", 3, "int $0x20");
}

/* ---- code that changes itself ---- */

static void test_own_code(void)
{
    P("store to the next instruction", 0, "movb $2, 1f+1(%rip); 1: mov $1, %eax");
    P("store to the next but one", 0, "movl $3, 1f+1(%rip); nop; inc %ecx; 1: mov $1, %eax; add %ecx, %eax");
    P("store behind: not executed again", 0, "1: mov $1, %eax; movb $2, 1b+1(%rip); nop");
    P("store to itself", 0, "mov $3, %ecx; 1: movb $2, 1b+6(%rip); loop 1b; mov 1b+6, %al");
    P("locked store to the next", 0, "lock addl $4, 1f+1(%rip); 1: mov $1, %eax");
    P("push over the next", 0, "mov %rsp, %rcx; lea 1f+8(%rip), %rsp; mov $0x909007b0, %edx; push %rdx; .balign 8, 0x90; "
      "1: mov $1, %al; nop; nop; add %eax, (%rax); add %al, (%rax); mov %rcx, %rsp");
    P("rep stos over the next", 0, "lea 1f(%rip), %rdi; mov $2, %ecx; mov $0x40, %al; mov $0xc0ffc0ff, %eax; rep stosl; "
      "1: nop; nop; nop; nop; nop; nop; nop; nop; and $0xff, %eax");
    P("fxsave over the next", 0, "mov $7, %eax; fninit; lea 1f-24(%rip), %rdi; movl $0x1f80, -8(%rsp); ldmxcsr -8(%rsp); "
      "jmp 2f; .balign 16, 0x90; .fill 24, 1, 0x90; 2: fstcw 1f(%rip); .balign 2, 0x90; 1: mov $1, %eax; nop");
    P("cmpxchg16b over the next", 0, "mov 1f, %rax; mov 1f+8, %rdx; mov $0x90909090909005b0, %rbx; mov %rdx, %rcx; jmp 2f; .balign 16, 0x90; "
      "2: lock cmpxchg16b 1f(%rip); .balign 16, 0x90; 1: mov $1, %al; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; and $0xff, %eax");
    P("movaps over the next", 0, "movaps 2f(%rip), %xmm0; movaps %xmm0, 1f(%rip); jmp 1f; .balign 16, 0x90; 1: mov $1, %eax; "
      "nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; nop; .section .rodata; .balign 16; 2: mov $9, %eax; .fill 11, 1, 0x90; .previous");
}

/* ---- system management mode ---- */

#define SMM_SEEN ((volatile uint32_t *)0x600)

__asm__(".pushsection .text.smm, \"ax\"\n.code16\n"
        ".globl smm_first, smm_second\n"
        "smm_first: incl 0x600; mov $0x3fefc, %ecx; movl (%ecx), %eax; mov %eax, 0x604; mov %cr0, %eax; mov %eax, 0x608; mov %cs, %ax; "
        "mov %ax, 0x60c; mov $0x3ff00, %ecx; movl $0x40000, (%ecx); mov $-1, %ebx; mov $-1, %esp; rsm\n"
        ".balign 64\n"
        "smm_second: incl 0x600; mov %cs, %ax; mov %ax, 0x60c; rsm; .balign 64\n"
        ".code64\n.popsection");

/* An SMI from the local APIC to this CPU; do all registers survive it? */
static void smi(const char *name)
{
    uint64_t sum;

    __asm__ volatile("mov $0x1122334455667788, %%rbx; mov %%rbx, %%r8; not %%r8; mov %%r8, %%r15; std; "
                     "mov $0xfee00300, %%edx; movl $0, 0x10(%%rdx); movl $0x4200, (%%rdx); mov $10000, %%ecx; 1: dec %%ecx; jnz 1b; "
                     "pushf; pop %%rax; cld; and $0xcd5, %%eax; add %%rbx, %%rax; add %%r8, %%rax; add %%r15, %%rax"
                     : "=&a"(sum) :: "rbx", "rcx", "rdx", "r8", "r15", "memory", "cc");
    print(name);
    print(":");
    field("sum", sum);
    field("n", SMM_SEEN[0]);
    field("cs", SMM_SEEN[3] & 0xffff);
    print("\n");
}

static void test_smm(void)
{
    extern const char smm_first[], smm_second[];

    for (unsigned i = 0; i < 64; i++) {
        ((volatile char *)0x38000)[i] = smm_first[i];
        ((volatile char *)0x48000)[i] = smm_second[i];
    }
    for (unsigned i = 0; i < 4; i++) {
        SMM_SEEN[i] = 0;
    }
    *(volatile uint32_t *)0xfee000f0 = 0x1ff;
    smi("SMI");
    field("revision", SMM_SEEN[1]);
    field("cr0", SMM_SEEN[2]);
    print("\n");
    smi("SMI, SMBASE moved");
}

int main(void)
{
    tables();
    test_plain();
    test_segments();
    test_gates();
    test_pages();
    test_control();
    test_debug();
    test_calls();
    test_nested();
    test_own_code();
    test_smm();
    end();
    return 0;
}
