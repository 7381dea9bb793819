/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev user: the guest's network is inside this process (libslirp), which speaks to the world with ordinary
 * sockets; no rights are needed. libslirp lives on the main loop thread: its sockets and timers are one GSource.
 */
#include "net/net_impl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <string.h>

#include "net/checksum.h"
#include "net/user.h"

struct poll_entry {
    int fd;
    int events;      /* SLIRP_POLL_* */
    gpointer tag;
};

struct net_user {
    struct net_client nc;
    Slirp *slirp;
    GSource *source;
    GArray *polled;          /* struct poll_entry: what the source polls */
    unsigned filled;         /* how many of them the current fill has named */
    gint64 deadline_us;      /* when libslirp wants to run without any event; -1: never */
    struct user_config config;
};

struct user_source {
    GSource source;
    struct net_user *u;
};

static struct net_user *self(struct net_client *nc)
{
    return (struct net_user *)nc;
}

/* ---- what libslirp asks of us ---- */

/* Frames of libslirp never left this machine: the guest need not verify their checksums. */
static ssize_t cb_send_packet(const void *frame, size_t len, void *opaque)
{
    struct net_client *nc = opaque;
    struct net_offload off = { 0 };

    if (g_atomic_int_get(&nc->rx_features) & NET_FEATURE_CSUM) {
        off.flags = NET_DATA_VALID;
    }
    net_deliver(nc, &off, frame, len);
    return len;
}

static void cb_guest_error(const char *msg, void *opaque)
{
    g_debug("slirp: %s", msg);
}

static int64_t cb_clock_ns(void *opaque)
{
    return g_get_monotonic_time() * 1000;
}

struct user_timer {
    SlirpTimerCb fn;
    void *opaque;
    struct net_user *u;
    guint source;
};

static gboolean timer_fires(gpointer data)
{
    struct user_timer *t = data;

    t->source = 0;
    t->fn(t->opaque);
    net_deliver_end(&t->u->nc);
    return G_SOURCE_REMOVE;
}

static void *cb_timer_new(SlirpTimerCb fn, void *fn_opaque, void *opaque)
{
    struct user_timer *t = g_new0(struct user_timer, 1);

    t->fn = fn;
    t->opaque = fn_opaque;
    t->u = opaque;
    return t;
}

static void cb_timer_free(void *timer, void *opaque)
{
    struct user_timer *t = timer;

    if (t->source) {
        g_source_remove(t->source);
    }
    g_free(t);
}

static void cb_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    struct user_timer *t = timer;
    int64_t delay_ms = expire_ms - g_get_monotonic_time() / 1000;

    if (t->source) {
        g_source_remove(t->source);
    }
    t->source = g_timeout_add(CLAMP(delay_ms, 0, G_MAXINT32), timer_fires, t);
}

/* We learn what to poll from slirp_pollfds_fill() each time. */
static void cb_poll_fd(int fd, void *opaque)
{
}

static void cb_notify(void *opaque)
{
    g_main_context_wakeup(NULL);
}

static const SlirpCb callbacks = {
    .send_packet = cb_send_packet, .guest_error = cb_guest_error, .clock_get_ns = cb_clock_ns,
    .timer_new = cb_timer_new, .timer_free = cb_timer_free, .timer_mod = cb_timer_mod,
    .register_poll_fd = cb_poll_fd, .unregister_poll_fd = cb_poll_fd, .notify = cb_notify,
};

/* ---- the source ---- */

static GIOCondition to_glib(int events)
{
    return (events & SLIRP_POLL_IN ? G_IO_IN : 0) | (events & SLIRP_POLL_OUT ? G_IO_OUT : 0) |
           (events & SLIRP_POLL_PRI ? G_IO_PRI : 0) | (events & SLIRP_POLL_ERR ? G_IO_ERR : 0) |
           (events & SLIRP_POLL_HUP ? G_IO_HUP : 0);
}

static int from_glib(GIOCondition events)
{
    return (events & G_IO_IN ? SLIRP_POLL_IN : 0) | (events & G_IO_OUT ? SLIRP_POLL_OUT : 0) |
           (events & G_IO_PRI ? SLIRP_POLL_PRI : 0) | (events & (G_IO_ERR | G_IO_NVAL) ? SLIRP_POLL_ERR : 0) |
           (events & G_IO_HUP ? SLIRP_POLL_HUP : 0);
}

/* Sockets come and go seldom, so the list of the last time is compared and changed rather than made anew. */
static int add_poll(int fd, int events, void *opaque)
{
    struct net_user *u = opaque;
    unsigned i = u->filled++;
    struct poll_entry *e;

    if (i == u->polled->len) {
        g_array_append_val(u->polled, ((struct poll_entry){ .fd = -1 }));
    }
    e = &g_array_index(u->polled, struct poll_entry, i);
    if (e->fd == fd && e->events == events) {
        return i;
    }
    if (e->fd == fd) {
        g_source_modify_unix_fd(u->source, e->tag, to_glib(events));
    } else {
        if (e->fd >= 0) {
            g_source_remove_unix_fd(u->source, e->tag);
        }
        e->tag = g_source_add_unix_fd(u->source, fd, to_glib(events));
    }
    e->fd = fd;
    e->events = events;
    return i;
}

static void forget_polls(struct net_user *u, unsigned from)
{
    for (unsigned i = from; i < u->polled->len; i++) {
        g_source_remove_unix_fd(u->source, g_array_index(u->polled, struct poll_entry, i).tag);
    }
    g_array_set_size(u->polled, from);
}

static gboolean prepare(GSource *source, int *timeout_ms)
{
    struct net_user *u = ((struct user_source *)source)->u;
    uint32_t wait_ms = UINT32_MAX;

    u->filled = 0;
    slirp_pollfds_fill(u->slirp, &wait_ms, add_poll, u);
    forget_polls(u, u->filled);
    *timeout_ms = wait_ms > G_MAXINT32 ? -1 : (int)wait_ms;
    u->deadline_us = *timeout_ms < 0 ? -1 : g_get_monotonic_time() + *timeout_ms * 1000;
    return FALSE;
}

static gboolean check(GSource *source)
{
    struct net_user *u = ((struct user_source *)source)->u;

    for (unsigned i = 0; i < u->polled->len; i++) {
        if (g_source_query_unix_fd(source, g_array_index(u->polled, struct poll_entry, i).tag)) {
            return TRUE;
        }
    }
    return u->deadline_us >= 0 && g_get_monotonic_time() >= u->deadline_us;
}

static int get_revents(int i, void *opaque)
{
    struct net_user *u = opaque;

    if (i < 0 || (unsigned)i >= u->polled->len) {
        return 0;
    }
    return from_glib(g_source_query_unix_fd(u->source, g_array_index(u->polled, struct poll_entry, i).tag));
}

static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer data)
{
    struct net_user *u = ((struct user_source *)source)->u;

    slirp_pollfds_poll(u->slirp, 0, get_revents, u);
    net_deliver_end(&u->nc);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .prepare = prepare, .check = check, .dispatch = dispatch };

/* ---- the back end ---- */

/* libslirp verifies checksums, but takes segments of any length: a large frame goes in as one. */
static bool user_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    if (net_checksum_complete(off, frame, len)) {
        slirp_input(self(nc)->slirp, frame, len);
        nc->rx_any = true;
    }
    return true;
}

static bool user_open(struct net_client *nc, struct options *o, GError **err)
{
    struct net_user *u = self(nc);

    if (!user_config_parse(&u->config, o, err)) {
        user_config_clear(&u->config);
        return false;
    }
    u->slirp = slirp_new(&u->config.slirp, &callbacks, u);
    if (!u->slirp) {
        g_set_error(err, NET_ERROR, 0, "%s: libslirp does not start", options_where(o));
        user_config_clear(&u->config);
        return false;
    }
    u->polled = g_array_new(FALSE, FALSE, sizeof(struct poll_entry));
    u->source = g_source_new(&source_funcs, sizeof(struct user_source));
    ((struct user_source *)u->source)->u = u;
    g_source_attach(u->source, NULL);
    if (!user_add_forwards(u->slirp, o, err)) {
        nc->type->close(nc);
        return false;
    }
    return true;
}

static void user_close(struct net_client *nc)
{
    struct net_user *u = self(nc);

    g_source_destroy(u->source);
    g_source_unref(u->source);
    g_array_free(u->polled, TRUE);
    slirp_cleanup(u->slirp);
    user_config_clear(&u->config);
}

static void user_info(struct net_client *nc, GString *out)
{
    const SlirpConfig *c = &self(nc)->config.slirp;
    char net[INET_ADDRSTRLEN], mask[INET_ADDRSTRLEN];

    inet_ntop(AF_INET, &c->vnetwork, net, sizeof(net));
    inet_ntop(AF_INET, &c->vnetmask, mask, sizeof(mask));
    g_string_append_printf(out, "net=%s/%s,restrict=%s", net, mask, c->restricted ? "on" : "off");
}

const struct net_type net_user_type = {
    .name = "user",
    .help =
        "net=ADDR/BITS,host=ADDR,dhcpstart=ADDR,dns=ADDR,hostname=NAME,domainname=NAME,dnssearch=NAME,"
        "restrict=on|off,\n           ipv4=on|off,ipv6=on|off,ipv6-net=PREFIX/BITS,ipv6-host=ADDR,ipv6-dns=ADDR,"
        "tftp=DIR,tftp-server-name=NAME,bootfile=NAME,\n           hostfwd=tcp|udp:[HOSTADDR]:PORT-[GUESTADDR]:PORT,"
        "guestfwd=tcp:ADDR:PORT-cmd:COMMAND",
    .size = sizeof(struct net_user),
    .features = NET_FEATURE_CSUM | NET_FEATURE_TSO4 | NET_FEATURE_TSO6,
    .open = user_open,
    .close = user_close,
    .send = user_send,
    .info = user_info,
};

/* ---- the monitor ---- */

void net_usernet_info(struct net_set *set, GString *out)
{
    for (unsigned i = 0; i < set->all->len; i++) {
        struct net_client *nc = set->all->pdata[i];

        if (nc->type == &net_user_type) {
            char *text = slirp_connection_info(self(nc)->slirp);

            g_string_append_printf(out, "%s:\n%s", nc->id, text);
            g_free(text);
        }
    }
}

static bool check_is_user(struct net_client *nc, const char *command, GError **err)
{
    if (nc->type != &net_user_type) {
        g_set_error(err, NET_ERROR, 0, "%s: netdev '%s' is of type %s, not user", command, nc->id, nc->type->name);
        return false;
    }
    return true;
}

bool net_hostfwd_add(struct net_client *nc, const char *rule, GError **err)
{
    return check_is_user(nc, "hostfwd_add", err) && user_hostfwd_add(self(nc)->slirp, "hostfwd_add", rule, err);
}

bool net_hostfwd_remove(struct net_client *nc, const char *rule, GError **err)
{
    return check_is_user(nc, "hostfwd_remove", err) && user_hostfwd_remove(self(nc)->slirp, rule, err);
}
