/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw mode for terminals, and the way back from it however the process ends.
 *
 * The table is the one static of this folder: a signal handler gets no pointer, and a terminal belongs to the process
 * anyway. A slot is filled before its flag is set and not changed while the flag is, so the handlers need no lock.
 */
#include "chardev/chardev_impl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#define TERMINALS_MAX 8

static struct terminal {
    volatile sig_atomic_t active;
    int fd;
    struct termios before, raw;
} terminals[TERMINALS_MAX];

static const int fatal_signals[] = {
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE,
};

static bool in_foreground(int fd)
{
    pid_t group = tcgetpgrp(fd);

    return group < 0 || group == getpgrp();
}

void chardev_restore_terminals(void)
{
    for (int i = 0; i < TERMINALS_MAX; i++) {
        /* From the background this would stop us (SIGTTOU), and the mode is the shell's by then. */
        if (terminals[i].active && in_foreground(terminals[i].fd)) {
            tcsetattr(terminals[i].fd, TCSANOW, &terminals[i].before);
        }
    }
}

/* SA_RESETHAND has put the default action back: the signal takes effect when the handler returns. */
static void on_fatal(int signo)
{
    chardev_restore_terminals();
    raise(signo);
}

/* After Ctrl-Z and fg, the shell has put its own mode. */
static void on_continue(int signo)
{
    int saved = errno;

    for (int i = 0; i < TERMINALS_MAX; i++) {
        if (terminals[i].active && in_foreground(terminals[i].fd)) {
            tcsetattr(terminals[i].fd, TCSANOW, &terminals[i].raw);
        }
    }
    errno = saved;
}

/* Handlers that main or others have set stay: they end the process through exit(). */
static void install_handlers(void)
{
    static bool done;
    struct sigaction cont = { .sa_handler = on_continue, .sa_flags = SA_RESTART };

    if (done) {
        return;
    }
    done = true;
    atexit(chardev_restore_terminals);
    sigaction(SIGCONT, &cont, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fatal_signals); i++) {
        struct sigaction old, act = { .sa_handler = on_fatal, .sa_flags = SA_RESETHAND };

        if (!sigaction(fatal_signals[i], NULL, &old) && old.sa_handler == SIG_DFL && !(old.sa_flags & SA_SIGINFO)) {
            sigaction(fatal_signals[i], &act, NULL);
        }
    }
}

void chardev_terminal_raw(int fd, bool keep_signals)
{
    struct terminal *t = NULL;

    for (int i = 0; i < TERMINALS_MAX; i++) {
        if (terminals[i].active && terminals[i].fd == fd) {
            return;
        }
        if (!terminals[i].active && !t) {
            t = &terminals[i];
        }
    }
    if (!t || tcgetattr(fd, &t->before)) {
        return;
    }
    t->fd = fd;
    t->raw = t->before;
    /* The guest's line discipline does the editing; output processing stays, so that our own messages look right. */
    t->raw.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    t->raw.c_lflag &= ~(ECHO | ECHONL | ICANON | IEXTEN | (keep_signals ? 0 : ISIG));
    t->raw.c_cflag = (t->raw.c_cflag & ~(CSIZE | PARENB)) | CS8;
    t->raw.c_cc[VMIN] = 1;
    t->raw.c_cc[VTIME] = 0;
    t->active = 1;
    install_handlers();
    if (in_foreground(fd)) {
        tcsetattr(fd, TCSANOW, &t->raw);
    }
}

void chardev_terminal_restore(int fd)
{
    for (int i = 0; i < TERMINALS_MAX; i++) {
        if (terminals[i].active && terminals[i].fd == fd) {
            if (in_foreground(fd)) {
                tcsetattr(fd, TCSANOW, &terminals[i].before);
            }
            terminals[i].active = 0;
        }
    }
}
