/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/engine.h"

#include <inttypes.h>
#include <string.h>

#include "tcg/host.h"
#include "tcg/interp.h"
#include "tests/insn/engine_jit.h"
#include "tests/insn/no_accel.h"
#include "util/log.h"

enum { PAGE = 4096 };

struct engine {
    const struct engine_isa *isa;
    struct cpu *cpu;
    struct ir *ir;
    enum engine_kind kind;
    unsigned max_insns, passes;
    struct interp_scratch *scratch;
    struct jit *jit;
    struct engine_memory memory;
};

/* ---- guest memory ---- */

/* Host address of a guest access; ends the run where it leaves the image. */
void *engine_at(struct cpu *cpu, uint64_t addr, unsigned bytes)
{
    struct engine *e = cpu->time_opaque;

    if (addr < STREAM_BASE || addr + bytes > STREAM_BASE + e->memory.size) {
        cpu->pc = addr;
        cpu_loop_exit(cpu);
    }
    return e->memory.bytes + (addr - STREAM_BASE);
}

uint64_t engine_load(struct cpu *cpu, uint64_t addr, unsigned mem)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    uint64_t v = 0;

    memcpy(&v, engine_at(cpu, addr, bytes), bytes);
    if (mem & IR_MEM_SIGN) {
        return (uint64_t)((int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes));
    }
    return v;
}

void engine_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);

    memcpy(engine_at(cpu, addr, bytes), &value, bytes);
}

static uint64_t rmw(enum ir_rmw op, uint64_t old, uint64_t v, unsigned bits)
{
    int64_t a = (int64_t)(old << (64 - bits)), b = (int64_t)(v << (64 - bits));

    switch (op) {
    case IR_RMW_XCHG:
        return v;
    case IR_RMW_ADD:
        return old + v;
    case IR_RMW_AND:
        return old & v;
    case IR_RMW_OR:
        return old | v;
    case IR_RMW_XOR:
        return old ^ v;
    case IR_RMW_MINS:
        return a < b ? old : v;
    case IR_RMW_MAXS:
        return a > b ? old : v;
    case IR_RMW_MINU:
        return (uint64_t)a < (uint64_t)b ? old : v;
    case IR_RMW_MAXU:
        return (uint64_t)a > (uint64_t)b ? old : v;
    }
    g_assert_not_reached();
}

void engine_slow(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2])
{
    unsigned bytes = 1u << (mem & IR_MEM_SIZE);
    uint8_t *p = engine_at(cpu, addr, bytes);
    uint64_t old[2] = { 0, 0 }, want[2] = { 0, 0 };

    memcpy(old, p, bytes);
    switch (op) {
    case HOST_SLOW_PROBE:
        return;
    case HOST_SLOW_STORE128:
        memcpy(p, value, bytes);
        return;
    case HOST_SLOW_LOAD128:
        break;
    case HOST_SLOW_CAS:
        memcpy(want, expected, bytes);
        if (!memcmp(old, want, sizeof(old))) {
            memcpy(p, value, bytes);
        }
        break;
    default:
        value[0] = rmw(op, old[0], value[0], 8 * bytes);
        memcpy(p, value, bytes);
        break;
    }
    if (mem & IR_MEM_SIGN && bytes < 8) {
        old[0] = (uint64_t)((int64_t)(old[0] << (64 - 8 * bytes)) >> (64 - 8 * bytes));
    }
    memcpy(value, old, sizeof(old));
}

static uint64_t interp_load(void *opaque, struct cpu *cpu, uint64_t addr, unsigned mem)
{
    return engine_load(cpu, addr, mem);
}

static void interp_store(void *opaque, struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem)
{
    engine_store(cpu, addr, value, mem);
}

static void interp_slow(void *opaque, struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                        const uint64_t expected[2])
{
    engine_slow(cpu, addr, op, mem, value, expected);
}

static const struct interp_env interp_env = {
    .load = interp_load,
    .store = interp_store,
    .slow = interp_slow,
    .off_fpcr = offsetof(struct cpu, fpcr),
};

static const struct no_accel services = { engine_load, engine_store };

/* ---- running ---- */

struct engine *engine_new(const struct engine_isa *isa, enum engine_kind kind, unsigned xlen, unsigned max_insns,
                          unsigned passes, uint32_t host_opts)
{
    struct engine *e = g_new0(struct engine, 1);
    struct cpu *cpu = cpu_alloc(isa->type);

    no_accel = &services;
    isa->setup(cpu, xlen);
    cpu->time_opaque = e;
    e->isa = isa;
    e->cpu = cpu;
    e->kind = kind;
    e->max_insns = max_insns;
    e->passes = passes;
    e->ir = ir_new();
    e->scratch = interp_scratch_new();
    if (kind == ENGINE_JIT) {
        e->jit = jit_new(cpu, isa->type->ir, &e->memory, host_opts);
        if (!e->jit) {
            engine_free(e);
            return NULL;
        }
    }
    return e;
}

void engine_free(struct engine *e)
{
    jit_free(e->jit);
    interp_scratch_free(e->scratch);
    ir_free(e->ir);
    cpu_free(e->cpu);
    g_free(e->memory.bytes);
    g_free(e);
}

static void reset(struct engine *e, const struct stream_image *im)
{
    g_free(e->memory.bytes);
    e->memory.size = (im->bytes->len + PAGE - 1) & ~(size_t)(PAGE - 1);
    e->memory.bytes = g_malloc0(e->memory.size);
    memcpy(e->memory.bytes, im->bytes->data, im->bytes->len);
    e->isa->reset(e->cpu);
    if (e->jit) {
        jit_reset(e->jit);
    }
}

static const uint8_t *next_page(struct tr_block *tb, bool first_insn)
{
    return tb->page + PAGE;
}

static bool at_end(struct tr_block *tb, uint64_t pc)
{
    return pc == *(const uint64_t *)tb->opaque;
}

static void print_ir(const struct ir *ir, uint32_t item)
{
    if (log_on(item)) {
        g_autoptr(GString) text = g_string_new(NULL);

        ir_print(ir, text);
        log_printf(item, "%s\n", text->str);
    }
}

/* Translates and runs one block. True: it came to the end. */
static bool one_block(struct engine *e, uint64_t end_pc, GError **err)
{
    struct cpu *cpu = e->cpu;
    struct tr_block tb = {
        .by_helpers = !e->passes,
        .pc = cpu->pc, .key = cpu->key, .max_insns = e->max_insns, .next_page = next_page, .breakpoint = at_end,
        .page = engine_at(cpu, cpu->pc & ~(uint64_t)(PAGE - 1), PAGE), .opaque = &end_pc, .cpu = cpu,
    };
    struct interp_left left;

    cpu->type->translate(&tb, e->ir);
    if (!ir_verify(e->ir, err)) {
        return false;
    }
    print_ir(e->ir, LOG_OP);
    ir_optimise(e->ir, e->passes);
    print_ir(e->ir, LOG_OP_OPT);
    if (e->kind == ENGINE_JIT) {
        return jit_run(e->jit, e->ir, &tb, err);
    }
    left = interp_run(e->scratch, e->ir, cpu, &interp_env, 0);
    return left.exit && left.code == IR_EXIT_DEBUG;
}

void *engine_run(struct engine *e, const struct stream_image *im, GError **err)
{
    GError *trouble = NULL;

    reset(e, im);
    if (sigsetjmp(e->cpu->loop, 0)) {
        g_autoptr(GString) text = g_string_new(NULL);

        e->isa->describe(e->cpu, text);
        g_set_error(err, G_FILE_ERROR, 0, "a trap or a wild access: %s, pc %" PRIx64, text->str, e->cpu->pc);
        return NULL;
    }
    while (!one_block(e, im->end_pc, &trouble)) {
        if (trouble) {
            g_propagate_error(err, trouble);
            return NULL;
        }
    }
    return g_memdup2(e->memory.bytes + im->data, im->bytes->len - im->data);
}
