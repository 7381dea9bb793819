/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compressed clusters: raw deflate streams or zstd frames, packed without regard to cluster borders. */
#include "block/qcow2.h"

#include <errno.h>
#include <zlib.h>

#include "config.h"

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#define DEFLATE_WINDOW_BITS -12   /* raw, a window of 4 KiB: what the format says */

void qcow2_compressed_place(const struct qcow2 *q, uint64_t entry, uint64_t *offset, size_t *len)
{
    unsigned offset_bits = 62 - (q->cluster_bits - 8);
    uint64_t more_sectors = (entry & (QCOW2_COMPRESSED - 1)) >> offset_bits;

    *offset = entry & ((UINT64_C(1) << offset_bits) - 1);
    *len = (more_sectors + 1) * BLOCK_SECTOR - (*offset & (BLOCK_SECTOR - 1));
}

static int inflate_cluster(const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
    z_stream z = { .next_in = (uint8_t *)in, .avail_in = len, .next_out = out, .avail_out = out_len };
    int ret;

    if (inflateInit2(&z, DEFLATE_WINDOW_BITS) != Z_OK) {
        return -ENOMEM;
    }
    ret = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return (ret == Z_STREAM_END || ret == Z_BUF_ERROR) && !z.avail_out ? 0 : -EIO;
}

#ifdef HAVE_ZSTD
/* A stream rather than one call: what follows the frame in the last sector belongs to the next cluster. */
static int zstd_cluster(const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
    ZSTD_inBuffer from = { in, len, 0 };
    ZSTD_outBuffer to = { out, out_len, 0 };
    ZSTD_DCtx *d = ZSTD_createDCtx();
    size_t ret;

    if (!d) {
        return -ENOMEM;
    }
    do {
        size_t before = from.pos + to.pos;

        ret = ZSTD_decompressStream(d, &to, &from);
        if (ZSTD_isError(ret) || from.pos + to.pos == before) {
            break;
        }
    } while (to.pos < out_len);
    ZSTD_freeDCtx(d);
    return !ZSTD_isError(ret) && to.pos == out_len ? 0 : -EIO;
}
#endif

int qcow2_decompress(unsigned compression, const uint8_t *in, size_t len, uint8_t *out, size_t out_len)
{
#ifdef HAVE_ZSTD
    if (compression == QCOW2_ZSTD) {
        return zstd_cluster(in, len, out, out_len);
    }
#endif
    return inflate_cluster(in, len, out, out_len);
}
