/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A first command line, enough to boot a board: the full one takes its place. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chardev/chardev.h"
#include "system/accel.h"
#include "system/board.h"
#include "system/machine.h"
#include "util/log.h"
#include "util/options.h"

struct start {
    struct machine *m;
    struct chardev_set *chardevs;
    const char *machine, *serial;
};

static bool set_machine(struct start *s, const char *value, GError **err)
{
    s->machine = value;
    return true;
}

static bool set_serial(struct start *s, const char *value, GError **err)
{
    s->serial = value;
    return true;
}

#define SET_STRING(field) \
    static bool set_##field(struct start *s, const char *value, GError **err) \
    { \
        g_free(s->m->opt.field); \
        s->m->opt.field = g_strdup(value); \
        return true; \
    }

SET_STRING(kernel)
SET_STRING(initrd)
SET_STRING(append)
SET_STRING(bios)
SET_STRING(dtb)
SET_STRING(cpu_model)

static bool set_smp(struct start *s, const char *value, GError **err)
{
    uint64_t n;

    if (!options_parse_u64("-smp", "cpus", value, 1, 512, &n, err)) {
        return false;
    }
    s->m->opt.cpus = n;
    return true;
}

static bool set_ram(struct start *s, const char *value, GError **err)
{
    return options_parse_size("-m", "size", value, 1 << 20, &s->m->opt.ram_size, err);
}

static bool set_log(struct start *s, const char *value, GError **err)
{
    return log_set(value, err);
}

static bool set_log_file(struct start *s, const char *value, GError **err)
{
    return log_open(value, err);
}

static bool set_no_reboot(struct start *s, const char *value, GError **err)
{
    s->m->opt.no_reboot = true;
    return true;
}

static bool set_nographic(struct start *s, const char *value, GError **err)
{
    return true;
}

static const struct {
    const char *name;
    bool has_value;
    bool (*set)(struct start *s, const char *value, GError **err);
} options[] = {
    { "-machine", true, set_machine }, { "-M", true, set_machine }, { "-kernel", true, set_kernel },
    { "-initrd", true, set_initrd }, { "-append", true, set_append }, { "-bios", true, set_bios },
    { "-dtb", true, set_dtb }, { "-cpu", true, set_cpu_model }, { "-smp", true, set_smp }, { "-m", true, set_ram },
    { "-serial", true, set_serial }, { "-d", true, set_log }, { "-D", true, set_log_file },
    { "-no-reboot", false, set_no_reboot }, { "-nographic", false, set_nographic },
};

static bool parse(struct start *s, int argc, char **argv, GError **err)
{
    for (int i = 1; i < argc; i++) {
        unsigned n = 0;

        while (n < G_N_ELEMENTS(options) && strcmp(argv[i], options[n].name)) {
            n++;
        }
        if (n == G_N_ELEMENTS(options) || (options[n].has_value && i + 1 == argc)) {
            g_set_error(err, OPTIONS_ERROR, 0, "%s: %s", argv[i],
                        n == G_N_ELEMENTS(options) ? "unknown option" : "needs a value");
            return false;
        }
        i += options[n].has_value;
        if (!options[n].set(s, argv[i], err)) {
            return false;
        }
    }
    return true;
}

static bool parse_machine(struct start *s, GError **err)
{
    struct options *o = options_parse("-machine", s->machine, "type", err);
    const char *type = o ? options_get(o, "type") : NULL;
    const struct board *board = type ? board_find(NULL, type) : NULL;

    if (o && !board) {
        g_set_error(err, OPTIONS_ERROR, 0, "-machine: there is no machine '%s'", type ? type : "");
    }
    if (board) {
        machine_set_board(s->m, board);
        s->m->opt.dumpdtb = g_strdup(options_get(o, "dumpdtb"));
    }
    options_free(o);
    return board != NULL;
}

static void quit(void *opaque)
{
    machine_request_shutdown(opaque, CAUSE_HOST, 0);
}

static bool run(struct start *s, int argc, char **argv, int *status, GError **err)
{
    const struct chardev_hooks hooks = { .opaque = s->m, .quit = quit };

    if (!parse(s, argc, argv, err) || !parse_machine(s, err)) {
        return false;
    }
    chardev_set_hooks(s->chardevs, &hooks);
    if (!chardev_parse_legacy(s->chardevs, "-serial", "serial0", s->serial, &s->m->opt.serial[0], NULL, err)) {
        return false;
    }
    if (accel_types[0]) {
        accel_new(s->m, accel_types[0]);
    }
    if (!machine_realize(s->m, err)) {
        return false;
    }
    return s->m->opt.dumpdtb || machine_run(s->m, status, err);
}

int main(int argc, char **argv)
{
    struct start s = { .m = machine_new(), .chardevs = chardev_set_new(), .machine = "virt", .serial = "stdio" };
    g_autoptr(GError) err = NULL;
    int status = 0;

    atexit(chardev_restore_terminals);
    if (!run(&s, argc, argv, &status, &err)) {
        fprintf(stderr, "doppel: %s\n", err->message);
        return 1;
    }
    machine_delete(s.m);
    chardev_set_free(s.chardevs);
    return status;
}
