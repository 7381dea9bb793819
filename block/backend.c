/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Backends: from the keys of -drive to an open image, and what the monitor says about it. */
#include "block/block_impl.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void block_config_defaults(struct block_config *c)
{
    *c = (struct block_config){
        .lock = true, .on_read_error = BLOCK_ON_ERROR_REPORT, .on_write_error = BLOCK_ON_ERROR_ENOSPC,
    };
}

/* ---- the keys ---- */

static const char *const cache_names[] = { "writeback", "none", "writethrough", "directsync", "unsafe", NULL };
static const struct {
    bool direct, writethrough, no_flush;
} cache_modes[] = { { 0, 0, 0 }, { 1, 0, 0 }, { 0, 1, 0 }, { 1, 1, 0 }, { 0, 0, 1 } };

static bool parse_cache(struct block_config *c, struct options *o, GError **err)
{
    int mode = 0;
    bool writeback;

    if (!options_get_enum(o, "cache", cache_names, &mode, err)) {
        return false;
    }
    c->direct = cache_modes[mode].direct;
    c->no_flush = cache_modes[mode].no_flush;
    writeback = !cache_modes[mode].writethrough;
    if (!options_get_bool(o, "cache.direct", &c->direct, err) ||
        !options_get_bool(o, "file.cache.direct", &c->direct, err) ||
        !options_get_bool(o, "cache.no-flush", &c->no_flush, err) ||
        !options_get_bool(o, "file.cache.no-flush", &c->no_flush, err) ||
        !options_get_bool(o, "cache.writeback", &writeback, err)) {
        return false;
    }
    c->writethrough = !writeback;
    return true;
}

static bool parse_error_policy(struct block_config *c, struct options *o, GError **err)
{
    static const char *const names[] = { "enospc", "report", "ignore", "stop", NULL };
    int on_read = c->on_read_error, on_write = c->on_write_error;

    if (!options_get_enum(o, "rerror", names, &on_read, err) || !options_get_enum(o, "werror", names, &on_write, err)) {
        return false;
    }
    c->on_read_error = on_read;
    c->on_write_error = on_write;
    return true;
}

/* "format=", or "driver=" of a format. driver=file means: no format, plain bytes. */
static bool parse_format(struct block_config *c, struct options *o, GError **err)
{
    const char *format = options_get(o, "format"), *driver = options_get(o, "driver");
    const char *protocol = options_get(o, "file.driver");

    if (protocol && strcmp(protocol, "file") && strcmp(protocol, "host_device")) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: file.driver=%s is not supported; file and host_device are",
                    options_where(o), protocol);
        return false;
    }
    c->format = format ? format : driver;
    if (c->format && (!strcmp(c->format, "file") || !strcmp(c->format, "host_device"))) {
        c->format = "raw";
    }
    if (c->format && !block_format_find(c->format)) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: format=%s is not supported; raw and qcow2 are", options_where(o),
                    c->format);
        return false;
    }
    return true;
}

static bool parse_space(struct block_config *c, struct options *o, GError **err)
{
    static const char *const discard_names[] = { "ignore", "off", "unmap", "on", NULL };
    static const char *const zeroes_names[] = { "off", "on", "unmap", NULL };
    int discard = 0, zeroes = c->detect_zeroes;

    /* Both nodes have the key; what counts is that of the format's. */
    if (!options_get_enum(o, "file.discard", discard_names, &discard, err) ||
        !options_get_enum(o, "discard", discard_names, &discard, err) ||
        !options_get_enum(o, "detect-zeroes", zeroes_names, &zeroes, err)) {
        return false;
    }
    c->unmap = discard >= 2;
    c->detect_zeroes = zeroes;
    if (c->detect_zeroes == BLOCK_ZEROES_UNMAP && !c->unmap) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: detect-zeroes=unmap needs discard=unmap", options_where(o));
        return false;
    }
    return true;
}

static bool parse_locking(struct block_config *c, struct options *o, GError **err)
{
    static const char *const names[] = { "auto", "on", "off", NULL };
    int locking = 0, file_locking = 0;

    if (!options_get_enum(o, "locking", names, &locking, err) ||
        !options_get_enum(o, "file.locking", names, &file_locking, err)) {
        return false;
    }
    c->lock = locking != 2 && file_locking != 2;
    return true;
}

/* "backing": null of JSON leaves the backing file away; another one than the image names is not for us. */
static bool parse_backing(struct block_config *c, struct options *o, GError **err)
{
    const char *backing = options_get(o, "backing");

    c->no_backing = backing && !*backing;
    if (backing && *backing) {
        g_set_error(err, BLOCK_ERROR, EINVAL,
                    "%s: backing=%s is not supported: the image's own backing file is opened; accepted: null",
                    options_where(o), backing);
        return false;
    }
    return true;
}

bool block_config_parse(struct block_config *c, struct options *o, GError **err)
{
    /* io_uring is taken where it works, whatever the name: the guest can't tell. */
    static const char *const aio_names[] = { "threads", "native", "io_uring", NULL };
    const char *file, *filename;
    int aio = 0;

    block_config_defaults(c);
    c->where = options_where(o);
    file = options_get(o, "file");
    filename = options_get(o, "file.filename");
    c->file = file ? file : filename ? filename : options_get(o, "filename");
    c->id = options_get(o, "id") ? options_get(o, "id") : options_get(o, "node-name");
    (void)options_get(o, "node-name");
    (void)options_get(o, "file.node-name");
    return parse_backing(c, o, err) && parse_format(c, o, err) && parse_cache(c, o, err) && parse_error_policy(c, o, err) &&
           parse_space(c, o, err) && parse_locking(c, o, err) && options_get_bool(o, "readonly", &c->read_only, err) &&
           options_get_bool(o, "read-only", &c->read_only, err) &&
           options_get_bool(o, "file.read-only", &c->read_only, err) &&
           options_get_bool(o, "auto-read-only", &c->auto_read_only, err) &&
           options_get_bool(o, "file.auto-read-only", &c->auto_read_only, err) &&
           options_get_bool(o, "snapshot", &c->snapshot, err) && options_get_enum(o, "aio", aio_names, &aio, err) &&
           options_get_enum(o, "file.aio", aio_names, &aio, err);
}

/* ---- opening and closing ---- */

static unsigned file_flags(const struct block_config *c)
{
    return (c->read_only || c->snapshot ? 0 : BLOCK_FILE_WRITE) | (c->direct ? BLOCK_FILE_DIRECT : 0) |
           (c->lock ? BLOCK_FILE_LOCK : 0) | (c->no_flush ? BLOCK_FILE_NO_FLUSH : 0);
}

static struct block_image *open_image(const struct block_config *c, const char *where, bool *read_only, bool *probed,
                                      GError **err)
{
    unsigned flags = file_flags(c);
    GError *e = NULL;
    struct block_image *img = block_image_open(c->file, c->format, flags, c->no_backing, where, probed, &e);

    *read_only = c->read_only;
    if (!img && c->auto_read_only && flags & BLOCK_FILE_WRITE &&
        (e->code == EACCES || e->code == EROFS || e->code == EPERM)) {
        g_clear_error(&e);
        *read_only = true;
        img = block_image_open(c->file, c->format, flags & ~BLOCK_FILE_WRITE, c->no_backing, where, probed, &e);
    }
    if (!img) {
        g_propagate_error(err, e);
    }
    return img;
}

struct block_backend *block_open(const struct block_config *c, GError **err)
{
    g_autofree char *where = c->where ? g_strdup(c->where) : c->id ? g_strdup_printf("-drive id=%s", c->id)
                             : g_strdup("-drive");
    struct block_backend *be;
    struct block_image *img;
    bool read_only, probed = false;

    if (!c->file || !c->file[0]) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "%s: file= is missing", where);
        return NULL;
    }
    img = open_image(c, where, &read_only, &probed, err);
    if (img && c->snapshot) {
        img = block_snapshot_over(img, where, err);
        probed = false;
    }
    if (!img) {
        return NULL;
    }
    img->unmap = c->unmap;
    be = g_new0(struct block_backend, 1);
    be->id = g_strdup(c->id ? c->id : "");
    be->path = g_strdup(c->file);
    be->img = img;
    be->read_only = read_only;
    be->snapshot = c->snapshot;
    be->writethrough = c->writethrough;
    be->no_flush = c->no_flush;
    be->unmap = c->unmap;
    be->probed_raw = probed && img->format == &block_raw_format;
    be->detect_zeroes = c->detect_zeroes;
    be->on_read_error = c->on_read_error;
    be->on_write_error = c->on_write_error;
    block_requests_init(be);
    return be;
}

void block_close(struct block_backend *be)
{
    int ret;

    if (!be) {
        return;
    }
    block_requests_free(be);
    ret = block_image_close(be->img);
    if (ret) {
        g_printerr("doppel: closing '%s': %s; the last changes may be lost\n", be->path, g_strerror(-ret));
    }
    g_free(be->id);
    g_free(be->path);
    g_free(be);
}

/* ---- what it is ---- */

uint64_t block_length(const struct block_backend *be)
{
    return be->img->length;
}

bool block_is_read_only(const struct block_backend *be)
{
    return be->read_only;
}

const char *block_id(const struct block_backend *be)
{
    return be->id;
}

const char *block_path(const struct block_backend *be)
{
    return be->path;
}

/* The image that the user named; with snapshot=on it is behind our overlay. */
static const struct block_image *of_user(const struct block_backend *be)
{
    return be->snapshot ? be->img->backing : be->img;
}

const char *block_format_name(const struct block_backend *be)
{
    return of_user(be)->format->name;
}

bool block_write_cache(const struct block_backend *be)
{
    return !be->writethrough;
}

void block_set_write_cache(struct block_backend *be, bool on)
{
    be->writethrough = !on;
}

enum block_error_action block_error_action(const struct block_backend *be, bool is_write, int ret)
{
    switch (is_write ? be->on_write_error : be->on_read_error) {
    case BLOCK_ON_ERROR_ENOSPC:
        return ret == -ENOSPC || ret == -EDQUOT ? BLOCK_ACTION_STOP : BLOCK_ACTION_REPORT;
    case BLOCK_ON_ERROR_STOP:
        return BLOCK_ACTION_STOP;
    case BLOCK_ON_ERROR_IGNORE:
        return BLOCK_ACTION_IGNORE;
    case BLOCK_ON_ERROR_REPORT:
        break;
    }
    return BLOCK_ACTION_REPORT;
}

void block_set_on_error(struct block_backend *be, bool is_write, enum block_on_error what)
{
    *(is_write ? &be->on_write_error : &be->on_read_error) = what;
}

/* ---- synchronous access ---- */

int block_pread(struct block_backend *be, uint64_t offset, void *buf, size_t len)
{
    if (len > be->img->length || offset > be->img->length - len) {
        return -EIO;
    }
    return block_image_read(be->img, offset, buf, len);
}

int block_pwrite(struct block_backend *be, uint64_t offset, const void *buf, size_t len)
{
    struct iovec iov = { (void *)buf, len };

    if (be->read_only) {
        return -EACCES;
    }
    if (len > be->img->length || offset > be->img->length - len) {
        return -EIO;
    }
    return be->img->format->writev(be->img, offset, &iov, 1, len);
}

int block_flush_sync(struct block_backend *be)
{
    return be->img->format->flush(be->img);
}

bool block_resize(struct block_backend *be, uint64_t length, GError **err)
{
    if (be->read_only || length % BLOCK_SECTOR || length > BLOCK_LENGTH_MAX) {
        g_set_error(err, BLOCK_ERROR, EINVAL, "'%s': the size can't become %" PRIu64 ": %s", be->path, length,
                    be->read_only ? "it is read-only" : "it must be a multiple of 512 and less than 4 EiB");
        return false;
    }
    return be->img->format->resize(be->img, length, err);
}

/* ---- the monitor ---- */

void block_get_stats(const struct block_backend *be, struct block_stats *stats)
{
    GMutex *lock = (GMutex *)&be->stats_lock;

    g_mutex_lock(lock);
    *stats = be->stats;
    g_mutex_unlock(lock);
}

void block_info(const struct block_backend *be, GString *out)
{
    struct block_stats s;

    block_get_stats(be, &s);
    g_string_append_printf(out, "%s: %s (%s%s%s)\n", be->id, be->path, block_format_name(be),
                           be->read_only ? ", read-only" : "", be->snapshot ? ", changes are temporary" : "");
    g_string_append_printf(out, "    Size:             %" PRIu64 " bytes\n", be->img->length);
    for (struct block_image *b = of_user(be)->backing; b; b = b->backing) {
        g_string_append_printf(out, "    Backing file:     %s (%s)\n", b->file->path, b->format->name);
    }
    g_string_append_printf(out, "    Cache mode:       %s%s%s\n", be->writethrough ? "writethrough" : "writeback",
                           be->img->file->direct ? ", direct" : "", be->no_flush ? ", ignore flushes" : "");
    g_string_append_printf(out, "    I/O:              %s\n", be->uring ? "io_uring" : "threads");
    if (of_user(be)->format->info) {
        of_user(be)->format->info((struct block_image *)of_user(be), out);
    }
    g_string_append_printf(out, "    rd_bytes=%" PRIu64 " wr_bytes=%" PRIu64 " rd_operations=%" PRIu64
                           " wr_operations=%" PRIu64 " flush_operations=%" PRIu64 " discard_bytes=%" PRIu64
                           " zeroed_bytes=%" PRIu64 " failed=%" PRIu64 "\n",
                           s.read_bytes, s.write_bytes, s.read_ops, s.write_ops, s.flush_ops, s.discard_bytes,
                           s.zero_bytes, s.errors);
}
