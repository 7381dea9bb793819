/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SiFive's test finisher: a word at 0 by which the guest ends the machine. The low half says how, the high half is the
 * exit status of a failure.
 *
 * Region: one register. No interrupt, no state.
 */
#include "system/device.h"
#include "system/machine.h"
#include "util/log.h"

enum { FINISHER_FAIL = 0x3333, FINISHER_PASS = 0x5555, FINISHER_RESET = 0x7777 };

static void finish_write(struct device *d, unsigned i, uint64_t v)
{
    switch (v & 0xffff) {
    case FINISHER_PASS:
        machine_request_shutdown(d->m, CAUSE_GUEST_SHUTDOWN, 0);
        break;
    case FINISHER_FAIL:
        machine_request_shutdown(d->m, CAUSE_GUEST_PANIC, (v >> 16) & 0xff);
        break;
    case FINISHER_RESET:
        machine_request_reset(d->m, CAUSE_GUEST_RESET);
        break;
    default:
        log_guest("sifive_test: unknown request 0x%" G_GINT64_MODIFIER "x", v);
    }
}

static const struct reg regs[] = { REG_FN(finish, 0x0, 4, .write_fn = finish_write) };

static const struct mmio_ops limits = { .valid_min = 2, .valid_max = 4 };

const struct device_type sifive_test_type = {
    .name = "riscv.sifive.test", .help = "SiFive test finisher: power off, reset",
    .fdt = "sifive,test1\1sifive,test0\1syscon",
    .size = sizeof(struct device), REGS(regs), .mmio_size = 0x1000, .mmio = &limits,
};
