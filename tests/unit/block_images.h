/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of every kind for the block tests. */
#ifndef TESTS_UNIT_BLOCK_IMAGES_H
#define TESTS_UNIT_BLOCK_IMAGES_H

#include "block/block.h"

struct image_kind {
    const char *name;
    const char *format;
    const char *drive;            /* appended to file=PATH,format=FORMAT */
    const char *backing;          /* format of a backing file with a pattern; NULL for none */
    bool volatile_writes;         /* they are gone when it is opened again */
    unsigned cluster_bits, version, refcount_order; /* of qcow2; version 0: 3; refcount_order is one more, 0: 16 bits */
};

extern const struct image_kind image_kinds[];
extern const int image_kind_count;

/* A new image in a folder of its own; the caller frees the path. */
char *image_make(const struct image_kind *kind, uint64_t bytes);
struct block_backend *image_open(const struct image_kind *kind, const char *path);
/* What a new image of this kind holds. */
void image_fill_model(const struct image_kind *kind, uint8_t *model, uint64_t bytes);
/* Consistency, by our own check and by qemu-img where it is installed. */
void image_check(const struct image_kind *kind, const char *path);
/* Removes the folder. */
void image_remove(const char *path);

#endif
