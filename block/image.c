/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening images: which format a file has, and the chain of backing files behind it. */
#include "block/block_impl.h"

#include <errno.h>
#include <string.h>

#include "util/iov.h"

#define HEAD_BYTES 2048

static const struct block_format *const formats[] = { &block_raw_format, &block_qcow2_format };

/* Formats that we know by sight only; opening them as raw by mistake would show the guest rubbish. */
static const struct {
    const char *name;
    size_t offset;
    const char *magic;
    size_t len;
} foreign[] = {
    { "vmdk", 0, "KDMV", 4 }, { "vmdk", 0, "COWD", 4 }, { "vdi", 0x40, "\x7f\x10\xda\xbe", 4 },
    { "vpc", 0, "conectix", 8 }, { "vhdx", 0, "vhdxfile", 8 }, { "qed", 0, "QED", 4 }, { "luks", 0, "LUKS\xba\xbe", 6 },
    { "qcow (version 1)", 0, "QFI\xfb\0\0\0\1", 8 }, { "parallels", 0, "WithoutFreeSpace", 16 },
};

const struct block_format *block_format_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!strcmp(formats[i]->name, name)) {
            return formats[i];
        }
    }
    return NULL;
}

const struct block_format *block_format_probe(const uint8_t *head, size_t len, const char *where, const char *path,
                                              GError **err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(foreign); i++) {
        if (len >= foreign[i].offset + foreign[i].len &&
            !memcmp(head + foreign[i].offset, foreign[i].magic, foreign[i].len)) {
            g_set_error(err, BLOCK_ERROR, ENOTSUP,
                        "%s: '%s' looks like a %s image, which is not supported (raw and qcow2 "
                        "are); format=raw takes its bytes as they are",
                        where, path, foreign[i].name);
            return NULL;
        }
    }
    if (len >= 4 && !memcmp(head, "QFI\xfb", 4)) {
        return &block_qcow2_format;
    }
    return &block_raw_format;
}

static const struct block_format *choose_format(struct block_file *f, const char *name, const char *where, GError **err)
{
    const struct block_format *format;
    uint8_t head[HEAD_BYTES];
    int ret;

    if (name) {
        format = block_format_find(name);
        if (!format) {
            g_set_error(err, BLOCK_ERROR, EINVAL, "%s: format '%s' of '%s' is not supported; raw and qcow2 are", where,
                        name, f->path);
        }
        return format;
    }
    ret = block_file_read(f, 0, head, sizeof(head));
    if (ret) {
        g_set_error(err, BLOCK_ERROR, -ret, "%s: cannot read '%s': %s", where, f->path, g_strerror(-ret));
        return NULL;
    }
    return block_format_probe(head, sizeof(head), where, f->path, err);
}

int block_image_close(struct block_image *img)
{
    int ret = 0;

    while (img) {
        struct block_image *backing = img->backing;
        int closed = img->format->close(img);

        ret = ret ? ret : closed;
        block_file_close(img->file);
        g_free(img);
        img = backing;
    }
    return ret;
}

/* One image, without what is behind it. Takes over the file. */
static struct block_image *open_one(struct block_file *f, const char *format_name, unsigned flags, const char *where,
                                    bool *probed, GError **err)
{
    const struct block_format *format = choose_format(f, format_name, where, err);
    struct block_image *img;

    if (!format) {
        block_file_close(f);
        return NULL;
    }
    if (probed) {
        *probed = !format_name;
    }
    img = g_malloc0(format->size);
    img->format = format;
    img->file = f;
    img->read_only = !(flags & BLOCK_FILE_WRITE);
    img->repair = flags & BLOCK_FILE_REPAIR;
    if (!format->open(img, where, err)) {
        block_file_close(f);
        g_free(img);
        return NULL;
    }
    return img;
}

/* A relative path is relative to the folder of the image that names it. */
static char *backing_path(const struct block_image *img, const char *name)
{
    g_autofree char *dir = NULL;

    if (g_str_has_prefix(name, "file:")) {
        name += 5;
    }
    if (g_path_is_absolute(name)) {
        return g_strdup(name);
    }
    dir = g_path_get_dirname(img->file->path);
    return g_build_filename(dir, name, NULL);
}

/* img->backing, if it is to have one. Backing files are never written, so the chain shares them with others. */
static bool open_backing(struct block_image *img, unsigned flags, const char *where, int depth, GError **err)
{
    g_autofree char *format = NULL, *path = NULL;
    g_autofree char *name = img->format->backing ? img->format->backing(img, &format) : NULL;
    struct block_file *f;

    if (!name) {
        return true;
    }
    if (depth >= BLOCK_CHAIN_MAX) {
        g_set_error(err, BLOCK_ERROR, ELOOP,
                    "%s: more than %d backing files behind each other: is '%s' its own backing "
                    "file?",
                    where, BLOCK_CHAIN_MAX, img->file->path);
        return false;
    }
    path = backing_path(img, name);
    f = block_file_open(path, flags & ~(BLOCK_FILE_WRITE | BLOCK_FILE_CREATE), where, err);
    if (f) {
        img->backing = open_one(f, format, 0, where, NULL, err);
    }
    if (!img->backing) {
        g_prefix_error(err, "%s: the backing file of '%s': ", where, img->file->path);
        return false;
    }
    return true;
}

struct block_image *block_image_open(const char *path, const char *format, unsigned file_flags, bool no_backing,
                                     const char *where, bool *probed, GError **err)
{
    struct block_file *f = block_file_open(path, file_flags, where, err);
    struct block_image *top = f ? open_one(f, format, file_flags, where, probed, err) : NULL;
    int depth = 0;

    if (!top || no_backing) {
        return top;
    }
    for (struct block_image *img = top; img; img = img->backing) {
        if (!open_backing(img, file_flags, where, depth++, err)) {
            block_image_close(top);
            return NULL;
        }
    }
    return top;
}

int block_image_readv(struct block_image *img, uint64_t offset, const struct iovec *iov, int n, size_t len)
{
    size_t inside = offset >= img->length ? 0 : MIN(len, img->length - offset);
    g_autofree struct iovec *part = NULL;

    if (inside < len) {
        iov_fill(iov, n, inside, 0, len - inside);
        if (!inside) {
            return 0;
        }
        part = g_new(struct iovec, n);
        n = iov_slice(part, n, iov, n, 0, inside);
        iov = part;
    }
    return img->format->readv(img, offset, iov, n, inside);
}

int block_image_read(struct block_image *img, uint64_t offset, void *buf, size_t len)
{
    struct iovec iov = { buf, len };

    return block_image_readv(img, offset, &iov, 1, len);
}
