/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stream sockets by the addresses that users type: TCP host and port, or the path of a UNIX socket. */
#ifndef UTIL_SOCK_H
#define UTIL_SOCK_H

#include <glib.h>
#include <stdbool.h>

#define SOCK_ERROR g_quark_from_static_string("sock")

/* A port is a number or a name of /etc/services. */
struct sock_addr {
    char *path;          /* UNIX; NULL: TCP */
    char *host, *port;   /* host NULL or "": any address (listen), this machine (connect) */
    bool no_ipv4, no_ipv6;
    bool abstract;       /* UNIX, in Linux' abstract name space */
};

void sock_addr_clear(struct sock_addr *a);

/* "tcp:127.0.0.1:5000" or "unix:/path"; the caller frees it. */
char *sock_addr_text(const struct sock_addr *a);

/* Splits "host:port", "[v6]:port", ":port" or "port" into a. False and *err (where names the option) otherwise. */
bool sock_addr_parse(struct sock_addr *a, const char *where, const char *text, GError **err);

/* A listening socket, or -1 and *err. A stale UNIX socket file is replaced. All descriptors are close-on-exec. */
int sock_listen(const struct sock_addr *a, const char *where, GError **err);

/* A connected socket, or -1 and *err. Blocks until it is clear. */
int sock_connect(const struct sock_addr *a, const char *where, GError **err);

/* accept(2); -1 and errno. The result is non-blocking. */
int sock_accept(int listen_fd);

void sock_set_nonblocking(int fd);
void sock_set_nodelay(int fd);

/* The port that a listening TCP socket got (port 0 asks for any); 0 if it has none. */
int sock_port(int fd);

#endif
