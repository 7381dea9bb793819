/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line option lists in QEMU's grammar: "key=value,key=value". A comma inside a value is written twice.
 * The first item may be a bare value for an implied key ("-device virtio-net-device,id=x"). An item without '=' is
 * a switch: "key" means key=on, and "nokey" means key=off.
 *
 * A text that starts with '{' is a JSON object instead: members of a nested object are key.member, true and false are on and
 * off, null is an empty value.
 *
 * A list of what is accepted is never written down: whoever takes a key out of the list says so by asking for it, and
 * options_finish() refuses what nobody asked for, naming the keys that were asked for. So ask for every key that
 * you know, also those that you expect to be absent, before you call options_finish().
 *
 * An options list belongs to one thread at a time.
 */
#ifndef UTIL_OPTIONS_H
#define UTIL_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct options;

/* Parses text. where names the option in error messages ("-drive"); implied_key may be NULL, then a bare first item
 * is a switch like any other. NULL and *err where the text is malformed (an empty key, an id that is no identifier). */
struct options *options_parse(const char *where, const char *text, const char *implied_key, GError **err);

/* An empty list, to be filled by options_set(). */
struct options *options_new(const char *where);

/* NULL is allowed. */
void options_free(struct options *o);

/* How messages name this list: "-drive" or, with an id, "-drive id=x". Lives as long as the list. */
const char *options_where(const struct options *o);

/* The value of id=, or NULL. Marks it as used. */
const char *options_id(struct options *o);

/* True where the list holds the bare word "help" or "?" (also as the value of the implied key). */
bool options_wants_help(struct options *o);

/* The last value given for key, NULL if there is none. A switch reads as "on" or "off". Marks every item of that key
 * as used. The string lives until the list is freed or the key is set again. */
const char *options_get(struct options *o, const char *key);

/* The value of key, which must be there: NULL and *err otherwise. */
const char *options_need(struct options *o, const char *key, GError **err);

/* Every value of a key that may be repeated (hostfwd=), in order: *pos starts at 0; NULL after the last one. */
const char *options_next(struct options *o, const char *key, unsigned *pos);

/* The typed getters leave *out alone where the key is absent, so set the default first. False and *err where the
 * value does not parse or is out of range. */

/* on/off, yes/no, true/false, y/n. */
bool options_get_bool(struct options *o, const char *key, bool *out, GError **err);

/* Decimal, or hexadecimal after 0x; from min to max. */
bool options_get_u64(struct options *o, const char *key, uint64_t min, uint64_t max, uint64_t *out, GError **err);

/* Bytes: a number, decimals allowed, then k, M, G, T, P or E (powers of 1024), or B; without suffix the number counts
 * unit bytes (-m counts MiB, most others 1). */
bool options_get_size(struct options *o, const char *key, uint64_t unit, uint64_t *out, GError **err);

/* One of names (NULL-terminated): *out is its index. The message lists the names. */
bool options_get_enum(struct options *o, const char *key, const char *const *names, int *out, GError **err);

/* Adds, or replaces, a value. */
void options_set(struct options *o, const char *key, const char *value);

/* Adds a value unless the key is there already. */
void options_set_default(struct options *o, const char *key, const char *value);

/* Takes every item whose key starts with prefix ("file.") out into a new list, with the prefix cut off. The
 * result is empty where there is none; the caller frees it (and finishes it on its own). */
struct options *options_split(struct options *o, const char *prefix);

/* Calls fn for every item in order, used or not; marks the item as used where fn returns true. This is how -device
 * hands properties on. */
void options_foreach(struct options *o, bool (*fn)(const char *key, const char *value, void *opaque), void *opaque);

/* The first key that nobody asked for, NULL: all were. For callers with a better message than options_finish() has. */
const char *options_unused(const struct options *o);

/* True if every item was asked for. Otherwise *err names the first that was not, and the keys that are accepted. */
bool options_finish(struct options *o, GError **err);

/* The same parsers for a bare text; NULL err is allowed. where and key are for the message ("-m", "size"). */
bool options_parse_size(const char *where, const char *key, const char *text, uint64_t unit, uint64_t *out,
                        GError **err);
bool options_parse_bool(const char *where, const char *key, const char *text, bool *out, GError **err);
bool options_parse_u64(const char *where, const char *key, const char *text, uint64_t min, uint64_t max, uint64_t *out,
                       GError **err);

#define OPTIONS_ERROR g_quark_from_static_string("options")

#endif
