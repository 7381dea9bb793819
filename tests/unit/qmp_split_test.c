/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON monitor's stream of characters: what is cut out of it, in whatever pieces it comes. */
#include <string.h>

#include "monitor/qmp_split.h"

static void note(void *opaque, const char *text, const char *why)
{
    g_string_append_printf(opaque, "%s|", text ? text : why);
}

/* What the splitter makes of text in pieces of so many bytes. */
static void check(const char *text, size_t len, const char *want)
{
    for (size_t piece = 1; piece <= len; piece++) {
        g_autoptr(GString) got = g_string_new(NULL);
        struct qmp_split s;

        qmp_split_init(&s, note, got);
        for (size_t i = 0; i < len; i += piece) {
            qmp_split_feed(&s, (const uint8_t *)text + i, MIN(piece, len - i));
        }
        g_assert_cmpstr(got->str, ==, want);
        qmp_split_free(&s);
    }
}

static void values_are_cut_out(void)
{
    static const char *const rows[][2] = {
        { "{}", "{}|" },
        { " {\"a\": 1}\r\n{\"b\":[{}]}{}", "{\"a\": 1}|{\"b\":[{}]}|{}|" },
        { "{\"a\": \"}\\\"{\"}", "{\"a\": \"}\\\"{\"}|" },
        { "{'a': 'it\\'s \"x\"'}", "{\"a\": \"it's \\\"x\\\"\"}|" },
        { "{\"a\": \"\\\\\"}{}", "{\"a\": \"\\\\\"}|{}|" },
        { "[1, [2]] {}", "[1, [2]]|{}|" },
        { "hello {} there\n{}", "an object is expected|{}|" },
        { "}\n{}", "an object is expected|{}|" },
        { "{\"a\": \"x\ny\"}\n{}", "control character|{}|" },
        { "{\"a\": \xff{}", "{}|" },
        { "{\"a\": \"\xc3\x28\"}\n{}", "text is not UTF-8|{}|" },
        { "{\"a\": \"\xc3\xa4\"}", "{\"a\": \"\xc3\xa4\"}|" },
        { "{\x01}\n{}", "control character|{}|" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        check(rows[i][0], strlen(rows[i][0]), rows[i][1]);
    }
    check("{\0}\n{}", 6, "control character|{}|");
}

static void depth_is_bounded(void)
{
    g_autoptr(GString) got = g_string_new(NULL), text = g_string_new(NULL);
    struct qmp_split s;

    qmp_split_init(&s, note, got);
    for (unsigned i = 0; i < QMP_DEPTH_MAX; i++) {
        g_string_append_c(text, '[');
    }
    qmp_split_feed(&s, (const uint8_t *)text->str, text->len);
    g_assert_cmpstr(got->str, ==, "");
    qmp_split_feed(&s, (const uint8_t *)"[\n{}", 4);
    g_assert_cmpstr(got->str, ==, "nested too deeply|{}|");
    qmp_split_free(&s);
}

static void size_is_bounded(void)
{
    g_autoptr(GString) got = g_string_new(NULL);
    uint8_t spaces[4096];
    struct qmp_split s;

    memset(spaces, ' ', sizeof spaces);
    qmp_split_init(&s, note, got);
    qmp_split_feed(&s, (const uint8_t *)"{", 1);
    for (unsigned i = 0; i < 2 * QMP_TEXT_MAX / sizeof spaces; i++) {
        qmp_split_feed(&s, spaces, sizeof spaces);
        g_assert_cmpuint(s.text->len, <=, QMP_TEXT_MAX);
    }
    qmp_split_feed(&s, (const uint8_t *)"}\n{}", 4);
    g_assert_cmpstr(got->str, ==, "too long|{}|");
    qmp_split_free(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qmp_split/values_are_cut_out", values_are_cut_out);
    g_test_add_func("/qmp_split/depth_is_bounded", depth_is_bounded);
    g_test_add_func("/qmp_split/size_is_bounded", size_is_bounded);
    return g_test_run();
}
