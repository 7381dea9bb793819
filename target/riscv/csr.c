/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to control and status registers: look-up in the table csr.def, checks, set-and-clear. What single registers do
 * is in csr_trap.c (status, interrupts, address translation) and csr_misc.c (everything else).
 */
#include <inttypes.h>

#include "target/riscv/csr_impl.h"

#include <stddef.h>

#include "util/log.h"

/* ---- gates: does the register exist on this hart and may it be used now? debug: existence only ---- */

static bool gate_any(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return true;
}

static bool gate_rv32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return cpu->mxlen == 32;
}

static bool gate_s(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_S);
}

static bool gate_s32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_S) && cpu->mxlen == 32;
}

static bool gate_u(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_U);
}

static bool gate_u32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_U) && cpu->mxlen == 32;
}

static bool gate_fp(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_F) && (debug || (cpu->mstatus & MSTATUS_FS));
}

static bool gate_satp(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_S) && (debug || cpu->priv != RV_S || !(cpu->mstatus & MSTATUS_TVM));
}

/* mcounteren opens a counter to S (and U); scounteren to U on harts with S. */
static bool counter_open(const struct rv_cpu *cpu, unsigned csr)
{
    unsigned bit = csr & 31;

    return cpu->priv == RV_M ||
           ((cpu->mcounteren >> bit & 1) &&
            (cpu->priv == RV_S || !rv_has(cpu, RV_EXT_S) || (cpu->scounteren >> bit & 1)));
}

static bool gate_counter(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    if (!rv_has(cpu, RV_EXT_Zicntr) || ((csr & 31) == 1 && !cpu->cpu.time_read)) {
        return false;
    }
    return debug || counter_open(cpu, csr);
}

static bool gate_counter32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_xlen(cpu) == 32 && gate_counter(cpu, csr, debug);
}

static bool gate_zihpm(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_Zihpm);
}

static bool gate_zihpm32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_Zihpm) && cpu->mxlen == 32;
}

static bool gate_hpm_counter(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_Zihpm) && (debug || counter_open(cpu, csr));
}

static bool gate_hpm_counter32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_xlen(cpu) == 32 && gate_hpm_counter(cpu, csr, debug);
}

static bool gate_sstc(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    if (!rv_has(cpu, RV_EXT_Sstc) || !cpu->cpu.time_read) {
        return false;
    }
    return debug || cpu->priv == RV_M ||
           ((cpu->mcounteren & RV_COUNT_TM) && (cpu->menvcfg & MENVCFG_STCE));
}

static bool gate_sstc32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return cpu->mxlen == 32 && gate_sstc(cpu, csr, debug);
}

static bool gate_senvcfg(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    bool closed = rv_has(cpu, RV_EXT_Smstateen) && !(cpu->mstateen[0] & STATEEN0_ENVCFG);

    return rv_has(cpu, RV_EXT_S) && (debug || cpu->priv == RV_M || !closed);
}

static bool gate_sstateen(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    bool closed = rv_has(cpu, RV_EXT_Smstateen) && !(cpu->mstateen[csr & 3] & STATEEN_SE);

    return rv_has(cpu, RV_EXT_Ssstateen) && (debug || cpu->priv == RV_M || !closed);
}

static bool gate_mstateen(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_Smstateen);
}

static bool gate_mstateen32(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return rv_has(cpu, RV_EXT_Smstateen) && cpu->mxlen == 32;
}

static bool gate_pmp(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return cpu->pmp_on;
}

/* RV64 packs eight entries into a register and has only those of even number. */
static bool gate_pmpcfg(const struct rv_cpu *cpu, unsigned csr, bool debug)
{
    return cpu->pmp_on && (cpu->mxlen == 32 || !(csr & 1));
}

/* ---- the table ---- */

#define FIELD(member, mask_) \
    .offset = offsetof(struct rv_cpu, member), .size = sizeof(((struct rv_cpu *)0)->member), .mask = (mask_)
#define FN(get, set) .read = rv_read_##get, .write = rv_write_##set
#define READ(get) .read = rv_read_##get
#define RMW(get, set, soft_) .read = rv_read_##get, .write = rv_write_##set, .soft = rv_read_##soft_
#define ZERO .size = 0
#define RV_EXC_DELEGABLE 0xb3ffu    /* all but the environment call from M, which can't come from below */

enum {
#define RV_CSR(number, name, gate, access) ROW_##name,
#define RV_CSRS(first, last, name, n, gate, access) ROW_##name,
#include "target/riscv/csr.def"
#undef RV_CSR
#undef RV_CSRS
    ROWS
};

static const struct rv_csr rows[ROWS] = {
#define RV_CSR(number, name_, gate_fn, access_) { .name = #name_, .first = number, .last = number, .gate = gate_##gate_fn, access_ },
#define RV_CSRS(first_, last_, name_, n_, gate_fn, access_) \
    { .name = #name_, .first = first_, .last = last_, .numbered = true, .n = n_, .gate = gate_##gate_fn, access_ },
#include "target/riscv/csr.def"
#undef RV_CSR
#undef RV_CSRS
};

static const uint8_t row_of[4096] = {   /* 1 + index in rows */
#define RV_CSR(number, name, gate, access) [number] = 1 + ROW_##name,
#define RV_CSRS(first, last, name, n, gate, access) [first ... last] = 1 + ROW_##name,
#include "target/riscv/csr.def"
#undef RV_CSR
#undef RV_CSRS
};

static const struct rv_csr *find(unsigned csr)
{
    unsigned i = row_of[csr & 0xfff];

    return i ? &rows[i - 1] : NULL;
}

char *rv_csr_name(unsigned csr)
{
    const struct rv_csr *row = find(csr);

    if (!row) {
        return NULL;
    }
    return row->numbered ? g_strdup_printf("%s%u", row->name, row->n + csr - row->first) : g_strdup(row->name);
}

/* ---- access ---- */

static uint64_t raw_read(struct rv_cpu *cpu, const struct rv_csr *row, unsigned csr)
{
    const char *field = (const char *)cpu + row->offset;

    if (row->read) {
        return row->read(cpu, csr);
    }
    return row->size == 8 ? *(const uint64_t *)field : row->size == 4 ? *(const uint32_t *)field : 0;
}

static void raw_write(struct rv_cpu *cpu, const struct rv_csr *row, unsigned csr, uint64_t v)
{
    char *field = (char *)cpu + row->offset;

    if (row->write) {
        row->write(cpu, csr, v);
    } else if (row->size == 8) {
        *(uint64_t *)field = (*(uint64_t *)field & ~row->mask) | (v & row->mask);
    } else if (row->size == 4) {
        *(uint32_t *)field = (*(uint32_t *)field & ~(uint32_t)row->mask) | (uint32_t)(v & row->mask);
    }
}

static uint64_t extend(const struct rv_cpu *cpu, uint64_t v)
{
    return rv_xlen(cpu) == 32 ? (uint64_t)(int32_t)v : v;
}

static uint64_t narrow(const struct rv_cpu *cpu, uint64_t v)
{
    return rv_xlen(cpu) == 32 ? (uint32_t)v : v;
}

/* The register that an instruction names; raises illegal instruction where the access is not allowed. */
static const struct rv_csr *checked(struct rv_cpu *cpu, uint32_t insn, bool write)
{
    unsigned csr = insn >> 20;
    const struct rv_csr *row = find(csr);

    if (!row || cpu->priv < (csr >> 8 & 3) || (write && csr >> 10 == 3) || !row->gate(cpu, csr, false)) {
        if (!row) {
            log_unimp("riscv: CSR 0x%03x", csr);
        }
        rv_raise_illegal(cpu, insn);
    }
    return row;
}

uint64_t rv_helper_csrr(struct rv_cpu *cpu, uint32_t insn)
{
    return extend(cpu, raw_read(cpu, checked(cpu, insn, false), insn >> 20));
}

void rv_helper_csrw(struct rv_cpu *cpu, uint32_t insn, uint64_t v)
{
    raw_write(cpu, checked(cpu, insn, true), insn >> 20, narrow(cpu, v));
}

uint64_t rv_helper_csrrw(struct rv_cpu *cpu, uint32_t insn, uint64_t v)
{
    const struct rv_csr *row = checked(cpu, insn, true);
    uint64_t old = extend(cpu, raw_read(cpu, row, insn >> 20));

    raw_write(cpu, row, insn >> 20, narrow(cpu, v));
    return old;
}

/* Clears and then sets bits. The result is what the register showed; the new value may be made from another one
 * (mip.SEIP: the line of the interrupt controller shows but must not be written back). */
static uint64_t modify(struct rv_cpu *cpu, uint32_t insn, uint64_t clear, uint64_t set)
{
    const struct rv_csr *row = checked(cpu, insn, true);
    unsigned csr = insn >> 20;
    uint64_t old = raw_read(cpu, row, csr), base = row->soft ? row->soft(cpu, csr) : old;

    old = extend(cpu, old);
    raw_write(cpu, row, csr, narrow(cpu, (base & ~clear) | set));
    return old;
}

uint64_t rv_helper_csrrs(struct rv_cpu *cpu, uint32_t insn, uint64_t bits)
{
    return modify(cpu, insn, 0, bits);
}

uint64_t rv_helper_csrrc(struct rv_cpu *cpu, uint32_t insn, uint64_t bits)
{
    return modify(cpu, insn, bits, 0);
}

bool rv_csr_peek(struct rv_cpu *cpu, unsigned csr, uint64_t *value)
{
    const struct rv_csr *row = find(csr);

    if (!row || !row->gate(cpu, csr, true)) {
        return false;
    }
    *value = raw_read(cpu, row, csr);
    return true;
}

bool rv_csr_poke(struct rv_cpu *cpu, unsigned csr, uint64_t value)
{
    const struct rv_csr *row = find(csr);

    if (!row || csr >> 10 == 3 || !row->gate(cpu, csr, true)) {
        return false;
    }
    raw_write(cpu, row, csr, cpu->mxlen == 32 ? (uint32_t)value : value);
    return true;
}

/* ---- what the translator asks ---- */

int rv_csr_slot(const struct rv_cpu *cpu, uint32_t key, unsigned csr, bool write)
{
    static const struct {
        uint16_t csr;
        uint8_t slot, writable;
    } plain[] = {
        { 0x140, RV_SLOT_SSCRATCH, 1 }, { 0x141, RV_SLOT_SEPC, 0 }, { 0x142, RV_SLOT_SCAUSE, 1 },
        { 0x143, RV_SLOT_STVAL, 1 }, { 0x340, RV_SLOT_MSCRATCH, 1 }, { 0x341, RV_SLOT_MEPC, 0 },
        { 0x342, RV_SLOT_MCAUSE, 1 }, { 0x343, RV_SLOT_MTVAL, 1 },
    };

    if (rv_key_priv(key) < (csr >> 8 & 3) || !rv_has(cpu, RV_EXT_S) || !rv_has(cpu, RV_EXT_Zca)) {
        return -1;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (plain[i].csr == csr) {
            return write && !plain[i].writable ? -1 : plain[i].slot;
        }
    }
    return -1;
}

bool rv_csr_write_plain(unsigned csr)
{
    switch (csr) {
    case 0x140 ... 0x143:   /* scratch, epc, cause, tval */
    case 0x340 ... 0x343:
    case 0x106:
    case 0x306:             /* counteren: asked anew at each access */
        return true;
    default:
        return false;
    }
}
