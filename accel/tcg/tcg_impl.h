/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The translating accelerator's own structures.
 *
 *   loop.c   vCPU threads and the execution loop
 *   tb.c     translated blocks: finding, making, linking, invalidating
 *   cache.c  the memory that they live in, in segments
 *   tlb.c    soft TLB: sets by address space, filling, flushing
 *   slow.c   guest accesses that translated code does not do itself
 *   rr.c     all vCPUs on one thread, in turns (thread=single, -icount)
 *   icount.c time by counted instructions
 *   tcg.c    the accelerator's interface and options
 *
 * Locks, in the order they may be taken: machine lock; tcg->tb_lock (blocks, links, code pages, map ids); accel_cpu.sleep
 * (sleeping and waking of one vCPU). A vCPU in translated code holds none.
 *
 * Safepoints. A vCPU announces the epoch (accel_cpu.running) at the top of its loop, where it holds no pointer to a
 * block and will look again before it uses a TLB entry; 0 while it sleeps or waits (parked). safepoint_wait() returns
 * when every other vCPU has announced an epoch not older than the call, or is parked. Segments of the code cache are
 * reused, and pages become code, under its cover. Who holds a block across a call that may wait must check a->waits.
 */
#ifndef ACCEL_TCG_IMPL_H
#define ACCEL_TCG_IMPL_H

#include <stdatomic.h>
#include <stdio.h>

#include "system/accel.h"
#include "system/cpu.h"
#include "system/machine.h"
#include "tcg/host.h"
#include "tcg/interp.h"
#include "tcg/ir.h"

#define PAGE_BITS 12
#define PAGE_SIZE ((uint64_t)1 << PAGE_BITS)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define TB_INSNS_MAX 64

/* ---- soft TLB ---- */

#define TLB_SETS 8              /* address spaces remembered for each vCPU */
#define TLB_GLOBAL TLB_SETS     /* one more set: what all spaces share */
#define TLB_BITS_MIN 12
#define TLB_BITS_MAX 15
#define TLB_IDX_MAX 16
#define TLB_ARRAY_BYTES ((size_t)8 << TLB_BITS_MAX)
#define XMAP_ENTRIES 4096   /* a kernel's text of 16 MiB does not collide with itself: conflicts cost an exit each time */
#define XMAP_BYTES (XMAP_ENTRIES * 4)
/* Displacements of a set's arrays from its base: its xmap, the global set's xmap, then for each MMU index read tags, write
 * tags, addends. What belongs to the global set is the same memory in all sets. */
#define TLB_DISP(idx, what) (2 * XMAP_BYTES + ((size_t)(idx) * 3 + (what)) * TLB_ARRAY_BYTES)
enum { TLB_READ, TLB_WRITE, TLB_ADDEND };

/* One page that code has been fetched from. */
struct fetch_page {
    uint64_t va;                /* page address; 1: empty */
    struct ram_block *ram;
    uint64_t offset;            /* of the page in ram */
    uint32_t idx;               /* MMU index of the fetch */
};
#define FETCH_PAGES 256
#define LARGE_BITS 8192
#define TLB_RECENT 256          /* fills that a flush can undo one by one */

struct tlb_set {
    uint64_t space;             /* as given to cpu_set_space */
    uint8_t *base;              /* TLB_DISP arrays; lazily touched */
    /* The next two are written by the owner alone; tlb_protect of another vCPU reads them. */
    _Atomic unsigned bits;      /* log2 of the entries in use; global set: the largest since its last flush */
    _Atomic uint32_t used_idx;  /* MMU indices that have entries since the last flush */
    uint32_t used_fetch;        /* fetch[] has entries */
    unsigned fills, conflicts;  /* since the last flush */
    unsigned nrecent;           /* entries made since the last flush; more than TLB_RECENT: not all are in recent[] */
    uint32_t recent[TLB_RECENT];        /* number | index << 24 */
    uint64_t last_use;
    bool nonglobal;             /* global set: has entries that belong to the current space alone */
    uint64_t large_bits;        /* sizes (log2) of mappings larger than a page that were entered */
    uint64_t large[LARGE_BITS / 64];            /* filter: these mappings, by a hash of place and size */
    struct fetch_page fetch[FETCH_PAGES];
    uint64_t xmap_pages[XMAP_ENTRIES / 64];     /* filter: pages that may be in xmap, by number modulo XMAP_ENTRIES */
};

/* ---- blocks ---- */

struct tb_jump {
    struct host_exit exit;
    struct tb *to;              /* linked to, NULL: none */
    struct tb_jump *next_in;    /* of to->in */
    struct tb *from;
};

/* TB_CUT: made for the rest of a budget, shorter than the block that is usually there. */
enum { TB_DEAD = 1, TB_UNCACHED = 2, TB_STEP = 4, TB_CUT = 8 };

struct tb {
    uint64_t pc;                /* virtual */
    uint64_t phys;              /* ram_offset of the first byte in the machine's numbering */
    uint64_t phys2;             /* of the second page's start where the block spans two, else UINT64_MAX */
    uint32_t key;
    uint32_t idx;               /* MMU index of its fetches */
    uint32_t map_id[2];         /* how its pages are mapped; [1] 0: one page */
    struct exec_map *map[2];    /* under tb_lock: the same */
    uint16_t bytes;             /* of guest code */
    uint16_t insns;
    _Atomic uint8_t flags;         /* TB_DEAD is set by whoever invalidates, while others look at the rest */
    uint8_t njumps;
    uint32_t hash;
    uint8_t *rw;
    const uint8_t *rx;
    uint32_t checked, poll, direct, code_bytes, map_bytes;
    struct ir *ir;              /* engine=interp */
    _Atomic(struct tb *) hash_next;
    struct tb *page_next[2];    /* other blocks on its pages */
    struct tb_jump *in;         /* jumps linked to it */
    struct tb_jump jumps[];
};

/* What is known of a RAM page that has code, or had. */
struct code_page {
    struct tb *first;           /* blocks on it; link in page_next[which] */
    struct exec_map *maps;      /* the mappings of the page that blocks depend on */
    uint64_t chunks;            /* 64-byte pieces that blocks were made from */
    unsigned generation;        /* one more for each write that was seen while RAM_PAGE_CODE is set */
};

struct page_info {
    _Atomic uint64_t writer;    /* where a write TLB entry of the page is: WRITER_* */
    struct code_page *code;     /* under tb_lock */
};
#define WRITER_MANY UINT64_MAX

/* One mapping of a page for fetches, that blocks depend on. */
struct exec_map {
    uint64_t va;
    struct code_page *page;
    struct exec_map *next;      /* of page->maps */
    uint32_t idx, id;
    unsigned blocks;
};

#define SEGMENT_BYTES ((size_t)2 << 20)

enum segment_state { SEG_FREE, SEG_OPEN, SEG_SEALED, SEG_DRAINING };

struct segment {
    enum segment_state state;
    uint32_t used;
    uint64_t order;             /* of sealing: the smallest is the oldest */
    uint64_t drain_epoch;
    struct tb **tbs;            /* by address; SEGMENT_TBS_MAX, lazily touched */
    uint32_t *ends;             /* where their code ends, offsets in the segment */
    uint32_t backed;            /* the pages up to here have been asked for */
    _Atomic unsigned ntbs;
};
#define SEGMENT_TBS_MAX 16384
#define SEGMENT_STEP 65536       /* code pages are asked for by so many bytes */

struct code_cache {
    uint8_t *rw, *rx;           /* two mappings */
    size_t bytes;
    size_t thunk_bytes;         /* at the start, not in a segment */
    struct segment *segs;
    unsigned nsegs;
    uint64_t orders;
};

#define TB_HASH_BITS 19
#define TB_HASH_PAGE_BITS 6     /* a page's blocks lie in so many neighbouring buckets */

struct breakpoint {
    enum accel_break kind;
    uint64_t addr, len;
};

struct tcg {
    struct accel accel;
    /* properties */
    uint64_t tb_size;           /* MiB; 0: default */
    char *thread;               /* "multi", "single"; NULL: the default */
    char *engine;               /* "jit", "interp" */
    bool opt_pin, opt_share, opt_range, opt_probe, opt_bextr, opt_avx, opt_fuse, opt_chain, opt_fold, opt_cse, opt_dead, opt_narrow, opt_vectors, opt_flags;
    bool opt_asid, opt_global, opt_grow, perfmap, verify;
    FILE *perf_file;            /* under tb_lock */

    bool interp;
    unsigned passes;
    struct host *host;
    struct host_env env;
    struct interp_env interp_env;
    const struct cpu_type *cpu_type;
    struct code_cache cache;
    GMutex tb_lock;
    _Atomic(struct tb *) *hash;     /* 1 << TB_HASH_BITS buckets */
    struct page_info *pages;        /* by ram_offset >> PAGE_BITS; lazily touched */
    uint64_t npages;
    GHashTable *maps;               /* struct exec_map by id */
    uint32_t next_map_id;
    GPtrArray *cpus;                /* struct accel_cpu */
    GArray *breaks;                 /* struct breakpoint; changed while vCPUs are paused */
    _Atomic uint64_t epoch;         /* of safepoints */
    _Atomic bool resumed;
    GCond parked;                   /* with the machine lock: some vCPU parked */

    /* All vCPUs on one thread (rr.c). */
    bool single;
    bool rr_quit;                   /* machine lock */
    int rr_tid;                     /* of the thread, likewise; 0: it has not begun */
    GThread *rr_thread;
    GCond rr_resume;                /* with the machine lock */
    struct accel_cpu *_Atomic turn; /* who runs */
    unsigned rr_next;               /* whose turn it is, or was last; its thread */
    int64_t slice_left;             /* of its turn: instructions; without -icount just not 0 */
    struct timer kick;              /* without -icount: the turn has lasted long enough */
    _Atomic bool kicked;
    GMutex rr_mutex;
    GCond rr_cond;                  /* the thread sleeps: with rr_mutex */
    _Atomic bool rr_sleeping;

    /* -icount (icount.c); fields that are not atomic belong to the thread. */
    unsigned shift;
    _Atomic int64_t base_ns;        /* virtual time at the start of the turn */
    _Atomic bool deadline_moved;    /* since the thread last looked */
    int64_t start_ns, start_host_ns;    /* both clocks when the machine went on */
    int64_t adjusted_host_ns, last_lead_ns;     /* shift=auto */

    /* counters for info jit; under tb_lock */
    uint64_t tbs_made, insns_made, bytes_made, guest_bytes_made, invalidated, recycled;
};

struct salt {
    uint32_t key, number;           /* number 0: none */
};

struct accel_cpu {
    struct cpu *cpu;
    struct tcg *tcg;
    GThread *thread;
    struct ir *ir;
    struct host_scratch *scratch;
    struct interp_scratch *iscratch;
    struct segment *seg;            /* open, this vCPU's own */
    struct tlb_set *set;            /* current */
    struct tlb_set *sets;           /* TLB_SETS + 1 */
    uint32_t shared_idx;            /* MMU indices whose arrays belong to the global set */
    uint64_t use_count;
    struct host_jump *jumps;        /* the jump cache, in the CPU's area */
    GHashTable *salts;              /* key -> salt number */
    struct salt recent_salts[64];   /* cache of it */
    struct mem_reader reader;
    _Atomic uint64_t running;       /* epoch last announced; 0: parked */
    unsigned waits;                 /* how often this thread has been parked in safepoint_wait */
    _Atomic bool flush_all;         /* TLB to be flushed before the next entry */
    _Atomic bool flush_jumps;
    _Atomic bool sleeping;
    bool stopped;                   /* machine lock: the thread waits for resume */
    bool quit, single_step, watch_hit;
    bool debug_stop;                /* at a breakpoint or after a step: waits for the next resume */
    /* A watched access leaves the block in front of it (FOUND). To stop behind it, its instruction is then done on its own
     * (STEP: it is next, and single_step is on for it). */
    enum { WATCH_NONE, WATCH_FOUND, WATCH_STEP,
           WATCH_CODE,              /* likewise, in front of a store to the running block or of an access that the guest watches: its
                                     * instruction is done on its own, without a stop */
    } watch;
    uint64_t watch_addr;
    int watch_kind;                 /* enum accel_break */
    GMutex sleep;
    GCond wake;
    GCond resume;                   /* with the machine lock */
    GPtrArray *work;                /* struct work_item, under sleep */
    uint64_t insns_guess;           /* retired, for counters without icount */
    /* -icount */
    int64_t given;                  /* the turn's budget: cpu.icount_left counts down from there */
    bool to_deadline;               /* the budget ends at a timer's deadline: it is used up to the last instruction */
    bool turn_over;                 /* the turn shall end */
    bool in_code;                   /* translated code or the interpreter runs */
    unsigned cut;                   /* tb_get: a block of at most so many instructions; 0: as usual */
    uintptr_t site_ret;             /* the MMIO access that is being done */
    struct tb *interp_tb;           /* what the interpreter runs */
    uint64_t retired;               /* instructions up to the start of the turn */
    uint64_t traps;                 /* in the turn: each took an instruction's time */
    /* counters, owned by the thread */
    int64_t translate_ns;
    uint64_t n_enter, n_lookup, n_fill, n_flush, n_flush_page, n_slow, n_mmio, n_irq;
};

static inline struct accel_cpu *acpu_of(struct cpu *cpu)
{
    return cpu->accel;
}

/* ---- cache.c ---- */
bool cache_init(struct tcg *t, size_t bytes, GError **err);
void cache_free(struct tcg *t);
/* Buffer with at least min bytes in the vCPU's open segment; takes another segment (draining old ones) where needed.
 * vCPU thread, parked, without tb_lock. */
struct host_buf cache_room(struct accel_cpu *a, size_t min);
void cache_take(struct accel_cpu *a, struct tb *tb, size_t bytes);
/* The block whose code holds rx address p, NULL: none. Any thread that runs or has just left that code. */
struct tb *cache_find(struct tcg *t, uintptr_t p);
void cache_flush(struct tcg *t);        /* forgets everything; all vCPUs parked */

/* ---- tb.c ---- */
/* The block at the CPU's pc, made if need be; its page's mapping is entered in xmap and the block in the jump cache. May
 * raise the guest's fetch fault. vCPU thread, parked. */
struct tb *tb_get(struct accel_cpu *a);
/* A block that was about to run did not know whether its page is still mapped as it was: if so, it will know now. May
 * raise the guest's fetch fault. vCPU thread, running. */
void tb_remap(struct accel_cpu *a, struct tb *tb);
/* Links an exit of a block that is about to go on at `to`. */
void tb_link(struct accel_cpu *a, struct tb *from, unsigned n, struct tb *to);
void tb_written(struct tcg *t, struct ram_block *ram, uint64_t offset, uint64_t len);
/* Is the block that runs made from some of these bytes, and has it more than one instruction? ret: an address in its code,
 * or 0 where the CPU's pc is exact. vCPU thread. */
bool tb_runs_on(struct accel_cpu *a, struct ram_block *ram, uint64_t offset, uint64_t len, uintptr_t ret);
/* Under tb_lock: takes the block out of everything; its memory stays until its segment is reused. */
void tb_kill(struct tcg *t, struct tb *tb);
void tb_free_maps(struct tcg *t);
void tb_code_of(const struct tb *tb, struct host_code *code);

/* ---- tlb.c ---- */
void tlb_cpu_init(struct accel_cpu *a);
void tlb_cpu_free(struct accel_cpu *a);
void tlb_flush_set(struct accel_cpu *a, struct tlb_set *s);
void tlb_flush_all(struct accel_cpu *a);
void tlb_resize_if_needed(struct accel_cpu *a);
void tlb_env(struct host_env *env, unsigned indices);
/* The set that knows about an MMU index now: the current one or the global one. */
struct tlb_set *tlb_owner(struct accel_cpu *a, unsigned idx);

/* Where a guest access goes. */
struct tlb_target {
    uint8_t *host;                      /* RAM: address of the byte; NULL: MMIO */
    struct ram_block *ram;              /* with host: for writes that must be tracked, else NULL */
    uint64_t ram_offset;
    const struct flat_range *range;     /* MMIO */
    uint64_t offset;
    uint64_t paddr;                     /* where fine */
    bool fine;                          /* the byte alone has been judged: protection changes inside the page */
    struct mmu_page page;               /* where checked or device is set: the walk's answer */
    bool checked, device;
};
/* Looks va up (TLB, then walk and fill). Faults are raised: with the state of `ret` where that is not 0. */
void tlb_access(struct accel_cpu *a, uint64_t va, enum mmu_access access, unsigned idx, struct tlb_target *out,
                uintptr_t ret, struct host_frame *frame);
/* Does the debugger or the guest watch any data? */
static inline bool tlb_watching(const struct accel_cpu *a)
{
    return a->tcg->breaks->len || a->cpu->watching;
}
/* The fetch mapping of a page; raises. *uncached: nothing may be remembered of it. */
struct fetch_page *tlb_fetch(struct accel_cpu *a, uint64_t va, bool *uncached);
/* The page becomes code: no vCPU may write to it unseen from now on. Waits for vCPUs that might. */
void tlb_protect(struct accel_cpu *a, uint64_t ram_page, const uint8_t *host_page);

/* ---- slow.c ---- */
uint64_t slow_load(struct cpu *cpu, uint64_t addr, unsigned mem, uintptr_t ret, struct host_frame *frame);
void slow_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem, uintptr_t ret, struct host_frame *frame);
void slow_other(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2],
                uintptr_t ret, struct host_frame *frame);
void slow_interp_env(struct interp_env *env);
/* Exact state at a slow-path access, before a fault is raised. ret 0: the state is exact already. */
void slow_rebuild(struct accel_cpu *a, uintptr_t ret, struct host_frame *frame);

/* ---- rr.c ---- */
void rr_start(struct tcg *t);           /* with the first vCPU */
void rr_stop(struct tcg *t);            /* machine lock; returns when the thread has ended */
void rr_wake(struct tcg *t);            /* any thread */
void rr_requested(struct tcg *t);       /* accel_type.requested */

/* ---- icount.c; the thread of rr.c unless said otherwise ---- */
void icount_init(struct tcg *t);        /* main thread */
int64_t icount_host_ns(void);           /* any thread: the host's monotonic clock */
/* The turn's budget: up to slice instructions, or to the next deadline. Timers that are due have been run. */
void icount_begin(struct accel_cpu *a, int64_t slice);
int64_t icount_end(struct accel_cpu *a);    /* the instructions that it took */
/* The running block has been left by an exception, which cpu_loop_exit brings to the loop. */
void icount_trapped(struct accel_cpu *a);
void icount_run_due(struct tcg *t);
uint64_t icount_retired(const struct accel_cpu *a);
void icount_resumed(struct tcg *t);
/* shift=auto and align=on, between two turns: how many ns the guest shall wait for real time, mostly 0. */
int64_t icount_pace(struct tcg *t);
void icount_info(struct tcg *t, GString *out);  /* machine lock */

/* ---- loop.c ---- */
void *cpu_thread(void *opaque);
void cpu_run(struct accel_cpu *a);      /* until something wants the thread outside the loop */
void cpu_run_work(struct accel_cpu *a);
void safepoint_wait(struct tcg *t, struct accel_cpu *self);
uint64_t safepoint_begin(struct tcg *t);
bool safepoint_passed(struct tcg *t, uint64_t epoch, struct accel_cpu *self);
void cpu_park(struct accel_cpu *a);
void cpu_unpark(struct accel_cpu *a);
void cpu_wake(struct accel_cpu *a);
void jump_cache_clear(struct accel_cpu *a);

#endif
