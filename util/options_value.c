/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The typed values of option lists: booleans, numbers, sizes, words out of a list. */
#include "util/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    bool value;
} bool_words[] = {
    { "on", true }, { "off", false }, { "yes", true }, { "no", false },
    { "true", true }, { "false", false }, { "y", true }, { "n", false },
};

bool options_parse_bool(const char *where, const char *key, const char *text, bool *out, GError **err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bool_words); i++) {
        if (!strcmp(text, bool_words[i].text)) {
            *out = bool_words[i].value;
            return true;
        }
    }
    g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is neither 'on' nor 'off'", where, key, text);
    return false;
}

bool options_parse_u64(const char *where, const char *key, const char *text, uint64_t min, uint64_t max, uint64_t *out,
                       GError **err)
{
    bool hex = g_str_has_prefix(text, "0x") || g_str_has_prefix(text, "0X");
    const char *digits = hex ? text + 2 : text;
    char *end;
    uint64_t v;

    errno = 0;
    v = strtoull(digits, &end, hex ? 16 : 10);
    if (!g_ascii_isxdigit(digits[0]) || *end || errno || end == digits) {
        g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is not a number", where, key, text);
        return false;
    }
    if (v < min || v > max) {
        g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is out of range: %" PRIu64 " to %" PRIu64, where, key, text, min,
                    max);
        return false;
    }
    *out = v;
    return true;
}

/* The factor that a suffix stands for, 0 for none of them. */
static uint64_t suffix_factor(const char *s, uint64_t unit)
{
    static const char letters[] = "bkmgtpe";
    const char *at;

    if (!s[0]) {
        return unit;
    }
    at = strchr(letters, g_ascii_tolower(s[0]));
    if (!at || s[1]) {
        return 0;
    }
    return (uint64_t)1 << (10 * (at - letters));
}

bool options_parse_size(const char *where, const char *key, const char *text, uint64_t unit, uint64_t *out,
                        GError **err)
{
    uint64_t whole, factor;
    long double fraction = 0;
    const char *end;
    bool hex = g_str_has_prefix(text, "0x");

    errno = 0;
    whole = g_ascii_isdigit(text[0]) ? strtoull(text, (char **)&end, hex ? 16 : 10) : 0;
    if (!g_ascii_isdigit(text[0])) {
        goto malformed;
    }
    if (!hex && *end == '.') {
        long double digit = 0.1L;

        for (end++; g_ascii_isdigit(*end); end++, digit /= 10) {
            fraction += (*end - '0') * digit;
        }
    }
    factor = suffix_factor(end, unit);
    if (!factor) {
        goto malformed;
    }
    if (errno || whole > UINT64_MAX / factor || (long double)whole * factor + fraction * factor >= 0x1p64L) {
        g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is too large", where, key, text);
        return false;
    }
    *out = whole * factor + (uint64_t)(fraction * factor);
    return true;
malformed:
    g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is not a size: a number, then k, M, G, T, P or E", where, key, text);
    return false;
}

bool options_get_bool(struct options *o, const char *key, bool *out, GError **err)
{
    const char *v = options_get(o, key);

    return !v || options_parse_bool(options_where(o), key, v, out, err);
}

bool options_get_u64(struct options *o, const char *key, uint64_t min, uint64_t max, uint64_t *out, GError **err)
{
    const char *v = options_get(o, key);

    return !v || options_parse_u64(options_where(o), key, v, min, max, out, err);
}

bool options_get_size(struct options *o, const char *key, uint64_t unit, uint64_t *out, GError **err)
{
    const char *v = options_get(o, key);

    return !v || options_parse_size(options_where(o), key, v, unit, out, err);
}

bool options_get_enum(struct options *o, const char *key, const char *const *names, int *out, GError **err)
{
    const char *v = options_get(o, key);
    g_autofree char *list = NULL;

    if (!v) {
        return true;
    }
    for (int i = 0; names[i]; i++) {
        if (!strcmp(v, names[i])) {
            *out = i;
            return true;
        }
    }
    list = g_strjoinv(", ", (char **)names);
    g_set_error(err, OPTIONS_ERROR, 0, "%s: %s=%s is not accepted; accepted: %s", options_where(o), key, v, list);
    return false;
}
