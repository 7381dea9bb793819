/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arm PrimeCell UART PL011 (Technical Reference Manual DDI 0183, r1p5, with the 16-byte FIFOs of r1p4 and before).
 *
 * Region: registers of 32 bits. Output 0: UARTINTR, the combined interrupt. Property chardev: the line; receive flow
 * control by the FIFO's room. The reference clock is 24 MHz, as the boards' device trees say.
 *
 * Not modelled: the time that a character takes (it goes out at once), DMA requests, the separate interrupt outputs,
 * IrDA, parity and framing errors. Characters pass also while UARTEN is clear: bare-metal programs rely on that.
 */
#include <string.h>

#include "chardev/chardev.h"
#include "system/device.h"
#include "system/machine.h"
#include "system/primecell.h"

enum { INT_MODEM = 0xf, INT_RX = 0x10, INT_TX = 0x20, INT_RT = 0x40, INT_BE = 0x200, INT_OE = 0x400, INT_ALL = 0x7ff };
enum { FR_CTS = 1, FR_DSR = 2, FR_DCD = 4, FR_BUSY = 8, FR_RXFE = 0x10, FR_TXFF = 0x20, FR_RXFF = 0x40, FR_TXFE = 0x80,
       FR_RI = 0x100 };
enum { DR_BE = 0x400, DR_OE = 0x800 };
enum { LCR_BRK = 1, LCR_FEN = 0x10 };
enum { CR_LBE = 0x80, CR_DTR = 0x400, CR_RTS = 0x800, CR_OUT1 = 0x1000, CR_OUT2 = 0x2000 };

#define FIFO_ENTRIES 16
#define CLOCK_HZ 24000000u

struct pl011 {
    struct device dev;
    uint32_t rsr, ilpr, ibrd, fbrd, lcr, cr, ifls, imsc, ris, dmacr;
    uint16_t rx[FIFO_ENTRIES];  /* character, and the error bits of UARTDR */
    uint8_t tx[FIFO_ENTRIES];
    uint8_t rx_head, rx_count, tx_head, tx_count;
    bool overrun;               /* characters were lost since the last one read: the next has UARTDR.OE */
    struct timer rx_timeout;
    struct chardev *chardev;
    struct chardev_fe fe;
};

static unsigned fifo_size(const struct pl011 *s)
{
    return s->lcr & LCR_FEN ? FIFO_ENTRIES : 1;
}

/* UARTIFLS: 1/8, 1/4, 1/2, 3/4, 7/8 of the FIFO. */
static unsigned rx_trigger(const struct pl011 *s)
{
    static const uint8_t levels[] = { 2, 4, 8, 12, 14, 14, 14, 14 };

    return s->lcr & LCR_FEN ? levels[s->ifls >> 3 & 7] : 1;
}

static unsigned tx_trigger(const struct pl011 *s)
{
    static const uint8_t levels[] = { 2, 4, 8, 12, 14, 14, 14, 14 };

    return s->lcr & LCR_FEN ? levels[s->ifls & 7] : 0;
}

/* UARTMSR's lines: a null modem, or UARTCR's outputs in loopback. */
static uint32_t modem_lines(const struct pl011 *s)
{
    if (!(s->cr & CR_LBE)) {
        return FR_CTS | FR_DSR | FR_DCD;
    }
    return (s->cr & CR_RTS ? FR_CTS : 0) | (s->cr & CR_DTR ? FR_DSR : 0) | (s->cr & CR_OUT1 ? FR_DCD : 0) |
           (s->cr & CR_OUT2 ? FR_RI : 0);
}

static void update(struct device *d)
{
    struct pl011 *s = (struct pl011 *)d;

    irq_set(&d->irq[0], s->ris & s->imsc);
}

/* ---- receiving ---- */

/* 32 bit periods without a character (TRM 2.8.3). */
static int64_t timeout_ns(const struct pl011 *s)
{
    uint64_t divisor = 64 * (s->ibrd & 0xffff) + (s->fbrd & 0x3f);

    return 32 * MAX(divisor, 64) * 16 * 1000000000ull / 64 / CLOCK_HZ;
}

static void rx_put(struct pl011 *s, uint16_t entry)
{
    if (s->rx_count >= fifo_size(s)) {
        s->overrun = true;
        s->ris |= INT_OE;
        return;
    }
    s->rx[(s->rx_head + s->rx_count++) % FIFO_ENTRIES] = entry | (s->overrun ? DR_OE : 0);
    s->overrun = false;
    if (s->rx_count >= rx_trigger(s)) {
        s->ris |= INT_RX;
    }
    timer_set_ns(&s->rx_timeout, clock_now_ns(s->rx_timeout.clock) + timeout_ns(s));
}

static void timed_out(void *opaque)
{
    struct pl011 *s = opaque;

    if (s->rx_count) {
        s->ris |= INT_RT;
        update(&s->dev);
    }
}

static size_t can_receive(void *opaque)
{
    struct pl011 *s = opaque;
    size_t room;

    machine_lock(s->dev.m);
    room = s->cr & CR_LBE || s->rx_count >= fifo_size(s) ? 0 : fifo_size(s) - s->rx_count;
    machine_unlock(s->dev.m);
    return room;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct pl011 *s = opaque;

    machine_lock(s->dev.m);
    for (size_t i = 0; i < len; i++) {
        rx_put(s, buf[i]);
    }
    update(&s->dev);
    machine_unlock(s->dev.m);
}

static void event(void *opaque, enum chardev_event e)
{
    struct pl011 *s = opaque;

    if (e == CHARDEV_BREAK) {
        machine_lock(s->dev.m);
        rx_put(s, DR_BE);
        s->ris |= INT_BE;
        update(&s->dev);
        machine_unlock(s->dev.m);
    }
}

static void rx_clear(struct pl011 *s)
{
    timer_stop(&s->rx_timeout);
    s->rx_head = s->rx_count = 0;
    s->ris &= ~(INT_RX | INT_RT);
}

static uint64_t data_read(struct device *d, unsigned i)
{
    struct pl011 *s = (struct pl011 *)d;
    uint16_t entry = s->rx[s->rx_head];

    if (!s->rx_count) {
        return 0;
    }
    s->rx_head = (s->rx_head + 1) % FIFO_ENTRIES;
    s->rx_count--;
    s->rsr = entry >> 8;
    if (s->rx_count < rx_trigger(s)) {
        s->ris &= ~INT_RX;
    }
    if (!s->rx_count) {
        s->ris &= ~INT_RT;
        timer_stop(&s->rx_timeout);
    }
    update(d);
    chardev_fe_accept_input(&s->fe);
    return entry;
}

/* ---- transmitting ---- */

/* The transmit interrupt comes when the FIFO's level passes its trigger on the way down (TRM 3.3.10). */
static void tx_drain(struct pl011 *s)
{
    unsigned before = s->tx_count;

    while (s->tx_count) {
        unsigned run = MIN(s->tx_count, FIFO_ENTRIES - s->tx_head);
        size_t taken = chardev_fe_write(&s->fe, s->tx + s->tx_head, run);

        s->tx_head = (s->tx_head + taken) % FIFO_ENTRIES;
        s->tx_count -= taken;
        if (taken < run) {
            break;
        }
    }
    if (before > tx_trigger(s) ? s->tx_count <= tx_trigger(s) : before && !s->tx_count) {
        s->ris |= INT_TX;
    }
}

static void writable(void *opaque)
{
    struct pl011 *s = opaque;

    machine_lock(s->dev.m);
    tx_drain(s);
    update(&s->dev);
    machine_unlock(s->dev.m);
}

static void data_write(struct device *d, unsigned i, uint64_t v)
{
    struct pl011 *s = (struct pl011 *)d;

    s->ris &= ~INT_TX;
    if (s->cr & CR_LBE) {
        rx_put(s, v & 0xff);
        s->ris |= INT_TX;
    } else if (s->tx_count < FIFO_ENTRIES) {
        s->tx[(s->tx_head + s->tx_count++) % FIFO_ENTRIES] = v;
        tx_drain(s);
    }
    update(d);
}

/* ---- the other registers ---- */

static void ecr_write(struct device *d, unsigned i, uint64_t v)
{
    ((struct pl011 *)d)->rsr = 0;
}

static uint64_t flags_read(struct device *d, unsigned i)
{
    struct pl011 *s = (struct pl011 *)d;

    return modem_lines(s) | (s->rx_count ? 0 : FR_RXFE) | (s->rx_count >= fifo_size(s) ? FR_RXFF : 0) |
           (s->tx_count ? FR_BUSY : FR_TXFE) | (s->tx_count >= fifo_size(s) ? FR_TXFF : 0);
}

static void lcr_write(struct device *d, unsigned i, uint64_t v)
{
    struct pl011 *s = (struct pl011 *)d;

    if ((s->lcr ^ v) & LCR_FEN) {
        rx_clear(s);    /* switching the FIFOs empties them */
    }
    if ((v & ~s->lcr) & LCR_BRK) {
        chardev_fe_send_break(&s->fe);
    }
    s->lcr = v & 0xff;
    update(d);
    chardev_fe_accept_input(&s->fe);
}

static void cr_write(struct device *d, unsigned i, uint64_t v)
{
    struct pl011 *s = (struct pl011 *)d;
    uint32_t before = modem_lines(s), changed;
    bool loop_ended = s->cr & ~v & CR_LBE;

    s->cr = v & 0xff87;
    changed = before ^ modem_lines(s);
    /* UARTRIS: ring indicator 0, CTS 1, DCD 2, DSR 3. */
    s->ris |= (changed & FR_RI ? 1 : 0) | (changed & FR_CTS ? 2 : 0) | (changed & FR_DCD ? 4 : 0) |
              (changed & FR_DSR ? 8 : 0);
    update(d);
    if (loop_ended) {
        chardev_fe_accept_input(&s->fe);
    }
}

static uint64_t mis_read(struct device *d, unsigned i)
{
    struct pl011 *s = (struct pl011 *)d;

    return s->ris & s->imsc;
}

static void icr_write(struct device *d, unsigned i, uint64_t v)
{
    ((struct pl011 *)d)->ris &= ~v;
    update(d);
}

static uint64_t id_read(struct device *d, unsigned i)
{
    return primecell_id(0x011, 0x14, i);
}

/* ---- life ---- */

static bool realize(struct device *d, GError **err)
{
    static const struct chardev_fe_ops ops = {
        .can_receive = can_receive, .receive = receive, .event = event, .writable = writable,
    };
    struct pl011 *s = (struct pl011 *)d;

    timer_init(&s->rx_timeout, &d->m->virtual_clock, timed_out, s);
    return chardev_fe_attach(&s->fe, s->chardev, &ops, s, err);
}

static void unrealize(struct device *d)
{
    struct pl011 *s = (struct pl011 *)d;

    timer_free(&s->rx_timeout);
    chardev_fe_detach(&s->fe);
}

static void reset(struct device *d)
{
    struct pl011 *s = (struct pl011 *)d;

    rx_clear(s);
    s->ris = 0;
    s->tx_head = s->tx_count = 0;
    s->overrun = false;
    memset(s->rx, 0, sizeof(s->rx));
    memset(s->tx, 0, sizeof(s->tx));
}

static bool after_load(struct device *d, GError **err)
{
    struct pl011 *s = (struct pl011 *)d;

    if (s->rx_head >= FIFO_ENTRIES || s->rx_count > FIFO_ENTRIES || s->tx_head >= FIFO_ENTRIES ||
        s->tx_count > FIFO_ENTRIES) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "pl011: FIFO positions out of range");
        return false;
    }
    return true;
}

static const struct reg regs[] = {
    REG_FN(dr, 0x00, 4, .read_fn = data_read, .write_fn = data_write),
    REG(struct pl011, rsr, 0x04, .write_fn = ecr_write),
    REG_FN(fr, 0x18, 4, .read_fn = flags_read),
    REG(struct pl011, ilpr, 0x20, .write = ALL8),
    REG(struct pl011, ibrd, 0x24, .write = ALL16),
    REG(struct pl011, fbrd, 0x28, .write = 0x3f),
    REG(struct pl011, lcr, 0x2c, .write_fn = lcr_write),
    REG(struct pl011, cr, 0x30, .reset = 0x300, .write_fn = cr_write),
    REG(struct pl011, ifls, 0x34, .reset = 0x12, .write = 0x3f),
    REG(struct pl011, imsc, 0x38, .write = INT_ALL, .wrote = update),
    REG(struct pl011, ris, 0x3c),
    REG_FN(mis, 0x40, 4, .read_fn = mis_read),
    REG_FN(icr, 0x44, 4, .write_fn = icr_write),
    REG(struct pl011, dmacr, 0x48, .write = 7),
    REG_FN(id, PRIMECELL_ID_AT, 4, .count = 8, .read_fn = id_read),
};

static const struct field state[] = {
    FIELD_ARRAY(struct pl011, rx), FIELD_BYTES(struct pl011, tx), FIELD(struct pl011, rx_head),
    FIELD(struct pl011, rx_count), FIELD(struct pl011, tx_head), FIELD(struct pl011, tx_count),
    FIELD(struct pl011, overrun), TIMER(struct pl011, rx_timeout),
};

static const struct prop props[] = {
    PROP_CHARDEV(struct pl011, chardev, "chardev", "what is at the other end"),
};

static const struct host_field host[] = { HOST(struct pl011, fe) };

const struct device_type pl011_type = {
    .name = "pl011", .help = "Arm PrimeCell UART", .fdt = "arm,pl011\1arm,primecell",
    TABLES(struct pl011, regs, state, props), HOSTS(host), .mmio_size = PRIMECELL_BYTES, .one_reg = true, .irqs = 1,
    .realize = realize, .unrealize = unrealize, .reset = reset, .update = update, .after_load = after_load,
};
