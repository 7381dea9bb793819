/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multiplexer: several front ends on one chardev. All of them write; one has the keyboard. The escape key
 * (Ctrl-a) and a letter command the multiplexer itself, so its input is read even where the guest takes none:
 * the keys meant for a guest wait in a buffer of that front end.
 */
#include "chardev/chardev_impl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define FRONT_ENDS_MAX 8
#define TYPED_MAX 4096

struct front_end {
    struct chardev_fe *fe;
    uint8_t typed[TYPED_MAX];   /* what it has not taken yet */
    size_t typed_len;
};

struct mux {
    struct chardev chr;
    struct chardev *under;
    struct chardev_fe under_fe;
    struct front_end slots[FRONT_ENDS_MAX];
    int count;                  /* slots in use at any time; a detached one has fe NULL */
    int focus;
    bool escaped;               /* the last byte was the escape key */

    GMutex stamp_lock;          /* guards the fields below, which writing threads use */
    bool timestamps;
    bool line_start;
    gint64 stamps_since_us;
};

static struct mux *self(struct chardev *chr)
{
    return (struct mux *)chr;
}

static void say(struct mux *m, const char *text)
{
    chardev_enqueue(m->under, (const uint8_t *)text, strlen(text));
}

static void send_event(struct mux *m, int index, enum chardev_event event)
{
    struct chardev_fe *fe = index < m->count ? m->slots[index].fe : NULL;

    if (fe && fe->ops->event) {
        fe->ops->event(fe->opaque, event);
    }
}

static void deliver(struct mux *m, struct front_end *f)
{
    while (f->fe && f->fe->ops->receive && f->typed_len) {
        size_t room = f->fe->ops->can_receive ? f->fe->ops->can_receive(f->fe->opaque) : TYPED_MAX;
        size_t n = MIN(room, f->typed_len);
        uint8_t part[TYPED_MAX];

        if (!n) {
            return;
        }
        /* Out of the buffer first: receive() may turn the focus or detach. */
        memcpy(part, f->typed, n);
        f->typed_len -= n;
        memmove(f->typed, f->typed + n, f->typed_len);
        f->fe->ops->receive(f->fe->opaque, part, n);
    }
}

static void type_byte(struct mux *m, uint8_t byte)
{
    struct front_end *f = &m->slots[m->focus];

    if (f->fe && f->typed_len < TYPED_MAX) {
        f->typed[f->typed_len++] = byte;
    }
}

static void set_focus(struct mux *m, int index)
{
    if (index == m->focus) {
        return;
    }
    send_event(m, m->focus, CHARDEV_MUX_OUT);
    m->focus = index;
    send_event(m, m->focus, CHARDEV_MUX_IN);
    deliver(m, &m->slots[m->focus]);
}

static void next_focus(struct mux *m)
{
    for (int i = 1; i < m->count; i++) {
        int index = (m->focus + i) % m->count;

        if (m->slots[index].fe) {
            set_focus(m, index);
            return;
        }
    }
}

static void show_help(struct mux *m)
{
    char name[16];
    g_autofree char *text = NULL;

    snprintf(name, sizeof(name), "C-%c", 'a' - 1 + m->chr.set->escape);
    text = g_strdup_printf("\r\n%s, then:\r\n  h  this list\r\n  x  leave the emulator\r\n"
                           "  c  give the keyboard to the next one: guest, monitor\r\n"
                           "  b  send a break to the guest\r\n  s  write all disks' changes to their files\r\n"
                           "  t  times in front of lines, on or off\r\n  %s again: the key itself\r\n", name, name);
    say(m, text);
}

static void toggle_timestamps(struct mux *m)
{
    g_mutex_lock(&m->stamp_lock);
    m->timestamps = !m->timestamps;
    m->line_start = false;
    m->stamps_since_us = g_get_monotonic_time();
    g_mutex_unlock(&m->stamp_lock);
}

static void command(struct mux *m, uint8_t key)
{
    const struct chardev_hooks *hooks = &m->chr.set->hooks;

    if (key == m->chr.set->escape) {
        type_byte(m, key);
        return;
    }
    switch (key) {
    case 'h':
    case '?':
        show_help(m);
        break;
    case 'x':
        say(m, "doppel: Terminated\r\n");
        if (hooks->quit) {
            hooks->quit(hooks->opaque);
        }
        break;
    case 's':
        if (hooks->commit) {
            hooks->commit(hooks->opaque);
        }
        break;
    case 'b':
        send_event(m, m->focus, CHARDEV_BREAK);
        break;
    case 'c':
        next_focus(m);
        break;
    case 't':
        toggle_timestamps(m);
        break;
    }
}

static size_t mux_can_receive(void *opaque)
{
    struct mux *m = opaque;

    return m->count ? TYPED_MAX - m->slots[m->focus].typed_len : TYPED_MAX;
}

static void mux_receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct mux *m = opaque;

    for (size_t i = 0; i < len; i++) {
        if (m->escaped) {
            m->escaped = false;
            deliver(m, &m->slots[m->focus]);
            command(m, buf[i]);
        } else if (buf[i] == m->chr.set->escape && m->chr.set->escape) {
            m->escaped = true;
        } else {
            type_byte(m, buf[i]);
        }
    }
    deliver(m, &m->slots[m->focus]);
}

static void mux_event(void *opaque, enum chardev_event event)
{
    struct mux *m = opaque;

    if (event == CHARDEV_BREAK) {
        send_event(m, m->focus, event);
        return;
    }
    g_atomic_int_set(&m->chr.connected, g_atomic_int_get(&m->under->connected));
    for (int i = 0; i < m->count; i++) {
        send_event(m, i, event);
    }
}

static void mux_writable(void *opaque)
{
    struct mux *m = opaque;

    for (int i = 0; i < m->count; i++) {
        struct chardev_fe *fe = m->slots[i].fe;

        if (fe && fe->ops->writable) {
            fe->ops->writable(fe->opaque);
        }
    }
}

static const struct chardev_fe_ops under_ops = {
    .can_receive = mux_can_receive, .receive = mux_receive, .event = mux_event, .writable = mux_writable,
};

static void put_stamp(struct mux *m)
{
    gint64 ms = (g_get_monotonic_time() - m->stamps_since_us) / 1000;
    char text[40];
    int n = snprintf(text, sizeof(text), "[%02d:%02d:%02d.%03d] ", (int)(ms / 3600000), (int)(ms / 60000 % 60),
                     (int)(ms / 1000 % 60), (int)(ms % 1000));

    chardev_enqueue(m->under, (uint8_t *)text, n);
}

/* With timestamps: line by line, each with the time at which its first byte was written. */
static size_t write_stamped(struct mux *m, const uint8_t *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        const uint8_t *end = memchr(buf + done, '\n', len - done);
        size_t part = end ? (size_t)(end + 1 - buf) - done : len - done, n;

        if (m->line_start) {
            put_stamp(m);
            m->line_start = false;
        }
        n = chardev_enqueue(m->under, buf + done, part);
        done += n;
        if (n < part) {
            break;
        }
        m->line_start = end != NULL;
    }
    return done;
}

static size_t mux_enqueue(struct chardev *chr, struct chardev_fe *fe, const uint8_t *buf, size_t len)
{
    struct mux *m = self(chr);

    g_mutex_lock(&m->stamp_lock);
    len = m->timestamps ? write_stamped(m, buf, len) : chardev_enqueue(m->under, buf, len);
    g_mutex_unlock(&m->stamp_lock);
    return len;
}

static bool mux_attach(struct chardev *chr, struct chardev_fe *fe, GError **err)
{
    struct mux *m = self(chr);
    int index = 0;

    while (index < m->count && m->slots[index].fe) {
        index++;
    }
    if (index == FRONT_ENDS_MAX) {
        fe->chr = NULL;
        g_set_error(err, CHARDEV_ERROR, 0, "chardev '%s' has %d front ends already, which is the most", chr->id,
                    FRONT_ENDS_MAX);
        return false;
    }
    m->slots[index].fe = fe;
    m->slots[index].typed_len = 0;
    m->count = MAX(m->count, index + 1);
    fe->mux_index = index;
    if (g_atomic_int_get(&chr->connected)) {
        send_event(m, index, CHARDEV_OPENED);
    }
    send_event(m, index, index == m->focus ? CHARDEV_MUX_IN : CHARDEV_MUX_OUT);
    return true;
}

static void mux_detach(struct chardev *chr, struct chardev_fe *fe)
{
    struct mux *m = self(chr);

    m->slots[fe->mux_index].fe = NULL;
    if (m->focus == fe->mux_index) {
        next_focus(m);
    }
}

static void mux_resume(struct chardev *chr)
{
    struct mux *m = self(chr);

    for (int i = 0; i < m->count; i++) {
        deliver(m, &m->slots[i]);
    }
    if (m->under->type->resume) {
        m->under->type->resume(m->under);
    }
}

static void mux_close(struct chardev *chr)
{
    struct mux *m = self(chr);

    chardev_fe_detach(&m->under_fe);
    m->under->mux = NULL;
    g_mutex_clear(&m->stamp_lock);
}

void chardev_fe_take_focus(struct chardev_fe *fe)
{
    if (fe->chr && fe->chr->type == &chardev_mux_type) {
        set_focus(self(fe->chr), fe->mux_index);
    }
}

struct chardev *chardev_mux(struct chardev *chr, GError **err)
{
    g_autofree char *id = NULL;
    struct mux *m;

    if (chr->type == &chardev_mux_type) {
        return chr;
    }
    if (chr->mux) {
        return chr->mux;
    }
    if (chr->fe) {
        g_set_error(err, CHARDEV_ERROR, 0, "chardev '%s' is in use already; to share it, give it mux=on", chr->id);
        return NULL;
    }
    id = g_strdup_printf("%s-mux", chr->id);
    m = (struct mux *)chardev_alloc(chr->set, &chardev_mux_type, id, err);
    if (!m) {
        return NULL;
    }
    m->under = chr;
    m->chr.terminal = chr->terminal;
    g_mutex_init(&m->stamp_lock);
    chardev_fe_attach(&m->under_fe, chr, &under_ops, m, NULL);
    chr->mux = &m->chr;
    g_atomic_int_set(&m->chr.connected, g_atomic_int_get(&chr->connected));
    return &m->chr;
}

const struct chardev_type chardev_mux_type = {
    .name = "mux", .size = sizeof(struct mux), .close = mux_close, .resume = mux_resume, .enqueue = mux_enqueue,
    .attach = mux_attach, .detach = mux_detach,
};
