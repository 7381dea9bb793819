/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block/block_impl.h"

struct block_image *block_snapshot_over(struct block_image *base, const char *where, GError **err)
{
    g_set_error(err, BLOCK_ERROR, 0, "%s: snapshot=on is not supported in this build", where);
    block_image_close(base);
    return NULL;
}
