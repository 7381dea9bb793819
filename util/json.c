/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/json.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 64

/* ---- values ---- */

static struct json *new_value(enum json_kind kind)
{
    struct json *j = g_new0(struct json, 1);

    j->kind = kind;
    return j;
}

static void free_value(void *p)
{
    json_free(p);
}

struct json *json_new_null(void)
{
    return new_value(JSON_NULL);
}

struct json *json_new_bool(bool v)
{
    struct json *j = new_value(JSON_BOOL);

    j->boolean = v;
    return j;
}

struct json *json_new_integer(int64_t v)
{
    struct json *j = new_value(JSON_INTEGER);

    j->integer = v;
    return j;
}

struct json *json_new_string(const char *text)
{
    struct json *j = new_value(JSON_STRING);

    j->string = g_strdup(text);
    return j;
}

struct json *json_new_array(void)
{
    struct json *j = new_value(JSON_ARRAY);

    j->items = g_ptr_array_new_with_free_func(free_value);
    return j;
}

struct json *json_new_object(void)
{
    struct json *j = new_value(JSON_OBJECT);

    j->items = g_ptr_array_new_with_free_func(free_value);
    j->keys = g_ptr_array_new_with_free_func(g_free);
    return j;
}

void json_free(struct json *j)
{
    if (!j) {
        return;
    }
    if (j->kind == JSON_STRING) {
        g_free(j->string);
    } else if (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) {
        g_ptr_array_free(j->items, true);
    }
    if (j->keys) {
        g_ptr_array_free(j->keys, true);
    }
    g_free(j);
}

static int find(const struct json *j, const char *key)
{
    for (unsigned i = 0; i < j->keys->len; i++) {
        if (!strcmp(j->keys->pdata[i], key)) {
            return i;
        }
    }
    return -1;
}

struct json *json_get(const struct json *j, const char *key)
{
    int i = j->kind == JSON_OBJECT ? find(j, key) : -1;

    return i < 0 ? NULL : j->items->pdata[i];
}

const char *json_get_string(const struct json *j, const char *key)
{
    const struct json *v = json_get(j, key);

    return v && v->kind == JSON_STRING ? v->string : NULL;
}

void json_add(struct json *array, struct json *v)
{
    g_ptr_array_add(array->items, v);
}

void json_set(struct json *object, const char *key, struct json *v)
{
    int i = find(object, key);

    if (i >= 0) {
        json_free(object->items->pdata[i]);
        object->items->pdata[i] = v;
        return;
    }
    g_ptr_array_add(object->keys, g_strdup(key));
    g_ptr_array_add(object->items, v);
}

/* ---- reading ---- */

struct reader {
    const char *start, *p;
    unsigned depth;
    GError **err;
};

static void *fail(struct reader *r, const char *what)
{
    g_set_error(r->err, JSON_ERROR, 0, "JSON: %s at character %u", what, (unsigned)(r->p - r->start) + 1);
    return NULL;
}

static void skip_blanks(struct reader *r)
{
    r->p += strspn(r->p, " \t\r\n");
}

static bool read_hex4(struct reader *r, unsigned *out)
{
    *out = 0;
    for (unsigned i = 0; i < 4; i++, r->p++) {
        int digit = g_ascii_xdigit_value(*r->p);

        if (digit < 0) {
            return false;
        }
        *out = *out << 4 | digit;
    }
    return true;
}

/* Behind "\u": one code point, perhaps of a surrogate pair. */
static bool read_code_point(struct reader *r, gunichar *out)
{
    unsigned high, low;

    if (!read_hex4(r, &high)) {
        return false;
    }
    *out = high;
    if (high >= 0xd800 && high < 0xdc00) {
        if (r->p[0] != '\\' || r->p[1] != 'u') {
            return false;
        }
        r->p += 2;
        if (!read_hex4(r, &low) || low < 0xdc00 || low >= 0xe000) {
            return false;
        }
        *out = 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
    }
    return *out && (*out < 0xdc00 || *out >= 0xe000);
}

static bool read_escape(struct reader *r, GString *s)
{
    static const char from[] = "\"'\\/bfnrt", to[] = "\"'\\/\b\f\n\r\t";
    const char *known = *r->p ? strchr(from, *r->p) : NULL;
    gunichar c;

    if (known) {
        g_string_append_c(s, to[known - from]);
        r->p++;
        return true;
    }
    if (*r->p != 'u') {
        return false;
    }
    r->p++;
    if (!read_code_point(r, &c)) {
        return false;
    }
    g_string_append_unichar(s, c);
    return true;
}

/* A string in quotes, NULL and *err. */
static char *read_string(struct reader *r)
{
    g_autoptr(GString) s = g_string_new(NULL);
    char quote = *r->p;

    if (quote != '"' && quote != '\'') {
        return fail(r, "a string in quotes is missing");
    }
    for (r->p++; *r->p != quote;) {
        if ((unsigned char)*r->p < 0x20) {
            return fail(r, *r->p ? "control character in a string" : "the string does not end");
        }
        if (*r->p != '\\') {
            g_string_append_c(s, *r->p++);
            continue;
        }
        r->p++;
        if (!read_escape(r, s)) {
            return fail(r, "bad escape sequence");
        }
    }
    r->p++;
    if (!g_utf8_validate(s->str, s->len, NULL)) {
        return fail(r, "string is not UTF-8");
    }
    return g_strdup(s->str);
}

static struct json *read_number(struct reader *r)
{
    const char *start = r->p;
    struct json *j;
    char *end;

    r->p += *r->p == '-';
    if (!g_ascii_isdigit(*r->p)) {
        return fail(r, "a value is missing");
    }
    if (*r->p == '0' && g_ascii_isdigit(r->p[1])) {
        return fail(r, "number with leading zero");
    }
    r->p += strspn(r->p, "0123456789");
    errno = 0;
    j = json_new_integer(g_ascii_strtoll(start, &end, 10));
    if (*r->p == '.' || *r->p == 'e' || *r->p == 'E' || errno) {
        j->kind = JSON_REAL;
        j->real = g_ascii_strtod(start, &end);
        if (end < r->p || end[-1] == '.') {
            json_free(j);
            return fail(r, "bad number");
        }
        r->p = end;
    }
    return j;
}

static struct json *read_value(struct reader *r);

/* One item of an array or object, which takes it. */
static bool read_item(struct reader *r, struct json *into)
{
    g_autofree char *key = NULL;
    struct json *v;

    if (into->kind == JSON_OBJECT) {
        key = read_string(r);
        if (!key) {
            return false;
        }
        if (find(into, key) >= 0) {
            return fail(r, "this key is there already,");
        }
        skip_blanks(r);
        if (*r->p != ':') {
            return fail(r, "':' is missing");
        }
        r->p++;
    }
    v = read_value(r);
    if (!v) {
        return false;
    }
    if (key) {
        json_set(into, key, v);
    } else {
        json_add(into, v);
    }
    return true;
}

static struct json *read_many(struct reader *r, struct json *into, char close)
{
    r->p++;
    skip_blanks(r);
    if (*r->p == close) {
        r->p++;
        return into;
    }
    while (read_item(r, into)) {
        skip_blanks(r);
        if (*r->p == close) {
            r->p++;
            return into;
        }
        if (*r->p != ',') {
            fail(r, close == '}' ? "',' or '}' is missing" : "',' or ']' is missing");
            break;
        }
        r->p++;
        skip_blanks(r);
    }
    json_free(into);
    return NULL;
}

static struct json *read_word(struct reader *r)
{
    static const char *const words[] = { "null", "true", "false" };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(r->p, words[i])) {
            r->p += strlen(words[i]);
            return i ? json_new_bool(i == 1) : json_new_null();
        }
    }
    return fail(r, "unknown word");
}

static struct json *read_value(struct reader *r)
{
    struct json *j;
    char *text;

    skip_blanks(r);
    switch (*r->p) {
    case '"':
    case '\'':
        text = read_string(r);
        if (!text) {
            return NULL;
        }
        j = new_value(JSON_STRING);
        j->string = text;
        return j;
    case '{':
    case '[':
        if (r->depth == DEPTH_MAX) {
            return fail(r, "nesting is too deep");
        }
        r->depth++;
        j = *r->p == '{' ? read_many(r, json_new_object(), '}') : read_many(r, json_new_array(), ']');
        r->depth--;
        return j;
    default:
        return g_ascii_isalpha(*r->p) ? read_word(r) : read_number(r);
    }
}

struct json *json_parse(const char *text, GError **err)
{
    struct reader r = { text, text, 0, err };
    struct json *j = read_value(&r);

    skip_blanks(&r);
    if (j && *r.p) {
        json_free(j);
        return fail(&r, "more text behind the value");
    }
    return j;
}

/* ---- writing ---- */

void json_print_string(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_string_append_c(out, '"');
    for (const char *p = valid; *p; p++) {
        if (*p == '"' || *p == '\\') {
            g_string_append_c(out, '\\');
            g_string_append_c(out, *p);
        } else if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            g_string_append_printf(out, "\\u%04x", *p);
        } else {
            g_string_append_c(out, *p);
        }
    }
    g_string_append_c(out, '"');
}

static void print_many(GString *out, const struct json *j)
{
    g_string_append_c(out, j->keys ? '{' : '[');
    for (unsigned i = 0; i < j->items->len; i++) {
        g_string_append(out, i ? ", " : "");
        if (j->keys) {
            json_print_string(out, j->keys->pdata[i]);
            g_string_append(out, ": ");
        }
        json_print(out, j->items->pdata[i]);
    }
    g_string_append_c(out, j->keys ? '}' : ']');
}

void json_print(GString *out, const struct json *j)
{
    char real[G_ASCII_DTOSTR_BUF_SIZE];

    switch (j->kind) {
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    case JSON_BOOL:
        g_string_append(out, j->boolean ? "true" : "false");
        break;
    case JSON_INTEGER:
        g_string_append_printf(out, "%" G_GINT64_FORMAT, j->integer);
        break;
    case JSON_REAL:
        g_string_append(out, g_ascii_dtostr(real, sizeof(real), j->real));
        break;
    case JSON_STRING:
        json_print_string(out, j->string);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        print_many(out, j);
        break;
    }
}
