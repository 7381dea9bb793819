/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a region that fails smaller, by its text: leaves lines out, puts constants for values and jumps for branches. */
#include "tests/unit/ir_random.h"

#include <string.h>

struct minimiser {
    struct ir *ir;
    bool (*fails)(struct ir *ir, void *opaque);
    void *opaque;
};

static bool still_fails(struct minimiser *m, char **lines)
{
    char *text = g_strjoinv("\n", lines);
    bool ok = ir_parse(m->ir, &world_target, text, NULL) && ir_verify(m->ir, NULL);

    g_free(text);
    return ok && m->fails(m->ir, m->opaque);
}

/* Takes `with` for a line if the region fails so, too. */
static bool try_line(struct minimiser *m, char **lines, unsigned n, char *with)
{
    char *was = lines[n];

    lines[n] = with;
    if (strcmp(was, with) && still_fails(m, lines)) {
        g_free(was);
        return true;
    }
    lines[n] = was;
    g_free(with);
    return false;
}

static bool shrink_line(struct minimiser *m, char **lines, unsigned n)
{
    const char *equals = strstr(lines[n], " = "), *colon = strchr(lines[n], ':');

    if (!*lines[n]) {
        return false;
    }
    if (try_line(m, lines, n, g_strdup(""))) {
        return true;
    }
    if (equals && colon && !strstr(equals, " = mov ") && !strstr(equals, " = param")) {
        char *type = g_strndup(colon + 1, strcspn(colon + 1, " ?"));
        char *with = g_strdup_printf("%.*s = mov 1:%s", (int)(colon - lines[n] + 1 + strlen(type)), lines[n], type);

        g_free(type);
        return try_line(m, lines, n, with);
    }
    return (strstr(lines[n], "brcond.") && try_line(m, lines, n, g_strdup("    goto_pc.forward 0x0")));
}

char *ir_random_minimise(const char *text, bool (*fails)(struct ir *ir, void *opaque), void *opaque)
{
    struct minimiser m = { ir_new(), fails, opaque };
    char **lines = g_strsplit(text, "\n", -1), *joined;
    GString *out = g_string_new(NULL);
    bool changed = true;

    while (changed) {
        changed = false;
        for (unsigned n = g_strv_length(lines); n-- > 0;) {
            changed |= shrink_line(&m, lines, n);
        }
    }
    for (unsigned n = 0; lines[n]; n++) {
        if (*lines[n]) {
            g_string_append_printf(out, "%s\n", lines[n]);
        }
    }
    joined = g_string_free(out, FALSE);
    g_strfreev(lines);
    ir_free(m.ir);
    return joined;
}
