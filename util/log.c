/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define GUEST_ERRORS_PER_SECOND_MAX 200

uint32_t log_mask;

static GMutex lock;
static FILE *stream;
static GHashTable *unimp_seen;
static gint64 guest_window_us;
static unsigned guest_in_window;

static const struct {
    const char *name;
    uint32_t bit;
    const char *help;
} items_table[] = {
    { "in_asm", LOG_IN_ASM, "guest instructions of each translated block" },
    { "op", LOG_OP, "IR as the target made it" },
    { "op_opt", LOG_OP_OPT, "IR after the passes" },
    { "ra", LOG_RA, "register assignment" },
    { "out_asm", LOG_OUT_ASM, "host code of each translated block" },
    { "int", LOG_INT, "traps and interrupts" },
    { "exec", LOG_EXEC, "each block entered" },
    { "cpu", LOG_CPU, "registers before each block" },
    { "mmu", LOG_MMU, "page walks and TLB maintenance" },
    { "guest_errors", LOG_GUEST_ERROR, "what the guest did wrong" },
    { "unimp", LOG_UNIMP, "what is not modelled" },
    { "pcall", LOG_PCALL, "firmware and semihosting calls" },
    { "nochain", LOG_NOCHAIN, "never chain blocks, so that exec and cpu show each one" },
    { "trace", LOG_TRACE, "device register accesses" },
    { "insn-count", LOG_INSN_COUNT, "how often each kind of guest instruction ran, at the end (slow)" },
};

static GQuark log_quark(void)
{
    return g_quark_from_static_string("log");
}

static bool set_one(const char *name, uint32_t *mask, GError **err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(items_table); i++) {
        if (!strcmp(name, items_table[i].name)) {
            *mask |= items_table[i].bit;
            return true;
        }
    }
    g_set_error(err, log_quark(), 0, "-d: unknown log item '%s'; '-d help' lists them", name);
    return false;
}

bool log_set(const char *items, GError **err)
{
    g_auto(GStrv) names = g_strsplit(items, ",", -1);
    uint32_t mask = 0;

    if (!strcmp(items, "help") || !strcmp(items, "?")) {
        for (size_t i = 0; i < G_N_ELEMENTS(items_table); i++) {
            printf("%-14s %s\n", items_table[i].name, items_table[i].help);
        }
        return false;
    }
    for (char **n = names; *n; n++) {
        if (!set_one(*n, &mask, err)) {
            return false;
        }
    }
    log_mask = mask;
    return true;
}

bool log_open(const char *path, GError **err)
{
    FILE *f = fopen(path, "w");

    if (!f) {
        g_set_error(err, log_quark(), 0, "-D %s: cannot write the log: %s", path, g_strerror(errno));
        return false;
    }
    g_mutex_lock(&lock);
    if (stream) {
        fclose(stream);
    }
    stream = f;
    g_mutex_unlock(&lock);
    return true;
}

static void put_locked(const char *fmt, va_list ap)
{
    FILE *f = stream ? stream : stderr;

    vfprintf(f, fmt, ap);
    fflush(f);
}

static void line_locked(const char *prefix, const char *text)
{
    FILE *f = stream ? stream : stderr;

    fprintf(f, "%s: %s\n", prefix, text);
    fflush(f);
}

void log_printf(uint32_t items, const char *fmt, ...)
{
    va_list ap;

    if (!log_on(items)) {
        return;
    }
    va_start(ap, fmt);
    g_mutex_lock(&lock);
    put_locked(fmt, ap);
    g_mutex_unlock(&lock);
    va_end(ap);
}

void log_guest(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    gint64 now = g_get_monotonic_time();
    va_list ap;

    if (!log_on(LOG_GUEST_ERROR)) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    g_mutex_lock(&lock);
    if (now - guest_window_us > G_USEC_PER_SEC) {
        guest_window_us = now;
        guest_in_window = 0;
    }
    if (guest_in_window++ < GUEST_ERRORS_PER_SECOND_MAX) {
        line_locked("guest error", text);
    }
    g_mutex_unlock(&lock);
}

void log_unimp(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (!log_on(LOG_UNIMP)) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    g_mutex_lock(&lock);
    if (!unimp_seen) {
        unimp_seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    if (!g_hash_table_contains(unimp_seen, text)) {
        line_locked("unimplemented", text);
        g_hash_table_add(unimp_seen, g_steal_pointer(&text));
    }
    g_mutex_unlock(&lock);
}
