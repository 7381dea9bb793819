/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "main/cmdline.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

enum kind {
    FLAG,       /* no argument: sets a bool */
    TEXT,       /* one argument, the last one counts */
    MERGED,     /* one argument, an option list; further ones add to it */
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
#define M(name, field, arg, help) { name, MERGED, offsetof(struct cmdline, field), arg, help }
#define S(name, arg, help) { name, SPECIAL, 0, arg, help }
#define R(name, help) { name, REFUSED, 0, NULL, help }
#define RA(name, help) { name, REFUSED_ARG, 0, NULL, help }
#define HEADING(text) { NULL, FLAG, 0, NULL, text }

static const struct option options[] = {
    HEADING("Machine"),
    S("h", NULL, NULL),
    S("help", NULL, "this list"),
    S("version", NULL, "version"),
    T("target", target, "ISA", "guest instruction set (riscv64, aarch64, ...); otherwise found out from the rest"),
    M("machine", machine, "NAME[,prop=value...]",
      "board ('-machine help' lists them; dumpdtb=FILE writes the device tree)"),
    M("M", machine, "NAME[,prop=value...]", NULL),
    T("cpu", cpu, "MODEL[,prop=on|off...]", "CPU model ('-cpu help')"),
    M("smp", smp, "[cpus=]N[,maxcpus=,sockets=,clusters=,cores=,threads=]", "number of vCPUs and topology"),
    M("m", memory, "[size=]SIZE", "RAM, in MiB unless it has a suffix K, M, G"),
    T("mem-path", mem_path, "FILE|DIR", "the RAM is this file, or one in this folder (hugetlbfs)"),
    F("mem-prealloc", mem_prealloc, "take all RAM from the host at the start"),
    L("accel", accels, "NAME[,prop=value...]", "accelerator; repeated: the first that works ('-accel help')"),
    S("enable-kvm", NULL, "the same as -accel kvm"),
    L("device", devices, "TYPE[,prop=value...]", "a device ('-device help', '-device TYPE,help')"),
    L("global", globals, "TYPE.PROP=VALUE", "default of a property for all devices of a type"),
    L("object", objects, "TYPE,id=ID[,...]",
      "a user-created object: memory-backend-ram, -file, -memfd, rng-random, rng-builtin, iothread, filter-dump"),
    M("name", name, "[guest=]NAME[,process=NAME]", "name of the machine, and of the process"),
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
    L("L", firmware_dirs, "DIR", "look for firmware there first ('-L help' lists the folders)"),
    L("fw_cfg", fw_cfgs, "[name=]NAME,file=FILE|string=TEXT", "a file for the guest's firmware configuration device"),
    M("boot", boot, "[order=]LETTERS,menu=on|off[,splash-time=MS][,reboot-timeout=MS]", "what firmware shall do (in fw_cfg)"),
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
    T("debugcon", debugcon, "DEV", "the debug port of PCs, 0xe9 (-global isa-debugcon.iobase=)"),
    L("monitor", monitors, "DEV", "the monitor's terminal"),
    L("mon", mons, "[chardev=]ID[,mode=readline|control][,pretty=on|off]", "a monitor on a chardev; control: in JSON"),
    L("qmp", qmps, "DEV", "the JSON monitor, for programs"),
    L("qmp-pretty", qmps, "DEV", "the same, with indented replies"),
    T("echr", echr, "N", "code of the escape key, 1 is Ctrl-a"),
    F("nographic", nographic, "no window; the first serial port and the monitor share the terminal"),
    T("display", display, "none|sdl[,grab-mod=][,full-screen=][,show-cursor=][,window-close=]", "who shows the screen ('-display help')"),
    F("full-screen", full_screen, "the window covers the screen"),
    T("k", keyboard, "LANGUAGE", "accepted; keys are taken by their place on the keyboard, the guest has the layout"),
    T("vga", vga, "none|std", "graphics card; PCs have std unless -nodefaults"),
    HEADING("Debugging"),
    T("gdb", gdb, "DEV", "wait for gdb there (tcp::1234)"),
    S("s", NULL, "the same as -gdb tcp::1234"),
    F("S", start_stopped, "do not start until 'cont'"),
    T("d", log_items, "ITEM[,...]", "log ('-d help')"),
    T("D", log_file, "FILE", "log to a file"),
    T("icount", icount, "[shift=]N|auto[,align=on|off][,sleep=on|off]",
      "virtual time counts instructions of 2^N ns; runs with a fixed N repeat themselves"),
    T("seed", seed, "N", "random numbers that the machine hands out follow from N"),
    F("perfmap", perf_map, "write /tmp/perf-PID.map of the translated code for perf"),
    S("semihosting", NULL, "the guest may use the host's files and terminal"),
    T("semihosting-config", semihosting, "enable=on|off[,target=native][,chardev=ID][,arg=TEXT...]",
      "the same, in detail"),
    T("pidfile", pidfile, "FILE", "write the process id there"),
    F("daemonize", daemonize, "go on in the background when set up"),
    M("run-with", run_with, "[chroot=DIR][,user=NAME|UID:GID]", "give up rights when set up"),
    T("overcommit", overcommit, "mem-lock=on|off", "keep all memory of the program from being paged out"),
    S("readconfig", "FILE", "read options from a file: [GROUP \"ID\"], then KEY = \"VALUE\" lines"),
    S("no-user-config", NULL, "accepted; there are no configuration files but those of -readconfig"),
    HEADING(NULL),
    RA("incoming", "snapshots and migration are not there yet"),
    RA("loadvm", "snapshots are not there yet"),
    RA("fda", "no board has a floppy drive yet"),
    RA("fdb", "no board has a floppy drive yet"),
    R("usb", "no board has USB yet"),
    RA("usbdevice", "no board has USB yet"),
    RA("audio", "no sound yet"),
    RA("audiodev", "no sound yet"),
    RA("vnc", "use -display sdl, or -nographic"),
    RA("spice", "use -display sdl, or -nographic"),
    RA("numa", "no board has several memory nodes yet"),
    RA("virtfs", "9p is not there yet; use a disk image or the network"),
    RA("fsdev", "9p is not there yet; use a disk image or the network"),
    RA("tpmdev", "no TPM yet"),
    RA("sandbox", "there is no filter of system calls; run it as a user without rights (-run-with user=)"),
    RA("trace", "use -d trace"),
    RA("plugin", "plugins of QEMU don't work here; -d has what is executed"),
    RA("dfilter", "use -d in_asm, exec or trace with -D FILE, and filter the file"),
    R("jitdump", "use -perfmap"),
    RA("watchdog", "no board has a watchdog yet"),
    RA("watchdog-action", "no board has a watchdog yet"),
    RA("writeconfig", "keep the command line in a script, or write a file for -readconfig"),
    RA("set", "write the value where the option is: -drive ...,KEY=VALUE"),
    RA("runas", "use -run-with user="),
    RA("chroot", "use -run-with chroot="),
    RA("msg", "messages have one form"),
    RA("compat", "there are no deprecated interfaces"),
    RA("add-fd", "use file names"),
    R("preconfig", "use -S; all else is on the command line"),
    R("only-migratable", "snapshots and migration are not there yet"),
    RA("dump-vmstate", "snapshots and migration are not there yet"),
    RA("sd", "no board has an SD card yet; use -drive with if=virtio"),
    RA("mtdblock", "no board has such a flash; use -pflash"),
    RA("iscsi", "use a file or a block device of the host (open-iscsi makes one)"),
    RA("option-rom", "no board takes option ROMs yet"),
    RA("shim", "no board takes it; -kernel starts the kernel itself, or firmware on the pflash pair"),
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
static enum cmdline_result special(struct cmdline *c, const char *name, const char *arg, GError **err)
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
    } else if (!strcmp(name, "readconfig")) {
        return cmdline_read_file(c, arg, err) ? CMDLINE_RUN : CMDLINE_ERROR;
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
    return o->kind == TEXT || o->kind == MERGED || o->kind == LIST || o->kind == REFUSED_ARG ||
           (o->kind == SPECIAL && o->arg);
}

/* "-machine virt -machine aclint=on" is one list. A bare first word, which only the first list may start with, gets its
 * key. */
static const char *merge(const struct option *o, const char *old, const char *text)
{
    static const char *const implied[][2] = {
        { "machine", "type" }, { "M", "type" }, { "smp", "cpus" }, { "m", "size" }, { "name", "guest" }, { "boot", "order" },
    };
    const char *key = NULL;
    g_autofree char *all = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(implied) && text[strcspn(text, "=,")] != '='; i++) {
        key = !strcmp(implied[i][0], o->name) ? implied[i][1] : key;
    }
    all = g_strdup_printf("%s,%s%s%s", old, key ? key : "", key ? "=" : "", text);
    return g_intern_string(all);
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
    case MERGED:
        *(const char **)field = *(const char **)field ? merge(o, *(const char **)field, arg) : arg;
        return CMDLINE_RUN;
    case LIST: {
        g_autofree char *name = g_strdup_printf("-%s", o->name);

        add(*(GArray **)field, g_intern_string(name), arg);
        return CMDLINE_RUN;
    }
    case SPECIAL:
        return special(c, o->name, arg, err);
    default:
        g_set_error(err, MAIN_ERROR, 0, "-%s is not supported: %s", o->name, o->help);
        return CMDLINE_ERROR;
    }
}

bool cmdline_apply(struct cmdline *c, const char *name, const char *text, GError **err)
{
    const struct option *o = find(name);

    if (!o || !takes_argument(o)) {
        g_set_error(err, MAIN_ERROR, 0, "'%s' names no option that takes a value", name);
        return false;
    }
    return apply(c, o, text, err) == CMDLINE_RUN;
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
