/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the operand kinds of the RISC-V tables are printed. */
#include "target/riscv/disas.h"

#include "target/riscv/decode.h"

#include <inttypes.h>
#include <string.h>

const char *const rv_xreg_names[32] = {
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

const char *const rv_freg_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
    "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

static bool print_plain(GString *out, const struct isa_operand *op)
{
    bool reg = op->field[0] == 'r' && (op->field[1] == 'd' || op->field[1] == 's');

    if (reg) {
        g_string_append(out, rv_xreg_names[op->value]);
    } else {
        g_string_append_printf(out, "%d", op->value);
    }
    return true;
}

static bool print_f(GString *out, const struct isa_operand *op)
{
    g_string_append(out, rv_freg_names[op->value]);
    return true;
}

static bool print_x(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%x", op->value);
    return true;
}

static bool print_pc(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%" PRIx64, (op->pc + (int64_t)op->value) & op->pc_mask);
    return true;
}

static bool print_hi(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%x", (uint32_t)op->value >> 12);
    return true;
}

static bool print_nz(GString *out, const struct isa_operand *op)
{
    if (op->value) {
        g_string_append_printf(out, "%d", op->value);
    }
    return op->value;
}

static bool print_csr(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%x", op->value);
    return true;
}

/* Rounding mode, not shown when it is the dynamic one. */
static bool print_rm(GString *out, const struct isa_operand *op)
{
    static const char *const names[8] = { "rne", "rtz", "rdn", "rup", "rmm", "rm5", "rm6", NULL };

    if (!names[op->value]) {
        return false;
    }
    g_string_append(out, names[op->value]);
    return true;
}

/* That of a conversion that is always exact: assemblers write rne by default. */
static bool print_rmx(GString *out, const struct isa_operand *op)
{
    return op->value != 0 && print_rm(out, op);
}

/* The constant that Zfa's fli loads, as the assembler writes it. */
static bool print_fli(GString *out, const struct isa_operand *op)
{
    static const char *const names[32] = {
        "-1.0", "min", "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125", "0.0625", "0.125", "0.25",
        "0.3125", "0.375", "0.4375", "0.5", "0.625", "0.75", "0.875", "1.0", "1.25", "1.5", "1.75", "2.0", "2.5", "3.0",
        "4.0", "8.0", "16.0", "128.0", "256.0", "32768.0", "65536.0", "inf", "nan",
    };

    g_string_append(out, names[op->value]);
    return true;
}

static bool print_fence(GString *out, const struct isa_operand *op)
{
    if (!op->value) {
        g_string_append(out, "unknown");
    }
    for (unsigned i = 0; i < 4; i++) {
        if (op->value & 8 >> i) {
            g_string_append_c(out, "iorw"[i]);
        }
    }
    return true;
}

static bool print_aqrl(GString *out, const struct isa_operand *op)
{
    static const char *const names[4] = { "", ".rl", ".aq", ".aqrl" };

    g_string_append(out, names[op->value]);
    return true;
}

static bool print_dot(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, ".%d", op->value);
    return true;
}

static bool print_odd(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, ".%d", op->value * 2 + 1);
    return true;
}

static const struct {
    const char *kind;
    isa_print_operand *print;
} kinds[] = {
    { "", print_plain },
    { "f", print_f },           /* floating-point register */
    { "x", print_x },           /* hexadecimal */
    { "pc", print_pc },         /* relative to the instruction's address */
    { "hi", print_hi },         /* bits 31..12 */
    { "nz", print_nz },         /* shown unless zero */
    { "csr", print_csr },
    { "rm", print_rm },
    { "rmx", print_rmx },
    { "fli", print_fli },
    { "fence", print_fence },
    { "aqrl", print_aqrl },     /* suffix */
    { "dot", print_dot },       /* suffix: number */
    { "odd", print_odd },       /* suffix: 2n + 1 */
};

static bool print_one(GString *out, const struct isa_operand *op)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!strcmp(kinds[i].kind, op->kind)) {
            return kinds[i].print(out, op);
        }
    }
    g_assert_not_reached();
}

unsigned rv_decode(uint32_t insn, const struct isa_needs *needs)
{
    return rv_insn_length(insn) == 2 ? rv_decode16(insn & 0xffff, needs) : rv_decode32(insn, needs);
}

void rv_disas(uint32_t insn, const struct isa_needs *needs, unsigned xlen, uint64_t pc, GString *out)
{
    unsigned row = rv_decode(insn, needs);

    if (row != RV_ROW_ILLEGAL) {
        isa_disas(&rv_rows[row], insn, pc, xlen == 32 ? UINT32_MAX : UINT64_MAX, print_one, out);
    } else if (rv_insn_length(insn) == 2) {
        g_string_append_printf(out, ".2byte 0x%04x", insn & 0xffff);
    } else {
        g_string_append_printf(out, ".4byte 0x%08x", insn);
    }
}
