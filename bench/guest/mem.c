/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory: latency of dependent loads, many pages, plain copies. */
#include "work.h"

enum { LINE = 64, PAGE = 4096 };

/* Follows a random cycle through every line of a buffer. */
static double walk(size_t bytes, long steps)
{
    size_t lines = bytes / LINE;
    uint32_t *order = malloc(lines * sizeof(*order));
    char *buffer = malloc(bytes);
    uint32_t at = 0;

    for (size_t i = 0; i < lines; i++) {
        order[i] = i;
    }
    for (size_t i = lines - 1; i > 0; i--) {   /* Sattolo: one cycle through all */
        size_t j = random64() % i;
        uint32_t t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (size_t i = 0; i < lines; i++) {
        memcpy(buffer + i * LINE, &order[i], sizeof(order[i]));
    }
    while (steps--) {
        memcpy(&at, buffer + (size_t)at * LINE, sizeof(at));
    }
    free(order);
    free(buffer);
    return at;
}

static double far_loads(void)
{
    return walk(48 << 20, 4000000);
}

static double near_loads(void)
{
    return walk(512 << 10, 150000000);
}

/* Touches 16384 pages in turn: more than any software TLB likes. */
static double pages(void)
{
    enum { PAGES = 16384 };
    volatile uint8_t *v = malloc((size_t)PAGES * PAGE);
    uint64_t sum = 0;

    for (size_t i = 0; i < PAGES; i++) {
        v[i * PAGE] = i;
    }
    for (int round = 0; round < 260; round++) {
        for (size_t i = 0; i < PAGES; i++) {
            sum += v[i * PAGE + i % LINE * LINE];
        }
    }
    free((void *)v);
    return sum;
}

static double copies(void)
{
    enum { BYTES = 3 << 20 };
    char *a = malloc(BYTES), *b = calloc(1, BYTES);
    long sum = 0;

    memset(a, 1, BYTES);
    for (int i = 0; i < 1100; i++) {
        memcpy(i & 1 ? a : b, i & 1 ? b : a, BYTES);
        a[i] ^= i;
        sum += b[BYTES - 1 - i];
    }
    free(a);
    free(b);
    return sum;
}

static double fills(void)
{
    enum { BYTES = 3 << 20 };
    char *a = malloc(BYTES);
    long sum = 0;

    for (int i = 0; i < 3500; i++) {
        memset(a, i, BYTES);
        sum += a[i];
    }
    free(a);
    return sum;
}

const struct work mem_work[] = {
    { "mem-far", far_loads }, { "mem-near", near_loads }, { "mem-pages", pages }, { "mem-copy", copies },
    { "mem-fill", fills }, { NULL, NULL },
};
