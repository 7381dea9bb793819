/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network back ends of a machine, and the two queues of each. */
#include "net/net_impl.h"
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "net/checksum.h"
#include "net/coalesce.h"
#include "util/iov.h"

#define TX_BYTES (2u << 20)
#define RX_BYTES (4u << 20)
#define FRAME_MIN 14
#define DUMP_LEN_MAX 65536

static const struct net_type *const types[] = {
#ifdef HAVE_SLIRP
    &net_user_type,
#endif
    &net_socket_type, &net_stream_type, &net_dgram_type, &net_tap_type, &net_none_type,
};

struct net_set *net_set_new(void)
{
    struct net_set *set = g_new0(struct net_set, 1);

    set->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    set->all = g_ptr_array_new();
    return set;
}

static void client_delete(struct net_client *nc, bool opened)
{
    if (opened && nc->type->close) {
        nc->type->close(nc);
    }
    wake_free(nc->wake);
    for (unsigned i = 0; i < nc->dumps->len; i++) {
        net_dump_close(nc->dumps->pdata[i]);
    }
    g_ptr_array_free(nc->dumps, TRUE);
    net_queue_free(&nc->tx);
    net_queue_free(&nc->rx);
    g_mutex_clear(&nc->tx_lock);
    g_free(nc->model);
    g_free(nc->id);
    g_free(nc);
}

void net_set_free(struct net_set *set)
{
    if (!set) {
        return;
    }
    for (unsigned i = 0; i < set->all->len; i++) {
        client_delete(set->all->pdata[i], true);
    }
    g_ptr_array_free(set->all, TRUE);
    g_hash_table_destroy(set->by_id);
    g_free(set);
}

struct net_client *net_find(struct net_set *set, const char *id)
{
    return g_hash_table_lookup(set->by_id, id);
}

const char *net_id(const struct net_client *nc)
{
    return nc->id;
}

const char *net_type(const struct net_client *nc)
{
    return nc->type->name;
}

/* ---- guest to host ---- */

void net_send(struct net_client *nc, const struct net_offload *off, const struct iovec *iov, int n)
{
    size_t len = iov_size(iov, n);
    struct net_record *r = NULL;

    g_mutex_lock(&nc->tx_lock);
    if (len >= FRAME_MIN && len <= NET_FRAME_MAX && g_atomic_int_get(&nc->link_up)) {
        r = net_queue_push(&nc->tx, len);
    }
    if (r) {
        if (off) {
            r->off = *off;
        }
        iov_to_buf(iov, n, 0, r->frame, len);
        nc->stats.tx_frames++;
        nc->stats.tx_bytes += len;
    } else {
        nc->stats.tx_dropped++;
    }
    g_mutex_unlock(&nc->tx_lock);
    if (!g_atomic_int_get(&nc->send_plugged)) {
        wake_signal(nc->wake);
    }
}

void net_send_begin(struct net_client *nc)
{
    g_atomic_int_inc(&nc->send_plugged);
}

void net_send_end(struct net_client *nc)
{
    if (g_atomic_int_dec_and_test(&nc->send_plugged)) {
        wake_signal(nc->wake);
    }
}

static void dump(struct net_client *nc, const struct net_record *r)
{
    for (unsigned i = 0; i < nc->dumps->len; i++) {
        net_dump_frame(nc->dumps->pdata[i], r->frame, r->len);
    }
}

static void send_queued(struct net_client *nc)
{
    while (!nc->tx_blocked) {
        struct net_record *r;

        g_mutex_lock(&nc->tx_lock);
        r = net_queue_head(&nc->tx);
        g_mutex_unlock(&nc->tx_lock);
        if (!r) {
            return;
        }
        /* The head stays in place while others push, so no lock is held over the back end's work. */
        if (!nc->type->send(nc, &r->off, r->frame, r->len)) {
            nc->tx_blocked = true;
            return;
        }
        if (nc->dumps->len) {
            dump(nc, r);
        }
        g_mutex_lock(&nc->tx_lock);
        net_queue_pop(&nc->tx);
        g_mutex_unlock(&nc->tx_lock);
    }
}

void net_send_ready(struct net_client *nc)
{
    nc->tx_blocked = false;
    wake_signal(nc->wake);
}

/* ---- host to guest ---- */

bool net_can_deliver(const struct net_client *nc)
{
    return !nc->rx_blocked;
}

void net_deliver(struct net_client *nc, const struct net_offload *off, const void *frame, size_t len)
{
    uint32_t features = g_atomic_int_get(&nc->rx_features);
    bool coalesce = features & NET_FEATURE_TSO4 && features & NET_FEATURE_CSUM && (!off || !off->gso_type);
    struct net_record *r;

    if (!nc->ops || !g_atomic_int_get(&nc->link_up) || len < FRAME_MIN || len > NET_FRAME_MAX) {
        nc->stats.rx_dropped++;
        return;
    }
    nc->rx_any = true;
    if (coalesce && net_coalesce(&nc->rx, frame, len)) {
        nc->stats.rx_frames++;
        nc->stats.rx_bytes += len;
        return;
    }
    r = net_queue_push(&nc->rx, len);
    if (!r) {
        nc->stats.rx_dropped++;
        return;
    }
    if (off) {
        r->off = *off;
    }
    memcpy(r->frame, frame, len);
    nc->stats.rx_frames++;
    nc->stats.rx_bytes += len;
    if (coalesce) {
        net_coalesce_start(r);
    }
}

/* What the guest does not take must be complete. */
static void suit_to_guest(struct net_client *nc, struct net_record *r)
{
    uint32_t features = g_atomic_int_get(&nc->rx_features);

    net_coalesce_finish(r);
    if (!(features & NET_FEATURE_CSUM)) {
        net_checksum_complete(&r->off, r->frame, r->len);
        r->off.flags = 0;
        r->off.csum_start = r->off.csum_offset = 0;
    }
}

void net_deliver_end(struct net_client *nc)
{
    struct net_record *r;

    nc->rx_any = false;
    if (nc->rx_blocked || !nc->ops || !net_queue_head(&nc->rx)) {
        return;
    }
    if (nc->ops->batch_begin) {
        nc->ops->batch_begin(nc->opaque);
    }
    while ((r = net_queue_head(&nc->rx))) {
        suit_to_guest(nc, r);
        if (!nc->ops->receive(nc->opaque, &r->off, r->frame, r->len)) {
            nc->rx_blocked = true;
            break;
        }
        if (nc->dumps->len) {
            dump(nc, r);
        }
        net_queue_pop(&nc->rx);
    }
    if (nc->ops->batch_end) {
        nc->ops->batch_end(nc->opaque);
    }
}

void net_rx_ready(struct net_client *nc)
{
    if (g_atomic_int_compare_and_exchange(&nc->rx_wanted, 0, 1)) {
        wake_signal(nc->wake);
    }
}

static void woken(void *opaque)
{
    struct net_client *nc = opaque;

    if (g_atomic_int_compare_and_exchange(&nc->rx_wanted, 1, 0)) {
        nc->rx_blocked = false;
        nc->rx_any = true;
        if (nc->type->resume) {
            nc->type->resume(nc);
        }
    }
    send_queued(nc);
    if (nc->rx_any) {
        net_deliver_end(nc);
    }
}

/* ---- making ---- */

static const struct net_type *find_type(const char *name, const char *where, GError **err)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (!strcmp(name, types[i]->name)) {
            return types[i];
        }
        g_string_append_printf(list, "%s%s", i ? ", " : "", types[i]->name);
    }
    g_set_error(err, NET_ERROR, 0, "%s: there is no network back end '%s'%s; there are: %s", where, name,
                strcmp(name, "user") ? "" : " in this build (it needs libslirp)", list->str);
    return NULL;
}

struct net_client *net_client_new(struct net_set *set, struct options *o, GError **err)
{
    const char *type_name = options_need(o, "type", err), *id = type_name ? options_need(o, "id", err) : NULL;
    const struct net_type *type = id ? find_type(type_name, options_where(o), err) : NULL;
    struct net_client *nc;
    bool opened;

    if (!type) {
        return NULL;
    }
    if (net_find(set, id)) {
        g_set_error(err, NET_ERROR, 0, "%s: this id is taken already", options_where(o));
        return NULL;
    }
    nc = g_malloc0(type->size);
    nc->type = type;
    nc->set = set;
    nc->id = g_strdup(id);
    nc->features = type->features;
    nc->link_up = true;
    nc->dumps = g_ptr_array_new();
    g_mutex_init(&nc->tx_lock);
    net_queue_init(&nc->tx, TX_BYTES);
    net_queue_init(&nc->rx, RX_BYTES);
    nc->wake = wake_new(NULL, woken, nc);
    opened = type->open(nc, o, err);
    if (!opened || !options_finish(o, err)) {
        client_delete(nc, opened);
        return NULL;
    }
    g_hash_table_insert(set->by_id, nc->id, nc);
    g_ptr_array_add(set->all, nc);
    return nc;
}

bool net_add_dump(struct net_set *set, struct options *o, GError **err)
{
    const char *netdev = options_need(o, "netdev", err), *path = netdev ? options_need(o, "file", err) : NULL;
    uint64_t len_max = DUMP_LEN_MAX;
    struct net_client *nc;
    struct net_dump *d;

    options_id(o);
    if (!path || !options_get_u64(o, "maxlen", 1, NET_FRAME_MAX, &len_max, err) || !options_finish(o, err)) {
        return false;
    }
    nc = net_find(set, netdev);
    if (!nc) {
        g_set_error(err, NET_ERROR, 0, "%s: there is no -netdev with id=%s", options_where(o), netdev);
        return false;
    }
    d = net_dump_open(path, len_max, err);
    if (!d) {
        g_prefix_error(err, "%s: ", options_where(o));
        return false;
    }
    g_ptr_array_add(nc->dumps, d);
    return true;
}

bool net_attach(struct net_client *nc, const struct net_frontend_ops *ops, void *opaque, const char *model,
                const uint8_t mac[NET_MAC_LEN], GError **err)
{
    if (nc->ops) {
        g_set_error(err, NET_ERROR, 0, "-netdev id=%s is in use by a %s already; each NIC needs one of its own", nc->id,
                    nc->model);
        return false;
    }
    nc->ops = ops;
    nc->opaque = opaque;
    nc->model = g_strdup(model);
    memcpy(nc->mac, mac, NET_MAC_LEN);
    nc->rx_blocked = false;
    return true;
}

void net_detach(struct net_client *nc)
{
    nc->ops = NULL;
    g_free(nc->model);
    nc->model = NULL;
    while (net_queue_head(&nc->rx)) {
        net_queue_pop(&nc->rx);
    }
}

uint32_t net_features(const struct net_client *nc)
{
    return nc->features;
}

void net_set_rx_features(struct net_client *nc, uint32_t features)
{
    g_atomic_int_set(&nc->rx_features, features);
}

void net_set_link(struct net_client *nc, bool up)
{
    if (g_atomic_int_get(&nc->link_up) == up) {
        return;
    }
    g_atomic_int_set(&nc->link_up, up);
    if (nc->ops && nc->ops->link_changed) {
        nc->ops->link_changed(nc->opaque, up);
    }
}

bool net_link_up(const struct net_client *nc)
{
    return g_atomic_int_get(&nc->link_up);
}

/* ---- what it is ---- */

void net_get_stats(const struct net_client *nc, struct net_stats *stats)
{
    GMutex *lock = (GMutex *)&nc->tx_lock;

    g_mutex_lock(lock);
    *stats = nc->stats;
    g_mutex_unlock(lock);
}

static void client_info(struct net_client *nc, GString *out)
{
    struct net_stats s;

    net_get_stats(nc, &s);
    if (nc->ops) {
        g_string_append_printf(out, "%s: model=%s,macaddr=%02x:%02x:%02x:%02x:%02x:%02x\n \\ ", nc->id, nc->model,
                               nc->mac[0], nc->mac[1], nc->mac[2], nc->mac[3], nc->mac[4], nc->mac[5]);
    }
    g_string_append_printf(out, "%s: type=%s", nc->id, nc->type->name);
    if (nc->type->info) {
        g_string_append_c(out, ',');
        nc->type->info(nc, out);
    }
    g_string_append_printf(out, "%s\n    tx %" PRIu64 " frames, %" PRIu64 " bytes, %" PRIu64 " dropped; rx %" PRIu64
                           " frames, %" PRIu64 " bytes, %" PRIu64 " dropped\n",
                           net_link_up(nc) ? "" : ",link=down", s.tx_frames, s.tx_bytes, s.tx_dropped, s.rx_frames,
                           s.rx_bytes, s.rx_dropped);
}

void net_info(struct net_set *set, GString *out)
{
    for (unsigned i = 0; i < set->all->len; i++) {
        client_info(set->all->pdata[i], out);
    }
}

const char *net_help(void)
{
    static char *text;
    GString *s;

    if (text) {
        return text;
    }
    s = g_string_new("Network back ends: -netdev TYPE,id=ID,KEYS\n");
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        g_string_append_printf(s, "  %-8s %s\n", types[i]->name, types[i]->help);
    }
    return text = g_string_free(s, FALSE);
}

bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_LEN])
{
    unsigned v[NET_MAC_LEN];
    char rest;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &rest) != NET_MAC_LEN) {
        return false;
    }
    for (int i = 0; i < NET_MAC_LEN; i++) {
        mac[i] = v[i];
    }
    return true;
}

static bool none_open(struct net_client *nc, struct options *o, GError **err)
{
    return true;
}

static bool none_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    return true;
}

const struct net_type net_none_type = {
    .name = "none", .help = "(no keys; a cable that leads nowhere)", .size = sizeof(struct net_client),
    .open = none_open, .send = none_send,
};
