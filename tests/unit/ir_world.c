/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/ir_world.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "tcg/eval.h"

/* ---- slots and helpers ---- */

#define AT(field) offsetof(struct world_cpu, field)
#define X(n, pin) { "x" #n, AT(x[n]), IR_I64, pin }
#define F(n, pin) { "f" #n, AT(f[n]), IR_F64, pin }
#define V(n, pin) { "v" #n, AT(v[n]), IR_V128, pin }

static const struct ir_slot slots[] = {
    { "pc", AT(pc), IR_I64, -1 },
    X(0, 0), X(1, 1), X(2, 2), X(3, 3), X(4, 4), X(5, 5), X(6, 6), X(7, 7), X(8, -1), X(9, -1), X(10, -1), X(11, -1),
    X(12, -1), X(13, -1), X(14, -1), X(15, -1),
    F(0, 0), F(1, 1), F(2, 2), F(3, 3), F(4, 4), F(5, 5), F(6, 6), F(7, 7), F(8, -1), F(9, -1), F(10, -1), F(11, -1),
    F(12, -1), F(13, -1),
    { "w0", AT(w[0]), IR_I32, -1 }, { "w1", AT(w[1]), IR_I32, -1 },
    { "s0", AT(s[0]), IR_F32, -1 }, { "s1", AT(s[1]), IR_F32, -1 },
    V(0, 8), V(1, 9), V(2, -1), V(3, -1),
};

static uint64_t mix(uint64_t a)
{
    a = (a ^ a >> 31) * 0x9e3779b97f4a7c15u;
    return a ^ a >> 29;
}

static uint64_t hash_state(const struct world_cpu *cpu)
{
    uint64_t h = 0;

    for (unsigned k = 0; k < WORLD_X; k++) {
        h = mix(h ^ cpu->x[k]);
    }
    for (unsigned k = 0; k < WORLD_F; k++) {
        h = mix(h ^ cpu->f[k]);
    }
    for (unsigned k = 0; k < WORLD_V; k++) {
        h = mix(mix(h ^ cpu->v[k][0]) ^ cpu->v[k][1]);
    }
    return mix(h ^ cpu->w[0] ^ (uint64_t)cpu->w[1] << 32) ^ cpu->s[0] ^ (uint64_t)cpu->s[1] << 32;
}

static uint64_t helper_pure(uint64_t a, uint32_t b)
{
    return mix(a) ^ b;
}

static uint32_t helper_pure32(uint32_t a)
{
    return mix(a);
}

static double helper_floats(double a, uint64_t n, float b)
{
    uint64_t ab, r;
    uint32_t bb;
    double d;

    memcpy(&ab, &a, sizeof(ab));
    memcpy(&bb, &b, sizeof(bb));
    r = mix(ab ^ mix(bb ^ mix(n)));
    memcpy(&d, &r, sizeof(d));
    return d;
}

static float helper_float32(float a)
{
    uint32_t bits;

    memcpy(&bits, &a, sizeof(bits));
    bits = mix(bits);
    memcpy(&a, &bits, sizeof(a));
    return a;
}

typedef uint64_t vector __attribute__((vector_size(16)));

static vector helper_vectors(vector a, uint64_t n, vector b)
{
    return (vector){ mix(a[0] ^ mix(b[1])) ^ n, mix(a[1] + b[0]) };
}

static vector helper_fix_vectors(struct world_cpu *cpu, vector a, vector b)
{
    return (vector){ mix(a[0]) ^ b[0], mix(b[1]) ^ a[1] };
}

static vector helper_fix3_vectors(struct world_cpu *cpu, vector a, vector b, vector c)
{
    return (vector){ mix(a[0]) ^ b[0], mix(b[1] ^ mix(c[0])) ^ a[1] ^ c[1] };
}

/* By the bits alone: comparing would raise flags. */
static double helper_fix_double(double a, double b)
{
    uint64_t v[2];
    double r;

    memcpy(v, (double[]){ a, b }, sizeof(v));
    v[0] = 0x3ff0000000000000 | mix(v[0]) >> 13 | (mix(v[1]) & 1);
    memcpy(&r, v, sizeof(r));
    return r;
}

static float helper_fix_single(struct world_cpu *cpu, float a, float b)
{
    uint32_t v[2];
    float r;

    memcpy(v, (float[]){ a, b }, sizeof(v));
    v[0] = 0x3f800000 | (mix(v[0]) >> 42) | (mix(v[1]) & 1);
    memcpy(&r, v, sizeof(r));
    return r;
}

static uint64_t helper_reads(struct world_cpu *cpu, uint64_t a)
{
    return hash_state(cpu) ^ a;
}

static void helper_writes(struct world_cpu *cpu, uint64_t a, uint64_t b)
{
    cpu->x[a % WORLD_X] = b;
    cpu->f[b % WORLD_F] = mix(a);
    cpu->w[a & 1] = b;
    cpu->v[b % WORLD_V][a & 1] = a ^ b;
    cpu->s[b & 1] = a & 0x7f7fffff;
}

static uint64_t helper_modifies(struct world_cpu *cpu, uint64_t a)
{
    uint64_t h = hash_state(cpu) ^ a;

    helper_writes(cpu, h, h >> 7);
    return h;
}

static void helper_effect(struct world_cpu *cpu, uint64_t a)
{
    cpu->effects = mix(cpu->effects ^ a);
}

static uint64_t helper_raises(struct world_cpu *cpu, uint64_t a)
{
    struct ir_world *w = cpu->world;

    if ((mix(a) & 7) == 0) {
        w->end = WORLD_FAULT_HELPER;
        w->fault_addr = a;
        w->fault_write = false;
        longjmp(w->fault, 1);
    }
    return mix(a);
}

static uint64_t helper_raises_all(struct world_cpu *cpu, uint64_t a, uint64_t b)
{
    helper_raises(cpu, a);
    helper_effect(cpu, hash_state(cpu));
    helper_writes(cpu, b, a);
    return b;
}

static const struct ir_helper helpers[] = {
    { "pure", helper_pure, IR_I64, IR_HELPER_PURE, 2, { IR_I64, IR_I32 } },
    { "pure32", helper_pure32, IR_I32, IR_HELPER_PURE, 1, { IR_I32 } },
    { "floats", helper_floats, IR_F64, IR_HELPER_PURE, 3, { IR_F64, IR_I64, IR_F32 } },
    { "float32", helper_float32, IR_F32, IR_HELPER_PURE, 1, { IR_F32 } },
    { "reads", helper_reads, IR_I64, IR_HELPER_READS, 2, { IR_VOID, IR_I64 } },
    { "writes", helper_writes, IR_VOID, IR_HELPER_WRITES, 3, { IR_VOID, IR_I64, IR_I64 } },
    { "modifies", helper_modifies, IR_I64, IR_HELPER_READS | IR_HELPER_WRITES, 2, { IR_VOID, IR_I64 } },
    { "effect", helper_effect, IR_VOID, IR_HELPER_EFFECT, 2, { IR_VOID, IR_I64 } },
    { "raises", helper_raises, IR_I64, IR_HELPER_RAISES, 2, { IR_VOID, IR_I64 } },
    { "raises_all", helper_raises_all, IR_I64, IR_HELPER_READS | IR_HELPER_WRITES | IR_HELPER_RAISES | IR_HELPER_EFFECT, 3,
      { IR_VOID, IR_I64, IR_I64 } },
    { "vectors", helper_vectors, IR_V128, IR_HELPER_PURE, 3, { IR_V128, IR_I64, IR_V128 } },
    [WORLD_FIX_V128] = { "fix_vectors", helper_fix_vectors, IR_V128, IR_HELPER_PURE, 3, { IR_VOID, IR_V128, IR_V128 } },
    [WORLD_FIX_F64] = { "fix_double", helper_fix_double, IR_F64, IR_HELPER_PURE, 2, { IR_F64, IR_F64 } },
    [WORLD_FIX_F32] = { "fix_single", helper_fix_single, IR_F32, IR_HELPER_PURE, 3, { IR_VOID, IR_F32, IR_F32 } },
    [WORLD_FIX3_V128] = { "fix3_vectors", helper_fix3_vectors, IR_V128, IR_HELPER_EFFECT, 4,
      { IR_VOID, IR_V128, IR_V128, IR_V128 } },
};

const struct ir_target world_target = {
    .name = "world", .slots = slots, .nslots = G_N_ELEMENTS(slots), .helpers = helpers, .nhelpers = G_N_ELEMENTS(helpers),
};

/* ---- life ---- */

struct ir_world *ir_world_new(void)
{
    struct ir_world *w = g_new0(struct ir_world, 1);

    w->mem = g_aligned_alloc(1, WORLD_BYTES, 4096);
    w->cpu.world = w;
    w->scratch = interp_scratch_new();
    return w;
}

void ir_world_free(struct ir_world *w)
{
    g_aligned_free(w->mem);
    interp_scratch_free(w->scratch);
    g_free(w);
}

static uint64_t next(uint64_t *seed)
{
    *seed += 0x9e3779b97f4a7c15u;
    return mix(mix(*seed));
}

static uint64_t corner(uint64_t *seed)
{
    static const uint64_t values[] = {
        0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, INT64_MAX, 1ull << 63,
        UINT64_MAX, UINT64_MAX - 1, 0xffffffff80000000u,
    };
    uint64_t r = next(seed);

    return r & 1 ? values[(r >> 1) % G_N_ELEMENTS(values)] : r & 2 ? next(seed) : next(seed) >> (r >> 2 & 63);
}

static uint64_t corner_f64(uint64_t *seed)
{
    static const uint64_t values[] = {
        0, 1ull << 63, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
        0x7ff0000000000001, 0xfff8000000000123, 1, 0x000fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff,
        0x41e0000000000000, 0x43e0000000000000, 0x3fe0000000000000, 0xffffffff3f800000, 0xffffffff7f800001,
        0x47efffffe0000000, 0x36a0000000000000, 0x4008000000000000, 0x41dfffffffc00000, 0xc3e0000000000000,
    };
    uint64_t r = next(seed);

    return r & 1 ? values[(r >> 1) % G_N_ELEMENTS(values)] :
           r & 2 ? next(seed) : 0x3ff0000000000000 + ((r >> 8 & 0x3ff) << 48) - (0x0200ull << 48);
}

static uint32_t corner_f32(uint64_t *seed)
{
    static const uint32_t values[] = {
        0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc00123, 1, 0x007fffff,
        0x00800000, 0x7f7fffff, 0x4f000000, 0x5f000000, 0x3f000000, 0x4effffff, 0xdf000000,
    };
    uint64_t r = next(seed);

    return r & 1 ? values[(r >> 1) % G_N_ELEMENTS(values)] : next(seed);
}

void ir_world_init(struct ir_world *w, uint64_t seed)
{
    struct world_cpu *c = &w->cpu;

    for (unsigned k = 0; k < WORLD_X; k++) {
        c->x[k] = corner(&seed);
    }
    for (unsigned k = 0; k < WORLD_F; k++) {
        c->f[k] = corner_f64(&seed);
    }
    for (unsigned k = 0; k < 2; k++) {
        c->w[k] = corner(&seed);
        c->s[k] = corner_f32(&seed);
    }
    for (unsigned k = 0; k < 2 * WORLD_V; k++) {
        c->v[k / 2][k & 1] = corner(&seed);
    }
    c->pc = 0;
    c->effects = 0;
    c->fpcr = 0x1f80 | (next(&seed) & 3) << 13;
    for (unsigned k = 0; k < WORLD_BYTES / 8; k++) {
        uint64_t v = (k & 7) == 3 ? corner_f64(&seed) : mix(seed + k);

        memcpy(w->mem + 8 * k, &v, sizeof(v));
    }
    w->end = 0;
    w->exit_code = 0;
    w->insns = 0;
    w->fault_addr = 0;
    w->fault_write = false;
}

/* ---- memory ---- */

static bool page_faults(uint64_t addr, bool write)
{
    uint64_t page = (addr - WORLD_BASE) >> 12;

    return page >= WORLD_PAGES || page == WORLD_ABSENT || (write && page == WORLD_READ_ONLY);
}

bool ir_world_faults(struct ir_world *w, uint64_t addr, unsigned mem, bool write)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    bool aligned = !(addr & (bytes - 1));

    if ((!(mem & IR_MEM_ALIGN) || aligned) && !page_faults(addr, write) && !page_faults(addr + bytes - 1, write)) {
        return false;
    }
    w->end = mem & IR_MEM_ALIGN && !aligned ? WORLD_FAULT_ALIGN : WORLD_FAULT_PAGE;
    w->fault_addr = addr;
    w->fault_write = write;
    return true;
}

static uint64_t swapped(uint64_t v, unsigned bytes)
{
    return __builtin_bswap64(v) >> (64 - 8 * bytes);
}

uint64_t ir_world_load(struct ir_world *w, uint64_t addr, unsigned mem)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    uint64_t v = 0;

    memcpy(&v, w->mem + (addr - WORLD_BASE), bytes);
    return mem & IR_MEM_BE ? swapped(v, bytes) : v;
}

void ir_world_store(struct ir_world *w, uint64_t addr, uint64_t value, unsigned mem)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);

    value = mem & IR_MEM_BE ? swapped(value, bytes) : value;
    memcpy(w->mem + (addr - WORLD_BASE), &value, bytes);
}

/* A value of `bits` bits, sign- or zero-extended. */
static uint64_t extended(uint64_t v, unsigned bits, bool sign)
{
    return sign ? (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) : v << (64 - bits) >> (64 - bits);
}

static uint64_t rmw(unsigned op, uint64_t old, uint64_t v, unsigned bits)
{
    bool sign = op == IR_RMW_MINS || op == IR_RMW_MAXS;
    static const uint8_t as_op[] = {
        [IR_RMW_ADD] = IR_OP_add, [IR_RMW_AND] = IR_OP_and, [IR_RMW_OR] = IR_OP_or, [IR_RMW_XOR] = IR_OP_xor,
        [IR_RMW_MINS] = IR_OP_mins, [IR_RMW_MAXS] = IR_OP_maxs, [IR_RMW_MINU] = IR_OP_minu, [IR_RMW_MAXU] = IR_OP_maxu,
    };
    uint64_t r = v;

    if (op != IR_RMW_XCHG) {
        eval_op2(as_op[op], IR_I64, extended(old, bits, sign), extended(v, bits, sign), &r);
    }
    return r;
}

static void cas128(struct ir_world *w, uint64_t addr, uint64_t value[2], const uint64_t expected[2])
{
    uint8_t *p = w->mem + (addr - WORLD_BASE);
    uint64_t old[2];

    memcpy(old, p, 16);
    if (old[0] == expected[0] && old[1] == expected[1]) {
        memcpy(p, value, 16);
    }
    memcpy(value, old, 16);
}

void ir_world_slow(struct ir_world *w, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2])
{
    unsigned bits = 8u << (mem & IR_MEM_SIZE);
    uint8_t *p = w->mem + (addr - WORLD_BASE);
    uint64_t old;

    if (op == HOST_SLOW_LOAD128) {
        memcpy(value, p, 16);
    } else if (op == HOST_SLOW_STORE128) {
        memcpy(p, value, 16);
    } else if (op == HOST_SLOW_CAS && bits == 128) {
        cas128(w, addr, value, expected);
    } else if (op != HOST_SLOW_PROBE) {
        old = ir_world_load(w, addr, mem);
        if (op != HOST_SLOW_CAS || old == extended(expected[0], bits, false)) {
            ir_world_store(w, addr, op == HOST_SLOW_CAS ? value[0] : rmw(op, old, value[0], bits), mem);
        }
        value[0] = extended(old, bits, mem & IR_MEM_SIGN);
    }
}

/* ---- interpreter ---- */

static void check(struct ir_world *w, uint64_t addr, unsigned mem, bool write)
{
    if (ir_world_faults(w, addr, mem, write)) {
        longjmp(w->fault, 1);
    }
}

static uint64_t interp_load(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem)
{
    check(opaque, addr, mem, false);
    return ir_world_load(opaque, addr, mem);
}

static void interp_store(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    check(opaque, addr, mem, true);
    ir_world_store(opaque, addr, value, mem);
}

static void interp_slow(void *opaque, struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                        const uint64_t expected[2])
{
    check(opaque, addr, mem, op != HOST_SLOW_LOAD128);
    ir_world_slow(opaque, addr, op, mem, value, expected);
}

void ir_world_interp(struct ir_world *w, const struct ir *ir)
{
    const struct interp_env env = {
        .load = interp_load, .store = interp_store, .slow = interp_slow, .opaque = w, .off_fpcr = AT(fpcr),
    };
    struct interp_left left;

    if (setjmp(w->fault)) {
        w->insns = interp_insns(w->scratch);
        return;
    }
    left = interp_run(w->scratch, ir, (struct cpu *)&w->cpu, &env, 1000000);
    w->end = left.exit ? WORLD_EXIT : WORLD_LEFT;
    w->exit_code = left.code;
    w->insns = left.insns;
}

/* ---- comparison ---- */

static bool differs(GString *diff, const char *what, unsigned n, uint64_t a, uint64_t b)
{
    if (a == b) {
        return false;
    }
    if (diff) {
        g_string_append_printf(diff, "# %s[%u]: 0x%" PRIx64 " and 0x%" PRIx64 "\n", what, n, a, b);
    }
    return true;
}

bool ir_world_same(const struct ir_world *a, const struct ir_world *b, GString *diff)
{
    const struct world_cpu *c = &a->cpu, *d = &b->cpu;
    bool bad = differs(diff, "end", 0, a->end, b->end);

    bad |= differs(diff, "exit code", 0, a->exit_code, b->exit_code);
    bad |= differs(diff, "fault address", 0, a->fault_addr, b->fault_addr);
    bad |= differs(diff, "fault is a write", 0, a->fault_write, b->fault_write);
    bad |= differs(diff, "instructions", 0, a->insns, b->insns);
    bad |= differs(diff, "pc", 0, c->pc, d->pc);
    for (unsigned k = 0; k < WORLD_X; k++) {
        bad |= differs(diff, "x", k, c->x[k], d->x[k]);
    }
    for (unsigned k = 0; k < WORLD_F; k++) {
        bad |= differs(diff, "f", k, c->f[k], d->f[k]);
    }
    for (unsigned k = 0; k < 2; k++) {
        bad |= differs(diff, "w", k, c->w[k], d->w[k]);
        bad |= differs(diff, "s", k, c->s[k], d->s[k]);
    }
    for (unsigned k = 0; k < 2 * WORLD_V; k++) {
        bad |= differs(diff, "v, 64 bits each", k, c->v[k / 2][k & 1], d->v[k / 2][k & 1]);
    }
    bad |= differs(diff, "effects", 0, c->effects, d->effects);
    bad |= differs(diff, "fpcr", 0, c->fpcr & ~2u, d->fpcr & ~2u);     /* but for the denormal flag: x86's alone */
    if (memcmp(a->mem, b->mem, WORLD_BYTES)) {
        for (unsigned k = 0; k < WORLD_BYTES; k++) {
            bad |= differs(diff, "memory", WORLD_BASE + k, a->mem[k], b->mem[k]);
        }
    }
    return !bad;
}
