/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a CPU meets the rest of the machine. A target (target/<isa>/) provides a struct cpu_type: how to translate, walk
 * page tables, take interrupts. An accelerator (accel/<name>/) runs it. Interrupt controllers and boards talk to a
 * CPU through the calls below alone; no device includes target/.
 *
 * Threads: each vCPU has a thread of its own in the accelerator. "vCPU thread" below means that CPU's thread, or any
 * thread while the vCPU is stopped. Calls marked "any thread" are safe at any time.
 */
#ifndef SYSTEM_CPU_H
#define SYSTEM_CPU_H

#include <glib.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/irq.h"

struct machine;
struct address_space;
struct cpu;
struct cpu_type;
struct ir;
struct ir_target;
struct accel_cpu;
struct cpu_intc;
struct fdt;
struct kvm_arch;

#define CPU_LINES_MAX 64
#define CPU_OUTPUTS_MAX 8

/* Bits of cpu.request: why translated code should come back to the execution loop. Set by any thread with cpu_request. */
enum cpu_request {
    CPU_REQ_IRQ = 1,        /* an interrupt line rose, or the target unmasked one: ask type->irq_pending */
    CPU_REQ_EXIT = 2,       /* leave the loop: stop, pause, reset, debugger, work item */
    CPU_REQ_WORK = 4,       /* run queued work on the vCPU thread (safepoint) */
    CPU_REQ_INIT = 8,       /* x86's events, edges: type->event */
    CPU_REQ_SIPI = 16,      /* start-up at cpu.sipi_vector << 12 */
    CPU_REQ_NMI = 32,
    CPU_REQ_SMI = 64,
    CPU_REQ_EVENTS = CPU_REQ_INIT | CPU_REQ_SIPI | CPU_REQ_NMI | CPU_REQ_SMI,
};

/* A CPU that firmware switches on and off (PSCI); others are always on. */
enum cpu_power { CPU_POWER_ON, CPU_POWER_OFF, CPU_POWER_ON_PENDING };

/* An access to a register of the interrupt controller's that the CPU's instruction set reaches (GICv3: ICC_*, ICH_*). */
struct cpu_reg_access {
    uint32_t reg;                   /* the target's number for it (ARM_SYSREG) */
    uint8_t level;                  /* privilege level of the access */
    uint8_t flags;                  /* the target's own (enum arm_access) */
};

/* Registers of an interrupt controller that its CPU reaches by instructions of its own (cpu.sysregs). The target has checked what its own registers say about
 * the access (level, traps); what the controller's registers say is up to it. vCPU thread, machine lock not held. */
struct cpu_sysregs {
    void *opaque;
    /* False: there is no such register for this access: undefined instruction. */
    bool (*reg_read)(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t *value);
    bool (*reg_write)(void *opaque, struct cpu *cpu, const struct cpu_reg_access *a, uint64_t value);
};

/* A call of firmware that the board plays itself (PSCI). */
struct cpu_firmware_call {
    uint64_t arg[8];                /* x0..x7; the results replace arg[0..3] */
    uint8_t conduit;                /* the target's own (enum arm_conduit) */
    uint8_t level;                  /* privilege level of the caller */
};

/* Data that the guest itself watches (x86's DR0 to DR3): its accesses are told behind their instruction, by type->watch_hit. */
#define CPU_WATCHES 4
enum { CPU_WATCH_READ = 1, CPU_WATCH_WRITE = 2 };
struct cpu_watch {
    uint64_t addr, len;
    uint8_t kinds;                  /* CPU_WATCH_*; 0: unused */
};

/* ARM's allocation tags: four bits for each 16 bytes of the physical range, low half of a byte first. Any vCPU writes them. */
struct cpu_tag_memory {
    uint64_t base, bytes;
    _Atomic uint8_t *tags;
};

struct cpu {
    /* The target's hottest state (RISC-V: x0..x31): within reach of one-byte displacements from the CPU register. */
    uint64_t r[32];
    uint64_t pc;

    /* ---- read and written by translated code; owned by the accelerator ---- */
    void *tlb_base;
    uint64_t tlb_ctl;
    uint64_t jump_salt;             /* stands for the translation key in the jump cache */
    int64_t icount_left;            /* -icount: what is left of the budget */
    uint32_t icount_ahead;          /* -icount: instructions that were taken from it and are not completed (in a helper) */
    uint32_t fpcr;                  /* guest rounding mode and sticky flags in the layout of x86's MXCSR */
    _Atomic uint32_t request;       /* enum cpu_request */

    /* ---- common ---- */
    uint32_t key;                   /* translation key: everything that a translation depends on besides its bytes; set by cpu_set_key */
    uint8_t halted;                 /* waits for an interrupt (vCPU thread) */
    uint8_t start_halted;           /* board: off after reset until cpu_power_on */
    uint8_t levels;                 /* bit n: privilege level n is there. type->init sets it; the board may clear bits
                                     * before the first reset (ARM: machines without EL2, EL3) */
    uint8_t reset_level;            /* board: privilege level after reset (0: the highest there is) */
    _Atomic uint8_t power;          /* enum cpu_power */
    uint8_t bits;                   /* width of the model's registers, 32 or 64; set by type->init */
    unsigned index;                 /* position in machine->cpus */
    const struct cpu_type *type;
    struct machine *machine;
    struct address_space *as;       /* physical address space that it sees */
    _Atomic uint64_t lines;         /* levels of the interrupt input lines, bit by line number */
    struct accel_cpu *accel;        /* the accelerator's part */
    int thread_id;                  /* the host's, of the thread that runs it; set by the accelerator */
    sigjmp_buf loop;                /* target of cpu_loop_exit */
    bool in_loop;                   /* loop is valid */
    struct cpu_watch watch[CPU_WATCHES];    /* the guest's; cpu_watch_changed after changes */
    bool watching;                  /* some of them is in use */
    const struct cpu_tag_memory *tags;  /* ARM: memory of allocation tags, set by the board; NULL: none */
    uint8_t watch_hits;             /* bit n: the instruction that runs has accessed watch[n] */
    bool in_event;                  /* target: an exception or interrupt is on its way in, which ends the running block */

    /* Time of the platform's timer (mtime), set by the board: ticks, and how to ask for a wake-up when it reaches a value
     * (UINT64_MAX: never). arm runs under the machine lock; when due, it calls type->timer_due(cpu). */
    uint64_t (*time_read)(void *opaque);
    void (*time_arm)(void *opaque, struct cpu *cpu, uint64_t at);
    void *time_opaque;
    uint64_t reset_pc, reset_a0, reset_a1;  /* where reset starts, set by the board */
    uint64_t hw_id;                 /* how the guest names this CPU (MPIDR affinity): index, or what the board sets */
    uint64_t timer_hz;              /* rate of the CPU's own timer where it has one (CNTFRQ); type->init, then the board */

    /* What the board connects; see cpu_output_connect, struct cpu_sysregs, struct cpu_firmware_call. */
    struct irq_line outputs[CPU_OUTPUTS_MAX];
    uint8_t output_levels;          /* bit n: level of output n (machine lock) */
    const struct cpu_sysregs *sysregs;  /* NULL: none */
    /* NULL: the instruction is undefined. False: not a call of this firmware, or the wrong conduit: undefined, too. vCPU
     * thread, machine lock not held. It may leave by cpu_loop_exit after cpu_power_off. */
    bool (*firmware)(void *opaque, struct cpu *cpu, struct cpu_firmware_call *call);
    void *firmware_opaque;

    struct address_space *smm_as;   /* x86: what it sees in system management mode, set by the board; NULL: the same */
    struct cpu_intc *intc;          /* x86: its local APIC (system/x86.h), set by the board; NULL: none */
    _Atomic uint8_t sipi_vector;    /* of the last CPU_REQ_SIPI */
};

/* ---- translation ---- */

/* One block to translate. The accelerator fills the first part; the target sets the second. */
struct tr_block {
    uint64_t pc;
    uint32_t key;
    unsigned max_insns;             /* at most so many guest instructions */
    bool single_step;               /* end after one instruction with IR_EXIT_STEPPED */
    bool one_branch;                /* the block ends at its first conditional branch (opt-flags=off, counted time) */
    bool by_helpers;                /* opt-vectors=off: vector instructions by helpers as far as the target has them */
    const uint8_t *page;            /* guest bytes of pc's page (4 KiB, host memory), valid during translation */
    /* Bytes of the following page, for an instruction that straddles: NULL if it can't be fetched (then end the block
     * before that instruction; if it is the first, the call has raised the guest's fault and doesn't return). */
    const uint8_t *(*next_page)(struct tr_block *tb, bool first_insn);
    bool (*breakpoint)(struct tr_block *tb, uint64_t pc);  /* NULL, or: does the debugger have a breakpoint at pc? */
    void *opaque;                   /* the accelerator's */
    struct cpu *cpu;

    unsigned bytes;                 /* guest bytes of the block (more than up to the page end: it spans two pages) */
    unsigned insns;
};

/* ---- memory ---- */

enum mmu_access { MMU_READ, MMU_WRITE, MMU_FETCH };
enum mmu_prot { MMU_R = 1, MMU_W = 2, MMU_X = 4 };

struct mmu_page {
    uint64_t paddr;                 /* of the accessed byte */
    uint8_t prot;                   /* enum mmu_prot: what may be cached for the whole 4 KiB page without another walk */
    uint8_t page_bits;              /* log2 of the mapping's size (12, 21, 30, ...); < 12: protection changes inside the
                                     * page (PMP): the access is allowed but nothing may be cached */
    bool global;                    /* the mapping belongs to every address space */
    uint8_t attr;                   /* target's memory type (Svpbmt); 0 = normal */
    bool checked;                   /* data accesses to the page are shown to type->access_check, each of them */
    bool device;                    /* where devices answer, unaligned accesses fault (ARM's Device memory) */
};

struct mmu_fault {
    enum mmu_access access;
    uint64_t va;
    uint32_t code;                  /* the target's own: cause, syndrome */
    uint64_t info;
};

/* One named register for debuggers and `info registers`. */
struct cpu_reg {
    const char *name;
    uint8_t bits;                   /* 32, 64, 128 */
    uint8_t group;                  /* 0 general, 1 float, 2 control */
    int16_t gdb;                    /* number in gdb's target description, -1: not there */
    uint32_t id;                    /* for read/write */
};

struct cpu_type {
    const char *name;               /* of the ISA: "riscv" */
    size_t size;                    /* of the struct that begins with struct cpu */
    const struct ir_target *ir;

    /* Creates a CPU struct for a model ("rv64,zba=off"); "help" lists models to stdout and returns NULL without error. */
    bool (*init)(struct cpu *cpu, const char *model, GError **err);
    bool (*has_model)(const char *name);                /* is there a model of that name (before the first comma)? */
    void (*help)(void);
    void (*reset)(struct cpu *cpu);
    void (*fini)(struct cpu *cpu);
    /* Reset, but starting at pc with arg in the first argument register, at the level that firmware starts others at.
     * vCPU thread. NULL: the CPUs are always on. */
    void (*start)(struct cpu *cpu, uint64_t pc, uint64_t arg);

    /* vCPU thread. Translates one block into ir (reset, block 0 begun by the callee). */
    void (*translate)(struct tr_block *tb, struct ir *ir);
    /* The page tables' answer for one access under MMU index idx; A/D bits are updated as the architecture says unless
     * debug. False: *fault says what to raise. Takes no lock. */
    bool (*mmu_walk)(struct cpu *cpu, uint64_t va, enum mmu_access access, unsigned idx, bool debug,
                     struct mmu_page *page, struct mmu_fault *fault);
    /* Where protection changes inside a page (page_bits < 12), and an access to the byte at va, which is at paddr, is
     * allowed: is one to all `size` bytes, which lie in the page? False: *fault. May be NULL: as the first byte. */
    bool (*mmu_span)(struct cpu *cpu, uint64_t va, uint64_t paddr, unsigned size, enum mmu_access access,
                     struct mmu_fault *fault);
    /* Raise guest exceptions on the vCPU thread: record them in the CPU state (pc is exact) and cpu_loop_exit. */
    G_NORETURN void (*raise_mmu)(struct cpu *cpu, const struct mmu_fault *fault);
    G_NORETURN void (*raise_bus)(struct cpu *cpu, uint64_t va, enum mmu_access access);        /* no device answers, or it refuses */
    G_NORETURN void (*raise_unaligned)(struct cpu *cpu, uint64_t va, enum mmu_access access);
    unsigned (*fetch_idx)(struct cpu *cpu);             /* MMU index of instruction fetches now */
    unsigned (*data_idx)(struct cpu *cpu);              /* MMU index of ordinary data accesses now (debugger, monitor) */
    uint8_t mmu_indices;                                /* how many MMU indices there are, at most 16 */
    uint16_t mmu_shared;                                /* bits of those that see global mappings for the most part: an
                                                         * accelerator may keep what it knows of them across spaces */

    /* vCPU thread, machine lock not held. Is an interrupt pending and enabled? Take the best one (pc := handler). */
    bool (*irq_pending)(struct cpu *cpu);
    void (*irq_take)(struct cpu *cpu);
    bool (*has_work)(struct cpu *cpu);                  /* may a halted CPU go on (an interrupt is pending, masked or not)? */
    /* Bits of CPU_REQ_EVENTS have come; a CPU that shall run clears cpu.halted. May be NULL. */
    void (*event)(struct cpu *cpu, uint32_t bits);
    void (*line_changed)(struct cpu *cpu, unsigned line, bool level);  /* any thread, after cpu.lines changed; may be NULL */
    void (*timer_due)(struct cpu *cpu);                 /* machine lock held: the value given to time_arm has been reached */

    /* Debuggers and the monitor; the vCPU is stopped. */
    const struct cpu_reg *regs;
    unsigned nregs;
    uint64_t (*reg_read)(struct cpu *cpu, uint32_t id);
    void (*reg_write)(struct cpu *cpu, uint32_t id, uint64_t v);
    void (*print_regs)(struct cpu *cpu, GString *out);  /* `info registers` */
    char *(*gdb_xml)(struct cpu *cpu);                  /* target description, g_free; matches regs[].gdb */
    /* Disassembles one instruction; its length in bytes (at least the minimum one for undefined encodings). */
    unsigned (*disas)(struct cpu *cpu, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out);
    bool big_endian;
    bool open_bus;                                      /* where no device answers reads give ones and writes are lost (x86) */

    /* vCPU thread, in front of an access to a page that mmu_walk called `checked`, inside one page. attr is the page's. False:
     * *fault says what to raise. NULL: no CPU of this type has such pages. */
    bool (*access_check)(struct cpu *cpu, uint64_t va, const struct mmu_page *page, unsigned size, enum mmu_access access,
                         unsigned idx, struct mmu_fault *fault);
    /* vCPU thread: watch_hits are those of the instruction in front of pc. Raises or notes what follows from it, and clears
     * them; may leave by cpu_loop_exit. NULL: no CPU of this type has watches. */
    void (*watch_hit)(struct cpu *cpu);
    bool code_coherent;         /* the next instruction sees a store to its bytes (x86); else a barrier is needed first */
    bool watch_before;          /* debuggers expect a watchpoint's stop in front of the access, else behind it */
    /* Board: properties of this CPU in the device tree node at `node` (isa strings, mmu-type, status). */
    void (*fdt_node)(struct cpu *cpu, void *fdt, int node);
    /* Board: nodes at the root of the device tree that are about all CPUs; called for the first one. May be NULL. */
    void (*fdt_root)(struct cpu *cpu, void *fdt);
    const struct kvm_arch *kvm;                         /* how KVM runs it (system/kvm.h); NULL: not on this host */
    const struct field *state;                          /* snapshot list beyond r[], pc, fpcr */
    unsigned nstate;
};

/* ---- calls on a CPU ---- */

/* A CPU struct of type->size bytes, zeroed, at the start of a page-aligned area; the accelerator's tables that translated
 * code reaches from the CPU register follow at CPU_AREA_OFFSET. machine_new_cpu calls it. */
#define CPU_AREA_OFFSET 0x10000
#define CPU_AREA_BYTES 0x100000
struct cpu *cpu_alloc(const struct cpu_type *type);
void cpu_free(struct cpu *cpu);

/* cpu.watch has been changed. vCPU thread. */
void cpu_watch_changed(struct cpu *cpu);
/* Sets an interrupt input line's level (numbers are the target's: RISC-V uses mip bit numbers). Any thread. */
void cpu_irq_set(struct cpu *cpu, unsigned line, bool level);
/* Leads output `out` (the target's number, below CPU_OUTPUTS_MAX) to a line of the board. Before the machine runs. */
void cpu_output_connect(struct cpu *cpu, unsigned out, struct irq_line line);
/* For targets: sets an output's level. Takes the machine lock; any thread. */
void cpu_output_set(struct cpu *cpu, unsigned out, bool level);

/* Switches an off CPU on: it starts at pc with arg, soon. False: it is on (power says CPU_POWER_ON), or somebody else is
 * just doing it (CPU_POWER_ON_PENDING). Any thread. */
bool cpu_power_on(struct cpu *cpu, uint64_t pc, uint64_t arg);
/* Switches this CPU off: it halts until cpu_power_on and sees no interrupts. Its own thread; cpu_loop_exit afterwards. */
void cpu_power_off(struct cpu *cpu);
/* Sets request bits and kicks the vCPU out of translated code or sleep. Any thread. */
void cpu_request(struct cpu *cpu, uint32_t bits);

/* x86's I/O ports: size 1, 2 or 4 bytes. A port that nobody decodes reads as all ones. vCPU thread. */
uint32_t cpu_port_in(struct cpu *cpu, uint16_t port, unsigned size);
void cpu_port_out(struct cpu *cpu, uint16_t port, unsigned size, uint32_t v);

/* The registers are in the struct, and changes there will count: for debuggers. The vCPU is stopped. */
void cpu_sync(struct cpu *cpu);

/* ---- services of the accelerator for targets (vCPU thread; implemented by the machine's struct accel) ---- */

/* The guest state's parts that translations depend on have changed. */
void cpu_set_key(struct cpu *cpu, uint32_t key);
/* The address space has changed: `space` is any value that names it (RISC-V: satp). TLB sets are kept by space. */
void cpu_set_space(struct cpu *cpu, uint64_t space);
/* TLB maintenance on this CPU. */
enum tlb_scope {
    TLB_ALL,            /* everything */
    TLB_SPACES,         /* all spaces for which match(space, arg) holds; global entries may stay */
};
void cpu_tlb_flush(struct cpu *cpu, enum tlb_scope scope, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg);
void cpu_tlb_flush_page(struct cpu *cpu, uint64_t va, bool (*match)(uint64_t space, uint64_t arg), uint64_t arg); /* match NULL: all */
/* Back to the execution loop; the guest state is in its homes. */
G_NORETURN void cpu_loop_exit(struct cpu *cpu);
/* Guest accesses from helpers that RAISE (state synced): size 1, 2, 4, 8 bytes, little endian; may raise. */
uint64_t cpu_ld(struct cpu *cpu, uint64_t va, unsigned size, unsigned idx);
void cpu_st(struct cpu *cpu, uint64_t va, uint64_t v, unsigned size, unsigned idx);
/* Host pointer for writing [va, va + len) inside one page if it is plain RAM that needs no tracking, else NULL; may raise. */
void *cpu_probe_write(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx);
/* The same for reading; NULL where it isn't RAM, crosses a page, or a debugger watches. */
const void *cpu_probe_read(struct cpu *cpu, uint64_t va, unsigned len, unsigned idx);
/* Physical accesses of the page walker: host address of an aligned 8- or 4-byte word in RAM, NULL if it isn't RAM.
 * write: it will be modified by compare-and-exchange (marks pages that hold code). Any thread. */
void *cpu_phys_ptr(struct cpu *cpu, uint64_t paddr, unsigned size, bool write);
/* Memory by virtual address for debuggers; no side effects but on devices. False: not mapped. */
bool cpu_debug_rw(struct cpu *cpu, uint64_t va, void *buf, size_t len, bool write);
/* Guest instructions that this CPU has retired: exact under -icount, the current one not included; else an estimate from
 * the clock. */
uint64_t cpu_insns(struct cpu *cpu);
/* Runs f(cpu, opaque) on the vCPU thread at a safepoint, soon. Any thread. */
void cpu_run_on(struct cpu *cpu, void (*f)(struct cpu *cpu, void *opaque), void *opaque);

#endif
