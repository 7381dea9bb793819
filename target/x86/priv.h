/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the privileged architecture share. vCPU thread. */
#ifndef TARGET_X86_PRIV_H
#define TARGET_X86_PRIV_H

#include "target/x86/cpu.h"

/* ---- exceptions (exception.c) ---- */

/* Raise an exception at cpu.pc, which is exact, and go back to the loop. */
G_NORETURN void x86_raise(struct x86_cpu *cpu, enum x86_vector vector);
G_NORETURN void x86_raise_code(struct x86_cpu *cpu, enum x86_vector vector, uint32_t code);
/* #GP(0) */
G_NORETURN void x86_gp(struct x86_cpu *cpu);
/* A fault with a selector as its code; EXT is added where an event is being delivered. */
G_NORETURN void x86_raise_sel(struct x86_cpu *cpu, enum x86_vector vector, uint16_t sel);

/* ---- modes (state.c) ---- */

/* CR0, CR3, CR4 or EFER have changed what addresses mean: key, TLB, address space. */
void x86_paging_changed(struct x86_cpu *cpu);
/* CR3 has been loaded; flush: as a load without PCID or without bit 63 does. */
/* PAE paging: reads the four entries at CR3. False: reserved bits are set (#GP). */
bool x86_pdptes_load(struct x86_cpu *cpu, uint64_t cr3);
void x86_cr3_loaded(struct x86_cpu *cpu, bool flush);
uint64_t x86_tsc(struct x86_cpu *cpu);

static inline bool x86_canonical(const struct x86_cpu *cpu, uint64_t v)
{
    unsigned bits = cpu->cr4 & X86_CR4_LA57 ? 57 : 48;

    return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) == v;
}

static inline bool x86_is_64(const struct x86_cpu *cpu)
{
    return cpu->seg[X86_CS].attr & X86_SEG_L && cpu->efer & X86_EFER_LMA;
}

static inline bool x86_is_long(const struct x86_cpu *cpu)
{
    return cpu->efer & X86_EFER_LMA;
}

static inline bool x86_is_real(const struct x86_cpu *cpu)       /* real mode or v8086 */
{
    return !(cpu->cr0 & X86_CR0_PE) || cpu->eflags & X86_VM;
}

/* #AC is on, by CR0.AM and EFLAGS.AC. */
static inline bool x86_checks_alignment(const struct x86_cpu *cpu)
{
    return cpu->cr0 & X86_CR0_AM && cpu->eflags & X86_AC && x86_cpl(cpu) == 3;
}

/* ---- paging (mmu.c) ---- */

bool x86_mmu_walk(struct cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, bool debug, struct mmu_page *page,
                  struct mmu_fault *fault);
G_NORETURN void x86_raise_mmu(struct cpu *cpu, const struct mmu_fault *fault);
G_NORETURN void x86_raise_bus(struct cpu *cpu, uint64_t va, enum mmu_access access);
G_NORETURN void x86_raise_unaligned(struct cpu *cpu, uint64_t va, enum mmu_access access);
unsigned x86_fetch_idx(struct cpu *cpu);
unsigned x86_data_idx(struct cpu *cpu);

/* An address that no access may have (the translator makes it where a segment's limit is exceeded): #GP(0), or #SS(0) where
 * X86_BAD_STACK is set, too. Bits 63 and 62 differ, so it is canonical in no mode. */
#define X86_BAD_ADDRESS 0x4000000000000000u
#define X86_BAD_STACK   0x2000000000000000u

/* Accesses of helpers with state in its homes, as supervisor (descriptor tables, TSS) or with the rights of the CPL. */
static inline uint64_t x86_ld_sys(struct x86_cpu *cpu, uint64_t va, unsigned size)
{
    return cpu_ld(&cpu->cpu, va, size, X86_IDX_KERNEL);
}

static inline void x86_st_sys(struct x86_cpu *cpu, uint64_t va, uint64_t v, unsigned size)
{
    cpu_st(&cpu->cpu, va, v, size, X86_IDX_KERNEL);
}

/* ---- events (exception.c) ---- */

bool x86_irq_pending(struct cpu *cpu);
void x86_irq_take(struct cpu *cpu);
bool x86_has_work(struct cpu *cpu);
void x86_event(struct cpu *cpu, uint32_t bits);
void x86_line_changed(struct cpu *cpu, unsigned line, bool level);

/* Delivers an interrupt or exception through the IDT or IVT. next_pc: the linear address that is pushed. */
enum x86_source { X86_FROM_EXCEPTION, X86_FROM_INT, X86_FROM_HARDWARE };
void x86_deliver(struct x86_cpu *cpu, unsigned vector, enum x86_source source, bool has_code, uint32_t code, uint64_t next_pc);

/* Breakpoint i of DR7. */
enum x86_break_kind { X86_BREAK_NONE, X86_BREAK_EXEC, X86_BREAK_WRITE, X86_BREAK_IO, X86_BREAK_ACCESS };
struct x86_breakpoint {
    enum x86_break_kind kind;
    uint64_t addr, len;
};
struct x86_breakpoint x86_breakpoint(const struct x86_cpu *cpu, unsigned i);
/* DR0 to DR3 or DR7 have changed: those on data become cpu.watch. */
void x86_watches_update(struct x86_cpu *cpu);
void x86_watch_hit(struct cpu *cpu);

/* String instructions' ports: may they be accessed (else #GP); and has DR7 breakpoints on them, for watch_trap behind. */
void x86_check_port(struct x86_cpu *cpu, unsigned port, unsigned size);
void x86_port_done(struct x86_cpu *cpu, unsigned port, unsigned size);

/* SMI: saves the state in SMRAM and goes to its handler. RSM is the way back (smm.c). */
void x86_smm_enter(struct x86_cpu *cpu);
/* A reset: SMRAM is out of sight. */
void x86_smm_leave_view(struct x86_cpu *cpu);
/* The bits of CR4 that the model has. */
uint64_t x86_known_cr4(const struct x86_cpu *cpu);
/* The processor stops for good; a PC's chip set answers with a reset. */
G_NORETURN void x86_shutdown(struct x86_cpu *cpu);

/* The state after RESET, or INIT where init is set. */
void x86_reset_state(struct x86_cpu *cpu, bool init);

/* ---- segments (segment.c) ---- */

/* A descriptor's two words. */
struct x86_desc {
    uint32_t lo, hi;
};

static inline uint16_t x86_desc_attr(struct x86_desc d)
{
    return d.hi >> 8 & 0xf0ff;
}

uint32_t x86_desc_base(struct x86_desc d);
uint32_t x86_desc_limit(struct x86_desc d);
/* Reads the descriptor of a selector from GDT or LDT. False: beyond the table's limit (or no LDT). *va: where it stands. */
void x86_desc_accessed(struct x86_cpu *cpu, struct x86_desc *d, uint64_t va);
uint64_t x86_flags_mask(const struct x86_cpu *cpu, unsigned size);
bool x86_desc_read(struct x86_cpu *cpu, uint16_t sel, struct x86_desc *d, uint64_t *va);
void x86_seg_set(struct x86_cpu *cpu, unsigned n, uint16_t sel, uint64_t base, uint32_t limit, uint16_t attr);
/* Real and v8086 mode: base = sel << 4; limit and attributes stay in real mode. */
void x86_seg_set_real(struct x86_cpu *cpu, unsigned n, uint16_t sel);
void x86_seg_set_v86(struct x86_cpu *cpu, unsigned n, uint16_t sel);
/* Loads ES, SS, DS, FS or GS as MOV does. */
void x86_seg_load(struct x86_cpu *cpu, unsigned n, uint16_t sel);

/* ---- a stack to be pushed on or popped from by helpers: nothing changes but memory and this ---- */

struct x86_stack {
    struct x86_cpu *cpu;
    uint64_t base, mask;            /* of the segment; of the pointer */
    uint64_t sp;
    uint64_t room;                  /* as x86_seg.room_w; UINT64_MAX: none to be checked */
    uint32_t code;                  /* of the #SS where it ends */
    uint8_t idx;                    /* enum x86_idx */
};

/* The current stack, with the rights of the CPL. */
struct x86_stack x86_stack(struct x86_cpu *cpu);
void x86_push(struct x86_stack *s, uint64_t v, unsigned size);
uint64_t x86_pop(struct x86_stack *s, unsigned size);
/* (sp & ~mask) of the register stays where the stack pointer is narrower. */
void x86_stack_done(struct x86_stack *s);

/* ---- far transfers, tasks (far.c, task.c) ---- */

enum x86_switch { X86_TASK_JMP, X86_TASK_CALL, X86_TASK_IRET };
/* Switches to the task of a TSS descriptor; next_pc: linear, where the old task goes on. Ends with the new task's pc. */
void x86_task_switch(struct x86_cpu *cpu, uint16_t sel, struct x86_desc d, uint64_t desc_va, enum x86_switch how,
                     uint64_t next_pc);
/* SS:ESP (RSP) for privilege level dpl from the current TSS. */
void x86_tss_stack(struct x86_cpu *cpu, unsigned dpl, uint16_t *ss, uint64_t *sp);
/* Reads and checks the descriptor of a stack segment for level dpl; what fails is `vector` with the selector. */
struct x86_desc x86_check_ss(struct x86_cpu *cpu, uint16_t ss, unsigned dpl, enum x86_vector vector);

#endif
