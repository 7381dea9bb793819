/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Backends against a model: random reads, writes, zeroes and discards through the asynchronous interface, compared with
 * a plain array of bytes; for each format, cache mode and way of doing I/O. Then what must be refused. With -m slow there
 * are more of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "block/block.h"
#include "tests/unit/block_images.h"

#define DISK_BYTES (8u << 20)
#define REQUESTS (g_test_slow() ? 300 : 40)
#define STRIDE (g_test_slow() ? 16384 : 65536 + 16384)
#define REQUEST_BYTES_MAX (192u << 10)

struct transfer {
    struct block_backend *be;
    uint8_t *buf, *expect;   /* expect: of a read */
    uint64_t offset;
    size_t len;
    struct iovec iov[4];
    int *in_flight;
};

static void finished(void *opaque, int ret)
{
    struct transfer *t = opaque;

    g_assert_cmpint(ret, ==, 0);
    if (t->expect && memcmp(t->buf, t->expect, t->len)) {
        for (size_t i = 0; i < t->len; i++) {
            if (t->buf[i] != t->expect[i]) {
                g_error("byte %zu of the read at %#lx (%zu bytes) is %02x, not %02x", i, (long)t->offset, t->len,
                        t->buf[i], t->expect[i]);
            }
        }
    }
    --*t->in_flight;
    free(t->buf);
    g_free(t->expect);
    g_free(t);
}

/* Cuts the buffer into pieces at odd places. */
static int cut(struct transfer *t)
{
    size_t at = 0;
    int n = 0;

    while (n < 3 && at < t->len && g_random_boolean()) {
        size_t piece = g_random_int_range(1, t->len - at + 1);

        t->iov[n++] = (struct iovec){ t->buf + at, piece };
        at += piece;
    }
    if (at < t->len) {
        t->iov[n++] = (struct iovec){ t->buf + at, t->len - at };
    }
    return n;
}

static struct transfer *new_transfer(struct block_backend *be, int *in_flight)
{
    struct transfer *t = g_new0(struct transfer, 1);
    uint64_t sectors = block_length(be) / BLOCK_SECTOR;

    t->be = be;
    t->offset = g_random_int_range(0, sectors) * BLOCK_SECTOR;
    t->len = (size_t)g_random_int_range(1, REQUEST_BYTES_MAX / BLOCK_SECTOR) * BLOCK_SECTOR;
    t->len = MIN(t->len, block_length(be) - t->offset);
    t->in_flight = in_flight;
    if (g_random_int_range(0, 4) == 0) {
        t->offset &= ~65535ull;
        t->len = MIN(65536, block_length(be) - t->offset);
    }
    g_assert_cmpint(posix_memalign((void **)&t->buf, 4096, t->len), ==, 0);
    ++*in_flight;
    return t;
}

static void wait_for(int *in_flight)
{
    while (*in_flight) {
        g_main_context_iteration(NULL, TRUE);
    }
}

static void count_down(void *opaque, int ret)
{
    g_assert_cmpint(ret, ==, 0);
    --*(int *)opaque;
}

static void submit_random(struct block_backend *be, uint8_t *model, int *in_flight)
{
    struct transfer *t = new_transfer(be, in_flight);
    int discards = 1;

    switch (g_random_int_range(0, 10)) {
    case 0:
        memset(model + t->offset, 0, t->len);
        block_write_zeroes(be, t->offset, t->len, g_random_boolean(), finished, t);
        break;
    case 1:
        /* What discarded bytes read as is open, so fix it with zeroes right behind. */
        block_discard(be, t->offset, t->len, count_down, &discards);
        wait_for(&discards);
        memset(model + t->offset, 0, t->len);
        block_write_zeroes(be, t->offset, t->len, true, finished, t);
        break;
    case 2:
        block_flush(be, finished, t);
        break;
    case 3: case 4: case 5: case 6:
        memset(t->buf, g_random_int_range(0, 256), t->len);
        for (size_t i = 0; i + 8 < t->len; i += 512) {
            memcpy(t->buf + i, &(uint32_t){ g_random_int() }, 4);
        }
        memcpy(model + t->offset, t->buf, t->len);
        block_writev(be, t->offset, t->iov, cut(t), finished, t);
        break;
    default:
        t->expect = g_memdup2(model + t->offset, t->len);
        block_readv(be, t->offset, t->iov, cut(t), finished, t);
    }
}

static void check_all(struct block_backend *be, const uint8_t *model)
{
    g_autofree uint8_t *buf = g_malloc(block_length(be));

    g_assert_cmpint(block_pread(be, 0, buf, block_length(be)), ==, 0);
    g_assert_cmpint(memcmp(buf, model, block_length(be)), ==, 0);
}

/* One at a time: of requests that overlap, the model could not tell the order. */
static void exercise(struct block_backend *be, uint8_t *model)
{
    int in_flight = 0;

    for (int i = 0; i < REQUESTS; i++) {
        submit_random(be, model, &in_flight);
        wait_for(&in_flight);
    }
}

static void reopen_and_check(const struct image_kind *kind, const char *path, uint8_t *model)
{
    struct block_backend *be = image_open(kind, path);

    if (kind->volatile_writes) {
        image_fill_model(kind, model, DISK_BYTES);
    }
    check_all(be, model);
    block_close(be);
    image_check(kind, path);
    image_remove(path);
}

static void random_requests(gconstpointer data)
{
    const struct image_kind *kind = data;
    g_autofree char *path = image_make(kind, DISK_BYTES);
    g_autofree uint8_t *model = g_malloc0(DISK_BYTES);
    struct block_backend *be;

    image_fill_model(kind, model, DISK_BYTES);
    for (int round = 0; round < 2; round++) {
        be = image_open(kind, path);
        g_assert_cmpuint(block_length(be), ==, DISK_BYTES);
        if (kind->volatile_writes) {
            image_fill_model(kind, model, DISK_BYTES);
        }
        check_all(be, model);
        exercise(be, model);
        check_all(be, model);
        block_close(be);
    }
    reopen_and_check(kind, path, model);
}

/* Every sector belongs to one of eight writers, who fill their sectors at the same time. */
static void parallel_writers(gconstpointer data)
{
    const struct image_kind *kind = data;
    g_autofree char *path = image_make(kind, DISK_BYTES);
    struct block_backend *be = image_open(kind, path);
    g_autofree uint8_t *model = g_malloc0(DISK_BYTES);
    int in_flight = 0;

    image_fill_model(kind, model, DISK_BYTES);
    for (uint64_t at = 0; at < DISK_BYTES; at += STRIDE) {
        struct transfer *t = g_new0(struct transfer, 1);

        t->be = be;
        t->in_flight = &in_flight;
        t->offset = (at * 37) % DISK_BYTES;
        t->len = 4096;
        g_assert_cmpint(posix_memalign((void **)&t->buf, 4096, t->len), ==, 0);
        memset(t->buf, at >> 14 | 1, t->len);
        memcpy(model + t->offset, t->buf, t->len);
        in_flight++;
        block_plug(be);
        block_writev(be, t->offset, t->iov, cut(t), finished, t);
        block_unplug(be);
    }
    block_drain(be);
    g_assert_cmpint(in_flight, ==, 0);
    check_all(be, model);
    block_close(be);
    reopen_and_check(kind, path, model);
}

static void store(void *opaque, int ret)
{
    *(int *)opaque = ret;
}

static int run_read(struct block_backend *be, uint64_t offset, size_t len)
{
    static uint8_t buf[4096];
    struct iovec iov = { buf, len };
    int ret = 1;

    block_readv(be, offset, &iov, 1, store, &ret);
    g_assert_cmpint(ret, ==, 1);   /* never inside the call */
    block_drain(be);
    return ret;
}

static void bad_requests_fail(void)
{
    g_autofree char *path = image_make(&image_kinds[0], 1 << 20);
    struct block_backend *be = image_open(&image_kinds[0], path);
    struct block_stats stats;

    g_assert_cmpint(run_read(be, 0, 512), ==, 0);
    g_assert_cmpint(run_read(be, 1, 512), ==, -EINVAL);
    g_assert_cmpint(run_read(be, 0, 511), ==, -EINVAL);
    g_assert_cmpint(run_read(be, 1 << 20, 512), ==, -EIO);
    g_assert_cmpint(run_read(be, (1 << 20) - 512, 1024), ==, -EIO);
    g_assert_cmpint(run_read(be, -(uint64_t)512, 1024), ==, -EIO);
    g_assert_cmpint(run_read(be, 0, 0), ==, 0);
    block_get_stats(be, &stats);
    g_assert_cmpuint(stats.errors, ==, 5);
    block_close(be);
    image_remove(path);
}

static void check_open_fails(const char *text, const char *part)
{
    struct options *o = options_parse("-drive", text, NULL, NULL);
    struct block_config c;
    GError *err = NULL;
    struct block_backend *be = NULL;

    if (block_config_parse(&c, o, &err) && options_finish(o, &err)) {
        be = block_open(&c, &err);
    }
    g_assert_null(be);
    if (!strstr(err->message, part)) {
        g_error("'%s' fails with '%s', not '%s'", text, err->message, part);
    }
    g_clear_error(&err);
    options_free(o);
}

static void bad_options_are_named(void)
{
    check_open_fails("file=/nonexistent/x", "No such file");
    check_open_fails("format=raw", "file= is missing");
    check_open_fails("file=/tmp/x,format=vmdk", "format=vmdk is not supported; raw and qcow2 are");
    check_open_fails("file=/tmp/x,cache=fast", "accepted: writeback, none");
    check_open_fails("file=/tmp/x,cach=none", "'cach' is not accepted here; accepted: aio, auto-read-only, backing, cache");
    check_open_fails("file=nbd://host/x", "names a protocol");
    check_open_fails("file=/dev/null", "neither a file nor a block device");
}

static void an_image_has_one_writer(void)
{
    g_autofree char *path = image_make(&image_kinds[0], 1 << 20);
    struct block_config c;
    struct block_backend *be = image_open(&image_kinds[0], path), *second;
    GError *err = NULL;

    block_config_defaults(&c);
    c.file = path;
    g_assert_null(block_open(&c, &err));
    g_assert_nonnull(strstr(err->message, "is in use"));
    g_clear_error(&err);
    c.read_only = true;
    g_assert_null(block_open(&c, NULL));
    block_close(be);
    be = block_open(&c, &err);
    second = block_open(&c, &err);
    g_assert_no_error(err);
    block_close(be);
    block_close(second);
    image_remove(path);
}

static void read_only_refuses_writes(void)
{
    g_autofree char *path = image_make(&image_kinds[0], 1 << 20);
    struct block_config c;
    struct block_backend *be;
    uint8_t byte[512] = { 1 };
    struct iovec iov = { byte, 512 };
    int ret = 1;

    block_config_defaults(&c);
    c.file = path;
    c.read_only = true;
    be = block_open(&c, NULL);
    block_writev(be, 0, &iov, 1, store, &ret);
    block_drain(be);
    g_assert_cmpint(ret, ==, -EACCES);
    block_close(be);
    image_remove(path);
}

/* A guest that writes a qcow2 header to a disk of unknown format would choose its next backing file. */
static void probed_raw_keeps_its_format(void)
{
    g_autofree char *path = image_make(&image_kinds[0], 1 << 20);
    struct block_config c;
    struct block_backend *be;
    uint8_t head[512] = "QFI\xfb";
    struct iovec iov = { head, 512 };
    int ret = 1;

    block_config_defaults(&c);
    c.file = path;
    be = block_open(&c, NULL);
    block_writev(be, 0, &iov, 1, store, &ret);
    block_drain(be);
    g_assert_cmpint(ret, ==, -EPERM);
    head[0] = 0;
    block_writev(be, 0, &iov, 1, store, &ret);
    block_drain(be);
    g_assert_cmpint(ret, ==, 0);
    block_close(be);
    image_remove(path);
}

static void an_odd_length_is_rounded_up(void)
{
    g_autofree char *path = image_make(&image_kinds[0], 1000);
    struct block_backend *be = image_open(&image_kinds[0], path);
    uint8_t buf[1024];

    g_assert_cmpuint(block_length(be), ==, 1024);
    g_assert_cmpint(run_read(be, 512, 512), ==, 0);
    g_assert_cmpint(block_pread(be, 0, buf, 1024), ==, 0);
    g_assert_cmpint(buf[1023], ==, 0);
    block_close(be);
    image_remove(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (int i = 0; i < image_kind_count; i++) {
        g_autofree char *a = g_strdup_printf("/block/random/%s", image_kinds[i].name);
        g_autofree char *b = g_strdup_printf("/block/parallel/%s", image_kinds[i].name);

        g_test_add_data_func(a, &image_kinds[i], random_requests);
        g_test_add_data_func(b, &image_kinds[i], parallel_writers);
    }
    g_test_add_func("/block/bad_requests", bad_requests_fail);
    g_test_add_func("/block/bad_options", bad_options_are_named);
    g_test_add_func("/block/one_writer", an_image_has_one_writer);
    g_test_add_func("/block/read_only", read_only_refuses_writes);
    g_test_add_func("/block/probed_raw", probed_raw_keeps_its_format);
    g_test_add_func("/block/odd_length", an_odd_length_is_rounded_up);
    return g_test_run();
}
