/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of -netdev user, as libslirp wants them. */
#ifndef NET_USER_H
#define NET_USER_H

#include <slirp/libslirp.h>

#include "util/options.h"

struct user_config {
    SlirpConfig slirp;
    GPtrArray *strings;    /* what the pointers in slirp point at */
    GPtrArray *dnssearch;
};

/* All keys but the forwards. On failure too, the caller clears. */
bool user_config_parse(struct user_config *c, struct options *o, GError **err);
void user_config_clear(struct user_config *c);

/* hostfwd= and guestfwd=. */
bool user_add_forwards(Slirp *slirp, struct options *o, GError **err);
bool user_hostfwd_add(Slirp *slirp, const char *where, const char *rule, GError **err);
bool user_hostfwd_remove(Slirp *slirp, const char *rule, GError **err);

#endif
