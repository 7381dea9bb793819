/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a board places and connects Arm's interrupt controllers. */
#ifndef HW_INTC_GIC_H
#define HW_INTC_GIC_H

#include "system/device.h"

enum { GIC_INTERNAL = 32, GIC_SGIS = 16 };

/* A GIC's input for SPI n is device_input(d, n); that of CPU c's private interrupt ppi (16 to 31): */
struct irq_line gic_ppi(struct device *d, unsigned cpu, unsigned ppi);

#define GICV2_DIST_BYTES 0x1000
#define GICV2_CPU_BYTES 0x2000
/* Maps the CPU interface, and with virtualization the hypervisor's registers and the virtual CPU interface. The
 * distributor is the device's own region. */
void gicv2_map(struct device *d, paddr cpu, paddr hyp, paddr vcpu);

#define GICV3_DIST_BYTES 0x10000
#define GICV3_REDIST_BYTES 0x20000          /* for each CPU */
#define GICV3_ITS_BYTES 0x20000
/* Maps count redistributors from CPU `first` on. The distributor is the device's own region. */
void gicv3_map_redist(struct device *d, paddr addr, unsigned first, unsigned count);

#endif
