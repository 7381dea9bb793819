/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the AHCI controller (ahci.c: the function and its registers; ahci_port.c: a port's command lists). */
#ifndef HW_IDE_AHCI_H
#define HW_IDE_AHCI_H

#include "hw/ide/ide.h"
#include "hw/pci/pci.h"

#define AHCI_PORTS 6
#define AHCI_SLOTS 32

/* Bits of PxIS and PxIE. */
enum ahci_interrupt {
    AHCI_IS_DHR = 1u << 0, AHCI_IS_PS = 1u << 1, AHCI_IS_DS = 1u << 2, AHCI_IS_SDB = 1u << 3, AHCI_IS_PC = 1u << 6,
    AHCI_IS_OF = 1u << 24, AHCI_IS_HBF = 1u << 29, AHCI_IS_TFE = 1u << 30,
    AHCI_IS_ALL = 0xfdc000ffu,
};

struct ahci;
struct ahci_queued;

struct ahci_port {
    /* registers (AHCI 1.3.1, 3.3) */
    uint64_t list, fis;             /* PxCLB, PxFB */
    uint32_t is, ie, cmd, sig, serr, sctl, sact, ci;
    uint8_t tf_status, tf_error;    /* PxTFD */
    /* state */
    struct ide_channel ide;         /* drive 0 is the port's */
    int8_t slot;                    /* of the command that is under way in ide; -1: none */
    bool halted;                    /* a command has failed: no other starts before ST is cleared */
    bool pio_in, in_reset;
    uint8_t next_slot;
    uint32_t moved;                 /* bytes of the command, for PRDBC */
    uint32_t prd, prd_at;           /* where in the command's table of regions it is */
    uint8_t failed_tag;             /* for the queued error log */
    uint8_t failed_error;
    uint64_t failed_sector;
    /* host */
    struct ahci *hba;
    unsigned number;
    bool running;                   /* ahci_port_run is active: events that come meanwhile are its business */
    struct ahci_queued *queued[AHCI_SLOTS];
};

struct ahci {
    struct pci_device pci;
    struct block_backend *drive[AHCI_PORTS];
    bool cd[AHCI_PORTS];
    /* registers */
    uint32_t ghc, index;
    struct ahci_port port[AHCI_PORTS];
    /* host */
    struct mem_region regs, ports;
};

/* Interrupts have been added to port p. */
void ahci_raise(struct ahci_port *p, uint32_t bits);
/* Recomputes the pin. */
void ahci_update(struct ahci *s);

/* Registers of a port, 4 bytes each, at offsets 0 to 0x7c. */
uint32_t ahci_port_read(struct ahci_port *p, unsigned offset);
void ahci_port_write(struct ahci_port *p, unsigned offset, uint32_t v);
/* Power-on and HBA reset (keep: registers that only power-on changes stay). */
void ahci_port_reset(struct ahci_port *p);
void ahci_port_init(struct ahci_port *p, struct ahci *s, unsigned number);
/* Nothing more comes after it. */
void ahci_port_detach(struct ahci_port *p);

/* ahci_ncq.c: a queued read or write from the H2D FIS; false: it can't be taken. */
bool ahci_queued_start(struct ahci_port *p, unsigned slot, const uint8_t *fis);
void ahci_queued_forget(struct ahci_port *p);
/* For it: moves len bytes between data and the memory of slot's table, going on at (*prd, *at). */
bool ahci_copy(struct ahci_port *p, unsigned slot, uint32_t *prd, uint32_t *at, bool to_memory, uint8_t *data,
               uint32_t len);
/* For it: bytes moved so far, in the command's header. */
void ahci_put_count(struct ahci_port *p, unsigned slot, uint32_t bytes);
/* For it: a Set Device Bits FIS that ends the queued commands of tags, with an error or 0. */
void ahci_device_bits(struct ahci_port *p, uint32_t tags, uint8_t error);

#endif
