/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers on the monitor's lines: C's integer expressions with + - * / % & | ^ ~ and parentheses, of decimal, 0x
 *  hexadecimal and octal numbers and $register of the chosen CPU.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/monitor_impl.h"
#include "system/cpu.h"

#define DEPTH_MAX 32

struct expr {
    struct monitor *mon;
    const char *at;
    unsigned depth;
    bool bad;
};

static uint64_t sum(struct expr *e);

static void fail(struct expr *e, const char *fmt, const char *text)
{
    if (!e->bad) {
        monitor_printf(e->mon, fmt, text);
        e->bad = true;
    }
}

static void skip(struct expr *e)
{
    e->at += strspn(e->at, " \t");
}

struct wanted {
    struct cpu *cpu;
    const char *name;
    uint64_t value;
    bool found;
};

static void find_register(struct monitor *mon, void *opaque)
{
    struct wanted *w = opaque;
    const struct cpu_type *type = w->cpu->type;

    for (unsigned i = 0; i < type->nregs; i++) {
        if (!strcmp(type->regs[i].name, w->name)) {
            w->value = type->reg_read(w->cpu, type->regs[i].id);
            w->found = true;
            return;
        }
    }
}

static uint64_t register_value(struct expr *e)
{
    size_t len = strspn(e->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    g_autofree char *name = g_strndup(e->at, len);
    struct cpu *cpu = monitor_cpu(e->mon);

    e->at += len;
    if (cpu) {
        struct wanted w = { cpu, name, 0, false };

        monitor_while_stopped(e->mon, find_register, &w);
        if (w.found) {
            return w.value;
        }
    }
    fail(e, "no register '%s'\n", name);
    return 0;
}

static uint64_t number(struct expr *e)
{
    char *end;
    uint64_t v;

    errno = 0;
    v = strtoull(e->at, &end, 0);
    if (errno || end == e->at || *e->at == '-' || *e->at == '+') {
        fail(e, "not a number: '%s'\n", e->at);
        return 0;
    }
    e->at = end;
    return v;
}

static uint64_t unary(struct expr *e)
{
    uint64_t v;

    skip(e);
    if (++e->depth > DEPTH_MAX) {
        fail(e, "%s\n", "the expression is nested too deeply");
    }
    if (e->bad) {
        return 0;
    }
    switch (*e->at) {
    case '-':
        e->at++;
        v = -unary(e);
        break;
    case '+':
        e->at++;
        v = unary(e);
        break;
    case '~':
        e->at++;
        v = ~unary(e);
        break;
    case '$':
        e->at++;
        v = register_value(e);
        break;
    case '(':
        e->at++;
        v = sum(e);
        skip(e);
        if (*e->at != ')') {
            fail(e, "%s\n", "')' is missing");
        } else {
            e->at++;
        }
        break;
    default:
        v = number(e);
    }
    e->depth--;
    return v;
}

static uint64_t product(struct expr *e)
{
    uint64_t v = unary(e);

    for (skip(e); !e->bad && (*e->at == '*' || *e->at == '/' || *e->at == '%'); skip(e)) {
        char op = *e->at++;
        uint64_t w = unary(e);

        if (op != '*' && !w) {
            fail(e, "%s\n", "division by zero");
            return 0;
        }
        v = op == '*' ? v * w : op == '/' ? v / w : v % w;
    }
    return v;
}

static uint64_t logic(struct expr *e)
{
    uint64_t v = product(e);

    for (skip(e); !e->bad && (*e->at == '&' || *e->at == '|' || *e->at == '^'); skip(e)) {
        char op = *e->at++;
        uint64_t w = product(e);

        v = op == '&' ? v & w : op == '|' ? v | w : v ^ w;
    }
    return v;
}

/* As in QEMU's monitor, + and - bind less than & | ^. */
static uint64_t sum(struct expr *e)
{
    uint64_t v = logic(e);

    for (skip(e); !e->bad && (*e->at == '+' || *e->at == '-'); skip(e)) {
        char op = *e->at++;
        uint64_t w = logic(e);

        v = op == '+' ? v + w : v - w;
    }
    return v;
}

bool monitor_number(struct monitor *mon, const char *text, uint64_t *v)
{
    struct expr e = { mon, text, 0, false };

    *v = sum(&e);
    skip(&e);
    if (*e.at) {
        fail(&e, "not understood: '%s'\n", e.at);
    }
    return !e.bad;
}
