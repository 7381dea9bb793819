/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device tree building on libfdt: a tree that grows as needed, so callers don't check for space. Nodes are named by
 * path. Offsets move with each change: use paths, or offsets only until the next call.
 */
#ifndef SYSTEM_FDT_H
#define SYSTEM_FDT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fdt {
    void *blob;
    size_t capacity;
    uint32_t next_phandle;
};

struct fdt *dt_new(void);
/* From a file; *err where it is not a sound device tree. */
struct fdt *dt_new_from_file(const char *path, GError **err);
void dt_delete(struct fdt *f);

/* Adds a node whose parent exists; returns its path (the argument). */
const char *dt_node(struct fdt *f, const char *path);
bool dt_has_node(struct fdt *f, const char *path);
/* libfdt's offset of a node that exists, with at least 4 KiB of room after it. */
int dt_offset(struct fdt *f, const char *path);

void dt_set(struct fdt *f, const char *path, const char *name, const void *value, size_t len);
void dt_set_empty(struct fdt *f, const char *path, const char *name);
void dt_set_string(struct fdt *f, const char *path, const char *name, const char *value);
/* Strings separated by '\1'. */
void dt_set_strings(struct fdt *f, const char *path, const char *name, const char *values);
void dt_set_u32(struct fdt *f, const char *path, const char *name, uint32_t value);
void dt_set_u64(struct fdt *f, const char *path, const char *name, uint64_t value);
/* count 32-bit cells. */
void dt_set_cells(struct fdt *f, const char *path, const char *name, const uint32_t *cells, size_t count);
#define dt_set_list(f, path, name, ...) \
    dt_set_cells(f, path, name, (const uint32_t[]) { __VA_ARGS__ }, \
                  sizeof((const uint32_t[]) { __VA_ARGS__ }) / sizeof(uint32_t))
/* A (64-bit address, 64-bit size) pair. */
void dt_set_reg(struct fdt *f, const char *path, uint64_t addr, uint64_t size);

/* Gives the node a phandle (or returns the one that it has). */
uint32_t dt_phandle(struct fdt *f, const char *path);

/* Packs; then blob's size is its length in bytes. */
size_t dt_finish(struct fdt *f);
bool dt_write_file(struct fdt *f, const char *path, GError **err);

#endif
