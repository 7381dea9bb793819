/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "main/cmdline.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

enum kind {
    FLAG,       /* no argument: sets a bool */
    TEXT,       /* one argument, the last one counts */
    LIST,       /* one argument, all count */
    SPECIAL,    /* see special() */
    REFUSED,    /* QEMU's option that is not there yet; help says what to use */
    REFUSED_ARG,
};

struct option {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *arg;        /* of the help */
    const char *help;
};

#define F(name, field, help) { name, FLAG, offsetof(struct cmdline, field), NULL, help }
#define T(name, field, arg, help) { name, TEXT, offsetof(struct cmdline, field), arg, help }
#define L(name, field, arg, help) { name, LIST, offsetof(struct cmdline, field), arg, help }
#define S(name, arg, help) { name, SPECIAL, 0, arg, help }
#define R(name, help) { name, REFUSED, 0, NULL, help }
#define RA(name, help) { name, REFUSED_ARG, 0, NULL, help }
#define HEADING(text) { NULL, FLAG, 0, NULL, text }

static const struct option options[] = {
    HEADING("Machine"),
    S("h", NULL, NULL),
    S("help", NULL, "this list"),
    S("version", NULL, "version"),
    T("target", target, "ISA", "guest instruction set (riscv64, riscv32); otherwise found out from the rest"),
    T("machine", machine, "NAME[,prop=value...]",
      "board ('-machine help' lists them; dumpdtb=FILE writes the device tree)"),
    T("M", machine, "NAME[,prop=value...]", NULL),
    T("cpu", cpu, "MODEL[,prop=on|off...]", "CPU model ('-cpu help')"),
    T("smp", smp, "[cpus=]N[,maxcpus=,sockets=,clusters=,cores=,threads=]", "number of vCPUs and topology"),
    T("m", memory, "[size=]SIZE", "RAM, in MiB unless it has a suffix K, M, G"),
    L("accel", accels, "NAME[,prop=value...]", "accelerator; repeated: the first that works ('-accel help')"),
    S("enable-kvm", NULL, "the same as -accel kvm"),
    L("device", devices, "TYPE[,prop=value...]", "a device ('-device help', '-device TYPE,help')"),
    L("global", globals, "TYPE.PROP=VALUE", "default of a property for all devices of a type"),
    L("object", objects, "TYPE,id=ID[,...]", "a user-created object: filter-dump, rng-random, rng-builtin"),
    T("name", name, "NAME", "name of the machine"),
    T("uuid", uuid, "UUID", "UUID of the machine"),
    F("nodefaults", nodefaults, "no default devices"),
    T("rtc", rtc, "base=utc|localtime|TIME", "start of the real-time clock"),
    T("action", action, "reboot=reset|shutdown,shutdown=poweroff|pause,panic=...", "what events do"),
    F("no-reboot", no_reboot, "end instead of rebooting"),
    F("no-shutdown", no_shutdown, "stop instead of ending at power-off"),
    HEADING("Boot"),
    T("kernel", kernel, "FILE", "kernel: Linux Image (plain, gzip, EFI zboot), ELF or raw"),
    T("initrd", initrd, "FILE", "initial RAM disk"),
    T("append", append, "TEXT", "kernel command line"),
    T("dtb", dtb, "FILE", "device tree instead of the board's own"),
    T("bios", bios, "FILE|none", "firmware"),
    L("L", firmware_dirs, "DIR", "look for firmware there first"),
    L("fw_cfg", fw_cfgs, "[name=]NAME,file=FILE|string=TEXT", "a file for the guest's firmware configuration device"),
    T("boot", boot, "order=...,menu=on|off", "boot order, for boards that have one"),
    HEADING("Disks and network"),
    L("drive", drives, "file=FILE,if=TYPE,id=ID,format=raw|qcow2[,...]", "a disk image, and its device unless if=none"),
    L("blockdev", drives, "driver=...", "a disk image for -device (the plain keys of -drive)"),
    S("hda", "FILE", "a disk, the same as -drive file=FILE,index=0,media=disk"),
    S("hdb", "FILE", NULL),
    S("hdc", "FILE", NULL),
    S("hdd", "FILE", NULL),
    S("cdrom", "FILE", "a read-only disk"),
    S("pflash", "FILE", "flash image, the same as -drive if=pflash,file=FILE"),
    F("snapshot", snapshot, "all disks: send writes to temporary files"),
    L("netdev", netdevs, "user|socket|stream|dgram|tap,id=ID[,...]", "a network back end"),
    L("nic", nics, "user|...|none[,model=M][,mac=A]", "a network back end and its card"),
    L("net", nics, "nic|user|none[,...]", "older form of -nic"),
    HEADING("Characters"),
    L("chardev", chardevs, "BACKEND,id=ID[,...]",
      "a character back end: stdio, file, pty, socket, pipe, ringbuf, null, testdev"),
    L("serial", serials, "DEV",
      "serial port: mon:stdio, stdio, file:F, pty, tcp:HOST:PORT,server=on, unix:F, chardev:ID, none"),
    L("parallel", parallels, "none", "parallel port: no board has one yet"),
    L("monitor", monitors, "DEV", "the monitor's terminal"),
    L("mon", mons, "[chardev=]ID[,mode=readline]", "a monitor on a chardev"),
    T("echr", echr, "N", "code of the escape key, 1 is Ctrl-a"),
    F("nographic", nographic, "no window; the first serial port and the monitor share the terminal"),
    T("display", display, "none", "display"),
    T("vga", vga, "none", "graphics card"),
    HEADING("Debugging"),
    T("gdb", gdb, "DEV", "wait for gdb there (tcp::1234)"),
    S("s", NULL, "the same as -gdb tcp::1234"),
    F("S", start_stopped, "do not start until 'cont'"),
    T("d", log_items, "ITEM[,...]", "log ('-d help')"),
    T("D", log_file, "FILE", "log to a file"),
    F("perfmap", perf_map, "write /tmp/perf-PID.map of the translated code for perf"),
    S("semihosting", NULL, "the guest may use the host's files and terminal"),
    T("semihosting-config", semihosting, "enable=on|off[,target=native][,chardev=ID][,arg=TEXT...]",
      "the same, in detail"),
    T("pidfile", pidfile, "FILE", "write the process id there"),
    F("daemonize", daemonize, "go on in the background when set up"),
    HEADING(NULL),
    RA("icount", "time by counted instructions is not there yet"),
    RA("qmp", "use -monitor or -mon; the JSON monitor is not there yet"),
    RA("incoming", "snapshots and migration are not there yet"),
    RA("loadvm", "snapshots are not there yet"),
    RA("fda", "no board has a floppy drive yet"),
    RA("fdb", "no board has a floppy drive yet"),
    R("usb", "no board has USB yet"),
    RA("usbdevice", "no board has USB yet"),
    RA("audio", "no sound yet"),
    RA("audiodev", "no sound yet"),
    RA("vnc", "no display yet; use -nographic"),
    RA("spice", "no display yet; use -nographic"),
    RA("numa", "no board has several memory nodes yet"),
    RA("virtfs", "9p is not there yet; use a disk image or the network"),
    RA("fsdev", "9p is not there yet; use a disk image or the network"),
    RA("tpmdev", "no TPM yet"),
    RA("sandbox", "not there yet"),
    RA("trace", "use -d trace"),
    RA("readconfig", "not there yet; put the options on the command line"),
    RA("watchdog", "use -device with a watchdog's type"),
    RA("smbios", "boards with SMBIOS are not there yet"),
    RA("acpitable", "boards with ACPI are not there yet"),
};

void cmdline_init(struct cmdline *c)
{
    *c = (struct cmdline) { 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        GArray **list = (GArray **)((char *)c + options[i].offset);

        if (options[i].kind == LIST && !*list) {
            *list = g_array_new(false, false, sizeof(struct cmdline_item));
        }
    }
}

void cmdline_free(struct cmdline *c)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        GArray **list = (GArray **)((char *)c + options[i].offset);

        if (options[i].kind == LIST && *list) {
            g_array_free(*list, true);
            *list = NULL;
        }
    }
}

static void print_help(const char *program)
{
    printf("%s: full-system emulator\nusage: %s [options] [disk image]\n", program, program);
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        const struct option *o = &options[i];
        g_autofree char *left = NULL;

        if (!o->name) {
            if (o->help) {
                printf("\n%s:\n", o->help);
            }
            continue;
        }
        if (!o->help || o->kind == REFUSED || o->kind == REFUSED_ARG) {
            continue;
        }
        left = g_strdup_printf("-%s %s", o->name, o->arg ? o->arg : "");
        printf(strlen(left) > 30 ? "  %s\n%32s %s\n" : "  %-30s%s%s\n", left, "", o->help);
    }
    printf("\nWith -nographic, Ctrl-a h lists the keys of the terminal, Ctrl-a x ends the emulator.\n"
           "Examples and all details: man doppel, docs/usage.md\n");
}

static void add(GArray *list, const char *option, const char *text)
{
    struct cmdline_item item = { option, text };

    g_array_append_val(list, item);
}

static const struct {
    const char *name, *option, *text;
} drive_forms[] = {
    { "hda", "-hda", "index=0,media=disk" },
    { "hdb", "-hdb", "index=1,media=disk" },
    { "hdc", "-hdc", "index=2,media=disk" },
    { "hdd", "-hdd", "index=3,media=disk" },
    { "cdrom", "-cdrom", "index=2,media=cdrom" },
    { "pflash", "-pflash", "if=pflash" },
};

/* A file name inside an option list: its commas are doubled. */
static const char *drive_text(const char *file, const char *more)
{
    g_auto(GStrv) parts = g_strsplit(file, ",", -1);
    g_autofree char *escaped = g_strjoinv(",,", parts);
    g_autofree char *text = g_strdup_printf("file=%s,%s", escaped, more);

    return g_intern_string(text);
}

/* Options that are short forms of others, or act at once. */
static enum cmdline_result special(struct cmdline *c, const char *name, const char *arg)
{
    if (!strcmp(name, "h") || !strcmp(name, "help")) {
        print_help(c->program);
        return CMDLINE_DONE;
    }
    if (!strcmp(name, "version")) {
        printf("doppel version %s\n", DOPPEL_VERSION);
        return CMDLINE_DONE;
    }
    if (!strcmp(name, "s")) {
        c->gdb = "tcp::1234";
    } else if (!strcmp(name, "enable-kvm")) {
        add(c->accels, "-enable-kvm", "kvm");
    } else if (!strcmp(name, "semihosting")) {
        c->semihosting = "enable=on";
    }
    for (size_t i = 0; i < G_N_ELEMENTS(drive_forms); i++) {
        if (!strcmp(name, drive_forms[i].name)) {
            add(c->drives, drive_forms[i].option, drive_text(arg, drive_forms[i].text));
        }
    }
    return CMDLINE_RUN;
}

static const struct option *find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (options[i].name && !strcmp(options[i].name, name)) {
            return &options[i];
        }
    }
    return NULL;
}

/* The option whose name is most like the given one, for the message; NULL: none is close. */
static const char *nearest(const char *name)
{
    const char *best = NULL;
    size_t best_common = 2;

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        size_t n = 0;

        while (options[i].name && name[n] && name[n] == options[i].name[n]) {
            n++;
        }
        if (n > best_common && options[i].kind != REFUSED && options[i].kind != REFUSED_ARG) {
            best_common = n;
            best = options[i].name;
        }
    }
    return best;
}

static void unknown(const char *arg, const char *name, GError **err)
{
    const char *like = nearest(name);

    if (like) {
        g_set_error(err, MAIN_ERROR, 0, "%s: unknown option; did you mean -%s? ('-help' lists all)", arg, like);
    } else {
        g_set_error(err, MAIN_ERROR, 0, "%s: unknown option; '-help' lists all", arg);
    }
}

/* "doppel-system-riscv64" and "qemu-system-riscv64" name the target. */
static const char *target_of_program(const char *program)
{
    const char *p = strstr(program, "-system-");

    return p ? p + strlen("-system-") : NULL;
}

static bool takes_argument(const struct option *o)
{
    return o->kind == TEXT || o->kind == LIST || o->kind == REFUSED_ARG || (o->kind == SPECIAL && o->arg);
}

static enum cmdline_result apply(struct cmdline *c, const struct option *o, const char *arg, GError **err)
{
    char *field = (char *)c + o->offset;

    switch (o->kind) {
    case FLAG:
        *(bool *)field = true;
        return CMDLINE_RUN;
    case TEXT:
        *(const char **)field = arg;
        return CMDLINE_RUN;
    case LIST: {
        g_autofree char *name = g_strdup_printf("-%s", o->name);

        add(*(GArray **)field, g_intern_string(name), arg);
        return CMDLINE_RUN;
    }
    case SPECIAL:
        return special(c, o->name, arg);
    default:
        g_set_error(err, MAIN_ERROR, 0, "-%s is not supported: %s", o->name, o->help);
        return CMDLINE_ERROR;
    }
}

enum cmdline_result cmdline_read(struct cmdline *c, int argc, char **argv, GError **err)
{
    g_autofree char *base = g_path_get_basename(argv[0]);
    unsigned images = 0;

    c->program = g_intern_string(base);
    c->target = target_of_program(c->program);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 1, *arg = NULL;
        const struct option *o;
        enum cmdline_result r;

        if (argv[i][0] != '-' || !argv[i][1]) {
            g_autofree char *more = g_strdup_printf("index=%u,media=disk", images++);

            add(c->drives, "disk image", drive_text(argv[i], more));
            continue;
        }
        name += *name == '-';
        o = find(name);
        if (!o) {
            unknown(argv[i], name, err);
            return CMDLINE_ERROR;
        }
        if (takes_argument(o) && o->kind != REFUSED_ARG) {
            if (i + 1 == argc) {
                g_set_error(err, MAIN_ERROR, 0, "%s needs an argument: %s", argv[i], o->arg);
                return CMDLINE_ERROR;
            }
            arg = argv[++i];
        }
        r = apply(c, o, arg, err);
        if (r != CMDLINE_RUN) {
            return r;
        }
    }
    return CMDLINE_RUN;
}
