/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A back end: turns a region of IR into host code. One folder tcg/host/<arch>/ each; x86_64 is the first.
 *
 * The back end knows no guest and no memory map. What it must know of the engine around it - where in the CPU struct the
 * TLB base stands, which C functions serve slow paths - is struct host_env, filled by accel/tcg.
 *
 * Register convention between regions (x86-64):
 *   rbp = CPU struct + 128; r14 = TLB base (env->tlb_base); r11 = TLB index control (bextr control, or index mask);
 *   rax rcx rdx r10 = temporaries; the eight integer slots with pin 0..7 in rbx r12 r13 r15 rsi rdi r8 r9 as the order
 *   table of the back end says; FP slots with pin 0..9 in xmm15..xmm6; xmm0..xmm5 temporaries. MXCSR holds the guest's
 *   rounding mode and sticky flags while translated code runs, exceptions masked.
 *
 * Layout of a region's code:
 *
 *   checked:  cmp dword [r14 + xmap(index)], map_id     entered by indirect and cross-page jumps: is the page still
 *             jne  -> stub: exit HOST_LEAVE_REMAP         mapped where it was (accel/tcg/xmap)? (twice when the block
 *                                                         spans two pages)
 *   poll:     cmp dword [rbp + request], 0              entered by backward jumps inside the page
 *             jne  -> stub: exit HOST_LEAVE_REQUEST
 *   direct:   body                                      entered by forward jumps inside the page
 *   ...       out-of-line code: slow paths, exit stubs
 *   map       bytes after the code: one record for each point that may leave with exact state
 *
 * Under icount the body starts with a subtraction from the budget; the stub leaves with HOST_LEAVE_BUDGET. Jumps
 * from region to region then never go to `direct`, so that a request is seen in front of the same instruction whichever way
 * the region is entered.
 */
#ifndef TCG_HOST_H
#define TCG_HOST_H

#include "tcg/ir.h"

struct cpu;

#define HOST_CPU_BIAS 128           /* the CPU register points so far into the CPU struct */
#define HOST_JUMP_CACHE_BITS 15     /* entries; index = bits 1..15 of the guest pc */

/* One entry of a vCPU's jump cache. tag = pc ^ salt; an empty entry has a tag that its index can't have. */
struct host_jump {
    uint64_t tag;
    const void *code;               /* a region's `checked` entry */
};

/* Why translated code came back to host_enter's caller. */
enum host_leave {
    HOST_LEAVE_EXIT = 1,            /* IR exit; detail = its code (enum ir_exit); pc slot in its home */
    HOST_LEAVE_DIRECT,              /* an exit that is not chained yet; detail = return address that names it (host_exit_find) */
    HOST_LEAVE_INDIRECT,            /* jump cache missed; the pc slot holds the target */
    HOST_LEAVE_REQUEST,             /* a request is pending; pc slot = the region's start */
    HOST_LEAVE_REMAP,               /* the page of the region is mapped otherwise now, or not known to be the same; pc slot = region start;
                                     * detail = an address in the region's code */
    HOST_LEAVE_BUDGET,              /* icount: the budget is used up; pc slot = the region's start, nothing of it ran */
    HOST_LEAVE_STALE,               /* the region has been invalidated; pc slot = the region's start */
};

struct host_left {
    enum host_leave why;
    uint64_t detail;
};

/* Registers of translated code at a slow-path call, as saved by its thunk. */
struct host_frame {
    uint64_t gpr[16];               /* by hardware number */
    uint64_t xmm[16][2];
};

/* All offsets in bytes from the CPU struct's start unless said otherwise; they must fit a signed 32-bit displacement. */
struct host_env {
    uint32_t off_tlb_base;          /* void *: loaded into r14 at entry and after helpers that WRITE */
    uint32_t off_tlb_ctl;           /* uint64_t: loaded into r11; host_tlb_control() makes it */
    uint32_t off_request;           /* uint32_t: non-zero = leave at the next poll; offset - HOST_CPU_BIAS > 127 */
    uint32_t off_jump_salt;         /* uint64_t */
    uint32_t off_jump_cache;        /* struct host_jump[1 << HOST_JUMP_CACHE_BITS] */
    uint32_t off_fpcr;              /* uint32_t: guest MXCSR: loaded at entry, stored when leaving; also stored before a
                                     * helper that READS, WRITES or RAISES, and loaded after one that WRITES */
    uint32_t off_icount;            /* int64_t: instructions left in the budget */
    uint32_t off_icount_ahead;      /* uint32_t: stored before a helper that READS, WRITES or RAISES, under icount: how many
                                     * instructions of the region that have been paid for are still to be completed */
    /* displacements from the TLB base; each array holds 8-byte entries for the largest TLB size */
    int32_t tlb_read[16];           /* tag arrays by MMU index: page va of a readable page, else a value that cannot match */
    int32_t tlb_write[16];
    int32_t tlb_addend[16];         /* host address - guest address, for reads and writes */
    int32_t xmap;                   /* uint32_t[]: map ids by (page number) & (xmap_entries - 1) */
    uint32_t xmap_entries;
    unsigned page_bits;             /* 12 */
    /* Slow paths, called with the ABI's registers after the thunk has saved all registers in *frame. ret names the access
     * (host_rebuild). They return, or leave by longjmp after host_rebuild() when the guest faults. mem = enum ir_mem
     * bits | type << 16. load returns the value extended as mem says (I32: the upper half is undefined); the slow paths
     * keep MXCSR as it is. */
    uint64_t (*load)(struct cpu *cpu, uint64_t addr, unsigned mem, uintptr_t ret, struct host_frame *frame);
    void (*store)(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem, uintptr_t ret, struct host_frame *frame);
    /* 16-byte loads, stores and all atomics on the slow path: *value in and out (low, high); op = enum ir_rmw, or
     * HOST_SLOW_CAS with expected[2], or HOST_SLOW_LOAD128 / HOST_SLOW_STORE128 / HOST_SLOW_PROBE. */
    void (*slow)(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2],
                 uintptr_t ret, struct host_frame *frame);
    bool icount;                    /* emit the budget check */
    bool chain;                     /* emit chainable exits (off under -d nochain, single step) */
    uint32_t opts;                  /* enum host_opt */
};

enum { HOST_SLOW_CAS = 16, HOST_SLOW_LOAD128, HOST_SLOW_STORE128, HOST_SLOW_PROBE };

/* Switches of -accel tcg,opt-NAME=on|off: all on by default. */
enum host_opt {
    HOST_OPT_PIN = 1,               /* pinned registers */
    HOST_OPT_SHARE = 2,             /* TLB look-ups shared by base in a block */
    HOST_OPT_PROBE = 4,             /* inline indirect-branch probe */
    HOST_OPT_BEXTR = 8,             /* BMI1/BMI2 forms where the host has them */
    HOST_OPT_AVX = 16,              /* VEX forms, FMA */
    HOST_OPT_FUSE = 32,             /* compare-and-branch, memory operands */
    HOST_OPT_RANGE = 64,            /* shared look-ups also where a small index of known range is added to the base */
};

struct host;                        /* a back end, ready: thunks generated, CPU features read. Immutable, shared by threads. */

/* Room for code. rw and rx are two mappings of the same memory: the code runs at rx, is written at rw. */
struct host_buf {
    uint8_t *rw, *rx;
    size_t size;
};

/* Static facts of a region for the prologue. */
struct host_region {
    uint64_t pc;                    /* guest address of the first instruction */
    uint32_t map_id[2];             /* for the page of the first byte, and of the last if it is another (else 0) */
    uint64_t page[2];               /* their virtual page numbers ^ mode hash: the xmap index is page & (entries - 1) */
    uint32_t guest_insns;           /* for the icount budget */
};

#define HOST_EXITS_MAX 64
struct host_exit {
    uint64_t pc;                    /* guest target */
    uint32_t patch;                 /* offset in the code of the rel32 to patch, inside an aligned quadword */
    uint32_t stub;                  /* offset of the unchained stub (what the rel32 points to at first) */
    bool poll;                      /* a backward jump: link to `poll`, not `direct` */
};

struct host_code {
    uint32_t checked, poll, direct; /* entry offsets in the code */
    uint32_t code_bytes;            /* machine code, slow paths included */
    uint32_t map_bytes;             /* after the code */
    uint32_t total_bytes;           /* all that was used of the buffer, aligned up to 16 */
    unsigned nexits;
    struct host_exit exits[HOST_EXITS_MAX];
};

/* Makes a back end for these offsets; thunks are generated into buf (advanced past them). NULL and *err: CPU unsuitable. */
struct host *host_new(const struct host_env *env, const struct ir_target *target, struct host_buf *buf, GError **err);
void host_free(struct host *h);
uint64_t host_tlb_control(const struct host *h, unsigned index_bits);   /* value for off_tlb_ctl */

/* Compiles a verified region into buf. False: it does not fit (nothing is kept; take a new buffer or cut the region).
 * Runs on any thread, several at once with buffers of their own. scratch is a context of this thread. */
struct host_scratch *host_scratch_new(const struct host *h);
void host_scratch_free(struct host_scratch *s);
bool host_compile(struct host_scratch *s, struct ir *ir, const struct host_region *region, const struct host_buf *buf,
                  struct host_code *code);

/* Runs translated code at `code` (an rx address of an entry) on this thread until it leaves. */
struct host_left host_enter(const struct host *h, struct cpu *cpu, const void *code);

/* Points a chainable exit at another region's entry, or back at its stub (to = NULL). rw/rx: the code's start in both
 * mappings. Safe while other threads run the code: one 4-byte store inside an aligned quadword. */
void host_link(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_exit *e, const void *to);
/* Makes `checked` and `poll` leave with HOST_LEAVE_STALE: threads that come by the jump cache find out. */
void host_kill(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_code *code);

/* Which exit does HOST_LEAVE_DIRECT's detail name? Index into code->exits, or -1. */
int host_exit_find(const struct host_code *code, const uint8_t *rx, uint64_t detail);

/* Writes the guest's state at the access that `ret` names into the CPU struct's homes: the slots' values from the frame
 * by the map, the pc slot; *insns = guest instructions of the region completed before the current one. False: ret is
 * not in this code. */
bool host_rebuild(const struct host *h, struct cpu *cpu, const uint8_t *rx, const struct host_code *code, uintptr_t ret,
                  const struct host_frame *frame, unsigned *insns);

/* Disassembly of host code for -d out_asm. */
void host_disas(const uint8_t *rw, const uint8_t *rx, size_t bytes, GString *out);

#endif
