/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -readconfig: options from a file. A line [GROUP "ID"] or [GROUP] starts an option, lines KEY = "VALUE" are its items, a line
 * with # in front is a comment; the form that QEMU reads and its -writeconfig wrote.
 */
#include <string.h>

#include "main/cmdline.h"

/* Groups that are not named like their option. */
static const char *const renamed[][2] = {
    { "memory", "m" }, { "smp-opts", "smp" }, { "boot-opts", "boot" },
};

struct config_file {
    struct cmdline *c;
    const char *path;
    unsigned line;
    char *group;                /* NULL: none has started */
    GString *text;              /* its items */
};

static bool fail(struct config_file *f, const char *what, GError **err)
{
    g_set_error(err, MAIN_ERROR, 0, "-readconfig %s: line %u: %s", f->path, f->line, what);
    return false;
}

static bool finish_group(struct config_file *f, GError **err)
{
    const char *name = f->group;

    if (!name) {
        return true;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(renamed); i++) {
        name = !strcmp(renamed[i][0], f->group) ? renamed[i][1] : name;
    }
    if (!cmdline_apply(f->c, name, g_intern_string(f->text->str), err)) {
        g_prefix_error(err, "-readconfig %s: [%s]: ", f->path, f->group);
        return false;
    }
    g_clear_pointer(&f->group, g_free);
    return true;
}

static void add_item(struct config_file *f, const char *key, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);
    g_autofree char *doubled = g_strjoinv(",,", parts);

    g_string_append_printf(f->text, "%s%s=%s", f->text->len ? "," : "", key, doubled);
}

/* The text in quotes that p starts with, up to the last quote of the line; NULL: there is none, or more follows. */
static char *quoted(const char *p, const char *end)
{
    const char *last = strrchr(p, '"');

    return *p == '"' && last > p && !strcmp(last + 1, end) ? g_strndup(p + 1, last - p - 1) : NULL;
}

static bool read_header(struct config_file *f, const char *line, GError **err)
{
    size_t n = strcspn(line + 1, " \"]");
    const char *rest = line + 1 + n + strspn(line + 1 + n, " ");
    g_autofree char *id = quoted(rest, "]");

    if (!finish_group(f, err)) {
        return false;
    }
    if (!n || (!id && strcmp(rest, "]"))) {
        return fail(f, "accepted: [GROUP \"ID\"] or [GROUP]", err);
    }
    f->group = g_strndup(line + 1, n);
    g_string_truncate(f->text, 0);
    if (id) {
        add_item(f, "id", id);
    }
    return true;
}

static bool read_line(struct config_file *f, char *line, GError **err)
{
    g_autofree char *key = NULL, *value = NULL;
    char *eq;

    f->line++;
    g_strstrip(line);
    if (!*line || *line == '#') {
        return true;
    }
    if (*line == '[') {
        return read_header(f, line, err);
    }
    eq = strchr(line, '=');
    value = eq ? quoted(eq + 1 + strspn(eq + 1, " \t"), "") : NULL;
    if (!value) {
        return fail(f, "accepted: KEY = \"VALUE\"", err);
    }
    if (!f->group) {
        return fail(f, "there is no [GROUP] line before this one", err);
    }
    key = g_strstrip(g_strndup(line, eq - line));
    add_item(f, key, value);
    return true;
}

bool cmdline_read_file(struct cmdline *c, const char *path, GError **err)
{
    struct config_file f = { .c = c, .path = path, .text = g_string_new(NULL) };
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    bool ok = g_file_get_contents(path, &text, NULL, err);

    if (!ok) {
        g_prefix_error(err, "-readconfig: ");
    } else {
        lines = g_strsplit(text, "\n", -1);
        for (char **l = lines; ok && *l; l++) {
            ok = read_line(&f, *l, err);
        }
        ok = ok && finish_group(&f, err);
    }
    g_free(f.group);
    g_string_free(f.text, true);
    return ok;
}
