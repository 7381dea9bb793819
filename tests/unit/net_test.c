/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network back ends: checksums, the frame ring, receive coalescing, and what the user back end answers and refuses. */
#include "net/net.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config.h"
#include "net/checksum.h"
#include "net/coalesce.h"
#include "net/queue.h"

static uint16_t sum_slowly(const uint8_t *p, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i += 2) {
        sum += p[i] << 8 | (i + 1 < len ? p[i + 1] : 0);
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return htons(sum);
}

static void checksum_equals_the_definition(void)
{
    uint8_t buf[3000];

    for (int i = 0; i < 500; i++) {
        size_t len = g_random_int_range(0, sizeof(buf));

        for (size_t k = 0; k < len; k++) {
            buf[k] = i % 3 ? g_random_int() : 0xff;
        }
        g_assert_cmphex(net_sum(buf, len, 0), ==, sum_slowly(buf, len));
    }
}

static void offload_outside_the_frame_is_refused(void)
{
    uint8_t frame[64] = { 0 };
    struct net_offload off = { .flags = NET_NEEDS_CSUM, .csum_start = 34, .csum_offset = 16 };

    g_assert_true(net_checksum_complete(&off, frame, sizeof(frame)));
    off.csum_offset = 29;
    g_assert_false(net_checksum_complete(&off, frame, sizeof(frame)));
    off.csum_start = 0xffff;
    off.csum_offset = 0xffff;
    g_assert_false(net_checksum_complete(&off, frame, sizeof(frame)));
}

/* The ring against a GQueue of copies. */
static void queue_keeps_order_and_bytes(void)
{
    struct net_queue q;
    GQueue model = G_QUEUE_INIT;
    unsigned refused = 0;

    net_queue_init(&q, 16384);
    for (int i = 0; i < 20000; i++) {
        size_t len = g_random_int_range(1, 4000);

        if (g_random_boolean()) {
            struct net_record *r = net_queue_push(&q, len);

            if (r) {
                memset(r->frame, i, len);
                g_queue_push_tail(&model, g_bytes_new(r->frame, len));
            } else {
                refused++;
            }
        } else if (net_queue_head(&q)) {
            struct net_record *r = net_queue_head(&q);
            GBytes *b = g_queue_pop_head(&model);

            g_assert_cmpmem(r->frame, r->len, g_bytes_get_data(b, NULL), g_bytes_get_size(b));
            g_bytes_unref(b);
            net_queue_pop(&q);
        }
        g_assert_cmpuint(q.count, ==, model.length);
    }
    g_assert_cmpuint(refused, >, 0);
    g_queue_clear_full(&model, (GDestroyNotify)g_bytes_unref);
    net_queue_free(&q);
}

#define HEADERS 54

/* A TCP segment of the stream with these payload bytes. */
static size_t make_segment(uint8_t *f, uint32_t seq, size_t payload, uint8_t flags)
{
    uint16_t sum;

    memset(f, 0, HEADERS);
    memcpy(f + 12, "\x08\x00\x45", 3);
    f[16] = (40 + payload) >> 8;
    f[17] = 40 + payload;
    f[22] = 64;
    f[23] = 6;
    memcpy(f + 26, "\x0a\0\2\2\x0a\0\2\x0f\0\x50\x12\x34", 12);
    seq = htonl(seq);
    memcpy(f + 38, &seq, 4);
    f[46] = 0x50;
    f[47] = flags;
    for (size_t i = 0; i < payload; i++) {
        f[HEADERS + i] = ntohl(seq) + i;
    }
    sum = ~net_sum(f + 34, 20 + payload, net_pseudo_sum_ipv4(f + 14, 6, 20 + payload));
    memcpy(f + 50, &sum, 2);
    return HEADERS + payload;
}

static bool add_segment(struct net_queue *q, uint32_t seq, size_t payload, uint8_t flags)
{
    uint8_t f[2000];
    size_t len = make_segment(f, seq, payload, flags);
    struct net_record *r;

    if (net_coalesce(q, f, len)) {
        return true;
    }
    r = net_queue_push(q, len);
    memcpy(r->frame, f, len);
    net_coalesce_start(r);
    return false;
}

static void coalesced_frame_is_whole_and_valid(void)
{
    struct net_queue q;
    struct net_record *r;

    net_queue_init(&q, 1 << 18);
    g_assert_false(add_segment(&q, 1000, 1400, 16));
    for (int i = 1; i < 40; i++) {
        g_assert_true(add_segment(&q, 1000 + i * 1400, 1400, 16));
    }
    g_assert_true(add_segment(&q, 1000 + 40 * 1400, 99, 24));
    g_assert_false(add_segment(&q, 1000 + 40 * 1400 + 99, 1400, 16));   /* the push has ended the run */
    r = net_queue_head(&q);
    net_coalesce_finish(r);
    g_assert_cmpuint(r->len, ==, HEADERS + 40 * 1400 + 99);
    g_assert_cmpuint(r->off.gso_type, ==, NET_GSO_TCPV4);
    g_assert_cmpuint(r->off.gso_size, ==, 1400);
    g_assert_cmpuint(r->off.hdr_len, ==, HEADERS);
    g_assert_cmphex(net_sum(r->frame + 14, 20, 0), ==, 0xffff);
    g_assert_true(net_checksum_complete(&r->off, r->frame, r->len));
    g_assert_cmphex(net_sum(r->frame + 34, r->len - 34, net_pseudo_sum_ipv4(r->frame + 14, 6, r->len - 34)), ==,
                    0xffff);
    for (size_t i = HEADERS; i < r->len; i++) {
        g_assert_cmpuint(r->frame[i], ==, (uint8_t)(1000 + i - HEADERS));
    }
    net_queue_pop(&q);
    r = net_queue_head(&q);
    net_coalesce_finish(r);
    g_assert_cmpuint(r->off.gso_type, ==, NET_GSO_NONE);
    g_assert_cmpuint(r->off.gso_size, ==, 0);
    net_queue_free(&q);
}

static void what_is_no_run_stays_apart(void)
{
    struct net_queue q;
    unsigned frames = 0;

    net_queue_init(&q, 1 << 20);
    g_assert_false(add_segment(&q, 0, 1000, 16));
    g_assert_false(add_segment(&q, 999, 1000, 16));    /* overlaps */
    g_assert_false(add_segment(&q, 3000, 1000, 16));   /* a gap */
    g_assert_false(add_segment(&q, 4000, 0, 16));      /* a bare ACK */
    g_assert_false(add_segment(&q, 4000, 500, 17));    /* FIN */
    g_assert_false(add_segment(&q, 4500, 500, 16));
    g_assert_false(add_segment(&q, 5000, 501, 16));    /* larger than the first */
    g_assert_true(add_segment(&q, 5501, 100, 16));     /* smaller: the last */
    g_assert_false(add_segment(&q, 5601, 100, 16));
    for (uint32_t at = 10000; at < 10000 + 200 * 1000; at += 1000) {
        frames += !add_segment(&q, at, 1000, 16);
    }
    g_assert_cmpuint(frames, ==, 4);                   /* no frame beyond 64 KiB */
    net_queue_free(&q);
}

static void mac_addresses(void)
{
    uint8_t mac[6];

    g_assert_true(net_parse_mac("52:54:00:12:34:56", mac));
    g_assert_cmpmem(mac, 6, "\x52\x54\x00\x12\x34\x56", 6);
    g_assert_false(net_parse_mac("52:54:00:12:34", mac));
    g_assert_false(net_parse_mac("52:54:00:12:34:56:78", mac));
    g_assert_false(net_parse_mac("hello", mac));
}

static struct net_client *make(struct net_set *set, const char *text, GError **err)
{
    struct options *o = options_parse("-netdev", text, "type", err);
    struct net_client *nc = net_client_new(set, o, err);

    options_free(o);
    return nc;
}

struct nic {
    int frames, batches, refuse;
    size_t len;
    uint8_t last[2000];
};

static bool nic_receive(void *opaque, const struct net_offload *off, const void *frame, size_t len)
{
    struct nic *n = opaque;

    if (n->refuse) {
        n->refuse--;
        return false;
    }
    n->frames++;
    n->len = len;
    memcpy(n->last, frame, MIN(len, sizeof(n->last)));
    return true;
}

static void nic_batch(void *opaque)
{
    ((struct nic *)opaque)->batches++;
}

static const struct net_frontend_ops nic_ops = { .receive = nic_receive, .batch_begin = nic_batch };

static void wait_for_frame(struct nic *n, int frames)
{
    gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;

    while (n->frames < frames && g_get_monotonic_time() < end) {
        if (!g_main_context_iteration(NULL, FALSE)) {
            g_usleep(1000);
        }
    }
    g_assert_cmpint(n->frames, >=, frames);
}

/* A frame from a to b, and back. */
static void exchange(struct net_client *a, struct net_client *b)
{
    struct nic na = { 0 }, nb = { 0 };
    static uint8_t frame[1514];
    struct iovec iov[2] = { { frame, 100 }, { frame + 100, sizeof(frame) - 100 } };

    while (g_main_context_iteration(NULL, FALSE)) {   /* the connection */
    }
    g_assert_true(net_attach(a, &nic_ops, &na, "test", frame, NULL));
    g_assert_true(net_attach(b, &nic_ops, &nb, "test", frame, NULL));
    for (int i = 0; i < 50; i++) {
        memset(frame, i, sizeof(frame));
        net_send(a, NULL, iov, 2);
        wait_for_frame(&nb, i + 1);
        g_assert_cmpmem(nb.last, nb.len, frame, sizeof(frame));
        net_send(b, NULL, iov, 1);
        wait_for_frame(&na, i + 1);
        g_assert_cmpmem(na.last, na.len, frame, 100);
    }
    /* A receiver without buffers holds the others up, and loses nothing. */
    nb.refuse = 1;
    for (int i = 0; i < 200; i++) {
        net_send(a, NULL, iov, 2);
        g_main_context_iteration(NULL, FALSE);
    }
    net_rx_ready(b);
    wait_for_frame(&nb, 250);
    net_detach(a);
    net_detach(b);
}

static void streams_carry_frames(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-net-XXXXXX", NULL);
    g_autofree char *server = g_strdup_printf("stream,id=s,server=on,addr.type=unix,addr.path=%s/s", dir);
    g_autofree char *client = g_strdup_printf("stream,id=c,addr.type=unix,addr.path=%s/s", dir);
    struct net_set *set = net_set_new();
    GError *err = NULL;
    struct net_client *s = make(set, server, &err), *c = make(set, client, &err);

    g_assert_no_error(err);
    exchange(s, c);
    net_set_free(set);
    g_rmdir(dir);
}

static void sockets_carry_frames(void)
{
    struct net_set *set = net_set_new();
    GError *err = NULL;
    int pair[2];
    g_autofree char *a = NULL, *b = NULL;
    struct net_client *s, *c;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    a = g_strdup_printf("socket,id=a,fd=%d", pair[0]);
    b = g_strdup_printf("socket,id=b,fd=%d", pair[1]);
    s = make(set, a, &err);
    c = make(set, b, &err);
    g_assert_no_error(err);
    exchange(s, c);
    net_set_free(set);
}

static void datagrams_carry_frames(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-net-XXXXXX", NULL);
    const char *form = "dgram,id=%s,local.type=unix,local.path=%s/%s,remote.type=unix,remote.path=%s/%s";
    g_autofree char *a = g_strdup_printf(form, "a", dir, "a", dir, "b"),
                    *b = g_strdup_printf(form, "b", dir, "b", dir, "a");
    struct net_set *set = net_set_new();
    GError *err = NULL;
    struct net_client *s = make(set, a, &err), *c = make(set, b, &err);

    g_assert_no_error(err);
    exchange(s, c);
    net_set_free(set);
    g_rmdir(dir);
}

static void a_peer_that_talks_nonsense_is_dropped(void)
{
    struct net_set *set = net_set_new();
    GError *err = NULL;
    int pair[2];
    char byte;
    g_autofree char *a = NULL;

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
    a = g_strdup_printf("socket,id=a,fd=%d", pair[0]);
    make(set, a, &err);
    g_assert_no_error(err);
    g_assert_cmpint(write(pair[1], "\xff\xff\xff\xff", 4), ==, 4);
    for (int i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_cmpint(recv(pair[1], &byte, 1, MSG_DONTWAIT), ==, 0);
    close(pair[1]);
    net_set_free(set);
}

static void check_refused(const char *text, const char *part)
{
    struct net_set *set = net_set_new();
    GError *err = NULL;

    g_assert_null(make(set, text, &err));
    if (!strstr(err->message, part)) {
        g_error("'%s' fails with '%s', not '%s'", text, err->message, part);
    }
    g_clear_error(&err);
    net_set_free(set);
}

static void bad_options_are_named(void)
{
    check_refused("user", "id= is missing");
    check_refused("socket,id=n", "one of listen=, connect=, mcast=, udp= and fd=");
    check_refused("socket,id=n,udp=127.0.0.1:1", "udp= needs localaddr=");
    check_refused("socket,id=n,connect=127.0.0.1:1", "cannot connect to tcp:127.0.0.1:1");
    check_refused("stream,id=n", "addr.type=inet,addr.host=HOST");
    check_refused("dgram,id=n", "it needs local.type=");
    check_refused("tap,id=n,script=/etc/x", "script=/etc/x is not supported");
    check_refused("tap,id=n,fd=0", "is no TAP interface");
    check_refused("vde,id=n", "there is no network back end 'vde'");
#ifdef HAVE_SLIRP
    check_refused("user,id=n,foo=1", "'foo' is not accepted here; accepted: bootfile, dhcpstart, dns");
    check_refused("user,id=n,net=300.1.1.1/8", "net=300.1.1.1/8 is no network");
    check_refused("user,id=n,net=10.0.2.0/24,host=10.9.9.9", "must lie inside net=");
    check_refused("user,id=n,smb=/tmp", "smb= is not supported");
    check_refused("user,id=n,hostfwd=tcp::22", "is no forward");
    check_refused("user,id=n,hostfwd=sctp::22-:22", "is no forward");
    check_refused("user,id=n,hostfwd=tcp::99999-:22", "is no forward");
    check_refused("user,id=n,guestfwd=tcp:10.0.2.100:80-vc", "accepted: tcp:ADDR:PORT-cmd:COMMAND");
#endif
}

#ifdef HAVE_SLIRP
static void a_busy_port_is_one_clear_error(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    g_autofree char *text = NULL, *part = NULL;

    g_assert_cmpint(bind(fd, (struct sockaddr *)&a, len), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    getsockname(fd, (struct sockaddr *)&a, &len);
    text = g_strdup_printf("user,id=n,hostfwd=tcp:127.0.0.1:%d-:22", ntohs(a.sin_port));
    part = g_strdup_printf("cannot listen on port %d of the host: Address already in use", ntohs(a.sin_port));
    check_refused(text, part);
    close(fd);
}

/* Who has 10.0.2.2? */
static const uint8_t arp_request[] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 6,
    0, 1, 8, 0, 6, 4, 0, 1, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2,
};

static gpointer send_from_thread(gpointer opaque)
{
    struct iovec iov[2] = { { (void *)arp_request, 20 }, { (void *)(arp_request + 20), sizeof(arp_request) - 20 } };

    net_send(opaque, NULL, iov, 2);
    return NULL;
}

static void user_answers_arp_and_waits_for_buffers(void)
{
    g_autofree char *dir = g_dir_make_tmp("doppel-net-XXXXXX", NULL);
    g_autofree char *pcap = g_build_filename(dir, "x.pcap", NULL), *dump = NULL;
    g_autofree char *contents = NULL;
    struct net_set *set = net_set_new();
    GError *err = NULL;
    struct net_client *nc = make(set, "user,id=n0,ipv6=off", &err);
    struct nic n = { .refuse = 1 };
    struct options *o;
    struct net_stats s;
    gsize len;

    g_assert_no_error(err);
    dump = g_strdup_printf("id=f,netdev=n0,file=%s", pcap);
    o = options_parse("-object filter-dump", dump, NULL, NULL);
    g_assert_true(net_add_dump(set, o, NULL));
    options_free(o);
    g_assert_true(net_attach(nc, &nic_ops, &n, "test", arp_request + 6, NULL));
    g_assert_false(net_attach(nc, &nic_ops, &n, "test", arp_request + 6, NULL));
    g_thread_join(g_thread_new("sender", send_from_thread, nc));
    for (int i = 0; i < 100 && n.refuse; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    g_assert_cmpint(n.refuse, ==, 0);
    g_assert_cmpint(n.frames, ==, 0);
    net_rx_ready(nc);
    wait_for_frame(&n, 1);
    g_assert_cmpint(n.last[12] << 8 | n.last[13], ==, 0x806);
    g_assert_cmpint(n.last[21], ==, 2);
    g_assert_cmpmem(n.last + 28, 4, "\x0a\0\2\2", 4);
    net_get_stats(nc, &s);
    g_assert_cmpuint(s.tx_frames, ==, 1);
    net_detach(nc);
    net_set_free(set);
    g_assert_true(g_file_get_contents(pcap, &contents, &len, NULL));
    g_assert_cmpuint(len, >=, 24 + 2 * 16 + 42 + 42);
    g_unlink(pcap);
    g_rmdir(dir);
}
#endif

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/net/checksum", checksum_equals_the_definition);
    g_test_add_func("/net/offload_outside", offload_outside_the_frame_is_refused);
    g_test_add_func("/net/queue", queue_keeps_order_and_bytes);
    g_test_add_func("/net/coalesce", coalesced_frame_is_whole_and_valid);
    g_test_add_func("/net/coalesce_not", what_is_no_run_stays_apart);
    g_test_add_func("/net/mac", mac_addresses);
    g_test_add_func("/net/stream", streams_carry_frames);
    g_test_add_func("/net/socket", sockets_carry_frames);
    g_test_add_func("/net/dgram", datagrams_carry_frames);
    g_test_add_func("/net/nonsense", a_peer_that_talks_nonsense_is_dropped);
    g_test_add_func("/net/bad_options", bad_options_are_named);
#ifdef HAVE_SLIRP
    g_test_add_func("/net/busy_port", a_busy_port_is_one_clear_error);
    g_test_add_func("/net/user_arp", user_answers_arp_and_waits_for_buffers);
#endif
    return g_test_run();
}
