/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System instructions: mostly helpers. Those that may change the key, mappings or interrupts end the block. */
#include "target/x86/table.h"
#include "target/x86/translate.h"

/* On by the execution loop, which looks at interrupts. */
static void next_by_loop(struct x86_tr *t)
{
    if (t->key & (X86_KEY_STEP | X86_KEY_INHIBIT)) {
        xt_next(t);
    } else {
        xt_exit(t, t->next_pc, t->tb->single_step ? IR_EXIT_STEPPED : IR_EXIT_LOOKUP);
    }
}

void emit_CPUID(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_cpuid, 0);
}

static void set_edx_eax(struct x86_tr *t, ir_ref v)
{
    ir_put(t->ir, X86_SLOT_R + X86_RAX, ir_extu32(t->ir, v));
    ir_put(t->ir, X86_SLOT_R + X86_RDX, ir_shr(t->ir, v, ir_i64(t->ir, 32)));
}

void emit_RDTSC(struct x86_tr *t)
{
    set_edx_eax(t, xt_call(t, X86_HELPER_rdtsc, 0));
}

void emit_RDTSCP(struct x86_tr *t)
{
    ir_ref v = xt_call(t, X86_HELPER_rdtsc, 0);

    xt_set_reg(t, X86_RCX, 4, xt_call(t, X86_HELPER_rdpid, 0));
    set_edx_eax(t, v);
}

void emit_RDPID(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_rdpid, 0), t->size));
}

void emit_RDPMC(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_rdpmc, 0);
}

void emit_RDMSR(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_rdmsr, 0);
}

void emit_WRMSR(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_wrmsr, 0);
    next_by_loop(t);
}

void emit_SYSCALL(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_syscall, 1, ir_i64(t->ir, t->next_pc));
    xt_lookup_pc(t);
}

void emit_SYSRET(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_sysret, 1, ir_i32(t->ir, t->in.w ? 8 : 4));
    xt_lookup_pc(t);
}

void emit_SYSENTER(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_sysenter, 0);
    xt_lookup_pc(t);
}

void emit_SYSEXIT(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_sysexit, 1, ir_i32(t->ir, t->in.w ? 8 : 4));
    xt_lookup_pc(t);
}

void emit_HLT(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_hlt, 0);
    if (t->key & X86_KEY_INHIBIT) {
        xt_call(t, X86_HELPER_uninhibit, 0);       /* STI; HLT: from now on interrupts come */
    }
    if (t->key & X86_KEY_STEP) {
        xt_call(t, X86_HELPER_single_step, 1, ir_i64(t->ir, t->next_pc));
    }
    xt_exit(t, t->next_pc, IR_EXIT_HALT);
}

void emit_CLI(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_cli, 0);
}

void emit_STI(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_sti, 0);
    next_by_loop(t);
}

void emit_CLTS(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_clts, 0);
    xt_next(t);
}

void emit_WBINVD(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_need_cpl0, 0);
}

void emit_SLDT(struct x86_tr *t)
{
    ir_ref v = xt_call(t, X86_HELPER_store_sys, 1, ir_i32(t->ir, X86_LDTR));

    if (t->in.mem) {
        xt_store(t, t->addr, t->disp, v, 2);
    } else {
        xt_result(t, xt_as(t, v, t->size));
    }
}

void emit_STR(struct x86_tr *t)
{
    ir_ref v = xt_call(t, X86_HELPER_store_sys, 1, ir_i32(t->ir, X86_TR));

    if (t->in.mem) {
        xt_store(t, t->addr, t->disp, v, 2);
    } else {
        xt_result(t, xt_as(t, v, t->size));
    }
}

void emit_LLDT(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_lldt, 1, t->v[0]);
}

void emit_LTR(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_ltr, 1, t->v[0]);
}

static void verify(struct x86_tr *t, bool write)
{
    xt_call(t, X86_HELPER_verify, 2, t->v[0], ir_i32(t->ir, write));
    xt_cc_forget(t);
}

void emit_VERR(struct x86_tr *t)
{
    verify(t, false);
}

void emit_VERW(struct x86_tr *t)
{
    verify(t, true);
}

void emit_LAR(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_lar, 2, t->v[1], xt_to64(t, t->v[0])), t->size));
    xt_cc_forget(t);
}

void emit_LSL(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_lsl, 2, t->v[1], xt_to64(t, t->v[0])), t->size));
    xt_cc_forget(t);
}

/* RPL of the destination is raised to the source's; ZF tells whether it was lower. */
void emit_ARPL(struct x86_tr *t)
{
    struct ir *ir = t->ir;
    ir_ref d = ir_and(ir, t->v[0], ir_i32(ir, 3)), s = ir_and(ir, t->v[1], ir_i32(ir, 3)), r, all;

    if (t->key & X86_KEY_REAL) {
        xt_raise_now(t, X86_UD);
        return;
    }
    r = ir_or(ir, ir_and(ir, t->v[0], ir_i32(ir, ~3)), s);
    xt_result(t, ir_select(ir, IR_LTU, d, s, r, t->v[0]));
    all = ir_and(ir, xt_cc_all(t), ir_i64(ir, ~(int64_t)X86_ZF));
    xt_cc_set_all(t, ir_or(ir, all, ir_shl(ir, ir_setcond(ir, IR_LTU, d, s), ir_i64(ir, 6))));
}

/* ---- descriptor tables ---- */

static ir_ref table_address(struct x86_tr *t, int64_t *disp, bool write)
{
    *disp = 0;
    return xt_linear(t, xt_mem_seg(&t->in), xt_effective(t), disp, xt_code64(t) ? 10 : 6, write);
}

static void load_table(struct x86_tr *t, unsigned n)
{
    struct ir *ir = t->ir;
    int64_t disp;
    ir_ref a = table_address(t, &disp, false), limit = xt_load(t, a, disp, 2), base;

    base = xt_to64(t, xt_load(t, a, disp + 2, xt_code64(t) ? 8 : 4));
    if (!xt_code64(t) && t->in.opsize == 2) {
        base = ir_and(ir, base, ir_i64(ir, 0xffffff));
    }
    xt_call(t, X86_HELPER_load_table, 3, ir_i32(ir, n), limit, base);
}

void emit_LGDT(struct x86_tr *t)
{
    load_table(t, 0);
}

void emit_LIDT(struct x86_tr *t)
{
    load_table(t, 1);
}

static void store_table(struct x86_tr *t, unsigned n)
{
    struct ir *ir = t->ir;
    ir_ref limit = xt_call(t, X86_HELPER_table_limit, 1, ir_i32(ir, n));
    ir_ref base = xt_call(t, X86_HELPER_table_base, 1, ir_i32(ir, n)), a;
    int64_t disp;

    a = table_address(t, &disp, true);
    xt_store(t, a, disp, limit, 2);
    xt_store(t, a, disp + 2, xt_code64(t) ? base : ir_trunc(ir, base), xt_code64(t) ? 8 : 4);
}

void emit_SGDT(struct x86_tr *t)
{
    store_table(t, 0);
}

void emit_SIDT(struct x86_tr *t)
{
    store_table(t, 1);
}

/* ---- control and debug registers ---- */

void emit_SMSW(struct x86_tr *t)
{
    ir_ref v = xt_call(t, X86_HELPER_smsw, 0);

    if (t->in.mem) {
        xt_store(t, t->addr, t->disp, ir_trunc(t->ir, v), 2);
    } else {
        xt_result(t, xt_as(t, v, t->size));
    }
}

void emit_LMSW(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_lmsw, 1, t->v[0]);
    next_by_loop(t);
}

static void set_rm(struct x86_tr *t, ir_ref v)
{
    xt_set_reg(t, t->in.rm, xt_code64(t) ? 8 : 4, xt_code64(t) ? v : ir_trunc(t->ir, v));
}

static ir_ref get_rm(struct x86_tr *t)
{
    return xt_code64(t) ? xt_r64(t, t->in.rm) : ir_extu32(t->ir, xt_r64(t, t->in.rm));
}

/* LOCK MOV CR0 is AMD's way to CR8 from 32-bit code; the table knows no LOCK here, so only REX reaches CR8. */
void emit_MOV_FROM_CR(struct x86_tr *t)
{
    set_rm(t, xt_call(t, X86_HELPER_read_cr, 1, ir_i32(t->ir, t->in.reg)));
}

void emit_MOV_TO_CR(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_write_cr, 2, ir_i32(t->ir, t->in.reg), get_rm(t));
    next_by_loop(t);
}

void emit_MOV_FROM_DR(struct x86_tr *t)
{
    if (t->in.reg >= 8) {
        xt_raise_now(t, X86_UD);
        return;
    }
    set_rm(t, xt_call(t, X86_HELPER_read_dr, 1, ir_i32(t->ir, t->in.reg)));
}

void emit_MOV_TO_DR(struct x86_tr *t)
{
    if (t->in.reg >= 8) {
        xt_raise_now(t, X86_UD);
        return;
    }
    xt_call(t, X86_HELPER_write_dr, 2, ir_i32(t->ir, t->in.reg), get_rm(t));
    xt_next(t);
}

/* ---- TLB and caches ---- */

void emit_INVLPG(struct x86_tr *t)
{
    int64_t disp = 0;
    ir_ref a = xt_effective(t);
    unsigned seg = xt_mem_seg(&t->in);

    /* the limit is not looked at */
    if (!xt_code64(t) || seg >= X86_FS) {
        a = ir_add(t->ir, a, ir_get(t->ir, X86_SLOT_BASE + seg));
        a = xt_code64(t) ? a : ir_extu32(t->ir, a);
    }
    xt_call(t, X86_HELPER_invlpg, 1, ir_add(t->ir, a, ir_i64(t->ir, disp)));
    xt_next(t);
}

void emit_INVPCID(struct x86_tr *t)
{
    int64_t disp = 0;
    ir_ref a = xt_linear(t, xt_mem_seg(&t->in), xt_effective(t), &disp, 16, false), pcid, va;

    pcid = xt_load(t, a, disp, 8);
    va = xt_load(t, a, disp + 8, 8);
    xt_call(t, X86_HELPER_invpcid, 3, xt_to64(t, xt_reg(t, t->in.reg, xt_code64(t) ? 8 : 4)), pcid, va);
    xt_next(t);
}

/* CLFLUSH and its kin: a load's rights, no effect. */
void emit_CLFLUSH(struct x86_tr *t)
{
    int64_t disp = 0;
    ir_ref a = xt_linear(t, xt_mem_seg(&t->in), xt_effective(t), &disp, 1, false);

    xt_load(t, a, disp, 1);
}

void emit_LFENCE(struct x86_tr *t)
{
}

void emit_SFENCE(struct x86_tr *t)
{
}

void emit_MFENCE(struct x86_tr *t)
{
    ir_fence(t->ir, IR_FENCE_RR | IR_FENCE_RW | IR_FENCE_WR | IR_FENCE_WW);
}

void emit_MONITOR(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_need_cpl0, 0);
}

/* Goes on at once, as after a write to the watched line. */
void emit_MWAIT(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_need_cpl0, 0);
    if (!(t->key & (X86_KEY_STEP | X86_KEY_INHIBIT)) && !t->tb->single_step) {
        xt_exit(t, t->next_pc, IR_EXIT_YIELD);
    }
}

void emit_CLAC(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_set_ac, 1, ir_i32(t->ir, 0));
    xt_next(t);
}

void emit_STAC(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_set_ac, 1, ir_i32(t->ir, 1));
    xt_next(t);
}

void emit_XGETBV(struct x86_tr *t)
{
    set_edx_eax(t, xt_call(t, X86_HELPER_xgetbv, 0));
}

void emit_XSETBV(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_xsetbv, 0);
    xt_next(t);
}

void emit_SWAPGS(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_swapgs, 0);
}

static void base_instruction(struct x86_tr *t, bool write, unsigned seg)
{
    xt_call(t, X86_HELPER_fsgsbase_check, 0);
    if (write) {
        xt_call(t, X86_HELPER_write_base, 2, ir_i32(t->ir, seg), xt_to64(t, t->v[0]));
    } else {
        xt_result(t, xt_as(t, ir_get(t->ir, X86_SLOT_BASE + seg), t->size));
    }
}

void emit_RDFSBASE(struct x86_tr *t)
{
    base_instruction(t, false, X86_FS);
}

void emit_RDGSBASE(struct x86_tr *t)
{
    base_instruction(t, false, X86_GS);
}

void emit_WRFSBASE(struct x86_tr *t)
{
    base_instruction(t, true, X86_FS);
}

void emit_WRGSBASE(struct x86_tr *t)
{
    base_instruction(t, true, X86_GS);
}

void emit_RDRAND(struct x86_tr *t)
{
    xt_result(t, xt_as(t, xt_call(t, X86_HELPER_rdrand, 0), t->size));
    xt_cc_set_all(t, ir_i64(t->ir, X86_CF));
}

/* ---- ports ---- */

static ir_ref port(struct x86_tr *t, unsigned i)
{
    return t->in.row->ops[i].kind == X86_OP_DX ? ir_extu16(t->ir, xt_reg(t, X86_RDX, 2)) : ir_i32(t->ir, (uint8_t)t->in.imm);
}

void xt_port_done(struct x86_tr *t, uint64_t pc)
{
    if (t->key & X86_KEY_BREAK) {
        ir_insn_start(t->ir, pc, 0);
        xt_call(t, X86_HELPER_watch_trap, 1, ir_i64(t->ir, pc));
    }
}

void emit_IN(struct x86_tr *t)
{
    ir_ref v = xt_call(t, X86_HELPER_in, 2, port(t, 1), ir_i32(t->ir, t->size));

    xt_set_reg(t, X86_RAX, t->size, xt_as(t, v, 4));
    xt_port_done(t, t->next_pc);
    xt_next(t);
}

void emit_OUT(struct x86_tr *t)
{
    unsigned n = x86_operand_bytes(&t->in, t->in.row->ops[1]);

    xt_call(t, X86_HELPER_out, 3, port(t, 0), ir_i32(t->ir, n), xt_reg(t, X86_RAX, n));
    xt_port_done(t, t->next_pc);
    next_by_loop(t);
}

/* ---- protection keys ---- */

void emit_RDPKRU(struct x86_tr *t)
{
    set_edx_eax(t, xt_call(t, X86_HELPER_rdpkru, 0));
}

void emit_WRPKRU(struct x86_tr *t)
{
    xt_call(t, X86_HELPER_wrpkru, 0);
    xt_next(t);
}
