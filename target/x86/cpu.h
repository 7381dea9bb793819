/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One x86 CPU, from the 486 to x86-64-v3 (Intel, "64 and IA-32 Architectures Software Developer's Manual", SDM below).
 *
 * Registers are 64 bits wide in every mode; code of 16 and 32 bits writes them as 64-bit code does (32-bit results are
 * zero-extended). cpu.pc is the *linear* address of the next instruction: the instruction pointer is pc - CS.base, see
 * x86_ip. The arithmetic flags are lazy, see enum x86_cc; whoever wants EFLAGS calls x86_eflags.
 *
 * Everything here runs on the vCPU's thread, or while it is stopped, unless it says otherwise.
 */
#ifndef TARGET_X86_CPU_H
#define TARGET_X86_CPU_H

#include "system/cpu.h"
#include "system/x86.h"
#include "target/x86/feature.h"
#include "tcg/ir.h"

/* cpu.r[]; r8 to r15 have their own numbers. */
enum xt_reg { X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI };

/* cpu.r[] from here on holds what translated code uses most beside the registers: its offsets are short. */
enum {
    X86_R_CC_DST = 16,
    X86_R_CC_SRC,
    X86_R_CC_SRC2,
    X86_R_CC_OP,                    /* enum x86_cc and an override, the low 32 bits */
    X86_R_CC_OVER,
};

enum x86_sreg { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_SREGS, X86_LDTR = X86_SREGS, X86_TR, X86_SEGS };

/* Bits of x86_seg.attr: bits 8 to 23 of a descriptor's upper word, with the limit's bits cleared (SDM vol. 3, "Segment
 * Descriptors"). */
enum {
    X86_SEG_TYPE = 15,
    X86_SEG_A = 1,                  /* code or data: accessed */
    X86_SEG_W = 2,                  /* data: writable; code: readable */
    X86_SEG_E = 4,                  /* data: expand-down; code: conforming */
    X86_SEG_CODE = 8,
    X86_SEG_S = 1 << 4,             /* code or data, not a system segment */
    X86_SEG_DPL_SHIFT = 5,
    X86_SEG_DPL = 3 << X86_SEG_DPL_SHIFT,
    X86_SEG_P = 1 << 7,
    X86_SEG_AVL = 1 << 12,
    X86_SEG_L = 1 << 13,
    X86_SEG_DB = 1 << 14,
    X86_SEG_G = 1 << 15,
};

/* A segment register with its hidden part. A register that was loaded with a null selector has attr 0. */
struct x86_seg {
    uint16_t sel;
    uint16_t attr;                  /* X86_SEG_* */
    uint32_t limit;                 /* in bytes */
    uint64_t base;
    /* Derived by x86_seg_update: an access of n bytes at offset o is allowed if o + n - 1 < room (as 64-bit numbers).
     * Expand-down segments have no room here; translations check them by helper (X86_KEY_ODD). */
    uint64_t room_r, room_w;
};

struct x86_table {                  /* GDTR, IDTR */
    uint64_t base;
    uint32_t limit;
};

enum {
    X86_CF = 1 << 0, X86_PF = 1 << 2, X86_AF = 1 << 4, X86_ZF = 1 << 6, X86_SF = 1 << 7, X86_TF = 1 << 8, X86_IF = 1 << 9,
    X86_DF = 1 << 10, X86_OF = 1 << 11, X86_IOPL_SHIFT = 12, X86_IOPL = 3 << X86_IOPL_SHIFT, X86_NT = 1 << 14,
    X86_RF = 1 << 16, X86_VM = 1 << 17, X86_AC = 1 << 18, X86_VIF = 1 << 19, X86_VIP = 1 << 20, X86_ID = 1 << 21,
    X86_FLAGS_1 = 1 << 1,           /* always set */
    X86_CC = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

enum {
    X86_CR0_PE = 1 << 0, X86_CR0_MP = 1 << 1, X86_CR0_EM = 1 << 2, X86_CR0_TS = 1 << 3, X86_CR0_ET = 1 << 4,
    X86_CR0_NE = 1 << 5, X86_CR0_WP = 1 << 16, X86_CR0_AM = 1 << 18, X86_CR0_NW = 1 << 29, X86_CR0_CD = 1 << 30,
};
#define X86_CR0_PG (1u << 31)

enum {
    X86_CR4_VME = 1 << 0, X86_CR4_PVI = 1 << 1, X86_CR4_TSD = 1 << 2, X86_CR4_DE = 1 << 3, X86_CR4_PSE = 1 << 4,
    X86_CR4_PAE = 1 << 5, X86_CR4_MCE = 1 << 6, X86_CR4_PGE = 1 << 7, X86_CR4_PCE = 1 << 8, X86_CR4_OSFXSR = 1 << 9,
    X86_CR4_OSXMMEXCPT = 1 << 10, X86_CR4_UMIP = 1 << 11, X86_CR4_LA57 = 1 << 12, X86_CR4_FSGSBASE = 1 << 16,
    X86_CR4_PCIDE = 1 << 17, X86_CR4_OSXSAVE = 1 << 18, X86_CR4_SMEP = 1 << 20, X86_CR4_SMAP = 1 << 21,
    X86_CR4_PKE = 1 << 22,
};

enum { X86_EFER_SCE = 1 << 0, X86_EFER_LME = 1 << 8, X86_EFER_LMA = 1 << 10, X86_EFER_NXE = 1 << 11 };

enum { X86_XCR0_X87 = 1, X86_XCR0_SSE = 2, X86_XCR0_AVX = 4 };

/* Exceptions and their vectors. */
enum x86_vector {
    X86_DE = 0, X86_DB = 1, X86_NMI = 2, X86_BP = 3, X86_OFLOW = 4, X86_BR = 5, X86_UD = 6, X86_NM = 7, X86_DFAULT = 8,
    X86_TS = 10, X86_NP = 11, X86_SSFAULT = 12, X86_GP = 13, X86_PAGE = 14, X86_MF = 16, X86_ALIGN = 17, X86_MC = 18,
    X86_XM = 19,
};

/*
 * How to find the arithmetic flags from cc_dst, cc_src and cc_src2. The operations on 8, 16, 32 and 64 bits follow each
 * other in this order; operands are kept zero-extended from their size.
 */
enum x86_cc {
    X86_CC_EFLAGS,                  /* cc_src has them as in EFLAGS */
#define X86_CC_SIZES(name) X86_CC_##name##B, X86_CC_##name##W, X86_CC_##name##L, X86_CC_##name##Q
    X86_CC_SIZES(ADD),              /* dst = result, src = second operand */
    X86_CC_SIZES(ADC),              /* likewise, src2 = carry in (0, 1) */
    X86_CC_SIZES(SUB),              /* dst = first operand, src = second operand */
    X86_CC_SIZES(SBB),              /* likewise, src2 = borrow in (0, 1) */
    X86_CC_SIZES(LOGIC),            /* dst = result */
    X86_CC_SIZES(INC),              /* dst = result, src = CF as it was (0, 1) */
    X86_CC_SIZES(DEC),
    X86_CC_SIZES(SHL),              /* dst = result, src = value before the last bit was shifted out */
    X86_CC_SIZES(SHR),              /* dst = result, src = likewise; SAR, too, whose OF is 0: sign bits agree */
    X86_CC_SIZES(MUL),              /* dst = low half, src = not 0: CF and OF */
    X86_CC_SIZES(BLSI),             /* dst = result, src = source: CF = source not 0 */
    X86_CC_SIZES(BLSR),             /* CF = source 0; BLSMSK, too */
    X86_CC_SIZES(CNT),              /* LZCNT, TZCNT: ZF = dst 0, CF = src 0 */
    X86_CC_OPS
};

#define X86_MXCSR_VALID 0xffff

/*
 * Rotates and bit tests change CF and OF and leave the other flags: they put an override into cc_op's upper bits, and its
 * operand into cc_over. The operation below stays.
 */
enum {
    X86_CC_OP = 0xff,               /* mask: enum x86_cc */
    X86_CC_OVER_SHIFT = 8,
    X86_CC_OVER = 7 << X86_CC_OVER_SHIFT,
    X86_CC_OVER_ROL = 1 << X86_CC_OVER_SHIFT,   /* over = result of ROL: CF is its lowest bit, OF that xor the highest */
    X86_CC_OVER_ROR = 2 << X86_CC_OVER_SHIFT,   /* over = result of ROR: CF is its highest bit, OF that xor the next */
    X86_CC_OVER_CF = 3 << X86_CC_OVER_SHIFT,    /* CF = over & 1 */
    X86_CC_OVER_CFOF = 4 << X86_CC_OVER_SHIFT,  /* CF and OF as in EFLAGS */
    X86_CC_OVER_SIZE_SHIFT = 12,    /* log2 of the rotated operand's bytes */
};

struct x86_fpreg {                  /* one x87 register; mmx registers are the mantissas */
    uint64_t mantissa;
    uint16_t exponent;              /* with the sign in bit 15 */
    uint16_t pad[3];
};

struct x86_msrs {                   /* the MSRs that are plain state; rows in msr.def */
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base, tsc_aux;
    uint64_t pat, misc_enable, feature_control, spec_ctrl;
    uint64_t mtrr_def_type, mtrr_base[8], mtrr_mask[8], mtrr_fixed[11];
    uint64_t mcg_status, mcg_ctl;
    uint64_t tsc_adjust, tsc_deadline, ucode_rev, smbase;
};

struct x86_cpu {
    struct cpu cpu;                 /* cpu.r[0..15]: general registers; from X86_R_CC_DST: see above */
    uint64_t df;                    /* 1, or -1 where EFLAGS.DF is set */
    uint64_t eflags;                /* but for X86_CC and X86_DF, whose bits here are 0 */
    struct x86_seg seg[X86_SEGS];
    struct x86_table gdt, idt;
    uint64_t cr0, cr2, cr3, cr4, efer, xcr0;
    uint64_t dr[8];
    uint32_t pkru;
    struct x86_msrs msr;
    uint64_t pdpte[4];              /* PAE paging loads them with CR3 */
    uint64_t tsc_offset;            /* guest TSC = clock's ticks + this */

    /* cpu.fpcr is MXCSR with all exceptions masked, sticky flags included; the guest's masks stand here. */
    uint16_t mxcsr_masks, mxcsr_flags;      /* bits 7 to 12; flags put aside by helper xm_begin */

    /* x87 */
    struct x86_fpreg st[8];         /* physical registers: ST(i) is st[(fpu_top + i) & 7] */
    uint16_t fpu_cw, fpu_sw;        /* sw without TOP */
    uint8_t fpu_top;
    uint8_t fpu_valid;              /* bit n: st[n] is not empty (as in FXSAVE's abridged tag word) */
    uint16_t fpu_op;                /* last opcode, 11 bits */
    uint16_t fpu_cs, fpu_ds;
    uint64_t fpu_ip, fpu_dp;

    uint64_t zmm[32][8] __attribute__((aligned(64)));   /* XMM and YMM registers are the lower parts */

    /* ---- events ---- */
    uint8_t inhibit;                /* interrupts are held off until the next instruction is done: X86_INHIBIT_* */
    bool nmi_pending, nmi_blocked;  /* blocked until IRET */
    bool smi_pending, in_smm;
    bool smm_nmi_blocked;           /* nmi_blocked as it was in front of the SMI */
    struct address_space *main_as;  /* in SMM: what cpu.as was before; else NULL */
    bool sipi_wait;                 /* after INIT: only SIPI (or INIT) gets it going */
    /* The exception on its way in: what nested ones are combined with. -1: none. */
    int16_t old_exception;
    bool external;                  /* the event on its way in is none of the program's: error codes have EXT */

    /* ---- the model; fixed after init ---- */
    struct x86_features feature;
    const char *model;              /* its name */
    char vendor[13], name[49];      /* CPUID leaves 0 and 0x80000002.. */
    uint8_t family, model_number, stepping;
    uint8_t phys_bits, virt_bits;
    uint32_t level, xlevel;         /* highest CPUID leaves */
    bool host;                      /* -cpu host */
    uint64_t tsc_hz;
    uint64_t *insn_counts;          /* executions by row of the tables under -d insn-count, else NULL */
};

enum { X86_INHIBIT_STI = 1, X86_INHIBIT_SS = 2 };

static inline struct x86_cpu *x86_cpu(struct cpu *cpu)
{
    return (struct x86_cpu *)cpu;
}

static inline bool x86_has(const struct x86_cpu *cpu, enum x86_feature f)
{
    return cpu->feature.bits[f / 64] >> (f % 64) & 1;
}

/* ---- the translation key: what a translation depends on besides its bytes ---- */

enum {
    X86_KEY_CS32 = 1 << 0,          /* default operand and address size 32 */
    X86_KEY_CS64 = 1 << 1,          /* 64-bit mode */
    X86_KEY_SS32 = 1 << 2,          /* stack pointer is ESP, not SP */
    X86_KEY_IDX_SHIFT = 3,          /* enum x86_idx of data accesses; 3: X86_IDX_USER with alignment checks */
    X86_KEY_IDX = 3 << X86_KEY_IDX_SHIFT,
    X86_KEY_ALIGN = X86_KEY_IDX,
    X86_KEY_FLAT = 1 << 5,          /* ES, SS, DS (and CS) have base 0 and no limit */
    X86_KEY_ODD = 1 << 6,           /* some data segment is expand-down */
    X86_KEY_REAL = 1 << 7,          /* real or virtual-8086 mode: a selector is a paragraph */
    X86_KEY_X87 = 1 << 8,           /* CR0.EM and TS are clear */
    X86_KEY_SSE = 1 << 9,           /* CR4.OSFXSR set, CR0.EM and TS clear */
    X86_KEY_AVX = 1 << 10,          /* and XCR0.AVX; without X86_KEY_SSE: SSE is there, with an exception unmasked in MXCSR */
    X86_KEY_STEP = 1 << 11,         /* EFLAGS.TF: #DB after each instruction */
    X86_KEY_INHIBIT = 1 << 12,      /* interrupts are held off for one instruction */
    X86_KEY_BREAK = 1 << 13,        /* DR7 has breakpoints on execution */
    X86_KEY_CS_SHIFT = 14,
    X86_KEY_CS = 3 << X86_KEY_CS_SHIFT,
    X86_KEY_CS_ZERO = 0 << X86_KEY_CS_SHIFT,        /* CS.base is 0 */
    X86_KEY_CS_HERE = 1 << X86_KEY_CS_SHIFT,        /* it is the paragraph in bits 16 to 31 */
    X86_KEY_CS_OTHER = 2 << X86_KEY_CS_SHIFT,       /* it is only known at run time */
    X86_KEY_PARA_SHIFT = 16,
};

/* MMU indices. */
enum x86_idx {
    X86_IDX_USER,
    X86_IDX_KERNEL,                 /* SMAP applies where it is on; implicit accesses (descriptor tables), too */
    X86_IDX_KERNEL_AC,              /* EFLAGS.AC lifts SMAP */
    X86_IDX_COUNT,
};

/* Recomputes the key from the state; called by whatever changes segments, control registers, EFLAGS, inhibit. */
void x86_update_key(struct x86_cpu *cpu);
/* Recomputes room_r and room_w of segment register n (and nothing else). */
void x86_seg_update(struct x86_cpu *cpu, unsigned n);

/* All of the state has been written from outside (KVM, a snapshot, the debugger): recomputes what is derived. */
void x86_state_loaded(struct x86_cpu *cpu);

/* ---- slots: guest state in IR. Slot 1 + n is general register n. ---- */

enum x86_slot {
    X86_SLOT_PC = IR_SLOT_PC,
    X86_SLOT_R = 1,                 /* X86_SLOT_R + n, I64 */
    X86_SLOT_CC_DST = X86_SLOT_R + 16,  /* I64 */
    X86_SLOT_CC_SRC,                /* I64 */
    X86_SLOT_CC_SRC2,               /* I64 */
    X86_SLOT_CC_OP,                 /* I32 */
    X86_SLOT_CC_OVER,               /* I64 */
    X86_SLOT_DF,                    /* I64 */
    X86_SLOT_EFLAGS,                /* I64; reading only */
    X86_SLOT_BASE,                  /* + enum x86_sreg: I64, segment bases */
    X86_SLOT_SEL = X86_SLOT_BASE + X86_SREGS,       /* + enum x86_sreg: I32, attr << 16 | selector */
    X86_SLOT_ROOM_R = X86_SLOT_SEL + X86_SREGS,     /* + enum x86_sreg: I64 */
    X86_SLOT_ROOM_W = X86_SLOT_ROOM_R + X86_SREGS,
    X86_SLOT_XMM = X86_SLOT_ROOM_W + X86_SREGS,     /* + 0 to 15: V128 */
    X86_SLOT_YMMH = X86_SLOT_XMM + 16,              /* + 0 to 15: V128, the upper halves of YMM registers */
    X86_SLOT_MM = X86_SLOT_YMMH + 16,   /* + 0 to 7: I64, the mantissas of the x87's physical registers */
    X86_SLOTS = X86_SLOT_MM + 8
};

extern const struct ir_target x86_ir;

/* ---- helpers (helpers.def) ---- */

enum x86_helper {
#define X86_HELPER(name, ret, effects, ...) X86_HELPER_##name,
#include "target/x86/helpers.def"
#undef X86_HELPER
    X86_HELPERS
};

typedef uint64_t x86_v128 __attribute__((vector_size(16)));

/* What helper shift_lanes does, and helper sha. */
enum { X86_SHIFT_SLL32, X86_SHIFT_SRL32, X86_SHIFT_SRA32, X86_SHIFT_SLL64, X86_SHIFT_SRL64 };
enum x86_sha {
    X86_SHA1NEXTE, X86_SHA1MSG1, X86_SHA1MSG2, X86_SHA1RNDS4, X86_SHA256RNDS2, X86_SHA256MSG1, X86_SHA256MSG2
};

#define X86_C_VOID void
#define X86_C_CPU struct x86_cpu *
#define X86_C_I32 uint32_t
#define X86_C_I64 uint64_t
#define X86_C_V128 x86_v128
#define X86_MAP_N(a, b, c, d, e, f, g, n, ...) n
#define X86_MAP_1(m, a) m(a)
#define X86_MAP_2(m, a, ...) m(a), X86_MAP_1(m, __VA_ARGS__)
#define X86_MAP_3(m, a, ...) m(a), X86_MAP_2(m, __VA_ARGS__)
#define X86_MAP_4(m, a, ...) m(a), X86_MAP_3(m, __VA_ARGS__)
#define X86_MAP_5(m, a, ...) m(a), X86_MAP_4(m, __VA_ARGS__)
#define X86_MAP_6(m, a, ...) m(a), X86_MAP_5(m, __VA_ARGS__)
#define X86_MAP_7(m, a, ...) m(a), X86_MAP_6(m, __VA_ARGS__)
#define X86_MAP_COUNT(...) X86_MAP_N(__VA_ARGS__, 7, 6, 5, 4, 3, 2, 1)
#define X86_MAP_CAT(n) X86_MAP_##n
#define X86_MAP_PICK(n) X86_MAP_CAT(n)
/* m(a), m(b), ... for the arguments after m. */
#define X86_MAP(m, ...) X86_MAP_PICK(X86_MAP_COUNT(__VA_ARGS__))(m, __VA_ARGS__)

#define X86_C_TYPE(t) X86_C_##t
#define X86_HELPER(name, ret, effects, ...) X86_C_##ret x86_helper_##name(X86_MAP(X86_C_TYPE, __VA_ARGS__));
#include "target/x86/helpers.def"
#undef X86_HELPER

/* ---- state, for helpers, debuggers, KVM ---- */

static inline uint64_t x86_ip(const struct x86_cpu *cpu, uint64_t pc)
{
    return cpu->seg[X86_CS].attr & X86_SEG_L && cpu->efer & X86_EFER_LMA ? pc : (uint32_t)(pc - cpu->seg[X86_CS].base);
}

/* EFLAGS with everything in it, and the reverse: v replaces all bits of mask. Does not update the key. */
uint64_t x86_eflags(const struct x86_cpu *cpu);
void x86_set_eflags(struct x86_cpu *cpu, uint64_t v, uint64_t mask);
/* The six arithmetic flags by enum x86_cc. */
uint64_t x86_cc_flags(uint32_t op, uint64_t dst, uint64_t src, uint64_t src2, uint64_t over);

static inline unsigned x86_cpl(const struct x86_cpu *cpu)
{
    return cpu->cr0 & X86_CR0_PE ? (cpu->eflags & X86_VM ? 3 : (cpu->seg[X86_SS].attr & X86_SEG_DPL) >> X86_SEG_DPL_SHIFT) : 0;
}

/* MXCSR as the guest sees it. Setting it updates the key. */
uint32_t x86_mxcsr(const struct x86_cpu *cpu);
void x86_set_mxcsr(struct x86_cpu *cpu, uint32_t v);

/* CPUID by leaf and subleaf: eax, ebx, ecx, edx. */
void x86_cpuid(struct x86_cpu *cpu, uint32_t leaf, uint32_t sub, uint32_t out[4]);

/* One MSR that is plain state. */
struct x86_msr_row {
    uint32_t number;
    const char *name;
    uint16_t offset;                /* of a uint64_t in struct x86_cpu */
    int16_t feature;                /* enum x86_feature that must be there; -1: none */
    uint64_t writable;              /* other bits must be written as 0 (#GP) */
    bool canonical;                 /* the value must be a canonical address */
};
extern const struct x86_msr_row x86_msr_rows[];
extern const unsigned x86_msr_nrows;
/* RDMSR and WRMSR without privilege check. False: #GP. */
bool x86_msr_read(struct x86_cpu *cpu, uint32_t number, uint64_t *v);
bool x86_msr_write(struct x86_cpu *cpu, uint32_t number, uint64_t v);

extern const struct cpu_type x86_cpu_type;

#endif
