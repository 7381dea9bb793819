/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF executables (System V ABI, chapters 4 and 5), 32 and 64 bits, little-endian. */
#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "system/loader.h"
#include "system/loader_impl.h"
#include "system/machine.h"

#define SEGMENTS_MAX 256

/* What both sizes of header say. */
struct header {
    unsigned bits;
    uint16_t type, machine;
    uint64_t entry, phoff;
    uint16_t phentsize, phnum;
};

struct segment {
    uint32_t type;
    uint64_t offset, paddr, vaddr, filesz, memsz;
};

struct elf {
    int fd;
    uint64_t len;
    const char *path, *what;
    struct header h;
};

static bool bad(const struct elf *e, GError **err, const char *why)
{
    g_set_error(err, loader_quark(), 0, "%s %s: %s", e->what, e->path, why);
    return false;
}

static bool read_header(struct elf *e, GError **err)
{
    union {
        unsigned char ident[EI_NIDENT];
        Elf32_Ehdr h32;
        Elf64_Ehdr h64;
    } u = { 0 };
    uint64_t need;

    if (!loader_read(e->fd, &u, MIN(e->len, sizeof(u)), 0) || memcmp(u.ident, ELFMAG, SELFMAG)) {
        return bad(e, err, "no ELF file");
    }
    if (u.ident[EI_DATA] != ELFDATA2LSB || (u.ident[EI_CLASS] != ELFCLASS32 && u.ident[EI_CLASS] != ELFCLASS64)) {
        return bad(e, err, "not a little-endian ELF file of 32 or 64 bits");
    }
    need = u.ident[EI_CLASS] == ELFCLASS64 ? sizeof(u.h64) : sizeof(u.h32);
    if (e->len < need) {
        return bad(e, err, "truncated ELF header");
    }
    if (u.ident[EI_CLASS] == ELFCLASS64) {
        e->h = (struct header) { 64, u.h64.e_type, u.h64.e_machine, u.h64.e_entry, u.h64.e_phoff, u.h64.e_phentsize,
                                 u.h64.e_phnum };
    } else {
        e->h = (struct header) { 32, u.h32.e_type, u.h32.e_machine, u.h32.e_entry, u.h32.e_phoff, u.h32.e_phentsize,
                                 u.h32.e_phnum };
    }
    return true;
}

static bool check_header(const struct elf *e, unsigned em, unsigned bits, GError **err)
{
    const struct header *h = &e->h;

    if (h->machine != em) {
        g_set_error(err, loader_quark(), 0, "%s %s: ELF file for machine number %u, this machine runs %u", e->what,
                    e->path, h->machine, em);
        return false;
    }
    if (bits && h->bits != bits) {
        g_set_error(err, loader_quark(), 0, "%s %s: %u-bit ELF file for a %u-bit CPU", e->what, e->path, h->bits, bits);
        return false;
    }
    if (h->type != ET_EXEC && h->type != ET_DYN) {
        return bad(e, err, "ELF file is not an executable");
    }
    if (h->phnum == 0 || h->phnum > SEGMENTS_MAX) {
        return bad(e, err, "ELF file has no segments, or more than 256");
    }
    if (h->phentsize < (h->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) || h->phoff > e->len ||
        (uint64_t)h->phentsize * h->phnum > e->len - h->phoff) {
        return bad(e, err, "truncated ELF file: program headers are beyond its end");
    }
    return true;
}

static bool read_segment(const struct elf *e, unsigned i, struct segment *s, GError **err)
{
    uint64_t at = e->h.phoff + (uint64_t)i * e->h.phentsize;
    Elf64_Phdr p64;
    Elf32_Phdr p32;

    if (e->h.bits == 64) {
        if (!loader_read(e->fd, &p64, sizeof(p64), at)) {
            return bad(e, err, "cannot read it");
        }
        *s = (struct segment) { p64.p_type, p64.p_offset, p64.p_paddr, p64.p_vaddr, p64.p_filesz, p64.p_memsz };
    } else {
        if (!loader_read(e->fd, &p32, sizeof(p32), at)) {
            return bad(e, err, "cannot read it");
        }
        *s = (struct segment) { p32.p_type, p32.p_offset, p32.p_paddr, p32.p_vaddr, p32.p_filesz, p32.p_memsz };
    }
    return true;
}

static bool check_segment(const struct elf *e, const struct segment *s, GError **err)
{
    if (s->filesz > s->memsz || s->offset > e->len || s->filesz > e->len - s->offset) {
        return bad(e, err, "truncated ELF file: a segment's bytes are beyond its end");
    }
    if (s->memsz > UINT64_MAX - s->paddr) {
        return bad(e, err, "ELF segment wraps around the address space");
    }
    return true;
}

/* A linker that is told where the text goes (ld -Ttext) still puts the file's headers and notes in a segment of their
 * own, at its default address. Nobody needs it; where there is no memory for it, it is left out. */
static bool headers_without_memory(struct machine *m, const struct elf *e, const struct segment *s)
{
    bool has_entry = e->h.entry >= s->vaddr && e->h.entry - s->vaddr < s->memsz;

    return s->offset == 0 && s->filesz == s->memsz && s->memsz <= 4096 && !has_entry && !as_lookup(&m->as, s->paddr);
}

static bool load_segments(struct machine *m, const struct elf *e, struct load_result *res, GError **err)
{
    struct segment s;

    *res = (struct load_result) { .entry = e->h.entry, .low = UINT64_MAX, .bits = e->h.bits, .is_elf = true };
    for (unsigned i = 0; i < e->h.phnum; i++) {
        if (!read_segment(e, i, &s, err)) {
            return false;
        }
        if (s.type != PT_LOAD || !s.memsz) {
            continue;
        }
        if (!check_segment(e, &s, err)) {
            return false;
        }
        if (headers_without_memory(m, e, &s)) {
            continue;
        }
        if (!rom_add_file(m, e->what, e->path, s.paddr, e->fd, s.offset, s.filesz, s.memsz, err)) {
            return false;
        }
        /* A kernel linked to virtual addresses enters at one; what runs there is at the same place of its segment. */
        if (e->h.entry >= s.vaddr && e->h.entry - s.vaddr < s.memsz) {
            res->entry = e->h.entry - s.vaddr + s.paddr;
        }
        res->low = MIN(res->low, ((const struct rom *)m->roms->pdata[m->roms->len - 1])->addr);
        res->high = MAX(res->high, s.paddr + s.memsz);
    }
    return res->high ? true : bad(e, err, "ELF file has nothing to load");
}

bool load_elf(struct machine *m, const char *path, const char *what, unsigned em, unsigned bits,
              struct load_result *res, GError **err)
{
    struct elf e = { .path = path, .what = what };
    bool ok;

    e.fd = loader_open(path, what, &e.len, err);
    if (e.fd < 0) {
        return false;
    }
    ok = read_header(&e, err) && check_header(&e, em, bits, err) && load_segments(m, &e, res, err);
    close(e.fd);
    return ok;
}
