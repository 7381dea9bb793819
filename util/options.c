/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/options.h"

#include <string.h>

#include "util/json.h"

struct item {
    char *key;
    char *value;
    bool bare;   /* a switch: written without '=' */
    bool used;
};

struct options {
    char *where;
    const char *where_id;      /* where, with the id; made when first asked for */
    GArray *items;       /* struct item */
    GPtrArray *asked;    /* keys that somebody asked for, each once */
};

static void item_clear(void *p)
{
    struct item *it = p;

    g_free(it->key);
    g_free(it->value);
}

struct options *options_new(const char *where)
{
    struct options *o = g_new0(struct options, 1);

    o->where = g_strdup(where);
    o->items = g_array_new(FALSE, TRUE, sizeof(struct item));
    g_array_set_clear_func(o->items, item_clear);
    o->asked = g_ptr_array_new_with_free_func(g_free);
    return o;
}

void options_free(struct options *o)
{
    if (!o) {
        return;
    }
    g_array_free(o->items, TRUE);
    g_ptr_array_free(o->asked, TRUE);
    g_free(o->where);
    g_free(o);
}

static struct item *item_at(const struct options *o, unsigned i)
{
    return &g_array_index(o->items, struct item, i);
}

static void add(struct options *o, char *key, char *value, bool bare)
{
    struct item it = { .key = key, .value = value, .bare = bare };

    g_array_append_val(o->items, it);
}

/* Reads up to the next single comma, undoing doubled ones; *p is left behind the comma or at the end. */
static char *take_value(const char **p)
{
    GString *s = g_string_new(NULL);

    for (; **p; (*p)++) {
        if (**p == ',') {
            (*p)++;
            if (**p != ',') {
                break;
            }
        }
        g_string_append_c(s, **p);
    }
    return g_string_free(s, FALSE);
}

/* An id starts with a letter; letters, digits, '-', '.' and '_' follow. */
static bool id_is_well_formed(const char *id)
{
    if (!g_ascii_isalpha(id[0])) {
        return false;
    }
    for (; *id; id++) {
        if (!g_ascii_isalnum(*id) && !strchr("-._", *id)) {
            return false;
        }
    }
    return true;
}

static bool parse_item(struct options *o, const char **p, const char *implied_key, GError **err)
{
    size_t key_len = strcspn(*p, "=,");
    char *key;

    if ((*p)[key_len] != '=') {
        char *value = take_value(p);

        if (implied_key) {
            add(o, g_strdup(implied_key), value, false);
        } else if (*value) {
            add(o, value, g_strdup("on"), true);
        } else {
            g_free(value);
            g_set_error(err, OPTIONS_ERROR, 0, "%s: empty item between commas (a comma in a value is written ',,')",
                        o->where);
            return false;
        }
        return true;
    }
    if (!key_len) {
        g_set_error(err, OPTIONS_ERROR, 0, "%s: '%s' has no key before '='", o->where, *p);
        return false;
    }
    key = g_strndup(*p, key_len);
    *p += key_len + 1;
    add(o, key, take_value(p), false);
    return true;
}

/* ---- the same in JSON ---- */

/* A value of a list of strings: QEMU wraps each, {"str": "tcp::2222-:22"}. */
static const char *wrapped_string(const struct json *j)
{
    return j->kind == JSON_OBJECT && j->keys->len == 1 ? json_get_string(j, "str") : NULL;
}

/* Adds j as the value of key, or its members as key.NAME and key.NUMBER. */
static void add_json(struct options *o, const char *key, const struct json *j)
{
    g_autoptr(GString) text = g_string_new(NULL);

    switch (j->kind) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        g_string_assign(text, j->boolean ? "on" : "off");
        break;
    case JSON_STRING:
        g_string_assign(text, j->string);
        break;
    case JSON_INTEGER:
    case JSON_REAL:
        json_print(text, j);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        for (unsigned i = 0; i < j->items->len; i++) {
            const struct json *v = j->items->pdata[i];
            g_autofree char *name =
                j->keys ? g_strdup_printf("%s%s%s", key, *key ? "." : "", (char *)j->keys->pdata[i])
                        : g_strdup_printf("%s.%u", key, i);
            const char *string = j->keys ? NULL : wrapped_string(v);

            if (string) {
                add(o, g_strdup(key), g_strdup(string), false);
            } else {
                add_json(o, name, v);
            }
        }
        return;
    }
    add(o, g_strdup(key), g_strdup(text->str), false);
}

static bool parse_json(struct options *o, const char *text, GError **err)
{
    struct json *j = json_parse(text, err);

    if (!j) {
        g_prefix_error(err, "%s: ", o->where);
        return false;
    }
    add_json(o, "", j);
    json_free(j);
    return true;
}

static bool parse_items(struct options *o, const char *text, const char *implied_key, GError **err)
{
    for (const char *p = text; *p; implied_key = NULL) {
        if (!parse_item(o, &p, implied_key, err)) {
            return false;
        }
    }
    return true;
}

struct options *options_parse(const char *where, const char *text, const char *implied_key, GError **err)
{
    struct options *o = options_new(where);

    if (!(*text == '{' ? parse_json(o, text, err) : parse_items(o, text, implied_key, err))) {
        options_free(o);
        return NULL;
    }
    for (unsigned i = 0; i < o->items->len; i++) {
        struct item *it = item_at(o, i);

        if (!strcmp(it->key, "id") && !id_is_well_formed(it->value)) {
            g_set_error(err, OPTIONS_ERROR, 0,
                        "%s: id '%s' is not accepted: a letter, then letters, digits, '-', '.', '_'", where, it->value);
            options_free(o);
            return NULL;
        }
    }
    return o;
}

static void remember(struct options *o, const char *key)
{
    for (unsigned i = 0; i < o->asked->len; i++) {
        if (!strcmp(o->asked->pdata[i], key)) {
            return;
        }
    }
    g_ptr_array_add(o->asked, g_strdup(key));
}

static bool is_negated(const struct item *it, const char *key)
{
    return it->bare && !strncmp(it->key, "no", 2) && !strcmp(it->key + 2, key);
}

/* The item's value as a value of key; NULL if it is about another key. */
static const char *value_for(struct item *it, const char *key)
{
    if (!strcmp(it->key, key)) {
        return it->value;
    }
    return is_negated(it, key) ? "off" : NULL;
}

const char *options_get(struct options *o, const char *key)
{
    const char *found = NULL;

    remember(o, key);
    for (unsigned i = 0; i < o->items->len; i++) {
        const char *v = value_for(item_at(o, i), key);

        if (v) {
            item_at(o, i)->used = true;
            found = v;
        }
    }
    return found;
}

const char *options_next(struct options *o, const char *key, unsigned *pos)
{
    remember(o, key);
    while (*pos < o->items->len) {
        struct item *it = item_at(o, (*pos)++);

        if (!strcmp(it->key, key)) {
            it->used = true;
            return it->value;
        }
    }
    return NULL;
}

const char *options_need(struct options *o, const char *key, GError **err)
{
    const char *v = options_get(o, key);

    if (!v) {
        g_set_error(err, OPTIONS_ERROR, 0, "%s: %s= is missing", options_where(o), key);
    }
    return v;
}

const char *options_id(struct options *o)
{
    return options_get(o, "id");
}

const char *options_where(const struct options *o)
{
    struct options *w = (struct options *)o;

    for (unsigned i = 0; i < o->items->len; i++) {
        if (!strcmp(item_at(o, i)->key, "id")) {
            g_autofree char *text = g_strdup_printf("%s id=%s", o->where, item_at(o, i)->value);

            if (g_strcmp0(w->where_id, text)) {
                w->where_id = g_intern_string(text);    /* callers keep it while the list lives, whatever the id becomes */
            }
            return w->where_id;
        }
    }
    return o->where;
}

bool options_wants_help(struct options *o)
{
    for (unsigned i = 0; i < o->items->len; i++) {
        struct item *it = item_at(o, i);
        const char *word = it->bare ? it->key : i == 0 ? it->value : "";

        if (!strcmp(word, "help") || !strcmp(word, "?")) {
            it->used = true;
            return true;
        }
    }
    return false;
}

void options_set(struct options *o, const char *key, const char *value)
{
    for (unsigned i = o->items->len; i-- > 0;) {
        if (value_for(item_at(o, i), key)) {
            g_array_remove_index(o->items, i);
        }
    }
    add(o, g_strdup(key), g_strdup(value), false);
}

void options_set_default(struct options *o, const char *key, const char *value)
{
    for (unsigned i = 0; i < o->items->len; i++) {
        if (value_for(item_at(o, i), key)) {
            return;
        }
    }
    add(o, g_strdup(key), g_strdup(value), false);
}

struct options *options_split(struct options *o, const char *prefix)
{
    g_autofree char *where = g_strdup_printf("%s %s", o->where, prefix);
    struct options *part = options_new(where);
    size_t n = strlen(prefix);

    for (unsigned i = 0; i < o->items->len;) {
        struct item *it = item_at(o, i);

        if (g_str_has_prefix(it->key, prefix)) {
            add(part, g_strdup(it->key + n), g_strdup(it->value), it->bare);
            g_array_remove_index(o->items, i);
        } else {
            i++;
        }
    }
    return part;
}

void options_foreach(struct options *o, bool (*fn)(const char *key, const char *value, void *opaque), void *opaque)
{
    for (unsigned i = 0; i < o->items->len; i++) {
        struct item *it = item_at(o, i);

        if (fn(it->key, it->value, opaque)) {
            it->used = true;
        }
    }
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *options_unused(const struct options *o)
{
    for (unsigned i = 0; i < o->items->len; i++) {
        if (!item_at(o, i)->used) {
            return item_at(o, i)->key;
        }
    }
    return NULL;
}

bool options_finish(struct options *o, GError **err)
{
    const char *unused = options_unused(o);
    g_autoptr(GString) list = g_string_new(NULL);

    if (!unused) {
        return true;
    }
    g_ptr_array_sort(o->asked, compare_keys);
    for (unsigned k = 0; k < o->asked->len; k++) {
        g_string_append_printf(list, "%s%s", k ? ", " : "", (char *)o->asked->pdata[k]);
    }
    g_set_error(err, OPTIONS_ERROR, 0, "%s: '%s' is not accepted here; accepted: %s", options_where(o), unused,
                list->str);
    return false;
}
