/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI and PCI Express devices ("PCI Local Bus Specification 3.0", "PCI Express Base Specification 5.0"): configuration
 * space, BARs, interrupt pins and messages, bus mastering. A host bridge (gpex.c) owns the bus and the windows.
 *
 * A PCI device's type has pci_device_type as its base and a struct pci_desc as desc; its realize adds BARs and
 * capabilities. Everything runs under the machine lock.
 */
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "system/device.h"
#include "system/memory.h"

#define PCI_CONFIG_BYTES 256
#define PCIE_CONFIG_BYTES 4096
#define PCI_BARS 7
#define PCI_ROM_BAR 6           /* the expansion ROM's base address register counts as the last one */
#define PCI_PINS 4
#define PCI_LINES 8             /* that a root bus may have */
#define PCI_DEVFNS 256

enum pci_config {
    PCI_VENDOR_ID = 0x00, PCI_DEVICE_ID = 0x02, PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_REVISION = 0x08,
    PCI_CLASS = 0x09, PCI_CACHE_LINE = 0x0c, PCI_HEADER_TYPE = 0x0e, PCI_BAR0 = 0x10, PCI_SUBSYSTEM_VENDOR = 0x2c, PCI_SUBSYSTEM = 0x2e,
    PCI_ROM_ADDRESS = 0x30, PCI_CAP_PTR = 0x34, PCI_INT_LINE = 0x3c, PCI_INT_PIN = 0x3d,
};
enum { PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4, PCI_COMMAND_INTX_OFF = 0x400 };
enum { PCI_STATUS_INT = 8, PCI_STATUS_CAPS = 0x10 };
enum { PCI_CAP_MSI = 0x05, PCI_CAP_VENDOR = 0x09, PCI_CAP_MSIX = 0x11 };

#define PCI_MSIX_VECTORS_MAX 2048

/* device_type.desc starts with it. */
struct pci_desc {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code;        /* 24 bits: class, subclass, programming interface */
    uint8_t revision;
    uint8_t pin;                /* INTx pin 1 to 4; 0: none */
};

enum pci_bar_kind { PCI_BAR_IO, PCI_BAR_MEM32, PCI_BAR_MEM64, PCI_BAR_ROM };

struct pci_bar {
    struct mem_region *region;  /* of the device; NULL: no such BAR */
    uint64_t size;
    enum pci_bar_kind kind;
    bool mapped;
};

struct pci_bus;

struct pci_device {
    struct device dev;
    /* properties */
    char *addr;                 /* "SLOT[.FUNCTION]", hexadecimal */
    bool multifunction;
    char *romfile;              /* NULL: the type's own; "": none */
    uint32_t rombar;
    /* state */
    uint8_t config[PCIE_CONFIG_BYTES];
    uint8_t intx;               /* level of its pin */
    uint8_t *msix_table, *msix_pba;     /* little-endian, as the guest sees them */
    /* host */
    uint8_t wmask[PCIE_CONFIG_BYTES];   /* bits that the guest may write */
    struct pci_bar bars[PCI_BARS];
    struct pci_bus *bus;
    uint8_t devfn;
    uint8_t cap_end;            /* first free byte for capabilities */
    uint8_t msi_cap, msix_cap;  /* offsets in config[] */
    uint16_t msix_vectors;      /* 0: no MSI-X */
    uint32_t msix_table_bytes, msix_pba_bytes, msix_pba_offset;
    struct mem_region msix_region;
    struct mem_region rom;
    struct mem_region master_root, master_alias;
    struct address_space as;    /* what its DMA sees: nothing until Bus Master Enable */
    /* After a configuration write of the guest; NULL: nothing more to do. */
    void (*config_written)(struct pci_device *d, unsigned offset, unsigned size);
    /* Before a configuration read; may refresh config[]. */
    void (*config_read)(struct pci_device *d, unsigned offset, unsigned size);
};

/* The bus below a host bridge. */
struct pci_bus {
    struct bus bus;
    struct pci_device *devices[PCI_DEVFNS];
    struct mem_region *memory, *io;     /* PCI memory space, PCI I/O space */
    struct irq_line pins[PCI_LINES];    /* INTA to INTD of slot 0, others rotate; with route: its lines */
    unsigned levels[PCI_LINES];         /* how many devices drive each */
    unsigned (*route)(struct pci_bus *b, uint8_t devfn, unsigned pin);  /* line of a pin (0 to 3); NULL: they rotate */
    bool msi;                           /* the platform takes messages: functions offer MSI and MSI-X */
};

extern const struct bus_type pci_bus_type;
extern const struct device_type pci_device_type;

/* In realize: a BAR for a region of the device; size a power of two, at least 16 bytes. */
void pci_add_bar(struct pci_device *d, unsigned n, enum pci_bar_kind kind, bool prefetch, struct mem_region *region);
/* In realize: the expansion ROM, from romfile= or else the file of this name (NULL: none), looked for where firmware is. A
 * device whose own file is not installed goes without. */
bool pci_add_rom(struct pci_device *d, const char *name, GError **err);
/* In unrealize, before the regions are freed. */
void pci_remove_bars(struct pci_device *d);
/* Adds a capability of len bytes (with its two header bytes); the offset of its start in config[]. */
unsigned pci_add_capability(struct pci_device *d, uint8_t id, unsigned len);
/* The level of its pin; not driven while messages are enabled. */
void pci_set_intx(struct pci_device *d, bool level);

/* ---- messages (msi.c) ---- */

/* In realize; both do nothing where the bus has no msi. MSI with a power of two of vectors, up to 32, each maskable. */
void pci_msi_init(struct pci_device *d, unsigned vectors);
/* MSI-X with up to PCI_MSIX_VECTORS_MAX vectors (0: none), whose table has the BAR for itself. */
void pci_msix_init(struct pci_device *d, unsigned vectors, unsigned bar);
/* In unrealize, after pci_remove_bars. */
void pci_msi_free(struct pci_device *d);
/* Has the guest enabled either? Then interrupts are messages. */
bool pci_msi_on(const struct pci_device *d);
/* One interrupt of a vector: sent, or pending while masked; nothing while neither is enabled. Machine lock. */
void pci_msi_send(struct pci_device *d, unsigned vector);
/* For pci.c: after the guest's write of configuration space; at a reset. */
void pci_msi_config_written(struct pci_device *d);
void pci_msi_reset(struct pci_device *d);

/* The host bridge's view. Reads of what is not there give all ones. */
uint32_t pci_config_read(struct pci_bus *b, uint8_t bus, uint8_t devfn, unsigned offset, unsigned size);
void pci_config_write(struct pci_bus *b, uint8_t bus, uint8_t devfn, unsigned offset, unsigned size, uint32_t v);
void pci_bus_init(struct pci_bus *b, struct device *owner, const char *name, struct mem_region *memory, struct mem_region *io);
/* What route says has changed. */
void pci_bus_reroute(struct pci_bus *b);
void pci_bus_free(struct pci_bus *b, struct machine *m);

static inline uint16_t pci_get16(const uint8_t *p) { return p[0] | p[1] << 8; }
static inline uint32_t pci_get32(const uint8_t *p) { return pci_get16(p) | (uint32_t)pci_get16(p + 2) << 16; }
static inline void pci_put16(uint8_t *p, uint16_t v) { p[0] = v; p[1] = v >> 8; }
static inline void pci_put32(uint8_t *p, uint32_t v) { pci_put16(p, v); pci_put16(p + 2, v >> 16); }

#endif
