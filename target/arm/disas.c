/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the operand kinds of the A64 tables are printed. Instructions appear under their own names, not their aliases'. */
#include "target/arm/disas.h"

#include <inttypes.h>
#include <string.h>

#include "target/arm/decode.h"

static const char *const conds[16] = {
    "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al", "nv",
};

static void reg(GString *out, bool x, int n, bool sp)
{
    if (n == 31) {
        g_string_append(out, sp ? (x ? "sp" : "wsp") : (x ? "xzr" : "wzr"));
    } else {
        g_string_append_printf(out, "%c%d", x ? 'x' : 'w', n);
    }
}

static bool print_r(GString *out, const struct isa_operand *op)
{
    reg(out, op->insn >> 31, op->value, false);
    return true;
}

static bool print_rsp(GString *out, const struct isa_operand *op)
{
    reg(out, op->insn >> 31, op->value, true);
    return true;
}

static bool print_x(GString *out, const struct isa_operand *op)
{
    reg(out, true, op->value, false);
    return true;
}

static bool print_w(GString *out, const struct isa_operand *op)
{
    reg(out, false, op->value, false);
    return true;
}

static bool print_xsp(GString *out, const struct isa_operand *op)
{
    reg(out, true, op->value, true);
    return true;
}

/* A register whose width the size in bits 31:30 gives. */
static bool print_rsize(GString *out, const struct isa_operand *op)
{
    reg(out, op->insn >> 30 == 3, op->value, false);
    return true;
}

/* The destination of a sign-extending load: bit 22 says W. */
static bool print_rw(GString *out, const struct isa_operand *op)
{
    reg(out, !(op->insn >> 22 & 1), op->value, false);
    return true;
}

/* An index register: X if option<0> and option<1> are set. */
static bool print_rext(GString *out, const struct isa_operand *op)
{
    reg(out, (op->insn >> 13 & 3) == 3, op->value, false);
    return true;
}

static bool print_i(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#%d", op->value);
    return true;
}

static bool print_lsltwelve(GString *out, const struct isa_operand *op)
{
    if (op->value) {
        g_string_append(out, "lsl #12");
    }
    return op->value;
}

static bool print_hw(GString *out, const struct isa_operand *op)
{
    if (op->value) {
        g_string_append_printf(out, "lsl #%d", op->value * 16);
    }
    return op->value;
}

static bool print_shift(GString *out, const struct isa_operand *op)
{
    static const char *const names[4] = { "lsl", "lsr", "asr", "ror" };
    unsigned amt = op->insn >> 10 & 63;

    if (amt) {
        g_string_append_printf(out, "%s #%u", names[op->value], amt);
    }
    return amt;
}

static const char *const extends[8] = { "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx" };

static bool print_ext(GString *out, const struct isa_operand *op)
{
    unsigned amt = op->insn >> 10 & 7;

    g_string_append(out, extends[op->value]);
    if (amt) {
        g_string_append_printf(out, " #%u", amt);
    }
    return true;
}

static bool print_exts(GString *out, const struct isa_operand *op)
{
    bool s = op->insn >> 12 & 1;
    unsigned size = op->insn >> 30;

    if (op->value == 3 && !s) {
        return false;
    }
    g_string_append(out, op->value == 3 ? "lsl" : extends[op->value]);
    if (s) {
        g_string_append_printf(out, " #%u", op->insn >> 26 & 1 && op->insn >> 23 & 1 ? 4 : size);
    }
    return true;
}

static bool print_bits(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#bits(%d, %u, %u)", op->value, op->insn >> 16 & 63, op->insn >> 10 & 63);
    return true;
}

static bool print_cond(GString *out, const struct isa_operand *op)
{
    g_string_append(out, conds[op->value]);
    return true;
}

static bool print_bhwx(GString *out, const struct isa_operand *op)
{
    g_string_append_c(out, "bhwx"[op->value]);
    return true;
}

static bool print_bhx(GString *out, const struct isa_operand *op)
{
    if (op->value < 2) {
        g_string_append_c(out, "bh"[op->value]);
    }
    return true;
}

static bool print_pc(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%" PRIx64, op->pc + (int64_t)op->value);
    return true;
}

static bool print_pcfour(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%" PRIx64, op->pc + (int64_t)op->value * 4);
    return true;
}

static bool print_page(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "0x%" PRIx64, (op->pc & ~(uint64_t)0xfff) + (int64_t)op->value * 4096);
    return true;
}

static unsigned v_bytes(uint32_t insn)
{
    return insn >> 23 & 1 ? 16 : 1u << (insn >> 30);
}

static bool print_vsize(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "%c%d", op->insn >> 23 & 1 ? 'q' : "bhsd"[op->insn >> 30], op->value);
    return true;
}

static bool print_vpair(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "%c%d", "sdq?"[op->insn >> 30], op->value);
    return true;
}

static bool print_scaled(GString *out, const struct isa_operand *op)
{
    unsigned bytes = op->insn >> 26 & 1 ? v_bytes(op->insn) : 1u << (op->insn >> 30);

    if (op->value) {
        g_string_append_printf(out, "#%u", op->value * bytes);
    }
    return op->value;
}

static bool print_pair(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#%d", op->value * (op->insn >> 31 ? 8 : 4));
    return true;
}

static bool print_vscaled(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#%d", op->value * (4 << (op->insn >> 30)));
    return true;
}

static bool print_mode(GString *out, const struct isa_operand *op)
{
    static const char *const names[4] = { NULL, "post", "unpriv", "pre" };

    if (names[op->value]) {
        g_string_append(out, names[op->value]);
    }
    return names[op->value] != NULL;
}

static bool print_pmode(GString *out, const struct isa_operand *op)
{
    static const char *const names[4] = { "nt", "post", NULL, "pre" };

    if (names[op->value]) {
        g_string_append(out, names[op->value]);
    }
    return names[op->value] != NULL;
}

static bool print_v(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "v%d", op->value);
    return true;
}

static bool print_d(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "d%d", op->value);
    return true;
}

static bool print_hint(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#%u", op->insn >> 5 & 127);
    return true;
}

static bool print_pstate(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "pstate%u_%u", op->value, op->insn >> 5 & 7);
    return true;
}

static bool print_sysreg(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "s%u_%u_c%u_c%u_%u", 2 + (op->insn >> 19 & 1), op->value, op->insn >> 12 & 15,
                           op->insn >> 8 & 15, op->insn >> 5 & 7);
    return true;
}

static bool print_sys(GString *out, const struct isa_operand *op)
{
    g_string_append_printf(out, "#%u, c%u, c%u, #%u", op->value, op->insn >> 12 & 15, op->insn >> 8 & 15, op->insn >> 5 & 7);
    return true;
}

static const struct {
    const char *kind;
    isa_print_operand *print;
} kinds[] = {
    { "", print_i }, { "i", print_i }, { "r", print_r }, { "rsp", print_rsp }, { "x", print_x }, { "w", print_w },
    { "xsp", print_xsp }, { "rsize", print_rsize }, { "rw", print_rw }, { "rext", print_rext },
    { "lsltwelve", print_lsltwelve }, { "hw", print_hw }, { "shift", print_shift }, { "ext", print_ext },
    { "exts", print_exts }, { "bits", print_bits }, { "cond", print_cond }, { "bhwx", print_bhwx }, { "bhw", print_bhwx },
    { "bhx", print_bhx }, { "pc", print_pc }, { "pcfour", print_pcfour }, { "page", print_page }, { "vsize", print_vsize },
    { "vpair", print_vpair }, { "scaled", print_scaled }, { "pair", print_pair }, { "vscaled", print_vscaled },
    { "mode", print_mode }, { "pmode", print_pmode }, { "v", print_v }, { "d", print_d }, { "hint", print_hint },
    { "pstate", print_pstate }, { "sysreg", print_sysreg }, { "sys", print_sys },
};

static bool print_operand(GString *out, const struct isa_operand *op)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (!strcmp(kinds[i].kind, op->kind)) {
            return kinds[i].print(out, op);
        }
    }
    g_string_append_printf(out, "%s=%d", op->field, op->value);
    return true;
}

void arm_disas(uint32_t insn, const struct isa_needs *needs, uint64_t pc, GString *out)
{
    unsigned row = arm_decode32(insn, needs);

    if (row == ARM_ROW_ILLEGAL) {
        g_string_append_printf(out, ".inst 0x%08x", insn);
    } else {
        isa_disas(&arm_rows[row], insn, pc, UINT64_MAX, print_operand, out);
    }
}
