/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translated blocks. A block is found by the physical address of its code, its virtual address (translations contain
 * it) and the translation key. Its `checked` entry compares the map id of its page with the vCPU's xmap, so a pointer
 * to it in a jump cache or a link from another page stays harmless when the page tables change: the comparison fails
 * and the execution loop looks again. Neither TLB flushes nor context switches need to touch links or jump caches.
 *
 * Making a block, in this order: flag the page as code and take all its write TLB entries away (tlb_protect), note the
 * page's generation, read the bytes and translate, and under tb_lock publish only if the generation is still the same:
 * whoever writes to the page meanwhile finds the flag, takes tb_lock, and raises the generation.
 */
#include <string.h>
#include <time.h>

#include "accel/tcg/tcg_impl.h"
#include "util/log.h"

#define CODE_BYTES_MIN 32768    /* room that the longest block may need */

/* The page picks a group of buckets and the offset one of them, so that looking for the blocks of a page stays in few
 * cache lines. */
static uint32_t tb_hash(uint64_t phys, uint64_t pc, uint32_t key)
{
    uint64_t page = (phys >> PAGE_BITS) * 0x9e3779b97f4a7c15ull ^ (pc >> PAGE_BITS) * 0xc2b2ae3d27d4eb4full ^
                    key * 0x165667b19e3779f9ull;
    uint32_t group = page >> (64 - TB_HASH_BITS + TB_HASH_PAGE_BITS);

    return group << TB_HASH_PAGE_BITS | (phys >> 1 ^ phys >> (1 + TB_HASH_PAGE_BITS)) % (1u << TB_HASH_PAGE_BITS);
}

static struct code_page *code_page(struct tcg *t, uint64_t phys)
{
    struct page_info *p = &t->pages[phys >> PAGE_BITS];

    if (!p->code) {
        p->code = g_new0(struct code_page, 1);
    }
    return p->code;
}

/* ---- mappings (under tb_lock) ---- */

/* One reference to the mapping of a code page at virtual page va under an MMU index. */
static struct exec_map *map_ref(struct tcg *t, struct code_page *page, uint64_t va, uint32_t idx)
{
    struct exec_map *m = page->maps;

    while (m && !(m->va == va && m->idx == idx)) {
        m = m->next;
    }
    if (!m) {
        t->maps = t->maps ? t->maps : g_hash_table_new(NULL, NULL);
        m = g_new(struct exec_map, 1);
        *m = (struct exec_map) { .va = va, .page = page, .next = page->maps, .idx = idx };
        do {
            m->id = ++t->next_map_id;
        } while (!m->id || g_hash_table_contains(t->maps, GUINT_TO_POINTER(m->id)));
        g_hash_table_insert(t->maps, GUINT_TO_POINTER(m->id), m);
        page->maps = m;
    }
    m->blocks++;
    return m;
}

static void map_unref(struct tcg *t, struct exec_map *m)
{
    struct exec_map **p;

    if (!m || --m->blocks) {
        return;
    }
    for (p = &m->page->maps; *p != m; p = &(*p)->next) {
    }
    *p = m->next;
    g_hash_table_remove(t->maps, GUINT_TO_POINTER(m->id));
    g_free(m);
}

void tb_free_maps(struct tcg *t)
{
    GHashTableIter it;
    void *m;

    if (!t->maps) {
        return;
    }
    g_hash_table_iter_init(&it, t->maps);
    while (g_hash_table_iter_next(&it, NULL, &m)) {
        g_free(m);
    }
    g_hash_table_destroy(t->maps);
}

void tb_code_of(const struct tb *tb, struct host_code *code)
{
    code->checked = tb->checked;
    code->poll = tb->poll;
    code->direct = tb->direct;
    code->code_bytes = tb->code_bytes;
    code->map_bytes = tb->map_bytes;
    code->total_bytes = (tb->code_bytes + tb->map_bytes + 15) & ~15u;
    code->nexits = tb->njumps;
    for (unsigned i = 0; i < tb->njumps; i++) {
        code->exits[i] = tb->jumps[i].exit;
    }
}

/* ---- links (under tb_lock) ---- */

static void unlink_jump(struct tcg *t, struct tb_jump *j)
{
    struct tb_jump **p = &j->to->in;

    while (*p != j) {
        p = &(*p)->next_in;
    }
    *p = j->next_in;
    j->to = NULL;
    host_link(t->host, j->from->rw, j->from->rx, &j->exit, NULL);
}

void tb_link(struct accel_cpu *a, struct tb *from, unsigned n, struct tb *to)
{
    struct tcg *t = a->tcg;
    struct tb_jump *j = &from->jumps[n];
    bool same_page = !((from->pc ^ to->pc) & PAGE_MASK) && !to->map_id[1];
    uint32_t entry = !same_page ? to->checked : j->exit.poll || t->env.icount ? to->poll : to->direct;

    if (!t->opt_chain || (from->flags | to->flags) & (TB_UNCACHED | TB_STEP | TB_CUT) || from->key != to->key ||
        log_on(LOG_EXEC | LOG_CPU | LOG_NOCHAIN)) {
        return;
    }
    g_mutex_lock(&t->tb_lock);
    if (!j->to && !((from->flags | to->flags) & TB_DEAD)) {
        j->to = to;
        j->next_in = to->in;
        to->in = j;
        host_link(t->host, from->rw, from->rx, &j->exit, to->rx + entry);
    }
    g_mutex_unlock(&t->tb_lock);
}

/* ---- pages of code (under tb_lock) ---- */

static uint64_t chunk_mask(uint64_t offset, uint64_t len)
{
    unsigned first = (offset & ~PAGE_MASK) >> 6, last = ((offset & ~PAGE_MASK) + len - 1) >> 6;

    return (~0ull << first) & (~0ull >> (63 - MIN(last, 63u)));
}

/* The part of the block on page number which of it: offset in the page, length. */
static void tb_part(const struct tb *tb, unsigned which, uint64_t *offset, uint64_t *len)
{
    uint64_t in_page = tb->pc & ~PAGE_MASK, first = MIN((uint64_t)tb->bytes, PAGE_SIZE - in_page);

    *offset = which ? 0 : in_page;
    *len = which ? tb->bytes - first : first;
}

static void page_add(struct tcg *t, struct tb *tb, unsigned which)
{
    struct code_page *cp = code_page(t, which ? tb->phys2 : tb->phys);
    uint64_t off, len;

    tb_part(tb, which, &off, &len);
    cp->chunks |= chunk_mask(off, len);
    tb->page_next[which] = cp->first;
    cp->first = (struct tb *)((uintptr_t)tb | which);
}

static struct tb *page_entry(struct tb *link, unsigned *which)
{
    *which = (uintptr_t)link & 1;
    return (struct tb *)((uintptr_t)link & ~(uintptr_t)1);
}

static void page_remove(struct tcg *t, struct tb *tb, unsigned which)
{
    struct code_page *cp = code_page(t, which ? tb->phys2 : tb->phys);
    struct tb **p = &cp->first;
    uint64_t off, len;

    cp->chunks = 0;
    while (*p) {
        unsigned w;
        struct tb *e = page_entry(*p, &w);

        if (e == tb && w == which) {
            *p = e->page_next[w];
            continue;
        }
        tb_part(e, w, &off, &len);
        cp->chunks |= chunk_mask(off, len);
        p = &e->page_next[w];
    }
}

static void hash_remove(struct tcg *t, struct tb *tb)
{
    _Atomic(struct tb *) *p = &t->hash[tb->hash];
    struct tb *e;

    while ((e = atomic_load_explicit(p, memory_order_relaxed))) {
        if (e == tb) {
            atomic_store_explicit(p, atomic_load_explicit(&e->hash_next, memory_order_relaxed), memory_order_release);
            return;
        }
        p = &e->hash_next;
    }
}

void tb_kill(struct tcg *t, struct tb *tb)
{
    struct host_code code;

    if (tb->flags & TB_DEAD) {
        return;
    }
    tb->flags |= TB_DEAD;
    while (tb->in) {
        unlink_jump(t, tb->in);
    }
    for (unsigned i = 0; i < tb->njumps; i++) {
        if (tb->jumps[i].to) {
            unlink_jump(t, &tb->jumps[i]);
        }
    }
    if (!tb->ir) {
        tb_code_of(tb, &code);
        host_kill(t->host, tb->rw, tb->rx, &code);
    }
    hash_remove(t, tb);
    page_remove(t, tb, 0);
    if (tb->phys2 != UINT64_MAX) {
        page_remove(t, tb, 1);
    }
    map_unref(t, tb->map[0]);
    map_unref(t, tb->map[1]);
}

/* Kills the blocks on bytes [off, off + len) of one page. */
static void page_written(struct tcg *t, struct ram_block *ram, uint64_t off, uint64_t len)
{
    uint64_t phys = ram->ram_offset + off;
    struct code_page *cp = code_page(t, phys);
    struct tb *link = cp->first;

    cp->generation++;
    if (cp->chunks & chunk_mask(off, len)) {
        uint64_t start = off & ~PAGE_MASK;

        while (link) {
            unsigned which;
            struct tb *tb = page_entry(link, &which);
            uint64_t o, l;

            link = tb->page_next[which];
            tb_part(tb, which, &o, &l);
            if (start < o + l && o < start + len) {
                tb_kill(t, tb);
                t->invalidated++;
            }
        }
    }
    if (!cp->first) {
        atomic_fetch_and(&ram->pages[off >> PAGE_BITS], (uint8_t)~RAM_PAGE_CODE);
    }
}

void tb_written(struct tcg *t, struct ram_block *ram, uint64_t offset, uint64_t len)
{
    uint64_t end = offset + len;

    while (offset < end) {
        uint64_t n = MIN(end - offset, PAGE_SIZE - (offset & ~PAGE_MASK));

        if (ram_page_flags(ram, offset) & RAM_PAGE_CODE) {
            g_mutex_lock(&t->tb_lock);
            page_written(t, ram, offset, n);
            g_mutex_unlock(&t->tb_lock);
        }
        offset += n;
    }
}

bool tb_runs_on(struct accel_cpu *a, struct ram_block *ram, uint64_t offset, uint64_t len, uintptr_t ret)
{
    struct tcg *t = a->tcg;
    const struct tb *running = ret ? cache_find(t, ret) : NULL;
    uint64_t start = offset & ~PAGE_MASK, pc = a->cpu->pc;
    bool hit = false;
    struct code_page *cp;

    g_mutex_lock(&t->tb_lock);
    cp = code_page(t, ram->ram_offset + offset);
    for (struct tb *link = cp->chunks & chunk_mask(offset, len) ? cp->first : NULL; link && !hit;) {
        unsigned which;
        struct tb *tb = page_entry(link, &which);
        uint64_t o, l;

        link = tb->page_next[which];
        tb_part(tb, which, &o, &l);
        hit = tb->insns > 1 && start < o + l && o < start + len &&
              (running ? tb == running : pc >= tb->pc && pc - tb->pc < tb->bytes);
    }
    g_mutex_unlock(&t->tb_lock);
    return hit;
}

/* ---- finding ---- */

/* flags: of TB_STEP and TB_CUT; with the latter insns says how long it is. */
static struct tb *hash_find(struct tcg *t, uint64_t phys, uint64_t pc, uint32_t key, uint32_t idx, uint8_t flags,
                            unsigned insns)
{
    struct tb *tb = atomic_load_explicit(&t->hash[tb_hash(phys, pc, key)], memory_order_acquire);

    while (tb && !(tb->phys == phys && tb->pc == pc && tb->key == key && tb->idx == idx &&
                   (tb->flags & (TB_STEP | TB_CUT)) == flags && (!(flags & TB_CUT) || tb->insns == insns))) {
        tb = atomic_load_explicit(&tb->hash_next, memory_order_acquire);
    }
    return tb;
}

/* ---- making ---- */

struct maker {
    struct accel_cpu *a;
    struct fetch_page first;        /* copies: a second fetch may replace the entry */
    struct fetch_page second;
    struct exec_map *map[2];        /* references; [1] only with has_second */
    unsigned generation[2];         /* of the pages, before their bytes were read */
    bool has_second, uncached;
};

static uint64_t fetch_phys(const struct fetch_page *f)
{
    return f->ram->ram_offset + f->offset;
}

static void drop_maps(struct maker *m)
{
    for (unsigned k = 0; k < 2; k++) {
        map_unref(m->a->tcg, m->map[k]);
        m->map[k] = NULL;
    }
}

/* Before bytes of a page are read: writes to it will be seen, and whether one has been. */
static void begin_page(struct maker *m, const struct fetch_page *f, unsigned which)
{
    _Atomic uint8_t *flags = &f->ram->pages[f->offset >> PAGE_BITS];
    struct tcg *t = m->a->tcg;
    struct code_page *page;

    if (!(atomic_load_explicit(flags, memory_order_acquire) & RAM_PAGE_CODE) &&
        !(atomic_fetch_or(flags, RAM_PAGE_CODE) & RAM_PAGE_CODE)) {
        tlb_protect(m->a, fetch_phys(f) >> PAGE_BITS, f->ram->host + f->offset);
    }
    g_mutex_lock(&t->tb_lock);
    page = code_page(t, fetch_phys(f));
    m->generation[which] = page->generation;
    map_unref(t, m->map[which]);
    m->map[which] = map_ref(t, page, f->va & PAGE_MASK, f->idx);
    g_mutex_unlock(&t->tb_lock);
}

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    struct maker *m = tb->opaque;
    bool uncached = false;
    struct fetch_page *f;

    if (!first_insn) {
        return NULL;        /* the straddling instruction gets a block of its own */
    }
    /* this may leave by a guest fault: no reference must be held */
    g_mutex_lock(&m->a->tcg->tb_lock);
    drop_maps(m);
    g_mutex_unlock(&m->a->tcg->tb_lock);
    f = tlb_fetch(m->a, (tb->pc & PAGE_MASK) + PAGE_SIZE, &uncached);
    m->second = *f;
    m->has_second = true;
    m->second.va = (tb->pc & PAGE_MASK) + PAGE_SIZE;
    m->uncached |= uncached;
    begin_page(m, &m->second, 1);
    g_mutex_lock(&m->a->tcg->tb_lock);
    m->map[0] = map_ref(m->a->tcg, code_page(m->a->tcg, fetch_phys(&m->first)), m->first.va, m->first.idx);
    g_mutex_unlock(&m->a->tcg->tb_lock);
    return m->second.ram->host + m->second.offset;
}

static bool at_breakpoint(struct tr_block *tb, uint64_t pc)
{
    struct maker *m = tb->opaque;
    GArray *breaks = m->a->tcg->breaks;

    for (unsigned i = 0; i < breaks->len; i++) {
        struct breakpoint *b = &g_array_index(breaks, struct breakpoint, i);

        if ((b->kind == ACCEL_BREAK_SOFTWARE || b->kind == ACCEL_BREAK_HARDWARE) && b->addr == pc) {
            return true;
        }
    }
    return false;
}

/* Where the block's page stands in the set's two xmaps. */
static unsigned xmap_entry(const struct accel_cpu *a, const struct tb *tb, unsigned which)
{
    uint64_t page = ((tb->pc >> PAGE_BITS) + which) ^ (tb->key * 0x9e3779b1u >> 7);

    return page % XMAP_ENTRIES + (a->shared_idx >> tb->idx & 1) * XMAP_ENTRIES;
}

static void log_in_asm(struct accel_cpu *a, const struct tr_block *tr, const struct maker *m)
{
    g_autoptr(GString) out = g_string_new(NULL);
    const uint8_t *page = m->first.ram->host + m->first.offset;
    unsigned start = tr->pc & ~PAGE_MASK;
    uint8_t bytes[32];

    g_string_append_printf(out, "IN: cpu %u key %#x\n", a->cpu->index, tr->key);
    for (unsigned off = 0; off < tr->bytes;) {
        unsigned n = MIN(16u, tr->bytes - off), len;

        for (unsigned i = 0; i < n; i++) {
            unsigned o = start + off + i;

            bytes[i] = o < PAGE_SIZE   ? page[o]
                       : m->has_second ? m->second.ram->host[m->second.offset + o - PAGE_SIZE]
                                       : 0;
        }
        g_string_append_printf(out, "%#018" G_GINT64_MODIFIER "x:  ", tr->pc + off);
        len = a->cpu->type->disas ? a->cpu->type->disas(a->cpu, tr->pc + off, bytes, n, out) : n;
        g_string_append_c(out, '\n');
        off += MAX(len, 1u);
    }
    log_printf(LOG_IN_ASM, "%s\n", out->str);
}

static void log_ir(uint32_t item, const char *title, const struct ir *ir)
{
    g_autoptr(GString) out = g_string_new(NULL);

    ir_print(ir, out);
    log_printf(item, "%s:\n%s\n", title, out->str);
}

static void log_out_asm(const struct tb *tb)
{
    g_autoptr(GString) out = g_string_new(NULL);

    host_disas(tb->rw, tb->rx, tb->code_bytes, out);
    log_printf(LOG_OUT_ASM, "OUT: pc %#" G_GINT64_MODIFIER "x, %u bytes, map %u bytes\n%s\n", tb->pc, tb->code_bytes,
               tb->map_bytes, out->str);
}

/* -accel tcg,verify=on: IR that breaks a rule of tcg/ir.h is a mistake of ours. */
static void verify_ir(const struct accel_cpu *a, const char *stage)
{
    g_autoptr(GError) err = NULL;

    if (a->tcg->verify && !ir_verify(a->ir, &err)) {
        g_autoptr(GString) out = g_string_new(NULL);

        ir_print(a->ir, out);
        g_error("IR %s: %s\n%s", stage, err->message, out->str);
    }
}

/* Translates up to max instructions at the CPU's pc into a->ir, cutting shorter until the IR's limits hold. */
static void translate(struct accel_cpu *a, struct maker *m, struct tr_block *tr, unsigned max)
{
    a->ir->fold = a->tcg->passes & IR_PASS_FOLD;
    do {
        tr->max_insns = max;
        m->has_second = false;
        ir_reset(a->ir, a->cpu->type->ir);
        a->cpu->type->translate(tr, a->ir);
        max = MAX(max / 2, 1u);
    } while (a->ir->overflow && tr->max_insns > 1);
    g_assert(!a->ir->overflow);
    if (log_on(LOG_IN_ASM)) {
        log_in_asm(a, tr, m);
    }
    if (log_on(LOG_OP)) {
        log_ir(LOG_OP, "IR", a->ir);
    }
    verify_ir(a, "as translated");
    ir_optimise(a->ir, a->tcg->passes);
    verify_ir(a, "after the passes");
    if (log_on(LOG_OP_OPT)) {
        log_ir(LOG_OP_OPT, "IR after the passes", a->ir);
    }
}

static struct tb *tb_alloc(const struct maker *m, const struct tr_block *tr, const struct host_code *code)
{
    struct tb *tb = g_malloc0(sizeof *tb + code->nexits * sizeof tb->jumps[0]);

    tb->pc = tr->pc;
    tb->key = tr->key;
    tb->idx = m->first.idx;
    tb->phys = fetch_phys(&m->first) + (tr->pc & ~PAGE_MASK);
    tb->phys2 = m->has_second ? fetch_phys(&m->second) : UINT64_MAX;
    tb->bytes = tr->bytes;
    tb->insns = tr->insns;
    tb->flags = (m->uncached ? TB_UNCACHED : 0) | (tr->single_step ? TB_STEP : 0) | (m->a->cut ? TB_CUT : 0);
    tb->hash = tb_hash(tb->phys, tb->pc, tb->key);
    tb->checked = code->checked;
    tb->poll = code->poll;
    tb->direct = code->direct;
    tb->code_bytes = code->code_bytes;
    tb->map_bytes = code->map_bytes;
    tb->njumps = code->nexits;
    for (unsigned i = 0; i < code->nexits; i++) {
        tb->jumps[i].exit = code->exits[i];
        tb->jumps[i].from = tb;
    }
    return tb;
}

static void publish(struct tcg *t, struct tb *tb)
{
    page_add(t, tb, 0);
    if (tb->phys2 != UINT64_MAX) {
        page_add(t, tb, 1);
    }
    atomic_store_explicit(&tb->hash_next, atomic_load_explicit(&t->hash[tb->hash], memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(&t->hash[tb->hash], tb, memory_order_release);
    t->tbs_made++;
    t->insns_made += tb->insns;
    t->guest_bytes_made += tb->bytes;
    t->bytes_made += tb->code_bytes + tb->map_bytes;
}

/* Where protection changes inside the page, the instruction's other half-words must be executable, too. Raises. */
static void check_rest(struct accel_cpu *a, struct maker *m, const struct tr_block *tr)
{
    bool uncached;

    if (!m->uncached || m->has_second || tr->bytes <= 2) {
        return;
    }
    g_mutex_lock(&a->tcg->tb_lock);
    drop_maps(m);       /* no reference must be held where this leaves */
    g_mutex_unlock(&a->tcg->tb_lock);
    for (unsigned at = 2; at < tr->bytes; at += 2) {
        tlb_fetch(a, tr->pc + at, &uncached);
    }
    begin_page(m, &m->first, 0);
}

/* Compiles a->ir into the vCPU's segment. */
static void compile(struct accel_cpu *a, struct maker *m, struct tr_block *tr, struct host_code *code,
                    struct host_buf *buf)
{
    struct tb probe = { .pc = tr->pc, .key = tr->key, .idx = m->first.idx };
    struct host_region region = {
        .pc = tr->pc, .map_id = { m->map[0]->id, m->has_second ? m->map[1]->id : 0 }, .guest_insns = tr->insns,
        .page = { xmap_entry(a, &probe, 0), xmap_entry(a, &probe, 1) },
    };

    *buf = cache_room(a, CODE_BYTES_MIN);
    while (!host_compile(a->scratch, a->ir, &region, buf, code)) {
        /* Only a block of many instructions with long slow paths can be this big: half of it is enough. */
        g_assert(tr->insns > 1);
        translate(a, m, tr, tr->insns / 2);
        region.guest_insns = tr->insns;
    }
}

/* One try; NULL where the page was written meanwhile. bench/bench finds it by its name in perf's call chains. */
__attribute__((noinline)) static struct tb *tb_make(struct accel_cpu *a, struct maker *m)
{
    struct tcg *t = a->tcg;
    struct cpu *cpu = a->cpu;
    struct tr_block tr = {
        .pc = cpu->pc, .key = cpu->key, .cpu = cpu, .opaque = m, .next_page = next_page,
        .single_step = a->single_step, .by_helpers = !t->opt_vectors,
        .one_branch = !t->opt_flags || t->env.icount, .breakpoint = t->breaks->len && !a->single_step ? at_breakpoint : NULL,
        .page = m->first.ram->host + m->first.offset,
    };
    struct host_code code = { 0 };
    struct host_buf buf = { 0 };
    struct tb *tb, *other;

    m->first.va = tr.pc & PAGE_MASK;
    begin_page(m, &m->first, 0);
    translate(a, m, &tr, a->single_step || m->uncached ? 1 : a->cut ? a->cut : TB_INSNS_MAX);
    check_rest(a, m, &tr);
    if (t->interp) {
        buf = cache_room(a, 64);
        code.code_bytes = 64;
    } else {
        compile(a, m, &tr, &code, &buf);
    }
    tb = tb_alloc(m, &tr, &code);
    tb->rw = buf.rw;
    tb->rx = buf.rx;
    if (t->interp) {
        tb->ir = a->ir;
        a->ir = ir_new();
    }

    g_mutex_lock(&t->tb_lock);
    other = hash_find(t, tb->phys, tb->pc, tb->key, tb->idx, tb->flags & (TB_STEP | TB_CUT), tb->insns);
    if (other || m->map[0]->page->generation != m->generation[0] ||
        (m->has_second && m->map[1]->page->generation != m->generation[1])) {
        drop_maps(m);
        g_mutex_unlock(&t->tb_lock);
        if (tb->ir) {
            ir_free(tb->ir);
        }
        g_free(tb);
        return other;
    }
    for (unsigned k = 0; k <= m->has_second; k++) {
        tb->map[k] = m->map[k];
        tb->map_id[k] = m->map[k]->id;
        m->map[k] = NULL;
    }
    drop_maps(m);       /* a second page that a longer try had looked at */
    cache_take(a, tb, t->interp ? 64 : code.total_bytes);
    publish(t, tb);
    if (t->perf_file && !t->interp) {
        fprintf(t->perf_file, "%" G_GINT64_MODIFIER "x %x guest-0x%" G_GINT64_MODIFIER "x\n",
                (guint64)(uintptr_t)tb->rx, tb->code_bytes, tb->pc);
    }
    g_mutex_unlock(&t->tb_lock);
    if (log_on(LOG_OUT_ASM) && !t->interp) {
        log_out_asm(tb);
    }
    return tb;
}

static void enter_page(struct accel_cpu *a, const struct tb *tb, unsigned which)
{
    unsigned number = ((tb->pc >> PAGE_BITS) + which) % XMAP_ENTRIES;
    struct tlb_set *owner = tlb_owner(a, tb->idx);

    ((uint32_t *)a->set->base)[xmap_entry(a, tb, which)] = tb->map_id[which];
    owner->xmap_pages[number / 64] |= 1ull << (number % 64);
    owner->used_fetch = 1;
}

static void enter_maps(struct accel_cpu *a, struct tb *tb)
{
    struct host_jump *j = &a->jumps[(tb->pc >> 1) & ((1u << HOST_JUMP_CACHE_BITS) - 1)];

    if (tb->flags & (TB_UNCACHED | TB_STEP | TB_CUT) || a->tcg->interp) {
        return;
    }
    enter_page(a, tb, 0);
    if (tb->map_id[1]) {
        enter_page(a, tb, 1);
    }
    if (!log_on(LOG_EXEC | LOG_CPU | LOG_NOCHAIN)) {
        j->code = tb->rx + tb->checked;
        j->tag = tb->pc ^ a->cpu->jump_salt;
    }
}

void tb_remap(struct accel_cpu *a, struct tb *tb)
{
    struct cpu *cpu = a->cpu;
    bool uncached = false;
    struct fetch_page *f;

    if (tb->flags || tb->map_id[1] || tb->pc != cpu->pc || tb->key != cpu->key) {
        return;
    }
    f = tlb_fetch(a, cpu->pc, &uncached);
    if (!uncached && f->idx == tb->idx && fetch_phys(f) == (tb->phys & PAGE_MASK)) {
        enter_maps(a, tb);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

struct tb *tb_get(struct accel_cpu *a)
{
    struct cpu *cpu = a->cpu;
    struct maker m = { .a = a };
    uint8_t flags = (a->single_step ? TB_STEP : 0) | (a->cut ? TB_CUT : 0);
    struct tb *tb = NULL;

    a->n_lookup++;
    m.first = *tlb_fetch(a, cpu->pc, &m.uncached);
    if (!m.uncached) {
        tb = hash_find(a->tcg, fetch_phys(&m.first) + (cpu->pc & ~PAGE_MASK), cpu->pc, cpu->key, m.first.idx, flags,
                       a->cut);
        if (tb && tb->phys2 != UINT64_MAX) {
            struct fetch_page *f = tlb_fetch(a, (cpu->pc & PAGE_MASK) + PAGE_SIZE, &m.uncached);

            if (fetch_phys(f) != tb->phys2) {
                g_mutex_lock(&a->tcg->tb_lock);
                tb_kill(a->tcg, tb);
                g_mutex_unlock(&a->tcg->tb_lock);
                tb = NULL;
            }
        }
    }
    if (!tb) {
        int64_t start = now_ns();

        do {
            tb = tb_make(a, &m);
        } while (!tb);
        a->translate_ns += now_ns() - start;
    }
    enter_maps(a, tb);
    return tb;
}
