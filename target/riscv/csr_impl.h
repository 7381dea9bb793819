/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of csr.def at run time, and the functions that they name. */
#ifndef TARGET_RISCV_CSR_IMPL_H
#define TARGET_RISCV_CSR_IMPL_H

#include "target/riscv/priv.h"

struct rv_csr {
    const char *name;
    uint16_t first, last;           /* numbers */
    bool numbered;                  /* the name is followed by n + number - first */
    uint8_t n;
    bool (*gate)(const struct rv_cpu *cpu, unsigned csr, bool debug);
    uint64_t (*read)(struct rv_cpu *cpu, unsigned csr);
    void (*write)(struct rv_cpu *cpu, unsigned csr, uint64_t v);  /* NULL: see mask. v is cut to XLEN bits */
    uint64_t (*soft)(struct rv_cpu *cpu, unsigned csr);
    uint32_t offset;                /* without functions: the field in struct rv_cpu */
    uint8_t size;                   /* 0: no field, reads as zero */
    uint64_t mask;
};

#define RV_READ(name) uint64_t rv_read_##name(struct rv_cpu *cpu, unsigned csr)
#define RV_WRITE(name) void rv_write_##name(struct rv_cpu *cpu, unsigned csr, uint64_t v)

RV_READ(fflags); RV_WRITE(fflags);
RV_READ(frm); RV_WRITE(frm);
RV_READ(fcsr); RV_WRITE(fcsr);
RV_READ(cycle); RV_READ(cycleh); RV_WRITE(mcycle); RV_WRITE(mcycleh);
RV_READ(instret); RV_READ(instreth); RV_WRITE(minstret); RV_WRITE(minstreth);
RV_READ(time); RV_READ(timeh);
RV_READ(mcountinhibit); RV_WRITE(mcountinhibit);
RV_READ(mcounteren); RV_WRITE(mcounteren); RV_READ(scounteren); RV_WRITE(scounteren);
RV_READ(hpm); RV_READ(hpmh); RV_WRITE(hpm); RV_WRITE(hpmh); RV_READ(hpm_event); RV_WRITE(hpm_event);
RV_READ(mstatus); RV_WRITE(mstatus);
RV_READ(sstatus); RV_WRITE(sstatus);
RV_READ(misa); RV_READ(mhartid);
RV_READ(mie); RV_WRITE(mie);
RV_READ(sie); RV_WRITE(sie);
RV_READ(mip); RV_READ(mip_soft); RV_WRITE(mip);
RV_READ(sip); RV_READ(sip_soft); RV_WRITE(sip);
RV_READ(mideleg); RV_WRITE(mideleg);
RV_READ(mtvec); RV_WRITE(mtvec);
RV_READ(stvec); RV_WRITE(stvec);
RV_READ(mepc); RV_WRITE(mepc);
RV_READ(sepc); RV_WRITE(sepc);
RV_READ(satp); RV_WRITE(satp);
RV_READ(stimecmp); RV_WRITE(stimecmp);
RV_READ(stimecmph); RV_WRITE(stimecmph);
RV_READ(menvcfg); RV_WRITE(menvcfg);
RV_READ(menvcfgh); RV_WRITE(menvcfgh);
RV_READ(senvcfg); RV_WRITE(senvcfg);
RV_READ(mstateen); RV_WRITE(mstateen);
RV_READ(mstateenh); RV_WRITE(mstateenh);
RV_READ(pmpcfg); RV_WRITE(pmpcfg);
RV_READ(pmpaddr); RV_WRITE(pmpaddr);

#endif
