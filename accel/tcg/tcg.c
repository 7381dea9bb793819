/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The translating accelerator: options, vCPU creation, run control, debugger's breakpoints. */
#include <stddef.h>
#include <string.h>

#include <sys/mman.h>

#include "accel/tcg/tcg_impl.h"

#define DEFAULT_CACHE_MB 128

static struct tcg *tcg_of(struct accel *a)
{
    return (struct tcg *)a;
}

/* struct page_info for every page of up to a terabyte of RAM: address space alone until a page is used. */
#define PAGES_MAX ((size_t)1 << (40 - PAGE_BITS))

static bool pages_init(struct tcg *t, GError **err)
{
    t->npages = PAGES_MAX;
    t->pages = mmap(NULL, PAGES_MAX * sizeof *t->pages, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (t->pages == MAP_FAILED) {
        t->pages = NULL;
        g_set_error(err, g_quark_from_static_string("tcg"), 0, "-accel tcg: no address space for the page table");
        return false;
    }
    madvise(t->pages, PAGES_MAX * sizeof *t->pages, MADV_NOHUGEPAGE);
    return true;
}

static void pages_free(struct tcg *t)
{
    uint64_t end = t->accel.m->memory.ram_end >> PAGE_BITS;

    for (uint64_t i = 0; t->pages && i < end; i++) {
        g_free(t->pages[i].code);
    }
    if (t->pages) {
        munmap(t->pages, PAGES_MAX * sizeof *t->pages);
    }
}

/* perf reads the names of generated code from there (Linux tools/perf/Documentation/jit-interface.txt). */
static bool perf_open(struct tcg *t, GError **err)
{
    g_autofree char *path = g_strdup_printf("/tmp/perf-%d.map", (int)getpid());

    t->perf_file = fopen(path, "w");
    if (!t->perf_file) {
        g_set_error(err, g_quark_from_static_string("tcg"), 0, "-perfmap: %s: %s", path, g_strerror(errno));
        return false;
    }
    setvbuf(t->perf_file, NULL, _IOLBF, 0);
    return true;
}

static bool threads_init(struct tcg *t, GError **err)
{
    bool icount = t->accel.m->opt.icount.on;

    if (t->thread && strcmp(t->thread, "multi") && strcmp(t->thread, "single")) {
        g_set_error(err, g_quark_from_static_string("tcg"), 0, "-accel tcg,thread=%s: accepted: multi, single", t->thread);
        return false;
    }
    if (icount && !g_strcmp0(t->thread, "multi")) {
        g_set_error(err, g_quark_from_static_string("tcg"), 0,
                    "-accel tcg,thread=multi: with -icount all vCPUs take turns on one thread; use thread=single");
        return false;
    }
    t->single = icount || !g_strcmp0(t->thread, "single");
    g_mutex_init(&t->rr_mutex);
    g_cond_init(&t->rr_cond);
    g_cond_init(&t->rr_resume);
    return true;
}

static bool tcg_init(struct accel *accel, GError **err)
{
    struct tcg *t = tcg_of(accel);

    if (g_strcmp0(t->engine, "jit") && g_strcmp0(t->engine, "interp")) {
        g_set_error(err, g_quark_from_static_string("tcg"), 0,
                    "-accel tcg,engine=%s: unknown engine; accepted: jit, interp", t->engine);
        return false;
    }
    if (!threads_init(t, err)) {
        return false;
    }
    t->interp = !strcmp(t->engine, "interp");
    t->passes = (t->opt_fold ? IR_PASS_FOLD : 0) | (t->opt_cse ? IR_PASS_CSE : 0) | (t->opt_dead ? IR_PASS_DEAD : 0) |
                (t->opt_narrow ? IR_PASS_NARROW : 0);
    g_mutex_init(&t->tb_lock);
    g_cond_init(&t->parked);
    t->cpus = g_ptr_array_new();
    t->breaks = g_array_new(false, false, sizeof(struct breakpoint));
    t->hash = g_new0(_Atomic(struct tb *), 1u << TB_HASH_BITS);
    atomic_store(&t->epoch, 1);
    slow_interp_env(&t->interp_env);
    if (t->accel.m->opt.icount.on) {
        icount_init(t);
    }
    if (t->perfmap && !perf_open(t, err)) {
        return false;
    }
    return pages_init(t, err) && cache_init(t, t->tb_size << 20, err);
}

static void tcg_free(struct accel *accel)
{
    struct tcg *t = tcg_of(accel);

    if (!t->cpus) {
        return;
    }
    cache_free(t);
    tb_free_maps(t);
    if (t->host) {
        host_free(t->host);
    }
    pages_free(t);
    if (t->perf_file) {
        fclose(t->perf_file);
    }
    g_ptr_array_free(t->cpus, true);
    g_array_free(t->breaks, true);
    g_free(t->hash);
    g_mutex_clear(&t->tb_lock);
    g_cond_clear(&t->parked);
    g_mutex_clear(&t->rr_mutex);
    g_cond_clear(&t->rr_cond);
    g_cond_clear(&t->rr_resume);
}

static uint32_t host_opts(const struct tcg *t)
{
    return (t->opt_pin ? HOST_OPT_PIN : 0) | (t->opt_share ? HOST_OPT_SHARE : 0) | (t->opt_probe ? HOST_OPT_PROBE : 0) |
           (t->opt_bextr ? HOST_OPT_BEXTR : 0) | (t->opt_avx ? HOST_OPT_AVX : 0) | (t->opt_fuse ? HOST_OPT_FUSE : 0) |
           (t->opt_range ? HOST_OPT_RANGE : 0);
}

/* The back end needs the target's slots, so it is made with the first vCPU. */
static bool host_init(struct tcg *t, const struct cpu_type *type, GError **err)
{
    struct host_buf buf = { t->cache.rw, (uint8_t *)t->cache.rx, SEGMENT_BYTES };

    t->cpu_type = type;
    t->env = (struct host_env) {
        .off_tlb_base = offsetof(struct cpu, tlb_base),
        .off_tlb_ctl = offsetof(struct cpu, tlb_ctl),
        .off_request = offsetof(struct cpu, request),
        .off_jump_salt = offsetof(struct cpu, jump_salt),
        .off_jump_cache = CPU_AREA_OFFSET,
        .off_fpcr = offsetof(struct cpu, fpcr),
        .off_icount = offsetof(struct cpu, icount_left),
        .off_icount_ahead = offsetof(struct cpu, icount_ahead),
        .icount = t->accel.m->opt.icount.on,
        .load = slow_load, .store = slow_store, .slow = slow_other,
        .chain = t->opt_chain, .opts = host_opts(t),
    };
    tlb_env(&t->env, type->mmu_indices);
    if (t->interp) {
        return true;
    }
    t->host = host_new(&t->env, type->ir, &buf, err);
    t->cache.thunk_bytes = buf.rw - t->cache.rw;
    return t->host != NULL;
}

static bool tcg_cpu_create(struct accel *accel, struct cpu *cpu, GError **err)
{
    struct tcg *t = tcg_of(accel);
    struct accel_cpu *a;
    g_autofree char *name = g_strdup_printf("cpu %u/tcg", cpu->index);

    G_STATIC_ASSERT(sizeof(struct host_jump) << HOST_JUMP_CACHE_BITS <= CPU_AREA_BYTES);
    if (!t->cpu_type && !host_init(t, cpu->type, err)) {
        return false;
    }
    a = g_new0(struct accel_cpu, 1);
    a->cpu = cpu;
    a->tcg = t;
    cpu->accel = a;
    a->ir = ir_new();
    a->scratch = t->host ? host_scratch_new(t->host) : NULL;
    a->iscratch = t->interp ? interp_scratch_new() : NULL;
    a->jumps = (struct host_jump *)((uint8_t *)cpu + CPU_AREA_OFFSET);
    a->salts = g_hash_table_new(NULL, NULL);
    a->work = g_ptr_array_new();
    g_mutex_init(&a->sleep);
    g_cond_init(&a->wake);
    g_cond_init(&a->resume);
    cpu->fpcr = 0x1f80;
    tlb_cpu_init(a);
    cpu_set_space(cpu, 0);
    g_ptr_array_add(t->cpus, a);
    if (!t->single) {
        a->thread = g_thread_new(name, cpu_thread, a);
    } else {
        mem_reader_add(&cpu->machine->memory, &a->reader);
        if (!t->rr_thread) {
            rr_start(t);
        }
    }
    while (t->single ? !t->rr_tid : !a->stopped) {  /* monitors may ask for its number at once */
        big_lock_wait(&cpu->machine->lock, &t->parked, -1);
    }
    cpu->thread_id = t->single ? t->rr_tid : cpu->thread_id;
    return true;
}

static void end_thread(struct accel_cpu *a)
{
    struct tcg *t = a->tcg;
    struct cpu *cpu = a->cpu;

    if (t->single) {
        if (t->rr_thread) {
            rr_stop(t);
        }
        mem_reader_remove(&cpu->machine->memory, &a->reader);
        return;
    }
    a->quit = true;
    atomic_fetch_or(&cpu->request, CPU_REQ_EXIT);
    cpu_wake(a);
    g_cond_broadcast(&a->resume);
    while (!a->stopped) {
        big_lock_wait(&cpu->machine->lock, &t->parked, -1);
    }
    machine_unlock(cpu->machine);
    g_thread_join(a->thread);
    machine_lock(cpu->machine);
}

static void tcg_cpu_destroy(struct accel *accel, struct cpu *cpu)
{
    struct accel_cpu *a = acpu_of(cpu);

    end_thread(a);
    g_ptr_array_remove(a->tcg->cpus, a);
    tlb_cpu_free(a);
    ir_free(a->ir);
    if (a->scratch) {
        host_scratch_free(a->scratch);
    }
    if (a->iscratch) {
        interp_scratch_free(a->iscratch);
    }
    g_hash_table_destroy(a->salts);
    g_ptr_array_free(a->work, true);
    g_mutex_clear(&a->sleep);
    g_cond_clear(&a->wake);
    g_cond_clear(&a->resume);
    g_free(a);
    cpu->accel = NULL;
}

static void tcg_resume(struct accel *accel)
{
    struct tcg *t = tcg_of(accel);

    atomic_store(&t->resumed, true);
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        a->debug_stop = a->watch_hit = false;
        atomic_fetch_or(&a->cpu->request, CPU_REQ_IRQ);
        g_cond_broadcast(&a->resume);
    }
    g_cond_broadcast(&t->rr_resume);
}

static void tcg_requested(struct accel *accel)
{
    if (tcg_of(accel)->single) {
        rr_requested(tcg_of(accel));
    }
}

static void tcg_pause(struct accel *accel)
{
    struct tcg *t = tcg_of(accel);

    atomic_store(&t->resumed, false);
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        atomic_fetch_or(&a->cpu->request, CPU_REQ_EXIT);
        cpu_wake(a);
    }
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        while (!a->stopped) {
            big_lock_wait(&accel->m->lock, &t->parked, -1);
        }
    }
}

static void tcg_kick(struct accel *accel, struct cpu *cpu)
{
    if (cpu->accel) {
        cpu_wake(acpu_of(cpu));
    }
}

static void tcg_code_written(struct accel *accel, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    tb_written(tcg_of(accel), ram, offset, len);
}

static void flush_all_cpus(struct tcg *t)
{
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        atomic_store(&a->flush_all, true);
        cpu_request(a->cpu, CPU_REQ_WORK);
    }
}

static void tcg_dirty_cleared(struct accel *accel, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    flush_all_cpus(tcg_of(accel));
}

static void tcg_view_changed(struct accel *accel, struct address_space *as)
{
    flush_all_cpus(tcg_of(accel));
}

/* ---- debugger ---- */

static void forget_code(struct tcg *t)
{
    cache_flush(t);
    for (unsigned i = 0; i < t->cpus->len; i++) {
        tlb_flush_all(t->cpus->pdata[i]);
    }
}

static bool tcg_break_insert(struct accel *accel, enum accel_break kind, uint64_t addr, uint64_t len)
{
    struct tcg *t = tcg_of(accel);
    struct breakpoint b = { kind, addr, len };

    g_array_append_val(t->breaks, b);
    forget_code(t);
    return true;
}

static bool tcg_break_remove(struct accel *accel, enum accel_break kind, uint64_t addr, uint64_t len)
{
    struct tcg *t = tcg_of(accel);

    for (unsigned i = 0; i < t->breaks->len; i++) {
        struct breakpoint *b = &g_array_index(t->breaks, struct breakpoint, i);

        if (b->kind == kind && b->addr == addr && b->len == len) {
            g_array_remove_index(t->breaks, i);
            forget_code(t);
            return true;
        }
    }
    return false;
}

static void tcg_break_clear(struct accel *accel)
{
    struct tcg *t = tcg_of(accel);

    if (t->breaks->len) {
        g_array_set_size(t->breaks, 0);
        forget_code(t);
    }
}

static bool tcg_stop_reason(struct accel *accel, struct cpu *cpu, struct cpu_stop *why)
{
    struct accel_cpu *a = acpu_of(cpu);

    *why = (struct cpu_stop) { a->watch_hit, a->watch_kind, a->watch_addr };
    return a->debug_stop || a->watch_hit;
}

static void tcg_single_step(struct accel *accel, struct cpu *cpu, bool on)
{
    acpu_of(cpu)->single_step = on;
    acpu_of(cpu)->watch = WATCH_NONE;
}

static void tcg_info(struct accel *accel, GString *out)
{
    struct tcg *t = tcg_of(accel);
    unsigned in_use = 0;

    for (unsigned i = 0; i < t->cache.nsegs; i++) {
        in_use += t->cache.segs[i].state != SEG_FREE;
    }
    g_string_append_printf(out,
                           "engine %s, code cache %zu MiB in %u segments, %u in use, %" G_GUINT64_FORMAT " recycled\n",
                           t->engine, t->cache.bytes >> 20, t->cache.nsegs, in_use, t->recycled);
    g_string_append_printf(out,
                           "blocks made %" G_GUINT64_FORMAT ", invalidated %" G_GUINT64_FORMAT
                           "; guest instructions %" G_GUINT64_FORMAT ", guest bytes %" G_GUINT64_FORMAT
                           ", host bytes %" G_GUINT64_FORMAT "\n",
                           t->tbs_made, t->invalidated, t->insns_made, t->guest_bytes_made, t->bytes_made);
    if (t->env.icount) {
        icount_info(t, out);
    }
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        g_string_append_printf(out,
                               "cpu %u: entries %" G_GUINT64_FORMAT ", look-ups %" G_GUINT64_FORMAT
                               ", interrupts %" G_GUINT64_FORMAT ", translating %.3f s\n",
                               a->cpu->index, a->n_enter, a->n_lookup, a->n_irq, a->translate_ns / 1e9);
        g_string_append_printf(out,
                               "       TLB fills %" G_GUINT64_FORMAT ", set flushes %" G_GUINT64_FORMAT
                               ", page flushes %" G_GUINT64_FORMAT "; slow accesses %" G_GUINT64_FORMAT
                               ", MMIO %" G_GUINT64_FORMAT ", size %u\n",
                               a->n_fill, a->n_flush, a->n_flush_page, a->n_slow, a->n_mmio, 1u << a->set->bits);
    }
}

/* ---- options ---- */

#define OPT(f, name, help) PROP_BOOL(struct tcg, f, name, true, help)

static const struct prop props[] = {
    PROP_U64(struct tcg, tb_size, "tb-size", DEFAULT_CACHE_MB, "size of the code cache in MiB", .max = 2000),
    PROP_STRING(struct tcg, thread, "thread", NULL,
                "multi: a host thread for each vCPU (the default); single: all take turns on one, as under -icount"),
    PROP_STRING(struct tcg, engine, "engine", "jit", "jit, or interp: interpret the IR"),
    OPT(opt_pin, "opt-pin", "guest registers stay in host registers across blocks"),
    OPT(opt_share, "opt-share", "TLB look-ups shared in a block"),
    OPT(opt_range, "opt-range", "the same for tables: a base and an index of known range"),
    OPT(opt_probe, "opt-probe", "inline probe for indirect jumps"),
    OPT(opt_bextr, "opt-bextr", "BMI instructions where the host has them"),
    OPT(opt_avx, "opt-avx", "AVX and FMA instructions where the host has them"),
    OPT(opt_fuse, "opt-fuse", "fusion of compare and branch, memory operands"),
    OPT(opt_chain, "opt-chain", "direct jumps from block to block"),
    OPT(opt_fold, "opt-fold", "constant folding while the IR is built"),
    /* in single blocks it finds one operation in a thousand (Linux's boot) and costs as much as the dead code pass */
    PROP_BOOL(struct tcg, opt_cse, "opt-cse", false, "common subexpressions pass"),
    OPT(opt_dead, "opt-dead", "dead code pass"),
    OPT(opt_narrow, "opt-narrow", "pass that drops unused extensions"),
    OPT(opt_flags, "opt-flags", "a block goes on behind a branch where its flags are read again (ARM)"),
    OPT(opt_vectors, "opt-vectors", "vector instructions without helpers (ARM)"),
    OPT(opt_asid, "opt-asid", "a TLB set for each address space"),
    OPT(opt_global, "opt-global", "global mappings of the kernel shared by all TLB sets"),
    PROP_BOOL(struct tcg, perfmap, "perfmap", false, "write /tmp/perf-PID.map (the same as -perfmap)"),
    OPT(opt_grow, "opt-grow", "TLB sets grow with use"),
    PROP_BOOL(struct tcg, verify, "verify", false, "check the IR of each block before and after the passes"),
};

const struct accel_type tcg_accel_type = {
    .name = "tcg",
    .help = "translate guest code to host code",
    .size = sizeof(struct tcg),
    PROPS(props),
    .counts = true,
    .init = tcg_init,
    .free = tcg_free,
    .cpu_create = tcg_cpu_create,
    .cpu_destroy = tcg_cpu_destroy,
    .resume = tcg_resume,
    .pause = tcg_pause,
    .kick = tcg_kick,
    .requested = tcg_requested,
    .code_written = tcg_code_written,
    .dirty_cleared = tcg_dirty_cleared,
    .view_changed = tcg_view_changed,
    .break_insert = tcg_break_insert,
    .break_remove = tcg_break_remove,
    .break_clear = tcg_break_clear,
    .single_step = tcg_single_step,
    .stop_reason = tcg_stop_reason,
    .info = tcg_info,
};
