/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Semihosting: console, files, command line, clock, exit. Ends by SYS_EXIT, not by the finisher. */
// run: -semihosting-config enable=on,target=native,arg=one,arg=two
#include "rt.h"

static ulong call_host(ulong op, volatile void *arg)
{
    register ulong a0 __asm__("a0") = op;
    register ulong a1 __asm__("a1") = (ulong)arg;

    __asm__ volatile(".option push\n .option norvc\n .balign 16\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n .option pop"
                     : "+r"(a0) : "r"(a1) : "memory");
    return a0;
}

static unsigned length(const char *s)
{
    unsigned n = 0;

    while (s[n]) {
        n++;
    }
    return n;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

int main(void)
{
    static char buf[256], name[64];
    volatile ulong w[4];
    ulong fd;

    /* features */
    w[0] = (ulong)":semihosting-features";
    w[1] = 0;
    w[2] = length((char *)w[0]);
    fd = call_host(0x01, w);
    CHECK(fd != -1ul);
    w[0] = fd;
    w[1] = (ulong)buf;
    w[2] = 5;
    CHECK_EQ(call_host(0x06, w), 0);
    CHECK_EQ(buf[0], 'S');
    CHECK(buf[4] & 1);
    call_host(0x02, w);
    /* command line */
    w[0] = (ulong)buf;
    w[1] = sizeof buf;
    CHECK_EQ(call_host(0x15, w), 0);
    CHECK(same(buf, "one two"));
    CHECK_EQ(w[1], 7);
    /* a file */
    w[0] = (ulong)name;
    w[1] = 7;
    w[2] = sizeof name;
    CHECK_EQ(call_host(0x0d, w), 0);
    w[0] = (ulong)name;
    w[1] = 6;                                   /* w+ */
    w[2] = length(name);
    fd = call_host(0x01, w);
    CHECK(fd != -1ul);
    w[0] = fd;
    w[1] = (ulong)"hello, host";
    w[2] = 11;
    CHECK_EQ(call_host(0x05, w), 0);
    w[0] = fd;
    CHECK_EQ(call_host(0x0c, w), 11);
    CHECK_EQ(call_host(0x09, w), 0);
    w[1] = 7;
    CHECK_EQ(call_host(0x0a, w), 0);
    w[1] = (ulong)buf;
    w[2] = 100;
    CHECK_EQ(call_host(0x06, w), 96);           /* bytes not read */
    buf[4] = 0;
    CHECK(same(buf, "host"));
    CHECK_EQ(call_host(0x02, w), 0);
    CHECK_EQ(call_host(0x02, w), -1ul);
    w[0] = (ulong)name;
    w[1] = length(name);
    CHECK_EQ(call_host(0x0e, w), 0);
    w[1] = 0;
    w[2] = length(name);
    CHECK_EQ(call_host(0x01, w), -1ul);
    CHECK_EQ(call_host(0x13, NULL), 2);         /* ENOENT */
    /* clock */
    CHECK(call_host(0x11, NULL) > 1600000000);
    CHECK(call_host(0x31, NULL) > 0);
    call_host(0x04, "PASS\n");
    w[0] = 0x20026;
    w[1] = 0;
    call_host(0x20, w);
    for (;;) {
    }
}
