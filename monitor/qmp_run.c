/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that do something. */
#include <string.h>

#include "monitor/qmp_impl.h"
#include "net/net.h"

static bool take_err(struct qmp_call *c, GError *err)
{
    qmp_fail(c, "%s", err->message);
    g_error_free(err);
    return false;
}

static bool capabilities(struct qmp_call *c)
{
    JsonNode *list = json_object_get_member(c->args, "enable");

    if (list && (!JSON_NODE_HOLDS_ARRAY(list) || json_array_get_length(json_node_get_array(list)))) {
        return qmp_fail(c, "Invalid parameter 'enable': this monitor has no capabilities to enable");
    }
    return true;
}

static bool stop(struct qmp_call *c)
{
    if (c->m->running) {
        machine_stop(c->m, RUN_PAUSED);
    }
    return true;
}

static bool cont(struct qmp_call *c)
{
    GError *err = NULL;

    return machine_cont(c->m, &err) || take_err(c, err);
}

static bool system_reset(struct qmp_call *c)
{
    machine_request_reset(c->m, CAUSE_HOST);
    return true;
}

static bool system_powerdown(struct qmp_call *c)
{
    machine_request_powerdown(c->m);
    return true;
}

static bool quit(struct qmp_call *c)
{
    machine_request_shutdown(c->m, CAUSE_HOST, 0);
    return true;
}

static bool human_monitor_command(struct qmp_call *c)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *valid = NULL;
    int64_t cpu = qmp_arg_int(c, "cpu-index", 0);

    if (cpu < 0 || cpu >= MAX(c->m->cpus->len, 1u)) {
        return qmp_fail(c, "Parameter 'cpu-index' expects a CPU number");
    }
    monitor_execute(c->m, cpu, qmp_arg_text(c, "command-line", ""), out);
    valid = g_utf8_make_valid(out->str, out->len);
    json_builder_add_string_value(c->out, valid);
    return true;
}

static bool balloon(struct qmp_call *c)
{
    struct machine_balloon *b = &c->m->balloon;
    int64_t bytes = qmp_arg_int(c, "value", 0);

    if (!b->opaque) {
        return qmp_fail(c, "No balloon device has been activated");
    }
    if (bytes <= 0) {
        return qmp_fail(c, "Parameter 'value' expects a size");
    }
    b->set_target(b->opaque, bytes);
    return true;
}

static bool set_link(struct qmp_call *c)
{
    const char *name = qmp_arg_text(c, "name", "");
    struct net_client *nc = net_find(c->m->nets, name);

    if (!nc) {
        return qmp_fail(c, "Device '%s' not found", name);
    }
    net_set_link(nc, qmp_arg_bool(c, "up", true));
    return true;
}

static bool inject_nmi(struct qmp_call *c)
{
    return qmp_fail(c, "machine does not provide NMIs");
}

/* ---- ring buffers ---- */

static bool is_base64(struct qmp_call *c, bool *base64)
{
    const char *format = qmp_arg_text(c, "format", "utf8");

    *base64 = !strcmp(format, "base64");
    return *base64 || !strcmp(format, "utf8") || qmp_fail(c, "Parameter 'format' expects one of: utf8, base64");
}

static struct chardev *ringbuf(struct qmp_call *c)
{
    const char *id = qmp_arg_text(c, "device", "");
    struct chardev *chr = chardev_find(c->m->chardevs, id);

    if (!chr) {
        qmp_fail(c, "Device '%s' not found", id);
    }
    return chr;
}

static bool ringbuf_read(struct qmp_call *c)
{
    int64_t size = qmp_arg_int(c, "size", 0);
    g_autoptr(GString) data = g_string_new(NULL);
    g_autofree char *text = NULL;
    struct chardev *chr;
    GError *err = NULL;
    bool base64;

    if (!is_base64(c, &base64) || !(chr = ringbuf(c))) {
        return false;
    }
    if (size <= 0) {
        return qmp_fail(c, "size must be greater than zero");
    }
    if (!chardev_ringbuf_read(chr, size, data, &err)) {
        return take_err(c, err);
    }
    text = base64 ? g_base64_encode((const guchar *)data->str, data->len) : g_utf8_make_valid(data->str, data->len);
    json_builder_add_string_value(c->out, text);
    return true;
}

static bool ringbuf_write(struct qmp_call *c)
{
    const char *text = qmp_arg_text(c, "data", "");
    g_autofree guchar *data = NULL;
    gsize len = strlen(text);
    struct chardev *chr;
    GError *err = NULL;
    bool base64;

    if (!is_base64(c, &base64) || !(chr = ringbuf(c))) {
        return false;
    }
    if (base64) {
        data = g_base64_decode(text, &len);
    }
    return chardev_ringbuf_write(chr, base64 ? (const void *)data : text, len, &err) || take_err(c, err);
}

const struct qmp_command qmp_run_commands[] = {
    { "qmp_capabilities", "enable:o?", true, capabilities },
    { "stop", "", true, stop },
    { "cont", "", true, cont },
    { "system_reset", "", true, system_reset },
    { "system_powerdown", "", true, system_powerdown },
    { "quit", "", true, quit },
    { "human-monitor-command", "command-line:s cpu-index:i?", false, human_monitor_command },
    { "balloon", "value:i", true, balloon },
    { "set_link", "name:s up:b", true, set_link },
    { "inject-nmi", "", true, inject_nmi },
    { "ringbuf-read", "device:s size:i format:s?", false, ringbuf_read },
    { "ringbuf-write", "device:s data:s format:s?", true, ringbuf_write },
    { NULL, NULL, false, NULL },
};
