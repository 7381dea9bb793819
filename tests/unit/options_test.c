/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option lists: the grammar, the typed values, and that unknown keys are named together with what is accepted. */
#include "util/options.h"

#include <string.h>

static struct options *parse(const char *text, const char *implied)
{
    GError *err = NULL;
    struct options *o = options_parse("-x", text, implied, &err);

    g_assert_no_error(err);
    return o;
}

static void check_refused(const char *text, const char *implied, const char *part)
{
    GError *err = NULL;

    g_assert_null(options_parse("-x", text, implied, &err));
    g_assert_nonnull(strstr(err->message, part));
    g_clear_error(&err);
}

static void grammar(void)
{
    struct options *o = parse("user,id=n0,path=a,,b=c,empty=,flag,nowait,k=1,k=2", "type");

    g_assert_cmpstr(options_get(o, "type"), ==, "user");
    g_assert_cmpstr(options_id(o), ==, "n0");
    g_assert_cmpstr(options_get(o, "path"), ==, "a,b=c");
    g_assert_cmpstr(options_get(o, "empty"), ==, "");
    g_assert_cmpstr(options_get(o, "flag"), ==, "on");
    g_assert_cmpstr(options_get(o, "wait"), ==, "off");
    g_assert_cmpstr(options_get(o, "k"), ==, "2");
    g_assert_null(options_get(o, "absent"));
    g_assert_true(options_finish(o, NULL));
    g_assert_cmpstr(options_where(o), ==, "-x id=n0");
    options_free(o);
    check_refused(",a=1", NULL, "empty item");
    check_refused("=1", NULL, "no key");
    check_refused("id=1a", NULL, "id '1a'");
}

static void json_objects_are_lists_too(void)
{
    struct options *o = parse("{ 'driver': 'raw', \"node-name\": \"d0\", \"read-only\": true, \"size\": 5, \"backing\": null,"
                              "\"file\": { \"driver\": \"file\", \"filename\": \"a,b\", \"x\": { \"y\": false } },"
                              "\"list\": [ 1, \"two\" ], \"hostfwd\": [ { \"str\": \"a\" }, { \"str\": \"b\" } ] }", "implied");
    unsigned pos = 0;

    g_assert_cmpstr(options_get(o, "driver"), ==, "raw");
    g_assert_cmpstr(options_get(o, "node-name"), ==, "d0");
    g_assert_cmpstr(options_get(o, "read-only"), ==, "on");
    g_assert_cmpstr(options_get(o, "size"), ==, "5");
    g_assert_cmpstr(options_get(o, "backing"), ==, "");
    g_assert_cmpstr(options_get(o, "file.driver"), ==, "file");
    g_assert_cmpstr(options_get(o, "file.filename"), ==, "a,b");
    g_assert_cmpstr(options_get(o, "file.x.y"), ==, "off");
    g_assert_cmpstr(options_get(o, "list.0"), ==, "1");
    g_assert_cmpstr(options_get(o, "list.1"), ==, "two");
    g_assert_cmpstr(options_next(o, "hostfwd", &pos), ==, "a");
    g_assert_cmpstr(options_next(o, "hostfwd", &pos), ==, "b");
    g_assert_true(options_finish(o, NULL));
    options_free(o);
    check_refused("{\"a\": }", NULL, "character");
    check_refused("{\"id\": \"1\"}", NULL, "id '1'");
}

static void a_value_may_end_in_a_comma(void)
{
    struct options *o = parse("a=x,,", NULL);

    g_assert_cmpstr(options_get(o, "a"), ==, "x,");
    options_free(o);
}

static void repeated_keys_come_in_order(void)
{
    struct options *o = parse("hostfwd=a,x=1,hostfwd=b", NULL);
    unsigned pos = 0;

    g_assert_cmpstr(options_next(o, "hostfwd", &pos), ==, "a");
    g_assert_cmpstr(options_next(o, "hostfwd", &pos), ==, "b");
    g_assert_null(options_next(o, "hostfwd", &pos));
    options_free(o);
}

static void unknown_key_is_named_with_the_accepted_ones(void)
{
    struct options *o = parse("fil=x,format=raw", NULL);
    GError *err = NULL;

    options_get(o, "format");
    options_get(o, "file");
    g_assert_false(options_finish(o, &err));
    g_assert_cmpstr(err->message, ==, "-x: 'fil' is not accepted here; accepted: file, format");
    g_clear_error(&err);
    options_free(o);
}

static void sizes(void)
{
    static const struct {
        const char *text;
        uint64_t unit, value;
    } good[] = {
        { "0", 1, 0 }, { "512", 1, 512 }, { "512", 1 << 20, 512 << 20 }, { "1.5G", 1, 3ull << 29 }, { "4k", 1, 4096 },
        { "2T", 1, 2ull << 40 }, { "0x1000", 1, 4096 }, { "7E", 1, 7ull << 60 }, { "100B", 1 << 20, 100 },
    };
    static const char *const bad[] = { "", "x", "-1", "1Q", "1kk", "16E", "99999999999999999999", "0.5x" };
    uint64_t v;

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_assert_true(options_parse_size("-m", "size", good[i].text, good[i].unit, &v, NULL));
        g_assert_cmpuint(v, ==, good[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(options_parse_size("-m", "size", bad[i], 1, &v, NULL));
    }
}

static void numbers_and_booleans(void)
{
    struct options *o = parse("a=0x10,b=300,c=yes,d=maybe,e=-1", NULL);
    uint64_t v = 7;
    bool b = false;

    g_assert_true(options_get_u64(o, "a", 0, 255, &v, NULL));
    g_assert_cmpuint(v, ==, 16);
    g_assert_false(options_get_u64(o, "b", 0, 255, &v, NULL));
    g_assert_false(options_get_u64(o, "e", 0, 255, &v, NULL));
    g_assert_true(options_get_u64(o, "none", 0, 255, &v, NULL));
    g_assert_cmpuint(v, ==, 16);
    g_assert_true(options_get_bool(o, "c", &b, NULL));
    g_assert_true(b);
    g_assert_false(options_get_bool(o, "d", &b, NULL));
    options_free(o);
}

static void enums_list_their_words(void)
{
    static const char *const words[] = { "none", "writeback", NULL };
    struct options *o = parse("cache=foo", NULL);
    GError *err = NULL;
    int v = 0;

    g_assert_false(options_get_enum(o, "cache", words, &v, &err));
    g_assert_cmpstr(err->message, ==, "-x: cache=foo is not accepted; accepted: none, writeback");
    g_clear_error(&err);
    options_free(o);
}

static void split_takes_a_prefix(void)
{
    struct options *o = parse("driver=qcow2,file.driver=file,file.filename=x", NULL), *f = options_split(o, "file.");

    g_assert_cmpstr(options_get(f, "filename"), ==, "x");
    g_assert_cmpstr(options_get(f, "driver"), ==, "file");
    g_assert_cmpstr(options_get(o, "driver"), ==, "qcow2");
    g_assert_true(options_finish(o, NULL));
    options_free(f);
    options_free(o);
}

static void help_is_seen(void)
{
    struct options *o = parse("virtio-net,help", "driver"), *p = parse("?", "driver"),
                   *q = parse("x,id=help", "driver");

    g_assert_true(options_wants_help(o));
    g_assert_true(options_wants_help(p));
    g_assert_false(options_wants_help(q));
    options_free(o);
    options_free(p);
    options_free(q);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/options/grammar", grammar);
    g_test_add_func("/options/json", json_objects_are_lists_too);
    g_test_add_func("/options/trailing_comma", a_value_may_end_in_a_comma);
    g_test_add_func("/options/repeated", repeated_keys_come_in_order);
    g_test_add_func("/options/unknown", unknown_key_is_named_with_the_accepted_ones);
    g_test_add_func("/options/sizes", sizes);
    g_test_add_func("/options/numbers", numbers_and_booleans);
    g_test_add_func("/options/enums", enums_list_their_words);
    g_test_add_func("/options/split", split_takes_a_prefix);
    g_test_add_func("/options/help", help_is_seen);
    return g_test_run();
}
