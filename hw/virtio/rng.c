/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virtio-rng: entropy from the host, or from -seed (Virtio 1.2, 5.4). One queue, no configuration. */
#include <errno.h>
#include <sys/random.h>

#include "hw/virtio/virtio.h"
#include "system/machine.h"

#define BYTES_MAX 65536     /* for one request; more would hold the machine lock for long */

struct virtio_rng {
    struct virtio_device vd;
    char *rng;
};

/* Fills one piece; how many bytes it got: all of them, unless the host has none. */
static size_t fill(struct machine *m, uint8_t *to, size_t len)
{
    size_t done = 0;

    if (m->opt.has_seed) {
        machine_random(m, to, len);
        return len;
    }
    while (done < len) {
        ssize_t got = getrandom(to + done, len - done, 0);

        if (got > 0) {
            done += got;
        } else if (got < 0 && errno != EINTR) {
            break;
        }
    }
    return done;
}

static void notify(struct virtio_device *vd, struct virtio_queue *vq)
{
    struct virtio_element *e;

    while ((e = virtio_pop(vq))) {
        size_t done = 0;

        for (unsigned i = 0; i < e->in_num && done < BYTES_MAX; i++) {
            size_t n = MIN(BYTES_MAX - done, e->in[i].iov_len), got = fill(vd->dev.m, e->in[i].iov_base, n);

            done += got;
            if (got < n) {
                break;
            }
        }
        virtio_push(e, done);
    }
}

static const struct virtio_desc desc = {
    .id = VIRTIO_ID_RNG, .transitional_pci_id = 0x1005, .pci_class = 0x00ff, .notify = notify,
};

static bool realize(struct device *d, GError **err)
{
    virtio_queue_add((struct virtio_device *)d, 8);
    return true;
}

static const struct prop props[] = {
    PROP_STRING(struct virtio_rng, rng, "rng", NULL,
                "id of an -object rng-random or rng-builtin: the host's random numbers either way"),
};

const struct device_type virtio_rng_type = {
    .name = "virtio-rng-device", .help = "virtio source of random numbers", .base = &virtio_device_type,
    .bus = &virtio_bus_type, .size = sizeof(struct virtio_rng), PROPS(props), .realize = realize, .desc = &desc,
};
