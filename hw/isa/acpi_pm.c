/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/isa/acpi_pm.h"

#include <string.h>

#include "system/cpu.h"
#include "system/machine.h"
#include "util/log.h"

#define PM_TIMER_HZ 3579545
#define PM_TIMER_BITS 24        /* TMR_STS is set when the top bit changes */

enum { STS = 0, EN = 2, CNT = 4, TMR = 8 };
enum { TMR_STS = 1 << 0, GBL_STS = 1 << 5, PWRBTN_STS = 1 << 8, RTC_STS = 1 << 10, WAK_STS = 1 << 15 };
enum { CNT_SCI_EN = 1 << 0, CNT_SLP_TYP_SHIFT = 10, CNT_SLP_EN = 1 << 13 };
enum { SLP_SOFT_OFF = 0, SLP_S3 = 1 };

static int64_t now_ns(const struct acpi_pm *pm)
{
    return clock_now_ns(&pm->owner->m->virtual_clock);
}

uint32_t acpi_pm_timer(struct acpi_pm *pm)
{
    return clock_ns_to_ticks(now_ns(pm), PM_TIMER_HZ) & ((1u << PM_TIMER_BITS) - 1);
}

/* When the timer's top bit changes next. */
static int64_t next_overflow_ns(const struct acpi_pm *pm)
{
    uint64_t half = 1u << (PM_TIMER_BITS - 1), ticks = clock_ns_to_ticks(now_ns(pm), PM_TIMER_HZ);

    return clock_ticks_to_ns((ticks / half + 1) * half, PM_TIMER_HZ);
}

static void overflowed(void *opaque)
{
    struct acpi_pm *pm = opaque;

    pm->pm1_sts |= TMR_STS;
    timer_set_ns(&pm->overflow, next_overflow_ns(pm));
    acpi_pm_update(pm);
}

void acpi_pm_update(struct acpi_pm *pm)
{
    bool level = (pm->pm1_sts & pm->pm1_en & (TMR_STS | GBL_STS | PWRBTN_STS | RTC_STS)) != 0;

    for (unsigned i = 0; i < pm->gpe_bytes / 2; i++) {
        level |= (pm->gpe[i] & pm->gpe[pm->gpe_bytes / 2 + i]) != 0;
    }
    irq_set(&pm->sci, level && (pm->pm1_cnt & CNT_SCI_EN));
    /* Nobody watches the status while the interrupt is off or there already. */
    if ((pm->pm1_en & TMR_STS) && !(pm->pm1_sts & TMR_STS)) {
        if (!timer_armed(&pm->overflow)) {
            timer_set_ns(&pm->overflow, next_overflow_ns(pm));
        }
    } else {
        timer_stop(&pm->overflow);
    }
}

static void sleep_now(struct acpi_pm *pm)
{
    unsigned type = pm->pm1_cnt >> CNT_SLP_TYP_SHIFT & 7;

    if (type == SLP_S3) {
        log_unimp("ACPI: S3 is not there yet: the machine powers off");
    }
    machine_request_shutdown(pm->owner->m, CAUSE_GUEST_SHUTDOWN, 0);
}

uint8_t acpi_pm_read(struct acpi_pm *pm, unsigned offset)
{
    switch (offset & ~1u) {
    case STS:
        return pm->pm1_sts >> (offset & 1) * 8;
    case EN:
        return pm->pm1_en >> (offset & 1) * 8;
    case CNT:
        return pm->pm1_cnt >> (offset & 1) * 8;
    case TMR:
    case TMR + 2:
        return acpi_pm_timer(pm) >> (offset & 3) * 8;
    default:
        return 0;
    }
}

static uint16_t with_byte(uint16_t old, unsigned offset, uint8_t v)
{
    return offset & 1 ? (old & 0x00ff) | v << 8 : (old & 0xff00) | v;
}

void acpi_pm_write(struct acpi_pm *pm, unsigned offset, uint8_t v)
{
    switch (offset & ~1u) {
    case STS:
        pm->pm1_sts &= ~(v << (offset & 1) * 8);
        break;
    case EN:
        pm->pm1_en = with_byte(pm->pm1_en, offset, v);
        break;
    case CNT:
        pm->pm1_cnt = with_byte(pm->pm1_cnt, offset, v) & ~CNT_SLP_EN;
        if ((offset & 1) && (v << 8 & CNT_SLP_EN)) {
            sleep_now(pm);
        }
        break;
    }
    acpi_pm_update(pm);
}

uint8_t acpi_gpe_read(struct acpi_pm *pm, unsigned offset)
{
    return offset < pm->gpe_bytes ? pm->gpe[offset] : 0xff;
}

void acpi_gpe_write(struct acpi_pm *pm, unsigned offset, uint8_t v)
{
    if (offset < pm->gpe_bytes / 2) {
        pm->gpe[offset] &= ~v;
    } else if (offset < pm->gpe_bytes) {
        pm->gpe[offset] = v;
    }
    acpi_pm_update(pm);
}

void acpi_gpe_raise(struct acpi_pm *pm, unsigned n)
{
    g_assert(n / 8 < pm->gpe_bytes / 2);
    pm->gpe[n / 8] |= 1u << n % 8;
    acpi_pm_update(pm);
}

void acpi_pm_enable(struct acpi_pm *pm, bool on)
{
    pm->pm1_cnt = on ? pm->pm1_cnt | CNT_SCI_EN : pm->pm1_cnt & ~CNT_SCI_EN;
    acpi_pm_update(pm);
}

static void press(void *opaque, unsigned n, bool level)
{
    struct acpi_pm *pm = opaque;

    if (level) {
        pm->pm1_sts |= PWRBTN_STS;
        acpi_pm_update(pm);
    }
}

void acpi_pm_init(struct acpi_pm *pm, struct device *owner, unsigned gpe_bytes)
{
    g_assert(gpe_bytes <= ACPI_GPE_BYTES_MAX);
    pm->owner = owner;
    pm->gpe_bytes = gpe_bytes;
    pm->powerdown = (struct irq_line) { press, pm, 0 };
    timer_init(&pm->overflow, &owner->m->virtual_clock, overflowed, pm);
}

void acpi_pm_free(struct acpi_pm *pm)
{
    timer_free(&pm->overflow);
}

void acpi_pm_reset(struct acpi_pm *pm)
{
    pm->pm1_sts = pm->pm1_en = pm->pm1_cnt = 0;
    memset(pm->gpe, 0, sizeof(pm->gpe));
    timer_stop(&pm->overflow);
}

void acpi_pm_smi(struct machine *m, struct mem_attrs attrs)
{
    if (m->cpus->len) {
        cpu_request(m->cpus->pdata[attrs.cpu >= 0 && (unsigned)attrs.cpu < m->cpus->len ? attrs.cpu : 0], CPU_REQ_SMI);
    }
}
