/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program is to its host: a process in the background (-daemonize), one without rights (-run-with), one whose
 * memory stays (-overcommit). */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "main/host.h"
#include "util/options.h"

static bool fail(const char *option, const char *what, GError **err)
{
    g_set_error(err, MAIN_ERROR, 0, "%s: %s: %s", option, what, g_strerror(errno));
    return false;
}

/* ---- -daemonize ---- */

/* The parent stays until the child says that all is set up, or has ended, so that a shell sees errors. */
static void wait_for_child(int from_child)
{
    char done;
    ssize_t n;

    do {
        n = read(from_child, &done, 1);
    } while (n < 0 && errno == EINTR);
    _exit(n == 1 ? 0 : 1);
}

bool daemon_start(const struct cmdline *c, int *ready, GError **err)
{
    int fds[2];
    pid_t pid;

    *ready = -1;
    if (!c->daemonize) {
        return true;
    }
    if (c->nographic) {
        g_set_error(err, MAIN_ERROR, 0,
                    "-daemonize: -nographic needs the terminal; use -display none and e.g. -serial file:LOG");
        return false;
    }
    if (pipe2(fds, O_CLOEXEC) < 0) {
        return fail("-daemonize", "pipe", err);
    }
    pid = fork();
    if (pid < 0) {
        return fail("-daemonize", "fork", err);
    }
    if (pid) {
        close(fds[1]);
        wait_for_child(fds[0]);
    }
    close(fds[0]);
    setsid();
    *ready = fds[1];
    return true;
}

bool daemon_ready(int ready, GError **err)
{
    int null;

    if (ready < 0) {
        return true;
    }
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || chdir("/") < 0) {
        return fail("-daemonize", "/dev/null", err);
    }
    for (int fd = 0; fd < 3; fd++) {
        dup2(null, fd);
    }
    close(null);
    if (write(ready, "", 1) != 1) {
        return fail("-daemonize", "pipe", err);
    }
    close(ready);
    return true;
}

/* ---- -run-with ---- */

/* "NAME" or "UID:GID". */
static bool find_user(const char *text, uid_t *uid, gid_t *gid, GError **err)
{
    const struct passwd *pw = getpwnam(text);
    const char *colon = strchr(text, ':');
    uint64_t u, g;
    g_autofree char *left = colon ? g_strndup(text, colon - text) : NULL;

    if (pw) {
        *uid = pw->pw_uid;
        *gid = pw->pw_gid;
        return true;
    }
    if (!colon || !options_parse_u64("-run-with", "user", left, 0, UINT32_MAX - 1, &u, NULL) ||
        !options_parse_u64("-run-with", "user", colon + 1, 0, UINT32_MAX - 1, &g, NULL)) {
        g_set_error(err, MAIN_ERROR, 0, "-run-with user=%s: no such user; accepted: NAME or UID:GID", text);
        return false;
    }
    *uid = u;
    *gid = g;
    return true;
}

static bool become(const char *user, uid_t uid, gid_t gid, GError **err)
{
    if (setgid(gid) < 0 || (strchr(user, ':') ? setgroups(1, &gid) : initgroups(user, gid)) < 0 || setuid(uid) < 0) {
        return fail("-run-with user=", user, err);
    }
    if (uid && !setuid(0)) {
        g_set_error(err, MAIN_ERROR, 0, "-run-with user=%s: root's rights could not be given up", user);
        return false;
    }
    return true;
}

static bool give_up_rights(const char *text, GError **err)
{
    struct options *o = options_parse("-run-with", text, NULL, err);
    const char *root, *user;
    bool async = false, ok;
    uid_t uid = 0;
    gid_t gid = 0;

    if (!o) {
        return false;
    }
    root = options_get(o, "chroot");
    user = options_get(o, "user");
    ok = options_get_bool(o, "async-teardown", &async, err) && options_finish(o, err);
    if (ok && async) {
        g_set_error(err, MAIN_ERROR, 0, "-run-with async-teardown=on: not there; accepted: off");
        ok = false;
    }
    ok = ok && (!user || find_user(user, &uid, &gid, err));
    if (ok && root && (chroot(root) < 0 || chdir("/") < 0)) {
        ok = fail("-run-with chroot=", root, err);
    }
    ok = ok && (!user || become(user, uid, gid, err));
    options_free(o);
    return ok;
}

/* ---- -overcommit ---- */

static bool lock_memory(const char *text, GError **err)
{
    static const char *const locks[] = { "off", "on", "on-fault", "no", "yes", NULL };
    struct options *o = options_parse("-overcommit", text, NULL, err);
    bool cpu_pm = false, ok;
    int lock = 0;

    ok = o && options_get_enum(o, "mem-lock", locks, &lock, err) && options_get_bool(o, "cpu-pm", &cpu_pm, err) &&
         options_finish(o, err);
    options_free(o);
    if (ok && cpu_pm) {
        g_set_error(err, MAIN_ERROR, 0, "-overcommit cpu-pm=on: guests get no power states of the host; accepted: off");
        ok = false;
    }
    /* Pages are locked as they come: the address space has large parts that never get any. */
    if (ok && (lock == 1 || lock == 2 || lock == 4) && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0) {
        ok = fail("-overcommit", "mem-lock (see ulimit -l)", err);
    }
    return ok;
}

bool host_settle(const struct cmdline *c, GError **err)
{
    return (!c->overcommit || lock_memory(c->overcommit, err)) && (!c->run_with || give_up_rights(c->run_with, err));
}
