/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that control the machine. */
#include <string.h>

#include "block/block.h"
#include "monitor/monitor_impl.h"
#include "net/net.h"
#include "util/log.h"

static void report(struct monitor *mon, GError *err)
{
    monitor_printf(mon, "%s\n", err->message);
    g_error_free(err);
}

static void cmd_quit(struct monitor *mon, char **args)
{
    machine_request_shutdown(mon->m, CAUSE_HOST, 0);
}

static void cmd_stop(struct monitor *mon, char **args)
{
    machine_stop(mon->m, RUN_PAUSED);
}

static void cmd_cont(struct monitor *mon, char **args)
{
    GError *err = NULL;

    if (!machine_cont(mon->m, &err)) {
        report(mon, err);
    }
}

static void cmd_reset(struct monitor *mon, char **args)
{
    machine_request_reset(mon->m, CAUSE_HOST);
}

static void cmd_powerdown(struct monitor *mon, char **args)
{
    machine_request_powerdown(mon->m);
}

static void cmd_cpu(struct monitor *mon, char **args)
{
    uint64_t n;

    if (!monitor_number(mon, args[0], &n)) {
        return;
    }
    if (n >= mon->m->cpus->len) {
        monitor_printf(mon, "there are CPUs 0 to %u\n", mon->m->cpus->len - 1);
        return;
    }
    mon->cpu = n;
}

static void cmd_balloon(struct monitor *mon, char **args)
{
    struct machine_balloon *b = &mon->m->balloon;
    uint64_t mb;

    if (!monitor_number(mon, args[0], &mb)) {
        return;
    }
    if (!b->opaque) {
        monitor_printf(mon, "the machine has no balloon: -device virtio-balloon-device makes one\n");
    } else if (!mb || mb > UINT64_MAX >> 20) {
        monitor_printf(mon, "balloon: the memory that the guest is to keep, in MB: 1 or more\n");
    } else {
        b->set_target(b->opaque, mb << 20);
    }
}

static void cmd_log(struct monitor *mon, char **args)
{
    GError *err = NULL;

    if (!strcmp(args[0], "none")) {
        log_mask = 0;
    } else if (!log_set(args[0], &err) && err) {
        report(mon, err);
    }
}

static void cmd_logfile(struct monitor *mon, char **args)
{
    GError *err = NULL;

    if (!log_open(args[0], &err)) {
        report(mon, err);
    }
}

static struct net_client *user_net(struct monitor *mon, const char *id)
{
    struct net_client *nc = net_find(mon->m->nets, id);

    if (!nc) {
        monitor_printf(mon, "no network back end '%s'\n", id);
    }
    return nc;
}

static void cmd_hostfwd_add(struct monitor *mon, char **args)
{
    struct net_client *nc = user_net(mon, args[0]);
    GError *err = NULL;

    if (nc && !net_hostfwd_add(nc, args[1], &err)) {
        report(mon, err);
    }
}

static void cmd_hostfwd_remove(struct monitor *mon, char **args)
{
    struct net_client *nc = user_net(mon, args[0]);
    GError *err = NULL;

    if (nc && !net_hostfwd_remove(nc, args[1], &err)) {
        report(mon, err);
    }
}

static void cmd_set_link(struct monitor *mon, char **args)
{
    struct net_client *nc = user_net(mon, args[0]);

    if (!nc) {
        return;
    }
    if (strcmp(args[1], "on") && strcmp(args[1], "off")) {
        monitor_printf(mon, "accepted: on, off\n");
        return;
    }
    net_set_link(nc, !strcmp(args[1], "on"));
}

static void cmd_commit(struct monitor *mon, char **args)
{
    const char *which = args[0] && strcmp(args[0], "all") ? args[0] : NULL;
    GHashTableIter it;
    void *be, *id;

    if (which && !g_hash_table_contains(mon->m->drives, which)) {
        monitor_printf(mon, "Error: Device '%s' not found\n", which);
    }
    g_hash_table_iter_init(&it, mon->m->drives);
    while (g_hash_table_iter_next(&it, &id, &be)) {
        int ret = which && strcmp(which, id) ? 0 : block_flush_sync(be);

        if (ret) {
            monitor_printf(mon, "%s: %s\n", block_id(be), g_strerror(-ret));
        }
    }
}

const struct command run_commands[] = {
    { "quit", "", "end the emulator", 0, 0, cmd_quit },
    { "q", "", "the same as quit", 0, 0, cmd_quit },
    { "stop", "", "stop the machine", 0, 0, cmd_stop },
    { "cont", "", "let the machine go on", 0, 0, cmd_cont },
    { "c", "", "the same as cont", 0, 0, cmd_cont },
    { "system_reset", "", "reset the machine", 0, 0, cmd_reset },
    { "system_powerdown", "", "press the power button", 0, 0, cmd_powerdown },
    { "cpu", "N", "choose the CPU that info registers, x and gva2gpa look at", 1, 1, cmd_cpu },
    { "balloon", "MB", "how much memory the guest is to keep", 1, 1, cmd_balloon },
    { "log", "ITEM[,...]|none", "what goes to the log, as -d", 1, 1, cmd_log },
    { "logfile", "FILE", "where the log goes, as -D", 1, 1, cmd_logfile },
    { "hostfwd_add", "NETDEV PROTO:[ADDR]:PORT-[ADDR]:PORT", "forward a host port to the guest", 2, 2,
      cmd_hostfwd_add },
    { "hostfwd_remove", "NETDEV PROTO:[ADDR]:PORT", "stop forwarding it", 2, 2, cmd_hostfwd_remove },
    { "set_link", "NETDEV on|off", "plug or pull the network cable", 2, 2, cmd_set_link },
    { "commit", "[all|DRIVE]", "make disk writes durable; overlays keep theirs", 0, 1, cmd_commit },
    { NULL, NULL, NULL, 0, 0, NULL, NULL },
};

/* What QEMU has and we don't: a line that says so is more useful than "unknown command". */
#define REFUSED(name, why) { name, "", "", 0, ARGS_ANY, NULL, why }
#define HOTPLUG "devices can't come and go while the machine exists; use -device"
#define SNAPSHOTS "snapshots are not there"
#define MEDIA "no drive has a medium that can be taken out"

const struct command refused_commands[] = {
    REFUSED("nmi", "machine does not provide NMIs"),
    REFUSED("system_wakeup", "the guest does not support suspending"),
    REFUSED("device_add", HOTPLUG),
    REFUSED("device_del", HOTPLUG),
    REFUSED("netdev_add", HOTPLUG),
    REFUSED("netdev_del", HOTPLUG),
    REFUSED("object_add", HOTPLUG),
    REFUSED("object_del", HOTPLUG),
    REFUSED("chardev-add", HOTPLUG),
    REFUSED("chardev-remove", HOTPLUG),
    REFUSED("drive_add", HOTPLUG),
    REFUSED("drive_del", HOTPLUG),
    REFUSED("eject", MEDIA),
    REFUSED("change", MEDIA),
    REFUSED("savevm", SNAPSHOTS),
    REFUSED("loadvm", SNAPSHOTS),
    REFUSED("delvm", SNAPSHOTS),
    REFUSED("info snapshots", SNAPSHOTS),
    REFUSED("migrate", "migration is not there"),
    REFUSED("gdbserver", "start with -gdb or -s"),
    REFUSED("trace-event", "use 'log trace'"),
    REFUSED("info tlb", "use gva2gpa for single addresses"),
    REFUSED("info mem", "use gva2gpa for single addresses"),
    { NULL, NULL, NULL, 0, 0, NULL, NULL },
};
