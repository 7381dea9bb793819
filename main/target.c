/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which instruction set, board and CPU model a command line means. Each source leaves some rows of targets[] over: -target
 * or the program's name, the machine's name, the CPU model, and only if several instruction sets are left then, the
 * image.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "main/setup.h"
#include "system/board.h"
#include "system/cpu.h"
#include "system/loader.h"
#include "util/options.h"

/* Guest instruction sets as users name them. A row counts if the program has a CPU type and a board of its ISA. */
static const struct target {
    const char *name, *isa;
    unsigned bits;
    unsigned elf_machine;
    const char *default_cpu;
    const char *default_machine;
} targets[] = {
    { "riscv64", "riscv", 64, EM_RISCV, "rv64", "virt" },
    { "riscv32", "riscv", 32, EM_RISCV, "rv32", "virt" },
    { "aarch64", "arm", 64, EM_AARCH64, "cortex-a57", "virt" },
    { "x86_64", "x86", 64, EM_X86_64, "max", "pc" },
    { "i386", "x86", 32, EM_386, "qemu32", "pc" },
    { "arm", "arm", 32, EM_ARM, "cortex-a15", "virt" },
};

/* Bits by row of targets[]. */
typedef uint32_t target_set;

static target_set all_targets(void)
{
    target_set set = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        if (cpu_type_find(targets[i].isa) && board_find(targets[i].isa, targets[i].default_machine)) {
            set |= 1u << i;
        }
    }
    return set;
}

static const struct target *first(target_set set)
{
    g_assert(set);
    return &targets[__builtin_ctz(set)];
}

/* "riscv64, riscv32"; g_free. */
static char *names_of(target_set set)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (; set; set &= set - 1) {
        g_string_append_printf(out, "%s%s", out->len ? ", " : "", first(set)->name);
    }
    return g_strdup(out->str);
}

static bool one_isa(target_set set)
{
    const char *isa = first(set)->isa;

    for (; set; set &= set - 1) {
        if (strcmp(first(set)->isa, isa)) {
            return false;
        }
    }
    return true;
}

/* The rows of set for which keep holds. */
static target_set narrow(target_set set, bool (*keep)(const struct target *t, const void *what), const void *what)
{
    target_set left = 0;

    for (; set; set &= set - 1) {
        if (keep(first(set), what)) {
            left |= set & -set;
        }
    }
    return left;
}

static bool has_name(const struct target *t, const void *name)
{
    return !strcmp(t->name, name);
}

static bool has_board(const struct target *t, const void *name)
{
    return board_find(t->isa, name) != NULL;
}

static bool has_cpu(const struct target *t, const void *model)
{
    const struct cpu_type *type = cpu_type_find(t->isa);
    g_autofree char *name = g_strndup(model, strcspn(model, ","));

    return type->has_model && type->has_model(name);
}

/* A CPU type that does not say may have the model, where none says so: its init says what is wrong with it. */
static bool may_have_cpu(const struct target *t, const void *model)
{
    return !cpu_type_find(t->isa)->has_model;
}

static bool runs_image(const struct target *t, const void *what)
{
    const struct image_kind *kind = what;

    return t->elf_machine == kind->elf_machine && (!kind->bits || kind->bits == t->bits);
}

static bool is_help(const char *text)
{
    return text && (!strcmp(text, "help") || !strcmp(text, "?"));
}

/* -kernel, or else -bios, where that says what it is for. */
static target_set by_image(const struct cmdline *c, target_set set)
{
    const char *files[] = { c->kernel, c->bios };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        struct image_kind kind = files[i] ? image_identify(files[i]) : (struct image_kind) { 0 };
        target_set left = kind.elf_machine ? narrow(set, runs_image, &kind) : 0;

        if (left) {
            return left;
        }
    }
    return set;
}

/* The rows that are left; 0 and *err where the sources contradict each other. */
static target_set choose(const struct cmdline *c, const char *machine, GError **err)
{
    target_set all = all_targets(), set = all, left;
    g_autofree char *known = names_of(all);
    const char *target = c->target;

    if (target) {
        set = narrow(set, has_name, target);
        if (!set) {
            g_set_error(err, MAIN_ERROR, 0, "target '%s' is not supported; accepted: %s", target, known);
            return 0;
        }
    }
    if (machine && !is_help(machine)) {
        left = narrow(set, has_board, machine);
        if (!left) {
            g_set_error(err, MAIN_ERROR, 0, "-machine %s: no such machine%s%s; '-machine help' lists them", machine,
                        target ? " for " : "", target ? target : "");
            return 0;
        }
        set = left;
    }
    if (c->cpu && !is_help(c->cpu)) {
        left = narrow(set, has_cpu, c->cpu);
        left = left ? left : narrow(set, may_have_cpu, NULL);
        if (!left) {
            g_autofree char *names = names_of(set);

            g_set_error(err, MAIN_ERROR, 0, "-cpu %s: no such CPU model for %s; '-cpu help' lists them", c->cpu, names);
            return 0;
        }
        set = left;
    }
    return one_isa(set) && (target || c->cpu) ? set : by_image(c, set);
}

/* ---- lists ---- */

static void list_boards(target_set set)
{
    printf("Supported machines:\n");
    for (unsigned i = 0; boards[i]; i++) {
        for (target_set s = set; s; s &= s - 1) {
            if (!strcmp(first(s)->isa, boards[i]->isa)) {
                printf("%-20s %s (%s)\n", boards[i]->alias ? boards[i]->alias : boards[i]->name, boards[i]->desc,
                       boards[i]->isa);
                break;
            }
        }
    }
}

static void list_props(target_set set, const char *machine)
{
    const char *isa = "";

    for (; set; set &= set - 1) {
        const struct board *board = board_find(first(set)->isa, machine);
        g_autoptr(GString) out = g_string_new(NULL);

        if (strcmp(isa, first(set)->isa)) {
            isa = first(set)->isa;
            prop_help(board->props, board->prop_count, out);
            printf("%s (%s) options:\n%s", machine, isa, out->str);
        }
    }
}

static void list_cpus(target_set set)
{
    const char *isa = "";

    for (; set; set &= set - 1) {
        if (strcmp(isa, first(set)->isa)) {
            isa = first(set)->isa;
            if (cpu_type_find(isa)->help) {
                cpu_type_find(isa)->help();
            }
        }
    }
}

/* ---- the choice ---- */

enum cmdline_result setup_target(struct setup *s, struct options *machine, const struct board **board, GError **err)
{
    struct cmdline *c = s->c;
    const char *type = options_get(machine, "type");
    bool help = options_wants_help(machine);
    target_set set = choose(c, type, err);
    g_autofree char *names = names_of(set);

    if (!set) {
        return CMDLINE_ERROR;
    }
    if (help || is_help(c->cpu)) {
        if (help && type && !is_help(type)) {
            list_props(set, type);
        } else if (help) {
            list_boards(set);
        } else {
            list_cpus(set);
        }
        return CMDLINE_DONE;
    }
    if (!one_isa(set)) {
        g_set_error(err, MAIN_ERROR, 0, "which guest is meant? choose it by -target, -cpu or -machine; accepted by -target%s%s: %s",
                    type ? " with -machine " : "", type ? type : "", names);
        return CMDLINE_ERROR;
    }
    *board = board_find(first(set)->isa, type ? type : first(set)->default_machine);
    s->m->opt.cpu_model = g_strdup(c->cpu ? c->cpu : first(set)->default_cpu);
    s->m->opt.target_bits = first(set)->bits;
    return CMDLINE_RUN;
}
