/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files are handles from 1 on: the console (name ":tt", three kinds by mode), the feature file, or a file of the host.
 * SYS_SYSTEM is refused: a guest does not run commands on the host. SYS_HEAPINFO leaves the choice to the guest.
 */
#include "system/semihost.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "system/cpu.h"
#include "system/machine.h"
#include "util/log.h"

#define NAME_MAX_BYTES 4096         /* longest file name or text of SYS_WRITE0 that is taken in one piece */
#define CHUNK_BYTES 4096
#define EXIT_APPLICATION 0x20026    /* ADP_Stopped_ApplicationExit */

static const uint8_t feature_file[] = { 'S', 'H', 'F', 'B', 3 };   /* SYS_EXIT_EXTENDED, stdout and stderr apart */

enum file_kind { FILE_FREE, FILE_HOST, FILE_CONSOLE_IN, FILE_CONSOLE_OUT, FILE_FEATURES };

struct file {
    enum file_kind kind;
    int fd;                         /* FILE_HOST */
    uint64_t pos;                   /* FILE_FEATURES */
};

struct semihost {
    struct machine *m;
    bool userspace;
    char *cmdline;
    bool has_console;
    struct chardev_fe fe;
    GMutex lock;                    /* of what follows */
    GByteArray *input;              /* typed, not read yet */
    bool input_ended;
    GArray *files;                  /* of struct file, by handle - 1 */
    int err;                        /* of the last call that failed */
};

/* One call. */
struct call {
    struct semihost *s;
    struct cpu *cpu;
    uint64_t arg;
    unsigned word;                  /* bytes */
    bool again;
};

/* ---- guest memory ---- */

static bool get_words(struct call *c, unsigned n, uint64_t *words)
{
    uint8_t raw[4 * 8];

    if (!cpu_debug_rw(c->cpu, c->arg, raw, n * c->word, false)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        uint32_t narrow;

        if (c->word == 8) {
            memcpy(&words[i], raw + i * 8, 8);
            words[i] = GUINT64_FROM_LE(words[i]);
        } else {
            memcpy(&narrow, raw + i * 4, 4);
            words[i] = GUINT32_FROM_LE(narrow);
        }
    }
    return true;
}

static bool put_word(struct call *c, uint64_t addr, uint64_t v)
{
    v = GUINT64_TO_LE(v);
    return cpu_debug_rw(c->cpu, addr, &v, c->word, true);
}

/* A string of len bytes; NULL if it can't be read or is too long. g_free. */
static char *get_string(struct call *c, uint64_t addr, uint64_t len)
{
    char *s;

    if (len > NAME_MAX_BYTES) {
        return NULL;
    }
    s = g_malloc0(len + 1);
    if (!cpu_debug_rw(c->cpu, addr, s, len, false)) {
        g_free(s);
        return NULL;
    }
    return s;
}

static uint64_t failed(struct call *c, int err)
{
    c->s->err = err;
    return UINT64_MAX;
}

/* ---- console ---- */

static void console_write(struct semihost *s, const void *buf, size_t len)
{
    if (s->has_console) {
        chardev_fe_write(&s->fe, buf, len);
    } else {
        fwrite(buf, 1, len, stderr);
    }
}

static void console_receive(void *opaque, const uint8_t *buf, size_t len)
{
    struct semihost *s = opaque;

    g_mutex_lock(&s->lock);
    g_byte_array_append(s->input, buf, len);
    g_mutex_unlock(&s->lock);
}

static size_t console_can_receive(void *opaque)
{
    struct semihost *s = opaque;
    size_t room;

    g_mutex_lock(&s->lock);
    room = s->input->len < CHUNK_BYTES ? CHUNK_BYTES - s->input->len : 0;
    g_mutex_unlock(&s->lock);
    return room;
}

static void console_event(void *opaque, enum chardev_event event)
{
    struct semihost *s = opaque;

    if (event == CHARDEV_CLOSED || event == CHARDEV_OPENED) {
        g_mutex_lock(&s->lock);
        s->input_ended = event == CHARDEV_CLOSED;
        g_mutex_unlock(&s->lock);
    }
}

static const struct chardev_fe_ops console_ops = {
    .can_receive = console_can_receive, .receive = console_receive, .event = console_event,
};

/* Up to len bytes that were typed; sets again if there is nothing yet. */
static size_t console_read(struct call *c, uint8_t *buf, size_t len)
{
    struct semihost *s = c->s;
    size_t n = MIN(len, s->input->len);

    if (!n) {
        c->again = len && s->has_console && !s->input_ended;
        return 0;
    }
    memcpy(buf, s->input->data, n);
    g_byte_array_remove_range(s->input, 0, n);
    chardev_fe_accept_input(&s->fe);
    return n;
}

/* ---- files ---- */

static struct file *find_file(struct call *c, uint64_t handle)
{
    GArray *files = c->s->files;
    struct file *f = handle >= 1 && handle <= files->len ? &g_array_index(files, struct file, handle - 1) : NULL;

    if (!f || f->kind == FILE_FREE) {
        c->s->err = EBADF;
        return NULL;
    }
    return f;
}

static uint64_t new_file(struct semihost *s, struct file f)
{
    for (guint i = 0; i < s->files->len; i++) {
        if (g_array_index(s->files, struct file, i).kind == FILE_FREE) {
            g_array_index(s->files, struct file, i) = f;
            return i + 1;
        }
    }
    g_array_append_val(s->files, f);
    return s->files->len;
}

/* Modes 0 to 11 are fopen's "r", "rb", "r+", "r+b", "w", ... */
static uint64_t open_file(struct call *c, const char *name, unsigned mode)
{
    static const int flags[] = { O_RDONLY, O_RDWR, O_WRONLY | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_TRUNC,
                                 O_WRONLY | O_CREAT | O_APPEND, O_RDWR | O_CREAT | O_APPEND };
    int fd;

    if (!strcmp(name, ":tt")) {
        return new_file(c->s, (struct file) { .kind = mode < 4 ? FILE_CONSOLE_IN : FILE_CONSOLE_OUT });
    }
    if (!strcmp(name, ":semihosting-features")) {
        return mode < 2 ? new_file(c->s, (struct file) { .kind = FILE_FEATURES }) : failed(c, EACCES);
    }
    fd = open(name, flags[mode / 2] | O_CLOEXEC, 0644);
    return fd < 0 ? failed(c, errno) : new_file(c->s, (struct file) { .kind = FILE_HOST, .fd = fd });
}

static uint64_t sys_open(struct call *c)
{
    uint64_t w[3];
    g_autofree char *name = get_words(c, 3, w) ? get_string(c, w[0], w[2]) : NULL;

    return !name ? failed(c, EFAULT) : w[1] > 11 ? failed(c, EINVAL) : open_file(c, name, w[1]);
}

static uint64_t sys_close(struct call *c)
{
    uint64_t w[1];
    struct file *f = get_words(c, 1, w) ? find_file(c, w[0]) : NULL;

    if (!f) {
        return UINT64_MAX;
    }
    if (f->kind == FILE_HOST) {
        close(f->fd);
    }
    f->kind = FILE_FREE;
    return 0;
}

/* One piece of at most CHUNK_BYTES: bytes written, or -1. */
static ssize_t write_chunk(struct semihost *s, struct file *f, const void *buf, size_t len)
{
    switch (f->kind) {
    case FILE_HOST:
        return write(f->fd, buf, len);
    case FILE_CONSOLE_OUT:
        console_write(s, buf, len);
        return len;
    default:
        errno = EBADF;
        return -1;
    }
}

/* Result: the number of bytes not written. */
static uint64_t sys_write(struct call *c)
{
    uint8_t buf[CHUNK_BYTES];
    uint64_t w[3], left;
    struct file *f = get_words(c, 3, w) ? find_file(c, w[0]) : NULL;

    if (!f) {
        return UINT64_MAX;
    }
    for (left = w[2]; left; ) {
        size_t n = MIN(left, sizeof buf);
        ssize_t done;

        if (!cpu_debug_rw(c->cpu, w[1], buf, n, false)) {
            c->s->err = EFAULT;
            break;
        }
        done = write_chunk(c->s, f, buf, n);
        if (done <= 0) {
            c->s->err = errno;
            break;
        }
        left -= done;
        w[1] += done;
    }
    return left;
}

static ssize_t read_chunk(struct call *c, struct file *f, uint8_t *buf, size_t len)
{
    size_t left = sizeof feature_file - MIN(f->pos, sizeof feature_file);

    switch (f->kind) {
    case FILE_HOST:
        return read(f->fd, buf, len);
    case FILE_CONSOLE_IN:
        return console_read(c, buf, len);
    case FILE_FEATURES:
        len = MIN(len, left);
        memcpy(buf, feature_file + sizeof feature_file - left, len);
        f->pos += len;
        return len;
    default:
        errno = EBADF;
        return -1;
    }
}

/* Result: the number of bytes not read. The console gives what there is, a file as much as was asked for. */
static uint64_t sys_read(struct call *c)
{
    uint8_t buf[CHUNK_BYTES];
    uint64_t w[3], left;
    struct file *f = get_words(c, 3, w) ? find_file(c, w[0]) : NULL;

    if (!f) {
        return UINT64_MAX;
    }
    for (left = w[2]; left; ) {
        ssize_t n = read_chunk(c, f, buf, MIN(left, sizeof buf));

        if (n <= 0) {
            c->s->err = n < 0 ? errno : c->s->err;
            break;
        }
        if (!cpu_debug_rw(c->cpu, w[1], buf, n, true)) {
            c->s->err = EFAULT;
            break;
        }
        left -= n;
        w[1] += n;
        if (f->kind == FILE_CONSOLE_IN) {
            break;
        }
    }
    return left;
}

static uint64_t sys_istty(struct call *c)
{
    uint64_t w[1];
    struct file *f = get_words(c, 1, w) ? find_file(c, w[0]) : NULL;

    if (!f) {
        return UINT64_MAX;
    }
    return f->kind == FILE_CONSOLE_IN || f->kind == FILE_CONSOLE_OUT || (f->kind == FILE_HOST && isatty(f->fd));
}

static uint64_t sys_seek(struct call *c)
{
    uint64_t w[2];
    struct file *f = get_words(c, 2, w) ? find_file(c, w[0]) : NULL;

    if (!f) {
        return UINT64_MAX;
    }
    if (f->kind == FILE_FEATURES) {
        f->pos = w[1];
        return 0;
    }
    return f->kind == FILE_HOST && lseek(f->fd, w[1], SEEK_SET) >= 0 ? 0 : failed(c, f->kind == FILE_HOST ? errno : ESPIPE);
}

static uint64_t sys_flen(struct call *c)
{
    uint64_t w[1];
    struct file *f = get_words(c, 1, w) ? find_file(c, w[0]) : NULL;
    struct stat st;

    if (!f) {
        return UINT64_MAX;
    }
    if (f->kind == FILE_FEATURES) {
        return sizeof feature_file;
    }
    return f->kind == FILE_HOST && !fstat(f->fd, &st) ? (uint64_t)st.st_size : failed(c, EINVAL);
}

static uint64_t sys_tmpnam(struct call *c)
{
    uint64_t w[3];
    g_autofree char *name = NULL;

    if (!get_words(c, 3, w)) {
        return failed(c, EFAULT);
    }
    name = g_strdup_printf("%s/doppel-%d-%02x", g_get_tmp_dir(), (int)getpid(), (unsigned)(w[1] & 0xff));
    if (strlen(name) >= w[2] || !cpu_debug_rw(c->cpu, w[0], name, strlen(name) + 1, true)) {
        return failed(c, ENAMETOOLONG);
    }
    return 0;
}

static uint64_t sys_remove(struct call *c)
{
    uint64_t w[2];
    g_autofree char *name = get_words(c, 2, w) ? get_string(c, w[0], w[1]) : NULL;

    return name && !remove(name) ? 0 : failed(c, name ? errno : EFAULT);
}

static uint64_t sys_rename(struct call *c)
{
    uint64_t w[4];
    bool ok = get_words(c, 4, w);
    g_autofree char *from = ok ? get_string(c, w[0], w[1]) : NULL;
    g_autofree char *to = ok ? get_string(c, w[2], w[3]) : NULL;

    return from && to && !rename(from, to) ? 0 : failed(c, from && to ? errno : EFAULT);
}

/* ---- the rest ---- */

static uint64_t sys_writec(struct call *c)
{
    char byte;

    if (cpu_debug_rw(c->cpu, c->arg, &byte, 1, false)) {
        console_write(c->s, &byte, 1);
    }
    return 0;
}

static uint64_t sys_write0(struct call *c)
{
    char byte;

    for (unsigned i = 0; i < 16 * NAME_MAX_BYTES && cpu_debug_rw(c->cpu, c->arg + i, &byte, 1, false) && byte; i++) {
        console_write(c->s, &byte, 1);
    }
    return 0;
}

static uint64_t sys_readc(struct call *c)
{
    uint8_t byte;

    return console_read(c, &byte, 1) ? byte : UINT64_MAX;
}

static uint64_t sys_cmdline(struct call *c)
{
    size_t len = strlen(c->s->cmdline);
    uint64_t w[2];

    if (!get_words(c, 2, w)) {
        return failed(c, EFAULT);
    }
    if (w[1] <= len) {
        return failed(c, E2BIG);
    }
    if (!cpu_debug_rw(c->cpu, w[0], c->s->cmdline, len + 1, true) || !put_word(c, c->arg + c->word, len)) {
        return failed(c, EFAULT);
    }
    return 0;
}

/* Four words at the address in the block: zeros, which mean "not known". */
static uint64_t sys_heapinfo(struct call *c)
{
    uint64_t w[1];

    if (!get_words(c, 1, w)) {
        return failed(c, EFAULT);
    }
    for (unsigned i = 0; i < 4; i++) {
        put_word(c, w[0] + i * c->word, 0);
    }
    return 0;
}

static uint64_t sys_elapsed(struct call *c)
{
    uint64_t now = clock_now_ns(&c->s->m->virtual_clock);

    if (c->word == 8) {
        return put_word(c, c->arg, now) ? 0 : failed(c, EFAULT);
    }
    return put_word(c, c->arg, (uint32_t)now) && put_word(c, c->arg + 4, now >> 32) ? 0 : failed(c, EFAULT);
}

/* 32-bit SYS_EXIT has the reason in the register; the other forms a block of reason and status. */
static uint64_t sys_exit(struct call *c, bool block)
{
    uint64_t w[2] = { c->arg, 0 };
    int status;

    if (block && !get_words(c, 2, w)) {
        w[0] = 0;
    }
    status = w[0] == EXIT_APPLICATION ? (int)(w[1] & 0xff) : 1;
    machine_request_shutdown(c->s->m, CAUSE_GUEST_SHUTDOWN, status);
    return 0;
}

static uint64_t serve(struct call *c, uint32_t op)
{
    uint64_t w[1];

    switch (op) {
    case 0x01: return sys_open(c);
    case 0x02: return sys_close(c);
    case 0x03: return sys_writec(c);
    case 0x04: return sys_write0(c);
    case 0x05: return sys_write(c);
    case 0x06: return sys_read(c);
    case 0x07: return sys_readc(c);
    case 0x08: return get_words(c, 1, w) && (c->word == 8 ? (int64_t)w[0] : (int32_t)w[0]) < 0;
    case 0x09: return sys_istty(c);
    case 0x0a: return sys_seek(c);
    case 0x0c: return sys_flen(c);
    case 0x0d: return sys_tmpnam(c);
    case 0x0e: return sys_remove(c);
    case 0x0f: return sys_rename(c);
    case 0x10: return clock_now_ns(&c->s->m->virtual_clock) / 10000000;     /* hundredths of a second */
    case 0x11: return clock_now_ns(&c->s->m->host_clock) / 1000000000;
    case 0x13: return c->s->err;
    case 0x15: return sys_cmdline(c);
    case 0x16: return sys_heapinfo(c);
    case 0x18: return sys_exit(c, c->word == 8);
    case 0x20: return sys_exit(c, true);
    case 0x30: return sys_elapsed(c);
    case 0x31: return 1000000000;
    default:
        log_guest("semihosting: call 0x%x is not served", op);
        return failed(c, ENOSYS);
    }
}

bool semihost_call(struct semihost *s, struct cpu *cpu, uint32_t op, uint64_t arg, unsigned word_bytes, uint64_t *result)
{
    struct call c = { .s = s, .cpu = cpu, .arg = arg, .word = word_bytes };

    g_mutex_lock(&s->lock);
    *result = serve(&c, op);
    g_mutex_unlock(&s->lock);
    if (log_on(LOG_PCALL) && !c.again) {
        log_printf(LOG_PCALL, "semihosting 0x%x (0x%" PRIx64 ") = 0x%" PRIx64 "\n", op, arg, *result);
    }
    return !c.again;
}

bool semihost_userspace(const struct semihost *s)
{
    return s->userspace;
}

struct semihost *semihost_new(struct machine *m, const struct semihost_config *config, GError **err)
{
    struct semihost *s = g_new0(struct semihost, 1);

    s->m = m;
    s->userspace = config->userspace;
    s->has_console = config->chardev != NULL;
    g_mutex_init(&s->lock);
    s->input = g_byte_array_new();
    s->files = g_array_new(FALSE, FALSE, sizeof(struct file));
    if (config->args && config->args[0]) {
        s->cmdline = g_strjoinv(" ", config->args);
    } else {
        s->cmdline = g_strjoin(" ", m->opt.kernel ? m->opt.kernel : "", m->opt.append, NULL);
    }
    if (s->has_console && !chardev_fe_attach(&s->fe, config->chardev, &console_ops, s, err)) {
        s->has_console = false;
        semihost_delete(s);
        return NULL;
    }
    return s;
}

void semihost_delete(struct semihost *s)
{
    if (!s) {
        return;
    }
    if (s->has_console) {
        chardev_fe_detach(&s->fe);
    }
    for (guint i = 0; i < s->files->len; i++) {
        struct file *f = &g_array_index(s->files, struct file, i);

        if (f->kind == FILE_HOST) {
            close(f->fd);
        }
    }
    g_array_free(s->files, TRUE);
    g_byte_array_free(s->input, TRUE);
    g_mutex_clear(&s->lock);
    g_free(s->cmdline);
    g_free(s);
}
