/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chardevs without a host file: null, the ring buffer, and the device that ends the emulator for tests. */
#include "chardev/chardev_impl.h"

#include <stdlib.h>
#include <string.h>

/* ---- null ---- */

static bool null_open(struct chardev *chr, struct options *o, GError **err)
{
    chardev_set_connected(chr, true);
    return true;
}

const struct chardev_type chardev_null_type = {
    .name = "null", .help = "(no keys)", .size = sizeof(struct chardev), .open = null_open,
};

/* ---- ringbuf: keeps the last bytes for the monitor ---- */

#define RINGBUF_SIZE_MAX (64u << 20)

struct ringbuf_chardev {
    struct chardev chr;
    uint8_t *data;
    size_t size;          /* a power of two */
    uint64_t in, out;     /* count for ever; their difference is at most size */
};

static bool ringbuf_open(struct chardev *chr, struct options *o, GError **err)
{
    struct ringbuf_chardev *s = (struct ringbuf_chardev *)chr;
    uint64_t size = 65536;

    if (!options_get_size(o, "size", 1, &size, err)) {
        return false;
    }
    if (!size || (size & (size - 1)) || size > RINGBUF_SIZE_MAX) {
        g_set_error(err, CHARDEV_ERROR, 0, "%s: size=%s is not a power of two up to 64M", options_where(o),
                    options_get(o, "size"));
        return false;
    }
    s->size = size;
    s->data = g_malloc(size);
    chardev_set_connected(chr, true);
    return true;
}

static void ringbuf_close(struct chardev *chr)
{
    g_free(((struct ringbuf_chardev *)chr)->data);
}

static ssize_t ringbuf_put(struct chardev *chr, const uint8_t *buf, size_t len)
{
    struct ringbuf_chardev *s = (struct ringbuf_chardev *)chr;

    for (size_t i = 0; i < len; i++) {
        s->data[s->in++ & (s->size - 1)] = buf[i];
    }
    if (s->in - s->out > s->size) {
        s->out = s->in - s->size;
    }
    return len;
}

const struct chardev_type chardev_ringbuf_type = {
    .name = "ringbuf", .help = "size=BYTES (a power of two)", .size = sizeof(struct ringbuf_chardev),
    .open = ringbuf_open, .close = ringbuf_close, .write = ringbuf_put,
};

static struct ringbuf_chardev *as_ringbuf(struct chardev *chr, GError **err)
{
    if (chr->type != &chardev_ringbuf_type) {
        g_set_error(err, CHARDEV_ERROR, 0, "chardev '%s' is no ringbuf", chr->id);
        return NULL;
    }
    return (struct ringbuf_chardev *)chr;
}

bool chardev_ringbuf_read(struct chardev *chr, size_t len, GString *out, GError **err)
{
    struct ringbuf_chardev *s = as_ringbuf(chr, err);

    if (!s) {
        return false;
    }
    chardev_flush(chr);
    for (; len && s->out < s->in; len--) {
        g_string_append_c(out, s->data[s->out++ & (s->size - 1)]);
    }
    return true;
}

bool chardev_ringbuf_write(struct chardev *chr, const void *buf, size_t len, GError **err)
{
    const uint8_t *p = buf;

    if (!as_ringbuf(chr, err)) {
        return false;
    }
    while (len) {
        size_t n = MIN(len, chardev_can_receive(chr));

        if (!n) {
            g_set_error(err, CHARDEV_ERROR, 0, "chardev '%s': the guest takes no more input; %zu bytes are left",
                        chr->id, len);
            return false;
        }
        chardev_receive(chr, p, n);
        p += n;
        len -= n;
    }
    return true;
}

/* ---- testdev: "<digits>q" ends the emulator with status digits * 2 + 1, as QEMU's does ---- */

#define COMMAND_MAX 32

struct testdev_chardev {
    struct chardev chr;
    char command[COMMAND_MAX];
    size_t len;
};

static void testdev_exit(struct testdev_chardev *s)
{
    int status = (atoi(s->command) << 1) | 1;
    struct chardev_set *set = s->chr.set;

    if (set->exit_fn) {
        set->exit_fn(set->exit_opaque, status);
    } else {
        exit(status);
    }
}

static ssize_t testdev_write(struct chardev *chr, const uint8_t *buf, size_t len)
{
    struct testdev_chardev *s = (struct testdev_chardev *)chr;

    for (size_t i = 0; i < len; i++) {
        if (g_ascii_isdigit(buf[i]) && s->len < COMMAND_MAX - 1) {
            s->command[s->len++] = buf[i];
            continue;
        }
        s->command[s->len] = 0;
        if (buf[i] == 'q') {
            testdev_exit(s);
        }
        s->len = 0;
    }
    return len;
}

const struct chardev_type chardev_testdev_type = {
    .name = "testdev", .help = "(no keys; the guest ends the emulator by \"<digits>q\")",
    .size = sizeof(struct testdev_chardev), .open = null_open, .write = testdev_write,
};
