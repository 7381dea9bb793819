/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef HW_ISA_ICH9_H
#define HW_ISA_ICH9_H

#include "hw/isa/isa.h"

#define ICH9_PIRQS 8

/* The ISA bus below it. */
struct isa_bus *ich9_bus(struct device *d);
/* Where PIRQA to PIRQH (0 to 7) lead besides the ISA lines that they are routed to; where the SCI leads. */
void ich9_connect(struct device *d, unsigned pirq, struct irq_line line);
void ich9_connect_sci(struct device *d, struct irq_line sci);
struct irq_line ich9_powerdown(struct device *d);

#endif
