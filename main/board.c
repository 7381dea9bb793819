/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -machine, -smp, -m, and the files that boot. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "main/setup.h"
#include "system/board.h"
#include "system/cpu.h"
#include "system/loader.h"
#include "util/options.h"

/* Properties of every machine of QEMU that say what is so here anyway: accepted with that value only. */
static bool common_prop(struct setup *s, const char *key, const char *value, GError **err)
{
    static const char *const fixed[][2] = {
        { "usb", "off" }, { "dump-guest-core", "off" }, { "mem-merge", "off" }, { "suppress-vmdesc", "off" },
        { "graphics", "off" }, { "hmat", "off" }, { "iommu-sys", "off" },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++) {
        bool on = false;

        if (strcmp(fixed[i][0], key)) {
            continue;
        }
        if (strcmp(value, "auto") && (!options_parse_bool("-machine", key, value, &on, err) || on)) {
            if (!*err) {
                g_set_error(err, MAIN_ERROR, 0, "-machine %s=%s: not there yet; accepted: %s", key, value, fixed[i][1]);
            }
        }
        return true;
    }
    return false;
}

static bool set_machine_prop(const char *key, const char *value, void *opaque)
{
    struct setup *s = ((void **)opaque)[0];
    GError **err = ((void **)opaque)[1];

    if (*err || !strcmp(key, "type")) {
        return true;
    }
    if (!strcmp(key, "accel")) {
        g_auto(GStrv) names = g_strsplit(value, ":", -1);

        for (char **n = names; *n; n++) {
            g_ptr_array_add(s->accel_choices, (char *)g_intern_string(*n));
        }
    } else if (!strcmp(key, "dumpdtb")) {
        s->m->opt.dumpdtb = g_strdup(value);
    } else if (!strcmp(key, "kernel") || !strcmp(key, "initrd") || !strcmp(key, "append") || !strcmp(key, "dtb") ||
               !strcmp(key, "firmware")) {
        struct cmdline *c = s->c;
        const char **field = !strcmp(key, "kernel") ? &c->kernel : !strcmp(key, "initrd") ? &c->initrd
                           : !strcmp(key, "append") ? &c->append : !strcmp(key, "dtb") ? &c->dtb : &c->bios;

        *field = g_intern_string(value);
    } else if (!strcmp(key, "kernel-irqchip") || !strcmp(key, "kernel_irqchip")) {
        s->c->kernel_irqchip = g_intern_string(value);
    } else if (!strcmp(key, "smp")) {
        s->c->smp = g_intern_string(value);
    } else if (!strcmp(key, "memory")) {
        s->c->memory = g_intern_string(value);
    } else if (!strcmp(key, "memory-backend")) {
        s->memory_backend = g_intern_string(value);
    } else if (!common_prop(s, key, value, err)) {
        machine_set_prop(s->m, key, value, err);
    }
    return true;
}

static enum cmdline_result choose_board(struct setup *s, GError **err)
{
    struct options *o = options_parse("-machine", s->c->machine ? s->c->machine : "", "type", err);
    const struct board *board;
    enum cmdline_result r;
    GError *local = NULL;
    void *args[] = { s, &local };

    if (!o) {
        return CMDLINE_ERROR;
    }
    r = setup_target(s, o, &board, err);
    if (r == CMDLINE_RUN) {
        machine_set_board(s->m, board);
        options_foreach(o, set_machine_prop, args);
        if (local) {
            g_propagate_error(err, local);
            r = CMDLINE_ERROR;
        }
    }
    options_free(o);
    return r;
}

static bool smp_value(struct options *o, const char *key, unsigned *out, GError **err)
{
    uint64_t v = *out;

    if (!options_get_u64(o, key, 1, 4096, &v, err)) {
        return false;
    }
    *out = v;
    return true;
}

static bool read_smp(struct setup *s, GError **err)
{
    struct machine_options *opt = &s->m->opt;
    struct options *o;
    unsigned dies = 1, modules = 1, books = 1, drawers = 1, product;
    bool ok;

    if (!s->c->smp) {
        opt->cpus = opt->max_cpus = 1;
        return true;
    }
    o = options_parse("-smp", s->c->smp, "cpus", err);
    ok = o && smp_value(o, "cpus", &opt->cpus, err) && smp_value(o, "maxcpus", &opt->max_cpus, err) &&
         smp_value(o, "sockets", &opt->sockets, err) && smp_value(o, "dies", &dies, err) &&
         smp_value(o, "modules", &modules, err) && smp_value(o, "books", &books, err) &&
         smp_value(o, "drawers", &drawers, err) &&
         smp_value(o, "clusters", &opt->clusters, err) && smp_value(o, "cores", &opt->cores, err) &&
         smp_value(o, "threads", &opt->threads, err) && options_finish(o, err);
    options_free(o);
    if (!ok) {
        return false;
    }
    if (dies > 1 || modules > 1 || books > 1 || drawers > 1) {
        g_set_error(err, MAIN_ERROR, 0, "-smp %s: machine '%s' has sockets, clusters, cores and threads; accepted for the "
                    "others: 1", s->c->smp, s->m->board->name);
        return false;
    }
    product = MAX(opt->sockets, 1) * MAX(opt->clusters, 1) * MAX(opt->cores, 1) * MAX(opt->threads, 1);
    if (!opt->cpus) {
        opt->cpus = opt->max_cpus ? opt->max_cpus : product;
    }
    if (!opt->max_cpus) {
        opt->max_cpus = MAX(opt->cpus, opt->sockets && opt->cores ? product : 0);
    }
    if (opt->max_cpus < opt->cpus) {
        g_set_error(err, MAIN_ERROR, 0, "-smp %s: maxcpus must be at least cpus", s->c->smp);
        return false;
    }
    if (opt->sockets && opt->cores && opt->threads && product != opt->max_cpus) {
        g_set_error(err, MAIN_ERROR, 0, "-smp %s: sockets * clusters * cores * threads is %u, maxcpus is %u", s->c->smp,
                    product, opt->max_cpus);
        return false;
    }
    if (opt->cpus > s->m->board->max_cpus) {
        g_set_error(err, MAIN_ERROR, 0, "-smp %s: machine '%s' has at most %u CPUs", s->c->smp, s->m->board->name,
                    s->m->board->max_cpus);
        return false;
    }
    return true;
}

/* -m: what stands there is the size; slots and maxmem are for memory that is plugged in later. */
static bool read_memory(struct setup *s, GError **err)
{
    struct machine_options *opt = &s->m->opt;
    uint64_t max = 0, slots = 0;
    struct options *o;
    bool ok;

    if (!s->c->memory) {
        return true;
    }
    o = options_parse("-m", s->c->memory, "size", err);
    ok = o && options_get_size(o, "size", 1 << 20, &opt->ram_size, err) &&
         options_get_size(o, "maxmem", 1 << 20, &max, err) && options_get_u64(o, "slots", 0, 256, &slots, err) &&
         options_finish(o, err);
    if (ok && (max > opt->ram_size || slots)) {
        g_set_error(err, MAIN_ERROR, 0, "-m %s: memory can't be added later; accepted: size=SIZE alone", s->c->memory);
        ok = false;
    } else if (ok && options_get(o, "size") && (!opt->ram_size || opt->ram_size > (uint64_t)1 << 40)) {
        g_set_error(err, MAIN_ERROR, 0, "-m %s: accepted: 1 MiB to 1 TiB", s->c->memory);
        ok = false;
    }
    options_free(o);
    opt->ram_size = (opt->ram_size + 0x1fffff) & ~(uint64_t)0x1fffff;
    return ok;
}

static bool read_action(struct setup *s, GError **err)
{
    static const char *const reboot[] = { "reset", "shutdown", NULL },
                             *const shutdown[] = { "poweroff", "pause", NULL };
    static const char *const panic[] = { "shutdown", "pause", "exit-failure", "none", NULL };
    static const char *const watchdog[] = { "reset", "shutdown", "poweroff", "pause", "debug", "none", "inject-nmi", NULL };
    int r = s->c->no_reboot, sd = s->c->no_shutdown, p = 0, w = 0;
    struct options *o;
    bool ok;

    if (!s->c->action) {
        return true;
    }
    /* No board has a device that tells of a panic, or a watchdog: these two have nothing to act on. */
    o = options_parse("-action", s->c->action, NULL, err);
    ok = o && options_get_enum(o, "reboot", reboot, &r, err) && options_get_enum(o, "shutdown", shutdown, &sd, err) &&
         options_get_enum(o, "panic", panic, &p, err) && options_get_enum(o, "watchdog", watchdog, &w, err) &&
         options_finish(o, err);
    options_free(o);
    s->c->no_reboot = r;
    s->c->no_shutdown = sd;
    return ok;
}

/* Options that no board of this program can honour: said, not ignored. */
static bool refuse(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->parallels->len; i++) {
        struct cmdline_item *it = &g_array_index(s->c->parallels, struct cmdline_item, i);

        if (strcmp(it->text, "none") && strcmp(it->text, "null")) {
            g_set_error(err, MAIN_ERROR, 0, "-parallel %s: machine '%s' has no parallel port; accepted: none", it->text,
                        s->m->board->name);
            return false;
        }
    }
    return true;
}

/* -boot: what firmware finds in fw_cfg. */
static bool read_boot(struct setup *s, GError **err)
{
    struct machine_options *opt = &s->m->opt;
    uint64_t splash = UINT64_MAX, fail = UINT64_MAX;
    const char *order, *once;
    bool strict = false, ok;
    struct options *o;

    if (!s->c->boot) {
        return true;
    }
    o = options_parse("-boot", s->c->boot, "order", err);
    if (!o) {
        return false;
    }
    order = options_get(o, "order");
    once = options_get(o, "once");
    ok = options_get_bool(o, "menu", &opt->boot_menu, err) && options_get_bool(o, "strict", &strict, err) &&
         options_get_u64(o, "splash-time", 0, 0xffff, &splash, err) &&
         options_get_u64(o, "reboot-timeout", 0, 0xffff, &fail, err) && options_finish(o, err);
    if (ok && s->m->board->ide_units && !once && !strict) {
        ok = !order || (strspn(order, "acdn") == strlen(order) && strlen(order) <= G_N_ELEMENTS(opt->boot_order) - 1);
        if (ok) {
            g_strlcpy(opt->boot_order, order ? order : "", sizeof(opt->boot_order));
        } else {
            g_set_error(err, MAIN_ERROR, 0, "-boot order=%s: accepted: up to three of a (floppy), c (disk), d (CD), n "
                        "(network)", order);
        }
    } else if (ok && (order || once || strict)) {
        g_set_error(err, MAIN_ERROR, 0, "-boot %s: the firmware of machine '%s' takes no boot order from the emulator; "
                    "accepted: menu, splash-time, reboot-timeout", s->c->boot, s->m->board->name);
        ok = false;
    }
    opt->boot_splash_ms = splash == UINT64_MAX ? -1 : (int)splash;
    opt->boot_fail_ms = fail == UINT64_MAX ? -1 : (int)fail;
    options_free(o);
    return ok;
}

/* "2026-01-31T12:00:00" or "2026-01-31": seconds since 1970 UTC. */
static bool parse_date(const char *text, int64_t *seconds)
{
    g_autofree char *full = strchr(text, 'T') ? g_strdup(text) : g_strdup_printf("%sT00:00:00", text);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) d = g_date_time_new_from_iso8601(full, utc);

    if (d) {
        *seconds = g_date_time_to_unix(d);
    }
    return d != NULL;
}

static bool read_rtc(struct setup *s, GError **err)
{
    static const char *const clocks[] = { "host", "rt", "vm", NULL }, *const drift[] = { "none", NULL };
    struct machine_options *opt = &s->m->opt;
    struct options *o;
    const char *base;
    int64_t seconds;
    int clock = 0, no_drift = 0;
    bool ok;

    if (!s->c->rtc) {
        return true;
    }
    o = options_parse("-rtc", s->c->rtc, NULL, err);
    if (!o) {
        return false;
    }
    base = options_get(o, "base");
    ok = options_get_enum(o, "clock", clocks, &clock, err) &&
         options_get_enum(o, "driftfix", drift, &no_drift, err) && options_finish(o, err);
    opt->rtc_vm_clock = clock == 2;
    if (ok && base && !strcmp(base, "localtime")) {
        g_autoptr(GDateTime) now = g_date_time_new_now_local();

        opt->rtc_offset_ns = g_date_time_get_utc_offset(now) * 1000;
    } else if (ok && base && strcmp(base, "utc")) {
        ok = parse_date(base, &seconds);
        if (ok) {
            opt->rtc_offset_ns = seconds * G_GINT64_CONSTANT(1000000000) -
                                 (opt->rtc_vm_clock ? 0 : g_get_real_time() * G_GINT64_CONSTANT(1000));
        } else {
            g_set_error(err, MAIN_ERROR, 0, "-rtc base=%s: accepted: utc, localtime, YYYY-MM-DD[THH:MM:SS]", base);
        }
    } else if (ok && opt->rtc_vm_clock) {
        opt->rtc_offset_ns = g_get_real_time() * G_GINT64_CONSTANT(1000);
    }
    options_free(o);
    return ok;
}

static int hex_byte(const char *p)
{
    int high = g_ascii_xdigit_value(p[0]), low = high < 0 ? -1 : g_ascii_xdigit_value(p[1]);

    return low < 0 ? -1 : high << 4 | low;
}

static bool read_name(struct setup *s, GError **err)
{
    struct options *o = options_parse("-name", s->c->name, "guest", err);
    bool threads = true, ok;
    const char *process;

    if (!o) {
        return false;
    }
    s->m->opt.name = g_strdup(options_get(o, "guest"));
    process = options_get(o, "process");
    /* Threads always have names, so that a debugger shows who is who. */
    ok = options_get_bool(o, "debug-threads", &threads, err) && options_finish(o, err);
    if (ok && process) {
        prctl(PR_SET_NAME, process);
    }
    options_free(o);
    return ok;
}

/* -name and -uuid: the monitor shows them; firmware finds the UUID in fw_cfg. */
static bool read_names(struct setup *s, GError **err)
{
    const char *u = s->c->uuid;

    if (s->c->name && !read_name(s, err)) {
        return false;
    }
    if (!u) {
        return true;
    }
    if (!g_uuid_string_is_valid(u)) {
        g_set_error(err, MAIN_ERROR, 0, "-uuid %s: accepted: 8-4-4-4-12 hexadecimal digits", u);
        return false;
    }
    for (unsigned i = 0; i < 16; u += 2) {
        u += *u == '-';
        s->m->opt.uuid[i++] = hex_byte(u);
    }
    s->m->opt.has_uuid = true;
    return true;
}

static void read_files(struct setup *s)
{
    struct machine_options *opt = &s->m->opt;
    struct cmdline *c = s->c;

    opt->kernel = g_strdup(c->kernel);
    opt->initrd = g_strdup(c->initrd);
    opt->append = g_strdup(c->append);
    opt->dtb = g_strdup(c->dtb);
    opt->bios = g_strdup(c->bios);
    opt->no_reboot = c->no_reboot;
    opt->no_shutdown = c->no_shutdown;
    opt->start_stopped = c->start_stopped;
    opt->no_defaults = c->nodefaults;
    for (unsigned i = 0; i < c->firmware_dirs->len; i++) {
        g_ptr_array_add(opt->data_dirs, g_strdup(g_array_index(c->firmware_dirs, struct cmdline_item, i).text));
    }
}

/* "-L help" lists where firmware is looked for, in order. */
static bool wants_dirs(struct setup *s)
{
    for (unsigned i = 0; i < s->m->opt.data_dirs->len; i++) {
        if (!strcmp(s->m->opt.data_dirs->pdata[i], "help")) {
            g_ptr_array_remove_index(s->m->opt.data_dirs, i);
            return true;
        }
    }
    return false;
}

enum cmdline_result setup_board(struct setup *s, GError **err)
{
    enum cmdline_result r = choose_board(s, err);

    if (r != CMDLINE_RUN) {
        return r;
    }
    if (s->c->append && !s->c->kernel) {
        g_set_error(err, MAIN_ERROR, 0, "-append only makes sense with -kernel");
        return CMDLINE_ERROR;
    }
    if (s->c->initrd && !s->c->kernel) {
        g_set_error(err, MAIN_ERROR, 0, "-initrd only makes sense with -kernel");
        return CMDLINE_ERROR;
    }
    if (!read_smp(s, err) || !read_memory(s, err) || !read_action(s, err) || !read_rtc(s, err) ||
        !read_boot(s, err) || !read_names(s, err) || !refuse(s, err)) {
        return CMDLINE_ERROR;
    }
    read_files(s);
    if (wants_dirs(s)) {
        firmware_list_dirs(s->m);
        return CMDLINE_DONE;
    }
    return CMDLINE_RUN;
}
