/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The privileged architecture (RISC-V Instruction Set Manual, volume II, 20240411): bits of CSRs, and what the files of
 * target/riscv offer each other. vCPU thread unless a function says otherwise.
 */
#ifndef TARGET_RISCV_PRIV_H
#define TARGET_RISCV_PRIV_H

#include "target/riscv/cpu.h"

/* mstatus; sstatus is a part of it */
#define MSTATUS_SIE     (1ull << 1)
#define MSTATUS_MIE     (1ull << 3)
#define MSTATUS_SPIE    (1ull << 5)
#define MSTATUS_MPIE    (1ull << 7)
#define MSTATUS_SPP     (1ull << 8)
#define MSTATUS_MPP     (3ull << 11)
#define MSTATUS_MPP_SHIFT 11
#define MSTATUS_FS      (3ull << 13)
#define MSTATUS_FS_SHIFT 13
#define MSTATUS_MPRV    (1ull << 17)
#define MSTATUS_SUM     (1ull << 18)
#define MSTATUS_MXR     (1ull << 19)
#define MSTATUS_TVM     (1ull << 20)
#define MSTATUS_TW      (1ull << 21)
#define MSTATUS_TSR     (1ull << 22)
#define MSTATUS_UXL     (3ull << 32)
#define MSTATUS_UXL_SHIFT 32
#define MSTATUS_SXL     (3ull << 34)
#define MSTATUS_SXL_SHIFT 34
#define FS_DIRTY 3
#define MXL_32 1
#define MXL_64 2

/* interrupts: bits of mip, numbers of the CPU's input lines. Line STI is the Sstc comparator's. */
enum { RV_SSI = 1, RV_MSI = 3, RV_STI = 5, RV_MTI = 7, RV_SEI = 9, RV_MEI = 11 };
#define MIP(n) (1ull << RV_##n)
#define MIP_S (MIP(SSI) | MIP(STI) | MIP(SEI))
#define MIP_ALL (MIP_S | MIP(MSI) | MIP(MTI) | MIP(MEI))

/* exceptions */
enum {
    RV_EXC_FETCH_UNALIGNED = 0, RV_EXC_FETCH_ACCESS = 1, RV_EXC_ILLEGAL = 2, RV_EXC_BREAKPOINT = 3,
    RV_EXC_LOAD_UNALIGNED = 4, RV_EXC_LOAD_ACCESS = 5, RV_EXC_STORE_UNALIGNED = 6, RV_EXC_STORE_ACCESS = 7,
    RV_EXC_ECALL_U = 8, RV_EXC_FETCH_PAGE = 12, RV_EXC_LOAD_PAGE = 13, RV_EXC_STORE_PAGE = 15,
};

/* menvcfg, senvcfg, mstateen0 */
#define ENVCFG_FIOM     (1ull << 0)
#define ENVCFG_CBIE     (3ull << 4)
#define ENVCFG_CBIE_SHIFT 4
#define ENVCFG_CBCFE    (1ull << 6)
#define ENVCFG_CBZE     (1ull << 7)
#define MENVCFG_ADUE    (1ull << 61)
#define MENVCFG_PBMTE   (1ull << 62)
#define MENVCFG_STCE    (1ull << 63)
#define STATEEN_SE      (1ull << 63)
#define STATEEN0_ENVCFG (1ull << 62)

/* counters: bits of the counteren registers and mcountinhibit */
enum { RV_COUNT_CY = 1, RV_COUNT_TM = 2, RV_COUNT_IR = 4 };

/* satp */
enum { SATP_BARE = 0, SATP_SV32 = 1, SATP_SV39 = 8, SATP_SV48 = 9, SATP_SV57 = 10 };
#define SATP32_ASID_SHIFT 22
#define SATP32_ASID 0x1ffu
#define SATP64_ASID_SHIFT 44
#define SATP64_ASID 0xffffu

/* pmpcfg */
enum { PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_A = 3 << 3, PMP_L = 1 << 7 };
enum { PMP_OFF, PMP_TOR, PMP_NA4, PMP_NAPOT };      /* field A */

static inline unsigned rv_xlen(const struct rv_cpu *cpu)
{
    return rv_key_xlen(cpu->cpu.key);
}

/* ---- traps (trap.c) ---- */

/* Takes a synchronous exception at cpu.pc and goes back to the execution loop. */
G_NORETURN void rv_raise(struct rv_cpu *cpu, unsigned cause, uint64_t tval);
G_NORETURN void rv_raise_illegal(struct rv_cpu *cpu, uint32_t insn);
/* Enters the trap handler: pc, priv, status and cause registers; no jump. */
void rv_trap(struct rv_cpu *cpu, bool interrupt, unsigned cause, uint64_t tval);
/* mip as the CSR shows it. Any thread for the lines' part. */
uint64_t rv_mip(const struct rv_cpu *cpu);
/* To be called when an interrupt may have become deliverable: asks for one if so. */
void rv_irq_update(struct rv_cpu *cpu);
/* For struct cpu_type. */
bool rv_irq_pending(struct cpu *cpu);
void rv_irq_take(struct cpu *cpu);
bool rv_has_work(struct cpu *cpu);
void rv_line_changed(struct cpu *cpu, unsigned line, bool level);
G_NORETURN void rv_raise_mmu(struct cpu *cpu, const struct mmu_fault *fault);
G_NORETURN void rv_raise_bus(struct cpu *cpu, uint64_t va, enum mmu_access access);
G_NORETURN void rv_raise_unaligned(struct cpu *cpu, uint64_t va, enum mmu_access access);

/* ---- CSRs (csr.c, csr_*.c) ---- */

/* For debuggers and tests: no checks of privilege or reserved fields' side effects; false if there is no such CSR. */
bool rv_csr_peek(struct rv_cpu *cpu, unsigned csr, uint64_t *value);
bool rv_csr_poke(struct rv_cpu *cpu, unsigned csr, uint64_t value);
char *rv_csr_name(unsigned csr);       /* g_free; NULL: no such register */
void rv_set_fs_dirty(struct rv_cpu *cpu);
uint32_t rv_fflags(const struct rv_cpu *cpu);
void rv_set_frm(struct rv_cpu *cpu, unsigned frm);

/* ---- timer (timer.c) ---- */

/* After a change of stimecmp or menvcfg.STCE: the line STI, and the wake-up. */
void rv_stimer_update(struct rv_cpu *cpu);
void rv_stimecmp_write(struct rv_cpu *cpu, uint64_t value);
void rv_timer_due(struct cpu *cpu);

/* ---- physical memory protection (pmp.c) ---- */

/* After a change of pmpcfg or pmpaddr: the derived ranges. */
void rv_pmp_update(struct rv_cpu *cpu);
/* What priv may do at a physical address (enum mmu_prot); *whole: also anywhere else in its 4 KiB page. */
uint8_t rv_pmp_prot(struct rv_cpu *cpu, uint64_t paddr, enum rv_priv priv, bool *whole);
/* Does what decides about the byte at paddr decide about all `size` bytes from there? */
bool rv_pmp_one_entry(struct rv_cpu *cpu, uint64_t paddr, unsigned size);
/* Writes with the rules for locked entries; true if something changed. */
bool rv_pmpcfg_write(struct rv_cpu *cpu, unsigned entry, uint8_t value);
bool rv_pmpaddr_write(struct rv_cpu *cpu, unsigned entry, uint64_t value);

/* Is what this bit of menvcfg and senvcfg enables allowed at the current privilege? (cbo.c) */
bool rv_envcfg_allows(const struct rv_cpu *cpu, uint64_t bit);

/* ---- address translation (mmu.c) ---- */

bool rv_mmu_walk(struct cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                 struct mmu_fault *fault);
bool rv_mmu_span(struct cpu *cpu, uint64_t va, uint64_t paddr, unsigned size, enum mmu_access access,
                 struct mmu_fault *fault);
unsigned rv_fetch_idx(struct cpu *cpu);
unsigned rv_data_idx(struct cpu *cpu);

/* Is cpu_insns exact (-icount)? csr_misc.c */
bool rv_counted(const struct rv_cpu *cpu);

/* pmu.c. mmu_walk tells of a TLB miss where pmu_tlb says so; inhibit: the new bits of mcountinhibit. */
void rv_pmu_tlb_miss(struct rv_cpu *cpu, enum mmu_access access);
void rv_pmu_inhibit(struct rv_cpu *cpu, uint32_t inhibit);
void rv_pmu_reset(struct rv_cpu *cpu);
void rv_pmu_fdt(struct cpu *cpu, void *fdt);

#endif
