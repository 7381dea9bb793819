/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that look at guest memory. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor_impl.h"
#include "system/cpu.h"

#define DUMP_MAX 65536      /* units in one command */
#define SUM_MAX (1u << 30)

struct format {
    unsigned count, size;
    char kind;              /* x d u o c i */
};

/* "/8xw": count, letters of kind and size (b h w g). */
static bool parse_format(struct monitor *mon, const char *text, struct format *f)
{
    char *end;
    unsigned long n;

    *f = (struct format) { 1, 4, 'x' };
    text += *text == '/';
    n = strtoul(text, &end, 10);
    if (end != text) {
        f->count = MIN(n, (unsigned long)DUMP_MAX);
    }
    for (; *end; end++) {
        switch (*end) {
        case 'b':
            f->size = 1;
            break;
        case 'h':
            f->size = 2;
            break;
        case 'w':
            f->size = 4;
            break;
        case 'g':
            f->size = 8;
            break;
        case 'x':
        case 'd':
        case 'u':
        case 'o':
        case 'c':
        case 'i':
            f->kind = *end;
            break;
        default:
            monitor_printf(mon, "format '/%s': accepted: count, then x d u o c i, then b h w g\n", text);
            return false;
        }
    }
    if (f->kind == 'c') {
        f->size = 1;
    }
    return true;
}

static bool get(struct monitor *mon, struct cpu *cpu, bool physical, uint64_t addr, void *buf, size_t len)
{
    if (physical ? as_read(&mon->m->as, addr, buf, len, MEM_ATTRS_DEBUG) == MEM_OK
                 : cpu_debug_rw(cpu, addr, buf, len, false)) {
        return true;
    }
    monitor_printf(mon, "Cannot access memory at 0x%" G_GINT64_MODIFIER "x\n", addr);
    return false;
}

static void dump_insns(struct monitor *mon, struct cpu *cpu, bool physical, uint64_t addr, unsigned count)
{
    while (count--) {
        uint8_t bytes[16] = { 0 };
        unsigned n = 16, len;

        while (n && !(physical ? as_read(&mon->m->as, addr, bytes, n, MEM_ATTRS_DEBUG) == MEM_OK
                               : cpu_debug_rw(cpu, addr, bytes, n, false))) {
            n /= 2;
        }
        if (!n) {
            monitor_printf(mon, "Cannot access memory at 0x%" G_GINT64_MODIFIER "x\n", addr);
            return;
        }
        monitor_printf(mon, "0x%08" G_GINT64_MODIFIER "x:  ", addr);
        len = cpu->type->disas(cpu, addr, bytes, n, mon->out);
        addr += MAX(len, 1u);
        monitor_printf(mon, "\n");
    }
}

static void print_unit(struct monitor *mon, const struct format *f, uint64_t v)
{
    int64_t sv = f->size == 8 ? (int64_t)v : (int64_t)(v << (64 - f->size * 8)) >> (64 - f->size * 8);

    switch (f->kind) {
    case 'd':
        monitor_printf(mon, " %" G_GINT64_FORMAT, sv);
        break;
    case 'u':
        monitor_printf(mon, " %" G_GUINT64_FORMAT, v);
        break;
    case 'o':
        monitor_printf(mon, " 0%" G_GINT64_MODIFIER "o", v);
        break;
    case 'c':
        monitor_printf(mon, " '%c'", isprint((int)v) ? (char)v : '.');
        break;
    default:
        monitor_printf(mon, " 0x%0*" G_GINT64_MODIFIER "x", (int)f->size * 2, v);
    }
}

static void dump(struct monitor *mon, bool physical, char **args)
{
    struct cpu *cpu = monitor_cpu(mon);
    bool has_format = args[0][0] == '/';
    g_autofree char *where = g_strjoinv(" ", args + has_format);
    struct format f;
    uint64_t addr;
    unsigned per_line;

    if (!cpu || !parse_format(mon, has_format ? args[0] : "", &f) || !monitor_number(mon, where, &addr)) {
        return;
    }
    if (f.kind == 'i') {
        dump_insns(mon, cpu, physical, addr, f.count);
        return;
    }
    per_line = 16 / f.size;
    for (unsigned i = 0; i < f.count; i++, addr += f.size) {
        uint64_t v = 0;

        if (!get(mon, cpu, physical, addr, &v, f.size)) {
            return;
        }
        if (i % per_line == 0) {
            monitor_printf(mon, "%s%0*" G_GINT64_MODIFIER "x:", i ? "\n" : "", 16, addr);
        }
        print_unit(mon, &f, v);
    }
    monitor_printf(mon, "\n");
}

static void cmd_x(struct monitor *mon, char **args)
{
    dump(mon, false, args);
}

static void cmd_xp(struct monitor *mon, char **args)
{
    dump(mon, true, args);
}

/* One value in a format's letter. */
static void cmd_print(struct monitor *mon, char **args)
{
    bool has_format = args[0][0] == '/';
    g_autofree char *text = g_strjoinv(" ", args + has_format);
    struct format f;
    uint64_t v;

    if (!parse_format(mon, has_format ? args[0] : "", &f) || !monitor_number(mon, text, &v)) {
        return;
    }
    switch (f.kind) {
    case 'd':
        monitor_printf(mon, "%" G_GINT64_FORMAT "\n", (int64_t)v);
        break;
    case 'u':
        monitor_printf(mon, "%" G_GUINT64_FORMAT "\n", v);
        break;
    case 'o':
        monitor_printf(mon, "0%" G_GINT64_MODIFIER "o\n", v);
        break;
    case 'c':
        monitor_printf(mon, "'%c'\n", isprint((int)(v & 0xff)) ? (char)v : '.');
        break;
    default:
        monitor_printf(mon, "0x%" G_GINT64_MODIFIER "x\n", v);
    }
}

/* The checksum of BSD's sum(1). */
static void cmd_sum(struct monitor *mon, char **args)
{
    uint64_t addr, size;
    uint16_t sum = 0;

    if (!monitor_number(mon, args[0], &addr) || !monitor_number(mon, args[1], &size)) {
        return;
    }
    if (size > SUM_MAX) {
        monitor_printf(mon, "sum: at most %u bytes\n", SUM_MAX);
        return;
    }
    while (size) {
        uint8_t buf[4096];
        size_t n = MIN(size, sizeof buf);

        if (!get(mon, NULL, true, addr, buf, n)) {
            return;
        }
        for (size_t i = 0; i < n; i++) {
            sum = (uint16_t)(sum >> 1 | sum << 15) + buf[i];
        }
        addr += n;
        size -= n;
    }
    monitor_printf(mon, "%05u\n", sum);
}

static void cmd_gva2gpa(struct monitor *mon, char **args)
{
    struct cpu *cpu = monitor_cpu(mon);
    struct mmu_fault fault;
    struct mmu_page page;
    uint64_t va;

    if (!cpu || !monitor_number(mon, args[0], &va)) {
        return;
    }
    if (cpu->type->mmu_walk(cpu, va, MMU_READ, cpu->type->data_idx(cpu), true, &page, &fault)) {
        monitor_printf(mon, "gpa: 0x%" G_GINT64_MODIFIER "x\n", page.paddr);
    } else {
        monitor_printf(mon, "Unmapped\n");
    }
}

const struct command memory_commands[] = {
    { "x", "/FMT ADDR", "guest memory at a virtual address; FMT: count, then x d u o c i, then b h w g", 1, ARGS_ANY,
      cmd_x },
    { "xp", "/FMT ADDR", "the same at a physical address", 1, ARGS_ANY, cmd_xp },
    { "gva2gpa", "ADDR", "physical address of a virtual one", 1, 1, cmd_gva2gpa },
    { "print", "/FMT EXPR", "value of an expression: numbers, $registers, + - * / % & | ^ ~ ( )", 1, ARGS_ANY,
      cmd_print },
    { "p", "/FMT EXPR", "the same as print", 1, ARGS_ANY, cmd_print },
    { "sum", "ADDR SIZE", "checksum of guest memory at a physical address", 2, 2, cmd_sum },
    { NULL, NULL, NULL, 0, 0, NULL, NULL },
};
