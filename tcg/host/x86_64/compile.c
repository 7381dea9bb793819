/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The back end's interface: host_new, host_compile, linking; the table of operations. */
#include <cpuid.h>
#include "tcg/host/x86_64/host_impl.h"

/* Pinned registers by rank. The first have the shortest encodings; rbx, r15, r13, r12 survive C calls. */
static const uint8_t int_pins[8] = { RBX, RSI, RDI, R8, R15, R9, R13, R12 };
#define FP_PINS 10

static unsigned cpu_features(uint32_t opts)
{
    unsigned a, b, c, d, feat = 0, xcr0 = 0;

    __cpuid(1, a, b, c, d);
    if (c & bit_OSXSAVE) {
        unsigned hi;
        __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(hi) : "c"(0));
    }
    bool avx = (c & bit_AVX) && (xcr0 & 6) == 6;
    feat |= (c & bit_PCLMUL ? FEAT_PCLMUL : 0) | (c & bit_AES && opts & HOST_OPT_AVX ? FEAT_AES : 0);
    if (avx && (opts & HOST_OPT_AVX)) {
        feat |= FEAT_AVX | (c & bit_FMA ? FEAT_FMA : 0);
    }
    if (avx && (opts & HOST_OPT_BEXTR) && __get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        feat |= (b & bit_BMI ? FEAT_BMI1 : 0) | (b & bit_BMI2 ? FEAT_BMI2 : 0);
        if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
            feat |= c & bit_LZCNT ? FEAT_LZCNT : 0;
        }
    }
    return feat;
}

static void assign_pins(struct host *h)
{
    const struct ir_target *t = h->target;

    memset(h->reg_slot, -1, sizeof(h->reg_slot));
    h->temps = BIT(RAX) | BIT(RCX) | BIT(RDX) | BIT(R10);
    for (int x = 1; x < 16; x++) {
        h->temps |= BIT(XMM0 + x);
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(int_pins); k++) {
        h->temps |= BIT(int_pins[k]);
    }
    for (unsigned s = 0; s < t->nslots; s++) {
        int pin = h->env.opts & HOST_OPT_PIN ? t->slots[s].pin : -1;
        bool f = is_float(t->slots[s].type);
        h->disp[s] = (int32_t)t->slots[s].offset - HOST_CPU_BIAS;
        h->type[s] = t->slots[s].type;
        h->pin_reg[s] = -1;
        if (pin < 0 || s == IR_SLOT_PC || pin >= (f ? FP_PINS : (int)G_N_ELEMENTS(int_pins))) {
            continue;
        }
        int reg = f ? XMM0 + 15 - pin : int_pins[pin];
        if (h->reg_slot[reg] < 0) {
            h->pin_reg[s] = reg;
            h->reg_slot[reg] = s;
            h->start_reg_val[reg] = h->start_slot_val[s] = PSEUDO0 + s;
            h->start_val[h->npinned] = (struct val){ .reg = reg, .spill = -1, .nslots = 1 };
            h->pinned[h->npinned++] = s;
            h->pins |= BIT(reg);
            h->temps &= ~BIT(reg);
        }
    }
}

struct host *host_new(const struct host_env *env, const struct ir_target *target, struct host_buf *buf, GError **err)
{
    struct host *h = g_new0(struct host, 1);

    h->env = *env;
    h->target = target;
    h->feat = cpu_features(env->opts);
    assert(target->nslots <= IR_SLOTS_MAX);
    assign_pins(h);
    if (!abi_generate(h, buf, err)) {
        g_free(h);
        return NULL;
    }
    return h;
}

void host_free(struct host *h)
{
    g_free(h);
}

uint64_t host_tlb_control(const struct host *h, unsigned index_bits)
{
    return h->feat & FEAT_BMI1 ? h->env.page_bits | index_bits << 8 : (1ull << index_bits) - 1;
}

struct host_scratch *host_scratch_new(const struct host *h)
{
    struct host_scratch *s = g_new0(struct host_scratch, 1);

    s->e.h = h;
    s->e.val = g_new0(struct val, VALUES);
    s->e.group_of = g_malloc(PSEUDO0);
    return s;
}

void host_scratch_free(struct host_scratch *s)
{
    g_free(s->e.val);
    g_free(s->e.group_of);
    g_free(s->e.cold);
    g_free(s->e.map);
    g_free(s->e.records);
    g_free(s->e.entry);
    g_free(s->e.loc);
    g_free(s->e.fixup);
    g_free(s->e.live);
    g_free(s->e.cross);
    g_free(s);
}

/* ---- compilation ---- */

typedef void x86_fn(struct em *e, struct ir_insn *n);

static x86_fn *const emitters[IR_OP_COUNT] = {
#define E(name) [IR_OP_##name] = x86_##name,
    EMITTERS_INT EMITTERS_MEM EMITTERS_CTL EMITTERS_FP EMITTERS_VEC
#undef E
};

struct cold *cold_new(struct em *e, void (*emit)(struct em *, struct cold *), uint32_t from)
{
    if (e->ncold == e->cap_cold) {
        e->cap_cold = e->cap_cold ? 2 * e->cap_cold : 64;
        e->cold = g_renew(struct cold, e->cold, e->cap_cold);
    }
    struct cold *k = &e->cold[e->ncold++];
    memset(k, 0, sizeof(*k));
    k->emit = emit;
    k->from = from;
    return k;
}

static bool room(struct em *e)
{
    if (e->c.p + ASM_MARGIN > e->c.end) {
        e->failed = true;
    }
    return !e->failed;
}

/* A block that does nothing but leave for a known pc is emitted where it is branched to. */
static bool exit_only(const struct ir *ir, unsigned block)
{
    const struct ir_block *b = &ir->blocks[block];
    unsigned i = b->first;

    while (i < b->end && ir->insns[i].op == IR_OP_NONE) {
        i++;
    }
    return block && i < b->end && ir->insns[i].op == IR_OP_goto_pc;
}

/* The slots that a block puts before its first guest instruction and before anything can see them: edges need not bring
 * them home. */
static void find_early_puts(struct em *e, unsigned block)
{
    const struct ir_block *b = &e->ir->blocks[block];
    uint64_t got[IR_SLOTS_MAX / 64] = { 0 };

    for (unsigned i = b->first; i < b->end; i++) {
        const struct ir_insn *n = &e->ir->insns[i];
        if (n->op == IR_OP_put && !BIT_TEST(got, n->imm)) {
            BIT_SET(e->entry[block].early, n->imm);
        } else if (n->op == IR_OP_get) {
            BIT_SET(got, n->imm);
        } else if (n->op == IR_OP_insn || n->op == IR_OP_call || (ir_ops[n->op].flags & (IR_OPF_MEM | IR_OPF_TERM))) {
            return;
        }
    }
}

static void prepare_blocks(struct em *e)
{
    struct ir *ir = e->ir;
    unsigned real = 0;

    if (ir->nblocks > e->cap_entry) {
        e->cap_entry = ir->nblocks * 2;
        e->entry = g_renew(struct entry, e->entry, e->cap_entry);
    }
    for (unsigned b = 0; b < ir->nblocks; b++) {
        e->entry[b] = (struct entry){ .exit_only = exit_only(ir, b) };
        real += !e->entry[b].exit_only;
    }
    e->ncross = 0;
    if (real > 1) {
        for (unsigned b = 1; b < ir->nblocks; b++) {
            find_early_puts(e, b);
        }
        ra_find_crossing(e);
    }
}

static bool wanted(const struct em *e, const struct ir_insn *n)
{
    return !(ir_ops[n->op].flags & IR_OPF_PURE) || (e->val[e->cur].last && !(e->val[e->cur].flags & VAL_FUSED));
}

static void compile_block(struct em *e, unsigned block)
{
    struct ir_block *b = &e->ir->blocks[block];

    e->block = block;
    e->next_block = block + 1;
    while (e->next_block < e->ir->nblocks && e->entry[e->next_block].exit_only) {
        e->next_block++;
    }
    e->polled = false;
    ra_scan(e, block);
    ctl_block_start(e, block);
    e->entry[block].pos = asm_pos(&e->c);
    for (e->cur = b->first; e->cur < b->end && room(e); e->cur++) {
        struct ir_insn *n = &e->ir->insns[e->cur];
        if (emitters[n->op] && wanted(e, n)) {
            e->n = n;
            emitters[n->op](e, n);
            ra_done(e);
        }
    }
}

static void x86_cold(struct em *e)
{
    for (unsigned k = 0; k < e->ncold && room(e); k++) {
        asm_patch_here(&e->c, e->cold[k].from);
        e->cold[k].emit(e, &e->cold[k]);
    }
}

static void begin(struct em *e, struct ir *ir, const struct host_region *region, const struct host_buf *buf, struct host_code *code)
{
    e->ir = ir;
    e->region = region;
    e->out = code;
    e->failed = ir->ninsns >= PSEUDO0;
    e->c = (struct code){ .p = buf->rw, .start = buf->rw, .end = buf->rw + buf->size, .rx = buf->rx };
    e->ncold = e->nmap = e->nrecords = e->nloc = e->nfixup = e->nstub_fix = 0;
    e->insns_seen = e->insn_index = 0;
    e->insn_pc = region->pc;
    e->map_pc = 0;
    e->map_index = e->map_ret = 0;
    memset(e->frame_used, 0, sizeof(e->frame_used));
    code->nexits = 0;
    if (!e->failed) {
        for (unsigned i = 0; i < ir->ninsns; i++) {
            e->val[i] = (struct val){ .reg = -1, .spill = -1 };
        }
    }
}

static bool finish(struct em *e, struct host_code *code)
{
    for (unsigned k = 0; k < e->nfixup; k++) {
        asm_patch(&e->c, e->fixup[k].at, e->entry[e->fixup[k].block].pos);
    }
    x86_cold(e);
    if (!room(e) || e->c.p + e->nrecords + e->out->nexits * 8 + 256 > e->c.end) {
        return false;
    }
    ctl_stubs(e);
    code->code_bytes = asm_pos(&e->c);
    if (e->nrecords) {
        memcpy(e->c.p, e->records, e->nrecords);
    }
    code->map_bytes = e->nrecords;
    code->total_bytes = (code->code_bytes + code->map_bytes + 15) & ~15u;
    return true;
}

bool host_compile(struct host_scratch *s, struct ir *ir, const struct host_region *region, const struct host_buf *buf,
                  struct host_code *code)
{
    struct em *e = &s->e;

    assert(((uintptr_t)buf->rx & 15) == 0);
    begin(e, ir, region, buf, code);
    if (!room(e) || ir->overflow) {
        return false;
    }
    prepare_blocks(e);
    ctl_prologue(e);
    for (unsigned b = 0; b < ir->nblocks && !e->failed; b++) {
        if (!e->entry[b].exit_only) {
            compile_block(e, b);
        }
    }
    return !e->failed && finish(e, code);
}

/* ---- running and patching ---- */

struct host_left host_enter(const struct host *h, struct cpu *cpu, const void *code)
{
    struct host_left (*enter)(struct cpu *, const void *) = (void *)h->enter;

    return enter(cpu, code);
}

static void write_rel(uint8_t *rw, const uint8_t *rx, uint32_t at, const void *to)
{
    int32_t rel = (int32_t)((const uint8_t *)to - (rx + at + 4));

    __atomic_store_n((int32_t *)(rw + at), rel, __ATOMIC_RELEASE);
}

void host_link(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_exit *e, const void *to)
{
    write_rel(rw, rx, e->patch, to ? to : rx + e->stub);
}

/* Five bytes inside one aligned quadword are replaced by a jump. */
static void write_jump(uint8_t *rw, uint32_t at, uint32_t to)
{
    uint64_t *word = (uint64_t *)(rw + (at & ~7u)), v = *word;
    int32_t rel = (int32_t)(to - (at + 5));

    ((uint8_t *)&v)[at & 7] = 0xe9;
    memcpy((uint8_t *)&v + (at & 7) + 1, &rel, 4);
    __atomic_store_n(word, v, __ATOMIC_RELEASE);
}

#define STALE_FROM_END 13           /* the stale stub's call and the region's pc end the code (ctl_stubs) */

void host_kill(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_code *code)
{
    write_jump(rw, code->checked, code->code_bytes - STALE_FROM_END);
    write_jump(rw, code->poll, code->code_bytes - STALE_FROM_END);
}

int host_exit_find(const struct host_code *code, const uint8_t *rx, uint64_t detail)
{
    for (unsigned k = 0; k < code->nexits; k++) {
        if ((uint64_t)(uintptr_t)rx + code->exits[k].stub + 5 == detail) {
            return k;
        }
    }
    return -1;
}
