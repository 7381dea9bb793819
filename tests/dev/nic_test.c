/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulated network cards between a driver of the test's and a back end that remembers frames. */
#include <string.h>

#include "hw/net/e1000.h"
#include "net/net_impl.h"
#include "tests/dev/pci_rig.h"

#define RING 0x0000                 /* in RAM: descriptors to send, to receive; buffers */
#define RX_RING 0x1000
#define DATA 0x4000
#define AT(o) (RIG_RAM + (o))

static const uint8_t our_mac[6] = { 0x52, 0x54, 0, 1, 2, 3 }, other_mac[6] = { 0x52, 0x54, 0, 9, 9, 9 };

struct card {
    struct pci_rig p;
    struct net_set *set;
    struct net_client *nc;
    struct net_type type;
};

static struct {
    uint8_t frame[64][2048];
    size_t len[64];
    unsigned count;
} sent;

static bool capture(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    if (sent.count < G_N_ELEMENTS(sent.frame)) {
        sent.len[sent.count] = len;
        memcpy(sent.frame[sent.count], frame, MIN(len, sizeof(sent.frame[0])));
    }
    sent.count++;
    return true;
}

static void card_open(struct card *c, const char *model)
{
    struct options *o = options_parse("-netdev", "none,id=n0", "type", NULL);
    GError *err = NULL;

    memset(&sent, 0, sizeof(sent));
    c->set = net_set_new();
    c->nc = net_client_new(c->set, o, &err);
    g_assert_no_error(err);
    options_free(o);
    c->type = *c->nc->type;
    c->type.send = capture;
    c->nc->type = &c->type;
    pci_rig_new(&c->p, model, true);
    device_set_pointer(&c->p.d->dev, "netdev", c->nc);
    device_set_text(&c->p.d->dev, "mac", "52:54:00:01:02:03");
    g_assert_true(pci_rig_start(&c->p, &err));
}

/* Lets the main loop deliver; its callbacks take the lock. */
static void pump(struct card *c)
{
    machine_unlock(c->p.r.m);
    while (g_main_context_iteration(NULL, false)) {
    }
    machine_lock(c->p.r.m);
}

static void card_close(struct card *c)
{
    pci_rig_free(&c->p);
    net_set_free(c->set);
}

static uint8_t *ram(struct card *c, unsigned at)
{
    return c->p.r.ram_host + at;
}

static uint32_t reg(struct card *c, unsigned offset)
{
    return pci_rig_read(&c->p, 0, offset, 4);
}

static void set(struct card *c, unsigned offset, uint32_t v)
{
    pci_rig_write(&c->p, 0, offset, 4, v);
}

static void fill(uint8_t *f, const uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        f[i] = i * 7;
    }
    memcpy(f, to, 6);
    memcpy(f + 6, our_mac, 6);
    f[12] = 0x88;
    f[13] = 0xb5;
}

static void arrive(struct card *c, const uint8_t *to, size_t len)
{
    static uint8_t f[4096];

    fill(f, to, len);
    machine_unlock(c->p.r.m);
    net_deliver(c->nc, NULL, f, len);
    net_deliver_end(c->nc);
    machine_lock(c->p.r.m);
}

/* ---- e1000, e1000e ---- */

static void e1000_rings(struct card *c)
{
    set(c, E1000_TDBAL, AT(RING));
    set(c, E1000_TDLEN, 128 * 2);
    set(c, E1000_TCTL, 2);
    set(c, E1000_RDBAL, AT(RX_RING));
    set(c, E1000_RDLEN, 128);
    for (unsigned i = 0; i < 8; i++) {
        pci_put32(ram(c, RX_RING + 16 * i), AT(DATA + 0x4000 + 0x800 * i));
    }
    set(c, E1000_RCTL, 2 | 1 << 15);
    set(c, E1000_RDT, 7);
}

static void descriptor(struct card *c, unsigned n, uint32_t addr, uint32_t lower, uint32_t upper)
{
    pci_put32(ram(c, RING + 16 * n), addr);
    pci_put32(ram(c, RING + 16 * n + 4), 0);
    pci_put32(ram(c, RING + 16 * n + 8), lower);
    pci_put32(ram(c, RING + 16 * n + 12), upper);
}

static void e1000_exchanges_frames(gconstpointer model)
{
    uint8_t expected[1500];
    struct card c;

    card_open(&c, model);
    e1000_rings(&c);
    set(&c, E1000_IMS, E1000_TXDW | E1000_RXT0);
    fill(ram(&c, DATA), other_mac, 1000);
    descriptor(&c, 0, AT(DATA), 600, 0);                          /* two pieces of one frame */
    descriptor(&c, 1, AT(DATA + 600), 400 | 9u << 24, 0);         /* EOP, RS */
    set(&c, E1000_TDT, 2);
    pump(&c);
    fill(expected, other_mac, 1000);
    g_assert_cmpuint(sent.count, ==, 1);
    g_assert_cmpmem(sent.frame[0], sent.len[0], expected, 1000);
    g_assert_cmphex(*ram(&c, RING + 28), ==, 1);
    g_assert_true(pci_rig_pin(&c.p));
    g_assert_cmphex(reg(&c, E1000_ICR) & E1000_TXDW, ==, E1000_TXDW);
    g_assert_false(pci_rig_pin(&c.p));

    arrive(&c, our_mac, 500);
    arrive(&c, other_mac, 500);                                         /* not ours */
    fill(expected, our_mac, 500);
    g_assert_cmpmem(ram(&c, DATA + 0x4000), 500, expected, 500);
    g_assert_cmphex(pci_get16(ram(&c, RX_RING + 8)), ==, 504);          /* with its FCS */
    g_assert_cmphex(*ram(&c, RX_RING + 12) & 3, ==, 3);
    g_assert_cmphex(*ram(&c, RX_RING + 28), ==, 0);
    g_assert_true(pci_rig_pin(&c.p));
    g_assert_cmpuint(reg(&c, E1000_RDH), ==, 1);
    for (unsigned i = 0; i < 8; i++) {
        arrive(&c, our_mac, 100);
    }
    g_assert_cmpuint(reg(&c, E1000_RDH), ==, 7);                        /* full: the others wait */
    set(&c, E1000_RDT, 3);
    pump(&c);
    g_assert_cmpuint(reg(&c, E1000_RDH), ==, 1);
    card_close(&c);
}

/* TCP over IPv4 with 2500 bytes of payload, in segments of 1000. */
static void e1000_cuts_segments(gconstpointer model)
{
    uint8_t *f;
    struct card c;

    card_open(&c, model);
    e1000_rings(&c);
    f = ram(&c, DATA);
    fill(f, other_mac, 54 + 2500);
    f[12] = 0x08;
    f[13] = 0x00;
    memset(f + 14, 0, 40);
    f[14] = 0x45;
    f[22] = 64;
    f[23] = 6;
    f[47] = 0x19;                       /* ACK, PSH, FIN */
    f[46] = 0x50;
    memset(ram(&c, RING), 0, 64);
    memcpy(ram(&c, RING), ((uint8_t[16]) { 14, 24, 33, 0, 34, 50, 0, 0, 2500 & 0xff, 2500 >> 8, 0, 0x27, 0, 54, 1000 & 0xff,
                                           1000 >> 8 }), 16);
    descriptor(&c, 1, AT(DATA), (54 + 2500) | 1u << 20 | 0x2du << 24, 3 << 8);
    set(&c, E1000_TDT, 2);
    pump(&c);
    g_assert_cmpuint(sent.count, ==, 3);
    g_assert_cmpuint(sent.len[0], ==, 1054);
    g_assert_cmpuint(sent.len[2], ==, 554);
    for (unsigned i = 0; i < 3; i++) {
        uint8_t *s = sent.frame[i];
        unsigned len = sent.len[i];

        g_assert_cmpuint(s[16] << 8 | s[17], ==, len - 14);
        g_assert_cmpuint(s[18] << 8 | s[19], ==, i);
        g_assert_cmpuint(s[40] << 8 | s[41], ==, 1000 * i);
        g_assert_cmphex(s[47], ==, i == 2 ? 0x19 : 0x10);
        g_assert_cmphex(nic_fold(nic_sum(s + 14, 20, 0)), ==, 0);       /* IP's checksum is right */
        /* TCP's: its field began as 0 instead of the pseudo header's sum, so the sum of all is that of the length */
        g_assert_cmphex(nic_fold(nic_sum(s + 34, len - 34, 0)), ==, len - 34);
        g_assert_cmpmem(s + 54, len - 54, f + 54 + 1000 * i, len - 54);
    }
    card_close(&c);
}

static void e1000_reads_its_eeprom(void)
{
    struct card c;
    uint16_t v = 0, sum = 0;

    card_open(&c, "e1000");
    for (unsigned i = 0; i < 64; i++) {
        set(&c, E1000_EERD, i << 8 | 1);
        v = reg(&c, E1000_EERD) >> 16;
        sum += v;
        if (i < 3) {
            g_assert_cmphex(v, ==, our_mac[2 * i] | our_mac[2 * i + 1] << 8);
        }
    }
    g_assert_cmphex(sum, ==, 0xbaba);
    /* word 1 by the serial interface: chip select, 110 000001, sixteen clocks */
    set(&c, E1000_EECD, 0x40);
    g_assert_cmphex(reg(&c, E1000_EECD) & 0x80, ==, 0x80);
    set(&c, E1000_EECD, 0x42);
    for (int i = 8; i >= 0; i--) {
        unsigned bit = 0x181 >> i & 1;

        set(&c, E1000_EECD, 0x42 | bit << 2);
        set(&c, E1000_EECD, 0x43 | bit << 2);
        set(&c, E1000_EECD, 0x42 | bit << 2);
    }
    v = 0;
    for (unsigned i = 0; i < 16; i++) {
        set(&c, E1000_EECD, 0x43);
        v = v << 1 | (reg(&c, E1000_EECD) >> 3 & 1);
        set(&c, E1000_EECD, 0x42);
    }
    g_assert_cmphex(v, ==, our_mac[2] | our_mac[3] << 8);
    g_assert_cmphex(reg(&c, E1000_RA), ==, 0x01005452);
    set(&c, E1000_MDIC, 1 << 27 | 1 << 21 | 2 << 16);
    g_assert_cmphex(reg(&c, E1000_MDIC), ==, 0x18220141);
    card_close(&c);
}

static void e1000e_sends_messages_by_cause(void)
{
    struct card c;

    card_open(&c, "e1000e");
    e1000_rings(&c);
    for (unsigned i = 0; i < 5; i++) {
        pci_rig_write(&c.p, 3, 16 * i, 8, AT(0xf000 + 8 * i));
        pci_rig_write(&c.p, 3, 16 * i + 8, 4, 0x100 + i);
        pci_rig_write(&c.p, 3, 16 * i + 12, 4, 0);
    }
    pci_rig_set_config(&c.p, c.p.d->msix_cap + 2, 2, 0x8000);
    set(&c, E1000_IVAR, 0x8 | 0x900 | 0xa0000);                         /* receive 0, send 1, others 2 */
    set(&c, E1000_EIAC, 0x01f00000);
    set(&c, E1000_IMS, E1000_RXQ0 | E1000_TXQ0 | E1000_OTHER);
    arrive(&c, our_mac, 100);
    g_assert_cmphex(pci_get32(ram(&c, 0xf000)), ==, 0x100);
    g_assert_cmphex(pci_get32(ram(&c, 0xf008)), ==, 0);
    g_assert_cmphex(reg(&c, E1000_IMS) & E1000_RXQ0, ==, 0);            /* it masks itself */
    pci_put32(ram(&c, 0xf000), 0);
    arrive(&c, our_mac, 100);
    g_assert_cmphex(pci_get32(ram(&c, 0xf000)), ==, 0);
    set(&c, E1000_IMS, E1000_RXQ0);
    g_assert_cmphex(pci_get32(ram(&c, 0xf000)), ==, 0x100);
    set(&c, E1000_ICS, E1000_LSC);
    g_assert_cmphex(pci_get32(ram(&c, 0xf010)), ==, 0x102);
    g_assert_false(pci_rig_pin(&c.p));
    card_close(&c);
}

/* ---- rtl8139 ---- */

enum { R_TSD = 0x10, R_TSAD = 0x20, R_RBSTART = 0x30, R_CR = 0x37, R_CAPR = 0x38, R_IMR = 0x3c, R_ISR = 0x3e, R_RCR = 0x44,
       R_POLL = 0xd9, R_CPCR = 0xe0, R_RDSAR = 0xe4 };

static uint32_t port(struct card *c, unsigned offset, unsigned size)
{
    return pci_rig_read(&c->p, 0, offset, size);
}

static void set_port(struct card *c, unsigned offset, unsigned size, uint32_t v)
{
    pci_rig_write(&c->p, 0, offset, size, v);
}

/* The old way: a register for each frame to send, a ring of bytes to receive. */
static void rtl8139_ring_of_bytes(void)
{
    uint8_t expected[1500];
    struct card c;

    card_open(&c, "rtl8139");
    g_assert_cmphex(port(&c, 0, 4), ==, 0x01005452);
    set_port(&c, R_RBSTART, 4, AT(RX_RING));
    set_port(&c, R_IMR, 2, 5);
    set_port(&c, R_CR, 1, 0x0c);
    set_port(&c, R_RCR, 4, 0x0a);
    fill(ram(&c, DATA), other_mac, 700);
    set_port(&c, R_TSAD + 4, 4, AT(DATA));
    set_port(&c, R_TSD + 4, 4, 700);
    pump(&c);
    fill(expected, other_mac, 700);
    g_assert_cmpuint(sent.count, ==, 1);
    g_assert_cmpmem(sent.frame[0], sent.len[0], expected, 700);
    g_assert_cmphex(port(&c, R_TSD + 4, 4) & 0xa000, ==, 0xa000);
    g_assert_true(pci_rig_pin(&c.p));
    set_port(&c, R_ISR, 2, 4);
    g_assert_false(pci_rig_pin(&c.p));
    g_assert_cmphex(port(&c, R_CR, 1) & 1, ==, 1);
    arrive(&c, our_mac, 200);
    fill(expected, our_mac, 200);
    g_assert_cmphex(pci_get32(ram(&c, RX_RING)), ==, 204 << 16 | 1);
    g_assert_cmpmem(ram(&c, RX_RING + 4), 200, expected, 200);
    g_assert_cmphex(port(&c, R_CR, 1) & 1, ==, 0);
    set_port(&c, R_CAPR, 2, 208 - 16);
    g_assert_cmphex(port(&c, R_CR, 1) & 1, ==, 1);
    for (unsigned i = 0; i < 50; i++) {         /* more than the ring holds; the guest reads each */
        arrive(&c, our_mac, 300);
        g_assert_cmphex(port(&c, R_CR, 1) & 1, ==, 0);
        set_port(&c, R_CAPR, 2, port(&c, 0x3a, 2) - 16);
    }
    for (unsigned i = 0; i < 50; i++) {         /* and nobody reads: frames wait */
        arrive(&c, our_mac, 300);
    }
    g_assert_cmphex(port(&c, R_ISR, 2) & 0x10, ==, 0x10);
    card_close(&c);
}

static void rtl8139_rings_of_descriptors(void)
{
    uint8_t expected[1500];
    struct card c;

    card_open(&c, "rtl8139");
    set_port(&c, R_TSAD, 4, AT(RING));
    set_port(&c, R_RDSAR, 4, AT(RX_RING));
    set_port(&c, R_CPCR, 2, 3);
    set_port(&c, R_CR, 1, 0x0c);
    set_port(&c, R_RCR, 4, 0x0a);
    fill(ram(&c, DATA), other_mac, 900);
    descriptor(&c, 0, 0xa0000000 | 400, AT(DATA), 0);             /* first piece */
    descriptor(&c, 1, 0xd0000000 | 500, AT(DATA + 400), 0);       /* last piece, end of the ring */
    set_port(&c, R_POLL, 1, 0x40);
    pump(&c);
    fill(expected, other_mac, 900);
    g_assert_cmpuint(sent.count, ==, 1);
    g_assert_cmpmem(sent.frame[0], sent.len[0], expected, 900);
    g_assert_cmphex(pci_get32(ram(&c, RING)) >> 31, ==, 0);
    descriptor(&c, 0, 0x80000000 | 0x600, AT(DATA), 0);
    memcpy(ram(&c, RX_RING), ram(&c, RING), 16);
    arrive(&c, our_mac, 333);
    fill(expected, our_mac, 333);
    g_assert_cmphex(pci_get32(ram(&c, RX_RING)), ==, 0x30000000 | 337);
    g_assert_cmpmem(ram(&c, DATA), 333, expected, 333);
    card_close(&c);
}

int main(int argc, char **argv)
{
    static const char *const e1000s[] = { "e1000", "e1000e" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(e1000s); i++) {
        g_autofree char *exchange = g_strdup_printf("/nic/%s/exchanges_frames", e1000s[i]);
        g_autofree char *cut = g_strdup_printf("/nic/%s/cuts_segments", e1000s[i]);

        g_test_add_data_func(exchange, e1000s[i], e1000_exchanges_frames);
        g_test_add_data_func(cut, e1000s[i], e1000_cuts_segments);
    }
    g_test_add_func("/nic/e1000/reads_its_eeprom", e1000_reads_its_eeprom);
    g_test_add_func("/nic/e1000e/sends_messages_by_cause", e1000e_sends_messages_by_cause);
    g_test_add_func("/nic/rtl8139/ring_of_bytes", rtl8139_ring_of_bytes);
    g_test_add_func("/nic/rtl8139/rings_of_descriptors", rtl8139_rings_of_descriptors);
    return g_test_run();
}
