/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RISC-V CPU type: life cycle, device tree, snapshot list, and the table that the rest of the program sees. */
#include <libfdt.h>
#include <string.h>

#include "system/device.h"
#include "target/riscv/decode.h"
#include "target/riscv/disas.h"
#include "target/riscv/model.h"
#include "target/riscv/regs.h"
#include "target/riscv/translate.h"

#define FPCR_RESET 0x1f80           /* MXCSR: all exceptions masked, round to nearest, no flags */

static const struct cpu_type rv32_cpu_type;

static bool init(struct cpu *c, const char *model, GError **err)
{
    struct rv_cpu *cpu = rv_cpu(c);

    if (!rv_model_init(cpu, model, err)) {
        return false;
    }
    c->bits = cpu->mxlen;
    if (cpu->mxlen == 32) {
        c->type = &rv32_cpu_type;   /* the same but for the registers' widths */
    }
    rv_needs(&cpu->needs[0], &cpu->ext, 32);
    rv_needs(&cpu->needs[1], &cpu->ext, 64);
    return true;
}

/* Privileged ISA, "Reset": M mode, MIE and MPRV clear, satp bare, PMP entries off. The rest is cleared for the sake of
 * repeatable runs. */
static void reset(struct cpu *c)
{
    struct rv_cpu *cpu = rv_cpu(c);

    memset(c->r, 0, sizeof c->r);
    memset(cpu->f, 0, sizeof cpu->f);
    c->pc = cpu->mxlen == 32 ? (uint32_t)c->reset_pc : c->reset_pc;
    c->r[10] = c->reset_a0;
    c->r[11] = c->reset_a1;
    c->fpcr = FPCR_RESET;
    c->halted = c->start_halted;
    cpu->frm = 0;
    cpu->res_addr = RV_RES_NONE;
    cpu->res_val = 0;
    cpu->priv = RV_M;
    cpu->mstatus = cpu->mxlen == 64 && rv_has(cpu, RV_EXT_U) ? (uint64_t)MXL_64 << MSTATUS_UXL_SHIFT : 0;
    if (cpu->mxlen == 64 && rv_has(cpu, RV_EXT_S)) {
        cpu->mstatus |= (uint64_t)MXL_64 << MSTATUS_SXL_SHIFT;
    }
    if (!rv_has(cpu, RV_EXT_U)) {
        cpu->mstatus |= (uint64_t)RV_M << MSTATUS_MPP_SHIFT;
    }
    cpu->mtvec = cpu->mscratch = cpu->mepc = cpu->mcause = cpu->mtval = 0;
    cpu->stvec = cpu->sscratch = cpu->sepc = cpu->scause = cpu->stval = 0;
    cpu->medeleg = cpu->mideleg = cpu->mie = cpu->mip = 0;
    cpu->mcounteren = cpu->scounteren = cpu->mcountinhibit = 0;
    cpu->mcycle = cpu->minstret = 0;
    rv_pmu_reset(cpu);
    cpu->satp = cpu->senvcfg = 0;
    /* A hart that has both features on offer starts with what software finds without asking: see ext.def. */
    cpu->menvcfg = (rv_has(cpu, RV_EXT_Svadu) && !rv_has(cpu, RV_EXT_Svade) ? MENVCFG_ADUE : 0) |
                   (rv_has(cpu, RV_EXT_Svpbmt) ? MENVCFG_PBMTE : 0);
    memset(cpu->mstateen, 0, sizeof cpu->mstateen);
    memset(cpu->pmpcfg, 0, sizeof cpu->pmpcfg);
    memset(cpu->pmpaddr, 0, sizeof cpu->pmpaddr);
    rv_pmp_update(cpu);
    cpu->stimecmp = 0;
    rv_stimer_update(cpu);
    rv_update_key(cpu);
    cpu_set_space(c, cpu->satp);
    cpu_tlb_flush(c, TLB_ALL, NULL, 0);
}

static unsigned disas(struct cpu *c, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out)
{
    struct rv_cpu *cpu = rv_cpu(c);
    unsigned xlen = rv_xlen(cpu), len;
    uint32_t insn;

    if (avail < 2) {
        return 2;
    }
    insn = bytes[0] | bytes[1] << 8;
    len = rv_insn_length(insn);
    if (len == 4) {
        if (avail < 4) {
            return 4;
        }
        insn |= (uint32_t)(bytes[2] | bytes[3] << 8) << 16;
    }
    rv_disas(insn, &cpu->needs[xlen == 64], xlen, pc, out);
    return len;
}

static const char *mmu_type(const struct rv_cpu *cpu)
{
    switch (cpu->satp_max) {
    case SATP_SV32:
        return "riscv,sv32";
    case SATP_SV39:
        return "riscv,sv39";
    case SATP_SV48:
        return "riscv,sv48";
    case SATP_SV57:
        return "riscv,sv57";
    default:
        return "riscv,none";
    }
}

static void fdt_node(struct cpu *c, void *fdt, int node)
{
    struct rv_cpu *cpu = rv_cpu(c);
    g_autofree char *isa = rv_isa_string(cpu);
    GString *list = rv_isa_list(cpu);

    if (rv_has(cpu, RV_EXT_Zicbop)) {
        fdt_setprop_u32(fdt, node, "riscv,cbop-block-size", cpu->cbop_bytes);
    }
    if (rv_has(cpu, RV_EXT_Zicboz)) {
        fdt_setprop_u32(fdt, node, "riscv,cboz-block-size", cpu->cboz_bytes);
    }
    if (rv_has(cpu, RV_EXT_Zicbom)) {
        fdt_setprop_u32(fdt, node, "riscv,cbom-block-size", cpu->cbom_bytes);
    }
    fdt_setprop(fdt, node, "riscv,isa-extensions", list->str, list->len);
    fdt_setprop_string(fdt, node, "riscv,isa-base", cpu->mxlen == 32 ? "rv32i" : "rv64i");
    fdt_setprop_string(fdt, node, "riscv,isa", isa);
    fdt_setprop_string(fdt, node, "mmu-type", mmu_type(cpu));
    g_string_free(list, TRUE);
}

static const struct field state[] = {
    FIELD_ARRAY(struct rv_cpu, f),
    FIELD(struct rv_cpu, res_addr), FIELD(struct rv_cpu, res_val),
    FIELD(struct rv_cpu, mstatus),
    FIELD(struct rv_cpu, mtvec), FIELD(struct rv_cpu, mscratch), FIELD(struct rv_cpu, mepc),
    FIELD(struct rv_cpu, mcause), FIELD(struct rv_cpu, mtval),
    FIELD(struct rv_cpu, stvec), FIELD(struct rv_cpu, sscratch), FIELD(struct rv_cpu, sepc),
    FIELD(struct rv_cpu, scause), FIELD(struct rv_cpu, stval),
    FIELD(struct rv_cpu, medeleg), FIELD(struct rv_cpu, mideleg), FIELD(struct rv_cpu, mie), FIELD(struct rv_cpu, mip),
    FIELD(struct rv_cpu, satp), FIELD(struct rv_cpu, menvcfg), FIELD(struct rv_cpu, senvcfg),
    FIELD_ARRAY(struct rv_cpu, mstateen),
    FIELD(struct rv_cpu, stimecmp), FIELD(struct rv_cpu, mcycle), FIELD(struct rv_cpu, minstret),
    FIELD(struct rv_cpu, mcounteren), FIELD(struct rv_cpu, scounteren), FIELD(struct rv_cpu, mcountinhibit),
    FIELD_ARRAY(struct rv_cpu, hpm), FIELD_ARRAY(struct rv_cpu, hpm_event),
    FIELD_ARRAY(struct rv_cpu, pmpaddr), FIELD_ARRAY(struct rv_cpu, pmpcfg),
    FIELD(struct rv_cpu, priv), FIELD(struct rv_cpu, frm),
};

static void fini(struct cpu *c)
{
    rv_counts_finish(rv_cpu(c));
}

#define RV_TYPE(regs_) \
    .name = "riscv", .size = sizeof(struct rv_cpu), .ir = &rv_ir, \
    .init = init, .fini = fini, .has_model = rv_has_model, .help = rv_model_help, .reset = reset, \
    .translate = rv_translate, .mmu_walk = rv_mmu_walk, .mmu_span = rv_mmu_span, \
    .raise_mmu = rv_raise_mmu, .raise_bus = rv_raise_bus, .raise_unaligned = rv_raise_unaligned, \
    .fetch_idx = rv_fetch_idx, .data_idx = rv_data_idx, .mmu_indices = RV_IDX_COUNT, \
    .mmu_shared = 1 << RV_IDX_S | 1 << RV_IDX_M, \
    .irq_pending = rv_irq_pending, .irq_take = rv_irq_take, .has_work = rv_has_work, \
    .line_changed = rv_line_changed, .timer_due = rv_timer_due, \
    .regs = regs_, .nregs = RV_REGS, .reg_read = rv_reg_read, .reg_write = rv_reg_write, \
    .print_regs = rv_print_regs, .gdb_xml = rv_gdb_xml, .disas = disas, .fdt_node = fdt_node, .fdt_root = rv_pmu_fdt, \
    .watch_before = true, \
    .state = state, .nstate = G_N_ELEMENTS(state)

const struct cpu_type rv_cpu_type = { RV_TYPE(rv_regs64) };
static const struct cpu_type rv32_cpu_type = { RV_TYPE(rv_regs32) };
