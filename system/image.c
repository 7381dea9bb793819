/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which instruction set a file is for, as far as its first bytes say. */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "system/loader.h"

#define HEAD_BYTES 4096

static uint32_t le16(const uint8_t *p)
{
    return p[0] | p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | le16(p + 2) << 16;
}

static struct image_kind elf_kind(const uint8_t *head)
{
    return (struct image_kind) { .elf_machine = head[EI_DATA] == ELFDATA2LSB ? le16(head + 18) : 0,
                                 .bits = head[EI_CLASS] == ELFCLASS64 ? 64 : 32 };
}

/* EFI programs, zboot images among them: the machine number of the PE header (Microsoft PE Format, "Machine Types"). */
static struct image_kind pe_kind(const uint8_t *head, size_t len)
{
    static const struct {
        uint16_t pe;
        struct image_kind kind;
    } machines[] = {
        { 0xaa64, { EM_AARCH64, 64 } }, { 0x01c0, { EM_ARM, 32 } }, { 0x01c2, { EM_ARM, 32 } },
        { 0x5064, { EM_RISCV, 64 } }, { 0x5032, { EM_RISCV, 32 } }, { 0x8664, { EM_X86_64, 64 } },
        { 0x014c, { EM_386, 32 } },
    };
    uint32_t at = le32(head + 0x3c);

    if (at > len - 8 || memcmp(head + at, "PE\0", 4)) {
        return (struct image_kind) { 0 };
    }
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        if (machines[i].pe == le16(head + at + 4)) {
            return machines[i].kind;
        }
    }
    return (struct image_kind) { 0 };
}

/* U-Boot's legacy header (include/image.h): architecture at 29. */
static struct image_kind uimage_kind(const uint8_t *head)
{
    switch (head[29]) {
    case 2: return (struct image_kind) { EM_ARM, 32 };
    case 3: return (struct image_kind) { EM_386, 32 };
    case 22: return (struct image_kind) { EM_AARCH64, 64 };
    case 24: return (struct image_kind) { EM_X86_64, 64 };
    case 26: return (struct image_kind) { EM_RISCV, 0 };
    default: return (struct image_kind) { 0 };
    }
}

/* Linux's own headers: Image (at 56; Documentation/arch/riscv/boot-image-header.rst, arch/arm64/booting.rst), zImage of
 * 32-bit ARM (at 0x24), bzImage (at 0x202; Documentation/arch/x86/boot.rst). */
static struct image_kind kind_of(const uint8_t *head, size_t len)
{
    if (!memcmp(head, ELFMAG, SELFMAG)) {
        return elf_kind(head);
    }
    if (!memcmp(head + 56, "RSC\x05", 4)) {
        return (struct image_kind) { EM_RISCV, 0 };
    }
    if (!memcmp(head + 56, "ARM\x64", 4)) {
        return (struct image_kind) { EM_AARCH64, 64 };
    }
    if (le32(head + 0x24) == 0x016f2818) {
        return (struct image_kind) { EM_ARM, 32 };
    }
    if (len >= 0x206 && !memcmp(head + 0x202, "HdrS", 4)) {
        return (struct image_kind) { EM_X86_64, 0 };
    }
    if (!memcmp(head, "\x27\x05\x19\x56", 4)) {
        return uimage_kind(head);
    }
    return !memcmp(head, "MZ", 2) ? pe_kind(head, len) : (struct image_kind) { 0 };
}

/* The first bytes of what was compressed; how many. */
static size_t expand_head(const uint8_t *in, size_t in_len, uint8_t *out, size_t room)
{
    z_stream z = { .next_in = (Bytef *)in, .avail_in = in_len, .next_out = out, .avail_out = room };
    int r = inflateInit2(&z, 15 + 16);      /* 16: a gzip header */

    g_assert(r == Z_OK);
    inflate(&z, Z_SYNC_FLUSH);
    inflateEnd(&z);
    return z.total_out;
}

struct image_kind image_identify(const char *path)
{
    uint8_t file[HEAD_BYTES] = { 0 }, inside[HEAD_BYTES] = { 0 };
    FILE *f = fopen(path, "re");
    size_t len;

    if (!f) {
        return (struct image_kind) { 0 };
    }
    len = fread(file, 1, sizeof(file), f);
    fclose(f);
    if (len > 3 && !memcmp(file, "\x1f\x8b\x08", 3)) {
        len = expand_head(file, len, inside, sizeof(inside));
        return len >= 64 ? kind_of(inside, len) : (struct image_kind) { 0 };
    }
    return len >= 64 ? kind_of(file, len) : (struct image_kind) { 0 };
}
