/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdbstub/gdbstub.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "chardev/chardev.h"
#include "system/accel.h"
#include "system/cpu.h"
#include "system/machine.h"

#define PACKET_MAX 16384

struct gdb {
    struct machine *m;
    struct chardev_fe fe;
    struct machine_listener listener;
    GString *in;                /* packet being received, without $ and #xx */
    GString *last;              /* last packet sent, for a '-' */
    enum { IDLE, BODY, SUM1, SUM2 } state;
    uint8_t sum, want;
    bool no_ack, attached, resumed, extended;
    unsigned g_cpu, c_cpu;      /* for register and memory packets; for step and continue; as index */
    unsigned query_thread;
    char *xml;
};

/* ---- packets ---- */

static void send_raw(struct gdb *g, const char *text, size_t len)
{
    chardev_fe_write(&g->fe, text, len);
}

static void reply(struct gdb *g, const char *body, size_t len)
{
    uint8_t sum = 0;

    g_string_truncate(g->last, 0);
    g_string_append_c(g->last, '$');
    for (size_t i = 0; i < len; i++) {
        char c = body[i];

        if (c == '$' || c == '#' || c == '}' || c == '*') {
            g_string_append_c(g->last, '}');
            sum += '}';
            c ^= 0x20;
        }
        g_string_append_c(g->last, c);
        sum += (uint8_t)c;
    }
    g_string_append_printf(g->last, "#%02x", sum);
    send_raw(g, g->last->str, g->last->len);
}

static void reply_text(struct gdb *g, const char *text)
{
    reply(g, text, strlen(text));
}

static void append_hex(GString *s, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len--) {
        g_string_append_printf(s, "%02x", *p++);
    }
}

/* Bytes of hex text; how many, at most max. */
static size_t parse_hex(const char *text, uint8_t *out, size_t max)
{
    size_t n = 0;

    while (n < max && g_ascii_isxdigit(text[0]) && g_ascii_isxdigit(text[1])) {
        out[n++] = g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]);
        text += 2;
    }
    return n;
}

static struct cpu *cpu_at(struct gdb *g, unsigned index)
{
    return index < g->m->cpus->len ? g->m->cpus->pdata[index] : g->m->cpus->pdata[0];
}

/* A thread id of gdb: "p1.N", "N", "-1", "0"; the CPU's index. all is set for -1. */
static unsigned parse_thread(const char *text, bool *all)
{
    const char *dot = *text == 'p' ? strchr(text, '.') : NULL;
    long n = strtol(dot ? dot + 1 : *text == 'p' ? text + 1 : text, NULL, 16);

    *all = n < 0;
    return n > 0 ? n - 1 : 0;
}

/* ---- registers ---- */

static const struct cpu_reg *reg_find(const struct cpu_type *type, int number)
{
    for (unsigned i = 0; i < type->nregs; i++) {
        if (type->regs[i].gdb == number) {
            return &type->regs[i];
        }
    }
    return NULL;
}

static void append_reg(GString *s, struct cpu *cpu, const struct cpu_reg *r)
{
    uint64_t v;

    cpu_sync(cpu);
    v = cpu->type->reg_read(cpu, r->id);
    v = cpu->type->big_endian ? GUINT64_TO_BE(v << (64 - r->bits)) : GUINT64_TO_LE(v);
    append_hex(s, &v, r->bits / 8);
}

static bool set_reg(struct cpu *cpu, const struct cpu_reg *r, const char **hex)
{
    uint64_t v = 0;
    size_t n = parse_hex(*hex, (uint8_t *)&v, r->bits / 8);

    if (n != r->bits / 8u) {
        return false;
    }
    *hex += n * 2;
    cpu_sync(cpu);
    cpu->type->reg_write(cpu, r->id, cpu->type->big_endian ? GUINT64_FROM_BE(v) >> (64 - r->bits) : GUINT64_FROM_LE(v));
    return true;
}

/* "g" and "G" carry the general registers: those before the first number that is missing or of another group. */
static void read_regs(struct gdb *g)
{
    g_autoptr(GString) s = g_string_new(NULL);
    struct cpu *cpu = cpu_at(g, g->g_cpu);
    const struct cpu_reg *r;

    for (int i = 0; (r = reg_find(cpu->type, i)) && r->group == 0; i++) {
        append_reg(s, cpu, r);
    }
    reply(g, s->str, s->len);
}

static void write_regs(struct gdb *g, const char *hex)
{
    struct cpu *cpu = cpu_at(g, g->g_cpu);
    const struct cpu_reg *r;

    for (int i = 0; (r = reg_find(cpu->type, i)) && r->group == 0 && set_reg(cpu, r, &hex); i++) {
    }
    reply_text(g, "OK");
}

static void read_reg(struct gdb *g, const char *args)
{
    g_autoptr(GString) s = g_string_new(NULL);
    struct cpu *cpu = cpu_at(g, g->g_cpu);
    const struct cpu_reg *r = reg_find(cpu->type, strtol(args, NULL, 16));

    if (!r) {
        reply_text(g, "E14");
        return;
    }
    append_reg(s, cpu, r);
    reply(g, s->str, s->len);
}

static void write_reg(struct gdb *g, const char *args)
{
    struct cpu *cpu = cpu_at(g, g->g_cpu);
    char *eq;
    const struct cpu_reg *r = reg_find(cpu->type, strtol(args, &eq, 16));
    const char *hex = eq + 1;

    reply_text(g, *eq == '=' && r && set_reg(cpu, r, &hex) ? "OK" : "E14");
}

/* ---- memory ---- */

static bool parse_range(const char *args, uint64_t *addr, uint64_t *len, const char **rest)
{
    char *end;

    *addr = g_ascii_strtoull(args, &end, 16);
    if (*end != ',') {
        return false;
    }
    *len = g_ascii_strtoull(end + 1, &end, 16);
    *rest = *end ? end + 1 : end;
    return true;
}

static void read_memory(struct gdb *g, const char *args)
{
    g_autoptr(GString) s = g_string_new(NULL);
    uint8_t buf[PACKET_MAX / 2];
    uint64_t addr, len;
    const char *rest;

    if (!parse_range(args, &addr, &len, &rest) || len > sizeof buf - 16 ||
        !cpu_debug_rw(cpu_at(g, g->g_cpu), addr, buf, len, false)) {
        reply_text(g, "E14");
        return;
    }
    append_hex(s, buf, len);
    reply(g, s->str, s->len);
}

static void write_memory(struct gdb *g, const char *args)
{
    uint8_t buf[PACKET_MAX / 2];
    uint64_t addr, len;
    const char *hex;

    if (!parse_range(args, &addr, &len, &hex) || len > sizeof buf || parse_hex(hex, buf, len) != len ||
        !cpu_debug_rw(cpu_at(g, g->g_cpu), addr, buf, len, true)) {
        reply_text(g, "E14");
        return;
    }
    reply_text(g, "OK");
}

static void breakpoint(struct gdb *g, const char *args, bool insert)
{
    static const enum accel_break kinds[] = {
        ACCEL_BREAK_SOFTWARE, ACCEL_BREAK_HARDWARE, ACCEL_WATCH_WRITE, ACCEL_WATCH_READ, ACCEL_WATCH_ACCESS,
    };
    struct accel *a = g->m->accel;
    uint64_t addr, len;
    const char *rest;
    unsigned kind = args[0] - '0';

    if (kind >= G_N_ELEMENTS(kinds) || !a->type->break_insert) {
        reply_text(g, "");
        return;
    }
    if (args[1] != ',' || !parse_range(args + 2, &addr, &len, &rest)) {
        reply_text(g, "E22");
        return;
    }
    reply_text(g, (insert ? a->type->break_insert : a->type->break_remove)(a, kinds[kind], addr, len) ? "OK" : "E22");
}

/* ---- running and stopping ---- */

static void stop_reply(struct gdb *g)
{
    g_autoptr(GString) s = g_string_new(NULL);
    struct accel *a = g->m->accel;
    unsigned sig = SIGTRAP;

    if (machine_state(g->m) == RUN_PAUSED) {
        sig = SIGINT;
    }
    for (unsigned i = 0; i < g->m->cpus->len; i++) {
        struct cpu *cpu = g->m->cpus->pdata[i];
        struct cpu_stop why;

        if (a->type->stop_reason && a->type->stop_reason(a, cpu, &why)) {
            g->g_cpu = g->c_cpu = i;
            g_string_append_printf(s, "T%02xthread:p01.%02x;", SIGTRAP, i + 1);
            if (why.watch) {
                g_string_append_printf(s, "%s:%" G_GINT64_MODIFIER "x;", why.kind == ACCEL_WATCH_READ ? "rwatch"
                                       : why.kind == ACCEL_WATCH_ACCESS ? "awatch" : "watch", why.addr);
            }
            reply(g, s->str, s->len);
            return;
        }
    }
    g_string_append_printf(s, "T%02xthread:p01.%02x;", sig, g->c_cpu + 1);
    reply(g, s->str, s->len);
}

static void resume(struct gdb *g, bool step, unsigned step_cpu)
{
    struct accel *a = g->m->accel;
    GError *err = NULL;

    for (unsigned i = 0; i < g->m->cpus->len; i++) {
        a->type->single_step(a, g->m->cpus->pdata[i], step && i == step_cpu);
    }
    g->resumed = true;
    if (!machine_cont(g->m, &err)) {
        g->resumed = false;
        g_error_free(err);
        reply_text(g, "W00");
    }
}

static void set_pc(struct gdb *g, const char *args)
{
    if (*args) {
        cpu_at(g, g->c_cpu)->pc = g_ascii_strtoull(args, NULL, 16);
    }
}

/* vCont;action[:thread]...: the first step wins; everything else continues. */
static void v_cont(struct gdb *g, const char *args)
{
    g_auto(GStrv) actions = g_strsplit(args, ";", -1);

    for (char **a = actions; *a; a++) {
        char *thread = strchr(*a, ':');
        bool all = true;
        unsigned cpu = thread ? parse_thread(thread + 1, &all) : g->c_cpu;

        if (**a == 's' || **a == 'S') {
            resume(g, true, all ? g->c_cpu : cpu);
            return;
        }
        if (**a == 't') {
            reply_text(g, "OK");
            return;
        }
    }
    resume(g, false, 0);
}

static void interrupt(struct gdb *g)
{
    if (g->m->running) {
        machine_stop(g->m, RUN_PAUSED);
    }
}

static void on_machine_event(struct machine_listener *l, struct machine *m, enum machine_event event)
{
    struct gdb *g = (struct gdb *)((char *)l - offsetof(struct gdb, listener));

    /* Listeners hear of RUN_RUNNING before the vCPUs go: m->running is not the question here. */
    if (event == EVENT_STATE && g->attached && g->resumed && machine_state(m) != RUN_RUNNING) {
        g->resumed = false;
        if (machine_state(m) == RUN_SHUTDOWN) {
            reply_text(g, "W00");
        } else {
            stop_reply(g);
        }
    }
    if (event == EVENT_SHUTDOWN && g->attached) {
        g_autofree char *w = g_strdup_printf("W%02x", m->exit_status & 0xff);

        reply_text(g, w);
    }
}

/* ---- queries ---- */

static void send_part(struct gdb *g, const char *whole, const char *range)
{
    g_autoptr(GString) s = g_string_new(NULL);
    uint64_t off, len;
    const char *rest;
    size_t total = strlen(whole);

    if (!parse_range(range, &off, &len, &rest) || off > total) {
        reply_text(g, "E00");
        return;
    }
    len = MIN(len, (uint64_t)PACKET_MAX - 16);
    g_string_append_c(s, off + len < total ? 'm' : 'l');
    g_string_append_len(s, whole + off, MIN(len, total - off));
    reply(g, s->str, s->len);
}

static void thread_info(struct gdb *g)
{
    g_autoptr(GString) s = g_string_new("l");

    if (g->query_thread < g->m->cpus->len) {
        g_string_assign(s, "m");
        for (; g->query_thread < g->m->cpus->len && s->len < 4000; g->query_thread++) {
            g_string_append_printf(s, "%sp01.%02x", s->len > 1 ? "," : "", g->query_thread + 1);
        }
    }
    reply(g, s->str, s->len);
}

static void thread_extra(struct gdb *g, const char *thread)
{
    bool all;
    unsigned i = parse_thread(thread, &all);
    g_autofree char *text = g_strdup_printf("CPU#%u [%s]", i, cpu_at(g, i)->halted ? "halted" : "running");
    g_autoptr(GString) s = g_string_new(NULL);

    append_hex(s, text, strlen(text));
    reply(g, s->str, s->len);
}

static void query(struct gdb *g, const char *q)
{
    struct cpu *cpu = cpu_at(g, g->g_cpu);

    if (g_str_has_prefix(q, "Supported")) {
        g_autofree char *text = g_strdup_printf("PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+;"
                                                "multiprocess+;swbreak-;hwbreak-", PACKET_MAX);
        reply_text(g, text);
    } else if (g_str_has_prefix(q, "Xfer:features:read:target.xml:")) {
        if (!g->xml) {
            g->xml = cpu->type->gdb_xml(cpu);
        }
        send_part(g, g->xml, strrchr(q, ':') + 1);
    } else if (!strcmp(q, "fThreadInfo") || !strcmp(q, "sThreadInfo")) {
        if (*q == 'f') {
            g->query_thread = 0;
        }
        thread_info(g);
    } else if (g_str_has_prefix(q, "ThreadExtraInfo,")) {
        thread_extra(g, q + strlen("ThreadExtraInfo,"));
    } else if (!strcmp(q, "C")) {
        g_autofree char *text = g_strdup_printf("QCp01.%02x", g->g_cpu + 1);

        reply_text(g, text);
    } else if (g_str_has_prefix(q, "Attached")) {
        reply_text(g, "1");
    } else {
        reply_text(g, "");
    }
}

static void select_thread(struct gdb *g, const char *args)
{
    bool all = false;
    unsigned i = parse_thread(args + 1, &all);

    if (i >= g->m->cpus->len) {
        reply_text(g, "E22");
        return;
    }
    if (!all) {
        *(*args == 'c' ? &g->c_cpu : &g->g_cpu) = i;
    }
    reply_text(g, "OK");
}

static void detach(struct gdb *g)
{
    struct accel *a = g->m->accel;

    if (a->type->break_clear) {
        a->type->break_clear(a);
    }
    g->attached = false;
    for (unsigned i = 0; i < g->m->cpus->len; i++) {
        a->type->single_step(a, g->m->cpus->pdata[i], false);
    }
    if (!g->m->running) {
        machine_cont(g->m, NULL);
    }
}

/* One whole packet, under the machine lock. */
static void packet(struct gdb *g, const char *p)
{
    bool all;

    switch (*p) {
    case '?':
        stop_reply(g);
        break;
    case 'g':
        read_regs(g);
        break;
    case 'G':
        write_regs(g, p + 1);
        break;
    case 'p':
        read_reg(g, p + 1);
        break;
    case 'P':
        write_reg(g, p + 1);
        break;
    case 'm':
        read_memory(g, p + 1);
        break;
    case 'M':
        write_memory(g, p + 1);
        break;
    case 'Z':
    case 'z':
        breakpoint(g, p + 1, *p == 'Z');
        break;
    case 'c':
        set_pc(g, p + 1);
        resume(g, false, 0);
        break;
    case 's':
        set_pc(g, p + 1);
        resume(g, true, g->c_cpu);
        break;
    case 'C':
        resume(g, false, 0);
        break;
    case 'S':
        resume(g, true, g->c_cpu);
        break;
    case 'H':
        select_thread(g, p + 1);
        break;
    case 'T':
        reply_text(g, parse_thread(p + 1, &all) < g->m->cpus->len ? "OK" : "E22");
        break;
    case 'q':
        query(g, p + 1);
        break;
    case 'Q':
        if (!strcmp(p, "QStartNoAckMode")) {
            reply_text(g, "OK");
            g->no_ack = true;
        } else {
            reply_text(g, "");
        }
        break;
    case 'v':
        if (!strcmp(p, "vCont?")) {
            reply_text(g, "vCont;c;C;s;S;t");
        } else if (g_str_has_prefix(p, "vCont;")) {
            v_cont(g, p + strlen("vCont;"));
        } else if (g_str_has_prefix(p, "vKill")) {
            reply_text(g, "OK");
            machine_request_shutdown(g->m, CAUSE_HOST, 0);
        } else {
            reply_text(g, "");
        }
        break;
    case 'D':
        reply_text(g, "OK");
        detach(g);
        break;
    case 'k':
        machine_request_shutdown(g->m, CAUSE_HOST, 0);
        break;
    case '!':
        reply_text(g, "OK");
        break;
    default:
        reply_text(g, "");
    }
}

static void whole_packet(struct gdb *g)
{
    if (g->sum != g->want) {
        send_raw(g, "-", 1);
        return;
    }
    if (!g->no_ack) {
        send_raw(g, "+", 1);
    }
    machine_lock(g->m);
    if (!g->m->running || strchr("?qQvH!", g->in->str[0])) {
        packet(g, g->in->str);
    } else {
        reply_text(g, "E01");       /* nothing else is meaningful while the machine runs */
    }
    machine_unlock(g->m);
}

static void byte(struct gdb *g, uint8_t c)
{
    switch (g->state) {
    case IDLE:
        if (c == '$') {
            g_string_truncate(g->in, 0);
            g->sum = 0;
            g->state = BODY;
        } else if (c == 3) {
            machine_lock(g->m);
            interrupt(g);
            machine_unlock(g->m);
        } else if (c == '-') {
            send_raw(g, g->last->str, g->last->len);
        }
        break;
    case BODY:
        if (c == '#') {
            g->state = SUM1;
        } else if (g->in->len < PACKET_MAX) {
            g_string_append_c(g->in, c);
            g->sum += c;
        }
        break;
    case SUM1:
        g->want = g_ascii_xdigit_value(c) << 4;
        g->state = SUM2;
        break;
    case SUM2:
        g->want |= g_ascii_xdigit_value(c) & 15;
        g->state = IDLE;
        whole_packet(g);
        break;
    }
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct gdb *g = opaque;

    while (len--) {
        byte(g, *buf++);
    }
}

static void event(void *opaque, enum chardev_event ev)
{
    struct gdb *g = opaque;

    machine_lock(g->m);
    if (ev == CHARDEV_OPENED) {
        g->attached = true;
        g->no_ack = false;
        g->state = IDLE;
        g->resumed = false;
        interrupt(g);
    } else if (ev == CHARDEV_CLOSED && g->attached) {
        detach(g);
    }
    machine_unlock(g->m);
}

static const struct chardev_fe_ops fe_ops = { .receive = receive, .event = event };

bool gdb_listen(struct machine *m, const char *dev, GError **err)
{
    g_autofree char *text = g_str_has_prefix(dev, "tcp:") && !strstr(dev, "server")
                          ? g_strdup_printf("%s,server=on,wait=off", dev) : g_strdup(dev);
    struct chardev *chr = NULL;
    struct gdb *g;

    if (!strcmp(dev, "none")) {
        return true;
    }
    if (!m->cpus->len) {
        g_set_error(err, g_quark_from_static_string("gdb"), 0, "-gdb %s: the machine has no CPU", dev);
        return false;
    }
    if (!chardev_parse_legacy(m->chardevs, "-gdb", "gdb", text, &chr, NULL, err)) {
        return false;
    }
    g = g_new0(struct gdb, 1);
    g->m = m;
    g->in = g_string_new(NULL);
    g->last = g_string_new(NULL);
    g->listener.event = on_machine_event;
    m->gdb = g;
    machine_listener_add(m, &g->listener);
    return chardev_fe_attach(&g->fe, chr, &fe_ops, g, err);
}

void gdb_close(struct machine *m)
{
    struct gdb *g = m->gdb;

    if (!g) {
        return;
    }
    machine_listener_remove(m, &g->listener);
    if (g->fe.chr) {
        chardev_fe_detach(&g->fe);
    }
    g_string_free(g->in, true);
    g_string_free(g->last, true);
    g_free(g->xml);
    g_free(g);
    m->gdb = NULL;
}
