/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V Platform-Level Interrupt Controller (specification 1.0.0), laid out like SiFive's.
 *
 * Region: priorities at 0 (a word each), pending bits at 0x1000, enable bits of context c at 0x2000 + 0x80 c,
 * threshold and claim/complete of context c at 0x200000 + 0x1000 c. Contexts: M and S mode of each hart in turn.
 * Inputs: sources 1 to num-sources - 1, level. Outputs: the harts' MEIP (11) and SEIP (9) lines.
 *
 * A gateway forwards a request when its input is high and none of its requests is outstanding: pending stays until it
 * is claimed, and after completion the level is looked at again.
 */
#include <string.h>

#include "system/cpu.h"
#include "system/machine.h"
#include "util/log.h"

enum { LINE_SEIP = 9, LINE_MEIP = 11 };
enum { SOURCES_MAX = 1024, WORDS_MAX = SOURCES_MAX / 32, PRIORITY_MAX = 7, ENABLE_STRIDE_WORDS = 0x80 / 4 };

struct plic {
    struct device dev;
    uint32_t priority[SOURCES_MAX];
    uint32_t pending[WORDS_MAX];
    uint32_t claimed[WORDS_MAX];
    uint32_t level[WORDS_MAX];
    uint32_t *enable;           /* WORDS_MAX for each context */
    uint32_t *threshold;
    uint32_t num_sources, num_harts, hartid_base;
    uint32_t num_contexts, num_enable_words;
};

static unsigned words(const struct plic *s)
{
    return (s->num_sources + 31) / 32;
}

/* The pending, enabled source of the highest priority (lowest number first) above floor; 0: none. */
static unsigned best(const struct plic *s, unsigned context, uint32_t floor)
{
    const uint32_t *enable = s->enable + context * WORDS_MAX;
    unsigned found = 0;

    for (unsigned w = 0; w < words(s); w++) {
        for (uint32_t bits = s->pending[w] & enable[w]; bits; bits &= bits - 1) {
            unsigned source = 32 * w + __builtin_ctz(bits);

            if (s->priority[source] > floor) {
                floor = s->priority[source];
                found = source;
            }
        }
    }
    return found;
}

static void update_context(struct plic *s, unsigned context)
{
    struct cpu *cpu = s->dev.m->cpus->pdata[s->hartid_base + context / 2];

    cpu_irq_set(cpu, context & 1 ? LINE_SEIP : LINE_MEIP, best(s, context, s->threshold[context]) != 0);
}

static void update(struct device *d)
{
    struct plic *s = (struct plic *)d;

    for (unsigned c = 0; c < s->num_contexts; c++) {
        update_context(s, c);
    }
}

/* The contexts that listen to a source. */
static void update_source(struct plic *s, unsigned source)
{
    for (unsigned c = 0; c < s->num_contexts; c++) {
        if (s->enable[c * WORDS_MAX + source / 32] >> (source % 32) & 1) {
            update_context(s, c);
        }
    }
}

static void gateway(struct plic *s, unsigned source)
{
    uint32_t bit = 1u << (source % 32);
    unsigned w = source / 32;

    if (s->level[w] & ~s->claimed[w] & ~s->pending[w] & bit) {
        s->pending[w] |= bit;
        update_source(s, source);
    }
}

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct plic *s = (struct plic *)d;
    uint32_t bit = 1u << (n % 32);

    g_assert(n && n < s->num_sources);
    s->level[n / 32] = level ? s->level[n / 32] | bit : s->level[n / 32] & ~bit;
    gateway(s, n);
}

/* ---- registers ---- */

static uint64_t priority_read(struct device *d, unsigned i)
{
    return ((struct plic *)d)->priority[i];
}

static void priority_write(struct device *d, unsigned i, uint64_t v)
{
    struct plic *s = (struct plic *)d;

    if (!i || i >= s->num_sources) {
        log_guest("plic: priority of source %u, which is not there", i);
        return;
    }
    s->priority[i] = v & PRIORITY_MAX;
    update_source(s, i);
}

static uint64_t pending_read(struct device *d, unsigned i)
{
    return ((struct plic *)d)->pending[i];
}

static uint64_t enable_read(struct device *d, unsigned i)
{
    struct plic *s = (struct plic *)d;

    return i < s->num_enable_words ? s->enable[i] : 0;
}

static void enable_write(struct device *d, unsigned i, uint64_t v)
{
    struct plic *s = (struct plic *)d;
    unsigned w = i % ENABLE_STRIDE_WORDS;
    uint32_t valid = w < s->num_sources / 32 ? UINT32_MAX
                   : w == s->num_sources / 32 ? (1u << (s->num_sources % 32)) - 1 : 0;

    if (i >= s->num_enable_words) {
        log_guest("plic: enable bits of context %u, which is not there", i / ENABLE_STRIDE_WORDS);
        return;
    }
    s->enable[i] = v & valid & (w ? UINT32_MAX : ~1u);
    update_context(s, i / ENABLE_STRIDE_WORDS);
}

static bool have_context(const struct plic *s, unsigned c)
{
    if (c >= s->num_contexts) {
        log_guest("plic: context %u is not there", c);
        return false;
    }
    return true;
}

static uint64_t threshold_read(struct device *d, unsigned c)
{
    struct plic *s = (struct plic *)d;

    return have_context(s, c) ? s->threshold[c] : 0;
}

static void threshold_write(struct device *d, unsigned c, uint64_t v)
{
    struct plic *s = (struct plic *)d;

    if (have_context(s, c)) {
        s->threshold[c] = v & PRIORITY_MAX;
        update_context(s, c);
    }
}

/* The threshold does not concern claims (specification, section 8). */
static uint64_t claim_read(struct device *d, unsigned c)
{
    struct plic *s = (struct plic *)d;
    unsigned source = have_context(s, c) ? best(s, c, 0) : 0;

    if (source) {
        s->pending[source / 32] &= ~(1u << (source % 32));
        s->claimed[source / 32] |= 1u << (source % 32);
        update_source(s, source);
    }
    return source;
}

/* A completion of a source that is not enabled for the context is ignored (section 9). */
static void complete_write(struct device *d, unsigned c, uint64_t source)
{
    struct plic *s = (struct plic *)d;

    if (!have_context(s, c) || source >= s->num_sources ||
        !(s->enable[c * WORDS_MAX + source / 32] >> (source % 32) & 1)) {
        return;
    }
    s->claimed[source / 32] &= ~(1u << (source % 32));
    gateway(s, source);
}

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    struct plic *s = (struct plic *)d;

    if (s->num_sources < 2 || s->num_sources > SOURCES_MAX || !s->num_harts || s->hartid_base >= d->m->cpus->len ||
        s->num_harts > d->m->cpus->len - s->hartid_base) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "plic: num-sources must be 2 to %d and the harts must be there", SOURCES_MAX);
        return false;
    }
    s->num_contexts = 2 * s->num_harts;
    s->num_enable_words = s->num_contexts * WORDS_MAX;
    s->enable = g_new0(uint32_t, s->num_enable_words);
    s->threshold = g_new0(uint32_t, s->num_contexts);
    return true;
}

static void unrealize(struct device *d)
{
    struct plic *s = (struct plic *)d;

    g_clear_pointer(&s->enable, g_free);
    g_clear_pointer(&s->threshold, g_free);
}

/* level is the sources' business: it follows when they update their lines. */
static void reset(struct device *d)
{
    struct plic *s = (struct plic *)d;

    memset(s->priority, 0, sizeof(s->priority));
    memset(s->pending, 0, sizeof(s->pending));
    memset(s->claimed, 0, sizeof(s->claimed));
    memset(s->enable, 0, s->num_enable_words * sizeof(*s->enable));
    memset(s->threshold, 0, s->num_contexts * sizeof(*s->threshold));
}

static const struct reg regs[] = {
    REG_FN(priority, 0x0, 4, .count = SOURCES_MAX, .read_fn = priority_read, .write_fn = priority_write),
    REG_FN(pending, 0x1000, 4, .count = WORDS_MAX, .read_fn = pending_read),
    REG_FN(enable, 0x2000, 4, .count = 0x7f00, .read_fn = enable_read, .write_fn = enable_write),
    REG_FN(threshold, 0x200000, 4, .count = 1024, .stride = 0x1000, .read_fn = threshold_read,
           .write_fn = threshold_write),
    REG_FN(claim, 0x200004, 4, .count = 1024, .stride = 0x1000, .read_fn = claim_read, .write_fn = complete_write),
};

static const struct field state[] = {
    FIELD_ARRAY(struct plic, priority), FIELD_ARRAY(struct plic, pending), FIELD_ARRAY(struct plic, claimed),
    FIELD_ARRAY(struct plic, level), FIELD_POINTER(struct plic, enable, num_enable_words),
    FIELD_POINTER(struct plic, threshold, num_contexts),
};

static const struct prop props[] = {
    PROP_U32(struct plic, num_sources, "num-sources", 96, "sources, counting source 0, which does not exist"),
    PROP_U32(struct plic, num_harts, "num-harts", 1, "number of harts that it serves"),
    PROP_U32(struct plic, hartid_base, "hartid-base", 0, "first hart that it serves"),
};

static const struct host_field host[] = {
    HOST(struct plic, num_contexts), HOST(struct plic, num_enable_words),
};

static const struct mmio_ops limits = { .valid_min = 4, .valid_max = 4 };

const struct device_type plic_type = {
    .name = "riscv.sifive.plic", .help = "RISC-V platform-level interrupt controller",
    .fdt = "sifive,plic-1.0.0\1riscv,plic0", TABLES(struct plic, regs, state, props), HOSTS(host),
    .mmio_size = 0x600000, .mmio = &limits, .realize = realize, .unrealize = unrealize, .reset = reset,
    .update = update, .irq_in = irq_in,
};
