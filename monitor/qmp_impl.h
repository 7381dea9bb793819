/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON monitor's parts: qmp.c is the session, qmp_run.c and qmp_query.c are the commands. */
#ifndef MONITOR_QMP_IMPL_H
#define MONITOR_QMP_IMPL_H

#include <json-glib/json-glib.h>

#include "chardev/chardev.h"
#include "monitor/monitor.h"
#include "monitor/output.h"
#include "monitor/qmp_split.h"
#include "system/machine.h"

struct qmp {
    struct machine *m;
    struct chardev_fe fe;
    struct output out;
    struct qmp_split split;
    struct machine_listener listener;
    enum run_state state;           /* as last told of: STOP and RESUME are its changes */
    bool ready;                     /* qmp_capabilities has been said */
    bool pretty;
    struct qmp *next;               /* of the machine's */
};

/* One command that is being executed, under the machine lock. */
struct qmp_call {
    struct machine *m;
    JsonObject *args;               /* checked against the row; never NULL */
    JsonBuilder *out;               /* takes the value to be returned, unless the row says that there is none */
    GError **err;                   /* in case of false: "GenericError" */
};

struct qmp_command {
    const char *name;
    /* "name:type name:type?": s string, i integer, b boolean, o anything; ? for optional ones */
    const char *args;
    bool empty;                     /* returns {} */
    bool (*run)(struct qmp_call *c);
};

extern const struct qmp_command qmp_run_commands[];     /* all end with a NULL name */
extern const struct qmp_command qmp_query_commands[];
extern const struct qmp_command qmp_screen_commands[];

bool qmp_fail(struct qmp_call *c, const char *fmt, ...) G_GNUC_PRINTF(2, 3);   /* false */
/* Members of the object that is being built. Text that is not UTF-8 is made so; NULL leaves the member out. */
void qmp_text(JsonBuilder *b, const char *name, const char *text);
void qmp_int(JsonBuilder *b, const char *name, int64_t v);
void qmp_bool(JsonBuilder *b, const char *name, bool v);
/* Arguments; the default where it is absent. */
const char *qmp_arg_text(const struct qmp_call *c, const char *name, const char *def);
int64_t qmp_arg_int(const struct qmp_call *c, const char *name, int64_t def);
bool qmp_arg_bool(const struct qmp_call *c, const char *name, bool def);
/* The "version" object's members, as in the greeting. */
void qmp_version(JsonBuilder *b);

#endif
