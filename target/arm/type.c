/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ARM CPU type: life cycle, translation key, device tree, snapshot list, and the table that the rest of the program sees. */
#include <libfdt.h>
#include <string.h>

#include "system/device.h"
#include "system/machine.h"
#include "target/arm/a32_decode.h"
#include "target/arm/aarch32.h"
#include "target/arm/decode.h"
#include "target/arm/disas.h"
#include "target/arm/fp.h"
#include "target/arm/model.h"
#include "target/arm/mte.h"
#include "target/arm/regs.h"
#include "target/arm/translate.h"
#include "util/log.h"

#define MXCSR_RESET 0x1f80          /* all exceptions masked, round to nearest, no flags */

static bool init(struct cpu *c, const char *model, GError **err)
{
    struct arm_cpu *cpu = arm_cpu(c);

    if (!arm_model_init(cpu, model, err)) {
        return false;
    }
    c->bits = cpu->a64 ? 64 : 32;
    c->levels = cpu->a64 ? 15 : 3;
    c->timer_hz = ARM_TIMER_HZ;
    arm_needs(&cpu->needs, &cpu->ext, 64);
    a32_needs(&cpu->needs32, &cpu->ext, 32);
    arm_timers_init(cpu);
    return true;
}

/* ---- the translation key ---- */

static unsigned data_idx(const struct arm_cpu *cpu)
{
    switch (cpu->el) {
    case 0:
        return arm_host(cpu) ? ARM_IDX_EL20_0 : ARM_IDX_EL0;
    case 1:
        return cpu->pan ? ARM_IDX_EL1_PAN : ARM_IDX_EL1;
    case 2:
        return !arm_e2h(cpu) ? ARM_IDX_EL2 : cpu->pan ? ARM_IDX_EL20_PAN : ARM_IDX_EL20_2;
    default:
        return ARM_IDX_EL3;
    }
}

/* Of LDTR and STTR. */
static unsigned unpriv_idx(const struct arm_cpu *cpu, unsigned idx)
{
    if (cpu->uao) {
        return idx;
    }
    return cpu->el == 1 ? ARM_IDX_EL0 : cpu->el == 2 && arm_host(cpu) ? ARM_IDX_EL20_0 : idx;
}

void arm_update_key(struct arm_cpu *cpu)
{
    unsigned idx = data_idx(cpu);
    unsigned unpriv = unpriv_idx(cpu, idx);
    uint64_t sctlr = cpu->sctlr[arm_regime_el(cpu)];
    bool watching = arm_watching(cpu), tags = !cpu->aarch32 && arm_mte_checks(cpu, cpu->el);
    uint32_t key = cpu->el;

    idx |= watching || tags ? ARM_IDX_CHECKED : 0;
    unpriv |= watching || arm_mte_checks(cpu, unpriv == (idx & 7) ? cpu->el : 0) ? ARM_IDX_CHECKED : 0;
    key |= idx << ARM_KEY_IDX_SHIFT | unpriv << ARM_KEY_UNPRIV_SHIFT;
    key |= tags && !watching ? ARM_KEY_TAGS : 0;
    key |= !cpu->aarch32 && arm_step_level(cpu) ? ARM_KEY_SS | (cpu->ss ? 0 : ARM_KEY_STEP_DUE) : 0;
    key |= !cpu->aarch32 && arm_breaking(cpu) ? ARM_KEY_BREAK : 0;

    key |= arm_fp_trap_level(cpu) ? ARM_KEY_FP_TRAP : 0;
    key |= cpu->guarded ? ARM_KEY_BTI : 0;
    key |= cpu->el == 2 && arm_e2h(cpu) ? ARM_KEY_E2H : 0;
    key |= sctlr & SCTLR_A ? ARM_KEY_ALIGN : 0;
    key |= !cpu->aarch32 && !(sctlr & SCTLR_M) && !(arm_hcr(cpu) & HCR_DC) ? ARM_KEY_ALIGN : 0;     /* untranslated: Device */
    if (cpu->aarch32) {
        key |= ARM_KEY_A32 | (cpu->thumb ? ARM_KEY_T32 : 0) | (uint32_t)cpu->itstate << ARM_KEY_IT_SHIFT;
        key |= cpu->bigend ? ARM_KEY_BE : 0;
    } else {
        key |= sctlr & (cpu->el ? SCTLR_EE : SCTLR_E0E) ? ARM_KEY_BE : 0;
        key |= cpu->el == 0 && (sctlr & SCTLR_UMA) ? ARM_KEY_UMA : 0;
    }
    key |= cpu->il ? ARM_KEY_IL : 0;
    key |= cpu->fp_control & FPCR_DN ? ARM_KEY_FP_DN : 0;
    key |= cpu->fp_control & FPCR_FZ ? ARM_KEY_FP_SOFT : 0;
    if (key != cpu->cpu.key) {
        cpu_set_key(&cpu->cpu, key);
    }
}

/* ---- reset ---- */

static unsigned highest_level(const struct arm_cpu *cpu)
{
    return arm_has_el(cpu, 3) ? 3 : arm_has_el(cpu, 2) ? 2 : 1;
}

/* Registers have their architectural reset value, else zero for the sake of repeatable runs. */
static void clear(struct arm_cpu *cpu)
{
    struct cpu *c = &cpu->cpu;

    memset(c->r, 0, sizeof c->r);
    memset(cpu->v, 0, offsetof(struct arm_cpu, timer) - offsetof(struct arm_cpu, v));
    for (unsigned i = 0; i < ARM_TIMERS; i++) {
        cpu->timer[i].ctl = 0;
        cpu->timer[i].cval = 0;
        arm_timer_update(cpu, i);
    }
    c->fpcr = MXCSR_RESET;
    cpu->excl_addr = ARM_EXCL_NONE;
    cpu->daif = PSTATE_DAIF;
    cpu->sp_sel = 1;
    for (unsigned el = 1; el < 4; el++) {
        cpu->sctlr[el] = el == 1 ? SCTLR_RES1_EL1 : SCTLR_RES1_EL2;
    }
    cpu->hcr = HCR_RW;
    cpu->scr = arm_has_el(cpu, 3) ? SCR_RW | 0x30 : 0;
    cpu->guarded = false;
    cpu->vpidr = cpu->midr;
    cpu->vmpidr = c->hw_id | 1ull << 31;
    cpu->cntfrq = c->timer_hz;
    cpu->cnthctl = 3;
    cpu->oslsr = 8 | 2;             /* the lock is implemented, and on */
    cpu->par = 1 << 11;
    if (!cpu->a64) {
        a32_reset(cpu);
    }
}

/* Starts below the highest level, as firmware would have left it: non-secure, nothing trapped. */
static void enter(struct arm_cpu *cpu, unsigned el)
{
    if (arm_has_el(cpu, 3) && el < 3) {
        cpu->scr |= SCR_NS | SCR_HCE | SCR_APK | SCR_API | SCR_ATA;
    }
    cpu->el = el;
}

static void reset_to(struct arm_cpu *cpu, unsigned el, uint64_t pc)
{
    clear(cpu);
    enter(cpu, el);
    cpu->thumb = !cpu->a64 && (pc & 1);
    cpu->cpu.pc = cpu->a64 ? pc : pc & ~(uint64_t)1;
    arm_update_key(cpu);
    arm_update_space(cpu);
    arm_tlb_flush(cpu);
}

static void reset(struct cpu *c)
{
    struct arm_cpu *cpu = arm_cpu(c);
    unsigned el = c->reset_level ? c->reset_level : highest_level(cpu);

    reset_to(cpu, arm_has_el(cpu, el) ? el : 1, c->reset_pc);
    c->r[cpu->a64 ? 0 : 2] = c->reset_a0;           /* AArch32's boot protocol: the device tree's address is in R2 */
    c->r[1] = c->reset_a1;
    c->halted = c->start_halted;
}

/* PSCI's CPU_ON: the highest non-secure level. */
static void start(struct cpu *c, uint64_t pc, uint64_t arg)
{
    struct arm_cpu *cpu = arm_cpu(c);

    big_lock(&c->machine->lock);
    reset_to(cpu, arm_has_el(cpu, 2) ? 2 : 1, pc);
    big_unlock(&c->machine->lock);
    c->r[0] = arg;
}

static void fini(struct cpu *c)
{
    arm_counts_finish(arm_cpu(c));
    arm_timers_fini(arm_cpu(c));
}

/* ---- -d insn-count ---- */

void arm_helper_count(struct arm_cpu *cpu, uint32_t row)
{
    if (!cpu->insn_counts) {
        cpu->insn_counts = g_new0(uint64_t, ARM_ROWS + A32_ROWS + 1);
    }
    cpu->insn_counts[row]++;
}

void arm_counts_finish(struct arm_cpu *cpu)
{
    for (unsigned i = 0; cpu->insn_counts && i < ARM_ROWS + A32_ROWS; i++) {
        const char *name = i < ARM_ROWS ? arm_rows[i].name : a32_rows[i - ARM_ROWS].name;

        if (cpu->insn_counts[i]) {
            log_printf(LOG_INSN_COUNT, "%12" G_GUINT64_FORMAT " %s\n", cpu->insn_counts[i], name);
        }
    }
    g_clear_pointer(&cpu->insn_counts, g_free);
}

/* ---- the table ---- */

static unsigned disas(struct cpu *c, uint64_t pc, const uint8_t *bytes, unsigned avail, GString *out)
{
    if (arm_cpu(c)->aarch32) {
        return a32_disas(bytes, avail, arm_cpu(c)->thumb, &arm_cpu(c)->needs32, pc, out);
    }
    if (avail >= 4) {
        arm_disas(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (uint32_t)bytes[3] << 24, &arm_cpu(c)->needs, pc, out);
    }
    return 4;
}

static void fdt_node(struct cpu *c, void *fdt, int node)
{
    fdt_setprop_string(fdt, node, "compatible", arm_cpu(c)->compatible);
}

static const struct field state[] = {
    FIELD_ARRAY(struct arm_cpu, v),
    FIELD(struct arm_cpu, cc_op), FIELD(struct arm_cpu, cc_a), FIELD(struct arm_cpu, cc_b),
    FIELD(struct arm_cpu, cc_nz), FIELD(struct arm_cpu, cc_c), FIELD(struct arm_cpu, ge), FIELD(struct arm_cpu, qflag),
    FIELD(struct arm_cpu, itstate), FIELD(struct arm_cpu, fpcc_op), FIELD(struct arm_cpu, fpcc_a),
    FIELD(struct arm_cpu, fpcc_b), FIELD(struct arm_cpu, aarch32), FIELD(struct arm_cpu, mode),
    FIELD(struct arm_cpu, thumb), FIELD(struct arm_cpu, bigend), FIELD_ARRAY(struct arm_cpu, a32_r8_usr),
    FIELD_ARRAY(struct arm_cpu, a32_r8_fiq), FIELD_ARRAY(struct arm_cpu, a32_sp), FIELD_ARRAY(struct arm_cpu, a32_lr),
    FIELD(struct arm_cpu, dacr), FIELD(struct arm_cpu, ifsr), FIELD(struct arm_cpu, fpexc),
    FIELD(struct arm_cpu, fault_domain),
    FIELD(struct arm_cpu, excl_addr), FIELD_ARRAY(struct arm_cpu, excl_val),
    FIELD(struct arm_cpu, fp_control), FIELD(struct arm_cpu, fp_status), FIELD(struct arm_cpu, daif),
    FIELD(struct arm_cpu, el), FIELD(struct arm_cpu, sp_sel), FIELD(struct arm_cpu, pan), FIELD(struct arm_cpu, uao),
    FIELD(struct arm_cpu, dit), FIELD(struct arm_cpu, ssbs), FIELD(struct arm_cpu, il), FIELD(struct arm_cpu, ss),
    FIELD(struct arm_cpu, btype),
    FIELD_ARRAY(struct arm_cpu, sp_el), FIELD_ARRAY(struct arm_cpu, elr), FIELD_ARRAY(struct arm_cpu, spsr),
    FIELD_ARRAY(struct arm_cpu, esr), FIELD_ARRAY(struct arm_cpu, far), FIELD_ARRAY(struct arm_cpu, vbar),
    FIELD_ARRAY(struct arm_cpu, sctlr), FIELD_ARRAY(struct arm_cpu, tcr), FIELD_ARRAY(struct arm_cpu, ttbr0),
    FIELD_ARRAY(struct arm_cpu, ttbr1), FIELD_ARRAY(struct arm_cpu, mair), FIELD_ARRAY(struct arm_cpu, tpidr),
    FIELD_ARRAY(struct arm_cpu, contextidr),
    FIELD(struct arm_cpu, tpidrro), FIELD(struct arm_cpu, cpacr), FIELD(struct arm_cpu, par), FIELD(struct arm_cpu, csselr),
    FIELD(struct arm_cpu, mdscr), FIELD(struct arm_cpu, osdlr), FIELD(struct arm_cpu, oslsr),
    FIELD(struct arm_cpu, hcr), FIELD(struct arm_cpu, vttbr), FIELD(struct arm_cpu, vtcr), FIELD(struct arm_cpu, hpfar),
    FIELD(struct arm_cpu, cptr_el2), FIELD(struct arm_cpu, mdcr_el2), FIELD(struct arm_cpu, hstr),
    FIELD(struct arm_cpu, vpidr), FIELD(struct arm_cpu, vmpidr),
    FIELD(struct arm_cpu, scr), FIELD(struct arm_cpu, cptr_el3), FIELD(struct arm_cpu, mdcr_el3),
    FIELD(struct arm_cpu, cntkctl), FIELD(struct arm_cpu, cnthctl), FIELD(struct arm_cpu, cntvoff),
    FIELD(struct arm_cpu, cntfrq),
    FIELD_ARRAY(struct arm_cpu, dbgbvr), FIELD_ARRAY(struct arm_cpu, dbgbcr), FIELD_ARRAY(struct arm_cpu, dbgwvr),
    FIELD_ARRAY(struct arm_cpu, dbgwcr), FIELD(struct arm_cpu, mdccint), FIELD(struct arm_cpu, dbgclaim),
    FIELD_ARRAY(struct arm_cpu, spsr_irq),
    FIELD(struct arm_cpu, timer[ARM_TIMER_PHYS].cval), FIELD(struct arm_cpu, timer[ARM_TIMER_PHYS].ctl),
    FIELD(struct arm_cpu, timer[ARM_TIMER_VIRT].cval), FIELD(struct arm_cpu, timer[ARM_TIMER_VIRT].ctl),
    FIELD(struct arm_cpu, timer[ARM_TIMER_HYP].cval), FIELD(struct arm_cpu, timer[ARM_TIMER_HYP].ctl),
    FIELD(struct arm_cpu, timer[ARM_TIMER_SEC].cval), FIELD(struct arm_cpu, timer[ARM_TIMER_SEC].ctl),
    FIELD(struct arm_cpu, timer[ARM_TIMER_HYPVIRT].cval), FIELD(struct arm_cpu, timer[ARM_TIMER_HYPVIRT].ctl),
    FIELD(struct arm_cpu, gcr), FIELD(struct arm_cpu, rgsr), FIELD_ARRAY(struct arm_cpu, tfsr),
    FIELD_ARRAY(struct arm_cpu, pauth_key), FIELD(struct arm_cpu, tco),
    FIELD(struct arm_cpu, rng),
};

const struct cpu_type arm_cpu_type = {
    .name = "arm", .size = sizeof(struct arm_cpu), .ir = &arm_ir,
    .init = init, .fini = fini, .help = arm_model_help, .reset = reset, .start = start,
    .translate = arm_translate, .mmu_walk = arm_mmu_walk,
    .raise_mmu = arm_raise_mmu, .raise_bus = arm_raise_bus, .raise_unaligned = arm_raise_unaligned,
    .fetch_idx = arm_fetch_idx, .data_idx = arm_data_idx, .mmu_indices = ARM_IDX_ALL,
    .access_check = arm_access_check, .watch_before = true,
    .irq_pending = arm_irq_pending, .irq_take = arm_irq_take, .has_work = arm_has_work,
    .regs = arm_regs, .nregs = G_N_ELEMENTS(arm_regs), .reg_read = arm_reg_read, .reg_write = arm_reg_write,
    .print_regs = arm_print_regs, .gdb_xml = arm_gdb_xml, .disas = disas, .fdt_node = fdt_node,
    .state = state, .nstate = G_N_ELEMENTS(state),
};
