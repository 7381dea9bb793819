/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A board: a table of places on the system bus, and code for what is truly odd. Instantiation, wiring, the overlap
 * check and the device tree are derived from the rows.
 */
#ifndef SYSTEM_BOARD_H
#define SYSTEM_BOARD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/device.h"
#include "system/memory.h"

struct fdt;
struct machine;

/* One device of the board, or (without a type) an area whose owner the board's code makes. */
struct place {
    const char *id;
    const char *type;           /* device type name; NULL: only an area of the memory map */
    paddr addr;
    uint64_t size;              /* 0: the device type's */
    const char *node;           /* of the device tree: "serial" of serial@10000000; NULL: none, or the board's code */
    unsigned irq;               /* input of the board's interrupt controller; 0: none */
    unsigned serial;            /* 1 + index in opt.serial of its "chardev" property; 0: none */
    bool isa;                   /* addr is a port and irq a line of the ISA bus; always late */
    bool late;                  /* made by the board's code (needs properties); still in the map, the docs and the
                                 * check */
};

struct board {
    const char *name;           /* of -machine */
    const char *alias;          /* NULL: none */
    const char *desc;
    const char *isa;            /* "riscv": the CPU type */
    unsigned elf_machine;       /* e_machine of its ELF files */
    unsigned max_cpus;
    uint64_t default_ram;       /* bytes */
    const char *vga;            /* type of the graphics card that it has by default, and makes itself; NULL: none */
    unsigned ide_units;         /* how many -drive if=ide there may be; where any, that is what -drive means */
    const char *nic;            /* what -nic means without model=; NULL: virtio */
    size_t size;                /* of the board's state struct */
    const struct prop *props;   /* of -machine, in that struct */
    size_t prop_count;
    const struct place *places;
    size_t place_count;
    bool (*init)(struct machine *m, GError **err);  /* makes everything */
    void (*free)(struct machine *m);
};

#define PLACES(a) .places = (a), .place_count = G_N_ELEMENTS(a)

/* All boards in the program, NULL-terminated; generated from boards in meson.build. */
extern const struct board *const boards[];
/* By name or alias; isa NULL: any (the first). */
const struct board *board_find(const char *isa, const char *name);

const struct place *place_find(const struct board *board, const char *id);

/* Makes, connects (intc's input irq) and maps the device of one row; NULL and *err on failure. */
struct device *place_make(struct machine *m, const struct place *p, struct device *intc, GError **err);
/* The device tree nodes (parent/node@addr) of the rows that have one and whose device was made, with reg and compatible;
 * more() adds what the board's interrupt controller and the kind of device need. A new node goes in front of its brothers,
 * so the last row stands first in the tree and is probed first. */
void places_fdt(struct machine *m, struct fdt *f, const char *parent,
                void (*more)(void *opaque, const struct place *p, const char *path), void *opaque);
/* The path of one of them; g_free. */
char *place_path(const struct place *p, const char *parent);

/* All rows with a type that are not late, in order. */
bool places_make(struct machine *m, struct device *intc, GError **err);

#endif
