/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON: what is read is printed the same, and what is malformed is refused with a place. */
#include "util/json.h"

#include <string.h>

static void check(const char *text, const char *printed)
{
    g_autoptr(GString) out = g_string_new(NULL);
    GError *err = NULL;
    struct json *j = json_parse(text, &err);

    g_assert_no_error(err);
    json_print(out, j);
    g_assert_cmpstr(out->str, ==, printed);
    json_free(j);
}

static void values_are_printed_as_they_were_read(void)
{
    check("null", "null");
    check(" true ", "true");
    check("-12", "-12");
    check("9223372036854775807", "9223372036854775807");
    check("0.5", "0.5");
    check("-1e3", "-1000");
    check("18446744073709551616", "1.8446744073709552e+19");
    check("''", "\"\"");
    check("\"a\\n\\u00e4\\ud83d\\ude00\\\\ \\/\"", "\"a\\u000a\xc3\xa4\xf0\x9f\x98\x80\\\\ /\"");
    check("[ ]", "[]");
    check("{}", "{}");
    check("[1,[2,{'a':[]}],\"x\"]", "[1, [2, {\"a\": []}], \"x\"]");
    check("{'b': 1, 'a': {'c': false}}", "{\"b\": 1, \"a\": {\"c\": false}}");
}

static void malformed_texts_are_refused(void)
{
    static const char *const texts[] = {
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{'a'}", "{'a':}", "{'a':1,}", "{1:2}", "{'a':1 'b':2}", "tru", "nul",
        "01", "-", "1.", "1e", "+1", "'a", "'\\x'", "'\\u12'", "'\\ud800'", "'\\ude00'", "'\\u0000'", "'\n'", "1 2", "{'a':1,'a':2}",
        "'\xff'", "]", "}",
    };
    g_autofree char *deep = g_strnfill(100, '[');

    for (unsigned i = 0; i <= G_N_ELEMENTS(texts); i++) {
        const char *text = i < G_N_ELEMENTS(texts) ? texts[i] : deep;
        GError *err = NULL;
        struct json *j = json_parse(text, &err);

        if (j) {
            g_error("'%s' was taken", text);
        }
        g_assert_nonnull(strstr(err->message, "character"));
        g_clear_error(&err);
    }
}

static void objects_are_searched_and_changed(void)
{
    struct json *j = json_new_object(), *list = json_new_array();
    g_autoptr(GString) out = g_string_new(NULL);

    json_set(j, "a", json_new_integer(1));
    json_set(j, "a", json_new_string("\x01\xff"));
    json_set(j, "b", list);
    json_add(list, json_new_null());
    json_add(list, json_new_bool(true));
    g_assert_null(json_get(j, "c"));
    g_assert_null(json_get(list, "c"));
    g_assert_null(json_get_string(j, "b"));
    g_assert_cmpstr(json_get_string(j, "a"), ==, "\x01\xff");
    json_print(out, j);
    g_assert_cmpstr(out->str, ==, "{\"a\": \"\\u0001\xef\xbf\xbd\", \"b\": [null, true]}");
    json_free(j);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/round-trip", values_are_printed_as_they_were_read);
    g_test_add_func("/json/malformed", malformed_texts_are_refused);
    g_test_add_func("/json/objects", objects_are_searched_and_changed);
    return g_test_run();
}
