/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_IDE_PIIX_H
#define HW_IDE_PIIX_H

#include "system/device.h"

/* Where a channel's interrupt leads. */
void piix_ide_connect(struct device *d, unsigned channel, struct irq_line line);

#endif
