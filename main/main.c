/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "main/host.h"
#include "main/setup.h"
#include "util/file.h"
#include "util/log.h"

static gboolean on_signal(gpointer opaque)
{
    machine_request_shutdown(opaque, CAUSE_HOST_SIGNAL, 0);
    return G_SOURCE_CONTINUE;
}

static bool open_log(const struct cmdline *c, enum cmdline_result *r, GError **err)
{
    *r = CMDLINE_RUN;
    if (c->log_file && !log_open(c->log_file, err)) {
        return false;
    }
    if (c->log_items && !log_set(c->log_items, err)) {
        *r = CMDLINE_DONE;
        return !err || !*err;
    }
    return true;
}

static bool write_pid(const char *path, GError **err)
{
    g_autofree char *text = NULL;

    if (!path) {
        return true;
    }
    text = g_strdup_printf("%d\n", (int)getpid());
    if (!file_write(path, text, strlen(text), err)) {
        g_prefix_error(err, "-pidfile: ");
        return false;
    }
    return true;
}

/* The file alone: it may be a link, or a device. */
static void remove_pid(const char *path)
{
    struct stat st;

    if (!lstat(path, &st) && S_ISREG(st.st_mode)) {
        unlink(path);
    }
}

/* Everything between reading the options and the exit status. */
static int run(struct cmdline *c)
{
    enum cmdline_result r;
    struct setup s;
    GError *err = NULL;
    int status = 1, ready;

    if (!open_log(c, &r, &err) || r == CMDLINE_DONE) {
        goto out;
    }
    if (!daemon_start(c, &ready, &err)) {
        r = CMDLINE_ERROR;
        goto out;
    }
    setup_init(&s, c);
    g_unix_signal_add(SIGTERM, on_signal, s.m);
    g_unix_signal_add(SIGINT, on_signal, s.m);
    g_unix_signal_add(SIGHUP, on_signal, s.m);
    r = setup_machine(&s, &err);
    if (r == CMDLINE_RUN && (!write_pid(c->pidfile, &err) || (c->gdb && !gdb_listen(s.m, c->gdb, &err)) ||
                             !host_settle(c, &err) || !daemon_ready(ready, &err))) {
        r = CMDLINE_ERROR;
    }
    if (r == CMDLINE_RUN && s.m->opt.dumpdtb) {
        r = CMDLINE_DONE;
    } else if (r == CMDLINE_RUN) {
        machine_run(s.m, &status, &err);
    }
    gdb_close(s.m);
    setup_free(&s);
    if (c->pidfile && r == CMDLINE_RUN) {
        remove_pid(c->pidfile);
    }

out:
    if (r == CMDLINE_DONE) {
        status = 0;
    }
    if (err) {
        fprintf(stderr, "doppel: %s\n", err->message);
        g_error_free(err);
        status = 1;
    }
    return status;
}

int main(int argc, char **argv)
{
    enum cmdline_result r;
    struct cmdline c;
    GError *err = NULL;
    int status;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);      /* a limit on the size of files is an error of the write, for the guest to see */
    atexit(chardev_restore_terminals);
    cmdline_init(&c);
    r = cmdline_read(&c, argc, argv, &err);
    if (r == CMDLINE_ERROR) {
        fprintf(stderr, "doppel: %s\n", err->message);
        g_error_free(err);
    }
    status = r == CMDLINE_RUN ? run(&c) : r == CMDLINE_ERROR;
    cmdline_free(&c);
    return status;
}
