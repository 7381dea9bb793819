/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scatter-gather lists. An offset counts bytes from the start of the list; what lies beyond its end is not
 * touched, and the copying functions return the number of bytes that they moved. Any thread.
 */
#ifndef UTIL_IOV_H
#define UTIL_IOV_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <sys/uio.h>

/* Sum of the lengths. */
size_t iov_size(const struct iovec *iov, int n);

/* List to flat memory. */
size_t iov_to_buf(const struct iovec *iov, int n, size_t offset, void *buf, size_t len);

/* Flat memory to list. */
size_t iov_from_buf(const struct iovec *iov, int n, size_t offset, const void *buf, size_t len);

size_t iov_fill(const struct iovec *iov, int n, size_t offset, int byte, size_t len);

/* Writes the part [offset, offset+len) of src as a list to dst, which has room for dst_max entries. Returns the number
 * of entries; -1 if dst_max is too small or src too short. */
int iov_slice(struct iovec *dst, int dst_max, const struct iovec *src, int n, size_t offset, size_t len);

/* True if all bytes are 0. */
bool iov_is_zero(const struct iovec *iov, int n);
bool buf_is_zero(const void *buf, size_t len);

#endif
