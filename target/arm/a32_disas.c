/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the operand kinds of the A32 and T32 tables are printed. */
#include <inttypes.h>
#include <string.h>

#include "target/arm/a32.h"
#include "target/arm/disas.h"

static const char *const conds[16] = {
    "eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", "",
};
static const char *const regs[16] = {
    "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc",
};

static void number(GString *out, int64_t v)
{
    g_string_append_printf(out, v > 9 ? "#0x%" PRIx64 : "#%" PRId64, v);
}

static uint32_t modified(uint32_t imm12, bool thumb)
{
    static const uint32_t copies[4] = { 1, 0x00010001, 0x01000100, 0x01010101 };
    uint32_t v = imm12 & 0xff;
    unsigned rot = thumb ? imm12 >> 7 : (imm12 >> 8) * 2;

    if (thumb && imm12 < 0x400) {
        return v * copies[imm12 >> 8];
    }
    v |= thumb ? 0x80 : 0;
    return rot ? v >> rot | v << (32 - rot) : v;
}

static bool print_list(GString *out, uint32_t list)
{
    const char *sep = "{";

    for (unsigned i = 0; i < 16; i++) {
        if (list >> i & 1) {
            g_string_append_printf(out, "%s%s", sep, regs[i]);
            sep = ", ";
        }
    }
    g_string_append(out, list ? "}" : "{}");
    return true;
}

static bool print_target(GString *out, const struct isa_operand *op, int64_t offset)
{
    g_string_append_printf(out, "0x%" PRIx64, (op->pc + offset) & UINT32_MAX);
    return true;
}

/* Suffixes of the mnemonic and words that one value selects. */
static const struct choice {
    const char *kind, *text[8];
} choices[] = {
    { "s", { "", "s", "s" } }, { "b", { "", "b" } }, { "bh", { "b", "h" } }, { "bhw", { "b", "h", "w", "?" } },
    { "sh", { "lsl", "lsr", "asr", "ror" } }, { "st", { "lsl", "lsr", "asr", "ror" } },
    { "wdbh", { "", "d", "b", "h" } }, { "psr", { "cpsr", "spsr" } }, { "cp", { "p14", "p15" } },
    { "sign", { "-", "" } }, { "ror", { "", "ror #8", "ror #16", "ror #24" } }, { "w", { "", "!" } },
    { "dt", { "", "8", "16", "32", "64" } },
};

static bool print_choice(GString *out, const struct isa_operand *op, bool *known)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(choices); i++) {
        if (!strcmp(op->kind, choices[i].kind)) {
            const char *text = choices[i].text[op->value & 7];

            *known = true;
            g_string_append(out, text ? text : "?");
            return text && *text;
        }
    }
    *known = false;
    return false;
}

static bool print_operand(GString *out, const struct isa_operand *op)
{
    const char *k = op->kind;
    bool known, shown = print_choice(out, op, &known);

    if (known) {
        return shown;
    }
    if (!strcmp(k, "r")) {
        g_string_append(out, regs[op->value & 15]);
    } else if (!strcmp(k, "mod") || !strcmp(k, "tmod")) {
        number(out, modified(op->value, k[0] == 't'));
    } else if (!strcmp(k, "i1")) {
        number(out, op->value + 1);
    } else if (!strcmp(k, "c")) {
        g_string_append_printf(out, "c%d", op->value);
    } else if (!strcmp(k, "cond")) {
        g_string_append(out, conds[op->value & 15]);
    } else if (!strcmp(k, "list")) {
        return print_list(out, op->value);
    } else if (!strcmp(k, "fs") || !strcmp(k, "fd") || !strcmp(k, "q")) {
        g_string_append_printf(out, "%c%d", k[0] == 'q' ? 'q' : k[1], op->value);
    } else if (!strcmp(k, "a")) {
        return print_target(out, op, 8 + (int64_t)op->value * 4);
    } else if (!strcmp(k, "t")) {
        return print_target(out, op, 4 + (int64_t)op->value * 2);
    } else if (!strcmp(k, "t4")) {
        return print_target(out, op, 4 + (int64_t)(op->value < 0 ? op->value : op->value ^ 0x600000) * 2);
    } else {
        number(out, op->value);
    }
    return true;
}

unsigned a32_disas(const uint8_t *bytes, unsigned avail, bool thumb, const struct isa_needs *needs, uint64_t pc, GString *out)
{
    uint32_t insn = avail >= 2 ? bytes[0] | bytes[1] << 8 : 0;
    bool wide = !thumb || t32_wide(insn);
    unsigned row, start = out->len, cond;

    if (avail < (wide ? 4u : 2u)) {
        return wide ? 4 : 2;
    }
    if (wide) {
        uint32_t second = bytes[2] | (uint32_t)bytes[3] << 8;

        insn = thumb ? insn << 16 | second : insn | second << 16;
    }
    cond = thumb ? 14 : insn >> 28;
    row = a32_decode(&insn, thumb, wide, needs);
    if (row == A32_ROW_ILLEGAL) {
        g_string_append_printf(out, wide ? ".inst 0x%08x" : ".inst 0x%04x", insn);
    } else {
        isa_disas(&a32_rows[row], insn, pc, UINT32_MAX, print_operand, out);
        if (cond < 14) {
            g_string_insert(out, start + strcspn(out->str + start, " \t"), conds[cond]);
        }
    }
    return wide ? 4 : 2;
}
