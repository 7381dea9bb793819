/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISA bus of a PC: ports, and sixteen interrupt lines. A device's type has isa_device_type as its base and bus
 * isa_bus_type; its dev.mmio, if it has one, appears at port iobase, and its output 0 drives line irq. More ports and
 * lines by the calls below. Everything runs under the machine lock.
 */
#ifndef HW_ISA_ISA_H
#define HW_ISA_ISA_H

#include "system/device.h"
#include "system/irq.h"
#include "system/memory.h"

#define ISA_LINES 16
#define ISA_NO_IRQ UINT32_MAX

struct isa_bus {
    struct bus bus;
    struct mem_region *io;              /* the ports */
    struct irq_or lines[ISA_LINES];     /* their outputs lead to the interrupt controllers */
    uint8_t users[ISA_LINES];
};

struct isa_device {
    struct device dev;
    uint32_t iobase;                    /* properties; 0: none */
    uint32_t irq;                       /* 0 (the timer's), ISA_NO_IRQ: none */
};

extern const struct bus_type isa_bus_type;
extern const struct device_type isa_device_type;

void isa_bus_init(struct isa_bus *b, struct device *owner, struct machine *m, const char *name, struct mem_region *io);
void isa_bus_free(struct isa_bus *b, struct machine *m);

/* The bus that d is plugged in. */
struct isa_bus *isa_bus_of(struct isa_device *d);
/* A new source of line n (below ISA_LINES). */
struct irq_line isa_line(struct isa_bus *b, unsigned n);

/* Its two properties; a type with other names or defaults lists its own. */
#define ISA_PROPS(type, iobase_, irq_) \
    PROP_U32(type, isa.iobase, "iobase", iobase_, "first port", .max = 0xffff), \
    PROP_U32(type, isa.irq, "irq", irq_, "interrupt line", .max = ISA_LINES - 1)

#endif
