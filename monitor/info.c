/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that show something: all start with "info". */
#include <string.h>

#include "config.h"
#include "block/block.h"
#include "chardev/chardev.h"
#include "monitor/monitor_impl.h"
#include "net/net.h"
#include "system/accel.h"
#include "system/board.h"
#include "system/cpu.h"
#include "system/loader.h"

static void print_registers(struct monitor *mon, void *opaque)
{
    char **args = opaque;
    bool all = args[0] && !strcmp(args[0], "-a");

    for (unsigned i = 0; i < mon->m->cpus->len; i++) {
        struct cpu *cpu = mon->m->cpus->pdata[i];

        if (all || i == mon->cpu) {
            monitor_printf(mon, "\nCPU#%u\n", i);
            cpu_sync(cpu);
            cpu->type->print_regs(cpu, mon->out);
        }
    }
}

static void info_registers(struct monitor *mon, char **args)
{
    monitor_while_stopped(mon, print_registers, args);
}

static void print_cpus(struct monitor *mon, void *opaque)
{
    for (unsigned i = 0; i < mon->m->cpus->len; i++) {
        struct cpu *cpu = mon->m->cpus->pdata[i];

        monitor_printf(mon, "%c CPU #%u: thread_id=%d pc=0x%016" G_GINT64_MODIFIER "x%s\n",
                       i == mon->cpu ? '*' : ' ', i, cpu->thread_id, cpu->pc, cpu->halted ? " (halted)" : "");
    }
}

static void info_cpus(struct monitor *mon, char **args)
{
    monitor_while_stopped(mon, print_cpus, args);
}

static void info_status(struct monitor *mon, char **args)
{
    enum run_state state = machine_state(mon->m);

    if (state == RUN_RUNNING || state == RUN_PAUSED) {
        monitor_printf(mon, "VM status: %s\n", run_state_name(state));
    } else {
        monitor_printf(mon, "VM status: paused (%s)\n", run_state_name(state));
    }
}

static void info_name(struct monitor *mon, char **args)
{
    if (mon->m->opt.name) {
        monitor_printf(mon, "%s\n", mon->m->opt.name);
    }
}

static void info_uuid(struct monitor *mon, char **args)
{
    for (unsigned i = 0; i < 16; i++) {
        monitor_printf(mon, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", mon->m->opt.uuid[i]);
    }
    monitor_printf(mon, "\n");
}

static void info_version(struct monitor *mon, char **args)
{
    monitor_printf(mon, "%s\n", DOPPEL_VERSION);
}

static void info_mtree(struct monitor *mon, char **args)
{
    memory_describe(&mon->m->memory, args[0] && !strcmp(args[0], "-f"), mon->out);
}

static void describe_bus(struct monitor *mon, struct bus *b)
{
    monitor_printf(mon, "bus: %s\n  type %s\n", b->name, b->type->name);
    for (unsigned i = 0; i < b->children->len; i++) {
        device_describe(b->children->pdata[i], mon->out);
    }
}

static void info_qtree(struct monitor *mon, char **args)
{
    monitor_printf(mon, "bus: main-system-bus\n  type System\n");
    for (unsigned i = 0; i < mon->m->devices->len; i++) {
        struct device *d = mon->m->devices->pdata[i];

        if (!d->parent_bus) {
            device_describe(d, mon->out);
        }
    }
    for (unsigned i = 0; i < mon->m->buses->len; i++) {
        describe_bus(mon, mon->m->buses->pdata[i]);
    }
}

static void info_device(struct monitor *mon, char **args)
{
    for (unsigned i = 0; i < mon->m->devices->len; i++) {
        struct device *d = mon->m->devices->pdata[i];

        if (!g_strcmp0(d->id, args[0]) || !strcmp(d->type->name, args[0])) {
            device_describe(d, mon->out);
            return;
        }
    }
    monitor_printf(mon, "no device '%s'; 'info qtree' shows all\n", args[0]);
}

static void info_jit(struct monitor *mon, char **args)
{
    struct accel *a = mon->m->accel;

    if (a && a->type->info) {
        a->type->info(a, mon->out);
    }
}

static void info_network(struct monitor *mon, char **args)
{
    net_info(mon->m->nets, mon->out);
}

static void info_usernet(struct monitor *mon, char **args)
{
    net_usernet_info(mon->m->nets, mon->out);
}

static void info_block(struct monitor *mon, char **args)
{
    GHashTableIter it;
    void *be;

    g_hash_table_iter_init(&it, mon->m->drives);
    while (g_hash_table_iter_next(&it, NULL, &be)) {
        block_info(be, mon->out);
    }
}

static void info_blockstats(struct monitor *mon, char **args)
{
    GHashTableIter it;
    void *be;

    g_hash_table_iter_init(&it, mon->m->drives);
    while (g_hash_table_iter_next(&it, NULL, &be)) {
        struct block_stats st;

        block_get_stats(be, &st);
        monitor_printf(mon,
                       "%s: rd_bytes=%" G_GUINT64_FORMAT " wr_bytes=%" G_GUINT64_FORMAT
                       " rd_operations=%" G_GUINT64_FORMAT " wr_operations=%" G_GUINT64_FORMAT
                       " flush_operations=%" G_GUINT64_FORMAT " errors=%" G_GUINT64_FORMAT "\n",
                       block_id(be), st.read_bytes, st.write_bytes, st.read_ops, st.write_ops, st.flush_ops, st.errors);
    }
}

static void info_chardev(struct monitor *mon, char **args)
{
    chardev_info(mon->m->chardevs, mon->out);
}

static void info_balloon(struct monitor *mon, char **args)
{
    struct machine_balloon *b = &mon->m->balloon;

    if (!b->opaque) {
        monitor_printf(mon, "the machine has no balloon: -device virtio-balloon-device makes one\n");
        return;
    }
    monitor_printf(mon, "balloon: actual=%" G_GUINT64_FORMAT "\n", b->guest_bytes(b->opaque) >> 20);
}

static void info_roms(struct monitor *mon, char **args)
{
    for (unsigned i = 0; i < mon->m->roms->len; i++) {
        struct rom *r = mon->m->roms->pdata[i];

        monitor_printf(mon, "addr=%016" G_GINT64_MODIFIER "x size=0x%06" G_GINT64_MODIFIER "x name=\"%s\"\n", r->addr,
                       r->size, r->name);
    }
}

const struct command info_commands[] = {
    { "info registers", "[-a]", "registers of the chosen CPU, or of all", 0, 1, info_registers },
    { "info cpus", "", "the CPUs and where they are", 0, 0, info_cpus },
    { "info status", "", "whether the machine runs", 0, 0, info_status },
    { "info name", "", "name of the machine (-name)", 0, 0, info_name },
    { "info uuid", "", "UUID of the machine (-uuid)", 0, 0, info_uuid },
    { "info version", "", "version of the emulator", 0, 0, info_version },
    { "info mtree", "[-f]", "memory regions; -f: as the CPUs see them", 0, 1, info_mtree },
    { "info qtree", "", "devices and their properties", 0, 0, info_qtree },
    { "info device", "ID", "registers of a device", 1, 1, info_device },
    { "info jit", "", "the translator's counters", 0, 0, info_jit },
    { "info network", "", "network back ends and cards", 0, 0, info_network },
    { "info usernet", "", "connections of user-mode networking", 0, 0, info_usernet },
    { "info block", "", "disk images", 0, 0, info_block },
    { "info blockstats", "", "what disks have done", 0, 0, info_blockstats },
    { "info chardev", "", "character back ends", 0, 0, info_chardev },
    { "info balloon", "", "memory that the guest keeps, in MB", 0, 0, info_balloon },
    { "info roms", "", "images that a reset loads", 0, 0, info_roms },
    { NULL, NULL, NULL, 0, 0, NULL, NULL },
};
