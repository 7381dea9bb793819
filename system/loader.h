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

/* Bytes that each reset copies to addr; the part from len to size is zeroed. They stay in the file, if it is one, so
 * that they take no memory of ours. */
struct rom {
    char *name;             /* for messages: the file */
    struct address_space *as;
    paddr addr;
    uint8_t *data;          /* owned; NULL: read from fd at offset */
    int fd;
    uint64_t offset;
    uint64_t len, size;
};

/* Takes data (g_free). False and *err where not all of it is guest RAM or ROM, or it overlaps another ROM. The first
 * copy is made by the next reset. what names the option in errors. */
bool rom_add(struct machine *m, const char *what, const char *name, paddr addr, void *data, uint64_t len, uint64_t size,
             GError **err);
/* The same with len bytes from offset of an open file; fd is duplicated. Up to 64 KiB at its start that are not in
 * guest memory are left out. */
bool rom_add_file(struct machine *m, const char *what, const char *name, paddr addr, int fd, uint64_t offset,
                  uint64_t len, uint64_t size, GError **err);
/* For machine_reset. */
void roms_load(struct machine *m);
void rom_delete(struct rom *r);

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

/* ELF executable for machine number em (EM_RISCV = 243), 32 or 64 bits, little-endian; segments go to their physical
 * addresses. bits 0: any. */
bool load_elf(struct machine *m, const char *path, const char *what, unsigned em, unsigned bits,
              struct load_result *res, GError **err);

/* Raw image at addr, not beyond area. */
bool load_raw(struct machine *m, const char *path, const char *what, paddr addr, const struct load_area *area,
              struct load_result *res, GError **err);

/* -kernel: ELF; else Linux Image (RISC-V or arm64 header; plain, gzip, EFI zboot with gzip or zstd) or an unknown raw
 * file, at start. */
bool load_kernel(struct machine *m, const char *path, unsigned em, unsigned bits, paddr start,
                 const struct load_area *area, struct load_result *res, GError **err);

/* What a file's first bytes say it is for: ELF, Linux's images (also gzipped), EFI programs, U-Boot's. */
struct image_kind {
    unsigned elf_machine;   /* EM_RISCV, EM_AARCH64, ...; 0: it doesn't say, or there is no such file */
    unsigned bits;          /* 32, 64, or 0: either */
};
struct image_kind image_identify(const char *path);

/* The first file there is among names (NULL-terminated) in the directories of -L and the distribution's; a name with a
 * slash at its start or that exists as it is stands for itself. g_free the result; NULL: none. */
char *firmware_find(struct machine *m, const char *const *names);
/* Prints these directories. */
void firmware_list_dirs(struct machine *m);

#endif
