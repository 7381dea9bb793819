/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs regions of the test world (ir_world.h) through the host's back end: code buffer, TLB, slow paths. */
#ifndef TESTS_HOST_WORLD_H
#define TESTS_HOST_WORLD_H

#include "tests/unit/ir_world.h"

#define HOST_WORLD_TLB_BITS 9

/* What TLB_REG points to. */
struct host_world_tlb {
    uint64_t read[1 << HOST_WORLD_TLB_BITS], write[1 << HOST_WORLD_TLB_BITS], addend[1 << HOST_WORLD_TLB_BITS];
    uint32_t xmap[64];
};

struct host_world {
    struct host *host;
    struct host_scratch *scratch;
    struct host_buf whole, left;        /* all of the code buffer; what is free */
    struct host_world_tlb tlb;
    struct ir_world *w;                 /* being run */
    const uint8_t *rx;                  /* the region that runs, and its code */
    struct host_code code;
    bool fill;                          /* slow paths enter the page into the TLB */
    unsigned slow_calls;
};

struct host_world *host_world_new(uint32_t opts, bool icount);
void host_world_free(struct host_world *hw);
/* Compiles into the start of the buffer. False: the back end refused. */
bool host_world_compile(struct host_world *hw, struct ir *ir);
/* Makes w's CPU struct ready for this back end; percent of the pages are in the TLB (chosen by seed). */
void host_world_ready(struct host_world *hw, struct ir_world *w, unsigned percent, uint64_t seed);
struct host_left host_world_enter(struct host_world *hw, const uint8_t *entry);
/* Runs the compiled region; how it ended is recorded as ir_world_interp does. */
void host_world_run(struct host_world *hw);
/* The compiled region's code, disassembled. */
void host_world_disas(struct host_world *hw, GString *out);

#endif
