/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One RISC-V hart. RV32 and RV64 share everything: registers are 64 bits wide.
 *
 * Where the current XLEN is 32, x registers hold sign-extended values (so that comparisons and the upper half need no
 * care), while pc and every virtual address are zero-extended: the translator extends each computed address, and
 * caches, breakpoints and debuggers see plain 32-bit addresses. CSR fields that hold XLEN-wide values are kept
 * zero-extended where MXLEN is 32 and come out sign-extended in csrr.
 *
 * Everything here runs on the vCPU's thread, or while it is stopped, unless it says otherwise.
 */
#ifndef TARGET_RISCV_CPU_H
#define TARGET_RISCV_CPU_H

#include "system/cpu.h"
#include "target/isa.h"
#include "target/riscv/ext.h"
#include "tcg/ir.h"

enum rv_priv { RV_U = 0, RV_S = 1, RV_M = 3 };

#define RV_PMP_ENTRIES 16
#define RV_STATEENS 4
#define RV_RES_NONE UINT64_MAX      /* res_addr without a reservation: no aligned address */

/* A physical memory protection entry as the matcher wants it: [start, last] in bytes, both inclusive. */
struct rv_pmp_range {
    uint64_t start, last;
    uint8_t cfg;                    /* its pmpcfg byte */
};

/* All bytes of [start, last] have the same protection (enum mmu_prot). start > last: nothing known. */
struct rv_pmp_same {
    uint64_t start, last;
    uint8_t prot_m, prot_su;        /* in machine mode, in the others */
};

struct rv_cpu {
    struct cpu cpu;                 /* x0..x31 = cpu.r[]; r[0] is always 0 */
    uint64_t f[32];                 /* f registers as bits; narrower values are NaN-boxed */

    /* LR/SC. lr.w keeps its value sign-extended. SC succeeds if its address is res_addr and compare-and-exchange
     * from res_val does; it ends the reservation either way, as does a trap or a trap return. */
    uint64_t res_addr, res_val;

    /* ---- CSRs (Privileged ISA). Bits that are computed are not kept: SD, the pending bits of input lines. ---- */
    uint64_t mstatus;               /* with mstatush in its upper half, also on RV32 */
    uint64_t mtvec, mscratch, mepc, mcause, mtval;
    uint64_t stvec, sscratch, sepc, scause, stval;
    uint64_t medeleg, mideleg, mie;
    uint64_t mip;                   /* bits that software sets; the others are cpu.lines */
    uint64_t satp;
    uint64_t menvcfg, senvcfg;
    uint64_t mstateen[RV_STATEENS];
    uint64_t stimecmp;              /* written by the vCPU thread under the machine lock */
    uint64_t mcycle, minstret;      /* offset from cpu_insns(), or the value while mcountinhibit stops the counter */
    uint32_t mcounteren, scounteren, mcountinhibit;
    uint64_t hpm[29], hpm_event[29];    /* performance counters from the third on; see pmu.c */
    uint64_t pmpaddr[RV_PMP_ENTRIES];
    uint8_t pmpcfg[RV_PMP_ENTRIES];
    uint8_t priv;                   /* enum rv_priv */
    uint8_t frm;                    /* as written, 0..7; cpu.fpcr has the host's equivalent, fflags are its sticky bits */

    /* ---- derived from the CSRs; see rv_pmp_update, rv_stimer_update ---- */
    bool pmu_tlb;                   /* some counter counts TLB misses */
    bool stimer_on;                 /* menvcfg.STCE, for the board's timer thread; under the machine lock */
    struct rv_pmp_range pmp[RV_PMP_ENTRIES];   /* the entries that are on, in order of priority */
    uint8_t pmp_count;
    struct rv_pmp_same pmp_same;    /* where the last look-up was */

    /* ---- the model; fixed after init ---- */
    struct rv_exts ext;
    struct isa_needs needs[2];      /* what of the instruction tables it has, for XLEN 32 and 64: rv_needs() of ext */
    const char *model;              /* its name */
    uint8_t mxlen;                  /* 32 or 64 */
    uint8_t satp_max;               /* highest satp.MODE that it accepts (0, 1 = Sv32, 8 = Sv39, 9 = Sv48, 10 = Sv57) */
    bool pmp_on;
    uint32_t pmu_mask;              /* the performance counters that are there, 3 to 31 */
    uint16_t cbom_bytes, cboz_bytes, cbop_bytes;
    uint64_t *insn_counts;          /* executions by row of the tables under -d insn-count, else NULL */
    uint64_t mvendorid, marchid, mimpid;
};

static inline struct rv_cpu *rv_cpu(struct cpu *cpu)
{
    return (struct rv_cpu *)cpu;
}

static inline bool rv_has(const struct rv_cpu *cpu, enum rv_ext x)
{
    return rv_ext(&cpu->ext, x);
}

/* ---- the translation key: what a translation depends on besides its bytes ---- */

enum {
    RV_KEY_PRIV = 3,                /* enum rv_priv */
    RV_KEY_IDX_SHIFT = 2,           /* MMU index of loads and stores, 4 bits */
    RV_KEY_IDX = 15 << RV_KEY_IDX_SHIFT,
    RV_KEY_FS_SHIFT = 6,
    RV_KEY_FS = 3 << RV_KEY_FS_SHIFT,
    RV_KEY_FS_OFF = 0 << RV_KEY_FS_SHIFT,       /* FP instructions are illegal */
    RV_KEY_FS_CLEAN = 1 << RV_KEY_FS_SHIFT,     /* initial or clean: an FP instruction sets it to dirty */
    RV_KEY_FS_DIRTY = 2 << RV_KEY_FS_SHIFT,     /* nothing to do */
    RV_KEY_FRM_SHIFT = 8,           /* frm, 3 bits */
    RV_KEY_FRM = 7 << RV_KEY_FRM_SHIFT,
    RV_KEY_XLEN64 = 1 << 11,
    RV_KEY_CBZE = 1 << 12,          /* cbo.zero is allowed */
};

static inline unsigned rv_key_priv(uint32_t key)
{
    return key & RV_KEY_PRIV;
}

static inline unsigned rv_key_frm(uint32_t key)
{
    return (key & RV_KEY_FRM) >> RV_KEY_FRM_SHIFT;
}

static inline unsigned rv_key_idx(uint32_t key)
{
    return (key & RV_KEY_IDX) >> RV_KEY_IDX_SHIFT;
}

static inline unsigned rv_key_xlen(uint32_t key)
{
    return key & RV_KEY_XLEN64 ? 64 : 32;
}

/* MMU indices. The low two bits say as whom; RV_IDX_MXR is added where executable pages are readable. */
enum rv_idx {
    RV_IDX_U,
    RV_IDX_S,
    RV_IDX_S_SUM,                   /* supervisor that may touch user pages */
    RV_IDX_M,                       /* physical addresses */
    RV_IDX_MXR,
    RV_IDX_COUNT = RV_IDX_MXR + RV_IDX_S_SUM + 1,
};

/* Recomputes the key from the state. Called by whatever changes priv, mstatus, frm, menvcfg, senvcfg. */
void rv_update_key(struct rv_cpu *cpu);

/* ---- slots: guest state in IR. Slot n is x register n for n = 1..31. ---- */

enum rv_slot {
    RV_SLOT_PC = IR_SLOT_PC,
    RV_SLOT_X = 0,                  /* RV_SLOT_X + n; x0 has none: it reads as constant 0 */
    RV_SLOT_F = 32,                 /* RV_SLOT_F + n: F64 */
    RV_SLOT_RES_ADDR = 64,          /* I64 */
    RV_SLOT_RES_VAL,                /* I64 */
    RV_SLOT_MSTATUS,                /* I64; a write may need rv_update_key */
    RV_SLOT_SSCRATCH,               /* I64, as are those below: plain state that translated code may read (and write, */
    RV_SLOT_SEPC,                   /* where the CSR has no reserved bits) if the privilege allows; see rv_csr_slot */
    RV_SLOT_SCAUSE,
    RV_SLOT_STVAL,
    RV_SLOT_MSCRATCH,
    RV_SLOT_MEPC,
    RV_SLOT_MCAUSE,
    RV_SLOT_MTVAL,
    RV_SLOTS
};

extern const struct ir_target rv_ir;

/* ---- helpers (helpers.def) ---- */

enum rv_helper {
#define RV_HELPER(name, ret, effects, ...) RV_HELPER_##name,
#include "target/riscv/helpers.def"
#undef RV_HELPER
    RV_HELPERS
};

#define RV_C_VOID void
#define RV_C_CPU struct rv_cpu *
#define RV_C_I32 uint32_t
#define RV_C_I64 uint64_t
#define RV_C_F32 float
#define RV_C_F64 double
#define RV_MAP_N(a, b, c, d, e, f, g, n, ...) n
#define RV_MAP_1(m, a) m(a)
#define RV_MAP_2(m, a, ...) m(a), RV_MAP_1(m, __VA_ARGS__)
#define RV_MAP_3(m, a, ...) m(a), RV_MAP_2(m, __VA_ARGS__)
#define RV_MAP_4(m, a, ...) m(a), RV_MAP_3(m, __VA_ARGS__)
#define RV_MAP_5(m, a, ...) m(a), RV_MAP_4(m, __VA_ARGS__)
#define RV_MAP_6(m, a, ...) m(a), RV_MAP_5(m, __VA_ARGS__)
#define RV_MAP_7(m, a, ...) m(a), RV_MAP_6(m, __VA_ARGS__)
#define RV_MAP_COUNT(...) RV_MAP_N(__VA_ARGS__, 7, 6, 5, 4, 3, 2, 1)
#define RV_MAP_CAT(n) RV_MAP_##n
#define RV_MAP_PICK(n) RV_MAP_CAT(n)
/* m(a), m(b), ... for the arguments after m. */
#define RV_MAP(m, ...) RV_MAP_PICK(RV_MAP_COUNT(__VA_ARGS__))(m, __VA_ARGS__)

#define RV_C_TYPE(t) RV_C_##t
#define RV_HELPER(name, ret, effects, ...) RV_C_##ret rv_helper_##name(RV_MAP(RV_C_TYPE, __VA_ARGS__));
#include "target/riscv/helpers.def"
#undef RV_HELPER

/* ---- what the translator asks about CSRs (csr.c) ---- */

/* The slot that holds CSR number csr, if an access at this key needs no helper: it exists, the privilege suffices, reads
 * yield and writes set the slot as it is. -1: use the helper. */
int rv_csr_slot(const struct rv_cpu *cpu, uint32_t key, unsigned csr, bool write);
/* May a translation go on behind a write of this CSR by helper: does it change neither key, page tables nor interrupts? */
bool rv_csr_write_plain(unsigned csr);

/* Prints and forgets what -d insn-count has counted (counts.c). */
void rv_counts_finish(struct rv_cpu *cpu);

extern const struct cpu_type rv_cpu_type;

#endif
