/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/qmp_split.h"

void qmp_split_init(struct qmp_split *s, void (*found)(void *opaque, const char *text, const char *why), void *opaque)
{
    *s = (struct qmp_split) { .text = g_string_new(NULL), .found = found, .opaque = opaque };
}

void qmp_split_free(struct qmp_split *s)
{
    g_string_free(s->text, true);
}

void qmp_split_reset(struct qmp_split *s)
{
    g_string_truncate(s->text, 0);
    s->depth = 0;
    s->quote = 0;
    s->escaped = s->skipping = false;
}

static void refuse(struct qmp_split *s, const char *why)
{
    qmp_split_reset(s);
    s->skipping = true;
    s->found(s->opaque, NULL, why);
}

static void complete(struct qmp_split *s)
{
    g_autofree char *text = g_strdup(s->text->str);
    bool valid = g_utf8_validate(text, s->text->len, NULL);

    qmp_split_reset(s);
    s->found(s->opaque, valid ? text : NULL, "text is not UTF-8");
}

/* QMP also takes strings in single quotes; they become ordinary ones. */
static void in_string(struct qmp_split *s, char c)
{
    if (s->escaped) {
        s->escaped = false;
        if (c == '\'') {
            g_string_truncate(s->text, s->text->len - 1);   /* JSON knows no such escape */
        }
        g_string_append_c(s->text, c);
    } else if (c == s->quote) {
        s->quote = 0;
        g_string_append_c(s->text, '"');
    } else {
        if (c == '"') {
            g_string_append_c(s->text, '\\');
        }
        s->escaped = c == '\\';
        g_string_append_c(s->text, c);
    }
}

static void outside(struct qmp_split *s, char c)
{
    if (c == '{' || c == '[') {
        if (++s->depth > QMP_DEPTH_MAX) {
            refuse(s, "nested too deeply");
            return;
        }
    } else if (!s->depth) {
        if (!g_ascii_isspace(c)) {
            refuse(s, "an object is expected");
        }
        return;
    } else if (c == '"' || c == '\'') {
        s->quote = c;
        c = '"';
    }
    g_string_append_c(s->text, c);
    if ((c == '}' || c == ']') && !--s->depth) {
        complete(s);
    }
}

void qmp_split_feed(struct qmp_split *s, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = buf[i];

        if (buf[i] == 0xff) {
            qmp_split_reset(s);     /* never in UTF-8: a client's way to start afresh */
        } else if (s->skipping) {
            s->skipping = c != '\n';
        } else if ((buf[i] < 32 && !g_ascii_isspace(c)) || (s->quote && c == '\n')) {
            refuse(s, "control character");
        } else if (s->text->len >= QMP_TEXT_MAX) {
            refuse(s, "too long");
        } else if (s->quote) {
            in_string(s, c);
        } else {
            outside(s, c);
        }
    }
}
