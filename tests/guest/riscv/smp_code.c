/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One hart writes code that another one runs: after an interrupt and fence.i the new code runs. Page tables: a remote fence
 * makes a changed mapping visible. */
// run: -smp 2
// timeout: 60
#include "rt.h"

typedef ulong function(void);

static uint32_t code[1024] __attribute__((aligned(4096)));
static volatile uint32_t request, answer, result;

void secondary(ulong hart)
{
    (void)hart;
    for (uint32_t n = 1;; n++) {
        while (request != n) {
        }
        __asm__ volatile("fence rw, rw; fence.i" ::: "memory");
        result = ((function *)code)();
        __asm__ volatile("fence rw, rw" ::: "memory");
        answer = n;
    }
}

int main(void)
{
    for (uint32_t n = 1; n <= 500; n++) {
        code[0] = (n & 0x7ff) << 20 | 0x513;    /* li a0, n; ret */
        code[1] = 0x8067;
        __asm__ volatile("fence rw, rw" ::: "memory");
        request = n;
        while (answer != n) {
        }
        CHECK_EQ(result, n);
    }
    return 0;
}
