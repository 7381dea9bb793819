/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a monitor says goes to its chardev as fast as that takes it, and waits here otherwise. Main loop thread. */
#ifndef MONITOR_OUTPUT_H
#define MONITOR_OUTPUT_H

#include "chardev/chardev.h"

struct output {
    struct chardev_fe *fe;
    GString *waiting;
};

/* A peer that doesn't read loses what comes after so many bytes. */
#define OUTPUT_MAX (8u << 20)

void output_init(struct output *o, struct chardev_fe *fe);
void output_free(struct output *o);
void output_write(struct output *o, const char *text, size_t len);
/* The front end's writable callback. */
void output_writable(struct output *o);
/* Another peer than the one that this was for is there. */
void output_drop(struct output *o);

#endif
