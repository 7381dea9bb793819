/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMP commands that tell something. */
#include <string.h>

#include "block/block.h"
#include "monitor/qmp_impl.h"
#include "system/accel.h"
#include "system/board.h"
#include "system/cpu.h"

static void begin_list(struct qmp_call *c)
{
    json_builder_begin_array(c->out);
}

static bool end_list(struct qmp_call *c)
{
    json_builder_end_array(c->out);
    return true;
}

static void begin(struct qmp_call *c)
{
    json_builder_begin_object(c->out);
}

static bool end(struct qmp_call *c)
{
    json_builder_end_object(c->out);
    return true;
}

static bool empty_list(struct qmp_call *c)
{
    begin_list(c);
    return end_list(c);
}

/* ---- the program and the machine ---- */

static bool query_version(struct qmp_call *c)
{
    begin(c);
    qmp_version(c->out);
    return end(c);
}

static bool query_commands(struct qmp_call *c)
{
    const struct qmp_command *const lists[] = { qmp_run_commands, qmp_query_commands, qmp_screen_commands };

    begin_list(c);
    for (size_t l = 0; l < G_N_ELEMENTS(lists); l++) {
        for (const struct qmp_command *q = lists[l]; q->name; q++) {
            begin(c);
            qmp_text(c->out, "name", q->name);
            end(c);
        }
    }
    return end_list(c);
}

static bool query_status(struct qmp_call *c)
{
    begin(c);
    qmp_bool(c->out, "running", c->m->running);
    qmp_text(c->out, "status", run_state_name(machine_state(c->m)));
    return end(c);
}

static bool query_name(struct qmp_call *c)
{
    begin(c);
    qmp_text(c->out, "name", c->m->opt.name);
    return end(c);
}

static bool query_uuid(struct qmp_call *c)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < 16; i++) {
        g_string_append_printf(text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", c->m->opt.uuid[i]);
    }
    begin(c);
    qmp_text(c->out, "UUID", text->str);
    return end(c);
}

static bool query_kvm(struct qmp_call *c)
{
    begin(c);
    qmp_bool(c->out, "enabled", c->m->accel && !strcmp(c->m->accel->type->name, "kvm"));
    qmp_bool(c->out, "present", accel_type_find("kvm") != NULL);
    return end(c);
}

/* "riscv64": the ISA and the width of the CPUs. */
static char *target_name(struct machine *m)
{
    unsigned bits = m->cpus->len ? ((struct cpu *)m->cpus->pdata[0])->bits : 0;

    if (!strcmp(m->board->isa, "riscv")) {
        return g_strdup_printf("riscv%u", bits ? bits : 64);
    }
    if (!strcmp(m->board->isa, "arm")) {
        return g_strdup(bits == 64 ? "aarch64" : "arm");
    }
    return g_strdup(!strcmp(m->board->isa, "x86") ? bits == 32 ? "i386" : "x86_64" : m->board->isa);
}

static bool query_target(struct qmp_call *c)
{
    g_autofree char *name = target_name(c->m);

    begin(c);
    qmp_text(c->out, "arch", name);
    return end(c);
}

static bool query_machines(struct qmp_call *c)
{
    begin_list(c);
    for (unsigned i = 0; boards[i]; i++) {
        begin(c);
        qmp_text(c->out, "name", boards[i]->name);
        qmp_text(c->out, "alias", boards[i]->alias);
        qmp_int(c->out, "cpu-max", boards[i]->max_cpus);
        qmp_bool(c->out, "hotpluggable-cpus", false);
        qmp_bool(c->out, "numa-mem-supported", false);
        qmp_bool(c->out, "deprecated", false);
        end(c);
    }
    return end_list(c);
}

static bool query_cpus_fast(struct qmp_call *c)
{
    g_autofree char *target = target_name(c->m);

    begin_list(c);
    for (unsigned i = 0; i < c->m->cpus->len; i++) {
        g_autofree char *path = g_strdup_printf("/machine/cpu[%u]", i);
        struct cpu *cpu = c->m->cpus->pdata[i];

        begin(c);
        qmp_int(c->out, "cpu-index", i);
        qmp_text(c->out, "qom-path", path);
        qmp_int(c->out, "thread-id", cpu->thread_id);
        qmp_text(c->out, "target", target);
        end(c);
    }
    return end_list(c);
}

static bool query_memory_size(struct qmp_call *c)
{
    begin(c);
    qmp_int(c->out, "base-memory", c->m->opt.ram_size);
    return end(c);
}

static bool query_balloon(struct qmp_call *c)
{
    struct machine_balloon *b = &c->m->balloon;

    if (!b->opaque) {
        return qmp_fail(c, "No balloon device has been activated");
    }
    begin(c);
    qmp_int(c->out, "actual", b->guest_bytes(b->opaque));
    return end(c);
}

/* ---- back ends ---- */

static void add_chardev(void *opaque, const char *id, const char *filename, bool open)
{
    struct qmp_call *c = opaque;

    begin(c);
    qmp_text(c->out, "label", id);
    qmp_text(c->out, "filename", filename);
    qmp_bool(c->out, "frontend-open", open);
    end(c);
}

static bool query_chardev(struct qmp_call *c)
{
    begin_list(c);
    chardev_foreach(c->m->chardevs, add_chardev, c);
    return end_list(c);
}

static void add_image(struct qmp_call *c, struct block_backend *be)
{
    json_builder_set_member_name(c->out, "image");
    begin(c);
    qmp_text(c->out, "filename", block_path(be));
    qmp_text(c->out, "format", block_format_name(be));
    qmp_int(c->out, "virtual-size", block_length(be));
    end(c);
}

static void add_medium(struct qmp_call *c, struct block_backend *be)
{
    json_builder_set_member_name(c->out, "inserted");
    begin(c);
    qmp_text(c->out, "file", block_path(be));
    qmp_bool(c->out, "ro", block_is_read_only(be));
    qmp_text(c->out, "drv", block_format_name(be));
    qmp_bool(c->out, "encrypted", false);
    add_image(c, be);
    json_builder_set_member_name(c->out, "cache");
    begin(c);
    qmp_bool(c->out, "writeback", block_write_cache(be));
    end(c);
    end(c);
}

static bool query_block(struct qmp_call *c)
{
    g_autoptr(GList) ids = g_list_sort(g_hash_table_get_keys(c->m->drives), (GCompareFunc)strcmp);

    begin_list(c);
    for (GList *i = ids; i; i = i->next) {
        struct block_backend *be = g_hash_table_lookup(c->m->drives, i->data);

        begin(c);
        qmp_text(c->out, "device", i->data);
        qmp_bool(c->out, "locked", false);
        qmp_bool(c->out, "removable", false);
        qmp_text(c->out, "type", "unknown");
        qmp_text(c->out, "io-status", machine_state(c->m) == RUN_IO_ERROR ? "failed" : "ok");
        add_medium(c, be);
        end(c);
    }
    return end_list(c);
}

static bool query_blockstats(struct qmp_call *c)
{
    g_autoptr(GList) ids = g_list_sort(g_hash_table_get_keys(c->m->drives), (GCompareFunc)strcmp);

    begin_list(c);
    for (GList *i = ids; i; i = i->next) {
        struct block_stats st;

        block_get_stats(g_hash_table_lookup(c->m->drives, i->data), &st);
        begin(c);
        qmp_text(c->out, "device", i->data);
        json_builder_set_member_name(c->out, "stats");
        begin(c);
        qmp_int(c->out, "rd_bytes", st.read_bytes);
        qmp_int(c->out, "wr_bytes", st.write_bytes);
        qmp_int(c->out, "rd_operations", st.read_ops);
        qmp_int(c->out, "wr_operations", st.write_ops);
        qmp_int(c->out, "flush_operations", st.flush_ops);
        end(c);
        end(c);
    }
    return end_list(c);
}

/* ---- types ---- */

static const char *prop_type(const struct prop *p)
{
    switch (p->kind) {
    case PROP_KIND_BOOL:
        return "bool";
    case PROP_KIND_U8:
        return "uint8";
    case PROP_KIND_U16:
        return "uint16";
    case PROP_KIND_U32:
        return "uint32";
    case PROP_KIND_U64:
        return "uint64";
    case PROP_KIND_I32:
        return "int32";
    case PROP_KIND_SIZE:
        return "size";
    default:
        return "str";
    }
}

static void add_default(struct qmp_call *c, const struct prop *p)
{
    if (p->kind == PROP_KIND_BOOL) {
        qmp_bool(c->out, "default-value", p->def);
    } else if (p->kind <= PROP_KIND_SIZE) {
        qmp_int(c->out, "default-value", (int64_t)p->def);
    } else if (p->kind == PROP_KIND_ENUM) {
        qmp_text(c->out, "default-value", p->names[p->def]);
    } else if (p->kind == PROP_KIND_STRING) {
        qmp_text(c->out, "default-value", p->def_text);
    }
}

static bool device_list_properties(struct qmp_call *c)
{
    const char *name = qmp_arg_text(c, "typename", "");
    const struct device_type *t = device_type_find(name);

    if (!t) {
        return qmp_fail(c, "Class '%s' not found", name);
    }
    begin_list(c);
    for (; t; t = t->base) {
        for (size_t i = 0; i < t->prop_count; i++) {
            const struct prop *p = &t->props[i];

            if (p->internal) {
                continue;
            }
            begin(c);
            qmp_text(c->out, "name", p->name);
            qmp_text(c->out, "type", prop_type(p));
            qmp_text(c->out, "description", p->help);
            add_default(c, p);
            end(c);
        }
    }
    return end_list(c);
}

static bool derives_from(const struct device_type *t, const char *name)
{
    if (!strcmp(name, "device") || !strcmp(name, "object")) {
        return true;
    }
    for (; t; t = t->base) {
        if (!strcmp(t->name, name)) {
            return true;
        }
    }
    return false;
}

static bool qom_list_types(struct qmp_call *c)
{
    const char *implements = qmp_arg_text(c, "implements", "object");
    bool abstract = qmp_arg_bool(c, "abstract", false);

    begin_list(c);
    for (unsigned i = 0; device_types[i]; i++) {
        const struct device_type *t = device_types[i];

        if (derives_from(t, implements) && (abstract || !t->abstract)) {
            begin(c);
            qmp_text(c->out, "name", t->name);
            qmp_text(c->out, "parent", t->base ? t->base->name : "device");
            end(c);
        }
    }
    return end_list(c);
}

const struct qmp_command qmp_query_commands[] = {
    { "query-version", "", false, query_version },
    { "query-commands", "", false, query_commands },
    { "query-status", "", false, query_status },
    { "query-name", "", false, query_name },
    { "query-uuid", "", false, query_uuid },
    { "query-kvm", "", false, query_kvm },
    { "query-target", "", false, query_target },
    { "query-machines", "", false, query_machines },
    { "query-cpus-fast", "", false, query_cpus_fast },
    { "query-memory-size-summary", "", false, query_memory_size },
    { "query-balloon", "", false, query_balloon },
    { "query-iothreads", "", false, empty_list },
    { "query-block-jobs", "", false, empty_list },
    { "query-jobs", "", false, empty_list },
    { "query-chardev", "", false, query_chardev },
    { "query-block", "", false, query_block },
    { "query-blockstats", "", false, query_blockstats },
    { "device-list-properties", "typename:s", false, device_list_properties },
    { "qom-list-types", "implements:s? abstract:b?", false, qom_list_types },
    { NULL, NULL, false, NULL },
};
