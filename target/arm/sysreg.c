/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System registers: the table, access checks, MRS and MSR. What single registers do is in sysreg_misc.c. */
#include "target/arm/sysreg_impl.h"

#include <stddef.h>
#include <string.h>

#include "target/arm/mte.h"
#include "util/log.h"

enum { NO = SYSREG_NO, VM = SYSREG_VM, TID3 = SYSREG_TID3, EL2 = SYSREG_EL2, EL3 = SYSREG_EL3, PLAIN = SYSREG_PLAIN,
       APK = SYSREG_APK };

#define FIELD(member, mask_) .offset = offsetof(struct arm_cpu, member), .mask = mask_
#define CONST(value) .constant = true, .mask = value
#define FN(g, s) .get = arm_read_##g, .set = arm_write_##s
#define GET(g) .get = arm_read_##g
#define DEBUG(member, mask_) FIELD(member, mask_), FN(dbg, dbg)
#define REG(name_, op0, op1_, crn, crm, op2, read_, write_, access, flags_) \
    { .name = #name_, .number = ARM_SYSREG(op0, op1_, crn, crm, op2), .op1 = op1_, .read = read_, .write = write_, \
      .flags = flags_, .ext = ARM_EXT_I, access },
#define REGX(name_, op0, op1_, crn, crm, op2, read_, write_, access, flags_, ext_) \
    { .name = #name_, .number = ARM_SYSREG(op0, op1_, crn, crm, op2), .op1 = op1_, .read = read_, .write = write_, \
      .flags = flags_, .ext = ARM_EXT_##ext_, access },

static const struct arm_sysreg rows[] = {
#include "target/arm/sysreg.def"
};
#undef REG
#undef REGX

/* All of the ID space that has no register reads as zero. */
static const struct arm_sysreg reserved_id = { .name = "ID", .read = 1, .write = NO, .constant = true, .flags = TID3 };

/* Registers of an EL2 that is not there, as EL3 sees them. */
static const struct arm_sysreg no_el2 = { .name = "EL2", .read = 3, .write = 3, .constant = true };

static bool is_id(uint32_t number)
{
    return (number & ~0x3fu) == ARM_SYSREG(3, 0, 0, 0, 0) && (number >> 3 & 15) > 0;
}

/* Some rows need a feature. */
static bool feature_ok(const struct arm_cpu *cpu, const struct arm_sysreg *r)
{
    switch (r->number) {
    /* RVBAR is there for the highest level only. */
    case ARM_SYSREG(3, 0, 12, 0, 1):
        return !arm_has_el(cpu, 2) && !arm_has_el(cpu, 3);
    case ARM_SYSREG(3, 4, 12, 0, 1):
        return !arm_has_el(cpu, 3);
    default:
        return arm_has(cpu, r->ext);
    }
}

/* ---- FEAT_VHE: names that mean other registers (DDI 0487, "System register aliases" of chapter D1) ---- */

/* EL1's registers that a host at EL2 reaches under _EL12 names, its own being under EL1's. */
static bool has_el12(uint32_t number)
{
    static const uint32_t list[] = {
        ARM_SYSREG(3, 0, 1, 0, 0), ARM_SYSREG(3, 0, 1, 0, 2), ARM_SYSREG(3, 0, 2, 0, 0), ARM_SYSREG(3, 0, 2, 0, 1),
        ARM_SYSREG(3, 0, 2, 0, 2), ARM_SYSREG(3, 0, 4, 0, 0), ARM_SYSREG(3, 0, 4, 0, 1), ARM_SYSREG(3, 0, 5, 1, 0),
        ARM_SYSREG(3, 0, 5, 1, 1), ARM_SYSREG(3, 0, 5, 2, 0), ARM_SYSREG(3, 0, 6, 0, 0), ARM_SYSREG(3, 0, 10, 2, 0),
        ARM_SYSREG(3, 0, 10, 3, 0), ARM_SYSREG(3, 0, 12, 0, 0), ARM_SYSREG(3, 0, 13, 0, 1), ARM_SYSREG(3, 0, 14, 1, 0),
        ARM_SYSREG(3, 0, 5, 6, 0),
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(list); i++) {
        if (list[i] == number) {
            return true;
        }
    }
    return false;
}

/* CNTP_*_EL0 and CNTV_*_EL0, which have _EL02 names. */
static bool has_el02(uint32_t number)
{
    return (number & ~15u) == (ARM_SYSREG(3, 3, 14, 2, 0) & ~15u) && (number & 7) < 3;
}

#define OP1(number, op1) (((number) & ~ARM_SYSREG(0, 7u, 0, 0, 0)) | ARM_SYSREG(0, op1, 0, 0, 0))

/* The register that the name means now; 0: none. */
static uint32_t meant(const struct arm_cpu *cpu, uint32_t number)
{
    unsigned op1 = number >> 11 & 7;

    if (op1 == 5 && number >> 14 == 3) {
        uint32_t el12 = OP1(number, 0), el02 = OP1(number, 3u);
        bool ours = arm_has(cpu, ARM_EXT_VHE) && ((cpu->el == 2 && arm_e2h(cpu)) || (cpu->el == 3 && (cpu->hcr & HCR_E2H)));

        return ours && has_el12(el12) ? el12 : ours && has_el02(el02) ? el02 : 0;
    }
    if (cpu->el == 2 && arm_e2h(cpu) && has_el12(number)) {
        return number == ARM_SYSREG(3, 0, 1, 0, 2) ? ARM_SYSREG(3, 4, 1, 1, 2) : OP1(number, 4u);
    }
    if (((cpu->el == 2 && arm_e2h(cpu)) || arm_host_el0(cpu)) && has_el02(number)) {
        return OP1(number, 4u);
    }
    return number;
}

const struct arm_sysreg *arm_sysreg_find(const struct arm_cpu *cpu, uint32_t number)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].number == number) {
            const struct arm_sysreg *r = &rows[i];
            bool there = (!(r->flags & EL2) || arm_has_el(cpu, 2)) && (!(r->flags & EL3) || arm_has_el(cpu, 3));

            if (!there && (r->flags & EL2) && arm_has_el(cpu, 3)) {
                return &no_el2;
            }
            return there && feature_ok(cpu, r) ? r : NULL;
        }
    }
    return is_id(number) ? &reserved_id : NULL;
}

int arm_sysreg_slot(const struct arm_cpu *cpu, uint32_t key, uint32_t number, bool write)
{
    static const struct {
        uint32_t number;
        uint8_t slot, read, write;
        bool vm;
    } slots[] = {
        { ARM_SYSREG(3, 3, 13, 0, 2), ARM_SLOT_TPIDR_EL0, 0, 0, false },
        { ARM_SYSREG(3, 3, 13, 0, 3), ARM_SLOT_TPIDRRO, 0, 1, false },
        { ARM_SYSREG(3, 0, 13, 0, 4), ARM_SLOT_TPIDR_EL1, 1, 1, false },
        { ARM_SYSREG(3, 0, 4, 0, 1), ARM_SLOT_ELR_EL1, 1, 1, false },
        { ARM_SYSREG(3, 0, 4, 0, 0), ARM_SLOT_SPSR_EL1, 1, 4, false },
        { ARM_SYSREG(3, 0, 5, 2, 0), ARM_SLOT_ESR_EL1, 1, 4, true },
        { ARM_SYSREG(3, 0, 6, 0, 0), ARM_SLOT_FAR_EL1, 1, 1, true },
        { ARM_SYSREG(3, 3, 4, 2, 1), ARM_SLOT_DAIF, 1, 4, false },
    };
    unsigned el = key & ARM_KEY_EL;

    for (unsigned i = 0; i < G_N_ELEMENTS(slots); i++) {
        if (slots[i].number == number) {
            bool trapped = (slots[i].vm && el == 1 && arm_has_el(cpu, 2)) || (key & ARM_KEY_E2H && has_el12(number));

            return el >= (write ? slots[i].write : slots[i].read) && !trapped ? slots[i].slot : -1;
        }
    }
    return -1;
}

bool arm_sysreg_write_plain(const struct arm_cpu *cpu, uint32_t number)
{
    const struct arm_sysreg *r = arm_sysreg_find(cpu, number);

    return r && (r->flags & PLAIN);
}

/* ---- access checks ---- */

G_NORETURN void arm_raise_sysreg(struct arm_cpu *cpu, uint32_t insn, unsigned least)
{
    uint32_t iss = (insn >> 19 & 3) << 20 | (insn >> 5 & 7) << 17 | (insn >> 16 & 7) << 14 | (insn >> 12 & 15) << 10 |
                   (insn & 31) << 5 | (insn >> 8 & 15) << 1 | (insn >> 21 & 1);

    arm_raise(cpu, (uint32_t)EC_SYSREG << ESR_EC_SHIFT | ESR_IL | iss, least);
}

/* Under TGE without a host at EL2, SCTLR_EL1's controls of EL0 do not apply. */
static bool el0_is_controlled(const struct arm_cpu *cpu)
{
    return arm_host(cpu) || !(arm_hcr(cpu) & HCR_TGE);
}

/* What EL0 may touch only where EL1 allows it. */
static bool el0_allowed(const struct arm_cpu *cpu, const struct arm_sysreg *r)
{
    uint64_t sctlr = cpu->sctlr[arm_regime_el(cpu)], cnt = arm_host(cpu) ? cpu->cnthctl : cpu->cntkctl;

    if ((arm_hcr(cpu) & HCR_TGE) && !arm_host(cpu)) {
        return true;
    }
    switch (r->number) {
    case ARM_SYSREG(3, 3, 0, 0, 1):
        return sctlr & SCTLR_UCT;
    case ARM_SYSREG(3, 3, 4, 2, 1):
        return sctlr & SCTLR_UMA;
    case ARM_SYSREG(3, 3, 14, 0, 0):
        return cnt & 3;
    case ARM_SYSREG(3, 3, 14, 0, 1):
        return cnt & 1;
    case ARM_SYSREG(3, 3, 14, 0, 2):
        return cnt & 2;
    case ARM_SYSREG(3, 3, 14, 2, 0): case ARM_SYSREG(3, 3, 14, 2, 1): case ARM_SYSREG(3, 3, 14, 2, 2):
        return cnt >> 9 & 1;
    case ARM_SYSREG(3, 3, 14, 3, 0): case ARM_SYSREG(3, 3, 14, 3, 1): case ARM_SYSREG(3, 3, 14, 3, 2):
        return cnt >> 8 & 1;
    default:
        return true;
    }
}

/* EL2's wish to see accesses of the levels below. */
static bool el2_traps(const struct arm_cpu *cpu, const struct arm_sysreg *r, bool write)
{
    uint64_t hcr = arm_hcr(cpu);
    bool counter = r->number == ARM_SYSREG(3, 3, 14, 0, 1);
    bool physical = (r->number & ~7u) == ARM_SYSREG(3, 3, 14, 2, 0);

    if (!arm_el2_on(cpu) || (hcr & HCR_TGE && cpu->el == 0)) {
        return false;
    }
    if (r->flags & APK) {
        return cpu->el == 1 && !(hcr & HCR_APK);
    }
    if (r->flags & VM) {
        return cpu->el == 1 && (hcr & (write ? HCR_TVM : HCR_TRVM));
    }
    if (r->flags & TID3) {
        return cpu->el == 1 && (hcr & HCR_TID3);
    }
    if (r->number == ARM_SYSREG(3, 0, 1, 0, 2)) {
        return cpu->el == 1 && (cpu->cptr_el2 >> 31 & 1);
    }
    if (hcr & HCR_E2H) {            /* the host's format has both bits elsewhere */
        return (counter && !(cpu->cnthctl >> 10 & 1)) || (physical && !(cpu->cnthctl >> 11 & 1));
    }
    return (counter && !(cpu->cnthctl & 1)) || (physical && !(cpu->cnthctl & 2));
}

/* What FEAT_IDST names: op0 = 3, CRn = 0. */
static bool is_id_space(uint32_t number)
{
    return number >> 14 == 3 && !(number >> 7 & 15);
}

static void check(struct arm_cpu *cpu, const struct arm_sysreg *r, uint32_t insn, bool write)
{
    if (cpu->el == 0 && !write && is_id_space(r->number) && r->read == 1 && arm_has(cpu, ARM_EXT_IDST)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    if (cpu->el < (write ? r->write : r->read) || (write && r->write == NO)) {
        arm_raise_undef(cpu);
    }
    if (cpu->el == 0 && !el0_allowed(cpu, r)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    if (cpu->el < 2 && el2_traps(cpu, r, write)) {
        arm_raise_sysreg(cpu, insn, 2);
    }
    if (cpu->el < 3 && arm_has_el(cpu, 3) && r->number == ARM_SYSREG(3, 0, 1, 0, 2) && (cpu->cptr_el3 >> 31 & 1)) {
        arm_raise_sysreg(cpu, insn, 3);
    }
    if (cpu->el < 3 && arm_has_el(cpu, 3) && (r->flags & APK) && !(cpu->scr & SCR_APK)) {
        arm_raise_sysreg(cpu, insn, 3);
    }
}

/* Whether a host's EL0 may use its timer is a question of the name. */
static const struct arm_sysreg *named_at_el0(const struct arm_cpu *cpu, uint32_t number, const struct arm_sysreg *r)
{
    return cpu->el == 0 && r->number != number ? arm_sysreg_find(cpu, number) : r;
}

static uint64_t *field(struct arm_cpu *cpu, const struct arm_sysreg *r)
{
    return (uint64_t *)((char *)cpu + r->offset);
}

static uint64_t read_reg(struct arm_cpu *cpu, const struct arm_sysreg *r)
{
    return r->get ? r->get(cpu, r) : r->constant ? r->mask : *field(cpu, r);
}

/* ---- the interrupt controller's ---- */

static struct cpu_reg_access access_of(const struct arm_cpu *cpu, uint32_t number)
{
    uint64_t hcr = cpu->el == 1 ? arm_hcr(cpu) : 0;

    return (struct cpu_reg_access){
        .reg = number, .level = cpu->el,
        .flags = (arm_secure(cpu) ? ARM_ACCESS_SECURE : 0) | (hcr & HCR_IMO ? ARM_ACCESS_VIRT_IRQ : 0) |
                 (hcr & HCR_FMO ? ARM_ACCESS_VIRT_FIQ : 0) |
                 (!arm_has_el(cpu, 3) || (cpu->scr & SCR_NS) ? ARM_ACCESS_NS : 0),
    };
}

/* ICC_* and ICH_*: CRn = 12 from CRm = 8 on, and ICC_PMR_EL1. */
static bool is_gic(uint32_t number)
{
    unsigned op0 = number >> 14, crn = number >> 7 & 15, crm = number >> 3 & 15;

    return op0 == 3 && ((crn == 12 && crm >= 8) || number == ARM_SYSREG(3, 0, 4, 6, 0));
}

static bool gic_exists(const struct arm_cpu *cpu, uint32_t number)
{
    return is_gic(number) && cpu->cpu.sysregs && cpu->el > 0;
}

static G_NORETURN void unknown(struct arm_cpu *cpu, uint32_t number, const char *what)
{
    log_guest("%s of system register op0=%u op1=%u CRn=%u CRm=%u op2=%u at EL%u: there is none\n", what, number >> 14,
              number >> 11 & 7, number >> 7 & 15, number >> 3 & 15, number & 7, cpu->el);
    arm_raise_undef(cpu);
}

uint64_t arm_helper_mrs(struct arm_cpu *cpu, uint32_t number, uint32_t insn)
{
    const struct arm_sysreg *r = arm_sysreg_find(cpu, meant(cpu, number));
    uint64_t v = 0;

    if (r) {
        check(cpu, named_at_el0(cpu, number, r), insn, false);
        return read_reg(cpu, r);
    }
    if (gic_exists(cpu, number)) {
        struct cpu_reg_access a = access_of(cpu, number);

        if (cpu->cpu.sysregs->reg_read(cpu->cpu.sysregs->opaque, &cpu->cpu, &a, &v)) {
            return v;
        }
    }
    unknown(cpu, number, "read");
}

void arm_helper_msr(struct arm_cpu *cpu, uint32_t number, uint32_t insn, uint64_t v)
{
    const struct arm_sysreg *r = arm_sysreg_find(cpu, meant(cpu, number));

    if (r) {
        check(cpu, named_at_el0(cpu, number, r), insn, true);
        if (r->set) {
            r->set(cpu, r, v);
        } else if (!r->constant) {
            *field(cpu, r) = (*field(cpu, r) & ~r->mask) | (v & r->mask);
        }
        return;
    }
    if (gic_exists(cpu, number)) {
        struct cpu_reg_access a = access_of(cpu, number);

        if (cpu->cpu.sysregs->reg_write(cpu->cpu.sysregs->opaque, &cpu->cpu, &a, v)) {
            return;
        }
    }
    unknown(cpu, number, "write");
}

bool arm_sysreg_peek(struct arm_cpu *cpu, uint32_t number, uint64_t *v)
{
    const struct arm_sysreg *r = arm_sysreg_find(cpu, number);

    if (!r || r->read == NO) {
        return false;
    }
    *v = read_reg(cpu, r);
    return true;
}

/* ---- cache, TLB and address translation instructions ---- */

/* AT: the MMU index that it walks for. */
static bool address_translation(struct arm_cpu *cpu, unsigned op1, unsigned crm, unsigned op2, uint64_t va)
{
    enum mmu_access access = op2 & 1 ? MMU_WRITE : MMU_READ;
    unsigned idx;
    bool stage1_only = true, host = cpu->el >= 2 && arm_host(cpu);

    if (op1 == 0 && crm == 8 && op2 < 4) {
        idx = op2 < 2 ? (host ? ARM_IDX_EL20_2 : ARM_IDX_EL1) : host ? ARM_IDX_EL20_0 : ARM_IDX_EL0;
    } else if (op1 == 0 && crm == 9 && op2 < 2 && arm_has(cpu, ARM_EXT_PAN2)) {
        idx = host ? (cpu->pan ? ARM_IDX_EL20_PAN : ARM_IDX_EL20_2) : cpu->pan ? ARM_IDX_EL1_PAN : ARM_IDX_EL1;
    } else if (op1 == 4 && crm == 8 && op2 < 2) {
        idx = arm_e2h(cpu) ? ARM_IDX_EL20_2 : ARM_IDX_EL2;
    } else if (op1 == 4 && crm == 8 && op2 >= 4) {
        idx = op2 < 6 ? ARM_IDX_EL1 : ARM_IDX_EL0;
        stage1_only = false;
    } else if (op1 == 6 && crm == 8 && op2 < 2) {
        idx = ARM_IDX_EL3;
    } else {
        return false;
    }
    cpu->par = arm_at(cpu, va, access, idx, stage1_only);
    return true;
}

static unsigned least_level(unsigned op1)
{
    return op1 == 3 ? 0 : op1 == 4 ? 2 : op1 == 6 ? 3 : 1;
}

/* Nothing is predicted; EL0 needs SCTLR_EL1.EnRCTX. */
static bool prediction_allowed(struct arm_cpu *cpu, uint32_t insn)
{
    if (cpu->el == 0 && el0_is_controlled(cpu) && !(cpu->sctlr[arm_regime_el(cpu)] & SCTLR_ENRCTX)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    return true;
}

/* Data and instruction caches are coherent here, so that maintenance only has to be permitted. */
static bool cache_operation(struct arm_cpu *cpu, uint32_t insn, unsigned op1, unsigned crm, unsigned op2)
{
    unsigned what = op1 << 8 | crm << 4 | op2;

    switch (what) {
    case 0x010: case 0x050:                                     /* IC IALLUIS, IALLU */
    case 0x061: case 0x062: case 0x0a2: case 0x0e2:             /* DC IVAC, ISW, CSW, CISW */
        return true;
    case 0x351: case 0x3a1: case 0x3b1: case 0x3e1:             /* IC IVAU; DC CVAC, CVAU, CIVAC */
        break;
    case 0x3c1:                                                 /* DC CVAP */
        if (!arm_has(cpu, ARM_EXT_DPB)) {
            return false;
        }
        break;
    case 0x3d1:                                                 /* DC CVADP */
        if (!arm_has(cpu, ARM_EXT_DPB2)) {
            return false;
        }
        break;
    case 0x063: case 0x064: case 0x065: case 0x066: case 0x0a4: case 0x0a6: case 0x0e4: case 0x0e6:  /* DC IGVAC .. CIGDSW */
        return arm_has(cpu, ARM_EXT_MTE2);
    case 0x3a3: case 0x3a5: case 0x3c3: case 0x3c5: case 0x3d3: case 0x3d5: case 0x3e3: case 0x3e5:  /* DC CGVAC .. CIGDVAC */
        if (!arm_has(cpu, ARM_EXT_MTE)) {
            return false;
        }
        break;
    case 0x334: case 0x335: case 0x337:                         /* CFP RCTX, DVP RCTX, CPP RCTX */
        return arm_has(cpu, ARM_EXT_SPECRES) && prediction_allowed(cpu, insn);
    default:
        return false;
    }
    if (cpu->el == 0 && !(cpu->sctlr[arm_regime_el(cpu)] & SCTLR_UCI) && el0_is_controlled(cpu)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    return true;
}

/* DC GVA, and with memory as well DC GZVA. */
static bool tag_block(struct arm_cpu *cpu, uint32_t insn, uint64_t va, bool zero)
{
    if (!arm_has(cpu, ARM_EXT_MTE)) {
        return false;
    }
    if (cpu->el == 0 && !(cpu->sctlr[arm_regime_el(cpu)] & SCTLR_DZE) && el0_is_controlled(cpu)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    arm_tag_block(cpu, va, va >> 56 & 15, zero, arm_key_idx(cpu->cpu.key) & ~(unsigned)ARM_IDX_CHECKED);
    return true;
}

void arm_helper_sys(struct arm_cpu *cpu, uint32_t insn, uint64_t v)
{
    unsigned op1 = insn >> 16 & 7, crn = insn >> 12 & 15, crm = insn >> 8 & 15, op2 = insn >> 5 & 7;
    bool ok = false;

    if (cpu->el >= least_level(op1)) {
        if (crn == 8) {
            ok = arm_tlbi(cpu, op1, crm, op2, v);
        } else if (crn == 7 && (crm == 8 || crm == 9)) {
            ok = address_translation(cpu, op1, crm, op2, v);
        } else if (crn == 7 && op1 == 3 && crm == 4 && (op2 == 3 || op2 == 4)) {
            ok = tag_block(cpu, insn, v, op2 == 4);
        } else if (crn == 7) {
            ok = cache_operation(cpu, insn, op1, crm, op2);
        }
    }
    if (!ok) {
        arm_raise_undef(cpu);
    }
}

/* A block of 64 bytes becomes zero. */
void arm_helper_dc_zva(struct arm_cpu *cpu, uint32_t insn, uint64_t va)
{
    unsigned idx = arm_key_idx(cpu->cpu.key), bytes = 4u << (cpu->dczid & 15);
    void *p;

    if (cpu->el == 0 && !(cpu->sctlr[arm_regime_el(cpu)] & SCTLR_DZE) && el0_is_controlled(cpu)) {
        arm_raise_sysreg(cpu, insn, 1);
    }
    va &= ~(uint64_t)(bytes - 1);
    p = cpu_probe_write(&cpu->cpu, va, bytes, idx);
    if (p) {
        memset(p, 0, bytes);
        return;
    }
    for (unsigned i = 0; i < bytes; i += 8) {
        cpu_st(&cpu->cpu, va + i, 0, 8, idx);
    }
}
