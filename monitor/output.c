/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/output.h"

void output_init(struct output *o, struct chardev_fe *fe)
{
    o->fe = fe;
    o->waiting = g_string_new(NULL);
}

void output_free(struct output *o)
{
    g_string_free(o->waiting, true);
}

void output_writable(struct output *o)
{
    g_string_erase(o->waiting, 0, chardev_fe_write(o->fe, o->waiting->str, o->waiting->len));
}

void output_write(struct output *o, const char *text, size_t len)
{
    size_t taken = o->waiting->len ? 0 : chardev_fe_write(o->fe, text, len);

    if (o->waiting->len < OUTPUT_MAX) {
        g_string_append_len(o->waiting, text + taken, len - taken);
    }
}

void output_drop(struct output *o)
{
    g_string_truncate(o->waiting, 0);
}
