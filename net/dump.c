/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter-dump: frames to a file that tcpdump and wireshark read (the pcap format, version 2.4, link type Ethernet). */
#include "net/net_impl.h"

#include <errno.h>

#define LINKTYPE_ETHERNET 1

struct net_dump {
    FILE *file;
    size_t len_max;
};

struct net_dump *net_dump_open(const char *path, size_t len_max, GError **err)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, len_max, link_type;
    } head = { 0xa1b2c3d4, 2, 4, 0, 0, len_max, LINKTYPE_ETHERNET };
    struct net_dump *d;
    FILE *f = fopen(path, "we");

    if (!f || fwrite(&head, sizeof(head), 1, f) != 1 || fflush(f)) {
        g_set_error(err, NET_ERROR, 0, "cannot write '%s': %s", path, g_strerror(errno));
        if (f) {
            fclose(f);
        }
        return NULL;
    }
    d = g_new0(struct net_dump, 1);
    d->file = f;
    d->len_max = len_max;
    return d;
}

void net_dump_frame(struct net_dump *d, const uint8_t *frame, size_t len)
{
    gint64 now_us = g_get_real_time();
    const uint32_t head[4] = { now_us / G_USEC_PER_SEC, now_us % G_USEC_PER_SEC, MIN(len, d->len_max), len };

    if (!d->file) {
        return;
    }
    if (fwrite(head, sizeof(head), 1, d->file) != 1 || fwrite(frame, head[2], 1, d->file) != 1 || fflush(d->file)) {
        g_printerr("doppel: filter-dump is given up: %s\n", g_strerror(errno));
        fclose(d->file);
        d->file = NULL;
    }
}

void net_dump_close(struct net_dump *d)
{
    if (d->file) {
        fclose(d->file);
    }
    g_free(d);
}
