/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GICv2m (Arm Server Base System Architecture, appendix E): a page whose one register turns messages into edges of SPIs,
 * so that PCI functions may signal by messages to a GICv2.
 *
 * Region: one frame. It drives SPIs base-spi to base-spi + num-spi - 1 of the GIC that property "gic" names.
 */
#include "system/device.h"
#include "util/log.h"

struct gicv2m {
    struct device dev;
    uint32_t base_spi, num_spi;
    struct device *gic;
};

static uint64_t typer_read(struct device *d, unsigned i)
{
    struct gicv2m *s = (struct gicv2m *)d;

    return (s->base_spi + 32) << 16 | s->num_spi;
}

static void set_spi(struct device *d, unsigned i, uint64_t v)
{
    struct gicv2m *s = (struct gicv2m *)d;
    uint32_t n = (v & 0x3ff) - 32 - s->base_spi;
    struct irq_line line;

    if (n >= s->num_spi || !s->gic) {
        log_guest("gicv2m: message for interrupt %u, which is not one of its own", (unsigned)(v & 0x3ff));
        return;
    }
    line = device_input(s->gic, s->base_spi + n);
    irq_set(&line, true);
    irq_set(&line, false);
}

static uint64_t iidr_read(struct device *d, unsigned i)
{
    return 'Q' << 20;
}

static const struct reg regs[] = {
    REG_FN(typer, 0x008, 4, .read_fn = typer_read),
    REG_FN(setspi, 0x040, 4, .write_fn = set_spi),
    REG_FN(iidr, 0xfcc, 4, .read_fn = iidr_read),
};

static const struct prop props[] = {
    PROP_U32(struct gicv2m, base_spi, "base-spi", 0, "first SPI", .max = 987),
    PROP_U32(struct gicv2m, num_spi, "num-spi", 64, "how many", .max = 988),
    PROP_LINK(struct gicv2m, gic, "gic", "the interrupt controller"),
};

const struct device_type gicv2m_type = {
    .name = "arm-gicv2m", .help = "message-signalled interrupts for a GICv2", .fdt = "arm,gic-v2m-frame",
    .size = sizeof(struct gicv2m), REGS(regs), PROPS(props), .mmio_size = 0x1000,
};
