/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fixed ACPI hardware of PC south bridges (ACPI specification 6.4, chapter 4.8): PM1 event and control blocks, PM
 * timer, GPE0. A part of its bridge's device, which lists ACPI_PM_STATE.
 */
#ifndef HW_ISA_ACPI_PM_H
#define HW_ISA_ACPI_PM_H

#include "system/device.h"

#define ACPI_GPE_BYTES_MAX 16

struct acpi_pm {
    /* saved */
    uint16_t pm1_sts, pm1_en, pm1_cnt;
    uint8_t gpe[ACPI_GPE_BYTES_MAX];        /* status bytes, then as many enable bytes */
    struct timer overflow;                  /* of the PM timer: TMR_STS */
    /* host */
    struct device *owner;
    struct irq_line sci;
    unsigned gpe_bytes;                     /* both halves */
    struct irq_line powerdown;              /* input: the power button */
};

#define ACPI_PM_STATE(type, f) \
    FIELD(type, f.pm1_sts), FIELD(type, f.pm1_en), FIELD(type, f.pm1_cnt), FIELD_BYTES(type, f.gpe), \
    TIMER(type, f.overflow)
#define ACPI_PM_HOST(type, f) \
    HOST(type, f.owner), HOST(type, f.sci), HOST(type, f.gpe_bytes), HOST(type, f.powerdown)

void acpi_pm_init(struct acpi_pm *pm, struct device *owner, unsigned gpe_bytes);
void acpi_pm_free(struct acpi_pm *pm);
void acpi_pm_reset(struct acpi_pm *pm);
/* Drives the SCI. */
void acpi_pm_update(struct acpi_pm *pm);

/* Registers at the offsets of the PM1a blocks and timer: 0 status, 2 enable, 4 control, 8 timer. Bytes. */
uint8_t acpi_pm_read(struct acpi_pm *pm, unsigned offset);
void acpi_pm_write(struct acpi_pm *pm, unsigned offset, uint8_t v);
uint8_t acpi_gpe_read(struct acpi_pm *pm, unsigned offset);
void acpi_gpe_write(struct acpi_pm *pm, unsigned offset, uint8_t v);
uint32_t acpi_pm_timer(struct acpi_pm *pm);
/* A general-purpose event has come. */
void acpi_gpe_raise(struct acpi_pm *pm, unsigned n);
/* Writes to the SMI command port that switch between legacy and ACPI mode. */
void acpi_pm_enable(struct acpi_pm *pm, bool on);
/* A write to that port raises an SMI: at the CPU that writes. */
void acpi_pm_smi(struct machine *m, struct mem_attrs attrs);

#endif
