/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables for a guest (ACPI specification 6.5), whatever its instruction set: a board writes its tables one after the
 * other into one blob, and gets it together with the RSDP and a script for the guest's firmware, which places both,
 * patches the addresses and fixes the checksums (QEMU's "table-loader" of fw_cfg). Little-endian throughout. Main thread,
 * before the machine runs.
 */
#ifndef SYSTEM_ACPI_H
#define SYSTEM_ACPI_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of the files in fw_cfg. */
#define ACPI_FILE_TABLES "etc/acpi/tables"
#define ACPI_FILE_RSDP "etc/acpi/rsdp"
#define ACPI_FILE_LOADER "etc/table-loader"

struct acpi {
    GByteArray *tables;         /* what is written; its end is where the next byte goes */
    GByteArray *rsdp;           /* empty until acpi_finish */
    GByteArray *loader;
    GArray *listed;             /* of uint32_t: starts of the tables that the XSDT names */
    uint32_t open;              /* start of the table being written */
    uint32_t dsdt, facs;        /* starts, once written; 0: none */
};

struct acpi *acpi_new(void);
void acpi_delete(struct acpi *a);

/* A table: its 36 bytes of header, then what the caller appends, up to acpi_end. Returns its start. The XSDT lists it
 * unless it is the DSDT or FACS (for FACS see acpi_facs). */
uint32_t acpi_begin(struct acpi *a, const char *signature, uint8_t revision);
void acpi_end(struct acpi *a);

void acpi_put(struct acpi *a, uint64_t value, unsigned bytes);
void acpi_zeroes(struct acpi *a, unsigned bytes);
void acpi_text(struct acpi *a, const char *text, unsigned bytes);      /* padded with zeroes */
/* A field of 4 or 8 bytes that holds the address of a table which has been written. */
void acpi_address(struct acpi *a, uint32_t table, unsigned bytes);
/* Generic address structure: space 0 memory, 1 I/O; bits wide; access 0 any, 1 to 4 for 8 to 64 bits. */
void acpi_gas(struct acpi *a, unsigned space, unsigned bits, unsigned access, uint64_t address);
/* Overwrites bytes that were written before, at an offset in the blob. */
void acpi_patch(struct acpi *a, uint32_t offset, uint64_t value, unsigned bytes);
/* The firmware ACPI control structure, which has no header of the usual kind. Returns its start. */
uint32_t acpi_facs(struct acpi *a);

/* Writes XSDT (and RSDT for rsdp_revision 0) and RSDP. After it tables, rsdp and loader are the three files. */
void acpi_finish(struct acpi *a, unsigned rsdp_revision);

/* ---- AML (chapter 20), for DSDT and SSDT: appended to the open table, or to any array ---- */

/* Terms that contain others: what lies between the call and aml_close(start) is inside. */
uint32_t aml_scope(GByteArray *b, const char *path);
uint32_t aml_device(GByteArray *b, const char *name);
uint32_t aml_method(GByteArray *b, const char *name, unsigned args, bool serialized);
uint32_t aml_package(GByteArray *b, unsigned elements);
uint32_t aml_if(GByteArray *b);         /* the predicate is the first term inside */
uint32_t aml_else(GByteArray *b);       /* right after an aml_if that was closed */
/* The rows of a region that aml_region has declared: accesses by the byte, other bits keep their value. */
uint32_t aml_field(GByteArray *b, const char *region);
void aml_close(GByteArray *b, uint32_t start);

/* OperationRegion in an address space (0 memory, 1 I/O, 2 PCI configuration); a row of a field, name NULL: a gap. */
void aml_region(GByteArray *b, const char *name, unsigned space, uint64_t offset, uint64_t len);
void aml_field_row(GByteArray *b, const char *name, unsigned bits);

/* Name (path, ...): the value is the next term. Paths as in ASL: "\\_SB", "PCI0", "^FOO", "_SB.PCI0". */
void aml_name(GByteArray *b, const char *path);
void aml_path(GByteArray *b, const char *path);
void aml_int(GByteArray *b, uint64_t v);
void aml_string(GByteArray *b, const char *text);
void aml_eisaid(GByteArray *b, const char *id);         /* "PNP0A08" */
void aml_bytes(GByteArray *b, const void *data, unsigned len);      /* a Buffer */
void aml_uuid(GByteArray *b, const char *uuid);         /* ToUUID: a Buffer */
void aml_return(GByteArray *b);                         /* the value is the next term */
void aml_op(GByteArray *b, uint8_t op);                 /* any other opcode: operands follow as terms */

/* Opcodes that need no function of their own, for aml_op. */
enum aml_opcode { AML_LOCAL0 = 0x60, AML_ARG0 = 0x68, AML_ARG1 = 0x69, AML_ARG2 = 0x6a, AML_ARG3 = 0x6b, AML_STORE = 0x70,
                  AML_AND = 0x7b, AML_OR = 0x7d, AML_NOTIFY = 0x86, AML_CREATE_DWORD_FIELD = 0x8a, AML_LEQUAL = 0x93,
                  AML_LLESS = 0x95, AML_NULL = 0x00 };

/* Shorthands. */
void aml_name_int(GByteArray *b, const char *path, uint64_t v);
void aml_name_string(GByteArray *b, const char *path, const char *text);
void aml_name_eisaid(GByteArray *b, const char *path, const char *id);

/* A resource template (6.4): a Buffer with descriptors, up to aml_resources_end. */
uint32_t aml_resources(GByteArray *b);
void aml_resources_end(GByteArray *b, uint32_t start);
void aml_res_memory32(GByteArray *b, bool writable, uint32_t base, uint32_t len);
void aml_res_io(GByteArray *b, uint16_t base, uint8_t len);
void aml_res_irq(GByteArray *b, unsigned irq);          /* of an ISA controller: edge, active high */
enum aml_interrupt { AML_LEVEL_HIGH = 0x01, AML_EDGE_HIGH = 0x03, AML_LEVEL_LOW = 0x05, AML_SHARED_LEVEL_HIGH = 0x09 };
/* One of n (below 64). */
void aml_res_interrupts(GByteArray *b, enum aml_interrupt mode, const uint32_t *gsis, unsigned n);
void aml_res_interrupt(GByteArray *b, enum aml_interrupt mode, uint32_t gsi);
/* A rising edge of a pin of the GPIO controller at path. */
void aml_res_gpio_interrupt(GByteArray *b, uint16_t pin, const char *path);
/* Address spaces that a bridge forwards: type 0 memory, 1 I/O, 2 bus numbers; bytes of the fields 2, 4, 8. */
void aml_res_window(GByteArray *b, unsigned type, unsigned bytes, uint64_t first, uint64_t last, uint64_t translation);

#endif
