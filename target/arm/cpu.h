/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One ARM processing element (PE) in AArch64 state. Section names are those of the Arm Architecture Reference Manual
 * for A-profile architecture (DDI 0487).
 *
 * X registers are cpu.r[0..30]; r[31] is the stack pointer in use, the others wait in sp_el[]. Condition flags are kept
 * as the operation that made them and its operands (enum arm_cc): translated code computes a flag only where one is read.
 *
 * Everything here runs on the vCPU's thread, or while it is stopped, unless it says otherwise.
 */
#ifndef TARGET_ARM_CPU_H
#define TARGET_ARM_CPU_H

#include "system/clock.h"
#include "system/cpu.h"
#include "system/cpu_arm.h"
#include "target/arm/ext.h"
#include "target/isa.h"
#include "tcg/ir.h"

#define ARM_EXCL_NONE UINT64_MAX    /* excl_addr without a reservation: no address that an exclusive access may have */

/* cc_op: what NZCV is made of. */
enum arm_cc {
    ARM_CC_NZCV,                    /* cc_a has the flags in bits 31 to 28 */
    ARM_CC_ADD32,                   /* cc_a + cc_b; operands of 32 bits are zero-extended */
    ARM_CC_ADD64,
    ARM_CC_SUB32,                   /* cc_a - cc_b */
    ARM_CC_SUB64,
    ARM_CC_LOGIC32,                 /* the result cc_a; C and V are clear */
    ARM_CC_LOGIC64,
    ARM_CC_FCMP32,                  /* comparison of the floats whose bits are cc_a, cc_b */
    ARM_CC_FCMP64,
};
/* Added to ARM_CC_ADD32 and ADD64: cc_a + cc_b + 1. */
#define ARM_CC_CARRY 0x40
#define ARM_CC_CARRY_SHIFT 6

/* Bits of cc_op in AArch32 state, where instructions set N and Z, or C, and leave the other flags: these come from elsewhere. */
#define ARM_CC_NZ 0x10              /* N and Z from the result cc_nz */
#define ARM_CC_C 0x20               /* C is bit 0 of cc_c */

/* Modes of AArch32 (CPSR.M). */
enum a32_mode { A32_USR = 0x10, A32_FIQ, A32_IRQ, A32_SVC, A32_MON = 0x16, A32_ABT, A32_HYP = 0x1a, A32_UND, A32_SYS = 0x1f };
/* Banks of R13 and R14, and of the SPSRs (of which USR has none). */
enum a32_bank { A32_BANK_USR, A32_BANK_SVC, A32_BANK_ABT, A32_BANK_UND, A32_BANK_IRQ, A32_BANK_FIQ, A32_BANKS };

enum arm_timer { ARM_TIMER_PHYS, ARM_TIMER_VIRT, ARM_TIMER_HYP, ARM_TIMER_SEC, ARM_TIMER_HYPVIRT, ARM_TIMERS };

/* One comparator of the generic timer. */
struct arm_gtimer {
    uint64_t cval;
    uint32_t ctl;                   /* ENABLE, IMASK; ISTATUS is computed */
    struct timer expiry;
    struct cpu *cpu;
};

enum { ARM_ID_NONE, ARM_ID_PFR0, ARM_ID_PFR1, ARM_ID_DFR0, ARM_ID_ISAR0, ARM_ID_ISAR1, ARM_ID_ISAR2, ARM_ID_MMFR0,
       ARM_ID_MMFR1, ARM_ID_MMFR2, ARM_IDS };

enum { ARM_ID32_C1, ARM_ID32_C2 = 8, ARM_ID32_MVFR = 16, ARM_ID32S = 19 };

struct arm_cpu {
    struct cpu cpu;
    uint64_t v[32][2] __attribute__((aligned(16)));     /* V registers, low half first; SVE's will get a place of their own */
    uint64_t cc_op, cc_a, cc_b;     /* condition flags */
    uint64_t cc_nz, cc_c;           /* AArch32: see ARM_CC_NZ, ARM_CC_C */
    uint64_t ge, qflag, itstate;    /* AArch32: PSTATE.GE, Q, IT */
    uint64_t fpcc_op, fpcc_a, fpcc_b;   /* AArch32: FPSCR's flags */
    /* Exclusive monitor: address (ARM_EXCL_NONE: open) and what was there. */
    uint64_t excl_addr, excl_val[2];
    uint32_t fp_control;            /* FPCR; cpu.fpcr has the host's equivalent */
    uint32_t fp_status;             /* FPSR's bits that software wrote or soft float raised; others are sticky in cpu.fpcr */

    /* ---- PSTATE ---- */
    uint64_t daif;                  /* in place: bits 9 to 6 */
    uint64_t btype;                 /* 0 to 3 */
    uint8_t el, sp_sel, pan, uao, dit, ssbs, il, ss, tco;
    uint8_t aarch32, mode, thumb, bigend;   /* AArch32 state: CPSR.M, T, E */

    /* ---- banked by exception level ---- */
    uint64_t sp_el[4], elr[4], spsr[4], esr[4], far[4], vbar[4], sctlr[4], tcr[4], ttbr0[4], ttbr1[4], mair[4], amair[4];
    uint64_t afsr0[4], afsr1[4], actlr[4], tpidr[4], contextidr[4];

    /* ---- others ---- */
    uint64_t tpidrro, cpacr, par, csselr, mdscr, osdlr, oslsr;
    uint64_t hcr, vttbr, vtcr, hpfar, cptr_el2, mdcr_el2, hstr, hacr, vpidr, vmpidr;
    uint64_t scr, cptr_el3, mdcr_el3;
    uint64_t cntkctl, cnthctl, cntvoff, cntfrq;
    uint64_t dbgbvr[16], dbgbcr[16], dbgwvr[16], dbgwcr[16], mdccint, dbgclaim;
    uint64_t spsr_irq[4];           /* SPSR_abt, und, irq, fiq; SPSR_svc is spsr[1] */
    uint64_t gcr, rgsr, tfsr[4];    /* memory tagging; tfsr[0] is TFSRE0_EL1 */
    uint64_t pauth_key[5][2];       /* by enum arm_pauth_key; low half first */

    /* ---- AArch32 below AArch64 has its place in X registers; while it runs, R0 to R14 of the mode are in cpu.r ---- */
    uint64_t a32_r8_usr[5], a32_r8_fiq[5];              /* R8 to R12 while they are not in use */
    uint64_t a32_sp[A32_BANKS], a32_lr[A32_BANKS];
    uint64_t dacr, ifsr, fpexc, fault_domain;
    struct arm_gtimer timer[ARM_TIMERS];

    /* ---- TLB maintenance ---- */
    _Atomic uint32_t tlbi_waits;    /* invalidations sent to other CPUs that are still to be done: DSB waits for them */
    bool low_global;                /* a global page below the TTBR split has been entered since the last full flush */
    bool tagged;                    /* pages have been entered under tagged addresses since the last full flush */

    /* ---- guarded pages (bti.c) ---- */
    bool guarded;                   /* one has been fetched from: BTYPE is kept from then on */
    uint32_t guard_epoch;           /* counts TLB invalidations and changes of the address space */
    struct { uint64_t page; uint32_t epoch; bool guarded; } guard_cache[64];

    /* ---- the model; fixed after init ---- */
    struct arm_exts ext;
    struct isa_needs needs, needs32;    /* of A64; of A32 and T32 */
    const char *model;              /* its name */
    const char *compatible;         /* of its device tree node */
    uint64_t id[ARM_IDS];           /* ID_AA64*_EL1, by ARM_ID_*; levels and interrupt controller are added when read */
    bool a64;                       /* there is AArch64, and the highest level is that */
    uint8_t a32_levels;             /* bits of levels that can be AArch32 */
    uint64_t id32[ARM_ID32S];       /* AArch32's identification registers, by CRm and opc2: 8 for each of c1, c2, then MVFR0 to 2 */
    uint64_t midr;
    uint64_t dczid, ctr;
    uint64_t *insn_counts;          /* executions by row of the tables under -d insn-count, else NULL */
    uint64_t rng;                   /* state of RNDR */
    bool pauth_qarma5;              /* the cipher of pointer authentication; else our own */
};

static inline struct arm_cpu *arm_cpu(struct cpu *cpu)
{
    return (struct arm_cpu *)cpu;
}

static inline bool arm_has(const struct arm_cpu *cpu, enum arm_ext x)
{
    return arm_ext(&cpu->ext, x);
}

static inline bool arm_has_el(const struct arm_cpu *cpu, unsigned el)
{
    return cpu->cpu.levels >> el & 1;
}

/* ---- the translation key: what a translation depends on besides its bytes ---- */

enum {
    ARM_KEY_EL = 3,
    ARM_KEY_IDX_SHIFT = 2,          /* MMU index of ordinary loads and stores, 4 bits */
    ARM_KEY_IDX = 15 << ARM_KEY_IDX_SHIFT,
    ARM_KEY_UNPRIV_SHIFT = 6,       /* MMU index of LDTR and STTR, 4 bits */
    ARM_KEY_UNPRIV = 15 << ARM_KEY_UNPRIV_SHIFT,
    ARM_KEY_FP_TRAP = 1 << 10,      /* FP and SIMD instructions trap */
    ARM_KEY_ALIGN = 1 << 11,        /* SCTLR.A: unaligned accesses fault */
    ARM_KEY_FP_SOFT = 1 << 12,      /* FPCR asks for what the host does not do: FZ, traps */
    ARM_KEY_FP_DN = 1 << 13,        /* FPCR.DN */
    ARM_KEY_BE = 1 << 14,           /* data accesses are big-endian */
    ARM_KEY_SS = 1 << 15,           /* software step: one instruction at a time */
    ARM_KEY_UMA = 1 << 16,          /* EL0 may touch DAIF */
    ARM_KEY_IL = 1 << 17,           /* PSTATE.IL: every instruction is undefined */
    ARM_KEY_FP_FZ16 = 1 << 18,
    ARM_KEY_BTI = 1 << 19,          /* PSTATE.BTYPE is kept: there are guarded pages */
    ARM_KEY_TAGS = 1 << 21,         /* accesses are checked for tags alone, so those by the stack pointer are not */
    ARM_KEY_BREAK = 1 << 22,        /* breakpoint registers are in use */
    ARM_KEY_STEP_DUE = 1 << 23,     /* with ARM_KEY_SS: the step exception is due */
    ARM_KEY_E2H = 1 << 20,          /* EL2 with HCR_EL2.E2H: names of EL1's registers are EL2's */
};

/* The same in AArch32 state, which uses none of the bits from 20 on otherwise. */
#define ARM_KEY_A32 (1u << 31)
#define ARM_KEY_T32 (1u << 30)
#define ARM_KEY_IT_SHIFT 20         /* ITSTATE, 8 bits */

static inline unsigned arm_key_idx(uint32_t key)
{
    return (key & ARM_KEY_IDX) >> ARM_KEY_IDX_SHIFT;
}

static inline unsigned arm_key_unpriv(uint32_t key)
{
    return (key & ARM_KEY_UNPRIV) >> ARM_KEY_UNPRIV_SHIFT;
}

/* MMU indices: translation regime and privilege. */
enum arm_idx {
    ARM_IDX_EL0,                    /* EL1&0 */
    ARM_IDX_EL1,
    ARM_IDX_EL1_PAN,                /* EL1 with PSTATE.PAN */
    ARM_IDX_EL2,
    ARM_IDX_EL3,
    ARM_IDX_EL20_0,                 /* EL2&0: HCR_EL2.E2H */
    ARM_IDX_EL20_2,
    ARM_IDX_EL20_PAN,
    ARM_IDX_COUNT,
    ARM_IDX_CHECKED = 8,            /* + the same, with tag checks and watchpoints (mte.c, debug.c) */
    ARM_IDX_ALL = 16
};

/* Recomputes the key from the state: called by whatever changes EL, PSTATE.PAN and the like, SCTLR, HCR, CPACR, FPCR. */
void arm_update_key(struct arm_cpu *cpu);
/* The same for the address space: after TTBR, TCR, VTTBR, HCR have changed. */
void arm_update_space(struct arm_cpu *cpu);

/* ---- slots: guest state in IR ---- */

enum arm_slot {
    ARM_SLOT_PC = IR_SLOT_PC,
    ARM_SLOT_X,                     /* + n for X0 to X30; + 31 is SP */
    ARM_SLOT_V = ARM_SLOT_X + 32,   /* + n: V128 */
    ARM_SLOT_CC_OP = ARM_SLOT_V + 32,   /* I64, as all that follow */
    ARM_SLOT_CC_A,
    ARM_SLOT_CC_B,
    ARM_SLOT_CC_NZ,
    ARM_SLOT_CC_C,
    ARM_SLOT_GE,
    ARM_SLOT_Q,
    ARM_SLOT_IT,
    ARM_SLOT_FP_OP,
    ARM_SLOT_FP_A,
    ARM_SLOT_FP_B,
    ARM_SLOT_EXCL_ADDR,
    ARM_SLOT_EXCL_LO,
    ARM_SLOT_EXCL_HI,
    ARM_SLOT_DAIF,
    ARM_SLOT_TPIDR_EL0,
    ARM_SLOT_TPIDR_EL1,
    ARM_SLOT_TPIDRRO,
    ARM_SLOT_SP_EL0,
    ARM_SLOT_ELR_EL1,
    ARM_SLOT_SPSR_EL1,
    ARM_SLOT_ESR_EL1,
    ARM_SLOT_FAR_EL1,
    ARM_SLOT_BTYPE,
    ARM_SLOTS
};
_Static_assert(ARM_SLOTS <= IR_SLOTS_MAX, "too many slots");

extern const struct ir_target arm_ir;

/* ---- helpers (helpers.def) ---- */

enum arm_helper {
#define ARM_HELPER(name, ret, effects, ...) ARM_HELPER_##name,
#include "target/arm/helpers.def"
#undef ARM_HELPER
    ARM_HELPERS
};

typedef uint64_t arm_vec __attribute__((vector_size(16)));

#define ARM_C_VOID void
#define ARM_C_CPU struct arm_cpu *
#define ARM_C_I32 uint32_t
#define ARM_C_I64 uint64_t
#define ARM_C_I128 unsigned __int128
#define ARM_C_F32 float
#define ARM_C_F64 double
#define ARM_C_V128 arm_vec
#define ARM_MAP_N(a, b, c, d, e, f, g, h, n, ...) n
#define ARM_MAP_1(m, a) m(a)
#define ARM_MAP_2(m, a, ...) m(a), ARM_MAP_1(m, __VA_ARGS__)
#define ARM_MAP_3(m, a, ...) m(a), ARM_MAP_2(m, __VA_ARGS__)
#define ARM_MAP_4(m, a, ...) m(a), ARM_MAP_3(m, __VA_ARGS__)
#define ARM_MAP_5(m, a, ...) m(a), ARM_MAP_4(m, __VA_ARGS__)
#define ARM_MAP_6(m, a, ...) m(a), ARM_MAP_5(m, __VA_ARGS__)
#define ARM_MAP_7(m, a, ...) m(a), ARM_MAP_6(m, __VA_ARGS__)
#define ARM_MAP_8(m, a, ...) m(a), ARM_MAP_7(m, __VA_ARGS__)
#define ARM_MAP_COUNT(...) ARM_MAP_N(__VA_ARGS__, 8, 7, 6, 5, 4, 3, 2, 1)
#define ARM_MAP_CAT(n) ARM_MAP_##n
#define ARM_MAP_PICK(n) ARM_MAP_CAT(n)
/* m(a), m(b), ... for the arguments after m. */
#define ARM_MAP(m, ...) ARM_MAP_PICK(ARM_MAP_COUNT(__VA_ARGS__))(m, __VA_ARGS__)

#define ARM_C_TYPE(t) ARM_C_##t
#define ARM_HELPER(name, ret, effects, ...) ARM_C_##ret arm_helper_##name(ARM_MAP(ARM_C_TYPE, __VA_ARGS__));
#include "target/arm/helpers.def"
#undef ARM_HELPER

/* NZCV in bits 31 to 28, and the reverse. */
uint32_t arm_nzcv(const struct arm_cpu *cpu);
static inline void arm_set_nzcv(struct arm_cpu *cpu, uint32_t nzcv)
{
    cpu->cc_op = ARM_CC_NZCV;
    cpu->cc_a = nzcv & 0xf0000000;
    cpu->cc_b = 0;
}

/* FPCR and FPSR as software sees them (fp_env.c). */
uint32_t arm_fpcr_read(const struct arm_cpu *cpu);
void arm_fpcr_write(struct arm_cpu *cpu, uint32_t v);
uint32_t arm_fpsr_read(const struct arm_cpu *cpu);
void arm_fpsr_write(struct arm_cpu *cpu, uint32_t v);

/* Prints and forgets what -d insn-count has counted. */
void arm_counts_finish(struct arm_cpu *cpu);

extern const struct cpu_type arm_cpu_type;

#endif
