/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -netdev tap: the host's kernel is the peer, through a TAP interface. Each frame has a virtio_net_hdr in front, so
 * that checksums and segmentation stay undone all the way to the host's stack or its network card.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/net_impl.h"
#include "util/sock.h"

#define BATCH 64   /* frames for one turn of the main loop */
#define FEATURES (NET_FEATURE_CSUM | NET_FEATURE_TSO4 | NET_FEATURE_TSO6)

G_STATIC_ASSERT(sizeof(struct net_offload) == 10);   /* is a virtio_net_hdr */

struct net_tap {
    struct net_client nc;
    int fd;
    char name[IFNAMSIZ];
    bool header;                /* the interface has IFF_VNET_HDR */
    uint32_t offload;           /* what the kernel was told that the guest takes (enum net_features) */
    guint in_watch, out_watch;
};

static struct net_tap *self(struct net_client *nc)
{
    return (struct net_tap *)nc;
}

/* The kernel may leave undone what the guest does itself; a driver says so late, and may change its mind. */
static void follow_features(struct net_tap *s)
{
    uint32_t wanted = g_atomic_int_get(&s->nc.rx_features);
    unsigned bits = 0;

    if (!s->header || wanted == s->offload) {
        return;
    }
    s->offload = wanted;
    if (wanted & NET_FEATURE_CSUM) {
        bits = TUN_F_CSUM | (wanted & NET_FEATURE_TSO4 ? TUN_F_TSO4 : 0) | (wanted & NET_FEATURE_TSO6 ? TUN_F_TSO6 : 0);
    }
    if (ioctl(s->fd, TUNSETOFFLOAD, bits)) {
        g_debug("%s: TUNSETOFFLOAD: %s", s->name, g_strerror(errno));
    }
}

/* A frame that the kernel had queued before it learned what the guest takes now. */
static bool fits_guest(const struct net_tap *s, const struct net_offload *off)
{
    return !off->gso_type || (s->offload & (off->gso_type == NET_GSO_TCPV6 ? NET_FEATURE_TSO6 : NET_FEATURE_TSO4));
}

static gboolean readable(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_tap *s = opaque;
    struct net_offload off = { 0 };
    uint8_t frame[NET_FRAME_MAX];
    struct iovec iov[2] = { { &off, sizeof(off) }, { frame, sizeof(frame) } };

    follow_features(s);
    for (int i = 0; i < BATCH; i++) {
        size_t head = s->header ? sizeof(off) : 0;
        ssize_t n;

        if (!net_can_deliver(&s->nc)) {
            s->in_watch = 0;
            return G_SOURCE_REMOVE;
        }
        n = readv(fd, iov + !s->header, 2 - !s->header);
        if (n < 0 || (size_t)n < head) {
            break;
        }
        if (fits_guest(s, &off)) {
            net_deliver(&s->nc, &off, frame, n - head);
        }
    }
    net_deliver_end(&s->nc);
    return G_SOURCE_CONTINUE;
}

static void tap_resume(struct net_client *nc)
{
    struct net_tap *s = self(nc);

    if (!s->in_watch) {
        s->in_watch = g_unix_fd_add(s->fd, G_IO_IN, readable, s);
    }
}

static gboolean writable(int fd, GIOCondition cond, gpointer opaque)
{
    struct net_tap *s = opaque;

    s->out_watch = 0;
    net_send_ready(&s->nc);
    return G_SOURCE_REMOVE;
}

static bool tap_send(struct net_client *nc, const struct net_offload *off, uint8_t *frame, size_t len)
{
    struct net_tap *s = self(nc);
    struct iovec iov[2] = { { (void *)off, sizeof(*off) }, { frame, len } };

    if (writev(s->fd, iov + !s->header, 2 - !s->header) < 0 && errno == EAGAIN) {
        s->out_watch = g_unix_fd_add(s->fd, G_IO_OUT, writable, s);
        return false;
    }
    return true;   /* EIO: the interface is down; the frame is lost as on a pulled cable */
}

static int open_interface(struct net_tap *s, const char *name, bool header, const char *where, GError **err)
{
    struct ifreq ifr = { .ifr_flags = IFF_TAP | IFF_NO_PI | (header ? IFF_VNET_HDR : 0) };
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (name) {
        g_strlcpy(ifr.ifr_name, name, IFNAMSIZ);
    }
    if (fd >= 0 && !ioctl(fd, TUNSETIFF, &ifr)) {
        g_strlcpy(s->name, ifr.ifr_name, IFNAMSIZ);
        return fd;
    }
    g_set_error(err, NET_ERROR, 0, "%s: cannot open the TAP interface '%s': %s%s", where, name ? name : "(a new one)",
                g_strerror(errno),
                errno == EPERM || errno == EACCES ? "; an administrator makes one for you by: ip tuntap "
                                                    "add mode tap user $USER; -netdev user needs no rights"
                                                  : "");
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static bool refuse_unknown(struct options *o, GError **err)
{
    static const char *const scripts[] = { "script", "downscript" };
    bool vhost = false;

    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        const char *v = options_get(o, scripts[i]);

        if (v && strcmp(v, "no") && v[0]) {
            g_set_error(err, NET_ERROR, 0, "%s: %s=%s is not supported; set the interface up beforehand and give %s=no",
                        options_where(o), scripts[i], v, scripts[i]);
            return false;
        }
    }
    if (!options_get_bool(o, "vhost", &vhost, err)) {
        return false;
    }
    if (vhost) {
        g_set_error(err, NET_ERROR, 0, "%s: vhost=on is not supported; vhost=off is", options_where(o));
    }
    return !vhost;
}

static bool tap_open(struct net_client *nc, struct options *o, GError **err)
{
    struct net_tap *s = self(nc);
    const char *name = options_get(o, "ifname");
    struct ifreq ifr = { 0 };
    uint64_t fd = 0;
    bool given = options_get(o, "fd"), header = true;

    if (!refuse_unknown(o, err) || !options_get_u64(o, "fd", 0, INT_MAX, &fd, err) ||
        !options_get_bool(o, "vnet_hdr", &header, err)) {
        return false;
    }
    s->fd = given ? (int)fd : open_interface(s, name, header, options_where(o), err);
    if (s->fd < 0) {
        return false;
    }
    if (ioctl(s->fd, TUNGETIFF, &ifr)) {
        g_set_error(err, NET_ERROR, 0, "%s: fd=%d is no TAP interface: %s", options_where(o), s->fd, g_strerror(errno));
        return false;
    }
    g_strlcpy(s->name, ifr.ifr_name, IFNAMSIZ);
    s->header = ifr.ifr_flags & IFF_VNET_HDR;
    if (s->header) {
        ioctl(s->fd, TUNSETVNETHDRSZ, &(int){ sizeof(struct net_offload) });
        ioctl(s->fd, TUNSETOFFLOAD, 0);
    } else {
        nc->features = 0;
    }
    sock_set_nonblocking(s->fd);
    tap_resume(nc);
    return true;
}

static void tap_close(struct net_client *nc)
{
    struct net_tap *s = self(nc);

    if (s->in_watch) {
        g_source_remove(s->in_watch);
    }
    if (s->out_watch) {
        g_source_remove(s->out_watch);
    }
    close(s->fd);
}

static void tap_info(struct net_client *nc, GString *out)
{
    g_string_append_printf(out, "ifname=%s", self(nc)->name);
}

const struct net_type net_tap_type = {
    .name = "tap", .help = "ifname=NAME,script=no,downscript=no | fd=FD", .size = sizeof(struct net_tap),
    .features = FEATURES, .open = tap_open, .close = tap_close, .send = tap_send, .resume = tap_resume,
    .info = tap_info,
};
