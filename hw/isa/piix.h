/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_ISA_PIIX_H
#define HW_ISA_PIIX_H

#include "hw/isa/isa.h"

/* The ISA bus below a PIIX3. */
struct isa_bus *piix3_bus(struct device *d);
/* PIIX4 PM: where the SCI leads; its power button. */
void piix4_pm_connect(struct device *d, struct irq_line sci);
struct irq_line piix4_pm_powerdown(struct device *d);

#endif
