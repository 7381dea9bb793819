/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x86 CPU type: life cycle, snapshot list, and the table that the rest of the program sees. */
#include "config.h"
#include "system/device.h"
#include "system/kvm.h"
#include "target/x86/model.h"
#include "target/x86/regs.h"
#include "target/x86/translate.h"

static const struct cpu_type x86_32_type;

#define TSC_HZ 1000000000           /* of the guest's time stamp counter under the translator */

static bool init(struct cpu *c, const char *model, GError **err)
{
    struct x86_cpu *cpu = x86_cpu(c);

    if (!x86_model_init(cpu, model, err)) {
        return false;
    }
    cpu->tsc_hz = TSC_HZ;
    c->bits = x86_has(cpu, X86_FEAT_LM) ? 64 : 32;
    if (c->bits == 32) {
        c->type = &x86_32_type;     /* the same but for what debuggers see */
    }
    return true;
}

static void reset(struct cpu *c)
{
    struct x86_cpu *cpu = x86_cpu(c);

    x86_reset_state(cpu, false);
    cpu->sipi_wait = c->index != 0;     /* the others wait for the boot processor */
    c->halted = cpu->sipi_wait || c->start_halted;
}

static const struct field state[] = {
    FIELD(struct x86_cpu, df), FIELD(struct x86_cpu, eflags),
    FIELD_BYTES(struct x86_cpu, seg), FIELD_BYTES(struct x86_cpu, gdt), FIELD_BYTES(struct x86_cpu, idt),
    FIELD(struct x86_cpu, cr0), FIELD(struct x86_cpu, cr2), FIELD(struct x86_cpu, cr3), FIELD(struct x86_cpu, cr4),
    FIELD(struct x86_cpu, efer), FIELD(struct x86_cpu, xcr0), FIELD_ARRAY(struct x86_cpu, dr), FIELD(struct x86_cpu, pkru),
    FIELD_BYTES(struct x86_cpu, msr), FIELD_ARRAY(struct x86_cpu, pdpte), FIELD(struct x86_cpu, tsc_offset),
    FIELD(struct x86_cpu, mxcsr_masks), FIELD(struct x86_cpu, mxcsr_flags),
    FIELD_BYTES(struct x86_cpu, st), FIELD(struct x86_cpu, fpu_cw), FIELD(struct x86_cpu, fpu_sw),
    FIELD(struct x86_cpu, fpu_top), FIELD(struct x86_cpu, fpu_valid), FIELD(struct x86_cpu, fpu_op),
    FIELD(struct x86_cpu, fpu_cs), FIELD(struct x86_cpu, fpu_ds), FIELD(struct x86_cpu, fpu_ip), FIELD(struct x86_cpu, fpu_dp),
    FIELD_BYTES(struct x86_cpu, zmm), FIELD(struct x86_cpu, inhibit), FIELD(struct x86_cpu, nmi_pending),
    FIELD(struct x86_cpu, nmi_blocked), FIELD(struct x86_cpu, smi_pending), FIELD(struct x86_cpu, in_smm), FIELD(struct x86_cpu, smm_nmi_blocked),
    FIELD(struct x86_cpu, sipi_wait),
};

#ifdef HAVE_KVM_X86
extern const struct kvm_arch x86_kvm;
#define KVM_ARCH &x86_kvm
#else
#define KVM_ARCH NULL
#endif

#define X86_TYPE(regs_, nregs_) \
    .name = "x86", .size = sizeof(struct x86_cpu), .ir = &x86_ir, \
    .init = init, .help = x86_model_help, .reset = reset, \
    .translate = x86_translate, .mmu_walk = x86_mmu_walk, \
    .raise_mmu = x86_raise_mmu, .raise_bus = x86_raise_bus, .raise_unaligned = x86_raise_unaligned, \
    .fetch_idx = x86_fetch_idx, .data_idx = x86_data_idx, .mmu_indices = X86_IDX_COUNT, \
    .irq_pending = x86_irq_pending, .irq_take = x86_irq_take, .has_work = x86_has_work, .event = x86_event, \
    .line_changed = x86_line_changed, .watch_hit = x86_watch_hit, .open_bus = true, .code_coherent = true, .kvm = KVM_ARCH, \
    .regs = regs_, .nregs = nregs_, .reg_read = x86_reg_read, .reg_write = x86_reg_write, \
    .print_regs = x86_print_regs, .gdb_xml = x86_gdb_xml, .disas = x86_disas, \
    .state = state, .nstate = G_N_ELEMENTS(state)

enum { NREGS32 = 8 + 2 + 6 + 5 + 1, NREGS64 = 16 + 2 + 6 + 2 + 5 + 1 + 1 };

const struct cpu_type x86_cpu_type = { X86_TYPE(x86_regs64, NREGS64) };
static const struct cpu_type x86_32_type = { X86_TYPE(x86_regs32, NREGS32) };
