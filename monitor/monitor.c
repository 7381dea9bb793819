/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/monitor_impl.h"

#include <string.h>

#include "monitor/edit.h"
#include "monitor/sendkey.h"
#include "system/accel.h"
#include "system/cpu.h"

#define PROMPT "(doppel) "

static const struct command *const command_lists[] = { run_commands, info_commands, memory_commands, screen_commands,
                                                     refused_commands };

void monitor_printf(struct monitor *mon, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_string_append_vprintf(mon->out, fmt, ap);
    va_end(ap);
}

struct cpu *monitor_cpu(struct monitor *mon)
{
    if (mon->cpu >= mon->m->cpus->len) {
        monitor_printf(mon, "no such CPU: %u\n", mon->cpu);
        return NULL;
    }
    return mon->m->cpus->pdata[mon->cpu];
}

void monitor_while_stopped(struct monitor *mon, void (*f)(struct monitor *mon, void *opaque), void *opaque)
{
    struct accel *a = mon->m->accel;
    bool pause = mon->m->running && a;

    if (pause) {
        a->type->pause(a);
    }
    f(mon, opaque);
    if (pause) {
        a->type->resume(a);
    }
}

static void help(struct monitor *mon, const char *topic)
{
    for (size_t l = 0; l < G_N_ELEMENTS(command_lists); l++) {
        for (const struct command *c = command_lists[l]; c->name; c++) {
            if (*c->help && (!topic || g_str_has_prefix(c->name, topic))) {
                monitor_printf(mon, "%s%s%s -- %s\n", c->name, *c->args ? " " : "", c->args, c->help);
            }
        }
    }
    if (!topic) {
        monitor_printf(mon, "help [command] -- this list\n");
    }
}

/* The command that the words begin with; *used: how many words its name takes. */
static const struct command *find(char **words, unsigned n, unsigned *used)
{
    for (size_t l = 0; l < G_N_ELEMENTS(command_lists); l++) {
        for (const struct command *c = command_lists[l]; c->name; c++) {
            g_auto(GStrv) name = g_strsplit(c->name, " ", 2);

            *used = g_strv_length(name);
            if (!strcmp(words[0], name[0]) && (*used == 1 || (n > 1 && !strcmp(words[1], name[1])))) {
                return c;
            }
        }
    }
    return NULL;
}

static void execute(struct monitor *mon, const char *line)
{
    g_auto(GStrv) argv = NULL;
    const struct command *c;
    unsigned used = 0;
    int argc;

    if (!g_shell_parse_argv(line, &argc, &argv, NULL)) {
        return;     /* empty, or a quote is open */
    }
    /* "x/8xw 0x1000": the format belongs to the name */
    if (!strcmp(argv[0], "help") || !strcmp(argv[0], "?")) {
        help(mon, argv[1]);
        return;
    }
    if ((argv[0][0] == 'x' || argv[0][0] == 'p') && strchr(argv[0], '/')) {
        g_autofree char *rest = g_strjoinv(" ", argv + 1);
        g_autofree char *joined = g_strdup_printf("%.*s /%s %s", (int)(strchr(argv[0], '/') - argv[0]), argv[0],
                                                  strchr(argv[0], '/') + 1, rest);
        execute(mon, joined);
        return;
    }
    c = find(argv, argc, &used);
    if (!c) {
        monitor_printf(mon, "unknown command: '%s'%s\n", line,
                       strcmp(argv[0], "info") ? "; 'help' lists them" : "; 'help info' lists them");
        return;
    }
    if (c->why) {
        monitor_printf(mon, "Error: %s: %s\n", c->name, c->why);
        return;
    }
    if ((unsigned)argc - used < c->min || (unsigned)argc - used > c->max) {
        monitor_printf(mon, "usage: %s %s\n", c->name, c->args);
        return;
    }
    c->run(mon, argv + used);
}

void monitor_execute(struct machine *m, unsigned cpu, const char *line, GString *out)
{
    struct monitor mon = { .m = m, .cpu = cpu, .out = out };

    execute(&mon, line);
}

static void send(struct monitor *mon, const char *text, size_t len)
{
    g_autoptr(GString) crlf = g_string_sized_new(len + 16);

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            g_string_append_c(crlf, '\r');
        }
        g_string_append_c(crlf, text[i]);
    }
    output_write(&mon->output, crlf->str, crlf->len);
}

static void flush(struct monitor *mon)
{
    send(mon, mon->out->str, mon->out->len);
    g_string_truncate(mon->out, 0);
}

static void run_line(struct monitor *mon, const char *line)
{
    if (*line) {
        machine_lock(mon->m);
        execute(mon, line);
        machine_unlock(mon->m);
    }
    flush(mon);
}

/* ---- with line editing ---- */

static void edited_line(void *opaque, const char *line)
{
    run_line(opaque, line);
}

static void edit_out(void *opaque, const char *text, size_t len)
{
    send(opaque, text, len);
}

/* The words of command names that go on after text; "help" takes a name, too. */
static GPtrArray *completions(void *opaque, const char *text)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

    text += strspn(text, " ");
    text += g_str_has_prefix(text, "help ") ? 5 : 0;
    for (size_t l = 0; l < G_N_ELEMENTS(command_lists); l++) {
        for (const struct command *c = command_lists[l]; c->name; c++) {
            const char *word = strrchr(text, ' ') ? c->name + (strrchr(text, ' ') + 1 - text) : c->name;
            g_autofree char *one = NULL;

            if (!*c->help || !g_str_has_prefix(c->name, text)) {
                continue;
            }
            one = g_strndup(word, strcspn(word, " "));
            if (!g_ptr_array_find_with_equal_func(found, one, g_str_equal, NULL)) {
                g_ptr_array_add(found, g_steal_pointer(&one));
            }
        }
    }
    if (g_str_has_prefix("help", text)) {
        g_ptr_array_add(found, g_strdup("help"));
    }
    return found;
}

static const struct edit_ops edit_ops = { edited_line, edit_out, completions };

/* ---- the chardev ---- */

static void plain_line(struct monitor *mon)
{
    g_autofree char *line = g_strdup(g_strstrip(mon->line->str));

    g_string_truncate(mon->line, 0);
    monitor_printf(mon, "\n");
    run_line(mon, line);
    monitor_printf(mon, PROMPT);
    flush(mon);
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct monitor *mon = opaque;

    if (mon->edit) {
        edit_feed(mon->edit, buf, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        char c = buf[i];

        if (c == '\r' || c == '\n') {
            plain_line(mon);
        } else if ((c == 8 || c == 127) && mon->line->len) {
            g_string_truncate(mon->line, mon->line->len - 1);
            output_write(&mon->output, "\b \b", 3);
        } else if (c >= 32 && c < 127 && mon->line->len < 4096) {
            g_string_append_c(mon->line, c);
            output_write(&mon->output, &c, 1);
        }
    }
}

static void event(void *opaque, enum chardev_event ev)
{
    struct monitor *mon = opaque;

    if (ev == CHARDEV_MUX_IN || (ev == CHARDEV_OPENED && !mon->shared)) {
        if (!mon->greeted) {
            monitor_printf(mon, "Doppel monitor - type 'help' for the commands\n");
            mon->greeted = true;
        }
        if (!mon->edit) {
            monitor_printf(mon, "%s", PROMPT);
        }
        g_string_truncate(mon->line, 0);
        flush(mon);
        if (mon->edit) {
            edit_start(mon->edit);
        }
    }
}

static void writable(void *opaque)
{
    output_writable(&((struct monitor *)opaque)->output);
}

static const struct chardev_fe_ops fe_ops = { .receive = receive, .event = event, .writable = writable };

bool monitor_new(struct machine *m, struct chardev *chr, bool shared, GError **err)
{
    struct monitor *mon = g_new0(struct monitor, 1);

    mon->m = m;
    mon->shared = shared;
    mon->line = g_string_new(NULL);
    mon->out = g_string_new(NULL);
    output_init(&mon->output, &mon->fe);
    mon->edit = chardev_is_terminal(chr) ? edit_new(PROMPT, &edit_ops, mon) : NULL;
    if (!chardev_fe_attach(&mon->fe, chr, &fe_ops, mon, err)) {
        g_string_free(mon->line, true);
        g_string_free(mon->out, true);
        edit_free(mon->edit);
        output_free(&mon->output);
        g_free(mon);
        return false;
    }
    mon->next = m->monitors;
    m->monitors = mon;
    return true;
}

void monitors_free(struct machine *m)
{
    struct monitor *mon;

    sendkey_free(m);
    while ((mon = m->monitors)) {
        m->monitors = mon->next;
        chardev_fe_detach(&mon->fe);
        g_string_free(mon->line, true);
        g_string_free(mon->out, true);
        edit_free(mon->edit);
        output_free(&mon->output);
        g_free(mon);
    }
}
