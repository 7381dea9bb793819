/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/machine.h"

#include <string.h>
#include <sys/random.h>

#include "system/accel.h"
#include "system/board.h"
#include "system/cpu.h"
#include "system/loader.h"
#include "ui/display.h"

struct reset_hook {
    void (*fn)(void *opaque);
    void *opaque;
};

static GQuark quark(void)
{
    return g_quark_from_static_string("machine");
}

/* ---- making and unmaking ---- */

static void global_free(void *p)
{
    struct device_global *g = p;

    g_free(g->driver);
    g_free(g->prop);
    g_free(g->value);
    g_free(g);
}

static void rom_free(void *p)
{
    rom_delete(p);
}

struct machine *machine_new(void)
{
    struct machine *m = g_new0(struct machine, 1);

    big_lock_init(&m->lock);
    memory_init(&m->memory, &m->lock);
    mem_container_init(&m->root, &m->memory, "system", UINT64_MAX);
    mem_container_init(&m->io, &m->memory, "io", 0x10000);
    as_init(&m->as, "memory", &m->root);
    as_init(&m->io_as, "I/O", &m->io);
    clock_init(&m->virtual_clock, CLOCK_KIND_VIRTUAL, &m->lock);
    clock_init(&m->host_clock, CLOCK_KIND_HOST, &m->lock);
    clock_init(&m->real_clock, CLOCK_KIND_REAL, &m->lock);
    m->display = display_new();
    m->cpus = g_ptr_array_new();
    m->devices = g_ptr_array_new();
    m->buses = g_ptr_array_new();
    m->roms = g_ptr_array_new_with_free_func(rom_free);
    m->globals = g_ptr_array_new_with_free_func(global_free);
    m->listeners = g_ptr_array_new();
    m->resets = g_ptr_array_new_with_free_func(g_free);
    m->drives = g_hash_table_new(g_str_hash, g_str_equal);
    m->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    m->opt.fw_cfg = g_array_new(false, true, sizeof(struct fw_cfg_option));
    m->opt.boot_splash_ms = m->opt.boot_fail_ms = -1;
    m->opt.data_dirs = g_ptr_array_new_with_free_func(g_free);
    return m;
}

static void cpus_delete(struct machine *m)
{
    for (guint i = 0; i < m->cpus->len; i++) {
        struct cpu *cpu = m->cpus->pdata[i];

        if (m->accel) {
            machine_lock(m);
            m->accel->type->cpu_destroy(m->accel, cpu);
            machine_unlock(m);
        }
        if (cpu->type->fini) {
            cpu->type->fini(cpu);
        }
        cpu_free(cpu);
    }
    g_ptr_array_free(m->cpus, true);
}

static void options_clear(struct machine_options *o)
{
    char *strings[] = { o->kernel, o->initrd, o->append, o->dtb, o->dumpdtb, o->bios, o->cpu_model, o->name, o->vga,
                        (char *)o->ram.path };

    for (unsigned i = 0; i < G_N_ELEMENTS(strings); i++) {
        g_free(strings[i]);
    }
    for (guint i = 0; i < o->fw_cfg->len; i++) {
        g_free(g_array_index(o->fw_cfg, struct fw_cfg_option, i).name);
        g_free(g_array_index(o->fw_cfg, struct fw_cfg_option, i).data);
    }
    g_array_free(o->fw_cfg, true);
    g_ptr_array_free(o->data_dirs, true);
}

void machine_delete(struct machine *m)
{
    g_assert(!m->running);
    machine_lock(m);
    while (m->devices->len) {
        device_delete(m->devices->pdata[m->devices->len - 1]);
    }
    if (m->board && m->board->free) {
        m->board->free(m);
    }
    display_free(m->display);
    machine_unlock(m);
    cpus_delete(m);
    if (m->accel) {
        accel_delete(m->accel);
    }
    if (m->board) {
        prop_free(m->board_state, m->board->props, m->board->prop_count);
        g_free(m->board_state);
    }
    g_ptr_array_free(m->roms, true);
    mem_region_free(&m->root);
    mem_region_free(&m->io);
    as_free(&m->as);
    as_free(&m->io_as);
    memory_free(&m->memory);
    clock_free(&m->virtual_clock);
    clock_free(&m->host_clock);
    clock_free(&m->real_clock);
    g_ptr_array_free(m->devices, true);
    g_ptr_array_free(m->buses, true);
    g_ptr_array_free(m->globals, true);
    g_ptr_array_free(m->listeners, true);
    g_ptr_array_free(m->resets, true);
    g_hash_table_destroy(m->drives);
    g_hash_table_destroy(m->nodes);
    g_clear_pointer(&m->loop, g_main_loop_unref);
    g_clear_pointer(&m->rand, g_rand_free);
    options_clear(&m->opt);
    big_lock_free(&m->lock);
    g_free(m);
}

/* ---- configuration ---- */

void machine_set_board(struct machine *m, const struct board *board)
{
    g_assert(!m->board);
    m->board = board;
    m->board_state = g_malloc0(MAX(board->size, 1));
    prop_set_defaults(m->board_state, board->props, board->prop_count);
}

bool machine_set_prop(struct machine *m, const char *name, const char *value, GError **err)
{
    g_autofree char *where = g_strdup_printf("-machine %s", m->board->name);
    g_autoptr(GString) names = g_string_new(NULL);

    for (size_t i = 0; i < m->board->prop_count; i++) {
        const struct prop *p = &m->board->props[i];

        if (!strcmp(p->name, name)) {
            return prop_parse(m, m->board_state, p, where, value, err);
        }
        g_string_append_printf(names, "%s%s", names->len ? ", " : "; it has ", p->name);
    }
    g_set_error(err, quark(), 0, "%s: there is no property '%s'%s", where, name, names->str);
    return false;
}

void machine_add_global(struct machine *m, const char *driver, const char *prop, const char *value)
{
    struct device_global *g = g_new0(struct device_global, 1);

    g->driver = g_strdup(driver);
    g->prop = g_strdup(prop);
    g->value = g_strdup(value);
    g_ptr_array_add(m->globals, g);
}

char *machine_unused_global(struct machine *m)
{
    for (guint i = 0; i < m->globals->len; i++) {
        const struct device_global *g = m->globals->pdata[i];

        if (!g->used) {
            return g_strdup_printf("-global %s.%s=%s has no effect: no such device was made, or it lacks that property",
                                   g->driver, g->prop, g->value);
        }
    }
    return NULL;
}

static bool check_options(struct machine *m, GError **err)
{
    struct machine_options *o = &m->opt;

    o->cpus = o->cpus ? o->cpus : 1;
    o->max_cpus = o->max_cpus ? o->max_cpus : o->cpus;
    o->ram_size = o->ram_size ? o->ram_size : m->board->default_ram;
    if (o->cpus > o->max_cpus || o->max_cpus > m->board->max_cpus) {
        g_set_error(err, quark(), 0, "-smp: %u CPUs: machine '%s' takes 1 to %u", MAX(o->cpus, o->max_cpus),
                    m->board->name, m->board->max_cpus);
        return false;
    }
    return true;
}

bool machine_realize(struct machine *m, GError **err)
{
    bool ok;

    g_assert(m->board);
    if (!check_options(m, err)) {
        return false;
    }
    machine_lock(m);
    ok = (!m->accel || accel_start(m->accel, err)) && m->board->init(m, err);
    machine_unlock(m);
    return ok;
}

struct ram_block *machine_new_ram(struct machine *m, const char *name, uint64_t size, GError **err)
{
    return ram_block_new(&m->memory, name, size, err);
}

struct ram_block *machine_new_main_ram(struct machine *m, const char *name, uint64_t size, GError **err)
{
    return ram_block_new_from(&m->memory, name, size, &m->opt.ram, err);
}

void machine_random(struct machine *m, void *to, size_t len)
{
    uint8_t *byte = to;

    if (!m->opt.has_seed) {
        /* A short read or a signal happens above 256 bytes only (getrandom(2)). */
        for (size_t done = 0; done < len; done += MIN(len - done, 256)) {
            if (getrandom(byte + done, MIN(len - done, 256), 0) < 0) {
                g_error("no random numbers from the host");
            }
        }
        return;
    }
    if (!m->rand) {
        m->rand = g_rand_new_with_seed_array((const guint32[]) { m->opt.seed, m->opt.seed >> 32 }, 2);
    }
    for (size_t i = 0; i < len; i++) {
        byte[i] = g_rand_int(m->rand);
    }
}

struct clock *machine_rtc_clock(struct machine *m)
{
    return m->opt.rtc_vm_clock ? &m->virtual_clock : &m->host_clock;
}

int64_t machine_rtc_ns(struct machine *m)
{
    return clock_now_ns(machine_rtc_clock(m)) + m->opt.rtc_offset_ns;
}

const struct cpu_type *cpu_type_find(const char *name)
{
    for (unsigned i = 0; cpu_types[i]; i++) {
        if (!strcmp(cpu_types[i]->name, name)) {
            return cpu_types[i];
        }
    }
    return NULL;
}

struct cpu *machine_new_cpu(struct machine *m, const struct cpu_type *type, const char *default_model, GError **err)
{
    const char *model = m->opt.cpu_model ? m->opt.cpu_model : default_model;
    struct cpu *cpu = cpu_alloc(type);

    cpu->machine = m;
    cpu->as = &m->as;
    cpu->index = cpu->hw_id = m->cpus->len;
    if (!type->init(cpu, model, err)) {
        cpu_free(cpu);
        return NULL;
    }
    if (m->accel && !m->accel->type->cpu_create(m->accel, cpu, err)) {
        if (type->fini) {
            type->fini(cpu);
        }
        cpu_free(cpu);
        return NULL;
    }
    g_ptr_array_add(m->cpus, cpu);
    return cpu;
}

/* ---- listeners ---- */

void machine_listener_add(struct machine *m, struct machine_listener *l)
{
    g_ptr_array_add(m->listeners, l);
}

void machine_listener_remove(struct machine *m, struct machine_listener *l)
{
    g_ptr_array_remove(m->listeners, l);
}

static void tell(struct machine *m, enum machine_event event)
{
    for (guint i = 0; i < m->listeners->len; i++) {
        struct machine_listener *l = m->listeners->pdata[i];

        l->event(l, m, event);
    }
}

void machine_on_reset(struct machine *m, void (*fn)(void *opaque), void *opaque)
{
    struct reset_hook *h = g_new(struct reset_hook, 1);

    h->fn = fn;
    h->opaque = opaque;
    g_ptr_array_add(m->resets, h);
}

/* ---- run control ---- */

const char *run_state_name(enum run_state state)
{
    static const char *const names[] = { "prelaunch", "running", "paused", "debug", "io-error", "guest-panicked",
                                         "shutdown" };

    return names[state];
}

static void set_state(struct machine *m, enum run_state state)
{
    g_atomic_int_set((gint *)&m->state, state);
    tell(m, EVENT_STATE);
}

/* The vCPUs first: none may see the clock stand still. */
static void halt(struct machine *m)
{
    if (m->running) {
        if (m->accel) {
            m->halting = true;
            m->accel->type->pause(m->accel);
            m->halting = false;
        }
        clock_stop(&m->virtual_clock);
        m->running = false;
    }
}

static void go_on(struct machine *m)
{
    if (!m->running) {
        m->running = true;
        clock_start(&m->virtual_clock);
        if (m->accel) {
            m->accel->type->resume(m->accel);
        }
    }
}

void machine_stop(struct machine *m, enum run_state state)
{
    g_assert(state != RUN_RUNNING);
    halt(m);
    set_state(m, state);
}

bool machine_cont(struct machine *m, GError **err)
{
    if (m->state == RUN_SHUTDOWN || m->state == RUN_GUEST_PANICKED) {
        g_set_error(err, quark(), 0, "the machine is in state '%s': reset it before it can go on",
                    run_state_name(m->state));
        return false;
    }
    if (!m->running) {
        set_state(m, RUN_RUNNING);
        go_on(m);
    }
    return true;
}

static void reset_cpus(struct machine *m)
{
    for (guint i = 0; i < m->cpus->len; i++) {
        struct cpu *cpu = m->cpus->pdata[i];

        cpu->halted = cpu->start_halted;
        atomic_store(&cpu->power, cpu->start_halted ? CPU_POWER_OFF : CPU_POWER_ON);
        atomic_fetch_and(&cpu->request, ~(uint32_t)CPU_REQ_EVENTS);
        cpu->type->reset(cpu);
        if (m->accel && m->accel->type->regs_put) {
            m->accel->type->regs_put(m->accel, cpu);
        }
    }
}

void machine_reset(struct machine *m, enum machine_cause cause)
{
    bool was_running = m->running;

    halt(m);
    for (guint i = 0; i < m->devices->len; i++) {
        device_reset(m->devices->pdata[i]);
    }
    roms_load(m);
    for (guint i = 0; i < m->resets->len; i++) {
        const struct reset_hook *h = m->resets->pdata[i];

        h->fn(h->opaque);
    }
    reset_cpus(m);
    for (guint i = 0; i < m->devices->len; i++) {
        device_update(m->devices->pdata[i]);
    }
    if (cause != CAUSE_NONE) {
        m->cause = cause;
        tell(m, EVENT_RESET);
    }
    if (m->state == RUN_SHUTDOWN || m->state == RUN_GUEST_PANICKED) {
        set_state(m, RUN_PAUSED);
    }
    if (was_running) {
        go_on(m);
    }
}

/* ---- requests ---- */

static void wake(struct machine *m)
{
    g_main_context_wakeup(NULL);
    if (m->accel && m->accel->type->requested) {
        m->accel->type->requested(m->accel);
    }
}

bool machine_requested(const struct machine *m)
{
    return g_atomic_int_get(&m->reset_requested) || g_atomic_int_get(&m->shutdown_requested) ||
           g_atomic_int_get(&m->stop_requested);
}

void machine_request_reset(struct machine *m, enum machine_cause cause)
{
    if (m->opt.no_reboot && cause == CAUSE_GUEST_RESET) {
        machine_request_shutdown(m, cause, 0);
        return;
    }
    g_atomic_int_set(&m->reset_requested, cause);
    wake(m);
}

void machine_request_shutdown(struct machine *m, enum machine_cause cause, int status)
{
    if (g_atomic_int_compare_and_exchange(&m->shutdown_requested, CAUSE_NONE, (gint)cause)) {
        g_atomic_int_set(&m->exit_status, status);
    }
    wake(m);
}

void machine_request_stop(struct machine *m, enum run_state state)
{
    g_atomic_int_set(&m->stop_requested, 1 + (gint)state);
    wake(m);
}

void machine_request_powerdown(struct machine *m)
{
    g_atomic_int_set(&m->powerdown_requested, 1);
    wake(m);
}

static gint taken(gint *request)
{
    return (gint)g_atomic_int_exchange(request, 0);
}

static void serve_shutdown(struct machine *m, enum machine_cause cause)
{
    m->cause = cause;
    tell(m, EVENT_SHUTDOWN);
    if (m->opt.no_shutdown && cause != CAUSE_HOST_SIGNAL && cause != CAUSE_HOST) {
        machine_stop(m, RUN_SHUTDOWN);
        return;
    }
    g_main_loop_quit(m->loop);
}

static gboolean serve(struct machine *m)
{
    gint request;

    machine_lock(m);
    request = taken(&m->stop_requested);
    if (request) {
        machine_stop(m, request - 1);
    }
    if (taken(&m->powerdown_requested)) {
        irq_set(&m->powerdown, true);
        irq_set(&m->powerdown, false);
        tell(m, EVENT_POWERDOWN);
    }
    request = taken(&m->shutdown_requested);
    if (request) {
        serve_shutdown(m, request);
    }
    request = taken(&m->reset_requested);
    if (request) {
        machine_reset(m, request);
    }
    machine_unlock(m);
    return G_SOURCE_CONTINUE;
}

/* A GSource that is ready while a request is there: whoever makes one only wakes the context. */
struct wake_source {
    GSource source;
    struct machine *m;
};

static gboolean wake_check(GSource *source)
{
    struct machine *m = ((struct wake_source *)source)->m;

    return machine_requested(m) || g_atomic_int_get(&m->powerdown_requested);
}

static gboolean wake_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return wake_check(source);
}

static gboolean wake_dispatch(GSource *source, GSourceFunc fn, gpointer opaque)
{
    return serve(((struct wake_source *)source)->m);
}

static GSourceFuncs wake_funcs = { .prepare = wake_prepare, .check = wake_check, .dispatch = wake_dispatch };

static bool attach_loop(struct machine *m, GError **err)
{
    m->loop = g_main_loop_new(NULL, false);
    m->wake = g_source_new(&wake_funcs, sizeof(struct wake_source));
    ((struct wake_source *)m->wake)->m = m;
    g_source_attach(m->wake, NULL);
    return (m->virtual_clock.count_ns || clock_attach(&m->virtual_clock, NULL, err)) &&
           clock_attach(&m->host_clock, NULL, err) && clock_attach(&m->real_clock, NULL, err);
}

bool machine_run(struct machine *m, int *status, GError **err)
{
    if (!attach_loop(m, err)) {
        return false;
    }
    machine_lock(m);
    machine_reset(m, CAUSE_NONE);
    if (!m->opt.start_stopped) {
        machine_cont(m, NULL);
    }
    machine_unlock(m);
    g_main_loop_run(m->loop);
    machine_lock(m);
    halt(m);
    machine_unlock(m);
    g_source_destroy(m->wake);
    g_clear_pointer(&m->wake, g_source_unref);
    *status = g_atomic_int_get(&m->exit_status);
    return true;
}
