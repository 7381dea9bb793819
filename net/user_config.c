/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "net/user.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "net/net.h"

/* ---- addresses ---- */

static bool get_ipv4(struct options *o, const char *key, struct in_addr *out, GError **err)
{
    const char *v = options_get(o, key);

    if (v && inet_pton(AF_INET, v, out) != 1) {
        g_set_error(err, NET_ERROR, 0, "%s: %s=%s is no IPv4 address", options_where(o), key, v);
        return false;
    }
    return true;
}

static bool get_ipv6(struct options *o, const char *key, struct in6_addr *out, GError **err)
{
    const char *v = options_get(o, key);

    if (v && inet_pton(AF_INET6, v, out) != 1) {
        g_set_error(err, NET_ERROR, 0, "%s: %s=%s is no IPv6 address", options_where(o), key, v);
        return false;
    }
    return true;
}

/* "10.0.2.0/24", "10.0.2.0/255.255.255.0", or without a mask that of its class. Host byte order. */
static bool parse_network(const char *text, uint32_t *net, uint32_t *mask)
{
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    struct in_addr a, m;
    guint64 bits;

    if (inet_pton(AF_INET, parts[0], &a) != 1) {
        return false;
    }
    *net = ntohl(a.s_addr);
    if (!parts[1]) {
        *mask = *net >> 31 == 0 ? 0xff000000 : *net >> 30 == 2 ? 0xffff0000 : 0xffffff00;
    } else if (inet_pton(AF_INET, parts[1], &m) == 1) {
        *mask = ntohl(m.s_addr);
    } else if (g_ascii_string_to_unsigned(parts[1], 10, 4, 30, &bits, NULL)) {
        *mask = UINT32_MAX << (32 - bits);
    } else {
        return false;
    }
    *net &= *mask;
    return true;
}

static bool inside(const SlirpConfig *c, struct in_addr a)
{
    return (a.s_addr & c->vnetmask.s_addr) == c->vnetwork.s_addr;
}

static bool parse_ipv4(SlirpConfig *c, struct options *o, GError **err)
{
    const char *net_text = options_get(o, "net");
    uint32_t net = 0x0a000200, mask = 0xffffff00;

    if (net_text && !parse_network(net_text, &net, &mask)) {
        g_set_error(err, NET_ERROR, 0, "%s: net=%s is no network: ADDRESS/BITS, as 10.0.2.0/24", options_where(o),
                    net_text);
        return false;
    }
    c->vnetwork.s_addr = htonl(net);
    c->vnetmask.s_addr = htonl(mask);
    c->vhost.s_addr = htonl(net | (0x0202 & ~mask));
    c->vdhcp_start.s_addr = htonl(net | (0x020f & ~mask));
    c->vnameserver.s_addr = htonl(net | (0x0203 & ~mask));
    if (!get_ipv4(o, "host", &c->vhost, err) || !get_ipv4(o, "dhcpstart", &c->vdhcp_start, err) ||
        !get_ipv4(o, "dns", &c->vnameserver, err)) {
        return false;
    }
    if (!inside(c, c->vhost) || !inside(c, c->vdhcp_start) || !inside(c, c->vnameserver)) {
        g_set_error(err, NET_ERROR, 0, "%s: host=, dhcpstart= and dns= must lie inside net=", options_where(o));
        return false;
    }
    if (c->vhost.s_addr == c->vnameserver.s_addr || c->vhost.s_addr == c->vdhcp_start.s_addr ||
        c->vdhcp_start.s_addr == c->vnameserver.s_addr) {
        g_set_error(err, NET_ERROR, 0, "%s: host=, dhcpstart= and dns= must be three addresses", options_where(o));
        return false;
    }
    return true;
}

static bool parse_ipv6(SlirpConfig *c, struct options *o, GError **err)
{
    const char *net = options_get(o, "ipv6-net");
    g_auto(GStrv) parts = g_strsplit(net ? net : "fec0::/64", "/", 2);
    uint64_t bits = 64;

    if (!get_ipv6(o, "ipv6-prefix", &c->vprefix_addr6, err) ||
        !options_get_u64(o, "ipv6-prefixlen", 0, 126, &bits, err)) {
        return false;
    }
    if ((net || !options_get(o, "ipv6-prefix")) &&
        (inet_pton(AF_INET6, parts[0], &c->vprefix_addr6) != 1 ||
         (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, 126, &bits, NULL)))) {
        g_set_error(err, NET_ERROR, 0, "%s: ipv6-net=%s is no IPv6 prefix", options_where(o), net ? net : "");
        return false;
    }
    c->vprefix_len = bits;
    c->vhost6 = c->vnameserver6 = c->vprefix_addr6;
    c->vhost6.s6_addr[15] |= 2;
    c->vnameserver6.s6_addr[15] |= 3;
    return get_ipv6(o, "ipv6-host", &c->vhost6, err) && get_ipv6(o, "ipv6-dns", &c->vnameserver6, err);
}

/* ---- names ---- */

static const char *keep(struct user_config *c, const char *text)
{
    char *copy = g_strdup(text);

    if (copy) {
        g_ptr_array_add(c->strings, copy);
    }
    return copy;
}

static void parse_names(struct user_config *c, struct options *o)
{
    unsigned pos = 0;
    const char *v;

    c->slirp.vhostname = keep(c, options_get(o, "hostname"));
    c->slirp.tftp_server_name = keep(c, options_get(o, "tftp-server-name"));
    c->slirp.tftp_path = keep(c, options_get(o, "tftp"));
    c->slirp.bootfile = keep(c, options_get(o, "bootfile"));
    c->slirp.vdomainname = keep(c, options_get(o, "domainname"));
    while ((v = options_next(o, "dnssearch", &pos))) {
        g_ptr_array_add(c->dnssearch, (gpointer)keep(c, v));
    }
    if (c->dnssearch->len) {
        g_ptr_array_add(c->dnssearch, NULL);
        c->slirp.vdnssearch = (const char **)c->dnssearch->pdata;
    }
}

bool user_config_parse(struct user_config *c, struct options *o, GError **err)
{
    SlirpConfig *s = &c->slirp;
    bool ipv4 = true, ipv6 = true, restricted = false;

    c->strings = g_ptr_array_new_with_free_func(g_free);
    c->dnssearch = g_ptr_array_new();
    s->version = MIN(4, SLIRP_CONFIG_VERSION_MAX);
    if (options_get(o, "smb") || options_get(o, "smbserver")) {
        g_set_error(err, NET_ERROR, 0,
                    "%s: smb= is not supported; share files with the guest over a disk image, tftp= or "
                    "a server on the host at the address host=",
                    options_where(o));
        return false;
    }
    if (!options_get_bool(o, "ipv4", &ipv4, err) || !options_get_bool(o, "ipv6", &ipv6, err) ||
        !options_get_bool(o, "restrict", &restricted, err) || !parse_ipv4(s, o, err) || !parse_ipv6(s, o, err)) {
        return false;
    }
    if (!ipv4 && !ipv6) {
        g_set_error(err, NET_ERROR, 0, "%s: ipv4=off and ipv6=off together leave nothing", options_where(o));
        return false;
    }
    /* Asking for one protocol alone turns the other off. */
    s->in_enabled = ipv4 && (options_get(o, "ipv4") || !options_get(o, "ipv6") || !ipv6);
    s->in6_enabled = ipv6 && (options_get(o, "ipv6") || !options_get(o, "ipv4") || !ipv4);
    s->restricted = restricted;
    parse_names(c, o);
    if (s->tftp_path && !g_file_test(s->tftp_path, G_FILE_TEST_IS_DIR)) {
        g_set_error(err, NET_ERROR, 0, "%s: tftp=%s is no directory", options_where(o), s->tftp_path);
        return false;
    }
    return true;
}

void user_config_clear(struct user_config *c)
{
    g_ptr_array_free(c->strings, TRUE);
    g_ptr_array_free(c->dnssearch, TRUE);
}

/* ---- forwards ---- */

struct forward {
    bool udp;
    struct in_addr host, guest;
    int host_port, guest_port;
};

static bool parse_port(const char *text, int min, int *port)
{
    guint64 v;

    if (!text || !g_ascii_string_to_unsigned(text, 10, min, 65535, &v, NULL)) {
        return false;
    }
    *port = v;
    return true;
}

/* "ADDR:PORT" or ":PORT". An empty address leaves *a as it is. */
static bool parse_endpoint(const char *text, int port_min, struct in_addr *a, int *port)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);

    return parts[0] && parts[1] && (!parts[0][0] || inet_pton(AF_INET, parts[0], a) == 1) &&
           parse_port(parts[1], port_min, port);
}

/* "tcp|udp:" and then text; without a protocol it is TCP. */
static const char *parse_protocol(const char *rule, bool *udp)
{
    const char *colon = strchr(rule, ':');

    *udp = g_str_has_prefix(rule, "udp:");
    if (!colon || (!*udp && colon != rule && !g_str_has_prefix(rule, "tcp:"))) {
        return NULL;
    }
    return colon + 1;
}

static bool parse_hostfwd(const char *where, const char *rule, bool with_guest, struct forward *f, GError **err)
{
    const char *rest = parse_protocol(rule, &f->udp);
    g_auto(GStrv) ends = rest ? g_strsplit(rest, "-", 2) : NULL;

    f->host.s_addr = htonl(INADDR_ANY);
    f->guest.s_addr = 0;   /* libslirp: the first address that DHCP gives */
    if (ends && ends[0] && parse_endpoint(ends[0], 0, &f->host, &f->host_port) &&
        (!with_guest || (ends[1] && parse_endpoint(ends[1], 1, &f->guest, &f->guest_port)))) {
        return true;
    }
    g_set_error(err, NET_ERROR, 0, "%s: '%s' is no forward: tcp|udp:[HOSTADDR]:PORT%s", where, rule,
                with_guest ? "-[GUESTADDR]:PORT, as tcp::2222-:22" : "");
    return false;
}

bool user_hostfwd_add(Slirp *slirp, const char *where, const char *rule, GError **err)
{
    struct forward f;

    if (!parse_hostfwd(where, rule, true, &f, err)) {
        return false;
    }
    errno = 0;
    if (slirp_add_hostfwd(slirp, f.udp, f.host, f.host_port, f.guest, f.guest_port) < 0) {
        g_set_error(err, NET_ERROR, 0, "%s: hostfwd=%s: cannot listen on port %d of the host: %s", where, rule,
                    f.host_port, errno ? g_strerror(errno) : "refused");
        return false;
    }
    return true;
}

bool user_hostfwd_remove(Slirp *slirp, const char *rule, GError **err)
{
    struct forward f;

    if (!parse_hostfwd("hostfwd_remove", rule, false, &f, err)) {
        return false;
    }
    if (slirp_remove_hostfwd(slirp, f.udp, f.host, f.host_port) < 0) {
        g_set_error(err, NET_ERROR, 0, "hostfwd_remove: there is no forward '%s'", rule);
        return false;
    }
    return true;
}

/* "tcp:ADDR:PORT-cmd:COMMAND": each connection of the guest to that address runs the command. */
static bool add_guestfwd(Slirp *slirp, const char *where, const char *rule, GError **err)
{
    bool udp;
    const char *rest = parse_protocol(rule, &udp);
    g_auto(GStrv) ends = rest ? g_strsplit(rest, "-", 2) : NULL;
    struct in_addr guest = { 0 };
    int port;

    if (!ends || udp || !ends[0] || !ends[1] || !g_str_has_prefix(ends[1], "cmd:") ||
        !parse_endpoint(ends[0], 1, &guest, &port)) {
        g_set_error(err, NET_ERROR, 0, "%s: guestfwd=%s is not accepted; accepted: tcp:ADDR:PORT-cmd:COMMAND", where,
                    rule);
        return false;
    }
    if (slirp_add_exec(slirp, ends[1] + 4, &guest, port) < 0) {
        g_set_error(err, NET_ERROR, 0,
                    "%s: guestfwd=%s: the address must lie inside net=, be neither host= nor dns=, and "
                    "be free",
                    where, rule);
        return false;
    }
    return true;
}

bool user_add_forwards(Slirp *slirp, struct options *o, GError **err)
{
    const char *rule;
    unsigned pos = 0;

    while ((rule = options_next(o, "hostfwd", &pos))) {
        if (!user_hostfwd_add(slirp, options_where(o), rule, err)) {
            return false;
        }
    }
    pos = 0;
    while ((rule = options_next(o, "guestfwd", &pos))) {
        if (!add_guestfwd(slirp, options_where(o), rule, err)) {
            return false;
        }
    }
    return true;
}
