/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/engine_jit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tcg/host.h"
#include "tests/insn/stream.h"
#include "util/log.h"

enum {
    TLB_BITS = 6,                   /* few entries, so that they are replaced, too */
    TLB_ENTRIES = 1 << TLB_BITS,
    CODE_BYTES = 1 << 20,
    XMAP_ENTRIES = 64,
};

/* What r14 points to. All MMU indices share the arrays. */
struct tlb {
    uint64_t read[TLB_ENTRIES], write[TLB_ENTRIES], addend[TLB_ENTRIES];
    uint32_t xmap[XMAP_ENTRIES];
};

struct jit {
    struct cpu *cpu;
    const struct engine_memory *memory;
    struct tlb *tlb;
    struct host_buf all, room;      /* the mapping; what is behind the thunks */
    struct host *host;
    struct host_scratch *scratch;
};

/* ---- slow paths: they fill the TLB as an accelerator does ---- */

static void fill(struct cpu *cpu, uint64_t addr, unsigned bytes)
{
    struct tlb *tlb = cpu->tlb_base;
    uint64_t page = addr & ~4095ull;
    unsigned i = page >> 12 & (TLB_ENTRIES - 1);
    uint8_t *host = engine_at(cpu, page, 4096);

    tlb->read[i] = tlb->write[i] = page;
    tlb->addend[i] = (uintptr_t)host - page;
}

static uint64_t slow_load(struct cpu *cpu, uint64_t addr, unsigned mem, uintptr_t ret, struct host_frame *frame)
{
    fill(cpu, addr, 1);
    return engine_load(cpu, addr, mem);
}

static void slow_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem, uintptr_t ret,
                       struct host_frame *frame)
{
    fill(cpu, addr, 1);
    engine_store(cpu, addr, value, mem);
}

static void slow_other(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2],
                       const uint64_t expected[2], uintptr_t ret, struct host_frame *frame)
{
    fill(cpu, addr, 1);
    engine_slow(cpu, addr, op, mem, value, expected);
}

static struct host_env make_env(uint32_t opts)
{
    struct host_env env = {
        .off_tlb_base = offsetof(struct cpu, tlb_base),
        .off_tlb_ctl = offsetof(struct cpu, tlb_ctl),
        .off_request = offsetof(struct cpu, request),
        .off_jump_salt = offsetof(struct cpu, jump_salt),
        .off_jump_cache = CPU_AREA_OFFSET,
        .off_fpcr = offsetof(struct cpu, fpcr),
        .off_icount = offsetof(struct cpu, icount_left),
        .xmap = offsetof(struct tlb, xmap),
        .xmap_entries = XMAP_ENTRIES,
        .page_bits = 12,
        .load = slow_load,
        .store = slow_store,
        .slow = slow_other,
        .chain = true,
        .opts = opts,
    };

    for (unsigned i = 0; i < 16; i++) {
        env.tlb_read[i] = offsetof(struct tlb, read);
        env.tlb_write[i] = offsetof(struct tlb, write);
        env.tlb_addend[i] = offsetof(struct tlb, addend);
    }
    return env;
}

/* ---- life ---- */

struct jit *jit_new(struct cpu *cpu, const struct ir_target *target, const struct engine_memory *memory,
                    uint32_t opts)
{
    struct jit *j = g_new0(struct jit, 1);
    struct host_env env = make_env(opts);
    struct host_jump *jumps = (struct host_jump *)((uint8_t *)cpu + CPU_AREA_OFFSET);
    int fd = memfd_create("doppel-test-code", MFD_CLOEXEC);

    g_assert_cmpint(ftruncate(fd, CODE_BYTES), ==, 0);
    j->all.rw = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    j->all.rx = mmap(NULL, CODE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    j->all.size = CODE_BYTES;
    close(fd);
    g_assert_true(j->all.rw != MAP_FAILED && j->all.rx != MAP_FAILED);
    for (unsigned i = 0; i < 1u << HOST_JUMP_CACHE_BITS; i++) {
        jumps[i].tag = ~((uint64_t)i << 1);
    }
    j->cpu = cpu;
    j->memory = memory;
    j->room = j->all;
    j->tlb = g_new0(struct tlb, 1);
    cpu->tlb_base = j->tlb;
    j->host = host_new(&env, target, &j->room, NULL);
    if (!j->host) {
        jit_free(j);
        return NULL;
    }
    cpu->tlb_ctl = host_tlb_control(j->host, TLB_BITS);
    j->scratch = host_scratch_new(j->host);
    return j;
}

void jit_free(struct jit *j)
{
    if (!j) {
        return;
    }
    if (j->host) {
        host_scratch_free(j->scratch);
        host_free(j->host);
    }
    munmap(j->all.rw, j->all.size);
    munmap(j->all.rx, j->all.size);
    g_free(j->tlb);
    g_free(j);
}

void jit_reset(struct jit *j)
{
    memset(j->tlb, 0xff, sizeof(*j->tlb));
}

bool jit_run(struct jit *j, struct ir *ir, const struct tr_block *tb, GError **err)
{
    struct host_region region = { .pc = tb->pc, .guest_insns = tb->insns };
    struct host_code code;
    struct host_left left;
    int exit;

    if (!host_compile(j->scratch, ir, &region, &j->room, &code)) {
        g_set_error(err, G_FILE_ERROR, 0, "the region does not fit the code buffer");
        return false;
    }
    if (log_on(LOG_OUT_ASM)) {
        g_autoptr(GString) text = g_string_new(NULL);

        host_disas(j->room.rw, j->room.rx, code.code_bytes, text);
        log_printf(LOG_OUT_ASM, "%s\n", text->str);
    }
    left = host_enter(j->host, j->cpu, j->room.rx + code.direct);
    if (left.why == HOST_LEAVE_DIRECT) {
        exit = host_exit_find(&code, j->room.rx, left.detail);
        g_assert_cmpint(exit, >=, 0);
        j->cpu->pc = code.exits[exit].pc;
    }
    return left.why == HOST_LEAVE_EXIT && left.detail == IR_EXIT_DEBUG;
}
