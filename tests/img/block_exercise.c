/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * block_exercise FILE FORMAT SEED [forever|tolerant]: random writes, zeroes and discards, read back and compared with a
 * model. forever: goes on until it is killed. tolerant: requests may fail, as on a full disk; nothing is compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block/block.h"

#define REQUESTS 200
#define REQUEST_SECTORS_MAX 300

static bool tolerant;   /* a program of one file: an argument of every function otherwise */

static void must(int ret, const char *what)
{
    if (ret && !tolerant) {
        fprintf(stderr, "%s: %s\n", what, g_strerror(-ret));
        exit(1);
    }
}

static void done(void *opaque, int ret)
{
    must(ret, opaque);
}

static void one_request(struct block_backend *be, GRand *r, uint8_t *model)
{
    uint64_t sectors = block_length(be) / BLOCK_SECTOR, at = g_rand_int_range(r, 0, sectors) * BLOCK_SECTOR;
    size_t len = (size_t)g_rand_int_range(r, 1, REQUEST_SECTORS_MAX) * BLOCK_SECTOR;
    struct iovec iov;

    len = MIN(len, block_length(be) - at);
    iov = (struct iovec){ model + at, len };
    switch (g_rand_int_range(r, 0, 8)) {
    case 0:
        memset(model + at, 0, len);
        block_write_zeroes(be, at, len, g_rand_boolean(r), done, "zeroes");
        break;
    case 1:
        block_discard(be, at, len, done, "discard");
        block_drain(be);
        must(block_pread(be, at, model + at, len), "read after discard");
        break;
    case 2:
        block_flush(be, done, "flush");
        break;
    default:
        for (size_t i = 0; i < len; i++) {
            model[at + i] = at + i + len;
        }
        block_writev(be, at, &iov, 1, done, "write");
    }
    block_drain(be);
}

int main(int argc, char **argv)
{
    struct block_config c;
    struct block_backend *be;
    GError *err = NULL;
    uint8_t *model, *now;
    bool forever;
    GRand *r;

    block_config_defaults(&c);
    c.file = argv[1];
    c.format = argv[2];
    c.unmap = true;
    tolerant = argc == 5 && !strcmp(argv[4], "tolerant");
    forever = argc == 5 && !strcmp(argv[4], "forever");
    be = argc == 4 || tolerant || forever ? block_open(&c, &err) : NULL;
    if (!be) {
        fprintf(stderr, "%s\n", err ? err->message : "usage: block_exercise FILE FORMAT SEED [forever|tolerant]");
        return 1;
    }
    r = g_rand_new_with_seed(atoi(argv[3]));
    model = g_malloc(block_length(be));
    now = g_malloc(block_length(be));
    must(block_pread(be, 0, model, block_length(be)), "first read");
    for (int i = 0; i < REQUESTS || forever; i++) {
        one_request(be, r, model);
    }
    must(block_pread(be, 0, now, block_length(be)), "last read");
    if (!tolerant && memcmp(now, model, block_length(be))) {
        fprintf(stderr, "what is read is not what was written\n");
        return 1;
    }
    block_close(be);
    g_rand_free(r);
    g_free(model);
    g_free(now);
    return 0;
}
