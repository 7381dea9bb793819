/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers by name and number. gdb's numbers (gdb manual, "RISC-V Features"): x0 to x31 are 0 to 31, pc 32, f0 to f31 from
 * 33, CSR n is 65 + n, the privilege mode 4161. A register that the model lacks reads as zero.
 */
#include "target/riscv/regs.h"

#include <inttypes.h>
#include <string.h>

#include "target/riscv/disas.h"

enum { ID_X = 0, ID_PC = 32, ID_F = 33, ID_PRIV = 65, ID_CSR = 0x1000 };
enum { GDB_CSR = 65, GDB_PRIV = 4161 };
enum { GENERAL, FLOAT, CONTROL };

#define X(n, name, bits) { name, bits, GENERAL, n, ID_X + n }
#define F(n, name) { name, 64, FLOAT, 33 + n, ID_F + n }
#define C(number, name, bits) { name, bits, CONTROL, GDB_CSR + number, ID_CSR + number }

#define ALL_X(b) \
    X(0, "zero", b), X(1, "ra", b), X(2, "sp", b), X(3, "gp", b), X(4, "tp", b), X(5, "t0", b), X(6, "t1", b), \
    X(7, "t2", b), X(8, "fp", b), X(9, "s1", b), X(10, "a0", b), X(11, "a1", b), X(12, "a2", b), X(13, "a3", b), \
    X(14, "a4", b), X(15, "a5", b), X(16, "a6", b), X(17, "a7", b), X(18, "s2", b), X(19, "s3", b), X(20, "s4", b), \
    X(21, "s5", b), X(22, "s6", b), X(23, "s7", b), X(24, "s8", b), X(25, "s9", b), X(26, "s10", b), X(27, "s11", b), \
    X(28, "t3", b), X(29, "t4", b), X(30, "t5", b), X(31, "t6", b)
#define ALL_F \
    F(0, "ft0"), F(1, "ft1"), F(2, "ft2"), F(3, "ft3"), F(4, "ft4"), F(5, "ft5"), F(6, "ft6"), F(7, "ft7"), \
    F(8, "fs0"), F(9, "fs1"), F(10, "fa0"), F(11, "fa1"), F(12, "fa2"), F(13, "fa3"), F(14, "fa4"), F(15, "fa5"), \
    F(16, "fa6"), F(17, "fa7"), F(18, "fs2"), F(19, "fs3"), F(20, "fs4"), F(21, "fs5"), F(22, "fs6"), F(23, "fs7"), \
    F(24, "fs8"), F(25, "fs9"), F(26, "fs10"), F(27, "fs11"), F(28, "ft8"), F(29, "ft9"), F(30, "ft10"), F(31, "ft11")
/* The numbered CSRs that are worth a look. */
#define NUMBERED(b) \
    C(0x3a0, "pmpcfg0", b), C(0x3a1, "pmpcfg1", b), C(0x3a2, "pmpcfg2", b), C(0x3a3, "pmpcfg3", b), \
    C(0x3b0, "pmpaddr0", b), C(0x3b1, "pmpaddr1", b), C(0x3b2, "pmpaddr2", b), C(0x3b3, "pmpaddr3", b), \
    C(0x3b4, "pmpaddr4", b), C(0x3b5, "pmpaddr5", b), C(0x3b6, "pmpaddr6", b), C(0x3b7, "pmpaddr7", b), \
    C(0x3b8, "pmpaddr8", b), C(0x3b9, "pmpaddr9", b), C(0x3ba, "pmpaddr10", b), C(0x3bb, "pmpaddr11", b), \
    C(0x3bc, "pmpaddr12", b), C(0x3bd, "pmpaddr13", b), C(0x3be, "pmpaddr14", b), C(0x3bf, "pmpaddr15", b)

#define RV_CSRS(first, last, name, n, gate, access)

const struct cpu_reg rv_regs64[RV_REGS] = {
    ALL_X(64), { "pc", 64, GENERAL, 32, ID_PC }, ALL_F,
#define RV_CSR(number, name, gate, access) C(number, #name, 64),
#include "target/riscv/csr.def"
#undef RV_CSR
    NUMBERED(64), { "priv", 64, CONTROL, GDB_PRIV, ID_PRIV },
};

const struct cpu_reg rv_regs32[RV_REGS] = {
    ALL_X(32), { "pc", 32, GENERAL, 32, ID_PC }, ALL_F,
#define RV_CSR(number, name, gate, access) C(number, #name, 32),
#include "target/riscv/csr.def"
#undef RV_CSR
    NUMBERED(32), { "priv", 32, CONTROL, GDB_PRIV, ID_PRIV },
};

uint64_t rv_reg_read(struct cpu *c, uint32_t id)
{
    struct rv_cpu *cpu = rv_cpu(c);
    uint64_t v = 0;

    if (id >= ID_CSR) {
        rv_csr_peek(cpu, id - ID_CSR, &v);
        return v;
    }
    if (id == ID_PRIV) {
        return cpu->priv;
    }
    return id >= ID_F ? cpu->f[id - ID_F] : id == ID_PC ? c->pc : c->r[id];
}

void rv_reg_write(struct cpu *c, uint32_t id, uint64_t v)
{
    struct rv_cpu *cpu = rv_cpu(c);

    if (id >= ID_CSR) {
        rv_csr_poke(cpu, id - ID_CSR, v);
    } else if (id == ID_PRIV) {
        if (v == RV_M || (v == RV_S && rv_has(cpu, RV_EXT_S)) || (v == RV_U && rv_has(cpu, RV_EXT_U))) {
            cpu->priv = v;
            rv_update_key(cpu);
        }
    } else if (id >= ID_F) {
        cpu->f[id - ID_F] = v;
    } else if (id == ID_PC) {
        c->pc = cpu->mxlen == 32 ? (uint32_t)v : v;
    } else if (id) {
        c->r[id] = cpu->mxlen == 32 ? (uint64_t)(int32_t)v : v;
    }
}

/* ---- the monitor ---- */

static void print_csr(struct rv_cpu *cpu, const char *name, unsigned csr, GString *out)
{
    uint64_t v;

    if (rv_csr_peek(cpu, csr, &v)) {
        g_string_append_printf(out, " %-8s %0*" PRIx64 "\n", name, cpu->mxlen / 4, v);
    }
}

void rv_print_regs(struct cpu *c, GString *out)
{
    static const struct {
        const char *name;
        uint16_t number;
    } csrs[] = {
        { "mhartid", 0xf14 }, { "mstatus", 0x300 }, { "mip", 0x344 }, { "mie", 0x304 }, { "mideleg", 0x303 },
        { "medeleg", 0x302 }, { "mtvec", 0x305 }, { "stvec", 0x105 }, { "mepc", 0x341 }, { "sepc", 0x141 },
        { "mcause", 0x342 }, { "scause", 0x142 }, { "mtval", 0x343 }, { "stval", 0x143 }, { "mscratch", 0x340 },
        { "sscratch", 0x140 }, { "satp", 0x180 },
    };
    struct rv_cpu *cpu = rv_cpu(c);
    unsigned digits = cpu->mxlen / 4;
    uint64_t mask = cpu->mxlen == 32 ? UINT32_MAX : UINT64_MAX;

    g_string_append_printf(out, " %-8s %0*" PRIx64 "\n", "pc", digits, c->pc);
    g_string_append_printf(out, " %-8s %u\n", "priv", cpu->priv);
    for (unsigned i = 0; i < G_N_ELEMENTS(csrs); i++) {
        print_csr(cpu, csrs[i].name, csrs[i].number, out);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *name = g_strdup_printf("x%u/%s", i, rv_xreg_names[i]);

        g_string_append_printf(out, " %-8s %0*" PRIx64 "%s", name, digits, c->r[i] & mask, i % 4 == 3 ? "\n" : "");
    }
    if (rv_has(cpu, RV_EXT_F)) {
        print_csr(cpu, "fcsr", 0x003, out);
        for (unsigned i = 0; i < 32; i++) {
            g_autofree char *name = g_strdup_printf("f%u/%s", i, rv_freg_names[i]);

            g_string_append_printf(out, " %-8s %016" PRIx64 "%s", name, cpu->f[i], i % 4 == 3 ? "\n" : "");
        }
    }
}

/* ---- gdb ---- */

static void xml_feature(GString *s, const struct cpu_type *type, const char *feature, unsigned group, bool priv)
{
    g_string_append_printf(s, "  <feature name=\"%s\">\n", feature);
    for (unsigned i = 0; i < type->nregs; i++) {
        const struct cpu_reg *r = &type->regs[i];
        const char *kind = r->id == ID_PC ? "code_ptr" : strcmp(r->name, "sp") ? "int" : "data_ptr";

        if (r->group != group || (r->id == ID_PRIV) != priv) {
            continue;
        }
        g_string_append_printf(s, "    <reg name=\"%s\" bitsize=\"%u\" regnum=\"%d\" type=\"%s\"%s/>\n", r->name, r->bits,
                               r->gdb, group == FLOAT ? "ieee_double" : kind,
                               group == CONTROL ? " group=\"csr\"" : group == FLOAT ? " group=\"float\"" : "");
    }
    g_string_append(s, "  </feature>\n");
}

char *rv_gdb_xml(struct cpu *c)
{
    GString *s = g_string_new("<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n<target>\n");

    g_string_append_printf(s, "  <architecture>riscv:rv%u</architecture>\n", rv_cpu(c)->mxlen);
    xml_feature(s, c->type, "org.gnu.gdb.riscv.cpu", GENERAL, false);
    xml_feature(s, c->type, "org.gnu.gdb.riscv.fpu", FLOAT, false);
    xml_feature(s, c->type, "org.gnu.gdb.riscv.csr", CONTROL, false);
    xml_feature(s, c->type, "org.gnu.gdb.riscv.virtual", CONTROL, true);
    g_string_append(s, "</target>\n");
    return g_string_free(s, FALSE);
}
