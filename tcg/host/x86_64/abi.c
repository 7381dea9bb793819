/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that is made once for a back end: entry, the ways out, slow-path thunks, the saving and reloading of pinned
 * registers, constants.
 *
 * The stack while translated code runs: rsp is 16-byte aligned and points to the frame (FRAME_SLOTS words), above it the
 * callee-saved registers of host_enter's caller.
 */
#include "tcg/host/x86_64/host_impl.h"
#include "tcg/mxcsr.h"

#define FRAME_BYTES (FRAME_SLOTS * 8 + 8)       /* + 8: six pushes and a return address leave rsp at 8 modulo 16 */
#define XMM_AT 128                              /* struct host_frame */
#define SAVE_BYTES ((int)sizeof(struct host_frame))

static const uint8_t callee_saved[6] = { RBX, RBP, R12, R13, R14, R15 };

static struct amem cpu_field(uint32_t offset)
{
    return amem(CPU_REG, (int64_t)offset - HOST_CPU_BIAS);
}

static const uint8_t *here(struct code *c)
{
    while (asm_pos(c) % 16) {
        asm_u8(c, 0xcc);
    }
    return asm_rx(c);
}

/* ---- pinned registers ---- */

enum { ALL, CALLER_SAVED };

static bool is_callee_saved(int reg)
{
    return memchr(callee_saved, reg, sizeof(callee_saved)) != NULL;
}

static void pinned_move(const struct host *h, struct code *c, bool store, int which)
{
    for (unsigned k = 0; k < h->npinned; k++) {
        unsigned s = h->pinned[k];
        int reg = h->pin_reg[s];
        unsigned bytes = type_bytes(h->type[s]);
        struct amem m = amem(CPU_REG, h->disp[s]);
        if (which == CALLER_SAVED && is_callee_saved(reg)) {
            continue;
        }
        uint32_t op;
        if (is_xmm(reg)) {
            op = bytes == 16 ? X_MOVUPS : bytes == 8 ? X_MOVSD : X_MOVSS;
            op += store;            /* X_MOV.._STORE */
        } else {
            op = (store ? X_MOV_STORE : X_MOV_LOAD) | X_IF_W(bytes == 8);
        }
        if (is_xmm(reg) && (h->feat & FEAT_AVX)) {
            asm_vrm(c, op, reg & 15, 0, &m);
        } else {
            asm_rm(c, op, reg & 15, &m);
        }
    }
}

static void mxcsr(struct code *c, bool store, const struct amem *m)
{
    asm_rm(c, 0xae | X_0F, store ? 3 : 2, m);
}

static void load_engine_regs(const struct host *h, struct code *c)
{
    struct amem base = cpu_field(h->env.off_tlb_base), ctl = cpu_field(h->env.off_tlb_ctl);

    asm_rm(c, X_MOV_LOAD | X_W, TLB_REG, &base);
    asm_rm(c, X_MOV_LOAD | X_W, TLBCTL_REG, &ctl);
}

/* ---- in and out ---- */

static void make_enter(struct host *h, struct code *c)
{
    struct amem fpcr = cpu_field(h->env.off_fpcr), cpu = amem(RDI, HOST_CPU_BIAS);

    h->enter = here(c);
    for (unsigned k = 0; k < 6; k++) {
        asm_push(c, callee_saved[k]);
    }
    asm_alu_ri(c, true, G1_SUB, RSP, FRAME_BYTES);
    asm_rm(c, X_LEA | X_W, CPU_REG, &cpu);
    asm_rr(c, X_MOV_LOAD | X_W, RAX, RSI);
    load_engine_regs(h, c);
    mxcsr(c, false, &fpcr);
    pinned_move(h, c, false, ALL);
    asm_rr(c, X_GROUP5, 4, RAX);
}

/* eax = why, rdx = detail. Everything jumps here at last. */
static uint32_t make_leave(struct host *h, struct code *c, const uint8_t *host_mxcsr)
{
    struct amem fpcr = cpu_field(h->env.off_fpcr), normal = amem_rip(host_mxcsr);

    here(c);
    uint32_t pos = asm_pos(c);
    pinned_move(h, c, true, ALL);
    mxcsr(c, true, &fpcr);
    mxcsr(c, false, &normal);
    asm_alu_ri(c, true, G1_ADD, RSP, FRAME_BYTES);
    for (unsigned k = 6; k-- > 0;) {
        asm_pop(c, callee_saved[k]);
    }
    asm_u8(c, 0xc3);
    return pos;
}

/* The pc slot is stored from a register, then out. */
static void leave_with_pc(struct host *h, struct code *c, int pc, enum host_leave why, uint32_t leave)
{
    struct amem slot = amem(CPU_REG, h->disp[IR_SLOT_PC]);

    asm_rm(c, X_MOV_STORE | X_W, pc, &slot);
    asm_mov_imm(c, RAX, why);
    asm_jmp_to(c, leave);
}

/* Called from a region's stub; the region's pc stands `behind` bytes after the return address. */
static const uint8_t *make_stub_leave(struct host *h, struct code *c, enum host_leave why, int behind, uint32_t leave)
{
    const uint8_t *at = here(c);
    struct amem pc = amem(RCX, behind);

    asm_pop(c, RCX);
    asm_rr(c, X_MOV_LOAD | X_W, RDX, RCX);
    asm_rm(c, X_MOV_LOAD | X_W, RCX, &pc);
    leave_with_pc(h, c, RCX, why, leave);
    return at;
}

static void make_leaves(struct host *h, struct code *c, const uint8_t *host_mxcsr)
{
    struct amem salt = cpu_field(h->env.off_jump_salt);
    uint32_t leave = make_leave(h, c, host_mxcsr);

    h->leave_exit = here(c);
    asm_mov_imm(c, RAX, HOST_LEAVE_EXIT);
    asm_jmp_to(c, leave);
    h->leave_request_here = here(c);
    asm_mov_imm(c, RAX, HOST_LEAVE_REQUEST);
    asm_jmp_to(c, leave);
    h->leave_direct = here(c);
    asm_pop(c, RDX);
    asm_mov_imm(c, RAX, HOST_LEAVE_DIRECT);
    asm_jmp_to(c, leave);
    h->leave_miss = here(c);
    asm_rm(c, (X_XOR + 2) | X_W, RAX, &salt);
    h->leave_indirect = asm_rx(c);
    asm_rr(c, X_MOV_LOAD | X_W, RCX, RAX);
    leave_with_pc(h, c, RCX, HOST_LEAVE_INDIRECT, leave);
    h->leave_remap = make_stub_leave(h, c, HOST_LEAVE_REMAP, 10, leave);
    h->leave_request = make_stub_leave(h, c, HOST_LEAVE_REQUEST, 5, leave);
    h->leave_stale = make_stub_leave(h, c, HOST_LEAVE_STALE, 0, leave);
    h->leave_budget = make_stub_leave(h, c, HOST_LEAVE_BUDGET, 0, leave);
}

/* ---- around helper calls ---- */

static void make_sync(struct host *h, struct code *c)
{
    struct amem fpcr = cpu_field(h->env.off_fpcr);

    h->sync_reads = here(c);
    mxcsr(c, true, &fpcr);
    pinned_move(h, c, true, ALL);
    asm_u8(c, 0xc3);
    h->sync = here(c);
    pinned_move(h, c, true, CALLER_SAVED);
    asm_u8(c, 0xc3);
    h->reload_writes = here(c);
    mxcsr(c, false, &fpcr);
    pinned_move(h, c, false, ALL);
    load_engine_regs(h, c);
    asm_u8(c, 0xc3);
    h->reload = here(c);
    pinned_move(h, c, false, CALLER_SAVED);
    struct amem ctl = cpu_field(h->env.off_tlb_ctl);
    asm_rm(c, X_MOV_LOAD | X_W, TLBCTL_REG, &ctl);
    asm_u8(c, 0xc3);
}

/* ---- slow paths ---- */

/* Saves all registers in a struct host_frame at rsp. `pushed` bytes, the return address among them, lie between the frame
 * of the translated code and the entry of this. Returns the distance from rsp to the return address. */
static int save_all(struct code *c, int pushed)
{
    int size = SAVE_BYTES + (pushed + SAVE_BYTES) % 16;
    struct amem top = amem(RSP, size + pushed);

    asm_alu_ri(c, true, G1_SUB, RSP, size);
    for (int r = 0; r < 16; r++) {
        struct amem m = amem(RSP, 8 * r);
        if (r != RSP) {
            asm_rm(c, X_MOV_STORE | X_W, r, &m);
        }
    }
    for (int r = 0; r < 16; r++) {
        struct amem m = amem(RSP, XMM_AT + 16 * r);
        asm_rm(c, X_MOVAPS_STORE, r, &m);
    }
    struct amem sp = amem(RSP, 8 * RSP);
    asm_rm(c, X_LEA | X_W, RAX, &top);
    asm_rm(c, X_MOV_STORE | X_W, RAX, &sp);
    return size;
}

static void restore_all(struct host *h, struct code *c, int size)
{
    for (int r = 0; r < 16; r++) {
        struct amem m = amem(RSP, 8 * r);
        if (r != RSP && r != TLB_REG && r != TLBCTL_REG && !is_callee_saved(r)) {
            asm_rm(c, X_MOV_LOAD | X_W, r, &m);
        }
    }
    for (int r = 0; r < 16; r++) {
        struct amem m = amem(RSP, XMM_AT + 16 * r);
        asm_rm(c, X_MOVAPS, r, &m);
    }
    load_engine_regs(h, c);         /* the TLB may have been resized */
    asm_alu_ri(c, true, G1_ADD, RSP, size);
}

static void load_word(struct code *c, int reg, int disp)
{
    struct amem m = amem(RSP, disp);

    asm_rm(c, X_MOV_LOAD | X_W, reg, &m);
}

static void call_c(struct code *c, const void *fn)
{
    asm_mov_imm(c, RAX, (uint64_t)(uintptr_t)fn);
    asm_rr(c, X_GROUP5, 2, RAX);
}

static void return_popping(struct code *c, int bytes)
{
    asm_u8(c, 0xc2);
    asm_u8(c, (uint8_t)bytes);
    asm_u8(c, 0);
}

/* Pushed before: address, mem bits. The result replaces the address. */
static void make_slow_load(struct host *h, struct code *c)
{
    struct amem cpu = amem(CPU_REG, -HOST_CPU_BIAS);

    h->slow_load = here(c);
    int ret = save_all(c, 24);
    struct amem result = amem(RSP, ret + 16);
    asm_rm(c, X_LEA | X_W, RDI, &cpu);
    load_word(c, RSI, ret + 16);
    load_word(c, RDX, ret + 8);
    load_word(c, RCX, ret);
    asm_rr(c, X_MOV_LOAD | X_W, R8, RSP);
    call_c(c, h->env.load);
    asm_rm(c, X_MOV_STORE | X_W, RAX, &result);
    restore_all(h, c, ret);
    return_popping(c, 8);
}

/* Pushed before: address, value, mem bits; all popped. */
static void make_slow_store(struct host *h, struct code *c)
{
    struct amem cpu = amem(CPU_REG, -HOST_CPU_BIAS);

    h->slow_store = here(c);
    int ret = save_all(c, 32);
    asm_rm(c, X_LEA | X_W, RDI, &cpu);
    load_word(c, RSI, ret + 24);
    load_word(c, RDX, ret + 16);
    load_word(c, RCX, ret + 8);
    load_word(c, R8, ret);
    asm_rr(c, X_MOV_LOAD | X_W, R9, RSP);
    call_c(c, h->env.store);
    restore_all(h, c, ret);
    return_popping(c, 24);
}

/* rcx := index in the TLB of the address in rax. Flags change. */
static void tlb_index(const struct host *h, struct code *c)
{
    if (h->feat & FEAT_BMI1) {
        asm_vrr(c, X_BEXTR | X_W, RCX, TLBCTL_REG, RAX);
    } else {
        asm_rr(c, X_MOV_LOAD | X_W, RCX, RAX);
        asm_shift_i(c, true, G2_SHR, RCX, h->env.page_bits);
        asm_rr(c, X_AND, TLBCTL_REG, RCX);
    }
}

/*
 * A load's or store's way out of line: a look-up of its own, and the slow path where that fails, too. On the stack as for
 * the slow path; the other entry finds no mem bits there and puts them in.
 */
static struct host_access make_access(struct host *h, struct code *c, unsigned mem, bool store)
{
    static const uint32_t load_op[8] = {
        X_MOVZX8, X_MOVZX16, X_MOV_LOAD, X_MOV_LOAD | X_W, X_MOVSX8 | X_W, X_MOVSX16 | X_W, X_MOVSXD, X_MOV_LOAD | X_W,
    };
    static const uint32_t store_op[4] = { X_MOV_STORE8, X_MOV_STORE16, X_MOV_STORE, X_MOV_STORE | X_W };
    unsigned idx = IR_MEM_IDX(mem), size = mem & IR_MEM_SIZE;
    int at = store ? 40 : 32;       /* of the address, below two saved registers */
    struct amem tag = amem_index(TLB_REG, RCX, 3, store ? h->env.tlb_write[idx] : h->env.tlb_read[idx]);
    struct amem addend = amem_index(TLB_REG, RCX, 3, h->env.tlb_addend[idx]), place = amem_index(RAX, RCX, 0, 0);
    struct amem ret = amem(RSP, 0), bits = amem(RSP, 8), result = amem(RSP, at);
    struct host_access a;

    a.bare = asm_rx(c);
    asm_rm(c, X_GROUP5, 6, &ret);                   /* push: the return address moves down by a word */
    asm_rm_imm(c, X_MOV_IMM | X_W, 0, &bits, 4);
    asm_u32(c, mem);
    a.pushed = asm_rx(c);
    asm_push(c, RAX);
    asm_push(c, RCX);
    load_word(c, RAX, at);
    tlb_index(h, c);
    asm_rm(c, (X_SUB + 2) | X_W, RAX, &tag);
    asm_alu_ri(c, true, G1_CMP, RAX, (1 << h->env.page_bits) - (1 << size));
    uint32_t miss = asm_jcc_short(c, CC_A);
    load_word(c, RAX, at);
    asm_rm(c, (store ? X_ADD + 2 : X_MOV_LOAD) | X_W, store ? RAX : RCX, &addend);
    if (store) {
        struct amem to = amem(RAX, 0);
        load_word(c, RCX, 32);
        asm_rm(c, store_op[size], RCX, &to);
    } else {
        asm_rm(c, load_op[size + (mem & IR_MEM_SIGN ? 4 : 0)], RAX, &place);
        asm_rm(c, X_MOV_STORE | X_W, RAX, &result);
    }
    asm_pop(c, RCX);
    asm_pop(c, RAX);
    return_popping(c, store ? 24 : 8);
    asm_patch_short(c, miss);
    asm_pop(c, RCX);
    asm_pop(c, RAX);
    asm_jmp_abs(c, store ? h->slow_store : h->slow_load);
    return a;
}

static void make_accesses(struct host *h, struct code *c)
{
    for (unsigned idx = 0; idx < 16; idx++) {
        for (unsigned kind = 0; kind < HOST_KINDS && h->env.tlb_addend[idx]; kind++) {
            unsigned mem = kind | idx << IR_MEM_IDX_SHIFT;
            if ((kind & IR_MEM_SIZE) > IR_MEM_64) {
                continue;
            }
            h->fast_load[idx * HOST_KINDS + kind] = make_access(h, c, mem, false);
            if (!(kind & IR_MEM_SIGN)) {
                h->fast_store[idx * HOST_KINDS + kind] = make_access(h, c, mem, true);
            }
        }
    }
}

/* Pushed before: address, expected (2 words), value (2 words), mem bits | operation << 24; the last is popped. */
static void make_slow_any(struct host *h, struct code *c)
{
    struct amem cpu = amem(CPU_REG, -HOST_CPU_BIAS);

    h->slow_any = here(c);
    int ret = save_all(c, 56);
    struct amem value = amem(RSP, ret + 16), expected = amem(RSP, ret + 32);
    asm_rm(c, X_LEA | X_W, RDI, &cpu);
    load_word(c, RSI, ret + 48);
    load_word(c, RCX, ret + 8);
    asm_rr(c, X_MOV_LOAD, RDX, RCX);
    asm_shift_i(c, false, G2_SHR, RDX, 24);
    asm_alu_ri(c, false, G1_AND, RCX, 0xffffff);
    asm_rm(c, X_LEA | X_W, R8, &value);
    asm_rm(c, X_LEA | X_W, R9, &expected);
    load_word(c, RAX, ret);
    asm_rr(c, X_MOV_LOAD | X_W, R10, RSP);
    asm_push(c, R10);
    asm_push(c, RAX);
    call_c(c, h->env.slow);
    asm_alu_ri(c, true, G1_ADD, RSP, 16);
    restore_all(h, c, ret);
    return_popping(c, 8);
}

/* Pushed before: the C function, registers and type (vec_fix_nan); both popped. */
static void make_fix_nan(struct host *h, struct code *c)
{
    struct amem cpu = amem(CPU_REG, -HOST_CPU_BIAS);

    h->fix_nan = here(c);
    int ret = save_all(c, 24);
    asm_rr(c, X_MOV_LOAD | X_W, RDI, RSP);
    asm_rm(c, X_LEA | X_W, RSI, &cpu);
    load_word(c, RDX, ret + 8);
    load_word(c, RCX, ret + 16);
    call_c(c, (const void *)vec_fix_nan);
    restore_all(h, c, ret);
    return_popping(c, 16);
}

/* ---- constants ---- */

static const uint64_t fconsts[FC_COUNT][2] = {
    [FC_SIGN_S] = { 0x80000000 }, [FC_SIGN_D] = { 0x8000000000000000 },
    [FC_ABS_S] = { 0xffffffff7fffffff, UINT64_MAX }, [FC_ABS_D] = { 0x7fffffffffffffff, UINT64_MAX },
    [FC_NAN_S] = { 0xffffffff7fc00000 }, [FC_NAN_D] = { 0x7ff8000000000000 },
    [FC_BOX] = { 0xffffffff00000000 }, [FC_NAN_BOXED] = { 0xffffffff7fc00000 },
    [FC_ONE_S] = { 0x3f800000 }, [FC_ONE_D] = { 0x3ff0000000000000 },
    [FC_HALF_S] = { 0x3f000000 }, [FC_HALF_D] = { 0x3fe0000000000000 },
    [FC_2P64_S] = { 0x5f800000 }, [FC_2P64_D] = { 0x43f0000000000000 },
    [FC_2P63_S] = { 0x5f000000 }, [FC_2P63_D] = { 0x43e0000000000000 },
};

static const uint8_t *make_data(struct host *h, struct code *c)
{
    h->consts = here(c);
    memcpy(c->p, fconsts, sizeof(fconsts));
    c->p += sizeof(fconsts);
    h->fn_table = asm_rx(c);
    for (unsigned i = 0; i < h->target->nhelpers; i++) {
        asm_u64(c, (uint64_t)(uintptr_t)h->target->helpers[i].fn);
    }
    h->flags_of_mxcsr = asm_rx(c);
    for (unsigned i = 0; i <= MXCSR_FLAGS; i++) {
        asm_u8(c, mxcsr_to_fp(i));
    }
    h->mxcsr_of_flags = asm_rx(c);
    for (unsigned i = 0; i < 32; i++) {
        asm_u8(c, (uint8_t)mxcsr_from_fp(i));
    }
    const uint8_t *normal = asm_rx(c);
    asm_u32(c, 0x1f80);             /* all exceptions masked, nearest even: what C code expects */
    return normal;
}

bool abi_generate(struct host *h, struct host_buf *buf, GError **err)
{
    size_t need = 32768 + 8 * h->target->nhelpers;
    struct code c = { .p = buf->rw, .start = buf->rw, .end = buf->rw + buf->size, .rx = buf->rx };

    if (buf->size < need) {
        g_set_error(err, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "code cache of %zu bytes: at least %zu are needed", buf->size, need);
        return false;
    }
    const uint8_t *normal = make_data(h, &c);
    make_enter(h, &c);
    make_leaves(h, &c, normal);
    make_sync(h, &c);
    make_slow_load(h, &c);
    make_slow_store(h, &c);
    make_accesses(h, &c);
    make_slow_any(h, &c);
    make_fix_nan(h, &c);
    here(&c);
    size_t used = asm_pos(&c);
    assert(used <= need);
    buf->rw += used;
    buf->rx += used;
    buf->size -= used;
    return true;
}
