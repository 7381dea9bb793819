/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monitor's commands of -netdev user, in a build without libslirp. */
#include "net/net_impl.h"

void net_usernet_info(struct net_set *set, GString *out)
{
}

static bool refuse(GError **err)
{
    g_set_error(err, NET_ERROR, 0, "this build has no user-mode networking (libslirp)");
    return false;
}

bool net_hostfwd_add(struct net_client *nc, const char *rule, GError **err)
{
    return refuse(err);
}

bool net_hostfwd_remove(struct net_client *nc, const char *rule, GError **err)
{
    return refuse(err);
}
