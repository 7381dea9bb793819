/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/host_world.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define AT(field) offsetof(struct world_cpu, field)
#define TLB(field) offsetof(struct host_world_tlb, field)
#define BUFFER_BYTES (1u << 20)

/* the back end's callbacks only get the CPU; one world runs at a time */
static struct host_world *running;

static void fault(struct host_world *hw, uintptr_t ret, struct host_frame *frame)
{
    unsigned insns = 0;

    g_assert_true(host_rebuild(hw->host, (struct cpu *)&hw->w->cpu, hw->rx, &hw->code, ret, frame, &insns));
    hw->w->insns = insns;
    longjmp(hw->w->fault, 1);
}

static void enter_page(struct host_world *hw, uint64_t addr)
{
    unsigned page = (addr - WORLD_BASE) >> 12, index = addr >> 12 & ((1 << HOST_WORLD_TLB_BITS) - 1);

    if (page >= WORLD_PAGES || page == WORLD_ABSENT) {
        return;
    }
    hw->tlb.read[index] = addr & ~0xfffull;
    hw->tlb.write[index] = page == WORLD_READ_ONLY ? UINT64_MAX << 12 ^ (uint64_t)(index ^ 1) << 12 : addr & ~0xfffull;
    hw->tlb.addend[index] = (uintptr_t)hw->w->mem - WORLD_BASE;
}

static void check(struct host_world *hw, uint64_t addr, unsigned mem, bool write, uintptr_t ret, struct host_frame *frame)
{
    hw->slow_calls++;
    if (ir_world_faults(hw->w, addr, mem & 0xffff, write)) {
        fault(hw, ret, frame);
    }
    if (hw->fill) {
        enter_page(hw, addr);
    }
}

static uint64_t slow_load(struct cpu *cpu, uint64_t addr, unsigned mem, uintptr_t ret, struct host_frame *frame)
{
    unsigned bits = 8u << (mem & IR_MEM_SIZE);

    check(running, addr, mem, false, ret, frame);
    uint64_t v = ir_world_load(running->w, addr, mem & 0xffff);
    return mem & IR_MEM_SIGN ? (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) : v;
}

static void slow_store(struct cpu *cpu, uint64_t addr, uint64_t value, unsigned mem, uintptr_t ret, struct host_frame *frame)
{
    check(running, addr, mem, true, ret, frame);
    ir_world_store(running->w, addr, value, mem & 0xffff);
}

static void slow_any(struct cpu *cpu, uint64_t addr, unsigned op, unsigned mem, uint64_t value[2], const uint64_t expected[2],
                     uintptr_t ret, struct host_frame *frame)
{
    check(running, addr, mem, op != HOST_SLOW_LOAD128, ret, frame);
    ir_world_slow(running->w, addr, op, mem & 0xffff, value, expected);
}

static void map_buffer(struct host_world *hw)
{
    int fd = memfd_create("code", MFD_CLOEXEC);

    g_assert_cmpint(ftruncate(fd, BUFFER_BYTES), ==, 0);
    hw->whole.rw = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    hw->whole.rx = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    hw->whole.size = BUFFER_BYTES;
    g_assert_true(hw->whole.rw != MAP_FAILED && hw->whole.rx != MAP_FAILED);
    close(fd);
}

struct host_world *host_world_new(uint32_t opts, bool icount)
{
    struct host_world *hw = g_new0(struct host_world, 1);
    struct host_env env = {
        .off_tlb_base = AT(tlb_base), .off_tlb_ctl = AT(tlb_ctl), .off_request = AT(request), .off_jump_salt = AT(jump_salt),
        .off_jump_cache = AT(jump_cache), .off_fpcr = AT(fpcr), .off_icount = AT(icount),
        .off_icount_ahead = AT(icount_ahead), .xmap = TLB(xmap),
        .xmap_entries = 64, .page_bits = 12, .load = slow_load, .store = slow_store, .slow = slow_any, .icount = icount,
        .chain = true, .opts = opts,
    };
    GError *err = NULL;

    for (unsigned i = 0; i < 16; i++) {
        env.tlb_read[i] = TLB(read);
        env.tlb_write[i] = TLB(write);
        env.tlb_addend[i] = TLB(addend);
    }
    map_buffer(hw);
    hw->left = hw->whole;
    hw->host = host_new(&env, &world_target, &hw->left, &err);
    g_assert_no_error(err);
    hw->scratch = host_scratch_new(hw->host);
    return hw;
}

void host_world_free(struct host_world *hw)
{
    host_scratch_free(hw->scratch);
    host_free(hw->host);
    munmap(hw->whole.rw, BUFFER_BYTES);
    munmap(hw->whole.rx, BUFFER_BYTES);
    g_free(hw);
}

bool host_world_compile(struct host_world *hw, struct ir *ir)
{
    struct host_region region = { .pc = 0x1000, .map_id = { 7 }, .page = { 1 }, .guest_insns = ir->guest_insns };

    hw->rx = hw->left.rx;
    return host_compile(hw->scratch, ir, &region, &hw->left, &hw->code);
}

void host_world_ready(struct host_world *hw, struct ir_world *w, unsigned percent, uint64_t seed)
{
    struct world_cpu *cpu = &w->cpu;

    hw->w = w;
    hw->slow_calls = 0;
    cpu->tlb_base = &hw->tlb;
    cpu->tlb_ctl = host_tlb_control(hw->host, HOST_WORLD_TLB_BITS);
    cpu->request = 0;
    cpu->jump_salt = 0x123456789abc;
    cpu->icount = 1 << 30;
    hw->tlb.xmap[1] = 7;
    for (unsigned i = 0; i < 1 << HOST_WORLD_TLB_BITS; i++) {
        hw->tlb.read[i] = hw->tlb.write[i] = UINT64_MAX << 12 ^ (uint64_t)(i ^ 1) << 12;
    }
    for (unsigned page = 0; page < WORLD_PAGES; page++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        if ((seed >> 33) % 100 < percent) {
            enter_page(hw, WORLD_BASE + (page << 12));
        }
    }
}

struct host_left host_world_enter(struct host_world *hw, const uint8_t *entry)
{
    running = hw;
    return host_enter(hw->host, (struct cpu *)&hw->w->cpu, entry);
}

void host_world_run(struct host_world *hw)
{
    struct ir_world *w = hw->w;

    if (setjmp(w->fault)) {
        return;
    }
    struct host_left left = host_world_enter(hw, hw->rx + hw->code.checked);
    w->end = WORLD_LEFT;
    if (left.why == HOST_LEAVE_DIRECT) {
        int k = host_exit_find(&hw->code, hw->rx, left.detail);
        g_assert_cmpint(k, >=, 0);
        w->cpu.pc = hw->code.exits[k].pc;
    } else if (left.why == HOST_LEAVE_EXIT) {
        w->end = WORLD_EXIT;
        w->exit_code = (uint32_t)left.detail;
    } else {
        g_assert_cmpint(left.why, ==, HOST_LEAVE_INDIRECT);
    }
}

void host_world_disas(struct host_world *hw, GString *out)
{
    host_disas(hw->left.rw, hw->rx, hw->code.code_bytes, out);
}
