/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: what -d and -D select. Each line goes to one stream (stderr, or the file of -D) under a lock, so any
 * thread may call these functions at any time.
 */
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum log_item {
    LOG_IN_ASM       = 1 << 0,   /* guest instructions of each translated block */
    LOG_OP           = 1 << 1,   /* IR as the target made it */
    LOG_OP_OPT       = 1 << 2,   /* IR after the passes */
    LOG_RA           = 1 << 3,   /* register assignment */
    LOG_OUT_ASM      = 1 << 4,   /* host code */
    LOG_INT          = 1 << 5,   /* traps and interrupts taken by a vCPU */
    LOG_EXEC         = 1 << 6,   /* each block entered (disables chaining) */
    LOG_CPU          = 1 << 7,   /* registers before each block (disables chaining) */
    LOG_MMU          = 1 << 8,   /* page walks and TLB maintenance */
    LOG_GUEST_ERROR  = 1 << 9,   /* what the guest did wrong; rate limited */
    LOG_UNIMP        = 1 << 10,  /* what is not modelled; once per place */
    LOG_PCALL        = 1 << 11,  /* firmware and semihosting calls */
    LOG_NOCHAIN      = 1 << 12,  /* not a stream: never chain blocks */
    LOG_TRACE        = 1 << 13,  /* device register accesses (--trace) */
    LOG_INSN_COUNT   = 1 << 14,  /* how often each guest instruction ran, at the end */
};

/* Bits of enum log_item that are on. Read freely; written by log_set before any vCPU runs and by the monitor. */
extern uint32_t log_mask;

static inline bool log_on(uint32_t items)
{
    return G_UNLIKELY(log_mask & items);
}

/* Parses "in_asm,op" into log_mask; "help" prints the list of items and returns false with no error set.
 * False and *err where an item is unknown. */
bool log_set(const char *items, GError **err);

/* Sends the log to a file (created, truncated) instead of stderr. */
bool log_open(const char *path, GError **err);

/* Appends one formatted text if any of items is on. The text carries its own newline. */
void log_printf(uint32_t items, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* The guest did something wrong: shown under -d guest_errors, at most some hundred a second. The text has no newline. */
void log_guest(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* Not modelled yet: shown under -d unimp, once for each distinct text. The text has no newline. */
void log_unimp(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

#endif
