/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chardevs of a machine, their front ends, and the output queue between vCPU threads and the main loop. */
#include "chardev/chardev_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096
#define FLUSH_MS_MAX 1000

struct chardev_set *chardev_set_new(void)
{
    struct chardev_set *set = g_new0(struct chardev_set, 1);

    set->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    set->all = g_ptr_array_new();
    set->escape = 1;
    return set;
}

void chardev_set_free(struct chardev_set *set)
{
    if (!set) {
        return;
    }
    /* The newest first: a multiplexer goes before what is under it. */
    while (set->all->len) {
        chardev_destroy(set->all->pdata[set->all->len - 1]);
    }
    g_ptr_array_free(set->all, TRUE);
    g_hash_table_destroy(set->by_id);
    g_free(set);
}

void chardev_set_hooks(struct chardev_set *set, const struct chardev_hooks *hooks)
{
    set->hooks = *hooks;
}

void chardev_set_escape(struct chardev_set *set, int key)
{
    set->escape = key;
}

void chardev_set_exit_hook(struct chardev_set *set, void (*fn)(void *opaque, int status), void *opaque)
{
    set->exit_fn = fn;
    set->exit_opaque = opaque;
}

struct chardev *chardev_find(struct chardev_set *set, const char *id)
{
    struct chardev *chr = g_hash_table_lookup(set->by_id, id);

    return chr && chr->mux ? chr->mux : chr;
}

const char *chardev_id(const struct chardev *chr)
{
    return chr->id;
}

void chardev_set_detail(struct chardev *chr, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    g_free(chr->detail);
    chr->detail = g_strdup_vprintf(fmt, ap);
    va_end(ap);
}

size_t chardev_can_receive(struct chardev *chr)
{
    struct chardev_fe *fe = chr->fe;

    if (!fe || !fe->ops->receive) {
        return 0;
    }
    return fe->ops->can_receive ? fe->ops->can_receive(fe->opaque) : CHUNK;
}

void chardev_receive(struct chardev *chr, const uint8_t *buf, size_t len)
{
    if (chr->fe && chr->fe->ops->receive && len) {
        chr->fe->ops->receive(chr->fe->opaque, buf, len);
    }
}

void chardev_event(struct chardev *chr, enum chardev_event event)
{
    if (chr->fe && chr->fe->ops->event) {
        chr->fe->ops->event(chr->fe->opaque, event);
    }
}

void chardev_set_connected(struct chardev *chr, bool connected)
{
    if (g_atomic_int_get(&chr->connected) == connected) {
        return;
    }
    g_atomic_int_set(&chr->connected, connected);
    chardev_event(chr, connected ? CHARDEV_OPENED : CHARDEV_CLOSED);
}

/* ---- output ---- */

size_t chardev_enqueue(struct chardev *chr, const uint8_t *buf, size_t len)
{
    size_t end, first;

    if (!chr->type->write && chr->log_fd < 0) {
        return len;
    }
    g_mutex_lock(&chr->out_lock);
    if (len > CHARDEV_QUEUE_MAX - chr->out_len) {
        len = CHARDEV_QUEUE_MAX - chr->out_len;
        chr->out_refused = true;
    }
    end = (chr->out_start + chr->out_len) % CHARDEV_QUEUE_MAX;
    first = MIN(len, CHARDEV_QUEUE_MAX - end);
    memcpy(chr->out + end, buf, first);
    memcpy(chr->out, buf + first, len - first);
    chr->out_len += len;
    g_mutex_unlock(&chr->out_lock);
    wake_signal(chr->wake);
    return len;
}

/* Copies up to CHUNK of the oldest bytes; only the main loop removes, so they stay until out_drop(). */
static size_t out_peek(struct chardev *chr, uint8_t *buf)
{
    size_t n;

    g_mutex_lock(&chr->out_lock);
    n = MIN(MIN(chr->out_len, CHARDEV_QUEUE_MAX - chr->out_start), CHUNK);
    memcpy(buf, chr->out + chr->out_start, n);
    g_mutex_unlock(&chr->out_lock);
    return n;
}

static void out_drop(struct chardev *chr, size_t n)
{
    g_mutex_lock(&chr->out_lock);
    chr->out_start = (chr->out_start + n) % CHARDEV_QUEUE_MAX;
    chr->out_len -= n;
    g_mutex_unlock(&chr->out_lock);
}

static void log_bytes(struct chardev *chr, const uint8_t *buf, size_t len)
{
    while (chr->log_fd >= 0 && len) {
        ssize_t n = write(chr->log_fd, buf, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            g_printerr("chardev %s: the log file is given up: %s\n", chr->id, g_strerror(errno));
            close(chr->log_fd);
            chr->log_fd = -1;
            return;
        }
        buf += n;
        len -= n;
    }
}

/* Writes until the queue is empty or the descriptor takes no more: -EAGAIN. */
static int drain_queue(struct chardev *chr)
{
    uint8_t buf[CHUNK];
    size_t len;

    while ((len = out_peek(chr, buf)) > 0) {
        ssize_t n = len;

        if (chr->type->write && g_atomic_int_get(&chr->connected)) {
            n = chr->type->write(chr, buf, len);
        }
        if (n == -EAGAIN) {
            return -EAGAIN;
        }
        if (n < 0) {
            n = len;   /* nobody is there: dropped */
        }
        log_bytes(chr, buf, n);
        out_drop(chr, n);
    }
    return 0;
}

static void drain(struct chardev *chr);

static gboolean writable(int fd, GIOCondition cond, gpointer opaque)
{
    struct chardev *chr = opaque;

    chr->out_watch = 0;
    drain(chr);
    return G_SOURCE_REMOVE;
}

static void drain(struct chardev *chr)
{
    bool tell;

    if (chr->out_watch) {
        return;
    }
    if (drain_queue(chr) == -EAGAIN) {
        chr->out_watch = g_unix_fd_add(chr->type->write_fd(chr), G_IO_OUT | G_IO_ERR | G_IO_HUP, writable, chr);
    }
    g_mutex_lock(&chr->out_lock);
    tell = chr->out_refused && chr->out_len < CHARDEV_QUEUE_MAX / 2;
    if (tell) {
        chr->out_refused = false;
    }
    g_mutex_unlock(&chr->out_lock);
    if (tell && chr->fe && chr->fe->ops->writable) {
        chr->fe->ops->writable(chr->fe->opaque);
    }
}

static void woken(void *opaque)
{
    struct chardev *chr = opaque;

    drain(chr);
    if (g_atomic_int_compare_and_exchange(&chr->resume_wanted, 1, 0) && chr->type->resume) {
        chr->type->resume(chr);
    }
}

void chardev_flush(struct chardev *chr)
{
    gint64 end_us = g_get_monotonic_time() + FLUSH_MS_MAX * 1000;

    while (drain_queue(chr) == -EAGAIN && g_get_monotonic_time() < end_us) {
        struct pollfd p = { .fd = chr->type->write_fd(chr), .events = POLLOUT };

        poll(&p, 1, FLUSH_MS_MAX);
    }
}

/* ---- making and ending ---- */

struct chardev *chardev_alloc(struct chardev_set *set, const struct chardev_type *type, const char *id, GError **err)
{
    struct chardev *chr;

    if (g_hash_table_contains(set->by_id, id)) {
        g_set_error(err, CHARDEV_ERROR, 0, "-chardev id=%s: this id is taken already", id);
        return NULL;
    }
    chr = g_malloc0(type->size);
    chr->type = type;
    chr->set = set;
    chr->id = g_strdup(id);
    chr->detail = g_strdup(type->name);
    chr->log_fd = -1;
    chr->out = g_malloc(CHARDEV_QUEUE_MAX);
    g_mutex_init(&chr->out_lock);
    chr->wake = wake_new(NULL, woken, chr);
    g_ptr_array_add(set->all, chr);
    g_hash_table_insert(set->by_id, chr->id, chr);
    return chr;
}

void chardev_destroy(struct chardev *chr)
{
    if (chr->fe) {
        chardev_fe_detach(chr->fe);
    }
    chardev_flush(chr);
    if (chr->out_watch) {
        g_source_remove(chr->out_watch);
    }
    if (chr->type->close) {
        chr->type->close(chr);
    }
    if (chr->log_fd >= 0) {
        close(chr->log_fd);
    }
    if (g_hash_table_lookup(chr->set->by_id, chr->id) == chr) {
        g_hash_table_remove(chr->set->by_id, chr->id);
    }
    g_ptr_array_remove(chr->set->all, chr);
    wake_free(chr->wake);
    g_mutex_clear(&chr->out_lock);
    g_free(chr->out);
    g_free(chr->detail);
    g_free(chr->id);
    g_free(chr);
}

/* ---- front ends ---- */

bool chardev_fe_attach(struct chardev_fe *fe, struct chardev *chr, const struct chardev_fe_ops *ops, void *opaque,
                       GError **err)
{
    *fe = (struct chardev_fe){ .chr = chr, .ops = ops, .opaque = opaque };
    if (!chr) {
        return true;
    }
    if (chr->mux) {
        chr = fe->chr = chr->mux;
    }
    if (chr->type->attach) {
        return chr->type->attach(chr, fe, err);
    }
    if (chr->fe) {
        fe->chr = NULL;
        g_set_error(err, CHARDEV_ERROR, 0, "chardev '%s' is in use already; to share it, give it mux=on", chr->id);
        return false;
    }
    chr->fe = fe;
    if (g_atomic_int_get(&chr->connected)) {
        chardev_event(chr, CHARDEV_OPENED);
    }
    if (chr->type->resume) {
        chr->type->resume(chr);
    }
    return true;
}

void chardev_fe_detach(struct chardev_fe *fe)
{
    struct chardev *chr = fe->chr;

    fe->chr = NULL;
    if (!chr) {
        return;
    }
    if (chr->type->detach) {
        chr->type->detach(chr, fe);
    } else if (chr->fe == fe) {
        chr->fe = NULL;
    }
}

size_t chardev_fe_write(struct chardev_fe *fe, const void *buf, size_t len)
{
    struct chardev *chr = fe->chr;

    if (!chr) {
        return len;
    }
    return chr->type->enqueue ? chr->type->enqueue(chr, fe, buf, len) : chardev_enqueue(chr, buf, len);
}

void chardev_fe_accept_input(struct chardev_fe *fe)
{
    if (fe->chr) {
        g_atomic_int_set(&fe->chr->resume_wanted, 1);
        wake_signal(fe->chr->wake);
    }
}

bool chardev_fe_connected(const struct chardev_fe *fe)
{
    return fe->chr && g_atomic_int_get(&fe->chr->connected);
}

void chardev_fe_send_break(struct chardev_fe *fe)
{
    if (fe->chr && fe->chr->type->send_break) {
        fe->chr->type->send_break(fe->chr);
    }
}

bool chardev_is_terminal(const struct chardev *chr)
{
    return chr->terminal;
}

void chardev_foreach(struct chardev_set *set, void (*fn)(void *opaque, const char *id, const char *filename, bool open),
                     void *opaque)
{
    for (unsigned i = 0; i < set->all->len; i++) {
        struct chardev *chr = set->all->pdata[i];

        if (chr->type != &chardev_mux_type) {
            g_autofree char *name = g_strdup_printf("%s%s", g_atomic_int_get(&chr->connected) ? "" : "disconnected:",
                                                    chr->detail);

            fn(opaque, chr->id, name, chr->fe != NULL);
        }
    }
}

static void add_info(void *opaque, const char *id, const char *filename, bool open)
{
    g_string_append_printf(opaque, "%s: filename=%s\n", id, filename);
}

void chardev_info(struct chardev_set *set, GString *out)
{
    chardev_foreach(set, add_info, out);
}

/* ---- descriptors ---- */

ssize_t chardev_write_fd(int fd, const uint8_t *buf, size_t len)
{
    ssize_t n;

    do {
        n = write(fd, buf, len);
    } while (n < 0 && errno == EINTR);
    return n >= 0 ? n : errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

static gboolean readable(int fd, GIOCondition cond, gpointer opaque)
{
    struct chardev_reader *r = opaque;
    uint8_t buf[CHUNK];
    size_t room = chardev_can_receive(r->chr);
    guint watch = r->watch;
    ssize_t n;

    if (!room) {
        r->watch = 0;
        return G_SOURCE_REMOVE;   /* resume() starts it again */
    }
    n = read(fd, buf, MIN(room, sizeof(buf)));
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return G_SOURCE_CONTINUE;
    }
    r->got(r->chr, buf, n < 0 ? -errno : n);
    /* got() may have stopped the reader, and may even have started another watch. */
    return r->watch == watch ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void chardev_reader_init(struct chardev_reader *r, struct chardev *chr, int fd,
                         void (*got)(struct chardev *chr, const uint8_t *buf, ssize_t n))
{
    *r = (struct chardev_reader){ .fd = fd, .chr = chr, .got = got };
}

void chardev_reader_start(struct chardev_reader *r)
{
    if (!r->watch && r->fd >= 0) {
        r->watch = g_unix_fd_add(r->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, readable, r);
    }
}

void chardev_reader_stop(struct chardev_reader *r)
{
    if (r->watch) {
        g_source_remove(r->watch);
        r->watch = 0;
    }
}
