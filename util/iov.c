/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/iov.h"

#include <string.h>

size_t iov_size(const struct iovec *iov, int n)
{
    size_t sum = 0;

    for (int i = 0; i < n; i++) {
        sum += iov[i].iov_len;
    }
    return sum;
}

enum copy { TO_BUF, FROM_BUF, FILL };

static inline size_t walk(const struct iovec *iov, int n, size_t offset, uint8_t *buf, int byte, size_t len,
                          enum copy what)
{
    size_t done = 0;

    for (int i = 0; i < n && done < len; i++) {
        size_t part = iov[i].iov_len;
        uint8_t *at = iov[i].iov_base;

        if (offset >= part) {
            offset -= part;
            continue;
        }
        at += offset;
        part -= offset;
        offset = 0;
        part = part < len - done ? part : len - done;
        if (what == TO_BUF) {
            memcpy(buf + done, at, part);
        } else if (what == FROM_BUF) {
            memcpy(at, buf + done, part);
        } else {
            memset(at, byte, part);
        }
        done += part;
    }
    return done;
}

size_t iov_to_buf(const struct iovec *iov, int n, size_t offset, void *buf, size_t len)
{
    return walk(iov, n, offset, buf, 0, len, TO_BUF);
}

size_t iov_from_buf(const struct iovec *iov, int n, size_t offset, const void *buf, size_t len)
{
    return walk(iov, n, offset, (uint8_t *)buf, 0, len, FROM_BUF);
}

size_t iov_fill(const struct iovec *iov, int n, size_t offset, int byte, size_t len)
{
    return walk(iov, n, offset, NULL, byte, len, FILL);
}

int iov_slice(struct iovec *dst, int dst_max, const struct iovec *src, int n, size_t offset, size_t len)
{
    int used = 0;

    for (int i = 0; i < n && len; i++) {
        size_t part = src[i].iov_len;

        if (offset >= part) {
            offset -= part;
            continue;
        }
        if (used == dst_max) {
            return -1;
        }
        part -= offset;
        part = part < len ? part : len;
        dst[used++] = (struct iovec){ (uint8_t *)src[i].iov_base + offset, part };
        offset = 0;
        len -= part;
    }
    return len ? -1 : used;
}

bool buf_is_zero(const void *buf, size_t len)
{
    const uint8_t *p = buf;

    /* If the first 16 bytes are 0 and each byte equals the one 16 before it, all are. */
    for (size_t i = 0; i < len && i < 16; i++) {
        if (p[i]) {
            return false;
        }
    }
    return len <= 16 || !memcmp(p, p + 16, len - 16);
}

bool iov_is_zero(const struct iovec *iov, int n)
{
    for (int i = 0; i < n; i++) {
        if (!buf_is_zero(iov[i].iov_base, iov[i].iov_len)) {
            return false;
        }
    }
    return true;
}
