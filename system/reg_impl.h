/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Register tables, as device.c uses them. */
#ifndef SYSTEM_REG_IMPL_H
#define SYSTEM_REG_IMPL_H

#include "system/device.h"

/* Dispatch by d->type->regs; opaque is the device. */
extern const struct mmio_ops reg_mmio_ops;

/* Sets d->reg_index and d->reg_extent; the caller frees the index. */
void reg_index_build(struct device *d);

/* Sets the fields of t's registers (the device's type or a base of it) to their reset values. */
void regs_reset(struct device *d, const struct device_type *t);

/* Appends a line for each register with a field. */
void regs_describe(const struct device *d, const struct device_type *t, GString *out);

#endif
