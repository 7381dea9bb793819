/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images: ELF, raw, kernel Images (plain, gzip, EFI zboot). What is loaded becomes a ROM: bytes that are copied into
 * guest memory at each reset. Files are not trusted: each offset and size is checked.
 */
#ifndef SYSTEM_LOADER_H
#define SYSTEM_LOADER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/memory.h"

struct machine;

/* Bytes that each reset copies to addr; the part from len to size is zeroed. */
struct rom {
    char *name;
    struct address_space *as;
    paddr addr;
    uint8_t *data;          /* owned */
    uint64_t len, size;
};

/* Takes data. False and *err where it overlaps another ROM. The first copy is made by the next reset. */
bool rom_add(struct machine *m, const char *name, paddr addr, void *data, uint64_t len, uint64_t size, GError **err);
/* For machine_reset. */
void roms_load(struct machine *m);
void rom_delete(struct rom *r);
/* The ROM's bytes at addr if all of len is in one, else NULL. */
const uint8_t *rom_find(struct machine *m, paddr addr, uint64_t len);

/* Whole file of at most max bytes; what names the option in errors. */
bool load_file(const char *path, const char *what, uint64_t max, uint8_t **data, uint64_t *len, GError **err);

struct load_result {
    paddr entry;
    paddr low, high;        /* first byte and first byte after the image (memory size, not file size) */
    unsigned bits;          /* 32 or 64 for ELF, 0 for raw images */
    bool is_elf;
};

/* Limits of where an image may go: RAM. */
struct load_area {
    paddr start, end;
};

/* True where path starts with an ELF magic (or is gzip of one: no). */
bool load_is_elf(const char *path);

/* ELF executable for machine number em (EM_RISCV = 243), 32 or 64 bits, little-endian; segments go to their physical
 * addresses. bits 0: any. */
bool load_elf(struct machine *m, const char *path, const char *what, unsigned em, unsigned bits,
              struct load_result *res, GError **err);

/* Raw image at addr, not beyond area. */
bool load_raw(struct machine *m, const char *path, const char *what, paddr addr, const struct load_area *area,
              struct load_result *res, GError **err);

/* Linux Image (RISC-V or arm64 header; plain, gzip, EFI zboot with gzip or zstd), u-boot's legacy image not. Unknown raw
 * files are loaded at start as they are. start is aligned by the header's text_offset. */
bool load_image(struct machine *m, const char *path, const char *what, paddr start, const struct load_area *area,
                struct load_result *res, GError **err);

/* -kernel: ELF, then Image, then raw. */
bool load_kernel(struct machine *m, const char *path, unsigned em, unsigned bits, paddr start,
                 const struct load_area *area, struct load_result *res, GError **err);

/* First existing of dirs/name in the data directories of the distribution and of -L; g_free the result. NULL: none. */
char *firmware_find(const char *name);

#endif
