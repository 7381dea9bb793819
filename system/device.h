/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device core. A device is a struct that starts with struct device, and a const struct device_type that describes
 * it in lists: registers, state that registers don't show, properties, handles of the host. Dispatch, reset, help,
 * introspection, snapshots and the generic tests are derived from the lists; a byte of the struct in no list fails the
 * generic test.
 *
 * Life: device_new (defaults, -global) → device_set_prop → device_realize (claims back ends, maps, may fail) → reset →
 * run → device_unrealize → device_delete. Everything here runs under the machine lock or before the machine runs.
 *
 * Reset and load have two phases over all devices: state first (table defaults, .reset), then .update recomputes
 * interrupt levels from state. A device sets its lines in .update only.
 */
#ifndef SYSTEM_DEVICE_H
#define SYSTEM_DEVICE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "system/clock.h"
#include "system/irq.h"
#include "system/memory.h"

struct machine;
struct device;
struct device_type;
struct bus;
struct chardev;
struct net_client;
struct block_backend;

/* ---- registers ---- */

/*
 * One register, or an array of count of them stride bytes apart. With a field: the value lives there (width bytes);
 * write is the mask of writable bits, w1c the mask of bits cleared by writing 1. Functions replace that (read, write)
 * or follow it (wrote). Accesses narrower or wider than width are adapted by the memory core.
 */
struct reg {
    const char *name;
    uint32_t offset;            /* in the MMIO region */
    uint16_t count;             /* 0 and 1: a single register */
    uint16_t stride;            /* bytes; 0: width */
    uint8_t width;              /* bytes the register has on the bus: 1, 2, 4 or 8 */
    bool has_field;
    uint8_t field_size;         /* bytes of one element in the struct: 1, 2, 4 or 8 */
    size_t field;               /* offset in the struct */
    uint64_t reset;             /* of the field */
    uint64_t write;
    uint64_t w1c;
    uint64_t (*read_fn)(struct device *d, unsigned index);              /* a debug access never comes here */
    void (*write_fn)(struct device *d, unsigned index, uint64_t value);
    void (*wrote)(struct device *d);
};

#define ALL8  0xffu
#define ALL16 0xffffu
#define ALL32 0xffffffffu
#define ALL64 UINT64_MAX

#define FIELD_SIZE_(type, field_) sizeof(((type *)0)->field_)

/* A register that lives in a field of the same name: REG(struct s, ctrl, 0x08, .write = ALL32, .reset = 1). */
#define REG(type, field_, offset_, ...) \
    { .name = #field_, .offset = (offset_), .width = FIELD_SIZE_(type, field_), .has_field = true, \
      .field = offsetof(type, field_), .field_size = FIELD_SIZE_(type, field_), ##__VA_ARGS__ }

/* An array of registers in an array field. */
#define REG_ARRAY(type, field_, offset_, ...) \
    { .name = #field_, .offset = (offset_), .width = FIELD_SIZE_(type, field_[0]), .has_field = true, \
      .count = FIELD_SIZE_(type, field_) / FIELD_SIZE_(type, field_[0]), \
      .field = offsetof(type, field_), .field_size = FIELD_SIZE_(type, field_[0]), ##__VA_ARGS__ }

/* A register that is computed: REG_FN(time, 0x00, 4, .read_fn = time_read). Without read_fn it reads as 0, without
 * write_fn writes are guest errors. */
#define REG_FN(name_, offset_, width_, ...) \
    { .name = #name_, .offset = (offset_), .width = (width_), ##__VA_ARGS__ }

/* ---- state that registers don't show ---- */

enum field_kind {
    FIELD_KIND_UINT,        /* little-endian integers of elem bytes (1, 2, 4, 8), signed or not, bool */
    FIELD_KIND_BYTES,       /* a buffer */
    FIELD_KIND_TIMER,       /* struct timer: its deadline */
    FIELD_KIND_POINTER,     /* pointer to an array of integers allocated by realize; its length in count_field */
    FIELD_KIND_STRUCTS,     /* the same of structs, each with the fields of a list of its own */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    size_t size;            /* bytes in the struct */
    size_t elem;            /* bytes of one element */
    size_t count_field;     /* FIELD_KIND_POINTER, _STRUCTS: offset of the uint32_t number of elements */
    const struct field *fields;     /* FIELD_KIND_STRUCTS: of one element, offsets from its start */
    size_t nfields;
    unsigned since;         /* version of the type that added it; 0 and 1: always there */
};

#define FIELD(type, f, ...) \
    { .name = #f, .kind = FIELD_KIND_UINT, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), \
      .elem = FIELD_SIZE_(type, f), ##__VA_ARGS__ }
#define FIELD_ARRAY(type, f, ...) \
    { .name = #f, .kind = FIELD_KIND_UINT, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), \
      .elem = FIELD_SIZE_(type, f[0]), ##__VA_ARGS__ }
#define FIELD_BYTES(type, f, ...) \
    { .name = #f, .kind = FIELD_KIND_BYTES, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), .elem = 1, \
      ##__VA_ARGS__ }
#define FIELD_POINTER(type, f, count, ...) \
    { .name = #f, .kind = FIELD_KIND_POINTER, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), \
      .elem = FIELD_SIZE_(type, f[0]), .count_field = offsetof(type, count), ##__VA_ARGS__ }
#define FIELD_STRUCTS(type, f, count, list, ...) \
    { .name = #f, .kind = FIELD_KIND_STRUCTS, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), \
      .elem = FIELD_SIZE_(type, f[0]), .count_field = offsetof(type, count), .fields = (list), \
      .nfields = G_N_ELEMENTS(list), ##__VA_ARGS__ }
#define TIMER(type, f, ...) \
    { .name = #f, .kind = FIELD_KIND_TIMER, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), \
      .elem = FIELD_SIZE_(type, f), ##__VA_ARGS__ }

/* ---- handles, locks, caches: not saved ---- */

struct host_field {
    const char *name;
    size_t offset, size;
};

#define HOST(type, f) { .name = #f, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f) }

/* ---- properties ---- */

enum prop_kind {
    PROP_KIND_BOOL,
    PROP_KIND_U8,
    PROP_KIND_U16,
    PROP_KIND_U32,
    PROP_KIND_U64,
    PROP_KIND_I32,
    PROP_KIND_SIZE,         /* uint64_t; "64K", "1.5G" */
    PROP_KIND_STRING,       /* char *, owned by the device */
    PROP_KIND_ENUM,         /* int: index in names */
    PROP_KIND_MAC,          /* uint8_t[6] */
    PROP_KIND_CHARDEV,      /* struct chardev *, by id */
    PROP_KIND_NETDEV,       /* struct net_client *, by id */
    PROP_KIND_DRIVE,        /* struct block_backend *, by id */
    PROP_KIND_LINK,         /* struct device *, by id */
};

struct prop {
    const char *name;
    enum prop_kind kind;
    size_t offset, size;
    uint64_t def;               /* numbers, bool, enum */
    const char *def_text;       /* string */
    uint64_t max;               /* numbers: 0 means the type's own limit */
    const char *const *names;   /* enum: NULL-terminated */
    const char *help;
    bool internal;              /* the board sets it; not shown to or taken from the user */
};

#define PROP_(type, f, name_, kind_, help_, ...) \
    { .name = name_, .kind = kind_, .offset = offsetof(type, f), .size = FIELD_SIZE_(type, f), .help = help_, \
      ##__VA_ARGS__ }
#define PROP_BOOL(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_BOOL, help, .def = (def_), ##__VA_ARGS__)
#define PROP_U8(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_U8, help, .def = (def_), ##__VA_ARGS__)
#define PROP_U16(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_U16, help, .def = (def_), ##__VA_ARGS__)
#define PROP_U32(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_U32, help, .def = (def_), ##__VA_ARGS__)
#define PROP_U64(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_U64, help, .def = (def_), ##__VA_ARGS__)
#define PROP_I32(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_I32, help, .def = (uint64_t)(int64_t)(def_), ##__VA_ARGS__)
#define PROP_SIZE(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_SIZE, help, .def = (def_), ##__VA_ARGS__)
#define PROP_STRING(type, f, name, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_STRING, help, .def_text = (def_), ##__VA_ARGS__)
#define PROP_ENUM(type, f, name, names_, def_, help, ...) \
    PROP_(type, f, name, PROP_KIND_ENUM, help, .names = (names_), .def = (def_), ##__VA_ARGS__)
#define PROP_MAC(type, f, name, help, ...) PROP_(type, f, name, PROP_KIND_MAC, help, ##__VA_ARGS__)
#define PROP_CHARDEV(type, f, name, help, ...) PROP_(type, f, name, PROP_KIND_CHARDEV, help, ##__VA_ARGS__)
#define PROP_NETDEV(type, f, name, help, ...) PROP_(type, f, name, PROP_KIND_NETDEV, help, ##__VA_ARGS__)
#define PROP_DRIVE(type, f, name, help, ...) PROP_(type, f, name, PROP_KIND_DRIVE, help, ##__VA_ARGS__)
#define PROP_LINK(type, f, name, help, ...) PROP_(type, f, name, PROP_KIND_LINK, help, ##__VA_ARGS__)

/* Properties of any struct (devices, boards, CPU types use the same lists). where names the owner in errors:
 * "-device ns16550a". NULL-terminated lists of lists are not needed: callers loop. */
void prop_set_defaults(void *obj, const struct prop *props, size_t count);
/* value as on the command line; a bool takes on/off (also yes/no/true/false). False and *err: one line that names what
 * is accepted. m resolves ids of back ends; it may be NULL where no such property exists. */
bool prop_parse(struct machine *m, void *obj, const struct prop *prop, const char *where, const char *value,
                GError **err);
/* The value as text (g_free it), NULL for an unset pointer. */
char *prop_format(struct machine *m, const void *obj, const struct prop *prop);
void prop_free(void *obj, const struct prop *props, size_t count);
/* "  name=<size>   help (default: x)" lines. */
void prop_help(const struct prop *props, size_t count, GString *out);

/* ---- buses ---- */

struct bus_type {
    const char *name;           /* "virtio-bus", "PCI" */
    /* Before the device's realize: takes a place (slot, transport) and may set up the device. */
    bool (*attach)(struct bus *bus, struct device *d, GError **err);
    void (*detach)(struct bus *bus, struct device *d);
};

/* A place to plug devices in; in its owner's memory. */
struct bus {
    const struct bus_type *type;
    char *name;                 /* unique in the machine: "pcie.0", "virtio-mmio-bus.3" */
    struct device *owner;       /* NULL: the board */
    GPtrArray *children;        /* of struct device */
    unsigned max;               /* children that fit; 0: any number */
};

void bus_init(struct bus *b, struct machine *m, const struct bus_type *type, struct device *owner, const char *name);
void bus_free(struct bus *b, struct machine *m);

/* ---- types and devices ---- */

#define DEVICE_IRQS_MAX 4

/* Lists of one type; written by the TABLES macros. */
struct device_type {
    const char *name;           /* of -device and "info qtree" */
    const char *help;           /* one line */
    const char *fdt;            /* compatible string(s), separated by '\1' where several */
    size_t size;                /* of the state struct */
    const struct device_type *base; /* lists and hooks of the struct's first member (a PCI or virtio device); its
                                     * realize, reset, update come before this type's, its unrealize after */
    const struct bus_type *bus; /* where it plugs in; NULL: the system bus, only the board makes it unless user */
    bool user;                  /* a system-bus type that -device may create */
    bool abstract;              /* only a base */

    const struct reg *regs;
    size_t reg_count;
    const struct field *state;
    size_t state_count;
    const struct prop *props;
    size_t prop_count;
    const struct host_field *host;
    size_t host_count;

    uint64_t mmio_size;         /* of the region dev.mmio, 0: none (a hook may also set dev.mmio.size before mapping) */
    const struct mmio_ops *mmio;    /* raw callbacks (opaque is the device) instead of the register table; with a table
                                     * and read == NULL only its sizes and flags count */
    bool one_reg;               /* an access reaches the register at its address only, whatever its size (8-bit
                                 * chips) */
    unsigned irqs;              /* output lines used, up to DEVICE_IRQS_MAX */

    bool (*realize)(struct device *d, GError **err);
    void (*unrealize)(struct device *d);
    void (*reset)(struct device *d);        /* after the table's defaults; state only, no lines */
    void (*update)(struct device *d);       /* recompute lines from state: after reset and load */
    bool (*after_load)(struct device *d, GError **err); /* check and complete loaded state; before update */
    void (*irq_in)(struct device *d, unsigned n, bool level);   /* input lines */
    /* An interrupt controller that gives vectors: takes the highest request into service; -1: there is none. */
    int (*acknowledge)(struct device *d);
    const struct device_type *child;    /* a device that comes with this one (virtio-blk-pci: the virtio disk): device_new makes it;
                                 * properties that this type lacks are the child's; this type's realize realizes it */
    const void *desc;           /* what the bus needs: struct pci_desc, struct virtio_desc */
};

/* regs, state, props, host: the four static arrays of the file. TABLES for all of them, else one by one. */
#define REGS(a)  .regs = (a), .reg_count = G_N_ELEMENTS(a)
#define STATE(a) .state = (a), .state_count = G_N_ELEMENTS(a)
#define PROPS(a) .props = (a), .prop_count = G_N_ELEMENTS(a)
#define HOSTS(a) .host = (a), .host_count = G_N_ELEMENTS(a)
#define TABLES(type, regs_, state_, props_) .size = sizeof(type), REGS(regs_), STATE(state_), PROPS(props_)

/* The part that every device has; first member of its state struct. */
struct device {
    const struct device_type *type;
    struct machine *m;
    char *id;                   /* from the user or the board; NULL: none */
    struct bus *parent_bus;     /* NULL: system bus */
    struct device *child;       /* of type->child; not realized: ours to delete, else its bus's */
    bool realized;
    bool in_mmio;               /* the busy flag of all its regions, see mem_region */
    struct mem_region mmio;     /* if the type has one; the board maps it */
    struct irq_line irq[DEVICE_IRQS_MAX];   /* outputs; the board connects them */
    const uint8_t *reg_index;   /* offset → 1 + index in regs; see reg.c */
    uint32_t reg_extent;        /* size of reg_index */
    const struct mmio_ops *own_ops; /* table dispatch with the type's limits; NULL: none set */
    uint32_t fdt_phandle;       /* 0: not in the device tree yet */
};

/* All types in the program, NULL-terminated; generated from the device_types lists in meson.build. */
extern const struct device_type *const device_types[];
const struct device_type *device_type_find(const char *name);

/* A new device with default properties (-global applied). id may be NULL. Only fails on a bad -global. */
struct device *device_new(struct machine *m, const struct device_type *type, const char *id, GError **err);
/* One property from text. "id" and "bus" are not properties: -device handles them. */
bool device_set_prop(struct device *d, const char *name, const char *value, GError **err);
/* The same for the board: asserts that the property exists and the value is good. */
void device_set_text(struct device *d, const char *name, const char *value);
void device_set_uint(struct device *d, const char *name, uint64_t value);
void device_set_pointer(struct device *d, const char *name, void *value);
const struct prop *device_find_prop(const struct device_type *type, const char *name);

/* Attaches to bus (NULL: system bus), creates the MMIO region, realizes. On failure the device is as before; delete
 * it. */
bool device_realize(struct device *d, struct bus *bus, GError **err);
/* Undoes realize: unmaps, leaves the bus. */
void device_unrealize(struct device *d);
/* Unrealizes if needed, frees. */
void device_delete(struct device *d);

/* The two phases of reset for one device (hot plug, bus reset); machine_reset does all. */
void device_reset(struct device *d);
void device_update(struct device *d);

/* Maps dev.mmio at addr of the machine's memory, priority 0. */
void device_map(struct device *d, paddr addr);
/* Connects output n. */
void device_connect(struct device *d, unsigned n, struct irq_line line);
/* The n-th input line, for device_connect of others. */
struct irq_line device_input(struct device *d, unsigned n);

struct device *device_find(struct machine *m, const char *id);

/* "X,help" of -device, and the list of "-device help". */
void device_help(const struct device_type *type, GString *out);
void device_list_help(GString *out);
/* info qtree; info device ID: registers with values. */
void device_describe(struct device *d, GString *out);

#endif
