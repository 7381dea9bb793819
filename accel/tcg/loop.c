/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads and the execution loop.
 *
 * With a thread for each vCPU (rr.c has the other way), a thread is in one of three places: waiting for the machine to run (parked, under the machine lock), asleep because
 * its CPU is halted (parked, no lock), or in the loop. The loop finds a block, runs translated code until it leaves,
 * and acts on why it left. Requests from other threads are bits in cpu.request, which translated code polls at backward
 * and indirect jumps; cpu_wake gets a sleeping thread out.
 */
#include <string.h>
#include <unistd.h>
#ifdef __x86_64__
#include <xmmintrin.h>
#endif

#include "accel/tcg/tcg_impl.h"
#include "util/log.h"

#define MXCSR_HOST 0x1f80

struct work_item {
    void (*f)(struct cpu *cpu, void *opaque);
    void *opaque;
};

/* ---- safepoints ---- */

void cpu_park(struct accel_cpu *a)
{
    atomic_store_explicit(&a->running, 0, memory_order_release);
    mem_reader_offline(&a->cpu->machine->memory, &a->reader);
}

void cpu_unpark(struct accel_cpu *a)
{
    atomic_store(&a->running, atomic_load(&a->tcg->epoch));
    mem_reader_online(&a->cpu->machine->memory, &a->reader);
}

static void announce(struct accel_cpu *a)
{
    atomic_store_explicit(&a->running, atomic_load_explicit(&a->tcg->epoch, memory_order_acquire),
                          memory_order_release);
    mem_reader_quiescent(&a->cpu->machine->memory.epoch, &a->reader);
}

uint64_t safepoint_begin(struct tcg *t)
{
    uint64_t epoch = atomic_fetch_add(&t->epoch, 1) + 1;

    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];

        if (atomic_load(&a->running)) {
            atomic_fetch_or(&a->cpu->request, CPU_REQ_WORK);
        }
    }
    return epoch;
}

bool safepoint_passed(struct tcg *t, uint64_t epoch, struct accel_cpu *self)
{
    for (unsigned i = 0; i < t->cpus->len; i++) {
        struct accel_cpu *a = t->cpus->pdata[i];
        uint64_t seen = atomic_load(&a->running);

        if (a != self && seen && seen < epoch) {
            return false;
        }
    }
    return true;
}

void safepoint_wait(struct tcg *t, struct accel_cpu *self)
{
    uint64_t epoch = safepoint_begin(t);

    if (safepoint_passed(t, epoch, self)) {
        return;
    }
    self->waits++;
    atomic_store(&self->running, 0);    /* not the memory reader: the caller may hold a flat range */
    while (!safepoint_passed(t, epoch, self)) {
        g_usleep(20);
    }
    atomic_store(&self->running, atomic_load(&t->epoch));
}

/* ---- waking and requests ---- */

void cpu_wake(struct accel_cpu *a)
{
    if (a->tcg->single) {
        rr_wake(a->tcg);
    } else if (atomic_load(&a->sleeping)) {
        g_mutex_lock(&a->sleep);
        g_cond_broadcast(&a->wake);
        g_mutex_unlock(&a->sleep);
    }
}

void cpu_run_on(struct cpu *cpu, void (*f)(struct cpu *cpu, void *opaque), void *opaque)
{
    struct accel_cpu *a = acpu_of(cpu);
    struct work_item *w = g_new(struct work_item, 1);

    *w = (struct work_item) { f, opaque };
    g_mutex_lock(&a->sleep);
    g_ptr_array_add(a->work, w);
    g_mutex_unlock(&a->sleep);
    cpu_request(cpu, CPU_REQ_WORK);
}

void cpu_run_work(struct accel_cpu *a)
{
    for (;;) {
        struct work_item *w = NULL;

        g_mutex_lock(&a->sleep);
        if (a->work->len) {
            w = g_ptr_array_steal_index(a->work, 0);
        }
        g_mutex_unlock(&a->sleep);
        if (!w) {
            return;
        }
        w->f(a->cpu, w->opaque);
        g_free(w);
    }
}

void jump_cache_clear(struct accel_cpu *a)
{
    memset(a->jumps, 0, sizeof(struct host_jump) << HOST_JUMP_CACHE_BITS);
}

/* ---- the translation key ---- */

/*
 * The salt stands for the key in jump cache tags: tag = pc ^ salt. A key gets a number in bits 57..62 of the salt,
 * where any canonical address has copies of its bit 63, and physical addresses zeroes: so different keys never make
 * equal tags, and no tag is 0, which marks an empty entry. When the numbers run out, the jump cache is emptied and
 * counting starts again.
 */
#define SALT_SHIFT 57
#define SALTS_MAX 63

/* A small number for each key that has been seen; a guest changes its key at each system call. */
static uint32_t salt_number(struct accel_cpu *a, uint32_t key)
{
    struct salt *recent = &a->recent_salts[key * 0x9e3779b1u >> 26];
    uintptr_t n;

    if (recent->number && recent->key == key) {
        return recent->number;
    }
    n = (uintptr_t)g_hash_table_lookup(a->salts, GUINT_TO_POINTER(key));
    if (!n) {
        n = g_hash_table_size(a->salts) + 1;
        if (n > SALTS_MAX) {
            g_hash_table_remove_all(a->salts);
            memset(a->recent_salts, 0, sizeof a->recent_salts);
            jump_cache_clear(a);
            n = 1;
        }
        g_hash_table_insert(a->salts, GUINT_TO_POINTER(key), (void *)n);
    }
    *recent = (struct salt) { key, n };
    return n;
}

void cpu_set_key(struct cpu *cpu, uint32_t key)
{
    struct accel_cpu *a = acpu_of(cpu);

    if (cpu->key == key && cpu->jump_salt) {
        return;
    }
    cpu->key = key;
    if (a) {
        cpu->jump_salt = (uint64_t)salt_number(a, key) << SALT_SHIFT;
    }
}

/* ---- the loop ---- */

void cpu_loop_exit(struct cpu *cpu)
{
    g_assert(cpu->in_loop);
    siglongjmp(cpu->loop, 1);
}

/* True: leave the loop. */
static bool serve_requests(struct accel_cpu *a)
{
    struct cpu *cpu = a->cpu;
    uint32_t req = atomic_exchange(&cpu->request, 0);

    if (atomic_exchange(&a->flush_all, false)) {
        tlb_flush_all(a);
    }
    if (atomic_exchange(&a->flush_jumps, false)) {
        jump_cache_clear(a);
    }
    if (req & CPU_REQ_WORK) {
        cpu_run_work(a);
    }
    if ((req & CPU_REQ_EVENTS) && cpu->type->event) {
        cpu->type->event(cpu, req & CPU_REQ_EVENTS);
    }
    if (req & CPU_REQ_EXIT) {
        atomic_fetch_or(&cpu->request, CPU_REQ_IRQ);    /* look at the lines again when the loop is entered next */
        return true;
    }
    if (cpu->type->irq_pending(cpu)) {
        cpu->halted = false;
        a->n_irq++;
        cpu->type->irq_take(cpu);
    } else if (cpu->halted && cpu->type->has_work(cpu)) {
        cpu->halted = false;
    }
    return false;
}

static void log_state(struct accel_cpu *a, const struct tb *tb)
{
    if (log_on(LOG_EXEC)) {
        log_printf(LOG_EXEC, "Trace %u: %#018" G_GINT64_MODIFIER "x key %#x insns %u", a->cpu->index, tb->pc, tb->key,
                   tb->insns);
        if (a->tcg->env.icount) {
            log_printf(LOG_EXEC, " at %" G_GINT64_FORMAT " ns", clock_now_ns(&a->cpu->machine->virtual_clock));
        }
        log_printf(LOG_EXEC, "\n");
    }
    if (log_on(LOG_CPU)) {
        g_autoptr(GString) out = g_string_new(NULL);

        a->cpu->type->print_regs(a->cpu, out);
        log_printf(LOG_CPU, "%s", out->str);
    }
}

static void watch_stepped(struct accel_cpu *a)
{
    a->watch = WATCH_NONE;
    a->single_step = false;
}

/* Translated code was left in the middle: by an exception, or in front of a watched access or of a store to the block that
 * ran. True: stop here. */
static bool left_by_jump(struct accel_cpu *a)
{
    bool found = a->watch == WATCH_FOUND || a->watch == WATCH_CODE;

    if (a->tcg->env.icount) {
        icount_trapped(a);
        a->cpu->icount_left += found;   /* no exception: it takes no time */
        a->traps -= found;
    }
    a->cpu->in_event = a->in_code = false;
    a->cpu->watch_hits = 0;
    if (a->watch == WATCH_FOUND && a->cpu->type->watch_before) {
        a->watch = WATCH_NONE;
        a->debug_stop = true;
        machine_request_stop(a->cpu->machine, RUN_DEBUG);
        return true;
    }
    if (found) {
        a->watch_hit = false;
        a->watch = WATCH_STEP;
        a->single_step = true;
    } else if (a->watch == WATCH_STEP) {
        watch_stepped(a);               /* the access was not allowed */
        a->watch_hit = false;
    }
    return false;
}

/* An IR exit: true to leave the loop. */
static bool ir_exit_code(struct accel_cpu *a, uint32_t code)
{
    struct cpu *cpu = a->cpu;
    bool alone;

    switch (code) {
    case IR_EXIT_HALT:
        cpu->halted = true;
        atomic_fetch_or(&cpu->request, CPU_REQ_IRQ);
        return false;
    case IR_EXIT_STEPPED:
        alone = a->watch == WATCH_STEP;
        if (alone) {
            watch_stepped(a);
        }
        if (cpu->watch_hits) {
            cpu->type->watch_hit(cpu);
        }
        if (alone && !a->watch_hit) {   /* an interrupt's handler came first, or the debugger has no part in it */
            return false;
        }
        /* fall through */
    case IR_EXIT_DEBUG:
        a->debug_stop = true;
        machine_request_stop(cpu->machine, RUN_DEBUG);
        return true;
    case IR_EXIT_YIELD:
        if (a->tcg->single) {
            a->turn_over = true;
            return true;
        }
        g_thread_yield();
        return false;
    default:
        /* The target may have unmasked an interrupt. */
        atomic_fetch_or_explicit(&cpu->request, CPU_REQ_IRQ, memory_order_relaxed);
        return false;
    }
}

/* The block at pc, under -icount no longer than the budget; NULL: the turn ends in front of it. */
static struct tb *block_in_budget(struct accel_cpu *a)
{
    struct tb *tb = tb_get(a);

    if (!a->tcg->env.icount || tb->insns <= a->cpu->icount_left) {
        return tb;
    }
    if (!a->to_deadline) {
        a->turn_over = true;
        return NULL;
    }
    a->cut = a->cpu->icount_left;
    tb = tb_get(a);
    a->cut = 0;
    return tb;
}

static bool run_interp(struct accel_cpu *a)
{
    struct tb *tb = block_in_budget(a);
    struct interp_left left;

    if (!tb) {
        return true;
    }
    log_state(a, tb);
    if (a->tcg->env.icount) {
        a->cpu->icount_left -= tb->insns;
        a->interp_tb = tb;
    }
    a->in_code = true;
    left = interp_run(a->iscratch, tb->ir, a->cpu, &a->tcg->interp_env, 0);
    a->in_code = false;
    a->insns_guess += left.insns;
    return left.exit && ir_exit_code(a, left.code);
}

/* Where the last run of translated code wants to go on by a direct jump that is not linked yet. */
struct pending_link {
    struct tb *from;
    unsigned n;
    unsigned waits;
};

/* Runs translated code from the CPU's pc until it leaves; true to leave the loop. */
static bool run_code(struct accel_cpu *a, struct pending_link *link)
{
    struct cpu *cpu = a->cpu;
    struct tcg *t = a->tcg;
    const struct host_jump *j = &a->jumps[(cpu->pc >> 1) & ((1u << HOST_JUMP_CACHE_BITS) - 1)];
    struct host_left left;
    const void *code;

    if (j->tag == (cpu->pc ^ cpu->jump_salt) && !link->from && !a->single_step && !log_on(LOG_EXEC | LOG_CPU)) {
        code = j->code;     /* `checked`: it sees for itself whether it is the right one */
    } else {
        struct tb *tb = block_in_budget(a);

        if (!tb) {
            link->from = NULL;
            return true;
        }
        if (link->from && link->waits == a->waits) {
            tb_link(a, link->from, link->n, tb);
        }
        log_state(a, tb);
        code = tb->rx + tb->direct;
    }
    link->from = NULL;
    a->n_enter++;
    a->in_code = true;
    left = host_enter(t->host, cpu, code);
    a->in_code = false;
    switch (left.why) {
    case HOST_LEAVE_EXIT:
        return ir_exit_code(a, left.detail);
    case HOST_LEAVE_DIRECT: {
        struct tb *from = cache_find(t, left.detail);
        struct host_code hc;
        int n;

        g_assert(from);
        tb_code_of(from, &hc);
        n = host_exit_find(&hc, from->rx, left.detail);
        g_assert(n >= 0);
        cpu->pc = from->jumps[n].exit.pc;
        *link = (struct pending_link) { from, n, a->waits };
        return false;
    }
    case HOST_LEAVE_BUDGET:
    case HOST_LEAVE_REMAP:
    case HOST_LEAVE_STALE:
        /* The jump cache must not bring us here again, unless the block is right after all. */
        ((struct host_jump *)&a->jumps[(cpu->pc >> 1) & ((1u << HOST_JUMP_CACHE_BITS) - 1)])->tag = 0;
        if (left.why == HOST_LEAVE_REMAP && !a->single_step) {
            tb_remap(a, cache_find(t, left.detail));
        }
        return false;
    default:
        return false;
    }
}

void cpu_run(struct accel_cpu *a)
{
    struct cpu *cpu = a->cpu;
    struct pending_link link = { 0 };
    struct pending_link *volatile plink = &link;

    cpu->in_loop = true;
    if (sigsetjmp(cpu->loop, 0)) {
#ifdef __x86_64__
        _mm_setcsr(MXCSR_HOST);
#endif
        while (machine_locked(cpu->machine)) {
            machine_unlock(cpu->machine);
        }
        plink->from = NULL;
        if (left_by_jump(a)) {
            cpu->in_loop = false;
            return;
        }
    }
    for (;;) {
        /* Read once: a request that came between two looks would be served with the link kept, and the jump that waits for
         * its target would be linked to the interrupt's handler. */
        uint32_t request = atomic_load_explicit(&cpu->request, memory_order_acquire);

        if (request) {
            plink->from = NULL;     /* a safepoint may free it, an interrupt changes where we go */
        }
        if (!plink->from) {
            announce(a);
        }
        if (request && serve_requests(a)) {
            break;
        }
        if (cpu->halted || (a->tcg->env.icount && cpu->icount_left <= 0)) {
            break;
        }
        tlb_resize_if_needed(a);
        if (a->tcg->interp ? run_interp(a) : run_code(a, plink)) {
            break;
        }
        if (a->single_step && a->debug_stop) {
            break;
        }
    }
    cpu->in_loop = false;
}

/* Sleeps until a request comes or the CPU has something to do. */
static void sleep_halted(struct accel_cpu *a)
{
    struct cpu *cpu = a->cpu;

    g_mutex_lock(&a->sleep);
    atomic_store(&a->sleeping, true);
    while (!(atomic_load(&cpu->request) & ~CPU_REQ_IRQ) && !cpu->type->has_work(cpu) && !atomic_load(&a->flush_all)) {
        g_cond_wait(&a->wake, &a->sleep);
    }
    atomic_store(&a->sleeping, false);
    g_mutex_unlock(&a->sleep);
}

void *cpu_thread(void *opaque)
{
    struct accel_cpu *a = opaque;
    struct cpu *cpu = a->cpu;
    struct machine *m = cpu->machine;

    cpu->thread_id = gettid();
    mem_reader_add(&m->memory, &a->reader);
    mem_reader_offline(&m->memory, &a->reader);
    machine_lock(m);
    while (!a->quit) {
        if (!atomic_load(&a->tcg->resumed) || a->debug_stop) {
            cpu_run_work(a);
            a->stopped = true;
            g_cond_broadcast(&a->tcg->parked);
            big_lock_wait(&m->lock, &a->resume, -1);
            continue;
        }
        a->stopped = false;
        machine_unlock(m);
        if (cpu->halted && !cpu->type->has_work(cpu) && !(atomic_load(&cpu->request) & ~CPU_REQ_IRQ)) {
            sleep_halted(a);
        }
        cpu_unpark(a);
        cpu_run(a);
        cpu_park(a);
        machine_lock(m);
    }
    a->stopped = true;
    g_cond_broadcast(&a->tcg->parked);
    machine_unlock(m);
    mem_reader_remove(&m->memory, &a->reader);
    return NULL;
}

uint64_t cpu_insns(struct cpu *cpu)
{
    struct accel_cpu *a = acpu_of(cpu);

    if (a && a->tcg->env.icount) {
        return icount_retired(a);
    }
    if (a && a->tcg->interp) {
        return a->insns_guess;
    }
    /* Not counted by translated code: one instruction each nanosecond of the machine's time, which is monotonic and
     * plausible for whoever measures with it. */
    return clock_now_ns(&cpu->machine->virtual_clock);
}
