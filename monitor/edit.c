/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libedit wants a terminal of its own: it sets modes and asks for the size. It gets a pseudo terminal that nobody
 * reads; its characters come from a queue (EL_GETCFN), and what it prints goes to a stream that hands it on. In its
 * unbuffered mode el_gets returns after each key. A key of several characters must be there as a whole before it is
 * called, since in the midst of one it would read on.
 */
#include "monitor/edit.h"

#include <fcntl.h>
#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HISTORY_LINES 100
#define KEY_BYTES_MAX 16

struct edit {
    EditLine *el;
    History *history;
    FILE *out, *err;
    int master, slave;
    GString *typed;                 /* not taken yet */
    const char *prompt;
    const struct edit_ops *ops;
    void *opaque;
};

static struct edit *of(EditLine *el)
{
    struct edit *e;

    el_get(el, EL_CLIENTDATA, &e);
    return e;
}

static const char *prompt(EditLine *el)
{
    return of(el)->prompt;
}

static int next_char(EditLine *el, wchar_t *c)
{
    struct edit *e = of(el);

    if (!e->typed->len) {
        return 0;
    }
    *c = (unsigned char)e->typed->str[0];
    g_string_erase(e->typed, 0, 1);
    return 1;
}

static ssize_t put(void *cookie, const char *text, size_t len)
{
    struct edit *e = cookie;

    e->ops->out(e->opaque, text, len);
    return len;
}

/* ---- completion ---- */

static size_t common_prefix(const GPtrArray *words)
{
    const char *first = words->pdata[0];
    size_t n = strlen(first);

    for (unsigned i = 1; i < words->len; i++) {
        const char *other = words->pdata[i];
        size_t k = 0;

        while (k < n && first[k] == other[k]) {
            k++;
        }
        n = k;
    }
    return n;
}

static unsigned char complete(EditLine *el, int ch)
{
    struct edit *e = of(el);
    const LineInfo *line = el_line(el);
    g_autofree char *text = g_strndup(line->buffer, line->cursor - line->buffer);
    const char *space = strrchr(text, ' '), *word = space ? space + 1 : text;
    g_autoptr(GPtrArray) words = e->ops->complete(e->opaque, text);
    size_t common;

    if (!words->len) {
        return CC_REFRESH_BEEP;
    }
    common = common_prefix(words);
    if (words->len == 1 || common > strlen(word)) {
        g_autofree char *rest = g_strndup((char *)words->pdata[0] + strlen(word), common - strlen(word));
        g_autofree char *more = g_strconcat(rest, words->len == 1 ? " " : "", NULL);

        return el_insertstr(el, more) ? CC_ERROR : CC_REFRESH;
    }
    fprintf(e->out, "\n");
    for (unsigned i = 0; i < words->len; i++) {
        fprintf(e->out, "%s\n", (char *)words->pdata[i]);
    }
    return CC_REDISPLAY;
}

/* ---- life ---- */

static bool open_terminal(struct edit *e)
{
    char name[64];

    e->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (e->master < 0 || grantpt(e->master) || unlockpt(e->master) || ptsname_r(e->master, name, sizeof name)) {
        return false;
    }
    e->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return e->slave >= 0;
}

/* The size of the terminal that we run on, for want of the other's. */
static void set_size(struct edit *e)
{
    struct winsize size;

    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col) {
        size = (struct winsize) { .ws_row = 24, .ws_col = 80 };
    }
    ioctl(e->slave, TIOCSWINSZ, &size);
}

static bool init(struct edit *e)
{
    static const cookie_io_functions_t io = { .write = put };
    const char *term = g_getenv("TERM");
    HistEvent ev;

    e->out = fopencookie(e, "w", io);
    e->err = fopen("/dev/null", "we");
    if (!open_terminal(e) || !e->out || !e->err) {
        return false;
    }
    set_size(e);
    e->el = el_init_fd("doppel", e->out, e->out, e->err, e->slave, e->slave, e->slave);
    e->history = history_init();
    if (!e->el || !e->history) {
        return false;
    }
    history(e->history, &ev, H_SETSIZE, HISTORY_LINES);
    history(e->history, &ev, H_SETUNIQUE, 1);
    el_set(e->el, EL_CLIENTDATA, e);
    el_set(e->el, EL_TERMINAL, term && strcmp(term, "dumb") ? term : "vt100");
    el_set(e->el, EL_PROMPT, prompt);
    el_set(e->el, EL_GETCFN, next_char);
    el_set(e->el, EL_HIST, history, e->history);
    el_set(e->el, EL_EDITOR, "emacs");
    el_set(e->el, EL_ADDFN, "complete", "completes commands", complete);
    el_set(e->el, EL_BIND, "^I", "complete", NULL);
    el_set(e->el, EL_BIND, "^D", "ed-delete-next-char", NULL);     /* not the end of input */
    /* Those that would read on: a search as one types becomes one for what has been typed. */
    el_set(e->el, EL_BIND, "^R", "ed-search-prev-history", NULL);
    el_set(e->el, EL_BIND, "^S", "ed-search-next-history", NULL);
    el_set(e->el, EL_BIND, "^V", "ed-unassigned", NULL);
    el_set(e->el, EL_BIND, "^Q", "ed-unassigned", NULL);
    el_set(e->el, EL_BIND, "\\ex", "ed-unassigned", NULL);
    return true;
}

struct edit *edit_new(const char *prompt_text, const struct edit_ops *ops, void *opaque)
{
    struct edit *e = g_new0(struct edit, 1);

    e->prompt = prompt_text;
    e->ops = ops;
    e->opaque = opaque;
    e->typed = g_string_new(NULL);
    e->master = e->slave = -1;
    if (!init(e)) {
        edit_free(e);
        return NULL;
    }
    return e;
}

void edit_free(struct edit *e)
{
    if (!e) {
        return;
    }
    if (e->el) {
        el_end(e->el);
    }
    if (e->history) {
        history_end(e->history);
    }
    if (e->out) {
        fclose(e->out);
    }
    if (e->err) {
        fclose(e->err);
    }
    if (e->slave >= 0) {
        close(e->slave);
    }
    if (e->master >= 0) {
        close(e->master);
    }
    g_string_free(e->typed, true);
    g_free(e);
}

static void end_line(struct edit *e)
{
    el_set(e->el, EL_UNBUFFERED, 0);
    el_reset(e->el);
}

void edit_start(struct edit *e)
{
    end_line(e);
    set_size(e);
    el_resize(e->el);
    el_set(e->el, EL_UNBUFFERED, 1);    /* shows the prompt */
    fflush(e->out);
}

/* Are all characters of the first key there? Escape sequences (ECMA-48, 5.4): ESC [ or ESC O up to a final byte. */
static bool has_key(const GString *typed)
{
    const char *s = typed->str;

    if (!typed->len || (s[0] == '\033' && typed->len == 1)) {
        return false;
    }
    if (s[0] != '\033' || (s[1] != '[' && s[1] != 'O')) {
        return true;
    }
    for (size_t i = 2; i < typed->len; i++) {
        if (s[i] >= 0x40 && s[i] <= 0x7e) {
            return true;
        }
    }
    return typed->len >= KEY_BYTES_MAX;
}

static void one_key(struct edit *e)
{
    int n = 0;
    const char *text = el_gets(e->el, &n);
    g_autofree char *line = NULL;
    HistEvent ev;

    if (!text || n <= 0) {
        return;
    }
    if (text[n - 1] == 4) {
        edit_start(e);      /* a key that found no more characters: libedit's "end of file" stands in the line */
        return;
    }
    if (text[n - 1] != '\n') {
        return;
    }
    line = g_strndup(text, n - 1);
    end_line(e);
    fflush(e->out);
    if (*g_strstrip(line)) {
        history(e->history, &ev, H_ENTER, line);
    }
    e->ops->line(e->opaque, line);
    edit_start(e);
}

void edit_feed(struct edit *e, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (buf[i] && buf[i] < 128 && e->typed->len < 4096) {
            g_string_append_c(e->typed, buf[i]);
        }
    }
    while (has_key(e->typed)) {
        one_key(e);
    }
}
