/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void sock_addr_clear(struct sock_addr *a)
{
    g_free(a->path);
    g_free(a->host);
    g_free(a->port);
    *a = (struct sock_addr){ 0 };
}

char *sock_addr_text(const struct sock_addr *a)
{
    if (a->path) {
        return g_strdup_printf("unix:%s", a->path);
    }
    if (a->host && strchr(a->host, ':')) {
        return g_strdup_printf("tcp:[%s]:%s", a->host, a->port);
    }
    return g_strdup_printf("tcp:%s:%s", a->host ? a->host : "", a->port);
}

bool sock_addr_parse(struct sock_addr *a, const char *where, const char *text, GError **err)
{
    const char *colon = strrchr(text, ':'), *close = strrchr(text, ']');

    *a = (struct sock_addr){ 0 };
    if (text[0] == '[' && (!close || close + 1 != colon)) {
        colon = NULL;
    } else if (text[0] == '[') {
        a->host = g_strndup(text + 1, close - text - 1);
    } else if (colon) {
        a->host = g_strndup(text, colon - text);
    } else {
        colon = text - 1;
    }
    if (!colon || !colon[1]) {
        sock_addr_clear(a);
        g_set_error(err, SOCK_ERROR, 0, "%s: '%s' is no address: HOST:PORT, [IPV6]:PORT or :PORT", where, text);
        return false;
    }
    a->port = g_strdup(colon + 1);
    return true;
}

void sock_set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void sock_set_nodelay(int fd)
{
    int one = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));   /* fails on UNIX sockets, where it is moot */
}

int sock_accept(int listen_fd)
{
    int fd;

    do {
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

int sock_port(int fd)
{
    struct sockaddr_storage ss;
    socklen_t len = sizeof(ss);

    if (getsockname(fd, (struct sockaddr *)&ss, &len)) {
        return 0;
    }
    return ss.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&ss)->sin_port)
           : ss.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&ss)->sin6_port) : 0;
}

static void fail(const struct sock_addr *a, const char *where, const char *doing, const char *why, GError **err)
{
    g_autofree char *text = sock_addr_text(a);

    g_set_error(err, SOCK_ERROR, 0, "%s: cannot %s %s: %s", where, doing, text, why);
}

static bool unix_address(const struct sock_addr *a, struct sockaddr_un *un, socklen_t *len)
{
    size_t n = strlen(a->path);

    *un = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (n + 1 + a->abstract > sizeof(un->sun_path)) {
        return false;
    }
    memcpy(un->sun_path + a->abstract, a->path, n);
    *len = offsetof(struct sockaddr_un, sun_path) + n + 1;
    return true;
}

/* A socket file that nobody listens on is left over from a process that has died. */
static void remove_stale(const struct sockaddr_un *un, socklen_t len)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat st;

    if (un->sun_path[0] && !stat(un->sun_path, &st) && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)un, len) && errno == ECONNREFUSED) {
        unlink(un->sun_path);
    }
    close(fd);
}

static int unix_socket(const struct sock_addr *a, const char *where, bool listening, GError **err)
{
    const char *doing = listening ? "listen on" : "connect to";
    struct sockaddr_un un;
    socklen_t len;
    int fd;

    if (!unix_address(a, &un, &len)) {
        fail(a, where, doing, "the path of a UNIX socket has at most 107 bytes", err);
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listening) {
        remove_stale(&un, len);
    }
    if (fd < 0 || (listening ? bind(fd, (struct sockaddr *)&un, len) || listen(fd, 1)
                             : connect(fd, (struct sockaddr *)&un, len))) {
        fail(a, where, doing, g_strerror(errno), err);
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static struct addrinfo *resolve(const struct sock_addr *a, const char *where, bool listening, GError **err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = listening ? AI_PASSIVE : AI_ADDRCONFIG };
    struct addrinfo *list = NULL;
    int e;

    hints.ai_family = a->no_ipv6 ? AF_INET : a->no_ipv4 ? AF_INET6 : AF_UNSPEC;
    e = getaddrinfo(a->host && a->host[0] ? a->host : NULL, a->port, &hints, &list);
    if (e && !listening) {
        /* AI_ADDRCONFIG does not count the loopback; a machine without network has nothing else. */
        hints.ai_flags = 0;
        e = getaddrinfo(a->host && a->host[0] ? a->host : NULL, a->port, &hints, &list);
    }
    if (e) {
        fail(a, where, listening ? "listen on" : "connect to", gai_strerror(e), err);
        return NULL;
    }
    return list;
}

static int tcp_try(const struct addrinfo *ai, bool listening)
{
    int fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol), one = 1;

    if (fd < 0) {
        return -1;
    }
    if (listening) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    if (listening ? bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 1) : connect(fd, ai->ai_addr, ai->ai_addrlen)) {
        int e = errno;

        close(fd);
        errno = e;
        return -1;
    }
    return fd;
}

static int tcp_socket(const struct sock_addr *a, const char *where, bool listening, GError **err)
{
    struct addrinfo *list = resolve(a, where, listening, err);
    int fd = -1;

    if (!list) {
        return -1;
    }
    for (struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next) {
        fd = tcp_try(ai, listening);
    }
    if (fd < 0) {
        fail(a, where, listening ? "listen on" : "connect to", g_strerror(errno), err);
    }
    freeaddrinfo(list);
    return fd;
}

int sock_listen(const struct sock_addr *a, const char *where, GError **err)
{
    return a->path ? unix_socket(a, where, true, err) : tcp_socket(a, where, true, err);
}

int sock_connect(const struct sock_addr *a, const char *where, GError **err)
{
    return a->path ? unix_socket(a, where, false, err) : tcp_socket(a, where, false, err);
}
