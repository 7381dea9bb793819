/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RISC-V ACLINT (Advanced Core Local Interruptor, specification 1.0-rc4): the machine-level timer (MTIMER) and the
 * software interrupt devices (MSWI, SSWI). MSWI at 0 and MTIMER at 0x4000 together are SiFive's CLINT.
 *
 * riscv.aclint.mtimer: region 0x8000 bytes: mtimecmp of hart hartid-base + i at 8 * i, mtime at 0x7ff8. Drives the
 * harts' MTIP lines (7), is their time CSR, and wakes them at stimecmp (system/cpu.h, time_arm). Time is the machine's
 * virtual clock times timebase-frequency.
 * riscv.aclint.swi: region 0x4000 bytes: msip (or with sswi=on setssip) of hart i at 4 * i. Drives MSIP (3), or pulses
 * SSIP (1), which the hart latches.
 */
#include "hw/intc/aclint.h"

#include "system/cpu.h"
#include "system/machine.h"
#include "util/log.h"

enum { LINE_SSIP = 1, LINE_MSIP = 3, LINE_MTIP = 7 };

/* ---- MTIMER ---- */

struct mtimer;

/* What one hart waits for. */
struct mtimer_hart {
    struct mtimer *s;
    struct cpu *cpu;
    struct timer compare;   /* mtimecmp */
    struct timer arm;       /* stimecmp, at the hart's wish */
};

struct mtimer {
    struct device dev;
    uint32_t hartid_base, num_harts, hz;
    _Atomic uint64_t delta;         /* mtime - ticks of the virtual clock */
    uint64_t *timecmp;
    struct mtimer_hart *harts;
};

static uint64_t mtime(void *opaque)
{
    struct mtimer *s = opaque;

    return clock_ns_to_ticks(clock_now_ns(&s->dev.m->virtual_clock), s->hz) +
           atomic_load_explicit(&s->delta, memory_order_relaxed);
}

/* When mtime will be at, on the virtual clock; 0 (at once) where it is already. The time is read once: mtime may reach
 * `at` between a caller's look and this one, and the difference must not wrap to "never". */
static int64_t deadline_ns(struct mtimer *s, uint64_t at)
{
    uint64_t now = mtime(s), left = at - now;
    uint64_t ticks = now - atomic_load(&s->delta);

    if (at <= now) {
        return 0;
    }
    return left > UINT64_MAX - ticks ? CLOCK_NEVER : clock_ticks_to_ns(ticks + left, s->hz);
}

static void update_hart(struct mtimer *s, unsigned i)
{
    struct mtimer_hart *h = &s->harts[i];
    bool due = mtime(s) >= s->timecmp[i];

    timer_set_ns(&h->compare, due ? CLOCK_NEVER : deadline_ns(s, s->timecmp[i]));
    cpu_irq_set(h->cpu, LINE_MTIP, due);
}

static void compare_fired(void *opaque)
{
    struct mtimer_hart *h = opaque;

    update_hart(h->s, h - h->s->harts);
}

static void arm_fired(void *opaque)
{
    struct mtimer_hart *h = opaque;

    h->cpu->type->timer_due(h->cpu);
}

static void time_arm(void *opaque, struct cpu *cpu, uint64_t at)
{
    struct mtimer *s = opaque;
    struct mtimer_hart *h = &s->harts[cpu->index - s->hartid_base];

    timer_set_ns(&h->arm, at == UINT64_MAX ? CLOCK_NEVER : deadline_ns(s, at));
}

static void mtimer_update(struct device *d)
{
    struct mtimer *s = (struct mtimer *)d;

    for (unsigned i = 0; i < s->num_harts; i++) {
        update_hart(s, i);
    }
}

static enum mem_result mtimer_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    struct mtimer *s = opaque;
    uint64_t reg = 0;

    if ((offset & ~7) == ACLINT_MTIME) {
        reg = mtime(s);
    } else if (offset / 8 < s->num_harts) {
        reg = s->timecmp[offset / 8];
    } else {
        log_guest("aclint-mtimer: read of no register at 0x%" G_GINT64_MODIFIER "x", offset);
    }
    *value = reg >> (8 * (offset & 7));
    return MEM_OK;
}

/* old with size bytes from byte offset on replaced. */
static uint64_t merge(uint64_t old, uint64_t offset, unsigned size, uint64_t value)
{
    return size == 8 ? value : offset & 4 ? (old & UINT32_MAX) | value << 32 : (old & ~(uint64_t)UINT32_MAX) | value;
}

static enum mem_result mtimer_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct mtimer *s = opaque;
    unsigned hart = offset / 8;

    if ((offset & ~7) == ACLINT_MTIME) {
        uint64_t now = mtime(s);

        atomic_store(&s->delta, atomic_load(&s->delta) + merge(now, offset, size, value) - now);
        mtimer_update(&s->dev);
    } else if (hart < s->num_harts) {
        s->timecmp[hart] = merge(s->timecmp[hart], offset, size, value);
        update_hart(s, hart);
    } else {
        log_guest("aclint-mtimer: write to no register at 0x%" G_GINT64_MODIFIER "x", offset);
    }
    return MEM_OK;
}

static bool check_harts(struct device *d, uint32_t base, uint32_t count, uint32_t max, GError **err)
{
    if (count && count <= max && base < d->m->cpus->len && count <= d->m->cpus->len - base) {
        return true;
    }
    g_set_error(err, g_quark_from_static_string("device"), 0, "%s: harts %u to %u are not all there, or more than %u",
                d->type->name, base, base + count - 1, max);
    return false;
}

static bool mtimer_realize(struct device *d, GError **err)
{
    struct mtimer *s = (struct mtimer *)d;

    if (!check_harts(d, s->hartid_base, s->num_harts, ACLINT_MTIME / 8, err)) {
        return false;
    }
    if (!s->hz) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "%s: timebase-freq must be at least 1",
                    d->type->name);
        return false;
    }
    s->timecmp = g_new(uint64_t, s->num_harts);
    s->harts = g_new0(struct mtimer_hart, s->num_harts);
    for (unsigned i = 0; i < s->num_harts; i++) {
        struct mtimer_hart *h = &s->harts[i];

        s->timecmp[i] = UINT64_MAX;
        h->s = s;
        h->cpu = d->m->cpus->pdata[s->hartid_base + i];
        h->cpu->time_read = mtime;
        h->cpu->time_arm = time_arm;
        h->cpu->time_opaque = s;
        timer_init(&h->compare, &d->m->virtual_clock, compare_fired, h);
        timer_init(&h->arm, &d->m->virtual_clock, arm_fired, h);
    }
    return true;
}

static void mtimer_unrealize(struct device *d)
{
    struct mtimer *s = (struct mtimer *)d;

    for (unsigned i = 0; i < s->num_harts; i++) {
        timer_free(&s->harts[i].compare);
        timer_free(&s->harts[i].arm);
        s->harts[i].cpu->time_read = NULL;
        s->harts[i].cpu->time_arm = NULL;
    }
    g_clear_pointer(&s->harts, g_free);
    g_clear_pointer(&s->timecmp, g_free);
}

static void mtimer_reset(struct device *d)
{
    struct mtimer *s = (struct mtimer *)d;

    for (unsigned i = 0; i < s->num_harts; i++) {
        s->timecmp[i] = UINT64_MAX;
    }
    atomic_store(&s->delta, -clock_ns_to_ticks(clock_now_ns(&d->m->virtual_clock), s->hz));
}

static const struct field mtimer_state[] = {
    FIELD(struct mtimer, delta),
    FIELD_POINTER(struct mtimer, timecmp, num_harts),
};

static const struct prop mtimer_props[] = {
    PROP_U32(struct mtimer, hartid_base, "hartid-base", 0, "first hart that it serves"),
    PROP_U32(struct mtimer, num_harts, "num-harts", 1, "number of harts that it serves"),
    PROP_U32(struct mtimer, hz, "timebase-freq", 10000000, "ticks of mtime per second"),
};

static const struct host_field mtimer_host[] = { HOST(struct mtimer, harts) };

static const struct mmio_ops mtimer_ops = {
    .read = mtimer_read, .write = mtimer_write, .valid_min = 4, .valid_max = 8,
};

const struct device_type aclint_mtimer_type = {
    .name = "riscv.aclint.mtimer", .help = "RISC-V ACLINT machine timer", .fdt = "riscv,aclint-mtimer",
    .size = sizeof(struct mtimer), STATE(mtimer_state), PROPS(mtimer_props), HOSTS(mtimer_host),
    .mmio_size = ACLINT_MTIMER_SIZE, .mmio = &mtimer_ops, .realize = mtimer_realize, .unrealize = mtimer_unrealize,
    .reset = mtimer_reset, .update = mtimer_update,
};

/* ---- MSWI and SSWI ---- */

struct swi {
    struct device dev;
    uint32_t hartid_base, num_harts;
    bool supervisor;
    uint32_t *msip;
};

static struct cpu *swi_cpu(struct swi *s, unsigned i)
{
    return s->dev.m->cpus->pdata[s->hartid_base + i];
}

static enum mem_result swi_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct swi *s = opaque;

    *value = offset / 4 < s->num_harts ? s->msip[offset / 4] : 0;
    return MEM_OK;
}

static enum mem_result swi_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct swi *s = opaque;
    unsigned i = offset / 4;

    if (i >= s->num_harts) {
        log_guest("aclint-swi: write to no register at 0x%" G_GINT64_MODIFIER "x", offset);
    } else if (!s->supervisor) {
        s->msip[i] = value & 1;
        cpu_irq_set(swi_cpu(s, i), LINE_MSIP, value & 1);
    } else if (value & 1) {
        /* setssip reads as 0; what it sets is the hart's own SSIP bit, which the hart clears. */
        cpu_irq_set(swi_cpu(s, i), LINE_SSIP, true);
        cpu_irq_set(swi_cpu(s, i), LINE_SSIP, false);
    }
    return MEM_OK;
}

static bool swi_realize(struct device *d, GError **err)
{
    struct swi *s = (struct swi *)d;

    if (!check_harts(d, s->hartid_base, s->num_harts, ACLINT_SWI_SIZE / 4 - 1, err)) {
        return false;
    }
    s->msip = g_new0(uint32_t, s->num_harts);
    return true;
}

static void swi_unrealize(struct device *d)
{
    g_clear_pointer(&((struct swi *)d)->msip, g_free);
}

static void swi_reset(struct device *d)
{
    struct swi *s = (struct swi *)d;

    for (unsigned i = 0; i < s->num_harts; i++) {
        s->msip[i] = 0;
    }
}

static void swi_update(struct device *d)
{
    struct swi *s = (struct swi *)d;

    for (unsigned i = 0; i < s->num_harts && !s->supervisor; i++) {
        cpu_irq_set(swi_cpu(s, i), LINE_MSIP, s->msip[i]);
    }
}

static const struct field swi_state[] = { FIELD_POINTER(struct swi, msip, num_harts) };

static const struct prop swi_props[] = {
    PROP_U32(struct swi, hartid_base, "hartid-base", 0, "first hart that it serves"),
    PROP_U32(struct swi, num_harts, "num-harts", 1, "number of harts that it serves"),
    PROP_BOOL(struct swi, supervisor, "sswi", false, "supervisor-level software interrupts"),
};

/* The cores' accesses to each other's msip are the hot path of IPIs; a word each. */
static const struct mmio_ops swi_ops = { .read = swi_read, .write = swi_write, .valid_min = 4, .valid_max = 4 };

const struct device_type aclint_swi_type = {
    .name = "riscv.aclint.swi", .help = "RISC-V ACLINT software interrupts", .fdt = "riscv,aclint-mswi",
    .size = sizeof(struct swi), STATE(swi_state), PROPS(swi_props), .mmio_size = ACLINT_SWI_SIZE, .mmio = &swi_ops,
    .realize = swi_realize, .unrealize = swi_unrealize, .reset = swi_reset, .update = swi_update,
};
