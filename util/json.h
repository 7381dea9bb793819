/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON values (RFC 8259). Like QEMU's parser this one takes strings in single quotes, too. A tree belongs to one thread at
 * a time.
 */
#ifndef UTIL_JSON_H
#define UTIL_JSON_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INTEGER, JSON_REAL, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    union {
        bool boolean;
        int64_t integer;        /* what does not fit is JSON_REAL */
        double real;
        char *string;           /* UTF-8 without NUL */
        GPtrArray *items;       /* JSON_ARRAY: of struct json; JSON_OBJECT: the values, in order */
    };
    GPtrArray *keys;            /* JSON_OBJECT: of char *, as many as items; each once */
};

/* Parses text, which must hold one value and nothing else but blanks. NULL and *err (a sentence with the place) where it
 * does not. Nesting deeper than 64 is refused. */
struct json *json_parse(const char *text, GError **err);

/* NULL is allowed. */
void json_free(struct json *j);

/* The value of an object's key; NULL: j is no object, or has none. */
struct json *json_get(const struct json *j, const char *key);
/* The same for a string's text. */
const char *json_get_string(const struct json *j, const char *key);

/* New values. json_add and json_set take v. json_set replaces an older value of the key. */
struct json *json_new_null(void);
struct json *json_new_bool(bool v);
struct json *json_new_integer(int64_t v);
struct json *json_new_string(const char *text);
struct json *json_new_array(void);
struct json *json_new_object(void);
void json_add(struct json *array, struct json *v);
void json_set(struct json *object, const char *key, struct json *v);

/* Appends j as text on one line; text in quotes. Bytes that are no UTF-8 become U+FFFD. */
void json_print(GString *out, const struct json *j);
void json_print_string(GString *out, const char *text);

#define JSON_ERROR g_quark_from_static_string("json")

#endif
