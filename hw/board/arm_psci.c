/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power State Coordination Interface 1.1 (Arm DEN 0022D) and the SMC Calling Convention 1.1 (DEN 0028), as a machine
 * without secure firmware has them: the board answers HVC or SMC itself.
 *
 * CPU_SUSPEND always is a standby: the CPU waits for an interrupt and goes on after the call. Not modelled:
 * MIGRATE, STAT_*, SET_SUSPEND_MODE, SYSTEM_SUSPEND, MEM_PROTECT.
 */
#include "hw/board/arm_psci.h"

#include "system/cpu.h"
#include "system/machine.h"

/* Function numbers: bit 30 of the number says that arguments have 64 bits. */
enum { SMC64 = 0x40000000 };
enum { SMCCC_VERSION = 0x80000000, SMCCC_ARCH_FEATURES = 0x80000001 };
enum { PSCI_VERSION = 0x84000000, CPU_SUSPEND = 0x84000001, CPU_OFF = 0x84000002, CPU_ON = 0x84000003,
       AFFINITY_INFO = 0x84000004, MIGRATE_INFO_TYPE = 0x84000006, SYSTEM_OFF = 0x84000008, SYSTEM_RESET = 0x84000009,
       PSCI_FEATURES = 0x8400000a, SYSTEM_RESET2 = 0x84000012 };
enum { SUCCESS = 0, NOT_SUPPORTED = -1, INVALID_PARAMETERS = -2, ALREADY_ON = -4, ON_PENDING = -5, INVALID_ADDRESS = -9 };
enum { INFO_ON, INFO_OFF, INFO_ON_PENDING };
enum { NO_TRUSTED_OS = 2 };
#define AFFINITY_BITS 0xff00ffffffull

static struct cpu *find(struct machine *m, uint64_t affinity)
{
    for (unsigned i = 0; i < m->cpus->len; i++) {
        struct cpu *cpu = m->cpus->pdata[i];

        if ((cpu->hw_id & AFFINITY_BITS) == affinity) {
            return cpu;
        }
    }
    return NULL;
}

static int32_t cpu_on(struct machine *m, const uint64_t *arg)
{
    struct cpu *to = find(m, arg[1]);

    if (!to) {
        return INVALID_PARAMETERS;
    }
    if (arg[2] & 3 && to->bits == 64) {
        return INVALID_ADDRESS;
    }
    if (cpu_power_on(to, arg[2], arg[3])) {
        return SUCCESS;
    }
    return atomic_load(&to->power) == CPU_POWER_ON_PENDING ? ON_PENDING : ALREADY_ON;
}

static int32_t affinity_info(struct machine *m, const uint64_t *arg)
{
    struct cpu *of = find(m, arg[1]);

    if (!of || arg[2]) {        /* only levels of single CPUs, as from version 1.0 on is allowed */
        return INVALID_PARAMETERS;
    }
    switch (atomic_load(&of->power)) {
    case CPU_POWER_OFF: return INFO_OFF;
    case CPU_POWER_ON_PENDING: return INFO_ON_PENDING;
    default: return INFO_ON;
    }
}

static int32_t suspend(struct cpu *cpu)
{
    cpu->halted = true;
    cpu_request(cpu, CPU_REQ_IRQ);      /* the loop looks whether something is pending already */
    return SUCCESS;
}

static int32_t features(uint32_t function)
{
    switch (function & ~SMC64) {
    case PSCI_VERSION: case CPU_SUSPEND: case CPU_OFF: case CPU_ON: case AFFINITY_INFO: case MIGRATE_INFO_TYPE:
    case SYSTEM_OFF: case SYSTEM_RESET: case PSCI_FEATURES: case SYSTEM_RESET2:
        return SUCCESS;
    default:
        return function == (uint32_t)SMCCC_VERSION ? SUCCESS : NOT_SUPPORTED;
    }
}

/* Off for good, or until the machine's reset switches the first one on. */
G_NORETURN static void stop(struct cpu *cpu)
{
    cpu_power_off(cpu);
    cpu_loop_exit(cpu);
}

static int64_t serve(struct machine *m, struct cpu *cpu, uint32_t function, const uint64_t *arg)
{
    switch (function) {
    case (uint32_t)SMCCC_VERSION: return 0x10001;
    case (uint32_t)SMCCC_ARCH_FEATURES:
        return arg[1] == (uint32_t)SMCCC_VERSION || arg[1] == (uint32_t)SMCCC_ARCH_FEATURES ? SUCCESS : NOT_SUPPORTED;
    case (uint32_t)PSCI_VERSION: return 0x10001;
    case (uint32_t)CPU_SUSPEND: case (uint32_t)CPU_SUSPEND | SMC64: return suspend(cpu);
    case (uint32_t)CPU_OFF: stop(cpu);
    case (uint32_t)CPU_ON: case (uint32_t)CPU_ON | SMC64: return cpu_on(m, arg);
    case (uint32_t)AFFINITY_INFO: case (uint32_t)AFFINITY_INFO | SMC64: return affinity_info(m, arg);
    case (uint32_t)MIGRATE_INFO_TYPE: return NO_TRUSTED_OS;
    case (uint32_t)SYSTEM_OFF:
        machine_request_shutdown(m, CAUSE_GUEST_SHUTDOWN, 0);
        stop(cpu);
    case (uint32_t)SYSTEM_RESET: case (uint32_t)SYSTEM_RESET2: case (uint32_t)SYSTEM_RESET2 | SMC64:
        machine_request_reset(m, CAUSE_GUEST_RESET);
        stop(cpu);
    case (uint32_t)PSCI_FEATURES: return features(arg[1]);
    default: return NOT_SUPPORTED;
    }
}

static bool firmware(void *opaque, struct cpu *cpu, struct cpu_firmware_call *call)
{
    const enum arm_conduit *conduit = opaque;
    uint64_t arg[4];

    if (call->conduit != *conduit) {
        return false;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(arg); i++) {
        arg[i] = call->arg[0] & SMC64 ? call->arg[i] : (uint32_t)call->arg[i];
    }
    call->arg[0] = serve(cpu->machine, cpu, call->arg[0], arg);
    return true;
}

void arm_psci_init(struct machine *m, const enum arm_conduit *conduit)
{
    for (unsigned i = 0; i < m->cpus->len; i++) {
        struct cpu *cpu = m->cpus->pdata[i];

        cpu->firmware = firmware;
        cpu->firmware_opaque = (void *)conduit;
        cpu->start_halted = i > 0;
    }
}
