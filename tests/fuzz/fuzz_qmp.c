/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes on the JSON monitor: each is answered or ignored, and every reply is JSON on a line of its own. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "chardev/chardev.h"
#include "monitor/monitor.h"
#include "net/net.h"
#include "system/board.h"
#include "system/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *find_backend(struct machine *m, enum prop_kind kind, const char *id)
{
    return NULL;
}

static const char *backend_id(struct machine *m, enum prop_kind kind, const void *backend)
{
    return NULL;
}

static const struct backend_ops backend_ops = { find_backend, backend_id };

static struct machine *machine(struct chardev **ring)
{
    struct machine *m = machine_new();
    struct options *o = options_parse("-chardev", "ringbuf,id=q,size=65536", "backend", NULL);

    m->backends = &backend_ops;
    m->chardevs = chardev_set_new();
    m->nets = net_set_new();
    machine_set_board(m, boards[0]);
    *ring = chardev_new(m->chardevs, o, NULL);
    g_assert_nonnull(*ring);
    options_free(o);
    return m;
}

static void check_replies(struct chardev *ring)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;
    unsigned n;

    chardev_ringbuf_read(ring, 65536, text, NULL);
    lines = g_strsplit(text->str, "\r\n", -1);
    n = g_strv_length(lines);
    /* the ring may have dropped the start of the oldest */
    for (unsigned i = 1; text->len < 65000 && i + 1 < n; i++) {
        JsonParser *p = json_parser_new();

        if (!json_parser_load_from_data(p, lines[i], -1, NULL)) {
            g_error("not JSON: %s", lines[i]);
        }
        g_object_unref(p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char hello[] = "{\"execute\": \"qmp_capabilities\"}\n";
    struct chardev *ring;
    struct machine *m;

    /* The human monitor's commands write files. */
    if (g_strstr_len((const char *)data, size, "human") || memchr(data, '\\', size)) {
        return 0;
    }
    m = machine(&ring);
    qmp_new(m, ring, false, NULL);
    chardev_ringbuf_write(ring, hello, sizeof hello - 1, NULL);
    chardev_ringbuf_write(ring, data, size, NULL);
    check_replies(ring);
    qmps_free(m);
    if (m->running) {
        machine_lock(m);
        machine_stop(m, RUN_PAUSED);
        machine_unlock(m);
    }
    struct chardev_set *chardevs = m->chardevs;
    struct net_set *nets = m->nets;

    machine_delete(m);
    net_set_free(nets);
    chardev_set_free(chardevs);
    return 0;
}
