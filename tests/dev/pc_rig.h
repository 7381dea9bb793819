/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine for devices of PCs: ports, an ISA bus with sixteen lines to look at, and CPU structs that do not run. */
#ifndef TESTS_DEV_PC_RIG_H
#define TESTS_DEV_PC_RIG_H

#include "hw/isa/isa.h"
#include "system/x86.h"
#include "tests/dev/rig.h"

struct pc_rig {
    struct rig r;               /* r.d: the device under test */
    struct isa_bus isa;
    bool line[ISA_LINES];       /* levels of the ISA lines */
};

/* A device of the ISA bus (type->bus is it) or of the system bus, realized and reset. */
void pc_rig_init(struct pc_rig *p, const char *type);
/* The same without realizing it: properties can be set; then pc_rig_start. */
void pc_rig_new(struct pc_rig *p, const char *type);
void pc_rig_start(struct pc_rig *p);
void pc_rig_free(struct pc_rig *p);

uint32_t port_in(struct pc_rig *p, uint16_t port, unsigned size);
void port_out(struct pc_rig *p, uint16_t port, unsigned size, uint32_t v);
#define inb(p, port) port_in(p, port, 1)
#define outb(p, port, v) port_out(p, port, 1, v)

#endif
