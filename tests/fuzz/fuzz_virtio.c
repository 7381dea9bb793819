/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hostile virtio driver: any register writes, any ring contents. The first byte of the input chooses the kind of ring and
 * the device; queues start where the rig's driver would put them, so that descriptors get somewhere at once.
 */
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "net/net_impl.h"
#include "tests/dev/virtio_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *p;
    size_t left;
};

static uint64_t take(struct input *in, unsigned bytes)
{
    uint64_t v = 0;

    bytes = MIN(bytes, in->left);
    memcpy(&v, in->p, bytes);
    in->p += bytes;
    in->left -= bytes;
    return v;
}

/* One small image for all inputs: what earlier ones wrote to it decides nothing. */
static struct block_backend *disk(void)
{
    static struct block_backend *be;
    struct block_config c;
    char *path;
    int fd;

    if (be) {
        return be;
    }
    fd = g_file_open_tmp("fuzz-virtio-XXXXXX", &path, NULL);
    g_assert(fd >= 0 && !ftruncate(fd, 1 << 16));
    close(fd);
    block_config_defaults(&c);
    c.file = path;
    c.format = "raw";
    be = block_open(&c, NULL);
    g_assert(be);
    unlink(path);
    g_free(path);
    return be;
}

/* A cable to nowhere, on which frames of the input arrive. */
static struct net_client *cable(void)
{
    static struct net_client *nc;
    struct options *o;

    if (!nc) {
        o = options_parse("-netdev", "none,id=n0", "type", NULL);
        nc = net_client_new(net_set_new(), o, NULL);
        g_assert(nc);
        nc->features = NET_FEATURE_CSUM | NET_FEATURE_TSO4 | NET_FEATURE_TSO6;
        options_free(o);
    }
    return nc;
}

/* A frame of up to 64 KiB, of which the input says the first bytes and what is left to the guest. */
static void frame_arrives(struct input *in)
{
    static uint8_t frame[65536];
    struct net_client *nc = cable();
    struct net_offload off = { .flags = take(in, 1), .gso_type = take(in, 1), .csum_start = take(in, 2),
                               .csum_offset = take(in, 2) };
    size_t len = take(in, 2);

    for (unsigned i = 0; i < 64; i++) {
        frame[i] = take(in, 1);
    }
    if (nc->ops) {
        net_deliver(nc, &off, frame, len);
        net_deliver_end(nc);
    }
}

static uint64_t address(struct input *in)
{
    static const uint64_t bases[] = { VR_TABLE, VR_DATA, RIG_RAM, RIG_RAM + RIG_RAM_BYTES - 8, RIG_BASE, 0, UINT64_MAX - 0xff };

    return bases[take(in, 1) % G_N_ELEMENTS(bases)] + take(in, 1);
}

static void step(struct virtio_rig *vr, struct input *in)
{
    uint8_t what = take(in, 1), n = what >> 4 & 1;
    uint64_t offset;

    if (what == 0xff) {
        frame_arrives(in);
        return;
    }
    switch (what & 7) {
    case 0:
        vr_start(vr, take(in, 8), MIN(2, vr->vd->nqueues));
        break;
    case 1:
        vr_set(vr, take(in, 1) % 64 * 4, take(in, 4));
        break;
    case 2:
        offset = take(in, 2) % (RIG_RAM_BYTES - 8);
        memcpy(vr->r.ram_host + offset, &(uint64_t) { take(in, 8) }, 8);
        break;
    case 3:
        rig_write(&vr->r, 0x100 + take(in, 1) % 64, 1 << (what >> 6), take(in, 4));
        break;
    case 4:
        rig_read(&vr->r, take(in, 1) * 2, 1 << (what >> 6));
        g_main_context_iteration(NULL, false);
        break;
    case 5:
        offset = address(in);
        vr_desc(vr, what & 8 ? VR_TABLE : VR_QUEUE(n), take(in, 1) % VR_SIZE, offset, take(in, what >> 7 ? 4 : 1), take(in, 2),
                take(in, 1) % (VR_SIZE + 1));
        break;
    case 6:
        vr_offer(vr, n, take(in, 1) % (VR_SIZE + 1));
        break;
    default:
        vr_kick(vr, what >> 3 & 7);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {
        "virtio-rng-device", "virtio-blk-device", "virtio-serial-device", "virtio-balloon-device", "virtio-net-device",
    };
    struct input in = { data, size };
    unsigned first = take(&in, 1);
    struct virtio_rig vr;

    vr_init(&vr, first % 3, types[first / 3 % G_N_ELEMENTS(types)]);
    if (device_find_prop(vr.vd->dev.type, "drive")) {
        device_set_pointer(&vr.vd->dev, "drive", disk());
    }
    if (device_find_prop(vr.vd->dev.type, "netdev")) {
        device_set_pointer(&vr.vd->dev, "netdev", cable());
    }
    vr_plug(&vr);
    vr_start(&vr, ~0ull, 1);
    while (in.left) {
        step(&vr, &in);
    }
    vr_free(&vr);
    return 0;
}
