/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local APICs of x86 CPUs, xAPIC and x2APIC (SDM volume 3, chapter 11), and the bus between them.
 *
 * apic-bus: region of 1 MiB at 0xfee00000. An access by CPU n to the first page is to its own APIC; what devices write is
 * a message (11.11). apic: one for each CPU; inputs 0 and 1 are LINT0 (the PICs) and LINT1; drives the CPU's line
 * X86_LINE_INTR and its events. The timer counts nanoseconds.
 *
 * Not modelled: moving the page (the base in IA32_APIC_BASE), thermal and performance counter interrupts, focus processors, EOI-broadcast suppression.
 */
#include <string.h>

#include "system/cpu.h"
#include "system/device.h"
#include "system/machine.h"
#include "system/x86.h"
#include "util/log.h"

#define APICS_MAX 255
#define VERSION 0x14
#define VECTORS_WORDS 8
#define BROADCAST UINT32_MAX

/* Register numbers: the offset in the page >> 4, the MSR less X86_MSR_X2APIC. */
enum { R_ID = 0x02, R_VERSION = 0x03, R_TPR = 0x08, R_APR = 0x09, R_PPR = 0x0a, R_EOI = 0x0b, R_LDR = 0x0d, R_DFR = 0x0e,
       R_SVR = 0x0f, R_ISR = 0x10, R_TMR = 0x18, R_IRR = 0x20, R_ESR = 0x28, R_ICR = 0x30, R_ICR_HIGH = 0x31,
       R_LVT = 0x32, R_INITIAL = 0x38, R_CURRENT = 0x39, R_DIVIDE = 0x3e, R_SELF_IPI = 0x3f };
enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVTS };
enum { LVT_MASKED = 1 << 16, LVT_LEVEL = 1 << 15, LVT_PERIODIC = 1 << 17,
       LVT_TSC_DEADLINE = 1 << 18, LVT_MODE = 7 << 8 };
enum { SVR_ENABLE = 1 << 8 };
enum { MODE_FIXED = 0, MODE_LOWEST = 1, MODE_SMI = 2, MODE_NMI = 4, MODE_INIT = 5, MODE_SIPI = 6, MODE_EXTINT = 7 };
enum { ICR_LOGICAL = 1 << 11, ICR_ASSERT = 1 << 14, ICR_LEVEL = 1 << 15, ICR_SHORTHAND = 3 << 18 };
enum { BASE_BSP = 1 << 8, BASE_X2APIC = 1 << 10, BASE_ENABLE = 1 << 11 };
enum { ESR_SEND_ILLEGAL = 1 << 5, ESR_RECEIVE_ILLEGAL = 1 << 6, ESR_REGISTER = 1 << 7 };
#define BASE_ADDRESS 0xfee00000ull

struct apic_bus;

struct apic {
    struct device dev;
    /* properties */
    uint32_t index;
    struct device *bus_device, *pic;
    /* state */
    uint64_t base;
    uint32_t id;
    uint8_t tpr;
    uint32_t ldr, dfr, svr, esr, esr_latched;
    uint64_t icr;
    uint32_t lvt[LVTS];
    uint32_t isr[VECTORS_WORDS], tmr[VECTORS_WORDS], irr[VECTORS_WORDS];
    uint32_t initial, divide;
    int64_t start_ns, deadline_ns;      /* deadline_ns: 0 for none */
    uint8_t lint;               /* levels of the inputs */
    struct timer timer;
    /* host */
    struct cpu *cpu;
    struct cpu_intc intc;
};

struct apic_bus {
    struct device dev;
    struct device *ioapic;
    struct apic *apics[APICS_MAX];
};

struct message {
    uint32_t dest;
    bool logical, level, self, others;      /* self, others: shorthands beside or instead of dest */
    bool by_dest;
    uint8_t mode, vector;
    bool assert;
};

static struct apic_bus *bus_of(const struct apic *s)
{
    return (struct apic_bus *)s->bus_device;
}

/* ---- vectors ---- */

static void set_bit(uint32_t *v, unsigned n)
{
    v[n / 32] |= 1u << n % 32;
}

static void clear_bit(uint32_t *v, unsigned n)
{
    v[n / 32] &= ~(1u << n % 32);
}

static bool test_bit(const uint32_t *v, unsigned n)
{
    return v[n / 32] >> n % 32 & 1;
}

static int highest(const uint32_t *v)
{
    for (int i = VECTORS_WORDS - 1; i >= 0; i--) {
        if (v[i]) {
            return i * 32 + 31 - __builtin_clz(v[i]);
        }
    }
    return -1;
}

static bool enabled(const struct apic *s)
{
    return (s->base & BASE_ENABLE) && (s->svr & SVR_ENABLE);
}

static uint8_t processor_priority(const struct apic *s)
{
    int in_service = highest(s->isr);
    uint8_t service_class = in_service < 0 ? 0 : in_service & 0xf0;

    return (s->tpr & 0xf0) >= service_class ? s->tpr : service_class;
}

/* The vector that would be taken, -1: none. */
static int deliverable(const struct apic *s)
{
    int v = enabled(s) ? highest(s->irr) : -1;

    return v >= 0 && (v & 0xf0) > (processor_priority(s) & 0xf0) ? v : -1;
}

/* The PICs' line goes straight to the CPU through LINT0, or past an APIC that is off. */
static bool extint(const struct apic *s)
{
    uint32_t lvt = s->lvt[LVT_LINT0];

    if (!(s->lint & 1)) {
        return false;
    }
    return !(s->base & BASE_ENABLE) ? s->index == 0
                                    : !(lvt & LVT_MASKED) && (lvt & LVT_MODE) >> 8 == MODE_EXTINT;
}

static void update(struct device *d)
{
    struct apic *s = (struct apic *)d;

    if (s->cpu) {
        cpu_irq_set(s->cpu, X86_LINE_INTR, deliverable(s) >= 0 || extint(s));
    }
}

static void error(struct apic *s, uint32_t bit);

static void request(struct apic *s, uint8_t vector, bool level)
{
    if (vector < 16) {
        error(s, ESR_RECEIVE_ILLEGAL);
        return;
    }
    set_bit(s->irr, vector);
    if (level) {
        set_bit(s->tmr, vector);
    } else {
        clear_bit(s->tmr, vector);
    }
    update(&s->dev);
}

static void accept(struct apic *s, const struct message *m)
{
    switch (m->mode) {
    case MODE_FIXED:
    case MODE_LOWEST:
        if (enabled(s)) {
            request(s, m->vector, m->level);
        }
        break;
    case MODE_SMI:
        cpu_request(s->cpu, CPU_REQ_SMI);
        break;
    case MODE_NMI:
        cpu_request(s->cpu, CPU_REQ_NMI);
        break;
    case MODE_INIT:
        if (!m->level || m->assert) {
            cpu_request(s->cpu, CPU_REQ_INIT);
        }
        break;
    case MODE_SIPI:
        atomic_store(&s->cpu->sipi_vector, m->vector);
        cpu_request(s->cpu, CPU_REQ_SIPI);
        break;
    case MODE_EXTINT:
        log_unimp("apic: an ExtINT message");
        break;
    default:
        log_guest("apic%u: message with reserved delivery mode %u", s->index, m->mode);
    }
}

static void local_vector(struct apic *s, unsigned n)
{
    uint32_t lvt = s->lvt[n];
    struct message m = { .mode = (lvt & LVT_MODE) >> 8, .vector = lvt, .level = (lvt & LVT_LEVEL) && n == LVT_LINT0,
                         .assert = true };

    if (!(lvt & LVT_MASKED) && m.mode != MODE_EXTINT) {
        accept(s, &m);
    }
}

static void error(struct apic *s, uint32_t bit)
{
    if (!(s->esr_latched & bit)) {
        s->esr_latched |= bit;
        if (s->lvt[LVT_ERROR] & 0xf0) {     /* a vector that would be an error itself does not count */
            local_vector(s, LVT_ERROR);
        }
    }
}

/* ---- messages ---- */

static bool is_x2(const struct apic *s)
{
    return s->base & BASE_X2APIC;
}

static bool matches(const struct apic *s, const struct message *m)
{
    uint32_t broadcast = is_x2(s) ? BROADCAST : 0xff;

    if (!(s->base & BASE_ENABLE)) {
        return false;
    }
    if (m->dest == broadcast || m->dest == BROADCAST) {
        return true;
    }
    if (!m->logical) {
        return m->dest == (is_x2(s) ? s->index : s->id);
    }
    if (is_x2(s)) {
        return m->dest >> 16 == s->ldr >> 16 && (m->dest & s->ldr & 0xffff);
    }
    if (s->dfr >> 28 == 15) {
        return m->dest & s->ldr >> 24;
    }
    return (m->dest >> 4 & 15) == s->ldr >> 28 && (m->dest & s->ldr >> 24 & 15);
}

static void deliver(struct apic_bus *b, struct apic *from, const struct message *m)
{
    struct apic *lowest = NULL;

    for (unsigned i = 0; i < APICS_MAX && b->apics[i]; i++) {
        struct apic *s = b->apics[i];

        if (m->by_dest ? !matches(s, m) : s == from ? !m->self : !m->others) {
            continue;
        }
        if (m->mode != MODE_LOWEST) {
            accept(s, m);
        } else if (enabled(s) && (!lowest || processor_priority(s) < processor_priority(lowest))) {
            lowest = s;
        }
    }
    if (lowest) {
        accept(lowest, m);
    }
}

static void send_ipi(struct apic *s)
{
    uint32_t low = s->icr;
    unsigned shorthand = (low & ICR_SHORTHAND) >> 18;
    struct message m = {
        .dest = is_x2(s) ? s->icr >> 32 : s->icr >> 56, .logical = low & ICR_LOGICAL, .level = low & ICR_LEVEL,
        .assert = low & ICR_ASSERT, .mode = low >> 8 & 7, .vector = low, .by_dest = !shorthand,
        .self = shorthand == 1 || shorthand == 2, .others = shorthand >= 2,
    };

    if ((m.mode == MODE_FIXED || m.mode == MODE_LOWEST) && m.vector < 16) {
        error(s, ESR_SEND_ILLEGAL);
        return;
    }
    m.level &= m.mode == MODE_INIT;     /* of IPIs only INIT has levels */
    if (s->bus_device) {
        deliver(bus_of(s), s, &m);
    }
}

/* ---- timer ---- */

static unsigned divide_shift(const struct apic *s)
{
    return ((s->divide & 3) + (s->divide >> 1 & 4) + 1) & 7;
}

static uint64_t timer_ticks(const struct apic *s)
{
    int64_t ns = clock_now_ns(&s->dev.m->virtual_clock) - s->start_ns;

    return ns > 0 ? (uint64_t)ns >> divide_shift(s) : 0;
}

static bool by_deadline(const struct apic *s)
{
    return s->lvt[LVT_TIMER] & LVT_TSC_DEADLINE;
}

static uint32_t current_count(const struct apic *s)
{
    uint64_t t = timer_ticks(s);

    if (!s->initial || by_deadline(s)) {
        return 0;
    }
    if (s->lvt[LVT_TIMER] & LVT_PERIODIC) {
        return s->initial - t % s->initial;
    }
    return t >= s->initial ? 0 : s->initial - t;
}

static void arm(struct apic *s)
{
    uint64_t period = (uint64_t)s->initial << divide_shift(s);
    int64_t now = clock_now_ns(&s->dev.m->virtual_clock), at = CLOCK_NEVER;

    if (by_deadline(s)) {
        at = s->deadline_ns ? s->deadline_ns : CLOCK_NEVER;
    } else if (s->initial && (s->lvt[LVT_TIMER] & LVT_PERIODIC)) {
        at = s->start_ns + ((now - s->start_ns) / period + 1) * period;
    } else if (s->initial && (uint64_t)(now - s->start_ns) < period) {
        at = s->start_ns + period;
    }
    timer_set_ns(&s->timer, at);
}

static void timer_fired(void *opaque)
{
    struct apic *s = opaque;

    s->deadline_ns = 0;
    local_vector(s, LVT_TIMER);
    arm(s);
}

static void start_timer(struct apic *s)
{
    s->start_ns = clock_now_ns(&s->dev.m->virtual_clock);
    arm(s);
}

/* ---- registers ---- */

static void end_of_interrupt(struct apic *s)
{
    int v = highest(s->isr);
    struct device *ioapic = s->bus_device ? bus_of(s)->ioapic : NULL;

    if (v < 0) {
        return;
    }
    clear_bit(s->isr, v);
    if (test_bit(s->tmr, v) && ioapic) {
        ioapic->type->irq_in(ioapic, X86_IOAPIC_EOI + v, true);
    }
    update(&s->dev);
}

static uint32_t read_reg(struct apic *s, unsigned n)
{
    switch (n) {
    case R_ID:
        return is_x2(s) ? s->index : s->id << 24;
    case R_VERSION:
        return VERSION | (LVTS - 1) << 16;
    case R_TPR:
        return s->tpr;
    case R_APR:
        return 0;
    case R_PPR:
        return processor_priority(s);
    case R_LDR:
        return s->ldr;
    case R_DFR:
        return s->dfr;
    case R_SVR:
        return s->svr;
    case R_ISR ... R_ISR + 7:
        return s->isr[n - R_ISR];
    case R_TMR ... R_TMR + 7:
        return s->tmr[n - R_TMR];
    case R_IRR ... R_IRR + 7:
        return s->irr[n - R_IRR];
    case R_ESR:
        return s->esr;
    case R_ICR:
        return s->icr;
    case R_ICR_HIGH:
        return s->icr >> 32;
    case R_LVT ... R_LVT + LVTS - 1:
        return s->lvt[n - R_LVT];
    case R_INITIAL:
        return s->initial;
    case R_CURRENT:
        return current_count(s);
    case R_DIVIDE:
        return s->divide;
    default:
        error(s, ESR_REGISTER);
        return 0;
    }
}

static void write_lvt(struct apic *s, unsigned n, uint32_t v)
{
    static const uint32_t writable[LVTS] = { 0x700ff, 0x107ff, 0x107ff, 0x1a7ff, 0x1a7ff, 0x100ff };
    bool deadline = by_deadline(s);

    s->lvt[n] = v & writable[n];
    if (!(s->svr & SVR_ENABLE)) {
        s->lvt[n] |= LVT_MASKED;
    }
    if (n == LVT_TIMER) {
        if (by_deadline(s) != deadline) {       /* entering or leaving this mode stops the timer (11.5.4.1) */
            s->initial = 0;
            s->deadline_ns = 0;
        }
        arm(s);
    }
    update(&s->dev);
}

static void write_svr(struct apic *s, uint32_t v)
{
    s->svr = v & 0x1ff;
    if (!(v & SVR_ENABLE)) {
        for (unsigned i = 0; i < LVTS; i++) {
            s->lvt[i] |= LVT_MASKED;
        }
    }
    update(&s->dev);
}

static void write_reg(struct apic *s, unsigned n, uint32_t v)
{
    switch (n) {
    case R_ID:
        s->id = v >> 24;
        break;
    case R_TPR:
        s->tpr = v;
        update(&s->dev);
        break;
    case R_EOI:
        end_of_interrupt(s);
        break;
    case R_LDR:
        s->ldr = v & 0xff000000;
        break;
    case R_DFR:
        s->dfr = v | 0x0fffffff;
        break;
    case R_SVR:
        write_svr(s, v);
        break;
    case R_ESR:
        s->esr = s->esr_latched;
        s->esr_latched = 0;
        break;
    case R_ICR:
        s->icr = (s->icr & ~(uint64_t)UINT32_MAX) | (v & ~(1u << 12));
        send_ipi(s);
        break;
    case R_ICR_HIGH:
        s->icr = (s->icr & UINT32_MAX) | (uint64_t)v << 32;
        break;
    case R_LVT ... R_LVT + LVTS - 1:
        write_lvt(s, n - R_LVT, v);
        break;
    case R_INITIAL:
        if (!by_deadline(s)) {
            s->initial = v;
            start_timer(s);
        }
        break;
    case R_DIVIDE:
        s->divide = v & 11;
        start_timer(s);
        break;
    default:
        error(s, ESR_REGISTER);
    }
}

/* ---- the page ---- */

/* The callbacks lock by themselves: an EOI may make the IOAPIC send a message here. */
static enum mem_result page_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value, struct mem_attrs attrs)
{
    struct apic_bus *b = opaque;
    struct apic *s = attrs.cpu >= 0 && attrs.cpu < APICS_MAX ? b->apics[attrs.cpu] : NULL;

    *value = UINT32_MAX;
    if (s && offset < 0x1000) {
        machine_lock(b->dev.m);
        if ((s->base & BASE_ENABLE) && !is_x2(s)) {
            *value = attrs.debug ? 0 : read_reg(s, offset >> 4);
        }
        machine_unlock(b->dev.m);
    }
    return MEM_OK;
}

static void message_write(struct apic_bus *b, uint32_t addr, uint32_t data)
{
    struct message m = {
        .dest = addr >> 12 & 0xff, .logical = addr & 4, .level = data & ICR_LEVEL, .assert = data & ICR_ASSERT,
        .mode = data >> 8 & 7, .vector = data, .by_dest = true,
    };

    deliver(b, NULL, &m);
}

static enum mem_result page_write(void *opaque, uint64_t offset, unsigned size, uint64_t value, struct mem_attrs attrs)
{
    struct apic_bus *b = opaque;
    struct apic *s = attrs.cpu >= 0 && attrs.cpu < APICS_MAX ? b->apics[attrs.cpu] : NULL;

    machine_lock(b->dev.m);
    if (!s) {
        message_write(b, offset, value);
    } else if (offset < 0x1000 && (s->base & BASE_ENABLE) && !is_x2(s)) {
        write_reg(s, offset >> 4, value);
    }
    machine_unlock(b->dev.m);
    return MEM_OK;
}

static const struct mmio_ops page_ops = {
    .read = page_read, .write = page_write, .impl_min = 4, .impl_max = 4, .own_lock = true,
};

static const struct prop bus_props[] = {
    PROP_LINK(struct apic_bus, ioapic, "ioapic", "the IOAPIC", .internal = true),
};
static const struct host_field bus_host[] = { HOST(struct apic_bus, apics) };

const struct device_type apic_bus_type = {
    .name = "apic-bus", .help = "messages to local APICs", .size = sizeof(struct apic_bus), PROPS(bus_props),
    HOSTS(bus_host), .mmio_size = 0x100000, .mmio = &page_ops,
};

/* ---- the CPU's side ---- */

static struct apic *lock_intc(struct cpu_intc *c)
{
    struct apic *s = (struct apic *)((char *)c - offsetof(struct apic, intc));

    machine_lock(s->dev.m);
    return s;
}

static int intc_acknowledge(struct cpu_intc *c)
{
    struct apic *s = lock_intc(c);
    int v = deliverable(s);

    if (v >= 0) {
        clear_bit(s->irr, v);
        set_bit(s->isr, v);
        update(&s->dev);
    } else if (extint(s) && s->pic && s->pic->type->acknowledge) {
        v = s->pic->type->acknowledge(s->pic);
    }
    machine_unlock(s->dev.m);
    return v;
}

static uint8_t intc_priority(struct cpu_intc *c)
{
    struct apic *s = (struct apic *)((char *)c - offsetof(struct apic, intc));

    return s->tpr >> 4;     /* its own CPU is the only writer */
}

static void intc_set_priority(struct cpu_intc *c, uint8_t cr8)
{
    struct apic *s = lock_intc(c);

    s->tpr = cr8 << 4;
    update(&s->dev);
    machine_unlock(s->dev.m);
}

/* x2APIC is entered from xAPIC mode, and left by switching the APIC off (SDM volume 3, 11.12.5). */
static bool set_base(struct apic *s, uint64_t v)
{
    uint64_t mode = v & (BASE_ENABLE | BASE_X2APIC), old = s->base & (BASE_ENABLE | BASE_X2APIC);

    if (mode == BASE_X2APIC || (old == (BASE_ENABLE | BASE_X2APIC) && mode == BASE_ENABLE) ||
        (!old && mode == (BASE_ENABLE | BASE_X2APIC))) {
        return false;
    }
    if ((v & ~0xfffull) != BASE_ADDRESS) {
        log_unimp("apic: IA32_APIC_BASE with another address than 0xfee00000");
    }
    s->base = BASE_ADDRESS | mode | (s->base & BASE_BSP);
    if (is_x2(s)) {
        s->ldr = s->index >> 4 << 16 | 1u << (s->index & 15);
    }
    update(&s->dev);
    return true;
}

static bool x2_read(struct apic *s, unsigned n, uint64_t *v)
{
    if (!is_x2(s) || n == R_DFR || n == R_ICR_HIGH || n == R_EOI || n == R_SELF_IPI || n > R_SELF_IPI) {
        return false;
    }
    *v = n == R_ICR ? s->icr : read_reg(s, n);
    return true;
}

static bool x2_write(struct apic *s, unsigned n, uint64_t v)
{
    bool read_only = n == R_ID || n == R_VERSION || n == R_PPR || n == R_LDR || (n >= R_ISR && n < R_ESR) ||
                     n == R_CURRENT;

    if (!is_x2(s) || read_only || n == R_DFR || n == R_ICR_HIGH || n > R_SELF_IPI || (n != R_ICR && v >> 32) ||
        ((n == R_EOI || n == R_ESR) && v)) {
        return false;
    }
    if (n == R_ICR) {
        s->icr = v;
        send_ipi(s);
    } else if (n == R_SELF_IPI) {
        request(s, v, false);
    } else {
        write_reg(s, n, v);
    }
    return true;
}

static bool intc_msr_read(struct cpu_intc *c, uint32_t msr, uint64_t *v)
{
    struct apic *s = lock_intc(c);
    bool ok = msr == X86_MSR_APIC_BASE || msr == X86_MSR_TSC_DEADLINE;

    if (ok) {
        *v = msr == X86_MSR_APIC_BASE ? s->base : (uint64_t)s->deadline_ns;
    } else if (msr >= X86_MSR_X2APIC && msr < X86_MSR_X2APIC + 0x100) {
        ok = x2_read(s, msr - X86_MSR_X2APIC, v);
    }
    machine_unlock(s->dev.m);
    return ok;
}

static bool intc_msr_write(struct cpu_intc *c, uint32_t msr, uint64_t v)
{
    struct apic *s = lock_intc(c);
    bool ok = false;

    if (msr == X86_MSR_APIC_BASE) {
        ok = set_base(s, v);
    } else if (msr == X86_MSR_TSC_DEADLINE) {
        ok = true;
        if (by_deadline(s)) {       /* elsewhere writes are ignored */
            s->deadline_ns = v;
            arm(s);
        }
    } else if (msr >= X86_MSR_X2APIC && msr < X86_MSR_X2APIC + 0x100) {
        ok = x2_write(s, msr - X86_MSR_X2APIC, v);
    }
    machine_unlock(s->dev.m);
    return ok;
}

/* Everything but the identity (SDM volume 3, 11.4.7.3). */
static void clear_state(struct apic *s)
{
    s->tpr = 0;
    s->ldr = is_x2(s) ? s->ldr : 0;
    s->dfr = UINT32_MAX;
    s->svr = 0xff;
    s->esr = s->esr_latched = 0;
    s->icr = 0;
    for (unsigned i = 0; i < LVTS; i++) {
        s->lvt[i] = LVT_MASKED;
    }
    if (s->index == 0) {
        s->lvt[LVT_LINT0] = MODE_EXTINT << 8;       /* firmware expects the PICs to work */
    }
    memset(s->isr, 0, sizeof(s->isr));
    memset(s->tmr, 0, sizeof(s->tmr));
    memset(s->irr, 0, sizeof(s->irr));
    s->initial = s->divide = 0;
    s->start_ns = s->deadline_ns = 0;
    timer_stop(&s->timer);
}

static void intc_init(struct cpu_intc *c)
{
    struct apic *s = lock_intc(c);

    clear_state(s);
    update(&s->dev);
    machine_unlock(s->dev.m);
}

/* ---- life ---- */

static void irq_in(struct device *d, unsigned n, bool level)
{
    struct apic *s = (struct apic *)d;
    bool rose = level && !(s->lint >> n & 1);

    s->lint = level ? s->lint | 1u << n : s->lint & ~(1u << n);
    if (rose && (s->base & BASE_ENABLE)) {
        local_vector(s, LVT_LINT0 + (n & 1));
    }
    update(d);
}

static bool realize(struct device *d, GError **err)
{
    struct apic *s = (struct apic *)d;

    timer_init(&s->timer, &d->m->virtual_clock, timer_fired, s);
    if (s->index >= APICS_MAX || s->index >= d->m->cpus->len) {
        timer_free(&s->timer);
        g_set_error(err, g_quark_from_static_string("device"), 0, "apic: only a board can have this device");
        return false;
    }
    s->cpu = d->m->cpus->pdata[s->index];
    s->intc = (struct cpu_intc) {
        .acknowledge = intc_acknowledge, .priority = intc_priority, .set_priority = intc_set_priority,
        .msr_read = intc_msr_read, .msr_write = intc_msr_write, .init = intc_init,
    };
    s->cpu->intc = &s->intc;
    if (s->bus_device) {
        bus_of(s)->apics[s->index] = s;
    }
    return true;
}

static void unrealize(struct device *d)
{
    struct apic *s = (struct apic *)d;

    timer_free(&s->timer);
    if (s->bus_device) {
        bus_of(s)->apics[s->index] = NULL;
    }
    s->cpu->intc = NULL;
}

static void reset(struct device *d)
{
    struct apic *s = (struct apic *)d;

    s->base = BASE_ADDRESS | BASE_ENABLE | (s->index ? 0 : BASE_BSP);
    s->id = s->index;
    s->lint = 0;
    s->ldr = 0;
    clear_state(s);
}

static bool after_load(struct device *d, GError **err)
{
    arm((struct apic *)d);
    return true;
}

static const struct field state[] = {
    FIELD(struct apic, base), FIELD(struct apic, id), FIELD(struct apic, tpr), FIELD(struct apic, ldr),
    FIELD(struct apic, dfr), FIELD(struct apic, svr), FIELD(struct apic, esr), FIELD(struct apic, esr_latched),
    FIELD(struct apic, icr), FIELD_ARRAY(struct apic, lvt), FIELD_ARRAY(struct apic, isr), FIELD_ARRAY(struct apic, tmr),
    FIELD_ARRAY(struct apic, irr), FIELD(struct apic, initial), FIELD(struct apic, divide), FIELD(struct apic, start_ns),
    FIELD(struct apic, deadline_ns), FIELD(struct apic, lint), TIMER(struct apic, timer),
};

static const struct prop props[] = {
    PROP_U32(struct apic, index, "index", 0, "of its CPU", .internal = true),
    PROP_LINK(struct apic, bus_device, "bus-device", "the local APICs' bus", .internal = true),
    PROP_LINK(struct apic, pic, "pic", "the i8259 pair", .internal = true),
};

static const struct host_field host[] = { HOST(struct apic, cpu), HOST(struct apic, intc) };

const struct device_type apic_type = {
    .name = "apic", .help = "local APIC", .size = sizeof(struct apic), STATE(state), PROPS(props), HOSTS(host),
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load,
    .irq_in = irq_in,
};
