/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CSRs of traps and address translation: status, interrupts, vectors, satp. */
#include <inttypes.h>

#include "target/riscv/csr_impl.h"
#include "util/log.h"

/* ---- mstatus, sstatus, misa ---- */

#define SSTATUS_MASK (MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_UXL)

static uint64_t with_sd(const struct rv_cpu *cpu, uint64_t v)
{
    bool dirty = (cpu->mstatus & MSTATUS_FS) == MSTATUS_FS;

    return v | (uint64_t)dirty << (cpu->mxlen - 1);
}

/* The bits of mstatus that this hart lets software write. */
static uint64_t writable(const struct rv_cpu *cpu)
{
    uint64_t mask = MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP;

    mask |= rv_has(cpu, RV_EXT_U) ? MSTATUS_MPRV | MSTATUS_TW : 0;
    mask |= rv_has(cpu, RV_EXT_F) ? MSTATUS_FS : 0;
    if (rv_has(cpu, RV_EXT_S)) {
        mask |= MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_SUM | MSTATUS_MXR | MSTATUS_TVM | MSTATUS_TSR;
        mask |= cpu->mxlen == 64 ? MSTATUS_UXL : 0;
    }
    return mask;
}

static bool priv_exists(const struct rv_cpu *cpu, unsigned priv)
{
    return priv == RV_M || (priv == RV_S && rv_has(cpu, RV_EXT_S)) || (priv == RV_U && rv_has(cpu, RV_EXT_U));
}

static void set_status(struct rv_cpu *cpu, uint64_t v, uint64_t mask)
{
    unsigned uxl = (v & MSTATUS_UXL) >> MSTATUS_UXL_SHIFT;

    if (!priv_exists(cpu, (v & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT)) {
        mask &= ~MSTATUS_MPP;               /* WARL: a mode that is not there leaves the field alone */
    }
    if (uxl != MXL_32 && uxl != MXL_64) {
        mask &= ~MSTATUS_UXL;
    }
    mask &= writable(cpu);
    cpu->mstatus = (cpu->mstatus & ~mask) | (v & mask);
    rv_update_key(cpu);
    rv_irq_update(cpu);
}

RV_READ(mstatus)
{
    return with_sd(cpu, cpu->mxlen == 32 ? (uint32_t)cpu->mstatus : cpu->mstatus);
}

RV_WRITE(mstatus)
{
    set_status(cpu, v, UINT64_MAX);
}

RV_READ(sstatus)
{
    return with_sd(cpu, cpu->mstatus & SSTATUS_MASK);
}

RV_WRITE(sstatus)
{
    set_status(cpu, v, SSTATUS_MASK);
}

RV_READ(misa)
{
    static const enum rv_ext letters[] = { RV_EXT_A, RV_EXT_B, RV_EXT_C, RV_EXT_D, RV_EXT_F, RV_EXT_I, RV_EXT_M, RV_EXT_S,
                                           RV_EXT_U };
    uint64_t v = (uint64_t)(cpu->mxlen == 64 ? MXL_64 : MXL_32) << (cpu->mxlen - 2);

    for (unsigned i = 0; i < G_N_ELEMENTS(letters); i++) {
        v |= rv_has(cpu, letters[i]) ? 1ull << ("ABCDFIMSU"[i] - 'A') : 0;
    }
    return v;
}

RV_READ(mhartid)
{
    return cpu->cpu.index;
}

/* ---- interrupts ---- */

static uint64_t mie_mask(const struct rv_cpu *cpu)
{
    return rv_has(cpu, RV_EXT_S) ? MIP_ALL : MIP_ALL & ~MIP_S;
}

static void set_mie(struct rv_cpu *cpu, uint64_t v, uint64_t mask)
{
    cpu->mie = (cpu->mie & ~mask) | (v & mask);
    rv_irq_update(cpu);
}

RV_READ(mie)
{
    return cpu->mie;
}

RV_WRITE(mie)
{
    set_mie(cpu, v, mie_mask(cpu));
}

RV_READ(sie)
{
    return cpu->mie & cpu->mideleg;
}

RV_WRITE(sie)
{
    set_mie(cpu, v, cpu->mideleg);
}

RV_READ(mideleg)
{
    return cpu->mideleg;
}

RV_WRITE(mideleg)
{
    cpu->mideleg = v & MIP_S;
    rv_irq_update(cpu);
}

/* Pending bits that machine mode writes. STIP is the comparator's where Sstc is on. */
static uint64_t mip_mask(const struct rv_cpu *cpu)
{
    bool sstc = rv_has(cpu, RV_EXT_Sstc) && (cpu->menvcfg & MENVCFG_STCE);

    return rv_has(cpu, RV_EXT_S) ? MIP(SSI) | MIP(SEI) | (sstc ? 0 : MIP(STI)) : 0;
}

static void set_mip(struct rv_cpu *cpu, uint64_t v, uint64_t mask)
{
    cpu->mip = (cpu->mip & ~mask) | (v & mask);
    rv_irq_update(cpu);
}

RV_READ(mip)
{
    return rv_mip(cpu);
}

RV_READ(mip_soft)
{
    return cpu->mip;
}

RV_WRITE(mip)
{
    set_mip(cpu, v, mip_mask(cpu));
}

RV_READ(sip)
{
    return rv_mip(cpu) & cpu->mideleg;
}

RV_READ(sip_soft)
{
    return cpu->mip & cpu->mideleg;
}

RV_WRITE(sip)
{
    set_mip(cpu, v, MIP(SSI) & cpu->mideleg);
}

/* ---- vectors and return addresses ---- */

/* Modes 2 and 3 are reserved; QEMU and the common cores keep the old value then. */
static void set_tvec(uint64_t *tvec, uint64_t v)
{
    if ((v & 3) < 2) {
        *tvec = v;
    } else {
        log_guest("riscv: reserved mode in xtvec 0x%" PRIx64, v);
    }
}

RV_READ(mtvec)
{
    return cpu->mtvec;
}

RV_WRITE(mtvec)
{
    set_tvec(&cpu->mtvec, v);
}

RV_READ(stvec)
{
    return cpu->stvec;
}

RV_WRITE(stvec)
{
    set_tvec(&cpu->stvec, v);
}

static uint64_t pc_mask(const struct rv_cpu *cpu)
{
    return rv_has(cpu, RV_EXT_Zca) ? ~1ull : ~3ull;
}

RV_READ(mepc)
{
    return cpu->mepc & pc_mask(cpu);
}

RV_WRITE(mepc)
{
    cpu->mepc = v & pc_mask(cpu);
}

RV_READ(sepc)
{
    return cpu->sepc & pc_mask(cpu);
}

RV_WRITE(sepc)
{
    cpu->sepc = v & pc_mask(cpu);
}

/* ---- address translation ---- */

RV_READ(satp)
{
    return cpu->satp;
}

static bool mode_ok(const struct rv_cpu *cpu, uint64_t v)
{
    unsigned mode = cpu->mxlen == 32 ? v >> 31 & 1 : v >> 60;

    if (cpu->mxlen == 32) {
        return mode <= cpu->satp_max;
    }
    return mode == SATP_BARE || (mode >= SATP_SV39 && mode <= cpu->satp_max);
}

RV_WRITE(satp)
{
    /* "If satp is written with an unsupported MODE, the entire write has no effect". A hart without MMU has no field. */
    if (!cpu->satp_max || !mode_ok(cpu, v) || v == cpu->satp) {
        return;
    }
    cpu->satp = v;
    cpu_set_space(&cpu->cpu, v);
}
