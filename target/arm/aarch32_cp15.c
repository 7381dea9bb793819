/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coprocessors 14 and 15: system registers of AArch32, maintenance of caches and TLBs, address translation. */
#include <stddef.h>

#include "system/machine.h"
#include "target/arm/aarch32.h"
#include "target/arm/sysreg_impl.h"
#include "util/log.h"

enum { NO = 4 };

struct cp15 {
    const char *name;
    uint16_t key;                   /* KEY(), WIDE() */
    uint8_t read, write;
    uint32_t mapped;                /* ARM_SYSREG(), or 0 */
    uint32_t offset;                /* of the member; 0: `mask` is the constant */
    uint64_t mask;
    uint64_t (*get)(struct arm_cpu *cpu);
    void (*set)(struct arm_cpu *cpu, uint64_t v);
};

#define KEY(opc1, crn, crm, opc2) ((opc1) << 11 | (crn) << 7 | (crm) << 3 | (opc2))
#define WIDE(opc1, crm) (1 << 15 | (opc1) << 4 | (crm))

/* ---- single registers ---- */

static uint64_t get_sctlr(struct arm_cpu *cpu)
{
    return cpu->sctlr[1];
}

static void set_sctlr(struct arm_cpu *cpu, uint64_t v)
{
    uint64_t old = cpu->sctlr[1];

    cpu->sctlr[1] = (v & A32_SCTLR_MASK) | A32_SCTLR_RES1;
    if ((old ^ cpu->sctlr[1]) & (SCTLR_M | SCTLR_WXN | 1u << 20 | A32_SCTLR_AFE)) {
        arm_tlb_flush(cpu);
    }
    arm_update_key(cpu);
}

static uint64_t get_dacr(struct arm_cpu *cpu)
{
    return cpu->dacr;
}

/* The TLB holds permissions, which domains decide. */
static void set_dacr(struct arm_cpu *cpu, uint64_t v)
{
    if (cpu->dacr != (uint32_t)v) {
        cpu->dacr = (uint32_t)v;
        arm_tlb_flush(cpu);
    }
}

static uint64_t get_nmrr(struct arm_cpu *cpu)
{
    return cpu->mair[1] >> 32;
}

static void set_nmrr(struct arm_cpu *cpu, uint64_t v)
{
    cpu->mair[1] = (uint32_t)cpu->mair[1] | v << 32;
}

static uint64_t get_ifar(struct arm_cpu *cpu)
{
    return cpu->far[1] >> 32;
}

static void set_ifar(struct arm_cpu *cpu, uint64_t v)
{
    cpu->far[1] = (uint32_t)cpu->far[1] | v << 32;
}

static uint64_t get_contextidr(struct arm_cpu *cpu)
{
    return cpu->contextidr[1];
}

static void set_contextidr(struct arm_cpu *cpu, uint64_t v)
{
    cpu->contextidr[1] = (uint32_t)v;
    arm_update_space(cpu);
}

static uint64_t get_l2ctlr(struct arm_cpu *cpu)
{
    return (uint64_t)(MIN(cpu->cpu.machine->cpus->len, 4) - 1) << 24;
}

#define MAP(op0, op1, crn, crm, op2) .mapped = ARM_SYSREG(op0, op1, crn, crm, op2)
#define F(member, mask_) .offset = offsetof(struct arm_cpu, member), .mask = mask_
#define CONST(value) .mask = value
#define FN(g, s) .get = get_##g, .set = set_##s
#define GET(g) .get = get_##g
#define CP15(name_, opc1, crn, crm, opc2, read_, write_, access) \
    { .name = #name_, .key = KEY(opc1, crn, crm, opc2), .read = read_, .write = write_, access },
#define CP15D(name_, opc1, crm, read_, write_, access) \
    { .name = #name_, .key = WIDE(opc1, crm), .read = read_, .write = write_, access },
static const struct cp15 rows[] = {
#include "target/arm/aarch32_cp15.def"
};

static const struct cp15 *find(uint32_t key)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].key == key) {
            return &rows[i];
        }
    }
    return NULL;
}

/* ---- identification: c0, c1 and c2 ---- */

static bool id_register(const struct arm_cpu *cpu, uint32_t key, uint64_t *v)
{
    unsigned crm = key >> 3 & 15;

    if (key >> 7 || crm == 0 || crm > 7) {
        return false;
    }
    *v = crm <= 2 ? cpu->id32[(crm - 1) * 8 + (key & 7)] : 0;
    if (key == KEY(0, 0, 1, 1) && cpu->cpu.sysregs) {
        *v |= 1 << 28;              /* system registers of the GIC */
    }
    return true;
}

/* ---- maintenance ---- */

/* Caches are coherent here: what there is only has to be permitted. Barriers in old encodings are EL0's, too. */
static bool cache_operation(struct arm_cpu *cpu, uint32_t key)
{
    switch (key) {
    case KEY(0, 7, 5, 4): case KEY(0, 7, 10, 5):
        return true;
    case KEY(0, 7, 10, 4):
        arm_helper_dsb(cpu);
        return true;
    case KEY(0, 7, 0, 4):
    case KEY(0, 7, 1, 0): case KEY(0, 7, 1, 6): case KEY(0, 7, 5, 0): case KEY(0, 7, 5, 1): case KEY(0, 7, 5, 6):
    case KEY(0, 7, 5, 7): case KEY(0, 7, 6, 1): case KEY(0, 7, 6, 2): case KEY(0, 7, 10, 1): case KEY(0, 7, 10, 2):
    case KEY(0, 7, 11, 1): case KEY(0, 7, 14, 1): case KEY(0, 7, 14, 2):
        return cpu->el > 0;
    default:
        return false;
    }
}

/* TLBI by CRm (3: all CPUs; instruction, data and unified ones of this CPU) and opc2, as AArch64's op2. */
static bool tlb_operation(struct arm_cpu *cpu, uint32_t key, uint32_t v)
{
    unsigned crm = key >> 3 & 15, opc2 = key & 7;
    uint64_t va = v >> 12, asid = v & 0xff;

    if (key >> 7 != 8 || !cpu->el || (crm != 3 && (crm < 5 || crm > 7))) {
        return false;
    }
    return arm_tlbi(cpu, 0, crm == 3 ? 3 : 7, opc2, va | asid << 48);
}

/* ATS1C**: PAR in the format of the tables. */
static bool address_translation(struct arm_cpu *cpu, uint32_t key, uint32_t va)
{
    unsigned opc2 = key & 7;
    uint64_t par;

    if ((key & ~7u) != KEY(0, 7, 8, 0) || !cpu->el || opc2 > 3) {
        return false;
    }
    par = arm_at(cpu, va, opc2 & 1 ? MMU_WRITE : MMU_READ, opc2 < 2 ? ARM_IDX_EL1 : ARM_IDX_EL0, true);
    if (a32_long_format(cpu)) {
        cpu->par = par;
    } else if (par & 1) {
        uint32_t fs = a32_short_fsc(par >> 1 & 0x3f);

        cpu->par = 1 | (fs & 15) << 1 | (fs >> 10 & 1) << 5;
    } else {
        cpu->par = (par & 0xfffff000) | 1 << 10 | 3 << 5;      /* shareable, write-back */
    }
    return true;
}

/* ---- access ---- */

static G_NORETURN void unknown(struct arm_cpu *cpu, uint32_t insn, const char *what)
{
    log_guest("%s of p%u, instruction 0x%08x, at EL%u: there is no such register\n", what, insn >> 8 & 15, insn, cpu->el);
    arm_raise_undef(cpu);
}

/* EL0 and the timer: CNTKCTL, as in AArch64. */
static bool el0_allowed(const struct arm_cpu *cpu, uint32_t key)
{
    uint64_t cnt = cpu->cntkctl;

    switch (key) {
    case KEY(0, 14, 0, 0):
        return cnt & 3;
    case WIDE(0, 14):
        return cnt & 1;
    case WIDE(1, 14):
        return cnt & 2;
    case KEY(0, 14, 2, 0): case KEY(0, 14, 2, 1): case WIDE(2, 14):
        return cnt >> 9 & 1;
    case KEY(0, 14, 3, 0): case KEY(0, 14, 3, 1): case WIDE(3, 14):
        return cnt >> 8 & 1;
    default:
        return true;
    }
}

static uint32_t key_of(uint32_t insn)
{
    if ((insn >> 24 & 15) == 0xe) {
        return KEY(insn >> 21 & 7, insn >> 16 & 15, insn & 15, insn >> 5 & 7);
    }
    return WIDE(insn >> 4 & 15, insn & 15);
}

/* GICv3's CPU interface has AArch64's numbers. */
static bool is_gic(const struct arm_cpu *cpu, uint32_t key)
{
    return cpu->el && cpu->cpu.sysregs && ((key >> 7 == 12 && (key >> 3 & 15) >= 8) || key == KEY(0, 4, 6, 0));
}

static uint32_t gic_number(uint32_t key)
{
    return ARM_SYSREG(3, 0, key >> 7 & 15, key >> 3 & 15, key & 7);
}

static uint64_t *member(struct arm_cpu *cpu, const struct cp15 *r)
{
    return (uint64_t *)((char *)cpu + r->offset);
}

/* Mapped registers: the row's own functions, without AArch64's checks. The interrupt controller's have no row. */
static uint64_t read_mapped(struct arm_cpu *cpu, uint32_t number)
{
    const struct arm_sysreg *s = arm_sysreg_find(cpu, number);

    if (!s) {
        return arm_helper_mrs(cpu, number, 0);
    }
    return s->get ? s->get(cpu, s) : s->constant ? s->mask : *(uint64_t *)((char *)cpu + s->offset);
}

static void write_mapped(struct arm_cpu *cpu, uint32_t number, uint64_t v)
{
    const struct arm_sysreg *s = arm_sysreg_find(cpu, number);

    if (!s) {
        arm_helper_msr(cpu, number, 0, v);
    } else if (s->set) {
        s->set(cpu, s, v);
    } else if (!s->constant) {
        uint64_t *p = (uint64_t *)((char *)cpu + s->offset);

        *p = (*p & ~s->mask) | (v & s->mask);
    }
}

/* Debug: the version register alone, which says that there is nothing. */
static bool is_didr(uint32_t insn)
{
    return (insn >> 8 & 15) == 14 && (insn >> 24 & 15) == 0xe && key_of(insn) == 0;
}

uint64_t arm_helper_a32_mrc(struct arm_cpu *cpu, uint32_t insn)
{
    uint32_t key = key_of(insn);
    const struct cp15 *r = find(key);
    uint64_t v;

    if ((insn >> 8 & 15) == 14) {
        if (is_didr(insn)) {
            return 0;
        }
        unknown(cpu, insn, "read");
    }
    if (cpu->el && id_register(cpu, key, &v)) {
        return v;
    }
    if (is_gic(cpu, key)) {
        return (uint32_t)arm_helper_mrs(cpu, gic_number(key), 0);
    }
    if (!r || cpu->el < r->read || r->read == NO || (!cpu->el && !el0_allowed(cpu, key))) {
        unknown(cpu, insn, "read");
    }
    v = r->get ? r->get(cpu) : r->mapped ? read_mapped(cpu, r->mapped) : r->offset ? *member(cpu, r) : r->mask;
    return key >> 15 ? v : (uint32_t)v;
}

void arm_helper_a32_mcr(struct arm_cpu *cpu, uint32_t insn, uint64_t v)
{
    uint32_t key = key_of(insn);
    const struct cp15 *r = find(key);

    if ((insn >> 8 & 15) == 14) {
        unknown(cpu, insn, "write");
    }
    if (cache_operation(cpu, key) || tlb_operation(cpu, key, v) || address_translation(cpu, key, v)) {
        return;
    }
    if (is_gic(cpu, key)) {
        arm_helper_msr(cpu, gic_number(key), 0, v);
        return;
    }
    if (!r || cpu->el < r->write || r->write == NO || (!cpu->el && !el0_allowed(cpu, key))) {
        unknown(cpu, insn, "write");
    }
    if (r->set) {
        r->set(cpu, v);
    } else if (r->mapped) {
        write_mapped(cpu, r->mapped, v);
    } else if (r->offset) {
        *member(cpu, r) = (*member(cpu, r) & ~r->mask) | (v & r->mask);
    }
}
