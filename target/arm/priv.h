/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the ARM target that deal with exceptions, system registers and memory share. */
#ifndef TARGET_ARM_PRIV_H
#define TARGET_ARM_PRIV_H

#include "target/arm/cpu.h"

/* ---- exception syndromes (ESR_ELx) ---- */

#define ESR_EC_SHIFT 26
#define ESR_IL (1u << 25)

enum arm_ec {
    EC_UNKNOWN = 0x00,
    EC_WFX = 0x01,
    EC_FP = 0x07,
    EC_PAC = 0x09,
    EC_BTI = 0x0d,
    EC_ILLEGAL_STATE = 0x0e,
    EC_SVC32 = 0x11,
    EC_HVC32 = 0x12,
    EC_SMC32 = 0x13,
    EC_SVC = 0x15,
    EC_HVC = 0x16,
    EC_SMC = 0x17,
    EC_SYSREG = 0x18,
    EC_PAC_FAIL = 0x1c,
    EC_IABORT_LOWER = 0x20,
    EC_IABORT = 0x21,
    EC_PC_ALIGN = 0x22,
    EC_DABORT_LOWER = 0x24,
    EC_DABORT = 0x25,
    EC_SP_ALIGN = 0x26,
    EC_BREAKPOINT_LOWER = 0x30,
    EC_BREAKPOINT = 0x31,
    EC_STEP_LOWER = 0x32,
    EC_STEP = 0x33,
    EC_WATCHPOINT_LOWER = 0x34,
    EC_WATCHPOINT = 0x35,
    EC_BKPT32 = 0x38,
    EC_BRK = 0x3c,
};

/* Fault status codes (DFSC, IFSC); the lowest two bits are the level. */
enum arm_fsc {
    FSC_ADDR_SIZE = 0x00,
    FSC_TRANSLATION = 0x04,
    FSC_ACCESS = 0x08,
    FSC_PERMISSION = 0x0c,
    FSC_EXTERNAL = 0x10,
    FSC_TAG = 0x11,
    FSC_EXTERNAL_WALK = 0x14,
    FSC_ALIGNMENT = 0x21,
    FSC_DEBUG = 0x22,
    FSC_NONE = 0x3f,                /* ours */
};

/* mmu_fault.info: besides the status code in .code */
#define FAULT_STAGE2 (1ull << 63)   /* stage 2; bits 51:0 are the IPA */
#define FAULT_S1PTW (1ull << 62)    /* during a walk of stage 1's tables */

/* ---- PSTATE and SPSR ---- */

#define PSTATE_AARCH32 (1u << 4)
#define PSTATE_SS (1u << 21)
#define PSTATE_IL (1u << 20)
#define PSTATE_PAN (1u << 22)
#define PSTATE_UAO (1u << 23)
#define PSTATE_DIT (1u << 24)
#define PSTATE_TCO (1u << 25)
#define PSTATE_SSBS (1u << 12)
#define PSTATE_D (1u << 9)
#define PSTATE_A (1u << 8)
#define PSTATE_I (1u << 7)
#define PSTATE_F (1u << 6)
#define PSTATE_DAIF (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

/* ---- bits of system registers ---- */

#define SCTLR_M (1u << 0)
#define SCTLR_A (1u << 1)
#define SCTLR_C (1u << 2)
#define SCTLR_UMA (1u << 9)
#define SCTLR_ENRCTX (1u << 10)
#define SCTLR_I (1u << 12)
#define SCTLR_DZE (1u << 14)
#define SCTLR_UCT (1u << 15)
#define SCTLR_NTWI (1u << 16)
#define SCTLR_NTWE (1u << 18)
#define SCTLR_WXN (1u << 19)
#define SCTLR_SPAN (1u << 23)
#define SCTLR_E0E (1u << 24)
#define SCTLR_EE (1u << 25)
#define SCTLR_UCI (1u << 26)
#define SCTLR_DSSBS (1ull << 44)
#define SCTLR_RES1_EL1 0x30d00800u
#define SCTLR_RES1_EL2 0x30c50830u

#define HCR_VM (1ull << 0)
#define HCR_SWIO (1ull << 1)
#define HCR_FMO (1ull << 3)
#define HCR_IMO (1ull << 4)
#define HCR_AMO (1ull << 5)
#define HCR_VF (1ull << 6)
#define HCR_VI (1ull << 7)
#define HCR_DC (1ull << 12)
#define HCR_TWI (1ull << 13)
#define HCR_TWE (1ull << 14)
#define HCR_TID3 (1ull << 18)
#define HCR_TSC (1ull << 19)
#define HCR_TVM (1ull << 26)
#define HCR_TGE (1ull << 27)
#define HCR_HCD (1ull << 29)
#define HCR_TRVM (1ull << 30)
#define HCR_RW (1ull << 31)
#define HCR_E2H (1ull << 34)
#define HCR_APK (1ull << 40)
#define HCR_API (1ull << 41)
#define HCR_ATA (1ull << 56)

#define SCR_NS (1u << 0)
#define SCR_IRQ (1u << 1)
#define SCR_FIQ (1u << 2)
#define SCR_EA (1u << 3)
#define SCR_SMD (1u << 7)
#define SCR_HCE (1u << 8)
#define SCR_RW (1u << 10)
#define SCR_APK (1u << 16)
#define SCR_API (1u << 17)
#define SCR_ATA (1u << 26)

#define MDSCR_SS (1u << 0)
#define MDSCR_KDE (1u << 13)
#define MDSCR_MDE (1u << 15)

#define OSLSR_LOCKED 2

/* ---- exceptions (exception.c) ---- */

/* True: EL2 is there and on in the current security state. */
static inline bool arm_el2_on(const struct arm_cpu *cpu)
{
    return arm_has_el(cpu, 2) && (!arm_has_el(cpu, 3) || (cpu->scr & SCR_NS));
}

static inline bool arm_secure(const struct arm_cpu *cpu)
{
    return arm_has_el(cpu, 3) && (cpu->el == 3 || !(cpu->scr & SCR_NS));
}

/* Is EL1 AArch32? */
static inline bool arm_el1_a32(const struct arm_cpu *cpu)
{
    if (!(cpu->a32_levels & 2)) {
        return false;
    }
    if (arm_el2_on(cpu)) {
        return !(cpu->hcr & HCR_RW);
    }
    return !cpu->a64 || (arm_has_el(cpu, 3) && !(cpu->scr & SCR_RW));
}

/* HCR_EL2 where it is in force, else 0. */
static inline uint64_t arm_hcr(const struct arm_cpu *cpu)
{
    return arm_el2_on(cpu) ? cpu->hcr : 0;
}

/* EL2 is a host's (FEAT_VHE): it has the EL2&0 regime and EL1's register names. */
static inline bool arm_e2h(const struct arm_cpu *cpu)
{
    return arm_hcr(cpu) & HCR_E2H;
}

/* EL0 belongs to that host. */
static inline bool arm_host(const struct arm_cpu *cpu)
{
    return (arm_hcr(cpu) & (HCR_E2H | HCR_TGE)) == (HCR_E2H | HCR_TGE);
}

static inline bool arm_host_el0(const struct arm_cpu *cpu)
{
    return cpu->el == 0 && arm_host(cpu);
}

/* The level whose SCTLR and TCR control the current one. */
static inline unsigned arm_regime_el(const struct arm_cpu *cpu)
{
    return cpu->el ? cpu->el : arm_host(cpu) ? 2 : 1;
}

/* The level that traps FP and SIMD instructions of the current one; 0: none. */
unsigned arm_fp_trap_level(const struct arm_cpu *cpu);
/* A trapped system instruction: its syndrome is made of the encoding. */
G_NORETURN void arm_raise_sysreg(struct arm_cpu *cpu, uint32_t insn, unsigned least);
/* ISV, SAS, SSE, SRT, SF and AR of a data abort's syndrome, from the instruction at pc; 0: nothing can be said. */
uint32_t arm_access_syndrome(struct arm_cpu *cpu);
/* Takes an exception to target: offset is that of its kind in the vector table (0 synchronous, 0x80 IRQ, 0x100 FIQ). */
void arm_take(struct arm_cpu *cpu, unsigned target, uint32_t esr, unsigned offset);
/* Raises a synchronous exception at the current pc to the EL that takes those of the current one (at least `least`). */
G_NORETURN void arm_raise(struct arm_cpu *cpu, uint32_t esr, unsigned least);
G_NORETURN void arm_raise_undef(struct arm_cpu *cpu);
/* After DAIF, SCR, HCR or virtual interrupts have changed: lets the loop look. */
void arm_irq_update(struct arm_cpu *cpu);
/* PSTATE as SPSR has it, and the reverse (target's EL has been checked). */
uint32_t arm_pstate(const struct arm_cpu *cpu);
void arm_set_pstate(struct arm_cpu *cpu, uint32_t spsr);
/* Changes EL and SPSel: banks the stack pointer. */
void arm_set_el(struct arm_cpu *cpu, unsigned el, unsigned sp_sel);

/* The board's own firmware, if it answers this call by an instruction of so many bytes. */
bool arm_firmware(struct arm_cpu *cpu, enum arm_conduit conduit, unsigned bytes);

bool arm_irq_pending(struct cpu *c);
void arm_irq_take(struct cpu *c);
bool arm_has_work(struct cpu *c);
G_NORETURN void arm_raise_mmu(struct cpu *c, const struct mmu_fault *fault);
G_NORETURN void arm_raise_bus(struct cpu *c, uint64_t va, enum mmu_access access);
G_NORETURN void arm_raise_unaligned(struct cpu *c, uint64_t va, enum mmu_access access);

/* ---- memory (mmu.c, tlbi.c) ---- */

bool arm_mmu_walk(struct cpu *c, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                  struct mmu_fault *fault);
unsigned arm_fetch_idx(struct cpu *c);
unsigned arm_data_idx(struct cpu *c);
/* AT instructions: PAR_EL1's value for va; idx and whether stage 2 is included. */
uint64_t arm_at(struct arm_cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, bool stage1_only);
/* Size in bits of the virtual addresses of va's half, and whether the top byte is ignored there. */
unsigned arm_va_bits(const struct arm_cpu *cpu, uint64_t va, bool data, bool *tbi);
/* Is va on a guarded page? For instructions; without effects. */
bool arm_page_guarded(struct arm_cpu *cpu, uint64_t va);
/* Everything that this CPU has cached of page tables is gone. */
void arm_tlb_flush(struct arm_cpu *cpu);
/* TLBI instructions: op1, CRm, op2 of SYS with CRn = 8. False: there is no such instruction. */
bool arm_tlbi(struct arm_cpu *cpu, unsigned op1, unsigned crm, unsigned op2, uint64_t v);

/* ---- debug exceptions (debug.c) ---- */

/* The level that takes them from the current one; 0: they are off. */
unsigned arm_debug_level(const struct arm_cpu *cpu);
/* The same for software step while MDSCR_EL1.SS is set; are there breakpoints, watchpoints that could act now? */
unsigned arm_step_level(const struct arm_cpu *cpu);
bool arm_breaking(const struct arm_cpu *cpu);
bool arm_watching(const struct arm_cpu *cpu);
/* Does a watchpoint register name bytes of va's page? */
bool arm_page_watched(const struct arm_cpu *cpu, uint64_t va);
bool arm_access_check(struct cpu *c, uint64_t va, const struct mmu_page *page, unsigned size, enum mmu_access access,
                      unsigned idx, struct mmu_fault *fault);

/* ---- generic timers (timer.c) ---- */

void arm_timers_init(struct arm_cpu *cpu);
void arm_timers_fini(struct arm_cpu *cpu);
/* After ctl, cval or CNTVOFF have changed. */
void arm_timer_update(struct arm_cpu *cpu, enum arm_timer n);
uint64_t arm_count(const struct arm_cpu *cpu);      /* CNTPCT */
uint64_t arm_timer_offset(const struct arm_cpu *cpu, enum arm_timer n);

/* ---- system registers (sysreg.c) ---- */

struct arm_sysreg;
/* The register that MSR and MRS name by ARM_SYSREG(); NULL: none of ours (the interrupt controller may have it). */
const struct arm_sysreg *arm_sysreg_find(const struct arm_cpu *cpu, uint32_t number);
/* The slot that holds it, if an access at this key needs no helper; -1. */
int arm_sysreg_slot(const struct arm_cpu *cpu, uint32_t key, uint32_t number, bool write);
/* May a translation go on behind a write: does it change neither key, mappings nor interrupts? */
bool arm_sysreg_write_plain(const struct arm_cpu *cpu, uint32_t number);
/* For debuggers: without effects. False: there is none. */
bool arm_sysreg_peek(struct arm_cpu *cpu, uint32_t number, uint64_t *v);

#endif
