/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON monitor (QMP): sessions, requests, replies, events. A request is {"execute": NAME, "arguments": {...}, "id":
 * anything}; the reply has "return" or "error", and the id. Events are sent once qmp_capabilities has been executed.
 */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "monitor/qmp_impl.h"

static const struct qmp_command *const lists[] = { qmp_run_commands, qmp_query_commands, qmp_screen_commands };

/* ---- values ---- */

bool qmp_fail(struct qmp_call *c, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    *c->err = g_error_new_valist(g_quark_from_static_string("qmp"), 0, fmt, ap);
    va_end(ap);
    return false;
}

void qmp_text(JsonBuilder *b, const char *name, const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

    if (text) {
        json_builder_set_member_name(b, name);
        json_builder_add_string_value(b, valid);
    }
}

void qmp_int(JsonBuilder *b, const char *name, int64_t v)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, v);
}

void qmp_bool(JsonBuilder *b, const char *name, bool v)
{
    json_builder_set_member_name(b, name);
    json_builder_add_boolean_value(b, v);
}

const char *qmp_arg_text(const struct qmp_call *c, const char *name, const char *def)
{
    return json_object_has_member(c->args, name) ? json_object_get_string_member(c->args, name) : def;
}

int64_t qmp_arg_int(const struct qmp_call *c, const char *name, int64_t def)
{
    return json_object_has_member(c->args, name) ? json_object_get_int_member(c->args, name) : def;
}

bool qmp_arg_bool(const struct qmp_call *c, const char *name, bool def)
{
    return json_object_has_member(c->args, name) ? json_object_get_boolean_member(c->args, name) : def;
}

void qmp_version(JsonBuilder *b)
{
    unsigned v[3] = { 0 };

    sscanf(DOPPEL_VERSION, "%u.%u.%u", &v[0], &v[1], &v[2]);
    json_builder_set_member_name(b, "qemu");    /* the name of the field; it is our version */
    json_builder_begin_object(b);
    qmp_int(b, "micro", v[2]);
    qmp_int(b, "minor", v[1]);
    qmp_int(b, "major", v[0]);
    json_builder_end_object(b);
    qmp_text(b, "package", "doppel " DOPPEL_VERSION);
}

/* ---- sending ---- */

/* Sends what the builder holds, and frees it. */
static void send_and_free(struct qmp *q, JsonBuilder *b)
{
    JsonNode *root = json_builder_get_root(b);
    JsonGenerator *g = json_generator_new();
    g_autofree char *text = NULL;
    gsize len;

    json_generator_set_root(g, root);
    json_generator_set_pretty(g, q->pretty);
    json_generator_set_indent(g, 4);
    text = json_generator_to_data(g, &len);
    output_write(&q->out, text, len);
    output_write(&q->out, "\r\n", 2);
    json_node_unref(root);
    g_object_unref(g);
    g_object_unref(b);
}

/* Ends a reply with the request's id, if it had one, and sends it. */
static void end_reply(struct qmp *q, JsonBuilder *b, JsonNode *id)
{
    if (id) {
        json_builder_set_member_name(b, "id");
        json_builder_add_value(b, json_node_copy(id));
    }
    json_builder_end_object(b);
    send_and_free(q, b);
}

static void send_error(struct qmp *q, JsonNode *id, const char *class, const char *desc)
{
    JsonBuilder *b = json_builder_new();

    json_builder_begin_object(b);
    json_builder_set_member_name(b, "error");
    json_builder_begin_object(b);
    qmp_text(b, "class", class);
    qmp_text(b, "desc", desc);
    json_builder_end_object(b);
    end_reply(q, b, id);
}

static void greet(struct qmp *q)
{
    JsonBuilder *b = json_builder_new();

    json_builder_begin_object(b);
    json_builder_set_member_name(b, "QMP");
    json_builder_begin_object(b);
    json_builder_set_member_name(b, "version");
    json_builder_begin_object(b);
    qmp_version(b);
    json_builder_end_object(b);
    json_builder_set_member_name(b, "capabilities");
    json_builder_begin_array(b);
    json_builder_end_array(b);
    json_builder_end_object(b);
    json_builder_end_object(b);
    send_and_free(q, b);
}

/* ---- events ---- */

static const char *reason_name(enum machine_cause cause)
{
    static const char *const names[] = {
        [CAUSE_NONE] = "none", [CAUSE_HOST] = "host-qmp-quit", [CAUSE_HOST_SIGNAL] = "host-signal",
        [CAUSE_GUEST_SHUTDOWN] = "guest-shutdown", [CAUSE_GUEST_RESET] = "guest-reset",
        [CAUSE_GUEST_PANIC] = "guest-panic",
    };

    return names[cause];
}

static void send_event(struct qmp *q, const char *name, const char *reason, bool guest)
{
    gint64 now = g_get_real_time();
    JsonBuilder *b;

    if (!q->ready) {
        return;
    }
    b = json_builder_new();
    json_builder_begin_object(b);
    json_builder_set_member_name(b, "timestamp");
    json_builder_begin_object(b);
    qmp_int(b, "seconds", now / G_USEC_PER_SEC);
    qmp_int(b, "microseconds", now % G_USEC_PER_SEC);
    json_builder_end_object(b);
    qmp_text(b, "event", name);
    if (reason) {
        json_builder_set_member_name(b, "data");
        json_builder_begin_object(b);
        qmp_bool(b, "guest", guest);
        qmp_text(b, "reason", reason);
        json_builder_end_object(b);
    }
    json_builder_end_object(b);
    send_and_free(q, b);
}

static void on_event(struct machine_listener *l, struct machine *m, enum machine_event event)
{
    struct qmp *q = (struct qmp *)((char *)l - offsetof(struct qmp, listener));
    enum run_state old = q->state, now = machine_state(m);
    bool guest = m->cause >= CAUSE_GUEST_SHUTDOWN;

    q->state = now;
    switch (event) {
    case EVENT_STATE:
        if ((old == RUN_RUNNING) != (now == RUN_RUNNING)) {
            send_event(q, now == RUN_RUNNING ? "RESUME" : "STOP", NULL, false);
        }
        break;
    case EVENT_RESET:
        send_event(q, "RESET", m->cause == CAUSE_HOST ? "host-qmp-system-reset" : reason_name(m->cause), guest);
        break;
    case EVENT_SHUTDOWN:
        send_event(q, "SHUTDOWN", reason_name(m->cause), guest);
        break;
    case EVENT_POWERDOWN:
        send_event(q, "POWERDOWN", NULL, false);
        break;
    case EVENT_WAKEUP:
        send_event(q, "WAKEUP", NULL, false);
        break;
    }
}

/* ---- requests ---- */

static const struct qmp_command *find(const char *name)
{
    for (size_t l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (const struct qmp_command *c = lists[l]; c->name; c++) {
            if (!strcmp(c->name, name)) {
                return c;
            }
        }
    }
    return NULL;
}

static bool type_fits(JsonNode *node, char type)
{
    GType v = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    switch (type) {
    case 's':
        return v == G_TYPE_STRING;
    case 'i':
        return v == G_TYPE_INT64;
    case 'b':
        return v == G_TYPE_BOOLEAN;
    default:
        return true;
    }
}

static const char *type_name(char type)
{
    return type == 's' ? "string" : type == 'i' ? "integer" : "boolean";
}

/* Every argument must be in the row with its type, and every one that is not optional must be there. */
static bool check_args(const struct qmp_command *c, JsonObject *args, GError **err)
{
    g_auto(GStrv) rows = g_strsplit(c->args, " ", -1);
    g_autoptr(GList) names = json_object_get_members(args);

    for (GList *n = names; n; n = n->next) {
        bool known = false;

        for (unsigned i = 0; rows[i] && *rows[i]; i++) {
            size_t len = strcspn(rows[i], ":");

            if (strlen(n->data) == len && !strncmp(n->data, rows[i], len)) {
                char type = rows[i][len + 1];

                known = true;
                if (!type_fits(json_object_get_member(args, n->data), type)) {
                    g_set_error(err, g_quark_from_static_string("qmp"), 0,
                                "Invalid parameter type for '%s', expected: %s", (char *)n->data, type_name(type));
                    return false;
                }
            }
        }
        if (!known) {
            g_set_error(err, g_quark_from_static_string("qmp"), 0, "Parameter '%s' is unexpected", (char *)n->data);
            return false;
        }
    }
    for (unsigned i = 0; rows[i] && *rows[i]; i++) {
        g_autofree char *name = g_strndup(rows[i], strcspn(rows[i], ":"));

        if (!g_str_has_suffix(rows[i], "?") && !json_object_has_member(args, name)) {
            g_set_error(err, g_quark_from_static_string("qmp"), 0, "Parameter '%s' is missing", name);
            return false;
        }
    }
    return true;
}

/* True: it has been executed. */
static bool run_command(struct qmp *q, const struct qmp_command *c, JsonObject *args, JsonNode *id)
{
    JsonBuilder *b = json_builder_new();
    GError *err = NULL;
    struct qmp_call call = { q->m, args, b, &err };
    bool ok;

    json_builder_begin_object(b);
    json_builder_set_member_name(b, "return");
    ok = check_args(c, args, &err);
    if (ok) {
        machine_lock(q->m);
        ok = c->run(&call);
        machine_unlock(q->m);
    }
    if (!ok) {
        g_object_unref(b);
        send_error(q, id, "GenericError", err->message);
        g_error_free(err);
        return false;
    }
    if (c->empty) {
        json_builder_begin_object(b);
        json_builder_end_object(b);
    }
    end_reply(q, b, id);
    return true;
}

/* The command's name, or NULL and *why. */
static const char *check_request(JsonObject *o, const char **why)
{
    static const char *const members[] = { "execute", "arguments", "id" };
    g_autoptr(GList) names = json_object_get_members(o);

    for (GList *n = names; n; n = n->next) {
        if (strcmp(n->data, members[0]) && strcmp(n->data, members[1]) && strcmp(n->data, members[2])) {
            *why = "QMP input has a member beside 'execute', 'arguments' and 'id'";
            return NULL;
        }
    }
    if (!json_object_has_member(o, "execute")) {
        *why = "QMP input lacks member 'execute'";
    } else if (!type_fits(json_object_get_member(o, "execute"), 's')) {
        *why = "QMP input member 'execute' must be a string";
    } else if (json_object_has_member(o, "arguments") &&
               !JSON_NODE_HOLDS_OBJECT(json_object_get_member(o, "arguments"))) {
        *why = "QMP input member 'arguments' must be an object";
    } else {
        return json_object_get_string_member(o, "execute");
    }
    return NULL;
}

static void request(struct qmp *q, JsonObject *o)
{
    JsonNode *id = json_object_has_member(o, "id") ? json_object_get_member(o, "id") : NULL;
    const char *why = NULL, *name = check_request(o, &why);
    const struct qmp_command *c;
    JsonObject *args;

    if (!name) {
        send_error(q, id, "GenericError", why);
        return;
    }
    c = find(name);
    if (!strcmp(name, "qmp_capabilities") == q->ready) {
        send_error(q, id, "CommandNotFound",
                   q->ready ? "Capabilities negotiation is already complete, command ignored"
                            : "Expecting capabilities negotiation with 'qmp_capabilities'");
        return;
    }
    if (!c) {
        g_autofree char *text = g_strdup_printf("The command %s has not been found", name);

        send_error(q, id, "CommandNotFound", text);
        return;
    }
    args = json_object_has_member(o, "arguments") ? json_object_ref(json_object_get_object_member(o, "arguments"))
                                                  : json_object_new();
    if (run_command(q, c, args, id)) {
        q->ready = true;        /* it was qmp_capabilities, or a later one */
    }
    json_object_unref(args);
}

static void found(void *opaque, const char *text, const char *why)
{
    struct qmp *q = opaque;
    g_autofree char *message = NULL;
    JsonParser *parser;

    if (!text) {
        message = g_strdup_printf("JSON parse error, %s", why);
        send_error(q, NULL, "GenericError", message);
        return;
    }
    parser = json_parser_new_immutable();
    if (!json_parser_load_from_data(parser, text, -1, NULL)) {
        send_error(q, NULL, "GenericError", "JSON parse error, invalid syntax");
    } else if (!JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser))) {
        send_error(q, NULL, "GenericError", "QMP input must be a JSON object");
    } else {
        request(q, json_node_get_object(json_parser_get_root(parser)));
    }
    g_object_unref(parser);
}

/* ---- the session ---- */

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    qmp_split_feed(&((struct qmp *)opaque)->split, buf, len);
}

static void event(void *opaque, enum chardev_event ev)
{
    struct qmp *q = opaque;

    if (ev == CHARDEV_OPENED) {
        q->ready = false;
        qmp_split_reset(&q->split);
        output_drop(&q->out);
        greet(q);
    }
}

static void writable(void *opaque)
{
    output_writable(&((struct qmp *)opaque)->out);
}

static const struct chardev_fe_ops fe_ops = { .receive = receive, .event = event, .writable = writable };

bool qmp_new(struct machine *m, struct chardev *chr, bool pretty, GError **err)
{
    struct qmp *q = g_new0(struct qmp, 1);

    q->m = m;
    q->pretty = pretty;
    q->state = machine_state(m);
    output_init(&q->out, &q->fe);
    qmp_split_init(&q->split, found, q);
    if (!chardev_fe_attach(&q->fe, chr, &fe_ops, q, err)) {
        qmp_split_free(&q->split);
        output_free(&q->out);
        g_free(q);
        return false;
    }
    q->listener.event = on_event;
    machine_listener_add(m, &q->listener);
    q->next = m->qmps;
    m->qmps = q;
    return true;
}

void qmps_free(struct machine *m)
{
    struct qmp *q;

    while ((q = m->qmps)) {
        m->qmps = q->next;
        machine_listener_remove(m, &q->listener);
        chardev_fe_detach(&q->fe);
        qmp_split_free(&q->split);
        output_free(&q->out);
        g_free(q);
    }
}
