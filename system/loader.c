/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw images and Linux Images; ELF is in elf.c. */
#include "system/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "config.h"
#include "system/loader_impl.h"
#include "system/machine.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

GQuark loader_quark(void)
{
    return g_quark_from_static_string("loader");
}

int loader_open(const char *path, const char *what, uint64_t *len, GError **err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st)) {
        g_set_error(err, loader_quark(), 0, "%s %s: %s", what, path, g_strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        g_set_error(err, loader_quark(), 0, "%s %s: not a regular file", what, path);
    } else if (!st.st_size) {
        g_set_error(err, loader_quark(), 0, "%s %s: the file is empty", what, path);
    } else {
        *len = st.st_size;
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

bool loader_read(int fd, void *buf, uint64_t len, uint64_t offset)
{
    uint8_t *to = buf;

    while (len) {
        ssize_t n = pread(fd, to, len, offset);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        to += n;
        offset += n;
        len -= n;
    }
    return true;
}

bool load_file(const char *path, const char *what, uint64_t max, uint8_t **data, uint64_t *len, GError **err)
{
    int fd = loader_open(path, what, len, err);
    bool ok = false;

    if (fd < 0) {
        return false;
    }
    if (*len > max) {
        g_set_error(err, loader_quark(), 0, "%s %s: %" G_GUINT64_FORMAT " bytes; at most %" G_GUINT64_FORMAT " fit",
                    what, path, *len, max);
    } else {
        *data = g_malloc(*len);
        ok = loader_read(fd, *data, *len, 0);
        if (!ok) {
            g_clear_pointer(data, g_free);
            g_set_error(err, loader_quark(), 0, "%s %s: cannot read it", what, path);
        }
    }
    close(fd);
    return ok;
}

static bool fits(const char *path, const char *what, paddr addr, uint64_t size, const struct load_area *area,
                 GError **err)
{
    if (addr < area->start || addr > area->end || size > area->end - addr) {
        g_set_error(err, loader_quark(), 0,
                    "%s %s: larger than RAM: %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER "x, RAM ends at 0x%"
                    G_GINT64_MODIFIER "x (more RAM: -m)", what, path, size, addr, area->end);
        return false;
    }
    return true;
}

static bool raw_fd(struct machine *m, int fd, uint64_t len, const char *path, const char *what, paddr addr,
                   const struct load_area *area, struct load_result *res, GError **err)
{
    if (!fits(path, what, addr, len, area, err) || !rom_add_file(m, what, path, addr, fd, 0, len, len, err)) {
        return false;
    }
    *res = (struct load_result) { .entry = addr, .low = addr, .high = addr + len };
    return true;
}

bool load_raw(struct machine *m, const char *path, const char *what, paddr addr, const struct load_area *area,
              struct load_result *res, GError **err)
{
    uint64_t len;
    int fd = loader_open(path, what, &len, err);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = raw_fd(m, fd, len, path, what, addr, area, res, err);
    close(fd);
    return ok;
}

/* ---- compressed images ---- */

static uint8_t *gunzip(const uint8_t *in, uint64_t in_len, uint64_t max, uint64_t *out_len)
{
    z_stream z = { .next_in = (Bytef *)in, .avail_in = in_len };
    uint64_t room = MIN(max, MAX(4 * in_len, 1 << 16));
    uint8_t *out = g_malloc(room);
    int r = inflateInit2(&z, 15 + 16);      /* 16: a gzip header */

    g_assert(r == Z_OK);
    for (;;) {
        z.next_out = out + z.total_out;
        z.avail_out = MIN(room - z.total_out, UINT_MAX);
        r = inflate(&z, Z_NO_FLUSH);
        if (r != Z_OK || (!z.avail_out && room == max)) {
            break;
        }
        if (!z.avail_out) {
            room = MIN(max, 2 * room);
            out = g_realloc(out, room);
        }
    }
    *out_len = z.total_out;
    inflateEnd(&z);
    if (r != Z_STREAM_END) {
        g_free(out);
        return NULL;
    }
    return out;
}

#ifdef HAVE_ZSTD
static uint8_t *unzstd(const uint8_t *in, uint64_t in_len, uint64_t max, uint64_t *out_len)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer from = { in, in_len, 0 };
    uint64_t room = MIN(max, MAX(4 * in_len, 1 << 16));
    ZSTD_outBuffer to = { g_malloc(room), room, 0 };
    size_t r = 1;

    while (r && !ZSTD_isError(r)) {
        size_t before = from.pos + to.pos;

        r = ZSTD_decompressStream(z, &to, &from);
        if (r && to.pos == to.size && to.size < max) {
            to.size = MIN(max, 2 * to.size);
            to.dst = g_realloc(to.dst, to.size);
        } else if (from.pos + to.pos == before) {
            break;
        }
    }
    ZSTD_freeDStream(z);
    if (r) {
        g_free(to.dst);
        return NULL;
    }
    *out_len = to.pos;
    return to.dst;
}
#endif

static uint8_t *expand(const char *path, const char *what, const char *method, const uint8_t *in, uint64_t in_len,
                       uint64_t max, uint64_t *out_len, GError **err)
{
    uint8_t *out = NULL;

    if (!strcmp(method, "gzip")) {
        out = gunzip(in, in_len, max, out_len);
#ifdef HAVE_ZSTD
    } else if (!strcmp(method, "zstd")) {
        out = unzstd(in, in_len, max, out_len);
#endif
    } else {
        g_set_error(err, loader_quark(), 0, "%s %s: compressed by '%s'; this program expands gzip%s", what, path,
                    method,
#ifdef HAVE_ZSTD
                    " and zstd"
#else
                    ""
#endif
                    );
        return NULL;
    }
    if (!out) {
        g_set_error(err, loader_quark(), 0, "%s %s: damaged %s data, or more than fits in RAM", what, path, method);
    }
    return out;
}

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* The header of an EFI zboot image (Linux: drivers/firmware/efi/libstub/zboot-header.S): "MZ", at 4 "zimg", at 8 and 12
 * the offset and length of the payload, at 24 the name of the method. */
static bool is_zboot(const uint8_t *head, uint64_t len)
{
    return len >= 64 && !memcmp(head, "MZ", 2) && !memcmp(head + 4, "zimg", 4);
}

static uint8_t *expand_zboot(const char *path, const char *what, const uint8_t *file, uint64_t len, uint64_t max,
                             uint64_t *out_len, GError **err)
{
    uint64_t offset = le32(file + 8), size = le32(file + 12);
    g_autofree char *method = g_strndup((const char *)file + 24, 32);

    if (offset > len || size > len - offset) {
        g_set_error(err, loader_quark(), 0, "%s %s: truncated EFI zboot image", what, path);
        return NULL;
    }
    return expand(path, what, method, file + offset, size, max, out_len, err);
}

/* ---- kernels ---- */

/* Memory that the kernel needs from its start (bss included), by the header of a RISC-V or arm64 Image (Linux:
 * Documentation/arch/riscv/boot-image-header.rst): at 16 the size, at 56 the magic. 0: no such header. */
static uint64_t image_size(const uint8_t *head, uint64_t len)
{
    if (len < 64 || (memcmp(head + 56, "RSC\x05", 4) && memcmp(head + 56, "ARM\x64", 4))) {
        return 0;
    }
    return le64(head + 16);
}

/* Where the kernel wants to be, from the start of a suitable area: arm64 Images say so at 8, or if they are so old that
 * their size is 0, it is 512 KiB (Linux: Documentation/arch/arm64/booting.rst). Others go to its start. */
static uint64_t image_offset(const uint8_t *head, uint64_t len)
{
    if (len < 64 || memcmp(head + 56, "ARM\x64", 4)) {
        return 0;
    }
    return le64(head + 16) ? le64(head + 8) & 0x1fffff : 0x80000;
}

struct source {
    struct machine *m;
    const char *path, *what;
    int fd;
    uint64_t len;
    uint8_t head[64];
};

static bool place_expanded(const struct source *s, uint8_t *data, uint64_t len, paddr start,
                           const struct load_area *area, struct load_result *res, GError **err)
{
    uint64_t size = MAX(len, image_size(data, len));

    start += image_offset(data, len);
    if (!fits(s->path, s->what, start, size, area, err)) {
        g_free(data);
        return false;
    }
    *res = (struct load_result) { .entry = start, .low = start, .high = start + size };
    return rom_add(s->m, s->what, s->path, start, data, len, len, err);
}

static bool load_compressed(const struct source *s, paddr start, const struct load_area *area,
                            struct load_result *res, GError **err)
{
    uint64_t max = area->end > start ? area->end - start : 0, len = 0;
    g_autofree uint8_t *file = NULL;
    uint8_t *data;

    if (!load_file(s->path, s->what, max, &file, &len, err)) {
        return false;
    }
    if (is_zboot(file, len)) {
        data = expand_zboot(s->path, s->what, file, len, max, &len, err);
    } else {
        data = expand(s->path, s->what, "gzip", file, len, max, &len, err);
    }
    return data && place_expanded(s, data, len, start, area, res, err);
}

static bool load_plain(const struct source *s, paddr start, const struct load_area *area, struct load_result *res,
                       GError **err)
{
    uint64_t size = MAX(s->len, image_size(s->head, MIN(s->len, sizeof(s->head))));

    start += image_offset(s->head, s->len);
    if (!fits(s->path, s->what, start, size, area, err) ||
        !raw_fd(s->m, s->fd, s->len, s->path, s->what, start, area, res, err)) {
        return false;
    }
    res->high = start + size;
    return true;
}

bool load_kernel(struct machine *m, const char *path, unsigned em, unsigned bits, paddr start,
                 const struct load_area *area, struct load_result *res, GError **err)
{
    struct source s = { .m = m, .path = path, .what = "-kernel" };
    struct image_kind kind = image_identify(path);
    bool ok;

    s.fd = loader_open(path, s.what, &s.len, err);
    if (s.fd < 0) {
        return false;
    }
    if (!loader_read(s.fd, s.head, MIN(s.len, sizeof(s.head)), 0)) {
        g_set_error(err, loader_quark(), 0, "%s %s: cannot read it", s.what, path);
        ok = false;
    } else if (!memcmp(s.head, "\x7f" "ELF", 4)) {
        ok = load_elf(m, path, s.what, em, bits, res, err);
    } else if (kind.elf_machine && kind.elf_machine != em) {
        g_set_error(err, loader_quark(), 0, "%s %s: it is for another kind of processor", s.what, path);
        ok = false;
    } else if (is_zboot(s.head, s.len) || !memcmp(s.head, "\x1f\x8b\x08", 3)) {
        ok = load_compressed(&s, start, area, res, err);
    } else {
        ok = load_plain(&s, start, area, res, err);
    }
    close(s.fd);
    return ok;
}
