/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/edit.h"

struct edit *edit_new(const char *prompt, const struct edit_ops *ops, void *opaque)
{
    return NULL;
}

void edit_free(struct edit *e)
{
}

void edit_start(struct edit *e)
{
}

void edit_feed(struct edit *e, const uint8_t *buf, size_t len)
{
}
