/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtio network card between a driver and a back end of the test: frames both ways through every kind of ring,
 * mergeable buffers, offloads, and the control queue's filters.
 */
#include <string.h>

#include "net/net_impl.h"
#include "tests/dev/virtio_rig.h"

#define BUFFER VR_DATA              /* 12 KiB */
#define COMMAND VR_TABLE
#define ANSWER (VR_TABLE + 0xff0)

enum { RX, TX, CTRL };
enum { F_CSUM = 0, F_GUEST_CSUM = 1, F_CTRL_GUEST_OFFLOADS = 2, F_MTU = 3, F_GUEST_TSO4 = 7, F_HOST_TSO4 = 11,
       F_MRG_RXBUF = 15, F_STATUS = 16, F_CTRL_VQ = 17, F_CTRL_RX = 18, F_CTRL_VLAN = 19, F_CTRL_RX_EXTRA = 20,
       F_CTRL_MAC_ADDR = 23 };
#define BIT(n) (1ull << (n))
#define FILTERS (BIT(F_CTRL_VQ) | BIT(F_CTRL_RX) | BIT(F_CTRL_RX_EXTRA) | BIT(F_CTRL_VLAN) | BIT(F_CTRL_MAC_ADDR))

static const uint8_t our_mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };

struct card {
    struct virtio_rig vr;
    struct net_set *set;
    struct net_client *nc;
    struct net_type type;
};

/* What the back end got last. */
static struct {
    uint8_t frame[4096];
    size_t len;
    struct net_offload off;
    unsigned count;
} sent;

static bool capture(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    sent.len = len;
    sent.off = *off;
    memcpy(sent.frame, frame, MIN(len, sizeof sent.frame));
    sent.count++;
    return true;
}

static void card_open(struct card *c, enum vr_kind kind, const char *const *props)
{
    struct options *o = options_parse("-netdev", "none,id=n0", "type", NULL);
    GError *err = NULL;

    memset(&sent, 0, sizeof sent);
    c->set = net_set_new();
    c->nc = net_client_new(c->set, o, &err);
    g_assert_no_error(err);
    options_free(o);
    c->type = *c->nc->type;
    c->type.send = capture;
    c->nc->type = &c->type;
    c->nc->features = NET_FEATURE_CSUM | NET_FEATURE_TSO4;
    vr_init(&c->vr, kind, "virtio-net-device");
    device_set_pointer(&c->vr.vd->dev, "netdev", c->nc);
    device_set_text(&c->vr.vd->dev, "mac", "52:54:00:01:02:03");
    for (; props && *props; props += 2) {
        device_set_text(&c->vr.vd->dev, props[0], props[1]);
    }
    vr_plug(&c->vr);
}

static void card_close(struct card *c)
{
    vr_free(&c->vr);
    net_set_free(c->set);
}

static uint8_t *at(struct card *c, uint64_t addr)
{
    return c->vr.r.ram_host + (addr - RIG_RAM);
}

static void pump(void)
{
    while (g_main_context_iteration(NULL, false)) {
    }
}

static void make_frame(uint8_t *f, const uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        f[i] = i * 7;
    }
    memcpy(f, to, 6);
    memcpy(f + 6, our_mac, 6);
    f[12] = 0x88;   /* an experimental protocol: nobody looks inside */
    f[13] = 0xb5;
}

static void arrive(struct card *c, const uint8_t *to, size_t len)
{
    static uint8_t f[16384];

    make_frame(f, to, len);
    net_deliver(c->nc, NULL, f, len);
    net_deliver_end(c->nc);
}

static void post(struct card *c, uint64_t addr, uint32_t len)
{
    const struct vr_buf b = { addr, len, VR_WRITE };

    vr_add(&c->vr, RX, &b, 1);
    vr_kick(&c->vr, RX);
    pump();
}

static unsigned header(const struct card *c)
{
    return c->vr.kind == VR_LEGACY ? 10 : 12;
}

/* ---- frames ---- */

static void frames_go_both_ways(gconstpointer data)
{
    enum vr_kind kind = GPOINTER_TO_INT(data);
    uint8_t expected[1500];
    struct card c;

    card_open(&c, kind, NULL);
    vr_start(&c.vr, 0, 2);
    make_frame(expected, our_mac, sizeof expected);
    for (unsigned i = 0; i < 3 * VR_SIZE; i++) {
        size_t len = 60 + i * 50;
        struct vr_buf out[] = { { BUFFER, header(&c), 0 }, { BUFFER + header(&c), len, 0 } };

        memset(at(&c, BUFFER), 0, header(&c));
        make_frame(at(&c, BUFFER + header(&c)), our_mac, len);
        vr_add(&c.vr, TX, out, 2);
        vr_kick(&c.vr, TX);
        pump();
        g_assert_cmpint(vr_used(&c.vr, TX), ==, 0);
        g_assert_cmpuint(sent.count, ==, i + 1);
        g_assert_cmpmem(sent.frame, sent.len, expected, len);

        post(&c, BUFFER, 2048);
        g_assert_cmpint(vr_used(&c.vr, RX), ==, -1);
        arrive(&c, our_mac, len);
        g_assert_cmpint(vr_used(&c.vr, RX), ==, len + header(&c));
        g_assert_cmpmem(at(&c, BUFFER + header(&c)), len, expected, len);
        g_assert_true(vr_irq(&c.vr));
    }
    card_close(&c);
}

/* Frames wait for buffers; the driver's kick brings them in order. */
static void frames_wait_for_buffers(void)
{
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, BIT(VIRTIO_F_EVENT_IDX), 2);
    arrive(&c, our_mac, 100);
    arrive(&c, our_mac, 200);
    for (unsigned i = 1; i <= 2; i++) {
        post(&c, BUFFER, 2048);
        g_assert_cmpint(vr_used(&c.vr, RX), ==, 100 * i + 12);
    }
    card_close(&c);
}

static void large_frame_fills_several_buffers(void)
{
    uint8_t expected[5000];
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, BIT(F_MRG_RXBUF), 2);
    make_frame(expected, our_mac, sizeof expected);
    post(&c, BUFFER, 2048);
    post(&c, BUFFER + 2048, 2048);
    arrive(&c, our_mac, sizeof expected);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, -1);        /* two are too few, and stay the driver's */
    post(&c, BUFFER + 4096, 2048);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, 2048);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, 2048);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, sizeof expected + 12 - 4096);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, -1);
    g_assert_cmpuint(at(&c, BUFFER)[10], ==, 3);        /* num_buffers */
    g_assert_cmpmem(at(&c, BUFFER + 12), sizeof expected, expected, sizeof expected);
    card_close(&c);
}

/* What can never be delivered is dropped, and the next frame comes. */
static void buffers_too_small_lose_the_frame(gconstpointer data)
{
    bool mergeable = GPOINTER_TO_INT(data);
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, mergeable ? BIT(F_MRG_RXBUF) : 0, 2);
    for (unsigned i = 0; i < VR_SIZE; i++) {
        const struct vr_buf b = { BUFFER + 128 * i, 128, VR_WRITE };

        vr_add(&c.vr, RX, &b, 1);
    }
    vr_kick(&c.vr, RX);
    arrive(&c, our_mac, 4000);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, -1);
    arrive(&c, our_mac, 60);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, 72);
    g_assert_false(vr_needs_reset(&c.vr));
    card_close(&c);
}

static void frame_without_its_header_breaks_the_rules(void)
{
    const struct vr_buf b = { BUFFER, 11, 0 };
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, 0, 2);
    vr_add(&c.vr, TX, &b, 1);
    vr_kick(&c.vr, TX);
    g_assert_true(vr_needs_reset(&c.vr));
    vr_start(&c.vr, 0, 2);
    post(&c, BUFFER, 2048);
    arrive(&c, our_mac, 60);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, 72);
    card_close(&c);
}

static void unplugged_cable_carries_nothing(void)
{
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, BIT(F_STATUS), 2);
    g_assert_cmpuint(rig_read(&c.vr.r, 0x106, 2), ==, 1);
    post(&c, BUFFER, 2048);
    net_set_link(c.nc, false);
    g_assert_true(vr_irq(&c.vr));
    g_assert_cmpuint(rig_read(&c.vr.r, 0x106, 2), ==, 0);
    arrive(&c, our_mac, 60);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, -1);
    net_set_link(c.nc, true);
    arrive(&c, our_mac, 60);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, 72);
    card_close(&c);
}

/* ---- offloads ---- */

static void offers_follow_the_back_end(void)
{
    const char *const props[] = { "host_mtu", "9000", "speed", "1000", "duplex", "full", NULL };
    struct card c;
    uint64_t f;

    card_open(&c, VR_MODERN, props);
    f = vr_offered(&c.vr);
    g_assert_true(f & BIT(F_CSUM));
    g_assert_true(f & BIT(F_HOST_TSO4));
    g_assert_false(f & BIT(12));                        /* IPv6 segmentation: the back end lacks it */
    g_assert_true(f & BIT(F_MTU));
    g_assert_true(f & BIT(63));
    g_assert_cmpuint(rig_read(&c.vr.r, 0x10a, 2), ==, 9000);
    g_assert_cmpuint(rig_read(&c.vr.r, 0x10c, 4), ==, 1000);
    g_assert_cmpuint(rig_read(&c.vr.r, 0x110, 1), ==, 1);
    c.nc->features = 0;
    g_assert_false(vr_offered(&c.vr) & (BIT(F_CSUM) | BIT(F_HOST_TSO4)));
    card_close(&c);
}

static void checksum_is_completed_for_a_driver_without_offload(gconstpointer data)
{
    bool offload = GPOINTER_TO_INT(data);
    const struct net_offload off = { .flags = NET_NEEDS_CSUM, .csum_start = 14, .csum_offset = 2 };
    uint8_t f[64];
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, offload ? BIT(F_GUEST_CSUM) : 0, 2);
    post(&c, BUFFER, 2048);
    make_frame(f, our_mac, sizeof f);
    f[16] = f[17] = 0;
    net_deliver(c.nc, &off, f, sizeof f);
    net_deliver_end(c.nc);
    g_assert_cmpint(vr_used(&c.vr, RX), ==, sizeof f + 12);
    g_assert_cmpuint(at(&c, BUFFER)[0], ==, offload ? NET_NEEDS_CSUM : 0);
    g_assert_cmpuint(at(&c, BUFFER)[6], ==, offload ? 14 : 0);
    g_assert_cmpint(at(&c, BUFFER + 12 + 16)[0] || at(&c, BUFFER + 12 + 16)[1], ==, !offload);
    card_close(&c);
}

/* ---- the control queue ---- */

static unsigned command(struct card *c, uint8_t class, uint8_t cmd, const void *data, unsigned len)
{
    struct vr_buf bufs[] = { { COMMAND, 2, 0 }, { COMMAND + 2, len, 0 }, { ANSWER, 1, VR_WRITE } };

    at(c, COMMAND)[0] = class;
    at(c, COMMAND)[1] = cmd;
    *at(c, ANSWER) = 0xee;
    if (len) {
        memcpy(at(c, COMMAND + 2), data, len);
        vr_add(&c->vr, CTRL, bufs, 3);
    } else {
        bufs[1] = bufs[2];
        vr_add(&c->vr, CTRL, bufs, 2);
    }
    vr_kick(&c->vr, CTRL);
    g_assert_cmpint(vr_used(&c->vr, CTRL), ==, 1);
    return *at(c, ANSWER);
}

static bool hears(struct card *c, const uint8_t *to)
{
    bool heard;

    post(c, BUFFER, 2048);
    arrive(c, to, 64);
    heard = vr_used(&c->vr, RX) >= 0;
    if (!heard) {
        /* the buffer is still there: give it to a frame that surely comes */
        command(c, 0, 0, &(uint8_t) { 1 }, 1);
        arrive(c, our_mac, 64);
        g_assert_cmpint(vr_used(&c->vr, RX), >=, 0);
        command(c, 0, 0, &(uint8_t) { 0 }, 1);
    }
    return heard;
}

static void filters_do_as_they_are_told(void)
{
    static const uint8_t broadcast[6] = { 255, 255, 255, 255, 255, 255 }, multi[6] = { 1, 0, 0x5e, 0, 0, 1 };
    static const uint8_t other[6] = { 0x52, 0x54, 0, 9, 9, 9 }, new_mac[6] = { 0x52, 0x54, 0, 7, 7, 7 };
    const uint8_t on = 1, off = 0, table[] = { 1, 0, 0, 0, 0x52, 0x54, 0, 9, 9, 9, 1, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1 };
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, FILTERS, 3);
    g_assert_true(hears(&c, other));                            /* promiscuous until told otherwise */
    g_assert_cmpuint(command(&c, 0, 0, &off, 1), ==, 0);
    g_assert_false(hears(&c, other));
    g_assert_false(hears(&c, multi));
    g_assert_true(hears(&c, our_mac));
    g_assert_true(hears(&c, broadcast));
    command(&c, 0, 1, &on, 1);
    g_assert_true(hears(&c, multi));
    command(&c, 0, 3, &on, 1);                                  /* no multicast, stronger than all */
    g_assert_false(hears(&c, multi));
    command(&c, 0, 3, &off, 1);
    command(&c, 0, 1, &off, 1);
    command(&c, 0, 2, &on, 1);
    g_assert_true(hears(&c, other));
    command(&c, 0, 2, &off, 1);
    command(&c, 0, 5, &on, 1);
    g_assert_false(hears(&c, broadcast));
    command(&c, 0, 5, &off, 1);
    g_assert_cmpuint(command(&c, 1, 0, table, sizeof table), ==, 0);
    g_assert_true(hears(&c, other));
    g_assert_true(hears(&c, multi));
    g_assert_cmpuint(command(&c, 1, 1, new_mac, 6), ==, 0);
    g_assert_false(hears(&c, our_mac));
    g_assert_true(hears(&c, new_mac));
    g_assert_cmphex(rig_read(&c.vr.r, 0x103, 1), ==, 7);
    card_close(&c);
}

static void vlans_are_filtered(void)
{
    const uint8_t off = 0, id[] = { 0x34, 0x02 }, beyond[] = { 0, 0x10 };
    uint8_t f[64];
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, FILTERS, 3);
    command(&c, 0, 0, &off, 1);
    make_frame(f, our_mac, sizeof f);
    memcpy(f + 12, (uint8_t[]) { 0x81, 0, 0x02, 0x34 }, 4);
    post(&c, BUFFER, 2048);
    for (unsigned i = 0; i < 3; i++) {
        if (i) {
            g_assert_cmpuint(command(&c, 2, i - 1, id, 2), ==, 0);
        }
        net_deliver(c.nc, NULL, f, sizeof f);
        net_deliver_end(c.nc);
        g_assert_cmpint(vr_used(&c.vr, RX), ==, i == 1 ? 76 : -1);
        if (i == 1) {
            post(&c, BUFFER, 2048);
        }
    }
    g_assert_cmpuint(command(&c, 2, 0, beyond, 2), ==, 1);
    card_close(&c);
}

static void offloads_are_switched(void)
{
    const uint64_t all = BIT(F_GUEST_CSUM) | BIT(F_GUEST_TSO4), none = 0, more = BIT(8);
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, FILTERS | all | BIT(F_CTRL_GUEST_OFFLOADS), 3);
    g_assert_cmpint(c.nc->rx_features, ==, NET_FEATURE_CSUM | NET_FEATURE_TSO4);
    g_assert_cmpuint(command(&c, 5, 0, &none, 8), ==, 0);
    g_assert_cmpint(c.nc->rx_features, ==, 0);
    g_assert_cmpuint(command(&c, 5, 0, &more, 8), ==, 1);       /* was not negotiated */
    g_assert_cmpuint(command(&c, 5, 0, &all, 8), ==, 0);
    g_assert_cmpint(c.nc->rx_features, ==, NET_FEATURE_CSUM | NET_FEATURE_TSO4);
    card_close(&c);
}

static void bad_commands_are_refused(void)
{
    const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0 }, one = 1;
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    vr_start(&c.vr, FILTERS, 3);
    g_assert_cmpuint(command(&c, 0, 6, &one, 1), ==, 1);
    g_assert_cmpuint(command(&c, 0, 0, NULL, 0), ==, 1);
    g_assert_cmpuint(command(&c, 1, 0, huge, sizeof huge), ==, 1);
    g_assert_cmpuint(command(&c, 1, 0, huge, 3), ==, 1);
    g_assert_cmpuint(command(&c, 1, 1, huge, 5), ==, 1);
    g_assert_cmpuint(command(&c, 1, 9, huge, 8), ==, 1);
    g_assert_cmpuint(command(&c, 4, 0, huge, 2), ==, 1);        /* several queue pairs */
    g_assert_cmpuint(command(&c, 5, 0, huge, 8), ==, 1);        /* not negotiated */
    g_assert_false(vr_needs_reset(&c.vr));
    card_close(&c);
}

static void several_queues_need_a_back_end(void)
{
    g_autoptr(GError) err = NULL;
    struct card c;

    card_open(&c, VR_MODERN, NULL);
    {
        struct device *d = device_new(c.vr.r.m, device_type_find("virtio-net-device"), NULL, NULL);

        device_set_pointer(d, "netdev", c.nc);
        device_set_text(d, "mq", "on");
        g_assert_false(d->type->realize(d, &err));
        g_assert_nonnull(strstr(err->message, "mq=on"));
        device_delete(d);
    }
    card_close(&c);
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = { "legacy", "modern", "packed" };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strdup_printf("/virtio-net/frames_go_both_ways/%s", kinds[i]);

        g_test_add_data_func(path, GINT_TO_POINTER(i), frames_go_both_ways);
    }
    g_test_add_func("/virtio-net/frames_wait_for_buffers", frames_wait_for_buffers);
    g_test_add_func("/virtio-net/large_frame_fills_several_buffers", large_frame_fills_several_buffers);
    g_test_add_data_func("/virtio-net/buffers_too_small_lose_the_frame/mergeable", GINT_TO_POINTER(1),
                         buffers_too_small_lose_the_frame);
    g_test_add_data_func("/virtio-net/buffers_too_small_lose_the_frame/single", GINT_TO_POINTER(0),
                         buffers_too_small_lose_the_frame);
    g_test_add_func("/virtio-net/frame_without_its_header_breaks_the_rules", frame_without_its_header_breaks_the_rules);
    g_test_add_func("/virtio-net/unplugged_cable_carries_nothing", unplugged_cable_carries_nothing);
    g_test_add_func("/virtio-net/offers_follow_the_back_end", offers_follow_the_back_end);
    g_test_add_data_func("/virtio-net/checksum_is_completed/without_offload", GINT_TO_POINTER(0),
                         checksum_is_completed_for_a_driver_without_offload);
    g_test_add_data_func("/virtio-net/checksum_is_completed/with_offload", GINT_TO_POINTER(1),
                         checksum_is_completed_for_a_driver_without_offload);
    g_test_add_func("/virtio-net/filters_do_as_they_are_told", filters_do_as_they_are_told);
    g_test_add_func("/virtio-net/vlans_are_filtered", vlans_are_filtered);
    g_test_add_func("/virtio-net/offloads_are_switched", offloads_are_switched);
    g_test_add_func("/virtio-net/bad_commands_are_refused", bad_commands_are_refused);
    g_test_add_func("/virtio-net/several_queues_need_a_back_end", several_queues_need_a_back_end);
    return g_test_run();
}
