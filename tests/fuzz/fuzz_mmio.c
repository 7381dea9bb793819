/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any sequence of accesses to any device that stands on its own, with steps of the clock, resets, and RAM that the device
 * may reach by DMA. The first byte of the input chooses the device.
 */
#include <string.h>

#include "tests/dev/rig.h"

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

static const struct device_type *choose(unsigned n)
{
    g_autoptr(GPtrArray) types = g_ptr_array_new();

    for (unsigned i = 0; device_types[i]; i++) {
        const struct device_type *t = device_types[i];

        if (!t->bus && !t->abstract && !t->user) {
            g_ptr_array_add(types, (void *)t);
        }
    }
    return types->pdata[n % types->len];
}

static void step(struct rig *r, struct input *in)
{
    uint8_t what = take(in, 1);
    unsigned width = 1 << (what & 3);
    /* Mostly small offsets: that is where registers are. */
    uint64_t offset = take(in, what & 4 ? 1 : 3);

    switch (what >> 3 & 7) {
    case 0:
        rig_step(r, take(in, 4));
        break;
    case 1:
        if (what == 0x0b) {
            rig_reset(r);
        } else if (r->m->io.children->len) {    /* a device with ports */
            const struct mem_region *ports = r->m->io.children->pdata[offset % r->m->io.children->len];
            uint64_t port = ports->addr + take(in, 1) % ports->size;

            if (what & 4) {
                as_st(&r->m->io_as, port, MIN(width, 4), take(in, 4), MEM_ATTRS_NONE);
            } else {
                as_ld(&r->m->io_as, port, MIN(width, 4), MEM_ATTRS_NONE, NULL);
            }
        }
        break;
    case 2:
        memcpy(r->ram_host + offset % (RIG_RAM_BYTES - 8), &(uint64_t) { take(in, 8) }, 8);
        break;
    case 3:
    case 4:
        rig_read(r, offset, width);
        break;
    default:
        rig_write(r, offset, width, take(in, width));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct rig r;

    rig_init(&r, choose(take(&in, 1))->name);
    rig_start(&r);
    while (in.left) {
        step(&r, &in);
    }
    rig_free(&r);
    return 0;
}
