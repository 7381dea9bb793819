/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For hosts without a back end: there is none to make, so the accelerator interprets (engine=interp). The other calls
 * of tcg/host.h need a struct host and can't be reached.
 */
#include "tcg/host.h"

struct host *host_new(const struct host_env *env, const struct ir_target *target, struct host_buf *buf, GError **err)
{
    g_set_error(err, g_quark_from_static_string("host"), 0,
                "-accel tcg: there is no code generator for this host; accepted: engine=interp");
    return NULL;
}

void host_free(struct host *h)
{
    g_assert_not_reached();
}

uint64_t host_tlb_control(const struct host *h, unsigned index_bits)
{
    g_assert_not_reached();
}

struct host_scratch *host_scratch_new(const struct host *h)
{
    g_assert_not_reached();
}

void host_scratch_free(struct host_scratch *s)
{
    g_assert_not_reached();
}

bool host_compile(struct host_scratch *s, struct ir *ir, const struct host_region *region, const struct host_buf *buf,
                  struct host_code *code)
{
    g_assert_not_reached();
}

struct host_left host_enter(const struct host *h, struct cpu *cpu, const void *code)
{
    g_assert_not_reached();
}

void host_link(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_exit *e, const void *to)
{
    g_assert_not_reached();
}

void host_kill(const struct host *h, uint8_t *rw, const uint8_t *rx, const struct host_code *code)
{
    g_assert_not_reached();
}

int host_exit_find(const struct host_code *code, const uint8_t *rx, uint64_t detail)
{
    g_assert_not_reached();
}

bool host_rebuild(const struct host *h, struct cpu *cpu, const uint8_t *rx, const struct host_code *code, uintptr_t ret,
                  const struct host_frame *frame, unsigned *insns)
{
    g_assert_not_reached();
}

void host_disas(const uint8_t *rw, const uint8_t *rx, size_t bytes, GString *out)
{
    g_assert_not_reached();
}
