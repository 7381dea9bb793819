/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * National Semiconductor PC16550D UART with FIFOs (data sheet, June 1995).
 *
 * Region: eight byte registers. Output 0: interrupt. Property chardev: the line; receive
 * flow control by the FIFO's room. Registers are named as in the data sheet, section 8.
 *
 * Not modelled: the time that a character takes (a character goes out at once; the FIFO's time-out interrupt comes
 * after four character times of the programmed rate), parity and framing errors.
 */
#include <string.h>

#include "chardev/chardev.h"
#include "system/device.h"
#include "system/machine.h"

enum { IER_RDA = 1, IER_THRE = 2, IER_RLS = 4, IER_MS = 8 };
enum { IIR_NONE = 1, IIR_MS = 0, IIR_THRE = 2, IIR_RDA = 4, IIR_RLS = 6, IIR_TIMEOUT = 12, IIR_FIFO = 0xc0 };
enum { FCR_ENABLE = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4 };
enum { LCR_DLAB = 0x80, LCR_BREAK = 0x40 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10 };
enum { LSR_DR = 1, LSR_OE = 2, LSR_BI = 0x10, LSR_THRE = 0x20, LSR_TEMT = 0x40 };
enum { MSR_DELTA = 0x0f, MSR_DCTS = 1, MSR_TERI = 4, MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80 };

#define FIFO_BYTES 16

struct ns16550a {
    struct device dev;
    uint8_t ier, fcr, lcr, mcr, lsr, msr, scr;
    bool thre_pending;          /* the THRE interrupt: set by emptying, cleared by reading IIR */
    bool timeout_pending;
    uint8_t rx[FIFO_BYTES], tx[FIFO_BYTES];
    uint8_t rx_head, rx_count, tx_head, tx_count;
    uint16_t divisor;
    struct timer rx_timeout;
    struct chardev *chardev;
    uint32_t baudbase;
    struct chardev_fe fe;
};

static bool fifos_on(const struct ns16550a *s)
{
    return s->fcr & FCR_ENABLE;
}

static unsigned fifo_size(const struct ns16550a *s)
{
    return fifos_on(s) ? FIFO_BYTES : 1;
}

static unsigned trigger(const struct ns16550a *s)
{
    static const uint8_t levels[] = { 1, 4, 8, 14 };

    return fifos_on(s) ? levels[s->fcr >> 6] : 1;
}

/* The interrupt of the highest priority (table III). */
static uint8_t iir(const struct ns16550a *s)
{
    if ((s->ier & IER_RLS) && (s->lsr & (LSR_OE | LSR_BI))) {
        return IIR_RLS;
    }
    if ((s->ier & IER_RDA) && s->rx_count >= trigger(s)) {
        return IIR_RDA;
    }
    if ((s->ier & IER_RDA) && s->timeout_pending) {
        return IIR_TIMEOUT;
    }
    if ((s->ier & IER_THRE) && s->thre_pending) {
        return IIR_THRE;
    }
    if ((s->ier & IER_MS) && (s->msr & MSR_DELTA)) {
        return IIR_MS;
    }
    return IIR_NONE;
}

static void update(struct device *d)
{
    struct ns16550a *s = (struct ns16550a *)d;

    irq_set(&d->irq[0], iir(s) != IIR_NONE);
}

/* ---- receiving ---- */

/* Four character times, ten bits each. */
static void start_timeout(struct ns16550a *s)
{
    int64_t bit_ns = 1000000000ll * MAX(s->divisor, 1) / MAX(s->baudbase, 1);

    if (fifos_on(s) && s->rx_count) {
        timer_set_ns(&s->rx_timeout, clock_now_ns(s->rx_timeout.clock) + 40 * bit_ns);
    } else {
        timer_stop(&s->rx_timeout);
    }
}

static void timed_out(void *opaque)
{
    struct ns16550a *s = opaque;

    s->timeout_pending = s->rx_count != 0;
    update(&s->dev);
}

static void rx_push(struct ns16550a *s, uint8_t byte)
{
    if (s->rx_count == fifo_size(s)) {
        s->lsr |= LSR_OE;
        if (!fifos_on(s)) {
            s->rx[s->rx_head] = byte;   /* without FIFOs the new character overwrites */
        }
        return;
    }
    s->rx[(s->rx_head + s->rx_count++) % FIFO_BYTES] = byte;
    s->lsr |= LSR_DR;
}

static void rx_clear(struct ns16550a *s)
{
    s->rx_count = 0;
    s->lsr &= ~(LSR_DR | LSR_BI);
    s->timeout_pending = false;
    timer_stop(&s->rx_timeout);
}

static size_t can_receive(void *opaque)
{
    struct ns16550a *s = opaque;
    size_t room;

    machine_lock(s->dev.m);
    room = s->mcr & MCR_LOOP ? 0 : fifo_size(s) - s->rx_count;
    machine_unlock(s->dev.m);
    return room;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct ns16550a *s = opaque;

    machine_lock(s->dev.m);
    for (size_t i = 0; i < len; i++) {
        rx_push(s, buf[i]);
    }
    start_timeout(s);
    update(&s->dev);
    machine_unlock(s->dev.m);
}

static void event(void *opaque, enum chardev_event e)
{
    struct ns16550a *s = opaque;

    if (e == CHARDEV_BREAK) {
        machine_lock(s->dev.m);
        rx_push(s, 0);
        s->lsr |= LSR_BI;
        update(&s->dev);
        machine_unlock(s->dev.m);
    }
}

static uint64_t rbr_read(struct ns16550a *s)
{
    uint8_t byte = s->rx[s->rx_head];

    if (!s->rx_count) {
        return 0;
    }
    s->rx_head = (s->rx_head + 1) % FIFO_BYTES;
    s->timeout_pending = false;
    if (!--s->rx_count) {
        s->lsr &= ~LSR_DR;
    }
    start_timeout(s);
    update(&s->dev);
    chardev_fe_accept_input(&s->fe);
    return byte;
}

/* ---- sending ---- */

/* Hands what waits to the chardev; what that does not take stays until it is writable. */
static void tx_flush(struct ns16550a *s)
{
    while (s->tx_count && chardev_fe_write(&s->fe, &s->tx[s->tx_head], 1)) {
        s->tx_head = (s->tx_head + 1) % FIFO_BYTES;
        s->tx_count--;
    }
    if (!s->tx_count && !(s->lsr & LSR_TEMT)) {
        s->lsr |= LSR_THRE | LSR_TEMT;
        s->thre_pending = true;
    }
}

static void writable(void *opaque)
{
    struct ns16550a *s = opaque;

    machine_lock(s->dev.m);
    tx_flush(s);
    update(&s->dev);
    machine_unlock(s->dev.m);
}

static void thr_write(struct ns16550a *s, uint8_t byte)
{
    s->thre_pending = false;
    if (s->mcr & MCR_LOOP) {
        rx_push(s, byte);
        start_timeout(s);
        s->thre_pending = true;
        update(&s->dev);
        return;
    }
    if (s->tx_count == fifo_size(s)) {
        /* Full: a real FIFO loses the character that does not fit. */
        s->tx_count--;
    }
    s->tx[(s->tx_head + s->tx_count++) % FIFO_BYTES] = byte;
    s->lsr &= ~(LSR_THRE | LSR_TEMT);
    tx_flush(s);
    update(&s->dev);
}

/* ---- registers ---- */

static uint64_t data_read(struct device *d, unsigned i)
{
    struct ns16550a *s = (struct ns16550a *)d;

    return s->lcr & LCR_DLAB ? s->divisor & 0xff : rbr_read(s);
}

static void data_write(struct device *d, unsigned i, uint64_t v)
{
    struct ns16550a *s = (struct ns16550a *)d;

    if (s->lcr & LCR_DLAB) {
        s->divisor = (s->divisor & 0xff00) | v;
    } else {
        thr_write(s, v);
    }
}

static uint64_t ier_read(struct device *d, unsigned i)
{
    struct ns16550a *s = (struct ns16550a *)d;

    return s->lcr & LCR_DLAB ? s->divisor >> 8 : s->ier;
}

static void ier_write(struct device *d, unsigned i, uint64_t v)
{
    struct ns16550a *s = (struct ns16550a *)d;
    uint8_t rising = v & ~s->ier;

    if (s->lcr & LCR_DLAB) {
        s->divisor = (s->divisor & 0xff) | v << 8;
        return;
    }
    s->ier = v & 0x0f;
    /* Enabling the interrupt while the holding register is empty gives one at once. */
    if ((rising & IER_THRE) && (s->lsr & LSR_THRE)) {
        s->thre_pending = true;
    }
    update(d);
}

static uint64_t iir_read(struct device *d, unsigned i)
{
    struct ns16550a *s = (struct ns16550a *)d;
    uint8_t v = iir(s);

    if (v == IIR_THRE) {
        s->thre_pending = false;
        update(d);
    }
    return v | (fifos_on(s) ? IIR_FIFO : 0);
}

static void fcr_write(struct device *d, unsigned i, uint64_t v)
{
    struct ns16550a *s = (struct ns16550a *)d;
    bool toggled = (v ^ s->fcr) & FCR_ENABLE;

    if (toggled || (v & FCR_CLEAR_RX)) {
        rx_clear(s);
    }
    if (toggled || (v & FCR_CLEAR_TX)) {
        s->tx_count = 0;
        s->lsr |= LSR_THRE | LSR_TEMT;
        s->thre_pending = true;
    }
    s->fcr = v & FCR_ENABLE ? v & 0xc9 : 0;
    update(d);
    chardev_fe_accept_input(&s->fe);
}

static void lcr_write(struct device *d, unsigned i, uint64_t v)
{
    struct ns16550a *s = (struct ns16550a *)d;

    if ((v & ~s->lcr) & LCR_BREAK) {
        chardev_fe_send_break(&s->fe);
    }
    s->lcr = v;
}

static uint8_t modem_lines(const struct ns16550a *s)
{
    if (!(s->mcr & MCR_LOOP)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;     /* a null modem */
    }
    return (s->mcr & MCR_RTS ? MSR_CTS : 0) | (s->mcr & MCR_DTR ? MSR_DSR : 0) | (s->mcr & MCR_OUT1 ? MSR_RI : 0) |
           (s->mcr & MCR_OUT2 ? MSR_DCD : 0);
}

static void mcr_write(struct device *d, unsigned i, uint64_t v)
{
    struct ns16550a *s = (struct ns16550a *)d;
    bool loop_ended = s->mcr & ~v & MCR_LOOP;
    uint8_t lines, changed;

    s->mcr = v & 0x1f;
    lines = modem_lines(s);
    changed = (lines ^ s->msr) & 0xf0;
    /* Deltas stand four bits below the lines; the ring indicator counts its trailing edge only. */
    if (changed & MSR_RI & lines) {
        changed &= ~MSR_RI;
    }
    s->msr = lines | (s->msr & MSR_DELTA) | changed >> 4;
    update(d);
    if (loop_ended) {
        chardev_fe_accept_input(&s->fe);
    }
}

static uint64_t lsr_read(struct device *d, unsigned i)
{
    struct ns16550a *s = (struct ns16550a *)d;
    uint8_t v = s->lsr;

    if (v & (LSR_OE | LSR_BI)) {
        s->lsr &= ~(LSR_OE | LSR_BI);
        update(d);
    }
    return v;
}

static uint64_t msr_read(struct device *d, unsigned i)
{
    struct ns16550a *s = (struct ns16550a *)d;
    uint8_t v = s->msr;

    if (v & MSR_DELTA) {
        s->msr &= ~MSR_DELTA;
        update(d);
    }
    return v;
}

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    static const struct chardev_fe_ops ops = {
        .can_receive = can_receive, .receive = receive, .event = event, .writable = writable,
    };
    struct ns16550a *s = (struct ns16550a *)d;

    timer_init(&s->rx_timeout, &d->m->virtual_clock, timed_out, s);
    return chardev_fe_attach(&s->fe, s->chardev, &ops, s, err);
}

static void unrealize(struct device *d)
{
    struct ns16550a *s = (struct ns16550a *)d;

    timer_free(&s->rx_timeout);
    chardev_fe_detach(&s->fe);
}

static void reset(struct device *d)
{
    struct ns16550a *s = (struct ns16550a *)d;

    rx_clear(s);
    s->fcr = 0;
    s->rx_head = s->tx_head = s->tx_count = 0;
    memset(s->rx, 0, sizeof(s->rx));
    memset(s->tx, 0, sizeof(s->tx));
    s->thre_pending = false;
    s->divisor = 12;    /* 9600 baud */
    s->lsr = LSR_THRE | LSR_TEMT;
    s->msr = MSR_CTS | MSR_DSR | MSR_DCD;
}

static const struct reg regs[] = {
    REG_FN(rbr_thr, 0, 1, .read_fn = data_read, .write_fn = data_write),
    REG(struct ns16550a, ier, 1, .read_fn = ier_read, .write_fn = ier_write),
    REG_FN(iir_fcr, 2, 1, .read_fn = iir_read, .write_fn = fcr_write),
    REG(struct ns16550a, lcr, 3, .write_fn = lcr_write),
    REG(struct ns16550a, mcr, 4, .write_fn = mcr_write, .reset = MCR_OUT2),
    REG(struct ns16550a, lsr, 5, .read_fn = lsr_read, .reset = LSR_THRE | LSR_TEMT),
    REG(struct ns16550a, msr, 6, .read_fn = msr_read, .reset = MSR_CTS | MSR_DSR | MSR_DCD),
    REG(struct ns16550a, scr, 7, .write = ALL8),
};

static const struct field state[] = {
    FIELD(struct ns16550a, fcr), FIELD(struct ns16550a, thre_pending), FIELD(struct ns16550a, timeout_pending),
    FIELD_BYTES(struct ns16550a, rx), FIELD_BYTES(struct ns16550a, tx), FIELD(struct ns16550a, rx_head),
    FIELD(struct ns16550a, rx_count), FIELD(struct ns16550a, tx_head), FIELD(struct ns16550a, tx_count),
    FIELD(struct ns16550a, divisor), TIMER(struct ns16550a, rx_timeout),
};

static const struct prop props[] = {
    PROP_CHARDEV(struct ns16550a, chardev, "chardev", "what is at the other end"),
    PROP_U32(struct ns16550a, baudbase, "baudbase", 230400, "baud rate at divisor 1"),
};

static const struct host_field host[] = { HOST(struct ns16550a, fe) };

static bool after_load(struct device *d, GError **err)
{
    struct ns16550a *s = (struct ns16550a *)d;

    if (s->rx_head >= FIFO_BYTES || s->rx_count > FIFO_BYTES || s->tx_head >= FIFO_BYTES || s->tx_count > FIFO_BYTES) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "ns16550a: FIFO positions out of range");
        return false;
    }
    return true;
}

const struct device_type ns16550a_type = {
    .name = "ns16550a", .help = "16550A UART", .fdt = "ns16550a", TABLES(struct ns16550a, regs, state, props),
    HOSTS(host), .mmio_size = 0x100, .one_reg = true, .irqs = 1, .realize = realize, .unrealize = unrealize,
    .reset = reset, .update = update, .after_load = after_load,
};
