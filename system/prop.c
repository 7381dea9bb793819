/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties: text ⇄ fields of a struct. */
#include <stdio.h>
#include <string.h>

#include "system/device.h"
#include "system/machine.h"
#include "util/options.h"

static bool is_backend(const struct prop *p)
{
    return p->kind == PROP_KIND_CHARDEV || p->kind == PROP_KIND_NETDEV || p->kind == PROP_KIND_DRIVE;
}

static void *field_of(void *obj, const struct prop *p)
{
    return (uint8_t *)obj + p->offset;
}

static void put_uint(void *obj, const struct prop *p, uint64_t v)
{
    void *to = field_of(obj, p);

    switch (p->size) {
    case 1: *(uint8_t *)to = v; break;
    case 2: *(uint16_t *)to = v; break;
    case 4: *(uint32_t *)to = v; break;
    case 8: *(uint64_t *)to = v; break;
    default: g_assert_not_reached();
    }
}

static uint64_t get_uint(const void *obj, const struct prop *p)
{
    const void *from = (const uint8_t *)obj + p->offset;

    switch (p->size) {
    case 1: return *(const uint8_t *)from;
    case 2: return *(const uint16_t *)from;
    case 4: return *(const uint32_t *)from;
    case 8: return *(const uint64_t *)from;
    default: g_assert_not_reached();
    }
}

static bool is_number(const struct prop *p)
{
    return p->kind <= PROP_KIND_SIZE || p->kind == PROP_KIND_ENUM;
}

void prop_set_defaults(void *obj, const struct prop *props, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct prop *p = &props[i];

        if (is_number(p)) {
            put_uint(obj, p, p->def);
        } else if (p->kind == PROP_KIND_STRING) {
            *(char **)field_of(obj, p) = g_strdup(p->def_text);
        }
    }
}

void prop_free(void *obj, const struct prop *props, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (props[i].kind == PROP_KIND_STRING) {
            g_clear_pointer((char **)field_of(obj, &props[i]), g_free);
        }
    }
}

static GQuark quark(void)
{
    return g_quark_from_static_string("property");
}

static uint64_t limit(const struct prop *p)
{
    uint64_t type_max = p->size == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * p->size)) - 1;

    return p->max ? p->max : type_max;
}

static bool parse_i32(void *obj, const struct prop *p, const char *where, const char *value, GError **err)
{
    gint64 v;

    if (!g_ascii_string_to_signed(value, 10, INT32_MIN, INT32_MAX, &v, NULL)) {
        g_set_error(err, quark(), 0, "%s: %s=%s is no number between %d and %d", where, p->name, value, INT32_MIN,
                    INT32_MAX);
        return false;
    }
    put_uint(obj, p, (uint64_t)v);
    return true;
}

static bool parse_enum(void *obj, const struct prop *p, const char *where, const char *value, GError **err)
{
    g_autofree char *accepted = NULL;

    for (unsigned i = 0; p->names[i]; i++) {
        if (!strcmp(p->names[i], value)) {
            put_uint(obj, p, i);
            return true;
        }
    }
    accepted = g_strjoinv(", ", (char **)p->names);
    g_set_error(err, quark(), 0, "%s: %s=%s is not one of %s", where, p->name, value, accepted);
    return false;
}

static bool parse_mac(void *obj, const struct prop *p, const char *where, const char *value, GError **err)
{
    uint8_t *mac = field_of(obj, p);
    unsigned b[6];
    int end = 0;

    if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &end) != 6 ||
        value[end]) {
        g_set_error(err, quark(), 0, "%s: %s=%s is no MAC address such as 52:54:00:12:34:56", where, p->name, value);
        return false;
    }
    for (unsigned i = 0; i < 6; i++) {
        mac[i] = b[i];
    }
    return true;
}

static bool parse_backend(struct machine *m, void *obj, const struct prop *p, const char *where, const char *value,
                          GError **err)
{
    static const char *const option[] = { [PROP_KIND_CHARDEV] = "-chardev", [PROP_KIND_NETDEV] = "-netdev",
                                          [PROP_KIND_DRIVE] = "-drive" };
    void *found = m && m->backends ? m->backends->find(m, p->kind, value) : NULL;

    if (!found) {
        g_set_error(err, quark(), 0, "%s: %s=%s: there is no %s with that id", where, p->name, value, option[p->kind]);
        return false;
    }
    *(void **)field_of(obj, p) = found;
    return true;
}

static bool parse_link(struct machine *m, void *obj, const struct prop *p, const char *where, const char *value,
                       GError **err)
{
    struct device *d = m ? device_find(m, value) : NULL;

    if (!d) {
        g_set_error(err, quark(), 0, "%s: %s=%s: there is no device with that id", where, p->name, value);
        return false;
    }
    *(struct device **)field_of(obj, p) = d;
    return true;
}

bool prop_parse(struct machine *m, void *obj, const struct prop *p, const char *where, const char *value, GError **err)
{
    uint64_t v = 0;
    bool on = false;

    switch (p->kind) {
    case PROP_KIND_BOOL:
        if (!options_parse_bool(where, p->name, value, &on, err)) {
            return false;
        }
        put_uint(obj, p, on);
        return true;
    case PROP_KIND_U8:
    case PROP_KIND_U16:
    case PROP_KIND_U32:
    case PROP_KIND_U64:
        if (!options_parse_u64(where, p->name, value, 0, limit(p), &v, err)) {
            return false;
        }
        put_uint(obj, p, v);
        return true;
    case PROP_KIND_SIZE:
        if (!options_parse_size(where, p->name, value, 1, &v, err)) {
            return false;
        }
        put_uint(obj, p, v);
        return true;
    case PROP_KIND_I32:
        return parse_i32(obj, p, where, value, err);
    case PROP_KIND_STRING:
        g_free(*(char **)field_of(obj, p));
        *(char **)field_of(obj, p) = g_strdup(value);
        return true;
    case PROP_KIND_ENUM:
        return parse_enum(obj, p, where, value, err);
    case PROP_KIND_MAC:
        return parse_mac(obj, p, where, value, err);
    case PROP_KIND_CHARDEV:
    case PROP_KIND_NETDEV:
    case PROP_KIND_DRIVE:
        return parse_backend(m, obj, p, where, value, err);
    case PROP_KIND_LINK:
        return parse_link(m, obj, p, where, value, err);
    }
    g_assert_not_reached();
}

static char *format_pointer(struct machine *m, const struct prop *p, const void *v)
{
    const char *id = NULL;

    if (!v) {
        return NULL;
    }
    if (is_backend(p)) {
        id = m && m->backends ? m->backends->id(m, p->kind, v) : NULL;
    } else {
        id = ((const struct device *)v)->id;
    }
    return g_strdup(id ? id : "(unnamed)");
}

char *prop_format(struct machine *m, const void *obj, const struct prop *p)
{
    const void *at = (const uint8_t *)obj + p->offset;
    const uint8_t *mac = at;

    switch (p->kind) {
    case PROP_KIND_BOOL:
        return g_strdup(get_uint(obj, p) ? "on" : "off");
    case PROP_KIND_I32:
        return g_strdup_printf("%d", *(const int32_t *)at);
    case PROP_KIND_STRING:
        return g_strdup(*(char *const *)at);
    case PROP_KIND_ENUM:
        return g_strdup(p->names[get_uint(obj, p)]);
    case PROP_KIND_MAC:
        return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    case PROP_KIND_CHARDEV:
    case PROP_KIND_NETDEV:
    case PROP_KIND_DRIVE:
    case PROP_KIND_LINK:
        return format_pointer(m, p, *(void *const *)at);
    default:
        return g_strdup_printf("%" G_GUINT64_FORMAT, get_uint(obj, p));
    }
}

static const char *const kind_names[] = {
    [PROP_KIND_BOOL] = "bool", [PROP_KIND_U8] = "uint8", [PROP_KIND_U16] = "uint16", [PROP_KIND_U32] = "uint32",
    [PROP_KIND_U64] = "uint64", [PROP_KIND_I32] = "int32", [PROP_KIND_SIZE] = "size", [PROP_KIND_STRING] = "str",
    [PROP_KIND_ENUM] = "enum", [PROP_KIND_MAC] = "mac", [PROP_KIND_CHARDEV] = "chardev id",
    [PROP_KIND_NETDEV] = "netdev id", [PROP_KIND_DRIVE] = "drive id", [PROP_KIND_LINK] = "device id",
};

static void help_line(const struct prop *p, GString *out)
{
    g_autofree char *kind = p->kind == PROP_KIND_ENUM ? g_strjoinv("|", (char **)p->names)
                                                      : g_strdup(kind_names[p->kind]);
    g_autofree char *left = g_strdup_printf("%s=<%s>", p->name, kind);

    g_string_append_printf(out, "  %-26s %s", left, p->help ? p->help : "");
    if (p->kind == PROP_KIND_BOOL) {
        g_string_append_printf(out, " (default: %s)", p->def ? "on" : "off");
    } else if (p->kind == PROP_KIND_ENUM) {
        g_string_append_printf(out, " (default: %s)", p->names[p->def]);
    } else if (p->kind == PROP_KIND_I32) {
        g_string_append_printf(out, " (default: %d)", (int)p->def);
    } else if (is_number(p)) {
        g_string_append_printf(out, " (default: %" G_GUINT64_FORMAT ")", p->def);
    } else if (p->kind == PROP_KIND_STRING && p->def_text) {
        g_string_append_printf(out, " (default: %s)", p->def_text);
    }
    g_string_append_c(out, '\n');
}

void prop_help(const struct prop *props, size_t count, GString *out)
{
    for (size_t i = 0; i < count; i++) {
        if (!props[i].internal) {
            help_line(&props[i], out);
        }
    }
}
